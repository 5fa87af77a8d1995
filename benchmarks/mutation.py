"""How many planted faults the tests find: the mutation score of the engine.

    python benchmarks/mutation.py --sample 500

The faults are those of cosmic-ray's operators: another operator, another number, a negated condition, a missing
decorator. Each is written into a copy of the tree, and the tests that run its line, according to coverage, run there
until one fails or hangs: then the fault is killed. One that survives shows a gap in the tests, or is no fault, since it
computes the same.

The score is a lower bound. Hypothesis tries few examples, only a sample of the tests beyond the module's own runs, and
slow tests (deep or large ones) are left out: `--at MODULE:LINE --examples 100 --most 9999` tries harder.

Two kinds of faults are not planted: those that cannot change a result (annotations, code for the type checker alone,
`==` for the `is` of classes and None), and those that every test would see, which would only raise the score (a bitwise
operator, or a comparison by size for an `is`: floats and classes have neither).

Needs a POSIX system, since each fault is tested in a fork of a process that has loaded pytest and Hypothesis, and the
extras `test`, `dev` (for coverage) and `bench` (for cosmic-ray).
"""

from __future__ import annotations

import argparse
import ast
import configparser
import contextlib
import difflib
import importlib
import os
import pkgutil
import random
import re
import resource
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter, defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

os.environ["HYPOTHESIS_NO_PLUGINS"] = "1"  # ours would import the package before the fault is planted
os.environ["OPENBLAS_NUM_THREADS"] = "1"  # a process with threads cannot be forked safely

import coverage
import hypothesis
import pytest
from cosmic_ray import plugins
from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code
from tqdm import tqdm

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

del os.environ["HYPOTHESIS_NO_PLUGINS"]
tqdm.monitor_interval = 0  # this would be a thread, too

ROOT = Path(__file__).resolve().parent.parent
MODULES = (
    *("operations/elementary", "operations/reductions", "operations/operation"),
    *("engine/rows", "engine/value", "engine/backprop", "engine/vector", "engine/fast_path", "engine/fast_sweep"),
)
# The tests of the engine and of code that builds on it, those that find most first; a module's own come before all.
TESTS = (
    *("project/test_planted_faults.py", "project/test_gradients.py"),
    *("engine/test_value*.py", "engine/test_vector*.py", "engine/test_backprop.py", "tape/test_gradient_tape*.py"),
    *("test_math*.py", "operations/test_*.py", "test_numpy_functions.py", "transforms/test_*.py", "tape/test_*.py"),
    *("engine/test_contexts*.py", "testing/test_check_grads.py", "test_pytree.py"),
)
LOADED_ONCE = ("mpmath", "numpy", "scipy.optimize", "scipy.special", "geographiclib.geodesic", "hypothesis.stateful")

# Hypothesis is imported before pytest could rewrite its assertions; it does not need that.
PYTEST_OPTIONS = ("-x", "-q", "--no-header", "-W", "ignore::pytest.PytestAssertRewriteWarning")

BITWISE = ("RShift", "LShift", "BitOr", "BitAnd", "BitXor", "Invert")
KILLED, SURVIVED, HUNG = "killed", "survived", "hung"


# ---- The faults ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Mutant:
    """A fault: an operator of cosmic-ray, applied at one of its possible places."""

    module: str
    line: int
    column: int
    operator: str
    occurrence: int
    scope: str  # the function or class around it

    def __str__(self) -> str:
        return f"{self.path}:{self.line} {self.operator.split('/')[-1]}"

    @property
    def path(self) -> str:
        return f"scalargrad/{self.module}.py"

    def source(self, original: str) -> str:
        return mutate_code(original, plugins.get_operator(self.operator)(), self.occurrence) or original

    def diff(self, original: str) -> str:
        lines = difflib.unified_diff(original.splitlines(), self.source(original).splitlines(), n=0, lineterm="")
        return "\n".join(line for line in [*lines][2:] if not line.startswith("@@"))


def makes_faults(name: str) -> bool:
    """Whether an operator makes faults that change something, but are not seen by every test."""
    if any(part in BITWISE for part in name.split("_")):
        return False
    if found := re.search(r"ReplaceComparisonOperator_(Is|IsNot)_(\w+)", name):
        return found[2] in ("Is", "IsNot")
    return not plugins.get_operator(name).arguments()


def lines_and_columns_without_effect(tree: ast.Module) -> list[tuple[tuple[int, int], tuple[int, int]]]:
    """The ranges of annotations and of code for the type checker alone."""
    ignored: list[ast.AST | None] = []
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            ignored.append(node.returns)
        elif isinstance(node, (ast.arg, ast.AnnAssign)):
            ignored.append(node.annotation)
        elif "TYPE_CHECKING" in (getattr(getattr(node, "test", None), "id", ""), *map(target_name, targets(node))):
            ignored.append(node)
    return [
        ((node.lineno, node.col_offset), (node.end_lineno, node.end_col_offset))  # type: ignore[attr-defined]
        for node in ignored
        if node is not None
    ]


def targets(node: ast.AST) -> list[ast.expr]:
    return node.targets if isinstance(node, ast.Assign) else []


def target_name(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else ""


def scopes(tree: ast.Module) -> list[tuple[int, int, str]]:
    """The functions and classes with their lines, including decorators; outer ones first."""
    return [
        (min([node.lineno, *(d.lineno for d in node.decorator_list)]), node.end_lineno or node.lineno, node.name)
        for node in ast.walk(tree)
        if isinstance(node, (ast.FunctionDef, ast.ClassDef))
    ]


def mutants_of(module: str, source: str) -> Iterator[Mutant]:
    tree = ast.parse(source)
    without_effect = lines_and_columns_without_effect(tree)
    around = scopes(tree)
    nodes = [*ast_nodes(get_ast(source))]
    for name in sorted(filter(makes_faults, plugins.operator_names())):
        operator = plugins.get_operator(name)()
        places = [(node, place) for node in nodes for place in operator.mutation_positions(node)]
        for occurrence, (node, (start, _)) in enumerate(places):
            separates_parameters = getattr(node.parent, "type", "") == "parameters"  # the "/" of `def f(x, /)`
            if not separates_parameters and not any(first <= start < end for first, end in without_effect):
                inside = [scope for first, last, scope in around if first <= start[0] <= last]
                yield Mutant(module, *start, name, occurrence, inside[-1] if inside else "")


def drawn(mutants: dict[str, list[Mutant]], size: int | None, seed: int) -> list[Mutant]:
    """A random sample, with an equal share for each module, or all that it has; without a size, all mutants."""
    if size is None:
        return [mutant for group in mutants.values() for mutant in group]
    generator = random.Random(seed)
    sample: list[Mutant] = []
    for left, group in zip(range(len(mutants), 0, -1), sorted(mutants.values(), key=len)):
        sample += generator.sample(group, min(len(group), (size - len(sample)) // left))
    generator.shuffle(sample)  # so that an interrupted run is still a sample
    return sample


# ---- The tests of one fault ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Baseline:
    """The tests without a fault: their durations, and for each module and line the tests that run it."""

    durations: dict[str, float]
    reached: dict[str, dict[int, list[str]]]


class Referee:
    """A pytest plugin: the likely tests first, the slow ones not at all, and none for longer than a limit."""

    def __init__(
        self,
        durations: dict[str, float],
        slow: float,
        limit: float,
        scope: str = "",
        chosen: Collection[str] | None = None,
        tracer: coverage.Coverage | None = None,
    ) -> None:
        self.known, self.slow, self.limit, self.chosen, self.tracer = durations, slow, limit, chosen, tracer
        self.scope = re.compile(rf"(?<![a-z]){re.escape(scope.strip('_'))}(?![a-z])") if scope else None
        self.measured: dict[str, float] = {}
        self.failed: str | None = None

    def pytest_sessionstart(self) -> None:
        """Register the strategies, as Hypothesis would have done on import."""
        settings = configparser.ConfigParser()
        settings.read("setup.cfg")
        pkgutil.resolve_name(settings["options.entry_points"]["hypothesis"].partition("=")[2].strip())()

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        def key(item: pytest.Item) -> tuple[bool, float]:
            return self.scope is None or not self.scope.search(item.nodeid), self.known.get(item.nodeid, 0)

        def wanted(item: pytest.Item) -> bool:
            return self.known.get(item.nodeid, 0) <= self.slow and (self.chosen is None or item.nodeid in self.chosen)

        items[:] = sorted(filter(wanted, items), key=key)

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        if self.tracer is not None:
            self.tracer.switch_context(nodeid)
        signal.setitimer(signal.ITIMER_REAL, self.limit)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self.failed = self.failed or report.nodeid
        if report.when == "call":
            self.measured[report.nodeid] = report.duration

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self.failed = self.failed or report.nodeid


def run_here(
    tree: Path, likely: Sequence[str], files: Sequence[str], rounds: Sequence[int], referee: Referee
) -> str | None:
    """The first test that fails, in a process for this fault that has not yet imported the package."""
    signal.signal(signal.SIGALRM, signal.SIG_DFL)  # ends the process, even within C code
    signal.setitimer(signal.ITIMER_REAL, referee.limit)
    memory = 4 * 2**30
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    os.chdir(tree)
    if referee.tracer is not None:
        referee.tracer.start()
    sys.path.insert(0, str(tree))
    try:
        package = importlib.import_module("scalargrad")
    except Exception as error:
        return f"import: {error!r}"
    if Path(package.__file__ or "").parent != tree / "scalargrad":
        raise RuntimeError(f"the package came from {package.__file__} and not from the copy")
    for examples in rounds:
        profile(examples)
        for those in ([*likely], *([file] for file in files)):
            code = pytest.main([*PYTEST_OPTIONS, *those], plugins=[referee]) if those else pytest.ExitCode.OK
            if code not in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED):
                return referee.failed or those[0]
    return None


def profile(examples: int) -> None:
    """Load a Hypothesis profile: few examples, the same each time, and no shrinking."""
    hypothesis.settings.register_profile(
        "mutation",
        max_examples=examples,
        derandomize=True,
        database=None,
        deadline=None,
        phases=(hypothesis.Phase.explicit, hypothesis.Phase.generate),
        suppress_health_check=[*hypothesis.HealthCheck],
    )
    hypothesis.settings.load_profile("mutation")


def in_a_fork(
    tree: Path, likely: Sequence[str], files: Sequence[str], rounds: Sequence[int], referee: Referee
) -> tuple[str, str, Any]:
    """The outcome, the test that failed, and how long each test took."""
    answers, answer = os.pipe()
    child = os.fork()
    if child == 0:
        nowhere = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):
            os.dup2(nowhere, stream)
        try:
            failed = run_here(tree, likely, files, rounds, referee)
        except BaseException as error:
            failed = f"pytest itself: {error!r}"
        signal.setitimer(signal.ITIMER_REAL, 0)
        reached = lines_reached(tree, referee.tracer) if referee.tracer is not None else {}
        with os.fdopen(answer, "w") as stream:
            stream.write(repr((failed, (referee.measured, reached))))
        os._exit(0)
    os.close(answer)
    with os.fdopen(answers) as stream:
        text = stream.read()
    os.waitpid(child, 0)
    if not text:
        return HUNG, "", {}
    failed, measured = ast.literal_eval(text)
    return (SURVIVED, "", measured) if failed is None else (KILLED, failed, measured)


def lines_reached(tree: Path, tracer: coverage.Coverage) -> dict[str, dict[int, list[str]]]:
    """For each module and line, the tests that run it; an empty name stands for the import."""
    tracer.stop()
    data = tracer.get_data()
    return {module: data.contexts_by_lineno(str(tree / f"scalargrad/{module}.py")) for module in MODULES}


def test_files(tree: Path, module: str) -> list[str]:
    """The test files, those most likely to find a fault in a module first."""
    room, _, name = module.rpartition("/")
    found = (sorted((tree / "tests").glob(pattern)) for pattern in (f"{room}/test_{name}*.py", *TESTS))
    files = dict.fromkeys(file.relative_to(tree).as_posix() for group in found for file in group)
    return [*files, f"scalargrad/{module}.py"]


# ---- The command -----------------------------------------------------------------------------------------------------


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="The mutation score of the engine.")
    parser.add_argument("--modules", nargs="+", default=MODULES, metavar="NAME", help="which (default: %(default)s)")
    parser.add_argument("--sample", type=int, metavar="N", help="a random sample in equal shares (default: all)")
    parser.add_argument("--seed", type=int, default=1, help="which sample (default: %(default)s)")
    parser.add_argument("--at", nargs="+", metavar="MODULE:LINE", help="only the faults in these lines")
    parser.add_argument("--list", action="store_true", help="list the faults, and stop")
    parser.add_argument(
        "--examples",
        type=int,
        nargs="+",
        default=[12],
        metavar="N",
        help="how many examples Hypothesis tries; survivors are tried again with each further N (default: %(default)s)",
    )
    parser.add_argument("--most", type=int, default=250, help="how many further tests to draw (default: %(default)s)")
    parser.add_argument(
        "--slow", type=float, default=0.5, help="leave out tests that take more seconds (default: %(default)s)"
    )
    parser.add_argument(
        "--limit", type=float, default=10, help="seconds after which a test counts as hung (default: %(default)s)"
    )
    parser.add_argument("--verbose", action="store_true", help="show the test that finds each fault")
    return parser.parse_args()


def main() -> None:
    chosen = options()
    begun = time.monotonic()
    originals = {module: (ROOT / f"scalargrad/{module}.py").read_text() for module in chosen.modules}
    mutants = {module: [*mutants_of(module, source)] for module, source in originals.items()}
    if chosen.at:
        mutants = {m: [x for x in group if f"{m}:{x.line}" in chosen.at] for m, group in mutants.items()}
    sample = drawn(mutants, chosen.sample, chosen.seed)
    if chosen.list:
        for mutant in sorted(sample, key=lambda m: (m.module, m.line, m.operator)):
            print(f"{mutant}: {originals[mutant.module].splitlines()[mutant.line - 1].strip()}")
        return

    for name in LOADED_ONCE:
        importlib.import_module(name)
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder).resolve() / "tree"
        left_behind = shutil.ignore_patterns(".*", "*.egg-info", "build", "dist")
        shutil.copytree(ROOT, tree, ignore=left_behind)
        os.environ["PYTHONPATH"] = str(tree)  # for tests that start a process
        os.environ["SCALARGRAD_PROFILE"] = "mutation"
        profile(chosen.examples[0])
        baseline = run_without_fault(tree, chosen)
        sys.dont_write_bytecode = True  # or else compiled files of mutants would stay
        outcomes = {}
        finders: dict[str, Counter[str]] = defaultdict(Counter)  # the tests that found faults in a module or scope
        with contextlib.suppress(KeyboardInterrupt):  # the part tested so far is a sample, too
            for mutant in (progress := tqdm(sample, unit="mutant")):
                near, far = finders[f"{mutant.module}.{mutant.scope}"], finders[mutant.module]
                likely = [*dict.fromkeys(test for test, _ in near.most_common(5) + far.most_common(10))]
                result, test = outcome(mutant, likely, tree, originals[mutant.module], baseline, chosen)
                outcomes[mutant] = result
                if "::" in test:
                    near[test] += 1
                    far[test] += 1
                if chosen.verbose:
                    progress.write(f"{result:8} {mutant} {test}")
                progress.set_postfix(survived=Counter(outcomes.values())[SURVIVED])
                if result == SURVIVED:
                    progress.write(f"survived {mutant}\n{mutant.diff(originals[mutant.module])}")
    report(mutants, outcomes, originals)
    minutes = (time.monotonic() - begun) / 60
    print(f"\n{len(outcomes)} of {sum(map(len, mutants.values()))} mutants in {minutes:.0f} minutes")


def run_without_fault(tree: Path, chosen: argparse.Namespace) -> Baseline:
    """How long each test takes, and which lines it runs; all of them must pass."""
    files = [*dict.fromkeys(file for module in chosen.modules for file in test_files(tree, module))]
    tracer = coverage.Coverage(data_file=None, include=[f"{tree}/scalargrad/*"], config_file=False)
    referee = Referee({}, chosen.slow, 10 * chosen.limit, tracer=tracer)
    result, failed, answer = in_a_fork(tree, [], files, chosen.examples[:1], referee)
    if result != SURVIVED:
        sys.exit(f"the tests do not pass without a fault: {failed or 'one of them hangs'}")
    durations, reached = answer
    slow = [name for name, seconds in durations.items() if seconds > chosen.slow]
    print(f"{len(durations) - len(slow)} tests in {sum(durations.values()):.0f} s; {len(slow)} slow ones are left out")
    return Baseline(durations, reached)


def tests_that_reach(mutant: Mutant, source: str, baseline: Baseline) -> set[str]:
    """The tests that run the mutated code; all tests for code that runs at import."""
    first, last, is_lambda = code_around(source, mutant.line, mutant.column)
    reached = baseline.reached[mutant.module]
    tests = {test for line in range(first, last + 1) for test in reached.get(line, ())}
    if "" in tests and not is_lambda:  # the import runs the line of a lambda, but not its body
        tests.update(baseline.durations)
    return tests - {""}


def likeliest(tests: set[str], mutant: Mutant, most: int) -> set[str]:
    """The tests of the module itself, those named after the mutated function, and a random choice of the others."""
    name = mutant.module.rpartition("/")[2]
    own = re.compile(rf"test_({name}\w*|gradients)\.py|{re.escape(mutant.scope.strip('_') or name)}")
    others = sorted(test for test in tests if not own.search(test))
    return tests - {*others} | {*random.Random(mutant.line).sample(others, min(most, len(others)))}


def code_around(source: str, line: int, column: int) -> tuple[int, int, bool]:
    """The lines of the smallest lambda, statement or head of a statement around a place, and whether it is a lambda."""
    found = [(sys.maxsize, line, line, False)]
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Lambda):
            last = node.body.end_lineno or node.lineno
            if (node.body.lineno, node.body.col_offset) <= (line, column) < (last, node.body.end_col_offset or 0):
                return node.body.lineno, last, True
        if isinstance(node, ast.stmt):
            body = getattr(node, "body", None)
            first = min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", ()))])
            last = max(first, body[0].lineno - 1) if body else node.end_lineno or first
            if first <= line <= last:
                found.append((last - first, first, last, False))
    return min(found)[1:]


def outcome(
    mutant: Mutant, likely: Sequence[str], tree: Path, original: str, baseline: Baseline, chosen: argparse.Namespace
) -> tuple[str, str]:
    file = tree / mutant.path
    stamp = file.stat()
    file.write_text(mutant.source(original))
    try:
        tests = likeliest(tests_that_reach(mutant, original, baseline), mutant, chosen.most)
        likely = [test for test in likely if test in tests]
        reached = {test.split("::")[0] for test in tests}
        files = [file for file in test_files(tree, mutant.module) if file in reached]
        referee = Referee(baseline.durations, chosen.slow, chosen.limit, mutant.scope, tests)
        return in_a_fork(tree, likely, files, chosen.examples, referee)[:2]
    finally:
        file.write_text(original)
        os.utime(file, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))


def report(mutants: dict[str, list[Mutant]], outcomes: dict[Mutant, str], originals: dict[str, str]) -> None:
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for mutant, result in outcomes.items():
        counts[mutant.module][result] += 1
    survivors = sorted((m for m, result in outcomes.items() if result == SURVIVED), key=lambda m: (m.module, m.line))
    print(f"\n{'module':12}{'mutants':>9}{'tested':>8}{KILLED:>8}{HUNG:>6}{SURVIVED:>10}{'score':>9}")
    weighted = 0.0
    for module, count in [*counts.items(), ("together", sum(counts.values(), Counter()))]:
        score = 100 * (1 - count[SURVIVED] / count.total())
        there = len(mutants[module]) if module in mutants else sum(map(len, mutants.values()))
        weighted += score * len(mutants.get(module, ()))
        print(
            f"{module:12}{there:9}{count.total():8}{count[KILLED]:8}{count[HUNG]:6}{count[SURVIVED]:10}{score:8.1f} %"
        )
    print(f"weighted by the mutants of each module: {weighted / sum(len(mutants[m]) for m in counts):.1f} %")
    print(f"\nSurvivors: {len(survivors) or 'none'}")
    for mutant in survivors:
        print(f"\n{mutant}\n{mutant.diff(originals[mutant.module])}")


if __name__ == "__main__":
    main()
