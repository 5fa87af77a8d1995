"""Pictures of a computation graph, and of its backward pass step by step."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from pathlib import Path
from textwrap import fill

from ..checks import require_flag, require_number
from ..engine.many import Values
from ..engine.value import Value, number_of
from ..graph.graph import Graph, is_custom, is_whole, node_shape, operation_name, printable, targets_in
from ..graph.many import added, as_text, number_and_shape
from ..graph.page import Svg, page_of, steps_of
from ..graph.picture import GAP, Picture, is_tex, no_flows, short
from ..graph.svg import svg_of
from ..graph.tex import TEX, set_length, without_tex
from .style import new_figure, pyplot

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

    from matplotlib.animation import FuncAnimation
    from matplotlib.axes import Axes

    from ..graph.graph import Node
    from ..graph.page import Frame
    from ..graph.picture import Flows


NARROWEST = 5.0  # inches, of new axes


# ---- Graphs ----------------------------------------------------------------------------------------------------------


def graph(
    value: Any,
    *,
    local_derivatives: bool = False,
    gradients: bool = False,
    title: str = "",
    ax: Axes | None = None,
) -> Axes:
    """The axes with a computation graph from left to right: values with their `grad`, and operations between them.

    Before `backward()` each `grad` is 0, and the picture says so.

    The picture has every node of a graph of up to 80 nodes, with at most 12 operations one after another and 20 nodes
    in a column. In a larger graph chains such as neurons are folded into one operation each, which says how many
    operations of each kind it holds, and how many inputs are not shown. Lines into neurons then show weights, blue
    above 0 and orange below, thicker if larger. If a graph is still too large, use `to_dot` and Graphviz.

    Matplotlib sets TeX in a label, such as `$x_1$`; TeX that it cannot read stays text.

    Args:
        value: a Value, a Vector or a Matrix, or a list of these. A node with many numbers is one box, with its shape.
        local_derivatives: whether to write the local derivative on each edge, except at folded operations; a custom
            gradient has none and shows `?`.
        gradients: whether to compute d(value)/d(node) for the picture and show it in place of each `grad`, which stays
            unchanged; with several values no gradients are shown.
        title: a title, in as many lines as it needs.
        ax: the axes to draw on; by default a new figure of the size that the graph needs.

    Raises:
        TypeError: `value` is something else, or `local_derivatives` or `gradients` is not a truth value.
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
    picture, found = picture_of("graph", value, local_derivatives, gradients)
    title = printable(str(title))
    ax = ax if ax is not None else graph_axes(picture, [title])
    picture.draw(ax, found, picture.flows)
    if title:
        give_title(ax, title)
    return ax


def picture_of(taker: str, value: Any, local_derivatives: bool, gradients: bool) -> tuple[Picture, Mapping[Node, Any]]:
    """The picture of `graph`, and the gradients in its boxes."""
    require_flag("local_derivatives", local_derivatives)
    require_flag("gradients", gradients)
    shown = Graph(targets_in(taker, value))
    found, note = shown.gradients(gradients)
    return Picture(shown, GAP, note, local_flows if local_derivatives else no_flows), found


def place_of(picture: Picture, node: Node, i: int) -> Any:
    """The thing in the picture for the i-th operand of a node."""
    operand = picture.cells[node].inputs[i]
    return operand if operand in picture.graph.names else (node, i)


def graph_axes(picture: Picture, titles: Iterable[str]) -> Axes:
    """New axes of the size of a picture, not too narrow, with room for each of some titles, and for one line or two."""
    width, height = max(picture.size[0], NARROWEST), picture.size[1]
    above = max([0.5] + [0.2 + 0.2 * len(wrapped(title, width).splitlines()) for title in titles])
    return new_figure(width, height + above).add_axes((0, 0, 1, height / (height + above)))


def give_title(ax: Axes, title: str) -> None:
    """Set a title above axes, in lines that fit."""
    text = wrapped(title, ax.get_window_extent().width / ax.figure.dpi)
    ax.set_title(text, fontsize=11, parse_math=is_tex(text))


def to_svg(value: Any, *, local_derivatives: bool = False, gradients: bool = False) -> Svg:
    """The picture of `graph` as SVG, for pages and notebooks, written without matplotlib.

    A notebook shows the picture; a wide one scrolls there and has a slider to zoom.

    TeX in a label becomes plain characters, `x₁` for `$x_1$`, if it has only letters (Greek, roman and calligraphic
    ones, too), sub- and superscripts, fractions, and hats, bars, tildes and arrows on letters. Other TeX stays source.

    Args:
        value: a Value, a Vector or a Matrix, or a list of these.
        local_derivatives: whether to write the local derivative on each edge.
        gradients: whether to show d(value)/d(node), as in `graph`, and not each node's own `grad`.

    Returns:
        The text of an SVG file, a `str`. Each box has a class, such as `leaf`, and a number, `data-node`.

    Raises:
        TypeError: `value` is something else, or one of the flags is not a truth value.
        ValueError: the graph is too large to be read as a picture.

    >>> x = Value(2.0, label="x")
    >>> to_svg(x * x).count('class="leaf"')
    1
    """
    picture, found = picture_of("to_svg", value, local_derivatives, gradients)
    return Svg(svg_of(picture, found, picture.flows))


def local_flows(picture: Picture) -> dict[Any, str]:
    """The local derivatives as texts on edges, except at folded operations."""
    flows = {}
    for node in [x for x, cell in picture.cells.items() if not cell.is_folded]:
        for i, _, local, _ in picture.graph.edges(node):
            if i in picture.cells[node].inputs:
                text = short(local) if local is not None else "?" if is_custom(node) else ""
                flows[place_of(picture, node, i), (node, "operation"), i] = text
    return flows


def to_dot(value: Any, *, gradients: bool = False) -> str:
    r"""The graph in Graphviz's language, to render with `dot -Tsvg`.

    Args:
        value: a Value, a Vector or a Matrix, or a list of these. A node with many numbers is one box, with its shape.
        gradients: whether to show d(value)/d(node), as in `graph`, and not each node's own `grad`.

    Raises TypeError if `value` is something else, or `gradients` is not a truth value.

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
    """The graph in Mermaid's language, which many sites render in a fenced Markdown block of the language `mermaid`.

    Args:
        value: a Value, a Vector or a Matrix, or a list of these. A node with many numbers is one box, with its shape.
        gradients: whether to show d(value)/d(node), as in `graph`, and not each node's own `grad`.

    Raises TypeError if `value` is something else, or `gradients` is not a truth value.

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
    """The graph as triples, (kind, name, text) for a node and ("edge", from, to), with a note on its gradients."""
    require_flag("gradients", gradients)
    shown = Graph(targets_in("a graph as text", value), plain=True)
    of_nodes, note = shown.gradients(gradients)
    found: list[tuple[str, str, str]] = []
    at = {node: i for i, node in enumerate((*shown.leaves, *shown.computed))}
    for node, i in at.items():
        gradient = f"\ngrad {as_text(of_nodes[node], node_shape(node), repr)}" if node in of_nodes else ""
        found.append(("value", f"n{i}", f"{shown.names[node]}\n{number_and_shape(node.row, repr)}{gradient}"))
    for node in shown.computed:
        operation = f"o{at[node]}"
        found.append(("operation", operation, operation_name(node)))
        found.append(("edge", operation, f"n{at[node]}"))
        for k, x in enumerate(shown.operands(node)):
            name = f"n{at[x]}" if x in at else f"c{at[node]}_{k}"
            if x not in at:
                found.append(("constant", name, shown.name(x) if is_whole(x) else repr(number_of(x))))
            found.append(("edge", name, operation))
    return found, note


# ---- The backward pass -----------------------------------------------------------------------------------------------


class Frames(Sequence["Axes"]):
    """The reverse sweep as a sequence of pictures, each drawn on access: see `backward_frames`."""

    def __init__(self, graph: Graph, ax: Axes | None) -> None:
        self.graph = graph
        self.steps = [node for node in reversed(graph.computed) if node in graph.adjoints]
        self.picture = Picture(graph, flows=self._flows)
        self._ax = ax

    def _flows(self, picture: Picture) -> Flows:
        """The texts on edges in all frames. Raises ValueError if the picture has not all operations."""
        if any(cell.is_folded or cell.hidden for cell in picture.cells.values()):
            raise ValueError(
                f"a graph of {len(self.graph.computed) + len(self.graph.leaves):,} nodes is too large, or too deep, to "
                "be read step by step; draw the frames of a part of it, such as one of its parents, or print "
                "explain(value)"
            )
        return all_flows_back(picture, self.steps)

    @property
    def ax(self) -> Axes:
        """The axes that all frames are drawn on."""
        if self._ax is None:
            self._ax = graph_axes(self.picture, [self._title(i) for i in range(len(self))])
        return self._ax

    def _title(self, index: int) -> str:
        """The title of a frame."""
        target = self.graph.names[self.graph.targets[0]]
        if index == 0:
            return f"Backward, from d{target}/d{target} = {short(self.graph.adjoints[self.graph.targets[0]])}"
        if index > len(self.steps):
            return f"The gradient of {target}"
        node = self.steps[index - 1]
        step = f"{self.graph.names[node]} = {self.graph.expression(node)}"
        return f"Step {index} of {len(self.steps)}: {step} passes on"

    def __repr__(self) -> str:
        return f"<{len(self)} frames of the backward pass of {self.graph.names[self.graph.targets[0]]}>"

    def __len__(self) -> int:
        return len(self.steps) + 2

    def __getitem__(self, index: Any) -> Any:
        """The axes with a frame drawn on them: the seed, a step, or the gradients in the last frame."""
        if not hasattr(index, "__index__") or not -len(self) <= index < len(self):
            raise IndexError(f"expected the number of one of {len(self)} frames, got {index!r}")
        index = index.__index__() % len(self)
        self.ax.clear()
        self.picture.draw(self.ax, *self._drawn(index))
        give_title(self.ax, self._title(index))
        return self.ax

    def _drawn(self, index: int) -> Frame:
        """The contents of a frame: the gradients added up so far, the texts on edges, and the node that fires."""
        graph, (target,) = self.graph, self.graph.targets
        so_far: dict[Node, Any] = {target: graph.adjoints[target]}
        for node in self.steps[:index]:
            for _, x, term in graph.terms(node):
                so_far[x] = added(so_far[x], term) if x in so_far else term
        firing = self.steps[index - 1] if 0 < index <= len(self.steps) else None
        return so_far, flows_back(self.picture, firing) if firing is not None else {}, firing

    def _repr_html_(self) -> str:
        """All frames as HTML with a slider and two buttons, for a notebook or a page; it needs no matplotlib."""
        places = range(len(self))
        titles = [without_tex(self._title(i)) for i in places]
        return steps_of(self.picture, titles, [self._drawn(i) for i in places])

    def animation(self, seconds: float = 1.5) -> FuncAnimation:
        """All frames as a matplotlib animation, each shown for some seconds."""
        figure: Any = self.ax.get_figure()  # if matplotlib is missing, this says what to install

        from matplotlib.animation import FuncAnimation

        return FuncAnimation(figure, lambda i: [self[i]], frames=len(self), interval=1000 * seconds, blit=False)

    def save(self, path: str | Path, seconds: float = 1.5) -> list[Path]:
        """Save the frames, and return the paths of the files.

        A name in .gif or .html gives one file. Any other name, in .png, .pdf, .svg or another kind that matplotlib
        knows, gives a numbered picture for each frame. A .gif shows each frame for some `seconds`. A page in .html has
        buttons, and is written without matplotlib.

        Raises ValueError if `seconds` is not above 0, or matplotlib does not know the kind of file; FileNotFoundError
        if there is no such folder; ModuleNotFoundError, except for .html, if matplotlib is missing.
        """
        require_number("seconds", seconds, lambda x: 0 < x < math.inf, "a time above 0")
        path = Path(path)
        if not path.parent.is_dir():
            raise FileNotFoundError(f"there is no folder {str(path.parent)!r} to save {path.name} in; make it first")
        kind = path.suffix.lower()
        if kind in (".html", ".htm"):
            path.write_text(page_of(without_tex(self._title(len(self) - 1)), self._repr_html_()), encoding="utf-8")
            return [path]
        if kind == ".gif":
            self.animation(seconds).save(path, writer="pillow")
            return [path]
        path = path if kind else path.with_suffix(".png")
        known = pyplot().FigureCanvasBase.filetypes
        if path.suffix.lower()[1:] not in known:
            raise ValueError(f"frames can be saved as .gif, .html or pictures ({', '.join(known)}), not {path.suffix}")
        paths = [path.with_stem(f"{path.stem}_{i:02}") for i in range(len(self))]
        for i, each in enumerate(paths):
            self[i].get_figure().savefig(each)
        return paths


def flows_back(picture: Picture, node: Node) -> dict[Any, str]:
    """The texts on the edges on which a node passes numbers on: upstream times local."""
    graph, flows = picture.graph, {}
    locals_at = {i: local for i, _, local, _ in graph.edges(node)}
    for i, x, term in graph.terms(node):
        text, local = short(term), locals_at[i]
        if not is_whole(node) and not is_whole(x):
            product = "pullback" if local is None else f"{short(graph.adjoints[node])} * {short(local)}"
            text = f"{product} = {text}"
        flows[place_of(picture, node, i), (node, "operation"), i] = text
    return flows


def all_flows_back(picture: Picture, nodes: Sequence[Node]) -> Flows:
    """The texts of `flows_back` for several nodes."""
    return {edge: text for node in nodes for edge, text in flows_back(picture, node).items()}


def wrapped(title: str, width: float) -> str:
    """A title in lines that fit into a width in inches; a line does not end inside of TeX."""
    tex = iter(TEX.findall(title))
    held = TEX.sub(lambda found: "\1" + "\0" * (set_length(found[0]) - 1), title)  # signs that no name has
    lines = fill(held, max(20, int(10 * width)), break_long_words=False, break_on_hyphens=False)
    return re.sub("\1\0*", lambda _: next(tex), lines)


def backward_frames(value: Value, *, ax: Axes | None = None) -> Frames:
    """The reverse sweep, step by step, as frames of the picture of `graph`.

    Each frame shows in colour which node fires, and on which edges numbers flow back from it, upstream times local. The
    boxes show the gradients added up so far, as `backward()` adds them up in a `grad` that begins at 0.

    A notebook shows the frames with a slider, two buttons and the left and right keys. That needs no matplotlib, and
    also works in a saved notebook and on a page.

    Args:
        value: a tracked Value.
        ax: the axes on which all frames are drawn; by default a new figure.

    Returns:
        A sequence of frames. `frames[i]` draws one and returns the axes; `frames.save("sweep.gif")` (or .html, a page
        with buttons, or .png, single pictures) saves them all, and `frames.animation()` returns a matplotlib animation.

    Raises:
        TypeError: `value` is not a Value.
        ValueError: `value` is a constant, or its graph is too large.
        ModuleNotFoundError: matplotlib is missing when a frame is drawn or saved as a picture.

    >>> from matplotlib.figure import Figure
    >>> x = Value(2.0, label="x")
    >>> frames = backward_frames(x * x, ax=Figure().subplots())
    >>> [frames[i].get_title() for i in range(len(frames))]
    ['Backward, from dv1/dv1 = 1', 'Step 1 of 1: v1 = x * x passes on', 'The gradient of v1']
    """
    if not isinstance(value, Value):
        way = "; of many numbers draw one, or their sum, v.sum()" * isinstance(value, Values)
        raise TypeError(f"backward_frames takes a Value, got {value!r} ({type(value).__name__}){way}")
    if not value.is_tracked:
        raise ValueError(f"backward_frames got {value!r}, which depends on no tracked value: it has no backward pass")
    return Frames(Graph([value]), ax)
