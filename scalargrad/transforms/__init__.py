"""Transforms of functions into their derivatives, under JAX's names: `grad`, `value_and_grad`, `jacobian`, `jvp`, ...

A transform runs the function once, with fresh leaves in place of the numbers in its arguments, and sweeps the record of
that run. It returns plain numbers, or values if something outside could still differentiate the result: an argument is
a tracked value, or a tape or another transform is recording around it, and the result depends on what they follow.

Arguments and results may be numbers, values, vectors, NumPy arrays, and lists, tuples, dicts and dataclasses of them.
"""

from ..pytree import Rebuild, flatten
from .derivative import _derivative, derivative, jvp
from .grad import Pullback, _grad, _value_and_grad, grad, value_and_grad, vjp
from .jacobian import _hessian, _jacobian, hessian, hvp, jacobian
from .run import remake

__all__ = ["grad", "value_and_grad", "vjp", "jvp", "hvp", "jacobian", "hessian", "derivative", "flatten"]
# The names that pickles use.
__all__ += ["Pullback", "Rebuild", "remake", "_derivative", "_grad", "_value_and_grad", "_hessian", "_jacobian"]
