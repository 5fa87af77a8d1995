"""The steps of the course, and the copies that a learner gets of their files."""

from __future__ import annotations

import ast
import re
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

from scalargrad.course.lessons import FOLDER, HERE, LESSONS, Lesson, copy_lessons, folder_of
from tests.support import ROOT


def test_there_are_eight_steps() -> None:
    assert [lesson.number for lesson in LESSONS] == [*range(1, 9)]
    for folder in ("steps", "solutions"):
        assert sorted(path.name for path in (HERE / folder).glob("*.py")) == [lesson.file for lesson in LESSONS]


@pytest.mark.parametrize("lesson", LESSONS, ids=str)
def test_a_file_with_gaps_is_the_solution_but_for_its_gaps(lesson: Lesson) -> None:
    # Each line of the file that has no gap stands in the solution, in the same order.
    lines = [line for line in lesson.gaps.splitlines() if "..." not in line or '"""' in line or "#" in line]
    rest = iter(lesson.solution.splitlines())
    assert [line for line in lines if line not in rest] == []


@pytest.mark.parametrize("lesson", LESSONS, ids=str)
def test_a_solution_has_no_gap_and_runs_on_its_own(lesson: Lesson) -> None:
    nodes = ast.walk(ast.parse(lesson.solution))
    assert not any(isinstance(node, ast.Constant) and node.value is ... for node in nodes)
    short = lesson.solution.replace("range(101)", "range(3)")
    done = subprocess.run([sys.executable, "-I", "-S", "-c", short], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout


@pytest.mark.parametrize("lesson", LESSONS, ids=str)
def test_a_page_has_one_picture_and_exercises_and_leads_on(lesson: Lesson) -> None:
    text = (ROOT / lesson.page).read_text(encoding="utf-8")
    assert text.startswith(f"# Step {lesson.number}: {lesson.title}\n")
    assert text.count(f"]({Path(lesson.page).stem}.svg)") == 1
    headings = re.findall(r"^## (.*)$", text, re.MULTILINE)
    assert (headings[0], *headings[-2:]) == ("The idea", "Your turn", "Exercises")
    assert f"Open `{lesson.file}`" in text
    assert f"\n    python -m scalargrad learn check {lesson.number}\n" in text
    following = LESSONS[lesson.number].page.rpartition("/")[2] if lesson is not LESSONS[-1] else "../engine.md"
    assert f"]({following})" in text[text.index("## Exercises") :]


def test_the_pictures_are_those_that_the_script_draws() -> None:
    drawn = dict(runpy.run_path(str(ROOT / "docs" / "course" / "draw_pictures.py"))["pictures"]())
    assert [path.name for path in drawn] == [f"{Path(lesson.page).stem}.svg" for lesson in LESSONS]
    # or else run python docs/course/draw_pictures.py
    assert {path.name: path.read_text(encoding="utf-8") == text for path, text in drawn.items()} == {
        path.name: True for path in drawn
    }


def test_the_index_lists_the_steps() -> None:
    text = (ROOT / "docs" / "course" / "index.md").read_text(encoding="utf-8")
    rows = [line for line in text.splitlines() if re.match(r"\| \d ", line)]
    assert len(rows) == len(LESSONS)
    for row, lesson in zip(rows, LESSONS):
        name = lesson.page.rpartition("/")[2]
        title = lesson.title[0].upper() + lesson.title[1:]
        assert row.startswith(f"| {lesson.number} | [{title}]({name}) | `{lesson.file}` | ")


@pytest.mark.parametrize("lesson", LESSONS, ids=str)
def test_a_file_says_how_it_is_checked(lesson: Lesson) -> None:
    assert re.match(rf'"""Step {lesson.number}: {lesson.title}\.\n', lesson.gaps)
    assert f"python -m scalargrad learn check {lesson.number}\n" in lesson.gaps


def test_files_are_copied_once_and_never_over_what_is_there(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "b"
    assert [*copy_lessons(folder)] == [(lesson.file, True) for lesson in LESSONS]
    mine = folder / LESSONS[2].file
    mine.write_text("# mine", encoding="utf-8")
    (folder / LESSONS[4].file).unlink()
    assert [number for number, (_, copied) in enumerate(copy_lessons(folder), start=1) if copied] == [5]
    assert mine.read_text(encoding="utf-8") == "# mine"
    assert (folder / LESSONS[4].file).read_text(encoding="utf-8") == LESSONS[4].gaps


def test_a_learners_file_is_looked_for_here_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert folder_of(LESSONS[0]) == Path(FOLDER)
    [*copy_lessons(Path())]
    assert folder_of(LESSONS[0]) == Path()
