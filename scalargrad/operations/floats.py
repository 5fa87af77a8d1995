"""Operations on floats: C's power, remainders, signs, scaling. `elementary` explains how entries are written."""

from __future__ import annotations

import math

from .elementary import power_log, power_slope, sign
from .operation import facts, operation

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..checks import Number
    from .operation import Same


@operation(1, formula="x", simpler=lambda x: x * 1.0)
def in_floats(x: Number) -> float:
    """x as a float."""
    return float(x)


@operation(
    lambda x, y: power_slope(in_floats(x), in_floats(y)),
    lambda x, y: power_log(in_floats(x), in_floats(y), 1),
    numpy="float_power",
    shown="pow",
)
@facts(raises=True)
def float_pow(x: Number, y: Number) -> float:
    """x**y as in `math.pow`: always a float, with a ValueError where the operator gives a complex number."""
    return math.pow(x, y)


@operation(1, lambda x, y: -whole_quotient(x, y), raises=True, jumps=True)
def fmod(x: Number, y: Number, /) -> float:
    """The remainder of x / y with the sign of x; d/dx = 1, d/dy = -trunc(x/y).

    Raises ValueError for y = 0 or infinite x.

    >>> fmod(-7.0, 3.0)
    -1.0
    """
    return math.fmod(x, y)


@operation(0, 0, raises=True, formula="trunc(x / y)", arrays=lambda xp, x, y: xp.trunc(x / y))
def whole_quotient(x: Number, y: Number) -> float:
    """x / y, rounded towards zero."""
    if x != x:
        return x  # since fmod(nan, y) does not raise, even for y = 0
    return math.copysign(abs(x) // abs(y), x) * math.copysign(1, y)


def remainder_over_arrays(xp: Any, x: Any, y: Any) -> Any:
    """The remainder as C libraries compute it, exactly at each step: fmod by 2 |y|, minus |y| up to two times."""
    rest, half = xp.fmod(abs(x), 2.0 * abs(y)), abs(y) / 2.0
    less = rest - abs(y)
    reduced = xp.where(rest > half, xp.where(less >= half, less - abs(y), less), rest)
    return xp.copysign(1.0, x) * reduced


@operation(1, lambda x, y: -nearest_quotient(x, y), numpy="", raises=True, jumps=True, arrays=remainder_over_arrays)
def remainder(x: Number, y: Number, /) -> float:
    """The difference between x and the nearest multiple of y; d/dx = 1, d/dy = -round(x/y).

    Raises ValueError for y = 0 or infinite x.

    >>> remainder(8.0, 3.0)
    -1.0
    """
    return math.remainder(x, y)


@operation(0, 0, raises=True, formula="round(x / y)", arrays=lambda xp, x, y: xp.rint(x / y))
def nearest_quotient(x: Number, y: Number) -> float:
    """x / y, rounded to the nearest integer; halves go to the even one."""
    if x != x:
        return x  # since remainder(nan, y) does not raise, even for y = 0
    quotient = x / y - math.remainder(x, y) / y
    return float(round(quotient)) if math.isfinite(quotient) else quotient


@operation(lambda x: sign(x))
def fabs(x: Number) -> float:
    """The absolute value of x as a float; its derivative is -1 or 1, and 0 at the kink.

    >>> fabs(-2)
    2.0
    """
    return math.fabs(x)


@operation(lambda x, y: agreement(x, y), 0)
def copysign(x: Number, y: Number, /) -> float:
    """The absolute value of x with the sign of y; d/dx is 1 where the signs agree, else -1, and 0 at the kink x = 0.

    >>> copysign(2.0, -0.0)
    -2.0
    """
    return math.copysign(x, y)


@operation(0, 0, formula="1 if {x} and {y} agree in sign else -1")
def agreement(x: Same, y: Number) -> Same:
    """1 if x and y have the same sign, -1 if they do not, 0 if x is zero."""
    return math.copysign(1, x) * math.copysign(1, y) if x else x


@operation(lambda x, i: power_of_two(i), None, raises=True, arrays=lambda xp, x, i: x * 2.0**i)
def ldexp(x: Number, i: int, /) -> float:
    """x * 2**i for an integer i; d/dx = 2**i.

    Raises TypeError if i is not a plain integer, OverflowError if the result is too large.

    >>> ldexp(0.5, 3)
    4.0
    """
    if not isinstance(i, int):
        raise TypeError(f"ldexp takes an integer as its exponent, not {i!r} ({type(i).__name__})")
    return math.ldexp(x, i)


@operation(None, formula="2**i")
def power_of_two(i: int) -> float:
    """2**i, infinite if that is too large."""
    return math.ldexp(1.0, i) if i < 1024 else math.inf


@operation(1, jumps=True)
def fraction(x: Number) -> float:
    """The fractional part of x, with its sign, as in `math.modf`."""
    return math.modf(x)[0]


@operation(0)
def whole(x: Number) -> float:
    """The integer part of x, as in `math.modf`."""
    return math.modf(x)[1]


@operation(None)
def exponent(x: Number) -> int:
    """The binary exponent of x, as in `math.frexp`."""
    return math.frexp(x)[1]


@operation(1, 0, None, numpy="", raises=True)  # NumPy's takes no steps
def nextafter(x: Number, y: Number, steps: int) -> float:
    """The float that is some steps from x towards y; d/dx = 1."""
    return math.nextafter(x, y) if steps == 1 else math.nextafter(x, y, steps=steps)  # type: ignore[call-arg]


@operation(0)
def ulp(x: Number) -> float:
    """The value of the least significant bit of x."""
    return math.ulp(x)


@operation(lambda x, y, z: y, lambda x, y, z: x, 1, raises=True)
def fma(x: Number, y: Number, z: Number, /) -> float:
    """x * y + z with one rounding (from Python 3.13 on); d/dx = y, d/dy = x, d/dz = 1."""
    return math.fma(x, y, z)  # type: ignore[attr-defined]
