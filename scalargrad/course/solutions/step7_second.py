"""Step 7: gradients of gradients.

A derivative is a computation, too. If the backward pass computes with values, a second tape can record it, and then
the derivative has a derivative. For this, neither the sweep nor the rules may compute with plain numbers.

Fill in the gaps. A gap is three dots. Then run: python -m scalargrad learn check 7
"""

import math


class Value:
    """A number. The running tapes record each operation on it."""

    def __init__(self, data):
        self.data = data

    def __repr__(self):
        return f"Value({self.data})"


def as_value(x):
    """A Value unchanged, or a plain number as a new Value."""
    return x if isinstance(x, Value) else Value(x)


running_tapes = []


class Tape:
    """A record of the operations in its block: `with Tape() as tape: ...`."""

    def __init__(self):
        self.rows = []

    def __enter__(self):
        running_tapes.append(self)
        return self

    def __exit__(self, *error):
        running_tapes.remove(self)

    def gradient(self, target, sources):
        """A list of values: d(target)/d(source) for each source, or None if no path on the tape leads to it."""
        # Gap 1: the sweep of step 6, with values instead of numbers. A row holds rules now: call each with all operands
        # of its row. Begin with Value(1.0) for the target. The first term that arrives at an operand is its adjoint;
        # later ones are added to it.
        found = {target: Value(1.0)}
        for result, operands, rules in reversed(self.rows):
            if result in found:
                for operand, rule in zip(operands, rules):
                    term = found[result] * rule(*operands)
                    found[operand] = found[operand] + term if operand in found else term
        return [found.get(source) for source in sources]


def operation(kernel, *rules):
    """A function of values. The kernel takes numbers. A rule takes the operands, which are values."""

    def apply(*operands):
        operands = [as_value(x) for x in operands]
        result = Value(kernel(*[x.data for x in operands]))
        for tape in running_tapes:
            tape.rows.append((result, operands, rules))
        return result

    return apply


add = operation(lambda x, y: x + y, lambda x, y: 1.0, lambda x, y: 1.0)
sub = operation(lambda x, y: x - y, lambda x, y: 1.0, lambda x, y: -1.0)
mul = operation(lambda x, y: x * y, lambda x, y: y, lambda x, y: x)
truediv = operation(lambda x, y: x / y, lambda x, y: 1 / y, lambda x, y: -x / (y * y))
neg = operation(lambda x: -x, lambda x: -1.0)


def power(x, n):
    """x**n, where n is a plain number."""
    return operation(lambda x: x**n, lambda x: n * power(x, n - 1))(x)


Value.__add__ = lambda x, y: add(x, y)
Value.__sub__ = lambda x, y: sub(x, y)
Value.__mul__ = lambda x, y: mul(x, y)
Value.__truediv__ = lambda x, y: truediv(x, y)
Value.__pow__ = lambda x, n: power(x, n)
Value.__neg__ = lambda x: neg(x)
Value.__radd__ = lambda x, number: add(number, x)
Value.__rsub__ = lambda x, number: sub(number, x)
Value.__rmul__ = lambda x, number: mul(number, x)
Value.__rtruediv__ = lambda x, number: truediv(number, x)

# Gap 2: these rules take a value and return a value. Write them with the functions of this file: sin, not math.sin.
exp = operation(math.exp, lambda x: exp(x))
log = operation(math.log, lambda x: 1 / x)
sin = operation(math.sin, lambda x: cos(x))
cos = operation(math.cos, lambda x: -sin(x))


def slope_of_tanh(x):
    """1 - tanh(x)**2 of a number, in a form that keeps its digits."""
    e = math.exp(-abs(x))
    return (2 * e / (1 + e * e)) ** 2


# Gap 3: the slope of tanh is sech2, an operation of its own, so it needs a rule, too. By the chain rule, what is the
# derivative of 1 - tanh(x)**2? Write it with tanh and sech2.
tanh = operation(math.tanh, lambda x: sech2(x))
sech2 = operation(slope_of_tanh, lambda x: -2 * tanh(x) * sech2(x))

# The slope of relu is a step, and the slope of a step is 0.
step = operation(lambda x: 1.0 if x > 0 else 0.0, lambda x: 0.0)
relu = operation(lambda x: max(x, 0.0), lambda x: step(x))


if __name__ == "__main__":
    x = Value(2.0)
    with Tape() as outer:
        with Tape() as inner:
            z = x**3
        (first,) = inner.gradient(z, [x])
    (second,) = outer.gradient(first, [x])
    print(z, first, second)
