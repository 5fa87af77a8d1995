"""Many numbers in one row of the record: what vectors and matrices share.

An elementwise operation is one row, and so is a sum of all elements or a product of matrices. Such a row stands for a
program on single values (see `rows`). Its numbers are the same to the bit, and so are its derivatives, up to the order
in which terms are added. The elements are values, which are made when they are asked for.
"""

from __future__ import annotations

import operator
import sys
from collections.abc import Sequence
from itertools import chain, repeat

from .. import checks
from ..checks import as_number, brief, is_array
from ..operations import elementary as operations
from ..operations import reductions
from ..operations.operation import Rank, Reduction, appliers, array_appliers, find_applier
from ..operations.reductions import ZERO
from .backprop import latest_adjoint
from .contexts import AMBIENT, current, open_blocks, refuse_in_trace
from .rows import (
    CONSTANT,
    D_RIGHT,
    INTERVAL,
    JOIN,
    KEY,
    MATMUL,
    NUMBER,
    OPERATION,
    SHAPE,
    TAKE,
    TRANSPOSE,
    Handles,
    labelled,
    next_serial,
    place_in,
)
from .value import Value, element_on, make_constant, make_leaf, new, record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import Any, Self

    from ..checks import Number
    from ..operations.operation import Operation
    from .contexts import Interval
    from .rows import Row

    Shape = tuple[int, ...]


# ---- How an operation on many numbers is recorded --------------------------------------------------------------------


def apply_elementwise(operation: Operation, operands: Sequence[Any]) -> Any:
    """The result of an operation on each element; a scalar is repeated for all, a vector for each row of a matrix."""
    if fast_elementwise and (made := fast_elementwise[0](operation, operands)) is not None:
        return made
    things = [as_values(x, "" if operation.symbol else operation.shown) if has_elements(x) else x for x in operands]
    shape = common_shape([x.row[SHAPE] for x in things if isinstance(x, Values)])
    interval = current() if open_blocks else AMBIENT
    if is_apart(interval, things):
        return one_by_one(operation, things, shape)
    followed = [isinstance(x, (Value, Values)) and x.is_followed_in(interval) for x in things]
    rows = [x.row if isinstance(x, (Value, Values)) else as_number(x) for x in things]
    columns = [column_of(x, shape) for x in rows]
    numbers, derivatives = columns_of(operation, columns, followed)
    return computed(operation.name, numbers, shape, rows, derivatives, interval)


def is_apart(interval: Interval, things: Sequence[Any]) -> bool:
    """Whether each element needs a row of its own: while a function is traced, or if only some are followed."""
    return interval.tracer is not None or True in [isinstance(x, Values) and is_partly_followed(x.row) for x in things]


def is_partly_followed(row: Row) -> bool:
    """Whether some elements of a row are followed and others are not."""
    return bool(row[OPERATION] == JOIN and None in row[D_RIGHT])


def column_of(operand: Any, shape: Shape) -> Any:
    """The numbers of an operand, as many as a shape has: a scalar repeated, a vector once for each row of a matrix."""
    if type(operand) is not tuple:
        return repeat(operand)
    if type(operand[SHAPE]) is not tuple or not operand[SHAPE]:
        return repeat(operand[NUMBER])
    return operand[NUMBER] if operand[SHAPE] == shape else operand[NUMBER] * shape[0]


def columns_of(operation: Operation, columns: Sequence[Any], followed: Sequence[bool]) -> tuple[Any, list[Any]]:
    """The results of an operation on columns of numbers, and the local derivatives with respect to each column.

    Those of a column are a tuple, one number if they are all the same, or None if the column is not followed.
    """
    if fast_columns and (found := fast_columns[0](operation, columns, followed)) is not None:
        return found  # type: ignore[no-any-return]
    lines = [*zip(*columns)]
    numbers = tuple([operation.evaluate(line) for line in lines])
    if True not in followed:
        return numbers, [None] * len(columns)
    rules = operation.rules * len(columns) if isinstance(operation, Reduction) else operation.rules
    by_line = [operation.local_derivatives(line, followed) for line in lines] or [(0,) * len(columns)]
    by_column = [*zip(*by_line)]
    derivatives = [column if callable(rule) else rule for rule, column in zip(rules, by_column)]
    return numbers, [local if follows else None for local, follows in zip(derivatives, followed)]


# See `fast_vectors`, which may be missing.
fast_elementwise: list[Callable[..., Any]] = []
fast_columns: list[Callable[..., Any]] = []
fast_products: list[Callable[..., Any]] = []
fast_dots: list[Callable[..., Any]] = []


def one_by_one(operation: Operation, things: Sequence[Any], shape: Shape) -> Any:
    """The result of an operation on each element by itself, with a row for each: `apply_elementwise` by definition."""
    columns = []
    for x in things:
        own = [*elements(x)] if isinstance(x, Values) else None
        columns.append(repeat(x) if own is None else own if x.row[SHAPE] == shape else own * shape[0])
    kernel = operation.function or operation
    return joined([kernel(*line) for line in zip(*columns)], shape)


def reduced(operation: Operation, *things: Values) -> Value:
    """The reduction of the elements of all operands to one number."""
    interval = current() if open_blocks else AMBIENT
    if is_apart(interval, things):
        return record(operation, [x for thing in things for x in elements(thing)])
    followed = [x.is_followed_in(interval) for x in things]
    rows = [x.row for x in things]
    numbers: Any = rows[0][NUMBER] if len(rows) == 1 else tuple(chain(*[row[NUMBER] for row in rows]))
    data = operation.evaluate(numbers)
    if (not interval.enabled or True not in followed) and interval.detector is None:
        return make_constant(data)
    (rule,) = operation.rules
    if callable(rule):
        derivatives = iter(operation.local_derivatives(numbers, [True] * len(numbers)))
        by_operand: list[Any] = [tuple([next(derivatives) for _ in row[NUMBER]]) for row in rows]
    else:
        by_operand = [rule] * len(rows)
    return value_of_many(operation.name, data, rows, [d if f else None for d, f in zip(by_operand, followed)], interval)


def value_of_many(
    name: str, number: Number, rows: Sequence[Row], derivatives: Sequence[Any], interval: Interval
) -> Value:
    """A value that was computed from many numbers at once."""
    is_followed = interval.enabled and derivatives.count(None) < len(derivatives)
    if is_followed or interval.detector is not None:
        value = new(Value)
        value.row = row = (next_serial(), interval.number, name, number, None, tuple(rows), (), tuple(derivatives))
        if interval.detector is not None:
            interval.detector.note(row)
    return value if is_followed else make_constant(number)


def computed(
    name: str, numbers: Any, shape: Shape, rows: Sequence[Any], derivatives: Sequence[Any], interval: Interval
) -> Any:
    """Many numbers that were computed at once: recorded in one row, or constants if nothing is followed."""
    is_followed = interval.enabled and derivatives.count(None) < len(derivatives)
    if is_followed or interval.detector is not None:
        row = (next_serial(), interval.number, name, numbers, None, tuple(rows), shape, tuple(derivatives))
        if interval.detector is not None:
            interval.detector.note(row)
    return on_shape(row) if is_followed else constants(numbers, shape)


def leaf_of_many(numbers: tuple[Number, ...], shape: Shape) -> Any:
    """A leaf of many numbers that is never assigned."""
    made = new(classes[len(shape)][0])
    made.handles = Handles()
    return make_leaf(made, numbers, shape=shape)


def constants(numbers: tuple[Any, ...], shape: Shape) -> Any:
    """A vector or a matrix of constants."""
    interval = current().number if open_blocks else 0
    return on_shape((next_serial(), interval, CONSTANT, numbers, None, None, shape, None))


def on_shape(row: Row) -> Any:
    """A vector or a matrix on a row."""
    made: Any = new(classes[len(row[SHAPE])][0])
    made.row = row
    return made


# By dimension: a class, and its `Live` class for what is made of leaves. `vector` and `matrix` add theirs.
classes: dict[int, tuple[Any, Any]] = {}


def moved(name: str, source: Values, numbers: tuple[Any, ...], shape: Shape, places: Any) -> Any:
    """The elements of a vector or matrix at `places`: some of them, or all of them in another order."""
    interval = current() if open_blocks else AMBIENT
    if is_apart(interval, (source,)):
        return gathered([source.element(i) for i in places], shape)
    if may_change(source):
        return Live.of((source,), name, shape, places)
    return on_shape(moved_row(interval, name, source, numbers, shape, places))


def moved_row(interval: Interval, name: str, source: Values, numbers: Any, shape: Shape, places: Any) -> Row:
    """The row for `moved`; that of a constant if the source is not followed."""
    row = source.row
    follows = row[OPERATION] is not CONSTANT if interval is AMBIENT else source.is_followed_in(interval)
    if not interval.enabled or not follows:
        return (next_serial(), interval.number, CONSTANT, numbers, None, None, shape, None)
    moves = (places,) if name == TAKE else (1,)
    return (next_serial(), interval.number, name, numbers, None, (row,), shape, moves)


def may_change(x: Any) -> bool:
    """Whether something is a value, vector or matrix that may still be assigned, or watched by a tape."""
    return isinstance(x, Live) or (isinstance(x, (Value, Values)) and not x.row[OPERATION])


def gathered(scalars: Iterable[Any], shape: Shape | None = None) -> Any:
    """A vector, or a matrix if `shape` says so, of values and plain numbers, which become constants."""
    values = tuple(scalars)
    shape = (len(values),) if shape is None else shape
    kinds = {*map(type, values)}
    if kinds <= PLAIN:
        return constants(values, shape)
    if kinds == {Value}:
        return put_together(values, shape)
    is_live = any(map(may_change, values))
    values = tuple([element_value(x, i, shape) for i, x in enumerate(values)])
    return Live.of(values, JOIN, shape) if is_live else joined(values, shape)


def put_together(parts: Sequence[Any], shape: Shape) -> Any:
    """Values, or vectors and matrices, one after the other; if some may change, the result changes with them."""
    return Live.of(tuple(parts), JOIN, shape) if any(map(may_change, parts)) else joined(parts, shape)


def joined(things: Sequence[Any], shape: Shape) -> Any:
    """Values, vectors and matrices, one after the other, in one row."""
    interval = current() if open_blocks else AMBIENT
    rows = [x.row for x in things]
    numbers = tuple([row[NUMBER] for row in rows])
    if things and isinstance(things[0], Values):
        if any(map(is_partly_followed, rows)):
            return joined([x for thing in things for x in elements(thing)], shape)
        numbers = tuple(chain(*numbers))
    if interval is AMBIENT:
        followed = [1 if row[OPERATION] is not CONSTANT else None for row in rows]
    else:
        followed = [1 if x.is_followed_in(interval) else None for x in things]
    if (not interval.enabled or 1 not in followed) and interval.tracer is None:
        return on_shape((next_serial(), interval.number, CONSTANT, numbers, None, None, shape, None))
    return on_shape((next_serial(), interval.number, JOIN, numbers, None, tuple(rows), shape, tuple(followed)))


def common_shape(shapes: Sequence[Shape]) -> Shape:
    """The shape of an elementwise result. Raises ValueError if the shapes do not fit."""
    first = shapes[0]
    for shape in shapes[1:]:
        if shape == first or (len(shape) == 1 and shape == first[1:]):
            continue
        if len(first) == 1 and shape[1:] == first:
            first = shape
        elif len(first) == len(shape) == 1:
            lengths = sorted({each[0] for each in shapes})
            raise ValueError(f"expected vectors of one length, got lengths {' and '.join(map(str, lengths))}")
        else:
            raise ValueError(
                f"expected shapes that fit element by element, got {first} and {shape}; a Vector fits a Matrix that "
                "has as many columns"
            )
    return first


def in_rows(numbers: Sequence[Any], width: int, shape: Shape) -> list[Any]:
    """Numbers split into the rows of a shape; a vector is one row."""
    count = shape[0] if len(shape) > 1 else 1
    return [numbers[i * width : (i + 1) * width] for i in range(count)]


# ---- Operands --------------------------------------------------------------------------------------------------------


def elements_of(operand: Any) -> Any:
    """The elements of a vector, list, tuple or array, the rows of a matrix; None for a scalar."""
    if isinstance(operand, (list, tuple, range)):
        return operand
    if isinstance(operand, Values):
        return [*operand]  # type: ignore[misc]
    if is_array(operand) and operand.ndim:
        return operand.tolist() if operand.ndim <= 2 else checks.refuse_dimensions(operand)
    return None


def has_elements(operand: Any) -> bool:
    """Whether something is a vector, a matrix, a list, a tuple or an array, and not a scalar."""
    return isinstance(operand, (Values, list, tuple, range)) or (is_array(operand) and bool(operand.ndim))


def elements_for(name: str, operand: Any) -> Sequence[Any]:
    """The elements of an operand. Raises TypeError for a scalar."""
    elements = elements_of(operand)
    return elements if elements is not None else checks.refuse_scalar(name, operand)  # type: ignore[no-any-return]


def as_values(operand: Any, name: str = "") -> Any:
    """A vector or a matrix as it is; a list, a tuple or an array as one of the two.

    Raises TypeError for an element that is not a number; the message names the function `name`, if that is given.
    """
    if isinstance(operand, Values):
        return operand
    elements = elements_of(operand)
    for x in elements if name and not PLAIN.issuperset(map(type, elements)) else ():
        if find_applier(x) is None:
            checks.refuse_operand(name, x)
    is_of_rows = getattr(operand, "ndim", 0) > 1 or (elements and has_elements(elements[0]))
    return classes[2][0](operand) if is_of_rows else gathered(elements)


def elements(values: Values) -> Iterator[Value]:
    """The values of a vector, or of a matrix row by row."""
    return map(values.element, range(len(values.row[NUMBER])))


def elementwise_operator(operation: Operation, reflected: bool = False) -> Callable[[Values, Any], Any]:
    """A method for a binary operator between a vector and a vector, list, array, value or number."""

    def method(self: Values, other: Any) -> Any:
        if not isinstance(other, (Value, Values)):
            if find_applier(other) is None:
                return NotImplemented
            if getattr(other, "ndim", 1) > 1 and len(self.shape) == 1:
                return operation(other, self) if reflected else operation(self, other)
        return apply_elementwise(operation, (other, self) if reflected else (self, other))

    method.__name__ = f"__{'r' * reflected}{operation.name}__"
    method.__qualname__ = f"Vector.{method.__name__}"
    return method


class Values:
    """The base of vectors and matrices: a row of many numbers, and elementwise operators."""

    __slots__ = ("__weakref__", "_grad", "handles", "row")  # `handles` of a leaf are for its elements

    row: Row
    _grad: Any

    label: Any = Value.label
    _text: Callable[..., str]

    @property
    def shape(self) -> tuple[int, ...]:
        """The number of elements, (n,), or the numbers of rows and columns, (m, n)."""
        return self.row[SHAPE]  # type: ignore[no-any-return]

    def element(self, i: int) -> Value:
        """Element i, counted row by row, as a value."""
        return element_on(self.row, i)

    def is_followed_in(self, interval: Interval) -> bool:
        """Whether an interval records what is computed from it: it is tracked, or a recording tape watches it."""
        if interval.accessed and getattr(self, "trainable", None) is not None:
            for notes in interval.accessed:
                notes[self] = None
        return self.row[OPERATION] is not CONSTANT or any(tape.watches(self) for tape in interval.tapes)

    @property
    def is_tracked(self) -> bool:
        """Whether gradients can flow to it; false for constants."""
        return self.row[OPERATION] is not CONSTANT

    def plain(self, what: str) -> tuple[Number, ...]:
        """The plain numbers row by row. Raises while a function is traced, since the trace would miss them."""
        if open_blocks and current().tracer is not None:
            for value in elements(self):
                refuse_in_trace(what, value)
        return self.row[NUMBER]  # type: ignore[no-any-return]

    def numpy(self) -> Any:
        """The plain numbers as a NumPy array (NumPy is imported for it)."""
        import numpy  # optional, and needed only here

        return numpy.array(self.plain("tolist()")).reshape(self.shape)

    def grads(self) -> list[Number]:
        """The gradient that `backward()` has added up in each element, row by row."""
        row = self.row
        if not row[OPERATION] and row[KEY] is not None:
            found = self._grad
        elif row[OPERATION] not in (TAKE, JOIN, TRANSPOSE):
            found = latest_adjoint(row)
        else:
            return [x.grad for x in elements(self)]
        numbers = row[NUMBER]
        if found is None and {*map(type, numbers)} == {float}:
            return [0.0] * len(numbers)
        if found is None or None in found:
            found = found or [None] * len(numbers)
            return [(0.0 if type(x) is float else x * 0) if y is None else y for x, y in zip(numbers, found)]
        return [*found]

    def set_grads(self, numbers: Sequence[Any]) -> None:
        """Set the gradients of the elements."""
        plain = {*map(type, numbers)} <= PLAIN
        grads = [*numbers] if plain else [as_number(x, " as grad (0 clears it)") for x in numbers]
        if not self.row[OPERATION] and self.row[KEY] is not None:
            self._grad = grads if any(grads) else None
        else:
            for value, grad in zip(elements(self), grads):
                value.grad = grad

    # -- a sequence: registered below and not inherited, since `isinstance` is ten times slower with an ABC

    count = Sequence.count
    __contains__ = Sequence.__contains__
    __reversed__ = Sequence.__reversed__

    def index(self, value: Any, start: int = 0, stop: int = sys.maxsize) -> int:
        """The index of the first element, or row, from `start` on that equals `value`.

        Raises ValueError if there is none.
        """
        values = [*self]  # type: ignore[misc]
        if value not in values[start:stop]:
            raise ValueError(f"expected an element of {brief(self)}, got {brief(value)}")
        return values.index(value, start, stop)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._text()})"

    def __format__(self, spec: str) -> str:
        return self._text(spec) if spec else str(self)

    def __copy__(self) -> Self:
        return type(self)(self)  # type: ignore[call-arg]

    def __float__(self) -> float:
        checks.refuse_float_of_vector(self)

    def backward(self) -> None:
        """Raises ValueError: only a scalar has a gradient."""
        checks.refuse_backward(self)

    # -- elementwise operators

    __add__ = elementwise_operator(operations.add)
    __radd__ = elementwise_operator(operations.add, reflected=True)
    __sub__ = elementwise_operator(operations.sub)
    __rsub__ = elementwise_operator(operations.sub, reflected=True)
    __mul__ = elementwise_operator(operations.mul)
    __rmul__ = elementwise_operator(operations.mul, reflected=True)
    __truediv__ = elementwise_operator(operations.truediv)
    __rtruediv__ = elementwise_operator(operations.truediv, reflected=True)
    __floordiv__ = elementwise_operator(operations.floordiv)
    __rfloordiv__ = elementwise_operator(operations.floordiv, reflected=True)
    __mod__ = elementwise_operator(operations.mod)
    __rmod__ = elementwise_operator(operations.mod, reflected=True)
    __pow__ = elementwise_operator(operations.power)
    __rpow__ = elementwise_operator(operations.power, reflected=True)

    def __neg__(self) -> Any:
        return apply_elementwise(operations.neg, (self,))

    def __pos__(self) -> Self:
        return self

    def __abs__(self) -> Any:
        return apply_elementwise(operations.absolute.operation, (self,))

    # -- reductions: one row each

    def norm(self) -> Value:
        """The Euclidean norm of all elements, as `math.hypot` gives it; where all are 0, its gradient is 0."""
        return self._reduce(reductions.norm)

    def prod(self) -> Value:
        """The product of all elements, multiplied from left to right; 1 if there are none."""
        return self._reduce(reductions.prod)

    def max(self) -> Value:
        """The largest element; elements that tie share the gradient. Raises ValueError if there are none."""
        return self._reduce(reductions.max_, needs_elements=True)

    def min(self) -> Value:
        """The smallest element; elements that tie share the gradient. Raises ValueError if there are none."""
        return self._reduce(reductions.min_, needs_elements=True)

    def _reduce(self, operation: Operation, needs_elements: bool = False, axis: int | None = None) -> Value:
        if axis not in (None, 0, -1):
            raise ValueError(f"axis of a Vector is 0, -1 or None, which are all elements, not {axis!r}")
        if self.row[NUMBER]:
            return reduced(operation, self)
        if needs_elements:
            raise ValueError(f"{operation.name} of an empty {type(self).__name__}; it takes at least one element")
        return make_constant(float(operation.evaluate(())))

    # Assigned like the operators above, and not declared, so that type checkers use the declarations of the subclasses.
    __matmul__ = lambda self, other: matmul(self, other)  # noqa: E731
    __rmatmul__ = lambda self, other: matmul(other, self)  # noqa: E731


Sequence.register(Values)


def matmul(left: Any, right: Any) -> Any:
    """The product of matrices and vectors; for two vectors the dot product."""
    if not (isinstance(left, Values) and isinstance(right, Values)):
        most = max([getattr(x, "ndim", 0) for x in (left, right) if not isinstance(x, Values)])
        if most > 2 or not (has_elements(left) and has_elements(right)):
            return NotImplemented  # then NumPy asks `numpy_functions`, for arrays of more dimensions
        left, right = as_values(left), as_values(right)
    of_left, of_right = left.row, right.row
    across, down = of_left[SHAPE], of_right[SHAPE]
    if len(across) == len(down) == 1:
        return left.dot(right)
    common = across[-1]
    if common != down[0]:
        raise ValueError(f"expected a product of shapes that fit, got {across} @ {down}: {common} and {down[0]} differ")
    columns = down[1] if len(down) > 1 else 1
    shape = (*across[:-1], *down[1:])
    interval = current() if open_blocks else AMBIENT
    if is_apart(interval, (left, right)):
        xs, ys = [*elements(left)], [*elements(right)]
        downs = in_rows(xs, common, left.shape)
        found = [record(reductions.dot, (*x, *ys[i::columns])) for x in downs for i in range(columns)]
        return joined(found, shape)
    xs, ys = of_left[NUMBER], of_right[NUMBER]
    by_column = [ys] if columns == 1 else [ys[i::columns] for i in range(columns)]
    lines = in_rows(xs, common, across)
    numbers = tuple(products(lines, by_column)) if common else (0.0,) * len(lines) * columns
    follows = [x.is_followed_in(interval) or None for x in (left, right)]
    return computed(MATMUL, numbers, shape, (of_left, of_right), follows, interval)


def products(rows: Sequence[Any], columns: Sequence[Any]) -> list[Any]:
    """The dot product of each row with each column, row by row, added from left to right."""
    if fast_products and (found := fast_products[0](rows, columns)) is not None:
        return found  # type: ignore[no-any-return]
    mul, zero = operator.mul, ZERO
    return [sum(map(mul, x, y), zero) for x in rows for y in columns]


class Live:
    """A vector or a matrix made of leaves and constants, or of parts of them: its numbers change with theirs."""

    __slots__ = ()

    if TYPE_CHECKING:
        sources: tuple[Any, ...]
        made: Row  # its latest row
        rows: list[Row]  # the rows of the sources at that time
        move: tuple[str, Shape, Any]  # the operation, the shape of the result, and the places of its elements

    @classmethod
    def of(cls, sources: tuple[Any, ...], name: str, shape: Shape, places: Any = None) -> Any:
        """A vector or a matrix that was joined, or moved, from sources that may change."""
        made = new(classes[len(shape)][1])
        made.sources, made.move, made.rows = sources, (name, shape, places), ()
        made.made = made.remade(current() if open_blocks else AMBIENT)
        return made

    @property
    def row(self) -> Row:
        """The row of the sources as they are now, in the running interval."""
        row, interval = self.made, current() if open_blocks else AMBIENT
        if row[INTERVAL] != interval.number or any(map(operator.is_not, [x.row for x in self.sources], self.rows)):
            label = getattr(row[OPERATION], "label", None)
            row = self.remade(interval)
            self.made = row = row if label is None else labelled(row, label)  # type: ignore[misc]
        return row

    @row.setter
    def row(self, row: Row) -> None:
        self.made = row  # type: ignore[misc]

    def remade(self, interval: Interval) -> Row:
        """A new row of the sources as they are now."""
        name, shape, places = self.move
        self.rows = [x.row for x in self.sources]  # type: ignore[misc]
        if name == JOIN or is_apart(interval, self.sources):
            parts = self.sources if name == JOIN else [self.element(i) for i in range(len(places))]
            return joined(parts, shape).row  # type: ignore[no-any-return]
        numbers = self.rows[0][NUMBER]
        return moved_row(interval, name, self.sources[0], tuple([numbers[i] for i in places]), shape, places)

    def element(self, i: int) -> Value:
        """Element i, which is an element of a source."""
        _, _, places = self.move
        if places is not None:
            return self.sources[0].element(places[i])  # type: ignore[no-any-return]
        if isinstance(self.sources[0], Value):
            return self.sources[i]  # type: ignore[no-any-return]
        k = 0
        while i >= (count := len(self.sources[k].row[NUMBER])):
            k, i = k + 1, i - count
        return self.sources[k].element(i)  # type: ignore[no-any-return]

    def grads(self) -> list[Number]:
        """The gradient that `backward()` has added up in each element, row by row."""
        return [self.element(i).grad for i in range(len(self.made[NUMBER]))]


PLAIN = {float, int}


def element_value(x: Any, i: int, shape: Shape) -> Value:
    """Element i of a vector or a matrix: a value as it is, a number as a constant."""
    if isinstance(x, Value):
        return x
    if type(x) is float or type(x) is int:
        return make_constant(x)
    role = f" or a Value as element {i} of a Vector"
    if len(shape) > 1:
        role = f" or a Value as element {[*place_in(shape, i)]} of a Matrix"
    if isinstance(x, (list, tuple, Values)):
        checks.refuse_list(x, role)
    return make_constant(as_number(x, role))


appliers[Values] = appliers[list] = appliers[tuple] = appliers[range] = (Rank.VECTOR, apply_elementwise)
array_appliers[1] = (Rank.VECTOR, apply_elementwise)
