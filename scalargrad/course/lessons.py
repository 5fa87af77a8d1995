"""The steps of the course, and the files that a learner gets."""

from __future__ import annotations

from pathlib import Path

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

HERE = Path(__file__).parent
FOLDER = "course"  # where the learner's files are by default


class Lesson:
    """A step of the course.

    Args:
        number: from 1 on.
        file: the name of the file with gaps, and of its solution.
        title: what it is about.
    """

    def __init__(self, number: int, file: str, title: str) -> None:
        self.number = number
        self.file = file
        self.title = title

    @property
    def page(self) -> str:
        """The path of the page of this step."""
        return f"docs/course/{self.file.removeprefix('step').replace('.py', '.md')}"

    @property
    def gaps(self) -> str:
        """The text of the file with gaps."""
        return (HERE / "steps" / self.file).read_text(encoding="utf-8")

    @property
    def solution(self) -> str:
        """The text of the file with the gaps filled in."""
        return (HERE / "solutions" / self.file).read_text(encoding="utf-8")

    def __str__(self) -> str:
        return f"step {self.number}, {self.title}"


LESSONS = [
    Lesson(1, "step1_remember.py", "a value that remembers"),
    Lesson(2, "step2_rules.py", "operators and their rules"),
    Lesson(3, "step3_order.py", "the topological sort"),
    Lesson(4, "step4_gradients.py", "accumulating gradients"),
    Lesson(5, "step5_functions.py", "functions and their edges"),
    Lesson(6, "step6_tape.py", "a tape"),
    Lesson(7, "step7_second.py", "gradients of gradients"),
    Lesson(8, "step8_moons.py", "a network that learns the moons"),
]


def copy_lessons(folder: Path) -> Iterator[tuple[str, bool]]:
    """The name of each file with gaps, and whether it was copied into a folder, which is made if it does not exist.

    A file that exists stays as it is. Raises OSError if a file cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for lesson in LESSONS:
        try:
            with (folder / lesson.file).open("x", encoding="utf-8") as file:
                file.write(lesson.gaps)
        except FileExistsError:
            yield lesson.file, False
        else:
            yield lesson.file, True


def folder_of(lesson: Lesson) -> Path:
    """The default folder of a learner's file: the current one if the file is there, or else the one for copies."""
    return Path() if Path(lesson.file).exists() else Path(FOLDER)
