"""NumPy's scalars beside Values."""

from __future__ import annotations

import math
import operator
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import scalargrad as sg
from scalargrad import Value
from tests.support.arrays import numbers_in, outcome
from tests.support.bits import exactly
from tests.support.examples import a_third
from tests.support.infix import INFIX, real

if TYPE_CHECKING:
    from collections.abc import Callable

COMPARISONS = [operator.lt, operator.le, operator.gt, operator.ge, operator.eq, operator.ne]
SCALARS: list[Callable[[float], Any]] = [np.float64, np.float32, np.float16, np.int64, np.int8, np.bool_, np.array]


# ---- Scalars ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("symbol", INFIX)
@a_third
@given(kind=st.sampled_from(SCALARS), a=st.floats(), b=st.floats(-3, 3), whole=st.booleans())
def test_a_numpy_scalar_on_either_side_counts_as_its_plain_number(
    symbol: str, kind: Callable[[float], Any], a: float, b: float, whole: bool
) -> None:
    apply = INFIX[symbol]
    scalar = kind(float(round(b)) if whole else b)
    number = scalar.item()
    for x in (Value(a), sg.constant(a)):
        assert outcome(lambda x=x: apply(x, scalar)) == outcome(lambda: real(apply(a, number)))
        assert outcome(lambda x=x: apply(scalar, x)) == outcome(lambda: real(apply(number, a)))


@pytest.mark.parametrize("kind", SCALARS)
@pytest.mark.parametrize("symbol", INFIX)
def test_the_result_beside_a_numpy_scalar_is_a_value_with_the_gradient_of_the_plain_number(
    kind: Callable[[float], Any], symbol: str
) -> None:
    scalar = kind(3.0)
    apply = INFIX[symbol]
    for compute in (lambda x, c: apply(x, c), lambda x, c: apply(c, x)):
        x, twin = Value(2.5), Value(2.5)
        result = compute(x, scalar)
        assert type(result) is Value
        assert result.parents[0] is x
        assert len(result.parents) == 1
        result.backward()
        compute(twin, scalar.item()).backward()
        assert exactly(x.grad) == exactly(twin.grad)


@pytest.mark.parametrize("symbol", INFIX)
def test_second_derivatives_beside_numpy_scalars_are_those_of_plain_numbers(symbol: str) -> None:
    def second(function: Callable[[Any], Any]) -> float:
        x = Value(2.5)
        with sg.GradientTape() as outer:
            with sg.GradientTape() as inner:
                y = function(x)
            dy = inner.gradient(y, x)
        found = outer.gradient(dy, x, unconnected_gradients="zero").data
        assert type(found) is float
        return found

    apply = INFIX[symbol]
    for scalar in (np.float64(3.0), np.int64(3), np.array(3.0)):
        assert second(lambda x, c=scalar: apply(x, c)) == second(lambda x: apply(x, 3.0))
        assert second(lambda x, c=scalar: apply(c, x)) == second(lambda x: apply(3.0, x))


def test_divmod_takes_numpy_scalars_on_either_side() -> None:
    assert divmod(Value(7.0), np.float64(2.0)) == (3.0, 1.0)
    assert divmod(np.float64(7.0), Value(2.0)) == (3.0, 1.0)
    assert divmod(np.int64(-7), Value(2.0)) == (-4.0, 1.0)


def test_division_by_a_numpy_zero_raises_as_python_does() -> None:
    with pytest.raises(ZeroDivisionError) as pythons_own:  # which other versions put otherwise
        1.0 / 0.0  # noqa: B018
    message = rf"^1\.0 / 0\.0: {pythons_own.value}$"
    with pytest.raises(ZeroDivisionError, match=message):
        Value(1.0) / np.float64(0.0)
    with pytest.raises(ZeroDivisionError, match=message):
        np.float64(1.0) / Value(0.0)
    with pytest.raises(ValueError, match=r"^-8\.0 \*\* 0\.5: the result would be complex"):
        np.float64(-8.0) ** Value(0.5)


@pytest.mark.parametrize("compare", COMPARISONS)
@a_third
@given(a=st.floats(), b=st.sampled_from([0.0, 1.0, math.nan, math.inf]), equal=st.booleans())
def test_comparisons_with_numpy_scalars_compare_numbers(
    compare: Callable[[Any, Any], Any], a: float, b: float, equal: bool
) -> None:
    b = a if equal else b
    assert bool(compare(Value(a), np.float64(b))) is compare(a, b)
    assert bool(compare(np.float64(b), Value(a))) is compare(b, a)


@pytest.mark.parametrize("kind", SCALARS)
def test_a_numpy_scalar_becomes_a_float_in_a_leaf(kind: Callable[[float], Any]) -> None:
    scalar = kind(1)
    for x in (Value(scalar), sg.constant(scalar), sg.Variable(scalar)):
        assert exactly(x.data) == exactly(1.0)
    x = Value(2.0)
    x.data = scalar
    assert exactly(x.data) == exactly(1.0)
    x.grad = scalar
    assert x.grad == 1.0
    assert type(x.grad) in (float, int)


def test_a_float32_has_its_own_number() -> None:
    assert Value(np.float32(0.1)).data == (Value(1.0) * np.float32(0.1)).data == 0.10000000149011612


def test_a_longdouble_counts_as_the_nearest_float() -> None:
    third = np.longdouble(1) / 3
    x = Value(third)
    assert exactly(x.data) == exactly(1 / 3)
    assert exactly((Value(2.0) * third).data) == exactly((third * Value(2.0)).data) == exactly(2 / 3)


@pytest.mark.parametrize("thing", [np.complex128(1j), np.str_("text"), np.datetime64("2020-01-01"), np.array(None)])
def test_a_numpy_scalar_that_is_no_real_number_is_refused(thing: Any) -> None:
    with pytest.raises(TypeError, match="expected a real number, got "):
        Value(thing)
    with pytest.raises(
        TypeError, match=r"expected a real number, got |unsupported operand type|takes numbers, Values or Vectors, not "
    ):
        Value(1.0) - thing


def test_functions_take_numpy_scalars_and_give_plain_numbers() -> None:
    assert exactly(sg.sin(np.float64(0.5))) == exactly(math.sin(0.5))
    assert exactly(sg.exp(np.int64(2))) == exactly(math.exp(2))
    assert exactly(sg.maximum(np.float64(0.5), np.float32(1.5))) == exactly(1.5)
    assert exactly(sg.where(np.bool_(False), 1.0, np.float64(2.0))) == exactly(2.0)
    x = Value(1.0)
    assert sg.where(np.bool_(True), x, 0.0).parents == (x,)
    assert sg.clip(x, np.float64(2.0), np.int64(3)).data == 2.0


# ---- Found by use ----------------------------------------------------------------------------------------------------


@given(a=st.floats(), b=st.floats())
def test_a_numpy_array_warns_of_nothing_that_python_does_silently(a: float, b: float) -> None:
    # The suite turns warnings into errors; NumPy's own arithmetic on these would warn of overflow and of nan.
    assume(b)
    x, array = Value(a), np.array([b])
    for apply in (operator.add, operator.mul, operator.truediv):
        assert exactly(numbers_in(apply(x, array))) == exactly([apply(a, b)])


def test_no_numpy_scalar_gets_into_a_derivative_of_a_derivative() -> None:
    x = sg.Variable(2.0)
    with sg.GradientTape():
        with sg.GradientTape() as tape:
            y = x * np.float64(0.0)
        slope = tape.gradient(y, x)
    assert type(slope.data) is float
    with pytest.raises(ZeroDivisionError):
        1 / slope
