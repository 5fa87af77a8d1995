"""Compiled functions that decide differently at each call, or get new structures: their time beside uncompiled ones.

    python benchmarks/decisions.py

Each program is a sequence of calls, run uncompiled and compiled, in turns; a ratio is the median of the rounds' ratios.
Compiling is part of the compiled time, even where it does not pay. First, all results are compared bit for bit. The
programs are of the kind that `compile` helps least; it does help the last two.
"""

from __future__ import annotations

import argparse
import bisect
import random
import statistics
import sys
import warnings
from functools import partial
from typing import TYPE_CHECKING, Any

from engine import ratio, row, seconds, side_by_side

import scalargrad as sg

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Calls = Sequence[tuple[Any, ...]]


# ---- An iterative vapour pressure in the residuals of least squares --------------------------------------------------

TEMPERATURES = [0.62 + 0.02 * k for k in range(15)]
MEASURED = [0.031, 0.042, 0.056, 0.073, 0.093, 0.117, 0.145, 0.178, 0.215, 0.258, 0.307, 0.362, 0.424, 0.494, 0.571]


def vapour_pressure(a: Any, b: Any, c: Any, temperature: float) -> Any:
    """The root of log(p) = a - b / (t + c p), by Newton's method until it has converged."""
    pressure = 0.1
    for _ in range(50):
        below = temperature + c * pressure
        error = sg.log(pressure) - a + b / below
        step = error / (1 / pressure - b * c / below**2)
        pressure = sg.maximum(pressure - step, pressure / 10)
        if abs(step) < 1e-12:
            break
    return pressure


def residuals(parameters: Any) -> Any:
    return [vapour_pressure(*parameters, t) - p for t, p in zip(TEMPERATURES, MEASURED)]


def fits(count: int) -> Calls:
    """The calls of a least squares method: from several starts, parameters close to one another."""
    generator = random.Random(1)
    calls = []
    for _ in range(count // 20):
        start = [generator.uniform(2.5, 3.5), generator.uniform(2.7, 3.3), generator.uniform(-0.1, 0.1)]
        calls += [([x + generator.gauss(0, 0.05 / (i + 1)) for x in start],) for i in range(20)]
    return calls


# ---- Look-ups in a table ---------------------------------------------------------------------------------------------

KNOTS = [0.1 * k + 0.003 * k * k for k in range(60)]
HEIGHTS = [(k * 37 % 19) / 7 for k in range(60)]


def interpolated(points: Any, scale: Any) -> Any:
    """The sum of a table's values at some points, each found by bisection."""
    total = 0.0
    for x in points:
        x = x * scale
        i = min(max(bisect.bisect(KNOTS, x), 1), len(KNOTS) - 1)
        share = (x - KNOTS[i - 1]) / (KNOTS[i] - KNOTS[i - 1])
        total = total + HEIGHTS[i - 1] + share * (HEIGHTS[i] - HEIGHTS[i - 1])
    return total


def thirty_points(count: int) -> Calls:
    generator = random.Random(2)
    return [([generator.uniform(0, 15) for _ in range(30)], generator.uniform(0.5, 1.0)) for _ in range(count)]


# ---- Others ----------------------------------------------------------------------------------------------------------


def wandering(x: Any, y: Any) -> Any:
    """Decisions as random as those of a coin."""
    total = x * y
    for k in range(40):
        x = 3.9 * x * (1 - x)
        total = total + x * y if x > 0.6 else total * y - k if x > 0.3 else total + y
    return total


def pairs(count: int) -> Calls:
    generator = random.Random(3)
    return [(generator.uniform(0.1, 0.9), generator.uniform(0.5, 0.9)) for _ in range(count)]


def whole(x: Any) -> Any:
    return x * int(x)


def of_text(x: Any, text: str) -> Any:
    return x * x * len(text)


def norm(v: Any) -> Any:
    return sum(x * x for x in v) ** 0.5


def newton_root(a: Any) -> Any:
    x = a
    while abs(x * x - a) > 1e-12 * a:
        x = (x + a / x) / 2
    return x


def lists_of(lengths: Sequence[int]) -> Calls:
    return [([0.5 + 0.01 * i for i in range(n)],) for n in lengths]


def then_known(new: int, known: int) -> Calls:
    generator = random.Random(4)
    calls = pairs(new)
    return [*calls, *generator.choices(calls[:5], k=known)]


def programs() -> dict[str, tuple[Callable[..., Any], Calls, dict[str, Any]]]:
    gradient = sg.value_and_grad
    roots = [(random.Random(k).uniform(0.01, 1e6),) for k in range(5000)]
    texts = [(1.5, f"text {k}") for k in range(2000)]
    return {
        "vapour pressure, its Jacobian, 100 calls": (sg.jacobian(residuals), fits(100), {}),
        "vapour pressure, its Jacobian, 300 calls": (sg.jacobian(residuals), fits(300), {}),
        "a table at 30 points, 100 gradients": (gradient(interpolated), thirty_points(100), {}),
        "a table at 30 points, 1,000 gradients": (gradient(interpolated), thirty_points(1000), {}),
        "decisions like a coin's, 2,000 gradients": (gradient(wandering), pairs(2000), {}),
        "int(x) of 20,000 numbers, gradients": (gradient(whole), [(k + 0.5,) for k in range(20_000)], {}),
        "2,000 texts as static arguments": (gradient(of_text), texts, {"static_argnames": "text"}),
        "2,000 texts, three times each": (gradient(of_text), texts * 3, {"static_argnames": "text"}),
        "lists of 600 lengths": (gradient(norm), lists_of(range(1, 601)), {}),
        "lists of two lengths in turns, 2,000 gradients": (gradient(norm), lists_of([20, 30] * 1000), {}),
        "30 new paths, then known ones 3,000 times": (gradient(wandering), then_known(30, 3_000), {}),
        "Newton's root of 5,000 numbers, gradients": (gradient(newton_root), roots, {}),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5, help="how often each takes its turn (default: 5)")
    rounds = parser.parse_args().rounds
    print(f"Python {sys.version.split()[0]}, compiled time / uncompiled time, medians of {rounds} rounds")
    sg.compile(abs)(1.0)  # imports the code generator

    for name, (function, calls, options) in programs().items():

        def run(function: Any = function, calls: Calls = calls) -> list[Any]:
            return [function(*args) for args in calls]

        def run_compiled(function: Any = function, options: Any = options) -> list[Any]:
            return run(sg.compile(function, **options))

        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            assert run_compiled() == run()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            times = side_by_side(rounds, uncompiled=partial(seconds, run), compiled=partial(seconds, run_compiled))
        slower = ratio(times["compiled"], times["uncompiled"])
        took = statistics.median(times["uncompiled"])
        warned = f"{len(caught)} warning{'s' * (len(caught) != 1)}"
        row(name, f"{slower:.2f}", f"uncompiled {took * 1e3:,.0f} ms, {warned}   bar: at most 3")


if __name__ == "__main__":
    main()
