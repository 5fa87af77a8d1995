"""Backpropagation: the reverse sweep over the rows that a result was computed from.

The chain rule, read backward: the adjoint of a row is d(target)/d(row), and

    adjoint(operand) = sum over the rows computed from it of adjoint(row) * d(row)/d(operand)

A row comes after its operands, so in descending order of serials every row is met when its adjoint is complete.
"""

from __future__ import annotations

from _thread import _local
from _weakref import ref

from .contexts import current, open_blocks
from .rows import (
    Handles,
    derivatives_of,
    elements_of_row,
    identity_of,
    is_many,
    next_serial,
    number_in,
    operands_of,
    operation_of,
    rows_below,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any, TypeAlias

    from .contexts import Recorder
    from .rows import Row

    Seeds: TypeAlias = Sequence[tuple[Row, Any]]


class Adjoints(dict[float, "Any"]):
    """The result of a sweep: the adjoint of each leaf and each row that it reached, by identity."""

    __slots__ = ("__weakref__",)

    def of(self, row: Row) -> Any:
        """The adjoint of a row, None if the sweep did not reach it; for many numbers, a list with one for each."""
        if not is_many(row):
            return self.get(identity_of(row))
        found = [self.of(element) for element in elements_of_row(row)]
        return None if found.count(None) == len(found) else found

    def add(self, row: Row, term: Any) -> None:
        """Add a term to the adjoint of a row; for many numbers, a list of terms."""
        if is_many(row):
            for element, part in zip(elements_of_row(row), term):
                self.add(element, part)
        else:
            identity = identity_of(row)
            self[identity] = self[identity] + term if identity in self else term


def reverse_sweep(
    seeds: Seeds,
    recorder: Recorder | None = None,
    follows: Callable[[Row, Row], bool] | None = None,
    on_row: Callable[[Row], Any] | None = None,
) -> Adjoints:
    """The adjoints of everything that targets were computed from; `seeds` are the targets with their own adjoints.

    The local derivatives are the numbers recorded in the forward pass. With `on_row`, which gives a value for a row,
    the same rules compute them once more from values, so the adjoints are values with a record of their own. The sweep
    stops at rows that the `recorder` did not see, and carries nothing where `follows(row, operand)` is false.
    """
    adjoints = Adjoints()
    for target, seed in seeds:
        adjoints.add(target, seed)
    detector = current().detector
    if detector is not None and on_row is not None:  # so that an error speaks of the numbers first
        reverse_sweep([(target, number_in(seed)) for target, seed in seeds], recorder, follows)
    for row in reversed(rows_below([target for target, _ in seeds], recorder)):
        adjoint = adjoints.of(row)
        if adjoint is None:  # no gradient comes this way
            continue
        for operand, term in terms_of(row, adjoint, on_row):
            if follows is None or follows(row, operand):
                adjoints.add(operand, term)
                if detector is not None:
                    detector.check_adjoint(row, operand, adjoint, term, adjoints.of(operand))
    return adjoints


def terms_of(row: Row, adjoint: Any, on_row: Callable[[Row], Any] | None) -> list[tuple[Row, Any]]:
    """The terms that a row passes on: each followed operand, with adjoint * local derivative."""
    operands, operation = operands_of(row), operation_of(row)
    if operation.pull_back is not None:
        terms = operation.pull_back(row, adjoint, on_row)
    elif on_row is not None:
        terms = [None if local is None else product(adjoint, local) for local in derivatives_on(row, on_row)]
    else:
        terms = [None if local is None else adjoint * local for local in derivatives_of(row)]
    return [(operand, term) for operand, term in zip(operands, terms) if term is not None]


def derivatives_on(row: Row, on_row: Callable[[Row], Any]) -> Sequence[Any]:
    """The local derivatives of a row as values that depend on its operands."""
    wanted = [local is not None for local in derivatives_of(row)]
    operands = [on_row(x) if type(x) is tuple else x for x in operands_of(row)]
    derivatives: Sequence[Any] = operation_of(row).local_derivatives(operands, wanted)
    return derivatives


def product(x: Any, y: Any) -> Any:
    """x * y, without an operation for a factor of 1, as rules of sums give; a float times an integer is a float."""
    if (type(y) is int or type(y) is float) and y == 1 and type(number_in(x)) is not int:
        return x
    return y if type(x) is float and x == 1 and type(number_in(y)) is not int else x * y


def carry_back(seeds: Seeds, recorder: Recorder | None = None, on_row: Callable[[Row], Any] | None = None) -> Adjoints:
    """The reverse sweep over the rows that a recorder saw, in its fast form if there is one."""
    if on_row is None and fast_sweeps and not (open_blocks and current().detector is not None):
        found: Adjoints | None = fast_sweeps[0](seeds, recorder)
        if found is not None:
            return found
    return reverse_sweep(seeds, recorder, on_row=on_row)


fast_sweeps: list[Callable[..., Adjoints | None]] = []  # see `fast_sweep`, which may be missing


# ---- The latest passes -----------------------------------------------------------------------------------------------


MOST_KEPT = 100_000  # how many adjoints a thread keeps of its latest pass, if nobody holds the target

passes = Handles()  # the adjoints of passes, the latest last
thread = _local()


def keep(adjoints: Adjoints) -> None:
    """Make the gradients of inner values available as long as the target's handle, or the thread, holds them."""
    thread.latest = adjoints if len(adjoints) <= MOST_KEPT else None
    passes[next_serial()] = ref(adjoints)
    if len(passes) > passes.limit:
        passes.purge()


def latest_adjoint(row: Row) -> Any:
    """The adjoint that the latest pass gave to a row, None if no pass reached it."""
    passes.purge()  # so that no dead one is looked at twice
    for reference in reversed(passes.copy().values()):
        adjoints = reference()
        if adjoints is not None and (found := adjoints.of(row)) is not None:
            return found
    return None
