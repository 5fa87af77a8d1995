"""The options of `sgd_line.py`."""

from __future__ import annotations

import argparse
import contextlib
import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from line_points import LARGEST


def number(convert: Callable[[str], float], least: float, expected: str) -> Callable[[str], float]:
    """A function that reads an option: a number, `least` or more."""

    def read(text: str) -> float:
        with contextlib.suppress(ValueError):
            if least <= (value := convert(text)) <= LARGEST:
                return value
        raise argparse.ArgumentTypeError(f"expected {expected}, got {text!r}")

    return read


def read_options(argv: Sequence[str] | None) -> argparse.Namespace:
    """The options. Ends the program with code 2 and a sentence if they are wrong."""
    parser = argparse.ArgumentParser(
        prog="sgd_line.py",
        description="Stochastic gradient descent finds a line, one point at a time, with a gradient tape.",
        epilog="Ends with 0, also if interrupted; 1 if it diverged or the picture failed; 2 for wrong options or data.",
    )
    count = number(int, 1, "a whole number of at least 1")
    whole = number(int, -LARGEST, "a whole number")
    finite = number(float, -LARGEST, "a finite number")
    spread = number(float, 0, "a finite number of at least 0")
    rate = number(float, math.ulp(0), "a finite number above 0")
    options: list[tuple[str, Callable[[str], Any], Any, str, str]] = [
        ("--samples", count, 1000, "N", "how many points to make"),
        ("--slope", finite, 3.0, "A", "slope of the line that the points lie on"),
        ("--intercept", finite, 1.0, "B", "intercept of that line"),
        ("--noise", spread, 0.0, "SIGMA", "standard deviation of the noise added to y"),
        ("--epochs", count, 10, "N", "how often to go through all points"),
        ("--learning-rate", rate, 0.01, "RATE", "how far a step goes down the gradient"),
        ("--seed", whole, 0, "N", "seed of the random points or, for a file, of the order they are taken in"),
        ("--picture", Path, Path("sgd_line.png"), "PATH", "where to save the picture"),
    ]
    for name, convert, default, metavar, text in options:
        parser.add_argument(name, type=convert, default=default, metavar=metavar, help=f"{text} (default: %(default)s)")
    parser.add_argument("--no-picture", action="store_true", help="save no picture (default: save one)")
    parser.add_argument("--show", action="store_true", help="show the picture in a window too (default: do not)")
    parser.add_argument("--csv", type=Path, metavar="FILE", help="fit a file's columns x and y (default: make points)")
    parsed = parser.parse_args(argv)
    for name, _, default, _, _ in options[:4]:
        if parsed.csv is not None and getattr(parsed, name[2:]) != default:
            parser.error(f"{name} is for points that are made, not for those of --csv: leave out one of the two")
    return parsed
