"""What a row says, whom it belongs to, and how the record shows as a table."""

from __future__ import annotations

import copy
import math
import weakref
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import scalargrad as sg
from scalargrad.engine.backprop import carry_back, reverse_sweep
from scalargrad.engine.rows import Handles, derivatives_of, identity_of, operands_of, rows_below
from tests.support.profiles import sized

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
    row = sg.Vector([x, y, z]).sum().row
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
    assert len(table.references) < 1100
    assert all(type(reference) is weakref.ref for reference in table.references.values())


# ---- The sweep in its fast form --------------------------------------------------------------------------------------


@given(
    st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30), st.integers(0, 2)), min_size=1, max_size=40),
    st.lists(st.integers(0, 2000), max_size=4),
)
def test_the_fast_sweep_gives_the_bits_of_the_definition(steps: list[tuple[int, int, int]], gaps: list[int]) -> None:
    values: list[Any] = [sg.Value(0.3), sg.Value(1.7)]
    for k, (i, j, kind) in enumerate(steps):
        a, b = values[-1 - i % len(values)], values[-1 - j % len(values)]
        values.append(a * 1.1 + 0.1 if kind == 0 else sg.sin(a) * b if kind == 1 else sg.Vector([a, b, a]).sum())
        for _ in range(gaps[k] if k < len(gaps) else 0):
            sg.Value(0.0)  # serials between that no row below has
    seeds = [(values[-1].row, 1.0), (values[len(values) // 2].row, 0.7), (values[0].row, 0.3)]
    slow, fast = reverse_sweep(seeds), carry_back(seeds)
    rows = [*rows_below([values[-1].row, values[len(values) // 2].row]), values[0].row, values[1].row]
    assert [slow.of(row) for row in rows] == [fast.of(row) for row in rows]


def test_operands_far_below_cost_what_is_reached() -> None:
    x = sg.Value(0.5)
    early = [x * float(i) for i in range(50)]
    for _ in range(20_000):
        sg.Value(0.0)
    y = x
    for each in early:
        y = y + each
    found = carry_back([(y.row, 1.0)])
    assert len(found) < 2000
    assert found.of(x.row) == 1.0 + sum(range(50))
    assert [found.of(each.row) for each in early] == [1.0] * 50


def test_a_row_far_below_that_is_reached_by_position_after_all_counts_once() -> None:
    x = sg.Value(0.5)
    farthest = x * 2.0
    for _ in range(20_000):
        sg.Value(0.0)
    far = x * 3.0
    for _ in range(100):
        sg.Value(0.0)
    chain = x * 5.0
    for _ in range(150):
        chain = chain * 1.0
    y = (chain + far) + farthest
    found = carry_back([(y.row, 1.0)])
    assert (found.of(far.row), found.of(farthest.row), found.of(x.row)) == (1.0, 1.0, 10.0)


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


# ---- The table -------------------------------------------------------------------------------------------------------


def test_rows_are_a_table_of_names_operations_numbers_and_derivatives() -> None:
    x, w = sg.Value(3.0, label="x"), sg.Value(2.0, label="w")
    y = sg.sin(x) * w + 1.0
    y.label = "y"
    table = sg.rows(y)
    assert str(table).splitlines() == [
        "name  operation  number   local derivatives",
        "x                3",
        "w                2",
        "v1    sin(x)     0.14112  -0.989992",
        "v2    v1 * w     0.28224  2, 0.14112",
        "y     v2 + 1     1.28224  1, -",
    ]
    assert [value.label for value in table] == ["x", "w", None, None, "y"]
    assert (len(table), table[-1]) == (5, y)


def test_a_table_of_many_rows_is_made_in_time_in_proportion() -> None:
    y = sg.Value(0.5)
    for _ in range(sized(50_000)):
        y = y * 0.999
    assert len(sg.rows(y)) == sized(50_000) + 1


def test_a_long_table_is_shortened_in_the_middle() -> None:
    y = sg.Value(1.0)
    for _ in range(1000):
        y = y * 1.5
    lines = str(sg.rows(y / 1e200)).splitlines()
    assert len(lines) == 42
    assert lines[21].split(None, 1) == ["...", "(962 more)"]
    assert lines[-1].startswith("v1001")


def test_in_a_notebook_rows_are_a_table_in_html_with_names_escaped() -> None:
    x = sg.Value(3.0, label="<x>")
    html = sg.rows(sg.Vector([x * 2.0, x]))._repr_html_()
    assert html.startswith("<table><tr><th>name</th>")
    assert "<td>&lt;x&gt; * 2</td>" in html
    assert html.count("<tr>") == 3


def test_a_custom_function_is_one_row_whose_derivatives_are_not_known() -> None:
    @sg.custom_gradient
    def twice(x: Any) -> Any:
        return x * 2.0, lambda upstream: upstream * 2.0

    x = sg.Value(3.0, label="x")
    assert str(sg.rows(twice(x))).splitlines()[-1].split() == ["v1", "twice(x)", "6", "?"]


def test_the_rows_of_a_tape_are_those_that_it_saw() -> None:
    x = sg.Variable(3.0, name="x")
    before = x * x
    with sg.GradientTape() as tape:
        y = before + sg.exp(x)
        with tape.stop_recording():
            z = y * 2.0
        z = z - y
    names = [line.split()[1] for line in str(tape.rows(y)).splitlines()[1:]]
    assert names == ["3", "9", "exp(x)", "v1"]
    assert "v3" in str(tape.rows(z))
    assert str(sg.rows(x)).splitlines()[1].split() == ["x", "3"]
