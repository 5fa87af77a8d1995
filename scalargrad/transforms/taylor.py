"""Taylor coefficients carried forward through a graph, by the one rule of each operation.

Along a line, x(t) = x + t, every node y = f(u) is a power series in t. Its derivative follows from the operation's
rule, y'(t) = f'(u(t)) u'(t). So its coefficients follow from those of f'(u) and u, term by term:

    k y[k] = sum over j = 0 .. k-1 of (f'(u))[j] (k - j) u[k - j]

The rule f'(u) is arithmetic on series, whose coefficients come from the same formula; they are needed up to order k - 1
only. An expression that occurs again in the rules of one graph is the same series again: the sine's rule asks for the
cosine, whose rule asks for that very sine. So a derivative of order n costs a multiple of n**2 and not of 2**n
(A. Griewank and A. Walther, Evaluating Derivatives, 2nd edition, chapter 13).

For a derivative of order n the series of floats are in t/s, where s is a power of two near n/e. The derivative is
n!/s**n times a coefficient, and fits a float where that coefficient does.
"""

from __future__ import annotations

import math

from ..checks import Symbol
from ..engine.contexts import current
from ..engine.rows import NUMBER, identity_of, operands_of, operation_of
from ..engine.value import Value, number_of
from ..operations import elementary as operations
from ..operations.elementary import one_like, zero_like
from ..operations.operation import Rank, appliers

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from typing import Any

    from ..engine.rows import Row
    from ..operations.operation import Operation

    Expressions = dict[tuple[Any, ...], "Series"]


class Absent(int):
    """A coefficient that a series does not have. It is not a computed zero: inf times it counts as nothing."""


ABSENT = Absent(0)


class Series:
    """A power series: the result of an operation on others, or a line x + t.

    `coefficients` are those known so far. `expressions` has all series of a graph, by operation and operands.
    """

    __slots__ = ("_rules", "coefficients", "expressions", "operands", "operation")

    def __init__(
        self, coefficients: list[Any], expressions: Expressions, operation: Operation | None, operands: Sequence[Any]
    ) -> None:
        self.coefficients = coefficients
        self.expressions = expressions
        self.operation = operation
        self.operands = operands
        self._rules: list[Any] | None = None

    def coefficient(self, k: int) -> Any:
        """The coefficient of t**k, a number or a value."""
        while len(self.coefficients) <= k:
            self.coefficients.append(self._next(len(self.coefficients)))
        return self.coefficients[k]

    def _next(self, k: int) -> Any:
        if self.operation is None:
            return ABSENT
        if self._rules is None:
            wanted = [isinstance(operand, Series) for operand in self.operands]
            self._rules = [*self.operation.local_derivatives(self.operands, wanted)]
        total: Any = ABSENT
        for operand, rule in zip(self.operands, self._rules):
            if rule is None or not isinstance(operand, Series):
                continue
            if not isinstance(rule, Series):
                term = operand.coefficient(k)
                total = total if term is ABSENT else total + rule * term
                continue
            factors = [(j, operand.coefficient(k - j)) for j in range(k)]
            terms = [rule.coefficient(j) * (k - j) * x for j, x in factors if x is not ABSENT]
            if terms:
                total = total + sum(terms[1:], terms[0]) / k
        return total

    def __neg__(self) -> Any:
        return operations.neg(self)


def operator_on_series(operation: Operation, reflected: bool) -> Callable[[Series, Any], Any]:
    """A method for one of Python's operators."""
    return (lambda self, other: operation(other, self)) if reflected else (lambda self, other: operation(self, other))


operations.give_operators(Series, operator_on_series)


def apply_to_series(operation: Operation, operands: Sequence[Any]) -> Any:
    """The result of an operation on series and numbers: the series in the table of expressions, or a new one.

    An operation without rules gives a number. Equal numbers of different origin are one key, so the table stays small.
    """
    if operation.rules.count(None) == len(operation.rules):
        return operation(*[x.coefficients[0] if isinstance(x, Series) else x for x in operands])
    expressions = next(operand.expressions for operand in operands if isinstance(operand, Series))
    key = key_of(operation, operands)
    found = expressions.get(key)
    if found is None:
        start = [operand.coefficients[0] if isinstance(operand, Series) else operand for operand in operands]
        found = expressions[key] = Series([operation(*start)], expressions, operation, operands)
    return found


def key_of(operation: Operation, operands: Sequence[Any]) -> tuple[Any, ...]:
    """The key of an expression; it has numbers as text, so that 0.0 is neither 0 nor -0.0."""

    def part(x: Any) -> Any:
        if isinstance(x, (Series, Value)):
            return x if isinstance(x, Series) else (identity_of(x.row),)
        return (id(x), "") if isinstance(x, Symbol) else repr(x)  # a symbol has no text; the series keeps it

    return (operation, *map(part, operands))


appliers[Series] = (Rank.SERIES, apply_to_series)


def factorial_over_power(n: int, scale: int) -> float:
    """n!/scale**n, an integer if the scale is 1. Raises OverflowError if it is beyond the range of floats."""
    if scale == 1:
        return math.factorial(n)
    try:
        return float(math.factorial(n) / scale**n)
    except OverflowError:
        raise too_large(n) from None


def too_large(n: int) -> OverflowError:
    return OverflowError(f"a derivative of order {n} is beyond what floats can scale; ask for a lower order")


def taylor_derivatives(
    rows: Iterable[Row], leaf: Value, outputs: Sequence[Any], n: int, on_row: Callable[[Row], Any] | None
) -> list[Any]:
    """The n-th derivatives of outputs with respect to a leaf, given the rows between them in order of their serials.

    They are numbers; with `on_row`, which gives a value for a row, they are values. Raises TypeError where a custom
    gradient is on the way: its pullback only goes backward.
    """
    detector = current().detector
    expressions: Expressions = {}
    scale = 2 ** round(math.log2(max(n / math.e, 1))) if type(number_of(leaf)) is float else 1
    line = [leaf if on_row is not None else leaf.row[NUMBER], one_like(leaf.row[NUMBER]) * scale]
    series = {identity_of(leaf.row): Series(line, expressions, None, ())}

    def constant(x: Any) -> Any:
        return x if type(x) is not tuple else x[NUMBER] if on_row is None else on_row(x)

    for row in rows:
        operation = operation_of(row)
        if operation.pull_back is not None:
            way = "take derivatives of higher order with grad of grad"
            raise TypeError(f"{operation.name} has a gradient of its own, which goes backward only; {way}")
        found_at = [identity_of(x) if type(x) is tuple else None for x in operands_of(row)]
        operands = [series[i] if i in series else constant(x) for i, x in zip(found_at, operands_of(row))]
        if any(isinstance(operand, Series) for operand in operands):
            made = Series([constant(row)], expressions, operation, operands)
            found = series[identity_of(row)] = expressions.setdefault(key_of(operation, operands), made)
            found.coefficient(n)
            if detector is not None:
                for coefficient in found.coefficients:
                    detector.check_tangent(row, coefficient)
    factor: Any = factorial_over_power(n, scale)
    results = []
    for y in outputs:
        line_of_y = series.get(identity_of(y.row)) if isinstance(y, Value) else None
        coefficient = ABSENT if line_of_y is None else line_of_y.coefficient(n)
        if coefficient is ABSENT:
            results.append(zero_like(leaf.row[NUMBER]) if n else number_of(y) if on_row is None else y)
        else:
            results.append(coefficient * factor)
            if n > 170 and type(results[-1]) is float and math.isinf(results[-1]):
                raise too_large(n)
    return results
