"""Bad input to elementary functions."""

from __future__ import annotations

import math
import re
from typing import Any

import numpy as np

import scalargrad as sg
from tests.support.bad_input import (
    ARITY,
    ELEMENT,
    HUGE,
    LIST,
    NOTHING,
    OPERAND,
    OUTSIDE,
    PYTHONS_OWN,
    TEXT,
    Case,
    check,
    each_of,
)

UNARY = [
    *("abs", "acos", "acosh", "asin", "asinh", "atan", "atanh", "cbrt", "cos", "cosh", "degrees", "digamma", "erf"),
    *("erfc", "exp", "exp2", "expm1", "fabs", "gamma", "lgamma", "log", "log10", "log1p", "log2", "log_sigmoid"),
    *("radians", "relu", "sigmoid", "sin", "sinc", "sinh", "softplus", "sqrt", "tan", "tanh", "ulp"),
]
BINARY = ["atan2", "copysign", "fmod", "ldexp", "logaddexp", "maximum", "minimum", "polygamma", "remainder"]


def as_value(x: Any) -> Any:
    return sg.Value(x) if isinstance(x, float) else x


ELEMENTARY = [
    Case("abs", "called abs", lambda _: sg.abs("text"), TypeError, "text", "^abs takes"),
    *[Case(n, "text", lambda _, n=n: getattr(sg, n)("text"), TypeError, TEXT, OPERAND) for n in UNARY],
    *[
        Case(n, "None in a list", lambda g, n=n: getattr(sg, n)([None, g.x]), TypeError, NOTHING, OPERAND)
        for n in UNARY
    ],
    *[Case(n, "two arguments", lambda _, n=n: getattr(sg, n)(1, 2), TypeError, "2 were given", ARITY) for n in UNARY],
    *[Case(n, "text, a number", lambda _, n=n: getattr(sg, n)("text", 1), TypeError, TEXT, OPERAND) for n in BINARY],
    *[Case(n, "a Value, None", lambda g, n=n: getattr(sg, n)(g.x, None), TypeError, NOTHING, OPERAND) for n in BINARY],
    *[Case(n, "one argument", lambda _, n=n: getattr(sg, n)(1.0), TypeError, "missing 1", ARITY) for n in BINARY],
    *[
        Case(
            n, "lengths", lambda g, n=n: getattr(sg, n)(g.v, [1, 2, 3]), ValueError, "lengths 2 and 3", "of one length"
        )
        for n in BINARY
    ],
    *[
        Case(name, f"{args} outside", lambda _, n=name, a=args: getattr(sg, n)(*a), kind, shown, PYTHONS_OWN)
        for name, args, kind in OUTSIDE
        for shown in [re.escape(f"{name}({', '.join(map(repr, args))})")]
    ],
    *[
        Case(
            name,
            f"Value{args} outside",
            lambda values, n=name: getattr(sg, n)(*values),
            kind,
            shown,
            PYTHONS_OWN,
            given,
        )
        for name, args, kind in OUTSIDE
        for shown in [re.escape(f"{name}({', '.join(map(repr, args))})")]
        for given in [lambda _, args=args: [*map(as_value, args)]]
    ],
    Case(
        "digamma", "a pole", lambda _: sg.digamma(-2), ValueError, r"^digamma\(-2\)", "a pole at zero and at every neg"
    ),
    Case("polygamma", "a pole", lambda g: sg.polygamma(1, g.x - 2), ValueError, r"^polygamma\(1, 0\.0\)", "a pole at"),
    Case(
        "polygamma",
        "order -1",
        lambda g: sg.polygamma(-1, g.x),
        ValueError,
        r"\(-1, 2\.0\)",
        "whole number and not neg",
    ),
    Case("polygamma", "order 1.5", lambda _: sg.polygamma(1.5, 2.0), ValueError, r"\(1\.5, 2\.0\)", "a whole number"),
    Case(
        "polygamma",
        "order 10**9",
        lambda _: sg.polygamma(10**9, 2.0),
        OverflowError,
        r"\(1000000000, 2\.0\)",
        "above 1000",
    ),
    Case(
        "ldexp", "a fraction", lambda g: sg.ldexp(g.x, 1.5), TypeError, r"1\.5 \(float\)", "an integer as its exponent"
    ),
    Case("ldexp", "a Value", lambda _: sg.ldexp(1.0, sg.Value(2.0)), TypeError, r"2\.0 \(float\)", "an integer"),
]
SEVERAL_OPERANDS = [
    Case(
        "clip",
        "bounds crossed",
        lambda g: sg.clip(g.x, 2.0, 1.0),
        ValueError,
        r"clip\(2\.0, 2\.0, 1\.0\)",
        "lower bound",
    ),
    Case("clip", "a bound of None", lambda g: sg.clip(g.x, None, 1.0), TypeError, NOTHING, "clip " + OPERAND),
    Case("clip", "text", lambda _: sg.clip("text", 0, 1), TypeError, TEXT, "clip " + OPERAND),
    Case("clip", "two arguments", lambda g: sg.clip(g.x, 1.0), TypeError, "got 2", "clip takes 3 operands"),
    Case("clip", "lengths", lambda g: sg.clip(g.v, [0.0], 1.0), ValueError, "lengths 1 and 2", "of one length"),
    Case("clip", "NumPy's keywords", lambda g: sg.clip(g.x, a_min=0, a_max=1), TypeError, "'a_min'", "unexpected"),
    Case("where", "a condition of text", lambda g: sg.where("text", g.x, 1.0), TypeError, TEXT, "where " + OPERAND),
    Case("where", "None for a number", lambda g: sg.where(True, g.x, None), TypeError, NOTHING, "where " + OPERAND),
    Case("where", "lengths", lambda g: sg.where([True], g.v, 1.0), ValueError, "lengths 1 and 2", "of one length"),
    Case("where", "one argument", lambda _: sg.where(True), TypeError, "got 1", "where takes 3 operands"),
    *[
        case
        for name in ("softmax", "logsumexp")
        for f in [getattr(sg, name)]
        for case in [
            Case(
                name, "no elements", lambda _, f=f: f([]), ValueError, f"{name} of an empty Vector", "at least one el"
            ),
            Case(name, "a number", lambda _, f=f: f(1.0), TypeError, r"1\.0 \(float\)", f"{name} {LIST}"),
            Case(name, "text", lambda _, f=f: f("text"), TypeError, TEXT, f"{name} {LIST}"),
            Case(name, "None in it", lambda g, f=f: f([g.x, None]), TypeError, NOTHING, ELEMENT.format(1)),
            Case(
                name, "a cube", lambda _, f=f: f(np.ones((2, 2, 2))), ValueError, r"\(2, 2, 2\)", "one dimension or two"
            ),
            Case(
                name, "rows of two lengths", lambda _, f=f: f([[1.0], []]), ValueError, "got 0 and 1", "of one length"
            ),
            Case(name, "empty rows", lambda _, f=f: f([[], []]), ValueError, f"{name} of an empty", "at least one el"),
        ]
    ],
    Case("dist", "lengths", lambda g: sg.dist(g.v, [1.0]), ValueError, "got 2 and 1", "points with the same number"),
    Case("dist", "numbers", lambda _: sg.dist(1.0, 2.0), TypeError, r"1\.0 \(float\)", "dist " + LIST),
    Case("dist", "a Value", lambda g: sg.dist([1.0], g.x), TypeError, r"Value\(2\.0\) \(Value\)", "dist " + LIST),
    Case("dist", "text in it", lambda g: sg.dist([g.x], ["text"]), TypeError, TEXT, "dist " + OPERAND),
    Case("dist", "text among floats", lambda _: sg.dist([1.0], ["text"]), TypeError, "str", "real number"),
    Case("hypot", "text", lambda g: sg.hypot(g.x, "text"), TypeError, TEXT, "hypot " + OPERAND),
    Case("hypot", "None among floats", lambda _: sg.hypot(1.0, None), TypeError, "NoneType", "real number"),
    Case("hypot", "lengths", lambda g: sg.hypot(g.v, [1.0]), ValueError, "lengths 1 and 2", "of one length"),
    *[
        Case(
            name,
            "a Matrix",
            lambda g, name=name: getattr(sg, name)(*[g.m] * (1 + (name == "dist"))),
            TypeError,
            r"Matrix\(.* \(Matrix\)",
            rf"one Vector or list, not rows .* \[{name}\(row\) for row in matrix\]",
        )
        for name in ("dist", "fsum", "prod")
    ],
    Case("fsum", "a number", lambda _: sg.fsum(1.0), TypeError, r"1\.0 \(float\)", "fsum " + LIST),
    Case("fsum", "None in it", lambda g: sg.fsum([g.x, None]), TypeError, NOTHING, "fsum " + OPERAND),
    Case("fsum", "text among floats", lambda _: sg.fsum([1.0, "text"]), TypeError, "str", "real number"),
    Case(
        "fsum",
        "an overflow",
        lambda _: sg.fsum([1e308, 1e308]),
        OverflowError,
        r"fsum\(\[1e\+308, 1e\+308\]\)",
        PYTHONS_OWN,
    ),
    Case(
        "fsum",
        "two infinities",
        lambda g: sg.fsum([g.x, math.inf, -math.inf]),
        ValueError,
        "2.0, inf, -inf",
        PYTHONS_OWN,
    ),
    Case("hypot", "past floats", lambda _: sg.hypot(HUGE, 1), OverflowError, r"hypot\(1000+, 1\)", "too large"),
    Case(
        "dist", "past floats", lambda _: sg.dist([HUGE], [1]), OverflowError, r"dist\(\[1000+\], \[1\]\)", "too large"
    ),
    Case("prod", "a number", lambda _: sg.prod(1.0), TypeError, r"1\.0 \(float\)", "prod " + LIST),
    Case("prod", "None in it", lambda g: sg.prod([g.x, None]), TypeError, NOTHING, "prod " + OPERAND),
    Case("prod", "a start of text", lambda g: sg.prod([g.x], start="text"), TypeError, TEXT, "prod " + OPERAND),
    Case("prod", "a start by place", lambda g: sg.prod([g.x], 2), TypeError, "2 were given", ARITY),
    Case("frexp", "text", lambda _: sg.frexp("text"), TypeError, "str", "real number"),
    Case("frexp", "a Vector", lambda g: sg.frexp(g.v), TypeError, "Vector", "real number"),
    Case("modf", "None", lambda _: sg.modf(None), TypeError, "NoneType", "real number"),
    Case("modf", "a Vector", lambda g: sg.modf(g.v), TypeError, "Vector", "real number"),
    *[
        Case(name, f"a {kind.__name__}", lambda _, of=of, x=x, kind=kind: of(x), TypeError, f"a {kind.__name__}", way)
        for name, of in (
            ("prod", sg.prod),
            ("fsum", sg.fsum),
            ("dist", lambda x: sg.dist(x, x)),
        )
        for kind, x, way in (
            (np.matrix, np.asmatrix([1.0, 2.0]), r"use numpy\.asarray\(\) of it$"),
            (np.ma.MaskedArray, np.ma.array([1.0, 2.0]), r"use its compressed\(\) or filled\(\)$"),
        )
    ],
]

TABLE = [*ELEMENTARY, *SEVERAL_OPERANDS]


@each_of(TABLE)
def test_bad_input_raises_at_once_with_one_sentence_on_what_came_and_what_was_expected(case: Case) -> None:
    check(case)
