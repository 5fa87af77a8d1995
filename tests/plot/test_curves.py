"""Curves have gaps where there is no number, and contours values of few digits."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import matplotlib as mpl
import pytest

import scalargrad as sg
from scalargrad import plot
from scalargrad.plot.curves import round_levels
from tests.support.pictures import bowl

mpl.use("Agg")

pytestmark = pytest.mark.usefixtures("closed_figures")


def test_a_curve_has_gaps_where_there_is_no_number() -> None:
    ax = plot.derivatives(lambda x: sg.log(x), -1, 1, orders=(0, 1), points=5)
    gaps = [[math.isnan(y) for y in line.get_ydata()] for line in ax.lines]
    assert gaps == [[True, True, True, False, False]] * 2
    poles = plot.derivatives(lambda x: sg.where(x == 0, math.inf, x), -1, 1, orders=(0,), points=3)
    assert [math.isnan(y) for y in poles.lines[0].get_ydata()] == [False, True, False]


@pytest.mark.parametrize(
    ("function", "orders", "places"),
    [
        (lambda x: x // 1, (0,), [-1.0, 0.0, 1.0, 2.0]),
        (abs, (1,), [0.0, 0.0]),
        (sg.tan, (0,), [-math.pi / 2, math.pi / 2]),
        (lambda x: 1 / (x - 0.123), (0,), [0.123]),
        (lambda x: sg.exp(5 * x) * sg.sin(30 * x), (0,), []),
        (lambda x: sg.sqrt(abs(x)), (0,), []),
        (lambda x: x**3, (2,), []),
    ],
)
def test_a_curve_breaks_where_it_jumps_and_nowhere_else(
    function: Any, orders: tuple[int, ...], places: list[float]
) -> None:
    (line,) = plot.derivatives(function, -2, 2, orders).lines
    gaps = [x for x, y in zip(*line.get_data()) if y != y]
    assert gaps == pytest.approx(places, abs=0.02)


def rosenbrock(x: Any, y: Any) -> Any:
    return (1 - x) ** 2 + 100 * (y - x * x) ** 2


def test_each_contour_has_its_value_written_inside_the_picture_away_from_ways() -> None:
    ways = [(-1.2, 1.0), (0.76, -3.2), (0.76, 0.58), (1.0, 1.0)], [(-1.2, 1.0), (0.0, 0.0), (1.0, 1.0)]
    for function in (bowl, rosenbrock, lambda x, y: 1e6 + x + y):
        ax = plot.descent(function, ways[0], label="a way", levels=6)
        plot.descent(function, ways[1], label="another", ax=ax)
        (contours,) = ax.collections
        assert len(ax.texts) == len(contours.levels) == 6
        assert {float(text.get_text()) for text in ax.texts} == {*contours.levels.tolist()}
        (left, right), (low, high) = ax.get_xlim(), ax.get_ylim()
        for text in ax.texts:
            x, y = text.get_position()
            height = function(x, y)
            nearest = min(contours.levels, key=lambda level, height=height: abs(level - height))
            assert float(text.get_text()) == nearest
            across, up = (x - left) / (right - left), (y - low) / (high - low)
            assert 0.02 < across < 0.98
            assert 0.02 < up < 0.98


def test_a_way_drawn_anew_takes_the_old_values_of_contours_with_it() -> None:
    ax = plot.descent(bowl, [(0.5, 0.5), (0.0, 0.0)], levels=4)
    before = [*ax.texts]
    plot.descent(bowl, [(-4.0, 3.0), (0.0, 0.0)], levels=4, ax=ax)
    assert len(ax.texts) == 4
    assert not any(x is y for x in before for y in ax.texts)


def test_values_of_contours_have_few_digits_and_differ() -> None:
    for levels in ([0.123456, 15.23, 61.7], [1e6 + 0.001, 1e6 + 0.002], [-3.0001, -3.0, 1e-9], [-1.7e308, 1.7e308]):
        found = round_levels(levels)
        assert found == sorted(set(found))
        gaps = [b - a for a, b in pairwise(levels)]
        assert all(abs(x - y) <= min(gaps) / 2 for x, y in zip(found, levels)) or max(gaps) == math.inf
    assert round_levels([0.0, 0.123456, 15.23, 61.7]) == [0.0, 0.12, 15.0, 60.0]
    assert round_levels([2.0]) == [2.0]


def test_a_pole_does_not_flatten_the_rest() -> None:
    ax = plot.derivatives(lambda x: 1 / x, -2, 2)
    assert max(map(abs, ax.get_ylim())) < 40
    assert max(abs(y) for y in ax.lines[2].get_ydata() if y == y) > 1e5
    even = plot.derivatives(lambda x: 1 / x**2, -2, 2)
    assert 10 < even.get_ylim()[1] < 1e5
    assert plot.derivatives(lambda x: 0 * x, 0, 1).get_ylim()[0] < 0
    peak = plot.derivatives(lambda x: sg.exp(-((x / 0.05) ** 2) / 2), -5, 5)
    assert peak.get_ylim()[1] > 1  # it is no pole, however narrow
