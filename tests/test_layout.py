"""Where the nodes of a layered graph go."""

from __future__ import annotations

from itertools import combinations, pairwise

from hypothesis import given
from hypothesis import strategies as st

from scalargrad.layout import crossings, layered_layout, spread


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
    spread(range(count), y, [1.0] * count, wanted)
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
