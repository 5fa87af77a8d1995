"""Matrices of derivatives: `jacobian`, `hessian`, and the product of a Hessian with a direction, `hvp`."""

from __future__ import annotations

from ..checks import require_callable
from ..engine.many import elements
from ..engine.rows import NUMBER
from ..engine.value import Value, on_row
from ..operations.elementary import one_like
from ..pytree import array_of, is_number, nested_lists, with_numbers
from .run import Run, Transform, one_number, outputs_of, require_argnums, run_at, tangents_like

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import Any


def in_outputs(run: Run, argnums: Any, result: Any, rows: Iterator[dict[int, Any]]) -> Any:
    """Derivatives in the structure of the result, with the structure of the arguments in place of each number."""

    def of_number(x: Any) -> Any:  # the truth value of a trace has no derivatives
        return run.in_arguments(run.dense(next(rows)), argnums) if is_number(x) else x

    def of_array(array: Any) -> Any:
        columns = iter([*zip(*[run.dense(next(rows)) for _ in range(array.size)])])
        by_argument = [in_columns(argument, columns, array.shape) for argument in run.arguments]
        return by_argument[0] if isinstance(argnums, int) else tuple(by_argument)

    def of_many(many: Any) -> Any:
        return nested_lists([of_number(x) for x in elements(many)], many.shape)

    return with_numbers(result, of_number, of_array, of_many)


def in_columns(argument: Any, columns: Iterator[Sequence[Any]], shape: tuple[int, ...]) -> Any:
    """The derivatives of an array, in the structure of the argument, with an array in place of each number."""

    def by_array(array: Any) -> Any:
        rows = zip(*[next(columns) for _ in range(array.size)])
        return array_of([x for row in rows for x in row], shape + array.shape)

    def by_many(many: Any) -> Any:
        return nested_lists([array_of([*next(columns)], shape) for _ in many.row[NUMBER]], many.shape)

    return with_numbers(argument, lambda _: array_of([*next(columns)], shape), by_array, by_many)


MODES = ("auto", "forward", "reverse")


def _jacobian(function: Any, args: Any, kwargs: Any, argnums: Any, mode: str) -> Any:
    run, result = run_at("jacobian", function, args, kwargs, argnums)
    outputs = outputs_of("jacobian", result)
    rows = run.rows(outputs, mode, run.outlives(outputs))
    return in_outputs(run, argnums, result, iter(rows))


def jacobian(function: Callable[..., Any], argnums: int | Sequence[int] = 0, mode: str = "auto") -> Callable[..., Any]:
    """A function that returns the derivatives of all numbers that `function` returns, from one run of it.

    Args:
        function: returns numbers in any structure.
        argnums: as for `grad`.
        mode: "forward" for one forward sweep, in which each node has derivatives with respect to the arguments that it
            depends on; "reverse" for a reverse sweep from each output over the nodes that it depends on; "auto" for the
            one with less to do. Either costs as much as the derivatives that are not zero by structure.

    Returns:
        A function with the same parameters. Its result has the structure of what `function` returns, a list for a
        Vector, with the structure of the arguments in place of each number; for arrays one array of both shapes.

    Raises:
        TypeError, ValueError: as for `grad`; ValueError for an unknown mode; TypeError in forward mode if a custom
            gradient is on the way, which only goes backward.

    >>> jacobian(lambda v: [v[0] * v[1], v[0] + 2 * v[1]])([3.0, 2.0])
    [[2.0, 3.0], [1.0, 2.0]]
    """
    argnums = require_argnums("jacobian", argnums)
    if mode not in MODES:
        raise ValueError(f"mode of jacobian is 'auto', 'forward' or 'reverse', not {mode!r}")
    return Transform(_jacobian, function, argnums=argnums, mode=mode)


def recorded_gradient(name: str, run: Run, result: Any) -> list[Any]:
    """The gradient of the result of a run, recorded in the run itself."""
    y = one_number(name, result)
    with run:
        return run.gradient(run.adjoints([(y, one_like(y.row[NUMBER]))] if isinstance(y, Value) else [], on_row))


def _hessian(function: Any, args: Any, kwargs: Any, argnums: Any) -> Any:
    run, result = run_at("hessian", function, args, kwargs, argnums)
    gradient = recorded_gradient("hessian", run, result)
    rows = run.rows(gradient, "auto", run.outlives(gradient))
    return in_outputs(run, argnums, run.in_arguments(gradient, argnums), iter(rows))


def hessian(function: Callable[..., Any], argnums: int | Sequence[int] = 0) -> Callable[..., Any]:
    """A function that returns the matrix of second derivatives of `function`, from one run of it.

    Args, Raises: as for `grad`.

    Returns:
        A function with the same parameters. Its result has the structure of the gradient, with the same structure again
        in place of each number: a list of lists for a list, a square array for an array.

    >>> hessian(lambda v: v[0] ** 2 * v[1])([3.0, 2.0])
    [[4.0, 6.0], [6.0, 0.0]]
    """
    argnums = require_argnums("hessian", argnums)
    return Transform(_hessian, function, argnums=argnums)


def hvp(function: Callable[..., Any], primals: Sequence[Any], tangents: Sequence[Any]) -> Any:
    """The product of the Hessian of `function` and a direction, at twice the cost of a gradient.

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
