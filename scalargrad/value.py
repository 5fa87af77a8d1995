"""`Value`: a number that remembers how it was computed."""

from __future__ import annotations

import math
import operator

from . import operations, recording
from .backprop import backward
from .nodes import (
    Element,
    binary_operator,
    class_of_nodes,
    comparison,
    leaf_number,
    new,
    number_of,
    of_the_number,
    reflected_operator,
    unary_operator,
)
from .recording import assign_leaf, open_blocks, refuse_in_trace, shown
from .refusals import refuse_float, refuse_index, refuse_ratio
from .registry import as_number, rounded

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .recording import Interval
    from .registry import Number


@class_of_nodes
class Value(Element):
    """A number that remembers how it was computed, so that derivatives can be carried back through it.

    `Value(number)` is a tracked leaf: whatever is computed from it is a node that knows its parents, and `backward()`
    of such a node writes d(node)/d(leaf) into the leaf's `grad`. It computes as the number does, bit for bit, and
    raises what the number would raise. `==` compares numbers, but a Value is a key of its own in a set or a dict:
    `Value(1.0) == 1.0`, and their hashes differ.

    Args:
        number: a float, int or bool (these two become floats), or an exact number such as `fractions.Fraction`.
        label: a name to show in messages and pictures.

    Raises:
        TypeError: `number` is not a real number.

    >>> x = Value(3.0, label="x")
    >>> y = x * x + 2 * x
    >>> y.backward()
    >>> y.data, x.grad
    (15.0, 8.0)
    """

    # `_operation` made the value; it is False for a leaf and None for a constant. `left` and `right` are what it was
    # applied to, values or plain numbers, `d_left` and `d_right` the local derivatives, None for what is not followed.
    # More than two operands, and their derivatives, are tuples on the left, and so is one that `record` followed: a
    # tuple for every node would double what the garbage collector has to look at, and with it the cost of a node in a
    # large graph.
    __slots__ = ("_data", "_grad", "_label", "_operation", "d_left", "d_right", "interval", "left", "right")

    _data: Number
    _grad: Number
    _label: str | None
    _operation: Any  # Operation | Literal[False] | None
    left: Any
    right: Any
    d_left: Any
    d_right: Any
    interval: Interval

    def __init__(self, number: Number, label: str | None = None) -> None:
        self._data = leaf_number(number)
        self._label = label
        self._operation = False
        self.interval = recording.current()

    # -- what it is

    @property
    def data(self) -> Number:
        """The number. It can be set on a leaf; derivatives already recorded stay those of the old number.

        Raises AttributeError on a node that was computed, TypeError for what is not a real number.
        """
        if open_blocks:
            refuse_in_trace("data", self)
        return self._data

    @data.setter
    def data(self, number: Number) -> None:
        refuse_in_trace("assign", self)
        if self._operation or not hasattr(self, "interval"):
            raise AttributeError(f"the data of {self!r} was computed and cannot be set; make a new Value of the number")
        assign_leaf(self, leaf_number(number))

    @property
    def grad(self) -> Number:
        """What `backward()` has added up here, zero to begin with. Set it to 0 before the next pass."""
        if open_blocks:
            refuse_in_trace("grad", self)
        try:
            return self._grad
        except AttributeError:
            return self._data * 0 if type(self._data) is not float else 0.0

    @grad.setter
    def grad(self, number: Number) -> None:
        refuse_in_trace("grad", self)
        self._grad = as_number(number, " as grad (0 clears it)")

    @property
    def label(self) -> str | None:
        """A name to show in messages and pictures, or None."""
        return getattr(self, "_label", None)

    @label.setter
    def label(self, label: str | None) -> None:
        self._label = label

    @property
    def operands(self) -> tuple[Any, ...]:
        """What the operation was applied to, values and plain numbers; empty for a leaf or a constant."""
        if not self._operation:
            return ()
        if type(self.left) is tuple:
            return self.left
        return (self.left,) if self.right is None else (self.left, self.right)

    @property
    def derivatives(self) -> tuple[Number | None, ...]:
        """The local derivatives, one an operand, None for what is not followed; 1 where there is a pullback."""
        if not self._operation:
            return ()
        if type(self.left) is tuple:
            return self.d_left  # type: ignore[no-any-return]
        return (self.d_left,) if self.right is None else (self.d_left, self.d_right)

    @property
    def parents(self) -> tuple[Value, ...]:
        """The values that this one was computed from and passes gradients to; empty for a leaf or a constant."""
        return tuple(operand for operand, local in zip(self.operands, self.derivatives) if local is not None)

    @property
    def operation(self) -> str | None:
        """The name of the operation that made it, or None for a leaf or a constant."""
        return self._operation.name if self._operation else None

    @property
    def is_tracked(self) -> bool:
        """Whether gradients can flow to it: false for a constant."""
        return self._operation is not None

    def is_followed_in(self, interval: Interval) -> bool:
        """Whether nodes made from it in an interval keep it: it is tracked, or a recording tape watches it."""
        if interval.accessed is not None and type(self) is not Value:
            interval.accessed[self] = None  # type: ignore[index]
        return self._operation is not None or any(tape.watches(self) for tape in interval.tapes)

    def backward(self) -> None:
        """Write d(self)/d(node) into the `grad` of everything it was computed from.

        Leaves add it to what they have, so that a second pass counts twice; inner nodes show the latest pass.

        Raises:
            ValueError: the value is a constant, which depends on nothing.

        >>> x = Value(2.0)
        >>> (x * x).backward()
        >>> x.grad
        4.0
        """
        if self._operation is None:
            raise ValueError(
                f"backward() of {self!r}, which depends on no tracked value: compute it from a Value or a Variable, "
                "outside no_grad() and stop_gradient()"
            )
        refuse_in_trace("backward()", self)
        backward(self)

    def item(self) -> Number:
        """The plain number, as NumPy and PyTorch call it; `numpy` is TensorFlow's name for it."""
        refuse_in_trace("item()", self)
        return self._data

    numpy = item

    # -- Python's operators

    __add__ = binary_operator(operations.add)
    __radd__ = reflected_operator(operations.add)
    __sub__ = binary_operator(operations.sub)
    __rsub__ = reflected_operator(operations.sub)
    __mul__ = binary_operator(operations.mul)
    __rmul__ = reflected_operator(operations.mul)
    __truediv__ = binary_operator(operations.truediv)
    __rtruediv__ = reflected_operator(operations.truediv)
    __floordiv__ = binary_operator(operations.floordiv)
    __rfloordiv__ = reflected_operator(operations.floordiv)
    __mod__ = binary_operator(operations.mod)
    __rmod__ = reflected_operator(operations.mod)
    __pow__ = binary_operator(operations.power)
    __rpow__ = reflected_operator(operations.power)
    __neg__ = unary_operator(operations.neg)
    __abs__ = unary_operator(operations.absolute.operation)

    def __pos__(self) -> Value:
        return self

    def __divmod__(self, other: Any) -> tuple[Any, Any]:
        return self // other, self % other

    def __rdivmod__(self, other: Any) -> tuple[Any, Any]:
        return other // self, other % self

    __lt__ = comparison(operator.lt)
    __le__ = comparison(operator.le)
    __gt__ = comparison(operator.gt)
    __ge__ = comparison(operator.ge)
    __eq__ = comparison(operator.eq)
    __ne__ = comparison(operator.ne)
    __hash__ = object.__hash__

    # -- functions as methods

    relu = unary_operator(operations.relu.operation)
    exp = unary_operator(operations.exp.operation)
    log = unary_operator(operations.log.operation)
    sqrt = unary_operator(operations.sqrt.operation)
    sin = unary_operator(operations.sin.operation)
    cos = unary_operator(operations.cos.operation)
    tan = unary_operator(operations.tan.operation)
    tanh = unary_operator(operations.tanh.operation)
    sigmoid = unary_operator(operations.sigmoid.operation)

    # -- what is piecewise constant loses nothing as a plain number

    __bool__ = of_the_number(bool)
    __int__ = of_the_number(int)
    __round__ = of_the_number(rounded)
    __floor__ = of_the_number(math.floor)
    __ceil__ = of_the_number(math.ceil)
    __trunc__ = of_the_number(math.trunc)

    def __index__(self) -> int:
        refuse_index(self)

    def as_integer_ratio(self) -> tuple[int, int]:
        """Raises TypeError: fractions of integers, which `statistics.mean` makes of numbers, have no gradient."""
        refuse_ratio(self)

    def __float__(self) -> float:
        refuse_in_trace("float(), which math.sin() and the like call,", self)
        if self.is_followed_in(recording.current()):
            refuse_float(self)
        return float(self._data)

    # -- how it shows and copies (see `pickling` for deep copies)

    def __repr__(self) -> str:
        label = f", label={self.label!r}" if self.label is not None else ""
        if self._operation is None:
            return f"constant({shown(self)}{label})"
        grad = f", grad={self._grad!r}" if hasattr(self, "_grad") else ""
        return f"Value({shown(self)}{grad}{label})"

    def __format__(self, spec: str) -> str:
        return shown(self, spec) if spec else str(self)

    def __copy__(self) -> Value:
        twin = new(type(self))
        for name in Value.__slots__:
            if hasattr(self, name):
                setattr(twin, name, getattr(self, name) if name != "_data" else number_of(self))
        return twin
