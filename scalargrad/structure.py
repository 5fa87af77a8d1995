"""Nested lists, tuples, named tuples and dicts: taken apart into their leaves, and put together again."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


def leaves_of(structure: Any) -> list[Any]:
    """The leaves in order: whatever is not a list, tuple or dict. Dicts go in their own order.

    >>> leaves_of({"a": 1, "b": [2, (3,)]})
    [1, 2, 3]
    """
    leaves: list[Any] = []
    map_structure(leaves.append, structure)
    return leaves


def map_structure(function: Callable[[Any], Any], structure: Any) -> Any:
    """The same structure with `function(leaf)` in place of each leaf.

    >>> map_structure(str, {"a": 1, "b": [2, (3,)]})
    {'a': '1', 'b': ['2', ('3',)]}
    """
    if isinstance(structure, dict):
        return {key: map_structure(function, part) for key, part in structure.items()}
    if isinstance(structure, (list, tuple)):
        parts = [map_structure(function, part) for part in structure]
        if isinstance(structure, list):
            return parts
        return type(structure)(*parts) if hasattr(structure, "_fields") else tuple(parts)
    return function(structure)
