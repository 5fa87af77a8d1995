"""The topological order and the reverse sweep: random graphs, laws 3 and 5, and the zero adjoints of law 2."""

from __future__ import annotations

import gc
import math
import operator
import sys
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

import scalargrad as sg
from scalargrad import Value, topological_order
from scalargrad.engine.backprop import carry_back, product, reverse_sweep
from scalargrad.engine.rows import rows_below
from tests.support.profiles import sized

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


# ---- Random graphs ---------------------------------------------------------------------------------------------------

Step = tuple[str, tuple[int, ...]]

STEPS: dict[str, tuple[int, Callable[..., Any]]] = {
    "+": (2, operator.add),
    "-": (2, operator.sub),
    "*": (2, operator.mul),
    "2-": (1, lambda x: 2 - x),
    "*3": (1, lambda x: x * 3),
    "square": (1, lambda x: x**2),
    "sum": (3, lambda *xs: sg.Vector(xs).sum() if any(isinstance(x, Value) for x in xs) else sum(xs)),
    "prod": (3, lambda *xs: sg.Vector(xs).prod() if any(isinstance(x, Value) for x in xs) else math.prod(xs)),
}


@dataclass(frozen=True)
class Graph:
    """Steps, each of which takes earlier results; the first `inputs` results are the leaves."""

    inputs: int
    steps: tuple[Step, ...]

    def run(self, leaves: Sequence[Any], instead: dict[int, Any] | None = None) -> list[Any]:
        """Everything that is computed; what `instead` gives takes the place of the step's own result."""
        results = [*leaves]
        for name, operands in self.steps:
            given_instead = (instead or {}).get(len(results))
            computed = STEPS[name][1](*[results[i] for i in operands])
            results.append(computed if given_instead is None else given_instead)
        return results


@st.composite
def graphs(draw: st.DrawFn, max_steps: int = 12) -> Graph:
    inputs = draw(st.integers(1, 3))
    steps: list[Step] = []
    for count in range(inputs, inputs + draw(st.integers(1, max_steps))):
        name = draw(st.sampled_from(list(STEPS)))
        steps.append((name, tuple(draw(st.integers(0, count - 1)) for _ in range(STEPS[name][0]))))
    return Graph(inputs, tuple(steps))


small_fractions = st.fractions(-3, 3, max_denominator=5)
three = {"min_size": 3, "max_size": 3}


@dataclass(frozen=True)
class Dual:
    """A number with its derivative by one thing: forward mode, which knows no graph."""

    number: Fraction
    derivative: Fraction

    def __add__(self, other: Dual) -> Dual:
        return Dual(self.number + other.number, self.derivative + other.derivative)

    def __radd__(self, other: int) -> Dual:
        return Dual(other + self.number, self.derivative)

    def __sub__(self, other: Dual) -> Dual:
        return Dual(self.number - other.number, self.derivative - other.derivative)

    def __rsub__(self, other: int) -> Dual:
        return Dual(other - self.number, -self.derivative)

    def __mul__(self, other: Any) -> Dual:
        other = other if isinstance(other, Dual) else Dual(Fraction(other), Fraction(0))
        return Dual(self.number * other.number, self.derivative * other.number + self.number * other.derivative)

    __rmul__ = __mul__

    def __pow__(self, exponent: int) -> Dual:
        assert exponent == 2
        return self * self


def as_result(x: Any) -> Dual:
    return x if isinstance(x, Dual) else Dual(Fraction(x), Fraction(0))


def derivative_of_last(graph: Graph, numbers: Sequence[Fraction], index: int) -> Fraction:
    """The derivative of the last result by the result at `index`, which is held to be free."""
    plain = graph.run([Dual(x, Fraction(0)) for x in numbers])
    free = Dual(plain[index].number, Fraction(1))
    leaves = [free if i == index else Dual(x, Fraction(0)) for i, x in enumerate(numbers)]
    return as_result(graph.run(leaves, {index: free})[-1]).derivative


def same(x: Any, y: Any) -> bool:
    return (type(x), repr(x)) == (type(y), repr(y))


def ancestors_by_recursion(node: Value) -> set[Value]:
    found = {node} if node.parents else set()
    for parent in {*node.parents}:
        found |= ancestors_by_recursion(parent)
    return found


# ---- The topological order -------------------------------------------------------------------------------------------


@given(graph=graphs())
def test_the_order_has_every_node_once_after_its_parents_and_no_leaf(graph: Graph) -> None:
    results = graph.run([Value(1.0) for _ in range(graph.inputs)])
    order = topological_order(results[-1])
    place = {node: i for i, node in enumerate(order)}
    assert len(place) == len(order)
    assert set(order) == ancestors_by_recursion(results[-1])
    assert all(place[parent] < place[node] for node in order for parent in node.parents if parent in place)
    assert not any(leaf in place for leaf in results[: graph.inputs])


@given(graph=graphs(), target_is_leaf=st.booleans())
def test_the_order_of_one_node_ends_with_it(graph: Graph, target_is_leaf: bool) -> None:
    results = graph.run([Value(1.0) for _ in range(graph.inputs)])
    if target_is_leaf:
        assert topological_order(results[0]) == []
    else:
        assert topological_order(results[-1])[-1] is results[-1]


def test_the_order_of_constants_is_empty() -> None:
    c = sg.constant(2.0)
    assert topological_order(c) == topological_order(c * 2) == []


@given(before=graphs(max_steps=6), after=graphs(max_steps=8))
def test_rows_below_a_target_do_not_go_past_what_a_recorder_saw(before: Graph, after: Graph) -> None:
    early = before.run([Value(1.0) for _ in range(before.inputs)])
    leaves = [early[-1 - i % len(early)] for i in range(after.inputs)]
    with sg.GradientTape() as tape:
        late = after.run(leaves)
    serials = [row[0] for row in rows_below([late[-1].row], tape)]
    assert serials == sorted(x.row[0] for x in ancestors_by_recursion(late[-1]) - {*early})
    other = sg.GradientTape()
    assert rows_below([late[-1].row], other) == []
    assert other.selective  # it came to a row that it had not seen


# ---- The sweep -------------------------------------------------------------------------------------------------------


@given(graph=graphs(max_steps=8), numbers=st.lists(small_fractions, **three))
def test_backward_gives_every_leaf_and_inner_node_its_exact_derivative(graph: Graph, numbers: list[Fraction]) -> None:
    numbers = numbers[: graph.inputs]
    results = graph.run([Value(x) for x in numbers])
    results[-1].backward()
    for i, node in enumerate(results):
        assert type(node.grad) is Fraction
        assert node.grad == derivative_of_last(graph, numbers, i)


@given(
    graph=graphs(max_steps=8), numbers=st.lists(small_fractions, **three), weights=st.lists(small_fractions, **three)
)
def test_a_sweep_from_several_targets_adds_up_their_gradients(
    graph: Graph, numbers: list[Fraction], weights: list[Fraction]
) -> None:
    leaves = [Value(x) for x in numbers[: graph.inputs]]
    targets = graph.run(leaves)[-3:]
    seeds = [(target.row, weight) for target, weight in zip(targets, weights)]
    found = [sweep(seeds) for sweep in (reverse_sweep, carry_back)]
    assert not any(leaf.grad for leaf in leaves)
    total = sg.Vector(targets).dot(weights[: len(targets)])
    total.backward()
    for adjoints in found:
        assert [adjoints.of(leaf.row) or 0 for leaf in leaves] == [leaf.grad for leaf in leaves]


@given(
    graph=graphs(),
    numbers=st.lists(st.floats() | st.floats(-3, 3), **three),
    before=st.lists(st.floats(-1e3, 1e3), **three),
)
def test_backward_twice_adds_exactly_the_same_gradient_again(
    graph: Graph, numbers: list[float], before: list[float]
) -> None:
    leaves = [Value(x) for x in numbers[: graph.inputs]]
    try:
        results = graph.run(leaves)
    except OverflowError:
        assume(False)
    target = results[-1]
    inner = [node for node in results[len(leaves) :] if node is not target]
    target.backward()
    first = [leaf.grad for leaf in leaves]
    shown = [node.grad for node in inner]
    target.backward()
    for leaf, gradient in zip(leaves, first):
        assert same(leaf.grad, gradient + gradient)
    assert all(map(same, [node.grad for node in inner], shown))
    assert same(target.grad, 1.0)
    for leaf, start in zip(leaves, before):
        leaf.grad = start
    target.backward()
    for leaf, start, gradient in zip(leaves, before, first):
        assert same(leaf.grad + 0.0, start + gradient + 0.0)  # what is not reached stays as it is, -0.0 too


def test_inner_nodes_show_the_latest_pass_and_leaves_the_sum_of_all() -> None:
    x = Value(2.0)
    inner = x * x
    (inner * 10).backward()
    assert (inner.grad, x.grad) == (10.0, 40.0)
    (inner * 3).backward()
    assert (inner.grad, x.grad) == (3.0, 52.0)
    inner.backward()
    assert (inner.grad, x.grad) == (1.0, 56.0)


def test_backward_of_a_leaf_is_one() -> None:
    x, y = Value(2.0), Value(Fraction(2))
    x.backward()
    x.backward()
    y.backward()
    assert same(x.grad, 2.0)
    assert same(y.grad, Fraction(1))


def test_backward_writes_nothing_above_or_beside_the_target() -> None:
    x, y, c = Value(2.0), Value(3.0), sg.constant(4.0)
    target = x * c
    above, beside = target + y, x * y
    target.backward()
    assert [node.grad for node in (x, y, above, beside, c)] == [4.0, 0.0, 0.0, 0.0, 0.0]


# ---- Law 3: a recorded derivative never changes ----------------------------------------------------------------------


@given(
    graph=graphs(),
    numbers=st.lists(small_fractions, **three),
    later=st.lists(small_fractions | st.floats(), **three),
)
def test_assigning_leaves_after_recording_changes_no_gradient(
    graph: Graph, numbers: list[Fraction], later: list[Any]
) -> None:
    leaves, twins = [[Value(x) for x in numbers[: graph.inputs]] for _ in range(2)]
    target, expected = graph.run(leaves)[-1], graph.run(twins)[-1]
    expected.backward()
    for leaf, number in zip(leaves, later):
        leaf.data = number
        leaf.grad = 0
    target.backward()
    assert target.data == expected.data
    assert [leaf.grad for leaf in leaves] == [twin.grad for twin in twins]


@pytest.mark.parametrize(
    "function",
    [lambda x: x**3, lambda x: 1 / x, lambda x: x * x, sg.sin, lambda x: sg.Vector([x, x, 1.0]).prod()],
)
def test_a_derivative_of_a_derivative_is_that_of_the_recorded_number_when_a_leaf_was_assigned_between(
    function: Callable[[Any], Any],
) -> None:
    x = Value(2.0, label="x")
    with sg.GradientTape() as outer, sg.GradientTape() as tape:
        y = function(x)
        x.data = 5.0
        slope = tape.gradient(y, x)
    fresh = Value(2.0)
    with sg.GradientTape() as outer_of_fresh, sg.GradientTape() as tape:
        slope_of_fresh = tape.gradient(function(fresh), fresh)
    assert same(slope.data, slope_of_fresh.data)
    assert outer.gradient(slope, x) == outer_of_fresh.gradient(slope_of_fresh, fresh)
    y.backward()
    function(fresh).backward()
    assert same(x.grad, fresh.grad)


def test_a_derivative_is_that_of_the_recorded_number_when_a_constant_operand_was_assigned_between() -> None:
    x, c = Value(2.0), sg.constant(3.0)
    with sg.GradientTape(), sg.GradientTape() as tape:
        y = x * c
        c.data = 7.0
        assert tape.gradient(y, x) == 3.0
    y.backward()
    assert x.grad == 3.0


# ---- Law 5: depth and size are no limit ------------------------------------------------------------------------------


def test_a_chain_of_a_million_nodes_or_a_tenth_of_them_builds_runs_back_and_is_freed() -> None:
    x = Value(1.0)
    references = sys.getrefcount(x)
    y = x + 0.0
    pairs = sized(500_000)
    for _ in range(pairs - 1):
        y = -y
        y = x - y
    y = y + 0.0
    y.backward()
    assert x.grad == y.data == pairs
    was_enabled = gc.isenabled()
    gc.disable()  # what is freed is freed at once, with no help from the collector
    del y
    freed = sys.getrefcount(x)
    if was_enabled:
        gc.enable()
    assert freed == references


@pytest.mark.parametrize(
    "deepen",
    [
        lambda y, x: y * x,
        lambda y, x: sg.Vector([y, x]).mean(),
        lambda y, x: sg.maximum(y, x) + x,
        lambda y, x: sg.softmax([y, x])[0],
    ],
    ids=["operator", "reduction", "choice", "softmax"],
)
def test_a_deep_chain_of_any_kind_is_swept_and_freed(deepen: Callable[[Any, Any], Value]) -> None:
    x = Value(1.0)
    references = sys.getrefcount(x)
    y = deepen(x, x)
    for _ in range(sized(20_000)):
        y = deepen(y, x)
    y.backward()
    assert math.isfinite(x.grad)
    del y
    gc.collect()
    assert sys.getrefcount(x) == references


def test_a_graph_that_shares_every_node_is_walked_in_linear_time() -> None:
    for depth in (5, 200):  # a walk that repeats itself is caught in the small one
        leaf = Value(1.0)
        x = leaf
        for _ in range(depth):
            x = x + x
        assert len(topological_order(x)) == depth
        x.backward()
        assert x.data == leaf.grad == 2.0**depth
        y = Value(Fraction(1, 3))
        total = y
        for _ in range(depth):
            total = total - total * 3
        total.backward()
        assert y.grad == (-2) ** depth


def test_a_wide_and_shared_graph_is_swept_and_freed() -> None:
    for layers in (1, 40):  # a walk that repeats itself is caught in the small one
        x = Value(Fraction(1))
        references = sys.getrefcount(x)
        row = [x * i for i in range(50)]
        for _ in range(layers):
            total = sg.Vector(row).sum()
            row = [node + total for node in row]
        target = sg.Vector(row).mean()
        assert len(topological_order(target)) == 50 + layers * 51 + 1
        target.backward()
        assert x.grad == target.data == Fraction(51**layers * 49, 2)
        del row, total, target
        gc.collect()
        assert sys.getrefcount(x) == references


# ---- Zero adjoints are not skipped -----------------------------------------------------------------------------------


def infinite_slope(x: Any) -> Any:
    """A node that is 0 and whose slope is infinite."""
    return sg.sqrt(x * 0)


ZERO_TIMES_INFINITY: dict[str, Callable[[Any], Any]] = {
    "times zero": lambda x: infinite_slope(x) * 0,
    "zero times": lambda x: 0.0 * infinite_slope(x),
    "times a constant": lambda x: sg.constant(0.0) * infinite_slope(x),
    "times a zero node": lambda x: infinite_slope(x) * (x - x),
    "power": lambda x: infinite_slope(x) ** 2,
    "where": lambda x: sg.where(False, infinite_slope(x), x),
    "maximum": lambda x: sg.maximum(infinite_slope(x), x),
    "clip": lambda x: sg.clip(infinite_slope(x), 1.0, 2.0),
    "floor division": lambda x: infinite_slope(x) // 1,
    "dot": lambda x: sg.Vector([infinite_slope(x), x]).dot([0, 1]),
    "prod": lambda x: sg.Vector([infinite_slope(x), 0.0]).prod(),
    "max": lambda x: sg.Vector([infinite_slope(x), x]).max(),
    "min": lambda x: sg.Vector([infinite_slope(x), -x]).min(),
    "norm": lambda x: sg.Vector([infinite_slope(x), x]).norm(),
    "infinity above zero": lambda x: sg.sqrt(infinite_slope(x) * 0),
}


@pytest.mark.parametrize("name", ZERO_TIMES_INFINITY)
def test_zero_times_infinity_is_nan_on_every_route(name: str) -> None:
    function = ZERO_TIMES_INFINITY[name]
    x = Value(1.0)
    function(x).backward()
    assert math.isnan(x.grad)
    with sg.GradientTape() as tape:
        y = function(x)
    assert math.isnan(tape.gradient(y, x).data)
    with sg.GradientTape(), sg.GradientTape() as tape:
        y = function(x)
        assert math.isnan(tape.gradient(y, x).data)


@given(st.floats(allow_nan=False))
@example(math.inf)
@example(0.0)
def test_a_zero_adjoint_is_multiplied_like_any_other(slope: float) -> None:
    x = Value(1.0)
    with_slope = x * slope
    (with_slope * 0).backward()
    assert same(x.grad, 0.0 + 0.0 * slope)
    assert same(with_slope.grad, 0.0)


def test_a_factor_of_one_makes_no_node_and_changes_no_type() -> None:
    x = Value(3.0)
    assert product(x, 1) is product(x, 1.0) is product(1.0, x) is x
    for a in (1, 1.0, 3, 2.5):
        for b in (1, 1.0, 3, 2.5):
            assert repr(product(a, b)) == repr(a * b)


# ---- What cannot be swept --------------------------------------------------------------------------------------------


def test_backward_of_a_constant_is_refused() -> None:
    x = Value(2.0)
    with sg.no_grad():
        unrecorded = x * x
    said = r"which depends on no tracked value: compute it from a Value or a Variable, outside no_grad\(\)"
    for value, shown in [
        (sg.constant(3.0), r"constant\(3\.0\)"),
        (sg.constant(3.0) * 2, r"constant\(6\.0\)"),
        (unrecorded, r"constant\(4\.0\)"),
        (sg.stop_gradient(x), r"constant\(2\.0\)"),
        (sg.Vector([]).sum(), r"constant\(0\.0\)"),
        (sg.Variable(1.0, trainable=False), r"Variable\(1\.0, trainable=False\)"),
    ]:
        with pytest.raises(ValueError, match=rf"backward\(\) of {shown}, {said}"):
            value.backward()


def test_backward_of_a_vector_is_refused() -> None:
    x = sg.Vector([Value(1.0), Value(2.0)])
    said = r"backward\(\) of a Vector of 2 elements: a gradient belongs to one number, so reduce it first"
    for vector in (x, x * 2, sg.Variable([1.0, 2.0])):
        with pytest.raises(ValueError, match=said):
            vector.backward()
    assert x.grad == [0.0, 0.0]


def test_backward_leaves_a_constant_alone_that_a_tape_had_asked_to_follow():
    c, x = sg.constant(3.0), Value(2.0)
    with sg.GradientTape() as tape:
        tape.watch(c)
        y = c * x
    y.backward()
    assert (x.grad, c.grad) == (3.0, 0.0)
    assert tape.gradient(y, c) == 2.0
