"""The check of a step: what is open, what is wrong, what comes next."""

from __future__ import annotations

from pathlib import Path

import pytest

from scalargrad.course.check import after, check
from scalargrad.course.lessons import LESSONS, Lesson


def checked(lesson: Lesson, text: str, folder: Path) -> tuple[bool, str]:
    (folder / lesson.file).write_text(text, encoding="utf-8")
    return check(lesson, folder)


@pytest.mark.parametrize("lesson", LESSONS, ids=str)
def test_a_file_as_it_was_copied_is_told_what_to_do_first(lesson: Lesson, tmp_path: Path) -> None:
    is_right, text = checked(lesson, lesson.gaps, tmp_path)
    assert not is_right
    assert text.startswith("Begin with gap 1, in line ")
    assert f" of {lesson.file}: " in text


def test_gaps_that_are_filled_in_are_checked_while_others_are_open(tmp_path: Path) -> None:
    lesson = LESSONS[1]
    right = lesson.gaps.replace("(..., ...)", "(other.data, self.data)", 1)
    is_right, text = checked(lesson, right, tmp_path)
    assert not is_right
    assert text.startswith(
        "What you have filled in is right:\n  x * y has the right local derivatives\nNext is gap 2, in line"
    )
    is_right, text = checked(lesson, lesson.gaps.replace("(..., ...)", "(1.0, 1.0)", 1), tmp_path)
    assert not is_right
    assert text.startswith("Gap 1 of step2_rules.py is not right yet. Your local derivative of x * y")


def test_dots_without_a_comment_come_first(tmp_path: Path) -> None:
    text = checked(LESSONS[0], LESSONS[0].solution + "\nx = ...\n", tmp_path)[1]
    assert text.startswith("Begin with the three dots in line ")


def test_what_goes_wrong_while_a_file_is_run_is_told(tmp_path: Path) -> None:
    assert (
        "raised NameError: name 'nothing' is not defined. This happened while checking that the file runs."
        in checked(LESSONS[0], LESSONS[0].solution + "\nnothing\n", tmp_path)[1]
    )
    assert check(LESSONS[1], tmp_path)[1].startswith("There is no ")


def test_what_comes_next_is_said(tmp_path: Path) -> None:
    is_right, text = checked(LESSONS[0], LESSONS[0].solution, tmp_path)
    assert is_right
    assert text.startswith("Step 1 is right:\n  a value keeps what it was given\n")
    assert text.endswith(
        "\nNext is step 2, operators and their rules: read docs/course/2_rules.md, and open step2_rules.py."
    )
    assert "That was the last step" in after(LESSONS[-1])


def test_a_check_says_the_same_each_time(tmp_path: Path) -> None:
    wrong = LESSONS[1].solution.replace("(1.0, -1.0)", "(1.0, 1.0)")
    assert checked(LESSONS[1], wrong, tmp_path) == checked(LESSONS[1], wrong, tmp_path)
