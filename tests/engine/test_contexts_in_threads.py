"""Who records, and when: threads."""

import math
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest

import scalargrad as sg
from tests.support.slopes import curvature_by_transforms, slope_by_transforms
from tests.support.tapes import is_recorded


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
