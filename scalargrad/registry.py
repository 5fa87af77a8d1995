"""What an elementary operation is: an entry in a registry, with a kernel on numbers and rules for its derivatives.

The entries themselves are in `operations`. Here is what turns a kernel and its rules into a function on numbers,
values and vectors, and what finds out what applies it to given operands.
"""

from __future__ import annotations

import operator
import sys
from functools import update_wrapper
from numbers import Real

from .refusals import plural, refuse_list

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any, NoReturn, Protocol, TypeAlias, TypeVar, overload

    from .value import Value
    from .vector import Vector

    Number: TypeAlias = Any  # float, int or another exact real such as Fraction
    Operand: TypeAlias = Any  # a number, a Value, or anything else that an applier is registered for
    Rule: TypeAlias = Callable[..., Operand] | float | None
    Method = TypeVar("Method", bound=Callable[..., Any])
    Scalar = TypeVar("Scalar", float, Value, Vector)
    Vectorlike: TypeAlias = Vector | Sequence[Any]

    class Unary(Protocol):
        operation: Operation

        def __call__(self, x: Scalar, /) -> Scalar: ...

    class Binary(Protocol):
        operation: Operation

        @overload
        def __call__(self, x: float, y: float, /) -> float: ...
        @overload
        def __call__(self, x: Value, y: Value | float, /) -> Value: ...
        @overload
        def __call__(self, x: float, y: Value, /) -> Value: ...
        @overload
        def __call__(self, x: Vectorlike, y: Vectorlike | Value | float, /) -> Vector: ...
        @overload
        def __call__(self, x: Value | float, y: Vectorlike, /) -> Vector: ...

    class Nary(Protocol):
        operation: Operation

        def __call__(self, *operands: Operand) -> Any: ...


RANGE_ERRORS = (ArithmeticError, ValueError)


class Symbol:
    """What stands for a number while a function is traced."""

    __slots__ = ()


class Operation:
    """An elementary operation: `name`, `symbol` (of a Python operator), `kernel` on numbers, one rule for each operand.

    Messages show it by the name that users know, `shown`. `numpy` are the names that functions of NumPy's which compute
    the same go by, if there are any.
    """

    __slots__ = ("kernel", "method", "name", "numpy", "reflected", "rules", "shown", "symbol")

    pull_back: Any = None  # what carries an adjoint back instead of the rules, in the operations of `custom_gradient`

    def __init__(
        self,
        name: str,
        kernel: Callable[..., Number],
        rules: tuple[Rule, ...],
        symbol: str = "",
        numpy: str = "",
        shown: str = "",
    ) -> None:
        self.name = name
        self.shown = shown or name
        self.kernel = kernel
        self.rules = rules
        self.symbol = symbol
        self.numpy = numpy.split()
        # The short cuts of `nodes` for one or two operands, the first of which, or else the second, is a Value.
        self.method: Any = None
        self.reflected: Any = None

    def __repr__(self) -> str:
        return f"<operation {self.name}>"

    def __reduce__(self) -> tuple[Callable[[str], Operation], tuple[str]]:
        return find_operation, (self.name,)

    def __deepcopy__(self, memo: object) -> Operation:
        return self

    def local_derivatives(self, operands: Sequence[Operand], wanted: Sequence[bool]) -> tuple[Operand, ...]:
        """The rules at `operands`, which may be numbers or values; `None` for an operand that is not wanted."""
        return tuple(
            (rule(*operands) if callable(rule) else rule) if wants else None for rule, wants in zip(self.rules, wanted)
        )

    def __call__(self, *operands: Operand) -> Any:
        """Apply the operation to any operands that have an applier: numbers, values, vectors."""
        rank: float = -1
        apply: Any = evaluate
        for operand in operands:
            found = appliers.get(type(operand)) or find_applier(operand)
            if found is None:
                refuse_operand(self.shown, operand)
            if found[0] > rank:
                rank, apply = found
        return apply(self, operands)

    def evaluate(self, numbers: Sequence[Number]) -> Number:
        """The kernel at numbers; what it raises names the operation and its operands."""
        try:
            return self.kernel(*numbers)
        except RANGE_ERRORS as error:
            raise self.error(error, numbers) from None

    def error(self, error: Exception, numbers: Sequence[Number]) -> Exception:
        """The same exception, told with the operation and its operands."""
        message = error.args[-1] if error.args else type(error).__name__
        return type(error)(f"{self.describe(numbers)}: {message}")

    def describe(self, operands: Sequence[Operand]) -> str:
        """The operation as one would write it: `1.0 / 0.0`, `log(0.0)`."""
        shown = [show(operand) for operand in operands[:8]] + ["..."] * (len(operands) > 8)
        if self.symbol and len(shown) == 2:
            return f"{shown[0]} {self.symbol} {shown[1]}"
        return f"{self.shown}({', '.join(shown)})"


def refuse_operand(name: str, operand: object) -> NoReturn:
    raise TypeError(f"{name} takes numbers, Values or Vectors, not {operand!r} ({type(operand).__name__})")


def refuse_scalar(name: str, operand: object) -> NoReturn:
    raise TypeError(f"{name} takes a Vector or a list, not {operand!r} ({type(operand).__name__})")


def show(number: Number) -> str:
    """A number as messages show it."""
    try:
        return repr(number)
    except ValueError:  # Python refuses to write out thousands of digits
        return f"an integer of {int(number).bit_length()} bits"


def iterate(name: str, elements: Any) -> Any:
    """An iterator over the elements. Raises TypeError for what has none, and for a matrix or a masked array."""
    is_array(elements)
    try:
        return iter(elements)
    except TypeError:
        refuse_scalar(name, elements)


class Reduction(Operation):
    """An operation on any number of operands, with one rule that gives all their local derivatives at once."""

    __slots__ = ()

    def local_derivatives(self, operands: Sequence[Operand], wanted: Sequence[bool]) -> tuple[Operand, ...]:
        (rule,) = self.rules
        on_floats = getattr(rule, "on_floats", None)
        found = on_floats(operands) if on_floats and {*map(type, operands)} == {float} else None
        if found is not None:
            derivatives = tuple(found)
        else:
            derivatives = tuple(rule(*operands)) if callable(rule) else (rule,) * len(operands)
        if all(wanted):
            return derivatives
        return tuple(derivative if wants else None for derivative, wants in zip(derivatives, wanted))


registry: dict[str, Operation] = {}
numpy_functions: dict[str, Operation] = {}  # the operations by the names of NumPy's functions


def register(operation: Operation) -> Operation:
    """Let an operation be found by its name, and by those that NumPy has for it."""
    registry[operation.name] = operation
    numpy_functions.update(dict.fromkeys(operation.numpy, operation))
    return operation


def find_operation(name: str) -> Operation:
    """The operation of that name (this is how a pickled graph finds its operations again)."""
    if name not in registry:
        raise ValueError(f"there is no operation {name!r} in this version of scalargrad")
    return registry[name]


def evaluate(operation: Operation, operands: Sequence[Operand]) -> Number:
    """Apply an operation to plain numbers."""
    return operation.evaluate([as_number(operand) for operand in operands])


def apply_unwrapped(operation: Operation, operands: Sequence[Operand]) -> Any:
    """Apply an operation to what NumPy's arrays of no dimension hold."""
    return operation(*[x.item() if getattr(x, "ndim", 1) == 0 else x for x in operands])


def is_array(x: Any) -> bool:
    """Whether something is an array of NumPy's, or one of its scalars.

    Raises TypeError for one of a subclass with operators of its own, such as a matrix or a masked array.
    """
    if not hasattr(x, "__array_interface__"):
        return False
    numpy = sys.modules.get("numpy")  # which may not be there: others offer the interface, too
    if numpy is None or not isinstance(x, (numpy.ndarray, numpy.generic)):
        return False
    kind, array = type(x), numpy.ndarray
    if issubclass(kind, array) and (
        kind.__mul__ is not array.__mul__ or kind.__array_ufunc__ is not array.__array_ufunc__
    ):
        way = "its compressed() or filled()" if hasattr(kind, "compressed") else "numpy.asarray() of it"
        raise TypeError(
            f"expected a plain NumPy array, got a {kind.__name__}, whose operators mean something else than they would "
            f"here; use {way}"
        )
    return True


def is_one_element(x: Any) -> bool:
    """Whether something is an array that holds one element, or one of NumPy's scalars: a number."""
    return is_array(x) and x.size == 1


# What applies an operation to operands of a type, with its rank: among mixed operands the highest rank applies.
# Higher floors register theirs here, so that this one need not know them.
appliers: dict[type, tuple[float, Callable[[Operation, Sequence[Operand]], Any]]] = {
    float: (0, evaluate),
    int: (0, evaluate),
    bool: (0, evaluate),
}
# NumPy's arrays are told by what they offer, since NumPy may not be there: of no dimension, of one, and of more.
array_appliers: dict[int, tuple[float, Callable[[Operation, Sequence[Operand]], Any]]] = {0: (2, apply_unwrapped)}


def find_applier(operand: object) -> tuple[float, Callable[[Operation, Sequence[Operand]], Any]] | None:
    """The applier for an operand of a subclass, of another kind of real number, or of a NumPy array; else `None`."""
    for parent in type(operand).__mro__:
        if parent in appliers:
            return appliers[parent]
    if isinstance(operand, Real):
        return appliers[float]
    if is_array(operand):
        return array_appliers[min(operand.ndim, 2)]  # type: ignore[attr-defined]
    return None


def as_number(x: Any, role: str = "", *names: object) -> Number:
    """`x` as the plain Python number that it is: NumPy's scalars become floats or ints, exact numbers stay.

    An array of one element is that number.

    Raises `TypeError` for anything that is not a real number; `role`, with `names` in its braces, says what it is for.
    """
    if type(x) is float or type(x) is int or isinstance(x, Symbol):
        return x
    if isinstance(x, float):
        return float(x)
    if isinstance(x, int):
        return int(x)
    if is_one_element(x):
        item = x.item()  # of a long double it is a long double
        return float(item) if isinstance(item, type(x)) else as_number(item, role, *names)
    if isinstance(x, Real):
        return x
    if is_array(x):
        refuse_list(x, role.format(*names))
    raise TypeError(f"expected a real number{role.format(*names)}, got {x!r} ({type(x).__name__})")


def as_float(number: int) -> float:
    """An integer as a float. Raises OverflowError if it is too large."""
    try:
        return float(number)
    except OverflowError:
        raise OverflowError(
            f"expected a number that a float can hold, got an integer of {number.bit_length()} bits"
        ) from None


def require_callable(name: str, function: Any) -> Any:
    """The function. Raises TypeError if it cannot be called."""
    if not callable(function):
        raise TypeError(f"{name} takes a function, not {function!r} ({type(function).__name__})")
    return function


def require_flag(name: str, flag: object) -> None:
    """Raise TypeError unless it is a truth value: another argument in its place would pass for one."""
    if not isinstance(flag, bool):
        raise TypeError(f"{name} is True or False, not {flag!r} ({type(flag).__name__})")


def require_number(name: str, x: Any, holds: Callable[[Number], bool], expected: str) -> Number:
    """The plain number. Raises TypeError if it is none, ValueError if it is not what is expected."""
    number = as_number(x, " as {}", name)
    if not holds(number):
        raise ValueError(f"{name} is {expected}, not {x!r}")
    return number


def is_integer(x: Any) -> bool:
    """Whether something is an integer, Python's or NumPy's, and no truth value."""
    if type(x) is int:
        return True
    if isinstance(x, (bool, Symbol)) or not hasattr(type(x), "__index__"):
        return False
    try:
        operator.index(x)
    except TypeError:
        return False
    return True


def require_integer(name: str, x: Any, least: int | None = None) -> int:
    """The plain integer. Raises TypeError unless it is an integer, ValueError if it is less than it may be."""
    if not is_integer(x):
        raise TypeError(f"{name} is an integer, not {x!r} ({type(x).__name__})")
    if least is not None and x < least:
        raise ValueError(f"{name} is {least} or more, not {x}")
    return operator.index(x)


def rounded(number: Number, digits: Any = None) -> Number:
    """A number rounded to so many digits. Raises TypeError if that is no integer."""
    return round(number) if digits is None else round(number, require_integer("the number of digits", digits))


def in_place_of(function: Any, wrapper: Any) -> Any:
    """What stands for a function, under its name and with its docstring."""
    return update_wrapper(wrapper, function, ("__module__", "__name__", "__qualname__", "__doc__"), ())


def named(method: Method, name: str) -> Method:
    """A method under a name that shows in messages and in `help`."""
    method.__name__, method.__qualname__ = name, f"Value.{name}"
    return method


if TYPE_CHECKING:

    @overload
    def operation(
        rule: Rule, /, *, numpy: str | None = None, shown: str = ""
    ) -> Callable[[Callable[[Number], Number]], Unary]: ...
    @overload
    def operation(
        left: Rule, right: Rule, /, *, numpy: str | None = None, shown: str = ""
    ) -> Callable[[Callable[[Number, Number], Number]], Binary]: ...
    @overload
    def operation(
        *rules: Rule, numpy: str | None = None, shown: str = ""
    ) -> Callable[[Callable[..., Number]], Nary]: ...


def operation(*rules: Rule, numpy: str | None = None, shown: str = "") -> Any:
    """Make a kernel, with a rule for each of its operands, into the function on numbers, values and vectors.

    `numpy` is the name of NumPy's function that computes the same, or several names with spaces between them, if it is
    not that of the kernel; `shown` is the name that messages show, likewise.
    """

    def define(kernel: Callable[..., Number]) -> Any:
        name = kernel.__name__
        operation = register(Operation(name, kernel, rules, numpy=name if numpy is None else numpy, shown=shown))

        def of_one(x: Operand, /) -> Any:
            if type(x) is float:
                try:
                    return kernel(x)
                except RANGE_ERRORS as error:
                    raise operation.error(error, (x,)) from None
            if hasattr(x, "_operation") and operation.method:
                return operation.method(x)
            return operation(x)

        def of_several(*operands: Operand) -> Any:
            if len(operands) != len(rules):
                raise TypeError(f"{operation.shown} takes {plural(len(rules), 'operand')}, got {len(operands)}")
            for operand in operands:
                if type(operand) is not float and type(operand) is not int:
                    return operation(*operands)
            return operation.evaluate(operands)

        def of_two(x: Operand, y: Operand, /) -> Any:
            if (type(x) is float or type(x) is int) and (type(y) is float or type(y) is int):
                try:
                    return kernel(x, y)
                except RANGE_ERRORS as error:
                    raise operation.error(error, (x, y)) from None
            result = NotImplemented
            if operation.method:
                if hasattr(x, "_operation"):
                    result = operation.method(x, y)
                elif hasattr(y, "_operation"):
                    result = operation.reflected(y, x)
            return operation(x, y) if result is NotImplemented else result

        function = in_place_of(kernel, of_one if len(rules) == 1 else of_two if len(rules) == 2 else of_several)
        function.operation = operation
        return function

    return define


def reduction(rule: Rule, numpy: str = "") -> Callable[[Callable[..., Number]], Reduction]:
    """Make a kernel of any number of numbers into one operation, with one rule for all its operands."""

    def define(kernel: Callable[..., Number]) -> Reduction:
        operation = Reduction(kernel.__name__.rstrip("_"), kernel, (rule,), numpy=numpy)
        register(operation)
        return operation

    return define


def on_floats(shortcut: Callable[[Sequence[float]], list[float] | None]) -> Callable[[Method], Method]:
    """Give the rule of a reduction a shortcut on plain floats, where a call for each of its operations would be slow.

    The shortcut gives the same to the bit, or None where it does not.
    """

    def define(rule: Method) -> Method:
        rule.on_floats = shortcut  # type: ignore[attr-defined]
        return rule

    return define


def operator_of(symbol: str, kernel: Callable[..., Number], *rules: Rule, numpy: str) -> Operation:
    """The operation behind one of Python's operators."""
    return register(Operation(kernel.__name__.strip("_"), kernel, rules, symbol, numpy))
