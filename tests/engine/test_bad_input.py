"""Bad input to Values and Vectors, and nothing is left half done."""

from __future__ import annotations

import math
import operator
import re
import statistics
from collections import deque
from typing import Any

import numpy as np
import pytest

import scalargrad as sg
from tests.support.bad_input import (
    ARITY,
    ELEMENT,
    HUGE,
    LIST,
    NOTHING,
    NUMBER,
    PYTHONS_OWN,
    TEXT,
    Case,
    check,
    each_of,
)

# ---- Value -----------------------------------------------------------------------------------------------------------


VALUE = [
    Case("topological_order", "a number", lambda _: sg.topological_order(2.0), TypeError, r"2\.0", "takes a Value"),
    Case("Value", "text", lambda _: sg.Value("text"), TypeError, TEXT, NUMBER),
    Case("Value", "None", lambda _: sg.Value(None), TypeError, NOTHING, NUMBER),
    Case("Value", "a list", lambda _: sg.Value([1.0]), TypeError, r"\[1\.0\] \(list\)", NUMBER),
    Case("Value", "a complex number", lambda _: sg.Value(1j), TypeError, r"1j \(complex\)", NUMBER),
    Case("Value", "an array", lambda _: sg.Value(np.ones(2)), TypeError, r"array.* \(ndarray\)", NUMBER),
    Case("Value", "a Value", lambda g: sg.Value(g.x), TypeError, r"Value\(2\.0\)", "plain number.*Variable.*data"),
    Case("Value", "an integer past floats", lambda _: sg.Value(HUGE), OverflowError, "1329 bits", "a float can hold"),
    Case("Value", "nothing", lambda _: sg.Value(), TypeError, "missing 1", "number"),
    Case("Value", "rounded to text", lambda g: round(g.x, "text"), TypeError, TEXT, "number of digits is an integer"),
    Case(
        "Value",
        "float()",
        lambda g: float(g.x),
        TypeError,
        r"Value\(2\.0\)",
        r"use .*sin\(x\).* x\.data for the number, or `with scalargrad\.math\.patch",
    ),
    *[
        Case(
            kind,
            f"asked for {name}",
            lambda g, of=of, name=name: getattr(of(g), name),
            AttributeError,
            rf"^a {kind} has no {name}",
            way,
        )
        for kind, of, name, way in (
            ("Value", lambda g: g.x, "detach", r"stop_gradient\(x\) gives .* \.data"),
            ("Value", lambda g: g.x, "shape", r"one number, and its \.data is a plain float"),
            ("Value", lambda g: g.x, "dtype", r"one number, and its \.data is a plain float"),
            ("Value", lambda g: g.x, "requires_grad", "is_tracked tells"),
            ("Value", lambda g: g.x, "assign", "a leaf is set by its data"),
            ("Vector", lambda g: g.v, "assign", "a Variable of a list has it"),
            ("Vector", lambda g: g.v, "detach", r"stop_gradient\(v\) gives .* tolist\(\)"),
            ("Vector", lambda g: g.v, "dtype", r"tolist\(\) gives their numbers"),
            ("Vector", lambda g: g.v, "requires_grad", "is_tracked of an element tells"),
            ("Vector", lambda g: g.v, "reshape", r"Matrix\(\[v\[i : i \+ n\] .* for rows"),
            ("Vector", lambda g: g.v, "item", r"an element of it has that"),
            ("Vector", lambda g: g.v, "tanh", r"scalargrad\.tanh\(x\) takes it"),
            ("Matrix", lambda g: g.m, "flatten", r"concatenate\(matrix\) puts its rows"),
            ("Matrix", lambda g: g.m, "transpose", "a Matrix has T"),
            *[("Value", lambda g: g.x, name, "it is one number") for name in ("size", "ndim", "T", "squeeze", "std")],
            *[("Value", lambda g: g.x, name, r"scalargrad\.clip\(x") for name in ("clamp", "clip")],
            ("Value", lambda g: g.x, "clone", r"use it itself, or Value\(x\.data\)"),
            ("Vector", lambda g: g.v, "T", r"Matrix\(\[v\]\)\.T a column"),
            ("Vector", lambda g: g.v, "size", r"its shape .* and len\(\)"),
            ("Vector", lambda g: g.v, "ndim", r"len\(v\.shape\) tells"),
            ("Vector", lambda g: g.v, "var", r"use \(\(x - x\.mean\(\)\) \*\* 2\)\.mean\(\)"),
            ("Vector", lambda g: g.v, "argmax", r"use v\.index\(v\.max\(\)\)"),
            ("Vector", lambda g: g.v, "softmax", r"scalargrad\.softmax\(v\) takes it"),
            ("Vector", lambda g: g.v, "expand_dims", r"Matrix\(\[v\]\) for one row"),
            ("Vector", lambda g: g.v, "clone", r"use it itself, or Variable\(v\)"),
            ("Matrix", lambda g: g.m, "view", r"for rows of n elements"),
            ("Matrix", lambda g: g.m, "ravel", r"concatenate\(matrix\), which puts"),
            ("Matrix", lambda g: g.m, "cpu", r"tolist\(\) gives them alone"),
            ("Matrix", lambda g: g.m, "squeeze", r"use matrix\[0\]"),
            ("Matrix", lambda g: g.m, "exp", r"scalargrad\.exp\(x\) takes it"),
        )
    ],
    Case(
        "Value",
        "requires_grad set",
        lambda g: setattr(g.x, "requires_grad", True),
        AttributeError,
        "no requires_grad",
        "is_tracked",
    ),
    Case("Value.data", "text", lambda g: setattr(g.x, "data", "text"), TypeError, TEXT, NUMBER),
    Case(
        "Value.data",
        "set on a computed one",
        lambda g: setattr(g.y, "data", 1.0),
        AttributeError,
        r"Value\(4\.0\) was computed",
        "make a new Value",
    ),
    Case("Value.grad", "text", lambda g: setattr(g.x, "grad", "text"), TypeError, TEXT, f"{NUMBER} as grad"),
    Case("Value.grad", "None", lambda g: setattr(g.x, "grad", None), TypeError, NOTHING, "0 clears it"),
    Case("Value.grad", "a list", lambda g: setattr(g.x, "grad", [1.0]), TypeError, r"\[1\.0\] \(list\)", NUMBER),
    Case(
        "Value.as_integer_ratio",
        "used",
        lambda g: statistics.mean([g.x, g.x]),
        TypeError,
        r"Value\(2\.0\), which statistics\.mean\(\)",
        r"from scalargrad import math`.*scalargrad\.math\.patch\(statistics\):`, or \.data",
    ),
    *[
        Case(
            "Value",
            f"times {text!r}{side}",
            lambda g, text=text, side=side: g.x * text if side else text * g.x,
            TypeError,
            rf"{re.escape(repr(text))}.* a Value times text",
            r"to repeat the text use int\(\) of the Value",
        )
        for text in ("a", b"a", bytearray(b"a"))
        for side in ("", " on its right")
    ],
    Case("Value", "'%.2f'", lambda g: "%.2f" % g.x, TypeError, r"Value\(2\.0\)", r"f'\{x:\.2f\}' for text"),  # noqa: UP031
    Case("Value", "a count", lambda g: range(g.x), TypeError, r"Value\(2\.0\) is not an integer", r"use int\(\) of it"),
    Case("Value", "repeats a deque", lambda g: deque() * g.x, TypeError, r"Value\(2\.0\)", r"use int\(\) of it"),
    Case(
        "Value",
        "a list in a list",
        lambda _: sg.Value([[1, 2]]),
        TypeError,
        r"\[\[1, 2\]\] \(list\)",
        "Variable or a Vector",
    ),
    Case("Value.label", "deleted", lambda g: delattr(g.x, "label"), AttributeError, "label", "no deleter"),
    *[
        Case(f"Value.{name}", "set", lambda g, name=name: setattr(g.x, name, ()), AttributeError, name, "no setter")
        for name in ("operands", "derivatives", "parents", "operation", "is_tracked")
    ],
    Case(
        "Value.backward",
        "of a constant",
        lambda g: g.c.backward(),
        ValueError,
        r"constant\(5\.0\)",
        "depends on no tracked value: compute it from a Value or a Variable",
    ),
    Case("Value.backward", "an argument", lambda g: g.y.backward(1.0), TypeError, "2 were given", "takes 1 " + ARITY),
    *[
        Case(
            f"Value.{name}",
            "an argument",
            lambda g, name=name: getattr(g.x, name)(1.0),
            TypeError,
            "2 were given",
            rf"Value\.{'item' if name == 'numpy' else name}\(\) takes 1 {ARITY}",
        )
        for name in ("item", "numpy", "relu", "exp", "log", "sqrt", "sin", "cos", "tan", "tanh", "sigmoid")
    ],
    *[
        Case(
            f"Value.{name}",
            f"outside of its domain, {number}",
            lambda g: getattr(*g)(),
            kind,
            rf"^{name}\({re.escape(repr(number))}\)",
            PYTHONS_OWN,
            given=lambda g, name=name, number=number: (sg.Value(number), name),
        )
        for name, number, kind in [
            ("exp", 1000.0, OverflowError),
            ("log", 0.0, ValueError),
            ("sqrt", -1.0, ValueError),
            ("sin", math.inf, ValueError),
            ("cos", math.inf, ValueError),
            ("tan", -math.inf, ValueError),
        ]
    ],
]
OPERATORS = [
    *[
        Case("Value", wrong, call, TypeError, "Value", "unsupported operand")
        for wrong, call in [
            ("+ text", lambda g: g.x + "text"),
            ("None -", lambda g: None - g.x),
            ("* a complex number", lambda g: g.x * 1j),
            ("/ a dict", lambda g: g.x / {}),
            ("text // ", lambda g: "text" // g.x),
            ("% None", lambda g: g.x % None),
            ("** text", lambda g: g.x ** "text"),
            ("@", lambda g: g.x @ g.x),
            ("divmod by text", lambda g: divmod(g.x, "text")),
        ]
    ],
    Case("Value", "< text", lambda g: g.x < "text", TypeError, "'Value' and 'str'", "not supported"),
    Case("Value", ">= None", lambda g: g.x >= None, TypeError, "'Value' and 'NoneType'", "not supported"),
    Case("Value", "pow with a modulus", lambda g: pow(g.x, 2, 3), TypeError, "3 were given", r"Value\.pow\(\) takes 2"),
    Case("Value", "- a list of text", lambda g: g.x - ["text"], TypeError, TEXT, "as element 0 of a Vector"),
    Case("Value", "/ 0", lambda g: g.x / 0, ZeroDivisionError, r"^2\.0 / 0", PYTHONS_OWN),
    Case("Value", "1 / a zero", lambda g: 1 / (g.x - 2), ZeroDivisionError, r"^1 / 0\.0", PYTHONS_OWN),
    Case("Value", "// 0", lambda g: g.x // 0.0, ZeroDivisionError, r"^2\.0 // 0\.0", PYTHONS_OWN),
    Case("Value", "% 0", lambda g: g.x % 0, ZeroDivisionError, r"^2\.0 % 0", PYTHONS_OWN),
    Case("Value", "0 ** -1", lambda g: 0.0 ** (-g.x), ZeroDivisionError, r"^0\.0 \*\* -2\.0", PYTHONS_OWN),
    Case("Value", "a complex power", lambda g: (-g.x) ** 0.5, ValueError, r"^-2\.0 \*\* 0\.5", "base that is not neg"),
    Case("Value", "a power too large", lambda g: g.x**10_000, OverflowError, r"^2\.0 \*\* 10000", PYTHONS_OWN),
    Case("Value", "+ an integer past floats", lambda g: g.x + HUGE, OverflowError, r"^2\.0 \+ 1000", "too large"),
    Case(
        "Value",
        "in a float array",
        lambda g: np.zeros(3).__setitem__(0, g.x * g.x),
        TypeError,
        r"Value\(4\.0\) was asked for a plain float, as by .* a float array",
        "dtype=object for an array",
    ),
    Case(
        "Value", "math.sin", lambda g: math.sin(g.x), TypeError, r"Value\(2\.0\)", r"use scalargrad\.sin\(x\).*\.data"
    ),
    *[
        Case(kind, wrong, call, TypeError, re.escape(f"`{came}`"), r"has the operator \^; a power is written \*\*")
        for kind, wrong, call, came in [
            ("Value", "^ 2", lambda g: g.x ^ 2, "Value ^ int"),
            ("Value", "2.0 ^", lambda g: 2.0 ^ g.x, "float ^ Value"),
            ("Value", "^= a Vector", lambda g: operator.ixor(g.x, g.v), "Value ^ Vector"),
            ("Value", "an array ^", lambda g: np.ones(2) ^ g.x, "float ^ Value"),
            ("Variable", "^ 2", lambda g: g.w ^ 2, "Variable ^ int"),
            ("Vector", "a list ^", lambda g: [1, 2] ^ g.v, "list ^ Vector"),
            ("Matrix", "^ 2", lambda g: g.m ^ 2, "Matrix ^ int"),
            ("compile", "^ 2", lambda g: sg.compile(lambda x: x ^ 2)(1.0), "Value ^ int"),
        ]
    ],
    Case("Value", "indexed", lambda g: g.x[0], TypeError, "'Value' object", "not subscriptable"),
    Case("Value", "iterated", lambda g: list(g.x), TypeError, "'Value' object", "not iterable"),
    Case("Value", "int() of infinity", int, OverflowError, "infinity", "integer", given=lambda _: sg.Value(math.inf)),
    Case("Value", "an unknown attribute", lambda g: setattr(g.x, "gard", 0), AttributeError, "'gard'", "no attribute"),
]


# ---- Vector ----------------------------------------------------------------------------------------------------------


VECTOR = [
    Case("Vector", "a number", lambda _: sg.Vector(3.0), TypeError, r"3\.0 \(float\)", LIST),
    Case("Vector", "None", lambda _: sg.Vector(None), TypeError, NOTHING, LIST),
    Case("Vector", "a Value", lambda g: sg.Vector(g.x), TypeError, r"Value\(2\.0\) \(Value\)", LIST),
    Case("Vector", "text", lambda _: sg.Vector("text"), TypeError, r"'t' \(str\)", ELEMENT.format(0)),
    Case("Vector", "a dict", lambda _: sg.Vector({1: 2}), TypeError, r"\{1: 2\} \(dict\)", "Vector " + LIST),
    Case("Vector", "bytes", lambda _: sg.Vector(b"ab"), TypeError, r"b'ab' \(bytes\)", "Vector " + LIST),
    Case("Vector", "None in it", lambda _: sg.Vector([1.0, None]), TypeError, NOTHING, ELEMENT.format(1)),
    Case("Vector", "a list in it", lambda _: sg.Vector([[1.0]]), TypeError, r"\[1\.0\] \(list\)", ELEMENT.format(0)),
    Case("Vector", "a matrix", lambda _: sg.Vector(np.ones((2, 2))), TypeError, "ndarray", ELEMENT.format(0)),
    Case("Vector", "- a shorter list", lambda g: g.v - [1.0], ValueError, "lengths 1 and 2", "vectors of one length"),
    Case("Vector", "a longer list *", lambda g: [1, 2, 3] * g.v, ValueError, "lengths 2 and 3", "of one length"),
    Case("Vector", "- text", lambda g: g.v - "text", TypeError, "'Vector' and 'str'", "unsupported operand"),
    Case("Vector", "- a list with None", lambda g: g.v - [1.0, None], TypeError, "None", "as element 1 of a Vector"),
    Case("Vector", "/ a list with 0", lambda g: g.v / [1.0, 0.0], ZeroDivisionError, r"^3\.0 / 0\.0", PYTHONS_OWN),
    Case("Vector", "@ a number", lambda g: g.v @ 3.0, TypeError, "'Vector' and 'float'", "unsupported operand"),
    Case("Vector", "@ a shorter list", lambda g: g.v @ [1.0], ValueError, "lengths 2 and 1", "of one length"),
    Case("Vector", "@ a matrix", lambda g: g.v @ np.ones((3, 2)), ValueError, r"\(2,\) @ \(3, 2\)", "shapes that fit"),
    Case("Vector", "an array @", lambda g: np.ones((2, 3)) @ g.v, ValueError, r"\(2, 3\) @ \(2,\)", "shapes that fit"),
    Case(
        "Vector", "an array *", lambda g: np.ones((2, 3)) * g.v, ValueError, r"\(2, 3\) and \(2,\)", "shapes that fit"
    ),
    Case("Vector", "an index past its end", lambda g: g.v[5], IndexError, "got 5", "an index or slice of 2 elements"),
    Case("Vector", "an index of text", lambda g: g.v["a"], TypeError, "got 'a'", "an index or slice of 2 elements"),
    Case("Vector", "an element set", lambda g: g.v.__setitem__(0, 1.0), AttributeError, "'Vector'", "__setitem__"),
    Case("Vector", "math.sin", lambda g: math.sin(g.v), TypeError, "Vector", "real number"),
    Case("Vector.dot", "a number", lambda g: g.v.dot(3.0), TypeError, r"3\.0 \(float\)", "dot " + LIST),
    Case(
        "Vector.dot", "a Matrix", lambda g: g.v.dot(g.m), TypeError, r"\(Matrix\)", "not rows of them.* @ is the prod"
    ),
    Case("Vector.dot", "text", lambda g: g.v.dot("text"), TypeError, TEXT, "dot " + LIST),
    Case("Vector.dot", "a list with text", lambda g: g.v.dot([1, "text"]), TypeError, TEXT, ELEMENT.format(1)),
    Case("Vector.dot", "a longer list", lambda g: g.v.dot([1, 2, 3]), ValueError, "lengths 2 and 3", "of one length"),
    Case("Vector.index", "no element of it", lambda g: g.v.index(9.0), ValueError, r"got 9\.0", r"element of Vector\("),
    Case("Vector.count", "nothing", lambda g: g.v.count(), TypeError, "missing 1", "value"),
    Case("Vector.map", "no function", lambda g: g.v.map(3), TypeError, r"3 \(int\)", "map takes a function"),
    Case("Vector.map", "text comes of it", lambda g: g.v.map(repr), TypeError, r"\(str\)", ELEMENT.format(0)),
    Case(
        "Vector.backward",
        "used",
        lambda g: g.u.backward(),
        ValueError,
        "Vector of 2 elements",
        r"a gradient belongs to one number, so reduce it first, with \.sum\(\)",
    ),
    Case("Vector.grad", "too short", lambda g: setattr(g.v, "grad", [1.0]), ValueError, "got 1", "expected 2 numbers"),
    Case("Vector.grad", "text", lambda g: setattr(g.v, "grad", "text"), TypeError, TEXT, f"{NUMBER} as grad"),
    Case("Vector.grad", "None", lambda g: setattr(g.v, "grad", None), TypeError, NOTHING, "0 clears it"),
    *[
        Case(
            f"Vector.{name}",
            "of no elements",
            lambda empty, name=name: getattr(empty, name)(),
            ValueError,
            f"^{name} of an empty Vector",
            "at least one element",
            given=lambda _: sg.Vector([]),
        )
        for name in ("mean", "max", "min", "logsumexp")
    ],
    *[
        Case(
            f"Vector.{name}",
            "an integer past floats in it",
            lambda vector, name=name: getattr(vector, name)(),
            OverflowError,
            rf"^{name}\(1\.0, 1000",
            "too large",
            given=lambda _: sg.Vector([1.0, HUGE]),
        )
        for name in ("sum", "mean", "norm", "prod")
    ],
    *[
        Case(
            f"Vector.{name}",
            "an argument",
            lambda g, name=name: getattr(g.v, name)(0),
            TypeError,
            "2 were given",
            "takes 1 " + ARITY,
        )
        for name in ("norm", "prod", "tolist", "numpy")
    ],
    *[
        Case(
            "softmax",
            f"axis {axis}{of}",
            lambda g, axis=axis, of=of: sg.softmax(g.m if of else g.v, axis=axis),
            ValueError,
            f"axis is -1, not {axis}",
            r"each row of a Matrix.* for columns use softmax\(matrix\.T\)\.T",
        )
        for axis, of in ((1, ""), (None, ""), (0, " of a Matrix"), (-2, " of a Matrix"))
    ],
    Case(
        "Vector.sum", "an axis of 1", lambda g: g.v.sum(axis=1), ValueError, "not 1", "axis of a Vector is 0, -1 or No"
    ),
    Case("Vector.mean", "an axis of text", lambda g: g.v.mean("a"), ValueError, "not 'a'", "is 0, -1 or None"),
    *[
        Case("Vector", f"in {what}", compare, TypeError, rf"Vector.* here with {came}", "compare its elements.* norm")
        for what, compare, came in (
            ("< a number", lambda g: g.v < 3, r"3 \(int\)"),
            ("<= a Vector", lambda g: g.v <= g.v, r"Vector.* \(Vector\)"),
            ("> a Value", lambda g: g.v > g.x, r"Value\(2\.0\) \(Value\)"),
            (">= a list", lambda g: g.v >= [1.0, 2.0], r"\[1\.0, 2\.0\] \(list\)"),
        )
    ],
    Case("Vector", "pow of three", lambda g: pow(g.v, 2, 3), TypeError, r"Vector\.__pow__\(\)", "takes 2 .* 3 were"),
    Case("Vector", "of rows", lambda _: sg.Vector(np.eye(2)), TypeError, r"array\(", "a list of rows.* a Matrix"),
]


# ---- Matrix ----------------------------------------------------------------------------------------------------------


ROWS = "Matrix takes a list of rows, each a list of numbers or Values"
LENGTH = "expected one row or more of one length for a Matrix"
SHAPES = "expected shapes that fit element by element"
PRODUCT = "expected a product of shapes that fit"

MATRIX = [
    Case("Matrix", "a number", lambda _: sg.Matrix(3.0), TypeError, r"3\.0 \(float\)", ROWS),
    Case("Matrix", "None", lambda _: sg.Matrix(None), TypeError, NOTHING, ROWS),
    Case("Matrix", "a Value", lambda g: sg.Matrix(g.x), TypeError, r"Value\(2\.0\) \(Value\)", ROWS),
    Case("Matrix", "text", lambda _: sg.Matrix("text"), TypeError, TEXT, ROWS),
    Case("Matrix", "a dict", lambda _: sg.Matrix({"a": [1.0]}), TypeError, r"\(dict\)", ROWS),
    Case("Matrix", "one row", lambda _: sg.Matrix([1.0, 2.0]), TypeError, r"\[1\.0, 2\.0\] \(list\)", ROWS),
    Case("Matrix", "a Vector", lambda g: sg.Matrix(g.v), TypeError, r"Vector\(\[2\.0, 3\.0\]\)", ROWS),
    Case("Matrix", "a number for a row", lambda g: sg.Matrix([[1.0], g.x]), TypeError, r"Value\(2\.0\)\] \(li", ROWS),
    Case("Matrix", "no rows", lambda _: sg.Matrix([]), ValueError, "got no rows", LENGTH),
    Case("Matrix", "ragged rows", lambda _: sg.Matrix([[1], [2, 3], []]), ValueError, "got 0 and 1 and 2", LENGTH),
    Case(
        "Matrix", "text in it", lambda _: sg.Matrix([[1, "text"]]), TypeError, TEXT, r"as element \[0, 1\] of a Matrix"
    ),
    Case(
        "Matrix", "None in it", lambda _: sg.Matrix([[1], [None]]), TypeError, NOTHING, r"element \[1, 0\] of a Matrix"
    ),
    Case(
        "Matrix", "rows of rows", lambda _: sg.Matrix([[[1.0]]]), TypeError, r"\[1\.0\] \(list\)", "two dimensions and"
    ),
    Case(
        "Matrix",
        "a list of arrays",
        lambda _: sg.Matrix([np.ones((1, 2))]),
        TypeError,
        r"\[1\.0, 1\.0\]",
        "two dimensio",
    ),
    Case("Matrix", "Matrices", lambda g: sg.Matrix([g.m]), TypeError, r"Vector\(", "two dimensions and no more"),
    Case(
        "Matrix", "a cube", lambda _: sg.Matrix(np.ones((1, 2, 3))), ValueError, r"\(1, 2, 3\)", "one dimension or two"
    ),
    Case("Matrix", "+ a shorter Vector", lambda g: g.m + g.v, ValueError, r"\(2, 3\) and \(2,\)", SHAPES),
    Case("Matrix", "a longer list -", lambda g: [1, 2, 3, 4] - g.m, ValueError, r"\(4,\) and \(2, 3\)", SHAPES),
    Case("Matrix", "* its transpose", lambda g: g.m * g.m.T, ValueError, r"\(2, 3\) and \(3, 2\)", SHAPES),
    Case("Matrix", "/ an array", lambda g: g.m / np.ones((2, 2)), ValueError, r"\(2, 3\) and \(2, 2\)", SHAPES),
    Case("Matrix", "an array -", lambda g: np.ones((3, 3)) - g.m, ValueError, r"\(3, 3\) and \(2, 3\)", SHAPES),
    Case("Matrix", "% a cube", lambda g: g.m % np.ones((1, 2, 3)), ValueError, r"\(1, 2, 3\)", "one dimension or two"),
    Case("Matrix", "in maximum", lambda g: sg.maximum(g.m, [1, 2]), ValueError, r"\(2, 3\) and \(2,\)", SHAPES),
    Case("Matrix", "- ragged rows", lambda g: g.m - [[1], [2, 3]], ValueError, "got 1 and 2", LENGTH),
    Case("Matrix", "+ text", lambda g: g.m + "text", TypeError, "'Matrix' and 'str'", "unsupported operand"),
    Case("Matrix", "/ 0", lambda g: g.m / 0, ZeroDivisionError, r"^1\.0 / 0", PYTHONS_OWN),
    Case("Matrix", "@ itself", lambda g: g.m @ g.m, ValueError, r"\(2, 3\) @ \(2, 3\)", PRODUCT + ".*3 and 2 differ"),
    Case("Matrix", "@ a shorter list", lambda g: g.m @ [1.0], ValueError, r"\(2, 3\) @ \(1,\)", PRODUCT),
    Case("Matrix", "a longer list @", lambda g: [1, 2, 3] @ g.m, ValueError, r"\(3,\) @ \(2, 3\)", PRODUCT),
    Case("Matrix", "an array @", lambda g: np.ones((2, 3)) @ g.m, ValueError, r"\(2, 3\) @ \(2, 3\)", PRODUCT),
    Case("Matrix", "@ a number", lambda g: g.m @ 2.0, TypeError, "'Matrix' and 'float'", "unsupported operand"),
    Case("Matrix", "None @", lambda g: None @ g.m, TypeError, "'NoneType' and 'Matrix'", "unsupported operand"),
    Case("Matrix", "an index past its end", lambda g: g.m[2], IndexError, "got 2", "an index or slice of 2 rows"),
    Case("Matrix", "a column past its end", lambda g: g.m[0, 3], IndexError, r"got \(0, 3\)", "of 3 columns"),
    Case("Matrix", "an index of text", lambda g: g.m["a"], TypeError, "got 'a'", "an index or slice of 2 rows"),
    Case("Matrix", "three indices", lambda g: g.m[0, 1, 2], TypeError, r"got \(0, 1, 2\)", r"\[rows, columns\]"),
    Case("Matrix", "a column of text", lambda g: g.m[0, "a"], TypeError, r"got \(0, 'a'\)", r"\[rows, columns\]"),
    Case(
        "concatenate", "of vectors and matrices", lambda g: sg.concatenate([g.v, g.m]), ValueError, r"\(2, 3\)", "takes"
    ),
    Case("concatenate", "of a number", lambda _: sg.concatenate(3.0), TypeError, r"3\.0", "takes a Vector or a list"),
    Case("concatenate", "of nothing", lambda _: sg.concatenate([]), ValueError, "got nothing", "takes vectors"),
    Case("concatenate", "along axis 2", lambda g: sg.concatenate([g.m], axis=2), ValueError, "axis=2", "axis=0 or 1"),
    Case(
        "concatenate", "of other widths", lambda g: sg.concatenate([g.m, [[1.0]]]), ValueError, r"\(1, 1\)", "that fit"
    ),
    Case("Matrix", "float()", lambda g: float(g.m), TypeError, r"Matrix\(.* \(Matrix\)", "expected one real number"),
    Case("Matrix", "< a number", lambda g: g.m < 3, TypeError, r"Matrix.* here with 3", r"x < bound .* in matrix"),
    Case("Matrix", "formatted as text", lambda g: f"{g.m:s}", ValueError, "'s'", "format code"),
    Case("Matrix", "asked for detach", lambda g: g.m.detach, AttributeError, "Matrix.* has no detach", "stop_gradient"),
    Case("Matrix.backward", "used", lambda g: g.m.backward(), ValueError, "of a Matrix of 2 rows", "reduce it first"),
    Case(
        "Matrix.index", "no row of it", lambda g: g.m.index([9.0]), ValueError, r"got \[9\.0\]", r"element of Matrix\("
    ),
    Case("Matrix.count", "nothing", lambda g: g.m.count(), TypeError, "missing 1", "value"),
    *[
        Case(f"Matrix.{name}", "an axis", lambda g, name=name: getattr(g.m, name)(0), TypeError, "2 were given", ARITY)
        for name in ("norm", "prod")
    ],
    *[
        Case(
            f"Matrix.{name}",
            "of no rows",
            lambda g, name=name: getattr(g.m[:0], name)(),
            ValueError,
            f"^{name} of an empty Matrix",
            "at least one element",
        )
        for name in ("max", "min")
    ],
    Case("Matrix.sum", "an axis of 2", lambda g: g.m.sum(2), ValueError, "not 2", "axis is 0.* 1.* or None"),
    Case("Matrix.sum", "an axis of text", lambda g: g.m.sum("a"), ValueError, "not 'a'", "axis is 0.* 1.* or None"),
    Case("Matrix.mean", "an axis of -3", lambda g: g.m.mean(-3), ValueError, "not -3", "axis is 0.* 1.* or None"),
    Case(
        "Matrix.mean", "of no rows", lambda g: g.m[:0].mean(), ValueError, "mean of an empty Matrix", "at least one el"
    ),
    Case(
        "Matrix.mean",
        "along none",
        lambda g: g.m[:0].mean(0),
        ValueError,
        r"axis 0 .* shape \(0, 3\)",
        "at least one el",
    ),
    Case("Matrix.grad", "one row", lambda g: setattr(g.m, "grad", [1.0]), TypeError, r"\[1\.0\] \(list\)", ROWS),
    Case(
        "Matrix.grad",
        "another shape",
        lambda g: setattr(g.m, "grad", [[1.0, 2.0]]),
        ValueError,
        r"got \(1, 2\)",
        r"expected numbers of shape \(2, 3\) as grad of Matrix",
    ),
    Case("Matrix.grad", "text", lambda g: setattr(g.m, "grad", "text"), TypeError, TEXT, f"{NUMBER} as grad"),
    Case(
        "Matrix.grad",
        "text in it",
        lambda g: setattr(g.m, "grad", [[1, 2, "text"]] * 2),
        TypeError,
        TEXT,
        f"{NUMBER} as g",
    ),
    *[
        Case(f"Matrix.{name}", "set", lambda g, name=name: setattr(g.m, name, ()), AttributeError, name, "no setter")
        for name in ("T", "shape")
    ],
    Case("Matrix.tolist", "an argument", lambda g: g.m.tolist(0), TypeError, "2 were given", "takes 1 " + ARITY),
    Case("Matrix.numpy", "an argument", lambda g: g.m.numpy(0), TypeError, "2 were given", "takes 1 " + ARITY),
]
SHARED = [
    Case("Vector.label", "deleted", lambda g: delattr(g.v, "label"), AttributeError, "label", "no deleter"),
    Case("Matrix.label", "deleted", lambda g: delattr(g.m, "label"), AttributeError, "label", "no deleter"),
    Case("Vector.shape", "set", lambda g: setattr(g.v, "shape", (2,)), AttributeError, "shape", "no setter"),
    Case(
        "Vector.is_tracked", "set", lambda g: setattr(g.v, "is_tracked", 1), AttributeError, "is_tracked", "no setter"
    ),
    Case(
        "Matrix.is_tracked", "set", lambda g: setattr(g.m, "is_tracked", 1), AttributeError, "is_tracked", "no setter"
    ),
]

TABLE = [*VALUE, *OPERATORS, *VECTOR, *MATRIX, *SHARED]


@each_of(TABLE)
def test_bad_input_raises_at_once_with_one_sentence_on_what_came_and_what_was_expected(case: Case) -> None:
    check(case)


# ---- Nothing is left half done ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("wrong", [[9.0], [9.0, "text"], None, "ab"])
def test_a_vector_keeps_all_of_its_gradients(wrong: Any) -> None:
    v = sg.Vector([sg.Value(1.0), sg.Value(2.0)])
    v.grad = [3.0, 4.0]
    with pytest.raises((TypeError, ValueError)):
        v.grad = wrong
    assert v.grad == [3.0, 4.0]


def test_a_value_keeps_its_number_and_its_gradient() -> None:
    x = sg.Value(2.0)
    (x * x).backward()
    for name in ("data", "grad"):
        with pytest.raises(TypeError):
            setattr(x, name, "text")
    assert (x.data, x.grad) == (2.0, 4.0)
