"""Why a tape gives no gradient, in a sentence."""

from __future__ import annotations

from collections import deque

from .backprop import topological_order
from .recording import Pause
from .variable import cut

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from .tape import GradientTape
    from .value import Value


NOT_COMPUTED = (
    "the target was not computed from the source, or by way of constants: no_grad(), stop_gradient() and plain "
    "numbers leave nothing to follow."
)


def explain(tape: GradientTape, targets: Sequence[Value], sources: Sequence[Value]) -> str:
    """A sentence on the way that gradients take from the targets to the sources, or on what ends it."""
    if any(target is source for target in targets for source in sources):
        return "The target is the source, so the gradient is 1."
    way = shortest_way(targets, sources, tape.follows(topological_order(targets, tape.saw)))
    if way:
        # The call of a custom function is two nodes, of which the one without a number does not show.
        names = [str(node.operation) for node in way[:-1] if node._data is not None]
        if len(names) > 20:
            names = [*names[:10], f"({len(names) - 20:,} more)", *names[-10:]]
        return (
            f"The gradient flows: {show(way[0])} <- {' <- '.join(names)} <- {show(way[-1])} (the shortest of the ways)."
        )
    return "None: " + reason(tape, targets, sources)


def reason(tape: GradientTape, targets: Sequence[Value], sources: Sequence[Value]) -> str:
    """What ends the ways from the targets to the sources."""
    if not sources:
        return NOT_COMPUTED
    source = sources[0]
    if shortest_way(targets, sources, lambda node, _: tape.saw(node.interval)):
        return not_watched(tape, source)
    beyond = shortest_way(targets, sources)
    if beyond:
        # The operation nearest to the source that the tape did not see.
        unseen = next(node for node in reversed(beyond[:-1]) if not tape.saw(node.interval))
        return f"{unseen.operation} on the way to the source was computed {when(tape, unseen)}."
    if all(not target.is_tracked for target in targets):
        return (
            "the target is a constant: nothing it was computed from was tracked or watched, or it was computed in "
            "no_grad() or cut off by stop_gradient()."
        )
    if not source.is_tracked:
        return not_watched(tape, source)
    if passes_a_cut(targets):
        return "the target uses the source, if at all, through stop_gradient(), which ends gradients."
    if source.operands and not tape.saw(source.interval):
        return (
            f"the target was not computed from the source, which was itself computed (by {source.operation}) "
            f"{when(tape, source)}: perhaps its name was rebound to an ordinary value; use Variable.assign, or make "
            "a new Variable of it."
        )
    return NOT_COMPUTED


def not_watched(tape: GradientTape, source: Value) -> str:
    """Why a source that the target may have been computed from is not followed."""
    if source.operands:
        return (
            f"the source was computed (by {source.operation}) {when(tape, source)}; watch() it, or compute it "
            "inside the block."
            if not tape.saw(source.interval)
            else "the source was computed from nothing that the tape watches."
        )
    if not source.is_tracked:
        return "the source is a constant, which a tape does not watch by itself; watch() it before it is used."
    return "the tape was made with watch_accessed_variables=False and was not asked to watch() the source."


def when(tape: GradientTape, node: Value) -> str:
    """When a node was made that a tape did not see."""
    interval = node.interval
    if any(isinstance(block, Pause) and block.tape is tape for block, _ in interval.blocks):
        return "while recording was stopped"
    if tape.began is None or interval.serial < tape.began:
        return "before the tape began"
    if tape.ended is not None and interval.serial >= tape.ended:
        return "after the tape ended"
    if any(ended <= interval.serial < began for ended, began in tape.gaps):
        return "between two blocks of the tape"
    return "in another thread or task, which this tape does not record"


def show(value: Value) -> str:
    return value.label or repr(value._data)


def passes_a_cut(targets: Sequence[Value]) -> bool:
    """Whether something below the targets came out of stop_gradient."""
    operands = [operand for node in topological_order(targets) for operand in node.operands]
    return any(getattr(operand, "left", None) is cut for operand in operands)


def shortest_way(
    targets: Sequence[Value], sources: Sequence[Value], through: Callable[[Value, Value], bool] | None = None
) -> list[Value]:
    """The nodes from a target to a source, both included, by the fewest operations; empty if there is no way."""
    ends = set(sources)
    came_from: dict[Value, Value | None] = dict.fromkeys(targets)
    queue = deque(targets)
    while queue:
        node = queue.popleft()
        if node in ends:
            way = [node]
            while (child := came_from[way[-1]]) is not None:
                way.append(child)
            return way[::-1]
        for parent in node.parents:
            if parent not in came_from and (through is None or through(node, parent)):
                came_from[parent] = node
                queue.append(parent)
    return []
