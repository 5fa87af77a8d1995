"""The display of values in a notebook: numbers in tables, and a graph of up to 30 nodes as a picture.

Jupyter uses it automatically. A computed `Value` shows its graph, which scrolls and zooms if it is wide; a leaf, or a
value with a larger graph, is a line of text. A `Vector` or a `Matrix` is a table of its numbers, even if it was
computed. `plot.to_svg` and `plot.graph` draw graphs of vectors and matrices, and larger graphs.
"""

from __future__ import annotations

from .engine.matrix import Matrix
from .engine.rows import OPERATION, identity_of, operands_in
from .engine.value import Value
from .engine.vector import Vector
from .graph.table import numbers_table

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .engine.rows import Row
    from .graph.page import Svg

MOST_NODES = 30


def notebook_svg(self: Any) -> Svg | None:
    """The computation graph as SVG; None for a leaf and for a large graph."""
    if not is_small(self):
        return None
    from .plot.graphs import to_svg  # slow to import, and only notebooks need it

    return to_svg(self)


def notebook_html(self: Any) -> str | None:
    """The computation graph as HTML, never too small to read; None for a leaf or a large graph."""
    svg = notebook_svg(self)
    return None if svg is None else svg._repr_html_()


def is_small(shown: Any) -> bool:
    """Whether something was computed from few nodes; only few of them are visited, however many there are."""
    stack: list[Row] = [shown.row]
    seen: dict[float, Any] = {}
    while stack and len(seen) <= MOST_NODES:
        row = stack.pop()
        identity = identity_of(row)
        if identity not in seen:
            seen[identity] = row[OPERATION]
            stack += [x for x in operands_in(row) if type(x) is tuple][: MOST_NODES + 1]
    return 1 < len(seen) <= MOST_NODES and any(seen.values())


Value._repr_svg_ = notebook_svg  # type: ignore[attr-defined]  # for consoles that show no HTML
Value._repr_html_ = notebook_html  # type: ignore[attr-defined]
Vector._repr_html_ = Matrix._repr_html_ = numbers_table  # type: ignore[attr-defined]
