"""Copies and pickles of values, vectors and variables, and of what was computed from them."""

from __future__ import annotations

import copy
import math
import pickle
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import scalargrad as sg
from scalargrad import Value, Vector
from tests.support.bits import exactly, same_things, values
from tests.support.expressions import evaluate, fractions, small_ints, trees
from tests.support.profiles import sized

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


# ---- Values ----------------------------------------------------------------------------------------------------------


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


# ---- Vectors ---------------------------------------------------------------------------------------------------------


COPIES: list[Callable[[Any], Any]] = [copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))]
COPIES += [lambda x: pickle.loads(pickle.dumps(x, 0))]


@pytest.mark.parametrize("duplicate", COPIES)
def test_a_copied_vector_shares_among_its_elements_what_the_first_shares(duplicate: Callable[[Any], Any]) -> None:
    a, b = Value(2.0, label="a"), Value(Fraction(3), label="b")
    product = a * b
    v = Vector([product, product + a, a, 5.0, a, product])
    twin = duplicate(v)
    assert isinstance(twin, Vector)
    assert twin == v
    assert hash(twin[0]) == hash(twin[5]) != hash(v[0])
    assert twin[2] is twin[4]
    assert hash(twin[1].parents[0]) == hash(twin[0])
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


def test_a_copy_of_a_vector_shares_its_elements() -> None:
    with sg.GradientTape() as tape:
        x = Value(2.0)
        n = x * x
        y = (copy.copy(Vector([n])) * 3).sum()
    assert tape.gradient(y, n) == 3.0


# ---- Variables -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, lambda v: pickle.loads(pickle.dumps(v))])
@pytest.mark.parametrize("initial", [2.0, [1.0, 2.0]])
@pytest.mark.parametrize("trainable", [True, False])
def test_a_copy_of_a_variable_is_a_variable_of_its_own(copied, initial, trainable):
    w = sg.Variable(initial, trainable, "w")
    twin = copied(w)
    assert repr(twin) == repr(w)
    assert type(twin) is type(w)
    twin.assign_add(w)
    assert w == sg.Variable(initial)
    assert twin == w * 2.0


def test_variables_pickled_with_what_was_computed_from_them_stay_its_leaves():
    w, v = sg.Variable(3.0), sg.Variable([1.0, 2.0])
    twin_w, twin_v, y = pickle.loads(pickle.dumps((w, v, (v * w).sum())))
    y.backward()
    assert twin_w.grad == 3.0
    assert twin_v.grad == [3.0, 3.0]


# ---- Vectors and matrices --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("clone", [copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))])
def test_vectors_and_matrices_come_back_with_their_leaves(clone: Any) -> None:
    w, m, x = sg.Variable([1.0, 2.0], name="w"), sg.Variable([[1.0, 2.0], [3.0, 4.0]]), Value(5.0)
    (w * w).sum().backward()
    mixed = sg.Vector([x, w[0], 2.0])
    product = m @ w
    things = [w, m, x, mixed, product, m[1], product[0], w[1], sg.constant([[1.0]]), sg.Matrix([[x, 1.0]])]
    again = clone(things)
    assert [type(thing).__name__ for thing in again] == [type(thing).__name__ for thing in things]
    assert again == things
    w2, m2, x2, mixed2, product2, row2, element2, second, *_ = again
    assert (w2.name, w2.grad, repr(m2)) == ("w", [2.0, 4.0], repr(m))
    assert w2[1] is second
    assert mixed2[0] is x2
    assert (mixed2.sum() + product2.sum() + row2[0] + element2).is_tracked
    for one, other in ((w, w2), (m, m2)):
        one.grad = other.grad = 0
    (product.sum() * 2.0 + m[1][1] + mixed.sum()).backward()
    (product2.sum() * 2.0 + row2[1] + mixed2.sum()).backward()
    assert (w.grad, m.grad, x.grad) == (w2.grad, m2.grad, x2.grad)
    assert all(thing is not twin for thing, twin in zip(things, again))


def test_a_copy_of_an_element_is_a_leaf_of_its_own() -> None:
    w = sg.Variable([1.0, 2.0])
    (w * w).sum().backward()
    twin = copy.copy(w[1])
    twin.data = 7.0
    assert (twin.grad, w[1].data) == (4.0, 2.0)
    assert copy.copy(w) == w
    assert copy.copy(w).grad == [2.0, 4.0]
    assert type(copy.copy(sg.Variable([[1.0]]))) is type(sg.Variable([[1.0]]))
    assert copy.copy(sg.Vector([w[0], 1.0]))[0] is w[0]
