"""Every elementary operation, once: its name, its value on numbers, its local derivatives.

Each function here takes a number, a Value, a Vector or a Matrix and returns the same kind; a list counts as a Vector,
and a list of rows as a Matrix. Operands may be of several kinds: a scalar is used with each element of a Vector.

An entry is a function on plain numbers, the *kernel*, under a decorator that holds one *rule* for each operand: the
local derivative d(result)/d(operand), as a function of the operands.

    @operation(lambda x: cos(x))
    def sin(x: float) -> float:
        return math.sin(x)

The same rule serves numbers and recorded values, so it only composes operations: it has no branch, no `abs`, no loop.
A choice (a branch for accuracy, a limit at the edge of the domain) belongs in a kernel. A function that a rule needs
becomes an operation with a rule of its own: `tanh' = sech2`. A rule that is a number is a constant derivative. `None`
says that the result does not depend smoothly on that operand (a count, a condition), so it is not followed.

An entry also states other facts that the rest of the package needs: that the operation raises, its formula, its kernel
on arrays (`Operation` lists them). The annotation of the kernel says whether the result is a float.

Rules are written in the form that neither cancels nor overflows. Constants in them are integers, so that exact
numbers such as `fractions.Fraction` stay exact. A zero or a one that a kernel makes has the type of the operand in
question, `type(x)(0)`: the derivatives of floats are floats, those of fractions are exact.
"""

from __future__ import annotations

import math
import operator
import sys

from . import special
from .operation import facts, operation, operator_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from ..checks import Number
    from .operation import Operation, Same

_LEAST_NORMAL = sys.float_info.min
_INFINITY = math.inf
LOG_2 = 0.6931471805599453
LOG2_E = 1.4426950408889634
LOG10_E = 0.4342944819032518


# ---- Python's operators ----------------------------------------------------------------------------------------------


add = operator_of("+", operator.add, 1, 1, numpy="add")
sub = operator_of("-", operator.sub, 1, -1, numpy="subtract")
mul = operator_of("*", operator.mul, lambda x, y: y, lambda x, y: x, numpy="multiply")
truediv = operator_of(
    "/",
    operator.truediv,
    lambda x, y: quotient(one_like(x), y),
    lambda x, y: -over_square(x, y),
    numpy="divide true_divide",
    raises=True,
    gives="float",
)
floordiv = operator_of("//", operator.floordiv, 0, 0, numpy="floor_divide", raises=True)
mod = operator_of("%", operator.mod, 1, lambda x, y: -(x // y), numpy="remainder", raises=True, jumps=True)
neg = operator_of("-", operator.neg, -1, numpy="negative")


@operation(1, simpler=lambda x: x)
def identity(x: Number) -> Number:
    """x itself, as a node of its own."""
    return x


@operation(0)
def sign(x: Number) -> Number:
    """-1, 0 or 1 for negative, zero or positive x: the derivative of abs, with 0 at the kink; nan for nan."""
    return type(x)(1) if x > 0 else -type(x)(1) if x < 0 else x


@operation(sign, shown="abs")
def absolute(x: Number) -> Number:
    """The absolute value of x; its derivative is -1 or 1, and 0 at the kink.

    Exported as `scalargrad.abs`.

    >>> absolute(-2.0)
    2.0
    """
    return abs(x)


@operation(lambda x, y: quotient(one_like(x), y), lambda x, y: -over_square(x, y))
@facts(formula="x / y", arrays=lambda xp, x, y: x / y, gives="float")
def quotient(x: Number, y: Number) -> Number:
    """x / y as in IEEE 754, for use in rules: a zero divisor gives an infinity, or nan for 0 / 0."""
    return x / y if y else x * math.copysign(math.inf, y)


@operation(lambda x, y: over_square(one_like(x), y), lambda x, y: -2 * quotient(over_square(x, y), y))
@facts(formula="x / y**2", arrays=lambda xp, x, y: x / y / y, gives="float")
def over_square(x: Number, y: Number) -> Number:
    """x / y**2, even where y**2 would overflow or underflow."""
    ratio = quotient(x, y)
    if type(ratio) is float and abs(ratio) < _LEAST_NORMAL and abs(y) < 1:
        # The ratio has lost digits, being subnormal, and dividing again would show it: scale by 2**600 meanwhile.
        return quotient(quotient(x * 2.0**600, y), y) * 2.0**-600
    return quotient(ratio, y)


@operation(lambda x, y: times_power(y * (y - 1), x, y - 2, 0), lambda x, y: power_log_sum(1, y, x, y - 1, 0))
@facts(
    raises=True,
    formula="y * x**(y - 1)",
    arrays=lambda xp, x, y: xp.where(y == 0, 0.0, y * x ** (y - 1.0)),
    simpler=lambda x, y: y * x if type(y) in (int, float) and y == 2 else None,
)
def power_slope(x: Same, y: Number) -> Same:
    """y x**(y-1): d(x**y)/dx; 0 where y is 0, infinite at x = 0 for 0 < y < 1."""
    if y == 0:
        return type(x)(0)
    if y == 2:
        return y * x
    try:
        factor = x ** (y - 1)
        if x < 0 and type(factor) is float and abs(y) > 2**53:
            factor = -factor  # such a large y is even, and so is y - 1 after rounding
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
    # `lost` is the rounding error of y - 1, which a large logarithm would magnify.
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


def power_log_over_arrays(xp: Any, x: Any, y: Any, k: int) -> Any:
    if k <= 0:
        return x**y if k == 0 else 0.0
    limit = xp.where(y > 0, 0.0, (-xp.inf) ** k)
    return xp.where(x == 0, limit, x**y * xp.log(x) ** k)


def times_power_over_arrays(xp: Any, c: Any, x: Any, y: Any, k: int) -> Any:
    return xp.where(c == 0, 0.0, c * power_log_over_arrays(xp, x, y, k))


def power_log_sum_over_arrays(xp: Any, a: Any, b: Any, x: Any, y: Any, k: int) -> Any:
    at_zero = times_power_over_arrays(xp, b, x, y, k + 1)
    if k < 0:
        return at_zero
    alone = times_power_over_arrays(xp, a, x, y, k)
    together = times_power_over_arrays(xp, a + b * xp.log(x), x, y, k)
    return xp.where(b == 0, alone, xp.where(x == 0, at_zero, together))


@operation(
    lambda c, x, y, k: power_log(x, y, k),
    lambda c, x, y, k: times_power(c * y, x, y - 1, k) + times_power(c * k, x, y - 1, k - 1),
    lambda c, x, y, k: times_power(c, x, y, k + 1),
    None,
)
@facts(
    raises=True,
    formula="c * x**y * log(x)**k",
    arrays=times_power_over_arrays,
    simpler=lambda c, x, y, k: (
        c * x**y if type(c) is int and c > 0 and type(y) is int and 0 <= y <= 1 and k == 0 else None
    ),
)
def times_power(c: Number, x: Same, y: Number, k: int) -> Same:
    """c x**y log(x)**k, and 0 where c is 0: so the derivatives of x**2 end in zeros, at x = 0 too.

    The result may fit a float where x**y does not. For k = -1, which the rule above multiplies by zero, it is zero.
    """
    if c == 0 or k < 0:
        return type(x)(0)
    if type(c) is int and c.bit_length() > 1000 and type(x) is float:
        shift = c.bit_length() - 64
        return special.scaled(times_power.operation.kernel(float(c >> shift), x, y, k), shift)
    power = power_log.operation.kernel(x, y, k)
    if type(power) is not float or _LEAST_NORMAL < abs(power) < _INFINITY or x == 0 or x - x != 0 or y - y != 0:
        return c * power if power else power  # c may have overflowed, but then x**y is smaller by far
    try:
        half = abs(x) ** (y / 2)  # two half powers keep the range
    except OverflowError:
        half = math.inf
    factor = c * half * (natural_log(x) ** k if k else 1)
    return (-factor if x < 0 and y % 2 == 1 else factor) * half if half else power


@operation(
    lambda a, b, x, y, k: power_log(x, y, k),
    lambda a, b, x, y, k: power_log(x, y, k + 1),
    lambda a, b, x, y, k: times_power(a * k, x, y - 1, k - 1) + power_log_sum(a * y + b * (k + 1), b * y, x, y - 1, k),
    lambda a, b, x, y, k: power_log_sum(a, b, x, y, k + 1),
    None,
)
@facts(raises=True, formula="x**y * log(x)**k * (a + b * log(x))", arrays=power_log_sum_over_arrays)
def power_log_sum(a: Number, b: Number, x: Same, y: Number, k: int) -> Same:
    """x**y log(x)**k (a + b log(x)), in one, since near x = 0 its two parts may be infinite with opposite signs.

    k = -1 occurs only with a = 0.
    """
    times = times_power.operation.kernel
    if a == 0 or b == 0 or not (type(b) is float and type(x) is float and x > 0):
        # At 0 the term with more logarithms decides, whatever its factor.
        return times(b, x, y, k + 1) if a == 0 or (x == 0 and b != 0) else times(a, x, y, k) + times(b, x, y, k + 1)
    return times(a + b * math.log(x), x, y, k)


@operation(lambda x, y, k: power_log_sum(k, y, x, y - 1, k - 1), lambda x, y, k: power_log(x, y, k + 1), None)
@facts(formula="x**y * log(x)**k", arrays=power_log_over_arrays)
def power_log(x: Same, y: Number, k: int) -> Same:
    """x**y log(x)**k, the k-th derivative of x**y with respect to y, for whole k; nan for x < 0 unless k is 0.

    For k = -1, which the rule above multiplies by zero, it is zero.
    """
    if k < 0:
        return type(x)(0)
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
    try:
        half = x ** (y / 2)
    except OverflowError:
        half = math.inf
    return (half * natural_log(x) ** k) * half


def natural_log(x: Number) -> float:
    """log(x), also for exact numbers beyond the range of floats."""
    return math.log(x) if type(x) is float else math.log(x.numerator) - math.log(x.denominator)


def pow_(x: Number, y: Number) -> Number:
    result = x**y
    if type(result) is complex:
        raise ValueError("the result would be complex; a fractional power needs a base that is not negative")
    return result


power = operator_of("**", pow_, power_slope, lambda x, y: power_log(x, y, 1), numpy="power", raises=True)


def give_operators(kind: type, of_two: Callable[[Operation, bool], Any]) -> None:
    """Give a class Python's binary operators: `of_two` makes the method for an operation, reflected or not."""
    for each in (add, sub, mul, truediv, floordiv, mod, power):
        setattr(kind, f"__{each.name}__", of_two(each, False))
        setattr(kind, f"__r{each.name}__", of_two(each, True))


# ---- Exponentials and logarithms -------------------------------------------------------------------------------------


@operation(lambda x: exp(x), raises=True, slopes="z")
def exp(x: Number) -> float:
    """e raised to the power x; exp' = exp.

    Raises OverflowError past x = 709.78.

    >>> exp(0.0)
    1.0
    """
    return math.exp(x)


@operation(exp, raises=True)
def expm1(x: Number) -> float:
    """exp(x) - 1 without the loss of digits near zero; expm1' = exp.

    Raises OverflowError past x = 709.78.

    >>> expm1(1e-20)
    1e-20
    """
    return math.expm1(x)


@operation(lambda x: LOG_2 * exp2(x), raises=True, slopes="z * log(2)")
def exp2(x: Number) -> float:
    """2 raised to the power x; exp2' = log(2) exp2.

    Raises OverflowError from x = 1024.

    >>> exp2(3.0)
    8.0
    """
    return math.exp2(x)


@operation(lambda x: quotient(1, x), raises=True)
def log(x: Number) -> float:
    """The natural logarithm; log'(x) = 1/x.

    Raises ValueError for x <= 0.

    >>> log(1.0)
    0.0
    """
    return math.log(x)


@operation(
    lambda x, y: quotient(quotient(1, log(y)), x), lambda x, y: -quotient(over_square(log(x), log(y)), y), shown="log"
)
@facts(raises=True, arrays=lambda xp, x, y: xp.log(x) / xp.log(y))
def log_base(x: Number, y: Number) -> float:
    """The logarithm of x to base y, as `math.log(x, y)` gives it; d/dx = 1/(x log y)."""
    return math.log(x, y)


@operation(lambda x: quotient(1, 1 + x), raises=True)
def log1p(x: Number) -> float:
    """log(1 + x) without the loss of digits near zero; log1p'(x) = 1/(1 + x).

    Raises ValueError for x <= -1.

    >>> log1p(1e-20)
    1e-20
    """
    return math.log1p(x)


@operation(lambda x: quotient(LOG2_E, x), raises=True, slopes="1 / (x * log(2))")
def log2(x: Number) -> float:
    """The logarithm to base 2; log2'(x) = 1/(log(2) x).

    Raises ValueError for x <= 0.

    >>> log2(8.0)
    3.0
    """
    return math.log2(x)


@operation(lambda x: quotient(LOG10_E, x), raises=True, slopes="1 / (x * log(10))")
def log10(x: Number) -> float:
    """The logarithm to base 10; log10'(x) = 1/(log(10) x).

    Raises ValueError for x <= 0.

    >>> log10(1000.0)
    3.0
    """
    return math.log10(x)


@operation(lambda x: quotient(-rsqrt(x), 2 * x), raises=True, formula="1 / sqrt(x)")
def rsqrt(x: Number) -> float:
    """1/sqrt(x), infinite at 0."""
    return 1 / math.sqrt(x) if x else math.inf


@operation(lambda x: rsqrt(x) / 2, raises=True, slopes="1 / (2 * z)")
def sqrt(x: Number) -> float:
    """The square root; sqrt'(x) = 1/(2 sqrt(x)), which is infinite at 0.

    Raises ValueError for x < 0. At the origin the derivative of sqrt(x**2 + y**2) is nan; that of `math.hypot(x, y)`
    is 0.

    >>> sqrt(9.0)
    3.0
    """
    return math.sqrt(x)


@operation(lambda x: -2 * quotient(cbrt_slope(x), 3 * x))
@facts(formula="1 / (3 * cbrt(x)**2)", arrays=lambda xp, x: 1.0 / (3.0 * xp.cbrt(x) ** 2))
def cbrt_slope(x: Number) -> float:
    """1/(3 cbrt(x)**2)."""
    return special.compute_cbrt_slope(x)


@operation(cbrt_slope)
def cbrt(x: Number) -> float:
    """The cube root, of negative numbers too; cbrt'(x) = 1/(3 cbrt(x)**2), which is infinite at 0.

    >>> cbrt(-8.0)
    -2.0
    """
    return math.cbrt(x)


@operation(lambda x, y: logaddexp_slope(x, y), lambda x, y: logaddexp_slope(y, x), for_users=True)
def logaddexp(x: Number, y: Number, /) -> float:
    """log(exp(x) + exp(y)), without overflow; d/dx = 1/(1 + exp(y - x)), d/dy = 1/(1 + exp(x - y)).

    `logsumexp` is the same for many numbers.

    >>> logaddexp(1000.0, 1000.0)
    1000.6931471805599
    """
    return x + LOG_2 if x == y else (x if x > y else y) + math.log1p(math.exp(-abs(x - y)))


@operation(
    lambda x, y: logaddexp_slope(x, y) * logaddexp_slope(y, x),
    lambda x, y: -logaddexp_slope(x, y) * logaddexp_slope(y, x),
)
@facts(formula="1 / (1 + exp(y - x))", arrays=lambda xp, x, y: xp.exp(-xp.logaddexp(0.0, y - x)))
def logaddexp_slope(x: Number, y: Number) -> float:
    """1/(1 + exp(y - x)), the share of exp(x) in exp(x) + exp(y)."""
    return special.compute_logaddexp_slope(x, y)


# ---- Trigonometric functions and their inverses ----------------------------------------------------------------------


@operation(lambda x: cos(x), raises=True)
def sin(x: Number) -> float:
    """The sine of x radians; sin' = cos.

    Raises ValueError for an infinite x.

    >>> sin(0.0)
    0.0
    """
    return math.sin(x)


@operation(lambda x: -sin(x), raises=True)
def cos(x: Number) -> float:
    """The cosine of x radians; cos' = -sin.

    Raises ValueError for an infinite x.

    >>> cos(0.0)
    1.0
    """
    return math.cos(x)


@operation(lambda x: 1 + tan(x) * tan(x), raises=True)
def tan(x: Number) -> float:
    """The tangent of x radians; tan' = 1 + tan**2.

    Raises ValueError for an infinite x.

    >>> tan(0.0)
    0.0
    """
    return math.tan(x)


@operation(
    lambda x: sinc_derivative(1, x), for_users=True, slopes="(cos(pi * x) - z) / x", arrays=lambda xp, x: xp.sinc(x)
)
def sinc(x: Number) -> float:
    """sin(pi x)/(pi x), and 1 at 0; sinc'(x) = (cos(pi x) - sinc(x))/x, and 0 at 0.

    This is the normalised sinc, as in NumPy; it is 0 at the other integers.

    >>> sinc(0.5)
    0.6366197723675814
    """
    return special.compute_sinc(x)


@operation(None, lambda n, x: sinc_derivative(n + 1, x))
def sinc_derivative(n: int, x: Number, /) -> float:
    """The n-th derivative of sinc."""
    return special.compute_sinc_derivative(n, x)


@operation(lambda x: x * asin_slope(x) * atanh_slope(x), raises=True, formula="1 / sqrt(1 - x**2)")
def asin_slope(x: Number) -> float:
    """1/sqrt((1 - x)(1 + x)), infinite at -1 and 1."""
    rest = one_minus_square(x)
    return 1 / math.sqrt(rest) if rest else math.inf


def one_minus_square(x: float) -> float:
    """1 - x**2 within an ulp: the rounding of x**2 does not matter where x is small, nor that of 1 - x elsewhere."""
    return 1 - x * x if abs(x) < 0.5 else (1 - x) * (1 + x)


@operation(asin_slope, numpy="arcsin", raises=True)
def asin(x: Number) -> float:
    """The arc sine, in radians; asin'(x) = 1/sqrt((1 - x)(1 + x)), infinite at -1 and 1.

    Raises ValueError outside -1 <= x <= 1.

    >>> asin(0.0)
    0.0
    """
    return math.asin(x)


@operation(lambda x: -asin_slope(x), numpy="arccos", raises=True)
def acos(x: Number) -> float:
    """The arc cosine, in radians; acos'(x) = -1/sqrt((1 - x)(1 + x)), infinite at -1 and 1.

    Raises ValueError outside -1 <= x <= 1.

    >>> acos(1.0)
    0.0
    """
    return math.acos(x)


@operation(lambda x: -2 * over_square(x, 1 + x * x), formula="1 / (1 + x**2)", gives="float")
def lorentz(x: Number) -> Number:
    """1/(1 + x**2), as (1/x)/x where 1 is negligible beside x**2."""
    return 1 / x / x if abs(x) > 1e9 else 1 / (1 + x * x)


@operation(lorentz, numpy="arctan")
def atan(x: Number) -> float:
    """The arc tangent, in radians; atan'(x) = 1/(1 + x**2).

    >>> atan(0.0)
    0.0
    """
    return math.atan(x)


@operation(lambda y, x: inversion(x, y), lambda y, x: -inversion(y, x), numpy="arctan2")
def atan2(y: Number, x: Number, /) -> float:
    """The angle of the point (x, y), in radians from -pi to pi; d/dy = x/(x**2 + y**2), d/dx = -y/(x**2 + y**2).

    >>> atan2(0.0, 1.0)
    0.0
    """
    return math.atan2(y, x)


@operation(
    # (y - x)(y + x) over the square, in halves, since the sum may overflow
    lambda x, y: 4 * over_sum_of_squares(y / 2 - x / 2, x, y) * over_sum_of_squares(y / 2 + x / 2, x, y),
    lambda x, y: -2 * inversion(x, y) * inversion(y, x),
)
@facts(formula="x / (x**2 + y**2)", arrays=lambda xp, x, y: x / xp.hypot(x, y) / xp.hypot(x, y))
def inversion(x: Number, y: Number) -> float:
    """x/(x**2 + y**2)."""
    return special.compute_over_sum_of_squares(x, x, y)


@operation(
    lambda c, x, y: over_sum_of_squares(one_like(c), x, y),
    lambda c, x, y: -2 * over_sum_of_squares(c, x, y) * inversion(x, y),
    lambda c, x, y: -2 * over_sum_of_squares(c, x, y) * inversion(y, x),
)
@facts(formula="c / (x**2 + y**2)", arrays=lambda xp, c, x, y: c / xp.hypot(x, y) / xp.hypot(x, y))
def over_sum_of_squares(c: Number, x: Number, y: Number) -> float:
    """c/(x**2 + y**2), even where the squares would overflow or underflow."""
    return special.compute_over_sum_of_squares(c, x, y)


@operation(math.degrees(1), numpy="degrees rad2deg")
def degrees(x: Number) -> float:
    """The angle x from radians to degrees; degrees' = 180/pi.

    >>> degrees(0.0)
    0.0
    """
    return math.degrees(x)


@operation(math.radians(1), numpy="radians deg2rad")
def radians(x: Number) -> float:
    """The angle x from degrees to radians; radians' = pi/180.

    >>> radians(0.0)
    0.0
    """
    return math.radians(x)


# ---- Hyperbolic functions and their inverses -------------------------------------------------------------------------


@operation(lambda x: cosh(x), raises=True)
def sinh(x: Number) -> float:
    """The hyperbolic sine; sinh' = cosh.

    Raises OverflowError above 710.47 and below -710.47.

    >>> sinh(0.0)
    0.0
    """
    return math.sinh(x)


@operation(sinh, raises=True)
def cosh(x: Number) -> float:
    """The hyperbolic cosine; cosh' = sinh.

    Raises OverflowError above 710.47 and below -710.47.

    >>> cosh(0.0)
    1.0
    """
    return math.cosh(x)


@operation(lambda x: -2 * tanh(x) * sech2(x), formula="1 - tanh(x)**2")
def sech2(x: Number) -> float:
    """1/cosh(x)**2 = 4 e/(1 + e)**2 with e = exp(-2|x|)."""
    e = math.exp(-2 * abs(x))
    return 4 * e / ((1 + e) * (1 + e))


@operation(sech2, activation=True, slopes="1 - z**2")
def tanh(x: Number) -> float:
    """The hyperbolic tangent; tanh' = sech**2, accurate in the tails too.

    >>> tanh(0.0)
    0.0
    """
    return math.tanh(x)


@operation(lambda x: -(x * lorentz(x)) * rhypot(x), formula="1 / sqrt(1 + x**2)")
def rhypot(x: Number) -> float:
    """1/sqrt(1 + x**2), even where x**2 would overflow."""
    return 1 / math.hypot(1, x)


@operation(rhypot, numpy="arcsinh")
def asinh(x: Number) -> float:
    """The inverse hyperbolic sine; asinh'(x) = 1/sqrt(1 + x**2).

    >>> asinh(0.0)
    0.0
    """
    return math.asinh(x)


@operation(lambda x: rsqrt(x - 1) * rsqrt(x + 1), numpy="arccosh", raises=True, slopes="1 / sqrt(x**2 - 1)")
def acosh(x: Number) -> float:
    """The inverse hyperbolic cosine; acosh'(x) = 1/sqrt((x - 1)(x + 1)), infinite at 1.

    Raises ValueError for x < 1.

    >>> acosh(1.0)
    0.0
    """
    return math.acosh(x)


@operation(lambda x: 2 * x * atanh_slope(x) * atanh_slope(x), formula="1 / (1 - x**2)", gives="float")
def atanh_slope(x: Number) -> Number:
    """1/((1 - x)(1 + x)), infinite at -1 and 1."""
    rest = one_minus_square(x)
    return 1 / rest if rest else math.inf


@operation(atanh_slope, numpy="arctanh", raises=True)
def atanh(x: Number) -> float:
    """The inverse hyperbolic tangent; atanh'(x) = 1/((1 - x)(1 + x)).

    Raises ValueError outside -1 < x < 1.

    >>> atanh(0.0)
    0.0
    """
    return math.atanh(x)


# ---- The gamma and error functions -----------------------------------------------------------------------------------


@operation(None, lambda n, x: polygamma_slope(n, x), raises=True, for_users=True)
def polygamma(n: int, x: Number, /) -> float:
    """The n-th derivative of digamma (DLMF 5.15), for whole n from 0 to 1,000; polygamma(n, x)' = polygamma(n + 1, x).

    n is a plain integer. Raises ValueError if x is zero or a negative integer, and if n is negative or not whole;
    OverflowError for a larger n, and if the result is beyond the range of floats.

    >>> polygamma(1, 1.0)
    1.6449340668482264
    """
    return special.polygamma_in_range(n, x)


@operation(None, lambda n, x: polygamma_slope(n + 1, x), raises=True, formula="polygamma(n + 1, x)")
def polygamma_slope(n: int, x: Number) -> float:
    """polygamma(n + 1, x) for any n; infinite if it is too large, as derivatives are."""
    return special.compute_polygamma(n + 1, x)


@operation(lambda x: polygamma_slope(0, x), raises=True, for_users=True)
def digamma(x: Number) -> float:
    """The derivative of lgamma (DLMF 5.2.2); digamma'(x) = polygamma(1, x).

    Raises ValueError at zero and the negative integers.

    >>> round(digamma(10.0), 12)
    2.251752589067
    """
    return special.compute_digamma(x)


@operation(digamma, raises=True)
def lgamma(x: Number) -> float:
    """The natural logarithm of the absolute value of gamma(x); lgamma' = digamma.

    Raises ValueError at zero and the negative integers.

    >>> lgamma(1.0)
    0.0
    """
    return math.lgamma(x)


@operation(lambda x: gamma(x) * digamma(x), raises=True)
def gamma(x: Number) -> float:
    """The gamma function, (x - 1)! at whole x; gamma' = gamma digamma.

    Raises ValueError at zero and the negative integers, OverflowError past x = 171.6.

    >>> gamma(5.0)
    24.0
    """
    return math.gamma(x)


@operation(lambda x: -(x * gauss(x)) - x * gauss(x), formula="2 / sqrt(pi) * exp(-(x**2))")
def gauss(x: Number) -> float:
    """2/sqrt(pi) exp(-x**2); its rule avoids the factor -2 x, which would overflow where the product is zero."""
    return special.compute_gauss(x)


@operation(gauss)
def erf(x: Number) -> float:
    """The error function; erf'(x) = 2/sqrt(pi) exp(-x**2).

    >>> erf(0.0)
    0.0
    """
    return math.erf(x)


@operation(lambda x: -gauss(x))
def erfc(x: Number) -> float:
    """1 - erf(x), without the loss of digits for large x; erfc'(x) = -2/sqrt(pi) exp(-x**2).

    >>> erfc(0.0)
    1.0
    """
    return math.erfc(x)


# ---- Activations -----------------------------------------------------------------------------------------------------


@operation(0, formula="1 if {x} > 0 else 0")
def step(x: Number) -> Number:
    """1 where x is positive, else 0; nan for nan."""
    return type(x)(1) if x > 0 else type(x)(0) if x <= 0 else x


@operation(step, for_users=True, activation=True)
def relu(x: Number) -> Number:
    """x where it is positive, else 0 (nan stays nan); relu' is 1 or 0, and 0 at the kink.

    >>> relu(-2.0), relu(3.0)
    (0.0, 3.0)
    """
    return type(x)(0) if x <= 0 else x


@operation(lambda x: sech2(x / 2) / 4, for_users=True, activation=True, slopes="z * (1 - z)")
def sigmoid(x: Number) -> float:
    """1/(1 + exp(-x)); sigmoid'(x) = sigmoid(x) sigmoid(-x) = sech(x/2)**2 / 4, accurate in the tails too.

    >>> sigmoid(0.0)
    0.5
    """
    e = math.exp(-abs(x))
    return (e if x < 0 else 1) / (1 + e)


@operation(sigmoid, for_users=True, activation=True)
def softplus(x: Number) -> float:
    """log(1 + exp(x)), for any x; softplus' = sigmoid.

    >>> softplus(1000.0)
    1000.0
    """
    return (x if x > 0 else 0) + math.log1p(math.exp(-abs(x)))


@operation(lambda x: sigmoid(-x), for_users=True)
def log_sigmoid(x: Number) -> float:
    """log(sigmoid(x)), for any x; log_sigmoid'(x) = sigmoid(-x).

    >>> log_sigmoid(-1000.0)
    -1000.0
    """
    return (x if x < 0 else 0) - math.log1p(math.exp(-abs(x)))


# ---- Choices ---------------------------------------------------------------------------------------------------------


@operation(lambda x, y: chosen(x, y), lambda x, y: chosen(y, x), for_users=True)
def maximum(x: Number, y: Number, /) -> Number:
    """The larger of x and y (nan if either is nan); at a tie each gets half of the gradient.

    >>> maximum(1, 2)
    2
    """
    return y if y > x or y != y else x


@operation(lambda x, y: chosen_below(x, y), lambda x, y: chosen_below(y, x), for_users=True)
def minimum(x: Number, y: Number, /) -> Number:
    """The smaller of x and y (nan if either is nan); at a tie each gets half of the gradient.

    >>> minimum(1, 2)
    1
    """
    return y if y < x or y != y else x


@operation(0, 0, formula="1 if {x} > {y}, 1/2 if equal, else 0")
def chosen(x: Same, y: Number) -> Same:
    """The share of x in maximum(x, y): 1, 0, or one half at a tie; nan if either is nan."""
    return math.nan if x != x or y != y else one_like(x) / 2 if x == y else type(x)(1) if x > y else type(x)(0)


@operation(0, 0, formula="1 if {x} < {y}, 1/2 if equal, else 0")
def chosen_below(x: Same, y: Number) -> Same:
    """The share of x in minimum(x, y): 1, 0, or one half at a tie; nan if either is nan."""
    return math.nan if x != x or y != y else one_like(x) / 2 if x == y else type(x)(1) if x < y else type(x)(0)


@operation(
    lambda x, low, high: clip_share(x, low, high, 0),
    lambda x, low, high: clip_share(x, low, high, 1),
    lambda x, low, high: clip_share(x, low, high, 2),
)
@facts(raises=True, for_users=True, arrays=lambda xp, x, low, high: xp.minimum(xp.maximum(x, low), high))
def clip(x: Number, low: Number, high: Number, /) -> Number:
    """x limited to the range from low to high; operands that tie for the result share the gradient equally.

    Raises ValueError if low > high.

    >>> clip(5.0, 0.0, 1.0)
    1.0
    """
    return crossed() if low > high else low if x < low else high if x > high else x


def crossed() -> Number:
    raise ValueError("the lower bound is above the upper one")


def clip_share_over_arrays(xp: Any, x: Any, low: Any, high: Any, index: int) -> Any:
    operands, result = (x, low, high), xp.minimum(xp.maximum(x, low), high)
    return (result == operands[index]) / sum((result == operand for operand in operands), 0.0)


def words_of_share(_: Any, __: Any, ___: Any, index: int) -> str:
    return "1 if {low} < {x} < {high}, shared at a bound, else 0" if index == 0 else "1 if it is the result, else 0"


@operation(0, 0, 0, None, formula=words_of_share, arrays=clip_share_over_arrays)
def clip_share(x: Number, low: Number, high: Number, index: int) -> Number:
    """The share of the operand at `index` in clip(x, low, high): 0, or 1 over the number of operands that tie."""
    operands = (x, low, high)
    result = low if x < low else high if x > high else x
    return one_like(operands[index]) / operands.count(result) if operands[index] == result else type(operands[index])(0)


@operation(lambda x, delta: maximum(minimum(x, delta), -delta), lambda x, delta: relu(absolute(x) - delta))
def huber(x: Number, delta: Number) -> Number:
    """x**2/2 for |x| up to delta, delta (|x| - delta/2) beyond, for delta > 0 (Huber, 1964)."""
    return x * x / 2 if abs(x) <= delta else delta * ((2 * abs(x) - delta) / 2)


@operation(
    None,
    lambda condition, x, y: where(condition, one_like(x), zero_like(x)),
    lambda condition, x, y: where(condition, zero_like(y), one_like(y)),
)
@facts(for_users=True, arrays=lambda xp, condition, x, y: xp.where(condition, x, y))
def where(condition: object, x: Number, y: Number, /) -> Number:
    """x if the condition holds, else y; the gradient goes to the one that was chosen.

    The condition is a truth value or, with Vectors, a list of them.

    Both x and y are computed before one is chosen. So the derivative of where(x > 0, sqrt(x), 0) at 0 is nan: the slope
    of sqrt is infinite there, and 0 times infinity is nan. Use `if`, which computes only one, or give sqrt a safe
    argument: where(x > 0, sqrt(where(x > 0, x, 1)), 0).

    >>> where(True, 1.0, 2.0)
    1.0
    """
    return x if condition else y


@operation(None, formula="1", simpler=lambda x: 1.0)
def one_like(x: Number) -> Number:
    """1 in the type of x."""
    return 1.0 if type(x) is float else type(x)(1)


@operation(None, simpler=lambda x: 0.0)
def zero_like(x: Number) -> Number:
    """0 in the type of x."""
    return 0.0 if type(x) is float else type(x)(0)
