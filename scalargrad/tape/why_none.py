"""Why a tape gives no gradient, in a sentence."""

from __future__ import annotations

from collections import deque

from ..engine.rows import (
    CONSTANT,
    INTERVAL,
    NUMBER,
    OPERATION,
    SERIAL,
    identity_of,
    operands_of,
    operation_of,
    parents_of,
    rows_below,
)
from ..graph.formulas import without_middle
from .variable import is_cut

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Protocol

    from ..engine.contexts import Recorder
    from ..engine.rows import Row
    from ..engine.value import Value

    class Tape(Recorder, Protocol):
        """The attributes of a tape that are used here."""

        began: int | None
        ended: int | None
        gaps: tuple[tuple[int, int], ...]
        paused: set[int]

        def saw(self, row: Row, /) -> bool: ...
        def follows(self, rows: Sequence[Row], /) -> Callable[[Row, Row], bool]: ...


NOT_COMPUTED = (
    "the target was not computed from the source, or only by way of constants: no_grad(), stop_gradient() and plain "
    "numbers leave nothing to follow."
)


def why_none(tape: Tape, targets: Sequence[Value], sources: Sequence[Value]) -> str:
    """A sentence on the way that gradients take from the targets to the sources, or on what ends it."""
    ends, starts = [source.row for source in sources], [target.row for target in targets]
    labels = {identity_of(value.row): value.label for value in (*targets, *sources)}
    if {*map(identity_of, ends)} & {*map(identity_of, starts)}:
        return "The target is the source, so the gradient is 1."
    way = shortest_way(starts, ends, tape.follows(rows_below(starts, tape)))
    if way:
        # The call of a custom function is two rows; the one without a number is not shown.
        every = [name_of(row) for row in way[:-1] if row[NUMBER] is not None]
        names = without_middle(every, 20, lambda left_out: f"({left_out:,} more)")
        first, last = [labels[identity_of(row)] or repr(row[NUMBER]) for row in (way[0], way[-1])]
        return f"The gradient flows: {first} <- {' <- '.join(names)} <- {last} (the shortest path)."
    return "None: " + reason(tape, starts, ends)


def reason(tape: Tape, targets: Sequence[Row], sources: Sequence[Row]) -> str:
    """The reason why there is no way from the targets to the sources."""
    if not sources:
        return NOT_COMPUTED
    source = sources[0]
    if shortest_way(targets, sources, lambda row, _: tape.saw(row)):
        return not_watched(tape, source)
    beyond = shortest_way(targets, sources)
    if beyond:
        # The operation nearest to the source that the tape did not see.
        unseen = next(row for row in reversed(beyond[:-1]) if not tape.saw(row))
        return f"{name_of(unseen)} on the way to the source was computed {when(tape, unseen)}."
    if all(target[OPERATION] is CONSTANT for target in targets):
        return (
            "the target is a constant: nothing it was computed from was tracked or watched, or it was computed in "
            "no_grad() or cut off by stop_gradient()."
        )
    if source[OPERATION] is CONSTANT:
        return not_watched(tape, source)
    if passes_a_cut(targets):
        return "the target uses the source, if at all, through stop_gradient(), which ends gradients."
    if source[OPERATION] and not tape.saw(source):
        made = f"which was itself computed (by {name_of(source)}) {when(tape, source)}"
        way = "perhaps its name was rebound to an ordinary value; use Variable.assign, or make a new Variable of it."
        return f"the target was not computed from the source, {made}: {way}"
    return NOT_COMPUTED


def not_watched(tape: Tape, source: Row) -> str:
    """Why a source that the target may have been computed from is not followed."""
    if source[OPERATION] and tape.saw(source):
        return "the source was computed from nothing that the tape watches."
    if source[OPERATION]:
        made = f"the source was computed (by {name_of(source)}) {when(tape, source)}"
        return f"{made}; watch() it, or compute it inside the block."
    if source[OPERATION] is CONSTANT:
        return "the source is a constant, which a tape does not watch by itself; watch() it before it is used."
    return "the tape was made with watch_accessed_variables=False and was not asked to watch() the source."


def when(tape: Tape, row: Row) -> str:
    """The time at which a row was made that a tape did not see, in words."""
    if row[INTERVAL] in tape.paused:
        return "while recording was stopped"
    if tape.began is None or row[SERIAL] < tape.began:
        return "before the tape began"
    if tape.ended is not None and row[SERIAL] >= tape.ended:
        return "after the tape ended"
    if any(ended <= row[SERIAL] < began for ended, began in tape.gaps):
        return "between two blocks of the tape"
    return "in another thread or task, which this tape does not record"


def name_of(row: Row) -> str | None:
    """The name of the operation that made a row."""
    return getattr(operation_of(row), "name", None)


def passes_a_cut(targets: Sequence[Row]) -> bool:
    """Whether a row below the targets came out of `stop_gradient`."""
    return any(type(x) is tuple and is_cut(x) for row in rows_below(targets) for x in operands_of(row))


def shortest_way(
    targets: Sequence[Row], sources: Sequence[Row], through: Callable[[Row, Row], bool] | None = None
) -> list[Row]:
    """The rows on the shortest way from a target to a source, both included; empty if there is no way."""
    ends = {*map(identity_of, sources)}
    came_from: dict[float, Row | None] = {identity_of(target): None for target in targets}
    queue = deque(targets)
    while queue:
        row = queue.popleft()
        if identity_of(row) in ends:
            way = [row]
            while (child := came_from[identity_of(way[-1])]) is not None:
                way.append(child)
            return way[::-1]
        for parent in parents_of(row):
            if identity_of(parent) not in came_from and (through is None or through(row, parent)):
                came_from[identity_of(parent)] = row
                queue.append(parent)
    return []
