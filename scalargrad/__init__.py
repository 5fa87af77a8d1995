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

from . import arrays as _arrays  # noqa: F401  (tells NumPy how)
from . import math as math
from . import notebook as _notebook  # noqa: F401  (tells notebooks how)
from . import pickling as _pickling  # noqa: F401  (tells pickle and copy how)
from .anomaly import detect_anomaly
from .chalkboard import explain
from .compilation import compile
from .custom import custom_gradient
from .math import dist, frexp, fsum, hypot, modf, prod
from .operations import absolute as abs
from .operations import (
    acos,
    acosh,
    asin,
    asinh,
    atan,
    atan2,
    atanh,
    cbrt,
    clip,
    copysign,
    cos,
    cosh,
    degrees,
    digamma,
    erf,
    erfc,
    exp,
    exp2,
    expm1,
    fabs,
    fmod,
    gamma,
    ldexp,
    lgamma,
    log,
    log1p,
    log2,
    log10,
    log_sigmoid,
    logaddexp,
    maximum,
    minimum,
    polygamma,
    radians,
    relu,
    remainder,
    sigmoid,
    sin,
    sinc,
    sinh,
    softplus,
    sqrt,
    tan,
    tanh,
    ulp,
    where,
)
from .recording import no_grad
from .tape import GradientTape
from .transforms import derivative, flatten, grad, hessian, hvp, jacobian, jvp, value_and_grad, vjp
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
    "atan2",
    "atanh",
    "cbrt",
    "clip",
    "compile",
    "constant",
    "copysign",
    "cos",
    "cosh",
    "custom_gradient",
    "degrees",
    "derivative",
    "detect_anomaly",
    "digamma",
    "dist",
    "erf",
    "erfc",
    "exp",
    "exp2",
    "explain",
    "expm1",
    "fabs",
    "flatten",
    "fmod",
    "frexp",
    "fsum",
    "gamma",
    "grad",
    "hessian",
    "hvp",
    "hypot",
    "jacobian",
    "jvp",
    "ldexp",
    "lgamma",
    "log",
    "log10",
    "log1p",
    "log2",
    "log_sigmoid",
    "logaddexp",
    "logsumexp",
    "maximum",
    "minimum",
    "modf",
    "no_grad",
    "polygamma",
    "prod",
    "radians",
    "relu",
    "remainder",
    "sigmoid",
    "sin",
    "sinc",
    "sinh",
    "softmax",
    "softplus",
    "sqrt",
    "stop_gradient",
    "tan",
    "tanh",
    "ulp",
    "value_and_grad",
    "vjp",
    "where",
]
