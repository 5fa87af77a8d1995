"""The transforms of functions of NumPy's arrays, and SciPy's solvers on them."""

from __future__ import annotations

import math
import pickle
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from scipy.optimize import least_squares, minimize

import scalargrad as sg
from tests.transforms.test_run import product_and_sum, rosenbrock


def test_an_array_reaches_the_function_as_objects_and_its_gradient_is_an_array() -> None:
    x = np.array([[1.0, 2.0], [3.0, 4.0]])
    seen: list[Any] = []

    def function(a: Any) -> Any:
        seen.append((a.dtype, a.shape))
        return (a * a).sum() + np.sin(a[0, 0])

    value, gradient = sg.value_and_grad(function)(x)
    assert seen == [(np.dtype(object), (2, 2))]
    assert type(value) is float
    assert gradient.dtype == float
    assert gradient == pytest.approx(2 * x + np.array([[math.cos(1.0), 0.0], [0.0, 0.0]]))
    exact = np.array([Fraction(1, 2), Fraction(1, 3)])
    assert sg.grad(lambda a: a[0] * a[1])(exact).tolist() == [Fraction(1, 3), Fraction(1, 2)]
    assert sg.grad(lambda a: a * a)(np.array(3.0)) == 6.0
    assert sg.grad(lambda x: x * x)(np.float32(3.0)) == 6.0
    assert type(sg.grad(lambda x: x * x)(np.float64(3.0))) is float
    assert sg.grad(lambda a: a[0] * 2)([np.int64(3), np.array(["a"])])[0] == 2.0


def test_jacobians_and_hessians_of_arrays_are_arrays() -> None:
    x = np.array([1.0, 2.0, 3.0])
    matrix = np.array([[1.0, 2.0, 0.0], [0.0, 1.0, -1.0]])
    assert (sg.jacobian(lambda v: matrix @ v)(x) == matrix).all()
    assert sg.hessian(lambda v: v[0] * v[1] ** 2 + v[2])(x).tolist() == [[0, 4, 0], [4, 2, 0], [0, 0, 0]]
    rows = sg.jacobian(lambda v: [v[0] * v[1], v[2]])(x)
    assert [row.tolist() for row in rows] == [[2, 1, 0], [0, 0, 1]]
    square = sg.jacobian(lambda a: np.array([[a[0], a[1] * a[0]]]))(x)
    assert square.shape == (1, 2, 3)
    assert square.tolist() == [[[1, 0, 0], [2, 1, 0]]]
    parts = sg.jacobian(lambda d: np.array([d["a"] * d["b"][0], d["b"][1], 1.0]))(
        {"a": 2.0, "b": x, "c": sg.Vector([1.0]), "d": "text", "e": (5.0,)}
    )
    assert parts["a"].tolist() == [1, 0, 0]
    assert parts["b"].tolist() == [[2, 0, 0], [0, 1, 0], [0, 0, 0]]
    assert [column.tolist() for column in parts["c"]] == [[0, 0, 0]]
    assert parts["d"] == "text"
    assert parts["e"][0].tolist() == [0, 0, 0]
    both = sg.jacobian(lambda a, b: a * b, argnums=(0, 1))(x, x + 1)
    assert [part.tolist() for part in both] == [np.diag(x + 1).tolist(), np.diag(x).tolist()]


def test_a_cotangent_may_be_an_array() -> None:
    _, pullback = sg.vjp(product_and_sum, 3.0, 2.0)
    assert pullback(np.array([1.0, 2.0])) == (4.0, 5.0)
    _, pullback = sg.vjp(lambda a: a.sum(), np.ones(2))
    assert pullback(np.array(2.0))[0].tolist() == [2.0, 2.0]
    for make in (np.array, lambda x: np.array([x])):
        _, pullback = sg.vjp(lambda a, make=make: make(a.sum()), np.ones(2))
        for cotangent in (np.array(2.0), np.array([2.0])):
            assert pullback(cotangent.reshape(np.shape(make(0.0))))[0].tolist() == [2.0, 2.0]
    value, pullback = sg.vjp(lambda a: np.array(a.sum()), np.ones(2))
    assert value == 2.0
    assert pullback(2.0)[0].tolist() == pullback(np.array([2.0]))[0].tolist() == [2.0, 2.0]
    with pytest.raises(ValueError, match="expected a cotangent of the structure of array"):
        pullback([2.0, 1.0])


def test_an_array_beside_the_value_is_handed_through_without_nodes() -> None:
    _, aux = sg.grad(lambda x: (x**3, np.array([x, x * x])), has_aux=True)(2.0)
    assert aux.tolist() == [2.0, 4.0]


def test_flatten_goes_into_arrays() -> None:
    numbers, rebuild = sg.flatten({"a": np.array([[4.0, 5.0]]), "b": 1.0})
    assert numbers == [4.0, 5.0, 1.0]
    assert all(type(x) is float for x in numbers)
    assert pickle.loads(pickle.dumps(rebuild))([1.0, 2.0, 3.0])["a"].tolist() == [[1.0, 2.0]]


def test_an_array_of_complex_numbers_is_refused() -> None:
    with pytest.raises(TypeError, match="got array"):
        sg.grad(lambda a: a[0])(np.array([1j]))


def test_scipy_takes_transforms_as_they_are() -> None:
    found = minimize(sg.value_and_grad(rosenbrock), np.zeros(4), jac=True, tol=1e-9)
    assert found.x == pytest.approx([1.0] * 4, abs=1e-5)
    more = {"jac": sg.grad(rosenbrock), "hess": sg.hessian(rosenbrock), "tol": 1e-10}
    found = minimize(rosenbrock, np.zeros(4), method="trust-exact", **more)
    assert found.x == pytest.approx([1.0] * 4, abs=1e-9)

    def residuals(p: Any) -> list[Any]:
        return [p[0] * sg.exp(p[1] * t) - 2 * math.exp(0.5 * t) for t in (0.0, 0.5, 1.0, 1.5)]

    fit = least_squares(residuals, np.array([1.0, 0.0]), jac=sg.jacobian(residuals), xtol=1e-12)
    assert fit.x == pytest.approx([2.0, 0.5], rel=1e-9)


def test_an_array_of_no_dimension_is_one_number() -> None:
    assert sg.grad(lambda a: np.array(a[0] * a[1], dtype=object))(np.array([2.0, 3.0])).tolist() == [3.0, 2.0]
