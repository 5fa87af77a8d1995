"""The kernels of compiled code: what it gives is what the function gives, on every path, bit for bit."""

from __future__ import annotations

import copy
import math
import re
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import scalargrad as sg
from scalargrad import math as dmath
from scalargrad.testing.strategies import programs
from tests.support.compiling import NUMBERS, assert_same, eager, exactly, execute

if TYPE_CHECKING:
    from collections.abc import Callable


# ---- The same numbers ------------------------------------------------------------------------------------------------


KINDS: dict[str, Callable[[Any, int], Any]] = {
    "value": lambda f, _: f,
    "gradient": lambda f, n: sg.value_and_grad(f, argnums=tuple(range(n))),
    "hessian": lambda f, n: sg.hessian(f, argnums=tuple(range(n))),
    "jacobian": lambda f, n: sg.jacobian(f, argnums=tuple(range(n))),
}


@pytest.mark.usefixtures("no_fallback")
@pytest.mark.parametrize("kind", KINDS)
@given(data=st.data())
def test_compiled_programs_give_what_they_give_eagerly_on_every_path(kind: str, data: st.DataObject) -> None:
    program = data.draw(programs(branches=True, loops=True, max_steps=6))
    function = KINDS[kind](program, program.arity)
    compiled = sg.compile(function)
    points = data.draw(st.lists(st.tuples(*[NUMBERS] * program.arity), min_size=1, max_size=5))
    for point in [*points, *points]:
        assert_same(compiled(*point), eager(function, *point), program.source)
    alone = execute(compiled.source_for(*points[0]))
    name = next(name for name in reversed(alone) if not name.startswith("_"))
    for point in points:
        assert exactly(alone[name](*point)) == exactly(compiled(*point))


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@given(allowance=st.sampled_from([0, 3000, 20_000]), kind=st.sampled_from(["value", "gradient"]), data=st.data())
def test_programs_that_are_compiled_in_part_give_what_they_give_eagerly(
    allowance: int, kind: str, data: st.DataObject
) -> None:
    program = data.draw(programs(branches=True, loops=True, max_steps=6))
    function = KINDS[kind](program, program.arity)
    points = data.draw(st.lists(st.tuples(*[NUMBERS] * program.arity), min_size=1, max_size=6))
    order = data.draw(st.lists(st.sampled_from(points), max_size=12))
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr("scalargrad.compiler.account.ALLOWANCE", allowance)
        compiled, of_structures = sg.compile(function), sg.compile(lambda v: function(*v))
        for point in [*points, *order]:
            assert_same(compiled(*point), eager(function, *point), program.source)
            expected = eager(lambda *v: function(*v), *point)
            for v in (point, [*point]):
                assert_same(of_structures(v), expected, program.source)


def spread_of(v: Any) -> Any:
    v = sg.Vector(v)
    centred = v - v.mean()
    return centred.dot(centred) / len(v) + v.norm() + sg.logsumexp(v) + v.max() * v.min() + v.prod()


def with_tape(x: Any) -> Any:
    x = sg.Variable(x)
    with sg.GradientTape() as tape:
        y = x * x * sg.sin(x)
    return tape.gradient(y, x)


def with_tapes(x: Any) -> Any:
    with sg.GradientTape() as outer:
        outer.watch(x)
        with sg.GradientTape() as inner:
            inner.watch(x)
            y = x * x * x
        slope = inner.gradient(y, x)
    return slope, outer.gradient(slope, x)


@sg.custom_gradient
def reversed_gradient(x: Any) -> Any:
    return x * x, lambda upstream: -upstream * x


def stopped(x: Any) -> Any:
    return sg.grad(lambda a: a * sg.stop_gradient(x) + sg.relu(x) * a)(2.0)


def inner_transform(x: Any) -> Any:
    return x * sg.grad(lambda y: y * y * x)(3.0)


def directional(x: Any, y: Any) -> Any:
    return sg.jvp(lambda a, b: a * sg.exp(b), (x, y), (y, 1.0)), sg.hvp(lambda a: a**3 * y, (x,), (1.0,))


def pulled_back(x: Any) -> Any:
    value, pullback = sg.vjp(lambda a: [a * a, sg.sin(a)], x)
    return value, pullback([x, 1.0])


SCENES: dict[str, tuple[Any, list[tuple[Any, ...]]]] = {
    "a Vector": (spread_of, [([1.0, 2.0, 4.0],), ([3.0, 2.0, -1.0],), ([1.0, 1.0, 1.0],)]),
    "the gradient of a Vector": (sg.grad(spread_of), [([1.0, 2.0, 4.0],), ([3.0, 2.0, -1.0],), ([1.0, 1.0, 1.0],)]),
    "the Hessian of a Vector": (sg.hessian(spread_of), [([1.0, 2.0, 4.0],), ([3.0, 2.0, -1.0],)]),
    "a tape": (with_tape, [(1.5,), (-2.0,)]),
    "nested tapes": (with_tapes, [(1.5,), (-2.0,)]),
    "a custom gradient": (sg.grad(reversed_gradient), [(1.5,), (-2.0,)]),
    "a derivative that depends on what is not followed": (stopped, [(1.5,), (-2.0,)]),
    "a transform inside": (sg.grad(inner_transform), [(1.5,), (-2.0,)]),
    "jvp and hvp": (directional, [(1.5, 0.5), (-2.0, 0.0)]),
    "vjp": (pulled_back, [(1.5,), (-2.0,)]),
    "a derivative of third order": (sg.derivative(lambda x: sg.tanh(x) * sg.exp(x), order=3), [(0.5,), (-2.0,)]),
    "grad of grad": (sg.grad(sg.grad(lambda x: sg.sigmoid(x) * x)), [(0.5,), (-20.0,)]),
    "softmax": (sg.jacobian(lambda v: sg.softmax(v)), [([1.0, 2.0, 30.0],), ([0.0, 0.0, 0.0],)]),
    "no_grad": (sg.no_grad()(lambda x: x * x - x), [(1.5,), (-2.0,)]),
    "sorted": (lambda x, y, z: sorted([x, y, z]), [(1.0, 3.0, 2.0), (3.0, 2.0, 1.0), (1.0, 2.0, 3.0)]),
    "min, max and a chain of comparisons": (
        lambda x, y: (min(x, y) * max(x, 2.0), 0 < x < y < 3),
        [(1.0, 2.0), (2.0, 1.0), (-1.0, 4.0), (1.0, 4.0)],
    ),
    "integers of it": (
        lambda x: [int(x), round(x), math.floor(x), math.ceil(x), math.trunc(x), round(x, 1), x // 1, x % 0.7],
        [(1.5,), (2.5,), (-1.5,), (2.45,)],
    ),
    "divmod": (lambda x, y: divmod(x, y), [(7.5, 2.0), (-7.5, 2.0)]),
    "questions of math": (
        lambda x: x if dmath.isnan(x) or dmath.isinf(x) or dmath.isclose(x, 1.0, rel_tol=0.1) else dmath.floor(x) * x,
        [(1.05,), (2.5,), (math.inf,), (-3.5,), (math.nan,)],
    ),
    "frexp, modf, ldexp, nextafter": (
        lambda x: [*dmath.frexp(x), *dmath.modf(x), dmath.ldexp(x, 3), dmath.nextafter(x, 2.0), dmath.ulp(x)],
        [(1.5,), (0.3,), (-100.25,)],
    ),
    "truth values with and, or, xor": (
        lambda x, y: [sg.where((x > 0) & (y > 0), x, y), sg.where((x > 0) | (y > 0), x, -y), (x > 0) ^ (y > 0)],
        [(1.0, 2.0), (1.0, -2.0), (-1.0, -2.0)],
    ),
    "arithmetic of truth values": (
        lambda x: (x > 0) + (x > 1) * 2.0 + sum([x > 2, x > 3]) + -(x > 0) + abs(x > 0) + [x, 2 * x][x > 1],
        [(0.5,), (1.5,), (2.5,), (-1.0,)],
    ),
    "the truth of a number": (lambda x: x if x and not x - 1 else 3.0, [(0.0,), (1.0,), (2.0,), (math.nan,)]),
    "a clip with bounds that move": (
        sg.grad(lambda x, low: sg.clip(x, low, 2.0)),
        [(1.0, 0.0), (-1.0, 0.0), (0.5, 0.5)],
    ),
    "constants at the ends of the range": (
        lambda x: [
            x * math.inf,
            x * 1e-320,
            x + -0.0,
            x - 0.0,
            x * math.nan,
            x + 0.0,
            x * 0,
            x - 0,
            x * 1,
            x / 1,
            -(x * -1),
        ],
        [(1.5,), (-0.0,), (0.0,)],
    ),
    "powers": (
        lambda x, y: [x**3.5, x**-1, x**0, x**1, x**4, x**y, 2.0**x, 2**y, x**0.5, x**-0.5],
        [(1.5, 2.0), (0.25, -3.0)],
    ),
    "reductions": (
        sg.value_and_grad(
            lambda x, y: (
                sg.dist([x, y], [y, 1.0]) * sg.hypot(x, y, 2.0)
                + sg.fsum([x, y, x]) * sg.prod([x + y, y, 2.0])
                + sg.Vector([x, y, 0.5]).min()
                + sg.Vector([2**53 + 1, 1, x]).sum()
                + sg.Vector([2**53 + 1, 1, x]).dot([1, 1, y])
            ),
            argnums=(0, 1),
        ),
        [(1.5, 2.0), (-3.0, 0.25)],
    ),
    "three derivatives of powers": (
        sg.derivative(lambda x: x**2 - x**3 + x**5 + 2**x + x**1.5 + (-x) ** 2, order=3),
        [(1.5,), (0.25,)],
    ),
    "plain numbers of a transform inside": (
        lambda x: [
            y + 1 if (y := sg.grad(lambda a: a * sg.stop_gradient(x))(2.0)) > 1 else -y,
            +y,
            abs(y),
            y * sg.Value(2.0),
            2 // y,
            y % 2,
            y**2.5,
            2.0 - y,
            1 / y,
            divmod(y, 0.3),
            divmod(2.0, y),
            dmath.sin(y),
            sg.sin(y),
            copy.copy(y),
            *dmath.modf(y),
            dmath.frexp(y),
            sg.logsumexp([y, 1.0]),
            sg.softmax([y, 1.0])[0],
            dmath.hypot(y, 1.0),
            y == "text",
        ],
        [(1.5,), (0.5,)],
    ),
    "a choice that is made already": (lambda x: sg.where(True, x, -x) + sg.where(x, x * 2, 1.0), [(1.5,), (0.0,)]),
    "conditions with integers": (lambda x: [(x > 0) & 1, 1 | (x > 0), (x > 0) & True], [(1.5,), (-0.5,)]),
    "results that are integers on some calls": (
        sg.value_and_grad(lambda x, y: sg.minimum(x, 1) if y > 0 else sg.where(x > 0, 1, x), argnums=(0, 1)),
        [(2.0, 1.0), (0.5, 1.0), (0.5, -1.0), (-0.5, -1.0)],
    ),
    "questions about constants": (
        lambda x: x * dmath.floor(2.5) if dmath.isfinite(sg.constant(2.0)) and sg.Value(2.0).data == 2.0 else x,
        [(1.5,)],
    ),
    "leaves of its own": (lambda x: (sg.Variable([x, 2.0]) * sg.constant([x, 3.0])).sum(), [(1.5,), (2.5,)]),
    "an exact constant": (lambda x: x * __import__("fractions").Fraction(1, 3) + 2, [(1.5,), (-2.0,)]),
    "a number that does not depend on anything": (lambda x: 3, [(1.5,)]),
    "nothing": (lambda x: None, [(1.5,)]),
    "text and None beside numbers": (lambda x: {"name": "n'\"\n", "none": None, "x": x, "yes": True}, [(1.5,)]),
}


@pytest.mark.usefixtures("no_fallback")
@pytest.mark.parametrize("scene", SCENES)
def test_compiled_equals_eager_with(scene: str) -> None:
    function, calls = SCENES[scene]
    compiled = sg.compile(function)
    for args in [*calls, *reversed(calls)]:
        assert exactly(compiled(*args)) == exactly(eager(function, *args)), compiled.source
    alone = [thing for name, thing in execute(compiled.source).items() if callable(thing) and name[0] != "_"][-1]
    for args in calls:
        assert exactly(alone(*args)) == exactly(compiled(*args))


# ---- Kernels as source -----------------------------------------------------------------------------------------------


def test_a_kernel_without_source_runs_but_does_not_stand_alone() -> None:
    namespace: dict[str, Any] = {}
    exec(
        "from scalargrad.operations.operation import operation, registry\n"
        "@operation(lambda x: 2 * x)\n"
        "def squared_here(x):\n    return x * x\n",
        namespace,
    )
    squared = namespace["squared_here"]
    try:
        compiled = sg.compile(sg.value_and_grad(lambda x: squared(x) * 3))
        assert [compiled(2.0), compiled(3.0)] == [(12.0, 12.0), (27.0, 18.0)]
        with pytest.raises(ImportError, match="no source code for squared_here"):
            execute(compiled.source)
    finally:
        del namespace["registry"]["squared_here"]


def test_the_source_holds_no_helper_that_it_does_not_call() -> None:
    compiled = sg.compile(sg.hessian(lambda v: v[0] ** v[1] + sg.tanh(v[0]) / v[1]))
    compiled([1.5, 2.5])
    helpers = re.findall(r"^def (\w+)", compiled.source, re.MULTILINE)
    assert helpers
    for name in helpers[:-1]:
        assert len(re.findall(rf"\b{name}\b", compiled.source)) > 1
    assert not re.search(r"\d / \d", compiled.source)
