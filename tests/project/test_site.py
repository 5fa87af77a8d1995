"""What makes the site: the check that the gate runs on it, and the pictures of the gallery."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from typing import Any

import pytest
from matplotlib.figure import Figure

from tests.support import ROOT

DOCS = ROOT / "docs"


def load(name: str) -> Any:
    spec = importlib.util.spec_from_file_location(name, DOCS / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


check_site = load("check_site")

GOOD = '<h1 id="top">Top</h1> <a href="other.html#far">far</a> <a href="#top">up</a> <a href="https://example.org/">out</a>'


@pytest.mark.parametrize(
    ("more", "fault"),
    [
        ("", None),
        ('<a href="none.html">', "index.html leads to none.html, which is not there"),
        ('<img src="none.png">', "index.html leads to none.png, which is not there"),
        ('<a href="other.html#near">', "index.html leads to other.html#near, which has no such heading"),
        ('<a href="#bottom">', "index.html leads to #bottom, which has no such heading"),
        ('<script src="https://example.org/x.js"></script>', "index.html loads https://example.org/x.js"),
        ('<link rel="stylesheet" href="//example.org/x.css">', "index.html loads //example.org/x.css"),
        ('<p style="background: url(https://example.org/x.png)">', "index.html loads https://example.org/x.png"),
        ('<link rel="canonical" href="https://example.org/">', None),
    ],
)
def test_a_dead_link_and_a_foreign_host_are_found(tmp_path: Path, more: str, fault: str | None) -> None:
    (tmp_path / "index.html").write_text(GOOD + more, encoding="utf-8")
    (tmp_path / "other.html").write_text('<h2 id="far">Far</h2>', encoding="utf-8")
    assert check_site.faults(tmp_path) == ([] if fault is None else [fault])


def test_a_foreign_font_or_style_in_a_style_sheet_is_found(tmp_path: Path) -> None:
    loading = '@import "https://a.example/x.css"; p { src: url("https://b.example/x.woff2"), url(x.woff2) }'
    (tmp_path / "site.css").write_text(f"{loading} /* url(//c.example/x) */", encoding="utf-8")
    assert check_site.faults(tmp_path) == [
        "site.css loads https://a.example/x.css",
        "site.css loads https://b.example/x.woff2",
    ]


def test_each_block_of_code_in_the_gallery_draws_the_picture_under_it() -> None:
    pictures = list(load("draw_gallery").drawn())
    text = (DOCS / "gallery.md").read_text(encoding="utf-8")
    assert len(pictures) == len(re.findall("^```python$", text, re.MULTILINE)) >= 7
    for path, figure in pictures:
        assert path.is_file(), "run python docs/draw_gallery.py"
        assert isinstance(figure, Figure)


def test_the_gate_builds_the_site_by_the_command_that_the_page_on_the_design_gives() -> None:
    page = (DOCS / "design.md").read_text(encoding="utf-8")
    (command,) = re.findall(r"^```sh\n(.*?)\n```", page, re.MULTILINE | re.DOTALL)
    gate = [line.strip() for line in (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()]
    assert [line in gate for line in command.splitlines()] == [False, True, True]  # all but the installation
