"""`GradientTape`, with TensorFlow's names and behaviour."""

from __future__ import annotations

import math

from ..checks import as_number, is_array, plural, require_flag
from ..engine.backprop import carry_back, reverse_sweep
from ..engine.contexts import SHUT, Block, clock, close_block, current, open_blocks
from ..engine.many import Values, constants, elements, elements_of, has_elements, joined
from ..engine.rows import (
    CONSTANT,
    INTERVAL,
    LEAF,
    NUMBER,
    OPERATION,
    SHAPE,
    elements_of_row,
    identity_of,
    next_serial,
    parents_of,
    rows_below,
)
from ..engine.value import Value, make_constant, on_row
from ..engine.vector import Vector
from ..graph.explain import Explanation
from ..graph.graph import targets_in
from ..graph.table import Rows
from ..operations.elementary import one_like, zero_like
from ..pytree import as_dict, leaves_of, parts_of, rebuild
from .variable import Variable, scalars_of_leaf
from .why_none import why_none

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any, NoReturn

    from ..engine.backprop import Adjoints
    from ..engine.contexts import BlockInterval
    from ..engine.rows import Row

    Seeds = list[tuple[Row, Any]]


class Pause(Block):
    """The context of `stop_recording`, in which one tape does not record although its block is open."""

    __slots__ = ("tape",)

    when_open = "recording has stopped in this block already; call stop_recording() again for another one"

    def __init__(self, tape: GradientTape) -> None:
        super().__init__()
        self.tape = tape

    def take_part(self, interval: BlockInterval) -> None:
        """Set up an interval in which the tape does not record."""
        self.tape.paused.add(interval.number)
        others = [tape for tape in interval.tapes if tape is not self.tape]
        interval.tapes = interval.accessed = ()
        for tape in others:
            tape.take_part(interval)


class GradientTape(Block):
    """A record of operations, from which gradients are computed: TensorFlow's `GradientTape`, for plain numbers.

    A tape records what its own thread or async task computes inside its `with` block from tracked leaves (`Value`,
    trainable `Variable`) and from values that it was asked to `watch`. Other threads do not record on it; tapes nest.

    Args:
        persistent: whether more than one gradient may be computed.
        watch_accessed_variables: whether leaves are watched when they are used. If not, only `watch` adds values.

    Raises TypeError if one of them is neither True nor False, such as a variable to watch.

    >>> x = Variable(3.0)
    >>> with GradientTape() as tape:
    ...     y = x * x
    >>> tape.gradient(y, x)
    constant(6.0)
    """

    when_open = "the tape is still recording: it cannot be entered again before its block has ended"

    # A tape keeps no list of rows: a row bears the number of the interval that it was made in, and the tape knows the
    # numbers of its own `intervals`, and of those in which it `paused`. It is `selective` if a sweep may meet rows that
    # it must not follow: it does not watch them, or did not see them made. `began` and `ended` are the serials at which
    # the record began and the last block ended.
    __slots__ = (
        "_used",
        "_watched",
        "accessed",
        "began",
        "ended",
        "gaps",
        "intervals",
        "paused",
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
        self.is_fresh = self._used = False
        self._forget()

    def _forget(self) -> None:
        self._watched: dict[float, int] = {}  # the serials from which on values are watched, by their identities
        self.intervals: set[int] = set()
        self.paused: set[int] = set()
        self.accessed: dict[Variable, None] = {}
        self.selective = not self.watch_accessed_variables
        self.began: int | None = None
        self.ended: int | None = None
        self.gaps: tuple[tuple[int, int], ...] = ()

    if TYPE_CHECKING:

        def __enter__(self) -> GradientTape: ...

    def note_end(self) -> None:
        """Note the time at which its block was found closed."""
        self.ended = next_serial()

    def __reduce_ex__(self, protocol: object) -> Any:
        """Raises TypeError: a tape records what one process computes."""
        raise TypeError("a tape cannot be copied or pickled; keep the gradients that it gives, or the numbers")

    def __repr__(self) -> str:
        ended = "not entered yet" if self.began is None else "used up" if self._used else "ended"
        kind = "persistent, " if self.persistent else ""
        return f"<GradientTape, {kind}{'recording' if self.is_open else ended}; tape.rows(target) shows its record>"

    # -- what it records

    def take_part(self, interval: BlockInterval) -> None:
        """Set up an interval in which the tape records; a new block begins the record, or goes on with it."""
        if self._used:
            self._forget()
            self._used = False
        if self.began is None:
            self.began = next_serial()
        elif self.ended is not None:
            self.gaps += ((self.ended, next_serial()),)
            self.ended = None
        interval.tapes += (self,)
        if self.watch_accessed_variables:
            interval.accessed += (self.accessed,)
        if self._watched:
            interval.plain = False

    def watch(self, values: Any) -> None:
        """Watch values or vectors, in any nesting: from now on, what is computed from them is recorded.

        Raises ValueError for anything that is not a Value or a Vector.
        """
        found = leaves_of(values)
        for value in found:
            if not isinstance(value, (Value, Values)):
                raise ValueError(f"a tape watches Values and Vectors, not {value!r} ({type(value).__name__})")
        since = next_serial()
        for value in found:
            if isinstance(value, Variable):
                self.accessed[value] = None
            for row in (value.row, *[element.row for element in values_of(value) if not isinstance(value, Value)]):
                self._watched.setdefault(identity_of(row), since)
        self.selective = True
        clock.strike()

    def watches(self, value: Value) -> bool:
        """Whether the tape was asked to watch a value, or an element of a vector."""
        if not self._watched or isinstance(value, Value):
            return identity_of(value.row) in self._watched
        return any(identity_of(row) in self._watched for row in elements_of_row(value.row))

    def watched_variables(self) -> tuple[Variable, ...]:
        """The variables that were watched, by use or by `watch`, in the order in which this happened."""
        return tuple(
            [
                variable
                for variable in self.accessed
                if isinstance(variable, Variable)
                and (variable.trainable or any(map(self.watches, values_of(variable))))  # type: ignore[arg-type]
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
        self.began = next_serial()
        clock.strike()

    # -- what is on its record

    def saw(self, row: Row) -> bool:
        """Whether a row is on its record."""
        return row[INTERVAL] in self.intervals

    def follows_leaf(self, row: Row, serial: int) -> bool:
        """Whether the tape followed a row by itself at the time of a serial: a leaf, or a row watched by then."""
        if self.watch_accessed_variables and row[OPERATION] == LEAF:
            return True
        return self._watched.get(identity_of(row), math.inf) <= serial

    def follows(self, rows: Sequence[Row]) -> Callable[[Row, Row], bool]:
        """A function that says whether the tape follows a row to an operand, for `rows` in order of their serials.

        It follows what it watched when the row was made, and whatever depends on that.
        """
        followed: set[float] = set()

        def follows(row: Row, operand: Row) -> bool:
            return identity_of(row) in followed and (
                identity_of(operand) in followed or self.follows_leaf(operand, int(identity_of(row)))
            )

        for row in rows:
            followed.add(identity_of(row))
            if not any(follows(row, operand) for operand in parents_of(row)):
                followed.remove(identity_of(row))
        return follows

    # -- what it answers

    def gradient(
        self, target: Any, sources: Any, output_gradients: Any = None, unconnected_gradients: str = "none"
    ) -> Any:
        """The gradient of the target, or of the sum of all targets, with respect to each source.

        Args:
            target: a Value or a Vector, or any nesting of them in lists, tuples and dicts.
            sources: likewise; leaves, or results that were computed on the tape.
            output_gradients: the weights of the targets, in the structure of `target`; 1 if not given.
            unconnected_gradients: "none" or "zero", the gradient for a source that the target does not depend on.

        Returns:
            A gradient for each source, in the structure of `sources`. It is a constant or a Vector of constants, or
            values if another tape is recording. None for a source that the tape found no way to; see `explain`.

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
            gradients.append(gradient_for(source, adjoints, zero))
        return gradients if leaves is sources else rebuild(sources, gradients)

    def jacobian(self, target: Value | Vector, sources: Any, unconnected_gradients: str = "none") -> Any:
        """The gradient of each element of the target with respect to each source.

        Args:
            target: a Value or a Vector.
            sources: as for `gradient`.
            unconnected_gradients: as for `gradient`.

        Returns:
            In the structure of `sources`: for a scalar target its gradient; for a Vector a list with the gradient of
            each element, or None for a source that no element depends on.

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
        sweeps = [self._adjoints(seeds_for(element, None), differentiable) for element in values_of(target)]
        if isinstance(target, Value):
            return rebuild(sources, [gradient_for(source, sweeps[0], zero) for source in leaves])
        jacobians: list[Any] = []
        for source in leaves:
            connected = zero or any(gradient_for(source, adjoints, False) is not None for adjoints in sweeps)
            jacobians.append([gradient_for(source, adjoints, True) for adjoints in sweeps] if connected else None)
        return rebuild(sources, jacobians)

    def rows(self, target: Any) -> Rows:
        """The rows below a target that the tape saw, as `scalargrad.rows` shows them.

        Raises TypeError if the target is not a Value, Vector or Matrix, or a list of them.

        >>> x = Variable(3.0, name="x")
        >>> y = x * 2.0
        >>> with GradientTape() as tape:
        ...     z = y * x
        >>> print(tape.rows(z))
        name  operation  number  local derivatives
        v1               6
        x                3
        v2    v1 * x     18      3, 6
        """
        return Rows(targets_in("rows", target), self)

    def explain(self, target: Value | Vector, source: Value | Vector | Variable) -> str:
        """A sentence on the way that the gradient of the target takes to the source, or on why it is None.

        It does not use the tape up. Raises TypeError for anything that is not a Value or a Vector.

        >>> c = Value(2.0) * 1.0
        >>> with GradientTape() as tape:
        ...     y = c * 3.0
        >>> print(tape.explain(y, c))
        None: the source was computed (by mul) before the tape began; watch() it, or compute it inside the block.
        """
        for end, role in ((target, "target"), (source, "source")):
            if not isinstance(end, (Value, Values)):
                refuse_source(end, role)
        return Explanation(why_none(self, target, source))  # type: ignore[arg-type]  # a Variable is a Value or a Vector

    def _adjoints(self, seeds: Seeds, differentiable: bool) -> Adjoints:
        """A sweep over its record: d(targets)/d(row) for all rows that it watches, or that depend on such rows."""
        handle = on_row if differentiable else None
        if not self.selective:
            adjoints = carry_back(seeds, self, handle)
            if not self.selective:
                return adjoints
        # It met a row that it did not see made, or does not watch all leaves, so it has to check each step.
        rows = rows_below([target for target, _ in seeds], self)
        return reverse_sweep(seeds, self, self.follows(rows), handle)

    def _use(self) -> bool:
        """Whether a gradient has to be made of values, since a tape is still recording; this tape counts as used."""
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
                close_block(self)
                self.ended = next_serial()
            self._used = True
        if not open_blocks:
            return False
        interval = current()
        return interval.enabled and bool(interval.tapes)


def gradient_for(source: Value | Vector, adjoints: Adjoints, zero: bool) -> Value | Vector | None:
    """The gradient for a source: its adjoint; if it has none, a zero if `zero` is true, or else None.

    If the sweep reached some elements of a vector, the others get zeros.
    """
    if isinstance(source, Value):
        adjoint = adjoints.of(source.row)
        if adjoint is None and zero:
            adjoint = zero_like(source.row[NUMBER])
        return adjoint if adjoint is None or isinstance(adjoint, Value) else make_constant(adjoint)
    found = adjoints.of(source.row)
    if found is None and source.row[OPERATION] is CONSTANT:  # it may be made of watched constants
        parts = [adjoints.of(element.row) for element in elements(source)]
        found = None if parts.count(None) == len(parts) else parts
    if found is None and not zero:
        return None
    gradient: Vector
    numbers = source.row[NUMBER]
    if found is None or None in found:
        found = [zero_like(x) if y is None else y for x, y in zip(numbers, found or [None] * len(numbers))]
    if any(isinstance(x, Value) for x in found):
        gradient = joined([x if isinstance(x, Value) else make_constant(x) for x in found], source.row[SHAPE])
    else:
        gradient = constants(tuple(found), source.row[SHAPE])
    return gradient


def values_of(value: Value | Vector) -> Sequence[Value]:
    return (value,) if isinstance(value, Value) else [*elements(value)]


def wants_zero(unconnected_gradients: str) -> bool:
    if unconnected_gradients not in ("none", "zero"):
        raise ValueError(f"unconnected_gradients is 'none' or 'zero', not {unconnected_gradients!r}")
    return unconnected_gradients == "zero"


def values_in(structure: Any, role: str) -> list[Any]:
    """The leaves of a structure of targets or sources; a flat list as it is.

    Raises TypeError unless all are Values or Vectors.
    """
    leaves = structure if type(structure) is list else leaves_of(structure)
    for leaf in leaves:
        if not (isinstance(leaf, Value) or isinstance(leaf, Values)):  # noqa: SIM101  (half the time of one call)
            if isinstance(leaf, (list, tuple, dict)):
                return values_in(tuple(leaves), role)
            refuse_source(leaf, role)
    return leaves


def refuse_source(leaf: object, role: str) -> NoReturn:
    hint = "; gradients are taken with respect to Values and Variables"
    if is_array(leaf):
        hint = "; give what an array holds as a list, array.tolist()"
    elif role == "target":
        hint = "; max(0, x), float(x) and .data give plain numbers, while maximum(0, x) keeps the gradient"
    raise TypeError(f"expected a Value or a Vector as {role}, got {leaf!r} ({type(leaf).__name__}){hint}")


def seeds_for(target: Any, output_gradients: Any) -> Seeds:
    """The rows of the targets with the adjoints that they start with.

    Raises TypeError if a target is not a Value or a Vector, ValueError if `output_gradients` do not have the structure
    and the lengths of the targets.
    """
    if output_gradients is None and isinstance(target, Value):
        return [(target.row, one_like(target.row[NUMBER]))]
    values_in(target, "target")
    seeds: Seeds = []
    for part, weight in weighted(target, output_gradients):
        if isinstance(part, Value):
            if weight is not None and has_elements(weight):
                raise ValueError(f"expected 1 output gradient for {part!r}, got {len(elements_of(weight) or ())}")
            seeds.append((part.row, one_like(part.row[NUMBER]) if weight is None else seed_of(weight, part)))
            continue
        numbers = part.row[NUMBER]
        if weight is None:
            seeds.append((part.row, [*map(one_like, numbers)]))
            continue
        given, shape = ([weight] * len(numbers), part.shape) if not has_elements(weight) else scalars_of_leaf(weight)
        if shape != part.shape:
            got = len(given) if len(shape) == 1 else f"shape {shape}"
            raise ValueError(f"expected {plural(len(numbers), 'output gradient')} for {part!r}, got {got}")
        seeds.append((part.row, [seed_of(x, part) for x in given]))
    return seeds


def seed_of(weight: Any, target: Any) -> Any:
    return weight if isinstance(weight, Value) else as_number(weight, " as output gradient for {!r}", target)


def weighted(target: Any, weights: Any) -> list[tuple[Value | Vector, Any]]:
    """Each part of a structure of targets with the output gradient in its place, None if there is none.

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
        inner = elements_of(weights[0])
        dimensions = 0 if inner is None else 2 if inner and has_elements(inner[0]) else 1
        if isinstance(target, Value) or dimensions == len(target.shape):
            weights = weights[0]
    return [(target, weights)]
