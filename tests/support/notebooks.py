"""Notebooks without Jupyter: their cells run one after the other, and what each shows is what is stored in it."""

from __future__ import annotations

import ast
import io
import json
import math
import re
from base64 import b64decode
from contextlib import redirect_stdout
from typing import TYPE_CHECKING, Any

from matplotlib import pyplot as plt

if TYPE_CHECKING:
    from pathlib import Path

Shown = dict[str, str]  # by the kind of output
NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:e[+-]?\d+)?")


class Printer:
    """IPython's, for those that show themselves in lines."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.text = self.parts.append

    def break_(self) -> None:
        self.parts.append("\n")


def code_cells(path: Path) -> list[Any]:
    """The cells of code in a notebook."""
    return [cell for cell in json.loads(path.read_text(encoding="utf-8"))["cells"] if cell["cell_type"] == "code"]


def stored(cell: Any) -> Shown:
    """What a cell holds, of pictures that there is one."""
    shown: Shown = {}
    for output in cell["outputs"]:
        if output["output_type"] == "stream":
            shown[output["name"]] = shown.get(output["name"], "") + "".join(output["text"])
        else:
            shown |= {kind: "".join(data) for kind, data in output["data"].items()}
    if "image/png" in shown:
        return {"image/png": "1 picture"}
    return shown


def run(cells: list[Any]) -> list[Shown]:
    """What the cells show when they are run, in the order of the notebook."""
    names: dict[str, Any] = {"__name__": "__main__"}
    return [shown_by("".join(cell["source"]), names) for cell in cells]


def shown_by(source: str, names: dict[str, Any]) -> Shown:
    tree = ast.parse(source)
    last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) and not source.endswith(";") else None
    with redirect_stdout(io.StringIO()) as printed:
        exec(compile(tree, "<cell>", "exec"), names)
        value = eval(compile(ast.Expression(last.value), "<cell>", "eval"), names) if last is not None else None
    shown = {"stdout": printed.getvalue()} if printed.getvalue() else {}
    if plt.get_fignums():
        shown["image/png"] = f"{len(plt.get_fignums())} picture"
        plt.close("all")
    return shown | (looks_of(value) if value is not None else {})


def looks_of(value: Any) -> Shown:
    """What Jupyter asks a value for."""
    printer = Printer()
    if hasattr(value, "_repr_pretty_"):
        value._repr_pretty_(printer, False)
    else:
        printer.text(repr(value))
    shown = {"text/plain": "".join(printer.parts)}
    for kind, name in (("text/html", "_repr_html_"), ("image/svg+xml", "_repr_svg_")):
        if hasattr(value, name) and (text := getattr(value, name)()) is not None:
            shown[kind] = text
    return shown


def differences(old: Shown, new: Shown) -> list[str]:
    """What differs in two outputs, of numbers more than rounding."""
    found = [f"{kind} is shown once" for kind in {*old} ^ {*new}]
    for kind in {*old} & {*new}:
        first, second = opened(old[kind]), opened(new[kind])
        if NUMBER.split(first) != NUMBER.split(second):
            found.append(f"{kind}: {first[:2000]} is now {second[:2000]}")
        pairs = zip(NUMBER.findall(first), NUMBER.findall(second))
        found += [f"{kind}: {x} is now {y}" for x, y in pairs if not is_near(x, y)]
    return found


def is_near(x: str, y: str) -> bool:
    return math.isclose(float(x), float(y), rel_tol=1e-9, abs_tol=1e-9)


def opened(text: str) -> str:
    """Text with the images in it as SVG."""
    return re.sub(r"(?<=base64,)[\w+/=]+", lambda found: b64decode(found[0]).decode(), text).rstrip()
