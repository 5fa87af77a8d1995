"""Step 8: a network that learns the moons.

The points of this step form two moons that reach into each other. The network has to say which moon a point belongs to:
above 0 for one of them, below 0 for the other. It needs only your engine. The loss says how wrong the network is, and
the gradient of the loss says how to change each weight.

Fill in the gaps. A gap is three dots. Then run: python -m scalargrad learn check 8
"""

import math
import random

# ---- The engine of step 6: first derivatives are enough here -------------------------------------------------------


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
        """A list: d(target)/d(source) for each source, or None if no path on the tape leads from the target to it."""
        found = {target: 1.0}
        for result, operands, local_derivatives in reversed(self.rows):
            if result in found:
                for operand, local_derivative in zip(operands, local_derivatives):
                    found[operand] = found.get(operand, 0.0) + found[result] * local_derivative
        return [found.get(source) for source in sources]


def operation(kernel, *rules):
    """A function of values, from a kernel, which gives its number, and a rule for each operand. All take numbers."""

    def apply(*operands):
        operands = [as_value(x) for x in operands]
        numbers = [x.data for x in operands]
        result = Value(kernel(*numbers))
        local_derivatives = [rule(*numbers) for rule in rules]
        for tape in running_tapes:
            tape.rows.append((result, operands, local_derivatives))
        return result

    return apply


def slope_of_tanh(x):
    """1 - tanh(x)**2, in a form that keeps its digits."""
    e = math.exp(-abs(x))
    return (2 * e / (1 + e * e)) ** 2


add = operation(lambda x, y: x + y, lambda x, y: 1.0, lambda x, y: 1.0)
sub = operation(lambda x, y: x - y, lambda x, y: 1.0, lambda x, y: -1.0)
mul = operation(lambda x, y: x * y, lambda x, y: y, lambda x, y: x)
truediv = operation(lambda x, y: x / y, lambda x, y: 1 / y, lambda x, y: -x / y**2)
neg = operation(lambda x: -x, lambda x: -1.0)
tanh = operation(math.tanh, slope_of_tanh)


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

# ---- The points ------------------------------------------------------------------------------------------------------


def moons(count, seed):
    """Points (x, y), and for each a label, 1 or -1: which of the two moons it belongs to."""
    generator = random.Random(seed)
    points, labels = [], []
    for i in range(count):
        angle = math.pi * generator.random()
        x, y = math.cos(angle), math.sin(angle)
        x, y, label = (x, y, -1) if i % 2 else (1 - x, 0.5 - y, 1)
        points.append((x + generator.gauss(0, 0.1), y + generator.gauss(0, 0.1)))
        labels.append(label)
    return points, labels


# ---- The network -----------------------------------------------------------------------------------------------------


class Neuron:
    """Multiplies each input by its weight, and adds up the products and a bias."""

    def __init__(self, inputs, generator):
        self.weights = [Value(generator.gauss(0, 1)) for _ in range(inputs)]
        self.bias = Value(0.0)

    def parameters(self):
        return [*self.weights, self.bias]

    def __call__(self, inputs):
        # Gap 1: the bias, plus each weight times its input.
        total = self.bias
        for weight, x in zip(self.weights, inputs):
            total = total + weight * x
        return total


class Network:
    """A layer of neurons, each followed by a tanh, and a last neuron that combines their outputs."""

    def __init__(self, inputs, size, seed):
        generator = random.Random(seed)
        self.layer = [Neuron(inputs, generator) for _ in range(size)]
        self.last = Neuron(size, generator)

    def parameters(self):
        return [parameter for neuron in [*self.layer, self.last] for parameter in neuron.parameters()]

    def __call__(self, inputs):
        # Gap 2: take the tanh of the output of each neuron of the layer. These are the inputs of the last neuron.
        return self.last([tanh(neuron(inputs)) for neuron in self.layer])


def mean_squared_error(network, points, labels):
    """The mean of the squared errors. An error is the output of the network minus the label."""
    total = Value(0.0)
    # Gap 3: add the squared errors of all points to the total. Return it, divided by the number of points.
    for point, label in zip(points, labels):
        total = total + (network(point) - label) ** 2
    return total / len(points)


def train_step(network, points, labels, learning_rate):
    """Move each parameter a small step against its derivative. Return the loss before the step as a plain number."""
    # Gap 4: compute the loss on a tape, ask for the gradient, and subtract learning_rate times the derivative from the
    # data of each parameter.
    parameters = network.parameters()
    with Tape() as tape:
        loss = mean_squared_error(network, points, labels)
    for parameter, derivative in zip(parameters, tape.gradient(loss, parameters)):
        parameter.data -= learning_rate * derivative
    return loss.data


def accuracy(network, points, labels):
    """The share of the points that the network puts on the right side of 0."""
    return sum((network(point).data > 0) == (label > 0) for point, label in zip(points, labels)) / len(points)


if __name__ == "__main__":
    points, labels = moons(60, seed=1)
    network = Network(2, 8, seed=2)
    for i in range(101):
        loss = train_step(network, points, labels, learning_rate=0.2)
        if i % 10 == 0:
            print(f"step {i:3}: loss {loss:.4f}, {accuracy(network, points, labels):.0%} of the points are right")
