"""A step of Adam on whole variables beside a plain loop over lists of floats with the same arithmetic.

    python benchmarks/optim.py

The 4,192 parameters are the matrices and vectors of a small GPT. The loop and the optimiser take turns in one process;
the ratio is that of the least processor times. Both compute the same numbers, to the bit.
"""

from __future__ import annotations

import argparse
import gc
import math
import random
import sys
import time
from typing import TYPE_CHECKING, Any

import scalargrad as sg
from scalargrad import optim

if TYPE_CHECKING:
    from collections.abc import Callable

SHAPES = [(27, 16), (16, 16), *[(16, 16)] * 4, (64, 16), (16, 64), (27, 16)]  # 4,192 in all
LR, B1, B2, EPS = 1e-3, 0.9, 0.999, 1e-8
BAR = 1.5


class Loop:
    """Adam written by hand: lists of floats, updated in place."""

    def __init__(self, numbers: list[float]) -> None:
        self.numbers = numbers
        self.means = [0.0] * len(numbers)
        self.squares = [0.0] * len(numbers)
        self.t = 0

    def step(self, gradients: list[float]) -> None:
        self.t += 1
        rate, root = LR / (1 - B1**self.t), math.sqrt(1 - B2**self.t)
        numbers, means, squares = self.numbers, self.means, self.squares
        for i, g in enumerate(gradients):
            means[i] = m = means[i] + (1 - B1) * (g - means[i])
            squares[i] = v = B2 * squares[i] + (1 - B2) * g * g
            numbers[i] -= rate * m / (math.sqrt(v) / root + EPS)


def in_rows(numbers: list[float], shape: tuple[int, int]) -> list[list[float]]:
    return [numbers[i * shape[1] : (i + 1) * shape[1]] for i in range(shape[0])]


def variables(numbers: list[float]) -> list[Any]:
    found, begin = [], 0
    for rows, columns in SHAPES:
        found.append(sg.Variable(in_rows(numbers[begin : begin + rows * columns], (rows, columns))))
        begin += rows * columns
    return found


def flat(matrices: list[Any]) -> list[float]:
    return [x for m in matrices for row in m.tolist() for x in row]


def seconds(function: Callable[..., Any], *args: Any) -> float:
    start = time.process_time()
    function(*args)
    return time.process_time() - start


def main() -> None:
    parser = argparse.ArgumentParser(description="A step of Adam beside a plain loop.")
    parser.add_argument("--rounds", type=int, default=100, help="how often each rival takes its turn (default: 100)")
    rounds = parser.parse_args().rounds
    count = sum(rows * columns for rows, columns in SHAPES)
    generator = random.Random(1)
    start, gradients = ([generator.gauss(0, 1) for _ in range(count)] for _ in range(2))
    whole, by_element = variables(start), variables(start)
    loop = Loop([*start])
    rivals = {
        "whole variables": optim.Adam(whole, lr=LR),
        "given by their elements": optim.Adam([x for m in by_element for row in m for x in row], lr=LR),
    }
    begin = 0
    for m, n in zip(whole, by_element):
        m.grad = n.grad = in_rows(gradients[begin : begin + m.shape[0] * m.shape[1]], m.shape)
        begin += m.shape[0] * m.shape[1]
    times: dict[str, list[float]] = {name: [] for name in ("a plain loop", *rivals)}
    gc.collect()
    for _ in range(rounds):
        times["a plain loop"].append(seconds(loop.step, gradients))
        for name, optimizer in rivals.items():
            times[name].append(seconds(optimizer.step))
    assert flat(whole) == flat(by_element) == loop.numbers
    print(f"Python {sys.version.split()[0]}: a step of Adam on {count:,} parameters, least of {rounds} times")
    least = {name: min(of) for name, of in times.items()}
    for name, time_of in least.items():
        print(f"  {name:<24} {time_of * 1e3:6.2f} ms   {time_of / least['a plain loop']:5.2f} times the loop")
    if least["whole variables"] > BAR * least["a plain loop"]:
        sys.exit(f"more than {BAR} times the loop")


if __name__ == "__main__":
    main()
