"""`compile`: a function as straight-line Python, traced along every path that its calls take."""

from __future__ import annotations

import builtins
import importlib
import types
import warnings
from _thread import RLock
from contextlib import suppress
from keyword import iskeyword
from operator import attrgetter
from os.path import basename
from unicodedata import normalize

from . import recording
from .code import SHAPE, Code, EngineCode, choosing, shape_name, stub
from .entry import Parameter, arguments_of, unlike
from .nodes import number_of
from .paths import Program
from .registry import in_place_of, is_array
from .structure import is_number, is_passed_over, parts_of, refill, scalars_of
from .tracing import Trace, Traced
from .transforms import Transform, are_followed, plain_structure
from .value import Value
from .vector import Vector

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any, NoReturn

    from .recording import BlockInterval


SHORT = 1_000  # operations; shorter code is generated anew for each path


class Version:
    """A function for one structure of its arguments: the paths that are known of it, and the code for them."""

    def __init__(self, values: Sequence[Any]) -> None:
        self.values = values
        self.program = Program()
        self.code: Code | None = None
        self.code_before: Code | None = None
        self.debt = 0  # how many operations were traced since the code was generated
        self.why_full = ""  # why new paths run uncompiled, if they do
        self.is_joined = False  # whether several paths are computed at once


class Apart(recording.Block):
    """A block in which nothing counts of what is open around it: a compiled function is one whoever calls it."""

    __slots__ = ()

    def take_part(self, interval: BlockInterval) -> None:
        """Begin as if no block were open."""
        interval.tapes = ()
        interval.accessed = interval.detector = None
        interval.enabled = interval.plain = True


class Strict:
    """Stands for a compiler where that itself calls the code, and wants to see what it raises."""

    proceeds = True

    def other(self, values: Any) -> NoReturn:
        raise TypeError(f"the code was generated for arguments of another structure than {values!r}")


class Compiler:
    """What is behind a compiled function: its versions, and what is done where none of them knows the path.

    The compiled function is a bound method of it. The function of that method is the code itself, so that a call costs
    no more than one call.
    """

    proceeds = False

    def __init__(self, function: Any, **options: Any) -> None:
        self.function = function
        self.options = options
        self.signature, self.first, self.parameters = parameters_of(function, options["static_argnames"])
        self.max_operations: int = options["max_operations"]
        self.lock = RLock()
        self.strict = Strict()
        self.said: set[str] = set()
        self.versions: dict[Any, Version] = {}
        self.namespace: dict[str, Any] = {}
        self.known_names: dict[Any, str] = {}
        self.method = self._new_method()

    def _new_method(self) -> Any:
        self.name = getattr(self.function, "__name__", "function")
        is_name = self.name.isidentifier() and not iskeyword(self.name) and normalize("NFKC", self.name) == self.name
        self.entry = self.name if is_name else "function"
        self.entry = unlike(self.entry, dir(builtins))
        exec(stub(self.entry, self.parameters), self.namespace)
        function = in_place_of(self.function, self.namespace.pop(self.entry))
        function.__defaults__ = tuple([x.default for x in self.parameters if x.has_default and x.kind < 2]) or None
        function.__kwdefaults__ = {x.name: x.default for x in self.parameters if x.has_default and x.kind > 2} or None
        function.__signature__ = self.signature.replace(parameters=[self.first, *self.signature.parameters.values()])
        function.source = (
            f"# {self.entry} is traced when it is called, and it has not been called yet: call it once, and the source "
            "is here.\n"
        )
        function.source_for = self.source_for
        self.stub = function
        return types.MethodType(function, self)

    def __getattr__(self, name: str) -> Any:
        # This is how a bound method pickles: by the object that it is bound to, and its name there.
        if name == self.__dict__.get("name"):
            return self.method
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def __reduce__(self) -> Any:
        path = self.method.__module__, self.method.__qualname__
        with suppress(ImportError, AttributeError):
            if by_name(*path) is self:
                return by_name, path  # a decorated function is found by its name, as functions are
        arrays = self.options["arrays"]
        named = {**self.options, "arrays": arrays.__name__ if arrays is not None else None}
        return restore, (type(self), self.function, named)

    def __repr__(self) -> str:
        return f"compile({self.function!r})"

    # -- calls that the code does not take

    def other(self, values: Sequence[Any]) -> Any:
        """The result for arguments, one for each parameter, that the code was not made for."""
        interval = recording.current()
        if interval.tracer is not None:
            return self.call(values)  # it becomes part of the function that is traced
        if any(type(value) is int and not x.is_static for x, value in zip(self.parameters, values)):
            # A short way for integers among the arguments, since the long one looks at all there is.
            floats = [
                float(value) if type(value) is int and not parameter.is_static else value
                for parameter, value in zip(self.parameters, values)
            ]
            positional, keywords = arguments_of(self.parameters, floats)
            return self.method(*positional, **keywords)
        numbers: list[Any] = []
        key = tuple([self._shape(parameter, value, numbers) for parameter, value in zip(self.parameters, values)])
        if are_followed(numbers):
            return self.call(values)
        floats = [float(number_of(x)) for x in numbers]
        with self.lock:
            version = self.versions.get(key)
            if version is None:
                # With its own containers, since those of the arguments may change.
                version = self.versions[key] = Version(self._with_numbers(values, floats))
        if interval.tapes and version.program.is_followed_in(interval):
            return self.call(values)
        is_left = False  # whether the function itself is to take the call
        if version.code is not None:
            try:
                return version.code.call(floats, self.strict)
            except NotImplementedError:
                if version.why_full:
                    self._warn(version.why_full, 4)
                    is_left = True
            except Exception as error:
                refusal = self._refusal_of_engine(error)
                if refusal is not None:
                    raise refusal from error
                is_left = True
        # Not in the `except` above, or the function's own errors would seem to be caused by those of the code.
        if interval.tapes and not is_left:
            return self.call(values)  # what a new path closes over is not known, and something outside may follow it
        return self.eager(values, floats) if is_left else self.trace(version, values, floats)

    def call(self, values: Sequence[Any]) -> Any:
        """What the function itself gives."""
        positional, keywords = arguments_of(self.parameters, values)
        return self.function(*positional, **keywords)

    def eager(self, values: Sequence[Any], floats: Sequence[float]) -> Any:
        """What the function itself gives on recorded floats, as plain numbers."""
        with Apart():
            return plain_structure(self.call(self._refilled(values, floats)))

    def _refilled(self, values: Sequence[Any], numbers: Sequence[Any]) -> list[Any]:
        """The arguments with other numbers in them: as values, but for a transform, which makes values of them."""
        return self._with_numbers(values, numbers if isinstance(self.function, Transform) else map(Value, numbers))

    def _with_numbers(self, values: Sequence[Any], numbers: Iterable[Any]) -> list[Any]:
        """The arguments with other numbers in them."""
        numbers = iter(numbers)
        return [
            value if parameter.fixes(value) else refill(value, numbers, construct=True)
            for parameter, value in zip(self.parameters, values)
        ]

    def trace(self, version: Version, values: Sequence[Any], floats: Sequence[float]) -> Any:
        """Run the function once more, write its path down, and generate the code anew if that pays."""
        for _ in range(2):
            trace = Trace()
            inputs = [trace.input(x) for x in floats]
            structure = self._run(trace, values, inputs)
            if not trace.may_have_kept_leaves():
                break  # or else it is run again: what it kept is there before the next call, and an input to that
        if trace.refusal is not None or trace.raised:
            result = self.eager(values, floats)
            if trace.refusal is not None:
                self._warn(f"a call of {self.name} runs uncompiled: {trace.refusal}", 5)
            return result
        outputs = [*map(number_of, scalars_of(structure, self._refuse))]
        result = refill(structure, iter([x.data if isinstance(x, Traced) else x for x in outputs]), construct=True)
        with self.lock:
            version.debt += len(trace.events)
            version.program.add(trace, inputs, (structure, outputs))
            self._generate(version)
        return result if self.options["decorate"] is None else self._of_engine(version, floats, result)

    def _run(self, trace: Trace, values: Sequence[Any], inputs: Sequence[Traced]) -> Any:
        """The result of a traced run, which may be none if what the function does cannot be followed.

        Raises TypeError where it asks for what would be frozen, and what the function itself raises.
        """
        structure = None
        try:
            with trace:
                structure = plain_structure(self.call(self._refilled(values, inputs)))
        except Exception:
            if trace.refusal is None:
                raise
        if isinstance(trace.refusal, TypeError):
            raise trace.refusal
        return structure

    def _of_engine(self, version: Version, floats: Sequence[float], result: Any) -> Any:
        """The engine's result, so that what it does not take shows at once.

        Raises TypeError if it does not take the code. If it did before this path came, it goes on with what it took.
        """
        code: Any = version.code
        try:
            return code.call(floats, self.strict)
        except Exception as error:
            refusal = self._refusal_of_engine(error)
            if refusal is None:
                return result
            if version.code_before is None:
                raise refusal from error
            version.code = version.code_before
            version.why_full = f"{refusal}. The paths known before stay compiled, others run uncompiled from now on"
            self._use(version.code)
            self._warn(version.why_full, 6)
            return result

    def _refusal_of_engine(self, error: Exception) -> TypeError | None:
        """What to raise for an error that is not of the numbers but of the engine that the code was made for."""
        if self.options["decorate"] is None or isinstance(error, (ArithmeticError, ValueError, RuntimeError)):
            return None
        words = " ".join(str(error).split())
        return TypeError(
            f"{self.options['decorate']!r} does not take the code generated of {self.name}: "
            f"{type(error).__name__}: {words[:500]}"
        )

    def _refuse(self, part: Any) -> Exception:
        return TypeError(
            f"compile takes a function that returns numbers, or lists, tuples, dicts, Vectors or arrays of them; what "
            f"{self.name} returned holds {part!r} ({type(part).__name__})"
        )

    def _shape(self, parameter: Parameter, value: Any, numbers: list[Any]) -> Any:
        """What tells the structure of an argument, to look it up by; adds the numbers in it to those given."""
        if parameter.fixes(value):
            return static_key(parameter.name, value)
        return shape_of(parameter.name, value, numbers)

    def _warn(self, message: str, level: int) -> None:
        """Warn of something that makes calls slow, unless it was said; `level` tells where the function is called."""
        if message not in self.said:
            self.said.add(message)
            warnings.warn(message, RuntimeWarning, stacklevel=level)

    def _branching(self, version: Version) -> str:
        """Words for a version that is full: they name the line that keeps branching."""
        counts: dict[tuple[str, int], int] = {}
        for branch in version.program.root.walk():
            counts[branch.place] = counts.get(branch.place, 0) + len(branch.answers)
        file, line = max(counts, key=lambda place: counts[place])
        return (
            f"the code of {self.name} has reached max_operations={self.max_operations:,}, and calls go on to take "
            "paths that it does not have; they run uncompiled from now on. Most of the "
            f"{sum(counts.values()):,} branches are of one decision, at {file}, line {line}"
        )

    # -- code

    def _generate(self, version: Version, at_once: bool = False) -> None:
        """Generate the code anew, unless it is long and has not missed enough to make up for that."""
        if version.code is not None and 3 * version.debt < version.code.size - SHORT and not at_once:
            return
        version.debt = 0
        if version.code_before is not None:  # a call in another thread may still run the code after that
            for name in version.code_before.library.objects:
                del self.namespace[name]
        version.code_before, version.code = version.code, self._new_code(version)
        for holder in (self, self.strict):
            vars(holder).update(version.code.held)
        if version.code.size >= self.max_operations:
            version.why_full = self._branching(version)
        self._use(version.code)
        self._show()

    def _use(self, code: Code) -> None:
        """Let calls go to some code first."""
        self.stub.__code__ = code.function.__code__

    def _new_code(self, version: Version) -> Code:
        kind, extra = self._kind_of_code()
        return kind(
            self.entry, self.parameters, version.values, version.program, self.namespace, self.known_names, extra
        )

    def _kind_of_code(self) -> tuple[type[Code], Any]:
        """The class of the code, and what that needs to know beside the program."""
        return (Code, None) if self.options["decorate"] is None else (EngineCode, self.options["decorate"])

    def _show(self) -> None:
        self.stub.source = self.source_of([x for x in self.versions.values() if x.code is not None])

    def source_of(self, versions: Sequence[Version]) -> str:
        """A module of the code for some structures of arguments."""
        several = len(versions) > 1
        head: dict[str, None] = {}
        helpers: dict[str, str] = {}
        functions: list[str] = []
        choices: list[str] = []
        for i, version in enumerate(versions, 1):
            code: Any = version.code
            if code.library.sourceless:
                return f"raise ImportError({f'this does not stand alone: {code.library.sourceless}'!r})\n"
            name = unlike(f"_{self.entry}{i}", {x.name for x in self.parameters}) if several else self.entry
            first, more, lines = code.source(name, looked_at=several)
            head.update(dict.fromkeys(first))
            helpers.update(more)
            functions.append("\n".join(lines))
            choices.append(code.choice(name))
        if several:
            functions.append(choosing(self.entry, self.parameters, choices))
        shape = shape_name(self.entry, self.parameters)
        if any(f"{shape}(" in function for function in functions):
            helpers[shape] = SHAPE.replace("_shape", shape)
        title = f"# {self.entry}: generated by scalargrad from {origin(self.function)}."
        blocks = ["\n".join([title, *head]), *helpers.values(), *functions]
        return "\n\n\n".join(blocks) + "\n" if helpers or several else "\n".join(blocks) + "\n"

    def source_for(self, *args: Any, **kwargs: Any) -> str:
        """The source for the structure of some arguments alone, with all paths known; they are traced if need be."""
        bound = self.signature.bind(*args, **kwargs)
        bound.apply_defaults()
        values = [*bound.arguments.values()]
        numbers: list[Any] = []
        key = tuple([self._shape(parameter, value, numbers) for parameter, value in zip(self.parameters, values)])
        if key not in self.versions or self.versions[key].code is None:
            self.other(values)
        with self.lock:
            if self.versions[key].debt:
                self._generate(self.versions[key], at_once=True)
        return self.source_of([self.versions[key]])


def restore(kind: type[Compiler], function: Any, options: dict[str, Any]) -> Compiler:
    """A compiler from its pickle, which names the module of arrays."""
    arrays = options["arrays"]
    return kind(function, **{**options, "arrays": importlib.import_module(arrays) if arrays is not None else None})


def by_name(module: str, name: str) -> Compiler:
    """The compiler behind a compiled function that is found in a module."""
    return attrgetter(name)(importlib.import_module(module)).__self__  # type: ignore[no-any-return]


def shape_of(name: str, x: Any, numbers: list[Any]) -> Any:
    """What tells the structure of an argument; adds the numbers in it to those given.

    Raises TypeError for what is neither a number nor a structure, text, None or a truth value.
    """
    if type(x) is float:
        numbers.append(x)
        return float
    if isinstance(x, Vector):
        numbers.extend(x)
        return Vector, len(x)
    if is_array(x) and not is_passed_over(x):
        entries = x.ravel().tolist()
        numbers += entries
        return "array", x.shape, tuple(map(type, entries)) if x.dtype == object else None
    if is_number(x):
        numbers.append(x)
        return float
    parts = parts_of(x)
    if parts is not None:
        names = [static_key(name, key) for key in x] if isinstance(x, dict) else None
        return type(x), tuple(names or ()), tuple([shape_of(name, part, numbers) for part in parts])
    if is_array(x) and is_passed_over(x):
        return "array", str(x.dtype), x.shape, x.tobytes()
    if is_passed_over(x):
        return static_key(name, x)
    raise TypeError(
        f"{name} is {x!r} ({type(x).__name__}), neither a number nor a list, tuple, dict, Vector or array of numbers; "
        f"name it in static_argnames: compile(f, static_argnames=({name!r},))"
    )


def static_key(name: str, x: Any) -> Any:
    """What tells a static argument: its value, and its type, too, since 1 equals 1.0 and True.

    Raises TypeError for what neither hashes nor is made of what does.
    """
    if isinstance(x, dict):
        return type(x), tuple([(static_key(name, key), static_key(name, part)) for key, part in x.items()])
    if isinstance(x, (list, tuple)):
        return type(x), tuple([static_key(name, part) for part in x])
    if isinstance(x, (float, complex)):
        return type(x), repr(x)
    try:
        hash(x)
    except TypeError:
        raise TypeError(
            f"{name} is static, so it has to be hashable, or a list or dict of what is, not {x!r} ({type(x).__name__})"
        ) from None
    return type(x), x


def parameters_of(function: Any, static_argnames: Sequence[str]) -> tuple[Any, Any, list[Parameter]]:
    """The signature of a function, one more parameter for what is bound, and its parameters as compiled code has them.

    Raises ValueError if `static_argnames` names none of them.
    """
    import inspect  # it takes longer to import than all of this package, and only compile needs it

    try:
        signature = inspect.signature(function)
    except ValueError:  # a builtin that does not tell
        signature = inspect.signature(lambda *args, **kwargs: None)
    unknown = [name for name in static_argnames if name not in signature.parameters]
    if unknown:
        raise ValueError(
            f"static_argnames names {', '.join(map(repr, unknown))}, and {function!r} has the parameters "
            f"{', '.join(signature.parameters) or '(none)'}"
        )
    parameters = [
        Parameter(x.name, int(x.kind), x.name in static_argnames, x.default is not x.empty, x.default)
        for x in signature.parameters.values()
    ]
    first = inspect.Parameter(unlike("_self", signature.parameters), inspect.Parameter.POSITIONAL_ONLY)
    return signature, first, parameters


def origin(function: Any) -> str:
    """Where a function is from, in words that are safe in a comment."""
    while hasattr(function, "__wrapped__"):
        function = function.__wrapped__
    code = getattr(function, "__code__", None)
    name = ascii(getattr(function, "__name__", type(function).__name__))[1:-1]
    if code is None:
        return name
    return f"{name} ({ascii(basename(code.co_filename))[1:-1]}, line {code.co_firstlineno})"
