"""What derivatives are compared with: many-digit arithmetic, extrapolated differences, exact power series."""

from __future__ import annotations

import math
import sys
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING

from mpmath import mp

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

LEAST_NORMAL = sys.float_info.min
LARGEST = sys.float_info.max
NARROW = 40  # places of a step that is narrow beside thousandths


# ---- Many digits -----------------------------------------------------------------------------------------------------


def ulps(got: float, exact: mp.mpf, least: float = 0.0) -> float:
    """How far a float is from a real number, in units of the last place of the float nearest to that.

    Where that is smaller than `least`, the units are those of `least`.
    """
    nearest = float(exact)
    if math.isinf(nearest) or math.isinf(got):
        # Within a few ulp of the largest float either answer is as near as the other.
        return (
            0.0
            if math.isinf(got) and got * float(mp.sign(exact)) > 0 and abs(exact) > LARGEST * (1 - 2**-50)
            else math.inf
        )
    return float(abs(mp.mpf(got) - exact) / mp.mpf(math.ulp(max(abs(nearest), least))))


def many_digit_derivative(
    function: Callable[..., mp.mpf], point: Sequence[float], index: int, order: int = 1, places: int | None = None
) -> mp.mpf:
    """The derivative by one argument, from central differences so narrow that hundreds of digits are right.

    The function is computed to so many digits over so narrow a step (10**-200 times the argument, so that it fits
    between any float and its branch points) that neither what rounding nor what the curvature does to the quotient
    comes near the digits of a float. Where all numbers are of about the size of 1, a step of 10**-`places` is quicker.
    """
    if places is None:
        magnitude = math.floor(math.log10(abs(point[index]))) if point[index] else -200
        places = 200 - min(magnitude, 0)
        digits = max(1400, (order + 1) * places + 400)
    else:
        digits = (order + 1) * places + 60
    with mp.workdps(digits):
        exact = [mp.mpf(x) for x in point]
        step = mp.mpf(10) ** -places
        total = mp.mpf(0)
        for k in range(order + 1):
            moved = [*exact]
            moved[index] += (mp.mpf(order) / 2 - k) * step
            total += (-1) ** k * math.comb(order, k) * function(*moved)
        return total / step**order


# ---- Differences of floats -------------------------------------------------------------------------------------------


def extrapolated_difference(function: Callable[[float], float], x: float, width: float) -> tuple[float, float, float]:
    """The derivative by Richardson extrapolation of central differences, its error estimate, and the narrowest step.

    Halving the step of a central difference four times gives a column of estimates with errors in even powers of the
    step; each further column of the tableau cancels one more power. The estimate of the error is the larger of the
    two last moves in the tableau.
    """
    column = []
    step = width
    for _ in range(5):
        column.append((function(x + step) - function(x - step)) / (2 * step))
        step /= 2
    rows = [column]
    factor = 4.0
    while len(rows[-1]) > 1:
        last = rows[-1]
        rows.append([(factor * b - a) / (factor - 1) for a, b in pairwise(last)])
        factor *= 4
    best = rows[-1][0]
    error = max(abs(best - rows[-2][0]), abs(best - rows[-2][1]))
    return best, error, step * 2


# ---- Exact Taylor coefficients ---------------------------------------------------------------------------------------


class Jet:
    """A truncated power series in exact fractions: an independent way to all derivatives of a rational function."""

    def __init__(self, coefficients: Sequence[Fraction]) -> None:
        self.coefficients = tuple(coefficients)

    def derivative(self, order: int) -> Fraction:
        return self.coefficients[order] * math.factorial(order)

    def _lift(self, other: object) -> Jet:
        if isinstance(other, Jet):
            return other
        return Jet([Fraction(other), *[Fraction(0)] * (len(self.coefficients) - 1)])  # type: ignore[arg-type]

    def __add__(self, other: object) -> Jet:
        return Jet([a + b for a, b in zip(self.coefficients, self._lift(other).coefficients)])

    __radd__ = __add__

    def __neg__(self) -> Jet:
        return Jet([-a for a in self.coefficients])

    def __sub__(self, other: object) -> Jet:
        return self + -self._lift(other)

    def __rsub__(self, other: object) -> Jet:
        return self._lift(other) - self

    def __mul__(self, other: object) -> Jet:
        a, b = self.coefficients, self._lift(other).coefficients
        return Jet([sum((a[i] * b[n - i] for i in range(n + 1)), Fraction(0)) for n in range(len(a))])

    __rmul__ = __mul__

    def __truediv__(self, other: object) -> Jet:
        a, b = self.coefficients, self._lift(other).coefficients
        quotient: list[Fraction] = []
        for n in range(len(a)):
            quotient.append((a[n] - sum((quotient[i] * b[n - i] for i in range(n)), Fraction(0))) / b[0])
        return Jet(quotient)

    def __rtruediv__(self, other: object) -> Jet:
        return self._lift(other) / self

    def __pow__(self, power: int) -> Jet:
        result = self._lift(1)
        for _ in range(abs(power)):
            result = result * self
        return result if power >= 0 else 1 / result
