"""Tests of the whole project that run long: their branches are not counted, which takes twice as long."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

UNCOUNTED = ("test_demos", "test_demo_programs", "test_memory", "test_site")


@pytest.fixture(autouse=True, scope="module")
def counting(request: pytest.FixtureRequest) -> Iterator[None]:
    """What these run, other tests run as well; their own branches are the demos'."""
    coverage = sys.modules.get("coverage")
    counter = coverage.Coverage.current() if coverage else None
    if counter is None or request.module.__name__.rpartition(".")[2] not in UNCOUNTED:
        yield
        return
    counter.stop()
    yield
    counter.start()
