"""Random programs: values against plain Python bit for bit, gradients against PyTorch's.

    python benchmarks/programs.py --count 100000

A gradient may differ from PyTorch's by the effect of rounding: an ulp of each number in the forward and the backward
pass, carried to the gradient, and all of these added up. A gradient that differs by more is printed beside the one that
many digits give, which shows whose is off. Needs the extras `test` and `engines`.
"""

from __future__ import annotations

import argparse
import math
import random
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from mpmath import mp
from tqdm import tqdm

sys.path.insert(0, str(Path(__file__).parent.parent))

import scalargrad as sg
from scalargrad.testing import programs
from scalargrad.testing.check_grads import EPSILON
from tests.project.test_engines import ROUNDINGS, effect_of_rounding, gradient_by_torch
from tests.support.oracles import many_digit_derivative

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scalargrad.testing import Program


class Count:
    """The results so far."""

    def __init__(self) -> None:
        self.programs = 0
        self.steps = 0
        self.other_values: list[str] = []
        self.theirs: list[str] = []
        self.unexplained: list[str] = []
        self.largest = 0.0


def gradient_of(program: Program, point: Sequence[float]) -> tuple[float, list[float]]:
    leaves = [sg.Value(x) for x in point]
    result = program(*leaves)
    result.backward()
    return result.data, [leaf.grad for leaf in leaves]


def compare(program: Program, point: Sequence[float], count: Count) -> None:
    count.programs += 1
    count.steps += program.source.count("\n")
    value, ours = gradient_of(program, point)
    plain = program(*point, math=math)
    if value.hex() != float(plain).hex():
        count.other_values.append(f"{program!r}\nat {point}: {value!r}, plain Python {plain!r}")
    theirs = gradient_by_torch(program, point)
    if all(abs(a - b) <= ROUNDINGS * 2 * EPSILON * abs(a) for a, b in zip(ours, theirs)):
        return  # the rounding of the gradient itself explains it
    for index, (a, b, noise) in enumerate(zip(ours, theirs, effect_of_rounding(program, point))):
        if a != b:
            count.largest = max(count.largest, abs(a - b) / noise if noise else math.inf)
        if not abs(a - b) <= ROUNDINGS * noise:
            exact = many_digit_derivative(lambda *xs: program(*xs, math=mp), point, index)
            differing = count.theirs if abs(a - exact) <= ROUNDINGS / 2 * noise else count.unexplained
            differing.append(
                f"{program!r}\nat {point}, argument {index}: {a!r}, PyTorch {b!r}, exact {mp.nstr(exact, 18)}; "
                f"rounding moves it by {noise:.1e}"
            )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=10_000, help="how many programs (default: 10,000)")
    parser.add_argument("--seed", type=int, default=0, help="of the points (default: 0)")
    options = parser.parse_args()
    count, generator = Count(), random.Random(options.seed)
    torch.set_num_threads(1)

    with tqdm(total=options.count, unit=" programs") as progress:

        @settings(
            max_examples=options.count,
            derandomize=True,
            database=None,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=[*HealthCheck],
        )
        @given(st.booleans().flatmap(lambda branches: programs(min_steps=4, max_steps=16, branches=branches)))
        def run(program: Program) -> None:
            compare(program, tuple(generator.uniform(-4, 4) for _ in range(program.arity)), count)
            progress.update()

        run()
    print(f"{count.programs:,} programs of {count.steps / count.programs:.1f} steps on average")
    print(f"values that differ from plain Python's in a bit: {len(count.other_values)}")
    print(
        f"gradients that differ from PyTorch's by more than rounding explains: {len(count.theirs + count.unexplained)}"
    )
    print(f"    PyTorch's are off, ours are as exact as rounding allows: {len(count.theirs)}")
    print(f"    ours are off: {len(count.unexplained)}")
    print(f"the largest difference is {count.largest:.2f} times the effect of an ulp of each number on the way")
    print("\n\n".join((count.other_values + count.unexplained + count.theirs)[:20]))


if __name__ == "__main__":
    main()
