"""Transforms inside transforms, tapes and `no_grad`."""

from __future__ import annotations

from typing import Any

import pytest

import scalargrad as sg


def test_transforms_nest_without_confusing_what_they_perturb() -> None:
    assert sg.grad(lambda a: a * sg.grad(lambda b: a * b)(1.0))(2.0) == 4.0
    assert sg.grad(lambda x: x * sg.grad(lambda y: x + y)(x))(3.0) == 1.0
    assert sg.grad(lambda x: sg.grad(lambda y: x * y * y)(x))(3.0) == 12.0
    assert sg.grad(lambda x: sg.jvp(lambda y: x * y, (2.0,), (1.0,))[1])(3.0) == 1.0
    assert sg.jvp(lambda x: sg.grad(lambda y: x * y * y)(x), (3.0,), (1.0,)) == (18.0, 12.0)
    assert sg.derivative(lambda x: x * sg.derivative(lambda y: x * y**3)(2.0))(3.0) == 2 * 12 * 3.0
    assert sg.grad(lambda a: sg.vjp(lambda b: a * b, 5.0)[1](a)[0])(3.0) == 6.0
    assert sg.grad(lambda a: sg.hvp(lambda b: a * b**3, (2.0,), (a,)))(3.0) == 2 * 3.0 * 12.0
    assert sg.grad(lambda a: sg.hessian(lambda b: a * b[0] ** 2 * b[1])([2.0, a])[0][0])(3.0) == 2 * 2 * 3.0
    assert (
        sg.grad(lambda a: sum(map(sum, sg.jacobian(lambda b: [a * b[0], b[1] ** 2 * a])([1.0, a]))))(3.0) == 1 + 4 * 3.0
    )


def test_a_transform_inside_a_tape_is_on_its_record() -> None:
    w = sg.Variable(2.0)
    with sg.GradientTape(persistent=True) as tape:
        depends = sg.grad(lambda b: w * w * b * b)(3.0)
        does_not = sg.grad(lambda b: b * b)(3.0)
        passed = sg.grad(lambda b: b**3)(w)
        value, pullback = sg.vjp(lambda b: w * b, 5.0)
        pulled = pullback(1.0)[0]
        _, tangent = sg.jvp(lambda b: b * b, (3.0,), (w,))
    assert does_not == 6.0
    assert type(does_not) is float
    assert tape.gradient(depends, w) == 2 * 2.0 * 6.0
    assert tape.gradient(passed, w) == 12.0
    assert tape.gradient(value, w) == 5.0
    assert tape.gradient(pulled, w) == 1.0
    assert tape.gradient(tangent, w) == 6.0


def test_a_tape_inside_a_transform_works_and_so_does_backward() -> None:
    def by_tape(x: Any) -> Any:
        with sg.GradientTape() as tape:
            y = x**3
        return tape.gradient(y, x)

    def by_watching_a_constant(x: Any) -> Any:
        c = sg.constant(2.0)
        with sg.GradientTape() as tape:
            tape.watch(c)
            y = c * c * x
        return tape.gradient(y, c)

    assert sg.grad(by_tape)(2.0) == 12.0
    assert sg.grad(by_watching_a_constant)(5.0) == 4.0


def test_a_tracked_argument_gives_a_node_and_a_closed_over_one_does_not() -> None:
    x = sg.Value(3.0)
    value, gradient = sg.value_and_grad(lambda y: y**3)(x)
    assert (value.data, gradient.data) == (27.0, 27.0)
    (value + gradient).backward()
    assert x.grad == 27.0 + 18.0
    assert sg.grad(lambda y: x * y)(2.0) == 3.0
    assert type(sg.grad(lambda y: x * y)(2.0)) is float
    linear = sg.grad(lambda y: 3 * y)(x)
    assert linear == 3.0
    v = sg.Vector([sg.Value(1.0), sg.Value(2.0)])
    gradient = sg.grad(lambda w: (w * w * w).sum())(v)
    gradient.sum().backward()
    assert v.grad == [6.0, 12.0]
    matrix = sg.hessian(lambda y: y**4)(x)
    assert matrix.data == 108.0
    assert sg.grad(lambda y: y * y)(sg.constant(3.0)) == 6.0


def test_inside_no_grad_the_result_is_plain_and_right() -> None:
    x = sg.Value(3.0)
    with sg.no_grad():
        assert type(sg.grad(lambda y: y * y)(x)) is float
        assert sg.grad(lambda y: y * y)(3.0) == 6.0
        assert sg.grad(sg.grad(lambda y: y**3))(3.0) == 18.0
        assert not (x * x).is_tracked
    assert sg.grad(lambda y: y * without_gradient(y))(3.0) == 3.0


def without_gradient(y: Any) -> Any:
    with sg.no_grad():
        return y * 1


def test_an_exception_leaves_no_block_open() -> None:
    with pytest.raises(ZeroDivisionError):
        sg.grad(lambda x: x / 0)(1.0)
    assert sg.engine.contexts.current().blocks == ()
    assert sg.engine.contexts.open_blocks == {}


def test_backward_inside_a_transform_writes_into_its_own_leaves_only() -> None:
    w = sg.Value(2.0)

    def function(x: Any) -> Any:
        y = x * w
        y.backward()
        return y

    assert sg.grad(function)(3.0) == 2.0
    assert w.grad == 3.0
