"""`compile` with NumPy: arrays as arguments, and code that is generated for arrays or for an engine."""

from __future__ import annotations

import math
import pickle
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import scalargrad as sg
from scalargrad import math as dmath
from scalargrad.operations.operation import operation, registry
from scalargrad.testing.strategies import programs
from tests.support.compiling import assert_gradient_of_three_numbers, loss

step_over_arrays = sg.compile(sg.value_and_grad(loss, argnums=(0, 1)), arrays=np)


def close(found: Any, expected: Any) -> bool:
    return bool(np.all(np.abs(np.asarray(found) - expected) <= 1e-12 * np.maximum(1, np.abs(expected))))


# ---- Arrays as structures of numbers ---------------------------------------------------------------------------------


@pytest.mark.usefixtures("no_fallback")
@pytest.mark.parametrize(
    "argument",
    [
        [np.float64(1.0), np.float32(2.5), 3],
        np.array([1.0, 2.0, 3.0]),
        np.array([1, 2, 3]),
        np.array([1.0, 2.0, 3.0], dtype=np.float32),
    ],
)
def test_arrays_and_numpys_scalars_are_floats(argument: Any) -> None:
    assert_gradient_of_three_numbers(argument)


@pytest.mark.usefixtures("no_fallback")
def test_a_matrix_comes_and_goes_as_an_array() -> None:
    def product(matrix: Any, vector: Any) -> Any:
        return matrix @ vector

    compiled = sg.compile(sg.jacobian(product))
    matrix, vector = np.arange(6.0).reshape(2, 3), np.array([1.0, 2.0, 3.0])
    for _ in range(2):
        assert np.array_equal(compiled(matrix, vector), sg.jacobian(product)(matrix, vector))
    assert np.array_equal(compiled(matrix[:, ::-1], vector), sg.jacobian(product)(matrix[:, ::-1], vector))
    with pytest.raises(ValueError, match="mismatch"):
        compiled(matrix, np.array([1.0, 2.0]))
    namespace: dict[str, Any] = {}
    exec(compiled.source, namespace)
    assert namespace["product"](matrix.tolist(), vector.tolist()) == compiled(matrix, vector).tolist()


@pytest.mark.usefixtures("no_fallback")
def test_numpys_scalars_are_constants() -> None:
    compiled = sg.compile(lambda x: np.float64(2.0) * x + np.int64(3) - x / np.float32(0.5))
    assert [compiled(1.5), compiled(2.5)] == [3.0, 3.0]


def test_numpys_functions_work_on_traced_arrays() -> None:
    compiled = sg.compile(sg.grad(lambda v: np.sin(v).sum() * np.exp(v[0])))
    v = np.array([0.5, 1.5])
    for _ in range(2):
        assert np.array_equal(compiled(v), compiled.__wrapped__(v))


def test_a_vector_of_a_traced_function_has_no_array() -> None:
    with pytest.raises(TypeError, match="plain number"):
        sg.compile(lambda x: sg.Vector([x, x]).numpy())(1.5)


# ---- Over arrays -----------------------------------------------------------------------------------------------------


def test_one_call_computes_value_and_gradient_at_many_points() -> None:
    x = np.linspace(-2, 2, 1001)
    y = 3 * x + 1
    value, (dw, db) = step_over_arrays(1.5, 0.5, x, y)
    error = 1.5 * x + 0.5 - y
    assert close(value, error**2)
    assert close(dw, 2 * error * x)
    assert close(db, 2 * error)


def test_a_result_that_does_not_depend_on_an_array_is_repeated() -> None:
    compiled = sg.compile(sg.value_and_grad(lambda a, b: 2 * a + b, argnums=(0, 1)), arrays=np)
    value, (da, db) = compiled(np.ones((2, 3)), 5.0)
    assert [value.tolist(), da.tolist(), db.tolist()] == [[[7.0] * 3] * 2, [[2.0] * 3] * 2, [[1.0] * 3] * 2]
    value, (da, _) = compiled(np.ones((2, 1)), np.ones(3))
    assert (value.shape, da.shape) == ((2, 3), (2, 3))
    assert compiled(1.0, 2) == (4.0, (2.0, 1.0))
    with pytest.raises(ValueError, match=r"shapes \(2,\) and \(3,\)"):
        compiled(np.ones(2), np.ones(3))


@given(data=st.data())
def test_programs_with_branches_give_what_they_give_point_by_point(data: st.DataObject) -> None:
    program = data.draw(programs(branches=True, max_steps=4, functions=False))
    function = sg.value_and_grad(program, argnums=tuple(range(program.arity)))
    compiled = sg.compile(function, arrays=np)
    points = data.draw(st.lists(st.tuples(*[st.floats(-4, 4)] * program.arity), min_size=1, max_size=6))
    value, gradient = compiled(*np.array(points).T)
    for i, point in enumerate(points):
        expected, slopes = function(*point)
        assert close(value[i], expected)
        assert all(close(g[i], slope) for g, slope in zip(gradient, slopes, strict=True))


TWO = {
    "atan2": sg.atan2,
    "fmod": sg.fmod,
    "remainder": sg.remainder,
    "copysign": sg.copysign,
    "hypot": sg.hypot,
    "hypot of three": lambda x, y: sg.hypot(x, y, x * y),
    "hypot of one": lambda x, y: sg.hypot(x) * y,
    "dist": lambda x, y: sg.dist([x, y], [1.0, 2.0]),
    "maximum": sg.maximum,
    "minimum": sg.minimum,
    "division": lambda x, y: x / y,
    "floor division": lambda x, y: x // y * x,
    "remainder of division": lambda x, y: x % y,
    "power": lambda x, y: x**y,
    "power of constants": lambda x, y: x**2.5 * y**3 * x**-1 * 1.5**y,
    "math.pow": lambda x, y: dmath.pow(x, y),
    "logarithm to a base": lambda x, y: dmath.log(x, y + 2),
    "clip": lambda x, y: sg.clip(x, -0.5, y) + sg.clip(y, 0.5, 1.5),
    "where": lambda x, y: sg.where(x > y, x * y, x / y),
    "where of a number": lambda x, y: sg.where(x, x * y, x / y),
    "conditions joined": lambda x, y: sg.where((x > 1) & (y > 1) | (x < 0.5) ^ (y < 0.5), x, y),
    "softmax": lambda x, y: sg.softmax([x, y])[0],
    "logsumexp": lambda x, y: sg.logsumexp([x, y, x * y]),
    "norm": lambda x, y: sg.Vector([x, y, x * y]).norm(),
    "max and min": lambda x, y: sg.Vector([x, y, 1.0]).max() * sg.Vector([x, y]).min(),
    "mean, prod, sum": lambda x, y: sg.Vector([x, y]).mean() * sg.prod([x, y, x]) + sg.Vector([x, y, x]).sum(),
    "ldexp": lambda x, y: sg.ldexp(x, 3) * y,
    "paths": lambda x, y: x * y if x > y else (x + y if x < 1 else x**3),
    "min, max and abs": lambda x, y: max(x, y) * min(x, 2) + abs(x - y),
    "a question of math": lambda x, y: x if dmath.isnan(y) else y * x,
    "not a number": lambda x, y: x * math.inf if x < -100 else y,
}
ONE = "acos acosh asin asinh atan atanh cbrt cos cosh degrees exp exp2 expm1 fabs log log1p log2 log10 log_sigmoid"
ONE += " radians relu sigmoid sin sinh softplus sqrt tan tanh abs"


@pytest.mark.parametrize("name", TWO)
def test_of_two_numbers_arrays_compute(name: str) -> None:
    function = sg.value_and_grad(TWO[name], argnums=(0, 1))
    points = [(0.3, 0.7), (1.3, 0.4), (2.5, 2.25), (1.75, 0.3), (0.25, 0.2), (1.0, 2.0)]
    value, (left, right) = sg.compile(function, arrays=np)(*np.array(points).T)
    for i, point in enumerate(points):
        expected, slopes = function(*point)
        assert close([value[i], left[i], right[i]], [expected, *slopes])


@pytest.mark.parametrize("name", ONE.split())
def test_of_one_number_arrays_compute_with_two_derivatives(name: str) -> None:
    function = getattr(sg, name)
    points = []
    for x in (0.3, 0.7, 0.99, -0.5, 1.5, 2.5):
        try:
            points.append((x, function(x)))
        except ValueError:
            continue
    xs = np.array([x for x, _ in points])
    slope = sg.grad(lambda x: function(x) * 1.0)
    assert close(sg.compile(function, arrays=np)(xs), [y for _, y in points])
    assert close(sg.compile(slope, arrays=np)(xs), [slope(x) for x, _ in points])
    assert close(sg.compile(sg.grad(slope), arrays=np)(xs), [sg.grad(slope)(x) for x, _ in points])


@pytest.mark.parametrize("name", ["erf", "erfc", "gamma", "lgamma", "digamma"])
def test_what_numpy_lacks_is_refused(name: str) -> None:
    with pytest.raises(TypeError, match=r"NumPy|for arrays"):
        sg.compile(sg.grad(lambda x: getattr(sg, name)(x) * 2), arrays=np)(np.ones(3))


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_domain_errors_are_numpys_own() -> None:
    compiled = sg.compile(sg.log, arrays=np)
    assert np.isnan(compiled(np.array([-1.0]))).all()


def test_what_is_not_chosen_does_not_warn() -> None:
    compiled = sg.compile(lambda x: sg.log(x) if x > 0 else -x, arrays=np)
    assert compiled(np.array([-1.0, 1.0])).tolist() == [1.0, 0.0]


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (lambda x: [1.0, x] if x > 0 else x, "different structure"),
        (lambda x: sg.Vector([x, x]) * 0 if int(x) else x, "as many answers"),
        (lambda x: next(k for k in range(10**6) if x < k), "more than 64 paths"),
        (lambda x: next(x * k for k in range(10**6) if not x > k), "makes too many"),
        (lambda x: [sum(y for y in [x, 2 * x, 3 * x, 4 * x, 5 * x, 6 * x, 7 * x] if y > k) for k in (1, 2)], "paths"),
        (lambda x: 1 / 0 if x > 0 else x, "on one side"),
        (lambda x: x.data, "plain number"),
    ],
)
def test_decisions_that_cannot_be_joined_are_refused(function: Any, words: str) -> None:
    compiled = sg.compile(function, arrays=np)
    for _ in range(2):
        with pytest.raises(TypeError, match=words):
            compiled(np.ones(3))


def test_what_the_function_raises_on_every_path_comes_through() -> None:
    with pytest.raises(KeyError, match="nothing"):
        sg.compile(lambda x: {}["nothing"], arrays=np)(np.ones(3))


def test_structures_leaves_and_static_arguments_work_over_arrays() -> None:
    w = sg.Variable(2.0)

    @sg.compile(arrays=np, static_argnames="n")
    def function(p: Any, n: int) -> Any:
        return {"product": p["a"] * p["b"][0] ** n * w, "pair": (p["a"], 1.0), "vector": sg.Vector([p["a"], 2.0])}

    for factor in (2.0, 3.0):
        w.assign(factor)
        found = function({"a": np.array([1.0, 2.0]), "b": [3.0]}, 2)
        assert found["product"].tolist() == [9.0 * factor, 18.0 * factor]
        assert [x.tolist() for x in found["pair"]] == [[1.0, 2.0], [1.0, 1.0]]
        assert [x.tolist() for x in found["vector"]] == [[1.0, 2.0], [2.0, 2.0]]
    assert sg.compile(lambda x: None, arrays=np)(np.ones(3)) is None


def test_the_source_is_code_for_arrays() -> None:
    step_over_arrays(1.0, 2.0, np.ones(3), np.ones(3))
    namespace: dict[str, Any] = {}
    exec(step_over_arrays.source, namespace)
    value, _ = namespace["loss"](1.0, 2.0, np.array([1.0, 2.0]), 3.0)
    assert value.tolist() == [0.0, 1.0]
    compiled = sg.compile(lambda x: sg.exp(x) if x > 0 else x, arrays=np)
    compiled(np.ones(3))
    assert "import numpy as xp" in compiled.source
    assert "xp.where(" in compiled.source


def test_it_pickles_with_its_module() -> None:
    twin = pickle.loads(pickle.dumps(step_over_arrays))
    assert twin(1.0, 2.0, np.array([1.0, 2.0]), 3.0)[0].tolist() == [0.0, 1.0]
    beside = sg.compile(sg.sin, arrays=np)
    assert pickle.loads(pickle.dumps(beside))(np.zeros(2)).tolist() == [0.0, 0.0]


LIST: list[float] = []


def rounded_twice(x: float) -> float:
    """An operation whose kernel calls what arrays have not."""
    return float(round(x)) * 2


def added_up(x: float) -> float:
    """An operation whose kernel uses what has no source."""
    return sum(LIST) + x


@pytest.mark.parametrize("kernel", [rounded_twice, added_up])
def test_a_kernel_that_cannot_be_written_for_arrays_is_refused(kernel: Any) -> None:
    try:
        own = operation(1)(kernel)
        with pytest.raises(TypeError, match=r"it calls (float|round)|LIST cannot be written"):
            sg.compile(lambda x: own(x), arrays=np)(np.ones(2))
        compiled = sg.compile(lambda x: own(x) * 2)
        assert [compiled(1.75), compiled(1.75)] == [2 * kernel(1.75)] * 2
    finally:
        del registry[kernel.__name__]


# ---- For an engine ---------------------------------------------------------------------------------------------------


def counting(calls: list[str]) -> Any:
    """An engine that only counts: each function that it is given is called with nothing but floats."""

    def decorate(function: Any) -> Any:
        def wrapped(*numbers: Any) -> Any:
            assert all(type(x) is float or isinstance(x, (int, tuple)) for x in numbers)
            calls.append(function.__name__)
            return function(*numbers)

        return wrapped

    return decorate


@pytest.mark.usefixtures("no_fallback")
@given(data=st.data())
def test_code_for_an_engine_gives_the_same(data: st.DataObject) -> None:
    program = data.draw(programs(branches=True, loops=True, max_steps=5))
    function = sg.value_and_grad(program, argnums=tuple(range(program.arity)))
    calls: list[str] = []
    compiled, plain = sg.compile(function, decorate=counting(calls)), sg.compile(function)
    for point in data.draw(st.lists(st.tuples(*[st.floats(-4, 4)] * program.arity), min_size=1, max_size=4)):
        plain(*point)
        for _ in range(2):
            found, expected = compiled(*point), plain(*point)
            assert close(found[0], expected[0])
            assert close(found[1], expected[1])
    assert "function" in calls


def test_the_helpers_of_code_for_an_engine_go_through_it_too() -> None:
    calls: list[str] = []
    compiled = sg.compile(sg.grad(lambda x, y: x**y * sg.erf(x)), decorate=counting(calls))
    assert compiled(2.0, 0.5) == compiled.__wrapped__(2.0, 0.5)
    assert {"_power_slope", "_compute_gauss", "function"} <= {*calls}


def test_structures_and_leaves_are_taken_apart_for_an_engine() -> None:
    w = sg.Variable([1.0, 2.0])
    compiled = sg.compile(lambda p: {"y": w.dot(p["x"]), "name": "n", "back": [p]}, decorate=counting([]))
    for _ in range(2):
        assert compiled({"x": [3.0, 4.0]}) == {"y": 11.0, "name": "n", "back": [{"x": [3.0, 4.0]}]}
    w.assign([2.0, 2.0])
    assert compiled({"x": [3.0, 4.0]})["y"] == 14.0
    assert sg.compile(lambda x: None, decorate=counting([]))(1.0) is None


def test_an_exception_in_code_for_an_engine_is_the_functions_own() -> None:
    compiled = sg.compile(sg.log, decorate=counting([]))
    assert compiled(1.0) == 0.0
    with pytest.raises(ValueError, match="log"):
        compiled(-1.0)
    assert compiled(math.e) == 1.0
    first = sg.compile(lambda x: sg.sqrt(x) if x > 0 else sg.log(x + 1), decorate=counting([]))
    with pytest.raises(ValueError, match="log"):
        first(-2.0)
    assert first(4.0) == 2.0


def test_what_an_engine_does_not_take_is_told_in_a_sentence() -> None:
    def choosy(_: Any) -> Any:
        def refuse(*_: float) -> Any:
            raise EngineError("no such thing\nas a float")

        return refuse

    class EngineError(Exception):
        pass

    compiled = sg.compile(sg.sin, decorate=choosy)
    for _ in range(2):
        with pytest.raises(TypeError, match=r"choosy.* does not take the code generated from sin: .*no such thing as"):
            compiled(1.0)


def test_paths_of_different_structure_are_refused_for_an_engine() -> None:
    compiled = sg.compile(lambda x: [x] if x > 0 else x, decorate=counting([]))
    assert compiled(1.0) == [1.0]
    with pytest.raises(TypeError, match="different structure"):
        compiled(-1.0)


def test_an_engine_that_raises_of_numbers_leaves_the_call_to_the_function() -> None:
    def failing(_: Any) -> Any:
        def fail(*_: float) -> Any:
            raise ZeroDivisionError

        return fail

    compiled = sg.compile(lambda x: x * 2, decorate=failing)
    assert [compiled(1.0), compiled(2.0)] == [2.0, 4.0]


def test_a_refusal_that_the_function_catches_is_raised_for_arrays_too() -> None:
    def stubborn(x: Any) -> Any:
        try:
            return x.data
        except TypeError:
            return 0.0

    with pytest.raises(TypeError, match="plain number"):
        sg.compile(stubborn, arrays=np)(np.ones(2))


def test_arrays_of_text_pass_through() -> None:
    names = np.array(["a", "b"])
    compiled = sg.compile(lambda x, names: {"x": x, "names": names})
    for x in (1.0, 2.0):
        found = compiled(x, names)
        assert found["x"] == x
        assert found["names"].tolist() == ["a", "b"]


class Shouting(np.ndarray):
    pass


def test_a_subclass_of_arrays_is_looked_at_in_each_call() -> None:
    compiled = sg.compile(lambda v: (v * v).sum())
    v = np.array([1.0, 2.0]).view(Shouting)
    assert [compiled(v), compiled(v)] == [5.0, 5.0]
    inside = sg.compile(lambda p: (p["v"] * p["v"]).sum())
    assert [inside({"v": np.array([[1.0], [2.0]])}) for _ in range(2)] == [5.0, 5.0]
    alone: dict[str, Any] = {}
    exec(inside.source, alone)
    assert alone["function"]({"v": [[1.0], [3.0]]}) == 10.0


@pytest.mark.parametrize("order", [(0, 1), (1, 0), (1, 0, 1), (0, 0, 1, 0)])
def test_mixed_derivatives_of_a_power_over_arrays_are_those_of_each_entry(order: tuple[int, ...]) -> None:
    function: Any = lambda x, y: x**y  # noqa: E731
    for index in order:
        function = sg.grad(function, argnums=index)
    over_arrays = sg.compile(function, arrays=np)
    bases = [0.3, 1.0, 2.5]
    expected = [function(x, 1.7) for x in bases]
    assert over_arrays(np.array(bases), 1.7).tolist() == pytest.approx(expected, rel=1e-12, abs=1e-12)
    if len(order) == 2:
        with np.errstate(all="ignore"):
            at_zero = over_arrays(np.array([0.0, 5e-324, 0.0]), np.array([0.5, 0.04, 2.0]))
        assert at_zero.tolist() == [-math.inf, -math.inf, 0.0]


def test_higher_derivatives_of_powers_over_arrays() -> None:
    function = sg.hessian(lambda x, y: x**y + y**2 * x**3, argnums=(0, 1))
    points = [(0.5, 2.0), (1.5, 0.25), (2.0, 3.0)]
    ((xx, xy), (yx, yy)) = sg.compile(function, arrays=np)(*np.array(points).T)
    for i, point in enumerate(points):
        assert close([[xx[i], xy[i]], [yx[i], yy[i]]], function(*point))


def test_logsumexp_of_infinities_is_that_of_python() -> None:
    compiled = sg.compile(lambda a, b: sg.logsumexp([a, b]), arrays=np)
    points = [(math.inf, 1.0), (-math.inf, 2.0), (700.0, 701.0), (math.inf, -math.inf)]
    found = compiled(*np.array(points).T).tolist()
    assert found == pytest.approx([sg.logsumexp([a, b]) for a, b in points], rel=1e-12)


def test_what_rounds_otherwise_than_python_is_refused() -> None:
    with pytest.raises(TypeError, match="no round that gives the same"):
        sg.compile(lambda x: sg.grad(lambda a: a * sg.stop_gradient(x))(1.0).__round__(1), arrays=np)(np.array([1.25]))


def test_what_cannot_be_followed_says_why() -> None:
    with pytest.raises(TypeError, match="cannot be compiled for arrays: the text of a number"):
        sg.compile(lambda x: x * len(str(x)), arrays=np)(np.array([1.25]))


def test_remainders_are_exact_and_exact_sums_are_refused() -> None:
    compiled = sg.compile(sg.remainder, arrays=np)
    points = [(1e10, 0.7), (1e6, 0.3), (-1e200, 7.0), (1.0, math.inf), (-2.0, 2.0), (3.0, 2.0), (1.0, 2.0), (5.0, -3.0)]
    found = compiled(*np.array(points).T).tolist()
    assert [repr(x) for x in found] == [repr(math.remainder(x, y)) for x, y in points]
    with pytest.raises(TypeError, match="no fsum"):
        sg.compile(lambda x: sg.fsum([x, 1e16, -1e16]), arrays=np)(np.array([0.5]))


def test_slopes_of_angles_keep_their_range() -> None:
    points = [(1e200, -1e200), (3e-200, 4e-200), (1.0, 2.0)]
    left, right = sg.compile(sg.grad(sg.atan2, argnums=(0, 1)), arrays=np)(*np.array(points).T)
    for i, point in enumerate(points):
        assert [left[i], right[i]] == pytest.approx(sg.grad(sg.atan2, argnums=(0, 1))(*point), rel=1e-12)


def test_arrays_that_hold_no_numbers_are_told_by_all_of_their_entries() -> None:
    v = np.arange(1500.0)
    masks = np.zeros((2, 1500), bool)
    masks[0, 100] = masks[1, 700] = True
    compiled = sg.compile(lambda v, mask: sum(v[mask]))
    assert [compiled(v, mask) for mask in (*masks, *masks)] == [100.0, 700.0, 100.0, 700.0]


def test_results_of_numpys_types_stand_in_the_source() -> None:
    compiled = sg.compile(lambda x: [x, np.float64(2.0), np.int64(1), np.array([True, False]), np.array(["a"])])
    compiled(1.0)
    alone: dict[str, Any] = {}
    exec(compiled.source, alone)
    assert alone["function"](1.0) == [1.0, 2.0, 1, [True, False], ["a"]]


def test_numpys_functions_take_what_is_not_differentiated() -> None:
    function = sg.value_and_grad(lambda x, k: x * np.sin(k).sum() + np.sqrt(k)[0])
    compiled = sg.compile(function)
    for k in ([0.25, 0.5], [0.5, 0.5]):
        assert compiled(2.0, k) == function(2.0, k)


def test_structures_for_arrays_are_bounded_and_the_oldest_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scalargrad.compiler.arrays.MOST_VERSIONS", 3)
    compiled = sg.compile(lambda v: sum(v), arrays=np)
    x = np.array([1.0, 2.0])
    for n in [1, 2, 3, 4, 5, 1, 5]:
        assert compiled([x] * n).tolist() == [n * 1.0, n * 2.0]
    assert len(compiled.__self__.versions) == 3  # type: ignore[attr-defined]
    assert "v0 + v1" in compiled.source_for([x, x])
    assert compiled.source == compiled.source_for([1.0, 1.0])
