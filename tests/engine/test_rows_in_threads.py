"""Rows are consistent whatever other threads and tasks do meanwhile, and values pass from one to another."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, Any

import pytest

import scalargrad as sg
from scalargrad.engine.rows import D_LEFT, D_RIGHT, LEFT, NUMBER, RIGHT
from tests.support.profiles import sized

if TYPE_CHECKING:
    from collections.abc import Callable


def while_another_assigns(leaves: list[Any], work: Callable[[], None], threads: int = 8) -> None:
    """Run `work` in some threads, while one more assigns the leaves; raises what `work` raises."""
    stop, errors = threading.Event(), []

    def guarded() -> None:
        try:
            work()
        except BaseException as error:
            errors.append(error)

    def assign() -> None:
        number = 2.0
        while not stop.is_set():
            number = 5.0 - number
            for leaf in leaves:
                leaf.data = number

    workers = [threading.Thread(target=guarded) for _ in range(threads)]
    assigning = threading.Thread(target=assign)
    for thread in (assigning, *workers):
        thread.start()
    for thread in workers:
        thread.join()
    stop.set()
    assigning.join()
    if errors:
        raise errors[0]


@pytest.mark.usefixtures("eager_threads")
def test_the_derivatives_of_a_row_belong_to_the_numbers_that_it_was_computed_from() -> None:
    x, y = sg.Variable(2.0), sg.Variable(3.0)

    def work() -> None:
        for _ in range(sized(10_000)):
            row = (x * y).row
            left, right = row[LEFT][NUMBER], row[RIGHT][NUMBER]
            assert (row[NUMBER], row[D_LEFT], row[D_RIGHT]) == (left * right, right, left)

    while_another_assigns([x, y], work)


@pytest.mark.usefixtures("eager_threads")
def test_where_each_leaf_is_read_once_a_gradient_is_that_of_one_of_its_numbers_to_the_bit() -> None:
    x = sg.Variable(2.0)

    def gradient(x: Any) -> tuple[float, float]:
        with sg.GradientTape() as tape:
            y = sg.sin(x) * 3.0
            loss = y * y + y
        return loss.data, tape.gradient(loss, x).data

    expected = {gradient(sg.Variable(number)) for number in (2.0, 3.0)}

    def work() -> None:
        for _ in range(sized(2000)):
            assert gradient(x) in expected

    while_another_assigns([x], work)


def test_values_go_back_and_forth_between_threads() -> None:
    x = sg.Value(1.5)
    y = x

    def turn() -> None:
        nonlocal y
        y = y * 1.25 + x

    for _ in range(50):
        thread = threading.Thread(target=turn)
        thread.start()
        thread.join()
        turn()
    y.backward()
    expected, slope = 1.5, 1.0
    for _ in range(100):
        expected, slope = expected * 1.25 + 1.5, slope * 1.25 + 1.0
    assert (y.data, x.grad) == (expected, pytest.approx(slope, rel=1e-14))


def test_values_go_back_and_forth_between_tasks() -> None:
    async def turns(queue: asyncio.Queue[sg.Value], other: asyncio.Queue[sg.Value], x: sg.Value) -> None:
        for _ in range(20):
            await other.put(await queue.get() * x)

    async def program() -> tuple[float, float]:
        x = sg.Value(1.125)
        there: asyncio.Queue[sg.Value] = asyncio.Queue()
        back: asyncio.Queue[sg.Value] = asyncio.Queue()
        await there.put(x)
        await asyncio.gather(turns(there, back, x), turns(back, there, x))
        y = await there.get()
        y.backward()
        return y.data, x.grad

    number, slope = asyncio.run(program())
    assert number == pytest.approx(1.125**41, rel=1e-13)
    assert slope == pytest.approx(41 * 1.125**40, rel=1e-13)


def test_a_task_that_outlives_the_tape_of_its_parent_records_on_nothing() -> None:
    x = sg.Variable(3.0)
    made: list[Any] = []

    async def child(go: asyncio.Event) -> None:
        made.append(x * x)
        await go.wait()
        made.append(x * x)

    async def parent() -> sg.GradientTape:
        go = asyncio.Event()
        with sg.GradientTape(persistent=True) as tape:
            task = asyncio.create_task(child(go))
            await asyncio.sleep(0)
        go.set()
        await task
        return tape

    tape = asyncio.run(parent())
    assert tape.gradient(made[0], x) == 6.0
    assert tape.gradient(made[1], x) is None
    assert sg.engine.contexts.open_blocks == {}
