"""NumPy's arrays beside Values and Vectors."""

from __future__ import annotations

import math
import operator
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import scalargrad as sg
from scalargrad import Value, Vector
from tests.support.arrays import numbers_in, objects, outcome
from tests.support.bits import exactly
from tests.support.examples import a_third
from tests.support.infix import INFIX, real

tame = st.floats(0.125, 4) | st.integers(-3, 3).map(float)
COMPARISONS = [operator.lt, operator.le, operator.gt, operator.ge, operator.eq, operator.ne]


# ---- One-dimensional arrays ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("symbol", INFIX)
@a_third
@given(rows=st.lists(st.tuples(tame, tame), min_size=1, max_size=4))
def test_an_array_with_a_value_or_a_vector_on_either_side_gives_a_vector(
    symbol: str, rows: list[tuple[float, float]]
) -> None:
    apply = INFIX[symbol]
    a, b = [x for x, _ in rows], [y for _, y in rows]
    array = np.array(b)
    for make in (lambda: Vector([Value(x) for x in a]), lambda: Vector(a), lambda: sg.Variable(a)):
        v = make()
        assert outcome(lambda v=v: apply(v, array)) == outcome(lambda: [real(apply(x, y)) for x, y in zip(a, b)])
        assert outcome(lambda v=v: apply(array, v)) == outcome(lambda: [real(apply(y, x)) for x, y in zip(a, b)])
    x = Value(a[0])
    assert outcome(lambda: apply(x, array)) == outcome(lambda: [real(apply(a[0], y)) for y in b])
    assert outcome(lambda: apply(array, x)) == outcome(lambda: [real(apply(y, a[0])) for y in b])


@pytest.mark.parametrize("symbol", INFIX)
def test_gradients_flow_from_a_vector_that_met_an_array(symbol: str) -> None:
    apply = INFIX[symbol]
    numbers, others = [2.0, 3.0, 0.5], [1.5, 2.0, 3.0]
    for compute in (lambda x, c: apply(x, c), lambda x, c: apply(c, x)):
        v, twins = Vector([Value(x) for x in numbers]), [Value(x) for x in numbers]
        result = compute(v, np.array(others))
        assert isinstance(result, Vector)
        result.sum().backward()
        for twin, other in zip(twins, others):
            compute(twin, other).backward()
        assert v.grad == [twin.grad for twin in twins]


@given(rows=st.lists(st.tuples(tame, tame), min_size=1, max_size=4))
def test_dot_takes_an_array_on_either_side(rows: list[tuple[float, float]]) -> None:
    a, b = [x for x, _ in rows], [y for _, y in rows]
    v, array = Vector([Value(x) for x in a]), np.array(b)
    expected = 0.0
    for x, y in rows:
        expected += x * y
    for product in (v @ array, array @ v, v.dot(array)):
        assert type(product) is Value
        assert exactly(product.data) == exactly(expected)
        assert [parent is x for parent, x in zip(product.parents, v)] == [True] * len(v)
    (array @ v).backward()
    assert v.grad == b


@given(numbers=st.lists(st.floats(allow_nan=False), max_size=4))
def test_a_vector_is_made_of_an_array_equals_it_and_becomes_it(numbers: list[float]) -> None:
    array = np.array(numbers)
    v = Vector(array)
    assert exactly(v.tolist()) == exactly(numbers)
    assert (v == array).tolist() == (array == v).tolist() == [True] * len(numbers)
    assert (v != array).tolist() == (array != v).tolist() == [False] * len(numbers)
    tracked = Vector([Value(x) for x in numbers])
    assert type(tracked.numpy()) is np.ndarray
    assert tracked.numpy().dtype == np.float64
    assert exactly(tracked.numpy().tolist()) == exactly(numbers)
    assert exactly(sg.Variable(array).numpy().tolist()) == exactly(numbers)
    assert exactly(sg.constant(array).tolist()) == exactly(numbers)


def test_an_array_of_integers_or_of_narrow_floats_has_plain_numbers() -> None:
    assert exactly((Vector([Value(1.0), Value(2.0)]) * np.array([3, 4])).tolist()) == exactly([3.0, 8.0])
    assert exactly((Value(1.0) * np.array([0.1], dtype=np.float32)).tolist()) == exactly([0.10000000149011612])
    assert (Value(Fraction(1, 3)) * np.array([3])).tolist() == [Fraction(1)]
    assert exactly((Value(2.0) + np.array([True, False])).tolist()) == exactly([3.0, 2.0])


def test_an_index_may_be_a_numpy_integer() -> None:
    v = Vector([Value(1.0), Value(2.0)])
    assert v[np.int64(1)] is v[1]
    assert [v[i] for i in np.argsort([2.0, 1.0])] == [2.0, 1.0]


def test_arrays_of_another_length_or_shape_are_refused() -> None:
    v = Vector([Value(1.0), Value(2.0)])
    said = r"^expected vectors of one length, got lengths 2 and 3$"
    for call in (
        lambda: v + np.ones(3),
        lambda: np.ones(3) - v,
        lambda: v @ np.ones(3),
        lambda: sg.maximum(v, np.ones(3)),
    ):
        with pytest.raises(ValueError, match=said):
            call()
    with pytest.raises(TypeError, match=r"rows of them, got array\(.*\) \(ndarray\); @ is the product with a matrix"):
        v.dot(np.ones((2, 2)))
    with pytest.raises(
        ValueError, match=r"^expected one dimension or two, got an array of shape \(2, 2, 2\); take its"
    ):
        sg.softmax(np.ones((2, 2, 2)))
    with pytest.raises(TypeError, match=r"expected a real number or a Value as element 0 of a Vector, got array\(.*\)"):
        Vector(np.ones((2, 2)))


def test_a_vector_and_an_array_of_two_dimensions_compare_element_by_element() -> None:
    array = np.array([[1.0, 2.0], [3.0, 1.0]])
    assert (Vector([1.0, 1.0]) == array).tolist() == [[True, False], [False, True]]
    assert (array < Vector([3.0, 2.0])).tolist() == [[True, False], [False, True]]


@pytest.mark.parametrize("name", ["sin", "exp", "relu", "sigmoid", "softplus", "abs", "sqrt", "atan"])
@a_third
@given(numbers=st.lists(st.floats(0, 4), max_size=4))
def test_a_function_of_an_array_is_a_vector_of_each_element(name: str, numbers: list[float]) -> None:
    function = getattr(sg, name)
    result = function(np.array(numbers))
    assert isinstance(result, Vector)
    assert exactly(result.tolist()) == exactly([function(x) for x in numbers])


def test_choices_take_arrays_beside_values_and_vectors() -> None:
    x, v, array = Value(1.5), Vector([Value(1.0), Value(2.0)]), np.array([0.5, 3.0])
    assert sg.maximum(array, x) == sg.maximum(x, array) == [1.5, 3.0]
    assert sg.minimum(v, array) == [0.5, 2.0]
    assert sg.where(array > 1, v, 0.0) == [0.0, 2.0]
    assert sg.clip(v, array, 5.0) == [1.0, 3.0]
    sg.where(array > 1, v, x).sum().backward()
    assert (v.grad, x.grad) == ([0.0, 1.0], 1.0)
    assert sg.logsumexp(np.array([0.0, 0.0])) == math.log(2)
    assert sg.softmax(np.array([0.0, 0.0])) == [0.5, 0.5]


# ---- Object arrays ---------------------------------------------------------------------------------------------------


def test_an_object_array_beside_a_value_or_a_vector_gives_a_vector() -> None:
    x, y, z = Value(1.0), Value(2.0), Value(3.0)
    for result in (
        objects(x, y) * z,
        z * objects(x, y),
        objects(x, y) * Vector([z, z]),
        Vector([z, z]) * objects(x, y),
    ):
        assert isinstance(result, Vector)
        assert result == [3.0, 6.0]
        assert {*result[0].parents} == {x, z}
    assert type(sg.sin(objects(x, y))) is Vector
    assert Vector(objects(x, y))[1] is y


def test_an_array_of_no_dimension_counts_as_what_it_holds() -> None:
    x, y = Value(2.0), Value(3.0)
    assert np.array(x).item() is x
    for result in (np.array(x) * y, y * np.array(x), np.array(2.0) * y, y * np.array(2.0)):
        assert type(result) is Value
        assert result.data == 6.0


def test_arrays_of_values_are_object_arrays_and_never_floats() -> None:
    x, y = Value(1.0), Value(2.0)
    for array in (np.array([x, y]), np.array(Vector([x, y])), np.asarray(sg.Variable([1.0, 2.0]))):
        assert array.dtype == object
        assert array.shape == (2,)
        assert all(type(node) is Value for node in array)
    for make_floats in (
        lambda: np.array([x, y], dtype=float),
        lambda: np.asarray(Vector([x, y]), dtype=float),
        lambda: objects(x, y).astype(float),
        lambda: np.zeros(2).__setitem__(0, x),
    ):
        with pytest.raises(TypeError, match=r"would lose its gradient; use scalargrad\.sin\(x\)"):
            make_floats()
    assert np.array([sg.constant(1.0)], dtype=float).tolist() == [1.0]


# ---- Arrays of several dimensions ------------------------------------------------------------------------------------


@pytest.mark.parametrize("symbol", INFIX)
def test_an_array_of_several_dimensions_keeps_its_shape(symbol: str) -> None:
    apply = INFIX[symbol]
    array = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
    x, v = Value(2.0), Vector([Value(2.0), Value(3.0)])
    cube = array.reshape(3, 1, 2)
    for left, right, plain in [
        (x, array, lambda: apply(2.0, array)),
        (array, x, lambda: apply(array, 2.0)),
        (v, cube, lambda: apply(np.array([2.0, 3.0]), cube)),
        (cube, v, lambda: apply(cube, np.array([2.0, 3.0]))),
    ]:
        result = apply(left, right)
        assert type(result) is np.ndarray
        assert result.dtype == object
        assert all(type(node) is Value for node in result.flat)
        assert all(node.is_tracked for node in result.flat)
        assert numbers_in(result) == plain().tolist()


@pytest.mark.parametrize("symbol", INFIX)
@pytest.mark.parametrize("shape", [(3, 2), (1, 2), (3, 1), (1, 1), (0, 2)])
@pytest.mark.parametrize("length", [1, 2])
def test_an_array_of_two_dimensions_beside_a_vector_gives_a_matrix(
    symbol: str, shape: tuple[int, int], length: int
) -> None:
    apply = INFIX[symbol]
    array = np.arange(1.0, 1.0 + shape[0] * shape[1]).reshape(shape)
    v = Vector([Value(2.0), Value(3.0)][:length])
    for left, right in ((v, array), (array, v)):
        result = apply(left, right)
        expected = apply(*[x.numpy() if x is v else x for x in (left, right)])
        assert isinstance(result, sg.Matrix)
        assert result.tolist() == expected.tolist()
        assert result.shape == expected.shape
    assert isinstance(np.arctan2(array, v), sg.Matrix)
    assert isinstance(sg.maximum(v, array), sg.Matrix)


def test_an_array_of_values_beside_a_vector_gives_a_matrix_of_them() -> None:
    x, v = Value(3.0), Vector([Value(1.0), Value(2.0)])
    array = np.array([[x, x * 2], [x, x]])
    result = array * v
    assert isinstance(result, sg.Matrix)
    result.sum().backward()
    assert (x.grad, v.grad) == (3 * 1.0 + 2 * 2.0 + 1.0, [6.0, 9.0])


def test_gradients_flow_through_arrays_of_several_dimensions() -> None:
    x, v = Value(3.0), Vector([Value(1.0), Value(2.0)])
    array = np.array([[1.0, 2.0], [3.0, 4.0]])
    ((x * array).sum() + (v * array).sum()).backward()
    assert (x.grad, v.grad) == (10.0, [4.0, 6.0])
    function = sg.sin(np.array([[0.5, 1.0]]))
    assert function.shape == (1, 2)
    assert function.tolist() == [[math.sin(0.5), math.sin(1.0)]]


def test_matrix_products_with_arrays_of_two_dimensions() -> None:
    matrix = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    v, w = Vector([Value(1.0), Value(2.0), Value(0.5)]), Vector([Value(1.0), Value(-1.0)])
    for result in (matrix @ v, np.matmul(matrix, v), np.dot(matrix, v)):
        assert isinstance(result, Vector)
        assert result == [6.5, 17.0]
    assert (matrix @ v)[0].operation == "dot"
    for result in (w @ matrix, np.matmul(w, matrix), np.dot(w, matrix)):
        assert isinstance(result, Vector)
        assert result == [-3.0, -3.0, -3.0]
    (w @ matrix @ v).backward()
    assert v.grad == [-3.0, -3.0, -3.0]
    assert w.grad == [6.5, 17.0]
    cube = np.arange(12.0).reshape(2, 2, 3)
    assert numbers_in(cube @ v) == (cube @ np.array([1.0, 2.0, 0.5])).tolist()
    m = sg.Matrix([[Value(1.0), 2.0, 3.0]])
    for result in (m @ matrix.T, np.dot(m, matrix.T), np.dot(m, m.T), np.dot(matrix, m.T)):
        assert isinstance(result, sg.Matrix)
    assert np.dot(m, matrix.T) == [[14.0, 32.0]]
    assert np.dot(v, v).operation == "dot"
    assert numbers_in(np.dot(cube, v)) == numbers_in(cube @ v)
    assert isinstance(np.dot(matrix, 2.0 * Value(1.0)), np.ndarray)
    with pytest.raises(
        ValueError, match=r"expected a product of shapes that fit, got \(2, 3\) @ \(2,\): 3 and 2 differ"
    ):
        matrix @ w
    with pytest.raises(ValueError, match="expected a product of shapes that fit"):
        w @ np.ones((3, 2))
    with pytest.raises(TypeError, match=r"unsupported operand|scalar"):
        v @ 2.0  # type: ignore[operator]


def test_comparisons_with_an_array_go_element_by_element() -> None:
    x, array = Value(2.0), np.array([[1.0, 2.0], [3.0, math.nan]])
    for compare in COMPARISONS:
        for result, expected in ((compare(x, array), compare(2.0, array)), (compare(array, x), compare(array, 2.0))):
            assert result.dtype == bool
            assert result.tolist() == expected.tolist()
    assert (Vector([x, 3.0]) < np.array([2.5, 2.5])).tolist() == [True, False]


# ---- Found by use ----------------------------------------------------------------------------------------------------


def test_an_array_of_one_number_can_be_assigned_to_a_scalar() -> None:
    assert sg.Variable(0.5).assign(np.array([0.75])).numpy() == 0.75


def test_a_matrix_is_refused_by_functions_too() -> None:
    with pytest.raises(TypeError, match="expected a plain NumPy array, got a matrix"):
        np.dot(np.asmatrix([[1.0, 2.0]]), sg.Vector([sg.Value(1.0), sg.Value(2.0)]))
