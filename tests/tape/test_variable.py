"""`Variable`, `constant` and `stop_gradient`: the leaves by TensorFlow's names."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import scalargrad as sg

finite = st.floats(allow_nan=False, allow_infinity=False)
vectors = st.lists(finite, min_size=1, max_size=5)
pairs_of_vectors = st.integers(1, 5).flatmap(
    lambda n: st.tuples(st.lists(finite, min_size=n, max_size=n), st.lists(finite, min_size=n, max_size=n))
)


# ---- What a variable is ----------------------------------------------------------------------------------------------


@given(finite)
def test_a_variable_of_a_number_is_a_value_of_that_number(number):
    w = sg.Variable(number)
    assert isinstance(w, sg.Value)
    assert isinstance(w, sg.Variable)
    assert repr(w.data) == repr(number)
    assert w.is_tracked
    assert w.trainable


@given(vectors)
def test_a_variable_of_a_list_is_a_vector_of_those_numbers(numbers):
    w = sg.Variable(numbers)
    assert isinstance(w, sg.Vector)
    assert isinstance(w, sg.Variable)
    assert w.tolist() == numbers
    assert all(element.is_tracked for element in w)
    assert w.trainable


def test_an_ordinary_value_or_vector_is_not_a_variable():
    assert not isinstance(sg.Value(1.0), sg.Variable)
    assert not isinstance(sg.Vector([1.0]), sg.Variable)


@pytest.mark.parametrize("number", [3, True, np.float64(3.0), np.int32(3)])
def test_integers_truth_values_and_numpy_scalars_become_floats(number):
    for leaf in (sg.Variable(number), sg.Variable([number])[0], sg.constant(number), sg.constant([number])[0]):
        assert type(leaf.data) is float
        assert leaf.data == number


def test_exact_numbers_stay_exact():
    third = Fraction(1, 3)
    assert sg.Variable(third).assign_add(third).data == Fraction(2, 3)
    assert sg.Variable([third]).assign_sub([1]).tolist() == [Fraction(-2, 3)]
    assert type(sg.constant(third).data) is Fraction


@pytest.mark.parametrize("values", [(1.0, 2.0), np.array([1.0, 2.0]), sg.Vector([1.0, 2.0]), [sg.Value(1.0), 2]])
def test_a_vector_variable_takes_any_sequence_of_numbers_and_values(values):
    assert sg.Variable(values).tolist() == [1.0, 2.0]


def test_a_variable_of_a_value_is_a_new_leaf_with_its_number_alone():
    v = sg.Value(3.0)
    w = sg.Variable(v * v)
    (w * 2.0).backward()
    assert w.data == 9.0
    assert w.grad == 2.0
    assert v.grad == 0.0


def test_a_variable_of_a_vector_has_new_leaves_with_its_numbers_alone():
    v = sg.Variable([1.0, 2.0])
    w = sg.Variable(v)
    w.sum().backward()
    assert w.grad == [1.0, 1.0]
    assert v.grad == [0.0, 0.0]


@pytest.mark.parametrize("initial", ["3", None, 1j, {1.0}])
def test_a_variable_of_what_is_not_a_real_number_is_refused(initial):
    with pytest.raises(TypeError, match="expected a real number"):
        sg.Variable(initial)


@pytest.mark.parametrize("initial", [["3"], [1.0, None], [[[1.0]]], [1.0, sg.Vector([1.0])]])
def test_a_variable_of_a_list_of_other_things_is_refused(initial):
    with pytest.raises(TypeError, match="expected a real number"):
        sg.Variable(initial)


def test_a_variable_of_three_dimensions_is_refused():
    with pytest.raises(ValueError, match=r"expected one dimension or two, got an array of shape \(2, 2, 2\)"):
        sg.Variable(np.ones((2, 2, 2)))


def test_the_numbers_of_a_variable_come_out_as_tensorflow_has_it():
    assert type(sg.Variable(2.0).numpy()) is float
    numbers = sg.Variable([1.0, 2.0]).numpy()
    assert isinstance(numbers, np.ndarray)
    assert numbers.tolist() == [1.0, 2.0]


@pytest.mark.parametrize("initial", [1.0, [1.0, 2.0]])
def test_a_variable_has_a_name_if_it_is_given_one(initial):
    assert sg.Variable(initial).name is None
    assert sg.Variable(initial, name="w").name == "w"


def test_the_elements_of_a_named_vector_are_labelled():
    assert [element.label for element in sg.Variable([1.0, 2.0], name="w")] == ["w[0]", "w[1]"]
    assert sg.Variable([1.0])[0].label is None


@pytest.mark.parametrize(
    "written",
    [
        "Variable(2.0)",
        "Variable(2.0, name='w')",
        "Variable(2.0, trainable=False)",
        "Variable([1.0, 2.0])",
        "Variable([1.0, 2.0], trainable=False, name='w')",
    ],
)
def test_a_variable_shows_as_what_makes_it(written):
    assert repr(eval(written, {"Variable": sg.Variable})) == written


def test_an_operator_on_a_variable_gives_an_ordinary_value():
    w, v = sg.Variable(3.0), sg.Variable([1.0, 2.0])
    w -= 1.0
    v *= 2.0
    assert type(w) is sg.Value
    assert type(v) is sg.Vector
    assert w == 2.0
    assert v == [2.0, 4.0]


# ---- Assignments -----------------------------------------------------------------------------------------------------


@given(finite, finite)
def test_assignments_to_a_scalar_compute_as_floats_do_and_return_the_variable(old, new):
    w = sg.Variable(old)
    assert w.assign_add(new) is w
    assert w.data == old + new
    assert w.assign(old) is w
    assert w.assign_sub(new) is w
    assert w.data == old - new
    assert w.assign(new) is w
    assert w.data == new


@given(pairs_of_vectors)
def test_assignments_to_a_vector_compute_as_floats_do_and_return_the_variable(lists):
    old, new = lists
    w = sg.Variable(old)
    assert w.assign_add(new) is w
    assert w.tolist() == [a + b for a, b in zip(old, new, strict=True)]
    assert w.assign(old) is w
    assert w.assign_sub(new) is w
    assert w.tolist() == [a - b for a, b in zip(old, new, strict=True)]
    assert w.assign(new) is w
    assert w.tolist() == new


@pytest.mark.parametrize("new", [5, sg.Value(5.0), sg.constant(5.0), sg.Variable(5.0), np.float32(5.0), Fraction(5)])
def test_a_scalar_takes_numbers_and_the_numbers_of_values(new):
    assert sg.Variable(1.0).assign(new) == 5.0
    assert sg.Variable(1.0).assign_add(new) == 6.0
    assert sg.Variable(1.0).assign_sub(new) == -4.0


@pytest.mark.parametrize("new", [(5, 6), np.array([5.0, 6.0]), sg.Vector([5.0, 6.0]), sg.Variable([5, 6])])
def test_a_vector_takes_sequences_and_the_numbers_of_vectors(new):
    assert sg.Variable([1.0, 1.0]).assign(new) == [5.0, 6.0]
    assert sg.Variable([1.0, 1.0]).assign_add(new) == [6.0, 7.0]
    assert sg.Variable([1.0, 1.0]).assign_sub(new) == [-4.0, -5.0]


def test_the_elements_of_a_vector_stay_the_same_leaves():
    w = sg.Variable([1.0, 2.0])
    first = w[0]
    w.assign([10.0, 20.0])
    assert w[0] is first
    assert first == 10.0


def test_a_variable_may_be_assigned_from_itself():
    w, v = sg.Variable(3.0), sg.Variable([1.0, 2.0])
    assert w.assign(w * w) == 9.0
    assert v.assign(v[::-1]) == [2.0, 1.0]


def test_what_is_computed_after_an_assignment_uses_the_new_number():
    w, v = sg.Variable(1.0), sg.Variable([1.0, 2.0])
    assert v.sum() == 3.0
    w.assign(5.0)
    v.assign([10.0, 20.0])
    assert w * 2.0 == 10.0
    assert v.sum() == 30.0
    assert v.dot([1.0, 1.0]) == 30.0


def test_no_gradient_flows_through_an_assignment():
    source, w, v = sg.Variable(2.0), sg.Variable(3.0), sg.Variable([0.0, 0.0])
    with sg.GradientTape() as tape:
        w.assign(source * 5.0)
        w.assign_add(source)
        w.assign_sub(source)
        v.assign([source, source])
        v.assign_add([source, source])
        y = w * w + v.sum()
    assert tape.gradient(y, [w, v, source]) == [20.0, [1.0, 1.0], None]


def test_the_gradient_that_backward_added_up_outlives_an_assignment():
    w = sg.Variable(3.0)
    (w * w).backward()
    w.assign(10.0)
    (w * w).backward()
    assert w.grad == 6.0 + 20.0


@pytest.mark.parametrize("method", ["assign", "assign_add", "assign_sub"])
@pytest.mark.parametrize("vector", [[1.0], (1.0, 2.0), sg.Vector([1.0, 2.0])])
def test_a_vector_for_a_scalar_variable_is_refused(method, vector):
    w = sg.Variable(3.0)
    with pytest.raises(ValueError, match=r"expected one number for Variable\(.*\), got a sequence of [12]$"):
        getattr(w, method)(vector)
    assert w == 3.0


@pytest.mark.parametrize("method", ["assign", "assign_add", "assign_sub"])
@pytest.mark.parametrize("other", ["3", None, 1j])
def test_a_scalar_variable_refuses_what_is_not_a_number(method, other):
    w = sg.Variable(3.0)
    with pytest.raises(TypeError, match="expected a real number"):
        getattr(w, method)(other)
    assert w == 3.0


def test_a_number_for_a_vector_variable_is_refused():
    with pytest.raises(TypeError, match=r"expected a list, a Vector or a Matrix, got 3\.0 \(float\)"):
        sg.Variable([1.0, 2.0]).assign(3.0)


@pytest.mark.parametrize("numbers", [[], [1.0], [1.0, 2.0, 3.0]])
def test_another_length_for_a_vector_variable_is_refused(numbers):
    w = sg.Variable([1.0, 2.0], name="w")
    with pytest.raises(ValueError, match=rf"expected 2 numbers for .*name='w'\), got {len(numbers)}"):
        w.assign(numbers)
    assert w == [1.0, 2.0]


@pytest.mark.parametrize("method", ["assign_add", "assign_sub"])
def test_adding_another_length_to_a_vector_variable_is_refused(method):
    with pytest.raises(ValueError, match="expected vectors of one length, got lengths 1 and 2"):
        getattr(sg.Variable([1.0, 2.0]), method)([1.0])


def test_a_refused_assignment_changes_nothing():
    w = sg.Variable([1.0, 2.0])
    with pytest.raises(TypeError, match="expected a real number"):
        w.assign([10.0, "20"])
    assert w == [1.0, 2.0]


# ---- Not trainable ---------------------------------------------------------------------------------------------------


def test_a_variable_that_is_not_trainable_is_a_constant_that_can_be_assigned():
    w, v = sg.Variable(3.0, trainable=False), sg.Variable([1.0, 2.0], trainable=False)
    assert not w.trainable
    assert not v.trainable
    assert not (w * v).sum().is_tracked
    assert w.assign(4.0) == 4.0
    assert v.assign_add([1.0, 1.0]) == [2.0, 3.0]
    assert (w * v).sum() == 20.0


def test_backward_leaves_a_variable_that_is_not_trainable_without_gradient():
    w, frozen = sg.Variable(3.0), sg.Variable(5.0, trainable=False)
    (w * frozen).backward()
    assert w.grad == 5.0
    assert frozen.grad == 0.0


# ---- constant --------------------------------------------------------------------------------------------------------


@given(finite)
def test_a_constant_has_the_number_and_is_not_tracked(number):
    c = sg.constant(number)
    assert repr(c.data) == repr(number)
    assert not c.is_tracked
    assert not (c * c).is_tracked
    assert c.parents == ()


@pytest.mark.parametrize("values", [[1, 2], (1.0, 2.0), np.array([1.0, 2.0]), sg.Variable([1.0, 2.0])])
def test_a_constant_of_a_sequence_is_a_vector_of_constants(values):
    c = sg.constant(values)
    assert type(c) is sg.Vector
    assert c == [1.0, 2.0]
    assert not any(element.is_tracked for element in c)


def test_a_constant_of_a_value_has_its_number_alone():
    v = sg.Value(3.0)
    c = sg.constant(v * v)
    assert c == 9.0
    (c * v).backward()
    assert v.grad == 9.0


@pytest.mark.parametrize("other", ["3", None, 1j, ["3"]])
def test_a_constant_of_what_is_not_a_real_number_is_refused(other):
    with pytest.raises(TypeError, match="expected a real number"):
        sg.constant(other)


def test_backward_of_a_constant_is_refused():
    with pytest.raises(ValueError, match="depends on no tracked value"):
        sg.constant(3.0).backward()


def test_a_constant_shows_as_what_makes_it():
    assert repr(sg.constant(3)) == "constant(3.0)"


# ---- stop_gradient ---------------------------------------------------------------------------------------------------


@given(finite, finite)
def test_no_gradient_flows_through_stop_gradient(number, other):
    v, w = sg.Value(number), sg.Value(other)
    y = w * sg.stop_gradient(v)
    assert y.data == other * number
    y.backward()
    assert v.grad == 0.0
    assert w.grad == number


@pytest.mark.parametrize("kind", [sg.Vector, list, tuple])
def test_stop_gradient_of_a_sequence_is_a_vector_of_constants(kind):
    v = sg.Variable([1.0, 2.0])
    stopped = sg.stop_gradient(kind(v))
    assert type(stopped) is sg.Vector
    assert stopped == [1.0, 2.0]
    assert not any(element.is_tracked for element in stopped)


@pytest.mark.parametrize("number", [3, 2.5, Fraction(1, 3)])
def test_stop_gradient_of_a_number_is_that_number(number):
    assert sg.stop_gradient(number) is number


@pytest.mark.parametrize("other", ["3", None])
def test_stop_gradient_of_what_is_not_a_real_number_is_refused(other):
    with pytest.raises(TypeError, match="expected a real number"):
        sg.stop_gradient(other)


# ---- Found by use ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("initial", [1.0, [1.0]])
def test_whether_a_variable_is_trainable_cannot_be_set_later(initial):
    w = sg.Variable(initial)
    with pytest.raises(AttributeError):
        w.trainable = False
    assert w.trainable


def test_a_class_cannot_inherit_from_variable():
    with pytest.raises(TypeError, match="W cannot inherit from Variable"):
        type("W", (sg.Variable,), {})


def test_a_value_of_a_class_of_ones_own_is_no_variable_of_a_tape():
    point = type("Point", (sg.Value,), {})(3.0)
    with sg.GradientTape() as tape:
        y = point * point
    assert tape.watched_variables() == ()
    assert tape.gradient(y, point) == 6.0


def test_the_class_of_a_variable_makes_another_of_its_kind():
    assert repr(type(sg.Variable(1.0))(2.0, name="w")) == "Variable(2.0, name='w')"
    assert repr(type(sg.Variable([1.0]))([2.0])) == "Variable([2.0])"


# ---- Matrices --------------------------------------------------------------------------------------------------------


def test_a_variable_of_rows_is_a_matrix_that_is_one_leaf():
    for initial in ([[1.0, 2.0], [3, sg.Value(4.0)]], np.array([[1.0, 2.0], [3.0, 4.0]]), sg.Matrix([[1, 2], [3, 4]])):
        w = sg.Variable(initial, name="w")
        assert isinstance(w, sg.Matrix)
        assert isinstance(w, sg.Variable)
        assert w == [[1.0, 2.0], [3.0, 4.0]]
        assert {type(x) for row in w.tolist() for x in row} == {float}
        assert (w.shape, w.trainable, w.name, w.is_tracked) == ((2, 2), True, "w", True)
        assert repr(w) == "Variable([[1.0, 2.0], [3.0, 4.0]], name='w')"
        assert w[1, 0].label == "w[1, 0]"
    assert repr(sg.Variable(sg.Variable([[1.0]]), trainable=False)) == "Variable([[1.0]], trainable=False)"


def test_a_matrix_variable_is_assigned_as_a_whole_or_by_its_elements():
    w = sg.Variable([[1.0, 2.0], [3.0, 4.0]])
    before, corner = w * 1.0, w[1, 1]
    assert w.assign([[5, 6], [7, 8]]) is w
    assert (before[1, 1].data, corner.data) == (4.0, 8.0)
    assert w.assign_add(np.ones((2, 2))).assign_sub([[2.0, 2.0], [2.0, 2.0]]) == [[4.0, 5.0], [6.0, 7.0]]
    corner.data = 0.5
    assert w == [[4.0, 5.0], [6.0, 0.5]]
    assert w[1, 1] is corner
    (w @ w).sum().backward()
    assert w.grad == [[4.0 + 5.0 + 4.0 + 6.0, 6.0 + 0.5 + 4.0 + 6.0], [4.0 + 5.0 + 5.0 + 0.5, 6.0 + 0.5 + 5.5]]
    w.grad = 0
    assert w.grad == [[0, 0], [0, 0]]


def test_a_matrix_of_another_shape_cannot_be_assigned():
    w = sg.Variable([[1.0, 2.0]])
    for wrong, got in (([1.0, 2.0], r"\(2,\)"), ([[1.0], [2.0]], r"\(2, 1\)"), (np.ones((2, 2)), r"\(2, 2\)")):
        with pytest.raises(ValueError, match=rf"expected \(1, 2\) for Variable\(\[\[1.0, 2.0\]\]\), got {got}"):
            w.assign(wrong)
    assert w == [[1.0, 2.0]]


def test_a_constant_of_rows_is_a_matrix_of_constants():
    c = sg.constant([[1, sg.Value(2.0)]])
    assert isinstance(c, sg.Matrix)
    assert (c == [[1.0, 2.0]], c.is_tracked) == (True, False)


def test_stop_gradient_keeps_the_shape():
    w = sg.Variable([[1.0, 2.0]])
    assert sg.stop_gradient(w) == [[1.0, 2.0]]
    assert not sg.stop_gradient(w * 2).is_tracked
    assert sg.stop_gradient([[w[0, 0], 1.0]]).shape == (1, 2)
    assert sg.compile(lambda x: sg.stop_gradient(sg.Matrix([[x, x * x]])))(3.0).shape == (1, 2)


def test_many_numbers_have_no_data():
    with pytest.raises(AttributeError, match="has no data, being a matrix; use tolist"):
        _ = sg.Variable([[1.0]]).data


def test_slices_of_a_vector_variable_and_rows_of_a_matrix_stay_live():
    w, m = sg.Variable([1.0, 2.0, 3.0]), sg.Variable([[1.0, 2.0], [3.0, 4.0]])
    part, row = w[1:], m[1]
    w.assign([4.0, 5.0, 6.0])
    m.assign([[0.0, 0.0], [0.0, 0.0]])
    assert part == [5.0, 6.0]
    assert part[0] is w[1]
    assert row == m[1] == [0.0, 0.0]


def test_a_tape_takes_note_of_a_matrix_by_whatever_is_used_of_it():
    for use in (lambda w: w[0, 1] * 2, lambda w: w[1].sum(), lambda w: w.T.sum(), lambda w: (w @ w).sum()):
        w = sg.Variable([[1.0, 2.0], [3.0, 4.0]])
        with sg.GradientTape() as tape:
            y = use(w)
        assert tape.watched_variables() == (w,)
        assert isinstance(tape.gradient(y, w), sg.Matrix)


def test_what_is_made_of_variables_goes_with_them():
    w, x = sg.Variable([1.0, 2.0]), sg.Variable(3.0)
    v = sg.Vector([x, w[1], 5.0])
    copied, twin = sg.Vector(w), sg.Matrix(sg.Variable([[1.0, 2.0]]))
    x.assign(7.0)
    w.assign([8.0, 9.0])
    assert v == [7.0, 9.0, 5.0]
    assert copied == [8.0, 9.0]
    twin[0, 1].data = 4.0
    assert twin == [[1.0, 4.0]]


def test_the_class_of_a_variable_makes_another_one():
    for initial in (1.0, [1.0], [[1.0]]):
        variable = sg.Variable(initial)
        again = type(variable)(initial, name="again")
        assert type(again) is type(variable)
        assert (again.name, again == variable) == ("again", True)


def test_numbers_of_a_constant_vector_may_be_asked_while_a_function_is_traced():
    assert sg.compile(lambda x: x * sg.constant([3.0, 2.0]).tolist()[0])(2.0) == 6.0


# ---- Elements of a variable of many numbers --------------------------------------------------------------------------


def test_an_element_that_a_graph_leads_to_has_the_number_of_now() -> None:
    w = sg.Variable([1.0, 2.0])
    y = (w * 3.0).sum()
    w.assign([5.0, 6.0])
    first = y.parents[0].parents[0]
    assert first is w[0]
    assert first.data == 5.0
    first.data = 7.0
    assert w == [7.0, 6.0]


def test_an_element_of_a_row_that_was_taken_before_an_assignment_can_be_assigned() -> None:
    m = sg.Variable([[1.0, 2.0]])
    row = m[0]
    m.assign([[5.0, 6.0]])
    assert row[0] is m[0, 0]
    row[0].data = 9.0
    assert (row[0].data, m) == (9.0, [[9.0, 6.0]])


def test_an_element_met_in_a_row_of_the_record_from_before_an_assignment_has_the_number_of_then() -> None:
    m = sg.Variable([[1.0, 2.0]])
    y = (m * 3.0)[0, 0]
    m.assign([[5.0, 6.0]])
    (before,) = [x for x in y.operands if isinstance(x, sg.Value)]
    assert before is m[0, 0]
    assert sg.engine.rows.operands_of(y.row)[0][sg.engine.rows.NUMBER] == 1.0


def test_an_element_keeps_its_label_and_the_others_their_handles_when_it_is_assigned() -> None:
    w = sg.Variable([1.0, 2.0], name="w")
    first, second = w
    first.label = "first"
    first.data = 3.0
    w.assign([4.0, 5.0])
    assert [(x.label, x.data) for x in (first, second)] == [("first", 4.0), ("w[1]", 5.0)]
    assert (w[0] is first, w[1] is second) == (True, True)


def test_elements_are_held_no_longer_than_their_users_do() -> None:
    w = sg.Variable([1.0, 2.0])
    first = w[0]
    assert w[1].data == 2.0
    w.assign([3.0, 4.0])
    assert first.data == 3.0
    assert len(w.handles) == 1
