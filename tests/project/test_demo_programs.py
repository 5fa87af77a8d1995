"""The demos beside the line fit: what they print is true, and what they draw is there."""

from __future__ import annotations

import functools
import importlib.util
import math
import random
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib import pyplot as plt
from PIL import Image

from scalargrad import plot
from tests.support import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

DEMOS = ROOT / "demos"
mpl.use("Agg")


def load(name: str) -> Any:
    spec = importlib.util.spec_from_file_location(name, DEMOS / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(DEMOS)
    yield
    plt.close("all")


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """Runs a demo with options, and checks that it drew its picture; gives what it printed."""

    def run(name: str, *options: str) -> str:
        assert load(name).main([*options]) == 0
        with Image.open(f"{name}.png") as picture:
            assert picture.width > 500
            assert len(picture.convert("RGB").resize((64, 64)).getcolors(4096) or ()) > 20  # it is not blank
        return capsys.readouterr().out

    return run


def test_the_chain_rule_is_explained_drawn_and_set_in_motion(run: Callable[..., str]) -> None:
    out = run("chain_rule", "--x", "0.5", "--y", "-1.5")
    assert "dv1/dx = cos(x) = 0.877583    -1.5 * 0.877583 = -1.31637" in out
    found = float(re.findall(r"dz/dx = (\S+)$", out, re.MULTILINE)[-1])
    assert found == pytest.approx(-1.5 * math.cos(0.5) + 1.0, rel=1e-15)
    with Image.open("chain_rule.gif") as animation:
        assert animation.n_frames == 6  # type: ignore[attr-defined]


def test_newton_is_done_in_a_few_steps_where_descent_takes_thousands(run: Callable[..., str]) -> None:
    out = run("newton")
    descent, newton = (
        re.search(rf"^{name} +(.*)$", out, re.MULTILINE) for name in ("gradient descent", "Newton.s method")
    )
    assert descent is not None
    assert newton is not None
    assert int(descent[1].split()[0].replace(",", "")) > 10_000
    steps, x, y, height, _ = newton[1].split()
    assert (int(steps), float(x), float(y), float(height)) == (7, 1.0, 1.0, 0.0)


def test_descent_that_is_not_given_enough_steps_stops(run: Callable[..., str]) -> None:
    assert re.search(r"^gradient descent +40 ", run("newton", "--steps", "40"), re.MULTILINE)


def test_the_curve_is_fitted_to_the_certified_digits_with_their_errors(run: Callable[..., str]) -> None:
    out = run("curve_fit")
    rows = [[float(x) for x in line.split()[1:]] for line in out.splitlines() if re.match(r"b\d ", line)]
    assert len(rows) == 7
    for fitted, certified, digits, error, known in rows:
        assert fitted == pytest.approx(certified, rel=1e-8)
        assert digits > 8
        assert error == pytest.approx(known, rel=1e-6)


def test_the_certified_values_are_nists() -> None:
    demo = load("curve_fit")
    square = sum((y - demo.model(demo.CERTIFIED, x)) ** 2 for x, y in demo.DATA)
    assert square == pytest.approx(5642.7082397, rel=1e-10)  # a slip in a number of the table would show
    assert len(demo.DATA) == 37


def test_where_the_curve_has_no_value_it_leads_uphill() -> None:
    demo = load("curve_fit")
    first = demo.DATA[0][0]
    assert demo.sum_of_squares([1.0, 0.0, 0.0, 0.0, -1 / first, 0.0, 0.0]) == math.inf


def test_a_packages_derivatives_are_its_own_formulas(run: Callable[..., str]) -> None:
    out = run("differentiate_a_library")
    differences = [float(x) for x in re.findall(r"differ by at most (\S+), relatively", out)]
    assert len(differences) == 5
    assert max(differences) < 1e-12


def test_the_moons_are_told_apart_eager_and_compiled(run: Callable[..., str], monkeypatch: pytest.MonkeyPatch) -> None:
    coarse = functools.partial(plot.decision_boundary, steps=20)  # fine ones are what takes longest
    monkeypatch.setattr(plot, "decision_boundary", coarse)
    out = run("moons", "--points", "30", "--steps", "30")
    rows = re.findall(r"^(eager|compiled) +([\d.]+) ms a step +loss ([\d.]+) +(\d+)% right$", out, re.MULTILINE)
    assert [name for name, *_ in rows] == ["eager", "compiled"]
    assert rows[0][2] == rows[1][2]
    assert all(int(percent) >= 99 for *_, percent in rows)
    assert "times as fast" in out


def test_both_ways_to_the_gradient_of_the_moons_agree() -> None:
    demo = load("moons")
    points, labels = demo.moons(6, 0.1, 3)
    model = demo.MLP(2, [4, 1], activation="relu", init="uniform", seed=1)
    (loss, gradients), (other, others) = (way(model, points, labels)() for way in (demo.eager, demo.compiled))
    assert loss == pytest.approx(other, rel=1e-13)
    for gradient, numbers in zip(gradients, others, strict=True):
        assert gradient.numpy() == pytest.approx(np.array(numbers), rel=1e-12, abs=1e-15)


@pytest.mark.parametrize(
    ("name", "options", "words"),
    [
        ("moons", ["--points", "3"], "expected a multiple of 2 of at least 4, got '3'"),
        ("moons", ["--steps", "0"], "expected a whole number of at least 1, got '0'"),
        ("moons", ["--picture", "nowhere/moons.png"], "there is no folder nowhere to save moons.png in"),
        ("moons", ["--noise", "inf"], "expected a number from 0 to 1, got 'inf'"),
        ("moons", ["--noise", "much"], "expected a number from 0 to 1, got 'much'"),
        ("newton", ["--rate", "-1"], "expected a finite number above 0, got '-1'"),
        ("newton", ["--rate", "much"], "expected a finite number above 0, got 'much'"),
        ("curve_fit", ["--picture", "fit.xyz"], "expected the name of a picture, such as fit.png, got 'fit.xyz'"),
        ("chain_rule", ["--animation", "sweep"], "expected the name of a picture, such as sweep.png, got 'sweep'"),
    ],
)
def test_a_wrong_option_is_told_before_anything_is_done(
    name: str, options: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as end:
        load(name).main(options)
    assert end.value.code == 2
    assert words in capsys.readouterr().err


def test_numbers_too_large_for_the_chain_rule_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert load("chain_rule").main(["--x", "1e200"]) == 1
    assert "; give smaller numbers" in capsys.readouterr().err


def test_a_descent_that_runs_away_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert load("newton").main(["--rate", "1"]) == 1
    assert "away from the valley; try a smaller --rate than 1" in capsys.readouterr().err


# ---- The small GPT ---------------------------------------------------------------------------------------------------


def test_the_small_gpt_learns_names_and_invents_some(run: Callable[..., str]) -> None:
    text = run("microgpt", "--steps", "40")
    assert re.match(r"\d+ words, 26 letters, 4192 numbers to learn\n", text)
    names = re.findall(r"^  ([a-z]*)(?: \*)?$", text, re.MULTILINE)
    assert len(names) == 20
    assert all(len(name) <= 16 for name in names)


def test_the_small_gpt_gives_what_is_likely(run: Callable[..., str]) -> None:
    Path("words.txt").write_text("abab\n" * 3, encoding="utf-8")
    text = run("microgpt", "--text", "words.txt", "--steps", "60", "--width", "8", "--heads", "2", "--layers", "2")
    assert text.count("  abab *\n") >= 15


def test_the_small_gpt_goes_on_where_it_was_stopped_to_the_bit(
    run: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    run("microgpt", "--steps", "6", "--save", "whole.json")
    demo = load("microgpt")
    cross_entropy, calls = demo.nn.cross_entropy, []

    def stopped(*args: Any) -> Any:
        calls.append(args)
        if len(calls) == 4:
            raise KeyboardInterrupt
        return cross_entropy(*args)

    monkeypatch.setattr(demo.nn, "cross_entropy", stopped)
    assert "Stopped after 3 steps; what was learned is kept." in run("microgpt", "--steps", "6", "--save", "part.json")
    run("microgpt", "--steps", "6", "--load", "part.json", "--save", "part.json")
    assert Path("part.json").read_bytes() == Path("whole.json").read_bytes()


def test_the_small_gpt_goes_on_alone_with_what_the_file_was_made_with(
    run: Callable[..., str], capsys: pytest.CaptureFixture[str]
) -> None:
    run("microgpt", "--steps", "1", "--width", "8", "--heads", "2", "--save", "run.json")
    Path("words.txt").write_text("Abc\n", encoding="utf-8")
    for options, made_with in (
        (["--width", "8", "--heads", "4"], "heads 2"),
        (["--width", "16", "--heads", "4"], "width 8 and heads 2"),
        (["--width", "8", "--heads", "2", "--layers", "2"], "layers 1"),
        (["--width", "8", "--heads", "2", "--text", "words.txt"], "letters 'abcdefghijklmnopqrstuvwxyz'"),
    ):
        with pytest.raises(SystemExit, match="2"):
            load("microgpt").main([*options, "--load", "run.json"])
        assert f"run.json, setup: made with {made_with}; give the same options" in capsys.readouterr().err


def test_an_interrupt_ends_the_names_of_the_small_gpt_and_no_more(
    run: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    choices = random.Random.choices

    def stopped(*args: Any, **options: Any) -> Any:
        if options:  # names of temporary files
            return choices(*args, **options)
        raise KeyboardInterrupt

    monkeypatch.setattr(random.Random, "choices", stopped)  # which draws the letters
    text = run("microgpt", "--steps", "1")
    assert text.endswith("(* marks one that it was taught):\nThe picture is in microgpt.png\n")


def test_the_heads_of_the_small_gpt_look_back_alone() -> None:
    demo = load("microgpt")
    _, shares = demo.GPT(5, 8, 1, 2, seed=1)([0, 1, 2])
    assert [[sum(row) == pytest.approx(1.0) for row in share.tolist()] for share in shares] == [[True] * 3] * 2
    assert all(x == 0.0 for share in shares for i, row in enumerate(share.tolist()) for x in row[i + 1 :])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--heads", "3"], "--width is a multiple of --heads, got 16 and 3"),
        (["--text", "missing.txt"], r"--text: .*missing\.txt"),
        (["--text", "empty.txt"], r"--text: empty\.txt has no words; it takes one per line"),
        (["--load", "missing.json"], r"--load: .*missing\.json"),
        (["--save", "missing/run.json"], r"--save: there is no folder missing to save run\.json in"),
        (["--save", "."], r"--save: expected the name of a file, got the folder \."),
        (["--steps", "0"], "expected a whole number of at least 1, got '0'"),
    ],
)
def test_the_small_gpt_tells_what_it_cannot_do(
    options: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("empty.txt").write_text("\n", encoding="utf-8")
    with pytest.raises(SystemExit, match="2"):
        load("microgpt").main(options)
    assert re.search(message, capsys.readouterr().err)
