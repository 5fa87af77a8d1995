"""How bad input is told, as a whole: each public name has a row in the table of its room, and no row is there twice."""

from __future__ import annotations

import functools
import importlib
import math
import re
from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import strategies as st

import scalargrad as sg
from scalargrad import nn, optim, testing
from scalargrad.checks import Brief, brief
from scalargrad.engine.many import Values
from scalargrad.tape.variable import MatrixVariable, ScalarVariable, VectorVariable
from tests.support import ROOT
from tests.support.bad_input import Point

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.bad_input import Case


@functools.cache
def rows() -> list[Case]:
    """The rows of all tables; a room's is in its file of that name."""
    files = sorted((ROOT / "tests").rglob("test_*bad_input.py"))
    modules = [importlib.import_module(".".join(file.relative_to(ROOT).with_suffix("").parts)) for file in files]
    return [case for module in modules for case in module.TABLE]


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
    names = Counter((case.name, case.wrong) for case in rows())
    assert [name for name, count in names.items() if count > 1] == []


# What the parts of the package ask of one another, with what they made themselves.
OF_MANY = ("is_followed_in", "element", "plain", "grads", "set_grads")
OWN = (
    {"Value.is_followed_in", "Value.is_leaf"}
    | {f"{kind}.{name}" for kind in ("Vector", "Matrix") for name in OF_MANY}
    | {f"GradientTape.{name}" for name in ("take_part", "note_end", "watches", "saw", "follows_leaf", "follows")}
)

MADE_FOR_NETWORKS = ("scalargrad.nn.", "scalargrad.optim.")


def offered_by(kind: type, name: str) -> set[str]:
    return {
        f"{name}.{attribute}"
        for attribute, thing in vars(kind).items()
        if not attribute.startswith("_") and (callable(thing) or isinstance(thing, property))
    }


def test_every_public_name_is_in_the_table() -> None:
    public = {*sg.__all__, *(f"testing.{name}" for name in testing.__all__)}
    public |= {f"math.{name}" for name in sg.math.__all__ if callable(getattr(math, name))}
    public |= {f"math.{name}" for name in dir(sg.math) if callable(getattr(sg.math, name))}
    for kind in (sg.Value, sg.Vector, sg.Matrix, sg.GradientTape):
        public |= offered_by(kind, kind.__name__)
    for kind in (sg.Vector, sg.Matrix):
        public |= offered_by(Values, kind.__name__)
    for module in (nn, optim):
        name = module.__name__.removeprefix("scalargrad.")
        made_there = [
            thing
            for thing in vars(module).values()
            if str(getattr(thing, "__module__", "")).startswith(MADE_FOR_NETWORKS)
        ]
        public |= {f"{name}.{thing.__name__}" for thing in made_there if ">>>" in (thing.__doc__ or "")}
    for kind in (ScalarVariable, VectorVariable, MatrixVariable):
        public |= offered_by(kind, "Variable")
    assert public - {case.name for case in rows()} == OWN


MANY = sg.Variable([float(i) for i in range(10_000)], name="many")
TABLE_OF_MANY = sg.Matrix([[float(i) for i in range(100)]] * 100)
SHORTENED: list[tuple[Any, Callable[[Any], Any]]] = [
    (MANY, lambda v: v < 0),
    (MANY, lambda v: v.assign([1.0])),
    (MANY, lambda v: v.data),
    (MANY, float),
    (MANY, lambda v: v.index(-7.0)),
    (MANY, lambda v: setattr(v, "grad", [1.0])),
    (MANY, sg.grad(lambda v: v)),
    (MANY * 2.0, lambda v: sg.Vector([v])),
    (MANY, lambda v: optim.SGD().apply_gradients([(["a"] * 10_000, v)])),
    (TABLE_OF_MANY, lambda m: m > 0),
    (TABLE_OF_MANY, lambda m: m.index([1.0])),
    (TABLE_OF_MANY, lambda m: setattr(m, "grad", [[1.0]])),
    (TABLE_OF_MANY, lambda m: sg.Variable(3.0).assign_add({"a": m})),
    ([1.0] * 10_000, sg.Value),
    (np.ones((20, 20)), lambda array: sg.Vector([1.0]).map(array)),
    (dict.fromkeys(range(1000), 1.0), sg.Value),
]


@pytest.mark.parametrize(("thing", "misuse"), SHORTENED)
def test_a_message_shows_of_many_numbers_the_first_and_the_last(thing: Any, misuse: Callable[[Any], Any]) -> None:
    with pytest.raises((TypeError, ValueError, AttributeError)) as caught:
        misuse(thing)
    message = str(caught.value)
    assert len(message) < 700
    assert "\n" not in message
    assert re.search(r"\d\.?0?, \.\.\., ", message)
    size = rf"of length {len(thing)}" if isinstance(thing, (list, dict)) else re.escape(f"of shape {thing.shape}")
    assert re.search(size, message) or "'a': Matrix" in message
    assert len(repr(thing)) > len(message)


def test_what_is_no_list_is_shortened_too() -> None:
    assert len(brief("x" * 1000)) < 200
    assert brief([1.0, 2.0]) == "[1.0, 2.0]"
    assert f"{Brief(3.0)!r} {Brief('a')}" == "3.0 'a'"


def test_a_message_names_the_users_own_file_and_line() -> None:
    x = sg.Value(1e200)
    with sg.detect_anomaly(), pytest.raises(FloatingPointError) as caught:
        sg.Vector([x, x]).prod()
    line = caught.traceback[0].lineno + 1
    assert str(caught.value) == f"prod(1e+200, 1e+200) of shape (2,) gave inf, at {__file__}, line {line}"
