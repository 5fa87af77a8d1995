"""`detect_anomaly`: where a number went wrong, as soon as it does."""

from __future__ import annotations

import math
import sys

from . import recording
from .nodes import number_of
from .value import Value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from .recording import BlockInterval
    from .registry import Operation

PACKAGE = __file__.removesuffix("anomaly.py")


class detect_anomaly(recording.Block):  # noqa: N801  (a verb phrase, as in PyTorch)
    """A context in which an operation that gives nan or inf raises at once, in the forward pass and in sweeps.

    The error names the operation, its operands, and the file and line where the node was made. It belongs to the
    running thread or async task alone. Within the block nodes take several times as long to make, and every one is kept
    until the block ends; outside of it nothing is paid.

    Raises:
        FloatingPointError: an operation gave nan or inf, or a derivative that a sweep carries on is nan or inf.

    >>> import scalargrad as sg
    >>> x = sg.Value(1e200)
    >>> with sg.detect_anomaly():
    ...     y = x * x
    Traceback (most recent call last):
    FloatingPointError: 1e+200 * 1e+200 gave inf, at <doctest scalargrad.anomaly.detect_anomaly[2]>, line 2
    """

    __slots__ = ("_places",)

    when_open = "this detect_anomaly() block is open already; make another one"

    def __init__(self) -> None:
        super().__init__()
        # Where each node was made. It is kept here, so that a node need not have room for it.
        self._places: dict[Value, str] = {}

    def take_part(self, interval: BlockInterval) -> None:
        """Say to an interval that every node is looked at."""
        if isinstance(interval.detector, detect_anomaly):
            self._places = interval.detector._places
        interval.detector = self
        interval.plain = False

    def note_end(self, _: int, /) -> None:
        """Forget where nodes were made."""
        self._places = {}

    # -- the forward pass

    def note(self, node: Value) -> None:
        """Look at a new node, and keep where it was made."""
        self._places[node] = place()
        if node._data is not None:
            self.check(node._operation, node.operands, node._data)

    def check(self, operation: Operation, operands: Sequence[Any], data: Any) -> None:
        """Raise FloatingPointError if an operation gave nan or inf."""
        if not is_finite(data):
            shown = operation.describe([number_of(x) for x in operands])
            raise FloatingPointError(f"{shown} gave {data!r}, {place()}")

    # -- sweeps

    def check_tangent(self, node: Value, tangent: Any) -> None:
        """Raise FloatingPointError if the tangent of a node is nan or inf."""
        if not is_finite(number_of(tangent)):
            raise FloatingPointError(f"the tangent of {self.describe(node)} is {number_of(tangent)!r}")

    def sweep(
        self, order: Sequence[Value], seeds: dict[Value, Any], follows: Callable[[Value, Value], bool] | None
    ) -> dict[Value, Any]:
        """The reverse sweep over numbers, with a look at each product and each sum.

        Raises FloatingPointError if an adjoint becomes nan or inf.
        """
        adjoints = {node: number_of(seed) for node, seed in seeds.items()}
        for node in reversed(order):
            adjoint = adjoints.get(node)
            if adjoint is None:
                continue
            if node._operation.pull_back is not None:
                node._operation.pull_back(node, adjoint, adjoints, False, follows)
                for operand in node.parents:
                    if not is_finite(adjoints.get(operand, 0)):
                        raise FloatingPointError(f"{self.describe(node)} passed {adjoints[operand]!r} backward")
                continue
            for operand, local in zip(node.operands, node.derivatives):
                if local is None or (follows is not None and not follows(node, operand)):
                    continue
                term = adjoint * local
                total = adjoints[operand] + term if operand in adjoints else term
                if not is_finite(total):
                    raise FloatingPointError(
                        f"{self.describe(node)} passed {term!r} backward: its adjoint {adjoint!r} times the "
                        f"derivative {local!r}" + (f", which adds up to {total!r}" if is_finite(term) else "")
                    )
                adjoints[operand] = total
        return adjoints

    def describe(self, node: Value) -> str:
        """A node as one would write it, and where it was made."""
        shown = node._operation.describe([number_of(x) for x in node.operands])
        return f"{shown}, made {self._places.get(node, 'before detect_anomaly()')},"


def is_finite(number: Any) -> bool:
    return math.isfinite(number) if isinstance(number, float) else True


def place() -> str:
    """Where the innermost frame is that is not this package's own, in words."""
    return "at {}, line {}".format(*where())


def where() -> tuple[str, int]:
    """File and line of the innermost frame that is not this package's own."""
    frame = outer_frame()
    return frame.f_code.co_filename, frame.f_lineno


def outer_frame() -> Any:
    """The innermost frame that is not this package's own."""
    frame: Any = sys._getframe(1)
    while frame.f_back is not None and frame.f_code.co_filename.startswith(PACKAGE):
        frame = frame.f_back
    return frame
