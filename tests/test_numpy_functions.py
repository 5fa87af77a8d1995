"""NumPy's functions on Values and Vectors, and NumPy left alone by everybody else."""

from __future__ import annotations

import math
import operator
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import scalargrad as sg
from scalargrad import Value, Vector, nn
from scalargrad.numpy_functions import OTHERS
from scalargrad.operations.operation import numpy_functions
from tests.support import ROOT
from tests.support.arrays import numbers_in, objects
from tests.support.bits import exactly
from tests.support.examples import a_third
from tests.support.infix import INFIX

if TYPE_CHECKING:
    from collections.abc import Callable

METHODS = ["exp", "log", "sqrt", "sin", "cos", "tan", "tanh"]


# ---- Object arrays ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", METHODS)
@a_third
@given(numbers=st.lists(st.floats(0.01, 1.5), min_size=1, max_size=4))
def test_a_ufunc_of_an_object_array_applies_the_function_to_each_value(name: str, numbers: list[float]) -> None:
    leaves = [Value(x) for x in numbers]
    array = getattr(np, name)(objects(*leaves))
    assert array.dtype == object
    assert exactly(numbers_in(array)) == exactly([getattr(math, name)(x) for x in numbers])
    for node, leaf, x in zip(array, leaves, numbers):
        assert node.operation == name
        assert node.parents == (leaf,)
        node.backward()
        twin = Value(x)
        getattr(sg, name)(twin).backward()
        assert exactly(leaf.grad) == exactly(twin.grad)
    scalar = getattr(np, name)(leaves[0])
    assert type(scalar) is Value
    assert scalar.parents == (leaves[0],)


UFUNCS: dict[str, Callable[[Any, Any], Any]] = {
    "+": np.add,
    "-": np.subtract,
    "*": np.multiply,
    "/": np.true_divide,
    "//": np.floor_divide,
    "%": np.remainder,
    "**": np.power,
}


@pytest.mark.parametrize("symbol", UFUNCS)
@a_third
@given(rows=st.lists(st.tuples(st.floats(0.125, 4), st.floats(0.125, 4)), min_size=1, max_size=3))
def test_a_binary_ufunc_works_on_object_arrays_and_numbers(symbol: str, rows: list[tuple[float, float]]) -> None:
    apply, ufunc = INFIX[symbol], UFUNCS[symbol]
    a, b = [x for x, _ in rows], [y for _, y in rows]
    left, right = objects(*map(Value, a)), objects(*map(Value, b))
    expected = exactly([apply(x, y) for x, y in rows])
    for result in (ufunc(left, right), apply(left, right), ufunc(left, np.array(b)), apply(np.array(a), right)):
        assert exactly(numbers_in(result)) == expected
        assert all(type(node) is Value for node in result)
        assert all(node.is_tracked for node in result)
    assert exactly(numbers_in(apply(left, b[0]))) == exactly([apply(x, b[0]) for x in a])
    assert exactly(numbers_in(apply(a[0], right))) == exactly([apply(a[0], y) for y in b])


def test_unary_ufuncs_and_comparisons_work_on_object_arrays() -> None:
    x, y = Value(-1.0), Value(2.0)
    array = objects(x, y)
    assert numbers_in(np.negative(array)) == numbers_in(-array) == [1.0, -2.0]
    assert numbers_in(np.abs(array)) == [1.0, 2.0]
    assert (array > 0).tolist() == [False, True]
    assert (array == np.array([-1.0, 3.0])).tolist() == [True, False]
    assert array.argmax() == 1
    assert array.max() is y
    assert np.sort(array)[0] is x
    assert np.floor(array).tolist() == [-1, 2]


@given(numbers=st.lists(st.floats(-3, 3), min_size=1, max_size=5))
def test_numpy_s_reductions_of_object_arrays_carry_gradients(numbers: list[float]) -> None:
    weights = np.arange(1.0, len(numbers) + 1)
    for compute, expected in [
        (lambda array: array.sum(), [1.0] * len(numbers)),
        (lambda array: array @ weights, weights.tolist()),
        (lambda array: np.dot(weights, array), weights.tolist()),
        (lambda array: array.mean(), [1 / len(numbers)] * len(numbers)),
        (lambda array: (array * array).sum(), [2 * x for x in numbers]),
    ]:
        leaves = [Value(x) for x in numbers]
        compute(objects(*leaves)).backward()
        assert [leaf.grad for leaf in leaves] == expected


# ---- NumPy's functions -----------------------------------------------------------------------------------------------


BY_NUMPY_NAME = {
    name: function
    for name, function in vars(np).items()
    if isinstance(function, np.ufunc) and function.__name__ in numpy_functions
}
BEYOND_ONE = {"arccosh": 1.0}  # added to the numbers, to be in the domain


@pytest.mark.parametrize("name", BY_NUMPY_NAME)
@a_third
@given(numbers=st.lists(st.floats(0.0625, 0.9375), min_size=2, max_size=3))
def test_a_ufunc_applies_the_operation_with_its_name(name: str, numbers: list[float]) -> None:
    ufunc = BY_NUMPY_NAME[name]
    numbers = [x + BEYOND_ONE.get(ufunc.__name__, 0.0) for x in numbers]
    others: list[Any] = [[2, 3, 1][: len(numbers)] if name == "ldexp" else [0.5, 1.5, 2.5][: len(numbers)]]
    if ufunc.nin == 1:
        others = []
    expected = ufunc(np.array(numbers), *map(np.array, others))
    leaves = [Value(x) for x in numbers]
    vector = ufunc(Vector(leaves), *others)
    assert type(vector) is Vector
    assert vector.tolist() == pytest.approx(expected.tolist(), rel=1e-14)
    scalar = ufunc(leaves[0], *[row[0] for row in others])
    assert type(scalar) is Value
    assert exactly(scalar.data) == exactly(vector[0].data)
    if ufunc.nin == 1:
        array = ufunc(np.array([leaves, leaves[::-1]], dtype=object))
        assert numbers_in(array) == [vector.tolist(), vector.tolist()[::-1]]
    vector.sum().backward()
    operation = numpy_functions[ufunc.__name__]
    for leaf, *row in zip(leaves, *others):
        twin = Value(leaf.data)
        operation(twin, *row).backward()
        assert exactly(float(twin.grad)) == exactly(float(leaf.grad))


def test_ufuncs_of_two_arrays_of_values_call_their_methods() -> None:
    xs, ys = objects(Value(3.0), Value(5.0)), objects(Value(4.0), Value(12.0))
    assert numbers_in(np.hypot(xs, ys)) == [5.0, 13.0]
    assert numbers_in(np.arctan2(xs, ys)) == [math.atan2(3.0, 4.0), math.atan2(5.0, 12.0)]
    assert numbers_in(np.fmod(ys, xs)) == [1.0, 2.0]
    np.hypot(xs, ys)[0].backward()
    assert xs[0].grad == 0.6


def test_every_ufunc_that_names_an_operation_or_a_function_of_math_is_known() -> None:
    public = {*dir(sg), *sg.math.__all__}
    known = {*numpy_functions, "floor", "ceil", "trunc", "gcd", "lcm", *OTHERS}
    different = {"remainder", "signbit"}  # of another meaning in math, of a Python to come
    ufuncs = {f.__name__ for f in vars(np).values() if isinstance(f, np.ufunc)}
    assert (ufuncs & public) - different <= known


def test_what_is_piecewise_constant_gives_plain_numbers() -> None:
    x, v = Value(-1.5), Vector([Value(-1.5), Value(2.5)])
    assert np.floor(x) == -2
    assert np.ceil(v).tolist() == [-1, 3]
    assert np.trunc(v).tolist() == [-1, 2]
    assert np.rint(v).tolist() == np.round(v).tolist() == [-2, 2]
    for function in (np.isfinite, np.isinf, np.isnan):
        assert function(x) is (function is np.isfinite)
        assert function(v).dtype == bool
        assert function(v).tolist() == [function is np.isfinite] * 2
    assert np.less(v, 0.0).tolist() == [True, False]
    assert np.logical_and(v, True).dtype == bool


def test_functions_with_several_results_give_each() -> None:
    whole, rest = np.divmod(Value(7.0), 2.0)
    assert (whole.data, rest.data) == (3.0, 1.0)
    fractions, wholes = np.modf(Vector([Value(2.25), Value(-1.5)]))
    assert numbers_in(fractions) == [0.25, -0.5]
    assert wholes.tolist() == [2.0, -1.0]
    mantissa, exponent = np.frexp(Value(6.0))
    assert (mantissa.data, exponent) == (0.75, 3)


def test_what_has_no_operation_goes_by_the_operators() -> None:
    v = Vector([Value(2.0), Value(-3.0)])
    square = np.square(v)
    assert type(square) is Vector
    square.sum().backward()
    assert v.grad == [4.0, -6.0]
    assert np.reciprocal(Value(4.0)).data == 0.25
    assert np.positive(v) == np.conjugate(v) == v
    assert np.real(v[0]) is v[0]
    assert np.imag(v[0]) == 0
    with pytest.raises(AttributeError, match=r"^'Value' object has no attribute 'maximize'"):
        v[0].maximize  # noqa: B018
    assert np.add.reduce(v).data == -1.0
    assert numbers_in(np.multiply.outer(v, v)) == [[4.0, -6.0], [-6.0, 9.0]]
    assert numbers_in(np.logaddexp.reduce(v)) == sg.logaddexp(2.0, -3.0)


@pytest.mark.parametrize(
    "compute",
    [
        *(np.sum, np.mean, np.prod, np.max, np.min, np.var, np.std, np.median, np.ptp, np.cumsum, np.cumprod, np.diff),
        *(np.sort, np.flip, np.outer, np.linalg.norm, np.vstack, np.stack, np.atleast_2d, np.array, np.asarray),
        lambda x: np.sum(x, axis=0, keepdims=True),
        lambda x: np.mean(x, axis=0),
        lambda x: np.max(x, axis=0, initial=1.0),
        lambda x: np.prod(x, where=[True, False, True], initial=1.0),
        lambda x: np.var(x, ddof=1),
        lambda x: np.concatenate([x, [1.0], x]),
        lambda x: np.stack([x, x], axis=1),
        lambda x: np.dot(x, x),
        lambda x: np.clip(x, 0.5, 2.0),
        lambda x: np.clip(x, 0.5, None),
        lambda x: np.where([True, False, True], x, 0.0),
        lambda x: np.argsort(x),
        lambda x: np.argmax(x),
        lambda x: np.reshape(x, (3, 1)),
        lambda x: np.einsum("i,i", x, x),
        lambda x: np.average(x, weights=[1.0, 2.0, 3.0]),
        lambda x: np.sinc(x),
        lambda x: np.tensordot(x, x, axes=1),
        np.shape,
        np.size,
    ],
)
def test_a_function_of_a_vector_gives_what_it_gives_of_an_array(compute: Callable[..., Any]) -> None:
    numbers = [1.5, 0.25, 3.0]
    if compute is np.outer:
        compute = lambda x: np.outer(x, x)  # noqa: E731
    expected = np.asarray(compute(np.array(numbers)))
    result = compute(Value(1.0) * np.array(numbers))
    assert np.shape(result) == expected.shape
    assert numbers_in(np.ravel(result)) == pytest.approx(np.ravel(expected), rel=1e-14)


def test_gradients_flow_through_numpys_functions() -> None:
    def spread(w: Any) -> Any:
        return np.std(w * np.array([1.0, 2.0, 4.0]), ddof=1)

    assert sg.grad(spread)(3.0) == pytest.approx(np.std([1.0, 2.0, 4.0], ddof=1), rel=1e-14)
    assert sg.grad(lambda x: np.var([x, x + 2.0 * x]))(1.0) == pytest.approx(2.0)
    v = Vector([Value(1.0), Value(2.0)])
    total = np.sum(v)
    assert total.operation == "sum"
    np.max(Vector([v[0], v[0] * 1.0])).backward()
    assert v.grad == [1.0, 0.0]
    x = Value(0.0)
    assert sg.grad(sg.grad(np.sinc))(x.data) == pytest.approx(-(math.pi**2) / 3)


def test_out_where_and_dtype_are_obeyed_or_refused() -> None:
    v, out = Vector([Value(1.0), Value(4.0)]), np.array([None, 7.0], dtype=object)
    assert np.sqrt(v, out=out) is out
    assert numbers_in(out) == [1.0, 2.0]
    np.add(v, 1.0, out=out, where=[True, False])
    assert numbers_in(out) == [2.0, 2.0]
    out += v
    assert numbers_in(out) == [3.0, 6.0]
    assert np.less(v, 2.0, dtype=object).tolist() == [True, False]
    flags = np.zeros(2, dtype=bool)
    np.less(v, 2.0, out=flags)
    assert flags.tolist() == [True, False]
    floats = np.ones(2)
    for compute in (lambda: np.sin(v, out=floats), lambda: np.sin(v, dtype=float), lambda: operator.iadd(floats, v)):
        with pytest.raises(TypeError, match=r"of Values gives objects, and as float64 they would lose their gradients"):
            compute()
    assert floats.tolist() == [1.0, 1.0]
    with pytest.raises(TypeError, match=r"^numpy\.sin of Values takes where= only together with out=; or choose with "):
        np.sin(v, where=[True, False])
    with pytest.raises(TypeError, match=r"^numpy\.add cannot write to Vector\(\[1\.0, 4\.0\]\); take the result"):
        np.add(v, v, out=v)


@pytest.mark.parametrize(
    ("compute", "name"),
    [
        (lambda v: np.linalg.solve(np.eye(2), v), r"numpy\.linalg\.solve"),
        (lambda v: np.fft.fft(v), r"numpy\.fft\.fft"),
        (lambda v: np.interp(v, [0.0, 1.0], [0.0, 1.0]), r"numpy\.interp"),
        (lambda v: np.percentile(v, 50), r"numpy\.percentile"),
    ],
)
def test_what_computes_with_floats_alone_says_what_to_use(compute: Callable[[Any], Any], name: str) -> None:
    with pytest.raises(TypeError, match=rf"^{name} does not work on Values: .*; compute it with operators and the "):
        compute(Vector([Value(0.25), Value(0.5)]))


@pytest.mark.parametrize("reduce", [np.sum, np.prod, np.mean])
def test_a_reduction_in_floats_is_refused(reduce: Any) -> None:
    for options in ({"dtype": float}, {"dtype": float, "axis": 0}):
        with pytest.raises(
            TypeError, match=rf"^numpy\.{reduce.__name__} of Values gives objects, and as float64 they "
        ):
            reduce(Vector([Value(0.25), Value(0.5)]), **options)


def test_a_sum_and_a_product_take_a_mask() -> None:
    v = Vector([Value(2.0), Value(3.0), Value(5.0)])
    mask = [True, False, True]
    assert (np.sum(v, where=mask).data, np.prod(v, where=np.array(mask)).data) == (7.0, 10.0)
    assert np.sum(v, where=mask, initial=1.0).data == 8.0
    np.prod(v, where=mask).backward()
    assert v.grad == [5.0, 0.0, 2.0]
    with pytest.raises(ValueError, match=r"^numpy\.mean: .* 'initial'; or drop the masked entries before the call$"):
        np.mean(v, where=mask)
    with pytest.raises(ValueError, match="duplicate"):
        np.sum(v, axis=(0, 0))


def test_values_compare_as_close_by_their_numbers() -> None:
    v, numbers = Vector([Value(2.0), Value(3.0)]), [2.0, 3.0 + 1e-9]
    values = np.array([*v], dtype=object)
    for left, right in ((v, v), (v, numbers), (numbers, v), (np.array(numbers), v), (v, values), ([*v], v)):
        found = np.isclose(left, right)
        assert (found.dtype, found.tolist()) == (bool, [True, True])
        assert np.allclose(left, right) is True
    assert np.isclose(v, [2.0, 3.5]).tolist() == [True, False]
    assert np.isclose(v, 2.5, atol=Value(0.5)).tolist() == [True, True]
    assert np.isclose(Value(2.0), 2.0)
    assert not np.allclose(Value(math.nan), math.nan)
    assert np.allclose(Value(math.nan), math.nan, equal_nan=True)


def test_signs_and_steps_are_plain() -> None:
    v = Vector([Value(-0.0), Value(0.0), Value(-2.0), Value(3.0)])
    found = np.signbit(v)
    assert (found.dtype, found.tolist()) == (bool, np.signbit(v.tolist()).tolist())
    assert np.signbit(Value(-1.0)) is True
    assert np.heaviside(v, 0.5).tolist() == np.heaviside(v.tolist(), 0.5).tolist()
    assert (np.heaviside(Value(-1.0), 0.5), np.heaviside(Value(0.0), 0.5)) == (0.0, 0.5)
    assert math.isnan(np.heaviside(Value(math.nan), 0.5))


def test_vectors_are_in_no_order_but_with_arrays() -> None:
    v = Vector([Value(2.0), Value(3.0)])
    assert (v < np.array([3.0, 3.0])).tolist() == [True, False]
    assert (np.array([3.0, 3.0]) <= v).tolist() == [False, True]


def test_an_operand_that_is_no_number_is_refused_unless_it_knows_of_ufuncs() -> None:
    class Quantity:
        def __array_ufunc__(self, *_: Any, **__: Any) -> str:
            return "asked"

    assert np.add(Value(1.0), Quantity()) == "asked"
    with pytest.raises(TypeError, match=r"^numpy\.add takes numbers, Values or Vectors, not 'text' \(str\)$"):
        np.add(Value(1.0), "text")


class Metres(np.ndarray):
    """An array that has something to say about ufuncs, as those of units have."""

    def __array_ufunc__(self, *_: Any, **__: Any) -> Any:
        raise TypeError("expected a plain NumPy array, or metres")


@pytest.mark.parametrize(
    "array", [np.ones((1, 2)).view(np.matrix), np.ma.array([1.0, 2.0], mask=[0, 1]), np.ones(2).view(Metres)]
)
def test_arrays_that_would_compute_otherwise_are_refused(array: Any) -> None:
    x, v = Value(2.0), Vector([Value(1.0), Value(2.0)])
    for compute in (
        *(lambda: x * array, lambda: v * array, lambda: v @ array, lambda: sg.sin(array), lambda: np.add(array, x)),
        *(lambda: sg.grad(lambda a: a.sum())(array), lambda: Vector([1.0]) + array, lambda: sg.Variable(array)),
    ):
        with pytest.raises(
            TypeError, match=r"^expected a plain NumPy array, got a \w+, whose operators have|masked array|or metres"
        ):
            compute()
    for compute in (lambda: array * x, lambda: array + v):
        with pytest.raises(TypeError, match=r"expected a plain NumPy array|a masked array would lose the gradients"):
            compute()


def test_what_only_offers_the_interface_of_arrays_is_no_array() -> None:
    class Picture:
        __array_interface__: Any = {}  # noqa: RUF012

    with pytest.raises(TypeError, match=r"unsupported operand type\(s\) for \*: 'Value' and 'Picture'"):
        Value(1.0) * Picture()  # type: ignore[operator]


def test_a_subclass_with_the_operators_of_arrays_counts_as_an_array() -> None:
    array = np.array([1.0, 2.0]).view(np.recarray)
    assert Value(2.0) * array == [2.0, 4.0]
    assert sg.grad(lambda a: (a * a).sum())(array).tolist() == [2.0, 4.0]


def test_an_array_of_one_element_is_a_number_where_one_is_wanted() -> None:
    assert Value(np.array([[2.0]])).data == 2.0
    assert sg.grad(lambda w: np.array([[w * 3]]))(2.0) == 3.0
    assert sg.grad(lambda w: w * np.array([3.0]))(2.0) == 3.0
    assert sg.value_and_grad(lambda a: a[:1] * a[1:])(np.array([2.0, 3.0]))[0] == 6.0
    x = Value(2.0)
    x.grad = np.array([0.5])
    assert exactly(x.grad) == exactly(0.5)
    with pytest.raises(TypeError, match="expected a real number, got array"):
        Value(np.array([1.0, 2.0]))


def test_numpys_integers_are_integers() -> None:
    three, one = np.int64(3), np.uint8(1)
    assert sg.derivative(lambda x: x**3, order=three)(2.0) == 6.0
    assert sg.grad(lambda x, y: x * y, argnums=one)(2.0, 5.0) == 2.0
    assert sg.grad(lambda x, y: x * y, argnums=[one, np.int8(0)])(2.0, 5.0) == (2.0, 5.0)
    model = nn.MLP(three, [one], seed=np.int32(7))
    assert type(model.layers[0].neurons[0].nin) is int
    assert [p.data for p in model.parameters()] == [p.data for p in nn.MLP(3, [1], seed=7).parameters()]
    assert sg.compile(lambda x: x * x, max_operations=three)(2.0) == 4.0
    y = Value(2.0) * 3.0
    assert sg.explain(y, width=np.int64(80)) == sg.explain(y, width=80)
    for thing in (np.float64(1.0), np.bool_(True), np.array([1, 2]), True, Value(1.0)):
        with pytest.raises(TypeError, match=r"^order of derivative is an integer, not "):
            sg.derivative(lambda x: x, order=thing)
        with pytest.raises(TypeError, match=r"^argnums of grad is an integer or a tuple of integers, not "):
            sg.grad(lambda x: x, argnums=(thing,))


# ---- NumPy is imported by those who ask for it -----------------------------------------------------------------------


def run_python(program: str) -> str:
    """What a program prints in a fresh interpreter that finds scalargrad and its site packages."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_numpy_is_not_imported_unless_it_is_asked_for() -> None:
    program = """
import sys, copy, pickle
import scalargrad as sg
x, v, w = sg.Value(2.0), sg.Vector([sg.Value(1.0), 2.0]), sg.Variable([1.0, 2.0])
with sg.GradientTape() as tape:
    y = (sg.sin(v) * [1.0, 2.0] + x).sum() + v @ w + sg.softmax(v)[0] + v.norm() + sg.where([True, False], v, x).mean()
tape.gradient(y, [x, v, w]); y.backward()
copy.deepcopy(v), pickle.dumps(y), repr(v), v == [1.0, 2.0], x < 3, x.numpy(), y.item(), v.tolist(), w.grad
for refused in ("text", None, object()):
    try:
        v + refused
    except TypeError:
        pass
assert "numpy" not in sys.modules, "numpy was imported"
array = v.numpy()
assert "numpy" in sys.modules, "numpy was asked for"
print(type(array).__module__, array.tolist())
"""
    assert run_python(program) == "numpy [1.0, 2.0]\n"


def test_numpy_imported_after_scalargrad_is_welcome_all_the_same() -> None:
    program = """
import scalargrad as sg
x = sg.Value(2.0)
import numpy
print(numpy.array([1.0, 2.0]) * x, x * numpy.ones((1, 2)), numpy.float64(3.0) * x)
"""
    assert run_python(program) == "Vector([2.0, 4.0]) [[Value(2.0) Value(2.0)]] Value(6.0)\n"
