"""`Vector`: its reductions, of one node each."""

from __future__ import annotations

import functools
import math
import operator
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

import scalargrad as sg
from scalargrad import Value, Vector, topological_order
from tests.support.bits import exactly, outcome, same_things, tracked, values
from tests.support.examples import a_third

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

floats = st.floats() | st.sampled_from([0.0, -0.0, 1e16, -1e16, 1.0, 1e-16, 1e308, -1e308, math.inf, math.nan])
moderate = st.floats(-5, 5)
fractions = st.fractions(-3, 3, max_denominator=7)
plain_numbers = floats | st.integers(-(10**20), 10**20) | st.booleans()


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


@pytest.mark.parametrize("axis", [None, 0, -1])
def test_the_axis_of_a_vector_may_be_named(axis: int | None) -> None:
    v = sg.Variable([1.0, 3.0])
    assert (v.sum(axis=axis).data, v.mean(axis=axis).data) == (4.0, 2.0)
    v.sum(axis=axis).backward()
    assert v.grad == [1.0, 1.0]
