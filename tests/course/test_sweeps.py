"""Programs in which values are shared: each shows a mistake that those before it do not show."""

from __future__ import annotations

import random
from typing import Any

import pytest

from scalargrad.course.compare import are_close
from scalargrad.course.learner import LearnerError, LearnersFile
from scalargrad.course.lessons import HERE, LESSONS
from scalargrad.course.sweeps import (
    MISTAKES,
    SHARED,
    TREE,
    Sample,
    compare_sweep,
    leaves_at,
    mistakes_in,
    random_program,
    rows_met,
    slopes_of,
    spelled,
    swept,
)

POINT = {"x": 1.5, "y": -0.75, "w": 2.5}


@pytest.fixture(scope="module")
def engine() -> Any:
    return LearnersFile(HERE / "solutions" / LESSONS[3].file).run()


def found_by_mistakes(engine: Any, program: Sample) -> dict[str, list[float]]:
    """The gradient of a program with each mistake, and without one."""
    leaves = leaves_at(engine, POINT)
    target = program.f(*leaves.values())
    rows = rows_met(target)
    found = {"": swept(target, rows[::-1]), **mistakes_in(target, rows)}
    return {kind: [adjoints.get(leaf, 0.0) for leaf in leaves.values()] for kind, adjoints in found.items()}


@pytest.mark.parametrize("program", SHARED, ids=lambda program: program.text)
def test_a_mistake_shows_in_its_program(engine: Any, program: Sample) -> None:
    found = found_by_mistakes(engine, program)
    assert all(map(are_close, found[""], slopes_of(program, POINT).values()))
    for mistake in program.mistakes:
        assert not all(map(are_close, found[mistake], found[""]))


def test_each_mistake_shows_in_no_program_before_its_own(engine: Any) -> None:
    shown: list[str] = []
    for program in SHARED:
        found = found_by_mistakes(engine, program)
        for kind in MISTAKES:
            if kind not in (*shown, *program.mistakes):
                assert found[kind] == found[""], (kind, program.text)
        shown += program.mistakes
    assert sorted(shown) == sorted(MISTAKES)


def test_a_mistake_of_no_known_kind_is_told_by_what_the_program_shows() -> None:
    for mistakes in ({}, {"forward": {"x": 3.0}}):
        with pytest.raises(LearnerError, match=r"^The x of x \* y \+ w is off: you gave 2, it is 1\. Nothing is used"):
            compare_sweep("The {name} of {program}", {"x": 2.0}, {"x": 1.0}, TREE, {"x": "x"}, mistakes, source="it is")
    compare_sweep("", {"x": 1.0}, {"x": 1.0}, TREE, {}, {})


def test_a_random_program_computes_what_its_text_says() -> None:
    generator = random.Random(0)
    for _ in range(20):
        program = random_program(generator)
        names: dict[str, float] = dict(POINT)
        exec(program.text.removeprefix("v6 in ").replace("; ", "\n"), {}, names)
        assert program.f(*POINT.values()) == names["v6"]


def test_a_value_is_named_by_how_it_was_made(engine: Any) -> None:
    x, y = engine.Value(1.0, label="x"), engine.Value(2.0, label="y")
    assert [spelled(value) for value in (x, x * y, (x * y) ** 2, 2 * x)] == ["x", "x * y", "(x * y)", "2 * x"]
