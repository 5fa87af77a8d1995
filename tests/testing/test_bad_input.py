"""Bad input to `scalargrad.testing`."""

from __future__ import annotations

from scalargrad import testing
from tests.support.bad_input import SEVERAL, TEXT, Case, Thing, check, each_of, square

PROGRAM = "def program(x):\n    return x"

TABLE = [
    Case("testing", "an unknown name", lambda _: testing.strategy, AttributeError, "'strategy'", "no attribute"),
    *[
        Case(
            "testing.check_grads",
            wrong,
            lambda _, a=args, o=options: testing.check_grads(*a, **o),
            kind,
            came,
            expected,
        )
        for wrong, args, options, kind, came, expected in [
            ("no function", (3, (1.0,)), {}, TypeError, r"3 \(int\)", "check_grads takes a function"),
            ("one argument bare", (square, 1.0), {}, TypeError, r"1\.0 \(float\)", "its args as a tuple"),
            ("no arguments", (square, ()), {}, ValueError, "args of check_grads are empty", r"as in \(2\.0,\)"),
            ("an argument of text", (square, ("text",)), {}, TypeError, TEXT, SEVERAL),
            ("an argument of a thing", (square, (Thing(),)), {}, TypeError, r"a thing \(Thing\)", SEVERAL),
            ("order 0", (square, (1.0,), 0), {}, ValueError, "not 0", "order .* is 1 or more"),
            ("order text", (square, (1.0,), "text"), {}, TypeError, TEXT, "order .* is an integer"),
            ("a mode by itself", (square, (1.0,)), {"modes": "reverse"}, ValueError, "not 'reverse'", "some of"),
            ("an unknown mode", (square, (1.0,)), {"modes": ("both",)}, ValueError, r"not \('both',\)", "some of"),
            ("modes of a number", (square, (1.0,)), {"modes": 3}, ValueError, "not 3", "some of"),
            ("no gradient", (square, (1.0,)), {"gradient": 3}, TypeError, r"3 \(int\)", "takes a function"),
            ("an unknown option", (square, (1.0,)), {"mode": "fwd"}, TypeError, "'mode'", "unexpected keyword"),
            (
                "a gradient of text",
                (square, (1.0,)),
                {"gradient": repr},
                ValueError,
                r"got '1\.0'",
                "structure of 1\\.0",
            ),
            ("a result of text", (repr, (1.0,)), {}, TypeError, r"\(str\)", "a function that returns numbers"),
            (
                "one gradient for two outputs",
                (lambda x: [x, x], (1.0,)),
                {"gradient": square},
                ValueError,
                r"got 1\.0",
                "a list of 2 gradients, one for each output",
            ),
        ]
    ],
    Case("testing.values", "a number", lambda _: testing.values(3), TypeError, r"3 \(int\)", "elements is a strategy"),
    Case(
        "testing.vectors", "a number", lambda _: testing.vectors(3), TypeError, r"3 \(int\)", "elements is a strategy"
    ),
    Case(
        "testing.vectors",
        "size text",
        lambda _: testing.vectors(min_size="text"),
        TypeError,
        TEXT,
        "min_size .* integer",
    ),
    Case(
        "testing.vectors",
        "size 1.5",
        lambda _: testing.vectors(max_size=1.5),
        TypeError,
        r"1\.5",
        "max_size .* integer",
    ),
    Case("testing.vectors", "size -1", lambda _: testing.vectors(min_size=-1), ValueError, "not -1", "0 or more"),
    Case(
        "testing.vectors",
        "sizes",
        lambda _: testing.vectors(min_size=3, max_size=2),
        ValueError,
        "3 with 2",
        "at most max",
    ),
    Case("testing.programs", "loops 1", lambda _: testing.programs(loops=1), TypeError, "not 1", "loops is True or"),
    Case("testing.programs", "a shape 3", lambda _: testing.programs(shapes=3), TypeError, "not 3", r"\(2, 3\)"),
    Case(
        "testing.programs",
        "shapes with loops",
        lambda _: testing.programs(shapes=[(3,)], loops=True),
        ValueError,
        "shapes",
        "without branches and loops",
    ),
    Case("testing.programs", "7 inputs", lambda _: testing.programs(7), ValueError, "not 7", "between 1 and 6"),
    Case(
        "testing.programs",
        "inputs of text",
        lambda _: testing.programs("text"),
        TypeError,
        TEXT,
        "max_inputs .* integer",
    ),
    Case(
        "testing.programs",
        "more steps than there may be",
        lambda _: testing.programs(min_steps=11),
        ValueError,
        "not 11 with 10",
        "between 1 and max_steps",
    ),
    Case("testing.programs", "0 steps", lambda _: testing.programs(max_steps=0), ValueError, "not 0", "1 or more"),
    Case("testing.programs", "steps 2.5", lambda _: testing.programs(max_steps=2.5), TypeError, r"2\.5", "integer"),
    Case(
        "testing.programs",
        "a flag of text",
        lambda _: testing.programs(functions="text"),
        TypeError,
        TEXT,
        "True or False",
    ),
    Case(
        "testing.Program",
        "arity text",
        lambda _: testing.Program("text", PROGRAM),
        TypeError,
        "'text'",
        "the number of its",
    ),
    Case("testing.Program", "a function", lambda _: testing.Program(1, square), TypeError, "<function", "its source"),
    Case(
        "testing.Program",
        "no Python",
        lambda _: testing.Program(1, "x = ("),
        ValueError,
        "'x = \\('",
        "function `program`",
    ),
    Case(
        "testing.Program",
        "another name",
        lambda _: testing.Program(1, "f = 3"),
        ValueError,
        "'f = 3'",
        "function `program`",
    ),
    Case(
        "testing.Program",
        "another arity",
        lambda _: testing.Program(2, PROGRAM),
        ValueError,
        "one of 1",
        "of 2 arguments",
    ),
]


@each_of(TABLE)
def test_bad_input_raises_at_once_with_one_sentence_on_what_came_and_what_was_expected(case: Case) -> None:
    check(case)
