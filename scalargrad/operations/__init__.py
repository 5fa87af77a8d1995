"""Elementary operations: their class (`operation`), and all of them (`elementary`, `floats`, `reductions`)."""

from __future__ import annotations

from . import elementary as elementary
from . import floats as floats
from . import reductions as reductions

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def __getattr__(name: str) -> Any:
    """A function of `elementary` or `floats`, which pickles of release 0.1 look for here."""
    if name.startswith("__"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(floats if hasattr(floats, name) else elementary, name)
