"""`compile`: it is differentiated, copied and pickled like the function that it stands for."""

from __future__ import annotations

import copy
import math
import pickle
from typing import Any

import pytest

import scalargrad as sg
from scalargrad.engine.many import Values
from tests.support.compiling import eager, exactly, loss

# ---- Differentiable --------------------------------------------------------------------------------------------------


def test_given_values_it_is_differentiable_like_any_other_function() -> None:
    compiled = sg.compile(lambda x, y: sg.sin(x) * y if x > 0 else x * y)
    assert compiled(1.0, 2.0) == eager(compiled.__wrapped__, 1.0, 2.0)
    x = sg.Value(1.0)
    compiled(x, 2.0).backward()
    assert x.grad == 2 * math.cos(1.0)
    assert sg.grad(compiled)(1.0, 2.0) == 2 * math.cos(1.0)
    assert sg.hessian(compiled, argnums=(0, 1))(-1.0, 2.0) == ((0.0, 1.0), (1.0, 0.0))
    with sg.GradientTape() as tape:
        y = compiled(x, 3.0)
    assert tape.gradient(y, x).numpy() == 3 * math.cos(1.0)


def test_a_compiled_function_inside_another_is_part_of_it() -> None:
    inner = sg.compile(lambda x: x * x if x > 0 else -x)
    outer = sg.compile(sg.grad(lambda x: inner(x) + inner(2 * x) * inner(3.0)))
    for x in (1.0, -1.0, 2.0):
        assert exactly(outer(x)) == exactly(eager(outer.__wrapped__, x))
    assert "Paths known: 2." in outer.source


def test_gradients_of_it_are_checked_like_any_others() -> None:
    sg.testing.check_grads(sg.compile(lambda x: sg.sin(x) * x), (1.5,))


# ---- Copies ----------------------------------------------------------------------------------------------------------


@sg.compile
def decorated(x: Any) -> Any:
    return x * x if x > 0 else -x


@sg.compile(static_argnames="n")
def decorated_with_options(x: Any, n: int) -> Any:
    return x * n


compiled_beside = sg.compile(sg.grad(loss))


@pytest.mark.parametrize(
    ("function", "args"),
    [(decorated, (2.0,)), (decorated_with_options, (2.0, 3)), (compiled_beside, (1.0, 2.0, 3.0, 4.0))],
)
def test_it_pickles_as_a_decorator_at_module_level_too(function: Any, args: tuple[Any, ...]) -> None:
    expected = function(*args)
    twin = pickle.loads(pickle.dumps(function))
    assert twin(*args) == expected
    assert twin(*args) == expected
    assert copy.deepcopy(function)(*args) == expected


def test_a_decorated_function_pickles_as_itself() -> None:
    assert pickle.loads(pickle.dumps(decorated)) == decorated


def test_its_holder_has_no_other_names() -> None:
    with pytest.raises(AttributeError, match="nothing"):
        _ = decorated.__self__.nothing


# ---- Found by use ----------------------------------------------------------------------------------------------------


def test_it_shows_what_it_is_of() -> None:
    assert "compile(<function decorated at" in repr(decorated)


# ---- Vectors and matrices --------------------------------------------------------------------------------------------


def test_a_function_of_matrices_is_compiled_and_gives_matrices() -> None:
    w = sg.Variable([[0.5, 0.25], [1.0, -1.0]])

    def layer(m: Any, v: Any) -> Any:
        return sg.softmax(m @ w * 2.0)[::-1], sg.tanh(w @ v).dot(m[0]), (m.T + v).sum(axis=0)

    compiled = sg.compile(layer)
    for numbers in ([[1.0, 2.0], [3.0, 4.0]], [[0.0, -1.0], [0.5, 1.0]]):
        m, v = sg.Matrix(numbers), sg.Vector(numbers[1])
        got, wanted = compiled(m, v), layer(m, v)
        assert [type(x) for x in got] == [sg.Matrix, float, sg.Vector]
        assert exactly([x.tolist() if hasattr(x, "tolist") else x for x in got]) == exactly(
            [x.data if isinstance(x, sg.Value) else x.tolist() for x in wanted]
        )
    w.assign([[1.0, 0.0], [0.0, 1.0]])
    assert compiled(m, v)[1] == layer(m, v)[1].data
    assert "Paths known: 1." in compiled.source


def test_a_call_makes_no_value_for_each_element_of_a_matrix(monkeypatch: pytest.MonkeyPatch) -> None:
    compiled = sg.compile(sg.value_and_grad(lambda m, v: (m @ v).sum()))
    m, v = sg.Matrix([[1.0, 2.0], [3.0, 4.0]]), sg.Vector([5, 6.0])
    value, gradient = compiled(m, v)
    monkeypatch.setattr(Values, "element", lambda self, i: pytest.fail("an element was made"))
    again, gradient_again = compiled(m, v)
    monkeypatch.undo()
    assert value == again == 56.0
    assert gradient == gradient_again == [[5.0, 6.0], [5.0, 6.0]]


@pytest.mark.usefixtures("no_fallback")
def test_a_matrix_that_is_followed_is_differentiated_through_a_compiled_function() -> None:
    compiled = sg.compile(lambda m: (m * m).sum())
    numbers = [[1.0, 2.0], [3.0, 4.0]]
    m = sg.Matrix(numbers)
    assert compiled(m) == 30.0
    with sg.GradientTape() as tape:
        tape.watch(m)
        y = compiled(m)
    assert tape.gradient(y, m) == sg.grad(compiled)(m) == [[2.0, 4.0], [6.0, 8.0]]


def test_the_gradient_by_a_matrix_is_compiled() -> None:
    gradient = sg.grad(lambda m, x: (sg.tanh(m @ m) @ x).sum())
    compiled = sg.compile(gradient)
    m, x = sg.Matrix([[0.5, -0.25], [1.0, 2.0]]), [1.0, 2.0]
    assert isinstance(compiled(m, x), sg.Matrix)
    close = [pytest.approx(row, rel=1e-14) for row in gradient(m, x).tolist()]
    assert compiled(m, x).tolist() == close
