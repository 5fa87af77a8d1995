"""The engine in a page computes what the package computes."""

from __future__ import annotations

import importlib.util
import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import scalargrad as sg
from scalargrad.testing.strategies import programs

PAGE = Path(__file__).parents[2] / "docs" / "engine_in_a_page.py"
SPEC: Any = importlib.util.spec_from_file_location("engine_in_a_page", PAGE)
page = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(page)

COORDINATES = st.integers(-4000, 4000).map(lambda k: k / 1000)


def are_close(got: float, wanted: float) -> bool:
    return math.isclose(got, wanted, rel_tol=1e-9, abs_tol=1e-9)


def test_it_is_a_page() -> None:
    assert len(PAGE.read_text(encoding="utf-8").splitlines()) <= 90


@given(data=st.data())
def test_its_numbers_and_gradients_are_the_packages(data: st.DataObject) -> None:
    program = data.draw(programs(functions=False))
    point = [data.draw(COORDINATES) for _ in range(program.arity)]
    values = [page.Value(x) for x in point]
    result = program(*values)
    assert result.data == program(*point)
    result.backward()
    wanted = sg.grad(program, argnums=tuple(range(program.arity)))(*point)
    assert all(are_close(x.grad, y) for x, y in zip(values, wanted))


@given(data=st.data())
def test_gradients_of_its_gradients_are_the_packages(data: st.DataObject) -> None:
    program = data.draw(programs(max_inputs=2, max_steps=5, functions=False))
    point = [data.draw(COORDINATES) for _ in range(program.arity)]
    values = [page.Value(x) for x in point]
    first = page.adjoints(program(*values))
    hessian = sg.hessian(lambda v: program(*v))(point)
    for x, row in zip(values, hessian):
        second = page.adjoints(first[x]) if x in first else {}
        for y, wanted in zip(values, row):
            assert are_close(second[y].data if y in second else 0.0, wanted)


@pytest.mark.parametrize("name", ["exp", "log", "sin", "cos", "tanh", "relu"])
def test_each_function_has_the_packages_derivatives(name: str) -> None:
    for number in (0.25, 0.5, 2.0):
        x = page.Value(number)
        first = page.adjoints(getattr(page, name)(x))[x]
        ours = getattr(sg, name)
        assert are_close(first.data, sg.grad(ours)(number))
        second = page.adjoints(first)
        assert are_close(second[x].data if x in second else 0.0, sg.derivative(ours, order=2)(number))


def test_a_deep_graph_needs_no_recursion() -> None:
    x = page.Value(1.0)
    y = x
    for _ in range(20_000):
        y = y * 1.0 + 0.0
    y.backward()
    assert x.grad == 1.0


def test_every_name_in_it_is_one_of_the_packages() -> None:
    public = ("Value", "topological_order", "exp", "log", "sin", "cos", "tanh", "relu")
    assert all(hasattr(sg, name) and hasattr(page, name) for name in public)
    assert all(hasattr(sg.Value(1.0), name) for name in ("data", "grad", "parents", "backward"))
