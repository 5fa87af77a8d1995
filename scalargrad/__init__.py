"""Automatic differentiation for plain Python numbers.

A `Value` remembers how it was computed, and `backward()` carries derivatives back to the values that it was computed
from. A `GradientTape` does the same under TensorFlow's names. Nothing but Python is needed.

Functions of numbers, such as `sin`, take a number, a `Value`, a `Vector` or a `Matrix` and return the same kind; a list
counts as a `Vector`.

>>> import scalargrad as sg
>>> x = sg.Value(2.0)
>>> y = x * x + sg.sin(x)
>>> y.backward()
>>> x.grad
3.583853163452858
"""

from __future__ import annotations

from . import math as math
from . import elsewhere as _elsewhere
from . import notebook as _notebook  # noqa: F401  (teaches notebooks)
from . import numpy_functions as _arrays  # noqa: F401  (teaches NumPy)
from .compiler.compile import compile
from .engine.value import Value, topological_order
from .engine.matrix import Matrix
from .engine.vector import Vector, concatenate, logsumexp, softmax
from .graph.explain import explain
from .graph.table import rows
from .math import dist, frexp, fsum, hypot, modf, prod
from .operations.elementary import absolute as abs
from .operations.elementary import sqrt, cbrt, exp, exp2, expm1, log, log1p, log2, log10
from .operations.elementary import sin, cos, tan, asin, acos, atan, atan2, sinc, degrees, radians
from .operations.elementary import sinh, cosh, tanh, asinh, acosh, atanh, erf, erfc, gamma, lgamma, digamma, polygamma
from .operations.elementary import maximum, minimum, clip, where
from .operations.elementary import relu, sigmoid, softplus, log_sigmoid, logaddexp
from .operations.floats import copysign, fabs, fmod, ldexp, remainder, ulp
from .pytree import flatten
from .tape import GradientTape, Variable, constant, custom_gradient, detect_anomaly, no_grad, stop_gradient
from .tape import pickling as _pickling  # noqa: F401  (teaches pickle and copy)
from .transforms.derivative import derivative, jvp
from .transforms.grad import grad, value_and_grad, vjp
from .transforms.jacobian import hessian, hvp, jacobian

__version__ = "0.1.0"

__path__.append(f"{__path__[0]}/former")  # modules that pickles of release 0.1 name

__all__ = ["Value", "Vector", "Matrix", "topological_order", "rows", "explain"]
__all__ += ["GradientTape", "Variable", "constant", "stop_gradient", "custom_gradient", "no_grad", "detect_anomaly"]
__all__ += ["grad", "value_and_grad", "vjp", "jvp", "hvp", "jacobian", "hessian", "derivative", "flatten", "compile"]
__all__ += ["abs", "fabs", "copysign", "sqrt", "cbrt", "hypot", "dist"]
__all__ += ["exp", "exp2", "expm1", "log", "log1p", "log2", "log10"]
__all__ += ["sin", "cos", "tan", "asin", "acos", "atan", "atan2", "sinc", "degrees", "radians"]
__all__ += ["sinh", "cosh", "tanh", "asinh", "acosh", "atanh", "erf", "erfc", "gamma", "lgamma", "digamma", "polygamma"]
__all__ += ["fmod", "remainder", "modf", "frexp", "ldexp", "ulp", "fsum", "prod", "maximum", "minimum", "clip", "where"]
__all__ += ["relu", "sigmoid", "softplus", "log_sigmoid", "logaddexp", "logsumexp", "softmax", "concatenate"]

_IMPORTED_WHEN_USED = ("nn", "optim", "plot", "testing")

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType

    from . import nn as nn, optim as optim, plot as plot, testing as testing


def __getattr__(name: str) -> ModuleType:
    if name in _IMPORTED_WHEN_USED:
        from importlib import import_module  # it takes a while to import

        return import_module(f"scalargrad.{name}")
    return _elsewhere.refuse_name(__name__, name)


def __dir__() -> list[str]:
    return sorted([*__all__, "math", *_IMPORTED_WHEN_USED])


del annotations, TYPE_CHECKING
