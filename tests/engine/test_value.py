"""`Value`: what it takes, what it answers, and what it knows of how it was computed."""

from __future__ import annotations

import math
import operator
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

import scalargrad as sg
from scalargrad import Value
from tests.support.bits import exactly, message_of, outcome, same_things
from tests.support.examples import a_third
from tests.support.expressions import as_leaf, floats, leaves, numbers
from tests.support.infix import INFIX

if TYPE_CHECKING:
    from collections.abc import Callable

METHODS = ["relu", "exp", "log", "sqrt", "sin", "cos", "tan", "tanh", "sigmoid"]
COMPARISONS = [operator.lt, operator.le, operator.gt, operator.ge, operator.eq, operator.ne]


# ---- What a value takes ----------------------------------------------------------------------------------------------


@given(st.integers(-(10**300), 10**300) | st.booleans())
def test_integers_and_truth_values_become_floats_in_leaves(number: int) -> None:
    x = Value(number)
    assert exactly(x.data) == exactly(float(number))
    assert exactly(x.grad) == exactly(0.0)
    x.data = number
    assert exactly(x.data) == exactly(float(number))


def test_a_subclass_of_float_becomes_a_float() -> None:
    class Metres(float):
        pass

    assert type(Value(Metres(2.5)).data) is float
    assert type((Value(1.0) * Metres(2.5)).data) is float


def test_an_integer_too_large_for_a_float_is_no_leaf() -> None:
    with pytest.raises(OverflowError, match="a number that a float can hold, got an integer of 1329 bits"):
        Value(10**400)


@pytest.mark.parametrize(
    ("thing", "said"),
    [
        ("2.0", r"expected a real number, got '2\.0' \(str\)"),
        (None, r"expected a real number, got None \(NoneType\)"),
        (1j, r"expected a real number, got 1j \(complex\)"),
        ([1.0], r"expected a real number, got \[1\.0\] \(list\)"),
        (Value(3.0), r"expected a plain number, got Value\(3\.0\); use Variable\(value\)"),
    ],
)
def test_what_is_no_number_is_refused(thing: Any, said: str) -> None:
    with pytest.raises(TypeError, match=said):
        Value(thing)
    x = Value(1.0)
    with pytest.raises(TypeError, match=said):
        x.data = thing
    assert x.data == 1.0


@pytest.mark.parametrize("symbol", INFIX)
@pytest.mark.parametrize("thing", ["text", None, 1j, {1.0}, object()])
def test_an_operator_refuses_what_is_no_number(symbol: str, thing: Any) -> None:
    with pytest.raises(
        TypeError, match=r"unsupported operand type|can.t multiply sequence by non-int|a Value times text|an integer"
    ):
        INFIX[symbol](Value(2.0), thing)
    if not (isinstance(thing, str) and symbol in "+*%"):
        with pytest.raises(TypeError, match="unsupported operand type"):
            INFIX[symbol](thing, Value(2.0))


@pytest.mark.parametrize("thing", ["text", None, 1j, {1.0}])
@pytest.mark.parametrize("compare", COMPARISONS[:4])
def test_an_order_with_what_is_no_number_is_refused(compare: Callable[[Any, Any], Any], thing: Any) -> None:
    with pytest.raises(TypeError, match="not supported between instances of"):
        compare(Value(2.0), thing)


def test_a_value_equals_nothing_that_is_no_number() -> None:
    x = Value(2.0)
    assert [x == thing for thing in ("2.0", None, [2.0], (2.0,))] == [False] * 4
    assert [x != thing for thing in ("2.0", None, [2.0], (2.0,))] == [True] * 4


# ---- Comparisons and conversions: plain answers ----------------------------------------------------------------------


@pytest.mark.parametrize("compare", COMPARISONS)
@a_third
@given(a=leaves, b=leaves, number=numbers)
@example(a=1.0, b=1.0, number=1)
@example(a=float(2**53), b=1.0, number=2**53 + 1)
@example(a=0.5, b=Fraction(1, 2), number=Fraction(1, 2))
@example(a=math.nan, b=math.nan, number=math.nan)
def test_a_comparison_compares_numbers(compare: Callable[[Any, Any], Any], a: Any, b: Any, number: Any) -> None:
    x, y = as_leaf(a), as_leaf(b)
    assert compare(Value(a), Value(b)) is compare(x, y)
    assert compare(Value(a), number) is compare(x, number)
    assert compare(number, Value(a)) is compare(number, x)
    assert compare(Value(a) * 1, sg.constant(b)) is compare(x * 1, y)


def test_a_value_hashes_by_identity() -> None:
    x, y = Value(1.0), Value(1.0)
    assert x == y
    assert {x: "x", y: "y"}[x] == "x"
    assert len({x, y, x}) == 2


@pytest.mark.parametrize("convert", [bool, int, round, math.floor, math.ceil, math.trunc])
@a_third
@given(a=leaves)
@example(a=math.nan)
@example(a=math.inf)
@example(a=-0.5)
@example(a=2.5)
@example(a=Fraction(-7, 2))
def test_what_is_piecewise_constant_gives_python_s_plain_answer(convert: Callable[[Any], Any], a: Any) -> None:
    expected = outcome(lambda: convert(as_leaf(a)))
    for x in (Value(a), sg.constant(a)):
        assert outcome(lambda x=x: convert(x)) == expected
        assert not isinstance(expected, type) or message_of(lambda x=x: convert(x))


@given(a=leaves, digits=st.integers(-20, 20) | st.none())
def test_rounding_to_digits_gives_python_s_plain_answer(a: Any, digits: int | None) -> None:
    def plainly(x: Any) -> Any:
        result = round(x, digits)
        assert not isinstance(result, Value)
        return result

    assert outcome(lambda: plainly(Value(a))) == outcome(lambda: plainly(as_leaf(a)))


def test_an_impossible_conversion_says_why() -> None:
    with pytest.raises(ValueError, match="cannot convert float NaN to integer"):
        int(Value(math.nan))
    with pytest.raises(OverflowError, match="cannot convert float infinity to integer"):
        math.floor(Value(math.inf))


@given(
    a=floats, spec=st.sampled_from([".3f", "e", "g", "+.2e", "10.4f", "<12", "%", "n", ".0f", "012.3f", ">+9.1f", "_f"])
)
def test_a_format_is_the_number_s(a: float, spec: str) -> None:
    assert format(Value(a), spec) == format(a, spec)
    assert f"{Value(a) * 1:.17g}" == f"{a * 1:.17g}"


def test_a_format_without_a_specification_shows_the_value() -> None:
    assert f"{Value(2.0)}" == str(Value(2.0)) == repr(Value(2.0)) == "Value(2.0)"
    assert f"{sg.constant(2.0):}" == "constant(2.0)"


def test_a_format_that_numbers_do_not_have_is_refused() -> None:
    with pytest.raises(ValueError, match="Unknown format code 's'"):
        f"{Value(2.0):s}"


def test_the_representation_shows_number_gradient_and_label() -> None:
    x = Value(3.0, label="x")
    assert repr(x) == "Value(3.0, label='x')"
    y = x * x
    y.backward()
    assert repr(x) == "Value(3.0, grad=6.0, label='x')"
    assert repr(y) == "Value(9.0, grad=1.0)"
    assert repr(sg.constant(Fraction(1, 3))) == "constant(Fraction(1, 3))"
    assert repr(Value(-0.0)) == "Value(-0.0)"


# ---- Law 4: a gradient is never lost in silence ----------------------------------------------------------------------


LOSSY = [float, complex, math.sin, math.exp, math.isnan, math.sqrt, lambda x: math.hypot(x, 1.0)]
LOSSY += [lambda x: math.fsum([x]), lambda x: math.gamma(x), lambda x: math.copysign(1.0, x)]


@pytest.mark.parametrize("lossy", LOSSY)
def test_a_float_of_a_tracked_value_is_refused_and_the_way_out_named(lossy: Callable[[Any], Any]) -> None:
    x = Value(0.5, label="x")
    for tracked in (x, x * 2, sg.Variable(0.5)):
        with pytest.raises(
            TypeError,
            match=r"lose its gradient; use scalargrad\.sin\(x\).*math`, .*x\.data .*`with .*math\.patch\(module\):`",
        ):
            lossy(tracked)
    with pytest.raises(TypeError, match=r"Value\(0\.5, label='x'\) was asked for a plain float"):
        lossy(x)


@pytest.mark.parametrize("lossy", LOSSY)
def test_a_float_of_a_constant_works(lossy: Callable[[Any], Any]) -> None:
    expected = lossy(0.5)
    constant = sg.constant(0.5)
    with sg.no_grad():
        computed = Value(0.25) * 2
    for x in (constant, constant * 1, computed, sg.stop_gradient(Value(0.5)), sg.Variable(0.5, trainable=False)):
        assert lossy(x) == expected


def test_a_float_of_a_constant_is_refused_while_a_tape_watches_it() -> None:
    x = sg.constant(0.5)
    with sg.GradientTape() as tape:
        assert float(x) == 0.5
        tape.watch(x)
        with pytest.raises(TypeError, match=r"constant\(0\.5\) was asked for .* would lose its gradient"):
            float(x)
    assert float(x) == 0.5


def test_a_value_is_no_index() -> None:
    with pytest.raises(TypeError, match=r"is not an integer, which an index, .*; use int\(\) of it"):
        range(Value(3.0))  # type: ignore[call-overload]


@given(leaves)
def test_the_plain_number_is_a_word_away(a: Any) -> None:
    x = Value(a)
    for node in (x, x * 1, sg.constant(a)):
        assert exactly(node.item()) == exactly(node.numpy()) == exactly(node.data)


# ---- What a value knows ----------------------------------------------------------------------------------------------


def test_the_gradient_starts_at_zero_of_the_number_s_type() -> None:
    assert exactly(Value(2.0).grad) == exactly(0.0)
    assert exactly(Value(math.nan).grad) == exactly(Value(-math.inf).grad) == exactly(0.0)
    assert exactly(Value(Fraction(1, 3)).grad) == exactly(Fraction(0))
    assert exactly((Value(2.0) * 3).grad) == exactly(sg.constant(-2).grad) == exactly(0.0)


def test_the_gradient_can_be_set() -> None:
    x = Value(2.0)
    (x * x).backward()
    x.grad = 0
    assert x.grad == 0
    (x * x).backward()
    assert x.grad == 4.0
    x.grad = 10.0
    (x * x).backward()
    assert x.grad == 14.0


@pytest.mark.parametrize("thing", [None, "0", 1j, Value(0.0)])
def test_a_gradient_is_a_real_number(thing: Any) -> None:
    x = Value(2.0)
    with pytest.raises(TypeError, match=r"expected a real number as grad \(0 clears it\), got "):
        x.grad = thing
    assert x.grad == 0.0


def test_the_data_of_a_leaf_can_be_set() -> None:
    x = Value(2.0)
    x.data = 5
    assert exactly(x.data) == exactly(5.0)
    y = x * x
    y.backward()
    assert (y.data, x.grad) == (25.0, 10.0)
    x.data = Fraction(1, 3)
    assert exactly((x * x).data) == exactly(Fraction(1, 9))


def test_the_data_of_a_node_cannot_be_set() -> None:
    y = Value(2.0) * 3
    with pytest.raises(AttributeError, match=r"the data of Value\(6\.0\) was computed and cannot be set; make a new"):
        y.data = 1.0
    assert y.data == 6.0


@pytest.mark.parametrize("name", ["parents", "operation", "is_tracked"])
def test_what_was_recorded_cannot_be_set(name: str) -> None:
    with pytest.raises(AttributeError, match=f"property '{name}' of 'Value' object has no setter"):
        setattr(Value(2.0), name, None)


def test_an_attribute_that_does_not_exist_cannot_be_set() -> None:
    with pytest.raises(AttributeError, match="'Value' object has no attribute 'gradient'"):
        Value(2.0).gradient = 1.0  # type: ignore[attr-defined]


def test_the_parents_are_the_tracked_operands() -> None:
    x, y, c = Value(2.0), Value(3.0), sg.constant(4.0)
    assert same_things((x * y).parents, [x, y])
    assert same_things((x * x).parents, [x, x])
    for node in (x - 1, 1 - x, x * c, c * x, x**c, c**x, x / Fraction(1, 2), True * x, -x, abs(x), x.exp()):
        assert same_things(node.parents, [x])
    assert same_things((x + c + y).parents[1:], [y])
    assert x.parents == c.parents == (c * 2).parents == (c * c).parents == ()


@pytest.mark.parametrize(
    ("name", "apply"),
    [
        ("add", lambda x: x + 1),
        ("add", lambda x: 1 + x),
        ("sub", lambda x: 1 - x),
        ("mul", lambda x: x * x),
        ("truediv", lambda x: 1 / x),
        ("floordiv", lambda x: x // 2),
        ("mod", lambda x: x % Fraction(1, 2)),
        ("pow", lambda x: 2**x),
        ("neg", lambda x: -x),
        ("absolute", abs),
        *[(name, operator.methodcaller(name)) for name in METHODS],
    ],
)
def test_a_node_names_the_operation_that_made_it(name: str, apply: Callable[[Any], Any]) -> None:
    assert apply(Value(0.5)).operation == name
    assert apply(sg.constant(0.5)).operation is None
    assert Value(0.5).operation is None


@pytest.mark.parametrize("name", METHODS)
@a_third
@given(a=floats)
def test_a_method_is_the_function_of_that_name(name: str, a: float) -> None:
    by_method, by_function = Value(a), Value(a)
    results = [lambda: getattr(by_method, name)(), lambda: getattr(sg, name)(by_function)]
    assert outcome(results[0]) == outcome(results[1]) == outcome(lambda: getattr(sg, name)(a))
    if not isinstance(outcome(results[0]), type):
        for result in results:
            result().backward()
        assert exactly(by_method.grad) == exactly(by_function.grad)


def test_a_label_can_be_given_and_set() -> None:
    x = Value(2.0, label="x")
    y = x * x
    assert (x.label, y.label, Value(2.0).label, sg.constant(2.0).label) == ("x", None, None, None)
    y.label = "y"
    assert y.label == "y"
    assert repr(y) == "Value(4.0, label='y')"


def test_what_is_made_of_constants_is_a_constant() -> None:
    c = sg.constant(2.0)
    made = [c + 1, 1 - c, c * c, c**2, -c, abs(c), c.exp(), sg.maximum(c, 1.0), c // 2]
    assert not any(node.is_tracked for node in (c, *made))
    assert all(node.is_tracked for node in (Value(2.0), Value(2.0) + c, c + Value(2.0), sg.Variable(1.0)))


# ---- Fractions -------------------------------------------------------------------------------------------------------


# Value, first derivatives by x and y, second derivatives by xx, xy, yy, each worked out by hand.
RATIONAL: list[tuple[Callable[[Any, Any], Any], Callable[[Any, Any], tuple[Any, ...]]]] = [
    (lambda x, y: x + y, lambda x, y: (x + y, 1, 1, 0, 0, 0)),
    (lambda x, y: 2 - x - y, lambda x, y: (2 - x - y, -1, -1, 0, 0, 0)),
    (lambda x, y: x * y, lambda x, y: (x * y, y, x, 0, 1, 0)),
    (lambda x, y: x / y, lambda x, y: (x / y, 1 / y, -x / y**2, 0, -1 / y**2, 2 * x / y**3)),
    (
        lambda x, y: 3 / (x * y),
        lambda x, y: (
            3 / (x * y),
            -3 / (x * x * y),
            -3 / (x * y * y),
            6 / (x**3 * y),
            3 / (x * y) ** 2,
            6 / (x * y**3),
        ),
    ),
    (lambda x, y: x**3 * y, lambda x, y: (x**3 * y, 3 * x**2 * y, x**3, 6 * x * y, 3 * x**2, 0)),
    (lambda x, y: x**-2 - y**2, lambda x, y: (x**-2 - y**2, -2 / x**3, -2 * y, 6 / x**4, 0, -2)),
    (lambda x, y: x % y, lambda x, y: (x % y, 1, -(x // y), 0, 0, 0)),
    (
        lambda x, y: -x * abs(y),
        lambda x, y: (-x * abs(y), -abs(y), -x * (y > 0) + x * (y < 0), 0, (y < 0) - (y > 0), 0),
    ),
    (lambda x, y: +x + x // y, lambda x, y: (x + x // y, 1, 0, 0, 0, 0)),
]


@pytest.mark.parametrize(("function", "by_hand"), RATIONAL)
@a_third
@given(a=st.fractions(max_denominator=10**6), b=st.fractions(max_denominator=10**6))
def test_fractions_stay_exact_through_value_gradient_and_second_order(
    function: Callable[[Any, Any], Any], by_hand: Callable[[Any, Any], tuple[Any, ...]], a: Fraction, b: Fraction
) -> None:
    assume(a and b)
    x, y = Value(a), Value(b)
    result = function(x, y)
    result.backward()
    with sg.GradientTape(persistent=True) as outer:
        with sg.GradientTape() as inner:
            again = function(x, y)
        dx, dy = inner.gradient(again, [x, y])
    (dxx, dxy), dyy = (
        outer.gradient(dx, [x, y], unconnected_gradients="zero"),
        outer.gradient(dy, y, unconnected_gradients="zero"),
    )
    found = [result.data, x.grad, y.grad, dxx.data, dxy.data, dyy.data]
    assert found == list(by_hand(a, b))
    assert {type(number) for number in found} <= {Fraction}
    assert [dx.data, dy.data] == [x.grad, y.grad]
    assert {type(dx.data), type(dy.data)} == {Fraction}
