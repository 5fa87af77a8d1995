"""Functions written as text, such as "x**2 * sin(y)", which is checked before it runs.

Python's parser reads the text. Its tree is walked once, to build a new one from what is allowed: numbers, the given
names, conditional expressions, and calls of the functions below. Anything else is refused, with its place in the text.
Python compiles the new tree, which has no builtin functions and no attributes. Every number is a float, so no power
grows into an integer of a million digits.
"""

from __future__ import annotations

import ast
import sys
import warnings
from difflib import get_close_matches
from unicodedata import east_asian_width

from .. import math
from ..checks import NO_POWER
from ..operations import elementary as operations
from ..operations.operation import registry

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from typing import Any


def truth(test: Callable[..., Any]) -> Callable[..., float]:
    """A test that returns 1.0 or 0.0, by an `if`, which `compile` follows."""
    return lambda *args: 1.0 if test(*args) else 0.0


def as_whole_number(function: Callable[..., Any]) -> Callable[..., float]:
    """A function of integer values, which returns them as floats."""
    return lambda *args: float(function(*args))


LARGEST = sys.float_info.max
MANY = 255  # arguments, in place of no limit

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

# Even on plain floats, they name their operands in errors, and they never return a complex number.
OPERATORS: dict[type[ast.AST], Callable[..., Any]] = {
    ast.Add: operations.add,
    ast.Sub: operations.sub,
    ast.Mult: operations.mul,
    ast.Div: operations.truediv,
    ast.FloorDiv: operations.floordiv,
    ast.Mod: operations.mod,
    ast.Pow: operations.power,
    ast.USub: operations.neg,
}
COMPARISONS = (ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.Eq, ast.NotEq)
# The functions that the new tree may call, under names that no text can contain.
NAMESPACE: dict[str, Any] = {"__builtins__": {}}
NAMESPACE |= {f"{name}()": function for name, (function, *_) in FUNCTIONS.items()}
NAMESPACE |= {f"{kind.__name__}()": function for kind, function in OPERATORS.items()}
ZERO, ONE = ast.Constant(0.0), ast.Constant(1.0)

ALLOWED = (
    "an expression has numbers, names, + - * / // % **, comparisons, `a if b else c` with and, or, not, and functions "
    "such as sin(x) or math.sin(x)"
)
TOO_DEEP = "the expression is nested too deeply, or has too many terms, to be read; give it in smaller parts"


class ExpressionError(ValueError):
    """An error in the text of an expression; its message shows where."""


class Expression:
    """A function of named numbers, floats or Values, from its text.

    Args:
        text: an expression in Python's syntax; the numbers in it are floats.
        names: its parameters in their order; it need not use them all.

    Raises:
        ExpressionError: the text is not such an expression; the message shows where.
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
            checked = ast.Expression(self._checked(self._tree()))
            self._code = compile(ast.fix_missing_locations(checked), "<expression>", "eval")
        except (RecursionError, MemoryError):  # the latter is what Python's parser raises
            raise ExpressionError(TOO_DEEP) from None

    def __call__(self, *numbers: Any) -> Any:
        """The value at floats or Values, one for each name."""
        return eval(self._code, NAMESPACE, dict(zip(self.names, numbers, strict=True)))

    def _tree(self) -> ast.expr:
        if "#" in self.text:  # Python would silently ignore the rest
            raise self._error(self.text.index("#"), f"`#` is not arithmetic; {ALLOWED}")
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # on style, such as `1if x else 2`
                return ast.parse(self.text, mode="eval").body
        except SyntaxError as error:
            why = f"cannot be read ({error.msg})" if self.text else "is empty"
            raise self._error((error.offset or len(self.text) + 1) - 1, f"the expression {why}; {ALLOWED}") from None
        except ValueError as error:
            raise ExpressionError(f"the expression is not text ({error}); {ALLOWED}") from None

    def _checked(self, node: ast.AST) -> ast.expr:
        """A new tree with the same meaning. Raises ExpressionError for what is not allowed."""
        match node:
            case ast.Constant(value=int() | float() as x) if type(x) is not bool:
                return ast.Constant(self._as_float(node, x))
            case ast.Name(id=name) if name in self.names:
                return ast.Name(name, ast.Load())
            case ast.Name(id=name) | ast.Attribute(value=ast.Name(id="math"), attr=name) if name in CONSTANTS:
                return ast.Constant(CONSTANTS[name])
            case ast.Name(id=name) if name in FUNCTIONS:
                raise self._error(node, f"`{name}` is a function; write it with its argument, such as {name}(1.5)")
            case ast.Name(id=name):
                raise self._unknown(node, name, [*self.names, *CONSTANTS], f"give it a number, such as {name}=1.5")
            case ast.UnaryOp(op=ast.UAdd(), operand=operand):
                return self._checked(operand)
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                return ast.IfExp(self._checked(operand), ZERO, ONE)
            case ast.UnaryOp(op=op, operand=operand) if type(op) in OPERATORS:
                return self._call(type(op).__name__, operand)
            case ast.BinOp(left=left, op=op, right=right) if type(op) in OPERATORS:
                return self._call(type(op).__name__, left, right)
            case ast.BinOp(left=left, op=ast.BitXor()):
                column = self.text.index("^", self._column(left.end_col_offset))
                raise self._error(column, f"{self._shown(node)} {NO_POWER}")
            case ast.Compare(left=left, ops=ops, comparators=others) if all(isinstance(op, COMPARISONS) for op in ops):
                # A number, not a truth value, by an `if`, which `compile` follows.
                compared = ast.Compare(self._checked(left), ops, [*map(self._checked, others)])
                return ast.IfExp(compared, ONE, ZERO)
            case ast.BoolOp(op=op, values=values):
                return ast.BoolOp(op, [*map(self._checked, values)])
            case ast.IfExp(test=test, body=body, orelse=orelse):
                return ast.IfExp(*map(self._checked, (test, body, orelse)))
            case ast.Call(func=func, args=args, keywords=[]):
                return self._call(self._function(func, len(args)), *args)
            case ast.Call(keywords=[keyword, *_]):
                raise self._error(
                    keyword, f"{self._shown(keyword)} is given by keyword; functions take plain numbers here"
                )
        raise self._error(node, f"{self._shown(node)} is not arithmetic; {ALLOWED}")

    def _call(self, name: str, *args: ast.expr) -> ast.expr:
        return ast.Call(ast.Name(f"{name}()", ast.Load()), [*map(self._checked, args)], [])

    def _as_float(self, node: ast.AST, number: float) -> float:
        if not -LARGEST <= number <= LARGEST:
            raise self._error(node, f"{self._shown(node)} is too large for a float, which ends at about 1.8e308")
        return float(number)

    def _function(self, node: ast.expr, count: int) -> str:
        """The name of a function that takes `count` numbers."""
        known = [*FUNCTIONS]
        match node:
            case ast.Attribute(value=ast.Name(id="math"), attr=name):
                known = [x for x in FUNCTIONS if hasattr(math, x)]
            case ast.Name(id=name) if name not in self.names:
                pass
            case _:
                raise self._error(
                    node,
                    f"{self._shown(node)} is not a function; a call is sin(x) or math.sin(x), a product 2*(x + 1)",
                )
        if name not in known:
            raise self._unknown(node, name, known, "the help lists the functions")
        _, fewest, most = FUNCTIONS[name]
        if not fewest <= count <= most:
            takes = f"{fewest} or more" if most == MANY else f"{fewest} or {most}" if most > fewest else fewest
            raise self._error(node, f"`{name}` takes {takes} argument{'s' * (most > 1)}, got {count}")
        return name

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
        """The column of the text for a count of bytes, as Python's parser gives it."""
        return len(self.text.encode()[:count].decode())

    def _shown(self, node: ast.AST) -> str:
        text = ast.get_source_segment(self.text, node) or ""
        return f"`{text if len(text) <= 40 else text[:37] + '...'}`"
