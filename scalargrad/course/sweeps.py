"""Programs in which values are shared, and the numbers that a sweep gives with common mistakes in it."""

from __future__ import annotations

import random

from .compare import DIFFERENCES, are_close, difference, digits, some_points
from .learner import LearnerError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from typing import Any


class Sample:
    """A program of x, y and w that is run on values and on floats.

    Args:
        text: what it computes.
        f: the function.
        lesson: a sentence on what it shows.
        mistakes: the common mistakes that show in it first; see MISTAKES.
    """

    def __init__(self, text: str, f: Callable[..., Any], lesson: str, *mistakes: str) -> None:
        self.text = text
        self.f = f
        self.lesson = lesson
        self.mistakes = mistakes


def square(x: Any, y: Any, _: Any) -> Any:
    s = x + y
    return s * s


def diamond(x: Any, y: Any, w: Any) -> Any:
    a = x * y
    return (a + w) * 2 + a


def long_diamond(x: Any, y: Any, w: Any) -> Any:
    a = x * y
    b = a * w
    c = b + a
    return a * (c + b) + c


# In this order, each shows mistakes that those before it do not show.
TREE = Sample("x * y + w", lambda x, y, w: x * y + w, "Nothing is used twice in it.", "nothing", "forward")
TWO_WAYS = Sample("x * y + x", lambda x, y, w: x * y + x, "Two paths lead to x, and both count.", "replace")
TWICE = Sample("x * x", lambda x, y, w: x * x, "x is both of its parents, and both count.", "once")
SQUARE = Sample("s * s, where s = x + y", square, "Everything that arrives at s has to go on to x and y.", "alone")
DIAMOND = Sample("(a + w) * 2 + a, where a = x * y", diamond, "a is used twice, at different times.", "discovery")
LONG = Sample("a * (c + b) + c, where a = x * y, b = a * w, c = b + a", long_diamond, "a, b and c are used twice.")
SHARED = (TREE, TWO_WAYS, TWICE, SQUARE, DIAMOND, LONG)


def random_program(generator: random.Random) -> Sample:
    """A program of sums, differences and products of what was computed before."""
    plan = [(generator.choice("+-*"), generator.random(), generator.random()) for _ in range(7)]

    def f(x: Any, y: Any, w: Any) -> Any:
        made = [x, y, w]
        for sign, left, right in plan:
            a, b = made[int(left * len(made))], made[int(right * len(made))]
            made.append(a + b if sign == "+" else a - b if sign == "-" else a * b)
        return made[-1]

    text, names = "", ["x", "y", "w"]
    for k, (sign, left, right) in enumerate(plan):
        a, b = names[int(left * len(names))], names[int(right * len(names))]
        text += f"v{k} = {a} {sign} {b}; "
        names.append(f"v{k}")
    return Sample(f"v6 in {text.rstrip('; ')}", f, "It uses values again and again.")


def programs(generator: random.Random) -> list[tuple[Sample, dict[str, float]]]:
    """The programs that share values, and some random ones, each with a point."""
    samples = (*SHARED, *[random_program(generator) for _ in range(20)])
    return [*zip(samples, some_points(generator, "x y w", len(samples)))]


def swept(
    target: Any, rows: Iterable[Any], *, replace: bool = False, once: bool = False, alone: bool = False
) -> dict[Any, float]:
    """The adjoints that a sweep over rows gives, without a mistake or with one.

    Args:
        target: where it begins.
        rows: results, each with its operands and its local derivatives, in the order in which the sweep meets them.
        replace: a term replaces those before it instead of being added.
        once: an operand that occurs twice counts once.
        alone: a row passes on its local derivatives, without the adjoint of its result.
    """
    found = {target: 1.0}
    for result, operands, slopes in rows:
        pairs = [*zip(operands, slopes)]
        for operand, slope in dict(pairs).items() if once else pairs:
            term = slope if alone else found.get(result, 0.0) * slope
            found[operand] = term if replace else found.get(operand, 0.0) + term
    return found


def in_order_of_discovery(target: Any, parents: Callable[[Any], Iterable[Any]]) -> list[Any]:
    """The values below a target in the order of their discovery, which is not a reverse topological order."""
    found = [target]
    for value in found:
        found += [parent for parent in dict.fromkeys(parents(value)) if parent not in found]
    return found


MISTAKES = {
    "nothing": (
        "Nothing arrived at the inputs. A value adds its number to that of each parent: on the left of += is the "
        "parent's, ways[parent] or found[parent]. And `return` comes after the loops."
    ),
    "replace": (
        "The last number replaced those before it. What arrives on several paths has to be added: use += and not =."
    ),
    "once": "An operand that occurs twice was counted once. x * x has x for both parents, and both of them count.",
    "alone": (
        "A value passed on less than had arrived at it. Everything that arrives at a value has to go on to each of its "
        "parents."
    ),
    "forward": (
        "Only the target has passed on its number. Is `return` inside the loop, or does the loop go from the first "
        "to the last? Go from the target down, so that a value is complete before it passes anything on."
    ),
    "discovery": (
        "A value passed on its number before that was complete: another value that uses it came later. Go through the "
        "values in reverse topological order."
    ),
}


def mistakes_in(target: Any, rows: Sequence[Any]) -> dict[str, dict[Any, float]]:
    """The adjoints that a sweep over rows in topological order gives, for each common mistake."""
    by_result = {result: (result, operands, slopes) for result, operands, slopes in rows}
    order = in_order_of_discovery(target, lambda value: by_result[value][1] if value in by_result else ())
    backward = rows[::-1]
    return {
        "nothing": {},
        "replace": swept(target, backward, replace=True),
        "once": swept(target, backward, once=True),
        "alone": swept(target, backward, alone=True),
        "forward": swept(target, rows),
        "discovery": swept(target, [by_result[value] for value in order if value in by_result]),
    }


def compare_sweep(
    what: str,
    given: Mapping[str, float],
    expected: Mapping[str, float],
    program: Sample,
    leaves: Mapping[str, Any],
    mistakes: Mapping[str, Mapping[Any, float]],
    point: str = "",
    source: str = DIFFERENCES,
) -> None:
    """Raise LearnerError with a sentence on the first number of a sweep that is off, and on the mistake, if known.

    Args:
        what: what is compared.
        given: the learner's numbers, by the names of the leaves.
        expected: the right ones.
        program: what was computed.
        leaves: the values of the leaves.
        mistakes: the numbers of the values that each mistake gives; see mistakes_in.
        point: where, as text.
        source: where the right numbers come from.
    """
    off = [name for name in expected if not are_close(given[name], expected[name])]
    if not off:
        return
    said = [
        MISTAKES[kind]
        for kind in program.mistakes
        if kind in mistakes and all(are_close(given[name], mistakes[kind].get(leaves[name], 0.0)) for name in expected)
    ]
    name, text = off[0], program.text + "," * ("=" in program.text)
    raise LearnerError(
        f"{what.format(name=name, program=text)} is off: you gave {digits(given[name])}, {source} "
        f"{digits(expected[name])}{point}. {[*said, program.lesson][0]}"
    )


def leaves_at(module: Any, point: Mapping[str, float]) -> dict[str, Any]:
    values = {name: module.Value(x) for name, x in point.items()}
    for name, value in values.items():
        value.label = name
    return values


def spelled(value: Any) -> str:
    """A value of a program as text, such as "x * y"."""
    if not value.parents:
        return str(value.label or value.data)
    return f" {value.operation} ".join(f"({spelled(x)})" if x.parents else spelled(x) for x in value.parents)


def rows_met(target: Any) -> list[Any]:
    """The rows of a computed value, in topological order."""
    order: list[Any] = []
    seen: set[Any] = set()
    todo = [(target, False)]
    while todo:
        value, done = todo.pop()
        if done:
            order.append(value)
        elif value not in seen:
            seen.add(value)
            todo += [(value, True), *[(parent, False) for parent in value.parents]]
    return [(value, value.parents, value.local_derivatives) for value in order]


def slopes_of(program: Sample, point: Mapping[str, float]) -> dict[str, float]:
    return {name: difference(program.f, [*point.values()], i) for i, name in enumerate(point)}
