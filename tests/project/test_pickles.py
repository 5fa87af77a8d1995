"""What an older release has pickled can be read (see `pickles/write.py`), and goes on as what is made now does."""

import pickle
from fractions import Fraction
from operator import mul
from typing import Any

import pytest

import scalargrad as sg
from scalargrad import nn, optim
from scalargrad.engine.backprop import carry_back
from scalargrad.engine.value import on_row
from tests.support import ROOT

FOLDER = ROOT / "tests" / "pickles"


def read(name: str) -> Any:
    return pickle.loads((FOLDER / f"{name}.pickle").read_bytes())


def test_a_leaf_keeps_its_number_label_and_gradient() -> None:
    leaf = read("leaf")
    assert (leaf.data, leaf.label, leaf.is_tracked) == (3.0, "x", True)
    assert leaf.grad == 2.0 + sg.cos(3.0) * 5.0
    leaf.data = 4.0
    (leaf * leaf).backward()
    assert leaf.grad == 2.0 + sg.cos(3.0) * 5.0 + 8.0


def test_a_constant_is_one() -> None:
    assert repr(read("constant")) == "constant(1.5)"


def test_variables_are_variables() -> None:
    w, v, fixed = read("variables")
    assert all(isinstance(each, sg.Variable) for each in (w, v, fixed))
    assert (w.name, v.name, fixed.name) == ("w", "v", "fixed")
    assert (w.trainable, v.trainable, fixed.trainable) == (True, True, False)
    assert (w.grad, v.grad) == (3.0, [3.0, 4.0])
    assert v.assign_add([1.0, 1.0]).tolist() == [2.0, 3.0]


def test_a_graph_has_its_numbers_labels_and_gradients_and_leads_to_the_leaves_beside_it() -> None:
    y, x, w, v, fixed = read("graph")
    assert y.data == 3.0 * 2.0 + sg.sin(3.0) * 5.0 + 11.0
    assert (y.label, y.operation) == ("y", "add")
    for leaf in (x, w, v):
        leaf.grad = 0
    y.backward()
    assert (x.grad, w.grad, v.grad, fixed.grad) == (2.0 + sg.cos(3.0) * 5.0, 3.0, [3.0, 4.0], 0.0)


def test_the_derivatives_of_a_leaf_that_was_assigned_are_those_of_the_old_number() -> None:
    square, assigned = read("assigned")
    assert (square.data, assigned.data) == (49.0, 100.0)
    assigned.grad = 0
    square.backward()
    assert assigned.grad == 14.0
    with pytest.raises(RuntimeError, match=r"was assigned before it was pickled by release 0\.1"):
        carry_back([(square.row, 1.0)], on_row=on_row)


def test_a_vector_has_its_elements() -> None:
    vector = read("vector")
    assert vector[0].label == "x"
    vector[0].grad = 0
    vector.sum().backward()
    assert vector[0].grad == 1.0 + 2.0 + sg.cos(3.0) * 5.0


def test_reductions_go_back() -> None:
    norm, smooth, (share, _) = read("reductions")
    for y, slope in ((norm, 3.0 / 5.0), (smooth, sg.sigmoid(2.0)), (share, sg.sigmoid(1.0) * sg.sigmoid(-1.0))):
        (x,) = {leaf for leaf in leaves_below(y) if leaf.label == "x"}
        x.grad = 0
        y.backward()
        assert abs(x.grad - slope) < 1e-15
    assert norm.data == 5.0


def leaves_below(y: sg.Value) -> list[sg.Value]:
    return [y] if not y.parents else [leaf for parent in y.parents for leaf in leaves_below(parent)]


def test_exact_numbers_stay_exact() -> None:
    y = read("exact")
    y.backward()
    (third, *_) = leaves_below(y)
    assert (y.data, third.grad, third.label) == (Fraction(2, 9), Fraction(4, 3), "third")


def test_transforms_are_made_anew_of_their_functions() -> None:
    grad, value_and_grad, jacobian, hessian = read("transforms")
    assert grad(3.0, 2.0) == 2.0
    assert value_and_grad(3.0, 2.0) == (6.0, (2.0, 3.0))
    assert (jacobian(3.0, 2.0), hessian(3.0, 2.0)) == (2.0, 0.0)
    assert read("pullback")(10.0) == (20.0, 30.0)
    assert read("rebuild")([10.0, 20.0, 30.0]) == {"a": [10.0, 20.0], "b": 30.0}


def test_a_network_predicts_and_has_its_gradients() -> None:
    network, again = read("network"), nn.MLP(2, [3, 1], activation="relu", seed=1)
    assert network([1.0, 2.0]).data == again([1.0, 2.0]).data
    assert repr(network) == repr(again)
    assert network.state_dict() == again.state_dict()
    nn.mse_loss([again([1.0, 2.0])], [1.0]).backward()
    assert [p.grad for p in network.parameters()] == [p.grad for p in again.parameters()]


@pytest.mark.parametrize("name", ["SGD", "Adam", "RMSProp"])
def test_an_optimiser_goes_on_from_its_state(name: str) -> None:
    parameters, state = read("optimizers")[name]
    optimizer = getattr(optim, name)(parameters, lr=0.125)
    optimizer.load_state_dict(state)
    assert optimizer.state_dict() == state
    optimizer.step()


def test_a_compiled_function_is_compiled() -> None:
    product, with_gradient = read("compiled")
    assert product(3.0, 2.0) == 6.0
    assert with_gradient(3.0, 2.0) == (6.0, 2.0)
    assert with_gradient.__wrapped__.__wrapped__ is mul


def test_operations_are_themselves() -> None:
    assert read("operations") == [sg.sin, sg.maximum]
