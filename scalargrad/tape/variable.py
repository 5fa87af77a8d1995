"""Leaves under TensorFlow's names: `Variable`, which can be assigned, `constant` and `stop_gradient`."""

from __future__ import annotations

from ..checks import as_number, brief, counted, is_one_element, require_flag
from ..elsewhere import say_what_is_elsewhere
from ..engine.contexts import current, open_blocks, refuse_in_trace
from ..engine.many import Values, as_values, constants, elements, elements_of, gathered, has_elements, on_shape
from ..engine.matrix import Matrix, rows_and_shape
from ..engine.rows import CONSTANT, D_RIGHT, NUMBER, OPERATION, Handles, next_serial
from ..engine.value import Value, assign_at_once, element_on, leaf_number, make_leaf, new, number_of, shown
from ..engine.vector import Vector
from ..operations import elementary as operations
from ..operations.operation import of_same_kind, registry

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from numbers import Real
    from typing import Any, Self, overload

    from ..checks import Number
    from ..engine.rows import Row
    from ..operations.operation import Operation


class Chosen:
    """The base of `Variable`. It has `__new__`, so that the signature of `Variable` is that of `__init__`."""

    __slots__ = ()

    def __new__(cls, *args: Any, **options: Any) -> Any:
        """A new object of the class for a scalar, a vector or a matrix; its `__init__` sets it up."""
        unknown = [name for name in options if name not in ("initial", "trainable", "name")]
        if unknown or not (args or "initial" in options):
            raise TypeError(
                "Variable takes initial (a number or a list of numbers, which become floats), trainable and name (the "
                f"label of a Value), got {', '.join(unknown) or 'no initial'}"
            )
        if cls is Variable:
            initial = args[0] if args else options["initial"]
            if isinstance(initial, Value) or not has_elements(initial):
                return new(ScalarVariable)
            return new(MatrixVariable if is_of_rows(initial) else VectorVariable)
        return new(cls)


def is_of_rows(many: Any) -> bool:
    """Whether something that has elements has rows."""
    if hasattr(many, "shape"):
        return len(many.shape) > 1
    return bool(many) and has_elements(many[0])


class Variable(Chosen):
    """A leaf that can be assigned: a `Value` if it is a number, a `Vector` if a list, a `Matrix` if a list of rows.

    A variable of many numbers is one leaf. Each of its elements is a leaf, too, which can be assigned by itself. A row,
    a slice and the transpose follow it: assign the variable, and they have its new numbers. Assign the elements of one
    variable from one thread at a time.

    Args:
        initial: a number, a Value (whose number is taken for a new leaf), a list, Vector or array of these, or a list
            of rows, a Matrix or an array of two dimensions.
        trainable: whether tapes watch it when it is used; if not, it is a constant with `assign`.
        name: a label to show.

    Raises:
        TypeError: `initial` is neither a real number nor a sequence of them, or `trainable` is not a truth value.
        ValueError: its rows differ in length, or it has more than two dimensions.

    >>> w = Variable([1.0, 2.0], name="w")
    >>> w.assign_add([1.0, 1.0])
    Variable([2.0, 3.0], name='w')
    """

    __slots__ = ()

    def __init_subclass__(cls) -> None:
        if cls.__module__ != __name__:
            raise TypeError(
                f"{cls.__name__} cannot inherit from Variable, which picks a class itself; hold one instead"
            )
        for named in (cls, *[thing for thing in vars(cls).values() if callable(thing)]):  # in Python's own messages
            named.__qualname__ = named.__qualname__.replace(cls.__name__, "Variable")
        cls.__name__ = "Variable"

    if TYPE_CHECKING:
        # A Variable of a number is a Value, one of a list is a Vector; this class stands for either.
        name: str | None
        trainable: bool
        grad: Any

        @overload
        def __new__(
            cls, initial: float | Real | Value, trainable: bool = True, name: str | None = None
        ) -> ScalarVariable: ...
        @overload
        def __new__(
            cls, initial: Sequence[Sequence[Any] | Vector] | Matrix, trainable: bool = True, name: str | None = None
        ) -> MatrixVariable: ...
        @overload
        def __new__(cls, initial: Iterable[Any], trainable: bool = True, name: str | None = None) -> VectorVariable: ...
        def __new__(cls, *args: Any, **options: Any) -> Any: ...
        def assign(self, value: Any) -> Self: ...
        def assign_add(self, delta: Any) -> Self: ...
        def assign_sub(self, delta: Any) -> Self: ...
        def numpy(self) -> Any: ...
        def __getattr__(self, name: str) -> Any: ...
        def _with(self, other: Any, /) -> Any: ...

        # Assigned and not declared, since pyright would prefer declarations here to the operators of Value and Vector.
        __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = _with
        __truediv__ = __rtruediv__ = __pow__ = __rpow__ = __matmul__ = __rmatmul__ = _with

        def __neg__(self) -> Any: ...
        def __pos__(self) -> Any: ...
        def __getitem__(self, index: Any) -> Any: ...
        def __len__(self) -> int: ...

    else:

        def __init__(self, initial: Any, trainable: bool = True, name: str | None = None) -> None:
            """The subclasses set it up."""


class ScalarVariable(Value, Variable):
    __slots__ = ()

    def __init__(self, initial: Any, trainable: bool = True, name: str | None = None) -> None:
        if trainable is not True:
            require_flag("trainable", trainable)
        make_leaf(self, leaf_number(number_of(initial)), name, trainable)

    @property
    def trainable(self) -> bool:  # type: ignore[override]
        """Whether it is tracked; it cannot be set later."""
        return self.is_tracked

    @property
    def name(self) -> str | None:  # type: ignore[override]
        return self.label

    def assign(self, value: Any) -> ScalarVariable:
        """Take the number of a value or a plain number; returns the variable. No gradient flows through it.

        Raises TypeError if it is not a real number, ValueError if it is a vector.
        """
        self.data = value if type(value) is float else self._number_in(value)
        return self

    def assign_add(self, delta: Any) -> ScalarVariable:
        """Add a number; returns the variable. No gradient flows through it."""
        return self._assign_result(operations.add, delta)

    def assign_sub(self, delta: Any) -> ScalarVariable:
        """Subtract a number; returns the variable. No gradient flows through it."""
        return self._assign_result(operations.sub, delta)

    def _assign_result(self, operation: Operation, delta: Any) -> ScalarVariable:
        x, y = number_of(self), self._number_in(delta)
        self.data = operation.kernel(x, y) if type(x) is float and type(y) is float else operation(x, as_number(y))
        return self

    def _number_in(self, x: Any) -> Any:
        if not isinstance(x, Value):
            x = x.item() if is_one_element(x) else x
            if elements_of(x) is not None:
                raise ValueError(
                    f"expected one number for {brief(self)}, got a sequence of {len(elements_of(x) or ())}"
                )
        return number_of(x)

    def __repr__(self) -> str:
        return show_variable(shown(self), self)


class ManyVariable(Values):
    """The base of variables of many numbers: one leaf, whose elements can also be assigned one by one."""

    __slots__ = ()

    if TYPE_CHECKING:
        handles: Handles  # of the elements that somebody holds
    else:
        __new__ = Chosen.__new__

        def __getitem__(self, index: Any) -> Any:
            if open_blocks:
                self.is_followed_in(current())
            return super().__getitem__(index)

    def __init__(self, initial: Any, trainable: bool = True, name: str | None = None) -> None:
        require_flag("trainable", trainable)
        numbers, shape = leaf_numbers(initial)
        self._trainable = trainable  # type: ignore[misc]
        self.handles = Handles()
        make_leaf(self, numbers, name, trainable, shape)

    @property
    def trainable(self) -> bool:
        """Whether it is tracked; it cannot be set later."""
        return self._trainable

    @property
    def name(self) -> str | None:
        return self.label  # type: ignore[no-any-return]

    @property
    def data(self) -> Any:
        """Raises AttributeError: many numbers are not one number."""
        kind = "vector" if len(self.shape) == 1 else "matrix"
        raise AttributeError(
            f"{brief(self)} has no data, being a {kind}; use tolist() or numpy(), and assign() to set it"
        )

    def element(self, i: int) -> Value:
        """The leaf for element i; asking for it accesses the variable, which tapes note."""
        if open_blocks:
            self.is_followed_in(current())
        handle: Value | None = self.handles.find(i)
        return element_on(self.row, i) if handle is None else handle  # its truth value would be a branch to a trace

    def assign(self, value: Any) -> Self:
        """Take the numbers of a vector, matrix, list or array; returns the variable. No gradient flows through it.

        Raises ValueError if the shape is not that of the variable, TypeError if an element is not a real number.
        """
        numbers, shape = leaf_numbers(value)
        if shape != self.shape:
            wanted, got = (
                (counted(self.shape[0]), shape[0]) if len(shape) == len(self.shape) == 1 else (self.shape, shape)
            )
            raise ValueError(f"expected {wanted} for {brief(self)}, got {got}")
        assign_leaves([self], [numbers])
        return self

    def assign_add(self, delta: Any) -> Self:
        """Add element by element; returns the variable. No gradient flows through it."""
        return self.assign(constant(self) + stop_gradient(delta))

    def assign_sub(self, delta: Any) -> Self:
        """Subtract element by element; returns the variable. No gradient flows through it."""
        return self.assign(constant(self) - stop_gradient(delta))

    def __repr__(self) -> str:
        return show_variable(self._text(), self)

    def __copy__(self) -> Self:
        twin: Self = Variable(self, self.trainable, self.name)  # type: ignore[call-overload]
        twin._grad = self._grad
        return twin


class VectorVariable(ManyVariable, Vector, Variable):  # type: ignore[override]
    __slots__ = ("_trainable",)

    if TYPE_CHECKING:

        @overload
        def __getitem__(self, index: int) -> Value: ...
        @overload
        def __getitem__(self, index: slice) -> Vector: ...
        def __getitem__(self, index: Any) -> Any: ...


class MatrixVariable(ManyVariable, Matrix, Variable):  # type: ignore[override]
    __slots__ = ("_trainable",)

    if TYPE_CHECKING:

        @overload
        def __getitem__(self, index: int | tuple[int, slice] | tuple[slice, int]) -> Vector: ...
        @overload
        def __getitem__(self, index: slice | tuple[slice, slice]) -> Matrix: ...
        @overload
        def __getitem__(self, index: tuple[int, int]) -> Value: ...
        def __getitem__(self, index: Any) -> Any: ...


def leaf_numbers(values: Any) -> tuple[tuple[Number, ...], tuple[int, ...]]:
    """The numbers of a leaf, integers and truth values as floats, and its shape."""
    if isinstance(values, Values) and not (open_blocks and current().tracer is not None):
        return tuple(map(leaf_number, values.row[NUMBER])), values.shape
    found, shape = scalars_of_leaf(values)
    if {*map(type, found)} <= {float}:
        return tuple(found), shape
    return tuple([leaf_number(number_of(x)) for x in found]), shape


def scalars_of_leaf(values: Any) -> tuple[Sequence[Any], tuple[int, ...]]:
    """The numbers or Values of a vector or a matrix, or of something that makes one, row by row, and the shape."""
    found = elements_of(values)
    if found is None:
        raise TypeError(f"expected a list, a Vector or a Matrix, got {brief(values)} ({type(values).__name__})")
    if isinstance(values, Values):
        return [*elements(values)], values.shape
    if is_of_rows(values):
        rows, shape = rows_and_shape(values)
        return [x for row in rows for x in row], shape
    return found, (len(found),)


say_what_is_elsewhere([name for name in registry if name in vars(Value)], Value, Vector, Matrix)


def assign_leaves(leaves: Sequence[Any], numbers: Iterable[Any], *then: Callable[[], Any]) -> None:
    """Assign numbers to leaves, all of them or none; the functions `then`, written in C, are called in the same step.

    Raises TypeError for anything but real numbers, and while a function is traced.
    """
    new_numbers = [
        leaf_numbers(number)[0] if isinstance(number, (tuple, list)) else leaf_number(number) for number in numbers
    ]
    refuse_to_assign(leaves)
    assign_at_once(leaves, new_numbers, *then)


def refuse_to_assign(leaves: Iterable[Any]) -> None:
    """Raise TypeError while a function is traced, which would lose the assignment."""
    if open_blocks and current().tracer is not None:
        for leaf in leaves:
            for value in elements(leaf) if isinstance(leaf, Values) else (leaf,):
                refuse_in_trace("assign", value)


def show_variable(number: str, variable: Any) -> str:
    trainable = "" if variable.trainable else ", trainable=False"
    name = f", name={variable.name!r}" if variable.name is not None else ""
    return f"Variable({number}{trainable}{name})"


if TYPE_CHECKING:

    @overload
    def constant(value: float | Real | Value) -> Value: ...
    @overload
    def constant(value: Matrix | Sequence[Sequence[Any] | Vector]) -> Matrix: ...
    @overload
    def constant(value: Vector | Sequence[float | Real | Value]) -> Vector: ...
    @overload
    def constant(value: Any) -> Any: ...


def constant(value: Any) -> Any:
    """A value, a vector or a matrix that has no gradient unless a tape watches it.

    Args:
        value: a number, a list, tuple or array of numbers, or a list of rows; or a Value, a Vector or a Matrix, whose
            numbers are taken.

    Raises TypeError for anything else, ValueError for rows of several lengths.

    >>> constant(3)
    constant(3.0)
    >>> constant([1, 2])
    Vector([1.0, 2.0])
    """
    if has_elements(value):
        return constants(*leaf_numbers(value))
    return make_leaf(new(Value), leaf_number(number_of(value)), is_tracked=False)


CUT = "stop_gradient"  # a mark on the row of a constant, so that a tape can tell where a gradient ended


def is_cut(row: Row) -> bool:
    """Whether a row came out of `stop_gradient`."""
    return row[OPERATION] is CONSTANT and row[D_RIGHT] == CUT


@of_same_kind
def stop_gradient(x: Any) -> Any:
    """The same numbers as constants, through which no gradient flows.

    Takes a Value, a Vector, a Matrix or a list of them, or a number (which comes back as it is).

    >>> v = Value(2.0)
    >>> (v * stop_gradient(v)).backward()
    >>> v.grad
    2.0
    """
    if isinstance(x, Value):
        stopped = new(Value)
        interval = current().number if open_blocks else 0
        stopped.row = (next_serial(), interval, CONSTANT, number_of(x), None, None, None, CUT)
        return stopped
    if has_elements(x):
        values = as_values(x)
        if open_blocks and current().tracer is not None:
            return gathered([stop_gradient(element) for element in elements(values)], values.shape)
        interval = current().number if open_blocks else 0
        return on_shape((next_serial(), interval, CONSTANT, values.row[NUMBER], None, None, values.shape, CUT))
    return as_number(x)
