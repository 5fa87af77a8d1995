"""Step 4: accumulating gradients.

Step 3 counted the paths from a result to each value. Now each path has a weight: the product of the local derivatives
on it. The sum over all paths is the derivative of the result. That is the chain rule, and the loop is the same.

Fill in the gaps. A gap is three dots. Then run: python -m scalargrad learn check 4
"""


class Value:
    """A number that remembers how it was made, and carries derivatives back to the values it was made from."""

    def __init__(self, data, operation="", parents=(), local_derivatives=(), label=""):
        self.data = data
        self.operation = operation
        self.parents = parents
        self.local_derivatives = local_derivatives
        self.label = label
        self.grad = 0.0

    def backward(self):
        """Add d(self)/d(value) to the `grad` of each value that this one was made from."""
        # Gap 3: call adjoints(self), and add each adjoint to the grad of its value, which keeps what it holds already.
        ...

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
        return f"Value({self.data}, grad={self.grad})"


def as_value(x):
    """A Value unchanged, or a plain number as a Value without parents."""
    return x if isinstance(x, Value) else Value(x)


def topological_order(target):
    """The order of step 3. Python allows about 1,000 nested calls, so this keeps a to-do list instead."""
    order, seen, todo = [], set(), [(target, False)]
    while todo:
        value, parents_are_done = todo.pop()
        if parents_are_done:
            order.append(value)
        elif value not in seen:
            seen.add(value)
            todo.append((value, True))
            todo.extend((parent, False) for parent in value.parents)
    return order


def adjoints(target):
    """A dictionary: d(target)/d(value), which is called the adjoint of the value, for each value below the target."""
    order = topological_order(target)
    found = {value: 0.0 for value in order}
    # Gap 1: what is the derivative of the target with respect to itself?
    found[target] = ...
    for value in reversed(order):
        for parent, local_derivative in zip(value.parents, value.local_derivatives):
            # Gap 2: the chain rule. The adjoint of the value, times the local derivative, goes to the parent.
            # Several paths may lead to a parent: add up what arrives.
            ...
    return found


if __name__ == "__main__":
    x = Value(3.0)
    y = Value(4.0)
    z = x * y + x
    z.backward()
    print(x, y)
