"""Local derivatives in common notation: the rules of the operations, applied to names instead of numbers."""

from __future__ import annotations

from numbers import Real

from ..checks import Symbol
from ..operations.elementary import give_operators
from ..operations.operation import Operation, Rank, appliers

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

# How tightly expressions bind.
CHOICE, SUM, FLOOR, PRODUCT, SIGN, POWER, ATOM = range(7)
TIGHTNESS = {"+": SUM, "-": SUM, "//": FLOOR, "%": FLOOR, "*": PRODUCT, "/": PRODUCT, "**": POWER}


class Formula(Symbol):
    """An expression as text."""

    __slots__ = ("text", "tightness")

    def __init__(self, text: str, tightness: int = ATOM) -> None:
        self.text = text
        self.tightness = tightness

    def __call__(self, *operands: Any) -> Formula:
        return Formula(f"{self.text}({', '.join(held(x, CHOICE) for x in operands)})")

    def __neg__(self) -> Formula:
        return Formula(f"-{held(self, PRODUCT)}", min(self.tightness, SIGN))

    def __str__(self) -> str:
        return self.text


def operator_on_formulas(operation: Operation, reflected: bool) -> Callable[[Formula, Any], Any]:
    """A method for one of Python's operators."""
    symbol = operation.symbol
    return lambda self, other: (
        joined_expressions(symbol, other, self) if reflected else joined_expressions(symbol, self, other)
    )


give_operators(Formula, operator_on_formulas)


def held(x: Any, tightness: int) -> str:
    """A formula or a number as text, in parentheses if it binds less tightly."""
    text = str(x) if isinstance(x, Formula) else short_number(x)
    own = x.tightness if isinstance(x, Formula) else SIGN if text.startswith("-") else ATOM
    return text if own >= tightness else f"({text})"


def short_number(x: Any) -> str:
    """A number with at most six digits."""
    return f"{x:.6g}" if isinstance(x, (float, int)) else str(x)


def without_middle(items: Sequence[Any], most: int, told: Callable[[int], Any]) -> list[Any]:
    """The items; of more than `most` only the first and the last, with `told(how many)` for those left out."""
    half = most // 2
    if len(items) <= most:
        return [*items]
    return [*items[:half], told(len(items) - 2 * half), *items[len(items) - half :]]


def joined_expressions(symbol: str, left: Any, right: Any) -> Any:
    """Two expressions with an operator between them, without factors of one."""
    if symbol == "*" and isinstance(left, Real) and left == 1:
        return right
    if symbol in ("*", "/", "**") and isinstance(right, Real) and right == 1:
        return left
    if symbol == "*" and isinstance(left, Real) and left == -1:
        return -right
    if symbol == "**" and isinstance(right, Real) and right == 0:
        return 1
    tightness = TIGHTNESS[symbol]
    low, high = (ATOM, SIGN) if symbol == "**" else (tightness, tightness + (symbol != "*"))
    gap = "" if symbol == "**" else " "
    return Formula(f"{held(left, low)}{gap}{symbol}{gap}{held(right, high)}", tightness)


class Names(dict[str, object]):
    """The meaning of names in the formula of an entry: an operand, or else the name itself, as in textbooks."""

    def __missing__(self, name: str) -> Formula:
        return Formula(name)


def formula_of(operation: Operation, operands: Sequence[Any]) -> Any:
    """An operation in the notation of its entry, with its operands."""
    text = operation.formula
    return read_formula(text(*operands) if callable(text) else text, names_in(operation, operands))


def names_in(operation: Operation, operands: Sequence[Any]) -> Names:
    """The names in the formulas of an entry: the operands under the kernel's names, and `xs` for all of them."""
    code = operation.kernel.__code__
    return Names(zip(code.co_varnames[: code.co_argcount], operands), xs=operands)


def read_formula(text: str, names: Names) -> Any:
    """The formula of a text: an expression of names, or else words with names in braces."""
    try:
        if "{" not in text:
            return eval(text, {}, names)
    except SyntaxError:
        pass
    return Formula(text.format_map({name: held(x, SUM) for name, x in names.items()}), CHOICE)


def apply_to_formulas(operation: Operation, operands: Sequence[Any]) -> Any:
    """An operation as an expression of its operands."""
    return formula_of(operation, operands) if operation.formula else Formula(operation.shown)(*operands)


def local_formulas(
    operation: Operation, operands: Sequence[Any], result: Formula, wanted: Sequence[bool], count: int | None = None
) -> list[str]:
    """Each wanted local derivative of an operation as text, given its operands and its result as formulas.

    `count` is the number of numbers in the operands, if it differs from the number of operands.
    """
    found: Sequence[Any]
    if operation.slopes:
        texts = (operation.slopes,) if isinstance(operation.slopes, str) else operation.slopes
        names = names_in(operation, operands)
        found = [
            read_formula(
                texts[min(i, len(texts) - 1)],
                Names({"x": x, **names}, z=result, i=i, n=len(operands), count=count or len(operands)),
            )
            for i, x in enumerate(operands)
        ]
    else:
        found = operation.local_derivatives(operands, wanted)
    return [held(x, CHOICE) if wants else "" for x, wants in zip(found, wanted)]


appliers[Formula] = (Rank.SYMBOL, apply_to_formulas)
