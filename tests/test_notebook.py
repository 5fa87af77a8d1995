"""In a notebook a value with a small graph shows a picture, anything else a line."""

from __future__ import annotations

import sys
from typing import Any
from xml.etree import ElementTree

import pytest
from matplotlib import pyplot as plt

import scalargrad as sg
from scalargrad.notebook import MOST_NODES
from tests.support.profiles import sized


def svg(shown: Any) -> str | None:
    """What a notebook asks for."""
    return shown._repr_svg_()  # type: ignore[no-any-return]


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
        sg.Vector([1.0, 2.0]) * sg.Value(2.0),
        sg.Variable([1.0, 2.0]).dot([3.0, 4.0]),
        sg.Variable([1.0] * 40).sum(),
        sg.Variable([[1.0] * 40] * 40).T @ sg.Variable([1.0] * 40),
        chain(MOST_NODES - 1),
    ],
)
def test_a_small_graph_is_a_picture(shown: Any) -> None:
    figures = plt.get_fignums()
    text = svg(shown)
    assert text is not None
    assert ElementTree.fromstring(text).tag.endswith("svg")
    assert plt.get_fignums() == figures  # or else a notebook would show it twice


@pytest.mark.parametrize(
    "shown",
    [
        sg.Value(2.0),
        sg.constant(2.0),
        sg.Variable([1.0, 2.0]),
        sg.Vector([]),
        chain(MOST_NODES),
        sg.Variable([[1.0, 2.0]]),
        sg.Vector([sg.Value(1.0), sg.Value(2.0)]),
        sg.Vector([sg.Value(1.0) for _ in range(40)]).sum(),
        sg.Vector([chain(2) for _ in range(20)]),
        chain(sized(100_000)),
    ],
)
def test_a_leaf_and_a_large_graph_are_a_line(shown: Any) -> None:
    assert svg(shown) is None


def test_without_matplotlib_it_is_a_picture_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    assert svg(chain(3)) is not None
