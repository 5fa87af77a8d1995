"""How generated code takes its arguments apart and puts its result together."""

from __future__ import annotations

from ..checks import is_array
from ..engine.many import Values, elements, gathered
from ..engine.value import Value
from ..pytree import (
    array_of,
    fields_of,
    is_dataclass,
    is_number,
    is_passed_over,
    is_scalar,
    parts_of,
    places_in,
    refill,
    scalars_of,
    with_parts,
)
from .kernels import Library

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence
    from typing import Any

POSITIONAL_ONLY, POSITIONAL, VAR_POSITIONAL, KEYWORD_ONLY, VAR_KEYWORD = range(5)  # as in inspect.Parameter
WIDTH = 100


class Numbers(tuple[float, ...]):
    """The numbers of an argument whose structure has been checked already."""

    __slots__ = ()


class Parameter:
    """A parameter of a compiled function: its name, its kind, its default and whether it is static."""

    __slots__ = ("default", "has_default", "is_opaque", "is_static", "kind", "name")

    def __init__(self, name: str, kind: int, is_static: bool, has_default: bool = False, default: Any = None) -> None:
        self.name = name
        self.kind = kind
        self.is_static = is_static
        self.has_default = has_default
        self.default = default
        self.is_opaque = False
        try:
            scalars_of(default, TypeError)
        except TypeError:
            self.is_opaque = has_default

    def fixes(self, value: Any) -> bool:
        """Whether the code is for this very argument: that of a static parameter, or a default without numbers."""
        return self.is_static or (self.is_opaque and value is self.default)


def arguments_of(parameters: Sequence[Parameter], values: Sequence[Any]) -> tuple[list[Any], dict[str, Any]]:
    """The positional and the keyword arguments of a call, given a value for each parameter."""
    positional: list[Any] = []
    keywords: dict[str, Any] = {}
    for parameter, value in zip(parameters, values):
        if parameter.kind == VAR_POSITIONAL:
            positional += value
        elif parameter.kind == VAR_KEYWORD:
            keywords.update(value)
        elif parameter.kind == KEYWORD_ONLY:
            keywords[parameter.name] = value
        else:
            positional.append(value)
    return positional, keywords


def definition(name: str, first: str, parameters: Sequence[Parameter], defaults: dict[str, str]) -> str:
    """The `def` line of a function with these parameters, preceded by a parameter `first` unless that is empty."""
    parts = [first, "/"] if first else []
    kinds = {parameter.kind for parameter in parameters}
    for parameter in parameters:
        if parameter.kind != POSITIONAL_ONLY and POSITIONAL_ONLY in kinds and "/" not in parts:
            parts.append("/")
        if parameter.kind == VAR_POSITIONAL:
            parts.append(f"*{parameter.name}")
        elif parameter.kind == VAR_KEYWORD:
            parts.append(f"**{parameter.name}")
        else:
            if parameter.kind == KEYWORD_ONLY and VAR_POSITIONAL not in kinds and "*" not in parts:
                parts.append("*")
            default = defaults.get(parameter.name)
            parts.append(parameter.name if default is None else f"{parameter.name}={default}")
        if parameter.kind == POSITIONAL_ONLY and first:
            parts.remove("/")
            parts.append("/")
    if POSITIONAL_ONLY in kinds and "/" not in parts:
        parts.append("/")
    return f"def {name}({', '.join(parts)}):"


def is_literal(x: Any) -> bool:
    """Whether the `repr` of an object is a literal for it."""
    if type(x) is tuple:
        return all(map(is_literal, x))
    return type(x) in (str, bytes, int, bool, type(None)) or (type(x) is float and x - x == 0)


# ---- Arguments -------------------------------------------------------------------------------------------------------


class Argument:
    """A parameter with the structure of its argument: how to recognise the structure, and how to take it apart.

    `names` are the names of its numbers, in order. `check` is an expression that is true of such arguments. `lines`
    assign the numbers to their names, and raise TypeError if the structure differs. In code that stands alone the lines
    of `standalone` do that, and take everything that `float` takes. `native` makes such an argument from plain floats.
    """

    __slots__ = ("check", "is_number", "library", "lines", "names", "native", "parameter", "standalone")

    def __init__(self, parameter: Parameter, value: Any, library: Library) -> None:
        self.parameter = parameter
        self.library = library
        self.lines: list[str] = []
        self.standalone: list[str] = []
        self.check = ""
        name = parameter.name
        is_fixed = parameter.fixes(value)
        self.is_number = not is_fixed and is_number(value)
        if self.is_number:
            self.names = [name]
            self.native: Callable[[Sequence[float]], Any] = only
            return
        count = 0 if is_fixed else len(scalars_of(value, TypeError))
        self.names = [library.new_name(f"{name}{i}") for i in range(count)]
        if not count:
            self._take_whole(value)
            return
        self.native = lambda numbers: refill(value, iter(numbers), construct=True)
        try:
            self.check = told_by(value, name, library)
            self._take_apart(value, name, iter(self.names))
            self._require_floats()
        except NotImplementedError:  # no expression can check it: `Compiler.other` does, and passes on the numbers
            self.native = Numbers
            self.check = f"{library.standard('type')}({name}) is {library.object(Numbers, '_Numbers')}"
            self.lines = unpacked(self.names, name)
        as_float = "" if library.arrays else library.standard("float")
        parts = parts_of(value)
        if type(value) in (list, tuple) and parts is not None and all(map(is_number, parts)):
            floats = name if library.arrays else f"{library.standard('map')}({as_float}, {name})"
            self.standalone = unpacked(self.names, floats)
        else:
            self.standalone = [
                f"{x} = {as_float}({place})" for x, place in zip(self.names, places_in(value, name, is_literal))
            ]

    def _take_apart(self, value: Any, name: str, names: Iterator[str]) -> None:
        """Add the lines that take apart a container, whose type was checked before, and the containers in it."""
        library = self.library
        if is_array(value):
            self.lines += unpacked([next(names) for _ in range(value.size)], f"{name}.ravel().tolist()")
            return
        parts: Any = parts_of(value)
        elements = f"{name}.values()" if isinstance(value, dict) else name
        if is_dataclass(value):
            elements = f"({', '.join(f'{name}.{field}' for field in fields_of(value))},)"
        assigned: list[str] = []
        inner: list[tuple[Any, str, list[str]]] = []
        for part in parts:
            if is_number(part):
                assigned.append(next(names))
            else:
                assigned.append(library.new_name(f"{self.parameter.name}_part"))
                inner.append((part, assigned[-1], [next(names) for _ in scalars_of(part, TypeError)]))
        self.lines += unpacked(assigned, elements)
        if not inner:
            return
        kinds = {type(part) for part in parts}
        if kinds in ({list}, {tuple}):
            (kind,) = kinds  # one check for all of them; unpacking checks their lengths
            types = f"{{*{library.standard('map')}({library.standard('type')}, {elements})}}"
            self._require(f"{types} == {library.object({kind}, f'_{kind.__name__}s')}")
        else:
            self._require(" and ".join(told_by(part, part_name, library) for part, part_name, _ in inner))
        for part, part_name, held in inner:
            if held:
                self._take_apart(part, part_name, iter(held))

    def _require(self, test: str) -> None:
        self.lines += [f"if not ({test}):", f"    raise {self.library.standard('TypeError')}"]

    def _require_floats(self) -> None:
        """Add the lines that check whether all numbers are floats."""
        for i in range(0, len(self.names), 10):
            self._require(all_floats(self.names[i : i + 10], self.library))

    def _take_whole(self, value: Any) -> None:
        """Set the check for an argument without numbers: it has to be the one that code was generated for."""
        name, library = self.parameter.name, self.library
        if type(value) in (tuple, list, dict) and not value and not self.parameter.fixes(value):
            self.check = (
                f"{library.standard('type')}({name}) is {library.standard(type(value).__name__)} and not {name}"
            )
            self.native = lambda _: type(value)()
            return
        told = value if is_hashable(value) else object()  # `Compiler.other` checks a mutable argument in each call
        self.native = lambda _: told
        self.check = f"{name} is {library.object(told, '_static')}" if told is not None else f"{name} is None"
        if is_literal(value):
            message = f"this was generated for {name}={value!r}, got "
            error = f"{library.standard('ValueError')}({message!r} + {library.standard('repr')}({name}))"
            self.standalone = [f"if {name} != {value!r}:", f"    raise {error}"]


def told_by(value: Any, name: str, library: Library) -> str:
    """An expression that tells whether `name` is of the same kind as `value`: a container, a text or a truth value.

    Raises NotImplementedError where no expression can tell.
    """
    kind = type(value)
    a_type = library.standard("type")
    if kind in (list, tuple):
        return f"{a_type}({name}) is {library.standard(kind.__name__)}"
    if kind is dict and all(type(key) is str for key in value):  # 1 equals 1.0 and True
        keys = library.object(tuple(value), "_keys")
        return f"{a_type}({name}) is {library.standard('dict')} and {library.standard('tuple')}({name}) == {keys}"
    if is_array(value) and value.dtype == float:
        told = f"{a_type}({name}) is {library.object(kind, '_kind')} and {name}.shape == {value.shape}"
        return f"{told} and {name}.dtype == {library.object(value.dtype, '_dtype')}"
    if (isinstance(value, tuple) or is_dataclass(value)) and not isinstance(value, Values):
        return f"{a_type}({name}) is {library.object(kind, '_kind')}"
    if value is None or isinstance(value, bool):
        return f"{name} is {value!r}"
    if kind in (str, bytes):
        return f"{a_type}({name}) is {library.standard(kind.__name__)} and {name} == {value!r}"
    raise NotImplementedError


def all_floats(names: Sequence[str], library: Library) -> str:
    """An expression that tells whether all of these are floats, in half the time of a test with `type`."""
    return f"{'.__class__ is '.join(names)}.__class__ is {library.standard('float')}"


def unpacked(names: Sequence[str], expression: str) -> list[str]:
    """The lines that assign the elements of an expression to names."""
    if len(names) == 1:
        return [f"({names[0]},) = {expression}"]
    line = f"{', '.join(names)} = {expression}"
    if len(line) <= WIDTH:
        return [line]
    return [*wrapped_code(f"({', '.join(names)}) = {expression}")]


def wrapped_code(line: str) -> list[str]:
    """The lines of a long line with elements in brackets, broken between the elements."""
    if len(line) <= WIDTH + 12 or "'" in line or '"' in line:
        return [line]
    lines, current = [], ""
    for piece in line.split(", "):
        if current and len(current) + len(piece) > WIDTH:
            lines.append(f"{current},")
            current = f"    {piece}"
        else:
            current = f"{current}, {piece}" if current else piece
    return [*lines, current]


def only(numbers: Sequence[float]) -> float:
    return numbers[0]


def is_hashable(value: Any) -> bool:
    try:
        hash(value)
    except TypeError:
        return False
    return True


# ---- Results ---------------------------------------------------------------------------------------------------------


def display(structure: Any, texts: Iterator[str], library: Library | None) -> str:
    """The expression for a result, given the expressions for its numbers.

    Without a library the expression stands alone: sequences other than tuples become lists, and dataclasses dicts.
    """
    if is_scalar(structure):
        return next(texts)
    if isinstance(structure, Values):
        parts, shape = [next(texts) for _ in elements(structure)], structure.shape
        return (
            nested_tuple(parts, shape)
            if library is None
            else made(library, lambda parts: gathered(parts, shape), parts)
        )
    held = parts_of(structure)
    if held is not None:
        parts = [display(part, texts, library) for part in held]
        kind = type(structure)
        if isinstance(structure, dict) and all(map(is_literal, structure)) and (kind is dict or library is None):
            return f"{{{', '.join(f'{key!r}: {part}' for key, part in zip(structure, parts))}}}"
        if kind is list or (library is None and isinstance(structure, list)):
            return listed(parts)
        if kind is tuple or (library is None and isinstance(structure, tuple)):
            return f"({', '.join(parts)}{',' if len(parts) == 1 else ''})"
        if library is None:
            names = fields_of(structure) if is_dataclass(structure) else [f"{i}" for i in range(len(parts))]
            return f"{{{', '.join(f'{name!r}: {part}' for name, part in zip(names, parts))}}}"
        return made(library, lambda parts: with_parts(structure, parts), parts)
    if is_array(structure) and not is_passed_over(structure):
        parts = [display(x, texts, library) for x in structure.ravel().tolist()]
        shape = structure.shape
        return (
            nested_tuple(parts, shape)
            if library is None
            else made(library, lambda parts: array_of(parts, shape), parts)
        )
    if is_literal(structure) or library is None:
        return repr(structure.tolist() if is_array(structure) else structure)
    return library.object(structure, "_given")  # an array of text


def listed(parts: Sequence[str]) -> str:
    return f"[{', '.join(parts)}]"


def made(library: Library, make: Callable[[list[Any]], Any], parts: Sequence[str]) -> str:
    return f"{library.object(make, '_make')}({listed(parts)})"


def nested_tuple(parts: Sequence[str], shape: Sequence[int]) -> str:
    if not shape:
        return parts[0]
    step = len(parts) // shape[0] if shape[0] else 0
    return listed([nested_tuple(parts[i * step : (i + 1) * step], shape[1:]) for i in range(shape[0])])


def pattern(x: Any) -> Any:
    """The result of `_shape` in the source: literals that are equal for equal structures only."""
    if isinstance(x, dict):
        return {"dict": [(repr(key), pattern(part)) for key, part in x.items()]}
    if is_dataclass(x):
        return {type(x).__name__: [(name, pattern(getattr(x, name))) for name in fields_of(x)]}
    if isinstance(x, Values) or is_array(x):
        return pattern(x.tolist())
    if isinstance(x, (list, tuple)):
        return tuple(map(pattern, x)) if isinstance(x, tuple) else [*map(pattern, x)]
    return x if not is_scalar(x) and (x is None or isinstance(x, (str, bytes, bool))) else 0


def is_told_by_length(x: Any) -> bool:
    """Whether unpacking an argument in the source that stands alone fails if it has another structure."""
    return is_number(x) or (type(x) in (list, tuple) and all(map(is_number, x)))


def unlike(name: str, names: Collection[str]) -> str:
    """The name, with underscores added until it is none of these."""
    while name in names:
        name += "_"
    return name


def default_text(x: Any) -> str:
    """A default as source, or `...` if source cannot express it."""
    if type(x) is float and x - x != 0:
        return f"float({str(x)!r})"
    if type(x) in (list, tuple) or isinstance(x, Values):
        parts = [*map(default_text, x)]
        text = f"({', '.join(parts)},)" if type(x) is tuple and x else listed(parts) if type(x) is not tuple else "()"
        return "..." if "..." in parts else text
    if type(x) is dict:
        pairs = [(default_text(key), default_text(part)) for key, part in x.items()]
        return "..." if "..." in [y for pair in pairs for y in pair] else f"{{{', '.join(map(': '.join, pairs))}}}"
    if isinstance(x, Value) and not x.is_tracked:
        return default_text(x.data)
    return repr(x) if is_literal(x) else "..."


def defaults_of(parameters: Sequence[Parameter]) -> dict[str, str]:
    return {x.name: default_text(x.default) for x in parameters if x.has_default}


def parameters_of(function: Any, static_argnames: Sequence[str]) -> tuple[Any, Any, list[Parameter]]:
    """The signature of a function, a first parameter for the bound object, and the parameters of compiled code.

    Raises ValueError if a name in `static_argnames` is not a parameter.
    """
    import inspect  # it takes longer to import than this whole package, and only compile needs it

    try:
        signature = inspect.signature(function)
    except ValueError:  # a builtin without a signature
        signature = inspect.signature(lambda *args, **kwargs: None)
    unknown = [name for name in static_argnames if name not in signature.parameters]
    if unknown:
        raise ValueError(
            f"static_argnames names {', '.join(map(repr, unknown))}, but {function!r} has the parameters "
            f"{', '.join(signature.parameters) or '(none)'}"
        )
    parameters = [
        Parameter(x.name, int(x.kind), x.name in static_argnames, x.default is not x.empty, x.default)
        for x in signature.parameters.values()
    ]
    first = inspect.Parameter(unlike("_self", signature.parameters), inspect.Parameter.POSITIONAL_ONLY)
    return signature, first, parameters
