"""Derivatives compared with finite differences that estimate their own error."""

from __future__ import annotations

import math
import sys
from itertools import pairwise

from ..checks import RANGE_ERRORS, brief, plural, require_callable, require_integer
from ..engine.rows import NUMBER
from ..engine.value import number_of
from ..pytree import entries_of, places_in, refill, scalars_like, scalars_of
from ..transforms.jacobian import jacobian
from ..transforms.run import outputs_of, run_at

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import Any

    Estimate = tuple[float, float]  # a derivative, and how far off it may be
    Estimates = Sequence[Estimate]
    Moved = tuple[float, list[float]] | None  # a number, and the outputs of the function there

EPSILON = sys.float_info.epsilon
HALVINGS = 44  # the number of steps, each half the one before
LEVELS = 4  # of the extrapolation
# The largest error estimates that confirm a derivative:
SHARP = 1e-3  # relative to the derivative
FLAT = 1e-6  # for a zero, relative to how much the function moves nearby
STILL = 1e-9  # for a zero, relative to the function itself
DROWNED = 1e-11  # for a derivative too small to be sharp, relative to either of these
TOO_WIDE = 1e4  # if an estimate is this many times worse than a narrower one, its steps are too wide
MODES = ("reverse", "forward")
JAXS = {"rev": "reverse", "fwd": "forward"}  # the names of modes in JAX


def richardson(column: Sequence[float]) -> tuple[float, float]:
    """The limit of differences with steps that are halved each time, and an estimate of its error.

    The error of a central difference is a series in even powers of the step; each column of the tableau cancels one
    (L. F. Richardson and J. A. Gaunt, Philosophical Transactions A 226, 1927).
    """
    rows = [[*column]]
    factor = 4.0
    while len(rows[-1]) > 1:
        rows.append([(factor * b - a) / (factor - 1) for a, b in pairwise(rows[-1])])
        factor *= 4
    return rows[-1][0], max(abs(rows[-1][0] - x) for x in rows[-2])


def extrapolate(steps: Sequence[float], slopes: Sequence[float | None], noise: Sequence[float]) -> list[Estimate]:
    """Estimates of a derivative from differences with ever smaller steps, each with an estimate of its error.

    `slopes` are central differences for the `steps`, None where the function has no value; `noise` is how far rounding
    moves the function there. An error is at least the distance to the neighbouring estimates.
    """
    found: list[Estimate] = []
    for k in range(len(steps) - LEVELS + 1):
        column = [slope for slope in slopes[k : k + LEVELS] if slope is not None]
        if len(column) == LEVELS:
            limit, error = richardson(column)
            # Rounding matters most in the narrowest difference, which the extrapolation weights by less than 1.5.
            found.append((limit, error + 1.5 * max(noise[k : k + LEVELS]) / steps[k + LEVELS - 1]))
    near = [[other for other, _ in found[max(k - 1, 0) : k + 2]] for k in range(len(found))]
    return [(x, max(error, *[abs(x - other) for other in others])) for (x, error), others in zip(found, near)]


def best(estimates: Estimates) -> tuple[float, float]:
    """The estimate to trust among those for ever narrower steps: the sharpest that agrees with the narrower ones.

    From narrow to wide, rounding matters less and less, until the step is too wide for the function. Beyond that, an
    estimate may look sharp again and be wrong, since its steps span a kink, whole waves or everything of interest. So
    an estimate counts only if no narrower one contradicts it, and none on the way to it is much worse than before.
    """
    trusted: list[Estimate] = []
    least = math.inf
    for limit, error in reversed(estimates):
        if error > TOO_WIDE * least:
            break
        least = min(least, error)
        if all(abs(limit - other) <= 4 * (error + other_error) for other, other_error in trusted):
            trusted.append((limit, error))
    return min(trusted, key=lambda estimate: estimate[1], default=(math.nan, math.inf))


def noise_of(function: Callable[..., Any], args: Sequence[Any], outputs: Sequence[float]) -> list[float]:
    """How far rounding may move each output of a function: an ulp of each number on the way, carried to the output.

    If the function does not run on Values, the estimate is a few ulps of the `outputs` themselves.
    """
    try:
        run, result = run_at("check_grads", function, in_plain_floats(args), {}, tuple(range(len(args))))
    except (TypeError, AttributeError, *RANGE_ERRORS):
        return [8 * EPSILON * abs(y) for y in outputs]
    noise = []
    for y in outputs_of("check_grads", result):
        rows = run.order([y]) + run.leaf_rows
        adjoints = run.adjoints([(y, 1.0)], None)
        pairs = [(adjoints.of(row), row[NUMBER]) for row in rows]
        carried = [abs(adjoint * number) for adjoint, number in pairs if adjoint is not None and number is not None]
        noise.append(2 * EPSILON * (abs(number_of(y)) + sum(x for x in carried if math.isfinite(x))))
    return noise


class Differences:
    """The derivatives of a function of floats with respect to each number in its arguments, by finite differences."""

    def __init__(self, function: Callable[..., Any], args: Sequence[Any]) -> None:
        self.function = function
        self.args = args
        self.point = [float(number_of(x)) for x in scalars_of(args, refuse)]
        self.outputs = self.values(self.point)
        self.noise = noise_of(function, args, self.outputs)

    def values(self, point: Sequence[float]) -> list[float]:
        result = self.function(*refill(tuple(self.args), iter(point), construct=True))
        return [float(number_of(y)) for y in outputs_of("check_grads", result)]

    def moved(self, index: int, step: float) -> Moved:
        """The number after a step and the outputs there; None where the function has no finite value."""
        point = [*self.point]
        point[index] += step
        try:
            outputs = self.values(point)
        except RANGE_ERRORS:
            return None
        if not all(map(math.isfinite, outputs)):
            return None
        return point[index], outputs

    def by(self, index: int) -> Iterator[tuple[float, float, list[Estimate], float]]:
        """For each output: its derivative with respect to a number, the error, the one-sided ones, how far it moved."""
        x = self.point[index]
        widths = [8 * max(abs(x), 1.0)] if abs(x) > 1e-6 or not x else [8.0, abs(x)]
        ladders = [[2.0 ** (math.frexp(width)[1] - k) for k in range(HALVINGS)] for width in widths]
        here = (x, self.outputs)
        sides = []
        for steps in ladders:
            moved = [(self.moved(index, -step), self.moved(index, step)) for step in steps]
            columns = zip(*[(slope(left, right), slope(left, here), slope(here, right)) for left, right in moved])
            sides.append((steps, moved, [*columns]))
        for i, noise in enumerate(self.noise):
            found: list[list[Estimate]] = [[], [], []]  # central, to the left, to the right
            for steps, moved, slopes in sides:
                wobble = [noise + 2 * EPSILON * max(abs(end[1][i]) if end else 0.0 for end in ends) for ends in moved]
                for estimates, column in zip(found, slopes):
                    extrapolation = extrapolate if estimates is found[0] else extrapolate_one_sided
                    estimates += extrapolation(steps, [None if s is None else s[i] for s in column], wobble)
            ends = [end for _, moved, _ in sides for pair in moved for end in pair if end]
            reach = max([abs(outputs[i] - self.outputs[i]) for _, outputs in ends], default=0.0)
            yield (*best(found[0]), [best(found[1]), best(found[2])], reach)


def slope(left: Moved, right: Moved) -> list[float] | None:
    if left is None or right is None or left[0] == right[0]:
        return None
    return [(b - a) / (right[0] - left[0]) for a, b in zip(left[1], right[1])]


def extrapolate_one_sided(
    steps: Sequence[float], slopes: Sequence[float | None], noise: Sequence[float]
) -> list[Estimate]:
    """As `extrapolate`, for one-sided differences, whose error begins with the first power of the step."""
    halved = [None if a is None or b is None else 2 * b - a for a, b in pairwise(slopes)]
    return [
        (b, abs(b - a) + 6 * wobble / step)
        for step, wobble, (a, b) in zip(steps[2:], noise, pairwise(halved))
        if a is not None and b is not None
    ]


def judge(
    given: float,
    numeric: float,
    error: float,
    one_sided: Estimates,
    reach: float,
    size: float = 0.0,
    noise: float = 0.0,
) -> str:
    """The verdict on a derivative: "right", "right (a kink)", "wrong" or "cannot tell".

    A derivative of zero gives no scale for its error. Its scales are `reach`, how much the function moves nearby for
    each unit of its argument, `size`, how large the function itself is for each unit, and the size of the terms that
    cancelled, which follows from `noise`, how far rounding moves the given derivative.
    """
    if not math.isfinite(given):
        return "wrong" if error < math.inf else "cannot tell"
    error += noise
    largest = max(abs(given), abs(numeric))
    tolerance = 4 * error + 4 * EPSILON * largest
    is_sharp = error <= SHARP * largest
    is_small = tolerance <= max(FLAT * reach, STILL * max(size, noise / EPSILON))
    are_zero = abs(numeric) <= tolerance and is_small and abs(given) <= 4 * EPSILON * reach + 4 * noise
    is_drowned = tolerance <= DROWNED * max(reach, size) and reach > FLAT * size
    does_not_move = given == numeric == reach == 0
    if abs(given - numeric) <= tolerance and (is_sharp or are_zero or is_drowned or does_not_move):
        return "right"
    if is_between(given, numeric, error, one_sided):
        return "right (a kink)"
    if abs(given - numeric) > (tolerance if is_sharp or are_zero else 25 * tolerance):
        return "wrong" if error < math.inf else "cannot tell"
    return "cannot tell"


def is_between(given: float, numeric: float, error: float, one_sided: Estimates) -> bool:
    """Whether there is a kink and the derivative lies between those from its two sides.

    Across a kink, central differences tend to the mean of the two sides; where they do not, one side is misjudged.
    """
    (left, left_error), (right, right_error) = one_sided
    margin = 4 * max(left_error, right_error)
    if not abs(right - left) > max(10 * margin, SHARP * max(abs(left), abs(right))):
        return False
    if not abs((left + right) / 2 - numeric) <= margin + 4 * error:
        return False
    return min(left, right) - margin <= given <= max(left, right) + margin


def check_grads(
    function: Callable[..., Any],
    args: Sequence[Any],
    order: int = 1,
    modes: Sequence[str] = MODES,
    gradient: Callable[..., Any] | None = None,
) -> str:
    """Compare derivatives of a function with extrapolated finite differences, entry by entry.

    The differences choose their own steps. They estimate their own error from the extrapolation and, by a recorded run,
    from how far rounding moves the function. A derivative is wrong if it is off by several times that error. At a kink,
    it is right if it lies between those from the left and from the right. It counts as zero if it is negligible beside
    how much the function moves nearby, or beside its own rounding. Differences that cannot tell raise an error, too.

    Args:
        function: takes numbers, Vectors, arrays and structures of them; returns numbers in any structure.
        args: a tuple or list of the arguments.
        order: the highest order; derivatives of order 2 are compared with differences of those of order 1.
        modes: "reverse" or "rev", "forward" or "fwd", or both: how scalargrad computes the derivatives.
        gradient: other code for the first derivatives, to compare instead. Called with the same arguments, it returns
            what `jacobian(function)` would, in the same structure (for several arguments, a tuple). `function` then
            need not run on Values.

    Returns:
        The report, one line for each derivative.

    Raises:
        AssertionError: a derivative is wrong, or differences cannot tell; the message has the report.
        TypeError: `function` or `gradient` cannot be called, `args` is not a tuple or list or holds something other
            than numbers, or `order` is not an integer.
        ValueError: `args` is empty, `order` is out of range, a mode is unknown, or `gradient` has another structure.

    >>> print(check_grads(lambda x, y: x * y, (3.0, 2.0), modes=("reverse",)))
    reverse d result / d args[0]: 2.0, differences 2.0 +- 1.6e-14: right
    reverse d result / d args[1]: 3.0, differences 3.0 +- 2.1e-14: right
    """
    check_options(function, args, order, modes, gradient)
    entries: list[tuple[str, str]] = []
    if gradient is not None:
        entries = compare("", function, args, rows_of_others(gradient, function, args), gradient)
    else:
        for mode in [JAXS.get(mode, mode) for mode in modes]:
            derived = function
            for _ in range(order):
                given = jacobian(derived, tuple(range(len(args))), mode=mode)
                entries += compare(f"{mode} ", derived, args, rows_of(derived, args, mode), given)
                derived = given
    report = "\n".join([f"{entry}: {verdict}" for entry, verdict in entries])
    wrong = sum(not verdict.startswith("right") for _, verdict in entries)
    if wrong:
        raise AssertionError(f"{wrong} of {len(entries)} derivatives are not confirmed:\n{report}")
    return report


def check_options(function: object, args: object, order: object, modes: Any, gradient: object) -> None:
    require_callable("check_grads", function)
    if gradient is not None:
        require_callable("gradient of check_grads", gradient)
        if order != 1:
            raise ValueError(f"order of check_grads is 1 for a gradient of other code, not {order!r}")
    if not isinstance(args, (list, tuple)):
        raise TypeError(f"check_grads takes its args as a tuple, not {brief(args)} ({type(args).__name__})")
    if not args:
        raise ValueError("args of check_grads are empty; give a number to differentiate at, as in (2.0,)")
    require_integer("order of check_grads", order, 1)
    if not isinstance(modes, (list, tuple)) or not modes or any(mode not in (*MODES, *JAXS) for mode in modes):
        raise ValueError(f"modes of check_grads are some of {MODES}, not {modes!r}")


def rows_of(function: Callable[..., Any], args: Sequence[Any], mode: str) -> list[list[float]]:
    """The derivatives of each output with respect to each number in the arguments."""
    run, result = run_at("check_grads", function, in_plain_floats(args), {}, tuple(range(len(args))))
    return [run.dense(row) for row in run.rows(outputs_of("check_grads", result), mode, None)]


def rows_of_others(
    gradient: Callable[..., Any], function: Callable[..., Any], args: Sequence[Any]
) -> list[list[float]]:
    """The same from other code: a gradient in the structure of the arguments, a list of them for several outputs."""
    given = gradient(*in_plain_floats(args))
    count = len(outputs_of("check_grads", function(*in_plain_floats(args))))
    rows = entries_of(given) if count > 1 else [given]
    if rows is None:
        raise ValueError(f"expected a list of {plural(count, 'gradient')}, one for each output, got {brief(given)}")
    return [
        [float(number_of(x)) for x in scalars_like(tuple(args), (row,) if len(args) == 1 else row, "a gradient")]
        for row in rows
    ]


def compare(
    name: str, function: Any, args: Sequence[Any], rows: Sequence[Sequence[float]], gradient: Callable[..., Any]
) -> list[tuple[str, str]]:
    """Each derivative of a function beside its estimate by differences, and the verdict; `rows` are from `gradient`."""
    differences = Differences(function, args)
    inputs = [*places_in(tuple(args), "args")]
    outputs = [*places_in(function(*in_plain_floats(args)), "result")]
    if len(rows) != len(outputs):
        raise ValueError(f"expected a list of {plural(len(outputs), 'gradient')}, one for each output, got {len(rows)}")
    columns = [[*differences.by(index)] for index in range(len(inputs))]
    noise: list[float] = []  # of the derivatives, if needed: it takes those of the next order
    entries = []
    for i, (output, row) in enumerate(zip(outputs, rows)):
        for j, (wanted, given) in enumerate(zip(inputs, row)):
            numeric, error, one_sided, reach = columns[j][i]
            unit = max(abs(differences.point[j]), 1.0)
            scales = reach / unit, abs(differences.outputs[i]) / unit
            verdict = judge(given, numeric, error, one_sided, *scales)
            if not verdict.startswith("right"):
                noise = noise or noise_of(gradient, args, [x for row in rows for x in row])
                verdict = judge(given, numeric, error, one_sided, *scales, noise[i * len(inputs) + j])
            found = f"{given!r}, differences {numeric!r} +- {error:.1e}"
            entries.append((f"{name}d {output} / d {wanted}: {found}", verdict))
    return entries


def in_plain_floats(args: Sequence[Any]) -> Sequence[Any]:
    """The arguments with their numbers as plain floats."""
    numbers = iter([float(number_of(x)) for x in scalars_of(args, refuse)])
    return refill(tuple(args), numbers, construct=True)  # type: ignore[no-any-return]


def refuse(part: Any) -> Exception:
    return TypeError(
        f"check_grads takes arguments of numbers, Vectors, arrays and nested lists, tuples, dicts and dataclasses of "
        f"them, got {brief(part)} ({type(part).__name__})"
    )
