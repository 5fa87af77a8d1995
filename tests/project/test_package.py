"""The package as a whole: its names, its weight, its rooms."""

from __future__ import annotations

import ast
import configparser
import functools
import inspect
import io
import re
import subprocess
import sys
import tokenize
import types

import pytest

import scalargrad as sg
from tests.support import ROOT

PACKAGE = ROOT / "scalargrad"
MODULES = sorted(
    path.relative_to(PACKAGE).with_suffix("").as_posix().replace("/", ".")
    for path in PACKAGE.rglob("*.py")
    if not {"former", "steps", "solutions"} & {*path.parts}  # what old pickles name, and the files of the course
)

# Which rooms may import which: lowest first. Rooms in one line do not import one another.
ROOMS = [
    ["checks"],
    ["operations"],
    ["engine", "elsewhere"],
    ["math", "pytree", "graph"],
    ["tape"],
    ["transforms", "numpy_functions"],
    ["plot", "nn", "optim", "testing", "cli", "compiler", "course"],
    ["notebook"],
    ["__init__"],
    ["__main__"],
]
HEAVY = ["numpy", "typing", "dataclasses", "inspect", "fractions"]


@functools.cache
def tree_of(module: str) -> ast.Module:
    return ast.parse((PACKAGE / f"{module.replace('.', '/')}.py").read_text(encoding="utf-8"))


def settings() -> configparser.ConfigParser:
    parser = configparser.ConfigParser()
    parser.read(ROOT / "setup.cfg", encoding="utf-8")
    return parser


def run_python(program: str) -> str:
    """What a program prints in a fresh interpreter that has no site packages."""
    program = f"import sys; sys.path.insert(0, {str(ROOT)!r})\n{program}"
    done = subprocess.run([sys.executable, "-I", "-S", "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


# ---- Its names -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sg.__all__)
def test_a_public_name_exists_and_has_a_docstring(name: str) -> None:
    thing = getattr(sg, name)
    doc = inspect.getdoc(thing)
    assert doc
    assert len(doc.split()) >= 5
    assert thing.__module__.startswith("scalargrad.")


@pytest.mark.parametrize("name", [name for name in sg.__all__ if inspect.isclass(getattr(sg, name))])
def test_what_a_public_class_offers_has_docstrings(name: str) -> None:
    offered = {
        attribute: thing
        for attribute, thing in vars(getattr(sg, name)).items()
        if not attribute.startswith("_") and (callable(thing) or isinstance(thing, property))
    }
    shared_with_operations = {"relu", "exp", "log", "sqrt", "sin", "cos", "tan", "tanh", "sigmoid"}
    undocumented = {attribute for attribute, thing in offered.items() if not inspect.getdoc(thing)}
    assert undocumented - shared_with_operations == set()


def test_everything_public_is_in_all() -> None:
    public = {
        name for name, thing in vars(sg).items() if not name.startswith("_") and not isinstance(thing, types.ModuleType)
    }
    assert public == set(sg.__all__)
    assert len(set(sg.__all__)) == len(sg.__all__)


def test_a_star_import_gives_all_and_nothing_else() -> None:
    namespace: dict[str, object] = {}
    exec("from scalargrad import *", namespace)
    assert set(namespace) - {"__builtins__"} == set(sg.__all__)


@pytest.mark.parametrize("module", MODULES)
def test_every_module_says_what_it_is(module: str) -> None:
    doc = ast.get_docstring(tree_of(module))
    assert doc
    assert doc.splitlines()[0].endswith(".")


# ---- Its metadata ----------------------------------------------------------------------------------------------------


def test_the_version_is_the_one_that_setup_cfg_gives() -> None:
    version = settings()["metadata"]["version"]
    if version.startswith("attr:"):
        package, _, attribute = version.removeprefix("attr:").strip().rpartition(".")
        assert package == "scalargrad"
        version = getattr(sg, attribute)
    assert sg.__version__ == version
    assert re.fullmatch(r"\d+\.\d+\.\d+", version)


def test_the_package_is_marked_as_typed_and_ships_the_mark() -> None:
    assert (PACKAGE / "py.typed").is_file()
    assert settings()["options.package_data"]["scalargrad"].split() == ["py.typed"]


def test_the_files_of_the_course_are_shipped() -> None:
    patterns = settings()["options.package_data"]["scalargrad.course"].split()
    shipped = {path for pattern in patterns for path in (PACKAGE / "course").glob(pattern)}
    assert shipped == {*PACKAGE.glob("course/*/*.py")}


def test_nothing_has_to_be_installed_beside_the_package() -> None:
    assert "install_requires" not in settings()["options"]
    assert run_python("import scalargrad; print(scalargrad.Value(2.0) * 3)") == "Value(6.0)\n"


# ---- Its weight ------------------------------------------------------------------------------------------------------


def test_importing_it_imports_nothing_heavy() -> None:
    program = "before = set(sys.modules); import scalargrad; print(*sorted(set(sys.modules) - before))"
    imported = run_python(program).split()
    assert "scalargrad.engine.value" in imported
    assert [name for name in imported if name.partition(".")[0] in HEAVY] == []


def test_using_it_imports_nothing_heavy_either() -> None:
    program = """
import scalargrad as sg, pickle, copy
before = set(sys.modules)
x, w = sg.Value(2.0), sg.Variable([1.0, 2.0], name="w")
with sg.GradientTape(persistent=True) as tape:
    y = (sg.sin(w) * x).sum() + sg.softmax(w)[0] ** 2
tape.gradient(y, [x, w]), tape.jacobian(w * 2, w), tape.explain(y, x), repr(y), copy.deepcopy(y)
pickle.loads(pickle.dumps(y)).backward()
w.assign_add([1, 1])
print(*sorted(set(sys.modules) - before))
"""
    assert [name for name in run_python(program).split() if name.partition(".")[0] in HEAVY] == []


def code_lines(module: str) -> int:
    """The lines of a module that are neither blank nor comment nor docstring."""
    source = (PACKAGE / f"{module.replace('.', '/')}.py").read_text(encoding="utf-8")
    silent = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER}
    lines: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type not in silent:
            lines.update(range(token.start[0], token.end[0] + 1))
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef)) and ast.get_docstring(node) is not None:
            docstring = node.body[0]
            lines.difference_update(range(docstring.lineno, docstring.end_lineno + 1))  # type: ignore[operator]
    return len(lines)


def test_the_engine_is_read_in_one_sitting() -> None:
    counts = {
        name: code_lines(f"engine.{name}")
        for name in ("rows", "value", "backprop", "many", "vector", "matrix", "contexts")
    }
    total = sum(counts.values())
    assert total <= 1725, f"the engine has {total} lines of code: {counts}"


# ---- Its rooms -------------------------------------------------------------------------------------------------------


def is_for_type_checkers(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"


def imports_in(node: ast.AST, module: str = "", inside: str = "") -> list[tuple[str, str, bool]]:
    """What a module imports at run time: the importing function or "", what it imports, and whether that is our own."""
    found: list[tuple[str, str, bool]] = []
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import):
            for alias in child.names:
                first, _, rest = alias.name.partition(".")
                found.append(
                    (inside, rest or "__init__" if first == "scalargrad" else alias.name, first == "scalargrad")
                )
        elif isinstance(child, ast.ImportFrom):
            found += [(inside, *imported(child, alias.name, module)) for alias in child.names]
        elif not is_for_type_checkers(child):
            named = isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))
            name = getattr(child, "name", "lambda") if named else inside
            found += imports_in(child, module, name)
    return found


def imported(node: ast.ImportFrom, name: str, module: str) -> tuple[str, bool]:
    """The module that a name is imported from, which may be the name itself, and whether it is our own."""
    if not node.level:
        first, _, rest = (node.module or "").partition(".")
        return (rest or name, True) if first == "scalargrad" else (node.module or "", False)
    package = module.split(".")[: -node.level] + (node.module or "").split(".")
    path = ".".join(part for part in package if part)
    for found in (f"{path}.{name}".strip("."), path, f"{path}.__init__".strip(".")):
        if found in MODULES:
            return found, True
    return f"{path}.__init__".strip("."), True


def all_imports(module: str) -> set[str]:
    """What of our own a module imports, for type checkers, too."""
    tree = tree_of(module)
    nodes = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    found = {imported(node, alias.name, module) for node in nodes for alias in node.names}
    return {name for name, own in found if own} - {module}


def room_of(module: str) -> int:
    """How high a module's room is."""
    name = module.split(".")[0]
    return next(i for i, rooms in enumerate(ROOMS) if name in rooms)


def test_every_module_has_its_room() -> None:
    assert {module.split(".")[0] for module in MODULES} == {room for rooms in ROOMS for room in rooms}


@pytest.mark.parametrize("module", MODULES)
def test_imports_point_down_also_those_for_type_checkers(module: str) -> None:
    room = module.split(".")[0]
    above = [name for name in all_imports(module) if room_of(name) >= room_of(module) and name.split(".")[0] != room]
    assert above == []


def test_no_imports_go_in_a_circle_also_those_for_type_checkers() -> None:
    # What a package's __init__ hands on is left out: it says only where the names of the package are.
    below = {module: {name for name in all_imports(module) if "__init__" not in name} for module in MODULES}
    while leaves := [module for module, names in below.items() if not names & {*below}]:
        for module in leaves:
            del below[module]
    assert {*below} == set()


def test_the_reader_of_imports_sees_them_all() -> None:
    source = """
import os.path, scalargrad.tape
from . import contexts
from ..tape import no_grad
from ..checks import show
from scalargrad.engine.value import Value
if TYPE_CHECKING:
    from typing import Any
try:
    import numpy
except ImportError:
    pass
class C:
    def method(self):
        from .rows import Row
"""
    assert imports_in(ast.parse(source), "engine.value") == [
        ("", "os.path", False),
        ("", "tape", True),
        ("", "engine.contexts", True),
        ("", "tape.no_grad", True),
        ("", "checks", True),
        ("", "engine.value", True),
        ("", "numpy", False),
        ("method", "engine.rows", True),
    ]


def test_what_is_imported_inside_a_function_is_heavy_and_seldom_needed() -> None:
    inside = [(module, *where) for module in MODULES for where in imports_in(tree_of(module), module) if where[0]]
    assert inside == [
        ("__init__", "__getattr__", "importlib", False),
        ("__main__", "compiled_source", "inspect", False),
        ("compiler.__init__", "__getattr__", "importlib", False),
        ("compiler.compile", "compiled", "compiler.arrays", True),
        ("compiler.signature", "parameters_of", "inspect", False),
        ("course.command", "learn", "course.check", True),
        ("course.learner", "end", "ctypes", False),
        ("engine.many", "numpy", "numpy", False),
        ("graph.explain", "wrapped_lines", "textwrap", False),
        *[("graph.picture", "draw", f"matplotlib.{x}", False) for x in ("patches", "patches", "path")],
        ("graph.picture", "is_tex", "matplotlib.mathtext", False),
        ("graph.table", "html_table", "html", False),
        ("notebook", "notebook_svg", "plot.graphs", True),
        *[("plot.functions", name, "numpy", False) for name in ("descent", "decision_boundary")],
        ("plot.functions", "decision_boundary", "matplotlib", False),
        ("plot.graphs", "animation", "matplotlib.animation", False),
        ("plot.style", "pyplot", "matplotlib", False),
        ("pytree", "with_parts", "copy", False),
        ("transforms.run", "parameter_names", "inspect", False),
    ]


def test_outside_the_package_only_the_standard_library_is_imported() -> None:
    imported = {
        name.partition(".")[0]
        for module in MODULES
        if module != "testing.strategies"  # imported by Hypothesis, and by `testing` when a strategy is asked for
        for inside, name, own in imports_in(tree_of(module), module)
        if not own and not inside
    }
    assert imported <= sys.stdlib_module_names
    assert imported & set(HEAVY) == set()


def test_an_attribute_of_other_libraries_is_no_attribute() -> None:
    for thing in (sg.Value(1.0), sg.Vector([1.0]), sg.Variable(1.0), sg.Variable([1.0]), sg.Matrix([[1.0]])):
        assert hasattr(thing, "shape") == isinstance(thing, (sg.Vector, sg.Matrix))
        assert getattr(thing, "detach", None) is None
        assert type(thing).dtype.name == "dtype"


# ---- Its tests -------------------------------------------------------------------------------------------------------

TESTS = ROOT / "tests"


def test_a_module_has_a_file_of_tests_that_mirrors_it() -> None:
    """But for an `__init__`, which hands on what is tested where it comes from, and for what old pickles name."""
    mirrors = {
        module: TESTS.joinpath(*room, f"test_{name.strip('_')}.py")
        for module in MODULES
        for *room, name in [module.split(".")]
        if name != "__init__"
    }
    assert [module for module, mirror in mirrors.items() if not mirror.exists()] == []


def test_a_file_of_tests_mirrors_a_module() -> None:
    """It is `test_NAME.py`, or `test_NAME_TOPIC.py` where there is much to say; a room has one of bad input, too."""
    names = [module.strip("_") for module in MODULES] + [f"{room}.bad_input" for rooms in ROOMS for room in rooms]
    names += ["engine.fast_path", "engine.fast_sweep", "engine.fast_vectors"]  # which may have been deleted
    files = (path.relative_to(TESTS) for path in TESTS.rglob("test_*.py"))
    subjects = [".".join([*file.parent.parts, file.stem.removeprefix("test_")]) for file in files]
    of_a_part = [subject for subject in subjects if not subject.startswith(("project.", "playground."))]
    assert [subject for subject in of_a_part if not any(f"{subject}_".startswith(f"{name}_") for name in names)] == []
