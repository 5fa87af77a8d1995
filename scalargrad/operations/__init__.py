"""Elementary operations: what one is (`operation`), and all that there are (`elementary`, `reductions`, `special`)."""

from __future__ import annotations

from . import elementary as elementary
from . import reductions as reductions

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def __getattr__(name: str) -> Any:
    """A function of `elementary`, which pickles of release 0.1 look for here."""
    if name.startswith("__"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(elementary, name)
