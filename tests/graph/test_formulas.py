"""Formulas of local derivatives: what they say is what the rules compute."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import scalargrad as sg
from scalargrad.graph.formulas import Formula, local_formulas
from scalargrad.operations.operation import Reduction, registry

# What is written in words, or in a way that Python does not read.
IN_WORDS = {"prod", "copysign", "clip", "sumprod", "fma", "maximum", "minimum"}


def sign(x: float) -> int:
    return (x > 0) - (x < 0)


def evaluated(text: str, **numbers: float) -> float:
    """The number that a formula stands for."""
    names = {name: getattr(sg.math, name) for name in dir(sg.math)} | {name: getattr(sg, name) for name in sg.__all__}
    text = text.replace(", shared in a tie, else", " else")
    return float(eval(text, {**names, "sign": sign, "norm": sg.hypot, **numbers}))


def operations_of(count: int) -> list[str]:
    return [
        name
        for name, operation in registry.items()
        if len(operation.rules) == count
        and not isinstance(operation, Reduction)
        and name not in IN_WORDS
        and all(callable(rule) for rule in operation.rules)
    ]


def local_derivatives(name: str, *numbers: float) -> tuple[Any, ...] | None:
    """The local derivatives of an operation, or None where it is not defined."""
    operation = registry[name]
    try:
        operation.evaluate(numbers)
        found = operation.local_derivatives(numbers, (True,) * len(numbers))
    except (ValueError, ArithmeticError):
        return None
    return found if all(math.isfinite(x) and abs(x) < 1e100 for x in found) else None


@pytest.mark.parametrize("name", operations_of(1))
@given(x=st.floats(-3, 3))
def test_the_formula_of_a_function_of_one_number_is_its_rule(name: str, x: float) -> None:
    found = local_derivatives(name, x)
    if found is None or abs(x) < 1e-3:
        return
    (text,) = local_formulas(registry[name], [Formula("x")], Formula("y"), [True])
    assert evaluated(text, x=x, y=registry[name].evaluate([x])) == pytest.approx(found[0], rel=1e-5, abs=1e-9)


@pytest.mark.parametrize("name", operations_of(2))
@given(x=st.floats(0.1, 3), y=st.floats(-3, 3))
def test_the_formulas_of_a_function_of_two_numbers_are_its_rules(name: str, x: float, y: float) -> None:
    found = local_derivatives(name, x, y)
    if found is None or abs(y) < 1e-3 or x == y:
        return
    texts = local_formulas(registry[name], [Formula("x"), Formula("y")], Formula("z"), [True, True])
    for text, expected in zip(texts, found, strict=True):
        assert evaluated(text, x=x, y=y) == pytest.approx(expected, rel=2e-6, abs=1e-9)


@pytest.mark.parametrize("name", ["sum", "mean", "fsum", "dot", "norm", "max", "min", "logsumexp"])
@given(numbers=st.lists(st.floats(-3, 3), min_size=4, max_size=4, unique=True))
def test_the_formulas_of_a_reduction_are_its_rule(name: str, numbers: list[float]) -> None:
    operation = registry[name]
    names = dict(zip("abcd", numbers))
    texts = local_formulas(operation, [Formula(x) for x in names], Formula("y"), [True] * 4)
    expected = operation.local_derivatives(numbers, [True] * 4)
    found = [evaluated(text, **names, y=operation.evaluate(numbers)) for text in texts]
    assert found == pytest.approx(list(expected), rel=2e-6, abs=1e-9)


@pytest.mark.parametrize(
    ("name", "operands", "texts"),
    [
        ("mul", ["x", "y"], ["y", "x"]),
        ("truediv", ["x", "y"], ["1 / y", "-x / y**2"]),
        ("truediv", ["x", 2], ["0.5", ""]),
        ("pow", ["x", 2.0], ["2 * x", ""]),
        ("pow", ["x", 0.5], ["0.5 * x**-0.5", ""]),
        ("pow", ["x", "y"], ["y * x**(y - 1)", "x**y * log(x)"]),
        ("sin", ["x"], ["cos(x)"]),
        ("cos", ["-x"], ["-sin(-x)"]),
        ("tanh", ["x"], ["1 - z**2"]),
        ("sigmoid", ["x"], ["z * (1 - z)"]),
        ("relu", ["x"], ["1 if x > 0 else 0"]),
        ("acos", ["x"], ["-1 / sqrt(1 - x**2)"]),
        ("erf", ["x"], ["2 / sqrt(pi) * exp(-x**2)"]),
        ("atan2", ["y", "x"], ["x / (x**2 + y**2)", "-y / (y**2 + x**2)"]),
        ("maximum", ["x", "y"], ["1 if x > y, 1/2 if equal, else 0", "1 if y > x, 1/2 if equal, else 0"]),
        ("clip", ["x", 0, 1], ["1 if 0 < x < 1, shared at a bound, else 0", "", ""]),
        (
            "clip",
            ["x", "low", "high"],
            ["1 if low < x < high, shared at a bound, else 0", *["1 if it is the result, else 0"] * 2],
        ),
        ("copysign", ["x", "y"], ["1 if x and y agree in sign else -1", "0"]),
        ("fmod", ["x", "y"], ["1", "-trunc(x / y)"]),
        ("remainder", ["x", "y"], ["1", "-round(x / y)"]),
        ("mod", ["x", "y"], ["1", "-(x // y)"]),
        ("ldexp", ["x", 3], ["8", ""]),
        ("prod", ["x", "y", "z"], ["the product of the others"] * 3),
        ("dist", ["x", "y"], ["(x - y) / z", "(y - x) / z"]),
        ("max", ["x", "y"], ["1 if x == z, shared in a tie, else 0", "1 if y == z, shared in a tie, else 0"]),
        ("mean", ["x", "y"], ["1 / 2", "1 / 2"]),
        ("log2", ["x"], ["1 / (x * log(2))"]),
        ("log10", ["x"], ["1 / (x * log(10))"]),
        ("exp2", ["x"], ["z * log(2)"]),
        ("acosh", ["x"], ["1 / sqrt(x**2 - 1)"]),
        ("exp_gap", ["x", 3], ["exp(x - 3)", ""]),
        (
            "share",
            ["x", "y", "u"],
            [
                "1 / y, or u / y**2 if x > u",
                "-x / y**2, or 0 if x > u",
                "-x / y**2 if x > u, else 0",
            ],
        ),
        ("surprise", ["x", "y"], ["exp(-z) - 1", "exp(y - x - z)"]),
        ("log_sigmoid", ["x"], ["sigmoid(-x)"]),
        (
            "leg_ratio",
            ["x", "y"],
            ["y / hypot(y, x) * y / hypot(y, x) / norm(x, y)", "-x / hypot(x, y) * y / hypot(y, x) / norm(x, y)"],
        ),
    ],
)
def test_a_formula_reads_as_one_would_write_it(name: str, operands: list[Any], texts: list[str]) -> None:
    given = [Formula(x) if isinstance(x, str) else x for x in operands]
    wanted = [isinstance(x, str) for x in operands]
    assert local_formulas(registry[name], given, Formula("z"), wanted) == texts


def test_every_operator_of_python_has_its_place() -> None:
    x, y = Formula("x"), Formula("y")
    shown = {
        "2 + x": 2 + x,
        "2 - x": 2 - x,
        "(x + y) * (x - y)": (x + y) * (x - y),
        "x - (y - 2)": x - (y - 2),
        "2 * x": 2 * x,
        "x": 1 * x,
        "-x": -1 * x,
        "2 / x": 2 / x,
        "7 // x % y": 7 // x % y,  # from left to right
        "7 % x": 7 % x,
        "x // y": x // y,
        "2**x**y": 2**x**y,
        "(x**y)**2": (x**y) ** 2,
        "(-2)**x": (-2) ** x,
        "x * y / 2": x * y / 2,
        "x / (y * 2)": x / (y * 2),
        "-(x // y)": -(x // y),
        "x * (y % 2)": x * (y % 2),
    }
    assert {text: str(formula) for text, formula in shown.items()} == {text: text for text in shown}
    assert (x**0, x**1, x / 1) == (1, x, x)
