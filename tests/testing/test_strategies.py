"""The strategies: what they draw, how it prints and shrinks, and how Hypothesis finds them."""

from __future__ import annotations

import math
import pickle
import re
import subprocess
import sys
from typing import Any

import pytest
from hypothesis import find, given, settings
from hypothesis import strategies as st

import scalargrad as sg
from scalargrad import testing
from scalargrad.testing import Program, check_grads, programs, strategies, values, vectors

COORDINATES = st.integers(-4000, 4000).map(lambda k: k / 1000)
OPERATORS = {"+", "-", "*", "/", "**"}


@given(values(), vectors(), vectors(st.floats(0, 1), min_size=2, max_size=3))
def test_values_and_vectors_are_tracked_leaves(x: sg.Value, v: sg.Vector, w: sg.Vector) -> None:
    assert x.is_tracked
    assert x.operation is None
    assert 1 <= len(v) <= 10
    assert all(element.is_tracked for element in v)
    assert 2 <= len(w) <= 3
    assert all(0 <= element <= 1 for element in w)


@given(st.from_type(sg.Value), st.from_type(sg.Vector))
def test_hypothesis_makes_them_from_their_types(x: Any, v: Any) -> None:
    assert isinstance(x, sg.Value)
    assert isinstance(v, sg.Vector)


@given(...)
def test_hypothesis_makes_them_from_annotations(x: sg.Value) -> None:
    assert isinstance(x, sg.Value)


def test_the_entry_point_is_all_that_hypothesis_needs() -> None:
    program = "from hypothesis import find, strategies as st; import scalargrad as sg; "
    program += "print(find(st.from_type(sg.Value), lambda v: True))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.stdout == "Value(0.0)\n", done.stderr


@pytest.mark.parametrize("first", ["scalargrad.testing.strategies", "scalargrad.testing", "hypothesis"])
def test_a_fresh_interpreter_may_import_them_in_any_order(first: str) -> None:
    program = f"import {first}, scalargrad; from scalargrad.testing import values; print(values())"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.stdout.startswith("builds(Value, "), done.stderr


# ---- Programs --------------------------------------------------------------------------------------------------------


@given(st.data(), st.booleans())
def test_a_program_gives_the_same_bits_on_floats_and_on_values(data: st.DataObject, branches: bool) -> None:
    program = data.draw(programs(branches=branches))
    point = [data.draw(COORDINATES) for _ in range(program.arity)]
    assert program(*map(sg.Value, point)).data.hex() == program(*point).hex() == program(*point, math=math).hex()


@pytest.mark.parametrize("template", strategies.ARITHMETIC + strategies.FUNCTIONS + strategies.BRANCHES)
def test_a_step_stays_in_the_range_that_it_takes(template: str) -> None:
    function = eval(f"lambda x, y: {template.format('x', 'y')}", {"math": math})
    grid = [k / 8 for k in range(-32, 33)]
    assert all(-4 <= function(x, y) <= 4 for x in grid for y in grid)


@given(st.data())
def test_a_program_is_well_conditioned(data: st.DataObject) -> None:
    program = data.draw(programs(max_steps=20))
    point = [data.draw(COORDINATES) for _ in range(program.arity)]
    assert abs(program(*point)) <= 4 + 1e-9
    gradient = sg.grad(program, argnums=tuple(range(program.arity)))(*point)
    assert all(abs(g) < 1e6 for g in gradient)


@given(programs(branches=True))
def test_a_program_prints_as_the_python_that_it_is(program: Program) -> None:
    namespace: dict[str, Any] = {"math": math}
    exec(repr(program), namespace)
    point = [0.5, -1.25, 2.0][: program.arity]
    assert namespace["program"](*point).hex() == program(*point).hex()
    assert repr(program).startswith("def program(x")
    again = pickle.loads(pickle.dumps(program))
    assert again == program
    assert hash(again) == hash(program)
    assert program != 3


@given(programs(functions=False))
def test_without_functions_a_program_runs_on_anything_with_operators(program: Program) -> None:
    assert "math" not in program.source

    class Text:
        """A class with only operators, which write down their operands."""

        def __init__(self, text: str) -> None:
            self.text = text

    for name, sign in (("add", "+"), ("sub", "-"), ("mul", "*"), ("truediv", "/"), ("pow", "**")):
        setattr(Text, f"__{name}__", lambda x, y, sign=sign: Text(f"({x.text} {sign} {getattr(y, 'text', y)})"))
        setattr(Text, f"__r{name}__", lambda x, y, sign=sign: Text(f"({y} {sign} {x.text})"))
    Text.__neg__ = lambda x: Text(f"(-{x.text})")  # type: ignore[attr-defined]
    names = "xyz"[: program.arity]
    written = program(*map(Text, names)).text
    point = dict(zip(names, [0.5, -1.25, 2.0]))
    assert eval(written, {}, point) == program(*point.values())


def test_another_module_may_give_the_functions() -> None:
    program = Program(1, "def program(x):\n    return math.sin(x)")
    calls = type("calls", (), {"sin": staticmethod(lambda x: ("sin", x))})
    assert program(0.5, math=calls) == ("sin", 0.5)
    assert program(0.5) == math.sin(0.5)


def test_a_failing_program_shrinks_to_the_step_that_fails() -> None:
    patient = settings(max_examples=2000, database=None)
    smallest = find(programs(), lambda program: "tanh" in program.source, settings=patient)
    assert smallest.source == "def program(x):\n    return math.tanh(x) * 2"
    both = lambda program: "max" in program.source and "math." in program.source  # noqa: E731
    smallest = find(programs(branches=True), both, settings=patient)
    assert len(smallest.source.splitlines()) == 3


def test_steps_that_the_result_does_not_need_are_left_out() -> None:
    steps = [("t0", "x + x", ("x", "x")), ("t1", "y * y", ("y", "y")), ("t2", "t0 - y", ("t0", "y"))]
    assert strategies.source_of(["x", "y"], steps) == "def program(x, y):\n    t0 = x + x\n    return t0 - y"


def test_every_template_can_be_drawn_and_keeps_to_its_range() -> None:
    grid = [k / 2 for k in range(-8, 9)]
    for template in strategies.ARITHMETIC + strategies.FUNCTIONS + strategies.BRANCHES:
        source = f"def program(x, y):\n    return {template.format('x', 'y')}"
        assert all(abs(Program(2, source)(x, y)) <= 5 for x in grid for y in grid), template


# ---- Programs on vectors and matrices --------------------------------------------------------------------------------

SHAPES: list[tuple[int, ...]] = [(2,), (), (2, 2), (1, 2)]


def many(draw: Any, shape: tuple[int, ...]) -> Any:
    """Numbers of a shape, as nested lists."""
    return [many(draw, shape[1:]) for _ in range(shape[0])] if shape else draw(COORDINATES)


@given(st.data())
def test_a_program_on_vectors_and_matrices_stays_in_the_range_and_gives_a_number(data: st.DataObject) -> None:
    program = data.draw(programs(shapes=SHAPES, max_steps=20))
    point = [many(data.draw, shape) for shape in SHAPES]
    on_constants = program(*map(sg.constant, point))
    assert abs(on_constants.data) <= 4 + 1e-9
    on_variables = program(*map(sg.Variable, point))
    assert on_variables.data.hex() == on_constants.data.hex()


@settings(max_examples=20)
@given(st.data())
def test_and_its_gradient_is_right(data: st.DataObject) -> None:
    shapes = SHAPES[:3]
    program = data.draw(programs(shapes=shapes))
    point = [many(data.draw, shape) for shape in shapes]
    assert check_grads(program, [sg.constant(x) for x in point])


@pytest.mark.parametrize(
    "step",
    [*[step.split("/ {c}")[0].split("/ (4")[0].strip() for _, step, _ in strategies.ON_MANY], "math.tanh({0})"],
)
def test_every_step_on_many_numbers_can_be_drawn(step: str) -> None:
    shapes: list[tuple[int, ...]] = [(2,), (2, 2)]
    if "{1}" in step:
        shapes = [(2,), (2,), (2, 2), (2, 2)]
    text = re.escape(step)
    for field in ("{0}", "{1}", "{i}", "{j}"):
        text = text.replace(re.escape(field), r"\w+")
    patient = settings(max_examples=5000, database=None)
    found = find(programs(shapes=shapes), lambda program: re.search(text, program.source) is not None, settings=patient)
    assert found.arity == len(shapes)


def test_a_step_that_fits_nothing_makes_no_difference() -> None:
    alone = find(programs(shapes=[()], functions=False), lambda program: program.source.count("\n") == 1)
    assert alone.source.startswith("def program(x):\n    return ")


# ---- What is refused -------------------------------------------------------------------------------------------------


def test_limits_that_make_no_sense_are_refused() -> None:
    with pytest.raises(ValueError, match="max_inputs of programs is between 1 and 6, not 7"):
        find(programs(max_inputs=7), lambda program: True)
    for shapes in ([], [(2, 0)], [(1, 2, 3)], [()] * 7):
        with pytest.raises(ValueError, match="shapes of programs is one to 6 shapes of at most two lengths above 0"):
            find(programs(shapes=shapes), lambda program: True)
    with pytest.raises(ValueError, match="max_steps of programs is 1 or more, not 0"):
        find(programs(max_steps=0), lambda program: True)


def test_an_unknown_name_is_no_attribute() -> None:
    with pytest.raises(AttributeError, match=r"module 'scalargrad\.testing' has no attribute 'quux'"):
        testing.quux  # noqa: B018


def test_without_hypothesis_check_grads_works_and_a_strategy_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delitem(sys.modules, "scalargrad.testing.strategies")
    monkeypatch.setitem(sys.modules, "hypothesis", None)
    assert testing.check_grads(lambda x: x * x, (3.0,))
    with pytest.raises(ModuleNotFoundError, match=r"testing\.values needs Hypothesis: pip install hypothesis$"):
        testing.values  # noqa: B018
