"""`GradientTape`, with TensorFlow's names and behaviour; and why a gradient is `None`, which TensorFlow does not say."""

from __future__ import annotations

from . import recording
from .backprop import reverse_sweep, topological_order
from .explanation import explain
from .operations import as_number, one_like
from .recording import Pause
from .structure import leaves_of, rebuild
from .value import Value, untracked
from .variable import Variable
from .vector import Vector, elements_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from types import TracebackType
    from typing import Any

    from .recording import Interval


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

    # A tape keeps no list of nodes: nodes are stamped with the interval they were made in, and that knows its tapes.
    # `began` and `ended` are the serials of the intervals with which the record began and the last block ended.
    __slots__ = ("_accessed", "_used", "_watched", "began", "ended", "open", "persistent", "watch_accessed_variables")

    def __init__(self, persistent: bool = False, watch_accessed_variables: bool = True) -> None:
        self.persistent = persistent
        self.watch_accessed_variables = watch_accessed_variables
        self.open = False
        self._used = False
        self._watched: dict[int, Value] = {}
        self._accessed: dict[int, Variable] = {}
        self.began: int | None = None
        self.ended: int | None = None

    def __enter__(self) -> GradientTape:
        """Begin to record, or go on after an earlier block.

        Raises ValueError if the tape is recording already.
        """
        if self.open:
            raise ValueError("the tape is still recording: it cannot be entered again before its block has ended")
        if self._used:
            self._forget()
            self._used = False
        serial = recording.open_block(self)
        if self.began is None:
            self.began = serial
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self.open:
            self.ended = recording.close_block(self)

    def _forget(self) -> None:
        self._watched = {}
        self._accessed = {}
        self.began = None

    # -- what it records

    def take_part(self, interval: Interval) -> None:
        """Say to an interval that the tape records in it."""
        interval.tapes = (*interval.tapes, self)
        if self._watched:
            interval.plain = False

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
                self._accessed[id(value)] = value
            for element in elements_in(value):
                self._watched[id(element)] = element
        recording.begin_interval()

    def watches(self, value: Value) -> bool:
        """Whether the tape was asked to watch a value."""
        return id(value) in self._watched

    def access(self, variable: Variable) -> None:
        """Note that a trainable variable is used in the tape's block."""
        if self.watch_accessed_variables:
            self._accessed[id(variable)] = variable

    def watched_variables(self) -> tuple[Variable, ...]:
        """The variables that were watched, by their use or by name, in that order."""
        return tuple(self._accessed.values())

    def stop_recording(self) -> StopRecording:
        """A context in which the tape does not record.

        Raises RuntimeError if it is not recording.
        """
        if not self.open:
            raise RuntimeError("stop_recording() of a tape that is not recording; it belongs inside the tape's block")
        return StopRecording(self)

    def reset(self) -> None:
        """Forget all that was recorded and watched, and go on recording.

        Raises ValueError if the tape is not recording.
        """
        if not self.open:
            raise ValueError("reset() of a tape that is not recording; it belongs inside the tape's block")
        self._forget()
        self.began = recording.begin_interval().serial

    # -- what is on its record

    def saw(self, interval: Interval) -> bool:
        """Whether what was made in an interval is on its record."""
        return self in interval.tapes and interval.serial >= self.began  # type: ignore[operator]

    def follows_leaf(self, value: Value) -> bool:
        """Whether gradients are wanted for a value for its own sake: it is watched, or a leaf watched by its use."""
        return (self.watch_accessed_variables and value.operands == ()) or id(value) in self._watched

    def followed(self, order: Sequence[Value]) -> set[Value]:
        """Those nodes of its record, given in topological order, that depend on something it watches."""
        followed: set[Value] = set()
        for node in order:
            if any(parent in followed or self.follows_leaf(parent) for parent in node.parents):
                followed.add(node)
        return followed

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
        seeds = seeds_for(target, output_gradients)
        flat = type(sources) is list and all([isinstance(source, Value) for source in sources])
        leaves = sources if flat else leaves_of(sources)
        if not flat:
            check(leaves, "source")
        sweep = Sweep(self, seeds, self._use())
        gradients = [sweep.gradient_or_zero(source) if zero else sweep.gradient(source) for source in leaves]
        return gradients if flat else rebuild(sources, gradients)

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
        check([target], "target")
        leaves = leaves_of(sources)
        check(leaves, "source")
        differentiable = self._use()
        sweeps = [Sweep(self, seeds_for(element, None), differentiable) for element in elements_in(target)]

        def rows(source: Value | Vector) -> Any:
            gradients = [sweep.gradient(source) for sweep in sweeps]
            if not zero and all(gradient is None for gradient in gradients):
                return None
            gradients = [sweep.gradient_or_zero(source) for sweep in sweeps]
            return gradients[0] if isinstance(target, Value) else gradients

        return rebuild(sources, [*map(rows, leaves)])

    def explain(self, target: Value | Vector, source: Value | Vector) -> str:
        """A sentence on why the gradient of the target with respect to the source is None, or along what it flows.

        It does not use the tape up. Raises TypeError for anything that is not a Value or a Vector.

        >>> c = Value(2.0) * 1.0
        >>> with GradientTape() as tape:
        ...     y = c * 3.0
        >>> print(tape.explain(y, c))
        None: the source was computed (by mul) before the tape began; watch() it, or compute it inside the block.
        """
        check([target], "target")
        check([source], "source")
        return explain(self, elements_in(target), elements_in(source))

    def _use(self) -> bool:
        """Use the tape for a gradient; whether that has to be made of nodes, since a tape goes on recording."""
        if self._used:
            raise RuntimeError(
                "this tape has given its one gradient; make it with GradientTape(persistent=True) to ask for more"
            )
        if self.began is None:
            raise RuntimeError("this tape has recorded nothing; compute the target inside `with GradientTape() as tape:`")
        if not self.persistent:
            if self.open:
                self.ended = recording.close_block(self)
            self._used = True
        if recording.idle is not None:
            return False
        interval = recording.current()
        return interval.enabled and bool(interval.tapes)


class Sweep:
    """One reverse sweep over a tape's record, to be asked for the gradient of source after source."""

    __slots__ = ("_followed", "adjoints", "order", "seeds", "tape")

    def __init__(self, tape: GradientTape, seeds: dict[Value, Any], differentiable: bool) -> None:
        self.tape = tape
        self.seeds = seeds
        self.order = topological_order(seeds, tape.saw)
        self.adjoints = reverse_sweep(self.order, dict(seeds), differentiable)
        self._followed: set[Value] | None = None

    def gradient(self, source: Value | Vector) -> Value | Vector | None:
        """The gradient for a source that the tape watches, or that depends on one; None if the sweep did not come there.

        For a vector of which the sweep came to some elements the others have zeros.
        """
        if isinstance(source, Value):
            adjoint = self.adjoints.get(source)
            if adjoint is None or not (self.tape.follows_leaf(source) or source in self.seeds or self.follows(source)):
                return None
            return adjoint if isinstance(adjoint, Value) else untracked(adjoint)
        gradients = [*map(self.gradient, source._values)]
        if all(gradient is None for gradient in gradients):
            return None
        return Vector([zero_like(x) if gradient is None else gradient for x, gradient in zip(source._values, gradients)])

    def follows(self, node: Value) -> bool:
        """Whether a node depends on something that the tape watches."""
        if self._followed is None:
            self._followed = self.tape.followed(self.order)
        return node in self._followed

    def gradient_or_zero(self, source: Value | Vector) -> Value | Vector:
        """The gradient for a source, zero if the target does not depend on it."""
        gradient = self.gradient(source)
        if gradient is not None:
            return gradient
        return zero_like(source) if isinstance(source, Value) else Vector(map(zero_like, source._values))


class StopRecording:
    """The context that `stop_recording` gives."""

    __slots__ = ("_pause",)

    def __init__(self, tape: GradientTape) -> None:
        self._pause = Pause(tape)

    def __enter__(self) -> None:
        recording.open_block(self._pause)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        recording.close_block(self._pause)


def elements_in(value: Value | Vector) -> Sequence[Value]:
    return (value,) if isinstance(value, Value) else value._values


def zero_like(value: Value) -> Value:
    return untracked(type(value.data)(0))


def wants_zero(unconnected_gradients: str) -> bool:
    if unconnected_gradients == "none":
        return False
    if unconnected_gradients == "zero":
        return True
    raise ValueError(f"unconnected_gradients is 'none' or 'zero', not {unconnected_gradients!r}")


def check(leaves: Sequence[Any], role: str) -> None:
    """Raise TypeError unless all leaves of a structure of targets or sources are Values or Vectors."""
    for leaf in leaves:
        if not isinstance(leaf, (Value, Vector)):
            hint = "; what max(0, x), float(x) or .data gives is a plain number, where maximum(0, x) keeps the way back"
            raise TypeError(
                f"expected a Value or a Vector as {role}, got {leaf!r} ({type(leaf).__name__})"
                + (hint if role == "target" else "; gradients are taken with respect to Values and Variables")
            )


def seeds_for(target: Any, output_gradients: Any) -> dict[Value, Any]:
    """What the adjoint of each element of the targets begins with.

    Raises TypeError if a target is not a Value or a Vector, ValueError if `output_gradients` have another structure,
    or a vector another length, than the targets.
    """
    if output_gradients is None and isinstance(target, Value):
        return {target: 1.0 if type(target._data) is float else one_like(target._data)}
    parts = leaves_of(target)
    check(parts, "target")
    if output_gradients is None:
        weights: list[Any] = [None] * len(parts)
    elif not isinstance(target, (list, tuple, dict)):
        weights = [output_gradients]
    else:
        weights = [*output_gradients.values()] if isinstance(output_gradients, dict) else [*output_gradients]
        if len(weights) != len(parts):
            raise ValueError(f"expected {len(parts)} output_gradients, one for each target, got {len(weights)}")
    seeds: dict[Value, Any] = {}
    for part, weight in zip(parts, weights):
        elements = elements_in(part)
        given = None if weight is None else elements_of(weight)
        if given is not None and (isinstance(part, Value) or len(given) != len(elements)):
            raise ValueError(f"expected {len(elements)} output gradients for {part!r}, got {len(given)}")
        for i, element in enumerate(elements):
            seed = one_like(element._data) if weight is None else weight if given is None else given[i]
            seed = seed if isinstance(seed, Value) else as_number(seed)
            seeds[element] = seeds[element] + seed if element in seeds else seed
    return seeds
