"""How values, vectors and variables are pickled and deep-copied.

A graph is written as a list of rows in order of their serials, so it may be of any depth. Its leaves are written as
objects, so values that are pickled together still share them. The copies have keys and serials of their own.
`copy.deepcopy` works the same way.
"""

from __future__ import annotations

import copyreg

from ..engine.backprop import Adjoints, keep, latest_adjoint
from ..engine.contexts import current
from ..engine.many import Values, elements, gathered
from ..engine.matrix import LiveMatrix, Matrix
from ..engine.rows import (
    CONSTANT,
    KEY,
    NUMBER,
    OPERATION,
    SERIAL,
    derivatives_of,
    element_of,
    identity_of,
    operands_of,
    operation_of,
    reassigned,
    rows_below,
)
from ..engine.value import Value, gradient_of, holder_of, make_leaf, new, number_of, place_in_leaf, recorded, settle
from ..engine.vector import LiveVector, Vector
from ..pytree import nested_lists
from .variable import ManyVariable, MatrixVariable, ScalarVariable, Variable, VectorVariable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from ..checks import Number


def flatten_graph(roots: Sequence[Value]) -> tuple[list[Any], list[tuple[Any, ...]], list[int]]:
    """The graph below `roots` as leaves, rows that refer to earlier ones by their index, and the roots' indices.

    A leaf that was assigned since is also written as a row without an operation, with its old number.
    """
    for root in roots:
        settle(root)
    rows = rows_below([root.row for root in roots])
    begins: list[Any] = []
    places: dict[float, int] = {}  # of leaves, by their keys
    index: dict[Any, int] = {}
    inner = {*map(token_of, rows)}
    old = {}
    for x in (*(root.row for root in roots), *(x for row in rows for x in operands_of(row))):
        token = token_of(x)
        if token in inner or token in index:
            continue
        if type(x) is not tuple:
            index[token] = len(begins)
            begins.append(x)
            continue
        identity = identity_of(x)
        if identity not in places:
            places[identity] = len(begins)
            begins.append(holder_of(x))
        if begins[places[identity]].row[NUMBER] is not x[NUMBER]:
            old[token] = x
        else:
            index[token] = places[identity]
    written: list[tuple[Any, ...]] = []
    for row in (*old.values(), *rows):
        index[token_of(row)] = len(begins) + len(written)
        if row[OPERATION]:
            value = holder_of(row)
            operands = [index[token_of(x)] for x in operands_of(row)]
            more = (derivatives_of(row), value.label, latest_adjoint(row), False)
            written.append((operation_of(row), row[NUMBER], operands, *more))
        else:
            written.append((None, row[NUMBER], [places[identity_of(row)]], (), None, None, False))
    return begins, written, [index[token_of(root.row)] for root in roots]


def token_of(x: Any) -> Any:
    """The key of an operand while a graph is written; that of a leaf includes its number, which may be assigned."""
    if type(x) is not tuple:
        return "", id(x)
    return identity_of(x) if x[OPERATION] else (x[SERIAL], id(x[NUMBER]))


def restore_graph(begins: list[Any], written: list[tuple[Any, ...]], roots: list[int]) -> list[Value]:
    """The roots that `flatten_graph` was given. A row of release 0.1 that `is_old` lost the numbers of its leaves."""
    interval = current()
    made = [*begins]
    found = {identity_of(x.row): gradient_of(x) for x in begins if isinstance(x, Value)}
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
            adjoints[identity_of(value.row)] = grad
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
    """The row of a leaf whose old number is lost: its derivative is known, but not a derivative of that."""
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


def restore_many(shape: tuple[int, ...], *graph: Any) -> Any:
    return gathered(restore_graph(*graph), shape)


def restore_vector_variable(trainable: bool, name: str | None, leaves: list[Value]) -> ManyVariable:
    """A variable that release 0.1 wrote, with a leaf for each number."""
    numbers, grads = [number_of(x) for x in leaves], [*map(gradient_of, leaves)]
    has_grads = grads.count(None) < len(grads)
    grads = [0.0 if grad is None else grad for grad in grads]
    variable = restore_many_variable((len(leaves),), trainable, name, numbers, grads if has_grads else None)
    for i, leaf in enumerate(leaves):
        leaf.row = element_of(variable.row, i)
        leaf._grad = variable
        variable.handles[i] = holding(leaf)  # the graph beside it needs the key of the leaf, so this must live on
    return variable


def holding(leaf: Value) -> Any:
    """A stand-in for a weak reference, which keeps the leaf alive."""
    return lambda: leaf


def restore_many_variable(
    shape: tuple[int, ...], trainable: bool, name: str | None, numbers: list[Any], grads: Any
) -> ManyVariable:
    variable: ManyVariable = Variable(nested_lists(numbers, shape), trainable, name)
    variable._grad = grads
    return variable


def element_of_variable(variable: ManyVariable, i: int) -> Value:
    return variable.element(i)


def reduce_value(value: Value) -> tuple[Any, ...]:
    if value.operation:
        return restore_value, flatten_graph([value])
    if (place := place_in_leaf(value.row)) is not None:
        return element_of_variable, place
    return restore_leaf, (type(value), value.is_tracked, number_of(value), value.label, gradient_of(value))


def restore_scalar_variable(*state: Any) -> Value:
    return restore_leaf(ScalarVariable, *state)


def reduce_scalar_variable(variable: ScalarVariable) -> tuple[Any, ...]:
    _, (_, *state) = reduce_value(variable)
    return restore_scalar_variable, tuple(state)


copyreg.pickle(Value, reduce_value)
copyreg.pickle(ScalarVariable, reduce_scalar_variable)


def reduce_many(values: Values) -> tuple[Any, ...]:
    return restore_many, (values.shape, *flatten_graph([*elements(values)]))


def reduce_many_variable(variable: ManyVariable) -> tuple[Any, ...]:
    numbers = [*map(number_of, elements(variable))]
    return restore_many_variable, (variable.shape, variable.trainable, variable.name, numbers, variable._grad)


for _kind in (Vector, LiveVector, Matrix, LiveMatrix):
    copyreg.pickle(_kind, reduce_many)
copyreg.pickle(VectorVariable, reduce_many_variable)
copyreg.pickle(MatrixVariable, reduce_many_variable)
