"""The check of a step: a sentence on the mistake, the open gap, or the next step."""

from __future__ import annotations

from .learner import LearnerError, LearnersFile, run_within
from .lessons import LESSONS
from .properties import PROPERTIES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pathlib import Path
    from types import ModuleType

    from .lessons import Lesson

SECONDS = 5.0  # for each property; the longest takes half a second


def check(lesson: Lesson, folder: Path, seconds: float = SECONDS) -> tuple[bool, str]:
    """Whether a learner's file of a step is right, and the text that says so or why not.

    Args:
        lesson: the step.
        folder: where the learner's file is.
        seconds: how long each property may take.
    """
    try:
        file = LearnersFile(folder / lesson.file, lesson.gaps)
        gaps = file.gaps
        first = gaps[0].number if gaps else len(PROPERTIES)
        closed = [thing for thing in PROPERTIES if thing.step == lesson.number and thing.gap < first]
        found: list[ModuleType] = []
        if closed:
            run_within(seconds, file, "the file runs", lambda: found.append(file.run()))
    except LearnerError as told:
        return False, str(told)
    for thing in closed:
        try:
            run_within(seconds, file, thing.text, lambda thing=thing: thing.check(found[0]))  # type: ignore[misc]
        except LearnerError as told:
            return False, f"Gap {thing.gap} of {lesson.file} is not right yet. {told}"
    held = "\n".join(f"  {thing.text}" for thing in closed)
    if gaps:
        gap = gaps[0]
        start = f"What you have filled in is right:\n{held}\nNext is" if closed else "Begin with"
        return False, f"{start} {gap} of {lesson.file}: {gap.hint}"
    return True, f"Step {lesson.number} is right:\n{held}\n{after(lesson)}"


def after(lesson: Lesson) -> str:
    """A sentence on what comes after a step."""
    if lesson is LESSONS[-1]:
        return "That was the last step. You have built an engine. docs/engine.md leads from it to the package's engine."
    following = LESSONS[lesson.number]
    return f"Next is {following}: read {following.page}, and open {following.file}."
