"""Bad input to what shows graphs."""

from __future__ import annotations

import scalargrad as sg
from tests.support.bad_input import Case, check, each_of

TABLE = [
    Case("rows", "a number", lambda _: sg.rows(2.0), TypeError, r"2\.0 \(float\)", "takes a Value"),
    Case("rows", "a list of numbers", lambda _: sg.rows([2.0]), TypeError, r"\[2\.0\] \(list\)", "takes a Value"),
    Case("rows", "a tape", lambda g: sg.rows(g.tape), TypeError, "got <GradientTape", r"tape\.rows\(target\) shows"),
    Case("explain", "a number", lambda _: sg.explain(2.0), TypeError, r"2\.0 \(float\)", "takes a Value"),
    Case("explain", "a Vector", lambda g: sg.explain(g.v), TypeError, r"\(Vector\)", "one, or their sum, v.sum()"),
    Case("explain", "a constant", lambda _: sg.explain(sg.constant(1.0)), ValueError, "constant", "no tracked value"),
    Case("explain", "a float as width", lambda g: sg.explain(g.y, width=80.0), TypeError, "80.0", "an integer"),
    Case("explain", "no width", lambda g: sg.explain(g.y, width=3), ValueError, "3", "40 or more"),
    Case("explain", "no steps", lambda g: sg.explain(g.y, steps=0), ValueError, "0", "2 or more"),
]


@each_of(TABLE)
def test_bad_input_raises_at_once_with_one_sentence_on_what_came_and_what_was_expected(case: Case) -> None:
    check(case)
