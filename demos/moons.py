"""Two moons told apart by a small network: micrograd's demo, eager and compiled.

    python demos/moons.py

The network (2-16-16-1), the loss (a support vector machine's, plus a small multiple of the weights' squares) and the
learning rate are those of Andrej Karpathy's micrograd, https://github.com/karpathy/micrograd. It trains twice from the
same weights, prints how fast, and saves moons.png: the decision boundary and the loss. The picture needs matplotlib and
the progress bar tqdm: pip install matplotlib tqdm.
"""

from __future__ import annotations

import argparse
import math
import random
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from options import picture, share, whole
from tqdm import tqdm  # type: ignore[import-untyped,unused-ignore]

import scalargrad as sg
from scalargrad import plot
from scalargrad.nn import MLP
from scalargrad.optim import SGD

ALPHA = 1e-4  # factor of the squares of the weights
Points = list[tuple[float, float]]


def moons(count: int, noise: float, seed: int) -> tuple[Points, list[int]]:
    """Points along two half circles, one turned and moved into the other, with their classes, 1 and -1."""
    generator = random.Random(seed)
    points, labels = [], []
    for i in range(count):
        angle = math.pi * (i // 2) / (count // 2 - 1)
        x, y = math.cos(angle), math.sin(angle)
        x, y, label = (x, y, -1) if i % 2 else (1 - x, 0.5 - y, 1)
        points.append((x + generator.gauss(0, noise), y + generator.gauss(0, noise)))
        labels.append(label)
    return points, labels


def eager(model: MLP, points: Points, labels: Sequence[int]) -> Callable[[], tuple[float, list[Any]]]:
    """A function that returns the loss and its gradients, by one graph of all points."""
    xs = [sg.Vector(point) for point in points]

    def loss_and_gradients() -> tuple[float, list[Any]]:
        with sg.GradientTape() as tape:
            margins = [sg.relu(1 - label * model(x)) for x, label in zip(xs, labels)]
            squares = [(w * w).sum() for w in model.trainable_variables]
            loss = sg.Vector(margins).mean() + ALPHA * sg.Vector(squares).sum()
        return loss.numpy(), tape.gradient(loss, model.trainable_variables)

    return loss_and_gradients


def compiled(model: MLP, points: Points, labels: Sequence[int]) -> Callable[[], tuple[float, list[Any]]]:
    """The same, by adding up a compiled gradient of one point, which reads the weights at each call."""
    variables = model.trainable_variables

    @sg.compile
    def of_point(x: float, y: float, label: float) -> Any:
        with sg.GradientTape() as tape:
            loss = sg.relu(1 - label * model([x, y]))
        return loss, [g for gradient in tape.gradient(loss, variables) for g in flat(gradient)]

    def loss_and_gradients() -> tuple[float, list[Any]]:
        losses, rows = zip(*[of_point(x, y, label) for (x, y), label in zip(points, labels)])
        weights = [w.data for w in model.parameters()]
        loss = sum(losses) / len(points) + ALPHA * sum(w * w for w in weights)
        slopes = iter([sum(column) / len(points) + 2 * ALPHA * w for column, w in zip(zip(*rows), weights)])
        return loss, [shaped(slopes, v.shape) for v in variables]

    return loss_and_gradients


def flat(gradient: Any) -> list[Any]:
    """The elements of a vector or a matrix, row by row."""
    return [x for row in gradient for x in row] if isinstance(gradient, sg.Matrix) else [*gradient]


def shaped(numbers: Iterator[Any], shape: Sequence[int]) -> list[Any]:
    """The next numbers, in lists of a shape."""
    return [shaped(numbers, shape[1:]) if len(shape) > 1 else next(numbers) for _ in range(shape[0])]


def train(loss_and_gradients: Callable[[], tuple[float, list[Any]]], model: MLP, steps: int, name: str) -> list[float]:
    """Gradient descent with micrograd's learning rate, from 1 down to 0.1; returns the losses."""
    optimizer = SGD(lr=lambda step: 1.0 - 0.9 * step / steps)
    losses = []
    for _ in tqdm(range(steps), desc=name, leave=False, disable=None):
        loss, gradients = loss_and_gradients()
        optimizer.apply_gradients(zip(gradients, model.trainable_variables))
        losses.append(loss)
    return losses


def main(argv: Sequence[str] | None = None) -> int:
    """Run the demo; returns the exit code."""
    parser = argparse.ArgumentParser(description="Tells two moons apart with micrograd's network, eager and compiled.")
    parser.add_argument(
        "--steps", type=whole(1), default=100, metavar="N", help="of each training (default: %(default)s)"
    )
    parser.add_argument(
        "--points", type=whole(4, 2), default=100, metavar="N", help="how many, even (default: %(default)s)"
    )
    parser.add_argument("--noise", type=share, default=0.1, help="how far they scatter (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=7, help="of points and weights (default: %(default)s)")
    parser.add_argument("--picture", type=picture, default="moons.png", metavar="PATH")
    options = parser.parse_args(argv)

    points, labels = moons(options.points, options.noise, options.seed)
    histories, seconds, accuracy = {}, {}, 0.0
    for name, way in (("eager", eager), ("compiled", compiled)):
        model = MLP(2, [16, 16, 1], activation="relu", init="uniform", seed=options.seed)
        loss_and_gradients = way(model, points, labels)
        loss_and_gradients()  # this generates the compiled code
        start = time.perf_counter()
        histories[name] = train(loss_and_gradients, model, options.steps, name)
        seconds[name] = (time.perf_counter() - start) / options.steps
        right = sum((model(point).numpy() > 0) == (label > 0) for point, label in zip(points, labels))
        accuracy = right / len(points)
        print(f"{name:<9} {seconds[name] * 1e3:8.2f} ms a step   loss {histories[name][-1]:.6f}   {accuracy:.0%} right")
    print(f"Compiled, a step of {len(points)} points is {seconds['eager'] / seconds['compiled']:.1f} times as fast.")

    figure = plot.new_figure(11, 4.8)
    left, right_axes = figure.subplots(1, 2)
    plot.decision_boundary(model, points, labels, ax=left)
    left.set_title(f"{accuracy:.0%} of the points are on the right side")
    plot.history({"loss": histories["compiled"]}, ylabel="loss", ax=right_axes)
    right_axes.set_title(f"{len(model.parameters())} weights, {options.steps} steps")
    figure.tight_layout()
    figure.savefig(options.picture, dpi=120)
    print(f"The picture is in {options.picture}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
