"""What an elementary operation is: an entry in a registry, with a kernel on numbers and rules for its derivatives.

The entries themselves are in `operations`. Here is what turns a kernel and its rules into a function on numbers,
values and vectors, and what finds out what applies it to given operands.
"""

from __future__ import annotations

from numbers import Real

from ..checks import RANGE_ERRORS, as_number, in_place_of, is_array, plural, refuse_operand, show

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import Any, Protocol, TypeAlias, TypedDict, TypeVar, Unpack, overload

    from ..checks import Number

    Same: TypeAlias = Any  # a number, for what gives a number of the type of one operand
    Operand: TypeAlias = Any  # a number, a Value, or anything else that an applier is registered for
    Rule: TypeAlias = Callable[..., Operand] | float | None
    Method = TypeVar("Method", bound=Callable[..., Any])
    Given = TypeVar("Given", covariant=True)
    T = TypeVar("T")

    Each = TypeVar("Each", covariant=True)
    Function = Callable[..., Any]

    class HasSign(Protocol[Given]):
        """What `-x` gives: a float of a float, a Value of a Value or a Variable, a Vector of a Vector."""

        def __neg__(self) -> Given: ...

    class HasElements(HasSign[Given], Protocol[Given, Each]):
        """A Vector or a Matrix, as what their signs give and what they hold."""

        def __iter__(self) -> Iterator[Each]: ...
        def grads(self) -> Any: ...

    class HasRows(Protocol[Given]):
        """A Matrix, as what its transpose is."""

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
        """What an entry may say of its operation; `Operation` tells what each fact means."""

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

    Messages show it by the name that users know, `shown`; where that is one of `math`, it is that function. `numpy` are
    the names that functions of NumPy's which compute the same go by, if there are any. Those below are the facts that
    other rooms want to know, with what holds of most operations.
    """

    raises = False  # whether there are floats at which the kernel raises
    jumps = False  # whether it changes by steps, as remainders do, where rules of 0 or None do not say so already
    gives = ""  # "float", or "any": a float if any operand is one; in place of what the annotations of the kernel say
    simpler: Any = None  # gives what is the same on floats that are not known yet, with less to compute, or else None
    formula: Any = ""  # how textbooks write it, with the names of the operands; a function of them gives the text
    slopes: Any = ""  # how they write its local derivatives, with z for the result; a tuple ends in that of all others
    arrays: Any = None  # the kernel on arrays, given the module with their functions and the operands
    chain = ""  # of a reduction: + or * as it joins its operands; +* for products of two halves, +/ for a mean
    start: Any = None  # what a reduction of nothing gives
    for_users = False  # whether it is offered to users under a name that `math` has not
    activation = False  # whether a layer may name it
    function: Any = None  # what applies it to numbers, values and vectors; none of Python's operators has one

    pull_back: Any = None  # what carries an adjoint back instead of the rules, in the operations of `custom_gradient`

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
        # The forms of `engine.fast_path` for one or two operands, the first of which, or else the second, is a Value.
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
        """Whether the result is a float, and no integer, given which operands are.

        The annotations of the kernel tell, unless the entry does: where its result is a `float`, it is one for integers
        too; otherwise it is one if all operands that are annotated as the result is are floats.
        """
        hints = [] if self.gives else [*getattr(self.kernel, "__annotations__", {}).values()]
        given = self.gives or (hints.pop() if hints else "")
        if given in ("float", "any"):
            return given == "float" or True in are_floats
        hints += hints[-1:] * len(are_floats)  # the last may be that of all others
        alike = [is_float for is_float, hint in zip(are_floats, hints) if hint == given]
        return alike != [] and False not in alike

    def __call__(self, *operands: Operand) -> Any:
        """Apply the operation to any operands that have an applier: numbers, values, vectors."""
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
        """The kernel at numbers; what it raises names the operation and its operands."""
        try:
            return self.kernel(*numbers)
        except RANGE_ERRORS as error:
            raise self.error(error, numbers) from None

    def error(self, error: Exception, numbers: Sequence[Number]) -> Exception:
        """The same exception, told with the operation and its operands."""
        message = error.args[-1] if error.args else type(error).__name__
        return type(error)(f"{self.describe(numbers)}: {message}")

    def describe(self, operands: Sequence[Operand]) -> str:
        """The operation as one would write it: `1.0 / 0.0`, `log(0.0)`."""
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


# For type checkers alone: that what a function gives is of the kind of its operand, of the elements of that, or of its
# parts.


def of_same_kind(function: Function) -> OfSameKind:
    return function


def of_each(function: Function) -> OfEach:
    return function


def of_parts(function: Function) -> OfParts:
    return function


registry: dict[str, Operation] = {}
handle: Any = ()  # the class of what `method` and `reflected` of operations are for
numpy_functions: dict[str, Operation] = {}  # the operations by the names of NumPy's functions


def register(operation: Operation) -> Operation:
    """Let an operation be found by its name, and by those that NumPy has for it."""
    registry[operation.name] = operation
    numpy_functions.update(dict.fromkeys(operation.numpy, operation))
    return operation


def find_operation(name: str) -> Operation:
    """The operation of that name (this is how a pickled graph finds its operations again)."""
    if name not in registry:
        raise ValueError(f"there is no operation {name!r} in this version of scalargrad")
    return registry[name]


def evaluate(operation: Operation, operands: Sequence[Operand]) -> Number:
    """Apply an operation to plain numbers."""
    return operation.evaluate([as_number(operand) for operand in operands])


def apply_unwrapped(operation: Operation, operands: Sequence[Operand]) -> Any:
    """Apply an operation to what NumPy's arrays of no dimension hold."""
    return operation(*[x.item() if getattr(x, "ndim", 1) == 0 else x for x in operands])


class Rank:
    """Who applies an operation to mixed operands: the applier of the highest of these, from a number to a series."""

    NUMBER, SYMBOL, VALUE, SCALAR_ARRAY, VECTOR, ARRAY, SERIES = range(7)


# What applies an operation to operands of a type, with its rank. Higher floors register theirs here, so that this one
# need not know them.
appliers: dict[type, tuple[int, Callable[[Operation, Sequence[Operand]], Any]]] = {
    float: (Rank.NUMBER, evaluate),
    int: (Rank.NUMBER, evaluate),
    bool: (Rank.NUMBER, evaluate),
}
# NumPy's arrays are told by what they offer, since NumPy may not be there: of no dimension, of one, and of more.
array_appliers: dict[int, tuple[int, Callable[[Operation, Sequence[Operand]], Any]]] = {
    0: (Rank.SCALAR_ARRAY, apply_unwrapped)
}


def find_applier(operand: object) -> tuple[int, Callable[[Operation, Sequence[Operand]], Any]] | None:
    """The applier for an operand of a subclass, of another kind of real number, or of a NumPy array; else `None`."""
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
    """Make a kernel, with a rule for each of its operands, into the function on numbers, values and vectors.

    `numpy` is the name of NumPy's function that computes the same, or several names with spaces between them, if it is
    not that of the kernel; `shown` is the name that messages show, likewise. `Operation` lists the other facts.
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
    """Make a kernel of any number of numbers into one operation, with one rule for all its operands."""

    def define(kernel: Callable[..., Number]) -> Reduction:
        operation = Reduction(kernel.__name__.rstrip("_"), kernel, (rule,), numpy=numpy, **facts)
        register(operation)
        return operation

    return define


def facts(**facts: Unpack[Facts]) -> Callable[[Method], Method]:
    """Say of an operation what its decorator has no room for, in one below that."""

    def define(kernel: Method) -> Method:
        kernel.facts = facts  # type: ignore[attr-defined]
        return kernel

    return define


def on_floats(shortcut: Callable[[Sequence[float]], list[float] | None]) -> Callable[[Method], Method]:
    """Give the rule of a reduction a shortcut on plain floats, where a call for each of its operations would be slow.

    The shortcut gives the same to the bit, or None where it does not.
    """

    def define(rule: Method) -> Method:
        rule.on_floats = shortcut  # type: ignore[attr-defined]
        return rule

    return define


def on_halves(shortcut: Callable[[Any, Any], tuple[Any, Any]]) -> Callable[[Method], Method]:
    """Give the rule of a reduction of two halves a shortcut that takes and gives each half as a whole."""

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
