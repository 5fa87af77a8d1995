"""The command `python -m scalargrad learn`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from scalargrad.course.command import learn
from scalargrad.course.lessons import FOLDER, LESSONS


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def refused(capsys: Any, *words: str) -> str:
    """The sentence with which words are refused."""
    with pytest.raises(SystemExit) as ended:
        learn(words)
    assert ended.value.code == 2
    return str(capsys.readouterr().err).partition("error: ")[2].strip()


def test_it_copies_the_files_and_says_how_to_begin() -> None:
    code, text = learn([])
    assert code == 0
    assert sorted(path.name for path in Path(FOLDER).iterdir()) == [lesson.file for lesson in LESSONS]
    assert text.startswith("Copied to course: step1_remember.py,")
    assert text.endswith("then run\n  python -m scalargrad learn check 1")


def test_it_says_what_was_there_already() -> None:
    learn(["my folder"])
    code, text = learn(["my folder"])
    assert code == 0
    assert text.startswith("Left as they are, since they are there already: step1_remember.py,")
    assert "Copied" not in text
    assert text.endswith("python -m scalargrad learn check 1 'my folder'")


def test_it_says_where_it_cannot_write() -> None:
    Path("file").touch()
    code, text = learn(["file"])
    assert code == 1
    assert text.startswith("The files cannot be copied to file: ")


def test_it_checks_a_step_here_or_in_the_folder_that_is_given() -> None:
    learn(["mine"])
    code, text = learn(["check", "2", "mine"])
    assert code == 1
    assert text.startswith("Begin with gap 1, in line ")
    Path(LESSONS[1].file).write_text(LESSONS[1].solution, encoding="utf-8")
    code, text = learn(["check", "2"])
    assert code == 0
    assert text.startswith("Step 2 is right:\n  x * y has the right local derivatives\n")
    assert max(map(len, text.split("\n"))) <= 100
    assert learn(["check", "3"])[1].startswith("There is no ")


def test_it_shows_a_solution() -> None:
    assert learn(["solution", "8"]) == (0, LESSONS[7].solution)


def test_wrong_words_are_told(capsys: Any) -> None:
    for step in ("0", "9", "two"):
        assert refused(capsys, "check", step) == f"expected the number of a step from 1 to 8, got {step!r}"
    for words in (["check"], ["solution"], ["check", "1", "a", "b"], ["solution", "1", "a"]):
        expected = f"expected the number of a step, from 1 to 8; write one, such as {words[0]} 1"
        assert refused(capsys, *words) == expected
    assert refused(capsys, "3") == "expected a folder, got '3'; write check 3 to check a step, or ./3"
    assert refused(capsys, "my", "folder") == (
        "expected check, solution or one folder, got 2 words (my folder); put a name with spaces in quotes"
    )
    for word, meant in {"chek": "check", "Check": "check", "solutions": "solution"}.items():
        assert refused(capsys, word, "1").endswith(f"got 2 words ({word} 1); did you mean {meant}?")
    learn(["a b"])
    path = str(Path("a b") / LESSONS[0].file)
    assert refused(capsys, "check", "1", path) == f"expected a folder, got the file {path!r}; write check 1 'a b'"


def test_its_help_lists_the_steps(capsys: Any) -> None:
    with pytest.raises(SystemExit) as ended:
        learn(["--help"])
    assert ended.value.code == 0
    said = capsys.readouterr().out
    assert all(f"  {lesson.number}  {lesson.title}" in said for lesson in LESSONS)
    assert max(map(len, said.splitlines())) <= 100
