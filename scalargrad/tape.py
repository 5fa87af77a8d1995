"""`GradientTape`, with TensorFlow's names and behaviour."""

from __future__ import annotations

import math

from . import recording
from .backprop import reverse_sweep, sweep_trunk, topological_order
from .explanation import explain
from .nodes import untracked
from .operations import one_like, zero_like
from .recording import SHUT, AccessedByAll, Block, Pause, clock, open_blocks
from .refusals import plural
from .registry import as_number, is_array, require_flag
from .structure import as_dict, leaves_of, parts_of, rebuild
from .value import Value
from .variable import Variable
from .vector import Vector, elements_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any, NoReturn

    from .recording import BlockInterval, Interval


class GradientTape(Block):
    """Records operations, so that gradients of their results can be computed: TensorFlow's, for plain numbers.

    A tape records what its own thread or async task computes inside its `with` block from tracked leaves (`Value`,
    trainable `Variable`) and from whatever it was asked to `watch`. Other threads do not record on it; tapes nest.

    Args:
        persistent: whether more than one gradient may be computed.
        watch_accessed_variables: whether leaves are watched as soon as they are used. If not, only what `watch` names.

    Raises TypeError if one of them is neither True nor False, such as a variable to watch.

    >>> x = Variable(3.0)
    >>> with GradientTape() as tape:
    ...     y = x * x
    >>> tape.gradient(y, x)
    constant(6.0)
    """

    when_open = "the tape is still recording: it cannot be entered again before its block has ended"

    # A tape keeps no list of nodes: nodes are stamped with the interval they were made in, and that knows its tapes.
    # It is `selective` if a sweep may come to what is not its to follow: what it does not watch, or did not see made.
    # `began` and `ended` are the serials of the intervals with which the record began and the last block ended.
    __slots__ = (
        "_used",
        "_watched",
        "accessed",
        "began",
        "ended",
        "gaps",
        "persistent",
        "selective",
        "watch_accessed_variables",
    )

    def __init__(self, persistent: bool = False, watch_accessed_variables: bool = True) -> None:
        if persistent is not False or watch_accessed_variables is not True:
            require_flag("persistent", persistent)
            require_flag("watch_accessed_variables", watch_accessed_variables)
        self.persistent = persistent
        self.watch_accessed_variables = watch_accessed_variables
        self.flag = SHUT
        self.is_fresh = False
        self._used = False
        self._forget()

    def _forget(self) -> None:
        self._watched: dict[int, tuple[Value, int]] = {}
        self.accessed: dict[Variable, None] = {}
        self.selective = not self.watch_accessed_variables
        self.began: int | None = None
        self.ended: int | None = None
        self.gaps: tuple[tuple[int, int], ...] = ()

    if TYPE_CHECKING:

        def __enter__(self) -> GradientTape: ...

    def begin(self) -> None:
        """Begin to record, or go on after an earlier block."""
        if self._used:
            self._forget()
            self._used = False
        serial = recording.open_block(self)
        if self.began is None:
            self.began = serial
        if self.ended is not None:
            self.gaps += ((self.ended, serial),)

    def note_end(self, serial: int, /) -> None:
        """Take note of when its block was found closed."""
        self.ended = serial

    # -- what it records

    def take_part(self, interval: BlockInterval) -> None:
        """Say to an interval that the tape records in it."""
        interval.tapes += (self,)
        if self.watch_accessed_variables:
            notes = interval.accessed
            interval.accessed = self.accessed if notes is None else AccessedByAll(notes, self.accessed)
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
        since = clock.ambient.serial + 1
        for value in found:
            if isinstance(value, Variable):
                self.accessed[value] = None
            for element in elements_in(value):
                self._watched.setdefault(id(element), (element, since))
        self.selective = True
        recording.begin_interval()

    def watches(self, value: Value) -> bool:
        """Whether the tape was asked to watch a value."""
        return id(value) in self._watched

    def watched_variables(self) -> tuple[Variable, ...]:
        """The variables that were watched, by their use or by name, in that order."""
        return tuple(
            [
                variable
                for variable in self.accessed
                if isinstance(variable, Variable)
                and (variable.trainable or any(map(self.watches, elements_in(variable))))  # type: ignore[arg-type]
            ]
        )

    def stop_recording(self) -> Pause:
        """A context in which the tape does not record.

        Raises RuntimeError if it is not recording.
        """
        if not self.is_open:
            raise RuntimeError("stop_recording() of a tape that is not recording; it belongs inside the tape's block")
        return Pause(self)

    def reset(self) -> None:
        """Forget all that was recorded and watched, and go on recording.

        Raises ValueError if the tape is not recording.
        """
        if not self.is_open:
            raise ValueError("reset() of a tape that is not recording; it belongs inside the tape's block")
        self._forget()
        self.began = recording.begin_interval().serial

    # -- what is on its record

    def saw(self, interval: Interval) -> bool:
        """Whether what was made in an interval is on its record."""
        return self in interval.tapes and interval.serial >= self.began  # type: ignore[operator]

    def follows_leaf(self, value: Value, serial: int) -> bool:
        """Whether gradients were wanted for a value for its own sake at a time: a leaf, or watched by then."""
        if self.watch_accessed_variables and value._operation is False:
            return True
        _, since = self._watched.get(id(value), (None, math.inf))
        return since <= serial

    def follows(self, order: Sequence[Value]) -> Callable[[Value, Value], bool]:
        """Tells of the nodes of its record, given in topological order, and their parents which it follows.

        It follows what it watched when the node was made, and whatever depends on that.
        """
        followed: set[Value] = set()

        def follows(node: Value, parent: Value) -> bool:
            return node in followed and (parent in followed or self.follows_leaf(parent, node.interval.serial))

        for node in order:
            followed.add(node)
            if not any(follows(node, parent) for parent in node.parents):
                followed.remove(node)
        return follows

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
        zero = unconnected_gradients != "none" and wants_zero(unconnected_gradients)
        seeds = seeds_for(target, output_gradients)
        leaves = values_in(sources, "source")
        adjoints = self._adjoints(seeds, self._use())
        gradients: list[Any] = []
        for source in leaves:
            if source in adjoints:
                adjoint = adjoints[source]
                gradients.append(untracked(adjoint) if type(adjoint) is float else as_value(adjoint))
            else:
                gradients.append(gradient_of(source, adjoints, zero))
        return gradients if leaves is sources else rebuild(sources, gradients)

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
        if parts_of(target) is not None:
            raise TypeError(
                f"jacobian takes one Value or Vector as its target, not {target!r} ({type(target).__name__})"
            )
        values_in(target, "target")
        leaves = values_in(sources, "source")
        differentiable = self._use()
        sweeps = [self._adjoints(seeds_for(element, None), differentiable) for element in elements_in(target)]
        if isinstance(target, Value):
            return rebuild(sources, [gradient_of(source, sweeps[0], zero) for source in leaves])
        jacobians: list[Any] = []
        for source in leaves:
            connected = zero or any(gradient_of(source, adjoints, False) is not None for adjoints in sweeps)
            jacobians.append([gradient_of(source, adjoints, True) for adjoints in sweeps] if connected else None)
        return rebuild(sources, jacobians)

    def explain(self, target: Value | Vector, source: Value | Vector) -> str:
        """A sentence on why the gradient of the target with respect to the source is None, or along what it flows.

        It does not use the tape up. Raises TypeError for anything that is not a Value or a Vector.

        >>> c = Value(2.0) * 1.0
        >>> with GradientTape() as tape:
        ...     y = c * 3.0
        >>> print(tape.explain(y, c))
        None: the source was computed (by mul) before the tape began; watch() it, or compute it inside the block.
        """
        for end, role in ((target, "target"), (source, "source")):
            if not isinstance(end, (Value, Vector)):
                refuse(end, role)
        return explain(self, elements_in(target), elements_in(source))

    def _adjoints(self, seeds: dict[Value, Any], differentiable: bool) -> dict[Value, Any]:
        """Sweep its record; gives d(targets)/d(node) for all that it watches or that depends on what it watches."""
        if len(seeds) == 1 and not differentiable and not self.selective:
            target = next(iter(seeds))
            fork = sweep_trunk(target, seeds, self._goes_on)
            order = topological_order([fork], self._goes_on) if fork is not None else []
            if not self.selective:
                return reverse_sweep(order, seeds) if order else seeds
            seeds = {
                target: seeds[target]
            }  # it came to what it did not see made, and has to begin again with more care
        order = topological_order(seeds, self._goes_on)
        if not self.selective:
            return reverse_sweep(order, seeds, differentiable)
        return reverse_sweep(order, seeds, differentiable, self.follows(order))

    def _goes_on(self, interval: Interval) -> bool:
        """Whether its record goes on in an interval; where it ends, what was made there is not its to follow."""
        if self in interval.tapes and interval.serial >= self.began:  # type: ignore[operator]
            return True
        self.selective = True
        return False

    def _use(self) -> bool:
        """Use the tape for a gradient; whether that has to be made of nodes, since a tape goes on recording."""
        if self._used:
            raise RuntimeError(
                "this tape has given its one gradient; make it with GradientTape(persistent=True) to ask for more"
            )
        if self.began is None:
            raise RuntimeError(
                "this tape has recorded nothing; compute the target inside `with GradientTape() as tape:`"
            )
        if not self.persistent:
            if self.flag.locked():
                self.ended = recording.close_block(self)
            self._used = True
        if not open_blocks:
            return False
        interval = recording.current()
        return interval.enabled and bool(interval.tapes)


def gradient_of(source: Value | Vector, adjoints: dict[Value, Any], zero: bool) -> Value | Vector | None:
    """The gradient for a source: the adjoint, or zero, if that is asked for, or None where there is none.

    For a vector of which the sweep came to some elements the others have zeros.
    """
    if isinstance(source, Value):
        if source not in adjoints:
            return untracked(zero_like(source._data)) if zero else None
        return as_value(adjoints[source])
    if zero or any(element in adjoints for element in source._values):
        return Vector([gradient_of(element, adjoints, True) for element in source._values])
    return None


def as_value(number: Any) -> Value:
    return number if isinstance(number, Value) else untracked(number)


def elements_in(value: Value | Vector) -> Sequence[Value]:
    return (value,) if isinstance(value, Value) else value._values


def wants_zero(unconnected_gradients: str) -> bool:
    if unconnected_gradients not in ("none", "zero"):
        raise ValueError(f"unconnected_gradients is 'none' or 'zero', not {unconnected_gradients!r}")
    return unconnected_gradients == "zero"


def values_in(structure: Any, role: str) -> list[Any]:
    """The leaves of a structure of targets or sources (a flat list as it is).

    Raises TypeError unless all are Values or Vectors.
    """
    leaves = structure if type(structure) is list else leaves_of(structure)
    for leaf in leaves:
        if not (isinstance(leaf, Value) or isinstance(leaf, Vector)):  # noqa: SIM101  (half the time of one call)
            if isinstance(leaf, (list, tuple, dict)):
                return values_in(tuple(leaves), role)
            refuse(leaf, role)
    return leaves


def refuse(leaf: object, role: str) -> NoReturn:
    hint = "; gradients are taken with respect to Values and Variables"
    if is_array(leaf):
        hint = "; give what an array holds as a list, array.tolist()"
    elif role == "target":
        hint = "; what max(0, x), float(x) or .data gives is a plain number, where maximum(0, x) keeps the way back"
    raise TypeError(f"expected a Value or a Vector as {role}, got {leaf!r} ({type(leaf).__name__}){hint}")


def seeds_for(target: Any, output_gradients: Any) -> dict[Value, Any]:
    """What the adjoint of each element of the targets begins with.

    Raises TypeError if a target is not a Value or a Vector, ValueError if `output_gradients` have another structure,
    or a vector another length, than the targets.
    """
    if output_gradients is None and isinstance(target, Value):
        return {target: 1.0 if type(target._data) is float else one_like(target._data)}
    values_in(target, "target")
    seeds: dict[Value, Any] = {}
    for part, weight in weighted(target, output_gradients):
        elements = elements_in(part)
        given = None if weight is None else elements_of(weight)
        if given is not None and (isinstance(part, Value) or len(given) != len(elements)):
            raise ValueError(f"expected {plural(len(elements), 'output gradient')} for {part!r}, got {len(given)}")
        for i, element in enumerate(elements):
            seed = one_like(element._data) if weight is None else weight if given is None else given[i]
            seed = seed if isinstance(seed, Value) else as_number(seed, " as output gradient for {!r}", element)
            seeds[element] = seeds[element] + seed if element in seeds else seed
    return seeds


def weighted(target: Any, weights: Any) -> list[tuple[Value | Vector, Any]]:
    """Each part of a structure of targets with the output gradient that stands in its place, None if there is none.

    Raises ValueError if the structures differ.
    """
    target, weights = as_dict(target), as_dict(weights)
    if isinstance(target, (list, tuple, dict)):
        keys: Any = target.keys() if isinstance(target, dict) else range(len(target))
        given: Any = dict.fromkeys(keys) if weights is None else weights
        elements = None if isinstance(given, dict) else elements_of(given)
        if elements is not None and len(elements) == len(target):
            given = dict(zip(keys, elements))
        if not isinstance(given, dict) or {*given} != {*keys}:
            got = len(elements) if elements is not None else repr(weights)
            raise ValueError(f"expected {len(target)} output_gradients, one for each target, got {got}")
        return [pair for key in keys for pair in weighted(target[key], given[key])]
    if isinstance(weights, (list, tuple)) and len(weights) == 1:
        inner = elements_of(weights[0]) is not None
        if inner or isinstance(target, Value):
            weights = weights[0]
    return [(target, weights)]
