"""The source of compiled code: how long it is, how deep, and its names."""

from __future__ import annotations

import math
import random
from typing import Any

import pytest

import scalargrad as sg
from scalargrad.pytree import plain_structure
from tests.support.compiling import eager, exactly, execute, loss, place_of
from tests.support.profiles import sized


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


def test_the_lessons_step_is_at_most_8_lines() -> None:
    step = sg.compile(sg.value_and_grad(loss, argnums=(0, 1)))
    assert "has not been called" in step.source
    assert step(2.0, 1.0, 3.0, 4.0) == (9.0, (18.0, 6.0))
    assert len(step.source.splitlines()) <= 8
    assert f"loss ({place_of(loss)})" in step.source
    assert "import" not in step.source


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


def test_defaults_stand_in_the_source() -> None:
    def function(x: Any = 1.5, v: Any = [1.0, 2.0], p: Any = {"a": 3.0}, name: Any = "n") -> Any:  # noqa: B006, ARG001
        return x * v[0] + p["a"]

    compiled = sg.compile(function)
    assert compiled() == 4.5
    assert execute(compiled.source)["function"]() == 4.5
    assert execute(compiled.source)["function"](2.0, v=[3.0, 1.0]) == 9.0


def test_a_name_after_positional_ones_stands_in_the_source() -> None:
    def function(x: Any, /, *, y: Any = 2.0) -> Any:
        return x * y

    compiled = sg.compile(function)
    assert compiled(3.0) == 6.0
    assert execute(compiled.source)["function"](3.0, y=4.0) == 12.0


def test_names_in_the_source_do_not_collide() -> None:
    @sg.compile
    def _shape(_shape: Any, __shape1: Any = 1.0) -> Any:
        return _shape[0] * __shape1 if isinstance(_shape, list) else _shape

    assert [_shape(2.0), _shape([3.0], 2.0)] == [2.0, 6.0]
    assert execute(_shape.source_for(2.0))["_shape"](2.0) == 2.0
    assert execute(_shape.source_for([3.0], 2.0))["_shape"]([3.0], 2.0) == 6.0


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
