"""What tests of the compiler share."""

from __future__ import annotations

from typing import Any

import pytest

from scalargrad.compiler.dispatch import Compiler


@pytest.fixture
def no_fallback(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the code cannot do shows, and does not run uncompiled instead."""

    def refuse(*_: Any) -> Any:
        raise AssertionError("a call ran uncompiled")

    monkeypatch.setattr(Compiler, "eager", refuse)
