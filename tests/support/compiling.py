"""What tests of `compile` share: results compared bit for bit, and a few functions."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

import scalargrad as sg
from scalargrad.pytree import plain_structure
from scalargrad.transforms.run import Transform

NUMBERS = st.floats(-4, 4)


def eager(function: Any, *args: Any) -> Any:
    """What a function gives on recorded floats, as plain numbers."""
    recorded = args if isinstance(function, Transform) else [sg.Value(x) if type(x) is float else x for x in args]
    return plain_structure(function(*recorded))


def exactly(x: Any) -> Any:
    """A result so that `==` tells types and signs of zeros, and nan equals nan."""
    if isinstance(x, (list, tuple)):
        return type(x), [exactly(part) for part in x]
    if isinstance(x, dict):
        return {key: exactly(part) for key, part in x.items()}
    return type(x), repr(x)


def flat(x: Any) -> list[float]:
    return [number for part in x for number in flat(part)] if isinstance(x, (list, tuple)) else [x]


def assert_same(found: Any, expected: Any, source: str = "") -> None:
    """Bit for bit, or, where a small power may have become a product, to nearly all digits."""
    if "**" not in source:
        assert exactly(found) == exactly(expected)
    for a, b in zip(flat(found), flat(expected), strict=True):
        assert a == b or abs(a - b) <= 1e-11 * max(1, abs(b)) or (a != a and b != b)


def execute(source: str) -> dict[str, Any]:
    namespace: dict[str, Any] = {}
    exec(source, namespace)
    return namespace


def loss(w: float, b: float, x: float, y: float) -> Any:
    """The lesson's loss."""
    return (w * x + b - y) ** 2


def newton_root(a: Any) -> Any:
    x = a
    while abs(x * x - a) > 1e-12 * a:
        x = (x + a / x) / 2
    return x


def place_of(function: Any) -> str:
    return f"{Path(inspect.getfile(function)).name}, line {inspect.getsourcelines(function)[1]}"


def assert_gradient_of_three_numbers(argument: Any) -> None:
    """A compiled gradient by a container of three numbers has the kind and the numbers that it has eagerly."""
    compiled = sg.compile(sg.grad(lambda v: v[0] * v[1] ** 3 + sg.sin(v[2])))
    expected = compiled.__wrapped__(argument)
    for _ in range(3):
        found = compiled(argument)
        assert type(found) is type(expected)
        assert [*found] == [*expected]
