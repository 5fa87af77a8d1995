"""Gradients clipped by their norm."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import scalargrad as sg
from scalargrad import optim


@given(st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=6), st.floats(0.01, 1e3))
def test_gradients_longer_than_the_norm_are_scaled_to_it_and_others_stay(gs: list[float], limit: float) -> None:
    v = sg.Vector(map(sg.Value, gs))
    v.grad = gs
    norm = optim.clip_grad_norm_([v[0], v], limit)
    length = math.sqrt(math.fsum(g * g for g in gs))
    assert norm == pytest.approx(length, rel=1e-15, abs=1e-150)
    if norm + 1e-6 <= limit:
        assert v.grad == gs
    else:
        assert v.grad == pytest.approx([g * limit / (norm + 1e-6) for g in gs], rel=1e-15, abs=1e-300)
    (scaled,), total = optim.clip_by_global_norm([gs], limit)
    assert total.data == norm
    assert scaled.tolist() == pytest.approx([g * limit / max(norm, limit) for g in gs], rel=1e-15, abs=1e-300)


def test_a_norm_of_nan_shows_in_all_gradients() -> None:
    v = sg.Vector([sg.Value(1.0), sg.Value(1.0)])
    v.grad = [math.nan, 1.0]
    assert math.isnan(optim.clip_grad_norm_([v], 1.0))
    assert all(map(math.isnan, v.grad))


def test_clipping_keeps_shapes_and_what_is_none() -> None:
    w, b, unused = sg.Variable([3.0, 0.0]), sg.Variable(4.0), sg.Variable(1.0)
    with sg.GradientTape() as tape:
        loss = ((w * w).sum() + b * b) / 2
    clipped, norm = optim.clip_by_global_norm(tape.gradient(loss, [w, b, unused]), 2.5)
    assert clipped == [[1.5, 0.0], 2.0, None]
    assert norm == 5.0
    assert optim.clip_by_global_norm([None, []], 1.0) == ([None, sg.Vector([])], 0.0)


def test_clipping_is_differentiable() -> None:
    def clipped(x: Any) -> Any:
        (first, _), _ = optim.clip_by_global_norm([x, 4.0], 2.5)
        return first

    # x / hypot(x, 4), whose slope is 16 / hypot(x, 4)**3
    assert sg.grad(clipped)(3.0) == pytest.approx(2.5 * 16 / 125, rel=1e-15)
    assert sg.compile(sg.grad(clipped))(3.0) == sg.grad(clipped)(3.0)


def test_an_infinite_norm_to_clip_by_changes_nothing() -> None:
    clipped, norm = optim.clip_by_global_norm([3.0, 4.0], math.inf)
    assert ([x.data for x in clipped], norm.data) == ([3.0, 4.0], 5.0)


@pytest.mark.parametrize("odd", [math.inf, -math.inf, math.nan])
def test_where_a_gradient_is_not_finite_all_that_are_clipped_together_are_nan_as_tensorflow_has_it(odd: float) -> None:
    (first, second), norm = optim.clip_by_global_norm([odd, [1.0, 2.0]], 2.5)
    assert all(math.isnan(x) for x in (first.data, *second.tolist()))
    assert not math.isfinite(norm.data)


def test_gradients_of_matrices_and_of_some_elements_are_clipped_in_place() -> None:
    m, x = sg.Variable([[1.0, 2.0], [3.0, 4.0]]), sg.Value(1.0)
    m.grad, x.grad = [[3.0, 0.0], [0.0, 0.0]], 4.0
    assert optim.clip_grad_norm_([m, x], 2.5) == 5.0
    assert m.grad == [[pytest.approx(1.5), 0.0], [0.0, 0.0]]
    m.grad = [[3.0, 100.0], [100.0, 4.0]]
    assert optim.clip_grad_norm_([m[0, 0], m[1, 1]], 2.5) == 5.0
    assert m.grad == [[pytest.approx(1.5), 100.0], [100.0, pytest.approx(2.0)]]


def test_matrices_are_clipped_by_their_common_norm() -> None:
    (m, rows, none, x), norm = optim.clip_by_global_norm([sg.Matrix([[3.0, 0.0]]), [[0.0], [0.0]], None, 4.0], 2.5)
    assert (m.tolist(), rows.tolist(), none, x.data, norm.data) == ([[1.5, 0.0]], [[0.0], [0.0]], None, 2.0, 5.0)
