"""The page on the design is true: an operation is added in one file, and everything follows."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

from tests.support import ROOT

PAGE = (ROOT / "docs" / "design.md").read_text(encoding="utf-8")

PROGRAM = """
import math, pickle, sys
import numpy as np
import scalargrad as sg
from scalargrad.graph.formulas import Formula, local_formulas
from scalargrad.operations.elementary import softsign
from scalargrad.testing import check_grads

x = 0.75
slope, curvature, third = 1 / (1 + x) ** 2, -2 / (1 + x) ** 3, 6 / (1 + x) ** 4
assert softsign(x) == x / (1 + x)
assert softsign(sg.Vector([x, -x])).tolist() == [softsign(x), -softsign(x)]
assert softsign(np.array([x, -x])).tolist() == [softsign(x), -softsign(x)]
v = sg.Value(x)
softsign(v).backward()
assert math.isclose(v.grad, slope, rel_tol=1e-15)
assert math.isclose(sg.grad(sg.grad(softsign))(x), curvature, rel_tol=1e-14)
assert math.isclose(sg.derivative(softsign, order=3)(x), third, rel_tol=1e-14)
assert math.isclose(sg.jvp(softsign, (x,), (2.0,))[1], 2 * slope, rel_tol=1e-15)
check_grads(softsign, (x,))
compiled = sg.compile(sg.value_and_grad(softsign))
assert compiled(x) == compiled(x) == sg.value_and_grad(softsign)(x)
alone = {}
exec(compiled.source, alone)
assert alone["softsign"](x) == compiled(x)
over_arrays = sg.compile(sg.grad(softsign), arrays=np)
assert np.allclose(over_arrays(np.array([x, -x])), slope, rtol=1e-12)
assert local_formulas(softsign.operation, [Formula("x")], Formula("y"), [True]) == ["1 / (1 + abs(x))**2"]
assert pickle.loads(pickle.dumps(softsign(v))).data == softsign(x)
try:
    softsign("text")
except TypeError as error:
    assert str(error) == "softsign takes numbers, Values or Vectors, not 'text' (str)", error
print("all of it follows")
"""


def test_the_operation_on_the_page_is_added_in_one_file(tmp_path: Path) -> None:
    (entry,) = re.findall(r"^```py\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    package = tmp_path / "scalargrad"
    shutil.copytree(ROOT / "scalargrad", package, ignore=shutil.ignore_patterns("__pycache__"))
    with (package / "operations" / "elementary.py").open("a", encoding="utf-8") as file:
        file.write(f"\n\n{entry}")
    program = f"import sys; sys.path.insert(0, {str(tmp_path)!r})\n{PROGRAM}"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "all of it follows\n"


def test_the_rooms_on_the_page_are_the_packages_modules() -> None:
    listed = {
        name
        for row in re.findall(r"^\| \S.*$", PAGE, re.MULTILINE)
        for name in re.findall(r"`(\w+)`", row.split("|")[2])
    }
    fast = {"fast_path", "fast_sweep", "fast_vectors"}  # which may have been deleted
    assert listed == fast | {
        path.stem
        for path in (ROOT / "scalargrad").rglob("*.py")
        if not {"former", "steps", "solutions"} & {*path.parts}
    } - {
        "__init__",
        "__main__",
    }
