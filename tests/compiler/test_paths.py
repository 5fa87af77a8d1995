"""Control flow in compiled functions: loops, branches, and the questions between them."""

from __future__ import annotations

import math
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import scalargrad as sg
from tests.support.compiling import eager, exactly, execute, newton_root


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


def test_the_gradient_by_a_tape_of_a_vector_of_relus_has_one_path() -> None:
    @sg.compile
    def gradient(x: float, y: float) -> Any:
        v = sg.Vector([x, y])
        with sg.GradientTape() as tape:
            tape.watch(v)
            z = sg.relu(v * v - 1.0).dot(v)
        return tape.gradient(z, v)

    for point in ((2.0, 3.0), (0.5, 3.0), (2.0, 0.5), (0.5, 0.5)):
        gradient(*point)
    assert "Paths known: 1." in gradient.source


def test_a_condition_in_where_is_no_path_until_its_truth_is_asked() -> None:
    compiled = sg.compile(lambda x: sg.where(x > 0, x * x, -x))
    assert [compiled(2.0), compiled(-3.0)] == [4.0, 3.0]
    assert "Paths known: 1." in compiled.source


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
