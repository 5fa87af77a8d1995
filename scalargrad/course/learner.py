"""A learner's file: its open gaps, and how it is run, with a time limit.

Every error becomes a sentence, with the line in the learner's file.
"""

from __future__ import annotations

import ast
import re
import sys
import threading
import traceback
from collections import Counter
from types import ModuleType

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from types import FrameType


OPEN = "__open_gap__"  # the name of a function in a learner's module; see NamedGaps


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

    def __str__(self) -> str:
        return f"gap {self.number}, in line {self.line}" if self.number else f"the three dots in line {self.line}"


class NamedGaps(ast.NodeTransformer):
    """Puts a call of OPEN, with the line, in place of three dots, so that it can be said which gap code runs into."""

    def visit_Constant(self, node: ast.Constant) -> ast.expr:
        if node.value is not ...:
            return node
        call = ast.Call(ast.Name(OPEN, ast.Load()), [ast.Constant(node.lineno)], [])
        return ast.fix_missing_locations(ast.copy_location(call, node))


class LearnersFile:
    """The text of a learner's file.

    Raises LearnerError if the file is missing or is not Python.

    Args:
        path: where the file is.
        given: the text of the step's file. Lines that are not in it are the learner's own.
    """

    def __init__(self, path: Path, given: str = "") -> None:
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
        self.given = given.splitlines()
        try:
            tree = ast.parse(text, self.path)
            dots = {node.lineno for node in ast.walk(tree) if isinstance(node, ast.Constant) and node.value is ...}
            self.code = compile(NamedGaps().visit(tree), self.path, "exec")
        except (SyntaxError, ValueError) as error:  # which of them is raised for a null byte depends on the version
            line = getattr(error, "lineno", None) or 0
            place = f"line {line} of {self.name}{self.quoted(line)}" if line else self.name
            raise LearnerError(f"Python cannot read {place}: {ended(getattr(error, 'msg', str(error)))}") from None
        self.gaps = sorted(map(self._gap, sorted(dots)), key=lambda gap: gap.number)
        """The open gaps in the order of their numbers, each with the comment above it."""

    def quoted(self, line: int) -> str:
        """A line of the file in brackets, or nothing if there is no such line."""
        code = self.lines[line - 1].strip() if 0 < line <= len(self.lines) else ""
        return f" (`{code}`)" if code else ""

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
        """The module that the file defines. From then on, a function of it that runs into an open gap raises."""
        module = ModuleType(self.name.removesuffix(".py"))
        names = vars(module)
        names[OPEN] = lambda _: ...  # the file itself may put a gap somewhere
        exec(self.code, names)
        names[OPEN] = self.ran_into
        return module

    def ran_into(self, line: int) -> None:
        """Raise LearnerError with the name of an open gap."""
        raise LearnerError(
            f"Your code ran into {self._gap(line)}, which is still open. Use numbers, such as other.data, and not "
            "values."
        )

    def line_in(self, frames: list[tuple[FrameType, int]]) -> int:
        """The line of the file that was run last, or 0."""
        return next((line for frame, line in reversed(frames) if frame.f_code.co_filename == self.path), 0)

    def told(self, error: BaseException, doing: str) -> str:
        """An error as a sentence."""
        frames = list(traceback.walk_tb(error.__traceback__))
        line = self.line_in(frames)
        last = f"This happened while checking that {doing}."
        kind = type(error).__name__
        said = ended(f"{kind}: {error}" if str(error) else kind)
        if not line:
            return f"Your file gave something that cannot be used: {said} {last}"
        if call := self.endless_call(frames, kind):
            line, said = call
        elif isinstance(error, UnboundLocalError):
            name = str(error).partition("'")[2].partition("'")[0]
            said = (
                f"uses `{name}` before it has a value, since an assignment in a function makes a name local to it. Use "
                "a method, such as seen.add(value) or order.append(value), or give it a value first."
            )
        else:
            said = f"raised {said}"
        return f"Line {line} of {self.name}{self.quoted(line)} {said} {last}"

    def endless_call(self, frames: list[tuple[FrameType, int]], kind: str) -> tuple[int, str] | None:
        """The outermost of the learner's own lines that leads back to itself without end, and what to say of it."""
        own = Counter(
            (line, frame.f_code.co_name)
            for frame, line in frames
            if frame.f_code.co_filename == self.path and self.lines[line - 1] not in self.given
        )
        for (line, name), times in own.items():
            is_operator = name.startswith("__")
            if times > (3 if is_operator else 100):  # a function may go as deep as the values that it is called with
                hint = " Use the numbers, such as self.data." * is_operator
                if name.startswith("__r"):
                    hint = " Make the number a Value first, as_value(number), or use the numbers, such as self.data."
                if name == "<lambda>":
                    name, hint = "itself", " Use functions of math."
                return line, f"calls {name} again and again, until Python raises {kind}.{hint}"
        return None


def ended(sentence: str) -> str:
    """A sentence with a full stop, unless it ends with a mark of its own."""
    return sentence if sentence.endswith((".", "?", "!")) else f"{sentence}."


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
