"""Special functions: polygammas of every order."""

from __future__ import annotations

import math

import pytest
from mpmath import mp

import scalargrad as sg
from scalargrad.operations import elementary as operations
from tests.support.oracles import ulps


@pytest.mark.parametrize("n", [1, 2, 3, 10, 100, 159, 160, 170, 171, 400])
@pytest.mark.parametrize("x", [1e-3, 0.37, 1.0, 2.5, 17.0, 100.5, 977.25, 1e6, 1e50, 1e143, 1e286])
def test_polygamma_is_right_or_too_large_for_every_order(n: int, x: float) -> None:
    with mp.workdps(60):
        least = mp.mpf(x)
        total = mp.fsum((least + k) ** (-n - 1) for k in range(n + 30))
        least += n + 30  # where 24 terms of the series are right to 28 digits
        rest = least**-n / n + least ** (-n - 1) / 2
        for k in range(1, 25):
            rest += mp.bernoulli(2 * k) * mp.rf(n + 1, 2 * k - 1) / mp.factorial(2 * k) * least ** (-n - 2 * k)
        exact = (-1) ** (n + 1) * mp.factorial(n) * (total + rest)
    if math.isinf(float(exact)):
        with pytest.raises(OverflowError, match="beyond the range of floats"):
            sg.polygamma(n, x)
        assert operations.polygamma_slope(n - 1, x) == float(exact)
    else:
        assert ulps(sg.polygamma(n, x), exact) <= 20


def test_polygammas_begin_with_digamma_and_vanish_at_infinity() -> None:
    assert sg.polygamma(0, 3.5) == sg.digamma(3.5)
    assert sg.polygamma(1, math.inf) == 0.0
    assert math.isnan(sg.polygamma(1, -math.inf))
    assert math.isnan(sg.polygamma(2, math.nan))


@pytest.mark.parametrize("n", [1, 2, 3])
@pytest.mark.parametrize("x", [-1000.5, -1234.25, -1500.125, -999.75])
def test_polygammas_far_below_zero_are_right_on_either_side_of_where_they_are_reflected(n: int, x: float) -> None:
    exact = float(mp.polygamma(n, mp.mpf(x)))
    scale = float(mp.polygamma(n, mp.mpf(0.25)))
    assert sg.polygamma(n, x) == pytest.approx(exact, rel=1e-14, abs=1e-15 * abs(scale))
