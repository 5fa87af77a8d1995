"""Modules as micrograd has them, their states, and how they are compiled."""

from __future__ import annotations

import copy
import math
import pickle
import random
import statistics
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import scalargrad as sg
from scalargrad import nn, topological_order
from scalargrad.nn import MLP

if TYPE_CHECKING:
    from collections.abc import Callable

moderate = st.floats(-5, 5)

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


# ---- Found by use ----------------------------------------------------------------------------------------------------


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
