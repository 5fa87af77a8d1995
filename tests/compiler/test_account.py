"""What compiling may cost: bounds on paths and structures, and the one warning that names the line."""

from __future__ import annotations

import inspect
import random
import re
import warnings
from pathlib import Path
from typing import Any

import pytest

import scalargrad as sg
from scalargrad.compiler.dispatch import Compiler
from scalargrad.compiler.tracer import Trace
from tests.support.compiling import eager, exactly


def test_growth_is_bounded_and_one_warning_names_the_line_that_keeps_branching() -> None:
    def steps(x: Any) -> Any:
        y = x
        for _ in range(int(x)):  # the line
            y = sg.sin(y) + 1
        return y

    compiled = sg.compile(steps, max_operations=60)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for n in [*range(1, 30), *range(1, 30)]:
            assert compiled(n + 0.5) == eager(steps, n + 0.5)
    (warning,) = caught
    line = inspect.getsourcelines(steps)[1] + 2
    assert f"{Path(__file__).name}, line {line}" in str(warning.message)
    assert "max_operations=60" in str(warning.message)
    assert warning.filename == __file__
    assert len(compiled.source.splitlines()) < 200


def wandering(x: Any, y: Any) -> Any:
    total = x * y
    for k in range(30):
        x = 3.9 * x * (1 - x)
        total = total + x * y if x > 0.5 else total * y - k  # the line
    return total


def points_in_disorder(count: int) -> list[tuple[float, float]]:
    generator = random.Random(8)
    return [(generator.uniform(0.1, 0.9), generator.uniform(0.5, 0.9)) for _ in range(count)]


def marked_line(function: Any) -> str:
    lines, first = inspect.getsourcelines(function)
    return f"{Path(__file__).name}, line {first + next(i for i, line in enumerate(lines) if '# the line' in line)}"


def compiled_operations(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many operations are traced and generated, as they are."""
    found: list[int] = []
    new_code, forget = Compiler._new_code, Trace.forget
    monkeypatch.setattr(Compiler, "_new_code", lambda self, version: noted(new_code(self, version)))
    monkeypatch.setattr(Trace, "forget", lambda self: (found.append(len(self.events)), forget(self)))

    def noted(code: Any) -> Any:
        found.append(code.size)
        return code

    return found


def test_paths_that_keep_coming_run_uncompiled_and_one_warning_names_the_line(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    compiled = sg.compile(wandering)
    operations = compiled_operations(monkeypatch)
    points = points_in_disorder(500)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for point in [*points, *points[:100]]:
            assert exactly(compiled(*point)) == exactly(eager(wandering, *point))
    (warning,) = caught
    assert "take new paths again and again" in str(warning.message)
    assert marked_line(wandering) in str(warning.message)
    assert warning.filename == __file__
    assert sum(operations) * 25 < 600 * 250  # a call has 150 operations, and to compile one takes 25 as long


@pytest.mark.filterwarnings("ignore:calls of wandering")
def test_known_paths_stay_compiled_when_others_no_longer_are(monkeypatch: pytest.MonkeyPatch) -> None:
    compiled = sg.compile(sg.value_and_grad(wandering))
    points = points_in_disorder(400)
    for point in points:
        compiled(*point)
    monkeypatch.setattr(Compiler, "eager", lambda *_: pytest.fail("a call ran uncompiled"))
    assert compiled(*points[0]) == sg.value_and_grad(wandering)(*points[0])


@pytest.mark.filterwarnings("ignore:calls of wandering")
def test_paths_that_come_again_and_again_are_compiled_in_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scalargrad.compiler.account.SHARE", 5)  # so that the end comes sooner
    compiled = sg.compile(wandering)
    points = points_in_disorder(6)
    for _ in range(100):
        for point in points:
            compiled(*point)
    monkeypatch.setattr(Compiler, "eager", lambda *_: pytest.fail("a call ran uncompiled"))
    for point in points:
        assert compiled(*point) == eager(wandering, *point)


def test_a_decision_with_many_answers_costs_in_proportion(monkeypatch: pytest.MonkeyPatch) -> None:
    compiled = sg.compile(lambda x: int(x) * x)  # the line
    operations = compiled_operations(monkeypatch)
    with pytest.warns(RuntimeWarning, match="line ") as caught:
        assert [compiled(i + 0.5) for i in range(8000)] == [i * (i + 0.5) for i in range(8000)]
    assert len(caught) == 1
    assert sum(operations) < 8000
    (version,) = compiled.__self__.versions.values()  # type: ignore[attr-defined]
    assert version.debt < version.code.size  # it is generated anew when it can double
    assert len(compiled.__self__.namespace) < 10  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("function", "calls", "options"),
    [
        (lambda x, text: x * len(text), [(2.0, f"text {k}") for k in range(1000)], {"static_argnames": "text"}),
        (lambda x, mode: x * len(mode), [(2.0, f"text {k}") for k in range(1000)], {}),
        (lambda x, v: x * sum(v), [(2.0, [1.0] * (k + 1)) for k in range(290)], {}),
    ],
)
def test_structures_that_keep_coming_run_uncompiled_and_one_warning_names_the_parameter(
    function: Any, calls: Any, options: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    compiled = sg.compile(function, **options)
    operations = compiled_operations(monkeypatch)
    expected = [function(*args) for args in calls]
    with pytest.warns(RuntimeWarning) as caught:
        assert [compiled(*args) for args in calls * 2] == expected * 2
    (warning,) = caught
    assert "new structures again and again" in str(warning.message)
    assert f"come from {(*inspect.signature(function).parameters,)[1]};" in str(warning.message)
    assert len(compiled.__self__.versions) < 200  # type: ignore[attr-defined]
    assert sum(operations) < 30 * len(calls)


def test_structures_are_bounded_and_one_warning_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scalargrad.compiler.dispatch.MOST_VERSIONS", 5)
    compiled = sg.compile(lambda v: sum(v))
    lists = [[1.5] * n for n in range(1, 9)]
    here = re.escape(Path(__file__).name)
    said = rf"the function <lambda> \({here}, line \d+\) has code for 5 structures .* Most of them come from v"
    with pytest.warns(RuntimeWarning, match=said) as caught:
        assert [compiled(v) for v in lists * 2] == [sum(v) for v in lists * 2]
    assert len(caught) == 1
    assert len(compiled.__self__.versions) == 5  # type: ignore[attr-defined]
    assert "return" in compiled.source_for(lists[7])
    monkeypatch.setattr(Compiler, "eager", lambda *_: pytest.fail("a call ran uncompiled"))
    assert compiled(lists[4]) == 7.5


def test_two_structures_in_turns_are_compiled_both(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Compiler, "eager", lambda *_: pytest.fail("a call ran uncompiled"))
    compiled = sg.compile(sg.grad(lambda v: sum(x * x for x in v)))
    for _ in range(100):
        assert [compiled([1.0, 2.0]), compiled([3.0])] == [[2.0, 4.0], [6.0]]


def test_a_function_that_is_traced_in_vain_is_not_traced_for_ever() -> None:
    def cautious(x: Any) -> Any:
        try:
            return sg.log(x)
        except ValueError:  # in all calls
            total = x
            for _ in range(100):
                total = total * 0.5 + x
            return total

    compiled = sg.compile(cautious)
    with pytest.warns(RuntimeWarning, match=r"runs uncompiled: log raised ValueError, at .*line") as caught:
        found = [compiled(-1.0 - k) for k in range(500)]
    assert found == [eager(cautious, -1.0 - k) for k in range(500)]
    assert len(caught) == 1
    assert compiled.__self__.account.traced < 80  # type: ignore[attr-defined]
    assert "its calls ran uncompiled: log raised ValueError" in compiled.source
