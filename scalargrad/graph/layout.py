"""The layout of a layered graph: columns from left to right, few crossings, short and straight edges.

It follows Sugiyama, Tagawa and Toda (1981): layers by the longest path, order within the layers by barycenters, and
then coordinates, here by isotonic regression, which keeps the order and the distances.
"""

from __future__ import annotations

import math
from itertools import pairwise

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    Point = tuple[float, float]
    Box = tuple[float, float, float, float]  # left, right, bottom, top
    Links = Sequence[Sequence[int]]

SWEEPS = 12
PLACES = (0.7, 0.5, 0.6, 0.3, 0.4, 0.8, 0.2)  # for a text on an edge, the best first


def layered_layout(
    edges: Sequence[tuple[int, int]], layers: Sequence[int], heights: Sequence[float]
) -> tuple[list[Point], list[list[Point]]]:
    """The places of nodes in given layers, and the points on each edge.

    Args:
        edges: pairs of numbers of nodes, each from a layer to a later one.
        layers: the layer of each node; the nodes of a layer begin in the given order.
        heights: the room that each node takes; the distance of two neighbours is the mean of their heights.

    Returns:
        (layer, y) of each node, with y upward, and a list of such points for each edge, including its ends.
    """
    layer = [*layers]
    height = [*heights]
    chains: list[list[int]] = []
    for start, end in edges:  # a long edge has a place of its own in each layer that it crosses
        chain = [start]
        for between in range(layer[start] + 1, layer[end]):
            chain.append(len(layer))
            layer.append(between)
            height.append(0.3)
        chains.append([*chain, end])
    before: list[list[int]] = [[] for _ in layer]
    after: list[list[int]] = [[] for _ in layer]
    for chain in chains:
        for start, end in pairwise(chain):
            after[start].append(end)
            before[end].append(start)
    columns: list[list[int]] = [[] for _ in range(max(layer, default=-1) + 1)]
    for node, number in enumerate(layer):
        columns[number].append(node)
    columns = with_few_crossings(columns, before, after)
    y = [0.0] * len(layer)
    for column in columns:
        spread_column(column, y, height, [float(-i) for i in range(len(column))])
    for sweep in range(SWEEPS):
        for column in columns if sweep % 2 == 0 else reversed(columns):
            # Sweeps look at one side in turns, and at both sides in the end.
            near = [
                before[x] + after[x] if sweep >= SWEEPS - 2 else (after if sweep % 2 else before)[x] for x in column
            ]
            spread_column(column, y, height, [mean_of([y[i] for i in others], y[x]) for x, others in zip(column, near)])
    places = [(float(number), y[node]) for node, number in enumerate(layer)]
    return places[: len(layers)], [[places[node] for node in chain] for chain in chains]


def with_few_crossings(columns: list[list[int]], before: Links, after: Links) -> list[list[int]]:
    """The columns, each sorted by the mean places of its nodes' neighbours: the best of several sweeps."""
    best, fewest = columns, crossings(columns, after)
    for sweep in range(SWEEPS):
        columns = [[*column] for column in columns]
        order = range(1, len(columns)) if sweep % 2 == 0 else range(len(columns) - 2, -1, -1)
        for i in order:
            neighbours, fixed = (before, columns[i - 1]) if sweep % 2 == 0 else (after, columns[i + 1])
            place = {node: at for at, node in enumerate(fixed)}
            own = {node: at for at, node in enumerate(columns[i])}
            columns[i].sort(key=lambda x: mean_of([place[y] for y in neighbours[x]], own[x]))
        count = crossings(columns, after)
        if count < fewest:
            best, fewest = columns, count
    return best


def crossings(columns: Links, after: Links) -> int:
    """The number of pairs of edges that cross."""
    count = 0
    for column, following in pairwise(columns):
        place = {node: at for at, node in enumerate(following)}
        ends = [place[y] for x in column for y in sorted(after[x], key=place.__getitem__)]
        count += sum(a > b for i, a in enumerate(ends) for b in ends[i + 1 :])
    return count


def spread_column(column: Sequence[int], y: list[float], height: Sequence[float], wanted: Sequence[float]) -> None:
    """Place the nodes of a column as near as possible to the wanted places, in their order and at their distances.

    This is isotonic regression, by pooling neighbours, of the places minus the distances.
    """
    offsets = [0.0]
    for above, below in pairwise(column):
        offsets.append(offsets[-1] - (height[above] + height[below]) / 2)
    blocks: list[tuple[float, int]] = []  # the mean of nodes that touch, and their number
    for target, offset in zip(wanted, offsets):
        level, count = target - offset, 1
        while blocks and blocks[-1][0] < level:
            other, size = blocks.pop()
            level, count = (level * count + other * size) / (count + size), count + size
        blocks.append((level, count))
    levels = [level for level, count in blocks for _ in range(count)]
    for node, level, offset in zip(column, levels, offsets):
        y[node] = level + offset


def mean_of(numbers: Sequence[float], otherwise: float) -> float:
    return sum(numbers) / len(numbers) if numbers else otherwise


def point_on(start: Sequence[float], end: Sequence[float], t: float) -> Point:
    """The point at 0 <= t <= 1 of the curve between two columns, a cubic Bezier curve that is level at both ends."""
    (x0, y0), (x1, y1) = start, end
    return x0 + (1.5 * t * (1 - t) + t**3) * (x1 - x0), y0 + t * t * (3 - 2 * t) * (y1 - y0)


def place_texts(
    ways: Sequence[Sequence[Point]], widths: Sequence[float], height: float, boxes: Sequence[Box]
) -> list[Point]:
    """The centres of texts on edges, away from each other, from boxes and from other edges.

    Args:
        ways: the points on each edge.
        widths: the width of the text on each edge; 0 for none.
        height: the height of all texts.
        boxes: (left, right, bottom, top) of each box.

    Returns:
        A place on the last stretch of each edge.
    """
    steps = [i / 16 for i in range(17)]
    curves = [[point_on(a, b, t) for a, b in pairwise(way) for t in steps] for way in ways]
    extents = [(min(xs), max(xs), min(ys), max(ys)) for xs, ys in [zip(*curve) for curve in curves]]
    taken = [*boxes]
    places = []
    for way, width in zip(ways, widths):
        best = way[-1], math.inf
        for rank, t in enumerate(PLACES if width else ()):
            x, y = point_on(way[-2], way[-1], t)
            box = x - width / 2, x + width / 2, y - height / 2, y + height / 2
            beside = [(a, b) for a, b, c, d in taken if box[2] < d and c < box[3]]
            covered = sum(max(0.0, min(box[1], b) - max(box[0], a)) for a, b in beside)
            near = [curve for curve, extent in zip(curves, extents) if overlap(box, extent)]
            passing = sum(any(box[0] < a < box[1] and box[2] < b < box[3] for a, b in curve) for curve in near)
            cost = 20 * covered / width + passing + 0.1 * rank
            if cost < best[1]:
                best, own = ((x, y), cost), box
        places.append(best[0])
        if width:
            taken.append(own)
    return places


def overlap(first: Box, second: Box) -> bool:
    """Whether two boxes have more in common than an edge."""
    left, right, bottom, top = first
    return left < second[1] and second[0] < right and bottom < second[3] and second[2] < top
