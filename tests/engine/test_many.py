"""Rows of many numbers: what they stand for is the program on single Values."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given, reject

import scalargrad as sg
from scalargrad.engine import backprop
from scalargrad.engine.backprop import carry_back, reverse_sweep
from scalargrad.engine.many import Values, elements
from scalargrad.engine.rows import elements_of_row, identity_of
from tests.support.bits import exactly
from tests.support.listed import Listed, Whole, flat, programs, run, shape_of, sizes_of_terms
from tests.support.profiles import sized

OUT_OF_RANGE = (OverflowError, ValueError, ZeroDivisionError, FloatingPointError)


def both(program: Any) -> tuple[Any, Any]:
    """A program run on vectors and matrices, and on single Values."""
    starts, steps = program
    try:
        listed = run(Listed(), starts, steps)
    except OUT_OF_RANGE:
        reject()
    return run(Whole(), starts, steps), listed


def are_close(got: float, wanted: float, size: float) -> bool:
    """Whether two gradients differ by the order of their terms alone."""
    if not math.isfinite(size) or not math.isfinite(wanted):
        return True  # where an infinity or a nan is on the way the order decides what comes of it
    return abs(got - wanted) <= 1e-13 * size


# ---- The law ---------------------------------------------------------------------------------------------------------


@given(program=programs())
def test_a_program_on_vectors_and_matrices_gives_the_numbers_of_that_on_single_values(program: Any) -> None:
    (whole, _, target), (listed, _, twin) = both(program)
    assert [shape_of(x) for x in whole] == [shape_of(x) for x in listed]
    assert [exactly(flat(x)) for x in whole] == [exactly(flat(x)) for x in listed]
    assert exactly(flat(target)) == exactly(flat(twin))


@given(program=programs())
def test_and_its_gradients(program: Any) -> None:
    (_, leaves, target), (_, twins, twin) = both(program)
    if not (isinstance(twin, sg.Value) and twin.is_tracked):
        assert not (isinstance(target, sg.Value) and target.is_tracked)
        return
    sizes = sizes_of_terms(twin)
    target.backward()
    twin.backward()
    for some, others in zip(leaves, twins):
        for x, y in zip(some, others):
            assert are_close(x.grad, y.grad, sizes.get(identity_of(y.row), 0.0)), (x.grad, y.grad)


@given(program=programs())
def test_the_fast_sweep_gives_the_adjoints_of_the_sweep_over_single_elements(program: Any) -> None:
    (found, leaves, target), _ = both(program)
    if not (isinstance(target, sg.Value) and target.is_tracked):
        return
    sizes = sizes_of_terms(target)
    fast, general = carry_back([(target.row, 1.0)]), reverse_sweep([(target.row, 1.0)])
    for x in [*found, *[leaf for some in leaves for leaf in some], target]:
        if not isinstance(x, (sg.Value, Values)):
            continue
        got, wanted = fast.of(x.row), general.of(x.row)
        assert (got is None) == (wanted is None)
        rows = [x.row] if isinstance(x, sg.Value) else elements_of_row(x.row)
        pairs = [(got, wanted)] if isinstance(x, sg.Value) or wanted is None else zip(got, wanted)
        for row, (one, other) in zip(rows, pairs):
            assert (one is None) == (other is None)
            assert other is None or are_close(one, other, sizes[identity_of(row)])


def test_each_operand_of_a_reduction_that_goes_element_by_element_has_its_derivative() -> None:
    v, w = sg.Vector([sg.Value(3.0), sg.Value(5.0)]), sg.Vector([sg.Value(4.0), sg.Value(12.0)])
    h = sg.hypot(v, w)
    assert h == [5.0, 13.0]
    h.sum().backward()
    assert (v.grad, w.grad) == ([3 / 5, 5 / 13], [4 / 5, 12 / 13])
    assert sg.hypot(sg.constant([3.0, 5.0]), w)[0].derivatives == (None, 4 / 5)


# ---- What is not reached has no influence ----------------------------------------------------------------------------


@pytest.mark.parametrize("sweeps", [backprop.fast_sweeps, []])
def test_an_element_that_nothing_uses_has_no_influence(sweeps: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backprop, "fast_sweeps", sweeps)
    for make in (lambda: sg.Variable([0.0, 4.0]), lambda: sg.Vector([sg.Value(0.0), sg.Value(4.0)])):
        w = make()
        sg.sqrt(w)[1].backward()  # the derivative of the other one is infinite
        assert w.grad == [0.0, 0.25]
        w.grad = 0
        (sg.sqrt(w)[1:] * 2.0).sum().backward()
        assert w.grad == [0.0, 0.5]
        w.grad = 0
        (sg.Vector([sg.sqrt(w)[1], 1.0]) @ w).backward()
        assert w.grad == [2.0, 1.0]
    m = sg.Variable([[0.0, 4.0], [9.0, 0.0]])
    roots = sg.sqrt(m)
    (roots[0, 1] + roots.T[0][1]).backward()
    assert m.grad == [[0.0, 0.25], [1 / 6, 0.0]]


@pytest.mark.parametrize("sweeps", [backprop.fast_sweeps, []])
def test_gaps_are_kept_through_moves_and_joins(sweeps: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backprop, "fast_sweeps", sweeps)
    w, x = sg.Variable([0.0, 4.0, 0.0]), sg.Value(0.0)
    stacked = sg.Matrix([sg.sqrt(w), sg.Vector([sg.sqrt(x), x, x])])
    turned = stacked.T[::-1]
    turned[1, 0].backward()
    assert w.grad == [0.0, 0.25, 0.0]
    assert x.grad == 0.0
    with sg.GradientTape(persistent=True) as tape:
        roots = sg.sqrt(w)
        one = roots[1] * 3.0
    assert tape.gradient(one, w) == [0.0, 0.75, 0.0]
    assert tape.gradient(one, roots) == [0.0, 3.0, 0.0]
    assert tape.gradient(roots[1], [x]) == [None]
    assert tape.gradient(one, roots[::-1]) == [0.0, 3.0, 0.0]
    assert tape.gradient(one, w[1]).data == 0.75
    assert tape.gradient(one, w[0]) is None


def test_terms_with_and_without_gaps_add_up() -> None:
    w = sg.Variable([1.0, 2.0, 3.0])
    doubled = w * 2.0
    (doubled[0] + doubled.sum() + doubled[1:].sum() + doubled[2] * 10.0).backward()
    assert w.grad == [4.0, 4.0, 24.0]
    assert doubled.grad == [2.0, 2.0, 12.0]


# ---- Elements --------------------------------------------------------------------------------------------------------


def test_elements_of_a_row_are_one_value_for_one_place() -> None:
    v = sg.Vector([sg.Value(1.0), sg.Value(2.0)]) * 2.0
    assert v[0] == v[0]
    assert hash(v[0]) == hash(v[0])
    assert len({v[0], v[1], v[0], (v * 1.0)[0]}) == 3
    second = v[1]
    second.label = "second"
    assert (v[1].label, v[0].label) == ("second", None)
    assert v[1].operation == "mul"
    assert v[1].operands[1] == 2.0
    assert v[1].derivatives == (2.0, None)
    assert v[-1:][0].label == "second"


def test_an_element_of_a_constant_is_one() -> None:
    c = sg.constant([1.0, 2.0])
    assert repr(c[0]) == "constant(1.0)"
    assert hash(c[0]) == hash(c[0])
    assert not c.is_tracked
    with sg.no_grad():
        assert repr((sg.Variable([1.0]) * 2.0)[0]) == "constant(2.0)"


def test_a_variable_lives_as_long_as_an_element_of_it() -> None:
    x, y = sg.Variable([1.0, 2.0])

    def part() -> tuple[Any, Any]:
        w = sg.Variable([3.0, 4.0], name="w")
        return w[0], (w * w).sum()

    p, squares = part()
    squares.backward()
    (x * y).backward()
    assert (p.grad, x.grad, y.grad) == (6.0, 2.0, 1.0)
    assert p.label == "w[0]"
    p.data = 5.0
    assert p.data == 5.0
    p.grad = 0.0
    assert p.grad == 0.0


def test_the_elements_of_a_variable_can_be_assigned_one_by_one() -> None:
    w = sg.Variable([1.0, 2.0])
    (w * w).sum().backward()
    for p in w:
        p.data -= 0.1 * p.grad
        p.grad = 0.0
    assert w == [0.8, 1.6]
    assert w.grad == [0.0, 0.0]
    assert w[0] is w[0]
    first = w[0]
    before = w * 1.0
    w.assign([5.0, 6.0])
    assert (first.data, w[1].data, before[0].data) == (5.0, 6.0, 0.8)
    (w[0] * w[0] + before[1]).backward()
    assert w.grad == [10.0, 1.0]
    w[1].grad = 7.0
    assert w.grad == [10.0, 7.0]
    assert w[:1][0] is first
    assert sg.Variable([0.0])[0].data == 0.0


def test_leaves_that_some_of_are_constants_get_what_is_theirs() -> None:
    x, y = sg.Value(1.0), sg.Value(2.0)
    v = sg.Vector([x, 5.0, y])
    assert v.is_tracked
    (v * v + v[::-1]).sum().backward()
    assert v.grad == [3.0, 0.0, 5.0]
    assert (v * 2.0)[1].is_tracked is False
    assert (sg.Vector([1.0, x * 2.0]) @ [3.0, 4.0]).derivatives == (None, 4.0, None, None)


# ---- Depth -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sweeps", [backprop.fast_sweeps, []])
def test_a_chain_of_vectors_may_be_of_any_depth(sweeps: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backprop, "fast_sweeps", sweeps)
    w = sg.Variable([1.0, 2.0])
    v: Any = w
    for _ in range(sized(100_000) if sweeps else 2_000):
        v = (v + 0.0)[::-1]
    v.dot([1.0, 10.0]).backward()
    assert w.grad == [1.0, 10.0]
    del v


# ---- Second derivatives ----------------------------------------------------------------------------------------------


PROGRAMS: list[tuple[Any, Any]] = [
    (lambda w: sg.softmax(w).dot(w), lambda a, b, c: sg.Vector([*sg.softmax([a, b, c])]).dot([a, b, c])),
    (
        lambda w: (sg.sin(w[::-1]) * w + 1.0).prod(),
        lambda a, b, c: (sg.sin(c) * a + 1.0) * (sg.sin(b) * b + 1.0) * (sg.sin(a) * c + 1.0),
    ),
    (lambda w: (sg.Matrix([w, w * w]) @ w).norm(), lambda a, b, c: sg.hypot(a * a + b * b + c * c, a**3 + b**3 + c**3)),
    (
        lambda w: sg.Matrix([w, sg.exp(w)]).sum(axis=0).logsumexp(),
        lambda a, b, c: sg.log(sg.exp(a + sg.exp(a)) + sg.exp(b + sg.exp(b)) + sg.exp(c + sg.exp(c))),
    ),
    (
        lambda w: (sg.Matrix([w[:2], w[1:]]).T @ sg.Matrix([w[1:], w[:2]])).mean(axis=1) @ [1.0, 2.0],
        lambda a, b, c: (a * b + b * a + a * c + b * b) / 2 + (b * b + c * a + b * c + c * b),
    ),
]


@pytest.mark.parametrize(("whole", "single"), PROGRAMS)
def test_second_derivatives_are_those_of_single_values(whole: Any, single: Any) -> None:
    point = [0.3, -0.2, 0.5]
    close = lambda x: pytest.approx(x, rel=1e-12, abs=1e-14)  # noqa: E731
    listed = lambda w: single(*w)  # noqa: E731
    whole = lambda w, of=whole: of(sg.Vector(w))  # noqa: E731
    assert sg.grad(whole)(point) == close(sg.grad(listed)(point))
    for row, wanted in zip(sg.hessian(whole)(point), sg.hessian(listed)(point)):
        assert row == close(wanted)
    assert sg.jvp(whole, (point,), ([1.0, -1.0, 2.0],)) == close(sg.jvp(listed, (point,), ([1.0, -1.0, 2.0],)))
    w, leaves = sg.Variable(point), [sg.Value(x) for x in point]
    with sg.GradientTape() as outer:
        with sg.GradientTape() as inner:
            y = whole(w)
        slopes = inner.gradient(y, w)
        size = (slopes * slopes).sum()
    with sg.GradientTape() as outer_twin:
        with sg.GradientTape() as inner_twin:
            y = single(*leaves)
        size_twin = sum(slope * slope for slope in inner_twin.gradient(y, leaves))
    assert outer.gradient(size, w).tolist() == close([x.data for x in outer_twin.gradient(size_twin, leaves)])


# ---- Who looks at each element ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("make", [sg.Variable, sg.constant])
def test_an_anomaly_is_told_with_the_element_that_has_it_and_the_shape(make: Any) -> None:
    v, m, gone = make([1.0, 1e200]), make([[1.0, 1e200]]), make([1.0, math.nan])
    told = {
        r"1e\+200 \* 1e\+200 in element \[1\] of shape \(2,\) gave inf, at .*test_many\.py": lambda: v * v,
        r"1e\+200 \* 1e\+200 in element \[0, 1\] of shape \(1, 2\) gave inf": lambda: m * v,
        r"dot\(1\.0, 1e\+200, 1\.0, 1e\+200\) in element \[0\] of shape \(1,\) gave inf": lambda: m @ v,
        r"dot\(.*\) of shapes \(2,\) and \(2,\) gave inf": lambda: v.dot(v),
        r"prod\(.*\) of shape \(4,\) gave inf": lambda: sg.concatenate([v, v]).prod(),
        r"exp_gap\(nan, 1\.0\) in softmax of shape \(2,\) gave nan": lambda: sg.softmax(gone),
    }
    with sg.detect_anomaly():
        for message, compute in told.items():
            with pytest.raises(FloatingPointError, match=message):
                compute()
        assert (v + 1.0)[1:].sum().data == 1e200
        assert m.T.shape == (2, 1)
        assert (v[:1] @ v[:1]).data == 1.0


def test_an_operation_with_nothing_to_follow_gives_constants() -> None:
    v, m = sg.Variable([1.0, 2.0]), sg.Variable([[1.0, 2.0]])
    with sg.no_grad():
        for result in (v + v, m @ v, m.T, v[1:], sg.Vector([v[0]]), sg.Matrix([v, v]), m[0], sg.softmax(v)):
            assert not result.is_tracked
        assert not v.dot(v).is_tracked
        assert not v.sum().is_tracked
    assert not sg.where(v, 1.0, 2.0).is_tracked
    assert not (sg.constant([1.0]) @ sg.constant([[2.0]])).is_tracked
    assert not sg.constant([1.0]).dot(sg.constant([2.0])).is_tracked


@pytest.mark.parametrize(
    "take",
    [
        lambda v: sg.Matrix([v, v]),
        lambda v: sg.concatenate([v, [1.0]]),
        lambda v: v[::-1],
        lambda v: sg.Matrix([v]).T,
        lambda v: sg.Matrix([v])[0],
        lambda v: sg.concatenate([v[1:], v])[1:],
    ],
)
def test_a_constant_beside_a_leaf_stays_one_in_whatever_is_made_of_both(take: Any) -> None:
    x, c = sg.Value(2.0), sg.constant(3.0)
    with sg.GradientTape(persistent=True) as tape:
        y = take(sg.Vector([x, c])).sum()
        z = take(sg.Vector([x * 1.0, c])).sum()
    assert tape.gradient(y, c) is None
    assert tape.gradient(z, c) is None
    assert tape.gradient(y, x) == tape.gradient(z, x) is not None
    held = take(sg.Vector([c, sg.constant(1.0)]))
    with sg.GradientTape() as tape:
        tape.watch(c)
        y = (held * held).sum()
    assert tape.gradient(y, c) == 6.0 * sum(element == 3.0 for element in elements(held))


def test_the_gradient_with_respect_to_what_was_made_of_watched_constants_can_be_asked_after_the_block() -> None:
    c, d = sg.constant(2.0), sg.constant(3.0)
    v = sg.Vector([c, d])
    with sg.GradientTape(persistent=True) as tape:
        tape.watch(c)
        y = (v * v).sum()
    assert tape.gradient(y, v) == [4.0, 0.0]
    assert tape.gradient(y, v[::-1]) == [0.0, 4.0]
    assert tape.gradient(y, sg.Matrix([v])) == [[4.0, 0.0]]
    assert tape.gradient(y, sg.constant([1.0])) is None
