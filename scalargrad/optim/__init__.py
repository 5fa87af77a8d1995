"""Optimisers named as in PyTorch, learning rate schedules, and gradient clipping by norm."""

from .. import elsewhere as _elsewhere
from .clipping import clip_by_global_norm, clip_grad_norm_
from .optimizers import SGD, Adam, AdamW, Optimizer, RMSProp, RMSprop
from .schedules import cosine_decay, exponential_decay, linear_decay, piecewise_constant_decay, step_decay, warmup

__all__ = ["Optimizer", "SGD", "Adam", "AdamW", "RMSProp", "RMSprop", "clip_grad_norm_", "clip_by_global_norm"]
__all__ += ["exponential_decay", "cosine_decay", "linear_decay", "step_decay", "piecewise_constant_decay", "warmup"]

_elsewhere.say_names_elsewhere(__name__)
