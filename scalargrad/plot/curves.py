"""The numbers in pictures of functions, trainings and classes, and the checks of these numbers."""

from __future__ import annotations

import math
from contextlib import suppress
from itertools import pairwise
from reprlib import repr as brief

from ..checks import as_number
from ..engine.value import number_of
from ..graph.graph import printable
from ..graph.picture import is_tex
from ..pytree import scalars_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    Point = tuple[float, float]


def numbers_of(what: str, numbers: Any) -> list[float]:
    """Numbers as floats. Raises TypeError if one is not a number."""
    return [float(as_number(number_of(x), " as {}", what)) for x in numbers]


def pairs_of(what: str, points: Any) -> list[list[float]]:
    """Points as pairs of finite floats. Raises TypeError or ValueError if they are not a sequence of such pairs."""
    if not hasattr(points, "__iter__"):
        raise TypeError(f"expected a list of pairs of numbers as {what}, got {brief(points)} ({type(points).__name__})")
    pairs = [numbers_of(what, p if hasattr(p, "__iter__") and type(p) is not str else [p]) for p in points]
    odd = [i for i, pair in enumerate(pairs) if len(pair) != 2 or not all(map(math.isfinite, pair))]
    if odd or not pairs:
        got = f"{tuple(pairs[odd[0]])} at {odd[0]:,}" if odd else "none"
        raise ValueError(f"expected pairs of finite numbers as {what}, and at least one, got {got}")
    return pairs


def finite(function: Callable[..., Any], *numbers: float) -> float:
    """The number to draw; nan, which leaves a gap, where the function has no finite value."""
    try:
        y = float(as_number(number_of(function(*numbers)), " from the function to draw"))
    except (ArithmeticError, ValueError):
        return math.nan
    return y if math.isfinite(y) else math.nan


def reach(ys: Sequence[float], share: float) -> float:
    """The distance from zero within which a given share of the numbers stays."""
    sizes = sorted(abs(y) for y in ys if y == y)
    return sizes[int(share * (len(sizes) - 1))] if sizes else 0.0


def places_of_jumps(ys: Sequence[float], slopes: Sequence[float], step: float) -> list[int]:
    """The indices of points just after a jump of the curve, where the slopes on both sides do not explain the step.

    Either the step is much larger than both slopes allow, or it goes against both and crosses zero from far away, as at
    a pole.
    """
    far = reach(ys, 0.9)
    found = []
    for i, (y0, y1, d0, d1) in enumerate(zip(ys, ys[1:], slopes, slopes[1:]), 1):
        rise, most = y1 - y0, step * max(abs(d0), abs(d1))
        leaps = abs(rise) > 10 * most + 1e-9 * (abs(y0) + abs(y1))
        turns = y0 * y1 < 0 and min(abs(y0), abs(y1)) >= far and rise * d0 < 0 and rise * d1 < 0
        if leaps or turns:
            found.append(i)
    return found


def padded(numbers: Sequence[float]) -> tuple[float, float]:
    """A range with room around the numbers."""
    low, high = min(numbers), max(numbers)
    room = 0.15 * (high - low) or max(1.0, abs(low)) * 0.5
    return low - room, high + room


def round_levels(levels: Sequence[float]) -> list[float]:
    """Rising numbers, rounded to about as few digits as keep them apart, and to one digit at least.

    No number moves by more than half of the distance to the next.
    """
    found = []
    for i, level in enumerate(levels):
        near = (*levels[max(i - 1, 0) : i], *levels[i + 1 : i + 2])
        half = min([abs(other / 2 - level / 2) for other in near], default=0.0)
        finest = min(half, abs(level) or half)
        found.append(round(level, -math.floor(math.log10(finest))) if 0 < finest < 1e300 else level)
    return found


CORNERS: dict[str, Point] = {"upper right": (1, 1), "upper left": (0, 1), "lower left": (0, 0), "lower right": (1, 0)}


def densely(way: Any) -> list[Point]:
    """The points of a way, with more points between them."""
    steps = [i / 8 for i in range(9)]
    return [(x0 + t * (x1 - x0), y0 + t * (y1 - y0)) for (x0, y0), (x1, y1) in pairwise([way[0], *way]) for t in steps]


def emptiest_corner(taken: Sequence[Point]) -> Any:
    """The corner of the unit square that is farthest from the points, as matplotlib names it."""
    return max(CORNERS, key=lambda name: min(math.dist(CORNERS[name], point) for point in taken))


def label_places(curves: Sequence[Sequence[Point]], taken: Sequence[Point]) -> list[Point]:
    """A point on each curve, far from taken points, from each other, and from the sides of the unit square."""
    around = [*taken]
    for curve in curves:
        around.append(max(curve, key=lambda p: min(*p, 1 - p[0], 1 - p[1], *[math.dist(p, x) for x in around])))
    return around[len(taken) :]


def legend_text(name: Any) -> str:
    """A name for matplotlib's legends, which leave out names that begin with _; dollars without TeX are escaped."""
    text = printable(str(name))
    text = text if is_tex(text) else text.replace("$", r"\$")
    return f" {text}" if text.startswith("_") else text


def class_places(labels: Sequence[Any], count: int) -> dict[Any, int]:
    """The index of the model's class for each label.

    Raises ValueError if there are more labels than classes, or one is nan; TypeError for lists, such as one-hot labels.
    """
    for label in labels:
        if isinstance(label, (list, tuple)):
            raise TypeError(f"expected a name or a number as the label of each point, got {label!r}")
        if label != label:
            raise ValueError("expected a label for each point, got nan")
    names = [*dict.fromkeys(labels)]
    with suppress(TypeError):  # some labels have no order
        names.sort()
    most = 2 if count == 1 else count
    if len(names) > most:
        raise ValueError(f"expected labels of {most} classes, as the model has, got {len(names)}: {brief(names)}")
    if count > 1 and all(isinstance(name, (int, float)) and name in range(count) for name in names):
        return {name: int(name) for name in names}
    if count == 1 and len(names) == 1 and isinstance(names[0], (int, float)):
        return {names[0]: int(names[0] > 0)}
    return {name: k for k, name in enumerate(names)}


def scores_of(result: Any) -> list[float]:
    """The numbers in the result of a model. Raises TypeError if there are none."""
    found = scalars_of(result, lambda part: TypeError(f"expected numbers from the model, got {brief(part)}"))
    if not found:
        raise TypeError(f"expected one number or several from the model, got {brief(result)} ({type(result).__name__})")
    return [float(number_of(x)) for x in found]
