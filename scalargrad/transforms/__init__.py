"""Functions made into their derivatives, with JAX's names: `grad`, `value_and_grad`, `jacobian`, `hessian`, `jvp`, ...

A transform runs the function once on fresh leaves that stand for the numbers in its arguments, and sweeps what was
recorded. It gives plain numbers. Only where something outside could still differentiate the result (an argument is a
tracked value, or a tape or another transform is recording around it, and the result depends on what those follow) it
gives values.

Arguments and results may be numbers, values, vectors, NumPy arrays, and lists, tuples, dicts and dataclasses of them.
"""

from ..pytree import Rebuild as Rebuild
from ..pytree import flatten as flatten
from .derivative import _derivative as _derivative
from .derivative import derivative as derivative
from .derivative import jvp as jvp
from .grad import Pullback as Pullback
from .grad import _grad as _grad
from .grad import _value_and_grad as _value_and_grad
from .grad import grad as grad
from .grad import value_and_grad as value_and_grad
from .grad import vjp as vjp
from .jacobian import _hessian as _hessian
from .jacobian import _jacobian as _jacobian
from .jacobian import hessian as hessian
from .jacobian import hvp as hvp
from .jacobian import jacobian as jacobian
from .run import remake as remake
