"""Rows: the record of the forward pass.

Every operation on values adds a row to the record, an immutable tuple:

    (serial, interval, operation, number, left, right, d_left, d_right)

`left` and `right` are the operands: their rows, or plain numbers. `d_left` and `d_right` are the local derivatives, as
numbers, or None for an operand that is not followed. An operation of one operand has no `right`. An operation of more
than two has None in place of `left` and `d_left`, and tuples in place of `right` and `d_right`.

For a vector or a matrix, `number` is a tuple of its numbers, those of a matrix row by row, and the shape, (n,) or
(m, n), takes the place of `d_left`. A single number that is computed from such rows, such as a sum, has the shape (). A
row of many numbers stands for a program on single numbers, element by element. `operation_of`, `operands_of` and
`derivatives_of` give that program, so code that walks through the record with them meets single numbers only.

Serial numbers only grow, across all threads, so a row comes after the rows of its operands. Descending order of serials
is a reverse topological order, and the reverse sweep needs to know nothing else.

The row of a leaf has no operands. It has a key in their place, which the leaf keeps for life, and a label. Assigning a
leaf gives it a new row with the same key; rows that were computed before keep the old one. A constant has None as its
operation.

A row holds the name of its operation and the number of its interval (see `contexts`), not the objects. The garbage
collector does not track tuples of numbers, text and other such tuples, so it does not walk a large graph repeatedly.
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
SHAPE = D_LEFT  # a tuple in rows of many numbers, and in rows that are computed from them at once

LEAF, CONSTANT = "", None  # in place of the name of an operation
MOST_PLACES = 2**53

# Operations that only move numbers: they take one element of a row, take some, join several rows, or transpose one.
ELEMENT, TAKE, JOIN, TRANSPOSE = "element", "take", "join", "transpose"
MATMUL = "matmul"  # products of matrices
SOFTMAX = "softmax"  # for each row of a matrix: the powers, their sum, their sum without the largest, the shares

next_serial = count(1).__next__


def row_of(
    operation: Operation,
    number: Number,
    operands: Sequence[Any],
    derivatives: Sequence[Number | None],
    interval: int,
) -> Row:
    """The row of an operation on rows and plain numbers."""
    name = operation if operation.pull_back is not None else operation.name
    if operation.pull_back is None and len(operands) == 2 == len(derivatives):
        return (next_serial(), interval, name, number, *operands, *derivatives)
    if operation.pull_back is None and len(operands) == 1:
        return (next_serial(), interval, name, number, operands[0], None, derivatives[0], None)
    return (next_serial(), interval, name, number, None, tuple(operands), None, tuple(derivatives))


def reassigned(row: Row, number: Any) -> Row:
    """A new row for a leaf, with another number."""
    return (next_serial(), row[INTERVAL], row[OPERATION], number, row[KEY], row[LABEL], row[SHAPE], None)


class LabelledName(str):
    """The name of an operation in the row of a value that has a label."""

    __slots__ = ("label",)

    label: str | None


LISTED = LabelledName(JOIN)  # values that were joined for a dot product only, and get their terms one by one
LISTED.label = None


def labelled(row: Row, label: str | None) -> Row:
    """The same row with a label."""
    if not row[OPERATION]:
        return (*row[:LABEL], label, *row[LABEL + 1 :])
    name = LabelledName(row[OPERATION])
    name.label = label
    return (*row[:OPERATION], name, *row[NUMBER:])


def label_of(row: Row) -> str | None:
    """The label of a value: the latest one that was given to its object, if that is alive, or else the row's own."""
    is_leaf = not row[OPERATION] and row[KEY] is not None
    holder = (leaves if is_leaf else inner_values).find(identity_of(row))
    for each in (row,) if holder is None else (holder.row, row):
        label: str | None = getattr(each[OPERATION], "label", None) if each[OPERATION] else each[LABEL]
        if label is not None or (is_leaf and holder is not None):
            return label
    return None


# ---- What a row says -------------------------------------------------------------------------------------------------


def identity_of(row: Row) -> float:
    """The number that an adjoint is stored under: a leaf's key or a serial; an element's lies between two serials."""
    if row[OPERATION] == ELEMENT:
        (whole,), (i,) = row[RIGHT], row[D_RIGHT]
        return between(whole[SERIAL], i, len(whole[NUMBER]))
    identity: float = row[SERIAL] if row[OPERATION] or row[KEY] is None else row[KEY]
    return identity


def between(serial: int, i: int, count: int) -> float:
    """The identity of element i of `count`: above the serial of the whole, and below the next serial.

    Identities differ as long as serial * count is less than 2**53. Raises OverflowError beyond that.
    """
    if serial * count >= MOST_PLACES:
        raise OverflowError(
            f"after {serial:,} operations floats cannot tell {count:,} elements apart; use smaller matrices, or go on "
            "in a new process"
        )
    return serial + (i + 1) / (count + 1)


def number_in(x: Any) -> Any:
    """The number of something that has a row; anything else as it is."""
    row = getattr(x, "row", None)
    return x if row is None else row[NUMBER]


def operation_of(row: Row) -> Any:
    """The operation that made a row, None for a leaf or a constant."""
    name = row[OPERATION]
    if name == ELEMENT:
        (whole,), (i,) = row[RIGHT], row[D_RIGHT]
        name = whole[OPERATION]
        if name == MATMUL:
            name = "dot"
        elif name == SOFTMAX:
            name = part_of_softmax(whole, i)[0]
    return (registry[name] if isinstance(name, str) else name) if name else None


def operands_in(row: Row) -> tuple[Any, ...]:
    """The operands as they stand in a row: rows, some perhaps of many numbers, and plain numbers."""
    if not row[OPERATION]:
        return ()
    if row[LEFT] is not None:
        return (row[LEFT],) if row[RIGHT] is None else (row[LEFT], row[RIGHT])
    operands: tuple[Any, ...] = row[RIGHT]
    return operands


def derivatives_in(row: Row) -> tuple[Any, ...]:
    """The local derivatives as they stand in a row: for each operand one, or one for each of its numbers."""
    if not row[OPERATION]:
        return ()
    if row[LEFT] is not None:
        return (row[D_LEFT],) if row[RIGHT] is None else (row[D_LEFT], row[D_RIGHT])
    derivatives: tuple[Any, ...] = row[D_RIGHT]
    return derivatives


def operands_of(row: Row) -> tuple[Any, ...]:
    """The operands of the program on single numbers: rows of one number, and plain numbers."""
    operands = operands_in(row)
    if type(row[SHAPE]) is not tuple:
        return operands
    if row[OPERATION] != ELEMENT:
        return tuple([x for many in operands for x in (elements_of_row(many) if is_many(many) else (many,))])
    (whole,), (i,) = operands, row[D_RIGHT]
    if whole[OPERATION] == SOFTMAX:
        return part_of_softmax(whole, i)[1]
    return tuple([element_of(whole[RIGHT][k], j) for k, j, _ in ways_of(whole, i)])


def derivatives_of(row: Row) -> tuple[Number | None, ...]:
    """The local derivatives, one for each of `operands_of`; None for an operand that is not followed."""
    derivatives = derivatives_in(row)
    if type(row[SHAPE]) is not tuple:
        return derivatives
    if row[OPERATION] != ELEMENT:
        return tuple([d for x, local in zip(operands_in(row), derivatives) for d in spread(local, x)])
    (whole,), (i,) = row[RIGHT], derivatives
    if whole[OPERATION] == SOFTMAX:
        name, operands = part_of_softmax(whole, i)
        numbers = [x[NUMBER] if type(x) is tuple else x for x in operands]
        return registry[name].local_derivatives(numbers, [type(x) is tuple for x in operands])
    return tuple([local for _, _, local in ways_of(whole, i)])


def ways_of(row: Row, i: int) -> list[tuple[int, int, Number | None]]:
    """The numbers that element i of a row of many numbers was computed from; not for softmax.

    For each number: the index of its operand, its own index in that operand, and the local derivative.
    """
    name, operands, derivatives = row[OPERATION], row[RIGHT], row[D_RIGHT]
    if name == TAKE:
        return [(0, derivatives[0][i], 1)]
    if name == TRANSPOSE:
        rows, columns = row[SHAPE]
        return [(0, i % columns * rows + i // columns, 1)]
    if name == JOIN:
        if not is_many(operands[0]):
            return [(i, 0, derivatives[i])]
        k = 0
        while i >= (count := len(operands[k][NUMBER])):
            k, i = k + 1, i - count
        return [(k, i, derivatives[k])]
    if name == MATMUL:
        left, right = operands
        common, columns = left[SHAPE][-1], right[SHAPE][1] if len(right[SHAPE]) > 1 else 1
        begin, column = i // columns * common, i % columns
        pairs = [*zip(range(begin, begin + common), range(column, common * columns, columns))]
        by_left = [(0, j, right[NUMBER][k] if derivatives[0] else None) for j, k in pairs]
        return by_left + [(1, k, left[NUMBER][j] if derivatives[1] else None) for j, k in pairs]
    return [
        (k, i % len(x[NUMBER]) if is_many(x) else 0, local[i] if type(local) is tuple else local)
        for k, (x, local) in enumerate(zip(operands, derivatives))
    ]


def spread(local: Any, operand: Row) -> Sequence[Number | None]:
    """A local derivative for each number of an operand; a single one is repeated for all."""
    return local if type(local) is tuple else (local,) * (len(operand[NUMBER]) if is_many(operand) else 1)


def parents_of(row: Row) -> list[Row]:
    """The operands that gradients are passed to."""
    return [operand for operand, local in zip(operands_of(row), derivatives_of(row)) if local is not None]


def rows_below(targets: Iterable[Row], recorder: Recorder | None = None) -> list[Row]:
    """The rows of targets and all rows below them, each after its operands; leaves are left out.

    A row that the `recorder` did not see counts as a leaf: the walk stops there and sets `recorder.selective`. The walk
    keeps its own stack, so a graph may be of any depth.
    """
    stack = [x for target in targets for x in (elements_of_row(target) if is_many(target) else (target,))]
    stack = [target for target in stack if target[OPERATION]]
    found: dict[float, Row] = {}
    while stack:
        row = stack.pop()
        identity = identity_of(row)
        if recorder is not None and row[INTERVAL] not in recorder.intervals:
            recorder.selective = True
        elif identity not in found:
            found[identity] = row
            stack += [x for x in operands_of(row) if type(x) is tuple and x[OPERATION] and identity_of(x) not in found]
    return [found[identity] for identity in sorted(found)]


# ---- Rows of many numbers --------------------------------------------------------------------------------------------


def is_many(x: Any) -> bool:
    """Whether an operand is a row of many numbers.

    Most rows have a derivative in place of a shape. Its truth value must not be asked for: while a function is traced,
    that would count as a branch.
    """
    return type(x) is tuple and type(x[SHAPE]) is tuple and x[SHAPE] != ()


def element_of(row: Row, i: int) -> Row:
    """The row of element i, counted row by row; if it was only moved there, the row that it was moved from."""
    while is_many(row):
        if row[OPERATION] not in (TAKE, JOIN, TRANSPOSE):
            break
        ((k, i, _),) = ways_of(row, i)
        row = row[RIGHT][k]
    else:
        return row
    if row[OPERATION]:
        return (next_serial(), row[INTERVAL], ELEMENT, row[NUMBER][i], None, (row,), (), (i,))
    identity = between(row[SERIAL] if row[KEY] is None else row[KEY], i, len(row[NUMBER]))
    key = None if row[KEY] is None else identity
    return (identity, row[INTERVAL], row[OPERATION], row[NUMBER][i], key, label_at(row, i), None, row[D_RIGHT])


def elements_of_row(row: Row) -> list[Row]:
    """The rows of all elements of a row of many numbers."""
    return [element_of(row, i) for i in range(len(row[NUMBER]))]


def label_at(row: Row, i: int) -> str | None:
    """The label of element i of a leaf: the leaf's own with the index; None if the leaf has none."""
    if row[LABEL] is None:
        return None
    return f"{row[LABEL]}{[*place_in(row[SHAPE], i)]}"


def place_in(shape: tuple[int, ...], i: int) -> tuple[int, ...]:
    """The indices of element i, counted row by row."""
    return (i,) if len(shape) == 1 else divmod(i, shape[1])


def part_of_softmax(row: Row, i: int) -> tuple[str, tuple[Any, ...]]:
    """The name of the operation that element i of a softmax row came from, and its operands."""
    (x,) = row[RIGHT]
    width = x[SHAPE][-1]
    line, place = divmod(i, 2 * width + 2)
    begin, inner = line * width, line * (2 * width + 2)
    if place < width:
        return "exp_gap", (element_of(x, begin + place), max(x[NUMBER][begin : begin + width]))
    if place < width + 2:
        powers = tuple([element_of(row, inner + j) for j in range(width)])
        return "total" if place == width else "total_but_largest", powers
    return "share", tuple([element_of(row, inner + j) for j in (place - width - 2, width, width + 1)])


# ---- The object that a row belongs to --------------------------------------------------------------------------------


class Handles(dict[float, "Any"]):
    """The objects of leaves by their keys, or of rows by their serials, as long as they live.

    The references are weak and have no callbacks: a callback would run code of this package in a finaliser. Dead ones
    are purged as the table grows.
    """

    __slots__ = ("limit",)

    def __init__(self) -> None:
        self.limit = 100

    def find(self, identity: float) -> Any:
        """The object, or None."""
        return self.get(identity, nothing)()

    def add(self, identity: float, thing: Any) -> None:
        """Store an object."""
        self[identity] = ref(thing)
        if len(self) > self.limit:
            self.purge()

    def purge(self) -> None:
        """Drop dead references."""
        references = self.copy()  # copied at once, since other threads may add some
        for identity in [identity for identity, reference in references.items() if reference() is None]:
            self.pop(identity, None)
        self.limit = 2 * len(self) + 100


nothing = type(None)  # stands in for a reference: a call gives None
leaves = Handles()  # by their keys
inner_values = Handles()  # by the serials of their rows: values that were asked for, or have a label
