"""The forward sweep: derivatives along a direction."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import scalargrad as sg
from tests.support.programs import INPUTS, ValueKit, any_programs, points


@given(st.data())
def test_forward_and_reverse_jacobians_agree(data: st.DataObject) -> None:
    program = data.draw(any_programs())
    point = data.draw(points(INPUTS, program.inputs))

    def function(xs: Any) -> Any:
        return program.trace(ValueKit(), xs)

    reverse = sg.jacobian(function, mode="reverse")(point)
    for mode in ("forward", "auto"):
        for row, other in zip(sg.jacobian(function, mode=mode)(point), reverse):
            assert row == pytest.approx(other, rel=1e-10, abs=1e-12 * (1 + sum(map(abs, other))))


@sg.custom_gradient
def halved(x: Any) -> Any:
    return x * x, lambda upstream: upstream * x


def test_a_custom_gradient_goes_backward_in_every_order_and_not_forward() -> None:
    assert sg.grad(halved)(3.0) == 3.0
    assert sg.jacobian(lambda x: [halved(x), x])(3.0) == [3.0, 1.0]
    assert sg.hessian(halved)(3.0) == sg.grad(sg.grad(halved))(3.0) == 1.0
    assert sg.hvp(halved, (3.0,), (2.0,)) == 2.0
    assert sg.grad(lambda a: sg.grad(lambda x: a * halved(x))(3.0))(2.0) == 3.0
    for refused in (lambda: sg.jvp(halved, (3.0,), (1.0,)), lambda: sg.jacobian(halved, mode="forward")(3.0)):
        with pytest.raises(TypeError, match="halved has a gradient of its own, which goes backward only; use reverse"):
            refused()
    with pytest.raises(TypeError, match="halved has a gradient of its own, which goes backward only; take"):
        sg.derivative(halved, 2)(3.0)


def test_what_does_not_depend_on_the_argument_has_no_tangent() -> None:
    w = sg.Value(3.0)
    assert sg.jvp(lambda x: w * w + x, (2.0,), (5.0,)) == (11.0, 5.0)
    assert sg.derivative(lambda x: 3.0, order=0)(1.0) == 3.0
    assert sg.derivative(lambda x: 3.0, order=2)(1.0) == 0.0


def test_the_derivative_along_a_direction_of_what_is_constant_is_zero_where_it_is_infinite() -> None:
    assert sg.jvp(lambda x: (x, math.inf, 3), (2.0,), (1.0,))[1] == (1.0, 0.0, 0.0)
