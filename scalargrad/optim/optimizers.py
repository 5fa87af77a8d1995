"""Optimisers: steps in PyTorch's way and in Keras's."""

from __future__ import annotations

import math
from functools import partial
from reprlib import repr as brief

from ..checks import as_number, counted, plural, require_flag, require_number
from ..engine.value import Value, number_of
from ..engine.vector import Vector
from ..pytree import elements_in, elements_like
from ..tape.variable import assign_leaves

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from typing import Any, TypeAlias

    from ..checks import Number

    Rate: TypeAlias = float | Callable[[int], float]  # a number, or a schedule of the count of steps


# ---- Optimisers ------------------------------------------------------------------------------------------------------


class Default(float):
    """A number that an option has if it is not given, told apart from the same number given."""


LR, LR_OF_RMSPROP = Default(1e-3), Default(1e-2)
BETAS = Default(0.9), Default(0.999)
ALPHA = Default(0.99)
EPS = Default(1e-8)


class Named:
    """What looks at the names of options before `__init__` does, which would tell no other names."""

    def __new__(cls, *_: Any, **options: Any) -> Any:
        """Raises TypeError for a name that `__init__` does not know."""
        code = cls.__init__.__code__
        known = code.co_varnames[1 : code.co_argcount + code.co_kwonlyargcount]
        for name in options:
            if name not in known and not code.co_flags & 0x08:  # it takes all names
                way = "; clip gradients with optim.clip_grad_norm_ or optim.clip_by_global_norm" * ("clip" in name)
                raise TypeError(f"{cls.__name__} has no option {name}; it takes {', '.join(known)}{way}")
        return super().__new__(cls)


class Optimizer(Named):
    """What all optimisers have: `SGD`, `Adam` and `RMSProp` say how a number is updated.

    Args:
        params: what `step()` updates: a list of leaf Values, Variables, or Vectors of leaves, such as
            `model.parameters()`. It may be left empty for `apply_gradients`.
        lr: the learning rate, 0 or more; or a schedule, a function that gives it for the number of steps made so far.
        learning_rate: Keras's name for `lr`.

    `lr`, or `learning_rate`, can be set at any time; `iterations` is the number of steps made. To write an optimiser,
    inherit and define `update(x, gradient, state, lr)`, which returns the new number and the new state, a tuple of
    numbers; `state` is empty at first. `slots` says how many numbers a state has.

    Raises:
        TypeError: `params` is no list of these, an option is no number, or is given by both of its names.
        ValueError: a parameter is a constant or was computed, an option is out of its range.

    >>> class SignDescent(Optimizer):
    ...     def update(self, x, gradient, state, lr):
    ...         return x - lr * (gradient > 0) + lr * (gradient < 0), ()
    >>> x = Value(3.0)
    >>> (x * x).backward()
    >>> SignDescent([x], lr=0.5).step()
    >>> x.data
    2.5
    """

    slots = 0

    def __init__(self, params: Iterable[Any] = (), lr: Rate = LR, *, learning_rate: Rate | None = None) -> None:
        name = type(self).__name__
        if isinstance(params, Value) or not hasattr(params, "__iter__"):
            way = "give its parameters()" if hasattr(params, "parameters") else "the learning rate goes by name, lr="
            raise TypeError(f"{name} takes a list of parameters, not {brief(params)}; {way}")
        leaves = [leaf for p in params for leaf in leaves_of_parameter(name, p)]
        self.states: dict[Value, tuple[Number, ...]] = dict.fromkeys(leaves, ())
        self.lr: Rate = option(rate, "lr", lr, "learning_rate", learning_rate)
        self.iterations = 0
        self.current_lr()

    def __repr__(self) -> str:
        size, steps = plural(len(self.states), "parameter"), plural(self.iterations, "step")
        return f"{type(self).__name__}(lr={self.lr!r}) of {size} after {steps}"

    @property
    def learning_rate(self) -> Rate:
        """Keras's name for `lr`.

        >>> optimizer = SGD(learning_rate=0.5)
        >>> optimizer.learning_rate = 0.25
        >>> optimizer.lr
        0.25
        """
        return self.lr

    @learning_rate.setter
    def learning_rate(self, rate: Rate) -> None:
        self.lr = rate

    def current_lr(self) -> Number:
        """The learning rate of the next step. Raises TypeError or ValueError if it is no number of 0 or more.

        >>> from scalargrad.optim import exponential_decay
        >>> SGD([], lr=exponential_decay(0.1, 100, 0.5)).current_lr()
        0.1
        """
        return at_least_0("lr", self.lr(self.iterations) if callable(self.lr) else self.lr)

    def update(self, x: Number, gradient: Number, state: tuple[Number, ...], lr: Number) -> Any:
        """The new number of a leaf and the new state. Raises NotImplementedError: each optimiser has its own.

        >>> SGD(lr=0.5).update(3.0, 2.0, (), 0.5)
        (2.0, ())
        """
        raise NotImplementedError(f"{type(self).__name__} defines no update(x, gradient, state, lr)")

    def step(self) -> None:
        """Update all parameters by their `grad`, as in PyTorch: all of them or none.

        >>> x = Value(3.0)
        >>> (x * x).backward()
        >>> SGD([x], lr=0.5).step()
        >>> x.data
        0.0
        """
        self._apply([*self.states], [leaf.grad for leaf in self.states])

    def zero_grad(self) -> None:
        """Set the `grad` of all parameters to zero, before the next `backward()`.

        >>> x = Value(3.0)
        >>> (x * x).backward()
        >>> SGD([x]).zero_grad()
        >>> x.grad
        0.0
        """
        for leaf in self.states:
            leaf.grad = 0.0

    def apply_gradients(self, grads_and_vars: Iterable[tuple[Any, Any]]) -> None:
        """Update variables by gradients, as in Keras: all of them or none.

        Args:
            grads_and_vars: pairs of a gradient and its variable, `zip(tape.gradient(loss, variables), variables)`: a
                number or Value for a scalar; a Vector, list or array for a vector.

        Raises:
            TypeError: a gradient is no number, a variable is none.
            ValueError: a gradient is None or of another length; a variable comes twice, is a constant or was computed.

        >>> from scalargrad import GradientTape, Variable
        >>> w = Variable([1.0, 2.0])
        >>> with GradientTape() as tape:
        ...     loss = (w * w).sum()
        >>> SGD(lr=0.25).apply_gradients(zip(tape.gradient(loss, [w]), [w]))
        >>> w
        Variable([0.5, 1.0])
        """
        require_list("apply_gradients", grads_and_vars)
        leaves: list[Value] = []
        numbers: list[Number] = []
        for pair in grads_and_vars:
            if not isinstance(pair, (tuple, list)) or len(pair) != 2:
                raise TypeError(f"apply_gradients takes pairs of a gradient and its variable, not {brief(pair)}")
            gradient, variable = pair
            own = leaves_of_parameter("apply_gradients", variable)
            if gradient is None:
                why = "the loss does not depend on it; leave it out"
                raise ValueError(f"the gradient for {brief(variable)} is None: {why}")
            given = elements_like(variable, gradient, f"as the gradient for {brief(variable)}")
            numbers += [as_number(number_of(x), " as gradient for {!r}", variable) for x in given]
            leaves += own
        if len({*map(id, leaves)}) < len(leaves):
            raise ValueError("apply_gradients got a variable twice; add its gradients up")
        self._apply(leaves, numbers)

    def _apply(self, leaves: Sequence[Value], gradients: Sequence[Number]) -> None:
        lr = self.current_lr()
        made = [self.update(x.data, g, self.states.get(x, ()), lr) for x, g in zip(leaves, gradients)]
        states = {**self.states, **dict(zip(leaves, [state for _, state in made]))}
        remember = partial(vars(self).update, states=states, iterations=self.iterations + 1)
        assign_leaves(leaves, [x for x, _ in made], remember)

    def state_dict(self) -> dict[str, Any]:
        """What the optimiser remembers: its kind, the number of steps, and the state of each parameter, in order.

        The learning rate and the other options belong to the code, not to the state.

        >>> SGD([Value(1.0)], momentum=0.9).state_dict()
        {'optimizer': 'SGD', 'iterations': 0, 'states': [[]]}
        """
        states = [[*state] for state in self.states.values()]
        return {"optimizer": type(self).__name__, "iterations": self.iterations, "states": states}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take over what `state_dict` gave, all of it or nothing.

        Raises ValueError if it is of another optimiser, of other parameters, or of options that keep other numbers;
        TypeError if one is no number.

        >>> optimizer = SGD([Value(1.0)], momentum=0.9)
        >>> optimizer.load_state_dict({"optimizer": "SGD", "iterations": 1, "states": [[2.0]]})
        >>> optimizer.iterations
        1
        """
        self.check_state(state)()

    def check_state(self, state: Any) -> Callable[[], None]:
        """Check a state as `load_state_dict` does, and return the function that takes it over.

        >>> take = SGD([]).check_state({"optimizer": "SGD", "iterations": 1, "states": []})
        >>> take()
        """
        name = type(self).__name__
        if not isinstance(state, dict) or {*state} != {"optimizer", "iterations", "states"}:
            raise ValueError(f"expected the state_dict() of an optimiser, got {repr(state)[:80]}")
        if state["optimizer"] != name:
            raise ValueError(f"expected the state of {name}, got that of {state['optimizer']}")
        iterations, rows = state["iterations"], state["states"]
        if type(iterations) is not int or iterations < 0 or not isinstance(rows, list):
            raise ValueError(f"expected a number of steps and a list of states, got {iterations!r} and {brief(rows)}")
        if len(rows) != len(self.states):
            raise ValueError(
                f"expected the states of {plural(len(self.states), 'parameter')}, got {len(rows)}; give {name} the "
                "parameters that were saved, in their order"
            )
        for row in rows:
            if not isinstance(row, list) or len(row) not in (0, self.slots):
                wanted = f"{counted(self.slots)} for a parameter of {name} with these options"
                raise ValueError(f"expected {wanted}, got {row!r}")
        states = [tuple(as_number(x, " in a state") for x in row) for row in rows]

        def take() -> None:
            self.states.update(zip(self.states, states))
            self.iterations = iterations

        return take


class SGD(Optimizer):
    """Stochastic gradient descent, with momentum if wanted: PyTorch's `SGD`, the same numbers.

    With gradient g (plus weight_decay x): x - lr g. With momentum the buffer b = momentum b + (1 - dampening) g, g at
    the first step, takes the place of g; with `nesterov`, g + momentum b (Sutskever et al., 2013).

    Args:
        params, lr, learning_rate: as for `Optimizer`.
        momentum, dampening, weight_decay: numbers, 0 or more.
        nesterov: whether to look ahead.

    Raises TypeError and ValueError as `Optimizer`; ValueError also for `nesterov` without momentum or with dampening.

    >>> x = Value(4.0)
    >>> optimizer = SGD([x], lr=0.25, momentum=0.5)
    >>> for _ in range(2):
    ...     optimizer.zero_grad()
    ...     (x * x).backward()
    ...     optimizer.step()
    >>> x.data
    0.0
    """

    def __init__(
        self,
        params: Iterable[Any] = (),
        lr: Rate = LR,
        momentum: float = 0,
        dampening: float = 0,
        weight_decay: float = 0,
        nesterov: bool = False,
        *,
        learning_rate: Rate | None = None,
    ) -> None:
        super().__init__(params, lr, learning_rate=learning_rate)
        self.momentum = at_least_0("momentum", momentum)
        self.dampening = at_least_0("dampening", dampening)
        self.weight_decay = at_least_0("weight_decay", weight_decay)
        require_flag("nesterov", nesterov)
        if nesterov and (not momentum or dampening):
            raise ValueError(f"nesterov takes momentum and no dampening, not {momentum!r} and {dampening!r}")
        self.nesterov = nesterov
        self.slots = 1 if momentum else 0

    def update(self, x: Number, gradient: Number, state: tuple[Number, ...], lr: Number) -> Any:
        """The new number of a leaf and its buffer, by the formula of the class.

        >>> SGD(momentum=0.5).update(3.0, 2.0, (4.0,), 0.5)
        (1.0, (4.0,))
        """
        if self.weight_decay:
            gradient = gradient + self.weight_decay * x
        if self.momentum:
            buffer = self.momentum * state[0] + (1 - self.dampening) * gradient if state else gradient
            gradient = gradient + self.momentum * buffer if self.nesterov else buffer
            state = (buffer,)
        return x - lr * gradient, state


class Adam(Optimizer):
    """Adam (Kingma and Ba, 2015): PyTorch's `Adam`, the same numbers.

    With gradient g (plus weight_decay x), at step t: m = b1 m + (1 - b1) g, v = b2 v + (1 - b2) g**2, and
    x - lr m/(1 - b1**t) / (sqrt(v/(1 - b2**t)) + eps).

    Args:
        params, lr, learning_rate: as for `Optimizer`.
        betas: b1 and b2, from 0 to below 1.
        eps: more than 0.
        weight_decay: 0 or more.
        beta_1, beta_2, epsilon: Keras's names for b1, b2 and `eps`; what is not given is as in PyTorch.

    Raises TypeError and ValueError as `Optimizer`.

    >>> x = Value(4.0)
    >>> (x * x).backward()
    >>> Adam([x], lr=0.5).step()
    >>> round(x.data, 6)
    3.5
    """

    slots = 3

    def __init__(
        self,
        params: Iterable[Any] = (),
        lr: Rate = LR,
        betas: tuple[float, float] = BETAS,
        eps: float = EPS,
        weight_decay: float = 0,
        *,
        learning_rate: Rate | None = None,
        beta_1: float | None = None,
        beta_2: float | None = None,
        epsilon: float | None = None,
    ) -> None:
        super().__init__(params, lr, learning_rate=learning_rate)
        if not isinstance(betas, (list, tuple)) or len(betas) != 2:
            raise TypeError(f"betas is a pair of numbers, not {betas!r}")
        b1 = option(below_1, "betas", betas[0], "beta_1", beta_1, betas)
        self.betas = b1, option(below_1, "betas", betas[1], "beta_2", beta_2, betas)
        self.eps = option(more_than_0, "eps", eps, "epsilon", epsilon)
        self.weight_decay = at_least_0("weight_decay", weight_decay)

    def update(self, x: Number, gradient: Number, state: tuple[Number, ...], lr: Number) -> Any:
        """The new number of a leaf and its t, m and v, by the formula of the class.

        >>> Adam(betas=(0.5, 0.75)).update(3.0, 2.0, (), 0.5)[1]
        (1, 1.0, 1.0)
        """
        if self.weight_decay:
            gradient = gradient + self.weight_decay * x
        b1, b2 = self.betas
        t, mean, square = state or (0, 0.0, 0.0)
        t += 1
        mean = moved(mean, gradient, 1 - b1)
        square = b2 * square + (1 - b2) * gradient * gradient
        size = math.sqrt(square) / math.sqrt(1 - b2**t) + self.eps
        return x - lr / (1 - b1**t) * mean / size, (t, mean, square)


class RMSProp(Optimizer):
    """RMSProp (Hinton, 2012; centered: Graves, 2013): PyTorch's `RMSprop`, the same numbers.

    With gradient g (plus weight_decay x): v = alpha v + (1 - alpha) g**2, and x - lr g / (sqrt(v) + eps). If
    `centered`, v - m**2 takes the place of v, with m = alpha m + (1 - alpha) g; where rounding makes that negative, it
    counts as 0, while PyTorch goes on with nan. With momentum the buffer b = momentum b + g / (sqrt(v) + eps) takes the
    place of the quotient.

    Args:
        params, lr, learning_rate: as for `Optimizer`.
        alpha: from 0 to below 1.
        eps: more than 0.
        weight_decay, momentum: 0 or more.
        centered: whether the variance is estimated, and not the square alone.
        rho, epsilon: Keras's names for `alpha` and `eps`; what is not given is as in PyTorch.

    Raises TypeError and ValueError as `Optimizer`.

    >>> x = Value(4.0)
    >>> (x * x).backward()
    >>> RMSProp([x], lr=0.5, alpha=0.75).step()
    >>> round(x.data, 6)
    3.0
    """

    def __init__(
        self,
        params: Iterable[Any] = (),
        lr: Rate = LR_OF_RMSPROP,
        alpha: float = ALPHA,
        eps: float = EPS,
        weight_decay: float = 0,
        momentum: float = 0,
        centered: bool = False,
        *,
        learning_rate: Rate | None = None,
        rho: float | None = None,
        epsilon: float | None = None,
    ) -> None:
        super().__init__(params, lr, learning_rate=learning_rate)
        self.alpha = option(below_1, "alpha", alpha, "rho", rho)
        self.eps = option(more_than_0, "eps", eps, "epsilon", epsilon)
        self.weight_decay = at_least_0("weight_decay", weight_decay)
        self.momentum = at_least_0("momentum", momentum)
        require_flag("centered", centered)
        self.centered = centered
        self.slots = 3

    def update(self, x: Number, gradient: Number, state: tuple[Number, ...], lr: Number) -> Any:
        """The new number of a leaf and its v, m and b, by the formula of the class.

        >>> RMSProp(alpha=0.75).update(3.0, 2.0, (), 0.5)[1]
        (1.0, 0.0, 0.0)
        """
        if self.weight_decay:
            gradient = gradient + self.weight_decay * x
        square, mean, buffer = state or (0.0, 0.0, 0.0)
        square = self.alpha * square + (1 - self.alpha) * gradient * gradient
        spread = square
        if self.centered:
            mean = moved(mean, gradient, 1 - self.alpha)
            spread = square - mean * mean
        size = math.sqrt(max(spread, 0.0)) + self.eps  # which is nan for nan
        if self.momentum:
            buffer = self.momentum * buffer + gradient / size
            return x - lr * buffer, (square, mean, buffer)
        return x - lr * gradient / size, (square, mean, buffer)


RMSprop = RMSProp  # as PyTorch and Keras spell it


def moved(average: Number, number: Number, weight: Number) -> Number:
    """The average, moved towards a number, rounded as PyTorch's `lerp` rounds it."""
    gap = number - average
    return average + weight * gap if weight < 0.5 else number - gap * (1 - weight)


def option(
    check: Callable[[str, Any], Any], name: str, given: Any, other_name: str, other: Any, shown: Any = None
) -> Any:
    """An option that has two names, by whichever it is given; `shown` is what came by the first, if that holds more."""
    if other is None:
        return check(name, given)
    if not isinstance(given, Default):
        both = f"{shown or given!r} and {other!r}"
        raise TypeError(f"{name} and {other_name} are two names of one option, got {both}; give one")
    return check(other_name, other)


def leaves_of_parameter(name: str, parameter: Any) -> Sequence[Value]:
    """The leaves of a parameter."""
    if not isinstance(parameter, (Value, Vector)):
        raise TypeError(f"{name} takes Values, Variables and Vectors, not {parameter!r} ({type(parameter).__name__})")
    for leaf in elements_in(parameter):
        if not leaf.is_leaf:
            was = "is a constant" if not leaf.is_tracked else "was computed"
            raise ValueError(f"{name} updates tracked leaves, and {leaf!r} {was}; give a Value or a trainable Variable")
    return elements_in(parameter)


def require_list(name: str, given: Any) -> None:
    if isinstance(given, Value) or not hasattr(given, "__iter__"):
        raise TypeError(f"{name} takes a list, not {given!r} ({type(given).__name__})")


def at_least_0(name: str, x: Any) -> Number:
    return require_number(name, x, lambda x: 0 <= x < math.inf, "0 or more and finite")


def more_than_0(name: str, x: Any) -> Number:
    return require_number(name, x, lambda x: x > 0, "more than 0")


def rate(name: str, x: Any) -> Any:
    """A learning rate: a number that is 0 or more, or a schedule, which is asked at each step."""
    return x if callable(x) else at_least_0(name, x)


def below_1(name: str, x: Any) -> Number:
    return require_number(name, x, lambda x: 0 <= x < 1, "0 or more and less than 1")
