"""Losses that keep their digits at the extremes."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mpmath import mp

import scalargrad as sg
from scalargrad import nn
from tests.support.oracles import ulps

if TYPE_CHECKING:
    from collections.abc import Callable

logits = st.floats(-50, 50) | st.sampled_from([0.0, 1e-300, -1e-300, 40.0, -40.0, 1000.0, -1000.0, 700.0, -700.0])


# ---- Compiled --------------------------------------------------------------------------------------------------------


def test_compiled_cross_entropies_are_the_recorded_ones() -> None:
    def losses(a: float, b: float, t: float) -> Any:
        z = sg.Vector([a, b])
        return nn.cross_entropy(z, 1), nn.cross_entropy(z, [t, 1 - t]), nn.binary_cross_entropy_with_logits(z, [t, 1])

    compiled = sg.compile(losses)
    for point in ((1.0, 2.0, 0.25), (3.0, -2.0, 0.75), (800.0, 0.0, 0.5)):
        recorded = losses(*map(sg.Value, point))
        assert [*compiled(*point)] == [pytest.approx(x.data, rel=1e-15) for x in recorded]


# ---- Losses ----------------------------------------------------------------------------------------------------------


@given(st.lists(st.tuples(st.fractions(-9, 9), st.fractions(-9, 9)), min_size=1, max_size=5), st.fractions(1, 9))
def test_losses_of_exact_numbers_are_their_definitions(pairs: list[tuple[Fraction, Fraction]], delta: Fraction) -> None:
    predictions, targets = zip(*pairs)
    n = len(pairs)
    errors = [abs(p - t) for p, t in pairs]
    assert nn.mse_loss(predictions, targets).data == sum(e * e for e in errors) / n
    assert nn.l1_loss(predictions, targets).data == sum(errors) / n
    parts = [e * e / 2 if e <= delta else delta * (e - delta / 2) for e in errors]
    assert nn.huber_loss(predictions, targets, float(delta)).data == pytest.approx(float(sum(parts) / n), rel=1e-15)
    labels = [1 if t > 0 else -1 for t in targets]
    margins = [max(0, 1 - label * p) for p, label in zip(predictions, labels)]
    assert nn.hinge_loss(predictions, labels).data == sum(margins) / n


@given(st.fractions(-5, 5, max_denominator=9))
def test_slopes_of_losses_are_those_of_their_definitions(e: Fraction) -> None:
    def slope(loss: Callable[[Any, Any], Any]) -> Any:
        x = sg.Value(float(e))
        loss(x, 0.0).backward()
        return x.grad

    error = float(e)
    assert slope(nn.mse_loss) == 2 * error
    assert slope(nn.l1_loss) == (error > 0) - (error < 0)
    assert slope(lambda x, t: nn.huber_loss(x, t, 2.0)) == max(-2.0, min(2.0, error))
    assert sg.grad(sg.grad(lambda x: nn.huber_loss(x, 0.0, 6.0)))(error) == 1.0


def test_the_hinge_is_flat_beyond_its_margin() -> None:
    for x, slope in ((0.5, -1.0), (1.0, 0.0), (2.0, 0.0)):
        assert sg.grad(lambda x: nn.hinge_loss(x, 1))(x) == slope


@given(logits, st.sampled_from([0, 1, 0.0, 1.0]) | st.floats(0, 1))
def test_binary_cross_entropy_keeps_its_digits_for_any_logit(z: float, t: float) -> None:
    x = sg.Value(z)
    loss = nn.binary_cross_entropy_with_logits(x, t)
    loss.backward()
    with mp.workdps(1000):
        exact, label = mp.mpf(z), mp.mpf(t)
        value = label * mp.log1p(mp.exp(-exact)) + (1 - label) * mp.log1p(mp.exp(exact))
        parts = -label / (1 + mp.exp(exact)), (1 - label) / (1 + mp.exp(-exact))
        assert ulps(loss.data, value, least=2.0**-1022) <= 6
        # Between the labels the two parts of the slope cancel; each is right.
        assert abs(x.grad - sum(parts)) <= max(6 * 2.0**-53 * max(map(abs, parts)), 2.0**-1073)


def cross_entropy_by_mpmath(zs: list[float], ts: list[float]) -> tuple[mp.mpf, list[mp.mpf]]:
    exps = [mp.exp(mp.mpf(z)) for z in zs]
    total = mp.fsum(exps)
    value = mp.fsum(mp.mpf(t) * (mp.log(total) - mp.mpf(z)) for z, t in zip(zs, ts))
    mass = mp.fsum(map(mp.mpf, ts))
    return value, [mass * e / total - mp.mpf(t) for e, t in zip(exps, ts)]


@given(st.lists(logits, min_size=2, max_size=5), st.data())
def test_cross_entropy_keeps_its_digits_for_any_logits(zs: list[float], data: st.DataObject) -> None:
    k = data.draw(st.integers(0, len(zs) - 1))
    one_hot = [float(j == k) for j in range(len(zs))]
    with mp.workdps(1500):
        value, slopes = cross_entropy_by_mpmath(zs, one_hot)
        # The difference of two logits is rounded, by up to 2**-53 of itself, and exp magnifies that.
        bound = 2.0**-53 * (8 + 2 * max(abs(z - zs[k]) for z in zs))
        for target in (k, np.int64(k), one_hot):
            vector = sg.Vector(map(sg.Value, zs))
            loss = nn.cross_entropy(vector, target)
            loss.backward()
            assert abs(loss.data - value) <= max(bound * value, 2.0**-1073)
            for got, exact in zip(vector.grad, slopes):
                assert abs(got - exact) <= max(bound * abs(exact), 2.0**-1072 * len(zs))


@given(st.lists(st.tuples(logits, st.floats(0, 1)), min_size=2, max_size=5))
def test_cross_entropy_with_probabilities_keeps_its_digits(pairs: list[tuple[float, float]]) -> None:
    zs, ts = [z for z, _ in pairs], [t for _, t in pairs]
    vector = sg.Vector(map(sg.Value, zs))
    loss = nn.cross_entropy(vector, ts)
    loss.backward()
    with mp.workdps(1500):
        value, slopes = cross_entropy_by_mpmath(zs, ts)
        spread = max(zs) - min(zs)
        assert abs(loss.data - value) <= 2.0**-53 * (20 + 2 * spread) * len(zs) * value + 2.0**-1060
        for got, exact, t in zip(vector.grad, slopes, ts):
            assert abs(got - exact) <= 2.0**-53 * (20 + 2 * spread) * sum(ts) + 2.0**-1060, t


def test_a_confident_prediction_keeps_a_loss_and_a_gradient() -> None:
    z = sg.Vector([sg.Value(40.0), sg.Value(0.0)])
    loss = nn.cross_entropy(z, 0)
    loss.backward()
    assert loss.data == math.log1p(math.exp(-40))
    assert z.grad == [-z.grad[1], pytest.approx(math.exp(-40), rel=1e-15)]


def test_of_a_single_class_there_is_nothing_to_learn() -> None:
    loss = nn.cross_entropy([sg.Value(3.0)], 0)
    assert loss.data == 0.0
    assert sg.grad(lambda z: nn.cross_entropy([z], 0))(3.0) == 0.0


def test_infinite_logits_give_what_the_limit_is() -> None:
    inf = math.inf
    assert nn.binary_cross_entropy_with_logits([inf, -inf, inf, -inf], [1, 0, 1.0, 0.0]) == nn.mse_loss(0.0, 0.0)
    assert nn.binary_cross_entropy_with_logits(-inf, 1).data == inf
    assert nn.cross_entropy([1.0, -inf, 1.0], 0).data == math.log(2)
    assert nn.cross_entropy([1.0, -inf, 1.0], [0.5, 0, 0.5]).data == math.log(2)
    assert nn.cross_entropy([1.0, -inf], 1).data == inf


def test_losses_of_several_rows_are_means() -> None:
    rows = [sg.Vector([sg.Value(1.0), sg.Value(2.0)]), [3.0, 5.0]]
    assert nn.mse_loss(rows, [[1.0, 1.0], np.array([1.0, 1.0])]).data == (0 + 1 + 4 + 16) / 4
    assert nn.l1_loss(np.ones((2, 3)), np.zeros((2, 3))).data == 1.0
    both = [nn.cross_entropy(row, k).data for row, k in zip(rows, (1, 0))]
    assert nn.cross_entropy(rows, [1, 0]).data == nn.cross_entropy(rows, [[0, 1], (1, 0)]).data == sum(both) / 2
    assert nn.cross_entropy(np.array([[1.0, 2.0], [3.0, 5.0]]), np.array([1, 0])).data == sum(both) / 2


def test_targets_may_be_values_with_gradients() -> None:
    t = sg.Value(0.25)
    nn.binary_cross_entropy_with_logits(2.0, t).backward()
    assert t.grad == pytest.approx(-2.0, rel=1e-15)
    t = sg.Value(0.25)
    nn.cross_entropy([2.0, 0.0], [t, 1 - t]).backward()
    assert t.grad == pytest.approx(-2.0, rel=1e-15)


# ---- Batches ---------------------------------------------------------------------------------------------------------


LOSSES = [nn.mse_loss, nn.l1_loss, nn.huber_loss, nn.hinge_loss, nn.binary_cross_entropy_with_logits]


def flattened(rows: Any) -> list[Any]:
    return [x for row in rows for x in row]


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("kind", [list, np.array, sg.Matrix, lambda rows: [*map(sg.Vector, rows)]])
def test_the_loss_of_a_matrix_is_that_of_all_its_elements(loss: Callable[[Any, Any], Any], kind: Any) -> None:
    predictions, targets = [[0.5, -3.0, 2.0], [1.5, 0.25, -0.5]], [[1.0, -1.0, 1.0], [-1.0, 1.0, 1.0]]
    if loss is nn.binary_cross_entropy_with_logits:
        targets = [[1.0, 0.0, 1.0], [0.0, 1.0, 1.0]]
    singles = [*map(sg.Value, flattened(predictions))]
    expected = loss(singles, flattened(targets))
    expected.backward()
    matrix, nested = sg.Variable(predictions), [[*map(sg.Value, row)] for row in predictions]
    for prediction, grads in (
        (matrix, lambda: flattened(matrix.grad)),
        (nested, lambda: [x.grad for x in flattened(nested)]),
    ):
        found = loss(prediction, kind(targets))
        found.backward()
        assert found.data == pytest.approx(expected.data, rel=1e-15)
        assert grads() == pytest.approx([x.grad for x in singles], rel=1e-15)


@pytest.mark.parametrize("loss", [nn.mse_loss, nn.binary_cross_entropy_with_logits])
def test_targets_of_a_vector_may_have_gradients(loss: Callable[[Any, Any], Any]) -> None:
    z, t = sg.Variable([0.5, -3.0, 2.0]), sg.Variable([0.25, 0.5, 1.0])
    found = loss(z, t)
    found.backward()
    zs, ts = [*map(sg.Value, z.tolist())], [*map(sg.Value, t.tolist())]
    loss(zs, ts).backward()
    assert z.grad == pytest.approx([x.grad for x in zs], rel=1e-15)
    assert t.grad == pytest.approx([x.grad for x in ts], rel=1e-15)


@pytest.mark.parametrize("target", [[2, 0], [[0.0, 0.0, 1.0], [1.0, 0.0, 0.0]], [[0.25, 0.25, 0.5], [0.5, 0.5, 0.0]]])
def test_cross_entropy_of_a_matrix_is_the_mean_of_its_rows(target: Any) -> None:
    rows = [[0.5, -3.0, 2.0], [1.5, 0.25, -0.5]]
    by_row = [sg.Vector(map(sg.Value, row)) for row in rows]
    expected = sg.Vector([nn.cross_entropy(row, t) for row, t in zip(by_row, target)]).mean()
    expected.backward()
    m = sg.Variable(rows)
    found = nn.cross_entropy(m, target)
    found.backward()
    assert found.data == expected.data
    assert m.grad == [row.grad for row in by_row]
    assert nn.cross_entropy(m * 1.0, np.array(target)).data == expected.data


# ---- Found by use ----------------------------------------------------------------------------------------------------


def test_hubers_loss_has_its_slope_however_large_the_error() -> None:
    for error, slope in ((math.inf, 1.0), (-math.inf, -1.0), (1e308, 1.0), (0.5, 0.5), (1.0, 1.0), (-1.0, -1.0)):
        e = sg.Value(error)
        nn.huber_loss(e, 0.0).backward()
        assert e.grad == slope
    e = sg.Value(1e308)
    nn.huber_loss(e, -1e308).backward()
    assert e.grad == 1.0
    assert sg.grad(sg.grad(lambda e: nn.huber_loss(e, 0.0)))(0.25) == 1.0


def test_arrays_of_one_hot_rows_are_targets_as_lists_are() -> None:
    logits, rows = [[1.0, 2.0], [3.0, 5.0]], [[1.0, 0.0], [0.0, 1.0]]
    expected = nn.cross_entropy(logits, [0, 1])
    for target in (rows, np.array(rows)):
        assert nn.cross_entropy(np.array(logits), target) == expected
