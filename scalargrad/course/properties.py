"""The properties that a learner's engine must have, step by step, and the sentences that say what is wrong.

A property is a function of the module that a learner's file defines. Its text says in one line what holds, and the
function raises LearnerError if that does not hold. Each property seeds its own generator of numbers, so a check says
the same each time.
"""

from __future__ import annotations

import math
import random

from .compare import (
    DIFFERENCES,
    are_close,
    as_float_of,
    at,
    attribute_of,
    compared,
    difference,
    digits,
    gave,
    require,
    some_numbers,
    some_points,
)
from .learner import LearnerError
from .sweeps import (
    DIAMOND,
    SHARED,
    TREE,
    TWO_WAYS,
    Sample,
    compare_sweep,
    leaves_at,
    mistakes_in,
    programs,
    rows_met,
    slopes_of,
    spelled,
    swept,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from typing import Any

    from .compare import Hint


class Property:
    """A statement about a step that holds once a gap is filled in.

    Args:
        step: the number of the step.
        gap: the number of the gap that it checks.
        text: the statement, without a full stop, as it follows "that".
        holds: raises LearnerError if a module does not have the property.
    """

    def __init__(self, step: int, gap: int, text: str, holds: Callable[[Any, random.Random], None]) -> None:
        self.step = step
        self.gap = gap
        self.text = text
        self._holds = holds

    def check(self, module: Any) -> None:
        """Raise LearnerError, or whatever the learner's code raises, if it does not hold."""
        self._holds(module, random.Random(self.step))


PROPERTIES: list[Property] = []


def holds(step: int, gap: int, text: str) -> Callable[[Callable[[Any, random.Random], None]], None]:
    """Put a property on the list; those of one gap are checked in the order of this file."""

    def listed(function: Callable[[Any, random.Random], None]) -> None:
        PROPERTIES.append(Property(step, gap, text, function))

    return listed


# ---- Step 1: a value that remembers ----------------------------------------------------------------------------------


@holds(1, 1, "a value keeps what it was given")
def _(module: Any, generator: random.Random) -> None:
    (number,) = some_numbers(generator, 1)
    parent = module.Value(1.0)
    value = module.Value(number, "+", (parent, parent), "z")
    for name, given in {"data": number, "operation": "+", "parents": (parent, parent), "label": "z"}.items():
        require(
            hasattr(value, name),
            f"A Value should keep its {name}, but yours has no attribute of that name: write self.{name} = {name} in "
            "__init__.",
        )
        kept = getattr(value, name)
        require(
            kept == given or kept == [parent, parent],
            f"A Value should keep its {name}: self.{name} should be {given!r}, as it was given, and is {kept!r}.",
        )


def check_parents(module: Any, z: Any, what: str) -> None:
    """Check that a result is a Value, and that its parents are values."""
    require(isinstance(z, module.Value), f"{what} should be a Value; {gave(z)}.")
    require(
        isinstance(z.parents, (tuple, list)),
        f"{what} should have a tuple of parents; you gave {z.parents!r}."
        + " The parentheses around both are missing." * isinstance(z.parents, module.Value),
    )
    require(
        all(isinstance(parent, module.Value) for parent in z.parents),
        f"The parents of {what} should be values, and not plain numbers; you gave {z.parents!r}.",
    )


def check_memory(module: Any, generator: random.Random, sign: str, apply: Callable[[Any, Any], Any]) -> None:
    """Check that an operator gives a value that remembers."""
    what = f"x {sign} y"
    for a, b in zip(some_numbers(generator, 9), some_numbers(generator, 9)):
        x, y = module.Value(a, label="x"), module.Value(b, label="y")
        z = apply(x, y)
        check_parents(module, z, what)
        require(z is not x and z is not y, f"{what} should be a new Value; you gave one of the two operands again.")
        compared(f"The number of {what}", [as_float_of(z.data, f"The data of {what}")], [apply(a, b)],
                [{"x": a, "y": b}], source="Python's numbers give")  # fmt: skip
        require(z.operation == sign, f'The operation of {what} should be "{sign}"; you gave {z.operation!r}.')
        parents = z.parents
        require(len(parents) == 2, f"{what} should have two parents, (self, other); you gave {parents!r}.")
        require(
            not (parents[0] is y and parents[1] is x),
            f"The parents of {what} are the wrong way round: self comes first, and then other.",
        )
        require(
            parents[0] is x and parents[1] is y,
            f"The parents of {what} should be the two values that were multiplied or added, not copies of them.",
        )
        require(
            (x.data, y.data, tuple(x.parents)) == (a, b, ()),
            f"{what} should leave x and y as they are; afterwards x is {x!r} and y is {y!r}.",
        )


@holds(1, 2, "x + y remembers what it was made from")
def _(module: Any, generator: random.Random) -> None:
    check_memory(module, generator, "+", lambda x, y: x + y)


@holds(1, 3, "x * y remembers what it was made from")
def _(module: Any, generator: random.Random) -> None:
    check_memory(module, generator, "*", lambda x, y: x * y)


@holds(1, 4, "formula() writes down how a value was made")
def _(module: Any, generator: random.Random) -> None:
    made = [(module.Value(number, label=name), name) for name, number in zip("xyw", some_numbers(generator, 3))]
    for _ in range(12):
        (left, of_left), (right, of_right) = generator.choice(made), generator.choice(made)
        value, sign = (left + right, "+") if generator.random() < 0.5 else (left * right, "*")
        made.append((value, f"({of_left} {sign} {of_right})"))
        given = module.formula(value)
        require(
            given == made[-1][1],
            f"The formula of a value that was made as {made[-1][1]} should be that text; {gave(given)}.",
        )


# ---- Step 2: operators and their rules -------------------------------------------------------------------------------


def slopes_in(z: Any, what: str) -> Sequence[Any]:
    """The local derivatives of a result, one for each of its parents."""
    given: Sequence[Any] = attribute_of(z, "local_derivatives", what)
    require(
        isinstance(given, (tuple, list)),
        f"{what} should have a tuple of local derivatives; {gave(given)}. A tuple of one thing needs a comma, "
        "as in (6.0,).",
    )
    require(
        len(given) == len(z.parents),
        f"{what} should have as many local derivatives as parents, {len(z.parents)}; you gave {given!r}.",
    )
    return given


def check_rules(
    module: Any,
    generator: random.Random,
    what: str,
    names: str,
    f: Callable[..., Any],
    hints: Mapping[str, Iterable[Hint]],
    points: Sequence[Mapping[str, float]] = (),
) -> None:
    """Check the number and the local derivatives of an operation, for each of its operands."""
    points = points or some_points(generator, names)
    numbers: list[float] = []
    slopes: dict[str, list[float]] = {name: [] for name in names.split()}
    for point in points:
        z = f(*[module.Value(x) for x in point.values()])
        check_parents(module, z, what)
        numbers.append(as_float_of(z.data, f"The data of {what}"))
        for name, slope in zip(point, slopes_in(z, what)):
            slopes[name].append(as_float_of(slope, f"The local derivative of {what} with respect to {name}"))
    compared(f"The number of {what}", numbers, [f(*p.values()) for p in points], points, source="Python gives")
    for i, name in enumerate(names.split()):
        compared(
            f"Your local derivative of {what} with respect to {name}",
            slopes[name],
            [difference(f, [*point.values()], i) for point in points],
            points,
            hints.get(name, ()),
        )


@holds(2, 1, "x * y has the right local derivatives")
def _(module: Any, generator: random.Random) -> None:
    swapped = "The two are the wrong way round: with respect to x it is y."
    hints = {"x": [(swapped, lambda x, y: x), ("That is the rule of x + y.", lambda x, y: 1.0)]}
    check_rules(module, generator, "x * y", "x y", lambda x, y: x * y, hints)


@holds(2, 2, "x - y has the right local derivatives")
def _(module: Any, generator: random.Random) -> None:
    sign = "It has the wrong sign: when y grows, x - y gets smaller."
    check_rules(module, generator, "x - y", "x y", lambda x, y: x - y, {"y": [(sign, lambda x, y: 1.0)]})


@holds(2, 3, "x / y has the right local derivatives")
def _(module: Any, generator: random.Random) -> None:
    hints: dict[str, list[Hint]] = {
        "x": [("With respect to x, x / y is a line with the slope 1 / y.", lambda x, y: y)],
        "y": [
            ("It has the wrong sign: a larger y makes x / y smaller where both are positive.", lambda x, y: x / y**2),
            ("The y in it has to be squared: x / y is x * y**-1, and the power rule gives y**-2.", lambda x, y: -x / y),
            ("The x is missing: x / y is x * y**-1, and x stays as a factor.", lambda x, y: -1 / y**2),
            ("That is the one with respect to x.", lambda x, y: 1 / y),
            ("x is a factor, and it is not squared.", lambda x, y: -((x / y) ** 2)),
        ],
    }
    check_rules(module, generator, "x / y", "x y", lambda x, y: x / y, hints)


@holds(2, 4, "x**n has the right local derivative")
def _(module: Any, generator: random.Random) -> None:
    for n in (2, 3, 5, -1, 1):
        hints = [
            ("The factor n is missing: the power rule is n * x**(n - 1).", lambda x, n=n: x ** (n - 1)),
            ("The power should be n - 1: the power rule is n * x**(n - 1).", lambda x, n=n: n * x**n),
            ("A power comes before a minus: put n - 1 in parentheses.", lambda x, n=n: n * x**n - 1),
        ]
        check_rules(module, generator, f"x**{n}", "x", lambda x, n=n: x**n, {"x": hints})


def check_number_on_the_left(module: Any, generator: random.Random, sign: str, f: Callable[[Any, Any], Any]) -> None:
    """Check an operator whose left operand is a plain number."""
    for number, x in zip(map(abs, some_numbers(generator, 9)), some_numbers(generator, 9)):
        what = f"{digits(number)} {sign} x"
        value = module.Value(x)
        z = f(number, value)
        check_parents(module, z, what)
        given = as_float_of(z.data, f"The data of {what}")
        hints = [(f"That is x {sign} {digits(number)}: the number stands on the left.", lambda x, c=number: f(x, c))]
        compared(f"The number of {what}", [given], [f(number, x)], [{"x": x}], hints, "Python gives")
        slopes_in(z, what)
        slope = swept(z, rows_met(z)[::-1]).get(value, 0.0)
        said = f"The derivative of {what}"
        compared(said, [as_float_of(slope, said)], [difference(f, [number, x], 1)], [{"x": x}])


@holds(2, 5, "a number minus a value is right")
def _(module: Any, generator: random.Random) -> None:
    check_number_on_the_left(module, generator, "-", lambda x, y: x - y)


@holds(2, 6, "a number divided by a value is right")
def _(module: Any, generator: random.Random) -> None:
    check_number_on_the_left(module, generator, "/", lambda x, y: x / y)


# ---- Step 3: the topological sort ------------------------------------------------------------------------------------


def check_order(module: Any, program: Sample, point: Mapping[str, float]) -> None:
    """Check the order of the values of a program."""
    leaves = leaves_at(module, point)
    target = program.f(*leaves.values())
    order = module.topological_order(target)
    values = [row[0] for row in rows_met(target)]
    said = f"In the order of {program.text},"
    require(isinstance(order, list), f"topological_order should give a list; {gave(order)}.")
    require(order, f"{said} there are no values: visit() has to append each to the list `order`.")
    for value in order:
        require(
            isinstance(value, module.Value),
            f"The list `order` should hold values; it holds {value!r}. Append the value.",
        )
        times = sum(other is value for other in order)
        require(
            times == 1,
            f"{said} {spelled(value)} occurs {times} times. Append a value once, after the loop over its parents, and "
            "only if it was not in `seen`. Put the value itself there, and not its number.",
        )
    for value in values:
        twin = " Two values with the same number are two values: put the value itself in `seen`, and not its number."
        is_there = any(other.data == value.data for other in order)
        require(
            value in order,
            f"{said} {spelled(value)} is missing. Each value below the target belongs in it.{twin * is_there}",
        )
    for i, value in enumerate(order):
        for parent in value.parents:
            require(
                parent in order[:i],
                f"{said} {spelled(value)} comes before {spelled(parent)}, which it was made from. Append a value "
                "only after all of its parents were visited.",
            )
    require(order == values or order[-1] is target, f"{said} the target should come last.")


@holds(3, 1, "each value comes once, and after its parents")
def _(module: Any, generator: random.Random) -> None:
    for program, point in programs(generator):
        check_order(module, program, point)
    check_order(module, DIAMOND, {"x": 1.0, "y": 1.0, "w": 1.0})  # equal numbers are not equal values


@holds(3, 1, "a value that was seen is not visited again")
def _(module: Any, _generator: random.Random) -> None:
    value = module.Value(1.0)
    for _ in range(60):  # each doubles the number of paths
        value = value + value
    given = len(module.topological_order(value))
    require(given == 61, f"60 doublings of one value should give an order of 61 values; you gave {given}.")


def ways_from(value: Any, wanted: Any) -> int:
    """The number of paths from a value down to another, counted one by one."""
    return 1 if value is wanted else sum(ways_from(parent, wanted) for parent in value.parents)


@holds(3, 2, "count_ways() counts all paths to each value")
def _(module: Any, generator: random.Random) -> None:
    for program, point in programs(generator):
        leaves = leaves_at(module, point)
        target = program.f(*leaves.values())
        ways = module.count_ways(target)
        rows = [(value, parents, [1.0] * len(parents)) for value, parents, _ in rows_met(target)]
        used = {name: leaf for name, leaf in leaves.items() if any(leaf is row[0] for row in rows)}
        require(isinstance(ways, dict), f"count_ways should give a dictionary; {gave(ways)}.")
        compare_sweep(
            "The number of paths from {program} to {name}",
            {name: as_float_of(ways.get(leaf, 0.0), f"The number of paths to {name}") for name, leaf in used.items()},
            {name: float(ways_from(target, leaf)) for name, leaf in used.items()},
            program,
            leaves,
            mistakes_in(target, rows),
            source="counting them one by one gives",
        )


# ---- Step 4: accumulating gradients ----------------------------------------------------------------------------------


@holds(4, 1, "the target's own adjoint is 1")
def _(module: Any, generator: random.Random) -> None:
    (point,) = some_points(generator, "x", 1)
    leaf = module.Value(point["x"])
    found = module.adjoints(leaf)
    require(isinstance(found, dict), f"adjoints should give a dictionary; {gave(found)}.")
    one = as_float_of(found[leaf], "The adjoint of the target")
    require(one == 1.0, f"The derivative of the target with respect to itself is 1; you gave {digits(one)}.")


@holds(4, 2, "adjoints() gives the gradient, even where values are used twice")
def _(module: Any, generator: random.Random) -> None:
    for program, point in programs(generator):
        leaves = leaves_at(module, point)
        target = program.f(*leaves.values())
        found = module.adjoints(target)
        compare_sweep(
            "Your gradient of {program} with respect to {name}",
            {name: as_float_of(found.get(leaf, 0.0), f"The adjoint of {name}") for name, leaf in leaves.items()},
            slopes_of(program, point),
            program,
            leaves,
            mistakes_in(target, rows_met(target)),
            f", at {at(point)}",
        )


@holds(4, 3, "backward() writes the gradient into grad")
def _(module: Any, generator: random.Random) -> None:
    for program in SHARED:
        (point,) = some_points(generator, "x y w", 1)
        leaves = leaves_at(module, point)
        program.f(*leaves.values()).backward()
        for name, expected in slopes_of(program, point).items():
            given = as_float_of(leaves[name].grad, f"{name}.grad")
            nothing = " Nothing was written into it." if not given else ""
            require(
                are_close(given, expected),
                f"After backward() on {program.text}, {name}.grad is off: you gave {digits(given)}, {DIFFERENCES} "
                f"{digits(expected)}, at {at(point)}.{nothing}",
            )


@holds(4, 3, "a second backward() adds to grad")
def _(module: Any, generator: random.Random) -> None:
    (point,) = some_points(generator, "x y w", 1)
    leaves = leaves_at(module, point)
    TREE.f(*leaves.values()).backward()
    first = leaves["x"].grad
    TWO_WAYS.f(*leaves.values()).backward()
    second = slopes_of(TWO_WAYS, point)["x"]
    given = as_float_of(leaves["x"].grad, "x.grad")
    replaced = " The second replaced the first: use += and not =." if are_close(given, second) else ""
    require(
        are_close(given, first + second),
        f"backward() on two results should add both gradients: x.grad should be {digits(first)} + {digits(second)}; "
        f"you gave {digits(given)}.{replaced}",
    )


@holds(4, 3, "backward() twice on one result adds the same gradient twice")
def _(module: Any, generator: random.Random) -> None:
    (point,) = some_points(generator, "x y w", 1)
    leaves = leaves_at(module, point)
    target = DIAMOND.f(*leaves.values())
    target.backward()
    first = leaves["x"].grad
    target.backward()
    given = as_float_of(leaves["x"].grad, "x.grad")
    require(
        are_close(given, 2 * first),
        f"backward() twice on one result should add the same gradient twice: x.grad should be twice {digits(first)}; "
        f"you gave {digits(given)}. A pass must not begin with numbers that an earlier one left in grad or elsewhere.",
    )


# ---- Step 5: functions and their edges -------------------------------------------------------------------------------

POSITIVE = [{"x": k / 4} for k in range(1, 13)]
BOTH_SIGNS = [{"x": k / 4} for k in range(-12, 13) if k]
SCHOOL: dict[str, tuple[Callable[[float], float], list[Hint]]] = {
    "exp": (math.exp, [("exp is its own derivative.", lambda x: x * math.exp(x - 1))]),
    "log": (
        math.log,
        [("The derivative of the logarithm is 1 / x.", lambda x: 1 / math.log(x) if x != 1 else math.inf)],
    ),
    "sin": (math.sin, [("The derivative of the sine is the cosine, with a plus.", lambda x: -math.cos(x))]),
    "cos": (
        math.cos,
        [
            ("It has the wrong sign: the cosine falls where the sine is positive.", math.sin),
            ("That is the cosine itself.", math.cos),
        ],
    ),
}


def slope_at(module: Any, name: str, x: float) -> float:
    """The local derivative that a learner's function gives at a number."""
    function = attribute_of(module, name, "your file")
    what = f"{name}(x) at x = {digits(x)}"
    (slope,) = attribute_of(function(module.Value(x)), "local_derivatives", what)
    return as_float_of(slope, f"The local derivative of {what}")


def check_function(
    module: Any,
    name: str,
    function: Callable[[float], float],
    points: Sequence[Mapping[str, float]],
    hints: Iterable[Hint] = (),
) -> None:
    compared(
        f"Your local derivative of {name}(x)",
        [slope_at(module, name, point["x"]) for point in points],
        [difference(function, [point["x"]], 0) for point in points],
        points,
        hints,
    )


@holds(5, 1, "exp, log, sin and cos have their textbook derivatives")
def _(module: Any, _generator: random.Random) -> None:
    for name, (function, hints) in SCHOOL.items():
        points = POSITIVE if name == "log" else BOTH_SIGNS
        check_function(module, name, function, points, hints)


@holds(5, 2, "relu and absolute have the right slope on both sides, and 0 at the kink")
def _(module: Any, _generator: random.Random) -> None:
    flat = "relu is flat on the left, and rises with the slope 1 on the right."
    falls = "The graph falls on the left of 0: the slope is -1 there."
    check_function(module, "relu", lambda x: max(x, 0.0), BOTH_SIGNS, [(flat, lambda x: 1.0), (flat, lambda x: x)])
    check_function(module, "absolute", abs, BOTH_SIGNS, [(falls, lambda x: 1.0)])
    for name in ("relu", "absolute"):
        given = slope_at(module, name, 0.0)
        require(given == 0, f"At the kink of {name}, x = 0, we agree on the slope 0; you gave {digits(given)}.")


@holds(5, 3, "sqrt has the right slope, and an infinite one at 0")
def _(module: Any, _generator: random.Random) -> None:
    hints = [("It is half of that: the power rule with the power 1/2.", lambda x: 1 / math.sqrt(x))]
    check_function(module, "sqrt", math.sqrt, POSITIVE, hints)
    try:
        given = slope_at(module, "sqrt", 0.0)
    except ZeroDivisionError:
        raise LearnerError(
            "The root of 0 is 0, but your rule divides by it and raises ZeroDivisionError. Return math.inf at x = 0."
        ) from None
    require(given == math.inf, f"The graph of sqrt is vertical at x = 0, with the slope math.inf; you gave {given!r}.")


@holds(5, 4, "tanh keeps its digits far out")
def _(module: Any, _generator: random.Random) -> None:
    check_function(module, "tanh", math.tanh, BOTH_SIGNS)
    for x in (10.0, -18.0, 30.0, -300.0, 1000.0, -1000.0):
        try:
            given = slope_at(module, "tanh", x)
        except OverflowError:
            raise LearnerError(
                f"Your slope of tanh raises OverflowError at x = {digits(x)}, where the slope is almost 0. With "
                "math.exp(-abs(x)), no number gets large."
            ) from None
        e = math.exp(-abs(x))
        expected = (2 * e / (1 + e * e)) ** 2
        lost = "Its digits are lost where 1 - tanh(x)**2 subtracts a number close to 1 from 1."
        require(
            math.isclose(given, expected, rel_tol=1e-9),
            f"Your slope of tanh at x = {digits(x)} is off: you gave {given:.12g}, and it is {expected:.12g}. {lost}",
        )


@holds(5, 5, "each method calls the function of its name")
def _(module: Any, _generator: random.Random) -> None:
    x = 0.7
    given = {name: getattr(module.Value(x), name)().data for name in module.functions}
    expected = {name: function(module.Value(x)).data for name, function in module.functions.items()}
    for name, number in expected.items():
        others = [other for other, what in expected.items() if given[name] == what]
        last = [*expected][-1]
        closure = (
            " Every method calls the last function of the loop, since its lambda looks up `function` when the loop is "
            "over: write lambda x, function=function: function(x)."
            if len(set(given.values())) == 1
            else ""
        )
        require(
            given[name] == number,
            f"x.{name}() should be {name}(x), {digits(number)} at x = {x}; you gave {digits(given[name])}, as "
            f"{(last if closure else (others or ['no function'])[0])} does.{closure}",
        )


# ---- Step 6: a tape --------------------------------------------------------------------------------------------------


@holds(6, 1, "a tape runs in its block")
def _(module: Any, _generator: random.Random) -> None:
    tape = module.Tape()
    given = tape.__enter__()
    running = [*module.running_tapes]
    module.running_tapes.clear()
    require(
        given is tape,
        f"`with Tape() as tape` should give the tape: __enter__ has to return self, and yours returned {given!r}.",
    )
    require(
        len(running) == 1 and running[0] is tape,
        f"In its block a tape should be in running_tapes, which is {running!r}.",
    )


@holds(6, 2, "a tape stops at the end of its block")
def _(module: Any, _generator: random.Random) -> None:
    with module.Tape() as outer:
        with module.Tape():
            pass
        inside = [*module.running_tapes]
    after = [*module.running_tapes]
    module.running_tapes.clear()
    require(
        not after,
        "A tape still runs after the end of its block, so it would go on recording after it was closed. Remove it from "
        "running_tapes in __exit__.",
    )
    require(
        len(inside) == 1 and inside[0] is outer,
        "If a tape closes inside the block of another, only the inner one should stop. Remove self from running_tapes, "
        "and no other.",
    )
    try:
        with module.Tape():
            raise KeyError
    except KeyError:
        swallowed = False
    else:
        swallowed = True
    after = [*module.running_tapes]
    module.running_tapes.clear()
    require(
        not swallowed,
        "An error in the block of a tape was lost, since your __exit__ returns something true. Let it return nothing.",
    )
    require(not after, "A tape still runs after an error in its block. __exit__ has to stop it then, too.")


@holds(6, 3, "a tape has a row for each operation in its block, and for no other")
def _(module: Any, _generator: random.Random) -> None:
    x, y = module.Value(3.0), module.Value(5.0)
    x * y
    with module.Tape() as tape:
        product = x * y
        with module.Tape() as inner:
            total = product + x
    product * total
    expected = [(product, [x, y], [5.0, 3.0]), (total, [product, x], [1.0, 1.0])]
    for row in tape.rows:
        require(
            isinstance(row, (tuple, list)) and len(row) == 3,
            f"A row should be the tuple (result, operands, local_derivatives); you gave {row!r}.",
        )
    results = [row[0] for row in tape.rows]
    closed = "after its block was closed" if any(result not in (product, total) for result in results) else ""
    require(
        not closed,
        f"The tape has {len(results)} rows for a block with two operations, since it recorded operations before its "
        f"block, or {closed}.",
    )
    require(
        results == [product, total],
        f"A block with two operations should leave two rows, in their order; you gave {tape.rows!r}.",
    )
    require(
        len(inner.rows) == 1,
        f"Each tape that runs gets a row. Here an inner tape saw one operation, and it has {len(inner.rows)} rows.",
    )
    for (_, operands, slopes), (_, wanted, right) in zip(tape.rows, expected):
        require(
            [*operands] == wanted and [*slopes] == right,
            f"The row of an operation should have its operands, {wanted!r}, and its local derivatives, {right!r}; you "
            f"gave {operands!r} and {slopes!r}.",
        )


@holds(6, 4, "the gradient of a tape is right, even where values are used twice")
def _(module: Any, generator: random.Random) -> None:
    for program, point in programs(generator):
        leaves = {name: module.Value(x) for name, x in point.items()}
        with module.Tape() as tape:
            target = program.f(*leaves.values())
        given = tape.gradient(target, [*leaves.values()])
        require(
            isinstance(given, (list, tuple)) and len(given) == len(leaves),
            f"gradient() should give a list with one derivative for each source, {len(leaves)}; you gave {given!r}.",
        )
        compare_sweep(
            "Your gradient of {program} with respect to {name}",
            {
                name: 0.0 if x is None else as_float_of(x, f"The derivative with respect to {name}")
                for name, x in zip(leaves, given)
            },
            slopes_of(program, point),
            program,
            leaves,
            mistakes_in(target, tape.rows),
            f", at {at(point)}",
        )


@holds(6, 4, "a source that no path leads to has None")
def _(module: Any, _generator: random.Random) -> None:
    x, y = module.Value(2.0), module.Value(3.0)
    with module.Tape() as tape:
        z = x * x
        other = y * y
    after = z * y
    given = tape.gradient(z, [x, y, z])
    require(
        given[1] is None,
        f"No path on the tape leads from x * x to y, so the derivative should be None; you gave {given[1]!r}.",
    )
    require(given[2] == 1.0, f"The derivative of z with respect to z is 1; you gave {given[2]!r}.")
    require(
        [*tape.gradient(other, [x])] == [None],
        "Rows that the target does not depend on should pass nothing on: y * y has no derivative with respect to x.",
    )
    late = [*tape.gradient(after, [x])]
    require(
        late == [None],
        f"A result computed after the tape was closed is not on it, so its derivative is None; you gave {late!r}.",
    )


@holds(6, 4, "a tape gives the same answer when it is asked again")
def _(module: Any, _generator: random.Random) -> None:
    x = module.Value(3.0)
    with module.Tape() as tape:
        z = x * x
    first, second = tape.gradient(z, [x]), tape.gradient(z, [x])
    require(
        first == second,
        f"Two calls of gradient() should give the same; you gave {first!r} and then {second!r}. Leave the rows as they "
        "are, and begin each call with new adjoints.",
    )


# ---- Step 7: gradients of gradients ----------------------------------------------------------------------------------


def check_second(
    module: Any,
    text: str,
    f: Callable[..., Any],
    slope: Callable[[float], float],
    second: Callable[[float], float] | None = None,
) -> None:
    """Check the first and the second derivative of a function at some numbers, or the first alone."""
    for number in (0.75, 1.5, 2.25):
        x = module.Value(number)
        with module.Tape() as outer:
            with module.Tape() as inner:
                z = f(x)
            (first,) = inner.gradient(z, [x])
        require(
            isinstance(first, module.Value),
            f"The derivative of {text} should be a Value, so that it can be differentiated again; you gave {first!r}.",
        )
        said = f"Your derivative of {text}"
        compared(said, [as_float_of(first.data, said)], [slope(number)], [{"x": number}], source="it should be")
        if second is None:
            continue
        (given,) = outer.gradient(first, [x])
        expected = second(number)
        made_of_floats = (
            "The first derivative is right, but part of it was computed with plain numbers, which no tape records. Use "
            "the values themselves: no .data, and no function of math."
        )
        if given is None:
            require(
                expected == 0,
                f"Your second derivative of {text} is lost: you gave None, and it should be {digits(expected)}, at x = "
                f"{number}. {made_of_floats}",
            )
            continue
        found = as_float_of(attribute_of(given, "data", "A second derivative"), "The data of a second derivative")
        require(
            are_close(found, expected),
            f"Your second derivative of {text} is off: you gave {digits(found)}, and it should be "
            f"{digits(expected)}, at x = {number}. If the first one is right, part of it was computed with plain "
            "numbers, which no tape records.",
        )


@holds(7, 1, "sums, products, quotients and powers have first and second derivatives")
def _(module: Any, _generator: random.Random) -> None:
    check_second(module, "x * x", lambda x: x * x, lambda x: 2 * x, lambda x: 2.0)
    check_second(module, "x**3", lambda x: x**3, lambda x: 3 * x**2, lambda x: 6 * x)
    check_second(module, "1 / x", lambda x: 1 / x, lambda x: -1 / x**2, lambda x: 2 / x**3)
    check_second(module, "x * (x * x + x)", lambda x: x * (x * x + x), lambda x: 3 * x**2 + 2 * x, lambda x: 6 * x + 2)
    check_second(module, "5 - x", lambda x: 5 - x, lambda x: -1.0, lambda x: 0.0)


@holds(7, 1, "a gradient of values has None where no path leads to a source")
def _(module: Any, _generator: random.Random) -> None:
    x, y = module.Value(2.0), module.Value(3.0)
    with module.Tape() as tape:
        z = x * x
        y * y
    given = tape.gradient(z, [x, y])
    require(
        given[1] is None, f"No path on the tape leads from x * x to y, so it should be None; you gave {given[1]!r}."
    )


@holds(7, 2, "exp, log, sin and cos have second derivatives")
def _(module: Any, _generator: random.Random) -> None:
    functions: dict[str, list[Callable[[float], float]]] = {
        "exp": [math.exp, math.exp],
        "log": [lambda x: 1 / x, lambda x: -1 / x**2],
        "sin": [math.cos, lambda x: -math.sin(x)],
        "cos": [lambda x: -math.sin(x), lambda x: -math.cos(x)],
    }
    for order in (1, 2):  # the second derivative of one needs the first of another
        for name, slopes in functions.items():
            check_second(module, f"{name}(x)", getattr(module, name), *slopes[:order])


@holds(7, 3, "tanh has a second derivative")
def _(module: Any, _generator: random.Random) -> None:
    def sech2(x: float) -> float:
        return 1 - math.tanh(x) ** 2

    check_second(module, "tanh(x)", module.tanh, sech2, lambda x: -2 * math.tanh(x) * sech2(x))


# ---- Step 8: a network that learns the moons -------------------------------------------------------------------------


def said_by(neuron: Any, inputs: Sequence[float]) -> float:
    """The output of a neuron, in plain numbers."""
    return float(neuron.bias.data + sum(weight.data * x for weight, x in zip(neuron.weights, inputs)))


def said_by_network(network: Any, inputs: Sequence[float], squash: Callable[[float], float] = math.tanh) -> float:
    return said_by(network.last, [squash(said_by(neuron, inputs)) for neuron in network.layer])


def loss_of(network: Any, points: Sequence[Sequence[float]], labels: Sequence[float]) -> float:
    return sum((said_by_network(network, p) - label) ** 2 for p, label in zip(points, labels)) / len(points)


def some_network(module: Any, size: int = 4) -> Any:
    """A network whose biases are not 0, so that a forgotten bias shows."""
    network = module.Network(2, size, seed=3)
    for k, neuron in enumerate([*network.layer, network.last]):
        neuron.bias.data = 0.25 + k / 8
    return network


def data_of(given: Any, what: str) -> float:
    return as_float_of(attribute_of(given, "data", what), f"The data of {what}")


FORWARD = "plain numbers give"


@holds(8, 1, "a neuron adds the products and its bias")
def _(module: Any, generator: random.Random) -> None:
    network = some_network(module)
    for point in some_points(generator, "x y", 6):
        for neuron in network.layer:
            w, v = (weight.data for weight in neuron.weights)
            hints: list[Hint] = [
                ("The bias is missing.", lambda x, y, w=w, v=v: w * x + v * y),
                ("The tanh belongs to the network, not to the neuron.",
                 lambda x, y, w=w, v=v, b=neuron.bias.data: math.tanh(w * x + v * y + b)),
            ]  # fmt: skip
            given = data_of(neuron([*point.values()]), "the output of a neuron")
            expected = [said_by(neuron, [*point.values()])]
            compared("The output of your neuron", [given], expected, [point], hints, FORWARD)


@holds(8, 2, "a network is a layer of tanh neurons and a last one")
def _(module: Any, generator: random.Random) -> None:
    network = some_network(module)
    for point in some_points(generator, "x y", 6):
        hints = [
            (
                "The tanh is missing between the layer and the last neuron. Without it, the network is one line.",
                lambda x, y: said_by_network(network, [x, y], lambda z: z),
            ),
            (
                "The last neuron has no tanh: its output may be larger than 1.",
                lambda x, y: math.tanh(said_by_network(network, [x, y])),
            ),
        ]
        given = data_of(network([*point.values()]), "the output of a network")
        expected = [said_by_network(network, [*point.values()])]
        compared("The output of your network", [given], expected, [point], hints, FORWARD)


@holds(8, 3, "the loss is the mean of the squared errors")
def _(module: Any, _generator: random.Random) -> None:
    network = some_network(module)
    for count in (4, 7):
        points, labels = module.moons(count, seed=count)
        errors = [said_by_network(network, point) - label for point, label in zip(points, labels)]
        hints = [
            ("That is the sum: divide it by the number of points.", lambda n, e=errors: sum(x * x for x in e)),
            ("That is the mean of the errors: square them.", lambda n, e=errors: sum(e) / len(e)),
            ("That is the last point alone: add up all of them.", lambda n, e=errors: e[-1] ** 2),
            ("That is the last point alone, divided: add up all of them.", lambda n, e=errors: e[-1] ** 2 / len(e)),
        ]
        given = data_of(module.mean_squared_error(network, points, labels), "the loss")
        compared("Your loss", [given], [sum(x * x for x in errors) / count], [{"points": count}], hints, FORWARD)


@holds(8, 4, "a step goes against the gradient")
def _(module: Any, _generator: random.Random) -> None:
    network, rate = some_network(module), 0.125
    points, labels = module.moons(6, seed=5)
    parameters = network.parameters()
    before = [parameter.data for parameter in parameters]
    expected_loss = loss_of(network, points, labels)
    slopes = []
    for parameter, number in zip(parameters, before):

        def loss_at(x: float, parameter: Any = parameter) -> float:
            parameter.data = x
            return loss_of(network, points, labels)

        slopes.append(difference(loss_at, [number], 0))
        parameter.data = number
    given = as_float_of(module.train_step(network, points, labels, rate), "The result of train_step")
    require(
        are_close(given, expected_loss),
        f"train_step should give the loss before the step, {digits(expected_loss)}; you gave {digits(given)}.",
    )
    require(not module.running_tapes, "After the step a tape still runs. Compute the loss in `with Tape() as tape:`.")
    after = [as_float_of(parameter.data, "The data of a parameter") for parameter in parameters]
    changes = [x - y for x, y in zip(after, before)]
    wanted = [-rate * slope for slope in slopes]
    require(
        any(changes),
        "No parameter has changed. Set parameter.data: a new Value is not the one that the network has.",
    )
    uphill = [-x for x in wanted]
    for k, (change, right) in enumerate(zip(changes, wanted)):
        if all(map(are_close, changes, uphill)):
            hint = "The step went up the slope, where the loss grows: subtract it."
        elif all(map(are_close, changes, [-slope for slope in slopes])):
            hint = "The learning rate is missing."
        else:
            hint = "Subtract learning_rate times the derivative, once for each parameter."
        require(
            are_close(change, right),
            f"A step should change parameter {k} by {digits(right)}, which is -learning_rate times the "
            f"central difference; yours changed it by {digits(change)}. {hint}",
        )


@holds(8, 4, "the network learns the moons")
def _(module: Any, _generator: random.Random) -> None:
    points, labels = module.moons(60, seed=1)
    network = module.Network(2, 6, seed=2)
    for k in range(100):
        batch = [(7 * k + 11 * i) % 60 for i in range(6)]
        module.train_step(network, [points[i] for i in batch], [labels[i] for i in batch], 0.1)
    right = sum((said_by_network(network, p) > 0) == (label > 0) for p, label in zip(points, labels)) / 60
    require(
        right > 0.9,
        f"After 100 steps the network should get more than 90% of the points right; yours gets {right:.0%}.",
    )
