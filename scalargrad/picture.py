"""The picture of a computation graph: what stands where, and how it is drawn on matplotlib's axes."""

from __future__ import annotations

from itertools import pairwise

from .formulas import number
from .graph import Graph, operands_of
from .layout import layered_layout
from .value import Value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
    from typing import Any

    from matplotlib.axes import Axes

MOST_NODES = 80
MOST_STEPS = 16  # from left to right, or else the picture is a strip
FEW_LEAVES = 2  # of a folded operation, which show
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
    """An operation with its result, as it is drawn: one node, or one that others are folded into."""

    def __init__(self, node: Value) -> None:
        self.node = node
        self.names = {node._operation.symbol or node._operation.name: 1}  # with how many of each
        self.inputs: Sequence[Any] = operands_of(node)
        self.hidden = 0  # how many leaves that nothing else uses do not show

    @property
    def is_folded(self) -> bool:
        return sum(self.names.values()) > 1

    @property
    def text(self) -> str:
        names = [name if count == 1 else f"{count:,} {name}" for name, count in self.names.items()]
        shown = ", ".join(names) if len(names) <= 3 else f"{sum(self.names.values()):,} operations"
        return f"{shown}\n{self.hidden} more leaves" if self.hidden else shown


def cells_of(graph: Graph) -> list[Cell]:
    """The operations of a graph. If there are too many, chains are folded, or else all that is used once.

    Raises ValueError if there are too many still.
    """
    for fold in (None, is_chain, everything):
        cells = {x: Cell(x) for x in graph.computed}
        if fold is not None:
            fold_cells(cells, graph, fold)
        shown = {x for cell in cells.values() for x in cell.inputs if isinstance(x, Value)}
        if len(shown | {*cells}) <= MOST_NODES and (depth_of(cells) <= MOST_STEPS or fold is everything):
            return [*cells.values()]
    raise ValueError(
        f"a graph of {len(graph.computed) + len(graph.leaves):,} nodes is too large for a picture, also with what is "
        "used once folded into its use; draw the graph of a part of it, such as one of its parents, or give "
        "to_dot(value) to Graphviz"
    )


def depth_of(cells: dict[Value, Cell]) -> int:
    """How many operations the longest way passes."""
    depths: dict[Value, int] = {}
    for node, cell in cells.items():
        depths[node] = 1 + max([depths.get(x, 0) for x in cell.inputs if isinstance(x, Value)], default=0)
    return max(depths.values(), default=0)


def everything(_: Sequence[Value]) -> bool:
    return True


def is_chain(inner: Sequence[Value]) -> bool:
    """Whether there is just one computed operand, as in a neuron: an activation of a sum of a dot product."""
    return len(inner) == 1


def fold_cells(cells: dict[Value, Cell], graph: Graph, fold: Callable[[Sequence[Value]], bool]) -> None:
    """Fold operations without a label that one other uses into that, and hide the leaves of those that have many."""
    uses: dict[Value, int] = {}
    for cell in cells.values():
        for x in {x for x in cell.inputs if isinstance(x, Value)}:
            uses[x] = uses.get(x, 0) + 1
    merged: dict[Value, dict[Value, None]] = {}
    for cell in [*cells.values()]:
        folds = fold([x for x in cell.inputs if x in cells])
        inputs: dict[Value, None] = {}
        names: dict[str, int] = {}
        for x in dict.fromkeys(cell.inputs):
            if x in cells and folds and uses[x] == 1 and x.label is None:
                folded = cells.pop(x)
                found = merged.pop(x)
                if len(found) > len(inputs):  # so that a long chain costs no more than its length
                    inputs, found = found, inputs
                inputs.update(found)
                for name, count in folded.names.items():
                    names[name] = names.get(name, 0) + count
            elif x in graph.names:
                inputs[x] = None
        for name in cell.names:
            names[name] = names.get(name, 0) + 1
        merged[cell.node] = inputs
        cell.names = names
    for node, cell in cells.items():
        cell.inputs = [*merged[node]]
    for cell in cells.values():
        own = {x for x in cell.inputs if not x._operation and uses[x] == 1}
        if len(own) > FEW_LEAVES:
            cell.hidden = len(own)
            cell.inputs = [x for x in cell.inputs if x not in own]


class Picture:
    """What stands where: values as boxes, operations as circles between them, and edges from left to right.

    `places` are the centres of things: of a value, of the operation `(node, "operation")`, and of the constant
    `(node, i)` that is the i-th operand of a node. `edges` are ways from operands, `(operand, operation, i)`, and on to
    results, `(operation, node, 0)`. All lengths are in inches.
    """

    def __init__(self, graph: Graph, gap: float = GAP) -> None:
        self.graph = graph
        self.cells = {cell.node: cell for cell in cells_of(graph)}
        edges, layers = self._connect()
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
        self.edges = {edge: [(across[int(layer)], y) for layer, y in way] for edge, way in zip(edges, ways)}
        arriving: dict[Any, list[list[tuple[float, float]]]] = {}
        for (_, end, _), way in self.edges.items():
            arriving.setdefault(end, []).append(way)
        for same in arriving.values():  # one below the other, so that texts on them do not meet
            for i, way in enumerate(sorted(same, key=lambda way: -way[-2][1])):
                way[-1] = way[-1][0], way[-1][1] + ((len(same) - 1) / 2 - i) * min(0.2, 0.4 / len(same))
        ys = [y for _, y in self.places.values()] + [y for way in self.edges.values() for _, y in way]
        self.limits = -0.1, across[-1] + widest[-1] + 0.1, min(ys) - 0.45, max(ys) + 0.45

    def _connect(self) -> tuple[list[tuple[Any, Any, int]], dict[Any, int]]:
        """The edges, and the layers of all things: values in the even ones, operations in the odd ones."""
        edges: list[tuple[Any, Any, int]] = []
        layers: dict[Any, int] = {}
        for node, cell in self.cells.items():
            deepest = max([layers[x] for x in cell.inputs if x in layers], default=0)
            layers[node, "operation"], layers[node] = deepest + 1, deepest + 2
        for node, cell in self.cells.items():
            operation = node, "operation"
            for i, x in enumerate(cell.inputs):
                thing = x if x in self.graph.names else (node, i)
                if thing not in layers or layers[thing] >= layers[operation]:  # a leaf, as late as it can be
                    layers[thing] = layers[operation] - 1
                edges.append((thing, operation, i))
            edges.append((operation, node, 0))
        for target in self.graph.targets:
            layers.setdefault(target, 0)
        return edges, layers

    @property
    def size(self) -> tuple[float, float]:
        """Its width and its height."""
        left, right, bottom, top = self.limits
        return right - left, top - bottom

    def kind(self, thing: Any) -> str:
        """What a thing is drawn as: leaf, value, target, operation or constant."""
        if isinstance(thing, tuple):
            return "operation" if thing[1] == "operation" else "constant"
        return "target" if any(thing is x for x in self.graph.targets) else "value" if thing._operation else "leaf"

    def text(self, thing: Any) -> str:
        """What is written on a thing, without its gradient."""
        kind = self.kind(thing)
        if kind == "operation":
            return self.cells[thing[0]].text
        if kind == "constant":
            return self.graph.name(self.cells[thing[0]].inputs[thing[1]])
        return f"{self.graph.names[thing]}\n{short(thing._data)}"

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
        firing: Collection[Value] = (),
    ) -> None:
        """Draw it, with gradients in the boxes, texts on edges, and in colour the nodes that fire and their edges."""
        from matplotlib.patches import FancyBboxPatch

        left, right, bottom, top = self.limits
        ax.set(xlim=(left, right), ylim=(bottom, top), aspect="equal")
        ax.set_axis_off()
        pixels, dpi = ax.get_window_extent(), ax.figure.dpi
        scale = min(pixels.width / dpi / (right - left), pixels.height / dpi / (top - bottom))
        for edge, way in self.edges.items():
            self._draw_edge(ax, way, edge, 9 * scale, flows.get(edge, ""), bool(firing) and edge in flows)
        for thing, (x, y) in self.places.items():
            kind, text = self.kind(thing), self.text(thing)
            fires = (thing[0] if kind == "operation" else thing) in firing if kind != "constant" else False
            if thing in gradients:
                text += f"\ngrad {short(gradients[thing])}"
            if kind != "constant":
                fill, line = COLOURS[kind]
                half, height = self.half_width(thing), 0.44 if kind == "operation" else BOX[1]
                patch = FancyBboxPatch(
                    (x - half, y - height / 2),
                    2 * half,
                    height,
                    boxstyle=f"round,pad=0,rounding_size={0.22 if kind == 'operation' else 0.08}",
                    facecolor=fill,
                    edgecolor=FIRING if fires else line,
                    linewidth=(2.5 if fires else 1) * scale,
                    zorder=2,
                )
                ax.add_patch(patch)
            colour = EDGE if kind == "constant" else INK
            style: Any = {"ha": "center", "va": "center", "parse_math": False}  # a label may have a dollar
            ax.text(x, y, text, size=9 * scale, color=colour, linespacing=1.15, zorder=3, **style)

    def _draw_edge(
        self, ax: Axes, way: Sequence[tuple[float, float]], edge: Any, size: float, text: str, is_lit: bool
    ) -> None:
        from matplotlib.patches import FancyArrowPatch
        from matplotlib.path import Path

        start, end, _ = edge
        points = [*way]
        points[0] = points[0][0] + self.half_width(start), points[0][1]
        points[-1] = points[-1][0] - self.half_width(end), points[-1][1]
        vertices, codes = [points[0]], [Path.MOVETO]
        for (x0, y0), (x1, y1) in pairwise(points):
            middle = (x0 + x1) / 2
            vertices += [(middle, y0), (middle, y1), (x1, y1)]
            codes += [Path.CURVE4] * 3
        style = "-|>" if self.kind(end) == "operation" else "-"
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
            (x0, y0), (x1, y1) = points[-2:]
            # On the curve; a short text nearer to the operation, where edges are apart.
            x, y = (x0 + 0.648 * (x1 - x0), y0 + 0.784 * (y1 - y0)) if len(text) < 9 else ((x0 + x1) / 2, (y0 + y1) / 2)
            paper = {"boxstyle": "round,pad=0.15", "facecolor": "white", "edgecolor": "none", "alpha": 0.9}
            shade = FIRING if is_lit else INK
            ax.text(x, y, text, size=0.85 * size, color=shade, ha="center", va="center", bbox=paper, zorder=4)


def short(x: Any) -> str:
    """A number in four digits; of an exact one that is long, about what it is."""
    text = f"{x:.4g}" if isinstance(x, (float, int)) else number(x)
    return text if len(text) <= 12 else f"≈ {float(x):.4g}"
