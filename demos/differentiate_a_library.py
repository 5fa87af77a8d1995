"""Derivatives of a package that was not written for them: `math.patch` on option prices.

    pip install blackscholes
    python demos/differentiate_a_library.py

The package blackscholes computes prices with the functions of `math`. In the block `with sg.math.patch(...)`, its
modules find scalargrad's functions instead, so the price has derivatives, which traders call the Greeks. They are
compared with the package's own formulas. It saves differentiate_a_library.png.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import Any

from options import picture

import scalargrad as sg
from scalargrad import plot

try:
    import blackscholes
    import blackscholes.base
    import blackscholes.call
except ModuleNotFoundError:
    sys.exit("This demo differentiates the package blackscholes: pip install blackscholes")

STRIKE, TIME, RATE, SIGMA = 100.0, 0.5, 0.03, 0.25


def price(spot: Any, strike: Any, time: Any, rate: Any, sigma: Any) -> Any:
    """The price of a call option, by the package's own code."""
    return blackscholes.BlackScholesCall(spot, strike, time, rate, sigma).price()


def main(argv: Sequence[str] | None = None) -> int:
    """Run the demo; returns the exit code."""
    parser = argparse.ArgumentParser(description="Differentiates the package blackscholes, as it stands.")
    parser.add_argument("--picture", type=picture, default="differentiate_a_library.png", metavar="PATH")
    options = parser.parse_args(argv)

    spots = [60.0 + i for i in range(81)]
    at = [(spot, STRIKE, TIME, RATE, SIGMA) for spot in spots]
    with sg.math.patch(blackscholes.base, blackscholes.call):
        greeks = [sg.grad(price, argnums=(0, 1, 2, 3, 4))(*point) for point in at]
        gammas = [sg.derivative(price, order=2)(*point) for point in at]
    own = [blackscholes.BlackScholesCall(*point) for point in at]

    known = {
        "delta": [(g[0], call.delta()) for g, call in zip(greeks, own)],
        "vega": [(g[4], call.vega()) for g, call in zip(greeks, own)],
        "theta": [(-g[2], call.theta()) for g, call in zip(greeks, own)],
        "rho": [(g[3], call.rho()) for g, call in zip(greeks, own)],
        "gamma": [(g, call.gamma()) for g, call in zip(gammas, own)],
    }
    print(f"A call option with strike {STRIKE:g} and half a year to run, at {len(spots)} stock prices:")
    for name, pairs in known.items():
        worst = max(abs(a - b) / abs(b) for a, b in pairs)
        print(f"  {name:<6} and the package's own formula differ by at most {worst:.1e}, relatively")

    figure = plot.new_figure(9, 3.6)
    for axes, name in zip(figure.subplots(1, 3), ("delta", "gamma", "vega")):
        found, formula = zip(*known[name])
        axes.plot(spots, found, color=plot.LINES[0], label="derivative of price()")
        axes.plot(spots[::8], formula[::8], "o", color=plot.LINES[1], markersize=4.5, label="the package's own formula")
        axes.spines[["top", "right"]].set_visible(False)
        axes.set(xlabel="stock price", title=name)
    figure.legend(*axes.get_legend_handles_labels(), loc="upper center", ncols=2, frameon=False)
    figure.tight_layout(rect=(0, 0, 1, 0.93))
    figure.savefig(options.picture, dpi=120)
    print(f"The picture is in {options.picture}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
