"""Pictures as HTML: what each step shows, that pages stand alone, and that text in them stays text."""

from __future__ import annotations

import json
import pickle
from base64 import b64decode
from html import escape
from html.parser import HTMLParser
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

import scalargrad as sg
from scalargrad import plot
from scalargrad.graph.page import STEPPING, ZOOMING
from scalargrad.graph.svg import svg_of
from tests.support.pictures import example

SVG = "{http://www.w3.org/2000/svg}"


class Elements(HTMLParser):
    """The elements of HTML as (tag, attributes), and the text outside of scripts."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, Any]]] = []
        self.text = ""
        self.scripts: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        if self.found and self.found[-1][0] == "script" and "setTimeout" in data:
            self.scripts.append(data)
        else:
            self.text += data

    def of(self, tag: str) -> list[dict[str, Any]]:
        return [attributes for name, attributes in self.found if name == tag]

    def images(self) -> list[Any]:
        """The SVGs in it, parsed."""
        head = "data:image/svg+xml;base64,"
        assert all(x["src"].startswith(head) for x in self.of("img"))
        return [ElementTree.fromstring(b64decode(x["src"].removeprefix(head))) for x in self.of("img")]

    def steps(self) -> dict[str, Any]:
        (root,) = [x for x in self.of("div") if x.get("class") == "scalargrad-steps"]
        return root


def html_of(value: Any) -> str:
    return plot.backward_frames(value)._repr_html_()


def seen(svg: Any, step: int) -> list[str]:
    """The groups that the script shows at a step, without what it goes by."""
    groups = [x for x in svg if x.tag == f"{SVG}g" and str(step) in x.get("data-in", str(step)).split()]
    return sorted(bare(x) for x in groups)


def bare(group: Any) -> str:
    kept = {name: x for name, x in group.attrib.items() if name not in ("data-in", "display")}
    return f"{kept}{[(ElementTree.tostring(x).strip()) for x in group]}"


@pytest.mark.parametrize(
    "value",
    [
        example(),
        (sg.Variable([1.0, 2.0]) * 3.0).sum(),
        sg.tanh(sg.Matrix([[1.0, 2.0]]) @ sg.Variable([1.0, 2.0])).sum(),
        sg.softmax(sg.Variable([1.0, 2.0]))[1] * 2.0,
    ],
)
def test_at_each_step_the_picture_is_that_of_the_frame(value: sg.Value) -> None:
    frames = plot.backward_frames(value)
    (svg,) = Elements(frames._repr_html_()).images()
    for i in range(len(frames)):
        alone = ElementTree.fromstring(svg_of(frames.picture, *frames._drawn(i)))
        assert seen(svg, i) == sorted(bare(x) for x in alone)


def test_without_a_script_it_is_the_last_frame_with_its_title() -> None:
    frames = plot.backward_frames(example())
    page = Elements(frames._repr_html_())
    (svg,) = page.images()
    hidden = [x for x in svg if x.get("display") == "none"]
    assert hidden
    assert sorted(bare(x) for x in svg if x not in hidden) == seen(svg, len(frames) - 1)
    assert page.text.split("\n")[1] == "The gradient of z"
    (controls,) = [x for x in page.of("div") if x.get("class") == "controls"]
    assert "display:none" in controls["style"]  # which do nothing then


def test_the_titles_and_the_slider_are_those_of_the_frames() -> None:
    frames = plot.backward_frames(example())
    page = Elements(frames._repr_html_())
    titles = json.loads(page.steps()["data-titles"])
    assert titles == [frames._title(i) for i in range(6)]
    assert titles[2] == "Step 2 of 4: v3 = x * x passes on"
    (slider,) = [x for x in page.of("input") if x["class"] == "step"]
    assert (slider["min"], slider["max"], slider["value"], slider["aria-label"]) == ("0", "5", "5", "step")
    assert [x["aria-label"] for x in page.of("button")] == ["one step back", "one step on"]
    assert page.steps()["tabindex"] == "0"  # or else it would get no keys


def test_it_stands_alone_and_many_fit_on_a_page() -> None:
    html = html_of(example())
    page = Elements(html)
    assert page.scripts == [f"\n{STEPPING}"]
    assert "http" not in html
    assert [x for _, x in page.found if "id" in x or "href" in x] == []
    assert not any(name.startswith("on") for _, x in page.found for name in x)
    assert not any("id" in x.attrib for x in page.images()[0].iter())
    for script in (STEPPING, ZOOMING):
        assert "innerHTML" not in script
        assert "ready" in script.partition("dataset.")[0]  # each is started once, however many scripts run
        assert "</" not in script
        assert "<!--" not in script


def test_its_script_follows_the_keys() -> None:
    assert "{ ArrowLeft: -1, ArrowRight: 1 }[event.key]" in STEPPING
    assert "show(at + step)" in STEPPING


@given(label=st.text(max_size=20))
def test_a_label_stays_text(label: str) -> None:
    x = sg.Value(1.0, label=label)
    page, plain = Elements(html_of(x * 2.0)), Elements(html_of(sg.Value(1.0) * 2.0))
    assert [(tag, [*x]) for tag, x in page.found] == [(tag, [*x]) for tag, x in plain.found]
    assert len(page.scripts) == 1
    (svg,), (other,) = page.images(), plain.images()
    assert [x.tag for x in svg.iter()] == [x.tag for x in other.iter()]


@pytest.mark.parametrize("label", ["</p><script>alert(1)", '" onload="x', "</g><g>", "{0}", "'-->"])
def test_a_hostile_label_is_in_titles_and_boxes_as_it_is(label: str, tmp_path: Any) -> None:
    z = sg.Value(1.0, label=label[:16]) * 2.0
    z.label = name = f"!{label[-15:]}"
    page = Elements(html_of(z))
    assert {label[:16], name} <= {*page.images()[0].itertext()}
    assert json.loads(page.steps()["data-titles"])[-1] == f"The gradient of {name}"
    assert page.text.split("\n")[1] == f"The gradient of {name}"
    assert len(page.of("script")) == 1
    (path,) = plot.backward_frames(z).save(tmp_path / "z.html")
    assert f"<title>The gradient of {escape(name, quote=True)}</title>".replace("&#x27;", "'") in path.read_text(
        "utf-8"
    )


def test_tex_in_titles_is_plain_signs(tmp_path: Any) -> None:
    frames = plot.backward_frames(sg.Value(1.0, label="$x_1$") * sg.Value(1.0, label=r"$\beta$"))
    page = Elements(frames._repr_html_())
    assert json.loads(page.steps()["data-titles"])[1] == "Step 1 of 1: v1 = x₁ * β passes on"
    z = sg.Value(1.0) * 2.0
    z.label = "$z_2$"
    (path,) = plot.backward_frames(z).save(tmp_path / "z.html")
    assert "<title>The gradient of z₂</title>" in path.read_text(encoding="utf-8")


def test_a_wide_picture_scrolls_and_zooms_at_full_size() -> None:
    x = sg.Value(0.5, label="x")
    small, wide = plot.to_svg(x * 2.0), plot.to_svg(sg.sin(sg.cos(sg.sin(sg.cos(x)))))
    for svg, zooms in ((small, False), (wide, True)):
        page = Elements(svg._repr_html_())
        (image,) = page.of("img")
        width = ElementTree.fromstring(svg).get("width")
        assert image["width"] == width
        assert image["style"] == "max-width:none"  # or else a notebook would make it as narrow as itself
        assert image["alt"].startswith("Computation graph of v")
        assert page.of("div")[-1]["style"] == "overflow:auto"
        assert [ElementTree.tostring(each) for each in page.images()] == [
            ElementTree.tostring(ElementTree.fromstring(svg))
        ]
        assert page.scripts == [f"\n{ZOOMING}"] * zooms
        assert [x["min"] for x in page.of("input")] == ["0.25"] * zooms  # to see a wide one whole
        assert [x["value"] for x in page.of("input")] == ["1"] * zooms  # but text begins as large as it is drawn
    assert [x["class"] for x in Elements(html_of(sg.sin(sg.sin(x)))).of("input")] == ["step", "zoom"]
    assert [x["class"] for x in Elements(html_of(-x)).of("input")] == ["step"]


def test_the_text_of_a_picture_is_a_string_with_a_look() -> None:
    svg = plot.to_svg(example())
    assert isinstance(svg, str)
    assert pickle.loads(pickle.dumps(svg)) == svg
    label = Elements(plot.to_svg(sg.Value(2.0, label='"><b>') * 1.0)._repr_html_())
    assert [tag for tag, _ in label.found] == ["div", "img"]


def test_a_saved_page_is_whole(tmp_path: Any) -> None:
    (path,) = plot.backward_frames(example()).save(tmp_path / "sweep.html")
    text = path.read_text(encoding="utf-8")
    page = Elements(text)
    assert text.startswith("<!DOCTYPE html>\n<html lang")
    assert page.of("meta")[0]["charset"] == "utf-8"
    assert len(page.of("title")) == len(page.images()) == 1
    assert "The gradient of z" in page.text
