"""The trace of a function for `compile`: each operation on numbers that depend on its arguments, and each decision.

While a `Trace` is open, a `Traced` stands for every such number, in values and in the derivatives that they record. So
tapes, transforms and sweeps in the function run as usual, and the trace records their operations, too.
"""

from __future__ import annotations

import math
import operator
import sys
from numbers import Real

from ..checks import MATHS, PATCH, Symbol, as_number, file_and_line, named, place
from ..engine.contexts import Block, current
from ..engine.rows import INTERVAL, KEY, NUMBER, OPERATION, identity_of
from ..engine.value import Value, make_constant, recorded
from ..operations import elementary as operations
from ..operations.operation import Operation, Rank, appliers, numpy_functions, registry

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from typing import Any, NoReturn

    from ..engine.contexts import BlockInterval


class Asked(Operation):
    """A function of Python's own; `symbol` has the names of its last operands, which are keyword arguments."""

    raises = True
    gives = "no float"  # its result may be an integer


class UntraceableError(Exception):
    """The function does something that only recorded numbers can do."""


def operator_on_traced(operation: Operation, reflected: bool) -> Callable[[Traced, Any], Any]:
    """A method for one of Python's operators."""

    def method(self: Traced, other: Any) -> Any:
        if not isinstance(other, (Symbol, float, int, Real)):
            return NotImplemented
        return self.trace.apply(operation, (other, self) if reflected else (self, other))

    return method


def comparison_of_traced(name: str, symbol: str) -> Callable[[Traced, Any], Any]:
    """A method for one of Python's comparisons."""
    operation = Operation(name, getattr(operator, name), (None, None), symbol)

    def method(self: Traced, other: Any) -> Any:
        if not isinstance(other, (Symbol, float, int, Real)):
            return NotImplemented
        return self.trace.apply(operation, (self, other), Condition)

    return method


def asked(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """A method that turns a symbol into a plain number: a decision, with an answer for each such number."""

    def method(self: Traced, *args: Any) -> Any:
        return self.trace.ask(name, function, (self, *args), {})

    return method


class Traced(Symbol):
    """A number that depends on the arguments of a traced function: an operation on others, or an input.

    `data` is the number itself in this run. An operation that `keeps` stays in the program even if nothing needs its
    result, since it may raise. The trace answers Python's decisions on the number.
    """

    __slots__ = ("data", "index", "is_float", "is_known", "keeps", "operands", "operation", "trace")

    __array_ufunc__ = None  # NumPy's scalars then leave operators to this class

    def __init__(self, trace: Trace, operation: Any, operands: tuple[Any, ...], data: Any, is_float: bool) -> None:
        self.trace = trace
        self.operation = operation
        self.operands = operands
        self.data = data
        self.is_float = is_float
        self.keeps = False
        self.is_known = False  # whether it is part of the known paths of a function, after its trace
        self.index = trace.count = trace.count + 1

    def __divmod__(self: Any, other: Any) -> tuple[Any, Any]:
        return self // other, self % other

    def __rdivmod__(self: Any, other: Any) -> tuple[Any, Any]:
        return other // self, other % self

    def __neg__(self) -> Any:
        return self.trace.apply(operations.neg, (self,))

    def __pos__(self) -> Any:
        return self

    def __abs__(self) -> Any:
        return self.trace.apply(operations.absolute.operation, (self,))

    __lt__ = comparison_of_traced("lt", "<")
    __le__ = comparison_of_traced("le", "<=")
    __gt__ = comparison_of_traced("gt", ">")
    __ge__ = comparison_of_traced("ge", ">=")
    __eq__ = comparison_of_traced("eq", "==")
    __ne__ = comparison_of_traced("ne", "!=")

    def __bool__(self) -> bool:
        return bool(self != 0)

    __class__ = property(lambda _: float)  # for `isinstance`
    real = property(lambda self: self)
    imag = 0.0

    def conjugate(self) -> Any:
        return self

    def is_integer(self: Any) -> bool:
        return bool(self % 1 == 0)

    def __hash__(self) -> int:
        if self.is_known or not self.trace.is_open:
            return self.index
        return self.trace.ask("hash", hash, (self,), {})  # type: ignore[no-any-return]

    def __getattr__(self, name: str) -> Any:
        operation = numpy_functions.get(name, registry.get(name))
        if operation is not None and len(operation.rules) == 1:
            return lambda *others: self.trace.apply(
                operation, (self, *others)
            )  # as NumPy calls it for arrays of objects
        if hasattr(float, name):
            self.trace.refuse_number(f"{name}() of a traced number would keep the result of this one call")
        raise AttributeError(f"'float' object has no attribute {name!r}")

    __int__ = asked("int", int)
    __floor__ = asked("floor", math.floor)
    __ceil__ = asked("ceil", math.ceil)
    __trunc__ = asked("trunc", math.trunc)

    def __round__(self, digits: int | None = None) -> Any:
        if digits is None:
            return self.trace.ask("round", round, (self,), {})
        return self.trace.apply(Asked("round", round, (None, None)), (self, digits))

    def __index__(self) -> int:
        name = self.trace.name_of(self)
        way = f'compile with static_argnames="{name}"' if name else "name the argument in static_argnames"
        self.trace.refuse_number(f"a traced number cannot be an index or a count; {way}, or use int() of it")

    def __float__(self) -> float:
        self.trace.refuse_number(INSTEAD["float()"])

    def __copy__(self) -> Traced:
        return self

    def __deepcopy__(self, memo: object) -> Traced:
        return self

    def __reduce__(self) -> Any:
        self.trace.refuse_number("a traced number cannot be pickled, since it stands for a new number in each call")

    def __repr__(self) -> str:
        if self.trace.is_open:
            self.trace.give_up(TEXT)
        return f"<traced {self.index}>"

    def __format__(self, spec: str) -> str:
        return repr(self)


operations.give_operators(Traced, operator_on_traced)


def of_truths(name: str, reflected: bool = False) -> Callable[[Condition, Any], Any]:
    """A method for `&`, `|` or `^`, which join conditions without asking for their truth."""
    function = getattr(operator, name)
    symbol = {"and_": "&", "or_": "|", "xor": "^"}[name]
    operation = Operation(name, function, (None, None), symbol)

    def method(self: Condition, other: Any) -> Any:
        if isinstance(other, Condition):
            return self.trace.apply(operation, (self, other), Condition)
        if isinstance(other, bool) and name != "xor":
            return self if other is (name == "and_") else other
        return function(other, bool(self)) if reflected else function(bool(self), other)

    return method


def of_the_truth(name: str) -> Callable[..., Any]:
    """A method of `bool`, for a condition: it asks for the truth."""

    def method(self: Condition, *given: Any) -> Any:
        truth, *args = [bool(x) if isinstance(x, Condition) else x for x in (self, *given)]
        found = getattr(truth, name)(*args)
        return getattr(float(truth), name)(*args) if found is NotImplemented and hasattr(float, name) else found

    return named(method, name)


class Condition(Traced):
    """A truth value that depends on the arguments. It makes a path only when its truth is asked for."""

    __slots__ = ()

    __class__ = property(lambda _: bool)  # for `isinstance`
    real = property(lambda self: int(bool(self)))
    imag = 0

    def conjugate(self) -> Any:
        return int(bool(self))

    def __bool__(self) -> bool:
        return self.trace.decide(self)  # type: ignore[no-any-return]

    def __hash__(self) -> int:
        return self.index if self.is_known or not self.trace.is_open else hash(bool(self))

    def __getattr__(self, name: str) -> Any:
        if hasattr(bool, name):
            return getattr(bool(self), name)
        raise AttributeError(f"'bool' object has no attribute {name!r}")

    __and__ = of_truths("and_")
    __rand__ = of_truths("and_", reflected=True)
    __or__ = of_truths("or_")
    __ror__ = of_truths("or_", reflected=True)
    __xor__ = of_truths("xor")
    __rxor__ = of_truths("xor", reflected=True)


_operators = {name for name in {*dir(bool)} - {*dir(object)} - {*vars(Condition)} if name.startswith("__")}
for _name in (*_operators, "__eq__", "__ne__", "__repr__", "__format__"):
    setattr(Condition, _name, of_the_truth(_name))


class Trace(Block):
    """The record of one run of a function: `events` are its operations and the answers to questions, in order.

    A trace is a block that hides the blocks around it: a compiled function gives the same results in all of them.
    Without a `script` the numbers of the run answer each question. With one there are no numbers: the script holds the
    answers, and after its end every answer is yes.
    """

    def __init__(self, script: Sequence[bool] | None = None) -> None:
        super().__init__()
        self.count = 0
        self.script = script
        self.quiet = False
        self.raised = ""
        self.refusal: Exception | None = None
        self.events: list[Any] = []
        self.answers: dict[float, Any] = {}
        self.table: dict[tuple[Any, ...], Traced] = {}
        self.leaves: dict[float, tuple[Value, Traced]] = {}
        self.intervals: set[int] = set()
        self.outside: dict[float, Value] = {}  # values computed before: constants here, but a tape may follow them
        self.made: dict[float, Value] = {}  # leaves that the function created
        self.names: Callable[[], Sequence[str]] = tuple  # for each number of the arguments, see `name_of`

    # -- the block

    def take_part(self, interval: BlockInterval) -> None:
        """Let every operation in an interval go to the trace."""
        interval.tapes = interval.accessed = ()
        interval.detector = None
        self.intervals.add(interval.number)
        interval.enabled = True
        interval.plain = False
        interval.tracer = self

    # -- numbers

    def input(self, data: Any) -> Traced:
        """A symbol for a number that differs from call to call."""
        return Traced(self, None, (), data, True)

    def name_of(self, number: Traced) -> str:
        """The name of the parameter that a number is the argument of, or ""."""
        return dict(enumerate(self.names(), 1)).get(number.index, "")

    def number_of(self, value: Value) -> Any:
        """The number of a value, or its symbol: a leaf from outside the trace is an input."""
        row = value.row
        data, identity = row[NUMBER], identity_of(row)
        if identity in self.leaves:
            return self.leaves[identity][1]
        is_computed = row[OPERATION] or row[KEY] is None
        if row[INTERVAL] in self.intervals:
            if not is_computed:
                self.made[identity] = value
            return data
        if is_computed or isinstance(data, Symbol):
            if row[OPERATION]:
                self.outside[identity] = value
            return data
        if type(data) is not float:
            self.give_up(f"the leaf {data!r} is not a float")
        leaf = self.input(None if self.script is not None else data)
        self.leaves[identity] = value, leaf
        return leaf

    def may_have_kept_leaves(self) -> bool:
        """Whether a leaf that the function created may outlive this run, so that the next run would find it.

        The next run finds such a leaf as an ordinary one, with its number from this run.
        """
        settle_leaves(self.made.values())
        if not hasattr(sys, "getrefcount"):
            return bool(self.made)
        self.made[0] = make_constant(0.0)  # nothing else refers to it, so its count is the one to compare with
        *counts, alone = map(sys.getrefcount, self.made.values())
        return any(count > alone for count in counts)

    def forget(self) -> None:
        """Drop the data of the run, since symbols keep the trace alive as long as they live."""
        self.events, self.table, self.answers, self.leaves, self.outside, self.made = [], {}, {}, {}, {}, {}
        self.names = tuple

    def record(self, operation: Operation, operands: Sequence[Any]) -> Value:
        """Record an operation as the engine's `record` does, on symbols and numbers; returns its value."""
        interval = current()
        numbers = [self.number_of(x) if isinstance(x, Value) else as_number(x) for x in operands]
        data = self.apply(operation, numbers)
        if interval.detector is not None:
            self.give_up("detect_anomaly looks at the numbers of one call")
        if interval.enabled:
            wanted = [isinstance(x, Value) and x.is_followed_in(interval) for x in operands]
            if True in wanted:
                quiet, self.quiet = self.quiet, True
                derivatives = operation.local_derivatives(numbers, wanted)
                self.quiet = quiet
                if any(derivative is not None for derivative in derivatives):
                    rows = [x.row if isinstance(x, Value) else number for x, number in zip(operands, numbers)]
                    return recorded(operation, data, rows, derivatives, interval)
        return make_constant(data)

    def apply(self, operation: Operation, operands: Sequence[Any], kind: type[Traced] = Traced) -> Any:
        """The result of an operation: a symbol, or a number if it does not depend on an input."""
        symbols = [x for x in operands if isinstance(x, Traced)]
        if not symbols:
            return operation.evaluate(operands)
        if not self.is_open or symbols[0].trace is not self:
            raise RuntimeError(
                "a number of a compiled function was kept after the function had been traced; return it instead"
            )
        found = operation.simpler(*operands) if operation.simpler is not None else simplified(operation, operands)
        if found is not None:
            return found
        key = key_of_operation(operation, operands)
        found = self.table.get(key)
        if found is None:
            try:
                operands = [x if isinstance(x, Traced) else constant_operand(operation, x) for x in operands]
            except UntraceableError as error:
                self.refusal = error
                raise
            found = self._write_down(key, operation, operands, kind)
        if operation.raises and not self.quiet:
            found.keeps = True
        return found

    def _write_down(self, key: Any, operation: Operation, operands: Sequence[Any], kind: type[Traced]) -> Traced:
        data = self._evaluate(operation, operands) if self.script is None else None
        is_a_float = operation.gives_float([*map(is_float, operands)])
        found = self.table[key] = kind(self, operation, (*operands,), data, is_a_float)
        self.events.append(found)
        return found

    def _evaluate(self, operation: Operation, operands: Sequence[Any]) -> Any:
        numbers = [x.data if isinstance(x, Traced) else x for x in operands]
        try:
            return operation.kernel(*numbers) if isinstance(operation, Asked) else operation.evaluate(numbers)
        except Exception as error:  # even if the function catches it, other arguments may not raise it
            self.raised = f"{operation.name} raised {type(error).__name__}, {place()}"
            raise

    # -- decisions

    def ask(self, name: str, function: Callable[..., Any], args: Sequence[Any], kwargs: dict[str, Any]) -> Any:
        """The result of a function without a derivative: a truth value, or an integer on which the path depends."""
        if not any(isinstance(x, Symbol) for x in args):
            return function(*args, **kwargs)
        named = (*kwargs,)
        places, operands = len(args), (*args, *kwargs.values())

        def of_operands(*operands: Any) -> Any:
            return function(*operands[:places], **dict(zip(named, operands[places:])))

        key = (name, named, *map(key_of_operand, operands))
        found = self.table.get(key)
        if found is None:
            operation = Asked(name, of_operands, (None,) * len(operands), ",".join(named))
            found = self._write_down(key, operation, operands, Condition if name in TRUTHS else Traced)
            found.keeps = True
        return found if isinstance(found, Condition) else self.decide(found)

    def decide(self, question: Traced) -> Any:
        """The answer to a question, the same each time it is asked in this run."""
        if question.index in self.answers:
            return self.answers[question.index]
        answer = question.data
        if self.script is not None:
            if not isinstance(question, Condition):
                self.refuse_number(
                    f"{question.operation.name}() of an array has as many answers as the array has entries"
                )
            if len(self.answers) >= MOST_ANSWERS:
                file, line = file_and_line()
                self.refuse_number(
                    f"for arrays every path is computed, and the decision at {file}, line {line}, makes too many"
                )
            answer = self.script[len(self.answers)] if len(self.answers) < len(self.script) else True
        self.answers[question.index] = answer
        self.events.append((question, answer, file_and_line()))
        return answer

    # -- operations that cannot be followed

    def refuse(self, what: str, value: Value) -> None:
        """Raise TypeError if `what` of a value would be frozen for all calls; for text, end the trace."""
        number = self.number_of(value)
        if isinstance(number, Traced):
            if what == "text":
                self.give_up(TEXT)
            if what == "index":
                operator.index(number)
            self.refuse_number(INSTEAD[what])

    def refuse_number(self, message: str) -> NoReturn:
        self.refusal = TypeError(f"in a compiled function {message}")
        raise self.refusal

    def give_up(self, reason: str) -> NoReturn:
        """End the trace: the function itself takes the call."""
        self.refusal = UntraceableError(f"{reason}, {place()}")
        raise self.refusal


def settle_leaves(leaves: Iterable[Value]) -> None:
    """Turn leaves from a trace into ordinary leaves, with their numbers from that run."""
    for leaf in leaves:
        row = leaf.row
        number = row[NUMBER].data if isinstance(row[NUMBER], Traced) else row[NUMBER]
        leaf.row = (row[0], current().number, row[OPERATION], number, *row[KEY:])


MOST_ANSWERS = 100
TEXT = "the text of a number, which differs from call to call, is used"
TRUTHS = {"isclose", "isfinite", "isinf", "isnan", "isnormal", "issubnormal", "signbit"}
INSTEAD = {
    **dict.fromkeys(
        ("data", "item()", "tolist()"),
        "the plain number of a traced value would be frozen at that of this one call; compute with the value itself",
    ),
    "float()": (
        "a traced number was asked for a plain float, as by math.sin(x) or a float array, which would be frozen at "
        f"that of this one call; use {MATHS}, dtype=object for an array, or {PATCH}"
    ),
    "grad": "grad of a traced value is not followed; use GradientTape, or scalargrad.grad",
    "backward()": "backward() is not followed, since it writes into leaves; use GradientTape, or scalargrad.grad",
    "assign": "a value cannot be assigned; return the new number, and assign it outside",
}


def key_of_operation(operation: Operation, operands: Sequence[Any]) -> tuple[Any, ...]:
    """The key of an operation on some operands."""
    return (operation.name, operation.symbol, *map(key_of_operand, operands))


def key_of_operand(operand: Any) -> Any:
    """The key of an operand, different for 0.0, 0 and -0.0."""
    if isinstance(operand, Traced):
        return operand.index
    return repr(operand) if type(operand) is float else (type(operand), operand)


def constant_operand(operation: Operation, x: Any) -> Any:
    """A plain operand as a float or an int. An exact number becomes a float, as in Python's operators."""
    x = as_number(x)
    if type(x) is int and operation.rules[-1] is not None and not -(2**1023) < x < 2**1023:
        raise UntraceableError(f"an integer beyond the range of floats is an operand of {operation.name}, {place()}")
    if isinstance(x, (float, int)):
        return x
    if operation.symbol and operation.rules[0] is not None:
        return float(x)
    raise UntraceableError(f"{x!r}, which is not a float, is an operand of {operation.name}, {place()}")


def is_exactly(x: Any, number: float) -> bool:
    """Whether an operand is a constant equal to a number, with the same sign if both are zero."""
    return not isinstance(x, Traced) and x == number and math.copysign(1, x) == math.copysign(1, number)


def simplified(operation: Operation, operands: Sequence[Any]) -> Any:
    """The result of one of Python's operators if it is known without computing, bit for bit; else None."""
    symbol, x, y = operation.symbol, operands[0], operands[-1]
    if symbol == "*":
        for one, other in ((x, y), (y, x)):
            if is_exactly(one, 1) and (type(one) is int or other.is_float):
                return other
            if is_exactly(one, -1) and (type(one) is int or other.is_float):
                return -other
    elif symbol == "-" and len(operands) == 1:
        return x.operands[0] if x.operation is operation else None
    elif symbol == "-" and is_exactly(y, 0 if type(y) is int else 0.0):
        return x if type(y) is int or x_is_float(x) else None
    elif symbol in ("/", "**") and is_exactly(y, 1) and x_is_float(x):
        return x
    elif symbol == "**" and is_exactly(y, 0) and x_is_float(x):
        return 1.0
    return None


def is_float(x: Any) -> bool:
    return x.is_float if isinstance(x, Traced) else type(x) is float


def x_is_float(x: Any) -> bool:
    return isinstance(x, Traced) and x.is_float


def apply_traced(operation: Operation, operands: Sequence[Any]) -> Any:
    """Apply an operation to traced and plain numbers."""
    operands = [*map(as_number, operands)]
    return next(x for x in operands if isinstance(x, Traced)).trace.apply(operation, operands)


Real.register(Traced)
appliers[Traced] = appliers[Condition] = (Rank.SYMBOL, apply_traced)
