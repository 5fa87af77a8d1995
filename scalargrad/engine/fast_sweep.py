"""The fast form of the reverse sweep, on plain numbers: adjoints are kept in a list, by position.

This file can be deleted: everything works without it, about twice as slowly.

Most small graphs are a trunk: each row has at most one computed operand, so there is no order to keep. Where a graph
forks, rows get positions, which count down from the serial of the first row. So one pass over the list finds the rows,
puts them in order and sweeps them. The list grows only while enough of its places are taken. A row far below waits in a
heap until all rows above it are done, and the next list begins with it. Terms are always added in the order of
`reverse_sweep`, so the bits are the same.
"""

from __future__ import annotations

from heapq import heappop, heappush
from operator import add, mul, neg

from ..operations.reductions import ZERO
from . import backprop
from .backprop import Adjoints
from .many import products
from .rows import (
    D_RIGHT,
    ELEMENT,
    JOIN,
    LISTED,
    MATMUL,
    NUMBER,
    OPERATION,
    RIGHT,
    SERIAL,
    SHAPE,
    SOFTMAX,
    TAKE,
    TRANSPOSE,
    derivatives_of,
    element_of,
    identity_of,
    is_many,
    operands_of,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .backprop import Seeds
    from .contexts import Recorder
    from .rows import Row


class Stretches(Adjoints):
    """The adjoints of leaves by their keys, those of rows in `lists`, by position, counted down from a serial.

    Rows of many numbers have lists in `wholes`, or here if they are leaves, with None for elements not reached.
    """

    __slots__ = ("lists", "wholes")

    lists: list[tuple[int, list[Any]]]
    wholes: dict[int, list[Any]]

    def of(self, row: Row) -> Any:
        """The adjoint of a row, None if the sweep did not reach it."""
        if is_many(row):
            if row[OPERATION] in (TAKE, JOIN, TRANSPOSE):
                return Adjoints.of(self, row)
            identity = identity_of(row)
            found = self.wholes.get(identity)  # type: ignore[call-overload]
            has_single = not row[OPERATION] and any(type(key) is float and key // 1 == identity for key in self)
            return Adjoints.of(self, row) if has_single else found if found is not None else self.get(identity)
        if row[OPERATION] == ELEMENT:
            adjoints = self.wholes.get(row[RIGHT][0][SERIAL])
            return None if adjoints is None else adjoints[row[D_RIGHT][0]]
        identity = identity_of(row)
        if type(identity) is float:  # an element of a leaf
            single, whole = self.get(identity), self.get(int(identity))
            part = None if whole is None else whole[round(identity % 1 * (len(whole) + 1)) - 1]
            return part if single is None else single if part is None else single + part
        for top, adjoints in self.lists:
            place = top - row[SERIAL]
            if 0 <= place < len(adjoints) and adjoints[place] is not None:
                return adjoints[place]
        return self.get(identity)

    def __len__(self) -> int:
        return dict.__len__(self) + sum([len(adjoints) for _, adjoints in self.lists])


def sweep(seeds: Seeds, recorder: Recorder | None = None) -> Adjoints | None:
    """The result of `reverse_sweep`, or None if a custom function is on the way."""
    intervals = None if recorder is None else recorder.intervals
    if len(seeds) != 1:
        return sweep_by_position(seeds, intervals, recorder, Adjoints())
    ((row, adjoint),) = seeds
    adjoints = Adjoints()
    while row[2]:
        adjoints[row[0]] = adjoint
        _, interval, _, _, left, right, d_left, d_right = row
        if intervals is not None and interval not in intervals:
            recorder.selective = True  # type: ignore[union-attr]
            return adjoints
        if left is None:
            break
        below = None
        if d_left is not None:
            if left[2]:
                if d_right is not None and right[2] and right is not left:
                    break
                below = left
                total = adjoint * d_left
            else:
                key = left[4]
                adjoints[key] = adjoints[key] + adjoint * d_left if key in adjoints else adjoint * d_left
        if d_right is not None:
            if right[2]:
                total = adjoint * d_right if below is None else total + adjoint * d_right
                below = right
            else:
                key = right[4]
                adjoints[key] = adjoints[key] + adjoint * d_right if key in adjoints else adjoint * d_right
        if below is None:
            return adjoints
        row, adjoint = below, total
    else:
        adjoints.add(row, adjoint)
        return adjoints
    return sweep_by_position([(row, adjoint)], intervals, recorder, adjoints)


def sweep_by_position(seeds: Seeds, intervals: Any, recorder: Any, before: Adjoints) -> Adjoints | None:
    """The sweep from targets whose graph may fork, with the adjoints that were found `before`."""
    found = Stretches(before)
    found.lists, found.wholes = [], {}
    leaves: dict[float, Any] = {**before}
    piles: dict[float, list[Any]] = {}  # for each row of many numbers: the row, and lists of terms to add
    far: dict[int, list[Any]] = {}  # rows that wait, each with its adjoint, by their serials
    heap: list[int] = []
    for target, seed in seeds:
        if type(seed) is list:
            if pile(piles, target, seed) and target[2]:
                put_far(far, heap, target, seed)
        elif target[2]:
            put_far(far, heap, target, seed)
        else:
            key = identity_of(target)
            leaves[key] = leaves[key] + seed if key in leaves else seed
    reached = 0
    while far:
        top = -heappop(heap)
        if top not in far:
            continue
        row, adjoint = far.pop(top)
        rows: list[Any] = [row]
        adjoints: list[Any] = [adjoint]
        found.lists.append((top, adjoints))
        length = 1
        reach = 8 * reached + 64
        position = 0
        waiting = 1
        while waiting:
            row = rows[position]
            if row is None:
                position += 1
                continue
            adjoint = adjoints[position]
            position += 1
            waiting -= 1
            _, interval, operation, _, left, right, d_left, d_right = row
            if intervals is not None and interval not in intervals:
                recorder.selective = True
                continue
            if left is None:
                if not isinstance(operation, str):
                    return None
                if d_left is None:
                    terms = [(x, adjoint * local) for x, local in zip(right, d_right) if local is not None]
                elif d_left:
                    total, has_gaps = total_of(*piles[row[0]])
                    found.wholes[row[0]] = total
                    terms = terms_of_elements(row, total) if has_gaps else terms_of_many(row, total)
                else:
                    terms = terms_of_many(row, adjoint)
                for operand, term in terms:
                    if type(term) is not float and is_many(operand) and not (pile(piles, operand, term) and operand[2]):
                        continue
                    if operand[2]:
                        k = top - operand[0]
                        if k >= length and k < reach:
                            length, reach, waiting = grow(rows, adjoints, k, top, far, reached, waiting)
                        if k < length:
                            before = adjoints[k]
                            if before is None:
                                rows[k] = operand
                                adjoints[k] = term
                                waiting += 1
                            else:
                                adjoints[k] = before + term
                        else:
                            put_far(far, heap, operand, term)
                    else:
                        key = operand[4] or identity_of(operand)
                        leaves[key] = leaves[key] + term if key in leaves else term
                continue
            if d_left is not None:
                if left[2]:
                    k = top - left[0]
                    if k >= length and k < reach:
                        length, reach, waiting = grow(rows, adjoints, k, top, far, reached, waiting)
                    if k < length:
                        before = adjoints[k]
                        if before is None:
                            rows[k] = left
                            adjoints[k] = adjoint * d_left
                            waiting += 1
                        else:
                            adjoints[k] = before + adjoint * d_left
                    else:
                        put_far(far, heap, left, adjoint * d_left)
                else:
                    key = left[4]
                    leaves[key] = leaves[key] + adjoint * d_left if key in leaves else adjoint * d_left
                if d_right is None:
                    continue
            if right[2]:
                k = top - right[0]
                if k >= length and k < reach:
                    length, reach, waiting = grow(rows, adjoints, k, top, far, reached, waiting)
                if k < length:
                    before = adjoints[k]
                    if before is None:
                        rows[k] = right
                        adjoints[k] = adjoint * d_right
                        waiting += 1
                    else:
                        adjoints[k] = before + adjoint * d_right
                else:
                    put_far(far, heap, right, adjoint * d_right)
            else:
                key = right[4]
                leaves[key] = leaves[key] + adjoint * d_right if key in leaves else adjoint * d_right
        if far:
            reached += length - rows.count(None)
    found.update(leaves)
    found.update({key: total_of(*of_leaf)[0] for key, of_leaf in piles.items() if not of_leaf[0][2]})
    return found


def put_far(far: dict[int, list[Any]], heap: list[int], row: Row, term: Any) -> None:
    """Let a row wait, with a term of its adjoint."""
    serial = row[0]
    if serial in far:
        far[serial][1] += term
    else:
        far[serial] = [row, term]
        heappush(heap, -serial)


def grow(
    rows: list[Any], adjoints: list[Any], k: int, top: int, far: dict[int, list[Any]], reached: int, waiting: int
) -> tuple[int, int, int]:
    """Make room for position k and for as many positions beyond it, and take in the rows that wait for them.

    Returns the new length, the limit of growth from now on, and the number of rows in the list that are not yet swept.
    """
    more = [None] * (2 * k + 8 - len(rows))
    rows += more
    adjoints += more
    for serial in [serial for serial in far if top - serial < len(rows)]:
        rows[top - serial], adjoints[top - serial] = far.pop(serial)
        waiting += 1
    return len(rows), 8 * (reached + len(rows) - rows.count(None)) + 64, waiting


# ---- Rows of many numbers --------------------------------------------------------------------------------------------


class Part:
    """Terms for some of the elements of many numbers."""

    __slots__ = ("numbers", "places")

    def __init__(self, places: Any, numbers: Any) -> None:
        self.places = places
        self.numbers = numbers


class Outer:
    """Terms for a matrix: the product of each number of one list with each of another."""

    __slots__ = ("across", "down")

    def __init__(self, down: Any, across: Any) -> None:
        self.down = down
        self.across = across


def pile(piles: dict[float, list[Any]], row: Row, term: Any) -> bool:
    """Whether a term is the first for a row of many numbers; it is put on the pile of that row."""
    identity = row[0] if row[2] else row[4] or row[0]
    if identity in piles:
        piles[identity][1].append(term)
        return False
    piles[identity] = [row, [term]]
    return True


def total_of(row: Row, terms: list[Any]) -> tuple[list[Any], bool]:
    """The sum of the terms for a row of many numbers, and whether it has gaps, which are None."""
    found: Any = terms[0]
    if len(terms) == 1 and type(found) is list:
        return found, False
    if type(found) is Outer and len(terms) > 1 and {*map(type, terms)} == {Outer}:
        downs = [term.down for term in terms]
        if len({*map(len, downs)}) == 1:
            return products([*zip(*downs)], [*zip(*[term.across for term in terms])]), False
    found, has_gaps, is_own = None, False, False
    for term in terms:
        if type(term) is Part:
            places, numbers = term.places, term.numbers
            if found is None:
                found, has_gaps, is_own = [None] * len(row[NUMBER]), True, True
            elif not is_own:
                found, is_own = [*found], True
            for i, x in zip(places, numbers):
                if x is not None:
                    before = found[i]
                    found[i] = x if before is None else before + x
            continue
        if type(term) is Outer:
            across = term.across
            term = [x * y for x in term.down for y in across]
        if found is None:
            found = term
        elif has_gaps:
            found = [y if x is None else x if y is None else x + y for x, y in zip(found, term)]
        else:
            found, is_own = [*map(add, found, term)], True
    return found, has_gaps and None in found


def terms_of_many(row: Row, adjoint: Any) -> list[tuple[Row, Any]]:
    """The terms that a row of many numbers, or one computed from such, passes on: a list for each operand."""
    _, _, operation, numbers, _, operands, shape, derivatives = row
    if not shape:
        if operation == ELEMENT:
            return [(operands[0], Part(derivatives, (adjoint,)))]
        terms: list[tuple[Row, Any]] = []
        for x, local in zip(operands, derivatives):
            if local is None:
                continue
            if type(local) is not tuple:
                is_whole = type(x[SHAPE]) is tuple and x[SHAPE]
                terms.append((x, [adjoint * local] * len(x[NUMBER]) if is_whole else adjoint * local))
            elif x[OPERATION] is LISTED:
                terms += [(each, adjoint * y) for each, y, mark in zip(x[RIGHT], local, x[D_RIGHT]) if mark is not None]
            else:
                terms.append((x, Outer((adjoint,), local)))
        return terms
    if operation in OF_WHOLES:
        return OF_WHOLES[operation](operands, derivatives, adjoint, numbers, shape)  # type: ignore[no-any-return]
    terms = []
    for operand, local in zip(operands, derivatives):
        if local is None:
            continue
        if type(local) is tuple:
            products = [*map(mul, adjoint, local)]
        elif type(local) is int and (local == 1 or local == -1):
            products = adjoint if local == 1 else [*map(neg, adjoint)]
        else:
            products = [x * local for x in adjoint]
        if type(operand[SHAPE]) is not tuple or not operand[SHAPE]:
            terms.append((operand, sum(products[::-1], ZERO)))
        elif operand[SHAPE] == shape:
            terms.append((operand, products))
        else:  # a vector beside a matrix
            count = len(operand[NUMBER])
            terms.append((operand, [sum(products[i::count][::-1], ZERO) for i in range(count)]))
    return terms


def terms_of_taken(operands: Any, places: Any, adjoint: list[Any], *_: Any) -> list[tuple[Row, Any]]:
    return [(operands[0], Part(places[0], adjoint))]


def terms_of_transposed(operands: Any, _: Any, adjoint: list[Any], __: Any, shape: Any) -> list[tuple[Row, Any]]:
    columns = shape[1]
    return [(operands[0], [x for i in range(columns) for x in adjoint[i::columns]])]


def terms_of_joined(operands: Any, derivatives: Any, adjoint: list[Any], *_: Any) -> list[tuple[Row, Any]]:
    """The terms that a joined row passes on to each of its parts."""
    terms: list[tuple[Row, Any]] = []
    begin = 0
    for operand, local in zip(operands, derivatives):
        if type(operand[SHAPE]) is not tuple or not operand[SHAPE]:
            if local is not None and adjoint[begin] is not None:
                terms.append((operand, adjoint[begin]))
            begin += 1
            continue
        end = begin + len(operand[NUMBER])
        if local is not None:
            terms.append((operand, adjoint[begin:end]))
        begin = end
    return terms


def terms_of_product(operands: Any, follows: Any, adjoint: list[Any], *_: Any) -> list[tuple[Row, Any]]:
    """The terms that a product of matrices passes on: for X @ Y with adjoints G they are G @ Y.T and X.T @ G."""
    left, right = operands
    common = left[SHAPE][-1]
    columns = right[SHAPE][1] if len(right[SHAPE]) > 1 else 1
    terms: list[tuple[Row, Any]] = []
    if follows[0] is not None:
        if columns == 1:
            terms.append((left, Outer(adjoint, right[NUMBER])))
        else:
            of_right = [right[NUMBER][i : i + columns][::-1] for i in range(0, common * columns, columns)]
            of_adjoint = [adjoint[i : i + columns][::-1] for i in range(0, len(adjoint), columns)]
            terms.append((left, products(of_adjoint, of_right)))
    if follows[1] is not None:
        if len(adjoint) == columns:
            terms.append((right, Outer(left[NUMBER], adjoint)))
        else:
            across = [adjoint[i::columns][::-1] for i in range(columns)]
            down = [left[NUMBER][i::common][::-1] for i in range(common)]
            terms.append((right, products(down, across)))
    return terms


def terms_of_softmax(operands: Any, _: Any, adjoints: list[Any], numbers: Any, __: Any) -> list[tuple[Row, Any]]:
    """The terms that softmax passes on, by the rules of its parts: from the shares to powers, whole and rest."""
    (x,) = operands
    width = x[SHAPE][-1]
    found: list[Any] = []
    for begin in range(0, len(numbers), 2 * width + 2):
        *powers, whole, rest = numbers[begin : begin + width + 2]
        *to, to_whole, to_rest = adjoints[begin : begin + width + 2]
        for i in range(width - 1, -1, -1):
            adjoint = adjoints[begin + width + 2 + i]
            if adjoint is None:
                continue
            power = powers[i]
            if power > rest:
                own = power + rest
                terms = rest / own / own, 0.0, -(power / own / own)
            else:
                terms = 1.0 / whole, -(power / whole / whole), -0.0
            to[i] = plus(to[i], adjoint * terms[0])
            to_whole = plus(to_whole, adjoint * terms[1])
            to_rest = plus(to_rest, adjoint * terms[2])
        top = max(powers)
        if to_rest is not None:
            to = [plus(x, to_rest * (top > power)) for x, power in zip(to, powers)]
        if to_whole is not None:
            to = [plus(x, to_whole) for x in to]
        found += [None if x is None else x * power for x, power in zip(to, powers)]
    if None in found:
        reached = [i for i, term in enumerate(found) if term is not None]
        return [(x, Part(reached, [found[i] for i in reached]))]
    return [(x, found)]


def plus(x: Any, y: Any) -> Any:
    return y if x is None else x + y


OF_WHOLES: dict[str, Any] = {
    TAKE: terms_of_taken,
    JOIN: terms_of_joined,
    TRANSPOSE: terms_of_transposed,
    MATMUL: terms_of_product,
    SOFTMAX: terms_of_softmax,
}


def terms_of_elements(row: Row, adjoints: list[Any]) -> list[tuple[Row, Any]]:
    """The terms that a row passes on if the sweep reached only some of its elements."""
    if row[OPERATION] in (TAKE, SOFTMAX):
        return terms_of_many(row, adjoints)
    terms: list[tuple[Row, Any]] = []
    for i, adjoint in enumerate(adjoints):
        if adjoint is None:
            continue
        element = element_of(row, i)
        pairs: Any = [(element, adjoint)]
        if element[OPERATION] == ELEMENT and element[RIGHT][0] is row:
            pairs = zip(operands_of(element), derivatives_of(element))
            pairs = [(x, adjoint * local) for x, local in pairs if local is not None]
        for operand, term in pairs:
            if operand[OPERATION] == ELEMENT:
                terms.append((operand[RIGHT][0], Part(operand[D_RIGHT], (term,))))
            else:
                terms.append((operand, term))
    return terms


backprop.fast_sweeps.append(sweep)
