"""A learner's file: its open gaps, and how what goes wrong in it is told."""

from __future__ import annotations

import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from scalargrad.course.learner import LearnerError, LearnersFile, ended, run_within


@pytest.fixture
def file(tmp_path: Path) -> Any:
    """Makes a learner's file of a text."""

    def file(text: str) -> LearnersFile:
        path = tmp_path / "mine.py"
        path.write_text(text, encoding="utf-8")
        return LearnersFile(path)

    return file


def told(file: LearnersFile, seconds: float = 60.0, call: str = "f") -> str:
    """How a call of what a file defines is told."""
    with pytest.raises(LearnerError) as caught:
        run_within(seconds, file, "f is right", lambda: getattr(file.run(), call)())
    return str(caught.value)


def test_gaps_are_told_in_the_order_of_their_numbers_with_their_comments(file: Any) -> None:
    gaps = file("# Gap 2: the second\n# thing.\nx = ...\n\n# Gap 1, its end: the first.\nz = ..., ...\n\ny = 1\n").gaps
    assert [(gap.number, gap.line, gap.hint) for gap in gaps] == [(1, 6, "the first."), (2, 3, "the second thing.")]


def test_a_gap_without_its_comment_is_told_by_its_line(file: Any) -> None:
    (gap,) = file("x = 1\ny = ...\n").gaps
    assert (gap.number, gap.line, gap.hint) == (0, 2, "put your code in place of the three dots.")


def test_dots_in_text_are_no_gap(file: Any) -> None:
    assert file('"""To be continued ..."""\nx = 1  # ...\n').gaps == []


def test_a_file_that_is_not_there_is_told_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(LearnerError, match=r"^There is no .*none\.py\. Copy .* `python -m scalargrad learn FOLDER`"):
        LearnersFile(tmp_path / "none.py")


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    (tmp_path / "folder.py").mkdir()
    (tmp_path / "bytes.py").write_bytes(b"\xff\xfe\x00")
    for name in ("folder.py", "bytes.py"):
        with pytest.raises(LearnerError, match=rf"{name} cannot be read: "):
            LearnersFile(tmp_path / name)


def test_a_mark_at_the_end_of_pythons_own_sentence_is_kept(file: Any) -> None:
    with pytest.raises(LearnerError, match=r"^Python cannot read line 1 ") as caught:
        file("x = (1 2)\n")
    assert "?." not in str(caught.value)
    assert [ended(text) for text in ("Perhaps?", "No", "No.")] == ["Perhaps?", "No.", "No."]


def test_what_is_no_python_is_told_with_its_line(file: Any) -> None:
    with pytest.raises(LearnerError, match=r"^Python cannot read line 2 of mine\.py \(`def f\(:`\): "):
        file("x = 1\ndef f(:\n")
    with pytest.raises(LearnerError, match=r"^Python cannot read (line \d+ of )?mine\.py: .*null"):
        file("x = 1\0")


def test_an_exception_is_told_with_the_line_where_it_was_raised(file: Any) -> None:
    mine = file("import math\n\n\ndef f():\n    return int('one')\n")
    assert told(mine) == (
        "Line 5 of mine.py (`return int('one')`) raised ValueError: invalid literal for int() with base 10: 'one'. "
        "This happened while checking that f is right."
    )
    assert "(`raise KeyError`) raised KeyError. This" in told(file("def f():\n    raise KeyError\n"))


def test_what_ends_a_program_is_told_too(file: Any) -> None:
    assert "raised SystemExit: 3." in told(file("def f():\n    raise SystemExit(3)\n"))


def test_an_exception_outside_the_file_is_told_without_a_line(file: Any) -> None:
    assert told(file("x = 1\n")) == (
        "Your file gave something that cannot be used: AttributeError: module 'mine' has no attribute 'f'. This "
        "happened while checking that f is right."
    )


def test_code_that_runs_into_an_open_gap_is_told(file: Any) -> None:
    mine = file("x = ...\n\n\ndef f():\n    return g()\n\n\ndef g():\n    # Gap 2: the rest\n    return ...\n")
    assert told(mine) == (
        "Your code ran into gap 2, in line 10, which is still open. Use numbers, such as other.data, and not values."
    )


def test_a_call_without_an_end_is_told_with_its_line(file: Any) -> None:
    assert (
        "Line 2 of mine.py (`return f()`) calls f again and again, until Python raises RecursionError. This happened"
    ) in told(file("def f():\n    return f()\n"))
    assert (
        "(`f = lambda: f()`) calls itself again and again, until Python raises RecursionError. Use functions"
        in told(file("f = lambda: f()\n"))
    )


def test_lines_that_were_given_are_not_blamed_for_a_call_without_an_end(file: Any) -> None:
    mine = file("def f():\n    return g()\n\n\ndef g():\n    return f()\n")
    mine.given = ["    return g()"]
    assert told(mine).startswith("Line 6 of mine.py (`return f()`) calls g again and again")
    mine.given = mine.lines
    assert "raised RecursionError: maximum recursion depth exceeded" in told(mine)


def test_a_name_that_an_assignment_makes_local_is_told(file: Any) -> None:
    assert told(file("seen = set()\n\n\ndef f():\n    seen |= {1}\n")).startswith(
        "Line 5 of mine.py (`seen |= {1}`) uses `seen` before it has a value, since an assignment in a function "
        "makes a name local to it. Use a method, such as seen.add(value)"
    )


def test_an_endless_loop_is_told_with_its_line_and_ended(file: Any) -> None:
    before = threading.active_count()
    said = told(file("def f():\n    while True:\n        pass\n"), seconds=0.1)
    assert "mine.py was still running after 0.1 seconds, in line " in said
    assert "(`pass`)" in said or "(`while True:`)" in said
    assert "Is there a loop that never ends" in said
    assert threading.active_count() == before


def test_without_ctypes_an_endless_loop_is_told_and_goes_on(file: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ctypes", None)
    monkeypatch.setitem(sys.modules, "ended", ended := threading.Event())
    mine = file("import sys\n\n\ndef f():\n    while not sys.modules['ended'].is_set():\n        pass\n")
    assert "mine.py was still running after 0.1 seconds" in told(mine, seconds=0.1)
    ended.set()


def test_what_waits_outside_the_file_is_told_without_a_line(file: Any) -> None:
    mine = file("")
    with pytest.raises(
        LearnerError, match=r"mine\.py was still running after 0\.05 seconds\. This happened while checking"
    ):
        run_within(0.05, mine, "it ends", lambda: time.sleep(0.3))


def test_where_no_thread_can_be_started_it_runs_without_a_limit(file: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    done: list[int] = []
    run_within(0.0, file(""), "it runs", lambda: done.append(1))
    assert done == [1]
    assert "raised ZeroDivisionError" in told(file("def f():\n    return 1 / 0\n"))
