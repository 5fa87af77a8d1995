"""`python -m scalargrad "x**2 * sin(y)" x=1.5 y=2`: an expression with its derivatives, on the command line."""

from __future__ import annotations

import argparse
import math
import os
import sys
from keyword import iskeyword
from textwrap import fill
from unicodedata import normalize

import scalargrad as sg

from . import plot
from .cli.expression import CONSTANTS, FUNCTIONS, TOO_DEEP, Expression, ExpressionError
from .course.command import learn

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

MOST = 30  # each order is a run of its own, so a hundred would take half a minute

EPILOG = """examples:
  python -m scalargrad "x**2 * sin(y)" x=1.5 y=2 --order 2
  python -m scalargrad "exp(-x**2 / 2)" x=0.5 --order 4
  python -m scalargrad "hypot(x, y) if x > 0 else relu(y)" x=3 y=4 --source

a course in eight steps, in which you build the engine yourself:
  python -m scalargrad learn

""" + fill(
    "Numbers are floats, so 9**9**9 overflows at once. A name that the expression does not use has the derivative 0. "
    "Put an expression that begins with -- in parentheses. "
    f"Constants: {', '.join(CONSTANTS)}. Functions, also written as math.sin: {', '.join(sorted(FUNCTIONS))}.",
    79,
)


def order(text: str) -> int:
    if not text.isdecimal() or int(text) > MOST:
        raise argparse.ArgumentTypeError(f"expected a whole number from 0 to {MOST}, got {text.strip()!r}")
    return int(text)


def picture(text: str) -> str:
    if not text.strip():
        raise argparse.ArgumentTypeError("expected the name of a file, such as out.png, got an empty one")
    return text if os.path.splitext(text)[1] else f"{text}.png"


def make_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m scalargrad",
        description="The value of an expression at a point, and its exact derivatives.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("expression", help="arithmetic in Python's syntax, in quotes")
    parser.add_argument("point", nargs="*", metavar="name=number", help="the value of a name in the expression")
    parser.add_argument("--order", type=order, default=1, metavar="N", help="the highest order; 1 by default")
    parser.add_argument("--explain", action="store_true", help="explain the derivatives step by step")
    parser.add_argument("--source", action="store_true", help="the gradient as Python, for the branch of this point")
    parser.add_argument("--plot", type=picture, metavar="FILE", help="draw the graph to a file, such as out.png")
    parser.add_argument("--version", action="version", version=f"scalargrad {sg.__version__}")
    return parser


def read_point(parser: argparse.ArgumentParser, pairs: Sequence[str]) -> dict[str, float]:
    """The numbers by their names, which are normalised as Python's parser does it."""
    point: dict[str, float] = {}
    for pair in pairs:
        name, equals, number = pair.partition("=")
        name = normalize("NFKC", name)
        if not equals:
            parser.error(f"expected name=number, got {pair!r}; put the whole expression in quotes")
        if not name.isidentifier() or iskeyword(name):
            parser.error(f"expected a name before the = of {pair!r}, got {name!r}; use one such as x")
        if name in FUNCTIONS or name == "math":
            parser.error(f"expected a name of your own in {pair!r}, got that of a function; use one such as x")
        if name in point:
            parser.error(f"{name} is given twice, as {point[name]!r} and in {pair!r}; give it once")
        try:
            point[name] = float(number)
        except ValueError:
            parser.error(f"expected a number after the = of {pair!r}, got {number!r}; write one, such as {name}=1.5")
        if math.isinf(point[name]) and "inf" not in number.lower():
            parser.error(f"{number} in {pair!r} is too large for a float; write inf for the infinite number")
    return point


def check(parser: argparse.ArgumentParser, options: argparse.Namespace, names: Sequence[str]) -> None:
    """Exit with an error if there are too few or too many names for the options."""
    if not names and (options.order > 1 or options.source or options.explain or options.plot):
        parser.error("there is no name to differentiate with respect to; add one, such as x=1.5")
    if options.order > 2 and len(names) > 1:
        parser.error(
            f"--order {options.order} takes an expression of one name, got {len(names)} ({', '.join(names)}); use "
            "--order 2, or write the numbers of the others into the expression"
        )


def table_of_derivatives(f: Expression, point: Sequence[float], order: int) -> str:
    """The value and the derivatives up to an order, as aligned text."""
    names, every = f.names, tuple(range(len(point)))
    value, gradient = sg.value_and_grad(f, argnums=every)(*point) if names else (f(), ())
    rows = [("value", value), *[(f"d/d{name}", d) for name, d in zip(names, gradient) if order > 0]]
    if len(names) == 1:
        rows += [(f"d^{k}/d{names[0]}^{k}", sg.derivative(f, order=k)(*point)) for k in range(2, order + 1)]
    width = max(len(label) for label, _ in rows)
    text = "\n".join(f"{label:<{width}} = {number!r}" for label, number in rows)
    if order == 2 and len(names) > 1:
        table = [["", *names], *[[x, *map(repr, row)] for x, row in zip(names, sg.hessian(f, argnums=every)(*point))]]
        widths = [max(map(len, column)) for column in zip(*table)]
        lines = ["  ".join(f"{cell:>{width}}" for cell, width in zip(row, widths)) for row in table]
        text += "\n\nsecond derivatives\n" + "\n".join(lines)
    return text


def draw(value: sg.Value, file: str) -> str:
    """Draw the graph to a file; returns the reason if that fails, or an empty text."""
    try:
        figure: Any = plot.graph(value, gradients=True).figure
        figure.savefig(file)
    except ModuleNotFoundError as error:
        return str(error)
    except (OSError, ValueError) as error:
        return f"--plot cannot write {file}: {error}"
    return ""


def compiled_source(f: Any, point: Sequence[float]) -> str:
    import inspect  # takes longer than all the rest

    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    f.__signature__ = inspect.Signature([inspect.Parameter(name, kind) for name in f.names])
    compiled = sg.compile(sg.value_and_grad(f, argnums=tuple(range(len(point)))))
    compiled(*point)
    return str(compiled.source)


def point_as_text(point: dict[str, float]) -> str:
    return ", ".join(f"{name} = {number!r}" for name, number in point.items())


def report(f: Expression, point: dict[str, float], options: argparse.Namespace) -> tuple[str, str]:
    """The text to print, and the reason if a picture is missing. Raises what the operations raise."""
    numbers = [*point.values()]
    parts = [f.text + f"  at {point_as_text(point)}" * bool(point), table_of_derivatives(f, numbers, options.order)]
    result = f(*[sg.Value(number, label=name) for name, number in point.items()])
    value = result if isinstance(result, sg.Value) else sg.constant(result)
    if options.explain:
        parts.append(sg.explain(value) if value.is_tracked else "It depends on no name; there is nothing to explain.")
    missing = ""
    if options.plot:
        missing = draw(value, options.plot)
        parts += [] if missing else [f"The graph is in {options.plot}."]
    text = "\n\n".join(parts)
    if options.source:
        text = "\n".join(f"# {line}".rstrip() for line in text.split("\n")) + "\n\n" + compiled_source(f, numbers)
    return text, missing


def say(text: str) -> None:
    """Print text, in any encoding of the output, and even if the reader of a pipe stops early."""
    encoding = sys.stdout.encoding or "utf-8"
    try:
        print(text.rstrip().encode(encoding, "backslashreplace").decode(encoding), flush=True)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or Python would try again as it ends


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit code, or exits with 2 if it is used wrongly."""
    parser = make_parser()
    args = sys.argv[1:] if argv is None else argv
    if [*args[:1]] == ["learn"] and not any(x.startswith("learn=") for x in args):  # otherwise `learn` is an expression
        code, text = learn(args[1:])
        say(text)
        return code
    if not args:
        say(parser.format_help())
        return 0
    # The space keeps argparse from taking `-x**2` for an option.
    options = parser.parse_intermixed_args([f" {x}" if x[:1] == "-" != x[1:2] and x != "-h" else x for x in args])
    point = read_point(parser, options.point)
    check(parser, options, [*point])
    try:
        text, missing = report(Expression(options.expression, [*point]), point, options)
        say(text)
    except ExpressionError as error:
        parser.error(str(error))
    except RecursionError:
        parser.error(TOO_DEEP)
    except (ArithmeticError, ValueError) as error:
        return fail(parser, f"{error}{', at' * bool(point)} {point_as_text(point)}".rstrip())
    return fail(parser, missing) if missing else 0


def fail(parser: argparse.ArgumentParser, message: str) -> int:
    print(f"{parser.prog}: error: {message}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
