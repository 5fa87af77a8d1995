"""`scalargrad.math`: the standard library's `math`, differentiable."""

from __future__ import annotations

import inspect
import math
import pickle
import sys
import types
from contextlib import contextmanager
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import scalargrad as sg
from tests.support.oracles import many_digit_derivative
from tests.support.references import ANY, MODEST, grid_between, near

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

NAMES = sorted(name for name in vars(math) if not name.startswith("_"))
FUNCTIONS = [name for name in NAMES if callable(getattr(math, name))]
OF_INTEGERS = {"comb", "factorial", "gcd", "isqrt", "lcm", "perm"}
OF_LISTS = {"dist", "fsum", "prod", "sumprod"}
NO_SIGNATURE = {"hypot", "log"}
OF_ONE = ["log", "hypot"] + [
    name
    for name in FUNCTIONS
    if name not in OF_INTEGERS | OF_LISTS | NO_SIGNATURE | {"modf", "frexp"}
    and str(inspect.signature(getattr(math, name))) == "(x, /)"
]
OF_TWO = ["atan2", "copysign", "fmod", "hypot", "isclose", "log", "nextafter", "pow", "remainder"]

NUMBERS = ANY | near(-1.0, 0.0, 1.0) | st.sampled_from([math.inf, -math.inf, math.nan, -0.0, 0.5, 2.0, -3.0])
RAISES = (ArithmeticError, ValueError, TypeError)


def bits(result: Any) -> Any:
    """A result by type and bits, the number of a Value in its place."""
    if isinstance(result, tuple):
        return tuple(map(bits, result))
    number = result.data if isinstance(result, sg.Value) else result
    return number.hex() if type(number) is float else (type(number), number)


def outcome(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    try:
        return bits(function(*args, **kwargs))
    except RAISES as error:
        return type(error)


def as_values(args: Sequence[Any]) -> list[Any]:
    return [sg.Value(x) if isinstance(x, float) else x for x in args]


# ---- Names -----------------------------------------------------------------------------------------------------------


def test_it_has_every_name_of_math_and_no_other() -> None:
    assert sg.math.__all__ == NAMES
    assert dir(sg.math) == sorted([*NAMES, "patch"])


@pytest.mark.parametrize("name", sorted(set(NAMES) - set(FUNCTIONS)))
def test_a_constant_is_that_of_math(name: str) -> None:
    assert bits(getattr(sg.math, name)) == bits(getattr(math, name))


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_has_the_signature_the_name_and_the_docstring_of_math(name: str) -> None:
    ours, theirs = getattr(sg.math, name), getattr(math, name)
    assert ours.__name__ == name
    assert ours.__doc__ == theirs.__doc__
    assert pickle.loads(pickle.dumps(ours)) is ours
    if name not in NO_SIGNATURE:
        assert inspect.signature(ours) == inspect.signature(theirs)


def test_every_function_that_is_not_piecewise_constant_is_differentiable() -> None:
    known = {*sg.math.SHOWN, *sg.math.COMPOSED, *sg.math.PLAIN}
    assert set(FUNCTIONS) <= known


# ---- Values and exceptions -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", OF_ONE)
@given(x=NUMBERS)
def test_of_one_number_it_gives_and_raises_what_math_does(name: str, x: float) -> None:
    ours, theirs = getattr(sg.math, name), getattr(math, name)
    expected = outcome(theirs, x)
    assert outcome(ours, x) == expected
    assert outcome(ours, sg.Value(x)) == expected
    assert outcome(ours, sg.constant(x)) == expected


@pytest.mark.parametrize("name", OF_TWO)
@given(x=NUMBERS, y=NUMBERS)
@example(x=math.nan, y=0.0)
def test_of_two_numbers_it_gives_and_raises_what_math_does(name: str, x: float, y: float) -> None:
    ours, theirs = getattr(sg.math, name), getattr(math, name)
    expected = outcome(theirs, x, y)
    for args in ((x, y), (sg.Value(x), y), (x, sg.Value(y)), (sg.Value(x), sg.Value(y))):
        assert outcome(ours, *args) == expected


@pytest.mark.parametrize("name", ["modf", "frexp"])
@given(x=NUMBERS)
def test_the_parts_of_a_float_are_those_of_math(name: str, x: float) -> None:
    expected = outcome(getattr(math, name), x)
    assert outcome(getattr(sg.math, name), x) == expected
    assert outcome(getattr(sg.math, name), sg.Value(x)) == expected


@given(x=NUMBERS, i=st.integers(-2200, 2200))
def test_ldexp_is_that_of_math(x: float, i: int) -> None:
    assert outcome(sg.math.ldexp, x, i) == outcome(sg.math.ldexp, sg.Value(x), i) == outcome(math.ldexp, x, i)


@given(xs=st.lists(NUMBERS, max_size=5))
def test_of_lists_it_gives_and_raises_what_math_does(xs: list[float]) -> None:
    ys = xs[::-1]
    for values, others in ((xs, ys), (as_values(xs), ys), (xs, as_values(ys)), (as_values(xs), as_values(ys))):
        assert outcome(sg.math.fsum, values) == outcome(math.fsum, xs)
        assert outcome(sg.math.dist, values, others) == outcome(math.dist, xs, ys)
        assert outcome(sg.math.hypot, *values) == outcome(math.hypot, *xs)
        assert outcome(sg.math.prod, iter(values)) == outcome(math.prod, xs)
        assert outcome(sg.math.prod, values, start=2.5) == outcome(math.prod, xs, start=2.5)
        assert outcome(sg.math.dist, values, [1.0]) == outcome(math.dist, xs, [1.0])


@given(n=st.integers(-3, 30), k=st.integers(-3, 30))
def test_functions_of_integers_pass_through(n: int, k: int) -> None:
    for name in ("factorial", "isqrt"):
        assert outcome(getattr(sg.math, name), n) == outcome(getattr(math, name), n)
    for name in ("comb", "gcd", "lcm", "perm"):
        assert outcome(getattr(sg.math, name), n, k) == outcome(getattr(math, name), n, k)


MISUSES: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = [
    ("sin", ("text",), {}),
    ("sin", ([1.0],), {}),
    ("sin", (), {}),
    ("sin", (1.0, 2.0), {}),
    ("sqrt", (None,), {}),
    ("atan2", (1.0,), {}),
    ("atan2", (1.0, 2.0, 3.0), {}),
    ("fmod", (1.0, "2"), {}),
    ("log", (), {}),
    ("log", (1.0, 2.0, 3.0), {}),
    ("log", (2.0, 1.0), {}),
    ("ldexp", (1.0, 2.0), {}),
    ("hypot", (1.0, "2"), {}),
    ("dist", ([1.0, 2.0], [3.0]), {}),
    ("dist", (1.0, 2.0), {}),
    ("fsum", (1.0,), {}),
    ("fsum", ([1.0, None],), {}),
    ("prod", (1.0,), {}),
    ("prod", ([1.0], 2.0), {}),
    ("nextafter", (1.0, 2.0), {"step": 3}),
    ("isclose", (1.0, 2.0), {"rel_tol": -1.0}),
    ("factorial", (2.5,), {}),
    ("comb", (2.0, 1), {}),
    ("gcd", (1.5,), {}),
    ("floor", (math.inf,), {}),
    ("modf", ("1",), {}),
    ("frexp", (None,), {}),
]


@pytest.mark.parametrize(("name", "args", "kwargs"), MISUSES)
def test_a_misuse_raises_what_math_raises(name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    expected = outcome(getattr(math, name), *args, **kwargs)
    assert isinstance(expected, type), "not a misuse"
    assert outcome(getattr(sg.math, name), *args, **kwargs) is expected
    inside = [as_values(arg) if isinstance(arg, list) else arg for arg in args]
    assert outcome(getattr(sg.math, name), *as_values(inside), **kwargs) is expected


def test_what_is_piecewise_constant_gives_plain_numbers() -> None:
    x = sg.Value(2.5)
    assert [type(getattr(sg.math, name)(x)) for name in ("floor", "ceil", "trunc", "isnan")] == [int, int, int, bool]
    assert sg.math.isclose(x, 2.5 + 1e-12)
    assert not sg.math.isclose(x, sg.Value(2.6), rel_tol=sg.Value(1e-3))
    assert sg.math.isclose(x, 2.6, abs_tol=0.2)


def test_exact_numbers_become_floats_as_in_math_and_integers_of_any_size_have_logarithms() -> None:
    assert sg.math.fabs(Fraction(-1, 4)) == 0.25
    assert type(sg.math.fabs(sg.Value(Fraction(-1, 4))).data) is float
    assert sg.math.log(10**400) == math.log(10**400)
    assert sg.math.log(sg.Value(2.0), 10**400).data == math.log(2.0, 10**400)


def test_a_vector_goes_element_by_element() -> None:
    v = sg.Vector([0.25, 0.5])
    assert sg.math.sin(v) == [math.sin(0.25), math.sin(0.5)]
    assert sg.math.atan2(v, 2.0) == [math.atan2(0.25, 2.0), math.atan2(0.5, 2.0)]
    assert sg.math.log(v, 2) == [-2.0, -1.0]


# ---- Derivatives that are not an operation's own ---------------------------------------------------------------------


def gradient(function: Callable[..., Any], *point: float) -> list[float]:
    leaves = [sg.Value(x) for x in point]
    function(*leaves).backward()
    return [leaf.grad for leaf in leaves]


def test_the_derivatives_of_what_is_composed_of_operations() -> None:
    assert gradient(sg.math.log, 8.0, 2.0) == pytest.approx([1 / (8 * math.log(2)), -3 / (2 * math.log(2))], rel=1e-15)
    assert gradient(lambda x: sg.math.modf(x)[0], -2.25) == [1]
    assert gradient(lambda x: sg.math.frexp(x)[0], 6.0) == [0.125]
    assert gradient(lambda x: sg.math.frexp(x)[0], 5e-324) == [math.inf]
    assert gradient(lambda x: sg.math.ldexp(x, -3), 6.0) == [0.125]
    assert gradient(lambda x, y: sg.math.prod([x, 3.0], start=y), 2.0, 5.0) == [15.0, 6.0]
    assert gradient(sg.math.nextafter, 1.0, 2.0) == [1, 0]
    assert gradient(sg.math.ulp, 1.0) == [0]
    assert gradient(sg.math.hypot, 3.0, 4.0) == [0.6, 0.8]
    assert gradient(lambda x: sg.math.hypot(x), -3.0) == [-1.0]
    assert gradient(lambda x, y: sg.math.dist([x, 1.0], [1.0, y]), 4.0, 5.0) == [0.6, 0.8]


# ---- Functions of newer Pythons --------------------------------------------------------------------------------------


def exact_fma(x: Any, y: Any, z: Any, /) -> float:
    return float(Fraction(x) * Fraction(y) + Fraction(z))


def exact_sumprod(p: Any, q: Any, /) -> float:
    p, q = [*p], [*q]
    if len(p) != len(q):
        raise ValueError("Inputs are not the same length")
    return float(sum(Fraction(x) * Fraction(y) for x, y in zip(p, q)))


def exact_nextafter(x: float, y: float, /, *, steps: int | None = None) -> float:
    if steps is not None and steps < 0:
        raise ValueError("steps must be a non-negative integer")
    for _ in range(1 if steps is None else steps):
        x = ORIGINAL_NEXTAFTER(x, y)
    return x


ORIGINAL_NEXTAFTER = math.nextafter
NEWER = {"fma": exact_fma, "sumprod": exact_sumprod, "nextafter": exact_nextafter, "brandnew": lambda x: x + 1.0}
SINCE = {"fma": (3, 13), "sumprod": (3, 12), "nextafter": (3, 12)}  # or since then with what is tested here


@contextmanager
def newer_math() -> Iterator[types.SimpleNamespace]:
    """The mirror of a `math` that has what Python 3.14 has, and one function more; what Python lacks has a stand-in."""
    try:
        with pytest.MonkeyPatch.context() as patch:
            for name, stand_in in NEWER.items():
                if name not in SINCE or sys.version_info < SINCE[name]:
                    patch.setattr(math, name, stand_in, raising=False)
            yield types.SimpleNamespace(**sg.math.mirror())
    finally:
        sg.math.mirror()  # gives functions back the docstrings of this Python's


@pytest.fixture
def newer() -> Iterator[types.SimpleNamespace]:
    with newer_math() as namespace:
        yield namespace


def test_fma_has_one_rounding_and_three_derivatives(newer: types.SimpleNamespace) -> None:
    x, y, z = 1 + 2.0**-30, 1 - 2.0**-30, -1.0
    assert newer.fma(x, y, z) == newer.fma(sg.Value(x), y, z).data == -(2.0**-60)
    assert gradient(newer.fma, 2.0, 3.0, 5.0) == [3.0, 2.0, 1.0]
    with pytest.raises(TypeError):
        newer.fma(sg.Value(1.0), 2.0)


def test_sumprod_rounds_once_and_is_bilinear(newer: types.SimpleNamespace) -> None:
    p, q = [1e20, 1.0, -1e20], [1.0, 2.0, 1.0]
    assert newer.sumprod(p, q) == newer.sumprod(as_values(p), q).data == 2.0
    assert gradient(lambda *xs: newer.sumprod(xs[:2], xs[2:]), 2.0, 3.0, 5.0, 7.0) == [5.0, 7.0, 2.0, 3.0]
    with pytest.raises(ValueError, match="same length"):
        newer.sumprod([sg.Value(1.0)], [1.0, 2.0])


FOUR = st.tuples(NUMBERS, NUMBERS, NUMBERS, NUMBERS)


@given(FOUR)
def test_sums_of_products_give_and_raise_what_math_does(numbers: tuple[float, ...]) -> None:
    with newer_math() as newer:
        expected = outcome(math.fma, *numbers[:3])
        for count in range(4):
            assert outcome(newer.fma, *as_values(numbers[:count]), *numbers[count:3]) == expected
        p, q = numbers[:2], numbers[2:]
        expected = outcome(math.sumprod, p, q)
        for args in ((p, q), (as_values(p), q), (p, as_values(q)), (as_values(p), iter(as_values(q)))):
            assert outcome(newer.sumprod, *args) == expected


@given(st.tuples(MODEST, MODEST, MODEST, MODEST))
def test_sums_of_products_have_the_derivatives_of_many_digits_to_the_last_bit(point: tuple[float, ...]) -> None:
    with newer_math() as newer:
        slopes = {
            "fma": gradient(newer.fma, *point[:3]),
            "sumprod": gradient(lambda *xs: newer.sumprod(xs[:2], xs[2:]), *point),
        }
    exact = {"fma": lambda x, y, z: x * y + z, "sumprod": lambda a, b, c, d: a * c + b * d}
    for name, found in slopes.items():
        for index, slope in enumerate(found):
            assert slope == float(many_digit_derivative(exact[name], point[: len(found)], index)), (name, index)


THOUSANDTHS = grid_between(-1e3, 1e3)


@given(st.tuples(THOUSANDTHS, THOUSANDTHS, THOUSANDTHS, THOUSANDTHS))
def test_sums_of_products_round_the_exact_sum_and_have_constant_second_derivatives(point: tuple[float, ...]) -> None:
    with newer_math() as newer:
        assert newer.fma(*as_values(point[:3])).data == exact_fma(*point[:3])
        assert newer.sumprod(as_values(point[:2]), as_values(point[2:])).data == exact_sumprod(point[:2], point[2:])
        assert sg.hessian(lambda v: newer.fma(*v))(list(point[:3])) == [[0, 1, 0], [1, 0, 0], [0, 0, 0]]
        rows = sg.hessian(lambda v: newer.sumprod(v[:2], v[2:]))(list(point))
    assert rows == [[0, 0, 1, 0], [0, 0, 0, 1], [1, 0, 0, 0], [0, 1, 0, 0]]


def test_nextafter_takes_steps(newer: types.SimpleNamespace) -> None:
    x = sg.Value(1.0)
    assert newer.nextafter(x, 2.0, steps=3).data == 1 + 3 * 2.0**-52
    assert newer.nextafter(x, 2.0).data == newer.nextafter(x, 2.0, steps=None).data == 1 + 2.0**-52
    assert newer.nextafter(1.0, 2.0, steps=2) == 1 + 2.0**-51
    with pytest.raises(ValueError, match="non-negative"):
        newer.nextafter(x, 2.0, steps=-1)


def test_a_function_that_it_does_not_know_works_on_numbers_and_refuses_values(newer: types.SimpleNamespace) -> None:
    assert newer.brandnew(1.0) == 2.0
    with pytest.raises(TypeError, match=r"no derivative for math\.brandnew, which got Value\(1\.0\)"):
        newer.brandnew(sg.Value(1.0))
