"""The trace that `sgd_line.py` keeps while it trains, and its report."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from line_points import Line

START = -1.0


class Step(NamedTuple):
    """Weight and bias after a step, and the loss before it."""

    w: float
    b: float
    loss: float


@dataclass
class Trace:
    """The path of weight and bias: `steps[k]` is where they were after k steps."""

    bar: Any = None
    steps: list[Step] = field(default_factory=lambda: [Step(START, START, math.nan)])

    def add_step(self, w: float, b: float, loss: float) -> None:
        """Note a step. Raises OverflowError if its numbers are not finite."""
        if not (math.isfinite(loss) and math.isfinite(w) and math.isfinite(b)):
            raise OverflowError(f"step {len(self.steps)} gave w = {w}, b = {b} and a loss of {loss}")
        # One append for all three numbers, so that Ctrl-C cannot come between them.
        self.steps.append(Step(w, b, loss))
        if self.bar is not None:
            self.bar.update()

    def end_epoch(self, epoch: int, length: int) -> None:
        """Print the row of an epoch, with the mean of the losses of its steps."""
        # Divided first, since shortly before a divergence the sum itself would overflow.
        mean = sum(step.loss / length for step in self.steps[-length:])
        row = f"{epoch:>5}{self.steps[-1].w:>#16.8g}{self.steps[-1].b:>#16.8g}{mean:>14.3e}"
        # tqdm's own way to print leaves its bar intact.
        print(row) if self.bar is None else self.bar.write(row)


def progress_bar(total: int) -> Any:
    """tqdm's bar, which shows only on a terminal; None if tqdm is not installed."""
    try:
        from tqdm import tqdm  # type: ignore[import-untyped,unused-ignore]
    except ImportError:
        return None
    return tqdm(total=total, unit=" steps", leave=False, disable=None)


def report(steps: Sequence[Step], seconds: float, target: Line | None) -> None:
    """Print the result, how close it is to the target, and the speed."""
    slope, intercept, kind = target or (math.nan, math.nan, "")
    for name, reached, term, goal in (("w", steps[-1].w, "slope", slope), ("b", steps[-1].b, "intercept", intercept)):
        close = f"off by {abs(reached - goal):.2g} from the {kind} {term} {goal:.8g}" if target else f"the {term}"
        print(f"{name} = {reached:<#15.8g} {close}")
    if target is None:
        print("There is no single least-squares line for these points to compare with")
    count = len(steps) - 1
    print(f"{count:,} steps in {seconds:.2f} s: {count / max(seconds, 1e-9):,.0f} steps a second")
