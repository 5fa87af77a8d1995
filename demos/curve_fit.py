"""A curve fitted by Levenberg-Marquardt to a difficult data set, to all the digits that NIST certifies.

    python demos/curve_fit.py

The data are the mobility of electrons in a semiconductor (R. Thurber, NIST); the model is a quotient of two cubics with
seven parameters. The data set is one "of higher difficulty" in the Statistical Reference Datasets of the National
Institute of Standards and Technology, https://www.itl.nist.gov/div898/strd/nls/data/thurber.shtml. The derivatives are
exact, from `jacobian`; linear algebra is NumPy's. It saves curve_fit.png. Needs matplotlib: pip install matplotlib.
"""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Sequence
from typing import Any

import numpy as np
from options import picture

import scalargrad as sg
from scalargrad import plot

# log(density), mobility
DATA = [
    *((-3.067, 80.574), (-2.981, 84.248), (-2.921, 87.264), (-2.912, 87.195), (-2.840, 89.076), (-2.797, 89.608)),
    *((-2.702, 89.868), (-2.699, 90.101), (-2.633, 92.405), (-2.481, 95.854), (-2.363, 100.696), (-2.322, 101.060)),
    *((-1.501, 401.672), (-1.460, 390.724), (-1.274, 567.534), (-1.212, 635.316), (-1.100, 733.054)),
    *((-1.046, 759.087), (-0.915, 894.206), (-0.714, 990.785), (-0.566, 1090.109), (-0.545, 1080.914)),
    *((-0.400, 1122.643), (-0.309, 1178.351), (-0.109, 1260.531), (-0.103, 1273.514), (0.010, 1288.339)),
    *((0.119, 1327.543), (0.377, 1353.863), (0.790, 1414.509), (0.963, 1425.208), (1.006, 1421.384)),
    *((1.115, 1442.962), (1.572, 1464.350), (1.841, 1468.705), (2.047, 1447.894), (2.200, 1457.628)),
]
START = [1000.0, 1000.0, 400.0, 40.0, 0.7, 0.3, 0.03]
# The certified values of b1 to b7, and of their standard deviations.
CERTIFIED = [1288.1396800, 1491.0792535, 583.23836877, 75.416644291, 0.96629502864, 0.39797285797, 0.049727297349]
DEVIATIONS = [4.6647963344, 39.571156086, 28.698696102, 5.5675370270, 0.031333340687, 0.014984928198, 0.0065842344623]


def model(b: Any, x: float) -> Any:
    """The mobility at a density."""
    return (b[0] + b[1] * x + b[2] * x**2 + b[3] * x**3) / (1 + b[4] * x + b[5] * x**2 + b[6] * x**3)


@sg.compile
def residuals(b: Any) -> list[Any]:
    """The difference of each measurement from the model."""
    return [y - model(b, x) for x, y in DATA]


slopes = sg.compile(sg.jacobian(residuals))


def step_from(b: list[float], damping: float) -> list[float]:
    """The end of a damped Gauss-Newton step: J step = -r by least squares, with the columns of J lengthened."""
    r, j = np.array(residuals(b)), np.array(slopes(b))
    lengths = np.sqrt((j * j).sum(axis=0))
    rows = np.vstack([j, math.sqrt(damping) * np.diag(lengths)])
    step = np.linalg.lstsq(rows, np.concatenate([-r, np.zeros(len(b))]), rcond=None)[0]
    return [x + dx for x, dx in zip(b, step.tolist())]


def sum_of_squares(b: list[float]) -> float:
    """The number to minimise; infinite where the model has no value, so that a step there counts as uphill."""
    try:
        return float(sum(r * r for r in residuals(b)))
    except ArithmeticError:
        return math.inf


def fit(b: list[float]) -> tuple[list[float], int]:
    """Levenberg-Marquardt: steps are damped more while they lead uphill. Returns b and the number of steps."""
    damping, steps = 1e-3, 0
    square = sum_of_squares(b)
    while damping < 1e10:
        there = step_from(b, damping)
        lower = sum_of_squares(there)
        if lower < square:
            b, square, damping, steps = there, lower, damping / 10, steps + 1
        else:
            damping *= 10
    for _ in range(3):  # the sum of squares is flat to the last digit, but steps still improve b
        b, steps = step_from(b, 0.0), steps + 1
    return b, steps


def main(argv: Sequence[str] | None = None) -> int:
    """Run the demo; returns the exit code."""
    parser = argparse.ArgumentParser(description="Fits Thurber's data by Levenberg-Marquardt with exact derivatives.")
    parser.add_argument("--picture", type=picture, default="curve_fit.png", metavar="PATH")
    options = parser.parse_args(argv)

    b, steps = fit(START)
    missed = residuals(b)
    square = sum_of_squares(b)
    deviation = math.sqrt(square / (len(DATA) - len(b)))
    j = np.array(slopes(b))
    errors = (deviation * np.sqrt(np.diag(np.linalg.inv(j.T @ j)))).tolist()
    print(f"{steps} steps from NIST's first start; the sum of squares is {square:.10g} (certified: 5642.7082397)")
    print(f"{'':<4}{'fitted':>20}{'certified':>20}{'digits':>8}{'error':>16}{'certified':>16}")
    for i, (found, certified, error, known) in enumerate(zip(b, CERTIFIED, errors, DEVIATIONS), 1):
        digits = min(11.0, -math.log10(abs(found / certified - 1) or 1e-11))
        print(f"b{i:<3}{found:>20.12g}{certified:>20.11g}{digits:>8.1f}{error:>16.8g}{known:>16.8g}")

    figure = plot.new_figure(8, 6.4)
    above, below = figure.subplots(2, 1, sharex=True, height_ratios=[3, 1])
    xs = [-3.2 + 5.5 * i / 400 for i in range(401)]
    above.plot(xs, [model(b, x) for x in xs], color=plot.LINES[1], label="the fitted quotient of two cubics")
    above.plot(*zip(*DATA), "o", color=plot.LINES[0], markersize=4.5, label="Thurber's measurements")
    above.set(ylabel="electron mobility", title="NIST's Thurber data")
    above.legend()
    below.axhline(0, color="0.6", linewidth=1)
    below.vlines([x for x, _ in DATA], 0, missed, color=plot.LINES[0], linewidth=1.5)
    below.set(xlabel="log(density)", ylabel="residual")
    for axes in (above, below):
        axes.spines[["top", "right"]].set_visible(False)
    figure.tight_layout()
    figure.savefig(options.picture, dpi=120)
    print(f"The picture is in {options.picture}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
