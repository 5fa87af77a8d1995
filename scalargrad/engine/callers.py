"""Where the code stands that calls this package: file and line, for messages."""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


# How the names of this package's own files begin, and of the code that it writes for itself.
OWN_FILES = (__file__.removesuffix(__name__.partition(".")[2].replace(".", "/") + ".py"), "<scalargrad ")


def place() -> str:
    """Where the innermost frame is that is not this package's own, in words."""
    return "at {}, line {}".format(*file_and_line())


def file_and_line() -> tuple[str, int]:
    """File and line of the innermost frame that is not this package's own."""
    frame = outer_frame()
    return frame.f_code.co_filename, frame.f_lineno


def outer_frame() -> Any:
    """The innermost frame that is not this package's own."""
    frame: Any = sys._getframe(1)
    while frame.f_back is not None and frame.f_code.co_filename.startswith(OWN_FILES):
        frame = frame.f_back
    return frame
