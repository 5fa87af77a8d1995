"""Who records, and when: the intervals that nodes are stamped with.

Time is cut into intervals: a new one begins whenever a tape starts or stops and whenever a leaf is assigned. Every
node keeps the interval that it was made in, one shared object, and that single reference answers three questions:
which tapes saw the node, whether a leaf was assigned after it, and why a tape did not see it.

Most programs have no tape open most of the time, so what a node needs then is one look at `clock.idle`. As soon as a
tape or a `no_grad` block is open in any thread, that is `None` and every node asks `current()` for its own context.
"""

from __future__ import annotations

from _thread import allocate_lock
from contextvars import ContextVar

from .registry import in_place_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, Never, ParamSpec, TypeAlias, TypeVar

    from .anomaly import detect_anomaly
    from .tape import GradientTape
    from .tracing import Trace
    from .transforms import Run
    from .value import Value
    from .variable import Variable

    P = ParamSpec("P")
    R = TypeVar("R")

    Recorder: TypeAlias = GradientTape | Run


class Block:
    """What a `with` statement opens: a tape, a pause, the run of a transform, ..."""

    __slots__ = ("open",)

    open: int  # the serial of its opening; 0 while it is closed

    def __init__(self) -> None:
        self.open = 0

    def __enter__(self) -> Any:
        open_block(self)

    def __exit__(self, *error: object) -> None:
        close_block(self)

    if TYPE_CHECKING:

        def take_part(self, interval: BlockInterval) -> None:
            """Set what the block means for an interval that it is open in."""


class Interval:
    """A stretch of time between two events, in one context; `serial` orders them all.

    `blocks` are the tapes and pauses open in the context, each with the serial of its opening, oldest first; `tapes`
    those tapes among them that record.
    `accessed` is where they note which variables are used, `detector` what looks for numbers gone wrong. With `enabled`
    false (`no_grad`) nothing is recorded. It is `plain` if values are followed just where they are tracked: enabled, no
    tape asked to watch a constant, and no detector. `tracer` is what follows all numbers for `compile`.
    """

    __slots__ = ("serial",)

    serial: int
    blocks: tuple[tuple[Block, int], ...] = ()
    tapes: tuple[Recorder, ...] = ()
    accessed: dict[Variable, None] | AccessedByAll | None = None
    detector: detect_anomaly | None = None
    enabled: bool = True
    plain: bool = True
    tracer: Trace | None = None

    def __init__(self, serial: int) -> None:
        self.serial = serial


class BlockInterval(Interval):
    """An interval in which blocks are open; each says what it means for the interval."""

    __slots__ = ("accessed", "blocks", "detector", "enabled", "plain", "tapes", "tracer")

    def __init__(self, serial: int, blocks: tuple[tuple[Block, int], ...]) -> None:
        self.serial = serial
        self.blocks = blocks
        self.tapes = ()
        self.accessed = None
        self.detector = None
        self.tracer = None
        self.enabled = self.plain = True
        for block, _ in blocks:
            block.take_part(self)
        if not self.plain:
            tapes: tuple[Recorder, ...] = self.tapes
            for tape in tapes:
                tape.selective = True


class AccessedByAll:
    """The notes of several tapes on the variables used, to be written to as if they were one."""

    __slots__ = ("notes",)

    def __init__(self, *notes: dict[Variable, None] | AccessedByAll) -> None:
        self.notes = notes

    def __setitem__(self, variable: Variable, nothing: None) -> None:
        for note in self.notes:
            note[variable] = nothing


class Clock:
    """What all threads share: `serial` counts the events, `idle` is the interval that runs where no block is open.

    `idle` is `None` while a block is open in any thread, so that each looks for its own interval. `ambient` is what
    those that have no block open find then.
    """

    __slots__ = ("ambient", "idle", "lock", "open_blocks", "serial")

    def __init__(self) -> None:
        self.lock = allocate_lock()
        self.open_blocks = 0
        self.serial = 0
        self.ambient = Interval(0)
        self.idle: Interval | None = self.ambient


clock = Clock()
context: ContextVar[Interval] = ContextVar("scalargrad_recording", default=Interval(-1))  # noqa: B039  (nothing writes to it)


def current() -> Interval:
    """The interval of the running context: a thread's or an async task's own."""
    interval = context.get()
    serial = clock.serial
    if interval.serial == serial:
        return interval
    # Something happened since, perhaps elsewhere: a block that a parent task has left is no longer open here, nor is
    # one that was left and opened again elsewhere.
    blocks = tuple([(block, opening) for block, opening in interval.blocks if block.open == opening])
    if blocks:
        interval = BlockInterval(serial, blocks)
        context.set(interval)
        return interval
    ambient = clock.ambient
    if ambient.serial != serial:
        ambient = clock.ambient = Interval(serial)
    return ambient


def tracer() -> Trace | None:
    """What traces in the running context, if anything does."""
    return None if clock.idle else current().tracer


def number_in_trace(value: Value) -> Any:
    """The number of a value, or what stands for it if this context traces."""
    tracing = current().tracer
    return value._data if tracing is None else tracing.number_of(value)


def refuse_in_trace(what: str, value: Value) -> None:
    """Raise where a function is traced and what is asked of a value would be lost to that."""
    if clock.idle is None and (tracing := current().tracer) is not None:
        tracing.refuse(what, value)


def shown(value: Value, spec: str | None = None) -> str:
    """The number of a value as text."""
    refuse_in_trace("text", value)
    return repr(value._data) if spec is None else format(value._data, spec)


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


def begin_interval() -> Interval:
    """Begin a new interval in every context, since a leaf was assigned or a tape asked to watch something.

    A node reads its interval before it reads its operands, and a leaf writes its number before it comes here, so
    that with threads, too, a node can be taken for older than it is but never for younger.
    """
    with clock.lock:
        clock.serial += 1
        if not clock.open_blocks:
            clock.idle = Interval(clock.serial)
    return clock.idle or current()


def open_block(block: Block) -> int:
    """Put a block into the running context; gives the serial of the interval that begins with it."""
    clock.lock.acquire()  # by hand here and below, since `with` takes twice as long
    try:
        began = clock.serial = clock.serial + 1
        clock.open_blocks += 1
        clock.idle = None
    finally:
        clock.lock.release()
    blocks: tuple[tuple[Block, int], ...] = ((block, began),)
    for other, opening in context.get().blocks[::-1]:
        if other.open == opening and other is not block:
            blocks = ((other, opening), *blocks)
    block.open = began
    context.set(BlockInterval(began, blocks))
    return began


def close_block(block: Block) -> int:
    """Take a block, wherever it stands, out of the running context; gives the serial of what begins then."""
    block.open = 0
    clock.lock.acquire()
    try:
        ended = clock.serial = clock.serial + 1
        clock.open_blocks -= 1
        if not clock.open_blocks:
            clock.idle = Interval(ended)
    finally:
        clock.lock.release()
    # The context still names the block; `current` and `open_block` leave out what is not open.
    return ended


class Pause(Block):
    """The time in which one tape does not record although its block is open: the context of `stop_recording`."""

    __slots__ = ("tape",)

    def __init__(self, tape: GradientTape) -> None:
        self.open = 0
        self.tape = tape

    def __enter__(self) -> None:
        if self.open:
            raise ValueError("recording has stopped in this block already; call stop_recording() again for another one")
        open_block(self)

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

    >>> import scalargrad as sg
    >>> x = sg.Value(2.0)
    >>> with sg.no_grad():
    ...     y = x * x
    >>> y
    constant(4.0)
    """

    __slots__ = ("_entered",)

    def __init__(self, *misplaced: Never) -> None:
        if misplaced:
            raise TypeError(f"no_grad() takes no arguments, got {misplaced[0]!r}; decorate functions with @no_grad()")
        self.open = 0
        self._entered: list[no_grad] = []

    def take_part(self, interval: BlockInterval) -> None:
        """Say to an interval that nothing is recorded in it."""
        interval.enabled = interval.plain = False

    def __enter__(self) -> None:
        block = no_grad()
        self._entered.append(block)
        open_block(block)

    def __exit__(self, *error: object) -> None:
        if not self._entered:
            raise RuntimeError("this no_grad() has not been entered, or was left already; use it as `with no_grad():`")
        here = [block for block, _ in context.get().blocks]
        mine = [block for block in self._entered if block in here]  # another thread may have entered it since
        block = (mine or self._entered)[-1]
        self._entered.remove(block)
        close_block(block)

    def __call__(self, function: Callable[P, R]) -> Callable[P, R]:
        """Wrap a function, a generator function or a coroutine function so that its body runs within `no_grad`."""
        if not callable(function):
            raise TypeError(f"no_grad() decorates a function, not {function!r} ({type(function).__name__})")

        def without_recording(*args: Any, **kwargs: Any) -> Any:
            with no_grad():
                return function(*args, **kwargs)

        async def coroutine_without_recording(*args: Any, **kwargs: Any) -> Any:
            with no_grad():
                return await function(*args, **kwargs)  # type: ignore[misc]

        def generator_without_recording(*args: Any, **kwargs: Any) -> Any:
            generator: Any = function(*args, **kwargs)
            go_on, sent = generator.send, None
            try:
                while True:
                    with no_grad():
                        item = go_on(sent)
                    try:
                        go_on, sent = generator.send, (yield item)
                    except Exception as error:
                        go_on, sent = generator.throw, error
            except StopIteration as end:
                return end.value
            finally:
                with no_grad():
                    generator.close()

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
