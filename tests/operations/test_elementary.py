"""Every elementary operation's derivatives, to the last digits, and its values and edges."""

from __future__ import annotations

import math
import sys
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from mpmath import mp

import scalargrad as sg
from scalargrad.operations import elementary as operations
from tests.support.accuracy import (
    ALL,
    OUT_OF_RANGE,
    check_first_derivatives,
    check_higher_derivatives,
    check_where_it_has_one,
    first_derivatives,
)
from tests.support.oracles import LEAST_NORMAL, ulps
from tests.support.references import ANY, EXPONENT, REFERENCES, grid_between

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.mark.parametrize("name", ALL)
@given(data=st.data())
def test_every_first_derivative_is_within_4_ulp(name: str, data: st.DataObject) -> None:
    check_where_it_has_one(check_first_derivatives, name, data.draw(st.tuples(*ALL[name].domain)))


HARD_POINTS = [
    ("tanh", (30.0,)),
    ("tanh", (-372.0,)),
    ("tanh", (1e-310,)),
    ("sigmoid", (-700.0,)),
    ("sigmoid", (-745.0,)),
    ("sigmoid", (40.0,)),
    ("softplus", (-740.0,)),
    ("log_sigmoid", (740.0,)),
    ("expm1", (-40.0,)),
    ("expm1", (-744.0,)),
    ("asin", (1 - 1e-12,)),
    ("asin", (-1 + 1e-16,)),
    ("acos", (1 - 2**-53,)),
    ("asinh", (1e200,)),
    ("asinh", (-1e308,)),
    ("atan", (1e200,)),
    ("atan", (1e9,)),
    ("atan", (1e150,)),
    ("acosh", (1 + 2**-52,)),
    ("acosh", (1e300,)),
    ("atanh", (1 - 2**-53,)),
    ("log1p", (-1 + 2**-53,)),
    ("log1p", (1e-320,)),
    ("log", (5e-324,)),
    ("sqrt", (5e-324,)),
    ("sqrt", (1.7e308,)),
    ("tan", (1.5707963267948966,)),
    ("truediv", (1e-300, 1e-10)),
    ("truediv", (3e-310, 2e-150)),
    ("truediv", (1e300, 1e200)),
    ("truediv", (1.5e-323, 1.3e-12)),
    ("pow", (1e-300, 1.5)),
    ("pow", (1e200, 1.5)),
    ("pow", (2.0, 1e-300)),
    ("pow", (1e-5, 60.3)),
    ("pow", (0.999, 1e5)),
    ("pow", (5e-324, 0.5)),
    ("pow", (-3.0, 5.0)),
    ("pow", (5e-324, -0.95)),
    ("pow", (-1.0, 1e100)),
    ("atan2", (0.0015044559288149041, 2.2250738585e-313)),
    ("atan2", (1e300, -1e-5)),
    ("atan2", (2e-308, 3e-308)),
    ("pow", (1e-303, -3e-6)),
    ("pow", (1e300, 1e-16)),
    ("pow", (3e-310, 1e-5)),
    ("pow", (1e-4, 78.1)),
    ("pow", (-1e-4, 78.0)),
    ("pow", (-1.1e-4, 79.0)),
]


@pytest.mark.parametrize(("name", "point"), HARD_POINTS)
def test_tails_subnormals_and_branch_points_lose_no_digits(name: str, point: tuple[float, ...]) -> None:
    check_first_derivatives(name, point)


MODERATE = {
    "pow": (grid_between(0.1, 5), grid_between(-3, 3)),
    "truediv": (grid_between(-5, 5), grid_between(0.5, 5)),
    "quotient": (grid_between(-5, 5), grid_between(0.5, 5)),
    "over_square": (grid_between(-5, 5), grid_between(0.5, 5)),
    "direction": (grid_between(-5, 5), grid_between(0.5, 5)),
    "mod": (grid_between(5.2, 5.8), grid_between(1.9, 2.1)),
    **{name: (grid_between(-0.9, 0.9),) for name in ("asin", "acos", "atanh", "log1p")},
    **{name: (grid_between(0.2, 5),) for name in ("log", "sqrt", "rsqrt")},
    "acosh": (grid_between(1.2, 5),),
    "tan": (grid_between(-1.4, 1.4),),
    **{name: (grid_between(0.2, 5),) for name in ("log2", "log10", "cbrt", "cbrt_slope", "digamma")},
    **{name: (grid_between(0.2, 5),) for name in ("polygamma", "polygamma_slope")},
    "log_base": (grid_between(0.2, 5), grid_between(1.2, 5)),
    **{name: (grid_between(0.2, 5),) for name in ("lgamma", "gamma", "exp2")},
    "float_pow": (grid_between(0.1, 5), grid_between(-3, 3)),
    **{name: (grid_between(0.3, 3), grid_between(0.3, 3)) for name in ("atan2", "inversion")},
    "over_sum_of_squares": (grid_between(0.3, 3),) * 3,
    **{name: (grid_between(5.2, 5.8), grid_between(1.9, 2.1)) for name in ("fmod", "remainder")},
}


@pytest.mark.parametrize("name", REFERENCES)
@given(data=st.data())
def test_second_and_third_derivatives_follow_from_the_same_rules(name: str, data: st.DataObject) -> None:
    arity = len(REFERENCES[name].domain)
    point = data.draw(st.tuples(*MODERATE.get(name, (grid_between(-3, 3),) * arity)))
    check_where_it_has_one(check_higher_derivatives, name, point)


# ---- Values ----------------------------------------------------------------------------------------------------------


OF_MATH = ["exp", "expm1", "log", "log1p", "sqrt", "sin", "cos", "tan", "asin", "acos", "atan"]
OF_MATH += ["sinh", "cosh", "tanh", "asinh", "acosh", "atanh"]


def outcome(function: Callable[..., Any], *args: Any) -> tuple[Any, ...]:
    try:
        result = function(*args)
    except OUT_OF_RANGE as error:
        return ("raises", type(error))
    if isinstance(result, complex):
        return ("raises", ValueError)
    return ("gives", float(getattr(result, "data", result)).hex())


@pytest.mark.parametrize("name", OF_MATH)
@given(x=st.floats() | EXPONENT)
@example(x=0.0)
@example(x=-0.0)
@example(x=math.inf)
@example(x=math.nan)
def test_a_function_of_math_has_the_values_and_the_errors_of_math(name: str, x: float) -> None:
    function = getattr(sg, name)
    of_math = getattr(math, name)
    assert outcome(function, x) == outcome(of_math, x)
    assert outcome(function, sg.Value(x)) == outcome(of_math, x)
    assert outcome(lambda v: function(v)[0], sg.Vector([x])) == outcome(of_math, x)


@pytest.mark.parametrize("name", ["sigmoid", "softplus", "log_sigmoid"])
@given(x=ANY | st.just(math.inf) | st.just(-math.inf))
def test_an_activation_is_within_4_ulp_at_every_float(name: str, x: float) -> None:
    with mp.workdps(800):
        exact = {
            "sigmoid": lambda x: 1 / (1 + mp.exp(-x)),
            "softplus": lambda x: mp.log1p(mp.exp(x)),
            "log_sigmoid": lambda x: -mp.log1p(mp.exp(-x)),
        }[name]
        if math.isinf(x) or abs(x) > 1e6:
            limits = {"sigmoid": float(x > 0), "softplus": max(x, 0.0), "log_sigmoid": min(x, 0.0)}
            assert getattr(sg, name)(x) == limits[name]
        else:
            assert ulps(getattr(sg, name)(x), exact(mp.mpf(x))) <= 4


@given(st.floats(), st.floats())
def test_maximum_and_minimum_are_nan_if_either_is(x: float, y: float) -> None:
    if math.isnan(x) or math.isnan(y):
        assert math.isnan(sg.maximum(x, y))
        assert math.isnan(sg.minimum(x, y))
    else:
        assert sg.maximum(x, y) == max(x, y)
        assert sg.minimum(x, y) == min(x, y)


# ---- Kinks and edges -------------------------------------------------------------------------------------------------


KINKS = [
    (abs, (0.0,), [0]),
    (sg.abs, (0.0,), [0]),
    (sg.relu, (0.0,), [0]),
    (sg.maximum, (2.0, 2.0), [0.5, 0.5]),
    (sg.minimum, (2.0, 2.0), [0.5, 0.5]),
    (sg.clip, (1.0, 1.0, 2.0), [0.5, 0.5, 0]),
    (sg.clip, (2.0, 1.0, 2.0), [0.5, 0, 0.5]),
    (sg.clip, (1.0, 1.0, 1.0), [1 / 3, 1 / 3, 1 / 3]),
    (sg.clip, (9.0, 1.0, 2.0), [0, 0, 1]),
    (lambda *xs: sg.Vector(xs).max(), (3.0, 1.0, 3.0), [0.5, 0, 0.5]),
    (lambda *xs: sg.Vector(xs).min(), (3.0, 1.0, 1.0), [0, 0.5, 0.5]),
    (lambda *xs: sg.Vector(xs).norm(), (0.0, 0.0), [0, 0]),
    (lambda x, y: x // y, (7.5, 2.0), [0, 0]),
    (lambda x, y: x % y, (7.5, 2.0), [1, -3]),
]


@pytest.mark.parametrize(("apply", "point", "expected"), KINKS)
def test_at_a_kink_the_derivative_is_the_stated_member_of_the_subdifferential(
    apply: Callable[..., Any], point: tuple[float, ...], expected: list[float]
) -> None:
    assert first_derivatives(apply, point) == expected


EDGES = [
    (sg.sqrt, 0.0, math.inf),
    (sg.asin, 1.0, math.inf),
    (sg.asin, -1.0, math.inf),
    (sg.acos, 1.0, -math.inf),
    (sg.acosh, 1.0, math.inf),
    (lambda x: x**0.5, 0.0, math.inf),
    (lambda x: x**0, 0.0, 0.0),
    (lambda x: x**1, 0.0, 1.0),
    (lambda x: x**2, 0.0, 0.0),
    (lambda x: 0.0**x, 2.0, 0.0),
    (lambda x: 0.0**x, 0.0, -math.inf),
    (sg.tanh, math.inf, 0.0),
    (sg.sigmoid, -math.inf, 0.0),
    (sg.atan, math.inf, 0.0),
    (sg.asinh, -math.inf, 0.0),
    (sg.log, math.inf, 0.0),
    (sg.sqrt, math.inf, 0.0),
    (sg.exp, -math.inf, 0.0),
    (sg.softplus, math.inf, 1.0),
    (lambda x: 1 / x, math.inf, 0.0),
    (lambda x: sg.ldexp(x, 1023), 0.25, 2.0**1023),
    (lambda x: sg.ldexp(x, 1024), 0.25, math.inf),
]


@pytest.mark.parametrize(("apply", "x", "limit"), EDGES)
def test_at_the_edge_of_a_domain_the_derivative_is_the_limit(apply: Callable[..., Any], x: float, limit: float) -> None:
    assert first_derivatives(apply, [x]) == [limit]


NAN_KEEPERS = [abs, sg.relu, sg.sigmoid, sg.tanh, sg.exp, sg.softplus, lambda x: sg.maximum(x, 0.0), lambda x: x * 0]


@pytest.mark.parametrize("apply", NAN_KEEPERS)
def test_nan_stays_nan(apply: Callable[..., Any]) -> None:
    assert math.isnan(apply(sg.Value(math.nan)).data)


@given(ANY | st.sampled_from([math.inf, -math.inf, math.nan]), st.sampled_from([*REFERENCES]))
def test_a_rule_never_raises_where_the_value_exists(x: float, name: str) -> None:
    reference = REFERENCES[name]
    point = [x] * len(reference.domain)
    try:
        result = reference.apply(*map(sg.Value, point))
    except OUT_OF_RANGE:
        assert outcome(reference.apply, *point)[0] == "raises"
    else:
        result.backward()


# ---- Found by use ----------------------------------------------------------------------------------------------------


def test_subnormal_results_are_reached() -> None:
    assert 0 < first_derivatives(sg.sigmoid, [-744.0])[0] < LEAST_NORMAL
    assert first_derivatives(sg.tanh, [400.0]) == [0.0]
    assert sys.float_info.max > first_derivatives(sg.log, [6e-309])[0] > 1e308


def test_the_angle_of_a_point_next_to_the_origin_is_infinitely_steep() -> None:
    assert first_derivatives(sg.atan2, (1e-310, 1e-310)) == [math.inf, -math.inf]
    assert operations.over_sum_of_squares(-1.0, 5e-324, 0.0) == -math.inf


def test_sinc_has_its_limits_at_zero_at_whole_numbers_and_at_infinity() -> None:
    assert [sg.sinc(x) for x in (0.0, 1.0, -2.0, 1e300, math.inf)] == [1.0, 0.0, 0.0, 0.0, 0.0]
    assert sg.sinc(5e-324) == 1.0
    assert math.isnan(sg.sinc(math.nan))
    for n in range(1, 8):
        exact = 0.0 if n % 2 else (-1) ** (n // 2) * math.pi**n / (n + 1)
        assert sg.derivative(sg.sinc, order=n)(0.0) == pytest.approx(exact, rel=1e-14)
    slope = sg.grad(sg.sinc)
    assert [slope(x) for x in (1.0, 2.0, -1.0, 1e300)] == [-1.0, 0.5, 1.0, 1e-300]
    assert [slope(x) for x in (math.inf, -math.inf)] == [0.0, 0.0]
    assert math.isnan(slope(math.nan))
    assert sg.grad(slope)(2.0) == -0.5  # -2 cos(2 pi)/4


def test_logaddexp_holds_at_ties_and_infinities() -> None:
    def slopes(x: float, y: float) -> tuple[float, float]:
        found: tuple[float, float] = sg.grad(sg.logaddexp, argnums=(0, 1))(x, y)
        return found

    assert sg.logaddexp(-math.inf, 3.0) == sg.logaddexp(3.0, -math.inf) == 3.0
    assert sg.logaddexp(math.inf, math.inf) == math.inf
    assert sg.logaddexp(-math.inf, -math.inf) == -math.inf
    assert math.isnan(sg.logaddexp(math.nan, 1.0))
    assert slopes(1e300, 1e300) == slopes(-math.inf, -math.inf) == (0.5, 0.5)
    assert slopes(math.inf, 0.0) == slopes(1e308, -1e308) == (1.0, 0.0)
    assert slopes(-700.0, 0.0) == pytest.approx((math.exp(-700), 1.0), rel=1e-15)
