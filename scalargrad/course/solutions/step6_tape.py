"""Step 6: a tape.

Until now each value kept its own parents. A tape keeps one record of everything: while it runs, each operation writes
a row on it. Operands are made before results, so the rows are in topological order. Nothing has to be sorted.

Fill in the gaps. A gap is three dots. Then run: python -m scalargrad learn check 6
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
        # Gap 1: put this tape on the list of running tapes. Return the tape itself: `as` binds it to a name.
        running_tapes.append(self)
        return self

    def __exit__(self, *error):
        # Gap 2: take this tape off the list again. Python calls this at the end of the block, even after an error.
        running_tapes.remove(self)

    def gradient(self, target, sources):
        """A list: d(target)/d(source) for each source, or None if no path on the tape leads from the target to it."""
        found = {target: 1.0}
        # Gap 4: go through the rows, the last one first. If the result of a row is in `found`, pass its adjoint on to
        # the operands of the row, as in step 4. The adjoint of an operand so far is found.get(operand, 0.0).
        for result, operands, local_derivatives in reversed(self.rows):
            if result in found:
                for operand, local_derivative in zip(operands, local_derivatives):
                    found[operand] = found.get(operand, 0.0) + found[result] * local_derivative
        # Gap 4, its end: return a list with the adjoint of each source, or None if it has none.
        return [found.get(source) for source in sources]


def operation(kernel, *rules):
    """A function of values, from a kernel, which gives its number, and a rule for each operand. All take numbers."""

    def apply(*operands):
        operands = [as_value(x) for x in operands]
        numbers = [x.data for x in operands]
        result = Value(kernel(*numbers))
        local_derivatives = [rule(*numbers) for rule in rules]
        # Gap 3: append the row (result, operands, local_derivatives) to the rows of each running tape.
        for tape in running_tapes:
            tape.rows.append((result, operands, local_derivatives))
        return result

    return apply


# ---- The operations of steps 2 and 5 ---------------------------------------------------------------------------------


def slope_of_tanh(x):
    """1 - tanh(x)**2, in a form that keeps its digits."""
    e = math.exp(-abs(x))
    return (2 * e / (1 + e * e)) ** 2


add = operation(lambda x, y: x + y, lambda x, y: 1.0, lambda x, y: 1.0)
sub = operation(lambda x, y: x - y, lambda x, y: 1.0, lambda x, y: -1.0)
mul = operation(lambda x, y: x * y, lambda x, y: y, lambda x, y: x)
truediv = operation(lambda x, y: x / y, lambda x, y: 1 / y, lambda x, y: -x / y**2)
neg = operation(lambda x: -x, lambda x: -1.0)
exp = operation(math.exp, lambda x: math.exp(x))
log = operation(math.log, lambda x: 1 / x)
sin = operation(math.sin, lambda x: math.cos(x))
cos = operation(math.cos, lambda x: -math.sin(x))
tanh = operation(math.tanh, slope_of_tanh)
relu = operation(lambda x: max(x, 0.0), lambda x: 1.0 if x > 0 else 0.0)


def power(x, n):
    """x**n, where n is a plain number."""
    return operation(lambda x: x**n, lambda x: n * x ** (n - 1))(x)


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


if __name__ == "__main__":
    x = Value(3.0)
    with Tape() as tape:
        z = sin(x) * x
    print(len(tape.rows), "rows, and the gradient is", tape.gradient(z, [x]))
