"""Taylor coefficients, and the derivatives of any order that they give."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import scalargrad as sg
from scalargrad.operations import elementary as operations
from scalargrad.transforms import taylor
from tests.support.oracles import NARROW, many_digit_derivative
from tests.support.programs import INPUTS, ValueKit, any_programs, is_tame, many_digit_kit, points

# ---- One gradient, many ways -----------------------------------------------------------------------------------------


@given(st.data())
def test_taylor_coefficients_agree_with_nested_gradients_and_with_many_digits(data: st.DataObject) -> None:
    program = data.draw(any_programs(max_inputs=1, max_steps=5))
    (x,) = data.draw(points(INPUTS, 1))
    assume(is_tame(program, [x]))

    def function(x: Any) -> Any:
        return program(ValueKit(), [x])

    nested: Any = function
    for order in range(4):
        scale = 1 + max(abs(y.data) for y in program.trace(ValueKit(), [sg.Value(x)])) ** (order + 1)
        got = sg.derivative(function, order)(x)
        through = nested(x) if order else nested(sg.Value(x)).data
        assert got == pytest.approx(through, rel=1e-9, abs=1e-11 * scale)
        if order:
            exact = many_digit_derivative(lambda x: program(many_digit_kit(), [x]), [x], 0, order, NARROW)
            assert got == pytest.approx(float(exact), rel=1e-9, abs=1e-11 * scale)
        nested = sg.grad(nested)


# ---- Higher orders ---------------------------------------------------------------------------------------------------


def test_a_derivative_at_the_edge_of_a_domain_is_the_limit() -> None:
    assert sg.derivative(lambda x: x**0.5, 2)(0.0) == -math.inf
    assert sg.derivative(sg.sqrt, 1)(0.0) == math.inf
    assert sg.derivative(abs, 1)(0.0) == 0
    assert sg.derivative(lambda x: x**2, 3)(0.0) == 0
    assert sg.derivative(lambda x: 3.0, 2)(1.0) == 0
    assert sg.derivative(lambda x: x, 1)(2.0) == 1
    assert sg.derivative(lambda x: x, 2)(2.0) == 0


# ---- Found by use ----------------------------------------------------------------------------------------------------


def test_a_constant_series_has_no_further_coefficients() -> None:
    constant = taylor.Series([2.0], {}, None, ())
    assert constant.coefficient(3) is taylor.ABSENT
    assert sg.sin(constant).coefficient(1) is taylor.ABSENT


def test_series_have_the_arithmetic_of_numbers_on_either_side() -> None:
    line = taylor.Series([2.0, 1.0], {}, None, ())  # 2 + t
    assert [(1 - line).coefficient(k) for k in range(2)] == [-1.0, -1.0]
    assert [(1 / line).coefficient(k) for k in range(3)] == [0.5, -0.25, 0.125]
    assert [(line // 2).coefficient(k) for k in range(2)] == [1.0, 0.0]


@pytest.mark.parametrize("order", [170, 171, 180])
def test_a_derivative_of_an_order_whose_factorial_is_no_float_is_right_where_it_fits(order: int) -> None:
    assert sg.derivative(sg.exp, order)(0.5) == pytest.approx(math.exp(0.5), rel=1e-12)
    assert sg.derivative(lambda x: sg.exp(2 * x), order)(0.5) == pytest.approx(2.0**order * math.e, rel=1e-12)
    assert sg.derivative(lambda x: x * x, 3 * order)(Fraction(1, 3)) == 0


def test_a_derivative_of_an_order_beyond_all_scaling_says_so() -> None:
    with pytest.raises(OverflowError, match="order 5000"):
        taylor.factorial_over_power(5000, 1024)


def test_a_derivative_that_floats_cannot_carry_says_so_and_is_not_infinite_in_silence() -> None:
    with pytest.raises(OverflowError, match=r"^a derivative of order 171 is beyond what floats can scale"):
        sg.derivative(lambda x: sg.exp(1000 * x), order=171)(0.01)


def test_the_slope_of_a_power_is_right_beside_an_integer_factor_beyond_floats() -> None:
    huge = math.factorial(200)
    assert operations.times_power(huge, 1e-2, 51, 0) == pytest.approx(float(Fraction(huge, 100**51)), rel=1e-12)
