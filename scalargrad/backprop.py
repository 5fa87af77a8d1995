"""The topological order of a graph, and the reverse sweep over it."""

from __future__ import annotations

from . import recording
from .operations import one_like
from .recording import drain, open_blocks, refuse_assigned

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from typing import Any

    from .recording import Interval
    from .value import Value


def topological_order(targets: Iterable[Value], within: Callable[[Interval], bool] | None = None) -> list[Value]:
    """The nodes that `targets` were computed by, each after its parents; leaves are left out.

    A node that was not made `within` an interval that is wanted counts as a leaf: the walk does not go past it. The
    walk keeps its own stack, so a graph may be of any depth.
    """
    stack: list[Any] = [target for target in targets if target._operation]
    kind = type(stack[0]) if stack else None  # inner nodes are all of one class; leaves may be of another
    wanted = None  # the interval asked about last, which is mostly the next one, too
    order: list[Value] = []
    seen: set[Value] = set()
    while stack:
        node = stack.pop()
        if node is None:  # the node below has all of its parents in `order` by now
            order.append(stack.pop())
        elif node not in seen:
            if node.interval is not wanted and within is not None:
                if not within(node.interval):
                    continue
                wanted = node.interval
            seen.add(node)
            stack.append(node)
            stack.append(None)
            left = node.left
            for parent in left if type(left) is tuple else (left, node.right):
                if type(parent) is kind and parent._operation and parent not in seen:
                    stack.append(parent)
    return order


def reverse_sweep(
    order: Sequence[Value],
    adjoints: dict[Value, Any],
    differentiable: bool = False,
    follows: Callable[[Value, Value], bool] | None = None,
) -> dict[Value, Any]:
    """Carry adjoints from the targets back to everything they were computed from: the chain rule.

    `adjoints` comes with the targets' own and leaves with d(targets)/d(node) for every node that `order` leads to:

        adjoint(parent) = sum over its children of adjoint(child) * d(child)/d(parent)

    The local derivatives are the numbers recorded in the forward pass. When `differentiable`, they are computed once
    more by the same rules on the parents themselves, so that the adjoints are values with a graph of their own. Where
    `follows(node, parent)` is false nothing is carried.
    """
    detector = recording.current().detector if open_blocks else None
    if detector is not None:
        checked = detector.sweep(order, adjoints, follows)
        if not differentiable:
            return checked
    for node in reversed(order):
        adjoint = adjoints.get(node)
        if adjoint is None:  # no gradient comes this way
            continue
        left = node.left
        if differentiable or follows is not None or type(left) is tuple:
            if node._operation.pull_back is not None:
                node._operation.pull_back(node, adjoint, adjoints, differentiable, follows)
                continue
            operands, derivatives = (left, node.d_left) if type(left) is tuple else (node.operands, node.derivatives)
            if differentiable:
                derivatives = differentiable_derivatives(node)
            if follows is not None:
                derivatives = [d if d is not None and follows(node, x) else None for x, d in zip(operands, derivatives)]
            for parent, local in zip(operands, derivatives):
                if local is not None:
                    term = product(adjoint, local) if differentiable else adjoint * local
                    adjoints[parent] = adjoints[parent] + term if parent in adjoints else term
            continue
        local = node.d_left  # the same for the one or two operands of most nodes, without the cost of a loop
        if local is not None:
            adjoints[left] = adjoints[left] + adjoint * local if left in adjoints else adjoint * local
        local = node.d_right
        if local is not None:
            right = node.right
            adjoints[right] = adjoints[right] + adjoint * local if right in adjoints else adjoint * local
    return adjoints


def product(x: Any, y: Any) -> Any:
    """x * y without a node for a factor of one, as most rules of sums have; a float times an integer is a float."""
    if (type(y) is int or type(y) is float) and y == 1 and type(getattr(x, "_data", x)) is not int:
        return x
    return y if type(x) is float and x == 1 and type(getattr(y, "_data", y)) is not int else x * y


def carry_back(
    adjoints: dict[Value, Any], within: Callable[[Interval], bool] | None = None, differentiable: bool = False
) -> dict[Value, Any]:
    """The reverse sweep from targets, whose adjoints are given, over what was computed within the intervals wanted."""
    if len(adjoints) == 1 and not differentiable:
        (target,) = adjoints
        fork = sweep_trunk(target, adjoints, within)
        return adjoints if fork is None else reverse_sweep(topological_order([fork], within), adjoints)
    return reverse_sweep(topological_order(adjoints, within), adjoints, differentiable)


def sweep_trunk(
    node: Value, adjoints: dict[Value, Any], within: Callable[[Interval], bool] | None = None
) -> Value | None:
    """Begin the reverse sweep from a single target; gives the node to go on from by sorting, or None if that was all.

    Down to the first fork each node comes next, as everything else is below it. So far nothing needs to be sorted,
    which most pays in a small graph: a step of a tape on one sample's loss takes a fifth less.
    """
    if open_blocks and recording.current().detector is not None:
        return node
    adjoint = adjoints[node]
    kind = type(node)
    wanted = None
    while node._operation:
        if node.interval is not wanted and within is not None:
            if not within(node.interval):
                return None
            wanted = node.interval
        left, right = node.left, node.right
        if type(left) is kind and left._operation:
            if type(right) is kind and right._operation:
                return node
            below = left
        elif type(left) is tuple:
            return node
        else:
            below = right
        local = node.d_left
        if local is not None:
            adjoints[left] = adjoints[left] + adjoint * local if left in adjoints else adjoint * local
        local = node.d_right
        if local is not None:
            adjoints[right] = adjoints[right] + adjoint * local if right in adjoints else adjoint * local
        if type(below) is not kind or below not in adjoints:
            return None
        node = below
        adjoint = adjoints[node]
    return None


def differentiable_derivatives(node: Value) -> Any:
    """The local derivatives of a node as values that depend on its parents.

    Raises RuntimeError if a leaf among the operands was assigned since: the rule would see its new number.
    """
    refuse_assigned(node)
    wanted = [local is not None for local in node.derivatives]
    return node._operation.local_derivatives(node.operands, wanted)


def backward(root: Value) -> None:
    """Write d(root)/d(node) into the `.grad` of every node below `root`: added in leaves, replaced in inner nodes."""
    adjoints = carry_back({root: one_like(root._data)})
    leaves, sums = [], []
    for node, adjoint in adjoints.items():
        if node._operation:
            if node._data is not None:  # the call of a custom function has no number, and one adjoint a result
                node._grad = adjoint
        elif node._operation is not None:
            leaves.append(node)
            sums.append(node.grad + adjoint)
    slots: Any = type(root)
    drain(map(slots._grad.__set__, leaves, sums))  # all or, if it is interrupted before, none
