"""A wrong derivative planted in any one operation turns the suite red."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import pytest

from scalargrad import Value
from scalargrad.operations.operation import Reduction, registry
from tests.support.accuracy import (
    NOT_SMOOTH,
    check_first_derivatives,
    check_higher_derivatives,
    check_higher_derivatives_of_reduction,
    check_mixed_derivative_of_power,
    check_piecewise_constant,
    check_reduction,
)
from tests.support.references import REDUCTIONS, REFERENCES

if TYPE_CHECKING:
    from scalargrad.operations.operation import Operation

RULES = [(name, i) for name, op in registry.items() for i, rule in enumerate(op.rules) if rule is not None]
POINTS = {"acosh": (1.7,), "log": (1.7,), "sqrt": (1.7,), "rsqrt": (1.7,), "clip": (0.3, 0.1, 0.9), "mod": (7.3, 2.1)}
POINTS |= {"maximum": (0.3, 0.7), "minimum": (0.3, 0.7), "where": (0.3, 0.7)}


def run_the_check_of(name: str) -> None:
    """What the suite does for an operation, at one point or at each piece of a piecewise function."""
    if name in REFERENCES:
        arity = len(REFERENCES[name].domain)
        point = POINTS.get(name, (0.7, 1.3, 1.9)[:arity])
        for moved in (point, point[::-1]) if name in ("maximum", "minimum", "where") else (point,):
            check_first_derivatives(name, moved)
        if name == "clip":
            check_first_derivatives(name, (-0.3, 0.1, 0.9))
            check_first_derivatives(name, (1.3, 0.1, 0.9))
    elif name in REDUCTIONS:
        check_reduction(name, [0.7, -1.3, 1.9])
    elif name == "fma":
        assert registry[name].local_derivatives((0.7, 1.3, 1.9), (True,) * 3) == (1.3, 0.7, 1)
    elif name == "sumprod":
        assert registry[name].local_derivatives((0.7, 1.3, 1.9, 2.3), (True,) * 4) == (1.9, 2.3, 0.7, 1.3)
    elif name == "exp_gap":
        assert registry[name].local_derivatives((1.3, 1.3), (True,) * 2) == (1, 0)
    elif name == "shifted":
        assert registry[name].local_derivatives((0.7, 3), (True, False)) == (0.125, None)
    elif name in ("cosine", "leading_cosine"):
        for index in range(3):
            check_higher_derivatives_of_reduction("norm", [0.7, -1.3, 1.1], index)
            check_higher_derivatives_of_reduction("norm", [0.7, -1.3, 5.1], index)
    elif name in NOT_SMOOTH:
        check_piecewise_constant(name, [0.7, -1.3, 1.9])
    elif name in ("power_slope", "times_power", "power_log", "power_log_sum"):
        check_higher_derivatives("pow", (1.3, 2.7), orders=(2, 3, 4))
        check_mixed_derivative_of_power(1.3, 2.7)
    else:
        for index in range(3):
            check_higher_derivatives_of_reduction("logsumexp", [0.7, -1.3, 1.9], index)


def a_little_wrong(rule: Any) -> Any:
    """A rule that is off by a part in a thousand million."""

    def off(x: Any) -> Any:
        return x if x is None else x + 1e-9 * (1 + x * x)

    if not callable(rule):
        return off(rule)

    def wrong(*operands: Any) -> Any:
        given = rule(*operands)
        return [*given[:-1], off(given[-1])] if isinstance(given, (list, tuple)) else off(given)

    return wrong


def plant(monkeypatch: pytest.MonkeyPatch, operation: Operation, index: int) -> None:
    """Put a wrong rule into an operation, and into the operators of `Value`, which look their rules up once."""
    rules = [*operation.rules]
    rules[index] = a_little_wrong(rules[index])
    if isinstance(operation, Reduction) and not callable(operation.rules[0]):
        constant = operation.rules[0]
        rules = [lambda *xs: [constant + 1e-9] * len(xs)]
    monkeypatch.setattr(operation, "rules", tuple(rules))
    fast_path = sys.modules.get("scalargrad.engine.fast_path")  # which may have been deleted
    forms = fast_path.forms_of(operation) if fast_path and fast_path.has_forms(operation) else ()
    for name, form in zip(("method", "reflected"), forms):
        for attribute, method in [*vars(Value).items()]:
            if form is not None and method is getattr(operation, name):
                monkeypatch.setattr(Value, attribute, form)
        monkeypatch.setattr(operation, name, form)


@pytest.mark.parametrize("name", registry)
def test_the_check_of_an_operation_is_green_without_a_fault(name: str) -> None:
    run_the_check_of(name)


@pytest.mark.parametrize(("name", "index"), RULES)
def test_the_check_of_an_operation_is_red_with_a_fault_in_one_rule(
    name: str, index: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant(monkeypatch, registry[name], index)
    with pytest.raises(AssertionError):
        run_the_check_of(name)
