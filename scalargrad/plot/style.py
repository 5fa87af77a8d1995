"""Figures and axes, colours and dashes."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


# Okabe and Ito's colours, which all eyes tell apart, in an order that a grey print tells apart, too.
LINES = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00"]


DASHES: list[Any] = ["-", "--", "-.", (0, (1, 1)), (0, (5, 1, 1, 1, 1, 1)), (0, (3, 2))]


GRID: Any = {"color": "0.5", "alpha": 0.25}  # on white paper and on black


def pyplot() -> Any:
    """Matplotlib's module of that name. Raises ModuleNotFoundError, with what to do, where it is missing."""
    try:
        from matplotlib import pyplot
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            f"pictures need matplotlib, and there is no {error.name}: pip install matplotlib", name=error.name
        ) from None
    return pyplot


def new_figure(width: float, height: float) -> Figure:
    """A figure of pyplot's, in inches. Raises ModuleNotFoundError where matplotlib is missing."""
    return pyplot().figure(figsize=(width, height))  # type: ignore[no-any-return]


def axes_of(ax: Axes | None, width: float = 6.4, height: float = 4.4) -> Axes:
    """The axes to draw on: those given, or new ones with a light frame."""
    if ax is None:
        figure = new_figure(width, height)
        figure.set_layout_engine("constrained")
        ax = figure.subplots()
    ax.spines[["top", "right"]].set_visible(False)
    ax.set_axisbelow(True)
    return ax
