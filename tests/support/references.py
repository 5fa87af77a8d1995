"""For every smooth operation: the function that it is, in many digits, and where it lives."""

from __future__ import annotations

import math
import operator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st
from mpmath import mp

import scalargrad as sg
from scalargrad import nn
from scalargrad.operations import elementary as operations
from scalargrad.operations.operation import registry
from tests.support.oracles import many_digit_derivative

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


def floats_between(low: float, high: float) -> st.SearchStrategy[float]:
    return st.floats(low, high, allow_nan=False, allow_infinity=False)


def grid_between(low: float, high: float) -> st.SearchStrategy[float]:
    """Thousandths: no two of them, and none and a kink at a whole number, are closer than that."""
    return st.integers(math.ceil(low * 1000), math.floor(high * 1000)).map(lambda k: k / 1000)


def near(*points: float) -> st.SearchStrategy[float]:
    """Floats at distances from 1e-16 to 1 on both sides of points: what happens at branch points and zeros."""
    distances = st.builds(lambda e, m: m * 10.0**e, st.integers(-16, -1), floats_between(1, 10))
    sides = st.sampled_from((-1, 1))
    return st.builds(lambda p, d, s: p + s * d, st.sampled_from(points), distances, sides)


ANY = st.floats(allow_nan=False, allow_infinity=False) | floats_between(-30, 30) | near(0.0)
POSITIVE = st.floats(min_value=5e-324, allow_nan=False, allow_infinity=False) | floats_between(1e-3, 1e3) | near(1.0)
UNIT = floats_between(-1, 1) | near(-1.0, 0.0, 1.0)
ANGLE = floats_between(-1e6, 1e6) | floats_between(-7, 7) | near(0.0) | ANY
EXPONENT = floats_between(-750, 709) | floats_between(-30, 30) | near(0.0)
MODEST = floats_between(-1e100, 1e100) | floats_between(-5, 5) | near(0.0)
GAMMA = floats_between(1e-300, 171) | floats_between(0.01, 20) | near(0.0, 1.0, 1.4616321449683622, 2.0)
BELL = floats_between(-27.2, 27.2) | floats_between(-3, 3) | near(0.0)
WHOLE = st.integers(-40, 40).map(float)


@dataclass(frozen=True)
class Reference:
    """`exact` is the function in mpmath, `apply` how a user writes it, `domain` one strategy an operand.

    `slopes` are the first three derivatives in mpmath of a function of one operand, where hundreds of digits of the
    function itself would take too long; `ulps` what the derivative is right to, in units of the last place of itself
    or, if it is smaller, of `least`.
    """

    exact: Callable[..., Any]
    apply: Callable[..., Any]
    domain: tuple[st.SearchStrategy[float], ...]
    inside: Callable[..., bool] = field(default=lambda *point: True)
    slopes: tuple[Callable[[Any], Any], ...] = ()
    ulps: float = 4
    least: Callable[..., float] = field(default=lambda *point: 0.0)

    def derivative(self, point: Sequence[float], index: int, order: int = 1, places: int | None = None) -> mp.mpf:
        """The derivative by one operand, to many more digits than a float has."""
        if not self.slopes:
            return many_digit_derivative(self.exact, point, index, order, places)
        with mp.workdps(60):
            return self.slopes[order - 1](mp.mpf(point[0]))

    @property
    def smooth_operands(self) -> range:
        return range(len(self.domain))


def unary(name: str, exact: Callable[..., Any], domain: st.SearchStrategy[float], **more: Any) -> dict[str, Reference]:
    return {name: Reference(exact, getattr(sg, name), (domain,), **more)}


def helper(
    name: str, exact: Callable[..., Any], *domain: st.SearchStrategy[float], **more: Any
) -> dict[str, Reference]:
    return {name: Reference(exact, registry[name].function or registry[name], domain, **more)}


def power_is_real(x: float, y: float) -> bool:
    return x > 0 or (x < 0 and y == int(y))


def is_positive(x: float) -> bool:
    return x > 0


def is_inside_a_period(x: float, y: float) -> bool:
    return abs(y) > 1e-3 and 1e-6 < abs(x / y) % 1 < 1 - 1e-6


def real_cbrt(x: Any) -> Any:
    return mp.cbrt(x) if x > 0 else -mp.cbrt(-x)


def sigmoid(x: Any) -> Any:
    return 1 / (1 + mp.exp(-x))


def polygammas(n: int) -> tuple[Callable[[Any], Any], ...]:
    """polygamma(n, x) and its next two derivatives (DLMF 5.15)."""
    return tuple([lambda x, k=k: mp.polygamma(n + k, x) for k in range(3)])


def bell_slopes(side: int) -> tuple[Callable[[Any], Any], ...]:
    """2/sqrt(pi) exp(-x**2) and its first two derivatives, or their negatives."""
    factors: tuple[Callable[[Any], Any], ...] = (lambda x: 1, lambda x: -2 * x, lambda x: 4 * x * x - 2)
    return tuple([lambda x, f=f: side * f(x) * 2 / mp.sqrt(mp.pi) * mp.exp(-x * x) for f in factors])


GAMMA_SLOPES: tuple[Callable[[Any], Any], ...] = (
    lambda x: mp.gamma(x) * mp.digamma(x),
    lambda x: mp.gamma(x) * (mp.digamma(x) ** 2 + mp.polygamma(1, x)),
    lambda x: mp.gamma(x) * (mp.digamma(x) ** 3 + 3 * mp.digamma(x) * mp.polygamma(1, x) + mp.polygamma(2, x)),
)

REFERENCES: dict[str, Reference] = {
    "add": Reference(operator.add, operator.add, (ANY, ANY)),
    "sub": Reference(operator.sub, operator.sub, (ANY, ANY)),
    "mul": Reference(operator.mul, operator.mul, (ANY, ANY)),
    "truediv": Reference(operator.truediv, operator.truediv, (ANY, ANY), lambda x, y: y != 0),
    "mod": Reference(
        lambda x, y: x - y * mp.floor(x / y),
        operator.mod,
        (floats_between(-1e6, 1e6), floats_between(-1e3, 1e3)),
        is_inside_a_period,
    ),
    "pow": Reference(
        lambda x, y: x**y,
        operator.pow,
        (POSITIVE | floats_between(-1e3, 1e3), floats_between(-30, 30) | WHOLE | near(0.0, 1.0, 2.0)),
        power_is_real,
    ),
    **helper("identity", lambda x: x, ANY),
    **helper("in_floats", lambda x: x, ANY),
    "neg": Reference(operator.neg, operator.neg, (ANY,)),
    "absolute": Reference(abs, abs, (ANY,), lambda x: x != 0),
    **helper("quotient", operator.truediv, ANY, ANY, inside=lambda x, y: y != 0),
    **helper("over_square", lambda x, y: x / y**2, ANY, ANY, inside=lambda x, y: y != 0),
    **unary("exp", mp.exp, EXPONENT),
    **unary("expm1", mp.expm1, EXPONENT),
    **unary("log", mp.log, POSITIVE),
    "log_base": Reference(
        lambda x, y: mp.log(x) / mp.log(y), sg.math.log, (POSITIVE, POSITIVE), lambda x, y: x > 0 and 0 < y != 1
    ),
    **unary("log1p", mp.log1p, POSITIVE | near(-1.0, 0.0) | UNIT, inside=lambda x: x > -1),
    **unary("sqrt", mp.sqrt, POSITIVE),
    **helper("rsqrt", lambda x: 1 / mp.sqrt(x), POSITIVE),
    **unary("sin", mp.sin, ANGLE),
    **unary("cos", mp.cos, ANGLE),
    **unary("tan", mp.tan, ANGLE),
    **unary("asin", mp.asin, UNIT, inside=lambda x: -1 < x < 1),
    **helper("asin_slope", lambda x: 1 / mp.sqrt(1 - x * x), UNIT, inside=lambda x: -1 < x < 1),
    **helper("atanh_slope", lambda x: 1 / (1 - x * x), UNIT, inside=lambda x: -1 < x < 1),
    **unary("acos", mp.acos, UNIT, inside=lambda x: -1 < x < 1),
    **unary("atan", mp.atan, ANY),
    **helper("lorentz", lambda x: 1 / (1 + x * x), ANY),
    **unary("sinh", mp.sinh, EXPONENT, inside=lambda x: abs(x) < 709),
    **unary("cosh", mp.cosh, EXPONENT, inside=lambda x: abs(x) < 709),
    **unary("tanh", mp.tanh, EXPONENT | ANY),
    **helper("sech2", lambda x: mp.sech(x) ** 2, floats_between(-370, 370) | near(0.0)),
    **unary("asinh", mp.asinh, ANY),
    **helper("rhypot", lambda x: 1 / mp.sqrt(1 + x * x), floats_between(-1e100, 1e100) | near(0.0)),
    **unary("acosh", mp.acosh, POSITIVE | near(1.0), inside=lambda x: x > 1),
    **unary("atanh", mp.atanh, UNIT, inside=lambda x: -1 < x < 1),
    **unary("relu", lambda x: x if x > 0 else mp.mpf(0), ANY, inside=lambda x: x != 0),
    **unary("sigmoid", sigmoid, EXPONENT | ANY),
    **unary("softplus", lambda x: mp.log1p(mp.exp(x)) if x < 0 else x + mp.log1p(mp.exp(-x)), EXPONENT | ANY),
    **unary("log_sigmoid", lambda x: -mp.log1p(mp.exp(-x)) if x > 0 else x - mp.log1p(mp.exp(x)), EXPONENT | ANY),
    "maximum": Reference(max, sg.maximum, (ANY, ANY), operator.ne),
    "minimum": Reference(min, sg.minimum, (ANY, ANY), operator.ne),
    "clip": Reference(
        lambda x, low, high: min(max(x, low), high),
        sg.clip,
        (ANY, ANY, ANY),
        lambda x, low, high: low < high and x not in (low, high),
    ),
    "where": Reference(
        lambda x, y: x if x > y else y,
        lambda x, y: sg.where(x > y, x, y),
        (ANY, ANY),
        operator.ne,
    ),
    **helper(
        "huber",
        lambda x, delta: x * x / 2 if abs(x) <= delta else delta * (abs(x) - delta / 2),
        *(floats_between(-1e3, 1e3), floats_between(0.01, 1e3)),
        inside=lambda x, delta: delta > 0 and abs(x) != delta and x != 0,
    ),
    **helper("direction", operator.truediv, ANY, POSITIVE),
    **helper(
        "leg_ratio",
        lambda x, y: x / mp.sqrt(x * x + y * y),
        *(MODEST, MODEST),
        inside=lambda x, y: min(abs(x), abs(y)) > 1e-150,
        ulps=6,  # it is a second derivative, of hypot
    ),
    **unary("exp2", lambda x: mp.mpf(2) ** x, floats_between(-1074, 1023) | near(0.0)),
    **unary("log2", lambda x: mp.log(x, 2), POSITIVE),
    **unary("log10", lambda x: mp.log(x, 10), POSITIVE),
    **unary("cbrt", real_cbrt, ANY, inside=bool),
    **helper("cbrt_slope", lambda x: 1 / (3 * real_cbrt(x) ** 2), ANY, inside=lambda x: abs(x) > 1e-180),
    "float_pow": Reference(
        lambda x, y: x**y,
        sg.math.pow,
        (POSITIVE | floats_between(-1e3, 1e3), floats_between(-30, 30) | WHOLE | near(0.0, 1.0, 2.0)),
        power_is_real,
    ),
    "atan2": Reference(
        lambda y, x: 2 * mp.atan(y / (mp.hypot(x, y) + x)) if x > 0 else mp.sign(y) * mp.pi / 2 - mp.atan(x / y),
        sg.atan2,
        (ANY, ANY),
        lambda y, x: y != 0 and x != 0,
    ),
    **helper(
        "inversion",
        lambda x, y: x / (x * x + y * y),
        *(MODEST, MODEST),
        inside=lambda x, y: abs(x) != abs(y) and min(abs(x), abs(y)) > 1e-150,  # or else a factor would be subnormal
    ),
    **helper(
        "over_sum_of_squares",
        lambda c, x, y: c / (x * x + y * y),
        *(MODEST, MODEST, MODEST),
        inside=lambda c, x, y: min(abs(c), abs(x), abs(y)) > 1e-150,
    ),
    **unary("degrees", mp.degrees, ANY),
    **unary("radians", mp.radians, ANY),
    **unary("sinc", mp.sincpi, floats_between(-40, 40) | near(0.0, 1.0, 1.4302966531242027)),
    "sinc_derivative": Reference(
        lambda x: (mp.cospi(x) - mp.sincpi(x)) / x,
        lambda x: operations.sinc_derivative(1, x),
        (floats_between(-40, 40) | near(1.0, 1.4302966531242027),),
        lambda x: abs(x) > 1e-3,
    ),
    "logaddexp": Reference(
        lambda x, y: mp.log(mp.exp(x) + mp.exp(y)), sg.logaddexp, (floats_between(-350, 350), floats_between(-350, 350))
    ),
    **helper("logaddexp_slope", lambda x, y: 1 / (1 + mp.exp(y - x)), *(floats_between(-350, 350),) * 2),
    **{
        name: Reference(
            lambda x: mp.polygamma(2, x),
            function,
            (floats_between(1e-50, 1e50) | floats_between(0.01, 40) | near(0.0, 1.0),),
            lambda x: x > 0,
            slopes=polygammas(3),
        )
        for name, function in (
            ("polygamma", lambda x: sg.polygamma(2, x)),
            ("polygamma_slope", lambda x: operations.polygamma_slope(1, x)),
        )
    },
    **unary("digamma", mp.digamma, GAMMA, inside=is_positive, slopes=polygammas(1)),
    **unary("lgamma", mp.loggamma, GAMMA, inside=is_positive, slopes=polygammas(0), ulps=20),
    **unary("gamma", mp.gamma, GAMMA, inside=is_positive, slopes=GAMMA_SLOPES, ulps=20),
    **unary("erf", mp.erf, BELL, slopes=bell_slopes(1)),
    **unary("erfc", mp.erfc, BELL, slopes=bell_slopes(-1)),
    **helper("gauss", lambda x: 2 / mp.sqrt(mp.pi) * mp.exp(-x * x), floats_between(-26, 26) | near(0.0)),
    "fmod": Reference(
        lambda x, y: x - y * (mp.floor(abs(x / y)) * mp.sign(x / y)),
        sg.fmod,
        (floats_between(-1e6, 1e6), floats_between(-1e3, 1e3)),
        is_inside_a_period,
    ),
    "remainder": Reference(
        lambda x, y: x - y * mp.nint(x / y),
        sg.remainder,
        (floats_between(-1e6, 1e6), floats_between(-1e3, 1e3)),
        lambda x, y: is_inside_a_period(x + y / 2, y),
    ),
    **unary("fabs", abs, ANY, inside=bool),
    "copysign": Reference(
        lambda x, y: abs(x) if y > 0 else -abs(x), sg.copysign, (ANY, ANY), lambda x, y: x != 0 and y != 0
    ),
    "ldexp": Reference(lambda x: x * 2**60, lambda x: sg.ldexp(x, 60), (floats_between(-1e280, 1e280) | near(0.0),)),
    "fraction": Reference(
        lambda x: x - mp.sign(x) * mp.floor(abs(x)),
        lambda x: sg.modf(x)[0],
        (floats_between(-1e6, 1e6),),
        lambda x: is_inside_a_period(x, 1.0),
    ),
    "nextafter": Reference(lambda x, y: x + 0 * y, lambda x, y: sg.math.nextafter(x, y), (ANY, ANY), operator.ne),
}

BELOW_ZERO = floats_between(-170, 0) | floats_between(-6, 0) | near(-1.0, -2.0, -3.0, -10.0)


def is_between_poles(x: float) -> bool:
    return x < 0 and x != math.floor(x)


# Functions that are several operations, and operations where another measure holds.
COMPOSED: dict[str, Reference] = {
    "hypot": Reference(
        lambda x, y: mp.sqrt(x * x + y * y), sg.hypot, (ANY, ANY), lambda x, y: math.hypot(x, y) < math.inf and x and y
    ),
    "digamma below 0": Reference(mp.digamma, sg.digamma, (BELOW_ZERO,), is_between_poles, polygammas(1)),
    "lgamma below 0": Reference(
        mp.loggamma, sg.lgamma, (BELOW_ZERO,), is_between_poles, polygammas(0), ulps=20, least=lambda x: 1.0
    ),
    "gamma below 0": Reference(
        mp.gamma, sg.gamma, (BELOW_ZERO,), is_between_poles, GAMMA_SLOPES, ulps=20, least=lambda x: abs(math.gamma(x))
    ),
}

ELEMENTS = floats_between(-50, 50) | near(0.0, 1.0)


def vectors(elements: st.SearchStrategy[float] = ELEMENTS) -> st.SearchStrategy[list[float]]:
    return st.lists(elements, min_size=1, max_size=6)


@dataclass(frozen=True)
class Reduced:
    """A reduction: `exact` in mpmath, `apply` as a user writes it, on what lists, and where it has a derivative."""

    exact: Callable[..., Any]
    apply: Callable[[sg.Vector], Any]
    lists: st.SearchStrategy[list[float]]
    inside: Callable[[list[float]], bool] = field(default=lambda xs: True)


def has_one(extreme: Callable[..., float]) -> Callable[[list[float]], bool]:
    return lambda xs: xs.count(extreme(xs)) == 1


def two_points(xs: Sequence[Any]) -> tuple[list[Any], list[Any]]:
    """The halves of a list as points, with a zero before the first if it is the shorter one."""
    half = len(xs) // 2
    return [*[0.0] * (len(xs) % 2), *xs[:half]], [*xs[half:]]


REDUCTIONS: dict[str, Reduced] = {
    "sum": Reduced(
        lambda *xs: mp.fsum(xs), lambda v: v.sum(), vectors(ANY), lambda xs: math.isfinite(sum(map(abs, xs)))
    ),
    "fsum": Reduced(
        lambda *xs: mp.fsum(xs), lambda v: sg.fsum(v), vectors(ANY), lambda xs: math.isfinite(sum(map(abs, xs)))
    ),
    "dist": Reduced(
        lambda *xs: mp.sqrt(mp.fsum((x - y) ** 2 for x, y in zip(*two_points(xs)))),
        lambda v: sg.dist(*two_points([*v])),
        vectors(),
        lambda xs: math.dist(*two_points(xs)) > 0,
    ),
    "mean": Reduced(lambda *xs: mp.fsum(xs) / len(xs), lambda v: v.mean(), vectors()),
    "dot": Reduced(lambda *xs: mp.fsum(x * y for x, y in zip(xs, reversed(xs))), lambda v: v.dot(v[::-1]), vectors()),
    "prod": Reduced(lambda *xs: mp.fprod(xs), lambda v: v.prod(), vectors(grid_between(-50, 50))),
    "norm": Reduced(lambda *xs: mp.sqrt(mp.fsum(x * x for x in xs)), lambda v: v.norm(), vectors(ANY), any),
    "max": Reduced(lambda *xs: max(xs), lambda v: v.max(), vectors(), has_one(max)),
    "min": Reduced(lambda *xs: min(xs), lambda v: v.min(), vectors(), has_one(min)),
    "surprise": Reduced(
        lambda *xs: mp.log(mp.fsum(mp.exp(x - xs[0]) for x in xs)),
        lambda v: nn.cross_entropy(v, 0),
        vectors(),
    ),
    "logsumexp": Reduced(
        lambda *xs: mp.log(mp.fsum(map(mp.exp, xs))),
        lambda v: v.logsumexp(),
        vectors(floats_between(-700, 700) | ELEMENTS),
    ),
}
