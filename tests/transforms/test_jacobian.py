"""Matrices of derivatives: `jacobian`, `hessian`, `hvp`."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import scalargrad as sg
from scalargrad.engine.rows import identity_of
from tests.support.functions import rosenbrock, rosenbrock_hessian
from tests.support.programs import INPUTS, ValueKit, any_programs, is_tame, points

# ---- One gradient, many ways -----------------------------------------------------------------------------------------


@given(st.data())
def test_the_hessian_is_that_of_nested_gradients_and_of_products(data: st.DataObject) -> None:
    program = data.draw(any_programs(max_inputs=3, max_steps=6))
    point = data.draw(points(INPUTS, program.inputs))
    assume(is_tame(program, point))

    def function(xs: Any) -> Any:
        return program(ValueKit(), xs)

    matrix = sg.hessian(function)(point)
    scale = 1e-11 * (1 + max(abs(x) for row in matrix for x in row))
    for other in (sg.jacobian(sg.grad(function)), sg.jacobian(sg.grad(function), mode="forward")):
        assert other(point) == [pytest.approx(row, rel=1e-9, abs=scale) for row in matrix]
    for i in range(program.inputs):
        direction = [float(i == j) for j in range(program.inputs)]
        assert sg.hvp(function, (point,), (direction,)) == pytest.approx(matrix[i], rel=1e-9, abs=scale)
        assert [row[i] for row in matrix] == pytest.approx(matrix[i], rel=1e-9, abs=scale)
        _, column = sg.jvp(sg.grad(function), (point,), (direction,))
        assert column == pytest.approx(matrix[i], rel=1e-9, abs=scale)


@given(st.lists(INPUTS, min_size=2, max_size=6))
def test_the_hessian_of_rosenbrock_is_the_closed_form(xs: list[float]) -> None:
    for row, exact in zip(sg.hessian(rosenbrock)(xs), rosenbrock_hessian(xs)):
        assert row == pytest.approx(exact, rel=1e-12, abs=1e-10)


# ---- Structures ------------------------------------------------------------------------------------------------------


def test_a_jacobian_has_the_structure_of_the_result_and_inside_of_it_that_of_the_arguments() -> None:
    function = lambda d, t: {"u": d["x"] * t[0], "v": (t[0] - t[1], "text", 5.0)}  # noqa: E731
    got = sg.jacobian(function, argnums=(0, 1))({"x": 2.0}, (3.0, 4.0))
    zero = ({"x": 0.0}, (0.0, 0.0))
    assert got == {"u": ({"x": 3.0}, (2.0, 0.0)), "v": (({"x": 0.0}, (1.0, -1.0)), "text", zero)}
    assert sg.jacobian(lambda v: v * v)(sg.Vector([1.0, 2.0])) == [[2.0, 0.0], [0.0, 4.0]]
    assert sg.hessian(lambda x, y: x * x * y, argnums=(0, 1))(3.0, 2.0) == ((4.0, 6.0), (6.0, 0.0))
    assert sg.hessian(lambda d: d["x"] * d["y"])({"x": 3.0, "y": 2.0}) == {"x": {"x": 0, "y": 1}, "y": {"x": 1, "y": 0}}
    assert sg.hessian(lambda v: 3.0)([1.0, 2.0]) == [[0.0, 0.0], [0.0, 0.0]]
    assert sg.hessian(lambda v: v[0] + 2 * v[1])([1.0, 2.0]) == [[0.0, 0.0], [0.0, 0.0]]


# ---- Nesting ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["forward", "reverse"])
def test_closed_over_values_of_an_enclosing_jacobian_are_followed(mode: str) -> None:
    inner = lambda a: sg.jacobian(lambda b: [a * b[0] * b[1], b[0]], mode=mode)([2.0, 5.0])  # noqa: E731
    assert sg.jacobian(lambda a: inner(a)[0], mode=mode)(3.0) == [5.0, 2.0]


# ---- One recording ---------------------------------------------------------------------------------------------------


class CountingRows(dict[Any, Any]):
    """A dict of rows that adds up how many entries are put into it."""

    entries = 0

    def __setitem__(self, node: Any, row: Any) -> None:
        super().__setitem__(node, row)
        self.entries += len(row)


def test_a_sparse_jacobian_costs_what_its_entries_cost() -> None:
    def residuals(xs: Any) -> list[Any]:
        return [x * y - 1 for x, y in itertools.pairwise(xs)]

    run, result = sg.transforms.run.run_at("jacobian", residuals, ([1.0] * 500,), {}, 0)
    order, leaves = run.order(result), [leaf.row for leaf in run.leaves]
    rows = CountingRows({identity_of(leaf): {i: 1.0} for i, leaf in enumerate(leaves)})
    sg.transforms.forward.forward_rows(order, rows)
    assert rows.entries == 2 * len(order) == 4 * len(result)
    targets = [y.row for y in result]
    assert sg.transforms.run.is_forward_cheaper(order, leaves, targets) is False  # one reverse sweep has two rows each
    for mode in ("forward", "reverse"):
        sparse = run.rows(result, mode, None)
        assert all(row == {i: 1.0, i + 1: 1.0} for i, row in enumerate(sparse))


@pytest.mark.parametrize(
    ("function", "forward"),
    [
        (lambda xs: [total * k for total in [sum(xs)] for k in range(9)], True),
        (lambda xs: [sum(x * k for k, x in enumerate(xs))], False),
        (lambda xs: [xs[0] * k for k in range(9)], True),
    ],
)
def test_the_cheaper_direction_is_chosen(function: Any, forward: bool) -> None:
    run, result = sg.transforms.run.run_at("jacobian", function, ([1.0, 2.0, 3.0],), {}, 0)
    order, leaves = run.order(result), [leaf.row for leaf in run.leaves]
    assert sg.transforms.run.is_forward_cheaper(order, leaves, [y.row for y in result]) is forward


# ---- Found by use ----------------------------------------------------------------------------------------------------


def test_a_wide_jacobian_is_made_of_lists() -> None:
    n = 300
    rows = sg.jacobian(lambda x: [x[i] * x[i + 1] for i in range(n - 1)])([*map(float, range(n))])
    assert [[j for j, d in enumerate(row) if d] for row in rows[1:]] == [[i, i + 1] for i in range(1, n - 1)]
    assert rows[7][7:9] == [8.0, 7.0]
    assert len({id(row) for row in rows}) == n - 1
    assert sg.jacobian(lambda x: [x[0]], argnums=(0,))([2.0, 3.0]) == [([1.0, 0.0],)]


# ---- Matrices --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["forward", "reverse", "auto"])
def test_the_derivatives_by_a_matrix_are_matrices(mode: str) -> None:
    m = sg.Matrix([[1.0, 2.0], [3.0, 4.0]])
    by_rows = sg.jacobian(lambda m: m @ [1.0, 10.0], mode=mode)(m)
    assert [type(x) for x in by_rows] == [sg.Matrix, sg.Matrix]
    assert [x.tolist() for x in by_rows] == [[[1.0, 10.0], [0.0, 0.0]], [[0.0, 0.0], [1.0, 10.0]]]
    params = {"w": m, "b": sg.Vector([0.5, 0.25])}
    found = sg.jacobian(lambda p: sg.tanh(p["w"] @ p["b"])[0], mode=mode)(params)
    assert isinstance(found["w"], sg.Matrix)
    assert isinstance(found["b"], sg.Vector)
    assert found["w"][1] == [0.0, 0.0]
    assert found["w"][0, 0].data == 0.5 * (found["b"][0] / 1.0).data


def test_grad_hessian_jvp_and_vjp_keep_the_shape_of_a_matrix() -> None:
    m = sg.Matrix([[1.0, 2.0], [3.0, 4.0]])
    assert sg.grad(lambda m: (m * m).sum())(m) == [[2.0, 4.0], [6.0, 8.0]]
    assert isinstance(sg.grad(lambda m: (m * m).sum())(m), sg.Matrix)
    assert sg.grad(lambda m: (sg.Matrix(m) @ [1.0, 2.0]).sum())(m.tolist()) == [[1.0, 2.0], [1.0, 2.0]]
    assert sg.grad(lambda m: sg.Matrix([[m[0, 0] * 3.0]]))(m) == [[3.0, 0.0], [0.0, 0.0]]
    hessian = sg.hessian(lambda m: (m * m * m).sum())(sg.Matrix([[1.0, 2.0]]))
    assert [[x.tolist() for x in row] for row in hessian] == [[[[6.0, 0.0]], [[0.0, 12.0]]]]
    value, tangent = sg.jvp(lambda m: m @ m, (m,), ([[1.0, 0.0], [0.0, 0.0]],))
    assert (value, tangent) == ([[7.0, 10.0], [15.0, 22.0]], [[2.0, 2.0], [3.0, 0.0]])
    _, pullback = sg.vjp(lambda m: m.T, m)
    (gradient,) = pullback([[1.0, 2.0], [3.0, 4.0]])
    assert gradient == [[1.0, 3.0], [2.0, 4.0]]
    assert sg.hvp(lambda m: (m * m).sum(), (m,), (m,)) is not None
    assert sg.derivative(lambda x: (sg.Matrix([[x, x * x], [1.0, x]]) @ [1.0, x]).sum(), order=2)(2.0) == 14.0
