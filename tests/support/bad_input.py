"""Bad input: every public name, used wrongly, raises the right built-in exception at once, with a sentence that helps.

The cases are a table in each room, a row each: what is used, what is wrong with it, the call, the exception, and what
the message has to say of what came and of what was expected. Where Python's own words come through (`math domain
error`), which differ from version to version, the row asks for the operation and its operands alone.
"""

from __future__ import annotations

import math
import re
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

import scalargrad as sg

if TYPE_CHECKING:
    from collections.abc import Callable


class World:
    """What the calls are made on, fresh for each."""

    def __init__(self, stack: ExitStack) -> None:
        self.stack = stack
        self.x = sg.Value(2.0)
        self.v = sg.Vector([sg.Value(2.0), sg.Value(3.0)])
        self.m = sg.Matrix([[sg.Value(1.0), sg.Value(2.0), sg.Value(3.0)], [4.0, 5.0, 6.0]])
        self.s = sg.Variable(3.0, name="s")
        self.w = sg.Variable([1.0, 2.0])
        self.c = sg.constant(5.0)
        self.tape = sg.GradientTape(persistent=True)
        with self.tape:
            self.y = self.x * self.x
            self.u = self.v * self.v


class Case(NamedTuple):
    name: str  # what is used, by its public name
    wrong: str
    call: Callable[[Any], Any]  # the offending call alone
    kind: type[Exception]
    came: str  # regular expressions that the message has to match
    expected: str
    given: Callable[[World], Any] = lambda world: world  # what the call is made on


@dataclass
class Point:
    x: Any


class Thing:
    def __repr__(self) -> str:
        return "a thing"


def square(x: Any) -> Any:
    return x * x


def product(x: Any, y: Any) -> Any:
    return x * y


@sg.custom_gradient
def doubled(x: Any) -> Any:
    return 2 * x, lambda upstream: 2 * upstream


HUGE = 10**400
PYTHONS_OWN = r": \S"  # Python's own words follow the operation and its operands
NUMBER = "expected a real number"
TEXT = r"'text' \(str\)"
NOTHING = r"None \(NoneType\)"
OPERAND = "takes numbers, Values or Vectors"
ARITY = r"positional argument"
LIST = "takes a Vector or a list"
SEVERAL = "nested lists, tuples, dicts and dataclasses"


# ---- Vector ----------------------------------------------------------------------------------------------------------


ELEMENT = "expected a real number or a Value as element {} of a Vector"


# ---- Elementary functions --------------------------------------------------------------------------------------------


OUTSIDE: list[tuple[str, tuple[Any, ...], type[Exception]]] = [
    ("acos", (1.5,), ValueError),
    ("acosh", (0.5,), ValueError),
    ("asin", (-1.5,), ValueError),
    ("atanh", (1.0,), ValueError),
    ("cos", (math.inf,), ValueError),
    ("cosh", (1000.0,), OverflowError),
    ("exp", (1000.0,), OverflowError),
    ("exp2", (1024.0,), OverflowError),
    ("expm1", (1000.0,), OverflowError),
    ("fmod", (1.0, 0.0), ValueError),
    ("gamma", (-1.0,), ValueError),
    ("gamma", (200.0,), OverflowError),
    ("ldexp", (1.0, 5000), OverflowError),
    ("lgamma", (0.0,), ValueError),
    ("log", (0.0,), ValueError),
    ("log", (-1,), ValueError),
    ("log10", (0,), ValueError),
    ("log1p", (-1.0,), ValueError),
    ("log2", (-2.0,), ValueError),
    ("remainder", (math.inf, 1.0), ValueError),
    ("sin", (-math.inf,), ValueError),
    ("sinh", (1000.0,), OverflowError),
    ("sqrt", (-1.0,), ValueError),
    ("tan", (math.inf,), ValueError),
    ("tanh", (HUGE,), OverflowError),
]


# ---- nn, optim -------------------------------------------------------------------------------------------------------


AT_LEAST_0, MORE_THAN_0, BELOW_1 = "is 0 or more", "is more than 0", "is 0 or more and less than 1"


def each_of(table: list[Case]) -> pytest.MarkDecorator:
    """A test of one `case`, as a test of each row of a table."""
    return pytest.mark.parametrize("case", table, ids=[f"{case.name}: {case.wrong}" for case in table])


def check(case: Case) -> None:
    """Whether the call raises at once, with one sentence on what came and what was expected."""
    with ExitStack() as stack:
        given = case.given(World(stack))
        with pytest.raises(Exception) as caught:  # noqa: PT011  (which one it is, exactly, is compared below)
            case.call(given)
    message = re.sub(r"\. Did you mean '\w+'\?$", "", str(caught.value))  # as Python 3.14 ends what it says of keywords
    assert type(caught.value) is case.kind, message
    assert re.search(case.came, message), message
    assert re.search(case.expected, message), message
    assert "\n" not in message
    assert not re.search(r"[.!?] +[A-Z]|[.!]$", message.removesuffix("."))
