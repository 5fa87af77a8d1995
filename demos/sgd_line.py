"""Stochastic gradient descent finds a line, one point at a time, with a gradient tape.

    python demos/sgd_line.py                            # y = 3x + 1, as in the lesson; draws sgd_line.png
    python demos/sgd_line.py --slope -2 --noise 0.5     # another line, with points that scatter about it
    python demos/sgd_line.py --csv points.csv --show    # your own points: two columns, x and y

All options: python demos/sgd_line.py --help. The picture needs matplotlib and the progress bar tqdm; without them it
still trains and prints.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence

from line_options import read_options
from line_picture import make_picture
from line_points import Line, least_squares, make_points, read_points
from line_trace import START, Trace, progress_bar, report

try:
    import scalargrad as sg
except ModuleNotFoundError as missing:
    if missing.name != "scalargrad":
        raise
    sys.exit(
        "This demo needs scalargrad, which is not installed: run pip install -e '.[demos]' in the project's folder."
    )


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


def main(argv: Sequence[str] | None = None) -> int:
    """Run the demo; returns the exit code."""
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
        print("Interrupted. The result so far:")
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
        print("No picture, since matplotlib is not installed: run pip install matplotlib")
    except OSError as error:
        complain(f"the picture could not be written to {options.picture}: {error.strerror or error}")
        code = 1
    except (ImportError, ValueError) as error:
        complain(f"the picture failed: {error}")
        code = 1
    except KeyboardInterrupt:
        print("Interrupted while drawing; the picture may be missing")
    return code


def complain(sentence: str) -> None:
    """Print an error to stderr."""
    print(f"sgd_line.py: error: {sentence}", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
