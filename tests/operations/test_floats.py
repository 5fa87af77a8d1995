"""What the standard `math` has of floats: remainders, signs, scales and parts."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import pytest

import scalargrad as sg

if TYPE_CHECKING:
    from collections.abc import Callable


def gradient(function: Callable[..., Any], *point: float) -> list[float]:
    leaves = [sg.Value(x) for x in point]
    function(*leaves).backward()
    return [leaf.grad for leaf in leaves]


@pytest.mark.parametrize(("x", "y", "expected"), [(7.5, 2.0, [1, -3]), (-7.5, 2.0, [1, 3]), (7.5, -2.0, [1, 3])])
def test_a_remainder_with_the_sign_of_the_dividend_counts_whole_divisors(
    x: float, y: float, expected: list[float]
) -> None:
    assert gradient(sg.math.fmod, x, y) == expected
    assert gradient(sg.math.fmod, 1.0, math.inf) == [1, 0]


@pytest.mark.parametrize(
    ("x", "y", "count"), [(7.5, 2.0, 4), (5.0, 2.0, 2), (7.0, 2.0, 4), (-7.5, 2.0, -4), (1e300, 1e-9, 1e309)]
)
def test_the_ieee_remainder_counts_nearest_multiples(x: float, y: float, count: float) -> None:
    assert gradient(sg.math.remainder, x, y) == [1, -count]


@pytest.mark.parametrize("function", [sg.math.fmod, sg.math.remainder])
def test_the_remainder_of_nan_has_a_derivative_that_is_nan_by_any_divisor(function: Callable[..., Any]) -> None:
    for y in (0.0, -0.0, 2.0, math.inf, math.nan):
        by_x, by_y = gradient(function, math.nan, y)
        assert (by_x, math.isnan(by_y)) == (1, True)


NEGATIVE_KINK = [(2.0, -1.0, -1.0), (-2.0, -0.0, 1.0), (2.0, 0.0, 1.0), (0.0, 3.0, 0.0), (-0.0, 3.0, 0.0)]


@pytest.mark.parametrize(("x", "y", "slope"), NEGATIVE_KINK)
def test_copysign_is_as_steep_as_the_signs_agree(x: float, y: float, slope: float) -> None:
    assert gradient(sg.math.copysign, x, y) == [slope, 0]


def test_a_power_of_a_fraction_is_a_float_as_in_math_and_so_is_its_derivative() -> None:
    third = Fraction(1, 3)
    assert sg.math.pow(sg.Value(third), 10**30).data == math.pow(third, 10**30) == 0.0
    x = sg.Value(third)
    sg.math.pow(x, 2).backward()
    assert x.grad == pytest.approx(2 / 3, rel=1e-15)
