"""Functions that tests differentiate, with closed forms."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence


def cubic(x: Any) -> Any:
    return x**3 - 2 * x


def product_and_sum(x: Any, y: Any) -> list[Any]:
    return [x * y, x + y]


def rosenbrock(xs: Sequence[Any]) -> Any:
    total: Any = 0
    for x, y in itertools.pairwise(xs):
        total = total + 100 * (y - x * x) ** 2 + (1 - x) ** 2
    return total


def rosenbrock_hessian(xs: Sequence[float]) -> list[list[float]]:
    n = len(xs)
    matrix = [[0.0] * n for _ in xs]
    for i in range(n - 1):
        matrix[i][i] += 1200 * xs[i] ** 2 - 400 * xs[i + 1] + 2
        matrix[i][i + 1] = matrix[i + 1][i] = -400 * xs[i]
        matrix[i + 1][i + 1] += 200
    return matrix
