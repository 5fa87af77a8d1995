"""The forward sweep: derivatives carried from leaves to results, over the rows that were recorded.

The chain rule, read forward: the tangent of a row is d(row)/dt, and

    tangent(row) = sum over its operands of d(row)/d(operand) * tangent(operand)
"""

from __future__ import annotations

from ..engine.backprop import derivatives_on, product
from ..engine.contexts import current
from ..engine.rows import derivatives_of, identity_of, operands_of, operation_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

    from ..engine.rows import Row


def forward_sweep(
    rows: Iterable[Row], tangents: dict[float, Any], on_row: Callable[[Row], Any] | None = None
) -> dict[float, Any]:
    """The tangents of everything that was computed from leaves.

    `tangents` has those of the leaves, by identity; d(row)/dt is added to it for each of `rows` that depends on them.
    With `on_row` the tangents are values with a record of their own.

    Raises TypeError where a custom gradient is on the way: its pullback only goes backward.
    """
    detector = current().detector
    for row in rows:
        tangent = None
        for operand, local in edges(row, on_row):
            if operand in tangents:
                term = local * tangents[operand] if on_row is None else product(local, tangents[operand])
                tangent = term if tangent is None else tangent + term
        if tangent is not None:
            tangents[identity_of(row)] = tangent
            if detector is not None:
                detector.check_tangent(row, tangent)
    return tangents


def forward_rows(
    rows: Iterable[Row], tangents: dict[float, dict[int, Any]], on_row: Callable[[Row], Any] | None = None
) -> dict[float, dict[int, Any]]:
    """The sparse Jacobian, from a forward sweep of many tangents at once: each row has only those that it depends on.

    `tangents` has an entry for each leaf, {its index: 1}; the tangents of each of `rows` are added to it, by the
    indices of leaves. Raises TypeError where a custom gradient is on the way.
    """
    detector = current().detector
    for row in rows:
        found: dict[int, Any] = {}
        for operand, local in edges(row, on_row):
            for index, tangent in tangents.get(operand, {}).items():
                term = local * tangent if on_row is None else product(local, tangent)
                found[index] = found[index] + term if index in found else term
        tangents[identity_of(row)] = found
        if detector is not None:
            for tangent in found.values():
                detector.check_tangent(row, tangent)
    return tangents


def edges(row: Row, on_row: Callable[[Row], Any] | None) -> list[tuple[float, Any]]:
    """The identities of the followed operands of a row, each with the local derivative."""
    operation = operation_of(row)
    if operation.pull_back is not None:
        way = "use reverse mode (grad, vjp, jacobian with mode='reverse', check_grads with modes=('reverse',))"
        raise TypeError(f"{operation.name} has a gradient of its own, which goes backward only; {way}")
    derivatives = derivatives_of(row) if on_row is None else derivatives_on(row, on_row)
    return [(identity_of(operand), local) for operand, local in zip(operands_of(row), derivatives) if local is not None]
