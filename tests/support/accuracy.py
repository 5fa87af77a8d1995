"""Checks of an operation's derivatives against many digits."""

from __future__ import annotations

import contextlib
import math
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import reject
from mpmath import mp

import scalargrad as sg
from scalargrad.operations.operation import Reduction, registry
from tests.support.oracles import NARROW, many_digit_derivative, ulps
from tests.support.references import COMPOSED, REDUCTIONS, REFERENCES

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

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


def check_higher_derivatives(name: str, point: Sequence[float], orders: tuple[int, ...] = (2, 3)) -> None:
    reference = REFERENCES[name]
    if not reference.inside(*point):
        raise NoDerivativeError
    for index in reference.smooth_operands:
        for order in orders:
            got = nested_derivative(reference.apply, point, index, order)
            exact = float(reference.derivative(point, index, order, NARROW))
            assert got == pytest.approx(exact, rel=1e-11, abs=1e-11), f"derivative {order} of {name}{tuple(point)}"


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


def check_higher_derivatives_of_reduction(name: str, xs: list[float], index: int) -> None:
    reduced = REDUCTIONS[name]
    if not reduced.inside(xs) or (name in ("norm", "dist") and reduced.apply(sg.Vector(xs)).data < 0.1):
        raise NoDerivativeError
    apply = lambda *leaves: reduced.apply(sg.Vector(leaves))  # noqa: E731
    for order in (2, 3):
        got = nested_derivative(apply, xs, index, order)
        exact = float(many_digit_derivative(reduced.exact, xs, index, order, NARROW))
        assert got == pytest.approx(exact, rel=1e-11, abs=1e-11), f"derivative {order} of {name}{xs} by {index}"


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


def check_piecewise_constant(name: str, xs: list[float]) -> None:
    operation = registry[name]
    count = len(xs) if isinstance(operation, Reduction) else len(operation.rules)
    point = [*xs, 1.5, 2.5, 3.5, 4.5][:count]
    local = operation.local_derivatives(point, [True] * count)
    assert all(derivative in (0, None) for derivative in local)
