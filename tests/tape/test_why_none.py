"""`GradientTape.explain`: why there is no gradient, or along what it flows."""

import re
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

import scalargrad as sg
from scalargrad.tape.why_none import NOT_COMPUTED


def recorded(function, *arguments, **options):
    """A persistent tape that has recorded `function(*arguments)`, and what that gave."""
    with sg.GradientTape(persistent=True, **options) as tape:
        result = function(*arguments)
    return tape, result


def in_another_thread(function):
    results = []
    thread = threading.Thread(target=lambda: results.append(function()))
    thread.start()
    thread.join()
    return results[0]


def why_none(tape, target, source):
    """The reason, of a gradient that is None indeed."""
    assert tape.gradient(target, source) is None
    return re.fullmatch("None: (.*[.])", tape.explain(target, source)).group(1)


# ---- Where there is a gradient ---------------------------------------------------------------------------------------


def test_a_gradient_flows_along_the_operations_between_target_and_source():
    x = sg.Variable(3.0, name="x")
    tape, y = recorded(lambda: sg.exp(sg.sin(x) * 2.0))
    y.label = "y"
    assert tape.explain(y, x) == "The gradient flows: y <- exp <- mul <- sin <- x (the shortest path)."


def test_the_way_shows_numbers_where_there_are_no_labels():
    x = sg.Value(3.0)
    tape, y = recorded(lambda: x * x)
    assert tape.explain(y, x) == "The gradient flows: 9.0 <- mul <- 3.0 (the shortest path)."


def test_the_shortest_way_is_shown():
    x = sg.Variable(3.0, name="x")
    tape, y = recorded(lambda: sg.sin(sg.cos(x)) + x)
    assert "<- add <- x (" in tape.explain(y, x)


def test_the_way_may_end_in_an_intermediate_result_or_in_a_watched_constant():
    x, c = sg.Variable(3.0), sg.constant(2.0)
    with sg.GradientTape() as tape:
        tape.watch(c)
        y = x * c
        z = sg.sin(y)
    y.label, c.label = "y", "c"
    assert "<- sin <- y (" in tape.explain(z, y)
    assert "<- sin <- mul <- c (" in tape.explain(z, c)


def test_the_way_goes_between_any_elements_of_vectors():
    v = sg.Variable([1.0, 2.0], name="v")
    tape, w = recorded(lambda: sg.Vector([sg.constant(5.0), v[1] * 3.0]))
    assert "<- mul <- v[1] (" in tape.explain(w, v)


def test_the_way_goes_through_a_custom_function_by_its_name():
    @sg.custom_gradient
    def mine(x):
        return x * 2.0, lambda upstream: upstream

    x = sg.Variable(3.0, name="x")
    tape, y = recorded(lambda: sg.sin(mine(x)))
    assert tape.explain(y, x) == f"The gradient flows: {y.data!r} <- sin <- mine <- x (the shortest path)."


def test_a_target_that_is_the_source_has_gradient_one():
    x, v = sg.Variable(3.0), sg.Variable([1.0, 2.0])
    tape, y = recorded(lambda: x * 2.0)
    assert tape.explain(y, y) == "The target is the source, so the gradient is 1."
    assert tape.explain(v, v[1]) == "The target is the source, so the gradient is 1."


# ---- Where there is none ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("still", [sg.constant(2.0), sg.constant([2.0, 3.0]), sg.Variable(2.0, trainable=False)])
def test_a_constant_that_nobody_watched_is_named_as_one(still):
    x = sg.Variable(3.0)
    tape, y = recorded(lambda: (x * still * sg.Vector([1.0, 1.0])).sum())
    reason = why_none(tape, y, still)
    assert reason == "the source is a constant, which a tape does not watch by itself; watch() it before it is used."


def test_a_constant_watched_after_its_use_is_named_as_one_to_watch_before():
    x, c = sg.Variable(3.0), sg.constant(2.0)
    with sg.GradientTape(persistent=True) as tape:
        y = x * c
        tape.watch(c)
    assert "watch() it before it is used" in why_none(tape, y, c)


def test_a_source_computed_before_the_tape_began_is_told_so():
    x = sg.Variable(3.0)
    before = sg.sin(x)
    tape, y = recorded(lambda: before * 2.0)
    reason = why_none(tape, y, before)
    assert reason == (
        "the source was computed (by sin) before the tape began; watch() it, or compute it inside the block."
    )


def test_a_way_that_was_computed_before_the_tape_began_is_told_so():
    x = sg.Variable(3.0)
    before = sg.sin(x)
    tape, y = recorded(lambda: before * 2.0)
    assert why_none(tape, y, x) == "sin on the way to the source was computed before the tape began."


def test_a_target_that_was_computed_before_the_tape_began_is_told_so():
    x = sg.Variable(3.0)
    y = sg.sin(x)
    tape, _ = recorded(lambda: None)
    assert why_none(tape, y, x) == "sin on the way to the source was computed before the tape began."


def test_what_was_computed_before_a_reset_was_computed_before_the_tape_began():
    x = sg.Variable(3.0)
    with sg.GradientTape(persistent=True) as tape:
        y = sg.sin(x)
        tape.reset()
        z = y * 2.0
    assert why_none(tape, z, x) == "sin on the way to the source was computed before the tape began."


def test_a_target_that_was_computed_after_the_tape_ended_is_told_so():
    x = sg.Variable(3.0)
    tape, y = recorded(lambda: x * x)
    after = sg.sin(y)
    assert why_none(tape, after, x) == "sin on the way to the source was computed after the tape ended."
    assert "after the tape ended" in why_none(tape, after, y)


def test_what_was_computed_after_a_gradient_inside_the_block_is_after_the_tape_ended():
    x = sg.Variable(3.0)
    with sg.GradientTape() as tape:
        y = x * x
        tape.gradient(y, x)
        z = sg.sin(x)
    assert tape.explain(z, x) == "None: sin on the way to the source was computed after the tape ended."


def test_what_was_computed_between_two_blocks_of_a_tape_is_told_so():
    x = sg.Variable(3.0)
    tape = sg.GradientTape(persistent=True)
    with tape:
        y = x * x
    between = sg.sin(y)
    with tape:
        z = between * 2.0
    reason = why_none(tape, z, x)
    assert reason.startswith("sin on the way to the source was computed ")
    assert "between" in reason
    assert "thread" not in reason


def test_what_was_computed_in_another_thread_is_told_so():
    x = sg.Variable(3.0)
    tape, y = recorded(lambda: in_another_thread(lambda: sg.sin(x)) * 2.0)
    reason = why_none(tape, y, x)
    assert reason == (
        "sin on the way to the source was computed in another thread or task, which this tape does not record."
    )


def test_what_was_computed_in_another_thread_is_told_so_inside_the_block_too():
    x = sg.Variable(3.0)
    with sg.GradientTape() as tape:
        y = in_another_thread(lambda: sg.sin(x)) * 2.0
        assert "another thread or task" in tape.explain(y, x)


def test_what_was_computed_while_recording_was_stopped_is_told_so():
    x = sg.Variable(3.0)
    with sg.GradientTape(persistent=True) as tape:
        with tape.stop_recording():
            paused = sg.sin(x)
        y = paused * 2.0
    assert why_none(tape, y, x) == "sin on the way to the source was computed while recording was stopped."
    assert "the source was computed (by sin) while recording was stopped" in why_none(tape, y, paused)


def test_a_pause_of_another_tape_is_not_blamed():
    x = sg.Variable(3.0)
    with sg.GradientTape() as other, other.stop_recording():
        before = sg.sin(x)
    tape, y = recorded(lambda: before * 2.0)
    assert why_none(tape, y, x) == "sin on the way to the source was computed before the tape began."


def test_stop_gradient_is_named_where_the_target_uses_the_source_through_it():
    x, w = sg.Variable(3.0), sg.Variable(2.0)
    tape, y = recorded(lambda: w * sg.stop_gradient(x * x))
    assert "stop_gradient(), which ends gradients" in why_none(tape, y, x)


def test_stop_gradient_of_a_vector_is_named_too():
    v, w = sg.Variable([1.0, 2.0]), sg.Variable(2.0)
    tape, y = recorded(lambda: (sg.stop_gradient(v) * w).sum())
    assert "stop_gradient(), which ends gradients" in why_none(tape, y, v)


def test_stop_gradient_is_not_blamed_where_the_target_uses_none():
    x, w = sg.Variable(3.0), sg.Variable(2.0)
    tape, y = recorded(lambda: (sg.stop_gradient(x), w * w)[1])
    assert why_none(tape, y, x) == NOT_COMPUTED


def computed_without_recording(x):
    with sg.no_grad():
        return x * 2.0


@pytest.mark.parametrize(
    "make", [sg.stop_gradient, computed_without_recording, lambda x: sg.constant(2.0) * 3.0, lambda x: sg.constant(x)]
)
def test_a_target_that_is_a_constant_is_named_as_one(make):
    x = sg.Variable(3.0)
    tape, y = recorded(make, x)
    reason = why_none(tape, y, x)
    assert reason.startswith("the target is a constant")
    assert "no_grad()" in reason
    assert "stop_gradient()" in reason


def test_a_source_that_the_target_did_not_use_is_told_so():
    x, other, v = sg.Variable(3.0), sg.Variable(2.0), sg.Variable([1.0, 2.0])
    tape, y = recorded(lambda: x * x)
    for unused in other, v:
        assert why_none(tape, y, unused) == NOT_COMPUTED


def test_a_name_that_was_rebound_to_an_ordinary_value_is_told_so():
    w = sg.Variable(3.0)
    tape, loss = recorded(lambda: w * w)
    w = w - 0.1 * tape.gradient(loss, w)
    reason = why_none(tape, loss, w)
    assert reason.startswith(
        "the target was not computed from the source, which was itself computed (by sub) after the tape ended"
    )
    assert "perhaps its name was rebound to an ordinary value; use Variable.assign" in reason


def test_a_variable_that_became_an_ordinary_value_before_the_tape_is_told_so():
    w = sg.Variable(3.0)
    w = w - 0.1
    tape, loss = recorded(lambda: w * w)
    assert "the source was computed (by sub) before the tape began" in why_none(tape, loss, w)


def test_a_source_that_the_tape_was_not_asked_to_watch_is_told_so():
    x = sg.Variable(3.0)
    tape, y = recorded(lambda: x * x, watch_accessed_variables=False)
    reason = why_none(tape, y, x)
    assert reason == "the tape was made with watch_accessed_variables=False and was not asked to watch() the source."


def test_a_result_that_depends_on_nothing_watched_is_told_so():
    x = sg.Variable(3.0)
    tape, (y, z) = recorded(lambda: (y := x * x, y * 2.0), watch_accessed_variables=False)
    assert why_none(tape, z, y) == "the source was computed from nothing that the tape watches."


def test_an_empty_vector_of_sources_is_told_that_the_target_was_not_computed_from_it():
    x = sg.Variable(3.0)
    tape, y = recorded(lambda: x * x)
    assert why_none(tape, y, sg.Vector([])) == NOT_COMPUTED


# ---- Always ----------------------------------------------------------------------------------------------------------


def test_an_explanation_does_not_use_the_tape_up():
    x = sg.Variable(3.0)
    with sg.GradientTape() as tape:
        y = x * x
    for _ in range(2):
        tape.explain(y, x)
    assert tape.gradient(y, x) == 6.0
    assert tape.explain(y, x).startswith("The gradient flows")


def test_a_tape_that_was_never_entered_explains_too():
    x = sg.Variable(3.0)
    assert "before the tape began" in sg.GradientTape().explain(x * x, x)


@pytest.mark.parametrize("other", [3.0, "x", None, [sg.Value(1.0)]])
def test_only_values_and_vectors_are_explained(other):
    x = sg.Variable(3.0)
    tape, y = recorded(lambda: x * x)
    with pytest.raises(TypeError, match="expected a Value or a Vector as target, got"):
        tape.explain(other, x)
    with pytest.raises(TypeError, match="expected a Value or a Vector as source, got"):
        tape.explain(y, other)


PLACES = ["inside", "outside", "paused", "thread", "no_grad"]
steps = st.lists(
    st.tuples(
        st.sampled_from(["add", "mul", "stop", "custom", "watch"]),
        st.sampled_from([*PLACES[:1] * 4, *PLACES[1:]]),
        st.integers(0, 12),
        st.integers(0, 12),
    ),
    min_size=4,
    max_size=12,
)


@sg.custom_gradient
def custom_product(x, y):
    return x * y, lambda upstream: (upstream * y, upstream * x)


OPERATIONS = {
    "add": lambda x, y: x + y,
    "mul": lambda x, y: x * y,
    "stop": lambda x, y: sg.stop_gradient(x),
    "custom": custom_product,
}


def run_somewhere(tape, place, compute):
    """What `compute` gives inside the tape's block, outside it, in a pause, in a thread or without recording."""
    if place == "outside":
        return compute()
    with tape:
        if place == "thread":
            return in_another_thread(compute)
        if place == "inside":
            return compute()
        with tape.stop_recording() if place == "paused" else sg.no_grad():
            return compute()


def run(tape, program):
    pool = [sg.Value(2.0), sg.Variable(3.0), sg.constant(5.0), sg.Value(7.0) * 1.0]
    for name, place, i, j in program:
        x, y = pool[-1 - i % len(pool)], pool[-1 - j % len(pool)]
        if name == "watch":
            tape.watch(x)
        else:
            pool.append(run_somewhere(tape, place, lambda f=OPERATIONS[name], x=x, y=y: f(x, y)))
    with tape:
        return pool


@given(steps, st.booleans())
def test_an_explanation_says_none_just_where_the_gradient_is_none(program, watch_accessed_variables):
    tape = sg.GradientTape(persistent=True, watch_accessed_variables=watch_accessed_variables)
    pool = run(tape, program)
    for target in pool[4:]:
        for source in pool:
            is_none = tape.gradient(target, source) is None
            assert tape.explain(target, source).startswith("None: ") == is_none


def test_a_long_way_is_shortened_in_the_middle():
    x = sg.Variable(0.5)
    with sg.GradientTape() as tape:
        y = x
        for _ in range(1000):
            y = sg.sin(y)
    explanation = tape.explain(y, x)
    assert "(980 more)" in explanation
    assert explanation.count("sin") == 20


def test_a_notebook_shows_the_sentence_without_quotes() -> None:
    c = sg.constant(2.0)
    with sg.GradientTape() as tape:
        y = c * 3.0
    why = tape.explain(y, c)
    shown: list[str] = []
    why._repr_pretty_(type("Printer", (), {"text": lambda _, text: shown.append(text)})(), False)  # type: ignore[attr-defined]
    assert shown == [why]
    assert why.startswith("None: the target is a constant")
