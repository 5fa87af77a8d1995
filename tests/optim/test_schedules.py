"""Learning rates that change."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scalargrad import optim


@given(st.floats(0, 1), st.integers(1, 1000), st.integers(0, 3000))
def test_schedules_are_their_formulas(lr: float, steps: int, step: int) -> None:
    def close(x: float) -> Any:
        return pytest.approx(x, rel=1e-13, abs=1e-300)

    assert optim.exponential_decay(lr, steps, 0.5)(step) == close(lr * math.exp(math.log(0.5) * step / steps))
    assert optim.step_decay(lr, steps, 0.5)(step) == lr * 2.0 ** -(step // steps)
    # (1 + cos(2 x)) / 2 = cos(x)**2
    angle = math.pi / 2 * min(step / steps, 1)
    expected = lr * (0.75 * math.cos(angle) ** 2 + 0.25)
    assert optim.cosine_decay(lr, steps, 0.25)(step) == pytest.approx(expected, rel=1e-14)
    fallen = min(Fraction(step, steps), 1) * Fraction(3, 4)
    assert optim.linear_decay(lr, steps, 0.25)(step) == close(lr * float(1 - fallen))
    warm = optim.warmup(optim.step_decay(lr, steps), steps)
    assert warm(step) == (lr * (step + 1) / steps if step < steps else optim.step_decay(lr, steps)(step - steps))
    assert optim.warmup(lr, steps)(step) == (lr * (step + 1) / steps if step < steps else lr)


def test_a_piecewise_rate_changes_after_its_boundaries() -> None:
    schedule = optim.piecewise_constant_decay((2, 4), (0.5, 0.25, 0.125))
    assert [*map(schedule, range(7))] == [0.5, 0.5, 0.5, 0.25, 0.25, 0.125, 0.125]
    assert optim.piecewise_constant_decay([], [0.5])(10) == 0.5
