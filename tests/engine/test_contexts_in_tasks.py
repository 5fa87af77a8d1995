"""Who records, and when: contexts and async tasks."""

import asyncio
import contextvars
import math

import pytest

import scalargrad as sg
from tests.support.slopes import curvature_by_transforms, slope_by_transforms
from tests.support.tapes import is_recorded


def test_a_copied_context_records_on_the_tape_it_was_copied_in(other_thread):
    x = sg.Variable(3.0)
    with sg.GradientTape(persistent=True) as tape:
        inside = contextvars.copy_context()
        y = inside.run(lambda: x * x)
        z = other_thread(lambda: inside.run(lambda: x * x))
    assert tape.gradient(y, x) == 6.0
    assert tape.gradient(z, x) == 6.0
    after = inside.run(lambda: x * x)
    assert tape.gradient(after, x) is None


def test_a_context_copied_before_the_tape_does_not_record_on_it():
    x = sg.Variable(3.0)
    before = contextvars.copy_context()
    with sg.GradientTape() as tape:
        y = before.run(lambda: x * x)
    assert tape.gradient(y, x) is None


def test_a_tape_opened_in_a_copied_context_does_not_record_outside_it():
    x = sg.Variable(3.0)
    copied = contextvars.copy_context()
    tape = sg.GradientTape(persistent=True)
    copied.run(tape.__enter__)
    outside, inside = x * x, copied.run(lambda: x * x)
    copied.run(tape.__exit__, None, None, None)
    assert tape.gradient(outside, x) is None
    assert tape.gradient(inside, x) == 6.0


async def after_a_while(compute):
    await asyncio.sleep(0)
    return compute()


def test_a_task_started_inside_a_tape_records_on_it():
    x = sg.Variable(3.0)

    async def main():
        with sg.GradientTape(persistent=True) as tape:
            y, z = await asyncio.gather(after_a_while(lambda: x * x), after_a_while(lambda: x * x * x))
        return tape, y, z

    tape, y, z = asyncio.run(main())
    assert tape.gradient([y, z], x) == 6.0 + 27.0


def test_a_task_started_before_a_tape_does_not_record_on_it():
    x = sg.Variable(3.0)

    async def main():
        started = asyncio.create_task(after_a_while(lambda: x * x))
        with sg.GradientTape() as tape:
            y = await started
        return tape, y

    tape, y = asyncio.run(main())
    assert y.is_tracked
    assert tape.gradient(y, x) is None


def test_a_task_does_not_record_on_a_tape_that_its_parent_has_left():
    x = sg.Variable(3.0)

    async def main():
        with sg.GradientTape(persistent=True) as tape:
            started = asyncio.create_task(after_a_while(lambda: x * x))
        return tape, await started

    tape, y = asyncio.run(main())
    assert y.is_tracked
    assert tape.gradient(y, x) is None


def test_tasks_that_take_turns_keep_their_tapes_and_pauses_apart():
    x = sg.Variable(3.0)

    async def cube_slope(turns):
        with sg.GradientTape() as tape:
            y = x
            for _ in range(2):
                await asyncio.sleep(0)
                y = y * x
        await asyncio.sleep(0)
        return tape.gradient(y, x), [*map(id, tape.watched_variables())], turns

    async def evaluate():
        with sg.no_grad():
            await asyncio.sleep(0)
            return is_recorded()

    async def other_variable():
        w = sg.Variable(1.0)
        with sg.GradientTape() as tape:
            await asyncio.sleep(0)
            y = w * 5.0
            await asyncio.sleep(0)
        return tape.gradient(y, [w, x])

    async def main():
        return await asyncio.gather(cube_slope(1), evaluate(), other_variable(), cube_slope(2), evaluate())

    first, evaluated, other, second, again = asyncio.run(main())
    assert first == (27.0, [id(x)], 1)
    assert second == (27.0, [id(x)], 2)
    assert other == [5.0, None]
    assert (evaluated, again) == (False, False)


async def slope_by_tape_in_turns(w, v, number):
    with sg.GradientTape() as tape:
        y = sg.exp(w * number)
        await asyncio.sleep(0)
        y = y + (v * v).sum() * number
        await asyncio.sleep(0)
    return [tape.gradient(y, w).data, *tape_free_slope(v, number)]


def tape_free_slope(v, number):
    return sg.grad(lambda x: x * x * number)(v[0].data), v[1].data


async def value_in_turns(w, v, number):
    with sg.no_grad():
        await asyncio.sleep(0)
        y = w * number + v.sum()
        await asyncio.sleep(0)
        return [y.data, y.is_tracked, is_recorded()]


async def slope_under_detection_in_turns(w, v, number):
    with sg.detect_anomaly():
        await asyncio.sleep(0)
        y = w * v[0] * number
        await asyncio.sleep(0)
        with pytest.raises(FloatingPointError):
            y * math.inf
    return [y.data, (y * math.inf).data]


async def slope_with_a_pause_in_turns(w, v, number):
    with sg.GradientTape() as tape:
        y = w * w * number
        with tape.stop_recording():
            await asyncio.sleep(0)
            unseen = w * v[0]
            await asyncio.sleep(0)
        z = y + unseen
        await asyncio.sleep(0)
    return [tape.gradient(z, w).data, unseen.data]


async def slope_by_transform_in_turns(w, v, number):
    await asyncio.sleep(0)
    return [*slope_by_transforms(w, v, number + 1.0), *curvature_by_transforms(w, v, number + 1.0)]


def test_a_thousand_tasks_that_take_turns_give_what_they_give_one_after_another():
    w, v = sg.Variable(0.5), sg.Variable([2.0, 3.0])
    kinds = [slope_by_tape_in_turns, value_in_turns, slope_under_detection_in_turns, slope_with_a_pause_in_turns]
    kinds += [slope_by_transform_in_turns]

    def tasks():
        return [kinds[i % len(kinds)](w, v, i / 1000) for i in range(1000)]

    async def in_turns():
        return await asyncio.gather(*tasks())

    async def one_after_another():
        return [await task for task in tasks()]

    assert asyncio.run(in_turns()) == asyncio.run(one_after_another())
    assert is_recorded()


def test_a_thread_that_asyncio_starts_in_the_context_of_a_task_records_as_the_task_does():
    x = sg.Variable(3.0)

    async def main():
        with sg.GradientTape() as tape:
            y = await asyncio.to_thread(lambda: x * x)
        return tape.gradient(y, x)

    assert asyncio.run(main()) == 6.0
