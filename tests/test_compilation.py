"""`compile`: what the generated code gives is what the function gives, on every path, bit for bit."""

from __future__ import annotations

import abc
import collections
import contextlib
import copy
import dataclasses
import functools
import inspect
import math
import pickle
import random
import re
import subprocess
import sys
import threading
import traceback
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from profiles import sized

import scalargrad as sg
from scalargrad import math as dmath
from scalargrad.compiler.dispatch import Compiler
from scalargrad.compiler.tracer import Trace
from scalargrad.pytree import plain_structure
from scalargrad.testing.strategies import programs
from scalargrad.transforms.run import Transform

if TYPE_CHECKING:
    from collections.abc import Callable

NUMBERS = st.floats(-4, 4)


def eager(function: Any, *args: Any) -> Any:
    """What a function gives on recorded floats, as plain numbers."""
    recorded = args if isinstance(function, Transform) else [sg.Value(x) if type(x) is float else x for x in args]
    return plain_structure(function(*recorded))


def exactly(x: Any) -> Any:
    """A result so that `==` tells types and signs of zeros, and nan equals nan."""
    if isinstance(x, (list, tuple)):
        return type(x), [exactly(part) for part in x]
    if isinstance(x, dict):
        return {key: exactly(part) for key, part in x.items()}
    return type(x), repr(x)


def flat(x: Any) -> list[float]:
    return [number for part in x for number in flat(part)] if isinstance(x, (list, tuple)) else [x]


def assert_same(found: Any, expected: Any, source: str = "") -> None:
    """Bit for bit, or, where a small power may have become a product, to nearly all digits."""
    if "**" not in source:
        assert exactly(found) == exactly(expected)
    for a, b in zip(flat(found), flat(expected), strict=True):
        assert a == b or abs(a - b) <= 1e-11 * max(1, abs(b)) or (a != a and b != b)


@pytest.fixture
def no_fallback(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the code cannot do shows, and does not run uncompiled instead."""

    def refuse(*_: Any) -> Any:
        raise AssertionError("a call ran uncompiled")

    monkeypatch.setattr(Compiler, "eager", refuse)


def execute(source: str) -> dict[str, Any]:
    namespace: dict[str, Any] = {}
    exec(source, namespace)
    return namespace


def loss(w: float, b: float, x: float, y: float) -> Any:
    """The lesson's loss."""
    return (w * x + b - y) ** 2


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


@given(program=programs(branches=True, loops=True), point=st.tuples(*[NUMBERS] * 3))
def test_a_second_call_on_the_same_path_does_not_run_the_function(program: Any, point: tuple[float, ...]) -> None:
    calls = []

    def counted(*args: Any) -> Any:
        calls.append(1)
        return program(*args)

    compiled = sg.compile(counted)
    args = point[: program.arity]
    first = compiled(*args)
    assert_same(compiled(*args), first, program.source)
    assert len(calls) == 1


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


# ---- Control flow ----------------------------------------------------------------------------------------------------


def newton_root(a: Any) -> Any:
    x = a
    while abs(x * x - a) > 1e-12 * a:
        x = (x + a / x) / 2
    return x


@given(numbers=st.lists(st.floats(0.01, 1e6), min_size=1, max_size=4))
def test_a_loop_that_runs_until_it_has_converged_is_followed(numbers: list[float]) -> None:
    value, gradient = sg.compile(newton_root), sg.compile(sg.value_and_grad(newton_root))
    for a in [*numbers, *numbers]:
        assert exactly(value(a)) == exactly(eager(newton_root, a))
        assert exactly(gradient(a)) == exactly(eager(sg.value_and_grad(newton_root), a))


@pytest.mark.usefixtures("no_fallback")
@given(order=st.permutations([-3.0, -0.5, 0.0, 0.5, 3.0, math.inf, math.nan, -0.0]))
def test_paths_may_be_met_in_any_order(order: list[float]) -> None:
    def steps(x: Any) -> Any:
        if x > 1:
            return x * 2
        if x >= 0:
            return sg.sqrt(x) if x else x
        return -x if x < -1 else sg.exp(x)

    compiled = sg.compile(steps)
    for x in [*order, *order]:
        assert exactly(compiled(x)) == exactly(eager(steps, x))


@pytest.mark.parametrize("name", ["relu", "sigmoid", "abs", "softplus", "log_sigmoid"])
def test_an_operation_that_chooses_is_no_path(name: str) -> None:
    function = getattr(sg, name)
    compiled = sg.compile(sg.value_and_grad(lambda x, y: function(x) * function(y), argnums=(0, 1)))
    for x in (1.0, -1.0, 0.0):
        for y in (1.0, -1.0, math.nan):
            assert exactly(compiled(x, y)) == exactly(eager(compiled.__wrapped__, x, y))
    assert "Paths known: 1." in compiled.source
    assert "if not" not in compiled.source.partition("def function")[2]


def test_a_network_with_33_relus_has_one_path() -> None:
    generator = random.Random(1)
    weights = [[[generator.uniform(-1, 1) for _ in range(n + 1)] for _ in range(m)] for n, m in [(2, 16), (16, 16)]]

    def network(layers: Any, x: Any) -> Any:
        for layer in layers:
            x = [(sg.Vector(row[:-1]).dot(x) + row[-1]).relu() for row in layer]
        return sg.relu(sum(x))

    compiled = sg.compile(sg.value_and_grad(network))
    for _ in range(5):
        point = [generator.uniform(-1, 1), generator.uniform(-1, 1)]
        assert exactly(compiled(weights, point)) == exactly(sg.value_and_grad(network)(weights, point))
    assert "Paths known: 1." in compiled.source


def test_a_condition_in_where_is_no_path_until_its_truth_is_asked() -> None:
    compiled = sg.compile(lambda x: sg.where(x > 0, x * x, -x))
    assert [compiled(2.0), compiled(-3.0)] == [4.0, 3.0]
    assert "Paths known: 1." in compiled.source


def test_growth_is_bounded_and_one_warning_names_the_line_that_keeps_branching() -> None:
    def steps(x: Any) -> Any:
        y = x
        for _ in range(int(x)):  # the line
            y = sg.sin(y) + 1
        return y

    compiled = sg.compile(steps, max_operations=60)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for n in [*range(1, 30), *range(1, 30)]:
            assert compiled(n + 0.5) == eager(steps, n + 0.5)
    (warning,) = caught
    line = inspect.getsourcelines(steps)[1] + 2
    assert f"{Path(__file__).name}, line {line}" in str(warning.message)
    assert "max_operations=60" in str(warning.message)
    assert warning.filename == __file__
    assert len(compiled.source.splitlines()) < 200


def wandering(x: Any, y: Any) -> Any:
    total = x * y
    for k in range(30):
        x = 3.9 * x * (1 - x)
        total = total + x * y if x > 0.5 else total * y - k  # the line
    return total


def points_in_disorder(count: int) -> list[tuple[float, float]]:
    generator = random.Random(8)
    return [(generator.uniform(0.1, 0.9), generator.uniform(0.5, 0.9)) for _ in range(count)]


def marked_line(function: Any) -> str:
    lines, first = inspect.getsourcelines(function)
    return f"{Path(__file__).name}, line {first + next(i for i, line in enumerate(lines) if '# the line' in line)}"


def compiled_operations(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many operations are traced and generated, as they are."""
    found: list[int] = []
    new_code, forget = Compiler._new_code, Trace.forget
    monkeypatch.setattr(Compiler, "_new_code", lambda self, version: noted(new_code(self, version)))
    monkeypatch.setattr(Trace, "forget", lambda self: (found.append(len(self.events)), forget(self)))

    def noted(code: Any) -> Any:
        found.append(code.size)
        return code

    return found


def test_paths_that_keep_coming_run_uncompiled_and_one_warning_names_the_line(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    compiled = sg.compile(wandering)
    operations = compiled_operations(monkeypatch)
    points = points_in_disorder(500)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for point in [*points, *points[:100]]:
            assert exactly(compiled(*point)) == exactly(eager(wandering, *point))
    (warning,) = caught
    assert "take new paths again and again" in str(warning.message)
    assert marked_line(wandering) in str(warning.message)
    assert warning.filename == __file__
    assert sum(operations) * 25 < 600 * 250  # a call has 150 operations, and to compile one takes 25 as long


@pytest.mark.filterwarnings("ignore:calls of wandering")
def test_known_paths_stay_compiled_when_others_no_longer_are(monkeypatch: pytest.MonkeyPatch) -> None:
    compiled = sg.compile(sg.value_and_grad(wandering))
    points = points_in_disorder(400)
    for point in points:
        compiled(*point)
    monkeypatch.setattr(Compiler, "eager", lambda *_: pytest.fail("a call ran uncompiled"))
    assert compiled(*points[0]) == sg.value_and_grad(wandering)(*points[0])


@pytest.mark.filterwarnings("ignore:calls of wandering")
def test_paths_that_come_again_and_again_are_compiled_in_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scalargrad.compiler.account.SHARE", 5)  # so that the end comes sooner
    compiled = sg.compile(wandering)
    points = points_in_disorder(6)
    for _ in range(100):
        for point in points:
            compiled(*point)
    monkeypatch.setattr(Compiler, "eager", lambda *_: pytest.fail("a call ran uncompiled"))
    for point in points:
        assert compiled(*point) == eager(wandering, *point)


def test_a_decision_with_many_answers_costs_in_proportion(monkeypatch: pytest.MonkeyPatch) -> None:
    compiled = sg.compile(lambda x: int(x) * x)  # the line
    operations = compiled_operations(monkeypatch)
    with pytest.warns(RuntimeWarning, match="line ") as caught:
        assert [compiled(i + 0.5) for i in range(8000)] == [i * (i + 0.5) for i in range(8000)]
    assert len(caught) == 1
    assert sum(operations) < 8000
    (version,) = compiled.__self__.versions.values()  # type: ignore[attr-defined]
    assert version.debt < version.code.size  # it is generated anew when it can double
    assert len(compiled.__self__.namespace) < 10  # type: ignore[attr-defined]


def test_an_answer_is_looked_up_among_many_by_halves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scalargrad.compiler.account.ALLOWANCE", 10**9)

    @sg.compile
    def tenfold(x: Any) -> Any:
        return int(x) * 9 + (0 if x < 50 else int(-x)) + int(x)

    answers = random.Random(5).sample(range(-100, 100), 90)
    for answer in answers:
        assert tenfold(answer + 0.0) == eager(tenfold.__wrapped__, answer + 0.0)
    alone = execute(tenfold.source)["tenfold"]
    for answer in answers:
        assert alone(answer) == eager(tenfold.__wrapped__, answer + 0.0)
    for other in {*range(-100, 100)} - {*answers}:
        with pytest.raises(NotImplementedError):
            alone(other)
    deepest = max(len(line) - len(line.lstrip()) for line in tenfold.source.splitlines())
    assert deepest <= 4 * 12


@pytest.mark.parametrize(
    ("function", "calls", "options"),
    [
        (lambda x, text: x * len(text), [(2.0, f"text {k}") for k in range(1000)], {"static_argnames": "text"}),
        (lambda x, mode: x * len(mode), [(2.0, f"text {k}") for k in range(1000)], {}),
        (lambda x, v: x * sum(v), [(2.0, [1.0] * (k + 1)) for k in range(290)], {}),
    ],
)
def test_structures_that_keep_coming_run_uncompiled_and_one_warning_names_the_parameter(
    function: Any, calls: Any, options: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    compiled = sg.compile(function, **options)
    operations = compiled_operations(monkeypatch)
    expected = [function(*args) for args in calls]
    with pytest.warns(RuntimeWarning) as caught:
        assert [compiled(*args) for args in calls * 2] == expected * 2
    (warning,) = caught
    assert "new structures again and again" in str(warning.message)
    assert f"come of {(*inspect.signature(function).parameters,)[1]};" in str(warning.message)
    assert len(compiled.__self__.versions) < 200  # type: ignore[attr-defined]
    assert sum(operations) < 30 * len(calls)


def test_structures_are_bounded_and_one_warning_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scalargrad.compiler.dispatch.MOST_VERSIONS", 5)
    compiled = sg.compile(lambda v: sum(v))
    lists = [[1.5] * n for n in range(1, 9)]
    said = (
        r"the function <lambda> \(test_compilation\.py, line \d+\) has code for 5 structures .* Most of them come of v"
    )
    with pytest.warns(RuntimeWarning, match=said) as caught:
        assert [compiled(v) for v in lists * 2] == [sum(v) for v in lists * 2]
    assert len(caught) == 1
    assert len(compiled.__self__.versions) == 5  # type: ignore[attr-defined]
    assert "return" in compiled.source_for(lists[7])
    monkeypatch.setattr(Compiler, "eager", lambda *_: pytest.fail("a call ran uncompiled"))
    assert compiled(lists[4]) == 7.5


def test_two_structures_in_turns_are_compiled_both(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Compiler, "eager", lambda *_: pytest.fail("a call ran uncompiled"))
    compiled = sg.compile(sg.grad(lambda v: sum(x * x for x in v)))
    for _ in range(100):
        assert [compiled([1.0, 2.0]), compiled([3.0])] == [[2.0, 4.0], [6.0]]


def test_a_function_that_is_traced_in_vain_is_not_traced_for_ever() -> None:
    def cautious(x: Any) -> Any:
        try:
            return sg.log(x)
        except ValueError:  # in all calls
            total = x
            for _ in range(100):
                total = total * 0.5 + x
            return total

    compiled = sg.compile(cautious)
    with pytest.warns(RuntimeWarning, match=r"runs uncompiled: log raised ValueError, at .*line") as caught:
        found = [compiled(-1.0 - k) for k in range(500)]
    assert found == [eager(cautious, -1.0 - k) for k in range(500)]
    assert len(caught) == 1
    assert compiled.__self__.account.traced < 80  # type: ignore[attr-defined]
    assert "its calls ran uncompiled: log raised ValueError" in compiled.source


def test_a_function_that_asks_other_questions_than_before_is_traced_from_scratch() -> None:
    limits = [1.0]

    def changing(x: Any) -> Any:
        return x * 2 if all(x < limit for limit in limits) else -x

    compiled = sg.compile(changing)
    assert compiled(0.5) == 1.0
    limits.insert(0, 3.0)
    assert compiled(2.0) == -2.0
    assert compiled(0.5) == 1.0
    assert compiled(4.0) == -4.0


# ---- What raises -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("function", "good", "bad", "kind"),
    [
        (lambda x: sg.log(x) * 2, 1.0, -1.0, ValueError),
        (lambda x: 1 / x, 1.0, 0.0, ZeroDivisionError),
        (lambda x: sg.exp(x) * 0, 1.0, 1000.0, OverflowError),
        (lambda x: x**2.5, 1.0, 1e200, OverflowError),
        (lambda x: x**0.5, 4.0, -4.0, ValueError),
        (lambda x: abs(x**x), 2.0, -0.5, ValueError),
        (lambda x: (-2.0) ** x, 2.0, 0.5, ValueError),
        (lambda x: [x, x**-0.5][0], 2.0, -0.5, ValueError),
        (lambda x: [x, int(x)], 1.0, math.nan, ValueError),
        (lambda x: sg.clip(x, x, 1.0), 0.5, 2.0, ValueError),
        (lambda x: [x, sg.log(x)][0], 1.0, -1.0, ValueError),
        (lambda x: sg.where(x < 5, x, sg.exp(x)), 1.0, 1000.0, OverflowError),
    ],
)
def test_what_raises_eagerly_raises_compiled_before_and_after_it_was_traced(
    function: Any, good: float, bad: float, kind: type[Exception]
) -> None:
    with pytest.raises(kind) as expected:
        function(sg.Value(bad))
    for first in (good, bad):
        compiled = sg.compile(function)
        for x in (first, good, bad, good, bad):
            if x is bad:
                with pytest.raises(kind) as caught:
                    compiled(x)
                assert str(caught.value) == str(expected.value)
                assert "".join(traceback.format_exception(caught.value)).count("Traceback") == 1
            else:
                assert exactly(compiled(x)) == exactly(eager(function, x))


def test_the_functions_own_try_works_as_ever() -> None:
    def careful(x: Any) -> Any:
        try:
            return sg.log(x) + 1
        except ValueError:
            return -x

    compiled = sg.compile(careful)
    for x in (1.0, -1.0, 2.0, -2.0):
        assert exactly(compiled(x)) == exactly(eager(careful, x))
    compiled = sg.compile(careful)
    for x in (-1.0, 1.0, -2.0, 2.0):
        assert exactly(compiled(x)) == exactly(eager(careful, x))


def test_a_dead_operation_that_may_raise_stays() -> None:
    def checked(x: Any) -> Any:
        sg.log(x)
        return x * 2

    compiled = sg.compile(checked)
    assert compiled(3.0) == 6.0
    assert "math.log(x)" in compiled.source
    with pytest.raises(ValueError, match="log"):
        compiled(-3.0)


def test_what_a_function_raises_itself_comes_through() -> None:
    def strict(x: Any) -> Any:
        if x > 1:
            raise KeyError("too large")
        return x

    compiled = sg.compile(strict)
    assert compiled(0.5) == 0.5
    with pytest.raises(KeyError, match="too large"):
        compiled(2.0)
    assert compiled(0.25) == 0.25


KEPT: list[Any] = []


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (lambda x: float(x), "float()"),
        (lambda x: math.sin(x), "scalargrad.sin"),
        (lambda x: x.data, "plain number"),
        (lambda x: x.item(), "plain number"),
        (lambda x: x.numpy(), "plain number"),
        (lambda x: sg.Vector([x, x]).tolist(), "plain number"),
        (lambda x: x.grad, "GradientTape"),
        (lambda x: (x * x).backward(), "GradientTape"),
        (lambda x: range(x), "static_argnames"),
        (lambda x: [1, 2][x], "static_argnames"),
        (lambda x: copy.deepcopy(x) and pickle.dumps(sg.grad(lambda y: y * 2 * sg.stop_gradient(x))(1.0)), "pickled"),
    ],
)
def test_what_cannot_be_followed_is_refused_and_never_frozen(function: Any, words: str) -> None:
    compiled = sg.compile(function)
    for _ in range(2):
        with pytest.raises(TypeError) as caught:
            compiled(1.5)
        assert words in str(caught.value)


def test_a_refusal_that_the_function_catches_is_raised_all_the_same() -> None:
    def stubborn(x: Any) -> Any:
        try:
            return x.data
        except TypeError:
            return 0.0

    with pytest.raises(TypeError, match="plain number"):
        sg.compile(stubborn)(1.5)


def test_a_traced_number_that_was_kept_raises_later() -> None:
    kept = []

    def leaking(x: Any) -> Any:
        kept.append(x * 2)
        return x

    sg.compile(leaking)(1.5)
    with pytest.raises(RuntimeError, match="kept after"):
        kept[0] * 3


def test_what_is_assigned_in_a_compiled_function_is_refused() -> None:
    w = sg.Variable(1.0)
    v = sg.Variable([1.0, 2.0])

    def training(x: Any) -> Any:
        w.assign(w * x)
        return w * x

    def training_a_vector(x: Any) -> Any:
        v.assign_sub(v * x)
        return x

    for function in (training, training_a_vector):
        with pytest.raises(TypeError, match="cannot be assigned"):
            sg.compile(function)(2.0)
    assert (w.numpy(), v.tolist()) == (1.0, [1.0, 2.0])


def test_a_result_that_holds_something_else_is_refused() -> None:
    with pytest.raises(TypeError, match="numbers, or lists"):
        sg.compile(lambda x: {x})(1.0)


# ---- Leaves that it closes over --------------------------------------------------------------------------------------


@pytest.mark.usefixtures("no_fallback")
@pytest.mark.parametrize("make", [sg.Variable, sg.Value, sg.constant, lambda x: sg.Variable(x, trainable=False)])
def test_a_leaf_that_is_closed_over_is_read_anew_at_each_call(make: Callable[[float], Any]) -> None:
    w = make(2.0)
    compiled = sg.compile(sg.value_and_grad(lambda x: w * x * x if w > 0 else w + x))
    for number in (2.0, 3.0, -1.0, 2.5, -2.0):
        w.data = number
        for x in (1.0, -2.0):
            assert exactly(compiled(x)) == exactly(eager(compiled.__wrapped__, x))


@pytest.mark.usefixtures("no_fallback")
def test_a_vector_of_leaves_is_read_anew_and_differentiated_by() -> None:
    w = sg.Variable([1.0, -2.0, 3.0], name="w")

    def gradient(x: Any) -> Any:
        with sg.GradientTape() as tape:
            y = sg.sigmoid(w.dot([x, x * x, 1.0])) + w.norm()
        return y, tape.gradient(y, w)

    compiled = sg.compile(gradient)
    for step in range(4):
        w.assign([0.5 * step, 1.0, -step])
        for x in (1.0, -2.0):
            assert exactly([*flat_vector(compiled(x))]) == exactly([*flat_vector(eager(gradient, x))])
    assert "leaf" in compiled.source


def flat_vector(result: Any) -> list[float]:
    value, vector = result
    return [value, *vector.tolist()]


def test_a_leaf_of_exact_numbers_runs_uncompiled() -> None:
    from fractions import Fraction

    w = sg.Variable(2.0)
    compiled = sg.compile(lambda x: w * x)
    assert compiled(3.0) == 6.0
    w.assign(Fraction(1, 3))
    assert compiled(3.0) == 1.0
    with pytest.warns(RuntimeWarning, match=r"runs uncompiled: the leaf Fraction\(1, 3\) is not a float, at "):
        assert sg.compile(lambda x: w * x)(3.0) == 1.0
    w.assign(4.0)
    assert compiled(3.0) == 12.0


def test_a_number_that_was_computed_before_stays_what_it_was() -> None:
    w = sg.Variable(2.0)
    before = w * w
    compiled = sg.compile(lambda x: before * x + w)
    w.assign(10.0)
    assert compiled(3.0) == 22.0
    w.assign(20.0)
    assert compiled(3.0) == 32.0


def test_the_number_of_a_computed_constant_cannot_be_set() -> None:
    with pytest.raises(AttributeError, match="computed"):
        (sg.constant(2.0) * 3).data = 1.0


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


def test_a_tape_around_a_call_sees_the_leaves_that_it_closes_over() -> None:
    w = sg.Variable(2.0)
    compiled = sg.compile(lambda x: w * x)
    assert compiled(3.0) == 6.0
    with sg.GradientTape() as tape:
        y = compiled(3.0)
    assert tape.gradient(y, w).numpy() == 3.0
    with sg.no_grad():
        assert compiled(4.0) == 8.0
    with sg.detect_anomaly():
        assert compiled(4.0) == 8.0


def test_a_leaf_that_is_used_within_no_grad_is_read_anew() -> None:
    w = sg.Variable(2.0)
    compiled = sg.compile(sg.no_grad()(lambda x: x + w * 2.0 - 1.0 * w))
    assert compiled(1.0) == 3.0
    w.assign(5.0)
    assert compiled(1.0) == 6.0


def test_a_constant_that_was_computed_before_stays_a_number_of_the_code() -> None:
    constant = sg.constant(2.0) * 3.0
    compiled = sg.compile(lambda x: constant * x)
    assert compiled(3.0) == compiled(6.0) / 2 == 18.0


def test_a_compiled_function_inside_another_is_part_of_it() -> None:
    inner = sg.compile(lambda x: x * x if x > 0 else -x)
    outer = sg.compile(sg.grad(lambda x: inner(x) + inner(2 * x) * inner(3.0)))
    for x in (1.0, -1.0, 2.0):
        assert exactly(outer(x)) == exactly(eager(outer.__wrapped__, x))
    assert "Paths known: 2." in outer.source


def test_gradients_of_it_are_checked_like_any_others() -> None:
    sg.testing.check_grads(sg.compile(lambda x: sg.sin(x) * x), (1.5,))


# ---- Arguments and results -------------------------------------------------------------------------------------------


@dataclasses.dataclass
class Point:
    x: Any
    y: Any


Pair = collections.namedtuple("Pair", "left right")


def of_structure(p: Any) -> Any:
    return {"sum": p["a"] + p["b"][0] * p["b"][1].x, "back": p, "pair": Pair(p["c"].left, [p["c"].right])}


def test_arguments_and_results_have_any_structure() -> None:
    compiled = sg.compile(of_structure)
    for k in (1.0, 2.0, 3.0):
        p = {"a": k, "b": (2.0, Point(3.0, k)), "c": Pair(k, 4.0)}
        found, expected = compiled(p), plain_structure(of_structure(p))
        assert found == expected
        assert type(found["pair"]) is Pair
        assert type(found["back"]["b"][1]) is Point
    assert len(compiled.__self__.versions) == 1


@pytest.mark.usefixtures("no_fallback")
@pytest.mark.parametrize(
    "argument",
    [
        [1.0, 2.0, 3.0],
        (1.0, 2.0, 3.0),
        [1, 2.5, True * 1],
        sg.Vector([1.0, 2.0, 3.0]),
        [sg.constant(1.0), 2.0, 3.0],
    ],
)
def test_numbers_of_any_kind_are_floats(argument: Any) -> None:
    compiled = sg.compile(sg.grad(lambda v: v[0] * v[1] ** 3 + sg.sin(v[2])))
    expected = compiled.__wrapped__(argument)
    for _ in range(3):
        found = compiled(argument)
        assert type(found) is type(expected)
        assert [*found] == [*expected]


def test_another_structure_makes_another_version() -> None:
    compiled = sg.compile(lambda v: sum(v))
    assert [compiled([1.0, 2.0]), compiled([1.0, 2.0, 3.0]), compiled((1.0, 2.0)), compiled([4.0, 5.0])] == [3, 6, 3, 9]
    assert len(compiled.__self__.versions) == 3
    for v in ([1.0, 2.0], [1.0, 2.0, 3.0], (1.0, 2.0)):
        alone = execute(compiled.source_for(v))["function"]
        assert alone(v) == sum(v)
        with pytest.raises(ValueError, match="unpack"):
            alone([1.0])


def test_keys_are_data_and_in_any_order() -> None:
    wild = "x'); import os; os.abort()  #"
    compiled = sg.compile(sg.grad(lambda p: p[wild] * p["y"] * p[None, 1]))
    for _ in range(2):
        assert compiled({wild: 2.0, "y": 3.0, (None, 1): 5.0}) == {wild: 15.0, "y": 10.0, (None, 1): 6.0}
        assert compiled({"y": 3.0, wild: 2.0, (None, 1): 5.0}) == {"y": 10.0, wild: 15.0, (None, 1): 6.0}
    p = {wild: 2.0, "y": 3.0, (None, 1): 5.0}
    assert execute(compiled.source_for(p))["function"](p)[wild] == 15.0


def test_keys_that_are_objects_are_kept() -> None:
    key = object()
    compiled = sg.compile(lambda p: {key: p[key] * 2})
    assert compiled({key: 2.0}) == {key: 4.0}
    assert compiled({key: 3.0}) == {key: 6.0}


def test_static_arguments_are_part_of_the_version() -> None:
    @sg.compile(static_argnames=("n", "kind"))
    def power(x: Any, n: int = 2, *, kind: str = "plain") -> Any:
        """x to the power n."""
        result = 1.0
        for _ in range(n):
            result = result * x
        return result if kind == "plain" else -result

    assert [power(2.0), power(2.0, 3), power(2.0, n=4), power(2.0, kind="negative"), power(3.0, 3)] == [
        4,
        8,
        16,
        -4,
        27,
    ]
    assert power.__name__ == "power"
    assert power.__doc__ == "x to the power n."
    assert str(inspect.signature(power)).startswith("(x: 'Any', n: 'int' = 2, *, kind: 'str' = 'plain')")
    alone = execute(power.source_for(2.0, 3))["power"]
    assert alone(5.0, 3) == 125.0
    with pytest.raises(ValueError, match="generated for n=3"):
        alone(5.0, 4)
    assert execute(power.source_for(2.0, n=4))["power"](2.0, n=4) == 16.0


def test_static_arguments_are_told_by_type_too() -> None:
    compiled = sg.compile(lambda x, k: x * k, static_argnames="k")
    assert [exactly(compiled(2.0, k)) for k in (1, 1.0, True, -0.0, 0.0, (1, 2)[0])] == [
        exactly(2.0 * k) for k in (1, 1.0, True, -0.0, 0.0, 1)
    ]
    lists = sg.compile(lambda x, ks: [x * k for k in ks], static_argnames=["ks"])
    ks = [1.0, 2.0]
    assert lists(2.0, ks) == [2.0, 4.0]
    ks.append(3.0)
    assert lists(2.0, ks) == [2.0, 4.0, 6.0]
    with pytest.raises(TypeError, match="hashable"):
        lists(2.0, [{1}])


def test_what_is_no_number_has_to_be_named_static() -> None:
    compiled = sg.compile(lambda x, thing: x)
    with pytest.raises(TypeError, match=r"static_argnames=\('thing',\)"):
        compiled(1.0, object())
    assert sg.compile(lambda x, thing=math: x * thing.pi)(1.0) == math.pi


def test_text_none_and_truth_values_make_versions() -> None:
    compiled = sg.compile(lambda x, mode: x if mode == "a" else -x if mode else x * 3)
    assert [compiled(2.0, mode) for mode in ("a", "b", None, True, False, "a", "b")] == [2, -2, 6, -2, 6, 2, -2]


def all_kinds(a: Any, /, b: Any, c: Any = 3.0, *rest: Any, d: Any, e: Any = 5.0, **more: Any) -> Any:
    return a + 2 * b + 3 * c + 4 * sum(rest) + 5 * d + 6 * e + 7 * sum(more.values())


def test_parameters_of_every_kind_are_taken() -> None:
    compiled = sg.compile(all_kinds)
    for _ in range(2):
        for args, kwargs in [
            ((1.0, 2.0), {"d": 4.0}),
            ((1.0,), {"b": 2.0, "d": 4.0, "e": 1.0}),
            ((1.0, 2.0, 3.0, 4.0, 5.0), {"d": 4.0, "z": 1.0, "a": 2.0}),
        ]:
            assert compiled(*args, **kwargs) == all_kinds(*args, **kwargs)
    assert inspect.signature(compiled) == inspect.signature(all_kinds)
    with pytest.raises(TypeError, match="missing"):
        compiled(1.0, 2.0)
    alone = execute(compiled.source_for(1.0, 2.0, d=4.0))["all_kinds"]
    assert alone(1.0, 2.0, d=4.0) == all_kinds(1.0, 2.0, d=4.0)


def test_names_of_parameters_never_collide_with_generated_ones() -> None:
    def odd(t1: Any, math: Any, float: Any, _self: Any, type: Any, π: Any, map: Any, NotImplementedError: Any) -> Any:  # noqa: N803
        if t1 > 0:
            return sg.sin(t1) * math + float - _self * type / π + map[0] + map[1] * NotImplementedError
        return sg.sigmoid(t1) + sg.erf(math)

    compiled = sg.compile(odd)
    for t1 in (1.0, -1.0, 2.0, -2.0):
        args = (t1, 2.0, 3.0, 4.0, 5.0, 6.0, [7.0, 8.0], 9.0)
        assert exactly(compiled(*args)) == exactly(eager(odd, *args[:6], [7.0, 8.0], 9.0))
        assert exactly(execute(compiled.source)["odd"](*args)) == exactly(compiled(*args))


def test_a_method_and_a_partial_are_compiled_as_they_stand() -> None:
    class Model:
        def __init__(self) -> None:
            self.w = sg.Variable([1.0, 2.0])

        def loss(self, x: Any) -> Any:
            return self.w[0] * x + self.w[1]

    model = Model()
    compiled = sg.compile(model.loss)
    assert compiled(3.0) == 5.0
    model.w.assign([2.0, 1.0])
    assert compiled(3.0) == 7.0


# ---- The source ------------------------------------------------------------------------------------------------------


def test_the_lessons_step_is_at_most_8_lines() -> None:
    step = sg.compile(sg.value_and_grad(loss, argnums=(0, 1)))
    assert "has not been called" in step.source
    assert step(2.0, 1.0, 3.0, 4.0) == (9.0, (18.0, 6.0))
    assert len(step.source.splitlines()) <= 8
    assert "loss (test_compilation.py, line" in step.source
    assert "import" not in step.source


BARE = """
import sys
source, cases = eval(sys.stdin.read())
before = set(sys.modules)
namespace = {}
exec(source, namespace)
assert set(sys.modules) - before <= {"math"}
function = [thing for name, thing in namespace.items() if callable(thing) and name[0] != "_"][-1]
print(repr([function(*args) for args in cases]))
"""


def test_the_source_runs_in_a_bare_interpreter() -> None:
    def everything(x: Any, v: Any) -> Any:
        y = sg.erf(x) + sg.lgamma(x) + sg.sigmoid(v[0]) * sg.tanh(v[1]) + x ** v[0] + sg.cbrt(x) + sg.atan2(x, v[1])
        y = y + sg.hypot(x, v[0], v[1]) + sg.softmax(v)[0] + sg.maximum(x, v[1]) + sg.gamma(x)
        return y if x > 1 else y * sg.logsumexp(v)

    compiled = sg.compile(sg.value_and_grad(everything, argnums=(0, 1)))
    cases = [(0.5, [1.0, 2.0]), (1.5, [0.25, -1.0]), (2.5, [1.0, 1.0])]
    expected = [compiled(*args) for args in cases]
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", BARE],
        input=repr((compiled.source, cases)),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert eval(done.stdout) == expected


def test_an_untraced_path_raises_where_the_source_stands_alone() -> None:
    compiled = sg.compile(lambda x: x if x > 0 else -x)
    compiled(1.0)
    (name,) = [name for name in execute(compiled.source) if name == "function"]
    with pytest.raises(NotImplementedError, match="not known when this code was generated"):
        execute(compiled.source)[name](-1.0)


def test_the_source_says_where_it_is_from_and_what_it_knows() -> None:
    compiled = sg.compile(newton_root)
    for a in (2.0, 100.0):
        compiled(a)
    first, second = compiled.source.splitlines()[:2]
    here = f"test_compilation.py, line {line_of(newton_root)}"
    assert first == f"# newton_root: generated by scalargrad from newton_root ({here})."
    assert second.startswith("# Paths known: 2. Decisions: test_compilation.py, line ")


def line_of(function: Any) -> int:
    return inspect.getsourcelines(function)[1]


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
        with pytest.raises(ImportError, match="no source code of squared_here"):
            execute(compiled.source)
    finally:
        del namespace["registry"]["squared_here"]


@pytest.mark.parametrize("length", sorted({1000, sized(10_000)}))
def test_deep_chains_and_long_sums_compile(length: int) -> None:
    def deep(x: Any) -> Any:
        y = x
        for _ in range(length):
            y = 1 / (y + 2.5)
        return y

    def long(v: Any) -> Any:
        total = v[0]
        for x in v[1:]:
            total = total + x * x
        return total + sg.Vector(v).sum() + sg.Vector(v).dot(v) + sg.Vector(v).mean()

    for function, args in ((deep, (0.5,)), (long, ([0.001 * k for k in range(length)],))):
        compiled = sg.compile(sg.value_and_grad(function))
        expected = sg.value_and_grad(function)(*args)
        assert exactly(compiled(*args)) == exactly(expected)
        assert exactly(compiled(*args)) == exactly(expected)


def test_a_hundred_nested_decisions_are_no_hundred_levels() -> None:
    def nested(v: Any) -> Any:
        result = 0.0
        for x in v:
            result = result + (x if x > 0 else -x * 2)
        return result

    compiled = sg.compile(nested)
    generator = random.Random(2)
    calls = [[generator.uniform(-1, 1) for _ in range(150)] for _ in range(12)]
    for v in [*calls, *calls]:
        assert exactly(compiled(v)) == exactly(plain_structure(nested([sg.Value(x) for x in v])))
    depth = max(len(line) - len(line.lstrip()) for line in compiled.source.splitlines())
    assert depth <= 4 * 8


# ---- Copies, threads -------------------------------------------------------------------------------------------------


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


@pytest.mark.filterwarnings("ignore:calls of function take new paths")
def test_many_threads_trace_and_call_at_once() -> None:
    w = sg.Variable(1.0)

    def function(x: Any) -> Any:
        y = x
        while abs(y) > 0.3:
            y = y / 2 + w * 0
        return y * w if x > 0 else y - w

    compiled = sg.compile(sg.value_and_grad(function))
    generator = random.Random(3)
    xs = [generator.uniform(-1e6, 1e6) for _ in range(200)]
    expected = [sg.value_and_grad(function)(x) for x in xs]
    found: dict[int, list[Any]] = {}

    def work(k: int) -> None:
        order = [*range(len(xs))]
        random.Random(k).shuffle(order)
        results = {i: compiled(xs[i]) for i in order}
        found[k] = [results[i] for i in range(len(xs))]

    threads = [threading.Thread(target=work, args=(k,)) for k in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [exactly(found[k]) for k in range(8)] == [exactly(expected)] * 8


def test_a_trace_in_one_thread_is_none_in_another() -> None:
    entered, go_on = threading.Event(), threading.Event()

    def slow(x: Any) -> Any:
        entered.set()
        go_on.wait(10)
        return x * 2

    results = []
    thread = threading.Thread(target=lambda: results.append(sg.compile(slow)(3.0)))
    thread.start()
    entered.wait(10)
    x = sg.Value(3.0)
    y = x * x
    assert (y.data, float(sg.constant(2.0)), x > 2, int(x)) == (9.0, 2.0, True, 3)
    go_on.set()
    thread.join()
    assert results == [6.0]


def test_an_operand_of_another_kind_is_refused_as_ever() -> None:
    for function in (lambda x: x + "text", lambda x: sg.grad(lambda a: a * sg.stop_gradient(x))(1.0) + "text"):
        with pytest.raises(TypeError, match="unsupported operand"):
            sg.compile(function)(1.0)
    with pytest.raises(TypeError, match="not supported between"):
        sg.compile(lambda x: sg.grad(lambda a: a * sg.stop_gradient(x))(1.0) < "text")(1.0)


@pytest.mark.parametrize("ask", [float, lambda y: [1, 2][y], pickle.dumps, math.sin])
def test_plain_numbers_of_a_transform_inside_are_not_frozen_either(ask: Any) -> None:
    compiled = sg.compile(lambda x: ask(sg.grad(lambda a: a * sg.stop_gradient(x))(1.0)))
    with pytest.raises(TypeError, match="in a compiled function"):
        compiled(1.0)


def test_an_exact_constant_that_is_compared_runs_uncompiled() -> None:
    from fractions import Fraction

    third = Fraction(1, 3)
    compiled = sg.compile(lambda x: x if x > third else sg.maximum(x, third) * 2)
    with pytest.warns(RuntimeWarning, match=r"Fraction\(1, 3\), which is no float, is an operand of gt, at "):
        found = [compiled(x) for x in (0.5, 0.25, 0.5, 0.25, 1 / 3)]
    assert exactly(found) == exactly([eager(compiled.__wrapped__, x) for x in (0.5, 0.25, 0.5, 0.25, 1 / 3)])


def test_a_function_that_stops_asking_is_traced_from_scratch() -> None:
    asks = [True]
    compiled = sg.compile(lambda x: x if asks[0] and x > 1 else x * 2)
    assert [compiled(2.0), compiled(0.5)] == [2.0, 1.0]
    asks[0] = False
    compiled = sg.compile(lambda x, k: (x if x > 1 else x * 2) if asks[0] and k > 0 else x * 3 if k < -1 else x * 4)
    assert compiled(2.0, 1.0) == 8.0
    asks[0] = True
    assert compiled(2.0, -2.0) == 6.0
    asks[0] = False
    assert compiled(2.0, -3.0) == 6.0


def test_a_function_that_ends_before_its_question_is_traced_from_scratch() -> None:
    asks = [True]

    def function(x: Any) -> Any:
        if x > 0 and asks[0] and x > 1:
            return x
        return -x

    compiled = sg.compile(function)
    assert compiled(2.0) == 2.0
    asks[0] = False
    assert compiled(0.5) == -0.5
    assert compiled(3.0) == -3.0


MIXED = {"a": 1.0, "none": None, "text": "t", "yes": True, "empty": [], "two": [[2.0], ()], "words": ["u", [3.0, "v"]]}


@pytest.mark.usefixtures("no_fallback")
def test_text_and_empty_containers_inside_arguments_are_part_of_the_version() -> None:
    def function(p: Any) -> Any:
        total = p["a"] * p["two"][0][0] + p["words"][1][0]
        return {"total": total if p["yes"] else -total, "rest": [p["none"], p["text"], p["empty"], p["words"][0]]}

    compiled = sg.compile(function)
    others = [
        MIXED | {"yes": False},
        MIXED | {"text": "other"},
        MIXED | {"words": ["w", [4.0, "v"]]},
        MIXED | {"a": 5.0},
        MIXED | {"none": "some"},
    ]
    for p in [MIXED, *others, MIXED, *others]:
        assert compiled(p) == plain_structure(function(p))
    assert len(compiled.__self__.versions) == 5
    for p in [MIXED, *others]:
        assert execute(compiled.source_for(p))["function"](p) == compiled(p)


def test_odd_structures_have_source_too() -> None:
    key = Pair(1, 2)

    def function(p: Any, q: Any) -> Any:
        return Point(p[key].x * p["o"][1], [sg.Vector([q.left, p[key].y]), collections.OrderedDict(a=q.right)])

    arguments = ({key: Point(1.0, 2.0), "o": collections.OrderedDict([(0, 1.0), (1, 3.0)])}, Pair(4.0, 5.0))
    compiled = sg.compile(function)
    for _ in range(2):
        assert compiled(*arguments) == plain_structure(function(*arguments))
    alone = execute(compiled.source)["function"]
    assert alone(*arguments) == {"x": 3.0, "y": [[4.0, 2.0], {"a": 5.0}]}


def test_the_source_for_arguments_is_traced_if_it_was_not() -> None:
    compiled = sg.compile(lambda x, scale=2.0: x * scale)
    assert "return x * scale" in compiled.source_for(3.0)
    assert "return 0.0 + v0" in sg.compile(lambda v: sg.Vector(v).sum()).source_for([1.0])


def test_a_static_argument_may_be_a_dict() -> None:
    compiled = sg.compile(lambda x, how: x * how["factor"], static_argnames="how")
    assert [compiled(2.0, {"factor": 2}), compiled(2.0, {"factor": 3}), compiled(2.0, {"factor": 2.5})] == [4, 6, 5]


def test_it_shows_what_it_is_of() -> None:
    assert "compile(<function decorated at" in repr(decorated)


def test_a_constant_beyond_the_range_of_floats_is_compared_exactly() -> None:
    compiled = sg.compile(lambda x: [x < 10**400, x > -(10**5000), x * 2**60, x + 10**17, x**3])
    for x in (1.5, 1e90, 3.0):
        assert exactly(compiled(x)[:4]) == exactly(eager(compiled.__wrapped__, x)[:4])
    alone = execute(compiled.source)["function"]
    assert alone(3.0) == compiled(3.0)


def test_a_compiler_that_calls_code_for_other_arguments_is_told() -> None:
    with pytest.raises(TypeError, match="another structure"):
        sg.compile(loss).__self__.strict.other(([1.0],))  # type: ignore[attr-defined]


def test_arguments_may_change_after_a_call() -> None:
    v, p = [1.0, 2.0], {"a": 1.0}
    compiled = sg.compile(lambda v, p: v[0] * p["a"] if v[1] > 0 else -v[0])
    assert compiled(v, p) == 1.0
    v.append(5.0)
    p["b"] = 2.0
    assert compiled([3.0, -1.0], {"a": 1.0}) == -3.0
    assert compiled([3.0, 1.0], {"a": 2.0}) == 6.0
    assert compiled(v, p) == 1.0


@pytest.mark.usefixtures("no_fallback")
def test_integers_as_arguments_take_a_short_way() -> None:
    compiled = sg.compile(all_kinds, static_argnames="e")
    for _ in range(2):
        assert exactly(compiled(1, 2, 3, 4, d=5, e=6, f=7)) == exactly(float(all_kinds(1, 2, 3, 4, d=5, e=6, f=7)))
    with pytest.raises(OverflowError, match="int too large"):
        compiled(10**400, 2, d=1)


@pytest.mark.parametrize("twin", [copy.copy, copy.deepcopy, sg.Variable, lambda w: sg.Vector([w])[0]])
def test_a_copy_of_a_leaf_is_read_anew_too(twin: Any) -> None:
    w = sg.Variable(2.0)
    compiled = sg.compile(lambda x: twin(w) * x)
    assert [compiled(1.0), compiled(3.0)] == [2.0, 6.0]
    w.assign(5.0)
    assert compiled(3.0) == 15.0
    v = sg.Variable([1.0, 2.0])
    of_vector = sg.compile(lambda x: copy.deepcopy(v)[1] * copy.copy(v)[0] * x)
    assert of_vector(3.0) == 6.0
    v.assign([2.0, 5.0])
    assert of_vector(3.0) == 30.0


def test_a_look_for_anomalies_inside_runs_uncompiled() -> None:
    def watched(x: Any) -> Any:
        with sg.detect_anomaly():
            return x * 1e300

    compiled = sg.compile(watched)
    with pytest.warns(RuntimeWarning, match="detect_anomaly") as caught:
        assert [compiled(1.0), compiled(2.0)] == [1e300, 2e300]
    assert len(caught) == 1
    assert caught[0].filename == __file__
    with pytest.raises(FloatingPointError, match="gave inf"):
        compiled(1e300)


def test_defaults_stand_in_the_source() -> None:
    def function(x: Any = 1.5, v: Any = [1.0, 2.0], p: Any = {"a": 3.0}, name: Any = "n") -> Any:  # noqa: B006, ARG001
        return x * v[0] + p["a"]

    compiled = sg.compile(function)
    assert compiled() == 4.5
    assert execute(compiled.source)["function"]() == 4.5
    assert execute(compiled.source)["function"](2.0, v=[3.0, 1.0]) == 9.0


@pytest.mark.usefixtures("no_fallback")
def test_leaves_that_are_met_on_different_paths_are_kept_apart() -> None:
    leaves = [sg.Variable(float(k)) for k in range(6)]

    def function(x: Any) -> Any:
        total = leaves[0] * x
        for k, leaf in enumerate(leaves[1:], 1):
            if x > k:
                total = total + leaf * sg.erf(x)
        return total

    compiled = sg.compile(function)
    for x in (0.5, 3.5, 1.5, 5.5, 2.5, 4.5, 0.25, 5.25, 3.25):
        assert exactly(compiled(x)) == exactly(eager(function, x))
    for k, leaf in enumerate(leaves):
        leaf.assign(10.0 * k - 7)
        for x in (0.5, 3.5, 1.5, 5.5, 2.5, 4.5):
            assert exactly(compiled(x)) == exactly(eager(function, x))


def test_a_tape_around_the_first_call_of_a_path_sees_leaves_too() -> None:
    w = sg.Variable(2.0)
    compiled = sg.compile(lambda x: w * x if x > 0 else x)
    for x in (3.0, -1.0, 3.0):
        with sg.GradientTape() as tape:
            y = compiled(x) + w * w
        assert tape.gradient(y, w).numpy() == 4.0 + max(x, 0.0)
    assert sg.grad(lambda v: sg.compile(lambda x: v * x)(3.0) + v)(2.0) == 4.0


def test_integers_that_floats_do_not_hold_stay_what_they_are() -> None:
    compiled = sg.compile(lambda x: [sg.minimum(x, 2**53 + 1), sg.maximum(x, 10**400) if x < 0 else x])
    with pytest.warns(RuntimeWarning, match="beyond the range of floats is an operand of maximum"):
        found = [compiled(x) for x in (1.0, -5.0, 1e308, -1.0)]
    assert exactly(found) == exactly([eager(compiled.__wrapped__, x) for x in (1.0, -5.0, 1e308, -1.0)])
    powers = sg.compile(lambda x: sg.where(x > 0, 3, 2) ** 40 + 1)
    for x in (1.0, -1.0, 2.0):
        assert exactly(powers(x)) == exactly(eager(powers.__wrapped__, x))


class Word(str):
    __slots__ = ()


def test_keys_and_text_are_told_by_type_too() -> None:
    compiled = sg.compile(lambda d: {key: 2 * x for key, x in d.items()})
    for _ in range(2):
        assert [*map(repr, map(compiled, ({1: 2.0}, {1.0: 2.0}, {True: 2.0})))] == [
            "{1: 4.0}",
            "{1.0: 4.0}",
            "{True: 4.0}",
        ]
    words = sg.compile(lambda p: p[0] * (2 if type(p[1]) is Word else 3))
    assert [words([1.0, Word("r")]), words([1.0, "r"]), words([2.0, Word("r")]), words([2.0, "r"])] == [
        2.0,
        3.0,
        4.0,
        6.0,
    ]


def test_a_name_after_positional_ones_stands_in_the_source() -> None:
    def function(x: Any, /, *, y: Any = 2.0) -> Any:
        return x * y

    compiled = sg.compile(function)
    assert compiled(3.0) == 6.0
    assert execute(compiled.source)["function"](3.0, y=4.0) == 12.0


@pytest.mark.usefixtures("no_fallback")
@pytest.mark.parametrize(
    "function",
    [
        lambda x: x if isinstance(x > 0, bool) else 2 * x,
        lambda x: {True: x, False: 2 * x}[x > 0],
        lambda x: x * len({x > 0, x > 1}),
        lambda x: x * ((x > 0) << 3) - (3 >> (x > 1)) + +(x > 0),
        lambda x: x + (x > 0).real - (x > 0).imag + (x > 0).conjugate() + (x > 0).bit_length(),
        lambda x: x * len(f"{x > 0}{x > 1!r}"),
        lambda x: [x > 0, x],
    ],
)
def test_a_comparison_is_a_truth_value_whatever_is_asked_of_it(function: Any) -> None:
    compiled = sg.compile(function)
    for x in (2.0, -1.0, 0.5, -2.0):
        assert exactly(compiled(x)) == exactly(eager(function, x))


def test_a_comparison_has_no_attributes_that_a_truth_value_has_not() -> None:
    with pytest.raises(AttributeError, match="'bool' object has no attribute 'data_'"):
        sg.compile(lambda x: (x > 0).data_)(1.0)


@pytest.mark.parametrize(
    "ask",
    [
        str,
        repr,
        lambda x: f"{x}",
        lambda x: f"{x:.3f}",
        lambda x: "%s" % (x,),  # noqa: UP031
        lambda x: str(sg.Vector([x, 1.0])),
        lambda x: f"{sg.grad(lambda a: a * sg.stop_gradient(x))(1.0):.4}",
    ],
)
def test_the_text_of_a_number_is_that_of_each_call_and_a_warning_tells_the_price(ask: Any) -> None:
    compiled = sg.compile(lambda x: x * len(ask(x)))
    with pytest.warns(RuntimeWarning, match="text of a number.* at .*test_compilation.py") as caught:
        found = [compiled(x) for x in (0.5, -22.125, 3.0, 0.5)]
    assert found == [x * len(ask(sg.Value(x))) for x in (0.5, -22.125, 3.0, 0.5)]
    assert len(caught) == 1


@pytest.mark.parametrize("w", [sg.Variable(2.0), sg.Variable([2.0]), sg.Vector([sg.Value(2.0)])])
def test_the_text_of_a_leaf_is_that_of_each_call(w: Any) -> None:
    compiled = sg.compile(lambda x: x * len(str(w)))
    with pytest.warns(RuntimeWarning, match="text of a number"):
        assert compiled(2.0) == 2 * len(str(w))


def test_what_runs_uncompiled_within_no_grad_is_the_same() -> None:
    def slope(x: Any) -> Any:
        with sg.GradientTape() as tape:
            tape.watch(x)
            y = x * x if f"{x}" else x
        return tape.gradient(y, x)

    compiled = sg.compile(slope)
    with pytest.warns(RuntimeWarning, match="runs uncompiled: the text"), sg.no_grad():
        assert compiled(3.0) == 6.0


def test_text_in_an_error_is_no_reason_to_warn() -> None:
    def positive(x: Any) -> Any:
        if x < 0:
            raise ValueError(f"expected a positive number, got {x:.1f}")
        return x

    compiled = sg.compile(positive)
    assert compiled(1.0) == 1.0
    with pytest.raises(ValueError, match=r"got -1\.5"):
        compiled(-1.5)


@pytest.mark.parametrize("counts", [True, False])
def test_a_leaf_that_the_function_makes_and_keeps_is_read_anew(counts: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if not counts:
        monkeypatch.delattr(sys, "getrefcount")  # as on PyPy
    kept: dict[str, Any] = {}
    runs = []

    def lazy(x: Any) -> Any:
        runs.append(x)
        if "w" not in kept:
            kept["w"] = sg.Variable(1.0)
        return kept["w"] * x

    compiled = sg.compile(lazy)
    assert compiled(2.0) == 2.0
    kept["w"].assign(5.0)
    assert compiled(2.0) == 10.0
    assert len(runs) == 2
    with sg.GradientTape() as tape:
        y = compiled(3.0)
    assert tape.gradient(y, kept["w"]) == 3.0


def test_a_leaf_that_the_function_makes_and_leaves_costs_no_second_run() -> None:
    runs = []

    def summed(x: Any) -> Any:
        runs.append(1)
        total = sg.Value(0.0)
        for i in range(3):
            total = total + x * sg.Variable(float(i))
        return total

    compiled = sg.compile(summed)
    assert [compiled(2.0), compiled(3.0)] == [6.0, 9.0]
    assert len(runs) == 1


class Model:
    """A class with compiled methods."""

    def __init__(self, w: float) -> None:
        self.w = sg.Variable(w)

    @sg.compile
    def predict(self, x: Any) -> Any:
        """The prediction."""
        return self.w * x if x > 0 else -self.w

    @sg.compile(static_argnames="n")
    def power(self, x: Any, n: int) -> Any:
        return self.w * x**n

    @staticmethod
    @sg.compile
    def twice(x: Any) -> Any:
        return 2 * x


class Shifted(Model):
    @sg.compile
    def predict(self, x: Any) -> Any:
        return super().predict(x) + 1


@pytest.mark.usefixtures("no_fallback")
def test_methods_are_compiled_for_each_instance() -> None:
    one, two = Model(2.0), Model(5.0)
    for _ in range(2):
        assert [one.predict(3.0), two.predict(3.0), one.predict(-1.0)] == [6.0, 15.0, -2.0]
    one.w.assign(7.0)
    assert [one.predict(3.0), two.predict(3.0), Model.predict(one, 1.0)] == [21.0, 15.0, 7.0]
    assert [one.power(2.0, 3), two.power(2.0, n=2)] == [56.0, 20.0]
    assert [Model.twice(2.0), one.twice(3.0)] == [4.0, 6.0]
    assert [Shifted(2.0).predict(3.0), Shifted(2.0).predict(4.0)] == [7.0, 9.0]
    assert Model.predict.__doc__ == "The prediction."
    assert Model.predict.__name__ == "predict"
    assert "leaf * x" in one.predict.source


@pytest.mark.parametrize("twin", [copy.deepcopy, lambda model: pickle.loads(pickle.dumps(model))])
def test_a_copy_of_a_model_has_compiled_methods_of_its_own(twin: Any) -> None:
    model = Model(2.0)
    model.step = sg.compile(model.predict)  # type: ignore[attr-defined]
    assert [model.predict(3.0), model.step(3.0)] == [6.0, 6.0]  # type: ignore[attr-defined]
    other = twin(model)
    other.w.assign(10.0)
    for _ in range(2):
        assert [model.predict(3.0), model.step(3.0)] == [6.0, 6.0]  # type: ignore[attr-defined]
        assert [other.predict(3.0), other.step(3.0)] == [30.0, 30.0]


def test_a_shallow_copy_and_a_changed_class_have_methods_of_their_own() -> None:
    model = Model(2.0)
    assert model.predict(3.0) == 6.0
    other = copy.copy(model)
    other.w = sg.Variable(10.0)
    assert [other.predict(3.0), model.predict(3.0)] == [30.0, 6.0]
    other.__class__ = Shifted
    assert other.predict(3.0) == 31.0


class Decorated(abc.ABC):
    """Compiled methods below other decorators, and under other names."""

    def __init__(self) -> None:
        self.w = sg.Variable(3.0)

    @property
    @sg.compile
    def energy(self) -> Any:
        return self.w * self.w

    @sg.compile
    @staticmethod
    def twice(x: Any) -> Any:
        return 2 * x

    @sg.compile
    @abc.abstractmethod
    def todo(self, x: Any) -> Any: ...

    @sg.compile
    def scaled(self, x: Any) -> Any:
        return self.w * x


class Ready(Decorated):
    renamed = Decorated.scaled

    def todo(self, x: Any) -> Any:
        return self.scaled(x)


@pytest.mark.usefixtures("no_fallback")
def test_compiled_methods_stand_below_other_decorators() -> None:
    with pytest.raises(TypeError, match="abstract"):
        Decorated()  # type: ignore[abstract]
    ready = Ready()
    assert [ready.energy, ready.twice(2.0), Ready.twice(2.0), ready.todo(2.0), ready.renamed(5.0)] == [9, 4, 4, 6, 15]
    ready.w.assign(4.0)
    assert [ready.energy, ready.scaled(2.0), Decorated.scaled(ready, 1.0)] == [16.0, 8.0, 4.0]
    assert {type(ready.energy), type(ready.todo(1.0))} == {float}


class Applied:
    """An object whose call is compiled."""

    def __init__(self, w: float) -> None:
        self.w = sg.Variable(w)

    @sg.compile
    def __call__(self, x: Any) -> Any:
        return self.w * x if x > 0 else -self.w


def test_an_object_whose_call_is_compiled_is_compiled_and_differentiated() -> None:
    model = Applied(3.0)
    assert list(inspect.signature(model).parameters) == ["x"]
    for function, expected in ((model, 6.0), (sg.compile(model), 6.0), (sg.compile(sg.grad(model)), 3.0)):
        assert [function(2.0), function(2.0)] == [expected, expected]
        assert "def " in getattr(function, "source", "def ")
    assert [sg.compile(model)(-1.0), model(-1.0)] == [-3.0, -3.0]


def of_another_place(self: Any, x: Any) -> Any:
    return self.factor * x


def own_decorator(function: Any) -> Any:
    return sg.compile(function)


class Below:
    """Decorators below and above `compile`, and functions of other places."""

    factor = 3.0

    @sg.compile
    @classmethod
    def scaled(cls, x: Any) -> Any:
        return cls.factor * x

    @classmethod
    @sg.compile(max_operations=50)
    def also_scaled(cls, x: Any) -> Any:
        return cls.factor * x if x > 0 else -x

    @sg.compile(max_operations=50)
    @staticmethod
    def twice(x: Any) -> Any:
        return 2 * x

    @sg.compile
    @property
    def square(self) -> Any:
        """The square."""
        return self.factor * sg.Value(self.factor)

    @square.setter
    def square(self, value: float) -> None:
        self.factor = value**0.5

    def of_two(self, a: Any, x: Any) -> Any:
        return self.factor * a * x

    half = sg.compile(functools.partialmethod(of_two, 0.5))
    quarter = functools.partialmethod(sg.compile(of_two), x=0.25)
    given = sg.compile(of_another_place)

    @own_decorator
    def by_another_decorator(self, x: Any) -> Any:
        return self.factor * x


class Other(Below):
    factor = 5.0


@pytest.mark.usefixtures("no_fallback")
def test_compiled_methods_stand_above_other_decorators_too() -> None:
    for _ in range(2):
        assert [Below.scaled(2.0), Other.scaled(2.0), Below().scaled(1.0), Other().scaled(1.0)] == [6, 10, 3, 5]
        assert [Below.also_scaled(2.0), Other.also_scaled(2.0), Other().also_scaled(-1.0)] == [6.0, 10.0, 1.0]
        assert [Below.twice(2.0), Below().twice(3.0)] == [4.0, 6.0]
        assert [Below().half(4.0), Other().half(4.0), Below().quarter(4.0)] == [6.0, 10.0, 3.0]
        assert [Below().given(2.0), Other().by_another_decorator(2.0)] == [6.0, 10.0]
    below = Below()
    assert below.square == 9.0
    below.square = 16.0
    assert vars(below)["factor"] == 4.0
    assert inspect.getdoc(Below.square) == "The square."


def test_classes_of_one_name_may_inherit_from_each_other() -> None:
    def extended(base: Any) -> Any:
        class Extended(base):  # type: ignore[misc]
            @sg.compile
            def predict(self, x: Any) -> Any:
                return super().predict(x) * 2

        return Extended

    assert extended(extended(Model))(3.0).predict(1.0) == 12.0


def test_a_method_that_is_compiled_outside_of_its_class_is_one() -> None:
    predict = sg.compile(Below.of_two)
    for twin in (predict, pickle.loads(pickle.dumps(predict)), copy.copy(predict)):
        assert [twin(Below(), 2.0, 3.0), twin(Other(), 2.0, 3.0)] == [18.0, 30.0]
    again = sg.compile(Applied.__call__)
    assert [again(Applied(2.0), 3.0), again(Applied(5.0), 3.0)] == [6.0, 15.0]


@pytest.mark.parametrize(
    ("call", "reason"),
    [
        (lambda f: f(sg.Value(2.0)), "given values that something follows"),
        (lambda f: f(-1.0), "log raised ValueError, at .*, line"),
        (lambda f: f("text"), "the function raised TypeError"),
        (lambda f: None, "not been called"),
    ],
)
def test_the_source_of_what_ran_uncompiled_says_why(call: Any, reason: str) -> None:
    compiled = sg.compile(lambda x: sg.log(x) * 2)
    with contextlib.suppress(ValueError, TypeError):
        call(compiled)
    assert re.search(reason, compiled.source)
    assert compiled(1.0) == 0.0
    assert "return" in compiled.source


def test_the_source_of_what_was_called_inside_a_tape_says_so() -> None:
    w = sg.Variable(2.0)
    compiled = sg.compile(lambda x: x * w)
    with sg.GradientTape():
        compiled(1.0)
    assert "a tape recorded" in compiled.source
    assert "w" in compiled.source_for(1.0)


@pytest.mark.parametrize(
    "function",
    [
        lambda x: sg.derivative(lambda y: sg.sin(y * x) * y**3, order=2)(2.0),
        lambda x: sg.derivative(lambda y: y**5 * x - x * y / (x + y * y), order=4)(-1.0),
        lambda x: sg.derivative(lambda y: sg.exp(y * x) + x, order=3)(x),
        lambda x: sg.grad(lambda z: sg.derivative(lambda y: sg.sin(y * z) * y, order=2)(1.5))(x),
    ],
)
def test_derivatives_at_a_plain_number_are_compiled(function: Any) -> None:
    compiled = sg.compile(function)
    for x in (1.5, -2.5, 0.0, -0.0):
        assert exactly(compiled(x)) == exactly(eager(function, x))
    assert "return" in compiled.source


def test_a_method_of_a_class_with_slots_is_refused() -> None:
    class Slotted:
        __slots__ = ()

        @sg.compile
        def method(self, x: Any) -> Any:
            return x

    with pytest.raises(TypeError, match="Slotted has no __dict__"):
        Slotted().method(1.0)


def test_names_in_the_source_do_not_collide() -> None:
    @sg.compile
    def _shape(_shape: Any, __shape1: Any = 1.0) -> Any:
        return _shape[0] * __shape1 if isinstance(_shape, list) else _shape

    assert [_shape(2.0), _shape([3.0], 2.0)] == [2.0, 6.0]
    assert execute(_shape.source_for(2.0))["_shape"](2.0) == 2.0
    assert execute(_shape.source_for([3.0], 2.0))["_shape"]([3.0], 2.0) == 6.0


def test_objects_and_types_tell_versions() -> None:
    @sg.compile(static_argnames="n")
    def function(x: Any, n: Any = 1, mode: Any = math) -> Any:
        return x * (2 if type(n) is int else 3) * (5 if mode is math else 7)

    calls = [(1.0,), (1.0, True), (1.0, 1.0), (1.0, 1, None)]
    assert [function(*args) for args in calls] == [10.0, 15.0, 15.0, 14.0]
    assert [execute(function.source_for(*args))["function"](*args) for args in calls] == [10.0, 15.0, 15.0, 14.0]

    @sg.compile(static_argnames="by")
    def scaled(x: Any, by: Any) -> Any:
        return by(x)

    assert [scaled(4.0, sg.sqrt), scaled(4.0, sg.relu)] == [2.0, 4.0]
    assert execute(scaled.source_for(4.0, sg.sqrt))["scaled"](4.0, None) == 2.0


def test_the_source_holds_no_helper_that_it_does_not_call() -> None:
    compiled = sg.compile(sg.hessian(lambda v: v[0] ** v[1] + sg.tanh(v[0]) / v[1]))
    compiled([1.5, 2.5])
    helpers = re.findall(r"^def (\w+)", compiled.source, re.MULTILINE)
    assert helpers
    for name in helpers[:-1]:
        assert len(re.findall(rf"\b{name}\b", compiled.source)) > 1
    assert not re.search(r"\d / \d", compiled.source)


def test_a_leaf_made_of_an_argument_and_kept_has_the_number_of_that_call() -> None:
    kept: dict[str, Any] = {}

    def lazy(x: Any) -> Any:
        if "b" not in kept:
            kept["b"] = sg.Variable(x * 0.5)
        return kept["b"] * x

    compiled = sg.compile(lazy)
    assert [compiled(2.0), compiled(3.0)] == [2.0, 3.0]
    assert kept["b"].numpy() == 1.0
    kept["b"].assign(5.0)
    assert compiled(3.0) == 15.0


@pytest.mark.parametrize(
    ("function", "args"),
    [
        (lambda x, k: x * {1.0: 10.0, 2.0: 20.0}.get(k, 0.0), [(2.0, 1.0), (2.0, 2.0), (2.0, 3.0)]),
        (lambda x, k: x * (10.0 if k in {1.0, 2.0} else 3.0), [(2.0, 1.0), (2.0, 3.0), (2.0, 2.0)]),
        (lambda x, k: x * len({k, 1.0, 2.0}), [(2.0, 1.0), (2.0, 3.0)]),
        (lambda x, k: x * k if isinstance(k, float) else x * 0, [(2.0, 3.0)]),
        (lambda x, k: x * (1.0 if k.is_integer() else 2.0) + k.real - k.imag * k.conjugate(), [(2.0, 1.0), (2.0, 1.5)]),
    ],
)
def test_an_argument_that_is_not_differentiated_passes_for_a_float(function: Any, args: Any) -> None:
    compiled = sg.compile(sg.value_and_grad(function))
    for numbers in 2 * args:
        assert compiled(*numbers) == sg.value_and_grad(function)(*numbers)


@pytest.mark.parametrize("name", ["hex", "as_integer_ratio"])
def test_what_a_float_tells_of_one_call_is_refused(name: str) -> None:
    with pytest.raises(TypeError, match=rf"in a compiled function {name}\(\) of a traced number"):
        sg.compile(sg.grad(lambda x, k: x * len(getattr(k, name)())))(1.0, 2.0)
    with pytest.raises(AttributeError, match="'float' object has no attribute 'tail'"):
        sg.compile(sg.grad(lambda x, k: x * k.tail))(1.0, 2.0)


class Total(list[Any]):
    @property
    def total(self) -> Any:
        return sum(self)


class Twin(tuple[Any, ...]):
    __slots__ = ()


def test_kinds_of_lists_tuples_and_dicts_stay_what_they_are() -> None:
    counter = sg.compile(lambda d: sum(d.values()) + 10 * len(d))
    assert counter(collections.Counter(a=2, b=3)) == 25.0
    assert sg.compile(lambda x: collections.Counter(a=x))(2.0) == collections.Counter(a=2.0)
    assert sg.compile(lambda v: v.total)(Total([1.0, 2.0])) == 3.0
    assert type(sg.compile(lambda v: Total([v]))(1.0)) is Total
    assert type(sg.compile(lambda v: Twin([v, v]))(1.0)) is Twin


@dataclasses.dataclass
class Tagged:
    x: float
    y: float
    tag: str = "t"


@pytest.mark.parametrize(
    ("function", "arguments"),
    [
        (lambda p: p.x - p.y if p.tag == "t" else p.y * 100 + p.x, [Tagged(1.0, 2.0), Tagged(1.0, 2.0, "q")]),
        (lambda p: p[0] - p[1] if isinstance(p, list) else p[0] + p[1], [[1.0, 2.0], (1.0, 2.0)]),
        (lambda d: next(iter(d.values())), [{"a": 1.0, "b": 2.0}, {"b": 2.0, "a": 1.0}]),
        (lambda p: 3.0 if isinstance(p, list) else 2.0, [[], ()]),
    ],
)
def test_the_source_for_arguments_is_that_of_their_structure(function: Any, arguments: Any) -> None:
    compiled = sg.compile(function)
    expected = [compiled(argument) for argument in arguments]
    assert expected[0] != expected[1]
    assert [execute(compiled.source_for(x))["function"](x) for x in arguments] == expected
    assert compiled.source == compiled.source_for(arguments[1])


@pytest.mark.parametrize(
    ("function", "known", "other"),
    [
        (lambda rows: sum(rows[0]), [[1.0, 2.0], [2.0]], [[1.0, 2.0, 3.0], [2.0]]),
        (lambda d: sum(d.values()), {"a": 1.0}, {"a": 1.0, "b": 2.0}),
        (lambda v: v.sum(), sg.Vector([1.0, 2.0]), sg.Vector([1.0, 2.0, 3.0])),
        (lambda d: d["x"] if d["m"] == "a" else d["x"] * 5, {"x": 1.0, "m": "a"}, {"x": 1.0, "m": "b"}),
        (lambda t: 1.0 * len(t), ["a", "b"], ["a", "b", "c"]),
    ],
)
def test_the_source_refuses_another_structure(function: Any, known: Any, other: Any) -> None:
    compiled = sg.compile(function)
    expected = compiled(known)
    alone = execute(compiled.source)["function"]
    assert alone(known) == expected
    with pytest.raises(TypeError, match="another structure"):
        alone(other)


def test_a_tape_that_watches_what_is_closed_over_sees_it() -> None:
    k, computed = sg.constant(3.0), sg.Variable(3.0) * 1.0
    for source in (k, computed):
        compiled = sg.compile(lambda x, source=source: source * x)
        assert compiled(2.0) == 6.0
        with sg.GradientTape() as tape:
            tape.watch(source)
            y = compiled(2.0)
        assert tape.gradient(y, source) == 2.0
        assert compiled(5.0) == 15.0


def test_a_truth_value_is_no_result_to_differentiate() -> None:
    with pytest.raises(TypeError, match="returned True"):
        sg.compile(sg.grad(lambda x: x > 1))(2.0)
    assert sg.compile(sg.jacobian(lambda x: [x > 1, x]))(2.0) == [True, 1.0]


def test_leaves_and_defaults_that_are_infinite_stand_in_the_source() -> None:
    w = sg.Variable(math.inf)
    v = sg.Vector([1.0, -math.inf])
    compiled = sg.compile(lambda x, k=math.inf, v=v, t=(1.0,): min(x * w, k, *v, *t))
    assert execute(compiled.source if compiled(1.0) else "")["function"](1.0) == -math.inf


def test_a_name_that_python_would_spell_otherwise_is_no_name_of_the_source() -> None:
    def function(x: Any) -> Any:
        return x

    function.__name__ = "\ufb01t"
    compiled = sg.compile(function)
    assert compiled(2.0) == execute(compiled.source)["function"](2.0) == 2.0


def test_with_an_engine_results_without_numbers_follow_the_path_too() -> None:
    compiled = sg.compile(lambda x: bool(x > 0), decorate=lambda function: function)
    assert compiled(1.0) is True
    with pytest.raises(TypeError, match="results of different structure"):
        compiled(-1.0)


def test_a_path_that_an_engine_does_not_take_is_an_error_that_names_what_it_lacks() -> None:
    made = []

    def engine(function: Any) -> Any:
        """Takes everything but cube roots, and says so when it is called, as Numba does."""
        knows = "cbrt" not in function.__code__.co_names

        def fast(*args: float) -> Any:
            if not knows:
                raise KeyError("no such function: cbrt")
            return function(*args)

        made.append(knows)
        return fast

    compiled = sg.compile(lambda x: x * 2 if x < 1 else sg.cbrt(x), decorate=engine)
    assert compiled(0.5) == 1.0
    for _ in range(2):
        with pytest.raises(TypeError, match=r"does not take .*KeyError: 'no such function: cbrt'"):
            compiled(8.0)
    assert made == [True, False]
    with pytest.raises(TypeError, match="no such function: cbrt"):
        sg.compile(sg.cbrt, decorate=engine)(8.0)


def test_the_source_for_arguments_has_all_paths_that_were_traced() -> None:
    def long(x: Any) -> Any:
        if x < 0:
            return -x
        for i in range(600):
            x = x * 1.001 + i
        return x

    compiled = sg.compile(long)
    assert compiled(1.0) == eager(long, 1.0)
    while compiled.__self__.account.traced < 2:  # type: ignore[attr-defined]
        assert compiled(-2.0) == 2.0
    assert "Paths known: 1." in compiled.source  # to generate so much anew for so short a path would not pay
    assert "Paths known: 2." in compiled.source_for(1.0)
    assert execute(compiled.source)["long"](-2.0) == 2.0


def test_the_source_of_static_arguments_looks_at_no_structure() -> None:
    compiled = sg.compile(lambda name: 2.0 if name == "two" else 3.0, static_argnames="name")
    assert compiled("two") == execute(compiled.source)["function"]("two") == 2.0
    scaled = sg.compile(lambda x, by: x * len(by), static_argnames="by")
    assert scaled(1.5, "ab") == execute(scaled.source)["function"](1.5, "ab") == 3.0
    assert "_shape" not in scaled.source
