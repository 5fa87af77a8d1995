"""The reference has every public name once, and none that is not for users."""

from __future__ import annotations

import inspect
import re
from collections import Counter
from typing import Any

import pytest

import scalargrad as sg
from scalargrad import math, nn, optim, plot, testing
from tests.support import ROOT

PAGES = sorted((ROOT / "docs" / "reference").glob("*.md"))
MODULES = {module.__name__: module for module in (sg, nn, optim, plot, testing)}
PUBLIC = [(name, each) for name, module in MODULES.items() for each in module.__all__]
# What the package asks of its own classes, and what other libraries have and these explain that they have not.
WITHIN = {
    "scalargrad.Value": {"is_followed_in", "led"},
    "scalargrad.Vector": {"element", "grads", "handles", "is_followed_in", "plain", "set_grads"},
    "scalargrad.Matrix": {"element", "grads", "handles", "is_followed_in", "plain", "set_grads"},
    "scalargrad.GradientTape": {"note_end", "take_part", "saw", "follows_leaf", "follows"},
    "scalargrad.no_grad": {"take_part", "prepare", "leave", "note_end", "is_open"},
    "scalargrad.detect_anomaly": {
        "note_end",
        "take_part",
        "note",
        "check",
        "check_tangent",
        "check_adjoint",
        "describe",
    },
    "scalargrad.nn.Module": {"check_state"},
    "scalargrad.nn.Embedding": {"row_at"},
    "scalargrad.optim.Optimizer": {"check_state"},
}


def entries() -> list[tuple[str, list[str]]]:
    """The full name of each entry, and the members of a class that it shows, in the order of the pages."""
    found: list[tuple[str, list[str]]] = []
    for page in PAGES:
        module = ""
        for line in page.read_text(encoding="utf-8").splitlines():
            if match := re.fullmatch(r"\.\. currentmodule:: (\S+)", line):
                module = match[1]
            elif match := re.fullmatch(r"\.\. (?:autoclass|autofunction|py:data):: (\w+)(?:\(\))?", line):
                found.append((f"{module}.{match[1]}", []))
            elif match := re.fullmatch(r"   :members: (.+)", line):
                found[-1][1].extend(match[1].split(", "))
    return found


ENTRIES = entries()


def test_every_public_name_stands_in_the_reference_once() -> None:
    expected = Counter(f"{module}.{name}" for module, name in PUBLIC) + Counter(["scalargrad.math.patch"])
    assert Counter(name for name, _ in ENTRIES) == expected
    assert math.patch.__doc__


def offered_by(thing: type) -> set[str]:
    """What a class defines and explains, but for the elementary functions as methods."""
    return {
        key
        for key, member in vars(thing).items()
        if not key.startswith("_")
        and inspect.getdoc(member)
        and (isinstance(member, property) or inspect.isroutine(member))
        and key not in sg.__all__
    }


@pytest.mark.parametrize(("name", "members"), [(name, members) for name, members in ENTRIES if members])
def test_a_class_shows_what_is_for_users_and_no_more(name: str, members: list[str]) -> None:
    module, _, own = name.rpartition(".")
    thing: Any = getattr(MODULES[module], own)
    assert len(set(members)) == len(members)
    for member in members:
        doc = inspect.getdoc(getattr(thing, member))
        assert doc, member
        # Sphinx takes what stands before a colon in the first line for the type of a property.
        assert not (isinstance(getattr(thing, member), property) and ": " in doc.splitlines()[0]), member
    assert all(hasattr(thing, key) for key in WITHIN.get(name, ()))
    assert not WITHIN.get(name, set()) & set(members)
    assert offered_by(thing) - WITHIN.get(name, set()) <= set(members)


def test_the_index_names_every_page() -> None:
    text = (ROOT / "docs" / "reference" / "index.md").read_text(encoding="utf-8")
    pages = [page.stem for page in PAGES if page.name != "index.md"]
    assert sorted(re.findall(r"^- \[.*?\]\((\w+)\.md\)", text, re.MULTILINE)) == pages
    assert sorted(re.findall(r"^(\w+)$", text, re.MULTILINE)) == pages


@pytest.mark.parametrize(("module", "name"), PUBLIC)
def test_a_docstring_has_no_bars_that_sphinx_takes_for_a_substitution(module: str, name: str) -> None:
    doc = inspect.getdoc(getattr(MODULES[module], name)) or ""
    text = re.sub(r"`[^`]*`|^ *(?:>>>|\.\.\.).*$", "", doc, flags=re.MULTILINE)
    assert not re.search(r"\|\S[^|\n]*\|", text)
