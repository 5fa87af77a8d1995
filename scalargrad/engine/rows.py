"""Rows: the record of the forward pass, as one would write it on a tape.

Every operation on values appends a row to the record, an immutable tuple:

    (serial, interval, operation, number, left, right, d_left, d_right)

`left` and `right` are the rows of the operands themselves, or plain numbers, `d_left` and `d_right` the numbers that
the local derivatives came to, None for an operand that is not followed. An operation of one operand has no `right`. One
of more than two has None in place of `left` and `d_left`, and tuples in place of `right` and `d_right`.

Serial numbers only grow, in all threads alike, so that a row always comes after those of its operands: descending order
of serials is a topological order. Nothing else needs to be known to go back.

A row where the record begins has no operands: that of a leaf bears a key, which is its own for life, and its label.
Assigning a leaf gives it a new row with the same key, and the rows that were computed before keep the old one. A
constant has None for an operation.

The operation is there by its name and the interval by its number (see `contexts`), since a tuple of numbers, text and
other such tuples drops out of sight of the garbage collector, which would walk through a large graph again and again.
"""

from __future__ import annotations

from _weakref import ref
from itertools import count

from ..operations.operation import registry

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any, TypeAlias

    from ..checks import Number
    from ..operations.operation import Operation
    from .contexts import Recorder

    Row: TypeAlias = tuple[Any, ...]

SERIAL, INTERVAL, OPERATION, NUMBER, LEFT, RIGHT, D_LEFT, D_RIGHT = range(8)
KEY, LABEL = LEFT, RIGHT  # of a leaf

LEAF, CONSTANT = "", None  # in place of an operation

next_serial = count(1).__next__


def row_of(
    operation: Operation,
    number: Number,
    operands: Sequence[Any],
    derivatives: Sequence[Number | None],
    interval: int,
) -> Row:
    """A row of an operation on rows and plain numbers."""
    name = operation if operation.pull_back is not None else operation.name
    if operation.pull_back is None and len(operands) == 2 == len(derivatives):
        return (next_serial(), interval, name, number, *operands, *derivatives)
    if operation.pull_back is None and len(operands) == 1:
        return (next_serial(), interval, name, number, operands[0], None, derivatives[0], None)
    return (next_serial(), interval, name, number, None, tuple(operands), None, tuple(derivatives))


def reassigned(row: Row, number: Number) -> Row:
    """The row of a leaf with another number."""
    return (next_serial(), row[INTERVAL], row[OPERATION], number, row[KEY], row[LABEL], None, None)


class LabelledName(str):
    """The name of an operation in the row of a value that has a label."""

    __slots__ = ("label",)

    label: str | None


def labelled(row: Row, label: str | None) -> Row:
    """The same row with a label."""
    if not row[OPERATION]:
        return (*row[:LABEL], label, *row[LABEL + 1 :])
    name = LabelledName(row[OPERATION])
    name.label = label
    return (*row[:OPERATION], name, *row[NUMBER:])


def label_of(row: Row) -> str | None:
    """The label of a value: the one that it was given last, if whoever was given it lives, or else the row's own."""
    is_leaf = not row[OPERATION] and row[KEY] is not None
    holder = (leaves if is_leaf else inner_values).find(identity_of(row))
    for each in (row,) if holder is None else (holder.row, row):
        label: str | None = getattr(each[OPERATION], "label", None) if each[OPERATION] else each[LABEL]
        if label is not None or (is_leaf and holder is not None):
            return label
    return None


# ---- What a row says -------------------------------------------------------------------------------------------------


def identity_of(row: Row) -> int:
    """What a row's adjoint goes by: the key of a leaf, or else the serial."""
    identity: int = row[SERIAL] if row[OPERATION] or row[KEY] is None else row[KEY]
    return identity


def number_in(x: Any) -> Any:
    """The number of a value, that is of what has a row; anything else as it is."""
    row = getattr(x, "row", None)
    return x if row is None else row[NUMBER]


def operation_of(row: Row) -> Any:
    """The operation that made a row, None for a leaf or a constant."""
    name = row[OPERATION]
    return (registry[name] if isinstance(name, str) else name) if name else None


def operands_of(row: Row) -> tuple[Any, ...]:
    """The rows and plain numbers that the operation was applied to."""
    if not row[OPERATION]:
        return ()
    if row[LEFT] is None:
        return row[RIGHT]  # type: ignore[no-any-return]
    return (row[LEFT],) if row[RIGHT] is None else (row[LEFT], row[RIGHT])


def derivatives_of(row: Row) -> tuple[Number | None, ...]:
    """The local derivatives, one for each operand, None for what is not followed."""
    if not row[OPERATION]:
        return ()
    if row[LEFT] is None:
        return row[D_RIGHT]  # type: ignore[no-any-return]
    return (row[D_LEFT],) if row[RIGHT] is None else (row[D_LEFT], row[D_RIGHT])


def parents_of(row: Row) -> list[Row]:
    """The operands that gradients are passed to."""
    return [operand for operand, local in zip(operands_of(row), derivatives_of(row)) if local is not None]


def rows_below(targets: Iterable[Row], recorder: Recorder | None = None) -> list[Row]:
    """The rows that targets were computed by, each after its operands; leaves are left out.

    A row that a `recorder` did not see counts as a leaf: the walk does not go past it, and notes that it came to one.
    The walk keeps its own stack, so that a graph may be of any depth.
    """
    stack = [target for target in targets if target[OPERATION]]
    found: dict[int, Row] = {}
    while stack:
        row = stack.pop()
        if recorder is not None and row[INTERVAL] not in recorder.intervals:
            recorder.selective = True
        elif row[SERIAL] not in found:
            found[row[SERIAL]] = row
            stack += [x for x in operands_of(row) if type(x) is tuple and x[OPERATION] and x[SERIAL] not in found]
    return [found[serial] for serial in sorted(found)]


# ---- Whom a row belongs to -------------------------------------------------------------------------------------------


class Handles(dict[int, "Any"]):
    """Which object stands for a leaf's key, or for a row's serial, as long as there is one.

    Plain weak references without callbacks: a callback would be code of this package that runs in a finaliser. What is
    dead is purged as the table grows.
    """

    __slots__ = ("limit",)

    def __init__(self) -> None:
        self.limit = 100

    def find(self, identity: int) -> Any:
        """The object, or None."""
        return self.get(identity, nothing)()

    def add(self, identity: int, thing: Any) -> None:
        """Let it be found."""
        self[identity] = ref(thing)
        if len(self) > self.limit:
            self.purge()

    def purge(self) -> None:
        """Forget what is dead."""
        references = self.copy()  # in one piece, other threads may add
        for identity in [identity for identity, reference in references.items() if reference() is None]:
            self.pop(identity, None)
        self.limit = 2 * len(self) + 100


nothing = type(None)  # in place of a reference: called, it gives None
leaves = Handles()  # by their keys
inner_values = Handles()  # by the serials of their rows: those that were asked for, and those that have a label
