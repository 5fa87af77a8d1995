"""For every smooth operation: the function that it is, in many digits, and where it lives."""

from __future__ import annotations

import math
import operator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st
from mpmath import mp

import scalargrad as sg
from scalargrad import operations

if TYPE_CHECKING:
    from collections.abc import Callable


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
WHOLE = st.integers(-40, 40).map(float)


@dataclass(frozen=True)
class Reference:
    """`exact` is the function in mpmath, `apply` how a user writes it, `domain` one strategy an operand."""

    exact: Callable[..., Any]
    apply: Callable[..., Any]
    domain: tuple[st.SearchStrategy[float], ...]
    inside: Callable[..., bool] = field(default=lambda *point: True)

    @property
    def smooth_operands(self) -> range:
        return range(len(self.domain))


def unary(name: str, exact: Callable[..., Any], domain: st.SearchStrategy[float], **more: Any) -> dict[str, Reference]:
    return {name: Reference(exact, getattr(sg, name), (domain,), **more)}


def helper(
    name: str, exact: Callable[..., Any], *domain: st.SearchStrategy[float], **more: Any
) -> dict[str, Reference]:
    return {name: Reference(exact, getattr(operations, name), domain, **more)}


def power_is_real(x: float, y: float) -> bool:
    return x > 0 or (x < 0 and y == int(y))


def sigmoid(x: Any) -> Any:
    return 1 / (1 + mp.exp(-x))


REFERENCES: dict[str, Reference] = {
    "add": Reference(operator.add, operator.add, (ANY, ANY)),
    "sub": Reference(operator.sub, operator.sub, (ANY, ANY)),
    "mul": Reference(operator.mul, operator.mul, (ANY, ANY)),
    "truediv": Reference(operator.truediv, operator.truediv, (ANY, ANY), lambda x, y: y != 0),
    "mod": Reference(
        lambda x, y: x - y * mp.floor(x / y),
        operator.mod,
        (floats_between(-1e6, 1e6), floats_between(-1e3, 1e3)),
        lambda x, y: abs(y) > 1e-3 and 1e-6 < abs(x / y) % 1 < 1 - 1e-6,
    ),
    "pow": Reference(
        lambda x, y: x**y,
        operator.pow,
        (POSITIVE | floats_between(-1e3, 1e3), floats_between(-30, 30) | WHOLE | near(0.0, 1.0, 2.0)),
        power_is_real,
    ),
    "neg": Reference(operator.neg, operator.neg, (ANY,)),
    "absolute": Reference(abs, abs, (ANY,), lambda x: x != 0),
    **helper("quotient", operator.truediv, ANY, ANY, inside=lambda x, y: y != 0),
    **helper("over_square", lambda x, y: x / y**2, ANY, ANY, inside=lambda x, y: y != 0),
    **unary("exp", mp.exp, EXPONENT),
    **unary("expm1", mp.expm1, EXPONENT),
    **unary("log", mp.log, POSITIVE),
    **unary("log1p", mp.log1p, POSITIVE | near(-1.0, 0.0) | UNIT, inside=lambda x: x > -1),
    **unary("sqrt", mp.sqrt, POSITIVE),
    **helper("rsqrt", lambda x: 1 / mp.sqrt(x), POSITIVE),
    **unary("sin", mp.sin, ANGLE),
    **unary("cos", mp.cos, ANGLE),
    **unary("tan", mp.tan, ANGLE),
    **unary("asin", mp.asin, UNIT, inside=lambda x: -1 < x < 1),
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
    **helper("direction", operator.truediv, ANY, POSITIVE),
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


REDUCTIONS: dict[str, Reduced] = {
    "sum": Reduced(
        lambda *xs: mp.fsum(xs), lambda v: v.sum(), vectors(ANY), lambda xs: math.isfinite(sum(map(abs, xs)))
    ),
    "mean": Reduced(lambda *xs: mp.fsum(xs) / len(xs), lambda v: v.mean(), vectors()),
    "dot": Reduced(lambda *xs: mp.fsum(x * y for x, y in zip(xs, reversed(xs))), lambda v: v.dot(v[::-1]), vectors()),
    "prod": Reduced(lambda *xs: mp.fprod(xs), lambda v: v.prod(), vectors(grid_between(-50, 50))),
    "norm": Reduced(lambda *xs: mp.sqrt(mp.fsum(x * x for x in xs)), lambda v: v.norm(), vectors(ANY), any),
    "max": Reduced(lambda *xs: max(xs), lambda v: v.max(), vectors(), has_one(max)),
    "min": Reduced(lambda *xs: min(xs), lambda v: v.min(), vectors(), has_one(min)),
    "logsumexp": Reduced(
        lambda *xs: mp.log(mp.fsum(map(mp.exp, xs))),
        lambda v: v.logsumexp(),
        vectors(floats_between(-700, 700) | ELEMENTS),
    ),
}
