"""Automatic differentiation for plain Python numbers.

A `Value` remembers how it was computed, and `backward()` carries derivatives back to what it was computed from. A
`GradientTape` does the same in TensorFlow's words. Nothing but Python is needed.

>>> import scalargrad as sg
>>> x = sg.Value(2.0)
>>> y = x * x + sg.sin(x)
>>> y.backward()
>>> x.grad
3.5838531634528574
"""

from . import pickling as _pickling  # noqa: F401  (tells pickle and copy how)
from .custom import custom_gradient
from .operations import absolute as abs
from .operations import (
    acos,
    acosh,
    asin,
    asinh,
    atan,
    atanh,
    clip,
    cos,
    cosh,
    exp,
    expm1,
    log,
    log1p,
    log_sigmoid,
    maximum,
    minimum,
    relu,
    sigmoid,
    sin,
    sinh,
    softplus,
    sqrt,
    tan,
    tanh,
    where,
)
from .recording import no_grad
from .tape import GradientTape
from .value import Value
from .variable import Variable, constant, stop_gradient
from .vector import Vector, logsumexp, softmax

__version__ = "0.1.0"

__all__ = [
    "GradientTape",
    "Value",
    "Variable",
    "Vector",
    "abs",
    "acos",
    "acosh",
    "asin",
    "asinh",
    "atan",
    "atanh",
    "clip",
    "constant",
    "cos",
    "cosh",
    "custom_gradient",
    "exp",
    "expm1",
    "log",
    "log1p",
    "log_sigmoid",
    "logsumexp",
    "maximum",
    "minimum",
    "no_grad",
    "relu",
    "sigmoid",
    "sin",
    "sinh",
    "softmax",
    "softplus",
    "sqrt",
    "stop_gradient",
    "tan",
    "tanh",
    "where",
]
