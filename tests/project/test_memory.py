"""How much memory is held, and when it is given back: with the garbage collector off as with it on.

The bounds are twice what the release 0.1.0 took, whose nodes were objects.
"""

from __future__ import annotations

import gc
import tracemalloc
from typing import TYPE_CHECKING

import pytest

import scalargrad as sg
from scalargrad.engine.rows import inner_values, leaves
from tests.support.profiles import sized

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@pytest.fixture(params=[True, False], ids=["collector on", "collector off"])
def collector(request: pytest.FixtureRequest) -> Iterator[None]:
    gc.collect()
    if not request.param:
        gc.disable()
    yield
    gc.enable()


def peak_of(program: Callable[[], object]) -> int:
    """The most bytes that a program held at once."""
    program()  # what is made once, at the first use, does not count
    gc.collect()
    for table in (leaves, inner_values):  # how long they may grow is told by how much lives
        table.purge()
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        program()
        return tracemalloc.get_traced_memory()[1] - before
    finally:
        tracemalloc.stop()


def evaluate(x: sg.Value, operations: int) -> sg.Value:
    y = x
    for _ in range(operations // 2):
        y = y * 0.999 + 0.001
    return y


def an_evaluation_loop() -> None:
    x = sg.Value(0.5)
    for _ in range(sized(50)):
        evaluate(x, 4000)


def a_running_average() -> None:
    w = sg.Value(0.5)
    average = sg.Value(0.0)
    for _ in range(300):
        loss = (w * 2.0 - 3.0) ** 2
        loss.backward()
        w.data -= 0.01 * w.grad
        w.grad = 0
        average = average * 0.9 + loss * 0.1


def one_result_of_each() -> None:
    x = sg.Value(0.5)
    kept = []
    for _ in range(300):
        evaluate(x, 40)
        kept.append(x * 2.0)


def small_graphs() -> None:
    x = sg.Value(0.5)
    for _ in range(sized(20_000)):
        (x * x).backward()


def a_chain_with_assignments() -> None:
    x = sg.Value(0.5)
    y = x * 1.0
    for _ in range(sized(20_000)):
        x.data = 0.25
        y = y * x


def small_leaves() -> None:
    for _ in range(sized(50_000)):
        sg.Value(0.5)


def labelled_results() -> None:
    x = sg.Value(0.5)
    for _ in range(sized(20_000)):
        y = x * x
        y.label = "y"
        assert y.parents


TABLES = 384 * 1024  # where the objects for keys and serials are looked up: what is dead is purged now and then
PEAKS = {
    an_evaluation_loop: 2 * 512_336,
    a_running_average: 2 * 274_328,
    one_result_of_each: 2 * 46_248 + TABLES,
    small_graphs: TABLES,
    a_chain_with_assignments: 2 * 200 * sized(20_000) + TABLES,
    small_leaves: TABLES,
    labelled_results: 2 * 113_032 + TABLES,
}


@pytest.mark.usefixtures("collector")
@pytest.mark.parametrize("program", PEAKS)
def test_a_program_holds_at_most_twice_what_it_held_with_nodes(program: Callable[[], None]) -> None:
    assert peak_of(program) <= PEAKS[program]


@pytest.mark.usefixtures("collector")
def test_a_graph_is_freed_when_its_last_result_goes() -> None:
    x = sg.Value(0.5)
    tracemalloc.start()
    try:
        y = evaluate(x, 20_000)
        y.backward()
        x.grad = 0
        held = tracemalloc.get_traced_memory()[0]
        del y
        (x * x).backward()  # the latest pass of the thread is another one now
        assert tracemalloc.get_traced_memory()[0] < held / 10
    finally:
        tracemalloc.stop()


def rows_below(row: tuple[object, ...]) -> list[tuple[object, ...]]:
    found, stack = [], [row]
    while stack:
        row = stack.pop()
        found.append(row)
        stack += [x for x in row if type(x) is tuple]
    return found


def test_a_row_refers_to_nothing_that_the_collector_tracks_but_rows() -> None:
    x, w = sg.Value(0.5, label="x"), sg.Variable([1.0, 2.0], name="w")
    with sg.GradientTape():
        y = sg.sin(x) * 2 + (w * x).sum() / sg.maximum(x, 3) - sg.Vector([x, x * x]).norm()
    for row in rows_below(y.row):
        assert not any(gc.is_tracked(thing) for thing in row if type(thing) is not tuple)


def test_the_collector_lets_go_of_rows() -> None:
    x = sg.Value(0.5)
    y = x * 2.0 + 1.0
    for _ in range(5):  # until 3.13 a row is untracked after those below it, one look each
        gc.collect()
    assert not any(map(gc.is_tracked, rows_below(y.row)))
