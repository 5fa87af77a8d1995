"""`Matrix`: a list of rows of values in one row of the record."""

from __future__ import annotations

import collections.abc
import copy
import gc
import pickle
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

import scalargrad as sg
from scalargrad import Matrix, Value, Vector
from scalargrad.engine.many import elements
from scalargrad.engine.rows import NUMBER
from tests.support.arrays import numbers_in


def leaves(*rows: list[float]) -> Matrix:
    return Matrix([[Value(x) for x in row] for row in rows])


# ---- What it is made of, and what it is ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "rows",
    [
        [[1, 2.0], [3.0, 4.0]],
        ((1.0, 2.0), (3.0, 4.0)),
        [Vector([1.0, 2.0]), [3.0, 4.0]],
        [Vector([1.0, 2.0]), Vector([3.0, 4.0])],
        [np.array([1.0, 2.0]), Vector([3.0, 4.0])],
        np.array([[1.0, 2.0], [3.0, 4.0]]),
        sg.Variable([[1.0, 2.0], [3.0, 4.0]]),
        Matrix([[1.0, 2.0], [3.0, 4.0]]),
        leaves([1.0, 2.0], [3.0, 4.0]),
        [[Value(1.0), 2], sg.Variable([3.0, 4.0])],
        (row for row in ([1.0, 2.0], [3.0, 4.0])),
    ],
)
def test_a_matrix_is_made_of_what_has_rows(rows: Any) -> None:
    m = Matrix(rows)
    assert isinstance(m, Matrix)
    assert m.tolist() == [[1.0, 2.0], [3.0, 4.0]]
    assert m == [[1.0, 2.0], [3.0, 4.0]]
    assert m.shape == (2, 2)
    assert len(m) == 2
    assert [row.tolist() for row in m] == m.tolist()
    assert repr(m).replace(".0", "").endswith("([[1, 2], [3, 4]])")


@pytest.mark.parametrize("m", [leaves([1.0, 2.0], [3.0, 4.0]), Matrix([[1, 2], [3, 4]]), sg.Variable([[1, 2], [3, 4]])])
def test_a_matrix_is_a_sequence_of_its_rows(m: Any) -> None:
    for thing in (m, m * 1.0):
        assert isinstance(thing, collections.abc.Sequence)
        assert not isinstance(thing, collections.abc.MutableSequence)
        match thing:
            case [[_, x], row]:
                assert (x, row) == (2.0, [3.0, 4.0])
            case _:
                pytest.fail("it matched no pattern of two rows")
        assert thing.index([3.0, 4.0]) == 1
        assert thing.count(Vector([1.0, 2.0])) == 1
        assert [3.0, 4.0] in thing
        assert [*reversed(thing)] == [[3.0, 4.0], [1.0, 2.0]]
        with pytest.raises(ValueError, match="expected an element of"):
            thing.index([1.0, 2.0], 1)


@pytest.mark.parametrize("name", ["norm", "prod", "max", "min"])
def test_a_matrix_is_reduced_as_the_vector_of_its_elements_is(name: str) -> None:
    m, v = leaves([1.0, 5.0, 2.0], [0.5, 5.0, 3.0]), Vector([*map(Value, (1.0, 5.0, 2.0, 0.5, 5.0, 3.0))])
    for thing in (m, v):
        getattr(thing, name)().backward()
    assert getattr(m, name)() == getattr(v, name)()
    assert m.grad == [v.grad[:3], v.grad[3:]]
    assert getattr(np, name, lambda x: x.norm())(m) == getattr(v, name)()


@pytest.mark.parametrize("make", [Matrix, sg.Variable, sg.constant, sg.stop_gradient])
def test_an_array_of_no_rows_has_columns_even_so(make: Any) -> None:
    for rows in (np.zeros((0, 2)), Matrix([[1.0, 2.0]])[:0]):
        m = make(rows)
        assert isinstance(m, Matrix)
        assert m.shape == (0, 2)
        assert m.sum(axis=0) == [0.0, 0.0]
        assert (m * [1.0, 2.0]).shape == (0, 2)
    assert (Matrix([[1.0, 2.0]])[:0] + np.zeros((0, 2))).shape == (0, 2)


def test_a_range_is_a_list_of_numbers() -> None:
    v = Vector([Value(1.0), Value(2.0), Value(3.0)])
    assert sg.Variable(range(3)) == sg.constant(range(3)) == Vector(range(3)) == [0.0, 1.0, 2.0]
    assert Matrix([range(2), range(1, 3)]) == sg.Variable([range(2), range(1, 3)]) == [[0.0, 1.0], [1.0, 2.0]]
    assert v + range(3) == range(3) + v == [1.0, 3.0, 5.0]
    assert v.dot(range(3)) == v @ range(3) == 8.0
    assert sg.exp(range(1)) == [1.0]
    assert sg.concatenate([v, range(1)]) == [1.0, 2.0, 3.0, 0.0]


def test_a_product_of_nothing_is_a_float() -> None:
    empty, wide = Matrix([[], []]), Matrix([[1, 2]])[:0]
    results = [Vector([]).dot([]), Vector([]) @ Vector([]), *(empty @ []), *(empty @ empty.T)[0], *([] @ wide)]
    results += [*wide.sum(axis=0), *empty.sum(axis=1)]
    assert [type(x.data) for x in results] == [float] * 12
    assert results == [0.0] * 12
    assert (empty @ empty.T).shape == (2, 2)


def test_a_format_is_that_of_each_element() -> None:
    m = leaves([1.0, 2.0], [3.0, 4.25])
    assert f"{m:.2f}" == "[[1.00, 2.00], [3.00, 4.25]]"
    assert f"{m}" == repr(m) == "Matrix([[1.0, 2.0], [3.0, 4.25]])"
    assert f"{m[1]:5.1f}" == "[  3.0,   4.2]"
    assert f"{m[1]}" == repr(m[1]) == "Vector([3.0, 4.25])"
    w = sg.Variable([[1.0, 2.0]], name="w")
    assert f"{w:.1f}" == "[[1.0, 2.0]]"
    assert f"{w}" == "Variable([[1.0, 2.0]], name='w')"


def test_two_matrices_are_equal_if_their_numbers_are() -> None:
    m = leaves([1.0, 2.0])
    assert m == Matrix([[1.0, 2.0]])
    assert m == [[1, 2]]
    assert m != [[1.0, 3.0]]
    assert m != [1.0, 2.0]
    assert m != Matrix([[1.0], [2.0]])
    assert m != 1.0
    assert len({m, Matrix(m)}) == 2


def test_its_leaves_stay_themselves_and_its_numbers_go_with_theirs() -> None:
    x, y = Value(1.0), Value(2.0)
    m = Matrix([[x, 5.0], [y, x]])
    assert m[0, 0] is x
    assert m[1][0] is y
    x.data = 7.0
    assert m == [[7.0, 5.0], [2.0, 7.0]]
    (m @ m).sum().backward()
    twice = [[Value(7.0), Value(5.0)], [Value(2.0), Value(7.0)]]
    (Matrix(twice) @ Matrix(twice)).sum().backward()
    assert x.grad == twice[0][0].grad + twice[1][1].grad
    assert m.grad == [[x.grad, 0.0], [y.grad, x.grad]]


def test_elements_and_rows_are_picked_by_their_indices() -> None:
    m = leaves([1.0, 2.0, 3.0], [4.0, 5.0, 6.0])
    assert m[-1, -1] == 6.0
    assert m[1] == [4.0, 5.0, 6.0]
    assert m[-2] == [1.0, 2.0, 3.0]
    assert m[1:] == [[4.0, 5.0, 6.0]]
    assert m[::-1] == [[4.0, 5.0, 6.0], [1.0, 2.0, 3.0]]
    doubled = m * 2
    assert doubled[1, 2] == doubled[1][2] == 12.0
    assert hash(doubled[1, 2]) == hash(doubled[1][2])
    assert (doubled[1, 0] + doubled[::-1][1, 1] + doubled.T[2][0]).data == 18.0


def test_a_matrix_of_no_columns_or_no_rows_is_one_too() -> None:
    empty = Matrix([[], []])
    assert (empty.shape, empty.T.shape, empty[:0].shape) == ((2, 0), (0, 2), (0, 0))
    assert empty.tolist() == empty.grad == [[], []]
    assert empty @ empty.T == [[0, 0], [0, 0]]
    assert empty.sum(axis=1) == [0, 0]
    assert empty.sum().data == empty.T.sum().data == 0.0
    assert repr(empty) == "Matrix([[], []])"
    assert empty.numpy().shape == (2, 0)
    m = leaves([1.0, 2.0])
    (m[:0] @ leaves([1.0], [2.0])).sum()
    (m.T[:0] @ m).sum()
    assert (m[:0] * 2).sum() == 0.0


# ---- Gradients -------------------------------------------------------------------------------------------------------


def test_the_gradient_has_the_shape_of_the_matrix_and_can_be_set() -> None:
    m = leaves([1.0, 2.0], [3.0, 4.0])
    assert m.grad == [[0.0, 0.0], [0.0, 0.0]]
    (m * m).sum().backward()
    assert m.grad == [[2.0, 4.0], [6.0, 8.0]]
    m.grad = 0
    assert m.grad == [[0, 0], [0, 0]]
    m.grad = [[1.0, 2.0], [3.0, 4.0]]
    assert m[1, 0].grad == 3.0
    computed = m * 2
    (computed * computed).sum().backward()
    assert computed.grad == [[4.0, 8.0], [12.0, 16.0]]
    computed.grad = 1.0
    assert computed[1, 1].grad == 1.0


def test_exact_numbers_stay_exact() -> None:
    third = Fraction(1, 3)
    m = Matrix([[Value(third), Value(Fraction(2))], [Value(third), Value(Fraction(1))]])
    product = (m @ m).sum(axis=0)
    assert product == [Fraction(11, 9), Fraction(13, 3)]
    product[0].backward()
    assert all(type(x) is Fraction for row in m.grad for x in row)
    assert (m * 2).grad == [[0, 0], [0, 0]]


def test_derivatives_of_derivatives_go_through_products() -> None:
    def f(w: Any) -> Any:
        m = Matrix([[w[0], w[1]], [w[1], w[2]]])
        return sg.sin(m @ m.T @ [1.0, 2.0]).dot(m[0])

    def listed(w: Any) -> Any:
        (a, b), (c, d) = rows = (w[0], w[1]), (w[1], w[2])
        square = [[x[0] * y[0] + x[1] * y[1] for y in rows] for x in rows]
        return (
            sg.sin(square[0][0] + square[0][1] * 2.0) * a + sg.sin(square[1][0] + square[1][1] * 2.0) * b + 0 * (c + d)
        )

    point = [0.3, -0.4, 0.7]
    for got, wanted in (
        (sg.grad(f)(point), sg.grad(listed)(point)),
        *zip(sg.hessian(f)(point), sg.hessian(listed)(point)),
        (sg.hvp(f, (point,), ([1.0, 2.0, 3.0],))[1:], sg.hvp(listed, (point,), ([1.0, 2.0, 3.0],))[1:]),
    ):
        assert np.allclose(np.array(got, dtype=float), np.array(wanted, dtype=float), rtol=1e-13)


def test_a_sum_along_an_axis_is_that_of_each_column_or_of_each_row() -> None:
    m = leaves([1.0, 2.0, 4.0], [8.0, 16.0, 32.0])
    assert m.sum(axis=0) == [9.0, 18.0, 36.0]
    assert m.sum(axis=1) == [7.0, 56.0]
    assert m.mean(axis=0) == [4.5, 9.0, 18.0]
    assert [m.sum(axis=-2), m.sum(axis=-1)] == [m.sum(axis=0), m.sum(axis=1)]
    assert [m.mean(axis=-2), m.mean(axis=-1)] == [m.mean(axis=0), m.mean(axis=1)]
    assert m.mean(1) == [7 / 3, 56 / 3]
    assert m.mean() == 63 / 6
    m.sum(axis=0).dot([1.0, 2.0, 3.0]).backward()
    assert m.grad == [[1.0, 2.0, 3.0], [1.0, 2.0, 3.0]]


def test_softmax_and_logsumexp_go_row_by_row() -> None:
    rows = [[0.0, 1.0], [2.0, -1.0]]
    m = leaves(*rows)
    assert sg.softmax(m).tolist() == [sg.softmax(row).tolist() for row in rows]
    assert sg.softmax(np.array(rows)) == sg.softmax(m)
    assert sg.logsumexp(m).tolist() == [sg.logsumexp(row) for row in rows]
    assert sg.logsumexp(rows) == sg.logsumexp(m)
    sg.logsumexp(m).sum().backward()
    assert m.grad == sg.softmax(m).tolist()


# ---- Beside others ---------------------------------------------------------------------------------------------------


def test_a_function_of_nested_lists_is_a_matrix() -> None:
    assert sg.exp([[0.0], [0.0]]) == Matrix([[1.0], [1.0]])
    assert isinstance(sg.maximum([[1.0, 2.0]], [2.0, 1.0]), Matrix)
    assert isinstance(Value(1.0) - [[1.0, 2.0]], Matrix)
    assert isinstance(Vector([1.0, 2.0]) * [[1.0, 2.0]], Matrix)


def test_arrays_go_with_a_matrix_on_either_side() -> None:
    m, array, line = leaves([1.0, 2.0], [3.0, 4.0]), np.array([[5.0, 6.0], [7.0, 8.0]]), np.array([1.0, 2.0])
    for result, plain in (
        (m + array, m.numpy() + array),
        (array - m, array - m.numpy()),
        (m * line, m.numpy() * line),
        (line / m, line / m.numpy()),
        (np.float64(2.0) * m, 2.0 * m.numpy()),
        (m @ array, m.numpy() @ array),
        (array @ m, array @ m.numpy()),
        (np.matmul(array, m), array @ m.numpy()),
        (np.add(array, m), array + m.numpy()),
        (np.square(m), m.numpy() ** 2),
        (np.reciprocal(m), 1 / m.numpy()),
    ):
        assert isinstance(result, Matrix)
        assert result.tolist() == plain.tolist()
        assert result.is_tracked
    assert isinstance(m @ line, Vector)
    assert (line @ m).tolist() == (line @ m.numpy()).tolist()
    assert (np.sum(m), np.mean(m)) == (10.0, 2.5)
    assert numbers_in(np.dot(array, m)) == (array @ m.numpy()).tolist()
    assert numbers_in(np.transpose(m)) == m.numpy().T.tolist()
    assert (m == array).tolist() == (array == m).tolist() == [[False, False], [False, False]]
    assert (m < array).tolist() == [[True, True], [True, True]]
    assert np.asarray(m).dtype == object
    assert np.asarray(m)[1, 0] is m[1, 0]
    with pytest.raises(TypeError, match="would lose its gradient"):
        np.asarray(m, dtype=float)


def test_it_is_copied_and_pickled_with_what_it_was_computed_from() -> None:
    m = leaves([1.0, 2.0], [3.0, 4.0])
    computed = m @ m
    for twin, deep in ((copy.copy(computed), False), (copy.deepcopy(computed), True)):
        assert type(twin) is Matrix
        assert twin == computed
        assert (hash(twin[0, 1]) == hash(computed[0, 1])) != deep
    again, of_leaves = pickle.loads(pickle.dumps((computed, m)))
    assert (again, of_leaves) == (computed, m)
    again.sum().backward()
    computed.sum().backward()
    assert of_leaves.grad == m.grad
    assert (copy.copy(m)[0, 0] is m[0, 0], copy.deepcopy(m)[0, 0] is m[0, 0]) == (True, False)


def test_its_row_drops_out_of_sight_of_the_garbage_collector() -> None:
    m = sg.Variable([[1.0, 2.0], [3.0, 4.0]])
    result = sg.tanh(m @ m + m[0])[::-1].T
    for _ in range(20):  # until 3.13 a row is untracked after those below it, one look each
        gc.collect()
    assert not gc.is_tracked(result.row)
    assert not gc.is_tracked(result.row[NUMBER])


PARTS: dict[str, Any] = {
    "a row": lambda m: m[0],
    "a column": lambda m: m[:, 1],
    "rows": lambda m: m[1:],
    "a block": lambda m: m[:, ::-1],
    "the transpose": lambda m: m.T,
    "a row of the transpose": lambda m: m.T[1],
    "a part of a row": lambda m: m[0][1:],
    "what was stacked": lambda m: sg.Matrix([m[1], m[0]]),
    "what was joined": lambda m: sg.concatenate([m, m.T, [[1.0, 2.0]]])[1:4],
}


@pytest.mark.parametrize("part", PARTS.values(), ids=PARTS)
def test_what_is_taken_of_a_variable_goes_with_it(part: Any) -> None:
    m = sg.Variable([[1.0, 2.0], [3.0, 4.0]])
    held = part(m)
    m.assign([[5.0, 6.0], [7.0, 8.0]])
    assert held == part(m)
    assert repr(held) == repr(part(m))
    m[1, 0].data = 9.0
    assert held == part(m)
    (held * held).sum().backward()
    assert held.grad == part(m).grad
    wanted = m.grad
    m.grad = 0
    (part(m) * part(m)).sum().backward()
    assert m.grad == wanted
    with sg.no_grad():
        made_inside = part(m)
        assert made_inside.grad == held.grad
        made_inside.grad = 0
        assert not any(x.grad for x in elements(held))
    assert made_inside.is_tracked
    assert all(x is y for x, y in zip([*elements(made_inside)], [*elements(held)]) if x.is_leaf)


@pytest.mark.parametrize("part", PARTS.values(), ids=PARTS)
def test_what_is_taken_of_a_constant_is_watched_with_it(part: Any) -> None:
    c = sg.constant([[1.0, 2.0], [3.0, 4.0]])
    held = part(c)
    assert [*map(hash, elements(held))] == [*map(hash, elements(part(c)))]
    with sg.GradientTape(persistent=True) as tape:
        tape.watch(c)
        y = (held * held).sum()
    assert tape.gradient(y, c) == sg.grad(lambda m: (part(m) * part(m)).sum())(sg.Matrix(c.tolist()))
    with sg.GradientTape(persistent=True) as tape:
        tape.watch(held)
        y = (c * c).sum()
    watched = {*map(hash, elements(held))}
    assert tape.gradient(y, c) == [[2 * x if hash(x) in watched else 0.0 for x in row] for row in c]


def test_a_row_that_is_held_can_be_trained() -> None:
    m = sg.Variable([[1.0, 2.0], [3.0, 4.0]])
    row = m[0]
    losses = []
    for _ in range(4):
        m.grad = 0
        loss = row.dot(row)
        loss.backward()
        losses.append(loss.data)
        for p in row:
            p.data -= 0.1 * p.grad
    assert losses == pytest.approx([5.0, 3.2, 2.048, 1.31072])
    assert m[1] == [3.0, 4.0]


def test_rows_can_be_stepped_in_no_grad() -> None:
    m = sg.Variable([[1.0, 2.0], [3.0, 4.0]])
    (m * m).sum().backward()
    with sg.no_grad():
        for row in m:
            for p in row:
                p.data -= 0.25 * p.grad
            row.grad = 0
    assert (m.tolist(), m.grad) == ([[0.5, 1.0], [1.5, 2.0]], [[0, 0], [0, 0]])


def test_vectors_and_matrices_are_joined() -> None:
    x, v, m = sg.Value(1.0), sg.Variable([2.0, 3.0]), sg.Variable([[1.0, 2.0], [3.0, 4.0]])
    live = sg.concatenate([sg.Vector([x, 5.0]), v, 7.0])
    x.data = 8.0
    assert live == [8.0, 5.0, 2.0, 3.0, 7.0]
    assert sg.concatenate([m, m[:1]]) == [[1.0, 2.0], [3.0, 4.0], [1.0, 2.0]]
    beside = sg.concatenate([m, [[10.0], [20.0]]], axis=1)
    assert sg.concatenate([m, [[10.0], [20.0]]], axis=-1) == beside
    assert sg.concatenate([m, m], axis=-2) == sg.concatenate([m, m])
    assert sg.concatenate([[1.0], [2.0]], axis=-1) == [1.0, 2.0]
    assert beside == [[1.0, 2.0, 10.0], [3.0, 4.0, 20.0]]
    (beside @ [1.0, 2.0, 3.0]).sum().backward()
    assert m.grad == [[1.0, 2.0], [1.0, 2.0]]


def test_an_element_met_in_the_record_from_before_an_assignment_has_the_number_of_then() -> None:
    m = sg.Variable([[1.0, 2.0], [3.0, 4.0]], name="m")
    y = (m[0] * 2.0).sum()
    m.assign([[5.0, 6.0], [7.0, 8.0]])
    row = next(x for x in sg.rows(y) if isinstance(x, Vector) and x.tolist() == [1.0, 2.0])
    before = row[0]
    assert (before.data, m[0, 0].data) == (1.0, 5.0)
    before.data = 9.0  # it is the variable's all the same
    assert (before.data, m.tolist()) == (9.0, [[9.0, 6.0], [7.0, 8.0]])
