"""An interrupt at any point leaves no block open, no number half written, and nothing that hangs."""

from __future__ import annotations

import gc
import math
import threading
import types

import pytest

import scalargrad as sg
from scalargrad import nn, optim
from scalargrad.engine import contexts as recording
from tests.support.interrupts import break_everywhere, interrupt_everywhere, is_interrupted


def check_that_nothing_is_open(*_: object) -> None:
    assert recording.current().blocks == ()
    assert (sg.Value(2.0) * 3.0).is_tracked
    assert type(sg.grad(lambda x: x * x)(3.0)) is float
    sg.Variable(1.0).assign(2.0)


@pytest.mark.parametrize("make", [sg.no_grad, sg.GradientTape, sg.detect_anomaly])
def test_an_interrupt_leaves_no_block_open(make):
    x = sg.Value(2.0)

    def play(_):
        for _ in range(2):
            with make():
                x * x + sg.sin(x)
            x * 2.0

    assert interrupt_everywhere(lambda: None, play, check_that_nothing_is_open) > 20


def test_an_interrupt_leaves_no_block_open_that_stands_in_another():
    x = sg.Value(2.0)

    def play(_):
        with sg.GradientTape() as outer, sg.GradientTape(persistent=True) as tape:
            y = x * x
            with tape.stop_recording(), sg.no_grad():
                x * 3.0
            slope = tape.gradient(y, x)
        outer.gradient(slope, x)

    assert interrupt_everywhere(lambda: None, play, check_that_nothing_is_open) > 40


def test_an_interrupt_leaves_no_block_of_a_transform_open():
    def play(_):
        sg.hessian(lambda v: v[0] * sg.exp(v[1]))([1.0, 2.0])

    assert interrupt_everywhere(lambda: None, play, check_that_nothing_is_open) > 100


def test_an_exception_at_any_bytecode_of_an_operation_leaves_values_as_they_were():
    x, y = sg.Value(2.0), sg.Value(3.0)

    def check():
        check_that_nothing_is_open()
        assert (x.data, y.data, x.parents) == (2.0, 3.0, ())
        z = x * y
        z.backward()
        assert (z.data, x.grad, y.grad) == (6.0, 3.0, 2.0)
        x.grad = y.grad = 0.0

    def play():
        sg.sin(x * y) + x / 3.0
        sg.Vector([x, y]).sum()

    assert break_everywhere(play, check) > 100


@pytest.mark.parametrize("make", [sg.no_grad, sg.GradientTape, sg.detect_anomaly])
def test_an_exception_at_any_bytecode_of_entering_and_leaving_a_block_leaves_none_open(make):
    x = sg.Value(2.0)

    def play():
        with make():
            x * x
        x * 2.0

    assert break_everywhere(play, check_that_nothing_is_open) > 100


def test_an_interrupt_of_the_lesson_s_loop_leaves_a_line_that_can_be_found_from_there():
    def play(variables):
        w, b = variables
        for x in (1.0, -0.5):
            with sg.GradientTape() as tape:
                loss = (w * x + b - (3.0 * x + 1.0)) ** 2
            dw, db = tape.gradient(loss, [w, b])
            w.assign_sub(0.1 * dw)
            b.assign_sub(0.1 * db)

    def check(variables):
        check_that_nothing_is_open()
        w, b = variables
        with sg.GradientTape() as tape:
            loss = (w * 2.0 + b) ** 2
        at = w.numpy() * 2.0 + b.numpy()
        assert tape.gradient(loss, [w, b]) == [4.0 * at, 2.0 * at]

    assert interrupt_everywhere(lambda: (sg.Variable(-1.0), sg.Variable(-1.0)), play, check) > 100


def test_an_interrupt_assigns_all_of_a_vector_or_none():
    def check(v):
        assert v.tolist() in ([1.0, 2.0, 3.0], [4.0, 5.0, 6.0])

    assert interrupt_everywhere(lambda: sg.Variable([1.0, 2.0, 3.0]), lambda v: v.assign([4.0, 5.0, 6.0]), check) > 5


def test_a_leaf_whose_assignment_was_interrupted_is_never_differentiated_at_the_wrong_number():
    def prepare():
        x = sg.Value(3.0)
        outer, tape = sg.GradientTape(), sg.GradientTape(persistent=True)
        with outer, tape:
            y = x * x * x
        return outer, tape, y, x

    def play(state):
        state[3].data = 5.0

    def check(state):
        outer, tape, y, x = state
        with outer:
            slope = tape.gradient(y, x)
        assert slope == 27.0
        assert outer.gradient(slope, x) == 18.0

    assert interrupt_everywhere(prepare, play, check) > 2


@pytest.mark.parametrize("kind", [optim.SGD, optim.Adam, optim.RMSProp])
def test_an_interrupted_step_has_moved_all_parameters_with_what_is_remembered_of_them_or_none(kind):
    def prepare():
        w = [sg.Value(1.0), sg.Variable([2.0, -3.0])]
        (w[0] ** 2 + w[1].dot(w[1])).backward()
        return w, kind(w, lr=0.5, **({"momentum": 0.9} if kind is optim.SGD else {}))

    def numbers(state):
        (x, v), optimizer = state
        return [x.data, *v.tolist()], optimizer.state_dict()

    before, moved = numbers(prepare()), prepare()
    moved[1].step()
    after = numbers(moved)

    def check(state):
        assert numbers(state) in (before, after)

    assert interrupt_everywhere(prepare, lambda state: state[1].step(), check) > 10


def test_an_interrupted_backward_adds_to_all_leaves_or_to_none():
    def prepare():
        leaves = [sg.Value(float(i)) for i in range(1, 5)]
        return leaves, sum((math.e * x * x for x in leaves), 0.0)

    def grads(state):
        return [x.grad for x in state[0]]

    done = prepare()
    done[1].backward()

    def check(state):
        assert grads(state) in ([0.0] * 4, grads(done))

    assert interrupt_everywhere(prepare, lambda state: state[1].backward(), check) > 5


def test_an_interrupted_patch_is_undone_unless_the_interrupt_comes_before_its_end_begins():
    def prepare():
        module = types.ModuleType("theirs")
        exec("import math\nfrom math import sin", vars(module))
        return module

    def play(module):
        with sg.math.patch(module):
            module.sin(1.0)

    left = []

    def check(module):
        assert module.sin(0.5) == math.sin(0.5)
        assert (module.sin is sg.math.sin) == (module.math is sg.math) == (id(module) in sg.math._patched)
        left.append(id(module) in sg.math._patched)
        sg.math._patched.pop(id(module), None)
        with sg.math.patch(module):
            assert module.sin is sg.math.sin

    assert interrupt_everywhere(prepare, play, check) > 10
    assert sum(left) <= 1


def test_an_interrupt_while_a_network_is_loaded_loads_all_of_it_or_nothing():
    def prepare():
        return nn.MLP(2, [2, 1], seed=1)

    other = nn.MLP(2, [2, 1], seed=2).state_dict()

    def check(model):
        assert model.state_dict() in (prepare().state_dict(), other)

    assert interrupt_everywhere(prepare, lambda model: model.load_state_dict(other), check) > 10


# ---- Finalisers ------------------------------------------------------------------------------------------------------


def test_a_decorated_generator_that_the_collector_drops_runs_nothing_of_the_library():
    ran = []

    class Holder:
        @sg.no_grad()
        def values(self):
            try:
                yield 1.0
            finally:
                ran.append(recording.current().enabled)

        def __init__(self):
            self.generator = self.values()
            next(self.generator)

    x = sg.Value(2.0)
    for _ in range(3000):
        Holder()
        with sg.GradientTape() as tape:
            y = x * x
        assert tape.gradient(y, x) == 4.0
    gc.collect()
    assert len(ran) == 3000
    check_that_nothing_is_open()


def test_a_generator_that_the_collector_drops_inside_a_block_closes_it():
    class Holder:
        def __init__(self, make):
            self.generator = self.values(make)
            next(self.generator)

        def values(self, make):
            with make():
                yield self

    for make in (sg.no_grad, sg.GradientTape, sg.detect_anomaly):
        for _ in range(300):
            Holder(make)
            with sg.GradientTape():
                pass
        gc.collect()
        check_that_nothing_is_open()


def test_a_finaliser_may_open_blocks_in_the_midst_of_another_opening():
    x = sg.Value(2.0)
    seen = []

    class Holder:
        def __init__(self):
            self.me = self

        def __del__(self):
            is_recorded = recording.current().enabled  # not where the collector comes while `no_grad` is open
            with sg.GradientTape() as tape:
                y = x * x
            gradient = tape.gradient(y, x)
            assert gradient == 4.0 if is_recorded else gradient is None
            with sg.no_grad():
                seen.append(sg.grad(lambda t: t * x.data)(1.0))

    thresholds = gc.get_threshold()
    gc.set_threshold(1)  # a collection wherever CPython can have one
    try:
        for _ in range(300):
            Holder()
            with sg.GradientTape() as tape, sg.no_grad():
                pass
            with tape:
                y = x * x * x
            assert tape.gradient(y, x) == 12.0
    finally:
        gc.set_threshold(*thresholds)
    gc.collect()
    assert seen == [2.0] * 300
    check_that_nothing_is_open()


def test_the_collector_is_left_as_it_was():
    assert gc.isenabled()
    gc.disable()
    try:
        with sg.GradientTape():
            assert not gc.isenabled()
        assert not gc.isenabled()
    finally:
        gc.enable()
    with sg.GradientTape():
        assert gc.isenabled()


def test_a_block_that_a_thread_left_behind_is_forgotten():
    started, go_on = threading.Event(), threading.Event()

    def hold():
        with sg.GradientTape():
            started.set()
            go_on.wait(30)

    thread = threading.Thread(target=hold)
    thread.start()
    started.wait(30)
    assert len(recording.open_blocks) == 1
    go_on.set()
    thread.join()
    with sg.no_grad():
        assert len(recording.open_blocks) == 1
    sg.Value(1.0) * 2.0
    assert recording.open_blocks == {}


def test_a_context_forgets_a_block_that_was_left_as_soon_as_it_computes():
    with sg.GradientTape() as tape:
        sg.Value(1.0) * 2.0
    sg.Value(1.0) * 2.0
    assert recording.context.get().blocks == ()
    assert not tape.is_open


def test_a_block_that_a_thread_left_behind_does_not_keep_compiled_calls_from_the_code():
    w = sg.Variable(2.0)
    double = sg.compile(lambda x: x * w)
    assert double(1.0) == 2.0
    thread = threading.Thread(target=lambda: sg.GradientTape().__enter__().leave())
    thread.start()
    thread.join()
    assert len(recording.open_blocks) == 1
    assert double(1.0) == 2.0
    assert recording.open_blocks == {}


@pytest.mark.parametrize("part", range(4))
def test_an_interrupt_while_a_call_is_traced_leaves_a_compiled_function_that_works(part):
    def prepare():
        return sg.compile(sg.grad(lambda x: x * x * x if x > 1.0 else sg.sin(x) * x))

    def play(compiled):
        compiled(2.0)
        compiled(0.5)
        compiled.source_for(2.0)

    points = range(1 + part, 6000, 163)
    interrupted = 0
    for n in points:
        compiled = prepare()
        interrupted += is_interrupted(lambda compiled=compiled: play(compiled), n)
        assert [compiled(2.0), compiled(0.5)] == [12.0, math.cos(0.5) * 0.5 + math.sin(0.5)]
        assert "def " in compiled.source_for(2.0)
        check_that_nothing_is_open()
    assert interrupted > 10


def test_an_interrupt_while_code_is_generated_for_its_source_leaves_a_compiled_function_that_works(monkeypatch):
    compiled = sg.compile(lambda x: x * x if x > 1.0 else -x)
    assert compiled(2.0) == 4.0
    compiler = compiled.__self__
    (version,) = compiler.versions.values()
    version.debt = 1

    def interrupted(_):
        raise KeyboardInterrupt

    monkeypatch.setattr(compiler, "_generate", interrupted)
    with pytest.raises(KeyboardInterrupt):
        compiled.source_for(2.0)
    monkeypatch.undo()
    assert (compiled(2.0), compiled(0.5)) == (4.0, -0.5)
    assert "def " in compiled.source_for(2.0)
