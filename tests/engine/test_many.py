"""Rows of many numbers: what they stand for is the program on single Values."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given, reject

import scalargrad as sg
from scalargrad.engine import backprop
from scalargrad.engine.backprop import carry_back, reverse_sweep
from tests.support.bits import exactly
from tests.support.listed import Listed, Whole, flat, programs, run, shape_of, sizes_of_terms

OUT_OF_RANGE = (OverflowError, ValueError, ZeroDivisionError, FloatingPointError)


def both(program: Any) -> tuple[Any, Any]:
    """A program run on vectors and matrices, and on single Values."""
    starts, steps = program
    try:
        listed = run(Listed(), starts, steps)
    except OUT_OF_RANGE:
        reject()
    return run(Whole(), starts, steps), listed


def are_close(got: float, wanted: float, size: float) -> bool:
    """Whether two gradients differ by the order of their terms alone."""
    if not math.isfinite(size) or not math.isfinite(wanted):
        return True  # where an infinity or a nan is on the way the order decides what comes of it
    return abs(got - wanted) <= 1e-13 * size


# ---- The law ---------------------------------------------------------------------------------------------------------


@given(program=programs())
def test_a_program_on_vectors_and_matrices_gives_the_numbers_of_that_on_single_values(program: Any) -> None:
    (whole, _, target), (listed, _, twin) = both(program)
    assert [shape_of(x) for x in whole] == [shape_of(x) for x in listed]
    assert [exactly(flat(x)) for x in whole] == [exactly(flat(x)) for x in listed]
    assert exactly(flat(target)) == exactly(flat(twin))


@given(program=programs())
def test_and_its_gradients(program: Any) -> None:
    (_, leaves, target), (_, twins, twin) = both(program)
    if not (isinstance(twin, sg.Value) and twin.is_tracked):
        assert not (isinstance(target, sg.Value) and target.is_tracked)
        return
    sizes = sizes_of_terms(twin)
    target.backward()
    twin.backward()
    for some, others in zip(leaves, twins):
        for x, y in zip(some, others):
            assert are_close(x.grad, y.grad, sizes.get(backprop.identity_of(y.row), 0.0)), (x.grad, y.grad)


@given(program=programs())
def test_the_fast_sweep_gives_the_gradients_of_the_sweep_over_single_elements(program: Any) -> None:
    (_, leaves, target), (_, twins, twin) = both(program)
    if not (isinstance(twin, sg.Value) and twin.is_tracked):
        return
    sizes = sizes_of_terms(twin)
    fast, general = carry_back([(target.row, 1.0)]), reverse_sweep([(target.row, 1.0)])
    for some, others in zip(leaves, twins):
        for x, y in zip(some, others):
            got, wanted = fast.of(x.row), general.of(x.row)
            assert (got is None) == (wanted is None)
            if wanted is not None:
                assert are_close(got, wanted, sizes[backprop.identity_of(y.row)])
