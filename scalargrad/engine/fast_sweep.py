"""The fast form of the reverse sweep, on plain numbers: adjoints lie in a list, by position.

This file can be deleted: everything works without it, about twice as slowly.

Most small graphs are a trunk: each row has one computed operand at most, so that nothing has to be kept in order. Where
they fork, positions begin. They count down from the serial of the first row, so that one pass discovers rows, keeps
them in order and sweeps them. The list grows as far as most of its places are taken. A row far below waits in a heap
until all above it is done: there the next list begins. Either way terms are added in the order of `reverse_sweep`, so
the bits are the same.
"""

from __future__ import annotations

from heapq import heappop, heappush

from . import backprop
from .backprop import Adjoints
from .rows import identity_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .backprop import Seeds
    from .contexts import Recorder
    from .rows import Row


class Stretches(Adjoints):
    """Adjoints of leaves by their keys, those of rows by position in `lists`, counted down from a serial."""

    __slots__ = ("lists",)

    lists: list[tuple[int, list[Any]]]

    def of(self, row: Row) -> Any:
        """The adjoint of a row, None if the sweep did not reach it."""
        identity = identity_of(row)
        for top, adjoints in self.lists:
            if 0 <= top - identity < len(adjoints) and adjoints[top - identity] is not None:
                return adjoints[top - identity]
        return self.get(identity)

    def __len__(self) -> int:
        return dict.__len__(self) + sum([len(adjoints) for _, adjoints in self.lists])


def sweep(seeds: Seeds, recorder: Recorder | None = None) -> Adjoints | None:
    """What `reverse_sweep` gives, or None where a custom function is on the way."""
    intervals = None if recorder is None else recorder.intervals
    if len(seeds) != 1:
        return sweep_by_position(seeds, intervals, recorder, Adjoints())
    ((row, adjoint),) = seeds
    adjoints = Adjoints()
    while row[2]:
        adjoints[row[0]] = adjoint
        _, interval, _, _, left, right, d_left, d_right = row
        if intervals is not None and interval not in intervals:
            recorder.selective = True  # type: ignore[union-attr]
            return adjoints
        below = None
        if d_left is not None:
            if left[2]:
                if d_right is not None and right[2] and right is not left:
                    break
                below = left
                total = adjoint * d_left
            else:
                key = left[4]
                adjoints[key] = adjoints[key] + adjoint * d_left if key in adjoints else adjoint * d_left
        elif left is None:
            break
        if d_right is not None:
            if right[2]:
                total = adjoint * d_right if below is None else total + adjoint * d_right
                below = right
            else:
                key = right[4]
                adjoints[key] = adjoints[key] + adjoint * d_right if key in adjoints else adjoint * d_right
        if below is None:
            return adjoints
        row, adjoint = below, total
    else:
        adjoints.add(row, adjoint)
        return adjoints
    return sweep_by_position([(row, adjoint)], intervals, recorder, adjoints)


def sweep_by_position(seeds: Seeds, intervals: Any, recorder: Any, before: Adjoints) -> Adjoints | None:
    """The sweep from targets that may fork, with the adjoints `before` them."""
    found = Stretches(before)
    found.lists = []
    leaves: dict[int, Any] = {**before}
    far: dict[int, list[Any]] = {}  # what waits: a row and its adjoint, by the serial
    heap: list[int] = []
    for target, seed in seeds:
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
        found.lists.append((top, adjoints))
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
            _, interval, operation, _, left, right, d_left, d_right = row
            if intervals is not None and interval not in intervals:
                recorder.selective = True
                continue
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
    found.update(leaves)
    return found


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
