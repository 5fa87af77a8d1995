"""Functions made into their derivatives, with JAX's names: `grad`, `value_and_grad`, `jacobian`, `hessian`, `jvp`, ...

A transform runs the function once on fresh leaves that stand for the numbers in its arguments, and sweeps what was
recorded. It gives plain numbers. Only where something outside could still differentiate the result (an argument is a
tracked value, or a tape or another transform is recording around it, and the result depends on what those follow) it
gives values.

Arguments and results may be numbers, values, vectors, NumPy arrays, and lists, tuples, dicts and dataclasses of them.
"""

from __future__ import annotations

import operator
import sys

from . import recording, taylor
from .backprop import carry_back, topological_order
from .forward import forward_rows, forward_sweep
from .nodes import number_of
from .operations import identity, one_like, zero_like
from .refusals import plural
from .registry import (
    as_number,
    in_place_of,
    is_array,
    is_integer,
    is_one_element,
    require_callable,
    require_flag,
    require_integer,
)
from .structure import (
    array_of,
    is_number,
    is_passed_over,
    like,
    parts_of,
    refill,
    scalars_like,
    scalars_of,
    with_parts,
)
from .value import Value
from .vector import Vector

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from typing import Any

    from .recording import BlockInterval, Interval

    Rows = list[dict[int, Any]]


class Run(recording.Block):
    """One run of a function: the arguments to differentiate by, fresh leaves for their numbers, and what is recorded.

    It is a block: what is made while it is open belongs to the run. `nested` tells whether something outside could
    still differentiate what comes of it.
    """

    __slots__ = (
        *("arguments", "followed", "has_structure", "is_list", "leaves", "name", "nested", "numbers"),
        *("selective", "zeros"),
    )

    def __init__(self, name: str, arguments: Sequence[Any]) -> None:
        super().__init__()
        self.name = name
        self.arguments = arguments
        self.selective = False
        self.leaves: list[Value] = []
        self.zeros: list[Any] = []
        self.is_list = False
        outside = recording.current()
        self.nested = outside.enabled and bool(outside.tapes)
        self.has_structure = any(type(argument) is not float for argument in arguments)
        if not self.has_structure:  # a function of a few numbers is the one that may be called a million times
            self.numbers = arguments
            self.followed = {}
            return
        self.numbers = [x for argument in arguments for x in scalars_of(argument, self.refuse)]
        for argument in arguments:
            if is_passed_over(argument):
                raise self.refuse(argument)
        # A flat list of numbers is rebuilt for each row of a Jacobian, so it takes no walk through structures.
        self.is_list = (
            len(arguments) == 1 and type(arguments[0]) is list and all(map(operator.is_, arguments[0], self.numbers))
        ) and len(arguments[0]) == len(self.numbers)
        self.followed = (
            {i: x for i, x in enumerate(self.numbers) if isinstance(x, Value) and x.is_followed_in(outside)}
            if outside.enabled
            else {}
        )
        self.nested = self.nested or bool(self.followed)

    def refuse(self, argument: Any) -> Exception:
        return not_differentiable(self.name, argument)

    # -- the block

    def take_part(self, interval: BlockInterval) -> None:
        """Say to an interval that the run records in it, also where a `no_grad` around it says otherwise."""
        if not interval.enabled:
            interval.enabled = True
            interval.plain = interval.detector is None
            interval.tapes = ()
            interval.accessed = None
        interval.tapes += (self,)

    def watches(self, _: Value) -> bool:
        """Never: it follows its fresh leaves, which are tracked."""
        return False

    def saw(self, interval: Interval) -> bool:
        """Whether what was made in an interval belongs to the run."""
        return self in interval.tapes

    # -- what goes in

    def fresh_arguments(self) -> list[Any]:
        """The arguments with fresh leaves in the place of their numbers; a value that is followed stays connected."""
        self.leaves = [Value(number_of(x)) for x in self.numbers]
        for i, x in self.followed.items():
            self.leaves[i] = identity(x)
        if not self.has_structure:
            return self.leaves
        leaves = iter(self.leaves)
        return [refill(argument, leaves, construct=True) for argument in self.arguments]

    def in_arguments(self, scalars: Iterable[Any], argnums: Any) -> Any:
        """Numbers in the structure of the arguments: the argument's own if `argnums` is one, or else a tuple."""
        if self.is_list:
            return [*scalars] if isinstance(argnums, int) else ([*scalars],)
        scalars = iter(scalars)
        parts = [refill(argument, scalars) for argument in self.arguments] if self.has_structure else [*scalars]
        return parts[0] if isinstance(argnums, int) else tuple(parts)

    # -- what comes out

    def order(self, outputs: Sequence[Any]) -> list[Value]:
        """The nodes between the leaves and the outputs in topological order."""
        order = topological_order([y for y in outputs if isinstance(y, Value)], self.saw)
        if not self.followed:
            return order
        leaves = {*self.leaves}
        return [node for node in order if node not in leaves]

    def outlives(self, outputs: Sequence[Any]) -> bool:
        """Whether something outside could still differentiate what is computed from the recorded outputs."""
        if not self.nested:
            return False
        targets = [y for y in outputs if isinstance(y, Value) and y.is_tracked]
        order = topological_order(targets, self.saw)
        inside = {leaf for i, leaf in enumerate(self.leaves) if i not in self.followed}.union(order)
        return any(y not in inside for y in targets) or any(
            node._operation.pull_back is not None or any(parent not in inside for parent in node.parents)
            for node in order
        )

    def adjoints(self, seeds: dict[Value, Any], differentiable: bool) -> dict[Value, Any]:
        """The reverse sweep over the run."""
        return carry_back(seeds, self.saw, differentiable)

    def gradient(self, adjoints: dict[Value, Any]) -> list[Any]:
        """The adjoint of each leaf, zero for one that the targets do not depend on."""
        return [adjoints[leaf] if leaf in adjoints else zero_like(leaf._data) for leaf in self.leaves]

    def product(self, given: Sequence[Any], outputs: Sequence[Any]) -> list[Any]:
        """The product of a row of numbers or values with the derivatives of outputs by the leaves."""
        followed = are_followed(given)
        seeds: dict[Value, Any] = {}
        for y, seed in zip(outputs, given if followed else map(number_of, given)):
            if isinstance(y, Value):
                seeds[y] = seeds[y] + seed if y in seeds else seed
        return self.gradient(self.adjoints(seeds, followed or self.outlives(outputs)))

    def rows(self, outputs: Sequence[Any], mode: str, differentiable: bool) -> Rows:
        """The derivatives of each output by the leaves, by their indices, as far as there are any."""
        targets = [y for y in outputs if isinstance(y, Value) and y.is_tracked]
        order = self.order(targets)
        if mode == "forward" or (mode == "auto" and is_forward_cheaper(order, self.leaves, targets)):
            by_node = {leaf: {i: one_like(leaf._data)} for i, leaf in enumerate(self.leaves)}
            forward_rows(order, by_node, differentiable)
            return [by_node.get(y, {}) if isinstance(y, Value) else {} for y in outputs]
        index = {leaf: i for i, leaf in enumerate(self.leaves)}
        rows: Rows = []
        for y in outputs:
            seeds = {y: one_like(y._data)} if isinstance(y, Value) else {}
            rows.append(
                {index[x]: adjoint for x, adjoint in self.adjoints(seeds, differentiable).items() if x in index}
            )
        return rows

    def dense(self, row: dict[int, Any]) -> list[Any]:
        """A row with the zeros that it leaves out."""
        if not self.zeros:
            self.zeros = [zero_like(leaf._data) for leaf in self.leaves]
        full = [*self.zeros]
        for index, derivative in row.items():
            full[index] = derivative
        return full


def not_differentiable(name: str, argument: Any) -> Exception:
    return TypeError(
        f"{name} differentiates by real numbers, Values, Vectors, arrays and nested lists, tuples, dicts and "
        f"dataclasses of them, got {argument!r} ({type(argument).__name__})"
    )


def is_forward_cheaper(order: Sequence[Value], leaves: Sequence[Value], outputs: Sequence[Value]) -> bool:
    """Whether the forward sweep of sparse rows has less to do than one reverse sweep for each output.

    Sets of leaves, and of outputs, are the bits of integers: how many leaves a node depends on is what the forward
    sweep does there, how many outputs depend on it, what the reverse sweeps do.
    """
    if any(node._operation.pull_back is not None for node in order):
        return False  # a pullback only goes backward
    if len(outputs) == 1:
        return False  # one sweep does it
    below = {leaf: 1 << i for i, leaf in enumerate(leaves)}
    above: dict[Value, int] = {}
    for i, y in enumerate(outputs):
        above[y] = above.get(y, 0) | 1 << i
    balance = 0
    for node in order:
        bits = 0
        for parent in node.parents:
            bits |= below.get(parent, 0)
        below[node] = bits
        balance += bits.bit_count()
    for node in reversed(order):
        bits = above[node]
        balance -= bits.bit_count()
        for parent in node.parents:
            above[parent] = above.get(parent, 0) | bits
    return balance <= 0


# ---- Arguments and results -------------------------------------------------------------------------------------------


class Transform:
    """A function made from another one by a transform; it pickles if that one does."""

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
            return name  # a decorated function is found by its name, as functions are
        return remake, (self._apply, self.__wrapped__, self._options)

    def __repr__(self) -> str:
        return f"{self._apply.__name__[1:]}({self.__wrapped__!r})"


def remake(apply: Callable[..., Any], function: Callable[..., Any], options: dict[str, Any]) -> Transform:
    return Transform(apply, function, **options)


def places_of(name: str, function: Any, argnums: Any, args: Sequence[Any], kwargs: dict[str, Any]) -> list[Any]:
    """Where the arguments to differentiate by stand in a call: an index, or the name of a keyword.

    Raises TypeError if the call does not have them.
    """
    places: list[Any] = []
    for number in (argnums,) if isinstance(argnums, int) else argnums:
        if number < 0 and kwargs and any(x in kwargs for x in parameter_names(function, by_position=True)[len(args) :]):
            raise TypeError(
                f"{name} counts argument {number} of {function!r} from the last positional one, and "
                f"{', '.join(kwargs)} came by keyword; count from 0 to differentiate by those"
            )
        if -len(args) <= number < len(args):
            places.append(number % len(args))
            continue
        names = parameter_names(function) if kwargs else []
        if not 0 <= number < len(names) or names[number] not in kwargs:
            raise TypeError(
                f"{name} differentiates by argument {number} of {function!r}, which was called with "
                f"{plural(len(args), 'positional argument')} and {', '.join(kwargs) or 'no'} keywords"
            )
        places.append(names[number])
    if len({*places}) < len(places):
        raise ValueError(f"argnums of {name} names an argument twice: {argnums!r} of {len(args)}")
    return places


def parameter_names(function: Any, by_position: bool = False) -> list[str]:
    """The names of all parameters, or of those that may be passed by position."""
    import inspect  # it takes longer to import than all of this package, and only keyword arguments need it

    parameters = inspect.signature(function).parameters.values()
    return [x.name for x in parameters if not (by_position and x.kind is x.KEYWORD_ONLY)]


def require_argnums(name: str, argnums: Any) -> int | tuple[int, ...]:
    """The plain integer, or a tuple of plain integers.

    Raises TypeError unless it is an integer or a sequence of integers, ValueError if one is named twice.
    """
    numbers = argnums if isinstance(argnums, (list, tuple)) else (argnums,)
    if not numbers or not all(map(is_integer, numbers)):
        raise TypeError(f"argnums of {name} is an integer or a tuple of integers, not {argnums!r}")
    numbers = tuple([int(number) for number in numbers])
    if len({*numbers}) < len(numbers):
        raise ValueError(f"argnums of {name} has a number twice: {argnums!r}")
    return numbers if isinstance(argnums, (list, tuple)) else numbers[0]


def run_at(name: str, function: Any, args: Sequence[Any], kwargs: dict[str, Any], argnums: Any) -> tuple[Run, Any]:
    """Run a function with fresh leaves for the numbers in some of its arguments; gives the run and the result."""
    places = places_of(name, function, argnums, args, kwargs)
    run = Run(name, [args[place] if isinstance(place, int) else kwargs[place] for place in places])
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
    if is_one_element(result) or (isinstance(result, Vector) and len(result) == 1):
        (result,) = result.ravel().tolist() if is_array(result) else result
    if not is_number(result):
        raise TypeError(
            f"{name} takes a function that returns one number, this one returned {result!r} ({type(result).__name__}); "
            "use jacobian for several"
        )
    return result


def outputs_of(name: str, result: Any) -> list[Any]:
    def refuse(part: Any) -> Exception:
        return TypeError(
            f"{name} takes a function that returns numbers, or lists, tuples, dicts, Vectors or arrays of them; what "
            f"this one returned holds {part!r} ({type(part).__name__})"
        )

    if is_passed_over(result):
        raise refuse(result)
    return [x for x in scalars_of(result, refuse) if is_number(x)]  # and no truth values of a trace


def plain_structure(structure: Any) -> Any:
    """Anything a function returned, with numbers in the place of the values in it."""
    if isinstance(structure, Value):
        return number_of(structure)
    if isinstance(structure, Vector):
        return Vector(map(number_of, structure))
    parts = parts_of(structure)
    if parts is not None:
        return with_parts(structure, [plain_structure(part) for part in parts])
    if is_array(structure) and structure.dtype == object:
        return array_of([plain_structure(x) for x in structure.ravel().tolist()], structure.shape)
    return structure


def in_outputs(run: Run, argnums: Any, result: Any, rows: Iterator[dict[int, Any]]) -> Any:
    """Derivatives in the structure of the result, and for each number in it in the structure of the arguments."""
    if is_number(result):
        return run.in_arguments(run.dense(next(rows)), argnums)
    if isinstance(result, Vector):
        return [run.in_arguments(run.dense(next(rows)), argnums) for _ in result]
    parts = parts_of(result)
    if parts is not None:
        return with_parts(result, [in_outputs(run, argnums, part, rows) for part in parts], construct=False)
    if is_passed_over(result):
        return result
    columns = iter([*zip(*[run.dense(next(rows)) for _ in range(result.size)])])
    by_argument = [in_columns(argument, columns, result.shape) for argument in run.arguments]
    return by_argument[0] if isinstance(argnums, int) else tuple(by_argument)


def in_columns(argument: Any, columns: Iterator[Sequence[Any]], shape: tuple[int, ...]) -> Any:
    """The derivatives of an array: in the structure of the argument, and for each number in it an array."""
    if is_number(argument):
        return array_of([*next(columns)], shape)
    if isinstance(argument, Vector):
        return [array_of([*next(columns)], shape) for _ in argument]
    parts = parts_of(argument)
    if parts is not None:
        return with_parts(argument, [in_columns(part, columns, shape) for part in parts], construct=False)
    if is_passed_over(argument):
        return argument
    rows = zip(*[next(columns) for _ in range(argument.size)])
    return array_of([x for row in rows for x in row], shape + argument.shape)


# ---- Gradients -------------------------------------------------------------------------------------------------------


def _value_and_grad(
    function: Any, args: Any, kwargs: Any, argnums: Any, has_aux: bool, name: str = "value_and_grad"
) -> tuple[Any, Any]:
    run, result = run_at(name, function, args, kwargs, argnums)
    aux = None
    if has_aux:
        if not isinstance(result, tuple) or len(result) != 2:
            raise TypeError(f"with has_aux, {name} takes a function that returns a pair, this one returned {result!r}")
        result, aux = result
    y = one_number(name, result)
    differentiable = run.outlives([y])
    adjoints = run.adjoints({y: one_like(y._data)}, differentiable) if isinstance(y, Value) else {}
    gradient = run.in_arguments(run.gradient(adjoints), argnums)
    y = y if differentiable else number_of(y)
    return ((y, aux if run.nested else plain_structure(aux)) if has_aux else y), gradient


def _grad(function: Any, args: Any, kwargs: Any, argnums: Any, has_aux: bool) -> Any:
    value, gradient = _value_and_grad(function, args, kwargs, argnums, has_aux, name="grad")
    return (gradient, value[1]) if has_aux else gradient


def value_and_grad(
    function: Callable[..., Any], argnums: int | Sequence[int] = 0, has_aux: bool = False
) -> Callable[..., Any]:
    """A function that gives the value of `function` and its gradient, from one run and one reverse sweep.

    Args:
        function: returns one number or Value; with `has_aux` a pair of that and anything else.
        argnums: the index of the argument to differentiate by, or several. They may be passed by keyword.
        has_aux: whether `function` returns something beside its value.

    Returns:
        A function with the same parameters that returns (value, gradient), or ((value, aux), gradient). The gradient
        has the structure of the argument (a list for a list, an array for an array), a tuple of that for several.

    Raises:
        TypeError: `function` cannot be called, or `argnums` are not integers; when called: an argument holds something
            else than numbers, or the result is not one number.
        ValueError: `argnums` has a number twice.

    >>> value_and_grad(lambda x, y: x * x * y)(3.0, 2.0)
    (18.0, 12.0)
    """
    argnums = require_argnums("value_and_grad", argnums)
    require_flag("has_aux", has_aux)
    return Transform(_value_and_grad, function, argnums=argnums, has_aux=has_aux)


def grad(function: Callable[..., Any], argnums: int | Sequence[int] = 0, has_aux: bool = False) -> Callable[..., Any]:
    """A function that gives the gradient of `function`.

    Args, Raises: as for `value_and_grad`.

    Returns:
        A function with the same parameters that returns the gradient, or (gradient, aux).

    >>> grad(lambda p: p["x"] ** 2 * p["y"])({"x": 3.0, "y": 2.0})
    {'x': 12.0, 'y': 9.0}
    >>> grad(grad(lambda x: x**3))(2.0)
    12.0
    """
    argnums = require_argnums("grad", argnums)
    require_flag("has_aux", has_aux)
    return Transform(_grad, function, argnums=argnums, has_aux=has_aux)


def vjp(function: Callable[..., Any], *args: Any) -> tuple[Any, Callable[[Any], tuple[Any, ...]]]:
    """The value of `function` at arguments and its pullback: vector-Jacobian products from one run.

    Args:
        function: returns numbers in any structure.
        args: the arguments, all of which are differentiated by.

    Returns:
        (value, pullback). `pullback(cotangent)`, with a cotangent in the structure of the value, gives a tuple with
        the product of the cotangent and the Jacobian for each argument. It can be called again and again.

    Raises:
        TypeError: an argument or the result holds something else than numbers.
        ValueError (the pullback): the cotangent has another structure than the value.

    >>> value, pullback = vjp(lambda x, y: [x * y, x + y], 3.0, 2.0)
    >>> value, pullback([1.0, 10.0])
    ([6.0, 5.0], (12.0, 13.0))
    """
    pullback = Pullback(function, args)
    return pullback.value, pullback


class Pullback:
    """What `vjp` gives beside the value: it maps a cotangent to the products with the Jacobian, one an argument."""

    def __init__(self, function: Callable[..., Any], args: tuple[Any, ...]) -> None:
        require_callable("vjp", function)
        self._function = function
        self._args = args
        self._run, self._result = run_at("vjp", function, args, {}, tuple(range(len(args))))
        self._outputs = outputs_of("vjp", self._result)
        outlives = self._run.outlives(self._outputs)
        self.value = self._result if outlives else refill(self._result, map(number_of, self._outputs), construct=True)

    def __reduce__(self) -> Any:
        return Pullback, (self._function, self._args)  # what was recorded is recorded anew

    def __call__(self, cotangent: Any) -> tuple[Any, ...]:
        """One product for each argument. Raises ValueError if the cotangent has another structure than the value."""
        product = self._run.product(scalars_like(self._result, cotangent, "a cotangent"), self._outputs)
        return self._run.in_arguments(product, ())  # type: ignore[no-any-return]


def are_followed(scalars: Sequence[Any]) -> bool:
    """Whether one of them is a value that something in this context follows."""
    interval = recording.current()
    return interval.enabled and any(isinstance(x, Value) and x.is_followed_in(interval) for x in scalars)


# ---- Forward ---------------------------------------------------------------------------------------------------------


def jvp(function: Callable[..., Any], primals: Sequence[Any], tangents: Sequence[Any]) -> tuple[Any, Any]:
    """The value of `function` and its derivative along a direction: a Jacobian-vector product, forward.

    Args:
        function: returns numbers in any structure.
        primals: a tuple or list of the arguments.
        tangents: the direction, in the same structure.

    Returns:
        (value, tangent), both in the structure of what `function` returns.

    Raises:
        TypeError: `primals` is not a tuple or list, an argument or the result holds something else than numbers, or a
            custom gradient is on the way, which goes backward only.
        ValueError: `tangents` have another structure than `primals`.

    >>> jvp(lambda x, y: x * y, (3.0, 2.0), (1.0, 0.5))
    (6.0, 3.5)
    """
    require_callable("jvp", function)
    given = tangents_like("jvp", primals, tangents)
    run, result = run_at("jvp", function, primals, {}, tuple(range(len(primals))))
    outputs = outputs_of("jvp", result)
    followed = are_followed(given)
    differentiable = followed or run.outlives(outputs)
    along = dict(zip(run.leaves, given if followed else map(number_of, given)))
    forward_sweep(run.order(outputs), along, differentiable)
    moved = [
        along[y] if isinstance(y, Value) and y in along else like(run.leaves[0], zero_like(number_of(y)))
        for y in outputs
    ]
    value = result if differentiable else refill(result, map(number_of, outputs), construct=True)
    return value, refill(result, iter(moved))


def tangents_like(name: str, primals: Any, tangents: Any) -> list[Any]:
    for role, arguments in (("primals", primals), ("tangents", tangents)):
        if not isinstance(arguments, (list, tuple)):
            raise TypeError(
                f"{name} takes its {role} as a tuple with one entry for each argument, not {arguments!r} "
                f"({type(arguments).__name__})"
            )
    scalars_of(primals, lambda part: not_differentiable(name, part))
    return scalars_like(primals, tangents, "tangents")


def _derivative(function: Any, args: Any, kwargs: Any, order: int) -> Any:
    (place,) = places_of("derivative", function, 0, args, kwargs)
    argument = args[place] if isinstance(place, int) else kwargs[place]
    if not is_number(argument):
        raise TypeError(f"derivative takes a function of one number, which was called with {argument!r}")
    run, result = run_at("derivative", function, args, kwargs, 0)
    outputs = outputs_of("derivative", result)
    differentiable = run.outlives(outputs)
    (leaf,) = run.leaves
    derivatives = taylor.derivatives(run.order(outputs), leaf, outputs, order, differentiable)
    return refill(result, iter(derivatives))


def derivative(function: Callable[..., Any], order: int = 1) -> Callable[..., Any]:
    """A function that gives the derivative of any order of a function of one number, by Taylor coefficients.

    Args:
        function: its first argument is the number; it returns numbers in any structure.
        order: 0 for the value itself, 1, 2, ...; the cost grows with its square.

    Returns:
        A function with the same parameters.

    Raises:
        TypeError: `function` cannot be called, `order` is not an integer; when called: the first argument is not one
            number, or a custom gradient is on the way, which goes backward only.
        ValueError: `order` is negative.

    >>> derivative(lambda x: x**5, order=3)(2.0)
    240.0
    """
    order = require_integer("order of derivative", order, 0)
    return Transform(_derivative, function, order=order)


# ---- Matrices --------------------------------------------------------------------------------------------------------

MODES = ("auto", "forward", "reverse")


def _jacobian(function: Any, args: Any, kwargs: Any, argnums: Any, mode: str) -> Any:
    run, result = run_at("jacobian", function, args, kwargs, argnums)
    outputs = outputs_of("jacobian", result)
    rows = run.rows(outputs, mode, run.outlives(outputs))
    return in_outputs(run, argnums, result, iter(rows))


def jacobian(function: Callable[..., Any], argnums: int | Sequence[int] = 0, mode: str = "auto") -> Callable[..., Any]:
    """A function that gives all derivatives of all numbers that `function` returns, from one run of it.

    Args:
        function: returns numbers in any structure.
        argnums: as for `grad`.
        mode: "forward" for one forward sweep that carries, for each node, the arguments that it depends on; "reverse"
            for one reverse sweep an output over what it depends on; "auto" for the one that has less to do. Either
            costs what the derivatives cost that are not zero by structure.

    Returns:
        A function with the same parameters. Its result has the structure of what `function` returns, a list for a
        Vector, with the structure of the arguments in the place of each number; for arrays one array of both shapes.

    Raises:
        TypeError, ValueError: as for `grad`; ValueError for an unknown mode; TypeError in forward mode if a custom
            gradient is on the way, which goes backward only.

    >>> jacobian(lambda v: [v[0] * v[1], v[0] + 2 * v[1]])([3.0, 2.0])
    [[2.0, 3.0], [1.0, 2.0]]
    """
    argnums = require_argnums("jacobian", argnums)
    if mode not in MODES:
        raise ValueError(f"mode of jacobian is 'auto', 'forward' or 'reverse', not {mode!r}")
    return Transform(_jacobian, function, argnums=argnums, mode=mode)


def recorded_gradient(name: str, run: Run, result: Any) -> list[Any]:
    """The gradient of what a run returned, recorded in the run itself."""
    y = one_number(name, result)
    with run:
        adjoints = run.adjoints({y: one_like(y._data)}, True) if isinstance(y, Value) else {}
        return run.gradient(adjoints)


def _hessian(function: Any, args: Any, kwargs: Any, argnums: Any) -> Any:
    run, result = run_at("hessian", function, args, kwargs, argnums)
    gradient = recorded_gradient("hessian", run, result)
    rows = run.rows(gradient, "auto", run.outlives(gradient))
    return in_outputs(run, argnums, run.in_arguments(gradient, argnums), iter(rows))


def hessian(function: Callable[..., Any], argnums: int | Sequence[int] = 0) -> Callable[..., Any]:
    """A function that gives the matrix of second derivatives of `function`, from one run of it.

    Args, Raises: as for `grad`.

    Returns:
        A function with the same parameters. Its result has the structure of the gradient, with the structure of the
        gradient in the place of each number: a list of lists for a list, a square array for an array.

    >>> hessian(lambda v: v[0] ** 2 * v[1])([3.0, 2.0])
    [[4.0, 6.0], [6.0, 0.0]]
    """
    argnums = require_argnums("hessian", argnums)
    return Transform(_hessian, function, argnums=argnums)


def hvp(function: Callable[..., Any], primals: Sequence[Any], tangents: Sequence[Any]) -> Any:
    """The product of the Hessian of `function` with a direction, at twice the cost of a gradient.

    Args:
        function: returns one number.
        primals: a tuple or list of the arguments.
        tangents: the direction, in the same structure.

    Returns:
        The product in the structure of the gradient: the argument's own for one argument, a tuple for several.

    Raises: what `grad` and `jvp` raise.

    >>> hvp(lambda v: v[0] ** 2 * v[1], ([3.0, 2.0],), ([1.0, 10.0],))
    [64.0, 6.0]
    """
    require_callable("hvp", function)
    given = tangents_like("hvp", primals, tangents)
    run, result = run_at("hvp", function, primals, {}, tuple(range(len(primals))))
    gradient = recorded_gradient("hvp", run, result)
    return run.in_arguments(run.product(given, gradient), 0 if len(primals) == 1 else ())


# ---- Flat lists ------------------------------------------------------------------------------------------------------


class Rebuild:
    """Puts a flat list of numbers back into a structure."""

    def __init__(self, structure: Any, length: int) -> None:
        self._structure = structure
        self._length = length

    def __call__(self, numbers: Sequence[Any]) -> Any:
        """The structure with these numbers.

        Raises TypeError for something else, ValueError if there are more or fewer than it has.
        """
        if isinstance(numbers, (str, dict)) or not hasattr(numbers, "__iter__"):
            raise TypeError(f"expected a list of {self._length} numbers, got {numbers!r} ({type(numbers).__name__})")
        numbers = [x if isinstance(x, Value) else as_number(x, " or a Value") for x in numbers]
        if len(numbers) != self._length:
            raise ValueError(f"expected {self._length} numbers, got {len(numbers)}")
        return refill(self._structure, iter(numbers), construct=True)


def flatten(params: Any) -> tuple[list[Any], Rebuild]:
    """The numbers of a structure as a flat list, and the function that puts such a list back into the structure.

    Args:
        params: numbers, Values, Vectors, arrays, and lists, tuples, dicts and dataclasses of them, in any nesting.

    Returns:
        (numbers, rebuild). Tracked Values stay what they are; `rebuild` takes numbers and Values alike.

    Raises:
        TypeError: it holds something else. ValueError (`rebuild`): it is given another number of numbers.

    >>> numbers, rebuild = flatten({"w": [1.0, 2.0], "b": 3.0})
    >>> numbers, rebuild([10.0, 20.0, 30.0])
    ([1.0, 2.0, 3.0], {'w': [10.0, 20.0], 'b': 30.0})
    """

    def refuse(part: Any) -> Exception:
        return TypeError(f"flatten takes numbers and nested lists, tuples, dicts and arrays of them, not {part!r}")

    scalars = scalars_of(params, refuse)
    numbers = [x if isinstance(x, Value) and x.is_tracked else number_of(x) for x in scalars]
    return numbers, Rebuild(plain_structure(params), len(numbers))
