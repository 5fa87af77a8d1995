"""Pictures of graphs and of their backward pass: what they show is what the engine computed."""

from __future__ import annotations

import math
import re
import subprocess
import sys
import warnings
from fractions import Fraction
from io import StringIO
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib import pyplot as plt

import scalargrad as sg
from scalargrad import plot
from scalargrad.graph.graph import Graph
from scalargrad.graph.picture import Cell, Picture
from tests.support.pictures import example, texts

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


mpl.use("Agg")

pytestmark = pytest.mark.usefixtures("closed_figures")


# ---- The graph -------------------------------------------------------------------------------------------------------


def test_the_graph_shows_each_value_with_its_number_and_gradient_and_each_operation() -> None:
    wanted = [
        *("sin", "*", "*", "+"),
        "x\n2\ngrad 2.752",
        "y\n3\ngrad 0.9093",
        "v1\n0.9093\ngrad 3",
        "v2\n2.728\ngrad 1",
        "v3\n4\ngrad 1",
        "z\n6.728\ngrad 1",
    ]
    z = example()
    assert sorted(texts(plot.graph(z, gradients=True))) == sorted(wanted)
    assert z.grad == 0  # the picture leaves it alone
    z.backward()
    assert sorted(texts(plot.graph(z))) == sorted(wanted)


def test_before_backward_each_grad_is_0_and_the_picture_says_so() -> None:
    note = "Before backward() each grad is 0"
    z = example()
    before = [
        *("sin", "*", "*", "+"),
        *("x\n2\ngrad 0", "y\n3\ngrad 0", "v1\n0.9093\ngrad 0"),
        *("v2\n2.728\ngrad 0", "v3\n4\ngrad 0", "z\n6.728\ngrad 0"),
        note,
    ]
    assert sorted(texts(plot.graph(z))) == sorted(before)
    for text in (plot.to_dot(z), plot.to_mermaid(z)):
        assert text.count("grad 0.0") == 6
        assert note in text
    for text in (plot.to_dot(z, gradients=True), plot.to_mermaid(z, gradients=True)):
        assert text.count("grad 1.0") == 3
        assert note not in text
    z.backward()
    assert note not in texts(plot.graph(z)) + plot.to_dot(z).splitlines()


def test_one_input_is_not_called_inputs() -> None:
    cell = Cell(sg.sin(sg.Value(1.0)), [1.0])
    cell.hidden = 1
    assert cell.text == "sin\n1 more input"
    cell.inputs = {}
    assert cell.text == "sin\n1 input"


def test_the_grad_of_a_leaf_is_what_all_passes_have_added_up() -> None:
    x = sg.Value(2.0, label="x")
    y = x * x
    y.backward()
    y.backward()
    assert {"x\n2\ngrad 8", "v1\n4\ngrad 1"} <= {*texts(plot.graph(y))}
    assert "x\n2\ngrad 4" in texts(plot.graph(y, gradients=True))
    assert "x\n2\ngrad 8" in texts(plot.graph([y, y + 1]))  # of several values, too


def test_a_gradient_of_minus_zero_is_shown_as_zero() -> None:
    x = sg.Value(2.0, label="x")
    assert "x\n2\ngrad 0" in texts(plot.graph(-(x * 0), gradients=True))


def test_local_derivatives_stand_on_the_edges_on_request() -> None:
    found = texts(plot.graph(example(), local_derivatives=True))
    assert sorted(set(found) - set(texts(plot.graph(example())))) == ["-0.4161", "0.9093", "1", "2", "3"]
    assert found.count("2") == 2


def test_constants_are_bare_numbers_and_several_targets_have_no_gradient_of_their_own() -> None:
    x = sg.Value(2.0, label="x")
    found = texts(plot.graph(sg.Vector([x * 3, x**2.5])))
    numbers = ["x\n2\ngrad 0", "v1\n6\ngrad 0", "v2\n5.657\ngrad 0", "Before backward() each grad is 0"]
    assert sorted(found) == sorted(["*", "**", "3", "2.5", *numbers])
    found = texts(plot.graph(sg.Vector([x * 3, x**2.5]), gradients=True))
    assert sorted(found) == sorted(["*", "**", "3", "2.5", "x\n2", "v1\n6", "v2\n5.657"])


def test_a_shared_node_is_drawn_once() -> None:
    x = sg.Value(2.0, label="x")
    y = x * x
    picture = Picture(Graph([y + sg.sin(y)]))
    assert sum(getattr(thing, "row", None) is y.row for thing in picture.places) == 1


def test_a_custom_function_is_one_operation() -> None:
    @sg.custom_gradient
    def twice(x: Any) -> Any:
        return x * 2, lambda upstream: upstream * 2

    found = texts(plot.graph(twice(sg.Value(2.0, label="x")), local_derivatives=True, gradients=True))
    assert sorted(found) == ["?", "twice", "v1\n4\ngrad 1", "x\n2\ngrad 2"]


def test_it_draws_on_the_axes_that_it_is_given_and_shows_nothing() -> None:
    figure, ax = plt.subplots()
    assert plot.graph(example(), ax=ax) is ax
    assert plt.get_fignums() == [figure.number]
    sizes = {text.get_fontsize() for text in ax.texts}
    assert max(sizes) < 9  # it shrinks to fit


def test_a_leaf_alone_is_a_picture_too() -> None:
    assert texts(plot.graph(sg.constant(2.0))) == ["x1\n2"]


# ---- As text ---------------------------------------------------------------------------------------------------------


def test_dot_and_mermaid_have_a_line_for_each_node_and_edge() -> None:
    z = example() + 1
    z.backward()
    for text, arrow in ((plot.to_dot(z), "->"), (plot.to_mermaid(z), "-->")):
        assert len(re.findall(rf"^ +\w+ {arrow} \w+;?$", text, re.MULTILINE)) == 14
        assert len(text.splitlines()) == 14 + 13 + (3 if arrow == "->" else 1)


def test_text_in_labels_cannot_leave_its_quotes() -> None:
    x = sg.Value(2.0, label='"]; a -> b; ["\\')
    assert '"\\"]; a -> b; [\\"\\\\\\n2.0' in plot.to_dot(-x)
    assert "a -#62; b#59; #91;#34;#92;<br>2.0" in plot.to_mermaid(-x)
    assert '"&amp;lt;\\n1.0' in plot.to_dot(-sg.Value(1.0, label="&lt;"))


def test_control_characters_in_names_are_escaped_in_all_that_ends_in_a_file() -> None:
    def twice(x: Any) -> Any:
        return x * 2, lambda upstream: upstream * 2

    bad, good = "a\x00\x07\x1b\x9f\ud800\uffff", "é\u200d"
    shown = r"a\x00\x07\x1b\x9f\ud800\uffff"
    twice.__name__ = bad
    value = sg.custom_gradient(twice)(sg.Value(2.0, label="\x08" + good))
    assert {shown, rf"\x08{good}" + "\n2\ngrad 0"} <= {*texts(plot.graph(value))}
    axes = [
        plot.graph(value, gradients=True),
        plot.backward_frames(value)[1],
        plot.history({bad + good: [1.0, 2.0]}, xlabel=bad, ylabel=bad, ax=plt.figure().subplots()),
        plot.descent(lambda x, y: x + y, [(0, 1), (1, 2)], label=bad + good, ax=plt.figure().subplots()),
        plot.decision_boundary(lambda p: p[0], [(-1, 0), (1, 0)], [bad, bad + "1"], ax=plt.figure().subplots()),
        plot.derivatives(named(bad), 0, 1, ax=plt.figure().subplots()),
    ]
    for ax in axes:
        text = StringIO()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of glyphs that a font lacks
            ax.figure.savefig(text, format="svg")  # type: ignore[union-attr]
        ElementTree.fromstring(text.getvalue().encode())
    for text_of in (plot.to_dot, plot.to_mermaid, sg.explain):
        written = text_of(value)  # type: ignore[operator]
        assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\ud800-\udfff]", written)
        assert good in written or "#8205;" in written


def named(name: str) -> Callable[[Any], Any]:
    """A function of that name."""

    def square(x: Any) -> Any:
        return x * x

    square.__name__ = name
    return square


# ---- Frames ----------------------------------------------------------------------------------------------------------


def test_frames_go_from_the_seed_by_one_step_a_node_to_the_gradient() -> None:
    frames = plot.backward_frames(example())
    assert len(frames) == 6
    titles = [frames[i].get_title() for i in range(len(frames))]
    assert titles == [
        "Backward, from dz/dz = 1",
        "Step 1 of 4: z = v2 + v3 passes on",
        "Step 2 of 4: v3 = x * x passes on",
        "Step 3 of 4: v2 = v1 * y passes on",
        "Step 4 of 4: v1 = sin(x) passes on",
        "The gradient of z",
    ]


def test_frames_tell_how_many_they_are_and_of_what() -> None:
    assert repr(plot.backward_frames(example())) == "<6 frames of the backward pass of z>"


def test_a_frame_shows_what_flows_and_what_has_been_added_up_so_far() -> None:
    frames = plot.backward_frames(example())
    assert {"x\n2", "y\n3", "z\n6.728\ngrad 1", "v2\n2.728"} <= {*texts(frames[0])}
    assert "x\n2\ngrad 4" in texts(frames[2])
    assert texts(frames[2]).count("1 * 2 = 2") == 2
    assert {"x\n2\ngrad 2.752", "3 * -0.4161 = -1.248"} <= {*texts(frames[4])}
    assert sorted(texts(frames[-1])) == sorted(texts(plot.graph(example(), gradients=True)))


def test_a_long_product_leaves_its_arrow_to_be_seen() -> None:
    x, y = sg.Value(-2.458e-5, label="x"), sg.Value(-0.5, label="y")
    frames = plot.backward_frames(x * y * x)
    ax = frames[1]
    ax.figure.canvas.draw()
    for text in [text for text in ax.texts if " = " in text.get_text()]:
        (left, _), (right, _) = ax.transData.inverted().transform(text.get_bbox_patch().get_window_extent())
        ((end, way),) = [
            (way[-1][0], way)
            for (_, way, shown, _) in frames.picture.ways(frames.picture.flows)
            if shown == text.get_text()
        ]
        assert way[-2][0] + 0.2 < left < right < end - 0.2
    narrow, wide = [plot.graph(sg.sin(x), local_derivatives=shows).figure.get_figwidth() for shows in (False, True)]
    assert wide <= narrow + 1.0


def test_frames_of_a_custom_function_say_pullback() -> None:
    @sg.custom_gradient
    def twice(x: Any) -> Any:
        return x * 2, lambda upstream: upstream * 2

    frames = plot.backward_frames(twice(sg.Value(2.0, label="x")))
    assert {"pullback = 2", "x\n2\ngrad 2"} <= {*texts(frames[1])}


def test_frames_and_sums_add_up_what_a_custom_function_passes_on_whenever_it_fires() -> None:
    @sg.custom_gradient
    def product(u: Any, v: Any) -> Any:
        return [u * v, u + v], lambda first, second: (first * v + second, first * u + second)

    for order in (1, -1):
        x, y = sg.Value(2.0, label="x"), sg.Value(3.0, label="y")
        parts = [sg.sin(x), *product(x, y)][::order]
        z = parts[0] + parts[1] * 2 + parts[2]
        frames = plot.backward_frames(z)
        assert sorted(texts(frames[-1])) == sorted(texts(plot.graph(z, gradients=True)))
        total = f"{Graph([z]).adjoints[x]:.6g}"
        assert re.search(rf"/dx = .* \+ .* = {re.escape(total)}$", sg.explain(z), re.MULTILINE)


def lit(ax: Any) -> tuple[list[tuple[float, float]], list[tuple[float, float, bool]]]:
    """The centres of boxes that are lit; and of edges where they start and their left end, and if they are arrows."""
    colour = mpl.colors.to_rgba("#d55e00")
    boxes, edges = [], []
    for patch in ax.patches:
        if isinstance(patch, mpl.patches.FancyBboxPatch):
            if patch.get_edgecolor() == colour and patch.get_linewidth() > 2:
                boxes.append((patch.get_x() + patch.get_width() / 2, patch.get_y() + patch.get_height() / 2))
        elif patch.get_edgecolor() == colour:
            path = patch.get_path()
            xs = path.vertices[path.codes != path.CLOSEPOLY, 0]
            edges.append((xs[0], xs.min(), type(patch.get_arrowstyle()) is mpl.patches.ArrowStyle.CurveFilledB))
    return boxes, edges


@pytest.mark.parametrize("numbers", [(2.0, 2.0), (1.0, 3.0)])
def test_only_the_node_that_fires_is_lit_also_where_others_hold_its_number(numbers: tuple[float, float]) -> None:
    x, y = sg.Value(numbers[0], label="x"), sg.Value(numbers[1], label="y")
    z = (x + y) * 1 + (x * y) * 1
    frames = plot.backward_frames(z)
    for i, node in enumerate(frames.steps, 1):
        ax = frames[i]
        boxes, _ = lit(ax)
        places = frames.picture.places
        assert np.allclose(sorted(boxes), sorted([places[node], places[node, "operation"]]))


def test_lit_arrows_lead_back_from_what_fires_to_its_operands() -> None:
    x, y = sg.Value(2.0, label="x"), sg.Value(3.0, label="y")
    z = sg.sin(x) * y + x * x
    frames = plot.backward_frames(z)
    places, half = frames.picture.places, frames.picture.half_width
    for i, node in enumerate(frames.steps, 1):
        operation = node, "operation"
        wanted = [(places[operation][0] - half(operation), places[x][0] + half(x), True) for x in node.operands]
        wanted.append((places[node][0] - half(node), places[operation][0] + half(operation), False))
        assert np.allclose(sorted(lit(frames[i])[1]), sorted(wanted), atol=0.05)
    assert lit(frames[0])[1] == lit(frames[-1])[1] == []


def test_titles_are_inside_the_figure_however_long() -> None:
    def inside(ax: Any) -> bool:
        ax.figure.canvas.draw()
        box, page = ax.title.get_window_extent(), ax.figure.bbox
        return bool(page.x0 <= box.x0 and box.x1 <= page.x1 and page.y0 <= box.y0 and box.y1 <= page.y1)

    for value in (example(), sg.Value(2.0) * 3.0):
        for size, title in ((16, "The graph of z"), (12, "The loss of a point,\nand how it comes about")):
            ax = plot.graph(value)
            ax.set_title(title, fontsize=size)
            assert inside(ax)
    ax.set_title("What becomes of two in three steps, and why it does")
    assert inside(ax)
    values = [sg.Value(1.0 + i, label=f"a name of {i} letters") for i in range(6)]
    for value in (example(), sg.Vector(values).norm()):
        frames = plot.backward_frames(value)
        assert all(inside(frames[i]) for i in range(len(frames)))


def test_a_title_of_a_graph_is_wrapped_and_may_have_tex() -> None:
    title = r"The loss $\mathcal{L}(\theta) = -\log \sigma(w x + b)$ of a point, and how it comes about step by step"
    ax = plot.graph(sg.Value(2.0) * 3.0, title=title)
    ax.figure.canvas.draw()  # type: ignore[union-attr]
    box, page = ax.title.get_window_extent(), ax.figure.bbox
    assert page.x0 <= box.x0
    assert box.x1 <= page.x1
    assert box.y1 <= page.y1
    assert sets_tex(ax.title)
    assert " ".join(ax.get_title().split()) == title


def test_exact_numbers_and_dollars_are_shown_as_text() -> None:
    x = sg.Value(Fraction(123456789, 987654321), label="$\\frac{$")
    ax = plot.graph(x**3, gradients=True)
    assert "$\\frac{$\n≈ 0.125\ngrad ≈ 0.04687" in texts(ax)
    ax.figure.canvas.draw()  # type: ignore[union-attr]


def sets_tex(text: Any) -> bool:
    return bool(text.get_parse_math())


def test_tex_in_labels_is_set_in_boxes_and_titles() -> None:
    x, y = sg.Value(2.0, label="$x_1$"), sg.Value(3.0, label=r"$\hat{y}$")
    ax = plot.backward_frames(x * y)[1]
    assert {text.get_text().splitlines()[0] for text in ax.texts if sets_tex(text)} == {"$x_1$", r"$\hat{y}$"}
    assert sets_tex(ax.title)
    assert not sets_tex(plot.backward_frames(sg.Value(2.0, label="x") * 2.0)[1].title)
    ax.figure.canvas.draw()


def test_tex_is_never_cut_and_fits_into_its_box() -> None:
    label = r"$\mathcal{L}(\theta) = \sigma(w_{\mathrm{out}} \hat b^* + \alpha_1 + \beta_2)$"
    frames = plot.backward_frames(
        sg.Value(2.0, label=label) * sg.Value(3.0, label=r"$w_{\mathrm{out}} + w_{\mathrm{in}}$")
    )
    ax = frames[1]
    ax.figure.canvas.draw()
    (text,) = [text for text in ax.texts if text.get_text().startswith(label)]
    assert sets_tex(text)
    (box,) = [x.get_window_extent() for x in ax.patches if x.get_facecolor() == mpl.colors.to_rgba("#d6eaf6")][:1]
    assert text.get_window_extent().width <= box.width
    assert sets_tex(ax.title)  # a line that ends inside of TeX could not be set
    assert max(map(len, texts(plot.graph(sg.Value(1.0, label="$" + "a" * 300 + "$"))))) < 60


@pytest.mark.parametrize(
    "label", ["$5 and $6", "$a $b", "$5-$6", "cost $", "$", "$$", "$\\frac{$", "$\\nothing$", "$x$ for $", "x_1"]
)
def test_what_is_no_tex_stays_text(label: str) -> None:
    ax = plot.graph(sg.Value(2.0, label=label) * 2.0)
    assert not any(map(sets_tex, ax.texts))
    assert f"{label}\n2\ngrad 0" in texts(ax)
    ax.figure.canvas.draw()  # type: ignore[union-attr]


def test_a_frame_that_is_not_there_is_an_index_error() -> None:
    frames = plot.backward_frames(example())
    for index in (6, -7, 1.0, slice(2)):
        with pytest.raises(IndexError, match="expected the number of one of 6 frames"):
            frames[index]
    assert frames[np.int64(1)].get_title() == frames[1].get_title()


@pytest.mark.parametrize("name", ["sweep.gif", "SWEEP.GIF", "sweep.html", "sweep.htm", "sweep.png", "sweep.pdf"])
def test_frames_are_saved_as_an_animation_or_one_by_one(name: str, tmp_path: Path) -> None:
    x = sg.Value(2.0, label="x")
    paths = plot.backward_frames(x * x).save(tmp_path / name, seconds=0.2)
    assert [path.name for path in paths] == (
        [f"sweep_0{i}{name[-4:]}" for i in range(3)] if name[-3:] in ("png", "pdf") else [name]
    )
    assert all(path.stat().st_size > 1000 for path in paths)


def test_frames_show_themselves_and_are_saved_as_a_page_without_matplotlib(tmp_path: Path) -> None:
    program = f"""
import sys
sys.modules["matplotlib"] = None
import scalargrad as sg
from scalargrad import plot
frames = plot.backward_frames(sg.Value(2.0, label="x") * 3.0)
print(len(frames), frames._repr_html_().count("<img"), frames.save({str(tmp_path / "sweep.html")!r})[0].name)
for draw in (lambda: frames[0], lambda: frames.save("sweep.gif"), lambda: frames.save("sweep.png"), frames.animation):
    try:
        draw()
    except ModuleNotFoundError as error:
        print(error)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    first, *others = done.stdout.splitlines()
    assert first == "3 1 sweep.html", done.stderr
    assert len(others) == 4
    assert {*others} == {"pictures need matplotlib, but matplotlib is missing: pip install matplotlib"}


def test_frames_are_drawn_on_the_axes_given() -> None:
    _, ax = plt.subplots()
    assert plot.backward_frames(example(), ax=ax)[0] is ax


@pytest.mark.parametrize(
    ("value", "error", "words"),
    [
        (2.0, TypeError, "takes a Value, got 2.0"),
        (sg.Variable([1.0, 2.0]), TypeError, r"\(Variable\); .* one, or their sum, v\.sum\(\)"),
        (sg.constant(2.0), ValueError, "depends on no tracked value"),
    ],
)
def test_what_has_no_backward_pass_has_no_frames(value: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        plot.backward_frames(value)


# ---- What cannot be drawn --------------------------------------------------------------------------------------------


POINTS = [(0.0, 0.0), (1.0, 0.0), (0.0, 1.0), (1.0, 1.0)]


@pytest.mark.parametrize(
    ("draw", "error", "words"),
    [
        (lambda: plot.graph(2.0), TypeError, "takes a Value"),
        (lambda: plot.graph(sg.Value(1.0), local_derivatives=1), TypeError, "local_derivatives is True or False"),
        (lambda: plot.to_dot("x"), TypeError, "takes a Value"),
        (lambda: plot.to_mermaid(None), TypeError, "takes a Value"),
        (lambda: plot.derivatives(2.0, 0, 1), TypeError, "derivatives takes a function"),
        (lambda: plot.derivatives(sg.sin, 1, 1), ValueError, "from lo to hi"),
        (lambda: plot.descent(2.0, [(1.0, 2.0)]), TypeError, "descent takes a function"),
        (lambda: plot.derivatives(sg.sin, 0, math.inf), ValueError, "from lo to hi"),
        (lambda: plot.derivatives(sg.sin, "0", 1), TypeError, "an end of the range of derivatives, got '0'"),
        (lambda: plot.derivatives(sg.sin, 0, 1, points=1), ValueError, "points of derivatives is 2 or more"),
        (
            lambda: plot.derivatives(sg.sin, 0, 1, points=2.5),
            TypeError,
            "points of .* is an integer, not 2.5",
        ),
        (lambda: plot.derivatives(sg.sin, 0, 1, orders=[-1]), ValueError, "0 or more, not -1"),
        (lambda: plot.descent(pow, []), ValueError, "pairs of finite numbers"),
        (lambda: plot.descent(pow, None), TypeError, "list of pairs of numbers as the path of descent, got None"),
        (lambda: plot.descent(pow, [1.0]), ValueError, "pairs of finite numbers"),
        (lambda: plot.descent(pow, [(1.0, 2.0, 3.0)]), ValueError, "pairs of finite numbers"),
        (lambda: plot.descent(pow, [(1.0, math.nan)]), ValueError, "pairs of finite numbers"),
        (lambda: plot.descent(pow, [("a", "b")]), TypeError, "the path of descent, got 'a'"),
        (lambda: plot.descent(pow, ["ab"]), TypeError, "the path of descent, got 'ab'"),
        (lambda: plot.descent(lambda x: x, [(1.0, 1.0)]), TypeError, "positional argument"),
        (
            lambda: plot.derivatives(sg.sin, 0, 1, orders=2),
            TypeError,
            r"orders of derivatives is a list.*not 2 \(int\)",
        ),
        (lambda: plot.derivatives(sg.sin, 0, 1, orders=()), ValueError, "orders of derivatives is empty"),
        (lambda: plot.derivatives(lambda x: [x], 0, 1), TypeError, "from the function to draw, got \\["),
        (lambda: plot.descent(pow, [(1, 2)] * 9 + [(1, math.inf)]), ValueError, r"got \(1.0, inf\) at 9$"),
        (lambda: plot.history({"w": []}), ValueError, "trace of 'w' has no numbers"),
        (lambda: plot.history("text" * 10_000), TypeError, r"^.{,150}$"),
        (lambda: plot.decision_boundary(sum, POINTS, 3), TypeError, "a list of labels, one for each point, not 3"),
        (lambda: plot.decision_boundary(sum, POINTS, [[1, 0]] * 4), TypeError, r"label of each point, got \[1, 0\]"),
        (
            lambda: plot.decision_boundary(sum, POINTS, [0, 1, 1, math.nan]),
            ValueError,
            "a label for each point, got nan",
        ),
        (
            lambda: plot.decision_boundary(lambda _: math.nan, POINTS, [0, 1, 1, 0]),
            ValueError,
            "nan all over the picture",
        ),
        (
            lambda: plot.decision_boundary(lambda p: [1.0] * (2 + (p[0] > 0.5)), POINTS, [0, 1, 1, 0]),
            ValueError,
            "as many numbers from the model at each point",
        ),
        (lambda: plot.backward_frames(example()).save("a.xyz"), ValueError, r"\.gif, \.html or pictures.*not \.xyz"),
        *[
            (
                lambda name=name: plot.backward_frames(example()).save(f"no such/{name}"),
                FileNotFoundError,
                f"^there is no folder 'no such' to save {name} in; make it first$",
            )
            for name in ("a.png", "a.gif", "a.html")
        ],
        (lambda: plot.backward_frames(example()).save("a.gif", seconds=0), ValueError, "seconds is a time above 0"),
        (lambda: plot.history({}), ValueError, "no trace of anything"),
        (lambda: plot.history(1.0), TypeError, "traces of history is a list of numbers, or a dict"),
        (
            lambda: plot.history([1.0], 1.0),
            TypeError,
            "targets of history is a dict from names of traces to numbers, not 1.0",
        ),
        (lambda: plot.history({"w": ["x"]}), TypeError, "a number of the trace w, got 'x'"),
        (lambda: plot.history({"w": [1.0]}, {"b": 1.0}), ValueError, "no trace of 'b'"),
        (lambda: plot.history({"w": [1.0]}, {"w": "x"}), TypeError, "a target of history, got 'x'"),
        (lambda: plot.decision_boundary(2.0, POINTS, [0]), TypeError, "takes a function"),
        (lambda: plot.decision_boundary(sum, POINTS, [0]), ValueError, "1 label and 4 points"),
        (lambda: plot.decision_boundary(sum, [], []), ValueError, "pairs of finite numbers"),
        (lambda: plot.decision_boundary(sum, [(1.0,)], [0]), ValueError, "pairs of finite numbers"),
        (lambda: plot.decision_boundary(sum, POINTS, [0, 1, 2, 0]), ValueError, "labels of 2 classes.*got 3"),
        (
            lambda: plot.decision_boundary(sum, POINTS, [0, 1, 1, 0], steps=1),
            ValueError,
            "steps of .* is 2 or more",
        ),
        (lambda: plot.decision_boundary(lambda _: "a", POINTS, [0, 1, 1, 0]), TypeError, "one number or several"),
        (lambda: plot.decision_boundary(lambda _: object(), POINTS, [0, 1, 1, 0]), TypeError, "expected numbers from"),
    ],
)
def test_what_cannot_be_drawn_is_told(draw: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        draw()
    assert plt.get_fignums() == []


def test_frames_show_vectors_with_the_ends_of_what_flows() -> None:
    v = sg.Variable([1.0, 2.0, 3.0], name="v")
    frames = plot.backward_frames((v * v).sum())
    found = texts(frames[2])
    assert found.count("[1, …, 3]") == 2  # of each of the two ways to v
    assert "v (3,)\n[1, …, 3]\ngrad [2, …, 6]" in found
    assert frames[2].get_title() == "Step 2 of 2: v1 = v * v passes on"
