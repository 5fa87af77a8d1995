"""The options of `microgpt.py`, and the words to learn."""

from __future__ import annotations

import argparse
import importlib
from collections.abc import Sequence
from pathlib import Path

from options import picture, positive, target, whole

MODULES = (
    "builtins os os.path string random math socket ssl asyncio threading shutil time itertools json re ast inspect"
)


def read_options(argv: Sequence[str] | None, context: int) -> argparse.Namespace:
    """The options, with `words` that are shorter than `context`, and `error`, which ends the program with a message."""
    parser = argparse.ArgumentParser(
        prog="microgpt.py", description="Trains a small GPT on words, and lets it invent some."
    )
    parser.add_argument(
        "--text", type=Path, metavar="FILE", help="your own words, one per line (default: Python's names)"
    )
    for name, least, default in (("steps", 1, 1000), ("width", 1, 16), ("layers", 1, 1), ("heads", 1, 4)):
        parser.add_argument(f"--{name}", type=whole(least), default=default, metavar="N", help="(default: %(default)s)")
    parser.add_argument("--temperature", type=positive, default=0.5, help="of the samples (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="of weights, order and samples (default: %(default)s)")
    parser.add_argument("--save", type=target, metavar="FILE", help="write what was learned to a file")
    parser.add_argument("--load", type=Path, metavar="FILE", help="resume from such a file")
    parser.add_argument("--picture", type=picture, default="microgpt.png", metavar="PATH")
    options = parser.parse_args(argv)
    if options.width % options.heads:
        parser.error(f"--width is a multiple of --heads, got {options.width} and {options.heads}")
    options.words = (
        names_of_python(context - 2) if options.text is None else read_words(parser, options.text, context - 1)
    )
    options.error = parser.error
    return options


def names_of_python(longest: int) -> list[str]:
    """Public names of the standard library, up to a length."""
    names = {name for module in MODULES.split() for name in dir(importlib.import_module(module))}
    return sorted({name.lower() for name in names if name.isascii() and name.isalpha() and 3 <= len(name) <= longest})


def read_words(parser: argparse.ArgumentParser, path: Path, longest: int) -> list[str]:
    """The words of a file, one per line; long ones are cut."""
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        parser.error(f"--text: {error}")
    words = sorted({line.strip()[:longest] for line in lines} - {""})
    if not words:
        parser.error(f"--text: {path} has no words; it takes one per line")
    return words
