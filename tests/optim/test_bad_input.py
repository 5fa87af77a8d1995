"""Bad input to optimisers, schedules and clipping."""

from __future__ import annotations

import math
import re

import scalargrad as sg
from scalargrad import nn, optim
from tests.support.bad_input import AT_LEAST_0, BELOW_1, MORE_THAN_0, NUMBER, TEXT, Case, check, each_of

PARAMETERS = "takes Values, Variables, Vectors and matrices"


def options(name: str, number: str, least: str, wrong: float = -1.0) -> list[Case]:
    """An option of an optimiser that is no number, or one out of range."""
    kind = getattr(optim, name)
    what = f"{name}, {number}"
    return [
        Case(f"optim.{name}", f"{number} text", lambda _: kind(**{number: "text"}), TypeError, TEXT, NUMBER),
        Case(f"optim.{name}", f"{what}", lambda _: kind(**{number: wrong}), ValueError, re.escape(f"{wrong}"), least),
    ]


TABLE = [
    *[
        case
        for name in ("Optimizer", "SGD", "Adam", "AdamW", "RMSProp")
        for case in (
            Case(
                f"optim.{name}", "a number", lambda _, name=name: getattr(optim, name)(0.1), TypeError, "0\\.1", "lr="
            ),
            Case(
                f"optim.{name}", "a Value", lambda g, name=name: getattr(optim, name)(g.x), TypeError, "Value", "a list"
            ),
            Case(
                f"optim.{name}",
                "text",
                lambda _, name=name: getattr(optim, name)(["text"]),
                TypeError,
                TEXT,
                PARAMETERS,
            ),
            Case(
                f"optim.{name}",
                "a constant",
                lambda g, name=name: getattr(optim, name)([g.c]),
                ValueError,
                r"constant\(5\.0\) is a constant",
                "updates tracked leaves.*trainable Variable",
            ),
            Case(
                f"optim.{name}",
                "a computed one",
                lambda g, name=name: getattr(optim, name)([g.u]),
                ValueError,
                r"Value\(4\.0\) was computed",
                "updates tracked leaves.*trainable Variable",
            ),
            *options(name, "lr", AT_LEAST_0),
        )
    ],
    Case("optim.SGD", "a schedule", lambda _: optim.SGD(lr=lambda _: "text"), TypeError, TEXT, f"{NUMBER} as lr"),
    *options("SGD", "momentum", AT_LEAST_0),
    *options("SGD", "dampening", AT_LEAST_0),
    *options("SGD", "weight_decay", AT_LEAST_0, math.nan),
    Case("optim.SGD", "nesterov 1", lambda _: optim.SGD(nesterov=1), TypeError, r"1 \(int\)", "True or False"),
    Case(
        "optim.SGD", "nesterov alone", lambda _: optim.SGD(nesterov=True), ValueError, "not 0 and 0", "takes momentum"
    ),
    Case(
        "optim.SGD",
        "nesterov dampened",
        lambda _: optim.SGD(momentum=0.9, dampening=0.5, nesterov=True),
        ValueError,
        r"not 0\.9 and 0\.5",
        "takes momentum and no dampening",
    ),
    Case(
        "optim.Adam",
        "both names of beta",
        lambda _: optim.Adam(betas=(0.9, 0.99), beta_1=0.8),
        TypeError,
        r"got \(0\.9, 0\.99\) and 0\.8",
        "betas and beta_1 are two names .* give one",
    ),
    *[
        Case(
            f"optim.{kind.__name__}",
            f"an unknown option {name}",
            lambda _, kind=kind, name=name: kind(**{name: 1}),
            TypeError,
            f"{kind.__name__} has no option {name}",
            way,
        )
        for kind in (optim.Optimizer, optim.SGD, optim.Adam, optim.AdamW, optim.RMSProp)
        for name, way in (
            (
                "clipnorm",
                r"takes params, lr.*; clip gradients with optim\.clip_grad_norm_ or optim\.clip_by_global_norm$",
            ),
            ("amsgrad", "takes params, lr.*, learning_rate[a-z, _0-9]*$"),
        )
    ],
    Case("optim.Adam", "one beta", lambda _: optim.Adam(betas=0.9), TypeError, r"0\.9", "a pair of numbers"),
    Case("optim.Adam", "beta text", lambda _: optim.Adam(betas=("text", 0)), TypeError, TEXT, NUMBER),
    Case("optim.Adam", "beta 1", lambda _: optim.Adam(betas=(0.9, 1)), ValueError, "not 1", BELOW_1),
    *options("Adam", "eps", MORE_THAN_0, 0),
    *options("Adam", "weight_decay", AT_LEAST_0),
    *options("AdamW", "weight_decay", AT_LEAST_0),
    Case("optim.AdamW", "one beta", lambda _: optim.AdamW(betas=0.9), TypeError, r"0\.9", "a pair of numbers"),
    Case(
        "optim.Optimizer",
        "a constant Variable",
        lambda _: optim.SGD([sg.Variable([[1.0]], trainable=False)]),
        ValueError,
        r"Variable\(\[\[1\.0\]\], trainable=False\) is a constant",
        "updates tracked leaves.*trainable Variable",
    ),
    Case(
        "optim.Optimizer.apply_gradients",
        "another shape",
        lambda _: optim.SGD().apply_gradients([([[1.0]], sg.Variable([[1.0, 2.0]]))]),
        ValueError,
        r"got \(1, 1\)$",
        r"expected numbers of shape \(1, 2\) as the gradient for Variable",
    ),
    Case(
        "optim.Optimizer.apply_gradients",
        "a number for a matrix",
        lambda _: optim.SGD().apply_gradients([(1.0, sg.Variable([[1.0, 2.0]]))]),
        ValueError,
        "got one number$",
        r"expected 1 row as the gradient for Variable",
    ),
    *options("RMSProp", "alpha", BELOW_1),
    *options("RMSProp", "eps", MORE_THAN_0, 0),
    *options("RMSProp", "weight_decay", AT_LEAST_0),
    *options("RMSProp", "momentum", AT_LEAST_0),
    Case("optim.RMSProp", "centered 1", lambda _: optim.RMSProp(centered=1), TypeError, r"1 \(int\)", "True or False"),
    Case(
        "optim.Optimizer.apply_gradients",
        "None",
        lambda g: optim.SGD().apply_gradients([(None, g.s)]),
        ValueError,
        r"the gradient for Variable\(3\.0, name='s'\) is None",
        "leave it out",
    ),
    Case(
        "optim.Optimizer.apply_gradients",
        "another length",
        lambda g: optim.SGD().apply_gradients([([1.0], g.w)]),
        ValueError,
        "got a list of one number$",
        r"expected 2 numbers as the gradient for Variable\(\[1\.0, 2\.0\]\)",
    ),
    Case(
        "optim.Optimizer.apply_gradients",
        "a number",
        lambda _: optim.SGD().apply_gradients(3),  # type: ignore[arg-type]
        TypeError,
        r"not 3 \(int\)",
        "apply_gradients takes a list",
    ),
    Case(
        "optim.Optimizer",
        "a module",
        lambda _: optim.SGD(nn.MLP(20, [20, 1])),  # type: ignore[arg-type]
        TypeError,
        r"not MLP of \[.{,50}; ",
        r"a list of parameters.*give its parameters\(\)$",
    ),
    Case(
        "optim.Optimizer",
        "inf, lr",
        lambda _: optim.SGD(lr=math.inf),
        ValueError,
        "not inf",
        "lr is 0 or more and finite",
    ),
    Case(
        "optim.piecewise_constant_decay",
        "a number",
        lambda _: optim.piecewise_constant_decay(3, [1.0, 2.0]),  # type: ignore[arg-type]
        TypeError,
        r"not 3 \(int\)",
        "takes a list",
    ),
    Case(
        "optim.Optimizer.apply_gradients",
        "text",
        lambda g: optim.SGD().apply_gradients([("text", g.s)]),
        TypeError,
        TEXT,
        rf"{NUMBER} as gradient for Variable\(3\.0, name='s'\)",
    ),
    Case(
        "optim.Optimizer.apply_gradients",
        "no variable",
        lambda _: optim.SGD().apply_gradients([(1.0, 2.0)]),
        TypeError,
        r"2\.0 \(float\)",
        PARAMETERS,
    ),
    Case(
        "optim.Optimizer.apply_gradients",
        "one twice",
        lambda g: optim.SGD().apply_gradients([(1.0, g.s), (1.0, g.s)]),
        ValueError,
        "a variable twice",
        "add its gradients up",
    ),
    *[
        case
        for name in ("exponential_decay", "cosine_decay", "linear_decay", "step_decay")
        for case in (
            Case(
                f"optim.{name}",
                "text",
                lambda _, name=name: getattr(optim, name)("text", 1, 1),
                TypeError,
                TEXT,
                NUMBER,
            ),
            Case(
                f"optim.{name}",
                "no steps",
                lambda _, name=name: getattr(optim, name)(0.1, 0, 1),
                ValueError,
                "not 0",
                MORE_THAN_0,
            ),
            Case(
                f"optim.{name}",
                "a negative rate",
                lambda _, name=name: getattr(optim, name)(-0.1, 1, 1),
                ValueError,
                r"not -0\.1",
                AT_LEAST_0,
            ),
            Case(
                f"optim.{name}",
                "a negative decay",
                lambda _, name=name: getattr(optim, name)(0.1, 1, -1),
                ValueError,
                "not -1",
                AT_LEAST_0,
            ),
        )
    ],
    Case(
        "optim.piecewise_constant_decay",
        "as many values",
        lambda _: optim.piecewise_constant_decay([1], [0.1]),
        ValueError,
        "values of length 1 and boundaries of length 1",
        "one value more than boundaries",
    ),
    Case(
        "optim.piecewise_constant_decay",
        "boundaries that fall",
        lambda _: optim.piecewise_constant_decay([2, 1], [0.1] * 3),
        ValueError,
        r"\[2, 1\]",
        "increasing numbers",
    ),
    Case(
        "optim.piecewise_constant_decay",
        "a boundary of text",
        lambda _: optim.piecewise_constant_decay(["text"], [0.1] * 2),
        TypeError,
        TEXT,
        f"{NUMBER} as a boundary",
    ),
    Case("optim.warmup", "text", lambda _: optim.warmup("text", 1), TypeError, TEXT, NUMBER),
    Case("optim.warmup", "no steps", lambda _: optim.warmup(0.1, 0), ValueError, "not 0", MORE_THAN_0),
    Case("optim.clip_grad_norm_", "norm 0", lambda g: optim.clip_grad_norm_(g.v, 0), ValueError, "not 0", MORE_THAN_0),
    Case("optim.clip_grad_norm_", "text", lambda _: optim.clip_grad_norm_(["text"], 1), TypeError, TEXT, PARAMETERS),
    Case(
        "optim.clip_by_global_norm", "0", lambda _: optim.clip_by_global_norm([1], 0), ValueError, "not 0", MORE_THAN_0
    ),
    Case(
        "optim.clip_by_global_norm", "text", lambda _: optim.clip_by_global_norm(["text"], 1), TypeError, TEXT, NUMBER
    ),
]


@each_of(TABLE)
def test_bad_input_raises_at_once_with_one_sentence_on_what_came_and_what_was_expected(case: Case) -> None:
    check(case)
