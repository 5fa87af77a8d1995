"""One run of a function on fresh leaves, and the steps that all transforms share."""

from __future__ import annotations

import operator
import sys
from itertools import count

from ..checks import brief, in_place_of, is_array, is_integer, is_one_element, plural, require_callable
from ..engine.backprop import Adjoints, carry_back
from ..engine.contexts import Block, current
from ..engine.many import Values, elements, gathered, leaf_of_many
from ..engine.rows import NUMBER, elements_of_row, identity_of, is_many, operation_of, parents_of, rows_below
from ..engine.value import Value, leaf_number, make_leaf, new, number_of, on_row
from ..operations.elementary import identity, one_like, zero_like
from ..pytree import array_of, is_number, is_passed_over, refill, scalars_like, scalars_of, with_numbers
from .forward import forward_rows

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from typing import Any

    from ..engine.contexts import BlockInterval
    from ..engine.rows import Row

    Derivatives = list[dict[int, Any]]
    OnRow = Callable[[Row], Value] | None


class Run(Block):
    """One run of a function, with fresh leaves for the numbers of the arguments to differentiate with respect to.

    It is a block: rows that are made while it is open belong to the run. `nested` tells whether something outside could
    still differentiate the result.
    """

    __slots__ = (
        *("arguments", "followed", "has_structure", "intervals", "is_list", "leaves", "nested", "numbers"),
        *("selective", "zeros"),
    )

    def __init__(self, name: str, places: Sequence[int | str], arguments: Sequence[Any]) -> None:
        super().__init__()
        self.arguments = arguments
        self.selective = self.is_list = False
        self.intervals: set[int] = set()
        self.leaves: list[Any] = []  # a Value for each number, a Vector or a Matrix for each of those
        self.zeros: list[Any] = []
        outside = current()
        self.nested = outside.enabled and bool(outside.tapes)
        self.has_structure = {*map(type, arguments)} != {float}
        if not self.has_structure:  # a short way for functions of a few numbers, which may be called a million times
            self.numbers = arguments
            self.followed = {}
            return
        self.numbers = numbers_of(name, places, arguments)
        # A flat list of numbers is rebuilt for each row of a Jacobian, so it should need no walk through structures.
        self.is_list = (
            len(arguments) == 1 and type(arguments[0]) is list and all(map(operator.is_, arguments[0], self.numbers))
        ) and len(arguments[0]) == len(self.numbers)
        self.followed = (
            {i: x for i, x in enumerate(self.numbers) if isinstance(x, Value) and x.is_followed_in(outside)}
            if outside.enabled
            else {}
        )
        self.nested = self.nested or bool(self.followed)

    # -- the block

    def take_part(self, interval: BlockInterval) -> None:
        """Set up an interval in which the run records, even inside a `no_grad`."""
        if not interval.enabled:
            interval.enabled = True
            interval.plain = interval.detector is None
            interval.tapes = interval.accessed = ()
        interval.tapes += (self,)

    def watches(self, _: Value) -> bool:
        """False: a run follows its fresh leaves, which are tracked, and watches nothing else."""
        return False

    # -- what goes in

    def fresh_arguments(self) -> list[Any]:
        """The arguments with fresh leaves in place of their numbers; a value that is followed stays connected."""
        if not self.has_structure:
            self.leaves = [make_leaf(new(Value), x) for x in self.numbers]
            return self.leaves
        places = count()

        def leaf(_: Any) -> Value:
            place = next(places)
            x = self.numbers[place]
            self.leaves.append(identity(x) if place in self.followed else Value(number_of(x)))
            return self.leaves[-1]  # type: ignore[no-any-return]

        def leaf_of_array(array: Any) -> Any:
            return array_of([leaf(None) for _ in range(array.size)], array.shape)

        def leaf_of(many: Any) -> Any:
            if self.followed or current().tracer is not None:
                return gathered([leaf(None) for _ in many.row[NUMBER]], many.shape)
            numbers = [number_of(self.numbers[next(places)]) for _ in many.row[NUMBER]]
            self.leaves.append(leaf_of_many(tuple(map(leaf_number, numbers)), many.shape))
            return self.leaves[-1]

        return [with_numbers(argument, leaf, leaf_of_array, leaf_of, construct=True) for argument in self.arguments]

    @property
    def leaf_rows(self) -> list[Row]:
        """The rows of the leaves, one for each number; for a vector or matrix those of its elements."""
        return [
            row for leaf in self.leaves for row in (elements_of_row(leaf.row) if is_many(leaf.row) else (leaf.row,))
        ]

    def in_arguments(self, scalars: Iterable[Any], argnums: Any) -> Any:
        """Numbers in the structure of the arguments: the argument's own if `argnums` is one index, or else a tuple."""
        if not self.has_structure:
            found = tuple(scalars)
            return found[0] if isinstance(argnums, int) else found
        if self.is_list:
            return [*scalars] if isinstance(argnums, int) else ([*scalars],)
        scalars = iter(scalars)
        parts = [refill(argument, scalars) for argument in self.arguments]
        return parts[0] if isinstance(argnums, int) else tuple(parts)

    # -- what comes out

    def order(self, outputs: Sequence[Any]) -> list[Row]:
        """The rows between the leaves and the outputs, in order of their serials."""
        rows = rows_below([y.row for y in outputs if isinstance(y, Value)], self)
        if not self.followed:
            return rows
        leaves = {*map(identity_of, self.leaf_rows)}
        return [row for row in rows if identity_of(row) not in leaves]

    def outlives(self, outputs: Sequence[Any]) -> OnRow:
        """`on_row`, if something outside could still differentiate results of the recorded outputs, or else None."""
        if not self.nested:
            return None
        targets = [y.row for y in outputs if isinstance(y, Value) and y.is_tracked]
        rows = rows_below(targets, self)
        inside = {*map(identity_of, rows)}
        inside |= {identity_of(row) for i, row in enumerate(self.leaf_rows) if i not in self.followed}
        outlives = any(identity_of(y) not in inside for y in targets) or any(
            operation_of(row).pull_back is not None or any(identity_of(x) not in inside for x in parents_of(row))
            for row in rows
        )
        return on_row if outlives else None

    def adjoints(self, outputs: Sequence[tuple[Any, Any]], handle: OnRow) -> Adjoints:
        """The reverse sweep over the run, from outputs with their adjoints."""
        return carry_back([(y.row, seed) for y, seed in outputs if isinstance(y, Value)], self, handle)

    def gradient(self, adjoints: Adjoints) -> list[Any]:
        """The adjoint of each leaf, zero for one that the targets do not depend on."""
        found = []
        for leaf in self.leaves:
            adjoint, number = adjoints.of(leaf.row), leaf.row[NUMBER]
            if not isinstance(leaf, Value):
                adjoint = [None] * len(number) if adjoint is None else adjoint
                found += [zero_like(x) if own is None else own for x, own in zip(number, adjoint)]
            else:
                found.append(zero_like(number) if adjoint is None else adjoint)
        return found

    def product(self, given: Sequence[Any], outputs: Sequence[Any]) -> list[Any]:
        """The product of numbers or values with the derivatives of outputs with respect to the leaves."""
        followed = are_followed(given)
        seeds = zip(outputs, given if followed else map(number_of, given))
        return self.gradient(self.adjoints([*seeds], on_row if followed else self.outlives(outputs)))

    def rows(self, outputs: Sequence[Any], mode: str, handle: OnRow) -> Derivatives:
        """The derivatives of each output, by the indices of the leaves that it depends on."""
        targets = [y for y in outputs if isinstance(y, Value) and y.is_tracked]
        leaves = self.leaf_rows
        order = self.order(targets) if mode != "reverse" else []
        if mode == "forward" or (mode == "auto" and is_forward_cheaper(order, leaves, [y.row for y in targets])):
            tangents = {identity_of(leaf): {i: one_like(leaf[NUMBER])} for i, leaf in enumerate(leaves)}
            forward_rows(order, tangents, handle)
            return [tangents.get(identity_of(y.row), {}) if isinstance(y, Value) else {} for y in outputs]
        index = {identity_of(leaf): i for i, leaf in enumerate(leaves)}
        found: Derivatives = []
        for y in outputs:
            adjoints = self.adjoints([(y, one_like(y.row[NUMBER]))] if isinstance(y, Value) else [], handle)
            if self.followed or any(type(adjoint) is list for adjoint in adjoints.values()):
                found.append({i: a for i, row in enumerate(leaves) if (a := adjoints.of(row)) is not None})
            else:
                found.append({index[x]: adjoint for x, adjoint in adjoints.items() if x in index})
        return found

    def dense(self, row: dict[int, Any]) -> list[Any]:
        """A row of derivatives with the zeros that it leaves out."""
        if not self.zeros:
            self.zeros = [zero_like(row[NUMBER]) for row in self.leaf_rows]
        full = [*self.zeros]
        for index, derivative in row.items():
            full[index] = derivative
        return full


def numbers_of(name: str, places: Iterable[int | str], arguments: Iterable[Any]) -> list[Any]:
    """The numbers in some arguments, which are at these places of a call. Raises TypeError for anything else."""
    numbers = []
    for place, argument in zip(places, arguments):

        def refuse(part: Any, place: int | str = place, argument: Any = argument) -> Exception:
            return TypeError(
                f"{name} differentiates with respect to real numbers, Values, Vectors, arrays and nested lists, "
                f"tuples, dicts and dataclasses of them, got {brief(part)} ({type(part).__name__}) "
                f"{'as' if part is argument else 'in'} argument {place}"
            )

        numbers += scalars_of(argument, refuse)
        if is_passed_over(argument):
            raise refuse(argument)
    return numbers


def is_forward_cheaper(rows: Sequence[Row], leaves: Sequence[Row], outputs: Sequence[Row]) -> bool:
    """Whether the forward sweep of sparse rows has less to do than one reverse sweep for each output.

    The work of the forward sweep at a row is the number of leaves that the row depends on; that of the reverse sweeps
    is the number of outputs that depend on the row. Sets of leaves, and of outputs, are the bits of integers.
    """
    if any(operation_of(row).pull_back is not None for row in rows):
        return False  # a pullback only goes backward
    if len(outputs) == 1:
        return False  # one reverse sweep is enough
    below = {identity_of(leaf): 1 << i for i, leaf in enumerate(leaves)}
    above: dict[float, int] = {}
    for i, y in enumerate(outputs):
        above[identity_of(y)] = above.get(identity_of(y), 0) | 1 << i
    balance = 0
    parents = [[*map(identity_of, parents_of(row))] for row in rows]
    for row, identities in zip(rows, parents):
        bits = 0
        for x in identities:
            bits |= below.get(x, 0)
        below[identity_of(row)] = bits
        balance += bits.bit_count()
    for row, identities in zip(reversed(rows), reversed(parents)):
        bits = above[identity_of(row)]
        balance -= bits.bit_count()
        for x in identities:
            above[x] = above.get(x, 0) | bits
    return balance <= 0


# ---- Arguments and results -------------------------------------------------------------------------------------------


class Transform:
    """A function that a transform made from another one; it can be pickled if that one can."""

    __wrapped__: Callable[..., Any]

    def __init__(self, apply: Callable[..., Any], function: Callable[..., Any], **options: Any) -> None:
        require_callable(apply.__name__[1:], function)
        self._apply = apply
        self._options = options
        in_place_of(function, self)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._apply(self.__wrapped__, args, kwargs, **self._options)

    def __reduce__(self) -> Any:
        name = getattr(self, "__qualname__", "")
        if getattr(sys.modules.get(self.__module__), name, None) is self:
            return name  # a decorated function is pickled by its name, as functions are
        return remake, (self._apply, self.__wrapped__, self._options)

    def __repr__(self) -> str:
        return f"{self._apply.__name__[1:]}({self.__wrapped__!r})"


def remake(apply: Callable[..., Any], function: Callable[..., Any], options: dict[str, Any]) -> Transform:
    return Transform(apply, function, **options)


def places_of(name: str, function: Any, argnums: Any, args: Sequence[Any], kwargs: dict[str, Any]) -> list[Any]:
    """The places in a call of the arguments to differentiate with respect to: indices, or names of keywords.

    Raises TypeError if the call does not have them.
    """
    places: list[Any] = []
    for number in (argnums,) if isinstance(argnums, int) else argnums:
        if number < 0 and kwargs and any(x in kwargs for x in parameter_names(function, by_position=True)[len(args) :]):
            raise TypeError(
                f"{name} counts argument {number} of {function!r} from the last positional one, and "
                f"{', '.join(kwargs)} came by keyword; count from 0 to differentiate with respect to those"
            )
        if -len(args) <= number < len(args):
            places.append(number % len(args))
            continue
        names = parameter_names(function) if kwargs else []
        if not 0 <= number < len(names) or names[number] not in kwargs:
            raise TypeError(
                f"{name} differentiates with respect to argument {number} of {function!r}, which was called with "
                f"{plural(len(args), 'positional argument')} and {', '.join(kwargs) or 'no'} keywords; "
                f"{where_to_put(name)}"
            )
        places.append(names[number])
    if len({*places}) < len(places):
        raise ValueError(f"argnums of {name} names an argument twice: {brief(argnums)} of {len(args)}")
    return places


def parameter_names(function: Any, by_position: bool = False) -> list[str]:
    """The names of all parameters, or of those that may be passed by position."""
    import inspect  # which takes longer to import than all of this package, and only keyword arguments need it

    parameters = inspect.signature(function).parameters.values()
    return [x.name for x in parameters if not (by_position and x.kind is x.KEYWORD_ONLY)]


def where_to_put(name: str) -> str:
    """A hint for those who gave a transform the point as its second argument."""
    return f"the point goes in a second pair of parentheses, as in {name}(f)(2.0)"


def require_argnums(name: str, argnums: Any) -> int | tuple[int, ...]:
    """The indices as a plain integer, or a tuple of plain integers.

    Raises TypeError unless they are an integer or a sequence of integers, ValueError if one is there twice.
    """
    numbers = argnums if isinstance(argnums, (list, tuple)) else (argnums,)
    if not numbers or not all(map(is_integer, numbers)):
        expected = f"argnums of {name} is an integer or a tuple of integers"
        raise TypeError(f"{expected}, not {brief(argnums)}; {where_to_put(name)}")
    numbers = tuple([int(number) for number in numbers])
    if len({*numbers}) < len(numbers):
        raise ValueError(f"argnums of {name} has a number twice: {brief(argnums)}")
    return numbers if isinstance(argnums, (list, tuple)) else numbers[0]


def run_at(name: str, function: Any, args: Sequence[Any], kwargs: dict[str, Any], argnums: Any) -> tuple[Run, Any]:
    """A run of a function with fresh leaves for the numbers in some of its arguments, and the result."""
    places = places_of(name, function, argnums, args, kwargs)
    run = Run(name, places, [args[place] if isinstance(place, int) else kwargs[place] for place in places])
    args, kwargs = [*args], {**kwargs}
    with run:
        for place, argument in zip(places, run.fresh_arguments()):
            if isinstance(place, int):
                args[place] = argument
            else:
                kwargs[place] = argument
        return run, function(*args, **kwargs)


def one_number(name: str, result: Any) -> Any:
    """The value or number that a function returned. Raises TypeError if it returned something else."""
    if isinstance(result, Value):
        return result
    if is_one_element(result) or (isinstance(result, Values) and len(result.row[NUMBER]) == 1):
        (result,) = result.ravel().tolist() if is_array(result) else elements(result)
    if not is_number(result):
        raise TypeError(
            f"{name} takes a function that returns one number, this one returned {brief(result)} "
            f"({type(result).__name__}); use jacobian for several"
        )
    return result


def outputs_of(name: str, result: Any) -> list[Any]:
    def refuse(part: Any) -> Exception:
        return TypeError(
            f"{name} takes a function that returns numbers, or lists, tuples, dicts, Vectors or arrays of them; what "
            f"this one returned holds {brief(part)} ({type(part).__name__})"
        )

    if is_passed_over(result):
        raise refuse(result)
    return [x for x in scalars_of(result, refuse) if is_number(x)]  # without the truth values of a trace


def are_followed(scalars: Sequence[Any]) -> bool:
    """Whether something in this context follows one of them."""
    interval = current()
    return interval.enabled and any(isinstance(x, Value) and x.is_followed_in(interval) for x in scalars)


def tangents_like(name: str, primals: Any, tangents: Any) -> list[Any]:
    for role, arguments in (("primals", primals), ("tangents", tangents)):
        if not isinstance(arguments, (list, tuple)):
            raise TypeError(
                f"{name} takes its {role} as a tuple with one entry for each argument, not {brief(arguments)} "
                f"({type(arguments).__name__})"
            )
    numbers_of(name, count(), primals)
    return scalars_like(primals, tangents, "tangents")
