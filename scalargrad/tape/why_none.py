"""Why a tape gives no gradient, in a sentence."""

from __future__ import annotations

from collections import deque

from ..engine.many import Values, elements
from ..engine.rows import (
    CONSTANT,
    D_RIGHT,
    ELEMENT,
    INTERVAL,
    NUMBER,
    OPERATION,
    RIGHT,
    SERIAL,
    SHAPE,
    identity_of,
    label_of,
    operands_of,
    operation_of,
    parents_of,
    place_in,
    rows_below,
)
from ..engine.value import Value
from ..graph.formulas import without_middle
from .variable import Variable, is_cut

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Protocol

    from ..engine.contexts import Recorder
    from ..engine.rows import Row

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


def why_none(tape: Tape, target: Value | Values, source: Value | Values) -> str:
    """A sentence on the way that gradients take from the target to the source, or on what ends it."""
    labels = {identity_of(value.row): label for end in (target, source) for value, label in labels_in(end)}
    starts, ends = [[value.row for value, _ in labels_in(end)] for end in (target, source)]
    if {*map(identity_of, ends)} & {*map(identity_of, starts)}:
        return "The target is the source, so the gradient is 1."
    way = shortest_way(starts, ends, tape.follows(rows_below(starts, tape)))
    if way:
        # The call of a custom function is two rows; the one without a number is not shown.
        every = [name_of(row) for row in way[:-1] if row[NUMBER] is not None]
        names = without_middle(every, 20, lambda left_out: f"({left_out:,} more)")
        first, last = [labels[identity_of(row)] or repr(row[NUMBER]) for row in (way[0], way[-1])]
        return f"The gradient flows: {first} <- {' <- '.join(names)} <- {last} (the shortest path)."
    return "None: " + reason(tape, starts, ends, isinstance(source, Variable))


def labels_in(end: Value | Values) -> list[tuple[Value, str | None]]:
    """A value, or each element of a vector or matrix, with its label: its own, or that of the whole with its index."""
    if isinstance(end, Values):
        label, shape = end.label, end.shape
        return [(x, x.label or element_label(label, place_in(shape, i))) for i, x in enumerate(elements(end))]
    if end.row[OPERATION] == ELEMENT and end.label is None:
        (whole,), (i,) = end.row[RIGHT], end.row[D_RIGHT]
        return [(end, element_label(label_of(whole), place_in(whole[SHAPE], i)))]
    return [(end, end.label)]


def element_label(label: str | None, place: Sequence[int]) -> str | None:
    """The label of an element of a vector or a matrix; None if the whole has none."""
    return label and f"{label}[{', '.join(map(str, place))}]"


def reason(tape: Tape, targets: Sequence[Row], sources: Sequence[Row], is_variable: bool) -> str:
    """The reason why there is no way from the targets to the sources, or to a variable."""
    if not sources:
        return NOT_COMPUTED
    source = sources[0]
    if shortest_way(targets, sources, lambda row, _: tape.saw(row)):
        return not_watched(tape, source, is_variable)
    beyond = shortest_way(targets, sources)
    if beyond:
        # The operation nearest to the source that the tape did not see.
        unseen = next(row for row in reversed(beyond[:-1]) if not tape.saw(row))
        return f"{name_of(unseen)} on the way to the source was computed {when(tape, unseen)}."
    if all(target[OPERATION] is CONSTANT for target in targets):
        return (
            "the target is a constant: nothing it was computed from was tracked or watched, or it was computed in "
            "no_grad() or cut off by stop_gradient(), or it is a gradient that was taken outside this tape's block: "
            "take it inside."
        )
    if source[OPERATION] is CONSTANT:
        return not_watched(tape, source, is_variable)
    if passes_a_cut(targets):
        return "the target uses the source, if at all, through stop_gradient(), which ends gradients."
    if source[OPERATION] and not tape.saw(source):
        made = f"which was itself computed (by {name_of(source)}) {when(tape, source)}"
        way = "perhaps its name was rebound to an ordinary value; use Variable.assign, or make a new Variable of it."
        return f"the target was not computed from the source, {made}: {way}"
    return NOT_COMPUTED


def not_watched(tape: Tape, source: Row, is_variable: bool) -> str:
    """Why a source that the target may have been computed from is not followed."""
    if source[OPERATION] and tape.saw(source):
        return "the source was computed from nothing that the tape watches."
    if source[OPERATION]:
        made = f"the source was computed (by {name_of(source)}) {when(tape, source)}"
        return f"{made}; watch() it, or compute it inside the block."
    if source[OPERATION] is CONSTANT:
        kind = "not trainable" if is_variable else "a constant, which a tape does not watch by itself"
        return f"the source is {kind}; watch() it before it is used."
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
