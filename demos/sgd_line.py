"""Stochastic gradient descent finds a line, one point at a time, with a gradient tape.

    python demos/sgd_line.py                            # y = 3x + 1, as in the lesson; draws sgd_line.png
    python demos/sgd_line.py --slope -2 --noise 0.5     # another line, with points that scatter about it
    python demos/sgd_line.py --csv points.csv --show    # your own points: two columns, x and y

All options: python demos/sgd_line.py --help. The picture needs matplotlib and the progress bar tqdm; without them it
trains and prints all the same.
"""

from __future__ import annotations

import argparse
import csv
import math
import random
import reprlib
import statistics
import sys
import time
import warnings
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
    from matplotlib.figure import Figure

START = -1.0


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
    """The way that weight and bias went: `steps[k]` is where they were after k steps. Moves the bar on, if any."""

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
        w, b, _ = self.steps[-1]
        # Divided first: shortly before a divergence the sum itself would overflow.
        mean = sum(step.loss / length for step in self.steps[-length:])
        row = f"{epoch:>5}{w:>#16.8g}{b:>#16.8g}{mean:>14.3e}"
        # tqdm's own way to print does not tear its bar apart.
        print(row) if self.bar is None else self.bar.write(row)


class Line(NamedTuple):
    """A line to reach, and what it is called."""

    slope: float
    intercept: float
    kind: str

    def __str__(self) -> str:
        return f"y = {self.slope:g}x {'-' if self.intercept < 0 else '+'} {abs(self.intercept):g}"


def sample(count: int, line: Line, noise: float, seed: int) -> tuple[list[float], list[float]]:
    """Points of a line: x is standard normal, and y has normal noise of that standard deviation."""
    generator = random.Random(seed)
    xs = [generator.gauss(0.0, 1.0) for _ in range(count)]
    return xs, [line.slope * x + line.intercept + generator.gauss(0.0, noise) for x in xs]


def read_points(path: Path, seed: int) -> tuple[list[float], list[float]]:
    """The two columns of a file. Raises ValueError, with the number of the line, for a row that is no point."""
    points: list[tuple[float, float]] = []
    with path.open(newline="", encoding="utf-8-sig") as file:
        reader = csv.reader(file)
        rows = [(reader.line_num, row) for row in reader if len(row) > 1 or "".join(row).strip()]
    for position, (line, row) in enumerate(rows):
        if len(row) != 2:
            raise ValueError(
                f"{path}, line {line}: expected two columns, x and y, with a comma between, got {len(row)}"
            )
        x, y = map(number_in, row)
        is_header = position == 0 and x is None and y is None
        for cell, number in zip(row, (x, y)):
            if not is_header and (number is None or not math.isfinite(number)):
                raise ValueError(f"{path}, line {line}: expected a finite number, got {reprlib.repr(cell)}")
        if x is not None and y is not None:
            points.append((x, y))
    if not points:
        raise ValueError(f"{path} is empty: expected rows of two numbers, x and y")
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
    except (statistics.StatisticsError, OverflowError):
        return None
    return Line(slope, intercept, "least-squares") if math.isfinite(slope) and math.isfinite(intercept) else None


def draw(figure: Figure, steps: Sequence[Step], xs: Sequence[float], ys: Sequence[float], target: Line | None) -> None:
    """Draw the paths of weight and bias and, beside them, the line closing in on the points."""
    left, right = figure.subplots(1, 2)
    draw_paths(left, steps, target)
    draw_lines(right, steps, xs, ys)
    for axes in (left, right):
        axes.grid(color="0.9")
        axes.set_axisbelow(True)
        axes.spines[["top", "right"]].set_visible(False)
        # To look for the best place takes seconds where there are a million things to avoid.
        axes.legend(loc="best" if len(steps) + len(xs) < 100_000 else "center right")


def draw_paths(axes: Axes, steps: Sequence[Step], target: Line | None) -> None:
    """Draw weight and bias against the step, with their targets as dashed lines."""
    # Orange and blue differ for every kind of colour vision; the darker dashes stay visible on a path that arrived.
    for name, path, color in (
        ("weight", [step.w for step in steps], "#2a8fd0"),
        ("bias", [step.b for step in steps], "#e08214"),
    ):
        axes.plot(range(len(steps)), path, color=color, linewidth=3, label=name)
    if target is not None:
        for name, goal, color in (("slope", target.slope, "#08306b"), ("intercept", target.intercept, "#7f3b08")):
            axes.axhline(goal, color=color, linewidth=1.5, linestyle="--", label=f"{target.kind} {name} {goal:.4g}")
    if max(abs(number) for step in steps for number in (step.w, step.b)) > 1e6:
        axes.set_yscale("symlog")
    # Most of the way is made in the first few hundred steps of perhaps many thousand.
    axes.set_xscale("symlog", linthresh=10)
    axes.set_xlim(0, max(len(steps) - 1, 1))
    axes.xaxis.set_major_formatter("{x:,.0f}")
    axes.set(title="Weight and bias, step by step", xlabel="step (logarithmic from 10 on)", ylabel="value")


def draw_lines(axes: Axes, steps: Sequence[Step], xs: Sequence[float], ys: Sequence[float]) -> None:
    """Draw the points, and the line at the start, after some of the steps, and at the end."""
    import matplotlib

    axes.scatter(xs, ys, s=60, color="0.8", edgecolors="white", linewidths=0.5, label="the points")
    axes.set(xlim=axes.get_xlim(), ylim=axes.get_ylim())
    low, high = min(xs), max(xs)
    shown = milestones(steps)
    for i, k in enumerate(shown):
        w, b, _ = steps[k]
        last = i == len(shown) - 1
        color = "black" if last else matplotlib.colormaps["plasma_r"](0.15 + 0.6 * i / len(shown))
        label = "start" if k == 0 else f"after step {k:,}"
        axes.plot([low, high], [w * low + b, w * high + b], color=color, linewidth=2, label=label)
    axes.set(title="The line closing in on the points", xlabel="x", ylabel="y")


def milestones(steps: Sequence[Step]) -> list[int]:
    """Steps to show: the first, those by which 4/5, 3/5, ... of the way to the end was left, and the last."""
    w, b, _ = steps[-1]
    left = [math.hypot(step.w - w, step.b - b) for step in steps]
    found = {next(k for k, rest in enumerate(left) if rest <= left[0] * share) for share in (1, 0.8, 0.6, 0.4, 0.2)}
    return sorted(found | {len(steps) - 1})


def make_picture(options: argparse.Namespace, heading: str, *drawn: Any) -> bool:
    """Save and show the picture as the options say; whether that went well. Without matplotlib, say what to install."""
    try:
        import matplotlib
        from matplotlib.figure import Figure
    except ImportError:
        print("No picture, as matplotlib is not installed: pip install 'scalargrad[demos]' brings it")
        return True
    path: Path = options.picture / "sgd_line.png" if options.picture.is_dir() else options.picture
    with matplotlib.rc_context({"font.size": 13}):
        look: dict[str, Any] = {"figsize": (13, 5.8), "dpi": 120, "layout": "constrained"}
        if options.show:
            from matplotlib import pyplot

            figure = pyplot.figure(**look)
        else:
            figure = Figure(**look)
        figure.suptitle(heading)
        draw(figure, *drawn)
        if not options.no_picture:
            try:
                figure.savefig(path if path.suffix else path.with_suffix(".png"))
            except (OSError, ValueError) as error:
                reason = error.strerror if isinstance(error, OSError) else error
                return complain(f"the picture could not be written to {path}: {reason}")
            print(f"The picture is in {path if path.suffix else path.with_suffix('.png')}")
        if options.show:
            with warnings.catch_warnings():
                # A warning is how pyplot says that there is no screen.
                warnings.simplefilter("error", UserWarning)
                try:
                    pyplot.show()
                except UserWarning:
                    return complain("--show found no screen to show the picture on")
    return True


def complain(sentence: str) -> bool:
    """Say on stderr what went wrong; gives False."""
    print(f"sgd_line.py: error: {sentence}", file=sys.stderr)
    return False


def number_option(convert: Callable[[str], float], least: float, expected: str) -> Callable[[str], float]:
    """What reads an option that must be a finite number from `least` on."""

    def read(text: str) -> float:
        try:
            number = convert(text)
        except ValueError:
            number = math.nan
        if math.isfinite(number) and number >= least:
            return number
        raise argparse.ArgumentTypeError(f"expected {expected}, got {text!r}")

    return read


def read_options(argv: Sequence[str] | None) -> argparse.Namespace:
    """The options. Ends the program with code 2 and a sentence if they are wrong."""
    count = number_option(int, 1, "a whole number of at least 1")
    whole = number_option(int, -math.inf, "a whole number")
    finite = number_option(float, -math.inf, "a finite number")
    not_negative = number_option(float, 0.0, "a finite number of at least 0")
    positive = number_option(float, math.ulp(0.0), "a finite number above 0")
    options: list[tuple[str, Callable[[str], Any], Any, str, str]] = [
        ("--samples", count, 1000, "N", "how many points to make"),
        ("--slope", finite, 3.0, "A", "slope of the line that the points lie on"),
        ("--intercept", finite, 1.0, "B", "intercept of that line"),
        ("--noise", not_negative, 0.0, "SIGMA", "standard deviation of the noise added to y"),
        ("--epochs", count, 10, "N", "how often to go through all points"),
        ("--learning-rate", positive, 0.01, "RATE", "how far a step goes down the gradient"),
        ("--seed", whole, 0, "N", "seed of the random points or, for a file, of the order they are taken in"),
        ("--picture", Path, Path("sgd_line.png"), "PATH", "where to save the picture"),
    ]
    parser = argparse.ArgumentParser(
        prog="sgd_line.py",
        description="Stochastic gradient descent finds a line, one point at a time, with a gradient tape.",
        epilog="Ends with 0, also if interrupted; 1 if it diverged or the picture failed; 2 for wrong options or data.",
    )
    for name, convert, default, metavar, text in options:
        parser.add_argument(name, type=convert, default=default, metavar=metavar, help=f"{text} (default: %(default)s)")
    parser.add_argument("--no-picture", action="store_true", help="save no picture (default: save one)")
    parser.add_argument("--show", action="store_true", help="show the picture in a window too (default: do not)")
    parser.add_argument(
        "--csv", type=Path, metavar="FILE", help="fit the points of a file, columns x and y (default: made-up points)"
    )
    parsed = parser.parse_args(argv)
    for name, _, default, _, _ in options[:4]:
        if parsed.csv is not None and getattr(parsed, name[2:]) != default:
            parser.error(f"{name} is for made-up points and says nothing about those of --csv: leave one of them out")
    return parsed


def progress_bar(total: int) -> Any:
    """The bar of tqdm, which shows itself on a terminal only; None where it is not installed."""
    try:
        from tqdm import tqdm  # type: ignore[import-untyped,unused-ignore]
    except ImportError:
        return None
    return tqdm(total=total, unit=" steps", leave=False, disable=None)


def read_or_make_points(options: argparse.Namespace) -> tuple[list[float], list[float], Line | None]:
    """The points, and the line to compare with. Raises ValueError if a file's points cannot be had."""
    if options.csv is None:
        line = Line(options.slope, options.intercept, "true")
        return *sample(options.samples, line, options.noise, options.seed), line
    try:
        xs, ys = read_points(options.csv, options.seed)
    except OSError as error:
        raise ValueError(f"{options.csv} cannot be read: {error.strerror}") from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise ValueError(f"{options.csv} is not a CSV file in UTF-8: {error}") from None
    return xs, ys, least_squares(xs, ys)


def report(steps: Sequence[Step], seconds: float, target: Line | None) -> None:
    """Print what was reached, how close that is, and how fast it went."""
    w, b, _ = steps[-1]
    if target is None:
        print(f"weight {w:#.8g}, bias {b:#.8g}; no single line is the least-squares one for these points")
    else:
        for name, reached, of, goal in (
            ("weight", w, "slope", target.slope),
            ("bias", b, "intercept", target.intercept),
        ):
            print(f"{name:<6}{reached:>#16.8g}; {target.kind} {of} {goal:.8g}; off by {abs(reached - goal):.2g}")
    count = len(steps) - 1
    print(f"{count:,} steps in {seconds:.2f} s: {count / max(seconds, 1e-9):,.0f} steps a second")


def advice(xs: Sequence[float], learning_rate: float) -> str:
    """What to do against divergence: a step overshoots if the rate is above 1 / (1 + x**2)."""
    safe = 0.5 / (1 + max(x * x for x in xs))
    return f", such as --learning-rate {safe:.1g}" if 0 < safe < learning_rate else ", or scale the numbers down"


def main(argv: Sequence[str] | None = None) -> int:
    """Run the demo; gives the exit code."""
    options = read_options(argv)
    try:
        xs, ys, target = read_or_make_points(options)
    except ValueError as error:
        complain(str(error))
        return 2
    name = str(target) if options.csv is None else f"the line of {options.csv}"
    setting = f"{len(xs):,} points, learning rate {options.learning_rate:g}"
    print(f"Stochastic gradient descent towards {name}: {setting}, {options.epochs:,} epochs, one point a step")
    print(f"{'epoch':>5}{'w':>16}{'b':>16}{'mean loss':>14}")
    trace = Trace(progress_bar(len(xs) * options.epochs))
    success = True
    began = time.perf_counter()
    try:
        train(xs, ys, options.learning_rate, options.epochs, trace)
    except KeyboardInterrupt:
        print("Interrupted; this is what was reached:")
    except OverflowError:
        hint = advice(xs, options.learning_rate)
        success = complain(
            f"the fit diverged: step {len(trace.steps):,} left the range of floats; try a smaller learning rate{hint}"
        )
    seconds = time.perf_counter() - began
    if trace.bar is not None:
        trace.bar.close()
    report(trace.steps, seconds, target)
    if options.show or not options.no_picture:
        title = (
            f"Stochastic gradient descent towards {target if options.csv is None else 'the line of a file'}: {setting}"
        )
        success = make_picture(options, title, trace.steps, xs, ys, target) and success
    return 0 if success else 1


if __name__ == "__main__":
    sys.exit(main())
