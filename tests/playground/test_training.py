"""The trainings of the page: they learn in short slices, and refuse points that they cannot read."""

from __future__ import annotations

import json
import sys
import time
from typing import Any

import pytest
import session
import training


class Asked:
    """A training as the page has it, by requests and answers in JSON."""

    def __init__(self, kind: str, **settings: Any) -> None:
        self.answer = session.start(lambda text: None)
        self.begun = self.ask("begin", kind=kind, **settings)

    def ask(self, what: str, **asked: Any) -> Any:
        return json.loads(self.answer(json.dumps({"do": "train", "of": "train", "what": what, **asked})))


@pytest.fixture(autouse=True)
def modules(monkeypatch: pytest.MonkeyPatch) -> None:
    """The demos are imported afresh, as in the page, and then forgotten."""
    for name in ("moons", "microgpt", "gpt_options", "gpt_picture", "options", "tqdm"):
        monkeypatch.delitem(sys.modules, name, raising=False)
        monkeypatch.setitem(sys.modules, name, None)  # so that what the test puts in its place goes with it
        del sys.modules[name]


def test_the_line_of_the_lesson_is_found() -> None:
    line = Asked("line", points="", optimizer="SGD", rate=0.1)
    assert line.begun["path"] == [[-1.0, -1.0]]
    assert len(line.begun["points"]) == 11
    answer = line.ask("slice", seconds=60, steps=400)
    assert answer["steps"] == len(answer["losses"]) == 400
    assert answer["losses"][-1] < 1e-6
    assert answer["says"] == "w = 3, b = 1"
    assert line.ask("slice", seconds=0, steps=2)["path"][0] == answer["path"][-1]


@pytest.mark.parametrize("optimizer", ["SGD", "momentum", "RMSProp", "Adam"])
def test_each_optimiser_learns_a_line_of_ones_own(optimizer: str) -> None:
    line = Asked("line", points="x, y\n0, 1\n1; 3\n\n# a comment\n2 5", optimizer=optimizer, rate=0.05)
    assert line.begun["points"] == [[0, 1], [1, 3], [2, 5]]
    assert line.ask("slice", seconds=60, steps=300)["losses"][-1] < 0.2


def test_the_loss_over_weight_and_bias_is_least_at_the_line() -> None:
    surface = Asked("line", points="", optimizer="SGD", rate=0.1).ask("surface", count=21)
    assert [(a + z) / 2 for a, z in zip(surface["low"], surface["high"])] == pytest.approx([3, 1])
    assert min(map(min, surface["grid"])) == surface["grid"][10][10] == pytest.approx(0, abs=1e-12)


def test_two_moons_are_told_apart() -> None:
    moons = Asked("classes", points="", optimizer="SGD", rate=0.5, width=8, activation="tanh")
    assert [len(moons.begun[name]) for name in ("weights", "gradients")] == [6, 6]
    answer = moons.ask("slice", seconds=60, steps=100)
    assert answer["losses"][-1] < 0.1
    assert int(answer["says"].split()[0]) >= 97
    plane = moons.ask("plane")
    assert len(plane["grid"]) == len(plane["grid"][0]) == training.GRID


def test_two_classes_of_points_of_ones_own_are_told_apart_wherever_they_are() -> None:
    points = "\n".join([f"{1000 + i}, {5 * i}, {1 if i % 2 else -1}" for i in range(2)])
    own = Asked("classes", points=points, optimizer="Adam", rate=0.05, width=4, activation="relu")
    assert own.ask("slice", seconds=60, steps=100)["says"] == "2 of 2 points are on the right side"
    assert own.ask("plane")["points"] == [[1000, 0, -1], [1001, 5, 1]]


def test_a_slice_whose_state_is_not_shown_gives_its_losses_alone() -> None:
    line = Asked("line", points="", optimizer="SGD", rate=0.1)
    assert {*line.ask("slice", seconds=60, steps=3, with_state=False)} == {"steps", "losses"}
    assert len(line.ask("slice", seconds=60, steps=0)["path"]) == 4, "of which the next one has the path"


def test_a_slice_takes_no_longer_than_it_is_told_and_one_step_at_least() -> None:
    line = Asked("line", points="", optimizer="SGD", rate=0.1)
    start = time.perf_counter()
    assert line.ask("slice", seconds=0.05)["steps"] > 1
    assert time.perf_counter() - start < 10
    assert len(line.ask("slice", seconds=0)["losses"]) == 1


def test_a_learning_rate_holds_from_the_next_slice_on() -> None:
    line = Asked("line", points="", optimizer="SGD", rate=0.1)
    first, *_, last = line.ask("slice", seconds=60, steps=5, rate=0)["path"]
    assert first == last


@pytest.mark.parametrize("kind", ["line", "classes"])
def test_a_loss_that_diverges_is_reported(kind: str) -> None:
    more = {"width": 4, "activation": "relu"} if kind == "classes" else {}
    points = "-50, 100\n50, 30" if kind == "line" else ""
    grown = Asked(kind, points=points, optimizer="SGD", rate=9.0, **more)
    assert grown.ask("slice", seconds=60, rate=1e6)["over"] == "The loss diverged; lower the rate, and then reset."


@pytest.mark.parametrize(
    ("points", "problem"),
    [
        ("1, 2\na, b", "line 2 of the points has 'a, b'; give 2 numbers of up to a million"),
        ("1, 2\n3", "line 2 of the points has '3'; give 2 numbers of up to a million"),
        ("1, 2\n3, 1e9", "line 2 of the points has '3, 1e9'; give 2 numbers of up to a million"),
        ("1, nan\n3, 4", "line 1 of the points has '1, nan'; give 2 numbers of up to a million"),
        ("1, 2", "there is 1 point; give from 2 to 400, one per line"),
        ("1, 2\n" * 401, "there are 401 points; give from 2 to 400, one per line"),
    ],
)
def test_points_that_cannot_be_read_are_refused(points: str, problem: str) -> None:
    assert Asked("line", points=points, optimizer="SGD", rate=0.1).begun == {"error": problem}


def test_the_small_gpt_learns_names_and_invents_some() -> None:
    names = Asked("names")
    assert (names.begun["steps"], names.begun["losses"]) == (0, [])
    losses = names.ask("slice", seconds=300, steps=40)["losses"]
    assert sum(losses[-10:]) < sum(losses[:10]) * 0.9
    samples = names.ask("samples", count=3)
    assert [type(known) for _, known in samples] == [bool] * 3
    looks = names.ask("attention", word="Hé!llo")
    assert looks["letters"] == ["^", "h", "l", "l", "o"]
    assert [len(head) for head in looks["heads"]] == [5] * 4
    assert all(abs(sum(row) - 1) < 1e-9 for head in looks["heads"] for row in head)
    assert names.ask("attention", word="")["letters"] == ["^"]


def test_modules_that_are_not_there_are_left_out() -> None:
    assert training.importable("math")
    assert not training.importable("no_such_module")
