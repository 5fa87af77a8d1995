"""Compiled functions over arrays: the same code with NumPy's functions, or another module's, for many points."""

from __future__ import annotations

from ..engine.value import number_of
from ..operations import elementary as operations
from ..pytree import parts_of, refill, scalars_of, with_parts
from .dispatch import MOST_VERSIONS, Compiler, Version
from .generated import ArrayCode
from .paths import Branch, PathTree
from .signature import pattern
from .tracer import Trace, Traced, key_of_operation

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from .generated import Code

MOST_PATHS = 64


class ArrayCompiler(Compiler):
    """The compiler behind a function for arrays.

    Every number of an argument may be an array. All paths are traced at once, whatever the numbers, since the
    points of one call may take different paths.
    """

    def other(self, values: Sequence[Any], missed: bool = False) -> Any:  # noqa: ARG002  (there is no such code)
        """The result for arguments with arrays in place of numbers."""
        version, numbers = self._take_apart(values)
        code: Any = version.code
        shape = broadcast([x.shape for x in numbers if holds_array(x)])
        numbers += [value.data for value, _ in version.program.leaves.values()]
        if version.is_joined and hasattr(self.options["arrays"], "errstate"):
            with self.options["arrays"].errstate(all="ignore"):  # results that `where` does not choose must not warn
                found = code.function(*numbers)
        else:
            found = code.function(*numbers)
        if any(map(holds_array, numbers)):
            module = self.options["arrays"]
            found = [x if holds_array(x) and x.shape == shape else module.broadcast_to(x, shape) for x in found]
        structure = code.structure
        if not scalars_of(structure, TypeError):
            return structure
        return refill_with(structure, iter(found))

    def _take_apart(self, values: Sequence[Any]) -> tuple[Version, list[Any]]:
        """The version for some arguments, and the arrays and numbers in them."""
        numbers: list[Any] = []
        skeleton = [
            value if parameter.fixes(value) else without_arrays(value, numbers)
            for parameter, value in zip(self.parameters, values)
        ]
        key, _ = self._key(skeleton)
        with self.lock:
            version = self.versions.get(key)
            if version is None:
                version = Version(skeleton)
                self.explore(version)
                self._generate(version)
                if len(self.versions) >= MOST_VERSIONS:  # arrays cannot run uncompiled, so the oldest version goes
                    del self.versions[next(iter(self.versions))]
                self.versions[key] = version
        return version, [*map(number_of, numbers)]

    def _version_of(self, values: Sequence[Any]) -> Version:
        return self._take_apart(values)[0]

    def _use(self, code: Code) -> None:
        """Do nothing: all calls come here first, since arrays and numbers have to be told apart."""

    def explore(self, version: Version) -> None:
        """Trace every path, and join them into one that chooses among their results.

        Raises TypeError if there are too many paths, or they raise, or their results differ in structure.
        """
        program = PathTree()
        scripts: list[list[bool]] = [[]]
        paths = 0
        while scripts:
            script = scripts.pop()
            trace = Trace(script)
            inputs = [
                trace.input(None)
                for parameter, value in zip(self.parameters, version.values)
                if not parameter.fixes(value)
                for _ in scalars_of(value, TypeError)
            ]
            structure = self._run(trace, version.values, inputs)
            if trace.refusal is not None:
                raise TypeError(f"{self.name} cannot be compiled for arrays: {trace.refusal}")
            outputs = [*map(number_of, scalars_of(structure, self._refuse))]
            program.add(trace, inputs, (structure, outputs))
            questions = [event for event in trace.events if isinstance(event, tuple)]
            scripts += [[*[x[1] for x in questions[:i]], False] for i in range(len(script), len(questions))]
            paths += 1
            if paths > MOST_PATHS:
                file, line = questions[-1][2]
                raise TypeError(
                    f"{self.name} has more than {MOST_PATHS} paths, too many to compute all of them for every entry of "
                    f"an array; the last decision is at {file}, line {line}"
                )
        version.program = joined_paths(program, self.name)
        version.is_joined = paths > 1

    def _run(self, trace: Trace, values: Sequence[Any], inputs: Sequence[Traced]) -> Any:
        try:
            return super()._run(trace, values, inputs)
        except Exception as error:
            if trace.refusal is not None or not (trace.answers or isinstance(error, (TypeError, AttributeError))):
                raise
            if not trace.answers:
                raise TypeError(
                    f"{self.name} raises {type(error).__name__}, {error}; with arrays= an array is one number at many "
                    "points, so give a vector as a list of numbers or arrays"
                ) from error
            raise TypeError(
                f"{self.name} raises {type(error).__name__} on one side of a decision, so both sides cannot be "
                f"computed for arrays: {error}"
            ) from error

    def _kind_of_code(self) -> tuple[type[Code], Any]:
        return ArrayCode, self.options["arrays"]


def joined_paths(program: PathTree, name: str) -> PathTree:
    """A program of one path that computes all of them and chooses among their results.

    Raises TypeError if the results differ in structure.
    """
    straight = PathTree()
    straight.inputs, straight.leaves, straight.count = program.inputs, program.leaves, program.count
    known: dict[Any, Traced] = {}
    twins: dict[int, Traced] = {}
    nodes: list[Traced] = []

    def take(operation: Any, operands: Sequence[Any], kind: type[Traced], like: Traced) -> Traced:
        operands = [twins.get(x.index, x) if isinstance(x, Traced) else x for x in operands]
        key = key_of_operation(operation, operands)
        if key not in known:
            known[key] = kind(like.trace, operation, (*operands,), None, like.is_float)
            nodes.append(straight.number(known[key]))
        return known[key]

    def result_of(branch: Branch) -> tuple[Any, list[Any]]:
        for node in branch.nodes:
            twins[node.index] = take(node.operation, node.operands, type(node), node)
        if branch.result is not None:
            structure, outputs = branch.result
            return structure, [twins.get(x.index, x) if isinstance(x, Traced) else x for x in outputs]
        question: Any = branch.question
        question = twins.get(question.index, question)
        structure, yes = result_of(branch.answers[True])
        other, no = result_of(branch.answers[False])
        if pattern(structure) != pattern(other):
            raise TypeError(
                f"{name} returns results of different structure on the two sides of a decision, {pattern(structure)!r} "
                f"and {pattern(other)!r}, which cannot be joined for arrays"
            )
        where = operations.where.operation
        return structure, [a if a is b else take(where, (question, a, b), Traced, question) for a, b in zip(yes, no)]

    straight.root.result = result_of(program.root)
    straight.root.nodes = nodes
    return straight


# ---- Arrays of any module --------------------------------------------------------------------------------------------


def holds_array(x: Any) -> bool:
    return hasattr(x, "shape") and hasattr(x, "dtype")


def without_arrays(structure: Any, numbers: list[Any]) -> Any:
    """A structure with a zero in place of each number or array; these are added to `numbers`."""
    if holds_array(structure):
        numbers.append(structure)
        return 0.0
    parts = parts_of(structure)
    if parts is not None:
        return with_parts(structure, [without_arrays(part, numbers) for part in parts])
    found = scalars_of(structure, lambda _: TypeError(f"expected a number or an array, got {structure!r}"))
    numbers += found
    return refill(structure, iter([0.0] * len(found)))


def refill_with(structure: Any, numbers: Any) -> Any:
    """The structure of a result with arrays in place of its numbers."""
    parts = parts_of(structure)
    if parts is not None:
        return with_parts(structure, [refill_with(part, numbers) for part in parts])
    count = len(scalars_of(structure, TypeError))
    if count == 1 and not hasattr(structure, "__len__"):
        return next(numbers)
    return [next(numbers) for _ in range(count)] if count else structure


def broadcast(shapes: Sequence[tuple[int, ...]]) -> tuple[int, ...]:
    """The common shape of some shapes, by NumPy's rule. Raises ValueError if they do not match."""
    result: list[int] = []
    for shape in shapes:
        longer, shorter = sorted(([*result], [*shape]), key=len, reverse=True)
        result = longer
        for i, length in enumerate(reversed(shorter), 1):
            if length != 1 and result[-i] not in (1, length):
                raise ValueError(f"expected arrays of one shape, got shapes {' and '.join(map(str, shapes))}")
            result[-i] = max(length, result[-i]) if length and result[-i] else 0
    return tuple(result)


def compiler_of(function: Any, **options: Any) -> Compiler:
    """The compiler of a function with some options."""
    return (Compiler if options["arrays"] is None else ArrayCompiler)(function, **options)
