"""`Value`: a number that remembers how it was computed."""

from __future__ import annotations

import math
import operator
from numbers import Real

from . import operations, recording
from .backprop import backward, topological_order
from .operations import appliers, as_number, find_applier
from .recording import clock

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any, TypeVar

    from .operations import Number, Operation
    from .recording import Interval

    Leaf = TypeVar("Leaf", bound="Value")

new = object.__new__
context_interval = recording.context.get


def record(operation: Operation, operands: Sequence[Any]) -> Value:
    """Apply an operation to values and numbers: a node, or a constant where nothing is there to follow."""
    interval = clock.idle or recording.current()  # before the operands' numbers, see `begin_interval`
    numbers = [x._data if isinstance(x, Value) else as_number(x) for x in operands]
    data = operation.evaluate(numbers)
    if interval.enabled:
        wanted = [isinstance(x, Value) and x.is_followed_in(interval) for x in operands]
        if True in wanted:
            derivatives = operation.local_derivatives(numbers, wanted)
            if derivatives.count(None) < len(derivatives):
                return make_node(data, tuple(operands), derivatives, operation, interval)
    return untracked(data)


def make_node(
    data: Number,
    operands: tuple[Any, ...],
    derivatives: tuple[Number | None, ...] | None,
    operation: Operation | None,
    interval: Interval,
) -> Value:
    node = new(Value)
    node._data = data
    node.operands = operands
    node.derivatives = derivatives
    node._operation = operation
    node.interval = interval
    return node


def untracked(number: Number) -> Value:
    """A constant: it has no operands, where a leaf has an empty tuple of them."""
    value = new(Value)
    value._data = number
    value.operands = None  # type: ignore[assignment]
    return value


# ---- The hot path ----------------------------------------------------------------------------------------------------
# `record`, written out for what most programs mostly do: tracked values and plain numbers, no tape open anywhere. It
# makes a node twice as fast as `record` does (`benchmarks`, row "through record"). Whatever is not so goes there.


def on_numbers(rule: Any) -> Any:
    """A rule as a function of plain numbers: of one that is an operation itself, the kernel."""
    if not callable(rule):
        return lambda *operands: rule
    return rule.operation.kernel if hasattr(rule, "operation") else rule


def unary_operator(operation: Operation) -> Callable[[Value], Value]:
    """A method for an operation on one value."""
    kernel = operation.kernel
    rule = on_numbers(operation.rules[0])
    fixed = None if callable(operation.rules[0]) else operation.rules

    def method(self: Value) -> Value:
        interval = clock.idle
        if interval is None or self.operands is None:
            return record(operation, (self,))
        x = self._data
        node = new(Value)
        try:
            node._data = kernel(x)
        except (ArithmeticError, ValueError) as error:
            raise operation.error(error, (x,)) from None
        node.operands = (self,)
        node.derivatives = fixed or (rule(x),)
        node._operation = operation
        node.interval = interval
        return node

    return method


def binary_operator(operation: Operation) -> Callable[[Value, Any], Any]:
    """A method for a binary operator with the value on its left."""
    kernel = operation.kernel
    left, right = map(on_numbers, operation.rules)
    first = None if callable(operation.rules[0]) else operation.rules[:1]
    second = None if callable(operation.rules[1]) else (None, operation.rules[1])
    both = operation.rules if first and second else None

    def method(self: Value, other: Any) -> Any:
        interval = clock.idle or plain_interval(self, other)
        kind = type(other)
        if interval is None:
            return general_operator(operation, self, other)
        x = self._data
        if kind is float or kind is int:
            y = other
            fixed = True
        elif isinstance(other, Value):
            y = other._data
            fixed = other.operands is None
        else:
            return general_operator(operation, self, other)
        node = new(Value)
        try:
            node._data = kernel(x, y)
        except (ArithmeticError, ValueError) as error:
            raise operation.error(error, (x, y)) from None
        if fixed:
            if self.operands is None:
                node.operands = None
                return node
            node.derivatives = first or (left(x, y),)
        elif self.operands is None:
            node.derivatives = second or (None, right(x, y))
        else:
            node.derivatives = both or (left(x, y), right(x, y))
        node.operands = (self, other)
        node._operation = operation
        node.interval = interval
        return node

    return method


def reflected_operator(operation: Operation) -> Callable[[Value, Any], Any]:
    """A method for a binary operator with the value on its right and a number, or something else, on its left."""
    kernel = operation.kernel
    right = on_numbers(operation.rules[1])
    second = None if callable(operation.rules[1]) else (None, operation.rules[1])

    def method(self: Value, other: Any) -> Any:
        interval = clock.idle or plain_interval(self, other)
        kind = type(other)
        if interval is None or not (kind is float or kind is int):
            return general_operator(operation, other, self)
        y = self._data
        node = new(Value)
        try:
            node._data = kernel(other, y)
        except (ArithmeticError, ValueError) as error:
            raise operation.error(error, (other, y)) from None
        if self.operands is None:
            node.operands = None
            return node
        node.derivatives = second or (None, right(other, y))
        node.operands = (other, self)
        node._operation = operation
        node.interval = interval
        return node

    return method


def plain_interval(x: Value, y: Any) -> Interval | None:
    """The running interval while a tape or a pause is open somewhere, if it leaves the hot path as it is."""
    interval = context_interval()
    if interval.serial != clock.serial:
        interval = recording.current()
    if type(x) is not Value and interval.accessed is not None:
        interval.accessed[x] = None  # type: ignore[index]
    if type(y) is not float and type(y) is not Value and isinstance(y, Value) and interval.accessed is not None:
        interval.accessed[y] = None  # type: ignore[index]
    return interval if interval.plain else None


# ---- The end of the hot path -----------------------------------------------------------------------------------------


def general_operator(operation: Operation, left: Any, right: Any) -> Any:
    """What a binary operator gives in general: whatever applies to both operands, or `NotImplemented`."""
    for operand in (left, right):
        if type(operand) not in appliers and find_applier(operand) is None:
            return NotImplemented
    return operation(left, right)


def comparison(compare: Callable[[Any, Any], Any]) -> Callable[[Value, Any], Any]:
    """A method that compares numbers and gives a plain truth value."""

    def method(self: Value, other: Any) -> Any:
        if isinstance(other, Value):
            return compare(self._data, other._data)
        if isinstance(other, (float, int, Real)):
            return compare(self._data, other)
        return NotImplemented

    return method


class Value:
    """A number that remembers how it was computed, so that derivatives can be carried back through it.

    `Value(number)` is a tracked leaf: whatever is computed from it is a node that knows its parents, and `backward()`
    of such a node writes d(node)/d(leaf) into the leaf's `grad`. It computes as the number does, bit for bit, and
    raises what the number would raise.

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

    # `operands` are what the operation was applied to, values and plain numbers: () for a leaf, None for a constant.
    # `derivatives` runs parallel to it, with None for what is not followed (it may stop short of the last of these).
    # Leaves and constants have no derivatives, constants no interval either until they are assigned.
    __slots__ = ("_data", "_grad", "_label", "_operation", "derivatives", "interval", "operands")

    _data: Number
    _grad: Number
    _label: str | None
    _operation: Any  # Operation
    operands: tuple[Any, ...]
    derivatives: Any  # tuple[Number | None, ...], or None for a custom gradient
    interval: Interval

    __array_priority__ = 1000.0  # NumPy's operators give way to these

    def __init__(self, number: Number, label: str | None = None) -> None:
        self._data = leaf_number(number)
        self._label = label
        self.operands = ()
        self.interval = clock.idle or recording.current()

    # -- what it is

    @property
    def data(self) -> Number:
        """The number. It can be set on a leaf; derivatives already recorded stay those of the old number.

        Raises AttributeError on a node that was computed, TypeError for what is not a real number.
        """
        return self._data

    @data.setter
    def data(self, number: Number) -> None:
        if self.operands:
            raise AttributeError(f"the data of {self!r} was computed and cannot be set; make a new Value of the number")
        self._data = leaf_number(number)
        self.interval = recording.begin_interval()

    @property
    def grad(self) -> Number:
        """What `backward()` has added up here, zero to begin with. Set it to 0 before the next pass."""
        try:
            return self._grad
        except AttributeError:
            return self._data * 0 if type(self._data) is not float else 0.0

    @grad.setter
    def grad(self, number: Number) -> None:
        self._grad = as_number(number)

    @property
    def label(self) -> str | None:
        """A name to show in messages and pictures, or None."""
        return getattr(self, "_label", None)

    @label.setter
    def label(self, label: str | None) -> None:
        self._label = label

    @property
    def parents(self) -> tuple[Value, ...]:
        """The values that this one was computed from and passes gradients to; empty for a leaf or a constant."""
        if not self.operands or self.derivatives is None:
            return self.operands or ()
        return tuple(operand for operand, local in zip(self.operands, self.derivatives) if local is not None)

    @property
    def operation(self) -> str | None:
        """The name of the operation that made it, or None for a leaf or a constant."""
        return self._operation.name if self.operands else None

    @property
    def is_tracked(self) -> bool:
        """Whether gradients can flow to it: false for a constant."""
        return self.operands is not None

    def is_followed_in(self, interval: Interval) -> bool:
        """Whether nodes made from it in an interval keep it: it is tracked, or a recording tape watches it."""
        if interval.accessed is not None and type(self) is not Value:
            interval.accessed[self] = None  # type: ignore[index]
        return self.operands is not None or any(tape.watches(self) for tape in interval.tapes)

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
        if self.operands is None:
            raise ValueError(
                f"backward() of {self!r}, which depends on no tracked value: compute it from a Value or a Variable, "
                "outside no_grad() and stop_gradient()"
            )
        backward(self)

    def item(self) -> Number:
        """The plain number, as NumPy and PyTorch call it."""
        return self._data

    def numpy(self) -> Number:
        """The plain number, as TensorFlow calls it."""
        return self._data

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

    # -- functions as methods, so that NumPy's work on arrays of values

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

    def __bool__(self) -> bool:
        return bool(self._data)

    def __int__(self) -> int:
        return int(self._data)

    def __round__(self, ndigits: int | None = None) -> Number:
        return round(self._data, ndigits)

    def __floor__(self) -> int:
        return math.floor(self._data)  # type: ignore[no-any-return]

    def __ceil__(self) -> int:
        return math.ceil(self._data)  # type: ignore[no-any-return]

    def __trunc__(self) -> int:
        return math.trunc(self._data)  # type: ignore[no-any-return]

    def __float__(self) -> float:
        if self.is_followed_in(recording.current()):
            raise TypeError(
                f"float() of {self!r}, which math.sin() and the like call, would lose its gradient in silence; "
                "use scalargrad.sin() and the like, or .data for the number alone"
            )
        return float(self._data)

    # -- how it shows, copies and pickles

    def __repr__(self) -> str:
        label = f", label={self.label!r}" if self.label is not None else ""
        if self.operands is None:
            return f"constant({self._data!r}{label})"
        grad = f", grad={self.grad!r}" if hasattr(self, "_grad") else ""
        return f"Value({self._data!r}{grad}{label})"

    def __format__(self, spec: str) -> str:
        return format(self._data, spec) if spec else str(self)

    def __copy__(self) -> Value:
        twin = new(Value)
        for name in Value.__slots__:
            if hasattr(self, name):
                setattr(twin, name, getattr(self, name))
        return twin

    def __reduce__(self) -> tuple[Any, ...]:
        if not self.operands:
            return restore_leaf, (type(self), *leaf_state(self))
        return restore_last, flatten_graph([self])


def leaf_number(number: Any) -> Number:
    """The number of a leaf: integers and truth values become floats.

    Raises TypeError for anything that is not a real number.
    """
    if type(number) is float:
        return number
    if isinstance(number, Value):
        raise TypeError(f"expected a plain number, got {number!r}; use Variable(value) for a new leaf, or its .data")
    number = as_number(number)
    return float(number) if isinstance(number, int) else number


# ---- Pickling --------------------------------------------------------------------------------------------------------
# A graph is written as a list of rows in topological order, so that no depth is too much for it, and its leaves as
# objects, so that values pickled together still share them. `copy.deepcopy` goes the same way.


def leaf_state(leaf: Value) -> tuple[Any, ...]:
    return leaf._data, leaf.label, getattr(leaf, "_grad", None), leaf.operands is None


def restore_leaf(kind: type[Leaf], data: Number, label: str | None, grad: Number | None, is_constant: bool) -> Leaf:
    leaf = new(kind)
    leaf._data = data
    leaf._label = label
    leaf.operands = None if is_constant else ()  # type: ignore[assignment]
    leaf.interval = recording.current()
    if grad is not None:
        leaf._grad = grad
    return leaf


def flatten_graph(roots: Sequence[Value]) -> tuple[list[Any], list[tuple[Any, ...]], list[int]]:
    """The graph below `roots` as leaves, rows that refer to earlier ones by their index, and the roots' indices."""
    order = topological_order(roots)
    leaves: list[Any] = []
    index: dict[int, int] = {}
    inner = {id(node) for node in order}
    for operand in (*roots, *(operand for node in order for operand in node.operands)):
        if id(operand) not in inner and id(operand) not in index:
            index[id(operand)] = len(leaves)
            leaves.append(operand)
    for node in order:
        index[id(node)] = len(index)
    rows = [
        (
            node._operation,
            node._data,
            [index[id(operand)] for operand in node.operands],
            node.derivatives,
            node.label,
            getattr(node, "_grad", None),
        )
        for node in order
    ]
    return leaves, rows, [index[id(root)] for root in roots]


def restore_graph(leaves: list[Any], rows: list[tuple[Any, ...]], roots: list[int]) -> list[Value]:
    nodes = [*leaves]
    interval = recording.current()
    for operation, data, operands, derivatives, label, grad in rows:
        node = make_node(data, tuple(nodes[i] for i in operands), derivatives, operation, interval)
        if label is not None:
            node._label = label
        if grad is not None:
            node._grad = grad
        nodes.append(node)
    return [nodes[i] for i in roots]


def restore_last(leaves: list[Any], rows: list[tuple[Any, ...]], roots: list[int]) -> Value:
    return restore_graph(leaves, rows, roots)[0]


appliers[Value] = (1, record)
