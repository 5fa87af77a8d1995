"""The fast form of operations on columns of numbers: kernels and rules are mapped over them, in C where they are in C.

This file can be deleted: everything works without it, and operations on vectors and matrices take several times as
long. A rule that is an operand, a number or the result again costs nothing.
"""

from __future__ import annotations

from itertools import repeat

from ..checks import RANGE_ERRORS
from ..operations.operation import Reduction
from . import many
from .fast_path import on_numbers, written
from .many import Values
from .rows import JOIN, next_serial
from .value import Value, new

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from ..operations.operation import Operation

Plan = tuple["Callable[..., Any]", list["Callable[[Sequence[Any], Any], Any]"]]

plans: dict[str, Any] = {}  # of operations, by their names


def plan_of(operation: Operation) -> Any:
    """The kernel of an operation and what gives each of its local derivatives, from the columns and the results."""
    letters = ("x", "y", "z3", "z4")[: len(operation.rules)]
    rules: list[Any] = []
    for rule in operation.rules:
        text, function = written(rule, operation, letters, "rule") if rule is not None else ("None", None)
        if not callable(rule):
            rules.append(constant_rule(rule))
        elif text in letters:
            rules.append(operand_rule(letters.index(text)))
        elif text == "z":
            rules.append(lambda _, results: results)
        else:
            rules.append(mapped_rule(function))
    return on_numbers(operation.kernel), rules


def constant_rule(rule: Any) -> Any:
    return lambda columns, results: rule


def operand_rule(place: int) -> Any:
    def of_columns(columns: Sequence[Any], _: Any) -> Any:
        column = columns[place]
        return column if type(column) is tuple else next(column)  # a number that goes with all

    return of_columns


def mapped_rule(function: Any) -> Any:
    return lambda columns, results: tuple(map(function, *columns))


def columns_of(operation: Operation, columns: Sequence[Any], followed: Sequence[bool]) -> Any:
    """What `many.columns_of` gives, or None where that has to tell what went wrong."""
    plan = plans.get(operation.name)
    if plan is None:
        if isinstance(operation, Reduction):
            return None
        plan = plans[operation.name] = plan_of(operation)
    kernel, rules = plan
    try:
        results = tuple(map(kernel, *columns))
        derivatives = [rule(columns, results) if follows else None for rule, follows in zip(rules, followed)]
    except RANGE_ERRORS:
        return None
    return results, derivatives


def elementwise(operation: Operation, operands: Sequence[Any]) -> Any:
    """What `many.apply_elementwise` gives where no block is open, of one shape and of single numbers; else None."""
    shape: Any = None
    rows: list[Any] = []
    columns: list[Any] = []
    followed: list[bool] = []
    for x in operands:
        if isinstance(x, Values):
            row = x.row
            if (row[2] == JOIN and None in row[7]) or (shape is not None and row[6] != shape):
                return None
            shape = row[6]
            rows.append(row)
            columns.append(row[3])
            followed.append(row[2] is not None)
        elif isinstance(x, Value):
            row = x.row
            rows.append(row)
            columns.append(repeat(row[3]))
            followed.append(row[2] is not None)
        elif type(x) is float or type(x) is int:
            rows.append(x)
            columns.append(repeat(x))
            followed.append(False)
        else:
            return None
    found = columns_of(operation, columns, followed) if shape is not None else None
    if found is None or found[1].count(None) == len(rows):
        return None
    made: Any = new(many.classes[len(shape)][0])
    made.row = (next_serial(), 0, operation.name, found[0], None, tuple(rows), shape, tuple(found[1]))
    return made


many.fast_columns.append(columns_of)
many.fast_elementwise.append(elementwise)
