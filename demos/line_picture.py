"""The picture of `sgd_line.py`: weight and bias step by step, and the line closing in on the points."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from line_points import Line
    from line_trace import Step
    from matplotlib.axes import Axes


def draw_paths(axes: Axes, steps: Sequence[Step], target: Line | None) -> None:
    """Draw weight and bias against the step, with their targets as dashed lines."""
    # Blue and orange differ for every kind of colour vision; darker dashes stay visible on a path that has arrived.
    axes.plot([step.w for step in steps], color="#2a8fd0", linewidth=3, label="weight")
    axes.plot([step.b for step in steps], color="#e08214", linewidth=3, label="bias")
    if target is not None:
        for name, goal, color in (("slope", target.slope, "#08306b"), ("intercept", target.intercept, "#7f3b08")):
            axes.axhline(goal, color=color, linewidth=1.5, linestyle="--", label=f"{target.kind} {name} {goal:.4g}")
    if max(max(abs(step.w), abs(step.b)) for step in steps) > 1e6:
        axes.set_yscale("symlog")
    # The first few hundred steps, of perhaps many thousand, go most of the way.
    axes.set_xscale("symlog", linthresh=10)
    axes.set_xlim(0, max(len(steps) - 1, 1))
    axes.xaxis.set_major_formatter("{x:,.0f}")
    axes.set(title="Weight and bias, step by step", xlabel="step (logarithmic from 10 on)", ylabel="value")


def draw_lines(axes: Axes, steps: Sequence[Step], xs: Sequence[float], ys: Sequence[float]) -> None:
    """Draw the points, and the line at the start, with 4/5, 3/5, ... of its way left, and at the end."""
    from matplotlib import colormaps

    axes.scatter(xs, ys, s=60, color="0.75", edgecolors="white", linewidths=0.5, label="the points")
    axes.set(xlim=axes.get_xlim(), ylim=axes.get_ylim())
    ends = min(xs), max(xs)
    left = [math.hypot(step.w - steps[-1].w, step.b - steps[-1].b) for step in steps]
    shown = {next(k for k, rest in enumerate(left) if rest <= left[0] * share) for share in (1, 0.8, 0.6, 0.4, 0.2)}
    for i, k in enumerate(sorted(shown | {len(steps) - 1})):
        color = "black" if k == len(steps) - 1 else colormaps["plasma_r"](0.15 + 0.12 * i)
        label = "start" if k == 0 else f"after step {k:,}"
        axes.plot(ends, [steps[k].w * x + steps[k].b for x in ends], color=color, linewidth=2, label=label)
    axes.set(title="The line closing in on the points", xlabel="x", ylabel="y")


def make_picture(
    path: Path | None, show: bool, steps: Sequence[Step], xs: Sequence[float], ys: Sequence[float], target: Line | None
) -> None:
    """Draw the picture, save it unless the path is None, and show it if asked to."""
    import matplotlib
    from matplotlib.figure import Figure

    with matplotlib.rc_context({"font.size": 13}):
        look: dict[str, Any] = {"figsize": (13, 5.8), "dpi": 120, "layout": "constrained"}
        if show:
            from matplotlib import pyplot

            figure = pyplot.figure(**look)
        else:
            figure = Figure(**look)
        figure.suptitle(f"Stochastic gradient descent, one of {len(xs):,} points a step")
        left, right = figure.subplots(1, 2)
        draw_paths(left, steps, target)
        draw_lines(right, steps, xs, ys)
        for axes in (left, right):
            axes.grid(color="0.9")
            axes.set_axisbelow(True)
            axes.spines[["top", "right"]].set_visible(False)
            # The search for the best place takes seconds if there are a million things to avoid.
            axes.legend(loc="best" if len(steps) + len(xs) < 100_000 else "center right")
        if path is not None:
            path = path / "sgd_line.png" if path.is_dir() else path.with_suffix(path.suffix or ".png")
            figure.savefig(path)
            print(f"The picture is in {path}")
        if show:
            # pyplot falls back on this without a screen.
            if pyplot.get_backend().lower() == "agg":
                raise ValueError("there is no screen to show it on")
            pyplot.show()
