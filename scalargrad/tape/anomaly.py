"""`detect_anomaly`: raise an error where a number first becomes nan or inf."""

from __future__ import annotations

import math

from ..checks import place
from ..engine.contexts import Block
from ..engine.rows import (
    D_RIGHT,
    ELEMENT,
    NUMBER,
    OPERATION,
    RIGHT,
    SHAPE,
    SOFTMAX,
    derivatives_of,
    element_of,
    identity_of,
    is_many,
    operands_in,
    operands_of,
    operation_of,
    place_in,
)
from ..engine.value import number_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from ..engine.contexts import BlockInterval
    from ..engine.rows import Row
    from ..operations.operation import Operation


class detect_anomaly(Block):  # noqa: N801  (a verb phrase, as in PyTorch)
    """A context in which an operation that gives nan or inf raises at once, in the forward pass and in sweeps.

    The error names the operation, its operands, and the file and line where it was computed. The context applies to the
    running thread or async task only. Within the block operations take several times as long, and the place of each is
    kept until the block ends; outside the block there is no cost.

    Raises:
        FloatingPointError: an operation gave nan or inf, or a derivative that a sweep carries on is nan or inf.

    >>> import scalargrad as sg
    >>> x = sg.Value(1e200)
    >>> with sg.detect_anomaly():
    ...     y = x * x
    Traceback (most recent call last):
    FloatingPointError: 1e+200 * 1e+200 gave inf, at <doctest scalargrad.tape.anomaly.detect_anomaly[2]>, line 2
    """

    __slots__ = ("_places",)

    when_open = "this detect_anomaly() block is open already; make another one"

    def __init__(self) -> None:
        super().__init__()
        # Where each row was made, by its serial.
        self._places: dict[float, str] = {}

    def take_part(self, interval: BlockInterval) -> None:
        """Set up an interval in which every row is checked."""
        if isinstance(interval.detector, detect_anomaly):
            self._places = interval.detector._places
        interval.detector = self
        interval.plain = False

    def note_end(self) -> None:
        """Forget where rows were made."""
        self._places = {}

    # -- the forward pass

    def note(self, row: Row) -> None:
        """Check a new row, and keep the place where it was made."""
        self._places[identity_of(row)] = place()
        rows = [row]
        if is_many(row):
            rows = [element_of(row, i) for i, number in enumerate(row[NUMBER]) if not is_finite(number)]
        for each in rows[: row[NUMBER] is not None]:
            self.check(operation_of(each), numbers_in(each), each[NUMBER], where_in_many(each))

    def check(self, operation: Operation, operands: Sequence[Any], data: Any, where: str = "") -> None:
        """Raise FloatingPointError if an operation gave nan or inf."""
        if not is_finite(data):
            raise FloatingPointError(f"{operation.describe(operands)}{where} gave {data!r}, {place()}")

    # -- sweeps

    def check_tangent(self, row: Row, tangent: Any) -> None:
        """Raise FloatingPointError if the tangent of a row is nan or inf."""
        if not is_finite(number_of(tangent)):
            raise FloatingPointError(f"the tangent of {self.describe(row)} is {number_of(tangent)!r}")

    def check_adjoint(self, row: Row, operand: Row, adjoint: Any, term: Any, total: Any) -> None:
        """Raise FloatingPointError if a term that a row passes on, or the sum of terms, is nan or inf."""
        adjoint, term, total = map(number_of, (adjoint, term, total))
        if is_finite(total):
            return
        if operation_of(row).pull_back is not None:
            raise FloatingPointError(f"{self.describe(row)} passed {total!r} backward")
        pairs = zip(operands_of(row), derivatives_of(row))
        local = next(d for x, d in pairs if type(x) is tuple and identity_of(x) == identity_of(operand))
        raise FloatingPointError(
            f"{self.describe(row)} passed {term!r} backward: its adjoint {adjoint!r} times the "
            f"derivative {local!r}" + (f", which adds up to {total!r}" if is_finite(term) else "")
        )

    def describe(self, row: Row) -> str:
        """The operation of a row as text, with the place where it was made."""
        shown = operation_of(row).describe(numbers_in(row))
        (whole,) = row[RIGHT] if row[OPERATION] == ELEMENT else (row,)
        made = self._places.get(identity_of(whole), "before detect_anomaly()")
        return f"{shown}{where_in_many(row)}, made {made},"


def where_in_many(row: Row) -> str:
    """The vector or matrix that a number is an element of, or was computed from, as text."""
    if row[OPERATION] == ELEMENT:
        (whole,), (i,) = row[RIGHT], row[D_RIGHT]
        if whole[OPERATION] == SOFTMAX:
            return f" in softmax of shape {whole[RIGHT][0][SHAPE]}"
        return f" in element {[*place_in(whole[SHAPE], i)]} of shape {whole[SHAPE]}"
    shapes = [str(x[SHAPE]) for x in operands_in(row) if is_many(x)]
    return f" of shape{'s' * (len(shapes) > 1)} {' and '.join(shapes)}" if shapes else ""


def numbers_in(row: Row) -> list[Any]:
    """The numbers of the operands of a row."""
    return [x[NUMBER] if type(x) is tuple else x for x in operands_of(row)]


def is_finite(number: Any) -> bool:
    return math.isfinite(number) if isinstance(number, float) else True
