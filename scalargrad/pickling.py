"""How values, vectors and variables are pickled and deep-copied.

A graph is written as a list of rows in topological order, so that no depth is too much for it, and its leaves as
objects, so that values pickled together still share them. `copy.deepcopy` goes the same way.
"""

from __future__ import annotations

import copyreg

from . import recording
from .backprop import topological_order
from .nodes import make_node, new, number_of
from .recording import Interval, assigned_since
from .value import Value
from .variable import ScalarVariable, VectorVariable
from .vector import Vector

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from .registry import Number


def flatten_graph(roots: Sequence[Value]) -> tuple[list[Any], list[tuple[Any, ...]], list[int]]:
    """The graph below `roots` as leaves, rows that refer to earlier ones by their index, and the roots' indices."""
    order = topological_order(roots)
    leaves: list[Any] = []
    index: dict[int, int] = {}
    inner = {id(node) for node in order}
    for operand in (*roots, *(operand for node in order for operand in node.operands)):
        if id(operand) not in inner and id(operand) not in index:
            index[id(operand)] = len(leaves)
            leaves.append(operand)
    for node in order:
        index[id(node)] = len(index)
    rows = [
        (
            node._operation,
            node._data,
            [index[id(operand)] for operand in node.operands],
            node.derivatives,
            node.label,
            getattr(node, "_grad", None),
            assigned_since(node) is not None,
        )
        for node in order
    ]
    return leaves, rows, [index[id(root)] for root in roots]


def restore_graph(leaves: list[Any], rows: list[tuple[Any, ...]], roots: list[int]) -> list[Value]:
    nodes = [*leaves]
    # What a leaf was assigned after belongs to a time before all leaves that come back.
    now, before = recording.current(), Interval(-1)
    for operation, data, operands, derivatives, label, grad, is_old in rows:
        interval = before if is_old else now
        node = make_node(data, [nodes[i] for i in operands], derivatives, operation, interval)
        if label is not None:
            node._label = label
        if grad is not None:
            node._grad = grad
        nodes.append(node)
    return [nodes[i] for i in roots]


def restore_value(leaves: list[Any], rows: list[tuple[Any, ...]], roots: list[int]) -> Value:
    return restore_graph(leaves, rows, roots)[0]


def restore_vector(leaves: list[Any], rows: list[tuple[Any, ...]], roots: list[int]) -> Vector:
    return Vector(restore_graph(leaves, rows, roots))


def restore_leaf(kind: type[Value], is_tracked: bool, data: Number, label: str | None, grad: Number | None) -> Value:
    leaf = new(kind)
    leaf._data = data
    leaf._label = label
    leaf._operation = False if is_tracked else None
    leaf.interval = recording.current()
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
    if value._operation:
        return restore_value, flatten_graph([value])
    return restore_leaf, (type(value), value.is_tracked, number_of(value), value.label, getattr(value, "_grad", None))


def restore_scalar_variable(*state: Any) -> Value:
    return restore_leaf(ScalarVariable, *state)


def reduce_scalar_variable(variable: ScalarVariable) -> tuple[Any, ...]:
    _, (_, *state) = reduce_value(variable)
    return restore_scalar_variable, tuple(state)


def reduce_vector(vector: Vector) -> tuple[Any, ...]:
    return restore_vector, flatten_graph(vector._values)


def reduce_vector_variable(variable: VectorVariable) -> tuple[Any, ...]:
    return restore_vector_variable, (variable.trainable, variable.name, [*variable._leaves])


copyreg.pickle(Value, reduce_value)
copyreg.pickle(ScalarVariable, reduce_scalar_variable)
copyreg.pickle(Vector, reduce_vector)
copyreg.pickle(VectorVariable, reduce_vector_variable)
