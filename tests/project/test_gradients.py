"""Gradients of random programs over all operations, compared with what does not know the rules."""

from __future__ import annotations

import copy
import math
import pickle
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import scalargrad as sg
from tests.support.oracles import NARROW, Jet, extrapolated_difference, many_digit_derivative
from tests.support.programs import (
    FRACTIONS,
    INPUTS,
    RATIONAL_STEPS,
    SMOOTH_STEPS,
    Kit,
    Program,
    ValueKit,
    any_programs,
    float_kit,
    is_tame,
    many_digit_kit,
    points,
    programs,
    rational_programs,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

EPSILON = 2.0**-52


def tolerance_from_conditioning(program: Program, point: Sequence[float]) -> float:
    """How far rounding moves the program's result: half an ulp of each of its results, carried forward.

    A step is up to a dozen operations on numbers of about the size of its result or of 1.
    """
    leaves = [sg.Value(x) for x in point]
    with sg.GradientTape() as tape:
        results = program.trace(ValueKit(), leaves)
    carried = tape.gradient(results[-1], results, unconnected_gradients="zero")
    return 12 * EPSILON * sum(abs(g.data) * (abs(r.data) + 1) for r, g in zip(results, carried))


# ---- Against differences of plain floats -----------------------------------------------------------------------------


def check_against_differences(program: Program, point: list[float]) -> bool:
    """Compare the gradient with extrapolated differences; whether they were sharp enough to say something."""
    leaves = [sg.Value(x) for x in point]
    program(ValueKit(), leaves).backward()
    rounding = tolerance_from_conditioning(program, point)
    sharp = False
    for index, leaf in enumerate(leaves):
        sides = set()

        def along(x: float, index: int = index, sides: set[tuple[Any, ...]] = sides) -> float:
            kit = float_kit()
            result: float = program(kit, [*point[:index], x, *point[index + 1 :]])
            sides.add(tuple(kit.decisions))
            return result

        expected, error, narrowest = extrapolated_difference(along, point[index], 2.0**-7)
        if len(sides) > 1:
            continue  # a kink between the points
        tolerance = 4 * error + 2 * rounding / narrowest + 1e-300
        if tolerance < 1e-4 * (1 + abs(expected)):
            sharp = True
            assert abs(leaf.grad - expected) <= tolerance, f"by input {index}: {leaf.grad!r}, differences {expected!r}"
    return sharp


@given(st.data())
def test_gradients_agree_with_extrapolated_differences_of_plain_floats(data: st.DataObject) -> None:
    program = data.draw(any_programs())
    point = data.draw(points(INPUTS, program.inputs))
    assume(is_tame(program, point))
    assume(check_against_differences(program, point))


@pytest.mark.parametrize("number", range(len(RATIONAL_STEPS + SMOOTH_STEPS)))
@given(st.data())
def test_every_step_that_programs_are_made_of_agrees_with_differences(number: int, data: st.DataObject) -> None:
    arity, step = (RATIONAL_STEPS + SMOOTH_STEPS)[number]
    program = Program(arity, ((step, tuple(range(arity))),))
    point = data.draw(points(INPUTS, arity))
    assume(is_tame(program, point))
    assume(check_against_differences(program, point))


# ---- In many digits, to higher orders --------------------------------------------------------------------------------


def derivative_by_tapes(program: Program, leaves: Sequence[Any], index: int, order: int) -> Any:
    if order == 0:
        return program(ValueKit(), leaves)
    with sg.GradientTape() as tape:
        below = derivative_by_tapes(program, leaves, index, order - 1)
    return tape.gradient(below, leaves[index], unconnected_gradients="zero")


@given(st.data())
def test_second_and_third_derivatives_agree_with_many_digits(data: st.DataObject) -> None:
    program = data.draw(any_programs(max_inputs=2, max_steps=5))
    point = data.draw(points(INPUTS, program.inputs))
    assume(is_tame(program, point))
    index = data.draw(st.integers(0, program.inputs - 1))
    for order in (1, 2, 3):
        got = derivative_by_tapes(program, [sg.Value(x) for x in point], index, order).data
        exact = many_digit_derivative(lambda *xs: program(many_digit_kit(), xs), point, index, order, NARROW)
        scale = 1 + max(abs(x) for x in program.trace(float_kit(), point)) ** (order + 1)
        assert got == pytest.approx(float(exact), rel=1e-9, abs=1e-11 * scale), f"order {order}"


# ---- Exactly ---------------------------------------------------------------------------------------------------------


class SeriesKit(Kit):
    """Power series: the side of a kink is that of the constant term."""

    def relu(self, x: Any) -> Any:
        self.decisions.append((x.coefficients[0] > 0, x.coefficients[0] == 0))
        return x if x.coefficients[0] > 0 else x * 0

    def maximum(self, x: Any, y: Any) -> Any:
        return self.relu(x - y) + y


@given(st.data())
def test_rational_programs_have_exact_derivatives_of_every_order(data: st.DataObject) -> None:
    program = data.draw(rational_programs(max_steps=6))
    point = data.draw(points(FRACTIONS, program.inputs))
    index = data.draw(st.integers(0, program.inputs - 1))
    series = [Jet([x, Fraction(i == index), Fraction(0), Fraction(0)]) for i, x in enumerate(point)]
    kit = SeriesKit()
    expected = program(kit, series)
    assume(not any(tie for _, tie in kit.decisions))
    for order in (0, 1, 2, 3):
        got = derivative_by_tapes(program, [sg.Value(x) for x in point], index, order).data
        assert got == expected.derivative(order)
        assert isinstance(got, (Fraction, int))


@given(st.data())
def test_a_fraction_comes_back_from_backward_as_a_fraction(data: st.DataObject) -> None:
    program = data.draw(rational_programs())
    point = data.draw(points(FRACTIONS, program.inputs))
    leaves = [sg.Value(x) for x in point]
    result = program(ValueKit(), leaves)
    assume(result.is_tracked)
    result.backward()
    assert all(isinstance(leaf.grad, (Fraction, int)) for leaf in leaves)
    assert isinstance(result.data, (Fraction, int))


# ---- One gradient, many ways -----------------------------------------------------------------------------------------


@given(st.data())
def test_tape_backward_watched_constants_and_copies_give_the_same_bits(data: st.DataObject) -> None:
    program = data.draw(any_programs())
    point = data.draw(points(INPUTS, program.inputs))
    kit = ValueKit()
    leaves = [sg.Value(x) for x in point]
    result = program(kit, leaves)
    result.backward()
    expected = [leaf.grad for leaf in leaves]

    with sg.GradientTape() as tape:
        taped = program(kit, leaves)
    assert tape.gradient(taped, leaves, unconnected_gradients="zero") == expected

    constants = [sg.constant(x) for x in point]
    with sg.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(constants)
        watched = program(kit, constants)
    assert tape.gradient(watched, constants, unconnected_gradients="zero") == expected

    with sg.GradientTape(persistent=True), sg.GradientTape() as tape:
        nested = program(kit, leaves)
        assert tape.gradient(nested, leaves, unconnected_gradients="zero") == expected

    for again in (copy.deepcopy, lambda values: pickle.loads(pickle.dumps(values))):
        twins, copied = again([leaves, result])
        for leaf in twins:
            leaf.grad = 0.0
        copied.backward()
        assert [leaf.grad for leaf in twins] == expected
    assert taped.data == watched.data == result.data


@given(st.data())
def test_a_constant_among_the_inputs_changes_no_other_gradient(data: st.DataObject) -> None:
    program = data.draw(any_programs(max_inputs=3))
    point = data.draw(points(INPUTS, program.inputs))
    fixed = data.draw(st.lists(st.booleans(), min_size=program.inputs, max_size=program.inputs))
    leaves = [sg.Value(x) for x in point]
    program(ValueKit(), leaves).backward()
    mixed = [sg.constant(x) if is_fixed else sg.Value(x) for x, is_fixed in zip(point, fixed)]
    result = program(ValueKit(), mixed)
    if result.is_tracked:
        result.backward()
        for all_tracked, one, is_fixed in zip(leaves, mixed, fixed):
            assert is_fixed or one.grad == all_tracked.grad


@given(st.data())
def test_a_value_is_what_python_computes_bit_for_bit(data: st.DataObject) -> None:
    basic = [kind for kind in RATIONAL_STEPS + SMOOTH_STEPS if uses_only_what_math_has(*kind)]
    program = data.draw(programs(basic))
    point = data.draw(points(INPUTS, program.inputs))
    plain = program.trace(float_kit(), point)
    values = program.trace(ValueKit(), [sg.Value(x) for x in point])
    assert [float(x).hex() for x in plain] == [float(x.data).hex() for x in values]


class OneOperationError(Exception):
    """A step asks for what is one rounding in scalargrad and several in the kit of floats."""


class PickyKit(Kit):
    def __init__(self) -> None:
        super().__init__(math)
        for name in ("sigmoid", "softplus", "log_sigmoid", "norm", "logsumexp", "softmax_first", "relu", "abs"):
            setattr(self, name, self.refuse)
        for name in ("minimum", "clip", "min"):
            setattr(self, name, self.refuse)

    def refuse(self, *_: Any) -> Any:
        raise OneOperationError


def uses_only_what_math_has(arity: int, step: Any) -> bool:
    try:
        step(PickyKit(), *[0.5] * arity)
    except OneOperationError:
        return False
    return True


@given(st.data())
def test_backward_twice_adds_exactly_the_same_gradient_twice(data: st.DataObject) -> None:
    program = data.draw(any_programs())
    leaves = [sg.Value(x) for x in data.draw(points(INPUTS, program.inputs))]
    result = program(ValueKit(), leaves)
    result.backward()
    once = [leaf.grad for leaf in leaves]
    inner = {parent: parent.grad for parent in result.parents if parent.operation}
    result.backward()
    assert [leaf.grad for leaf in leaves] == [2 * g for g in once]
    assert all(parent.grad == inner[parent] for parent in result.parents if parent.operation)


@given(st.data())
def test_an_assignment_after_the_forward_pass_changes_no_gradient(data: st.DataObject) -> None:
    program = data.draw(any_programs())
    point = data.draw(points(INPUTS, program.inputs))
    leaves = [sg.Value(x) for x in point]
    program(ValueKit(), leaves).backward()
    variables = [sg.Variable(x) for x in point]
    with sg.GradientTape() as tape:
        result = program(ValueKit(), variables)
    for variable in variables:
        variable.assign(data.draw(INPUTS))
    gradients = tape.gradient(result, variables, unconnected_gradients="zero")
    assert gradients == [leaf.grad for leaf in leaves]


@given(st.lists(INPUTS, min_size=1, max_size=5), st.lists(INPUTS, min_size=5, max_size=5))
def test_an_infinite_derivative_times_a_zero_adjoint_is_nan_on_every_route(xs: list[float], ys: list[float]) -> None:
    zero = sg.Value(0.0)
    with sg.GradientTape(persistent=True) as tape:
        result = sg.sqrt(zero) * 0.0 + sg.Vector([sg.Value(x) for x in xs]).dot(ys[: len(xs)])
    assert math.isnan(tape.gradient(result, zero).data)
    result.backward()
    assert math.isnan(zero.grad)
