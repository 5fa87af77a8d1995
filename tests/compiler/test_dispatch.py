"""Which code a call runs, in threads and with an engine too."""

from __future__ import annotations

import random
import threading
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import scalargrad as sg
from scalargrad.testing.strategies import programs
from tests.support.compiling import NUMBERS, assert_same, exactly, loss


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


def test_a_compiler_that_calls_code_for_other_arguments_is_told() -> None:
    with pytest.raises(TypeError, match="another structure"):
        sg.compile(loss).__self__.strict.other(([1.0],))  # type: ignore[attr-defined]


def test_what_runs_uncompiled_within_no_grad_is_the_same() -> None:
    def slope(x: Any) -> Any:
        with sg.GradientTape() as tape:
            tape.watch(x)
            y = x * x if f"{x}" else x
        return tape.gradient(y, x)

    compiled = sg.compile(slope)
    with pytest.warns(RuntimeWarning, match="runs uncompiled: the text"), sg.no_grad():
        assert compiled(3.0) == 6.0


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


@pytest.mark.parametrize("function", [lambda x: {x: 1}, lambda x: [{"a": {x * 2: x}}]])
def test_a_key_that_depends_on_an_argument_is_refused(function: Any) -> None:
    with pytest.raises(TypeError, match="returned a dict with a number for a key that depends on its arguments"):
        sg.compile(function)(2.0)


def test_a_key_that_is_a_value_of_one_s_own_stays() -> None:
    w = sg.Variable(3.0)
    compiled = sg.compile(lambda x: {w: x * 2})
    assert (compiled(2.0), compiled(4.0)) == ({w: 4.0}, {w: 8.0})
