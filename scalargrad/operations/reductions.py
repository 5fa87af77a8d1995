"""Reductions: operations of any number of operands that make one node, and the operations that their rules need.

A `@reduction` has one rule, which gives the local derivatives with respect to all operands at once. Like the rules in
`elementary`, it only composes operations.
"""

from __future__ import annotations

import math
import operator
import sys
from functools import reduce
from itertools import accumulate

from . import special
from .elementary import one_like, over_square, quotient, step
from .operation import facts, on_floats, on_halves, operation, reduction

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from ..checks import Number
    from .operation import Operand, Same


class Zero(int):
    """A zero that is not a plain integer."""


# The start of a sum that adds from left to right. From Python 3.12 on the builtin sum compensates for rounding, unless
# its start is not a plain number.
ZERO = 0 if sys.version_info < (3, 12) else Zero(0)


def left_sum(numbers: Any) -> Any:
    """The sum, from left to right."""
    return sum(numbers, ZERO)


@reduction(1, gives="any", chain="+", start=0)
def sum_(*xs: Number) -> Number:
    """The sum, from left to right."""
    return left_sum(xs)


@reduction(lambda *xs: [quotient(one_like(x), len(xs)) for x in xs], slopes="1 / {count}", gives="float", chain="+/")
def mean(*xs: Number) -> Number:
    """The sum, from left to right, divided by the number of operands."""
    return left_sum(xs) / len(xs)


@reduction(1, raises=True)
def fsum(*xs: Number) -> float:
    """The sum, rounded once."""
    return math.fsum(xs)


@on_halves(lambda xs, ys: (ys, xs))
def the_other_half(*xs: Operand) -> tuple[Operand, ...]:
    return (*xs[len(xs) // 2 :], *xs[: len(xs) // 2])


@reduction(the_other_half, gives="any", chain="+*")
def dot(*xs: Number) -> Number:
    """The sum, from left to right, of the products of the first half of the operands with the second."""
    half = len(xs) // 2
    return left_sum(map(operator.mul, xs, xs[half:]))


@reduction(the_other_half, raises=True, gives="any")
def sumprod(*xs: Number) -> Number:
    """The sum of products, as `math.sumprod` rounds it (from Python 3.12 on)."""
    return math.sumprod(xs[: len(xs) // 2], xs[len(xs) // 2 :])  # type: ignore[attr-defined]


def running_products(xs: Sequence[float]) -> list[float] | None:
    """The products of all others, by plain multiplication; None if a partial product is not a normal float.

    Among normal floats the scaling by powers of two below is exact, so all digits are the same. A zero gives None.
    """
    before = [*accumulate(xs[:-1], operator.mul, initial=1)]
    after = [*accumulate(xs[:0:-1], operator.mul, initial=1)]
    others = [*map(operator.mul, before, reversed(after))]
    reach = 2.0 ** (1000 / len(xs))  # in this band no product can leave the range
    if not (1 / reach < min(map(abs, xs)) and max(map(abs, xs)) < reach):
        whole = sum(others)  # an infinity or nan in any partial product shows in it
        if whole - whole != 0 or min(min(map(abs, some)) for some in (before, after, others)) < sys.float_info.min:
            return None
    return others


@on_floats(running_products)
def products_of_others(*xs: Operand) -> list[Operand]:
    """For each operand the product of all others, without a division.

    Where a partial product leaves the range of floats and a result does not, operands are scaled by powers of two on
    the way.
    """
    leaves = leaves_range(*xs)
    before: list[Operand] = [1]
    places: list[Operand] = []
    scaled: list[Operand] = []
    for x in xs:
        places.append(leaves * excess(before[-1], x))
        scaled.append(shifted(x, places[-1]))
        before.append(before[-1] * scaled[-1])
    after = reversed([*accumulate(scaled[:0:-1], operator.mul, initial=1)])
    together = sum(places)
    return [shifted(left * right, own - together) for left, right, own in zip(before, after, places)]


@reduction(None, arrays=lambda xp, *xs: 0.0)
def leaves_range(*xs: Number) -> int:
    """1 if a product of the first or last few leaves the range of floats while that of all but one does not, else 0."""
    sizes = [math.frexp(x)[1] if type(x) is float and x - x == 0 else 0 for x in xs]
    whole = sum(sizes)
    before, widest, widest_before = 0, 0, []
    for size in sizes:
        widest_before.append(widest)
        before += size
        widest = max(widest, abs(before))
    after, widest, found = 0, 0, 0
    for size, other in zip(reversed(sizes), reversed(widest_before)):
        if abs(whole - size) < 1100 and max(widest, other) > 1000:
            found = 1
        after += size
        widest = max(widest, abs(after))
    return found


@operation(None, None, arrays=lambda xp, product, x: 0.0)
def excess(product: Number, x: Number) -> int:
    """How many powers of two to divide a float x by, so that its product with another number stays in a band.

    If that number is zero, infinite or nan, x itself is brought into the band. An x of this kind is not scaled.
    """
    if type(x) is not float or x == 0 or x - x != 0:
        return 0
    size = math.frexp(x)[1]
    if type(product) is float:
        if product == 0 or product - product != 0:
            return size
        size += math.frexp(product)[1]
    return size - 200 if size > 200 else size + 200 if size < -200 else 0


@operation(lambda x, places: shifted(one_like(x), places), None, arrays=lambda xp, x, places: x)
def shifted(x: Same, places: int) -> Same:
    """x * 2**-places, infinite if that is too large."""
    return special.scaled(x, -places) if places else x


@reduction(products_of_others, slopes="the product of the others", gives="any", chain="*", start=1)
def prod(*xs: Number) -> Number:
    """The product, from left to right."""
    return reduce(operator.mul, xs, 1)


def ratios_to_length(xs: Sequence[float]) -> list[float]:
    """The directions on floats; the rule's way around cancellation matters only for its own derivatives."""
    if len(xs) == 2:
        return [leg_ratio(xs[0], xs[1]), leg_ratio(xs[1], xs[0])]
    scale = lift.kernel(*xs)
    lifted = [x * scale for x in xs]
    length = math.hypot(*lifted)
    return [x / length for x in lifted] if length else lifted


@on_floats(ratios_to_length)
def directions(*xs: Operand) -> list[Operand]:
    """x / length for each x; for two operands it is `leg_ratio`, whose derivatives do not cancel."""
    if len(xs) == 2:
        return [leg_ratio(xs[0], xs[1]), leg_ratio(xs[1], xs[0])]
    scale = lift(*xs)
    lifted = [x * scale for x in xs]
    length, rest, lead = norm(*lifted), norm_but_largest(*lifted), leading_cosine(*lifted)
    return [cosine(x, length, lead, rest) for x in lifted]


@reduction(None, formula="1", arrays=lambda xp, *xs: 1.0)
def lift(*xs: Number) -> float | int:
    """The factor for all of xs with which their length keeps its digits: 1 except near the ends of the range."""
    largest = max(map(abs, xs))
    return 2.0**600 if 0 < largest < 2.0**-900 else 2.0**-600 if largest > 2.0**900 else 1


@reduction(directions, numpy="hypot")
@facts(slopes="x / z", arrays=lambda xp, *xs: reduce(xp.hypot, xs) if len(xs) > 1 else abs(xs[0]))
def norm(*xs: Number) -> float:
    """The Euclidean length, as `math.hypot` gives it, without overflow or underflow on the way."""
    return math.hypot(*xs)


def ratios_to_distance(xs: Sequence[float]) -> list[float]:
    towards = ratios_to_length([*map(operator.sub, xs, xs[len(xs) // 2 :])])
    return [*towards, *map(operator.neg, towards)]


@on_floats(ratios_to_distance)
def apart(*xs: Operand) -> list[Operand]:
    towards = directions(*map(operator.sub, xs, xs[len(xs) // 2 :]))
    return [*towards, *[-x for x in towards]]


@reduction(apart)
@facts(
    slopes="(x - xs[i - n // 2]) / z",
    arrays=lambda xp, *xs: reduce(xp.hypot, map(operator.sub, xs, xs[len(xs) // 2 :]), 0.0),
)
def dist(*xs: Number) -> float:
    """The distance between two points, which are the first and the second half of the operands."""
    return math.dist(xs[: len(xs) // 2], xs[len(xs) // 2 :])


@operation(lambda x, length: quotient(1, length), lambda x, length: -over_square(x, length), formula="x / length")
def direction(x: Number, length: Number) -> Number:
    """x / length, and 0 for the zero vector, which is in the subdifferential of its length."""
    return x / length if length else x


def all_but_largest(xp: Any, xs: Sequence[Any]) -> list[Any]:
    """All arrays but the largest, element by element: the smaller of each array and the largest before it."""
    return [xp.minimum(reduce(xp.maximum, xs[:i]), xs[i]) for i in range(1, len(xs))]


def rest_over_arrays(xp: Any, *xs: Any) -> Any:
    return reduce(xp.hypot, all_but_largest(xp, [*map(abs, xs)]), 0.0)


@reduction(None, arrays=rest_over_arrays)
def norm_but_largest(*xs: Number) -> float:
    """The length without the largest coordinate, or without one of those that tie."""
    return math.hypot(*sorted(map(abs, xs))[:-1])


@operation(None, None)
def stands_out(x: Number, rest: Number) -> float:
    """1 if |x| is more than all the rest together, else 0; at most one operand stands out."""
    return 1.0 if abs(x) > rest else 0.0


@operation(
    lambda x, length, lead, rest: (1 - stands_out(x, rest)) * quotient(1, length),
    lambda x, length, lead, rest: (stands_out(x, rest) - 1) * over_square(x, length),
    lambda x, length, lead, rest: stands_out(x, rest),
    None,
)
def cosine(x: Number, length: Number, _lead: Number, _rest: Number) -> Number:
    """x / length; if x stands out, its derivative is that of `leading_cosine`, since 1 - cosine**2 would cancel."""
    return x / length if length else x


def leading_slopes(*xs: Operand) -> list[Operand]:
    length, rest, lead = norm(*xs), norm_but_largest(*xs), leading_cosine(*xs)
    inverse = quotient(one_like(length), length)
    cosines = [direction(x, length) for x in xs]
    out = [stands_out(x, rest) for x in xs]
    over = [c * inverse for c in cosines]
    others = dot(*[(1 - o) * c for o, c in zip(out, cosines)], *over)
    return [o * others - (1 - o) * lead * c for o, c in zip(out, over)]


def leading_over_arrays(xp: Any, *xs: Any) -> Any:
    high, low = reduce(xp.maximum, xs), reduce(xp.minimum, xs)
    largest = xp.where(high > -low, high, low)
    length = xp.maximum(reduce(xp.hypot, xs, 0.0), 5e-324)
    return xp.where(abs(largest) > rest_over_arrays(xp, *xs), largest / length, 0.0)


@reduction(leading_slopes, arrays=leading_over_arrays)
def leading_cosine(*xs: Number) -> float:
    """x / length for the x that stands out, else 0; the derivative with respect to x sums the others' squares."""
    largest = max(xs, key=abs)
    return largest / math.hypot(*xs) if abs(largest) > norm_but_largest.kernel(*xs) else 0.0


@operation(
    lambda x, y: leg_ratio(y, x) * quotient(leg_ratio(y, x), norm(x, y)),
    lambda x, y: -leg_ratio(x, y) * quotient(leg_ratio(y, x), norm(x, y)),
)
@facts(formula="x / hypot(x, y)", arrays=lambda xp, x, y: x / xp.maximum(xp.hypot(x, y), 5e-324))
def leg_ratio(x: Number, y: Number) -> float:
    """x/sqrt(x**2 + y**2), and 0 at the origin; its rules, unlike those of x/length, do not cancel."""
    scale = lift.kernel(x, y)
    length = math.hypot(x * scale, y * scale)
    return x * scale / length if length else 0.0


def tied_shares(extreme: Callable[..., Operand], xs: Sequence[Operand]) -> list[Operand]:
    result = extreme(*xs)
    count = ties(result, *xs)
    return [tied(x, result, count) for x in xs]


@reduction(lambda *xs: tied_shares(peak, xs))
@facts(slopes="1 if {x} == {z}, shared in a tie, else 0", arrays=lambda xp, *xs: reduce(xp.maximum, xs))
def max_(*xs: Number) -> Number:
    """The largest; operands that tie share the gradient equally."""
    return max(xs)


@reduction(lambda *xs: tied_shares(trough, xs))
@facts(slopes="1 if {x} == {z}, shared in a tie, else 0", arrays=lambda xp, *xs: reduce(xp.minimum, xs))
def min_(*xs: Number) -> Number:
    """The smallest; operands that tie share the gradient equally."""
    return min(xs)


@reduction(None, arrays=lambda xp, *xs: reduce(xp.maximum, xs))
def peak(*xs: Number) -> Number:
    return max(xs)


@reduction(None, arrays=lambda xp, *xs: reduce(xp.minimum, xs))
def trough(*xs: Number) -> Number:
    return min(xs)


@reduction(None, arrays=lambda xp, result, *xs: sum((x == result for x in xs), 0.0))
def ties(result: Number, *xs: Number) -> int:
    return sum(x == result for x in xs)


@operation(0, 0, None)
def tied(x: Same, result: Number, count: Number) -> Same:
    """The share of x in an extreme value that `count` operands equal: 1 / count, or 0 if x is not one of them."""
    return one_like(x) / count if x == result else type(x)(0)


def exponentials(*xs: Operand) -> tuple[list[Operand], Operand, Operand]:
    """exp(x - the largest x) for each x, their sum, and their sum without the largest."""
    top = peak(*xs)
    es = [exp_gap(x, top) for x in xs]
    return es, total(*es), total_but_largest(*es)


def powers_of_floats(xs: Sequence[float]) -> list[float]:
    top, gap = max(xs), exp_gap.operation.kernel
    return [gap(x, top) for x in xs]


def shares_of_floats(xs: Sequence[float]) -> list[float]:
    es = powers_of_floats(xs)
    whole = math.fsum(es)
    return [e / whole for e in es]


@on_floats(shares_of_floats)
def softmax_shares(*xs: Operand) -> list[Operand]:
    """exp(x) over the sum of all exp(x), for each x; they share the sums of exponentials."""
    es, whole, rest = exponentials(*xs)
    return [share(e, whole, rest) for e in es]


def logsumexp_over_arrays(xp: Any, *xs: Any) -> Any:
    top = reduce(xp.maximum, xs)
    shift = xp.where(xp.isinf(top), 0.0, top)
    first, *others = [xp.exp(x - shift) for x in xs]
    return shift + xp.log(sum(others, first))


@reduction(softmax_shares, slopes="exp(x - z)", arrays=logsumexp_over_arrays)
def logsumexp(*xs: Number) -> float:
    """log of the sum of exp(x), for any x."""
    top = max(xs)
    if math.isinf(top) or any(x != x for x in xs):
        return math.nan if any(x != x for x in xs) else top
    rest = list(xs)
    rest.remove(top)
    return top + math.log1p(math.fsum(math.exp(x - top) for x in rest))


def surprise_slopes_of_floats(xs: Sequence[float]) -> list[float] | None:
    """The slopes on floats; None if the first stands out, since its slope would cancel."""
    es = powers_of_floats(xs)
    if es[0] > math.fsum(sorted(es)[:-1]):
        return None
    whole = math.fsum(es)
    return [es[0] / whole - 1, *[e / whole for e in es[1:]]]


@on_floats(surprise_slopes_of_floats)
def surprise_slopes(*xs: Operand) -> list[Operand]:
    es, whole, rest = exponentials(*xs)
    out, own = stands_out(es[0], rest), own_whole(es[0], whole, rest)
    others = out * rest / own + (1 - out) * (1 - es[0] / own)
    return [-others, *[share(e, whole, rest) for e in es[1:]]]


@reduction(surprise_slopes)
@facts(
    slopes=("exp(-z) - 1", "exp(x - xs[0] - z)"),
    arrays=lambda xp, *xs: logsumexp_over_arrays(xp, 0.0, *[x - xs[0] for x in xs[1:]]),
)
def surprise(*xs: Number) -> float:
    """-log(softmax(x)) of the first x; the derivative with respect to it is minus the share of the others."""
    return logsumexp.kernel(0.0, *[x - xs[0] for x in xs[1:]])


@operation(lambda x, top: exp_gap(x, top), 0, formula="exp(x - top)", arrays=lambda xp, x, top: xp.exp(x - top))
def exp_gap(x: Number, top: Number) -> float:
    """exp(x - top); its derivative with respect to top is 0, since the results made of it do not depend on top.

    The rounding error of x - top is put back, since exp would magnify it.
    """
    gap = x - top
    if math.isinf(gap):
        return math.exp(gap)
    back = gap - x
    lost = (x - (gap - back)) - (top + back)
    return math.exp(gap) * (1 + lost)


@operation(
    lambda e, whole, rest: stands_out(e, rest),
    lambda e, whole, rest: 1 - stands_out(e, rest),
    lambda e, whole, rest: stands_out(e, rest),
)
@facts(formula="whole")
def own_whole(e: Number, whole: Number, rest: Number) -> Number:
    """The whole; if e stands out, it is e + rest, and so depends on these alone."""
    return e + rest if e > rest else whole


@reduction(
    1, formula=lambda *xs: " + ".join(f"xs[{i}]" for i in range(len(xs))), arrays=lambda xp, *xs: sum(xs[1:], xs[0])
)
def total(*xs: Number) -> float:
    """The sum, rounded once."""
    return math.fsum(xs)


def but_largest(*xs: Operand) -> list[Operand]:
    top = peak(*xs)
    return [step(top - x) for x in xs]


@reduction(but_largest, arrays=lambda xp, *xs: sum(all_but_largest(xp, xs), 0.0))
def total_but_largest(*xs: Number) -> float:
    """The sum without the largest, rounded once; its derivatives are used if the largest stands out."""
    return math.fsum(sorted(xs)[:-1])


def share_slope(e: Operand, whole: Operand, rest: Operand) -> Operand:
    """The derivative of e / whole with respect to e, or of e / (e + rest) if e stands out: rest / (e + rest)**2."""
    out, own = stands_out(e, rest), own_whole(e, whole, rest)
    return (out * rest / own + (1 - out)) / own


@operation(
    share_slope,
    lambda e, whole, rest: (stands_out(e, rest) - 1) * (e / own_whole(e, whole, rest) / own_whole(e, whole, rest)),
    lambda e, whole, rest: -stands_out(e, rest) * (e / own_whole(e, whole, rest) / own_whole(e, whole, rest)),
)
@facts(
    formula="e / whole",
    slopes=(
        "1 / {whole}, or {_rest} / {whole}**2 if {e} > {_rest}",
        "-{e} / {whole}**2, or 0 if {e} > {_rest}",
        "-{e} / {whole}**2 if {e} > {_rest}, else 0",
    ),
    gives="float",
)
def share(e: Number, whole: Number, _rest: Number) -> Number:
    """e / whole; the rest, which is the whole without its largest part, is used in the derivatives."""
    return e / whole
