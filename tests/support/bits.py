"""Results to the last bit, as something that compares; and Values and Vectors by what they hold."""

from __future__ import annotations

import math
import operator
import struct
from typing import TYPE_CHECKING, Any

from scalargrad import Value, Vector

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


def numbers_of(x: Any) -> Any:
    """The numbers of Values and Vectors, in tuples too."""
    if isinstance(x, Vector):
        return x.tolist()
    return x.data if isinstance(x, Value) else tuple(map(numbers_of, x)) if isinstance(x, tuple) else x


def exactly(x: Any) -> Any:
    """A number with its type and all of its bits, or a list or tuple of such."""
    if isinstance(x, (list, tuple)):
        return type(x)(map(exactly, x))
    if type(x) is float:
        return float, "nan" if math.isnan(x) else struct.pack("<d", x)
    return type(x), x


def outcome(compute: Callable[[], Any]) -> Any:
    """What a computation gives, to the bit, or the type of error that it raises."""
    try:
        result = numbers_of(compute())
    except (ArithmeticError, ValueError) as error:
        return type(error)
    return ValueError if type(result) is complex else exactly(result)


def same_things(found: Sequence[Any], expected: Sequence[Any]) -> bool:
    return len(found) == len(expected) and all(map(operator.is_, found, expected))


def values(*numbers: Any) -> Vector:
    return Vector([Value(x) for x in numbers])


def tracked(numbers: Sequence[Any], mask: Sequence[bool]) -> list[Any]:
    """Some of the numbers as leaves, the others as they are."""
    return [Value(x) if wanted else x for x, wanted in zip(numbers, mask)]


def message_of(compute: Callable[[], Any]) -> str:
    try:
        compute()
    except (ArithmeticError, ValueError) as error:
        return str(error)
    return ""
