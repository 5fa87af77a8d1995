"""Random programs beside PyTorch and JAX: gradients that differ by no more than rounding explains.

Collected only where both are installed (extra `engines`).
"""

from __future__ import annotations

import math
import types
from typing import TYPE_CHECKING, Any

import jax
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import scalargrad as sg
from scalargrad.check import Differences
from scalargrad.testing import programs

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from scalargrad.testing import Program

ROUNDINGS = 8  # of each number on the way, ours and theirs together
COORDINATES = st.integers(-4000, 4000).map(lambda k: k / 1000)

jax.config.update("jax_enable_x64", True)
MATH_OF_JAX = types.ModuleType("math_of_jax")
vars(MATH_OF_JAX).update(vars(jax.numpy), erf=jax.scipy.special.erf)


def gradient_by_torch(program: Program, point: Sequence[float]) -> list[float]:
    leaves = [torch.tensor(x, dtype=torch.float64, requires_grad=True) for x in point]
    program(*leaves, math=torch).backward()
    return [float(leaf.grad) if leaf.grad is not None else 0.0 for leaf in leaves]


def gradient_by_jax(program: Program, point: Sequence[float]) -> list[float]:
    function: Any = lambda *xs: program(*xs, math=MATH_OF_JAX)  # noqa: E731
    return [*map(float, jax.grad(function, argnums=tuple(range(len(point))))(*point))]


def effect_of_rounding(program: Program, point: Sequence[float]) -> list[float]:
    """How far an ulp of each number, in the forward and in the backward pass, moves each entry of the gradient."""
    return Differences(sg.grad(program, argnums=tuple(range(program.arity))), point).noise


@pytest.mark.parametrize("engine", [gradient_by_torch, gradient_by_jax])
@given(data=st.data())
def test_a_gradient_differs_by_no_more_than_rounding_explains(
    engine: Callable[[Program, Sequence[float]], list[float]], data: st.DataObject
) -> None:
    program = data.draw(programs(branches=True))
    point = tuple(data.draw(COORDINATES) for _ in range(program.arity))
    leaves = [sg.Value(x) for x in point]
    program(*leaves).backward()
    if any(program.source.count(kink) for kink in ("max", "min", "abs", "if")) and not is_off_the_kinks(program, point):
        return
    for leaf, theirs, moved in zip(leaves, engine(program, point), effect_of_rounding(program, point)):
        assert abs(leaf.grad - theirs) <= ROUNDINGS * moved


def is_off_the_kinks(program: Program, point: Sequence[float]) -> bool:
    """Whether the function is smooth between the point and others a little beside it: each engine has its own taste."""
    gradient = sg.grad(program, argnums=tuple(range(program.arity)))
    around = [gradient(*[x * (1 + side * 1e-9) + side * 1e-9 for x in point]) for side in (-1, 1)]
    return all(math.isclose(a, b, rel_tol=1e-4, abs_tol=1e-6) for a, b in zip(*around))
