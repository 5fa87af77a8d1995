"""Gradients by the reverse sweep: `grad`, `value_and_grad`, `vjp`."""

from __future__ import annotations

from ..checks import brief, require_callable, require_flag
from ..engine.backprop import carry_back
from ..engine.rows import NUMBER
from ..engine.value import Value, number_of
from ..operations.elementary import one_like
from ..pytree import plain_structure, refill, scalars_like
from .run import Transform, one_number, outputs_of, require_argnums, run_at

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any


def _value_and_grad(
    function: Any, args: Any, kwargs: Any, argnums: Any, has_aux: bool, name: str = "value_and_grad"
) -> tuple[Any, Any]:
    run, result = run_at(name, function, args, kwargs, argnums)
    aux = None
    if has_aux:
        if not isinstance(result, tuple) or len(result) != 2:
            raise TypeError(
                f"with has_aux, {name} takes a function that returns a pair, this one returned {brief(result)}"
            )
        result, aux = result
    y = one_number(name, result)
    handle = run.outlives([y])
    seeds = [(y.row, one_like(y.row[NUMBER]))] if isinstance(y, Value) else []
    gradient = run.in_arguments(run.gradient(carry_back(seeds, run, handle)), argnums)
    y = number_of(y) if handle is None else y
    return ((y, aux if run.nested else plain_structure(aux)) if has_aux else y), gradient


def _grad(function: Any, args: Any, kwargs: Any, argnums: Any, has_aux: bool) -> Any:
    value, gradient = _value_and_grad(function, args, kwargs, argnums, has_aux, name="grad")
    return (gradient, value[1]) if has_aux else gradient


def value_and_grad(
    function: Callable[..., Any], argnums: int | Sequence[int] = 0, has_aux: bool = False
) -> Callable[..., Any]:
    """A function that returns the value of `function` and its gradient, from one run and one reverse sweep.

    Args:
        function: returns one number or Value; with `has_aux` a pair of that and anything else.
        argnums: the index of the argument to differentiate with respect to, or several. They may be passed by keyword.
        has_aux: whether `function` returns something besides its value.

    Returns:
        A function with the same parameters that returns (value, gradient), or ((value, aux), gradient). The gradient
        has the structure of the argument (a list for a list, an array for an array), or is a tuple for several.

    Raises:
        TypeError: `function` cannot be called, or `argnums` are not integers; when called: an argument holds something
            other than numbers, or the result is not one number.
        ValueError: `argnums` has a number twice.

    >>> value_and_grad(lambda x, y: x * x * y)(3.0, 2.0)
    (18.0, 12.0)
    """
    argnums = require_argnums("value_and_grad", argnums)
    require_flag("has_aux", has_aux)
    return Transform(_value_and_grad, function, argnums=argnums, has_aux=has_aux)


def grad(function: Callable[..., Any], argnums: int | Sequence[int] = 0, has_aux: bool = False) -> Callable[..., Any]:
    """A function that returns the gradient of `function`.

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
    """The value of `function` and its pullback, which gives vector-Jacobian products from this one run.

    Args:
        function: returns numbers in any structure.
        args: its arguments; derivatives are with respect to all of them.

    Returns:
        (value, pullback). `pullback(cotangent)`, with a cotangent in the structure of the value, returns a tuple with
        the product of the cotangent and the Jacobian for each argument. It can be called any number of times.

    Raises:
        TypeError: an argument or the result holds something other than numbers.
        ValueError: (from the pullback) the cotangent and the value differ in structure.

    >>> value, pullback = vjp(lambda x, y: [x * y, x + y], 3.0, 2.0)
    >>> value, pullback([1.0, 10.0])
    ([6.0, 5.0], (12.0, 13.0))
    """
    pullback = Pullback(function, args)
    return pullback.value, pullback


class Pullback:
    """The pullback of `vjp`: it maps a cotangent to its products with the Jacobian, one for each argument."""

    def __init__(self, function: Callable[..., Any], args: tuple[Any, ...]) -> None:
        require_callable("vjp", function)
        self._function = function
        self._args = args
        self._run, self._result = run_at("vjp", function, args, {}, tuple(range(len(args))))
        self._outputs = outputs_of("vjp", self._result)
        outlives = self._run.outlives(self._outputs)
        self.value = self._result if outlives else refill(self._result, map(number_of, self._outputs), construct=True)

    def __reduce__(self) -> Any:
        return Pullback, (self._function, self._args)  # the copy runs the function again

    def __call__(self, cotangent: Any) -> tuple[Any, ...]:
        """One product for each argument. Raises ValueError if the cotangent and the value differ in structure."""
        product = self._run.product(scalars_like(self._result, cotangent, "a cotangent"), self._outputs)
        return self._run.in_arguments(product, ())  # type: ignore[no-any-return]
