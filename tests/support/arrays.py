"""What tests with NumPy share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from scalargrad import Value, Vector
from tests.support.bits import exactly

if TYPE_CHECKING:
    from collections.abc import Callable


def numbers_in(x: Any) -> Any:
    if isinstance(x, (Vector, np.ndarray)):
        return [numbers_in(part) for part in x.tolist()]
    return [numbers_in(part) for part in x] if isinstance(x, list) else x.data if isinstance(x, Value) else x


def outcome(compute: Callable[[], Any]) -> Any:
    try:
        return exactly(numbers_in(compute()))
    except (ArithmeticError, ValueError) as error:
        return type(error)


def objects(*values: Any) -> Any:
    """An object array, and not what NumPy might make of sequences in it."""
    array = np.empty(len(values), dtype=object)
    array[:] = values
    return array
