"""Fast forms of `record` for the usual case: values and plain numbers, with no block open.

This file can be deleted: everything works without it, about three times more slowly (`benchmarks/rows.py`, row "without
the fast path"). It writes a method for each operation of one or two operands. The source of a method spells out an
operator, and a rule that is just an operand, a number or the result. It calls other kernels and rules, which in turn
call the kernels of operations and not the operations. All other cases go to `record`.
"""

from __future__ import annotations

from types import FunctionType

from ..checks import RANGE_ERRORS, named
from ..operations import operation as operations
from ..operations.operation import Reduction
from . import contexts
from .contexts import AMBIENT, clock, open_blocks
from .rows import next_serial
from .value import Value, apply_operator, new, record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from ..operations.operation import Operation

OF_ONE = """
def method(self):
    left = self.row
    if open_blocks:
        interval = plain_interval(self, self)
        if interval is None:
            return record(operation, (self,))
    else:
        interval = 0
    x = left[3]
    try:
        z = {kernel}
    except RANGE_ERRORS as error:
        raise operation.error(error, (x,)) from None
    value = new(Value)
    if left[2] is None:
        value.row = (next_serial(), interval, None, z, None, None, None, None)
    else:
        value.row = (next_serial(), interval, name, z, left, None, {d_left}, None)
    return value
"""

OF_TWO = """
def method(self, other):
    if open_blocks:
        interval = plain_interval(self, other)
        if interval is None:
            return in_block(operation, self, other)
    else:
        interval = 0
    left = self.row
    x = left[3]
    kind = type(other)
    if kind is Value or (kind is not float and isinstance(other, Value)):
        right = other.row
        y = right[3]
        try:
            z = {kernel}
        except RANGE_ERRORS as error:
            raise operation.error(error, (x, y)) from None
        value = new(Value)
        if left[2] is None:
            if right[2] is None:
                value.row = (next_serial(), interval, None, z, None, None, None, None)
            else:
                value.row = (next_serial(), interval, name, z, left, right, None, {d_right})
        elif right[2] is None:
            value.row = (next_serial(), interval, name, z, left, right, {d_left}, None)
        else:
            value.row = (next_serial(), interval, name, z, left, right, {d_left}, {d_right})
        return value
    if kind is float or kind is int:
        y = other
        try:
            z = {kernel}
        except RANGE_ERRORS as error:
            raise operation.error(error, (x, y)) from None
        value = new(Value)
        if left[2] is None:
            value.row = (next_serial(), interval, None, z, None, None, None, None)
        else:
            value.row = (next_serial(), interval, name, z, left, y, {d_left}, None)
        return value
    return apply_operator(operation, self, other)
"""

REFLECTED = """
def method(self, other):
    right = self.row
    kind = type(other)
    if open_blocks:
        interval = plain_interval(self, other)
        if interval is None:
            return in_block(operation, other, self)
    else:
        interval = 0
    if not (kind is float or kind is int):
        return apply_operator(operation, other, self)
    x = other
    y = right[3]
    try:
        z = {kernel}
    except RANGE_ERRORS as error:
        raise operation.error(error, (x, y)) from None
    value = new(Value)
    if right[2] is None:
        value.row = (next_serial(), interval, None, z, None, None, None, None)
    else:
        value.row = (next_serial(), interval, name, z, x, right, None, {d_right})
    return value
"""


def method_of(operation: Operation, template: str, name: str) -> Any:
    """A method for an operation: a template, filled in with its kernel and its rules."""
    operands = ("x", "y")[: len(operation.rules)]
    scope = {
        "Value": Value,
        "RANGE_ERRORS": RANGE_ERRORS,
        "apply_operator": apply_operator,
        "in_block": in_block,
        "kernel": on_numbers(operation.kernel),
        "name": operation.name,
        "new": new,
        "next_serial": next_serial,
        "open_blocks": open_blocks,
        "operation": operation,
        "plain_interval": plain_interval,
        "record": record,
    }
    kernel = f"kernel({', '.join(operands)})"
    if operation.symbol and operation.symbol != "**":
        kernel = f"x {operation.symbol} y" if len(operands) == 2 else f"{operation.symbol}x"
    rules = []
    for rule, place in zip(operation.rules, ("left_rule", "right_rule")):
        text, scope[place] = written(rule, operation, operands, place)
        rules.append(text)
    source = template.format(kernel=kernel, d_left=rules[0], d_right=rules[-1])
    exec(compile(source, f"<scalargrad fast path of {name}>", "exec"), scope)
    return named(scope["method"], name)


def written(rule: Any, operation: Operation, operands: tuple[str, ...], name: str) -> tuple[str, Any]:
    """The text of a rule in a method (a number, an operand, the result z, or a call), and the function to call."""
    if not callable(rule):
        return repr(rule), None
    call = f"{name}({', '.join(operands)})"
    if hasattr(rule, "operation"):
        return "z" if rule.operation is operation else call, on_numbers(rule.operation.kernel)
    try:
        found = FunctionType(rule.__code__, namespace(rule, symbols, as_symbol), None, None, rule.__closure__)(
            *operands
        )
    except TypeError:
        return call, on_numbers(rule)
    if found in operands:
        return found, None
    if isinstance(found, tuple) and found[1:] == operands:
        return "z" if found[0] is operation else call, on_numbers(found[0].kernel)
    return call, on_numbers(rule)


def as_symbol(operation: Operation) -> Callable[..., tuple[Any, ...]]:
    """A stand-in for an operation: a call returns the operation and the operands that a rule applies it to."""
    return lambda *operands: (operation, *operands)


def on_numbers(function: Any) -> Any:
    """A kernel or a rule as a function of plain numbers only, which calls kernels in place of operations."""
    if not isinstance(function, FunctionType):
        return function
    found = FunctionType(
        function.__code__,
        namespace(function, kernels, as_kernel),
        function.__name__,
        function.__defaults__,
        function.__closure__,
    )
    found.__kwdefaults__ = function.__kwdefaults__
    return found


def as_kernel(operation: Operation) -> Any:
    """The kernel of an operation, for plain numbers only. It has the operation as an attribute, which kernels use."""
    found = on_numbers(operation.kernel)
    vars(found)["operation"] = operation
    return found


def namespace(function: Any, known: dict[int, dict[str, Any]], stand_in: Callable[[Operation], Any]) -> dict[str, Any]:
    """The globals of a function, with stand-ins for operations."""
    its_own = function.__globals__
    if id(its_own) not in known:
        found = known[id(its_own)] = {**its_own}
        for name, thing in its_own.items():
            operation = getattr(thing, "operation", None)
            if operation is not None and isinstance(thing, FunctionType):
                found[name] = stand_in(operation)
    return known[id(its_own)]


kernels: dict[int, dict[str, Any]] = {}
symbols: dict[int, dict[str, Any]] = {}


def plain_interval(x: Value, y: Any) -> int | None:
    """The number of the running interval, while a block is open somewhere; None if the interval is not plain."""
    scope = context_scope()
    interval = scope.interval
    if interval is not AMBIENT and (interval.moment is not clock.moment or not interval.is_open()):
        interval = scope.renew()
    if interval.accessed and not (type(x) is Value and (type(y) is Value or type(y) is float)):
        for notes in interval.accessed:
            if type(x) is not Value:
                notes[x] = None
            if type(y) is not Value and isinstance(y, Value):
                notes[y] = None
    return interval.number if interval.plain else None


def in_block(operation: Operation, left: Any, right: Any) -> Any:
    """The result of a binary operator in an interval that is not plain, with a fast form within `no_grad`."""
    interval = context_scope().interval
    if not interval.enabled and interval.detector is None and interval.tracer is None:
        x = left.row[3] if isinstance(left, Value) else left
        y = right.row[3] if isinstance(right, Value) else right
        if (type(x) is float or type(x) is int) and (type(y) is float or type(y) is int):
            value = new(Value)
            value.row = (next_serial(), interval.number, None, operation.evaluate((x, y)), None, None, None, None)
            return value
    return apply_operator(operation, left, right)


context_scope = contexts.context.get


def has_forms(operation: Operation) -> bool:
    """Whether an operation gets fast forms: it has one or two operands, and a rule for each."""
    return not isinstance(operation, Reduction) and None not in operation.rules and len(operation.rules) in (1, 2)


def forms_of(operation: Operation) -> tuple[Any, Any]:
    """The fast forms of an operation: with a value as the first operand, and with a value as the second."""
    if len(operation.rules) == 1:
        return method_of(operation, OF_ONE, operation.name), None
    return method_of(operation, OF_TWO, operation.name), method_of(operation, REFLECTED, operation.name)


def at_first_use(operation: Operation, reflected: bool) -> Callable[..., Any]:
    """A method that puts the fast forms in place when it is first called; to write them all would slow the import."""

    def method(*operands: Any) -> Any:
        put_in_place(operation, *forms_of(operation))
        return (operation.reflected if reflected else operation.method)(*operands)

    return named(method, operation.name)


def put_in_place(operation: Operation, method: Any, reflected: Any) -> None:
    """Give an operation its fast forms, and Value its methods for that operation."""
    operation.method, operation.reflected = method, reflected
    if operation.name in VALUE_NAMES:
        setattr(Value, VALUE_NAMES[operation.name], method)
        if operation.symbol and reflected is not None:
            setattr(Value, f"__r{operation.name}__", reflected)


# The names of operations as methods of Value.
VALUE_NAMES = {
    **{name: f"__{name}__" for name in ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "neg")},
    **{name: name for name in ("relu", "exp", "log", "sqrt", "sin", "cos", "tan", "tanh", "sigmoid")},
    "absolute": "__abs__",
}


operations.handle = Value
for each in operations.registry.values():
    if has_forms(each):
        put_in_place(each, at_first_use(each, False), at_first_use(each, True) if len(each.rules) == 2 else None)
