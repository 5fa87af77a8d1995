"""What tests of pictures share."""

from __future__ import annotations

import random
from typing import Any

import scalargrad as sg


def texts(ax: Any) -> list[str]:
    """What is written on axes."""
    return [text.get_text() for text in ax.texts]


def example() -> sg.Value:
    x, y = sg.Value(2.0, label="x"), sg.Value(3.0, label="y")
    z = sg.sin(x) * y + x * x
    z.label = "z"
    return z


def network(inputs: int, hidden: int) -> sg.Value:
    """The score of a network of two layers of neurons."""
    generator = random.Random(1)
    values: list[sg.Value] = [sg.Value(generator.random(), label=f"x{i}") for i in range(inputs)]
    for width in (hidden, hidden):
        values = [
            sg.relu(sg.Variable([generator.gauss(0, 1) for _ in values]).dot(values) + sg.Variable(0.0))
            for _ in range(width)
        ]
    score = sg.Vector(values).sum()
    score.label = "score"
    return score


def bowl(x: Any, y: Any) -> Any:
    return x * x + 3 * y * y
