"""`Vector`: a sequence of values, and its elementwise operators."""

from __future__ import annotations

import collections.abc
import math
import operator
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

import scalargrad as sg
from scalargrad import Value, Vector
from tests.support.bits import exactly, numbers_of, outcome, same_things, values
from tests.support.examples import a_third
from tests.support.infix import INFIX, real

if TYPE_CHECKING:
    from collections.abc import Callable

floats = st.floats() | st.sampled_from([0.0, -0.0, 1e16, -1e16, 1.0, 1e-16, 1e308, -1e308, math.inf, math.nan])
moderate = st.floats(-5, 5)
fractions = st.fractions(-3, 3, max_denominator=7)


# ---- A sequence ------------------------------------------------------------------------------------------------------


def test_a_vector_is_a_sequence() -> None:
    v = values(1.0, 2.0)
    assert isinstance(v, collections.abc.Sequence)
    assert isinstance(v * 2, collections.abc.Sequence)
    assert not isinstance(v, collections.abc.MutableSequence)


@given(st.lists(floats, max_size=6), st.integers(-8, 8))
def test_an_index_finds_the_value_itself_as_in_a_list(numbers: list[float], index: int) -> None:
    elements = [Value(x) for x in numbers]
    v = Vector(elements)
    assert len(v) == len(numbers)
    assert bool(v) is bool(numbers)
    assert same_things(list(v), elements)
    assert same_things(list(reversed(v)), elements[::-1])
    if -len(numbers) <= index < len(numbers):
        assert v[index] is elements[index]
    else:
        with pytest.raises(IndexError, match=f"expected an index or slice of {len(numbers)} elements?, got {index}$"):
            v[index]


@given(st.lists(floats, max_size=6), st.slices(6))
def test_a_slice_is_a_vector_of_the_same_values(numbers: list[float], part: slice) -> None:
    elements = [Value(x) for x in numbers]
    found = Vector(elements)[part]
    assert isinstance(found, Vector)
    assert same_things(list(found), elements[part])


def test_a_vector_has_no_other_index_and_takes_no_assignment() -> None:
    v = values(1.0, 2.0)
    with pytest.raises(TypeError, match=r"expected an index or slice of 2 elements, got 1\.0"):
        v[1.0]  # type: ignore[call-overload]
    with pytest.raises(TypeError, match="'Vector' object does not support item assignment"):
        v[0] = 3.0  # type: ignore[index]


@given(st.lists(st.sampled_from([0.0, 1.0, 2.0, -0.0]), max_size=6), st.sampled_from([0.0, 1, 2.0, 3.0]))
def test_membership_index_and_count_go_by_numbers(numbers: list[float], wanted: float) -> None:
    v = values(*numbers)
    for sought in (wanted, Value(wanted), Fraction(wanted)):
        assert (sought in v) is (wanted in numbers)
        assert v.count(sought) == numbers.count(wanted)
        if wanted in numbers:
            assert v.index(sought) == numbers.index(wanted)
        else:
            with pytest.raises(ValueError):  # noqa: PT011  (collections.abc.Sequence says no more)
                v.index(sought)
    assert "1.0" not in v


@given(st.lists(floats.filter(lambda x: x == x), max_size=4), st.lists(floats.filter(lambda x: x == x), max_size=4))
@example([1.0], [1])
@example([], [])
@example([1.0, 2.0], [1.0])
def test_equality_compares_numbers_with_vectors_lists_and_tuples(a: list[float], b: list[float]) -> None:
    v = values(*a)
    for other in (b, tuple(b), Vector(b), values(*b), [Value(x) for x in b]):
        assert (v == other) is (a == b)
        assert (v != other) is (a != b)
        assert (other == v) is (a == b)
    assert v == v[:]
    assert (v == None) is False  # noqa: E711
    assert v != 1.0
    assert v != "text"


def test_a_vector_hashes_by_identity() -> None:
    v, w = values(1.0), values(1.0)
    assert v == w
    assert {v: "v", w: "w"}[v] == "v"
    assert len({v, w, v}) == 2


@given(st.lists(floats | fractions, max_size=5))
def test_tolist_and_the_representation_show_plain_numbers(numbers: list[Any]) -> None:
    v = values(*numbers)
    assert exactly(v.tolist()) == exactly(numbers)
    assert repr(v) == str(v) == f"Vector({numbers!r})"
    assert repr(v * 1) == f"Vector({[x * 1 for x in numbers]!r})"


def test_numbers_in_a_vector_are_constants_and_values_stay_themselves() -> None:
    x, c = Value(1.0), sg.constant(2.0)
    v = Vector([x, c, 3, Fraction(1, 3), True])
    assert v[0] is x
    assert v[1] is c
    assert [element.is_tracked for element in v] == [True, False, False, False, False]
    assert v == [1.0, 2.0, 3, Fraction(1, 3), 1]


def test_a_vector_takes_anything_that_iterates() -> None:
    assert (
        Vector(range(3))
        == Vector(iter([0, 1, 2]))
        == Vector((0.0, 1.0, 2.0))
        == Vector({0.0: "a", 1: "b", 2: "c"}.keys())
    )
    v = values(1.0, 2.0)
    assert same_things(list(Vector(v)), list(v))


@pytest.mark.parametrize(
    ("elements", "said"),
    [
        ([1.0, "2.0"], r"expected a real number or a Value as element 1 of a Vector, got '2\.0' \(str\)"),
        ([None], r"expected a real number or a Value as element 0 of a Vector, got None \(NoneType\)"),
        ([1.0, 2.0, 1j], r"expected a real number or a Value as element 2 of a Vector, got 1j \(complex\)"),
        ([1.0, [2.0]], r"expected a real number or a Value as element 1 of a Vector, got \[2\.0\] \(list\)"),
        ([Vector([1.0])], r"a real number or a Value as element 0 of a Vector, got Vector\(\[1\.0\]\) \(Vector\)"),
        ("ab", r"expected a real number or a Value as element 0 of a Vector, got 'a' \(str\)"),
    ],
)
def test_an_element_that_is_no_number_is_refused_by_its_index(elements: Any, said: str) -> None:
    with pytest.raises(TypeError, match=said):
        Vector(elements)


def test_a_scalar_is_no_vector() -> None:
    with pytest.raises(TypeError, match=r"Vector takes a Vector or a list, not 3 \(int\)"):
        Vector(3)  # type: ignore[arg-type]


def test_grad_is_the_list_of_gradients() -> None:
    v = Vector([Value(1.0), 2.0, Value(Fraction(1, 3))])
    assert exactly(v.grad) == exactly([0.0, 0.0, Fraction(0)])
    (v * 3).sum().backward()
    assert v.grad == [3.0, 0.0, 3]


@given(st.lists(moderate, max_size=5))
def test_map_applies_a_function_to_each_value(numbers: list[float]) -> None:
    v = values(*numbers)
    mapped = v.map(lambda x: x * x + 1)
    assert isinstance(mapped, Vector)
    assert mapped == [x * x + 1 for x in numbers]
    mapped.sum().backward() if numbers else None
    assert v.grad == [2 * x for x in numbers]
    assert not any(element.is_tracked for element in v.map(lambda x: x > 0))


def test_map_refuses_a_function_that_gives_no_number() -> None:
    with pytest.raises(TypeError, match=r"element 1 of a Vector, got '2\.0' \(str\)"):
        values(1.0, 2.0).map(lambda x: x if x < 2 else str(x.data))


# ---- Elementwise operators -------------------------------------------------------------------------------------------


KINDS: dict[str, Callable[[list[Any]], Any]] = {
    "vector": lambda xs: values(*xs),
    "vector of constants": Vector,
    "mixed vector": lambda xs: Vector([Value(x) if i % 2 else x for i, x in enumerate(xs)]),
    "list": list,
    "tuple": tuple,
    "list of values": lambda xs: [Value(x) for x in xs],
    "value": lambda xs: Value(xs[0]),
    "constant": lambda xs: sg.constant(xs[0]),
    "number": lambda xs: xs[0],
}
SCALARS = ["value", "constant", "number"]
FOREIGN = ["list", "tuple", "list of values", "number"]
PAIRS = [
    (left, right)
    for left in KINDS
    for right in KINDS
    if not (left in SCALARS and right in SCALARS) and not (left in FOREIGN and right in FOREIGN)
]


def columns(kind: str, operand: Any, length: int) -> list[Any]:
    return [operand] * length if kind in SCALARS else list(operand)


def leaf_of(x: Any) -> Any:
    return x if isinstance(x, Value) and x.is_tracked else None


@pytest.mark.parametrize("symbol", INFIX)
@given(
    kinds=st.sampled_from(PAIRS),
    rows=st.lists(st.tuples(floats | moderate, floats | moderate), min_size=1, max_size=4),
)
@example(kinds=("list", "vector"), rows=[(1.0, 2.0), (3.0, 5.0)])
@example(kinds=("vector", "tuple"), rows=[(1.0, 2.0), (3.0, 5.0)])
@example(kinds=("number", "mixed vector"), rows=[(3.0, 2.0), (3.0, 5.0)])
@example(kinds=("mixed vector", "number"), rows=[(3.0, 2.0), (5.0, 2.0)])
@example(kinds=("value", "list"), rows=[(3.0, 2.0), (3.0, 5.0)])
@example(kinds=("list", "value"), rows=[(3.0, 2.0), (5.0, 2.0)])
@example(kinds=("vector", "vector"), rows=[(1.0, 2.0), (3.0, 0.0)])
def test_an_operator_works_element_by_element_on_any_two_kinds_of_operands(
    symbol: str, kinds: tuple[str, str], rows: list[tuple[float, float]]
) -> None:
    apply = INFIX[symbol]
    left, right = kinds
    operands = KINDS[left]([row[0] for row in rows]), KINDS[right]([row[1] for row in rows])
    xs, ys = columns(left, operands[0], len(rows)), columns(right, operands[1], len(rows))
    plain = outcome(lambda: [real(apply(numbers_of(x), numbers_of(y))) for x, y in zip(xs, ys)])
    assert outcome(lambda: apply(*operands)) == plain
    if isinstance(plain, type):
        return
    result = apply(*operands)
    assert isinstance(result, Vector)
    for x, y, element in zip(xs, ys, result):
        parents = [v for v in (x, y) if leaf_of(v) is not None]
        assert same_things(element.parents, parents)
        twins = [Value(v.data) if leaf_of(v) else v for v in (x, y)]
        for v in parents:
            v.grad = 0.0
        if parents:
            element.backward()
            apply(*twins).backward()
        for v, twin in zip((x, y), twins):
            assert not leaf_of(v) or exactly(v.grad) == exactly(twin.grad)


@pytest.mark.parametrize("symbol", INFIX)
def test_an_element_remembers_its_operands_in_the_order_in_which_they_stood(symbol: str) -> None:
    x, v = Value(2.0), values(3.0)
    for left, right, operands in (
        (2.0, v, (2.0, v[0])),
        (v, 2.0, (v[0], 2.0)),
        ([x], v, (x, v[0])),
        (v, [x], (v[0], x)),
    ):
        assert same_things(INFIX[symbol](left, right)[0].operands, operands)


@pytest.mark.parametrize("symbol", INFIX)
def test_an_operator_in_place_binds_the_name_to_a_new_vector(symbol: str) -> None:
    v = values(2.0, 3.0)
    first = v
    namespace = {"v": v}
    exec(f"v {symbol}= [4.0, 5.0]", namespace)
    assert namespace["v"] == [INFIX[symbol](2.0, 4.0), INFIX[symbol](3.0, 5.0)]
    assert first == [2.0, 3.0]
    numbers: Any = [4.0, 5.0]
    namespace = {"v": v, "numbers": numbers}
    exec(f"numbers {symbol}= v", namespace)
    assert namespace["numbers"] == [INFIX[symbol](4.0, 2.0), INFIX[symbol](5.0, 3.0)]
    assert numbers == [4.0, 5.0]


@given(st.lists(floats, max_size=4))
def test_unary_operators_work_element_by_element(numbers: list[float]) -> None:
    v = values(*numbers)
    for apply in (operator.neg, operator.pos, abs):
        result = apply(v)
        assert isinstance(result, Vector)
        assert exactly(result.tolist()) == exactly([apply(x) for x in numbers])
    assert all(same_things(element.parents, [x]) for element, x in zip(-v, v))


def test_divmod_of_a_value_works_element_by_element() -> None:
    quotients, remainders = divmod(Value(7.0), [2, 4])
    assert quotients == [3.0, 1.0]
    assert remainders == [1.0, 3.0]


@pytest.mark.parametrize("symbol", INFIX)
@pytest.mark.parametrize("other", [[1.0], (1.0, 2.0, 3.0), Vector([]), [Value(1.0)] * 3])
def test_operands_of_two_lengths_are_refused(symbol: str, other: Any) -> None:
    v = values(1.0, 2.0)
    lengths = " and ".join(map(str, sorted([2, len(other)])))
    with pytest.raises(ValueError, match=f"expected vectors of one length, got lengths {lengths}$"):
        INFIX[symbol](v, other)
    with pytest.raises(ValueError, match=f"expected vectors of one length, got lengths {lengths}$"):
        INFIX[symbol](other, v)


@pytest.mark.parametrize("symbol", INFIX)
@pytest.mark.parametrize("thing", ["text", None, 1j, {1.0}, {1.0: 2.0}])
def test_an_operator_refuses_what_is_neither_number_nor_sequence(symbol: str, thing: Any) -> None:
    with pytest.raises(TypeError, match=r"unsupported operand type|can't multiply sequence by non-int"):
        INFIX[symbol](values(1.0), thing)
    if not (isinstance(thing, str) and symbol in "+*%"):
        with pytest.raises(TypeError, match="unsupported operand type"):
            INFIX[symbol](thing, values(1.0))


def test_an_operator_refuses_a_list_in_which_something_is_no_number() -> None:
    with pytest.raises(TypeError, match=r"as element 1 of a Vector, got '2\.0' \(str\)"):
        values(1.0, 2.0) - [1.0, "2.0"]


def test_an_error_of_arithmetic_in_an_element_names_the_operation_and_its_operands() -> None:
    with pytest.raises(ZeroDivisionError, match=r"^2\.0 / 0: "):
        values(1.0, 2.0) / [1, 0]
    with pytest.raises(ValueError, match=r"^-8\.0 \*\* 0\.5: the result would be complex"):
        values(4.0, -8.0) ** 0.5
    with pytest.raises(OverflowError, match=r"^prod\(|^1e\+200 \*\* 2: "):
        values(1e200) ** 2
    with pytest.raises(OverflowError, match=r"^exp\(1000\.0\): "):
        sg.exp(values(1.0, 1000.0))


# ---- Functions on vectors and lists ----------------------------------------------------------------------------------


UNARY = ["exp", "expm1", "log", "log1p", "sqrt", "sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "tanh"]
UNARY += ["asinh", "acosh", "atanh", "relu", "sigmoid", "softplus", "log_sigmoid", "abs"]


@pytest.mark.parametrize("name", UNARY)
@a_third
@given(numbers=st.lists(st.floats(0.01, 0.99), max_size=4))
def test_a_function_of_a_vector_is_the_function_of_each_element(name: str, numbers: list[float]) -> None:
    function = getattr(sg, name)
    numbers = [x + (name == "acosh") for x in numbers]
    expected = exactly([function(x) for x in numbers])
    v = values(*numbers)
    result = function(v)
    assert isinstance(result, Vector)
    assert exactly(result.tolist()) == expected
    for given_as in (list(v), tuple(v), numbers, tuple(numbers), Vector(numbers)):
        again = function(given_as)
        assert isinstance(again, Vector)
        assert exactly(again.tolist()) == expected
    for element, x in zip(result, v):
        twin = Value(x.data)
        element.backward()
        function(twin).backward()
        assert same_things(element.parents, [x])
        assert exactly(x.grad) == exactly(twin.grad)


OPERANDS = st.sampled_from([name for name in KINDS if name != "constant"])


@pytest.mark.parametrize("name", ["maximum", "minimum", "where", "clip"])
@a_third
@given(
    kinds=st.tuples(OPERANDS, OPERANDS, OPERANDS),
    rows=st.lists(st.tuples(moderate, st.floats(-5, 0), st.floats(0, 5)), min_size=1, max_size=4),
)
def test_a_choice_works_element_by_element_on_any_kinds_of_operands(
    name: str, kinds: tuple[str, str, str], rows: list[tuple[float, float, float]]
) -> None:
    function = getattr(sg, name)
    count = 2 if name in ("maximum", "minimum") else 3
    kinds = kinds[:count]
    columns_of_rows = [[row[i] for row in rows] for i in range(count)]
    if name == "where":
        columns_of_rows[0] = [row[0] > 0 for row in rows]
        kinds = ("list", *kinds[1:])
    assume(not set(kinds) <= set(SCALARS))
    operands = [KINDS[kind](column) for kind, column in zip(kinds, columns_of_rows)]
    spread = [columns(kind, operand, len(rows)) for kind, operand in zip(kinds, operands)]
    expected = [function(*map(numbers_of, row)) for row in zip(*spread)]
    result = function(*operands)
    assert isinstance(result, Vector)
    assert exactly(result.tolist()) == exactly(expected)
    for element, *row in zip(result, *spread):
        leaves = [x for x in row if leaf_of(x) is not None]
        twins = [Value(x.data) if leaf_of(x) is not None else x for x in row]
        for x in leaves:
            x.grad = 0.0
        assert element.is_tracked is bool(leaves)
        if leaves:
            element.backward()
            function(*twins).backward()
        assert [x.grad for x in leaves] == [twin.grad for twin in twins if leaf_of(twin) is not None]


def test_functions_refuse_operands_of_two_lengths() -> None:
    v = values(1.0, 2.0)
    for call in (
        lambda: sg.maximum(v, [1.0]),
        lambda: sg.minimum([1.0], v),
        lambda: sg.where([True], v, 0.0),
        lambda: sg.clip(v, [0.0], 1.0),
    ):
        with pytest.raises(ValueError, match=r"expected vectors of one length, got lengths 1 and 2$"):
            call()


def test_functions_refuse_what_is_no_number() -> None:
    with pytest.raises(TypeError, match=r"^sin takes numbers, Values or Vectors, not 'text' \(str\)$"):
        sg.sin(["text"])
    with pytest.raises(TypeError, match=r"^maximum takes numbers, Values or Vectors, not None \(NoneType\)$"):
        sg.maximum(values(1.0), None)
    with pytest.raises(ValueError, match=r"^clip\(2\.0, 3, 1\): the lower bound is above the upper one$"):
        sg.clip(values(2.0), 3, 1)


# ---- Assignment after the numbers were kept --------------------------------------------------------------------------


def test_a_variable_s_assignment_reaches_the_vectors_that_hold_its_leaves() -> None:
    w = sg.Variable([1.0, 2.0])
    part = w[:1]
    assert (w.sum().data, part.sum().data) == (3.0, 1.0)
    w.assign([10.0, 20.0])
    assert (w.sum().data, part.sum().data, (w @ w).data) == (30.0, 10.0, 500.0)
    w.assign_add([1.0, 1.0])
    assert (w.sum().data, part.sum().data, w.norm().data) == (32.0, 11.0, math.hypot(11.0, 21.0))


# ---- Found by use ----------------------------------------------------------------------------------------------------


def test_the_gradients_of_a_vector_can_be_set_all_at_once() -> None:
    w = sg.Variable([1.0, 2.0])
    (w @ w).backward()
    w.grad = 0
    assert w.grad == [0, 0]
    w.grad = [1.0, 5.0]
    assert w.grad == [1.0, 5.0]
    for wrong in ([1.0], [1.0, 5.0, 7.0]):
        with pytest.raises(ValueError, match="expected 2 numbers as grad"):
            w.grad = wrong
    with pytest.raises(TypeError, match=r"expected a real number as grad \(0 clears it\), got 'x'"):
        w.grad = [1.0, "x"]
    assert w.grad == [1.0, 5.0]
