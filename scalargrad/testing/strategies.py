"""Hypothesis strategies: values, vectors, and random programs that are Python functions.

Needs Hypothesis (extra `testing`), which finds `testing.register` by itself: `st.from_type(Value)` works as soon as
both are installed.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from functools import lru_cache
from math import prod

from hypothesis import strategies as st

from .. import math as differentiable_math
from ..checks import brief, is_integer, plural, require_flag, require_integer
from ..engine.value import Value
from ..engine.vector import Vector

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

Shape = tuple[int, ...]


def steps_in(text: str) -> list[str]:
    return [step for line in text.split("\n") for step in line.split("; ") if step]


NUMBERS = st.floats(-1e6, 1e6, allow_nan=False, allow_infinity=False)

# The steps of programs, separated by semicolons; `{0}` and `{1}` are earlier results. Each step maps numbers between -4
# and 4 to such numbers. So in a program of any length nothing overflows, and no derivative is lost to rounding.
ARITHMETIC = steps_in("""
({0} + {1}) / 2; ({0} - {1}) / 2; {0} * {1} / 4; {0} / ({1} * {1} + 1); -{0}; 1.5 - {0} / 2
2 / ({0} * {0} + 1); {0} ** 2 / 4; {0} ** 3 / 16; ({0} * {0} + 1) ** -1; ({0} * {0} + 1) ** 0.7 / 2
1.25 ** {0}; ({0} * {0} / 16 + 0.5) ** ({1} / 4)
""")
FUNCTIONS = steps_in("""
2 * math.sin({0}); 2 * math.cos({0}); math.tanh({0}) * 2; math.atan({0}); math.exp(-{0} * {0})
math.exp({0} / 4); math.expm1({0} / 4); math.log({0} * {0} + 0.5); math.log1p({0} * {0})
math.sqrt({0} * {0} / 2 + 0.25); math.asinh({0}); math.sinh({0} / 2); math.cosh({0} / 2); math.erf({0})
math.atan2({0}, {1} * {1} + 1); math.hypot({0}, {1} * {1} / 8 + 0.5) / 2; math.asin({0} / 5)
math.acos({0} / 5); math.atanh({0} / 5); math.acosh({0} * {0} + 1.5); math.tan({0} / 4)
""")
BRANCHES = steps_in("""
max({0}, {1}); min({0}, {1}); abs({0}); {0} if {0} > {1} else {1} / 2
{0} * {0} / 4 if {0} < 0.5 else 1.5 - {1} / 2
""")
# Statements that assign their result to {2}. How often a loop runs may depend on the numbers.
LOOPS = [
    "{2} = {0}\nwhile {2} > 0.5:\n    {2} = {2} / 2 - 0.1",
    "{2} = {0}\nwhile abs({2}) > 1:\n    {2} = ({2} + {1} / 4) / 2",
    "{2} = {0}\nfor _ in range(3):\n    {2} = ({2} + {1}) / 2",
    "{2} = {0}\nfor _ in range(int(abs({1}))):\n    {2} = {2} * {1} / 4",
]
# Steps on vectors and matrices: the dimensions of the operands, the code, and the shape of the result as a function of
# the shapes of the operands and of the indices. {c} is a number that keeps the result between -4 and 4, {i} and {j} are
# indices.
ON_MANY: list[tuple[tuple[int, ...], str, Callable[..., Shape]]] = [
    ((1,), "{0}.sum() / {c}", lambda *_: ()),
    ((2,), "{0}.sum() / {c}", lambda *_: ()),
    ((1,), "{0}.norm() / {c}", lambda *_: ()),
    ((1,), "{0}.logsumexp() / {c}", lambda *_: ()),
    ((1,), "math.exp({0} / 4) / math.exp({0} / 4).sum()", lambda x, *_: x),
    ((1,), "{0}[{i}]", lambda *_: ()),
    ((1,), "{0}[{i}:]", lambda x, i, _: (x[0] - i,)),
    ((1,), "{0}[::-1]", lambda x, *_: x),
    ((2,), "{0}[{i}]", lambda x, *_: x[1:]),
    ((2,), "{0}[{i}, {j}]", lambda *_: ()),
    ((2,), "{0}[:, {j}]", lambda x, *_: x[:1]),
    ((2,), "{0}.T", lambda x, *_: x[::-1]),
    ((2,), "{0}.mean(axis=0)", lambda x, *_: x[1:]),
    ((2,), "{0}.sum(axis=1) / {c}", lambda x, *_: x[:1]),
    ((1, 1), "{0} @ {1} / (4 * {c})", lambda *_: ()),
    ((2, 1), "{0} @ {1} / (4 * {c})", lambda x, *_: x[:1]),
    ((1, 2), "{0} @ {1} / (4 * {c})", lambda _, y, *__: y[1:]),
    ((2, 2), "{0} @ {1} / (4 * {c})", lambda x, y, *_: (x[0], y[1])),
]
INPUTS = "xyzuvw"


class Program:
    r"""A random function of `arity` numbers between -4 and 4, as Python source.

    It runs on floats, Values, and anything else that has Python's operators. The functions that it calls are those of
    `scalargrad.math`, or of another module with the same names: `program(x, y, math=torch)`.

    >>> program = Program(2, "def program(x, y):\n    return 2 * math.sin(x) * y")
    >>> program(0.0, 3.0)
    0.0
    """

    def __init__(self, arity: int, source: str) -> None:
        if not is_integer(arity) or not isinstance(source, str):
            raise TypeError(f"Program takes the number of its arguments and its source, got {arity!r} and {source!r}")
        try:
            count = compiled(source, differentiable_math).__code__.co_argcount
        except (SyntaxError, KeyError, AttributeError) as error:
            got = f"{source!r} ({type(error).__name__}: {error})"
            raise ValueError(f"Program takes the source of a function `program`, got {got}") from None
        if count != arity:
            raise ValueError(f"Program takes a function of {plural(arity, 'argument')}, got one of {count}: {source!r}")
        self.arity = arity
        self.source = source

    def __call__(self, *args: Any, math: Any = differentiable_math) -> Any:
        return compiled(self.source, math)(*args)

    def __repr__(self) -> str:
        return self.source

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Program) and self.source == other.source

    def __hash__(self) -> int:
        return hash(self.source)


@lru_cache(maxsize=256)
def compiled(source: str, math: Any) -> Callable[..., Any]:
    namespace: dict[str, Any] = {"math": math}
    exec(source, namespace)
    return namespace["program"]  # type: ignore[no-any-return]


def values(elements: st.SearchStrategy[float] = NUMBERS) -> st.SearchStrategy[Value]:
    """Tracked Values.

    Args:
        elements: a strategy for the numbers; by default between minus a million and a million.

    Raises TypeError if `elements` is not a strategy.

    >>> from hypothesis import find
    >>> find(values(st.integers(3, 9)), lambda v: v > 5)
    Value(6.0)
    """
    if not isinstance(elements, st.SearchStrategy):
        got = f"{brief(elements)} ({type(elements).__name__})"
        raise TypeError(f"elements is a strategy, such as st.floats(-1, 1), not {got}")
    return st.builds(Value, elements)


def vectors(
    elements: st.SearchStrategy[float] = NUMBERS, min_size: int = 1, max_size: int | None = 10
) -> st.SearchStrategy[Vector]:
    """Vectors of tracked Values.

    Args:
        elements: a strategy for the numbers, as for `values`.
        min_size, max_size: the smallest and the largest length; None for no limit.

    Raises:
        TypeError: `elements` is not a strategy, or a size is not an integer.
        ValueError: `min_size` is negative, or above `max_size`.

    >>> from hypothesis import find
    >>> find(vectors(min_size=2), lambda v: True)
    Vector([0.0, 0.0])
    """
    min_size = require_integer("min_size of vectors", min_size, 0)
    if max_size is not None and require_integer("max_size of vectors", max_size) < min_size:
        raise ValueError(f"min_size of vectors is at most max_size, not {min_size} with {max_size}")
    return st.lists(values(elements), min_size=min_size, max_size=max_size).map(Vector)


def programs(
    max_inputs: int = 3,
    max_steps: int = 10,
    functions: bool = True,
    branches: bool = False,
    min_steps: int = 1,
    loops: bool = False,
    shapes: Sequence[tuple[int, ...]] | None = None,
) -> st.SearchStrategy[Program]:
    """Random well-conditioned functions as Python callables: see `Program`.

    They are smooth unless there are `branches` or `loops`. A failing program shrinks to fewer and simpler steps, and
    prints as source that can be pasted. Programs return a number, even if their arguments are Vectors and Matrices.

    Args:
        max_inputs: the largest number of arguments, up to 6.
        max_steps: the largest number of steps.
        functions: whether programs call functions of `math`, or only use operators.
        branches: whether there are also `max`, `min`, `abs` and conditions on the numbers.
        min_steps: the smallest number of steps; those that the result does not need are left out afterwards.
        loops: whether there are also loops; how often some of them run depends on the numbers.
        shapes: the shape of each argument, in place of `max_inputs`: () for a number, (n,) for a Vector, (m, n) for a
            Matrix. With `shapes`, there are no `branches` and no `loops`.

    Raises:
        TypeError: a number is not an integer, a flag is not a truth value, or `shapes` is not a list of shapes.
        ValueError: `max_inputs` is not between 1 and 6, `min_steps` is not between 1 and `max_steps`, there are no
            shapes or more than 6, or they come with `branches` or `loops`.

    >>> from hypothesis import find
    >>> find(programs(), lambda program: "log1p" in program.source)
    def program(x):
        return math.log1p(x * x)
    >>> find(programs(shapes=[(2, 3), (3,)]), lambda program: "x @ y" in program.source)
    def program(x, y):
        t0 = x @ y / (4 * 3)
        return t0.sum() / 2
    """
    max_inputs = require_integer("max_inputs of programs", max_inputs)
    max_steps = require_integer("max_steps of programs", max_steps, 1)
    min_steps = require_integer("min_steps of programs", min_steps)
    for name, flag in (("functions", functions), ("branches", branches), ("loops", loops)):
        require_flag(name, flag)
    if not 1 <= max_inputs <= len(INPUTS):
        raise ValueError(f"max_inputs of programs is between 1 and {len(INPUTS)}, not {max_inputs!r}")
    if not 1 <= min_steps <= max_steps:
        raise ValueError(f"min_steps of programs is between 1 and max_steps, not {min_steps!r} with {max_steps!r}")
    if shapes is not None:
        if branches or loops:
            raise ValueError("programs takes shapes without branches and loops, which need single numbers")
        return programs_on_many(require_shapes(shapes), (min_steps, max_steps), ARITHMETIC + FUNCTIONS * functions)
    templates = ARITHMETIC + FUNCTIONS * functions + BRANCHES * branches + LOOPS * loops
    return drawn_programs(max_inputs, (min_steps, max_steps), templates)


@st.composite
def drawn_programs(
    draw: st.DrawFn, max_inputs: int, steps_between: tuple[int, int], templates: Sequence[str]
) -> Program:
    """A program, for options that have been checked."""
    arity = draw(st.integers(1, max_inputs))
    names = [*INPUTS[:arity]]
    steps: list[tuple[str, str, tuple[str, str]]] = []
    # A step counts one operand from the last result and the other from the first, so that any step can be taken out,
    # which is how Hypothesis shrinks a failing program. The former is among the last results, so that most steps are
    # needed.
    least, most = steps_between
    choices = st.tuples(st.sampled_from(templates), st.integers(0, 2), st.integers(0, most))
    for k, (template, back, forth) in enumerate(draw(st.lists(choices, min_size=least, max_size=most))):
        first = names[-1 - back % len(names)]
        second = names[forth % len(names)] if "{1}" in template else first
        steps.append((f"t{k}", template.format(first, second, f"t{k}"), (first, second)))
        names.append(f"t{k}")
    return Program(arity, source_of(names[:arity], steps))


def require_shapes(shapes: Any) -> list[Shape]:
    """The shapes of arguments as tuples. Raises TypeError or ValueError for something else."""
    try:
        found = [tuple([operator.index(n) for n in shape]) for shape in shapes]
    except TypeError:
        raise TypeError(f"shapes of programs is a list of shapes such as (), (3,) and (2, 3), not {shapes!r}") from None
    if not 1 <= len(found) <= len(INPUTS) or any(len(shape) > 2 or any(n < 1 for n in shape) for shape in found):
        raise ValueError(
            f"shapes of programs is one to {len(INPUTS)} shapes of at most two lengths above 0, not {shapes!r}"
        )
    return found


@st.composite
def programs_on_many(
    draw: st.DrawFn, shapes: Sequence[Shape], steps_between: tuple[int, int], templates: Sequence[str]
) -> Program:
    """A program, for arguments of given shapes.

    A step that fits no operands is skipped, so that any step can be taken out here, too.
    """
    names = [*INPUTS[: len(shapes)]]
    shape_of = dict(zip(names, shapes))
    steps: list[tuple[str, str, tuple[str, str]]] = []

    def add(step: str, operands: tuple[str, str], shape: Shape) -> None:
        steps.append((f"t{len(steps)}", step, operands))
        names.append(steps[-1][0])
        shape_of[names[-1]] = shape

    least, most = steps_between
    kinds = st.sampled_from([*templates, *ON_MANY])
    choices = st.tuples(kinds, st.integers(0, 2), st.integers(0, most), st.integers(0, 5))
    for kind, back, forth, index in draw(st.lists(choices, min_size=least, max_size=most)):
        if isinstance(kind, str):
            first = names[-1 - back % len(names)]
            fitting = [name for name in names if go_together(shape_of[first], shape_of[name])]
            second = fitting[forth % len(fitting)] if "{1}" in kind else first
            add(kind.format(first, second), (first, second), max(shape_of[first], shape_of[second], key=len))
            continue
        dimensions, step, shape_from = kind
        firsts = [name for name in names if len(shape_of[name]) == dimensions[0]]
        if not firsts:
            continue
        first = second = firsts[-1 - back % len(firsts)]
        x = shape_of[first]
        i, j = index % x[0], index % x[-1]
        count = prod(x)
        if len(dimensions) == 2:
            seconds = [name for name in names if len(shape_of[name]) == dimensions[1] and shape_of[name][0] == x[-1]]
            if not seconds:
                continue
            second, count = seconds[forth % len(seconds)], x[-1]
        shape = shape_from(x, shape_of[second], i, j) if len(dimensions) == 2 else shape_from(x, i, j)
        add(step.format(first, second, c=count, i=i, j=j), (first, second), shape)
    if not steps or shape_of[names[-1]]:
        last = names[-1]
        count = prod(shape_of[last])
        add(f"{last}.sum() / {count}" if shape_of[last] else f"{last} / 2", (last, last), ())
    return Program(len(shapes), source_of(INPUTS[: len(shapes)], steps))


def go_together(x: Shape, y: Shape) -> bool:
    """Whether operands of these shapes can be combined element by element."""
    return not x or not y or x == y or x == y[1:] or y == x[1:]


def source_of(inputs: Sequence[str], steps: Sequence[tuple[str, str, tuple[str, str]]]) -> str:
    """The source of a function with those of the steps that its result needs, numbered from t0."""
    needed = {steps[-1][0]}
    for name, _, operands in reversed(steps):
        if name in needed:
            needed.update(operands)
    lines = [f"def program({', '.join(inputs)}):"]
    for name, step, _ in steps:
        if "\n" in step:  # statements that assign it
            lines += [f"    {line}" for line in step.split("\n")] if name in needed else []
        elif name in needed and name != steps[-1][0]:
            lines.append(f"    {name} = {step}")
    last, step, _ = steps[-1]
    result = last if "\n" in step else step
    kept = [name for name, *_ in steps if name in needed]
    numbered = {name: f"t{k}" for k, name in enumerate(kept)}
    return re.sub(r"\bt\d+\b", lambda found: numbered[found[0]], "\n".join([*lines, f"    return {result}"]))
