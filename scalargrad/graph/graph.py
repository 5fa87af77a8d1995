"""A computation graph as explanations and pictures show it: its nodes in order, their names, and their gradients."""

from __future__ import annotations

from functools import cached_property

from ..engine.backprop import carry_back
from ..engine.many import elements_of
from ..engine.rows import NUMBER, operation_of
from ..engine.value import Value, holder_of, number_of, settle
from ..operations.elementary import one_like
from .formulas import ATOM, Formula, formula_of, local_formulas, short_number

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any


LONGEST_NAME = 16
BEFORE_BACKWARD = "Before backward() each grad is 0"


class Graph:
    """What some values were computed from.

    `computed` are the nodes that an operation made, each after its operands, `leaves` what they begin with, constants
    that have a name included. `names` are the labels of the nodes; those without one are numbered. With a single target
    `adjoints` holds d(target)/d(node) of each node that it depends on.
    """

    def __init__(self, targets: Sequence[Value]) -> None:
        for target in targets:
            settle(target)
        self.targets = [holder_of(target.row) for target in targets]
        self.computed = in_order_of_evaluation(self.targets)
        operands = [x for node in self.computed for x in shown_operands(node) if isinstance(x, Value)]
        leaves = filter(begins_graph, operands)
        self.leaves = [*dict.fromkeys([*leaves, *[target for target in self.targets if not target.operation]])]
        self.names = names_of(self.leaves, self.computed)

    @cached_property
    def adjoints(self) -> dict[Value, Any]:
        if len(self.targets) > 1 or not self.targets[0].is_tracked:
            return {}
        target = self.targets[0].row
        found = carry_back([(target, one_like(target[NUMBER]))])
        adjoints = {x: found.of(x.row) for x in (*self.leaves, *self.computed)}
        return {x: adjoint for x, adjoint in adjoints.items() if adjoint is not None}

    def gradients(self, carried_back: bool) -> tuple[Mapping[Value, Any], str]:
        """The gradient to show of each node, and a note on them.

        They are d(target)/d(node) if they are to be `carried_back`, or else what `backward()` has left in `grad`.
        """
        if carried_back:
            return self.adjoints, ""
        found = {x: x.grad for x in (*self.leaves, *self.computed) if x.is_tracked}
        return found, "" if any(found.values()) or not found else BEFORE_BACKWARD

    def name(self, x: Any) -> str:
        """An operand as it shows in an expression: its name, or its number if it is a constant without one."""
        return self.names[x] if x in self.names else short_number(number_of(x))

    def formula(self, x: Any) -> Any:
        """An operand for rules: the number of a constant, or else its name."""
        return Formula(self.names[x], ATOM) if x in self.names else number_of(x)

    def expression(self, node: Value, most: int = 8) -> str:
        """What a node was computed by: `v1 * x`, `sin(x)`."""
        operation = operation_of(node.row)
        names = [self.name(x) for x in shown_operands(node)]
        if operation.formula and len(names) <= most:
            return str(formula_of(operation, [self.formula(x) for x in shown_operands(node)]))
        names = without_middle(names, most, lambda _: "...")
        if operation.symbol == "**" and names[0].startswith("-"):
            names[0] = f"({names[0]})"
        if operation.symbol and len(names) == 2:
            return (operation.symbol if operation.symbol == "**" else f" {operation.symbol} ").join(names)
        return f"-{names[0]}" if operation.symbol else f"{operation_name(node)}({', '.join(names)})"

    def edges(self, node: Value) -> list[tuple[int, Value, Any, str]]:
        """For each operand that a node passes gradients to: its place, itself, the local derivative, and its formula.

        A custom function has a pullback for them all together, and no local derivatives: they are None.
        """
        operands, operation = shown_operands(node), operation_of(node.row)
        if is_custom(node):
            found_at = first_places(operands).items()
            return [(i, x, None, "") for x, i in found_at if isinstance(x, Value) and x.is_tracked]
        wanted = [local is not None for local in node.derivatives]
        result = Formula(self.names[node], ATOM)
        texts = local_formulas(operation, [self.formula(x) for x in operands], result, wanted)
        found = zip(range(len(operands)), operands, node.derivatives, texts)
        return [(i, x, local, text) for i, x, local, text in found if local is not None]

    def terms(self, node: Value) -> list[tuple[int, Value, Any]]:
        """What a node passes on in the reverse sweep: the place of each operand, the operand, and the number.

        A custom function passes its numbers on when the last of its results fires, which was computed first.
        """
        if not is_custom(node):
            pairs = enumerate(zip(node.operands, node.derivatives))
            return [(i, x, self.adjoints[node] * local) for i, (x, local) in pairs if local is not None]
        (call,) = node.operands
        results = [x for x in self.computed if is_custom(x) and x.operands[0] is call and x in self.adjoints]
        if node is not results[0]:
            return []
        upstream = {operation_of(x.row).index: self.adjoints[x] for x in results}
        shares: dict[Value, Any] = {}
        for x, share in zip(call.operands, operation_of(call.row).pull_back(call.row, upstream, None)):
            if share is not None:
                shares[x] = shares[x] + share if x in shares else share
        places = first_places(call.operands)
        return [(places[x], x, share) for x, share in shares.items()]


def without_middle(items: Sequence[Any], most: int, told: Callable[[int], Any]) -> list[Any]:
    """Of more than so many items the first and the last; between them what is told of how many are left out."""
    half = most // 2
    if len(items) <= most:
        return [*items]
    return [*items[:half], told(len(items) - 2 * half), *items[len(items) - half :]]


def in_order_of_evaluation(targets: Sequence[Value]) -> list[Value]:
    """The computed nodes, each after its operands, of which the left one comes first, as Python evaluates them."""
    stack: list[tuple[Value, bool]] = [(target, False) for target in reversed(targets)]
    order: dict[Value, None] = {}
    while stack:
        node, has_operands = stack.pop()
        if has_operands:
            order[node] = None
        elif node.operation and node not in order:
            stack.append((node, True))
            stack += [(x, False) for x in reversed(shown_operands(node)) if isinstance(x, Value)]
    return [*order]


def shown_operands(node: Value) -> tuple[Any, ...]:
    """What a node was computed from; of a custom function, what that was called with."""
    return node.operands[0].operands if is_custom(node) else node.operands


def first_places(operands: Sequence[Any]) -> dict[Any, int]:
    """Where each operand stands first: a pullback gives one share for all its places."""
    places: dict[Any, int] = {}
    for i, x in enumerate(operands):
        places.setdefault(x, i)
    return places


def operation_name(node: Value) -> str:
    """What a computed node's operation is called: its symbol, or its name."""
    operation = operation_of(node.row)
    return operation.symbol or printable(operation.shown)


def is_custom(node: Value) -> bool:
    """Whether a node is a result of a custom function, whose call is a node of its own, without a number."""
    operands = node.operands
    return len(operands) == 1 and isinstance(operands[0], Value) and operands[0].data is None


def begins_graph(x: Value) -> bool:
    """Whether a value is where a graph begins: a tracked leaf, or a constant with a name."""
    return x.is_leaf or (not x.is_tracked and x.label is not None)


def names_of(leaves: Sequence[Value], computed: Sequence[Value]) -> dict[Value, str]:
    """The labels of nodes, each once; those without one, or with one that is taken, are numbered."""
    labels = {node: short_label(node.label) for node in (*leaves, *computed)}
    taken = {*labels.values()}
    found: dict[Value, str] = {}
    used: set[str] = set()
    counts: dict[str, int] = {}
    for letter, nodes in (("x", leaves), ("v", computed)):
        for node in nodes:
            name = labels[node]
            if name is None or name in used:
                stem = name or letter
                head, bracket, index = stem.partition("[")  # the second w[0] is w1[0]
                while name is None or name in used or (name in taken and name != labels[node]):
                    counts[stem] = counts.get(stem, 0) + 1
                    name = f"{head}{counts[stem]}{bracket}{index}"
            used.add(name)
            found[node] = name
    return found


def short_label(label: str | None) -> str | None:
    """A label as a name in one line, or None for one that is empty; of a long one the middle is left out."""
    name = printable(" ".join(("" if label is None else str(label)).split()))
    if len(name) > LONGEST_NAME:
        half = LONGEST_NAME // 2
        name = f"{name[:half]}…{name[1 - half :]}"
    return name or None


def printable(text: str) -> str:
    """Text in which control characters and the like, which no SVG file may hold, are escaped."""
    return "".join([repr(x)[1:-1] if is_unprintable(x) else x for x in text])


def is_unprintable(x: str) -> bool:
    return (x < " " and x not in "\t\n") or "\x7f" <= x < "\xa0" or "\ud800" <= x < "\ue000" or x in "\ufffe\uffff"


def graph_of(what: Any) -> Graph:
    """The graph of a value, or of the values in a Vector or a list. Raises TypeError for anything else."""
    elements = [what] if isinstance(what, Value) else elements_of(what)
    if not elements or not all(isinstance(x, Value) for x in elements):
        raise TypeError(f"expected a Value, or a Vector or list of them, got {what!r} ({type(what).__name__})")
    return Graph([*elements])
