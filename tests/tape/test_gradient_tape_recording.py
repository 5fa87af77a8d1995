"""`GradientTape`: when it records, and how it is stopped and reset."""

import pytest

import scalargrad as sg
from tests.support.tapes import recorded, same, square

# ---- When it records -------------------------------------------------------------------------------------------------


def test_what_was_computed_before_the_tape_is_not_on_it():
    x = sg.Variable(3.0)
    y = x * x
    tape, z = recorded(lambda: y * 2.0, persistent=True)
    assert tape.gradient(z, x) is None
    assert tape.gradient(z, y) is None
    assert tape.gradient(y, x) is None
    assert tape.gradient(z, [x, y], unconnected_gradients="zero") == [0.0, 0.0]
    assert tape.jacobian(z, [x, y]) == [None, None]


def test_what_was_computed_from_nothing_that_is_on_the_tape_is_not_on_it():
    x = sg.Variable(3.0)
    before = x * x
    tape, (y, z) = recorded(lambda: (y := before * 3.0, y * 2.0))
    assert tape.gradient(z, [y, before, x]) == [None, None, None]


def test_a_vector_computed_before_the_tape_is_not_on_it():
    v = sg.Variable([1.0, 2.0])
    before = v * v
    tape, y = recorded(lambda: before.sum() + v.sum())
    assert tape.gradient(y, [before, v]) == [None, [1.0, 1.0]]


def test_a_variable_updated_by_an_operator_is_an_ordinary_value_and_not_on_the_next_tape():
    w = sg.Variable(3.0)
    tape, loss = recorded(lambda: w * w)
    w = w - 0.1 * tape.gradient(loss, w)
    tape, loss = recorded(lambda: w * w)
    assert tape.gradient(loss, w) is None


def test_what_is_computed_after_the_tape_is_not_on_it():
    x = sg.Variable(3.0)
    tape, y = recorded(square, x, persistent=True)
    z = y * x
    assert tape.gradient(z, [x, y]) == [None, None]
    assert tape.gradient(y, x) == 6.0


def test_a_tape_entered_again_goes_on_recording():
    x = sg.Variable(3.0)
    tape = sg.GradientTape()
    with tape:
        y = x * x
    between = y * 1.0
    with tape:
        z = y * x + between
    assert tape.gradient(z, [x, y, between]) == [27.0, 3.0, None]


@pytest.mark.parametrize("persistent", [True, False])
def test_a_tape_cannot_be_entered_while_it_is_recording(persistent):
    x = sg.Variable(3.0)
    with sg.GradientTape(persistent) as tape:
        with pytest.raises(ValueError, match="the tape is still recording"):
            tape.__enter__()
        y = x * x
    assert tape.gradient(y, x) == 6.0


def test_a_tape_entered_after_its_use_begins_anew():
    x, c = sg.Variable(3.0), sg.constant(2.0)
    tape = sg.GradientTape()
    with tape:
        tape.watch(c)
        y = x * x
    assert tape.gradient(y, x) == 6.0
    with tape:
        z = y * x * c
    assert tape.watched_variables() == (x,)
    assert tape.gradient(z, [x, y, c]) == [18.0, None, None]
    with pytest.raises(RuntimeError, match="persistent=True"):
        tape.gradient(z, x)


def test_a_gradient_taken_inside_the_block_ends_the_recording():
    x = sg.Variable(3.0)
    with sg.GradientTape() as tape:
        y = x * x
        assert tape.gradient(y, x) == 6.0
        z = y * x
        with pytest.raises(RuntimeError, match="a tape that is not recording"):
            tape.stop_recording()
    with sg.GradientTape() as later:
        w = z * x
    assert later.gradient(w, x) == 27.0


def test_a_persistent_tape_records_the_gradient_taken_inside_its_block():
    x = sg.Variable(3.0)
    with sg.GradientTape(persistent=True) as tape:
        y = x * x * x
        first = tape.gradient(y, x)
        second = tape.gradient(first, x)
    assert first == 27.0
    assert second == 18.0
    assert tape.gradient(first, x) == 18.0
    assert tape.gradient(second, x) == 6.0


def test_an_error_leaves_the_block_and_ends_the_recording():
    x = sg.Variable(3.0)
    tape = sg.GradientTape(persistent=True)
    results = []

    def fail_inside():
        with tape:
            results.append(x * x)
            raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        fail_inside()
    (y,) = results
    assert tape.gradient(y, x) == 6.0
    assert tape.gradient(y * x, x) is None


# ---- stop_recording and reset ----------------------------------------------------------------------------------------


def test_what_is_computed_while_recording_is_stopped_is_not_on_the_tape():
    x = sg.Variable(3.0)
    with sg.GradientTape(persistent=True) as tape:
        before = x * x
        with tape.stop_recording():
            paused = x * x
        after = paused * x + before
    assert tape.gradient(paused, x) is None
    assert tape.gradient(after, [x, before, paused]) == [15.0, 1.0, None]


def test_another_tape_goes_on_recording_while_one_is_stopped():
    x = sg.Variable(3.0)
    with sg.GradientTape() as outer, sg.GradientTape() as inner:
        with outer.stop_recording():
            y = x * x
        with inner.stop_recording():
            z = x * x
    assert outer.gradient([y, z], [x, y, z]) == [6.0, 1.0, 1.0]
    assert inner.gradient([y, z], [x, y, z]) == [6.0, 1.0, 1.0]


def test_each_of_two_tapes_misses_only_what_was_computed_in_its_own_pause():
    x = sg.Variable(3.0)
    with sg.GradientTape(persistent=True) as outer, sg.GradientTape(persistent=True) as inner:
        with outer.stop_recording():
            y = x * x
        with inner.stop_recording():
            z = x * x
    assert [outer.gradient(y, x), outer.gradient(z, x)] == [None, 6.0]
    assert [inner.gradient(y, x), inner.gradient(z, x)] == [6.0, None]


def test_recording_goes_on_after_an_error_in_the_pause():
    x = sg.Variable(3.0)
    with sg.GradientTape() as tape:
        with pytest.raises(KeyError, match="mine"), tape.stop_recording():
            raise KeyError("mine")
        y = x * x
    assert tape.gradient(y, x) == 6.0


def test_a_gradient_taken_while_recording_is_stopped_is_not_recorded():
    x = sg.Variable(3.0)
    with sg.GradientTape(persistent=True) as tape:
        y = x * x
        with tape.stop_recording():
            first = tape.gradient(y, x)
    assert first == 6.0
    assert not first.is_tracked


def test_recording_cannot_be_stopped_unless_it_runs():
    tape = sg.GradientTape()
    with pytest.raises(RuntimeError, match=r"stop_recording\(\) of a tape that is not recording"):
        tape.stop_recording()
    with tape:
        pass
    with pytest.raises(RuntimeError, match=r"stop_recording\(\) of a tape that is not recording"):
        tape.stop_recording()


def test_reset_forgets_what_was_recorded_and_watched():
    x, z, c = sg.Variable(3.0), sg.Variable(5.0), sg.constant(2.0)
    with sg.GradientTape(persistent=True) as tape:
        tape.watch(c)
        y = x * x
        tape.reset()
        w = y * z * c
    assert tape.gradient(w, [x, z, c]) == [None, 18.0, None]
    assert tape.gradient(y, x) is None
    assert same(tape.watched_variables(), (z,))


def test_what_was_computed_before_a_reset_is_no_source():
    x = sg.Variable(3.0)
    with sg.GradientTape() as tape:
        y = x * x
        tape.reset()
        z = y * x
    assert tape.gradient(z, [y, x]) == [None, 9.0]


def test_a_tape_can_be_told_again_what_to_watch_after_a_reset():
    c = sg.constant(3.0)
    with sg.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(c)
        tape.reset()
        tape.watch(c)
        y = c * c
    assert tape.gradient(y, c) == 6.0


def test_a_reset_of_one_tape_leaves_another_alone():
    x = sg.Variable(3.0)
    with sg.GradientTape() as outer, sg.GradientTape() as inner:
        y = x * x
        inner.reset()
    assert outer.gradient(y, x) == 6.0
    assert inner.gradient(y, x) is None


def test_a_tape_that_is_not_recording_cannot_be_reset():
    tape = sg.GradientTape()
    with pytest.raises(ValueError, match=r"reset\(\) of a tape that is not recording"):
        tape.reset()
    with tape:
        pass
    with pytest.raises(ValueError, match=r"reset\(\) of a tape that is not recording"):
        tape.reset()
