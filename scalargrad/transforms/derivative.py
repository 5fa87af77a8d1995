"""Derivatives by a forward sweep: `jvp` along a direction, `derivative` of any order."""

from __future__ import annotations

from ..checks import brief, is_integer, require_callable, require_integer
from ..engine.rows import identity_of
from ..engine.value import Value, number_of, on_row
from ..operations.elementary import zero_like
from ..pytree import is_number, like, refill
from . import taylor
from .forward import forward_sweep
from .run import Transform, are_followed, outputs_of, places_of, run_at, tangents_like, where_to_put

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any


def jvp(function: Callable[..., Any], primals: Sequence[Any], tangents: Sequence[Any]) -> tuple[Any, Any]:
    """The value of `function` and its derivative along a direction: a Jacobian-vector product, in forward mode.

    Args:
        function: returns numbers in any structure.
        primals: a tuple or list of the arguments.
        tangents: the direction, in the same structure.

    Returns:
        (value, tangent), both in the structure of what `function` returns.

    Raises:
        TypeError: `primals` is not a tuple or list, an argument or the result holds something other than numbers, or a
            custom gradient is on the way, which only goes backward.
        ValueError: `tangents` and `primals` differ in structure.

    >>> jvp(lambda x, y: x * y, (3.0, 2.0), (1.0, 0.5))
    (6.0, 3.5)
    """
    require_callable("jvp", function)
    given = tangents_like("jvp", primals, tangents)
    run, result = run_at("jvp", function, primals, {}, tuple(range(len(primals))))
    outputs = outputs_of("jvp", result)
    followed = are_followed(given)
    handle = on_row if followed else run.outlives(outputs)
    leaves = [*map(identity_of, run.leaf_rows)]
    along = forward_sweep(run.order(outputs), dict(zip(leaves, given if followed else map(number_of, given))), handle)
    found = [along.get(identity_of(y.row)) if isinstance(y, Value) else None for y in outputs]
    zeros = [like(run.leaves[0], zero_like(number_of(y))) for y in outputs]
    moved = [zero if tangent is None else tangent for tangent, zero in zip(found, zeros)]
    value = result if handle is not None else refill(result, map(number_of, outputs), construct=True)
    return value, refill(result, iter(moved))


def _derivative(function: Any, args: Any, kwargs: Any, order: int) -> Any:
    (place,) = places_of("derivative", function, 0, args, kwargs)
    argument = args[place] if isinstance(place, int) else kwargs[place]
    if not is_number(argument):
        raise TypeError(f"derivative takes a function of one number, which was called with {brief(argument)}")
    run, result = run_at("derivative", function, args, kwargs, 0)
    outputs = outputs_of("derivative", result)
    (leaf,) = run.leaves
    derivatives = taylor.taylor_derivatives(run.order(outputs), leaf, outputs, order, run.outlives(outputs))
    return refill(result, iter(derivatives))


def derivative(function: Callable[..., Any], order: int = 1) -> Callable[..., Any]:
    """A function that returns a derivative, of any order, of a function of one number, from Taylor coefficients.

    Args:
        function: its first argument is the number; it returns numbers in any structure.
        order: 0 for the value itself, or 1, 2, ...; the cost grows with the square of the order.

    Returns:
        A function with the same parameters.

    Raises:
        TypeError: `function` cannot be called, or `order` is not an integer; when called: the first argument is not one
            number, or a custom gradient is on the way, which only goes backward.
        ValueError: `order` is negative.

    >>> derivative(lambda x: x**5, order=3)(2.0)
    240.0
    """
    if not is_integer(order):
        raise TypeError(f"order of derivative is an integer, not {brief(order)}; {where_to_put('derivative')}")
    order = require_integer("order of derivative", order, 0)
    return Transform(_derivative, function, order=order)
