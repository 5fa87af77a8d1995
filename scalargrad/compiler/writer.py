"""Python source from the paths of a traced function.

Operations that nothing needs are left out, an operation that is used once is nested in its use, and names are reused as
soon as they are free. Of two paths the shorter goes into an `if`, so a deep tree does not become deeply nested code.
"""

from __future__ import annotations

from itertools import accumulate, chain

from ..operations import elementary as operations
from .kernels import ATOM, BITS, COMPARISON, LOOSE, POWER, PRODUCT, SIGN, SUM, Library, text_of
from .paths import Branch, PathTree
from .tracer import Asked, Condition, Traced

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from typing import Any

    Text = tuple[str, float, tuple[Traced, ...]]  # of an expression: its precedence, and the names that it uses

BINARY = {
    **dict.fromkeys("+-", SUM),
    **dict.fromkeys(("*", "/", "//", "%"), PRODUCT),
    "**": POWER,
    **dict.fromkeys(("<", "<=", ">", ">=", "==", "!="), COMPARISON),
    **dict.fromkeys("&|^", BITS),
}
WHERE, SLOPE = operations.where.operation, operations.power_slope.operation  # Python's `if`; the slope of its `**`
ASKED = {"int", "round"}
WIDTH = 100
NESTING = 12
PARENTHESES = ATOM - 0.5  # an expression of any kind, in parentheses
EXACT_IN_FLOATS = 2**53
UNTRACED = "these arguments take a path that was not known when this code was generated; generate it again with them"


def where_it_jumps(node: Traced) -> list[Traced]:
    """The operands in which the result jumps, as in comparisons and remainders."""
    operation, operands = node.operation, node.operands
    rules = operation.rules if len(operation.rules) == len(operands) else operation.rules * len(operands)
    found = operands if operation.jumps else [x for rule, x in zip(rules, operands) if rule is None or rule == 0]
    return [x for x in found if isinstance(x, Traced)]


class Writer:
    """The lines of a function's body, for all paths of a program.

    `names` are the names of the inputs; `library` has all other names. Among the `lines` a result is not written out
    yet: it is a tuple of the indent, the structure, and the expressions for its numbers.
    """

    def __init__(self, program: PathTree, names: dict[Traced, str], library: Library) -> None:
        self.library = library
        self.lines: list[str | tuple[str, Any, list[str]]] = []
        self.size = 0
        self.names = dict(names)
        self.inputs = {*names}
        self.free: list[str] = []
        self.temporaries = 0
        self.indent = ""
        self.untraced = ""
        self._analyse(program.root)
        self._write(program.root, 0)

    # -- which operations are needed

    def _analyse(self, root: Branch) -> None:
        """Find the operations that each branch needs, those that its followers need of it, and those to keep exact."""
        self.live: dict[Branch, list[Traced]] = {}
        self.needed_after: dict[Branch, set[Traced]] = {}
        self.sizes: dict[Branch, int] = {}
        self.exact: set[Traced] = set()
        needed_from: dict[Branch, set[Traced]] = {}
        for branch in reversed([*root.walk()]):
            needed = set().union(*[needed_from[follower] for follower in branch.answers.values()])
            self.needed_after[branch] = {*needed}
            needed.update(x for x in branch.ends if isinstance(x, Traced))
            if branch.question is not None:
                self.exact.add(branch.question)
            live = []
            for node in reversed(branch.nodes):
                if node not in needed and not node.keeps:
                    continue
                if node not in needed and self.square_or_cube(node):
                    continue
                live.append(node)
                needed.discard(node)
                operands = [x for x in node.operands if isinstance(x, Traced)]
                needed.update(operands)
                self.exact.update(operands if node in self.exact else where_it_jumps(node))
            needed_from[branch] = needed
            self.live[branch] = live[::-1]
            self.sizes[branch] = (
                len(live) + len(branch.answers) + sum(self.sizes[follower] for follower in branch.answers.values())
            )
        self.size = self.sizes[root]

    # -- branches

    def _write(self, branch: Branch, depth: int) -> None:
        while True:
            indent = "    " * depth
            self._begin(branch, indent)
            for node in self.live[branch]:
                self._define(node)
            question = branch.question
            if question is None:
                self._end(branch.result)
                return
            branch = self._choose(question, [*branch.answers.items()], depth)

    def _choose(self, question: Traced, followers: list[tuple[Any, Branch]], depth: int) -> Branch:
        """Write all but one of the branches that follow a question inside `if`s; returns the last, to go on with."""
        if not isinstance(question, Condition):
            return self._look_up(question, sorted(followers), depth)
        followers.sort(key=lambda pair: self.sizes[pair[1]])
        test = self._operand(question, LOOSE)[0]
        tests = {True: f"if {test}:", False: f"if not {test}:"}
        if len(followers) == 1:
            self._line(tests[not followers[0][0]])
            self._line(f"    {self._untraced()}")
        else:
            self._line(tests[followers[0][0]])
            self._aside(self._write, followers[0][1], depth + 1)
        return followers[-1][1]

    def _look_up(self, question: Traced, followers: list[tuple[int, Branch]], depth: int) -> Branch:
        """`_choose` for answers that are integers, in order: by binary search.

        The lighter half goes inside the `if`, so the depth is at most the logarithm of the total size.
        """
        test = self._named(question) if len(followers) > 1 else self._operand(question, COMPARISON + 1)[0]
        while len(followers) > 1:
            weights = [*accumulate(self.sizes[follower] + 1 for _, follower in followers)]
            middle = min(range(1, len(followers)), key=lambda i: abs(2 * weights[i - 1] - weights[-1]))
            inside, rest, sign = followers[:middle], followers[middle:], "<"
            if 2 * weights[middle - 1] > weights[-1]:
                inside, rest, sign = rest, inside, ">="
            self._line(f"if {test} {sign} {text_of(followers[middle][0])}:")
            self._aside(self._write_looked_up, question, inside, depth + 1)
            followers = rest
        self._line(f"if {test} != {text_of(followers[0][0])}:")
        self._line(f"    {self._untraced()}")
        return followers[0][1]

    def _write_looked_up(self, question: Traced, followers: list[tuple[int, Branch]], depth: int) -> None:
        self.indent = "    " * depth
        self._write(self._look_up(question, followers, depth), depth)

    def _aside(self, write: Callable[..., None], *args: Any) -> None:
        """Write something inside an `if`, and restore the names that were in use before."""
        names, free, indent = dict(self.names), [*self.free], self.indent
        write(*args)
        self.names, self.free, self.indent = names, free, indent

    def _begin(self, branch: Branch, indent: str) -> None:
        self.indent = indent
        # Expressions that wait for their one use: the text, the depth of nesting, and whether they may raise.
        self.pending: dict[Traced, tuple[Text, int, bool]] = {}
        self.uses: dict[Traced, int] = {}
        self.after = self.needed_after[branch]
        for x in (*chain.from_iterable([node.operands for node in self.live[branch]]), *branch.ends):
            if isinstance(x, Traced):
                self.uses[x] = self.uses.get(x, 0) + 1
        for node in [x for x in self.names if x not in self.inputs and x not in self.uses and x not in self.after]:
            self.free.append(self.names.pop(node))

    def _end(self, result: Any) -> None:
        structure, outputs = result
        self.lines.append((self.indent, structure, [self._operand(x, LOOSE)[0] for x in outputs]))

    def _untraced(self) -> str:
        if not self.untraced:
            self.untraced = self.library.shared("UNTRACED", "UNTRACED")
        return f"raise {self.library.standard('NotImplementedError')}({self.untraced})"

    def _line(self, text: str) -> None:
        self.lines.append(f"{self.indent}{text}")

    # -- names

    def _new_name(self) -> str:
        if self.free:
            return self.free.pop()
        self.temporaries += 1
        name = f"t{self.temporaries}"
        while name in self.library.taken:
            name += "_"
        return name

    def _release(self, used: Iterable[Traced]) -> None:
        """Free the names of those operations that are used for the last time."""
        for node in used:
            self.uses[node] -= 1
            if not self.uses[node] and node not in self.after and node not in self.inputs:
                self.free.append(self.names.pop(node))

    def _assign(self, node: Traced, text: str, used: Sequence[Traced]) -> None:
        self._release(used)
        if not self.uses.get(node) and node not in self.after:
            self._line(text)  # it is kept only because it may raise
            return
        name = self.names[node] = self._new_name()
        self._line(f"{name} = {text}")

    # -- operands

    def _operand(self, x: Any, precedence: float, near: Any = None) -> Text:
        """An operand as an expression that binds tightly enough."""
        if not isinstance(x, Traced):
            if type(x) is int and near is not None and near.is_float and abs(x) < EXACT_IN_FLOATS:
                x = float(x)  # the same result, without a conversion
            text = self.library.text_of(x)
            tight: float = SIGN if text.startswith("-") else ATOM
            return (text if tight >= precedence else f"({text})"), max(tight, precedence), ()
        if x in self.pending:
            (text, tight, used), _, _ = self.pending[x]
            if precedence < ATOM or tight == ATOM:
                del self.pending[x]
                return (text if tight >= precedence else f"({text})"), max(tight, precedence), used
        return self._named(x), ATOM, (x,)

    def _named(self, x: Traced) -> str:
        """The name of an operand, which is assigned first if it has none."""
        if x in self.pending:
            (text, _, used), _, _ = self.pending.pop(x)
            self._assign(x, text, used)
        return self.names[x]

    def _sure(self, x: Any, precedence: float) -> Text:
        """An operand in a place that may not be evaluated; if it may raise, it is evaluated before."""
        if isinstance(x, Traced) and x in self.pending and self.pending[x][2]:
            return self._named(x), ATOM, (x,)
        return self._operand(x, precedence)

    # -- operations

    def _define(self, node: Traced) -> None:
        """Write an operation down, or keep it for the expression that uses it."""
        nested = [self.pending[x] for x in node.operands if isinstance(x, Traced) and x in self.pending]
        depth = 1 + max([depth for _, depth, _ in nested], default=0)
        raises = node.keeps or any(raises for _, _, raises in nested)
        expression = self._expression(node)
        if expression is None:
            return
        text, precedence, used = expression
        if self.uses.get(node) == 1 and node not in self.after and depth < NESTING and len(text) < WIDTH - 40:
            self.pending[node] = (text, precedence, used), depth, raises
        else:
            self._assign(node, text, used)

    def _expression(self, node: Traced) -> Text | None:
        """An operation as an expression; None if it took lines of its own, and so has a name already."""
        operation, operands = node.operation, node.operands
        symbol = operation.symbol
        factors = self.square_or_cube(node)
        if factors:
            x = self._named(operands[0])
            power = " * ".join([x] * factors)
            if symbol:
                return power, PRODUCT, (operands[0],)
            return f"{text_of(float(operands[1]))} * ({power})", PRODUCT, (operands[0],)
        if symbol == "**" and self.may_be_complex(*operands):
            left, right = [self._operand(x, LOOSE) for x in operands]
            # It raises where the operator would give a complex number; otherwise the results are the same.
            return f"{self.library.math('pow')}({left[0]}, {right[0]})", ATOM, (*left[2], *right[2])
        if symbol in BINARY and len(operands) == 2:
            return self._binary(symbol, *operands)
        if symbol == "-":
            text, _, used = self._operand(operands[0], SIGN)
            return f"-{text}", SIGN, used
        if operation is WHERE and not self.library.arrays:
            yes, test, no = [self._sure(operands[i], LOOSE + 1) for i in (1, 0, 2)]
            return f"{yes[0]} if {test[0]} else {no[0]}", LOOSE, (*yes[2], *test[2], *no[2])
        if operation.chain:
            return self._chain(node)
        return self._asked(node) if isinstance(operation, Asked) else self._formed(node)

    def square_or_cube(self, node: Traced) -> int:
        """The number of equal factors of a square, a cube or the slope of a cube that may be a product; else 0."""
        if node in self.exact or (node.operation.symbol != "**" and node.operation is not SLOPE):
            return 0
        x, y = node.operands
        if isinstance(y, Traced) or not (isinstance(x, Traced) and x.is_float):
            return 0
        if node.operation.symbol:
            return int(y) if y in (2, 3) else 0
        return 2 if y == 3 else 0

    def may_be_complex(self, x: Any, y: Any) -> bool:
        """Whether a power may have a negative base and a fractional exponent."""
        is_whole = not isinstance(y, Traced) and y % 1 == 0
        return not self.library.arrays and not is_whole and (isinstance(x, Traced) or x < 0)

    def _binary(self, symbol: str, x: Any, y: Any) -> Text:
        precedence = BINARY[symbol]
        near = symbol not in ("**", "//", "%")
        low, high = precedence, precedence + 1
        if symbol == "**":
            low, high = ATOM, SIGN
        elif precedence in (COMPARISON, BITS):
            low = high = SUM if precedence == BITS else COMPARISON + 1
        right = self._operand(y, high, x if near and isinstance(x, Traced) else None)
        left = self._operand(x, low, y if near and isinstance(y, Traced) else None)
        return f"{left[0]} {symbol} {right[0]}", precedence, (*left[2], *right[2])

    def _chain(self, node: Traced) -> Text | None:
        """A sum or a product of many, from left to right."""
        kind, operands = node.operation.chain, node.operands
        half = len(operands) // 2
        terms = [*zip(operands, operands[half:])] if kind == "+*" else [(x,) for x in operands]
        is_product = kind == "*"
        sign, low = (" * ", PRODUCT) if is_product else (" + ", SUM)
        # Python's sum begins with the integer 0; 0.0 gives the same if the first term is a float.
        is_float = any(type(x) is float or (isinstance(x, Traced) and x.is_float) for x in terms[0])
        text = "" if is_product else "0.0" if is_float else "0"
        used: tuple[Traced, ...] = ()
        partial = ""
        for term in terms:
            if len(term) == 2:
                piece, _, more = self._binary("*", *term)
            else:
                piece, _, more = self._operand(term[0], low + 1)
            if text and len(text) + len(piece) > WIDTH:
                self._release(used)
                if not partial:
                    partial = self._new_name()
                self._line(f"{partial} = {text}")
                text, used = partial, ()
            text = f"{text}{sign}{piece}" if text else piece
            used += more
        if kind == "+/":
            text, low = f"({text}) / {float(len(operands)) if node.is_float else len(operands)}", PRODUCT
        if partial:
            self._assign(node, text, used)
            self.free.append(partial)
            return None
        return text, low if len(terms) > 1 or not is_product else ATOM, used

    def _asked(self, node: Traced) -> Text:
        """A call of a function of Python's own: `int(x)`, `math.isclose(x, y, rel_tol=1e-6)`."""
        operation = node.operation
        name = operation.name
        is_builtin = name in ASKED and not self.library.arrays
        called = self.library.standard(name) if is_builtin else self.library.math(name)
        named = [*filter(None, operation.symbol.split(","))]
        texts: list[str] = []
        used: tuple[Traced, ...] = ()
        for i, x in enumerate(node.operands):
            text, _, more = self._operand(x, LOOSE)
            place = i - (len(node.operands) - len(named))
            texts.append(text if place < 0 else f"{named[place]}={text}")
            used += more
        return f"{called}({', '.join(texts)})", ATOM, used

    def _formed(self, node: Traced) -> Text | None:
        """An operation, written as its kernel."""
        operands = node.operands
        are_floats = all(x.is_float if isinstance(x, Traced) else type(x) is not bool for x in operands)
        form = self.library.form(node.operation, operands, are_floats)
        texts: list[str] = []
        used: tuple[Traced, ...] = ()
        for i, x in enumerate(operands):
            if i not in form.once:
                text, _, more = self._sure(x, ATOM)
            else:
                text, _, more = self._operand(x, LOOSE) if form.bare else self._sure(x, PARENTHESES)
            texts.append(text)
            used += more
        partial: list[str] = []
        for template in form.lines:
            name = self._new_name()
            self._line(f"{name} = {template.format(*texts, *partial)}")
            partial.append(name)
        text = form.template.format(*texts, *partial)
        if not partial:
            return text, form.precedence, used
        self._assign(node, text, used)
        self.free += partial
        return None
