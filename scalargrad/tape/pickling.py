"""How values, vectors and variables are pickled and deep-copied.

A graph is written as a list of rows in order of their serials, so that no depth is too much for it, and its leaves as
objects, so that values pickled together still share them. What comes back has keys and serials of its own.
`copy.deepcopy` goes the same way.
"""

from __future__ import annotations

import copyreg

from ..engine.backprop import Adjoints, keep, latest_adjoint
from ..engine.contexts import current
from ..engine.rows import (
    CONSTANT,
    KEY,
    NUMBER,
    OPERATION,
    SERIAL,
    derivatives_of,
    identity_of,
    operands_of,
    operation_of,
    reassigned,
    rows_below,
)
from ..engine.value import Value, holder_of, make_leaf, new, number_of, recorded, settle
from ..engine.vector import Vector
from .variable import ScalarVariable, VectorVariable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from ..checks import Number


def flatten_graph(roots: Sequence[Value]) -> tuple[list[Any], list[tuple[Any, ...]], list[int]]:
    """The graph below `roots` as leaves, rows that refer to earlier ones by their index, and the roots' indices.

    A leaf that was assigned since is written once more, as a row without an operation: with its number of then.
    """
    for root in roots:
        settle(root)
    rows = rows_below([root.row for root in roots])
    begins: list[Any] = []
    places: dict[int, int] = {}  # of leaves, by their keys
    index: dict[Any, int] = {}
    inner = {row[SERIAL] for row in rows}
    old = {}
    for x in (*(root.row for root in roots), *(x for row in rows for x in operands_of(row))):
        if type(x) is not tuple:
            if ("", id(x)) not in index:
                index["", id(x)] = len(begins)
                begins.append(x)
        elif x[SERIAL] not in inner and x[SERIAL] not in index:
            identity = identity_of(x)
            if identity not in places:
                places[identity] = len(begins)
                begins.append(holder_of(x))
            if begins[places[identity]].row[NUMBER] is not x[NUMBER]:
                old[x[SERIAL]] = x
            else:
                index[x[SERIAL]] = places[identity]
    written: list[tuple[Any, ...]] = []
    for row in (*old.values(), *rows):
        index[row[SERIAL]] = len(begins) + len(written)
        if row[OPERATION]:
            value = holder_of(row)
            operands = [index[x[SERIAL] if type(x) is tuple else ("", id(x))] for x in operands_of(row)]
            more = (derivatives_of(row), value.label, latest_adjoint(row), False)
            written.append((operation_of(row), row[NUMBER], operands, *more))
        else:
            written.append((None, row[NUMBER], [places[identity_of(row)]], (), None, None, False))
    return begins, written, [index[root.row[SERIAL]] for root in roots]


def restore_graph(begins: list[Any], written: list[tuple[Any, ...]], roots: list[int]) -> list[Value]:
    """What `flatten_graph` was given. A row that says so (of release 0.1) has leaves whose numbers of then are lost."""
    interval = current()
    made = [*begins]
    found = {identity_of(x.row): getattr(x, "_grad", None) for x in begins if isinstance(x, Value)}
    adjoints = {identity: adjoint for identity, adjoint in found.items() if adjoint is not None}
    for operation, number, places, derivatives, label, grad, is_old in written:
        rows = [made[i].row if isinstance(made[i], Value) else made[i] for i in places]
        if operation is None:
            value = new(Value)
            value.row = reassigned(rows[0], number)
        else:
            if is_old:
                rows = [lost(x) if type(x) is tuple and not x[OPERATION] else x for x in rows]
            value = recorded(operation, number, rows, derivatives, interval)
        if label is not None:
            value.label = label
        if grad is not None:
            adjoints[value.row[SERIAL]] = grad
        made.append(value)
    if adjoints:
        kept = Adjoints(adjoints)
        keep(kept)
        for i in roots:
            if made[i].row[OPERATION]:
                made[i]._grad = kept
    for i in roots:
        settle(made[i])
    return [made[i] for i in roots]


def lost(row: Any) -> Any:
    """The row of a leaf whose number of then is not known: its derivative is, but no derivative of that."""
    return row if row[OPERATION] is CONSTANT and row[KEY] is None else reassigned(row, None)


def restore_value(begins: list[Any], written: list[tuple[Any, ...]], roots: list[int]) -> Value:
    return restore_graph(begins, written, roots)[0]


def restore_vector(begins: list[Any], written: list[tuple[Any, ...]], roots: list[int]) -> Vector:
    return Vector(restore_graph(begins, written, roots))


def restore_leaf(kind: type[Value], is_tracked: bool, number: Number, label: str | None, grad: Number | None) -> Value:
    leaf = make_leaf(new(kind), number, label, is_tracked)
    if grad is not None:
        leaf._grad = grad
    return leaf


def restore_vector_variable(trainable: bool, name: str | None, leaves: list[Value]) -> VectorVariable:
    variable = new(VectorVariable)
    variable._trainable = trainable
    variable.name = name
    Vector.__init__(variable, leaves)
    return variable


def reduce_value(value: Value) -> tuple[Any, ...]:
    if value.operation:
        return restore_value, flatten_graph([value])
    return restore_leaf, (type(value), value.is_tracked, number_of(value), value.label, getattr(value, "_grad", None))


def restore_scalar_variable(*state: Any) -> Value:
    return restore_leaf(ScalarVariable, *state)


def reduce_scalar_variable(variable: ScalarVariable) -> tuple[Any, ...]:
    _, (_, *state) = reduce_value(variable)
    return restore_scalar_variable, tuple(state)


copyreg.pickle(Value, reduce_value)
copyreg.pickle(ScalarVariable, reduce_scalar_variable)
copyreg.pickle(Vector, lambda v: (restore_vector, flatten_graph(v._values)))
copyreg.pickle(VectorVariable, lambda v: (restore_vector_variable, (v.trainable, v.name, [*v._leaves])))
