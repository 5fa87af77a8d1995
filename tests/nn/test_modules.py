"""`nn`: modules as micrograd has them, and losses that keep their digits at the extremes."""

from __future__ import annotations

import copy
import math
import pickle
import random
import statistics
from fractions import Fraction
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mpmath import mp

import scalargrad as sg
from scalargrad import nn, topological_order
from scalargrad.nn import MLP
from tests.support.oracles import ulps

if TYPE_CHECKING:
    from collections.abc import Callable

moderate = st.floats(-5, 5)
logits = st.floats(-50, 50) | st.sampled_from([0.0, 1e-300, -1e-300, 40.0, -40.0, 1000.0, -1000.0, 700.0, -700.0])
POINTS = [([2.0, 3.0, -1.0], 1.0), ([3.0, -1.0, 0.5], -1.0), ([0.5, 1.0, 1.0], -1.0), ([1.0, 1.0, -1.0], 1.0)]


def numbers(module: nn.Module) -> list[Any]:
    return [p.data for p in module.parameters()]


# ---- Modules ---------------------------------------------------------------------------------------------------------


def test_a_script_written_for_micrograd_learns_its_four_points() -> None:
    random.seed(1337)
    model = MLP(3, [4, 4, 1], activation="tanh")
    for _ in range(60):
        scores = [model([*map(sg.Value, x)]) for x, _ in POINTS]
        loss = sum((score - y) ** 2 for score, (_, y) in zip(scores, POINTS))
        loss += 1e-4 * sum(p * p for p in model.parameters())
        model.zero_grad()
        loss.backward()
        for p in model.parameters():
            p.data -= 0.05 * p.grad
    assert loss.data < 0.05


def test_the_weights_that_micrograd_draws_come_of_the_same_seed() -> None:
    random.seed(5)
    theirs: list[float] = []
    for nin, nout in ((2, 3), (3, 1)):
        for _ in range(nout):
            theirs += [*(random.uniform(-1, 1) for _ in range(nin)), 0.0]
    random.seed(5)
    assert numbers(MLP(2, [3, 1], init="uniform")) == theirs


def test_a_seed_decides_the_weights_and_leaves_the_shared_generator_alone() -> None:
    random.seed(1)
    state = random.getstate()
    model = MLP(2, [3, 2], seed=7)
    assert random.getstate() == state
    assert numbers(model) == numbers(MLP(2, [3, 2], seed=7)) == numbers(MLP(2, [3, 2], seed=random.Random(7)))
    assert numbers(model) != numbers(MLP(2, [3, 2], seed=8))
    assert model.layers[0].neurons[0].w != model.layers[0].neurons[1].w


@pytest.mark.parametrize(
    ("options", "variance", "largest"),
    [
        ({"init": "glorot"}, 2 / 60, math.sqrt(6 / 60)),
        ({"init": "he"}, 2 / 40, math.inf),
        ({"init": "uniform"}, 1 / 3, 1),
        ({}, 2 / 40, math.inf),
        ({"activation": "tanh"}, 2 / 60, math.sqrt(6 / 60)),
        ({"nonlin": False}, 2 / 60, math.sqrt(6 / 60)),
        ({"activation": sg.relu}, 2 / 40, math.inf),
    ],
)
def test_weights_have_the_variance_of_their_initialisation(
    options: dict[str, Any], variance: float, largest: float
) -> None:
    layers = [nn.Layer(40, 20, seed=seed, **options) for seed in range(30)]
    weights = [x for layer in layers for neuron in layer.neurons for x in neuron.w.tolist()]
    # Of 24,000 draws the variance is within 5 %, which is five of its standard deviations for the normal.
    assert statistics.fmean(x * x for x in weights) == pytest.approx(variance, rel=0.05)
    assert max(map(abs, weights)) <= largest
    assert all(neuron.b.data == 0.0 for layer in layers for neuron in layer.neurons)


@given(st.lists(moderate, min_size=6, max_size=6))
def test_a_network_computes_what_its_formula_says(w: list[float]) -> None:
    model = MLP(1, [2, 1], activation="tanh")
    model.load_state_dict(
        {
            "layers.0.neurons.0.w": w[:1],
            "layers.0.neurons.0.b": w[1],
            "layers.0.neurons.1.w": w[2:3],
            "layers.0.neurons.1.b": w[3],
            "layers.1.neurons.0.w": w[4:],
            "layers.1.neurons.0.b": 0.5,
        }
    )
    expected = w[4] * math.tanh(w[0] * 3 + w[1]) + w[5] * math.tanh(w[2] * 3 + w[3]) + 0.5
    assert model([3.0]).data == model(3.0).data == model(sg.Value(3.0)).data == expected
    assert model(np.array([3.0])).data == model(sg.Vector([3.0])).data == model((3,)).data == expected


@pytest.mark.parametrize(
    ("activation", "function"),
    [
        ("relu", lambda x: max(x, 0.0)),
        ("tanh", math.tanh),
        ("sigmoid", lambda x: 1 / (1 + math.exp(-x))),
        ("softplus", lambda x: math.log1p(math.exp(x))),
        ("linear", lambda x: x),
        (sg.sin, math.sin),
        (lambda x: x * x, lambda x: x * x),
    ],
)
@pytest.mark.parametrize("x", [-1.5, 0.5])
def test_the_activation_is_a_name_or_a_function(activation: Any, function: Callable[[float], float], x: float) -> None:
    neuron = nn.Neuron(1, activation=activation)
    neuron.load_state_dict({"w": [1.0], "b": 0.0})
    assert neuron([x]).data == pytest.approx(function(x), rel=1e-15)
    assert nn.Neuron(1, False, activation=activation, seed=1)([x]).data == nn.Neuron(1, False, seed=1)([x]).data


def test_a_neuron_is_three_nodes_however_many_inputs_it_has() -> None:
    def nodes(neuron: nn.Neuron) -> int:
        return len(topological_order(neuron([1.0] * 50)))

    assert nodes(nn.Neuron(50)) == 3
    assert nodes(nn.Neuron(50, nonlin=False)) == 2


def test_one_neuron_gives_a_value_and_several_a_vector() -> None:
    assert isinstance(nn.Layer(2, 1)([1.0, 2.0]), sg.Value)
    assert isinstance(nn.Layer(2, 3)([1.0, 2.0]), sg.Vector)
    assert isinstance(MLP(2, [1, 3])([1.0, 2.0]), sg.Vector)
    assert isinstance(MLP(2, (1, 1))([1.0, 2.0]), sg.Value)


def test_modules_show_themselves_as_in_micrograd() -> None:
    assert repr(MLP(2, [2, 1])) == ("MLP of [Layer of [ReLUNeuron(2), ReLUNeuron(2)], Layer of [LinearNeuron(2)]]")
    assert repr(nn.Sequential(nn.Neuron(2, activation="tanh"))) == "Sequential of [TanhNeuron(2)]"


def test_parameters_are_the_leaves_of_the_trainable_variables() -> None:
    model = MLP(2, [3, 1])
    w, b = model.layers[0].neurons[0].trainable_variables
    assert [p is q for p, q in zip(model.parameters(), (*w, b))] == [True] * 3
    assert len(model.trainable_variables) == 8
    assert len(model.parameters()) == 3 * 3 + 4
    model([1.0, 2.0]).backward()
    assert any(p.grad for p in model.parameters())
    model.zero_grad()
    assert not any(p.grad for p in model.parameters())


def test_a_module_finds_what_its_attributes_hold() -> None:
    class Mixed(nn.Module):
        def __init__(self) -> None:
            self.scale = sg.Value(2.0)
            self.fixed = sg.Variable([5.0], trainable=False)
            self.parts = {"first": nn.Neuron(1), "others": (sg.Variable(1.0), [sg.Vector([sg.Value(4.0), 6.0])])}
            self.parent = self
            self.again = self.scale
            self.computed = self.scale * 2
            self.constant = sg.constant(3.0)
            self.name = "mixed"

    module = Mixed()
    assert [*module.state_dict()] == [
        "scale",
        "fixed",
        "parts.first.w",
        "parts.first.b",
        "parts.others.0",
        "parts.others.1.0.0",
    ]
    assert numbers(module)[0::2] == [2.0, 0.0, 4.0]
    assert len(module.trainable_variables) == 5


def test_layers_in_a_sequence_follow_one_another() -> None:
    first, second = nn.Layer(2, 3, seed=1), nn.Layer(3, 2, nonlin=False, seed=2)
    model = nn.Sequential(first, second, sg.softmax)
    assert model([1.0, -1.0]) == sg.softmax(second(first([1.0, -1.0])))
    assert model.parameters() == [*first.parameters(), *second.parameters()]
    assert nn.Sequential()(3.0) == 3.0


@pytest.mark.parametrize("twin", [copy.deepcopy, lambda model: pickle.loads(pickle.dumps(model))])
def test_a_copy_of_a_model_has_the_same_numbers_and_leaves_of_its_own(twin: Callable[[MLP], MLP]) -> None:
    model = MLP(2, [3, 1], activation="softplus")
    other = twin(model)
    before = model([1.0, 2.0]).data
    assert other([1.0, 2.0]).data == before
    for p in other.parameters():
        p.data += 1
    assert model([1.0, 2.0]).data == before


# ---- States ----------------------------------------------------------------------------------------------------------


def test_a_state_makes_one_model_the_other() -> None:
    model, other = MLP(2, [3, 1], seed=1), MLP(2, [3, 1], seed=2)
    other.load_state_dict(model.state_dict())
    assert numbers(other) == numbers(model)
    assert all(type(x) is float or all(type(y) is float for y in x) for x in model.state_dict().values())


@pytest.mark.parametrize(
    ("change", "kind", "said"),
    [
        (lambda s: s.pop("b"), ValueError, r"a state of the 2 variables of this module; it lacks b"),
        (lambda s: s.update(c=1.0), ValueError, r"the 2 variables of this module; it has another, c"),
        (lambda s: s.update(b=[1.0]), ValueError, r"expected one number for b, got a list of one number"),
        (lambda s: s.update(w=1.0), ValueError, r"expected 2 numbers for w, got one number"),
        (lambda s: s.update(w=[1.0]), ValueError, r"expected 2 numbers for w, got a list of one number"),
        (lambda s: s.update(b="text"), TypeError, r"expected a real number in b, got 'text' \(str\)"),
        (lambda s: s.update(b=10**400), OverflowError, r"a float can hold"),
    ],
)
def test_a_state_that_does_not_fit_is_refused_and_nothing_is_assigned(
    change: Callable[[dict[str, Any]], None], kind: type[Exception], said: str
) -> None:
    neuron = nn.Neuron(2)
    before = numbers(neuron)
    state = {"w": [5.0, 6.0], "b": 7.0}
    change(state)
    with pytest.raises(kind, match=said):
        neuron.load_state_dict(state)
    assert numbers(neuron) == before


# ---- Compiled --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("loss", [nn.hinge_loss, nn.mse_loss, nn.huber_loss, nn.l1_loss])
def test_a_compiled_gradient_of_a_model_is_the_recorded_one(loss: Callable[[Any, Any], Any]) -> None:
    model = MLP(2, [4, 1], seed=3)

    def gradient(x0: float, x1: float, y: float) -> Any:
        with sg.GradientTape() as tape:
            error = loss(model([x0, x1]), y)
        return tape.gradient(error, model.trainable_variables)

    compiled = sg.compile(gradient)
    generator = random.Random(4)
    for _ in range(20):
        point = generator.gauss(0, 1), generator.gauss(0, 1), generator.choice([-1.0, 1.0])
        expected = gradient(*point)
        assert [*map(list, compiled(*point)[::2])] == [x.tolist() for x in expected[::2]]
        assert compiled(*point)[1::2] == [x.data for x in expected[1::2]]
        for p in model.parameters():
            p.data -= 0.01


def test_compiled_cross_entropies_are_the_recorded_ones() -> None:
    def losses(a: float, b: float, t: float) -> Any:
        z = sg.Vector([a, b])
        return nn.cross_entropy(z, 1), nn.cross_entropy(z, [t, 1 - t]), nn.binary_cross_entropy_with_logits(z, [t, 1])

    compiled = sg.compile(losses)
    for point in ((1.0, 2.0, 0.25), (3.0, -2.0, 0.75), (800.0, 0.0, 0.5)):
        recorded = losses(*map(sg.Value, point))
        assert [*compiled(*point)] == [pytest.approx(x.data, rel=1e-15) for x in recorded]


# ---- Losses ----------------------------------------------------------------------------------------------------------


@given(st.lists(st.tuples(st.fractions(-9, 9), st.fractions(-9, 9)), min_size=1, max_size=5), st.fractions(1, 9))
def test_losses_of_exact_numbers_are_their_definitions(pairs: list[tuple[Fraction, Fraction]], delta: Fraction) -> None:
    predictions, targets = zip(*pairs)
    n = len(pairs)
    errors = [abs(p - t) for p, t in pairs]
    assert nn.mse_loss(predictions, targets).data == sum(e * e for e in errors) / n
    assert nn.l1_loss(predictions, targets).data == sum(errors) / n
    parts = [e * e / 2 if e <= delta else delta * (e - delta / 2) for e in errors]
    assert nn.huber_loss(predictions, targets, float(delta)).data == pytest.approx(float(sum(parts) / n), rel=1e-15)
    labels = [1 if t > 0 else -1 for t in targets]
    margins = [max(0, 1 - label * p) for p, label in zip(predictions, labels)]
    assert nn.hinge_loss(predictions, labels).data == sum(margins) / n


@given(st.fractions(-5, 5, max_denominator=9))
def test_slopes_of_losses_are_those_of_their_definitions(e: Fraction) -> None:
    def slope(loss: Callable[[Any, Any], Any]) -> Any:
        x = sg.Value(float(e))
        loss(x, 0.0).backward()
        return x.grad

    error = float(e)
    assert slope(nn.mse_loss) == 2 * error
    assert slope(nn.l1_loss) == (error > 0) - (error < 0)
    assert slope(lambda x, t: nn.huber_loss(x, t, 2.0)) == max(-2.0, min(2.0, error))
    assert sg.grad(sg.grad(lambda x: nn.huber_loss(x, 0.0, 6.0)))(error) == 1.0


def test_the_hinge_is_flat_beyond_its_margin() -> None:
    for x, slope in ((0.5, -1.0), (1.0, 0.0), (2.0, 0.0)):
        assert sg.grad(lambda x: nn.hinge_loss(x, 1))(x) == slope


@given(logits, st.sampled_from([0, 1, 0.0, 1.0]) | st.floats(0, 1))
def test_binary_cross_entropy_keeps_its_digits_for_any_logit(z: float, t: float) -> None:
    x = sg.Value(z)
    loss = nn.binary_cross_entropy_with_logits(x, t)
    loss.backward()
    with mp.workdps(1000):
        exact, label = mp.mpf(z), mp.mpf(t)
        value = label * mp.log1p(mp.exp(-exact)) + (1 - label) * mp.log1p(mp.exp(exact))
        parts = -label / (1 + mp.exp(exact)), (1 - label) / (1 + mp.exp(-exact))
        assert ulps(loss.data, value, least=2.0**-1022) <= 6
        # Between the labels the two parts of the slope cancel; each is right.
        assert abs(x.grad - sum(parts)) <= max(6 * 2.0**-53 * max(map(abs, parts)), 2.0**-1073)


def cross_entropy_by_mpmath(zs: list[float], ts: list[float]) -> tuple[mp.mpf, list[mp.mpf]]:
    exps = [mp.exp(mp.mpf(z)) for z in zs]
    total = mp.fsum(exps)
    value = mp.fsum(mp.mpf(t) * (mp.log(total) - mp.mpf(z)) for z, t in zip(zs, ts))
    mass = mp.fsum(map(mp.mpf, ts))
    return value, [mass * e / total - mp.mpf(t) for e, t in zip(exps, ts)]


@given(st.lists(logits, min_size=2, max_size=5), st.data())
def test_cross_entropy_keeps_its_digits_for_any_logits(zs: list[float], data: st.DataObject) -> None:
    k = data.draw(st.integers(0, len(zs) - 1))
    one_hot = [float(j == k) for j in range(len(zs))]
    with mp.workdps(1500):
        value, slopes = cross_entropy_by_mpmath(zs, one_hot)
        # The difference of two logits is rounded, by up to 2**-53 of itself, and exp magnifies that.
        bound = 2.0**-53 * (8 + 2 * max(abs(z - zs[k]) for z in zs))
        for target in (k, np.int64(k), one_hot):
            vector = sg.Vector(map(sg.Value, zs))
            loss = nn.cross_entropy(vector, target)
            loss.backward()
            assert abs(loss.data - value) <= max(bound * value, 2.0**-1073)
            for got, exact in zip(vector.grad, slopes):
                assert abs(got - exact) <= max(bound * abs(exact), 2.0**-1072 * len(zs))


@given(st.lists(st.tuples(logits, st.floats(0, 1)), min_size=2, max_size=5))
def test_cross_entropy_with_probabilities_keeps_its_digits(pairs: list[tuple[float, float]]) -> None:
    zs, ts = [z for z, _ in pairs], [t for _, t in pairs]
    vector = sg.Vector(map(sg.Value, zs))
    loss = nn.cross_entropy(vector, ts)
    loss.backward()
    with mp.workdps(1500):
        value, slopes = cross_entropy_by_mpmath(zs, ts)
        spread = max(zs) - min(zs)
        assert abs(loss.data - value) <= 2.0**-53 * (20 + 2 * spread) * len(zs) * value + 2.0**-1060
        for got, exact, t in zip(vector.grad, slopes, ts):
            assert abs(got - exact) <= 2.0**-53 * (20 + 2 * spread) * sum(ts) + 2.0**-1060, t


def test_a_confident_prediction_keeps_a_loss_and_a_gradient() -> None:
    z = sg.Vector([sg.Value(40.0), sg.Value(0.0)])
    loss = nn.cross_entropy(z, 0)
    loss.backward()
    assert loss.data == math.log1p(math.exp(-40))
    assert z.grad == [-z.grad[1], pytest.approx(math.exp(-40), rel=1e-15)]


def test_of_a_single_class_there_is_nothing_to_learn() -> None:
    loss = nn.cross_entropy([sg.Value(3.0)], 0)
    assert loss.data == 0.0
    assert sg.grad(lambda z: nn.cross_entropy([z], 0))(3.0) == 0.0


def test_infinite_logits_give_what_the_limit_is() -> None:
    inf = math.inf
    assert nn.binary_cross_entropy_with_logits([inf, -inf, inf, -inf], [1, 0, 1.0, 0.0]) == nn.mse_loss(0.0, 0.0)
    assert nn.binary_cross_entropy_with_logits(-inf, 1).data == inf
    assert nn.cross_entropy([1.0, -inf, 1.0], 0).data == math.log(2)
    assert nn.cross_entropy([1.0, -inf, 1.0], [0.5, 0, 0.5]).data == math.log(2)
    assert nn.cross_entropy([1.0, -inf], 1).data == inf


def test_losses_of_several_rows_are_means() -> None:
    rows = [sg.Vector([sg.Value(1.0), sg.Value(2.0)]), [3.0, 5.0]]
    assert nn.mse_loss(rows, [[1.0, 1.0], np.array([1.0, 1.0])]).data == (0 + 1 + 4 + 16) / 4
    assert nn.l1_loss(np.ones((2, 3)), np.zeros((2, 3))).data == 1.0
    both = [nn.cross_entropy(row, k).data for row, k in zip(rows, (1, 0))]
    assert nn.cross_entropy(rows, [1, 0]).data == nn.cross_entropy(rows, [[0, 1], (1, 0)]).data == sum(both) / 2
    assert nn.cross_entropy(np.array([[1.0, 2.0], [3.0, 5.0]]), np.array([1, 0])).data == sum(both) / 2


def test_targets_may_be_values_with_gradients() -> None:
    t = sg.Value(0.25)
    nn.binary_cross_entropy_with_logits(2.0, t).backward()
    assert t.grad == pytest.approx(-2.0, rel=1e-15)
    t = sg.Value(0.25)
    nn.cross_entropy([2.0, 0.0], [t, 1 - t]).backward()
    assert t.grad == pytest.approx(-2.0, rel=1e-15)


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        (nn.mean_squared_error, nn.mse_loss),
        (nn.mean_absolute_error, nn.l1_loss),
        (nn.huber, nn.huber_loss),
        (partial(nn.binary_crossentropy, from_logits=True), nn.binary_cross_entropy_with_logits),
        (partial(nn.categorical_crossentropy, from_logits=True), nn.cross_entropy),
    ],
)
def test_the_names_of_keras_take_the_target_first(theirs: Callable[..., Any], ours: Callable[..., Any]) -> None:
    assert theirs([0.0, 1.0], [3.0, -0.5]).data == ours([3.0, -0.5], [0.0, 1.0]).data
    assert nn.huber([0.0], [3.0], 2.0).data == nn.huber_loss([3.0], [0.0], 2.0).data
    assert nn.hinge([1, -1], [3.0, -0.5]).data == nn.hinge_loss([3.0, -0.5], [1, -1]).data


def test_hubers_loss_has_its_slope_however_large_the_error() -> None:
    for error, slope in ((math.inf, 1.0), (-math.inf, -1.0), (1e308, 1.0), (0.5, 0.5), (1.0, 1.0), (-1.0, -1.0)):
        e = sg.Value(error)
        nn.huber_loss(e, 0.0).backward()
        assert e.grad == slope
    e = sg.Value(1e308)
    nn.huber_loss(e, -1e308).backward()
    assert e.grad == 1.0
    assert sg.grad(sg.grad(lambda e: nn.huber_loss(e, 0.0)))(0.25) == 1.0


def test_two_variables_of_one_path_are_refused_and_none_is_lost() -> None:
    class Odd(nn.Module):
        def __init__(self) -> None:
            self.parts = {1: sg.Value(1.0), "1": sg.Value(2.0)}

    with pytest.raises(ValueError, match=r"two variables of .* have the path 'parts\.1'"):
        Odd().parameters()


def test_the_weights_of_a_network_are_named_by_layer_and_neuron() -> None:
    labels = [p.label for p in nn.MLP(1, [2, 1]).parameters()]
    assert labels == ["w0.0[0]", "b0.0", "w0.1[0]", "b0.1", "w1.0[0]", "w1.0[1]", "b1.0"]
    assert [p.label for p in nn.Layer(1, 2).parameters()] == ["w0[0]", "b0", "w1[0]", "b1"]


def test_arrays_of_one_hot_rows_are_targets_as_lists_are() -> None:
    logits, rows = [[1.0, 2.0], [3.0, 5.0]], [[1.0, 0.0], [0.0, 1.0]]
    expected = nn.cross_entropy(logits, [0, 1])
    for target in (rows, np.array(rows)):
        assert nn.categorical_crossentropy(target, np.array(logits), from_logits=True) == expected
