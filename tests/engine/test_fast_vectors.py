"""The fast form of operations on columns gives what the general one gives."""

from __future__ import annotations

import copy
import math
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, reject
from hypothesis import strategies as st

import scalargrad as sg
from scalargrad.engine import many
from scalargrad.engine.rows import RIGHT, derivatives_of, rows_below
from scalargrad.operations.operation import Reduction, registry
from tests.support.bits import exactly
from tests.support.listed import Whole, flat, programs, run

OUT_OF_RANGE = (OverflowError, ValueError, ZeroDivisionError)


def in_general(program: Any) -> Any:
    """A program run without the fast form, if there is one."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(many, "fast_columns", [])
        return run(Whole(), *program)


def recorded(target: Any) -> list[Any]:
    """The numbers and the local derivatives of all rows below a target, element by element."""
    if not (isinstance(target, sg.Value) and target.is_tracked):
        return []
    return [(row[3], derivatives_of(row)) for row in rows_below([target.row])]


@given(program=programs())
def test_numbers_and_local_derivatives_are_those_of_the_general_form(program: Any) -> None:
    try:
        wanted, _, target = in_general(program)
    except OUT_OF_RANGE:
        reject()
    got, _, fast = run(Whole(), *program)
    assert [exactly(flat(x)) for x in got] == [exactly(flat(x)) for x in wanted]
    assert exactly(recorded(fast)) == exactly(recorded(target))


OPERATIONS = [
    operation
    for operation in registry.values()
    if (operation.name != "fma" or hasattr(math, "fma"))
    and not isinstance(operation, Reduction)
    and operation.pull_back is None
    and len(operation.rules) < 4
]


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name)
def test_each_operation_on_a_vector_has_the_rows_of_the_general_form(
    operation: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    columns = [[0.25, 0.75, 0.5], [2.0, 1.5, 3.0], [1.5, 2.5, 3.5]][: len(operation.rules)]
    found = []
    for forms in (many.fast_columns, []):
        monkeypatch.setattr(many, "fast_columns", forms)
        try:
            result = operation(*[sg.Vector([sg.Value(x) for x in column]) for column in columns])
        except (TypeError, ValueError) as error:  # a count that is no number of a Value, a number outside the domain
            found.append(str(error))
            continue
        found.append([exactly([(element.row[3], element.derivatives)]) for element in result])
    assert found[0] == found[1]


def test_what_goes_wrong_in_an_element_is_told_of_that_element() -> None:
    v = sg.Vector([sg.Value(1.0), sg.Value(0.0)])
    with pytest.raises(ZeroDivisionError, match=r"^1 / 0\.0: "):
        1 / v
    with pytest.raises(ValueError, match=r"^log\(0\.0\)"):
        sg.log(v)


NUMBERS = st.one_of(st.sampled_from([0.0, -0.0, 1, -3, math.inf, Fraction(1, 3)]), st.floats(-1e3, 1e3))


@given(data=st.data(), length=st.integers(0, 70))
def test_products_written_out_are_those_of_the_definition(data: Any, length: int) -> None:
    lines = st.lists(st.tuples(*[NUMBERS] * length), max_size=3)
    rows, columns = data.draw(lines), data.draw(lines)
    got = many.products(rows, columns)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(many, "fast_products", [])
        assert exactly(got) == exactly(many.products(rows, columns))


def test_what_is_long_is_not_written_out() -> None:
    for written in many.fast_products:  # which may have been deleted
        assert written([(2.0, 3.0)], [(5.0, 7.0)]) == [31.0]
        assert written([(1.0,) * 65], [(1.0,) * 65]) is None


def test_a_dot_of_the_same_values_as_before_shares_their_row_and_gives_the_same() -> None:
    x, y = sg.Value(2.0), sg.Value(3.0)
    inputs = [x * 1.0, y * 1.0]
    v, w = sg.Variable([4.0, 5.0]), sg.Variable([6.0, 7.0])
    first, second = v.dot(inputs), w.dot(tuple(inputs))
    assert (first.row[RIGHT][1] is second.row[RIGHT][1]) == bool(many.fast_dots)  # which may be missing
    assert (first.data, second.data) == (23.0, 33.0)
    (first * second).backward()
    assert (v.grad, w.grad) == ([66.0, 99.0], [46.0, 69.0])
    assert (x.grad, y.grad) == (4 * 33 + 6 * 23.0, 5 * 33 + 7 * 23.0)


def test_a_dot_of_other_values_beside_the_first_has_a_row_of_its_own() -> None:
    x, y, z = [sg.Value(i) * 1.0 for i in (1.0, 2.0, 3.0)]
    v = sg.Variable([4.0, 5.0])
    assert [v.dot(pair).data for pair in ([x, y], [x, y], [x, z], [x, y])] == [14.0, 14.0, 19.0, 14.0]
    with pytest.raises(ValueError, match="lengths 2 and 3"):
        v.dot([x, y, z])
    assert v.dot([x, y]).data == 14.0
    with pytest.raises(ValueError, match="lengths 2 and 1"):
        v.dot([x])


@pytest.mark.parametrize(
    "other",
    [
        [1.0, 2.0],
        (1.0, 2.0),
        [1, 2],
        [1.0, 2],
        [True, 2.0],
        [sg.Value(1.0), 2.0],
        [1.0, sg.Value(2.0)],
        [sg.Value(1.0), sg.Value(2.0)],
        [sg.constant(1.0), sg.Value(2.0) * 1.0],
        [sg.Value(2.0) * 1.0, sg.constant(1.0)],
        sg.Vector([sg.Value(1.0) * 1.0, 2.0]),
        sg.constant([1.0, 2.0]),
        sg.Variable([1.0, 2.0]),
    ],
)
@pytest.mark.parametrize("vector", [sg.Variable([3.0, 4.0]), sg.constant([3.0, 4.0]), sg.Vector([sg.Value(3.0), 4.0])])
def test_a_dot_in_one_pass_is_that_of_the_engine(vector: Any, other: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    fast = [vector.dot(other) for _ in range(2)][-1]
    monkeypatch.setattr(many, "fast_dots", [])
    monkeypatch.setattr("scalargrad.engine.vector.fast_dots", [])
    general = vector.dot(other)
    assert (fast.data, fast.is_tracked, fast.derivatives) == (general.data, general.is_tracked, general.derivatives)


def test_a_dot_inside_a_tape_or_no_grad_takes_the_general_way() -> None:
    v, inputs = sg.Variable([4.0, 5.0]), [sg.Value(1.0) * 1.0, sg.Value(2.0) * 1.0]
    v.dot(inputs)
    with sg.no_grad():
        assert not v.dot(inputs).is_tracked
    with sg.GradientTape() as tape:
        y = v.dot(inputs)
    assert tape.gradient(y, v) == [1.0, 2.0]


@given(st.lists(st.floats(-3, 3), min_size=8, max_size=8))
def test_neurons_that_share_a_list_pass_on_the_bits_that_single_values_do(numbers: list[float]) -> None:
    x, y, *rest = map(sg.Value, numbers)
    inputs = [sg.sin(x) * y, x + 1.0, sg.Vector([x, y]).sum()]
    scores = [sg.Vector(rest[:3]).dot(inputs), sg.Vector(rest[3:]).dot(inputs), sg.Vector(rest[1:4]).dot(inputs)]
    loss = scores[0] * scores[1] + sg.tanh(scores[2]) * inputs[0]
    twin, u, v = copy.deepcopy([loss, x, y])  # of single values
    loss.backward()
    twin.backward()
    assert exactly([u.grad, v.grad]) == exactly([x.grad, y.grad])
