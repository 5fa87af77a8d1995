"""Writes reference.md from the docstrings of the package: python docs/make_reference.py

A test compares the page with what this gives, so that it cannot fall behind.
"""

from __future__ import annotations

import inspect
import re
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Any

import scalargrad as sg
from scalargrad import nn, notebook, optim, plot, testing
from scalargrad.engine.many import Values
from scalargrad.operations.operation import Operation

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGE = Path(__file__).with_name("reference.md")
HEAD = """# Reference

What every public name does, from its docstring. This page is written by `python docs/make_reference.py`; the examples
run as tests, where they stand in the package. `scalargrad` is imported as `sg`. Functions of numbers take a number, a
`Value`, a `Vector`, a list or a NumPy array, and give the same kind.
"""
SECTIONS = {
    "Values": ["Value", "Vector", "Matrix", "Variable", "constant", "stop_gradient", "no_grad"],
    "The tape": ["GradientTape", "custom_gradient", "detect_anomaly"],
    "Transforms": [
        *("grad", "value_and_grad", "jacobian", "hessian", "jvp", "vjp", "hvp", "derivative", "flatten"),
        "compile",
    ],
    "To see": ["explain", "rows", "topological_order"],
}
MODULES = {"scalargrad.plot": plot, "scalargrad.nn": nn, "scalargrad.optim": optim, "scalargrad.testing": testing}
WITHIN = {"is_followed_in", "element", "plain", "grads", "set_grads"}  # what the package asks of Values and Vectors
COMMAND = """`python -m scalargrad "x**2 * sin(y)" x=1.5 y=2` prints the value of an expression and its derivatives.

- `name=number`: what a name stands for; each has its derivative.
- `--order N`: up to which order, 1 unless told: 2 for several names, 30 for one.
- `--explain`: how the derivatives come about, as `sg.explain` writes it.
- `--source`: the gradient compiled to Python, for the way that this point takes; all else becomes comments, so that the
  output is a module.
- `--plot FILE`: the graph as a picture, which needs matplotlib.

The text is parsed and never evaluated: numbers, names, operators, comparisons, `a if b else c` and the functions that
`--help` lists. It ends with 0; with 1 where mathematics refuses, or the picture; with 2 where it is used wrongly.
"""


def page() -> str:
    """The whole page."""
    named = {name for names in SECTIONS.values() for name in names}
    sections = {**SECTIONS, "Functions of numbers": [name for name in sg.__all__ if name not in named]}
    parts = [HEAD]
    for title, names in sections.items():
        parts.append(f"## {title}\n")
        for name in names:
            parts += entry(f"sg.{name}", getattr(sg, name))
    parts.append("## scalargrad.math\n")
    parts.append(
        "Every name of the running Python's `math`, differentiable, with the same arguments and the same values.\n"
        "Functions of several numbers and of sequences take values among them; counts and conditions give plain\n"
        "numbers.\n"
    )
    parts += entry("sg.math.patch", sg.math.patch)
    for title, module in MODULES.items():
        parts.append(f"## {title}\n")
        parts.append(f"{markdown(inspect.getdoc(module) or '')}\n")
        for name, thing in public_in(module):
            parts += entry(name, thing)
    parts.append("## In a notebook\n")
    parts.append(f"{markdown(inspect.getdoc(notebook) or '')}\n")
    parts.append("## The command\n")
    parts.append(COMMAND)
    return "\n".join(parts)


def public_in(module: Any) -> Iterator[tuple[str, Any]]:
    """The functions and classes with a docstring that a module defines, or lists in `__all__`."""
    names = getattr(module, "__all__", None) or [
        name
        for name, thing in vars(module).items()
        if not name.startswith("_") and f"{getattr(thing, '__module__', '')}.".startswith(f"{module.__name__}.")
    ]
    for name in names:
        thing = getattr(module, name)
        if callable(thing) and thing.__name__ == name and "\n" in (inspect.getdoc(thing) or ""):  # no alias
            yield name, thing


def entry(name: str, thing: Any) -> Iterator[str]:
    """A heading with the signature, the docstring, and the same of the methods of a class."""
    yield f"### `{name}{signature_of(thing)}`\n"
    yield f"{markdown(inspect.getdoc(thing) or '')}\n"
    if inspect.isclass(thing):
        offered = {**vars(Values), **vars(thing)} if issubclass(thing, Values) else vars(thing)
        for key, method in offered.items():
            doc = inspect.getdoc(method)
            if (
                key.startswith("_")
                or key in WITHIN
                or not doc
                or isinstance(getattr(method, "operation", None), Operation)
            ):
                continue
            if isinstance(method, property):
                yield f"**`.{key}`** {markdown(doc)}\n"
            elif callable(method):
                yield f"**`.{key}{signature_of(method)}`** {markdown(doc)}\n"


def signature_of(thing: Any) -> str:
    """The parameters, without their types, which the text tells."""
    maker = thing
    if inspect.isclass(thing):
        maker = thing.__new__ if "__new__" in vars(thing) else thing.__init__
    try:
        signature = inspect.signature(maker)
    except ValueError:
        return "(...)"
    parameters = [
        parameter.replace(annotation=inspect.Parameter.empty)
        for parameter in signature.parameters.values()
        if parameter.name not in ("self", "cls")
    ]
    return str(signature.replace(parameters=parameters, return_annotation=inspect.Signature.empty))


def markdown(doc: str) -> str:
    """A docstring in Markdown: arguments and errors as lists, examples in fences."""
    parts = []
    for block in re.split(r"\n\n(?=\S)", doc):
        head, _, body = block.partition("\n")
        if block.startswith(">>>"):
            parts.append(f"```pycon\n{block}\n```")
        elif re.fullmatch(r"(Args|Returns|Raises|Attributes)( \(.*\))?:", head):
            parts.append(f"**{head[:-1]}**\n\n{listed(textwrap.dedent(body))}")
        elif "\n>>>" in block:
            text, _, example = block.partition("\n>>>")
            parts.append(f"{text}\n\n```pycon\n>>>{example}\n```")
        else:
            parts.append(block)
    return "\n\n".join(parts)


def listed(body: str) -> str:
    """The lines of an `Args:` block as a list, continuations joined; plain text as it is."""
    items: list[str] = []
    for line in body.splitlines():
        found = re.match(r"([\w, *]+): (.*)", line)
        if found and not line.startswith(" "):
            items.append(f"- `{found[1]}`: {found[2]}")
        elif items:
            items[-1] += f" {line.strip()}"
        else:
            items.append(line)
    return "\n".join(items)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
