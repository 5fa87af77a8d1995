"""Bad input to `scalargrad.math`."""

from __future__ import annotations

import math
import re
import types
from typing import TYPE_CHECKING, Any

import pytest

import scalargrad as sg
from tests.support.bad_input import OPERAND, OUTSIDE, PYTHONS_OWN, TEXT, Case, check, each_of, square

if TYPE_CHECKING:
    from collections.abc import Callable


FUNCTIONS = {name: getattr(math, name) for name in sg.math.__all__ if callable(getattr(math, name))}


def arity_of(function: Callable[..., Any]) -> int:
    """How many arguments a function of `math` needs."""
    for count in (1, 2, 3):
        try:
            function(*[1] * count)
        except TypeError as error:
            if "argument" in str(error):
                continue
        except ValueError:
            pass
        return count
    raise AssertionError(function)


ARITIES = {name: 1 if name in ("fsum", "prod") else arity_of(function) for name, function in FUNCTIONS.items()}
TWO_LISTS = ["dist", *(["sumprod"] if "sumprod" in FUNCTIONS else [])]
ARITIES |= dict.fromkeys(TWO_LISTS, 2)

TABLE = [
    Case("math.pow", "called pow", lambda g: sg.math.pow(-g.x, 0.5), ValueError, r"^pow\(-2\.0, 0\.5\)", PYTHONS_OWN),
    Case("math.log", "called log", lambda g: sg.math.log(g.x, 0), ValueError, r"^log\(2\.0, 0\)", PYTHONS_OWN),
    *[
        Case(
            f"math.{name}",
            "text",
            lambda _, name=name: getattr(sg.math, name)(*["text"] * ARITIES[name]),
            TypeError,
            r"str\b|__(trunc|floor|ceil)__",
            "real number|integer|int|number|sequence|define|unsupported|not supported",
        )
        for name in FUNCTIONS
    ],
    *[
        Case(
            f"math.{name}",
            f"{args} outside",
            lambda _, name=name, args=args: getattr(sg.math, name)(*args),
            kind,
            re.escape(f"{name}({', '.join(map(repr, args))})"),
            PYTHONS_OWN,
        )
        for name, args, kind in OUTSIDE
    ],
    Case(
        "math.pow", "a complex power", lambda _: sg.math.pow(-1.0, 0.5), ValueError, r"pow\(-1\.0, 0\.5\)", PYTHONS_OWN
    ),
    Case("math.pow", "of a Value", lambda g: sg.math.pow(-g.x, 0.5), ValueError, r"pow\(-2\.0, 0\.5\)", PYTHONS_OWN),
    Case("math.pow", "three arguments", lambda g: sg.math.pow(g.x, 2, 3), TypeError, "got 3|3 were given", "2"),
    Case("math.atan2", "one argument", lambda g: sg.math.atan2(g.x), TypeError, "got 1|missing 1", "2|argument"),
    Case("math.atan2", "a Value and text", lambda g: sg.math.atan2(g.x, "text"), TypeError, TEXT, "atan2 " + OPERAND),
    Case("math.log", "base 0", lambda g: sg.math.log(g.x, 0), ValueError, r"log.*\(.*0", PYTHONS_OWN),
    Case("math.log", "three arguments", lambda g: sg.math.log(g.x, 2, 3), TypeError, "3", "2"),
    Case("math.floor", "a Vector", lambda g: sg.math.floor(g.v), TypeError, "Vector", "real number"),
    Case("math.factorial", "a Value", lambda g: sg.math.factorial(g.x), TypeError, "'float'", "integer"),
    Case("math.isclose", "a Vector", lambda g: sg.math.isclose(g.x, g.v), TypeError, "Vector", "real number"),
    Case("math.nextafter", "one argument", lambda g: sg.math.nextafter(g.x), TypeError, "missing 1", "'y'"),
    Case("math.patch", "no module", lambda _: sg.math.patch(), TypeError, "at least one module", "such as patch"),
    Case(
        "math.patch", "a name", lambda _: sg.math.patch("math"), TypeError, r"'math' \(str\)", "takes imported modules"
    ),
    Case(
        "math.patch", "a function", lambda _: sg.math.patch(math, square), TypeError, "<function", "takes imported mod"
    ),
    Case(
        "math.patch",
        "left before entered",
        lambda patch: patch.__exit__(None, None, None),
        RuntimeError,
        "<module 'theirs'> has not been entered",
        r"with patch\(module\)",
        given=lambda _: sg.math.patch(types.ModuleType("theirs")),
    ),
    Case("math", "an unknown name", lambda _: sg.math.sine, AttributeError, "'sine'", "no attribute"),
]


@each_of(TABLE)
def test_bad_input_raises_at_once_with_one_sentence_on_what_came_and_what_was_expected(case: Case) -> None:
    check(case)


@pytest.mark.parametrize(("name", "args", "kind"), OUTSIDE)
def test_outside_of_a_domain_the_exception_is_that_of_math(
    name: str, args: tuple[Any, ...], kind: type[Exception]
) -> None:
    with pytest.raises(kind) as caught:
        getattr(math, name)(*args)
    assert type(caught.value) is kind


def test_a_module_is_as_it_was_when_a_patch_was_left_by_an_error_or_refused() -> None:
    theirs = types.ModuleType("theirs")
    theirs.__dict__.update(sqrt=math.sqrt, math=math)
    with pytest.raises(ValueError, match="sqrt"), sg.math.patch(theirs):
        theirs.sqrt(sg.Value(-1.0))
    with pytest.raises(TypeError, match="'text'"):
        sg.math.patch(theirs, "text")
    assert theirs.sqrt is math.sqrt
    assert theirs.math is math
