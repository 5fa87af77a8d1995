"""The code of a function for one structure of its arguments: the function that runs, and the source on its own."""

from __future__ import annotations

import builtins
import math
import re
from itertools import islice
from operator import attrgetter, itemgetter
from os.path import basename

from ..engine.contexts import open_blocks
from ..engine.rows import NUMBER, number_in
from .kernels import Library, serial
from .paths import PathTree
from .signature import (
    WIDTH,
    Argument,
    Parameter,
    all_floats,
    arguments_of,
    defaults_of,
    definition,
    display,
    is_told_by_length,
    listed,
    pattern,
    unlike,
    unpacked,
    wrapped_code,
)
from .tracer import Traced
from .writer import UNTRACED, Writer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any


class Code:
    """The code for one structure of arguments: as a function that runs, and as source that stands alone.

    `shared` holds the names that the code for other structures uses, too, and `known` maps objects to these names.
    `namespace` is where this code runs.
    """

    for_engine = False
    arrays = False

    def __init__(
        self,
        name: str,
        parameters: Sequence[Parameter],
        values: Sequence[Any],
        program: PathTree,
        shared: dict[str, Any],
        known: dict[Any, str],
        extra: Any = None,
    ) -> None:
        self.name = name
        self.extra = extra
        self.parameters = parameters
        self.values = values
        self.program = program
        taken = {name, *shared, *known.values(), *(x.name for x in parameters)}
        self.library = Library(taken, known, self.extra if self.arrays else None, self.for_engine)
        self.arguments: list[Argument] = []
        names: dict[Traced, str] = {}
        inputs = iter(program.inputs)
        for parameter, value in zip(parameters, values):
            argument = Argument(parameter, value, self.library)
            self.arguments.append(argument)
            names.update((x, text) for text, x in zip(argument.names, inputs))
        self.held: dict[str, Any] = {}  # objects that the code finds on its caller; a copied function has its own
        self.leaves = [(self.library.shared(value, "leaf"), value) for value, _ in program.leaves.values()]
        names.update((x, text) for (_, x), (text, _) in zip(program.leaves.values(), self.leaves))
        writer = Writer(program, names, self.library)
        self.lines, self.size, self.untraced = writer.lines, writer.size, writer.untraced
        self.namespace: dict[str, Any] = {}
        self.function = self._install(shared)

    def call(self, floats: Sequence[float], caller: Any) -> Any:
        """The result of the code for numbers from the arguments; exceptions of the code pass through."""
        numbers = iter(floats)
        natives = [x.native([*islice(numbers, len(x.names))]) for x in self.arguments]
        positional, keywords = arguments_of(self.parameters, natives)
        return self.function(caller, *positional, **keywords)

    # -- the function that runs

    def _install(self, shared: dict[str, Any]) -> Any:
        """The function that runs, from its source."""
        return self._run(shared, self._function([*self._body(self.library)]))

    def _run(self, shared: dict[str, Any], text: str) -> Any:
        """The function of a text, defined after the helpers that it calls."""
        library = self.library
        shared.update((alias, self._standard(name)) for alias, name in library.aliases.items())
        if self.untraced:
            shared[self.untraced] = UNTRACED
        for name, helper in library.helpers.items():
            if name not in shared:
                exec(compile(helper, f"<helper of {self.name}>", "exec"), shared)
                if self.for_engine:
                    shared[name] = self.extra(shared[name])
        self.namespace.update(shared)
        self.namespace.update(library.objects)
        exec(compile(text, f"<compiled {self.name}>", "exec"), self.namespace)
        return self.namespace.pop(self.name)

    def _standard(self, name: str) -> Any:
        """The object behind a name of the standard library."""
        return math if name == "math" else getattr(builtins, name)

    def _function(self, body: Sequence[str]) -> str:
        """The text of the function: a check of the arguments, the body, and a call of `other` for all other cases."""
        library = self.library
        caller = library.new_name("_self")
        numbers = [x.names[0] for x in self.arguments if x.is_number]
        checks = [all_floats(numbers, library)] if numbers else []
        checks += [x.check for x in self.arguments if x.check]
        before = [line for x in self.arguments for line in x.lines]
        if self.leaves:
            checks.insert(0, f"(not {library.object(open_blocks, '_open_blocks')} or {caller}.proceeds)")
            before += self._read_leaves(caller)
        lines = [definition(self.name, caller, self.parameters, {})]
        lines += [
            f"    if {' and '.join(checks) or 'True'}:",
            "        try:",
            *[f"            {x}" for x in (*before, *body)],
        ]
        values = "".join(f"{x.name}, " for x in self.parameters)
        missed = library.new_name("missed")
        for error, is_missed in (("NotImplementedError", True), ("Exception", False)):
            lines += [
                f"        except {library.standard(error)}:",
                f"            if {caller}.proceeds:",
                "                raise",
                f"            {missed} = {is_missed}",
            ]
        # Outside the `except`, or the function's own errors would appear to be caused by those of the code.
        lines += ["    else:", f"        {missed} = False", f"    return {caller}.other(({values}), {missed})"]
        return "\n".join(lines)

    def _read_leaves(self, caller: str) -> list[str]:
        library = self.library
        names = [name for name, _ in self.leaves]
        rows = f"{library.standard('map')}({library.object(attrgetter('row'), '_row')}, {{}})"
        place = f"leaves{next(serial)}"
        self.held[place] = [value for _, value in self.leaves]
        number = library.object(itemgetter(NUMBER), "_number")
        lines = unpacked(names, f"{library.standard('map')}({number}, {rows.format(f'{caller}.{place}')})")
        for i in range(0, len(names), 10):
            lines += [
                f"if not ({all_floats(names[i : i + 10], library)}):",
                f"    raise {library.standard('TypeError')}",
            ]
        return lines

    def _body(self, library: Library | None) -> Iterator[str]:
        """The lines of the body with the results written out: to run here or, without a library, to stand alone."""
        for line in self.lines:
            if isinstance(line, str):
                yield line
            else:
                indent, structure, texts = line
                result = display(structure, iter(texts), library)
                if type(structure) is tuple and len(structure) > 1 and len(result) < WIDTH:
                    result = result[1:-1]
                yield from (f"{indent}{part}" for part in wrapped_code(f"return {result}"))

    # -- the source that stands alone

    def source(self, origin: str) -> str:
        """The source of a module with the code as a function of the same name; `origin` says where it comes from."""
        library = self.library
        if library.sourceless:
            return f"raise ImportError({f'this does not stand alone: {library.sourceless}'!r})\n"
        lines = [definition(self.name, "", self.parameters, defaults_of(self.parameters))]
        numbers = [x.names[0] for x in self.arguments if x.is_number]
        if numbers and not self.arrays:
            floats = ", ".join(f"{library.standard('float')}({x})" for x in numbers)
            lines.append(f"    {', '.join(numbers)} = {floats}")
        shape = unlike("_shape", {self.name, *(x.name for x in self.parameters)})
        look = self._look(shape)
        if look:
            message = f"the source of {self.name} is for arguments of another structure"
            lines += [f"    if not ({look}):", f"        raise {library.standard('TypeError')}({message!r})"]
        lines += [f"    {line}" for x in self.arguments for line in x.standalone]
        lines += [f"    {line}" for line in self._body(None)]
        constants = [f"{self.untraced} = {UNTRACED!r}"] if self.untraced else []
        constants += [f"{leaf} = {library.text_of(number_in(value))}" for leaf, value in self.leaves]
        head = [f"# {self.name}: generated by scalargrad from {origin}."]
        head += [f"# {line}" for line in described(self.program)]
        head += [*[self._import(alias, thing) for alias, thing in library.aliases.items()], *constants]
        helpers = [*called_in("\n".join(lines), library.helpers).values()]
        helpers += [SHAPE.replace("_shape", shape)] if look else []
        if not helpers:
            return "\n".join([*head, *lines]) + "\n"
        return "\n\n\n".join(["\n".join(head), *helpers, "\n".join(lines)]) + "\n"

    def _import(self, alias: str, thing: str) -> str:
        """The line that gives something of the standard library its name in the code."""
        if thing != "math":
            return f"{alias} = {thing}"
        return "import math" if alias == "math" else f"import math as {alias}"

    def _look(self, shape: str) -> str:
        """An expression that tells whether arguments have this structure; "" if unpacking them tells."""
        given = [(x.name, value) for x, value in zip(self.parameters, self.values) if not x.fixes(value)]
        if all(is_told_by_length(value) for _, value in given):
            return ""
        return f"{shape}({listed([name for name, _ in given])}) == {[pattern(value) for _, value in given]!r}"


class EngineCode(Code):
    """Code for an engine such as Numba, which makes it faster and calls it with plain floats only.

    `extra` is the decorator: it takes a function and returns a faster one.
    """

    for_engine = True

    def _install(self, shared: dict[str, Any]) -> Any:
        library = self.library
        inner = self.inner()
        names = [x for argument in self.arguments for x in argument.names] + [x for x, _ in self.leaves]
        results = [library.new_name(f"r{i}") for i in range(len(self.outputs))]
        made = library.object(self.extra(self._run(shared, inner)), "_made")
        call = f"{made}({', '.join(names)})"
        lines = unpacked(results, call) if results else [call]  # it raises where the path is not known
        lines.append(f"return {display(self.structure, iter(results), library)}")
        return self._run(shared, self._function(lines))

    def inner(self) -> str:
        """The text of the function for the engine, which takes floats and returns a tuple of floats.

        Raises TypeError if the results of its paths differ in structure.
        """
        results = [line for line in self.lines if not isinstance(line, str)]
        self.structure, self.outputs = results[0][1:]
        names = [x for argument in self.arguments for x in argument.names] + [x for x, _ in self.leaves]
        for _, structure, _ in results:
            if pattern(structure) != pattern(self.structure):
                raise TypeError(
                    f"{self.name} gives results of different structure, {pattern(structure)!r} and "
                    f"{pattern(self.structure)!r}, which no engine takes"
                )
        lines = [f"def {self.name}({', '.join(names)}):"]
        for line in self.lines:
            if isinstance(line, str):
                lines.append(f"    {line}")
            else:
                indent, _, texts = line
                returned = f"{indent}return ({', '.join(texts)}{',' if len(texts) == 1 else ''})"
                lines += [f"    {part}" for part in wrapped_code(returned)]
        return "\n".join(lines)


class ArrayCode(EngineCode):
    """Code over arrays of the module `extra`, called with a number or an array for each number."""

    for_engine = False
    arrays = True

    def _standard(self, name: str) -> Any:
        return self.extra if name == "xp" else super()._standard(name)

    def _import(self, alias: str, thing: str) -> str:
        return f"import {self.extra.__name__} as {alias}" if thing == "xp" else super()._import(alias, thing)

    def _install(self, shared: dict[str, Any]) -> Any:
        return self._run(shared, self.inner())


SHAPE = """\
def _shape(x):
    if isinstance(x, dict):
        return {"dict": [(repr(key), _shape(part)) for key, part in x.items()]}
    if hasattr(x, "__dataclass_fields__"):
        names = [name for name, field in x.__dataclass_fields__.items() if field.init]
        return {type(x).__name__: [(name, _shape(getattr(x, name))) for name in names]}
    if isinstance(x, (list, tuple)):
        return (tuple if isinstance(x, tuple) else list)(map(_shape, x))
    if hasattr(x, "tolist"):
        return _shape(x.tolist())
    return x if x is None or isinstance(x, (str, bytes, bool)) else 0"""


def stub(name: str, parameters: Sequence[Parameter]) -> str:
    """The source of the function before its first trace, which calls `other` at once."""
    caller = unlike("_self", [x.name for x in parameters])
    values = "".join(f"{x.name}, " for x in parameters)
    return f"{definition(name, caller, parameters, {})}\n    return {caller}.other(({values}))"


def called_in(text: str, helpers: dict[str, str]) -> dict[str, str]:
    """The helpers that a text calls, directly or through other helpers."""
    found: set[str] = set()
    texts = [text]
    while texts:
        words = {*re.findall(r"\w+", texts.pop())}
        new = [name for name in helpers if name in words and name not in found]
        found.update(new)
        texts += [helpers[name] for name in new]
    return {name: helper for name, helper in helpers.items() if name in found}


def described(program: PathTree) -> list[str]:
    """The lines that describe the known paths of a program."""
    branches = [*program.root.walk()]
    paths = sum(branch.result is not None for branch in branches)
    places: dict[Any, int] = {}
    for branch in branches:
        if branch.question is not None:
            places[branch.place] = places.get(branch.place, 0) + len(branch.answers)
    decisions = [
        f"{ascii(basename(file))[1:-1]}, line {line} ({count} answer{'s' * (count > 1)} known)"
        for (file, line), count in places.items()
        if not file.startswith("<")  # code from text, as on the command line, has no file
    ]
    return [f"Paths known: {paths}." + (f" Decisions: {'; '.join(decisions[:10])}." if decisions else "")]
