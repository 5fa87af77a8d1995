"""Powers: their derivatives by base and exponent, at every edge."""

from __future__ import annotations

import contextlib
import math
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from mpmath import mp

import scalargrad as sg
from scalargrad.operations import elementary as operations
from tests.support.accuracy import check_mixed_derivative_of_power, first_derivatives, nested_derivative
from tests.support.oracles import ulps
from tests.support.references import floats_between, grid_between


@given(floats_between(0.01, 100), floats_between(-100, 100))
def test_the_derivative_by_an_exponent_is_the_power_times_the_logarithm_to_the_bit(x: float, y: float) -> None:
    assert first_derivatives(lambda x, y: x**y, [x, y])[1] == x**y * math.log(x)


@given(grid_between(0.2, 4), grid_between(-3, 3))
def test_the_mixed_derivative_of_a_power_is_symmetric_and_right(x: float, y: float) -> None:
    check_mixed_derivative_of_power(x, y)


@pytest.mark.parametrize("order", [(0, 1, 1), (1, 0, 1), (1, 1, 0)])
@given(grid_between(0.2, 4), grid_between(-3, 3))
def test_a_power_by_its_base_and_twice_by_its_exponent_has_its_closed_form(
    order: tuple[int, ...], x: float, y: float
) -> None:
    leaves = [sg.Value(x), sg.Value(y)]
    with contextlib.ExitStack() as stack:
        tapes = [stack.enter_context(sg.GradientTape()) for _ in order]
        derivative = leaves[0] ** leaves[1]
        for index in order:
            derivative = tapes.pop().gradient(derivative, leaves[index])
    exact = x ** (y - 1) * math.log(x) * (y * math.log(x) + 2)
    assert derivative.data == pytest.approx(exact, rel=1e-11, abs=1e-11)


SMALL = st.integers(-1074, -900).map(lambda k: math.ldexp(1.0, k))


@given(SMALL, st.builds(math.ldexp, floats_between(-1, 1), st.integers(-10, 1)))
@example(5e-324, 1e-5)
@example(5e-324, 0.04)
@example(5e-324, 0.00134332)
def test_the_mixed_derivative_of_a_power_is_right_where_its_two_parts_are_infinite(x: float, y: float) -> None:
    with mp.workdps(60):
        base = mp.mpf(x)
        exact = float(base ** (mp.mpf(y) - 1) * (1 + y * mp.log(base)))
    try:
        found = [second_derivative(x, y, first) for first in (0, 1)]
    except OverflowError:  # so does the power itself
        return
    for got in found:
        assert got == exact or abs(got - exact) <= 1e-12 * abs(exact) + 1e-320


@pytest.mark.parametrize("x", [0.0, -0.0, Fraction(0)])
@pytest.mark.parametrize(("y", "limit"), [(0.5, -math.inf), (1.0, -math.inf), (0.0, math.inf), (1.5, 0), (2.0, 0)])
def test_the_mixed_derivative_of_a_power_at_zero_is_the_limit(x: Any, y: float, limit: float) -> None:
    assert [second_derivative(x, y, first) for first in (0, 1)] == [limit, limit]


def second_derivative(x: Any, y: float, first: int) -> Any:
    """The mixed second derivative of x**y, by the base or the exponent first."""
    leaves = [sg.Value(x), sg.Value(y)]
    with sg.GradientTape() as outer:
        with sg.GradientTape() as inner:
            power = leaves[0] ** leaves[1]
        slope = inner.gradient(power, leaves[first])
    return outer.gradient(slope, leaves[1 - first]).data


@pytest.mark.parametrize("x", [0.0, -0.0, Fraction(0), 2.0, Fraction(2, 3)])
@pytest.mark.parametrize("power", [0, 1, 2, 3, 4])
def test_whole_powers_have_derivatives_of_every_order_at_zero_too(x: Any, power: int) -> None:
    for order in range(6):
        exact = math.perm(power, order) * Fraction(x) ** max(power - order, 0)
        got = nested_derivative(lambda v: v**power, [sg.Value(x)], 0, order) if order else x**power
        assert got == exact
        assert isinstance(got, (int, type(x)))


# ---- At the ends of the range of floats ------------------------------------------------------------------------------


def test_the_second_derivatives_of_a_power_fit_where_the_power_by_itself_does_not() -> None:
    (by_base, mixed), _ = sg.hessian(lambda x, y: x**y, argnums=(0, 1))(1e-300, 1e-300)
    assert by_base == -math.inf or ulps(by_base, mp.mpf(-1e-300) * mp.mpf(1e-300) ** (mp.mpf(1e-300) - 2)) <= 8
    assert mixed == pytest.approx(1e300, rel=1e-12)


def test_the_rules_of_a_power_do_not_raise_where_half_the_power_is_beyond_the_range_too() -> None:
    assert operations.power_log(1e-300, -3.0, 1) == -math.inf
    assert operations.times_power(2.0, 1e-300, -3.0, 1) == -math.inf
    assert operations.times_power(-2.0, 1e-300, -3.0, 0) == -math.inf
    assert operations.times_power(1e-300, -1e-300, -3.0, 0) == -math.inf
    assert operations.times_power(1e-300, -1e-150, -3.0, 0) == pytest.approx(-1e150)
    assert math.isnan(sg.grad(lambda x: sg.grad(lambda x: x**2.5)(x))(math.nan))


# ---- Found by use ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("x", "y"), [(0.0, 0.5), (0.0, -0.0), (1e-200, -1.5), (0.0, 1.0), (1e200, 1.5)])
def test_second_derivatives_of_a_power_do_not_raise_at_the_ends_of_the_range(x: float, y: float) -> None:
    sg.hessian(lambda x, y: x**y, argnums=(0, 1))(x, y)
    assert sg.hessian(lambda x, y: x**y, argnums=(0, 1))(1e-200, -1.5)[0][1] == math.inf


def test_the_derivatives_of_a_power_by_its_exponent_have_their_limits_at_infinity() -> None:
    assert operations.power_log(math.inf, 2.0, 1) == math.inf
    assert operations.power_log(math.inf, -2.0, 1) == 0.0
