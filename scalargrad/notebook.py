"""How values show themselves in a notebook: a graph of up to 30 nodes as a picture, else a line of text.

Jupyter asks for the picture by itself; it needs matplotlib. Draw larger graphs with `plot.graph`.
"""

from __future__ import annotations

from .engine.value import Value
from .engine.vector import Vector

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

MOST_NODES = 30


def notebook_svg(self: Any) -> str | None:
    """The computation graph as SVG; None for a leaf, for a large graph, and where matplotlib is missing."""
    if not is_small(self):
        return None
    from .plot.graphs import as_svg as drawn  # it takes a while to import, and only notebooks come here

    try:
        return drawn(self)
    except ModuleNotFoundError:
        return None


def is_small(shown: Any) -> bool:
    """Whether something was computed, from few nodes; this looks at few, however many there are."""
    stack = [shown] if isinstance(shown, Value) else [*shown][: MOST_NODES + 1]
    seen: set[Value] = set()
    while stack and len(seen) <= MOST_NODES:
        node = stack.pop()
        if node not in seen:
            seen.add(node)
            stack += [x for x in node.operands if isinstance(x, Value)][: MOST_NODES + 1]
    return 1 < len(seen) <= MOST_NODES and any(node.operation for node in seen)


Value._repr_svg_ = Vector._repr_svg_ = notebook_svg  # type: ignore[attr-defined]
