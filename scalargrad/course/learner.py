"""A learner's file: its open gaps, and how it is run, with a time limit.

Every error becomes a sentence, with the line in the learner's file.
"""

from __future__ import annotations

import ast
import re
import sys
import threading
import traceback
from types import ModuleType

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from types import FrameType


class LearnerError(Exception):
    """A sentence for the learner."""


class TimeUp(BaseException):
    """Ends a run that takes too long. A learner's `except Exception` does not catch it."""


class Gap:
    """Three dots in a learner's file: the gap's number (0 if its comment is gone), its line, and what to do there."""

    def __init__(self, number: int, line: int, hint: str) -> None:
        self.number = number
        self.line = line
        self.hint = hint


class LearnersFile:
    """The text of a learner's file.

    Raises LearnerError if the file is missing or is not Python.
    """

    def __init__(self, path: Path) -> None:
        self.name = path.name
        self.path = str(path)
        try:
            text = path.read_text(encoding="utf-8")
        except FileNotFoundError:
            raise LearnerError(
                f"There is no {path}. Copy the files of the course with `python -m scalargrad learn FOLDER`, or name "
                "the folder that yours are in."
            ) from None
        except (OSError, UnicodeDecodeError) as error:
            raise LearnerError(f"{path} cannot be read: {error}.") from None
        self.lines = text.splitlines()
        try:
            self.tree = ast.parse(text, self.path)
            self.code = compile(self.tree, self.path, "exec")
        except (SyntaxError, ValueError) as error:  # which of them is raised for a null byte depends on the version
            line = getattr(error, "lineno", None) or 0
            place = f"line {line} of {self.name}{self.quoted(line)}" if line else self.name
            raise LearnerError(f"Python cannot read {place}: {getattr(error, 'msg', error)}.") from None

    def quoted(self, line: int) -> str:
        """A line of the file in brackets, or nothing if there is no such line."""
        code = self.lines[line - 1].strip() if 0 < line <= len(self.lines) else ""
        return f" (`{code}`)" if code else ""

    def gaps(self) -> list[Gap]:
        """The open gaps in the order of their numbers, each with the comment above it."""
        lines = {node.lineno for node in ast.walk(self.tree) if isinstance(node, ast.Constant) and node.value is ...}
        return sorted(map(self._gap, sorted(lines)), key=lambda gap: gap.number)

    def _gap(self, line: int) -> Gap:
        i = line - 1
        while i >= 0 and self.lines[i].strip():  # its comment stands above it, with no blank line between them
            if found := re.match(r"\s*# Gap (\d+)[^:]*: (.*)", self.lines[i]):
                hint = [found[2]]
                while more := re.match(r"\s*# (.*)", self.lines[i + len(hint)]):
                    hint.append(more[1])
                return Gap(int(found[1]), line, " ".join(hint))
            i -= 1
        return Gap(0, line, "put your code in place of the three dots.")

    def run(self) -> ModuleType:
        """The module that the file defines."""
        module = ModuleType(self.name.removesuffix(".py"))
        exec(self.code, vars(module))
        return module

    def line_in(self, frames: list[tuple[FrameType, int]]) -> int:
        """The line of the file that was run last, or 0."""
        return next((line for frame, line in reversed(frames) if frame.f_code.co_filename == self.path), 0)

    def told(self, error: BaseException, doing: str) -> str:
        """An error as a sentence."""
        kind = type(error).__name__
        line = self.line_in(list(traceback.walk_tb(error.__traceback__)))
        said = f"{kind}: {error}" if str(error) else kind
        if isinstance(error, RecursionError):
            said = "RecursionError: a function calls itself without end"
        if not line:
            return f"Your file gave something that cannot be used: {said}. This happened while checking that {doing}."
        return (
            f"Line {line} of {self.name}{self.quoted(line)} raised {said}. This happened while checking that {doing}."
        )


def run_within(seconds: float, file: LearnersFile, doing: str, work: Callable[[], object]) -> None:
    """Run a function that calls a learner's code. Raises LearnerError if it raises anything or does not end in time."""
    errors: list[BaseException] = []

    def run() -> None:
        try:
            work()
        except BaseException as error:  # SystemExit, too: nothing in a file may end the check
            errors.append(error)

    thread = threading.Thread(target=run, daemon=True)
    try:
        thread.start()
    except RuntimeError:  # there are no threads, as in a browser
        run()
    else:
        thread.join(seconds)
    if thread.is_alive():
        frame = sys._current_frames().get(thread.ident or 0)
        line = file.line_in(list(traceback.walk_stack(frame))[::-1])
        end(thread)
        where = f", in line {line}{file.quoted(line)}" if line else ""
        raise LearnerError(
            f"{file.name} was still running after {seconds:g} seconds{where}. This happened while checking that "
            f"{doing}. Is there a loop that never ends, or work that is done again and again?"
        )
    for error in errors:
        raise error if isinstance(error, LearnerError) else LearnerError(file.told(error, doing))


def end(thread: threading.Thread) -> None:
    """Raise TimeUp in a thread. One that is busy outside Python goes on, and ends with the process."""
    try:
        import ctypes  # not every Python has it
    except ImportError:
        return
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread.ident or 0), ctypes.py_object(TimeUp))
    thread.join(1.0)
