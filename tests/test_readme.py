"""The README is true: its snippets run and give what their comments say, and the gate runs its test command."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```python\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
QUOTED = [block for block in BLOCKS if block.startswith("# from ")]
COMMANDS = re.findall(r"^```sh\n(.*?)\n```", README, re.MULTILINE | re.DOTALL)


def comments(block: str) -> dict[int, str]:
    """The comments, by the line of code that they stand on or under."""
    found: dict[int, str] = {}
    for token in tokenize.generate_tokens(io.StringIO(block).readline):
        if token.type == tokenize.COMMENT:
            found[token.start[0] - (token.start[1] == 0)] = token.string[2:]
    return found


def run(block: str, namespace: dict[str, Any]) -> list[tuple[str, str]]:
    """Run a snippet; what its expressions gave or printed, beside what their comments say."""
    promised = comments(block)
    results = []
    for statement in ast.parse(block).body:
        code = ast.Module([statement], [])
        said = promised.get(statement.end_lineno or 0)
        if not isinstance(statement, ast.Expr) or said is None:
            exec(compile(code, "README.md", "exec"), namespace)
            continue
        with redirect_stdout(io.StringIO()) as printed:
            value = eval(compile(ast.Expression(statement.value), "README.md", "eval"), namespace)
        results.append((printed.getvalue().strip() or repr(value), said))
    return results


def test_every_snippet_runs_and_gives_what_its_comments_say() -> None:
    namespace: dict[str, Any] = {}
    compared = [pair for block in BLOCKS if block not in QUOTED for pair in run(block, namespace)]
    assert len(compared) >= 9
    for given, said in compared:
        assert given == said


@pytest.mark.parametrize("block", QUOTED)
def test_what_the_readme_quotes_stands_in_the_source(block: str) -> None:
    source = (ROOT / block.splitlines()[0].removeprefix("# from ")).read_text(encoding="utf-8")
    without_docstrings = re.sub(r'\n    """.*?"""', "", source, flags=re.DOTALL)
    assert "\n".join(block.splitlines()[1:]) in without_docstrings


def test_the_gate_runs_the_test_command_as_it_stands() -> None:
    assert len(COMMANDS) == 2
    gate = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert COMMANDS[1] in gate.splitlines()


def test_every_file_that_the_readme_links_to_is_there() -> None:
    for target in re.findall(r"\]\((?!http)(.*?)\)", README):
        assert (ROOT / target).exists(), target
