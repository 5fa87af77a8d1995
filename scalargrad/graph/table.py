"""Tables: the rows of the record, as `rows` shows them, and the numbers of a vector or a matrix in a notebook."""

from __future__ import annotations

from collections.abc import Sequence

from ..engine.rows import INTERVAL, NUMBER, identity_of
from .formulas import short_number, without_middle
from .graph import Graph, is_custom, node_shape, short_label, targets_in
from .many import as_text, number_and_shape

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from ..engine.contexts import Recorder
    from ..engine.many import Values
    from .graph import Node

MOST_ROWS = 40  # of a table; of a longer one the first and the last rows are shown
MOST_LINES = 10  # of a vector or a matrix, and as many columns
HEAD = ("name", "operation", "number", "local derivatives")


class Rows(Sequence["Node"]):
    """The values from which something was computed, leaves first, the others in the order of recording.

    A vector or a matrix is one of these values, shown with its shape after its numbers.

    As text it is a table: the name or label of each value, the operation with its operands, the number, and the local
    derivatives, one for each operand.
    """

    def __init__(self, targets: Sequence[Node], recorder: Recorder | None = None) -> None:
        self.graph = graph = Graph(targets, plain=True)
        computed: set[Node] = set()
        stack = [*graph.targets]
        while stack:
            node = stack.pop()
            saw = recorder is None or node.row[INTERVAL] in recorder.intervals
            if saw and node in graph.parts and node not in computed:
                computed.add(node)
                stack += [x for x in graph.operands(node) if x in graph.names]
        self.computed = sorted(computed, key=lambda node: identity_of(node.row))
        met = [x for node in self.computed for x in graph.operands(node) if x in graph.names]
        begins = [x for x in (*met, *graph.targets) if x not in computed]
        self.values = [*dict.fromkeys(begins), *self.computed]

    def __len__(self) -> int:
        return len(self.values)

    def __getitem__(self, index: Any) -> Any:
        return self.values[index]

    def cells(self, i: int) -> tuple[str, ...]:
        """The cells of one value."""
        x = self.values[i]
        name, number = self.graph.names[x], number_and_shape(x.row)
        if i < len(self.values) - len(self.computed):
            return name, "", number, ""
        return name, self.graph.expression(x), number, ", ".join(self._locals(x))

    def _locals(self, x: Node) -> list[str]:
        """The local derivatives as text; where they are not numbers, how upstream is passed on."""
        if is_custom(x):
            return ["?"]
        of_edges = {i: (local, words) for i, _, local, words in self.graph.edges(x)}
        texts = []
        for i, operand in enumerate(self.graph.operands(x)):
            local, words = of_edges.get(i, (None, "-"))
            texts.append(words if local is None else as_text(local, node_shape(x) or node_shape(operand)))
        return texts

    def lines(self) -> Iterator[tuple[str, ...]]:
        """The lines of the table below its head, without the middle of a long table."""
        places = range(len(self.values))
        for i in without_middle(places, MOST_ROWS, lambda left_out: ("...", f"({left_out:,} more)", "", "")):
            yield i if isinstance(i, tuple) else self.cells(i)

    def __repr__(self) -> str:
        lines = [HEAD, *self.lines()]
        widths = [max(len(line[i]) for line in lines) for i in range(len(HEAD))]
        return "\n".join(["  ".join(map(str.ljust, line, widths)).rstrip() for line in lines])

    def _repr_html_(self) -> str:
        return html_table([HEAD, *self.lines()])


def numbers_table(values: Values) -> str:
    """The numbers of a vector or a matrix as an HTML table under its shape; of many only the first and the last."""
    numbers, shape = values.row[NUMBER], values.shape
    columns = without_middle(range(shape[-1]), MOST_LINES, lambda _: None)
    lines = without_middle(range(shape[0]), MOST_LINES, lambda _: None) if len(shape) == 2 else [0]
    head = ["…" if j is None else str(j) for j in columns]
    body = [["…" if None in (i, j) else short_number(numbers[i * shape[-1] + j]) for j in columns] for i in lines]
    name, kind = short_label(values.label, plain=True), "Matrix" if len(shape) == 2 else "Vector"
    title = f"{f'{name}: ' if name else ''}{kind} of shape {shape}"
    if len(shape) == 1:
        return html_table([head, *body] if head else [], title=title)
    indices = ["…" if i is None else str(i) for i in lines]
    return html_table([["", *head], *[[i, *line] for i, line in zip(indices, body)]], 1, title)


def html_table(lines: Sequence[Sequence[str]], heads: int = 0, title: str = "") -> str:
    """Lines of cells as an HTML table with a title; the first line and the first `heads` columns are headings."""
    from html import escape  # it takes a third as long to import as this package

    texts = [
        [f"<th>{escape(x)}</th>" if i == 0 or j < heads else f"<td>{escape(x)}</td>" for j, x in enumerate(line)]
        for i, line in enumerate(lines)
    ]
    caption = f'<caption style="text-align:left;white-space:nowrap">{escape(title)}</caption>' if title else ""
    return f"<table>{caption}{''.join(['<tr>' + ''.join(line) + '</tr>' for line in texts])}</table>"


def rows(target: Any) -> Rows:
    """The rows of the record from which a value was computed: a table to print, and a sequence of values.

    Args:
        target: a Value, a Vector or a Matrix, or a list of these.

    Returns:
        `Rows`: leaves first, then computed values in the order of recording. Printed, it shows the name or label of
        each value, the operation with its operands, the number, and the local derivatives, one for each operand. A
        notebook shows it as an HTML table.

    Raises:
        TypeError: `target` is something else.

    >>> from scalargrad import Value
    >>> x = Value(3.0, label="x")
    >>> print(rows(x * x + 2 * x))
    name  operation  number  local derivatives
    x                3
    v1    x * x      9       3, 3
    v2    2 * x      6       -, 2
    v3    v1 + v2    15      1, 1
    """
    return Rows(targets_in("rows", target))
