"""A network on matrices beside micrograd: two moons of 50 points, 2-16-16-1, hinge loss, forward and backward.

    python benchmarks/vectors.py [--rounds N]

Each rival runs in its own process, and they take turns in every round. A ratio tells how many times faster than
micrograd a rival is, by the least processor times. All of them compute the same gradients as micrograd, which comes
with the extra `bench`.
"""

from __future__ import annotations

import argparse
import gc
import json
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import micrograd.engine
from engine import POINTS, REGULARISATION, initial_weights, scalar_network, two_moons

import scalargrad as sg
from scalargrad import nn

if TYPE_CHECKING:
    from collections.abc import Callable

    Step = Callable[[], list[float]]


def in_order(layers: list[Any]) -> list[float]:
    """The gradients of layers with w and b, neuron by neuron: its weights, then its bias."""
    return [g for w, b in layers for row, bias in zip(w.grad, b.grad) for g in (*row, bias)]


def by_scalars(value: Callable[[float], Any]) -> Step:
    step = scalar_network(value)
    return lambda: [p.grad for p in step()]


def layers_of_variables() -> list[Any]:
    return [
        (sg.Variable([neuron[:-1] for neuron in layer]), sg.Variable([neuron[-1] for neuron in layer]))
        for layer in initial_weights()
    ]


def penalty(layers: list[Any]) -> Any:
    return REGULARISATION * sum((p * p).sum() for layer in layers for p in layer)


def by_points() -> Step:
    """Products of a matrix and a vector, a point at a time."""
    points, labels = two_moons(POINTS)
    layers = layers_of_variables()
    (w1, b1), (w2, b2), (w3, b3) = layers

    def step() -> list[float]:
        for layer in layers:
            for p in layer:
                p.grad = 0
        scores = [(w3 @ sg.relu(w2 @ sg.relu(w1 @ point + b1) + b2) + b3)[0] for point in points]
        loss = sg.relu(1 - sg.Vector(scores) * labels).mean() + penalty(layers)
        loss.backward()
        return in_order(layers)

    return step


def by_neurons() -> Step:
    """A vector of weights for each neuron, times the list of its inputs, a point at a time."""
    points, labels = two_moons(POINTS)
    layers = [[(sg.Variable(neuron[:-1]), sg.Variable(neuron[-1])) for neuron in layer] for layer in initial_weights()]
    parameters = [p for layer in layers for neuron in layer for p in neuron]
    *hidden, ((last, offset),) = layers

    def score(point: Any) -> Any:
        for layer in hidden:
            point = [(w.dot(point) + b).relu() for w, b in layer]
        return last.dot(point) + offset

    def step() -> list[float]:
        for p in parameters:
            p.grad = 0
        losses = [(1 - score(point) * label).relu() for point, label in zip(points, labels)]
        loss = sg.Vector(losses).mean() + REGULARISATION * sum(
            (p * p).sum() if isinstance(p, sg.Vector) else p * p for p in parameters
        )
        loss.backward()
        return [g for layer in layers for w, b in layer for g in (*w.grad, b.grad)]

    return step


def by_batch() -> Step:
    """Products of matrices, all points at once."""
    points, labels = two_moons(POINTS)
    layers = layers_of_variables()
    (w1, b1), (w2, b2), (w3, b3) = layers
    batch = sg.Matrix(points)

    def step() -> list[float]:
        for layer in layers:
            for p in layer:
                p.grad = 0
        scores = sg.relu(sg.relu(batch @ w1.T + b1) @ w2.T + b2) @ w3[0] + b3[0]
        loss = sg.relu(1 - scores * labels).mean() + penalty(layers)
        loss.backward()
        return in_order(layers)

    return step


def by_module(together: bool) -> Callable[[], Step]:
    """`nn.MLP` and `nn.hinge_loss`, a point at a time or all together."""

    def make() -> Step:
        points, labels = two_moons(POINTS)
        model = nn.MLP(2, [16, 16, 1], activation="relu")
        layers = [(layer.w, layer.b) for layer in model.layers]
        for (w, b), layer in zip(layers, initial_weights()):
            w.assign([neuron[:-1] for neuron in layer])
            b.assign([neuron[-1] for neuron in layer])

        def step() -> list[float]:
            model.zero_grad()
            scores = model(points) if together else [model(point) for point in points]
            (nn.hinge_loss(scores, labels) + penalty(layers)).backward()
            return in_order(layers)

        return step

    return make


RIVALS: dict[str, Callable[[], Step]] = {
    "micrograd, scalar by scalar": lambda: by_scalars(micrograd.engine.Value),
    "scalar by scalar": lambda: by_scalars(sg.Value),
    "weights.dot(list of values)": by_neurons,
    "matrix @ point": by_points,
    "batch @ matrix": by_batch,
    "nn.MLP, point by point": by_module(together=False),
    "nn.MLP, a batch": by_module(together=True),
}


def work(name: str, calls: int) -> tuple[float, list[float]]:
    """The least time of some steps, and the gradients."""
    step = RIVALS[name]()
    gradients = step()
    gc.collect()
    found = []
    for _ in range(calls):
        begin = time.process_time()
        step()
        found.append(time.process_time() - begin)
    return min(found), gradients


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5, help="how often each rival takes its turn (default: 5)")
    parser.add_argument("--worker")
    options = parser.parse_args()
    if options.worker:
        print(json.dumps(work(options.worker, 10)))
        return
    times: dict[str, list[float]] = {name: [] for name in RIVALS}
    gradients: dict[str, list[float]] = {}
    for _ in range(options.rounds):
        for name, found in times.items():
            command = [sys.executable, __file__, "--worker", name]
            done = subprocess.run(command, capture_output=True, text=True, check=True)
            least, gradients[name] = json.loads(done.stdout)
            found.append(least)
    theirs = "micrograd, scalar by scalar"
    print(f"Python {sys.version.split()[0]}: two moons, {POINTS} points, 2-16-16-1, forward and backward")
    for name, found in times.items():
        worst = max(abs(a - b) for a, b in zip(gradients[name], gradients[theirs], strict=True))
        assert worst < 1e-12, f"the gradients of {name} differ by {worst}"
        print(f"  {name:<28} {min(found) * 1e3:8.2f} ms   {min(times[theirs]) / min(found):6.1f} times micrograd")


if __name__ == "__main__":
    main()
