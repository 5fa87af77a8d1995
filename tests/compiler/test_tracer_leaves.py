"""Leaves that a compiled function closes over, makes or keeps: read anew at each call."""

from __future__ import annotations

import copy
import sys
from typing import TYPE_CHECKING, Any

import pytest

import scalargrad as sg
from tests.support.compiling import eager, exactly

if TYPE_CHECKING:
    from collections.abc import Callable


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


def test_a_vector_that_a_compiled_function_makes_may_be_assigned() -> None:
    def scaled(x: Any) -> Any:
        w = sg.Variable([1.0, 2.0])
        w.assign([3.0, 4.0])
        return w.sum() * x

    compiled = sg.compile(scaled)
    assert [compiled(2.0), compiled(3.0)] == [14.0, 21.0]
