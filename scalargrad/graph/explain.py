"""`explain`: the backward pass as text, step by step, as a teacher would write it on the board."""

from __future__ import annotations

from ..checks import require_integer
from ..engine.value import Value
from .formulas import short_number
from .graph import Graph, operation_name, without_middle

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from typing import Any

MOST_TERMS = 4  # of a sum that are written out; of more the first and the last
MOST_OPERANDS = 8  # of a step that are written out


def explain(value: Value, *, width: int = 80, steps: int = 40) -> str:
    """The computation of a value and its backward pass, written out.

    First the numbers, forward. Then each step backward: its local derivatives as formulas and numbers, and upstream
    times local, dy/du = dy/dv * dv/du. Then the sums where several ways meet, and the gradient. Nothing is written into
    `grad`.

    Args:
        value: what was computed; labels of values are their names, others are numbered.
        width: how many characters a line may have, 40 or more.
        steps: how many steps are shown, 2 or more; of more, the first and the last.

    Returns:
        A text of several lines.

    Raises:
        TypeError: `value` is no Value, or `width` or `steps` is no integer.
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
        way = "; of a Vector explain an element" * hasattr(value, "__getitem__")
        raise TypeError(f"explain takes a Value, got {value!r} ({type(value).__name__}){way}")
    width = require_integer("width of explain", width, 40)
    steps = require_integer("steps of explain", steps, 2)
    if not value.is_tracked:
        raise ValueError(f"explain of {value!r}, which depends on no tracked value, so nothing is carried back")
    graph = Graph([value])
    sections = [*forward(graph, steps)], [*backward(graph, steps)], [*sums(graph, steps)], [*gradient(graph, steps)]
    return "\n\n".join("\n".join(wrapped_lines(columns(section, width), width)) for section in sections if section)


def wrapped_lines(lines: Iterable[str], width: int) -> Iterator[str]:
    from textwrap import wrap  # it takes a while to import, and only this needs it

    for line in lines:
        yield from wrap(line, width, subsequent_indent=" " * 6, drop_whitespace=False) if len(line) > width else [line]


def columns(section: Sequence[str | tuple[str, str]], width: int) -> Iterator[str]:
    """The lines of a section, pairs in two columns if they fit, or else one below the other."""
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
        [f"  {graph.names[x]:<{column}} = {short_number(x.data)}" for x in graph.leaves], steps, left_out
    )
    expressions = [graph.expression(x) for x in graph.computed]
    wide = max([len(text) for text in expressions if len(text) <= 30], default=0)
    pairs = zip(graph.computed, expressions)
    lines = [f"  {graph.names[x]:<{column}} = {text:<{wide}} = {short_number(x.data)}" for x, text in pairs]
    yield from without_middle(lines, steps, left_out)


def backward(graph: Graph, steps: int) -> Iterator[Any]:
    target = graph.names[graph.targets[0]]
    if not graph.computed:
        return
    yield f"Backward: upstream * local, from d{target}/d{target} = {short_number(graph.adjoints[graph.targets[0]])}"
    for step in without_middle([x for x in reversed(graph.computed) if x in graph.adjoints], steps, left_out):
        if isinstance(step, str):
            yield step
            continue
        yield f"  {graph.names[step]} = {graph.expression(step)}"
        upstream = graph.adjoints[step]
        shares = {x: share for _, x, share in graph.terms(step)}
        for edge in without_middle(graph.edges(step), MOST_OPERANDS, left_out):
            if isinstance(edge, str):
                yield f"  {edge}"
                continue
            _, x, local, formula = edge
            at = f"    d{graph.names[step]}/d{graph.names[x]}"
            if local is None:
                share = f": {short_number(shares[x])}" if x in shares else ""
                yield f"    to {graph.names[x]} by the pullback of {operation_name(step)}{share}"
                continue
            product = f"{short_number(upstream)} * {short_number(local)} = {short_number(upstream * local)}"
            yield f"{at} = {formula}" + (f" = {short_number(local)}" if formula != short_number(local) else ""), product


def sums(graph: Graph, steps: int) -> Iterator[str]:
    """The adjoints that are sums, in the order in which the sweep completes them."""
    terms: dict[Value, list[Any]] = {}
    for node in reversed([x for x in graph.computed if x in graph.adjoints]):
        for _, x, term in graph.terms(node):
            terms.setdefault(x, []).append(term)
    target = graph.names[graph.targets[0]]
    lines = []
    for x, parts in terms.items():
        if len(parts) > 1:
            texts = [short_number(part) if part >= 0 else f"({short_number(part)})" for part in parts]
            if len(texts) > MOST_TERMS:
                texts = [*texts[:2], f"... ({len(texts) - 3:,} more)", texts[-1]]
            lines.append(f"  d{target}/d{graph.names[x]} = {' + '.join(texts)} = {short_number(graph.adjoints[x])}")
    if lines:
        yield "Sums, where several ways meet"
        yield from without_middle(lines, steps, left_out)


def gradient(graph: Graph, steps: int) -> Iterator[str]:
    target = graph.names[graph.targets[0]]
    found = [(graph.names[x], graph.adjoints[x]) for x in graph.leaves if x in graph.adjoints]
    column = max(len(name) for name, _ in found)
    yield "Gradient"
    yield from without_middle(
        [f"  d{target}/d{name:<{column}} = {adjoint!r}" for name, adjoint in found], steps, left_out
    )
