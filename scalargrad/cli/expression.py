"""Functions written as text, such as "x**2 * sin(y)", read without ever running the text.

Python's parser reads it; the tree is walked once, and only what is listed here becomes part of the function: all else
is refused with its place in the text. Every number is a float, so that no power grows into an integer of a million
digits.
"""

from __future__ import annotations

import ast
import operator
import sys
import warnings
from difflib import get_close_matches
from unicodedata import east_asian_width

from .. import math
from ..operations import elementary as operations
from ..operations.operation import registry

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from typing import Any, TypeAlias

    Part: TypeAlias = Callable[[Mapping[str, Any]], Any]  # gives a float or a Value, for what the names stand for


def truth(test: Callable[..., Any]) -> Callable[..., float]:
    """A test as a number. It is asked by `if`, which is what `compile` follows."""
    return lambda *args: 1.0 if test(*args) else 0.0


def as_whole_number(function: Callable[..., Any]) -> Callable[..., float]:
    """A function that gives integers, giving floats."""
    return lambda *args: float(function(*args))


LARGEST = sys.float_info.max
MANY = 255  # arguments, which are as good as any number

# Each function with the fewest and the most arguments it takes. `ldexp` is left out: its exponent is an integer.
FUNCTIONS: dict[str, tuple[Callable[..., Any], int, int]] = {
    "abs": (operations.absolute, 1, 1),
    "hypot": (math.hypot, 1, MANY),
    "isclose": (truth(math.isclose), 2, 2),
    "log": (math.log, 1, 2),
    "max": (max, 2, MANY),
    "min": (min, 2, MANY),
    "nextafter": (math.nextafter, 2, 2),
    "round": (as_whole_number(round), 1, 1),
}
for _name in ("isfinite", "isinf", "isnan"):
    FUNCTIONS[_name] = (truth(getattr(math, _name)), 1, 1)
for _name in ("ceil", "floor", "trunc"):
    FUNCTIONS[_name] = (as_whole_number(getattr(math, _name)), 1, 1)
for _operation in registry.values():
    _name = _operation.shown
    if _operation.for_users or (_name in vars(math) and _name not in math.COMPOSED and _name != "ldexp"):
        FUNCTIONS[_name] = (vars(math).get(_name, _operation.function), *[len(_operation.rules)] * 2)

CONSTANTS: dict[str, float] = {name: getattr(math, name) for name in ("e", "inf", "nan", "pi", "tau")}

# Those of `operations` name their operands when they raise, on plain floats, too, and give nothing complex.
OPERATORS: dict[type[ast.AST], Callable[..., Any]] = {
    ast.Add: operations.add,
    ast.Sub: operations.sub,
    ast.Mult: operations.mul,
    ast.Div: operations.truediv,
    ast.FloorDiv: operations.floordiv,
    ast.Mod: operations.mod,
    ast.Pow: operations.power,
    ast.USub: operations.neg,
    ast.UAdd: lambda x: x,
    ast.Not: truth(operator.not_),
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}

ALLOWED = (
    "an expression has numbers, names, + - * / // % **, comparisons, `a if b else c` with and, or, not, and functions "
    "such as sin(x) or math.sin(x)"
)
TOO_DEEP = "the expression is nested too deeply, or has too many terms, to be read; give it in smaller parts"


class ExpressionError(ValueError):
    """What is wrong with the text of an expression, and where."""


class Expression:
    """A function of named numbers, floats or Values, from its text.

    Args:
        text: an expression in Python's syntax; the numbers in it are floats.
        names: its parameters in their order; it need not use them all.

    Raises:
        ExpressionError: the text is something else; the message shows where.
        ArithmeticError, ValueError: when called, what its operations raise.

    >>> from scalargrad import grad
    >>> f = Expression("x**2 * y if x > 0 else -y", ["x", "y"])
    >>> f(3.0, 2.0), grad(f)(3.0, 2.0)
    (18.0, 12.0)
    """

    def __init__(self, text: str, names: Sequence[str]) -> None:
        self.text = " ".join(text.split())
        self.names = tuple(names)
        self.__name__ = "f"
        try:
            self._part = self._read(self._tree())
        except (RecursionError, MemoryError):  # the latter is what Python's parser raises
            raise ExpressionError(TOO_DEEP) from None

    def __call__(self, *numbers: Any) -> Any:
        """The value at floats or Values, one for each name."""
        return self._part(dict(zip(self.names, numbers, strict=True)))

    def _tree(self) -> ast.expr:
        if "#" in self.text:  # it would end the expression in silence
            raise self._error(self.text.index("#"), f"`#` is not arithmetic; {ALLOWED}")
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # on style, such as `1if x else 2`
                return ast.parse(self.text, mode="eval").body
        except SyntaxError as error:
            why = f"cannot be read ({error.msg})" if self.text else "is empty"
            raise self._error((error.offset or len(self.text) + 1) - 1, f"the expression {why}; {ALLOWED}") from None
        except ValueError as error:
            raise ExpressionError(f"the expression has what is no text ({error}); {ALLOWED}") from None

    def _read(self, node: ast.AST) -> Part:
        match node:
            case ast.Constant(value=int() | float() as x) if type(x) is not bool:
                return a_constant(self._as_float(node, x))
            case ast.Name(id=name) if name in self.names:
                return operator.itemgetter(name)
            case ast.Name(id=name) | ast.Attribute(value=ast.Name(id="math"), attr=name) if name in CONSTANTS:
                return a_constant(CONSTANTS[name])
            case ast.Name(id=name) if name in FUNCTIONS:
                raise self._error(node, f"`{name}` is a function; write what it is of, such as {name}(1.5)")
            case ast.Name(id=name):
                raise self._unknown(node, name, [*self.names, *CONSTANTS], f"give it one, such as {name}=1.5")
            case ast.UnaryOp(op=op, operand=operand) if type(op) in OPERATORS:
                return applied(OPERATORS[type(op)], [self._read(operand)])
            case ast.BinOp(left=left, op=op, right=right) if type(op) in OPERATORS:
                return applied(OPERATORS[type(op)], [self._read(left), self._read(right)])
            case ast.BinOp(left=left, op=ast.BitXor()):
                column = self.text.index("^", self._column(left.end_col_offset))
                raise self._error(
                    column, f"{self._shown(node)} has the operator ^; a power is written **, such as x**2"
                )
            case ast.Compare(left=left, ops=ops, comparators=others) if all(type(op) in OPERATORS for op in ops):
                rest = [(OPERATORS[type(op)], self._read(other)) for op, other in zip(ops, others)]
                return a_comparison(self._read(left), rest)
            case ast.BoolOp(op=op, values=values):
                return decided(isinstance(op, ast.Or), [self._read(x) for x in values])
            case ast.IfExp(test=test, body=body, orelse=orelse):
                return a_choice(self._read(test), self._read(body), self._read(orelse))
            case ast.Call(func=func, args=args, keywords=[]):
                return applied(self._function(func, len(args)), [self._read(x) for x in args])
            case ast.Call(keywords=[keyword, *_]):
                raise self._error(
                    keyword, f"{self._shown(keyword)} is given by keyword; functions take numbers alone here"
                )
        raise self._error(node, f"{self._shown(node)} is not arithmetic; {ALLOWED}")

    def _as_float(self, node: ast.AST, number: float) -> float:
        if not -LARGEST <= number <= LARGEST:
            raise self._error(node, f"{self._shown(node)} is too large for a float, which ends at about 1.8e308")
        return float(number)

    def _function(self, node: ast.expr, count: int) -> Callable[..., Any]:
        known = [*FUNCTIONS]
        match node:
            case ast.Attribute(value=ast.Name(id="math"), attr=name):
                known = [x for x in FUNCTIONS if hasattr(math, x)]
            case ast.Name(id=name) if name not in self.names:
                pass
            case _:
                raise self._error(
                    node,
                    f"{self._shown(node)} is no function; calls are written sin(x) or math.sin(x), products 2*(x + 1)",
                )
        if name not in known:
            raise self._unknown(node, name, known, "the help lists the functions")
        function, fewest, most = FUNCTIONS[name]
        if not fewest <= count <= most:
            takes = f"{fewest} or more" if most == MANY else f"{fewest} or {most}" if most > fewest else fewest
            raise self._error(node, f"`{name}` takes {takes} argument{'s' * (most > 1)}, got {count}")
        return function

    def _unknown(self, node: ast.AST, name: str, known: Iterable[str], otherwise: str) -> ExpressionError:
        near = get_close_matches(name, known, 1)
        return self._error(
            node, f"{self._shown(node)} is not known; {f'did you mean {near[0]}?' if near else otherwise}"
        )

    def _error(self, place: Any, message: str) -> ExpressionError:
        """An error that shows a column of the text, or where a node begins."""
        column = place if type(place) is int else self._column(place.col_offset)
        start = max(0, column - 50)
        wide = ["\u3000" if east_asian_width(x) in "WF" else " " for x in self.text[start:column]]
        return ExpressionError(f"{message}\n  {self.text[start : start + 80]}\n  {''.join(wide)}^")

    def _column(self, count: int | None) -> int:
        """Where a count of bytes, as Python's parser gives it, leads to in the text."""
        return len(self.text.encode()[:count].decode())

    def _shown(self, node: ast.AST) -> str:
        text = ast.get_source_segment(self.text, node) or ""
        return f"`{text if len(text) <= 40 else text[:37] + '...'}`"


def a_constant(number: float) -> Part:
    return lambda _: number


def applied(function: Callable[..., Any], parts: Sequence[Part]) -> Part:
    return lambda numbers: function(*[part(numbers) for part in parts])


def a_comparison(part: Part, rest: Sequence[tuple[Callable[[Any, Any], Any], Part]]) -> Part:
    def compare(numbers: Mapping[str, Any]) -> float:
        left = part(numbers)
        for holds, other in rest:
            right = other(numbers)
            if not holds(left, right):
                return 0.0
            left = right
        return 1.0

    return compare


def decided(end: bool, parts: Sequence[Part]) -> Part:
    """The first part that is as true as `end` says, or else the last one."""

    def decide(numbers: Mapping[str, Any]) -> Any:
        for part in parts:
            result = part(numbers)
            if bool(result) is end:
                break
        return result

    return decide


def a_choice(test: Part, body: Part, otherwise: Part) -> Part:
    return lambda numbers: body(numbers) if test(numbers) else otherwise(numbers)
