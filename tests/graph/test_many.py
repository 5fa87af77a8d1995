"""How rows of many numbers show: as one thing each, with what they pass on in the reverse sweep."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given, reject

import scalargrad as sg
from scalargrad.engine.many import Values
from scalargrad.graph.graph import Graph, operation_name
from scalargrad.graph.many import added, as_text
from tests.support.listed import Whole, programs, run

OUT_OF_RANGE = (OverflowError, ValueError, ZeroDivisionError, FloatingPointError)


def flat(x: Any) -> list[Any]:
    return x if isinstance(x, list) else [x]


def sizes(x: Any) -> Any:
    return [sizes(each) for each in x] if isinstance(x, list) else None if x is None else abs(x)


def expressions(value: Any) -> list[str]:
    graph = Graph([value])
    return [graph.expression(node) for node in graph.computed]


@given(program=programs())
def test_what_reaches_a_node_adds_up_to_its_adjoint(program: Any) -> None:
    try:
        _, _, target = run(Whole(), *program)
    except OUT_OF_RANGE:
        reject()
    if not (isinstance(target, sg.Value) and target.is_tracked):
        return
    graph = Graph([target])
    sums: dict[Any, Any] = {}
    size: dict[Any, Any] = {}
    for node in reversed(graph.computed):
        assert graph.expression(node)
        assert len(graph.operands(node)) == len(graph.parts[node])
        if node not in graph.adjoints:
            continue
        followed = {i for i, _, _, _ in graph.edges(node)}
        for i, x, term in graph.terms(node):
            assert i in followed
            sums[x] = added(sums[x], term) if x in sums else term
            size[x] = added(size[x], sizes(term)) if x in size else sizes(term)
    for x in [x for x in (*graph.leaves, *graph.computed) if x is not graph.targets[0]]:
        assert (x in sums) == (x in graph.adjoints)
        for total, wanted, terms in zip(*[flat(of_each.get(x)) for of_each in (sums, graph.adjoints, size)]):
            if wanted is not None and math.isfinite(terms):
                assert abs(total - wanted) <= 1e-9 * max(terms, 1e-300)


@given(program=programs())
def test_the_gradients_of_the_leaves_are_those_of_backward(program: Any) -> None:
    try:
        _, _, target = run(Whole(), *program)
    except OUT_OF_RANGE:
        reject()
    if not (isinstance(target, sg.Value) and target.is_tracked):
        return
    graph = Graph([target])
    leaves = [x for x in graph.leaves if x.is_tracked]
    before = [x.grads() if isinstance(x, Values) else x.grad for x in leaves]
    assert not any(map(any, map(flat, before)))
    target.backward()
    for x in leaves:
        grads = x.grads() if isinstance(x, Values) else x.grad
        found = [0.0 if y is None else 0.0 + y for y in flat(graph.adjoints.get(x, 0.0))]
        pairs = zip(found * (len(flat(grads)) // len(found)), flat(grads))
        assert all(got == wanted or math.isnan(got) == math.isnan(wanted) is True for got, wanted in pairs)


def test_what_moves_numbers_is_written_as_one_writes_it() -> None:
    v = sg.Variable([1.0, 2.0, 3.0, 4.0], name="v") * 1.0
    m = sg.Variable([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], name="m")
    parts = [v[1], v[1:3], v[::-1], v[::2], m[1, 2] + m.sum(), m[1], m[:, 1], m[:, 1:], m[1:]]
    parts += [m[:, ::-1], m.T, v[3:1], m[1:2, 0]]
    found = [{*expressions(part * 1.0)} for part in parts]
    wanted = ["v1[1]", "v1[1:3]", "v1[::-1]", "v1[::2]", "m[1, 2]", "m[1]", "m[:, 1]", "m[:, 1:]", "m[1:]"]
    wanted += ["m[:, ::-1]", "m.T", "v1[:0]", "m[1, :1]"]
    assert [text for text, texts in zip(wanted, found) if text not in texts] == []


@pytest.mark.parametrize(
    ("operation", "name", "words"),
    [
        (lambda m, v: (m @ v).sum(), "@", ["outer(upstream, v)", "m.T @ upstream"]),
        (lambda m, v: (v @ m).sum(), "@", ["upstream @ m.T", "outer(v, upstream)"]),
        (lambda m, v: (m @ m).sum(), "@", ["upstream @ m.T", "m.T @ upstream"]),
        (lambda m, v: m.T.sum(), ".T", ["upstream.T"]),
        (lambda m, v: m[0].sum(), "[0]", ["upstream in its place"]),
        (lambda m, v: sg.softmax(m)[0, 0] * 1.0, "softmax", ["v1 * (upstream - sum(upstream * v1))"]),
        (lambda m, v: sg.Matrix([v, v]).sum(), "[ ]", ["its part of upstream"] * 2),
    ],
)
def test_what_has_no_single_local_derivatives_says_how_upstream_goes_on(operation: Any, name: str, words: Any) -> None:
    m, v = sg.Variable([[1.0, 2.0], [3.0, 4.0]], name="m"), sg.Variable([1.0, -1.0], name="v")
    graph = Graph([operation(m, v)])
    node = graph.computed[0]
    assert operation_name(node) == name
    assert [(local, text) for _, _, local, text in graph.edges(node)] == [(None, text) for text in words]


def test_softmax_is_one_thing_whatever_is_taken_of_it() -> None:
    v = sg.Variable([1.0, 2.0, 3.0], name="v")
    m = sg.Variable([[1.0, 2.0], [0.5, -1.0]], name="m")
    shares = sg.softmax(v)
    values = {
        shares[2] * shares[0]: ["softmax(v)", "v1[2]", "v1[0]", "v2 * v3"],
        sg.softmax(m)[1, 0] * 2.0: ["softmax(m)", "v1[1, 0]", "v2 * 2"],
        sg.log(sg.softmax(m)[1]).sum(): ["softmax(m)", "v1[1]", "log(v2)", "sum(v3)"],
    }
    for value, texts in values.items():
        assert expressions(value) == texts
        graph = Graph([value])
        (leaf,) = graph.leaves
        terms = [term for node in graph.computed for _, x, term in graph.terms(node) if x is leaf]
        got, wanted = ([0.0 if x is None else x for x in found] for found in (terms[0], graph.adjoints[leaf]))
        assert got == pytest.approx(wanted, rel=1e-14)
    inside = next(x for x in shares[0].parents if x.operation == "exp_gap")
    assert expressions(inside) == ["exp(v[0] - 3)"]


def test_a_reduction_of_a_whole_is_written_as_that_of_its_elements() -> None:
    v, w = sg.Variable([1.0, 2.0], name="v"), sg.Variable([3.0, 4.0], name="w")
    reductions = {
        v.sum(): ["1"],
        v.mean(): ["1 / 2"],
        v.norm(): ["v / v1"],
        v.prod(): ["the product of the others"],
        v.logsumexp(): ["exp(v - v1)"],
        v.dot(w): ["w", "v"],
        v.dot([sg.Value(3.0, label="a"), sg.Value(4.0, label="b")]): ["[3, 4]", "1", "2"],
    }
    for value, wanted in reductions.items():
        assert [text for _, _, _, text in Graph([value]).edges(value)] == wanted
    assert expressions(sg.Vector([v[0] * 2.0, sg.Value(1.0, label="a")]).sum())[-1] == "sum(v1, a)"


def test_an_element_of_a_leaf_that_shows_as_a_whole_is_taken_from_it() -> None:
    w = sg.Variable([1.0, 2.0], name="w")
    graph = Graph([w.sum() + w[1] * w[1]])
    assert [graph.names[x] for x in graph.leaves] == ["w"]
    assert graph.expression(graph.computed[0]) == "w[1]"
    assert graph.adjoints[w] == [1.0, 5.0]
    assert [graph.names[x] for x in Graph([w[1] * 2.0]).leaves] == ["w[1]"]  # alone it is a leaf


def test_a_leaf_that_nobody_holds_shows_with_its_numbers_and_gradient() -> None:
    y = (sg.Variable([1.0, 2.0]) * 3.0).sum()
    y.backward()
    graph = Graph([y])
    (leaf,) = graph.leaves
    assert (leaf.row[3], graph.gradients(False)[0][leaf]) == ((1.0, 2.0), [3.0, 3.0])


def test_long_lists_show_their_ends() -> None:
    assert as_text([1.0, None, 0.25]) == "[1, -, 0.25]"
    assert as_text([*range(7)], (7,)) == "[0, 1, ..., 5, 6]"
    assert as_text([*range(6)], (2, 3)) == "[[0, 1, 2], [3, 4, 5]]"
    assert as_text([*range(16)], (8, 2)) == "[[0, 1], ..., [14, 15]]"
    assert as_text([*range(27)], (3, 9)) == "[[0, 1, ..., 7, 8], ..., [18, 19, ..., 25, 26]]"


def test_places_at_no_equal_steps_are_written_out() -> None:
    z = sg.Variable([1.0, 2.0, 3.0, 4.0], name="z")
    assert expressions(sg.nn.cross_entropy(z, 2))[0] == "z[[2, 0, 1, 3]]"
    letters = sg.nn.Embedding(2, 2)
    assert expressions(letters([1, 0, 1]).sum())[0] == "w[[(1, 0), (1, 1), (0, 0), (0, 1), (1, 0), (1, 1)]]"


def test_a_vector_can_be_labelled() -> None:
    v = sg.Variable([1.0, 2.0], name="v")
    h = v * 2.0
    h.label = "h"
    assert (h.label, v.label, (v * 1.0).label) == ("h", "v", None)
    assert [*Graph([(h + 1.0).sum()]).names.values()] == ["v", "h", "v1", "v2"]
    live = sg.Vector([v[0], v[1]])
    live.label = "live"
    v.assign([3.0, 4.0])
    assert (live.label, live.tolist()) == ("live", [3.0, 4.0])
