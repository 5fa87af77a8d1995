"""The picture of a graph: boxes, edges, and what is folded where there is no room."""

from __future__ import annotations

import math
import re
from itertools import combinations, pairwise

import matplotlib as mpl
import pytest

import scalargrad as sg
from scalargrad import nn, plot
from scalargrad.graph.graph import Graph
from scalargrad.graph.picture import MOST_NODES, Picture, cells_of
from tests.support.pictures import example, network, texts
from tests.support.profiles import sized

mpl.use("Agg")

pytestmark = pytest.mark.usefixtures("closed_figures")


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
    assert [cell.text for cell in folded[:2]] == ["dot, +, relu\n2 more inputs"] * 2


def test_in_a_wide_graph_operations_show_some_inputs_and_count_the_rest() -> None:
    weights = [sg.Value(0.1 * i, label=f"w[{i}]") for i in range(30)]
    picture = Picture(Graph([sg.relu(sg.Vector(weights).dot([1.0] * 30))]))
    assert [cell.text for cell in picture.cells.values()] == ["dot\n29 more inputs", "relu"]
    assert picture.size[1] < 3
    shown = texts(plot.graph(sg.Vector(weights).dot([0.25] * 30), local_derivatives=True))
    assert shown.count("0.25") == 2  # of the two weights that show
    assert [text for text in texts(plot.graph(sum(weights))) if "more" in text] == ["30 +\n28 more inputs"]


def test_an_operation_none_of_whose_inputs_show_counts_them_all() -> None:
    neurons = [sg.relu(sg.Variable([1.0, 2.0]).dot([0.5, 0.25]) + sg.Variable(0.0)) for _ in range(12)]
    counts = [text for text in texts(plot.graph(sg.Vector(neurons).sum() + 1.0)) if "inputs" in text]
    assert counts == ["dot, +, relu\n2 inputs"] * 12


def neuron_layers(scale: float = 1.0) -> tuple[list[sg.Variable], sg.Value]:
    """The weights of sixteen neurons, and what they give for sixteen inputs of which none is a constant."""
    xs = [sg.Value(0.1 * i, label=f"x{i}") for i in range(16)]
    weights = [sg.Variable([scale * (i - j) for j in range(16)], name=f"w{i}") for i in range(16)]
    return weights, sg.Vector([sg.tanh(w.dot(xs) + sg.Variable(0.5)) for w in weights]).sum()


def test_lines_into_neurons_are_their_weights_by_colour_and_width() -> None:
    weights, score = neuron_layers()
    picture = Picture(Graph([score]))
    assert len(picture.weights) == 256
    for (start, end, i), weight in picture.weights.items():
        dot = picture.cells[end[0]].parts[0]
        (row,) = [w for w in weights if w.label in [getattr(x, "label", None) for x in picture.graph.operands(dot)]]
        assert weight == row.tolist()[int(start.label[1:])]
        colour, width, is_arrow = picture.stroke((start, end, i))
        assert colour == ("#0072b2" if weight > 0 else "#d55e00" if weight < 0 else "#808080")
        assert math.isclose(width, 0.3 + 2.7 * abs(weight) / 15)
        assert not is_arrow
    widths = [picture.stroke(edge)[1] for edge in picture.edges if edge in picture.weights]
    assert widths == sorted(widths)  # the thick ones are on top
    assert "Lines into folded operations are weights" in picture.note


def test_weights_go_straight_and_layers_are_in_rows_with_room_between() -> None:
    _, score = neuron_layers()
    picture = Picture(Graph([score]))
    for edge, way, _, _ in picture.ways({}):
        (x0, y0), *between, (x1, y1) = picture.curve(edge, way)[0]
        if edge in picture.weights:
            assert x1 - x0 > 2
            assert len(between) == 2
            assert all(math.isclose((y - y0) * (x1 - x0), (y1 - y0) * (x - x0), abs_tol=1e-9) for x, y in between)
    for node, cell in picture.cells.items():
        if cell.is_folded:
            assert math.isclose(picture.places[node][1], picture.places[node, "operation"][1], abs_tol=0.01)
    for edge in picture.weights:
        assert picture.edges[edge][-1] == picture.places[edge[1]]


def test_a_weight_shows_in_svg_and_on_axes_alike() -> None:
    _, score = neuron_layers()
    svg = plot.to_svg(score)
    assert svg.count('stroke="#0072b2" fill="none"') == svg.count('stroke="#d55e00" fill="none"') == 120
    assert len({*re.findall(r'stroke-width="([0-9.]+)"', svg)}) == 16
    ax = plot.graph(score)
    edges = [patch for patch in ax.patches if isinstance(patch, mpl.patches.FancyArrowPatch)]
    colours = [mpl.colors.to_hex(patch.get_edgecolor()) for patch in edges]
    assert colours.count("#0072b2") == colours.count("#d55e00") == 120


def test_what_is_no_finite_number_or_no_network_is_no_weight() -> None:
    for scale in (math.inf, 1e300):
        picture = Picture(Graph([neuron_layers(scale)[1]]))
        assert not {*picture.weights.values()} & {math.inf, -math.inf}
        assert all(abs(x) < 1e300 for x in picture.weights.values())
    zeros = Picture(Graph([neuron_layers(0.0)[1]]))
    assert {zeros.stroke(edge)[:2] for edge in zeros.weights} == {("#808080", 0.3)}
    chain = sg.Value(0.5, label="x")
    for _ in range(100):
        chain = sg.sin(chain)
    for value in (chain, sum([sg.Value(0.1 * i) for i in range(30)]), example()):
        assert Picture(Graph([value])).weights == {}


def test_a_network_on_matrices_is_drawn_as_its_layers() -> None:
    m = nn.MLP(2, [16, 16, 1], seed=1)
    score = m([0.5, 0.25])
    found = texts(plot.graph(score, gradients=True, local_derivatives=True))
    boxes = [text.splitlines()[0] for text in found if "grad" in text]
    assert {"w0 (16, 2)", "b0 (16,)", "w1 (16, 16)", "b1 (16,)", "w2 (1, 16)"} <= {*boxes}
    assert found.count("@") == found.count("tanh") == 2
    score.backward()
    ends = m.trainable_variables[0].grad
    assert f"grad [{ends[0][0]:.3g}, …, {ends[-1][-1]:.3g}]" in "\n".join(found)


def test_what_is_not_folded_keeps_all_its_edges_in_a_folded_graph() -> None:
    x = sg.Value(0.5, label="x")
    y = x * x
    for _ in range(20):
        y = sg.sin(y)
    found = texts(plot.graph(3 * (y + x) * y, local_derivatives=True))
    assert "*, 20 sin" in found
    assert found[:2] == ["0.2097", "2.129"]  # of the last product


def test_local_derivatives_do_not_cover_each_other_or_boxes() -> None:
    a, b = sg.Value(0.0123456, label="a"), sg.Value(-0.0345678, label="b")
    many = sg.Vector([sg.Value(math.sqrt(i), label=f"c{i}") for i in range(1, 9)])
    axes = [plot.graph(x, local_derivatives=True) for x in (a * b + a / b, many.norm() * many[3] - a, example())]
    axes += [plot.backward_frames(a * a + a)[2], plot.backward_frames(a * b + a / b)[2]]
    for ax in axes:
        ax.figure.canvas.draw()
        boxes = [text.get_window_extent() for text in ax.texts]
        assert not any(x.overlaps(y) for x, y in combinations(boxes, 2))


def test_labels_keep_their_nodes_from_being_folded() -> None:
    y = x = sg.Value(0.5, label="x")
    for i in range(100):
        y = sg.sin(y)
        if i == 50:
            y.label = "middle"
    assert [cell.text for cell in cells_of(Graph([y])).values()] == ["51 sin", "49 sin"]
    assert x.label == "x"


def test_what_is_too_large_is_told_with_what_to_draw_instead() -> None:
    with pytest.raises(ValueError, match=r"a graph of [\d,]+ nodes is too large .* draw the graph of a part of it"):
        plot.graph(network(2, 90))
    wide = sg.Vector([sg.Value(1.0) for _ in range(21)]).sum()  # of which some inputs would not show
    for value in (network(2, 8), wide):
        with pytest.raises(ValueError, match=r"too large, or too deep, to be read step by step"):
            plot.backward_frames(value)
    y, k = sg.Value(1.0, label="y"), sg.Value(0.3, label="k")
    for _ in range(50):  # which no chain is in
        y = y + 0.1 * (-k * y)
    with pytest.raises(ValueError, match="is too large for a picture"):
        plot.graph(y)


def test_long_names_are_cut_to_fit() -> None:
    x = sg.Value(2.0, label="the temperature outside")
    assert "the temp…outside\n2\ngrad 4" in texts(plot.graph(x * x, gradients=True))


def test_a_long_chain_is_folded_in_time_in_proportion_and_counted() -> None:
    y = x = sg.Value(2.0, label="x")
    for _ in range(sized(20_000)):
        y = y * 1.0001
    cells = [*cells_of(Graph([y])).values()]
    assert [(cell.text, cell.inputs, cell.node) for cell in cells] == [(f"{sized(20_000):,} *", {0: x}, y)]


def test_a_deep_graph_is_folded_before_it_is_a_strip() -> None:
    y = sg.Value(0.5, label="x")
    for _ in range(20):
        y = sg.sin(y)
    assert [text for text in texts(plot.graph(y)) if "sin" in text] == ["20 sin"]


def test_edges_stay_inside_the_picture() -> None:
    x = sg.Value(2.0)
    picture = Picture(Graph([sg.Vector([x * x, x * x * x, x]).logsumexp()]))
    _, _, bottom, top = picture.limits
    assert all(bottom < y < top for way in picture.edges.values() for _, y in way)
