"""Step 5: functions and their edges.

A function has a kernel, which computes its number, and a rule, which gives its local derivative. Most rules are in any
textbook. Textbooks leave out the edges: a kink, the end of a domain, the places where a formula runs out of digits.

Fill in the gaps. A gap is three dots. Then run: python -m scalargrad learn check 5
"""

import math


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
        for value, derivative in adjoints(self).items():
            value.grad += derivative

    def __repr__(self):
        return f"Value({self.data}, grad={self.grad})"


def as_value(x):
    """A Value unchanged, or a plain number as a Value without parents."""
    return x if isinstance(x, Value) else Value(x)


def operation(name, kernel, *rules):
    """A function of values, from a kernel, which gives its number, and a rule for each operand. All take numbers."""

    def apply(*operands):
        operands = [as_value(x) for x in operands]
        numbers = [x.data for x in operands]
        return Value(kernel(*numbers), name, operands, [rule(*numbers) for rule in rules])

    return apply


# ---- The operators of step 2, written as a kernel and its rules ------------------------------------------------------

add = operation("+", lambda x, y: x + y, lambda x, y: 1.0, lambda x, y: 1.0)
sub = operation("-", lambda x, y: x - y, lambda x, y: 1.0, lambda x, y: -1.0)
mul = operation("*", lambda x, y: x * y, lambda x, y: y, lambda x, y: x)
truediv = operation("/", lambda x, y: x / y, lambda x, y: 1 / y, lambda x, y: -x / y**2)
neg = operation("-", lambda x: -x, lambda x: -1.0)


def power(x, n):
    """x**n, where n is a plain number."""
    return operation("**", lambda x: x**n, lambda x: n * x ** (n - 1))(x)


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

# ---- Functions -------------------------------------------------------------------------------------------------------

# Gap 1: the textbook rules. Each is a function of the number x.
exp = operation("exp", math.exp, lambda x: math.exp(x))
log = operation("log", math.log, lambda x: 1 / x)
sin = operation("sin", math.sin, lambda x: math.cos(x))
cos = operation("cos", math.cos, lambda x: -math.sin(x))

# Gap 2: the slopes to the left and to the right of 0. At x = 0 there is a kink: we agree on 0 for both functions.
relu = operation("relu", lambda x: max(x, 0.0), lambda x: 1.0 if x > 0 else 0.0)
absolute = operation("abs", abs, lambda x: 1.0 if x > 0 else -1.0 if x < 0 else 0.0)

# Gap 3: the slope of the square root. At x = 0 the graph is vertical: let the slope be math.inf there, and no error.
sqrt = operation("sqrt", math.sqrt, lambda x: 0.5 / math.sqrt(x) if x > 0 else math.inf)


def slope_of_tanh(x):
    """1 - tanh(x)**2, which is also (2 * e / (1 + e * e))**2, where e is math.exp(-abs(x))."""
    # Gap 4: return one of the two. At x = 30 one of them gives 0, since it loses all its digits. Take the other.
    e = math.exp(-abs(x))
    return (2 * e / (1 + e * e)) ** 2


tanh = operation("tanh", math.tanh, slope_of_tanh)

functions = {"exp": exp, "log": log, "sin": sin, "cos": cos, "relu": relu, "sqrt": sqrt, "tanh": tanh}


def add_methods():
    """Make the functions methods of Value, so that x.sin() is sin(x)."""
    for name, function in functions.items():
        # Gap 5: a method that calls `function`. Take care: a lambda looks up a name when it is called, and by then the
        # loop is over. A default argument, as in lambda x, function=function: ..., is evaluated now.
        setattr(Value, name, lambda x, function=function: function(x))


add_methods()

# ---- The backward pass of steps 3 and 4 ------------------------------------------------------------------------------


def topological_order(target):
    """All values that a target was made from, each once and after its parents. The target comes last."""
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
    """A dictionary: d(target)/d(value) for each value below the target."""
    order = topological_order(target)
    found = {value: 0.0 for value in order}
    found[target] = 1.0
    for value in reversed(order):
        for parent, local_derivative in zip(value.parents, value.local_derivatives):
            found[parent] += found[value] * local_derivative
    return found


if __name__ == "__main__":
    x = Value(30.0)
    y = tanh(x)
    y.backward()
    print(y, "has the slope", x.grad)
