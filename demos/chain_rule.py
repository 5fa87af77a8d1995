"""The chain rule on one small expression: explained, drawn and animated.

    python demos/chain_rule.py

It prints the backward pass step by step. It saves chain_rule.png, the graph with its local derivatives, and
chain_rule.gif, the reverse sweep. The pictures need matplotlib: pip install matplotlib.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import Any

from options import picture

import scalargrad as sg
from scalargrad import plot


def main(argv: Sequence[str] | None = None) -> int:
    """Run the demo; returns the exit code."""
    parser = argparse.ArgumentParser(description="The chain rule on z = sin(x) * y + x**2, explained and drawn.")
    parser.add_argument("--x", type=float, default=2.0, help="the number x (default: %(default)s)")
    parser.add_argument("--y", type=float, default=3.0, help="the number y (default: %(default)s)")
    parser.add_argument("--picture", type=picture, default="chain_rule.png", metavar="PATH")
    parser.add_argument("--animation", type=picture, default="chain_rule.gif", metavar="PATH")
    options = parser.parse_args(argv)

    x, y = sg.Value(options.x, label="x"), sg.Value(options.y, label="y")
    try:
        z = sg.sin(x) * y + x**2
    except (ArithmeticError, ValueError) as error:
        print(f"chain_rule.py: error: {error}; give smaller numbers", file=sys.stderr)
        return 1
    z.label = "z"
    z.backward()
    print(sg.explain(z))

    figure: Any = plot.graph(z, local_derivatives=True).figure
    figure.savefig(options.picture, dpi=120)
    print(f"\nThe graph is in {options.picture}")
    plot.backward_frames(z).save(options.animation)
    print(f"The animation is in {options.animation}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
