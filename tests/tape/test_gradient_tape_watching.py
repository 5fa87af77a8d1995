"""`GradientTape`: what it watches, and the variables that it has watched."""

import pytest

import scalargrad as sg
from tests.support.tapes import Point, recorded, same, square

# ---- What it watches -------------------------------------------------------------------------------------------------


def test_leaves_are_watched_by_their_use_and_constants_are_not():
    v, w, frozen, c = sg.Value(2.0), sg.Variable(3.0), sg.Variable(5.0, trainable=False), sg.constant(7.0)
    tape, y = recorded(lambda: v * w * frozen * c)
    assert tape.gradient(y, [v, w, frozen, c]) == [105.0, 70.0, None, None]


def test_a_tape_asked_not_to_watch_by_use_watches_what_it_is_told_to():
    x, y, v = sg.Variable(2.0), sg.Variable(3.0), sg.Variable([5.0, 7.0])
    with sg.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch([x, v])
        unwatched = y * y
        z = x * unwatched * v.sum()
    assert tape.gradient(z, [x, y, v, unwatched]) == [108.0, None, [18.0, 18.0], None]


def test_a_tape_asked_not_to_watch_by_use_records_nothing_unless_told():
    x = sg.Variable(2.0)
    tape, (y, z) = recorded(lambda: (y := x * x, y * y), watch_accessed_variables=False, persistent=True)
    assert tape.gradient(z, [x, y]) == [None, None]
    assert tape.gradient(y, y) == 1.0
    assert tape.watched_variables() == ()


def test_an_intermediate_result_that_is_watched_is_where_its_gradients_end():
    x = sg.Variable(3.0)
    with sg.GradientTape(watch_accessed_variables=False) as tape:
        y = x * x
        tape.watch(y)
        z = y * y
    assert tape.gradient(z, [y, x]) == [18.0, None]


@pytest.mark.parametrize("watch_accessed_variables", [True, False])
@pytest.mark.parametrize(
    "arrange",
    [
        lambda c, frozen, v: [c, frozen, v],
        lambda c, frozen, v: {"c": (c,), "rest": [[frozen], v]},
        lambda c, frozen, v: Point(c, (frozen, [*v])),
    ],
)
def test_constants_and_vectors_in_any_nesting_can_be_watched(watch_accessed_variables, arrange):
    c, frozen, v = sg.constant(2.0), sg.Variable(3.0, trainable=False), sg.constant([5.0, 7.0])
    with sg.GradientTape(watch_accessed_variables=watch_accessed_variables) as tape:
        tape.watch(arrange(c, frozen, v))
        y = c * frozen * v.sum()
    assert tape.gradient(y, [c, frozen, v]) == [36.0, 24.0, [6.0, 6.0]]


def test_watching_one_element_of_a_vector_gives_zeros_for_the_rest():
    v = sg.constant([2.0, 3.0])
    with sg.GradientTape() as tape:
        tape.watch(v[1])
        y = (v * v).sum()
    assert tape.gradient(y, v) == [0.0, 6.0]


def test_a_result_computed_before_the_tape_can_be_watched():
    x = sg.Variable(3.0)
    y = x * x
    with sg.GradientTape() as tape:
        tape.watch(y)
        z = y * x
    assert tape.gradient(z, [y, x]) == [3.0, 9.0]


def test_watching_may_come_before_the_block():
    c = sg.constant(3.0)
    tape = sg.GradientTape()
    tape.watch(c)
    with tape:
        y = c * c
    assert tape.gradient(y, c) == 6.0


def test_watching_lasts_when_the_tape_is_entered_again():
    c = sg.constant(3.0)
    tape = sg.GradientTape()
    with tape:
        tape.watch(c)
    with tape:
        y = c * c
    assert tape.gradient(y, c) == 6.0


def test_watching_ends_with_the_tape():
    c = sg.constant(3.0)
    with sg.GradientTape() as tape:
        tape.watch(c)
        y = c * c
    assert tape.gradient(y, c) == 6.0
    assert not (c * c).is_tracked
    later, z = recorded(square, c)
    assert later.gradient(z, c) is None


@pytest.mark.parametrize("watching_is_inside", [True, False])
def test_another_tape_does_not_see_what_one_tape_watches(watching_is_inside):
    c, x = sg.constant(3.0), sg.Variable(2.0)
    watching, other = sg.GradientTape(), sg.GradientTape()
    first, second = (other, watching) if watching_is_inside else (watching, other)
    with first, second:
        watching.watch(c)
        y = c * c
        z = y * x
    assert watching.gradient(z, [c, y, x]) == [12.0, 2.0, 9.0]
    assert other.gradient(z, [c, y, x]) == [None, None, 9.0]


def test_a_constant_watched_only_after_its_use_has_no_gradient():
    c = sg.constant(3.0)
    with sg.GradientTape() as tape:
        y = c * c
        tape.watch(c)
    assert tape.gradient(y, c) is None


def test_only_what_is_computed_after_the_watching_counts():
    x = sg.Variable(3.0)
    before = x * 2.0
    with sg.GradientTape(watch_accessed_variables=False) as tape:
        y = x * 5.0 + before * 5.0
        tape.watch([x, before])
        z = y + x + before
    assert tape.gradient(z, [x, before]) == [1.0, 1.0]


@pytest.mark.parametrize("other", [3.0, "x", None])
def test_what_is_not_a_value_cannot_be_watched(other):
    c = sg.constant(3.0)
    with sg.GradientTape() as tape:
        with pytest.raises(ValueError, match=rf"a tape watches Values and Vectors, not {other!r}"):
            tape.watch([c, (other,)])
        y = c * c
    assert tape.gradient(y, c) is None


def test_float_of_a_watched_constant_is_refused_while_the_tape_records():
    c = sg.constant(3.0)
    with sg.GradientTape() as tape:
        tape.watch(c)
        with pytest.raises(TypeError, match=r"lose its gradient; use scalargrad\.sin\(x\)"):
            float(c)
    assert float(c) == 3.0


# ---- The variables it watched ----------------------------------------------------------------------------------------


def test_the_watched_variables_come_in_the_order_of_their_first_use_or_watching():
    a, b, c, d = map(sg.Variable, [1.0, 1.0, [1.0, 1.0], 1.0])
    with sg.GradientTape() as tape:
        assert same(tape.watched_variables(), ())
        y = b * 2.0
        assert same(tape.watched_variables(), (b,))
        tape.watch(d)
        y = y * c.sum() * a * d * b
    assert same(tape.watched_variables(), (b, d, c, a))


@pytest.mark.parametrize(
    "use",
    [
        sg.sin,
        lambda v: 2.0 * v,
        lambda v: v + v,
        lambda v: sg.clip(v, 0.0, 10.0),
        lambda v: sg.where(True, v, 0.0),
        lambda v: sg.Vector([v, 1.0]).sum(),
    ],
)
def test_a_tape_watches_the_variables_that_any_kind_of_operation_uses_and_no_plain_value(use):
    w, x = sg.Variable(3.0), sg.Value(3.0)
    with sg.GradientTape() as tape:
        use(w)
        use(x)
    assert same(tape.watched_variables(), (w,))


def test_the_watched_variables_outlast_the_gradient():
    w, v = sg.Variable(3.0), sg.Variable([1.0, 2.0])
    tape, y = recorded(lambda: v.sum() * w)
    assert tape.gradient(y, w) == 3.0
    assert same(tape.watched_variables(), (v, w))


@pytest.mark.parametrize(
    "use",
    [
        lambda v: v[0],
        lambda v: v[1:],
        lambda v: [*v],
        lambda v: v + 1.0,
        lambda v: [2.0, 2.0] * v,
        lambda v: v.sum(),
        lambda v: sg.Vector([1.0, 1.0]) @ v,
        lambda v: sg.sin(v),
        lambda v: sg.softmax(v),
    ],
)
def test_using_any_part_of_a_vector_variable_watches_it(use):
    v = sg.Variable([1.0, 2.0])
    tape, _ = recorded(use, v)
    assert same(tape.watched_variables(), (v,))


@pytest.mark.parametrize(
    "use",
    [
        lambda w: w + 1.0,
        lambda w: 1.0 + w,
        lambda w: w * sg.Value(2.0),
        lambda w: sg.Value(2.0) * w,
        lambda w: sg.constant(2.0) * w,
        lambda w: w - [1.0, 2.0],
        lambda w: -w,
        lambda w: sg.exp(w),
        lambda w: w.tanh(),
        lambda w: sg.maximum(0.0, w),
        lambda w: sg.Vector([w, 1.0]).sum(),
    ],
)
def test_using_a_scalar_variable_in_any_operation_watches_it(use):
    w = sg.Variable(0.5)
    tape, _ = recorded(use, w)
    assert same(tape.watched_variables(), (w,))


def test_ordinary_values_are_not_among_the_watched_variables():
    x, c, v = sg.Value(3.0), sg.constant(2.0), sg.Vector([sg.Value(1.0)])
    with sg.GradientTape() as tape:
        tape.watch([x, c, v])
        _ = x * c * v
    assert same(tape.watched_variables(), ())


def test_a_variable_that_is_not_trainable_is_watched_only_by_name():
    frozen, cold = sg.Variable(3.0, trainable=False), sg.Variable([1.0], trainable=False)
    for names in [], [frozen], [cold], [frozen, cold]:
        with sg.GradientTape() as tape:
            tape.watch(names)
            _ = frozen * cold
        assert same(tape.watched_variables(), names)


def test_without_watching_by_use_only_what_is_named_is_among_the_watched_variables():
    used, named, unused = sg.Variable(1.0), sg.Variable([2.0]), sg.Variable(3.0)
    with sg.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch([unused, named])
        _ = used * named
    assert same(tape.watched_variables(), (unused, named))


def test_what_is_used_while_the_tape_does_not_record_is_not_watched():
    before, paused, inside, after = (sg.Variable(1.0) for _ in range(4))
    _ = before * 2.0
    with sg.GradientTape() as tape:
        with tape.stop_recording():
            _ = paused * 2.0
        _ = inside * 2.0
    _ = after * 2.0
    assert same(tape.watched_variables(), (inside,))


def test_tapes_within_each_other_have_each_their_own_watched_variables():
    a, b, c = (sg.Variable(1.0) for _ in range(3))
    with sg.GradientTape() as outer:
        _ = a * 2.0
        with sg.GradientTape() as inner, sg.GradientTape(watch_accessed_variables=False) as selective:
            _ = b * 2.0
            selective.watch(c)
    assert same(outer.watched_variables(), (a, b))
    assert same(inner.watched_variables(), (b,))
    assert same(selective.watched_variables(), (c,))


def test_a_constant_is_watched_in_a_vector_that_was_made_before():
    c = sg.constant(5.0) * 1.0
    v = sg.Vector([c, c])
    with sg.GradientTape() as tape:
        tape.watch(c)
        y = v.dot([1.0, 2.0])
    assert tape.gradient(y, c) == 3.0
