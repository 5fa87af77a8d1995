"""`GradientTape`, with TensorFlow's names and behaviour; and why a gradient is `None`, which TensorFlow does not say."""

from __future__ import annotations

from . import recording
from .backprop import reverse_sweep, topological_order
from .explanation import explain
from .operations import as_number, one_like
from .recording import Pause
from .structure import leaves_of, map_structure
from .value import Value, untracked
from .variable import Variable
from .vector import Vector, elements_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from types import TracebackType
    from typing import Any

    from .recording import Interval


class Recorder:
    """What a tape has recorded since it was made or reset. Nodes are stamped with it, by way of their interval.

    `began` and `ended` are the serials of the intervals with which its first block began and its last one ended.
    """

    __slots__ = ("accessed", "began", "ended", "open", "watch_accessed", "watched")

    def __init__(self, watch_accessed: bool) -> None:
        self.open = False
        self.watch_accessed = watch_accessed
        self.watched: dict[int, Value] = {}
        self.accessed: dict[int, Variable] = {}
        self.began: int | None = None
        self.ended: int | None = None

    def take_part(self, interval: Interval) -> None:
        interval.tapes = (*interval.tapes, self)

    def watches(self, value: Value) -> bool:
        """Whether it was asked to watch a value."""
        return id(value) in self.watched

    def access(self, variable: Variable) -> None:
        """Note that a trainable variable is used."""
        if self.watch_accessed:
            self.accessed[id(variable)] = variable

    def saw(self, node: Value) -> bool:
        """Whether a node was made while it was recording, in its own context."""
        return self in node.interval.tapes

    def follows_leaf(self, value: Value) -> bool:
        return self.watches(value) or (self.watch_accessed and value.operands == ())

    def followed(self, order: Sequence[Value]) -> set[Value]:
        """Those nodes of its record, given in topological order, that depend on something it watches."""
        followed: set[Value] = set()
        for node in order:
            if any(parent in followed or self.follows_leaf(parent) for parent in node.parents):
                followed.add(node)
        return followed


class GradientTape:
    """Records operations, so that gradients of their results can be computed: TensorFlow's, for plain numbers.

    A tape records what its own thread or async task computes inside its `with` block from tracked leaves (`Value`,
    trainable `Variable`) and from whatever it was asked to `watch`. Other threads do not record on it; tapes nest.

    Args:
        persistent: whether more than one gradient may be computed.
        watch_accessed_variables: whether leaves are watched as soon as they are used. If not, only what `watch` names.

    >>> x = Variable(3.0)
    >>> with GradientTape() as tape:
    ...     y = x * x
    >>> tape.gradient(y, x)
    constant(6.0)
    """

    __slots__ = ("_recorder", "_used", "persistent", "watch_accessed_variables")

    def __init__(self, persistent: bool = False, watch_accessed_variables: bool = True) -> None:
        self.persistent = persistent
        self.watch_accessed_variables = watch_accessed_variables
        self._recorder = Recorder(watch_accessed_variables)
        self._used = False

    def __enter__(self) -> GradientTape:
        """Begin to record, or go on after an earlier block.

        Raises ValueError if the tape is recording already.
        """
        if self._recorder.open:
            raise ValueError("the tape is still recording: it cannot be entered again before its block has ended")
        if self._used:
            self._recorder = Recorder(self.watch_accessed_variables)
            self._used = False
        self._start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._recorder.open:
            self._stop()

    def _start(self) -> None:
        serial = recording.open_block(self._recorder)
        if self._recorder.began is None:
            self._recorder.began = serial

    def _stop(self) -> None:
        self._recorder.ended = recording.close_block(self._recorder)

    # -- what it records

    def watch(self, values: Any) -> None:
        """Watch values or vectors, in any nesting, so that what is computed from them from now on is recorded.

        Raises ValueError for anything that is not a Value or a Vector.
        """
        found = leaves_of(values)
        for value in found:
            if not isinstance(value, (Value, Vector)):
                raise ValueError(f"a tape watches Values and Vectors, not {value!r} ({type(value).__name__})")
        for value in found:
            if isinstance(value, Variable):
                self._recorder.accessed[id(value)] = value
            for element in elements_in(value):
                self._recorder.watched[id(element)] = element

    def watched_variables(self) -> tuple[Variable, ...]:
        """The variables that were watched, by their use or by name, in that order."""
        return tuple(self._recorder.accessed.values())

    def stop_recording(self) -> StopRecording:
        """A context in which the tape does not record.

        Raises RuntimeError if it is not recording.
        """
        if not self._recorder.open:
            raise RuntimeError("stop_recording() of a tape that is not recording; it belongs inside the tape's block")
        return StopRecording(self._recorder)

    def reset(self) -> None:
        """Forget all that was recorded and watched, and go on recording.

        Raises ValueError if the tape is not recording.
        """
        if not self._recorder.open:
            raise ValueError("reset() of a tape that is not recording; it belongs inside the tape's block")
        self._stop()
        self._recorder = Recorder(self.watch_accessed_variables)
        self._start()

    # -- what it answers

    def gradient(
        self, target: Any, sources: Any, output_gradients: Any = None, unconnected_gradients: str = "none"
    ) -> Any:
        """The gradient of the target, or of the sum of all targets, with respect to each source.

        Args:
            target: a Value or a Vector, or any nesting of them in lists, tuples and dicts.
            sources: likewise; leaves, or results that were computed on the tape.
            output_gradients: what to weight the targets with, in the structure of `target`; 1 if not given.
            unconnected_gradients: what to give for a source that the target does not depend on: "none" or "zero".

        Returns:
            A gradient for each source, in the structure of `sources`: a constant or a Vector of constants, or nodes if
            another tape is recording. None for a source that the tape saw no way to; see `explain`.

        Raises:
            RuntimeError: the tape is not persistent and was used already, or it has recorded nothing.
            TypeError: a target or a source is not a Value or a Vector.
            ValueError: `unconnected_gradients` is unknown, or `output_gradients` do not fit the targets.
        """
        zero = wants_zero(unconnected_gradients)
        targets = [value for part in checked(target, "target") for value in elements_in(part)]
        checked(sources, "source")
        seeds = seeds_for(target, output_gradients)
        recorder, differentiable = self._use()
        gradients = Gradients(recorder, targets, seeds, differentiable)
        return map_structure(lambda source: gradients.of(source, zero), sources)

    def jacobian(self, target: Value | Vector, sources: Any, unconnected_gradients: str = "none") -> Any:
        """The gradient of each element of the target with respect to each source.

        Args:
            target: a Value or a Vector.
            sources: as for `gradient`.
            unconnected_gradients: as for `gradient`.

        Returns:
            In the structure of `sources`: for a scalar target the gradient; for a Vector a list with one gradient for
            each of its elements, or None for a source that no element depends on.

        Raises what `gradient` raises.
        """
        zero = wants_zero(unconnected_gradients)
        if isinstance(target, (list, tuple, dict)):
            raise TypeError(f"jacobian takes one Value or Vector as its target, got a {type(target).__name__}")
        (checked_target,) = checked(target, "target")
        checked(sources, "source")
        recorder, differentiable = self._use()
        rows = [
            Gradients(recorder, [element], {element: one_like(element.data)}, differentiable)
            for element in elements_in(checked_target)
        ]
        if isinstance(target, Value):
            return map_structure(lambda source: rows[0].of(source, zero), sources)

        def jacobian_of(source: Any) -> Any:
            gradients = [row.of(source, zero) for row in rows]
            if all(gradient is None for gradient in gradients):
                return None
            return [row.of(source, zero=True) if gradient is None else gradient for row, gradient in zip(rows, gradients)]

        return map_structure(jacobian_of, sources)

    def explain(self, target: Value | Vector, source: Value | Vector) -> str:
        """A sentence on why the gradient of the target with respect to the source is None, or along what it flows.

        It does not use the tape up.

        >>> c = Value(2.0) * 1.0
        >>> with GradientTape() as tape:
        ...     y = c * 3.0
        >>> print(tape.explain(y, c))
        None: the source was computed (by mul) before the tape began; watch() it, or compute it inside the block.
        """
        for role, given in (("target", target), ("source", source)):
            checked(given, role)
        return explain(self._recorder, elements_in(target), elements_in(source))

    def _use(self) -> tuple[Recorder, bool]:
        """Its record, and whether gradients have to be nodes since a tape goes on recording."""
        if self._used:
            raise RuntimeError(
                "this tape has given its one gradient; make it with GradientTape(persistent=True) to ask for more"
            )
        if self._recorder.began is None:
            raise RuntimeError("this tape has recorded nothing; compute the target inside `with GradientTape() as tape:`")
        if not self.persistent:
            if self._recorder.open:
                self._stop()
            self._used = True
        interval = recording.current()
        return self._recorder, interval.enabled and bool(interval.tapes)


class Gradients:
    """The adjoints of one sweep over a tape's record, to be asked source by source."""

    def __init__(
        self, recorder: Recorder, targets: Sequence[Value], seeds: dict[Value, Any], differentiable: bool
    ) -> None:
        self.recorder = recorder
        self.targets = {*targets}
        self.order = topological_order(targets, recorder.saw)
        self.adjoints = reverse_sweep(self.order, seeds, differentiable)
        self._followed: set[Value] | None = None

    def of(self, source: Any, zero: bool) -> Any:
        """The gradient for a source, scalar or vector; zeros or None where the target does not depend on it."""
        elements = elements_in(source)
        connected = [self.reaches(element) for element in elements]
        if not any(connected) and not zero:
            return None
        gradients = [
            as_gradient(self.adjoints[element]) if reached else untracked(element.data * 0)
            for element, reached in zip(elements, connected)
        ]
        return gradients[0] if isinstance(source, Value) else Vector(gradients)

    def reaches(self, value: Value) -> bool:
        """Whether the sweep came to a value that the tape watches, or that depends on one."""
        if value not in self.adjoints:
            return False
        if value in self.targets or self.recorder.follows_leaf(value):
            return True
        if not value.operands:
            return False
        if self._followed is None:
            self._followed = self.recorder.followed(self.order)
        return value in self._followed


class StopRecording:
    """The context that `stop_recording` gives."""

    __slots__ = ("_pause",)

    def __init__(self, recorder: Recorder) -> None:
        self._pause = Pause(recorder)

    def __enter__(self) -> None:
        recording.open_block(self._pause)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        recording.close_block(self._pause)


def elements_in(value: Any) -> Sequence[Value]:
    return (value,) if isinstance(value, Value) else value._values


def as_gradient(adjoint: Any) -> Value:
    return adjoint if isinstance(adjoint, Value) else untracked(adjoint)


def wants_zero(unconnected_gradients: str) -> bool:
    if unconnected_gradients not in ("none", "zero"):
        raise ValueError(f"unconnected_gradients is 'none' or 'zero', not {unconnected_gradients!r}")
    return unconnected_gradients == "zero"


def checked(structure: Any, role: str) -> list[Any]:
    """The leaves of a structure of targets or sources.

    Raises TypeError for one that is not a Value or a Vector.
    """
    leaves = leaves_of(structure)
    for leaf in leaves:
        if not isinstance(leaf, (Value, Vector)):
            hint = "; what max(0, x), float(x) or .data gives is a plain number, where maximum(0, x) keeps the way back"
            raise TypeError(
                f"expected a Value or a Vector as {role}, got {leaf!r} ({type(leaf).__name__})"
                + (hint if role == "target" else "; gradients are taken with respect to Values and Variables")
            )
    return leaves


def seeds_for(target: Any, output_gradients: Any) -> dict[Value, Any]:
    """What the adjoint of each element of the targets begins with.

    Raises ValueError if `output_gradients` have another structure, or a vector another length, than the targets.
    """
    seeds: dict[Value, Any] = {}

    def plant(element: Value, seed: Any) -> None:
        seeds[element] = seeds[element] + seed if element in seeds else seed

    parts = leaves_of(target)
    if output_gradients is None:
        weights: list[Any] = [None] * len(parts)
    elif not isinstance(target, (list, tuple, dict)):
        weights = [output_gradients]
    else:
        weights = [*output_gradients.values()] if isinstance(output_gradients, dict) else [*output_gradients]
        if len(weights) != len(parts):
            raise ValueError(f"expected {len(parts)} output_gradients, one for each target, got {len(weights)}")
    for part, weight in zip(parts, weights):
        elements = elements_in(part)
        given = None if weight is None else elements_of(weight)
        if given is not None and (isinstance(part, Value) or len(given) != len(elements)):
            raise ValueError(f"expected {len(elements)} output gradients for {part!r}, got {len(given)}")
        for i, element in enumerate(elements):
            seed = one_like(element.data) if weight is None else weight if given is None else given[i]
            plant(element, seed if isinstance(seed, Value) else as_number(seed))
    return seeds
