"""Pictures: of a computation graph, of its backward pass step by step, of functions, descents, trainings and classes.

As matplotlib has it, a function draws on the axes that it is given, or on a figure of its own, and returns the axes; it
shows nothing by itself. It needs matplotlib: pip install matplotlib. The graph as text for Graphviz or Mermaid needs
nothing.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from io import StringIO
from pathlib import Path
from reprlib import repr as brief
from textwrap import fill

from .curves import (
    CORNERS,
    class_places,
    emptiest_corner,
    fields_of,
    finite,
    jumps,
    label_places,
    legend_text,
    numbers_of,
    padded,
    pairs_of,
    reach,
    require_count,
    round_levels,
    scores_of,
)
from .graph import Graph, graph_of, operands_of, operation_name, printable
from .nodes import number_of
from .picture import GAP, WIDE_GAP, Picture, short
from .recording import no_grad
from .refusals import plural
from .registry import require_callable, require_flag, require_number
from .transforms import derivative
from .value import Value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from matplotlib.animation import FuncAnimation
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Okabe and Ito's colours, which all eyes tell apart, in an order that a grey print tells apart, too.
LINES = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00"]
DASHES: list[Any] = ["-", "--", "-.", (0, (1, 1)), (0, (5, 1, 1, 1, 1, 1)), (0, (3, 2))]
GRID: Any = {"color": "0.5", "alpha": 0.25}  # on white paper and on black


def new_figure(width: float, height: float) -> Figure:
    """A figure of pyplot's, in inches. Raises ModuleNotFoundError where matplotlib is missing."""
    try:
        from matplotlib import pyplot
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            f"pictures need matplotlib, and there is no {error.name}: pip install matplotlib", name=error.name
        ) from None
    return pyplot.figure(figsize=(width, height))


def axes_of(ax: Axes | None, width: float = 6.4, height: float = 4.4) -> Axes:
    """The axes to draw on: those given, or new ones with a light frame."""
    if ax is None:
        figure = new_figure(width, height)
        figure.set_layout_engine("constrained")
        ax = figure.subplots()
    ax.spines[["top", "right"]].set_visible(False)
    ax.set_axisbelow(True)
    return ax


# ---- Graphs ----------------------------------------------------------------------------------------------------------


def graph(value: Any, *, local_derivatives: bool = False, gradients: bool = False, ax: Axes | None = None) -> Axes:
    """The computation graph from left to right: values with their `grad`, and the operations between them.

    Before `backward()` each `grad` is 0, and the picture says so.

    Up to 80 nodes, of them 12 operations one after the other and 20 nodes one above the other, each is drawn. Of more,
    operations are folded into one, with how many there are of each and how many inputs do not show: the middles of long
    chains, or chains such as neurons, or all that is used once.

    Args:
        value: a Value, or a Vector or list of Values.
        local_derivatives: whether to write the local derivative on each edge, but for those of folded operations; a
            custom gradient has none and shows `?`.
        gradients: whether to carry the gradient of `value` back for the picture, and show d(value)/d(node) in the place
            of each `grad`, which stays as it is; of several values there is none to show.
        ax: where to draw; without it on a new figure, of the size that the graph needs.

    Returns:
        The axes.

    Raises:
        TypeError: `value` is none, or `local_derivatives` or `gradients` is no truth value.
        ValueError: the graph is too large to be read as a picture.
        ModuleNotFoundError: matplotlib is missing.

    >>> from matplotlib.figure import Figure
    >>> x = Value(2.0, label="x")
    >>> y = x * x
    >>> y.backward()
    >>> ax = graph(y, ax=Figure().subplots())
    >>> [text.get_text().split() for text in ax.texts]
    [['*'], ['v1', '4', 'grad', '1'], ['x', '2', 'grad', '4']]
    """
    require_flag("local_derivatives", local_derivatives)
    require_flag("gradients", gradients)
    shown = graph_of(value)
    found, note = shown.gradients(gradients)
    picture = Picture(shown, WIDE_GAP if local_derivatives else GAP, note)
    flows = {}
    if local_derivatives:
        for node, cell in picture.cells.items():
            for i, _, local, _ in () if cell.is_folded else shown.edges(node):
                if i in cell.inputs:
                    flows[place_of(picture, node, i), (node, "operation"), i] = (
                        short(local) if local is not None else "?"
                    )
    ax = ax if ax is not None else graph_axes(picture)
    picture.draw(ax, found, flows)
    return ax


def place_of(picture: Picture, node: Value, i: int) -> Any:
    """The thing that an operand of a node is drawn as."""
    operand = picture.cells[node].inputs[i]
    return operand if operand in picture.graph.names else (node, i)


def graph_axes(picture: Picture, above: float = 0.4) -> Axes:
    """New axes of the size of a picture, with some inches above for a title."""
    width, height = picture.size
    return new_figure(width, height + above).add_axes((0, 0, 1, height / (height + above)))


def as_svg(value: Any) -> str:
    """The picture of `graph` as SVG, drawn without pyplot, which would show it a second time in a notebook."""
    from matplotlib.figure import Figure

    shown = graph_of(value)
    found, note = shown.gradients(False)
    picture = Picture(shown, note=note)
    figure = Figure(figsize=picture.size)
    picture.draw(figure.add_axes((0, 0, 1, 1)), found, {})
    text = StringIO()
    figure.savefig(text, format="svg", metadata={"Date": None}, transparent=True)
    return text.getvalue()


def to_dot(value: Any, *, gradients: bool = False) -> str:
    r"""The graph in Graphviz's language: render it with `dot -Tsvg`.

    Args:
        value: a Value, or a Vector or list of Values.
        gradients: whether to show d(value)/d(node), as in `graph`, and not each node's own `grad`.

    Raises TypeError if `value` is none, or `gradients` is no truth value.

    >>> x = Value(2.0, label="x")
    >>> print(to_dot(x * x, gradients=True))
    digraph {
      rankdir=LR; node [fontname="sans-serif", fontsize=10];
      n0 [shape=box, label="x\n2.0\ngrad 4.0"];
      n1 [shape=box, label="v1\n4.0\ngrad 1.0"];
      o1 [shape=ellipse, label="*"];
      o1 -> n1;
      n0 -> o1;
      n0 -> o1;
    }
    """
    lines = ["digraph {", '  rankdir=LR; node [fontname="sans-serif", fontsize=10];']
    found, note = text_graph(value, gradients)
    if note:
        lines.append(f'  label="{note}";')
    for kind, name, text in found:
        if kind == "edge":
            lines.append(f"  {name} -> {text};")
        else:
            shape = {"value": "box", "operation": "ellipse", "constant": "plaintext"}[kind]
            quoted = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("&", "&amp;")
            lines.append(f'  {name} [shape={shape}, label="{quoted}"];')
    return "\n".join([*lines, "}"])


def to_mermaid(value: Any, *, gradients: bool = False) -> str:
    """The graph in Mermaid's language, which Markdown shows on many sites between ```mermaid fences.

    Args:
        value: a Value, or a Vector or list of Values.
        gradients: whether to show d(value)/d(node), as in `graph`, and not each node's own `grad`.

    Raises TypeError if `value` is none, or `gradients` is no truth value.

    >>> x = Value(2.0, label="x")
    >>> print(to_mermaid(-x))
    ---
    title: Before backward() each grad is 0
    ---
    flowchart LR
      n0["x<br>2.0<br>grad 0.0"]
      n1["v1<br>-2.0<br>grad 0.0"]
      o1(("-"))
      o1 --> n1
      n0 --> o1
    """
    found, note = text_graph(value, gradients)
    lines = ["---", f"title: {note}", "---"] if note else []
    lines.append("flowchart LR")
    for kind, name, text in found:
        if kind == "edge":
            lines.append(f"  {name} --> {text}")
        else:
            left, right = {"value": ("[", "]"), "operation": ("((", "))"), "constant": ("([", "])")}[kind]
            quoted = "".join(x if x.isalnum() or x in " ._-+\n" else f"#{ord(x)};" for x in text).replace("\n", "<br>")
            lines.append(f'  {name}{left}"{quoted}"{right}')
    return "\n".join(lines)


def text_graph(value: Any, gradients: bool) -> tuple[list[tuple[str, str, str]], str]:
    """The graph as (kind, name, text) of nodes, and ("edge", from, to); and a note on its gradients."""
    require_flag("gradients", gradients)
    shown = graph_of(value)
    of_nodes, note = shown.gradients(gradients)
    found: list[tuple[str, str, str]] = []
    at = {node: i for i, node in enumerate((*shown.leaves, *shown.computed))}
    for node, i in at.items():
        gradient = f"\ngrad {of_nodes[node]!r}" if node in of_nodes else ""
        found.append(("value", f"n{i}", f"{shown.names[node]}\n{node._data!r}{gradient}"))
    for node in shown.computed:
        operation = f"o{at[node]}"
        found.append(("operation", operation, operation_name(node)))
        found.append(("edge", operation, f"n{at[node]}"))
        for k, x in enumerate(operands_of(node)):
            name = f"n{at[x]}" if x in at else f"c{at[node]}_{k}"
            if x not in at:
                found.append(("constant", name, repr(number_of(x))))
            found.append(("edge", name, operation))
    return found, note


# ---- The backward pass -----------------------------------------------------------------------------------------------


class Frames(Sequence["Axes"]):
    """The reverse sweep as pictures, each drawn when it is asked for: see `backward_frames`."""

    def __init__(self, graph: Graph, ax: Axes | None) -> None:
        self.graph = graph
        self.picture = Picture(graph, 1.5 * WIDE_GAP)
        if any(cell.is_folded or cell.hidden for cell in self.picture.cells.values()):
            raise ValueError(
                f"a graph of {len(graph.computed) + len(graph.leaves):,} nodes is too large, or too deep, to be read "
                "step by step; draw the frames of a part of it, such as one of its parents, or print explain(value)"
            )
        self.steps = [node for node in reversed(graph.computed) if node in graph.adjoints]
        self._ax = ax

    @property
    def ax(self) -> Axes:
        """The axes that all frames are drawn on."""
        if self._ax is None:
            lines = max(len(self._title(i, self.picture.size[0]).splitlines()) for i in range(len(self)))
            self._ax = graph_axes(self.picture, above=0.2 + 0.2 * lines)
        return self._ax

    def _title(self, index: int, width: float) -> str:
        """What a frame is called, in lines that fit into so many inches."""
        target = self.graph.names[self.graph.targets[0]]
        if index == 0:
            title = f"Backward, from d{target}/d{target} = {short(self.graph.adjoints[self.graph.targets[0]])}"
        elif index <= len(self.steps):
            node = self.steps[index - 1]
            step = f"{self.graph.names[node]} = {self.graph.expression(node)}"
            title = f"Step {index} of {len(self.steps)}: {step} passes on"
        else:
            title = f"The gradient of {target}"
        return fill(title, max(20, int(10 * width)))

    def __len__(self) -> int:
        return len(self.steps) + 2

    def __getitem__(self, index: Any) -> Any:
        """Draw a frame: the seed, a step, or at last the gradients. Returns the axes."""
        if not hasattr(index, "__index__") or not -len(self) <= index < len(self):
            raise IndexError(f"expected the number of one of {len(self)} frames, got {index!r}")
        index = index.__index__() % len(self)
        graph, (target,) = self.graph, self.graph.targets
        so_far: dict[Value, Any] = {target: graph.adjoints[target]}
        flows: dict[Any, str] = {}
        for node in self.steps[:index]:
            flows = {}
            locals_at = {i: local for i, _, local, _ in graph.edges(node)}
            for i, x, term in graph.terms(node):
                so_far[x] = so_far[x] + term if x in so_far else term
                local = locals_at[i]
                product = "pullback" if local is None else f"{short(graph.adjoints[node])} * {short(local)}"
                flows[place_of(self.picture, node, i), (node, "operation"), i] = f"{product} = {short(term)}"
        firing = self.steps[index - 1] if 0 < index <= len(self.steps) else None
        self.ax.clear()
        self.picture.draw(self.ax, so_far, flows if firing is not None else {}, firing)
        width = self.ax.get_window_extent().width / self.ax.figure.dpi
        self.ax.set_title(self._title(index, width), fontsize=11, parse_math=False)
        return self.ax

    def animation(self, seconds: float = 1.5) -> FuncAnimation:
        """All frames as an animation of matplotlib's, each shown for some seconds."""
        from matplotlib.animation import FuncAnimation

        figure: Any = self.ax.get_figure()
        return FuncAnimation(figure, lambda i: [self[i]], frames=len(self), interval=1000 * seconds, blit=False)

    def save(self, path: str | Path, seconds: float = 1.5) -> list[Path]:
        """Save them: as one file for a name in .gif or .html, else as one picture a frame, numbered.

        Returns the paths of the files. Raises ValueError if `seconds` is not above 0, or for another kind of file that
        matplotlib does not know.
        """
        from matplotlib.backend_bases import FigureCanvasBase

        require_number("seconds", seconds, lambda x: 0 < x < math.inf, "a time above 0")
        path = Path(path)
        kind = path.suffix.lower()
        if kind == ".gif":
            self.animation(seconds).save(path, writer="pillow")
            return [path]
        if kind in (".html", ".htm"):
            path.write_text(self.animation(seconds).to_jshtml(), encoding="utf-8")
            return [path]
        path = path if kind else path.with_suffix(".png")
        known = FigureCanvasBase.filetypes
        if path.suffix.lower()[1:] not in known:
            raise ValueError(f"frames are saved as .gif, .html or pictures ({', '.join(known)}), not {path.suffix}")
        paths = [path.with_stem(f"{path.stem}_{i:02}") for i in range(len(self))]
        for i, each in enumerate(paths):
            self[i].get_figure().savefig(each)
        return paths


def backward_frames(value: Value, *, ax: Axes | None = None) -> Frames:
    """The reverse sweep, step by step, as frames of the picture of `graph`.

    Each frame shows in colour which node fires, and along which edges numbers flow back from it, upstream times local;
    and in each box what has been added up so far, as `backward()` adds it up in a `grad` that is 0.

    Args:
        value: a tracked Value.
        ax: where all frames are drawn; without it, on a new figure.

    Returns:
        A sequence of frames: `frames[i]` draws one and returns the axes; `frames.save("sweep.gif")` (or .html, or .png
        for single pictures) saves them all, and `frames.animation()` gives matplotlib's animation.

    Raises:
        TypeError: `value` is no Value.
        ValueError: it is a constant, or its graph is too large.
        ModuleNotFoundError: matplotlib is missing.

    >>> from matplotlib.figure import Figure
    >>> x = Value(2.0, label="x")
    >>> frames = backward_frames(x * x, ax=Figure().subplots())
    >>> [frames[i].get_title() for i in range(len(frames))]
    ['Backward, from dv1/dv1 = 1', 'Step 1 of 1: v1 = x * x passes on', 'The gradient of v1']
    """
    if not isinstance(value, Value):
        raise TypeError(f"backward_frames takes a Value, got {value!r} ({type(value).__name__})")
    if not value.is_tracked:
        raise ValueError(f"backward_frames of {value!r}, which depends on no tracked value, so nothing is carried back")
    return Frames(graph_of(value), ax)


# ---- Functions, descents, trainings, classes -------------------------------------------------------------------------


def derivatives(
    function: Callable[[Any], Any],
    lo: float,
    hi: float,
    orders: Sequence[int] = (0, 1, 2),
    *,
    points: int = 401,
    ax: Axes | None = None,
) -> Axes:
    """A function of one number and its derivatives from `lo` to `hi`, under its name; gaps where they do not exist.

    Args:
        function: takes a number and returns one.
        lo, hi: the ends of the range, `lo` below `hi`.
        orders: which derivatives, 0 for the function itself.
        points: how many points to compute of each.
        ax: where to draw.

    Returns the axes. A line breaks where it jumps, as at a pole, and ends where it would flatten all else.

    Raises TypeError if `function` cannot be called or returns no number, or a number is none; ValueError for an empty
    or infinite range, fewer than two points, or no orders.

    >>> from matplotlib.figure import Figure
    >>> ax = derivatives(lambda x: x**3, 0, 2, points=3, ax=Figure().subplots())
    >>> {line.get_label(): line.get_ydata().tolist() for line in ax.lines}
    {'f': [0.0, 1.0, 8.0], "f'": [0.0, 3.0, 12.0], "f''": [0.0, 6.0, 12.0]}
    """
    require_callable("derivatives", function)
    lo, hi = numbers_of("an end of the range of derivatives", [lo, hi])
    if not (lo < hi and math.isfinite(hi - lo)):
        raise ValueError(f"derivatives are drawn from lo to hi, which has to be larger, not from {lo} to {hi}")
    require_count("points of derivatives", points, 2)
    if not hasattr(orders, "__iter__"):
        raise TypeError(f"orders of derivatives is a list, as (0, 1, 2), not {orders!r} ({type(orders).__name__})")
    orders = [*orders]
    if not orders:
        raise ValueError("orders of derivatives is empty; it takes one or more, as (0, 1, 2)")
    step = (hi - lo) / (points - 1)
    xs = [lo + step * i for i in range(points - 1)] + [hi]
    curves = {
        order: [finite(of_order, x) for x in xs]
        for order, of_order in [(k, derivative(function, k)) for k in {*orders, *[order + 1 for order in orders]}]
    }
    broken = {order: jumps(curves[order], curves[order + 1], step) for order in orders}
    ax = axes_of(ax)
    name = legend_text(getattr(function, "__name__", "f").replace("<lambda>", "f"))
    for k, order in enumerate(orders):
        line = [*zip(xs, curves[order])]
        for i in reversed(broken[order]):
            line.insert(i, ((xs[i - 1] + xs[i]) / 2, math.nan))
        label = name + "'" * order if order <= 3 else f"{name}^({order})"
        dash = DASHES[(k + k // len(LINES)) % len(DASHES)]
        ax.plot(*zip(*line), color=LINES[k % len(LINES)], linestyle=dash, label=label)
    if any(broken.values()) or any(y != y for y in curves[orders[0]]):
        # At a pole, or the end of a domain, the first of the curves counts; derivatives are steeper.
        most = 3 * max(reach(curves[orders[0]], 0.95), *[reach(curves[order], 0.5) for order in orders])
    else:
        most = 20 * reach([y for order in orders for y in curves[order]], 0.95)
        most = max(most, 1.05 * reach(curves[orders[0]], 1.0))  # all of the first, however narrow its peak
    if most > 0:
        ax.set_ylim(max(ax.get_ylim()[0], -most), min(ax.get_ylim()[1], most))
    ax.grid(**GRID)
    ax.set_xlabel("x")
    ax.legend()
    return ax


def descent(
    function: Callable[[Any, Any], Any],
    path: Sequence[Any],
    *,
    levels: int = 10,
    label: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """The way of an optimiser over the contours of a function of two numbers.

    The contours, with their values, have about equal shares of the picture between them, so that valleys and slopes
    both show. The way begins at a ring and ends at a star. Drawn a second time on the same axes, a way is added, and
    the picture grows to hold it.

    Args:
        function: takes two numbers and returns one.
        path: the pairs of numbers that the optimiser went by.
        levels: how many contours.
        label: the name of the way in a legend.
        ax: where to draw.

    Returns the axes. Raises TypeError if `function` cannot be called or the path holds no numbers, ValueError if it is
    no sequence of pairs of finite ones.

    >>> from matplotlib.figure import Figure
    >>> path = [(2.0, 1.0), (1.0, 0.25), (0.5, 0.0)]
    >>> ax = descent(lambda x, y: x * x + 3 * y * y, path, label="downhill", ax=Figure().subplots())
    >>> ax.lines[0].get_label(), ax.lines[0].get_xdata().tolist()
    ('downhill', [2.0, 1.0, 0.5])
    """
    import numpy  # with matplotlib, which needs it

    require_callable("descent", function)
    pairs = pairs_of("the path of descent", path)
    require_count("levels of descent", levels, 2)
    ways: list[Any] = [line for line in ax.lines if line.get_gid() == "descent"] if ax is not None else []
    function(*pairs[0])  # what this raises is raised before anything is drawn
    ax = axes_of(ax, 6.0, 5.2)
    before = [pair for line in ways for pair in zip(*line.get_data())]
    (left, right), (low, high) = [padded([pair[i] for pair in (*before, *pairs)]) for i in (0, 1)]

    def in_square(x: float, y: float) -> tuple[float, float]:
        return (x - left) / (right - left), (y - low) / (high - low)

    taken = fields_of([[in_square(*pair) for pair in way] for way in [*[zip(*x.get_data()) for x in ways], pairs]])
    corner: Any = emptiest_corner(taken)
    beside = {(abs(CORNERS[corner][0] - x), abs(CORNERS[corner][1] - 0.1)) for x in (0.1, 0.2, 0.3, 0.4, 0.5)}
    if not ways or padded([x for x, _ in before]) != (left, right) or padded([y for _, y in before]) != (low, high):
        for contours in [x for x in ax.collections if x.get_gid() == "descent"]:
            contours.remove()
        across, up = numpy.linspace(left, right, 160), numpy.linspace(low, high, 160)
        heights = numpy.array([[finite(function, x, y) for x in across.tolist()] for y in up.tolist()])
        known = heights[numpy.isfinite(heights)]
        shares = numpy.linspace(0.02, 0.98, levels)  # a valley below the first may be narrower than the grid shows
        at = round_levels(numpy.unique(numpy.quantile(known, shares)).tolist() if known.size else [])
        if len(at) > 1:
            contours = ax.contour(across, up, heights, levels=at, colors="0.6", linewidths=0.8)
            contours.set(gid="descent")
            curves = [[in_square(*pair) for pair in numpy.array(path.vertices)[::8]] for path in contours.get_paths()]
            places = label_places([curve for curve in curves if curve], taken | beside if label is not None else taken)
            at_places = [(left + x * (right - left), low + y * (high - low)) for x, y in places]
            ax.clabel(contours, fontsize=7.5, fmt="{:.12g}".format, manual=at_places)
        ax.set(xlim=(left, right), ylim=(low, high))
    colour, dash = LINES[len(ways) % len(LINES)], DASHES[len(ways) % len(DASHES)]
    xs, ys = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    shown = legend_text(label) if label is not None else None
    ax.plot(xs, ys, color=colour, linestyle=dash, marker="o", markersize=3.5, label=shown, gid="descent")
    ax.plot(xs[:1], ys[:1], color=colour, marker="o", markersize=9, fillstyle="none", linestyle="none")
    ax.plot(xs[-1:], ys[-1:], color=colour, marker="*", markersize=13, linestyle="none")
    ax.set(xlabel="x", ylabel="y")
    if label is not None:
        ax.legend(loc=corner)
    return ax


def history(
    traces: Mapping[str, Sequence[Any]] | Sequence[Any],
    targets: Mapping[str, float] | None = None,
    *,
    xlabel: str = "step",
    ylabel: str = "value",
    ax: Axes | None = None,
) -> Axes:
    """How numbers went in a training, one line each, with the targets that they were to reach dashed.

    Args:
        traces: a dict of the name of each number, with what it was after 0, 1, 2, ... steps; or one list, such as of
            losses, which is drawn without a name.
        targets: what some of them should become.
        xlabel, ylabel: what is counted, and what the numbers are.
        ax: where to draw.

    Returns the axes. Raises TypeError if `traces` is neither a list of numbers nor a dict of them, ValueError if there
    is nothing to draw, or a target of a name that no trace has.

    >>> from matplotlib.figure import Figure
    >>> ax = history({"w": [0.0, 2.0, 2.9], "b": [0.0, 0.8, 1.0]}, {"w": 3.0}, ax=Figure().subplots())
    >>> [line.get_label() for line in ax.lines]
    ['w', 'w: 3', 'b']
    >>> ax = history([0.5, 0.25, 0.125], ylabel="loss", ax=Figure().subplots())
    >>> ax.lines[0].get_ydata().tolist()
    [0.5, 0.25, 0.125]
    """
    targets = {} if targets is None else targets
    by_name: Any = traces if isinstance(traces, dict) else {"": traces}
    if by_name is not traces and (isinstance(traces, str) or not hasattr(traces, "__iter__")):
        raise TypeError(
            f"traces of history is a list of numbers, or a dict of such lists by their names, not {brief(traces)}"
        )
    if not isinstance(targets, dict):
        raise TypeError(f"targets of history is a dict by the names of the traces, not {brief(targets)}")
    unknown = [name for name in targets if name not in by_name]
    if unknown or not by_name:
        raise ValueError(f"history has no trace of {', '.join(map(repr, unknown)) or 'anything'} to draw")
    curves = {
        name: numbers_of(
            f"a number of the trace {name}".rstrip(), numbers if hasattr(numbers, "__iter__") else [numbers]
        )
        for name, numbers in by_name.items()
    }
    if empty := [name for name, ys in curves.items() if not ys]:
        raise ValueError(f"the trace {f'of {empty[0]!r} ' * bool(empty[0])}has no numbers for history to draw")
    goals = dict(zip(targets, numbers_of("a target of history", targets.values())))
    ax = axes_of(ax)
    for k, (name, ys) in enumerate(curves.items()):
        colour, shown = LINES[k % len(LINES)], legend_text(name)
        dash = DASHES[k // len(LINES) % len(DASHES)]
        marker = "o" if len(ys) == 1 else ""
        ax.plot(range(len(ys)), ys, color=colour, linestyle=dash, marker=marker, label=shown or None)
        if name in goals:
            ax.axhline(goals[name], color=colour, linestyle="--", linewidth=1, label=f"{shown}: {goals[name]:.4g}")
    ax.grid(**GRID)
    ax.set(xlabel=printable(xlabel), ylabel=printable(ylabel))
    ax.locator_params(axis="x", integer=True)
    if any(curves):
        beside = {"loc": "center left", "bbox_to_anchor": (1, 0.5)} if len(ax.lines) > 8 else {}
        ax.legend(**beside)
    return ax


def decision_boundary(
    model: Callable[[list[float]], Any],
    points: Sequence[Sequence[float]],
    labels: Sequence[Any],
    *,
    steps: int = 60,
    ax: Axes | None = None,
) -> Axes:
    """Where a model of two numbers changes its mind, with the points that it was trained on.

    Args:
        model: takes a list of two numbers; returns one, whose sign is the class, or several, of which the largest is.
        points: pairs of numbers.
        labels: the class of each point. For a model of one number the larger of two labels, or a positive one, is the
            positive class; for one of several numbers they are the indices of these, or names in their sorted order.
        steps: into how many fields each side is divided.
        ax: where to draw.

    Returns the axes.

    Raises TypeError if `model` cannot be called or returns no numbers; ValueError if points and labels do not match, or
    are none, or all that the model gives is nan. Where some of it is, the picture is blank.

    >>> from matplotlib.figure import Figure
    >>> points, labels = [[0.0, 0.0], [1.0, 1.0]], ["below", "above"]
    >>> ax = decision_boundary(lambda p: 1 - p[0] - p[1], points, labels, ax=Figure().subplots())
    >>> [text.get_text() for text in ax.get_legend().get_texts()]
    ['above', 'below']
    """
    import numpy  # with matplotlib, which needs it
    from matplotlib import rcParams

    require_callable("decision_boundary", model)
    pairs = pairs_of("the points of decision_boundary", points)
    if not hasattr(labels, "__iter__"):
        raise TypeError(f"expected a list of labels, one a point, not {labels!r} ({type(labels).__name__})")
    labels = [number_of(label) for label in (labels.tolist() if hasattr(labels, "tolist") else labels)]
    if len(pairs) != len(labels):
        raise ValueError(
            f"expected as many labels as points, got {plural(len(labels), 'label')} and {plural(len(pairs), 'point')}"
        )
    require_count("steps of decision_boundary", steps, 2)
    (left, right), (low, high) = [padded([pair[i] for pair in pairs]) for i in (0, 1)]
    xs, ys = numpy.linspace(left, right, steps), numpy.linspace(low, high, steps)
    with no_grad():
        found = [[scores_of(model([x, y])) for x in xs.tolist()] for y in ys.tolist()]
    count = len(found[0][0])
    if any(len(scores) != count for row in found for scores in row):
        raise ValueError("expected as many numbers from the model at each point, got more at some than at others")
    if count == 1:
        margins = numpy.array([[[-score[0], score[0]] for score in row] for row in found])
    else:
        scores = numpy.array(found).clip(-1e300, 1e300)
        margins = numpy.stack([scores[..., k] - numpy.delete(scores, k, axis=2).max(axis=2) for k in range(count)], 2)
    margins = numpy.ma.masked_invalid(margins.clip(-1e300, 1e300))
    if margins.mask.all():
        raise ValueError("the model gives nan all over the picture, so there is no boundary to draw; was it trained?")
    places = class_places(labels, count)
    ax = axes_of(ax, 5.6, 5.0)
    for k in range(margins.shape[2]):
        margin = margins[..., k]
        if margin.max() > 0:
            ax.contourf(xs, ys, margin, levels=[0.0, margin.max()], colors=[LINES[k % len(LINES)]], alpha=0.18)
            if margin.min() < 0:
                ax.contour(xs, ys, margin, levels=[0.0], colors=rcParams["text.color"], linewidths=1.2)
    for label, k in sorted(places.items(), key=lambda pair: pair[1]):
        mine = [pair for pair, other in zip(pairs, labels) if other == label]
        look: Any = {"c": LINES[k % len(LINES)], "marker": "osD^vP"[k % 6], "label": legend_text(label)}
        ax.scatter([x for x, _ in mine], [y for _, y in mine], s=26, edgecolors="white", linewidths=0.5, **look)
    ax.set(xlim=(left, right), ylim=(low, high))
    ax.legend()
    return ax
