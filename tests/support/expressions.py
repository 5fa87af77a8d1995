"""Random expressions of Python's operators, over numbers at every edge."""

from __future__ import annotations

import math
import operator
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from tests.support.infix import INFIX

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

UNARY: list[Callable[[Any], Any]] = [operator.neg, operator.pos, abs]

EDGES = [0.0, -0.0, 1.0, -1.0, 0.5, -2.0, 3.0, 5e-324, -5e-324, 2.2250738585072014e-308, 1.7976931348623157e308]
EDGES += [-1.7976931348623157e308, math.inf, -math.inf, math.nan, 1e16, 709.0, -745.0, 1 / 3, 1e-160, 1e160]
HUGE_INTS = [2**53 + 1, -(2**53) - 1, 10**308, -(10**308), 10**309, 10**400, -(10**400)]

floats = st.floats() | st.sampled_from(EDGES)
small_ints = st.integers(-5, 5)
ints = small_ints | st.integers() | st.sampled_from(HUGE_INTS)
fractions = st.fractions() | st.fractions(-3, 3, max_denominator=7)
numbers = floats | ints | st.booleans() | fractions
leaves = floats | st.integers(-(10**300), 10**300) | st.booleans() | fractions


def as_leaf(x: Any) -> Any:
    """The number that a leaf holds: integers and truth values become floats."""
    return x if isinstance(x, Fraction) else float(x)


def trees(kinds: st.SearchStrategy[Any], powers: st.SearchStrategy[Any] | None) -> st.SearchStrategy[Any]:
    """Expressions over three leaves: an index, or a tuple of an operator and its operands."""
    symbols = st.sampled_from([symbol for symbol in INFIX if powers is None or symbol != "**"])
    numbers_ = kinds.map(lambda number: ("number", number))

    def grow(below: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
        grown = (
            st.tuples(st.sampled_from(UNARY), below)
            | st.tuples(symbols, below, below)
            | st.tuples(symbols, below, numbers_)
            | st.tuples(symbols, numbers_, below)
        )
        return grown if powers is None else grown | st.tuples(st.just("**"), below, powers.map(lambda n: ("number", n)))

    return st.recursive(st.integers(0, 2), grow, max_leaves=12)


def evaluate(tree: Any, operands: Sequence[Any]) -> Any:
    if isinstance(tree, int):
        return operands[tree]
    if tree[0] == "number":
        return tree[1]
    head, *parts = tree
    result = (INFIX[head] if isinstance(head, str) else head)(*[evaluate(part, operands) for part in parts])
    if isinstance(result, complex):
        raise ValueError("complex")
    return result
