"""All facts about an operation stand on its entry: what other rooms know of it they read there."""

from __future__ import annotations

import ast
import itertools
import math
import shutil
import subprocess
import sys
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

import scalargrad as sg
from scalargrad.operations.operation import Operation, Reduction, registry
from tests.support import ROOT

PACKAGE = ROOT / "scalargrad"

ENTRY = '''

@operation(
    lambda x: -over_square(one_like(x), x),
    raises=True,
    slopes="-z**2",
    formula="1 / x",
    arrays=lambda xp, x: xp.reciprocal(x),
    for_users=True,
    activation=True,
)
def reciprocal(x: Number) -> float:
    """1/x; reciprocal'(x) = -1/x**2.

    >>> reciprocal(4.0)
    0.25
    """
    if x == 0:
        raise ZeroDivisionError("division by zero")
    return 1 / x
'''

PROGRAM = """
import math, subprocess, sys
math.reciprocal = lambda x: 1 / x  # as a newer Python may have it
import numpy as np
import scalargrad as sg
from scalargrad.nn import Neuron
from scalargrad.operations.elementary import reciprocal

v = sg.Value(4.0, label="v")
y = reciprocal(v)
y.backward()
assert (y.data, v.grad) == (0.25, -0.0625)
assert sg.derivative(reciprocal, order=2)(4.0) == 2 / 64

by_grad = sg.compile(sg.value_and_grad(lambda x: reciprocal(x) * 1.0))
assert by_grad(4.0) == by_grad(4.0) == (0.25, -0.0625)
assert "1.0 *" not in by_grad.source and "* 1.0" not in by_grad.source  # it is known to give a float


@sg.compile
def unused(x):
    reciprocal(x)
    sg.relu(x)
    return x


assert unused(4.0) == 4.0
assert "reciprocal(x)" in unused.source and "relu" not in unused.source, unused.source
try:
    unused(0.0)
except ZeroDivisionError as error:
    assert str(error) == "reciprocal(0.0): division by zero"
else:
    raise AssertionError

over_arrays = sg.compile(sg.value_and_grad(reciprocal), arrays=np)
value, slope = over_arrays(np.array([4.0, -2.0]))
assert (value.tolist(), slope.tolist()) == ([0.25, -0.5], [-0.0625, -0.25])
assert "xp.reciprocal(x)" in over_arrays.source

shown = str(sg.explain(y))
assert "v1 = 1 / v = 0.25" in shown and "dv1/dv = -v1**2 = -0.0625" in shown, shown
assert sg.math.reciprocal(v) == 0.25 and sg.math.reciprocal(v).operation == "reciprocal"
assert np.reciprocal(v).operation == np.reciprocal(sg.Vector([v]))[0].operation == "reciprocal"
assert Neuron(1, activation="reciprocal", seed=1)([2.0]).operation == "reciprocal"
command = [sys.executable, "-m", "scalargrad", "reciprocal(x)", "x=4"]
done = subprocess.run(command, capture_output=True, text=True, check=True)
assert "0.25" in done.stdout and "-0.0625" in done.stdout, done.stdout
print("all of it follows")
"""


def test_an_operation_with_every_fact_is_added_in_one_file(tmp_path: Path) -> None:
    package = tmp_path / "scalargrad"
    shutil.copytree(PACKAGE, package, ignore=shutil.ignore_patterns("__pycache__"))
    with (package / "operations" / "elementary.py").open("a", encoding="utf-8") as file:
        file.write(ENTRY)
    program = f"import sys; sys.path.insert(0, {str(tmp_path)!r})\n{PROGRAM}"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "all of it follows\n"


# The modules that may name several operations in one place, and why.
MAY_NAME = {
    "__init__.py": "what the package exports is listed there",
    "fast_path.py": "it gives methods of Value, which have names of their own, their faster forms",
    "elsewhere.py": "it answers names of other libraries with operations of this one",
    "expression.py": "functions of Python that are more than one operation, with how many arguments they take",
}


def test_no_other_room_has_a_table_of_operations() -> None:
    found: dict[str, set[str]] = {}
    for path in PACKAGE.rglob("*.py"):
        if "operations" in path.parts or "course" in path.parts:  # whose engine is the learner's own
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, (ast.Dict, ast.List, ast.Set, ast.Tuple, ast.Compare)):
                texts = {x.value for x in ast.walk(node) if isinstance(x, ast.Constant) and isinstance(x.value, str)}
                if len(texts & {*registry}) >= 3:
                    found.setdefault(path.name, set()).update(texts & {*registry})
    assert {*found} <= {*MAY_NAME}, found


# ---- What the facts say is so ----------------------------------------------------------------------------------------

FLOATS = [0.0, -0.0, 1.0, -1.5, 2.0, 171.7, -710.0, 5e-324, 1e-160, 1e308, -1e308, math.inf, -math.inf, math.nan]
FEWER = [0.0, -1.5, 2.0, 1e308, 5e-324, math.inf, -math.inf, math.nan]
# What rules give operands at which it does not raise.
GIVEN_WELL = {
    "exp_gap": "the largest of all as the second operand",
    "total": "exponentials of what is not positive",
    "total_but_largest": "the same",
    "share": "a part of a sum of those as the first operand",
    "own_whole": "the same",
    "tied": "a count that is not zero",
    "dist": "two points of as many coordinates",
    "sinc_derivative": "an order, and a number that is not as large as the largest floats",
}


def points_of(operation: Operation) -> Any:
    """Operands of each kind that an operation may be given: floats, and small counts."""
    if isinstance(operation, Reduction):
        return itertools.chain(*[itertools.product(FEWER, repeat=count) for count in (1, 2, 3)])
    numbers = FLOATS if len(operation.rules) < 3 else FEWER
    hints = [*getattr(operation.kernel, "__annotations__", {}).values()][:-1] or ["Number"] * len(operation.rules)
    return itertools.product(*[(0, 1, 2) if hint == "int" else numbers for hint in hints])


# What these raise, if Python has them at all, depends on its version.
NEWER = {"fma", "nextafter", "sumprod"}


@pytest.mark.parametrize("name", sorted({*registry} - {*GIVEN_WELL, *NEWER}))
def test_an_operation_raises_at_some_floats_if_its_entry_says_so(name: str) -> None:
    operation, raised = registry[name], False
    for point in points_of(operation):
        try:
            operation.kernel(*point)
        except (ArithmeticError, ValueError, TypeError):
            raised = True
            break
    assert raised is operation.raises, point


@pytest.mark.parametrize("name", sorted({*registry} - NEWER))
def test_an_operation_gives_a_float_where_its_entry_says_so(name: str) -> None:
    operation = registry[name]
    count = 3 if isinstance(operation, Reduction) else len(operation.rules)
    for kinds in itertools.product((float, int), repeat=count):
        for numbers in itertools.product((1, 2, 3), repeat=count):
            point = [kind(x) for kind, x in zip(kinds, numbers)]
            try:
                result = operation.kernel(*point)
            except (ArithmeticError, LookupError, TypeError, ValueError):
                continue
            if operation.gives_float([kind is float for kind in kinds]):
                assert type(result) is float, point


def test_a_comparison_or_an_exact_number_is_not_taken_for_a_float() -> None:
    assert not Operation("lt", lambda x, y: x < y, (None, None), "<").gives_float([True, True])
    assert not registry["exponent"].gives_float([True])
    assert registry["where"].gives_float([False, True, True])
    assert sg.relu(Fraction(1, 2)) == Fraction(1, 2)


@pytest.mark.parametrize("name", sorted(name for name in registry if registry[name].simpler is not None))
@pytest.mark.parametrize("x", FLOATS)
def test_the_simpler_form_gives_the_same_to_the_bit(name: str, x: float) -> None:
    operation = registry[name]
    counts = [(0, 1, 2, 3)] * (len(operation.rules) - 1)
    for others in itertools.product(*counts):
        point = (x, *others) if len(others) < 3 else (others[0], x, *others[1:])
        simpler = operation.simpler(*point)
        if simpler is not None:
            assert repr(float(simpler)) == repr(float(operation.kernel(*point))) or x - x != 0, point
