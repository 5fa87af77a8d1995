"""The engine beside micrograd and TensorFlow: ratios measured side by side in one run.

    python benchmarks/engine.py

Rivals take turns within every round, so that other work of the machine affects all of them; a ratio is the median of
the rounds' ratios. The garbage collector is on, but no rival leaves garbage or spinning threads to the next.
TensorFlow is measured if it is installed; micrograd comes with the extra `bench`.
"""

from __future__ import annotations

import argparse
import gc
import importlib.util
import math
import os
import random
import statistics
import subprocess
import sys
import time
import tracemalloc
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import micrograd.engine

import scalargrad as sg
from scalargrad.engine.value import record
from scalargrad.operations import elementary as operations

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

LAYERS = [2, 16, 16, 1]
POINTS = 50
REGULARISATION = 1e-4


# ---- The two-moons network: 2-16-16-1, hinge loss, forward and backward ----------------------------------------------


def two_moons(count: int, seed: int = 1) -> tuple[list[list[float]], list[int]]:
    """Points on two interleaved half circles, with noise, and their labels -1 and 1."""
    generator = random.Random(seed)
    points, labels = [], []
    for i in range(count):
        angle = generator.uniform(0, math.pi)
        upper = i % 2 == 0
        x, y = (math.cos(angle), math.sin(angle)) if upper else (1 - math.cos(angle), 0.5 - math.sin(angle))
        points.append([x + generator.gauss(0, 0.1), y + generator.gauss(0, 0.1)])
        labels.append(1 if upper else -1)
    return points, labels


def initial_weights(seed: int = 2) -> list[list[list[float]]]:
    """For each neuron of each layer, its weights and then its bias."""
    generator = random.Random(seed)
    return [
        [[generator.uniform(-1, 1) for _ in range(inputs)] + [0.0] for _ in range(outputs)]
        for inputs, outputs in pairwise(LAYERS)
    ]


def scalar_network(value: Callable[[float], Any]) -> Callable[[], list[Any]]:
    """The network in micrograd's own style, with any class of values; a step returns the parameters with gradients."""
    points, labels = two_moons(POINTS)
    layers = [[[value(w) for w in neuron] for neuron in layer] for layer in initial_weights()]
    parameters = [w for layer in layers for neuron in layer for w in neuron]

    def score(x: Sequence[Any]) -> Any:
        for layer in layers:
            sums = [sum((w * xi for w, xi in zip(neuron, x)), neuron[-1]) for neuron in layer]
            x = sums if layer is layers[-1] else [s.relu() for s in sums]
        return x[0]

    def step() -> list[Any]:
        for p in parameters:
            p.grad = 0
        inputs = [[value(x) for x in point] for point in points]
        losses = [(1 + -label * score(point)).relu() for point, label in zip(inputs, labels)]
        loss = sum(losses) * (1.0 / len(losses)) + REGULARISATION * sum(p * p for p in parameters)
        loss.backward()
        return parameters

    return step


def vector_network() -> Callable[[], list[Any]]:
    """The same network with neurons as dot products."""
    points, labels = two_moons(POINTS)
    layers = [
        [(sg.Vector(map(sg.Value, neuron[:-1])), sg.Value(neuron[-1])) for neuron in layer]
        for layer in initial_weights()
    ]
    parameters = [p for layer in layers for weights, bias in layer for p in (*weights, bias)]
    all_parameters = sg.Vector(parameters)

    def score(x: sg.Vector) -> Any:
        for layer in layers[:-1]:
            x = sg.Vector([(weights.dot(x) + bias).relu() for weights, bias in layer])
        ((weights, bias),) = layers[-1]
        return weights.dot(x) + bias

    def step() -> list[Any]:
        for p in parameters:
            p.grad = 0
        margins = sg.Vector([1 + -label * score(sg.Vector(point)) for point, label in zip(points, labels)])
        loss = margins.map(sg.Value.relu).mean() + REGULARISATION * all_parameters.dot(all_parameters)
        loss.backward()
        return parameters

    return step


# ---- The lesson's loop: y = 3x + 1 by stochastic gradient descent ----------------------------------------------------


def lesson_data(steps: int) -> list[tuple[float, float]]:
    generator = random.Random(3)
    xs = [generator.gauss(0, 1) for _ in range(steps)]
    return [(x, 3 * x + 1) for x in xs]


def lesson_with_tape(data: list[tuple[float, float]], learning_rate: float = 0.01) -> tuple[float, float]:
    w, b = sg.Variable(-1.0), sg.Variable(-1.0)
    w_trace, b_trace = [], []
    for x, y in data:
        with sg.GradientTape() as tape:
            loss = (w * x + b - y) ** 2
        dw, db = tape.gradient(loss, [w, b])
        w_trace.append(w.numpy())
        b_trace.append(b.numpy())
        w = sg.Variable(w - learning_rate * dw)
        b = sg.Variable(b - learning_rate * db)
    return w.numpy(), b.numpy()


def lesson_with_backward(value: Any) -> Callable[[list[tuple[float, float]]], tuple[float, float]]:
    """The loop in micrograd's own style, with micrograd's values or ours."""

    def loop(data: list[tuple[float, float]], learning_rate: float = 0.01) -> tuple[float, float]:
        w, b = value(-1.0), value(-1.0)
        w_trace, b_trace = [], []
        for x, y in data:
            loss = (w * x + b - y) ** 2
            w.grad = 0
            b.grad = 0
            loss.backward()
            w_trace.append(w.data)
            b_trace.append(b.data)
            w.data -= learning_rate * w.grad
            b.data -= learning_rate * b.grad
        return w.data, b.data

    return loop


def lesson_with_tensorflow() -> Callable[[list[tuple[float, float]]], tuple[float, float]] | None:
    """The lesson as first written, with samples as single-precision tensors; None if TensorFlow is not installed."""
    if importlib.util.find_spec("tensorflow") is None:
        return None
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    import tensorflow as tf  # a rival, measured only if installed

    def loop(data: list[tuple[float, float]], learning_rate: float = 0.01) -> tuple[float, float]:
        x_data = tf.constant([x for x, _ in data])
        y_data = tf.constant([y for _, y in data])
        w, b = tf.Variable(-1.0), tf.Variable(-1.0)
        w_trace, b_trace = [], []
        for x, y in zip(x_data, y_data):
            with tf.GradientTape() as tape:
                loss = (w * x + b - y) ** 2
            dw, db = tape.gradient(loss, [w, b])
            w_trace.append(w.numpy())
            b_trace.append(b.numpy())
            w = tf.Variable(w - learning_rate * dw)
            b = tf.Variable(b - learning_rate * db)
        return float(w.numpy()), float(b.numpy())

    return loop


# ---- Measuring -------------------------------------------------------------------------------------------------------


def seconds(function: Callable[..., Any], *args: Any) -> float:
    start = time.perf_counter()
    function(*args)
    return time.perf_counter() - start


def side_by_side(rounds: int, **rivals: Callable[[], float]) -> dict[str, list[float]]:
    """The time of each rival in each round; they take turns."""
    times: dict[str, list[float]] = {name: [] for name in rivals}
    for _ in range(rounds):
        for name, measure in rivals.items():
            gc.collect()
            time.sleep(0.05)  # TensorFlow's threads spin for a while after their work
            times[name].append(measure())
    return times


def ratio(slow: Sequence[float], fast: Sequence[float]) -> float:
    return statistics.median(a / b for a, b in zip(slow, fast))


def row(what: str, figure: str, note: str) -> None:
    print(f"  {what:<52} {figure:>14}   {note}")


def compare_networks(rounds: int) -> None:
    theirs, scalar, vector = scalar_network(micrograd.engine.Value), scalar_network(sg.Value), vector_network()
    for ours in (scalar, vector):
        worst = max(abs(p.grad - q.grad) for p, q in zip(ours(), theirs()))
        assert worst < 1e-12, f"the gradients differ by {worst}"
    times = side_by_side(
        rounds,
        micrograd=lambda: seconds(theirs),
        scalar=lambda: seconds(scalar),
        vector=lambda: seconds(vector),
    )
    print(f"\nThe two-moons network ({'-'.join(map(str, LAYERS))}, hinge loss, {POINTS} points, forward and backward)")
    for name, measured in times.items():
        row(f"{name}, a step", f"{statistics.median(measured) * 1e3:.1f} ms", f"fastest {min(measured) * 1e3:.1f} ms")
    row("the very same scalar code: times faster", f"{ratio(times['micrograd'], times['scalar']):.1f}", "bar: 4")
    row("in vector style: times faster", f"{ratio(times['micrograd'], times['vector']):.1f}", "bar: 18")


def compare_lessons(rounds: int) -> None:
    data = lesson_data(1000)
    theirs, ours = lesson_with_backward(micrograd.engine.Value), lesson_with_backward(sg.Value)
    for loop in (lesson_with_tape, ours):
        assert max(abs(p - q) for p, q in zip(loop(data), theirs(data))) < 1e-12
    rivals = {
        "micrograd, backward()": lambda: seconds(theirs, data) / len(data),
        "scalargrad, a tape a step": lambda: seconds(lesson_with_tape, data) / len(data),
        "scalargrad, backward()": lambda: seconds(ours, data) / len(data),
    }
    tensorflow = lesson_with_tensorflow()
    if tensorflow:
        few = data[:100]
        tensorflow(few)
        rivals["TensorFlow, a tape a step"] = lambda: seconds(tensorflow, few) / len(few)
    times = side_by_side(rounds, **rivals)
    print("\nThe lesson's loop: a line by stochastic gradient descent, a sample a step")
    for name, measured in times.items():
        row(f"{name}, a step", f"{statistics.median(measured) * 1e6:.2f} µs", f"fastest {min(measured) * 1e6:.2f} µs")
    tape = times["scalargrad, a tape a step"]
    row("a tape a step, times faster than micrograd", f"{ratio(times['micrograd, backward()'], tape):.2f}", "bar: 1")
    row(
        "written in micrograd's way, times faster",
        f"{ratio(times['micrograd, backward()'], times['scalargrad, backward()']):.2f}",
        "",
    )
    if tensorflow:
        faster = ratio(times["TensorFlow, a tape a step"], tape)
        row("a tape a step, times faster than TensorFlow", f"{faster:.0f}", "bar: 120")
    else:
        print("  (TensorFlow is not installed: pip install tensorflow-cpu, to measure it, too)")


def chain(length: int, multiply: Callable[[Any, Any], Any] = lambda x, y: x * y) -> Any:
    """A chain of two-operand nodes."""
    x = factor = sg.Value(1.0000001)
    for _ in range(length):
        x = multiply(x, factor)
    return x


def nanoseconds_a_node(length: int) -> float:
    """The time to record a chain, run back over it, and free it."""

    def live() -> None:
        chain(length).backward()

    repeats = max(1, 20_000 // length)
    return min(sum(seconds(live) for _ in range(repeats)) / repeats for _ in range(3)) / length * 1e9


def bytes_a_node(length: int) -> float:
    tracemalloc.start()
    x = chain(length)
    used, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    del x
    return used / length


def measure_nodes() -> None:
    print("\nA chain of two-operand nodes: recorded, run back, freed")
    cost = {}
    for length in (10**3, 10**4, 10**5, 10**6):
        gc.collect()
        cost[length] = nanoseconds_a_node(length)
        note = f"{bytes_a_node(length):.0f} bytes a node"
        row(f"{length:,} nodes", f"{cost[length]:.0f} ns a node", note + ("   bar: 232" if length == 10**6 else ""))
    row("a node of 1,000,000 against one of 10,000", f"{cost[10**6] / cost[10**4]:.2f}", "bar: 2.5")

    multiply = operations.mul
    times = side_by_side(
        15,
        operators=lambda: seconds(chain, 10_000),
        record=lambda: seconds(lambda: chain(10_000, lambda x, y: record(multiply, (x, y)))),
        no_grad=lambda: seconds(sg.no_grad()(chain), 10_000),
    )
    row("through record(), forward only: times slower", f"{ratio(times['record'], times['operators']):.1f}", "")
    row("within no_grad(), forward only: times slower", f"{ratio(times['no_grad'], times['operators']):.1f}", "")


def measure_import(rounds: int) -> None:
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}

    def start(program: str) -> float:
        return seconds(lambda: subprocess.run([sys.executable, "-c", program], check=True, env=environment))

    start("import scalargrad")
    times = side_by_side(rounds, empty=lambda: start(""), ours=lambda: start("import scalargrad"))
    extra = statistics.median(a - b for a, b in zip(times["ours"], times["empty"]))
    print()
    row("import scalargrad, over an empty program", f"{extra * 1e3:.1f} ms", "bar: 20")


def main() -> None:
    parser = argparse.ArgumentParser(description="The engine beside micrograd and TensorFlow.")
    parser.add_argument("--rounds", type=int, default=15, help="how often each rival takes its turn (default: 15)")
    rounds = parser.parse_args().rounds
    print(f"Python {sys.version.split()[0]}, medians of {rounds} rounds")
    compare_networks(rounds)
    measure_nodes()
    measure_import(rounds)
    compare_lessons(rounds)


if __name__ == "__main__":
    main()
