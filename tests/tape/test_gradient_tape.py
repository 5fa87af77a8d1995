"""`GradientTape`: what TensorFlow documents of it, one fact a test."""

import copy
import pickle
import random
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

import scalargrad as sg
from tests.support.tapes import Point, recorded, square

whole = st.integers(-9, 9).map(float)  # sums and products of a few of them are exact


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


def test_a_tape_shows_its_state_and_how_to_see_its_record():
    shows = "; tape.rows(target) shows its record>"
    x = sg.Variable(3.0)
    tape, persistent = sg.GradientTape(), sg.GradientTape(persistent=True)
    assert repr(tape) == f"<GradientTape, not entered yet{shows}"
    with tape, persistent:
        y = x * x
        assert repr(tape) == f"<GradientTape, recording{shows}"
        assert repr(persistent) == f"<GradientTape, persistent, recording{shows}"
    assert repr(tape) == f"<GradientTape, ended{shows}"
    for each in (tape, persistent):
        each.gradient(y, x)
    assert repr(tape) == f"<GradientTape, used up{shows}"
    assert repr(persistent) == f"<GradientTape, persistent, ended{shows}"


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


@pytest.mark.parametrize("duplicate", [copy.copy, copy.deepcopy, pickle.dumps, lambda tape: pickle.dumps(tape, 0)])
def test_a_tape_is_neither_copied_nor_pickled(duplicate):
    with pytest.raises(TypeError, match="a tape cannot be copied or pickled; keep the gradients"):
        duplicate(sg.GradientTape())


# ---- Vectors and matrices --------------------------------------------------------------------------------------------


def test_a_tape_that_watches_constants_of_many_numbers_gives_their_gradient():
    c, m, w = sg.constant([1.0, 2.0]), sg.constant([[1.0, 2.0], [3.0, 4.0]]), sg.Variable([5.0, 6.0])
    with sg.GradientTape(persistent=True) as tape:
        tape.watch([c, m])
        z = m @ c * w
        y = z.sum()
    assert tape.gradient(y, [c, m]) == [[5.0 + 18.0, 10.0 + 24.0], [[5.0, 10.0], [6.0, 12.0]]]
    assert tape.jacobian(z, c) == [[5.0, 10.0], [18.0, 24.0]]
    assert [g.tolist() for g in tape.jacobian(z, m)] == [[[5.0, 10.0], [0.0, 0.0]], [[0.0, 0.0], [6.0, 12.0]]]
    assert tape.gradient(y, w) == [5.0, 11.0]
    other = sg.constant([[1.0]])
    assert tape.gradient(y, other) is None
    assert tape.gradient(y, other, unconnected_gradients="zero") == [[0.0]]


def test_a_tape_may_watch_one_element():
    c = sg.constant([1.0, 2.0])
    with sg.GradientTape(persistent=True) as tape:
        tape.watch(c[0])
        y = (c * c).sum() + c[1]
    assert tape.gradient(y, c) == [2.0, 0.0]
    assert tape.gradient(y, c[0]).data == 2.0
    assert tape.gradient(y, c[1]) is None
    v = sg.Vector([sg.Value(1.0), sg.Value(2.0)]) * 2.0
    with sg.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(v[1])
        y = v.dot(v)
    assert tape.gradient(y, v) == [0.0, 8.0]


def test_a_matrix_may_be_a_target_with_output_gradients():
    w = sg.Variable([[1.0, 2.0], [3.0, 4.0]])
    with sg.GradientTape(persistent=True) as tape:
        doubled = w * 2.0
        y = doubled * doubled
    assert tape.gradient(y, w) == [[8.0, 16.0], [24.0, 32.0]]
    assert tape.gradient(y, w, [[1.0, 0.0], [0.0, 2.0]]) == [[8.0, 0.0], [0.0, 64.0]]
    assert tape.gradient(y, doubled, 0.5) == [[2.0, 4.0], [6.0, 8.0]]
    assert tape.gradient([y, doubled], {"w": w}) == {"w": [[10.0, 18.0], [26.0, 34.0]]}
    assert tape.gradient(w, w) == [[1.0, 1.0], [1.0, 1.0]]
    assert tape.gradient([doubled[0, 0], w[0, 0], w], w) == [[4.0, 1.0], [1.0, 1.0]]
    assert tape.gradient(w.T, w, [[1.0, 2.0], [3.0, 4.0]]) is not None
    assert tape.gradient(y, w, [[[1.0, 0.0], [0.0, 2.0]]]) == [[8.0, 0.0], [0.0, 64.0]]
    with pytest.raises(ValueError, match=r"expected 4 output gradients for Matrix.*, got shape \(1, 2\)"):
        tape.gradient(y, w, [[1.0, 2.0]])
    with sg.GradientTape() as tape:
        y = w[:1] * 2.0
    assert tape.gradient(y, w, [[1.0, 2.0]]) == [[2.0, 4.0], [0.0, 0.0]]
    assert "flows" in tape.explain(y, w)


def test_the_gradient_of_a_matrix_is_recorded_by_a_tape_around():
    w = sg.Variable([[1.0, 2.0], [3.0, 4.0]])
    with sg.GradientTape() as outer:
        with sg.GradientTape() as inner:
            y = (w * w * w).sum()
        slopes = inner.gradient(y, w)
        assert isinstance(slopes, sg.Matrix)
        once_more = (slopes @ [1.0, 10.0]).sum()
    assert outer.gradient(once_more, w) == [[6.0, 120.0], [18.0, 240.0]]


def test_a_part_of_a_computed_vector_is_a_source_too():
    w = sg.Variable([1.0, 2.0, 3.0])
    with sg.GradientTape(persistent=True) as tape:
        v = w * w
        part, turned = v[1:], sg.Matrix([v, w]).T
        y = (v * v).sum() + turned[0, 1]
    assert tape.gradient(y, part) == [8.0, 18.0]
    assert tape.gradient(y, turned) == [[2.0, 5.0], [8.0, 32.0], [18.0, 108.0]]
    assert tape.gradient(y, w[1:]) == [32.0, 108.0]
