"""Every elementary operation, once: its name, its value on numbers, its local derivatives.

An entry is a function on plain numbers, the *kernel*, under a decorator that holds one *rule* for each operand: the
local derivative d(result)/d(operand), as a function of the operands.

    @operation(lambda x: cos(x))
    def sin(x: float) -> float:
        return math.sin(x)

The same rule serves numbers and recorded values, so it only composes operations: it has no branch, no `abs`, no loop.
Whatever must be chosen (a branch for accuracy, a limit at the edge of the domain) lives in a kernel, and what a rule
lacks is an operation with a rule of its own: `tanh' = sech2`. A rule that is a number is a constant derivative, and
`None` says that the result does not depend on that operand smoothly enough to follow it (a count, a condition).

Rules are written in the form that neither cancels nor overflows. Constants in them are integers, so that exact
numbers such as `fractions.Fraction` stay exact.
"""

from __future__ import annotations

import math
import operator
import sys
from functools import reduce
from itertools import accumulate
from numbers import Real

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any, NoReturn, Protocol, TypeAlias, TypeVar, overload

    from .value import Value
    from .vector import Vector

    Number: TypeAlias = Any  # float, int or another exact real such as Fraction
    Operand: TypeAlias = Any  # a number, a Value, or anything else that an applier is registered for
    Rule: TypeAlias = Callable[..., Operand] | int | None
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


_LEAST_NORMAL = sys.float_info.min
_INFINITY = math.inf
_RANGE_ERRORS = (ArithmeticError, ValueError)


class Operation:
    """An elementary operation: `name`, `symbol` (of a Python operator), `kernel` on numbers, one rule an operand."""

    __slots__ = ("kernel", "method", "name", "reflected", "rules", "symbol")

    pull_back: Any = None  # what carries an adjoint back instead of the rules, in the operations of `custom_gradient`

    def __init__(self, name: str, kernel: Callable[..., Number], rules: tuple[Rule, ...], symbol: str = "") -> None:
        self.name = name
        self.kernel = kernel
        self.rules = rules
        self.symbol = symbol
        # The short cuts of `value` for one or two operands, the first of which, or else the second, is a Value.
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
        rank: int = -1
        apply: Any = evaluate
        for operand in operands:
            found = appliers.get(type(operand)) or find_applier(operand)
            if found is None:
                self.refuse(operand)
            if found[0] > rank:
                rank, apply = found
        return apply(self, operands)

    def evaluate(self, numbers: Sequence[Number]) -> Number:
        """The kernel at numbers; what it raises names the operation and its operands."""
        try:
            return self.kernel(*numbers)
        except _RANGE_ERRORS as error:
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
        return f"{self.name}({', '.join(shown)})"

    def refuse(self, operand: object) -> NoReturn:
        raise TypeError(f"{self.name} takes numbers, Values or Vectors, not {operand!r} ({type(operand).__name__})")


def show(number: Number) -> str:
    """A number as messages show it."""
    try:
        return repr(number)
    except ValueError:  # Python refuses to write out thousands of digits
        return f"an integer of {int(number).bit_length()} bits"


class Reduction(Operation):
    """An operation on any number of operands, with one rule that gives all their local derivatives at once."""

    __slots__ = ()

    def local_derivatives(self, operands: Sequence[Operand], wanted: Sequence[bool]) -> tuple[Operand, ...]:
        (rule,) = self.rules
        derivatives = tuple(rule(*operands)) if callable(rule) else (rule,) * len(operands)
        if all(wanted):
            return derivatives
        return tuple(derivative if wants else None for derivative, wants in zip(derivatives, wanted))


registry: dict[str, Operation] = {}


def find_operation(name: str) -> Operation:
    """The operation of that name (this is how a pickled graph finds its operations again)."""
    if name not in registry:
        raise ValueError(f"there is no operation {name!r} in this version of scalargrad")
    return registry[name]


def evaluate(operation: Operation, operands: Sequence[Operand]) -> Number:
    """Apply an operation to plain numbers."""
    return operation.evaluate([as_number(operand) for operand in operands])


# What applies an operation to operands of a type, with its rank: among mixed operands the highest rank applies.
# Higher floors register theirs here, so that this one need not know them.
appliers: dict[type, tuple[int, Callable[[Operation, Sequence[Operand]], Any]]] = {
    float: (0, evaluate),
    int: (0, evaluate),
    bool: (0, evaluate),
}
# NumPy's arrays are told by what they offer, since NumPy may not be there: of no dimension, of one, and of more.
array_appliers: dict[int, tuple[int, Callable[[Operation, Sequence[Operand]], Any]]] = {}


def find_applier(operand: object) -> tuple[int, Callable[[Operation, Sequence[Operand]], Any]] | None:
    """The applier for an operand of a subclass, of another kind of real number, or of a NumPy array; else `None`."""
    for parent in type(operand).__mro__:
        if parent in appliers:
            return appliers[parent]
    if isinstance(operand, Real):
        return appliers[float]
    if hasattr(operand, "__array_interface__"):
        return array_appliers[min(operand.ndim, 2)]  # type: ignore[attr-defined]
    return None


def as_number(x: Any) -> Number:
    """`x` as the plain Python number that it is: NumPy's scalars become floats or ints, exact numbers stay.

    Raises `TypeError` for anything that is not a real number.
    """
    if type(x) is float or type(x) is int:
        return x
    if isinstance(x, float):
        return float(x)
    if isinstance(x, int):
        return int(x)
    if hasattr(x, "__array_interface__") and not getattr(x, "ndim", 0):
        item = x.item()
        return float(item) if isinstance(item, type(x)) else as_number(item)  # a long double is its own item
    if isinstance(x, Real):
        return x
    raise TypeError(f"expected a real number, got {x!r} ({type(x).__name__})")


if TYPE_CHECKING:

    @overload
    def operation(rule: Rule, /) -> Callable[[Callable[[Number], Number]], Unary]: ...
    @overload
    def operation(left: Rule, right: Rule, /) -> Callable[[Callable[[Number, Number], Number]], Binary]: ...
    @overload
    def operation(*rules: Rule) -> Callable[[Callable[..., Number]], Nary]: ...


def operation(*rules: Rule) -> Any:
    """Make a kernel, with a rule for each of its operands, into the function on numbers, values and vectors."""

    def define(kernel: Callable[..., Number]) -> Any:
        operation = Operation(kernel.__name__, kernel, rules)
        register(operation)

        def of_one(x: Operand, /) -> Any:
            if type(x) is float:
                try:
                    return kernel(x)
                except _RANGE_ERRORS as error:
                    raise operation.error(error, (x,)) from None
            if hasattr(x, "_operation") and operation.method:
                return operation.method(x)
            return operation(x)

        def of_several(*operands: Operand) -> Any:
            if len(operands) != len(rules):
                raise TypeError(f"{operation.name} takes {len(rules)} operands, got {len(operands)}")
            for operand in operands:
                if type(operand) is not float and type(operand) is not int:
                    return operation(*operands)
            return operation.evaluate(operands)

        def of_two(x: Operand, y: Operand, /) -> Any:
            if (type(x) is float or type(x) is int) and (type(y) is float or type(y) is int):
                try:
                    return kernel(x, y)
                except _RANGE_ERRORS as error:
                    raise operation.error(error, (x, y)) from None
            result = NotImplemented
            if operation.method:
                if hasattr(x, "_operation"):
                    result = operation.method(x, y)
                elif hasattr(y, "_operation"):
                    result = operation.reflected(y, x)
            return operation(x, y) if result is NotImplemented else result

        function: Any = of_one if len(rules) == 1 else of_two if len(rules) == 2 else of_several
        for name in ("__module__", "__name__", "__qualname__", "__doc__"):
            setattr(function, name, getattr(kernel, name))
        function.__wrapped__ = kernel
        function.operation = operation
        return function

    return define


def reduction(rule: Rule) -> Callable[[Callable[..., Number]], Reduction]:
    """Make a kernel of any number of numbers into one operation, with one rule for all its operands."""

    def define(kernel: Callable[..., Number]) -> Reduction:
        operation = Reduction(kernel.__name__.rstrip("_"), kernel, (rule,))
        register(operation)
        return operation

    return define


def operator_of(symbol: str, kernel: Callable[..., Number], *rules: Rule) -> Operation:
    """The operation behind one of Python's operators."""
    operation = Operation(kernel.__name__.strip("_"), kernel, rules, symbol)
    register(operation)
    return operation


def register(operation: Operation) -> None:
    registry[operation.name] = operation


# ---- Python's operators ----------------------------------------------------------------------------------------------


add = operator_of("+", operator.add, 1, 1)
sub = operator_of("-", operator.sub, 1, -1)
mul = operator_of("*", operator.mul, lambda x, y: y, lambda x, y: x)
truediv = operator_of("/", operator.truediv, lambda x, y: quotient(one_like(x), y), lambda x, y: -over_square(x, y))
floordiv = operator_of("//", operator.floordiv, 0, 0)
mod = operator_of("%", operator.mod, 1, lambda x, y: -(x // y))
neg = operator_of("-", operator.neg, -1)


@operation(0)
def sign(x: Number) -> Number:
    """-1, 0 or 1 as x is negative, zero or positive: the derivative of abs, with 0 at the kink; nan for nan."""
    return x if x != x else (x > 0) - (x < 0)


@operation(sign)
def absolute(x: Number) -> Number:
    """|x|; its derivative is -1 or 1, and 0 at the kink.

    Takes a number, a Value or a Vector and returns the same kind. Exported as `scalargrad.abs`.

    >>> absolute(-2.0)
    2.0
    """
    return abs(x)


@operation(lambda x, y: quotient(one_like(x), y), lambda x, y: -over_square(x, y))
def quotient(x: Number, y: Number) -> Number:
    """x / y as IEEE 754 has it, for use in rules: a zero divisor gives an infinity, or nan for 0 / 0."""
    try:
        return x / y
    except ZeroDivisionError:
        return x * math.copysign(math.inf, y)


@operation(lambda x, y: over_square(one_like(x), y), lambda x, y: -2 * quotient(over_square(x, y), y))
def over_square(x: Number, y: Number) -> Number:
    """x / y**2, without the range that y**2 would need."""
    ratio = quotient(x, y)
    if type(ratio) is float and abs(ratio) < _LEAST_NORMAL and abs(y) < 1:
        # The ratio has lost digits that dividing again would show: carry it 2**600 higher meanwhile.
        return quotient(quotient(x * 2.0**600, y), y) * 2.0**-600
    return quotient(ratio, y)


@operation(
    lambda x, y: times_power(y * (y - 1), x, y - 2),
    lambda x, y: power_log(x, y - 1, 0) + y * power_log(x, y - 1, 1),
)
def power_slope(x: Number, y: Number) -> Number:
    """y x**(y-1): d(x**y)/dx; 0 where y is 0, infinite at x = 0 for 0 < y < 1."""
    if y == 0:
        return 0
    try:
        factor = x ** (y - 1)
    except ZeroDivisionError:
        return y * math.inf
    except OverflowError:
        factor = math.inf
    slope = y * factor
    in_range = _LEAST_NORMAL < factor < _INFINITY or -_INFINITY < factor < -_LEAST_NORMAL
    if type(slope) is not float or (in_range and (type(y) is int or (y % 1 == 0 and abs(y) < 2**53))):
        return slope
    if not math.isfinite(x) or not math.isfinite(y):
        return slope
    # `lost` is what y - 1 rounded away, which a large logarithm would magnify.
    x, y = float(x), float(y)
    if x == 0:
        return slope
    n = y - 1
    lost = (y - (n - (n - y))) - (1 + (n - y))
    correction = 1 + lost * math.log(abs(x))
    if in_range:
        return slope * correction
    try:
        half = abs(x) ** (n / 2)  # two half powers keep the range
    except OverflowError:
        half = math.inf
    side = -1 if x < 0 and n % 2 == 1 else 1
    return side * (y * half * correction) * half


@operation(
    lambda c, x, y: power_log(x, y, 0),
    lambda c, x, y: times_power(c * y, x, y - 1),
    lambda c, x, y: c * power_log(x, y, 1),
)
def times_power(c: Number, x: Number, y: Number) -> Number:
    """c x**y, and 0 where c is 0: so the derivatives of x**2 end in zeros, at x = 0 too."""
    if c == 0:
        return 0
    try:
        return c * x**y
    except (ZeroDivisionError, OverflowError):
        return c * math.inf


@operation(
    lambda x, y, k: y * power_log(x, y - 1, k) + k * power_log(x, y - 1, k - 1),
    lambda x, y, k: power_log(x, y, k + 1),
    None,
)
def power_log(x: Number, y: Number, k: Number) -> Number:
    """x**y log(x)**k, for x >= 0 and whole k: the k-th derivative of x**y by y; nan for x < 0 unless k is 0.

    k = -1 comes up in the rule above times zero, and is zero.
    """
    if k < 0:
        return 0
    try:
        if x == 0 and k:
            return 0.0 if y > 0 else (-math.inf) ** k
        if x < 0 and (k or y % 1):
            return math.nan
        value = x**y
    except ZeroDivisionError:
        return math.inf
    except OverflowError:
        value = math.inf
    if not k:
        return value
    if type(value) is not float:
        return value * natural_log(x) ** k if abs(value) < 2**1000 else math.inf
    if value and _LEAST_NORMAL < abs(value) < math.inf:
        return value * natural_log(x) ** k
    if math.isinf(x):
        return value and math.inf
    half = x ** (y / 2)
    return (half * natural_log(x) ** k) * half


def natural_log(x: Number) -> float:
    """log(x) of exact numbers beyond the range of floats, too."""
    return math.log(x) if type(x) is float else math.log(x.numerator) - math.log(x.denominator)


def pow_(x: Number, y: Number) -> Number:
    result = x**y
    if type(result) is complex:
        raise ValueError("the result would be complex; a fractional power needs a base that is not negative")
    return result


power = operator_of("**", pow_, power_slope, lambda x, y: power_log(x, y, 1))


# ---- Exponentials and logarithms -------------------------------------------------------------------------------------


@operation(lambda x: exp(x))
def exp(x: Number) -> Number:
    """e raised to the power x; exp' = exp.

    Takes a number, a Value or a Vector and returns the same kind. Raises OverflowError past x = 709.78.

    >>> exp(0.0)
    1.0
    """
    return math.exp(x)


@operation(exp)
def expm1(x: Number) -> Number:
    """exp(x) - 1 without the loss of digits near zero; expm1' = exp.

    Takes a number, a Value or a Vector and returns the same kind. Raises OverflowError past x = 709.78.

    >>> expm1(1e-20)
    1e-20
    """
    return math.expm1(x)


@operation(lambda x: quotient(1, x))
def log(x: Number) -> Number:
    """The natural logarithm; log'(x) = 1/x.

    Takes a number, a Value or a Vector and returns the same kind. Raises ValueError for x <= 0.

    >>> log(1.0)
    0.0
    """
    return math.log(x)


@operation(lambda x: quotient(1, 1 + x))
def log1p(x: Number) -> Number:
    """log(1 + x) without the loss of digits near zero; log1p'(x) = 1/(1 + x).

    Takes a number, a Value or a Vector and returns the same kind. Raises ValueError for x <= -1.

    >>> log1p(1e-20)
    1e-20
    """
    return math.log1p(x)


@operation(lambda x: quotient(-rsqrt(x), 2 * x))
def rsqrt(x: Number) -> Number:
    """1/sqrt(x), infinite at 0."""
    return 1 / math.sqrt(x) if x else math.inf


@operation(lambda x: rsqrt(x) / 2)
def sqrt(x: Number) -> Number:
    """The square root; sqrt'(x) = 1/(2 sqrt(x)), which is infinite at 0.

    Takes a number, a Value or a Vector and returns the same kind. Raises ValueError for x < 0.

    >>> sqrt(9.0)
    3.0
    """
    return math.sqrt(x)


# ---- Trigonometric functions and their inverses ----------------------------------------------------------------------


@operation(lambda x: cos(x))
def sin(x: Number) -> Number:
    """The sine of x radians; sin' = cos.

    Takes a number, a Value or a Vector and returns the same kind. Raises ValueError for an infinite x.

    >>> sin(0.0)
    0.0
    """
    return math.sin(x)


@operation(lambda x: -sin(x))
def cos(x: Number) -> Number:
    """The cosine of x radians; cos' = -sin.

    Takes a number, a Value or a Vector and returns the same kind. Raises ValueError for an infinite x.

    >>> cos(0.0)
    1.0
    """
    return math.cos(x)


@operation(lambda x: 1 + tan(x) * tan(x))
def tan(x: Number) -> Number:
    """The tangent of x radians; tan' = 1 + tan**2.

    Takes a number, a Value or a Vector and returns the same kind. Raises ValueError for an infinite x.

    >>> tan(0.0)
    0.0
    """
    return math.tan(x)


@operation(lambda x: rsqrt(1 - x) * rsqrt(1 + x))
def asin(x: Number) -> Number:
    """The arc sine, in radians; asin'(x) = 1/sqrt((1 - x)(1 + x)), infinite at -1 and 1.

    Takes a number, a Value or a Vector and returns the same kind. Raises ValueError outside -1 <= x <= 1.

    >>> asin(0.0)
    0.0
    """
    return math.asin(x)


@operation(lambda x: -rsqrt(1 - x) * rsqrt(1 + x))
def acos(x: Number) -> Number:
    """The arc cosine, in radians; acos'(x) = -1/sqrt((1 - x)(1 + x)), infinite at -1 and 1.

    Takes a number, a Value or a Vector and returns the same kind. Raises ValueError outside -1 <= x <= 1.

    >>> acos(1.0)
    0.0
    """
    return math.acos(x)


@operation(lambda x: -2 * over_square(x, 1 + x * x))
def lorentz(x: Number) -> Number:
    """1/(1 + x**2), by way of (1/x)/x where x**2 is all there is."""
    return 1 / x / x if abs(x) > 1e9 else 1 / (1 + x * x)


@operation(lorentz)
def atan(x: Number) -> Number:
    """The arc tangent, in radians; atan'(x) = 1/(1 + x**2).

    Takes a number, a Value or a Vector and returns the same kind.

    >>> atan(0.0)
    0.0
    """
    return math.atan(x)


# ---- Hyperbolic functions and their inverses -------------------------------------------------------------------------


@operation(lambda x: cosh(x))
def sinh(x: Number) -> Number:
    """The hyperbolic sine; sinh' = cosh.

    Takes a number, a Value or a Vector and returns the same kind. Raises OverflowError past |x| = 710.47.

    >>> sinh(0.0)
    0.0
    """
    return math.sinh(x)


@operation(sinh)
def cosh(x: Number) -> Number:
    """The hyperbolic cosine; cosh' = sinh.

    Takes a number, a Value or a Vector and returns the same kind. Raises OverflowError past |x| = 710.47.

    >>> cosh(0.0)
    1.0
    """
    return math.cosh(x)


@operation(lambda x: -2 * tanh(x) * sech2(x))
def sech2(x: Number) -> Number:
    """1/cosh(x)**2 = 4 e/(1 + e)**2 with e = exp(-2|x|)."""
    e = math.exp(-2 * abs(x))
    return 4 * e / ((1 + e) * (1 + e))


@operation(sech2)
def tanh(x: Number) -> Number:
    """The hyperbolic tangent; tanh' = sech**2, accurate in the tails too.

    Takes a number, a Value or a Vector and returns the same kind.

    >>> tanh(0.0)
    0.0
    """
    return math.tanh(x)


@operation(lambda x: -(x * lorentz(x)) * rhypot(x))
def rhypot(x: Number) -> Number:
    """1/sqrt(1 + x**2), without the range that x**2 would need."""
    return 1 / math.hypot(1, x)


@operation(rhypot)
def asinh(x: Number) -> Number:
    """The inverse hyperbolic sine; asinh'(x) = 1/sqrt(1 + x**2).

    Takes a number, a Value or a Vector and returns the same kind.

    >>> asinh(0.0)
    0.0
    """
    return math.asinh(x)


@operation(lambda x: rsqrt(x - 1) * rsqrt(x + 1))
def acosh(x: Number) -> Number:
    """The inverse hyperbolic cosine; acosh'(x) = 1/sqrt((x - 1)(x + 1)), infinite at 1.

    Takes a number, a Value or a Vector and returns the same kind. Raises ValueError for x < 1.

    >>> acosh(1.0)
    0.0
    """
    return math.acosh(x)


@operation(lambda x: quotient(1, (1 - x) * (1 + x)))
def atanh(x: Number) -> Number:
    """The inverse hyperbolic tangent; atanh'(x) = 1/((1 - x)(1 + x)).

    Takes a number, a Value or a Vector and returns the same kind. Raises ValueError outside -1 < x < 1.

    >>> atanh(0.0)
    0.0
    """
    return math.atanh(x)


# ---- Activations -----------------------------------------------------------------------------------------------------


@operation(0)
def step(x: Number) -> Number:
    """1 where x is positive, else 0; nan for nan."""
    return x if x != x else int(x > 0)


@operation(step)
def relu(x: Number) -> Number:
    """x where it is positive, else 0 (nan stays nan); relu' is 1 or 0, and 0 at the kink.

    Takes a number, a Value or a Vector and returns the same kind.

    >>> relu(-2.0), relu(3.0)
    (0.0, 3.0)
    """
    return x if x > 0 or x != x else type(x)(0)


@operation(lambda x: sigmoid(x) * sigmoid(-x))
def sigmoid(x: Number) -> Number:
    """1/(1 + exp(-x)); sigmoid'(x) = sigmoid(x) sigmoid(-x), accurate in the tails too.

    Takes a number, a Value or a Vector and returns the same kind.

    >>> sigmoid(0.0)
    0.5
    """
    e = math.exp(-abs(x))
    return (e if x < 0 else 1) / (1 + e)


@operation(sigmoid)
def softplus(x: Number) -> Number:
    """log(1 + exp(x)), for any x; softplus' = sigmoid.

    Takes a number, a Value or a Vector and returns the same kind.

    >>> softplus(1000.0)
    1000.0
    """
    return (x if x > 0 else 0) + math.log1p(math.exp(-abs(x)))


@operation(lambda x: sigmoid(-x))
def log_sigmoid(x: Number) -> Number:
    """log(sigmoid(x)), for any x; log_sigmoid'(x) = sigmoid(-x).

    Takes a number, a Value or a Vector and returns the same kind.

    >>> log_sigmoid(-1000.0)
    -1000.0
    """
    return (x if x < 0 else 0) - math.log1p(math.exp(-abs(x)))


# ---- Choices ---------------------------------------------------------------------------------------------------------


@operation(lambda x, y: chosen(x, y), lambda x, y: chosen(y, x))
def maximum(x: Number, y: Number, /) -> Number:
    """The larger of x and y (nan if either is nan); at a tie each gets half of the gradient.

    Takes numbers, Values or Vectors and returns a number, a Value or a Vector.

    >>> maximum(1, 2)
    2
    """
    return y if y > x or y != y else x


@operation(lambda x, y: chosen(y, x), lambda x, y: chosen(x, y))
def minimum(x: Number, y: Number, /) -> Number:
    """The smaller of x and y (nan if either is nan); at a tie each gets half of the gradient.

    Takes numbers, Values or Vectors and returns a number, a Value or a Vector.

    >>> minimum(1, 2)
    1
    """
    return y if y < x or y != y else x


@operation(0, 0)
def chosen(x: Number, y: Number) -> Number:
    """How much of maximum(x, y) is x: 1, 0, or one half at a tie; nan if either is."""
    if x != x or y != y:
        return math.nan
    return one_like(x) / 2 if x == y else int(x > y)


@operation(
    lambda x, low, high: clip_share(x, low, high, 0),
    lambda x, low, high: clip_share(x, low, high, 1),
    lambda x, low, high: clip_share(x, low, high, 2),
)
def clip(x: Number, low: Number, high: Number, /) -> Number:
    """x held between low and high; where several of the three are the result, they share the gradient equally.

    Takes numbers, Values or Vectors and returns a number, a Value or a Vector. Raises ValueError if low > high.

    >>> clip(5.0, 0.0, 1.0)
    1.0
    """
    if low > high:
        raise ValueError("the lower bound is above the upper one")
    return low if x < low else high if x > high else x


@operation(0, 0, 0, None)
def clip_share(x: Number, low: Number, high: Number, index: int) -> Number:
    """How much of clip(x, low, high) is the operand at `index`: nothing, or an equal part with the others it ties."""
    operands = (x, low, high)
    result = low if x < low else high if x > high else x
    return one_like(operands[index]) / operands.count(result) if operands[index] == result else 0


@operation(None, lambda condition, x, y: where(condition, 1, 0), lambda condition, x, y: where(condition, 0, 1))
def where(condition: object, x: Number, y: Number, /) -> Number:
    """x if the condition holds, else y; the gradient goes to the one that was taken.

    The condition is a truth value or, with Vectors, a list of them. Returns a number, a Value or a Vector.

    >>> where(True, 1.0, 2.0)
    1.0
    """
    return x if condition else y


@operation(None)
def one_like(x: Number) -> Number:
    """1 in the type of x."""
    return 1.0 if type(x) is float else type(x)(1)


# ---- Reductions: one node of many operands ---------------------------------------------------------------------------


def left_to_right(numbers: Sequence[Number]) -> Number:
    return reduce(operator.add, numbers, 0)


# The builtin is twice as fast, and compensates, which would be another number, only from Python 3.12 on.
left_sum: Callable[[Any], Number] = sum if sys.version_info < (3, 12) else left_to_right


@reduction(1)
def sum_(*xs: Number) -> Number:
    """The sum, from left to right."""
    return left_sum(xs)


@reduction(lambda *xs: [quotient(one_like(x), len(xs)) for x in xs])
def mean(*xs: Number) -> Number:
    """The sum, from left to right, over the number of operands."""
    return left_sum(xs) / len(xs)


@reduction(lambda *xs: (*xs[len(xs) // 2 :], *xs[: len(xs) // 2]))
def dot(*xs: Number) -> Number:
    """The sum, from left to right, of the products of the first half of the operands with the second."""
    half = len(xs) // 2
    return left_sum(map(operator.mul, xs, xs[half:]))


def products_of_others(*xs: Operand) -> list[Operand]:
    """For each operand the product of all others, without a division."""
    before = accumulate(xs[:-1], operator.mul, initial=1)
    after = [*accumulate(xs[:0:-1], operator.mul, initial=1)]
    return [left * right for left, right in zip(before, reversed(after))]


@reduction(products_of_others)
def prod(*xs: Number) -> Number:
    """The product, from left to right."""
    return reduce(operator.mul, xs, 1)


def directions(*xs: Operand) -> list[Operand]:
    scale = lift(*xs)
    lifted = [x * scale for x in xs]
    length = norm(*lifted)
    return [direction(x, length) for x in lifted]


@reduction(None)
def lift(*xs: Number) -> Number:
    """What to multiply all of xs by so that their length keeps its digits: 1 but at the ends of the range."""
    largest = max(map(abs, xs))
    return 2.0**600 if 0 < largest < 2.0**-900 else 2.0**-600 if largest > 2.0**900 else 1


@reduction(directions)
def norm(*xs: Number) -> Number:
    """The Euclidean length, as math.hypot has it: neither overflow nor underflow on the way."""
    return math.hypot(*xs)


@operation(lambda x, length: quotient(1, length), lambda x, length: -over_square(x, length))
def direction(x: Number, length: Number) -> Number:
    """x / length, and 0 for the zero vector, which is in the subdifferential of its length."""
    return x / length if length else 0


def tied_shares(extreme: Callable[..., Operand], xs: Sequence[Operand]) -> list[Operand]:
    result = extreme(*xs)
    count = ties(result, *xs)
    return [tied(x, result, count) for x in xs]


@reduction(lambda *xs: tied_shares(peak, xs))
def max_(*xs: Number) -> Number:
    """The largest; operands that tie share the gradient equally."""
    return max(xs)


@reduction(lambda *xs: tied_shares(trough, xs))
def min_(*xs: Number) -> Number:
    """The smallest; operands that tie share the gradient equally."""
    return min(xs)


@reduction(None)
def peak(*xs: Number) -> Number:
    return max(xs)


@reduction(None)
def trough(*xs: Number) -> Number:
    return min(xs)


@reduction(None)
def ties(result: Number, *xs: Number) -> Number:
    return sum(x == result for x in xs)


@operation(0, 0, None)
def tied(x: Number, result: Number, count: Number) -> Number:
    """The part of an extreme value that is x, one of `count` operands that may equal it."""
    return one_like(x) / count if x == result else 0


def softmax_shares(*xs: Operand) -> list[Operand]:
    """exp(x) over the sum of all exp(x), one node each on one shared sum of exponentials."""
    top = peak(*xs)
    total = sum_exp(top, *xs)
    return [exp_share(x, top, total) for x in xs]


@reduction(softmax_shares)
def logsumexp(*xs: Number) -> Number:
    """log of the sum of exp(x), for any x."""
    top = max(xs)
    if math.isinf(top) or any(x != x for x in xs):
        return math.nan if any(x != x for x in xs) else top
    rest = list(xs)
    rest.remove(top)
    return top + math.log1p(math.fsum(math.exp(x - top) for x in rest))


@reduction(lambda top, *xs: (None, *(exp_share(x, top, 1) for x in xs)))
def sum_exp(top: Number, *xs: Number) -> Number:
    """The sum of exp(x - top), where what is made of it does not depend on top."""
    return math.fsum(exp_share.operation.kernel(x, top, 1) for x in xs)


@operation(
    lambda x, top, total: exp_share(x, top, total),
    None,
    lambda x, top, total: quotient(-exp_share(x, top, total), total),
)
def exp_share(x: Number, top: Number, total: Number) -> Number:
    """exp(x - top)/total; what x - top rounds away is put back, since exp would magnify it."""
    gap = x - top
    if math.isinf(gap):
        return math.exp(gap) / total
    back = gap - x
    lost = (x - (gap - back)) - (top + back)
    return math.exp(gap) * (1 + lost) / total
