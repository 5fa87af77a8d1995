"""What a row says, and whom it belongs to."""

from __future__ import annotations

import copy
import math
import weakref

import pytest

import scalargrad as sg
from scalargrad.engine.rows import Handles, between, derivatives_of, identity_of, operands_of
from scalargrad.engine.value import record
from scalargrad.operations import reductions

# ---- What a row says -------------------------------------------------------------------------------------------------


def test_a_row_is_the_operation_with_the_rows_of_its_operands_and_the_local_derivatives() -> None:
    x, y = sg.Value(3.0), sg.Value(2.0)
    z = x * y
    serial, interval, *rest = z.row
    assert rest == ["mul", 6.0, x.row, y.row, 2.0, 3.0]
    assert serial > y.row[0] > x.row[0]
    assert interval == 0
    assert (z * 2).row[4:] == (z.row, 2, 2, None)
    assert (2 - z).row[4:] == (2, z.row, None, -1)
    assert sg.sin(z).row[4:] == (z.row, None, math.cos(6.0), None)


def test_a_row_of_many_operands_has_them_in_tuples() -> None:
    x, y, z = map(sg.Value, (1.0, 2.0, 4.0))
    row = record(reductions.sum_, [x, y, z]).row
    assert row[2:] == ("sum", 7.0, None, (x.row, y.row, z.row), None, (1, 1, 1))
    assert operands_of(row) == (x.row, y.row, z.row)
    assert derivatives_of(row) == (1, 1, 1)


def test_assigning_a_leaf_gives_it_another_row_with_the_same_key() -> None:
    x = sg.Value(3.0, label="x")
    y = x * x
    before = x.row
    x.data = 5.0
    assert x.row != before
    assert identity_of(x.row) == identity_of(before)
    assert y.row[4] is y.row[5] is before
    assert y.parents == (x, x)
    assert y.parents[0] is x


# ---- Whom it belongs to ----------------------------------------------------------------------------------------------


def test_two_handles_on_one_row_are_one_value() -> None:
    x = sg.Value(3.0)
    y = x * x
    (parent, other) = (y + y).parents
    assert parent is other
    assert hash(parent) == hash(y)
    assert parent == y
    assert {parent: 1}[y] == 1
    y.label = "y"
    assert parent.label == "y"
    (y * 2).backward()
    assert parent.grad == y.grad == 2.0


def test_values_with_equal_numbers_are_keys_of_their_own() -> None:
    values = [sg.Value(1.0), sg.Value(1.0), sg.constant(1.0), sg.Value(2.0) - 1.0, sg.constant(2.0) - 1.0]
    assert len({*values}) == 5
    assert all(value == 1.0 for value in values)
    assert len({hash(copy.copy(values[0])), hash(values[0])}) == 2


@pytest.mark.parametrize("number", [1.0, math.nan])
def test_a_walk_by_hand_with_a_set_of_what_was_visited_ends(number: float) -> None:
    x = sg.Value(number)
    y = x
    for _ in range(30):
        y = y * 1.0 + y * 0.0
    visited: set[sg.Value] = set()
    stack = [y]
    while stack:
        value = stack.pop()
        if value not in visited:
            visited.add(value)
            stack += value.parents
    assert len(visited) == 91
    assert x in visited


def test_a_label_stays_with_the_row_of_what_was_computed() -> None:
    x = sg.Value(2.0)
    y = x * x
    y.label = "square"
    z = y + 1.0
    del y
    assert z.parents[0].label == "square"
    constant = sg.constant(2.0) * 3.0
    constant.label = "six"
    assert constant.label == "six"
    constant.label = None
    assert constant.label is None


def test_a_leaf_that_nobody_holds_is_met_with_its_label_and_the_gradient_of_the_latest_pass() -> None:
    y = sg.Value(3.0, label="x") * 2.0
    y.backward()
    (x,) = y.parents
    assert (x.label, x.data, x.grad, x.is_leaf) == ("x", 3.0, 2.0, True)
    (again,) = y.parents
    assert again is x


def test_the_gradient_of_what_was_computed_is_that_of_the_latest_pass_that_reached_it() -> None:
    x = sg.Value(2.0)
    a, b = x * 3.0, x * 5.0
    first, second = a * b, b * b
    first.backward()
    assert (a.grad, b.grad) == (10.0, 6.0)
    second.backward()
    assert (a.grad, b.grad) == (10.0, 20.0)  # the second pass misses a
    a.grad = 0
    assert a.grad == 0.0


def test_what_the_table_of_handles_holds_is_purged_as_it_grows() -> None:
    class Thing:
        pass

    table, kept = Handles(), Thing()
    table.add(0, kept)
    for i in range(1, 3000):
        table.add(i, Thing())
    assert table.find(0) is kept
    assert table.find(1) is None
    assert table.find(-1) is None
    assert len(table) < 1100
    assert all(type(reference) is weakref.ref for reference in table.values())


# ---- What tapes see --------------------------------------------------------------------------------------------------


def test_a_tape_may_watch_a_constant_that_was_used_inside_another_tape_before() -> None:
    c, x = sg.constant(3.0), sg.Variable(2.0)
    with sg.GradientTape(persistent=True) as outer:
        y = c * x
        with sg.GradientTape(persistent=True) as inner:
            inner.watch(c)
            z = c * y
    assert inner.gradient(z, c) == 6.0
    assert outer.gradient(z, c) is None
    assert outer.gradient(z, x) == 9.0


def test_elements_that_floats_cannot_tell_apart_are_refused() -> None:
    many = [between(2**32, i, 10**6) for i in range(10**6 - 1000, 10**6)]
    assert len({*many}) == 1000
    assert 2**32 < many[0] < many[-1] < 2**32 + 1
    with pytest.raises(OverflowError, match=r"after 9,007,199,255 operations .* 1,000,000 elements apart; use smaller"):
        between(9_007_199_255, 0, 10**6)
