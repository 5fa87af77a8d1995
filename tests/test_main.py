"""The command `python -m scalargrad`, run in this process but for what needs one of its own."""

from __future__ import annotations

import io
import os
import re
import runpy
import shlex
import sys
from pathlib import Path

import pytest

import scalargrad as sg
from scalargrad.__main__ import EPILOG, main
from scalargrad.cli.expression import CONSTANTS, FUNCTIONS, TOO_DEEP, Expression

PNG = b"\x89PNG\r\n\x1a\n"
ERROR = "python -m scalargrad: error: "


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MPLBACKEND", "agg")
    monkeypatch.setenv("COLUMNS", "100")


@pytest.fixture
def run(capsys):
    """Runs the command with arguments; gives its exit code and what it said on stdout and stderr."""

    def run(*arguments):
        try:
            code = main(arguments)
        except SystemExit as ended:
            code = ended.code
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


@pytest.fixture
def refused(run):
    """The sentence with which arguments are refused."""

    def refused(*arguments):
        code, out, err = run(*arguments)
        assert (code, out) == (2, "")
        assert err.startswith("usage: python -m scalargrad ")
        return err.partition(ERROR)[2].rstrip("\n")

    return refused


# -- the course


def test_learn_is_the_course(run):
    code, out, err = run("learn")
    assert (code, err) == (0, "")
    assert out.startswith("Copied to course: step1_remember.py, ")
    code, out, err = run("learn", "check", "1")
    assert (code, err) == (1, "")
    assert out.startswith("Begin with gap 1, ")


def test_an_expression_may_have_the_name_of_the_course(run):
    assert run("learn", "learn=3")[:2] == (0, "learn  at learn = 3.0\n\nvalue    = 3.0\nd/dlearn = 1.0\n")
    assert run("learn**2", "learn=3")[0] == 0


# -- what it prints


def test_the_value_and_each_derivative_are_printed_exactly(run):
    x, y = 1.5, 2.0
    assert run("x**2 * sin(y)", "x=1.5", "y=2") == (
        0,
        "x**2 * sin(y)  at x = 1.5, y = 2.0\n"
        "\n"
        f"value = {x * x * sg.sin(y)!r}\n"
        f"d/dx  = {sg.sin(y) * (2 * x)!r}\n"
        f"d/dy  = {x * x * sg.cos(y)!r}\n",
        "",
    )


def test_the_second_derivatives_are_a_table(run):
    _, out, _ = run("x**2 * y", "x=3", "y=-2", "--order", "2")
    assert out.partition("\n\nsecond derivatives\n")[2] == "      x    y\nx  -4.0  6.0\ny   6.0  0.0\n"


def test_of_one_name_all_derivatives_up_to_the_order_are_printed(run):
    _, out, _ = run("x**4", "x=2", "--order", "5")
    assert out == (
        "x**4  at x = 2.0\n"
        "\n"
        "value    = 16.0\n"
        "d/dx     = 32.0\n"
        "d^2/dx^2 = 48.0\n"
        "d^3/dx^3 = 48.0\n"
        "d^4/dx^4 = 24.0\n"
        "d^5/dx^5 = 0.0\n"
    )


def test_order_zero_is_the_value_alone(run):
    assert run("x*y", "x=2", "y=3", "--order", "0")[1] == "x*y  at x = 2.0, y = 3.0\n\nvalue = 6.0\n"


def test_without_names_there_is_a_value(run):
    assert run("2 * 3 + math.sqrt(4)") == (0, "2 * 3 + math.sqrt(4)\n\nvalue = 8.0\n", "")


def test_what_is_constant_has_derivatives_of_zero(run):
    assert run("floor(x)", "x=1.5", "y=2", "--order", "2")[1].split("\n\n")[1:] == [
        "value = 1.0\nd/dx  = 0.0\nd/dy  = 0.0",
        "second derivatives\n     x    y\nx  0.0  0.0\ny  0.0  0.0\n",
    ]


@pytest.mark.parametrize("expression", ["-x**2", "-x", "-2 * x", "- x", "-hypot(x, 0)", "(--x)"])
def test_an_expression_may_begin_with_minus(run, expression):
    code, out, _ = run(expression, "x=-3")
    assert code == 0
    assert out.startswith(f"{expression}  at x = -3.0\n")


@pytest.mark.parametrize(
    "arguments",
    [("--order", "2", "x", "x=1", "y=2"), ("x", "x=1", "--order=2", "y=2"), ("x", "--order", "2", "x=1", "y=2")],
)
def test_options_stand_anywhere(run, arguments):
    assert run(*arguments) == run("x", "x=1", "y=2", "--order", "2")


def test_names_are_spelt_as_python_spells_them(run):
    assert run("µ*2", "µ=3", "--order", "0")[1] == "µ*2  at μ = 3.0\n\nvalue = 6.0\n"


def test_the_explanation_is_that_of_the_labelled_value(run):
    _, out, _ = run("x * y", "x=2", "y=3", "--explain")
    assert sg.explain(sg.Value(2.0, label="x") * sg.Value(3.0, label="y")) in out


def test_what_is_constant_has_nothing_to_explain(run):
    code, out, _ = run("floor(x)", "x=1.5", "--explain")
    assert code == 0
    assert out.endswith("d/dx  = 0.0\n\nIt depends on no name; there is nothing to explain.\n")


# -- the source


@pytest.mark.parametrize("names", [("x", "y"), ("f", "float"), ("t1", "self")])
def test_the_source_is_a_module_that_computes_the_value_and_the_gradient(run, names):
    a, b = names
    code, out, err = run(f"{a}**2 * sin({b})", f"{a}=1.5", f"{b}=2", "--source")
    assert (code, err) == (0, "")
    assert out.startswith(f"# {a}**2 * sin({b})  at {a} = 1.5, {b} = 2.0\n#\n# value")
    namespace = {}
    exec(out, namespace)
    assert f"def f({a}, {b}):" in out
    assert namespace["f"](0.5, 3.0) == (0.25 * sg.sin(3.0), (sg.sin(3.0), 0.25 * sg.cos(3.0)))


def test_all_options_go_together(run):
    code, out, err = run("x*y", "x=1", "y=2", "--order", "2", "--explain", "--source", "--plot", "out.png")
    assert (code, err) == (0, "")
    parts = ["value = 2.0", "second derivatives", sg.explain(sg.Value(1.0, label="x") * sg.Value(2.0, label="y"))]
    parts += ["The graph is in out.png.", "def f(x, y):"]
    text = re.sub("^# ?", "", out, flags=re.MULTILINE)
    assert sorted(parts, key=text.index) == parts
    exec(out, {})


# -- the picture


def test_the_graph_is_drawn_to_a_file(run):
    code, out, err = run("x*y", "x=1", "y=2", "--plot", "out.png")
    assert (code, err) == (0, "")
    assert out.endswith("\n\nThe graph is in out.png.\n")
    assert Path("out.png").read_bytes().startswith(PNG)


def test_without_matplotlib_it_says_what_brings_it(run, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    code, out, err = run("x", "x=1", "--plot", "out.png")
    assert (code, out) == (1, "x  at x = 1.0\n\nvalue = 1.0\nd/dx  = 1.0\n")
    assert err.startswith(f"{ERROR}pictures need matplotlib")
    assert err.endswith(": pip install matplotlib\n")


@pytest.mark.parametrize("file", ["no/such/folder.png", "out.nothing"])
def test_a_file_that_cannot_be_written_is_said_in_a_sentence(run, file):
    code, out, err = run("x", "x=1", "--plot", file)
    assert (code, out) == (1, "x  at x = 1.0\n\nvalue = 1.0\nd/dx  = 1.0\n")  # what is known is said all the same
    assert err.startswith(f"{ERROR}--plot cannot write {file}: ")
    assert err.count("\n") == 1


def test_a_picture_without_a_suffix_is_a_png_and_without_a_name_is_refused(run, tmp_path):
    code, out, _ = run("x", "x=1", "--plot", str(tmp_path / "graph"))
    assert code == 0
    assert out.endswith(f"The graph is in {tmp_path / 'graph.png'}.\n")
    assert (tmp_path / "graph.png").stat().st_size > 1000
    code, _, err = run("x", "x=1", "--plot", "")
    assert code == 2
    assert "expected the name of a file, such as out.png, got an empty one" in err


def test_the_source_of_a_choice_names_no_file(run):
    _, out, _ = run("x if x > 0 else -x", "x=1", "--source")
    assert "# Paths known: 1.\n" in out
    assert "generate it again with them" in out


# -- what mathematics refuses


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("log(x)", "x=-1"), r"log\(-1\.0\): .*, at x = -1\.0"),
        (("y/x", "x=0", "y=1"), r"1\.0 / 0\.0: .*, at x = 0\.0, y = 1\.0"),
        (("9**9**9**9",), r"9\.0 \*\* 387420489\.0: .*[^,]"),
        (("(-8)**(1/3)",), r"-8\.0 \*\* 0\.3333333333333333: the result would be complex.*"),
        (("exp(x)", "x=1e3"), r"exp\(1000\.0\): .*, at x = 1000\.0"),
    ],
)
def test_an_error_of_the_mathematics_is_told_with_the_point(run, arguments, message):
    code, out, err = run(*arguments)
    assert (code, out) == (1, "")
    assert re.fullmatch(re.escape(ERROR) + message + "\n", err)


# -- what is refused


def test_an_expression_is_refused_with_a_caret(refused):
    sentence, shown, caret = refused("x + y.real", "x=1").split("\n")
    assert sentence.startswith("`y.real` is not arithmetic; ")
    assert (shown, caret) == ("  x + y.real", "      ^")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("x", "+", "y", "x=1"), "expected name=number, got '+'; put the whole expression in quotes"),
        (("x", "x=one"), "expected a number after the = of 'x=one', got 'one'; write one, such as x=1.5"),
        (("x", "x="), "expected a number after the = of 'x=', got ''; write one, such as x=1.5"),
        (("x", "2x=1"), "expected a name before the = of '2x=1', got '2x'; use one such as x"),
        (("x", "=1"), "expected a name before the = of '=1', got ''; use one such as x"),
        (("x", "lambda=1"), "expected a name before the = of 'lambda=1', got 'lambda'; use one such as x"),
        (("x", "sin=1"), "expected a name of your own in 'sin=1', got that of a function; use one such as x"),
        (("x", "math=1"), "expected a name of your own in 'math=1', got that of a function; use one such as x"),
        (("x", "x=1", "x=2"), "x is given twice, as 1.0 and in 'x=2'; give it once"),
        (("x", "x=1", "--order", "-1"), "argument --order: expected a whole number from 0 to 30, got '-1'"),
        (("x", "x=1", "--order", "2.5"), "argument --order: expected a whole number from 0 to 30, got '2.5'"),
        (("x", "x=1", "--order", "31"), "argument --order: expected a whole number from 0 to 30, got '31'"),
        (
            ("x*y", "x=1", "y=2", "--order", "3"),
            "--order 3 takes an expression of one name, got 2 (x, y); use --order 2, or write the numbers of the "
            "others into the expression",
        ),
        (("--x", "x=1"), "unrecognized arguments: --x"),
    ],
)
def test_wrong_arguments_are_refused_in_a_sentence(refused, arguments, message):
    assert refused(*arguments) == message


@pytest.mark.parametrize("options", [("--order", "2"), ("--source",), ("--explain",), ("--plot", "out.png")])
def test_without_a_name_there_is_nothing_to_differentiate_by(refused, options):
    assert refused("2 + 2", *options) == "there is no name to differentiate with respect to; add one, such as x=1.5"


def test_what_is_too_long_to_read_is_refused_in_a_sentence(refused):
    assert refused("+".join(["x"] * 1200), "x=1") == TOO_DEEP


def test_what_is_too_long_to_evaluate_is_refused_in_a_sentence(refused, monkeypatch):
    def evaluate(*_):
        raise RecursionError

    monkeypatch.setattr(Expression, "__call__", evaluate)  # how long that is depends on the version of Python
    assert refused("x", "x=1") == TOO_DEEP


# -- the help


def test_without_arguments_it_helps(run):
    code, out, err = run()
    assert (code, err) == (0, "")
    assert out == run("--help")[1]
    assert {*FUNCTIONS, *CONSTANTS} <= {*re.findall(r"\w+", out)}


EXAMPLES = re.findall(r"^  python -m scalargrad (.*)$", EPILOG, re.MULTILINE)


@pytest.mark.parametrize("example", EXAMPLES)
def test_the_examples_in_the_help_work(run, example):
    code, out, err = run(*shlex.split(example))
    assert (code, err) == (0, "")
    assert "value " in out or "Copied" in out
    assert len(EXAMPLES) == 4


def test_it_tells_its_version(run):
    assert run("--version") == (0, f"scalargrad {sg.__version__}\n", "")


# -- where it is run


def test_python_runs_it_as_a_module(capsys, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["scalargrad", "2*x", "x=3"])
    monkeypatch.delitem(sys.modules, "scalargrad.__main__")
    with pytest.raises(SystemExit) as ended:
        runpy.run_module("scalargrad", run_name="__main__")
    assert ended.value.code == 0
    assert capsys.readouterr().out == "2*x  at x = 3.0\n\nvalue = 6.0\nd/dx  = 2.0\n"


def test_where_letters_cannot_be_written_they_are_spelt_out(monkeypatch):
    out = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(sys, "stdout", out)
    assert main(["2*λ", "λ=3", "--order", "0"]) == 0
    assert out.buffer.getvalue().decode() == "2*\\u03bb  at \\u03bb = 3.0\n\nvalue = 6.0\n".replace("\n", os.linesep)


def test_a_reader_that_does_not_read_to_the_end_is_no_error(monkeypatch):
    read, write = os.pipe()
    os.close(read)
    with open(write, "w") as out:  # which writes once more as it closes
        monkeypatch.setattr(sys, "stdout", out)
        assert main(["x", "x=1"]) == 0


def test_a_number_beyond_floats_is_no_infinity(run):
    code, out, err = run("x", "x=1e400")
    assert (code, out) == (2, "")
    assert "1e400 in 'x=1e400' is too large for a float; write inf" in err
    assert "`1e400` is too large for a float" in run("1e400 * x", "x=1")[2]
    assert run("x", "x=-inf", "--order", "0")[1] == "x  at x = -inf\n\nvalue = -inf\n"
