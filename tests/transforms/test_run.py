"""One run of a function for its derivatives: structures, calls, refusals, and kinds of numbers."""

from __future__ import annotations

import collections
import inspect
import math
import pickle
from fractions import Fraction
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import scalargrad as sg
from scalargrad import nn
from scalargrad.testing import programs as st_programs
from tests.support.functions import cubic, product_and_sum, rosenbrock
from tests.support.profiles import sized, some
from tests.support.structures import Model

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


# ---- Structures ------------------------------------------------------------------------------------------------------


class Pair(NamedTuple):
    first: Any
    second: Any


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
    (lambda: sg.grad(cubic, argnums=1)(2.0), TypeError, "to argument 1 of .*called with 1 positional argument and no"),
    (lambda: sg.grad(cubic, argnums=-2)(2.0), TypeError, "respect to argument -2"),
    (lambda: sg.grad(cubic)(), TypeError, "called with 0 positional arguments and no keywords"),
    (lambda: sg.grad(cubic)(y=2.0), TypeError, "0 positional arguments and y keywords"),
    (lambda: sg.grad(cubic)("2"), TypeError, r"grad differentiates with respect to real numbers.*got '2' \(str\)"),
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


# ---- Found by use ----------------------------------------------------------------------------------------------------


def test_an_argument_is_named_once_however_it_is_counted() -> None:
    for transform in (sg.grad, sg.value_and_grad, sg.jacobian, sg.hessian):
        with pytest.raises(ValueError, match=r"argnums of \w+ names an argument twice: \(1, -1\) of 2"):
            transform(product_of, argnums=(1, -1))(3.0, 4.0)


def test_counting_from_the_end_does_not_pass_over_what_came_by_keyword() -> None:
    assert sg.grad(product_of, argnums=-1)(3.0, 4.0) == 3.0
    with pytest.raises(TypeError, match=r"counts argument -1 .* from the last positional one, and y came by keyword"):
        sg.grad(product_of, argnums=-1)(3.0, y=4.0)


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


@pytest.mark.parametrize(
    "function", [lambda v: sg.maximum(v, 1), lambda v: sg.minimum(v, 1), lambda v: sg.clip(v, 0, 5)]
)
@pytest.mark.parametrize("x", [-1.5, 2.0, 7.0])
def test_zeros_beside_integer_constants_are_floats_in_compiled_code_too(function: Any, x: float) -> None:
    second = sg.compile(lambda x: sg.hessian(lambda v: function(v[0]))([x, 1.0]))
    assert kinds_in(second(x)) == {float}
