"""`compile`: functions traced, and written anew as plain Python."""

from __future__ import annotations

from .compile import compile as compile  # noqa: A004

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def __getattr__(name: str) -> Any:
    """What pickles of release 0.1 look for here. What it imports takes as long to import as all the rest."""
    if name in ("Compiler", "restore", "by_name"):
        from importlib import import_module  # it takes a while to import

        return getattr(import_module("scalargrad.compiler.dispatch"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
