"""The rows of the record as a table: what `rows` shows, for the blackboard and for notebooks."""

from __future__ import annotations

from collections.abc import Sequence

from ..engine.rows import operands_of, rows_below
from ..engine.value import Value, holder_of, rows_in
from .formulas import short_number
from .graph import Graph, begins_graph, is_custom, without_middle

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from ..engine.contexts import Recorder

MOST_ROWS = 40  # that are shown; of more the first and the last
HEAD = ("name", "operation", "number", "local derivatives")


class Rows(Sequence[Value]):
    """The values that something was computed by, in the order in which they were recorded, leaves first.

    As text it is a table: the name or label of each, the operation with its operands, the number, and the local
    derivatives, one for each operand.
    """

    def __init__(self, targets: Sequence[Value], recorder: Recorder | None = None) -> None:
        self.graph = Graph(targets)
        rows = rows_below([target.row for target in self.graph.targets], recorder)
        computed = [x for x in map(holder_of, rows) if x in self.graph.names]  # the call of a custom function has none
        operands = [holder_of(x) for row in rows for x in operands_of(row) if type(x) is tuple]
        begins = [x for x in operands if x.operation or begins_graph(x)]
        begins += [target for target in self.graph.targets if not target.operation]
        self.computed = {*computed}
        self.values = [*{x: None for x in begins if x not in self.computed and x in self.graph.names}, *computed]

    def __len__(self) -> int:
        return len(self.values)

    def __getitem__(self, index: Any) -> Any:
        return self.values[index]

    def cells(self, x: Value) -> tuple[str, ...]:
        """What the table says of a value."""
        if x not in self.computed:
            return self.graph.names[x], "", short_number(x.data), ""
        locals_ = ["?"] if is_custom(x) else ["-" if d is None else short_number(d) for d in x.derivatives]
        return self.graph.names[x], self.graph.expression(x), short_number(x.data), ", ".join(locals_)

    def lines(self) -> Iterator[tuple[str, ...]]:
        """The lines of the table below its head, of a long one without the middle."""
        for x in without_middle(self.values, MOST_ROWS, lambda left_out: ("...", f"({left_out:,} more)", "", "")):
            yield self.cells(x) if isinstance(x, Value) else x

    def __repr__(self) -> str:
        lines = [HEAD, *self.lines()]
        widths = [max(len(line[i]) for line in lines) for i in range(len(HEAD))]
        return "\n".join(["  ".join(map(str.ljust, line, widths)).rstrip() for line in lines])

    def _repr_html_(self) -> str:
        from html import escape  # it takes as long to import as a third of this package

        head = "".join([f"<th>{cell}</th>" for cell in HEAD])
        body = ["".join([f"<td>{escape(cell)}</td>" for cell in line]) for line in self.lines()]
        return f"<table><tr>{head}</tr>{''.join([f'<tr>{line}</tr>' for line in body])}</table>"


def rows(target: Any) -> Rows:
    """The rows of the record below a value: a table to print, and a sequence of the values.

    Args:
        target: a Value, or a Vector or a list of them.

    Returns:
        `Rows`: leaves first, then what was computed, in the order in which it was recorded. Printed, it shows the name
        or label of each, the operation with its operands, the number, and the local derivatives, one for each operand.
        In a notebook it is a table in HTML.

    Raises:
        TypeError: `target` is something else.

    >>> x = Value(3.0, label="x")
    >>> print(rows(x * x + 2 * x))
    name  operation  number  local derivatives
    x                3
    v1    x * x      9       3, 3
    v2    2 * x      6       -, 2
    v3    v1 + v2    15      1, 1
    """
    rows_in("rows", target)
    return Rows([target] if isinstance(target, Value) else [*target])
