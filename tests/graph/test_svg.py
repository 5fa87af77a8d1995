"""The picture of a graph as SVG: what it holds, and that text in it stays text."""

from __future__ import annotations

import subprocess
import sys
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given, reject
from hypothesis import strategies as st

import scalargrad as sg
from scalargrad import plot
from scalargrad.graph.graph import Graph
from scalargrad.graph.picture import Picture
from scalargrad.graph.svg import escaped, svg_of
from scalargrad.testing.strategies import programs
from tests.support.pictures import example, network

SVG = "{http://www.w3.org/2000/svg}"


def groups(text: str, kind: str) -> list[Any]:
    """The groups of a class, or of several."""
    return [each for each in ElementTree.fromstring(text).iter(f"{SVG}g") if kind in each.get("class", "").split()]


def lines(group: Any) -> list[str]:
    return [text.text for text in group.iter(f"{SVG}text")]


def test_each_value_is_a_group_with_its_name_number_and_gradient() -> None:
    text = plot.to_svg(example(), gradients=True)
    assert [lines(x) for x in groups(text, "leaf")] == [["x", "2", "grad 2.752"], ["y", "3", "grad 0.9093"]]
    assert [lines(x) for x in groups(text, "target")] == [["z", "6.728", "grad 1"]]
    assert sorted(lines(x)[0] for x in groups(text, "operation")) == ["*", "*", "+", "sin"]
    assert [x.get("data-node") for x in groups(text, "leaf")] == ["0", "1"]
    ends = {(x.get("data-from"), x.get("data-to")) for x in groups(text, "edge")}
    assert {("0", "2"), ("2", "2"), ("1", "3")} <= ends


def test_texts_on_edges_and_what_fires_are_lit() -> None:
    z = example()
    picture = Picture(Graph([z]))
    node = picture.graph.computed[0]
    edge = (picture.graph.leaves[0], (node, "operation"), 0)
    text = svg_of(picture, {}, {edge: "3 * 2 = 6"}, node)
    assert [lines(x) for x in groups(text, "flow")] == [["3 * 2 = 6"]]
    assert len(groups(text, "lit")) == 2 + 2 + 1  # the box and the circle, two edges, the text


def test_a_note_stands_below() -> None:
    assert "Before backward() each grad is 0" in plot.to_svg(example())


def test_local_derivatives_are_on_the_edges_on_request() -> None:
    found = [lines(x)[0] for x in groups(plot.to_svg(example(), local_derivatives=True), "flow")]
    assert sorted(found) == ["-0.4161", "0.9093", "1", "1", "2", "2", "3"]


@given(label=st.text(max_size=20))
def test_a_label_stays_text(label: str) -> None:
    x = sg.Value(1.0, label=label)
    shown = {line for group in groups(plot.to_svg(x * 2.0), "leaf") for line in lines(group)}
    assert "1" in shown
    assert len(shown) == 3


@pytest.mark.parametrize("text", ['<script>alert("x")</script>', "]]>", "&lt;", '" onload="x', "\x00\x1b"])
def test_hostile_text_is_escaped(text: str) -> None:
    group = ElementTree.fromstring(f'<g a="{escaped(text)}">{escaped(text)}</g>')
    assert group.text == group.get("a")
    assert list(group) == []


@given(data=st.data())
def test_any_program_is_drawn_with_all_its_nodes(data: st.DataObject) -> None:
    program = data.draw(programs(max_steps=4))
    y = program(*[sg.Value(0.5 + i) for i in range(program.arity)])
    try:
        text = plot.to_svg([y, y * 2.0])
    except ValueError:
        reject()
    root = ElementTree.fromstring(text)
    width, height = float(root.get("width", 0)), float(root.get("height", 0))
    for rect in root.iter(f"{SVG}rect"):
        x, y0 = float(rect.get("x", -1)), float(rect.get("y", -1))
        assert x >= -60
        assert x + float(rect.get("width", 0)) <= width + 60
        assert 0 <= y0 <= height


def test_text_is_never_under_eleven_pixels() -> None:
    text = plot.to_svg(network(2, 8), local_derivatives=True)
    sizes = [float(x.get("font-size", 12)) for x in ElementTree.fromstring(text).iter(f"{SVG}text")]
    assert min(sizes) >= 11


@pytest.mark.parametrize(
    ("label", "shown"),
    [
        ("$x_1$", "x₁"),
        (r"$\alpha_{12}^2$", "α₁₂²"),
        (r"$\Omega$", "Ω"),
        (r"$\sigma \tau$", "στ"),
        ("a$x$b$y^n$", "axbyⁿ"),
        (r"$\hat{x}$", "x\u0302"),
        (r"$\bar\theta^*$", "θ\u0304*"),
        (r"$\mathcal{L}(\theta)$", "L(θ)"),
        (r"$w_{\mathrm{out}}$", "wₒᵤₜ"),
        (r"$\frac{\partial \ell}{\partial w_1}$", "∂\u2113/∂w₁"),
        *[
            (x, x)
            for x in (
                r"$\sqrt{x}$",
                r"$\frac{a+b}{c}$",
                "$x_Q$",
                "$x_{1Q}$",
                "$a_{b$",
                "$5 and $6",
                "$a $b",
                "$3-$4",
                "$",
                "x_1",
                "$ x$",
            )
        ],
    ],
)
def test_tex_of_a_label_is_plain_signs_or_stays_as_it_is(label: str, shown: str) -> None:
    z = sg.Value(1.0, label=label) * 2.0
    assert [lines(x)[0] for x in groups(plot.to_svg(z), "leaf")] == [shown]
    assert f'"Computation graph of {shown}"' in plot.to_svg(sg.Value(1.0, label=label))


def test_tex_that_has_no_plain_signs_is_cut_only_in_its_box() -> None:
    label = r"$\sqrt{x_{\mathrm{in}}}$"
    z = sg.Value(1.0, label=label)
    assert [lines(x)[0] for x in groups(plot.to_svg(z * 2.0), "leaf")] == [r"$\sqrt{x…{in}}}$"]
    assert f'"Computation graph of {label}"' in plot.to_svg(z)


def test_it_needs_no_matplotlib() -> None:
    program = "import sys; sys.modules['matplotlib'] = None; import scalargrad as sg; from scalargrad import plot; "
    program += "print(plot.to_svg(sg.Value(2.0) * 3.0)[:4])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.stdout == "<svg\n", done.stderr
