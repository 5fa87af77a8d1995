"""Contexts: who records, and when.

A block is a tape, a `no_grad`, the run of a transform or a trace. Most of the time no block is open, and an operation
only looks at `open_blocks`, which is empty. Otherwise it asks `current()` for the interval of its context, which is a
thread's or an async task's.

An interval is a stretch of time in one context during which the same blocks are open. It has a number, or 0 if no block
is open. Every row bears the number of the interval that it was made in, and each tape knows the numbers of its own
intervals. So one number says which tapes saw a row.

A block is closed by releasing its flag. The flag is a lock because the `__exit__` of a lock is written in C: no
interrupt can come between the end of a block and its closing, and no code of this package runs when the garbage
collector closes a generator that held a block open. Whoever looks next notices that the block was closed.
"""

from __future__ import annotations

import gc
import sys
from _thread import allocate_lock
from contextvars import ContextVar
from functools import partial
from itertools import count
from operator import call

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any, Protocol, TypeAlias

    Flag: TypeAlias = Any  # a lock, locked while its block is open

    class Recorder(Protocol):
        """A tape, or the run of a transform. `intervals` are the numbers of the intervals that it records in."""

        intervals: set[int]
        selective: bool

        def take_part(self, interval: BlockInterval, /) -> None: ...
        def watches(self, value: Any, /) -> bool: ...

    Detector: TypeAlias = Any  # checks each operation and each term of a sweep for nan and inf
    Tracer: TypeAlias = Any  # follows all numbers for `compile`


SHUT = allocate_lock()  # the flag of a block that was never opened

# The flags of all blocks that are open, in any thread, and of some that have been closed since.
open_blocks: dict[int, Flag] = {}

new = object.__new__


class Exit(property):
    """`__exit__` of a block, which is its flag's. A `with` statement looks it up before it enters the block."""

    def __call__(self, block: Block, *_: object) -> None:
        """Leave a block for `contextlib.ExitStack`, which looks `__exit__` up in the class and not in the block."""
        block.leave()


class Block:
    """What a `with` statement opens: a tape, a pause, the run of a transform, ...

    Each opening has a flag of its own, so a context that remembers an earlier opening does not take the block for open.
    """

    __slots__ = ("flag", "is_fresh")

    flag: Flag
    is_fresh: bool  # whether the flag waits for the opening that it was made for
    when_open = "this block is open already; make another one"

    def __init__(self) -> None:
        self.flag = SHUT
        self.is_fresh = False

    def prepare(self) -> Callable[..., None]:
        """The function that leaves the block, which is open or about to be."""
        flag = self.flag
        if not flag.locked():
            flag = self.flag = allocate_lock()
            self.is_fresh = True
        return flag.__exit__  # type: ignore[no-any-return]

    __exit__ = Exit(prepare)

    def __enter__(self) -> Any:
        """Open the block; an interrupt closes it again. Raises ValueError if it is open already."""
        if self.flag.locked():
            raise ValueError(self.when_open)
        try:
            open_block(self)
            return self
        except BaseException:
            Block.leave(self)
            raise

    def leave(self) -> None:
        """Close the block, if it is open."""
        if self.flag.locked():
            self.flag.release()

    @property
    def is_open(self) -> bool:
        """Whether it was entered and not yet left."""
        return self.flag.locked()  # type: ignore[no-any-return]

    def note_end(self) -> None:
        """Take note that the block was found closed."""

    if TYPE_CHECKING:

        def take_part(self, interval: BlockInterval) -> None:
            """Set up an interval in which the block is open."""

    Opening: TypeAlias = "tuple[Block, Flag]"


class Interval:
    """A stretch of time in one context, with a `number` of its own.

    `blocks` are the blocks that are open, oldest first, each with the flag of its opening. `tapes` are those of them
    that record; in `accessed` they note the variables that are used. `detector` looks for nan and inf. If `enabled` is
    false (`no_grad`), nothing is recorded. The interval is `plain` if exactly the tracked values are followed: it is
    enabled, no tape watches a constant, and there is no detector. `tracer` follows all numbers for `compile`. `moment`
    is the clock's moment when the interval began.
    """

    __slots__ = ()

    number = 0
    moment: object = None
    blocks: tuple[Block.Opening, ...] = ()
    tapes: tuple[Recorder, ...] = ()
    accessed: tuple[dict[Any, None], ...] = ()
    detector: Detector | None = None
    enabled: bool = True
    plain: bool = True
    tracer: Tracer | None = None

    if TYPE_CHECKING:

        def is_open(self) -> bool:
            """Whether all of its blocks are still open."""


class BlockInterval(Interval):
    """An interval in which blocks are open; each block sets it up."""

    __slots__ = (
        *("accessed", "blocks", "detector", "enabled", "is_open", "moment", "number", "outer", "plain", "tapes"),
        "tracer",
    )

    def __init__(self, blocks: tuple[Block.Opening, ...], outer: Interval) -> None:
        self.moment = clock.moment  # before anything is asked of the blocks
        self.number = number = next_number()
        self.outer = outer
        self.blocks = blocks
        self.tapes = self.accessed = ()
        self.detector = self.tracer = None
        self.enabled = self.plain = True
        for block, _ in blocks:
            block.take_part(self)
        self.is_open = blocks[0][1].locked  # type: ignore[method-assign]
        if len(blocks) > 1:
            self.is_open = partial(all_true, [flag.locked for _, flag in blocks])  # type: ignore[method-assign]
        tapes: tuple[Recorder, ...] = self.tapes
        for tape in tapes:
            tape.intervals.add(number)
            if not self.plain:
                tape.selective = True


def all_true(asked: Sequence[Callable[[], bool]]) -> bool:
    return all(map(call, asked))


class Clock:
    """The clock of all contexts: `moment` is a new object after each event that changes what an open block means."""

    __slots__ = ("moment",)

    moment: object

    def strike(self) -> None:
        """Note an event. It ends all intervals in which blocks are open, in every context."""
        self.moment = object()


class Scope:
    """The blocks of a context and its running interval; blocks that are found closed are dropped."""

    __slots__ = ("blocks", "interval")

    def __init__(self, blocks: tuple[Block.Opening, ...], interval: Interval) -> None:
        self.blocks = blocks
        self.interval = interval

    def renew(self) -> Interval:
        """The next interval, after an event, perhaps in another context, or after the end of a block."""
        blocks: tuple[Block.Opening, ...] = ()
        for opening in self.blocks:
            block, flag = opening
            if block.flag is flag and flag.locked():
                blocks += (opening,)
                continue
            block.note_end()
            open_blocks.pop(id(flag), None)
        self.blocks = blocks
        if not blocks:
            self.interval = AMBIENT
            return AMBIENT
        outer: Interval = getattr(self.interval, "outer", AMBIENT)
        if outer.blocks == blocks and outer.moment is clock.moment:
            self.interval = outer  # which ran when the block that is now closed was opened
        else:
            self.interval = BlockInterval(blocks, getattr(outer, "outer", AMBIENT))
        return self.interval


next_number = count(1).__next__
clock = Clock()
clock.strike()
AMBIENT = Interval()  # the interval of every context that has no block open
context: ContextVar[Scope] = ContextVar("scalargrad_recording", default=Scope((), AMBIENT))  # noqa: B039


def current() -> Interval:
    """The interval of the running context: a thread's or an async task's own."""
    if not open_blocks:
        return AMBIENT
    scope = context.get()
    interval = scope.interval
    if interval is AMBIENT or (interval.moment is clock.moment and interval.is_open()):
        return interval
    return scope.renew()


def tracer() -> Any:
    """The tracer of the running context, or None."""
    return current().tracer if open_blocks else None


def refuse_in_trace(what: str, value: Any) -> None:
    """Raise if a function is being traced: the trace would miss what is asked of the value."""
    if open_blocks and (tracing := current().tracer) is not None:
        tracing.refuse(what, value)


# ---- Blocks ----------------------------------------------------------------------------------------------------------


def forget_closed_blocks() -> None:
    """Drop closed blocks from `open_blocks` if their own contexts, which may never run again, have not noticed."""
    for key, flag in open_blocks.copy().items():  # copied at once, since other threads may add some
        if not flag.locked():
            open_blocks.pop(key, None)


def open_block(block: Block) -> None:
    """Open a block in the running context."""
    if not block.is_fresh:
        block.flag = allocate_lock()
    block.is_fresh = False
    flag = block.flag
    scope = context.get()
    outer = current() if scope.blocks else AMBIENT
    if open_blocks:
        forget_closed_blocks()
    flag.acquire(False)
    open_blocks[id(flag)] = flag
    here = new(Scope)
    here.blocks = blocks = (*scope.blocks, (block, flag))
    here.interval = BlockInterval(blocks, outer)
    if COLLECTS_ANYWHERE and gc.isenabled():
        try:
            gc.disable()
            context.set(here)
        finally:
            gc.enable()
    else:
        context.set(here)


# Up to Python 3.11 the collector may start wherever an object is made, even inside `ContextVar.set`. If it then ran a
# finaliser that opens a block, the inner `set` would free what the outer one reads, and the interpreter would crash.
COLLECTS_ANYWHERE = sys.version_info < (3, 12)


def close_block(block: Block) -> None:
    """Close a block before its `with` statement ends."""
    open_blocks.pop(id(block.flag), None)
    block.flag = SHUT
    clock.strike()
