"""Checks of arguments, and the messages about wrong ones."""

from __future__ import annotations

import operator
import sys
from functools import update_wrapper
from numbers import Real

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, NoReturn, TypeAlias, TypeVar

    Number: TypeAlias = Any  # float, int or another exact real such as Fraction
    Method = TypeVar("Method", bound=Callable[..., Any])


def plural(count: int, noun: str) -> str:
    """A count with its noun: `1 number`, `2 numbers`."""
    return f"{count:,} {noun}{'s' * (count != 1)}"


def counted(length: int | None) -> str:
    """A length in words; None is that of a scalar."""
    return "one number" if length is None else "a list of one number" if length == 1 else f"{length} numbers"


def brief(x: object) -> str:
    """A thing as messages show it; of many elements only the first and the last, and how many there are."""
    text = " ".join(map(str.strip, repr(x).split("\n")))  # the text of an array has lines
    if len(text) <= 400:
        return text
    head, tail = text[:120], text[-60:]
    size = ""
    if hasattr(x, "tolist"):
        size = f" of shape {x.shape}"  # type: ignore[attr-defined]
    elif isinstance(x, (list, tuple, dict)):
        size = f" of length {len(x)}"
    return f"{head.rpartition(', ')[0] or head}, ..., {tail.partition(', ')[2] or tail}{size}"


class Brief:
    """A wrapper whose `repr` is `brief`, for messages that are formatted with `!r`."""

    def __init__(self, x: object) -> None:
        self.x = x

    def __repr__(self) -> str:
        return brief(self.x)


MATHS = "scalargrad.sin(x) or `from scalargrad import math`"
PATCH = "`with scalargrad.math.patch(module):` around code that you cannot change"


def refuse_index(x: Any) -> NoReturn:
    raise TypeError(f"{x!r} is not an integer, which an index, a count or a repetition needs; use int() of it")


def refuse_float(x: Any) -> NoReturn:
    raise TypeError(
        f"{x!r} was asked for a plain float, as by math.sin(x), '%.2f' % x or a float array, which would lose its "
        f"gradient; use {MATHS}, dtype=object for an array, f'{{x:.2f}}' for text, x.data for the number, or {PATCH}"
    )


def refuse_ratio(x: Any) -> NoReturn:
    raise TypeError(
        f"as_integer_ratio() of {x!r}, which statistics.mean() and the like call, would lose its gradient silently; "
        "use sum(values) / len(values), math.fsum(values) of `from scalargrad import math`, statistics.fmean(values) "
        "within `with scalargrad.math.patch(statistics):`, or .data for the number alone"
    )


def refuse_float_of_vector(x: Any) -> NoReturn:
    raise TypeError(
        f"expected one real number, as math.sin(x) and '%.2f' % x take it, got {brief(x)} ({type(x).__name__}); use "
        f"{MATHS}, or an element of it"
    )


def refuse_backward(x: Any) -> NoReturn:
    rows, *columns = x.shape
    what = f"a Matrix of {plural(rows, 'row')}" if columns else f"a Vector of {plural(rows, 'element')}"
    raise ValueError(
        f"backward() of {what}: a gradient belongs to one number, so reduce it first, with .sum() or .mean()"
    )


def refuse_list(x: Any, expected: str) -> NoReturn:
    """Raise TypeError for a list in place of a number."""
    raise TypeError(
        f"expected a real number{expected}, got {brief(x)} ({type(x).__name__}); a list of numbers makes a Variable or "
        "a Vector, and a list of rows of one length a Variable or a Matrix, with two dimensions and no more"
    )


def refuse_dimensions(array: Any) -> NoReturn:
    """Raise ValueError for an array of more dimensions than a matrix has."""
    raise ValueError(
        f"expected one dimension or two, got an array of shape {array.shape}; take its matrices one by one, as in "
        "[Variable(matrix) for matrix in array] or [softmax(matrix) for matrix in array]"
    )


def refuse_order(x: Any, other: Any) -> Any:
    """Raises TypeError: a vector has no order. An array compares by itself, element by element."""
    if hasattr(other, "__array_interface__"):
        return NotImplemented
    way = "its elements, as in [x < bound for x in vector], or its norm()"
    if len(x.shape) > 1:
        way = "its elements, as in [[x < bound for x in row] for row in matrix], or its max() or min()"
    raise TypeError(
        f"{brief(x)} is a {type(x).__name__}, which <, <=, > and >= do not compare, here with {brief(other)} "
        f"({type(other).__name__}); compare {way}"
    )


NO_POWER = "has the operator ^; a power is written **, such as x**2"


def refuse_xor(x: Any, other: Any) -> NoReturn:
    raise TypeError(f"`{type(x).__name__} ^ {type(other).__name__}` {NO_POWER}")


RANGE_ERRORS = (ArithmeticError, ValueError)


class Symbol:
    """The base of stand-ins for numbers while a function is traced."""

    __slots__ = ()


def refuse_operand(name: str, operand: object) -> NoReturn:
    raise TypeError(f"{name} takes numbers, Values or Vectors, not {brief(operand)} ({type(operand).__name__})")


def refuse_scalar(name: str, operand: object) -> NoReturn:
    raise TypeError(f"{name} takes a Vector or a list, not {brief(operand)} ({type(operand).__name__})")


def refuse_rows(name: str, x: object) -> NoReturn:
    way = "@ is the product with a matrix"
    if name != "dot":
        way = f"use {name}(concatenate(matrix)) for all elements, [{name}(row) for row in matrix] for each row"
    raise TypeError(
        f"{name} takes the numbers of one Vector or list, not rows of them, got {brief(x)} ({type(x).__name__}); {way}"
    )


def show(number: Number) -> str:
    """A number as messages show it."""
    try:
        return repr(number)
    except ValueError:  # Python refuses to write out thousands of digits
        return f"an integer of {int(number).bit_length()} bits"


def iterate(name: str, elements: Any) -> Any:
    """An iterator over the elements. Raises TypeError if there are none, and for NumPy's matrix or a masked array."""
    is_array(elements)
    try:
        return iter(elements)
    except TypeError:
        refuse_scalar(name, elements)


def is_array(x: Any) -> bool:
    """Whether something is a NumPy array, or one of NumPy's scalars.

    Raises TypeError for a subclass with operators of its own, such as a matrix or a masked array.
    """
    if not hasattr(x, "__array_interface__"):
        return False
    numpy = sys.modules.get("numpy")  # which may be missing: other libraries have the interface, too
    if numpy is None or not isinstance(x, (numpy.ndarray, numpy.generic)):
        return False
    kind, array = type(x), numpy.ndarray
    if issubclass(kind, array) and (
        kind.__mul__ is not array.__mul__ or kind.__array_ufunc__ is not array.__array_ufunc__
    ):
        way = "its compressed() or filled()" if hasattr(kind, "compressed") else "numpy.asarray() of it"
        raise TypeError(
            f"expected a plain NumPy array, got a {kind.__name__}, whose operators have a different meaning; use {way}"
        )
    return True


def is_one_element(x: Any) -> bool:
    """Whether something is an array that holds one element, or one of NumPy's scalars: a number."""
    return is_array(x) and x.size == 1


def as_number(x: Any, role: str = "", *names: object) -> Number:
    """`x` as a plain Python number: NumPy's scalars become floats or ints, exact numbers stay.

    An array of one element counts as that number.

    Raises `TypeError` for anything that is not a real number; `role`, with `names` in its braces, says what it is for.
    """
    if type(x) is float or type(x) is int or isinstance(x, Symbol):
        return x
    if isinstance(x, float):
        return float(x)
    if isinstance(x, int):
        return int(x)
    if is_one_element(x):
        item = x.item()  # for a long double, this is a long double again
        return float(item) if isinstance(item, type(x)) else as_number(item, role, *names)
    if isinstance(x, Real):
        return x
    if is_array(x):
        refuse_list(x, role.format(*names))
    told = role.format(*[name if isinstance(name, str) else Brief(name) for name in names])
    raise TypeError(f"expected a real number{told}, got {brief(x)} ({type(x).__name__})")


def as_float(number: int) -> float:
    """An integer as a float. Raises OverflowError if it is too large."""
    try:
        return float(number)
    except OverflowError:
        got = f"an integer of {number.bit_length()} bits"
        raise OverflowError(f"expected a number that a float can hold, got {got}") from None


def require_callable(name: str, function: Any) -> Any:
    """The function. Raises TypeError if it cannot be called."""
    if not callable(function):
        raise TypeError(f"{name} takes a function, not {brief(function)} ({type(function).__name__})")
    return function


def require_flag(name: str, flag: object) -> None:
    """Raise TypeError unless it is a truth value: an argument in the wrong place would pass for one."""
    if not isinstance(flag, bool):
        raise TypeError(f"{name} is True or False, not {brief(flag)} ({type(flag).__name__})")


def require_number(name: str, x: Any, holds: Callable[[Number], bool], expected: str) -> Number:
    """The plain number. Raises TypeError if it is not a number, ValueError unless `holds` is true of it."""
    number = as_number(x, " as {}", name)
    if not holds(number):
        raise ValueError(f"{name} is {expected}, not {brief(x)}")
    return number


def is_integer(x: Any) -> bool:
    """Whether something is an integer, Python's or NumPy's, and not a truth value."""
    if type(x) is int:
        return True
    if isinstance(x, (bool, Symbol)) or not hasattr(type(x), "__index__"):
        return False
    try:
        operator.index(x)
    except TypeError:
        return False
    return True


def require_integer(name: str, x: Any, least: int | None = None) -> int:
    """The plain integer. Raises TypeError unless it is an integer, ValueError if it is below `least`."""
    if not is_integer(x):
        raise TypeError(f"{name} is an integer, not {brief(x)} ({type(x).__name__})")
    if least is not None and x < least:
        raise ValueError(f"{name} is {least} or more, not {x}")
    return operator.index(x)


def rounded(number: Number, digits: Any = None) -> Number:
    """A number rounded to some digits. Raises TypeError if their number is not an integer."""
    return round(number) if digits is None else round(number, require_integer("the number of digits", digits))


def in_place_of(function: Any, wrapper: Any) -> Any:
    """A wrapper of a function, with the function's name and docstring."""
    return update_wrapper(wrapper, function, ("__module__", "__name__", "__qualname__", "__doc__"), ())


def named(method: Method, name: str) -> Method:
    """A method with the name that messages and `help` show."""
    method.__name__, method.__qualname__ = name, f"Value.{name}"
    return method


# ---- The place of the code that calls this package ------------------------------------------------------------------

# How the names of this package's files begin, and those of the code that it generates.
OWN_FILES = (__file__.removesuffix(__name__.partition(".")[2].replace(".", "/") + ".py"), "<scalargrad ")


def place() -> str:
    """The place of the innermost frame outside this package, in words."""
    return "at {}, line {}".format(*file_and_line())


def file_and_line() -> tuple[str, int]:
    """The file and line of the innermost frame outside this package."""
    frame = outer_frame()
    return frame.f_code.co_filename, frame.f_lineno


def outer_frame() -> Any:
    """The innermost frame outside this package."""
    frame: Any = sys._getframe(1)
    while frame.f_back is not None and frame.f_code.co_filename.startswith(OWN_FILES):
        frame = frame.f_back
    return frame
