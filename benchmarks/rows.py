"""The cost and gain of rows: the engine beside a plain one, micrograd, and an earlier release of itself.

    python benchmarks/rows.py [--before FOLDER] [--rounds N] [--only NAME ...] [--pyodide .pyodide]

Each engine runs in its own process, since the cost of garbage collection depends on the heap, and engines take turns in
every round. A ratio tells how many times faster this engine is than the other. It is that of the least times, since
other work of the machine only adds to a time. FOLDER holds a checkout of an earlier release. micrograd comes with the
extra `bench`. With `--pyodide` everything runs on CPython in WebAssembly, which `.ci/pyodide` fetches, without
micrograd.
"""

from __future__ import annotations

import argparse
import gc
import importlib
import itertools
import math
import os
import random
import subprocess
import sys
import time
import tracemalloc
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

HERE = Path(__file__).parent
ENGINES = {"plain": "plain_engine", "micrograd": "micrograd.engine", "ours": "scalargrad", "before": "scalargrad"}

# ---- A small GPT, one letter at a time: width 16, four heads, one layer, context 16 --------------------------------

WIDTH, HEADS, CONTEXT = 16, 4, 16
HEAD = WIDTH // HEADS
WORDS = "abs all any ascii bin breakpoint callable chr compile delattr divmod enumerate filter format frozenset getattr"


def dot(xs: Sequence[Any], ys: Sequence[Any]) -> Any:
    return sum(x * y for x, y in zip(xs, ys))


def times(matrix: Sequence[Any], xs: Sequence[Any]) -> list[Any]:
    return [dot(row, xs) for row in matrix]


def normalised(xs: Sequence[Any]) -> list[Any]:
    scale = (dot(xs, xs) / len(xs) + 1e-5) ** -0.5
    return [x * scale for x in xs]


def softmax(xs: Sequence[Any]) -> list[Any]:
    top = max(x.data for x in xs)
    powers = [(x - top).exp() for x in xs]
    total = sum(powers)
    return [p / total for p in powers]


def logits(w: dict[str, Any], token: int, position: int, keys: list[Any], values: list[Any]) -> list[Any]:
    """The logits of the next letter, given the keys and values of those before."""
    x = normalised([a + b for a, b in zip(w["token"][token], w["position"][position])])
    rest, x = x, normalised(x)
    query = times(w["query"], x)
    keys.append(times(w["key"], x))
    values.append(times(w["value"], x))
    heads: list[Any] = []
    for h in range(0, WIDTH, HEAD):
        span = slice(h, h + HEAD)
        shares = softmax([dot(query[span], key[span]) / HEAD**0.5 for key in keys])
        heads += [dot(shares, [value[j] for value in values]) for j in range(h, h + HEAD)]
    x = [a + b for a, b in zip(times(w["out"], heads), rest)]
    rest = x
    x = times(w["down"], [a.relu() for a in times(w["up"], normalised(x))])
    return times(w["head"], [a + b for a, b in zip(x, rest)])


def gpt(value: Callable[[float], Any], _: Any) -> Callable[[], Any]:
    """A step of training: forward, backward and the update; returns the time of forward and backward."""
    words = WORDS.split()
    letters = sorted({letter for word in words for letter in word})
    end = len(letters)
    sizes = {"token": (end + 1, WIDTH), "position": (CONTEXT, WIDTH), "head": (end + 1, WIDTH)}
    sizes |= dict.fromkeys(("query", "key", "value", "out"), (WIDTH, WIDTH))
    sizes |= {"up": (4 * WIDTH, WIDTH), "down": (WIDTH, 4 * WIDTH)}
    draw = random.Random(2).gauss
    w = {name: [[value(draw(0, 0.08)) for _ in range(n)] for _ in range(m)] for name, (m, n) in sizes.items()}
    done = 0

    def step() -> float:
        nonlocal done
        tokens = [end, *map(letters.index, words[done % len(words)]), end][: CONTEXT + 1]
        done += 1
        begin = time.process_time()
        keys: list[Any] = []
        values: list[Any] = []
        losses = []
        for position, (token, target) in enumerate(itertools.pairwise(tokens)):
            losses.append(-softmax(logits(w, token, position, keys, values))[target].log())
        loss = sum(losses) * (1 / len(losses))
        loss.backward()
        seconds = time.process_time() - begin
        for rows in w.values():
            for row in rows:
                for p in row:
                    p.data -= 0.05 * p.grad
                    p.grad = 0.0
        return seconds

    return step


def gpt_on_matrices(value: Callable[[float], Any], module: Any) -> Callable[[], Any]:
    """The same on matrices; scalar by scalar for an engine without matrices."""
    if not hasattr(module, "Matrix"):
        return gpt(value, module)
    import gpt as on_matrices  # imported here, since it imports this file

    step = on_matrices.ENGINES["matrices"](False)
    return lambda: step()[0]


# ---- Smaller programs ------------------------------------------------------------------------------------


def moons(value: Callable[[float], Any], _: Any) -> Callable[[], Any]:
    """A training step on two moons of 50 points, by a network of 2-16-16-1, scalar by scalar."""
    draw = random.Random(1)
    points, labels = [], []
    for i in range(50):
        angle, upper = draw.uniform(0, math.pi), i % 2 == 0
        x, y = (math.cos(angle), math.sin(angle)) if upper else (1 - math.cos(angle), 0.5 - math.sin(angle))
        points.append([x + draw.gauss(0, 0.1), y + draw.gauss(0, 0.1)])
        labels.append(1 if upper else -1)
    layers = [
        [[value(draw.uniform(-1, 1)) for _ in range(inputs + 1)] for _ in range(outputs)]
        for inputs, outputs in ((2, 16), (16, 16), (16, 1))
    ]
    parameters = [w for layer in layers for neuron in layer for w in neuron]

    def score(x: Sequence[Any]) -> Any:
        for layer in layers:
            sums = [sum((w * xi for w, xi in zip(neuron, x)), neuron[-1]) for neuron in layer]
            x = sums if layer is layers[-1] else [s.relu() for s in sums]
        return x[0]

    def step() -> None:
        for p in parameters:
            p.grad = 0
        inputs = [[value(x) for x in point] for point in points]
        losses = [(1 + -label * score(point)).relu() for point, label in zip(inputs, labels)]
        loss = sum(losses) * (1.0 / len(losses)) + 1e-4 * sum(p * p for p in parameters)
        loss.backward()

    return step


def product(value: Callable[[float], Any], _: Any) -> Callable[[], Any]:
    a, b = value(3.0), value(2.0)
    return lambda: (a * b).backward()


def lesson(value: Callable[[float], Any], _: Any) -> Callable[[], Any]:
    """The loss of the lesson, a line on one sample, and its backward pass."""
    w, b = value(0.5), value(0.1)

    def step() -> None:
        error = w * 2.0 + b - 7.0
        (error * error).backward()

    return step


def tape(_: Any, sg: Any) -> Callable[[], Any]:
    """The lesson's step: a tape, the gradient, and the update."""
    w, b = sg.Variable(0.5), sg.Variable(0.1)

    def step() -> None:
        with sg.GradientTape() as recorder:
            error = w * 2.0 + b - 7.0
            loss = error * error
        dw, db = recorder.gradient(loss, [w, b])
        w.assign_sub(0.01 * dw)
        b.assign_sub(0.01 * db)

    return step


def tape_by_backward(value: Callable[[float], Any], _: Any) -> Callable[[], Any]:
    """The same step with `backward()`, for engines without a tape."""
    w, b = value(0.5), value(0.1)

    def step() -> None:
        error = w * 2.0 + b - 7.0
        (error * error).backward()
        for p in (w, b):
            p.data -= 0.01 * p.grad
            p.grad = 0.0

    return step


def transform(_: Any, sg: Any) -> Callable[[], Any]:
    gradient = sg.value_and_grad(lambda w, b: (w * 2.0 + b - 7.0) ** 2, argnums=(0, 1))
    return lambda: gradient(0.5, 0.1)


def without_recording(value: Callable[[float], Any], sg: Any) -> Callable[[], Any]:
    w, b = value(0.5), value(0.1)

    @sg.no_grad()
    def evaluate() -> None:
        for _ in range(1000):
            error = w * 2.0 + b - 7.0
            error * error

    return evaluate


def chain(length: int) -> Callable[..., Callable[[], Any]]:
    def program(value: Callable[[float], Any], _: Any) -> Callable[[], Any]:
        x = value(0.5)

        def step() -> float:
            begin = time.process_time()
            y = x
            for _ in range(length // 2):
                y = y * 1.0000001 + 1e-9
            y.backward()
            return (time.process_time() - begin) / length

        return step

    return program


def bytes_an_operation(value: Callable[[float], Any], _: Any) -> Callable[[], Any]:
    """The bytes of each operation in a chain of 100,000, in place of seconds."""

    def measure() -> float:
        gc.collect()
        tracemalloc.start()
        y = value(0.5)
        before = tracemalloc.get_traced_memory()[0]
        for _ in range(50_000):
            y = y * 1.0000001 + 1e-9
        size = tracemalloc.get_traced_memory()[0] - before
        tracemalloc.stop()
        return size / 100_000

    return measure


def hessian(_: Any, sg: Any) -> Callable[[], Any]:
    def rosenbrock(xs: Any) -> Any:
        return sum(100 * (b - a * a) ** 2 + (1 - a) ** 2 for a, b in itertools.pairwise(xs))

    at = [1.0 + i / 100 for i in range(50)]
    function = sg.hessian(rosenbrock)
    return lambda: function(at)


def sparse_jacobian(_: Any, sg: Any) -> Callable[[], Any]:
    at = [1.0 + i / 1000 for i in range(200)]
    function = sg.jacobian(lambda xs: [a * b - 1 for a, b in itertools.pairwise(xs)], mode="reverse")
    return lambda: function(at)


def part_of_a_record(_: Any, sg: Any) -> Callable[[], Any]:
    """A persistent tape with a record of 20,000 operations, asked for the gradient of a short part."""
    x = sg.Variable(1.5)
    with sg.GradientTape(persistent=True) as recorder:
        y = x * x * x
        z = x
        for _ in range(20_000):
            z = z * 1.0000001
    return lambda: recorder.gradient(y, x)


def first_call(_: Any, sg: Any) -> Callable[[], Any]:
    """The first call of a compiled gradient; time per operation."""

    def wave(x: Any) -> Any:
        y = x
        for k in range(200):
            y = sg.sin(y) * 1.1 + x * k
        return y

    def step() -> float:
        compiled = sg.compile(sg.value_and_grad(wave))
        begin = time.process_time()
        compiled(0.5)
        return (time.process_time() - begin) / 800

    return step


PROGRAMS: dict[str, tuple[str, Callable[..., Callable[[], Any]], tuple[str, ...], int]] = {
    # by name: the title, the program, the rivals, and the calls in a measurement (0: as many as take a while)
    "gpt": ("a small GPT, scalar by scalar", gpt, ("plain", "before"), 20),
    "gpt-off": ("the same with the collector off", gpt, ("plain", "before"), 20),
    "gpt-matrices": ("the same on matrices, against the plain engine's scalars", gpt_on_matrices, ("plain",), 20),
    "moons": ("two moons, scalar by scalar", moons, ("micrograd", "before"), 8),
    "product": ("(a * b).backward()", product, ("micrograd", "before"), 0),
    "lesson": ("the lesson's loss with backward()", lesson, ("micrograd", "before"), 0),
    "tape": ("the lesson's step with a tape", tape, ("before",), 0),
    "tape-micrograd": ("the same against micrograd's backward()", tape, ("micrograd",), 0),
    "transform": ("value_and_grad of the lesson's loss", transform, ("before",), 0),
    "no_grad": ("2,000 operations within no_grad", without_recording, ("before",), 0),
    "part": ("a part of a long record", part_of_a_record, ("before",), 0),
    "hessian": ("the Hessian of Rosenbrock in 50 variables", hessian, ("before",), 3),
    "jacobian": ("a sparse Jacobian in reverse mode", sparse_jacobian, ("before",), 10),
    "compile": ("the first call of a compiled function", first_call, ("before",), 2),
    "chain": ("a chain of 10,000 operations, each", chain(10_000), ("plain", "before"), 10),
    "chain-long": ("a chain of 1,000,000 operations, each", chain(1_000_000), ("before",), 1),
    "bytes": ("bytes an operation", bytes_an_operation, ("plain", "before"), 1),
}


def work(name: str, engine: str) -> float:
    """Seconds of a call, the least of some measurements."""
    module = importlib.import_module(ENGINES[engine])
    sys.setrecursionlimit(10**6)
    _, program, _, calls = PROGRAMS[name]
    if name == "tape-micrograd" and engine == "micrograd":
        program = tape_by_backward
    step = program(module.Value, module)
    gc.collect()
    if name.endswith("-off"):
        gc.disable()
    if calls:
        found = []
        for _ in range(calls):
            begin = time.process_time()
            own = step()
            found.append(own if isinstance(own, float) else time.process_time() - begin)
        return sum(found) / len(found) if name.startswith("gpt") else min(found)
    for _ in range(100):
        step()
    found = []
    for _ in range(15):
        begin = time.process_time()
        for _ in range(1000):
            step()
        found.append((time.process_time() - begin) / 1000)
        if sum(found) > 0.002:
            break
    return min(found)


def run(name: str, engine: str, before: str | None, pyodide: str | None) -> float:
    """The result of `work` in its own process."""
    path = str(before if engine == "before" else HERE.parent)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([path, str(HERE)])}
    command = [sys.executable, str(Path(__file__)), "--worker", name, engine]
    if pyodide is not None:
        command = ["node", str(HERE / "pyodide.mjs"), pyodide, name, engine, path]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    if done.returncode:
        raise SystemExit(done.stderr)
    return float(done.stdout)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--before", help="a folder with an earlier release")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", nargs="*", default=[*PROGRAMS])
    parser.add_argument("--pyodide", help="the folder in which .ci/pyodide has put Pyodide")
    parser.add_argument("--worker", nargs=2)
    options = parser.parse_args()
    if options.worker:
        print(work(*options.worker))
        return
    for name in options.only:
        title, _, rivals, _ = PROGRAMS[name]
        rivals = tuple(rival for rival in rivals if rival != "before" or options.before)
        times_of: dict[str, list[float]] = {engine: [] for engine in ("ours", *rivals)}
        for _ in range(options.rounds):
            for engine, found in times_of.items():
                found.append(run(name, engine, options.before, options.pyodide))
        ours = times_of["ours"]
        ratios = [f"{min(times_of[rival]) / min(ours):.2f} times {rival}" for rival in rivals]
        figure = f"{min(ours):.0f} bytes" if name == "bytes" else f"{min(ours) * 1e6:,.2f} us"
        print(f"{title}: {figure}; {', '.join(ratios)}", flush=True)


if __name__ == "__main__":
    main()
