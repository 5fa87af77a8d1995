"""The line fit of `demos/sgd_line.py`, run without a screen."""

import importlib.util
import os
import random
import re
import statistics
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support import ROOT
from tests.support.profiles import some

SCRIPT = ROOT / "demos" / "sgd_line.py"
PNG = b"\x89PNG\r\n\x1a\n"


def load():
    sys.path.insert(0, str(SCRIPT.parent))  # as for a script
    spec = importlib.util.spec_from_file_location("sgd_line", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    # A dataclass looks its module up by name.
    sys.modules["sgd_line"] = module
    spec.loader.exec_module(module)
    return module


demo = load()
line_picture = sys.modules["line_picture"]


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MPLBACKEND", "agg")


@pytest.fixture
def run(capsys):
    """Runs the demo with options; gives its exit code and what it said on stdout and stderr."""

    def run(*options):
        try:
            code = demo.main([str(option) for option in options])
        except SystemExit as ended:
            code = ended.code
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


def rows_of(out):
    return [line.split() for line in out.splitlines() if re.match(r" *\d+ +\S+ +\S+ +\S+$", line)]


def reached(out):
    return tuple(float(re.search(rf"^{name} = (\S+)", out, re.MULTILINE)[1]) for name in "wb")


def block(monkeypatch, package):
    for name in [package, *(name for name in sys.modules if name.startswith(package + "."))]:
        monkeypatch.setitem(sys.modules, name, None)


def interrupt_at(monkeypatch, step):
    add_step = demo.Trace.add_step

    def add_step_or_stop(trace, *numbers):
        if len(trace.steps) == step:
            raise KeyboardInterrupt
        add_step(trace, *numbers)

    monkeypatch.setattr(demo.Trace, "add_step", add_step_or_stop)


def write(text, name="points.csv", **options):
    Path(name).write_text(text, **{"encoding": "utf-8", **options})
    return name


def scattered_points(count=200):
    generator = random.Random(1)
    xs = sorted(generator.uniform(-2, 2) for _ in range(count))
    return xs, [2 * x - 1.5 + generator.gauss(0, 0.1) for x in xs]


# -- the lesson's experiment


def test_weight_and_bias_reach_the_line_of_the_lesson(run):
    code, out, err = run("--no-picture")
    assert (code, err) == (0, "")
    assert "Fitting y = 3x + 1: samples 1,000, epochs 10, learning rate 0.01" in out
    assert reached(out) == pytest.approx((3, 1), abs=1e-6)
    assert re.search(r"^10,000 steps in [\d.]+ s: [\d,]+ steps a second$", out, re.MULTILINE)


def test_the_trace_begins_at_minus_one_and_ends_within_1e_6_of_the_line():
    line = demo.Line(3.0, 1.0, "true")
    trace = demo.Trace()
    demo.train(*demo.make_points(1000, line, 0.0, 0), 0.01, 10, trace)
    assert len(trace.steps) == 10_001
    assert trace.steps[0][:2] == (-1.0, -1.0)
    assert trace.steps[-1][:2] == pytest.approx((3, 1), abs=1e-6)


def test_the_steps_are_those_of_the_gradient_written_by_hand():
    xs, ys = demo.make_points(50, demo.Line(3.0, 1.0, "true"), 0.3, 7)
    trace = demo.Trace()
    demo.train(xs, ys, 0.01, 2, trace)
    w = b = -1.0
    for k, (x, y) in enumerate(zip(xs * 2, ys * 2), start=1):
        residual = w * x + b - y
        w, b = w - 0.01 * (2 * residual * x), b - 0.01 * (2 * residual)
        assert trace.steps[k] == pytest.approx((w, b, residual**2), rel=1e-12)


def test_each_epoch_prints_one_aligned_row(run):
    _, out, _ = run("--no-picture", "--epochs", 12, "--samples", 50)
    assert [int(row[0]) for row in rows_of(out)] == list(range(1, 13))
    assert len({len(line) for line in out.splitlines()[1:14]}) == 1


def test_the_loss_of_an_epoch_is_the_mean_of_its_steps(run):
    _, out, _ = run("--no-picture", "--samples", 3, "--epochs", 1, "--seed", 5)
    trace = demo.Trace()
    demo.train(*demo.make_points(3, demo.Line(3.0, 1.0, "true"), 0.0, 5), 0.01, 1, trace)
    assert float(rows_of(out)[0][3]) == pytest.approx(statistics.fmean(s.loss for s in trace.steps[1:]), rel=1e-3)


def test_the_same_seed_gives_the_same_numbers_and_another_seed_others(run):
    first, again, other = (
        rows_of(run("--no-picture", "--samples", 50, "--noise", 0.5, "--seed", seed)[1]) for seed in (3, 3, 4)
    )
    assert first == again != other


def test_it_reaches_another_line(run):
    _, out, _ = run("--no-picture", "--slope", -2, "--intercept", -0.5)
    assert "y = -2x - 0.5" in out
    assert reached(out) == pytest.approx((-2, -0.5), abs=1e-6)


def test_noise_scatters_the_points_by_its_standard_deviation():
    xs, ys = demo.make_points(5000, demo.Line(3.0, 1.0, "true"), 0.5, 0)
    assert statistics.stdev(y - 3 * x - 1 for x, y in zip(xs, ys)) == pytest.approx(0.5, rel=0.05)
    assert statistics.fmean(xs) == pytest.approx(0, abs=0.05)
    assert statistics.stdev(xs) == pytest.approx(1, rel=0.05)


def test_samples_and_epochs_multiply_to_the_steps(run):
    assert "60 steps in" in run("--no-picture", "--samples", 20, "--epochs", 3)[1]


def test_a_smaller_learning_rate_stays_closer_to_the_start(run):
    slow, fast = (reached(run("--no-picture", "--epochs", 1, "--learning-rate", rate)[1]) for rate in (1e-5, 1e-4))
    assert -1 < slow[0] < fast[0] < 0


# -- the picture


def size_of(png):
    return int.from_bytes(png[16:20], "big"), int.from_bytes(png[20:24], "big")


def test_the_picture_goes_to_the_current_folder(run):
    code, out, err = run("--epochs", 1)
    png = Path("sgd_line.png").read_bytes()
    assert (code, err) == (0, "")
    assert "The picture is in sgd_line.png" in out
    assert png.startswith(PNG)
    assert len(png) > 20_000
    assert size_of(png) == (1560, 696)


def test_the_picture_goes_where_it_is_told(run):
    Path("folder").mkdir()
    for told, place in (("a.png", "a.png"), ("b", "b.png"), ("folder", "folder/sgd_line.png")):
        assert f"The picture is in {Path(place)}" in run("--epochs", 1, "--samples", 20, "--picture", told)[1]
        assert Path(place).read_bytes().startswith(PNG)
    assert not Path("sgd_line.png").exists()


def test_no_picture_saves_none(run):
    assert "picture" not in run("--no-picture", "--epochs", 1)[1]
    assert list(Path.cwd().iterdir()) == []


def test_the_picture_has_both_paths_their_targets_and_the_lines():
    from matplotlib.figure import Figure

    trace = demo.Trace()
    target = demo.Line(3.0, 1.0, "true")
    xs, ys = demo.make_points(300, target, 0.0, 0)
    demo.train(xs, ys, 0.01, 1, trace)
    left, right = Figure().subplots(1, 2)
    line_picture.draw_paths(left, trace.steps, target)
    line_picture.draw_lines(right, trace.steps, xs, ys)
    paths = {line.get_label(): line for line in left.lines}
    assert list(paths) == ["weight", "bias", "true slope 3", "true intercept 1"]
    assert list(paths["weight"].get_ydata()) == [step.w for step in trace.steps]
    assert [paths[f"true {name}"].get_linestyle() for name in ("slope 3", "intercept 1")] == ["--", "--"]
    assert [line.get_label() for line in (right.lines[0], right.lines[-1])] == ["start", "after step 300"]
    assert len({line.get_color() for line in right.lines}) == len(right.lines) >= 5
    assert all(axes.get_xlabel() and axes.get_ylabel() and axes.get_title() for axes in (left, right))


@pytest.mark.parametrize(
    ("path", "reason"), [("none/such.png", "none/such.png: No such file"), ("x.doc", "Format 'doc' is not supported")]
)
def test_a_picture_that_cannot_be_written_leaves_the_result(run, path, reason):
    code, out, err = run("--picture", path, "--epochs", 1)
    assert code == 1
    assert reached(out) == pytest.approx((3, 1), abs=1e-6)
    assert reason in err
    assert err.count("\n") == 1


def test_show_opens_the_window(run, monkeypatch):
    from matplotlib import pyplot

    shown = []
    monkeypatch.setattr(pyplot, "get_backend", lambda: "a window")
    monkeypatch.setattr(pyplot, "show", lambda: shown.append(len(pyplot.gcf().axes)))
    try:
        assert run("--show", "--epochs", 1, "--samples", 20)[0] == 0
    finally:
        pyplot.close("all")
    assert shown == [2]


def test_show_without_a_screen_says_so(run):
    from matplotlib import pyplot

    try:
        code, out, err = run("--show", "--no-picture", "--epochs", 1)
    finally:
        pyplot.close("all")
    assert code == 1
    assert "steps a second" in out
    assert "there is no screen to show it on" in err


# -- what is not installed


def test_without_matplotlib_it_trains_and_says_what_to_install(run, monkeypatch):
    block(monkeypatch, "matplotlib")
    code, out, err = run()
    assert (code, err) == (0, "")
    assert reached(out) == pytest.approx((3, 1), abs=1e-6)
    assert "pip install matplotlib" in out
    assert list(Path.cwd().iterdir()) == []


def test_without_tqdm_it_trains(run, monkeypatch):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    block(monkeypatch, "tqdm")
    code, out, err = run("--no-picture", "--samples", 100)
    assert (code, err) == (0, "")
    assert len(rows_of(out)) == 10


def test_the_bar_is_on_stderr_and_leaves_the_rows_alone(run, monkeypatch):
    pytest.importorskip("tqdm")
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    code, out, err = run("--no-picture", "--samples", 100)
    assert code == 0
    assert "/1000 " in err
    assert len(rows_of(out)) == 10
    assert "/1000 " not in out


def python(*arguments, **environment):
    return subprocess.run(
        [sys.executable, *map(str, arguments)], env={**os.environ, **environment}, capture_output=True, text=True
    )


def test_the_script_runs_by_itself():
    ran = python(SCRIPT, "--epochs", 1, PYTHONPATH=str(ROOT))
    assert (ran.returncode, ran.stderr) == (0, "")
    assert Path("sgd_line.png").exists()


def test_without_scalargrad_it_says_so_in_a_sentence():
    Path("run.py").write_text(
        f"import runpy, sys; sys.modules['scalargrad'] = None; sys.path.insert(0, {str(SCRIPT.parent)!r}); "
        f"runpy.run_path({str(SCRIPT)!r}, run_name='__main__')"
    )
    ran = python("run.py")
    assert ran.returncode == 1
    assert ran.stderr.startswith("This demo needs scalargrad, which is not installed")
    assert ran.stderr.count("\n") == 1


# -- a file's points


def test_the_points_of_a_file_are_compared_with_least_squares(run):
    xs, ys = scattered_points()
    name = write("".join(f"{x},{y}\n" for x, y in zip(xs, ys)))
    code, out, err = run("--csv", name, "--epochs", 20)
    assert (code, err) == (0, "")
    # The closed form, by its sums.
    n, sx, sy = len(xs), sum(xs), sum(ys)
    slope = (n * sum(x * y for x, y in zip(xs, ys)) - sx * sy) / (n * sum(x * x for x in xs) - sx * sx)
    intercept = (sy - slope * sx) / n
    assert f"from the least-squares slope {slope:.8g}" in out
    assert f"from the least-squares intercept {intercept:.8g}" in out
    assert reached(out) == pytest.approx((slope, intercept), abs=0.05)
    assert "true" not in out


@pytest.mark.parametrize(
    "text",
    [
        "1,2\n3,4\n",
        "x,y\n1,2\n3,4\n",
        "\ufeffx,y\r\n1,2\r\n\r\n3,4\r\n\r\n",
        '"the x","the y"\n"1","2"\n 3 , 4 \n',
        "1e0,2\n3,4.0",
    ],
)
def test_points_are_read_with_or_without_a_header(text):
    xs, ys = demo.read_points(Path(write(text, newline="")), 0)
    assert sorted(zip(xs, ys)) == [(1.0, 2.0), (3.0, 4.0)]


def test_points_of_a_sorted_file_are_taken_in_an_order_that_the_seed_sets():
    name = Path(write("".join(f"{i},{i}\n" for i in range(50))))
    orders = [demo.read_points(name, seed)[0] for seed in (0, 0, 1)]
    assert orders[0] == orders[1] != orders[2]
    assert sorted(orders[0]) == list(range(50)) != orders[0]


@pytest.mark.parametrize(
    ("text", "line", "complaint"),
    [
        ("1,2\n3\n", 2, "expected two columns, x and y, with a comma between, got 1"),
        ("1,2\n3,4\n5,6,7\n", 3, "got 3"),
        ("1;2\n3;4\n", 1, "got 1"),
        ("x,y\n1,2\n3,four\n", 3, "expected two finite numbers up to 1e+100, got '3,four'"),
        ("x,y\na,b\n", 2, "got 'a,b'"),
        ("1,y\n2,3\n", 1, "got '1,y'"),
        ("1,2\n\n\n3,\n", 4, "got '3,'"),
        ("1,2\nnan,3\n", 2, "got 'nan,3'"),
        ("nan,nan\n1,2\n", 1, "got 'nan,nan'"),
        ("1,2\n3,-inf\n", 2, "got '3,-inf'"),
        ("1,2\n1e400,3\n", 2, "got '1e400,3'"),
        ('1,2\n"3\n4",5\n', 3, "got '3\\n4,5'"),
    ],
)
def test_a_bad_row_is_named_by_its_line(run, text, line, complaint):
    code, out, err = run("--csv", write(text))
    assert (code, out) == (2, "")
    assert err.startswith(f"sgd_line.py: error: points.csv, line {line}: ")
    assert err.endswith(f"{complaint}\n")
    assert err.count("\n") == 1


@pytest.mark.parametrize("text", ["", "\n\n", "x,y\n"])
def test_a_file_without_points_is_refused(run, text):
    code, out, err = run("--csv", write(text))
    assert (code, out) == (2, "")
    assert err == "sgd_line.py: error: points.csv holds no points: expected rows of two numbers, x and y\n"


def test_a_file_that_cannot_be_read_is_refused(run):
    Path("binary.csv").write_bytes(b"\xff\xfe1\x00,\x002\x00")
    for name, complaint in (("none.csv", "cannot be read: No such file"), ("binary.csv", "is not a CSV file in UTF-8")):
        code, out, err = run("--csv", name)
        assert (code, out) == (2, "")
        assert f"{name} {complaint}" in err
        assert err.count("\n") == 1


@pytest.mark.parametrize("text", ["1,2\n", "1,2\n1,3\n"])
def test_points_above_one_another_have_no_least_squares_line(run, text):
    code, out, err = run("--csv", write(text))
    assert (code, err) == (0, "")
    assert "There is no single least-squares line" in out
    assert Path("sgd_line.png").exists()


# -- what goes wrong on the way


def test_points_on_a_large_scale_diverge_with_a_sentence_and_keep_what_was_reached(run):
    name = write("".join(f"{x},{2 * x + 1}\n" for x in range(100)))
    code, out, err = run("--csv", name)
    assert code == 1
    assert re.fullmatch(
        r"sgd_line.py: error: diverged: step \d+ left the range of floats; "
        r"try a smaller learning rate, such as --learning-rate \S+\n",
        err,
    )
    assert len(rows_of(out)) == 1
    assert all(1e100 < abs(number) < float("inf") for number in reached(out))
    assert Path("sgd_line.png").read_bytes().startswith(PNG)


def test_the_learning_rate_that_it_advises_does_not_diverge(run):
    name = write("".join(f"{x},{2 * x + 1}\n" for x in range(100)))
    advised = run("--csv", name, "--no-picture")[2].split()[-1]
    code, out, _ = run("--csv", name, "--no-picture", "--learning-rate", advised)
    assert code == 0
    assert reached(out)[0] == pytest.approx(2, abs=0.1)


@pytest.mark.parametrize("numbers", [(1.0, 1.0, float("inf")), (float("nan"), 1.0, 1.0), (1.0, float("-inf"), 1.0)])
def test_a_step_that_is_not_finite_is_not_kept(numbers):
    trace = demo.Trace()
    with pytest.raises(OverflowError, match="step 1 gave"):
        trace.add_step(*numbers)
    assert len(trace.steps) == 1


@pytest.mark.parametrize("step", some([1, 2, 1500], 2))
def test_ctrl_c_keeps_what_was_reached(run, monkeypatch, step):
    interrupt_at(monkeypatch, step)
    code, out, err = run()
    assert (code, err) == (0, "")
    assert "Interrupted" in out
    assert len(rows_of(out)) == (step - 1) // 1000
    assert f"{step - 1:,} steps in" in out
    assert "off by" in out
    assert Path("sgd_line.png").read_bytes().startswith(PNG)


def test_ctrl_c_while_drawing_keeps_the_numbers(run, monkeypatch):
    def stop(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("line_picture.draw_lines", stop)
    code, out, err = run("--epochs", 1)
    assert (code, err) == (0, "")
    assert "Interrupted while drawing" in out


# -- the options


@pytest.mark.parametrize(
    ("option", "text", "expected"),
    [
        ("--samples", "0", "a whole number of at least 1"),
        ("--samples", "many", "a whole number of at least 1"),
        ("--samples", "1.5", "a whole number of at least 1"),
        ("--epochs", "-1", "a whole number of at least 1"),
        ("--learning-rate", "0", "a finite number above 0"),
        ("--learning-rate", "-0.1", "a finite number above 0"),
        ("--learning-rate", "nan", "a finite number above 0"),
        ("--noise", "-1", "a finite number of at least 0"),
        ("--noise", "inf", "a finite number of at least 0"),
        ("--slope", "nan", "a finite number"),
        ("--intercept", "inf", "a finite number"),
        ("--seed", "x", "a whole number"),
    ],
)
def test_an_option_that_makes_no_sense_is_refused_in_a_sentence(run, option, text, expected):
    code, out, err = run(option, text)
    assert (code, out) == (2, "")
    assert err.endswith(f"sgd_line.py: error: argument {option}: expected {expected}, got {text!r}\n")


def test_options_for_made_points_are_refused_beside_a_file(run):
    code, _, err = run("--csv", write("1,2\n"), "--noise", 0.1)
    assert code == 2
    assert "--noise is for points that are made, not for those of --csv" in err


def test_help_lists_every_option_with_its_default(run):
    code, out, _ = run("--help")
    help_text = " ".join(out.split())
    assert code == 0
    for option, default in {
        "--samples": "1000",
        "--epochs": "10",
        "--learning-rate": "0.01",
        "--noise": "0.0",
        "--seed": "0",
        "--slope": "3.0",
        "--intercept": "1.0",
        "--picture": "sgd_line.png",
        "--no-picture": "save one",
        "--show": "do not",
        "--csv": "make points",
    }.items():
        assert re.search(rf" {option} (?:[A-Z]+ )?[a-z][^()]*\(default: {re.escape(default)}\)", help_text), option
