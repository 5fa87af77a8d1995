"""A computation graph for explanations and pictures: its nodes in order, their names, and their gradients."""

from __future__ import annotations

from functools import cached_property

from ..engine.backprop import carry_back, latest_adjoint
from ..engine.many import Values, elements, on_shape
from ..engine.rows import (
    CONSTANT,
    ELEMENT,
    INTERVAL,
    KEY,
    LEAF,
    NUMBER,
    OPERATION,
    RIGHT,
    SOFTMAX,
    identity_of,
    is_many,
    labelled,
    leaves,
    next_serial,
    operands_in,
    operation_of,
)
from ..engine.value import Value, holder_of, number_of, place_in_leaf, settle
from ..operations.elementary import one_like
from ..operations.operation import Reduction
from .formulas import ATOM, Formula, formula_of, local_formulas, short_number, without_middle
from .many import (
    MOVES,
    added,
    as_text,
    expression_of,
    is_at_once,
    is_gathered,
    is_softmax,
    operand_pairs,
    shares_of,
    shares_of_softmax,
    structure_of,
    ways_in_words,
)
from .tex import LONGEST_SOURCE, TEX, shortened, without_tex

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any, TypeAlias

    from ..engine.rows import Row

    Node: TypeAlias = Value | Values


BEFORE_BACKWARD = "Before backward() each grad is 0"


class Graph:
    """The graph from which some values were computed; a vector or a matrix is one node.

    `computed` are the results of operations, each after its operands. `leaves` are where the graph begins, including
    constants with a name. `parts` are the operands of each computed node, with the local derivatives. `names` are the
    labels of the nodes, `plain` ones without TeX; nodes without a label are numbered. If the only target is a single
    number, `adjoints` holds d(target)/d(node) for each node that the target depends on.
    """

    def __init__(self, targets: Sequence[Node], plain: bool = False) -> None:
        for target in targets:
            if isinstance(target, Value):
                settle(target)
        self._many: dict[float, Values] = {}
        self.targets = [self.node(target.row) for target in targets]
        self.parts = self._parts_in_order_of_evaluation()
        self._let_elements_show_their_leaves()
        self.computed = [*self.parts]
        operands = [x for node in self.computed for x in self.operands(node) if isinstance(x, (Value, Values))]
        begins = [x for x in operands if x not in self.parts and begins_graph(x)]
        self.leaves = [*dict.fromkeys([*begins, *[target for target in self.targets if target not in self.parts]])]
        self.names = names_of(self.leaves, self.computed, plain)

    def node(self, row: Row) -> Node:
        """The node for a row."""
        if not is_many(row):
            return holder_of(row)
        if is_softmax(row):
            (row,) = row[RIGHT]
        identity = identity_of(row)
        if identity not in self._many:
            self._many[identity] = handle_on(row)
        return self._many[identity]

    def _parts_in_order_of_evaluation(self) -> dict[Node, list[tuple[Any, Any]]]:
        """The operands of each computed node, in order of evaluation: operands first, the left one before the right."""
        stack: list[tuple[Node, bool]] = [(target, False) for target in reversed(self.targets)]
        parts: dict[Node, list[tuple[Any, Any]]] = {}
        order: dict[Node, list[tuple[Any, Any]]] = {}
        while stack:
            node, has_operands = stack.pop()
            if has_operands:
                order[node] = parts[node]
            elif node.row[OPERATION] and node not in parts:
                parts[node] = [(self.node(x) if type(x) is tuple else x, local) for x, local in shown_parts(node.row)]
                stack.append((node, True))
                stack += [(x, False) for x, _ in reversed(parts[node]) if isinstance(x, (Value, Values))]
        return order

    def _let_elements_show_their_leaves(self) -> None:
        """Show an element of a vector or matrix as computed from it, if that leaf is a node, too."""
        wholes = {key: node for key, node in self._many.items() if not node.row[OPERATION] and node.row[KEY]}
        elements: dict[Any, Value] = {}

        def shown(x: Any) -> Any:
            if not wholes or not isinstance(x, Value) or (place := place_in_leaf(x.row)) is None:
                return x
            whole, i = place
            if whole.row[KEY] not in wholes:
                return x
            if x not in elements:
                row = (next_serial(), x.row[INTERVAL], ELEMENT, x.row[NUMBER], None, (whole.row,), (), (i,))
                elements[x] = holder_of(labelled(row, x.label))
            return elements[x]

        parts = {node: [(shown(x), local) for x, local in of_node] for node, of_node in self.parts.items()}
        taken: dict[Node, Any] = {elements[x]: [(wholes[int(x.row[KEY])], 1)] for x in elements}
        self.parts = {**taken, **parts}

    def operands(self, node: Node) -> list[Any]:
        """The operands of a node; for a custom function, its arguments."""
        return [x for x, _ in self.parts[node]]

    @cached_property
    def adjoints(self) -> dict[Node, Any]:
        if len(self.targets) > 1 or not self.targets[0].is_tracked or is_many(self.targets[0].row):
            return {}
        (target,) = self.targets
        seed = one_like(target.row[NUMBER])
        found = carry_back([(target.row, seed)])
        moved = {x for x in self.computed if is_moved(x) and x is not target}
        adjoints: dict[Node, Any] = {target: seed}
        adjoints |= {x: found.of(x.row) for x in (*self.leaves, *self.computed) if x not in moved}
        # The sweep gives a moved node the adjoint of its source, which may have other users, too: add up its own terms.
        for node in reversed(self.computed) if moved else ():
            if adjoints.get(node) is not None and not moved.isdisjoint(filter(is_node, self.operands(node))):
                for _, x, term in self._terms(node, adjoints):
                    if x in moved:
                        adjoints[x] = added(term, adjoints[x]) if x in adjoints else term
        return {x: adjoint for x, adjoint in adjoints.items() if adjoint is not None}

    def gradients(self, carried_back: bool) -> tuple[Mapping[Node, Any], str]:
        """The gradients to show, by node, and a note on them.

        They are d(target)/d(node) if `carried_back`, or else the current `grad` of each node.
        """
        if carried_back:
            return self.adjoints, ""
        found = {x: flat_grad(x) for x in (*self.leaves, *self.computed) if x.is_tracked}
        has_some = any(any(grad) if isinstance(grad, list) else grad for grad in found.values())
        return found, "" if has_some or not found else BEFORE_BACKWARD

    def name(self, x: Any) -> str:
        """An operand as text in an expression: its name, or the number of a constant without a name."""
        if x in self.names:
            return self.names[x]
        return as_text(x.row[NUMBER], x.shape) if isinstance(x, Values) else short_number(number_of(x))

    def formula(self, x: Any) -> Any:
        """An operand for rules: its name as a formula, or the number of a constant without a name."""
        return Formula(self.name(x), ATOM) if x in self.names or isinstance(x, Values) else number_of(x)

    def expression(self, node: Node, most: int = 8) -> str:
        """The expression that computed a node: `v1 * x`, `sin(x)`."""
        names = [self.name(x) for x in self.operands(node)]
        if is_at_once(node.row) and (text := expression_of(node.row, names)) is not None:
            return text
        operation = operation_of(node.row)
        if operation.formula and len(names) <= most:
            return str(formula_of(operation, [self.formula(x) for x in self.operands(node)]))
        names = without_middle(names, most, lambda _: "...")
        if operation.symbol == "**" and names[0].startswith("-"):
            names[0] = f"({names[0]})"
        if operation.symbol and len(names) == 2:
            return (operation.symbol if operation.symbol == "**" else f" {operation.symbol} ").join(names)
        return f"-{names[0]}" if operation.symbol else f"{operation_name(node)}({', '.join(names)})"

    def edges(self, node: Node) -> list[tuple[int, Node, Any, str]]:
        """For each operand that gets a gradient from a node: its place, itself, the local derivative, and its formula.

        Some operations have no local derivative for each number. There it is None: a custom function has a pullback,
        and for moves of numbers and products of matrices the formula says how `upstream` is passed on.
        """
        parts, names = self.parts[node], [self.name(x) for x in self.operands(node)]
        if is_custom(node):
            found_at = first_places(self.operands(node)).items()
            return [(i, x, None, "") for x, i in found_at if is_node(x) and x.is_tracked]
        if is_at_once(node.row) and (words := ways_in_words(node.row, names, self.names[node])) is not None:
            return [(i, x, None, text) for i, ((x, local), text) in enumerate(zip(parts, words)) if local is not None]
        operation, operands = operation_of(node.row), [self.formula(x) for x, _ in parts]
        if isinstance(operation, Reduction) and not says_for_whole(operation, [is_whole(x) for x, _ in parts]):
            texts = [as_text(local) for _, local in parts]
        else:
            wanted = [local is not None for _, local in parts]
            count = len(parts) if not is_whole(parts[0][0]) else len(parts[0][0].row[NUMBER])
            texts = local_formulas(operation, operands, Formula(self.names[node], ATOM), wanted, count)
        found = zip(range(len(parts)), parts, texts)
        return [(i, x, local, text) for i, (x, local), text in found if local is not None]

    def terms(self, node: Node) -> list[tuple[int, Node, Any]]:
        """The terms that a node passes on in the reverse sweep: the place of an operand, the operand, and the number.

        A custom function passes its terms on when the last of its results fires, which was computed first.
        """
        return self._terms(node, self.adjoints)

    def _terms(self, node: Node, adjoints: Mapping[Node, Any]) -> list[tuple[int, Node, Any]]:
        if is_at_once(node.row):
            found = enumerate(zip(self.operands(node), shares_of(node.row, adjoints[node])))
            return [(i, x, share) for i, (x, share) in found if share is not None]
        if not is_custom(node):
            pairs = enumerate(self.parts[node])
            return [(i, x, adjoints[node] * local) for i, (x, local) in pairs if local is not None]
        (call,) = operands_in(node.row)
        results = [x for x in self.computed if is_custom(x) and operands_in(x.row)[0] is call and x in adjoints]
        if node is not results[0]:
            return []
        upstream = {operation_of(x.row).index: adjoints[x] for x in results}
        operands = self.operands(node)
        shares: dict[Node, Any] = {}
        for x, share in zip(operands, operation_of(call).pull_back(call, upstream, None)):
            if share is not None:
                shares[x] = shares[x] + share if x in shares else share
        places = first_places(operands)
        return [(places[x], x, share) for x, share in shares.items()]


def handle_on(row: Row) -> Values:
    """The vector or the matrix of a row of many numbers; for a leaf that is still in use, the leaf itself."""
    if row[OPERATION] or row[KEY] is None:
        return on_shape(shares_of_softmax(row) if row[OPERATION] == SOFTMAX else row)  # type: ignore[no-any-return]
    leaf = leaves.find(row[KEY])
    if leaf is None:
        leaf = on_shape(row)
        leaf._grad = latest_adjoint(row)
    return leaf  # type: ignore[no-any-return]


def is_node(x: Any) -> bool:
    """Whether an operand is a value, a vector or a matrix, and not a plain number."""
    return isinstance(x, (Value, Values))


def is_whole(x: Any) -> bool:
    """Whether an operand is a vector or a matrix."""
    return isinstance(x, Values)


def node_shape(x: Node) -> tuple[int, ...]:
    """The shape of a vector or a matrix; () for a value."""
    return x.shape if isinstance(x, Values) else ()


def says_for_whole(operation: Reduction, wholes: Sequence[bool]) -> bool:
    """Whether the rule of a reduction, or its formula, holds for whole vectors as it does for their elements."""
    (rule,) = operation.rules
    if True not in wholes or not callable(rule):
        return True
    if hasattr(rule, "on_halves"):
        return wholes == [True, True]
    return type(operation.slopes) is str and bool(operation.slopes) and "xs[" not in operation.slopes


def is_moved(node: Node) -> bool:
    """Whether the numbers of a node were computed elsewhere: an element, a slice, a transpose."""
    return is_at_once(node.row) and node.row[OPERATION] in MOVES


def shown_parts(row: Row) -> list[tuple[Any, Any]]:
    """The operands of a row and their local derivatives; for a custom function, its arguments."""
    parts = operand_pairs(row)
    return operand_pairs(parts[0][0]) if parts and is_call(parts[0][0]) else parts


def is_call(operand: Any) -> bool:
    """Whether an operand is the call of a custom function, a row without a number."""
    return type(operand) is tuple and operand[NUMBER] is None


def flat_grad(node: Node) -> Any:
    """The `grad` of a node; for a matrix a flat list, row by row."""
    return node.grads() if isinstance(node, Values) else node.grad


def first_places(operands: Sequence[Any]) -> dict[Any, int]:
    """The first place of each operand: a pullback gives one share for all places of an operand."""
    places: dict[Any, int] = {}
    for i, x in enumerate(operands):
        places.setdefault(x, i)
    return places


def operation_name(node: Node) -> str:
    """The symbol of a computed node's operation, or its name."""
    if is_at_once(node.row) and (name := structure_of(node.row)) is not None:
        return name
    operation = operation_of(node.row)
    return operation.symbol or printable(operation.shown)


def is_custom(node: Node) -> bool:
    """Whether a node is a result of a custom function."""
    operands = operands_in(node.row)
    return len(operands) == 1 and is_call(operands[0])


def begins_graph(x: Node) -> bool:
    """Whether a graph begins with a value: a tracked leaf, or a constant with a name."""
    operation = x.row[OPERATION]
    return bool(operation == LEAF or (operation is CONSTANT and x.label is not None))


def names_of(leaves: Sequence[Node], computed: Sequence[Node], plain: bool) -> dict[Node, str]:
    """The names of nodes: their labels; nodes without a label, or with one that is taken, are numbered."""
    labels = {node: short_label(node.label, plain) for node in (*leaves, *computed)}
    taken = {*labels.values()}
    found: dict[Node, str] = {}
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


def short_label(label: str | None, plain: bool) -> str | None:
    """A label as a name in one line, with the middle of a long one left out if it has no TeX; None if it is empty."""
    name = printable(" ".join(("" if label is None else str(label)).split()))
    has_tex = len(name) <= LONGEST_SOURCE and TEX.search(name)
    return (without_tex(name) if plain else name) if has_tex else shortened(name) or None


def printable(text: str) -> str:
    """The text with control characters and the like escaped, since SVG files must not contain them."""
    return "".join([repr(x)[1:-1] if is_unprintable(x) else x for x in text])


def is_unprintable(x: str) -> bool:
    return (x < " " and x not in "\t\n") or "\x7f" <= x < "\xa0" or "\ud800" <= x < "\ue000" or x in "\ufffe\uffff"


def targets_in(taker: str, what: Any) -> list[Node]:
    """The values in an argument; for a Vector made of values, these values.

    Raises TypeError if the argument has none; the message names the function `taker`.
    """
    if isinstance(what, Values):
        return [*elements(what)] if is_gathered(what.row) else [what]
    targets = [what] if isinstance(what, Value) else [*what] if isinstance(what, (list, tuple)) else []
    if not targets or not all(map(is_node, targets)):
        raise TypeError(
            f"{taker} takes a Value, a Vector or a Matrix, or a list of these, got {what!r} ({type(what).__name__})"
        )
    return targets
