"""How values show themselves in a notebook: a graph of up to 30 nodes as a picture, else a line of text.

Jupyter asks for the picture by itself. Draw larger graphs with `plot.graph`.
"""

from __future__ import annotations

from .engine.matrix import Matrix
from .engine.rows import OPERATION, RIGHT, identity_of, operands_in
from .engine.value import Value
from .engine.vector import Vector
from .graph.many import is_gathered

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .engine.rows import Row

MOST_NODES = 30


def notebook_svg(self: Any) -> str | None:
    """The computation graph as SVG; None for a leaf and for a large graph."""
    if not is_small(self):
        return None
    from .plot.graphs import to_svg  # it takes a while to import, and only notebooks come here

    return to_svg(self)


def is_small(shown: Any) -> bool:
    """Whether something was computed, from few nodes; this looks at few, however many there are."""
    stack: list[Row] = [*shown.row[RIGHT][: MOST_NODES + 1]] if is_gathered(shown.row) else [shown.row]
    seen: dict[float, Any] = {}
    while stack and len(seen) <= MOST_NODES:
        row = stack.pop()
        identity = identity_of(row)
        if identity not in seen:
            seen[identity] = row[OPERATION]
            stack += [x for x in operands_in(row) if type(x) is tuple][: MOST_NODES + 1]
    return 1 < len(seen) <= MOST_NODES and any(seen.values())


Value._repr_svg_ = Vector._repr_svg_ = Matrix._repr_svg_ = notebook_svg  # type: ignore[attr-defined]
