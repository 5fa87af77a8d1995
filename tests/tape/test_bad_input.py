"""Bad input to tapes, variables and what stands beside them, and nothing is left half done."""

from __future__ import annotations

import re
import types
from typing import Any

import numpy as np
import pytest

import scalargrad as sg
from tests.support.bad_input import (
    ARITY,
    HUGE,
    NOTHING,
    NUMBER,
    TEXT,
    Case,
    Point,
    World,
    check,
    doubled,
    each_of,
    square,
)


def left_once(block: Any) -> Any:
    block.__enter__()
    block.__exit__(None, None, None)
    with block:
        pass
    return block


# ---- Variable, constant, stop_gradient -------------------------------------------------------------------------------


VARIABLE = [
    Case(
        "Variable",
        "rows of two lengths",
        lambda _: sg.Variable([[1, 2], [3]]),
        ValueError,
        "got 1 and 2",
        "one row or more of one length",
    ),
    Case(
        "Variable",
        "rows of rows",
        lambda _: sg.Variable([[[1, 2]], [[3, 4]]]),
        TypeError,
        r"got \[1, 2\] \(list\)",
        "two dimensions and no more",
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
    Case(
        "Variable",
        "a label",
        lambda _: sg.Variable(1.0, label="z"),
        TypeError,
        "got label$",
        r"trainable and name \(the label of a Value\)",
    ),
    Case("Variable", "text", lambda _: sg.Variable("text"), TypeError, TEXT, NUMBER),
    Case("Variable", "None", lambda _: sg.Variable(None), TypeError, NOTHING, NUMBER),
    Case("Variable", "None in a list", lambda _: sg.Variable([1.0, None]), TypeError, NOTHING, NUMBER),
    Case(
        "Variable",
        "a cube",
        lambda _: sg.Variable(np.ones((2, 3, 4))),
        ValueError,
        r"\(2, 3, 4\)",
        "one dimension or two",
    ),
    Case("Variable", "an integer past floats", lambda _: sg.Variable([HUGE]), OverflowError, "1329 bits", "a float"),
    Case("Variable", "an unknown option", lambda _: sg.Variable(1.0, dtype=float), TypeError, "got dtype", "floats"),
    Case("Variable", "nothing", lambda _: sg.Variable(), TypeError, "no initial", "a number or a list of numbers"),
    Case("Variable", "a shape", lambda _: sg.Variable(1.0).shape, AttributeError, "a Variable has no shape", "data"),
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
        "a list of rows.* a Matrix",
    ),
    Case(
        "constant",
        "a cube",
        lambda _: sg.constant(np.ones((2, 2, 2))),
        ValueError,
        r"\(2, 2, 2\)",
        "one dimension or two",
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
    Case("GradientTape.rows", "a number", lambda g: g.tape.rows(2.0), TypeError, r"2\.0 \(float\)", "takes a Value"),
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
        r"at .*test_bad_input\.py, line \d+",
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

TABLE = [*VARIABLE, *TAPE]


@each_of(TABLE)
def test_bad_input_raises_at_once_with_one_sentence_on_what_came_and_what_was_expected(case: Case) -> None:
    check(case)


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


def test_a_no_grad_and_a_detect_anomaly_that_were_left_by_an_error_are_over() -> None:
    for block in (sg.no_grad(), sg.detect_anomaly()):
        with pytest.raises(ZeroDivisionError), block:
            sg.Value(1.0) / 0
    interval = sg.engine.contexts.current()
    assert interval.enabled
    assert interval.detector is None


def test_a_pullback_that_failed_leaves_the_gradients_as_they_were() -> None:
    x = sg.Value(2.0)
    (x * x).backward()
    y = sg.custom_gradient(lambda x: (x * 1, lambda _: "text"))(x) * x
    with pytest.raises(TypeError, match="pullback"):
        y.backward()
    assert x.grad == 4.0
