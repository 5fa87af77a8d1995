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
        "number alone"
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


def refuse_list(x: Any, expected: str) -> NoReturn:
    """Raise TypeError for a list in the place of a number."""
    raise TypeError(
        f"expected a real number{expected}, got {x!r} ({type(x).__name__}); a list of numbers makes a Variable or a "
        "Vector, and a matrix is a list of those: [Variable(row) for row in rows]"
    )
