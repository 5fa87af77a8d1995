"""Gradients and Hessians of Rosenbrock's function beside HIPS autograd's: ratios measured side by side in one run.

    python benchmarks/transforms.py

Rivals take turns within every round; a ratio is the median of the rounds' ratios. HIPS autograd comes with the extra
`bench`. Both differentiate the same scalar code, a loop over the elements of a list or an array.
"""

from __future__ import annotations

import argparse
import statistics
import sys
from typing import TYPE_CHECKING, Any

import autograd
import autograd.numpy as autograd_numpy
from engine import ratio, row, seconds, side_by_side

import scalargrad as sg

if TYPE_CHECKING:
    from collections.abc import Callable


def rosenbrock(x: Any) -> Any:
    return sum(100 * (x[i + 1] - x[i] ** 2) ** 2 + (1 - x[i]) ** 2 for i in range(len(x) - 1))


def start(size: int) -> list[float]:
    return [-1.2 if i % 2 == 0 else 1.0 for i in range(size)]


def compare(rounds: int, **rivals: Callable[[], Any]) -> dict[str, list[float]]:
    times = side_by_side(rounds, **{name: lambda f=f: seconds(f) for name, f in rivals.items()})
    for name, measured in times.items():
        row(name.replace("_", " "), f"{statistics.median(measured) * 1e3:.2f} ms", f"fastest {min(measured) * 1e3:.2f}")
    return times


def compare_hessians(rounds: int, size: int) -> None:
    x = start(size)
    array = autograd_numpy.array(x)
    ours, theirs = sg.hessian(rosenbrock), autograd.hessian(rosenbrock)
    assert abs(autograd_numpy.array(ours(x)) - theirs(array)).max() < 1e-9
    print(f"\nThe Hessian of Rosenbrock's function in {size} variables")
    times = compare(rounds, scalargrad=lambda: ours(x), HIPS_autograd=lambda: theirs(array))
    row("times faster", f"{ratio(times['HIPS_autograd'], times['scalargrad']):.0f}", "bar: 20")


def compare_gradients(rounds: int, size: int) -> None:
    x = start(size)
    array = autograd_numpy.array(x)
    ours, theirs = sg.value_and_grad(rosenbrock), autograd.value_and_grad(rosenbrock)
    assert abs(autograd_numpy.array(ours(x)[1]) - theirs(array)[1]).max() < 1e-9
    values = [sg.Value(number) for number in x]
    print(f"\nValue and gradient of Rosenbrock's function in {size:,} variables")
    times = compare(
        rounds,
        on_floats=lambda: rosenbrock(x),
        on_Values_only=lambda: rosenbrock(values),
        scalargrad=lambda: ours(x),
        HIPS_autograd=lambda: theirs(array),
    )
    row("against the function on Values only", f"{ratio(times['scalargrad'], times['on_Values_only']):.2f}", "bar: 6")
    row("times faster", f"{ratio(times['HIPS_autograd'], times['scalargrad']):.0f}", "bar: 20")


def compare_jacobians(rounds: int, sizes: tuple[int, int]) -> None:
    """The cost of a sparse Jacobian is in proportion to its non-zeros: twice the size takes twice the time."""

    def residuals(x: Any) -> list[Any]:
        return [10 * (x[i + 1] - x[i] ** 2) for i in range(len(x) - 1)]

    print("\nThe sparse Jacobian of Rosenbrock's residuals, each in two variables, as a list of dicts")
    small, large = sizes
    sweeps = {f"{size:,} variables": lambda size=size: sparse_rows(residuals, start(size)) for size in sizes}
    times = compare(rounds, **sweeps)
    growth = ratio(times[f"{large:,} variables"], times[f"{small:,} variables"])
    row(f"{large // small} times the size costs, times", f"{growth:.1f}", "")


def sparse_rows(function: Callable[[Any], list[Any]], x: list[float]) -> Any:
    from scalargrad.transforms.run import outputs_of, run_at

    run, result = run_at("jacobian", function, (x,), {}, 0)
    return run.rows(outputs_of("jacobian", result), "auto", False)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=9, help="how often each rival takes its turn (default: 9)")
    rounds = parser.parse_args().rounds
    print(f"Python {sys.version.split()[0]}, medians of {rounds} rounds")
    compare_hessians(rounds, 50)
    compare_gradients(rounds, 1000)
    compare_jacobians(rounds, (1_000, 4_000))


if __name__ == "__main__":
    main()
