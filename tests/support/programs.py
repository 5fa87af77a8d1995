"""Random programs over all operations, which run on floats, on Values, in many digits, and on power series.

A program is a list of steps; each takes earlier results, so that nodes are shared and results used again, and is
written once in terms of a kit: the functions of one kind of number. Steps keep their operands inside the domains of
the functions, so that programs are smooth but for the kinks, which the kit of floats reports.
"""

from __future__ import annotations

import functools
import math
import operator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st
from mpmath import mp

import scalargrad as sg

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Step = Callable[..., Any]

NAMES = ["exp", "expm1", "log", "log1p", "sqrt", "sin", "cos", "tan", "asin", "acos", "atan"]
NAMES += ["sinh", "cosh", "tanh", "asinh", "acosh", "atanh"]


class Kit:
    """The functions of one kind of number, by the names of scalargrad; `decisions` are the sides of kinks taken."""

    def __init__(self, source: Any = None) -> None:
        self.decisions: list[Any] = []
        for name in NAMES if source else ():
            setattr(self, name, getattr(source, name))

    def relu(self, x: Any) -> Any:
        self.decisions.append((x > 0, x == 0))
        return x if x > 0 else x * 0

    def abs(self, x: Any) -> Any:
        return self.relu(x) + self.relu(-x)

    def maximum(self, x: Any, y: Any) -> Any:
        self.decisions.append((x > y, x == y))
        return y if y > x else x  # the first of equals, as Python's max

    def minimum(self, x: Any, y: Any) -> Any:
        return -self.maximum(-x, -y)

    def clip(self, x: Any, low: Any, high: Any) -> Any:
        return self.minimum(self.maximum(x, low), high)

    def where(self, condition: bool, x: Any, y: Any) -> Any:
        return x if condition else y

    def sigmoid(self, x: Any) -> Any:
        return 1 / (1 + self.exp(-x))

    def softplus(self, x: Any) -> Any:
        return self.log(1 + self.exp(x))

    def log_sigmoid(self, x: Any) -> Any:
        return -self.log(1 + self.exp(-x))

    def sum(self, xs: Sequence[Any]) -> Any:
        return functools.reduce(operator.add, xs)

    def mean(self, xs: Sequence[Any]) -> Any:
        return self.sum(xs) / len(xs)

    def dot(self, xs: Sequence[Any], ys: Sequence[Any]) -> Any:
        return self.sum([x * y for x, y in zip(xs, ys)])

    def prod(self, xs: Sequence[Any]) -> Any:
        return functools.reduce(operator.mul, xs)

    def norm(self, xs: Sequence[Any]) -> Any:
        return self.sqrt(self.sum([x * x for x in xs]))

    def max(self, xs: Sequence[Any]) -> Any:
        return functools.reduce(self.maximum, xs)

    def min(self, xs: Sequence[Any]) -> Any:
        return functools.reduce(self.minimum, xs)

    def logsumexp(self, xs: Sequence[Any]) -> Any:
        return self.log(self.sum([self.exp(x) for x in xs]))

    def softmax_first(self, xs: Sequence[Any]) -> Any:
        return self.exp(xs[0] - self.logsumexp(xs))


class ValueKit(Kit):
    """scalargrad's own: one node each."""

    def __init__(self) -> None:
        super().__init__(sg)
        for name in ("relu", "abs", "maximum", "minimum", "clip", "where", "sigmoid", "softplus", "log_sigmoid"):
            setattr(self, name, getattr(sg, name))
        for name in ("sum", "mean", "prod", "norm", "max", "min", "logsumexp"):
            setattr(self, name, lambda xs, name=name: getattr(sg.Vector(xs), name)())

    def dot(self, xs: Sequence[Any], ys: Sequence[Any]) -> Any:
        return sg.Vector(xs).dot(ys)

    def softmax_first(self, xs: Sequence[Any]) -> Any:
        return sg.softmax(xs)[0]


def float_kit() -> Kit:
    return Kit(math)


def many_digit_kit() -> Kit:
    return Kit(mp)


RATIONAL_STEPS: list[tuple[int, Step]] = [
    (2, lambda k, x, y: x + y),
    (2, lambda k, x, y: x - y),
    (2, lambda k, x, y: x * y),
    (2, lambda k, x, y: x / (y * y + 1)),
    (1, lambda k, x: 3 - x),
    (1, lambda k, x: x - 2),
    (1, lambda k, x: 2 / (x * x + 3)),
    (1, lambda k, x: 2 * x),
    (1, lambda k, x: x / 2),
    (1, lambda k, x: -x),
    (1, lambda k, x: x**2),
    (1, lambda k, x: x**3 / 4),
    (1, lambda k, x: (x * x + 1) ** -1),
    (1, lambda k, x: (x * x + 1) ** -2),
    (1, lambda k, x: k.relu(x)),
    (1, lambda k, x: k.abs(x)),
    (2, lambda k, x, y: k.maximum(x, y)),
    (2, lambda k, x, y: k.minimum(x, y)),
    (2, lambda k, x, y: k.where(True, x, y)),
    (2, lambda k, x, y: k.where(False, x, y)),
    (1, lambda k, x: k.clip(x, 0 * x - 2, 0 * x + 2)),
    (3, lambda k, x, y, z: k.clip(x, k.minimum(y, z) - 1, k.maximum(y, z) + 1)),
    (3, lambda k, *xs: k.sum([*xs, 2])),
    (3, lambda k, *xs: k.mean(xs)),
    (3, lambda k, *xs: k.prod(xs)),
    (4, lambda k, *xs: k.dot(xs[:2], xs[2:])),
    (2, lambda k, x, y: k.dot([x, y, x], [y, 2, x])),
    (3, lambda k, *xs: k.max(xs)),
    (3, lambda k, *xs: k.min(xs)),
]

SMOOTH_STEPS: list[tuple[int, Step]] = [
    (1, lambda k, x: k.exp(k.tanh(x))),
    (1, lambda k, x: k.expm1(k.sin(x))),
    (1, lambda k, x: k.log(x * x + 1.5)),
    (1, lambda k, x: k.log1p(x * x)),
    (1, lambda k, x: k.sqrt(x * x + 0.5)),
    (1, lambda k, x: k.sin(x)),
    (1, lambda k, x: k.cos(x)),
    (1, lambda k, x: k.tan(k.sin(x))),
    (1, lambda k, x: k.asin(0.9 * k.sin(x))),
    (1, lambda k, x: k.acos(0.9 * k.cos(x))),
    (1, lambda k, x: k.atan(x)),
    (1, lambda k, x: k.sinh(k.tanh(x))),
    (1, lambda k, x: k.cosh(k.sin(x))),
    (1, lambda k, x: k.tanh(x)),
    (1, lambda k, x: k.asinh(x)),
    (1, lambda k, x: k.acosh(x * x + 1.5)),
    (1, lambda k, x: k.atanh(0.9 * k.tanh(x))),
    (1, lambda k, x: k.sigmoid(x)),
    (1, lambda k, x: k.softplus(x)),
    (1, lambda k, x: k.log_sigmoid(x)),
    (1, lambda k, x: (x * x + 1) ** 0.7),
    (1, lambda k, x: 1.7 ** k.sin(x)),
    (2, lambda k, x, y: (x * x + 0.5) ** k.tanh(y)),
    (3, lambda k, *xs: k.norm([*xs, 1.5])),
    (3, lambda k, *xs: k.logsumexp(xs)),
    (3, lambda k, *xs: k.softmax_first(xs)),
]


@dataclass(frozen=True)
class Program:
    """Steps, each with the indices of the results it takes; the last results are added up."""

    inputs: int
    steps: tuple[tuple[Step, tuple[int, ...]], ...]

    def trace(self, kit: Kit, inputs: Sequence[Any]) -> list[Any]:
        """Everything that the program computes, inputs first and its result last."""
        results = [*inputs]
        for step, operands in self.steps:
            results.append(step(kit, *[results[i] for i in operands]))
        results.append(functools.reduce(operator.add, results[-3:]))
        return results

    def __call__(self, kit: Kit, inputs: Sequence[Any]) -> Any:
        return self.trace(kit, inputs)[-1]


@st.composite
def programs(draw: st.DrawFn, kinds: Sequence[tuple[int, Step]], max_inputs: int = 3, max_steps: int = 10) -> Program:
    inputs = draw(st.integers(1, max_inputs))
    steps = []
    for count in range(inputs, inputs + draw(st.integers(1, max_steps))):
        arity, step = draw(st.sampled_from(kinds))
        steps.append((step, tuple(draw(st.integers(0, count - 1)) for _ in range(arity))))
    return Program(inputs, tuple(steps))


def rational_programs(**limits: int) -> st.SearchStrategy[Program]:
    return programs(RATIONAL_STEPS, **limits)


def any_programs(**limits: int) -> st.SearchStrategy[Program]:
    return programs(RATIONAL_STEPS + SMOOTH_STEPS, **limits)


INPUTS = st.integers(-2000, 2000).map(lambda k: k / 1000)
FRACTIONS = st.fractions(-3, 3, max_denominator=7)


def points(inputs: st.SearchStrategy[Any], count: int) -> st.SearchStrategy[list[Any]]:
    return st.lists(inputs, min_size=count, max_size=count)


def is_tame(program: Program, point: Sequence[Any]) -> bool:
    """Whether no result is so large, nor so near a kink, that differences say little."""
    kit = float_kit()
    return all(abs(x) < 1e4 for x in program.trace(kit, point)) and not any(tie for _, tie in kit.decisions)
