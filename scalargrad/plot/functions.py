"""Pictures of functions with their derivatives, of descents, of trainings and of classes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from reprlib import repr as brief

from ..checks import plural, require_callable, require_integer
from ..engine.value import number_of
from ..graph.graph import printable
from ..tape.no_grad import no_grad
from ..transforms.derivative import derivative
from . import curves
from .style import DASHES, GRID, LINES, axes_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from matplotlib.axes import Axes


def derivatives(
    function: Callable[[Any], Any],
    lo: float,
    hi: float,
    orders: Sequence[int] = (0, 1, 2),
    *,
    points: int = 401,
    ax: Axes | None = None,
) -> Axes:
    """The axes with a function of one number and its derivatives from `lo` to `hi`, with gaps where they do not exist.

    Args:
        function: takes a number and returns one; the legend has its name.
        lo: the left end of the range.
        hi: the right end of the range, above `lo`.
        orders: the orders of the derivatives, 0 for the function itself.
        points: the number of points to compute for each line.
        ax: the axes to draw on.

    A line breaks where it jumps, as at a pole, and is cut off where it would flatten everything else.

    Raises TypeError if `function` cannot be called or does not return a number, or another argument is not a number;
    ValueError for an empty or infinite range, fewer than two points, or no orders.

    >>> from matplotlib.figure import Figure
    >>> ax = derivatives(lambda x: x**3, 0, 2, points=3, ax=Figure().subplots())
    >>> {line.get_label(): line.get_ydata().tolist() for line in ax.lines}
    {'f': [0.0, 1.0, 8.0], "f'": [0.0, 3.0, 12.0], "f''": [0.0, 6.0, 12.0]}
    """
    require_callable("derivatives", function)
    lo, hi = curves.numbers_of("an end of the range of derivatives", [lo, hi])
    if not (lo < hi and math.isfinite(hi - lo)):
        raise ValueError(f"derivatives are drawn from lo to hi, finite and hi larger, not from {lo} to {hi}")
    points = require_integer("points of derivatives", points, 2)
    if not hasattr(orders, "__iter__"):
        raise TypeError(
            f"orders of derivatives is a list, such as [0, 1, 2], not {brief(orders)} ({type(orders).__name__})"
        )
    orders = [*orders]
    if not orders:
        raise ValueError("orders of derivatives is empty; give one or more, such as [0, 1, 2]")
    step = (hi - lo) / (points - 1)
    xs = [lo + step * i for i in range(points - 1)] + [hi]
    every = {k: derivative(function, k) for order in orders for k in (order, order + 1)}
    lines = {order: [curves.finite(of_order, x) for x in xs] for order, of_order in every.items()}
    broken = {order: curves.places_of_jumps(lines[order], lines[order + 1], step) for order in orders}
    ax = axes_of(ax)
    name = curves.legend_text(getattr(function, "__name__", "f").replace("<lambda>", "f"))
    for k, order in enumerate(orders):
        line = [*zip(xs, lines[order])]
        for i in reversed(broken[order]):
            line.insert(i, ((xs[i - 1] + xs[i]) / 2, math.nan))
        label = name + "'" * order if order <= 3 else f"{name}^({order})"
        dash = DASHES[(k + k // len(LINES)) % len(DASHES)]
        ax.plot(*zip(*line), color=LINES[k % len(LINES)], linestyle=dash, label=label)
    if any(broken.values()) or any(y != y for y in lines[orders[0]]):
        # At a pole, or at the end of a domain, the first curve sets the limits, since derivatives are steeper.
        most = 3 * max(curves.reach(lines[orders[0]], 0.95), *[curves.reach(lines[order], 0.5) for order in orders])
    else:
        most = 20 * curves.reach([y for order in orders for y in lines[order]], 0.95)
        most = max(most, 1.05 * curves.reach(lines[orders[0]], 1.0))  # all of the first, however narrow its peak
    if most > 0:
        ax.set_ylim(max(ax.get_ylim()[0], -most), min(ax.get_ylim()[1], most))
    ax.grid(**GRID)
    ax.set_xlabel("x")
    ax.legend()
    return ax


def descent(
    function: Callable[[Any, Any], Any],
    path: Sequence[Any],
    *,
    levels: int = 10,
    label: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """The axes with the path of an optimiser over the contours of a function of two numbers.

    The contours are labelled with their values, and divide the picture into about equal shares, so that valleys and
    slopes both show. The path begins at a ring and ends at a star. A second call on the same axes adds a path, and
    extends the picture to hold it.

    Args:
        function: takes two numbers and returns one.
        path: the pairs of numbers through which the optimiser went.
        levels: the number of contours.
        label: the name of the path in a legend.
        ax: the axes to draw on.

    Raises TypeError if `function` cannot be called or the path does not consist of numbers, ValueError if it is not a
    sequence of pairs of finite numbers.

    >>> from matplotlib.figure import Figure
    >>> path = [(2.0, 1.0), (1.0, 0.25), (0.5, 0.0)]
    >>> ax = descent(lambda x, y: x * x + 3 * y * y, path, label="downhill", ax=Figure().subplots())
    >>> ax.lines[0].get_label(), ax.lines[0].get_xdata().tolist()
    ('downhill', [2.0, 1.0, 0.5])
    """
    import numpy  # installed with matplotlib, which needs it

    require_callable("descent", function)
    pairs = curves.pairs_of("the path of descent", path)
    levels = require_integer("levels of descent", levels, 2)
    ways: list[Any] = [line for line in ax.lines if line.get_gid() == "descent"] if ax is not None else []
    function(*pairs[0])  # raises any error before anything is drawn
    ax = axes_of(ax, 6.0, 5.2)
    xs, ys = zip(*pairs)
    before = [*zip(*[pair for line in ways for pair in zip(*line.get_data())])] or [(), ()]
    (left, right), (low, high) = limits = [curves.padded([*old, *new]) for old, new in zip(before, (xs, ys))]
    origin, size = numpy.array([left, low]), numpy.array([right - left, high - low])
    drawn = [numpy.array(line.get_data()).T for line in ways]
    taken = [point for way in (*drawn, pairs) for point in curves.densely((way - origin) / size)]
    corner = curves.emptiest_corner(taken)
    if not ways or [*map(curves.padded, before)] != limits:
        for contours in [x for x in ax.collections if x.get_gid() == "descent"]:
            contours.remove()
        across, up = numpy.linspace(left, right, 160), numpy.linspace(low, high, 160)
        heights = numpy.array([[curves.finite(function, x, y) for x in across.tolist()] for y in up.tolist()])
        known = heights[numpy.isfinite(heights)]
        shares = numpy.linspace(0.02, 0.98, levels)  # a valley below the first may be narrower than the grid shows
        at = curves.round_levels(numpy.unique(numpy.quantile(known, shares)).tolist() if known.size else [])
        if len(at) > 1:
            contours = ax.contour(across, up, heights, levels=at, colors="0.6", linewidths=0.8)
            contours.set(gid="descent")
            lines = [(numpy.array(path.vertices)[::8] - origin) / size for path in contours.get_paths()]
            taken.append(curves.CORNERS[corner])
            places = curves.label_places([line.tolist() for line in lines if len(line)], taken)
            ax.clabel(contours, fontsize=7.5, fmt="{:.12g}".format, manual=numpy.array(places) * size + origin)
        ax.set(xlim=(left, right), ylim=(low, high))
    colour, dash = LINES[len(ways) % len(LINES)], DASHES[len(ways) % len(DASHES)]
    shown = curves.legend_text(label) if label is not None else None
    ax.plot(xs, ys, color=colour, linestyle=dash, marker="o", markersize=3.5, label=shown, gid="descent")
    ax.plot(xs[:1], ys[:1], color=colour, marker="o", markersize=9, fillstyle="none", linestyle="none")
    ax.plot(xs[-1:], ys[-1:], color=colour, marker="*", markersize=13, linestyle="none")
    ax.set(xlabel="x", ylabel="y")
    if label is not None:
        ax.legend(loc=corner)
    return ax


def history(
    traces: Mapping[str, Sequence[Any]] | Sequence[Any],
    targets: Mapping[str, float] | None = None,
    *,
    xlabel: str = "step",
    ylabel: str = "value",
    ax: Axes | None = None,
) -> Axes:
    """The axes with a line for each number that changes in a training, and a dashed line for each target.

    Args:
        traces: a dict from names to lists with the number after 0, 1, 2, ... steps; or a single list, such as of
            losses, which is drawn without a name.
        targets: the numbers that some of them should become, by name.
        xlabel: the label of the axis of steps.
        ylabel: the label of the axis of numbers.
        ax: the axes to draw on.

    Raises TypeError if `traces` is neither a list of numbers nor a dict of such lists, ValueError if there is nothing
    to draw, or a target has a name that no trace has.

    >>> from matplotlib.figure import Figure
    >>> ax = history({"w": [0.0, 2.0, 2.9], "b": [0.0, 0.8, 1.0]}, {"w": 3.0}, ax=Figure().subplots())
    >>> [line.get_label() for line in ax.lines]
    ['w', 'w: 3', 'b']
    >>> ax = history([0.5, 0.25, 0.125], ylabel="loss", ax=Figure().subplots())
    >>> ax.lines[0].get_ydata().tolist()
    [0.5, 0.25, 0.125]
    """
    targets = {} if targets is None else targets
    by_name: Any = traces if isinstance(traces, dict) else {"": traces}
    if by_name is not traces and (isinstance(traces, str) or not hasattr(traces, "__iter__")):
        raise TypeError(
            f"traces of history is a list of numbers, or a dict from names to such lists, not {brief(traces)}"
        )
    if not isinstance(targets, dict):
        raise TypeError(f"targets of history is a dict from names of traces to numbers, not {brief(targets)}")
    unknown = [name for name in targets if name not in by_name]
    if unknown or not by_name:
        raise ValueError(f"history has no trace of {', '.join(map(repr, unknown)) or 'anything'} to draw")
    lines = {}
    for name, numbers in by_name.items():
        numbers = numbers if hasattr(numbers, "__iter__") else [numbers]
        lines[name] = curves.numbers_of(f"a number of the trace {name}".rstrip(), numbers)
    if empty := [name for name, ys in lines.items() if not ys]:
        raise ValueError(f"the trace {f'of {empty[0]!r} ' * bool(empty[0])}has no numbers for history to draw")
    goals = dict(zip(targets, curves.numbers_of("a target of history", targets.values())))
    ax = axes_of(ax)
    for k, (name, ys) in enumerate(lines.items()):
        colour, shown = LINES[k % len(LINES)], curves.legend_text(name)
        dash = DASHES[k // len(LINES) % len(DASHES)]
        marker = "o" if len(ys) == 1 else ""
        ax.plot(range(len(ys)), ys, color=colour, linestyle=dash, marker=marker, label=shown or None)
        if name in goals:
            ax.axhline(goals[name], color=colour, linestyle="--", linewidth=1, label=f"{shown}: {goals[name]:.4g}")
    ax.grid(**GRID)
    ax.set(xlabel=printable(xlabel), ylabel=printable(ylabel))
    ax.locator_params(axis="x", integer=True)
    if any(lines):
        beside = {"loc": "center left", "bbox_to_anchor": (1, 0.5)} if len(ax.lines) > 8 else {}
        ax.legend(**beside)
    return ax


def decision_boundary(
    model: Callable[[list[float]], Any],
    points: Sequence[Sequence[float]],
    labels: Sequence[Any],
    *,
    steps: int = 60,
    ax: Axes | None = None,
) -> Axes:
    """The axes with the regions in which a model of two numbers predicts each class, and the points of its training.

    Args:
        model: takes a list of two numbers. It returns one number, whose sign is the class, or one number for each
            class, of which the largest wins.
        points: pairs of numbers.
        labels: the class of each point. For a model that returns one number the larger of two labels, or a positive
            one, is the positive class. Otherwise it is an index, or a name; sorted names are in the order of classes.
        steps: the number of grid points on each side.
        ax: the axes to draw on.

    Raises TypeError if `model` cannot be called or does not return numbers; ValueError if points and labels do not
    match, or there are none, or the model returns only nan. Where the model returns nan, the picture is blank.

    >>> from matplotlib.figure import Figure
    >>> points, labels = [[0.0, 0.0], [1.0, 1.0]], ["below", "above"]
    >>> ax = decision_boundary(lambda p: 1 - p[0] - p[1], points, labels, ax=Figure().subplots())
    >>> [text.get_text() for text in ax.get_legend().get_texts()]
    ['above', 'below']
    """
    import numpy  # installed with matplotlib, which needs it
    from matplotlib import rcParams

    require_callable("decision_boundary", model)
    pairs = curves.pairs_of("the points of decision_boundary", points)
    if not hasattr(labels, "__iter__"):
        raise TypeError(f"expected a list of labels, one for each point, not {brief(labels)} ({type(labels).__name__})")
    labels = [number_of(label) for label in (labels.tolist() if hasattr(labels, "tolist") else labels)]
    if len(pairs) != len(labels):
        raise ValueError(
            f"expected as many labels as points, got {plural(len(labels), 'label')} and {plural(len(pairs), 'point')}"
        )
    steps = require_integer("steps of decision_boundary", steps, 2)
    (left, right), (low, high) = [curves.padded([pair[i] for pair in pairs]) for i in (0, 1)]
    xs, ys = numpy.linspace(left, right, steps), numpy.linspace(low, high, steps)
    with no_grad():
        found = [[curves.scores_of(model([x, y])) for x in xs.tolist()] for y in ys.tolist()]
    count = len(found[0][0])
    if any(len(scores) != count for row in found for scores in row):
        raise ValueError("expected as many numbers from the model at each point, got more at some than at others")
    if count == 1:
        margins = numpy.array([[[-score[0], score[0]] for score in row] for row in found])
    else:
        scores = numpy.array(found).clip(-1e300, 1e300)
        margins = numpy.stack([scores[..., k] - numpy.delete(scores, k, axis=2).max(axis=2) for k in range(count)], 2)
    margins = numpy.ma.masked_invalid(margins.clip(-1e300, 1e300))
    if margins.mask.all():
        raise ValueError("the model gives nan all over the picture, so there is no boundary to draw; was it trained?")
    places = curves.class_places(labels, count)
    ax = axes_of(ax, 5.6, 5.0)
    for k in range(margins.shape[2]):
        margin = margins[..., k]
        if margin.max() > 0:
            ax.contourf(xs, ys, margin, levels=[0.0, margin.max()], colors=[LINES[k % len(LINES)]], alpha=0.18)
            if margin.min() < 0:
                ax.contour(xs, ys, margin, levels=[0.0], colors=rcParams["text.color"], linewidths=1.2)
    for label, k in sorted(places.items(), key=lambda pair: pair[1]):
        mine = [pair for pair, other in zip(pairs, labels) if other == label]
        look: Any = {"c": LINES[k % len(LINES)], "marker": "osD^vP"[k % 6], "label": curves.legend_text(label)}
        ax.scatter([x for x, _ in mine], [y for _, y in mine], s=26, edgecolors="white", linewidths=0.5, **look)
    ax.set(xlim=(left, right), ylim=(low, high))
    ax.legend()
    return ax
