"""`no_grad`: blocks, and decorated functions of every kind, in which nothing is recorded."""

import asyncio
import functools

import pytest

import scalargrad as sg
from tests.support.tapes import is_recorded


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


def test_no_grad_decorates_what_has_no_name():
    evaluate = sg.no_grad()(functools.partial(pow, sg.Value(2.0)))
    assert not evaluate(3.0).is_tracked
    assert evaluate(3.0) == 8.0


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
