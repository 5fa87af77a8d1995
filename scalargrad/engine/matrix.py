"""`Matrix`: a list of rows of values, which is one row of the record (see `many`)."""

from __future__ import annotations

from ..checks import brief, plural
from ..operations import reductions
from .many import (
    Live,
    Values,
    classes,
    constants,
    elements,
    elements_of,
    gathered,
    has_elements,
    in_rows,
    moved,
    on_shape,
    put_together,
)
from .rows import NUMBER, SHAPE, TAKE, TRANSPOSE
from .value import number_of, shown
from .vector import Vector

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from typing import Any, overload

    from ..checks import Number
    from .value import Value


class Matrix(Values):
    """A matrix of values: a sequence of rows, with elementwise operators and products.

    Args:
        rows: lists, Vectors or arrays of one length, of values and plain numbers, which become constants; or a
            two-dimensional NumPy array.

    Operators work element by element with a matrix of the same shape, with a vector, which is applied to each row, and
    with a scalar. `@` is the product with a matrix or a vector on either side. Each result is one row of the record.

    A notebook shows the numbers as a table, also those of a result; `plot.to_svg` and `plot.graph` draw its graph.

    Raises:
        TypeError: `rows` is not a list of rows, or an element is neither a value nor a real number.
        ValueError: there are no rows, or they differ in length; an operator meets a shape that does not fit.

    >>> m = Matrix([[1.0, 2.0], [3.0, 4.0]])
    >>> m @ [1.0, 1.0], m.T + [10.0, 20.0]
    (Vector([3.0, 7.0]), Matrix([[11.0, 23.0], [12.0, 24.0]]))
    """

    __slots__ = ()

    def __new__(cls, rows: Iterable[Any]) -> Matrix:
        """A matrix. If it is made of values that can be assigned, its numbers change with theirs."""
        if isinstance(rows, Matrix):
            made: Matrix = on_shape(rows.row) if type(rows) is Matrix else gathered(elements(rows), rows.shape)
            return made
        if type(rows) is list and {*map(type, rows)} == {Vector} and len({row.row[SHAPE] for row in rows}) == 1:
            made = put_together(rows, (len(rows), *rows[0].row[SHAPE]))
            return made  # noqa: RET504  (which gives it its type)
        found, shape = rows_and_shape(rows)
        if all(isinstance(row, Values) for row in found):
            made = put_together(found, shape)
        else:
            made = gathered([x for row in found for x in row], shape)
        return made

    if TYPE_CHECKING:

        def _elementwise(self, other: Any, /) -> Matrix: ...

        __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = _elementwise
        __truediv__ = __rtruediv__ = __floordiv__ = __rfloordiv__ = __mod__ = __rmod__ = _elementwise
        __pow__ = __rpow__ = _elementwise

        def __neg__(self) -> Matrix: ...
        def __abs__(self) -> Matrix: ...
        @overload
        def _product(self, other: Matrix | Sequence[Sequence[Any]]) -> Matrix: ...
        @overload
        def _product(self, other: Vector | Sequence[float | Value]) -> Vector: ...
        @overload
        def _product(self, other: Any) -> Any: ...
        def _product(self, other: Any) -> Any: ...

        __matmul__ = __rmatmul__ = _product

    def __len__(self) -> int:
        return self.shape[0]

    if TYPE_CHECKING:

        @overload
        def __getitem__(self, index: int | tuple[int, slice] | tuple[slice, int]) -> Vector: ...
        @overload
        def __getitem__(self, index: slice | tuple[slice, slice]) -> Matrix: ...
        @overload
        def __getitem__(self, index: tuple[int, int]) -> Value: ...

    def __getitem__(self, index: Any) -> Any:
        count, width = self.shape
        try:
            if isinstance(index, tuple):
                rows, columns = index
                return self._part(range(count)[rows], range(width)[columns])
            rows = range(count)[index]
        except (IndexError, TypeError, ValueError) as error:
            kind = IndexError if isinstance(error, IndexError) else TypeError
            raise kind(
                f"expected an index or slice of {plural(count, 'row')}, or [rows, columns] with another of "
                f"{plural(width, 'column')}, got {index!r}"
            ) from None
        if isinstance(rows, range):
            return self._part(rows, range(width))
        begin = rows * width
        return moved(TAKE, self, self.row[NUMBER][begin : begin + width], (width,), range(begin, begin + width))

    def _part(self, rows: range | int, columns: range | int) -> Any:
        """The elements in some rows and columns; in one row, or one column, a Vector of them."""
        width = self.shape[1]
        if isinstance(rows, int) and isinstance(columns, int):
            return self.element(rows * width + columns)
        shape = tuple([len(x) for x in (rows, columns) if isinstance(x, range)])
        down, across = [[x] if isinstance(x, int) else x for x in (rows, columns)]
        places = tuple([i * width + j for i in down for j in across])
        numbers = self.row[NUMBER]
        return moved(TAKE, self, tuple([numbers[i] for i in places]), shape, places)

    def __iter__(self) -> Iterator[Vector]:
        return map(self.__getitem__, range(len(self)))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, (Matrix, list, tuple)):
            return NotImplemented
        rows = [[*map(number_of, elements_of(row) or (row,))] for row in other]
        return self._by_rows([*map(number_of, elements(self))]) == rows

    __hash__ = object.__hash__

    def _text(self, spec: str | None = None) -> str:
        rows = [f"[{', '.join(row)}]" for row in self._by_rows([shown(x, spec) for x in elements(self)])]
        return f"[{', '.join(rows)}]"

    def _by_rows(self, numbers: Sequence[Any]) -> list[list[Any]]:
        return [*map(list, in_rows(numbers, self.shape[1], self.shape))]

    def tolist(self) -> list[list[Number]]:
        """The plain numbers, a list for each row."""
        return self._by_rows(self.plain("tolist()"))

    @property
    def grad(self) -> list[list[Number]]:
        """The gradient that `backward()` has added up, as a list for each row. Set it to 0, or to such lists.

        Raises ValueError for lists of another shape.
        """
        return self._by_rows(self.grads())

    @grad.setter
    def grad(self, numbers: Any) -> None:
        if not has_elements(numbers):
            self.set_grads([numbers] * len(self.row[NUMBER]))
            return
        given, shape = rows_and_shape(numbers)
        if shape != self.shape:
            raise ValueError(f"expected numbers of shape {self.shape} as grad of {brief(self)}, got {shape}")
        self.set_grads([x for row in given for x in row])

    @property
    def T(self) -> Matrix:  # noqa: N802  (its name everywhere)
        """The transpose.

        >>> Matrix([[1.0, 2.0, 3.0]]).T
        Matrix([[1.0], [2.0], [3.0]])
        """
        count, width = self.shape
        places = [i * width + j for j in range(width) for i in range(count)]
        numbers = self.row[NUMBER]
        return moved(TRANSPOSE, self, tuple([numbers[i] for i in places]), (width, count), places)  # type: ignore[no-any-return]

    if TYPE_CHECKING:

        @overload
        def sum(self, axis: None = None) -> Value: ...
        @overload
        def sum(self, axis: int) -> Vector: ...

    def sum(self, axis: int | None = None) -> Any:
        """The sum of all elements, row by row, or a Vector of the sums of each column (axis=0) or row (axis=1, or -1).

        >>> Matrix([[1.0, 2.0], [3.0, 4.0]]).sum(axis=0)
        Vector([4.0, 6.0])
        """
        if axis is None:
            return self._reduce(reductions.sum_)
        count, width = self.shape
        if axis not in (0, 1, -1, -2):
            raise ValueError(f"axis is 0 or -2 (each column), 1 or -1 (each row) or None (all elements), not {axis!r}")
        return constants((1,) * count, (count,)) @ self if axis in (0, -2) else self @ constants((1,) * width, (width,))

    if TYPE_CHECKING:

        @overload
        def mean(self, axis: None = None) -> Value: ...
        @overload
        def mean(self, axis: int) -> Vector: ...

    def mean(self, axis: int | None = None) -> Any:
        """The mean of all elements, or a Vector of the means of each column (axis=0) or row (axis=1, or -1)."""
        if axis is None:
            return self._reduce(reductions.mean, needs_elements=True)
        sums = self.sum(axis)
        if not self.shape[axis]:
            raise ValueError(f"mean along axis {axis} of a Matrix of shape {self.shape}; it takes at least one element")
        return sums / self.shape[axis]


def rows_and_shape(rows: Any) -> tuple[list[Any], tuple[int, int]]:
    """The rows of something that makes a matrix, each a sequence, and the shape.

    Raises TypeError if it is not made of rows, ValueError if they differ in length.
    """
    found = elements_of(rows)
    if found is None and hasattr(rows, "__iter__") and not isinstance(rows, (str, bytes, dict)):
        found = [*rows]
    if found is None or not all(map(has_elements, found)):
        what = f"got {brief(rows)} ({type(rows).__name__})"
        raise TypeError(f"Matrix takes a list of rows, each a list of numbers or Values, {what}")
    widths = sorted({*map(len, found)}) or [*getattr(rows, "shape", ())[1:]]
    rows = [row if isinstance(row, Values) and len(row.shape) == 1 else elements_of(row) for row in found]
    if len(widths) != 1:
        lengths = " and ".join(map(str, widths)) or "no rows"
        raise ValueError(f"expected one row or more of one length for a Matrix, got {lengths}")
    return rows, (len(rows), widths[0])


class LiveMatrix(Live, Matrix):
    __slots__ = ("made", "move", "rows", "sources")


LiveMatrix.__name__ = LiveMatrix.__qualname__ = "Matrix"  # the name that users know
classes[2] = Matrix, LiveMatrix
