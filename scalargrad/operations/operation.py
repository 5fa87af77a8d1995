"""`Operation`: an elementary operation, with a kernel on numbers and rules for its derivatives, and their registry.

The entries are in `elementary`, `floats` and `reductions`. This module turns a kernel and its rules into a function of
numbers, values and vectors, and finds what applies it to given operands.
"""

from __future__ import annotations

from numbers import Real

from ..checks import RANGE_ERRORS, as_number, in_place_of, is_array, plural, refuse_operand, show

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import Any, Protocol, TypeAlias, TypedDict, TypeVar, Unpack, overload

    from ..checks import Number

    Same: TypeAlias = Any  # a number, where the result has the type of one operand
    Operand: TypeAlias = Any  # a number, a Value, or anything else that an applier is registered for
    Rule: TypeAlias = Callable[..., Operand] | float | None
    Method = TypeVar("Method", bound=Callable[..., Any])
    Given = TypeVar("Given", covariant=True)
    T = TypeVar("T")

    Each = TypeVar("Each", covariant=True)
    Function = Callable[..., Any]

    class HasSign(Protocol[Given]):
        """A type with the kind that `-x` gives: a float for a float, a Value for a Value or a Variable, ..."""

        def __neg__(self) -> Given: ...

    class HasElements(HasSign[Given], Protocol[Given, Each]):
        """A Vector or a Matrix, with the kind that `-x` gives and the kind of its elements."""

        def __iter__(self) -> Iterator[Each]: ...
        def grads(self) -> Any: ...

    class HasRows(Protocol[Given]):
        """A Matrix, with the kind of its transpose."""

        @property
        def T(self) -> Given: ...  # noqa: N802
        def _by_rows(self, numbers: Sequence[Any], /) -> Any: ...

    class OfSameKind(Protocol):
        @overload
        def __call__(self, x: float, /) -> float: ...
        @overload
        def __call__(self, x: HasSign[T], /) -> T: ...
        @overload
        def __call__(self, x: Any, /) -> Any: ...

    class OfRows(Protocol):
        @overload
        def __call__(self, x: HasSign[T], /, axis: int = -1) -> T: ...
        @overload
        def __call__(self, x: Any, /, axis: int = -1) -> Any: ...

    class OfEach(Protocol):
        @overload
        def __call__(self, x: HasElements[Any, T], /) -> T: ...
        @overload
        def __call__(self, x: Sequence[float], /) -> float: ...
        @overload
        def __call__(self, x: Sequence[HasSign[T]], /) -> T: ...
        @overload
        def __call__(self, x: Sequence[Any], /) -> Any: ...

    class OfParts(Protocol):
        @overload
        def __call__(self, parts: Sequence[HasElements[T, Any]], axis: int = 0) -> T: ...
        @overload
        def __call__(self, parts: HasElements[Any, T], axis: int = 0) -> T: ...
        @overload
        def __call__(self, parts: Sequence[Any], axis: int = 0) -> Any: ...

    class Unary(Protocol):
        operation: Operation

        @overload
        def __call__(self, x: float, /) -> float: ...
        @overload
        def __call__(self, x: HasSign[T], /) -> T: ...
        @overload
        def __call__(self, x: Sequence[Any], /) -> Any: ...

    class Binary(Protocol):
        operation: Operation

        @overload
        def __call__(self, x: float, y: float, /) -> float: ...
        @overload
        def __call__(self, x: HasSign[T], y: float, /) -> T: ...
        @overload
        def __call__(self, x: float, y: HasSign[T], /) -> T: ...
        @overload
        def __call__(self, x: HasSign[T], y: HasSign[T], /) -> T: ...
        @overload
        def __call__(self, x: Any, y: Any, /) -> Any: ...

    class Nary(Protocol):
        operation: Operation

        def __call__(self, *operands: Operand) -> Any: ...

    class Facts(TypedDict, total=False):
        """The facts that an entry may state of its operation; `Operation` says what each means."""

        raises: bool
        jumps: bool
        gives: str
        simpler: Callable[..., Operand] | None
        formula: str | Callable[..., str]
        slopes: str | tuple[str, ...]
        arrays: Callable[..., Any] | None
        chain: str
        start: int | None
        for_users: bool
        activation: bool


class Operation:
    """An elementary operation: `name`, `symbol` (of a Python operator), `kernel` on numbers, one rule for each operand.

    Messages show the name that users know, `shown`; if `math` has that name, the operation is that function. `numpy`
    are the names of NumPy's functions that compute the same, if there are any. The attributes below are facts that the
    rest of the package needs, with the values that hold for most operations.
    """

    raises = False  # whether there are floats at which the kernel raises
    jumps = False  # whether it jumps, as remainders do, without a rule of 0 or None that would say so
    gives = ""  # "float", or "any": a float if any operand is one; if empty, the annotations of the kernel say it
    simpler: Any = None  # a function that gives the same for floats not yet known, with less to compute, or None
    formula: Any = ""  # how textbooks write it, with the names of the operands; or a function of them
    slopes: Any = ""  # how they write its derivatives, with z for the result; the last of a tuple is for all others
    arrays: Any = None  # the kernel on arrays: a function of their module, such as NumPy, and the operands
    chain = ""  # of a reduction: + or *, which joins its operands; +* for products of two halves, +/ for a mean
    start: Any = None  # the result of a reduction of no operands
    for_users = False  # whether it is offered to users although `math` does not have it
    activation = False  # whether a layer may name it
    function: Any = None  # applies it to numbers, values and vectors; Python's operators have none

    pull_back: Any = None  # carries an adjoint back in place of the rules, in operations of `custom_gradient`

    def __init__(
        self,
        name: str,
        kernel: Callable[..., Number],
        rules: tuple[Rule, ...],
        symbol: str = "",
        numpy: str = "",
        shown: str = "",
        **facts: Unpack[Facts],
    ) -> None:
        self.name = name
        self.shown = shown or name
        self.kernel = kernel
        self.rules = rules
        self.symbol = symbol
        self.numpy = numpy.split()
        # The forms of `engine.fast_path`, for a Value as the first operand and for a Value as the second.
        self.method: Any = None
        self.reflected: Any = None
        for fact, what in {**getattr(kernel, "facts", {}), **facts}.items():
            setattr(self, fact, what)

    def __repr__(self) -> str:
        return f"<operation {self.name}>"

    def __reduce__(self) -> tuple[Callable[[str], Operation], tuple[str]]:
        return find_operation, (self.name,)

    def __deepcopy__(self, memo: object) -> Operation:
        return self

    def local_derivatives(self, operands: Sequence[Operand], wanted: Sequence[bool]) -> tuple[Operand, ...]:
        """The rules at `operands`, which may be numbers or values; `None` for an operand that is not wanted."""
        return tuple(
            (rule(*operands) if callable(rule) else rule) if wants else None for rule, wants in zip(self.rules, wanted)
        )

    def gives_float(self, are_floats: Sequence[bool]) -> bool:
        """Whether the result is a float and not an integer, given which operands are floats.

        Unless the entry says so, the annotations of the kernel do. A result annotated `float` is always a float. Any
        other is a float if all operands with the same annotation are floats.
        """
        hints = [] if self.gives else [*getattr(self.kernel, "__annotations__", {}).values()]
        given = self.gives or (hints.pop() if hints else "")
        if given in ("float", "any"):
            return given == "float" or True in are_floats
        hints += hints[-1:] * len(are_floats)  # the last may stand for all further operands
        alike = [is_float for is_float, hint in zip(are_floats, hints) if hint == given]
        return alike != [] and False not in alike

    def __call__(self, *operands: Operand) -> Any:
        """The result on any operands that have an applier: numbers, values, vectors."""
        rank = -1
        apply: Any = evaluate
        for operand in operands:
            found = appliers.get(type(operand)) or find_applier(operand)
            if found is None:
                refuse_operand(self.shown, operand)
            if found[0] > rank:
                rank, apply = found
        return apply(self, operands)

    def evaluate(self, numbers: Sequence[Number]) -> Number:
        """The kernel at numbers; its exceptions name the operation and the operands."""
        try:
            return self.kernel(*numbers)
        except RANGE_ERRORS as error:
            raise self.error(error, numbers) from None

    def error(self, error: Exception, numbers: Sequence[Number]) -> Exception:
        """An exception of the same type, which names the operation and its operands."""
        message = error.args[-1] if error.args else type(error).__name__
        return type(error)(f"{self.describe(numbers)}: {message}")

    def describe(self, operands: Sequence[Operand]) -> str:
        """The operation as text: `1.0 / 0.0`, `log(0.0)`."""
        shown = [show(operand) for operand in operands[:8]] + ["..."] * (len(operands) > 8)
        if self.symbol and len(shown) == 2:
            return f"{shown[0]} {self.symbol} {shown[1]}"
        return f"{self.shown}({', '.join(shown)})"


class Reduction(Operation):
    """An operation on any number of operands, with one rule that gives all their local derivatives at once."""

    def local_derivatives(self, operands: Sequence[Operand], wanted: Sequence[bool]) -> tuple[Operand, ...]:
        (rule,) = self.rules
        on_floats = getattr(rule, "on_floats", None)
        found = on_floats(operands) if on_floats and {*map(type, operands)} == {float} else None
        if found is not None:
            derivatives = tuple(found)
        else:
            derivatives = tuple(rule(*operands)) if callable(rule) else (rule,) * len(operands)
        if all(wanted):
            return derivatives
        return tuple(derivative if wants else None for derivative, wants in zip(derivatives, wanted))


# For type checkers only: a function returns the kind of its operand, or of the operand's elements, or of its parts.


def of_same_kind(function: Function) -> OfSameKind:
    return function


def of_rows(function: Function) -> OfRows:
    return function


def of_each(function: Function) -> OfEach:
    return function


def of_parts(function: Function) -> OfParts:
    return function


registry: dict[str, Operation] = {}
handle: Any = ()  # the class that `method` and `reflected` of operations are for
numpy_functions: dict[str, Operation] = {}  # the operations by the names of NumPy's functions


def register(operation: Operation) -> Operation:
    """The operation, registered under its own name and its names in NumPy."""
    registry[operation.name] = operation
    numpy_functions.update(dict.fromkeys(operation.numpy, operation))
    return operation


def find_operation(name: str) -> Operation:
    """The operation of that name; pickled graphs find their operations by it."""
    if name not in registry:
        raise ValueError(f"there is no operation {name!r} in this version of scalargrad")
    return registry[name]


def evaluate(operation: Operation, operands: Sequence[Operand]) -> Number:
    """Apply an operation to plain numbers."""
    return operation.evaluate([as_number(operand) for operand in operands])


def apply_unwrapped(operation: Operation, operands: Sequence[Operand]) -> Any:
    """Apply an operation to NumPy's arrays of no dimension, as the numbers that they hold."""
    return operation(*[x.item() if getattr(x, "ndim", 1) == 0 else x for x in operands])


class Rank:
    """The ranks of operands, from a number to a series: the applier of the highest applies an operation to them all."""

    NUMBER, SYMBOL, VALUE, SCALAR_ARRAY, VECTOR, ARRAY, SERIES = range(7)


# The rank and the applier for operands of a type. Higher modules register theirs here, so this one need not know them.
appliers: dict[type, tuple[int, Callable[[Operation, Sequence[Operand]], Any]]] = {
    float: (Rank.NUMBER, evaluate),
    int: (Rank.NUMBER, evaluate),
    bool: (Rank.NUMBER, evaluate),
}
# The same for NumPy's arrays of no dimension, of one, and of more. They have no type here, since NumPy may be missing.
array_appliers: dict[int, tuple[int, Callable[[Operation, Sequence[Operand]], Any]]] = {
    0: (Rank.SCALAR_ARRAY, apply_unwrapped)
}


def find_applier(operand: object) -> tuple[int, Callable[[Operation, Sequence[Operand]], Any]] | None:
    """The rank and applier for an operand of a subclass, another real number, or a NumPy array; else `None`."""
    for parent in type(operand).__mro__:
        if parent in appliers:
            return appliers[parent]
    if isinstance(operand, Real):
        return appliers[float]
    if is_array(operand):
        return array_appliers[min(operand.ndim, 2)]  # type: ignore[attr-defined]
    return None


if TYPE_CHECKING:

    @overload
    def operation(
        rule: Rule, /, *, numpy: str | None = None, shown: str = "", **facts: Unpack[Facts]
    ) -> Callable[[Callable[[Number], Number]], Unary]: ...
    @overload
    def operation(
        left: Rule, right: Rule, /, *, numpy: str | None = None, shown: str = "", **facts: Unpack[Facts]
    ) -> Callable[[Callable[[Number, Number], Number]], Binary]: ...
    @overload
    def operation(
        *rules: Rule, numpy: str | None = None, shown: str = "", **facts: Unpack[Facts]
    ) -> Callable[[Callable[..., Number]], Nary]: ...


def operation(*rules: Rule, numpy: str | None = None, shown: str = "", **facts: Unpack[Facts]) -> Any:
    """A decorator that turns a kernel, with a rule for each operand, into a function of numbers, values and vectors.

    `numpy` are the names of NumPy's functions that compute the same, with spaces between them; `shown` is the name in
    messages. Both are the name of the kernel if not given. `Operation` lists the other facts.
    """

    def define(kernel: Callable[..., Number]) -> Any:
        name = kernel.__name__
        named = name if numpy is None else numpy
        operation = register(Operation(name, kernel, rules, numpy=named, shown=shown, **facts))

        def of_one(x: Operand, /) -> Any:
            if type(x) is float:
                try:
                    return kernel(x)
                except RANGE_ERRORS as error:
                    raise operation.error(error, (x,)) from None
            if operation.method and isinstance(x, handle):
                return operation.method(x)
            return operation(x)

        def of_several(*operands: Operand) -> Any:
            if len(operands) != len(rules):
                raise TypeError(f"{operation.shown} takes {plural(len(rules), 'operand')}, got {len(operands)}")
            for operand in operands:
                if type(operand) is not float and type(operand) is not int:
                    return operation(*operands)
            return operation.evaluate(operands)

        def of_two(x: Operand, y: Operand, /) -> Any:
            if (type(x) is float or type(x) is int) and (type(y) is float or type(y) is int):
                try:
                    return kernel(x, y)
                except RANGE_ERRORS as error:
                    raise operation.error(error, (x, y)) from None
            result = NotImplemented
            if operation.method:
                if isinstance(x, handle):
                    result = operation.method(x, y)
                elif isinstance(y, handle):
                    result = operation.reflected(y, x)
            return operation(x, y) if result is NotImplemented else result

        function = in_place_of(kernel, of_one if len(rules) == 1 else of_two if len(rules) == 2 else of_several)
        function.operation, operation.function = operation, function
        return function

    return define


def reduction(rule: Rule, numpy: str = "", **facts: Unpack[Facts]) -> Callable[[Callable[..., Number]], Reduction]:
    """A decorator that turns a kernel of any number of operands into an operation, with one rule for all of them."""

    def define(kernel: Callable[..., Number]) -> Reduction:
        operation = Reduction(kernel.__name__.rstrip("_"), kernel, (rule,), numpy=numpy, **facts)
        register(operation)
        return operation

    return define


def facts(**facts: Unpack[Facts]) -> Callable[[Method], Method]:
    """A second decorator, below that of an operation, for facts that do not fit there."""

    def define(kernel: Method) -> Method:
        kernel.facts = facts  # type: ignore[attr-defined]
        return kernel

    return define


def on_floats(shortcut: Callable[[Sequence[float]], list[float] | None]) -> Callable[[Method], Method]:
    """A decorator that gives the rule of a reduction a shortcut on plain floats, since a call for each step is slow.

    The shortcut gives the same numbers to the bit, or None where it cannot.
    """

    def define(rule: Method) -> Method:
        rule.on_floats = shortcut  # type: ignore[attr-defined]
        return rule

    return define


def on_halves(shortcut: Callable[[Any, Any], tuple[Any, Any]]) -> Callable[[Method], Method]:
    """A decorator that gives the rule of a reduction of two halves a shortcut, which takes and returns whole halves."""

    def define(rule: Method) -> Method:
        rule.on_halves = shortcut  # type: ignore[attr-defined]
        return rule

    return define


def operator_of(
    symbol: str, kernel: Callable[..., Number], *rules: Rule, numpy: str, **facts: Unpack[Facts]
) -> Operation:
    """The operation behind one of Python's operators."""
    facts.setdefault("gives", "any")  # as Python's arithmetic does
    return register(Operation(kernel.__name__.strip("_"), kernel, rules, symbol, numpy, **facts))
