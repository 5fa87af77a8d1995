"""TeX in labels: its plain signs, and its length when it is set."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scalargrad.graph.tex import LONGEST_NAME, set_length, shortened, without_tex


@pytest.mark.parametrize(
    ("text", "plain", "length"),
    [
        ("x_1", "x_1", 3),
        ("$5 and $6", "$5 and $6", 9),
        ("$x_1$", "x₁", 2),
        (r"$w$[0] and $\alpha^2$", "w[0] and α²", 11),
        (r"$\mathbf{x}^T \nabla f$", "xᵀ ∇f", 5),
        (r"$\vec v \cdot \tilde{u}$", "v\u20d7 ·u\u0303", 5),
        (r"$\mathrm{out}$", "out", 4),
        (r"$\frac{\partial f}{\partial x}$", "∂f/∂x", 5),
        (r"$\sqrt{x}$", r"$\sqrt{x}$", 2),
        (r"$x_{\hat y}$", r"$x_{\hat y}$", 3),
    ],
)
def test_tex_has_plain_signs_and_a_length(text: str, plain: str, length: int) -> None:
    assert without_tex(text) == plain
    assert set_length(text) == length


@given(st.text())
def test_any_text_gives_text(text: str) -> None:
    assert isinstance(without_tex(text), str)
    assert 0 <= set_length(text) <= len(text)
    assert len(shortened(text)) <= LONGEST_NAME
