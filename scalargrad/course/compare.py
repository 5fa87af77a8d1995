"""Compares a learner's numbers with the right ones, and says in sentences where they are off.

Derivatives are compared with central differences of plain floats.
"""

from __future__ import annotations

import math
import random

from .learner import LearnerError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from typing import Any

    Hint = tuple[str, Callable[..., float]]  # a sentence on a mistake, and the number that it gives

DIFFERENCES = "central differences give"


def require(condition: object, sentence: str) -> None:
    if not condition:
        raise LearnerError(sentence)


def gave(given: Any) -> str:
    """What a learner gave, as it follows a semicolon in a sentence."""
    return f"you gave {given!r} ({'is `return` missing?' if given is None else type(given).__name__})"


def attribute_of(value: Any, name: str, what: str) -> Any:
    """An attribute of a learner's object. Raises LearnerError if the object has none of that name."""
    require(hasattr(value, name), f"{what} should have the attribute `{name}`; {gave(value)}.")
    return getattr(value, name)


def as_float_of(given: Any, what: str) -> float:
    """A learner's number as a float. Raises LearnerError if it is no plain number."""
    require(isinstance(given, (int, float)), f"{what} should be a plain number; {gave(given)}.")
    return float(given)


def are_close(x: float, y: float) -> bool:
    """Whether two numbers are equal as far as central differences go."""
    return x == y or math.isclose(x, y, rel_tol=1e-6, abs_tol=1e-7) or (math.isnan(x) and math.isnan(y))


def difference(f: Callable[..., float], point: Sequence[float], i: int) -> float:
    """The central difference of a function with respect to one of its arguments."""
    h = 1e-5
    right, left = [*point], [*point]
    right[i] += h
    left[i] -= h
    return (f(*right) - f(*left)) / (right[i] - left[i])


def digits(number: float) -> str:
    return f"{number:.6g}"


def at(point: Mapping[str, float]) -> str:
    return " and ".join(f"{name} = {digits(x)}" for name, x in point.items())


def where_off(points: Sequence[Mapping[str, float]], failing: Sequence[bool]) -> str:
    """The part of the points that fails, such as " where x is negative"; empty if all fail or the part has no name."""
    parts: dict[str, Callable[[float], bool]] = {
        "is negative": lambda x: x < 0,
        "is positive": lambda x: x > 0,
        "is larger than 1": lambda x: x > 1,
    }
    for name in points[0]:
        for part, lies_in in parts.items():
            if [lies_in(point[name]) for point in points] == [*failing] and not all(failing):
                return f" where {name} {part}"
    return ""


def compared(
    what: str,
    given: Sequence[float],
    expected: Sequence[float],
    points: Sequence[Mapping[str, float]],
    hints: Iterable[Hint] = (),
    source: str = DIFFERENCES,
) -> None:
    """Raise LearnerError with a sentence on where numbers are off, if any are.

    Args:
        what: what is compared.
        given: the learner's numbers.
        expected: the right ones.
        points: the arguments, by their names.
        hints: known mistakes: a sentence on each, and a function that gives its number.
        source: where the right numbers come from.
    """
    failing = [not are_close(x, y) for x, y in zip(given, expected)]
    if not any(failing):
        return
    i = failing.index(True)
    wrong = [(x, y, point) for x, y, point, fails in zip(given, expected, points, failing) if fails]
    known: list[Hint] = [*hints]
    said = [hint for hint, function in known if all(are_close(x, function(*point.values())) for x, _, point in wrong)]
    if not said:
        said = [f"It {ratio}." for ratio in [ratio_of([(x, y) for x, y, _ in wrong])] if ratio]
    raise LearnerError(
        f"{what} is off{where_off(points, failing)}: you gave {digits(given[i])}, {source} {digits(expected[i])}, at "
        f"{at(points[i])}. {' '.join(said[:1])}".rstrip()
    )


def ratio_of(pairs: Sequence[tuple[float, float]]) -> str:
    """The way in which all numbers are off: "has the wrong sign", "is 2 times what it should be", or nothing."""
    if all(y and are_close(x / y, -1) for x, y in pairs):
        return "has the wrong sign"
    first, factor = pairs[0], 0.0
    if len(pairs) >= 3 and first[1]:
        factor = first[0] / first[1]
    return (
        f"is {digits(factor)} times what it should be"
        if factor and all(are_close(x, factor * y) for x, y in pairs)
        else ""
    )


def some_numbers(generator: random.Random, count: int) -> list[float]:
    """Numbers with two digits, neither small nor large, of both signs."""
    return [generator.choice([-1, 1]) * generator.randint(30, 300) / 100 for _ in range(count)]


def some_points(generator: random.Random, names: str, count: int = 24) -> list[dict[str, float]]:
    return [dict(zip(names.split(), some_numbers(generator, len(names.split())))) for _ in range(count)]
