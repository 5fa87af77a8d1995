"""What an operation is: its rules, its names, its errors."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given

import scalargrad as sg
from scalargrad.operations.operation import find_operation, registry
from tests.support.accuracy import NOT_SMOOTH, check_piecewise_constant
from tests.support.references import REDUCTIONS, REFERENCES, floats_between, vectors

if TYPE_CHECKING:
    from collections.abc import Callable


# ---- Values ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [1, 2.5, Fraction(1, 3), True])
def test_a_function_of_plain_numbers_gives_a_plain_number(number: Any) -> None:
    for name in ("relu", "exp", "sigmoid"):
        assert not isinstance(getattr(sg, name)(number), sg.Value)
    assert sg.maximum(number, 0) == number
    assert sg.where(True, number, 0) == number


# ---- The table of operations -----------------------------------------------------------------------------------------


BY_ANOTHER = {
    "power_slope": "the second derivatives of pow",
    "times_power": "the second derivatives of pow",
    "power_log": "the second derivatives of pow",
    "power_log_sum": "the second derivatives of pow",
    **dict.fromkeys(("exp_gap", "total", "total_but_largest", "share", "own_whole"), "the Jacobian of softmax"),
    "shifted": "the gradient of prod",
    **dict.fromkeys(("cosine", "leading_cosine"), "the Hessian of norm"),
    "sumprod": "test_math, with a stand-in where Python has none",
    "fma": "test_math, with a stand-in where Python has none",
}


def test_every_operation_is_compared_with_a_reference() -> None:
    known = {*REFERENCES, *REDUCTIONS, *NOT_SMOOTH, *BY_ANOTHER}
    assert {*registry} == known, f"without a reference: {sorted({*registry} ^ known)}"


@pytest.mark.parametrize("name", sorted(NOT_SMOOTH))
@given(xs=vectors(floats_between(-5, 5)))
def test_what_is_piecewise_constant_has_derivative_zero_or_none(name: str, xs: list[float]) -> None:
    check_piecewise_constant(name, xs)


def test_an_operation_knows_its_name_and_is_found_by_it() -> None:
    for name, operation in registry.items():
        assert operation.name == name
        assert find_operation(name) is operation
        assert repr(operation) == f"<operation {name}>"
    with pytest.raises(ValueError, match="no operation 'quux' in this version"):
        find_operation("quux")


# ---- Errors ----------------------------------------------------------------------------------------------------------


DOMAIN_ERRORS = [
    (lambda x: sg.log(x), 0.0, ValueError, r"log\(0\.0\)"),
    (lambda x: sg.log(x), -1.0, ValueError, r"log\(-1\.0\)"),
    (lambda x: sg.sqrt(x), -1.0, ValueError, r"sqrt\(-1\.0\)"),
    (lambda x: sg.asin(x), 2.0, ValueError, r"asin\(2\.0\)"),
    (lambda x: sg.exp(x), 1000.0, OverflowError, r"exp\(1000\.0\)"),
    (lambda x: 1 / x, 0.0, ZeroDivisionError, r"1 / 0\.0"),
    (lambda x: x / 0, 3.0, ZeroDivisionError, r"3\.0 / 0"),
    (lambda x: x % 0.0, 3.0, ZeroDivisionError, r"3\.0 % 0\.0"),
    (lambda x: x**0.5, -2.0, ValueError, r"-2\.0 \*\* 0\.5: the result would be complex"),
    (lambda x: x**1000, 10.0, OverflowError, r"10\.0 \*\* 1000"),
    (lambda x: x**-1, 0.0, ZeroDivisionError, r"0\.0 \*\* -1"),
    (lambda x: sg.clip(x, 2.0, 1.0), 0.0, ValueError, r"clip\(0\.0, 2\.0, 1\.0\): the lower bound is above the upper"),
    (lambda x: sg.sin(x), math.inf, ValueError, r"sin\(inf\)"),
]


@pytest.mark.parametrize(("apply", "x", "kind", "message"), DOMAIN_ERRORS)
def test_an_error_names_the_operation_and_its_operands(
    apply: Callable[..., Any], x: float, kind: type[Exception], message: str
) -> None:
    for argument in (x, sg.Value(x)) if not isinstance(x, float) else (sg.Value(x), sg.constant(x)):
        with pytest.raises(kind, match=message):
            apply(argument)


def test_an_error_ends_with_what_python_says() -> None:
    for wrong in (lambda x: x**1000, lambda x: x / 0.0, lambda x: x // 0.0, lambda x: x % 0.0):
        with pytest.raises(ArithmeticError) as pythons:
            wrong(10.0)
        with pytest.raises(ArithmeticError) as ours:
            wrong(sg.Value(10.0))
        assert str(ours.value).endswith(f": {pythons.value.args[-1]}")


def test_an_error_of_plain_numbers_names_the_operation_too() -> None:
    for apply, kind, message in (
        (lambda: sg.log(0.0), ValueError, r"^log\(0\.0\): "),
        (lambda: sg.log(0), ValueError, r"^log\(0\): "),
        (lambda: sg.math.fmod(1.0, 0.0), ValueError, r"^fmod\(1\.0, 0\.0\): "),
        (lambda: sg.polygamma(1, 0.0), ValueError, r"^polygamma\(1, 0\.0\): "),
        (lambda: sg.clip(0.0, 2.0, 1.0), ValueError, r"^clip\(0\.0, 2\.0, 1\.0\): "),
    ):
        with pytest.raises(kind, match=message):
            apply()


WRONG_OPERANDS = ["text", None, 1j, {}, object()]


@pytest.mark.parametrize("wrong", WRONG_OPERANDS)
def test_an_operand_that_is_not_a_number_is_refused_by_name(wrong: Any) -> None:
    for apply in (sg.sin, sg.relu, sg.abs, lambda x: sg.maximum(1.0, x), lambda x: sg.clip(x, 0.0, 1.0)):
        with pytest.raises(TypeError, match=r"takes numbers, Values or Vectors, not .*\("):
            apply(wrong)


def test_a_function_called_with_too_few_or_too_many_operands_says_how_many_it_takes() -> None:
    with pytest.raises(TypeError, match="clip takes 3 operands, got 2"):
        sg.clip(1.0, 2.0)  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="clip takes 3 operands, got 4"):
        sg.clip(1.0, 2.0, 3.0, 4.0)  # type: ignore[call-arg]
    with pytest.raises(TypeError):
        sg.maximum(1.0)  # type: ignore[call-arg]
