"""Functions made into their derivatives, with JAX's names: `grad`, `value_and_grad`, `jacobian`, `hessian`, `jvp`, ...

A transform runs the function once on fresh leaves that stand for the numbers in its arguments, and sweeps what was
recorded. It gives plain numbers. Only where something outside could still differentiate the result (an argument is a
tracked value, or a tape or another transform is recording around it, and the result depends on what those follow) it
gives values.

Arguments and results may be numbers, values, vectors, NumPy arrays, and lists, tuples, dicts and dataclasses of them.
"""

from ..pytree import Rebuild, flatten
from .derivative import _derivative, derivative, jvp
from .grad import Pullback, _grad, _value_and_grad, grad, value_and_grad, vjp
from .jacobian import _hessian, _jacobian, hessian, hvp, jacobian
from .run import remake

__all__ = ["grad", "value_and_grad", "vjp", "jvp", "hvp", "jacobian", "hessian", "derivative", "flatten"]
# What pickles name.
__all__ += ["Pullback", "Rebuild", "remake", "_derivative", "_grad", "_value_and_grad", "_hessian", "_jacobian"]
