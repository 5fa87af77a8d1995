"""Containers of numbers that several tests take apart and put together."""

from __future__ import annotations

import dataclasses
from typing import Any


@dataclasses.dataclass
class Model:
    weights: list[Any]
    bias: Any
    name: str = "model"
    twice: Any = dataclasses.field(init=False)

    def __post_init__(self) -> None:
        if self.bias < 0:
            raise ValueError("a negative bias")
        self.twice = 2 * self.bias
