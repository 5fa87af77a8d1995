"""`GradientTape`: Jacobians, tapes inside tapes, and what is assigned between the forward pass and the gradient."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

import scalargrad as sg
from tests.support.profiles import sized
from tests.support.tapes import recorded, square

whole = st.integers(-9, 9).map(float)  # sums and products of a few of them are exact
fractions = st.fractions(-9, 9, max_denominator=9)


# ---- jacobian --------------------------------------------------------------------------------------------------------


matrices = st.integers(1, 4).flatmap(
    lambda columns: st.lists(st.lists(whole, min_size=columns, max_size=columns), min_size=1, max_size=4)
)


@given(matrices)
def test_the_jacobian_of_a_linear_map_is_its_matrix(matrix):
    v = sg.Variable([1.0] * len(matrix[0]))
    tape, y = recorded(lambda: sg.Vector([v @ row for row in matrix]))
    jacobian = tape.jacobian(y, v)
    assert type(jacobian) is list
    assert jacobian == matrix


@given(matrices)
def test_the_rows_of_the_jacobian_add_up_to_the_gradient(matrix):
    v = sg.Variable([float(i) for i in range(len(matrix[0]))])
    tape, y = recorded(lambda: sg.Vector([(v * v) @ row for row in matrix]), persistent=True)
    assert [sum(column) for column in zip(*tape.jacobian(y, v), strict=True)] == tape.gradient(y, v).tolist()


def test_the_jacobian_of_a_scalar_is_its_gradient_in_the_structure_of_the_sources():
    x, v = sg.Variable(3.0), sg.Variable([1.0, 2.0])
    tape, y = recorded(lambda: (v * v).sum() * x)
    assert tape.jacobian(y, {"x": x, "rest": (v,)}) == {"x": 5.0, "rest": ([6.0, 12.0],)}


def test_the_jacobian_of_a_vector_has_a_list_for_each_source_in_their_structure():
    x, v = sg.Variable(3.0), sg.Variable([1.0, 2.0])
    tape, y = recorded(lambda: v * v * x)
    assert tape.jacobian(y, {"x": x, "rest": (v,)}) == {"x": [1.0, 4.0], "rest": ([[6.0, 0.0], [0.0, 12.0]],)}


def test_the_jacobian_for_a_source_that_no_element_depends_on_is_none_unless_zero_is_asked_for():
    v, other, x = sg.Variable([1.0, 2.0]), sg.Variable([3.0]), sg.Variable(4.0)
    tape, y = recorded(square, v, persistent=True)
    rows = [[2.0, 0.0], [0.0, 4.0]]
    assert tape.jacobian(y, [v, other, x]) == [rows, None, None]
    assert tape.jacobian(y, [v, other, x], unconnected_gradients="zero") == [rows, [[0.0], [0.0]], [0.0, 0.0]]
    assert tape.jacobian(y[0], [v, other, x]) == [[2.0, 0.0], None, None]
    assert tape.jacobian(y[0], [v, other, x], unconnected_gradients="zero") == [[2.0, 0.0], [0.0], 0.0]


def test_the_jacobian_has_zeros_for_an_element_of_the_target_that_does_not_depend_on_the_source():
    x, y = sg.Variable(3.0), sg.Variable([1.0, 1.0])
    tape, target = recorded(lambda: sg.Vector([x * x, y.sum()]))
    assert tape.jacobian(target, [x, y]) == [[6.0, 0.0], [[0.0, 0.0], [1.0, 1.0]]]


@pytest.mark.parametrize("kind", [list, tuple])
def test_the_jacobian_of_several_targets_is_refused(kind):
    x = sg.Variable(3.0)
    tape, y = recorded(square, x)
    with pytest.raises(TypeError, match=f"jacobian takes one Value or Vector as its target, not .*{kind.__name__}"):
        tape.jacobian(kind([y]), x)


def test_the_jacobian_of_a_gradient_is_the_hessian():
    v = sg.Variable([2.0, 3.0])
    with sg.GradientTape() as outer:
        with sg.GradientTape() as inner:
            y = v[0] ** 2 * v[1] + v[1] ** 3
        gradient = inner.gradient(y, v)
    assert outer.jacobian(gradient, v) == [[6.0, 4.0], [4.0, 18.0]]


# ---- Tapes inside tapes ----------------------------------------------------------------------------------------------


def derivative_of_order(order, function, x):
    """The derivative, by as many tapes inside each other."""
    if order == 0:
        return function(x)
    with sg.GradientTape() as tape:
        y = derivative_of_order(order - 1, function, x)
    return tape.gradient(y, x, unconnected_gradients="zero")


def polynomial(coefficients, x):
    """A polynomial from its lowest coefficient up, by Horner's rule."""
    result = 0 * x
    for coefficient in reversed(coefficients):
        result = result * x + coefficient
    return result


def derived(coefficients):
    return [power * coefficient for power, coefficient in enumerate(coefficients)][1:]


@pytest.mark.parametrize("order", [1, 2, 3, 4])
@given(st.lists(fractions, min_size=1, max_size=5), fractions)
def test_tapes_inside_tapes_give_exact_derivatives_of_any_order(order, coefficients, number):
    expected = coefficients
    for _ in range(order):
        expected = derived(expected)
    leaf = sg.Variable(number)
    found = derivative_of_order(order, lambda x: polynomial(coefficients, x), leaf)
    assert found.data == polynomial(expected, number)


def test_gradients_of_three_orders_come_from_three_tapes():
    x = sg.Variable(2.0)
    with sg.GradientTape() as third:
        with sg.GradientTape() as second:
            with sg.GradientTape() as first:
                y = x**4
            slope = first.gradient(y, x)
        curvature = second.gradient(slope, x)
    assert [slope, curvature, third.gradient(curvature, x)] == [32.0, 48.0, 48.0]


def test_a_gradient_under_a_recording_tape_can_be_computed_with():
    x, v = sg.Variable(2.0), sg.Variable([1.0, 3.0])
    with sg.GradientTape() as outer:
        with sg.GradientTape() as inner:
            y = x**3 + (v * v).sum() * x
        dx, dv = inner.gradient(y, [x, v])
        penalty = dx * dx + (dv * dv).sum()
    assert (dx, dv) == (22.0, [4.0, 12.0])
    assert outer.gradient(penalty, [x, v]) == [2 * 22.0 * 12.0 + 8 * 2.0 * 10.0, [2 * 22 * 2 + 32.0, 2 * 22 * 6 + 96.0]]


def test_output_gradients_can_be_differentiated():
    x, weight = sg.Variable(3.0), sg.Variable(5.0)
    with sg.GradientTape() as outer:
        with sg.GradientTape() as inner:
            y = x * x
        gradient = inner.gradient(y, x, output_gradients=weight * weight)
    assert gradient == 150.0
    assert outer.gradient(gradient, [weight, x]) == [60.0, 50.0]


def test_a_gradient_outside_every_block_has_no_derivative():
    x = sg.Variable(3.0)
    with sg.GradientTape() as outer, sg.GradientTape() as inner:
        y = x * x
    gradient = inner.gradient(y, x)
    assert not gradient.is_tracked
    assert outer.gradient(gradient, x) is None


def test_a_constant_that_only_the_inner_tape_watches_has_no_second_derivative():
    c = sg.constant(3.0)
    with sg.GradientTape() as outer:
        with sg.GradientTape() as inner:
            inner.watch(c)
            y = c**3
        gradient = inner.gradient(y, c)
    assert gradient == 27.0
    assert outer.gradient(gradient, c) is None


def test_a_constant_that_both_tapes_watch_has_a_second_derivative():
    c = sg.constant(3.0)
    with sg.GradientTape() as outer:
        outer.watch(c)
        with sg.GradientTape() as inner:
            inner.watch(c)
            y = c**3
        gradient = inner.gradient(y, c)
    assert outer.gradient(gradient, c) == 18.0


def test_the_gradient_of_an_infinite_slope_times_zero_is_nan():
    x = sg.Variable(0.0)
    tape, y = recorded(lambda: sg.sqrt(x) * 0.0)
    gradient = tape.gradient(y, x).data
    assert gradient != gradient


# ---- Assignments between forward and gradient ------------------------------------------------------------------------


# Random straight-line programs on two scalar variables and a vector of two, with assignments in between.
BINARY = {"add": lambda a, b: a + b, "sub": lambda a, b: a - b, "mul": lambda a, b: a * b}

operation_steps = st.tuples(st.sampled_from([*BINARY]), st.integers(0, 12), st.integers(0, 12))
assignment_steps = st.tuples(
    st.sampled_from(["assign", "assign_add", "assign_sub"]), st.integers(0, 2), st.tuples(fractions, fractions)
)
programs = st.lists(st.one_of(operation_steps, operation_steps, assignment_steps), min_size=4, max_size=12)
four_numbers = st.lists(fractions, min_size=4, max_size=4)


class Dual:
    """A number with its partial derivatives by the four leaves: the forward rules, written once more."""

    def __init__(self, number, partials):
        self.number = number
        self.partials = partials

    def __add__(self, other):
        return Dual(self.number + other.number, [p + q for p, q in zip(self.partials, other.partials, strict=True)])

    def __sub__(self, other):
        return Dual(self.number - other.number, [p - q for p, q in zip(self.partials, other.partials, strict=True)])

    def __mul__(self, other):
        both = zip(self.partials, other.partials, strict=True)
        return Dual(self.number * other.number, [p * other.number + q * self.number for p, q in both])


def run_model(steps, numbers):
    """The last result and its gradient, as the numbers were when they were used."""
    leaves = [*numbers]
    results = []
    for name, i, j in steps:
        if name in BINARY:
            pool = [Dual(x, [Fraction(k == m) for m in range(4)]) for k, x in enumerate(leaves)] + results
            results.append(BINARY[name](pool[-1 - i % len(pool)], pool[-1 - j % len(pool)]))
        else:
            places = [2, 3] if i == 2 else [i]
            for place, number in zip(places, j, strict=False):
                sign = {"assign": 0, "assign_add": 1, "assign_sub": -1}[name]
                leaves[place] = leaves[place] + sign * number if sign else number
    return results[-1] if results else None


def run_program(steps, variables):
    """The last result of the program, with the variables assigned on its way."""
    a, b, v = variables
    results = []
    for name, i, j in steps:
        if name in BINARY:
            pool = [a, b, *v, *results]
            results.append(BINARY[name](pool[-1 - i % len(pool)], pool[-1 - j % len(pool)]))
        else:
            getattr(variables[i], name)([*j] if i == 2 else j[0])
    return results[-1] if results else None


def variables_of(numbers):
    return [sg.Variable(numbers[0], name="a"), sg.Variable(numbers[1], name="b"), sg.Variable(numbers[2:], name="v")]


@given(programs, four_numbers, programs)
def test_a_gradient_belongs_to_the_numbers_of_the_forward_pass_whatever_is_assigned(steps, numbers, afterwards):
    variables = variables_of(numbers)
    with sg.GradientTape() as tape:
        y = run_program(steps, variables)
    run_program(afterwards, variables)
    expected = run_model(steps, numbers)
    if expected is not None:
        da, db, dv = tape.gradient(y, variables, unconnected_gradients="zero")
        assert y.data == expected.number
        assert [da.data, db.data, *dv.tolist()] == expected.partials


def second_derivatives(steps, numbers, afterwards):
    """Of the last result: the derivatives of the sum of its gradient, with assignments before that is taken."""
    variables = variables_of(numbers)
    with sg.GradientTape() as outer:
        with sg.GradientTape() as inner:
            y = run_program(steps, variables)
        run_program(afterwards, variables)
        gradients = inner.gradient(y, variables, unconnected_gradients="zero")
    return outer.gradient(gradients, variables, unconnected_gradients="zero")


@given(
    st.lists(operation_steps, min_size=3, max_size=8),
    four_numbers,
    st.lists(assignment_steps, min_size=1, max_size=2),
)
def test_a_second_derivative_of_a_program_is_that_of_the_recorded_numbers_whatever_is_assigned(steps, numbers, changes):
    assert second_derivatives(steps, numbers, changes) == second_derivatives(steps, numbers, [])


def test_a_second_derivative_after_an_assignment_is_that_of_the_recorded_numbers():
    x, w = sg.Variable(3.0, name="x"), sg.Variable(2.0, name="w")
    with sg.GradientTape() as outer:
        with sg.GradientTape() as inner:
            y = x * x * x * w
        w.assign(10.0)
        x.assign(100.0)
        slope = inner.gradient(y, x)
    assert slope == 54.0
    assert outer.gradient(slope, [x, w]) == [36.0, 27.0]


@pytest.mark.parametrize("method", ["assign", "assign_add", "assign_sub"])
def test_a_second_derivative_after_the_assignment_of_a_vector_is_that_of_the_recorded_numbers(method):
    v = sg.Variable([3.0, 2.0], name="v")
    with sg.GradientTape() as outer:
        with sg.GradientTape() as inner:
            y = (v @ v) ** 2
        getattr(v, method)([10.0, 20.0])
        slope = inner.gradient(y, v)[0]
    assert slope == 4 * 13.0 * 3.0
    assert outer.gradient(slope, v) == [4 * 13.0 + 8 * 9.0, 8 * 6.0]


def test_a_second_derivative_does_not_depend_on_the_assignment_of_a_leaf_that_was_not_used():
    x, v, unused = sg.Variable(3.0), sg.Variable([1.0, 2.0]), sg.Variable(2.0)
    with sg.GradientTape() as outer:
        with sg.GradientTape() as inner:
            y = x * x * v[0]
        unused.assign(10.0)
        slope = inner.gradient(y, x)
    x.assign(10.0)
    assert slope == 6.0
    assert outer.gradient(slope, [x, v]) == [2.0, [6.0, 0.0]]


def test_a_derivative_that_was_recorded_before_an_assignment_stays():
    x = sg.Variable(3.0)
    with sg.GradientTape() as outer:
        with sg.GradientTape() as inner:
            y = x * x * x
        slope = inner.gradient(y, x)
        x.assign(100.0)
    assert slope == 27.0
    assert outer.gradient(slope, x) == 18.0


@pytest.mark.parametrize(
    "function",
    [
        lambda x, v: sg.exp(x) * v[0],
        lambda x, v: x**x,
        lambda x, v: v.prod(),
        lambda x, v: v @ v,
        lambda x, v: (v @ [x, x, x]) ** 2,
        lambda x, v: sg.logsumexp(v) * x,
        lambda x, v: sg.softmax(v) @ v,
        lambda x, v: sg.where(x > 1.0, x * x, v[2]),
    ],
)
def test_whatever_the_operation_its_recorded_gradient_outlives_an_assignment(function):
    x, v = sg.Variable(2.0), sg.Variable([1.0, 2.0, 4.0])
    tape, y = recorded(function, x, v, persistent=True)
    before = tape.gradient(y, [x, v])
    x.assign(-1.0)
    v.assign([7.0, 5.0, 3.0])
    assert tape.gradient(y, [x, v]) == before


def test_a_value_whose_data_was_set_keeps_its_recorded_gradient():
    x = sg.Value(3.0)
    tape, y = recorded(square, x)
    x.data = 100.0
    assert tape.gradient(y, x) == 6.0


def test_a_variable_that_is_not_trainable_counts_with_the_number_it_had():
    w, frozen = sg.Variable(3.0), sg.Variable(2.0, trainable=False)
    tape, y = recorded(lambda: w * frozen, persistent=True)
    frozen.assign(100.0)
    assert tape.gradient(y, w) == 2.0
    with tape:
        assert tape.gradient(y, w) == 2.0


# ---- Size ------------------------------------------------------------------------------------------------------------


DEEP = sized(20_000)


def power_by_multiplying(x, count=DEEP):
    y = x
    for _ in range(count - 1):
        y = y * x
    return y


@pytest.mark.parametrize("watch_accessed_variables", [True, False])
def test_a_chain_of_any_depth_has_its_gradient(watch_accessed_variables):
    x = sg.Variable(1.0)
    with sg.GradientTape(persistent=True, watch_accessed_variables=watch_accessed_variables) as tape:
        tape.watch(x)
        y = power_by_multiplying(x)
    assert tape.gradient(y, x) == DEEP
    assert tape.jacobian(y, x) == DEEP
    assert tape.explain(y, x).startswith("The gradient flows")


def test_a_chain_of_any_depth_has_its_second_derivative():
    x = sg.Variable(1.0)
    with sg.GradientTape() as outer:
        with sg.GradientTape() as inner:
            y = power_by_multiplying(x)
        slope = inner.gradient(y, x)
    assert outer.gradient(slope, x) == DEEP * (DEEP - 1)
