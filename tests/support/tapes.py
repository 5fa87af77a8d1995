"""What tests of tapes share."""

from __future__ import annotations

from collections import namedtuple
from typing import TYPE_CHECKING, Any

import scalargrad as sg

if TYPE_CHECKING:
    from collections.abc import Callable

Point = namedtuple("Point", "x y")


def recorded(function: Callable[..., Any], *arguments: Any, **options: bool) -> tuple[sg.GradientTape, Any]:
    """A tape that has recorded `function(*arguments)`, and what that gave."""
    with sg.GradientTape(**options) as tape:
        result = function(*arguments)
    return tape, result


def square(x: Any) -> Any:
    return x * x


def same(found: Any, expected: Any) -> bool:
    """Whether two tuples hold the very same variables, since `==` would compare their numbers."""
    return type(found) is tuple and [*map(id, found)] == [*map(id, expected)]


def is_recorded() -> bool:
    """Whether what is computed now is a node."""
    return (sg.Value(2.0) * 3.0).is_tracked
