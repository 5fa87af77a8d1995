"""Newton's method against gradient descent in Rosenbrock's valley: what a Hessian is worth.

    python demos/newton.py

f(x, y) = (1 - x)**2 + 100 (y - x**2)**2 has its minimum, 0, at (1, 1), at the end of a long bent valley (Rosenbrock,
1960). It prints how far both methods get and saves newton.png. The picture needs matplotlib: pip install matplotlib.
"""

from __future__ import annotations

import argparse
import math
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any

from options import picture, positive, whole

import scalargrad as sg
from scalargrad import plot

START = (-1.2, 1.0)
Point = tuple[float, float]


def valley(x: Any, y: Any) -> Any:
    """Rosenbrock's function."""
    return (1 - x) ** 2 + 100 * (y - x * x) ** 2


gradient = sg.compile(sg.grad(valley, argnums=(0, 1)))
hessian = sg.compile(sg.hessian(valley, argnums=(0, 1)))


def descend(point: Point, rate: float) -> Point:
    """A step down the gradient."""
    dx, dy = gradient(*point)
    return point[0] - rate * dx, point[1] - rate * dy


def newton(point: Point) -> Point:
    """A step to the minimum of the parabola that has the same value, gradient and Hessian: H step = -gradient."""
    dx, dy = gradient(*point)
    (a, b), (c, d) = hessian(*point)
    determinant = a * d - b * c
    return point[0] - (d * dx - b * dy) / determinant, point[1] - (a * dy - c * dx) / determinant


def walk(step: Callable[[Point], Point], most: int) -> list[Point]:
    """The points of a method until the gradient vanishes. Raises OverflowError if it runs away."""
    path = [START]
    while len(path) <= most and math.hypot(*gradient(*path[-1])) > 1e-10:
        path.append(step(path[-1]))
        if math.hypot(*path[-1]) > 1e6:
            raise OverflowError(f"step {len(path) - 1:,} led to {path[-1]}, away from the valley")
    return path


def main(argv: Sequence[str] | None = None) -> int:
    """Run the demo; returns the exit code."""
    parser = argparse.ArgumentParser(description="Newton's method against gradient descent in Rosenbrock's valley.")
    parser.add_argument("--rate", type=positive, default=0.0015, help="rate of gradient descent (default: %(default)s)")
    parser.add_argument("--steps", type=whole(1), default=50_000, help="at most, for each (default: %(default)s)")
    parser.add_argument("--picture", type=picture, default="newton.png", metavar="PATH")
    options = parser.parse_args(argv)

    paths: dict[str, list[Point]] = {}
    print(f"{'':<18}{'steps':>8}{'x':>22}{'y':>22}{'f':>12}{'seconds':>10}")
    for name, step in (("gradient descent", lambda p: descend(p, options.rate)), ("Newton's method", newton)):
        start = time.perf_counter()
        try:
            path = paths[name] = walk(step, options.steps)
        except OverflowError as error:
            print(f"newton.py: error: {name}, {error}; try a smaller --rate than {options.rate:g}", file=sys.stderr)
            return 1
        x, y = path[-1]
        seconds = time.perf_counter() - start
        print(f"{name:<18}{len(path) - 1:>8,}{x:>22.15g}{y:>22.15g}{valley(x, y):>12.2e}{seconds:>10.4f}")

    ax = None
    for name, path in paths.items():
        shown = path if len(path) < 100 else [path[int(1.15**k)] for k in range(100) if 1.15**k < len(path)]
        ax = plot.descent(valley, [START, *shown], label=f"{name}, {len(path) - 1:,} steps", ax=ax)
    assert ax is not None
    ax.plot(1, 1, "+", markersize=16, color="black", label="the minimum")
    ax.legend(loc="lower left")
    ax.set_title("Rosenbrock's valley")
    ax.figure.savefig(options.picture, dpi=120)  # type: ignore[union-attr]
    print(f"The picture is in {options.picture}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
