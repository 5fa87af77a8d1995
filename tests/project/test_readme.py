"""The README and the pages in docs/ are true: their snippets run and give what their comments say."""

from __future__ import annotations

import ast
import io
import math
import re
import tokenize
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import pytest

from tests.support import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = {"README.md": ROOT / "README.md"}
PAGES.update({path.relative_to(ROOT / "docs").as_posix(): path for path in sorted((ROOT / "docs").rglob("*.md"))})


def blocks_of(page: Path) -> list[str]:
    text = page.read_text(encoding="utf-8")
    return re.findall(r"^```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


QUOTED = [block for page in PAGES.values() for block in blocks_of(page) if block.startswith("# from ")]
COMMANDS = re.findall(r"^```sh\n(.*?)\n```", README, re.MULTILINE | re.DOTALL)


def comments(block: str) -> dict[int, str]:
    """The comments, by the line of code that they stand on or under; several lines under it are one comment."""
    found: dict[int, str] = {}
    under: dict[int, int] = {}
    for token in tokenize.generate_tokens(io.StringIO(block).readline):
        if token.type == tokenize.COMMENT:
            line, column = token.start
            code = under.get(line - 1, line - 1) if column == 0 else line
            if column == 0:
                under[line] = code
            found[code] = "\n".join([found[code], token.string[2:]]) if code in found else token.string[2:]
    return found


def run(block: str, namespace: dict[str, Any]) -> list[tuple[str, str]]:
    """Run a snippet; what its expressions gave or printed, beside what their comments say.

    It names no file: whoever looked up its lines would find those of a page.
    """
    promised = comments(block)
    results = []
    for statement in ast.parse(block).body:
        code = ast.Module([statement], [])
        said = promised.get(statement.end_lineno or 0)
        if not isinstance(statement, ast.Expr) or said is None:
            exec(compile(code, "<page>", "exec"), namespace)
            continue
        with redirect_stdout(io.StringIO()) as printed:
            value = eval(compile(ast.Expression(statement.value), "<page>", "eval"), namespace)
        results.append((printed.getvalue().strip() or repr(value), said))
    return results


NUMBER = re.compile(r"\d+\.\d+(?:e[+-]?\d+)?")


def agree(given: str, said: str) -> bool:
    """Whether two texts are equal but for the last digits of their numbers, which are the C library's."""
    return NUMBER.sub("#", given) == NUMBER.sub("#", said) and all(
        a == b or (len(b) > 15 and math.isclose(float(a), float(b), rel_tol=1e-13))
        for a, b in zip(NUMBER.findall(given), NUMBER.findall(said))
    )


def test_a_wrong_digit_on_a_page_is_seen() -> None:
    assert agree("(0.8775825618903728, 2)", "(0.8775825618903727, 2)")
    for wrong in ("(0.8775825618913728, 2)", "(0.8775825618903728, 3)", "(0.87758, 2)", "0.8775825618903728, 2"):
        assert not agree("(0.8775825618903728, 2)", wrong)
    assert not agree("0.25", "0.26")


@pytest.mark.parametrize("name", PAGES)
def test_every_snippet_runs_and_gives_what_its_comments_say(name: str) -> None:
    namespace: dict[str, Any] = {}
    compared = [pair for block in blocks_of(PAGES[name]) if block not in QUOTED for pair in run(block, namespace)]
    assert len(compared) >= 4 or not blocks_of(PAGES[name])
    for given, said in compared:
        assert agree(given, said), f"{given}\n\nis not what the page says:\n\n{said}"


@pytest.mark.parametrize("block", QUOTED)
def test_what_the_readme_quotes_stands_in_the_source(block: str) -> None:
    source = (ROOT / block.splitlines()[0].removeprefix("# from ")).read_text(encoding="utf-8")
    without_docstrings = re.sub(r'\n    """.*?"""', "", source, flags=re.DOTALL)
    assert "\n".join(block.splitlines()[1:]) in without_docstrings


def test_the_gate_runs_the_test_command_as_it_stands() -> None:
    assert len(COMMANDS) == 2
    gate = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert COMMANDS[1] in gate.splitlines()


def anchors_of(page: Path) -> set[str]:
    """What the headings of a page are called in links, as forges make these names."""
    headings = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("name", PAGES)
def test_every_file_and_heading_that_a_page_links_to_is_there(name: str) -> None:
    page = PAGES[name]
    for target in re.findall(r"\]\((?!http)(.*?)\)", page.read_text(encoding="utf-8")):
        file, _, anchor = target.partition("#")
        there = page.parent / file if file else page
        assert there.exists(), target
        assert not anchor or anchor in anchors_of(there), target


def test_the_readme_is_read_in_one_sitting() -> None:
    assert len(README.splitlines()) <= 150
