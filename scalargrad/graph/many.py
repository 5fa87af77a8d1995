"""Rows of many numbers in explanations and pictures: each is one node with a shape.

An element-wise operation looks as it does on single numbers, with lists in place of numbers. Products of matrices,
softmax and operations that only move numbers are written as in Python: `W @ x`, `v1[3]`, `M.T`.
"""

from __future__ import annotations

from ..engine.rows import (
    D_RIGHT,
    ELEMENT,
    INTERVAL,
    JOIN,
    MATMUL,
    NUMBER,
    OPERATION,
    RIGHT,
    SERIAL,
    SHAPE,
    SOFTMAX,
    TAKE,
    TRANSPOSE,
    derivatives_in,
    derivatives_of,
    element_of,
    is_many,
    operands_in,
    operands_of,
    place_in,
    spread,
    ways_of,
)
from .formulas import short_number, without_middle

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from ..engine.rows import Row

MOST_NUMBERS = 6  # of a vector or a matrix that are written out
MOVES = (ELEMENT, TAKE, JOIN, TRANSPOSE)  # operations that only move numbers


# ---- Numbers ---------------------------------------------------------------------------------------------------------


def as_text(numbers: Any, shape: Sequence[int] = (), show: Callable[[Any], str] = short_number) -> str:
    """A number as text; many numbers as a list, or as a list of rows, without the middle of a long one."""
    if not isinstance(numbers, (list, tuple)):
        return "-" if numbers is None else show(numbers)
    items: Sequence[Any] = numbers
    if len(shape) == 2:
        items = [numbers[i * shape[1] : (i + 1) * shape[1]] for i in range(shape[0])]
    if len(numbers) > MOST_NUMBERS:
        items = without_middle(items, 6 - 2 * len(shape), lambda _: "...")
    return f"[{', '.join([x if isinstance(x, str) else as_text(x, (0,), show) for x in items])}]"


def number_and_shape(row: Row, show: Callable[[Any], str] = short_number) -> str:
    """The number of a row as text; many numbers with their shape."""
    return f"{as_text(row[NUMBER], row[SHAPE], show)} {row[SHAPE]}" if is_many(row) else as_text(row[NUMBER], (), show)


def added(x: Any, y: Any) -> Any:
    """The sum of two terms, or of two lists of terms; None stands for a missing term."""
    if isinstance(x, list):
        return [added(each, other) for each, other in zip(x, y)]
    return y if x is None else x if y is None else x + y


# ---- The operands to show --------------------------------------------------------------------------------------------


def operand_pairs(row: Row) -> list[tuple[Any, Any]]:
    """The operands to show for a row, each with its local derivative or a stand-in; None if it is not followed.

    The operands of a sum or another reduction are shown without the vector in which they were gathered.
    """
    if not is_at_once(row):
        return [*zip(operands_of(row), derivatives_of(row))]
    if is_softmax(row):
        (row,) = row[RIGHT]
    if row[OPERATION] == ELEMENT:
        return [(row[RIGHT][0], 1)]
    pairs = [*zip(operands_in(row), derivatives_in(row))]
    if row[SHAPE]:
        return pairs
    return [
        pair for x, local in pairs for pair in (zip(x[RIGHT], spread(local, x)) if is_gathered(x) else [(x, local)])
    ]


def is_at_once(row: Row) -> bool:
    """Whether a row has many numbers, or was computed from many; the inside of softmax counts as single numbers."""
    if row[OPERATION] == ELEMENT:
        return row[RIGHT][0][OPERATION] != SOFTMAX or place_of_share(row) is not None
    return type(row[SHAPE]) is tuple and bool(row[OPERATION])


def is_gathered(row: Any) -> bool:
    """Whether something is a row of single numbers that were gathered in one vector."""
    return is_many(row) and row[OPERATION] == JOIN and not any(map(is_many, row[RIGHT]))


def is_softmax(row: Row) -> bool:
    """Whether a row is the result of softmax: the shares, taken from all numbers that it computed."""
    return bool(row[OPERATION] == TAKE and row[RIGHT][0][OPERATION] == SOFTMAX)


def shares_of_softmax(row: Row) -> Row:
    """The row of the result of softmax, given the row of all numbers that it computed."""
    ((x,), numbers) = row[RIGHT], row[NUMBER]
    width = x[SHAPE][-1]
    places = tuple([i for i in range(len(numbers)) if i % (2 * width + 2) >= width + 2])
    return (row[SERIAL], row[INTERVAL], TAKE, tuple([numbers[i] for i in places]), None, (row,), x[SHAPE], (places,))


def place_of_share(row: Row) -> int | None:
    """The place of an element of softmax among the shares; None for an intermediate number."""
    (whole,), (i,) = row[RIGHT], row[D_RIGHT]
    width = whole[RIGHT][0][SHAPE][-1]
    line, place = divmod(i, 2 * width + 2)
    return None if place < width + 2 else line * width + place - width - 2


# ---- In words --------------------------------------------------------------------------------------------------------


def expression_of(row: Row, names: Sequence[str]) -> str | None:
    """The Python expression of a move, a product of matrices or a softmax, given the names of its operands."""
    operation = row[OPERATION]
    if is_softmax(row):
        return f"softmax({names[0]})"
    if operation == MATMUL:
        return " @ ".join(names)
    if operation == TRANSPOSE:
        return f"{names[0]}.T"
    if operation == JOIN:
        return f"[{', '.join(without_middle(names, 8, lambda _: '...'))}]"
    if operation == TAKE:
        (whole,), (places,) = row[RIGHT], row[D_RIGHT]
        return f"{names[0]}[{index_of(whole[SHAPE], places, row[SHAPE])}]"
    if operation == ELEMENT and is_at_once(row):
        (whole,), (i,) = row[RIGHT], row[D_RIGHT]
        shape = whole[SHAPE]
        if whole[OPERATION] == SOFTMAX:
            i, shape = place_of_share(row), whole[RIGHT][0][SHAPE]
        return f"{names[0]}[{', '.join(map(str, place_in(shape, i)))}]"
    return None


def structure_of(row: Row) -> str | None:
    """The expression of `expression_of` without the operands."""
    if is_softmax(row):
        return "softmax"
    short = {MATMUL: "@", JOIN: "[ ]"}.get(row[OPERATION])
    return short if short is not None else expression_of(row, [""])


def index_of(shape: Sequence[int], places: Sequence[int], taken: Sequence[int]) -> str:
    """The index, or the indices, that select some places."""
    if len(shape) == 1:
        return slice_of(places, shape[0])
    rows = [*dict.fromkeys([i // shape[1] for i in places])]
    columns = [*dict.fromkeys([i % shape[1] for i in places])]
    if [i * shape[1] + j for i in rows for j in columns] != [*places]:
        return as_text([f"({i // shape[1]}, {i % shape[1]})" for i in places], (), str)
    texts = [slice_of(rows, shape[0]), slice_of(columns, shape[1])]
    if len(taken) == 1:  # of one row, or of one column
        k = 0 if len(rows) == 1 and len(columns) == taken[0] else 1
        texts[k] = str((rows, columns)[k][0])
    return texts[0] if texts[1] == ":" else ", ".join(texts)


def slice_of(places: Sequence[int], count: int) -> str:
    """Indices as a Python slice, or as a list if their steps are not equal."""
    if not places:
        return ":0"
    step = places[1] - places[0] if len(places) > 1 else 1
    if step == 0 or [*places] != [*range(places[0], places[-1] + (1 if step > 0 else -1), step)]:
        return as_text([*places])
    begin, end = places[0], places[-1] + (1 if step > 0 else -1)
    first = "" if begin == (0 if step > 0 else count - 1) else str(begin)
    last = str(end) if 0 <= places[-1] + step < count else ""
    return f"{first}:{last}" + (f":{step}" if step != 1 else "")


def ways_in_words(row: Row, names: Sequence[str], name: str) -> list[str] | None:
    """How `upstream` reaches each operand where `expression_of` applies, and local derivatives are not numbers."""
    operation = row[OPERATION]
    if is_softmax(row):
        return [f"{name} * (upstream - sum(upstream * {name}))"]
    if operation == MATMUL:
        left, right = row[RIGHT]
        to_left = f"upstream @ {names[1]}.T" if len(right[SHAPE]) == 2 else f"outer(upstream, {names[1]})"
        to_right = f"{names[0]}.T @ upstream" if len(left[SHAPE]) == 2 else f"outer({names[0]}, upstream)"
        return [to_left, to_right]
    if operation == TRANSPOSE:
        return ["upstream.T"]
    if operation == JOIN:
        return ["its part of upstream"] * len(names)
    return ["upstream in its place"] if operation in MOVES and is_at_once(row) else None


# ---- Backward --------------------------------------------------------------------------------------------------------


def shares_of(row: Row, adjoint: Any) -> list[Any]:
    """The terms that a row of many numbers, or computed from many, passes on to each operand to show."""
    parts = operand_pairs(row)
    if is_softmax(row):
        return [share_of_softmax(row, adjoint)]
    if row[OPERATION] == ELEMENT:
        (whole,), (i,) = row[RIGHT], row[D_RIGHT]
        if whole[OPERATION] == SOFTMAX:
            i, whole = place_of_share(row), whole[RIGHT][0]
        return [[adjoint if j == i else None for j in range(len(whole[NUMBER]))]]
    if not row[SHAPE]:
        return [
            None if local is None else [adjoint * y for y in spread(local, x)] if is_many(x) else adjoint * local
            for x, local in parts
        ]
    terms: list[Any] = [[None] * len(x[NUMBER]) if is_many(x) else [None] for x, _ in parts]
    for i, upstream in enumerate(adjoint):
        for k, j, local in ways_of(row, i) if upstream is not None else ():
            if local is not None:
                terms[k][j] = added(terms[k][j], upstream * local)
    found = zip(parts, terms)
    return [None if local is None else of_each if is_many(x) else of_each[0] for (x, local), of_each in found]


def share_of_softmax(row: Row, adjoint: Sequence[Any]) -> list[Any]:
    """The terms that softmax passes on, by a sweep through its inside, number by number."""
    (whole,), (places,) = row[RIGHT], row[D_RIGHT]
    width = row[SHAPE][-1]
    inside = dict(zip(places, adjoint))
    found: list[Any] = [None] * len(places)
    for i in reversed(range(len(whole[NUMBER]))):
        if (upstream := inside.get(i)) is None:
            continue
        element = element_of(whole, i)
        line, place = divmod(i, 2 * width + 2)
        for x, local in zip(operands_of(element), derivatives_of(element)):
            if local is None:
                continue
            if place < width:
                found[line * width + place] = upstream * local
            else:
                (k,) = x[D_RIGHT]
                inside[k] = added(inside.get(k), upstream * local)
    return found
