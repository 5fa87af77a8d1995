"""`custom_gradient`: a function whose gradient is written by hand and not derived."""

from __future__ import annotations

from math import prod

from ..checks import as_number, brief, counted, in_place_of, plural
from ..engine.contexts import current
from ..engine.many import gathered, has_elements
from ..engine.rows import LEAF, NUMBER, OPERATION, derivatives_of, identity_of, leaves, parents_of
from ..engine.value import Value, holder_of, make_constant, number_of, recorded
from ..operations.elementary import zero_like
from ..operations.operation import Operation
from ..pytree import leaves_of, rebuild
from .gradient_tape import GradientTape
from .variable import Variable, scalars_of_leaf, stop_gradient

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import Any

    from ..engine.rows import Row

    Shape = tuple[int, ...]


class CustomCall(Operation):
    """The operation of one call of a custom function. It carries adjoints from all its results to its arguments.

    `shapes` are the shapes of the results, None for a scalar. `zeros` replace the adjoints of results that have none.
    """

    __slots__ = ("arguments", "function", "shapes", "structure", "variables", "zeros")

    def __init__(
        self, name: str, function: Callable[..., Any], structure: tuple[Any, ...], variables: Sequence[Variable]
    ) -> None:
        super().__init__(name, function, ())
        self.function = function
        self.structure = structure
        self.arguments = [*map(shape_or_none, leaves_of(structure))]
        self.variables = variables
        self.shapes: Sequence[Shape | None] = ()
        self.zeros: Sequence[Any] = ()

    def __reduce__(self) -> Any:
        raise TypeError(f"a graph that holds a call of {self.name} cannot be pickled: its gradient is a function")

    def pull_back(self, row: Row, adjoint: Upstream, on_row: Callable[[Row], Value] | None) -> list[Any]:
        """The adjoint term for each operand, from the pullback, which takes one upstream gradient for each result.

        Raises RuntimeError if a leaf among the operands was assigned since: the pullback may read it.
        """
        refuse_assigned(self.name, row)
        adjoints = iter([value_for(adjoint.get(i, zero)) for i, zero in enumerate(self.zeros)])
        upstream = [in_shape(shape, adjoints) for shape in self.shapes]
        gradients = [x if followed else None for x, followed in zip(self.gradients(upstream), derivatives_of(row))]
        return [number_of(x) if on_row is None and x is not None else x for x in gradients]

    def gradients(self, upstream: Sequence[Any]) -> list[Any]:
        """The gradients from the pullback, one for each element of each argument and then of each variable.

        Raises ValueError if the number of gradients, or the shape of one, is not that of the arguments.
        """
        if self.variables:
            pair = self.function(*upstream, variables=[*self.variables])
            if not isinstance(pair, (list, tuple)) or len(pair) != 2 or not isinstance(pair[1], (list, tuple)):
                wanted = "a pair, (gradients, [gradients of the variables])"
                raise TypeError(f"{self.name} uses Variables, so its pullback must return {wanted}, got {brief(pair)}")
            gradients = [*self.one_each(pair[0]), *pair[1]]
        else:
            gradients = self.one_each(self.function(*upstream))
        shapes = [*self.arguments, *map(shape_or_none, self.variables)]
        if len(gradients) != len(shapes):
            wanted = f"{plural(len(shapes), 'gradient')}, one for each argument{' and variable' * bool(self.variables)}"
            raise ValueError(f"{self.name}: expected {wanted}, got {len(gradients)}")
        return [part for gradient, shape in zip(gradients, shapes) for part in self.spread(gradient, shape)]

    def one_each(self, given: Any) -> list[Any]:
        """The gradients as a list with one for each argument."""
        given = in_order_of(self.structure[0] if len(self.structure) == 1 else self.structure, given)
        single = len(self.arguments) == 1
        if single and self.arguments[0] is not None and isinstance(given, list):
            # For one vector a list of numbers is the gradient itself, for one matrix a list of rows, unless the list
            # only holds that one gradient.
            is_held = len(given) == 1 and len(shape_or_none(given[0]) or ()) == len(self.arguments[0])
            return given if is_held else [given]
        if isinstance(given, (list, tuple)) and len(given) == len(self.arguments):
            return [*given]
        return leaves_of(given)

    def spread(self, gradient: Any, shape: Shape | None) -> Sequence[Any]:
        if gradient is None:
            return [None] * prod(shape or ())
        if shape_or_none(gradient) != shape:
            wanted = (
                f"shape {shape}"
                if shape is not None and len(shape) > 1
                else counted(None if shape is None else shape[0])
            )
            raise ValueError(f"{self.name}: expected {wanted} as gradient of an argument, got {brief(gradient)}")
        role = " from the pullback of {}"
        return [x if isinstance(x, Value) else as_number(x, role, self.name) for x in scalars_in(gradient)]


class Result(Operation):
    """The operation of one number among the results of a call: it hands its adjoint to the call."""

    __slots__ = ("index",)

    def __init__(self, name: str, index: int) -> None:
        super().__init__(name, lambda x: x, ())
        self.index = index

    def pull_back(self, _: Row, adjoint: Any, __: Any) -> list[Any]:
        """Pass the adjoint to the call, whose row comes before those of its results."""
        return [Upstream({self.index: adjoint})]


class Upstream(dict):  # type: ignore[type-arg]
    """The adjoint of a call: the adjoints of its results, by index."""

    def __add__(self, other: Upstream) -> Upstream:
        self.update(other)
        return self


def refuse_assigned(name: str, row: Row) -> None:
    """Raise RuntimeError if a leaf among the operands of a row was assigned since the row was made."""
    for operand in parents_of(row):
        leaf = None if operand[OPERATION] else leaves.find(identity_of(operand))
        if leaf is not None and leaf.row[NUMBER] is not operand[NUMBER]:
            raise RuntimeError(
                f"{leaf!r} was assigned after {name} used it, so this derivative would mix its two numbers; take the "
                "gradient before assigning"
            )


def in_order_of(structure: Any, given: Any) -> Any:
    """Gradients whose dicts have their keys in the order of the arguments."""
    if isinstance(structure, dict) and isinstance(given, dict) and structure.keys() == given.keys():
        return {key: in_order_of(part, given[key]) for key, part in structure.items()}
    if isinstance(structure, (list, tuple)) and isinstance(given, (list, tuple)) and len(structure) == len(given):
        return [in_order_of(part, gradient) for part, gradient in zip(structure, given)]
    return given


def value_for(x: Any, role: str = "", *names: object) -> Value:
    return x if isinstance(x, Value) else make_constant(as_number(x, role, *names))


def shape_or_none(x: Any) -> Shape | None:
    """The shape of a vector, a matrix, or a list or array that makes one; None for a scalar."""
    return scalars_of_leaf(x)[1] if has_elements(x) else None


def scalars_in(x: Any) -> Sequence[Any]:
    """The numbers and values of a vector or a matrix; a scalar as the only one."""
    return scalars_of_leaf(x)[0] if has_elements(x) else (x,)


def in_shape(shape: Shape | None, nodes: Iterator[Any]) -> Any:
    """The next of `nodes`: one for a scalar, or else as many as the shape has, as a Vector or a Matrix."""
    return next(nodes) if shape is None else gathered([next(nodes) for _ in range(prod(shape))], shape)


def refuse_other_leaves(name: str, results: Sequence[Value], inputs: Sequence[Value]) -> None:
    """Raise TypeError if results depend on a tracked leaf that is not among the inputs: its gradient would be lost."""
    seen = {identity_of(x.row) for x in inputs}
    stack = [x.row for x in results]
    while stack:
        row = stack.pop()
        if identity_of(row) in seen:
            continue
        seen.add(identity_of(row))
        stack += parents_of(row)
        if row[OPERATION] == LEAF:
            way = "make it an argument, or a Variable"
            raise TypeError(f"{name} uses {holder_of(row)!r}, which would lose its gradient; {way}")


def accepts_variables(pullback: Callable[..., Any]) -> bool:
    code = getattr(pullback, "__code__", None)
    if code is None or code.co_flags & 0x08:  # inspect.CO_VARKEYWORDS, without the cost of importing inspect
        return True
    return "variables" in code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]


def custom_gradient(function: Callable[..., tuple[Any, Callable[..., Any]]]) -> Callable[..., Any]:
    """The function with a gradient of its own, as with TensorFlow's `custom_gradient`.

    Args:
        function: returns a pair of its result and its pullback. The result is a Value, a Vector or a number, or a list
            or tuple of them. The pullback takes one upstream gradient for each result, of the result's kind. It returns
            one gradient for each positional argument: a single one as it is, several in a list or tuple; None for an
            argument that has no gradient. If the function uses Variables that are not among its arguments, the
            pullback is called with `variables=[...]` and returns the pair (gradients, gradients of the variables).

    Returns:
        The function. Its results carry gradients back through the pullback. Keyword arguments are passed on and not
        differentiated. The second derivative goes through the pullback's own operations, so a result that it computes
        from plain numbers counts as constant.

    Raises:
        TypeError: (when called) `function` does not return such a pair, or uses a tracked value that is neither an
            argument nor a Variable, or uses a Variable and has a pullback without `variables`.
        ValueError: (in the sweep) the pullback does not return one gradient for each argument.

    >>> @custom_gradient
    ... def clipped_identity(x):
    ...     return x * 1.0, lambda upstream: max(-1.0, min(1.0, upstream.item()))
    >>> x = Value(2.0)
    >>> (clipped_identity(x) * 50.0).backward()
    >>> x.grad
    1.0
    """

    def with_its_gradient(*args: Any, **kwargs: Any) -> Any:
        interval = current()
        name = getattr(function, "__name__", "custom_gradient")
        with GradientTape() as watcher:
            returned = function(*args, **kwargs)
        if not isinstance(returned, tuple) or len(returned) != 2 or not callable(returned[1]):
            raise TypeError(f"{name} must return a pair of its result and its pullback, got {brief(returned)}")
        result, pullback = returned
        arguments = leaves_of(args)
        inputs = [value_for(x, " as an argument of {}", name) for argument in arguments for x in scalars_in(argument)]
        own = {id(argument) for argument in arguments} | {id(x) for x in inputs}
        variables = [variable for variable in watcher.watched_variables() if id(variable) not in own]
        inputs += [element for variable in variables for element in scalars_in(variable)]
        parts = leaves_of(result)
        numbers = [value_for(x, " as a result of {}", name) for part in parts for x in scalars_in(part)]
        refuse_other_leaves(name, numbers, inputs)
        if variables and not accepts_variables(pullback):
            names = ", ".join(map(repr, variables))
            raise TypeError(f"{name} uses {names}, so its pullback must accept the keyword argument 'variables'")
        followed = [1 if x.is_followed_in(interval) else None for x in inputs]
        if not interval.enabled or 1 not in followed:
            return rebuild(result, [*map(stop_gradient, parts)])
        operation = CustomCall(name, pullback, args, variables)
        operation.shapes = [*map(shape_or_none, parts)]
        operation.zeros = [zero_like(number_of(x)) for x in numbers]
        call = recorded(operation, None, [x.row for x in inputs], followed, interval)
        results = [Result(name, i) for i in range(len(numbers))]
        nodes = iter([recorded(r, number_of(x), (call.row,), (1,), interval) for r, x in zip(results, numbers)])
        return rebuild(result, [in_shape(shape, nodes) for shape in operation.shapes])

    if not callable(function):
        raise TypeError(f"custom_gradient decorates a function, got {function!r}")
    return in_place_of(function, with_its_gradient)  # type: ignore[no-any-return]
