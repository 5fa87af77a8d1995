"""Draws the pictures of gallery.md with the code on that page: python docs/draw_gallery.py"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import matplotlib

if TYPE_CHECKING:
    from collections.abc import Iterator

    from matplotlib.figure import Figure

PAGE = Path(__file__).with_name("gallery.md")
ENTRY = re.compile(r"^```python\n(.*?)^```\n\n!\[.*?\]\((.*?)\)$", re.MULTILINE | re.DOTALL)


def drawn() -> Iterator[tuple[Path, Figure]]:
    """The file of each picture, and the figure that the code above it draws, as `ax`."""
    namespace: dict[str, Any] = {}
    for code, file in ENTRY.findall(PAGE.read_text(encoding="utf-8")):
        namespace.pop("ax", None)
        exec(compile(code, PAGE.name, "exec"), namespace)
        yield PAGE.parent / file, namespace["ax"].get_figure()


if __name__ == "__main__":
    matplotlib.use("agg")
    for path, figure in drawn():
        path.parent.mkdir(exist_ok=True)
        figure.savefig(path, dpi=110, facecolor="white")
