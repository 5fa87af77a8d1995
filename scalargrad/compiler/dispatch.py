"""The compiler of one function: it sends each call to the code, to a trace, or to the function itself."""

from __future__ import annotations

import builtins
import importlib
import sys
import types
import warnings
from _thread import RLock
from contextlib import suppress
from functools import partial
from keyword import iskeyword
from operator import attrgetter
from os.path import basename
from unicodedata import normalize

from ..checks import OWN_FILES, brief, in_place_of, is_array
from ..engine import contexts
from ..engine.many import Values, elements
from ..engine.rows import NUMBER, number_in
from ..engine.value import Value, number_of
from ..pytree import is_number, is_passed_over, parts_of, plain_structure, refill, scalars_of
from ..transforms.run import Transform, are_followed
from .account import CODE, GENERATE, LOSS, PATIENCE, TRACE, TRACED_CALL, Account
from .generated import Code, EngineCode, stub
from .paths import PathTree
from .signature import arguments_of, parameters_of, unlike
from .tracer import Trace, Traced

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any, NoReturn

    from ..engine.contexts import BlockInterval


MOST_VERSIONS = 256


class Version:
    """A function for one structure of its arguments: its known paths, and the code for them."""

    def __init__(self, values: Sequence[Any]) -> None:
        self.values = values
        self.program = PathTree()
        self.code: Code | None = None
        self.paths = 0
        self.operations = 0  # on all paths
        self.debt = 0  # how many of them the code lacks
        self.recurs = False  # whether a path that the code lacks was traced more than once
        self.why_full = ""  # why new paths run uncompiled, if they do
        self.is_joined = False  # whether several paths are computed at once


class Apart(contexts.Block):
    """A block that hides the blocks around it: a compiled function gives the same results in all of them."""

    __slots__ = ()

    def take_part(self, interval: BlockInterval) -> None:
        """Begin as if no block were open."""
        interval.tapes = ()
        interval.accessed = ()
        interval.detector = None
        interval.enabled = interval.plain = True


class CodeRaisedError(NotImplementedError):
    """The code raised something, so the function itself is called, which raises or handles it."""


class Strict:
    """A stand-in for the compiler as the caller of the code, which lets exceptions of the code through."""

    proceeds = True

    def other(self, values: Any, _: bool = False) -> NoReturn:
        raise TypeError(f"the code was generated for arguments of another structure than {brief(values)}")


class Compiler:
    """The compiler behind a compiled function: its versions, and the handling of calls on unknown paths.

    The compiled function is a bound method of the compiler. The function of that method is the code itself, so a call
    costs no more than one call.
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
        self.account = Account()
        self.versions: dict[Any, Version] = {}
        self.namespace: dict[str, Any] = {}  # where the code in use runs
        self.shared: dict[str, Any] = {}  # the names that the code of all versions uses
        self.known_names: dict[Any, str] = {}
        self.in_use: Code | None = None  # calls go to it first
        self.is_shown = False  # whether `source` has code to show
        self.reason = ""  # why a call ran uncompiled
        self.method = self._new_method()

    def _new_method(self) -> Any:
        self.name = getattr(self.function, "__name__", "function")
        is_name = self.name.isidentifier() and not iskeyword(self.name) and normalize("NFKC", self.name) == self.name
        self.entry = self.name if is_name else "function"
        self.entry = unlike(self.entry, dir(builtins))
        if self.name == "<lambda>":
            self.name = f"the function {origin(self.function)}"
        exec(builtins.compile(stub(self.entry, self.parameters), f"<compiled {self.entry}>", "exec"), self.namespace)
        function = in_place_of(self.function, self.namespace.pop(self.entry))
        self.blank = function.__code__
        function.__defaults__ = tuple([x.default for x in self.parameters if x.has_default and x.kind < 2]) or None
        function.__kwdefaults__ = {x.name: x.default for x in self.parameters if x.has_default and x.kind > 2} or None
        function.__signature__ = self.signature.replace(parameters=[self.first, *self.signature.parameters.values()])
        function.source = (
            f"# {self.entry} has not been called yet, so it has no source: call it once, and read the source again.\n"
        )
        function.source_for = self.source_for
        self.stub = function
        return types.MethodType(function, self)

    def __getattr__(self, name: str) -> Any:
        # A bound method pickles as the object that it is bound to, and its name there.
        if name == self.__dict__.get("name"):
            return self.method
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def __reduce__(self) -> Any:
        path = self.method.__module__, self.method.__qualname__
        with suppress(ImportError, AttributeError):
            if by_name(*path) is self:
                return by_name, path  # a decorated function pickles by its name, as other functions do
        arrays = self.options["arrays"]
        named = {**self.options, "arrays": arrays.__name__ if arrays is not None else None}
        return restore, (type(self), self.function, named)

    def __repr__(self) -> str:
        return f"compile({self.function!r})"

    # -- calls that the code does not handle

    def other(self, values: Sequence[Any], missed: bool = False) -> Any:
        """The result for arguments, one for each parameter, that the code in use cannot handle.

        The code has `missed` if it is for arguments of this structure, but does not know the path that these take.
        """
        contexts.forget_closed_blocks()  # they send calls here, although their own contexts may no longer run
        interval = contexts.current()
        if interval.tracer is not None:
            return self.call(values)  # its operations become part of the open trace
        kinds = {*map(type, values)}
        if int in kinds and any(type(value) is int and not x.is_static for x, value in zip(self.parameters, values)):
            # A shortcut for integers among the arguments, since the general way looks at all their parts.
            floats = [
                float(value) if type(value) is int and not parameter.is_static else value
                for parameter, value in zip(self.parameters, values)
            ]
            positional, keywords = arguments_of(self.parameters, floats)
            return self.method(*positional, **keywords)
        key, numbers = self._key(values)
        if {*map(type, numbers)} - {float} and are_followed(numbers):
            self._tell("it was given values that are followed, so it may be differentiated with respect to them")
            return self.call(values)
        floats = [x if type(x) is float else float(number_of(x)) for x in numbers]
        version = self.versions.get(key)
        if version is not None and interval.tapes and version.program.is_followed_in(interval):
            return self.call(values)
        is_left = False  # whether the function itself has to take the call
        if version is not None and version.code is not None and not missed:
            try:
                return self._by_code(version, floats)
            except CodeRaisedError:
                is_left = True
            except NotImplementedError:
                pass
        if interval.tapes:  # outside the `except`, as in the code
            self._tell("it was called while a tape recorded, which may follow values that the function closes over")
            return self.call(values)
        if is_left or not self._pays(version):
            return self.eager(values, floats)
        return self.trace(version or self._new_version(key, values, floats), values, floats)

    def _key(self, values: Sequence[Any]) -> tuple[Any, list[Any]]:
        """The key for the structure of some arguments, and the numbers in them."""
        numbers: list[Any] = []
        key = [
            static_key(parameter.name, x) if parameter.fixes(x) else shape_of(parameter.name, x, numbers)
            for parameter, x in zip(self.parameters, values)
        ]
        return tuple(key), numbers

    def _new_version(self, key: Any, values: Sequence[Any], floats: Sequence[float]) -> Version:
        """A new version for a structure, kept unless there are too many."""
        # It has containers of its own, since those of the arguments may change.
        version = Version(self._with_numbers(values, floats))
        with self.lock:
            return self.versions.setdefault(key, version) if len(self.versions) < MOST_VERSIONS else version

    def _pays(self, version: Version | None) -> bool:
        """Whether to trace a call on a path that the code lacks; if not, a warning may say why."""
        account = self.account
        account.missed += 1
        if version is None and len(self.versions) >= MOST_VERSIONS:
            if not account.warned:
                account.warned = True
                self._warn(
                    f"{self.name} has code for {MOST_VERSIONS} structures of its arguments, the most that it keeps: "
                    f"calls with others run uncompiled from now on. {self._varying()}"
                )
            return False
        if version is not None and version.why_full:
            self._warn(version.why_full)
            return False
        new = account.of_a_call if version is None or not version.paths else version.operations / version.paths
        cost = TRACED_CALL + CODE + TRACE * account.of_a_call + 2 * GENERATE * new
        if version is not None and version.recurs:
            cost += GENERATE * version.code.size  # type: ignore[union-attr]
        if not account.traced or account.affords(cost):
            return True
        account.left += 1
        account.strange += version is None
        many = account.left >= PATIENCE and account.left * account.of_a_call >= LOSS
        if (many or account.strange >= MOST_VERSIONS) and account.traced > 1 and not account.warned:
            account.warned = True
            self._warn(self._why_left())
        return False

    def call(self, values: Sequence[Any]) -> Any:
        """The result of the function itself."""
        positional, keywords = arguments_of(self.parameters, values)
        return self.function(*positional, **keywords)

    def eager(self, values: Sequence[Any], floats: Sequence[float]) -> Any:
        """The result of the function itself on recorded floats, as plain numbers."""
        if not contexts.current().blocks:
            result = self.call(self._refilled(values, floats))
        else:
            with Apart():
                result = self.call(self._refilled(values, floats))
        return result if isinstance(self.function, Transform) else plain_structure(result)

    def _refilled(self, values: Sequence[Any], numbers: Sequence[Any]) -> list[Any]:
        """The arguments with other numbers in them: as values, except for a transform, which makes values itself."""
        return self._with_numbers(values, numbers if isinstance(self.function, Transform) else map(Value, numbers))

    def _with_numbers(self, values: Sequence[Any], numbers: Iterable[Any]) -> list[Any]:
        """The arguments with other numbers in them."""
        numbers = iter(numbers)
        return [
            value
            if parameter.fixes(value)
            else next(numbers)
            if type(value) is float
            else refill(value, numbers, construct=True)
            for parameter, value in zip(self.parameters, values)
        ]

    def trace(self, version: Version, values: Sequence[Any], floats: Sequence[float]) -> Any:
        """Run the function under a trace, add its path, and generate the code again if that pays."""
        for _ in range(2):
            trace = Trace()
            inputs = [trace.input(x) for x in floats]
            try:
                structure = self._run(trace, values, inputs)
            finally:
                self.account.count(len(trace.events))
            if not trace.may_have_kept_leaves():
                break  # otherwise it runs again: the leaves that it kept now exist before the call, and are inputs
        if trace.refusal is not None or trace.raised:
            self.account.refused += 1
            result = self.eager(values, floats)
            self._tell(str(trace.refusal or trace.raised))
            if trace.refusal is not None:
                self._warn(self._why_refused())
            return result
        self._require_known_keys(structure)
        outputs = [*map(number_of, scalars_of(structure, self._refuse))]
        result = refill(structure, iter([x.data if isinstance(x, Traced) else x for x in outputs]), construct=True)
        with self.lock:
            try:
                self._grow(version, trace, inputs, (structure, outputs))
            except KeyboardInterrupt:
                self._forget()
                raise
        trace.forget()
        if self.options["decorate"] is not None:
            with suppress(NotImplementedError):  # so that an engine which rejects the code raises at once
                return self._by_code(version, floats)
        return result

    def _forget(self) -> None:
        """Forget all traced calls, since an interrupt may have left half of a path."""
        self.stub.__code__ = self.blank
        self.versions, self.known_names = {}, {}
        self.in_use = None

    def _grow(self, version: Version, trace: Trace, inputs: Sequence[Traced], result: tuple[Any, list[Any]]) -> None:
        """Add a path to the known paths, and generate the code again if that is due.

        It is due when the code would double, which keeps the total cost in proportion to the final size, and whenever
        the account can afford it.
        """
        account, root = self.account, version.program.root
        new = version.program.add(trace, inputs, result)
        for counts in (account, version):
            counts.paths += new > 0
        version.operations += new
        version.debt += new
        version.recurs = version.recurs or (version.debt > 0 and not new)
        if version.code is None or version.program.root is not root:
            account.spent += GENERATE * new
            self._generate(version)
            return
        account.spent += 2 * GENERATE * new
        anew = CODE + GENERATE * version.code.size
        if version.debt >= version.code.size:
            self._generate(version)
        elif version.debt and account.affords(anew):
            account.spent += anew
            self._generate(version)

    def _run(self, trace: Trace, values: Sequence[Any], inputs: Sequence[Traced]) -> Any:
        """The result of a traced run, or None if something in the function cannot be followed.

        Raises TypeError where a number would be frozen, and any exception of the function itself.
        """
        structure = None
        trace.names = partial(self._names, values)
        try:
            with trace:
                structure = plain_structure(self.call(self._refilled(values, inputs)))
        except Exception as error:
            if trace.refusal is None:
                self._tell(trace.raised or f"the function raised {type(error).__name__}")
                raise
        if isinstance(trace.refusal, TypeError):
            raise trace.refusal
        return structure

    def _names(self, values: Sequence[Any]) -> list[str]:
        """For each number of some arguments the name of its parameter, or "" if it is but a part of the argument."""
        return [
            parameter.name if is_number(value) else ""
            for parameter, value in zip(self.parameters, values)
            if not parameter.fixes(value)
            for _ in scalars_of(value, TypeError)
        ]

    def _by_code(self, version: Version, floats: Sequence[float]) -> Any:
        """The result of the code.

        Raises NotImplementedError where the code does not know the path, or raises something itself; TypeError for an
        error that comes not from the numbers but from the engine that the code was made for.
        """
        code: Any = version.code
        try:
            return code.call(floats, self.strict)
        except NotImplementedError:
            raise
        except Exception as error:
            if self.options["decorate"] is None or isinstance(error, (ArithmeticError, ValueError, RuntimeError)):
                raise CodeRaisedError from error
            words = " ".join(str(error).split())
            raise TypeError(
                f"{self.options['decorate']!r} does not take the code generated from {self.name}: "
                f"{type(error).__name__}: {words[:500]}"
            ) from error

    def _refuse(self, part: Any) -> Exception:
        return TypeError(
            f"compile takes a function that returns numbers, or lists, tuples, dicts, Vectors or arrays of them; the "
            f"result of {self.name} holds {brief(part)} ({type(part).__name__})"
        )

    def _require_known_keys(self, structure: Any) -> None:
        for key in structure if isinstance(structure, dict) else ():
            if isinstance(number_in(key), Traced):
                raise TypeError(
                    f"{self.name} returned a dict with a number for a key that depends on its arguments; compile takes "
                    "keys that are the same in each call, such as names"
                )
        for part in parts_of(structure) or ():
            self._require_known_keys(part)

    # -- messages

    def _tell(self, reason: str) -> None:
        """Say in `source` why a call ran uncompiled, as long as there is no code to show."""
        self.reason = reason
        if not self.is_shown:
            self.stub.source = f"# {self.entry} has no code, since its calls ran uncompiled: {reason}.\n"

    def _warn(self, message: str) -> None:
        """Warn once, where the function is called, of something that makes calls slow."""
        if message in self.said:
            return
        self.said.add(message)
        frame, level = sys._getframe(), 1
        while frame.f_back is not None and frame.f_code.co_filename.startswith((*OWN_FILES, "<compiled ")):
            frame, level = frame.f_back, level + 1
        warnings.warn(message, RuntimeWarning, stacklevel=level)

    def _why_refused(self) -> str:
        return f"a call of {self.name} runs uncompiled: {self.reason}"

    def _why_left(self) -> str:
        """The warning that says why calls are not compiled."""
        paths, versions = self.account.paths, len(self.versions)
        if 2 * self.account.refused > self.account.traced:
            return self._why_refused()
        rest = "From now on most of them run uncompiled, and one is compiled now and then, when calls have paid for it"
        if 2 * versions > paths:
            return (
                f"{self.name} is called with new structures again and again; it has code for {versions}, and "
                f"generating more takes longer than uncompiled calls. {rest}. {self._varying()}"
            )
        return (
            f"calls of {self.name} take new paths again and again; {paths} are known, and tracing more takes longer "
            f"than uncompiled calls. {rest}. {self._branching([*self.versions.values()])}"
        )

    def _varying(self) -> str:
        """A sentence that names the parameter with the most structures."""
        kinds = [len(set(of_one)) for of_one in zip(*self.versions)]
        parameter = self.parameters[kinds.index(max(kinds))]
        return (
            f"Most of them come from {parameter.name}; give it few different lengths, texts or objects, or call the "
            "function itself"
        )

    def _branching(self, versions: Sequence[Version]) -> str:
        """A sentence that names the line with the most branches."""
        counts: dict[tuple[str, int], int] = {}
        for version in versions:
            for branch in version.program.root.walk():
                counts[branch.place] = counts.get(branch.place, 0) + len(branch.answers)
        file, line = max(counts, key=lambda place: counts[place])
        return (
            f"Most of the {sum(counts.values()):,} branches come from one decision, at {file}, line {line}; choose "
            "with where(), which makes no path, or call the function itself"
        )

    # -- code

    def _generate(self, version: Version) -> None:
        """Generate the code of a version from all its known paths."""
        self.account.spent += CODE
        version.debt, version.recurs = 0, False
        version.code = self._new_code(version)
        for holder in (self, self.strict):  # the leaves of older code stay, since another thread may be running it
            vars(holder).update(version.code.held)
        if version.code.size >= self.max_operations:
            version.why_full = (
                f"the code of {self.name} has reached max_operations={self.max_operations:,}; calls that take other "
                f"paths run uncompiled from now on. {self._branching([version])}"
            )
        self._use(version.code)
        self.is_shown = True
        self.stub.source = self._source_of(version.code)

    def _use(self, code: Code) -> None:
        """Send calls to this code first."""
        before, self.in_use = self.in_use, code
        self.namespace.update(code.namespace)
        self.stub.__code__ = code.function.__code__
        for name in before.library.objects if before is not None and before is not code else ():
            del self.namespace[name]

    def _new_code(self, version: Version) -> Code:
        kind, extra = self._kind_of_code()
        return kind(self.entry, self.parameters, version.values, version.program, self.shared, self.known_names, extra)

    def _kind_of_code(self) -> tuple[type[Code], Any]:
        """The class of the code, and its argument `extra`."""
        return (Code, None) if self.options["decorate"] is None else (EngineCode, self.options["decorate"])

    def _source_of(self, code: Code) -> str:
        return code.source(origin(self.function))

    def source_for(self, *args: Any, **kwargs: Any) -> str:
        """The source for the structure of some arguments, with all known paths; it is traced first if need be."""
        bound = self.signature.bind(*args, **kwargs)
        bound.apply_defaults()
        values = [*bound.arguments.values()]
        version = self._version_of(values)
        with self.lock:
            try:
                if version.debt:
                    self._generate(version)
            except KeyboardInterrupt:
                self._forget()
                raise
        return self._source_of(version.code) if version.code is not None else self.stub.source

    def _version_of(self, values: Sequence[Any]) -> Version:
        """The version for some arguments, traced if it has no code; even then it may have none."""
        key, numbers = self._key(values)
        floats = [float(number_of(x)) for x in numbers]
        version = self.versions.get(key) or self._new_version(key, values, floats)
        if version.code is None:
            self.trace(version, values, floats)
        return version


def restore(kind: type[Compiler], function: Any, options: dict[str, Any]) -> Compiler:
    """A compiler from its pickle, which names the module of arrays."""
    arrays = options["arrays"]
    return kind(function, **{**options, "arrays": importlib.import_module(arrays) if arrays is not None else None})


def by_name(module: str, name: str) -> Compiler:
    """The compiler behind a compiled function, by the names of its module and of the function in it."""
    return attrgetter(name)(importlib.import_module(module)).__self__  # type: ignore[no-any-return]


def shape_of(name: str, x: Any, numbers: list[Any]) -> Any:
    """The key for the structure of an argument, whose numbers are added to `numbers`.

    Raises TypeError if the argument is neither a number nor a structure, text, None or a truth value.
    """
    if type(x) is float:
        numbers.append(x)
        return float
    if isinstance(x, Values):
        numbers += elements(x) if x.is_tracked or contexts.open_blocks else x.row[NUMBER]
        return Values, x.shape
    if is_array(x) and not is_passed_over(x):
        entries = scalars_of(x, lambda part: TypeError(f"expected numbers in {name}, got {brief(part)}"))
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
        f"{name} is {brief(x)} ({type(x).__name__}), neither a number nor a list, tuple, dict, Vector or array of "
        f"numbers; name it in static_argnames: compile(f, static_argnames=({name!r},))"
    )


def static_key(name: str, x: Any) -> Any:
    """The key of a static argument: its value, and its type, too, since 1 equals 1.0 and True.

    Raises TypeError if the argument is neither hashable nor a list or dict of hashable objects.
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
            f"{name} is static, so it has to be hashable, or a list or dict of hashable objects, not {brief(x)} "
            f"({type(x).__name__})"
        ) from None
    return type(x), x


def origin(function: Any) -> str:
    """The name of a function and the place of its definition, in a form that is safe in a comment."""
    while hasattr(function, "__wrapped__"):
        function = function.__wrapped__
    code = getattr(function, "__code__", None)
    name = ascii(getattr(function, "__name__", type(function).__name__))[1:-1]
    if code is None:
        return name
    return f"{name} ({ascii(basename(code.co_filename))[1:-1]}, line {code.co_firstlineno})"
