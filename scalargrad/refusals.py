"""What messages say: how many there are of a thing, and what to use in place of what Python asks a value for."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, NoReturn


def plural(count: int, noun: str) -> str:
    """So many of a thing: `1 number`, `2 numbers`."""
    return f"{count:,} {noun}{'s' * (count != 1)}"


def counted(length: int | None) -> str:
    """How many numbers there are: None of a scalar."""
    return "one number" if length is None else "a list of one number" if length == 1 else f"{length} numbers"


MATHS = "scalargrad.sin() or `from scalargrad import math`"


def refuse_index(x: Any) -> NoReturn:
    raise TypeError(
        f"{x!r} is no integer, which an index, a count or a repetition takes; use int() of it (in a compiled function "
        "name the argument in static_argnames)"
    )


def refuse_float(x: Any) -> NoReturn:
    raise TypeError(
        f"float() of {x!r}, which math.sin(x) and '%.2f' % x call, would lose its gradient in silence; use {MATHS}, "
        "scalargrad.math.patch(module) for a module that you cannot change, f'{x:.2f}' for text, or .data for the "
        "number alone, where float(x) is what you want"
    )


def refuse_ratio(x: Any) -> NoReturn:
    raise TypeError(
        f"as_integer_ratio() of {x!r}, which statistics.mean() and the like call, would lose its gradient in silence; "
        "use sum(values) / len(values), math.fsum(values) of `from scalargrad import math`, statistics.fmean(values) "
        "within scalargrad.math.patch(statistics), or .data for the number alone"
    )


def refuse_float_of_vector(x: Any) -> NoReturn:
    raise TypeError(
        f"expected one real number, as math.sin(x) and '%.2f' % x take it, got {x!r} ({type(x).__name__}); use "
        f"{MATHS}, or an element of it"
    )


def refuse_backward(x: Any) -> NoReturn:
    raise ValueError(
        f"backward() of a Vector of {plural(len(x), 'element')}: a gradient belongs to one number, so reduce it first, "
        "with .sum() or .mean()"
    )


def refuse_list(x: Any, expected: str, maker: str = "Variable") -> NoReturn:
    """Raise TypeError for a list in the place of a number."""
    raise TypeError(
        f"expected a real number{expected}, got {x!r} ({type(x).__name__}); a list of numbers makes a Variable or a "
        f"Vector, and a matrix is a list of those: [{maker}(row) for row in rows]"
    )


def refuse_dimensions(array: Any) -> NoReturn:
    """Raise ValueError for an array of several dimensions in the place of a list of numbers."""
    raise ValueError(
        f"expected one dimension, got an array of shape {array.shape}; take its rows one by one, as in "
        "[Variable(row) for row in array] or [softmax(row) for row in array]"
    )


def refuse_order(x: Any, other: Any) -> Any:
    """Raises TypeError: a vector is not less or more than anything; an array is asked, which has an answer."""
    if hasattr(other, "__array_interface__"):
        return NotImplemented
    raise TypeError(
        f"{x!r} is a Vector, which <, <=, > and >= do not compare, here with {other!r} ({type(other).__name__}); "
        "compare its elements, as in [x < bound for x in vector], or its norm()"
    )


# What numbers and arrays of other libraries have, by what there is here in its place: for a Value, for a Vector.
ELSEWHERE = {
    "detach": (
        "stop_gradient(x) gives it as a constant, and .data the number alone",
        "stop_gradient(v) gives it as constants, and tolist() the numbers alone",
    ),
    "shape": (
        "it is one number, and its .data is a plain float, or an exact number",
        "it has one dimension, and len() tells how many elements",
    ),
    "dtype": (
        "it is one number, and its .data is a plain float, or an exact number",
        "its elements are Values, and tolist() gives their numbers, as plain floats or exact numbers",
    ),
    "requires_grad": (
        "is_tracked tells whether gradients flow to it, and stop_gradient() gives a constant",
        "is_tracked of an element tells whether gradients flow to that, and stop_gradient() gives constants",
    ),
}


class Elsewhere:
    """An attribute that a class has not: it says what to use in its place. It is none that `help` would list."""

    def __init__(self, name: str, way: str) -> None:
        self.name = name
        self.way = way

    def __get__(self, x: Any, kind: type) -> Any:
        """Raises AttributeError, unless the class itself is asked."""
        if x is None:
            return self
        raise AttributeError(f"{x!r} has no {self.name}; {self.way}")

    def __set__(self, x: Any, value: Any) -> None:
        self.__get__(x, type(x))


def say_what_is_elsewhere(of_one: type, of_many: type) -> None:
    """Let Values and Vectors tell what there is in place of what they are asked for."""
    for name, (one, many) in ELSEWHERE.items():
        setattr(of_one, name, Elsewhere(name, one))
        setattr(of_many, name, Elsewhere(name, many))
    for compared in ("lt", "le", "gt", "ge"):
        setattr(of_many, f"__{compared}__", refuse_order)
