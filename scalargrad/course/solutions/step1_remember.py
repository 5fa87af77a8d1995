"""Step 1: a value that remembers.

A number forgets where it came from: 7 does not know that it was 3 + 4. A Value remembers. It keeps its number, the
operation that made it, and its parents, the values that it was made from.

Fill in the gaps. A gap is three dots. Then run: python -m scalargrad learn check 1
"""


class Value:
    """A number that remembers how it was made."""

    def __init__(self, data, operation="", parents=(), label=""):
        # Gap 1: keep all four in attributes of the same names: self.data, self.operation, self.parents, self.label.
        self.data = data
        self.operation = operation
        self.parents = parents
        self.label = label

    def __add__(self, other):
        # Gap 2: return a new Value, the sum. Its operation is "+". Its parents are the two values: (self, other).
        return Value(self.data + other.data, "+", (self, other))

    def __mul__(self, other):
        # Gap 3: the same for the product. Its operation is "*".
        return Value(self.data * other.data, "*", (self, other))

    def __repr__(self):
        return f"Value({self.data})"


def formula(value):
    """How a value was made, as text, such as "((x * y) + x)"."""
    if not value.parents:
        return value.label
    left, right = value.parents
    # Gap 4: return "(", the formula of left, the operation with a space on each side, the formula of right, and ")".
    return f"({formula(left)} {value.operation} {formula(right)})"


if __name__ == "__main__":
    x = Value(3.0, label="x")
    y = Value(4.0, label="y")
    z = x * y + x
    print(z, "=", formula(z))
