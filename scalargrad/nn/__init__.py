"""Neural networks: micrograd's `Neuron`, `Layer` and `MLP`, modules named as in PyTorch, and the usual losses."""

from .. import elsewhere as _elsewhere
from .losses import binary_cross_entropy_with_logits, cross_entropy, hinge_loss, huber_loss, l1_loss, mse_loss
from .modules import MLP, Embedding, Layer, LayerNorm, Linear, Module, Neuron, RMSNorm, Sequential
from .saving import load, save

__all__ = [
    "Module",
    "Neuron",
    "Layer",
    "Sequential",
    "MLP",
    "Linear",
    "Embedding",
    "RMSNorm",
    "LayerNorm",
    "save",
    "load",
]
__all__ += ["mse_loss", "l1_loss", "huber_loss", "hinge_loss", "binary_cross_entropy_with_logits", "cross_entropy"]

_elsewhere.say_names_elsewhere(__name__)
