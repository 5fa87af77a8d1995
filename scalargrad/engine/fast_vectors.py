"""The fast form of operations on columns of numbers: `map` runs kernels and rules over them.

With a kernel that is written in C, the whole loop runs in C. A rule that is just an operand, a number or the result
costs nothing. Dot products and matrix products have a function for each length of rows, with the sum written out.

This file can be deleted: everything works without it, but vectors and matrices take several times as long.
"""

from __future__ import annotations

from itertools import repeat

from ..checks import RANGE_ERRORS
from ..operations.operation import Reduction, registry
from . import many
from .contexts import AMBIENT, current, open_blocks
from .fast_path import on_numbers, written
from .many import Values
from .rows import JOIN, next_serial
from .value import Value, new

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from ..operations.operation import Operation
    from .vector import Vector

Plan = tuple["Callable[..., Any]", list["Callable[[Sequence[Any], Any], Any]"]]

plans: dict[str, Any] = {}  # of operations, by their names


def plan_of(operation: Operation) -> Any:
    """The kernel of an operation, and a function of the columns and the results for each local derivative."""
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
        return column if type(column) is tuple else next(column)  # one number, the same for all

    return of_columns


def mapped_rule(function: Any) -> Any:
    return lambda columns, results: tuple(map(function, *columns))


def mapped_columns(operation: Operation, columns: Sequence[Any], followed: Sequence[bool]) -> Any:
    """The result of `many.columns_of`, or None if that has to compute it, perhaps to raise an error."""
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


def in_one_pass(operation: Operation, operands: Sequence[Any]) -> Any:
    """The result of `many.apply_elementwise` for operands of one shape and scalars, in a plain interval; else None."""
    interval: Any = AMBIENT
    if open_blocks:
        interval = current()
        if not interval.plain:
            return None
        if interval.accessed:
            for x in operands:
                if isinstance(x, (Value, Values)):
                    x.is_followed_in(interval)  # which notes that it was used
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
    found = mapped_columns(operation, columns, followed) if shape is not None else None
    if found is None or found[1].count(None) == len(rows):
        return None
    made: Any = new(many.classes[len(shape)][0])
    made.row = (next_serial(), interval.number, operation.name, found[0], None, tuple(rows), shape, tuple(found[1]))
    return made


def dot_in_one_pass(vector: Vector, other: Any) -> Any:
    """The result of `Vector.dot` in no block, with a vector, floats, or the values of its last call; else None."""
    left = vector.row
    if open_blocks or left[2] is None or (left[2] == JOIN and None in left[7]):
        return None
    if isinstance(other, Values):
        right = other.row
        if right[2] == JOIN and None in right[7]:
            return None
    elif (type(other) is not list and type(other) is not tuple) or not other:
        return None
    elif type(other[0]) is float and {*map(type, other)} == {float}:
        right = (next_serial(), 0, None, tuple(other), None, None, (len(other),), None)
    else:
        try:
            right = other[0].led
            if right[1] != 0 or tuple([x.row for x in other]) != right[5]:
                return None
        except AttributeError:  # not values, or not yet joined
            return None
    xs, ys = left[3], right[3]
    if len(xs) != len(ys) or len(right[6]) != 1 or len(xs) > MOST_WRITTEN_OUT or not xs:
        return None
    shortcut = getattr(registry["dot"].rules[0], "on_halves", None)
    if shortcut is None:
        return None
    made = new(Value)
    by_left, by_right = shortcut(xs, ys)
    derivatives = (by_left, None if right[2] is None else by_right)
    made.row = (next_serial(), 0, "dot", written_dot(len(xs))(xs, ys), None, (left, right), (), derivatives)
    return made


def written_dot(length: int) -> Any:
    """A function for the dot product of two lists of a length, with the sum written out."""
    if length not in written_dots:
        xs, ys = [[f"{x}{i}" for i in range(length)] for x in "xy"]
        terms = " + ".join([f"{x} * {y}" for x, y in zip(xs, ys)])
        scope: dict[str, Any] = {}
        source = f"def dot(x, y):\n    {', '.join(xs)}, = x\n    {', '.join(ys)}, = y\n    return 0 + {terms}"
        exec(compile(source, f"<scalargrad fast form of dot of {length}>", "exec"), scope)
        written_dots[length] = scope["dot"]
    return written_dots[length]


written_dots: dict[int, Any] = {}  # by their lengths
WRITTEN_OUT = """
def products(rows, columns):
    return [0 + {sum} for {row}, in rows for {column}, in columns]
"""
MOST_WRITTEN_OUT = 64  # beyond this it gains little, and writing takes longer

written_out: dict[int, Any] = {}  # by the length of rows and columns


def products_written_out(rows: Sequence[Any], columns: Sequence[Any]) -> Any:
    """The result of `many.products`, in half the time or less, for rows that are short enough; else None."""
    length = len(rows[0]) if rows else 0
    if not 0 < length <= MOST_WRITTEN_OUT:
        return None
    function = written_out.get(length)
    if function is None:
        xs, ys = [[f"{x}{i}" for i in range(length)] for x in "xy"]
        terms = " + ".join([f"{x} * {y}" for x, y in zip(xs, ys)])
        scope: dict[str, Any] = {}
        source = WRITTEN_OUT.format(sum=terms, row=", ".join(xs), column=", ".join(ys))
        exec(compile(source, f"<scalargrad fast form of products of {length}>", "exec"), scope)
        function = written_out[length] = scope["products"]
    return function(rows, columns)


OPERATOR = """
def method(self, other):
    left = self.row
    shape = left[6]
    if open_blocks or left[2] in APART:
        return general(self, other)
    x = left[3]
    if isinstance(other, Values):
        right = other.row
        y = right[3]
        if right[2] in APART or right[6] != shape:
            return general(self, other)
        try:
            z = tuple(map(kernel, x, y))
            derivatives = {of_many}
        except RANGE_ERRORS:
            return general(self, other)
    else:
        if type(other) is float:
            right = y = other
        elif type(other) is Value and other.row[2] is not None:
            right = other.row
            y = right[3]
        else:
            return general(self, other)
        try:
            z = tuple(map(kernel, x, repeat(y)))
            derivatives = ({of_one}, {by_one} if right is not y else None)
        except RANGE_ERRORS:
            return general(self, other)
    made = new(classes[len(shape)][0])
    made.row = (next_serial(), 0, name, z, None, (left, right), shape, derivatives)
    return made
"""
APART = (None, JOIN)  # constants, and rows that may hold some


def operator_on_many(operation: Operation) -> Any:
    """The method for a binary operator whose left operand is a vector or a matrix, written as `fast_path` writes it."""
    name = f"__{operation.name}__"
    scope: dict[str, Any] = {
        "APART": APART,
        "RANGE_ERRORS": RANGE_ERRORS,
        "Value": Value,
        "Values": Values,
        "classes": many.classes,
        "general": getattr(Values, name),
        "kernel": operation.kernel,
        "name": operation.name,
        "new": new,
        "next_serial": next_serial,
        "open_blocks": open_blocks,
        "repeat": repeat,
    }
    texts = []
    for rule, place in zip(operation.rules, ("left_rule", "right_rule")):
        text, scope[place] = written(rule, operation, ("x", "y"), place)
        texts.append(text)
    mapped = {text: f"tuple(map({text.split('(')[0]}, x, Y))" for text in texts if "_rule(" in text}
    of_many, (of_one, by_one) = [[mapped.get(text, text).replace("Y", y) for text in texts] for y in ("y", "repeat(y)")]
    source = OPERATOR.format(of_many=f"({', '.join(of_many)})", of_one=of_one, by_one=by_one)
    exec(compile(source, f"<scalargrad fast form of {name} on many numbers>", "exec"), scope)
    scope["method"].__name__, scope["method"].__qualname__ = name, f"Vector.{name}"
    return scope["method"]


for _each in registry.values():
    if _each.symbol and len(_each.rules) == 2 and None not in _each.rules:
        setattr(Values, f"__{_each.name}__", operator_on_many(_each))

many.fast_columns.append(mapped_columns)
many.fast_elementwise.append(in_one_pass)
many.fast_products.append(products_written_out)
many.fast_dots.append(dot_in_one_pass)
