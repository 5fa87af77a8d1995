"""The picture of a graph as SVG, for pages and notebooks, written without any library.

Each thing is a group with a class (`leaf`, `value`, `target`, `operation`, `constant`, `edge`) and a number, so that a
page can style it and find it. Colours are attributes, which a style sheet overrides. The number of a node is its place
in the list of leaves followed by computed values. An edge has the numbers of its ends, and the circle of an operation
has the number of its result.
"""

from __future__ import annotations

from .graph import printable
from .picture import COLOURS, EDGE, FIRING, INK, Picture, short
from .tex import TEX, shortened, without_tex

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import Any

    from .graph import Node
    from .picture import Flows, Point

INCH = 96  # pixels
TEXT, SMALL, SIGN = 12, 11, 17  # pixels: in boxes, on edges, of an operator
LINE = 14  # pixels from one line of text to the next


def svg_of(picture: Picture, gradients: Mapping[Node, Any], flows: Flows, firing: Node | None = None) -> str:
    """A picture as SVG, with gradients in boxes and texts on edges; a firing node is lit, with its edges backward."""
    at = node_numbers(picture)
    lines = [opening(picture), *edges_in(picture, flows, firing, at)]
    for thing in picture.places:
        lines += thing_in(picture, thing, gradients, firing, at)
    if picture.note:
        below = f'x="10" y="{round(picture.size[1] * INCH) - 12}" text-anchor="start" fill="{EDGE}"'
        lines.append(f'<text class="note" {below}>{escaped(picture.note)}</text>')
    return "\n".join([*lines, "</svg>"])


def node_numbers(picture: Picture) -> dict[Any, int]:
    """The number of each node."""
    return {node: i for i, node in enumerate((*picture.graph.leaves, *picture.graph.computed))}


def picture_name(picture: Picture) -> str:
    """The name of the picture, for readers who cannot see it."""
    names = ", ".join([picture.graph.names[target] for target in picture.graph.targets])
    return f"Computation graph of {without_tex(names)}"


def opening(picture: Picture) -> str:
    """The first line of the SVG."""
    width, height = [round(side * INCH) for side in picture.size]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
        f'role="img" aria-label="{escaped(picture_name(picture))}" font-family="sans-serif" '
        f'font-size="{TEXT}" text-anchor="middle">'
    )


def edges_in(picture: Picture, flows: Flows, firing: Node | None, at: Mapping[Any, int]) -> Iterator[str]:
    """The edges, each a line with an arrow, and their texts."""
    written = []
    for edge, way, text, place in picture.ways(flows):
        start, end, _ = edge
        is_lit = firing is not None and (edge in flows or end is firing)
        colour, width, is_arrow = picture.stroke(edge)
        if is_lit:
            colour, width = FIRING, 1.8
        ends = f'data-from="{node_number(start, at)}" data-to="{node_number(end, at)}"'
        yield f'<g class="edge{" lit" * is_lit}" {ends} stroke="{colour}" fill="none">'
        yield f'<path d="{path_of(picture, picture.curve(edge, way)[0])}" stroke-width="{width:.2g}"/>'
        if is_arrow:
            yield f'<path d="{arrow(picture, way, backward=is_lit)}" fill="{colour}" stroke="none"/>'
        yield "</g>"
        if text:
            x, y = in_pixels(picture, place)
            half = 3.4 * len(text) + 3
            shape = f'x="{x - half:.1f}" y="{y - 8:.1f}" width="{2 * half:.1f}" height="16" rx="3"'
            written += [
                f'<g class="flow{" lit" * is_lit}" {ends}><rect {shape} fill="white" fill-opacity="0.9"/>',
                f'<text x="{x:.1f}" y="{y + 4:.1f}" font-size="{SMALL}" fill="{FIRING if is_lit else INK}">'
                f"{escaped(text)}</text></g>",
            ]
    yield from written


def thing_in(
    picture: Picture, thing: Any, gradients: Mapping[Node, Any], firing: Node | None, at: Mapping[Any, int]
) -> Iterator[str]:
    """A box, a circle or a constant, with its text."""
    kind, text = picture.kind(thing), picture.text(thing)
    fires = firing is not None and (thing[0] if kind == "operation" else thing) is firing
    if thing in gradients:
        text += f"\ngrad {short(gradients[thing])}"
    yield f'<g class="{kind}{" lit" * fires}" data-node="{node_number(thing, at)}">'
    if kind != "constant":
        fill, line = COLOURS[kind]
        left, right, bottom, top = picture.box(thing)
        x, y = in_pixels(picture, (left, top))
        size = f'width="{(right - left) * INCH:.1f}" height="{(top - bottom) * INCH:.1f}"'
        look = f'fill="{fill}" stroke="{FIRING if fires else line}" stroke-width="{2.5 if fires else 1}"'
        yield f'<rect x="{x:.1f}" y="{y:.1f}" {size} rx="{21 if kind == "operation" else 8}" {look}/>'
    x, y = in_pixels(picture, picture.places[thing])
    lines = TEX.sub(lambda found: shortened(found[0]), without_tex(text)).splitlines()
    height = SIGN if kind == "operation" and len(text) <= 2 else TEXT
    for i, each in enumerate(lines):
        below = y + (i - (len(lines) - 1) / 2) * LINE + height / 3
        colour = EDGE if kind == "constant" else INK
        yield f'<text x="{x:.1f}" y="{below:.1f}" font-size="{height}" fill="{colour}">{escaped(each)}</text>'
    yield "</g>"


def node_number(thing: Any, at: Mapping[Any, int]) -> int | str:
    """The number of a value, or of the result of an operation; "" for a constant."""
    if isinstance(thing, tuple):
        return at[thing[0]] if thing[1] == "operation" else ""
    return at[thing]


def in_pixels(picture: Picture, point: Point) -> Point:
    """A point in pixels, from the left and from the top."""
    left, _, _, top = picture.limits
    return (point[0] - left) * INCH, (top - point[1]) * INCH


def path_of(picture: Picture, vertices: Sequence[Point]) -> str:
    """Bezier curves in the notation of SVG paths."""
    points = [in_pixels(picture, point) for point in vertices]
    texts = [f"{x:.1f},{y:.1f}" for x, y in points]
    return f"M{texts[0]}" + "".join([f"C{' '.join(texts[i : i + 3])}" for i in range(1, len(texts), 3)])


def arrow(picture: Picture, way: Sequence[Point], backward: bool) -> str:
    """The head of an arrow at the end of a way, or at its beginning."""
    x, y = in_pixels(picture, way[0 if backward else -1])
    side = 9 if backward else -9
    return f"M{x:.1f},{y:.1f}l{side},-4v8z"


def escaped(text: str) -> str:
    """Text escaped for elements and for quoted attributes."""
    for sign, name in (("&", "amp"), ("<", "lt"), (">", "gt"), ('"', "quot")):
        text = text.replace(sign, f"&{name};")
    return printable(text)
