"""A picture as HTML, for notebooks and pages: one that scrolls and zooms, and the reverse sweep step by step.

Each piece of HTML stands alone: it needs no package and no network, and has no ids, so many fit on one page. The SVG is
an image, which a notebook shows even where it runs no scripts. For the steps a script puts the SVG into the page,
parsed as XML, so that nothing in it can be taken for HTML.
"""

from __future__ import annotations

from binascii import b2a_base64
from json import dumps

from .svg import INCH, edges_in, escaped, node_numbers, opening, picture_name, thing_in

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from typing import Any

    from .graph import Node
    from .picture import Flows, Picture

    Groups = dict[str, list[int]]  # groups of SVG with the frames in which they occur
    Frame = tuple[Mapping[Node, Any], Flows, Node | None]

WIDE = 640  # pixels; a wider picture has a slider to zoom, which begins at its original size, easy to read
ZOOM = (
    '<label style="font:14px sans-serif">zoom <input class="zoom" type="range" min="0.25" max="3" step="0.25" '
    'value="1" style="width:8em;vertical-align:middle"></label>'
)
END = '<i class="end" hidden></i>'
IMAGE = '<img alt="{}" style="max-width:none" width="{}" src="data:image/svg+xml;base64,{}">'
# The scripts wait, since a page may load in pieces, and a notebook may run a script before its output is in the page.
ZOOMING = """\
setTimeout(() => {
  for (const root of document.querySelectorAll(".scalargrad-zoom:not([data-ready])")) {
    if (!root.querySelector(".end")) continue; // it is still being read, and its own script will come
    root.dataset.ready = "";
    const zoom = root.querySelector(".zoom"), image = root.querySelector("img"), width = image.width;
    zoom.oninput = () => { image.style.width = width * zoom.value + "px"; };
  }
});
"""
STEPPING = """\
setTimeout(() => {
  for (const root of document.querySelectorAll(".scalargrad-steps:not([data-ready])")) {
    if (!root.querySelector(".end")) continue; // it is still being read, and its own script will come
    root.dataset.ready = "";
    const titles = JSON.parse(root.dataset.titles), find = (name) => root.querySelector("." + name);
    const title = find("title"), slider = find("step"), zoom = find("zoom"), image = root.querySelector("img");
    const bytes = Uint8Array.from(atob(image.src.split(",")[1]), (x) => x.charCodeAt(0));
    const parsed = new DOMParser().parseFromString(new TextDecoder().decode(bytes), "image/svg+xml");
    const svg = document.importNode(parsed.documentElement, true), width = image.width, box = image.parentNode;
    svg.style.maxWidth = "none";
    svg.style.height = "auto";
    image.replaceWith(svg);
    let at = 0;
    const show = (to) => {
      at = Math.max(0, Math.min(titles.length - 1, to));
      title.textContent = titles[at];
      slider.value = at;
      slider.setAttribute("aria-valuetext", titles[at]);
      for (const each of svg.querySelectorAll("[data-in]")) {
        each.setAttribute("display", each.matches(`[data-in~="${at}"]`) ? "inline" : "none");
      }
      const seen = svg.querySelector(`.operation.lit[data-in~="${at}"]`) || (at === 0 && svg.querySelector(".target"));
      if (seen) {
        const [inner, outer] = [seen.getBoundingClientRect(), box.getBoundingClientRect()];
        box.scrollLeft += (inner.left + inner.right - outer.left - outer.right) / 2;
      }
      find("back").disabled = at === 0;
      find("on").disabled = at === titles.length - 1;
    };
    find("back").onclick = () => show(at - 1);
    find("on").onclick = () => show(at + 1);
    slider.oninput = () => show(Number(slider.value));
    if (zoom) zoom.oninput = () => { svg.style.width = width * zoom.value + "px"; };
    root.onkeydown = (event) => {
      const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      if (!step || event.target === zoom || event.altKey || event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      event.stopPropagation();
      show(at + step);
    };
    find("controls").style.display = "flex";
    show(0);
  }
});
"""


class Svg(str):
    """The text of an SVG file, which a notebook shows as a picture; a wide one scrolls and zooms."""

    __slots__ = ()

    def _repr_html_(self) -> str:
        name, width = [self.partition(f' {key}="')[2].partition('"')[0] for key in ("aria-label", "width")]
        shown = f'<div style="overflow:auto">{image_of(self, name, int(width))}</div>'
        if int(width) <= WIDE:
            return shown
        return f'<div class="scalargrad-zoom">{ZOOM}{shown}{END}<script>\n{ZOOMING}</script></div>'


def image_of(svg: str, name: str, width: int) -> str:
    """An SVG as an image in HTML, in its original size; its name is escaped already."""
    return IMAGE.format(name, width, b2a_base64(svg.encode(), newline=False).decode())


def steps_of(picture: Picture, titles: Sequence[str], frames: Sequence[Frame]) -> str:
    """Frames of one picture as HTML, with a title above each, a slider and two buttons to step through them.

    Where scripts do not run, it shows the last frame.
    """
    name, width = escaped(picture_name(picture)), round(picture.size[0] * INCH)
    button = '<button type="button" class="{}" aria-label="{}">{}</button>'
    controls = [
        button.format("back", "one step back", "&#9664;"),
        f'<input class="step" type="range" min="0" max="{len(titles) - 1}" value="{len(titles) - 1}" '
        'aria-label="step" style="flex:1;max-width:30em">',
        button.format("on", "one step on", "&#9654;"),
        ZOOM * (width > WIDE),
    ]
    return (
        f'<div class="scalargrad-steps" tabindex="0" role="group" aria-label="{name}, backward, step by step" '
        f'data-lm-suppress-shortcuts="true" data-titles="{escaped(dumps(titles))}" style="font-family:sans-serif">\n'
        f'<p class="title" aria-live="polite" style="margin:0.5em 0;font-size:15px;min-height:2.5em">'
        f"{escaped(titles[-1])}</p>\n"
        f'<div style="overflow:auto">{image_of(frames_in_one(picture, frames), name, width)}</div>\n'
        '<div class="controls" style="display:none;gap:0.5em;align-items:center;flex-wrap:wrap;font-size:14px">'
        f"{''.join(controls)}</div>{END}\n<script>\n{STEPPING}</script>\n</div>"
    )


def frames_in_one(picture: Picture, frames: Sequence[Frame]) -> str:
    """One SVG with all frames: a group that is not in every frame lists its frames, as in `data-in="2 3"`.

    As a plain picture it shows the last frame.
    """
    at, count = node_numbers(picture), len(picture.edges)
    edges: list[Groups] = [{} for _ in picture.edges]
    things: list[Groups] = [{} for _ in picture.places]
    texts: Groups = {}
    for i, (gradients, flows, firing) in enumerate(frames):
        drawn = whole_groups(edges_in(picture, flows, firing, at))
        boxes = [text for x in picture.places for text in whole_groups(thing_in(picture, x, gradients, firing, at))]
        for groups, group in [*zip(edges, drawn), *[(texts, each) for each in drawn[count:]], *zip(things, boxes)]:
            groups.setdefault(group, []).append(i)
    everything = [pair for groups in (*edges, texts, *things) for pair in groups.items()]
    shown = [group if len(where) == len(frames) else shown_in(group, where, len(frames)) for group, where in everything]
    return "\n".join([opening(picture), *shown, "</svg>"])


def whole_groups(lines: Iterable[str]) -> list[str]:
    """The groups in lines of SVG, one text for each."""
    return [f"{group.strip()}</g>" for group in "\n".join(lines).split("</g>")[:-1]]


def shown_in(group: str, where: Sequence[int], count: int) -> str:
    """A group that is shown in some of `count` frames."""
    hidden = "" if where[-1] == count - 1 else ' display="none"'
    return group.replace("<g ", f'<g data-in="{" ".join(map(str, where))}"{hidden} ', 1)


def page_of(title: str, body: str) -> str:
    """An HTML page with a title and a body."""
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width">\n<meta name="color-scheme" content="light dark">\n'
        f"<title>{escaped(title)}</title>\n</head>\n<body>\n{body}\n</body>\n</html>\n"
    )
