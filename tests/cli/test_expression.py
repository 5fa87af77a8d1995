"""Functions written as text: what they compute, and what is refused with its place."""

from __future__ import annotations

import contextlib
import dis
import math
import warnings

import pytest
from hypothesis import given
from hypothesis import strategies as st

import scalargrad as sg
from scalargrad.cli.expression import FUNCTIONS, MANY, NAMESPACE, TOO_DEEP, Expression, ExpressionError
from scalargrad.operations.operation import Operation

# The names that Python's own `eval` needs for the same results; the tests may run text, since it is their own.
PYTHON = {**vars(sg), **vars(sg.math), "math": sg.math, "abs": abs, "max": max, "min": min, "round": round}


def by_python(text: str, **numbers: object) -> object:
    return eval(text, {**PYTHON, **numbers})


def refusal(text: str, *names: str) -> tuple[str, str]:
    """The sentence that refuses a text, and the part of the text from the caret on."""
    with pytest.raises(ExpressionError) as refused:
        Expression(text, names)
    sentence, shown, caret = str(refused.value).split("\n")
    assert caret.strip() == "^"
    return sentence, shown[caret.index("^") :]


# ---- What it computes ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "x",
        "-x**2 + +y",
        "x + y * 2 - x / y",
        "(x + y) * 3.5e-1",
        "7 // 2 + x // y + x % y + 7 % 2",
        "2**3**x",
        "1_000 * 0x10 * x",
        "x if x > y else -y",
        "1 if 0 < x < y <= 2 else 0",
        "1 if x == x != y >= x else 2",
        "(x < y) + (x < y) * y",
        "not x",
        "x and y or 3",
        "0 * x or y",
        "x if x > 1 or not y < 1 and x else y",
        "sin(x) + math.cos(y)",
        "pi + e + tau + math.pi * x",
        "inf - x",
        "hypot(x) + hypot(x, y, 2)",
        "log(x) + log(y, 2)",
        "max(x, y, 3) - min(x, y)",
        "maximum(x, y) - minimum(x, 2)",
        "where(x > y, x, 2 * y)",
        "abs(-x) + relu(-y) + sigmoid(x) + softplus(y) + log_sigmoid(x)",
        "clip(y, 0, 1) + digamma(x) + polygamma(1, y)",
        "floor(x) + ceil(x) + trunc(y) + round(x)",
        "isnan(x) + isinf(x) + isfinite(x) + isclose(x, x)",
        "nextafter(x, y) + copysign(x, -1) + ulp(y) + fmod(y, x) + atan2(x, y) + pow(x, y)",
        "  x\n  + y\t",
        "1if x else 2",
    ],
)
def test_it_computes_what_python_does(text: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = by_python(text.strip().replace("\n", ""), x=0.75, y=1.25)
    f = Expression(text, ["x", "y"])
    result = f(0.75, 1.25)
    assert type(result) is float
    assert result == expected
    recorded = f(sg.Value(0.75), sg.Value(1.25))
    assert (recorded.data if isinstance(recorded, sg.Value) else recorded) == expected


LEAVES = st.sampled_from(["x", "y", "2.0", "0.5", "3.0", "pi"])
TEXTS = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.builds("({} {} {})".format, inner, st.sampled_from(["+", "-", "*", "/", "//", "%"]), inner),
        st.builds("({} ** {})".format, st.sampled_from(["x", "y"]), inner),
        st.builds("({} if {} {} {} else {})".format, inner, inner, st.sampled_from(["<", ">=", "=="]), inner, inner),
        st.builds("(-{})".format, inner),
        st.builds("{}({})".format, st.sampled_from(["sin", "math.exp", "relu", "abs", "tanh", "math.sqrt"]), inner),
        st.builds("{}({}, {})".format, st.sampled_from(["hypot", "maximum", "min", "atan2"]), inner, inner),
    ),
    max_leaves=8,
)
POINTS = st.sampled_from([-2.0, -0.5, 0.0, 0.25, 1.0, 3.0])


@given(TEXTS, POINTS, POINTS)
def test_values_and_gradients_are_those_of_the_same_code_in_python(text: str, x: float, y: float) -> None:
    def results(f: object) -> object:
        try:
            return repr(sg.value_and_grad(f, argnums=(0, 1))(x, y))
        except (ArithmeticError, ValueError) as error:
            return type(error)

    assert results(Expression(text, ["x", "y"])) == results(eval(f"lambda x, y: {text}", PYTHON))


@given(TEXTS, POINTS, POINTS)
def test_what_compile_makes_of_it_gives_the_same(text: str, x: float, y: float) -> None:
    f = Expression(text, ["x", "y"])
    try:
        expected = sg.grad(f, argnums=(0, 1))(x, y)
    except (ArithmeticError, ValueError):
        return
    assert sg.compile(sg.grad(f, argnums=(0, 1)))(x, y) == pytest.approx(expected, rel=1e-12, nan_ok=True)


def test_every_transform_takes_it() -> None:
    f = Expression("x**2 * y", ["x", "y"])
    assert sg.hessian(f, argnums=(0, 1))(3.0, 2.0) == ((4.0, 6.0), (6.0, 0.0))
    assert sg.jvp(f, (3.0, 2.0), (1.0, 0.5)) == (18.0, 16.5)
    assert sg.derivative(Expression("x**5", ["x"]), order=3)(2.0) == 240.0


@pytest.mark.parametrize("name", FUNCTIONS)
def test_each_function_takes_as_many_numbers_as_it_says(name: str) -> None:
    _, fewest, most = FUNCTIONS[name]
    for count in {fewest, min(most, fewest + 1)}:
        f = Expression(f"{name}({', '.join(['1'] * count)})", [])
        with contextlib.suppress(ArithmeticError, ValueError):  # which acosh and others raise
            assert type(f()) is float
    for count in [fewest - 1] + [most + 1] * (most < MANY):
        sentence, _ = refusal(f"{name}({', '.join(['1'] * count)})")
        assert sentence.startswith(f"`{name}` takes ")
        assert sentence.endswith(f", got {count}")


def test_what_scalargrad_has_for_single_numbers_is_there() -> None:
    functions = {
        name
        for name in sg.__all__
        if name in dir(sg.math) or isinstance(getattr(getattr(sg, name), "operation", None), Operation)
    }
    assert functions - set(FUNCTIONS) == {"dist", "frexp", "fsum", "ldexp", "modf", "prod"}


def test_a_name_may_be_that_of_a_constant_and_of_what_does_not_occur() -> None:
    assert Expression("e + math.e", ["e", "unused"])(1.0, 2.0) == 1.0 + math.e


def test_names_are_spelt_as_python_spells_them() -> None:
    assert Expression("µ + ﬁ", ["μ", "fi"])(1.0, 2.0) == 3.0


def test_a_chain_of_comparisons_and_a_choice_compute_no_more_than_they_need() -> None:
    assert Expression("2 if 0 < x < log(x) else 1", ["x"])(-1.0) == 1.0
    assert Expression("log(x) if x > 0 and log(x) else 1", ["x"])(-1.0) == 1.0


def test_a_call_with_other_numbers_than_it_has_names_for_raises() -> None:
    with pytest.raises(ValueError, match="zip"):
        Expression("x", ["x"])(1.0, 2.0)


# ---- What it raises --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        ("1/x", ZeroDivisionError, r"1\.0 / 0\.0: "),
        ("1/0", ZeroDivisionError, r"1\.0 / 0\.0: "),
        ("log(x - 1)", ValueError, r"log\(-1\.0\): "),
        ("math.log(-1)", ValueError, r"log\(-1\.0\): "),
        ("(-8)**(1/3)", ValueError, "complex"),
        ("9**9**9**9", OverflowError, r"9\.0 \*\* 387420489\.0: "),
        ("floor(inf)", OverflowError, "infinity"),
        ("clip(x, 1, 0)", ValueError, "lower bound"),
    ],
)
def test_what_mathematics_refuses_names_the_operation(text: str, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        Expression(text, ["x"])(0.0)


# ---- What is refused -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("1 + x.real", "x.real"),
        ("x.__class__", "x.__class__"),
        ("x[0]", "x[0]"),
        ("1 + (lambda: x)", "lambda: x)"),
        ("x + 'a'", "'a'"),
        ('f"{x}"', 'f"{x}"'),
        ("x + 2j", "2j"),
        ("x + True", "True"),
        ("x or None", "None"),
        ("x + ...", "..."),
        ("[x for x in y]", "[x for x in y]"),
        ("(x, 1)", "(x, 1)"),
        ("sin(*x)", "*x)"),
        ("1 + (y := x)", "y := x)"),
        ("x in y", "x in y"),
        ("1 < x is x", "1 < x is x"),
        ("x @ x", "x @ x"),
        ("~x", "~x"),
        ("x # twice", "# twice"),
        ("αβ + x.real", "αβ + x.real"[5:]),
    ],
)
def test_what_is_not_arithmetic_is_refused_with_its_place(text: str, at: str) -> None:
    sentence, place = refusal(text, "x", "y", "αβ")
    assert place == at
    assert "is not arithmetic; an expression has numbers, names, + - * / // % **" in sentence


@pytest.mark.parametrize(
    ("text", "at", "message"),
    [
        ("", "", "the expression is empty; "),
        ("x +", "", "the expression cannot be read (invalid syntax); "),
        ("2 * (x", "(x", "the expression cannot be read ('(' was never closed); "),
        ("x; x", "; x", "the expression cannot be read (invalid syntax); "),
        ("1 + x ^ 2", "^ 2", "`1 + x ^ 2` has the operator ^; a power is written **, such as x**2"),
        ("1 + z", "z", "`z` is not known; give it a number, such as z=1.5"),
        ("alpah", "alpah", "`alpah` is not known; did you mean alpha?"),
        ("1 + sni(x)", "sni(x)", "`sni` is not known; did you mean sin?"),
        ("blah(x)", "blah(x)", "`blah` is not known; the help lists the functions"),
        ("math.relu(x)", "math.relu(x)", "`math.relu` is not known; the help lists the functions"),
        ("factorial(10**9)", "factorial(10**9)", "`factorial` is not known; the help lists the functions"),
        ("__import__('os')", "__import__('os')", "`__import__` is not known; the help lists the functions"),
        ("1 + sin", "sin", "`sin` is a function; write it with its argument, such as sin(1.5)"),
        ("2(x + 1)", "2(x + 1)", "`2` is not a function; a call is sin(x) or math.sin(x), a product 2*(x + 1)"),
        ("x(2)", "x(2)", "`x` is not a function; "),
        ("os.system(x)", "os.system(x)", "`os.system` is not a function; "),
        ("max(x, key=x)", "key=x)", "`key=x` is given by keyword; functions take plain numbers here"),
        ("1 + " + "9" * 400, "9" * 76, f"`{'9' * 37}...` is too large for a float, which ends at about 1.8e308"),
        ("log(1, 2, 3)", "log(1, 2, 3)", "`log` takes 1 or 2 arguments, got 3"),
        ("max(1)", "max(1)", "`max` takes 2 or more arguments, got 1"),
        ("sin()", "sin()", "`sin` takes 1 argument, got 0"),
    ],
)
def test_what_else_is_wrong_is_said_with_its_place_and_the_way_out(text: str, at: str, message: str) -> None:
    sentence, place = refusal(text, "x", "alpha")
    assert place == at
    assert sentence.startswith(message)


def test_of_a_long_expression_the_part_around_the_place_is_shown() -> None:
    text = "+".join(["x"] * 200) + "+y.z+" + "+".join(["x"] * 100)
    with pytest.raises(ExpressionError) as refused:
        Expression(text, "x")
    _, shown, caret = str(refused.value).split("\n")
    assert len(shown) == 82
    assert shown[caret.index("^") :].startswith("y.z+x")


def test_text_that_is_none_is_refused() -> None:
    with pytest.raises(ExpressionError, match="is not text"):
        Expression("x + \udcff", ["x"])


@pytest.mark.parametrize("text", ["+".join(["x"] * 1200), "not " * 1200 + "x"])
def test_what_is_nested_too_deeply_is_refused_in_a_sentence(text: str) -> None:
    with pytest.raises(ExpressionError) as refused:
        Expression(text, ["x"])
    assert str(refused.value) == TOO_DEEP


def test_the_parentheses_that_python_takes_are_as_deep_as_any() -> None:
    sentence, _ = refusal("(" * 300 + "x" + ")" * 300, "x")
    assert "too many nested parentheses" in sentence


def test_what_runs_has_no_builtins_and_looks_at_no_attribute() -> None:
    f = Expression("math.sin(x) + max(x, 2) if not x < y <= 3 and x else -x % pi", ["x", "y"])
    assert not any(step.opname in ("LOAD_ATTR", "LOAD_METHOD", "IMPORT_NAME") for step in dis.get_instructions(f._code))
    assert NAMESPACE["__builtins__"] == {}
    assert not any(name.isidentifier() for name in {*NAMESPACE} - {"__builtins__"})
    assert {*f._code.co_names} - {"x", "y"} < {*NAMESPACE}


def test_the_caret_stands_below_its_place_also_after_letters_that_are_twice_as_wide() -> None:
    with pytest.raises(ExpressionError) as error:
        Expression("日本 + x^2", ["x", "日本"])
    _, text, caret = str(error.value).splitlines()
    assert (text, caret) == ("  日本 + x^2", "  \u3000\u3000    ^")
