"""The picture of a computation graph: what stands where, and how it is drawn on matplotlib's axes."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

from ..engine.value import Value
from .formulas import short_number
from .graph import Graph, operation_name, shown_operands
from .layout import layered_layout, place_texts

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from typing import Any

    from matplotlib.axes import Axes

MOST_NODES, MOST_EDGES = 80, 800
MOST_STEPS = 12  # from left to right, or else the picture is a strip
MOST_ROWS = 20
MOST_INPUTS = 8  # of an operation in a picture that is too large
FEW_CELLS, FEW_LEAVES = 4, 2  # in so few folded operations so many leaves of each show
ENDS = 2  # how many operations of a long chain show at either end
# Okabe and Ito's colours, which all eyes tell apart, with tints to write on: fill and line of each kind of box.
INK, EDGE, FIRING = "#1a1a1a", "#808080", "#d55e00"
COLOURS = {
    "leaf": ("#d6eaf6", "#0072b2"),
    "value": ("#f2f2f2", "#6b6b6b"),
    "target": ("#fbe3cf", "#d55e00"),
    "operation": ("#ffffff", INK),
}
BOX = 1.25, 0.62  # inches
GAP, WIDE_GAP = 0.45, 1.05  # between operands and operations, the wide one for texts on the edges


class Cell:
    """An operation with its result, as it is drawn: one node, or one that others are folded into.

    `inputs` are what an edge comes from, each by its place among the operands; of a folded operation by any number.
    """

    def __init__(self, node: Value) -> None:
        self.node = node
        self.names = {operation_name(node): 1}  # with how many of each
        self.inputs: dict[int, Any] = dict(enumerate(shown_operands(node)))
        self.hidden = 0  # how many operands that nothing else uses do not show

    @property
    def is_folded(self) -> bool:
        return sum(self.names.values()) > 1

    @property
    def text(self) -> str:
        names = [name if count == 1 else f"{count:,} {name}" for name, count in self.names.items()]
        shown = ", ".join(names) if len(names) <= 3 else f"{sum(self.names.values()):,} operations"
        inputs = f"{'more ' if self.inputs else ''}input{'s' * (self.hidden != 1)}"
        return f"{shown}\n{self.hidden} {inputs}" if self.hidden else shown

    def hide(self, uses: Mapping[Value, int], few: int) -> None:
        """Hide constants and the leaves that nothing else uses, but for a few."""
        own = [i for i, x in self.inputs.items() if not isinstance(x, Value) or (not x.operation and uses[x] == 1)]
        for i in own[few:]:
            del self.inputs[i]
        self.hidden = len(own[few:])


def cells_of(graph: Graph) -> dict[Value, Cell]:
    """The operations of a graph. If there are too many, some are folded, and leaves are hidden.

    Raises ValueError if there are too many still.
    """
    for fold in (None, nothing, middles, chains, everything):
        cells = {x: Cell(x) for x in graph.computed}
        if fold is not None:
            fold_cells(cells, graph, fold(cells, users_of(cells)))
            uses = uses_of(cells)
            few = FEW_LEAVES if len(cells) <= FEW_CELLS else 0
            for cell in cells.values():
                if len(cell.inputs) > (FEW_LEAVES if cell.is_folded else MOST_INPUTS):
                    cell.hide(uses, few if cell.is_folded else FEW_LEAVES)
        if fits(cells, graph, room=2 if fold is everything else 1):  # nothing smaller comes after that
            return cells
    raise ValueError(
        f"a graph of {len(graph.computed) + len(graph.leaves):,} nodes is too large for a picture, also with what is "
        "used once folded into its use; draw the graph of a part of it, such as one of its parents, or give "
        "to_dot(value) to Graphviz"
    )


def fits(cells: Mapping[Value, Cell], graph: Graph, room: int) -> bool:
    """Whether a picture of these can be read; there may be `room` times as many steps and rows as should be."""
    if sum(len(cell.inputs) for cell in cells.values()) > MOST_EDGES:
        return False
    _, layers = connect(cells, graph)
    nodes = sum(not isinstance(x, tuple) or x[1] != "operation" for x in layers)
    steps, rows = max(layers.values()) / 2, max(Counter(layers.values()).values())
    return nodes <= MOST_NODES and steps <= room * MOST_STEPS and rows <= room * MOST_ROWS


def uses_of(cells: Mapping[Value, Cell]) -> Counter[Value]:
    """How many operations use each value."""
    return Counter(x for cell in cells.values() for x in {x for x in cell.inputs.values() if isinstance(x, Value)})


def users_of(cells: Mapping[Value, Cell]) -> dict[Value, Value]:
    """For each computed value without a label that a single operation uses, the result of that."""
    uses = uses_of(cells)
    return {
        x: node
        for node, cell in cells.items()
        for x in cell.inputs.values()
        if x in cells and uses[x] == 1 and x.label is None
    }


def nothing(_cells: Mapping[Value, Cell], _users: Mapping[Value, Value]) -> Collection[Value]:
    return ()


def everything(_cells: Mapping[Value, Cell], users: Mapping[Value, Value]) -> Collection[Value]:
    return users


def chains(cells: Mapping[Value, Cell], users: Mapping[Value, Value]) -> Collection[Value]:
    """What is the only computed operand, as in a neuron: an activation of a sum of a dot product."""
    return {x for x, node in users.items() if sum(y in cells for y in {*cells[node].inputs.values()}) == 1}


def middles(cells: Mapping[Value, Cell], users: Mapping[Value, Value]) -> Collection[Value]:
    """What stands in a chain with others before it and behind it, so that its ends show."""
    linked = chains(cells, users)
    links = {x: users[x] for x in cells if x in linked}
    before: dict[Value, int] = {}
    after: dict[Value, int] = {}
    for x, node in links.items():
        before[node] = before.get(x, 0) + 1
    for x, node in reversed(links.items()):
        after[x] = after.get(node, 0) + 1
    return {x for x, node in links.items() if before.get(x, 0) >= ENDS and after.get(node, 0) >= ENDS}


def fold_cells(cells: dict[Value, Cell], graph: Graph, folded: Collection[Value]) -> None:
    """Fold some operations into those that use them."""
    merged: dict[Value, dict[Value, None]] = {}
    for cell in [*cells.values()]:
        inputs: dict[Value, None] = {}
        names: dict[str, int] = {}
        for x in dict.fromkeys(cell.inputs.values()):
            if x in folded:
                found = merged.pop(x)
                if len(found) > len(inputs):  # so that a long chain costs no more than its length
                    inputs, found = found, inputs
                inputs.update(found)
                for name, count in cells.pop(x).names.items():
                    names[name] = names.get(name, 0) + count
            elif x in graph.names:
                inputs[x] = None
        for name in cell.names:
            names[name] = names.get(name, 0) + 1
        merged[cell.node] = inputs
        cell.names = names
    for node, cell in cells.items():
        if cell.is_folded:
            cell.inputs = dict(enumerate(merged[node]))


def connect(cells: Mapping[Value, Cell], graph: Graph) -> tuple[list[tuple[Any, Any, int]], dict[Any, int]]:
    """The edges, and the layers of all things: values in the even ones, operations in the odd ones."""
    edges: list[tuple[Any, Any, int]] = []
    layers: dict[Any, int] = {}
    for node, cell in cells.items():
        deepest = max([layers[x] for x in cell.inputs.values() if x in layers], default=0)
        layers[node, "operation"], layers[node] = deepest + 1, deepest + 2
    for node, cell in cells.items():
        operation = node, "operation"
        for i, x in cell.inputs.items():
            thing = x if x in graph.names else (node, i)
            if thing not in layers or layers[thing] >= layers[operation]:  # a leaf, as late as it can be
                layers[thing] = layers[operation] - 1
            edges.append((thing, operation, i))
        edges.append((operation, node, 0))
    for target in graph.targets:
        layers.setdefault(target, 0)
    return edges, layers


class Picture:
    """What stands where: values as boxes, operations as circles between them, and edges from left to right.

    `places` are the centres of things: of a value, of the operation `(node, "operation")`, and of the constant
    `(node, i)` that is the i-th operand of a node. `edges` are ways from operands, `(operand, operation, i)`, and on to
    results, `(operation, node, 0)`. All lengths are in inches.
    """

    def __init__(self, graph: Graph, gap: float = GAP, note: str = "") -> None:
        self.graph = graph
        self.note = note  # a line below all else
        self.cells = cells_of(graph)
        edges, layers = connect(self.cells, graph)
        things = [*layers]
        at = {thing: i for i, thing in enumerate(things)}
        heights = [{"operation": 0.62, "constant": 0.4}.get(self.kind(x), 0.85) for x in things]
        places, ways = layered_layout([(at[a], at[b]) for a, b, _ in edges], [layers[x] for x in things], heights)
        widest = [0.0] * (1 + max(layers.values()))
        for thing, layer in layers.items():
            widest[layer] = max(widest[layer], self.half_width(thing))
        across = [widest[0]]
        for i, (left, right) in enumerate(pairwise(widest)):
            across.append(across[-1] + left + (GAP if i % 2 else gap) + right)
        self.places = {thing: (across[int(layer)], y) for thing, (layer, y) in zip(things, places)}
        self.edges = {}
        for edge, ((_, y0), *between, (_, y1)) in zip(edges, ways):
            # It crosses the columns between level, or else it would run through the corners of their boxes.
            crossing = [(across[int(layer)] + side * widest[int(layer)], y) for layer, y in between for side in (-1, 1)]
            self.edges[edge] = [(self.places[edge[0]][0], y0), *crossing, (self.places[edge[1]][0], y1)]
        arriving: dict[Any, list[list[tuple[float, float]]]] = {}
        for (_, end, _), way in self.edges.items():
            arriving.setdefault(end, []).append(way)
        for same in arriving.values():  # one below the other, so that texts on them do not meet
            for i, way in enumerate(sorted(same, key=lambda way: -way[-2][1])):
                way[-1] = way[-1][0], way[-1][1] + ((len(same) - 1) / 2 - i) * min(0.3, 0.36 / max(1, len(same) - 1))
        ys = [y for _, y in self.places.values()] + [y for way in self.edges.values() for _, y in way]
        self.limits = -0.1, across[-1] + widest[-1] + 0.1, min(ys) - (0.7 if note else 0.45), max(ys) + 0.45

    @property
    def size(self) -> tuple[float, float]:
        """Its width and its height."""
        left, right, bottom, top = self.limits
        return right - left, top - bottom

    def kind(self, thing: Any) -> str:
        """What a thing is drawn as: leaf, value, target, operation or constant."""
        if isinstance(thing, tuple):
            return "operation" if thing[1] == "operation" else "constant"
        return "target" if any(thing is x for x in self.graph.targets) else "value" if thing.operation else "leaf"

    def text(self, thing: Any) -> str:
        """What is written on a thing, without its gradient."""
        kind = self.kind(thing)
        if kind == "operation":
            return self.cells[thing[0]].text
        if kind == "constant":
            return self.graph.name(self.cells[thing[0]].inputs[thing[1]])
        return f"{self.graph.names[thing]}\n{short(thing.data)}"

    def half_width(self, thing: Any) -> float:
        kind = self.kind(thing)
        if kind in ("constant", "operation"):
            half = 0.05 * max(map(len, self.text(thing).splitlines())) + 0.08
            return half if kind == "constant" else max(0.22, half)
        return BOX[0] / 2

    def draw(
        self,
        ax: Axes,
        gradients: Mapping[Value, Any],
        flows: Mapping[tuple[Any, Any, int], str],
        firing: Value | None = None,
    ) -> None:
        """Draw it, with gradients in the boxes and texts on edges.

        A node that fires is in colour, with the way back from it: its edges with texts are arrows from the operation
        to the operands.
        """
        from matplotlib.patches import FancyBboxPatch

        left, right, bottom, top = self.limits
        ax.set(xlim=(left, right), ylim=(bottom, top), aspect="equal")
        ax.set_axis_off()
        pixels, dpi = ax.get_window_extent(), ax.figure.dpi
        scale = min(pixels.width / dpi / (right - left), pixels.height / dpi / (top - bottom))
        ways = [self._from_side_to_side(*edge[:2], way) for edge, way in self.edges.items()]
        texts = [flows.get(edge, "") for edge in self.edges]
        boxes = {thing: self._box(thing) for thing in self.places}
        places = place_texts(ways, [0.068 * len(text) for text in texts], 0.15, [*boxes.values()])
        for edge, way, text, at in zip(self.edges, ways, texts, places):
            _, end, _ = edge
            is_lit = firing is not None and (edge in flows or end is firing)
            head = "-" if end is firing or self.kind(end) != "operation" else "-|>"
            self._draw_edge(ax, way[::-1] if is_lit else way, head, 9 * scale, text, at, is_lit)
        for thing, (x, y) in self.places.items():
            kind, text = self.kind(thing), self.text(thing)
            fires = firing is not None and (thing[0] if kind == "operation" else thing) is firing
            if thing in gradients:
                text += f"\ngrad {short(gradients[thing])}"
            if kind != "constant":
                fill, line = COLOURS[kind]
                left, right, bottom, top = boxes[thing]
                patch = FancyBboxPatch(
                    (left, bottom),
                    right - left,
                    top - bottom,
                    boxstyle=f"round,pad=0,rounding_size={0.22 if kind == 'operation' else 0.08}",
                    facecolor=fill,
                    edgecolor=FIRING if fires else line,
                    linewidth=(2.5 if fires else 1) * scale,
                    zorder=2,
                )
                ax.add_patch(patch)
            colour = EDGE if kind == "constant" else INK
            style: Any = {"ha": "center", "va": "center", "parse_math": False}  # a label may have a dollar
            size = 13 if kind == "operation" and len(text) <= 2 else 9
            ax.text(x, y, text, size=size * scale, color=colour, linespacing=1.15, zorder=3, **style)
        if self.note:
            left, _, bottom, _ = self.limits
            ax.text(left + 0.1, bottom + 0.12, self.note, size=9 * scale, color=EDGE)

    def _box(self, thing: Any) -> tuple[float, float, float, float]:
        """The left, right, bottom and top of a thing."""
        (x, y), half = self.places[thing], self.half_width(thing)
        up = {"operation": 0.22, "constant": 0.1}.get(self.kind(thing), BOX[1] / 2)
        return x - half, x + half, y - up, y + up

    def _from_side_to_side(self, start: Any, end: Any, way: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
        """The way of an edge from the right side of a thing to the left side of another."""
        (x0, y0), *between, (x1, y1) = way
        return [(x0 + self.half_width(start), y0), *between, (x1 - self.half_width(end), y1)]

    def _draw_edge(
        self,
        ax: Axes,
        points: Sequence[tuple[float, float]],
        style: str,
        size: float,
        text: str,
        at: tuple[float, float],
        is_lit: bool,
    ) -> None:
        from matplotlib.patches import FancyArrowPatch
        from matplotlib.path import Path

        vertices, codes = [points[0]], [Path.MOVETO]
        for (x0, y0), (x1, y1) in pairwise(points):
            middle = (x0 + x1) / 2
            vertices += [(middle, y0), (middle, y1), (x1, y1)]
            codes += [Path.CURVE4] * 3
        colour = FIRING if is_lit else EDGE
        arrow = FancyArrowPatch(
            path=Path(vertices, codes),
            arrowstyle=style,
            mutation_scale=size,
            color=colour,
            linewidth=size * (0.2 if is_lit else 0.11),
            zorder=1,
        )
        ax.add_patch(arrow)
        if text:
            paper = {"boxstyle": "round,pad=0.15", "facecolor": "white", "edgecolor": "none", "alpha": 0.9}
            shade = FIRING if is_lit else INK
            ax.text(*at, text, size=0.85 * size, color=shade, ha="center", va="center", bbox=paper, zorder=4)


def short(x: Any) -> str:
    """A number in four digits; of an exact one that is long, about what it is."""
    text = f"{x:z.4g}" if isinstance(x, (float, int)) else short_number(x)
    return text if len(text) <= 12 else f"≈ {float(x):.4g}"
