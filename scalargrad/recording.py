"""Who records, and when: the intervals that nodes are stamped with.

Time is cut into intervals: a new one begins whenever a tape starts or stops and whenever a leaf is assigned. Every
node keeps the interval that it was made in, one shared object, and that single reference answers three questions:
which tapes saw the node, whether a leaf was assigned after it, and why a tape did not see it.

Most programs have no tape open most of the time, so what a node needs then is one look at `idle`. As soon as a tape
or a `no_grad` block is open in any thread, `idle` is `None` and every node asks `current()` for its own context.
"""

from __future__ import annotations

from _thread import allocate_lock
from contextvars import ContextVar

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType
    from typing import ParamSpec, Protocol, TypeVar

    from .tape import GradientTape

    P = ParamSpec("P")
    R = TypeVar("R")

    class Block(Protocol):
        """What a `with` statement opens: a tape, or a pause."""

        open: bool

        def take_part(self, interval: Interval) -> None:
            """Set what the block means for an interval that it is open in."""


class Interval:
    """A stretch of time between two events, in one context; `serial` orders them all.

    `blocks` are the tapes and pauses open in the context, oldest first; `tapes` those tapes among them that record,
    `paused` those that `stop_recording` has set aside. With `enabled` false (`no_grad`) nothing is recorded. It is
    `plain` if values are followed just where they are tracked: enabled, and no tape was asked to watch a constant.
    """

    __slots__ = ("blocks", "enabled", "paused", "plain", "serial", "tapes")

    def __init__(self, serial: int, blocks: tuple[Block, ...] = ()) -> None:
        self.serial = serial
        self.blocks = blocks
        self.tapes: tuple[GradientTape, ...] = ()
        self.paused: tuple[GradientTape, ...] = ()
        self.enabled = self.plain = True
        for block in blocks:
            block.take_part(self)


_lock = allocate_lock()
context: ContextVar[Interval | None] = ContextVar("scalargrad_recording", default=None)
_open_blocks = 0
_ambient = Interval(0)
serial = 0
idle: Interval | None = _ambient


def current() -> Interval:
    """The interval of the running context: a thread's or an async task's own."""
    global _ambient
    interval = context.get()
    if interval is None:
        if _ambient.serial != serial:
            _ambient = Interval(serial)
        return _ambient
    if interval.serial != serial:
        # Something happened since, perhaps elsewhere: a block that a parent task has left is no longer open here.
        interval = Interval(serial, tuple([block for block in interval.blocks if block.open]))
        context.set(interval)
    return interval


def begin_interval() -> Interval:
    """Begin a new interval in every context, since a leaf was assigned or a tape asked to watch something.

    A node reads its interval before it reads its operands, and a leaf writes its number before it comes here, so
    that with threads, too, a node can be taken for older than it is but never for younger.
    """
    global serial, idle
    with _lock:
        serial += 1
        if not _open_blocks:
            idle = Interval(serial)
    return idle or current()


def open_block(block: Block) -> int:
    """Put a block into the running context; gives the serial of the interval that begins with it."""
    global serial, idle, _open_blocks
    with _lock:
        serial += 1
        _open_blocks += 1
        idle = None
    block.open = True
    before = context.get()
    rest = [other for other in before.blocks if other.open and other is not block] if before is not None else ()
    interval = Interval(serial, (*rest, block))
    context.set(interval)
    return interval.serial


def close_block(block: Block) -> int:
    """Take a block, wherever it stands, out of the running context; gives the serial of what begins then."""
    global serial, idle, _open_blocks
    block.open = False
    with _lock:
        serial += 1
        _open_blocks -= 1
        if not _open_blocks:
            idle = Interval(serial)
    # The context still names the block; `current` and `open_block` leave out what is not open.
    return serial


class Pause:
    """The time in which one tape does not record although its block is open."""

    __slots__ = ("open", "tape")

    def __init__(self, tape: GradientTape) -> None:
        self.open = False
        self.tape = tape

    def take_part(self, interval: Interval) -> None:
        interval.paused = (*interval.paused, self.tape)
        interval.tapes = tuple(tape for tape in interval.tapes if tape is not self.tape)


class no_grad:  # noqa: N801  (a verb phrase, as in PyTorch)
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

    __slots__ = ("_entered", "open")

    def __init__(self) -> None:
        self.open = False
        self._entered: list[no_grad] = []

    def take_part(self, interval: Interval) -> None:
        interval.enabled = interval.plain = False

    def __enter__(self) -> None:
        block = no_grad()
        self._entered.append(block)
        open_block(block)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        close_block(self._entered.pop())

    def __call__(self, function: Callable[P, R]) -> Callable[P, R]:
        """Wrap a function so that its body runs within `no_grad`."""

        def without_recording(*args: P.args, **kwargs: P.kwargs) -> R:
            with no_grad():
                return function(*args, **kwargs)

        for name in ("__module__", "__name__", "__qualname__", "__doc__"):
            setattr(without_recording, name, getattr(function, name, None))
        without_recording.__wrapped__ = function  # type: ignore[attr-defined]
        return without_recording
