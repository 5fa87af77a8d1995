"""Every operation's derivatives, to the last digits, and its values and edges."""

from __future__ import annotations

import contextlib
import itertools
import math
import sys
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import example, given, reject
from hypothesis import strategies as st
from mpmath import mp

import scalargrad as sg
from scalargrad import nn
from scalargrad.operations import elementary as operations
from scalargrad.operations.operation import Reduction, find_operation, registry
from scalargrad.operations.reductions import left_sum, left_to_right, products_of_others
from tests.support.oracles import LEAST_NORMAL, NARROW, many_digit_derivative, ulps
from tests.support.references import (
    ANY,
    COMPOSED,
    EXPONENT,
    REDUCTIONS,
    REFERENCES,
    floats_between,
    grid_between,
    near,
    vectors,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

ALL = REFERENCES | COMPOSED
OUT_OF_RANGE = (OverflowError, ValueError, ZeroDivisionError)


class NoDerivativeError(Exception):
    """A point where the operation has no value or no derivative."""


def check_where_it_has_one(check: Callable[..., None], *args: Any) -> None:
    """Run a check on what Hypothesis drew, and let it draw again where there is no derivative."""
    try:
        check(*args)
    except NoDerivativeError:
        reject()


def first_derivatives(apply: Callable[..., Any], point: Sequence[float]) -> list[float]:
    """The gradient by `backward()`."""
    leaves = [sg.Value(x) for x in point]
    apply(*leaves).backward()
    return [leaf.grad for leaf in leaves]


def nested_derivative(apply: Callable[..., Any], point: Sequence[float], index: int, order: int) -> float:
    """A higher derivative by one operand, from a tape in a tape in a tape."""
    if order == 0:
        return apply(*point).data
    leaves = [x if isinstance(x, sg.Value) else sg.Value(x) for x in point]

    def derivative(order: int) -> Any:
        if order == 0:
            return apply(*leaves)
        with sg.GradientTape() as tape:
            below = derivative(order - 1)
        return tape.gradient(below, leaves[index], unconnected_gradients="zero")

    return derivative(order).data


def check_first_derivatives(name: str, point: Sequence[float]) -> None:
    """Compare the operators, as they are used, with many digits."""
    reference = ALL[name]
    if not reference.inside(*point):
        raise NoDerivativeError
    try:
        gradient = first_derivatives(reference.apply, point)
    except OUT_OF_RANGE:
        raise NoDerivativeError from None
    for index, got in enumerate(gradient):
        if name in ("pow", "float_pow") and index == 1 and point[0] < 0:
            continue  # x**y has no derivative by y where x is negative
        exact = reference.derivative(point, index)
        assert ulps(float(got), exact, reference.least(*point)) <= reference.ulps, (
            f"d {name}{tuple(point)} / d operand {index}: {got!r}, exactly {mp.nstr(exact, 20)}"
        )


@pytest.mark.parametrize("name", ALL)
@given(data=st.data())
def test_every_first_derivative_is_within_4_ulp(name: str, data: st.DataObject) -> None:
    check_where_it_has_one(check_first_derivatives, name, data.draw(st.tuples(*ALL[name].domain)))


@given(floats_between(0.01, 100), floats_between(-100, 100))
def test_the_derivative_by_an_exponent_is_the_power_times_the_logarithm_to_the_bit(x: float, y: float) -> None:
    assert first_derivatives(lambda x, y: x**y, [x, y])[1] == x**y * math.log(x)


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


@pytest.mark.parametrize("name", REDUCTIONS)
@given(data=st.data())
def test_the_gradient_of_a_reduction_is_right_to_the_last_digits(name: str, data: st.DataObject) -> None:
    check_where_it_has_one(check_reduction, name, data.draw(REDUCTIONS[name].lists))


def check_reduction(name: str, xs: list[float]) -> None:
    reduced = REDUCTIONS[name]
    leaves = [sg.Value(x) for x in xs]
    try:
        result = reduced.apply(sg.Vector(leaves))
    except OUT_OF_RANGE:
        raise NoDerivativeError from None
    if not reduced.inside(xs) or not math.isfinite(result.data):
        raise NoDerivativeError
    result.backward()
    for index, leaf in enumerate(leaves):
        exact = many_digit_derivative(reduced.exact, xs, index)
        # A product of n numbers is rounded n times; a share of the softmax once for each term that it is divided by.
        bound = {"prod": len(xs), **dict.fromkeys(("logsumexp", "surprise"), 4 + len(xs))}.get(name, 4)
        assert ulps(float(leaf.grad), exact) <= bound, (
            f"{name}{xs} by operand {index}: {leaf.grad!r}, {mp.nstr(exact, 20)}"
        )


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


def check_higher_derivatives(name: str, point: Sequence[float], orders: tuple[int, ...] = (2, 3)) -> None:
    reference = REFERENCES[name]
    if not reference.inside(*point):
        raise NoDerivativeError
    for index in reference.smooth_operands:
        for order in orders:
            got = nested_derivative(reference.apply, point, index, order)
            exact = float(reference.derivative(point, index, order, NARROW))
            assert got == pytest.approx(exact, rel=1e-11, abs=1e-11), f"derivative {order} of {name}{tuple(point)}"


@pytest.mark.parametrize("name", REFERENCES)
@given(data=st.data())
def test_second_and_third_derivatives_follow_from_the_same_rules(name: str, data: st.DataObject) -> None:
    arity = len(REFERENCES[name].domain)
    point = data.draw(st.tuples(*MODERATE.get(name, (grid_between(-3, 3),) * arity)))
    check_where_it_has_one(check_higher_derivatives, name, point)


@given(grid_between(0.2, 4), grid_between(-3, 3))
def test_the_mixed_derivative_of_a_power_is_symmetric_and_right(x: float, y: float) -> None:
    check_mixed_derivative_of_power(x, y)


@pytest.mark.parametrize("order", [(0, 1, 1), (1, 0, 1), (1, 1, 0)])
@given(grid_between(0.2, 4), grid_between(-3, 3))
def test_a_power_by_its_base_and_twice_by_its_exponent_has_its_closed_form(
    order: tuple[int, ...], x: float, y: float
) -> None:
    leaves = [sg.Value(x), sg.Value(y)]
    with contextlib.ExitStack() as stack:
        tapes = [stack.enter_context(sg.GradientTape()) for _ in order]
        derivative = leaves[0] ** leaves[1]
        for index in order:
            derivative = tapes.pop().gradient(derivative, leaves[index])
    exact = x ** (y - 1) * math.log(x) * (y * math.log(x) + 2)
    assert derivative.data == pytest.approx(exact, rel=1e-11, abs=1e-11)


def check_mixed_derivative_of_power(x: float, y: float) -> None:
    exact = x ** (y - 1) * (1 + y * math.log(x))
    for first, second in ((0, 1), (1, 0)):
        leaves = [sg.Value(x), sg.Value(y)]
        with sg.GradientTape() as outer:
            with sg.GradientTape() as inner:
                z = leaves[0] ** leaves[1]
            slope = inner.gradient(z, leaves[first])
        assert outer.gradient(slope, leaves[second]).data == pytest.approx(exact, rel=1e-11, abs=1e-11)
    base, exponent = sg.Value(x), sg.Value(y)
    with sg.GradientTape() as outer:
        with sg.GradientTape() as middle:
            with sg.GradientTape() as inner:
                z = base**exponent
            slope = inner.gradient(z, base)
        curvature = middle.gradient(slope, base)
    exact = x ** (y - 2) * (2 * y - 1 + y * (y - 1) * math.log(x))
    assert outer.gradient(curvature, exponent).data == pytest.approx(exact, rel=1e-11, abs=1e-11)
    by_turns = by_base_and_exponent_in_turn(base, exponent, 4)
    exact = x ** (y - 2) * (2 + 2 * (2 * y - 1) * math.log(x) + y * (y - 1) * math.log(x) ** 2)
    assert by_turns.data == pytest.approx(exact, rel=1e-11, abs=1e-11)


def by_base_and_exponent_in_turn(base: sg.Value, exponent: sg.Value, order: int) -> Any:
    """The derivative of a power by its base, then by its exponent, and so on, from a tape in a tape in a tape."""
    with contextlib.ExitStack() as stack:
        tapes = [stack.enter_context(sg.GradientTape()) for _ in range(order)]
        derivative = base**exponent
        for k in range(order):
            derivative = tapes.pop().gradient(derivative, (base, exponent)[k % 2])
    return derivative


SMALL = st.integers(-1074, -900).map(lambda k: math.ldexp(1.0, k))


@given(SMALL, st.builds(math.ldexp, floats_between(-1, 1), st.integers(-10, 1)))
@example(5e-324, 1e-5)
@example(5e-324, 0.04)
@example(5e-324, 0.00134332)
def test_the_mixed_derivative_of_a_power_is_right_where_its_two_parts_are_infinite(x: float, y: float) -> None:
    with mp.workdps(60):
        base = mp.mpf(x)
        exact = float(base ** (mp.mpf(y) - 1) * (1 + y * mp.log(base)))
    try:
        found = [second_derivative(x, y, first) for first in (0, 1)]
    except OverflowError:  # so does the power itself
        return
    for got in found:
        assert got == exact or abs(got - exact) <= 1e-12 * abs(exact) + 1e-320


@pytest.mark.parametrize("x", [0.0, -0.0, Fraction(0)])
@pytest.mark.parametrize(("y", "limit"), [(0.5, -math.inf), (1.0, -math.inf), (0.0, math.inf), (1.5, 0), (2.0, 0)])
def test_the_mixed_derivative_of_a_power_at_zero_is_the_limit(x: Any, y: float, limit: float) -> None:
    assert [second_derivative(x, y, first) for first in (0, 1)] == [limit, limit]


def second_derivative(x: Any, y: float, first: int) -> Any:
    """The mixed second derivative of x**y, by the base or the exponent first."""
    leaves = [sg.Value(x), sg.Value(y)]
    with sg.GradientTape() as outer:
        with sg.GradientTape() as inner:
            power = leaves[0] ** leaves[1]
        slope = inner.gradient(power, leaves[first])
    return outer.gradient(slope, leaves[1 - first]).data


@pytest.mark.parametrize("x", [0.0, -0.0, Fraction(0), 2.0, Fraction(2, 3)])
@pytest.mark.parametrize("power", [0, 1, 2, 3, 4])
def test_whole_powers_have_derivatives_of_every_order_at_zero_too(x: Any, power: int) -> None:
    for order in range(6):
        exact = math.perm(power, order) * Fraction(x) ** max(power - order, 0)
        got = nested_derivative(lambda v: v**power, [sg.Value(x)], 0, order) if order else x**power
        assert got == exact
        assert isinstance(got, (int, type(x)))


@pytest.mark.parametrize("name", REDUCTIONS)
@given(data=st.data())
def test_second_and_third_derivatives_of_reductions_follow_from_the_same_rules(name: str, data: st.DataObject) -> None:
    xs = data.draw(vectors(grid_between(-3, 3)))
    index = data.draw(st.integers(0, len(xs) - 1))
    check_where_it_has_one(check_higher_derivatives_of_reduction, name, xs, index)


def check_higher_derivatives_of_reduction(name: str, xs: list[float], index: int) -> None:
    reduced = REDUCTIONS[name]
    if not reduced.inside(xs) or (name in ("norm", "dist") and reduced.apply(sg.Vector(xs)).data < 0.1):
        raise NoDerivativeError
    apply = lambda *leaves: reduced.apply(sg.Vector(leaves))  # noqa: E731
    for order in (2, 3):
        got = nested_derivative(apply, xs, index, order)
        exact = float(many_digit_derivative(reduced.exact, xs, index, order, NARROW))
        assert got == pytest.approx(exact, rel=1e-11, abs=1e-11), f"derivative {order} of {name}{xs} by {index}"


# ---- Where one operand dominates -------------------------------------------------------------------------------------

LOGITS = st.lists(floats_between(-30, 30) | floats_between(-700, 700) | near(0.0), min_size=1, max_size=5)
SPREAD = st.lists(st.builds(math.ldexp, floats_between(-1, 1), st.integers(-400, 400)), min_size=1, max_size=4)


def exact_shares(xs: Sequence[float], indices: Iterable[int]) -> tuple[list[mp.mpf], dict[int, mp.mpf]]:
    """The softmax in many digits: each share, and for some of them the sum of the others."""
    exponentials = [mp.exp(mp.mpf(x) - max(xs)) for x in xs]
    whole = mp.fsum(exponentials)
    return [e / whole for e in exponentials], {
        i: mp.fsum(exponentials[:i] + exponentials[i + 1 :]) / whole for i in indices
    }


@mp.workdps(60)
@given(LOGITS, st.sampled_from(["forward", "reverse", "auto"]), st.data())
@example([37.5, 0.0], "auto", None)
@example([0.0] * 40, "reverse", None)
@example([1e15, 1e15 + 0.25, -1e15], "forward", None)
def test_every_second_derivative_that_stands_on_softmax_is_within_8_ulp(
    xs: list[float], mode: str, data: st.DataObject | None
) -> None:
    k = data.draw(st.integers(0, len(xs) - 1)) if data else 0
    shares, others = exact_shares(xs, range(len(xs)))
    for derivatives in (
        sg.jacobian(sg.softmax, mode=mode)(xs),
        sg.hessian(sg.logsumexp)(xs),
        sg.hessian(lambda zs: nn.cross_entropy(zs, k))(xs),
        sg.hessian(lambda zs: nn.cross_entropy(zs, [float(j == k) for j in range(len(xs))]))(xs),
    ):
        for i, row in enumerate(derivatives):
            for j, got in enumerate(row):
                assert ulps(got, shares[i] * others[i] if i == j else -shares[i] * shares[j]) <= 8
    gradient = sg.grad(lambda zs: nn.cross_entropy(zs, k))(xs)
    for j, got in enumerate(gradient):
        assert ulps(got, -others[k] if j == k else shares[j]) <= 8


@mp.workdps(60)
def test_the_share_of_one_among_a_thousand_has_its_digits() -> None:
    xs = [math.sin(i) for i in range(1000)]
    shares, others = exact_shares(xs, (0, 11, 999))
    for k in others:
        gradient = sg.grad(lambda zs, k=k: sg.softmax(zs)[k])(xs)
        for j, got in enumerate(gradient):
            assert ulps(got, shares[k] * others[k] if j == k else -shares[k] * shares[j]) <= 8


@given(SPREAD)
@example([5.0, 0.0, 0.0])
@example([1e9, 1.0, 2.0])
@example([1e-300, 1e-304, 0.0, -1e-299])
@example([1e-100, 1e-260, 1e-270])
def test_the_hessian_of_a_length_does_not_cancel_where_one_coordinate_dominates(xs: list[float]) -> None:
    if not any(xs):
        return
    with mp.workdps(800):
        exact = [mp.mpf(x) for x in xs]
        length = mp.sqrt(mp.fsum(x * x for x in exact))
        for function in (
            lambda v: sg.Vector(v).norm(),
            lambda v: sg.hypot(*v),
            lambda v: sg.dist([0.0] * len(v), v),
        ):
            for i, row in enumerate(sg.hessian(function)(xs)):
                for j, got in enumerate(row):
                    others = mp.fsum(x * x for k, x in enumerate(exact) if k != i)
                    right = (others if i == j else -exact[i] * exact[j]) / length**3
                    assert ulps(got, right, 1e-290) <= 12


@pytest.mark.parametrize("point", [[5.0, 0.0, 0.0], [1e6, 1.0, -2.0], [1.0, 2.0, 3.0]])
def test_the_third_derivatives_of_a_length_are_right_where_one_coordinate_dominates(point: list[float]) -> None:
    found = sg.jacobian(sg.hessian(lambda v: sg.Vector(v).norm()))(point)
    length = math.hypot(*point)
    u = [x / length for x in point]
    for i, j, k in itertools.product(range(3), repeat=3):
        terms = [3 * u[i] * u[j] * u[k], -(i == j) * u[k], -(i == k) * u[j], -(j == k) * u[i]]
        assert abs(found[i][j][k] - math.fsum(terms) / length**2) <= 1e-14 * max(map(abs, terms)) / length**2


# ---- At the ends of the range of floats ------------------------------------------------------------------------------

WIDE = st.builds(math.ldexp, floats_between(0.5, 1) | floats_between(-1, -0.5), st.integers(-1000, 1000))


def nearest(exact: Fraction) -> float:
    try:
        return float(exact)
    except OverflowError:
        return math.inf if exact > 0 else -math.inf


@given(st.lists(WIDE, min_size=1, max_size=8))
@example([1e-150, 1e-150, 1e160, 1e160])
@example([1e200, 1.0, 1e-200, 1e-200])
def test_an_entry_of_the_gradient_of_a_product_is_right_wherever_it_fits(xs: list[float]) -> None:
    for function in (lambda v: sg.Vector(v).prod(), sg.prod, lambda v: sg.prod(v[1:], start=v[0])):
        for k, got in enumerate(sg.grad(function)(xs)):
            right = nearest(math.prod(map(Fraction, [*xs[:k], *xs[k + 1 :]])))
            assert got == right or abs(got - right) <= len(xs) * math.ulp(right)


SHORTCUTS = {rule: rule.on_floats for op in registry.values() for rule in op.rules if hasattr(rule, "on_floats")}


@pytest.mark.parametrize("rule", SHORTCUTS, ids=lambda rule: rule.__name__)
@given(xs=st.lists(WIDE | floats_between(-100, 100) | st.sampled_from([0.0, -0.0, math.inf, math.nan]), min_size=2))
@example(xs=[1e-150, 1e-150, 1e160, 1e160])
@example(xs=[1e-160, 1e-160, 1e160])
@example(xs=[1e200, 1e107, 2.0])
@example(xs=[math.inf, 1.0, -math.inf])
@example(xs=[1e-200, 1e-200])
def test_the_shortcut_of_a_rule_gives_all_digits_of_the_rule(rule: Any, xs: list[float]) -> None:
    xs = xs[: len(xs) // 2 * 2]  # as distances have it
    found = SHORTCUTS[rule](xs)
    assert found is None or [*map(repr, map(float, found))] == [*map(repr, map(float, rule(*xs)))]


def test_the_shortcut_of_the_gradient_of_a_product_is_taken_where_none_leaves_the_range() -> None:
    shortcut = SHORTCUTS[products_of_others]
    assert shortcut([2.0, 3.0, 5.0]) == [15.0, 10.0, 6.0]
    assert shortcut([1e200, 3.0, 1e-200]) == pytest.approx([3e-200, 1.0, 3e200])
    assert shortcut([1e200, 1e200, 1e-200]) is None
    assert shortcut([1e-200, 1e-200, 1e200]) is None
    assert shortcut([0.0, 1.0]) is None


def test_the_gradient_of_a_product_with_zeros_and_infinities_is_the_product_of_the_others() -> None:
    gradient = sg.grad(lambda v: sg.Vector(v).prod())
    assert gradient([0.0, 1e200, 1e200, 1e-200, 1e-200])[0] == pytest.approx(1.0)
    assert gradient([0.0, math.inf, 3.0])[:2] == [math.inf, 0.0]
    assert math.isnan(gradient([0.0, math.inf, 3.0])[2])
    assert gradient([1e200, 1e200, 0.0, 1e-300])[2] == pytest.approx(1e100)
    assert gradient([1e200, math.inf, 1e200, 1e-200, 1e-200])[1] == pytest.approx(1.0)
    assert gradient([Fraction(1, 3), Fraction(2), Fraction(5)]) == [10, Fraction(5, 3), Fraction(2, 3)]


def test_the_hessian_of_a_product_is_right_where_a_gradient_entry_fits() -> None:
    hessian = sg.hessian(lambda v: sg.Vector(v).prod())
    assert hessian([1e-200, 1e-200, 3.0])[2][:2] == [1e-200, 1e-200]
    found = hessian([1e-150, 1e-150, 1e160, 1e160])
    assert found[0][1] == math.inf
    assert found[0][2] == found[2][0] == pytest.approx(1e10)
    assert found[2][3] == pytest.approx(1e-300)


@pytest.mark.parametrize("n", [1, 2, 3, 10, 100, 159, 160, 170, 171, 400])
@pytest.mark.parametrize("x", [1e-3, 0.37, 1.0, 2.5, 17.0, 100.5, 977.25, 1e6, 1e50, 1e143, 1e286])
def test_polygamma_is_right_or_too_large_for_every_order(n: int, x: float) -> None:
    with mp.workdps(60):
        least = mp.mpf(x)
        total = mp.fsum((least + k) ** (-n - 1) for k in range(n + 30))
        least += n + 30  # where 24 terms of the series are right to 28 digits
        rest = least**-n / n + least ** (-n - 1) / 2
        for k in range(1, 25):
            rest += mp.bernoulli(2 * k) * mp.rf(n + 1, 2 * k - 1) / mp.factorial(2 * k) * least ** (-n - 2 * k)
        exact = (-1) ** (n + 1) * mp.factorial(n) * (total + rest)
    if math.isinf(float(exact)):
        with pytest.raises(OverflowError, match="beyond the range of floats"):
            sg.polygamma(n, x)
        assert operations.polygamma_slope(n - 1, x) == float(exact)
    else:
        assert ulps(sg.polygamma(n, x), exact) <= 20


def test_the_second_derivatives_of_a_power_fit_where_the_power_by_itself_does_not() -> None:
    (by_base, mixed), _ = sg.hessian(lambda x, y: x**y, argnums=(0, 1))(1e-300, 1e-300)
    assert by_base == -math.inf or ulps(by_base, mp.mpf(-1e-300) * mp.mpf(1e-300) ** (mp.mpf(1e-300) - 2)) <= 8
    assert mixed == pytest.approx(1e300, rel=1e-12)


def test_the_rules_of_a_power_do_not_raise_where_half_the_power_is_beyond_the_range_too() -> None:
    assert operations.power_log(1e-300, -3.0, 1) == -math.inf
    assert operations.times_power(2.0, 1e-300, -3.0, 1) == -math.inf
    assert operations.times_power(-2.0, 1e-300, -3.0, 0) == -math.inf
    assert operations.times_power(1e-300, -1e-300, -3.0, 0) == -math.inf
    assert operations.times_power(1e-300, -1e-150, -3.0, 0) == pytest.approx(-1e150)
    assert math.isnan(sg.grad(lambda x: sg.grad(lambda x: x**2.5)(x))(math.nan))


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


@pytest.mark.parametrize("number", [1, 2.5, Fraction(1, 3), True])
def test_a_function_of_plain_numbers_gives_a_plain_number(number: Any) -> None:
    for name in ("relu", "exp", "sigmoid"):
        assert not isinstance(getattr(sg, name)(number), sg.Value)
    assert sg.maximum(number, 0) == number
    assert sg.where(True, number, 0) == number


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


# ---- The table of operations -----------------------------------------------------------------------------------------

NOT_SMOOTH = {
    "stands_out",
    "norm_but_largest",
    "leaves_range",
    "excess",
    "floordiv",
    "sign",
    "step",
    "chosen",
    "chosen_below",
    "clip_share",
    "one_like",
    "peak",
    "trough",
    "ties",
    "tied",
    "lift",
}
NOT_SMOOTH |= {
    "whole_quotient",
    "nearest_quotient",
    "agreement",
    "power_of_two",
    "ulp",
    "whole",
    "exponent",
    "zero_like",
}
BY_ANOTHER = {
    "power_slope": "the second derivatives of pow",
    "times_power": "the second derivatives of pow",
    "power_log": "the second derivatives of pow",
    "power_log_sum": "the second derivatives of pow",
    **dict.fromkeys(("exp_gap", "total", "total_but_largest", "share", "own_whole"), "the Jacobian of softmax"),
    "shifted": "the gradient of prod",
    **dict.fromkeys(("cosine", "leading_cosine"), "the Hessian of norm"),
    "sumprod": "test_math, with a stand-in where Python has none",
    "fma": "test_math, with a stand-in where Python has none",
}


def test_every_operation_is_compared_with_a_reference() -> None:
    known = {*REFERENCES, *REDUCTIONS, *NOT_SMOOTH, *BY_ANOTHER}
    assert {*registry} == known, f"without a reference: {sorted({*registry} ^ known)}"


@pytest.mark.parametrize("name", sorted(NOT_SMOOTH))
@given(xs=vectors(floats_between(-5, 5)))
def test_what_is_piecewise_constant_has_derivative_zero_or_none(name: str, xs: list[float]) -> None:
    check_piecewise_constant(name, xs)


def check_piecewise_constant(name: str, xs: list[float]) -> None:
    operation = registry[name]
    count = len(xs) if isinstance(operation, Reduction) else len(operation.rules)
    point = [*xs, 1.5, 2.5, 3.5, 4.5][:count]
    local = operation.local_derivatives(point, [True] * count)
    assert all(derivative in (0, None) for derivative in local)


def test_an_operation_knows_its_name_and_is_found_by_it() -> None:
    for name, operation in registry.items():
        assert operation.name == name
        assert find_operation(name) is operation
        assert repr(operation) == f"<operation {name}>"
    with pytest.raises(ValueError, match="no operation 'quux' in this version"):
        find_operation("quux")


# ---- Errors ----------------------------------------------------------------------------------------------------------

DOMAIN_ERRORS = [
    (lambda x: sg.log(x), 0.0, ValueError, r"log\(0\.0\)"),
    (lambda x: sg.log(x), -1.0, ValueError, r"log\(-1\.0\)"),
    (lambda x: sg.sqrt(x), -1.0, ValueError, r"sqrt\(-1\.0\)"),
    (lambda x: sg.asin(x), 2.0, ValueError, r"asin\(2\.0\)"),
    (lambda x: sg.exp(x), 1000.0, OverflowError, r"exp\(1000\.0\)"),
    (lambda x: 1 / x, 0.0, ZeroDivisionError, r"1 / 0\.0"),
    (lambda x: x / 0, 3.0, ZeroDivisionError, r"3\.0 / 0"),
    (lambda x: x % 0.0, 3.0, ZeroDivisionError, r"3\.0 % 0\.0"),
    (lambda x: x**0.5, -2.0, ValueError, r"-2\.0 \*\* 0\.5: the result would be complex"),
    (lambda x: x**1000, 10.0, OverflowError, r"10\.0 \*\* 1000"),
    (lambda x: x**-1, 0.0, ZeroDivisionError, r"0\.0 \*\* -1"),
    (lambda x: sg.clip(x, 2.0, 1.0), 0.0, ValueError, r"clip\(0\.0, 2\.0, 1\.0\): the lower bound is above the upper"),
    (lambda x: sg.sin(x), math.inf, ValueError, r"sin\(inf\)"),
]


@pytest.mark.parametrize(("apply", "x", "kind", "message"), DOMAIN_ERRORS)
def test_an_error_names_the_operation_and_its_operands(
    apply: Callable[..., Any], x: float, kind: type[Exception], message: str
) -> None:
    for argument in (x, sg.Value(x)) if not isinstance(x, float) else (sg.Value(x), sg.constant(x)):
        with pytest.raises(kind, match=message):
            apply(argument)


def test_an_error_ends_with_what_python_says() -> None:
    for wrong in (lambda x: x**1000, lambda x: x / 0.0, lambda x: x // 0.0, lambda x: x % 0.0):
        with pytest.raises(ArithmeticError) as pythons:
            wrong(10.0)
        with pytest.raises(ArithmeticError) as ours:
            wrong(sg.Value(10.0))
        assert str(ours.value).endswith(f": {pythons.value.args[-1]}")


def test_an_error_of_plain_numbers_names_the_operation_too() -> None:
    for apply, kind, message in (
        (lambda: sg.log(0.0), ValueError, r"^log\(0\.0\): "),
        (lambda: sg.log(0), ValueError, r"^log\(0\): "),
        (lambda: sg.math.fmod(1.0, 0.0), ValueError, r"^fmod\(1\.0, 0\.0\): "),
        (lambda: sg.polygamma(1, 0.0), ValueError, r"^polygamma\(1, 0\.0\): "),
        (lambda: sg.clip(0.0, 2.0, 1.0), ValueError, r"^clip\(0\.0, 2\.0, 1\.0\): "),
    ):
        with pytest.raises(kind, match=message):
            apply()


WRONG_OPERANDS = ["text", None, 1j, {}, object()]


@pytest.mark.parametrize("wrong", WRONG_OPERANDS)
def test_an_operand_that_is_not_a_number_is_refused_by_name(wrong: Any) -> None:
    for apply in (sg.sin, sg.relu, sg.abs, lambda x: sg.maximum(1.0, x), lambda x: sg.clip(x, 0.0, 1.0)):
        with pytest.raises(TypeError, match=r"takes numbers, Values or Vectors, not .*\("):
            apply(wrong)


def test_a_function_called_with_too_few_or_too_many_operands_says_how_many_it_takes() -> None:
    with pytest.raises(TypeError, match="clip takes 3 operands, got 2"):
        sg.clip(1.0, 2.0)  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="clip takes 3 operands, got 4"):
        sg.clip(1.0, 2.0, 3.0, 4.0)  # type: ignore[call-arg]
    with pytest.raises(TypeError):
        sg.maximum(1.0)  # type: ignore[call-arg]


def test_subnormal_results_are_reached() -> None:
    assert 0 < first_derivatives(sg.sigmoid, [-744.0])[0] < LEAST_NORMAL
    assert first_derivatives(sg.tanh, [400.0]) == [0.0]
    assert sys.float_info.max > first_derivatives(sg.log, [6e-309])[0] > 1e308


def test_numbers_are_added_from_left_to_right_on_every_version() -> None:
    assert left_to_right([0.1] * 10) == 0.9999999999999999
    assert left_to_right([1e16, 1.0, -1e16]) == 0.0
    assert left_sum([0.1] * 10) == 0.9999999999999999


@pytest.mark.parametrize(("x", "y"), [(0.0, 0.5), (0.0, -0.0), (1e-200, -1.5), (0.0, 1.0), (1e200, 1.5)])
def test_second_derivatives_of_a_power_do_not_raise_at_the_ends_of_the_range(x: float, y: float) -> None:
    sg.hessian(lambda x, y: x**y, argnums=(0, 1))(x, y)
    assert sg.hessian(lambda x, y: x**y, argnums=(0, 1))(1e-200, -1.5)[0][1] == math.inf


def test_polygammas_begin_with_digamma_and_vanish_at_infinity() -> None:
    assert sg.polygamma(0, 3.5) == sg.digamma(3.5)
    assert sg.polygamma(1, math.inf) == 0.0
    assert math.isnan(sg.polygamma(1, -math.inf))
    assert math.isnan(sg.polygamma(2, math.nan))


def test_the_angle_of_a_point_next_to_the_origin_is_infinitely_steep() -> None:
    assert first_derivatives(sg.atan2, (1e-310, 1e-310)) == [math.inf, -math.inf]
    assert operations.over_sum_of_squares(-1.0, 5e-324, 0.0) == -math.inf


@pytest.mark.parametrize("n", [1, 2, 3])
@pytest.mark.parametrize("x", [-1000.5, -1234.25, -1500.125, -999.75])
def test_polygammas_far_below_zero_are_right_on_either_side_of_where_they_are_reflected(n: int, x: float) -> None:
    exact = float(mp.polygamma(n, mp.mpf(x)))
    scale = float(mp.polygamma(n, mp.mpf(0.25)))
    assert sg.polygamma(n, x) == pytest.approx(exact, rel=1e-14, abs=1e-15 * abs(scale))


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


def test_the_derivatives_of_a_power_by_its_exponent_have_their_limits_at_infinity() -> None:
    assert operations.power_log(math.inf, 2.0, 1) == math.inf
    assert operations.power_log(math.inf, -2.0, 1) == 0.0
