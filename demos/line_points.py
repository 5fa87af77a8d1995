"""The points of `sgd_line.py`: made from a line, or read from a file."""

from __future__ import annotations

import csv
import math
import random
import reprlib
import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

# Squares of larger numbers are close to what a float can hold.
LARGEST = 1e100


class Line(NamedTuple):
    """A line to reach, and its name in the output."""

    slope: float
    intercept: float
    kind: str


def make_points(count: int, line: Line, noise: float, seed: int) -> tuple[list[float], list[float]]:
    """Points near a line: x is standard normal, and the noise of y is normal, with standard deviation `noise`."""
    generator = random.Random(seed)
    xs = [generator.gauss(0.0, 1.0) for _ in range(count)]
    return xs, [line.slope * x + line.intercept + generator.gauss(0.0, noise) for x in xs]


def read_points(path: Path, seed: int) -> tuple[list[float], list[float]]:
    """The two columns of a file. Raises ValueError, with the number of the line, for a row that is not a point."""
    points: list[tuple[float, float]] = []
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.reader(file)
            rows = [(reader.line_num, row) for row in reader if len(row) > 1 or "".join(row).strip()]
    except OSError as error:
        raise ValueError(f"{path} cannot be read: {error.strerror}") from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise ValueError(f"{path} is not a CSV file in UTF-8: {error}") from None
    for line, row in rows:
        if len(row) != 2:
            raise ValueError(
                f"{path}, line {line}: expected two columns, x and y, with a comma between, got {len(row)}"
            )
        x, y = map(number_in, row)
        if x is None and y is None and row is rows[0][1]:
            continue
        # Written so that nan fails.
        if x is None or y is None or not (abs(x) <= LARGEST and abs(y) <= LARGEST):
            got = reprlib.repr(",".join(row))
            raise ValueError(f"{path}, line {line}: expected two finite numbers up to {LARGEST:g}, got {got}")
        points.append((x, y))
    if not points:
        raise ValueError(f"{path} holds no points: expected rows of two numbers, x and y")
    # Many files are sorted by x; taken in that order, the last points would pull the line to themselves.
    random.Random(seed).shuffle(points)
    return [x for x, _ in points], [y for _, y in points]


def number_in(cell: str) -> float | None:
    """The number that a cell holds, or None."""
    try:
        return float(cell)
    except ValueError:
        return None


def least_squares(xs: Sequence[float], ys: Sequence[float]) -> Line | None:
    """The least-squares line by the closed form; None if there is no single one."""
    try:
        slope, intercept = statistics.linear_regression(xs, ys)
    except statistics.StatisticsError:
        return None
    return Line(slope, intercept, "least-squares") if math.isfinite(slope + intercept) else None
