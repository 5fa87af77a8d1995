"""Interrupts at will: `KeyboardInterrupt` at each point of a program at which CPython lets one through."""

from __future__ import annotations

import gc
import sys
from dis import opname
from inspect import CO_GENERATOR
from pathlib import Path
from typing import TYPE_CHECKING, Any

import scalargrad
from tests.support import ROOT
from tests.support.profiles import IS_BRIEF

if TYPE_CHECKING:
    from collections.abc import Callable

LIBRARY = (str(Path(scalargrad.__file__).parent), "<scalargrad ")
OURS = (str(Path(scalargrad.__file__).parent), str(ROOT / "tests"))


class Interrupt:
    """A profiler that raises at the n-th point: the start of a Python function, or the return of one in C."""

    def __init__(self, n: int) -> None:
        self.left = n

    def __call__(self, frame: Any, event: str, argument: Any) -> None:
        if not frame.f_code.co_filename.startswith(OURS):
            return  # such as what Hypothesis has called by the collector
        if frame.f_code.co_flags & CO_GENERATOR and event == "call":
            return  # it may be closed, where CPython lets none through
        if event in ("call", "c_return") and argument is not sys.setprofile:
            self.left -= 1
            if not self.left:
                raise KeyboardInterrupt


def is_interrupted(play: Callable[[], object], n: int) -> bool:
    """Run a program, with an interrupt at its n-th point if it has so many; whether it had."""
    before = sys.getprofile()
    try:
        sys.setprofile(Interrupt(n))
        play()
    except KeyboardInterrupt:
        return True
    finally:
        sys.setprofile(before)
    return False


def interrupt_everywhere(
    prepare: Callable[[], Any], play: Callable[[Any], object], check: Callable[[Any], None]
) -> int:
    """Run a program with an interrupt at its first point, at its second, and so on; gives at how many it was tried.

    `prepare` makes what one run works on, and `check` looks at it when the run has been interrupted. The work grows
    with the square of the points, so that by default every fifth of them is tried from the 50th on.
    """
    n = 1
    while True:
        state = prepare()
        if not is_interrupted(lambda state=state: play(state), n):  # type: ignore[misc]
            check(state)
            return n - 1
        check(state)
        n += 5 if IS_BRIEF and n >= 50 else 1


# Returns, and what Python does itself once an exception is there: none comes up there.
CANNOT_RAISE = {"RETURN_VALUE", "RETURN_CONST", "PUSH_EXC_INFO", "POP_EXCEPT", "COPY", "POP_TOP", "NOP", "RERAISE"}


class UnexpectedError(Exception):
    """What no code expects."""


def is_broken(play: Callable[[], object], n: int) -> bool:
    """Run a program, with an exception before its n-th bytecode in the library if it has so many; whether it had."""
    left = n

    def trace(frame: Any, event: str, _: Any) -> Any:
        nonlocal left
        if not frame.f_code.co_filename.startswith(LIBRARY):
            return None
        frame.f_trace_opcodes = True
        if event == "opcode" and opname[frame.f_code.co_code[frame.f_lasti]] not in CANNOT_RAISE:
            left -= 1
            if not left:
                raise UnexpectedError
        return trace

    before = sys.gettrace()
    try:
        sys.settrace(trace)
        play()
    except UnexpectedError:
        return True
    finally:
        sys.settrace(before)
        gc.enable()  # none really comes right before the library's own call of this
    return False


def break_everywhere(play: Callable[[], object], check: Callable[[], None]) -> int:
    """Run a program with an exception before its first bytecode, its second, and so on; gives how many there are."""
    n = 1
    while is_broken(play, n):
        check()
        n += 5 if IS_BRIEF and n >= 50 else 1
    check()
    return n - 1
