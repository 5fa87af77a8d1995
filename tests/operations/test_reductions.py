"""The derivatives of reductions, to the last digits."""

from __future__ import annotations

import itertools
import math
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from mpmath import mp

import scalargrad as sg
from scalargrad import nn
from scalargrad.operations.operation import registry
from scalargrad.operations.reductions import left_sum, products_of_others
from tests.support.accuracy import check_higher_derivatives_of_reduction, check_reduction, check_where_it_has_one
from tests.support.oracles import ulps
from tests.support.references import REDUCTIONS, floats_between, grid_between, near, vectors

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


@pytest.mark.parametrize("name", REDUCTIONS)
@given(data=st.data())
def test_the_gradient_of_a_reduction_is_right_to_the_last_digits(name: str, data: st.DataObject) -> None:
    check_where_it_has_one(check_reduction, name, data.draw(REDUCTIONS[name].lists))


@pytest.mark.parametrize("name", REDUCTIONS)
@given(data=st.data())
def test_second_and_third_derivatives_of_reductions_follow_from_the_same_rules(name: str, data: st.DataObject) -> None:
    xs = data.draw(vectors(grid_between(-3, 3)))
    index = data.draw(st.integers(0, len(xs) - 1))
    check_where_it_has_one(check_higher_derivatives_of_reduction, name, xs, index)


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


# ---- Found by use ----------------------------------------------------------------------------------------------------


def test_numbers_are_added_from_left_to_right_on_every_version() -> None:
    assert left_sum(iter([0.1] * 10)) == 0.9999999999999999
    assert left_sum([1e16, 1.0, -1e16]) == 0.0
    assert left_sum([0.1] * 10) == 0.9999999999999999
