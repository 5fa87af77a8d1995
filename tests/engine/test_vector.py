"""`Vector`: a sequence of values, its elementwise operators, and its reductions of one node each."""

from __future__ import annotations

import collections.abc
import copy
import functools
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
from scalargrad import Value, Vector, topological_order
from tests.support.infix import INFIX, real

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


floats = st.floats() | st.sampled_from([0.0, -0.0, 1e16, -1e16, 1.0, 1e-16, 1e308, -1e308, math.inf, math.nan])
moderate = st.floats(-5, 5)
fractions = st.fractions(-3, 3, max_denominator=7)
plain_numbers = floats | st.integers(-(10**20), 10**20) | st.booleans()

# Of each of many cases, a third of the profile's examples.
a_third = settings(max_examples=settings().max_examples // 3)


def exactly(x: Any) -> Any:
    """A number with its type and all of its bits, as something that compares."""
    if isinstance(x, (list, tuple)):
        return [exactly(part) for part in x]
    if type(x) is float:
        return float, "nan" if math.isnan(x) else struct.pack("<d", x)
    return type(x), x


def numbers_in(x: Any) -> Any:
    return x.tolist() if isinstance(x, Vector) else x.data if isinstance(x, Value) else x


def outcome(compute: Callable[[], Any]) -> Any:
    """What a computation gives, to the bit, or the type of error that it raises."""
    try:
        result = numbers_in(compute())
    except (ArithmeticError, ValueError) as error:
        return type(error)
    return exactly(result)


def values(*numbers: Any) -> Vector:
    return Vector([Value(x) for x in numbers])


def tracked(numbers: Sequence[Any], mask: Sequence[bool]) -> list[Any]:
    """Some of the numbers as leaves, the others as they are."""
    return [Value(x) if wanted else x for x, wanted in zip(numbers, mask)]


def same_things(found: Sequence[Any], expected: Sequence[Any]) -> bool:
    return len(found) == len(expected) and all(map(operator.is_, found, expected))


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
    assert type(found) is Vector
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
    assert Vector(range(3)) == Vector(iter([0, 1, 2])) == Vector((0.0, 1.0, 2.0)) == Vector({0: "a", 1: "b", 2: "c"})
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
    assert type(mapped) is Vector
    assert mapped == [x * x + 1 for x in numbers]
    mapped.sum().backward() if numbers else None
    assert v.grad == [2 * x for x in numbers]
    assert not any(element.is_tracked for element in v.map(lambda x: x > 0))


def test_map_refuses_a_function_that_gives_no_number() -> None:
    with pytest.raises(TypeError, match=r"element 1 of a Vector, got '2\.0' \(str\)"):
        values(1.0, 2.0).map(lambda x: x if x < 2 else str(x.data))


COPIES: list[Callable[[Any], Any]] = [copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))]
COPIES += [lambda x: pickle.loads(pickle.dumps(x, 0))]


@pytest.mark.parametrize("duplicate", COPIES)
def test_a_copied_vector_shares_among_its_elements_what_the_first_shares(duplicate: Callable[[Any], Any]) -> None:
    a, b = Value(2.0, label="a"), Value(Fraction(3), label="b")
    product = a * b
    v = Vector([product, product + a, a, 5.0, a, product])
    twin = duplicate(v)
    assert type(twin) is Vector
    assert twin == v
    assert twin[0] is twin[5]
    assert twin[2] is twin[4]
    assert twin[1].parents[0] is twin[0]
    assert twin[0].parents[0] is twin[2]
    assert [x.is_tracked for x in twin] == [x.is_tracked for x in v]
    twin.sum().backward()
    assert twin.grad == [3.0, 1.0, 12.0, 0.0, 12.0, 3.0]
    assert v.grad == [0.0] * 6
    assert [x.label for x in twin[0].parents] == ["a", "b"]


@pytest.mark.parametrize("duplicate", COPIES)
def test_a_vector_and_what_was_computed_from_it_are_copied_with_the_same_leaves(
    duplicate: Callable[[Any], Any],
) -> None:
    v = values(1.0, 2.0)
    w = sg.Variable([3.0, 4.0], name="w")
    twin, loss, variable = duplicate((v, v @ w, w))
    loss.backward()
    assert (twin.grad, variable.grad) == ([3.0, 4.0], [1.0, 2.0])
    assert (v.grad, w.grad) == ([0.0, 0.0], [0.0, 0.0])
    assert repr(variable) == "Variable([3.0, 4.0], name='w')"


@pytest.mark.parametrize("duplicate", COPIES)
def test_a_deep_vector_is_copied_without_recursion(duplicate: Callable[[Any], Any]) -> None:
    v = values(1.0, 2.0)
    w = v
    for _ in range(3000):
        w = Vector([w.mean(), w[0]])
    twin = duplicate(w)
    assert twin == w
    targets = w.sum(), twin.sum()
    for target in targets:
        target.backward()
    assert twin.grad == w.grad


def test_a_shallow_copy_of_a_vector_holds_the_same_numbers() -> None:
    v = values(1.0, 2.0) * 2
    assert copy.copy(v) == v


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
    plain = outcome(lambda: [real(apply(numbers_in(x), numbers_in(y))) for x, y in zip(xs, ys)])
    assert outcome(lambda: apply(*operands)) == plain
    if isinstance(plain, type):
        return
    result = apply(*operands)
    assert type(result) is Vector
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
        assert type(result) is Vector
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
    with pytest.raises(TypeError, match="unsupported operand type"):
        values(1.0, 2.0) - [1.0, "2.0"]
    with pytest.raises(TypeError, match=r"element 0 of a Vector, got Vector\(\[2\.0\]\) \(Vector\)"):
        values(3.0) - [[1.0]]


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
    assert type(result) is Vector
    assert exactly(result.tolist()) == expected
    for given_as in (list(v), tuple(v), numbers, tuple(numbers), Vector(numbers)):
        again = function(given_as)
        assert type(again) is Vector
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
    expected = [function(*map(numbers_in, row)) for row in zip(*spread)]
    result = function(*operands)
    assert type(result) is Vector
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


# ---- Reductions: their values ----------------------------------------------------------------------------------------


def sum_in_a_loop(numbers: Sequence[Any]) -> Any:
    total: Any = 0
    for x in numbers:
        total = total + x
    return total


def product_in_a_loop(numbers: Sequence[Any]) -> Any:
    product: Any = 1
    for x in numbers:
        product = product * x
    return product


BY_HAND: dict[str, Callable[[Sequence[Any]], Any]] = {
    "sum": sum_in_a_loop,
    "mean": lambda xs: sum_in_a_loop(xs) / len(xs),
    "prod": product_in_a_loop,
    "norm": lambda xs: math.hypot(*xs),
    "max": max,
    "min": min,
    "dot": lambda xs: sum_in_a_loop([x * y for x, y in zip(xs, xs[1:] + xs[:1])]),
}
REDUCTIONS = [*BY_HAND, "logsumexp"]


def reduce_by(name: str, elements: Sequence[Any]) -> Value:
    """The reduction of a vector; `dot` takes the elements once more, the first of them last."""
    v = Vector(elements)
    return v.dot([*v[1:], *v[:1]]) if name == "dot" else getattr(v, name)()


masks = st.lists(st.booleans(), min_size=8, max_size=8)


@pytest.mark.parametrize("name", BY_HAND)
@given(numbers=st.lists(plain_numbers, min_size=1, max_size=8), mask=masks)
@example(numbers=[1e16, 1.0, -1e16], mask=[True] * 8)
@example(numbers=[1e16, 1.0, -1e16], mask=[False] * 8)
@example(numbers=[0.1] * 8, mask=[True, False] * 4)
@example(numbers=[-0.0], mask=[True] * 8)
@example(numbers=[1e308, 1e308, -1e308], mask=[True] * 8)
@example(numbers=[1e-200, 1e-200, 1e200, 1e200], mask=[True] * 8)
def test_a_reduction_is_the_explicit_loop_bit_for_bit(name: str, numbers: list[Any], mask: list[bool]) -> None:
    held = [float(x) if wanted else int(x) if isinstance(x, bool) else x for x, wanted in zip(numbers, mask)]
    expected = outcome(lambda: BY_HAND[name](held))
    elements = tracked(numbers, mask)
    assert outcome(lambda: reduce_by(name, elements)) == expected
    with sg.no_grad():
        assert outcome(lambda: reduce_by(name, elements)) == expected
    with sg.GradientTape():
        assert outcome(lambda: reduce_by(name, elements)) == expected


@given(numbers=st.lists(floats, max_size=8))
def test_sums_are_not_compensated_and_start_at_zero(numbers: list[float]) -> None:
    expected = exactly(float(functools.reduce(operator.add, numbers, 0)))
    assert exactly(values(*numbers).sum().data) == expected
    assert exactly(float(values(*numbers).dot([1] * len(numbers)).data)) == expected
    assert exactly(float((values(*numbers) @ Vector([1.0] * len(numbers))).data)) == expected


@pytest.mark.parametrize("name", REDUCTIONS)
@a_third
@given(numbers=st.lists(moderate, min_size=1, max_size=8), mask=masks)
def test_a_reduction_makes_one_node_whose_parents_are_the_tracked_elements(
    name: str, numbers: list[float], mask: list[bool]
) -> None:
    elements = tracked(numbers, mask)
    node = reduce_by(name, elements)
    leaves = [x for x in elements if isinstance(x, Value)]
    if leaves:
        assert topological_order(node) == [node]
        assert set(node.parents) == set(leaves)
        assert node.operation == name
    else:
        assert not node.is_tracked
        assert node.parents == ()


@pytest.mark.parametrize("left", [(True, True), (True, False), (False, False)])
@pytest.mark.parametrize("right", [(True, True), (True, False), (False, False)])
def test_dot_follows_what_is_tracked_on_either_side_and_nothing_else(
    left: tuple[bool, ...], right: tuple[bool, ...]
) -> None:
    v, w = tracked([1.0, 2.0], left), tracked([3.0, 4.0], right)
    expected = {v[i]: w[i] for i in (0, 1) if left[i]} | {w[i]: v[i] for i in (0, 1) if right[i]}
    for node in (Vector(v).dot(w), Vector(v) @ Vector(w)):
        assert same_things(node.parents, [*expected])
        assert [d for d in node.derivatives if d is not None] == [getattr(x, "data", x) for x in expected.values()]


@pytest.mark.parametrize("name", REDUCTIONS)
def test_a_long_reduction_is_one_node_too(name: str) -> None:
    leaves = [Value(x / 10_000) for x in range(10_000)]
    node = reduce_by(name, leaves)
    assert topological_order(node) == [node]
    assert len(node.parents) == 10_000 * (1 + (name == "dot"))


@pytest.mark.parametrize("name", REDUCTIONS)
def test_nothing_is_recorded_of_a_reduction_within_no_grad(name: str) -> None:
    leaves = [Value(1.0), Value(2.0)]
    with sg.no_grad():
        node = reduce_by(name, leaves)
        elementwise = Vector(leaves) * 2
    assert not node.is_tracked
    assert not any(x.is_tracked for x in elementwise)
    assert node.data == reduce_by(name, leaves).data


@pytest.mark.parametrize("name", REDUCTIONS)
def test_a_reduction_of_constants_that_a_tape_watches_is_recorded(name: str) -> None:
    c, d = sg.constant(1.0), sg.constant(2.0)
    leaves = [Value(1.0), Value(2.0)]
    with sg.GradientTape() as tape:
        tape.watch([c, d])
        node = reduce_by(name, [c, d])
    reduce_by(name, leaves).backward()
    assert [g.data for g in tape.gradient(node, [c, d])] == [x.grad for x in leaves]
    assert not reduce_by(name, [c, d]).is_tracked


# ---- Reductions: their gradients -------------------------------------------------------------------------------------


def without(xs: Sequence[Any], i: int) -> list[Any]:
    return [*xs[:i], *xs[i + 1 :]]


EXACT_GRADIENTS: dict[str, Callable[[list[Fraction], int], Fraction]] = {
    "sum": lambda xs, i: Fraction(1),
    "mean": lambda xs, i: Fraction(1, len(xs)),
    "prod": lambda xs, i: Fraction(product_in_a_loop(without(xs, i))),
    "dot": lambda xs, i: Fraction(xs[i - 1] + xs[(i + 1) % len(xs)]),
    "max": lambda xs, i: Fraction(xs[i] == max(xs), xs.count(max(xs))),
    "min": lambda xs, i: Fraction(xs[i] == min(xs), xs.count(min(xs))),
}
tying = st.sampled_from([Fraction(0), Fraction(1, 3), Fraction(-2), Fraction(5, 7)]) | fractions


@pytest.mark.parametrize("name", EXACT_GRADIENTS)
@a_third
@given(numbers=st.lists(tying, min_size=1, max_size=8), mask=masks)
@example(numbers=[Fraction(0), Fraction(2), Fraction(0), Fraction(3)], mask=[True] * 8)
@example(numbers=[Fraction(0), Fraction(2), Fraction(3)], mask=[True] * 8)
@example(numbers=[Fraction(2)], mask=[True] * 8)
@example(numbers=[Fraction(2), Fraction(2), Fraction(1)], mask=[True, False] * 4)
def test_the_gradient_of_a_rational_reduction_is_exact(name: str, numbers: list[Fraction], mask: list[bool]) -> None:
    expected = [EXACT_GRADIENTS[name](numbers, i) for i in range(len(numbers))]
    assume(any(mask[: len(numbers)]))
    for context in (sg.GradientTape(), None):
        elements = tracked(numbers, mask)
        leaves = [x for x in elements if isinstance(x, Value)]
        if context is None:
            node = reduce_by(name, elements)
            node.backward()
            found = [leaf.grad for leaf in leaves]
        else:
            with context as tape:
                node = reduce_by(name, elements)
            found = [g.data for g in tape.gradient(node, leaves)]
        assert exactly(node.data) == exactly(BY_HAND[name](numbers))
        assert exactly(found) == exactly([g for g, wanted in zip(expected, mask) if wanted])


@pytest.mark.parametrize("name", EXACT_GRADIENTS)
def test_the_gradient_of_a_fraction_is_exact_beside_integers(name: str) -> None:
    x = Value(Fraction(1, 3))
    node = reduce_by(name, [2, x, Fraction(1, 3), 5])
    node.backward()
    numbers = [Fraction(2), Fraction(1, 3), Fraction(1, 3), Fraction(5)]
    assert node.data == BY_HAND[name](numbers)
    assert exactly(x.grad) == exactly(EXACT_GRADIENTS[name](numbers, 1))


@pytest.mark.parametrize("name", EXACT_GRADIENTS)
@a_third
@given(numbers=st.lists(tying, min_size=1, max_size=3), repeats=st.integers(2, 3))
def test_a_value_that_occurs_several_times_gathers_all_of_its_gradients(
    name: str, numbers: list[Fraction], repeats: int
) -> None:
    leaves = [Value(x) for x in numbers]
    reduce_by(name, leaves * repeats).backward()
    for i, leaf in enumerate(leaves):
        places = range(i, len(numbers) * repeats, len(numbers))
        assert leaf.grad == sum(EXACT_GRADIENTS[name](numbers * repeats, place) for place in places)


@given(xs=st.lists(st.tuples(fractions, fractions), min_size=1, max_size=6), mask=masks, other_mask=masks)
def test_the_gradient_of_dot_is_the_other_vector(
    xs: list[tuple[Fraction, Fraction]], mask: list[bool], other_mask: list[bool]
) -> None:
    a, b = [x for x, _ in xs], [y for _, y in xs]
    for dot in (Vector.dot, operator.matmul):
        left, right = Vector(tracked(a, mask)), Vector(tracked(b, other_mask))
        node = dot(left, right)
        assert node.data == sum_in_a_loop([x * y for x, y in xs])
        if node.is_tracked:
            node.backward()
        assert left.grad == [y if wanted else 0 for y, wanted in zip(b, mask)]
        assert right.grad == [x if wanted else 0 for x, wanted in zip(a, other_mask)]
    v = values(*a)
    for product in (v @ b, b @ v, tuple(b) @ v, v @ tuple(b), v.dot(b), v @ Vector(b), Vector(b) @ v):
        for leaf in v:
            leaf.grad = 0
        product.backward()
        assert product.data == node.data
        assert v.grad == b
    square = v @ v
    for leaf in v:
        leaf.grad = 0
    square.backward()
    assert v.grad == [2 * x for x in a]


@given(
    st.lists(st.floats(-1e3, 1e3).map(lambda x: x * 1e-3), min_size=1, max_size=6), st.sampled_from([1e-200, 1, 1e200])
)
def test_the_gradient_of_the_norm_is_the_direction(numbers: list[float], scale: float) -> None:
    v = values(*[x * scale for x in numbers])
    length = v.norm()
    length.backward()
    if length.data == 0:
        assert v.grad == [0.0] * len(v)
    else:
        assert math.isclose(math.fsum(g * g for g in v.grad), 1, rel_tol=1e-14)
        if length.data > 1e-250:  # a length that is smaller has not the digits for it
            assert v.grad == [x / length.data for x in v.tolist()]


def test_the_gradient_of_the_norm_at_the_zero_vector_is_zero() -> None:
    for v in (values(0.0, -0.0), values(0.0), Vector([Value(0.0), 0])):
        v.norm().backward()
        assert v.grad == [0.0] * len(v)


def test_ties_share_the_gradient_equally_whatever_the_sign_of_zero() -> None:
    for name in ("max", "min"):
        v = values(0.0, -0.0, 0.0, -0.0)
        getattr(v, name)().backward()
        assert v.grad == [0.25] * 4
    v = Vector([Value(3.0), 3.0, Value(1.0), Value(3.0)])
    v.max().backward()
    assert v.grad == [1 / 3, 0.0, 0.0, 1 / 3]


@given(st.lists(st.integers(-20, 20).map(lambda k: k / 7), min_size=1, max_size=6), masks)
def test_the_gradient_of_logsumexp_is_softmax(numbers: list[float], mask: list[bool]) -> None:
    elements = tracked(numbers, mask)
    node = Vector(elements).logsumexp()
    assert math.isclose(node.data, math.log(math.fsum(map(math.exp, numbers))), rel_tol=1e-14, abs_tol=1e-15)
    if node.is_tracked:
        node.backward()
    expected = sg.softmax(numbers).tolist()
    found = Vector(elements).grad
    assert exactly(found) == exactly([s if wanted else 0.0 for s, wanted in zip(expected, mask)])
    assert exactly(sg.logsumexp(elements).data if node.is_tracked else sg.logsumexp(elements)) == exactly(node.data)


@given(st.lists(fractions.map(float), min_size=2, max_size=4))
def test_second_derivatives_of_reductions_have_their_closed_forms(numbers: list[float]) -> None:
    n = len(numbers)
    delta = [[float(i == j) for j in range(n)] for i in range(n)]
    s = sg.softmax(numbers).tolist()
    others = [
        [float(i != j) * product_in_a_loop([x for k, x in enumerate(numbers) if k not in (i, j)]) for j in range(n)]
        for i in range(n)
    ]
    expected = {
        "sum": [[0.0] * n] * n,
        "max": [[0.0] * n] * n,
        "prod": others,
        "logsumexp": [[s[i] * (delta[i][j] - s[j]) for j in range(n)] for i in range(n)],
    }
    length = math.hypot(*numbers)
    if length:
        u = [x / length for x in numbers]
        expected["norm"] = [[(delta[i][j] - u[i] * u[j]) / length for j in range(n)] for i in range(n)]
    for name, hessian in expected.items():
        v = values(*numbers)
        with sg.GradientTape(persistent=True) as outer:
            with sg.GradientTape() as inner:
                node = getattr(v, name)()
            gradient = inner.gradient(node, v)
        for i in range(n):
            row = outer.gradient(gradient[i], v, unconnected_gradients="zero")
            assert row.tolist() == pytest.approx(hessian[i], rel=1e-12, abs=1e-12)


# ---- logsumexp and softmax -------------------------------------------------------------------------------------------


def test_logsumexp_is_stable_at_the_ends_of_the_range() -> None:
    for numbers, expected, gradient in [
        ([1e308, 1e308], 1e308, [0.5, 0.5]),
        ([-1e308, -1e308], -1e308, [0.5, 0.5]),
        ([1e308, -1e308], 1e308, [1.0, 0.0]),
        ([1000.0, 1000.0], 1000.0 + math.log(2), [0.5, 0.5]),
        ([-1000.0, -1000.0, -1000.0], -1000.0 + math.log(3), [1 / 3] * 3),
        ([-math.inf, 0.0], 0.0, [0.0, 1.0]),
        ([0.0, -745.0], 5e-324, [1.0, 5e-324]),
    ]:
        v = values(*numbers)
        node = v.logsumexp()
        node.backward()
        assert node.data == pytest.approx(expected, rel=1e-15)
        assert v.grad == pytest.approx(gradient, rel=1e-15, abs=0)
        assert sg.softmax(numbers).tolist() == v.grad
        assert exactly(sg.logsumexp(numbers)) == exactly(node.data)


@given(numbers=st.lists(moderate, min_size=1, max_size=6))
def test_softmax_is_two_nodes_for_each_element_on_two_shared_ones_and_sums_to_one(numbers: list[float]) -> None:
    v = values(*numbers)
    s = sg.softmax(v)
    n = len(numbers)
    assert type(s) is Vector
    assert len(topological_order(s)) == 2 * n + 2
    shared = set.intersection(*[{p for p in node.parents if len(p.parents) == n} for node in s])
    assert n == 1 or len(shared) == 2
    assert math.isclose(math.fsum(s.tolist()), 1.0, rel_tol=n * 2.3e-16)
    total = math.fsum(map(math.exp, numbers))
    assert s.tolist() == pytest.approx([math.exp(x) / total for x in numbers], rel=1e-14)


@given(numbers=st.lists(st.integers(-5000, 5000).map(lambda k: k / 1024), min_size=1, max_size=6))
def test_softmax_does_not_change_with_a_shift_of_a_million(numbers: list[float]) -> None:
    # These numbers are shifted without rounding, so that the results are the same to the bit.
    expected = sg.softmax(numbers)
    for shift in (1e6, -1e6):
        shifted = values(*[x + shift for x in numbers])
        assert exactly(sg.softmax(shifted).tolist()) == exactly(expected.tolist())
        assert shifted.logsumexp().data == pytest.approx(sg.logsumexp(numbers) + shift, rel=1e-15)


@given(numbers=st.lists(moderate, min_size=1, max_size=5), on_tape=st.booleans())
def test_the_jacobian_of_softmax_has_its_closed_form_and_its_rows_add_up_to_zero(
    numbers: list[float], on_tape: bool
) -> None:
    s = sg.softmax(numbers).tolist()
    v = values(*numbers)
    if on_tape:
        with sg.GradientTape() as tape:
            y = sg.softmax(v)
        jacobian = [row.tolist() for row in tape.jacobian(y, v)]
    else:
        jacobian = []
        for i in range(len(v)):
            v = values(*numbers)
            sg.softmax(v)[i].backward()
            jacobian.append(v.grad)
    for i, row in enumerate(jacobian):
        assert row == pytest.approx([s[i] * ((i == j) - s[j]) for j in range(len(s))], rel=1e-13, abs=1e-15)
        assert abs(math.fsum(row)) < 1e-15


@given(numbers=st.lists(moderate, min_size=1, max_size=5), index=st.integers(0, 4))
def test_the_gradient_of_the_cross_entropy_is_softmax_less_one_hot(numbers: list[float], index: int) -> None:
    index %= len(numbers)
    v = values(*numbers)
    (-sg.log(sg.softmax(v)[index])).backward()
    s = sg.softmax(numbers).tolist()
    assert v.grad == pytest.approx([p - (i == index) for i, p in enumerate(s)], rel=1e-12, abs=1e-14)


def test_softmax_and_logsumexp_of_plain_numbers_are_plain() -> None:
    assert type(sg.logsumexp([0.0, 1])) is float
    assert not any(x.is_tracked for x in sg.softmax((0.0, 1)))
    mixed = sg.softmax([0.0, Value(1.0)])
    assert all(x.is_tracked for x in mixed)
    assert sg.logsumexp((0.0, Value(1.0))).is_tracked


@pytest.mark.parametrize("name", ["softmax", "logsumexp"])
def test_softmax_and_logsumexp_refuse_scalars(name: str) -> None:
    for scalar in (3.0, Value(3.0), None, "text"):
        with pytest.raises(TypeError, match=f"^{name} takes a Vector or a list, not "):
            getattr(sg, name)(scalar)


# ---- Assignment after the numbers were kept --------------------------------------------------------------------------


@pytest.mark.parametrize("name", REDUCTIONS)
@pytest.mark.parametrize("mask", [(True, True, True), (True, False, True)])
def test_a_vector_knows_of_an_assignment_to_its_leaves(name: str, mask: tuple[bool, ...]) -> None:
    elements = tracked([1.0, 2.0, 3.0], mask)
    v, weights = Vector(elements), values(4.0, 5.0, 6.0)
    reduce_now: Callable[[], Value] = (lambda: v @ weights) if name == "dot" else getattr(v, name)
    before = reduce_now()
    numbers = before.data
    v[0].data = 7.0
    weights[2].data = 8.0
    after = reduce_now()
    fresh, fresh_weights = Vector(tracked([7.0, 2.0, 3.0], mask)), values(4.0, 5.0, 8.0)
    expected = fresh @ fresh_weights if name == "dot" else getattr(fresh, name)()
    assert v.tolist() == fresh.tolist()
    assert exactly(after.data) == exactly(expected.data)
    after.backward()
    expected.backward()
    assert exactly(v.grad) == exactly(fresh.grad)
    assert before.data == numbers
    first, first_weights = Vector(tracked([1.0, 2.0, 3.0], mask)), values(4.0, 5.0, 6.0)
    (first @ first_weights if name == "dot" else getattr(first, name)()).backward()
    for leaf in v:
        leaf.grad = 0.0
    before.backward()
    assert exactly(v.grad) == exactly(first.grad)


def test_a_variable_s_assignment_reaches_the_vectors_that_hold_its_leaves() -> None:
    w = sg.Variable([1.0, 2.0])
    part = w[:1]
    assert (w.sum().data, part.sum().data) == (3.0, 1.0)
    w.assign([10.0, 20.0])
    assert (w.sum().data, part.sum().data, (w @ w).data) == (30.0, 10.0, 500.0)
    w.assign_add([1.0, 1.0])
    assert (w.sum().data, part.sum().data, w.norm().data) == (32.0, 11.0, math.hypot(11.0, 21.0))


# ---- Empty vectors ---------------------------------------------------------------------------------------------------


def test_an_empty_vector_has_a_sum_a_product_and_a_length() -> None:
    empty = Vector([])
    assert exactly(empty.sum().data) == exactly(empty.norm().data) == exactly(0.0)
    assert exactly(empty.prod().data) == exactly(1.0)
    assert empty.dot([]).data == (empty @ Vector([])).data == 0
    for result in (empty.sum(), empty.prod(), empty.norm(), empty.dot([])):
        assert not result.is_tracked
    assert (len(empty), empty.tolist(), empty.grad, list(empty), repr(empty)) == (0, [], [], [], "Vector([])")
    assert empty + 1 == [] * empty == -empty == sg.sin(empty) == sg.maximum([], 1.0) == empty[:] == []


@pytest.mark.parametrize("name", ["mean", "max", "min", "logsumexp"])
def test_an_empty_vector_has_no_mean_no_extremes_and_no_logsumexp(name: str) -> None:
    with pytest.raises(ValueError, match=f"^{name} of an empty Vector; it takes at least one element$"):
        getattr(Vector([]), name)()


@pytest.mark.parametrize("name", ["softmax", "logsumexp"])
def test_softmax_and_logsumexp_of_nothing_are_refused(name: str) -> None:
    for empty in (Vector([]), [], ()):
        with pytest.raises(ValueError, match=f"^{name} of an empty Vector; it takes at least one element$"):
            getattr(sg, name)(empty)


# ---- dot's own errors ------------------------------------------------------------------------------------------------


def test_dot_refuses_what_is_no_sequence() -> None:
    v = values(1.0, 2.0)
    for thing, shown in [(3.0, r"3\.0 \(float\)"), (Value(1.0), r"Value\(1\.0\) \(Value\)"), (None, "None")]:
        with pytest.raises(TypeError, match=rf"^dot takes a Vector or a list, not {shown}"):
            v.dot(thing)  # type: ignore[arg-type]
    for call in (lambda: v @ 2.0, lambda: 2.0 @ v, lambda: v @ Value(1.0), lambda: v @ None, lambda: "ab" @ v):
        with pytest.raises(TypeError, match="unsupported operand type"):
            call()


def test_dot_refuses_another_length_and_other_elements() -> None:
    v = values(1.0, 2.0)
    for call in (lambda: v.dot([1.0]), lambda: v @ Vector([1.0]), lambda: v @ (1.0,)):
        with pytest.raises(ValueError, match=r"^expected vectors of one length, got lengths 2 and 1$"):
            call()
    with pytest.raises(TypeError, match=r"element 1 of a Vector, got 'text' \(str\)"):
        v.dot([1.0, "text"])


def test_an_overflow_in_a_reduction_names_it_and_shortens_what_is_long() -> None:
    with pytest.raises(OverflowError, match=r"^sum\(1\.0, 1000+\): int too large to convert to float$"):
        Vector([Value(1.0), 10**400]).sum()
    with pytest.raises(OverflowError, match=r"^sum\((1\.0, ){7}1000+\): int too large to convert to float$"):
        Vector([*[Value(1.0)] * 7, 10**400]).sum()
    for length in (8, 20):
        with pytest.raises(OverflowError, match=r"^sum\((1\.0, ){8}\.\.\.\): int too large to convert to float$"):
            Vector([*[Value(1.0)] * length, 10**400]).sum()


# ---- Found by use ----------------------------------------------------------------------------------------------------


def test_a_copy_of_a_vector_shares_its_elements() -> None:
    with sg.GradientTape() as tape:
        x = Value(2.0)
        n = x * x
        y = (copy.copy(Vector([n])) * 3).sum()
    assert tape.gradient(y, n) == 3.0


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


def test_logsumexp_of_nan_is_nan() -> None:
    for others in ([-math.inf], [math.inf], [0.0]):
        assert math.isnan(sg.logsumexp([*others, math.nan]))


@given(numbers=st.lists(st.floats(1, 1000), min_size=1, max_size=4), scale=st.sampled_from([2.0**-1000, 2.0**1000]))
def test_the_gradient_of_the_norm_is_the_same_to_the_bit_at_both_ends_of_the_range(
    numbers: list[float], scale: float
) -> None:
    v, w = values(*numbers), values(*(x * scale for x in numbers))
    v.norm().backward()
    w.norm().backward()
    assert exactly(v.grad) == exactly(w.grad)


@pytest.mark.parametrize("x", [1.7e308, 5e-324])
def test_the_norm_of_numbers_near_the_largest_and_the_smallest_has_its_gradient(x: float) -> None:
    v = values(x, x)
    v.norm().backward()
    assert v.grad == pytest.approx([0.5**0.5] * 2)
