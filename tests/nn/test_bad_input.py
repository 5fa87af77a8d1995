"""Bad input to networks and losses."""

from __future__ import annotations

import numpy as np

import scalargrad as sg
from scalargrad import nn
from tests.support.bad_input import AT_LEAST_0, LIST, MORE_THAN_0, NUMBER, TEXT, Case, check, each_of

COUNT = "is an integer"
LOSSES = ["mse_loss", "l1_loss", "huber_loss", "hinge_loss", "binary_cross_entropy_with_logits"]
CLASS = "the target of cross_entropy is"

TABLE = [
    *[
        case
        for name in ("Linear", "Layer")
        for case in (
            Case(f"nn.{name}", "nin 0", lambda _, name=name: getattr(nn, name)(0, 1), ValueError, "not 0", "nin is 1"),
            Case(
                f"nn.{name}",
                "a sample of 3",
                lambda _, name=name: getattr(nn, name)(2, 2)([1.0] * 3),
                ValueError,
                "got 3",
                "expected 2 inputs",
            ),
            Case(
                f"nn.{name}",
                "a batch of 3",
                lambda _, name=name: getattr(nn, name)(2, 2)([[1.0] * 3] * 4),
                ValueError,
                "got 3",
                "expected 2 inputs",
            ),
            Case(
                f"nn.{name}",
                "samples that differ",
                lambda _, name=name: getattr(nn, name)(2, 2)([[1.0, 2.0], [1.0]]),
                ValueError,
                "got 1 and 2",
                "rows? or more of one length",
            ),
            Case(
                f"nn.{name}",
                "input text",
                lambda _, name=name: getattr(nn, name)(1, 2)("text"),
                TypeError,
                TEXT,
                f"{NUMBER} or a Value as element 0",
            ),
        )
    ],
    Case("nn.Linear", "bias 3", lambda _: nn.Linear(1, 1, 3), TypeError, r"not 3 \(int\)", "bias is True or False"),
    Case("nn.Linear", "init text", lambda _: nn.Linear(1, 1, init="text"), ValueError, "'text'", "is one of 'glorot'"),
    Case("nn.Layer", "nonlin 3", lambda _: nn.Layer(1, 1, 3), TypeError, r"not 3 \(int\)", "nonlin is True or False"),
    Case("nn.Embedding", "no rows", lambda _: nn.Embedding(0, 2), ValueError, "not 0", "count is 1 or more"),
    Case("nn.Embedding", "size text", lambda _: nn.Embedding(2, "text"), TypeError, TEXT, f"size {COUNT}"),
    Case("nn.Embedding", "std -1", lambda _: nn.Embedding(2, 2, std=-1), ValueError, "not -1", "std is 0 or more"),
    Case("nn.Embedding", "std text", lambda _: nn.Embedding(2, 2, std="text"), TypeError, TEXT, f"{NUMBER} as std"),
    Case("nn.Embedding", "row 2", lambda _: nn.Embedding(2, 2)(2), IndexError, "not 2", "an index from 0 to 1"),
    Case("nn.Embedding", "row -1", lambda _: nn.Embedding(2, 2)([0, -1]), IndexError, "not -1", "an index from 0 to 1"),
    Case("nn.Embedding", "1.0", lambda _: nn.Embedding(2, 2)(1.0), TypeError, r"1\.0 \(float\)", "takes an index"),
    Case("nn.Embedding", "text", lambda _: nn.Embedding(2, 2)(["text"]), TypeError, TEXT, "or a list of them"),
    Case("nn.Embedding", "nothing", lambda _: nn.Embedding(2, 2)([]), ValueError, "no indices", "one or more"),
    *[
        case
        for name in ("RMSNorm", "LayerNorm")
        for case in (
            Case(f"nn.{name}", "size 0", lambda _, name=name: getattr(nn, name)(0), ValueError, "not 0", "size is 1"),
            Case(
                f"nn.{name}", "eps -1", lambda _, name=name: getattr(nn, name)(2, -1), ValueError, "not -1", AT_LEAST_0
            ),
            Case(
                f"nn.{name}",
                "a number",
                lambda _, name=name: getattr(nn, name)(2)(1.0),
                TypeError,
                r"not 1\.0 \(float\)",
                f"{name} takes a Vector, a list or a Matrix",
            ),
            Case(
                f"nn.{name}",
                "3 numbers of 2",
                lambda _, name=name: getattr(nn, name)(2)([1.0] * 3),
                ValueError,
                "got 3",
                f"expected 2 numbers for {name}",
            ),
            Case(
                f"nn.{name}",
                "nothing",
                lambda _, name=name: getattr(nn, name)(2)([]),
                ValueError,
                f"{name} got no numbers",
                "one or more",
            ),
        )
    ],
    Case(
        "nn.cross_entropy",
        "2 targets of a Matrix of 1",
        lambda _: nn.cross_entropy(sg.Matrix([[1.0, 2.0]]), [0, 1]),
        ValueError,
        "2 targets for 1 row$",
        "a target for each row",
    ),
    Case(
        "nn.mse_loss",
        "no target",
        lambda _: nn.mse_loss([1.0, 2.0], None),
        TypeError,
        "None",
        "a real number or a list of them as the target of mse_loss",
    ),
    Case(
        "nn.mse_loss",
        "a Matrix of another shape",
        lambda _: nn.mse_loss(sg.Matrix([[1.0, 2.0]]), [[1.0]]),
        ValueError,
        r"got \(1, 1\) for \(1, 2\)",
        "targets of the shape of the predictions",
    ),
    Case(
        "nn.mse_loss",
        "a column and a list",
        lambda _: nn.mse_loss([[1.0], [2.0]], [1.0, 2.0]),
        ValueError,
        r"got \(2,\) for \(2, 1\)",
        "targets of the shape of the predictions",
    ),
    Case(
        "nn.mse_loss",
        "rows of several lengths",
        lambda _: nn.mse_loss([[1.0, 2.0], [3.0]], [[1.0, 2.0], [3.0, 4.0]]),
        ValueError,
        "got 2 numbers for a list of one number",
        "as many targets as predictions",
    ),
    Case(
        "nn.Linear",
        "a batch of another width",
        lambda _: nn.Linear(3, 2)([[1.0, 2.0]]),
        ValueError,
        r"got 2 in a batch of shape \(1, 2\)",
        "expected 3 inputs",
    ),
    Case(
        "nn.LayerNorm",
        "no size",
        lambda _: nn.LayerNorm(),
        TypeError,
        r"as in LayerNorm\(16\)",
        "takes the size of the v",
    ),
    Case("nn.Neuron", "nin text", lambda _: nn.Neuron("text"), TypeError, TEXT, f"nin {COUNT}"),
    Case("nn.Neuron", "0 inputs", lambda _: nn.Neuron(0), ValueError, "not 0", "nin is 1 or more"),
    Case("nn.Neuron", "nonlin 3", lambda _: nn.Neuron(2, 3), TypeError, r"not 3 \(int\)", "nonlin is True or False"),
    Case("nn.Neuron", "nout 0", lambda _: nn.Neuron(2, nout=0), ValueError, "not 0", "nout is 1 or more"),
    Case("nn.Neuron", "seed 1.5", lambda _: nn.Neuron(2, seed=1.5), TypeError, r"1\.5 \(float\)", "seed is an integer"),
    Case("nn.Neuron", "a typo", lambda _: nn.Neuron(2, activation="rleu"), ValueError, "'rleu'", "is one of 'linear'"),
    Case(
        "nn.Neuron", "no function", lambda _: nn.Neuron(2, activation=3), TypeError, r"3 \(int\)", "is one of 'linear'"
    ),
    Case(
        "nn.Neuron", "init text", lambda _: nn.Neuron(2, init="text"), ValueError, "'text'", "init is one of 'glorot'"
    ),
    Case("nn.Neuron", "init 3", lambda _: nn.Neuron(2, init=3), TypeError, r"3 \(int\)", "init is one of 'glorot'"),
    Case("nn.Neuron", "3 inputs of 2", lambda _: nn.Neuron(2)([1.0] * 3), ValueError, "got 3", "expected 2 inputs"),
    Case(
        "nn.Neuron", "input text", lambda _: nn.Neuron(1)("text"), TypeError, TEXT, f"{NUMBER} or a Value as element 0"
    ),
    Case("nn.Layer", "nout text", lambda _: nn.Layer(2, "text"), TypeError, TEXT, f"nout {COUNT}"),
    Case("nn.Layer", "no neurons", lambda _: nn.Layer(2, 0), ValueError, "not 0", "nout is 1 or more"),
    Case("nn.Layer", "an unknown option", lambda _: nn.Layer(2, 1, bias=True), TypeError, "bias", "unexpected keyword"),
    Case(
        "nn.Layer", "a Vector of 1 for 2", lambda g: nn.Layer(2, 1)(g.v[:1]), ValueError, "got 1", "expected 2 inputs"
    ),
    Case("nn.MLP", "nouts 3", lambda _: nn.MLP(2, 3), TypeError, r"3 \(int\)", "a list of the sizes of the layers"),
    Case("nn.MLP", "no layers", lambda _: nn.MLP(2, []), ValueError, "is empty", "the size of one layer or more"),
    Case("nn.MLP", "a size of text", lambda _: nn.MLP(2, ["text"]), TypeError, TEXT, f"nout {COUNT}"),
    Case("nn.MLP", "seed text", lambda _: nn.MLP(2, [1], seed="text"), TypeError, TEXT, "seed is an integer"),
    Case("nn.Sequential", "text", lambda _: nn.Sequential("text"), TypeError, TEXT, "takes a function"),
    Case(
        "nn.Module", "a state of text", lambda _: nn.Module().load_state_dict("text"), TypeError, TEXT, "the dict of a"
    ),
    *[
        case
        for name in LOSSES
        for case in (
            Case(
                f"nn.{name}",
                "another length",
                lambda _, name=name: getattr(nn, name)([1.0, 1.0], [1.0]),
                ValueError,
                "got a list of one number for 2 numbers",
                f"{name} takes as many targets as predictions",
            ),
            Case(
                f"nn.{name}",
                "a list for a number",
                lambda g, name=name: getattr(nn, name)(g.x, [1.0]),
                ValueError,
                "got a list of one number for one number",
                f"{name} takes as many targets as predictions",
            ),
            Case(
                f"nn.{name}", "nothing", lambda _, name=name: getattr(nn, name)([], []), ValueError, "got no", "or more"
            ),
            Case(f"nn.{name}", "text", lambda _, name=name: getattr(nn, name)(["text"], [1]), TypeError, TEXT, NUMBER),
            Case(
                f"nn.{name}", "a target", lambda _, name=name: getattr(nn, name)([1], ["text"]), TypeError, TEXT, NUMBER
            ),
        )
    ],
    Case("nn.huber_loss", "delta 0", lambda _: nn.huber_loss(1.0, 1.0, 0), ValueError, "not 0", f"delta {MORE_THAN_0}"),
    Case(
        "nn.huber_loss", "delta text", lambda _: nn.huber_loss(1.0, 1.0, "text"), TypeError, TEXT, f"{NUMBER} as delta"
    ),
    Case(
        "nn.hinge_loss", "label 0", lambda _: nn.hinge_loss(1.0, 0), ValueError, "not 0", "a target of hinge_loss is -1"
    ),
    Case(
        "nn.binary_cross_entropy_with_logits",
        "label -1",
        lambda _: nn.binary_cross_entropy_with_logits([1.0], [-1]),
        ValueError,
        "not -1",
        "a target of binary_cross_entropy_with_logits is between 0 and 1",
    ),
    Case("nn.cross_entropy", "a number", lambda g: nn.cross_entropy(g.x, 0), TypeError, r"Value\(2\.0\)", LIST),
    Case("nn.cross_entropy", "no logits", lambda _: nn.cross_entropy([], 0), ValueError, "no logits", "one for each"),
    Case("nn.cross_entropy", "text", lambda _: nn.cross_entropy(["text"], 0), TypeError, TEXT, NUMBER),
    Case(
        "nn.cross_entropy", "class 2 of 2", lambda g: nn.cross_entropy(g.v, 2), IndexError, "not 2", f"{CLASS} a class"
    ),
    Case(
        "nn.cross_entropy", "class -1", lambda g: nn.cross_entropy(g.v, -1), IndexError, "not -1", "class from 0 to 1"
    ),
    Case(
        "nn.cross_entropy", "class 1.0", lambda g: nn.cross_entropy(g.v, 1.0), TypeError, r"1\.0", f"{CLASS} the index"
    ),
    Case("nn.cross_entropy", "a flag", lambda g: nn.cross_entropy(g.v, True), TypeError, "True", f"{CLASS} the index"),
    Case("nn.cross_entropy", "class text", lambda g: nn.cross_entropy(g.v, "text"), TypeError, TEXT, "the index of a"),
    Case("nn.cross_entropy", "a Value", lambda g: nn.cross_entropy(g.v, g.x), TypeError, r"Value\(2\.0\)", "int\\(\\)"),
    Case(
        "nn.cross_entropy", "1 probability", lambda g: nn.cross_entropy(g.v, [1]), ValueError, "got 1", "for each logit"
    ),
    Case(
        "nn.cross_entropy", "negative", lambda g: nn.cross_entropy(g.v, [2, -1]), ValueError, "not -1", "is 0 or more"
    ),
    Case("nn.cross_entropy", "of text", lambda g: nn.cross_entropy(g.v, ["text", 1]), TypeError, TEXT, NUMBER),
    Case("nn.cross_entropy", "1 row", lambda g: nn.cross_entropy([g.v], 1), TypeError, r"1 \(int\)", f"rows.*{LIST}"),
    Case(
        "nn.cross_entropy",
        "of 1",
        lambda g: nn.cross_entropy([g.v], [1, 1]),
        ValueError,
        "2 targets for 1 row$",
        "each row",
    ),
    Case(
        "nn.save",
        "a name too long",
        lambda _: nn.save("a" * 999, model=nn.Neuron(2)),
        OSError,
        r"'a+\.\.\.a+' has 999 characters",
        "give the file a shorter name",
    ),
    *[
        Case(name, f"a {kind.__name__}", lambda _, of=of, x=x, kind=kind: of(x), TypeError, f"a {kind.__name__}", way)
        for name, of in (("nn.cross_entropy", lambda x: nn.cross_entropy(x, 0)),)
        for kind, x, way in (
            (np.matrix, np.asmatrix([1.0, 2.0]), r"use numpy\.asarray\(\) of it$"),
            (np.ma.MaskedArray, np.ma.array([1.0, 2.0]), r"use its compressed\(\) or filled\(\)$"),
        )
    ],
    Case(
        "nn.save",
        "a part without a name",
        lambda _: nn.save("run.json", nn.Neuron(1)),  # type: ignore[arg-type]
        TypeError,
        "(Neuron)",
        "name it, as in save",
    ),
    Case("nn.save", "no parts", lambda _: nn.save("run.json"), ValueError, "no parts", "name them"),
    Case("nn.save", "text", lambda _: nn.save("run.json", model="text"), TypeError, "'text'", "modules and optimisers"),
    Case(
        "nn.load",
        "a part without a name",
        lambda _: nn.load("run.json", nn.Neuron(1)),  # type: ignore[arg-type]
        TypeError,
        "(Neuron)",
        "name it, as in load",
    ),
    Case("nn.load", "no parts", lambda _: nn.load("run.json"), ValueError, "no parts", "name them"),
    Case("nn.load", "text", lambda _: nn.load("run.json", model="text"), TypeError, "'text'", "modules and optimisers"),
    Case(
        "nn.Sequential",
        "a list",
        lambda _: nn.Sequential([nn.Layer(1, 1), abs]),  # type: ignore[arg-type]
        TypeError,
        "not in a list",
        r"one by one.*Sequential\(\*layers\)",
    ),
    Case(
        "nn.Neuron",
        "several samples",
        lambda _: nn.Neuron(2)([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]),
        TypeError,
        "not a list of 3 samples",
        "takes the 2 numbers of one sample",
    ),
]


@each_of(TABLE)
def test_bad_input_raises_at_once_with_one_sentence_on_what_came_and_what_was_expected(case: Case) -> None:
    check(case)
