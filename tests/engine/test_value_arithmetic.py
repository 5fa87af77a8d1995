"""`Value`: a number that computes as Python's own does."""

from __future__ import annotations

import operator
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

import scalargrad as sg
from scalargrad import Value
from tests.support.bits import exactly, message_of, outcome
from tests.support.examples import a_third
from tests.support.expressions import (
    UNARY,
    as_leaf,
    evaluate,
    floats,
    fractions,
    ints,
    leaves,
    numbers,
    small_ints,
    trees,
)
from tests.support.infix import INFIX

if TYPE_CHECKING:
    from collections.abc import Callable

IN_PLACE = {
    "+": operator.iadd,
    "-": operator.isub,
    "*": operator.imul,
    "/": operator.itruediv,
    "//": operator.ifloordiv,
    "%": operator.imod,
    "**": operator.ipow,
}


def is_rational(x: Any) -> bool:
    return isinstance(x, (int, Fraction))


def assume_short(symbol: str, x: Any, y: Any) -> None:
    """Leave out exact powers that have millions of digits."""
    assume(symbol != "**" or not (is_rational(x) and is_rational(y)) or abs(y) <= 12)


@pytest.mark.parametrize("symbol", INFIX)
@given(a=leaves, b=leaves)
@example(a=1.0, b=0.0)
@example(a=-8.0, b=1 / 3)
@example(a=0.0, b=-1.0)
@example(a=1e200, b=2.0)
@example(a=Fraction(-8), b=Fraction(1, 3))
def test_an_operator_on_two_values_gives_what_it_gives_on_their_numbers(symbol: str, a: Any, b: Any) -> None:
    apply = INFIX[symbol]
    x, y = as_leaf(a), as_leaf(b)
    assume_short(symbol, x, y)
    expected = outcome(lambda: apply(x, y))
    assert outcome(lambda: apply(Value(a), Value(b))) == expected
    assert outcome(lambda: apply(sg.constant(a), Value(b))) == expected
    assert outcome(lambda: apply(Value(a), sg.constant(b))) == expected
    assert outcome(lambda: apply(sg.constant(a), sg.constant(b))) == expected


@pytest.mark.parametrize("symbol", INFIX)
@given(a=leaves, number=numbers)
@example(a=1.0, number=0)
@example(a=1.0, number=False)
@example(a=1.0, number=10**400)
@example(a=2.0, number=Fraction(0))
def test_an_operator_with_a_number_on_its_right_gives_what_python_gives(symbol: str, a: Any, number: Any) -> None:
    apply = INFIX[symbol]
    assume_short(symbol, as_leaf(a), number)
    expected = outcome(lambda: apply(as_leaf(a), number))
    assert outcome(lambda: apply(Value(a), number)) == expected
    assert outcome(lambda: apply(sg.constant(a), number)) == expected


@pytest.mark.parametrize("symbol", INFIX)
@given(number=numbers, a=leaves)
@example(number=0, a=0.0)
@example(number=True, a=0.0)
@example(number=10**400, a=1.0)
@example(number=-8, a=1 / 3)
@example(number=Fraction(1, 2), a=0.0)
def test_an_operator_with_a_number_on_its_left_gives_what_python_gives(symbol: str, number: Any, a: Any) -> None:
    apply = INFIX[symbol]
    assume_short(symbol, number, as_leaf(a))
    assume(symbol != "**" or not isinstance(number, Fraction))
    expected = outcome(lambda: apply(number, as_leaf(a)))
    assert outcome(lambda: apply(number, Value(a))) == expected
    assert outcome(lambda: apply(number, sg.constant(a))) == expected


@given(fraction=fractions, a=leaves)
@example(fraction=Fraction(1, 2), a=Fraction(3))
def test_a_fraction_to_the_power_of_a_value_is_python_s_power_of_the_fraction_or_of_its_float(
    fraction: Fraction, a: Any
) -> None:
    # Up to Python 3.13 Fraction.__pow__ itself turns a fraction to a float before it asks what is on its right.
    x = as_leaf(a)
    assume_short("**", fraction, x)
    expected = {outcome(lambda: fraction**x), outcome(lambda: float(fraction) ** x)}
    assert outcome(lambda: fraction ** Value(a)) in expected


@pytest.mark.parametrize(
    ("base", "exponent"),
    [
        (Fraction(1, 10**400), 1.5),
        (Fraction(1, 10**400), 0.5),
        (Fraction(1, 10**400), Fraction(2)),
        (10**400, Fraction(1)),
        (10**400, Fraction(2)),
        (Fraction(10**400), Fraction(3)),
        (2.0, Fraction(1, 10**400)),
    ],
    ids=["tiny**1.5", "tiny**0.5", "tiny**2", "huge**1", "huge**2", "Fraction(huge)**3", "2.0**tiny"],
)
def test_a_power_of_numbers_beyond_the_range_of_floats_has_python_s_value(base: Any, exponent: Any) -> None:
    expected = exactly(base**exponent)
    if not isinstance(base, int):
        assert outcome(lambda: Value(base) ** exponent) == expected
        assert outcome(lambda: Value(base) ** Value(exponent)) == expected
    if not isinstance(base, Fraction):
        assert outcome(lambda: base ** Value(exponent)) == expected


@given(a=leaves, number=numbers)
@example(a=7.5, number=0)
@example(a=-7.5, number=2)
@example(a=0.0, number=Fraction(1, 3))
def test_divmod_gives_what_python_gives_on_either_side(a: Any, number: Any) -> None:
    x = as_leaf(a)
    assert outcome(lambda: divmod(Value(a), number)) == outcome(lambda: divmod(x, number))
    assert outcome(lambda: divmod(number, Value(a))) == outcome(lambda: divmod(number, x))
    assert outcome(lambda: divmod(Value(a), Value(a))) == outcome(lambda: divmod(x, x))


@pytest.mark.parametrize("apply", UNARY)
@given(a=leaves)
def test_a_unary_operator_gives_what_python_gives(apply: Callable[[Any], Any], a: Any) -> None:
    expected = outcome(lambda: apply(as_leaf(a)))
    assert outcome(lambda: apply(Value(a))) == expected
    assert outcome(lambda: apply(sg.constant(a))) == expected


@pytest.mark.parametrize("symbol", IN_PLACE)
@a_third
@given(a=leaves, number=numbers)
def test_an_operator_in_place_binds_the_name_to_a_new_value(symbol: str, a: Any, number: Any) -> None:
    assume_short(symbol, as_leaf(a), number)
    x = Value(a)
    assert outcome(lambda: IN_PLACE[symbol](x, number)) == outcome(lambda: IN_PLACE[symbol](as_leaf(a), number))
    assert exactly(x.data) == exactly(as_leaf(a))
    assert x.operation is None


@given(tree=trees(floats | ints | st.booleans() | fractions, None), inputs=st.lists(floats, min_size=3, max_size=3))
def test_an_expression_of_floats_is_what_python_computes_bit_for_bit(tree: Any, inputs: list[float]) -> None:
    expected = outcome(lambda: evaluate(tree, inputs))
    assert outcome(lambda: evaluate(tree, [Value(x) for x in inputs])) == expected
    assert outcome(lambda: evaluate(tree, [Value(inputs[0]), *inputs[1:]])) == expected


@given(
    tree=trees(small_ints | st.fractions(-3, 3, max_denominator=7), st.integers(-3, 3)),
    inputs=st.lists(st.fractions(-3, 3, max_denominator=7), min_size=3, max_size=3),
)
def test_an_expression_of_fractions_is_what_python_computes_exactly(tree: Any, inputs: list[Fraction]) -> None:
    expected = outcome(lambda: evaluate(tree, inputs))
    assert outcome(lambda: evaluate(tree, [Value(x) for x in inputs])) == expected


@pytest.mark.parametrize("symbol", INFIX)
@a_third
@given(a=leaves, b=numbers)
@example(a=1.5, b=0)
@example(a=0.0, b=-1)
@example(a=-8.0, b=0.5)
@example(a=1e300, b=7)
@example(a=1.5, b=10**400)
def test_an_error_of_arithmetic_names_the_operation_and_its_operands(symbol: str, a: Any, b: Any) -> None:
    x = as_leaf(a)
    assume_short(symbol, x, b)
    assume_short(symbol, b, x)
    for left, right in ((x, b), (b, x)):
        plain = outcome(lambda left=left, right=right: INFIX[symbol](left, right))
        if not isinstance(plain, type) or (symbol == "**" and isinstance(left, Fraction) and left is not x):
            continue
        operands = (Value(x), b) if left is x else (b, Value(x))
        written = f"{left!r} {symbol} {right!r}: ".replace("True", "1").replace("False", "0")
        said = message_of(lambda operands=operands: INFIX[symbol](*operands))
        assert said.replace("True", "1").replace("False", "0").startswith(written)
        assert len(said) > len(written)


def test_an_error_of_arithmetic_says_what_was_wrong() -> None:
    x = Value(1.0)
    pythons_own = message_of(lambda: 1.0 / 0.0)  # which other versions put otherwise
    with pytest.raises(ZeroDivisionError, match=rf"^1\.0 / 0\.0: {pythons_own}$"):
        x / 0.0
    with pytest.raises(ZeroDivisionError, match=rf"^2 / 0\.0: {pythons_own}$"):
        2 / Value(0.0)
    with pytest.raises(ZeroDivisionError, match=r"^1\.0 // 0: "):
        divmod(x, 0)
    with pytest.raises(ZeroDivisionError, match=r"^1\.0 % 0: "):
        x % 0
    with pytest.raises(ZeroDivisionError, match=r"^0\.0 \*\* -1: "):
        Value(0.0) ** -1
    with pytest.raises(OverflowError, match=r"^1e\+200 \*\* 2: "):
        Value(1e200) ** 2
    with pytest.raises(ValueError, match=r"^-8\.0 \*\* 0\.5: the result would be complex; "):
        Value(-8.0) ** 0.5
    with pytest.raises(ValueError, match=r"^-8 \*\* 0\.5: the result would be complex; "):
        (-8) ** Value(0.5)
    with pytest.raises(ValueError, match=r"^-8\.0 \*\* Fraction\(1, 3\): the result would be complex; "):
        Value(-8.0) ** Fraction(1, 3)
    with pytest.raises(ValueError, match=r"^log\(-1\.0\): "):
        Value(-1.0).log()
    with pytest.raises(OverflowError, match=r"^exp\(1000\.0\): "):
        Value(1000.0).exp()


def test_an_integer_too_long_to_be_shown_overflows_as_with_floats() -> None:
    too_long = 10**5000
    with pytest.raises(OverflowError, match="int too large to convert to float"):
        1.0 + too_long
    with pytest.raises(OverflowError, match="int too large to convert to float"):
        Value(1.0) + too_long
    with pytest.raises(OverflowError, match="int too large to convert to float"):
        too_long * Value(1.0)


@given(a=floats, b=floats)
def test_a_power_that_would_be_complex_is_a_value_error(a: float, b: float) -> None:
    assume(outcome(lambda: complex(0) if type(a**b) is complex else 0.0) is ValueError)
    for power in (lambda: Value(a) ** Value(b), lambda: Value(a) ** b, lambda: a ** Value(b)):
        with pytest.raises(ValueError, match="would be complex"):
            power()
