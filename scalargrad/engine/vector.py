"""`Vector`: a list of values with elementwise operators, and reductions that make one node of many."""

from __future__ import annotations

import operator
import sys
from collections.abc import Sequence

from ..checks import (
    as_number,
    is_array,
    iterate,
    plural,
    refuse_backward,
    refuse_dimensions,
    refuse_float_of_vector,
    refuse_list,
    refuse_scalar,
    require_callable,
)
from ..operations import elementary as operations
from ..operations import reductions
from ..operations.operation import Rank, appliers, array_appliers, find_applier
from .contexts import AMBIENT, open_blocks, refuse_in_trace
from .rows import CONSTANT, NUMBER, OPERATION
from .value import Value, make_constant, number_of, record, recorded, shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

    from ..checks import Number
    from ..operations.operation import Operation


def elementwise_operator(operation: Operation, reflected: bool = False) -> Callable[[Vector, Any], Any]:
    """A method for a binary operator between a vector and a vector, list, array, value or number."""
    kernel = operation.kernel

    def method(self: Vector, other: Any) -> Any:
        if find_applier(other) is None:
            return NotImplemented
        if getattr(other, "ndim", 1) > 1:
            return operation(other, self) if reflected else operation(self, other)
        mine, others = aligned((self, other))
        return Vector(map(kernel, others, mine) if reflected else map(kernel, mine, others))

    method.__name__ = f"__{'r' * reflected}{operation.name}__"
    method.__qualname__ = f"Vector.{method.__name__}"
    return method


def aligned(operands: Sequence[Any]) -> list[Sequence[Any]]:
    """The elements of each operand, scalars repeated to the length of the sequences among them.

    Raises ValueError if two sequences differ in length.
    """
    columns = [elements_of(operand) for operand in operands]
    lengths = {len(column) for column in columns if column is not None}
    if len(lengths) > 1:
        raise ValueError(f"expected vectors of one length, got lengths {' and '.join(map(str, sorted(lengths)))}")
    (length,) = lengths
    return [[operand] * length if column is None else column for operand, column in zip(operands, columns)]


def elements_of(operand: Any) -> Sequence[Any] | None:
    """The elements of a vector, list, tuple or one-dimensional array; None for a scalar."""
    if isinstance(operand, Vector):
        return operand._values
    if isinstance(operand, (list, tuple)):
        return operand
    if is_array(operand) and operand.ndim:
        if operand.ndim > 1:
            refuse_dimensions(operand)
        elements: list[Any] = operand.tolist()
        return elements
    return None


def elements_for(name: str, operand: Any) -> Sequence[Any]:
    """The elements of what has some. Raises TypeError for a scalar."""
    elements = elements_of(operand)
    return elements if elements is not None else refuse_scalar(name, operand)


def apply_elementwise(operation: Operation, operands: Sequence[Any]) -> Vector:
    """Apply an operation to each row of elements."""
    is_operator = operation.symbol and any(isinstance(x, Vector) for x in operands)  # as in the vector's own methods
    return Vector(map(operation.kernel if is_operator else operation, *aligned(operands)))


class Vector:
    """A sequence of values with elementwise operators and fused reductions.

    Args:
        elements: values, and plain numbers, which become constants; a list, a tuple, a one-dimensional NumPy array or
            anything else that iterates.

    Operators work element by element with a vector, a list, an array or a scalar on either side. `sum`, `mean`,
    `dot`, `norm`, `prod`, `max`, `min` and `logsumexp` each make one node, whatever the length.

    Raises:
        TypeError: an element is neither a value nor a real number.
        ValueError: an operator meets another length.

    >>> v = Vector([Value(1.0), Value(2.0)])
    >>> (v * v).sum().backward()
    >>> v.grad
    [2.0, 4.0]
    """

    __slots__ = ("_values",)

    _values: tuple[Value, ...]

    def __init__(self, elements: Iterable[Any]) -> None:
        values = tuple(elements if hasattr(elements, "__iter__") else iterate("Vector", elements))
        only_values = {*map(type, values)} == {Value}
        self._values = values if only_values else tuple([element_value(x, i) for i, x in enumerate(values)])

    # -- a sequence, which is registered below and not inherited, since `isinstance` is ten times slower with an ABC

    count = Sequence.count
    __contains__ = Sequence.__contains__
    __reversed__ = Sequence.__reversed__

    def __len__(self) -> int:
        return len(self._values)

    def index(self, value: Any, start: int = 0, stop: int = sys.maxsize) -> int:
        """Where an element that equals `value` stands first, from `start` on. Raises ValueError if there is none."""
        if value not in self._values[start:stop]:
            raise ValueError(f"expected an element of {self!r}, got {value!r}")
        return self._values.index(value, start, stop)

    def __getitem__(self, index: int | slice) -> Any:
        try:
            found = self._values[index]
        except (IndexError, TypeError) as error:
            raise type(error)(f"expected an index or slice of {plural(len(self), 'element')}, got {index!r}") from None
        return Vector(found) if isinstance(found, tuple) else found

    def __iter__(self) -> Any:
        return iter(self._values)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, (Vector, list, tuple)):
            return NotImplemented  # of an array, which compares element by element, as it does with a list
        return [*map(number_of, self._values)] == [*map(number_of, other)]

    __hash__ = object.__hash__

    def __repr__(self) -> str:
        return f"Vector([{', '.join(map(shown, self._values))}])"

    def __copy__(self) -> Vector:
        return Vector(self._values)

    def tolist(self) -> list[Number]:
        """The plain numbers."""
        for value in self._values:
            refuse_in_trace("tolist()", value)
        return [value.row[NUMBER] for value in self._values]

    def numpy(self) -> Any:
        """The plain numbers as a NumPy array (NumPy is imported for it)."""
        import numpy  # an extra, wanted here alone

        return numpy.array(self.tolist())

    @property
    def grad(self) -> list[Number]:
        """What `backward()` has added up in each element. Set it to 0, or to a list of as many numbers.

        Raises ValueError for a list of another length.
        """
        return [value.grad for value in self._values]

    @grad.setter
    def grad(self, numbers: Any) -> None:
        given = elements_of(numbers)
        if given is not None and len(given) != len(self._values):
            raise ValueError(f"expected {len(self._values)} numbers as grad of {self!r}, got {len(given)}")
        grads = [as_number(x, " as grad (0 clears it)") for x in ([numbers] * len(self) if given is None else given)]
        for value, grad in zip(self._values, grads):
            value.grad = grad

    def __float__(self) -> float:
        refuse_float_of_vector(self)

    def backward(self) -> None:
        """Raises ValueError: only a scalar has a gradient."""
        refuse_backward(self)

    def map(self, function: Callable[[Value], Any]) -> Vector:
        """The vector of `function(element)`.

        >>> Vector([1.0, 2.0]).map(lambda x: x * x)
        Vector([1.0, 4.0])
        """
        return Vector(map(require_callable("map", function), self._values))

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

    def __neg__(self) -> Vector:
        return Vector(map(operator.neg, self._values))

    def __pos__(self) -> Vector:
        return self

    def __abs__(self) -> Vector:
        return Vector(map(abs, self._values))

    # -- reductions: one node each

    def sum(self) -> Value:
        """The sum, added from left to right; 0 for an empty vector."""
        return self._reduce(reductions.sum_)

    def mean(self) -> Value:
        """The sum over the length. Raises ValueError for an empty vector."""
        return self._reduce(reductions.mean, needs_elements=True)

    def norm(self) -> Value:
        """The Euclidean length, as `math.hypot` gives it; the gradient at the zero vector is zero."""
        return self._reduce(reductions.norm)

    def prod(self) -> Value:
        """The product, multiplied from left to right; 1 for an empty vector."""
        return self._reduce(reductions.prod)

    def max(self) -> Value:
        """The largest element; elements that tie share the gradient. Raises ValueError for an empty vector."""
        return self._reduce(reductions.max_, needs_elements=True)

    def min(self) -> Value:
        """The smallest element; elements that tie share the gradient. Raises ValueError for an empty vector."""
        return self._reduce(reductions.min_, needs_elements=True)

    def logsumexp(self) -> Value:
        """log(sum(exp(x))), without overflow; its gradient is softmax(x). Raises ValueError for an empty vector."""
        return self._reduce(reductions.logsumexp, needs_elements=True)

    def dot(self, other: Vector | Sequence[Any]) -> Value:
        """The sum, from left to right, of the products with another vector, list or array of the same length.

        Raises ValueError if the lengths differ, TypeError if `other` is not a sequence.

        >>> Vector([1.0, 2.0]).dot([3.0, 4.0])
        constant(11.0)
        """
        if not isinstance(other, Vector):
            other = Vector(elements_for("dot", other))
        mine, others = self._values, other._values
        if len(mine) != len(others):
            raise ValueError(f"expected vectors of one length, got lengths {len(mine)} and {len(others)}")
        return reduce_rows(reductions.dot, (*mine, *others))

    def __matmul__(self, other: Any) -> Any:
        if is_array(other) and other.ndim > 1:
            return NotImplemented  # and NumPy asks `numpy_functions`
        return self.dot(other) if elements_of(other) is not None else NotImplemented

    __rmatmul__ = __matmul__  # products of numbers commute, so the sum is the same to the bit

    def _reduce(self, operation: Operation, needs_elements: bool = False) -> Value:
        if needs_elements and not self._values:
            raise ValueError(f"{operation.name} of an empty Vector; it takes at least one element")
        if not self._values:
            return make_constant(float(operation.evaluate(())))
        return reduce_rows(operation, self._values)


def reduce_rows(operation: Operation, values: Sequence[Value]) -> Value:
    """What `record` gives of values, without a look at each operand where no block is open."""
    if open_blocks:
        return record(operation, values)
    rows = [value.row for value in values]
    wanted = [row[OPERATION] is not CONSTANT for row in rows]
    if True not in wanted:
        return record(operation, values)
    numbers = [row[NUMBER] for row in rows]
    data = operation.evaluate(numbers)
    derivatives = operation.local_derivatives(numbers, wanted)
    return recorded(operation, data, rows, derivatives, AMBIENT)


def element_value(x: Any, index: int) -> Value:
    """An element of a vector: a value as it is, a number as a constant."""
    if isinstance(x, Value):
        return x
    if isinstance(x, (list, tuple, Vector)):
        refuse_list(x, f" or a Value as element {index} of a Vector")
    return make_constant(as_number(x, " or a Value as element {} of a Vector", index))


def logsumexp(vector: Any) -> Any:
    """log(sum(exp(x))) over a Vector, list or array, for any x; its gradient is softmax(x).

    Returns a Value, or a plain number for plain numbers. Raises ValueError if there are no elements, TypeError if
    the argument is not a sequence.

    >>> logsumexp([0.0, 0.0])
    0.6931471805599453
    """
    return plain_if_plain(vector, reductions.logsumexp)


def softmax(vector: Any) -> Vector:
    """exp(x) / sum(exp(x)) for each x of a Vector, list or array: 2n rows on two shared sums of exponentials.

    Returns a Vector. Raises ValueError if there are no elements, TypeError if the argument is not a sequence.

    >>> softmax([0.0, 0.0])
    Vector([0.5, 0.5])
    """
    elements = elements_for("softmax", vector)
    if not elements:
        raise ValueError("softmax of an empty Vector; it takes at least one element")
    return Vector(reductions.softmax_shares(*Vector(elements)))


def plain_if_plain(vector: Any, operation: Operation) -> Any:
    elements = elements_for(operation.name, vector)
    if elements and not isinstance(vector, Vector) and not any(isinstance(x, Value) for x in elements):
        return operation(*elements)
    return Vector(elements)._reduce(operation, needs_elements=True)


Sequence.register(Vector)
appliers[Vector] = appliers[list] = appliers[tuple] = (Rank.VECTOR, apply_elementwise)
array_appliers[1] = (Rank.VECTOR, apply_elementwise)
