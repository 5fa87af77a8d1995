"""Pictures: what they show is what the engine computed."""

from __future__ import annotations

import math
import random
import re
import sys
import warnings
from fractions import Fraction
from io import StringIO
from itertools import combinations, pairwise
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib import pyplot as plt

import scalargrad as sg
from scalargrad import nn, plot
from scalargrad.graph.graph import Graph
from scalargrad.graph.picture import MOST_NODES, Cell, Picture, cells_of
from scalargrad.plot.curves import round_levels
from tests.support.profiles import sized

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

mpl.use("Agg")


@pytest.fixture(autouse=True)
def _closed_figures() -> Iterator[None]:
    plt.close("all")  # those of examples in docstrings, which may come before
    yield
    plt.close("all")


def texts(ax: Any) -> list[str]:
    """What is written on axes."""
    return [text.get_text() for text in ax.texts]


def example() -> sg.Value:
    x, y = sg.Value(2.0, label="x"), sg.Value(3.0, label="y")
    z = sg.sin(x) * y + x * x
    z.label = "z"
    return z


def network(inputs: int, hidden: int) -> sg.Value:
    """The score of a network of two layers of neurons."""
    generator = random.Random(1)
    values: list[sg.Value] = [sg.Value(generator.random(), label=f"x{i}") for i in range(inputs)]
    for width in (hidden, hidden):
        values = [
            sg.relu(sg.Variable([generator.gauss(0, 1) for _ in values]).dot(values) + sg.Variable(0.0))
            for _ in range(width)
        ]
    score = sg.Vector(values).sum()
    score.label = "score"
    return score


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
    cell = Cell(sg.sin(sg.Value(1.0)))
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


def test_boxes_do_not_overlap_and_edges_go_from_left_to_right() -> None:
    for value in (example(), network(2, 4), network(3, 8)):
        picture = Picture(Graph([value]))
        boxes = [(x, y, picture.half_width(thing)) for thing, (x, y) in picture.places.items()]
        for i, (x, y, half) in enumerate(boxes):
            for other_x, other_y, other_half in boxes[i + 1 :]:
                assert abs(x - other_x) >= half + other_half or abs(y - other_y) >= 0.4
        for way in picture.edges.values():
            assert all(a < b for (a, _), (b, _) in pairwise(way))


def test_a_leaf_stands_right_before_its_first_use() -> None:
    x, y = sg.Value(1.0, label="x"), sg.Value(2.0, label="y")
    z = sg.sin(sg.sin(x)) * y
    picture = Picture(Graph([z]))
    assert picture.places[y][0] == picture.places[z.operands[0]][0]


def test_up_to_80_nodes_each_is_drawn_and_of_more_neurons_are_folded() -> None:
    small, large = Graph([network(2, 5)]), Graph([network(2, 8)])
    assert len(small.computed) + len(small.leaves) <= MOST_NODES
    assert len(cells_of(small)) == len(small.computed)
    folded = [*cells_of(large).values()]
    assert len(folded) == 17
    assert [cell.text for cell in folded[:2]] == ["dot, +, relu\n3 more inputs"] * 2


def test_in_a_wide_graph_operations_show_some_inputs_and_count_the_rest() -> None:
    weights = [sg.Value(0.1 * i, label=f"w[{i}]") for i in range(30)]
    picture = Picture(Graph([sg.relu(sg.Vector(weights).dot([1.0] * 30))]))
    assert [cell.text for cell in picture.cells.values()] == ["dot\n58 more inputs", "relu"]
    assert picture.size[1] < 3
    shown = texts(plot.graph(sg.Vector(weights).dot([0.25] * 30), local_derivatives=True))
    assert shown.count("0.25") == 2  # of the two weights that show
    assert [text for text in texts(plot.graph(sum(weights))) if "more" in text] == ["26 +\n26 more inputs"]


def test_an_operation_none_of_whose_inputs_show_counts_them_all() -> None:
    m = nn.MLP(2, [8, 1], seed=1)
    counts = [text for text in texts(plot.graph(m([0.5, 0.25]))) if "inputs" in text]
    assert counts == [*["dot, +, relu\n3 inputs"] * 8, "dot, +\n9 more inputs"]


def test_what_is_not_folded_keeps_all_its_edges_in_a_folded_graph() -> None:
    x = sg.Value(0.5, label="x")
    y = x * x
    for _ in range(20):
        y = sg.sin(y)
    found = texts(plot.graph(3 * (y + x) * y, local_derivatives=True))
    assert "17 sin" in found
    assert "3" in found
    assert found.count("0.5") == 2  # of x * x


def test_local_derivatives_do_not_cover_each_other_or_boxes() -> None:
    a, b = sg.Value(0.0123456, label="a"), sg.Value(-0.0345678, label="b")
    many = sg.Vector([sg.Value(math.sqrt(i), label=f"c{i}") for i in range(1, 9)])
    axes = [plot.graph(x, local_derivatives=True) for x in (a * b + a / b, many.norm() * many[3] - a, example())]
    axes += [plot.backward_frames(a * a + a)[2], plot.backward_frames(a * b + a / b)[2]]
    for ax in axes:
        ax.figure.canvas.draw()
        boxes = [text.get_window_extent() for text in ax.texts]
        assert not any(x.overlaps(y) for x, y in combinations(boxes, 2))


def test_where_neurons_do_not_suffice_all_that_is_used_once_is_folded() -> None:
    x = sg.Value(0.5, label="x")
    y = sg.sin(x) * sg.cos(x)
    for i in range(60):
        y = y * sg.exp(x) + sg.sin(x) * i
    (cell,) = cells_of(Graph([y])).values()
    assert (cell.text, cell.inputs) == ("303 operations", {0: x})


def test_labels_keep_their_nodes_from_being_folded() -> None:
    y = x = sg.Value(0.5, label="x")
    for i in range(100):
        y = sg.sin(y)
        if i == 50:
            y.label = "middle"
    ends = ["sin", "sin"]
    assert [cell.text for cell in cells_of(Graph([y])).values()] == [*ends, "47 sin", *ends, *ends, "45 sin", *ends]
    assert x.label == "x"


def test_what_is_too_large_is_told_with_what_to_draw_instead() -> None:
    with pytest.raises(ValueError, match=r"a graph of [\d,]+ nodes is too large .* draw the graph of a part of it"):
        plot.graph(network(2, 90))
    wide = sg.Vector([sg.Value(1.0) for _ in range(21)]).sum()  # of which some inputs would not show
    for value in (network(2, 8), wide):
        with pytest.raises(ValueError, match=r"too large, or too deep, to be read step by step"):
            plot.backward_frames(value)
    y, k = sg.Value(1.0, label="y"), sg.Value(0.3, label="k")
    for _ in range(50):  # whose folded picture is ten times as wide as a page
        y = y + 0.1 * (-k * y)
    with pytest.raises(ValueError, match="is too large for a picture"):
        plot.graph(y)


def test_it_draws_on_the_axes_that_it_is_given_and_shows_nothing() -> None:
    figure, ax = plt.subplots()
    assert plot.graph(example(), ax=ax) is ax
    assert plt.get_fignums() == [figure.number]
    sizes = {text.get_fontsize() for text in ax.texts}
    assert max(sizes) < 9  # it shrinks to fit


def test_pictures_leave_matplotlibs_settings_alone() -> None:
    before = dict(mpl.rcParams)
    plot.graph(example())
    plot.backward_frames(example())[1]
    plot.history({"w": [1.0, 2.0]})
    assert dict(mpl.rcParams) == before


def test_long_names_are_cut_to_fit() -> None:
    x = sg.Value(2.0, label="the temperature outside")
    assert "the temp…outside\n2\ngrad 4" in texts(plot.graph(x * x, gradients=True))


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


def test_a_frame_shows_what_flows_and_what_has_been_added_up_so_far() -> None:
    frames = plot.backward_frames(example())
    assert {"x\n2", "y\n3", "z\n6.728\ngrad 1", "v2\n2.728"} <= {*texts(frames[0])}
    assert "x\n2\ngrad 4" in texts(frames[2])
    assert texts(frames[2]).count("1 * 2 = 2") == 2
    assert {"x\n2\ngrad 2.752", "3 * -0.4161 = -1.248"} <= {*texts(frames[4])}
    assert sorted(texts(frames[-1])) == sorted(texts(plot.graph(example(), gradients=True)))


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

    ax = plot.graph(example())
    ax.set_title("The graph of z")
    assert inside(ax)
    values = [sg.Value(1.0 + i, label=f"a name of {i} letters") for i in range(6)]
    for value in (example(), sg.Vector(values).norm()):
        frames = plot.backward_frames(value)
        assert all(inside(frames[i]) for i in range(len(frames)))


def test_a_long_chain_is_folded_in_time_in_proportion_and_counted() -> None:
    y = x = sg.Value(2.0, label="x")
    for _ in range(sized(20_000)):
        y = y * 1.0001
    cells = [*cells_of(Graph([y])).values()]
    assert [cell.text for cell in cells] == ["*", "*", f"{sized(20_000) - 4:,} *", "*", "*"]
    assert (cells[0].inputs, cells[2].inputs) == ({0: x, 1: 1.0001}, {0: cells[1].node})


def test_a_deep_graph_is_folded_before_it_is_a_strip() -> None:
    y = sg.Value(0.5, label="x")
    for _ in range(20):
        y = sg.sin(y)
    assert [text for text in texts(plot.graph(y)) if "sin" in text] == ["sin", "sin", "16 sin", "sin", "sin"]
    assert Picture(Graph([y])).size[0] < 20


def test_edges_stay_inside_the_picture() -> None:
    x = sg.Value(2.0)
    picture = Picture(Graph([sg.Vector([x * x, x * x * x, x]).logsumexp()]))
    _, _, bottom, top = picture.limits
    assert all(bottom < y < top for way in picture.edges.values() for _, y in way)


def test_exact_numbers_and_dollars_are_shown_as_text() -> None:
    x = sg.Value(Fraction(123456789, 987654321), label="$\\frac{$")
    ax = plot.graph(x**3, gradients=True)
    assert "$\\frac{$\n≈ 0.125\ngrad ≈ 0.04687" in texts(ax)
    ax.figure.canvas.draw()  # type: ignore[union-attr]


def test_a_frame_that_is_not_there_is_an_index_error() -> None:
    frames = plot.backward_frames(example())
    for index in (6, -7, 1.0, slice(2)):
        with pytest.raises(IndexError, match="expected the number of one of 6 frames"):
            frames[index]
    assert frames[np.int64(1)].get_title() == frames[1].get_title()


@pytest.mark.parametrize("name", ["sweep.gif", "SWEEP.GIF", "sweep.html", "sweep.htm", "sweep.png"])
def test_frames_are_saved_as_an_animation_or_one_by_one(name: str, tmp_path: Path) -> None:
    x = sg.Value(2.0, label="x")
    paths = plot.backward_frames(x * x).save(tmp_path / name, seconds=0.2)
    assert [path.name for path in paths] == ([f"sweep_0{i}.png" for i in range(3)] if name[-3:] == "png" else [name])
    assert all(path.stat().st_size > 1000 for path in paths)


def test_frames_are_drawn_on_the_axes_given() -> None:
    _, ax = plt.subplots()
    assert plot.backward_frames(example(), ax=ax)[0] is ax


@pytest.mark.parametrize(
    ("value", "error", "words"),
    [(2.0, TypeError, "takes a Value, got 2.0"), (sg.constant(2.0), ValueError, "depends on no tracked value")],
)
def test_what_has_no_backward_pass_has_no_frames(value: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        plot.backward_frames(value)


# ---- Functions, descents, trainings, classes -------------------------------------------------------------------------


def test_derivatives_are_curves_of_their_numbers() -> None:
    ax = plot.derivatives(lambda x: x**4, -1, 1, orders=(0, 1, 4), points=5)
    assert [line.get_label() for line in ax.lines] == ["f", "f'", "f^(4)"]
    assert [[*line.get_ydata()] for line in ax.lines] == [
        [1.0, 0.0625, 0.0, 0.0625, 1.0],
        [-4.0, -0.5, 0.0, 0.5, 4.0],
        [24.0] * 5,
    ]


def test_a_curve_has_gaps_where_there_is_no_number() -> None:
    ax = plot.derivatives(lambda x: sg.log(x), -1, 1, orders=(0, 1), points=5)
    gaps = [[math.isnan(y) for y in line.get_ydata()] for line in ax.lines]
    assert gaps == [[True, True, True, False, False]] * 2
    poles = plot.derivatives(lambda x: sg.where(x == 0, math.inf, x), -1, 1, orders=(0,), points=3)
    assert [math.isnan(y) for y in poles.lines[0].get_ydata()] == [False, True, False]


@pytest.mark.parametrize(
    ("function", "orders", "places"),
    [
        (lambda x: x // 1, (0,), [-1.0, 0.0, 1.0, 2.0]),
        (abs, (1,), [0.0, 0.0]),
        (sg.tan, (0,), [-math.pi / 2, math.pi / 2]),
        (lambda x: 1 / (x - 0.123), (0,), [0.123]),
        (lambda x: sg.exp(5 * x) * sg.sin(30 * x), (0,), []),
        (lambda x: sg.sqrt(abs(x)), (0,), []),
        (lambda x: x**3, (2,), []),
    ],
)
def test_a_curve_breaks_where_it_jumps_and_nowhere_else(
    function: Any, orders: tuple[int, ...], places: list[float]
) -> None:
    (line,) = plot.derivatives(function, -2, 2, orders).lines
    gaps = [x for x, y in zip(*line.get_data()) if y != y]
    assert gaps == pytest.approx(places, abs=0.02)


def test_derivatives_have_the_name_of_their_function() -> None:
    ax = plot.derivatives(sg.sin, 0, 1, orders=(0, 1, 4), points=3)
    assert [line.get_label() for line in ax.lines] == ["sin", "sin'", "sin^(4)"]


def test_each_order_has_a_look_of_its_own() -> None:
    ax = plot.derivatives(sg.sin, 0, 1, orders=range(9), points=3)
    assert len({(line.get_color(), line.get_linestyle(), str(line._unscaled_dash_pattern)) for line in ax.lines}) == 9


def bowl(x: Any, y: Any) -> Any:
    return x * x + 3 * y * y


def ways_on(ax: Any) -> list[Any]:
    return [line for line in ax.lines if line.get_gid() == "descent"]


def test_a_descent_shows_its_path_over_contours_and_others_beside_it() -> None:
    path = [(2.0, 1.0), (1.0, 0.25), (sg.Value(0.5), 0.0)]
    ax = plot.descent(bowl, path, label="one")
    assert [*ways_on(ax)[0].get_xdata()] == [2.0, 1.0, 0.5]
    (contours,) = ax.collections
    assert plot.descent(bowl, path[:1], label="two", ax=ax) is ax
    assert [*ax.collections] == [contours]
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["one", "two"]
    assert ways_on(ax)[1].get_color() != ways_on(ax)[0].get_color()


def test_a_picture_of_descents_grows_to_hold_all_ways() -> None:
    ax = plot.descent(bowl, [(0.5, 0.5), (0.0, 0.0)])
    plot.descent(bowl, [(-4.0, 3.0), (0.0, 0.0)], ax=ax)
    (contours,) = ax.collections
    left, right = ax.get_xlim()
    assert left < -4.0 < 0.5 < right
    corners = contours.get_datalim(ax.transData)
    assert corners.x0 < -4.0
    assert corners.y1 > 3.0


def rosenbrock(x: Any, y: Any) -> Any:
    return (1 - x) ** 2 + 100 * (y - x * x) ** 2


def test_each_contour_has_its_value_written_inside_the_picture_away_from_ways() -> None:
    ways = [(-1.2, 1.0), (0.76, -3.2), (0.76, 0.58), (1.0, 1.0)], [(-1.2, 1.0), (0.0, 0.0), (1.0, 1.0)]
    for function in (bowl, rosenbrock, lambda x, y: 1e6 + x + y):
        ax = plot.descent(function, ways[0], label="a way", levels=6)
        plot.descent(function, ways[1], label="another", ax=ax)
        (contours,) = ax.collections
        assert len(ax.texts) == len(contours.levels) == 6
        assert {float(text.get_text()) for text in ax.texts} == {*contours.levels.tolist()}
        (left, right), (low, high) = ax.get_xlim(), ax.get_ylim()
        for text in ax.texts:
            x, y = text.get_position()
            height = function(x, y)
            nearest = min(contours.levels, key=lambda level, height=height: abs(level - height))
            assert float(text.get_text()) == nearest
            across, up = (x - left) / (right - left), (y - low) / (high - low)
            assert 0.02 < across < 0.98
            assert 0.02 < up < 0.98


def test_a_way_drawn_anew_takes_the_old_values_of_contours_with_it() -> None:
    ax = plot.descent(bowl, [(0.5, 0.5), (0.0, 0.0)], levels=4)
    before = [*ax.texts]
    plot.descent(bowl, [(-4.0, 3.0), (0.0, 0.0)], levels=4, ax=ax)
    assert len(ax.texts) == 4
    assert not any(x is y for x in before for y in ax.texts)


def test_values_of_contours_have_few_digits_and_differ() -> None:
    for levels in ([0.123456, 15.23, 61.7], [1e6 + 0.001, 1e6 + 0.002], [-3.0001, -3.0, 1e-9], [-1.7e308, 1.7e308]):
        found = round_levels(levels)
        assert found == sorted(set(found))
        gaps = [b - a for a, b in pairwise(levels)]
        assert all(abs(x - y) <= min(gaps) / 2 for x, y in zip(found, levels)) or max(gaps) == math.inf
    assert round_levels([0.0, 0.123456, 15.23, 61.7]) == [0.0, 0.12, 15.0, 60.0]
    assert round_levels([2.0]) == [2.0]


def test_the_legend_of_a_descent_is_in_the_corner_that_its_ways_keep_away_from() -> None:
    corners = {1: (1.0, 1.0), 2: (-1.0, 1.0), 3: (-1.0, -1.0), 4: (1.0, -1.0)}  # as matplotlib numbers them
    for number in corners:
        path = [place for other, place in corners.items() if other != number]
        assert plot.descent(bowl, path, label="a way").get_legend()._loc == number  # type: ignore[union-attr]
        ax = plot.descent(bowl, path[:2], label="two thirds of it")
        assert plot.descent(bowl, path[1:], label="the rest", ax=ax).get_legend()._loc == number  # type: ignore[union-attr]


def test_contours_are_drawn_on_axes_that_hold_something_else() -> None:
    _, ax = plt.subplots()
    ax.plot([0, 1], [0, 1])
    ax.plot([0, 1], [1, 0])
    assert len(plot.descent(lambda x, y: x * x + y * y, [(2.0, 1.0), (0.0, 0.0)], ax=ax).collections) > 0


def test_a_flat_function_has_a_path_and_no_contours() -> None:
    assert len(plot.descent(lambda x, y: 1.0, [(0.0, 0.0)]).collections) == 0


def test_a_pole_does_not_flatten_the_rest() -> None:
    ax = plot.derivatives(lambda x: 1 / x, -2, 2)
    assert max(map(abs, ax.get_ylim())) < 40
    assert max(abs(y) for y in ax.lines[2].get_ydata() if y == y) > 1e5
    even = plot.derivatives(lambda x: 1 / x**2, -2, 2)
    assert 10 < even.get_ylim()[1] < 1e5
    assert plot.derivatives(lambda x: 0 * x, 0, 1).get_ylim()[0] < 0
    peak = plot.derivatives(lambda x: sg.exp(-((x / 0.05) ** 2) / 2), -5, 5)
    assert peak.get_ylim()[1] > 1  # it is no pole, however narrow


def test_each_of_many_traces_has_a_look_of_its_own() -> None:
    ax = plot.history({f"w{i}": [0.0, float(i)] for i in range(17)} | {"cost $": 3.0})
    looks = {(line.get_color(), line.get_linestyle()) for line in ax.lines}
    assert len(looks) == 18
    assert ax.lines[-1].get_marker() == "o"
    ax.figure.canvas.draw()  # type: ignore[union-attr]


def test_frames_without_a_suffix_are_pngs(tmp_path: Path) -> None:
    paths = plot.backward_frames(-sg.Value(2.0)).save(tmp_path / "sweep")
    assert [path.name for path in paths] == ["sweep_00.png", "sweep_01.png", "sweep_02.png"]
    assert all(path.exists() for path in paths)


def test_a_history_shows_numbers_and_their_targets() -> None:
    ax = plot.history({"w": [0.0, 2.0, sg.Value(2.5)], "b": [0.0, 0.5, 1.0]}, {"w": 3.0}, xlabel="epoch")
    assert [line.get_label() for line in ax.lines] == ["w", "w: 3", "b"]
    assert [*ax.lines[0].get_ydata()] == [0.0, 2.0, 2.5]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("epoch", "value")
    assert plot.history([0.5, 0.25], ylabel="loss").get_ylabel() == "loss"


def test_a_history_of_one_list_has_no_legend() -> None:
    for losses in ([0.5, 0.25], np.array([0.5, 0.25]), sg.Vector([sg.Value(0.5), 0.25])):
        ax = plot.history(losses)
        assert [line.get_ydata().tolist() for line in ax.lines] == [[0.5, 0.25]]
        assert ax.get_legend() is None
    for wrong in ("text", 2.0, None):
        with pytest.raises(TypeError, match=r"traces of history is a list of numbers, or a dict of such lists"):
            plot.history(wrong)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"^the trace has no numbers"):
        plot.history([])
    with pytest.raises(TypeError, match="as a number of the trace, got "):
        plot.history([[1.0], [2.0]])


POINTS = [(0.0, 0.0), (1.0, 0.0), (0.0, 1.0), (1.0, 1.0)]


def test_labels_that_are_values_are_told_apart_by_their_numbers() -> None:
    labels = [sg.Value(x) for x in (0.0, 1.0, 0.0, 1.0)]
    ax = plot.decision_boundary(lambda p: p[0] - 0.5, POINTS, labels, steps=3)
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["0.0", "1.0"]
    assert [len(points.get_offsets()) for points in ax.collections[-2:]] == [2, 2]


def test_a_boundary_is_where_the_sign_changes() -> None:
    ax = plot.decision_boundary(lambda p: p[0] - sg.Value(0.5), POINTS, ["a", "b", "a", "b"], steps=21)
    line = ax.collections[1].get_paths()[0].vertices
    assert {round(x, 9) for x, _ in line} == {0.5}
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["a", "b"]


def test_of_several_scores_the_largest_is_the_class() -> None:
    ax = plot.decision_boundary(lambda p: sg.Vector([p[0], p[1], 0.5]), POINTS, [0, 1, 2, 0], steps=9)
    assert len(ax.get_legend().get_texts()) == 3
    assert [class_at(ax, point) for point in ((0.9, 0.1), (0.1, 0.9), (0.1, 0.2))] == [[0], [1], [2]]


def class_at(ax: Any, point: tuple[float, float]) -> list[int]:
    """The classes whose colours a point of a decision boundary's picture has."""
    fields = [x for x in ax.collections if isinstance(x, mpl.contour.ContourSet) and x.filled]
    colours = [mpl.colors.to_hex(x.get_facecolor()[0]) for x in fields if x.get_paths()[0].contains_point(point)]
    return [plot.LINES.index(colour) for colour in colours]


def test_a_class_that_is_nowhere_the_largest_has_no_field() -> None:
    ax = plot.decision_boundary(lambda p: [p[0], p[1], -1.0], POINTS, [0, 1, 2, 0])
    assert [class_at(ax, point) for point in ((0.9, 0.1), (0.1, 0.9))] == [[0], [1]]
    assert sum(isinstance(x, mpl.contour.ContourSet) and x.filled for x in ax.collections) == 2


def test_a_class_that_is_everywhere_the_largest_has_no_boundary() -> None:
    ax = plot.decision_boundary(lambda _: 1.0, POINTS, [0, 1, 1, 0])
    assert class_at(ax, (0.1, 0.9)) == class_at(ax, (0.9, 0.1)) == [1]
    assert all(x.filled for x in ax.collections if isinstance(x, mpl.contour.ContourSet))


def test_where_a_model_gives_nan_its_picture_is_blank() -> None:
    ax = plot.decision_boundary(lambda p: math.nan if p[0] > 0.5 else p[1] - 0.5, POINTS, [0, 1, 0, 1])
    assert [class_at(ax, point) for point in ((0.2, 0.1), (0.2, 0.9), (0.8, 0.1))] == [[0], [1], []]


def test_a_boundary_is_seen_on_dark_paper_too() -> None:
    with plt.style.context("dark_background"):
        ax = plot.decision_boundary(lambda p: p[0] - 0.5, POINTS, [0, 1, 0, 1])
    (line, *_) = [x for x in ax.collections if isinstance(x, mpl.contour.ContourSet) and not x.filled]
    assert mpl.colors.to_hex(line.get_edgecolor()[0]) == "#ffffff"


def colours_of(ax: Any) -> dict[str, str]:
    """The colour of the points by their labels."""
    return {
        str(points.get_label()): mpl.colors.to_hex(points.get_facecolor()[0])
        for points in ax.collections
        if not str(points.get_label()).startswith("_")
    }


def test_points_have_the_colours_of_the_classes_that_they_belong_to() -> None:
    def scores(p: Any) -> Any:
        return [p[0], p[1], 0.5, 0.0]

    assert colours_of(plot.decision_boundary(scores, POINTS, [1, 2, 3, 1], steps=3)) == dict(
        zip("123", plot.LINES[1:4])
    )
    assert colours_of(plot.decision_boundary(scores, POINTS, ["b", "c", "b", "a"], steps=3)) == dict(
        zip("abc", plot.LINES)
    )
    for kind in (np.array, lambda labels: [float(x) for x in labels]):
        found = colours_of(plot.decision_boundary(scores, POINTS, kind([1, 2, 3, 1]), steps=3))
        assert [*found.values()] == plot.LINES[1:4]
    for ones in ([1, 1, 1, 1], np.ones(4, int)):
        assert colours_of(plot.decision_boundary(sum, POINTS, ones, steps=3)) == {"1": plot.LINES[1]}
    assert colours_of(plot.decision_boundary(sum, POINTS, [-1, -1, -1, -1], steps=3)) == {"-1": plot.LINES[0]}
    assert colours_of(plot.decision_boundary(sum, POINTS, [None, "a", None, "a"], steps=3)) == {
        "None": plot.LINES[0],
        "a": plot.LINES[1],
    }


def test_a_boundary_is_computed_without_recording() -> None:
    w = sg.Variable(1.0)
    seen = []

    def model(p: Any) -> Any:
        score = w * p[0]
        seen.append(score.is_tracked)
        return score

    plot.decision_boundary(model, POINTS, [0, 1, 0, 1], steps=3)
    assert not any(seen)


@pytest.mark.parametrize(
    ("draw", "error", "words"),
    [
        (lambda: plot.graph(2.0), TypeError, "expected a Value"),
        (lambda: plot.graph(sg.Value(1.0), local_derivatives=1), TypeError, "local_derivatives is True or False"),
        (lambda: plot.to_dot("x"), TypeError, "expected a Value"),
        (lambda: plot.to_mermaid(None), TypeError, "expected a Value"),
        (lambda: plot.derivatives(2.0, 0, 1), TypeError, "derivatives takes a function"),
        (lambda: plot.derivatives(sg.sin, 1, 1), ValueError, "from lo to hi"),
        (lambda: plot.descent(2.0, [(1.0, 2.0)]), TypeError, "descent takes a function"),
        (lambda: plot.derivatives(sg.sin, 0, math.inf), ValueError, "from lo to hi"),
        (lambda: plot.derivatives(sg.sin, "0", 1), TypeError, "an end of the range of derivatives, got '0'"),
        (lambda: plot.derivatives(sg.sin, 0, 1, points=1), ValueError, "2 or more points of derivatives, not 1"),
        (lambda: plot.derivatives(sg.sin, 0, 1, points=2.5), TypeError, "the number of points of derivatives, not 2.5"),
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
        (lambda: plot.decision_boundary(sum, POINTS, 3), TypeError, "a list of labels, one a point, not 3"),
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
        (lambda: plot.backward_frames(example()).save("a.gif", seconds=0), ValueError, "seconds is a time above 0"),
        (lambda: plot.history({}), ValueError, "no trace of anything"),
        (lambda: plot.history(1.0), TypeError, "traces of history is a list of numbers, or a dict"),
        (
            lambda: plot.history([1.0], 1.0),
            TypeError,
            "targets of history is a dict by the names of the traces, not 1.0",
        ),
        (lambda: plot.history({"w": ["x"]}), TypeError, "a number of the trace w, got 'x'"),
        (lambda: plot.history({"w": [1.0]}, {"b": 1.0}), ValueError, "no trace of 'b'"),
        (lambda: plot.history({"w": [1.0]}, {"w": "x"}), TypeError, "a target of history, got 'x'"),
        (lambda: plot.decision_boundary(2.0, POINTS, [0]), TypeError, "takes a function"),
        (lambda: plot.decision_boundary(sum, POINTS, [0]), ValueError, "1 label and 4 points"),
        (lambda: plot.decision_boundary(sum, [], []), ValueError, "pairs of finite numbers"),
        (lambda: plot.decision_boundary(sum, [(1.0,)], [0]), ValueError, "pairs of finite numbers"),
        (lambda: plot.decision_boundary(sum, POINTS, [0, 1, 2, 0]), ValueError, "labels of 2 classes.*got 3"),
        (lambda: plot.decision_boundary(sum, POINTS, [0, 1, 1, 0], steps=1), ValueError, "2 or more steps"),
        (lambda: plot.decision_boundary(lambda _: "a", POINTS, [0, 1, 1, 0]), TypeError, "one number or several"),
        (lambda: plot.decision_boundary(lambda _: object(), POINTS, [0, 1, 1, 0]), TypeError, "expected numbers from"),
    ],
)
def test_what_cannot_be_drawn_is_told(draw: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        draw()
    assert plt.get_fignums() == []


def test_without_matplotlib_a_sentence_tells_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(ModuleNotFoundError, match=r"pictures need matplotlib.*pip install matplotlib$"):
        plot.graph(example())
    assert plot.to_dot(example())
