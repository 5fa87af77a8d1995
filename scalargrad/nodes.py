"""Nodes: how an operation on values is recorded, by one function for all and by a short cut for most."""

from __future__ import annotations

from numbers import Real

from . import recording
from .recording import clock, open_blocks
from .refusals import refuse_list
from .registry import Reduction, appliers, as_float, as_number, find_applier, named, registry

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from .recording import Interval
    from .registry import Number, Operation
    from .value import Value

new = object.__new__
context_scope = recording.context.get


class Element:
    """What NumPy's functions ask of the elements of arrays of objects: methods that `arrays` adds."""

    __slots__ = ()


def class_of_nodes(kind: type[Value]) -> type[Value]:
    """Make a class that of all nodes, and let operations apply to it by what is made here.

    A decorator: the class stands on the floor above, which this one cannot import.
    """
    globals()["Value"] = kind
    appliers[kind] = (1, record)
    for operation in registry.values():  # functions of one or two operands take the hot path, too
        if len(operation.rules) == 1 and operation.rules[0] is not None and not isinstance(operation, Reduction):
            operation.method = unary_operator(operation)
        elif len(operation.rules) == 2 and None not in operation.rules:
            operation.method, operation.reflected = binary_operator(operation), reflected_operator(operation)
    return kind


def record(operation: Operation, operands: Sequence[Any]) -> Value:
    """Apply an operation to values and numbers: a node, or a constant where nothing is there to follow."""
    interval = recording.current()  # before the operands' numbers, see `assign_leaf`
    if interval.tracer is not None:
        return interval.tracer.record(operation, operands)
    numbers = [x._data if isinstance(x, Value) else as_number(x) for x in operands]
    data = operation.evaluate(numbers)
    if interval.enabled:
        wanted = [isinstance(x, Value) and x.is_followed_in(interval) for x in operands]
        if True in wanted:
            derivatives = operation.local_derivatives(numbers, wanted)
            if derivatives.count(None) < len(derivatives):
                operands = [x if isinstance(x, Value) else number for x, number in zip(operands, numbers)]
                return make_node(data, operands, derivatives, operation, interval)
    if interval.detector is not None:
        interval.detector.check(operation, numbers, data)
    return untracked(data)


def make_node(
    data: Number,
    operands: Sequence[Any],
    derivatives: Sequence[Number | None],
    operation: Operation,
    interval: Interval,
) -> Value:
    """A node of an operation on values and numbers; two operands have slots of their own (see `Value`)."""
    node = new(Value)
    node._data = data
    if len(operands) == 2 and operation.pull_back is None:
        node.left, node.right = operands
        node.d_left, node.d_right = derivatives if len(derivatives) == 2 else (*derivatives, None)
    else:
        node.left = tuple(operands)
        node.d_left = tuple(derivatives)
        node.right = node.d_right = None
    node._operation = operation
    node.interval = interval
    if interval.detector is not None:
        interval.detector.note(node)
    return node


def untracked(number: Number) -> Value:
    """A constant."""
    value = new(Value)
    value._data = number
    value._operation = None
    return value


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
    """The number of a value, or what stands for it while a function is traced; anything else as it is."""
    return x if not isinstance(x, Value) else recording.number_in_trace(x) if open_blocks else x._data


def comparison(compare: Callable[[Any, Any], Any]) -> Callable[[Value, Any], Any]:
    """A method that compares numbers and gives a plain truth value."""

    def method(self: Value, other: Any) -> Any:
        x = number_of(self) if open_blocks else self._data
        if isinstance(other, Value):
            return compare(x, number_of(other) if open_blocks else other._data)
        return compare(x, other) if isinstance(other, (float, int, Real)) else NotImplemented

    return method


def of_the_number(function: Callable[..., Any]) -> Callable[..., Any]:
    """A method that gives what a function gives of the plain number."""

    def method(self: Value, *args: Any) -> Any:
        return function(number_of(self), *args)

    return method


# ---- The hot path ----------------------------------------------------------------------------------------------------
# `record`, written out for what most programs mostly do: tracked values and plain numbers, no tape open anywhere. It
# makes a node four times as fast as `record` does (`benchmarks`, row "through record"). Whatever is not so goes there.


def on_numbers(rule: Any) -> Any:
    """A rule as a function of plain numbers, if it is one: of one that is an operation itself, the kernel."""
    if not callable(rule):
        return None
    return rule.operation.kernel if hasattr(rule, "operation") else rule


def unary_operator(operation: Operation) -> Callable[[Value], Value]:
    """A method for an operation on one value."""
    kernel = operation.kernel
    (constant,) = operation.rules
    rule = on_numbers(constant)

    def method(self: Value) -> Value:
        interval = plain_interval(self, self) if open_blocks else clock.ambient
        if interval is None or self._operation is None:
            return record(operation, (self,))
        x = self._data
        node = new(Value)
        try:
            node._data = kernel(x)
        except (ArithmeticError, ValueError) as error:
            raise operation.error(error, (x,)) from None
        node.left = self
        node.d_left = rule(x) if rule else constant
        node.right = node.d_right = None
        node._operation = operation
        node.interval = interval
        return node

    return named(method, operation.name)


def binary_operator(operation: Operation) -> Callable[[Value, Any], Any]:
    """A method for a binary operator with the value on its left."""
    kernel = operation.kernel
    left_constant, right_constant = operation.rules
    left_rule, right_rule = map(on_numbers, operation.rules)

    def method(self: Value, other: Any) -> Any:
        interval = plain_interval(self, other) if open_blocks else clock.ambient
        kind = type(other)
        if interval is None:
            return general_operator(operation, self, other)
        x = self._data
        if kind is float or kind is int:
            y = other
            other_is_constant = True
        elif isinstance(other, Value):
            y = other._data
            other_is_constant = other._operation is None
        else:
            return general_operator(operation, self, other)
        node = new(Value)
        try:
            node._data = kernel(x, y)
        except (ArithmeticError, ValueError) as error:
            raise operation.error(error, (x, y)) from None
        if self._operation is not None:
            node.d_left = left_rule(x, y) if left_rule else left_constant
        elif not other_is_constant:
            node.d_left = None
        else:
            node._operation = None
            return node
        if other_is_constant:
            node.d_right = None
        else:
            node.d_right = right_rule(x, y) if right_rule else right_constant
        node.left = self
        node.right = other
        node._operation = operation
        node.interval = interval
        return node

    return named(method, operation.name)


def reflected_operator(operation: Operation) -> Callable[[Value, Any], Any]:
    """A method for a binary operator with the value on its right and a number, or something else, on its left."""
    kernel = operation.kernel
    constant = operation.rules[1]
    rule = on_numbers(constant)

    def method(self: Value, other: Any) -> Any:
        interval = plain_interval(self, other) if open_blocks else clock.ambient
        kind = type(other)
        if interval is None or not (kind is float or kind is int):
            return general_operator(operation, other, self)
        y = self._data
        node = new(Value)
        try:
            node._data = kernel(other, y)
        except (ArithmeticError, ValueError) as error:
            raise operation.error(error, (other, y)) from None
        if self._operation is None:
            node._operation = None
            return node
        node.left = other
        node.d_left = None
        node.right = self
        node.d_right = rule(other, y) if rule else constant
        node._operation = operation
        node.interval = interval
        return node

    return named(method, operation.name)


def plain_interval(x: Value, y: Any) -> Interval | None:
    """The running interval while a tape or a pause is open somewhere, if it leaves the hot path as it is."""
    scope = context_scope()
    interval = scope.interval
    if interval.serial != clock.ambient.serial or not interval.is_open():
        interval = scope.renew()
    if interval.accessed is not None:
        if type(x) is not Value:
            interval.accessed[x] = None  # type: ignore[index]
        if type(y) is not float and type(y) is not Value and isinstance(y, Value):
            interval.accessed[y] = None  # type: ignore[index]
    return interval if interval.plain else None


# ---- The end of the hot path -----------------------------------------------------------------------------------------


def general_operator(operation: Operation, left: Any, right: Any) -> Any:
    """What a binary operator gives in general: whatever applies to both operands, or `NotImplemented`."""
    interval = recording.current()
    if not interval.enabled and interval.detector is None and interval.tracer is None:
        # Nothing is recorded and nobody looks on (`no_grad`): numbers alone, in half the time that all else takes.
        x = left._data if type(left) is Value else left
        y = right._data if type(right) is Value else right
        if (type(x) is float or type(x) is int) and (type(y) is float or type(y) is int):
            return untracked(operation.evaluate((x, y)))
    for operand in (left, right):
        if type(operand) not in appliers and find_applier(operand) is None:
            if operation.symbol == "*" and type(operand) in (str, bytes, bytearray):  # or else Python asks for an index
                raise TypeError(
                    f"{left!r} * {right!r}: a Value times text; to repeat the text use int() of the Value, to multiply "
                    "the numbers float() of the text"
                )
            return NotImplemented
    return operation(left, right)
