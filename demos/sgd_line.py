"""Stochastic gradient descent finds a line, one point at a time, with a gradient tape.

    python demos/sgd_line.py                            # y = 3x + 1, as in the lesson; draws sgd_line.png
    python demos/sgd_line.py --slope -2 --noise 0.5     # another line, with points that scatter about it
    python demos/sgd_line.py --csv points.csv --show    # your own points: two columns, x and y

All options: python demos/sgd_line.py --help. The picture needs matplotlib and the progress bar tqdm; without them it
trains and prints all the same.
"""

from __future__ import annotations

import argparse
import contextlib
import csv
import math
import random
import reprlib
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

try:
    import scalargrad as sg
except ModuleNotFoundError as missing:
    if missing.name != "scalargrad":
        raise
    sys.exit(
        "This demo needs scalargrad, which is not installed: run pip install -e '.[demos]' in the project's folder."
    )

if TYPE_CHECKING:
    from matplotlib.axes import Axes

START = -1.0
# Squares of larger numbers are close to what a float can hold.
LARGEST = 1e100


def train(xs: Sequence[float], ys: Sequence[float], learning_rate: float, epochs: int, trace: Trace) -> None:
    """Fit y = w x + b by gradient descent on the squared error of one point a step; the trace notes every step."""
    w, b = sg.Variable(START), sg.Variable(START)
    for epoch in range(1, epochs + 1):
        for x, y in zip(xs, ys):
            with sg.GradientTape() as tape:
                loss = (w * x + b - y) ** 2
            dw, db = tape.gradient(loss, [w, b])
            w = sg.Variable(w - learning_rate * dw)
            b = sg.Variable(b - learning_rate * db)
            trace.add_step(w.numpy(), b.numpy(), loss.numpy())
        trace.end_epoch(epoch, len(xs))


class Step(NamedTuple):
    """Weight and bias after a step, and the loss that the step was to make smaller."""

    w: float
    b: float
    loss: float


@dataclass
class Trace:
    """The way that weight and bias went: `steps[k]` is where they were after k steps."""

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
        # Divided first: shortly before a divergence the sum itself would overflow.
        mean = sum(step.loss / length for step in self.steps[-length:])
        row = f"{epoch:>5}{self.steps[-1].w:>#16.8g}{self.steps[-1].b:>#16.8g}{mean:>14.3e}"
        # tqdm's own way to print does not tear its bar apart.
        print(row) if self.bar is None else self.bar.write(row)


def progress_bar(total: int) -> Any:
    """The bar of tqdm, which shows itself on a terminal only; None where it is not installed."""
    try:
        from tqdm import tqdm  # type: ignore[import-untyped,unused-ignore]
    except ImportError:
        return None
    return tqdm(total=total, unit=" steps", leave=False, disable=None)


class Line(NamedTuple):
    """A line to reach, and what it is called."""

    slope: float
    intercept: float
    kind: str


def make_points(count: int, line: Line, noise: float, seed: int) -> tuple[list[float], list[float]]:
    """Points of a line: x is standard normal, and y has normal noise of that standard deviation."""
    generator = random.Random(seed)
    xs = [generator.gauss(0.0, 1.0) for _ in range(count)]
    return xs, [line.slope * x + line.intercept + generator.gauss(0.0, noise) for x in xs]


def read_points(path: Path, seed: int) -> tuple[list[float], list[float]]:
    """The two columns of a file. Raises ValueError, with the number of the line, for a row that is no point."""
    points: list[tuple[float, float]] = []
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.reader(file)
            rows = [(reader.line_num, row) for row in reader if len(row) > 1 or "".join(row).strip()]
    except OSError as error:
        raise ValueError(f"{path} cannot be read: {error.strerror}") from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise ValueError(f"{path} is not a CSV file in UTF-8: {error}") from None
    for line, row in rows:
        if len(row) != 2:
            raise ValueError(
                f"{path}, line {line}: expected two columns, x and y, with a comma between, got {len(row)}"
            )
        x, y = map(number_in, row)
        if x is None and y is None and row is rows[0][1]:
            continue
        # Written so that nan fails.
        if x is None or y is None or not (abs(x) <= LARGEST and abs(y) <= LARGEST):
            got = reprlib.repr(",".join(row))
            raise ValueError(f"{path}, line {line}: expected two finite numbers up to {LARGEST:g}, got {got}")
        points.append((x, y))
    if not points:
        raise ValueError(f"{path} holds no points: expected rows of two numbers, x and y")
    # Many files are sorted by x; taken in that order, the last points would pull the line to themselves.
    random.Random(seed).shuffle(points)
    return [x for x, _ in points], [y for _, y in points]


def number_in(cell: str) -> float | None:
    """The number that a cell holds, or None."""
    try:
        return float(cell)
    except ValueError:
        return None


def least_squares(xs: Sequence[float], ys: Sequence[float]) -> Line | None:
    """The best line of all by the closed form, or None if that has no answer."""
    try:
        slope, intercept = statistics.linear_regression(xs, ys)
    except statistics.StatisticsError:
        return None
    return Line(slope, intercept, "least-squares") if math.isfinite(slope + intercept) else None


def draw_paths(axes: Axes, steps: Sequence[Step], target: Line | None) -> None:
    """Draw weight and bias against the step, with their targets as dashed lines."""
    # Blue and orange differ for every kind of colour vision; darker dashes stay visible on a path that arrived.
    axes.plot([step.w for step in steps], color="#2a8fd0", linewidth=3, label="weight")
    axes.plot([step.b for step in steps], color="#e08214", linewidth=3, label="bias")
    if target is not None:
        for name, goal, color in (("slope", target.slope, "#08306b"), ("intercept", target.intercept, "#7f3b08")):
            axes.axhline(goal, color=color, linewidth=1.5, linestyle="--", label=f"{target.kind} {name} {goal:.4g}")
    if max(max(abs(step.w), abs(step.b)) for step in steps) > 1e6:
        axes.set_yscale("symlog")
    # Most of the way is made in the first few hundred steps of perhaps many thousand.
    axes.set_xscale("symlog", linthresh=10)
    axes.set_xlim(0, max(len(steps) - 1, 1))
    axes.xaxis.set_major_formatter("{x:,.0f}")
    axes.set(title="Weight and bias, step by step", xlabel="step (logarithmic from 10 on)", ylabel="value")


def draw_lines(axes: Axes, steps: Sequence[Step], xs: Sequence[float], ys: Sequence[float]) -> None:
    """Draw the points, and the line at the start, when 4/5, 3/5, ... of its way was left, and at the end."""
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
            # To look for the best place takes seconds where there are a million things to avoid.
            axes.legend(loc="best" if len(steps) + len(xs) < 100_000 else "center right")
        if path is not None:
            path = path / "sgd_line.png" if path.is_dir() else path.with_suffix(path.suffix or ".png")
            figure.savefig(path)
            print(f"The picture is in {path}")
        if show:
            # What pyplot falls back on where there is no screen.
            if pyplot.get_backend().lower() == "agg":
                raise ValueError("there is no screen to show it on")
            pyplot.show()


def complain(sentence: str) -> None:
    """Say on stderr what went wrong."""
    print(f"sgd_line.py: error: {sentence}", file=sys.stderr)


def number(convert: Callable[[str], float], least: float, expected: str) -> Callable[[str], float]:
    """What reads an option that must be a number from `least` on."""

    def read(text: str) -> float:
        with contextlib.suppress(ValueError):
            if least <= (value := convert(text)) <= LARGEST:
                return value
        raise argparse.ArgumentTypeError(f"expected {expected}, got {text!r}")

    return read


def read_options(argv: Sequence[str] | None) -> argparse.Namespace:
    """The options. Ends the program with code 2 and a sentence if they are wrong."""
    parser = argparse.ArgumentParser(
        prog="sgd_line.py",
        description="Stochastic gradient descent finds a line, one point at a time, with a gradient tape.",
        epilog="Ends with 0, also if interrupted; 1 if it diverged or the picture failed; 2 for wrong options or data.",
    )
    count = number(int, 1, "a whole number of at least 1")
    whole = number(int, -LARGEST, "a whole number")
    finite = number(float, -LARGEST, "a finite number")
    spread = number(float, 0, "a finite number of at least 0")
    rate = number(float, math.ulp(0), "a finite number above 0")
    options: list[tuple[str, Callable[[str], Any], Any, str, str]] = [
        ("--samples", count, 1000, "N", "how many points to make"),
        ("--slope", finite, 3.0, "A", "slope of the line that the points lie on"),
        ("--intercept", finite, 1.0, "B", "intercept of that line"),
        ("--noise", spread, 0.0, "SIGMA", "standard deviation of the noise added to y"),
        ("--epochs", count, 10, "N", "how often to go through all points"),
        ("--learning-rate", rate, 0.01, "RATE", "how far a step goes down the gradient"),
        ("--seed", whole, 0, "N", "seed of the random points or, for a file, of the order they are taken in"),
        ("--picture", Path, Path("sgd_line.png"), "PATH", "where to save the picture"),
    ]
    for name, convert, default, metavar, text in options:
        parser.add_argument(name, type=convert, default=default, metavar=metavar, help=f"{text} (default: %(default)s)")
    parser.add_argument("--no-picture", action="store_true", help="save no picture (default: save one)")
    parser.add_argument("--show", action="store_true", help="show the picture in a window too (default: do not)")
    parser.add_argument("--csv", type=Path, metavar="FILE", help="fit a file's columns x and y (default: make points)")
    parsed = parser.parse_args(argv)
    for name, _, default, _, _ in options[:4]:
        if parsed.csv is not None and getattr(parsed, name[2:]) != default:
            parser.error(f"{name} is for points that are made, not for those of --csv: leave one of the two out")
    return parsed


def report(steps: Sequence[Step], seconds: float, target: Line | None) -> None:
    """Print what was reached, how close that is, and how fast it went."""
    slope, intercept, kind = target or (math.nan, math.nan, "")
    for name, reached, term, goal in (("w", steps[-1].w, "slope", slope), ("b", steps[-1].b, "intercept", intercept)):
        close = f"off by {abs(reached - goal):.2g} from the {kind} {term} {goal:.8g}" if target else f"the {term}"
        print(f"{name} = {reached:<#15.8g} {close}")
    if target is None:
        print("There is no single least-squares line for these points to compare with")
    count = len(steps) - 1
    print(f"{count:,} steps in {seconds:.2f} s: {count / max(seconds, 1e-9):,.0f} steps a second")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the demo; gives the exit code."""
    options = read_options(argv)
    if options.csv is None:
        target: Line | None = (line := Line(options.slope, options.intercept, "true"))
        xs, ys = make_points(options.samples, line, options.noise, options.seed)
        name = f"y = {line.slope:g}x {'-' if line.intercept < 0 else '+'} {abs(line.intercept):g}"
    else:
        try:
            xs, ys = read_points(options.csv, options.seed)
        except ValueError as error:
            complain(str(error))
            return 2
        target = least_squares(xs, ys)
        name = f"the line of {options.csv}"
    print(f"Fitting {name}: samples {len(xs):,}, epochs {options.epochs:,}, learning rate {options.learning_rate:g}")
    print(f"{'epoch':>5}{'w':>16}{'b':>16}{'mean loss':>14}")
    trace = Trace(progress_bar(len(xs) * options.epochs))
    code = 0
    began = time.perf_counter()
    try:
        train(xs, ys, options.learning_rate, options.epochs, trace)
    except KeyboardInterrupt:
        print("Interrupted. What was reached until then:")
    except OverflowError:
        # A step overshoots its point if the rate is above 1 / (1 + x**2).
        safe = min(0.1 * options.learning_rate, 0.5 / (1 + max(x * x for x in xs)))
        complain(
            f"diverged: step {len(trace.steps):,} left the range of floats; "
            f"try a smaller learning rate, such as --learning-rate {safe:.1g}"
        )
        code = 1
    seconds = time.perf_counter() - began
    if trace.bar is not None:
        trace.bar.close()
    report(trace.steps, seconds, target)
    try:
        if options.show or not options.no_picture:
            make_picture(None if options.no_picture else options.picture, options.show, trace.steps, xs, ys, target)
    except ModuleNotFoundError:
        print("No picture, as matplotlib is not installed: pip install matplotlib brings it")
    except OSError as error:
        complain(f"the picture could not be written to {options.picture}: {error.strerror or error}")
        code = 1
    except (ImportError, ValueError) as error:
        complain(f"the picture failed: {error}")
        code = 1
    except KeyboardInterrupt:
        print("Interrupted while drawing; the picture may be missing")
    return code


if __name__ == "__main__":
    sys.exit(main())
