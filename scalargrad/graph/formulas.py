"""Local derivatives as one would write them: the rules of the operations, applied to names instead of numbers."""

from __future__ import annotations

from functools import reduce
from numbers import Real
from operator import add

from ..checks import Symbol
from ..operations.elementary import give_operators
from ..operations.operation import Operation, appliers

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

# How tightly an expression holds together.
CHOICE, SUM, FLOOR, PRODUCT, SIGN, POWER, ATOM = range(7)
TIGHTNESS = {"+": SUM, "-": SUM, "//": FLOOR, "%": FLOOR, "*": PRODUCT, "/": PRODUCT, "**": POWER}


class Formula(Symbol):
    """An expression as text."""

    __slots__ = ("text", "tightness")

    def __init__(self, text: str, tightness: int = ATOM) -> None:
        self.text = text
        self.tightness = tightness

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
    """A formula or a number as text, in parentheses if it holds together less tightly."""
    text = str(x) if isinstance(x, Formula) else short_number(x)
    own = x.tightness if isinstance(x, Formula) else SIGN if text.startswith("-") else ATOM
    return text if own >= tightness else f"({text})"


def short_number(x: Any) -> str:
    """A number in at most six digits."""
    return f"{x:.6g}" if isinstance(x, (float, int)) else str(x)


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


def call(name: str, *operands: Any) -> Any:
    return Formula(f"{name}({', '.join(held(x, CHOICE) for x in operands)})")


def choice(text: str, *operands: Any) -> Formula:
    return Formula(text.format(*[held(x, SUM) for x in operands]), CHOICE)


LOG_2 = call("log", 2)
# Operations that textbooks write otherwise; most of them are there for rules alone.
FORMULAS: dict[str, Callable[..., Any]] = {
    "absolute": lambda x: call("abs", x),
    "one_like": lambda _: 1,
    "in_floats": lambda x: x,
    "lift": lambda *_: 1,
    "quotient": lambda x, y: x / y,
    "over_square": lambda x, y: x / y**2,
    "rsqrt": lambda x: 1 / call("sqrt", x),
    "cbrt_slope": lambda x: 1 / (3 * call("cbrt", x) ** 2),
    "asin_slope": lambda x: 1 / call("sqrt", 1 - x**2),
    "atanh_slope": lambda x: 1 / (1 - x**2),
    "lorentz": lambda x: 1 / (1 + x**2),
    "rhypot": lambda x: 1 / call("sqrt", 1 + x**2),
    "sech2": lambda x: 1 - call("tanh", x) ** 2,
    "gauss": lambda x: 2 / call("sqrt", Formula("pi")) * call("exp", -(x**2)),
    "power_slope": lambda x, y: y * x ** (y - 1),
    "times_power": lambda c, x, y, k: c * x**y * call("log", x) ** k,
    "power_log": lambda x, y, k: x**y * call("log", x) ** k,
    "power_log_sum": lambda a, b, x, y, k: x**y * call("log", x) ** k * (a + b * call("log", x)),
    "inversion": lambda x, y: x / (x**2 + y**2),
    "over_sum_of_squares": lambda c, x, y: c / (x**2 + y**2),
    "leg_ratio": lambda x, y: x / call("hypot", x, y),
    "direction": lambda x, length: x / length,
    "logaddexp_slope": lambda x, y: 1 / (1 + call("exp", y - x)),
    "polygamma_slope": lambda n, x: call("polygamma", n + 1, x),
    "step": lambda x: choice("1 if {} > 0 else 0", x),
    "chosen": lambda x, y: choice("1 if {0} > {1}, 1/2 if equal, else 0", x, y),
    "chosen_below": lambda x, y: choice("1 if {0} < {1}, 1/2 if equal, else 0", x, y),
    "agreement": lambda x, y: choice("1 if {} and {} agree in sign else -1", x, y),
    "clip_share": lambda x, low, high, index: choice(
        "1 if {} < {} < {}, shared at a bound, else 0" if index == 0 else "1 if it is the result, else 0", low, x, high
    ),
    "whole_quotient": lambda x, y: call("trunc", x / y),
    "nearest_quotient": lambda x, y: call("round", x / y),
    "power_of_two": lambda i: 2**i,
    "exp_gap": lambda x, top: call("exp", x - top),
    "total": lambda *xs: reduce(add, xs),
    "share": lambda e, whole, _: e / whole,
    "own_whole": lambda e, whole, rest: whole,
}
# What a formula for each operand is simplest in: all operands, and the result.
OF_THE_RESULT: dict[str, Callable[[Sequence[Any], Any], Sequence[Any]]] = {
    "exp": lambda _, y: [y],
    "exp2": lambda _, y: [y * LOG_2],
    "log2": lambda xs, _: [1 / (xs[0] * LOG_2)],
    "log10": lambda xs, _: [1 / (xs[0] * call("log", 10))],
    "sinc": lambda xs, y: [(call("cos", Formula("pi") * xs[0]) - y) / xs[0]],
    "acosh": lambda xs, _: [1 / call("sqrt", xs[0] ** 2 - 1)],
    "sigmoid": lambda _, y: [y * (1 - y)],
    "tanh": lambda _, y: [1 - y**2],
    "sqrt": lambda _, y: [1 / (2 * y)],
    "norm": lambda xs, y: [x / y for x in xs],
    "logsumexp": lambda xs, y: [call("exp", x - y) for x in xs],
    "share": lambda xs, _: [
        choice("1 / {1}, or {2} / {1}**2 if {0} > {2}", *xs),
        choice("-{0} / {1}**2, or 0 if {0} > {2}", *xs),
        choice("-{0} / {1}**2 if {0} > {2}, else 0", *xs),
    ],
    "surprise": lambda xs, y: [call("exp", -y) - 1, *[call("exp", x - xs[0] - y) for x in xs[1:]]],
    "mean": lambda xs, _: [Formula(f"1 / {len(xs)}", PRODUCT)] * len(xs),
    "prod": lambda xs, _: [Formula("the product of the others")] * len(xs),
    "dist": lambda xs, y: [(a - b) / y for a, b in zip(xs, [*xs[len(xs) // 2 :], *xs[: len(xs) // 2]])],
    **dict.fromkeys(("max", "min"), lambda xs, y: [choice("1 if {} == {}, shared in a tie, else 0", x, y) for x in xs]),
}


def apply_to_formulas(operation: Operation, operands: Sequence[Any]) -> Any:
    """An operation as an expression of its operands."""
    if operation.name in FORMULAS:
        return FORMULAS[operation.name](*operands)
    return call(operation.name, *operands)


def local_formulas(operation: Operation, operands: Sequence[Any], result: Formula, wanted: Sequence[bool]) -> list[str]:
    """Each wanted local derivative of an operation as text, given its operands and its result as formulas."""
    if operation.name in OF_THE_RESULT:
        found = OF_THE_RESULT[operation.name](operands, result)
    else:
        found = operation.local_derivatives(operands, wanted)
    return [held(x, CHOICE) if wants else "" for x, wants in zip(found, wanted)]


appliers[Formula] = (0.5, apply_to_formulas)
