"""The engine in a page: a value that remembers how it was computed, and the chain rule, applied backward.

A value keeps its parents and, for each of them, a closure that computes the local derivative d(value)/d(parent). The
closures compute with values, so the adjoints are values, too, and can be differentiated again by the same rules.
"""

import math


class Value:
    """A number that remembers its parents and the closures that compute its local derivatives."""

    def __init__(self, data, parents=(), local_derivatives=()):
        self.data = data
        self.parents = parents
        self.local_derivatives = local_derivatives
        self.grad = 0.0

    def backward(self):
        """Add d(self)/d(value) to the `grad` of each value that this one was computed from."""
        for value, adjoint in adjoints(self).items():
            value.grad += adjoint.data

    def __repr__(self):
        return f"Value({self.data}, grad={self.grad})"


# ---- Operations: a kernel on numbers, and one rule for each operand --------------------------------------------------


def operation(kernel, *rules):
    """A function of values and numbers. Each rule gives its local derivative with respect to one operand."""

    def apply(*operands):
        number = kernel(*[x.data if isinstance(x, Value) else x for x in operands])
        tracked = [(x, rule) for x, rule in zip(operands, rules) if isinstance(x, Value)]
        closures = [lambda rule=rule: rule(*operands) for _, rule in tracked]  # each keeps a rule of its own
        return Value(number, [x for x, _ in tracked], closures)

    return apply


add = operation(lambda x, y: x + y, lambda x, y: 1.0, lambda x, y: 1.0)
sub = operation(lambda x, y: x - y, lambda x, y: 1.0, lambda x, y: -1.0)
mul = operation(lambda x, y: x * y, lambda x, y: y, lambda x, y: x)
truediv = operation(lambda x, y: x / y, lambda x, y: 1 / y, lambda x, y: -x / (y * y))
power = operation(lambda x, y: x**y, lambda x, y: y * x ** (y - 1), lambda x, y: x**y * log(x))
neg = operation(lambda x: -x, lambda x: -1.0)
exp = operation(math.exp, lambda x: exp(x))
log = operation(math.log, lambda x: 1 / x)
sin = operation(math.sin, lambda x: cos(x))
cos = operation(math.cos, lambda x: -sin(x))
tanh = operation(math.tanh, lambda x: 1 - tanh(x) ** 2)
relu = operation(lambda x: max(x, 0.0), lambda x: 1.0 if x.data > 0 else 0.0)

for name, apply in {"add": add, "sub": sub, "mul": mul, "truediv": truediv, "pow": power}.items():
    setattr(Value, f"__{name}__", lambda x, y, apply=apply: apply(x, y))
    setattr(Value, f"__r{name}__", lambda y, x, apply=apply: apply(x, y))
Value.__neg__ = lambda x: neg(x)


# ---- The reverse sweep -----------------------------------------------------------------------------------------------


def topological_order(target):
    """The values that a target was computed from, each after its parents; the target comes last."""
    order, seen, stack = [], set(), [(target, False)]
    while stack:
        value, parents_are_in = stack.pop()
        if parents_are_in:
            order.append(value)
        elif value not in seen:
            seen.add(value)
            stack += [(value, True), *[(parent, False) for parent in value.parents]]
    return order


def adjoints(target):
    """A dict of d(target)/d(value), as values, for each value below a target: the chain rule, from the target down."""
    found = {target: Value(1.0)}
    for value in reversed(topological_order(target)):  # so that an adjoint is complete before it is passed on
        for parent, local_derivative in zip(value.parents, value.local_derivatives):
            term = found[value] * local_derivative()
            found[parent] = found[parent] + term if parent in found else term
    return found
