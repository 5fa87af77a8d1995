"""Neural networks: micrograd's `Neuron`, `Layer` and `MLP`, a neuron being one operation, and the usual losses."""

from .losses import (
    binary_cross_entropy_with_logits,
    binary_crossentropy,
    categorical_crossentropy,
    cross_entropy,
    hinge,
    hinge_loss,
    huber,
    huber_loss,
    l1_loss,
    mean_absolute_error,
    mean_squared_error,
    mse_loss,
)
from .modules import MLP, Layer, Module, Neuron, Sequential
from .saving import load, save

__all__ = [
    "Module",
    "Neuron",
    "Layer",
    "Sequential",
    "MLP",
    "mse_loss",
    "l1_loss",
    "huber_loss",
    "hinge_loss",
    "binary_cross_entropy_with_logits",
    "cross_entropy",
    "mean_squared_error",
    "mean_absolute_error",
    "huber",
    "hinge",
    "binary_crossentropy",
    "categorical_crossentropy",
    "save",
    "load",
]
