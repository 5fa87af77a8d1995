"""Bad input: every public name, used wrongly, raises the right built-in exception at once, with a sentence that helps.

The cases are a table, a row each: what is used, what is wrong with it, the call, the exception, and what the message
has to say of what came and of what was expected. Where Python's own words come through (`math domain error`), which
differ from version to version, the row asks for the operation and its operands alone.
"""

from __future__ import annotations

import math
import re
import statistics
import types
from collections import Counter, deque
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pytest
from hypothesis import strategies as st

import scalargrad as sg
from scalargrad import nn, optim, testing
from scalargrad.tape.variable import ScalarVariable, VectorVariable

if TYPE_CHECKING:
    from collections.abc import Callable


class World:
    """What the calls are made on, fresh for each."""

    def __init__(self, stack: ExitStack) -> None:
        self.stack = stack
        self.x = sg.Value(2.0)
        self.v = sg.Vector([sg.Value(2.0), sg.Value(3.0)])
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


def left_once(block: Any) -> Any:
    block.__enter__()
    block.__exit__(None, None, None)
    with block:
        pass
    return block


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

# ---- Value -----------------------------------------------------------------------------------------------------------

VALUE = [
    Case("rows", "a number", lambda _: sg.rows(2.0), TypeError, r"2\.0 \(float\)", "takes a Value"),
    Case("rows", "a list of numbers", lambda _: sg.rows([2.0]), TypeError, r"\[2\.0\] \(list\)", "takes a Value"),
    Case("topological_order", "a number", lambda _: sg.topological_order(2.0), TypeError, r"2\.0", "takes a Value"),
    Case("GradientTape.rows", "a number", lambda g: g.tape.rows(2.0), TypeError, r"2\.0 \(float\)", "takes a Value"),
    Case("explain", "a number", lambda _: sg.explain(2.0), TypeError, r"2\.0 \(float\)", "takes a Value"),
    Case("explain", "a Vector", lambda g: sg.explain(g.v), TypeError, r"\(Vector\)", "explain an element"),
    Case("explain", "a constant", lambda _: sg.explain(sg.constant(1.0)), ValueError, "constant", "no tracked value"),
    Case("explain", "a float as width", lambda g: sg.explain(g.y, width=80.0), TypeError, "80.0", "an integer"),
    Case("explain", "no width", lambda g: sg.explain(g.y, width=3), ValueError, "3", "40 or more"),
    Case("explain", "no steps", lambda g: sg.explain(g.y, steps=0), ValueError, "0", "2 or more"),
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
        r"use .*sin\(\).* or \.data .*float\(x\)",
    ),
    *[
        Case(
            kind,
            f"asked for {name}",
            lambda g, of=of, name=name: getattr(of(g), name),
            AttributeError,
            rf"{kind}\(.*\) has no {name}",
            way,
        )
        for kind, of, name, way in (
            ("Value", lambda g: g.x, "detach", r"stop_gradient\(x\) gives .* \.data"),
            ("Value", lambda g: g.x, "shape", r"one number, and its \.data is a plain float"),
            ("Value", lambda g: g.x, "dtype", r"one number, and its \.data is a plain float"),
            ("Value", lambda g: g.x, "requires_grad", "is_tracked tells"),
            ("Vector", lambda g: g.v, "detach", r"stop_gradient\(v\) gives .* tolist\(\)"),
            ("Vector", lambda g: g.v, "shape", r"one dimension, and len\(\)"),
            ("Vector", lambda g: g.v, "dtype", r"tolist\(\) gives their numbers"),
            ("Vector", lambda g: g.v, "requires_grad", "is_tracked of an element tells"),
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
        r"from scalargrad import math`.*scalargrad\.math\.patch\(statistics\), or \.data",
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
    Case("Value", "a count", lambda g: range(g.x), TypeError, r"Value\(2\.0\) is no integer", r"use int\(\) of it"),
    Case("Value", "repeats a deque", lambda g: deque() * g.x, TypeError, r"Value\(2\.0\)", r"use int\(\) of it"),
    Case(
        "Value",
        "a list in a list",
        lambda _: sg.Value([[1, 2]]),
        TypeError,
        r"\[\[1, 2\]\] \(list\)",
        "Variable or a Vector",
    ),
    Case(
        "Variable",
        "a matrix of lists",
        lambda _: sg.Variable([[1, 2], [3, 4]]),
        TypeError,
        r"got \[1, 2\] \(list\)",
        r"\[Variable\(row\) for row in rows\]",
    ),
    *[
        Case(
            "Variable",
            f"{what}, of {initial}",
            lambda _, call=call, initial=initial: call(sg.Variable(initial)),
            kind,
            "'Variable'|Variable\\.|Variable takes",
            said,
        )
        for initial in (1.0, [1.0])
        for what, call, kind, said in (
            ("an unknown attribute", lambda v: v.gard, AttributeError, "gard"),
            ("trainable set", lambda v: setattr(v, "trainable", True), AttributeError, "trainable"),
            ("no argument", lambda v: v.assign(), TypeError, r"Variable\.assign\(\) missing 1"),
            ("+ text", lambda v: v + "a", TypeError, "unsupported operand"),
            ("an unknown option", lambda v: sg.Variable(v, dtype=1), TypeError, r"Variable takes initial.* got dtype"),
        )
    ],
    Case("abs", "called abs", lambda _: sg.abs("text"), TypeError, "text", "^abs takes"),
    Case("math.pow", "called pow", lambda g: sg.math.pow(-g.x, 0.5), ValueError, r"^pow\(-2\.0, 0\.5\)", PYTHONS_OWN),
    Case("math.log", "called log", lambda g: sg.math.log(g.x, 0), ValueError, r"^log\(2\.0, 0\)", PYTHONS_OWN),
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
    Case("Value", "- a list of text", lambda g: g.x - ["text"], TypeError, TEXT, OPERAND),
    Case("Value", "/ 0", lambda g: g.x / 0, ZeroDivisionError, r"^2\.0 / 0", PYTHONS_OWN),
    Case("Value", "1 / a zero", lambda g: 1 / (g.x - 2), ZeroDivisionError, r"^1 / 0\.0", PYTHONS_OWN),
    Case("Value", "// 0", lambda g: g.x // 0.0, ZeroDivisionError, r"^2\.0 // 0\.0", PYTHONS_OWN),
    Case("Value", "% 0", lambda g: g.x % 0, ZeroDivisionError, r"^2\.0 % 0", PYTHONS_OWN),
    Case("Value", "0 ** -1", lambda g: 0.0 ** (-g.x), ZeroDivisionError, r"^0\.0 \*\* -2\.0", PYTHONS_OWN),
    Case("Value", "a complex power", lambda g: (-g.x) ** 0.5, ValueError, r"^-2\.0 \*\* 0\.5", "base that is not neg"),
    Case("Value", "a power too large", lambda g: g.x**10_000, OverflowError, r"^2\.0 \*\* 10000", PYTHONS_OWN),
    Case("Value", "+ an integer past floats", lambda g: g.x + HUGE, OverflowError, r"^2\.0 \+ 1000", "too large"),
    Case("Value", "math.sin", lambda g: math.sin(g.x), TypeError, r"Value\(2\.0\)", r"use scalargrad\.sin\(\).*\.data"),
    Case("Value", "indexed", lambda g: g.x[0], TypeError, "'Value' object", "not subscriptable"),
    Case("Value", "iterated", lambda g: list(g.x), TypeError, "'Value' object", "not iterable"),
    Case("Value", "int() of infinity", int, OverflowError, "infinity", "integer", given=lambda _: sg.Value(math.inf)),
    Case("Value", "an unknown attribute", lambda g: setattr(g.x, "gard", 0), AttributeError, "'gard'", "no attribute"),
]

# ---- Vector ----------------------------------------------------------------------------------------------------------

ELEMENT = "expected a real number or a Value as element {} of a Vector"
VECTOR = [
    Case("Vector", "a number", lambda _: sg.Vector(3.0), TypeError, r"3\.0 \(float\)", LIST),
    Case("Vector", "None", lambda _: sg.Vector(None), TypeError, NOTHING, LIST),
    Case("Vector", "a Value", lambda g: sg.Vector(g.x), TypeError, r"Value\(2\.0\) \(Value\)", LIST),
    Case("Vector", "text", lambda _: sg.Vector("text"), TypeError, r"'t' \(str\)", ELEMENT.format(0)),
    Case("Vector", "None in it", lambda _: sg.Vector([1.0, None]), TypeError, NOTHING, ELEMENT.format(1)),
    Case("Vector", "a list in it", lambda _: sg.Vector([[1.0]]), TypeError, r"\[1\.0\] \(list\)", ELEMENT.format(0)),
    Case("Vector", "a matrix", lambda _: sg.Vector(np.ones((2, 2))), TypeError, "ndarray", ELEMENT.format(0)),
    Case("Vector", "- a shorter list", lambda g: g.v - [1.0], ValueError, "lengths 1 and 2", "vectors of one length"),
    Case("Vector", "a longer list *", lambda g: [1, 2, 3] * g.v, ValueError, "lengths 2 and 3", "of one length"),
    Case("Vector", "- text", lambda g: g.v - "text", TypeError, "'Vector' and 'str'", "unsupported operand"),
    Case("Vector", "- a list with None", lambda g: g.v - [1.0, None], TypeError, "'NoneType'", "unsupported operand"),
    Case("Vector", "/ a list with 0", lambda g: g.v / [1.0, 0.0], ZeroDivisionError, r"^3\.0 / 0\.0", PYTHONS_OWN),
    Case("Vector", "@ a number", lambda g: g.v @ 3.0, TypeError, "'Vector' and 'float'", "unsupported operand"),
    Case("Vector", "@ a shorter list", lambda g: g.v @ [1.0], ValueError, "lengths 2 and 1", "of one length"),
    Case("Vector", "@ a matrix", lambda g: g.v @ np.ones((3, 2)), ValueError, "lengths 2 and 3", "of one length"),
    Case("Vector", "an index past its end", lambda g: g.v[5], IndexError, "got 5", "an index or slice of 2 elements"),
    Case("Vector", "an index of text", lambda g: g.v["a"], TypeError, "got 'a'", "an index or slice of 2 elements"),
    Case("Vector", "an element set", lambda g: g.v.__setitem__(0, 1.0), AttributeError, "'Vector'", "__setitem__"),
    Case("Vector", "math.sin", lambda g: math.sin(g.v), TypeError, "Vector", "real number"),
    Case("Vector.dot", "a number", lambda g: g.v.dot(3.0), TypeError, r"3\.0 \(float\)", "dot " + LIST),
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
        for name in ("sum", "norm", "prod", "tolist", "numpy")
    ],
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
    Case(
        "Vector", "of rows", lambda _: sg.Vector(np.eye(2)), TypeError, r"array\(", r"\[Variable\(row\) for row in rows"
    ),
    Case(
        "softmax", "rows", lambda _: sg.softmax(np.eye(2)), ValueError, r"\(2, 2\)", r"\[softmax\(row\) for row in arr"
    ),
]

# ---- Variable, constant, stop_gradient -------------------------------------------------------------------------------

VARIABLE = [
    Case("Variable", "text", lambda _: sg.Variable("text"), TypeError, TEXT, NUMBER),
    Case("Variable", "None", lambda _: sg.Variable(None), TypeError, NOTHING, NUMBER),
    Case("Variable", "None in a list", lambda _: sg.Variable([1.0, None]), TypeError, NOTHING, NUMBER),
    Case("Variable", "a matrix", lambda _: sg.Variable(np.ones((2, 3))), ValueError, r"\(2, 3\)", "one dimension"),
    Case("Variable", "an integer past floats", lambda _: sg.Variable([HUGE]), OverflowError, "1329 bits", "a float"),
    Case("Variable", "an unknown option", lambda _: sg.Variable(1.0, dtype=float), TypeError, "got dtype", "floats"),
    Case("Variable", "nothing", lambda _: sg.Variable(), TypeError, "no initial", "a number or a list of numbers"),
    Case("Variable", "a shape", lambda _: sg.Variable(1.0).shape, AttributeError, r"Variable\(1\.0\) has no", "data"),
    Case("Variable", "rows", lambda _: sg.Variable(np.eye(2)), ValueError, r"\(2, 2\)", r"row\) for row in array\]"),
    Case("Variable", "a subclass", lambda _: type("Mine", (sg.Variable,), {}), TypeError, "Mine", "hold one instead"),
    Case("Variable.trainable", "text", lambda _: sg.Variable(1.0, "text"), TypeError, TEXT, "trainable is True or Fal"),
    Case("Variable.trainable", "None", lambda _: sg.Variable([1.0], None), TypeError, NOTHING, "is True or False"),
    Case("Variable.trainable", "set", lambda g: setattr(g.s, "trainable", 0), AttributeError, "trainable", "no setter"),
    Case("Variable.data", "of a vector", lambda _: sg.Variable([1.0]).data, AttributeError, r"\[1\.0\]", "use tolist"),
    Case("Variable.name", "set", lambda g: setattr(g.s, "name", "t"), AttributeError, "name", "no setter"),
    Case("Variable.assign", "text", lambda g: g.s.assign("text"), TypeError, TEXT, NUMBER),
    Case(
        "Variable.assign",
        "a list for a number",
        lambda g: g.s.assign([1.0, 2.0]),
        ValueError,
        "got a sequence of 2",
        r"expected one number for Variable\(3\.0, name='s'\)",
    ),
    Case("Variable.assign", "a number for a list", lambda g: g.w.assign(1.0), TypeError, r"1\.0 \(float\)", "a list"),
    Case(
        "Variable.assign", "too short", lambda g: g.w.assign([1.0]), ValueError, "got 1", "expected 2 numbers for Var"
    ),
    Case("Variable.assign", "None in a list", lambda g: g.w.assign([1.0, None]), TypeError, NOTHING, NUMBER),
    Case("Variable.assign_add", "None", lambda g: g.s.assign_add(None), TypeError, NOTHING, NUMBER),
    Case("Variable.assign_add", "too short", lambda g: g.w.assign_add([1.0]), ValueError, "1 and 2", "of one length"),
    Case("Variable.assign_sub", "text", lambda g: g.w.assign_sub("text"), TypeError, TEXT, NUMBER),
    Case(
        "Variable.assign_sub",
        "a list for a number",
        lambda g: g.s.assign_sub([1.0]),
        ValueError,
        "sequence of 1",
        "one num",
    ),
    Case("Variable.assign_sub", "text in a list", lambda g: g.w.assign_sub([1, "text"]), TypeError, TEXT, NUMBER),
    Case("constant", "text", lambda _: sg.constant("text"), TypeError, TEXT, NUMBER),
    Case("constant", "None in a list", lambda _: sg.constant([1.0, None]), TypeError, NOTHING, NUMBER),
    Case("constant", "a dict", lambda _: sg.constant({"a": 1.0}), TypeError, r"\(dict\)", NUMBER),
    Case(
        "constant",
        "a nested list",
        lambda _: sg.constant([1, [1.0]]),
        TypeError,
        r"got \[1\.0\]",
        r"as element 1 of a constant.*\[constant\(row\) for row in rows\]",
    ),
    Case(
        "constant", "a matrix", lambda _: sg.constant(np.ones((2, 2))), ValueError, r"\(2, 2\)", "one dimension.*rows"
    ),
    Case("stop_gradient", "text", lambda _: sg.stop_gradient("text"), TypeError, TEXT, NUMBER),
    Case("stop_gradient", "None in a list", lambda g: sg.stop_gradient([g.x, None]), TypeError, NOTHING, NUMBER),
    Case("stop_gradient", "a dict", lambda g: sg.stop_gradient({"a": g.x}), TypeError, r"\(dict\)", NUMBER),
]

# ---- The tape, and what stands beside it -----------------------------------------------------------------------------

TARGET = "expected a Value or a Vector as target"
SOURCE = "expected a Value or a Vector as source.*with respect to Values and Variables"


def used_up(g: World) -> Any:
    with sg.GradientTape() as tape:
        y = g.x * g.x
    tape.gradient(y, g.x)
    return types.SimpleNamespace(tape=tape, x=g.x, y=y)


def recording(g: World) -> sg.GradientTape:
    return g.stack.enter_context(sg.GradientTape())


def stopped(g: World) -> Any:
    pause = recording(g).stop_recording()
    g.stack.enter_context(pause)
    return pause


def detecting(g: World) -> World:
    g.stack.enter_context(sg.detect_anomaly())
    return g


TAPE = [
    Case(
        "GradientTape", "a source", lambda g: sg.GradientTape(g.w), TypeError, r"Variable\(", "persistent is True or F"
    ),
    Case("GradientTape", "text", lambda _: sg.GradientTape(True, "text"), TypeError, TEXT, "watch_accessed.* is True"),
    Case(
        "GradientTape", "an unknown option", lambda _: sg.GradientTape(persist=1), TypeError, "'persist'", "unexpected"
    ),
    Case(
        "GradientTape", "entered twice", lambda t: t.__enter__(), ValueError, "still recording", "its block", recording
    ),
    Case(
        "GradientTape.gradient",
        "used twice",
        lambda g: g.tape.gradient(g.y, g.x),
        RuntimeError,
        "has given its one gradient",
        r"GradientTape\(persistent=True\)",
        used_up,
    ),
    Case(
        "GradientTape.gradient",
        "of a tape that was not entered",
        lambda g: sg.GradientTape().gradient(g.y, g.x),
        RuntimeError,
        "has recorded nothing",
        "with GradientTape",
    ),
    Case(
        "GradientTape.gradient",
        "a target from max(0, x)",
        lambda g: g.tape.gradient(max(3.0, g.x), g.x),
        TypeError,
        r"got 3\.0 \(float\)",
        TARGET + r".*maximum\(0, x\)",
    ),
    Case("GradientTape.gradient", "target None", lambda g: g.tape.gradient(None, g.x), TypeError, NOTHING, TARGET),
    Case("GradientTape.gradient", "target in a list", lambda g: g.tape.gradient([g.y, 1], g.x), TypeError, "1", TARGET),
    Case("GradientTape.gradient", "source text", lambda g: g.tape.gradient(g.y, "text"), TypeError, TEXT, SOURCE),
    Case("GradientTape.gradient", "source None", lambda g: g.tape.gradient(g.y, [None]), TypeError, NOTHING, SOURCE),
    Case(
        "GradientTape.gradient",
        "a source in a dataclass",
        lambda g: g.tape.gradient(g.y, Point(3.0)),
        TypeError,
        r"3\.0 \(float\)",
        SOURCE,
    ),
    Case("GradientTape.gradient", "no sources", lambda g: g.tape.gradient(g.y), TypeError, "missing 1", "'sources'"),
    *[
        Case(
            "GradientTape.gradient",
            f"unconnected_gradients={option!r}",
            lambda g, option=option: g.tape.gradient(g.y, g.x, unconnected_gradients=option),
            ValueError,
            re.escape(f"not {option!r}"),
            "unconnected_gradients is 'none' or 'zero'",
        )
        for option in ("zeros", None, ["zero"])
    ],
    Case(
        "GradientTape.gradient",
        "output_gradients of text",
        lambda g: g.tape.gradient(g.y, g.x, "text"),
        TypeError,
        TEXT,
        rf"{NUMBER} as output gradient for Value\(4\.0\)",
    ),
    Case(
        "GradientTape.gradient",
        "output_gradients in a dataclass",
        lambda g: g.tape.gradient(Point(g.y), g.x, Point("text")),
        TypeError,
        TEXT,
        "output gradient",
    ),
    Case(
        "GradientTape.gradient",
        "too many output_gradients",
        lambda g: g.tape.gradient(g.u, g.v, [1.0, 2.0, 3.0]),
        ValueError,
        "got 3",
        "expected 2 output gradients",
    ),
    Case(
        "GradientTape.gradient",
        "output_gradients for other targets",
        lambda g: g.tape.gradient({"a": g.y}, g.x, {"b": 1.0}),
        ValueError,
        r"got \{'b': 1\.0\}",
        "expected 1 output_gradients, one for each target",
    ),
    Case(
        "GradientTape.jacobian", "used twice", lambda g: g.tape.jacobian(g.y, g.x), RuntimeError, "one", "pers", used_up
    ),
    Case(
        "GradientTape.jacobian",
        "two targets",
        lambda g: g.tape.jacobian([g.y], g.x),
        TypeError,
        r"\(list\)",
        "takes one",
    ),
    Case(
        "GradientTape.jacobian",
        "a dataclass of targets",
        lambda g: g.tape.jacobian(Point(g.y), g.x),
        TypeError,
        r"\(Point\)",
        "takes one Value or Vector as its target",
    ),
    Case(
        "GradientTape.jacobian",
        "target from max",
        lambda g: g.tape.jacobian(max(9, g.x), g.x),
        TypeError,
        "9",
        "maximum",
    ),
    Case("GradientTape.jacobian", "source text", lambda g: g.tape.jacobian(g.y, "text"), TypeError, TEXT, SOURCE),
    Case(
        "GradientTape.jacobian",
        "an unknown option",
        lambda g: g.tape.jacobian(g.y, g.x, "zeros"),
        ValueError,
        "not 'zeros'",
        "'none' or 'zero'",
    ),
    Case("GradientTape.explain", "target None", lambda g: g.tape.explain(None, g.x), TypeError, NOTHING, TARGET),
    Case("GradientTape.explain", "sources in a list", lambda g: g.tape.explain(g.y, [g.x]), TypeError, "list", SOURCE),
    Case(
        "GradientTape.watch", "a number", lambda g: g.tape.watch(3.0), ValueError, r"3\.0 \(float\)", "watches Values"
    ),
    Case(
        "GradientTape.watch", "None in a list", lambda g: g.tape.watch([g.x, None]), ValueError, NOTHING, "watches Val"
    ),
    Case("GradientTape.watched_variables", "an argument", lambda g: g.tape.watched_variables(1), TypeError, "2", ARITY),
    Case("GradientTape.reset", "outside of its block", lambda g: g.tape.reset(), ValueError, "not recording", "inside"),
    Case(
        "GradientTape.stop_recording",
        "outside of its block",
        lambda g: g.tape.stop_recording(),
        RuntimeError,
        "not recording",
        "inside the tape's block",
    ),
    Case(
        "GradientTape.stop_recording",
        "entered twice",
        lambda pause: pause.__enter__(),
        ValueError,
        "stopped in this block already",
        r"call stop_recording\(\) again",
        stopped,
    ),
    Case("no_grad", "an argument", lambda _: sg.no_grad(square), TypeError, "<function square", r"with @no_grad\(\)"),
    Case(
        "GradientTape.gradient",
        "a target in an array",
        lambda g: g.tape.gradient(np.array([g.y]), g.x),
        TypeError,
        r"\(ndarray\)",
        f"{TARGET}.*as a list, array.tolist",
    ),
    Case(
        "GradientTape.gradient",
        "a source in an array",
        lambda g: g.tape.gradient(g.y, np.array([g.x])),
        TypeError,
        r"\(ndarray\)",
        "as source.*as a list, array.tolist",
    ),
    Case("no_grad", "no function", lambda _: sg.no_grad()(3), TypeError, r"3 \(int\)", "decorates a function"),
    Case(
        "no_grad",
        "left more often than entered",
        lambda block: block.__exit__(None, None, None),
        RuntimeError,
        "not been entered",
        "with",
        given=lambda _: left_once(sg.no_grad()),
    ),
    Case("detect_anomaly", "an argument", lambda _: sg.detect_anomaly(True), TypeError, "2 were given", "takes 1"),
    Case(
        "detect_anomaly",
        "entered twice",
        lambda block: block.__enter__(),
        ValueError,
        "open already",
        "make another one",
        given=lambda g: [detector := sg.detect_anomaly(), g.stack.enter_context(detector)][0],
    ),
    Case(
        "detect_anomaly",
        "a number that overflows",
        lambda g: g.x * 1e308,
        FloatingPointError,
        r"2\.0 \* 1e\+308 gave inf",
        r"at .*test_checks\.py, line \d+",
        detecting,
    ),
    Case("custom_gradient", "no function", lambda _: sg.custom_gradient(3), TypeError, "got 3", "decorates a function"),
    Case(
        "custom_gradient",
        "a function that returns no pair",
        lambda g: sg.custom_gradient(square)(g.x),
        TypeError,
        r"got Value\(4\.0\)",
        "square must return a pair of its result and its pullback",
    ),
    Case(
        "custom_gradient",
        "a pullback that cannot be called",
        lambda g: sg.custom_gradient(lambda x: (x, 3))(g.x),
        TypeError,
        r"got \(Value\(2\.0\), 3\)",
        "must return a pair of its result and its pullback",
    ),
    Case(
        "custom_gradient", "an argument of text", lambda _: doubled("text"), TypeError, TEXT, "an argument of doubled"
    ),
    Case(
        "custom_gradient",
        "a result of None",
        lambda g: sg.custom_gradient(lambda x: (None, square))(g.x),
        TypeError,
        NOTHING,
        f"{NUMBER} as a result of <lambda>",
    ),
    Case(
        "custom_gradient",
        "a leaf that is no argument",
        lambda g: sg.custom_gradient(lambda x: (x * g.x, square))(1.0),
        TypeError,
        r"uses Value\(2\.0\)",
        "make it an argument, or a Variable",
    ),
    Case(
        "custom_gradient",
        "a pullback without variables",
        lambda g: sg.custom_gradient(lambda x: (x * g.s, square))(g.x),
        TypeError,
        r"uses Variable\(3\.0, name='s'\)",
        "must accept the keyword argument 'variables'",
    ),
    *[
        Case(
            "custom_gradient",
            f"a pullback that returns {returned!r}",
            lambda y: y.backward(),
            kind,
            came,
            expected,
            given=lambda g, returned=returned: sg.custom_gradient(lambda x: (x * 1, lambda _: returned))(g.x),
        )
        for returned, kind, came, expected in [
            ("text", TypeError, TEXT, f"{NUMBER} from the pullback of <lambda>"),
            (1j, TypeError, r"1j \(complex\)", NUMBER),
            ((1.0, 2.0), ValueError, "got 2", "expected 1 gradient, one for each argument"),
            ([], ValueError, "got 0", "expected 1 gradient, one for each argument"),
        ]
    ],
    *[
        Case(
            "custom_gradient",
            f"a pullback for a vector that returns {returned!r}",
            lambda y: y.backward(),
            ValueError,
            re.escape(f"got {returned!r}"),
            "expected 2 numbers as gradient",
            given=lambda g, returned=returned: sg.custom_gradient(lambda v: (v.sum(), lambda _: returned))(g.v),
        )
        for returned in (1.0, [1.0])
    ],
    *[
        Case(
            "custom_gradient",
            f"a pullback with variables that returns {returned!r}",
            lambda y: y.backward(),
            kind,
            re.escape(f"got {came}"),
            expected,
            given=lambda g, returned=returned: sg.custom_gradient(lambda x: (x * g.s, lambda _, variables: returned))(
                g.x
            ),
        )
        for returned, kind, came, expected in [
            (1.0, TypeError, "1.0", r"must return a pair, \(gradients, \[gradients of the variables\]\)"),
            ((1.0, 2.0), TypeError, "(1.0, 2.0)", "must return a pair"),
            ((1.0, []), ValueError, "1", "expected 2 gradients"),
        ]
    ],
]

# ---- Elementary functions --------------------------------------------------------------------------------------------

UNARY = [
    *("abs", "acos", "acosh", "asin", "asinh", "atan", "atanh", "cbrt", "cos", "cosh", "degrees", "digamma", "erf"),
    *("erfc", "exp", "exp2", "expm1", "fabs", "gamma", "lgamma", "log", "log10", "log1p", "log2", "log_sigmoid"),
    *("radians", "relu", "sigmoid", "sin", "sinc", "sinh", "softplus", "sqrt", "tan", "tanh", "ulp"),
]
BINARY = ["atan2", "copysign", "fmod", "ldexp", "logaddexp", "maximum", "minimum", "polygamma", "remainder"]
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


def as_value(x: Any) -> Any:
    return sg.Value(x) if isinstance(x, float) else x


ELEMENTARY = [
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
            Case(name, "a matrix", lambda _, f=f: f(np.ones((2, 2))), ValueError, r"\(2, 2\)", "one dimension"),
        ]
    ],
    Case(
        "dist", "lengths", lambda g: sg.dist(g.v, [1.0]), ValueError, "got 2 and 1", "two points of as many coordinates"
    ),
    Case("dist", "numbers", lambda _: sg.dist(1.0, 2.0), TypeError, r"1\.0 \(float\)", "dist " + LIST),
    Case("dist", "a Value", lambda g: sg.dist([1.0], g.x), TypeError, r"Value\(2\.0\) \(Value\)", "dist " + LIST),
    Case("dist", "text in it", lambda g: sg.dist([g.x], ["text"]), TypeError, TEXT, "dist " + OPERAND),
    Case("dist", "text among floats", lambda _: sg.dist([1.0], ["text"]), TypeError, "str", "real number"),
    Case("hypot", "text", lambda g: sg.hypot(g.x, "text"), TypeError, TEXT, "hypot " + OPERAND),
    Case("hypot", "None among floats", lambda _: sg.hypot(1.0, None), TypeError, "NoneType", "real number"),
    Case("hypot", "lengths", lambda g: sg.hypot(g.v, [1.0]), ValueError, "lengths 1 and 2", "of one length"),
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
]

# ---- Transforms ------------------------------------------------------------------------------------------------------

TRANSFORMS = [
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
            Case(name, "an option", lambda _, of=of: of(square, argnum=0), TypeError, "'argnum'", "unexpected keyword"),
            Case(
                name,
                "no arguments",
                lambda f: f(),
                TypeError,
                "0 positional",
                "by argument 0",
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
        "order .* is an integer",
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
    Case("derivative", "no argument", lambda _: sg.derivative(square)(), TypeError, "0 positional", "by argument 0"),
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
    Case(
        "compile",
        "float(x)",
        lambda function: function(1.0),
        TypeError,
        "a traced value",
        "use scalargrad.sin",
        given=lambda _: sg.compile(lambda x: math.sin(x)),
    ),
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

# ---- scalargrad.math and scalargrad.testing --------------------------------------------------------------------------

FUNCTIONS = {name: getattr(math, name) for name in sg.math.__all__ if callable(getattr(math, name))}


def arity_of(function: Callable[..., Any]) -> int:
    """How many arguments a function of `math` needs."""
    for count in (1, 2, 3):
        try:
            function(*[1] * count)
        except TypeError as error:
            if "argument" in str(error):
                continue
        except ValueError:
            pass
        return count
    raise AssertionError(function)


ARITIES = {name: 1 if name in ("fsum", "prod") else arity_of(function) for name, function in FUNCTIONS.items()}
TWO_LISTS = ["dist", *(["sumprod"] if "sumprod" in FUNCTIONS else [])]
ARITIES |= dict.fromkeys(TWO_LISTS, 2)

MATH = [
    *[
        Case(
            f"math.{name}",
            "text",
            lambda _, name=name: getattr(sg.math, name)(*["text"] * ARITIES[name]),
            TypeError,
            r"str\b|__(trunc|floor|ceil)__",
            "real number|integer|int|number|sequence|define|unsupported|not supported",
        )
        for name in FUNCTIONS
    ],
    *[
        Case(
            f"math.{name}",
            f"{args} outside",
            lambda _, name=name, args=args: getattr(sg.math, name)(*args),
            kind,
            re.escape(f"{name}({', '.join(map(repr, args))})"),
            PYTHONS_OWN,
        )
        for name, args, kind in OUTSIDE
    ],
    Case(
        "math.pow", "a complex power", lambda _: sg.math.pow(-1.0, 0.5), ValueError, r"pow\(-1\.0, 0\.5\)", PYTHONS_OWN
    ),
    Case("math.pow", "of a Value", lambda g: sg.math.pow(-g.x, 0.5), ValueError, r"pow\(-2\.0, 0\.5\)", PYTHONS_OWN),
    Case("math.pow", "three arguments", lambda g: sg.math.pow(g.x, 2, 3), TypeError, "got 3|3 were given", "2"),
    Case("math.atan2", "one argument", lambda g: sg.math.atan2(g.x), TypeError, "got 1|missing 1", "2|argument"),
    Case("math.atan2", "a Value and text", lambda g: sg.math.atan2(g.x, "text"), TypeError, TEXT, "atan2 " + OPERAND),
    Case("math.log", "base 0", lambda g: sg.math.log(g.x, 0), ValueError, r"log.*\(.*0", PYTHONS_OWN),
    Case("math.log", "three arguments", lambda g: sg.math.log(g.x, 2, 3), TypeError, "3", "2"),
    Case("math.floor", "a Vector", lambda g: sg.math.floor(g.v), TypeError, "Vector", "real number"),
    Case("math.factorial", "a Value", lambda g: sg.math.factorial(g.x), TypeError, "'float'", "integer"),
    Case("math.isclose", "a Vector", lambda g: sg.math.isclose(g.x, g.v), TypeError, "Vector", "real number"),
    Case("math.nextafter", "one argument", lambda g: sg.math.nextafter(g.x), TypeError, "missing 1", "'y'"),
    Case("math.patch", "no module", lambda _: sg.math.patch(), TypeError, "at least one module", "such as patch"),
    Case(
        "math.patch", "a name", lambda _: sg.math.patch("math"), TypeError, r"'math' \(str\)", "takes imported modules"
    ),
    Case(
        "math.patch", "a function", lambda _: sg.math.patch(math, square), TypeError, "<function", "takes imported mod"
    ),
    Case(
        "math.patch",
        "left before entered",
        lambda patch: patch.__exit__(None, None, None),
        RuntimeError,
        "<module 'theirs'> has not been entered",
        r"with patch\(module\)",
        given=lambda _: sg.math.patch(types.ModuleType("theirs")),
    ),
    Case("math", "an unknown name", lambda _: sg.math.sine, AttributeError, "'sine'", "no attribute"),
]

PROGRAM = "def program(x):\n    return x"
TESTING = [
    Case("testing", "an unknown name", lambda _: testing.strategy, AttributeError, "'strategy'", "no attribute"),
    *[
        Case(
            "testing.check_grads",
            wrong,
            lambda _, a=args, o=options: testing.check_grads(*a, **o),
            kind,
            came,
            expected,
        )
        for wrong, args, options, kind, came, expected in [
            ("no function", (3, (1.0,)), {}, TypeError, r"3 \(int\)", "check_grads takes a function"),
            ("one argument bare", (square, 1.0), {}, TypeError, r"1\.0 \(float\)", "its args as a tuple"),
            ("an argument of text", (square, ("text",)), {}, TypeError, TEXT, SEVERAL),
            ("an argument of a thing", (square, (Thing(),)), {}, TypeError, r"a thing \(Thing\)", SEVERAL),
            ("order 0", (square, (1.0,), 0), {}, ValueError, "not 0", "order .* is 1 or more"),
            ("order text", (square, (1.0,), "text"), {}, TypeError, TEXT, "order .* is an integer"),
            ("a mode by itself", (square, (1.0,)), {"modes": "reverse"}, ValueError, "not 'reverse'", "some of"),
            ("an unknown mode", (square, (1.0,)), {"modes": ("fwd",)}, ValueError, r"not \('fwd',\)", "some of"),
            ("modes of a number", (square, (1.0,)), {"modes": 3}, ValueError, "not 3", "some of"),
            ("no gradient", (square, (1.0,)), {"gradient": 3}, TypeError, r"3 \(int\)", "takes a function"),
            ("an unknown option", (square, (1.0,)), {"mode": "fwd"}, TypeError, "'mode'", "unexpected keyword"),
            (
                "a gradient of text",
                (square, (1.0,)),
                {"gradient": repr},
                ValueError,
                r"got '1\.0'",
                "structure of 1\\.0",
            ),
            ("a result of text", (repr, (1.0,)), {}, TypeError, r"\(str\)", "a function that returns numbers"),
            (
                "one gradient for two outputs",
                (lambda x: [x, x], (1.0,)),
                {"gradient": square},
                ValueError,
                r"got 1\.0",
                "a list of 2 gradients, one for each output",
            ),
        ]
    ],
    Case("testing.values", "a number", lambda _: testing.values(3), TypeError, r"3 \(int\)", "elements is a strategy"),
    Case(
        "testing.vectors", "a number", lambda _: testing.vectors(3), TypeError, r"3 \(int\)", "elements is a strategy"
    ),
    Case(
        "testing.vectors",
        "size text",
        lambda _: testing.vectors(min_size="text"),
        TypeError,
        TEXT,
        "min_size .* integer",
    ),
    Case(
        "testing.vectors",
        "size 1.5",
        lambda _: testing.vectors(max_size=1.5),
        TypeError,
        r"1\.5",
        "max_size .* integer",
    ),
    Case("testing.vectors", "size -1", lambda _: testing.vectors(min_size=-1), ValueError, "not -1", "0 or more"),
    Case(
        "testing.vectors",
        "sizes",
        lambda _: testing.vectors(min_size=3, max_size=2),
        ValueError,
        "3 with 2",
        "at most max",
    ),
    Case("testing.programs", "loops 1", lambda _: testing.programs(loops=1), TypeError, "not 1", "loops is True or"),
    Case("testing.programs", "7 inputs", lambda _: testing.programs(7), ValueError, "not 7", "between 1 and 6"),
    Case(
        "testing.programs",
        "inputs of text",
        lambda _: testing.programs("text"),
        TypeError,
        TEXT,
        "max_inputs .* integer",
    ),
    Case(
        "testing.programs",
        "more steps than there may be",
        lambda _: testing.programs(min_steps=11),
        ValueError,
        "not 11 with 10",
        "between 1 and max_steps",
    ),
    Case("testing.programs", "0 steps", lambda _: testing.programs(max_steps=0), ValueError, "not 0", "1 or more"),
    Case("testing.programs", "steps 2.5", lambda _: testing.programs(max_steps=2.5), TypeError, r"2\.5", "integer"),
    Case(
        "testing.programs",
        "a flag of text",
        lambda _: testing.programs(functions="text"),
        TypeError,
        TEXT,
        "True or False",
    ),
    Case(
        "testing.Program",
        "arity text",
        lambda _: testing.Program("text", PROGRAM),
        TypeError,
        "'text'",
        "the number of its",
    ),
    Case("testing.Program", "a function", lambda _: testing.Program(1, square), TypeError, "<function", "its source"),
    Case(
        "testing.Program",
        "no Python",
        lambda _: testing.Program(1, "x = ("),
        ValueError,
        "'x = \\('",
        "function `program`",
    ),
    Case(
        "testing.Program",
        "another name",
        lambda _: testing.Program(1, "f = 3"),
        ValueError,
        "'f = 3'",
        "function `program`",
    ),
    Case(
        "testing.Program",
        "another arity",
        lambda _: testing.Program(2, PROGRAM),
        ValueError,
        "one of 1",
        "of 2 arguments",
    ),
]

# ---- nn, optim -------------------------------------------------------------------------------------------------------

COUNT = "is an integer"
LOSSES = ["mse_loss", "l1_loss", "huber_loss", "hinge_loss", "binary_cross_entropy_with_logits"]
LOSSES_OF_KERAS = ["mean_squared_error", "mean_absolute_error", "huber", "hinge"]
CLASS = "the target of cross_entropy is"
PARAMETERS = "takes Values, Variables and Vectors"
AT_LEAST_0, MORE_THAN_0, BELOW_1 = "is 0 or more", "is more than 0", "is 0 or more and less than 1"


def options(name: str, number: str, least: str, wrong: float = -1.0) -> list[Case]:
    """An option of an optimiser that is no number, or one out of range."""
    kind = getattr(optim, name)
    what = f"{name}, {number}"
    return [
        Case(f"optim.{name}", f"{number} text", lambda _: kind(**{number: "text"}), TypeError, TEXT, NUMBER),
        Case(f"optim.{name}", f"{what}", lambda _: kind(**{number: wrong}), ValueError, re.escape(f"{wrong}"), least),
    ]


NETWORKS = [
    Case("nn.Neuron", "nin text", lambda _: nn.Neuron("text"), TypeError, TEXT, f"nin {COUNT}"),
    Case("nn.Neuron", "0 inputs", lambda _: nn.Neuron(0), ValueError, "not 0", "nin is 1 or more"),
    Case("nn.Neuron", "nonlin 3", lambda _: nn.Neuron(2, 3), TypeError, r"not 3 \(int\)", "nonlin is True or False"),
    Case("nn.Neuron", "nout 0", lambda _: nn.Neuron(2, nout=0), ValueError, "not 0", "nout is 1 or more"),
    Case("nn.Neuron", "seed 1.5", lambda _: nn.Neuron(2, seed=1.5), TypeError, r"1\.5 \(float\)", "seed is an integer"),
    Case("nn.Neuron", "a typo", lambda _: nn.Neuron(2, activation="rleu"), ValueError, "'rleu'", "is one of 'linear'"),
    Case(
        "nn.Neuron", "no function", lambda _: nn.Neuron(2, activation=3), TypeError, r"3 \(int\)", "is one of 'linear'"
    ),
    Case(
        "nn.Neuron", "init text", lambda _: nn.Neuron(2, init="text"), ValueError, "'text'", "init is one of 'glorot'"
    ),
    Case("nn.Neuron", "init 3", lambda _: nn.Neuron(2, init=3), TypeError, r"3 \(int\)", "init is one of 'glorot'"),
    Case("nn.Neuron", "3 inputs of 2", lambda _: nn.Neuron(2)([1.0] * 3), ValueError, "got 3", "expected 2 inputs"),
    Case(
        "nn.Neuron", "input text", lambda _: nn.Neuron(1)("text"), TypeError, TEXT, f"{NUMBER} or a Value as element 0"
    ),
    Case("nn.Layer", "nout text", lambda _: nn.Layer(2, "text"), TypeError, TEXT, f"nout {COUNT}"),
    Case("nn.Layer", "no neurons", lambda _: nn.Layer(2, 0), ValueError, "not 0", "nout is 1 or more"),
    Case("nn.Layer", "an unknown option", lambda _: nn.Layer(2, 1, bias=True), TypeError, "bias", "unexpected keyword"),
    Case(
        "nn.Layer", "a Vector of 1 for 2", lambda g: nn.Layer(2, 1)(g.v[:1]), ValueError, "got 1", "expected 2 inputs"
    ),
    Case("nn.MLP", "nouts 3", lambda _: nn.MLP(2, 3), TypeError, r"3 \(int\)", "a list of the sizes of the layers"),
    Case("nn.MLP", "no layers", lambda _: nn.MLP(2, []), ValueError, "is empty", "the size of one layer or more"),
    Case("nn.MLP", "a size of text", lambda _: nn.MLP(2, ["text"]), TypeError, TEXT, f"nout {COUNT}"),
    Case("nn.MLP", "seed text", lambda _: nn.MLP(2, [1], seed="text"), TypeError, TEXT, "seed is an integer"),
    Case("nn.Sequential", "text", lambda _: nn.Sequential("text"), TypeError, TEXT, "takes a function"),
    Case(
        "nn.Module", "a state of text", lambda _: nn.Module().load_state_dict("text"), TypeError, TEXT, "the dict of a"
    ),
    *[
        case
        for name in LOSSES
        for case in (
            Case(
                f"nn.{name}",
                "another length",
                lambda _, name=name: getattr(nn, name)([1.0, 1.0], [1.0]),
                ValueError,
                "got a list of one number for 2 numbers",
                f"{name} takes as many targets as predictions",
            ),
            Case(
                f"nn.{name}",
                "a list for a number",
                lambda g, name=name: getattr(nn, name)(g.x, [1.0]),
                ValueError,
                "got a list of one number for one number",
                f"{name} takes as many targets as predictions",
            ),
            Case(
                f"nn.{name}", "nothing", lambda _, name=name: getattr(nn, name)([], []), ValueError, "of no", "or more"
            ),
            Case(f"nn.{name}", "text", lambda _, name=name: getattr(nn, name)(["text"], [1]), TypeError, TEXT, NUMBER),
            Case(
                f"nn.{name}", "a target", lambda _, name=name: getattr(nn, name)([1], ["text"]), TypeError, TEXT, NUMBER
            ),
        )
    ],
    *[
        Case(
            f"nn.{name}",
            "another length",
            lambda _, name=name: getattr(nn, name)([1.0], [1.0, 1.0]),
            ValueError,
            "got a list of one number for 2 numbers",
            "takes as many targets as predictions",
        )
        for name in LOSSES_OF_KERAS
    ],
    Case("nn.huber_loss", "delta 0", lambda _: nn.huber_loss(1.0, 1.0, 0), ValueError, "not 0", f"delta {MORE_THAN_0}"),
    Case(
        "nn.huber_loss", "delta text", lambda _: nn.huber_loss(1.0, 1.0, "text"), TypeError, TEXT, f"{NUMBER} as delta"
    ),
    Case(
        "nn.hinge_loss", "label 0", lambda _: nn.hinge_loss(1.0, 0), ValueError, "not 0", "a target of hinge_loss is -1"
    ),
    Case(
        "nn.binary_cross_entropy_with_logits",
        "label -1",
        lambda _: nn.binary_cross_entropy_with_logits([1.0], [-1]),
        ValueError,
        "not -1",
        "a target of binary_cross_entropy_with_logits is between 0 and 1",
    ),
    *[
        Case(
            f"nn.{name}",
            "from probabilities",
            lambda _, name=name: getattr(nn, name)([1], [0.5]),
            ValueError,
            "not probabilities",
            f"{name} takes logits",
        )
        for name in ("binary_crossentropy", "categorical_crossentropy")
    ],
    Case("nn.cross_entropy", "a number", lambda g: nn.cross_entropy(g.x, 0), TypeError, r"Value\(2\.0\)", LIST),
    Case("nn.cross_entropy", "no logits", lambda _: nn.cross_entropy([], 0), ValueError, "no logits", "one for each"),
    Case("nn.cross_entropy", "text", lambda _: nn.cross_entropy(["text"], 0), TypeError, TEXT, NUMBER),
    Case(
        "nn.cross_entropy", "class 2 of 2", lambda g: nn.cross_entropy(g.v, 2), IndexError, "not 2", f"{CLASS} a class"
    ),
    Case(
        "nn.cross_entropy", "class -1", lambda g: nn.cross_entropy(g.v, -1), IndexError, "not -1", "class from 0 to 1"
    ),
    Case(
        "nn.cross_entropy", "class 1.0", lambda g: nn.cross_entropy(g.v, 1.0), TypeError, r"1\.0", f"{CLASS} the index"
    ),
    Case("nn.cross_entropy", "a flag", lambda g: nn.cross_entropy(g.v, True), TypeError, "True", f"{CLASS} the index"),
    Case("nn.cross_entropy", "class text", lambda g: nn.cross_entropy(g.v, "text"), TypeError, TEXT, "the index of a"),
    Case("nn.cross_entropy", "a Value", lambda g: nn.cross_entropy(g.v, g.x), TypeError, r"Value\(2\.0\)", "int\\(\\)"),
    Case(
        "nn.cross_entropy", "1 probability", lambda g: nn.cross_entropy(g.v, [1]), ValueError, "got 1", "for each logit"
    ),
    Case(
        "nn.cross_entropy", "negative", lambda g: nn.cross_entropy(g.v, [2, -1]), ValueError, "not -1", "is 0 or more"
    ),
    Case("nn.cross_entropy", "of text", lambda g: nn.cross_entropy(g.v, ["text", 1]), TypeError, TEXT, NUMBER),
    Case("nn.cross_entropy", "1 row", lambda g: nn.cross_entropy([g.v], 1), TypeError, r"1 \(int\)", f"rows.*{LIST}"),
    Case(
        "nn.cross_entropy",
        "of 1",
        lambda g: nn.cross_entropy([g.v], [1, 1]),
        ValueError,
        "2 targets for 1 row$",
        "each row",
    ),
    Case(
        "nn.save",
        "a name too long",
        lambda _: nn.save("a" * 999, model=nn.Neuron(2)),
        OSError,
        r"'a+\.\.\.a+' has 999 characters",
        "give the file a shorter name",
    ),
    *[
        Case(name, f"a {kind.__name__}", lambda _, of=of, x=x, kind=kind: of(x), TypeError, f"a {kind.__name__}", way)
        for name, of in (
            ("prod", sg.prod),
            ("fsum", sg.fsum),
            ("dist", lambda x: sg.dist(x, x)),
            ("nn.cross_entropy", lambda x: nn.cross_entropy(x, 0)),
        )
        for kind, x, way in (
            (np.matrix, np.asmatrix([1.0, 2.0]), r"use numpy\.asarray\(\) of it$"),
            (np.ma.MaskedArray, np.ma.array([1.0, 2.0]), r"use its compressed\(\) or filled\(\)$"),
        )
    ],
    Case("nn.save", "no parts", lambda _: nn.save("run.json"), ValueError, "no parts", "name them"),
    Case("nn.save", "text", lambda _: nn.save("run.json", model="text"), TypeError, "'text'", "modules and optimisers"),
    Case("nn.load", "no parts", lambda _: nn.load("run.json"), ValueError, "no parts", "name them"),
    Case("nn.load", "text", lambda _: nn.load("run.json", model="text"), TypeError, "'text'", "modules and optimisers"),
]

OPTIMISERS = [
    *[
        case
        for name in ("Optimizer", "SGD", "Adam", "RMSProp")
        for case in (
            Case(
                f"optim.{name}", "a number", lambda _, name=name: getattr(optim, name)(0.1), TypeError, "0\\.1", "lr="
            ),
            Case(
                f"optim.{name}", "a Value", lambda g, name=name: getattr(optim, name)(g.x), TypeError, "Value", "a list"
            ),
            Case(
                f"optim.{name}",
                "text",
                lambda _, name=name: getattr(optim, name)(["text"]),
                TypeError,
                TEXT,
                PARAMETERS,
            ),
            Case(
                f"optim.{name}",
                "a constant",
                lambda g, name=name: getattr(optim, name)([g.c]),
                ValueError,
                r"constant\(5\.0\) is a constant",
                "updates tracked leaves.*trainable Variable",
            ),
            Case(
                f"optim.{name}",
                "a computed one",
                lambda g, name=name: getattr(optim, name)([g.u]),
                ValueError,
                r"Value\(4\.0\) was computed",
                "updates tracked leaves.*trainable Variable",
            ),
            *options(name, "lr", AT_LEAST_0),
        )
    ],
    Case("optim.SGD", "a schedule", lambda _: optim.SGD(lr=lambda _: "text"), TypeError, TEXT, f"{NUMBER} as lr"),
    *options("SGD", "momentum", AT_LEAST_0),
    *options("SGD", "dampening", AT_LEAST_0),
    *options("SGD", "weight_decay", AT_LEAST_0, math.nan),
    Case("optim.SGD", "nesterov 1", lambda _: optim.SGD(nesterov=1), TypeError, r"1 \(int\)", "True or False"),
    Case(
        "optim.SGD", "nesterov alone", lambda _: optim.SGD(nesterov=True), ValueError, "not 0 and 0", "takes momentum"
    ),
    Case(
        "optim.SGD",
        "nesterov dampened",
        lambda _: optim.SGD(momentum=0.9, dampening=0.5, nesterov=True),
        ValueError,
        r"not 0\.9 and 0\.5",
        "takes momentum and no dampening",
    ),
    Case(
        "optim.Adam",
        "both names of beta",
        lambda _: optim.Adam(betas=(0.9, 0.99), beta_1=0.8),
        TypeError,
        r"got \(0\.9, 0\.99\) and 0\.8",
        "betas and beta_1 are two names .* give one",
    ),
    *[
        Case(
            f"optim.{kind.__name__}",
            f"an unknown option {name}",
            lambda _, kind=kind, name=name: kind(**{name: 1}),
            TypeError,
            f"{kind.__name__} has no option {name}",
            way,
        )
        for kind in (optim.Optimizer, optim.SGD, optim.Adam, optim.RMSProp)
        for name, way in (
            (
                "clipnorm",
                r"takes params, lr.*; clip gradients with optim\.clip_grad_norm_ or optim\.clip_by_global_norm$",
            ),
            ("amsgrad", "takes params, lr.*, learning_rate[a-z, _0-9]*$"),
        )
    ],
    Case("optim.Adam", "one beta", lambda _: optim.Adam(betas=0.9), TypeError, r"0\.9", "a pair of numbers"),
    Case("optim.Adam", "beta text", lambda _: optim.Adam(betas=("text", 0)), TypeError, TEXT, NUMBER),
    Case("optim.Adam", "beta 1", lambda _: optim.Adam(betas=(0.9, 1)), ValueError, "not 1", BELOW_1),
    *options("Adam", "eps", MORE_THAN_0, 0),
    *options("Adam", "weight_decay", AT_LEAST_0),
    *options("RMSProp", "alpha", BELOW_1),
    *options("RMSProp", "eps", MORE_THAN_0, 0),
    *options("RMSProp", "weight_decay", AT_LEAST_0),
    *options("RMSProp", "momentum", AT_LEAST_0),
    Case("optim.RMSProp", "centered 1", lambda _: optim.RMSProp(centered=1), TypeError, r"1 \(int\)", "True or False"),
    Case(
        "optim.Optimizer.apply_gradients",
        "None",
        lambda g: optim.SGD().apply_gradients([(None, g.s)]),
        ValueError,
        r"the gradient for Variable\(3\.0, name='s'\) is None",
        "leave it out",
    ),
    Case(
        "optim.Optimizer.apply_gradients",
        "another length",
        lambda g: optim.SGD().apply_gradients([([1.0], g.w)]),
        ValueError,
        "got a list of one number$",
        r"expected 2 numbers as the gradient for Variable\(\[1\.0, 2\.0\]\)",
    ),
    Case(
        "optim.Optimizer.apply_gradients",
        "a number",
        lambda _: optim.SGD().apply_gradients(3),  # type: ignore[arg-type]
        TypeError,
        r"not 3 \(int\)",
        "apply_gradients takes a list",
    ),
    Case(
        "optim.Optimizer",
        "a module",
        lambda _: optim.SGD(nn.MLP(20, [20, 1])),  # type: ignore[arg-type]
        TypeError,
        r"not MLP of \[.{,50}; ",
        r"a list of parameters.*give its parameters\(\)$",
    ),
    Case(
        "optim.Optimizer",
        "inf, lr",
        lambda _: optim.SGD(lr=math.inf),
        ValueError,
        "not inf",
        "lr is 0 or more and finite",
    ),
    Case(
        "optim.piecewise_constant_decay",
        "a number",
        lambda _: optim.piecewise_constant_decay(3, [1.0, 2.0]),  # type: ignore[arg-type]
        TypeError,
        r"not 3 \(int\)",
        "takes a list",
    ),
    Case(
        "nn.Sequential",
        "a list",
        lambda _: nn.Sequential([nn.Layer(1, 1), abs]),  # type: ignore[arg-type]
        TypeError,
        "not in a list",
        r"one by one.*Sequential\(\*layers\)",
    ),
    Case(
        "nn.Neuron",
        "several samples",
        lambda _: nn.Neuron(2)([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]),
        TypeError,
        "not a list of 3 samples",
        "takes the 2 numbers of one sample",
    ),
    Case(
        "optim.Optimizer.apply_gradients",
        "text",
        lambda g: optim.SGD().apply_gradients([("text", g.s)]),
        TypeError,
        TEXT,
        rf"{NUMBER} as gradient for Variable\(3\.0, name='s'\)",
    ),
    Case(
        "optim.Optimizer.apply_gradients",
        "no variable",
        lambda _: optim.SGD().apply_gradients([(1.0, 2.0)]),
        TypeError,
        r"2\.0 \(float\)",
        PARAMETERS,
    ),
    Case(
        "optim.Optimizer.apply_gradients",
        "one twice",
        lambda g: optim.SGD().apply_gradients([(1.0, g.s), (1.0, g.s)]),
        ValueError,
        "a variable twice",
        "add its gradients up",
    ),
    *[
        case
        for name in ("exponential_decay", "cosine_decay", "step_decay")
        for case in (
            Case(
                f"optim.{name}",
                "text",
                lambda _, name=name: getattr(optim, name)("text", 1, 1),
                TypeError,
                TEXT,
                NUMBER,
            ),
            Case(
                f"optim.{name}",
                "no steps",
                lambda _, name=name: getattr(optim, name)(0.1, 0, 1),
                ValueError,
                "not 0",
                MORE_THAN_0,
            ),
            Case(
                f"optim.{name}",
                "a negative rate",
                lambda _, name=name: getattr(optim, name)(-0.1, 1, 1),
                ValueError,
                r"not -0\.1",
                AT_LEAST_0,
            ),
            Case(
                f"optim.{name}",
                "a negative decay",
                lambda _, name=name: getattr(optim, name)(0.1, 1, -1),
                ValueError,
                "not -1",
                AT_LEAST_0,
            ),
        )
    ],
    Case(
        "optim.piecewise_constant_decay",
        "as many values",
        lambda _: optim.piecewise_constant_decay([1], [0.1]),
        ValueError,
        "values of length 1 and boundaries of length 1",
        "one value more than boundaries",
    ),
    Case(
        "optim.piecewise_constant_decay",
        "boundaries that fall",
        lambda _: optim.piecewise_constant_decay([2, 1], [0.1] * 3),
        ValueError,
        r"\[2, 1\]",
        "numbers that rise",
    ),
    Case(
        "optim.piecewise_constant_decay",
        "a boundary of text",
        lambda _: optim.piecewise_constant_decay(["text"], [0.1] * 2),
        TypeError,
        TEXT,
        f"{NUMBER} as a boundary",
    ),
    Case("optim.warmup", "text", lambda _: optim.warmup("text", 1), TypeError, TEXT, NUMBER),
    Case("optim.warmup", "no steps", lambda _: optim.warmup(0.1, 0), ValueError, "not 0", MORE_THAN_0),
    Case("optim.clip_grad_norm_", "norm 0", lambda g: optim.clip_grad_norm_(g.v, 0), ValueError, "not 0", MORE_THAN_0),
    Case("optim.clip_grad_norm_", "text", lambda _: optim.clip_grad_norm_(["text"], 1), TypeError, TEXT, PARAMETERS),
    Case(
        "optim.clip_by_global_norm", "0", lambda _: optim.clip_by_global_norm([1], 0), ValueError, "not 0", MORE_THAN_0
    ),
    Case(
        "optim.clip_by_global_norm", "text", lambda _: optim.clip_by_global_norm(["text"], 1), TypeError, TEXT, NUMBER
    ),
]

TABLE = [*VALUE, *OPERATORS, *VECTOR, *VARIABLE, *TAPE, *ELEMENTARY, *SEVERAL_OPERANDS, *TRANSFORMS, *MATH, *TESTING]
TABLE += [*NETWORKS, *OPTIMISERS]


@pytest.mark.parametrize("case", TABLE, ids=[f"{case.name}: {case.wrong}" for case in TABLE])
def test_bad_input_raises_at_once_with_one_sentence_on_what_came_and_what_was_expected(case: Case) -> None:
    with ExitStack() as stack:
        given = case.given(World(stack))
        with pytest.raises(Exception) as caught:  # noqa: PT011  (which one it is, exactly, is compared below)
            case.call(given)
    message = str(caught.value)
    assert type(caught.value) is case.kind, message
    assert re.search(case.came, message), message
    assert re.search(case.expected, message), message
    assert "\n" not in message
    assert not re.search(r"[.!?] +[A-Z]|[.!]$", message.removesuffix("."))


def test_what_is_almost_bad_input_is_not_refused() -> None:
    class Legacy:
        def __getitem__(self, index: int) -> float:
            return [1.0, 2.0][index]

    assert sg.Vector(Legacy()) == [1.0, 2.0]
    assert sg.polygamma(1.0, 2.0) == sg.polygamma(1, 2.0)
    assert sg.Vector([1.0, 2.0, 1.0]).index(1.0, 1) == 2
    x = sg.Value(3.0)
    with sg.GradientTape() as tape:
        y = x * x
    assert tape.gradient(Point(y), x, Point(10.0)) == 60.0
    assert isinstance(testing.vectors(st.floats(0, 1), 0, None), st.SearchStrategy)
    assert isinstance(testing.programs(6, 1, functions=False, branches=True), st.SearchStrategy)


def test_every_case_has_its_own_name() -> None:
    names = Counter((case.name, case.wrong) for case in TABLE)
    assert [name for name, count in names.items() if count > 1] == []


# What the parts of the package ask of one another, with what they made themselves.
OWN = {"Value.is_followed_in", "Value.is_leaf"} | {
    f"GradientTape.{name}" for name in ("begin", "take_part", "note_end", "watches", "saw", "follows_leaf", "follows")
}


MADE_FOR_NETWORKS = ("scalargrad.nn.", "scalargrad.optim.")


def offered_by(kind: type, name: str) -> set[str]:
    return {
        f"{name}.{attribute}"
        for attribute, thing in vars(kind).items()
        if not attribute.startswith("_") and (callable(thing) or isinstance(thing, property))
    }


def test_every_public_name_is_in_the_table() -> None:
    public = {*sg.__all__, *(f"math.{name}" for name in FUNCTIONS), *(f"testing.{name}" for name in testing.__all__)}
    public |= {f"math.{name}" for name in dir(sg.math) if callable(getattr(sg.math, name))}
    for kind in (sg.Value, sg.Vector, sg.GradientTape):
        public |= offered_by(kind, kind.__name__)
    for module in (nn, optim):
        name = module.__name__.removeprefix("scalargrad.")
        made_there = [
            thing
            for thing in vars(module).values()
            if str(getattr(thing, "__module__", "")).startswith(MADE_FOR_NETWORKS)
        ]
        public |= {f"{name}.{thing.__name__}" for thing in made_there if ">>>" in (thing.__doc__ or "")}
    for kind in (ScalarVariable, VectorVariable):
        public |= offered_by(kind, "Variable")
    assert public - {case.name for case in TABLE} == OWN


@pytest.mark.parametrize(("name", "args", "kind"), OUTSIDE)
def test_outside_of_a_domain_the_exception_is_that_of_math(
    name: str, args: tuple[Any, ...], kind: type[Exception]
) -> None:
    with pytest.raises(kind) as caught:
        getattr(math, name)(*args)
    assert type(caught.value) is kind


# ---- Nothing is left half done ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("wrong", [[9.0], [9.0, "text"], [9.0, None], 9j, "ab", [9.0, HUGE]])
@pytest.mark.parametrize("assign", ["assign", "assign_add", "assign_sub"])
def test_a_variable_keeps_all_of_its_numbers(assign: str, wrong: Any) -> None:
    variable = sg.Variable([1.0, 2.0])
    with pytest.raises((TypeError, ValueError, OverflowError)):
        getattr(variable, assign)(wrong)
    assert variable.tolist() == [1.0, 2.0]


def test_an_assignment_that_failed_leaves_what_was_recorded_differentiable() -> None:
    w = sg.Variable([1.0, 2.0])
    with sg.GradientTape() as outer, sg.GradientTape() as tape:
        loss = (w * w * w).sum()
        with pytest.raises(TypeError):
            w.assign([5.0, None])
        gradient = tape.gradient(loss, w)
    assert outer.gradient(gradient, w) == [6.0, 12.0]


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


def test_a_watch_that_failed_watches_nothing() -> None:
    first, second = sg.constant(2.0), sg.constant(3.0)
    with sg.GradientTape() as tape:
        with pytest.raises(ValueError, match="None"):
            tape.watch([first, second, None])
        y = first * second
    assert tape.gradient(y, [first, second]) == [None, None]


def test_a_question_that_failed_does_not_use_the_tape_up() -> None:
    x = sg.Value(3.0)
    with sg.GradientTape() as tape:
        y = x * x
    for wrong in (
        lambda: tape.gradient(3.0, x),
        lambda: tape.gradient(y, None),
        lambda: tape.gradient(y, x, "text"),
        lambda: tape.gradient(y, x, unconnected_gradients="zeros"),
        lambda: tape.jacobian([y], x),
        lambda: tape.jacobian(y, "text"),
    ):
        with pytest.raises((TypeError, ValueError)):
            wrong()
    assert tape.gradient(y, x) == 6.0


def test_a_tape_whose_block_raised_is_closed_and_has_what_it_recorded() -> None:
    x = sg.Value(3.0)
    tape = sg.GradientTape()
    made: list[sg.Value] = []

    def forward_pass() -> None:
        with tape:
            made.append(x * x)
            sg.log(-x)

    with pytest.raises(ValueError, match=r"log\(-3\.0\)"):
        forward_pass()
    (y,) = made
    assert tape.gradient(y, x) == 6.0
    with tape:
        z = x * y
    assert tape.gradient(z, x) == 9.0  # a new record, which does not go on into the old one
    assert sg.engine.contexts.current().tapes == ()


def test_a_transform_whose_function_raised_leaves_nothing_open() -> None:
    for transform in (sg.grad, sg.hessian, sg.jacobian, sg.derivative):
        with pytest.raises(ZeroDivisionError):
            transform(lambda x: x / 0)(1.0)
    assert sg.engine.contexts.current().tapes == ()
    assert sg.grad(square)(3.0) == 6.0


def test_a_no_grad_and_a_detect_anomaly_that_were_left_by_an_error_are_over() -> None:
    for block in (sg.no_grad(), sg.detect_anomaly()):
        with pytest.raises(ZeroDivisionError), block:
            sg.Value(1.0) / 0
    interval = sg.engine.contexts.current()
    assert interval.enabled
    assert interval.detector is None


def test_a_module_is_as_it_was_when_a_patch_was_left_by_an_error_or_refused() -> None:
    theirs = types.ModuleType("theirs")
    theirs.__dict__.update(sqrt=math.sqrt, math=math)
    with pytest.raises(ValueError, match="sqrt"), sg.math.patch(theirs):
        theirs.sqrt(sg.Value(-1.0))
    with pytest.raises(TypeError, match="'text'"):
        sg.math.patch(theirs, "text")
    assert theirs.sqrt is math.sqrt
    assert theirs.math is math


def test_a_pullback_that_failed_leaves_the_gradients_as_they_were() -> None:
    x = sg.Value(2.0)
    (x * x).backward()
    y = sg.custom_gradient(lambda x: (x * 1, lambda _: "text"))(x) * x
    with pytest.raises(TypeError, match="pullback"):
        y.backward()
    assert x.grad == 4.0


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
