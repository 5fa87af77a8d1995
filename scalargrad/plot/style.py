"""Figures and axes, colours and dashes."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


# Okabe and Ito's colours, which colour-blind readers can tell apart, in an order that also works in a grey print.
LINES = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00"]


DASHES: list[Any] = ["-", "--", "-.", (0, (1, 1)), (0, (5, 1, 1, 1, 1, 1)), (0, (3, 2))]


GRID: Any = {"color": "0.5", "alpha": 0.25}  # on white paper and on black


def pyplot() -> Any:
    """The module `matplotlib.pyplot`. Raises ModuleNotFoundError, which says what to do, if it is missing."""
    try:
        from matplotlib import pyplot
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            f"pictures need matplotlib, but {error.name} is missing: pip install matplotlib", name=error.name
        ) from None
    return pyplot


def new_figure(width: float, height: float) -> Figure:
    """A new pyplot figure, with its size in inches. Raises ModuleNotFoundError if matplotlib is missing."""
    return pyplot().figure(figsize=(width, height))  # type: ignore[no-any-return]


def axes_of(ax: Axes | None, width: float = 6.4, height: float = 4.4) -> Axes:
    """The axes to draw on, with a light frame: the given ones, or new ones."""
    if ax is None:
        figure = new_figure(width, height)
        figure.set_layout_engine("constrained")
        ax = figure.subplots()
    ax.spines[["top", "right"]].set_visible(False)
    ax.set_axisbelow(True)
    return ax
