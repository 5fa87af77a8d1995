"""Special functions on plain floats that derivatives need and the standard library lacks.

The formulas are those of the NIST Digital Library of Mathematical Functions, https://dlmf.nist.gov, cited by their
numbers there. A recurrence takes the argument to where the asymptotic series is right to the last digit, and a
reflection takes negative arguments there.
"""

from __future__ import annotations

import math

# The positive zero of the digamma function as the sum of two floats, and the coefficients of its power series there,
# polygamma(k, ROOT)/k!; computed with mpmath in 60 digits.
ROOT, ROOT_REST = 1.4616321449683622, 9.549995429965697e-17
AT_ROOT = (
    0.9676722454476212,
    -0.4427631689835921,
    0.258499760955651,
    -0.16394270544240652,
    0.10782405069126237,
    -0.07219956125645471,
    0.04880428816414311,
    -0.03316112647484736,
    0.022597648232218104,
    -0.01542476590494896,
    0.010538791616612175,
    -0.007204534386356869,
    0.004926781395729853,
    -0.003369801655439328,
    0.002305126326734928,
    -0.0015769367714301972,
    0.0010788252019162967,
    -0.0007380709389960052,
    0.000504953265834602,
    -0.0003454680251063077,
    0.00023635601564027053,
    -0.00016170622091974803,
    0.0001106337276874741,
    -7.569179582195066e-05,
    5.178575795222081e-05,
    -3.5430070947659604e-05,
)
# The Bernoulli numbers B2, B4, ... (DLMF 24.2).
BERNOULLI = (1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6, -3617 / 510, 43867 / 798, -174611 / 330)
HIGHEST_ORDER = 1000  # which takes a millisecond; the time grows faster than the square of the order
TWO_OVER_ROOT_PI = 2 / math.sqrt(math.pi)


def compute_digamma(x: float) -> float:
    """The derivative of log(gamma(x)), DLMF 5.2.2.

    Raises ValueError at the poles: zero and the negative integers.
    """
    if not math.isfinite(x):
        return x if x > 0 else math.nan
    if x <= 0:
        refuse_pole(x)
        return compute_digamma(1 - x) - math.pi * cotangent(x)  # 5.5.4
    if abs(x - ROOT) < 0.3:
        # This near the zero, a sum of large terms would leave few digits.
        distance = (x - ROOT) - ROOT_REST
        total = 0.0
        for coefficient in reversed(AT_ROOT):
            total = total * distance + coefficient
        return total * distance
    terms = []
    while x < 10:
        terms.append(-1 / x)  # 5.5.2
        x += 1
    square = x * x
    terms += [math.log(x), -0.5 / x]  # 5.11.2
    power = 1.0
    for k, bernoulli in enumerate(BERNOULLI, 1):
        power *= square
        terms.append(-bernoulli / (2 * k * power))
    return math.fsum(terms)


def compute_polygamma(n: int, x: float) -> float:
    """The n-th derivative of digamma, for whole n >= 0: (-1)**(n+1) n! zeta(n+1, x), DLMF 25.11.12.

    It is infinite if it is beyond the range of floats. Raises ValueError at the poles, and for another n.
    """
    if n < 0 or n != int(n):
        raise ValueError("the order must be a whole number and not negative")
    if n == 0:
        return compute_digamma(x)
    if not math.isfinite(x):
        return 0.0 if x > 0 else math.nan
    n = int(n)
    side = -1.0 if n % 2 == 0 else 1.0
    if x > 0:
        return side * scaled(*scaled_zeta(n, x))
    refuse_pole(x)
    # The sum over the poles splits at the two nearest to x; those below x end with the pole at zero.
    below = -x - math.floor(-x)
    parts = [(1.0, scaled_zeta(n, 1 - below)), (side, scaled_zeta(n, below)), (-side, scaled_zeta(n, 1 - x))]
    top = max(exponent for _, (_, exponent) in parts)
    total = math.fsum(sign * scaled(mantissa, exponent - top) for sign, (mantissa, exponent) in parts)
    return side * scaled(total, top)


def polygamma_in_range(n: int, x: float) -> float:
    """The n-th derivative of digamma, for whole n from 0 to 1,000.

    Raises OverflowError for a larger n, and if the result is beyond the range of floats; ValueError as the above does.
    """
    if n > HIGHEST_ORDER:
        raise OverflowError(f"the order is above {HIGHEST_ORDER}")
    value = compute_polygamma(n, x)
    if math.isinf(value) and math.isfinite(x):
        raise OverflowError("the result is beyond the range of floats")
    return value


def scaled_zeta(n: int, x: float) -> tuple[float, int]:
    """n! zeta(n+1, x), the sum of n!/(x + k)**(n+1) over all k >= 0, for x > 0, as a float times a power of two.

    The first term is rounded once, from integers. The others are multiples of it. Unless they vanish before, the series
    of DLMF 5.15.8 sums up those from x + k >= n + 14 on.
    """
    mantissa, exponent = math.frexp(x)
    whole = int(math.ldexp(mantissa, 53))  # x is that times 2**(exponent - 53)
    factorial, power = math.factorial(n), whole ** (n + 1)
    places = power.bit_length() - factorial.bit_length() + 64
    terms = []
    term, k = 1.0, 0
    while x + k < n + 14 and term * (1 + x + k) > 1e-18:
        terms.append(term)
        k += 1
        term = math.exp(-(n + 1) * math.log1p(k / x))
    y = x + k
    terms += [term * y / n, term / 2] if y >= n + 14 else []
    factor = term * (n + 1) / 2 / y
    for i, bernoulli in enumerate(BERNOULLI if y >= n + 14 else (), 1):
        terms.append(bernoulli * factor)
        factor *= (2 * i + n) / (2 * i + 1) / y * ((2 * i + n + 1) / (2 * i + 2) / y)
    first = math.ldexp(float((factorial << places) // power), -64)
    return math.fsum(terms) * first, 64 - places - (exponent - 53) * (n + 1)


def scaled(x: float, exponent: int) -> float:
    """x * 2**exponent, infinite if that is too large."""
    try:
        return math.ldexp(x, exponent)
    except OverflowError:
        return math.copysign(math.inf, x)


def refuse_pole(x: float) -> None:
    if x == math.floor(x):
        raise ValueError("there is a pole at zero and at every negative integer")


def cotangent(x: float) -> float:
    """cot(pi x), zero halfway between poles; the nearest integer is subtracted from x first, which is exact."""
    rest = x - round(x)
    if abs(rest) > 0.25:
        return math.copysign(math.tan(math.pi * (0.5 - abs(rest))), rest)
    return 1 / math.tan(math.pi * rest)


def compute_gauss(x: float) -> float:
    """2/sqrt(pi) exp(-x**2), the derivative of erf (DLMF 7.2.1).

    The exponential would magnify the rounding error of x**2, so x is split such that the square of its head is exact.
    """
    if not abs(x) < 30:
        return x if x != x else 0.0
    head = math.ldexp(round(math.ldexp(x, 20)), -20)
    return TWO_OVER_ROOT_PI * math.exp(-head * head) * math.exp(-(x - head) * (x + head))


def compute_cbrt_slope(x: float) -> float:
    """1/(3 cbrt(x)**2), the derivative of cbrt; infinite at zero.

    The cube root of C libraries is off by several units in the last place, so it is followed by a step of Newton's
    method in doubled precision.
    """
    if not x or not math.isfinite(x):
        return math.inf if x == 0 else abs(1 / x)
    mantissa, exponent = math.frexp(abs(x))
    thirds, rest = divmod(exponent, 3)
    scaled = math.ldexp(mantissa, rest)
    root = math.cbrt(scaled)
    square, square_rest = exact_product(root, root)
    cube, cube_rest = exact_product(square, root)
    residual = (cube - scaled) + (cube_rest + square_rest * root)
    # 1/(3 (root - step)**2) to first order in the step and in the rounding error of the square.
    correction = 1 + (2 * residual / (3 * cube) - square_rest / square)
    return math.ldexp(correction / (3 * square), -2 * thirds)


def compute_over_sum_of_squares(c: float, x: float, y: float) -> float:
    """c/(x**2 + y**2) within 1 ulp, even where the squares would overflow or underflow.

    The squares and their sum are computed to twice the digits, and the part that a float does not hold is put back.
    """
    largest = max(abs(x), abs(y))
    if largest == 0:
        return c * math.inf
    if math.isinf(largest):
        return 0.0 if math.isinf(c) else c * 0.0
    scale = 2.0 ** -max(math.frexp(largest)[1], -1000)
    square, square_rest = exact_product(x * scale, x * scale)
    other, other_rest = exact_product(y * scale, y * scale)
    total = square + other
    # A small numerator takes both factors before the division, or the ratio might be subnormal; a large one takes one.
    numerator = c * scale
    before, after = (scale, 1.0) if abs(numerator) < 1 else (1.0, scale)
    ratio = numerator * before / total
    if math.isinf(ratio):
        return ratio
    rest = (max(square, other) - total + min(square, other)) + square_rest + other_rest
    return (ratio - ratio * (rest / total)) * after


def exact_product(x: float, y: float) -> tuple[float, float]:
    """x*y and its rounding error (T. J. Dekker, Numerische Mathematik 18, 1971)."""
    product = x * y
    (head, tail), (other_head, other_tail) = map(halves, (x, y))
    rest = head * other_head - product + head * other_tail + tail * other_head + tail * other_tail
    return product, rest


def halves(x: float) -> tuple[float, float]:
    """x as the sum of two floats of half as many digits."""
    scaled = 134217729.0 * x  # 2**27 + 1
    head = scaled - (scaled - x)
    return head, x - head


def compute_logaddexp_slope(x: float, y: float) -> float:
    """1/(1 + exp(y - x)); the rounding error of x - y is put back, since exp would magnify it."""
    if x == y:
        return 0.5
    gap = x - y
    if math.isinf(gap):
        return 1.0 if gap > 0 else 0.0
    back = gap - x
    lost = (x - (gap - back)) - (y + back)
    if gap < 0:
        e = math.exp(gap) * (1 + lost)
        return e / (1 + e)
    return 1 / (1 + math.exp(-gap) * (1 - lost))


def compute_sinc(x: float) -> float:
    """sin(pi x)/(pi x), from the sine of the distance to the nearest integer, which is exact."""
    x = float(x)
    if abs(x) < 1e-9 or math.isinf(x):
        return 1.0 if abs(x) < 1 else 0.0
    rest = math.remainder(x, 1.0)
    side = 1.0 if math.remainder(x - rest, 2.0) == 0 else -1.0
    return side * math.sin(math.pi * rest) / math.pi / x


PI_BITS = 256
PI = 0x3243F6A8885A308D313198A2E03707344A4093822299F31D0082EFA98EC4E6C89  # in units of 2**-PI_BITS


def compute_sinc_derivative(n: int, x: float) -> float:
    """The n-th derivative of sinc, in integers with enough digits in spite of cancellation.

    With z = pi x it is pi**n times the n-th derivative of sin(z)/z. Where z is small, that is the sum over 2k >= n of
    (-1)**k z**(2k - n)/((2k + 1) (2k - n)!), from the series of the sine (DLMF 4.19.1); where it is large, g_n/z with
    g_n = sin(z + n pi/2) - n g_(n-1)/z, from the derivatives of z times sin(z)/z.
    """
    x = float(x)
    if x - x != 0:
        return 0.0 if x == x else x
    numerator, denominator = x.as_integer_ratio()
    one = 1 << PI_BITS
    odd = n % 2
    if abs(x) * 3 < n + 10:
        square = (PI * numerator // denominator) ** 2 >> PI_BITS
        k = (n + odd) // 2
        term = one if k % 2 == 0 else -one  # z**(2k - n)/(2k - n)!, without the z of an odd one
        total = 0
        while term not in (0, -1):
            total += term // (2 * k + 1)
            k += 1
            term = -(term * square >> PI_BITS) // ((2 * k - n) * (2 * k - n - 1))
        if odd:
            return float(total * PI ** (n + 1) * numerator / (denominator << PI_BITS * (n + 2)))
        return float(total * PI**n / (1 << PI_BITS * (n + 1)))
    sine, cosine = sine_and_cosine(numerator % (2 * denominator), denominator)
    more = abs(numerator // denominator).bit_length()  # at an even integer the sine is zero, and only 1/z remains
    sine, cosine = sine << more, cosine << more
    found = sine
    for order in range(1, n + 1):
        sine, cosine = cosine, -sine
        found = sine - order * found * denominator * one // (PI * numerator)
    return float(found * PI ** (n - 1) * denominator / (numerator << PI_BITS * n + more))


def sine_and_cosine(numerator: int, denominator: int) -> tuple[int, int]:
    """sin and cos of pi times a fraction from 0 to 2, in units of 2**-PI_BITS."""
    z = PI * numerator // denominator
    sums = [0, 0]
    k, term = 0, 1 << PI_BITS
    while term:
        sums[k % 2] += term if k % 4 < 2 else -term
        k += 1
        term = (term * z >> PI_BITS) // k
    return sums[1], sums[0]
