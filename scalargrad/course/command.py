"""`python -m scalargrad learn`: copies the files of the course, checks a step, shows its solution."""

from __future__ import annotations

import argparse
from difflib import get_close_matches
from pathlib import Path
from shlex import quote
from textwrap import fill

from .lessons import FOLDER, LESSONS, copy_lessons, folder_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from .lessons import Lesson

PROGRAM = "python -m scalargrad learn"
USAGE = f"""{PROGRAM} [FOLDER]
       {PROGRAM} check STEP [FOLDER]
       {PROGRAM} solution STEP"""
EPILOG = f"""The first copies the files into a folder, by default {FOLDER}, and leaves existing files alone.
The second checks a step. By default it looks for your file in this folder, then in {FOLDER}.
The third prints a solution.

steps:
""" + "\n".join(f"  {lesson.number}  {lesson.title} ({lesson.file})" for lesson in LESSONS)


def learn(arguments: Sequence[str]) -> tuple[int, str]:
    """The exit code of the command and the text to print. Exits with 2 if the command is used wrongly."""
    parser = argparse.ArgumentParser(
        prog=PROGRAM,
        usage=USAGE,
        description="Build the engine yourself, in eight steps: a course with files whose gaps you fill in.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("words", nargs="*", metavar="WORD", help=argparse.SUPPRESS)
    words = parser.parse_args(arguments).words
    if words[:1] == ["check"] and len(words) in (2, 3):
        from .check import check  # which takes as long to load as the rest of the command

        lesson = lesson_of(parser, words[1])
        folder = Path(words[2]) if len(words) == 3 else folder_of(lesson)
        if folder.is_file():
            where = quote(str(folder.parent))
            parser.error(f"expected a folder, got the file {str(folder)!r}; write check {words[1]} {where}")
        right, text = check(lesson, folder)
        return int(not right), "\n".join(fill(line, 100) for line in text.split("\n"))
    if words[:1] == ["solution"] and len(words) == 2:
        return 0, lesson_of(parser, words[1]).solution
    if words[:1] in (["check"], ["solution"]):
        parser.error(f"expected the number of a step, from 1 to {len(LESSONS)}; write one, such as {words[0]} 1")
    if len(words) > 1:
        meant = get_close_matches(words[0], ["check", "solution"])
        hint = f"did you mean {meant[0]}?" if meant else "put a name with spaces in quotes"
        parser.error(f"expected check, solution or one folder, got {len(words)} words ({' '.join(words)}); {hint}")
    if words and words[0].isdecimal():
        parser.error(f"expected a folder, got {words[0]!r}; write check {words[0]} to check a step, or ./{words[0]}")
    return copied(Path(words[0] if words else FOLDER))


def lesson_of(parser: argparse.ArgumentParser, text: str) -> Lesson:
    """The step whose number is given as text."""
    lessons = {str(lesson.number): lesson for lesson in LESSONS}
    if text not in lessons:
        parser.error(f"expected the number of a step from 1 to {len(LESSONS)}, got {text!r}")
    return lessons[text]


def copied(folder: Path) -> tuple[int, str]:
    """The exit code and the text to print after copying the files."""
    try:
        files = [*copy_lessons(folder)]
    except OSError as error:
        return 1, f"The files cannot be copied to {folder}: {error}."
    new = [name for name, was_copied in files if was_copied]
    old = [name for name, was_copied in files if not was_copied]
    lines = [f"Copied to {folder}: {', '.join(new)}."] if new else []
    lines += [f"Left as they are, since they are there already: {', '.join(old)}."] if old else []
    first = LESSONS[0]
    lines.append(f"Begin with {first}: read {first.page}, fill in the gaps in {folder / first.file}, then run")
    where = "" if str(folder) == FOLDER else f" {quote(str(folder))}"
    return 0, "\n".join([fill(line, 100) for line in lines] + [f"  {PROGRAM} check 1{where}"])
