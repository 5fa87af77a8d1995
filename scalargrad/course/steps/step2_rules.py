"""Step 2: operators and their rules.

Change one operand a little: how much does the result change? A sum changes by the same amount, so its local derivative
is 1. Each operator has such a rule for each of its operands. A Value keeps its local derivatives beside its parents.

Fill in the gaps. A gap is three dots. Then run: python -m scalargrad learn check 2
"""


class Value:
    """A number that remembers how it was made, and its local derivative with respect to each parent."""

    def __init__(self, data, operation="", parents=(), local_derivatives=(), label=""):
        self.data = data
        self.operation = operation
        self.parents = parents
        self.local_derivatives = local_derivatives
        self.label = label

    def __add__(self, other):
        other = as_value(other)
        return Value(self.data + other.data, "+", (self, other), (1.0, 1.0))

    def __mul__(self, other):
        other = as_value(other)
        # Gap 1: the local derivatives of x * y. Hold y and vary x: how steep is that line? Then the other way round.
        return Value(self.data * other.data, "*", (self, other), (..., ...))

    def __sub__(self, other):
        other = as_value(other)
        # Gap 2: the local derivatives of x - y. What does x - y do when y grows?
        return Value(self.data - other.data, "-", (self, other), (..., ...))

    def __truediv__(self, other):
        other = as_value(other)
        # Gap 3: the local derivatives of x / y. With respect to y, read it as x times y to the power of -1.
        return Value(self.data / other.data, "/", (self, other), (..., ...))

    def __pow__(self, n):
        # Gap 4: the local derivative of x**n, where n is a plain number. This is the power rule from school.
        return Value(self.data**n, "**", (self,), (...,))

    def __neg__(self):
        return self * -1

    # Python calls these if a plain number stands on the left: 2 * x calls x.__rmul__(2).

    def __radd__(self, number):
        return as_value(number) + self

    def __rmul__(self, number):
        return as_value(number) * self

    def __rsub__(self, number):
        # Gap 5: number - self. Here the order matters.
        return ...

    def __rtruediv__(self, number):
        # Gap 6: number / self.
        return ...

    def __repr__(self):
        return f"Value({self.data})"


def as_value(x):
    """A Value unchanged, or a plain number as a Value without parents."""
    return x if isinstance(x, Value) else Value(x)


if __name__ == "__main__":
    x = Value(3.0)
    y = Value(4.0)
    print(x / y, "has the local derivatives", (x / y).local_derivatives)
