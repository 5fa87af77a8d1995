"""The graph of a value as explanations and pictures show it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import scalargrad as sg
from scalargrad.graph.graph import Graph, targets_in
from scalargrad.testing.strategies import programs
from tests.support.profiles import sized


@given(data=st.data())
def test_each_node_comes_after_its_operands_and_once(data: st.DataObject) -> None:
    program = data.draw(programs())
    leaves = [sg.Value(x) for x in data.draw(st.tuples(*[st.floats(0.5, 2)] * program.arity))]
    result = program(*leaves)
    if not isinstance(result, sg.Value):
        return
    graph = Graph([result])
    assert len({*graph.computed, *graph.leaves}) == len(graph.computed) + len(graph.leaves)
    seen = set(graph.leaves)
    for node in graph.computed:
        assert all(x in seen for x in node.operands if isinstance(x, sg.Value) and x.is_tracked)
        seen.add(node)
    assert len({*graph.names.values()}) == len(graph.names)


@given(data=st.data())
def test_adjoints_are_what_backward_writes_and_nothing_is_written(data: st.DataObject) -> None:
    program = data.draw(programs())
    leaves = [sg.Value(x) for x in data.draw(st.tuples(*[st.floats(0.5, 2)] * program.arity))]
    result = program(*leaves)
    if not isinstance(result, sg.Value) or not result.is_tracked:
        return
    adjoints = Graph([result]).adjoints
    assert [x.grad for x in leaves] == [0.0] * len(leaves)
    result.backward()
    assert [adjoints.get(x, 0.0) for x in leaves] == [x.grad for x in leaves]


def test_names_are_labels_or_numbers_in_the_order_of_evaluation() -> None:
    a, b = sg.Value(1.0, label="a"), sg.Value(2.0)
    c = sg.Variable(3.0, name="a")
    y = (a * b + sg.sin(c)) * 2
    y.label = "y"
    graph = Graph([y])
    assert [graph.names[x] for x in (*graph.leaves, *graph.computed)] == ["a", "x1", "a1", "v1", "v2", "v3", "y"]
    assert [graph.expression(x) for x in graph.computed] == ["a * x1", "sin(a1)", "v1 + v2", "v3 * 2"]


def test_constants_are_numbers_unless_they_have_a_name() -> None:
    x = sg.Value(2.0, label="x")
    rate = sg.Variable(0.125, trainable=False, name="rate")
    graph = Graph([-((x * rate) ** 2) + sg.constant(1 / 3)])
    assert [graph.expression(node) for node in graph.computed] == ["x * rate", "v1**2", "-v2", "v3 + 0.333333"]
    assert graph.leaves == [x, rate]


def test_long_operands_are_shortened_in_the_middle() -> None:
    v = sg.Vector([sg.Value(float(i), label=f"v[{i}]") for i in range(20)])
    (node,) = Graph([v.sum()]).computed
    graph = Graph([node])
    assert graph.expression(node) == "sum(v[0], v[1], v[2], v[3], ..., v[16], v[17], v[18], v[19])"
    assert graph.expression(node, most=2) == "sum(v[0], ..., v[19])"


def test_edges_tell_local_derivatives_as_numbers_and_formulas() -> None:
    x, y = sg.Value(2.0, label="x"), sg.Value(3.0, label="y")
    z = x**y
    assert Graph([z]).edges(z) == [
        (0, x, z.derivatives[0], "y * x**(y - 1)"),
        (1, y, z.derivatives[1], "x**y * log(x)"),
    ]
    half = x / 2
    assert Graph([half]).edges(half) == [(0, x, 0.5, "0.5")]


def test_a_custom_function_is_one_node_with_a_pullback() -> None:
    @sg.custom_gradient
    def twice(x: Any, y: Any) -> Any:
        return x * 2 + y, lambda upstream: (upstream * 2, upstream)

    x = sg.Value(1.5, label="x")
    z = twice(x, 1.0) * 3
    graph = Graph([z])
    assert [graph.expression(node) for node in graph.computed] == ["twice(x, 1)", "v1 * 3"]
    assert graph.edges(graph.computed[0]) == [(0, x, None, "")]
    assert graph.adjoints[x] == 6.0


def test_a_custom_function_passes_nothing_to_an_argument_without_a_gradient() -> None:
    @sg.custom_gradient
    def first(x: Any, y: Any) -> Any:
        return x * 2 + y * 0, lambda upstream: (upstream * 2, None)

    x, y = sg.Value(1.5, label="x"), sg.Value(1.0, label="y")
    graph = Graph([first(x, y)])
    assert graph.terms(graph.computed[0]) == [(0, x, 2.0)]


def test_several_targets_have_no_gradient() -> None:
    x = sg.Value(2.0)
    graph = Graph(targets_in("it", sg.Vector([x * 2, x * 3])))
    assert graph.adjoints == {}
    assert len(graph.computed) == 2


def test_a_constant_has_a_graph_of_its_own() -> None:
    c = sg.constant(2.0)
    graph = Graph([c])
    assert (graph.leaves, graph.computed, graph.adjoints) == ([c], [], {})


@pytest.mark.parametrize("what", [2.0, "x", [], [1.0], None])
def test_what_is_no_value_has_no_graph(what: Any) -> None:
    with pytest.raises(TypeError, match="it takes a Value, a Vector or a Matrix, or a list of these"):
        targets_in("it", what)


def test_a_deep_graph_is_walked_without_recursion() -> None:
    y = x = sg.Value(0.5)
    for _ in range(sized(20_000)):
        y = y * 1.0001 + x
    assert len(Graph([y]).computed) == 2 * sized(20_000)


def test_names_that_are_taken_are_numbered_before_their_index() -> None:
    parts = [sg.Variable([1.0, 2.0], name="w") for _ in range(2)]
    graph = Graph([parts[0][1] * parts[1][1]])
    assert [*graph.names.values()] == ["w[1]", "w1[1]", "v1"]


def test_long_names_keep_both_their_ends() -> None:
    xs = [sg.Value(1.0, label=f"weight_of_layer_one_{i}") for i in range(2)]
    assert [*Graph([xs[0] * xs[1]]).names.values()] == ["weight_o…r_one_0", "weight_o…r_one_1", "v1"]
