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
    theirs = [[[random.uniform(-1, 1) for _ in range(nin)] for _ in range(nout)] for nin, nout in ((2, 3), (3, 1))]
    random.seed(5)
    model = MLP(2, [3, 1], init="uniform")
    assert [layer.w for layer in model.layers] == theirs
    assert [[neuron.w for neuron in layer.neurons] for layer in model.layers] == theirs


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
        ({}, 2 / 60, math.sqrt(6 / 60)),
        ({"activation": "relu"}, 2 / 40, math.inf),
        ({"nonlin": False}, 2 / 60, math.sqrt(6 / 60)),
        ({"activation": sg.relu}, 2 / 40, math.inf),
    ],
)
def test_weights_have_the_variance_of_their_initialisation(
    options: dict[str, Any], variance: float, largest: float
) -> None:
    layers = [nn.Layer(40, 20, seed=seed, **options) for seed in range(30)]
    weights = [x for layer in layers for row in layer.w.tolist() for x in row]
    # With 24,000 draws the variance is within 5 %, which is five of its standard deviations for normal numbers.
    assert statistics.fmean(x * x for x in weights) == pytest.approx(variance, rel=0.05)
    assert max(map(abs, weights)) <= largest
    assert all(layer.b == [0.0] * 20 for layer in layers)


@given(st.lists(moderate, min_size=6, max_size=6))
def test_a_network_computes_what_its_formula_says(w: list[float]) -> None:
    model = MLP(1, [2, 1], activation="tanh")
    first = {"layers.0.w": [[w[0]], [w[2]]], "layers.0.b": [w[1], w[3]]}
    model.load_state_dict({**first, "layers.1.w": [w[4:]], "layers.1.b": [0.5]})
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
    model = MLP(2, [2, 1], activation="relu")
    assert repr(model) == "MLP of [Layer of [ReLUNeuron(2), ReLUNeuron(2)], Layer of [LinearNeuron(2)]]"
    assert repr(nn.Sequential(nn.Neuron(2, activation="tanh"))) == "Sequential of [TanhNeuron(2)]"


@pytest.mark.parametrize("count", [1, 3])
def test_a_layer_of_one_neuron_passes_a_batch_on(count: int) -> None:
    model = MLP(2, [1, 1, 3], seed=1)
    batch = [[0.1 * i, 0.5] for i in range(count)]
    assert model(batch).tolist() == [model(sample).tolist() for sample in batch]


def test_a_module_is_called_by_its_forward_as_in_pytorch() -> None:
    class Line(nn.Module):
        def __init__(self) -> None:
            self.w = sg.Variable(2.0)

        def forward(self, x: float, scale: float = 1.0) -> sg.Value:
            return self.w * x * scale

    assert Line()(3.0, scale=10.0).data == 60.0
    with pytest.raises(TypeError, match=r"^Module cannot be called; define __call__\(self, x\), or forward"):
        nn.Module()(3.0)


def test_parameters_are_the_leaves_of_the_trainable_variables() -> None:
    model = MLP(2, [3, 1])
    w, b = model.layers[0].trainable_variables
    assert [p is q for p, q in zip(model.parameters(), (*w[0], *w[1], *w[2], *b), strict=False)] == [True] * 9
    assert len(model.trainable_variables) == 4
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


def test_a_module_finds_the_values_of_a_matrix_and_of_an_array() -> None:
    class Holder(nn.Module):
        def __init__(self, held: Any) -> None:
            self.held = held

    values = [sg.Value(float(i)) for i in range(3)]
    rows = [[values[0], 7.0], [values[1], values[2]]]
    for held in (sg.Matrix(rows), sg.Matrix([sg.Vector(row) for row in rows]), np.array([*map(np.array, rows)])):
        module = Holder(held)
        assert module.state_dict() == {"held.0.0": 0.0, "held.1.0": 1.0, "held.1.1": 2.0}
        assert [p is x for p, x in zip(module.parameters(), values, strict=True)] == [True] * 3
    computed = sg.Matrix(rows) * 2
    assert Holder(computed).parameters() == Holder(np.ones((2, 2))).parameters() == []
    w = sg.Variable([1.0, 2.0])
    assert Holder(sg.Matrix([w, [sg.constant(i) for i in range(2)]])).state_dict() == {"held.0.0": 1.0, "held.0.1": 2.0}


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
    assert [*model.state_dict()] == ["layers.0.w", "layers.0.b", "layers.1.w", "layers.1.b"]
    assert {type(x) for w in ("layers.0.w", "layers.1.w") for row in model.state_dict()[w] for x in row} == {float}


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
        assert [x.tolist() for x in compiled(*point)] == [x.tolist() for x in expected]
        for p in model.parameters():
            p.data -= 0.01


@pytest.mark.parametrize("activation", ["relu", "tanh"])
def test_a_compiled_gradient_of_layers_has_one_path(activation: str) -> None:
    model = MLP(2, [4, 1], activation=activation, seed=3)
    assert model.parameters()[0].data  # somebody asked for an element

    def gradient(x: float, y: float) -> Any:
        with sg.GradientTape() as tape:
            score = model([x, y])
        return tape.gradient(score, model.trainable_variables)

    compiled = sg.compile(gradient)
    for point in ((1.0, 2.0), (-1.0, 2.0), (1.0, -2.0)):
        assert [x.tolist() for x in compiled(*point)] == [x.tolist() for x in gradient(*point)]
    assert "Decisions" not in compiled.source
    assert "# Paths known: 1." in compiled.source


# ---- Found by use ----------------------------------------------------------------------------------------------------


def test_two_variables_of_one_path_are_refused_and_none_is_lost() -> None:
    class Odd(nn.Module):
        def __init__(self) -> None:
            self.parts = {1: sg.Value(1.0), "1": sg.Value(2.0)}

    with pytest.raises(ValueError, match=r"two variables of .* have the path 'parts\.1'"):
        Odd().parameters()


def test_the_weights_of_a_network_are_named_by_layer() -> None:
    labels = [p.label for p in nn.MLP(1, [2, 1]).parameters()]
    assert labels == ["w0[0, 0]", "w0[1, 0]", "b0[0]", "b0[1]", "w1[0, 0]", "w1[0, 1]", "b1[0]"]
    assert [p.label for p in nn.Layer(1, 2).parameters()] == ["w[0, 0]", "w[1, 0]", "b[0]", "b[1]"]


# ---- Layers on matrices ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(40))
def test_the_network_of_micrograds_lecture_learns_from_every_seed(seed: int) -> None:
    random.seed(seed)
    model = MLP(3, [4, 4, 1])
    for _ in range(50):
        loss = sum((model(x) - y) ** 2 for x, y in POINTS)
        for p in model.parameters():
            p.grad = 0.0
        loss.backward()
        for p in model.parameters():
            p.data -= 0.05 * p.grad
    assert loss.data < 0.05


BATCHES = [
    sg.Matrix,
    np.array,
    list,
    lambda rows: [*map(sg.Vector, rows)],
    lambda rows: tuple(np.array(row) for row in rows),
]


@pytest.mark.parametrize("batch", BATCHES)
@pytest.mark.parametrize("activation", ["relu", "tanh", "linear", sg.sin, lambda x: x * x if x > 0 else -x])
@pytest.mark.parametrize("nout", [1, 3])
def test_a_batch_is_its_samples_one_by_one(batch: Callable[[Any], Any], activation: Any, nout: int) -> None:
    rows = [x for x, _ in POINTS]
    layer = nn.Layer(3, nout, activation=activation, seed=1)
    one_by_one = [layer(x) for x in rows]
    (sum(one_by_one) if nout == 1 else sum(y.sum() for y in one_by_one)).backward()
    by_sample = layer.w.grad, layer.b.grad
    layer.zero_grad()
    together = layer(batch(rows))
    assert isinstance(together, sg.Vector if nout == 1 else sg.Matrix)
    assert together.tolist() == [y.data if nout == 1 else y.tolist() for y in one_by_one]
    together.sum().backward()
    assert np.array(layer.w.grad) == pytest.approx(np.array(by_sample[0]), rel=1e-14)
    assert layer.b.grad == pytest.approx(by_sample[1], rel=1e-14)


@pytest.mark.parametrize("nout", [1, 3])
def test_a_layer_computes_what_its_neurons_compute(nout: int) -> None:
    layer = nn.Layer(3, nout, seed=1)
    expected = [neuron(sg.Vector([1.0, 2.0, -1.0])) for neuron in layer.neurons]
    found = layer([1.0, 2.0, -1.0])
    assert ([found] if nout == 1 else found) == [y.data for y in expected]


@pytest.mark.parametrize(
    ("module", "x", "most"),
    [
        (nn.Layer(8, 4), [1.0] * 8, 4),
        (nn.Layer(8, 4), sg.Matrix([[1.0] * 8] * 16), 4),
        (nn.Layer(8, 1), sg.Matrix([[1.0] * 8] * 16), 4),
        (nn.Embedding(9, 4), [1, 2, 3, 1, 2, 3], 1),
        (nn.RMSNorm(), sg.Vector([1.0] * 8), 5),
        (nn.RMSNorm(8), sg.Matrix([[1.0] * 8] * 16), 11),
        (nn.LayerNorm(8), sg.Matrix([[1.0] * 8] * 16), 20),
        (lambda z: nn.cross_entropy(z, [0] * 16), nn.Linear(2, 5)([[1.0, 2.0]] * 16), 3 * 16 + 2),
        (lambda z: nn.mse_loss(z, [[0.0] * 5] * 16), nn.Linear(2, 5)([[1.0, 2.0]] * 16), 7),
        (lambda z: nn.hinge_loss(z, [1] * 16), nn.Linear(2, 1)([[1.0, 2.0]] * 16), 6),
    ],
)
def test_a_call_makes_few_rows_of_the_record_however_much_it_computes(module: Any, x: Any, most: int) -> None:
    before = sg.Value(0.0).row[0]
    y = module(x)
    assert y.row[0] - before <= most


def test_the_neurons_of_a_layer_have_its_leaves() -> None:
    layer = nn.Layer(2, 3, activation="relu", seed=1)
    neuron = layer.neurons[2]
    assert [*map(id, neuron.parameters())] == [*map(id, (layer.w[2, 0], layer.w[2, 1], layer.b[2]))]
    assert repr(neuron) == "ReLUNeuron(2)"
    neuron.w[1].data = 5.0
    neuron.b.data = 7.0
    assert (layer.w[2, 1].data, layer.b[2].data) == (5.0, 7.0)
    layer.w.assign([[0.0, 0.0], [0.0, 0.0], [1.0, 2.0]])
    assert neuron([1.0, 1.0]).data == 10.0


def test_a_network_takes_a_batch_through_all_its_layers() -> None:
    model = MLP(3, [4, 2], seed=1)
    rows = [x for x, _ in POINTS]
    assert model(rows) == [model(x).tolist() for x in rows]


def test_linear_is_a_layer_without_activation() -> None:
    linear, layer = nn.Linear(3, 2, seed=1), nn.Layer(3, 2, nonlin=False, seed=1)
    assert linear([1.0, 2.0, 3.0]) == layer([1.0, 2.0, 3.0])
    assert linear.state_dict() == layer.state_dict()
    assert repr(linear) == "Linear(3, 2)"


@pytest.mark.parametrize("nout", [1, 2])
def test_linear_does_without_a_bias(nout: int) -> None:
    linear = nn.Linear(3, nout, bias=False, seed=1)
    assert [*linear.state_dict()] == ["w"]
    assert np.ravel(linear([[1.0, 2.0, 3.0]]).numpy()) == pytest.approx(linear.w.numpy() @ [1.0, 2.0, 3.0], rel=1e-14)
    assert isinstance(linear([1.0, 2.0, 3.0]), sg.Value if nout == 1 else sg.Vector)


def test_an_embedding_looks_rows_up() -> None:
    embedding = nn.Embedding(4, 3, seed=1)
    rows = embedding.w.tolist()
    assert embedding(2) == rows[2]
    assert embedding([2, 0, 2]) == embedding(np.array([2, 0, 2])) == [rows[2], rows[0], rows[2]]
    assert embedding(np.int64(3)) == embedding(np.array(3)) == rows[3]
    (embedding([2, 0, 2]) * [1.0, 2.0, 3.0]).sum().backward()
    assert embedding.w.grad == [[1.0, 2.0, 3.0], [0.0] * 3, [2.0, 4.0, 6.0], [0.0] * 3]
    assert repr(embedding) == "Embedding(4, 3)"
    assert nn.Embedding(2, 2, std=0).w == [[0.0, 0.0], [0.0, 0.0]]


def test_a_tape_watches_an_embedding() -> None:
    embedding = nn.Embedding(2, 2, seed=1)
    for index, expected in ((1, [[0.0, 0.0], [1.0, 1.0]]), ([1, 1], [[0.0, 0.0], [2.0, 2.0]])):
        with sg.GradientTape() as tape:
            y = embedding(index).sum()
        assert tape.gradient(y, embedding.w).tolist() == expected


ROWS = [[1.0, 2.0, 4.0], [-1.0, 0.5, 3.0], [0.0, 0.0, 1e-3]]


@pytest.mark.parametrize("eps", [0.0, 1e-5])
def test_norms_are_their_formulas(eps: float) -> None:
    x = np.array(ROWS)
    rms, layer = nn.RMSNorm(3, eps), nn.LayerNorm(3, eps)
    rms.gain.assign([1.0, 2.0, 3.0])
    layer.gain.assign([1.0, 2.0, 3.0])
    layer.bias.assign([0.5, 0.0, -0.5])
    by_rms = x / np.sqrt((x * x).mean(axis=1, keepdims=True) + eps) * [1.0, 2.0, 3.0]
    gap = x - x.mean(axis=1, keepdims=True)
    by_layer = gap / np.sqrt((gap * gap).mean(axis=1, keepdims=True) + eps) * [1.0, 2.0, 3.0] + [0.5, 0.0, -0.5]
    for norm, expected in ((rms, by_rms), (layer, by_layer)):
        assert norm(ROWS).numpy() == pytest.approx(expected, rel=1e-12)
        assert [norm(row).tolist() for row in ROWS] == [pytest.approx(row, rel=1e-12) for row in expected.tolist()]


@pytest.mark.parametrize("norm", [nn.RMSNorm(), nn.RMSNorm(3), nn.LayerNorm(3)])
def test_gradients_of_norms_are_right_for_a_vector_and_a_matrix(norm: Callable[[Any], Any]) -> None:
    weights = [[1.0, -2.0, 0.5], [3.0, 1.0, 1.0]]
    sg.testing.check_grads(lambda x: (norm(x) * weights[0]).sum(), (ROWS[0],))
    sg.testing.check_grads(lambda x: (norm(x) * weights).sum(), (ROWS[:2],))


def test_norms_have_pytorchs_eps_and_show_their_size() -> None:
    assert (nn.RMSNorm().eps, nn.LayerNorm(3).eps) == (2.0**-52, 1e-5)
    assert [*map(repr, (nn.RMSNorm(), nn.RMSNorm(3), nn.LayerNorm(3)))] == ["RMSNorm()", "RMSNorm(3)", "LayerNorm(3)"]
    assert nn.RMSNorm().parameters() == []
    assert [*nn.LayerNorm(1).state_dict()] == ["gain", "bias"]
    assert nn.RMSNorm()([0.0, 0.0]) == [0.0, 0.0]


# ---- What release 0.1 wrote ------------------------------------------------------------------------------------------


def test_a_state_of_release_0_1_is_read_neuron_by_neuron() -> None:
    old = {"layers.0.neurons.1.w": [3.0, 4.0], "layers.0.neurons.1.b": 6.0}
    old |= {"layers.0.neurons.0.w": [1.0, 2.0], "layers.0.neurons.0.b": 5.0}
    model = MLP(2, [2])
    model.load_state_dict(old)
    assert model.state_dict() == {"layers.0.w": [[1.0, 2.0], [3.0, 4.0]], "layers.0.b": [5.0, 6.0]}
    layer = nn.Layer(2, 2)
    layer.load_state_dict({path.removeprefix("layers.0."): x for path, x in old.items()})
    assert layer.state_dict() == {"w": [[1.0, 2.0], [3.0, 4.0]], "b": [5.0, 6.0]}


def test_neurons_in_a_list_of_ones_own_keep_their_names() -> None:
    class Own(nn.Module):
        def __init__(self) -> None:
            self.neurons = [nn.Neuron(2), nn.Neuron(2)]

    one, other = Own(), Own()
    other.load_state_dict(one.state_dict())
    assert [*other.state_dict()] == ["neurons.0.w", "neurons.0.b", "neurons.1.w", "neurons.1.b"]
    assert numbers(other) == numbers(one)


@pytest.mark.parametrize(
    ("state", "said"),
    [
        ({"w": 1.0, "b": [0.0]}, "expected one row or more of one length|expected 1 row for w, got one number"),
        ({"w": [1.0, 2.0], "b": [0.0]}, "expected 1 row for w, got 2 numbers"),
        ({"w": [[1.0]], "b": [0.0]}, r"expected numbers of shape \(1, 2\) for w, got \(1, 1\)"),
        ({"w": [[1.0, 2.0], [3.0, 4.0]], "b": [0.0]}, r"expected numbers of shape \(1, 2\) for w, got \(2, 2\)"),
        ({"w": [[1.0, 2.0]], "b": 0.0}, "expected a list of one number for b, got one number"),
        ({3: 1.0}, "the 2 variables of this module"),
    ],
)
def test_a_state_of_another_shape_is_refused(state: Any, said: str) -> None:
    layer = nn.Layer(2, 1)
    before = layer.state_dict()
    with pytest.raises(ValueError, match=said):
        layer.load_state_dict(state)
    assert layer.state_dict() == before
