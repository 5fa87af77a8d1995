"""The lesson as a notebook: what is stored in it is what its cells show, and a reader can read it.

After a change of what it shows:
jupyter nbconvert --to notebook --execute --inplace --ExecutePreprocessor.record_timing=False demos/lesson.ipynb
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
import pytest

from tests.support import ROOT
from tests.support.notebooks import code_cells, differences, opened, run, stored

if TYPE_CHECKING:
    from tests.support.notebooks import Shown

mpl.use("Agg")

LESSON = ROOT / "demos" / "lesson.ipynb"
TEXT = LESSON.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def cells() -> list[Any]:
    return code_cells(LESSON)


@pytest.fixture(scope="module")
def shown(cells: list[Any]) -> list[Shown]:
    return run(cells)


def showing(cells: list[Any], source: str) -> Shown:
    """What is stored in the first cell that ends with some code."""
    return next(stored(cell) for cell in cells if "".join(cell["source"]).endswith(source))


def test_what_is_stored_is_what_its_cells_show(cells: list[Any], shown: list[Shown]) -> None:
    assert {i: found for i, cell in enumerate(cells) if (found := differences(stored(cell), shown[i]))} == {}


def test_another_number_or_word_would_be_found(shown: list[Shown]) -> None:
    for outputs in shown:
        for kind, text in outputs.items():
            before = opened(text)
            after = re.sub(r"\d", lambda digit: str((int(digit[0]) + 1) % 10), before, count=1)
            assert bool(differences({kind: before}, {kind: after})) == (after != before)
            assert differences({kind: before}, {kind: before.replace("e", "o", 1) + "!"})
            assert differences(outputs, {x: outputs[x] for x in outputs if x != kind}) == [f"{kind} is shown once"]
    assert differences({"a": "1.0000000001"}, {"a": "1.0"}) == []
    assert differences({"a": "1.00000001"}, {"a": "1.0"}) == ["a: 1.00000001 is now 1.0"]


def test_the_lesson_is_whole(cells: list[Any]) -> None:
    """The tape, gradients of results in the middle, constants and None, the line, the model and the loss object."""
    assert "Vector([10.0, 20.0, 30.0])\nVector([2.0, 3.0, 4.0])\nVector([1.0, 1.0, 1.0])" in showing(
        cells, 'sep="\\n")'
    ).get("stdout", "")
    assert showing(cells, "tape.gradient(t4, [t1, t2])")["text/plain"] == "[None, Vector([2.0, 3.0, 4.0])]"
    assert showing(cells, "tape.explain(t4, t1)")["text/plain"].startswith("None: the source is a constant")
    assert showing(cells, 'x + {b:.4f}")')["stdout"] == "The line found: y = 3.0000 x + 1.0000\n"
    assert showing(cells, 'at last")')["stdout"].startswith("y = 3.0000 x + 1.0000, and the loss is 20.8")


def test_each_output_is_what_a_reader_wants_to_see(cells: list[Any]) -> None:
    assert showing(cells, "sg.explain(z)")["text/plain"].startswith("Forward\n  x  = 2\n")
    assert "<table>" in showing(cells, "tape.rows(t4)")["text/html"]
    assert "t4: Vector of shape (3,)" in showing(cells, "\nt4")["text/html"]
    assert "scalargrad-steps" in showing(cells, "plot.backward_frames(z)")["text/html"]
    assert "<img" in showing(cells, "z")["text/html"]
    assert showing(cells, ";") == {"image/png": "1 picture"}
    assert all(set(stored(cell)) & {"text/plain", "stdout", "image/png"} for cell in cells[1:])


def test_it_says_nothing_of_the_machine_that_ran_it(cells: list[Any]) -> None:
    notebook = json.loads(TEXT)
    assert [cell["execution_count"] for cell in cells] == [*range(1, len(cells) + 1)]
    assert notebook["metadata"]["kernelspec"] == {"display_name": "Python 3", "language": "python", "name": "python3"}
    assert notebook["metadata"]["language_info"]["name"] == "python"
    assert all(cell["metadata"] == {} for cell in notebook["cells"])
    assert not re.search(r"0x[0-9a-f]{6}|/home/|/tmp/|\bstderr\b|Traceback", TEXT)
    assert len(TEXT) < 150_000
