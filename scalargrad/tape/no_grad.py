"""`no_grad`: a block, or a decorator of functions, in which nothing is recorded."""

from __future__ import annotations

from _thread import allocate_lock, get_ident
from functools import partial

from ..checks import brief, in_place_of
from ..engine.contexts import SHUT, Block, Exit, context

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from typing import Any, Never, ParamSpec, TypeVar

    from ..engine.contexts import BlockInterval

    P = ParamSpec("P")
    R = TypeVar("R")


class no_grad(Block):  # noqa: N801  (a verb phrase, as in PyTorch)
    """A context, or a decorator, in which nothing is recorded: every result is a constant.

    It applies to the running thread or async task only. Use it where gradients are not wanted, so that an evaluation
    loop, or `total += loss`, does not grow a graph.

    Around a `yield` it stays open while the generator waits, so it applies to the code that asks for the next item,
    too. Decorate the generator function instead: then only its own body runs without recording.

    >>> import scalargrad as sg
    >>> x = sg.Value(2.0)
    >>> with sg.no_grad():
    ...     y = x * x
    >>> y
    constant(4.0)
    """

    # One object may serve several `with` statements, nested or in several threads. It is the block of the first, whose
    # thread is the `owner`; for the others it makes blocks.
    __slots__ = ("others", "owner")

    def __init__(self, *misplaced: Never) -> None:
        if misplaced:
            raise TypeError(
                f"no_grad() takes no arguments, got {brief(misplaced[0])}; decorate functions with @no_grad()"
            )
        self.flag = SHUT
        self.is_fresh = False
        self.others: tuple[no_grad, ...] = ()
        self.owner: int | None = None

    def take_part(self, interval: BlockInterval) -> None:
        """Set up an interval in which nothing is recorded."""
        interval.enabled = interval.plain = False

    def prepare(self) -> Callable[..., None]:
        """The function that leaves the block: for the first `with` statement, the flag's own `__exit__`."""
        thread = get_ident()
        if self.owner is None and not self.others:
            self.owner = thread  # no other thread can come in between, since nothing is called
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

        Raises RuntimeError if it has not been entered.
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

    It is not a generator itself: when it is dropped halfway, Python closes the one inside, and nothing else runs.
    """

    def __init__(self, generator: Generator[Any, Any, Any]) -> None:
        self._generator = generator

    def __iter__(self) -> GeneratorWithoutRecording:
        return self

    def __next__(self) -> Any:
        with no_grad():
            return next(self._generator)

    def send(self, value: Any) -> Any:
        """Resume with a value for the current `yield`."""
        with no_grad():
            return self._generator.send(value)

    def throw(self, *error: Any) -> Any:
        """Resume with an exception at the current `yield`."""
        with no_grad():
            return self._generator.throw(*error)

    def close(self) -> None:
        """Close the generator."""
        with no_grad():
            self._generator.close()
