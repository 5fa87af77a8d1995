"""Python's binary operators by the sign that is written between two operands."""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

INFIX: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "//": operator.floordiv,
    "%": operator.mod,
    "**": operator.pow,
}


def real(x: Any) -> Any:
    """The number. Raises ValueError for a complex one, where Python's own power would give it."""
    if isinstance(x, complex):
        raise ValueError("the result would be complex")
    return x
