"""Looks, settings and files of pictures."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import matplotlib as mpl
import pytest

import scalargrad as sg
from scalargrad import plot
from tests.support.pictures import example

if TYPE_CHECKING:
    from pathlib import Path


mpl.use("Agg")

pytestmark = pytest.mark.usefixtures("closed_figures")


def test_pictures_leave_matplotlibs_settings_alone() -> None:
    before = dict(mpl.rcParams)
    plot.graph(example())
    plot.backward_frames(example())[1]
    plot.history({"w": [1.0, 2.0]})
    assert dict(mpl.rcParams) == before


def test_each_order_has_a_look_of_its_own() -> None:
    ax = plot.derivatives(sg.sin, 0, 1, orders=range(9), points=3)
    assert len({(line.get_color(), line.get_linestyle(), str(line._unscaled_dash_pattern)) for line in ax.lines}) == 9


def test_each_of_many_traces_has_a_look_of_its_own() -> None:
    ax = plot.history({f"w{i}": [0.0, float(i)] for i in range(17)} | {"cost $": 3.0})
    looks = {(line.get_color(), line.get_linestyle()) for line in ax.lines}
    assert len(looks) == 18
    assert ax.lines[-1].get_marker() == "o"
    ax.figure.canvas.draw()  # type: ignore[union-attr]


def test_frames_without_a_suffix_are_pngs(tmp_path: Path) -> None:
    paths = plot.backward_frames(-sg.Value(2.0)).save(tmp_path / "sweep")
    assert [path.name for path in paths] == ["sweep_00.png", "sweep_01.png", "sweep_02.png"]
    assert all(path.exists() for path in paths)


def test_without_matplotlib_a_sentence_tells_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(ModuleNotFoundError, match=r"pictures need matplotlib.*pip install matplotlib$"):
        plot.graph(example())
    assert plot.to_dot(example())
