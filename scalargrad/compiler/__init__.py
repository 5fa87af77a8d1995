"""`compile`: a function traced and rewritten as plain Python."""

from __future__ import annotations

from .compile import compile as compile  # noqa: A004

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def __getattr__(name: str) -> Any:
    """The names that pickles of release 0.1 look for here. Their module is slow to import, so it is imported late."""
    if name in ("Compiler", "restore", "by_name"):
        from importlib import import_module  # slow to import

        return getattr(import_module("scalargrad.compiler.dispatch"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
