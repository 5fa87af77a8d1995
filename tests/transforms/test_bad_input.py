"""Bad input to transforms, and nothing is left open."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

import scalargrad as sg
from scalargrad import testing
from tests.support.bad_input import (
    HUGE,
    NOTHING,
    NUMBER,
    SEVERAL,
    TEXT,
    Case,
    Thing,
    check,
    doubled,
    each_of,
    product,
    square,
)

TABLE = [
    *[
        case
        for name in ("grad", "value_and_grad", "jacobian", "hessian")
        for of in [getattr(sg, name)]
        for case in [
            Case(name, "no function", lambda _, of=of: of(3), TypeError, r"3 \(int\)", f"{name} takes a function"),
            Case(name, "a Value", lambda g, of=of: of(g.y), TypeError, r"Value\(4\.0\)", f"{name} takes a function"),
            Case(
                name, "argnums text", lambda _, of=of: of(square, "x"), TypeError, "not 'x'", "argnums .* is an integer"
            ),
            Case(
                name,
                "argnums True",
                lambda _, of=of: of(square, True),
                TypeError,
                "not True",
                "argnums .* is an integer",
            ),
            Case(
                name, "no argnums", lambda _, of=of: of(square, ()), TypeError, r"not \(\)", "argnums .* is an integer"
            ),
            Case(
                name, "argnums twice", lambda _, of=of: of(product, (0, 0)), ValueError, r"\(0, 0\)", "a number twice"
            ),
            Case(
                name,
                "the point as argnums",
                lambda _, of=of: of(square, 2.0),
                TypeError,
                r"not 2\.0",
                rf"the point goes in a second pair of parentheses, as in {name}\(f\)\(2\.0\)",
            ),
            Case(
                name,
                "an integer point as argnums",
                lambda f: f(1.0),
                TypeError,
                "argument 2 of .* called with 1 positional",
                rf"the point goes in a second pair of parentheses, as in {name}\(f\)\(2\.0\)",
                lambda _, of=of: of(square, 2),
            ),
            Case(name, "an option", lambda _, of=of: of(square, argnum=0), TypeError, "'argnum'", "unexpected keyword"),
            Case(
                name,
                "no arguments",
                lambda f: f(),
                TypeError,
                "0 positional",
                "to argument 0",
                lambda _, of=of: of(square),
            ),
            Case(
                name,
                "too few",
                lambda f: f(2.0),
                TypeError,
                "1 positional",
                "argument 1",
                lambda _, of=of: of(square, 1),
            ),
            Case(name, "text", lambda f: f("text"), TypeError, TEXT, SEVERAL, lambda _, of=of: of(square)),
            Case(name, "None", lambda f: f(x=None), TypeError, NOTHING, SEVERAL, lambda _, of=of: of(square)),
            Case(
                name,
                "a set in it",
                lambda f: f([{1}]),
                TypeError,
                r"\{1\} \(set\)",
                SEVERAL,
                lambda _, of=of: of(square),
            ),
            Case(
                name,
                "an integer past floats",
                lambda f: f(HUGE),
                OverflowError,
                "1329 b",
                "hold",
                lambda _, of=of: of(square),
            ),
            Case(
                name,
                "a result of text",
                lambda f: f(1.0),
                TypeError,
                r"\(str\)",
                "function that returns",
                lambda _, of=of: of(repr),
            ),
        ]
    ],
    *[
        case
        for name in ("grad", "value_and_grad", "hessian")
        for of in [getattr(sg, name)]
        for case in [
            Case(
                name,
                "a result of two numbers",
                lambda f: f(1.0),
                TypeError,
                r"\[Value\(1\.0\), Value\(1\.0\)\] \(list\)",
                "returns one number.*use jacobian for several",
                lambda _, of=of: of(lambda x: [x, x]),
            ),
            Case(
                name, "a result of None", lambda f: f(1.0), TypeError, NOTHING, "one number", lambda _, of=of: of(print)
            ),
        ]
    ],
    *[
        case
        for name in ("grad", "value_and_grad")
        for of in [getattr(sg, name)]
        for case in [
            Case(
                name,
                "has_aux of text",
                lambda _, of=of: of(square, 0, "text"),
                TypeError,
                TEXT,
                "has_aux is True or Fal",
            ),
            Case(
                name,
                "has_aux and no pair",
                lambda f: f(2.0),
                TypeError,
                r"returned Value\(4\.0\)",
                "with has_aux.* returns a pair",
                lambda _, of=of: of(square, has_aux=True),
            ),
        ]
    ],
    *[
        Case(
            "jacobian",
            f"mode {mode!r}",
            lambda _, m=mode: sg.jacobian(square, mode=m),
            ValueError,
            re.escape(repr(mode)),
            "auto",
        )
        for mode in ("fwd", None, ["auto"])
    ],
    *[
        Case(
            name,
            f"an array that holds {wrong!r}",
            lambda call, wrong=wrong: call(np.array([1.0, wrong, 2.0], dtype=object)),
            TypeError,
            rf"(got|not) {re.escape(repr(wrong))}.*, element \[1\] of an array",
            "numbers",
            given=lambda _, call=call: call,
        )
        for name, call in [
            *[(of.__name__, of(sum)) for of in (sg.grad, sg.value_and_grad, sg.jacobian, sg.hessian)],
            ("vjp", lambda array: sg.vjp(sum, array)),
            ("jvp", lambda array: sg.jvp(sum, (array,), (array,))),
            ("flatten", sg.flatten),
        ]
        for wrong in (None, "a", True, [1.0])
    ],
    Case(
        "grad",
        "a matrix that holds None",
        lambda _: sg.grad(np.sum)(np.array([[1.0, 2.0], [None, 3.0]], dtype=object)),
        TypeError,
        r"element \[1, 0\] of an array",
        "numbers",
    ),
    Case(
        "jacobian",
        "a result that is an array with None",
        lambda _: sg.jacobian(lambda x: np.array([x, None]))(1.0),
        TypeError,
        r"holds None \(NoneType\), element \[1\] of an array",
        "returns numbers",
    ),
    *[
        Case("grad", wrong, call, TypeError, came, SEVERAL)
        for wrong, call, came in [
            ("None among five", lambda _: sg.grad(max, (0, 1, 2, 3, 4))(1.0, 2.0, None, 3.0, 4.0), "as argument 2$"),
            ("text by keyword", lambda _: sg.grad(product, (0, 1))(1.0, y="b"), r"'b' \(str\) as argument y$"),
            ("a set in a list", lambda _: sg.grad(product, (0, 1))(1.0, [{1}]), r"\{1\} \(set\) in argument 1$"),
        ]
    ],
    Case(
        "hvp", "None as a primal", lambda _: sg.hvp(product, (1.0, None), (1.0, 1.0)), TypeError, "argument 1$", SEVERAL
    ),
    Case(
        "jacobian",
        "forward through a custom gradient",
        lambda _: sg.jacobian(doubled, mode="forward")(2.0),
        TypeError,
        "doubled has a gradient of its own",
        "use reverse mode",
    ),
    Case(
        "jacobian",
        "a result that holds a thing",
        lambda _: sg.jacobian(lambda x: [x, Thing()])(1.0),
        TypeError,
        "a thing",
        "numbers",
    ),
    Case(
        "derivative", "no function", lambda _: sg.derivative(3), TypeError, r"3 \(int\)", "derivative takes a function"
    ),
    Case(
        "derivative",
        "order 1.5",
        lambda _: sg.derivative(square, 1.5),
        TypeError,
        r"not 1\.5",
        r"order .* is an integer.*a second pair of parentheses, as in derivative\(f\)\(2\.0\)",
    ),
    Case(
        "derivative",
        "order True",
        lambda _: sg.derivative(square, True),
        TypeError,
        "not True",
        "order .* is an integer",
    ),
    Case("derivative", "order -1", lambda _: sg.derivative(square, -1), ValueError, "not -1", "order .* is 0 or more"),
    Case(
        "derivative",
        "a list",
        lambda _: sg.derivative(square)([1.0]),
        TypeError,
        r"\[1\.0\]",
        "a function of one number",
    ),
    Case("derivative", "text by keyword", lambda _: sg.derivative(square)(x="text"), TypeError, "'text'", "one number"),
    Case("derivative", "no argument", lambda _: sg.derivative(square)(), TypeError, "0 positional", "to argument 0"),
    Case(
        "derivative", "a result of text", lambda _: sg.derivative(repr)(1.0), TypeError, r"\(str\)", "returns numbers"
    ),
    Case(
        "derivative",
        "of a custom gradient",
        lambda _: sg.derivative(doubled)(1.0),
        TypeError,
        "doubled",
        "use|with grad of grad",
    ),
    *[
        case
        for name in ("jvp", "hvp")
        for of in [getattr(sg, name)]
        for case in [
            Case(
                name,
                "no function",
                lambda _, of=of: of(3, (1.0,), (1.0,)),
                TypeError,
                r"3 \(int\)",
                f"{name} takes a function",
            ),
            Case(
                name,
                "a primal",
                lambda _, of=of: of(square, 1.0, 1.0),
                TypeError,
                r"1\.0 \(float\)",
                "its primals as a tuple",
            ),
            Case(
                name,
                "a tangent",
                lambda _, of=of: of(square, (1.0,), 1.0),
                TypeError,
                r"1\.0 \(float\)",
                "its tangents as a tuple",
            ),
            Case(
                name,
                "too many",
                lambda _, of=of: of(square, (1.0,), (1, 2)),
                ValueError,
                r"got \(1, 2\)",
                r"structure of \(1\.0,\)",
            ),
            Case(
                name,
                "tangent text",
                lambda _, of=of: of(square, (1.0,), ("text",)),
                ValueError,
                "'text'",
                r"structure of 1\.0",
            ),
            Case(name, "primal text", lambda _, of=of: of(square, ("text",), ("text",)), TypeError, TEXT, SEVERAL),
            Case(
                name,
                "primal a thing",
                lambda _, of=of: of(square, (Thing(),), (1.0,)),
                TypeError,
                r"a thing \(Thing\)",
                SEVERAL,
            ),
            Case(name, "a result of text", lambda _, of=of: of(repr, (1.0,), (1.0,)), TypeError, r"\(str\)", "returns"),
        ]
    ],
    Case(
        "jvp",
        "keys",
        lambda _: sg.jvp(len, ({"a": 1.0},), ({"b": 1.0},)),
        ValueError,
        r"\{'b': 1\.0\}",
        r"\{'a': 1\.0\}",
    ),
    Case(
        "jvp",
        "arrays",
        lambda _: sg.jvp(sum, (np.ones(2),), (np.ones(3),)),
        ValueError,
        r"1\., 1\., 1\.",
        "structure of array",
    ),
    Case(
        "jvp", "a custom gradient", lambda _: sg.jvp(doubled, (1.0,), (1.0,)), TypeError, "doubled", "use reverse mode"
    ),
    Case("vjp", "no function", lambda _: sg.vjp(3, 1.0), TypeError, r"3 \(int\)", "vjp takes a function"),
    Case("vjp", "an argument of text", lambda _: sg.vjp(square, "text"), TypeError, TEXT, SEVERAL),
    Case(
        "vjp",
        "a result of text",
        lambda _: sg.vjp(repr, 1.0),
        TypeError,
        r"\(str\)",
        "vjp takes a function that returns numbers",
    ),
    *[
        Case(
            "vjp",
            f"a cotangent {cotangent!r}",
            lambda pullback, cotangent=cotangent: pullback(cotangent),
            ValueError,
            re.escape(f"got {cotangent!r}"),
            r"a cotangent of the structure of \[.*; give a number for each number of it",
            given=lambda _: sg.vjp(lambda x: [x, x], 1.0)[1],
        )
        for cotangent in (1.0, [1.0], None, "ab", {"a": 1.0, "b": 2.0})
    ],
    Case(
        "flatten",
        "a thing",
        lambda _: sg.flatten([1.0, Thing()]),
        TypeError,
        "a thing",
        "flatten takes numbers and nested",
    ),
    Case(
        "flatten",
        "a set",
        lambda _: sg.flatten({1.0}),
        TypeError,
        r"\{1\.0\}",
        "nested lists, tuples, dicts and arrays",
    ),
    *[
        Case(
            "flatten",
            f"rebuilt from {numbers!r}",
            lambda rebuild, numbers=numbers: rebuild(numbers),
            kind,
            came,
            expected,
            given=lambda _: sg.flatten({"w": [1.0, 2.0]})[1],
        )
        for numbers, kind, came, expected in [
            ([1.0], ValueError, "got 1", "expected 2 numbers"),
            ([1.0, 2.0, 3.0], ValueError, "got 3", "expected 2 numbers"),
            (1.0, TypeError, r"1\.0 \(float\)", "a list of 2 numbers"),
            ("ab", TypeError, r"'ab' \(str\)", "a list of 2 numbers"),
            ({"w": [1.0, 2.0]}, TypeError, r"\(dict\)", "a list of 2 numbers"),
            ([1.0, None], TypeError, NOTHING, f"{NUMBER} or a Value"),
        ]
    ],
]


@each_of(TABLE)
def test_bad_input_raises_at_once_with_one_sentence_on_what_came_and_what_was_expected(case: Case) -> None:
    check(case)


# ---- Nothing is left half done ---------------------------------------------------------------------------------------


def test_a_transform_whose_function_raised_leaves_nothing_open() -> None:
    for transform in (sg.grad, sg.hessian, sg.jacobian, sg.derivative):
        with pytest.raises(ZeroDivisionError):
            transform(lambda x: x / 0)(1.0)
    assert sg.engine.contexts.current().tapes == ()
    assert sg.grad(square)(3.0) == 6.0


def test_a_function_that_was_refused_arguments_did_not_run() -> None:
    calls: list[Any] = []
    for wrong in (
        lambda: sg.grad(calls.append)("text"),
        lambda: sg.derivative(calls.append)([1.0]),
        lambda: sg.jvp(calls.append, (1.0,), ("text",)),
        lambda: sg.hvp(calls.append, (Thing(),), (1.0,)),
        lambda: testing.check_grads(calls.append, (1.0,), order=0),
    ):
        with pytest.raises((TypeError, ValueError)):
            wrong()
    assert calls == []
