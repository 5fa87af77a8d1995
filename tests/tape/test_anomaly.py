"""`detect_anomaly`: what it raises, where it says it went wrong, and whom it belongs to."""

from __future__ import annotations

import asyncio
import math
import threading
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import scalargrad as sg
from scalargrad.engine import backprop
from tests.support.programs import INPUTS, ValueKit, any_programs, points

if TYPE_CHECKING:
    from collections.abc import Callable


def lose(x: Any) -> Any:
    """0 * inf in the reverse sweep at x = 0; the forward pass is fine."""
    root = sg.sqrt(x)
    return root * 0.0 + x


LINE_OF_ROOT = lose.__code__.co_firstlineno + 2


# ---- The forward pass ------------------------------------------------------------------------------------------------

FORWARD: list[tuple[Callable[[], Any], str]] = [
    (lambda: sg.Value(1e200) * 1e200, r"1e\+200 \* 1e\+200 gave inf"),
    (lambda: 1e200 * sg.Value(1e200), r"1e\+200 \* 1e\+200 gave inf"),
    (lambda: sg.Value(math.inf) - sg.Value(math.inf), "inf - inf gave nan"),
    (lambda: sg.constant(1e200) * 1e200, r"1e\+200 \* 1e\+200 gave inf"),
    (lambda: -sg.Value(math.nan), r"neg\(nan\) gave nan"),
    (lambda: sg.tanh(sg.Value(math.nan)), r"tanh\(nan\) gave nan"),
    (lambda: sg.Vector([sg.Value(1e308), 1e308]).sum(), r"sum\(1e\+308, 1e\+308\) gave inf"),
    (lambda: sg.Vector([sg.Value(1e200)]).dot([1e200]), r"dot\(1e\+200, 1e\+200\) of shapes .* gave inf"),
    (lambda: sg.math.hypot(sg.Value(1.7e308), 1.7e308), r"norm\(1.7e\+308, 1.7e\+308\) gave inf"),
    (lambda: overflowing(sg.Value(1.0)), r"overflowing\(.*gave inf"),
]


@sg.custom_gradient
def overflowing(_: Any) -> Any:
    return math.inf, lambda upstream: upstream


@pytest.mark.parametrize(("compute", "message"), FORWARD)
def test_an_operation_that_gives_nan_or_inf_raises_with_its_operands(compute: Callable[[], Any], message: str) -> None:
    compute()
    with sg.detect_anomaly(), pytest.raises(FloatingPointError, match=message):
        compute()


# ---- Sweeps ----------------------------------------------------------------------------------------------------------

PASSED = rf"sqrt\(0\.0\), made at .*test_anomaly\.py, line {LINE_OF_ROOT}, passed nan backward: its adjoint 0\.0 times"


def by_tape(differentiable: bool) -> None:
    x = sg.Value(0.0)
    with sg.GradientTape(persistent=True) as outer, sg.GradientTape() as tape:
        y = lose(x)
        if differentiable:
            tape.gradient(y, x)
    if not differentiable:
        outer.gradient(y, x)


def by_watching() -> None:
    x = sg.constant(0.0)
    with sg.GradientTape() as tape:
        tape.watch(x)
        y = lose(x)
    tape.gradient(y, x)


SWEEPS: list[Callable[[], Any]] = [
    lambda: lose(sg.Value(0.0)).backward(),
    lambda: by_tape(False),
    lambda: by_tape(True),
    by_watching,
    lambda: sg.grad(lose)(0.0),
    lambda: sg.grad(sg.grad(lose))(0.0),
    lambda: sg.hessian(lose)(0.0),
    lambda: sg.vjp(lose, 0.0)[1](1.0),
    lambda: sg.jacobian(lose, mode="reverse")(0.0),
]


@pytest.mark.parametrize("sweep", SWEEPS)
def test_a_sweep_that_carries_nan_raises_and_says_where_the_node_was_made(sweep: Callable[[], Any]) -> None:
    sweep()
    with sg.detect_anomaly(), pytest.raises(FloatingPointError, match=PASSED):
        sweep()


def test_a_forward_sweep_that_carries_inf_raises() -> None:
    with (
        sg.detect_anomaly(),
        pytest.raises(FloatingPointError, match=r"tangent of sqrt\(0\.0\), made at .* is inf"),
    ):
        sg.jvp(lose, (0.0,), (1.0,))


def test_a_sum_of_adjoints_that_overflows_raises() -> None:
    x = sg.Value(1e-10)
    with sg.detect_anomaly():
        y = x * 1.5e308 + x * 1.6e308
        with pytest.raises(FloatingPointError, match=r"passed 1\.\de\+308 backward: .*, which adds up to inf"):
            y.backward()
    assert x.grad == 0.0


def test_what_goes_wrong_in_a_sweep_over_many_numbers_is_told_with_the_element_and_the_shape() -> None:
    v = sg.Variable([4.0, 0.0])
    with sg.detect_anomaly():
        y = (sg.sqrt(v) * 0.0).sum()
        with pytest.raises(
            FloatingPointError,
            match=r"sqrt\(0\.0\) in element \[1\] of shape \(2,\), made at .* passed nan backward",
        ):
            y.backward()
        with pytest.raises(
            FloatingPointError, match=r"tangent of sqrt\(0\.0\) in element \[1\] of shape \(2,\), made at"
        ):
            sg.jvp(lambda v: sg.sqrt(v).sum(), (sg.Vector([4.0, 0.0]),), ([1.0, 1.0],))


def test_a_pullback_that_gives_nan_is_named() -> None:
    @sg.custom_gradient
    def wrong(x: Any) -> Any:
        return x * 1.0, lambda upstream: math.nan * upstream.data

    with sg.detect_anomaly(), pytest.raises(FloatingPointError, match=r"wrong\(2\.0\), made at .* passed nan backward"):
        (wrong(sg.Value(2.0)) * 3.0).backward()


def test_nodes_made_before_the_block_are_told_by_their_operands_alone() -> None:
    y = lose(sg.Value(0.0))
    with (
        sg.detect_anomaly(),
        pytest.raises(FloatingPointError, match=r"sqrt\(0\.0\), made before detect_anomaly\(\), "),
    ):
        y.backward()


# ---- Otherwise nothing changes ---------------------------------------------------------------------------------------


@given(st.data())
def test_where_nothing_goes_wrong_it_changes_no_bit(data: st.DataObject) -> None:
    program = data.draw(any_programs())
    point = data.draw(points(INPUTS, program.inputs))

    def everything() -> Any:
        function = lambda xs: program(ValueKit(), xs)  # noqa: E731
        leaves = [sg.Value(x) for x in point]
        result = function(leaves)
        if result.is_tracked:
            result.backward()
        with sg.GradientTape() as tape:
            again = function(leaves)
        taped = tape.gradient(again, leaves, unconnected_gradients="zero")
        return sg.hessian(function)(point), [leaf.grad for leaf in leaves], [g.data for g in taped], result.data

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(backprop, "fast_sweeps", [])  # in which order terms are added
        expected = everything()
    with sg.detect_anomaly():
        assert everything() == expected


def test_exact_numbers_and_custom_gradients_pass() -> None:
    from fractions import Fraction

    with sg.detect_anomaly():
        assert sg.grad(lambda a: a**3 / (a + 1))(Fraction(1, 3)) == Fraction(11, 48)
        clipped = sg.custom_gradient(lambda x: (x * 2.0, lambda upstream: upstream * 5.0))
        assert sg.grad(clipped)(1.0) == 5.0
        with sg.no_grad():
            assert (sg.Value(2.0) * 3).data == 6.0


# ---- The block -------------------------------------------------------------------------------------------------------


def test_blocks_nest_and_share_what_they_know() -> None:
    x = sg.Value(0.0)
    with sg.detect_anomaly():
        y = lose(x)
        with sg.detect_anomaly():
            with pytest.raises(FloatingPointError, match=PASSED):
                y.backward()
            z = lose(x)
        with pytest.raises(FloatingPointError, match=PASSED):
            z.backward()
    y.backward()


def test_a_block_can_be_entered_again_after_it_ended_but_not_while_it_is_open() -> None:
    block = sg.detect_anomaly()
    for _ in range(2):
        with block:
            with pytest.raises(FloatingPointError):
                sg.Value(1e200) * 1e200
            with pytest.raises(ValueError, match="open already"):
                block.__enter__()
    assert (sg.Value(1e200) * 1e200).data == math.inf
    assert block._places == {}


def test_it_belongs_to_its_own_thread() -> None:
    found: list[Any] = []
    with sg.detect_anomaly():
        thread = threading.Thread(target=lambda: found.append((sg.Value(1e200) * 1e200).data))
        thread.start()
        thread.join()
    assert found == [math.inf]


def test_it_belongs_to_its_own_task() -> None:
    async def detecting(started: asyncio.Event, done: asyncio.Event) -> str:
        with sg.detect_anomaly():
            started.set()
            await done.wait()
            with pytest.raises(FloatingPointError):
                sg.Value(1e200) * 1e200
        return "raised"

    async def free(started: asyncio.Event, done: asyncio.Event) -> float:
        await started.wait()
        result = (sg.Value(1e200) * 1e200).data
        done.set()
        return float(result)

    async def both() -> list[Any]:
        started, done = asyncio.Event(), asyncio.Event()
        return await asyncio.gather(detecting(started, done), free(started, done))

    assert asyncio.run(both()) == ["raised", math.inf]


def test_finite_tangents_and_edges_that_a_tape_does_not_follow_pass() -> None:
    with sg.detect_anomaly():
        assert sg.jvp(lambda x: x * x + 1, (3.0,), (1.0,)) == (10.0, 6.0)
        x, w = sg.Value(3.0), sg.Value(2.0)
        with sg.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(w)
            y = sg.exp(x * x) * w
        assert tape.gradient(y, [x, w]) == [None, math.exp(9.0)]


def test_a_derivative_that_goes_forward_raises_too() -> None:
    for derive in (
        sg.derivative(sg.sqrt),
        sg.derivative(sg.sqrt, order=2),
        sg.jacobian(sg.sqrt, mode="forward"),
        lambda x: sg.jvp(sg.sqrt, (x,), (1.0,)),
    ):
        with sg.detect_anomaly():
            with pytest.raises(FloatingPointError, match=r"the tangent of sqrt\(0\.0\)"):
                derive(0.0)
            derive(4.0)
