"""The fast form of the reverse sweep, on plain numbers: adjoints lie in a list, by position.

This file can be deleted: everything works without it, about twice as slowly.

Positions count down from the serial of the first row, so that one pass discovers rows, keeps them in order and sweeps
them. The list grows as far as most of its places are taken. A row far below waits in a heap until all above it is done:
there the next list begins. Either way terms are added in the order of `reverse_sweep`, so the bits are the same.
"""

from __future__ import annotations

from heapq import heappop, heappush

from . import backprop
from .backprop import Adjoints
from .rows import identity_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from .backprop import Seeds
    from .rows import Row


def sweep(seeds: Seeds, within: Callable[[Row], bool] | None = None) -> Adjoints | None:
    """What `reverse_sweep` gives, or None where a custom function is on the way."""
    leaves: dict[int, Any] = {}
    stretches: list[tuple[int, list[Any]]] = []
    far: dict[int, list[Any]] = {}  # what waits: a row and its adjoint, by the serial
    heap: list[int] = []
    fork = down_the_trunk(*seeds[0], leaves, within) if len(seeds) == 1 else None
    if fork is not None:
        put_far(far, heap, *fork)
    for target, seed in seeds if len(seeds) > 1 else ():
        if target[2]:
            put_far(far, heap, target, seed)
        else:
            key = identity_of(target)
            leaves[key] = leaves[key] + seed if key in leaves else seed
    reached = 0
    while far:
        top = -heappop(heap)
        if top not in far:
            continue
        row, adjoint = far.pop(top)
        rows: list[Any] = [row]
        adjoints: list[Any] = [adjoint]
        stretches.append((top, adjoints))
        length = 1
        reach = 8 * reached + 64
        position = 0
        waiting = 1
        while waiting:
            row = rows[position]
            if row is None:
                position += 1
                continue
            adjoint = adjoints[position]
            position += 1
            waiting -= 1
            if within is not None and not within(row):
                continue
            _, _, operation, _, left, right, d_left, d_right = row
            if d_left is not None:
                if left[2]:
                    k = top - left[0]
                    if k >= length and k < reach:
                        length, reach, waiting = grow(rows, adjoints, k, top, far, reached, waiting)
                    if k < length:
                        before = adjoints[k]
                        if before is None:
                            rows[k] = left
                            adjoints[k] = adjoint * d_left
                            waiting += 1
                        else:
                            adjoints[k] = before + adjoint * d_left
                    else:
                        put_far(far, heap, left, adjoint * d_left)
                else:
                    key = left[4]
                    leaves[key] = leaves[key] + adjoint * d_left if key in leaves else adjoint * d_left
                if d_right is None:
                    continue
            elif left is None:
                if not isinstance(operation, str):
                    return None
                for operand, local in zip(right, d_right):
                    if local is None:
                        continue
                    if operand[2]:
                        k = top - operand[0]
                        if k >= length and k < reach:
                            length, reach, waiting = grow(rows, adjoints, k, top, far, reached, waiting)
                        if k < length:
                            before = adjoints[k]
                            if before is None:
                                rows[k] = operand
                                adjoints[k] = adjoint * local
                                waiting += 1
                            else:
                                adjoints[k] = before + adjoint * local
                        else:
                            put_far(far, heap, operand, adjoint * local)
                    else:
                        key = identity_of(operand)
                        leaves[key] = leaves[key] + adjoint * local if key in leaves else adjoint * local
                continue
            if right[2]:
                k = top - right[0]
                if k >= length and k < reach:
                    length, reach, waiting = grow(rows, adjoints, k, top, far, reached, waiting)
                if k < length:
                    before = adjoints[k]
                    if before is None:
                        rows[k] = right
                        adjoints[k] = adjoint * d_right
                        waiting += 1
                    else:
                        adjoints[k] = before + adjoint * d_right
                else:
                    put_far(far, heap, right, adjoint * d_right)
            else:
                key = right[4]
                leaves[key] = leaves[key] + adjoint * d_right if key in leaves else adjoint * d_right
        if far:
            reached += length - rows.count(None)
    return Adjoints(leaves, stretches)


def down_the_trunk(
    row: Row, adjoint: Any, adjoints: dict[int, Any], within: Callable[[Row], bool] | None
) -> tuple[Row, Any] | None:
    """Begin the sweep from a single target, as long as a row has one row below it: nothing has to be kept in order.

    Gives the row to go on from, with its adjoint, or None if that was all. A small graph is often a trunk alone.
    """
    while row[2]:
        if within is not None and not within(row):
            adjoints[row[0]] = adjoint
            return None
        left, right, d_left, d_right = row[4:]
        below = None
        if d_left is not None:
            if left[2]:
                if d_right is not None and right[2] and right is not left:
                    return row, adjoint
                below = left
                total = adjoint * d_left
            else:
                key = left[4]
                adjoints[key] = adjoints[key] + adjoint * d_left if key in adjoints else adjoint * d_left
        elif left is None:
            return row, adjoint
        if d_right is not None:
            if right[2]:
                total = adjoint * d_right if below is None else total + adjoint * d_right
                below = right
            else:
                key = right[4]
                adjoints[key] = adjoints[key] + adjoint * d_right if key in adjoints else adjoint * d_right
        adjoints[row[0]] = adjoint
        if below is None:
            return None
        row, adjoint = below, total
    key = identity_of(row)
    adjoints[key] = adjoints[key] + adjoint if key in adjoints else adjoint
    return None


def put_far(far: dict[int, list[Any]], heap: list[int], row: Row, term: Any) -> None:
    """Let a row wait, with a term of its adjoint."""
    serial = row[0]
    if serial in far:
        far[serial][1] += term
    else:
        far[serial] = [row, term]
        heappush(heap, -serial)


def grow(
    rows: list[Any], adjoints: list[Any], k: int, top: int, far: dict[int, list[Any]], reached: int, waiting: int
) -> tuple[int, int, int]:
    """Make room for position k and as many more as there are, and take in what waits there.

    Returns the new length, how far it may grow from now on, and how many rows wait in it.
    """
    more = [None] * (2 * k + 8 - len(rows))
    rows += more
    adjoints += more
    for serial in [serial for serial in far if top - serial < len(rows)]:
        rows[top - serial], adjoints[top - serial] = far.pop(serial)
        waiting += 1
    return len(rows), 8 * (reached + len(rows) - rows.count(None)) + 64, waiting


backprop.fast_sweeps.append(sweep)
