"""Where the nodes of a layered graph go."""

from __future__ import annotations

from itertools import combinations, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scalargrad.graph import layout
from scalargrad.graph.layout import crossings, layered_layout, place_texts, point_on, spread_column


@st.composite
def layered_graphs(draw: st.DrawFn) -> tuple[list[tuple[int, int]], list[int]]:
    """Edges between nodes in layers, each to a later layer."""
    layers = sorted(draw(st.lists(st.integers(0, 5), min_size=2, max_size=14)))
    layers = [sorted({*layers}).index(layer) for layer in layers]
    pairs = [(a, b) for a, b in combinations(range(len(layers)), 2) if layers[a] < layers[b]]
    return (draw(st.lists(st.sampled_from(pairs), max_size=20)) if pairs else []), layers


@given(graph=layered_graphs())
def test_nodes_stand_in_their_layers_and_apart(graph: tuple[list[tuple[int, int]], list[int]]) -> None:
    edges, layers = graph
    heights = [1.0 + 0.1 * i for i in range(len(layers))]
    places, _ = layered_layout(edges, layers, heights)
    assert [x for x, _ in places] == layers
    for a, b in combinations(range(len(layers)), 2):
        if layers[a] == layers[b]:
            assert abs(places[a][1] - places[b][1]) >= (heights[a] + heights[b]) / 2 - 1e-9


@given(graph=layered_graphs())
def test_an_edge_passes_each_layer_once_from_its_start_to_its_end(
    graph: tuple[list[tuple[int, int]], list[int]],
) -> None:
    edges, layers = graph
    places, ways = layered_layout(edges, layers, [1.0] * len(layers))
    for (start, end), way in zip(edges, ways, strict=True):
        assert (way[0], way[-1]) == (places[start], places[end])
        assert [x for x, _ in way] == [*range(layers[start], layers[end] + 1)]


def test_two_edges_that_need_not_cross_do_not() -> None:
    places, _ = layered_layout([(0, 3), (1, 2)], [0, 0, 1, 1], [1.0] * 4)
    assert (places[0][1] > places[1][1]) == (places[3][1] > places[2][1])


def test_a_chain_is_a_straight_line() -> None:
    places, _ = layered_layout([(0, 1), (1, 2), (2, 3)], [0, 1, 2, 3], [1.0] * 4)
    assert {y for _, y in places} == {0.0}


def test_a_node_stands_at_the_mean_of_its_neighbours() -> None:
    places, _ = layered_layout([(0, 2), (1, 2)], [0, 0, 1], [1.0] * 3)
    assert places[2][1] == (places[0][1] + places[1][1]) / 2


def test_crossings_are_counted() -> None:
    assert crossings([[0, 1], [2, 3]], [[3], [2], [], []]) == 1
    assert crossings([[0, 1], [2, 3]], [[2, 3], [2, 3], [], []]) == 1
    assert crossings([[0, 1], [2, 3]], [[2], [3], [], []]) == 0


@given(wanted=st.lists(st.floats(-10, 10), min_size=1, max_size=8))
def test_a_column_is_as_near_as_can_be_to_what_is_wanted(wanted: list[float]) -> None:
    count = len(wanted)
    y = [0.0] * count
    spread_column(range(count), y, [1.0] * count, wanted)
    assert all(above - below >= 1 - 1e-9 for above, below in pairwise(y))
    # The best of all is at rest: to move any part of the column as one gains nothing.
    distance = sum((a - b) ** 2 for a, b in zip(y, wanted, strict=True))
    for first in range(count):
        for last in range(first + 1, count + 1):
            for step in (-0.01, 0.01):
                moved = [x + step if first <= i < last else x for i, x in enumerate(y)]
                if all(above - below >= 1 - 1e-9 for above, below in pairwise(moved)):
                    assert sum((a - b) ** 2 for a, b in zip(moved, wanted, strict=True)) >= distance - 1e-9


def test_nothing_takes_no_room() -> None:
    assert layered_layout([], [], []) == ([], [])


def test_a_point_of_an_edge_goes_from_its_start_to_its_end_and_is_level_at_both() -> None:
    assert [point_on((1.0, 2.0), (5.0, -2.0), t) for t in (0.0, 0.5, 1.0)] == [(1.0, 2.0), (3.0, 0.0), (5.0, -2.0)]
    for t in (1e-4, 1 - 1e-4):
        (x, y), (end_x, end_y) = point_on((0.0, 0.0), (1.0, 1.0), t), (round(t), round(t))
        assert abs(y - end_y) < 1e-3 * abs(x - end_x)


@given(st.lists(st.integers(-3, 3), min_size=1, max_size=4, unique=True), st.floats(0.2, 0.8))
def test_texts_stand_on_their_edges_and_apart_where_there_is_room(ends: list[int], width: float) -> None:
    ways = [[(0.0, float(y)), (3.0, 0.3 * i)] for i, y in enumerate(sorted(ends))]
    places = place_texts(ways, [width] * len(ways), 0.1, [(2.8, 3.4, -0.5, 1.5)])
    for way, place in zip(ways, places, strict=True):
        assert min(abs(x - place[0]) + abs(y - place[1]) for x, y in curve(*way)) < 0.05
        assert place[0] + width / 2 <= 2.8
    for (x, y), (other_x, other_y) in combinations(places, 2):
        assert abs(x - other_x) >= width or abs(y - other_y) >= 0.1


@given(graph=layered_graphs(), width=st.floats(0.2, 1.5))
def test_texts_stand_where_they_would_if_every_edge_was_looked_at(
    graph: tuple[list[tuple[int, int]], list[int]], width: float
) -> None:
    edges, layers = graph
    _, ways = layered_layout(edges, layers, [0.4] * len(layers))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(layout, "overlap", lambda *boxes: True)
        expected = place_texts(ways, [width] * len(ways), 0.15, [])
    assert place_texts(ways, [width] * len(ways), 0.15, []) == expected


def curve(start: tuple[float, float], end: tuple[float, float]) -> list[tuple[float, float]]:
    return [point_on(start, end, i / 100) for i in range(101)]
