"""The derivatives of every operation against many digits, beside those of PyTorch and JAX at the same points.

    python benchmarks/exactness.py

For each operation: the largest error of the first derivative, in units of the last place, at points that include tails,
subnormals, and neighbourhoods of branch points and zeros; the largest relative error of the second; and the number of
points at which the third has the wrong sign or size. The references are those of the tests, in mpmath. PyTorch and JAX
compute in double precision, with their own functions for the operation; they are measured if they are installed (extra
`engines`). Needs the extra `test`.
"""

from __future__ import annotations

import argparse
import importlib.util
import math
import random
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from mpmath import mp

sys.path.insert(0, str(Path(__file__).parent.parent))

import scalargrad as sg
from scalargrad.operations.operation import registry
from tests.support.oracles import LEAST_NORMAL, ulps
from tests.support.references import COMPOSED, REFERENCES, Reference

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Point = tuple[float, ...]
    Gradients = Callable[[str, Sequence[Point]], "list[list[float]] | None"]

EDGES = [5e-324, 1e-310, 2.3e-308, 1e-300, 1e-200, 1e-100, 1e-16, 1e-12, 1e-8, 1e-4, 0.3, 0.5, 1 - 2**-53, 1 - 1e-12]
EDGES += [
    1 - 1e-8,
    1.0,
    1 + 2**-52,
    1 + 1e-12,
    1 + 1e-8,
    1.4616321449683622,
    1.5707963267948966,
    2.0,
    3.1415926535897931,
]
EDGES += [5.0, 18.0, 20.5, 26.0, 30.0, 40.0, 171.0, 372.0, 700.0, 709.0, 744.0, 1e5, 1e9, 1e16, 1e100, 1e154, 1e200]
EDGES += [1e300, 1.7e308]
ALL = REFERENCES | COMPOSED
OUT_OF_RANGE = (ArithmeticError, ValueError)


def points_of(reference: Reference, count: int) -> list[Point]:
    """Points in the domain of an operation: some drawn by the strategies of the tests, and combinations of edges."""
    drawn: list[Point] = []

    @settings(
        max_examples=count,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=[*HealthCheck],
    )
    @given(st.tuples(*reference.domain))
    def collect(point: Point) -> None:
        drawn.append(point)

    collect()
    edges = [side * edge for edge in EDGES for side in (1, -1)]
    arity = len(reference.domain)
    generator = random.Random(arity)
    combined = [(x,) for x in edges] if arity == 1 else [tuple(generator.choices(edges, k=arity)) for _ in range(count)]
    return [point for point in dict.fromkeys(drawn + combined) if has_a_value(reference, point)]


def has_a_value(reference: Reference, point: Point) -> bool:
    try:
        return reference.inside(*point) and math.isfinite(plain(reference.apply(*point)))
    except OUT_OF_RANGE:
        return False


def plain(x: Any) -> float:
    return float(x.data if isinstance(x, sg.Value) else x)


# ---- The derivatives -------------------------------------------------------------------------------------------------


def ours(reference: Reference, point: Point, index: int, order: int) -> float:
    """The derivative of some order with respect to one operand."""

    def function(x: Any) -> Any:
        return reference.apply(*point[:index], x, *point[index + 1 :])

    for _ in range(order):
        function = sg.grad(function)
    return function(point[index])


def torch_gradients(name: str, points: Sequence[Point]) -> list[list[float]] | None:
    import torch  # a rival, measured only where it is there

    f = torch.nn.functional
    own_names = {
        "absolute": "abs", "degrees": "rad2deg", "radians": "deg2rad", "mod": "remainder", "float_pow": "pow",
        "truediv": "true_divide", "fabs": "abs",
    }  # fmt: skip
    special = {
        "softplus": f.softplus, "log_sigmoid": f.logsigmoid, "neg": torch.neg,
        "leg_ratio": None,
        "polygamma": lambda x: torch.special.polygamma(2, x), "gamma": lambda x: torch.exp(torch.lgamma(x)),
        "clip": lambda x, low, high: torch.minimum(torch.maximum(x, low), high), "remainder": None, "nextafter": None,
        "where": lambda x, y: torch.where(x > y, x, y), "ldexp": lambda x: torch.ldexp(x, torch.tensor(60)),
        "fraction": torch.frac, "identity": None, "sign": None,
    }  # fmt: skip
    function = special[name] if name in special else getattr(torch, own_names.get(name, name), None)
    if function is None:
        return None
    columns = [torch.tensor(c, dtype=torch.float64, requires_grad=True) for c in zip(*points)]
    function(*columns).sum().backward()
    return [[*row] for row in zip(*[column.grad.tolist() for column in columns])]


def jax_gradients(name: str, points: Sequence[Point]) -> list[list[float]] | None:
    import jax  # a rival, measured only where it is there

    jax.config.update("jax_enable_x64", True)
    own_names = {"absolute": "abs", "float_pow": "power", "pow": "power", "neg": "negative", "truediv": "true_divide"}
    own_names |= {"sub": "subtract", "mul": "multiply"}
    special = jax.scipy.special
    others = {
        "lgamma": special.gammaln, "digamma": special.digamma, "gamma": special.gamma, "erf": special.erf,
        "erfc": special.erfc, "polygamma": lambda x: special.polygamma(2, x), "remainder": None, "nextafter": None,
        "sigmoid": jax.nn.sigmoid, "softplus": jax.nn.softplus, "log_sigmoid": jax.nn.log_sigmoid, "relu": jax.nn.relu,
        "clip": lambda x, low, high: jax.numpy.clip(x, low, high), "identity": None, "sign": None,
        "where": lambda x, y: jax.numpy.where(x > y, x, y), "ldexp": lambda x: jax.numpy.ldexp(x, 60),
        "fraction": lambda x: jax.numpy.modf(x)[0], "atan2": jax.numpy.arctan2,
        **{f"a{name}": getattr(jax.numpy, f"arc{name}") for name in ("sin", "cos", "tan", "sinh", "cosh", "tanh")},
    }  # fmt: skip
    function = others[name] if name in others else getattr(jax.numpy, own_names.get(name, name), None)
    if function is None:
        return None
    gradient = jax.vmap(jax.grad(function, argnums=tuple(range(len(points[0])))))
    columns = gradient(*[jax.numpy.array(column, dtype=jax.numpy.float64) for column in zip(*points)])
    return [[*row] for row in zip(*[column.tolist() for column in columns])]


RIVALS: dict[str, Gradients] = {"PyTorch": torch_gradients, "JAX": jax_gradients}
INSTALLED = {name: RIVALS[name] for name in RIVALS if importlib.util.find_spec({"PyTorch": "torch"}.get(name, "jax"))}

# ---- The table -------------------------------------------------------------------------------------------------------


def error_in_ulps(got: float, exact: mp.mpf, least: float) -> float:
    return math.inf if math.isnan(got) else ulps(got, exact, least)


def relative_error(got: float, exact: mp.mpf) -> float:
    """The error relative to the exact number, or to the least normal one if that is larger; 0 beyond all floats."""
    if abs(exact) > sys.float_info.max:
        return 0.0
    if not math.isfinite(got):
        return math.inf
    return float(abs(got - exact) / max(abs(exact), LEAST_NORMAL))


def has_derivative(name: str, point: Point, index: int, order: int = 1) -> bool:
    if name not in ("pow", "float_pow"):
        return True
    x, y = point
    # x**y has no derivative with respect to y for negative x, and floats cannot tell if y - 3 is odd for large y.
    return x > 0 or (index == 0 and (order < 3 or abs(y) < 2**53))


def is_helper(name: str) -> bool:
    """Whether an operation only serves the rules of others: its first derivative is a higher one of theirs."""
    operation = registry.get(name)
    return operation is not None and not hasattr(sg, name) and ALL[name].apply in (operation, operation.function)


def measure(name: str, count: int, orders: int) -> dict[str, Any]:
    """The errors of one operation: for each order, the largest one and its point; for the first, the rivals' too."""
    reference = ALL[name]
    points = points_of(reference, count)
    worst: dict[str, Any] = {"points": len(points), "third": 0}
    given = {rival: gradients(name.removesuffix(" below 0"), points) for rival, gradients in INSTALLED.items()}
    for i, point in enumerate(points):
        for index in reference.smooth_operands:
            if not has_derivative(name, point, index):
                continue
            exact = reference.derivative(point, index)
            least = reference.least(*point)
            note(worst, "first", error_in_ulps(ours(reference, point, index, 1), exact, least), point)
            for rival, rows in given.items():
                if rows is not None:
                    note(worst, rival, error_in_ulps(rows[i][index], exact, least), point)
            if orders >= 2 and not is_helper(name):
                second = reference.derivative(point, index, 2)
                note(worst, "second", relative_error(ours(reference, point, index, 2), second), point)
            if orders >= 3 and not is_helper(name) and has_derivative(name, point, index, 3):
                third = reference.derivative(point, index, 3)
                off = relative_error(ours(reference, point, index, 3), third)
                note(worst, "worst third", off, point)
                worst["third"] += off > 1e-6
    return worst


def note(worst: dict[str, Any], what: str, error: float, point: Point) -> None:
    if error >= worst.get(what, (0.0,))[0]:
        worst[what] = error, point


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", help="operations (default: all that are public)")
    parser.add_argument("--count", type=int, default=100, help="points drawn for each operation (default: 100)")
    parser.add_argument("--orders", type=int, default=3, choices=(1, 2, 3), help="the highest order (default: 3)")
    parser.add_argument("--where", action="store_true", help="print the worst points, too")
    options = parser.parse_args()
    names = options.names or [*ALL]
    kept = dict.fromkeys(["scalargrad", *INSTALLED], 0)
    measured = dict.fromkeys(kept, 0)
    print(
        f"{'operation':<20} {'points':>6} {'bar, ulp':>8} {'first, ulp':>10} {'second, rel':>11} {'third wrong':>11}",
        end="",
    )
    print("".join(f" {rival + ', ulp':>12}" for rival in INSTALLED))
    for name in names:
        bar = ALL[name].ulps
        worst = measure(name, options.count, options.orders)
        print(f"{name:<20} {worst['points']:>6} {bar:>8} {worst['first'][0]:>10.2f}", end="")
        print(f" {worst.get('second', (math.nan,))[0]:>11.1e} {worst['third']:>11}", end="")
        for rival, what in zip(kept, ["first", *INSTALLED]):
            if what in worst:
                measured[rival] += 1
                kept[rival] += worst[what][0] <= bar
            if what != "first":
                print(f" {worst[what][0] if what in worst else math.nan:>12.3g}", end="")
        print()
        if options.where:
            print("    " + "; ".join(f"{what}: {worst[what]}" for what in worst if isinstance(worst[what], tuple)))
    print("\nFirst derivatives within the bar: " + ", ".join(f"{r} {kept[r]} of {measured[r]}" for r in kept))


if __name__ == "__main__":
    main()
