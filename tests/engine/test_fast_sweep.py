"""The reverse sweep in its fast form: the bits of the definition, in time that goes by what is reached."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import scalargrad as sg
from scalargrad.engine import backprop
from scalargrad.engine.backprop import carry_back, reverse_sweep
from scalargrad.engine.rows import RIGHT, rows_below
from scalargrad.engine.value import element_on


@given(
    st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30), st.integers(0, 2)), min_size=1, max_size=40),
    st.lists(st.integers(0, 2000), max_size=4),
)
def test_the_fast_sweep_gives_the_bits_of_the_definition(steps: list[tuple[int, int, int]], gaps: list[int]) -> None:
    values: list[Any] = [sg.Value(0.3), sg.Value(1.7)]
    for k, (i, j, kind) in enumerate(steps):
        a, b = values[-1 - i % len(values)], values[-1 - j % len(values)]
        values.append(a * 1.1 + 0.1 if kind == 0 else sg.sin(a) * b if kind == 1 else sg.Vector([a, b, a]).sum())
        for _ in range(gaps[k] if k < len(gaps) else 0):
            sg.Value(0.0)  # serials between that no row below has
    seeds = [(values[-1].row, 1.0), (values[len(values) // 2].row, 0.7), (values[0].row, 0.3)]
    slow, fast = reverse_sweep(seeds), carry_back(seeds)
    rows = [*rows_below([values[-1].row, values[len(values) // 2].row]), values[0].row, values[1].row]
    assert [slow.of(row) for row in rows] == [fast.of(row) for row in rows]


def test_operands_far_below_cost_what_is_reached() -> None:
    x = sg.Value(0.5)
    early = [x * float(i) for i in range(50)]
    for _ in range(20_000):
        sg.Value(0.0)
    y = x
    for each in early:
        y = y + each
    found = carry_back([(y.row, 1.0)])
    assert len(found) < 2000
    assert found.of(x.row) == 1.0 + sum(range(50))
    assert [found.of(each.row) for each in early] == [1.0] * 50


def test_a_row_far_below_that_is_reached_by_position_after_all_counts_once() -> None:
    x = sg.Value(0.5)
    farthest = x * 2.0
    for _ in range(20_000):
        sg.Value(0.0)
    far = x * 3.0
    for _ in range(100):
        sg.Value(0.0)
    chain = x * 5.0
    for _ in range(150):
        chain = chain * 1.0
    y = (chain + far) + farthest
    found = carry_back([(y.row, 1.0)])
    assert (found.of(far.row), found.of(farthest.row), found.of(x.row)) == (1.0, 1.0, 10.0)


# ---- Rows of many numbers --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sweeps", [backprop.fast_sweeps, []])
def test_what_reaches_many_numbers_adds_up_in_each_of_its_forms(sweeps: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backprop, "fast_sweeps", sweeps)
    m, v, w = sg.Variable([[1.0, 2.0], [3.0, 4.0]]), sg.Variable([5.0, 6.0]), sg.Variable([7.0, 8.0])
    (m @ v + m @ w + v @ m).sum().backward()  # products of numbers of two lists
    assert m.grad == [[17.0, 19.0], [18.0, 20.0]]
    for variable in (m, v, w):
        variable.grad = 0
    m[0].sum().backward()  # some elements of a leaf
    assert m.grad == [[1.0, 1.0], [0.0, 0.0]]
    m.grad = 0
    (sg.Matrix([v * 2.0, w * 3.0]) * m).sum().backward()  # rows that were joined
    assert (v.grad, w.grad, m.grad) == ([2.0, 4.0], [9.0, 12.0], [[10.0, 12.0], [21.0, 24.0]])
    v.grad = m.grad = 0
    (m * 2.0)[::-1][0][1].backward()  # an element of a row of a slice
    (v * 2.0)[::-1][:1].sum().backward()
    assert (v.grad, m.grad) == ([0.0, 2.0], [[0.0, 0.0], [0.0, 2.0]])
    m.grad = 0
    (m * 2.0).T[0].sum().backward()  # a row of a transpose
    assert m.grad == [[2.0, 0.0], [2.0, 0.0]]
    with sg.GradientTape() as tape:
        half = sg.Matrix([v * 2.0, sg.constant([1.0, 2.0])])
    assert tape.gradient(half, v) == [2.0, 2.0]


@pytest.mark.parametrize("sweeps", [backprop.fast_sweeps, []])
def test_a_constant_that_a_tape_watches_gets_no_grad(sweeps: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backprop, "fast_sweeps", sweeps)
    c = sg.Variable([1.0, 2.0], trainable=False)
    with sg.GradientTape() as tape:
        tape.watch(c)
        y = (c * c).sum()
    y.backward()
    assert c.grad == [0.0, 0.0]
    assert tape.gradient(y, c) == [2.0, 4.0]


@pytest.mark.parametrize("sweeps", [backprop.fast_sweeps, []])
def test_a_power_inside_a_softmax_passes_on_to_its_own_operand_alone(
    sweeps: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backprop, "fast_sweeps", sweeps)
    v = sg.Variable([1.0, 2.0])
    (parts,) = sg.softmax(v).row[RIGHT]
    (element_on(parts, 0) * 2.0).backward()
    assert v.grad == [2.0 * math.exp(-1.0), 0.0]


def test_a_matrix_gets_the_terms_of_products_and_of_reductions_together() -> None:
    w, x = sg.Variable([[1.0, 2.0], [3.0, 4.0]]), [0.5, -1.0]
    ((w @ x).sum() + w.norm() + w.prod()).backward()
    norm = 30.0**0.5
    wanted = [[0.5 + 1 / norm + 24.0, -1.0 + 2 / norm + 12.0], [0.5 + 3 / norm + 8.0, -1.0 + 4 / norm + 6.0]]
    assert w.grad == [pytest.approx(row, rel=1e-14) for row in wanted]


def test_a_target_that_was_joined_of_what_is_followed_and_what_is_not_passes_on_to_the_one() -> None:
    w = sg.Variable([1.0, 2.0])
    with sg.GradientTape() as tape:
        y = sg.concatenate([sg.constant([5.0]), w * 3.0])
    assert tape.gradient(y, w) == [3.0, 3.0]
    z = sg.concatenate([w * 1.0, sg.constant([5.0])])
    assert carry_back([(z.row, [1.0, 1.0, 1.0])]).of(w.row) == [1.0, 1.0]
