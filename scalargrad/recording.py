"""Who records, and when: the intervals that nodes are stamped with.

Time is cut into intervals: a new one begins whenever a tape starts or stops and whenever a leaf is assigned. Every
node keeps the interval that it was made in, one shared object, and that single reference answers three questions:
which tapes saw the node, whether a leaf was assigned after it, and why a tape did not see it.

Most programs have no tape open most of the time, so what a node needs then is one look at `open_blocks`, which is
empty. Otherwise every node asks `current()` for the interval of its own context.

A block is closed by releasing its flag, which is a lock only because the `__exit__` of a lock is code in C: no
interrupt can come between the end of a block and its closing, and where the garbage collector closes a generator that
held a block open, no code of this package runs. That a block was closed is noticed by whoever looks next.
"""

from __future__ import annotations

import gc
import sys
from _thread import allocate_lock, get_ident
from collections import deque
from contextvars import ContextVar
from functools import partial
from itertools import chain, repeat
from operator import call

from .registry import in_place_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Sequence
    from typing import Any, Never, ParamSpec, TypeAlias, TypeVar

    from .anomaly import detect_anomaly
    from .tape import GradientTape
    from .tracing import Trace
    from .transforms import Run
    from .value import Value
    from .variable import Variable

    P = ParamSpec("P")
    R = TypeVar("R")

    Flag: TypeAlias = Any  # a lock, locked while its block is open
    Recorder: TypeAlias = GradientTape | Run

SHUT = allocate_lock()  # the flag of a block that was never opened

# The flags of all blocks that are open, in any thread, and of some that have been closed since.
open_blocks: dict[int, Flag] = {}

new = object.__new__


class Exit(property):
    """`__exit__` of a block: that of its flag. A `with` statement asks for it before it enters the block."""

    def __call__(self, block: Block, *_: object) -> None:
        """Leave a block in the way of `contextlib.ExitStack`, which asks the class and not the block."""
        block.leave()


class Block:
    """What a `with` statement opens: a tape, a pause, the run of a transform, ...

    Each opening has a flag of its own, so that a context that has seen the block before does not take it for open.
    """

    __slots__ = ("flag", "is_fresh")

    flag: Flag
    is_fresh: bool  # whether the flag waits for the opening that it was made for
    when_open = "this block is open already; make another one"

    def __init__(self) -> None:
        self.flag = SHUT
        self.is_fresh = False

    def prepare(self) -> Callable[..., None]:
        """What leaves the block, which is open, or else about to be."""
        flag = self.flag
        if not flag.locked():
            flag = self.flag = allocate_lock()
            self.is_fresh = True
        return flag.__exit__  # type: ignore[no-any-return]

    __exit__ = Exit(prepare)

    def __enter__(self) -> Any:
        """Open the block; interrupted, it is closed. Raises ValueError if it is open already."""
        if self.flag.locked():
            raise ValueError(self.when_open)
        try:
            self.begin()
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

    def begin(self) -> None:
        """Open the block, which is closed."""
        open_block(self)

    def note_end(self, serial: int, /) -> None:
        """Take note that the block was found closed when an interval began."""

    if TYPE_CHECKING:

        def take_part(self, interval: BlockInterval) -> None:
            """Set what the block means for an interval that it is open in."""

    Opening: TypeAlias = "tuple[Block, Flag]"


class Interval:
    """A stretch of time between two events, in one context; `serial` orders them all.

    `blocks` are the tapes and pauses open in the context, oldest first, each with the flag of its opening; `tapes` are
    those tapes among them that record.
    `accessed` is where they note which variables are used, `detector` what looks for numbers gone wrong. With `enabled`
    false (`no_grad`) nothing is recorded. It is `plain` if values are followed just where they are tracked: enabled, no
    tape asked to watch a constant, and no detector. `tracer` is what follows all numbers for `compile`.
    """

    __slots__ = ("serial",)

    serial: int
    blocks: tuple[Block.Opening, ...] = ()
    tapes: tuple[Recorder, ...] = ()
    accessed: dict[Variable, None] | AccessedByAll | None = None
    detector: detect_anomaly | None = None
    enabled: bool = True
    plain: bool = True
    tracer: Trace | None = None

    def __init__(self, serial: int) -> None:
        self.serial = serial

    def is_open(self) -> bool:
        """Whether all of its blocks are open still."""
        return True


class BlockInterval(Interval):
    """An interval in which blocks are open; each says what it means for the interval."""

    __slots__ = ("accessed", "blocks", "detector", "enabled", "is_open", "plain", "tapes", "tracer")

    def __init__(self, serial: int, blocks: tuple[Block.Opening, ...]) -> None:
        self.serial = serial
        self.blocks = blocks
        self.tapes = ()
        self.accessed = None
        self.detector = None
        self.tracer = None
        self.enabled = self.plain = True
        asked = [flag.locked for _, flag in blocks]
        self.is_open = asked[0] if len(asked) == 1 else partial(all_true, asked)  # type: ignore[method-assign]
        for block, _ in blocks:
            block.take_part(self)
        if not self.plain:
            tapes: tuple[Recorder, ...] = self.tapes
            for tape in tapes:
                tape.selective = True


def all_true(asked: Sequence[Callable[[], bool]]) -> bool:
    return all(map(call, asked))


class AccessedByAll:
    """The notes of several tapes on the variables used, to be written to as if they were one."""

    __slots__ = ("notes",)

    def __init__(self, *notes: dict[Variable, None] | AccessedByAll) -> None:
        self.notes = notes

    def __setitem__(self, variable: Variable, nothing: None) -> None:
        for note in self.notes:
            note[variable] = nothing


class Clock:
    """What all threads share: `ambient`, the interval of every context that has no block open.

    Its serial is that of the latest event.
    """

    __slots__ = ("ambient",)

    def __init__(self) -> None:
        self.ambient = Interval(0)


class Scope:
    """The blocks of a context, and the interval that runs in it: those that are found closed are left out."""

    __slots__ = ("blocks", "interval")

    def __init__(self, blocks: tuple[Block.Opening, ...], interval: Interval) -> None:
        self.blocks = blocks
        self.interval = interval

    def renew(self) -> Interval:
        """Begin an interval, since something happened: an event, perhaps elsewhere, or the end of a block."""
        blocks, ended = [], 0
        for opening in self.blocks:
            block, flag = opening
            if block.flag is flag and flag.locked():
                blocks.append(opening)
                continue
            ended = ended or begin_interval().serial
            block.note_end(ended)
            open_blocks.pop(id(flag), None)
        if ended:
            self.blocks = tuple(blocks)
        ambient = clock.ambient
        self.interval = interval = BlockInterval(ambient.serial, self.blocks) if blocks else ambient
        return interval


clock = Clock()
context: ContextVar[Scope] = ContextVar("scalargrad_recording", default=Scope((), clock.ambient))  # noqa: B039


def current() -> Interval:
    """The interval of the running context: a thread's or an async task's own."""
    if not open_blocks:
        return clock.ambient
    scope = context.get()
    interval = scope.interval
    return interval if interval.serial == clock.ambient.serial and interval.is_open() else scope.renew()


def tracer() -> Trace | None:
    """What traces in the running context, if anything does."""
    return current().tracer if open_blocks else None


def number_in_trace(value: Value) -> Any:
    """The number of a value, or what stands for it if this context traces."""
    tracing = current().tracer
    return value._data if tracing is None else tracing.number_of(value)


def refuse_in_trace(what: str, value: Value) -> None:
    """Raise where a function is traced and what is asked of a value would be lost to that."""
    if open_blocks and (tracing := current().tracer) is not None:
        tracing.refuse(what, value)


def shown(value: Value, spec: str | None = None) -> str:
    """The number of a value as text."""
    refuse_in_trace("text", value)
    return repr(value._data) if spec is None else format(value._data, spec)


# ---- Events ----------------------------------------------------------------------------------------------------------

# There is no lock. An event is one statement that calls nothing, or one call of code in C, and in CPython neither
# another thread nor an interrupt comes in the middle of these.

# Runs through an iterator, in C.
drain = deque(maxlen=0).extend  # type: ignore[var-annotated]


def begin_interval() -> Interval:
    """Begin a new interval in every context; gives that of the contexts without blocks."""
    ambient = new(Interval)
    ambient.serial, clock.ambient = clock.ambient.serial + 1, ambient
    return ambient


def assign_leaf(leaf: Value, number: Any) -> None:
    """Give a leaf a number, and begin a new interval in every context.

    A node reads its interval before it reads its operands, and a leaf gets its number before its interval, so that
    with threads, too, a node can be taken for older than it is but never for younger.
    """
    ambient = new(Interval)
    leaf._data, ambient.serial, clock.ambient, leaf.interval = number, clock.ambient.serial + 1, ambient, ambient


def assign_at_once(
    kind: type[Value], leaves: Sequence[Value], numbers: Iterable[Any], *then: Callable[[], Any]
) -> None:
    """As `assign_leaf`, for several leaves of a kind as one event; what is `then` called, in C, is part of it."""
    ambient = new(Interval)
    slots: Any = kind
    steps = chain(
        map(slots._data.__set__, leaves, numbers),
        map(setattr, (clock,), ("ambient",), (ambient,)),
        map(slots.interval.__set__, leaves, repeat(ambient)),
        map(call, then),
    )
    ambient.serial = clock.ambient.serial + 1
    drain(steps)


def refuse_assigned(node: Value) -> None:
    """Raise RuntimeError if a leaf among the operands of a node was assigned since the node was made."""
    leaf = assigned_since(node)
    if leaf is not None:
        raise RuntimeError(
            f"{leaf!r} was assigned after {node.operation} used it, so this derivative would mix its two numbers; "
            "take the gradient before assigning"
        )


def assigned_since(node: Value) -> Value | None:
    """A leaf among the operands that was assigned after the node was made."""
    for operand in node.operands:
        assigned = getattr(operand, "interval", None)
        if assigned is not None and not operand._operation and assigned.serial > node.interval.serial:
            return operand  # type: ignore[no-any-return]
    return None


# ---- Blocks ----------------------------------------------------------------------------------------------------------


def forget_closed_blocks() -> None:
    """Take out of `open_blocks` what was closed and what its own context has not noticed, since it does no more."""
    for key, flag in [*open_blocks.items()]:
        if not flag.locked():
            open_blocks.pop(key, None)


def open_block(block: Block) -> int:
    """Put a block into the running context; gives the serial of the interval that begins with it."""
    if not block.is_fresh:
        block.flag = allocate_lock()
    block.is_fresh = False
    flag = block.flag
    scope = context.get()
    if scope.blocks:
        scope.renew()
    if open_blocks:
        forget_closed_blocks()
    flag.acquire(False)
    open_blocks[id(flag)] = flag
    began = begin_interval().serial
    here = new(Scope)
    here.blocks = blocks = (*scope.blocks, (block, flag))
    here.interval = BlockInterval(began, blocks)
    if COLLECTS_ANYWHERE and gc.isenabled():
        try:
            gc.disable()
            context.set(here)
        finally:
            gc.enable()
    else:
        context.set(here)
    return began


# Until 3.11 the collector may begin wherever an object is made, in the midst of `ContextVar.set` too. If it came upon
# a finaliser that opens a block then, the inner `set` would free what the outer one reads: the interpreter crashes.
COLLECTS_ANYWHERE = sys.version_info < (3, 12)


def close_block(block: Block) -> int:
    """Close a block before its `with` statement ends; gives the serial of the interval that begins then."""
    open_blocks.pop(id(block.flag), None)
    block.flag = SHUT
    return begin_interval().serial


class Pause(Block):
    """The time in which one tape does not record although its block is open: the context of `stop_recording`."""

    __slots__ = ("tape",)

    when_open = "recording has stopped in this block already; call stop_recording() again for another one"

    def __init__(self, tape: GradientTape) -> None:
        super().__init__()
        self.tape = tape

    def take_part(self, interval: BlockInterval) -> None:
        """Set the tape aside."""
        others = [tape for tape in interval.tapes if tape is not self.tape]
        interval.tapes = ()
        interval.accessed = None
        for tape in others:
            tape.take_part(interval)


class no_grad(Block):  # noqa: N801  (a verb phrase, as in PyTorch)
    """A context, or a decorator, in which nothing is recorded: every result is a constant.

    It belongs to the running thread or async task alone. Use it where gradients are not wanted, so that an
    evaluation loop, or `total += loss`, does not grow a graph.

    Around a `yield` it stays open while the generator waits, and so it holds for whoever asks for the next item, too.
    Decorate the generator function instead: then only its own body runs without recording.

    >>> import scalargrad as sg
    >>> x = sg.Value(2.0)
    >>> with sg.no_grad():
    ...     y = x * x
    >>> y
    constant(4.0)
    """

    # An object that serves several `with` statements, in one another or in several threads, is a block itself for the
    # first alone, whose thread is the `owner`; for the others it makes blocks.
    __slots__ = ("others", "owner")

    def __init__(self, *misplaced: Never) -> None:
        if misplaced:
            raise TypeError(f"no_grad() takes no arguments, got {misplaced[0]!r}; decorate functions with @no_grad()")
        self.flag = SHUT
        self.is_fresh = False
        self.others: tuple[no_grad, ...] = ()
        self.owner: int | None = None

    def take_part(self, interval: BlockInterval) -> None:
        """Say to an interval that nothing is recorded in it."""
        interval.enabled = interval.plain = False

    def prepare(self) -> Callable[..., None]:
        """What leaves the block: the flag's own way out for the first `with` statement."""
        thread = get_ident()
        if self.owner is None and not self.others:
            self.owner = thread  # no other thread comes in between, since nothing is called
            flag = self.flag = allocate_lock()
            self.is_fresh = True
            return flag.__exit__
        return partial(type(self).__exit__, self)

    __exit__ = Exit(prepare)

    def __enter__(self) -> no_grad:
        if not self.is_fresh or self.owner != get_ident():
            other = no_grad()
            self.others += (other,)
            Block.prepare(other)
            return Block.__enter__(other)  # type: ignore[no-any-return]
        return Block.__enter__(self)  # type: ignore[no-any-return]

    def leave(self) -> None:
        """Leave the latest of its openings, of those in this context if there are any.

        Raises RuntimeError if there is none.
        """
        opened = [each for each in (self, *self.others) if each.is_open]
        here = {each for each, _ in context.get().blocks}
        mine = [each for each in opened if each in here]  # another thread may have entered it since
        if not opened:
            raise RuntimeError("this no_grad() has not been entered, or was left already; use it as `with no_grad():`")
        Block.leave((mine or opened)[-1])
        self.others = tuple([each for each in self.others if each.is_open])

    def __call__(self, function: Callable[P, R]) -> Callable[P, R]:
        """Wrap a function, a generator function or a coroutine function so that its body runs within `no_grad`."""
        if isinstance(function, (classmethod, staticmethod)):
            return type(function)(self(function.__func__))
        if not callable(function):
            raise TypeError(f"no_grad() decorates a function, not {function!r} ({type(function).__name__})")

        def without_recording(*args: Any, **kwargs: Any) -> Any:
            with no_grad():
                return function(*args, **kwargs)

        async def coroutine_without_recording(*args: Any, **kwargs: Any) -> Any:
            with no_grad():
                return await function(*args, **kwargs)  # type: ignore[misc]

        def generator_without_recording(*args: Any, **kwargs: Any) -> Any:
            return GeneratorWithoutRecording(function(*args, **kwargs))  # type: ignore[arg-type]

        # The flags of inspect.CO_GENERATOR, CO_COROUTINE and CO_ASYNC_GENERATOR, without the cost of importing inspect.
        flags = getattr(getattr(function, "__code__", None), "co_flags", 0)
        if flags & 0x200:
            raise TypeError(
                f"no_grad cannot decorate {function!r}, an async generator; use `with no_grad():` inside it"
            )
        wrapper: Any = without_recording
        if flags & 0x20:
            wrapper = generator_without_recording
        elif flags & 0x80:
            wrapper = coroutine_without_recording
        return in_place_of(function, wrapper)  # type: ignore[no-any-return]


class GeneratorWithoutRecording:
    """A generator whose body runs within `no_grad`, and whose consumer does not.

    It is no generator itself: when it is dropped half way, Python closes the one inside, and nothing else runs.
    """

    def __init__(self, generator: Generator[Any, Any, Any]) -> None:
        self._generator = generator

    def __iter__(self) -> GeneratorWithoutRecording:
        return self

    def __next__(self) -> Any:
        with no_grad():
            return next(self._generator)

    def send(self, value: Any) -> Any:
        """Go on with a value for the `yield` at which it stands."""
        with no_grad():
            return self._generator.send(value)

    def throw(self, *error: Any) -> Any:
        """Go on with an exception at the `yield` at which it stands."""
        with no_grad():
            return self._generator.throw(*error)

    def close(self) -> None:
        """End it where it stands."""
        with no_grad():
            self._generator.close()
