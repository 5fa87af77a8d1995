"""`Vector`: a list of values, which is one row of the record (see `many`), and functions of such lists."""

from __future__ import annotations

import operator

from ..checks import brief, iterate, plural, refuse_rows, refuse_scalar, require_callable
from ..operations import reductions
from ..operations.operation import of_each, of_parts, of_rows
from ..operations.reductions import ZERO
from .contexts import AMBIENT, current, open_blocks
from .many import (
    Live,
    Values,
    as_values,
    classes,
    computed,
    elements,
    elements_for,
    elements_of,
    fast_dots,
    gathered,
    has_elements,
    in_rows,
    is_apart,
    moved,
    put_together,
    value_of_many,
)
from .rows import JOIN, LISTED, NUMBER, OPERATION, SOFTMAX, TAKE
from .value import Value, make_constant, number_of, record, shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from typing import Any, overload

    from ..checks import Number
    from ..operations.operation import HasRows, Operation, T


class Vector(Values):
    """A sequence of values with elementwise operators and fused reductions.

    Args:
        elements: values, and plain numbers, which become constants; a list, a tuple, a one-dimensional NumPy array or
            anything else that iterates.

    Operators work element by element with a vector, a list, an array or a scalar on either side. Each result is one row
    of the record, whatever the length, and so are `sum`, `mean`, `dot`, `norm`, `prod`, `max`, `min` and `logsumexp`.

    A notebook shows the numbers as a table, also those of a result; `plot.to_svg` and `plot.graph` draw its graph.

    Raises:
        TypeError: an element is neither a value nor a real number.
        ValueError: an operator meets another length.

    >>> v = Vector([Value(1.0), Value(2.0)])
    >>> (v * v).sum().backward()
    >>> v.grad
    [2.0, 4.0]
    """

    __slots__ = ()

    def __new__(cls, elements: Iterable[Any]) -> Vector:
        """A vector. If it is made of values that can be assigned, its numbers change with theirs."""
        if isinstance(elements, (dict, bytes, bytearray)):
            refuse_scalar("Vector", elements)
        elements = elements if hasattr(elements, "__iter__") else iterate("Vector", elements)
        return gathered(elements)  # type: ignore[no-any-return]

    if TYPE_CHECKING:

        @overload
        def _elementwise(self, other: Value | Vector | float, /) -> Vector: ...
        @overload
        def _elementwise(self, other: HasRows[T], /) -> T: ...
        @overload
        def _elementwise(self, other: Any, /) -> Vector: ...
        def _elementwise(self, other: Any, /) -> Any: ...

        __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = _elementwise
        __truediv__ = __rtruediv__ = __floordiv__ = __rfloordiv__ = __mod__ = __rmod__ = _elementwise
        __pow__ = __rpow__ = _elementwise

        def __neg__(self) -> Vector: ...
        def __abs__(self) -> Vector: ...
        @overload
        def _product(self, other: Vector | Sequence[float | Value]) -> Value: ...
        @overload
        def _product(self, other: HasRows[Any] | Sequence[Sequence[Any]]) -> Vector: ...
        @overload
        def _product(self, other: Any) -> Any: ...
        def _product(self, other: Any) -> Any: ...

        __matmul__ = __rmatmul__ = _product

    def __len__(self) -> int:
        return len(self.row[NUMBER])

    if TYPE_CHECKING:

        @overload
        def __getitem__(self, index: int) -> Value: ...
        @overload
        def __getitem__(self, index: slice) -> Vector: ...

    def __getitem__(self, index: Any) -> Any:
        try:
            places = range(len(self))[index]
        except (IndexError, TypeError) as error:
            raise type(error)(f"expected an index or slice of {plural(len(self), 'element')}, got {index!r}") from None
        if isinstance(places, range):
            return moved(TAKE, self, self.row[NUMBER][index], (len(places),), places)
        return self.element(places)

    def __iter__(self) -> Iterator[Value]:
        return elements(self)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, (Vector, list, tuple)):
            return NotImplemented  # an array then compares element by element, as it does with a list
        return [*map(number_of, self)] == [*map(number_of, other)]

    __hash__ = object.__hash__

    def _text(self, spec: str | None = None) -> str:
        return f"[{', '.join([shown(x, spec) for x in self])}]"

    def tolist(self) -> list[Number]:
        """The plain numbers."""
        return [*self.plain("tolist()")]

    @property
    def grad(self) -> list[Number]:
        """The gradient that `backward()` has added up in each element. Set it to 0, or to a list of as many numbers.

        Raises ValueError for a list of another length.
        """
        return self.grads()

    @grad.setter
    def grad(self, numbers: Any) -> None:
        given = elements_of(numbers)
        if given is not None and len(given) != len(self):
            raise ValueError(f"expected {len(self)} numbers as grad of {brief(self)}, got {len(given)}")
        self.set_grads([numbers] * len(self) if given is None else given)

    def map(self, function: Callable[[Value], Any]) -> Vector:
        """The vector of `function(element)`.

        >>> Vector([1.0, 2.0]).map(lambda x: x * x)
        Vector([1.0, 4.0])
        """
        return Vector(map(require_callable("map", function), self))

    def sum(self, axis: int | None = None) -> Value:
        """The sum, added from left to right; 0 for an empty vector. `axis` is 0, -1 or None, which are the same."""
        return self._reduce(reductions.sum_, axis=axis)

    def mean(self, axis: int | None = None) -> Value:
        """The sum divided by the number of elements. Raises ValueError for an empty vector."""
        return self._reduce(reductions.mean, needs_elements=True, axis=axis)

    def logsumexp(self) -> Value:
        """log(sum(exp(x))), without overflow; its gradient is softmax(x). Raises ValueError for an empty vector."""
        return self._reduce(reductions.logsumexp, needs_elements=True)

    def dot(self, other: Vector | Sequence[Any]) -> Value:
        """The dot product with a vector, list or array of the same length, added from left to right.

        Raises ValueError if the lengths differ, TypeError if `other` is not a sequence.

        >>> Vector([1.0, 2.0]).dot([3.0, 4.0])
        constant(11.0)
        """
        if fast_dots and (made := fast_dots[0](self, other)) is not None:
            return made  # type: ignore[no-any-return]
        interval = current() if open_blocks else AMBIENT
        right: Any = other
        if not isinstance(other, Vector):
            given = elements_for("dot", other)
            if given and has_elements(given[0]):
                refuse_rows("dot", other)
            right = gathered(given)
            row = right.row
            if type(right) is Vector and row[OPERATION] == JOIN and not is_apart(interval, (right,)):
                given[0].led = right.row = (*row[:OPERATION], LISTED, *row[NUMBER:])
        rows = (self.row, right.row)
        numbers, others = rows[0][NUMBER], rows[1][NUMBER]
        if len(numbers) != len(others):
            raise ValueError(f"expected vectors of one length, got lengths {len(numbers)} and {len(others)}")
        if is_apart(interval, (self, right)):
            return record(reductions.dot, (*self, *right))
        number = sum(map(operator.mul, numbers, others), ZERO) if numbers else 0.0
        if not interval.enabled and interval.detector is None:
            return make_constant(number)
        shortcut = getattr(reductions.dot.rules[0], "on_halves", None)
        if shortcut is None:
            found = tuple(reductions.dot.local_derivatives((*numbers, *others), [True] * 2 * len(numbers)))
            shortcut = lambda xs, _: (found[: len(xs)], found[len(xs) :])  # noqa: E731
        followed = self.is_followed_in(interval), right.is_followed_in(interval)
        derivatives = [d if follows else None for d, follows in zip(shortcut(numbers, others), followed)]
        return value_of_many("dot", number, rows, derivatives, interval)


class LiveVector(Live, Vector):
    __slots__ = ("made", "move", "rows", "sources")


LiveVector.__name__ = LiveVector.__qualname__ = "Vector"  # the name that users know
classes[1] = Vector, LiveVector


@of_each
def logsumexp(vector: Any) -> Any:
    """log(sum(exp(x))) over a Vector, list or array, for any x; its gradient is softmax(x).

    Returns a Value, or a plain number for plain numbers; for a matrix, a Vector with one for each row. Raises
    ValueError if there are no elements, TypeError if the argument is not a sequence.

    >>> logsumexp([0.0, 0.0])
    0.6931471805599453
    """
    return plain_if_plain(vector, reductions.logsumexp)


@of_rows
def softmax(vector: Any, axis: int = -1) -> Any:
    """exp(x) / sum(exp(x)) for each x of a Vector, list or array; two rows of the record, whatever the length.

    Returns a Vector; for a matrix, or a list of rows, a Matrix with the softmax of each row (for columns, use
    `softmax(matrix.T).T`). Raises ValueError if there are no elements or if `axis` is not the last, TypeError if the
    argument is not a sequence.

    >>> softmax([0.0, 0.0])
    Vector([0.5, 0.5])
    """
    if not has_elements(vector):
        refuse_scalar("softmax", vector)
    values = as_values(vector)
    if not values.row[NUMBER]:
        raise ValueError("softmax of an empty Vector; it takes at least one element")
    if axis not in (-1, len(values.shape) - 1):
        way = "for columns use softmax(matrix.T).T"
        raise ValueError(f"softmax goes over a Vector, or each row of a Matrix: axis is -1, not {axis!r}; {way}")
    interval = current() if open_blocks else AMBIENT
    if is_apart(interval, (values,)):
        rows = [values] if len(values.shape) == 1 else values
        return gathered([x for row in rows for x in reductions.softmax_shares(*row)], values.shape)
    numbers: list[float] = []
    shares: list[int] = []
    for line in in_rows(values.row[NUMBER], width := values.shape[-1], values.shape):
        powers = reductions.powers_of_floats(line)
        whole = reductions.total.kernel(*powers)
        numbers += [*powers, whole, reductions.total_but_largest.kernel(*powers)]
        shares += range(len(numbers), len(numbers) + width)
        numbers += [power / whole for power in powers]
    found = tuple([numbers[i] for i in shares])
    follows = 1 if values.is_followed_in(interval) else None
    parts = computed(SOFTMAX, tuple(numbers), (len(numbers),), (values.row,), (follows,), interval)
    return moved(TAKE, parts, found, values.shape, tuple(shares))


def plain_if_plain(vector: Any, operation: Operation) -> Any:
    if not isinstance(vector, Values):
        elements = elements_for(operation.name, vector)
        if elements and not any(isinstance(x, Value) or has_elements(x) for x in elements):
            return operation(*elements)
        vector = as_values(vector)
    if len(vector.shape) > 1:
        return gathered([plain_if_plain(row, operation) for row in vector])
    return vector._reduce(operation, needs_elements=True)


@of_parts
def concatenate(parts: Sequence[Any], axis: int = 0) -> Any:
    """Vectors one after the other; matrices one below the other, or with axis=1 side by side.

    Args:
        parts: Vectors, Matrices, lists or arrays; a single Value or number counts as a Vector of one.
        axis: 0 or, for matrices, 1; -1 is the last, as in NumPy.

    Returns a Vector or a Matrix. Raises ValueError if the parts do not fit, TypeError if `parts` is not a sequence.

    >>> concatenate([[1.0, 2.0], [3.0]]), concatenate([[[1.0], [2.0]], [[3.0], [4.0]]], axis=1)
    (Vector([1.0, 2.0, 3.0]), Matrix([[1.0, 3.0], [2.0, 4.0]]))
    """
    found = [as_values(x) if has_elements(x) else gathered([x]) for x in elements_for("concatenate", parts)]
    shapes = [x.shape for x in found]
    if not shapes or len({*map(len, shapes)}) > 1 or axis not in range(-(most := len(shapes[0])), most):
        what = " and ".join(map(str, shapes)) or "nothing"
        raise ValueError(f"concatenate takes vectors, or matrices and axis=0 or 1, got {what} and axis={axis!r}")
    if axis % most == 1:
        return concatenate([x.T for x in found]).T
    if len({shape[1:] for shape in shapes}) > 1:
        raise ValueError(f"expected parts that fit, got shapes {' and '.join(map(str, shapes))} for axis={axis}")
    length = sum([shape[0] for shape in shapes])
    return put_together(found, (length, *shapes[0][1:]))
