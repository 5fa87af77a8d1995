"""The engine in a page: values that remember, and the chain rule, applied backward.

A value keeps its parents and, for each of them, a closure that computes the local
derivative d(value)/d(parent). The closures compute with values, so the adjoints are
values, too, and can be differentiated again by the same rules.
"""

import math


class Value:
    """A number that remembers its parents and closures for its local derivatives."""

    def __init__(self, data, parents=(), local_derivatives=()):
        self.data = data
        self.parents = parents
        self.local_derivatives = local_derivatives
        self.grad = 0.0

    def backward(self):
        """Add d(self)/d(value) to the `grad` of each value below this one."""
        for value, adjoint in adjoints(self).items():
            value.grad += adjoint.data

    def __repr__(self):
        return f"Value({self.data}, grad={self.grad})"


# ---- Operations: a kernel on numbers, and one rule for each operand -----------------


def operation(kernel, *rules):
    """A function of values and numbers, with its local derivative for each operand."""

    def apply(*operands):
        number = kernel(*[x.data if isinstance(x, Value) else x for x in operands])
        tracked = [pair for pair in zip(operands, rules) if isinstance(pair[0], Value)]
        # Each closure keeps a rule of its own.
        closures = [lambda rule=rule: rule(*operands) for _, rule in tracked]
        return Value(number, [x for x, _ in tracked], closures)

    return apply


add = operation(lambda x, y: x + y, lambda x, y: 1.0, lambda x, y: 1.0)
sub = operation(lambda x, y: x - y, lambda x, y: 1.0, lambda x, y: -1.0)
mul = operation(lambda x, y: x * y, lambda x, y: y, lambda x, y: x)
truediv = operation(lambda x, y: x / y, lambda x, y: 1 / y, lambda x, y: -x / (y * y))
d_base, d_exponent = lambda x, y: y * x ** (y - 1), lambda x, y: x**y * log(x)
power = operation(lambda x, y: x**y, d_base, d_exponent)
neg = operation(lambda x: -x, lambda x: -1.0)
exp = operation(math.exp, lambda x: exp(x))
log = operation(math.log, lambda x: 1 / x)
sin = operation(math.sin, lambda x: cos(x))
cos = operation(math.cos, lambda x: -sin(x))
tanh = operation(math.tanh, lambda x: 1 - tanh(x) ** 2)
relu = operation(lambda x: max(x, 0.0), lambda x: 1.0 if x.data > 0 else 0.0)

operators = {"add": add, "sub": sub, "mul": mul, "truediv": truediv, "pow": power}
for name, apply in operators.items():
    setattr(Value, f"__{name}__", lambda x, y, apply=apply: apply(x, y))
    setattr(Value, f"__r{name}__", lambda y, x, apply=apply: apply(x, y))
Value.__neg__ = lambda x: neg(x)


# ---- The reverse sweep --------------------------------------------------------------


def topological_order(target):
    """The values below a target and itself, each after its parents."""
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
    """The chain rule, from the target down: d(target)/d(value) for each value below."""
    found = {target: Value(1.0)}
    # In this order an adjoint is complete before it is passed on.
    for value in reversed(topological_order(target)):
        for parent, local_derivative in zip(value.parents, value.local_derivatives):
            term = found[value] * local_derivative()
            found[parent] = found[parent] + term if parent in found else term
    return found
