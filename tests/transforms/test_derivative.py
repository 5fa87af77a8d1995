"""`derivative`: of any order, of what any structure holds."""

from __future__ import annotations

import collections
import math
from typing import TYPE_CHECKING, Any

import pytest

import scalargrad as sg

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


# ---- Higher orders ---------------------------------------------------------------------------------------------------


CLOSED_FORMS: list[tuple[Callable[[Any], Any], float, Callable[[int], float]]] = [
    (sg.exp, 0.3, lambda n: math.exp(0.3)),
    (sg.sin, 0.3, lambda n: math.sin(0.3 + n * math.pi / 2)),
    (lambda x: 1 / x, 0.5, lambda n: (-1) ** n * math.factorial(n) * 2.0 ** (n + 1)),
    (sg.log, 0.5, lambda n: (-1) ** (n - 1) * math.factorial(n - 1) * 2.0**n if n else math.log(0.5)),
    (lambda x: x**12, 1.5, lambda n: math.perm(12, n) * 1.5 ** (12 - n)),
    (lambda x: 2**x, 1.5, lambda n: math.log(2) ** n * 2**1.5),
]


@pytest.mark.parametrize(("function", "x", "closed"), CLOSED_FORMS)
def test_derivatives_up_to_order_10_are_those_of_the_closed_form(
    function: Callable[[Any], Any], x: float, closed: Callable[[int], float]
) -> None:
    for n in range(11):
        assert sg.derivative(function, n)(x) == pytest.approx(closed(n), rel=1e-11)


def test_the_work_for_a_derivative_does_not_grow_exponentially_with_its_order() -> None:
    calls = collections.Counter[str]()
    function = counting(lambda x: sg.tanh(sg.sin(x) * sg.exp(x)) / (1 + x * x), calls)
    work = []
    for order in (5, 10, 20):
        calls.clear()
        sg.derivative(function, order)(0.3)
        work.append(calls["kernels"])
    assert work[1] < 3 * work[0]
    assert work[2] < 3 * work[1]


def counting(function: Callable[[Any], Any], calls: collections.Counter[str]) -> Callable[[Any], Any]:
    """A function with a count of the expressions that the series of its graph need."""
    original = sg.transforms.taylor.apply_to_series

    def apply(operation: Any, operands: Any) -> Any:
        calls["kernels"] += 1
        return original(operation, operands)

    sg.transforms.taylor.appliers[sg.transforms.taylor.Series] = (10, apply)
    return function


@pytest.fixture(autouse=True)
def _the_applier_of_series_as_it_was() -> Iterator[None]:
    yield
    sg.transforms.taylor.appliers[sg.transforms.taylor.Series] = (10, sg.transforms.taylor.apply_to_series)


def test_a_derivative_has_the_structure_of_the_result_and_nests() -> None:
    curve = lambda t, scale=1.0: {"x": scale * sg.cos(t), "y": [t * t, 3.0]}  # noqa: E731
    assert sg.derivative(curve, 2)(0.5, scale=2.0) == {"x": -2 * math.cos(0.5), "y": [2.0, 0.0]}
    assert sg.grad(sg.derivative(lambda x: x**5, 3))(2.0) == 60 * 2 * 2.0
    assert sg.derivative(sg.derivative(lambda x: x**5, 2), 2)(2.0) == 120 * 2.0
    assert sg.grad(lambda a: sg.derivative(lambda x: a * a * x**3, 2)(1.5))(2.0) == pytest.approx(4 * 6 * 1.5)
    assert sg.derivative(lambda x: sg.where(x > 0, x**2, -x))(-3.0) == -1


# ---- Found by use ----------------------------------------------------------------------------------------------------


def test_higher_derivatives_of_remainders_and_quotients_are_those_of_their_pieces() -> None:
    assert sg.derivative(lambda x: (x % 3.0) ** 2 + x % (x + 1), order=2)(7.5) == 2.0
    assert sg.derivative(lambda x: sg.fmod(x * x, 4.0), order=2)(3.0) == 2.0
