"""`logsumexp` and `softmax` of Vectors, at the ends of the range too."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

import scalargrad as sg
from scalargrad import Value, Vector, topological_order
from tests.support.bits import exactly, values

moderate = st.floats(-5, 5)


def test_logsumexp_is_stable_at_the_ends_of_the_range() -> None:
    for numbers, expected, gradient in [
        ([1e308, 1e308], 1e308, [0.5, 0.5]),
        ([-1e308, -1e308], -1e308, [0.5, 0.5]),
        ([1e308, -1e308], 1e308, [1.0, 0.0]),
        ([1000.0, 1000.0], 1000.0 + math.log(2), [0.5, 0.5]),
        ([-1000.0, -1000.0, -1000.0], -1000.0 + math.log(3), [1 / 3] * 3),
        ([-math.inf, 0.0], 0.0, [0.0, 1.0]),
        ([0.0, -745.0], 5e-324, [1.0, 5e-324]),
    ]:
        v = values(*numbers)
        node = v.logsumexp()
        node.backward()
        assert node.data == pytest.approx(expected, rel=1e-15)
        assert v.grad == pytest.approx(gradient, rel=1e-15, abs=0)
        assert sg.softmax(numbers).tolist() == v.grad
        assert exactly(sg.logsumexp(numbers)) == exactly(node.data)


@given(numbers=st.lists(moderate, min_size=1, max_size=6))
def test_softmax_is_two_rows_that_stand_for_two_values_an_element_on_two_shared_ones(numbers: list[float]) -> None:
    v = values(*numbers)
    before = v.row[0]
    s = sg.softmax(v)
    n = len(numbers)
    assert isinstance(s, Vector)
    assert s.row[0] == before + 2
    assert len(topological_order(s)) == 2 * n + 2
    shared = set.intersection(*[{p for p in node.parents if len(p.parents) == n} for node in s])
    assert n == 1 or len(shared) == 2
    assert math.isclose(math.fsum(s.tolist()), 1.0, rel_tol=n * 2.3e-16)
    total = math.fsum(map(math.exp, numbers))
    assert s.tolist() == pytest.approx([math.exp(x) / total for x in numbers], rel=1e-14)


@given(numbers=st.lists(st.integers(-5000, 5000).map(lambda k: k / 1024), min_size=1, max_size=6))
def test_softmax_does_not_change_with_a_shift_of_a_million(numbers: list[float]) -> None:
    # These numbers are shifted without rounding, so that the results are the same to the bit.
    expected = sg.softmax(numbers)
    for shift in (1e6, -1e6):
        shifted = values(*[x + shift for x in numbers])
        assert exactly(sg.softmax(shifted).tolist()) == exactly(expected.tolist())
        assert shifted.logsumexp().data == pytest.approx(sg.logsumexp(numbers) + shift, rel=1e-15)


@given(numbers=st.lists(moderate, min_size=1, max_size=5), on_tape=st.booleans())
def test_the_jacobian_of_softmax_has_its_closed_form_and_its_rows_add_up_to_zero(
    numbers: list[float], on_tape: bool
) -> None:
    s = sg.softmax(numbers).tolist()
    v = values(*numbers)
    if on_tape:
        with sg.GradientTape() as tape:
            y = sg.softmax(v)
        jacobian = [row.tolist() for row in tape.jacobian(y, v)]
    else:
        jacobian = []
        for i in range(len(v)):
            v = values(*numbers)
            sg.softmax(v)[i].backward()
            jacobian.append(v.grad)
    for i, row in enumerate(jacobian):
        assert row == pytest.approx([s[i] * ((i == j) - s[j]) for j in range(len(s))], rel=1e-13, abs=1e-15)
        assert abs(math.fsum(row)) < 1e-15


@given(numbers=st.lists(moderate, min_size=1, max_size=5), index=st.integers(0, 4))
def test_the_gradient_of_the_cross_entropy_is_softmax_less_one_hot(numbers: list[float], index: int) -> None:
    index %= len(numbers)
    v = values(*numbers)
    (-sg.log(sg.softmax(v)[index])).backward()
    s = sg.softmax(numbers).tolist()
    assert v.grad == pytest.approx([p - (i == index) for i, p in enumerate(s)], rel=1e-12, abs=1e-14)


def test_softmax_and_logsumexp_of_plain_numbers_are_plain() -> None:
    assert type(sg.logsumexp([0.0, 1])) is float
    assert not any(x.is_tracked for x in sg.softmax((0.0, 1)))
    mixed = sg.softmax([0.0, Value(1.0)])
    assert all(x.is_tracked for x in mixed)
    assert sg.logsumexp((0.0, Value(1.0))).is_tracked


def test_softmax_takes_its_axis_as_others_write_it() -> None:
    v, m = sg.Vector([1.0, 3.0]), sg.Matrix([[1.0, 3.0], [0.0, 0.5]])
    assert sg.softmax(v, axis=0) == sg.softmax(v, axis=-1) == sg.softmax(v)
    assert sg.softmax(m, axis=1) == sg.softmax(m, axis=-1) == sg.softmax(m)
    assert sg.softmax(m, -1)[1] == sg.softmax([0.0, 0.5])


@pytest.mark.parametrize("name", ["softmax", "logsumexp"])
def test_softmax_and_logsumexp_refuse_scalars(name: str) -> None:
    for scalar in (3.0, Value(3.0), None, "text"):
        with pytest.raises(TypeError, match=f"^{name} takes a Vector or a list, not "):
            getattr(sg, name)(scalar)


@pytest.mark.parametrize("name", ["softmax", "logsumexp"])
def test_softmax_and_logsumexp_of_nothing_are_refused(name: str) -> None:
    for empty in (Vector([]), [], ()):
        with pytest.raises(ValueError, match=f"^{name} of an empty Vector; it takes at least one element$"):
            getattr(sg, name)(empty)


def test_logsumexp_of_nan_is_nan() -> None:
    for others in ([-math.inf], [math.inf], [0.0]):
        assert math.isnan(sg.logsumexp([*others, math.nan]))
