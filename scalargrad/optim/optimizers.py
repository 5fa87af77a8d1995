"""Optimisers, used as in PyTorch or as in Keras."""

from __future__ import annotations

import math
from functools import partial
from itertools import zip_longest
from reprlib import repr as brief

from ..checks import as_number, counted, plural, require_flag, require_number
from ..engine.many import Values, elements
from ..engine.matrix import Matrix
from ..engine.rows import NUMBER
from ..engine.value import Value, number_of, place_in_leaf
from ..pytree import elements_like
from ..tape.variable import Variable, assign_leaves, refuse_to_assign

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from typing import Any, TypeAlias

    from ..checks import Number

    Rate: TypeAlias = float | Callable[[int], float]  # a number, or a function of the number of steps
    State: TypeAlias = tuple[Number, ...]
    Columns: TypeAlias = Sequence[Sequence[Any]]  # the states of several numbers: all first entries, all second ones


# ---- Optimisers ------------------------------------------------------------------------------------------------------


class Default(float):
    """The default of an option, which can be told from the same number given."""


LR, LR_OF_RMSPROP = Default(1e-3), Default(1e-2)
BETAS = Default(0.9), Default(0.999)
ALPHA = Default(0.99)
EPS = Default(1e-8)


class Named:
    """Checks the names of options before `__init__` does, whose error would not list the known ones."""

    def __new__(cls, *_: Any, **options: Any) -> Any:
        """Raises TypeError for a name that `__init__` does not know."""
        code = cls.__init__.__code__
        known = code.co_varnames[1 : code.co_argcount + code.co_kwonlyargcount]
        for name in options:
            if name not in known and not code.co_flags & 0x08:  # 0x08: it takes any name
                way = "; clip gradients with optim.clip_grad_norm_ or optim.clip_by_global_norm" * ("clip" in name)
                raise TypeError(f"{cls.__name__} has no option {name}; it takes {', '.join(known)}{way}")
        return super().__new__(cls)


class Optimizer(Named):
    """The base class of optimisers: `SGD`, `Adam` and `RMSProp` define how a number is updated.

    Args:
        params: the parameters that `step()` updates: a list of leaf Values, Variables, or Vectors and matrices of
            leaves. `model.parameters()` and `model.trainable_variables` are equivalent here: all elements of a Variable
            count as that Variable. `apply_gradients` needs no `params`.
        lr: the learning rate, 0 or more; or a schedule, a function from the number of steps so far to the rate.
        learning_rate: Keras's name for `lr`.

    `lr`, or `learning_rate`, can be set at any time; `iterations` is the number of steps so far. To write an optimiser,
    inherit from this class and define `update(x, gradient, state, lr)`, which returns the new number and the new state,
    a tuple of numbers; `state` is empty at first. `slots` is the number of entries in a state.

    Raises:
        TypeError: `params` is not such a list, an option is not a number or is given under both of its names.
        ValueError: a parameter is a constant or was computed, or an option is out of range.

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
            way = "give its parameters()" if hasattr(params, "parameters") else "give the learning rate by name, lr="
            raise TypeError(f"{name} takes a list of parameters, not {brief(params)}; {way}")
        # For each leaf, the places of the elements to update (None for all), and their states, in columns.
        self.places: dict[Any, list[int] | None] = leaves_with_places(name, params)
        self.states: dict[Any, Columns] = dict.fromkeys(self.places, ())
        self.lr: Rate = option(rate, "lr", lr, "learning_rate", learning_rate)
        self.iterations = 0
        self.current_lr()

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Restore a pickled optimiser; release 0.1 pickled a state for each single number."""
        vars(self).update(state)
        if "places" not in state:
            by_leaf = state["states"]
            self.places = leaves_with_places(type(self).__name__, by_leaf)
            parts = {leaf: leaves_in_parameter("", leaf)[0] for leaf in by_leaf}
            states: dict[Any, list[State]] = {leaf: [()] * count_in(leaf) for leaf in self.places}
            for leaf, (whole, (i,)) in parts.items():
                states[whole][i] = by_leaf[leaf]
            self.states = {leaf: columns_of_states(own) for leaf, own in states.items()}

    def __repr__(self) -> str:
        count = sum([count_in(leaf, some) for leaf, some in self.places.items()])
        size, steps = plural(count, "parameter"), plural(self.iterations, "step")
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
        """The learning rate of the next step. Raises TypeError or ValueError unless it is a number, 0 or more.

        >>> from scalargrad.optim import exponential_decay
        >>> SGD([], lr=exponential_decay(0.1, 100, 0.5)).current_lr()
        0.1
        """
        return at_least_0("lr", self.lr(self.iterations) if callable(self.lr) else self.lr)

    def update(self, x: Number, gradient: Number, state: tuple[Number, ...], lr: Number) -> Any:
        """The new number of a leaf and the new state. Raises NotImplementedError: each optimiser defines its own.

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
        self._apply({leaf: (some, gradients_of(leaf, some)) for leaf, some in self.places.items()})

    def zero_grad(self) -> None:
        """Set the `grad` of all parameters to zero, before the next `backward()`.

        >>> x = Value(3.0)
        >>> (x * x).backward()
        >>> SGD([x]).zero_grad()
        >>> x.grad
        0.0
        """
        for leaf, some in self.places.items():
            set_gradients(leaf, some, [0.0] * count_in(leaf, some))

    def apply_gradients(self, grads_and_vars: Iterable[tuple[Any, Any]]) -> None:
        """Update variables by gradients, as in Keras: all of them or none.

        Args:
            grads_and_vars: pairs of a gradient and its variable, `zip(tape.gradient(loss, variables), variables)`. The
                gradient of a scalar is a number or Value, that of a vector a Vector, list or array, and that of a
                matrix a Matrix or a list of rows.

        Raises:
            TypeError: a gradient is not a number, or something else comes in place of a variable.
            ValueError: a gradient is None or of another length; a variable occurs twice, is a constant or was computed.

        >>> from scalargrad import GradientTape, Variable
        >>> w = Variable([1.0, 2.0])
        >>> with GradientTape() as tape:
        ...     loss = (w * w).sum()
        >>> SGD(lr=0.25).apply_gradients(zip(tape.gradient(loss, [w]), [w]))
        >>> w
        Variable([0.5, 1.0])
        """
        require_list("apply_gradients", grads_and_vars)
        parts: dict[Any, tuple[list[int], list[Number]]] = {}
        for pair in grads_and_vars:
            if not isinstance(pair, (tuple, list)) or len(pair) != 2:
                raise TypeError(f"apply_gradients takes pairs of a gradient and its variable, not {brief(pair)}")
            gradient, variable = pair
            of_variable = leaves_in_parameter("apply_gradients", variable)
            if gradient is None:
                why = "the loss does not depend on it; leave it out"
                raise ValueError(f"the gradient for {brief(variable)} is None: {why}")
            if isinstance(gradient, Values) and isinstance(variable, Values) and gradient.shape == variable.shape:
                numbers = [*gradient.row[NUMBER]]
            else:
                given = elements_like(variable, gradient, "as the gradient for {}", variable)
                numbers = [as_number(number_of(x), " as gradient for {!r}", variable) for x in given]
            for leaf, some in of_variable:
                places, gradients = parts.setdefault(leaf, ([], []))
                places += some
                gradients += numbers[: len(some)]
                del numbers[: len(some)]
        if any(len({*places}) < len(places) for places, _ in parts.values()):
            raise ValueError("apply_gradients got a variable twice; add its gradients up")
        whole = {leaf: [*range(count_in(leaf))] for leaf in parts}
        self._apply({leaf: (None if some == whole[leaf] else some, gs) for leaf, (some, gs) in parts.items()})

    def _apply(self, parts: dict[Any, tuple[list[int] | None, Sequence[Number]]]) -> None:
        """Update the elements of leaves by their gradients, all of them at once."""
        refuse_to_assign(parts)
        lr = self.current_lr()
        states, places = {**self.states}, {**self.places}
        numbers: dict[Any, Any] = {}
        small: list[Any] = []  # leaves that are updated together
        for leaf, (some, own) in parts.items():
            if some is None and isinstance(leaf, Values):
                numbers[leaf], states[leaf] = self._update_all(
                    numbers_of_leaf(leaf), own, self.states.get(leaf, ()), lr
                )
            else:
                small.append((leaf, *parts[leaf]))
            places[leaf] = union(places[leaf], some, leaf) if leaf in places else some
        xs = [x for leaf, some, _ in small for x in at_places(numbers_of_leaf(leaf), some)]
        gradients = [g for _, _, own in small for g in own]
        before = joined_columns([(self.states.get(leaf, ()), some, len(own)) for leaf, some, own in small])
        made, after = self._update_all(xs, gradients, before, lr) if small else ((), ())
        begin = 0
        for leaf, some, own in small:
            piece = slice(begin, begin := begin + len(own))
            if some is None:
                (numbers[leaf],), states[leaf] = made[piece], [column[piece] for column in after]
                continue
            numbers[leaf] = replaced(numbers_of_leaf(leaf), some, made[piece])
            was = zip_longest(self.states.get(leaf, ()), after, fillvalue=[None] * count_in(leaf))
            states[leaf] = [replaced(old, some, new[piece]) for old, new in was]
        remember = partial(vars(self).update, states=states, places=places, iterations=self.iterations + 1)
        assign_leaves([*numbers], numbers.values(), remember)

    def _update_all(self, xs: Sequence[Number], gradients: Sequence[Number], states: Columns, lr: Number) -> Any:
        """The new numbers and the columns of the new states, from `update` of each number."""
        made = [self.update(x, g, state, lr) for x, g, state in zip(xs, gradients, by_number(states, len(xs)))]
        return [x for x, _ in made], columns_of_states([state for _, state in made])

    def state_dict(self) -> dict[str, Any]:
        """The state of the optimiser: its kind, the number of steps, and the state of each number, in order.

        If there are matrices, it has the shapes of all parameters, too. The learning rate and other options are not in
        it: they belong to the code.

        >>> SGD([Value(1.0)], momentum=0.9).state_dict()
        {'optimizer': 'SGD', 'iterations': 0, 'states': [[]]}
        """
        states = [
            [*state]
            for leaf, some in self.places.items()
            for state in at_places(by_number(self.states[leaf], count_in(leaf)), some)
        ]
        found = {"optimizer": type(self).__name__, "iterations": self.iterations, "states": states}
        return {**found, "shapes": self._shapes()} if any(isinstance(leaf, Matrix) for leaf in self.places) else found

    def _shapes(self) -> list[list[int]]:
        """The shapes of the parameters, in order; that of a scalar is empty."""
        return [
            [len(some)] if some is not None else [*leaf.shape] if isinstance(leaf, Values) else []
            for leaf, some in self.places.items()
        ]

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Load a `state_dict`, all of it or nothing.

        Raises ValueError if it comes from another optimiser, from other parameters, or from options that keep other
        numbers; TypeError if an entry is not a number.

        >>> optimizer = SGD([Value(1.0)], momentum=0.9)
        >>> optimizer.load_state_dict({"optimizer": "SGD", "iterations": 1, "states": [[2.0]]})
        >>> optimizer.iterations
        1
        """
        self.check_state(state)()

    def check_state(self, state: Any) -> Callable[[], None]:
        """A function that loads a state, once the state has passed the checks of `load_state_dict`.

        >>> take = SGD([]).check_state({"optimizer": "SGD", "iterations": 1, "states": []})
        >>> take()
        """
        name = type(self).__name__
        if not isinstance(state, dict) or {*state} - {"shapes"} != {"optimizer", "iterations", "states"}:
            raise ValueError(f"expected the state_dict() of an optimiser, got {repr(state)[:80]}")
        if state["optimizer"] != name:
            raise ValueError(f"expected the state of {name}, got that of {state['optimizer']}")
        iterations, rows = state["iterations"], state["states"]
        if type(iterations) is not int or iterations < 0 or not isinstance(rows, list):
            raise ValueError(f"expected a number of steps and a list of states, got {iterations!r} and {brief(rows)}")
        counts = [count_in(leaf, some) for leaf, some in self.places.items()]
        way = f"give {name} the parameters that were saved, in their order"
        if len(rows) != sum(counts):
            raise ValueError(f"expected the states of {plural(sum(counts), 'parameter')}, got {len(rows)}; {way}")
        if "shapes" in state and state["shapes"] != self._shapes():
            raise ValueError(f"expected the states of shapes {self._shapes()}, got {brief(state['shapes'])}; {way}")
        if "shapes" not in state and any(isinstance(leaf, Matrix) for leaf in self.places):
            raise ValueError(
                f"expected the states of matrices, got those of release 0.1, which are in another order; "
                f"start with a new {name}"
            )
        for row in rows:
            if not isinstance(row, list) or len(row) not in (0, self.slots):
                wanted = f"{counted(self.slots)} for a parameter of {name} with these options"
                raise ValueError(f"expected {wanted}, got {row!r}")
        of_numbers = iter([tuple(as_number(x, " in a state") for x in row) for row in rows])
        states = {}
        for (leaf, some), count in zip(self.places.items(), counts):
            own = [next(of_numbers) for _ in range(count)]
            states[leaf] = columns_of_states(own if some is None else replaced([()] * count_in(leaf), some, own))
        return partial(vars(self).update, states=states, iterations=iterations)


class SGD(Optimizer):
    """Stochastic gradient descent, optionally with momentum; the numbers are those of PyTorch's `SGD`.

    With gradient g (plus weight_decay x), x becomes x - lr g. With momentum, g is replaced by the buffer
    b = momentum b + (1 - dampening) g, which begins as g; with `nesterov`, by g + momentum b (Sutskever et al., 2013).

    Args:
        params, lr, learning_rate: as for `Optimizer`.
        momentum, dampening, weight_decay: numbers, 0 or more.
        nesterov: whether to look ahead.

    Raises TypeError and ValueError as `Optimizer` does; ValueError also if `nesterov` has no momentum or has dampening.

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

    def _update_all(self, xs: Sequence[Number], gradients: Sequence[Number], states: Columns, lr: Number) -> Any:
        """The arithmetic of `update`, number by number."""
        if type(self).update is not SGD.update or (states and None in states[0]):
            return super()._update_all(xs, gradients, states, lr)
        if self.weight_decay:
            gradients = [g + self.weight_decay * x for g, x in zip(gradients, xs)]
        if self.momentum:
            buffers = gradients
            if states:
                rest = 1 - self.dampening
                buffers = [self.momentum * b + rest * g for b, g in zip(states[0], gradients)]
            gradients = [g + self.momentum * b for g, b in zip(gradients, buffers)] if self.nesterov else buffers
            states = [buffers]
        return [x - lr * g for x, g in zip(xs, gradients)], states


class Adam(Optimizer):
    """Adam (Kingma and Ba, 2015); the numbers are those of PyTorch's `Adam`.

    With gradient g (plus weight_decay x), at step t: m = b1 m + (1 - b1) g, v = b2 v + (1 - b2) g**2, and x becomes
    x - lr m/(1 - b1**t) / (sqrt(v/(1 - b2**t)) + eps).

    Args:
        params, lr, learning_rate: as for `Optimizer`.
        betas: b1 and b2, from 0 to below 1.
        eps: more than 0.
        weight_decay: 0 or more.
        beta_1, beta_2, epsilon: Keras's names for b1, b2 and `eps`; the defaults are PyTorch's.

    Raises TypeError and ValueError as `Optimizer` does.

    >>> x = Value(4.0)
    >>> (x * x).backward()
    >>> Adam([x], lr=0.5).step()
    >>> round(x.data, 6)
    3.5
    """

    slots = 3
    decays_apart = False  # whether numbers decay directly, not through their gradients

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
        if self.weight_decay and self.decays_apart:
            x = x * (1 - lr * self.weight_decay)
        elif self.weight_decay:
            gradient = gradient + self.weight_decay * x
        b1, b2 = self.betas
        t, mean, square = state or (0, 0.0, 0.0)
        t += 1
        mean = moved_towards(mean, gradient, 1 - b1)
        square = b2 * square + (1 - b2) * gradient * gradient
        size = math.sqrt(square) / math.sqrt(1 - b2**t) + self.eps
        return x - lr / (1 - b1**t) * mean / size, (t, mean, square)

    def _update_all(self, xs: Sequence[Number], gradients: Sequence[Number], states: Columns, lr: Number) -> Any:
        """The arithmetic of `update`, number by number, with common factors computed once."""
        ts = {*states[0]} if states else {0}
        if type(self).update is not Adam.update or len(ts) != 1 or None in ts:
            return super()._update_all(xs, gradients, states, lr)
        if self.weight_decay and self.decays_apart:
            kept = 1 - lr * self.weight_decay
            xs = [x * kept for x in xs]
        elif self.weight_decay:
            gradients = [g + self.weight_decay * x for g, x in zip(gradients, xs)]
        b1, b2 = self.betas
        t = ts.pop() + 1
        rate, root, eps, sqrt = lr / (1 - b1**t), math.sqrt(1 - b2**t), self.eps, math.sqrt
        weight, rest, part = 1 - b1, 1 - (1 - b1), 1 - b2
        zeros = [0.0] * len(xs)
        _, means, squares = states or (zeros, zeros, zeros)
        if weight < 0.5:  # as in `moved_towards`
            means = [mean + weight * (g - mean) for mean, g in zip(means, gradients)]
        else:
            means = [g - (g - mean) * rest for mean, g in zip(means, gradients)]
        squares = [b2 * square + part * g * g for square, g in zip(squares, gradients)]
        made = [x - rate * mean / (sqrt(square) / root + eps) for x, mean, square in zip(xs, means, squares)]
        return made, [[t] * len(xs), means, squares]


class AdamW(Adam):
    """Adam with decoupled weight decay (Loshchilov and Hutter, 2019); the numbers are those of PyTorch's `AdamW`.

    Each step first replaces x by x (1 - lr weight_decay), and then updates it as Adam does.

    Args:
        params, lr, betas, eps, learning_rate, beta_1, beta_2, epsilon: as for `Adam`.
        weight_decay: 0 or more.

    Raises TypeError and ValueError as `Optimizer` does.

    >>> x = Value(4.0)
    >>> x.grad = 1.0
    >>> AdamW([x], lr=0.5, weight_decay=0.25).step()
    >>> round(x.data, 6)
    3.0
    """

    decays_apart = True

    def __init__(
        self,
        params: Iterable[Any] = (),
        lr: Rate = LR,
        betas: tuple[float, float] = BETAS,
        eps: float = EPS,
        weight_decay: float = 1e-2,
        *,
        learning_rate: Rate | None = None,
        beta_1: float | None = None,
        beta_2: float | None = None,
        epsilon: float | None = None,
    ) -> None:
        by_keras: Any = {"learning_rate": learning_rate, "beta_1": beta_1, "beta_2": beta_2, "epsilon": epsilon}
        super().__init__(params, lr, betas, eps, weight_decay, **by_keras)


class RMSProp(Optimizer):
    """RMSProp (Hinton, 2012; centered: Graves, 2013); the numbers are those of PyTorch's `RMSprop`.

    With gradient g (plus weight_decay x): v = alpha v + (1 - alpha) g**2, and x becomes x - lr g / (sqrt(v) + eps). If
    `centered`, v - m**2 replaces v, with m = alpha m + (1 - alpha) g; if rounding makes that negative, it counts as 0,
    while PyTorch goes on with nan. With momentum, the buffer b = momentum b + g / (sqrt(v) + eps) replaces the
    quotient.

    Args:
        params, lr, learning_rate: as for `Optimizer`.
        alpha: from 0 to below 1.
        eps: more than 0.
        weight_decay, momentum: 0 or more.
        centered: whether to divide by an estimate of the standard deviation, not of the root mean square.
        rho, epsilon: Keras's names for `alpha` and `eps`; the defaults are PyTorch's.

    Raises TypeError and ValueError as `Optimizer` does.

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
            mean = moved_towards(mean, gradient, 1 - self.alpha)
            spread = square - mean * mean
        size = math.sqrt(max(spread, 0.0)) + self.eps  # nan stays nan
        if self.momentum:
            buffer = self.momentum * buffer + gradient / size
            return x - lr * buffer, (square, mean, buffer)
        return x - lr * gradient / size, (square, mean, buffer)


RMSprop = RMSProp  # as PyTorch and Keras spell it


def moved_towards(average: Number, number: Number, weight: Number) -> Number:
    """The average, moved towards a number, rounded as PyTorch's `lerp` rounds it."""
    gap = number - average
    return average + weight * gap if weight < 0.5 else number - gap * (1 - weight)


def option(
    check: Callable[[str, Any], Any], name: str, given: Any, other_name: str, other: Any, shown: Any = None
) -> Any:
    """The value of an option with two names. If `given` is only part of the first argument, `shown` is all of it."""
    if other is None:
        return check(name, given)
    if not isinstance(given, Default):
        both = f"{shown or given!r} and {other!r}"
        raise TypeError(f"{name} and {other_name} are two names of one option, got {both}; give one")
    return check(other_name, other)


# ---- Leaves and the places of their elements -------------------------------------------------------------------------


def leaves_in_parameter(name: str, parameter: Any) -> list[tuple[Any, Sequence[int]]]:
    """The leaves of a parameter, each with the places of its elements that are in the parameter."""
    if not isinstance(parameter, (Value, Values)):
        what = f"not {brief(parameter)} ({type(parameter).__name__})"
        raise TypeError(f"{name} takes Values, Variables, Vectors and matrices, {what}")
    if isinstance(parameter, Variable) and isinstance(parameter, Values):
        require_leaf(name, parameter, parameter.trainable)
        return [(parameter, range(count_in(parameter)))]
    found: list[tuple[Any, Sequence[int]]] = []
    for leaf in elements(parameter) if isinstance(parameter, Values) else (parameter,):
        require_leaf(name, leaf, leaf.is_leaf)
        whole, i = place_in_leaf(leaf.row) or (leaf, 0)
        found.append((whole, (i,)))
    return found


def require_leaf(name: str, leaf: Any, is_leaf: bool) -> None:
    if not is_leaf:
        was = "is a constant" if not leaf.is_tracked else "was computed"
        raise ValueError(f"{name} updates tracked leaves, and {leaf!r} {was}; give a Value or a trainable Variable")


def leaves_with_places(name: str, params: Iterable[Any]) -> dict[Any, list[int] | None]:
    """The leaves of parameters, in order, each with the places of its elements that are in them; None for all."""
    found: dict[Any, dict[int, None]] = {}
    for parameter in params:
        for leaf, some in leaves_in_parameter(name, parameter):
            found.setdefault(leaf, {}).update(dict.fromkeys(some))
    return {leaf: union([], [*some], leaf) for leaf, some in found.items()}


def union(some: list[int] | None, others: list[int] | None, leaf: Any) -> list[int] | None:
    """The places in either list, in order; None for all."""
    if some is None or others is None:
        return None
    found = sorted({*some, *others})
    return None if len(found) == count_in(leaf) else found


def numbers_of_leaf(leaf: Any) -> Sequence[Number]:
    """The numbers of a leaf."""
    number = leaf.row[NUMBER]
    return number if isinstance(leaf, Values) else (number,)


def count_in(leaf: Any, some: list[int] | None = None) -> int:
    """How many numbers a leaf has, or how many places are given."""
    return len(numbers_of_leaf(leaf)) if some is None else len(some)


def at_places(things: Sequence[Any], some: list[int] | None) -> Sequence[Any]:
    """The things at some places."""
    return things if some is None else [things[i] for i in some]


def replaced(things: Sequence[Any], some: Sequence[int], new: Sequence[Any]) -> list[Any]:
    """A copy of things with new ones at some places."""
    found = [*things]
    for i, x in zip(some, new):
        found[i] = x
    return found


def gradients_of(leaf: Any, some: list[int] | None) -> Sequence[Number]:
    """The gradients that `backward()` has accumulated in a leaf."""
    return at_places(leaf.grads() if isinstance(leaf, Values) else [leaf.grad], some)


def set_gradients(leaf: Any, some: list[int] | None, gradients: Sequence[Number]) -> None:
    """Set the gradients that `backward()` accumulates."""
    if not isinstance(leaf, Values):
        leaf.grad = gradients[0]
    else:
        leaf.set_grads(gradients if some is None else replaced(leaf.grads(), some, gradients))


# ---- States in columns -----------------------------------------------------------------------------------------------


def by_number(states: Columns, count: int) -> list[State]:
    """The state of each number; None in a column means that the number has no state."""
    return [tuple([x for x in row if x is not None]) for row in zip(*states)] or [()] * count


def columns_of_states(states: Sequence[State]) -> Columns:
    """The columns of states, some of which may be empty."""
    return [*map(list, zip_longest(*states))] if any(states) else ()


def joined_columns(parts: Sequence[tuple[Columns, list[int] | None, int]]) -> Columns:
    """The columns of several parts, joined. A part is its columns (or none), the places to take, and their count."""
    columns: list[list[Any]] = [[] for _ in range(max([0, *[len(states) for states, _, _ in parts]]))]
    for states, some, count in parts:
        for j, column in enumerate(columns):
            column += at_places(states[j], some) if j < len(states) else [None] * count
    return columns


def require_list(name: str, given: Any) -> None:
    if isinstance(given, Value) or not hasattr(given, "__iter__"):
        raise TypeError(f"{name} takes a list, not {brief(given)} ({type(given).__name__})")


def at_least_0(name: str, x: Any) -> Number:
    return require_number(name, x, lambda x: 0 <= x < math.inf, "0 or more and finite")


def more_than_0(name: str, x: Any) -> Number:
    return require_number(name, x, lambda x: x > 0, "more than 0")


def rate(name: str, x: Any) -> Any:
    """A learning rate: a number that is 0 or more, or a schedule, which is called at each step."""
    return x if callable(x) else at_least_0(name, x)


def below_1(name: str, x: Any) -> Number:
    return require_number(name, x, lambda x: 0 <= x < 1, "0 or more and less than 1")
