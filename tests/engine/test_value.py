"""`Value`: a number that computes as Python's own does, and remembers how."""

from __future__ import annotations

import copy
import math
import operator
import pickle
import struct
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

import scalargrad as sg
from scalargrad import Value
from tests.support.infix import INFIX
from tests.support.profiles import sized

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

IN_PLACE = {
    "+": operator.iadd,
    "-": operator.isub,
    "*": operator.imul,
    "/": operator.itruediv,
    "//": operator.ifloordiv,
    "%": operator.imod,
    "**": operator.ipow,
}
UNARY: list[Callable[[Any], Any]] = [operator.neg, operator.pos, abs]
METHODS = ["relu", "exp", "log", "sqrt", "sin", "cos", "tan", "tanh", "sigmoid"]
COMPARISONS = [operator.lt, operator.le, operator.gt, operator.ge, operator.eq, operator.ne]

EDGES = [0.0, -0.0, 1.0, -1.0, 0.5, -2.0, 3.0, 5e-324, -5e-324, 2.2250738585072014e-308, 1.7976931348623157e308]
EDGES += [-1.7976931348623157e308, math.inf, -math.inf, math.nan, 1e16, 709.0, -745.0, 1 / 3, 1e-160, 1e160]
HUGE_INTS = [2**53 + 1, -(2**53) - 1, 10**308, -(10**308), 10**309, 10**400, -(10**400)]

floats = st.floats() | st.sampled_from(EDGES)
small_ints = st.integers(-5, 5)
ints = small_ints | st.integers() | st.sampled_from(HUGE_INTS)
fractions = st.fractions() | st.fractions(-3, 3, max_denominator=7)
numbers = floats | ints | st.booleans() | fractions
leaves = floats | st.integers(-(10**300), 10**300) | st.booleans() | fractions

# Of each of many cases, a third of the profile's examples.
a_third = settings(max_examples=settings().max_examples // 3)


def number_of(x: Any) -> Any:
    return x.data if isinstance(x, Value) else tuple(map(number_of, x)) if isinstance(x, tuple) else x


def as_leaf(x: Any) -> Any:
    """The number that a leaf holds: integers and truth values become floats."""
    return x if isinstance(x, Fraction) else float(x)


def exactly(x: Any) -> Any:
    """A number with its type and all of its bits, as something that compares."""
    if isinstance(x, tuple):
        return tuple(map(exactly, x))
    if type(x) is float:
        return float, "nan" if math.isnan(x) else struct.pack("<d", x)
    return type(x), x


def outcome(compute: Callable[[], Any]) -> Any:
    """What a computation gives, to the bit, or the type of error that it raises."""
    try:
        result = number_of(compute())
    except (ArithmeticError, ValueError) as error:
        return type(error)
    return ValueError if type(result) is complex else exactly(result)


def message_of(compute: Callable[[], Any]) -> str:
    try:
        compute()
    except (ArithmeticError, ValueError) as error:
        return str(error)
    return ""


def is_rational(x: Any) -> bool:
    return isinstance(x, (int, Fraction))


def assume_short(symbol: str, x: Any, y: Any) -> None:
    """Leave out exact powers that have millions of digits."""
    assume(symbol != "**" or not (is_rational(x) and is_rational(y)) or abs(y) <= 12)


# ---- Law 1: a value is what Python computes --------------------------------------------------------------------------


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


def trees(kinds: st.SearchStrategy[Any], powers: st.SearchStrategy[Any] | None) -> st.SearchStrategy[Any]:
    """Expressions over three leaves: an index, or a tuple of an operator and its operands."""
    symbols = st.sampled_from([symbol for symbol in INFIX if powers is None or symbol != "**"])
    numbers_ = kinds.map(lambda number: ("number", number))

    def grow(below: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
        grown = (
            st.tuples(st.sampled_from(UNARY), below)
            | st.tuples(symbols, below, below)
            | st.tuples(symbols, below, numbers_)
            | st.tuples(symbols, numbers_, below)
        )
        return grown if powers is None else grown | st.tuples(st.just("**"), below, powers.map(lambda n: ("number", n)))

    return st.recursive(st.integers(0, 2), grow, max_leaves=12)


def evaluate(tree: Any, operands: Sequence[Any]) -> Any:
    if isinstance(tree, int):
        return operands[tree]
    if tree[0] == "number":
        return tree[1]
    head, *parts = tree
    result = (INFIX[head] if isinstance(head, str) else head)(*[evaluate(part, operands) for part in parts])
    if isinstance(result, complex):
        raise ValueError("complex")
    return result


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
        TypeError, match=r"unsupported operand type|can.t multiply sequence by non-int|a Value times text|is no integer"
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
            match=r"would lose its gradient in silence; use scalargrad\.sin\(\).*math`, .*math\.patch.*or \.data",
        ):
            lossy(tracked)
    with pytest.raises(TypeError, match=r"float\(\) of Value\(0\.5, label='x'\)"):
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
        with pytest.raises(TypeError, match=r"float\(\) of constant\(0\.5\).* would lose its gradient"):
            float(x)
    assert float(x) == 0.5


def test_a_value_is_no_index() -> None:
    with pytest.raises(TypeError, match=r"is no integer, which an index, .*; use int\(\) of it"):
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


def same_things(found: Sequence[Any], expected: Sequence[Any]) -> bool:
    return len(found) == len(expected) and all(map(operator.is_, found, expected))


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


# ---- Copies and pickles ----------------------------------------------------------------------------------------------

COPIES: list[Callable[[Any], Any]] = [copy.deepcopy]
COPIES += [lambda x, protocol=protocol: pickle.loads(pickle.dumps(x, protocol)) for protocol in range(6)]


def walk(root: Value) -> list[Value]:
    """Every value below a root, each once, in an order that only the shape of the graph decides."""
    found: list[Value] = []
    seen: set[Value] = set()
    stack = [root]
    while stack:
        node = stack.pop()
        if node not in seen:
            seen.add(node)
            found.append(node)
            stack += node.parents
    return found


def state(value: Value) -> tuple[Any, ...]:
    return (
        type(value),
        exactly(value.data),
        exactly(value.grad),
        value.label,
        value.operation,
        value.is_tracked,
        repr(value),
        len(value.parents),
    )


@pytest.mark.parametrize("duplicate", [copy.copy, *COPIES])
def test_a_copy_of_a_leaf_has_its_state_and_a_life_of_its_own(duplicate: Callable[[Any], Any]) -> None:
    for leaf in (Value(2.0, label="x"), Value(Fraction(1, 3)), sg.constant(math.inf), sg.Variable(3.0, name="w")):
        if leaf.is_tracked:
            (leaf * leaf).backward()
        twin = duplicate(leaf)
        assert twin is not leaf
        assert state(twin) == state(leaf)
        before = leaf.grad
        twin.grad = 99.0
        assert leaf.grad == before
        if leaf.is_tracked:
            twin.data = 7.0
            assert leaf.data != 7.0
            (twin * leaf).backward()
            assert twin.grad == 99.0 + leaf.data


def test_a_shallow_copy_of_a_node_has_the_same_parents() -> None:
    x = Value(2.0)
    y = x * x * 3
    y.label = "y"
    y.backward()
    twin = copy.copy(y)
    assert state(twin) == state(y)
    assert same_things(twin.parents, y.parents)
    x.grad = 0.0
    twin.backward()
    assert x.grad == 12.0


def graph_of(tree: Any, inputs: Sequence[float]) -> Any:
    """The graph of an expression, or None where it has no value or depends on no leaf."""
    try:
        result = evaluate(tree, [Value(x, label=f"x{i}") for i, x in enumerate(inputs)])
    except (ArithmeticError, ValueError):
        return None
    return result


@given(
    tree=trees(st.floats(-3, 3) | small_ints | fractions, None),
    inputs=st.lists(st.floats(-3, 3), min_size=3, max_size=3),
    duplicate=st.sampled_from(COPIES),
    swept=st.booleans(),
)
def test_a_copied_graph_is_the_same_graph_and_shares_nothing_with_the_first(
    tree: Any, inputs: list[float], duplicate: Callable[[Any], Any], swept: bool
) -> None:
    root = graph_of(tree, inputs)
    assume(root is not None)
    if swept:
        root.backward()
    twin = duplicate(root)
    assert [state(x) for x in walk(twin)] == [state(x) for x in walk(root)]
    assert not set(walk(twin)) & set(walk(root))
    twin.backward()
    root.backward()
    assert [state(x) for x in walk(twin)] == [state(x) for x in walk(root)]


@pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))])
def test_a_graph_of_any_depth_copies_without_recursion(duplicate: Callable[[Any], Any]) -> None:
    x = Value(1.0, label="x")
    y = x
    for _ in range(sized(20_000)):
        y = -y + x
    twin = duplicate(y)
    twin.backward()
    (first, leaf) = twin.parents
    assert (twin.data, first.operation, leaf.label, x.grad) == (y.data, "neg", "x", 0.0)
    y.backward()
    assert (leaf.grad, leaf.data) == (x.grad, x.data)


@pytest.mark.parametrize("duplicate", COPIES)
def test_values_copied_together_share_their_leaves(duplicate: Callable[[Any], Any]) -> None:
    x, w, c = Value(2.0, label="x"), sg.Variable(3.0, name="w"), sg.constant(5.0)
    first, second = x * w + c, (w - x) * c
    copies = duplicate([first, second, {"x": x, "w": w}, c, x])
    for node in copies[:2]:
        node.backward()
    twin, variable = copies[2]["x"], copies[2]["w"]
    assert copies[4] is twin
    assert (twin.grad, variable.grad) == (3.0 - 5.0, 2.0 + 5.0)
    assert (x.grad, w.grad) == (0.0, 0.0)
    assert repr(variable) == "Variable(3.0, name='w')"
    assert variable.assign_add(1.0) is variable
    assert (variable.data, w.data) == (4.0, 3.0)
    assert not copies[3].is_tracked


@pytest.mark.parametrize("duplicate", COPIES)
def test_a_copied_graph_holds_its_exact_numbers(duplicate: Callable[[Any], Any]) -> None:
    x = Value(Fraction(1, 3))
    twin = duplicate(x**3 / 7)
    twin.backward()
    (leaf,) = twin.parents[0].parents
    assert exactly(leaf.grad) == exactly(Fraction(1, 21))


@pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))])
def test_a_copied_graph_never_uses_a_number_that_was_assigned_after_it_was_recorded(
    duplicate: Callable[[Any], Any],
) -> None:
    x = Value(2.0)
    y = x**3
    x.data = 5.0
    with sg.GradientTape() as outer, sg.GradientTape() as tape:
        twin = duplicate(y)
        (leaf,) = twin.parents
        slope = tape.gradient(twin, leaf)
    twin.backward()
    assert leaf.grad == slope.data == 12.0
    assert outer.gradient(slope, leaf) == 12.0
    assert x.data == 5.0


def test_what_a_newer_version_wrote_is_refused_by_name() -> None:
    written = pickle.dumps(Value(2.0).exp(), 0)
    with pytest.raises(ValueError, match="there is no operation 'exq' in this version of scalargrad"):
        pickle.loads(written.replace(b"Vexp\n", b"Vexq\n"))


def test_a_computed_value_keeps_its_label_when_it_is_pickled() -> None:
    y = Value(3.0) * 2.0
    y.label = "double"
    again = pickle.loads(pickle.dumps(y))
    assert (again.label, again.data) == ("double", 6.0)


@pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))])
def test_a_copied_graph_keeps_both_numbers_of_a_leaf_that_was_assigned_between(duplicate: Callable[[Any], Any]) -> None:
    x = Value(2.0, label="x")
    y = x * x
    x.data = 5.0
    twin, leaf = duplicate([y + x * x, x])
    twin.backward()
    assert {leaf} == {parent for each in twin.parents for parent in each.parents}
    assert (twin.data, leaf.data, leaf.label, leaf.grad) == (29.0, 5.0, "x", 14.0)
