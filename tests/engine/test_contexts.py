"""Who records, and when: `no_grad`, threads, async tasks, and blocks that are left out of order."""

import asyncio
import contextvars
import functools
import math
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

import scalargrad as sg


def a_thread():
    """A function that calls functions in one thread, always the same."""
    with ThreadPoolExecutor(1) as pool:
        yield lambda function: pool.submit(function).result(timeout=30)


other_thread = pytest.fixture(a_thread)
third_thread = pytest.fixture(a_thread)


@pytest.fixture
def eager_threads():
    """Threads that take turns as often as they can."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


def is_recorded():
    """Whether what is computed now is a node."""
    return (sg.Value(2.0) * 3.0).is_tracked


# ---- no_grad ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "compute",
    [
        lambda x, v: x * x,
        lambda x, v: x + 1.0,
        lambda x, v: 1.0 - x,
        lambda x, v: -x,
        lambda x, v: sg.exp(x),
        lambda x, v: x.tanh(),
        lambda x, v: sg.maximum(x, 0.0),
        lambda x, v: v.sum(),
        lambda x, v: v @ v,
        lambda x, v: (v * x)[0],
        lambda x, v: sg.softmax(v)[0],
    ],
)
def test_every_result_without_recording_is_a_constant_of_the_same_number(compute):
    x, v = sg.Variable(2.0), sg.Variable([1.0, 3.0])
    tracked = compute(x, v)
    with sg.no_grad():
        constant = compute(x, v)
    assert tracked.is_tracked
    assert not constant.is_tracked
    assert constant.parents == ()
    assert constant.data == tracked.data
    assert compute(x, v).is_tracked


def test_leaves_made_without_recording_are_tracked_afterwards():
    with sg.no_grad():
        x, v = sg.Value(2.0), sg.Variable([1.0, 2.0])
    (x * v.sum()).backward()
    assert x.grad == 3.0
    assert v.grad == [2.0, 2.0]


def test_a_running_total_grows_no_graph_without_recording():
    x = sg.Value(2.0)
    total = sg.constant(0.0)
    for _ in range(10):
        loss = x * x
        with sg.no_grad():
            total += loss
    assert total == 40.0
    assert not total.is_tracked


def test_without_recording_nothing_is_on_a_tape_either():
    x, c = sg.Variable(3.0), sg.constant(2.0)
    with sg.GradientTape() as outer:
        outer.watch(c)
        with sg.no_grad(), sg.GradientTape() as inner:
            inner.watch(c)
            y = x * c
        z = x * y
    assert not y.is_tracked
    assert inner.gradient(y, [x, c]) == [None, None]
    assert outer.gradient(z, [x, c, y]) == [6.0, None, None]


def test_a_gradient_taken_without_recording_is_a_constant():
    x = sg.Variable(3.0)
    with sg.GradientTape(persistent=True) as tape:
        y = x * x
        with sg.no_grad():
            gradient = tape.gradient(y, x)
    assert gradient == 6.0
    assert not gradient.is_tracked


def test_a_gradient_taken_without_recording_after_an_assignment_is_that_of_the_recorded_numbers():
    x = sg.Variable(3.0)
    with sg.GradientTape(persistent=True) as tape:
        y = x * x
        x.assign(100.0)
        with sg.no_grad():
            assert tape.gradient(y, x) == 6.0


def test_backward_without_recording_works_on_what_was_recorded():
    x = sg.Value(3.0)
    y = x * x
    with sg.no_grad():
        y.backward()
    assert x.grad == 6.0


def test_variables_can_be_assigned_without_recording():
    w = sg.Variable(3.0)
    with sg.no_grad():
        w.assign(w - 1.0)
    (w * w).backward()
    assert w.grad == 4.0


def test_blocks_without_recording_may_stand_in_each_other_and_be_used_again():
    block = sg.no_grad()
    for _ in range(2):
        with block:
            with block:
                assert not is_recorded()
            assert not is_recorded()
        assert is_recorded()


def test_recording_goes_on_after_an_error_in_a_block_without_it():
    with pytest.raises(KeyError, match="mine"), sg.no_grad():
        raise KeyError("mine")
    assert is_recorded()


def test_a_decorated_function_runs_without_recording():
    x = sg.Value(3.0)

    @sg.no_grad()
    def evaluate(factor, *, power=1):
        """Words."""
        return x**power * factor

    assert evaluate(2.0, power=2) == 18.0
    assert not evaluate(2.0).is_tracked
    assert is_recorded()
    assert (evaluate.__name__, evaluate.__doc__) == ("evaluate", "Words.")
    assert evaluate.__wrapped__(2.0).is_tracked


def test_a_decorated_function_may_call_itself_and_raise():
    @sg.no_grad()
    def count_down(n):
        assert not is_recorded()
        if n == 0:
            raise KeyError("mine")
        count_down(n - 1)

    with pytest.raises(KeyError, match="mine"):
        count_down(5)
    assert is_recorded()


def test_the_body_of_a_decorated_coroutine_runs_without_recording():
    @sg.no_grad()
    async def evaluate():
        await asyncio.sleep(0)
        return is_recorded()

    async def main():
        return await evaluate(), is_recorded()

    assert asyncio.run(main()) == (False, True)


def test_the_body_of_a_decorated_generator_runs_without_recording_and_what_uses_it_records():
    @sg.no_grad()
    def evaluations():
        yield is_recorded()
        yield is_recorded()

    for recorded_inside in evaluations():
        assert not recorded_inside
        assert is_recorded()


def test_a_decorated_generator_takes_what_is_sent_and_thrown_and_gives_what_it_returns():
    @sg.no_grad()
    def echo():
        """Words."""
        try:
            sent = yield "first"
            yield sent, is_recorded()
        except KeyError as error:
            yield error.args[0], is_recorded()
        return "last", is_recorded()

    generator = echo()
    assert next(generator) == "first"
    assert generator.send("sent") == ("sent", False)
    assert generator.throw(KeyError("thrown")) == ("thrown", False)
    assert is_recorded()
    with pytest.raises(StopIteration) as end:
        next(generator)
    assert end.value.value == ("last", False)
    assert echo.__doc__ == "Words."


def test_an_error_in_a_decorated_generator_comes_out_as_it_is():
    @sg.no_grad()
    def broken():
        yield 1
        raise KeyError("mine")

    generator = broken()
    next(generator)
    with pytest.raises(KeyError, match="mine"):
        next(generator)
    assert is_recorded()


def test_the_end_of_a_decorated_generator_runs_without_recording():
    ends = []

    @sg.no_grad()
    def evaluations():
        try:
            yield
        finally:
            ends.append(is_recorded())

    generator = evaluations()
    next(generator)
    generator.close()
    assert ends == [False]


def test_an_async_generator_is_refused_by_no_grad():
    async def evaluations():
        yield 1.0

    with pytest.raises(TypeError, match=r"an async generator; use `with no_grad\(\):` inside it"):
        sg.no_grad()(evaluations)


# ---- Threads ---------------------------------------------------------------------------------------------------------


def test_a_thread_does_not_record_on_the_tape_of_another(other_thread):
    x = sg.Variable(3.0)
    with sg.GradientTape(persistent=True) as tape:
        y = other_thread(lambda: x * x)
        z = y * x
    assert y.is_tracked
    assert tape.gradient(y, x) is None
    assert tape.gradient(z, x) == 9.0


def test_a_thread_does_not_watch_for_the_tape_of_another(other_thread):
    c, w = sg.constant(3.0), sg.Variable(2.0)
    with sg.GradientTape() as tape:
        tape.watch(c)
        assert other_thread(lambda: c * w).parents == (w,)
        assert not other_thread(lambda: c * c).is_tracked
        assert other_thread(lambda: float(c)) == 3.0
    assert tape.watched_variables() == ()


def test_no_grad_is_for_its_own_thread_alone(other_thread):
    with sg.no_grad():
        assert other_thread(is_recorded)
        assert not is_recorded()
    block = sg.no_grad()
    other_thread(block.__enter__)
    assert is_recorded()
    assert not other_thread(is_recorded)
    other_thread(lambda: block.__exit__(None, None, None))
    assert other_thread(is_recorded)


def test_one_no_grad_object_serves_two_threads_apart(other_thread, third_thread):
    block = sg.no_grad()
    other_thread(block.__enter__)
    third_thread(block.__enter__)
    other_thread(lambda: block.__exit__(None, None, None))
    assert other_thread(is_recorded)
    assert not third_thread(is_recorded)
    third_thread(lambda: block.__exit__(None, None, None))
    assert third_thread(is_recorded)


def test_a_tape_entered_again_in_another_thread_records_there_alone(other_thread):
    x = sg.Variable(3.0)
    tape = sg.GradientTape(persistent=True)
    with tape:
        pass
    other_thread(tape.__enter__)
    here, there = x * x, other_thread(lambda: x * x)
    other_thread(lambda: tape.__exit__(None, None, None))
    assert tape.gradient(here, x) is None
    assert tape.gradient(there, x) == 6.0


def test_a_tape_that_one_thread_fills_can_be_asked_by_another(other_thread):
    x = sg.Variable(3.0)

    def fill():
        with sg.GradientTape() as tape:
            return tape, x * x

    tape, y = other_thread(fill)
    assert tape.gradient(y, x) == 6.0


def test_the_pause_of_a_tape_in_one_thread_does_not_stop_a_tape_in_another(other_thread):
    x = sg.Variable(3.0)
    other = other_thread(sg.GradientTape().__enter__)
    with sg.GradientTape() as tape, tape.stop_recording():
        y = other_thread(lambda: x * x)
    other_thread(lambda: other.__exit__(None, None, None))
    assert other.gradient(y, x) == 6.0


def slopes(w, v, numbers, compute):
    return [compute(w, v, number) for number in numbers]


def slope_by_tape(w, v, number):
    with sg.GradientTape() as tape:
        y = sg.exp(w * number) + (v * v).sum() * number
    dw, dv = tape.gradient(y, [w, v])
    return [dw.data, *dv.tolist()]


def curvature_by_tapes(w, v, number):
    with sg.GradientTape() as outer:
        with sg.GradientTape() as inner:
            y = w**3 * number + v[0] * v[1] * w
        slope = inner.gradient(y, w)
    dw, dv = outer.gradient(slope, [w, v])
    return [dw.data, *dv.tolist()]


def slope_by_backward(w, v, number):
    leaves = [sg.Value(x) for x in (w.data, *v.tolist())]
    (leaves[0] * leaves[1] * leaves[2] * number).backward()
    return [leaf.grad for leaf in leaves]


def value_without_recording(w, v, number):
    with sg.no_grad():
        y = w * number + v.sum()
    return [y.data, y.is_tracked]


def loss(w, v, number):
    return sg.exp(w * number) * v[0] + v[1] ** 2 * w


def slope_by_transforms(w, v, number):
    """The same by the parameters themselves, which gives values, and by their numbers."""
    dw, dv = sg.grad(loss, argnums=(0, 1))(w, v, number)
    tangent = sg.jvp(lambda w, v: loss(w, v, number), (w.data, v.tolist()), (1.0, [0.0, 0.0]))[1]
    return [dw.data, *dv.tolist(), tangent, sg.derivative(lambda x: loss(x, v, number).data + x**3, order=2)(w.data)]


def curvature_by_transforms(w, v, number):
    return sg.hessian(lambda v: loss(w.data, v, number) ** 2)(v.tolist())


def slope_under_detection(w, v, number):
    with sg.detect_anomaly():
        found = slope_by_tape(w, v, number)
        with pytest.raises(FloatingPointError):
            w * math.inf  # a statement, since it is what raises
    return [*found, (w * math.inf).data]


def slope_with_a_pause(w, v, number):
    with sg.GradientTape() as tape:
        y = w * w * number
        with tape.stop_recording():
            unseen = w * v[0]
        z = y + unseen
    return [tape.gradient(z, w).data, unseen.data]


JOBS = [slope_by_tape, curvature_by_tapes, slope_by_backward, value_without_recording, slope_by_transforms]
JOBS += [curvature_by_transforms, slope_under_detection, slope_with_a_pause]


@pytest.mark.usefixtures("eager_threads")
def test_eight_threads_differentiate_functions_of_the_same_parameters_at_once():
    w, v = sg.Variable(0.5), sg.Variable([2.0, 3.0])
    jobs = JOBS
    assert len(jobs) == 8
    numbers = [i / 64 for i in range(64)]
    expected = [slopes(w, v, numbers, job) for job in jobs]
    start = threading.Barrier(len(jobs))

    def run(job):
        start.wait(timeout=10)
        return slopes(w, v, numbers, job)

    with ThreadPoolExecutor(len(jobs)) as pool:
        found = [*pool.map(run, jobs)]
    assert found == expected
    assert (w.grad, v.grad) == (0.0, [0.0, 0.0])
    assert is_recorded()


@contextmanager
def repeated_elsewhere(function):
    """A thread that calls a function over and over."""
    done = threading.Event()

    def keep_calling():
        while not done.is_set():
            function()

    with ThreadPoolExecutor(1) as pool:
        calling = pool.submit(keep_calling)
        try:
            yield
        finally:
            done.set()
        calling.result(timeout=30)


@pytest.mark.usefixtures("eager_threads")
def test_what_another_thread_assigns_leaves_a_gradient_that_of_the_recorded_numbers():
    shared, own = sg.Variable(1.0), sg.Variable(3.0)
    with repeated_elsewhere(lambda: shared.assign_add(1.0)):
        for _ in range(300):
            with sg.GradientTape() as tape:
                y = own * shared
                z = y * y
            assert tape.gradient(z, [own, shared]) == [2 * y.data * (y.data / 3.0), 2 * y.data * 3.0]


# ---- Contexts and tasks ----------------------------------------------------------------------------------------------


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


# ---- Blocks that are left out of order -------------------------------------------------------------------------------


def holding(block):
    """A generator that holds a block open while it waits."""
    with block as entered:
        yield entered


def test_a_tape_left_out_of_order_is_the_one_that_stops():
    x = sg.Variable(3.0)
    first, second = sg.GradientTape(persistent=True), sg.GradientTape(persistent=True)
    holds_first, holds_second = holding(first), holding(second)
    next(holds_first)
    next(holds_second)
    both = x * x
    holds_first.close()
    one = x * x
    holds_second.close()
    none = x * x
    assert [first.gradient(y, x) for y in (both, one, none)] == [6.0, None, None]
    assert [second.gradient(y, x) for y in (both, one, none)] == [6.0, 6.0, None]


def test_a_generator_that_gives_way_records_what_its_caller_computes():
    x = sg.Variable(3.0)
    generator = holding(sg.GradientTape(persistent=True))
    tape = next(generator)
    y = x * x
    generator.close()
    assert tape.gradient(y, x) == 6.0


def test_a_generator_that_is_thrown_away_ends_its_tape():
    x = sg.Variable(3.0)
    tape = sg.GradientTape()
    generator = holding(tape)
    next(generator)
    del generator
    y = x * x
    assert tape.gradient(y, x) is None


def test_a_tape_opened_in_one_context_may_be_left_in_another():
    x = sg.Variable(3.0)
    tape = sg.GradientTape(persistent=True)
    generator = holding(tape)
    contextvars.copy_context().run(next, generator)
    assert tape.gradient(x * x, x) is None
    generator.close()
    with tape:
        y = x * x
    assert tape.gradient(y, x) == 6.0


# ---- The same in any order -------------------------------------------------------------------------------------------
# Random events in several contexts: blocks are opened, left in any order and from any context, tapes are told to watch,
# values are computed, contexts are copied. What is on each record is compared with a model that keeps sets of names.

LEAVES = range(2)  # the first values are leaves, then come a constant and a result that no tape saw
GIVEN = 4
TAPES = 3


class Record:
    """What one tape has on its record: the values it follows, and the slopes of its nodes by these."""

    def __init__(self, watches_by_use):
        self.watches_by_use = watches_by_use
        self.watched = set()
        self.followed = set()
        self.slopes = {}

    def watch(self, value):
        self.watched.add(value)
        self.followed.add(value)

    def add(self, node, slopes):
        if self.watches_by_use:
            self.followed |= slopes.keys() & LEAVES
        if known := {value: slope for value, slope in slopes.items() if value in self.followed}:
            self.slopes[node] = known
            self.followed.add(node)

    def gradients(self, source):
        """Of all values that depend on the source, by the forward rule."""
        found = {source: 1.0}
        for node, slopes in self.slopes.items():
            ways = [slope * found[value] for value, slope in slopes.items() if value in found]
            if ways and node != source:
                found[node] = sum(ways)
        return found


@dataclass
class Opened:
    """A block that a generator holds open, and the contexts it is open in."""

    kind: str
    tape: int
    generator: object
    contexts: set


class Play:
    """The events, played on real tapes and on their models."""

    def __init__(self, by_use):
        self.tapes = [sg.GradientTape(True, watches) for watches in by_use]
        self.records = [Record(watches) for watches in by_use]
        self.values = [sg.Value(2.0), sg.Variable(3.0), sg.constant(5.0), sg.Value(7.0) * 1.0]
        self.tracked = {0, 1, 3}
        self.contexts = [contextvars.copy_context(), contextvars.copy_context()]
        self.opened = []

    def tapes_in(self, context, kind):
        return {block.tape for block in self.opened if block.kind == kind and context in block.contexts}

    def is_silent_in(self, context):
        return bool(self.tapes_in(context, "silence"))

    def recording_in(self, context):
        return self.tapes_in(context, "tape") - self.tapes_in(context, "pause")

    def open(self, context, kind, tape):
        """Open a block, where that makes sense: a tape that is not open, nor was left in its pause; a pause of it."""
        own = {block.kind for block in self.opened if block.tape == tape and block.kind != "silence"}
        if (kind == "tape" and own) or (kind == "pause" and "tape" not in own):
            return
        real = self.tapes[tape]
        block = sg.no_grad() if kind == "silence" else real.stop_recording() if kind == "pause" else real
        generator = holding(block)
        self.contexts[context].run(next, generator)
        self.opened.append(Opened(kind, tape, generator, {context}))

    def close(self, context, which):
        if self.opened:
            self.contexts[context].run(self.opened.pop(which % len(self.opened)).generator.close)

    def copy(self, context):
        for block in self.opened:
            if context in block.contexts:
                block.contexts.add(len(self.contexts))
        self.contexts.append(self.contexts[context].copy())

    def watch(self, context, tape, which):
        value = len(self.values) - 1 - which % len(self.values)
        self.contexts[context].run(self.tapes[tape].watch, self.values[value])
        self.records[tape].watch(value)

    def compute(self, context, first, second):
        new = len(self.values)
        i, j = new - 1 - first % new, new - 1 - second % new
        left, right = self.values[i], self.values[j]
        self.values.append(self.contexts[context].run(sg.Vector([left, right]).dot, [1.0, 2.0]))
        if self.is_silent_in(context):
            return
        slopes = {i: 3.0} if i == j else {i: 1.0, j: 2.0}
        recording = [self.records[tape] for tape in self.recording_in(context)]
        for record in recording:
            record.add(new, slopes)
        if slopes.keys() & self.tracked.union(*(record.watched for record in recording)):
            self.tracked.add(new)

    def run(self, events):
        for name, context, *arguments in events:
            getattr(self, name)(context % len(self.contexts), *arguments)
        while self.opened:
            self.close(0, 0)


def an_event(name, *arguments):
    return st.tuples(st.just(name), st.integers(0, 3), *arguments)


which = st.integers(0, 9)
some_tape = st.integers(0, TAPES - 1)
compute_event = an_event("compute", which, which)
open_event = an_event("open", st.sampled_from(["tape", "tape", "pause", "silence"]), some_tape)
events = st.lists(
    st.one_of(
        compute_event,
        open_event,
        compute_event,
        open_event,
        an_event("close", which),
        an_event("watch", some_tape, which),
        an_event("copy"),
    ),
    min_size=12,
    max_size=40,
)


@given(st.lists(st.booleans(), min_size=TAPES, max_size=TAPES), events)
def test_blocks_record_as_their_model_does_in_whatever_order_and_context_they_are_left(by_use, events):
    play = Play(by_use)
    play.run(events)
    assert {i for i, value in enumerate(play.values) if value.is_tracked} == play.tracked
    assert is_recorded()
    for tape, record in zip(play.tapes, play.records, strict=True):
        if tape.began is None:
            continue
        expected = [record.gradients(source) for source in range(len(play.values))]
        for i, target in enumerate(play.values[GIVEN:], GIVEN):
            assert tape.gradient(target, play.values) == [gradients.get(i) for gradients in expected]


def test_no_grad_decorates_what_has_no_name():
    evaluate = sg.no_grad()(functools.partial(pow, sg.Value(2.0)))
    assert not evaluate(3.0).is_tracked
    assert evaluate(3.0) == 8.0


def test_a_leaf_that_another_thread_assigned_is_differentiated_twice_at_its_new_number():
    x = sg.Value(3.0)
    with sg.GradientTape() as outer:
        with sg.GradientTape() as inner:
            thread = threading.Thread(target=setattr, args=(x, "data", 5.0))
            thread.start()
            thread.join()
            y = x * x * x
        slope = inner.gradient(y, x)
    assert slope.data == 75.0
    assert outer.gradient(slope, x) == 30.0


def test_no_grad_decorates_class_methods_and_static_methods_on_either_side() -> None:
    class Model:
        @sg.no_grad()
        @classmethod
        def above(cls, x: sg.Value) -> tuple[type, sg.Value]:
            return cls, x * x

        @classmethod
        @sg.no_grad()
        def below(cls, x: sg.Value) -> tuple[type, sg.Value]:
            return cls, x * x

        @sg.no_grad()
        @staticmethod
        def static(x: sg.Value) -> sg.Value:
            return x * x

    x = sg.Value(3.0)
    for found in (Model.above(x), Model.below(x), Model().above(x)):
        assert found[0] is Model
        assert not found[1].is_tracked
    assert not Model.static(x).is_tracked
    assert not Model().static(x).is_tracked
