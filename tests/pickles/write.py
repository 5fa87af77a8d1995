"""Write what the release at hand pickles, one file each, for later ones to read: `python tests/pickles/write.py DIR`.

The files in this folder were written by the release 0.1.0, before nodes became rows.
"""

import copy
import pickle
import sys
from operator import mul
from pathlib import Path
from typing import Any

import scalargrad as sg
from scalargrad import nn, optim


def things() -> dict[str, Any]:
    """What is pickled, by the name of its file."""
    x, w = sg.Value(3.0, label="x"), sg.Variable(2.0, name="w")
    fixed = sg.Variable(5.0, trainable=False, name="fixed")
    v = sg.Variable([1.0, 2.0], name="v")
    y = x * w + sg.sin(x) * fixed + (v * [3.0, 4.0]).sum()
    y.label = "y"
    y.backward()
    assigned = sg.Variable(7.0, name="assigned")
    square = assigned * assigned
    assigned.assign(100.0)
    _, pullback = sg.vjp(mul, 3.0, 2.0)
    _, rebuild = sg.flatten({"a": [1.0, 2.0], "b": 3.0})
    network = nn.MLP(2, [3, 1], seed=1)
    nn.mse_loss([network([1.0, 2.0])], [1.0]).backward()
    optimizers = {}
    for kind in (optim.SGD, optim.Adam, optim.RMSProp):
        parameters = [sg.Variable(1.0), sg.Variable([2.0, 3.0])]
        optimizer = kind(parameters, lr=0.125)
        (parameters[0] * parameters[1].sum()).backward()
        optimizer.step()
        optimizers[kind.__name__] = (copy.copy(parameters), optimizer.state_dict())
    compiled = sg.compile(mul)
    compiled(3.0, 2.0)
    return {
        "leaf": x,
        "constant": sg.constant(1.5),
        "variables": (w, v, fixed),
        "graph": (y, x, w, v, fixed),
        "assigned": (square, assigned),
        "vector": sg.Vector([x, y, 1.0]),
        "reductions": [sg.Vector([x, 4.0]).norm(), sg.logsumexp([x, 1.0]), sg.softmax([x, 2.0])],
        "exact": exact(),
        "transforms": [sg.grad(mul), sg.value_and_grad(mul, argnums=(0, 1)), sg.jacobian(mul), sg.hessian(mul)],
        "pullback": pullback,
        "rebuild": rebuild,
        "network": network,
        "optimizers": optimizers,
        "compiled": [compiled, sg.compile(sg.value_and_grad(mul))],
        "operations": [sg.sin, sg.maximum],
    }


def exact() -> sg.Value:
    from fractions import Fraction

    x = sg.Value(Fraction(1, 3), label="third")
    return x * x * 2


if __name__ == "__main__":
    for name, thing in things().items():
        (Path(sys.argv[1]) / f"{name}.pickle").write_bytes(pickle.dumps(thing, 4))
