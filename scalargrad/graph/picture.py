"""The picture of a computation graph: the places of all things, and how matplotlib's axes show them."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

from ..engine.rows import NUMBER, OPERATION
from .formulas import short_number, without_middle
from .graph import Graph, is_node, is_whole, operation_name
from .layout import layered_layout, place_texts
from .tex import TEX, set_length

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from typing import Any

    from matplotlib.axes import Axes

    from .graph import Node

    Point = tuple[float, float]
    Flows = Mapping[tuple[Any, Any, int], str]  # the texts on edges

MOST_NODES, MOST_EDGES = 80, 800
MOST_STEPS = 12  # from left to right; more would make the picture a strip
MOST_ROWS = 20
MOST_INPUTS = 8  # of an operation in a picture that is too large
FEW_WEIGHTS, LARGEST = 4, 1e300  # the fewest inputs of a folded operation drawn as a neuron; the largest weight drawn
FEW_CELLS, FEW_LEAVES = 4, 2  # with at most so many operations, each folded one shows so many leaves
# Okabe and Ito's colours, which colour-blind readers can tell apart, with tints to write on: fill and line of each box.
INK, EDGE, FIRING = "#1a1a1a", "#808080", "#d55e00"
POSITIVE, NEGATIVE = "#0072b2", "#d55e00"
WEIGHTS = "Lines into folded operations are weights: blue above 0, orange below, thicker if larger"
COLOURS = {
    "leaf": ("#d6eaf6", "#0072b2"),
    "value": ("#f2f2f2", "#6b6b6b"),
    "target": ("#fbe3cf", "#d55e00"),
    "operation": ("#ffffff", INK),
}
BOX = 1.25, 0.62  # inches
WIDE_BOX = 1.8  # for many numbers
CENTRED: Any = {"ha": "center", "va": "center"}
MOST_GAP = 2.5  # between layers of a network with many weights
GAP, WIDE_GAP = 0.35, 1.05  # between operands and operations; the wide one has room for short texts on the edges
LETTER, ARROW = 0.068, 0.6  # the width of a letter on an edge, and the length of an edge to show beside its text


class Cell:
    """An operation with its result, as it is drawn: a single node, or a node with others folded into it.

    `inputs` are the things from which edges come, keyed by their place among the operands, or just numbered if the
    operation is folded.
    """

    def __init__(self, node: Node, operands: Sequence[Any]) -> None:
        self.node = node
        self.parts = [node]  # with the nodes that are folded into it
        self.names = Counter([operation_name(node)])
        self.inputs: dict[int, Any] = dict(enumerate(operands))
        self.hidden = 0  # the number of operands that are not drawn

    @property
    def is_folded(self) -> bool:
        return self.names.total() > 1

    @property
    def text(self) -> str:
        names = [name if count == 1 else f"{count:,} {name}" for name, count in self.names.items()]
        shown = ", ".join(names) if len(names) <= 3 else f"{self.names.total():,} operations"
        inputs = f"{'more ' if self.inputs else ''}input{'s' * (self.hidden != 1)}"
        return f"{shown}\n{self.hidden} {inputs}" if self.hidden else shown


def cells_of(graph: Graph, times: int = 1) -> dict[Node, Cell]:
    """The operations of a graph; if there are too many, leaves are hidden, and if need be chains are folded.

    There may be `times` as many as fit on a figure, for a picture that scrolls.

    Raises ValueError if there are still too many.
    """
    for hides, folds in ((False, False), (True, False), (True, True)):
        cells = {x: Cell(x, graph.operands(x)) for x in graph.computed}
        if folds:
            fold_chains(cells, graph)
        if hides:
            hide_inputs(cells)
        if fits(cells, graph, times):
            return cells
    raise ValueError(
        f"a graph of {len(graph.computed) + len(graph.leaves):,} nodes is too large for a picture, even with chains of "
        "operations folded into one; draw the graph of a part of it, such as one of its parents, or give to_dot(value) "
        "to Graphviz"
    )


def fits(cells: Mapping[Node, Cell], graph: Graph, times: int) -> bool:
    """Whether a picture of these operations is small enough to read."""
    if sum(len(cell.inputs) for cell in cells.values()) > MOST_EDGES:
        return False
    _, layers = connect(cells, graph)
    nodes = sum(not isinstance(x, tuple) or x[1] != "operation" for x in layers)
    steps, rows = max(layers.values()) / 2, max(Counter(layers.values()).values())
    return nodes <= MOST_NODES * times and steps <= MOST_STEPS * times and rows <= MOST_ROWS * times


def uses_of(cells: Mapping[Node, Cell]) -> Counter[Node]:
    """The number of operations that use each value."""
    return Counter(x for cell in cells.values() for x in {x for x in cell.inputs.values() if is_node(x)})


def hide_inputs(cells: Mapping[Node, Cell]) -> None:
    """Hide constants, and leaves with a single use, at operations with many inputs, except for a few."""
    uses = uses_of(cells)
    for cell in cells.values():
        few = 0 if cell.is_folded and len(cells) > FEW_CELLS else FEW_LEAVES
        if len(cell.inputs) > (few if cell.is_folded else MOST_INPUTS):
            own = [i for i, x in cell.inputs.items() if not is_node(x) or not (x.row[OPERATION] or uses[x] > 1)]
            for i in own[few:]:
                del cell.inputs[i]
            cell.hidden = len(own[few:])


def fold_chains(cells: dict[Node, Cell], graph: Graph) -> None:
    """Fold a node into its only user if it is the only computed operand there, as in a neuron, and has no label."""
    uses = uses_of(cells)
    for node, cell in [*cells.items()]:
        computed = {x for x in cell.inputs.values() if x in cells}
        if len(computed) == 1 and uses[x := computed.pop()] == 1 and x.label is None:
            cells[node] = chain = cells.pop(x)  # the chain grows in place, so its cost is linear in its length
            chain.node = node
            chain.parts.append(node)
            chain.names.update(cell.names)
            chain.inputs.update(enumerate([each for each in cell.inputs.values() if each is not x], len(chain.inputs)))
    for cell in cells.values():
        if cell.is_folded:
            cell.inputs = dict(enumerate(dict.fromkeys([x for x in cell.inputs.values() if x in graph.names])))


def connect(cells: Mapping[Node, Cell], graph: Graph) -> tuple[list[tuple[Any, Any, int]], dict[Any, int]]:
    """The edges, and the layers of all things: values in even layers, operations in odd ones."""
    edges: list[tuple[Any, Any, int]] = []
    layers: dict[Any, int] = {}
    for node, cell in cells.items():
        deepest = max([layers[x] for x in cell.inputs.values() if x in layers], default=0)
        layers[node, "operation"], layers[node] = deepest + 1, deepest + 2
    for node, cell in cells.items():
        operation = node, "operation"
        for i, x in cell.inputs.items():
            thing = x if x in graph.names else (node, i)
            if thing not in layers or layers[thing] >= layers[operation]:  # a leaf goes as late as possible
                layers[thing] = layers[operation] - 1
            edges.append((thing, operation, i))
        edges.append((operation, node, 0))
    for target in graph.targets:
        layers.setdefault(target, 0)
    return edges, layers


def no_flows(_: Picture) -> Flows:
    """No texts on edges."""
    return {}


class Picture:
    """The places of all things: values as boxes, operations as circles between them, and edges from left to right.

    `places` are the centres of things: of a value, of the operation `(node, "operation")`, and of the constant
    `(node, i)`, the i-th operand of a node. `edges` are the ways from operands, `(operand, operation, i)`, and to
    results, `(operation, node, 0)`. All lengths are in inches.

    Args:
        graph: what to draw.
        gap: the least room between operands and operations.
        note: a line of text at the bottom.
        flows: gives the texts on edges, for which a column has room.
    """

    def __init__(
        self,
        graph: Graph,
        gap: float = GAP,
        note: str = "",
        flows: Callable[[Picture], Flows] = no_flows,
        times: int = 1,
    ) -> None:
        self.graph = graph
        self.note = note
        self.cells = cells_of(graph, times)
        self.flows = flows(self)
        edges, layers = connect(self.cells, graph)
        things = [*layers]
        at = {thing: i for i, thing in enumerate(things)}
        self.weights = self._weights(edges)
        self.heaviest = max(map(abs, self.weights.values()), default=0.0) or 1.0
        crowds = Counter(layers[end] for _, end, _ in self.weights)
        neurons = {end for _, end, _ in self.weights}  # each as high as its result, so that layers line up
        heights = [
            0.85 if x in neurons else {"operation": 0.62, "constant": 0.4}.get(self.kind(x), 0.85) for x in things
        ]
        places, ways = layered_layout([(at[a], at[b]) for a, b, _ in edges], [layers[x] for x in things], heights)
        widest = [0.0] * (1 + max(layers.values()))
        for thing, layer in layers.items():
            widest[layer] = max(widest[layer], self.half_width(thing))
        longest: dict[int, int] = {}
        for (_, end, _), text in self.flows.items():
            longest[layers[end]] = max(longest.get(layers[end], 0), len(text))
        across = [widest[0]]
        for i, (left, right) in enumerate(pairwise(widest)):
            crowded = min(MOST_GAP, GAP + 0.02 * crowds[i + 1])
            room = LETTER * longest[i + 1] + ARROW if longest.get(i + 1) else 0.0
            across.append(across[-1] + left + (GAP if i % 2 else max(gap, crowded, room)) + right)
        self.places = {thing: (across[int(layer)], y) for thing, (layer, y) in zip(things, places)}
        self.edges = {}
        for edge, ((_, y0), *between, (_, y1)) in zip(edges, ways):
            # An edge is level where it crosses a column, or it would run through the corners of the boxes there.
            crossing = [(across[int(layer)] + side * widest[int(layer)], y) for layer, y in between for side in (-1, 1)]
            self.edges[edge] = [(self.places[edge[0]][0], y0), *crossing, (self.places[edge[1]][0], y1)]
        arriving: dict[Any, list[list[Point]]] = {}
        for (_, end, _), way in self.edges.items():
            if end not in neurons:
                arriving.setdefault(end, []).append(way)
        for same in arriving.values():  # they end one below the other, so that their texts do not meet
            for i, way in enumerate(sorted(same, key=lambda way: -way[-2][1])):
                way[-1] = way[-1][0], way[-1][1] + ((len(same) - 1) / 2 - i) * min(0.3, 0.36 / max(1, len(same) - 1))
        # Thin edges are drawn first, below the thick ones.
        self.edges = dict(sorted(self.edges.items(), key=lambda item: abs(self.weights.get(item[0], 0.0))))
        if self.weights:
            self.note = ". ".join([text for text in (note, WEIGHTS) if text])
        ys = [y for _, y in self.places.values()] + [y for way in self.edges.values() for _, y in way]
        self.limits = -0.1, across[-1] + widest[-1] + 0.1, min(ys) - (0.7 if self.note else 0.45), max(ys) + 0.45

    @property
    def size(self) -> tuple[float, float]:
        """The width and the height of the picture."""
        left, right, bottom, top = self.limits
        return right - left, top - bottom

    def _weights(self, edges: Iterable[tuple[Any, Any, int]]) -> dict[tuple[Any, Any, int], float]:
        """The local derivatives of folded operations with respect to their inputs, if some have many: a network."""
        found = {}
        locals_of: dict[Node, dict[Any, list[Any]]] = {node: {} for node, cell in self.cells.items() if cell.is_folded}
        for node, of_operands in locals_of.items():
            for part in self.cells[node].parts:
                for x, local in filter(lambda pair: is_node(pair[0]), self.graph.parts[part]):
                    of_operands.setdefault(x, []).append(local)
        for start, end, i in edges:
            if isinstance(end, tuple) and end[0] in locals_of:
                numbers = locals_of[end[0]][start]
                if all(isinstance(x, (float, int)) for x in numbers) and abs(total := sum(numbers)) < LARGEST:
                    found[start, end, i] = float(total)
        return found if max(Counter(end for _, end, _ in found).values(), default=0) >= FEW_WEIGHTS else {}

    def stroke(self, edge: tuple[Any, Any, int]) -> tuple[str, float, bool]:
        """The colour and the width of an edge, and whether it is an arrow; edges into neurons show weights."""
        if edge not in self.weights:
            return EDGE, 1, self.kind(edge[1]) == "operation"
        weight = self.weights[edge]
        colour = POSITIVE if weight > 0 else NEGATIVE if weight < 0 else EDGE
        return colour, 0.3 + 2.7 * abs(weight) / self.heaviest, False

    def curve(self, edge: tuple[Any, Any, int], way: Sequence[Point]) -> tuple[list[Point], list[int]]:
        """An edge as Bezier curves; a weight is a straight line, since curves would run in one bundle."""
        if edge not in self.weights or len(way) > 2:
            return curve(way)
        (x0, y0), (x1, y1) = way
        inner = [(x0 + t * (x1 - x0), y0 + t * (y1 - y0)) for t in (0, 1 / 3, 2 / 3, 1)]
        return inner, [1, 4, 4, 4]

    def kind(self, thing: Any) -> str:
        """The kind of a thing: leaf, value, target, operation or constant."""
        if isinstance(thing, tuple):
            return "operation" if thing[1] == "operation" else "constant"
        return (
            "target"
            if any(thing is x for x in self.graph.targets)
            else "value"
            if thing in self.graph.parts
            else "leaf"
        )

    def text(self, thing: Any) -> str:
        """The text on a thing, without its gradient."""
        kind = self.kind(thing)
        if kind == "operation":
            return self.cells[thing[0]].text
        if kind == "constant":
            return self.graph.name(self.cells[thing[0]].inputs[thing[1]])
        shape = f" {thing.shape}" if is_whole(thing) else ""
        return f"{self.graph.names[thing]}{shape}\n{short(thing.row[NUMBER])}"

    def half_width(self, thing: Any) -> float:
        kind = self.kind(thing)
        if kind in ("constant", "operation"):
            half = 0.05 * max(map(len, self.text(thing).splitlines())) + 0.08
            return half if kind == "constant" else max(0.22, half)
        return max(WIDE_BOX if is_whole(thing) else BOX[0], 0.085 * set_length(self.graph.names[thing]) + 0.1) / 2

    def draw(self, ax: Axes, gradients: Mapping[Node, Any], flows: Flows, firing: Node | None = None) -> None:
        """Draw the picture, with gradients in the boxes and texts on edges.

        A firing node is in colour, with the edges back from it: those with texts are arrows from the operation to the
        operands.
        """
        from matplotlib.patches import FancyArrowPatch, FancyBboxPatch
        from matplotlib.path import Path

        left, right, bottom, top = self.limits
        ax.set(xlim=(left, right), ylim=(bottom, top), aspect="equal")
        ax.set_axis_off()
        pixels, dpi = ax.get_window_extent(), ax.figure.dpi
        scale = min(pixels.width / dpi / (right - left), pixels.height / dpi / (top - bottom))
        for edge, way, text, at in self.ways(flows):
            _, end, _ = edge
            is_lit = firing is not None and (edge in flows or end is firing)
            colour, width, is_arrow = self.stroke(edge)
            if is_lit:
                colour, width = FIRING, 1.8
            head = "-|>" if is_arrow else "-"
            path = Path(*self.curve(edge, way[::-1] if is_lit else way))
            look: Any = {"arrowstyle": head, "mutation_scale": 9 * scale, "linewidth": width * scale, "zorder": 1}
            ax.add_patch(FancyArrowPatch(path=path, color=colour, **look))
            if text:
                paper = {"boxstyle": "round,pad=0.15", "facecolor": "white", "edgecolor": "none", "alpha": 0.9}
                colour = FIRING if is_lit else INK
                small: Any = CENTRED | {"size": 7.65 * scale, "color": colour, "bbox": paper, "parse_math": False}
                ax.text(*at, text, zorder=4, **small)
        for thing, (x, y) in self.places.items():
            kind, text = self.kind(thing), self.text(thing)
            fires = firing is not None and (thing[0] if kind == "operation" else thing) is firing
            if thing in gradients:
                text += f"\ngrad {short(gradients[thing])}"
            if kind != "constant":
                fill, line = COLOURS[kind]
                left, right, bottom, top = self.box(thing)
                line, width = (FIRING, 2.5) if fires else (line, 1)
                corners = f"round,pad=0,rounding_size={0.22 if kind == 'operation' else 0.08}"
                look = {"facecolor": fill, "edgecolor": line, "linewidth": width * scale, "zorder": 2}
                patch = FancyBboxPatch((left, bottom), right - left, top - bottom, boxstyle=corners, **look)
                ax.add_patch(patch)
            colour = EDGE if kind == "constant" else INK
            size = 13 if kind == "operation" and len(text) <= 2 else 9
            letters: Any = CENTRED | {"size": size * scale, "color": colour, "linespacing": 1.15}
            ax.text(x, y, text, zorder=3, parse_math=is_tex(text), **letters)
        if self.note:
            left, _, bottom, _ = self.limits
            ax.text(left + 0.1, bottom + 0.12, self.note, size=9 * scale, color=EDGE, parse_math=False)

    def ways(self, flows: Flows) -> list[tuple[tuple[Any, Any, int], list[Point], str, Point]]:
        """Each edge with its way from box to box, its text, and the place of the text."""
        found = []
        for (start, end, _), ((x0, y0), *between, (x1, y1)) in self.edges.items():
            found.append([(x0 + self.half_width(start), y0), *between, (x1 - self.half_width(end), y1)])
        texts = [flows.get(edge, "") for edge in self.edges]
        boxes = [self.box(thing) for thing in self.places]
        places = place_texts(found, [LETTER * len(text) for text in texts], 0.15, boxes)
        return [*zip(self.edges, found, texts, places)]

    def box(self, thing: Any) -> tuple[float, float, float, float]:
        """The left, right, bottom and top edge of a thing."""
        (x, y), half = self.places[thing], self.half_width(thing)
        up = {"operation": 0.22, "constant": 0.1}.get(self.kind(thing), BOX[1] / 2)
        return x - half, x + half, y - up, y + up


def curve(points: Sequence[Point]) -> tuple[list[Point], list[int]]:
    """A smooth way through points, level at each, as vertices of cubic Bezier curves and matplotlib's codes."""
    vertices = [points[0]]
    for (x0, y0), (x1, y1) in pairwise(points):
        middle = (x0 + x1) / 2
        vertices += [(middle, y0), (middle, y1), (x1, y1)]
    return vertices, [1] + [4] * (len(vertices) - 1)  # Path.MOVETO, Path.CURVE4


def is_tex(text: str) -> bool:
    """Whether a text, such as a label, has TeX between dollars that matplotlib can read."""
    lines = [line for line in text.splitlines() if "$" in line]
    if not lines or any("$" in TEX.sub("", line) for line in lines):
        return False
    from matplotlib.mathtext import MathTextParser

    try:
        for line in lines:
            MathTextParser("path").parse(line)
    except ValueError:  # matplotlib cannot read it
        return False
    return True


def ends(x: Any) -> str:
    """The text of one of many numbers, which share a box."""
    return "-" if x is None else f"{x:z.3g}" if isinstance(x, (float, int)) else short(x)


def short(x: Any) -> str:
    """A number with four digits, a long exact number as an approximation; of many numbers the first and the last."""
    if isinstance(x, (list, tuple)):
        texts = [each if isinstance(each, str) else ends(each) for each in without_middle(x, 2, lambda _: "…")]
        return f"[{', '.join(texts)}]"
    text = f"{x:z.4g}" if isinstance(x, (float, int)) else short_number(x)
    return text if len(text) <= 12 else f"≈ {float(x):.4g}"
