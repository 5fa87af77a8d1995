"""Bad input to `compile`."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

import scalargrad as sg
from tests.support.bad_input import HUGE, Case, Thing, check, each_of, product, square


def power(x: Any, n: int = 3) -> Any:
    result = 1.0
    for _ in range(n):
        result = result * x
    return result


TABLE = [
    Case("compile", "a number", lambda _: sg.compile(3.0), TypeError, r"3\.0", "compile takes a function"),
    Case("compile", "a number as decorator", lambda _: sg.compile()(3.0), TypeError, r"3\.0", "takes a function"),
    Case(
        "compile",
        "a number as static_argnames",
        lambda _: sg.compile(square, static_argnames=1),
        TypeError,
        "not 1",
        "a name or a tuple of names",
    ),
    Case(
        "compile",
        "numbers among static_argnames",
        lambda _: sg.compile(square, static_argnames=("x", 1)),
        TypeError,
        r"\('x', 1\)",
        "a name or a tuple of names",
    ),
    Case(
        "compile",
        "an unknown name",
        lambda _: sg.compile(square, static_argnames="n"),
        ValueError,
        "'n'",
        "has the parameters x",
    ),
    Case(
        "compile",
        "max_operations 2.5",
        lambda _: sg.compile(square, max_operations=2.5),
        TypeError,
        r"not 2\.5",
        "an integer",
    ),
    Case(
        "compile", "max_operations 0", lambda _: sg.compile(square, max_operations=0), ValueError, "not 0", "1 or more"
    ),
    Case(
        "compile",
        "decorate 1",
        lambda _: sg.compile(square, decorate=1),
        TypeError,
        "not 1",
        "decorate of compile takes",
    ),
    Case(
        "compile",
        "arrays math",
        lambda _: sg.compile(square, arrays=math),
        TypeError,
        "<module 'math'",
        "a module with NumPy's names",
    ),
    Case(
        "compile",
        "arrays and decorate",
        lambda _: sg.compile(square, arrays=np, decorate=square),
        TypeError,
        "decorate",
        "either decorate or arrays",
    ),
    Case(
        "compile",
        "a thing as argument",
        lambda function: function(Thing()),
        TypeError,
        "x is a thing",
        "name it in static_argnames",
        given=lambda _: sg.compile(square),
    ),
    *[
        Case(
            "compile",
            f"an array that holds {wrong!r}",
            lambda function, wrong=wrong: function(np.array([1.0, wrong], dtype=object)),
            TypeError,
            rf"got {wrong!r}, element \[1\] of an array",
            "expected numbers in x",
            given=lambda _: sg.compile(square),
        )
        for wrong in (None, "a", True)
    ],
    Case(
        "compile",
        "a set as static argument",
        lambda function: function(1.0, {1}),
        TypeError,
        r"not \{1\}",
        "has to be hashable",
        given=lambda _: sg.compile(product, static_argnames="y"),
    ),
    Case(
        "compile",
        "too large an integer",
        lambda function: function(HUGE),
        OverflowError,
        "int too large",
        "to convert to float",
        given=lambda _: sg.compile(square),
    ),
    Case(
        "compile",
        "a function that returns a thing",
        lambda function: function(1.0),
        TypeError,
        "a thing",
        "numbers, or lists, tuples, dicts",
        given=lambda _: sg.compile(lambda x: Thing()),
    ),
    *[
        Case(
            "compile",
            f"an array for a vector, {wrong}",
            lambda function: function(np.ones(2)),
            TypeError,
            f"raises {came}",
            "with arrays= an array is one number at many points, so give a vector as a list",
            given=lambda _, function=function: sg.compile(function, arrays=np),
        )
        for wrong, function, came in [
            ("@", lambda x: x @ [1.0, 2.0], r"TypeError, unsupported operand type\(s\) for @: 'Value' and 'list'"),
            ("indexed", lambda x: x[0], "TypeError, 'Value' object is not subscriptable"),
            ("sum()", lambda x: x.sum(), "AttributeError, a Value has no sum"),
        ]
    ],
    *[
        Case(
            "compile",
            f"a count that is not static, {wrong}",
            lambda function: function(2.0),
            TypeError,
            "a traced number cannot be an index or a count",
            way,
            given=lambda _, function=function: sg.compile(function),
        )
        for wrong, function, way in [
            ("by default", power, 'compile with static_argnames="n", or use int'),
            ("below grad", sg.grad(power), 'compile with static_argnames="n", or use int'),
            ("computed", lambda x: [1.0, 2.0][x - 1], "name the argument in static_argnames"),
            ("part of an argument", lambda x, p=(3,): power(x, p[0]), "name the argument in static_argnames"),
        ]
    ],
    Case(
        "compile",
        "float(x)",
        lambda function: function(1.0),
        TypeError,
        "a traced number was asked for a plain float",
        r"use scalargrad.sin\(x\).*dtype=object for an array",
        given=lambda _: sg.compile(lambda x: math.sin(x)),
    ),
]


@each_of(TABLE)
def test_bad_input_raises_at_once_with_one_sentence_on_what_came_and_what_was_expected(case: Case) -> None:
    check(case)
