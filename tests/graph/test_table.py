"""How the record shows as a table."""

from __future__ import annotations

from typing import Any

import scalargrad as sg
from tests.support.profiles import sized


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
