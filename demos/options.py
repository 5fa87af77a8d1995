"""Readers of options that several demos share: numbers in a range, and names of files that can be saved."""

from __future__ import annotations

import argparse
import contextlib
import math
import sys
from collections.abc import Callable
from pathlib import Path

try:
    from matplotlib.backend_bases import FigureCanvasBase
except ModuleNotFoundError:
    sys.exit("This demo draws with matplotlib, which is not installed: run pip install matplotlib")


def whole(least: int, step: int = 1) -> Callable[[str], int]:
    """A function that reads a whole number, `least` or more and a multiple of `step`."""

    def read(text: str) -> int:
        with contextlib.suppress(ValueError):
            if (number := int(text)) >= least and number % step == 0:
                return number
        kind = "a whole number" if step == 1 else f"a multiple of {step}"
        raise argparse.ArgumentTypeError(f"expected {kind} of at least {least}, got {text!r}")

    return read


def positive(text: str) -> float:
    """A finite number above 0."""
    with contextlib.suppress(ValueError):
        if 0 < (number := float(text)) < math.inf:
            return number
    raise argparse.ArgumentTypeError(f"expected a finite number above 0, got {text!r}")


def share(text: str) -> float:
    """A number from 0 to 1."""
    with contextlib.suppress(ValueError):
        if 0 <= (number := float(text)) <= 1:
            return number
    raise argparse.ArgumentTypeError(f"expected a number from 0 to 1, got {text!r}")


def target(text: str) -> Path:
    """The path of a file to write, in a folder that exists."""
    path = Path(text)
    if not path.parent.is_dir():
        raise argparse.ArgumentTypeError(f"there is no folder {path.parent} to save {path.name} in")
    if path.is_dir():
        raise argparse.ArgumentTypeError(f"expected the name of a file, got the folder {path}")
    return path


def picture(text: str) -> Path:
    """The path of a picture, in a folder that exists and in a format that matplotlib saves."""
    path = target(text)
    if path.suffix[1:].lower() not in {*FigureCanvasBase.filetypes, "gif"}:
        raise argparse.ArgumentTypeError(f"expected the name of a picture, such as {path.stem}.png, got {text!r}")
    return path
