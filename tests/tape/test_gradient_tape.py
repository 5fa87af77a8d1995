"""`GradientTape`: what TensorFlow documents of it, one fact a test."""

import random
from collections import namedtuple
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

import scalargrad as sg
from tests.support.profiles import sized

Point = namedtuple("Point", "x y")

whole = st.integers(-9, 9).map(float)  # sums and products of a few of them are exact
fractions = st.fractions(-9, 9, max_denominator=9)


def recorded(function, *arguments, **options):
    """A tape that has recorded `function(*arguments)`, and what that gave."""
    with sg.GradientTape(**options) as tape:
        result = function(*arguments)
    return tape, result


def square(x):
    return x * x


# ---- The lesson ------------------------------------------------------------------------------------------------------


def test_the_lesson_on_three_vectors():
    t1, t2 = sg.Variable([1, 2, 3]), sg.Variable([10, 20, 30])
    with sg.GradientTape() as tape:
        t3 = t1 * t2
        t4 = t3 + t2
    gradients = tape.gradient(t4, [t1, t2, t3])
    assert type(gradients) is list
    assert gradients == [[10, 20, 30], [2, 3, 4], [1, 1, 1]]


def test_the_lesson_with_a_constant_in_place_of_a_variable():
    t1, t2 = sg.constant([1, 2, 3]), sg.Variable([10, 20, 30])
    with sg.GradientTape() as tape:
        t3 = t1 * t2
        t4 = t3 + t2
    assert tape.gradient(t3, [t1, t2]) == [None, [1, 2, 3]]
    assert t4 == [20, 60, 120]


def samples(count):
    generator = random.Random(0)
    xs = [generator.gauss(0.0, 1.0) for _ in range(count)]
    return xs, [3 * x + 1 for x in xs]


def gradients_by_hand(w, b, x, y):
    return 2 * (w * x + b - y) * x, 2 * (w * x + b - y)


def test_the_lesson_on_fitting_a_line():
    learning_rate = 0.01
    xs, ys = samples(1000)
    w, b = sg.Variable(-1.0), sg.Variable(-1.0)
    w_trace, b_trace = [], []
    for x, y in zip(xs, ys, strict=True):
        with sg.GradientTape() as tape:
            loss = (w * x + b - y) ** 2
        dw, db = tape.gradient(loss, [w, b])
        w_trace.append(w.numpy())
        b_trace.append(b.numpy())
        assert [dw, db] == pytest.approx(gradients_by_hand(w_trace[-1], b_trace[-1], x, y), rel=1e-12)
        w = sg.Variable(w - learning_rate * dw)
        b = sg.Variable(b - learning_rate * db)
    assert (w_trace[0], b_trace[0]) == (-1.0, -1.0)
    assert w.numpy() == pytest.approx(3.0, abs=1e-6)
    assert b.numpy() == pytest.approx(1.0, abs=1e-6)


def test_the_lesson_with_a_model_and_a_loss_object():
    w, b = sg.Variable(-1.0), sg.Variable(-1.0)

    def model(x):
        return w * x + b

    def loss_object(y, prediction):
        return ((y - prediction) ** 2).mean()

    xs, ys = samples(50)
    for _ in range(300):
        with sg.GradientTape() as tape:
            prediction = model(sg.constant(xs))
            loss = loss_object(ys, prediction)
        for variable, gradient in zip([w, b], tape.gradient(loss, [w, b]), strict=True):
            variable.assign_sub(0.1 * gradient)
    assert w.numpy() == pytest.approx(3.0, abs=1e-6)
    assert b.numpy() == pytest.approx(1.0, abs=1e-6)


# ---- Targets and sources ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "arrange",
    [
        lambda x, y: x,
        lambda x, y: [x, y],
        lambda x, y: (y, x),
        lambda x, y: {"x": x, "y": y},
        lambda x, y: Point(x, y),
        lambda x, y: [x, [y, (x,)], {"deep": Point([x], {"y": y})}],
        lambda x, y: (),
        lambda x, y: {"empty": [], "x": x},
    ],
)
def test_the_gradients_have_the_structure_of_the_sources(arrange):
    x, y = sg.Variable(2.0), sg.Variable(3.0)
    tape, z = recorded(lambda: x * y)
    gradients, expected = tape.gradient(z, arrange(x, y)), arrange(3.0, 2.0)
    assert gradients == expected
    assert type(gradients) is type(expected) or expected == 3.0


@pytest.mark.parametrize(
    "arrange",
    [
        lambda a, b, v: [a, b, v],
        lambda a, b, v: (a, [b, (v,)]),
        lambda a, b, v: {"a": a, "rest": {"b": b, "v": v}},
        lambda a, b, v: Point(a, [b, v]),
        lambda a, b, v: a + b + v.sum(),
        lambda a, b, v: sg.Vector([a, *v, b]),
    ],
)
def test_several_targets_in_any_nesting_are_summed(arrange):
    x = sg.Variable(2.0)
    tape, targets = recorded(lambda: arrange(x * 10, x * 100, sg.Vector([x, x * x])))
    assert tape.gradient(targets, x) == 10 + 100 + 1 + 4


def test_a_target_listed_twice_counts_twice():
    x = sg.Variable(3.0)
    tape, y = recorded(square, x)
    assert tape.gradient([y, (y, [y])], x) == 18.0


def test_without_targets_nothing_is_connected():
    x = sg.Variable(3.0)
    tape, _ = recorded(square, x)
    assert tape.gradient([], [x]) == [None]


def test_the_same_source_twice_has_its_gradient_twice():
    x = sg.Variable(3.0)
    tape, y = recorded(square, x)
    assert tape.gradient(y, [x, {"again": x}]) == [6.0, {"again": 6.0}]


def test_an_intermediate_result_is_a_source():
    x = sg.Variable(3.0)
    tape, (y, z) = recorded(lambda: (y := x * x, y * y))
    assert tape.gradient(z, [x, y]) == [108.0, 18.0]


def test_an_intermediate_vector_is_a_source():
    v = sg.Variable([1.0, 2.0])
    tape, (w, z) = recorded(lambda: (w := v * v, (w * w).sum()))
    assert tape.gradient(z, [v, w]) == [[4.0, 32.0], [2.0, 8.0]]


def test_a_target_that_is_a_source_has_gradient_one():
    x, v = sg.Variable(3.0), sg.Variable([1.0, 2.0])
    tape, y = recorded(square, x, persistent=True)
    assert tape.gradient(y, [y, x]) == [1.0, 6.0]
    assert tape.gradient(x, x) == 1.0
    assert tape.gradient(v, v) == [1.0, 1.0]
    assert tape.gradient([y, x], [y, x]) == [1.0, 7.0]


def test_a_constant_target_that_is_its_own_source_has_gradient_one():
    c = sg.constant(3.0)
    tape, _ = recorded(lambda: None)
    assert tape.gradient(c, c) == 1.0


def test_a_constant_target_has_no_gradient():
    x = sg.Variable(3.0)
    tape, y = recorded(lambda: sg.constant(2.0) * 3.0)
    assert tape.gradient(y, x) is None


def test_a_vector_source_of_which_no_element_is_connected_has_no_gradient():
    v, x = sg.Variable([1.0, 2.0]), sg.Variable(3.0)
    tape, y = recorded(square, x)
    assert tape.gradient(y, v) is None


@given(st.lists(st.booleans(), min_size=1, max_size=6), st.data())
def test_a_vector_source_has_zeros_for_the_elements_that_are_not_connected(connected, data):
    factors = [data.draw(whole) if is_connected else None for is_connected in connected]
    v = sg.Variable([1.0] * len(factors))
    with sg.GradientTape() as tape:
        y = sum((x * factor for x, factor in zip(v, factors, strict=True) if factor is not None), sg.constant(0.0))
    expected = [factor or 0.0 for factor in factors] if any(connected) else None
    assert tape.gradient(y, v) == expected


def test_an_element_and_a_slice_of_a_variable_are_sources_wherever_they_were_taken():
    v = sg.Variable([1.0, 2.0, 3.0])
    first, rest = v[0], v[1:]
    tape, y = recorded(lambda: (v * v).sum())
    assert tape.gradient(y, [first, rest, v[2]]) == [2.0, [4.0, 6.0], 6.0]


def test_an_ordinary_value_and_a_vector_of_them_are_sources():
    x = sg.Value(3.0)
    v = sg.Vector([x, sg.Value(4.0)])
    tape, y = recorded(lambda: (v * v).sum())
    assert tape.gradient(y, [x, v]) == [6.0, [6.0, 8.0]]


def test_the_gradients_are_constants():
    x, v = sg.Variable(3.0), sg.Variable([1.0, 2.0])
    tape, y = recorded(lambda: x * v.sum())
    dx, dv = tape.gradient(y, [x, v])
    assert type(dv) is sg.Vector
    assert not any(gradient.is_tracked for gradient in [dx, *dv])


def test_a_tape_writes_no_grad():
    x, v = sg.Variable(3.0), sg.Variable([1.0, 2.0])
    tape, y = recorded(lambda: x * v.sum(), persistent=True)
    tape.gradient(y, [x, v])
    tape.jacobian(v * 1.0, v)
    assert (x.grad, y.grad, v.grad) == (0.0, 0.0, [0.0, 0.0])


def test_exact_numbers_have_exact_gradients():
    x = sg.Variable(Fraction(1, 3))
    tape, y = recorded(lambda: x * x * x, persistent=True)
    dx, unconnected = tape.gradient(y, [x, sg.constant(Fraction(2))], unconnected_gradients="zero")
    assert (type(dx.data), dx.data) == (Fraction, Fraction(1, 3))
    assert (type(unconnected.data), unconnected.data) == (Fraction, 0)


@pytest.mark.parametrize("target", [9.0, "y", None, [9.0], {"y": [None]}])
def test_a_target_that_is_not_a_value_is_refused(target):
    x = sg.Variable(3.0)
    tape, _ = recorded(square, x)
    with pytest.raises(TypeError, match=r"expected a Value or a Vector as target, got .* maximum\(0, x\)"):
        tape.gradient(target, x)


@pytest.mark.parametrize("source", [3.0, "x", None, [3.0], ([3.0],), {"x": [None]}])
def test_a_source_that_is_not_a_value_is_refused(source):
    tape, y = recorded(square, sg.Variable(3.0))
    with pytest.raises(TypeError, match=r"expected a Value or a Vector as source, got (3\.0|'x'|None) "):
        tape.gradient(y, source)


# ---- Output gradients ------------------------------------------------------------------------------------------------


@given(whole, whole)
def test_an_output_gradient_weights_its_target(number, weight):
    x = sg.Variable(number)
    tape, y = recorded(square, x)
    assert tape.gradient(y, x, output_gradients=weight) == weight * 2.0 * number


@pytest.mark.parametrize("kind", [list, tuple, sg.Vector, sg.constant, sg.Variable])
def test_the_output_gradients_of_a_vector_are_a_sequence(kind):
    v = sg.Variable([1.0, 2.0])
    tape, y = recorded(square, v)
    assert tape.gradient(y, v, output_gradients=kind([10.0, 100.0])) == [20.0, 400.0]


def test_one_number_weights_every_element_of_a_vector():
    v = sg.Variable([1.0, 2.0])
    tape, y = recorded(square, v)
    assert tape.gradient(y, v, output_gradients=3.0) == [6.0, 12.0]


@pytest.mark.parametrize(
    ("arrange", "weights"),
    [
        (lambda a, b, v: [a, b, v], [1.0, 2.0, [3.0, 4.0]]),
        (lambda a, b, v: (a, b, v), [1.0, sg.constant(2.0), sg.constant([3.0, 4.0])]),
        (lambda a, b, v: [[a, b], v], [[1.0, 2.0], [3.0, 4.0]]),
        (lambda a, b, v: ([a], {"b": b, "v": [v]}), ([1.0], {"b": 2.0, "v": [[3.0, 4.0]]})),
        (lambda a, b, v: {"a": a, "b": b, "v": v}, {"v": [3.0, 4.0], "b": 2.0, "a": 1.0}),
    ],
    ids=["list", "tuple", "nested lists", "mixed", "dict in another order"],
)
def test_output_gradients_have_the_structure_of_the_targets(arrange, weights):
    x = sg.Variable(1.0)
    tape, targets = recorded(lambda: arrange(x * 1, x * 10, sg.Vector([x * 100, x * 1000])))
    assert tape.gradient(targets, x, output_gradients=weights) == 1 + 20 + 300 + 4000


def test_the_output_gradient_of_a_single_target_may_stand_in_a_list_of_one():
    x, v = sg.Variable(2.0), sg.Variable([1.0, 2.0])
    tape, (y, w) = recorded(lambda: (x * x, v * v), persistent=True)
    assert tape.gradient(y, x, output_gradients=[3.0]) == 12.0
    assert tape.gradient(w, v, output_gradients=[[10.0, 100.0]]) == [20.0, 400.0]


def test_a_vector_of_output_gradients_serves_several_scalar_targets():
    x = sg.Variable(3.0)
    tape, targets = recorded(lambda: [x * 1, x * 10])
    assert tape.gradient(targets, x, output_gradients=sg.Vector([2.0, 3.0])) == 32.0


def test_the_weights_of_a_target_listed_twice_add_up():
    x = sg.Variable(3.0)
    tape, y = recorded(square, x)
    assert tape.gradient([y, y], x, output_gradients=[10.0, 1.0]) == 66.0


@pytest.mark.parametrize("weights", [[], [1.0], [1.0, 2.0, 3.0]])
def test_another_number_of_output_gradients_than_targets_is_refused(weights):
    x = sg.Variable(3.0)
    tape, targets = recorded(lambda: [x * 1, x * 2])
    with pytest.raises(ValueError, match=rf"expected 2 output_gradients, one for each target, got {len(weights)}"):
        tape.gradient(targets, x, output_gradients=weights)


def test_one_number_as_output_gradients_of_several_targets_is_refused():
    x = sg.Variable(3.0)
    tape, targets = recorded(lambda: [x * 1, x * 2])
    with pytest.raises(ValueError, match="expected 2 output_gradients, one for each target"):
        tape.gradient(targets, x, output_gradients=1.0)


@pytest.mark.parametrize("weights", [[], [1.0], [1.0, 2.0, 3.0]])
def test_output_gradients_of_another_length_than_a_vector_target_are_refused(weights):
    v = sg.Variable([1.0, 2.0])
    tape, y = recorded(square, v)
    with pytest.raises(ValueError, match=rf"expected 2 output gradients for Vector.*, got {len(weights)}"):
        tape.gradient([y], v, output_gradients=[weights])


def test_several_output_gradients_for_a_scalar_target_are_refused():
    x = sg.Variable(3.0)
    tape, y = recorded(square, x)
    with pytest.raises(ValueError, match=r"expected 1 output gradient for .*, got 2"):
        tape.gradient([y], x, output_gradients=[[1.0, 2.0]])


@pytest.mark.parametrize("weight", ["1", 1j])
def test_an_output_gradient_that_is_not_a_real_number_is_refused(weight):
    x = sg.Variable(3.0)
    tape, y = recorded(square, x)
    with pytest.raises(TypeError, match="expected a real number"):
        tape.gradient(y, x, output_gradients=weight)


# ---- Unconnected gradients -------------------------------------------------------------------------------------------


def test_the_gradient_of_an_unconnected_source_is_none_unless_zero_is_asked_for():
    x, other, v = sg.Variable(3.0), sg.Variable(4.0), sg.Variable([1.0, 2.0])
    tape, y = recorded(square, x, persistent=True)
    assert tape.gradient(y, [x, other, v]) == [6.0, None, None]
    assert tape.gradient(y, [x, other, v], unconnected_gradients="none") == [6.0, None, None]
    assert tape.gradient(y, [x, other, v], unconnected_gradients="zero") == [6.0, 0.0, [0.0, 0.0]]


def test_zero_may_be_asked_for_of_constants_too():
    c = sg.constant([1.0, 2.0])
    tape, y = recorded(square, c)
    assert tape.gradient(y, c, unconnected_gradients="zero") == [0.0, 0.0]


@pytest.mark.parametrize("ask", ["gradient", "jacobian"])
@pytest.mark.parametrize("unknown", ["nope", "None", None, 0])
def test_an_unknown_option_for_unconnected_gradients_is_refused(ask, unknown):
    x = sg.Variable(3.0)
    tape, y = recorded(square, x)
    with pytest.raises(ValueError, match=rf"unconnected_gradients is 'none' or 'zero', not {unknown!r}"):
        getattr(tape, ask)(y, x, unconnected_gradients=unknown)


# ---- One use, or many ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("first", ["gradient", "jacobian"])
@pytest.mark.parametrize("second", ["gradient", "jacobian"])
def test_a_second_gradient_of_a_tape_that_is_not_persistent_is_refused(first, second):
    x = sg.Variable(3.0)
    tape, y = recorded(square, x)
    assert getattr(tape, first)(y, x) == 6.0
    with pytest.raises(RuntimeError, match="persistent=True"):
        getattr(tape, second)(y, x)


def test_a_persistent_tape_gives_any_number_of_gradients():
    x = sg.Variable(3.0)
    tape, (y, z) = recorded(lambda: (y := x * x, y * y), persistent=True)
    for _ in range(3):
        assert tape.gradient(z, x) == 108.0
        assert tape.gradient(y, x) == 6.0
        assert tape.jacobian(z, y) == 18.0


@pytest.mark.parametrize(
    ("misuse", "error"),
    [
        (lambda tape, y, x: tape.gradient(9.0, x), TypeError),
        (lambda tape, y, x: tape.gradient(y, "x"), TypeError),
        (lambda tape, y, x: tape.gradient(y, x, output_gradients="1"), TypeError),
        (lambda tape, y, x: tape.gradient(y, x, output_gradients=[1.0, 2.0]), ValueError),
        (lambda tape, y, x: tape.gradient([y], x, output_gradients=[]), ValueError),
        (lambda tape, y, x: tape.gradient(y, x, unconnected_gradients="nope"), ValueError),
        (lambda tape, y, x: tape.jacobian([y], x), TypeError),
        (lambda tape, y, x: tape.jacobian(9.0, x), TypeError),
        (lambda tape, y, x: tape.jacobian(y, 3.0), TypeError),
        (lambda tape, y, x: tape.jacobian(y, x, unconnected_gradients="nope"), ValueError),
        (lambda tape, y, x: tape.explain(y, 3.0), TypeError),
    ],
)
def test_bad_arguments_do_not_use_a_tape_up(misuse, error):
    x = sg.Variable(3.0)
    tape, y = recorded(square, x)
    with pytest.raises(error, match=r"expected|takes|unconnected_gradients"):
        misuse(tape, y, x)
    assert tape.gradient(y, x) == 6.0


@pytest.mark.parametrize("ask", ["gradient", "jacobian"])
def test_a_tape_that_was_never_entered_gives_no_gradient(ask):
    x = sg.Variable(3.0)
    with pytest.raises(RuntimeError, match="this tape has recorded nothing"):
        getattr(sg.GradientTape(), ask)(x, x)


# ---- When it records -------------------------------------------------------------------------------------------------


def test_what_was_computed_before_the_tape_is_not_on_it():
    x = sg.Variable(3.0)
    y = x * x
    tape, z = recorded(lambda: y * 2.0, persistent=True)
    assert tape.gradient(z, x) is None
    assert tape.gradient(z, y) is None
    assert tape.gradient(y, x) is None
    assert tape.gradient(z, [x, y], unconnected_gradients="zero") == [0.0, 0.0]
    assert tape.jacobian(z, [x, y]) == [None, None]


def test_what_was_computed_from_nothing_that_is_on_the_tape_is_not_on_it():
    x = sg.Variable(3.0)
    before = x * x
    tape, (y, z) = recorded(lambda: (y := before * 3.0, y * 2.0))
    assert tape.gradient(z, [y, before, x]) == [None, None, None]


def test_a_vector_computed_before_the_tape_is_not_on_it():
    v = sg.Variable([1.0, 2.0])
    before = v * v
    tape, y = recorded(lambda: before.sum() + v.sum())
    assert tape.gradient(y, [before, v]) == [None, [1.0, 1.0]]


def test_a_variable_updated_by_an_operator_is_an_ordinary_value_and_not_on_the_next_tape():
    w = sg.Variable(3.0)
    tape, loss = recorded(lambda: w * w)
    w = w - 0.1 * tape.gradient(loss, w)
    tape, loss = recorded(lambda: w * w)
    assert tape.gradient(loss, w) is None


def test_what_is_computed_after_the_tape_is_not_on_it():
    x = sg.Variable(3.0)
    tape, y = recorded(square, x, persistent=True)
    z = y * x
    assert tape.gradient(z, [x, y]) == [None, None]
    assert tape.gradient(y, x) == 6.0


def test_a_tape_entered_again_goes_on_recording():
    x = sg.Variable(3.0)
    tape = sg.GradientTape()
    with tape:
        y = x * x
    between = y * 1.0
    with tape:
        z = y * x + between
    assert tape.gradient(z, [x, y, between]) == [27.0, 3.0, None]


@pytest.mark.parametrize("persistent", [True, False])
def test_a_tape_cannot_be_entered_while_it_is_recording(persistent):
    x = sg.Variable(3.0)
    with sg.GradientTape(persistent) as tape:
        with pytest.raises(ValueError, match="the tape is still recording"):
            tape.__enter__()
        y = x * x
    assert tape.gradient(y, x) == 6.0


def test_a_tape_entered_after_its_use_begins_anew():
    x, c = sg.Variable(3.0), sg.constant(2.0)
    tape = sg.GradientTape()
    with tape:
        tape.watch(c)
        y = x * x
    assert tape.gradient(y, x) == 6.0
    with tape:
        z = y * x * c
    assert tape.watched_variables() == (x,)
    assert tape.gradient(z, [x, y, c]) == [18.0, None, None]
    with pytest.raises(RuntimeError, match="persistent=True"):
        tape.gradient(z, x)


def test_a_gradient_taken_inside_the_block_ends_the_recording():
    x = sg.Variable(3.0)
    with sg.GradientTape() as tape:
        y = x * x
        assert tape.gradient(y, x) == 6.0
        z = y * x
        with pytest.raises(RuntimeError, match="a tape that is not recording"):
            tape.stop_recording()
    with sg.GradientTape() as later:
        w = z * x
    assert later.gradient(w, x) == 27.0


def test_a_persistent_tape_records_the_gradient_taken_inside_its_block():
    x = sg.Variable(3.0)
    with sg.GradientTape(persistent=True) as tape:
        y = x * x * x
        first = tape.gradient(y, x)
        second = tape.gradient(first, x)
    assert first == 27.0
    assert second == 18.0
    assert tape.gradient(first, x) == 18.0
    assert tape.gradient(second, x) == 6.0


def test_an_error_leaves_the_block_and_ends_the_recording():
    x = sg.Variable(3.0)
    tape = sg.GradientTape(persistent=True)
    results = []

    def fail_inside():
        with tape:
            results.append(x * x)
            raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        fail_inside()
    (y,) = results
    assert tape.gradient(y, x) == 6.0
    assert tape.gradient(y * x, x) is None


# ---- What it watches -------------------------------------------------------------------------------------------------


def test_leaves_are_watched_by_their_use_and_constants_are_not():
    v, w, frozen, c = sg.Value(2.0), sg.Variable(3.0), sg.Variable(5.0, trainable=False), sg.constant(7.0)
    tape, y = recorded(lambda: v * w * frozen * c)
    assert tape.gradient(y, [v, w, frozen, c]) == [105.0, 70.0, None, None]


def test_a_tape_asked_not_to_watch_by_use_watches_what_it_is_told_to():
    x, y, v = sg.Variable(2.0), sg.Variable(3.0), sg.Variable([5.0, 7.0])
    with sg.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch([x, v])
        unwatched = y * y
        z = x * unwatched * v.sum()
    assert tape.gradient(z, [x, y, v, unwatched]) == [108.0, None, [18.0, 18.0], None]


def test_a_tape_asked_not_to_watch_by_use_records_nothing_unless_told():
    x = sg.Variable(2.0)
    tape, (y, z) = recorded(lambda: (y := x * x, y * y), watch_accessed_variables=False, persistent=True)
    assert tape.gradient(z, [x, y]) == [None, None]
    assert tape.gradient(y, y) == 1.0
    assert tape.watched_variables() == ()


def test_an_intermediate_result_that_is_watched_is_where_its_gradients_end():
    x = sg.Variable(3.0)
    with sg.GradientTape(watch_accessed_variables=False) as tape:
        y = x * x
        tape.watch(y)
        z = y * y
    assert tape.gradient(z, [y, x]) == [18.0, None]


@pytest.mark.parametrize("watch_accessed_variables", [True, False])
@pytest.mark.parametrize(
    "arrange",
    [
        lambda c, frozen, v: [c, frozen, v],
        lambda c, frozen, v: {"c": (c,), "rest": [[frozen], v]},
        lambda c, frozen, v: Point(c, (frozen, [*v])),
    ],
)
def test_constants_and_vectors_in_any_nesting_can_be_watched(watch_accessed_variables, arrange):
    c, frozen, v = sg.constant(2.0), sg.Variable(3.0, trainable=False), sg.constant([5.0, 7.0])
    with sg.GradientTape(watch_accessed_variables=watch_accessed_variables) as tape:
        tape.watch(arrange(c, frozen, v))
        y = c * frozen * v.sum()
    assert tape.gradient(y, [c, frozen, v]) == [36.0, 24.0, [6.0, 6.0]]


def test_watching_one_element_of_a_vector_gives_zeros_for_the_rest():
    v = sg.constant([2.0, 3.0])
    with sg.GradientTape() as tape:
        tape.watch(v[1])
        y = (v * v).sum()
    assert tape.gradient(y, v) == [0.0, 6.0]


def test_a_result_computed_before_the_tape_can_be_watched():
    x = sg.Variable(3.0)
    y = x * x
    with sg.GradientTape() as tape:
        tape.watch(y)
        z = y * x
    assert tape.gradient(z, [y, x]) == [3.0, 9.0]


def test_watching_may_come_before_the_block():
    c = sg.constant(3.0)
    tape = sg.GradientTape()
    tape.watch(c)
    with tape:
        y = c * c
    assert tape.gradient(y, c) == 6.0


def test_watching_lasts_when_the_tape_is_entered_again():
    c = sg.constant(3.0)
    tape = sg.GradientTape()
    with tape:
        tape.watch(c)
    with tape:
        y = c * c
    assert tape.gradient(y, c) == 6.0


def test_watching_ends_with_the_tape():
    c = sg.constant(3.0)
    with sg.GradientTape() as tape:
        tape.watch(c)
        y = c * c
    assert tape.gradient(y, c) == 6.0
    assert not (c * c).is_tracked
    later, z = recorded(square, c)
    assert later.gradient(z, c) is None


@pytest.mark.parametrize("watching_is_inside", [True, False])
def test_another_tape_does_not_see_what_one_tape_watches(watching_is_inside):
    c, x = sg.constant(3.0), sg.Variable(2.0)
    watching, other = sg.GradientTape(), sg.GradientTape()
    first, second = (other, watching) if watching_is_inside else (watching, other)
    with first, second:
        watching.watch(c)
        y = c * c
        z = y * x
    assert watching.gradient(z, [c, y, x]) == [12.0, 2.0, 9.0]
    assert other.gradient(z, [c, y, x]) == [None, None, 9.0]


def test_a_constant_watched_only_after_its_use_has_no_gradient():
    c = sg.constant(3.0)
    with sg.GradientTape() as tape:
        y = c * c
        tape.watch(c)
    assert tape.gradient(y, c) is None


def test_only_what_is_computed_after_the_watching_counts():
    x = sg.Variable(3.0)
    before = x * 2.0
    with sg.GradientTape(watch_accessed_variables=False) as tape:
        y = x * 5.0 + before * 5.0
        tape.watch([x, before])
        z = y + x + before
    assert tape.gradient(z, [x, before]) == [1.0, 1.0]


@pytest.mark.parametrize("other", [3.0, "x", None])
def test_what_is_not_a_value_cannot_be_watched(other):
    c = sg.constant(3.0)
    with sg.GradientTape() as tape:
        with pytest.raises(ValueError, match=rf"a tape watches Values and Vectors, not {other!r}"):
            tape.watch([c, (other,)])
        y = c * c
    assert tape.gradient(y, c) is None


def test_float_of_a_watched_constant_is_refused_while_the_tape_records():
    c = sg.constant(3.0)
    with sg.GradientTape() as tape:
        tape.watch(c)
        with pytest.raises(TypeError, match=r"lose its gradient in silence; use scalargrad\.sin\(\)"):
            float(c)
    assert float(c) == 3.0


# ---- The variables it watched ----------------------------------------------------------------------------------------


def same(found, expected):
    """Whether two tuples hold the very same variables, since `==` would compare their numbers."""
    return type(found) is tuple and [*map(id, found)] == [*map(id, expected)]


def test_the_watched_variables_come_in_the_order_of_their_first_use_or_watching():
    a, b, c, d = map(sg.Variable, [1.0, 1.0, [1.0, 1.0], 1.0])
    with sg.GradientTape() as tape:
        assert same(tape.watched_variables(), ())
        y = b * 2.0
        assert same(tape.watched_variables(), (b,))
        tape.watch(d)
        y = y * c.sum() * a * d * b
    assert same(tape.watched_variables(), (b, d, c, a))


@pytest.mark.parametrize(
    "use",
    [
        sg.sin,
        lambda v: 2.0 * v,
        lambda v: v + v,
        lambda v: sg.clip(v, 0.0, 10.0),
        lambda v: sg.where(True, v, 0.0),
        lambda v: sg.Vector([v, 1.0]).sum(),
    ],
)
def test_a_tape_watches_the_variables_that_any_kind_of_operation_uses_and_no_plain_value(use):
    w, x = sg.Variable(3.0), sg.Value(3.0)
    with sg.GradientTape() as tape:
        use(w)
        use(x)
    assert same(tape.watched_variables(), (w,))


def test_the_watched_variables_outlast_the_gradient():
    w, v = sg.Variable(3.0), sg.Variable([1.0, 2.0])
    tape, y = recorded(lambda: v.sum() * w)
    assert tape.gradient(y, w) == 3.0
    assert same(tape.watched_variables(), (v, w))


@pytest.mark.parametrize(
    "use",
    [
        lambda v: v[0],
        lambda v: v[1:],
        lambda v: [*v],
        lambda v: v + 1.0,
        lambda v: [2.0, 2.0] * v,
        lambda v: v.sum(),
        lambda v: sg.Vector([1.0, 1.0]) @ v,
        lambda v: sg.sin(v),
        lambda v: sg.softmax(v),
    ],
)
def test_using_any_part_of_a_vector_variable_watches_it(use):
    v = sg.Variable([1.0, 2.0])
    tape, _ = recorded(use, v)
    assert same(tape.watched_variables(), (v,))


@pytest.mark.parametrize(
    "use",
    [
        lambda w: w + 1.0,
        lambda w: 1.0 + w,
        lambda w: w * sg.Value(2.0),
        lambda w: sg.Value(2.0) * w,
        lambda w: sg.constant(2.0) * w,
        lambda w: w - [1.0, 2.0],
        lambda w: -w,
        lambda w: sg.exp(w),
        lambda w: w.tanh(),
        lambda w: sg.maximum(0.0, w),
        lambda w: sg.Vector([w, 1.0]).sum(),
    ],
)
def test_using_a_scalar_variable_in_any_operation_watches_it(use):
    w = sg.Variable(0.5)
    tape, _ = recorded(use, w)
    assert same(tape.watched_variables(), (w,))


def test_ordinary_values_are_not_among_the_watched_variables():
    x, c, v = sg.Value(3.0), sg.constant(2.0), sg.Vector([sg.Value(1.0)])
    with sg.GradientTape() as tape:
        tape.watch([x, c, v])
        _ = x * c * v
    assert same(tape.watched_variables(), ())


def test_a_variable_that_is_not_trainable_is_watched_only_by_name():
    frozen, cold = sg.Variable(3.0, trainable=False), sg.Variable([1.0], trainable=False)
    for names in [], [frozen], [cold], [frozen, cold]:
        with sg.GradientTape() as tape:
            tape.watch(names)
            _ = frozen * cold
        assert same(tape.watched_variables(), names)


def test_without_watching_by_use_only_what_is_named_is_among_the_watched_variables():
    used, named, unused = sg.Variable(1.0), sg.Variable([2.0]), sg.Variable(3.0)
    with sg.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch([unused, named])
        _ = used * named
    assert same(tape.watched_variables(), (unused, named))


def test_what_is_used_while_the_tape_does_not_record_is_not_watched():
    before, paused, inside, after = (sg.Variable(1.0) for _ in range(4))
    _ = before * 2.0
    with sg.GradientTape() as tape:
        with tape.stop_recording():
            _ = paused * 2.0
        _ = inside * 2.0
    _ = after * 2.0
    assert same(tape.watched_variables(), (inside,))


def test_tapes_within_each_other_have_each_their_own_watched_variables():
    a, b, c = (sg.Variable(1.0) for _ in range(3))
    with sg.GradientTape() as outer:
        _ = a * 2.0
        with sg.GradientTape() as inner, sg.GradientTape(watch_accessed_variables=False) as selective:
            _ = b * 2.0
            selective.watch(c)
    assert same(outer.watched_variables(), (a, b))
    assert same(inner.watched_variables(), (b,))
    assert same(selective.watched_variables(), (c,))


# ---- stop_recording and reset ----------------------------------------------------------------------------------------


def test_what_is_computed_while_recording_is_stopped_is_not_on_the_tape():
    x = sg.Variable(3.0)
    with sg.GradientTape(persistent=True) as tape:
        before = x * x
        with tape.stop_recording():
            paused = x * x
        after = paused * x + before
    assert tape.gradient(paused, x) is None
    assert tape.gradient(after, [x, before, paused]) == [15.0, 1.0, None]


def test_another_tape_goes_on_recording_while_one_is_stopped():
    x = sg.Variable(3.0)
    with sg.GradientTape() as outer, sg.GradientTape() as inner:
        with outer.stop_recording():
            y = x * x
        with inner.stop_recording():
            z = x * x
    assert outer.gradient([y, z], [x, y, z]) == [6.0, 1.0, 1.0]
    assert inner.gradient([y, z], [x, y, z]) == [6.0, 1.0, 1.0]


def test_each_of_two_tapes_misses_only_what_was_computed_in_its_own_pause():
    x = sg.Variable(3.0)
    with sg.GradientTape(persistent=True) as outer, sg.GradientTape(persistent=True) as inner:
        with outer.stop_recording():
            y = x * x
        with inner.stop_recording():
            z = x * x
    assert [outer.gradient(y, x), outer.gradient(z, x)] == [None, 6.0]
    assert [inner.gradient(y, x), inner.gradient(z, x)] == [6.0, None]


def test_recording_goes_on_after_an_error_in_the_pause():
    x = sg.Variable(3.0)
    with sg.GradientTape() as tape:
        with pytest.raises(KeyError, match="mine"), tape.stop_recording():
            raise KeyError("mine")
        y = x * x
    assert tape.gradient(y, x) == 6.0


def test_a_gradient_taken_while_recording_is_stopped_is_not_recorded():
    x = sg.Variable(3.0)
    with sg.GradientTape(persistent=True) as tape:
        y = x * x
        with tape.stop_recording():
            first = tape.gradient(y, x)
    assert first == 6.0
    assert not first.is_tracked


def test_recording_cannot_be_stopped_unless_it_runs():
    tape = sg.GradientTape()
    with pytest.raises(RuntimeError, match=r"stop_recording\(\) of a tape that is not recording"):
        tape.stop_recording()
    with tape:
        pass
    with pytest.raises(RuntimeError, match=r"stop_recording\(\) of a tape that is not recording"):
        tape.stop_recording()


def test_reset_forgets_what_was_recorded_and_watched():
    x, z, c = sg.Variable(3.0), sg.Variable(5.0), sg.constant(2.0)
    with sg.GradientTape(persistent=True) as tape:
        tape.watch(c)
        y = x * x
        tape.reset()
        w = y * z * c
    assert tape.gradient(w, [x, z, c]) == [None, 18.0, None]
    assert tape.gradient(y, x) is None
    assert same(tape.watched_variables(), (z,))


def test_what_was_computed_before_a_reset_is_no_source():
    x = sg.Variable(3.0)
    with sg.GradientTape() as tape:
        y = x * x
        tape.reset()
        z = y * x
    assert tape.gradient(z, [y, x]) == [None, 9.0]


def test_a_tape_can_be_told_again_what_to_watch_after_a_reset():
    c = sg.constant(3.0)
    with sg.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(c)
        tape.reset()
        tape.watch(c)
        y = c * c
    assert tape.gradient(y, c) == 6.0


def test_a_reset_of_one_tape_leaves_another_alone():
    x = sg.Variable(3.0)
    with sg.GradientTape() as outer, sg.GradientTape() as inner:
        y = x * x
        inner.reset()
    assert outer.gradient(y, x) == 6.0
    assert inner.gradient(y, x) is None


def test_a_tape_that_is_not_recording_cannot_be_reset():
    tape = sg.GradientTape()
    with pytest.raises(ValueError, match=r"reset\(\) of a tape that is not recording"):
        tape.reset()
    with tape:
        pass
    with pytest.raises(ValueError, match=r"reset\(\) of a tape that is not recording"):
        tape.reset()


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
