"""`explain`: the backward pass as text, step by step, as on a blackboard."""

from __future__ import annotations

from ..checks import require_integer
from ..engine.many import Values
from ..engine.value import Value
from .formulas import without_middle
from .graph import Graph, is_whole, node_shape, operation_name
from .many import as_text, number_and_shape

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from typing import Any

    from .graph import Node

MOST_TERMS = 4  # of a sum; of a longer one the first and the last terms are shown
MOST_OPERANDS = 8  # of a step


class Explanation(str):
    """A string that IPython and notebooks show line by line, as `print` does."""

    __slots__ = ()

    def _repr_pretty_(self, printer: Any, _: bool) -> None:
        for i, line in enumerate(self.splitlines()):
            if i:
                printer.break_()
            printer.text(line)


def explain(value: Value, *, width: int = 80, steps: int = 40) -> str:
    """A text that explains the computation of a value and its backward pass.

    First come the numbers, forward. Then each step backward: its local derivatives as formulas and numbers, and
    upstream times local, dy/du = dy/dv * dv/du. Then come the sums where several ways meet, and the gradient. No `grad`
    is changed.

    Args:
        value: the computed value. Values with a label go by it; the others are numbered.
        width: the maximum length of a line, 40 or more.
        steps: the maximum number of steps shown, 2 or more; of a longer pass the first and the last steps.

    Returns:
        A text of several lines, which a notebook shows properly even without `print`.

    Raises:
        TypeError: `value` is not a Value, or `width` or `steps` is not an integer.
        ValueError: `value` is a constant, which depends on nothing; `width` or `steps` is too small.

    >>> x = Value(2.0, label="x")
    >>> y = x * x
    >>> y.label = "y"
    >>> print(explain(y))
    Forward
      x = 2
      y = x * x = 4
    <BLANKLINE>
    Backward: upstream * local, from dy/dy = 1
      y = x * x
        dy/dx = x = 2    1 * 2 = 2
        dy/dx = x = 2    1 * 2 = 2
    <BLANKLINE>
    Sums, where several ways meet
      dy/dx = 2 + 2 = 4
    <BLANKLINE>
    Gradient
      dy/dx = 4.0
    """
    if not isinstance(value, Value):
        way = "; of many numbers explain one, or their sum, v.sum()" * isinstance(value, Values)
        raise TypeError(f"explain takes a Value, got {value!r} ({type(value).__name__}){way}")
    width = require_integer("width of explain", width, 40)
    steps = require_integer("steps of explain", steps, 2)
    if not value.is_tracked:
        raise ValueError(f"explain got {value!r}, which depends on no tracked value: it has no backward pass")
    graph = Graph([value], plain=True)
    sections = [*forward(graph, steps)], [*backward(graph, steps)], [*sums(graph, steps)], [*gradient(graph, steps)]
    texts = ["\n".join(wrapped_lines(columns(section, width), width)) for section in sections if section]
    return Explanation("\n\n".join(texts))


def wrapped_lines(lines: Iterable[str], width: int) -> Iterator[str]:
    from textwrap import wrap  # slow to import, and only this function needs it

    for line in lines:
        yield from wrap(line, width, subsequent_indent=" " * 6, drop_whitespace=False) if len(line) > width else [line]


def columns(section: Sequence[str | tuple[str, str]], width: int) -> Iterator[str]:
    """The lines of a section: pairs in two columns if they fit, otherwise on two lines each."""
    pairs = [line for line in section if isinstance(line, tuple)]
    left = max([len(first) for first, _ in pairs], default=0)
    fits = left + 4 + max([len(second) for _, second in pairs], default=0) <= width
    for line in section:
        if isinstance(line, str):
            yield line
        elif fits:
            yield f"{line[0]:<{left}}    {line[1]}"
        else:
            yield line[0]
            yield f"{'':6}{line[1]}"


def left_out(count: int) -> str:
    return f"  ... ({count:,} more)"


def forward(graph: Graph, steps: int) -> Iterator[str]:
    column = max(len(graph.names[node]) for node in (*graph.leaves, *graph.computed))
    yield "Forward"
    yield from without_middle(
        [f"  {graph.names[x]:<{column}} = {number_and_shape(x.row)}" for x in graph.leaves], steps, left_out
    )
    computed = [(x, text) for x in graph.computed if (text := graph.expression(x)) != graph.names[x]]
    wide = max([len(text) for _, text in computed if len(text) <= 30], default=0)
    lines = [f"  {graph.names[x]:<{column}} = {text:<{wide}} = {number_and_shape(x.row)}" for x, text in computed]
    yield from without_middle(lines, steps, left_out)


def backward(graph: Graph, steps: int) -> Iterator[Any]:
    target = graph.names[graph.targets[0]]
    if not graph.computed:
        return
    yield f"Backward: upstream * local, from d{target}/d{target} = {as_text(graph.adjoints[graph.targets[0]])}"
    for step in without_middle([x for x in reversed(graph.computed) if x in graph.adjoints], steps, left_out):
        if isinstance(step, str):
            yield step
            continue
        yield f"  {graph.names[step]} = {graph.expression(step)}"
        upstream = graph.adjoints[step]
        shares = {i: share for i, _, share in graph.terms(step)}
        for edge in without_middle(graph.edges(step), MOST_OPERANDS, left_out):
            if isinstance(edge, str):
                yield f"  {edge}"
                continue
            i, x, local, formula = edge
            name = graph.names[x]
            share = as_text(shares[i], node_shape(x)) if i in shares else ""
            if local is None:
                way = f"by {formula}" if formula else f"by the pullback of {operation_name(step)}"
                yield f"    to {name} {way}" + (f": {share}" if share else "")
                continue
            number = as_text(local, node_shape(step) or node_shape(x))
            product = f"{as_text(upstream, node_shape(step))} * {number}"
            if is_whole(x) and not is_whole(step) and not isinstance(local, (list, tuple)) and shares.get(i):
                share = f"{as_text(shares[i][0])}, for each of {len(shares[i]):,}"
            if is_whole(step) and node_shape(x) != step.shape:
                product = f"sum({product}{', axis=0' * is_whole(x)})"
            at = f"    d{graph.names[step]}/d{name} = {formula}"
            yield at + (f" = {number}" if formula != number else ""), f"{product} = {share}"


def sums(graph: Graph, steps: int) -> Iterator[str]:
    """The adjoints that are sums, in the order in which the sweep completes them."""
    terms: dict[Node, list[Any]] = {}
    for node in reversed([x for x in graph.computed if x in graph.adjoints]):
        for _, x, term in graph.terms(node):
            terms.setdefault(x, []).append(term)
    target = graph.names[graph.targets[0]]
    lines = []
    for x, parts in terms.items():
        if len(parts) > 1:
            texts = [
                as_text(part, node_shape(x)) if is_whole(x) or part >= 0 else f"({as_text(part)})" for part in parts
            ]
            if len(texts) > MOST_TERMS:
                texts = [*texts[:2], f"... ({len(texts) - 3:,} more)", texts[-1]]
            lines.append(
                f"  d{target}/d{graph.names[x]} = {' + '.join(texts)} = {as_text(graph.adjoints[x], node_shape(x))}"
            )
    if lines:
        yield "Sums, where several ways meet"
        yield from without_middle(lines, steps, left_out)


def gradient(graph: Graph, steps: int) -> Iterator[str]:
    target = graph.names[graph.targets[0]]
    found = [
        (graph.names[x], as_text(graph.adjoints[x], node_shape(x), repr)) for x in graph.leaves if x in graph.adjoints
    ]
    column = max(len(name) for name, _ in found)
    yield "Gradient"
    yield from without_middle(
        [f"  d{target}/d{name:<{column}} = {adjoint}" for name, adjoint in found], steps, left_out
    )
