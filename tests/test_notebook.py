"""In a notebook a value with a small graph shows a picture, a vector or a matrix a table, any other value a line."""

from __future__ import annotations

import sys
from fractions import Fraction
from typing import Any
from xml.etree import ElementTree

import pytest
from matplotlib import pyplot as plt

import scalargrad as sg
from scalargrad import plot
from scalargrad.notebook import MOST_NODES
from tests.support.profiles import sized


def svg(shown: Any) -> str | None:
    """What a notebook asks for."""
    return shown._repr_svg_()  # type: ignore[no-any-return]


def html(shown: Any) -> Any:
    """What a notebook asks for, and shows before all else."""
    return shown._repr_html_()


def cells(shown: Any) -> list[list[str | None]]:
    """The lines of the table that a notebook shows."""
    return [[cell.text for cell in line] for line in ElementTree.fromstring(html(shown)).iter("tr")]


def title(shown: Any) -> str | None:
    return ElementTree.fromstring(html(shown)).findtext("caption")


def chain(length: int) -> sg.Value:
    y = sg.Value(0.5)
    for _ in range(length):
        y = sg.sin(y)
    return y


@pytest.mark.parametrize(
    "shown",
    [
        chain(3),
        chain(1) * chain(1) + (lambda x: x * x)(sg.Value(2.0)),
        sg.Variable([1.0, 2.0]).dot([3.0, 4.0]),
        sg.Variable([1.0] * 40).sum(),
        (sg.Variable([[1.0] * 40] * 40).T @ sg.Variable([1.0] * 40)).sum(),
        chain(MOST_NODES - 1),
    ],
)
def test_a_small_graph_is_a_picture(shown: Any) -> None:
    figures = plt.get_fignums()
    text = svg(shown)
    assert text is not None
    assert ElementTree.fromstring(text).tag.endswith("svg")
    assert html(shown) == plot.to_svg(shown)._repr_html_()
    assert plt.get_fignums() == figures  # or else a notebook would show it twice


@pytest.mark.parametrize(
    "shown",
    [
        sg.Value(2.0),
        sg.constant(2.0),
        chain(MOST_NODES),
        sg.Vector([sg.Value(1.0) for _ in range(40)]).sum(),
        sg.Vector([chain(2) for _ in range(20)]).sum(),
        chain(sized(100_000)),
    ],
)
def test_a_leaf_and_a_large_graph_are_a_line(shown: Any) -> None:
    assert svg(shown) is html(shown) is None


def test_without_matplotlib_it_is_a_picture_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    assert svg(chain(3)) is not None


def test_a_vector_is_a_table_of_its_numbers_with_its_shape() -> None:
    leaf = sg.Variable([1.0, 2.5, 1 / 3], name="w")
    assert cells(leaf) == [["0", "1", "2"], ["1", "2.5", "0.333333"]]
    assert title(leaf) == "w: Vector of shape (3,)"
    for same in (sg.constant([1.0, 2.5, 1 / 3]), leaf * 1.0, sg.Vector([sg.Value(x) for x in (1.0, 2.5, 1 / 3)])):
        assert cells(same) == cells(leaf)
        assert title(same) == "Vector of shape (3,)"
        assert not hasattr(same, "_repr_svg_")  # or else a saved notebook would hold both
    leaf.assign([4.0, 5.0, 6.0])
    assert cells(leaf)[1] == ["4", "5", "6"]


def test_a_matrix_is_a_table_with_the_numbers_of_its_rows_and_columns() -> None:
    matrix = sg.Matrix([[1.0, 2.0], [Fraction(1, 3), 4.0], [5.0, 6.0]])
    assert cells(matrix) == [[None, "0", "1"], ["0", "1", "2"], ["1", "1/3", "4"], ["2", "5", "6"]]
    assert title(matrix) == "Matrix of shape (3, 2)"
    assert cells(matrix.T @ matrix)[1:] == [["0", "26.1111", "33.3333"], ["1", "33.3333", "56"]]
    heads = [[cell.tag for cell in line] for line in ElementTree.fromstring(html(matrix)).iter("tr")]
    assert heads == [["th"] * 3, *[["th", "td", "td"]] * 3]


def test_of_many_numbers_the_first_and_the_last_are_shown() -> None:
    head, numbers = cells(sg.Vector(range(1000)))
    assert head == numbers == ["0", "1", "2", "3", "4", "…", "995", "996", "997", "998", "999"]
    head, first, *between, last = cells(sg.Matrix([[100 * i + j for j in range(12)] for i in range(40)]))
    assert head == [None, "0", "1", "2", "3", "4", "…", "7", "8", "9", "10", "11"]
    assert first == ["0", *head[1:]]
    assert [line[0] for line in between] == ["1", "2", "3", "4", "…", "35", "36", "37", "38"]
    assert between[4][1:] == ["…"] * 11
    assert last == ["39", *[x if x == "…" else f"{3900 + int(x or 0)}" for x in head[1:]]]
    assert title(sg.Matrix([[0.0] * 12] * 40)) == "Matrix of shape (40, 12)"
    assert len(cells(sg.Vector(range(10)))[0]) == 10


def test_an_empty_vector_is_its_shape() -> None:
    assert (cells(sg.Vector([])), title(sg.Vector([]))) == ([], "Vector of shape (0,)")


def test_a_label_of_a_table_stays_text() -> None:
    v = sg.Variable([1.0], name="<b>&")
    assert title(v) == "<b>&: Vector of shape (1,)"
