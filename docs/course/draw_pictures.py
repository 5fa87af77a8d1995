"""Draws the pictures of the course, one SVG for each page: python docs/course/draw_pictures.py"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from pathlib import Path

HERE = Path(__file__).parent
BLUE, ORANGE, GREY, INK = "#dbe9f6", "#fde3c8", "#f0f0f0", "#333333"
LINE, CURVE = "#4878a8", "#d0701c"
Point = tuple[float, float]


class Picture:
    """Boxes, arrows and text at places in pixels, written as SVG."""

    def __init__(self, width: float, height: float) -> None:
        self.size = width, height
        self.parts: list[str] = []
        self.boxes: dict[str, tuple[float, float, float]] = {}

    def text(self, x: float, y: float, text: str, anchor: str = "middle", more: str = "") -> None:
        self.parts.append(f'<text x="{x:g}" y="{y + 5:g}" text-anchor="{anchor}"{more}>{text}</text>')

    def frame(self, x: float, y: float, width: float, height: float, fill: str, stroke: str = LINE) -> None:
        self.parts.append(
            f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" rx="6" fill="{fill}" stroke="{stroke}"/>'
        )

    def box(self, name: str, x: float, y: float, text: str, fill: str = GREY) -> None:
        """A box around a text, whose middle is at x and y."""
        width = 8 * len(text) + 24
        self.boxes[name] = x, y, width
        self.frame(x - width / 2, y - 17, width, 34, fill)
        self.text(x, y, text)

    def arrow(self, start: str, end: str, label: str = "", bend: float = 0.0) -> None:
        """An arrow from the right side of a box to the left side of another, bent up or down."""
        x1, y1, width1 = self.boxes[start]
        x2, y2, width2 = self.boxes[end]
        self.line((x1 + width1 / 2, y1), (x2 - width2 / 2 - 2, y2), label, bend)

    def line(self, start: Point, end: Point, label: str = "", bend: float = 0.0) -> None:
        (x1, y1), (x2, y2) = start, end
        x, y = (x1 + x2) / 2, (y1 + y2) / 2 + bend
        self.parts.append(
            f'<path d="M{x1:g} {y1:g}Q{x:g} {y:g} {x2:g} {y2:g}" fill="none" stroke="{INK}" marker-end="url(#tip)"/>'
        )
        if label:
            y -= bend / 2
            self.parts.append(f'<circle cx="{x:g}" cy="{y:g}" r="11" fill="white"/>')
            self.text(x, y, label, more=f' fill="{CURVE}" font-weight="bold"')

    def svg(self) -> str:
        width, height = self.size
        return "\n".join(
            [
                f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:g}" height="{height:g}" '
                f'viewBox="0 0 {width:g} {height:g}" font-family="sans-serif" font-size="14" fill="{INK}">',
                '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" '
                f'orient="auto"><path d="M0 0L8 4L0 8z" fill="{INK}"/></marker></defs>',
                f'<rect width="{width:g}" height="{height:g}" fill="white"/>',
                *self.parts,
                "</svg>\n",
            ]
        )


def remember(rules: bool = False) -> Picture:
    """The graph of z = x * y + x, with its local derivatives or without them."""
    picture = Picture(600, 190)
    picture.box("x", 70, 40, "x = 3", BLUE)
    picture.box("y", 70, 150, "y = 4", BLUE)
    picture.box("product", 265, 115, "x * y = 12")
    picture.box("z", 485, 60, "z = x * y + x = 15", ORANGE)
    for start, end, label in [("x", "product", "4"), ("y", "product", "3"), ("product", "z", "1"), ("x", "z", "1")]:
        picture.arrow(start, end, label * rules, -30 if (start, end) == ("x", "z") else 0)
    return picture


def order(rules: bool = False) -> Picture:
    """The graph of the program in which a is used three times."""
    picture = Picture(740, 200)
    texts = {"x": "x", "y": "y", "a": "a = x + y", "b": "b = a * a", "z": "z = b + a"}
    for (name, text), number in zip(texts.items(), (3, 1, 4, 16, 20)):
        texts[name] = f"{text} = {number}" if rules else text
    picture.box("x", 60, 50, texts["x"], BLUE)
    picture.box("y", 60, 150, texts["y"], BLUE)
    picture.box("a", 230, 70, texts["a"])
    picture.box("b", 450, 150, texts["b"])
    picture.box("z", 640, 70, texts["z"], ORANGE)
    for start, end, label, bend in [("x", "a", "1", 0), ("y", "a", "1", 0), ("a", "b", "4", -50), ("a", "b", "4", 50),
                                    ("b", "z", "1", 0), ("a", "z", "1", -40)]:  # fmt: skip
        picture.arrow(start, end, label * rules, bend)
    return picture


def functions() -> Picture:
    """Four functions with their slopes."""

    def slope_of_tanh(x: float) -> float:
        return 1 - math.tanh(x) ** 2

    panels: list[tuple[str, Callable[[float], float], Callable[[float], float], float]] = [
        ("relu(x)", lambda x: max(x, 0.0), lambda x: float(x > 0), -2.0),
        ("abs(x)", abs, lambda x: math.copysign(1.0, x), -2.0),
        ("sqrt(x)", math.sqrt, lambda x: 0.5 / math.sqrt(x), 0.0),
        ("tanh(x)", math.tanh, slope_of_tanh, -2.0),
    ]
    picture = Picture(760, 230)
    for k, (name, function, slope, first) in enumerate(panels):
        left = 20 + 185 * k

        def place(x: float, y: float, left: float = left) -> str:
            return f"{left + 80 + 36 * x:.1f} {110 - 36 * y:.1f}"

        picture.frame(left, 30, 165, 160, "none", "#cccccc")
        picture.text(left + 82, 15, name)
        axes = f"M{place(-2.2, 0)}L{place(2.2, 0)}M{place(0, -2.1)}L{place(0, 2.1)}"
        picture.parts.append(f'<path d="{axes}" stroke="#999999"/>')
        points = [first + (2 - first) * i / 80 for i in range(81)]
        for f, colour in ((function, LINE), (slope, CURVE)):
            # Where a slope jumps or is infinite, the line is broken.
            parts: list[list[str]] = [[]]
            for x in points:
                if f is slope and x == 0 and name != "tanh(x)":
                    parts.append([])
                elif abs(f(x)) <= 2.1:
                    parts[-1].append(place(x, f(x)))
            path = "".join("M" + "L".join(part) for part in parts if part)
            picture.parts.append(f'<path d="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
    picture.text(250, 212, "the function", more=f' fill="{LINE}" font-weight="bold"')
    picture.text(500, 212, "its slope", more=f' fill="{CURVE}" font-weight="bold"')
    return picture


def tape() -> Picture:
    """The two rows of a tape."""
    picture = Picture(680, 190)
    columns = [190, 330, 470]
    for x, text in zip(columns, ("result", "operands", "local derivatives")):
        picture.text(x, 25, text, more=' font-weight="bold"')
    for k, row in enumerate([("v = 12", "x, y", "4, 3"), ("z = 15", "v, x", "1, 1")]):
        picture.frame(120, 45 + 55 * k, 430, 45, [GREY, ORANGE][k])
        for x, text in zip(columns, row):
            picture.text(x, 67 + 55 * k, text)
    picture.line((75, 50), (75, 145))
    picture.line((605, 145), (605, 50))
    picture.text(75, 165, "written downward")
    picture.text(605, 165, "read upward")
    return picture


def second() -> Picture:
    """A tape in the block of another."""
    picture = Picture(720, 250)
    picture.frame(20, 15, 680, 150, BLUE)
    picture.text(40, 37, "the outer tape records all of this", "start")
    picture.frame(40, 60, 250, 85, ORANGE)
    picture.text(55, 80, "the inner tape records this", "start")
    picture.box("z", 165, 115, "z = x * x * x", "white")
    picture.box("first", 535, 105, "first = inner.gradient(z, x)", "white")
    picture.line((290, 105), (409, 105))
    picture.box("second", 360, 215, "second = outer.gradient(first, x)", "white")
    picture.line((360, 165), (360, 196))
    return picture


def network() -> Picture:
    """Two inputs, a layer of three neurons, a last neuron."""
    picture = Picture(720, 220)
    picture.box("x", 50, 70, "x", BLUE)
    picture.box("y", 50, 150, "y", BLUE)
    for k in range(3):
        picture.box(f"n{k}", 230, 40 + 70 * k, "neuron, then tanh")
    picture.box("last", 430, 110, "last neuron")
    picture.box("answer", 620, 110, "above or below 0?", ORANGE)
    for k in range(3):
        picture.arrow("x", f"n{k}")
        picture.arrow("y", f"n{k}")
        picture.arrow(f"n{k}", "last")
    picture.arrow("last", "answer")
    return picture


def pictures() -> Iterator[tuple[Path, str]]:
    """Each file with what is to be in it."""
    drawn = {
        "1_remember": remember(),
        "2_rules": remember(rules=True),
        "3_order": order(),
        "4_gradients": order(rules=True),
        "5_functions": functions(),
        "6_tape": tape(),
        "7_second": second(),
        "8_moons": network(),
    }
    for name, picture in drawn.items():
        yield HERE / f"{name}.svg", picture.svg()


if __name__ == "__main__":
    for path, text in pictures():
        path.write_text(text, encoding="utf-8")
