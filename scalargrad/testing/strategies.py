"""Hypothesis strategies: values, vectors, and random programs that are Python functions.

Needs Hypothesis (extra `testing`), which finds `testing.register` by itself: `st.from_type(Value)` works as soon as
both are installed.
"""

from __future__ import annotations

from functools import lru_cache

from hypothesis import strategies as st

from .. import math as differentiable_math
from ..checks import is_integer, plural, require_flag, require_integer
from ..engine.value import Value
from ..engine.vector import Vector

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any


def steps_in(text: str) -> list[str]:
    return [step for line in text.split("\n") for step in line.split("; ") if step]


NUMBERS = st.floats(-1e6, 1e6, allow_nan=False, allow_infinity=False)

# What the steps of programs are, with semicolons between them. Each maps numbers between -4 and 4 to such numbers, so
# that however many steps follow one another nothing overflows and no derivative is lost to rounding; `{0}` and `{1}`
# are earlier results.
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
# Statements, after which the result has the name {2}. How often a loop runs may depend on the numbers.
LOOPS = [
    "{2} = {0}\nwhile {2} > 0.5:\n    {2} = {2} / 2 - 0.1",
    "{2} = {0}\nwhile abs({2}) > 1:\n    {2} = ({2} + {1} / 4) / 2",
    "{2} = {0}\nfor _ in range(3):\n    {2} = ({2} + {1}) / 2",
    "{2} = {0}\nfor _ in range(int(abs({1}))):\n    {2} = {2} * {1} / 4",
]
INPUTS = "xyzuvw"


class Program:
    r"""A random function, of `arity` numbers between -4 and 4, as Python source.

    It runs on floats, Values, and anything else that has Python's operators. Where it calls functions they are those
    of `scalargrad.math`; another module with functions of the same names may be given: `program(x, y, math=torch)`.

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
        elements: the numbers; between a million and minus a million if not given.

    Raises TypeError if `elements` is no strategy.

    >>> from hypothesis import find
    >>> find(values(st.integers(3, 9)), lambda v: v > 5)
    Value(6.0)
    """
    if not isinstance(elements, st.SearchStrategy):
        got = f"{elements!r} ({type(elements).__name__})"
        raise TypeError(f"elements is a strategy, such as st.floats(-1, 1), not {got}")
    return st.builds(Value, elements)


def vectors(
    elements: st.SearchStrategy[float] = NUMBERS, min_size: int = 1, max_size: int | None = 10
) -> st.SearchStrategy[Vector]:
    """Vectors of tracked Values.

    Args:
        elements: the numbers, as for `values`.
        min_size, max_size: the least and the largest length; None for no limit.

    Raises:
        TypeError: `elements` is no strategy, or a size no integer.
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
) -> st.SearchStrategy[Program]:
    """Random well-conditioned functions as Python callables: see `Program`.

    They are smooth unless there are `branches` or `loops`. A failing one shrinks to fewer and simpler steps, and what
    it prints as can be pasted.

    Args:
        max_inputs: how many arguments they have at most, up to 6.
        max_steps: how many steps they take at most.
        functions: whether they call functions of `math`, or use operators alone.
        branches: whether there are also `max`, `min`, `abs` and conditions on the numbers.
        min_steps: how many steps they take at least; those that the result does not need are left out.
        loops: whether there are also loops, of which some run as often as the numbers say.

    Raises:
        TypeError: one of the numbers is no integer, or one of the flags no truth value.
        ValueError: `max_inputs` is not between 1 and 6, or `min_steps` not between 1 and
            `max_steps`.

    >>> from hypothesis import find
    >>> find(programs(), lambda program: "log1p" in program.source)
    def program(x):
        return math.log1p(x * x)
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
    templates = ARITHMETIC + FUNCTIONS * functions + BRANCHES * branches + LOOPS * loops
    return drawn_programs(max_inputs, (min_steps, max_steps), templates)


@st.composite
def drawn_programs(
    draw: st.DrawFn, max_inputs: int, steps_between: tuple[int, int], templates: Sequence[str]
) -> Program:
    """What `programs` gives for options that make sense."""
    arity = draw(st.integers(1, max_inputs))
    names = [*INPUTS[:arity]]
    steps: list[tuple[str, str, tuple[str, str]]] = []
    # A list of steps, each with operands counted from the last and from the first result: taking out any step leaves a
    # program, which is what Hypothesis does to make a failing one smaller. One operand is among the last results, so
    # that most steps are needed.
    least, most = steps_between
    choices = st.tuples(st.sampled_from(templates), st.integers(0, 2), st.integers(0, most))
    for k, (template, back, forth) in enumerate(draw(st.lists(choices, min_size=least, max_size=most))):
        first = names[-1 - back % len(names)]
        second = names[forth % len(names)] if "{1}" in template else first
        steps.append((f"t{k}", template.format(first, second, f"t{k}"), (first, second)))
        names.append(f"t{k}")
    return Program(arity, source_of(names[:arity], steps))


def source_of(inputs: Sequence[str], steps: Sequence[tuple[str, str, tuple[str, str]]]) -> str:
    """A function of the steps that its result needs."""
    needed = {steps[-1][0]}
    for name, _, operands in reversed(steps):
        if name in needed:
            needed.update(operands)
    lines = [f"def program({', '.join(inputs)}):"]
    for name, step, _ in steps:
        if "\n" in step:  # statements that give it its name
            lines += [f"    {line}" for line in step.split("\n")] if name in needed else []
        elif name in needed and name != steps[-1][0]:
            lines.append(f"    {name} = {step}")
    last, step, _ = steps[-1]
    result = last if "\n" in step else step
    return "\n".join([*lines, f"    return {result}"])
