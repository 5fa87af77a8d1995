"""The transforms: their results, their structures, how they nest, and what they refuse."""

from __future__ import annotations

import collections
import dataclasses
import inspect
import itertools
import math
import pickle
from fractions import Fraction
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import scalargrad as sg
from scalargrad import nn
from scalargrad.engine.rows import identity_of
from scalargrad.operations import elementary as operations
from scalargrad.testing import programs as st_programs
from scalargrad.transforms import taylor
from tests.support.oracles import NARROW, Jet, many_digit_derivative
from tests.support.profiles import sized, some
from tests.support.programs import (
    FRACTIONS,
    INPUTS,
    ValueKit,
    any_programs,
    is_tame,
    many_digit_kit,
    points,
    rational_programs,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence


def cubic(x: Any) -> Any:
    return x**3 - 2 * x


def product_and_sum(x: Any, y: Any) -> list[Any]:
    return [x * y, x + y]


def rosenbrock(xs: Sequence[Any]) -> Any:
    total: Any = 0
    for x, y in itertools.pairwise(xs):
        total = total + 100 * (y - x * x) ** 2 + (1 - x) ** 2
    return total


def rosenbrock_hessian(xs: Sequence[float]) -> list[list[float]]:
    n = len(xs)
    matrix = [[0.0] * n for _ in xs]
    for i in range(n - 1):
        matrix[i][i] += 1200 * xs[i] ** 2 - 400 * xs[i + 1] + 2
        matrix[i][i + 1] = matrix[i + 1][i] = -400 * xs[i]
        matrix[i + 1][i + 1] += 200
    return matrix


# ---- One gradient, many ways -----------------------------------------------------------------------------------------


@given(st.data())
def test_every_transform_gives_the_gradient_that_backward_gives(data: st.DataObject) -> None:
    program = data.draw(any_programs())
    point = data.draw(points(INPUTS, program.inputs))
    leaves = [sg.Value(x) for x in point]
    result = program(ValueKit(), leaves)
    if result.is_tracked:
        result.backward()
    expected = [leaf.grad for leaf in leaves]

    def function(*xs: Any) -> Any:
        return program(ValueKit(), xs)

    everything = tuple(range(program.inputs))
    assert sg.value_and_grad(function, argnums=everything)(*point) == (result.data, tuple(expected))
    assert sg.grad(lambda xs: program(ValueKit(), xs))(point) == expected
    value, pullback = sg.vjp(function, *point)
    assert (value, pullback(1.0)) == (result.data, tuple(expected))
    assert sg.jacobian(function, everything, mode="reverse")(*point) == tuple(expected)
    scale = 1e-13 * (1 + sum(map(abs, expected)))
    assert sg.jacobian(function, everything, mode="forward")(*point) == pytest.approx(expected, rel=1e-11, abs=scale)
    for index in range(program.inputs):
        direction = [float(i == index) for i in range(program.inputs)]
        value, slope = sg.jvp(function, point, direction)
        assert value == result.data
        assert slope == pytest.approx(expected[index], rel=1e-11, abs=scale)


@given(st.data())
def test_exact_numbers_stay_exact_in_every_transform_and_order(data: st.DataObject) -> None:
    program = data.draw(rational_programs(max_inputs=2, max_steps=6))
    point = data.draw(points(FRACTIONS, program.inputs))
    index = data.draw(st.integers(0, program.inputs - 1))

    def along(x: Any) -> Any:
        return program(ValueKit(), [*point[:index], x, *point[index + 1 :]])

    jets = [Jet([x, Fraction(int(i == index)), *[Fraction(0)] * 3]) for i, x in enumerate(point)]
    try:
        exact = program(RationalJetKit(), jets)
    except KinkError:
        assume(False)
    x = point[index]
    for order in range(4):
        assert sg.derivative(along, order)(x) == exact.derivative(order)
        assert isinstance(sg.derivative(along, order)(x), (Fraction, int))
    assert sg.grad(along)(x) == exact.derivative(1)
    assert sg.hessian(along)(x) == sg.grad(sg.grad(along))(x) == exact.derivative(2)
    assert sg.hvp(along, (x,), (Fraction(2),)) == 2 * exact.derivative(2)
    assert sg.jvp(sg.jacobian(along), (x,), (Fraction(1),)) == (exact.derivative(1), exact.derivative(2))
    assert isinstance(sg.hessian(along)(x), (Fraction, int))


class KinkError(Exception):
    """A program chose between operands: its power series is not that of one piece."""


class RationalJetKit(ValueKit):
    """The functions of rational programs on power series, where they have no kinks."""

    def __init__(self) -> None:
        super().__init__()
        for name in ("relu", "abs", "maximum", "minimum", "clip", "max", "min"):
            setattr(self, name, self.refuse)
        self.where = lambda condition, x, y: x if condition else y
        self.sum = lambda xs: sum(xs[1:], xs[0])
        self.mean = lambda xs: self.sum(xs) / len(xs)
        self.prod = lambda xs: math.prod(xs[1:], start=xs[0])

    def dot(self, xs: Sequence[Any], ys: Sequence[Any]) -> Any:
        return self.sum([x * y for x, y in zip(xs, ys)])

    def refuse(self, *_: Any) -> Any:
        raise KinkError


@given(st.data())
def test_taylor_coefficients_agree_with_nested_gradients_and_with_many_digits(data: st.DataObject) -> None:
    program = data.draw(any_programs(max_inputs=1, max_steps=5))
    (x,) = data.draw(points(INPUTS, 1))
    assume(is_tame(program, [x]))

    def function(x: Any) -> Any:
        return program(ValueKit(), [x])

    nested: Any = function
    for order in range(4):
        scale = 1 + max(abs(y.data) for y in program.trace(ValueKit(), [sg.Value(x)])) ** (order + 1)
        got = sg.derivative(function, order)(x)
        through = nested(x) if order else nested(sg.Value(x)).data
        assert got == pytest.approx(through, rel=1e-9, abs=1e-11 * scale)
        if order:
            exact = many_digit_derivative(lambda x: program(many_digit_kit(), [x]), [x], 0, order, NARROW)
            assert got == pytest.approx(float(exact), rel=1e-9, abs=1e-11 * scale)
        nested = sg.grad(nested)


@given(st.data())
def test_the_hessian_is_that_of_nested_gradients_and_of_products(data: st.DataObject) -> None:
    program = data.draw(any_programs(max_inputs=3, max_steps=6))
    point = data.draw(points(INPUTS, program.inputs))
    assume(is_tame(program, point))

    def function(xs: Any) -> Any:
        return program(ValueKit(), xs)

    matrix = sg.hessian(function)(point)
    scale = 1e-11 * (1 + max(abs(x) for row in matrix for x in row))
    for other in (sg.jacobian(sg.grad(function)), sg.jacobian(sg.grad(function), mode="forward")):
        assert other(point) == [pytest.approx(row, rel=1e-9, abs=scale) for row in matrix]
    for i in range(program.inputs):
        direction = [float(i == j) for j in range(program.inputs)]
        assert sg.hvp(function, (point,), (direction,)) == pytest.approx(matrix[i], rel=1e-9, abs=scale)
        assert [row[i] for row in matrix] == pytest.approx(matrix[i], rel=1e-9, abs=scale)
        _, column = sg.jvp(sg.grad(function), (point,), (direction,))
        assert column == pytest.approx(matrix[i], rel=1e-9, abs=scale)


@given(st.lists(INPUTS, min_size=2, max_size=6))
def test_the_hessian_of_rosenbrock_is_the_closed_form(xs: list[float]) -> None:
    for row, exact in zip(sg.hessian(rosenbrock)(xs), rosenbrock_hessian(xs)):
        assert row == pytest.approx(exact, rel=1e-12, abs=1e-10)


@given(st.data())
def test_forward_and_reverse_jacobians_agree(data: st.DataObject) -> None:
    program = data.draw(any_programs())
    point = data.draw(points(INPUTS, program.inputs))

    def function(xs: Any) -> Any:
        return program.trace(ValueKit(), xs)

    reverse = sg.jacobian(function, mode="reverse")(point)
    for mode in ("forward", "auto"):
        for row, other in zip(sg.jacobian(function, mode=mode)(point), reverse):
            assert row == pytest.approx(other, rel=1e-10, abs=1e-12 * (1 + sum(map(abs, other))))


# ---- Higher orders ---------------------------------------------------------------------------------------------------

CLOSED_FORMS: list[tuple[Callable[[Any], Any], float, Callable[[int], float]]] = [
    (sg.exp, 0.3, lambda n: math.exp(0.3)),
    (sg.sin, 0.3, lambda n: math.sin(0.3 + n * math.pi / 2)),
    (lambda x: 1 / x, 0.5, lambda n: (-1) ** n * math.factorial(n) * 2.0 ** (n + 1)),
    (sg.log, 0.5, lambda n: (-1) ** (n - 1) * math.factorial(n - 1) * 2.0**n if n else math.log(0.5)),
    (lambda x: x**12, 1.5, lambda n: math.perm(12, n) * 1.5 ** (12 - n)),
    (lambda x: 2**x, 1.5, lambda n: math.log(2) ** n * 2**1.5),
]


@pytest.mark.parametrize(("function", "x", "closed"), CLOSED_FORMS)
def test_derivatives_up_to_order_10_are_those_of_the_closed_form(
    function: Callable[[Any], Any], x: float, closed: Callable[[int], float]
) -> None:
    for n in range(11):
        assert sg.derivative(function, n)(x) == pytest.approx(closed(n), rel=1e-11)


def test_the_work_for_a_derivative_does_not_grow_exponentially_with_its_order() -> None:
    calls = collections.Counter[str]()
    function = counting(lambda x: sg.tanh(sg.sin(x) * sg.exp(x)) / (1 + x * x), calls)
    work = []
    for order in (5, 10, 20):
        calls.clear()
        sg.derivative(function, order)(0.3)
        work.append(calls["kernels"])
    assert work[1] < 3 * work[0]
    assert work[2] < 3 * work[1]


def counting(function: Callable[[Any], Any], calls: collections.Counter[str]) -> Callable[[Any], Any]:
    """A function with a count of the expressions that the series of its graph need."""
    original = sg.transforms.taylor.apply_to_series

    def apply(operation: Any, operands: Any) -> Any:
        calls["kernels"] += 1
        return original(operation, operands)

    sg.transforms.taylor.appliers[sg.transforms.taylor.Series] = (10, apply)
    return function


@pytest.fixture(autouse=True)
def _the_applier_of_series_as_it_was() -> Iterator[None]:
    yield
    sg.transforms.taylor.appliers[sg.transforms.taylor.Series] = (10, sg.transforms.taylor.apply_to_series)


def test_a_derivative_at_the_edge_of_a_domain_is_the_limit() -> None:
    assert sg.derivative(lambda x: x**0.5, 2)(0.0) == -math.inf
    assert sg.derivative(sg.sqrt, 1)(0.0) == math.inf
    assert sg.derivative(abs, 1)(0.0) == 0
    assert sg.derivative(lambda x: x**2, 3)(0.0) == 0
    assert sg.derivative(lambda x: 3.0, 2)(1.0) == 0
    assert sg.derivative(lambda x: x, 1)(2.0) == 1
    assert sg.derivative(lambda x: x, 2)(2.0) == 0


def test_a_derivative_has_the_structure_of_the_result_and_nests() -> None:
    curve = lambda t, scale=1.0: {"x": scale * sg.cos(t), "y": [t * t, 3.0]}  # noqa: E731
    assert sg.derivative(curve, 2)(0.5, scale=2.0) == {"x": -2 * math.cos(0.5), "y": [2.0, 0.0]}
    assert sg.grad(sg.derivative(lambda x: x**5, 3))(2.0) == 60 * 2 * 2.0
    assert sg.derivative(sg.derivative(lambda x: x**5, 2), 2)(2.0) == 120 * 2.0
    assert sg.grad(lambda a: sg.derivative(lambda x: a * a * x**3, 2)(1.5))(2.0) == pytest.approx(4 * 6 * 1.5)
    assert sg.derivative(lambda x: sg.where(x > 0, x**2, -x))(-3.0) == -1


# ---- Structures ------------------------------------------------------------------------------------------------------


class Pair(NamedTuple):
    first: Any
    second: Any


@dataclasses.dataclass
class Model:
    weights: list[Any]
    bias: Any
    name: str = "model"
    twice: Any = dataclasses.field(init=False)

    def __post_init__(self) -> None:
        if self.bias < 0:
            raise ValueError("a negative bias")
        self.twice = 2 * self.bias


STRUCTURES: list[tuple[Any, Callable[[Any], Any], Any]] = [
    (3.0, lambda x: x * x, 6.0),
    (3, lambda x: x * x, 6.0),
    (Fraction(1, 2), lambda x: x * x, Fraction(1)),
    ([1.0, 2.0], lambda v: v[0] * v[1] ** 2, [4.0, 4.0]),
    ((1.0, [2.0]), lambda v: v[0] * v[1][0] ** 2, (4.0, [4.0])),
    (Pair(2.0, 3.0), lambda p: p.first * p.second, Pair(3.0, 2.0)),
    ({"b": 2.0, "a": [3.0]}, lambda d: d["b"] * d["a"][0], {"b": 3.0, "a": [2.0]}),
    (collections.OrderedDict(x=2.0), lambda d: d["x"] ** 3, collections.OrderedDict(x=12.0)),
    (
        [2.0, "text", None, True, {"k": b"bytes"}],
        lambda v: v[0] * 3 if v[3] else 0,
        [3.0, "text", None, True, {"k": b"bytes"}],
    ),
    ([], lambda v: 1.0, []),
    (sg.Vector([1.0, 2.0]), lambda v: v @ v, sg.Vector([2.0, 4.0])),
    ([sg.constant(3.0)], lambda v: v[0] ** 2, [6.0]),
]


@pytest.mark.parametrize(("argument", "function", "expected"), STRUCTURES)
def test_a_gradient_has_the_structure_of_the_argument(argument: Any, function: Any, expected: Any) -> None:
    gradient = sg.grad(function)(argument)
    assert type(gradient) is type(expected)
    assert gradient == expected


def test_a_dataclass_is_constructed_anew_for_the_function_and_not_for_its_gradient() -> None:
    gradient = sg.grad(lambda m: -m.twice * m.weights[0])(Model([3.0, 1.0], 2.0))
    assert (gradient.weights, gradient.bias, gradient.name, gradient.twice) == ([-4.0, 0.0], -6.0, "model", None)


def test_a_jacobian_has_the_structure_of_the_result_and_inside_of_it_that_of_the_arguments() -> None:
    function = lambda d, t: {"u": d["x"] * t[0], "v": (t[0] - t[1], "text", 5.0)}  # noqa: E731
    got = sg.jacobian(function, argnums=(0, 1))({"x": 2.0}, (3.0, 4.0))
    zero = ({"x": 0.0}, (0.0, 0.0))
    assert got == {"u": ({"x": 3.0}, (2.0, 0.0)), "v": (({"x": 0.0}, (1.0, -1.0)), "text", zero)}
    assert sg.jacobian(lambda v: v * v)(sg.Vector([1.0, 2.0])) == [[2.0, 0.0], [0.0, 4.0]]
    assert sg.hessian(lambda x, y: x * x * y, argnums=(0, 1))(3.0, 2.0) == ((4.0, 6.0), (6.0, 0.0))
    assert sg.hessian(lambda d: d["x"] * d["y"])({"x": 3.0, "y": 2.0}) == {"x": {"x": 0, "y": 1}, "y": {"x": 1, "y": 0}}
    assert sg.hessian(lambda v: 3.0)([1.0, 2.0]) == [[0.0, 0.0], [0.0, 0.0]]
    assert sg.hessian(lambda v: v[0] + 2 * v[1])([1.0, 2.0]) == [[0.0, 0.0], [0.0, 0.0]]


# ---- Calls -----------------------------------------------------------------------------------------------------------


def test_arguments_are_chosen_by_argnums_and_passed_by_position_or_keyword() -> None:
    def function(x: Any, y: Any, *, power: int = 2, other: str = "") -> Any:
        return x**power * y + len(other)

    assert sg.grad(function)(3.0, 2.0) == 12.0
    assert sg.grad(function, argnums=1)(3.0, 2.0) == 9.0
    assert sg.grad(function, argnums=-1)(3.0, 2.0) == 9.0
    assert sg.grad(function, argnums=(1, 0))(3.0, 2.0) == (9.0, 12.0)
    assert sg.grad(function, argnums=[0])(3.0, 2.0) == (12.0,)
    assert sg.grad(function)(x=3.0, y=2.0) == 12.0
    assert sg.grad(function, argnums=(0, 1))(3.0, y=2.0, power=3, other="ab") == (54.0, 27.0)
    assert sg.value_and_grad(function, argnums=1)(y=2.0, x=3.0) == (18.0, 9.0)
    assert sg.jacobian(function, argnums=1)(3.0, y=2.0) == 9.0


def test_what_a_function_returns_beside_its_value_is_handed_through_without_nodes() -> None:
    def function(x: Any) -> Any:
        squares = [x * x, (x,), sg.Vector([x]), {"t": (x, "text")}, Model([x], x)]
        return x**3, squares

    gradient, aux = sg.grad(function, has_aux=True)(2.0)
    assert gradient == 12.0
    assert aux[:4] == [4.0, (2.0,), [2.0], {"t": (2.0, "text")}]
    assert type(aux[0]) is float
    assert not aux[2][0].is_tracked
    assert (aux[4].weights, aux[4].twice) == ([2.0], 4.0)
    (value, aux), gradient = sg.value_and_grad(function, has_aux=True)(2.0)
    assert (value, gradient, aux[0]) == (8.0, 12.0, 4.0)
    outer = sg.grad(lambda y: sg.grad(lambda x: (x * x * y, y * x), has_aux=True)(3.0)[1])
    assert outer(2.0) == 3.0


def test_a_transform_keeps_name_docstring_and_signature_and_pickles_with_its_function() -> None:
    for make in (sg.grad, sg.value_and_grad, sg.jacobian, sg.hessian, sg.derivative):
        made = make(cubic)
        assert made.__name__ == "cubic"
        assert inspect.signature(made) == inspect.signature(cubic)
        again = pickle.loads(pickle.dumps(made))
        assert again(2.0) == made(2.0)
        assert repr(made).startswith(f"{make.__name__}(<function cubic")
    assert pickle.loads(pickle.dumps(sg.grad(sg.grad(cubic))))(2.0) == 12.0
    assert pickle.loads(pickle.dumps(sg.grad(product_of, argnums=1)))(2.0, 3.0) == 2.0


def product_of(x: Any, y: Any) -> Any:
    return x * y


@sg.grad
def decorated(x: Any) -> Any:
    """A cube."""
    return x**3


def test_a_decorated_function_pickles_by_its_name() -> None:
    assert decorated(2.0) == 12.0
    assert decorated.__doc__ == "A cube."
    assert pickle.loads(pickle.dumps(decorated)) is decorated


def test_control_flow_recursion_closures_and_generators_are_python() -> None:
    def power(x: Any, n: int) -> Any:
        return 1 if n == 0 else x * power(x, n - 1)

    def newton(a: Any) -> Any:
        root = a
        while abs(root * root - a) > 1e-14:
            root = (root + a / root) / 2
        return root

    def partial_sums(x: Any) -> Iterator[Any]:
        total = 0 * x
        for k in range(5):
            total = total + x**k
            yield total

    assert sg.grad(power)(2.0, 10) == 10 * 2.0**9
    assert sg.grad(newton)(2.0) == pytest.approx(0.5 / math.sqrt(2.0), rel=1e-12)
    assert sg.grad(lambda x: max(partial_sums(x)))(2.0) == 1 + 4 + 12 + 32
    assert sg.grad(lambda x: sum(sorted([x, 3 * x, 2 * x])[1:]))(1.0) == 5.0
    assert sg.grad(lambda x: x if x > 0 else -x)(-2.0) == -1.0


def test_a_function_that_ignores_its_argument_has_gradient_zero() -> None:
    assert sg.value_and_grad(lambda x: 3)(2.0) == (3, 0.0)
    assert sg.grad(lambda x, y: y * 2.0, argnums=(0, 1))(1.0, 2.0) == (0.0, 2.0)
    assert sg.grad(lambda x: sg.Value(5.0))(Fraction(1, 2)) == 0
    assert type(sg.grad(lambda x: 3)(Fraction(1, 2))) is Fraction
    assert sg.jvp(lambda x: [3.0, x], (2.0,), (1.0,)) == ([3.0, 2.0], [0.0, 1.0])
    assert sg.vjp(lambda x: 3.0, 2.0)[1](1.0) == (0.0,)
    assert sg.jacobian(lambda x: [3.0, x])(2.0) == [0.0, 1.0]


def test_a_chain_of_any_depth_has_all_transforms() -> None:
    def deep(x: Any) -> Any:
        for _ in range(sized(20_000)):
            x = x * 1.0001
        return x

    expected = pytest.approx(1.0001 ** sized(20_000), rel=1e-9)
    assert sg.grad(deep)(1.0) == expected
    assert sg.jvp(deep, (1.0,), (1.0,))[1] == expected
    assert sg.jacobian(deep, mode="forward")(1.0) == expected
    assert sg.derivative(deep, 2)(1.0) == 0.0
    assert sg.hessian(deep)(1.0) == 0.0


def test_the_pullback_can_be_called_again_and_takes_any_structure_of_that_length() -> None:
    value, pullback = sg.vjp(product_and_sum, 3.0, 2.0)
    assert value == [6.0, 5.0]
    assert pullback([1.0, 0.0]) == (2.0, 3.0)
    assert pullback((0, 1)) == (1.0, 1.0)
    assert pullback(sg.Vector([1.0, 2.0])) == (4.0, 5.0)
    value, pullback = sg.vjp(lambda x: (x, x, "text"), 3.0)
    assert (value, pullback((1.0, 10.0, None))) == ((3.0, 3.0, "text"), (11.0,))
    value, pullback = sg.vjp(lambda d: {"a": d["x"] * 2, "b": 1.0}, {"x": 3.0})
    assert pullback({"b": 5.0, "a": 3.0}) == ({"x": 6.0},)


def test_flatten_gives_a_list_and_the_way_back() -> None:
    params = {"w": [1.0, (2.0, "text")], "v": sg.Vector([3.0]), "a": [[4.0], 5.0], "m": Model([6.0], 7.0)}
    numbers, rebuild = sg.flatten(params)
    assert numbers == [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0]
    assert all(type(x) is float for x in numbers)
    again = pickle.loads(pickle.dumps(rebuild))([10 * x for x in numbers])
    assert again["w"] == [10.0, (20.0, "text")]
    assert again["v"] == [30.0]
    assert again["a"] == [[40.0], 50.0]
    assert again["m"] == dataclasses.replace(params["m"], weights=[60.0], bias=70.0)
    gradient = sg.grad(lambda flat: rebuild(flat)["w"][0] * rebuild(flat)["m"].twice)(numbers)
    assert gradient == [14.0, 0, 0, 0, 0, 0, 2.0]
    x = sg.Value(2.0)
    assert sg.flatten([x, sg.constant(3.0)])[0][0] is x
    with pytest.raises(ValueError, match="expected 7 numbers, got 1"):
        rebuild([1.0])


# ---- Nesting ---------------------------------------------------------------------------------------------------------


def test_transforms_nest_without_confusing_what_they_perturb() -> None:
    assert sg.grad(lambda a: a * sg.grad(lambda b: a * b)(1.0))(2.0) == 4.0
    assert sg.grad(lambda x: x * sg.grad(lambda y: x + y)(x))(3.0) == 1.0
    assert sg.grad(lambda x: sg.grad(lambda y: x * y * y)(x))(3.0) == 12.0
    assert sg.grad(lambda x: sg.jvp(lambda y: x * y, (2.0,), (1.0,))[1])(3.0) == 1.0
    assert sg.jvp(lambda x: sg.grad(lambda y: x * y * y)(x), (3.0,), (1.0,)) == (18.0, 12.0)
    assert sg.derivative(lambda x: x * sg.derivative(lambda y: x * y**3)(2.0))(3.0) == 2 * 12 * 3.0
    assert sg.grad(lambda a: sg.vjp(lambda b: a * b, 5.0)[1](a)[0])(3.0) == 6.0
    assert sg.grad(lambda a: sg.hvp(lambda b: a * b**3, (2.0,), (a,)))(3.0) == 2 * 3.0 * 12.0
    assert sg.grad(lambda a: sg.hessian(lambda b: a * b[0] ** 2 * b[1])([2.0, a])[0][0])(3.0) == 2 * 2 * 3.0
    assert (
        sg.grad(lambda a: sum(map(sum, sg.jacobian(lambda b: [a * b[0], b[1] ** 2 * a])([1.0, a]))))(3.0) == 1 + 4 * 3.0
    )


@pytest.mark.parametrize("mode", ["forward", "reverse"])
def test_closed_over_values_of_an_enclosing_jacobian_are_followed(mode: str) -> None:
    inner = lambda a: sg.jacobian(lambda b: [a * b[0] * b[1], b[0]], mode=mode)([2.0, 5.0])  # noqa: E731
    assert sg.jacobian(lambda a: inner(a)[0], mode=mode)(3.0) == [5.0, 2.0]


def test_five_gradients_of_gradients() -> None:
    function: Callable[..., Any] = lambda x: x**6  # noqa: E731
    for order in range(1, 6):
        function = sg.grad(function)
        assert function(2.0) == math.perm(6, order) * 2.0 ** (6 - order)


def test_a_transform_inside_a_tape_is_on_its_record() -> None:
    w = sg.Variable(2.0)
    with sg.GradientTape(persistent=True) as tape:
        depends = sg.grad(lambda b: w * w * b * b)(3.0)
        does_not = sg.grad(lambda b: b * b)(3.0)
        passed = sg.grad(lambda b: b**3)(w)
        value, pullback = sg.vjp(lambda b: w * b, 5.0)
        pulled = pullback(1.0)[0]
        _, tangent = sg.jvp(lambda b: b * b, (3.0,), (w,))
    assert does_not == 6.0
    assert type(does_not) is float
    assert tape.gradient(depends, w) == 2 * 2.0 * 6.0
    assert tape.gradient(passed, w) == 12.0
    assert tape.gradient(value, w) == 5.0
    assert tape.gradient(pulled, w) == 1.0
    assert tape.gradient(tangent, w) == 6.0


def test_a_tape_inside_a_transform_works_and_so_does_backward() -> None:
    def by_tape(x: Any) -> Any:
        with sg.GradientTape() as tape:
            y = x**3
        return tape.gradient(y, x)

    def by_watching_a_constant(x: Any) -> Any:
        c = sg.constant(2.0)
        with sg.GradientTape() as tape:
            tape.watch(c)
            y = c * c * x
        return tape.gradient(y, c)

    assert sg.grad(by_tape)(2.0) == 12.0
    assert sg.grad(by_watching_a_constant)(5.0) == 4.0


def test_a_tracked_argument_gives_a_node_and_a_closed_over_one_does_not() -> None:
    x = sg.Value(3.0)
    value, gradient = sg.value_and_grad(lambda y: y**3)(x)
    assert (value.data, gradient.data) == (27.0, 27.0)
    (value + gradient).backward()
    assert x.grad == 27.0 + 18.0
    assert sg.grad(lambda y: x * y)(2.0) == 3.0
    assert type(sg.grad(lambda y: x * y)(2.0)) is float
    linear = sg.grad(lambda y: 3 * y)(x)
    assert linear == 3.0
    v = sg.Vector([sg.Value(1.0), sg.Value(2.0)])
    gradient = sg.grad(lambda w: (w * w * w).sum())(v)
    gradient.sum().backward()
    assert v.grad == [6.0, 12.0]
    matrix = sg.hessian(lambda y: y**4)(x)
    assert matrix.data == 108.0
    assert sg.grad(lambda y: y * y)(sg.constant(3.0)) == 6.0


def test_inside_no_grad_the_result_is_plain_and_right() -> None:
    x = sg.Value(3.0)
    with sg.no_grad():
        assert type(sg.grad(lambda y: y * y)(x)) is float
        assert sg.grad(lambda y: y * y)(3.0) == 6.0
        assert sg.grad(sg.grad(lambda y: y**3))(3.0) == 18.0
        assert not (x * x).is_tracked
    assert sg.grad(lambda y: y * without_gradient(y))(3.0) == 3.0


def without_gradient(y: Any) -> Any:
    with sg.no_grad():
        return y * 1


def test_an_exception_leaves_no_block_open() -> None:
    with pytest.raises(ZeroDivisionError):
        sg.grad(lambda x: x / 0)(1.0)
    assert sg.engine.contexts.current().blocks == ()
    assert sg.engine.contexts.open_blocks == {}


def test_backward_inside_a_transform_writes_into_its_own_leaves_only() -> None:
    w = sg.Value(2.0)

    def function(x: Any) -> Any:
        y = x * w
        y.backward()
        return y

    assert sg.grad(function)(3.0) == 2.0
    assert w.grad == 3.0


# ---- Custom gradients ------------------------------------------------------------------------------------------------


@sg.custom_gradient
def halved(x: Any) -> Any:
    return x * x, lambda upstream: upstream * x


def test_a_custom_gradient_goes_backward_in_every_order_and_not_forward() -> None:
    assert sg.grad(halved)(3.0) == 3.0
    assert sg.jacobian(lambda x: [halved(x), x])(3.0) == [3.0, 1.0]
    assert sg.hessian(halved)(3.0) == sg.grad(sg.grad(halved))(3.0) == 1.0
    assert sg.hvp(halved, (3.0,), (2.0,)) == 2.0
    assert sg.grad(lambda a: sg.grad(lambda x: a * halved(x))(3.0))(2.0) == 3.0
    for refused in (lambda: sg.jvp(halved, (3.0,), (1.0,)), lambda: sg.jacobian(halved, mode="forward")(3.0)):
        with pytest.raises(TypeError, match="halved has a gradient of its own, which goes backward only; use reverse"):
            refused()
    with pytest.raises(TypeError, match="halved has a gradient of its own, which goes backward only; take"):
        sg.derivative(halved, 2)(3.0)


# ---- One recording ---------------------------------------------------------------------------------------------------


def test_the_function_is_run_once() -> None:
    runs: list[Any] = []

    def function(xs: Any) -> Any:
        runs.append(xs)
        return [x * xs[0] for x in xs]

    sg.jacobian(function)([1.0, 2.0, 3.0])
    sg.hessian(lambda xs: function(xs)[1])([1.0, 2.0, 3.0])
    sg.derivative(lambda x: function([x])[0], 5)(1.0)
    sg.hvp(lambda xs: function(xs)[1], ([1.0, 2.0],), ([1.0, 2.0],))
    _, pullback = sg.vjp(function, [1.0, 2.0])
    pullback([1.0, 2.0])
    pullback([1.0, 2.0])
    assert len(runs) == 5


class CountingRows(dict[Any, Any]):
    """A dict of rows that adds up how many entries are put into it."""

    entries = 0

    def __setitem__(self, node: Any, row: Any) -> None:
        super().__setitem__(node, row)
        self.entries += len(row)


def test_a_sparse_jacobian_costs_what_its_entries_cost() -> None:
    def residuals(xs: Any) -> list[Any]:
        return [x * y - 1 for x, y in itertools.pairwise(xs)]

    run, result = sg.transforms.run.run_at("jacobian", residuals, ([1.0] * 500,), {}, 0)
    order, leaves = run.order(result), [leaf.row for leaf in run.leaves]
    rows = CountingRows({identity_of(leaf): {i: 1.0} for i, leaf in enumerate(leaves)})
    sg.transforms.forward.forward_rows(order, rows)
    assert rows.entries == 2 * len(order) == 4 * len(result)
    targets = [y.row for y in result]
    assert sg.transforms.run.is_forward_cheaper(order, leaves, targets) is False  # one reverse sweep has two rows each
    for mode in ("forward", "reverse"):
        sparse = run.rows(result, mode, None)
        assert all(row == {i: 1.0, i + 1: 1.0} for i, row in enumerate(sparse))


@pytest.mark.parametrize(
    ("function", "forward"),
    [
        (lambda xs: [total * k for total in [sum(xs)] for k in range(9)], True),
        (lambda xs: [sum(x * k for k, x in enumerate(xs))], False),
        (lambda xs: [xs[0] * k for k in range(9)], True),
    ],
)
def test_the_cheaper_direction_is_chosen(function: Any, forward: bool) -> None:
    run, result = sg.transforms.run.run_at("jacobian", function, ([1.0, 2.0, 3.0],), {}, 0)
    order, leaves = run.order(result), [leaf.row for leaf in run.leaves]
    assert sg.transforms.run.is_forward_cheaper(order, leaves, [y.row for y in result]) is forward


# ---- Refusals --------------------------------------------------------------------------------------------------------

REFUSALS: list[tuple[Callable[[], Any], type[Exception], str]] = [
    (lambda: sg.grad(3.0), TypeError, r"grad takes a function, not 3\.0 \(float\)"),
    (lambda: sg.vjp(None, 1.0), TypeError, "vjp takes a function, not None"),
    (lambda: sg.jvp("f", (1.0,), (1.0,)), TypeError, "jvp takes a function, not 'f'"),
    (lambda: sg.hvp(1, (1.0,), (1.0,)), TypeError, "hvp takes a function, not 1"),
    (lambda: sg.grad(cubic, argnums="x"), TypeError, "argnums of grad is an integer or a tuple of integers, not 'x'"),
    (lambda: sg.grad(cubic, argnums=()), TypeError, r"not \(\)"),
    (lambda: sg.grad(cubic, argnums=(0, 1.0)), TypeError, r"not \(0, 1\.0\)"),
    (lambda: sg.grad(cubic, argnums=True), TypeError, "not True"),
    (lambda: sg.hessian(cubic, argnums=(0, 0)), ValueError, r"argnums of hessian has a number twice: \(0, 0\)"),
    (lambda: sg.grad(cubic, argnums=1)(2.0), TypeError, "by argument 1 of .*called with 1 positional argument and no"),
    (lambda: sg.grad(cubic, argnums=-2)(2.0), TypeError, "by argument -2"),
    (lambda: sg.grad(cubic)(), TypeError, "called with 0 positional arguments and no keywords"),
    (lambda: sg.grad(cubic)(y=2.0), TypeError, "0 positional arguments and y keywords"),
    (lambda: sg.grad(cubic)("2"), TypeError, r"grad differentiates by real numbers.*got '2' \(str\)"),
    (lambda: sg.grad(cubic)(None), TypeError, "got None"),
    (lambda: sg.grad(cubic)(True), TypeError, "got True"),
    (lambda: sg.grad(cubic)({1.0, 2.0}), TypeError, r"got \{1\.0, 2\.0\} \(set\)"),
    (lambda: sg.grad(cubic)([1.0, 2j]), TypeError, r"got 2j \(complex\)"),
    (lambda: sg.grad(lambda x: [x, x])(1.0), TypeError, "grad takes a function that returns one number.*use jacobian"),
    (lambda: sg.value_and_grad(lambda x: None)(1.0), TypeError, r"this one returned None \(NoneType\)"),
    (lambda: sg.hessian(lambda x: sg.Vector([x, x]))(1.0), TypeError, r"returned Vector\(\[1\.0, 1\.0\]\)"),
    (lambda: sg.hvp(lambda x: "a", (1.0,), (1.0,)), TypeError, "returned 'a'"),
    (lambda: sg.grad(cubic, has_aux=True)(1.0), TypeError, "with has_aux, grad takes a function that returns a pair"),
    (lambda: sg.jacobian(lambda x: {x})(1.0), TypeError, r"what this one returned holds \{Value\(1\.0\)\} \(set\)"),
    (lambda: sg.vjp(lambda x: object(), 1.0), TypeError, "vjp takes a function that returns numbers"),
    (
        lambda: sg.jacobian(cubic, mode="fwd"),
        ValueError,
        "mode of jacobian is 'auto', 'forward' or 'reverse', not 'fwd'",
    ),
    (lambda: sg.vjp(product_and_sum, 1.0, 2.0)[1](1.0), ValueError, r"a cotangent of the structure of \[.*got 1\.0"),
    (lambda: sg.vjp(product_and_sum, 1.0, 2.0)[1]([1.0]), ValueError, r"got \[1\.0\]"),
    (lambda: sg.vjp(product_and_sum, 1.0, 2.0)[1]([1.0, "2"]), ValueError, "got '2'"),
    (lambda: sg.vjp(lambda x: {"a": x}, 1.0)[1]({"b": 1.0}), ValueError, r"got \{'b': 1\.0\}"),
    (lambda: sg.jvp(cubic, 2.0, 1.0), TypeError, r"jvp takes its primals as a tuple .*not 2\.0 \(float\)"),
    (lambda: sg.jvp(cubic, (2.0,), 1.0), TypeError, r"tangents as a tuple"),
    (lambda: sg.jvp(cubic, (2.0,), (1.0, 2.0)), ValueError, r"expected tangents of the structure of \(2\.0,\), got"),
    (lambda: sg.hvp(rosenbrock, ([1.0, 2.0],), ([1.0],)), ValueError, "expected tangents of the structure"),
    (lambda: sg.derivative(cubic, 1.5), TypeError, r"order of derivative is an integer, not 1\.5"),
    (lambda: sg.derivative(cubic, -1), ValueError, "order of derivative is 0 or more, not -1"),
    (
        lambda: sg.derivative(lambda v: v[0])([1.0]),
        TypeError,
        r"a function of one number, which was called with \[1\.0\]",
    ),
    (lambda: sg.flatten({1.0}), TypeError, r"flatten takes numbers and nested lists"),
    (lambda: sg.flatten(object()), TypeError, "flatten takes numbers"),
]


@pytest.mark.parametrize(("misuse", "kind", "message"), REFUSALS)
def test_a_misuse_is_refused_with_one_sentence(misuse: Callable[[], Any], kind: type[Exception], message: str) -> None:
    with pytest.raises(kind, match=message) as caught:
        misuse()
    assert "\n" not in str(caught.value)
    assert sg.engine.contexts.current().blocks == ()


def test_what_does_not_depend_on_the_argument_has_no_tangent() -> None:
    w = sg.Value(3.0)
    assert sg.jvp(lambda x: w * w + x, (2.0,), (5.0,)) == (11.0, 5.0)
    assert sg.derivative(lambda x: 3.0, order=0)(1.0) == 3.0
    assert sg.derivative(lambda x: 3.0, order=2)(1.0) == 0.0


def test_higher_derivatives_of_remainders_and_quotients_are_those_of_their_pieces() -> None:
    assert sg.derivative(lambda x: (x % 3.0) ** 2 + x % (x + 1), order=2)(7.5) == 2.0
    assert sg.derivative(lambda x: sg.fmod(x * x, 4.0), order=2)(3.0) == 2.0


def test_a_constant_series_has_no_further_coefficients() -> None:
    constant = taylor.Series([2.0], {}, None, ())
    assert constant.coefficient(3) is taylor.ABSENT
    assert sg.sin(constant).coefficient(1) is taylor.ABSENT


def test_series_have_the_arithmetic_of_numbers_on_either_side() -> None:
    line = taylor.Series([2.0, 1.0], {}, None, ())  # 2 + t
    assert [(1 - line).coefficient(k) for k in range(2)] == [-1.0, -1.0]
    assert [(1 / line).coefficient(k) for k in range(3)] == [0.5, -0.25, 0.125]
    assert [(line // 2).coefficient(k) for k in range(2)] == [1.0, 0.0]


def test_an_argument_is_named_once_however_it_is_counted() -> None:
    for transform in (sg.grad, sg.value_and_grad, sg.jacobian, sg.hessian):
        with pytest.raises(ValueError, match=r"argnums of \w+ names an argument twice: \(1, -1\) of 2"):
            transform(product_of, argnums=(1, -1))(3.0, 4.0)


def test_counting_from_the_end_does_not_pass_over_what_came_by_keyword() -> None:
    assert sg.grad(product_of, argnums=-1)(3.0, 4.0) == 3.0
    with pytest.raises(TypeError, match=r"counts argument -1 .* from the last positional one, and y came by keyword"):
        sg.grad(product_of, argnums=-1)(3.0, y=4.0)


def test_a_pullback_pickles_with_its_function() -> None:
    value, pullback = sg.vjp(product_of, 3.0, 4.0)
    assert value == 12.0
    assert pickle.loads(pickle.dumps(pullback))(10.0) == pullback(10.0) == (40.0, 30.0)


def test_a_wide_jacobian_is_made_of_lists() -> None:
    n = 300
    rows = sg.jacobian(lambda x: [x[i] * x[i + 1] for i in range(n - 1)])([*map(float, range(n))])
    assert [[j for j, d in enumerate(row) if d] for row in rows[1:]] == [[i, i + 1] for i in range(1, n - 1)]
    assert rows[7][7:9] == [8.0, 7.0]
    assert len({id(row) for row in rows}) == n - 1
    assert sg.jacobian(lambda x: [x[0]], argnums=(0,))([2.0, 3.0]) == [([1.0, 0.0],)]


def test_an_argument_that_only_goes_by_keyword_is_counted_like_the_others() -> None:
    def function(x: Any, *, y: Any) -> Any:
        return x * y * y

    assert sg.grad(function, argnums=1)(3.0, y=2.0) == 12.0
    assert sg.grad(function, argnums=(0, 1))(3.0, y=2.0) == (4.0, 12.0)
    assert sg.grad(function, argnums=-1)(3.0, y=2.0) == 4.0


# ---- Floats stay floats, fractions stay exact ------------------------------------------------------------------------

EXACT = {
    "abs": lambda v: abs(v[0]) * abs(v[1]),
    "maximum": lambda v: sg.maximum(v[0], 0),
    "minimum": lambda v: sg.minimum(v[0], v[1]) + sg.minimum(2, v[0]),
    "relu of a minimum": lambda v: sg.relu(sg.minimum(v[1], 2)),
    "clip": lambda v: sg.clip(v[0], v[1], 3) + sg.clip(v[0], 0, 1) if v[1] < 3 else v[0],
    "where": lambda v: sg.where(v[0] > 0, v[0], 0) * v[1] + sg.where(v[0] > 0, 1, v[1]),
    "products of choices": lambda v: sg.maximum(v[0], 0) * sg.maximum(v[1], 0) * 2 + sg.minimum(v[0], 1) * 3,
    "whole powers": lambda v: v[0] ** 0 + v[0] ** 1 + v[0] ** 2 + v[1] ** 3,
    "remainders": lambda v: v[0] // 2 + v[0] % 3 + v[1] // 1,
    "extremes": lambda v: sg.Vector([v[0], 0, v[1]]).max() * 2 + sg.Vector([v[0], 1, v[1]]).min(),
    "sums": lambda v: sg.Vector([v[0], 1, v[1]]).sum() + sg.Vector([v[0], 1, 2]).dot([1, v[1], 3]),
    "products": lambda v: sg.Vector([v[0], 0, v[1]]).prod() + sg.prod([v[0], v[1], 3], start=2),
    "losses": lambda v: nn.huber_loss([*v], [0, 0], delta=1) + nn.l1_loss([*v], [1, 0]),
    "a line": lambda v: 2 * v[0] + 3,
    "a constant": lambda v: 3,
}
ROUNDED = {
    "signs": lambda v: sg.copysign(v[0], v[1]) + sg.fabs(v[0]),
    "lengths": lambda v: sg.hypot(v[0], 3) + sg.Vector([v[0], 0, v[1]]).norm() + sg.dist([v[0], 1], [0, v[1]]),
    "logits": lambda v: nn.cross_entropy([v[0], 0, v[1]], 1) + sg.logsumexp([v[0], 0]) + sg.softmax([v[0], 0])[0],
    "floats": lambda v: sg.fmod(v[0], 3) + sg.ldexp(v[0], 3) + sg.modf(v[1])[0] + sg.math.pow(v[0], 2),
    "hinge": lambda v: nn.hinge_loss([*v], [1, -1]),
    "exponents": lambda v: 2 ** v[0] + (v[1] + 5) ** 1,
}
POINTS = [[-1.5, 0.5], [1.5, 2.5], [3.0, -0.25], [2.0, 2.0], [0.0, 0.0]]


def derivatives_of(function: Any, point: list[Any], compiled: bool) -> dict[str, Any]:
    """Derivatives to the third order by every transform, the tape and `backward`, with integers for directions."""
    nested = lambda v: sg.grad(function)(v)[0]  # noqa: E731
    along = lambda x: function([x, point[1]])  # noqa: E731
    found = {
        "grad": sg.grad(function)(point),
        "jacobian forward": sg.jacobian(lambda v: [function(v)], mode="forward")(point),
        "jacobian reverse": sg.jacobian(lambda v: [function(v)], mode="reverse")(point),
        "hessian": sg.hessian(function)(point),
        "third": sg.hessian(nested)(point),
        "jvp": sg.jvp(function, (point,), ([1, 0],))[1],
        "vjp": sg.vjp(function, point)[1](1),
        "hvp": sg.hvp(function, (point,), ([1, 0],)),
        "derivatives": [sg.derivative(along, order)(point[0]) for order in (1, 2, 3)],
    }
    if compiled:
        found["compiled"] = [
            sg.compile(f)(point) for f in (sg.grad(function), sg.hessian(function), sg.hessian(nested))
        ]
    leaves = [sg.Value(x) for x in point]
    with sg.GradientTape(persistent=True) as outer:
        with sg.GradientTape() as inner:
            y = sg.constant(0.0) + function(leaves) if function is EXACT["a constant"] else function(leaves)
        gradient = inner.gradient(y, leaves, unconnected_gradients="zero")
    found["tape"] = [x.data for x in [*gradient, *outer.gradient(gradient, leaves, unconnected_gradients="zero")]]
    if y.is_tracked:
        y.backward()
    found["backward"] = [leaf.grad for leaf in leaves]
    return found


def kinds_in(structure: Any) -> set[type]:
    if isinstance(structure, (list, tuple)):
        return {kind for part in structure for kind in kinds_in(part)}
    return {type(structure)}


@pytest.mark.parametrize("point", some(POINTS, 2))
@pytest.mark.parametrize("name", [*EXACT, *ROUNDED])
def test_every_derivative_of_floats_is_a_float_and_of_fractions_exact(name: str, point: list[float]) -> None:
    function = (EXACT | ROUNDED)[name]
    for way, found in derivatives_of(function, point, compiled=True).items():
        assert kinds_in(found) == {float}, (way, found)
    if name in EXACT and name != "a constant":
        for way, found in derivatives_of(function, [Fraction(x) for x in point], compiled=False).items():
            assert kinds_in(found) <= {Fraction, int} or way == "backward", (way, found)


@settings(max_examples=settings().max_examples // 2)
@given(st_programs(branches=True, max_steps=6), st.lists(st.integers(-3, 3).map(float), min_size=3, max_size=3))
def test_every_derivative_of_a_random_program_of_floats_is_a_float(program: Any, numbers: list[float]) -> None:
    point = numbers[: program.arity]
    apply = lambda v: program(*v)  # noqa: E731
    for found in (sg.grad(apply)(point), sg.hessian(apply)(point), sg.hessian(lambda v: sg.grad(apply)(v)[0])(point)):
        assert kinds_in(found) == {float}
    assert kinds_in(sg.compile(sg.hessian(apply))(point)) == {float}


def test_the_derivative_along_a_direction_of_what_is_constant_is_zero_where_it_is_infinite() -> None:
    assert sg.jvp(lambda x: (x, math.inf, 3), (2.0,), (1.0,))[1] == (1.0, 0.0, 0.0)


@pytest.mark.parametrize("order", [170, 171, 180])
def test_a_derivative_of_an_order_whose_factorial_is_no_float_is_right_where_it_fits(order: int) -> None:
    assert sg.derivative(sg.exp, order)(0.5) == pytest.approx(math.exp(0.5), rel=1e-12)
    assert sg.derivative(lambda x: sg.exp(2 * x), order)(0.5) == pytest.approx(2.0**order * math.e, rel=1e-12)
    assert sg.derivative(lambda x: x * x, 3 * order)(Fraction(1, 3)) == 0


def test_a_derivative_of_an_order_beyond_all_scaling_says_so() -> None:
    with pytest.raises(OverflowError, match="order 5000"):
        taylor.factorial_over_power(5000, 1024)


def test_a_derivative_that_floats_cannot_carry_says_so_and_is_not_infinite_in_silence() -> None:
    with pytest.raises(OverflowError, match=r"^a derivative of order 171 is beyond what floats can scale"):
        sg.derivative(lambda x: sg.exp(1000 * x), order=171)(0.01)


def test_the_slope_of_a_power_is_right_beside_an_integer_factor_beyond_floats() -> None:
    huge = math.factorial(200)
    assert operations.times_power(huge, 1e-2, 51, 0) == pytest.approx(float(Fraction(huge, 100**51)), rel=1e-12)


@pytest.mark.parametrize(
    "function", [lambda v: sg.maximum(v, 1), lambda v: sg.minimum(v, 1), lambda v: sg.clip(v, 0, 5)]
)
@pytest.mark.parametrize("x", [-1.5, 2.0, 7.0])
def test_zeros_beside_integer_constants_are_floats_in_compiled_code_too(function: Any, x: float) -> None:
    second = sg.compile(lambda x: sg.hessian(lambda v: function(v[0]))([x, 1.0]))
    assert kinds_in(second(x)) == {float}
