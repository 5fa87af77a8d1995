"""The reference is what the docstrings say."""

from __future__ import annotations

import importlib.util
import inspect
from typing import Any

import pytest

import scalargrad as sg
from scalargrad import nn, optim, plot, testing
from tests.support import ROOT

PAGE = ROOT / "docs" / "reference.md"


def load() -> Any:
    spec = importlib.util.spec_from_file_location("make_reference", PAGE.with_name("make_reference.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


make_reference = load()


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text(encoding="utf-8") == make_reference.page()  # or else run python docs/make_reference.py


@pytest.mark.parametrize("name", sg.__all__)
def test_every_public_name_has_an_entry(name: str) -> None:
    assert f"### `sg.{name}(" in PAGE.read_text(encoding="utf-8")


@pytest.mark.parametrize("module", [nn, optim, plot, testing])
def test_every_public_function_of_a_module_has_an_entry(module: Any) -> None:
    text = PAGE.read_text(encoding="utf-8")
    for name, _ in make_reference.public_in(module):
        assert f"### `{name}(" in text


def test_docstrings_become_lists_and_fences() -> None:
    doc = """What it gives.

    Args:
        x: a number
            of any size.
        y, z: others.

    Returns a number. Raises ValueError.

    Returns:
        Two lines
        of text.

    >>> 1 + 1
    2
    """
    assert make_reference.markdown(inspect.cleandoc(doc)) == (
        "What it gives.\n\n**Args**\n\n- `x`: a number of any size.\n- `y, z`: others.\n\n"
        "Returns a number. Raises ValueError.\n\n**Returns**\n\nTwo lines of text.\n\n```pycon\n>>> 1 + 1\n2\n```"
    )
