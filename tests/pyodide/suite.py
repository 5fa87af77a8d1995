"""The suite on WebAssembly, started by run.mjs: all that is left out there, with its reason, and the run of the rest.

WebAssembly's Python has the standard library and packages of pure Python, but neither threads nor processes; and
NumPy, SciPy and matplotlib for it are in no package index.
"""

from __future__ import annotations

import ast
import asyncio
import functools
import importlib.util
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

ROOT = Path(__file__).parents[2]
THREADS = "starts a thread"
PROCESSES = "starts a process"
NUMPY = "uses NumPy"
MATPLOTLIB = "draws with matplotlib"

# The tests that cannot run, by file and function, or by one of a function's parameters. One that is named here and not
# found is an error.
LEFT_OUT_OF = {
    "tests/compiler/test_dispatch.py": {
        "test_many_threads_trace_and_call_at_once": THREADS,
        "test_a_trace_in_one_thread_is_none_in_another": THREADS,
    },
    "tests/compiler/test_generated.py": {
        "test_the_source_runs_in_a_bare_interpreter": PROCESSES,
    },
    "tests/course/test_learner.py": {
        "test_an_endless_loop_is_told_with_its_line_and_ended": THREADS,
        "test_without_ctypes_an_endless_loop_is_told_and_goes_on": THREADS,
        "test_what_waits_outside_the_file_is_told_without_a_line": THREADS,
    },
    "tests/course/test_lessons.py": {
        "test_a_solution_has_no_gap_and_runs_on_its_own": PROCESSES,
    },
    "tests/course/test_properties.py": {
        "test_a_value_that_is_visited_on_every_way_to_it_takes_too_long": THREADS,
    },
    "tests/engine/test_contexts_in_tasks.py": {
        "test_a_copied_context_records_on_the_tape_it_was_copied_in": THREADS,
        "test_a_thread_that_asyncio_starts_in_the_context_of_a_task_records_as_the_task_does": THREADS,
    },
    "tests/engine/test_contexts_in_threads.py": {
        "test_a_thread_does_not_record_on_the_tape_of_another": THREADS,
        "test_a_thread_does_not_watch_for_the_tape_of_another": THREADS,
        "test_no_grad_is_for_its_own_thread_alone": THREADS,
        "test_one_no_grad_object_serves_two_threads_apart": THREADS,
        "test_a_tape_entered_again_in_another_thread_records_there_alone": THREADS,
        "test_a_tape_that_one_thread_fills_can_be_asked_by_another": THREADS,
        "test_the_pause_of_a_tape_in_one_thread_does_not_stop_a_tape_in_another": THREADS,
        "test_eight_threads_differentiate_functions_of_the_same_parameters_at_once": THREADS,
        "test_what_another_thread_assigns_leaves_a_gradient_that_of_the_recorded_numbers": THREADS,
        "test_a_leaf_that_another_thread_assigned_is_differentiated_twice_at_its_new_number": THREADS,
    },
    "tests/engine/test_rows_in_threads.py": {
        "test_the_derivatives_of_a_row_belong_to_the_numbers_that_it_was_computed_from": THREADS,
        "test_where_each_leaf_is_read_once_a_gradient_is_that_of_one_of_its_numbers_to_the_bit": THREADS,
        "test_values_go_back_and_forth_between_threads": THREADS,
    },
    "tests/nn/test_saving.py": {
        "test_a_pipe_is_written_to_and_stays_a_pipe": THREADS,
    },
    "tests/project/test_design.py": {
        "test_the_operation_on_the_page_is_added_in_one_file": PROCESSES,
    },
    "tests/project/test_facts.py": {
        "test_an_operation_with_every_fact_is_added_in_one_file": PROCESSES,
    },
    "tests/project/test_interrupts.py": {
        "test_a_block_that_a_thread_left_behind_is_forgotten": THREADS,
        "test_a_block_that_a_thread_left_behind_does_not_keep_compiled_calls_from_the_code": THREADS,
    },
    "tests/project/test_package.py": {
        "test_nothing_has_to_be_installed_beside_the_package": PROCESSES,
        "test_importing_it_imports_nothing_heavy": PROCESSES,
        "test_using_it_imports_nothing_heavy_either": PROCESSES,
    },
    "tests/project/test_readme.py": {
        "test_every_snippet_runs_and_gives_what_its_comments_say[coming_from.md]": NUMPY,
        "test_every_snippet_runs_and_gives_what_its_comments_say[testing_gradients.md]": NUMPY,
        "test_every_snippet_runs_and_gives_what_its_comments_say[curve_fitting.md]": NUMPY,
        "test_every_snippet_runs_and_gives_what_its_comments_say[compile.md]": NUMPY,
        "test_every_snippet_runs_and_gives_what_its_comments_say[gallery.md]": MATPLOTLIB,
    },
    "tests/tape/test_anomaly.py": {
        "test_it_belongs_to_its_own_thread": THREADS,
    },
    "tests/tape/test_why_none.py": {
        "test_what_was_computed_in_another_thread_is_told_so": THREADS,
        "test_what_was_computed_in_another_thread_is_told_so_inside_the_block_too": THREADS,
        "test_an_explanation_says_none_just_where_the_gradient_is_none": THREADS,
    },
    "tests/graph/test_svg.py": {
        "test_it_needs_no_matplotlib": PROCESSES,
    },
    "tests/test_main.py": {
        "test_all_options_go_together": MATPLOTLIB,
        "test_the_graph_is_drawn_to_a_file": MATPLOTLIB,
        "test_a_picture_without_a_suffix_is_a_png_and_without_a_name_is_refused": MATPLOTLIB,
        "test_a_file_that_cannot_be_written_is_said_in_a_sentence": MATPLOTLIB,
    },
    "tests/test_math_patch.py": {
        "test_threads_that_patch_one_module_leave_it_as_it_was": THREADS,
    },
    "tests/testing/test_strategies.py": {
        "test_a_fresh_interpreter_may_import_them_in_any_order": PROCESSES,
        "test_the_entry_point_is_all_that_hypothesis_needs": PROCESSES,
    },
    "scalargrad/plot/functions.py": {
        "scalargrad.plot.functions.derivatives": MATPLOTLIB,
        "scalargrad.plot.functions.descent": MATPLOTLIB,
        "scalargrad.plot.functions.history": MATPLOTLIB,
        "scalargrad.plot.functions.decision_boundary": MATPLOTLIB,
    },
    "scalargrad/plot/graphs.py": {
        "scalargrad.plot.graphs.graph": MATPLOTLIB,
        "scalargrad.plot.graphs.backward_frames": MATPLOTLIB,
    },
}
LEFT_OUT = {f"{file}::{name}": why for file, names in LEFT_OUT_OF.items() for name, why in names.items()}


def imports(tree: ast.AST) -> Iterator[str]:
    """The packages that a module imports anywhere, but for type checkers."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.partition(".")[0]
        yield from imports(node)


class Selection:
    """The pytest plugin that leaves out what cannot run, and says so."""

    def __init__(self) -> None:
        self.reasons: dict[str, str] = {}

    def pytest_ignore_collect(self, collection_path: Path) -> bool | None:
        """Leave out the modules of tests, and those that they share, that import what is not there."""
        is_of_tests = collection_path.suffix == ".py" and self.place_of(collection_path).startswith("tests/")
        if not is_of_tests or collection_path.name == "conftest.py":
            return None
        needed = sorted(set(imports(ast.parse(collection_path.read_text(encoding="utf-8")))))
        missing = [name for name in needed if importlib.util.find_spec(name) is None]
        if missing:
            self.reasons[self.place_of(collection_path)] = "imports " + " and ".join(missing)
        return bool(missing) or None

    @staticmethod
    def place_of(path: Path) -> str:
        return path.relative_to(ROOT).as_posix()

    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        """Leave out the tests that are named above; all of them are there unless only some were asked for."""
        by_name: dict[str, list[pytest.Item]] = {}
        for item in items:
            name = f"{self.place_of(item.path)}::{item.name}"
            if name not in LEFT_OUT:
                name = f"{self.place_of(item.path)}::{getattr(item, 'originalname', item.name)}"
            by_name.setdefault(name, []).append(item)
        collected = {self.place_of(item.path) for item in items}
        unknown = [
            name
            for name in sorted(LEFT_OUT.keys() - by_name.keys())
            if (file := name.partition("::")[0]) in collected or not (ROOT / file).exists()
        ]
        if unknown and config.args_source is not config.ArgsSource.ARGS:
            raise pytest.UsageError(f"no such tests: {unknown}")
        for name in LEFT_OUT.keys() & by_name.keys():
            self.reasons[name] = LEFT_OUT[name]
            config.hook.pytest_deselected(items=by_name[name])
        items[:] = [item for name, found in by_name.items() if name not in LEFT_OUT for item in found]

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """List what was left out."""
        terminalreporter.section("left out in WebAssembly")
        for name, reason in sorted(self.reasons.items()):
            terminalreporter.write_line(f"{name}: {reason}")


class Loop(asyncio.BaseEventLoop):
    """An event loop without files; Pyodide's own is that of JavaScript, which cannot run until a task is complete."""

    def __init__(self) -> None:
        super().__init__()
        self._selector = self

    def select(self, timeout: float) -> list[Any]:
        """Wait for the next timer; nothing else can happen."""
        time.sleep(timeout)
        return []

    def _process_events(self, event_list: list[Any]) -> None:
        """There are none."""


def main(options: Sequence[str]) -> int:
    """Run pytest; its exit code."""
    # Pyodide lets its loop run for ever, and makes `asyncio.run` return before the task is complete.
    asyncio.events._set_running_loop(None)
    asyncio.run = functools.partial(asyncio.runners.run, loop_factory=Loop)
    print("CPython", sys.version, "on", sys.platform)
    return int(pytest.main(list(options), plugins=[Selection()]))
