"""How much each test does, by the environment variable SCALARGRAD_PROFILE: all of it in the gate, less by default.

In the gate, `ci` counts branches, which takes twice as long: with all cases, of a tenth of their size. `elsewhere` goes
without, with the whole size.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Sequence

    T = TypeVar("T")

PROFILE = os.environ.get("SCALARGRAD_PROFILE", "default")
EXAMPLES = {"default": 10, "ci": 20, "elsewhere": 10, "wasm": 8, "thorough": 6000}  # of each property
IS_BRIEF = PROFILE in ("default", "wasm")


def sized(full: int) -> int:
    """How large a test is to be that does the same at any size: a tenth of `full` by default."""
    return full // 10 if IS_BRIEF or PROFILE == "ci" else full


def some(cases: Sequence[T], count: int) -> Sequence[T]:
    """Cases that tell the same of one thing: by default so many of them, from first to last."""
    if not IS_BRIEF:
        return cases
    return [cases[i * (len(cases) - 1) // (count - 1)] for i in range(count)]
