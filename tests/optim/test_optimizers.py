"""Optimisers: steps against closed forms, states, and what a failed step leaves."""

from __future__ import annotations

import copy
import math
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mpmath import mp

import scalargrad as sg
from scalargrad import optim

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

exact = st.fractions(-4, 4, max_denominator=9)
parts = st.fractions(0, Fraction(9, 10), max_denominator=10)
gradients = st.lists(st.floats(0.01, 10) | st.floats(-10, -0.01), min_size=1, max_size=12)


def run(optimizer: optim.Optimizer, x: Any, gradients: Sequence[Any]) -> Any:
    for gradient in gradients:
        optimizer.apply_gradients([(gradient, x)])
    return x.data


# ---- Steps against closed forms --------------------------------------------------------------------------------------


@given(exact, st.lists(exact, min_size=1, max_size=6), parts, parts, parts)
def test_sgd_with_exact_numbers_is_its_closed_form(
    x0: Fraction, gs: list[Fraction], lr: Fraction, momentum: Fraction, dampening: Fraction
) -> None:
    def buffer(t: int) -> Fraction:
        later = sum((momentum ** (t - i) * gs[i] for i in range(1, t + 1)), Fraction(0))
        return momentum**t * gs[0] + (1 - dampening) * later

    steps = range(len(gs))
    plain = x0 - lr * sum(gs)
    assert run(optim.SGD(lr=lr), sg.Value(x0), gs) == plain
    damped = optim.SGD(lr=lr, momentum=momentum, dampening=dampening)
    assert run(damped, sg.Value(x0), gs) == (x0 - lr * sum(map(buffer, steps)) if momentum else plain)
    if momentum:
        dampening = Fraction(0)
        ahead = sum(gs[t] + momentum * buffer(t) for t in steps)
        assert run(optim.SGD(lr=lr, momentum=momentum, nesterov=True), sg.Value(x0), gs) == x0 - lr * ahead


@given(exact, parts, parts, st.integers(0, 5))
def test_weight_decay_shrinks_a_number_without_a_gradient(
    x0: Fraction, lr: Fraction, decay: Fraction, steps: int
) -> None:
    x = sg.Value(x0)
    assert run(optim.SGD(lr=lr, weight_decay=decay), x, [0] * steps) == x0 * (1 - lr * decay) ** steps


@pytest.mark.parametrize("kind", [optim.SGD, optim.Adam, optim.RMSProp])
@given(gradients)
def test_weight_decay_is_a_gradient_of_its_own(kind: type[Any], gs: list[float]) -> None:
    x, y = sg.Value(20.0), sg.Value(20.0)
    decaying, plain = kind(lr=0.1, weight_decay=0.25), kind(lr=0.1)
    for g in gs:
        decaying.apply_gradients([(g, x)])
        plain.apply_gradients([(g + 0.25 * y.data, y)])
    assert x.data == y.data


def test_options_that_are_not_given_are_those_of_pytorch() -> None:
    def options(optimizer: optim.Optimizer) -> dict[str, Any]:
        own = {"states", "places", "iterations", "slots"}
        return {name: option for name, option in vars(optimizer).items() if name not in own}

    assert options(optim.Optimizer()) == {"lr": 1e-3}
    momentum = {"momentum": 0, "dampening": 0, "nesterov": False}
    assert options(optim.SGD()) == {"lr": 1e-3, "weight_decay": 0, **momentum}
    adam = {"lr": 1e-3, "betas": (0.9, 0.999), "eps": 1e-8}
    assert options(optim.Adam()) == {**adam, "weight_decay": 0}
    assert options(optim.AdamW()) == {**adam, "weight_decay": 1e-2}
    common = {"lr": 1e-2, "alpha": 0.99, "eps": 1e-8, "weight_decay": 0}
    assert options(optim.RMSProp()) == {**common, "momentum": 0, "centered": False}


def average(beta: float, numbers: Sequence[mp.mpf]) -> mp.mpf:
    """The exponential average as a sum, beginning at 0."""
    last = len(numbers) - 1
    return (1 - mp.mpf(beta)) * mp.fsum(mp.mpf(beta) ** (last - i) * g for i, g in enumerate(numbers))


@given(gradients, st.sampled_from([(0.9, 0.999), (0.0, 0.5), (0.25, 0.75)]))
def test_adam_is_its_closed_form(gs: list[float], betas: tuple[float, float]) -> None:
    with mp.workdps(50):
        expected, g = mp.mpf(20), [*map(mp.mpf, gs)]
        for t in range(1, len(g) + 1):
            mean = average(betas[0], g[:t]) / (1 - mp.mpf(betas[0]) ** t)
            square = average(betas[1], [x * x for x in g[:t]]) / (1 - mp.mpf(betas[1]) ** t)
            expected -= mp.mpf(0.01) * mean / (mp.sqrt(square) + mp.mpf(1e-8))
        found = run(optim.Adam(lr=0.01, betas=betas), sg.Value(20.0), gs)
        assert abs(found - expected) <= 1e-15 * abs(expected)


@given(gradients, st.sampled_from([0.0, 0.9]))
def test_rmsprop_is_its_closed_form(gs: list[float], momentum: float) -> None:
    with mp.workdps(50):
        expected, buffer, g = mp.mpf(200), mp.mpf(0), [*map(mp.mpf, gs)]
        for t in range(1, len(g) + 1):
            square = average(0.99, [x * x for x in g[:t]])
            buffer = mp.mpf(momentum) * buffer + g[t - 1] / (mp.sqrt(square) + mp.mpf(1e-8))
            expected -= mp.mpf(0.01) * buffer
        found = run(optim.RMSProp(lr=0.01, momentum=momentum), sg.Value(200.0), gs)
        assert abs(found - expected) <= 1e-15 * abs(expected)


@pytest.mark.parametrize("g", [0.5, -3.0])
def test_centered_rmsprop_divides_by_the_deviation(g: float) -> None:
    # After t equal gradients, v is (1 - alpha**t) g**2, and v less the square of the mean is alpha**t v.
    x, alpha = 200.0, 0.75
    for t in range(1, 6):
        x -= 0.01 * g / (abs(g) * math.sqrt((1 - alpha**t) * alpha**t) + 1e-8)
    found = run(optim.RMSprop(lr=0.01, alpha=alpha, centered=True), sg.Value(200.0), [g] * 5)
    assert found == pytest.approx(x, rel=1e-15)


def test_a_variance_that_rounds_below_zero_counts_as_zero() -> None:
    x = sg.Value(1.0)
    optimizer = optim.RMSProp([x], lr=0.5, centered=True, eps=0.25)
    optimizer.load_state_dict({"optimizer": "RMSProp", "iterations": 1, "states": [[1.0, 2.0, 0.0]]})
    x.grad = 0.125
    optimizer.step()
    assert x.data == 1.0 - 0.5 * 0.125 / 0.25


@pytest.mark.parametrize("g", [0.1, 0.2])
def test_centered_rmsprop_stays_finite_on_a_constant_gradient(g: float) -> None:
    optimizer, state, x, below = optim.RMSProp(centered=True), (), 0.0, 0
    for _ in range(10_000):
        x, state = optimizer.update(x, g, state, 0.01)
        square, mean, _ = state
        below += square < mean * mean
    assert below > 0  # or else this shows nothing
    assert math.isfinite(x)


def test_a_gradient_of_nan_stays_nan_in_rmsprop() -> None:
    for centered in (False, True):
        assert math.isnan(optim.RMSProp(centered=centered).update(1.0, math.nan, (), 0.1)[0])


KERAS = [
    (optim.Optimizer, {"learning_rate": 0.25}, {"lr": 0.25}),
    (optim.SGD, {"learning_rate": 0.25, "momentum": 0.5}, {"lr": 0.25, "momentum": 0.5}),
    (optim.Adam, {"learning_rate": 0.25, "beta_1": 0.5}, {"lr": 0.25, "betas": (0.5, 0.999)}),
    (optim.Adam, {"beta_2": 0.5, "epsilon": 1e-7}, {"betas": (0.9, 0.5), "eps": 1e-7}),
    (
        optim.AdamW,
        {"learning_rate": 0.25, "beta_1": 0.5, "epsilon": 1e-7},
        {"lr": 0.25, "betas": (0.5, 0.999), "eps": 1e-7},
    ),
    (optim.RMSProp, {"learning_rate": 0.25, "rho": 0.5, "epsilon": 1e-7}, {"lr": 0.25, "alpha": 0.5, "eps": 1e-7}),
]


@pytest.mark.parametrize(("kind", "by_keras", "by_pytorch"), KERAS)
def test_options_are_understood_by_the_names_of_keras_too(
    kind: type[Any], by_keras: dict[str, Any], by_pytorch: dict[str, Any]
) -> None:
    assert vars(kind(**by_keras)) == vars(kind(**by_pytorch))


@pytest.mark.parametrize(
    ("kind", "options", "names"),
    [
        (optim.SGD, {"lr": 1e-3, "learning_rate": 1e-3}, "lr and learning_rate"),
        (optim.Adam, {"lr": lambda _: 0.1, "learning_rate": 0.2}, "lr and learning_rate"),
        (optim.Adam, {"betas": (0.9, 0.999), "beta_1": 0.9}, "betas and beta_1"),
        (optim.Adam, {"betas": (0.9, 0.999), "beta_2": 0.9}, "betas and beta_2"),
        (optim.Adam, {"eps": 1e-8, "epsilon": 1e-8}, "eps and epsilon"),
        (optim.RMSProp, {"alpha": 0.99, "rho": 0.99}, "alpha and rho"),
        (optim.RMSProp, {"eps": 1e-8, "epsilon": 1e-8}, "eps and epsilon"),
    ],
)
def test_an_option_given_by_both_of_its_names_is_refused(kind: type[Any], options: Any, names: str) -> None:
    with pytest.raises(TypeError, match=rf"^{names} are two names of one option, got .* and .*; give one$"):
        kind(**options)


def test_the_learning_rate_can_be_read_and_set_by_either_name() -> None:
    optimizer = optim.SGD(learning_rate=0.5)
    assert (optimizer.lr, optimizer.learning_rate) == (0.5, 0.5)
    optimizer.learning_rate = 0.25
    assert (optimizer.lr, optimizer.current_lr()) == (0.25, 0.25)


def test_defaults_are_plain_numbers_in_an_optimiser() -> None:
    for kind in (optim.SGD, optim.Adam, optim.RMSProp):
        for option in vars(kind()).values():
            assert all(
                type(x) is not optim.optimizers.Default
                for x in [option, *(option if isinstance(option, tuple) else ())]
            )


@pytest.mark.parametrize("kind", [optim.SGD, optim.Adam, optim.RMSProp])
@pytest.mark.parametrize("gradient", [math.inf, math.nan, 1e300])
def test_a_gradient_beyond_all_bounds_is_no_error(kind: type[optim.Optimizer], gradient: float) -> None:
    x = sg.Value(1.0)
    kind(lr=1.0).apply_gradients([(gradient, x)])
    # The square of 1e300 is infinite, and a quotient by it is 0.
    expected = 1.0 - gradient if kind is optim.SGD else 1.0 if gradient == 1e300 else math.nan
    assert x.data == pytest.approx(expected, rel=0, nan_ok=True)


@pytest.mark.parametrize(
    "make",
    [
        lambda p: optim.SGD(p, 0.1, momentum=0.9, nesterov=True, weight_decay=1e-3),
        lambda p: optim.Adam(p, 0.1, weight_decay=1e-3),
        lambda p: optim.RMSProp(p, 0.02, momentum=0.5, centered=True, weight_decay=1e-3),
    ],
)
def test_weights_that_decay_go_where_a_penalty_would_send_them(make: Callable[[Any], optim.Optimizer]) -> None:
    x = sg.Value(3.0)
    optimizer = make([x])
    for _ in range(600):
        optimizer.zero_grad()
        ((x - 1) ** 2).backward()
        optimizer.step()
    assert x.data == pytest.approx(1.0, abs=0.1)


@given(gradients, st.sampled_from([0.0, 0.01, 0.5]))
def test_adamw_takes_the_decay_off_before_it_does_what_adam_does(gs: list[float], decay: float) -> None:
    x, y = sg.Value(20.0), sg.Value(20.0)
    apart, adam = optim.AdamW(lr=0.125, weight_decay=decay), optim.Adam(lr=0.125)
    for g in gs:
        apart.apply_gradients([(g, x)])
        y.data = y.data * (1 - 0.125 * decay)
        adam.apply_gradients([(g, y)])
    assert x.data == y.data


# ---- Whole variables -------------------------------------------------------------------------------------------------


def one_by_one(kind: type[Any]) -> type[Any]:
    """An optimiser with the same formula, applied to one number at a time."""

    class OneByOne(kind):  # type: ignore[misc]
        def update(self, *args: Any) -> Any:
            return super().update(*args)

    return OneByOne


KINDS: list[tuple[type[Any], dict[str, Any]]] = [
    (optim.SGD, {}),
    (optim.SGD, {"weight_decay": 0.25}),
    (optim.SGD, {"momentum": 0.9, "dampening": 0.5}),
    (optim.SGD, {"momentum": 0.9, "nesterov": True}),
    (optim.Adam, {}),
    (optim.Adam, {"betas": (0.25, 0.5), "weight_decay": 0.25}),
    (optim.AdamW, {"weight_decay": 0.25}),
    (optim.RMSProp, {"momentum": 0.5}),
]


@pytest.mark.parametrize(("kind", "options"), KINDS)
@given(data=st.data())
def test_a_step_of_whole_variables_is_that_of_each_number_to_the_bit(
    kind: type[Any], options: dict[str, Any], data: st.DataObject
) -> None:
    numbers = st.floats(-5, 5)
    start = data.draw(st.lists(numbers, min_size=9, max_size=9))
    found = []
    for each in (kind, one_by_one(kind)):
        m, v, x = sg.Variable([start[:3], start[3:6]]), sg.Variable(start[6:8]), sg.Value(start[8])
        found.append((each([m, v, x], lr=0.125, **options), m, v, x))
    for _ in range(data.draw(st.integers(1, 4))):
        gs = data.draw(st.lists(numbers, min_size=9, max_size=9))
        for optimizer, m, v, x in found:
            m.grad, v.grad, x.grad = [gs[:3], gs[3:6]], gs[6:8], gs[8]
            optimizer.step()
    (first, *one), (second, *other) = found
    assert [x.tolist() for x in one[:2]] == [x.tolist() for x in other[:2]]
    assert one[2].data == other[2].data
    assert first.state_dict()["states"] == second.state_dict()["states"]


@pytest.mark.parametrize(("kind", "options"), KINDS)
@pytest.mark.parametrize(
    "params", [lambda m, v: [m, v], lambda m, v: [*reversed([*m[0], *m[1]]), *v], lambda m, v: [v, m[1], m]]
)
def test_all_elements_of_a_variable_are_the_variable(kind: type[Any], options: dict[str, Any], params: Any) -> None:
    m, v = sg.Variable([[1.0, 2.0], [3.0, 4.0]]), sg.Variable([5.0, 6.0])
    optimizer = kind(params(m, v), lr=0.125, **options)
    assert {*optimizer.places.items()} == {(m, None), (v, None)}
    twin = sg.Variable(m), sg.Variable(v)
    expected = kind([*twin], lr=0.125, **options)
    for _ in range(3):
        for a, b in ((m, v), twin):
            a.grad, b.grad = [[1.0, -1.0], [0.5, 2.0]], [3.0, -4.0]
        optimizer.step()
        expected.step()
    assert (m, v) == twin


@pytest.mark.parametrize(("kind", "options"), KINDS)
def test_some_elements_of_a_variable_are_updated_alone(kind: type[Any], options: dict[str, Any]) -> None:
    m, x, y = sg.Variable([[1.0, 2.0], [3.0, 4.0]]), sg.Value(1.0), sg.Value(4.0)
    optimizer, expected = kind([m[1, 1], m[0, 0]], lr=0.125, **options), kind([x, y], lr=0.125, **options)
    assert repr(optimizer).endswith("of 2 parameters after 0 steps")
    for _ in range(2):
        m.grad = [[0.5, 9.0], [9.0, -2.0]]
        x.grad, y.grad = 0.5, -2.0
        optimizer.step()
        expected.step()
    assert m == [[x.data, 2.0], [3.0, y.data]]
    assert optimizer.state_dict() == {**expected.state_dict(), "shapes": [[2]]}
    other = kind([m[0, 0], m[1, 1]], lr=0.125, **options)
    other.load_state_dict(optimizer.state_dict())
    assert other.state_dict() == optimizer.state_dict()
    optimizer.zero_grad()
    assert m.grad == [[0.0, 9.0], [9.0, 0.0]]


@pytest.mark.parametrize(("kind", "options"), KINDS)
def test_the_state_of_an_element_is_its_own_however_it_is_given(kind: type[Any], options: dict[str, Any]) -> None:
    w, x, y = sg.Variable([1.0, 2.0]), sg.Value(1.0), sg.Value(2.0)
    together, apart = kind(lr=0.125, **options), kind(lr=0.125, **options)
    together.apply_gradients([(0.5, w[0])])
    apart.apply_gradients([(0.5, x)])
    assert together.places == {w: [0]}
    together.apply_gradients([([1.0, 2.0], w)])
    apart.apply_gradients([(1.0, x), (2.0, y)])
    assert together.places == {w: None}
    together.apply_gradients([(-3.0, w[1])])
    apart.apply_gradients([(-3.0, y)])
    assert w == [x.data, y.data]
    assert together.state_dict() == apart.state_dict()


def test_a_vector_of_leaves_has_its_gradients_in_its_own_order() -> None:
    w, x = sg.Variable([1.0, 2.0]), sg.Value(3.0)
    optim.SGD(lr=1.0).apply_gradients([([10.0, 20.0, 30.0], sg.Vector([w[1], x, w[0]]))])
    assert (w.tolist(), x.data) == ([-29.0, -8.0], -17.0)


def test_a_gradient_of_a_tape_updates_a_matrix() -> None:
    m = sg.Variable([[1.0, 2.0], [3.0, 4.0]])
    with sg.GradientTape() as tape:
        loss = (m * m).sum()
    optimizer = optim.SGD(lr=0.25)
    optimizer.apply_gradients([(tape.gradient(loss, m), m)])
    assert m == [[0.5, 1.0], [1.5, 2.0]]
    optimizer.apply_gradients([(np.ones((2, 2)), m)])
    assert m == [[0.25, 0.75], [1.25, 1.75]]


def test_states_of_any_length_are_kept() -> None:
    class Counting(optim.Optimizer):
        def update(self, x: Any, gradient: Any, state: Any, lr: Any) -> Any:
            return x - lr * gradient, (*state, gradient) if gradient else state

    w, x = sg.Variable([1.0, 2.0]), sg.Value(3.0)
    optimizer = Counting([w, x], lr=0.5)
    for gs in ([0.0, 0.0], 0.0), ([1.0, 0.0], 0.0), ([2.0, 0.0], 5.0):
        w.grad, x.grad = gs
        optimizer.step()
    assert optimizer.state_dict()["states"] == [[1.0, 2.0], [], [5.0]]
    optimizer.apply_gradients([(3.0, w[0])])
    assert optimizer.state_dict()["states"] == [[1.0, 2.0, 3.0], [], [5.0]]


def test_the_states_of_matrices_tell_their_shapes() -> None:
    m, x = sg.Variable([[1.0, 2.0]]), sg.Value(1.0)
    optimizer = optim.Adam([m, x])
    optimizer.step()
    state = optimizer.state_dict()
    assert state["shapes"] == [[1, 2], []]
    later = optim.Adam([m, x])
    later.load_state_dict(state)
    assert later.state_dict() == state
    with pytest.raises(
        ValueError, match=r"expected the states of shapes \[\[2, 1\], \[\]\], got \[\[1, 2\], \[\]\]; give Adam"
    ):
        optim.Adam([sg.Variable([[1.0], [2.0]]), x]).load_state_dict(state)
    del state["shapes"]
    with pytest.raises(ValueError, match=r"got those of release 0\.1, which are in another order; start with a new"):
        later.load_state_dict(state)


def test_an_optimiser_that_release_0_1_pickled_goes_on() -> None:
    w, x = sg.Variable([1.0, 2.0]), sg.Value(3.0)
    new = optim.SGD([w, x], lr=0.5, momentum=0.5)
    old = {**vars(new), "states": {w[0]: (1.0,), w[1]: (), x: (3.0,)}}
    del old["places"]
    optimizer = optim.SGD.__new__(optim.SGD)
    optimizer.__setstate__(old)
    assert optimizer.state_dict()["states"] == [[1.0], [], [3.0]]
    optimizer.step()
    assert (w.tolist(), x.data) == ([0.75, 2.0], 2.25)


def test_a_copy_of_a_model_and_its_optimiser_goes_on_by_itself() -> None:
    m = sg.Variable([[1.0, 2.0]])
    optimizer = optim.Adam([m])
    m.grad = 1.0
    optimizer.step()
    other, later = copy.deepcopy((m, optimizer))
    before = m.tolist()
    later.step()
    assert m == before
    optimizer.step()
    assert m == other


# ---- PyTorch's way and Keras's ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [optim.SGD, optim.Adam, optim.RMSProp])
def test_both_ways_make_the_same_steps(kind: type[optim.Optimizer]) -> None:
    def loss(w: Any, b: Any) -> Any:
        return (w * w).sum() * b + b * b

    w, b, v, c = sg.Variable([1.0, 2.0]), sg.Variable(3.0), sg.Variable([1.0, 2.0]), sg.Variable(3.0)
    first, second = kind([*w, b], lr=0.125), kind(lr=0.125)
    for _ in range(5):
        first.zero_grad()
        loss(w, b).backward()
        first.step()
        with sg.GradientTape() as tape:
            error = loss(v, c)
        second.apply_gradients(zip(tape.gradient(error, [v, c]), [v, c]))
    assert w == v
    assert b == c
    assert first.state_dict() == second.state_dict()
    assert first.iterations == 5


def test_parameters_are_values_variables_and_vectors_and_each_counts_once() -> None:
    x, v, w = sg.Value(1.0), sg.Vector([sg.Value(1.0), sg.Value(1.0)]), sg.Variable([1.0, 1.0])
    for leaf in (x, *v, *w):
        leaf.grad = 1.0
    optim.SGD((p for p in (x, v, w, x, w[0])), lr=0.25).step()
    assert [x.data, *v.tolist(), *w.tolist()] == [0.75] * 5
    optim.SGD(w, lr=0.25).step()
    assert w == [0.5, 0.5]


def test_gradients_are_numbers_values_lists_and_arrays() -> None:
    x, w = sg.Variable(1.0), sg.Variable([1.0, 1.0])
    optimizer = optim.SGD(lr=0.25)
    for gradient in ([1.0, 1], (sg.Value(1.0), sg.constant(1.0)), np.array([1.0, 1.0]), sg.Vector([1.0, 1.0])):
        optimizer.apply_gradients([(gradient, w), (gradient[0], x)])
    assert [x.data, *w.tolist()] == [0.0, 0.0, 0.0]


def test_a_step_is_one_assignment_and_derivatives_recorded_before_stay() -> None:
    w = sg.Variable([1.0, 2.0])
    loss = (w * w).sum()
    optim.SGD(lr=1.0).apply_gradients([([1.0, 1.0], w)])
    loss.backward()
    assert w.grad == [2.0, 4.0]


@pytest.mark.parametrize(
    "pairs",
    [
        lambda x, w: [([1.0, 1.0], w), (None, x)],
        lambda x, w: [([1.0, 1.0], w), ("text", x)],
        lambda x, w: [([1.0, "text"], w)],
        lambda x, w: [([1.0, 1.0], w), (1.0, w[0])],
        lambda x, w: [([1.0, 1.0], w), (1.0, x * 2)],
        lambda x, w: [([1.0, 1.0], w), (10**400, x)],
    ],
)
def test_a_step_that_fails_leaves_all_as_it_was(pairs: Callable[[Any, Any], Any]) -> None:
    x, w = sg.Variable(1.0), sg.Variable([2.0, 3.0])
    optimizer = optim.SGD(lr=0.5, momentum=0.5)
    optimizer.apply_gradients([(1.0, x)])
    before = optimizer.state_dict(), x.data, w.tolist()
    with pytest.raises((TypeError, ValueError, OverflowError)):
        optimizer.apply_gradients(pairs(x, w))
    assert (optimizer.state_dict(), x.data, w.tolist()) == before


def test_a_compiled_function_takes_no_step() -> None:
    w = sg.Variable([1.0])
    with pytest.raises(TypeError, match="in a compiled function"):
        sg.compile(lambda x: optim.SGD().apply_gradients([([x], w)]))(2.0)
    assert w == [1.0]


# ---- States ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [optim.SGD, optim.Adam, optim.RMSProp])
@given(gs=st.lists(st.floats(-10, 10), min_size=2, max_size=8), data=st.data())
def test_a_state_goes_on_where_it_was_saved(kind: type[optim.Optimizer], gs: list[float], data: st.DataObject) -> None:
    options: Any = {} if kind is optim.Adam else {"momentum": 0.5}
    stop = data.draw(st.integers(0, len(gs)))
    x = sg.Value(20.0)
    straight = run(kind([x], 0.1, **options), x, gs)
    x = sg.Value(20.0)
    first, second = kind([x], 0.1, **options), kind([x], 0.1, **options)
    run(first, x, gs[:stop])
    second.load_state_dict(first.state_dict())
    assert run(second, x, gs[stop:]) == straight
    assert second.iterations == len(gs)


STATE = {"optimizer": "SGD", "iterations": 1, "states": [[2.0]]}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"optimizer": "Adam"}, "expected the state of SGD, got that of Adam"),
        ({"more": 1}, r"expected the state_dict\(\) of an optimiser, got \{"),
        ({"iterations": 1.0}, r"expected a number of steps and a list of states, got 1\.0 and"),
        ({"iterations": -1}, r"expected a number of steps and a list of states, got -1 and"),
        ({"states": None}, r"expected a number of steps and a list of states, got 1 and None"),
        (
            {"states": [[], []]},
            r"expected the states of 1 parameter, got 2; give SGD the parameters that were saved, in their order",
        ),
        (
            {"states": [[1.0, 2.0]]},
            r"expected a list of one number for a parameter of SGD with these options, got \[1\.0, 2\.0\]",
        ),
        ({"states": [3.0]}, r"expected a list of one number for a parameter of SGD with these options, got 3\.0"),
        ({"states": [["text"]]}, r"expected a real number in a state, got 'text' \(str\)"),
    ],
)
def test_a_state_that_does_not_fit_is_refused_whole(change: dict[str, Any], said: str) -> None:
    optimizer = optim.SGD([sg.Value(1.0)], momentum=0.5)
    before = optimizer.state_dict()
    with pytest.raises((TypeError, ValueError), match=said):
        optimizer.load_state_dict({**STATE, **change})
    assert optimizer.state_dict() == before
    with pytest.raises(ValueError, match=r"expected the state_dict\(\) of an optimiser, got None"):
        optimizer.load_state_dict(None)  # type: ignore[arg-type]


# ---- Learning rates --------------------------------------------------------------------------------------------------


def test_a_schedule_gives_the_rate_of_each_step() -> None:
    x = sg.Value(0.0)
    optimizer = optim.SGD([x], lr=lambda step: 2.0**-step)
    assert run(optimizer, x, [-1.0] * 4) == 1 + 0.5 + 0.25 + 0.125
    optimizer.lr = 1.0
    assert run(optimizer, x, [1.0]) == 0.875


def test_a_rate_that_goes_wrong_later_is_refused_then() -> None:
    x = sg.Value(1.0)
    optimizer = optim.SGD([x], lr=lambda step: 1.0 - step)
    run(optimizer, x, [1.0, 1.0])
    for lr in (optimizer.lr, math.nan):
        optimizer.lr = lr
        with pytest.raises(ValueError, match=r"lr is 0 or more and finite, not (-1\.0|nan)"):
            run(optimizer, x, [1.0])
    assert x.data == 0.0


# ---- One's own -------------------------------------------------------------------------------------------------------


def test_an_optimiser_of_ones_own_defines_update_alone() -> None:
    with pytest.raises(NotImplementedError, match=r"Optimizer defines no update\(x, gradient, state, lr\)"):
        optim.Optimizer([sg.Value(1.0)]).step()


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: optim.clip_grad_norm_(sg.Value(1.0), 1.0), r"clip_grad_norm_ takes a list, not Value\(1\.0\)"),
        (lambda: optim.clip_by_global_norm(3.0, 1.0), r"clip_by_global_norm takes a list, not 3\.0 \(float\)"),
        (
            lambda: optim.SGD(lr=0.1).apply_gradients([1, 2]),
            "apply_gradients takes pairs of a gradient and its variable",
        ),
    ],
)
def test_what_is_no_list_is_told(call: Any, words: str) -> None:
    with pytest.raises(TypeError, match=words):
        call()


def test_an_optimiser_shows_what_it_is() -> None:
    optimizer = optim.Adam([sg.Variable([1.0, 2.0])], lr=0.5)
    assert repr(optimizer) == "Adam(lr=0.5) of 2 parameters after 0 steps"


def test_an_optimiser_of_ones_own_takes_its_own_options() -> None:
    class Scaled(optim.Optimizer):
        def __init__(self, params: Any, **options: Any) -> None:
            self.scale = options.pop("scale")
            super().__init__(params, **options)

    assert Scaled([], scale=2.0, lr=0.5).scale == 2.0
    with pytest.raises(TypeError, match="unexpected keyword argument 'momentum'"):
        Scaled([], scale=2.0, momentum=0.5)


def test_a_step_of_a_matrix_takes_none_of_its_elements_apart() -> None:
    w = sg.Variable([[1.0, 2.0], [3.0, 4.0]])
    with sg.GradientTape() as tape:
        loss = (w * w).sum()
    optim.SGD(lr=0.25).apply_gradients([(tape.gradient(loss, w), w)])
    assert w.tolist() == [[0.5, 1.0], [1.5, 2.0]]
    assert not w.handles


@pytest.mark.parametrize("make", [optim.SGD, optim.Adam, optim.AdamW, optim.RMSProp])
@pytest.mark.parametrize("initial", [1.0, [1.0, 2.0], [[1.0, 2.0]]])
def test_a_compiled_step_says_that_it_cannot_assign(make: Any, initial: Any) -> None:
    w, optimizer = sg.Variable(initial), make()

    @sg.compile
    def step(x: float) -> Any:
        with sg.GradientTape() as tape:
            loss = sg.Vector([w * x]).sum() if initial == 1.0 else (w * w * x).sum()
        optimizer.apply_gradients([(tape.gradient(loss, w), w)])
        return loss

    with pytest.raises(TypeError, match="in a compiled function a value cannot be assigned"):
        step(2.0)
    assert w.numpy() == pytest.approx(np.array(initial), abs=0)
    assert optimizer.iterations == 0
