"""Step 3: the topological sort.

In topological order, each value comes after its parents. Read such a list backward, and you meet a value only after
all values that use it. That is the order in which a result can be traced back to its inputs.

Fill in the gaps. A gap is three dots. Then run: python -m scalargrad learn check 3
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
        return Value(self.data * other.data, "*", (self, other), (other.data, self.data))

    def __sub__(self, other):
        other = as_value(other)
        return Value(self.data - other.data, "-", (self, other), (1.0, -1.0))

    def __truediv__(self, other):
        other = as_value(other)
        return Value(self.data / other.data, "/", (self, other), (1 / other.data, -self.data / other.data**2))

    def __pow__(self, n):
        return Value(self.data**n, "**", (self,), (n * self.data ** (n - 1),))

    def __neg__(self):
        return self * -1

    def __radd__(self, number):
        return as_value(number) + self

    def __rmul__(self, number):
        return as_value(number) * self

    def __rsub__(self, number):
        return as_value(number) - self

    def __rtruediv__(self, number):
        return as_value(number) / self

    def __repr__(self):
        return f"Value({self.data})"


def as_value(x):
    """A Value unchanged, or a plain number as a Value without parents."""
    return x if isinstance(x, Value) else Value(x)


def topological_order(target):
    """A list of all values that a target was made from, each once and after its parents. The target comes last."""
    order = []
    seen = set()

    def visit(value):
        # Gap 1: if the value was seen before, do nothing. Otherwise add it to `seen`, visit each of its parents, and
        # only then append it to `order`.
        ...

    visit(target)
    return order


def count_ways(target):
    """A dictionary: for each value, in how many ways you can walk from the target down to it."""
    ways = {value: 0 for value in topological_order(target)}
    ways[target] = 1
    # Gap 2: go through the values in reverse topological order. Each adds its count to that of each of its parents.
    ...
    return ways


if __name__ == "__main__":
    x = Value(3.0, label="x")
    square = x * x
    z = square * square
    print([value.label or value.operation for value in topological_order(z)])
    print(count_ways(z)[x], "ways lead from z to x")
