"""The forward sweep: derivatives carried along with the computation, from what was recorded of it."""

from __future__ import annotations

from . import recording
from .backprop import differentiable_derivatives, product

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from .value import Value


def forward_sweep(order: Iterable[Value], tangents: dict[Value, Any], differentiable: bool = False) -> dict[Value, Any]:
    """Carry tangents from leaves forward to everything that was computed from them: the chain rule, read the other way.

    `tangents` comes with those of the leaves and leaves with d(node)/dt for every node in `order` that depends on them:

        tangent(node) = sum over its operands of d(node)/d(operand) * tangent(operand)

    Raises TypeError where a custom gradient is on the way: its pullback only goes backward.
    """
    detector = recording.current().detector
    for node in order:
        tangent = None
        for operand, local in edges(node, differentiable):
            if operand in tangents:
                term = product(local, tangents[operand]) if differentiable else local * tangents[operand]
                tangent = term if tangent is None else tangent + term
        if tangent is not None:
            tangents[node] = tangent
            if detector is not None:
                detector.check_tangent(node, tangent)
    return tangents


def forward_rows(
    order: Iterable[Value], rows: dict[Value, dict[int, Any]], differentiable: bool = False
) -> dict[Value, dict[int, Any]]:
    """The forward sweep of many tangents at once, of each node only those that are not absent: a sparse Jacobian.

    `rows` comes with one entry for each leaf, {its index: 1}, and leaves with the tangents of every node in `order`
    by the index of the leaf. Raises TypeError where a custom gradient is on the way.
    """
    detector = recording.current().detector
    for node in order:
        row: dict[int, Any] = {}
        for operand, local in edges(node, differentiable):
            for index, tangent in rows.get(operand, {}).items():
                term = product(local, tangent) if differentiable else local * tangent
                row[index] = row[index] + term if index in row else term
        rows[node] = row
        if detector is not None:
            for tangent in row.values():
                detector.check_tangent(node, tangent)
    return rows


def edges(node: Value, differentiable: bool) -> list[tuple[Value, Any]]:
    """The operands of a node that it is followed to, each with the local derivative."""
    if node._operation.pull_back is not None:
        raise TypeError(
            f"{node._operation.name} has a gradient of its own, which goes backward only; use reverse mode (grad, vjp, "
            "jacobian with mode='reverse')"
        )
    derivatives = differentiable_derivatives(node) if differentiable else node.derivatives
    return [(operand, local) for operand, local in zip(node.operands, derivatives) if local is not None]
