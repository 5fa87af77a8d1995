"""Gradients by the reverse sweep: `grad`, `value_and_grad`, `vjp`."""

from __future__ import annotations

import dataclasses
import math
import pickle
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import scalargrad as sg
from tests.support.functions import product_and_sum
from tests.support.oracles import Jet
from tests.support.programs import FRACTIONS, INPUTS, ValueKit, any_programs, points, rational_programs
from tests.support.structures import Model

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


# ---- One gradient, many ways -----------------------------------------------------------------------------------------


@given(st.data())
def test_every_transform_gives_the_gradient_that_backward_gives(data: st.DataObject) -> None:
    program = data.draw(any_programs())
    point = data.draw(points(INPUTS, program.inputs))
    leaves = [sg.Value(x) for x in point]
    result = program(ValueKit(), leaves)
    if result.is_tracked:
        result.backward()
    expected = [leaf.grad for leaf in leaves]

    def function(*xs: Any) -> Any:
        return program(ValueKit(), xs)

    everything = tuple(range(program.inputs))
    assert sg.value_and_grad(function, argnums=everything)(*point) == (result.data, tuple(expected))
    assert sg.grad(lambda xs: program(ValueKit(), xs))(point) == expected
    value, pullback = sg.vjp(function, *point)
    assert (value, pullback(1.0)) == (result.data, tuple(expected))
    assert sg.jacobian(function, everything, mode="reverse")(*point) == tuple(expected)
    scale = 1e-13 * (1 + sum(map(abs, expected)))
    assert sg.jacobian(function, everything, mode="forward")(*point) == pytest.approx(expected, rel=1e-11, abs=scale)
    for index in range(program.inputs):
        direction = [float(i == index) for i in range(program.inputs)]
        value, slope = sg.jvp(function, point, direction)
        assert value == result.data
        assert slope == pytest.approx(expected[index], rel=1e-11, abs=scale)


@given(st.data())
def test_exact_numbers_stay_exact_in_every_transform_and_order(data: st.DataObject) -> None:
    program = data.draw(rational_programs(max_inputs=2, max_steps=6))
    point = data.draw(points(FRACTIONS, program.inputs))
    index = data.draw(st.integers(0, program.inputs - 1))

    def along(x: Any) -> Any:
        return program(ValueKit(), [*point[:index], x, *point[index + 1 :]])

    jets = [Jet([x, Fraction(int(i == index)), *[Fraction(0)] * 3]) for i, x in enumerate(point)]
    try:
        exact = program(RationalJetKit(), jets)
    except KinkError:
        assume(False)
    x = point[index]
    for order in range(4):
        assert sg.derivative(along, order)(x) == exact.derivative(order)
        assert isinstance(sg.derivative(along, order)(x), (Fraction, int))
    assert sg.grad(along)(x) == exact.derivative(1)
    assert sg.hessian(along)(x) == sg.grad(sg.grad(along))(x) == exact.derivative(2)
    assert sg.hvp(along, (x,), (Fraction(2),)) == 2 * exact.derivative(2)
    assert sg.jvp(sg.jacobian(along), (x,), (Fraction(1),)) == (exact.derivative(1), exact.derivative(2))
    assert isinstance(sg.hessian(along)(x), (Fraction, int))


class KinkError(Exception):
    """A program chose between operands: its power series is not that of one piece."""


class RationalJetKit(ValueKit):
    """The functions of rational programs on power series, where they have no kinks."""

    def __init__(self) -> None:
        super().__init__()
        for name in ("relu", "abs", "maximum", "minimum", "clip", "max", "min"):
            setattr(self, name, self.refuse)
        self.where = lambda condition, x, y: x if condition else y
        self.sum = lambda xs: sum(xs[1:], xs[0])
        self.mean = lambda xs: self.sum(xs) / len(xs)
        self.prod = lambda xs: math.prod(xs[1:], start=xs[0])

    def dot(self, xs: Sequence[Any], ys: Sequence[Any]) -> Any:
        return self.sum([x * y for x, y in zip(xs, ys)])

    def refuse(self, *_: Any) -> Any:
        raise KinkError


# ---- Structures ------------------------------------------------------------------------------------------------------


# ---- Calls -----------------------------------------------------------------------------------------------------------


def product_of(x: Any, y: Any) -> Any:
    return x * y


def test_the_pullback_can_be_called_again_and_takes_any_structure_of_that_length() -> None:
    value, pullback = sg.vjp(product_and_sum, 3.0, 2.0)
    assert value == [6.0, 5.0]
    assert pullback([1.0, 0.0]) == (2.0, 3.0)
    assert pullback((0, 1)) == (1.0, 1.0)
    assert pullback(sg.Vector([1.0, 2.0])) == (4.0, 5.0)
    value, pullback = sg.vjp(lambda x: (x, x, "text"), 3.0)
    assert (value, pullback((1.0, 10.0, None))) == ((3.0, 3.0, "text"), (11.0,))
    value, pullback = sg.vjp(lambda d: {"a": d["x"] * 2, "b": 1.0}, {"x": 3.0})
    assert pullback({"b": 5.0, "a": 3.0}) == ({"x": 6.0},)


def test_flatten_gives_a_list_and_the_way_back() -> None:
    params = {"w": [1.0, (2.0, "text")], "v": sg.Vector([3.0]), "a": [[4.0], 5.0], "m": Model([6.0], 7.0)}
    numbers, rebuild = sg.flatten(params)
    assert numbers == [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0]
    assert all(type(x) is float for x in numbers)
    again = pickle.loads(pickle.dumps(rebuild))([10 * x for x in numbers])
    assert again["w"] == [10.0, (20.0, "text")]
    assert again["v"] == [30.0]
    assert again["a"] == [[40.0], 50.0]
    assert again["m"] == dataclasses.replace(params["m"], weights=[60.0], bias=70.0)
    gradient = sg.grad(lambda flat: rebuild(flat)["w"][0] * rebuild(flat)["m"].twice)(numbers)
    assert gradient == [14.0, 0, 0, 0, 0, 0, 2.0]
    x = sg.Value(2.0)
    assert sg.flatten([x, sg.constant(3.0)])[0][0] is x
    with pytest.raises(ValueError, match="expected 7 numbers, got 1"):
        rebuild([1.0])


# ---- Nesting ---------------------------------------------------------------------------------------------------------


def test_five_gradients_of_gradients() -> None:
    function: Callable[..., Any] = lambda x: x**6  # noqa: E731
    for order in range(1, 6):
        function = sg.grad(function)
        assert function(2.0) == math.perm(6, order) * 2.0 ** (6 - order)


# ---- Found by use ----------------------------------------------------------------------------------------------------


def test_a_pullback_pickles_with_its_function() -> None:
    value, pullback = sg.vjp(product_of, 3.0, 4.0)
    assert value == 12.0
    assert pickle.loads(pickle.dumps(pullback))(10.0) == pullback(10.0) == (40.0, 30.0)


def test_a_vector_and_a_matrix_are_one_leaf_each_and_their_gradients_have_their_shapes() -> None:
    def loss(p: Any) -> Any:
        h = sg.tanh(p["W"] @ [1.0, 2.0] + p["b"])
        return h.dot(h) + p["W"][0, 1] * p["b"][1] + p["c"] * 2.0

    rows, b = [[0.1, 0.2], [0.3, 0.4]], [0.5, 0.6]
    value, gradient = sg.value_and_grad(loss)({"W": sg.Matrix(rows), "b": sg.Vector(b), "c": 1.0})
    leaves = {"W": sg.Variable(rows), "b": sg.Variable(b), "c": sg.Variable(1.0)}
    expected = loss(leaves)
    expected.backward()
    assert value == expected.data
    assert (gradient["W"].tolist(), gradient["b"].tolist(), gradient["c"]) == (leaves["W"].grad, leaves["b"].grad, 2.0)
    unused = sg.grad(lambda m, v: v.sum(), argnums=(0, 1))(sg.Matrix(rows), sg.Vector(b))
    assert unused == ([[0.0, 0.0], [0.0, 0.0]], [1.0, 1.0])
    assert sg.grad(lambda v: v[0:1].sum())(sg.Vector(b)) == [1.0, 0.0]


def test_one_of_several_vectors_may_be_followed() -> None:
    v = sg.Variable([1.0, 2.0])
    outer = sg.grad(lambda a, b: a.dot(b) ** 2)(v, sg.Vector([3.0, 4.0]))
    outer.sum().backward()
    assert v.grad == [2 * 3.0 * 7.0, 2 * 4.0 * 7.0]
