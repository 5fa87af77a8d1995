"""Random programs, losses and optimisers beside PyTorch and JAX, and code that is generated for Numba, JAX and Dask.

Collected only where these are installed (extras `engines` and `dask`).
"""

from __future__ import annotations

import math
import random
import types
from typing import TYPE_CHECKING, Any

import dask.array
import jax
import numba
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import scalargrad as sg
from scalargrad import nn, optim
from scalargrad.testing import programs
from scalargrad.testing.check_grads import Differences

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


# ---- Losses and optimisers -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("SGD", {"lr": 0.01, "weight_decay": 0.01}),
        ("SGD", {"lr": 0.001, "momentum": 0.9, "dampening": 0.1, "weight_decay": 0.001}),
        ("SGD", {"lr": 0.001, "momentum": 0.9, "nesterov": True}),
        ("Adam", {"lr": 0.01}),
        ("Adam", {"lr": 0.01, "betas": (0.3, 0.9), "eps": 1e-4, "weight_decay": 0.1}),
        ("Adam", {"lr": 0.01, "betas": (0.0, 0.5)}),
        ("RMSprop", {"lr": 0.01}),
        ("RMSprop", {"lr": 0.001, "alpha": 0.9, "momentum": 0.9, "weight_decay": 0.01}),
        ("RMSprop", {"lr": 0.001, "alpha": 0.3, "momentum": 0.9, "centered": True}),
    ],
)
def test_five_hundred_steps_are_those_of_pytorch(name: str, options: dict[str, Any]) -> None:
    # Numbers that stay away from 0, where what a fused multiply-add rounds otherwise would be large beside them.
    generator = random.Random(1)
    start = [generator.choice([-1, 1]) * generator.uniform(8, 16) for _ in range(40)]
    variable, tensor = sg.Variable(start), torch.tensor(start, dtype=torch.float64, requires_grad=True)
    ours, theirs = getattr(optim, name)([variable], **options), getattr(torch.optim, name)([tensor], **options)
    for _ in range(500):
        gradients = [generator.gauss(0, 1) * math.exp(generator.gauss(0, 1)) for _ in start]
        variable.grad = gradients
        ours.step()
        tensor.grad = torch.tensor(gradients, dtype=torch.float64)
        theirs.step()
        assert variable.tolist() == pytest.approx(tensor.tolist(), rel=1e-15, abs=0)


@pytest.mark.parametrize(
    "name", ["mse_loss", "l1_loss", "huber_loss", "binary_cross_entropy_with_logits", "cross_entropy"]
)
@given(st.lists(st.tuples(COORDINATES, st.integers(0, 100)), min_size=2, max_size=6))
def test_a_loss_and_its_gradient_are_those_of_pytorch(name: str, pairs: list[tuple[float, int]]) -> None:
    xs, targets = [x for x, _ in pairs], [t / 100 for _, t in pairs]
    vector, tensor = sg.Vector(map(sg.Value, xs)), torch.tensor(xs, dtype=torch.float64, requires_grad=True)
    ours = getattr(nn, name)(vector, targets)
    theirs = getattr(torch.nn.functional, name)(tensor, torch.tensor(targets, dtype=torch.float64))
    ours.backward()
    theirs.backward()
    assert ours.data == pytest.approx(float(theirs.detach()), rel=1e-14, abs=1e-15)
    assert vector.grad == pytest.approx(tensor.grad.tolist(), rel=1e-14, abs=1e-15)


def test_a_norm_clipped_in_place_is_that_of_pytorch() -> None:
    vector, tensor = sg.Vector(map(sg.Value, [1.0, 2.0])), torch.tensor([1.0, 2.0], dtype=torch.float64)
    vector.grad = [3.0, 4.5]
    tensor.grad = torch.tensor([3.0, 4.5], dtype=torch.float64)
    norm = torch.nn.utils.clip_grad_norm_([tensor], 2.0)
    assert optim.clip_grad_norm_([vector], 2.0) == pytest.approx(float(norm), rel=1e-15)
    assert vector.grad == pytest.approx(tensor.grad.tolist(), rel=1e-15)


# ---- Code for engines: Numba, JAX's arrays ---------------------------------------------------------------------------


@settings(max_examples=10)
@given(data=st.data())
def test_numba_compiles_what_is_generated(data: st.DataObject) -> None:
    program = data.draw(programs(branches=True, loops=True, max_steps=4, max_inputs=2))
    function = sg.value_and_grad(program, argnums=tuple(range(program.arity)))
    fast, plain = sg.compile(function, decorate=numba.njit), sg.compile(function)
    for point in data.draw(st.lists(st.tuples(*[COORDINATES] * program.arity), min_size=1, max_size=3)):
        for _ in range(2):
            (value, gradient), (expected, slopes) = fast(*point), plain(*point)
            assert value == pytest.approx(expected, rel=1e-12, abs=1e-12)
            assert gradient == pytest.approx(slopes, rel=1e-12, abs=1e-12)


def test_what_numba_lacks_is_told_in_a_sentence() -> None:
    with pytest.raises(TypeError, match=r"does not take the code generated from cbrt: .*cbrt"):
        sg.compile(sg.cbrt, decorate=numba.njit)(2.0)


def test_jax_takes_the_code_for_arrays_inside_jit_too() -> None:
    def function(x: Any, k: Any) -> Any:
        return sg.log(x) * x + sg.relu(x - 1) if x > k else sg.exp(x) ** 0.5

    compiled = sg.compile(sg.value_and_grad(function), arrays=jax.numpy)
    xs = [0.1, 0.7, 1.3, 2.9]
    for call in (compiled, jax.jit(lambda x, k: compiled(x, k))):
        values, slopes = call(jax.numpy.asarray(xs), 1.2)
        for i, x in enumerate(xs):
            expected, slope = sg.value_and_grad(function)(x, 1.2)
            assert float(values[i]) == pytest.approx(expected, rel=1e-12)
            assert float(slopes[i]) == pytest.approx(slope, rel=1e-12)


def test_dask_takes_it_lazily() -> None:
    compiled = sg.compile(sg.value_and_grad(lambda w, x: (w * x - 1) ** 2 if x > 0 else w), arrays=dask.array)
    x = dask.array.from_array([1.0, 2.0, -1.0, 3.0], chunks=2)
    values, slopes = compiled(2.0, x)
    assert values.compute().tolist() == [1.0, 9.0, 2.0, 25.0]
    assert slopes.compute().tolist() == [2.0, 12.0, 1.0, 30.0]


def test_a_path_that_numba_does_not_take_is_an_error_that_names_what_it_lacks() -> None:
    compiled = sg.compile(lambda x: x * 2 if x < 1 else sg.cbrt(x), decorate=numba.njit)
    assert compiled(0.5) == 1.0
    with pytest.raises(TypeError, match=r"does not take the code .*cbrt"):
        compiled(8.0)
