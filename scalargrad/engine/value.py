"""`Value`: a number that remembers how it was computed. It is a handle on a row of the record."""

from __future__ import annotations

import math
import operator
from _weakref import ref
from collections import deque
from itertools import chain, repeat

from ..checks import as_float, as_number, named, refuse_float, refuse_index, refuse_list, refuse_ratio, rounded
from ..operations import elementary as operations
from ..operations.elementary import one_like
from ..operations.operation import Rank, appliers, find_applier
from .backprop import Adjoints, carry_back, keep, latest_adjoint
from .contexts import current, open_blocks, refuse_in_trace
from .rows import (
    CONSTANT,
    KEY,
    LABEL,
    LEAF,
    NUMBER,
    OPERATION,
    derivatives_of,
    element_of,
    identity_of,
    inner_values,
    label_of,
    labelled,
    leaves,
    next_serial,
    nothing,
    operands_of,
    operation_of,
    parents_of,
    reassigned,
    row_of,
    rows_below,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from numbers import Real
    from typing import Any, TypeVar

    from ..checks import Number
    from ..operations.operation import Operation
    from .contexts import Interval
    from .rows import Row

    Handle = TypeVar("Handle", bound=Any)
else:
    from numbers import Real

new = object.__new__
drain = deque(maxlen=0).extend  # type: ignore[var-annotated]  # exhausts an iterator, in C


class Element:
    """The methods that NumPy's functions call on the elements of object arrays; `numpy_functions` adds them."""

    __slots__ = ()


# ---- How an operation is recorded ------------------------------------------------------------------------------------


def record(operation: Operation, operands: Sequence[Any]) -> Value:
    """The result of an operation on values and numbers: a new value, or a constant if no operand is followed.

    This is the definition; `fast_path` has faster forms of it.
    """
    interval = current()
    if interval.tracer is not None:
        return interval.tracer.record(operation, operands)  # type: ignore[no-any-return]
    followed = [isinstance(x, Value) and x.is_followed_in(interval) for x in operands]
    rows = [x.row if isinstance(x, Value) else as_number(x) for x in operands]
    numbers = [x[NUMBER] if type(x) is tuple else x for x in rows]
    data = operation.evaluate(numbers)
    if interval.enabled and True in followed:
        derivatives = operation.local_derivatives(numbers, followed)
        if derivatives.count(None) < len(derivatives):
            return recorded(operation, data, rows, derivatives, interval)
    if interval.detector is not None:
        interval.detector.check(operation, numbers, data)
    return make_constant(data)


def recorded(
    operation: Operation,
    data: Number,
    operands: Sequence[Any],
    derivatives: Sequence[Number | None],
    interval: Interval,
) -> Value:
    """The value of an operation on rows and numbers, recorded with its local derivatives."""
    value = new(Value)
    value.row = row_of(operation, data, operands, derivatives, interval.number)
    if interval.detector is not None:
        interval.detector.note(value.row)
    return value


def make_constant(number: Number) -> Value:
    """A constant that cannot be assigned."""
    value = new(Value)
    value.row = (next_serial(), current().number if open_blocks else 0, CONSTANT, number, None, None, None, None)
    return value


def make_leaf(
    value: Handle, number: Any, label: str | None = None, is_tracked: bool = True, shape: tuple[int, ...] | None = None
) -> Handle:
    """The new object `value`, made a leaf or an assignable constant of one number, or of as many as a shape has."""
    key = next_serial()
    operation = LEAF if is_tracked else CONSTANT
    value.row = (key, current().number if open_blocks else 0, operation, number, key, label, shape, None)
    value._grad = None
    leaves[key] = ref(value)
    if len(leaves) > leaves.limit:
        leaves.purge()
    return value


def on_row(row: Row) -> Value:
    """A value for a row: the leaf itself, unless it was assigned since, or a new handle.

    Raises RuntimeError if the number of the row is not known (see `pickling`).
    """
    if row[NUMBER] is None and row[OPERATION] == LEAF:
        raise RuntimeError(
            f"{holder_of(row)!r} was assigned before it was pickled by release 0.1, which did not keep the old number, "
            "so there is no derivative of this derivative; compute it again"
        )
    if row[KEY] is not None and not row[OPERATION]:
        leaf = leaves.find(row[KEY])
        if leaf is not None and leaf.row is row:
            return leaf  # type: ignore[no-any-return]
    value = new(Value)
    value.row = row
    return value


def holder_of(row: Row) -> Value:
    """The one object for a row, as long as it lives; for a leaf the leaf itself, if it is alive."""
    is_leaf = row[KEY] is not None and not row[OPERATION]
    table = leaves if is_leaf else inner_values
    identity = identity_of(row)
    value: Value | None = table.find(identity)
    if value is None:
        value = new(Value)
        value.row = row
        if is_leaf:
            if (place := place_in_leaf(row)) is None:
                value._grad = latest_adjoint(row)
            else:
                whole, i = place
                value._grad = whole
                value.row = element_of(whole.row, i)  # since `whole` may have been assigned
                found = whole.handles.setdefault(i, ref(value))()  # perhaps from another thread
                if found is None:
                    whole.handles.add(i, value)
                else:
                    value = found
        table.add(identity, value)
    return value


def place_in_leaf(row: Row) -> tuple[Any, int] | None:
    """The leaf of many numbers that the row of a leaf is an element of, and its index there; None if none is alive.

    The key of an element lies between the key of the whole and the next one.
    """
    key = row[KEY]
    if type(key) is not float or row[OPERATION]:
        return None
    whole = leaves.find(int(key))
    return None if whole is None else (whole, round(key % 1 * (len(whole.row[NUMBER]) + 1)) - 1)


def element_on(whole: Row, i: int) -> Value:
    """The value of element i of a row of many numbers."""
    row = element_of(whole, i)
    if not row[OPERATION] and row[KEY] is not None:
        leaf = holder_of(row)
        if leaf.row[NUMBER] is row[NUMBER]:
            return leaf
    value = new(Value)  # with the old number, if the leaf was assigned since
    value.row = row
    return value


def settle(value: Value) -> None:
    """Make this the object that `holder_of` finds for its row, unless there is one already."""
    row = value.row
    if (row[OPERATION] or row[KEY] is None) and inner_values.find(identity_of(row)) is None:
        inner_values.add(identity_of(row), value)


def gradient_of(value: Value) -> Any:
    """The gradient that `backward()` left in a value, None if there was no pass."""
    row = value.row
    if row[OPERATION]:
        return latest_adjoint(row)
    if (place := place_in_leaf(row)) is not None:
        whole, i = place
        return None if whole._grad is None else whole._grad[i]
    return getattr(value, "_grad", None)


def topological_order(target: Any) -> list[Value]:
    """The target and the values that it was computed from, each after its parents; leaves are left out.

    Args:
        target: a Value, or a Vector or a list of them.

    Returns:
        A list of Values; empty for a leaf or a constant.

    Raises:
        TypeError: `target` is something else.

    >>> x = Value(2.0)
    >>> topological_order(x * x + x)
    [Value(4.0), Value(6.0)]
    """
    return [holder_of(row) for row in rows_below(rows_in("topological_order", target))]


def rows_in(name: str, target: Any) -> list[Row]:
    """The row of a value, or those of several. Raises TypeError for anything else."""
    targets: list[Any] = [target] if isinstance(target, Value) else [*target] if hasattr(target, "__iter__") else [None]
    for each in targets:
        if not isinstance(each, Value):
            raise TypeError(
                f"{name} takes a Value, or a Vector or list of them, got {target!r} ({type(target).__name__})"
            )
        settle(each)
    return [each.row for each in targets]


# ---- Numbers ---------------------------------------------------------------------------------------------------------


def leaf_number(number: Any) -> Number:
    """The number of a leaf: integers and truth values become floats.

    Raises TypeError for anything that is not a real number.
    """
    if type(number) is float:
        return number
    if isinstance(number, Value):
        raise TypeError(f"expected a plain number, got {number!r}; use Variable(value) for a new leaf, or its .data")
    if isinstance(number, (list, tuple)):
        refuse_list(number, "")
    number = as_number(number)
    return as_float(number) if isinstance(number, int) else number


def number_of(x: Any) -> Number:
    """The number of a value, or its symbol while a function is traced; anything else as it is."""
    if not isinstance(x, Value):
        return x
    if open_blocks and (tracer := current().tracer) is not None:
        return tracer.number_of(x)
    return x.row[NUMBER]


def shown(value: Value, spec: str | None = None) -> str:
    """The number of a value as text."""
    refuse_in_trace("text", value)
    return repr(value.row[NUMBER]) if spec is None else format(value.row[NUMBER], spec)


def assign_at_once(leaves: Sequence[Any], numbers: Iterable[Any], *then: Callable[[], Any]) -> None:
    """Give several leaves their numbers, in one step that no interrupt can split.

    The functions `then`, which are written in C, are called in the same step.
    """
    handles: list[Any] = []
    rows: list[Row] = []
    wholes: dict[int, tuple[Any, list[Number], list[tuple[int, Any]]]] = {}  # with the elements that are assigned
    for leaf, number in zip(leaves, numbers):
        if (place := place_in_leaf(leaf.row)) is not None:
            whole, i = place
            _, some, elements = wholes.setdefault(id(whole), (whole, [*whole.row[NUMBER]], []))
            some[i] = number
            elements.append((i, leaf))
            continue
        handles.append(leaf)
        rows.append(reassigned(leaf.row, number))
        for i, handle in living(leaf):
            handles.append(handle)
            rows.append(with_number(handle.row, number[i]))
    for whole, some, elements in wholes.values():
        handles.append(whole)
        rows.append(reassigned(whole.row, tuple(some)))
        for i, leaf in elements:  # only these: otherwise assigning elements one by one would take quadratic time
            for handle in (leaf, whole.handles.find(i)):
                if handle is not None:
                    handles.append(handle)
                    rows.append(with_number(handle.row, some[i]))
    drain(chain(map(setattr, handles, repeat("row"), rows), map(operator.call, then)))


def living(leaf: Any) -> list[tuple[int, Any]]:
    """The elements of a leaf of many numbers whose objects are alive, with their indices."""
    references = getattr(leaf, "handles", None)
    if not references:
        return []
    found = [(i, handle) for i, reference in references.copy().items() if (handle := reference()) is not None]
    if len(found) < len(references):
        references.purge()
    return found


def with_number(row: Row, number: Number) -> Row:
    """The row of an element of a leaf, with a newly assigned number."""
    return (*row[:NUMBER], number, *row[KEY:])


# ---- Methods ---------------------------------------------------------------------------------------------------------


def of_one(operation: Operation) -> Callable[[Value], Value]:
    """A method for an operation on one value."""

    def method(self: Value) -> Value:
        return record(operation, (self,))

    return named(method, operation.name)


def of_two(operation: Operation, reflected: bool = False) -> Callable[[Value, Value | float | Real], Value]:
    """A method for a binary operator."""

    def method(self: Value, other: Any) -> Any:
        return apply_operator(operation, other, self) if reflected else apply_operator(operation, self, other)

    return named(method, f"r{operation.name}" if reflected else operation.name)


def apply_operator(operation: Operation, left: Any, right: Any) -> Any:
    """The result of a binary operator, or `NotImplemented` if an operand has no applier."""
    for operand in (left, right):
        if type(operand) not in appliers and find_applier(operand) is None:
            if operation.symbol == "*" and type(operand) in (str, bytes, bytearray):  # or Python would ask for an index
                raise TypeError(
                    f"{left!r} * {right!r}: a Value times text; to repeat the text use int() of the Value, to multiply "
                    "the numbers float() of the text"
                )
            return NotImplemented
    return operation(left, right)


def comparison(compare: Callable[[Any, Any], Any]) -> Callable[[Value, Any], Any]:
    """A method that compares numbers and returns a plain truth value."""

    def method(self: Value, other: Any) -> Any:
        x = number_of(self) if open_blocks else self.row[3]
        if isinstance(other, Value):
            return compare(x, number_of(other) if open_blocks else other.row[3])
        return compare(x, other) if isinstance(other, (float, int, Real)) else NotImplemented

    return method


def of_the_number(function: Callable[..., Any]) -> Callable[..., Any]:
    """A method that applies a function to the plain number."""

    def method(self: Value, *args: Any) -> Any:
        return function(number_of(self), *args)

    return method


class Value(Element):
    """A number that remembers how it was computed, so that derivatives can be carried back through it.

    `Value(number)` is a tracked leaf. A value that is computed from it knows its parents, and its `backward()` adds
    d(value)/d(leaf) to the leaf's `grad`. Arithmetic gives the same numbers as plain numbers do, bit for bit, and
    raises the same exceptions. `==` compares numbers, but a Value is a key of its own in a set or a dict:
    `Value(1.0) == 1.0`, and their hashes differ.

    Args:
        number: a float, an int or bool (which become floats), or an exact number such as `fractions.Fraction`.
        label: a name to show in messages and pictures.

    Raises:
        TypeError: `number` is not a real number.

    >>> x = Value(3.0, label="x")
    >>> y = x * x + 2 * x
    >>> y.backward()
    >>> y.data, x.grad
    (15.0, 8.0)
    """

    # `_grad` of a leaf is its gradient. In an element of a variable it is the variable, which has the gradient, and so
    # lives as long as any of its elements. In a target of `backward()` it is the adjoints of that pass. Two handles on
    # one row are one value, so all else that belongs to a computed value belongs to its row (see `holder_of`).
    __slots__ = ("__weakref__", "_grad", "led", "row")

    row: Row
    _grad: Any
    led: Row  # the row of the latest list, in a dot product, that began with this value

    def __init__(self, number: Number, label: str | None = None) -> None:
        make_leaf(self, number if type(number) is float else leaf_number(number), label)

    # -- what it is

    @property
    def data(self) -> Number:
        """The number. It can be set on a leaf; derivatives already recorded stay those of the old number.

        Raises AttributeError for a computed value, TypeError if the new number is not a real number.
        """
        if open_blocks:
            refuse_in_trace("data", self)
        return self.row[3]

    @data.setter
    def data(self, number: Number) -> None:
        refuse_in_trace("assign", self)
        row = self.row
        if row[OPERATION] or row[KEY] is None:
            raise AttributeError(f"the data of {self!r} was computed and cannot be set; make a new Value of the number")
        number = leaf_number(number)
        if type(row[KEY]) is float:
            assign_at_once([self], [number])
        else:
            self.row = reassigned(row, number)

    @property
    def grad(self) -> Number:
        """The gradient that `backward()` has added up here, zero at first. Set it to 0 before the next pass.

        In a computed value it is the gradient of the latest pass alone.
        """
        if open_blocks:
            refuse_in_trace("grad", self)
        found = gradient_of(self)
        if found is None:
            number = self.row[NUMBER]
            return number * 0 if type(number) is not float else 0.0
        return found

    @grad.setter
    def grad(self, number: Number) -> None:
        refuse_in_trace("grad", self)
        number = as_number(number, " as grad (0 clears it)")
        if self.row[OPERATION]:
            self._grad = adjoints = Adjoints({identity_of(self.row): number})
            keep(adjoints)
        elif (place := place_in_leaf(self.row)) is not None:
            whole, i = place
            grads = whole.grads()
            grads[i] = number
            whole._grad = grads
        else:
            self._grad = number

    @property
    def label(self) -> str | None:
        """A name to show in messages and pictures, or None."""
        return label_of(self.row)

    @label.setter
    def label(self, label: str | None) -> None:
        self.row = row = labelled(self.row, label)
        if row[OPERATION] or row[KEY] is None:
            inner_values.add(identity_of(row), self)

    @property
    def operands(self) -> tuple[Any, ...]:
        """The values and plain numbers that the operation was applied to; empty for a leaf or a constant."""
        return tuple([holder_of(x) if type(x) is tuple else x for x in operands_of(self.row)])

    @property
    def derivatives(self) -> tuple[Number | None, ...]:
        """The local derivatives, one for each operand; None if that is not followed, 1 if a pullback replaces them."""
        return derivatives_of(self.row)

    @property
    def parents(self) -> tuple[Value, ...]:
        """The values that this one was computed from and passes gradients to; empty for a leaf or a constant.

        Each stays the same object as long as it lives.
        """
        return tuple([holder_of(row) for row in parents_of(self.row)])

    @property
    def operation(self) -> str | None:
        """The name of the operation that computed it, or None for a leaf or a constant."""
        operation = operation_of(self.row)
        return operation.name if operation is not None else None

    @property
    def is_tracked(self) -> bool:
        """Whether gradients can flow to it; false for a constant."""
        return self.row[OPERATION] is not CONSTANT

    @property
    def is_leaf(self) -> bool:
        """Whether it is tracked and was not computed."""
        return bool(self.row[OPERATION] == LEAF)

    def is_followed_in(self, interval: Interval) -> bool:
        """Whether an interval records what is computed from it: it is tracked, or a recording tape watches it."""
        if interval.accessed and type(self) is not Value:
            for notes in interval.accessed:
                notes[self] = None
        return self.row[OPERATION] is not CONSTANT or any(tape.watches(self) for tape in interval.tapes)

    def backward(self) -> None:
        """Write d(self)/d(value) into the `grad` of every value that it was computed from.

        Leaves add it to the `grad` that they have, so a second pass counts twice. Inner values show the latest pass.

        Raises:
            ValueError: the value is a constant, which depends on nothing.

        >>> x = Value(2.0)
        >>> (x * x).backward()
        >>> x.grad
        4.0
        """
        row = self.row
        if row[OPERATION] is CONSTANT:
            raise ValueError(
                f"backward() of {self!r}, which depends on no tracked value: compute it from a Value or a Variable, "
                "outside no_grad() and stop_gradient()"
            )
        if open_blocks:
            refuse_in_trace("backward()", self)
        number = row[NUMBER]
        adjoints = carry_back([(row, 1.0 if type(number) is float else one_like(number))])
        reached, sums = [], []
        wholes: dict[float, list[Any]] = {}  # leaves of many numbers, with the sums for them
        find = leaves.get
        for key, adjoint in adjoints.items():
            leaf, i = find(key, nothing)(), None
            at = key if leaf is None else leaf.row[KEY]  # differs from `key` where release 0.1 pickled an element
            if type(at) is float and (whole := leaves.find(int(at))) is not None:
                leaf, i = whole, round(at % 1 * (len(whole.row[NUMBER]) + 1)) - 1
                key = int(at)
            if leaf is None or leaf.row[OPERATION] is CONSTANT:
                continue
            if i is None and type(adjoint) is not list:
                before = leaf._grad
                reached.append(leaf)
                sums.append(leaf.grad + adjoint if before is None else before + adjoint)
                continue
            if key not in wholes:
                if i is None and leaf._grad is None and None not in adjoint:
                    wholes[key] = [leaf, [*adjoint]]
                    continue
                wholes[key] = [leaf, leaf.grads()]
            found = wholes[key]
            if i is not None:
                found[1][i] += adjoint
                continue
            try:
                found[1] = [*map(operator.add, found[1], adjoint)]
            except TypeError:  # it has gaps
                found[1] = [x if y is None else x + y for x, y in zip(found[1], adjoint)]
        for whole, grads in wholes.values():
            reached.append(whole)
            sums.append(grads)
        if row[OPERATION]:
            self._grad = adjoints
            keep(adjoints)
        drain(map(setattr, reached, repeat("_grad"), sums))  # in one step that no interrupt can split

    def item(self) -> Number:
        """The plain number, by NumPy's and PyTorch's name; `numpy` is TensorFlow's name for it."""
        refuse_in_trace("item()", self)
        return self.row[NUMBER]

    numpy = item

    # -- Python's operators

    __add__ = of_two(operations.add)
    __radd__ = of_two(operations.add, reflected=True)
    __sub__ = of_two(operations.sub)
    __rsub__ = of_two(operations.sub, reflected=True)
    __mul__ = of_two(operations.mul)
    __rmul__ = of_two(operations.mul, reflected=True)
    __truediv__ = of_two(operations.truediv)
    __rtruediv__ = of_two(operations.truediv, reflected=True)
    __floordiv__ = of_two(operations.floordiv)
    __rfloordiv__ = of_two(operations.floordiv, reflected=True)
    __mod__ = of_two(operations.mod)
    __rmod__ = of_two(operations.mod, reflected=True)
    __pow__ = of_two(operations.power)
    __rpow__ = of_two(operations.power, reflected=True)
    __neg__ = of_one(operations.neg)
    __abs__ = of_one(operations.absolute.operation)

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

    def __hash__(self) -> int:
        return hash(identity_of(self.row))

    # -- functions as methods

    relu = of_one(operations.relu.operation)
    exp = of_one(operations.exp.operation)
    log = of_one(operations.log.operation)
    sqrt = of_one(operations.sqrt.operation)
    sin = of_one(operations.sin.operation)
    cos = of_one(operations.cos.operation)
    tan = of_one(operations.tan.operation)
    tanh = of_one(operations.tanh.operation)
    sigmoid = of_one(operations.sigmoid.operation)

    # -- piecewise constant functions, which lose no gradient as plain numbers

    __bool__ = of_the_number(bool)
    __int__ = of_the_number(int)
    __round__ = of_the_number(rounded)
    __floor__ = of_the_number(math.floor)
    __ceil__ = of_the_number(math.ceil)
    __trunc__ = of_the_number(math.trunc)

    def __index__(self) -> int:
        refuse_in_trace("index", self)
        refuse_index(self)

    def as_integer_ratio(self) -> tuple[int, int]:
        """Raises TypeError: a ratio of integers, which `statistics.mean` asks for, would have no gradient."""
        refuse_ratio(self)

    def __float__(self) -> float:
        refuse_in_trace("float()", self)
        if self.is_followed_in(current()):
            refuse_float(self)
        return float(self.row[NUMBER])

    # -- how it is shown and copied (see `pickling` for deep copies)

    def __repr__(self) -> str:
        label = f", label={self.label!r}" if self.label is not None else ""
        if self.row[OPERATION] is CONSTANT:
            return f"constant({shown(self)}{label})"
        found = gradient_of(self)
        grad = f", grad={found!r}" if found is not None else ""
        return f"Value({shown(self)}{grad}{label})"

    def __format__(self, spec: str) -> str:
        return shown(self, spec) if spec else str(self)

    def __copy__(self) -> Value:
        row = self.row
        if row[OPERATION] or row[KEY] is None:
            twin = new(type(self))
            twin.row = row
            return twin
        twin = make_leaf(new(type(self)), number_of(self), row[LABEL], row[OPERATION] == LEAF)
        twin._grad = gradient_of(self)
        return twin


appliers[Value] = (Rank.VALUE, record)
