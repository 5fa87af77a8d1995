"""Nested lists, tuples, named tuples and dicts: taken apart into their leaves, and put together again."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any


def leaves_of(structure: Any) -> list[Any]:
    """The leaves in order: whatever is not a list, tuple or dict. Dicts go in their own order.

    >>> leaves_of({"a": 1, "b": [2, (3,)]})
    [1, 2, 3]
    """
    if not isinstance(structure, (list, tuple, dict)):
        return [structure]
    leaves: list[Any] = []
    for part in structure.values() if isinstance(structure, dict) else structure:
        if isinstance(part, (list, tuple, dict)):
            leaves += leaves_of(part)
        else:
            leaves.append(part)
    return leaves


def rebuild(structure: Any, leaves: list[Any]) -> Any:
    """The same structure with other leaves, given in the order of `leaves_of`.

    >>> rebuild({"a": 1, "b": [2, (3,)]}, ["x", "y", "z"])
    {'a': 'x', 'b': ['y', ('z',)]}
    """
    return _rebuild(structure, iter(leaves))


def _rebuild(structure: Any, leaves: Iterator[Any]) -> Any:
    if isinstance(structure, dict):
        return {key: _rebuild(part, leaves) for key, part in structure.items()}
    if isinstance(structure, list):
        return [_rebuild(part, leaves) for part in structure]
    if isinstance(structure, tuple):
        parts = [_rebuild(part, leaves) for part in structure]
        return type(structure)(*parts) if hasattr(structure, "_fields") else tuple(parts)
    return next(leaves)
