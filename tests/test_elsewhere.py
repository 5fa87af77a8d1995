"""What is said of names that other libraries have."""

from __future__ import annotations

import importlib
import math
import re
from typing import Any

import numpy as np
import pytest

import scalargrad as sg
from scalargrad import nn, optim, plot, testing
from scalargrad.elsewhere import METHODS, NAMES, OF_MANY, OF_VALUES, TABLE, by_name

MODULES = (sg, sg.math, nn, optim, plot, testing)

SAID = [
    (sg, "clamp", "scalargrad has no clamp; use scalargrad.clip(x, low, high)"),
    (sg, "jacfwd", 'scalargrad has no jacfwd; use scalargrad.jacobian(f, mode="forward")'),
    (sg, "tensor", "scalargrad has no tensor; use scalargrad.Value(2.0) for a number that has a gradient, "),
    (sg, "stop_recording", "scalargrad has no stop_recording; use tape.stop_recording of a scalargrad.GradientTape"),
    (sg, "arctan2", "scalargrad has no arctan2; use scalargrad.atan2"),
    (sg, "multiply", "scalargrad has no multiply; use the operator *"),
    (sg, "pow", "scalargrad has no pow; use the operator **"),
    (sg, "pi", "scalargrad has no pi; use scalargrad.math.pi"),
    (sg, "save", "scalargrad has no save; use scalargrad.nn.save"),
    (sg, "RMSprop", "scalargrad has no RMSprop; use scalargrad.optim.RMSprop"),
    (sg, "check_grads", "scalargrad has no check_grads; use scalargrad.testing.check_grads"),
    (sg, "to_svg", "scalargrad has no to_svg; use scalargrad.plot.to_svg"),
    (sg.math, "relu", "scalargrad.math has no relu; use scalargrad.relu"),
    (nn, "Tanh", 'scalargrad.nn has no Tanh; use scalargrad.tanh in a Sequential, or activation="tanh" of a Layer'),
    (nn, "CrossEntropyLoss", "scalargrad.nn has no CrossEntropyLoss; use scalargrad.nn.cross_entropy(logits, target)"),
    (optim, "lr_scheduler", "scalargrad.optim has no lr_scheduler; give an optimiser a schedule as lr=, such as "),
    (plot, "explain", "scalargrad.plot has no explain; use scalargrad.explain"),
    (testing, "gradcheck", "scalargrad.testing has no gradcheck; use scalargrad.testing.check_grads"),
    *[(module, "gauss", f"module '{module.__name__}' has no attribute 'gauss'") for module in MODULES],
    *[(module, "_mean", f"module '{module.__name__}' has no attribute '_mean'") for module in MODULES],
]


@pytest.mark.parametrize(("module", "name", "said"), SAID)
def test_a_module_says_what_to_use_for_a_name_that_others_have(module: Any, name: str, said: str) -> None:
    with pytest.raises(AttributeError) as caught:
        getattr(module, name)
    assert str(caught.value).startswith(said)
    assert "; " not in said or (caught.value.name, caught.value.obj) == (name, None)  # so that Python adds no guess
    assert not hasattr(module, name)
    assert name not in dir(module)


WAYS = [*TABLE.values(), *OF_VALUES.values(), *OF_MANY.values()]


@pytest.mark.parametrize("name", sorted({x for way in WAYS for x in re.findall(r"scalargrad((?:\.\w+)+)", way)}))
def test_what_is_to_be_used_is_there(name: str) -> None:
    *rooms, last = name.split(".")
    assert hasattr(importlib.import_module("scalargrad" + ".".join(rooms)), last)


def test_each_name_stands_once_and_is_not_there() -> None:
    assert [name for name in NAMES if any(name in module.__all__ for module in MODULES)] == []
    for table in (TABLE, OF_VALUES, OF_MANY):
        names = " ".join(table).split()
        assert len(names) == len(by_name(table))
    assert {*METHODS.split()} <= {*NAMES}


GIVEN: Any = {"scalargrad": sg, "x": sg.Value(1.5), "u": sg.Vector([1.0, 2.0]), "v": sg.Vector([3.0, 5.0])}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("relu6", 1.5),
        ("leaky_relu", 1.5),
        ("gelu", 1.5 * (1 + math.erf(1.5 / math.sqrt(2))) / 2),
        ("silu", 1.5 / (1 + math.exp(-1.5))),
        ("square", 2.25),
        ("reciprocal", 1 / 1.5),
        ("rsqrt", 1 / math.sqrt(1.5)),
        ("sign", 1.0),
        ("argmax", 1),
        ("argmin", 0),
        ("log_softmax", [-2.0 - math.log1p(math.exp(-2.0)), -math.log1p(math.exp(-2.0))]),
        ("stack", [[1.0, 2.0], [3.0, 5.0]]),
        ("outer", [[3.0, 5.0], [6.0, 10.0]]),
    ],
)
def test_an_expression_gives_what_others_give(name: str, expected: Any) -> None:
    found = eval(NAMES[name].removeprefix("use ").partition(" of a Vector")[0], GIVEN)
    np.testing.assert_allclose(found.numpy() if isinstance(expected, list) else float(sg.constant(found)), expected)


def test_numpy_does_not_take_an_answer_for_an_attribute() -> None:
    assert np.var(GIVEN["v"]).item() == 1.0
    assert np.argmax(GIVEN["v"]) == 1
    assert np.squeeze(sg.Matrix([GIVEN["u"]])).shape == (2,)
