"""`check_grads`: right derivatives pass, wrong ones do not, on badly scaled points too."""

from __future__ import annotations

import dataclasses
import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import scalargrad as sg
from scalargrad.testing import check_grads, programs
from scalargrad.testing.check_grads import Differences, best, judge

if TYPE_CHECKING:
    from collections.abc import Callable

COORDINATES = st.integers(-4000, 4000).map(lambda k: k / 1000)

# Functions whose differences are hard to take: for their size, the scale on which they change, a kink or edge nearby.
BADLY_SCALED: list[tuple[Callable[[Any], Any], float]] = [
    (sg.sqrt, 1e-12),
    (sg.sqrt, 1e12),
    (sg.log, 1e-300),
    (lambda x: 1 / x, 1e-9),
    (lambda x: x * 1e-200, 1e150),
    (lambda x: x**3, 1e100),
    (sg.exp, -600.0),
    (sg.exp, 300.0),
    (lambda x: sg.sin(1e8 * x) + 1e10, 0.3),
    (lambda x: sg.sin(1e6 * x), 2.0),
    (lambda x: sg.exp(-1 / x**2), 0.05),
    (lambda x: 1e10 + x * x, 3.0),
    (lambda x: sg.relu(x), 1e-9),
    (lambda x: sg.relu(x - 1) + x, 1 - 1e-9),
    (lambda x: abs(x - 1) * 5, 1 + 1e-7),
    (sg.gamma, 1.4616),
    (sg.tanh, 8.0),
    (lambda x: sg.asin(x), 1 - 1e-9),
    (lambda x: sg.sqrt(x * x + 1e-16), 1e-9),
    (lambda x: sg.sigmoid(1e4 * x), 1e-5),
]


@pytest.mark.parametrize(("function", "x"), BADLY_SCALED)
def test_a_right_derivative_passes_on_a_badly_scaled_point(function: Callable[[Any], Any], x: float) -> None:
    assert check_grads(function, (x,)).endswith(": right")


@pytest.mark.parametrize(("function", "x"), BADLY_SCALED)
@pytest.mark.parametrize("factor", [1.01, 0.99, 2.0, 0.0, -1.0])
def test_a_wrong_derivative_does_not_pass_on_a_badly_scaled_point(
    function: Callable[[Any], Any], x: float, factor: float
) -> None:
    with pytest.raises(AssertionError, match=": wrong"):
        check_grads(function, (x,), gradient=lambda x: factor * sg.grad(function)(x))


@given(st.data())
def test_derivatives_of_programs_pass_and_a_thousandth_beside_them_does_not(data: st.DataObject) -> None:
    program = data.draw(programs(max_steps=6))
    point = tuple(data.draw(COORDINATES) for _ in range(program.arity))
    gradient = sg.grad(program, argnums=tuple(range(program.arity)))
    exact = gradient(*point)
    assume(all(abs(g) > 1e-6 for g in exact))
    check_grads(program, point)
    off = lambda *args: [1.001 * g for g in gradient(*args)][0 if program.arity == 1 else slice(None)]  # noqa: E731
    with pytest.raises(AssertionError, match=": wrong"):
        check_grads(program, point, gradient=off)


@given(st.data())
def test_second_derivatives_of_programs_pass(data: st.DataObject) -> None:
    program = data.draw(programs(max_steps=3, max_inputs=2))
    point = tuple(data.draw(COORDINATES) for _ in range(program.arity))
    slopes = sg.flatten(sg.grad(program, argnums=tuple(range(program.arity)))(*point))[0]
    assume(all(g == 0 or abs(g) > 1e-15 for g in slopes))  # a smaller slope moves no digit of the result
    check_grads(program, point, order=2)


# Functions that are constant, or nearly so, in exact arithmetic; their differences are nothing but rounding.
STILL: list[tuple[Callable[[Any], Any], float]] = [
    (lambda x: sg.tanh(sg.atanh(x / 5)) * 2, 0.0),
    (lambda x: sg.tanh(sg.atanh(x / 5)) * 2, 1.7),
    (lambda x: sg.asinh(sg.sinh(x / 2)), 1.0),
    (lambda x: sg.atan(sg.tan(x / 4)), 3.57),
    (lambda x: sg.log(sg.exp(x)), 2.3),
    (lambda x: sg.exp(sg.log(x)) - 7, 2.3),
    (lambda x: sg.sin(x) ** 2 + sg.cos(x) ** 2, 0.7),
    (lambda x: sg.sqrt(x) ** 2, 3.1),
    (lambda x: 2 / ((x**3 / 16) ** 2 + 1), 0.003),
]


@pytest.mark.parametrize(("function", "x"), STILL)
def test_a_derivative_that_is_zero_but_for_rounding_passes(function: Callable[[Any], Any], x: float) -> None:
    check_grads(function, (x,), order=2)
    slope = sg.grad(function)
    with pytest.raises(AssertionError, match=r"wrong|cannot tell"):
        check_grads(slope, (x,), gradient=lambda x: sg.grad(slope)(x) + 1e-6)


def test_a_derivative_that_vanishes_in_rounding_counts_as_zero_only_if_it_is_rounding_itself() -> None:
    offset = lambda x: 1.0 + 1e-18 * x  # noqa: E731
    check_grads(offset, (1.0,), gradient=lambda x: 0.0)
    for drowned in (1e-18, 1e-17, -1e-17):
        with pytest.raises(AssertionError, match=r"wrong|cannot tell"):
            check_grads(offset, (1.0,), gradient=lambda x, g=drowned: g)


# ---- Zeros, kinks and edges ------------------------------------------------------------------------------------------


def test_a_derivative_of_zero_is_confirmed_and_one_that_should_be_zero_is_not() -> None:
    for function, x in ((sg.cos, 0.0), (lambda x: x**3, 0.0), (lambda x: 3.0, 2.0), (lambda x: x * 0, 1e300)):
        assert check_grads(function, (x,)).endswith(": right")
        with pytest.raises(AssertionError, match=": wrong"):
            check_grads(function, (x,), gradient=lambda x: 1e-3)


KINKS = [(sg.relu, 0.0, 0.0, 1.0), (lambda x: sg.maximum(2 * x, x * x), 2.0, 2.0, 4.0), (abs, 0.0, -1.0, 1.0)]


@pytest.mark.parametrize(("function", "x", "left", "right"), KINKS)
def test_at_a_kink_whatever_lies_between_its_sides_is_right(
    function: Callable[[Any], Any], x: float, left: float, right: float
) -> None:
    assert check_grads(function, (x,)).partition(": right")[1]
    for given_, verdict in ((left, "right"), (right, "right"), ((left + right) / 2, "right")):
        assert f": {verdict}" in check_grads(function, (x,), gradient=lambda x, g=given_: g)
    for beyond in (max(left, right) + 0.1, min(left, right) - 0.1):
        with pytest.raises(AssertionError, match=": wrong"):
            check_grads(function, (x,), gradient=lambda x, g=beyond: g)


@pytest.mark.parametrize(
    ("function", "x"),
    [
        (sg.sqrt, 0.0),
        (lambda x: (1e17 + x) - 1e17, 1.0),
        (lambda x: sg.log(x - x), 1.0),
    ],
)
def test_where_differences_say_nothing_it_does_not_pass(function: Callable[[Any], Any], x: float) -> None:
    gradient = (lambda x: 1.0) if x == 1.0 else sg.grad(function)
    with pytest.raises((AssertionError, ValueError), match=r"cannot tell|log\(0\.0\)"):
        check_grads(function, (x,), gradient=gradient)


def test_nan_is_wrong() -> None:
    with pytest.raises(AssertionError, match=": wrong"):
        check_grads(lambda x: x * x, (1.0,), gradient=lambda x: math.nan)


def test_steps_wider_than_a_wave_do_not_mislead() -> None:
    sharp_but_wide, narrow = (1e-3, 1e-9), (-2.5, 1e-4)
    assert best([sharp_but_wide, narrow]) == narrow
    assert best([(2.0, 1e-9), (2.0001, 1e-3)]) == (2.0, 1e-9)
    assert best([(5.0, 4.0), (3.0, 9.0)]) == (5.0, 4.0)
    assert best([])[1] == math.inf
    one_sided = [(math.nan, math.inf)] * 2
    assert judge(1.0, 1.0, 0.1, one_sided, 1.0) == "cannot tell"
    assert judge(9.0, 1.0, 0.1, one_sided, 1.0) == "cannot tell"
    assert judge(99.0, 1.0, 0.1, one_sided, 1.0) == "wrong"


# ---- Reports ---------------------------------------------------------------------------------------------------------


@dataclasses.dataclass
class Model:
    weights: Any
    bias: float


def test_the_report_names_every_entry() -> None:
    args = ({"a": [2.0, "text"]}, Model(sg.Vector([3.0]), 4.0), np.array([[5.0]]))

    def function(d: Any, m: Any, a: Any) -> Any:
        return {"y": (d["a"][0] * m.weights[0], m.bias * a[0, 0])}

    report = check_grads(function, args, modes=("forward",))
    lines = report.splitlines()
    names = ["args[0]['a'][0]", "args[1].weights[0]", "args[1].bias", "args[2][0][0]"]
    assert [line.partition(": ")[0] for line in lines] == [
        f"forward d {output} / d {name}" for output in ("result['y'][0]", "result['y'][1]") for name in names
    ]
    assert lines[0].startswith("forward d result['y'][0] / d args[0]['a'][0]: 3.0, differences 3.0 +- ")
    assert all(line.endswith(": right") for line in lines)


def test_a_wrong_entry_is_told_among_the_right_ones() -> None:
    with pytest.raises(AssertionError) as caught:
        check_grads(lambda x, y: x * y, (3.0, 2.0), gradient=lambda x, y: (y, y))
    first, right, wrong = str(caught.value).splitlines()
    assert first == "1 of 2 derivatives are not confirmed:"
    assert right.endswith(": right")
    assert wrong.startswith("d result / d args[1]: 2.0, differences 3.0 +- ")
    assert wrong.endswith(": wrong")


def test_both_modes_and_all_orders_are_checked() -> None:
    report = check_grads(lambda x: x**3, (2.0,), order=3)
    assert [line.partition(" ")[0] for line in report.splitlines()] == ["reverse"] * 3 + ["forward"] * 3
    assert [line.split(": ")[1].split(",")[0] for line in report.splitlines()] == ["12.0", "12.0", "6.0"] * 2


def test_modes_have_the_names_of_jax_too() -> None:
    report = check_grads(sg.sin, (1.0,), modes=["rev", "fwd"])
    assert [line.partition(" ")[0] for line in report.splitlines()] == ["reverse", "forward"]


def test_gradients_of_numpy_functions_are_checked_though_those_do_not_run_on_values() -> None:
    matrix = np.array([[1.0, 2.0], [3.0, 4.0]])

    def quadratic(x: Any) -> Any:
        return float(np.asarray(x, dtype=float) @ matrix @ np.asarray(x, dtype=float))

    point = (np.array([0.5, -1.0]),)
    check_grads(quadratic, point, gradient=lambda x: (matrix + matrix.T) @ x)
    with pytest.raises(AssertionError, match="2 of 2"):
        check_grads(quadratic, point, gradient=lambda x: 2 * matrix @ x)
    rows = check_grads(lambda x: matrix @ x, point, gradient=lambda x: matrix)
    assert len(rows.splitlines()) == 4


def test_a_custom_gradient_is_checked_backward() -> None:
    @sg.custom_gradient
    def square(x: Any) -> Any:
        return x * x, lambda upstream: upstream * 2.1 * x

    with pytest.raises(AssertionError, match=": wrong"):
        check_grads(square, (3.0,), modes=("reverse",))
    with pytest.raises(TypeError, match=r"goes backward only; .*check_grads with modes=\('reverse',\)"):
        check_grads(square, (3.0,))


def test_it_costs_no_more_than_it_says() -> None:
    calls = []
    check = Differences(lambda x: calls.append(x) or x * x, (3.0,))
    [*check.by(0)]
    assert len(calls) < 100


MISUSES: list[tuple[Callable[[], Any], type[Exception], str]] = [
    (lambda: check_grads(3.0, (1.0,)), TypeError, r"check_grads takes a function, not 3\.0 \(float\)"),
    (lambda: check_grads(sg.sin, 1.0), TypeError, r"takes its args as a tuple, not 1\.0 \(float\)"),
    (lambda: check_grads(sg.sin, ({1.0},)), TypeError, r"got \{1\.0\} \(set\)"),
    (lambda: check_grads(sg.sin, (1.0,), order=0), ValueError, "order of check_grads is 1 or more, not 0"),
    (lambda: check_grads(sg.sin, (1.0,), order=1.5), TypeError, r"not 1\.5"),
    (lambda: check_grads(sg.sin, (1.0,), modes="reverse"), ValueError, r"modes of check_grads are some of"),
    (lambda: check_grads(sg.sin, (1.0,), modes=("both",)), ValueError, r"not \('both',\)"),
    (lambda: check_grads(sg.sin, (1.0,), modes=()), ValueError, r"not \(\)"),
    (lambda: check_grads(lambda x: "text", (1.0,)), TypeError, "this one returned holds 'text'"),
    (lambda: check_grads(sg.sin, (1.0,), gradient=lambda x: [1.0, 2.0]), ValueError, "expected a gradient of the"),
    (lambda: check_grads(lambda x: [x, x], (1.0,), gradient=lambda x: [1.0]), ValueError, "a list of 2 gradients"),
    (lambda: check_grads(lambda x: [x, x], (1.0,), gradient=lambda x: 1.0), ValueError, "a list of 2 gradients"),
]


@pytest.mark.parametrize(("misuse", "kind", "message"), MISUSES)
def test_a_misuse_is_refused_with_one_sentence(misuse: Callable[[], Any], kind: type[Exception], message: str) -> None:
    with pytest.raises(kind, match=message):
        misuse()


def test_steps_to_where_the_function_is_infinite_are_left_out() -> None:
    assert check_grads(lambda x: x * x if x < 2 else math.inf, (1.0,)).endswith(": right")


DROWNED_OR_FLAT: list[tuple[Callable[..., Any], tuple[float, ...], Callable[..., Any]]] = [
    (lambda x: x * x, (1.0,), lambda x: math.inf),
    (lambda x: 1e20 + math.exp(x), (1.0,), lambda x: 7.0),
    (lambda a, b: 1e20 * (a - 1) ** 2 + b * b, (3.0, 1.0), lambda a, b: (2e20 * (a - 1), -2 * b)),
    (lambda x: 1e30 + x, (1.0,), lambda x: 1.0),
    (lambda x: 5.0, (1.0,), lambda x: 1e-20),
    (math.erf, (4.6,), lambda x: 0.0),
    (math.erf, (4.6,), lambda x: 1.01 * 2 / math.sqrt(math.pi) * math.exp(-x * x)),
    (lambda x: math.tanh(9e6 * x), (12.0 / 9e6,), lambda x: 0.0),
    (lambda x: math.floor(x * 10) / 10, (1.23,), lambda x: 1.0),
]


@pytest.mark.parametrize(("function", "args", "gradient"), DROWNED_OR_FLAT)
def test_a_gradient_does_not_pass_because_rounding_or_a_flat_tail_hides_the_true_one(
    function: Callable[..., Any], args: tuple[float, ...], gradient: Callable[..., Any]
) -> None:
    with pytest.raises(AssertionError, match=r"wrong|cannot tell"):
        check_grads(function, args, gradient=gradient)


@pytest.mark.parametrize(
    ("function", "x"),
    [
        (sg.math.floor, 1.5),
        (lambda x: x // 0.1, 1.23),
        (lambda x: round(x, 1), 1.23),
        (lambda x: sg.erf(x), 4.6),
        (sg.tanh, 30.0),
        (sg.sin, math.pi),
        (lambda x: (x - 1) ** 4 + 7, 1.0),
    ],
)
def test_a_right_gradient_passes_between_steps_and_in_a_flat_tail(function: Callable[[Any], Any], x: float) -> None:
    check_grads(function, (x,))


def test_a_peak_that_rounding_hides_is_not_called_flat() -> None:
    with pytest.raises(AssertionError, match="cannot tell"):
        check_grads(lambda x: math.exp(-((3222.33 * x) ** 2)) + 0.126, (1.807e-3,), gradient=lambda x: -7.08e-11)


def test_the_order_is_one_for_a_gradient_of_other_code() -> None:
    with pytest.raises(ValueError, match="order of check_grads is 1 for a gradient of other code, not 2"):
        check_grads(math.sin, (1.0,), order=2, gradient=math.cos)


def test_where_the_sides_do_not_average_to_the_central_difference_there_is_no_kink() -> None:
    sides = [(1.0, 1e-9), (0.0, 1e-9)]
    assert judge(0.0, 0.5, 1e-9, sides, 1.0) == "right (a kink)"
    assert judge(0.0, 1.0, 1e-9, sides, 1.0) == "wrong"
