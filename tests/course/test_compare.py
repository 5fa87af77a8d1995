"""The sentences that say where a learner's numbers are off."""

from __future__ import annotations

import math
import random
from typing import Any

import pytest

from scalargrad.course.compare import (
    are_close,
    as_float_of,
    attribute_of,
    compared,
    difference,
    some_numbers,
    some_points,
)
from scalargrad.course.learner import LearnerError

POINTS = [{"x": x, "y": y} for x in (-2.0, -0.5, 0.5, 2.0) for y in (-3.0, 4.0)]


def said(f: Any, *, points: Any = POINTS, hints: Any = ()) -> str:
    """How it is said that f is not the product."""
    given = [f(**point) for point in points]
    with pytest.raises(LearnerError) as caught:
        compared("Your product", given, [point["x"] * point["y"] for point in points], points, hints)
    return str(caught.value)


def test_equal_numbers_raise_nothing() -> None:
    compared("", [1.0, math.nan, math.inf], [1.0 + 1e-9, math.nan, math.inf], POINTS[:3])
    assert not are_close(1.0, 1.0001)
    assert not are_close(1.0, math.nan)


def test_a_part_of_the_points_is_named() -> None:
    assert said(lambda x, y: abs(x) * y).startswith(
        "Your product is off where x is negative: you gave -6, central differences give 6, at x = -2 and y = -3."
    )
    assert "off where y is positive:" in said(lambda x, y: x * y + (y > 0))
    assert "off where x is larger than 1:" in said(lambda x, y: x * y + (x > 1))
    assert "is off: you gave" in said(lambda x, y: x * y + 1)
    assert "is off: you gave" in said(lambda x, y: x * y + (x < -1))


def test_how_numbers_are_off_alike_is_said() -> None:
    assert said(lambda x, y: -x * y).endswith("It has the wrong sign.")
    assert said(lambda x, y: 2.5 * x * y).endswith("It is 2.5 times what it should be.")
    assert said(lambda x, y: x + y).endswith("y = -3.")
    assert said(lambda x, y: 3 * x * y, points=POINTS[:2]).endswith("y = -3.")
    assert said(lambda x, y: x * y + 1, points=[{"x": 0.0, "y": y} for y in (1.0, 2.0, 3.0)]).endswith("y = 1.")


def test_a_mistake_that_is_known_is_said_first() -> None:
    hints = [("That is the quotient.", lambda x, y: x / y), ("That is the sum.", lambda x, y: x + y)]
    assert said(lambda x, y: x + y, hints=hints).endswith("That is the sum.")


def test_what_is_no_number_is_told() -> None:
    assert as_float_of(True, "It") == 1.0
    for given, said in [("one", r"you gave 'one' \(str\)\."), (None, r"you gave None \(is `return` missing\?\)\.")]:
        with pytest.raises(LearnerError, match=f"^It should be a plain number; {said}$"):
            as_float_of(given, "It")


def test_what_has_not_the_attribute_is_told() -> None:
    assert attribute_of(1.5, "real", "It") == 1.5
    with pytest.raises(LearnerError, match=r"It should have the attribute `data`; you gave 1 \(int\)\."):
        attribute_of(1, "data", "It")


def test_a_central_difference_is_next_to_the_derivative() -> None:
    assert are_close(difference(lambda x, y: x**3 * y, [2.0, 5.0], 0), 60.0)
    assert are_close(difference(lambda x, y: x**3 * y, [2.0, 5.0], 1), 8.0)


def test_numbers_have_both_signs_and_keep_away_from_zero() -> None:
    numbers = some_numbers(random.Random(0), 100)
    assert min(numbers) < 0 < max(numbers)
    assert all(0.3 <= abs(x) <= 3 for x in numbers)
    assert [[*point] for point in some_points(random.Random(0), "x y", 2)] == [["x", "y"]] * 2
