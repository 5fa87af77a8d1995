"""Learning rate schedules: functions of the number of steps so far."""

from __future__ import annotations

import math
from itertools import pairwise

from ..checks import as_number, brief
from .optimizers import at_least_0, more_than_0, require_list

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import TypeAlias

    Rate: TypeAlias = float | Callable[[int], float]  # a number, or a function of the number of steps


def exponential_decay(lr: float, decay_steps: float, decay_rate: float) -> Callable[[int], float]:
    """lr * decay_rate**(step / decay_steps), Keras's `ExponentialDecay`.

    Returns the schedule, for the `lr` of an optimiser. Raises TypeError if an argument is not a number, ValueError
    if `lr` or `decay_rate` is less than 0 or `decay_steps` is not more than 0.

    >>> schedule = exponential_decay(0.1, decay_steps=100, decay_rate=0.25)
    >>> schedule(0), schedule(50)
    (0.1, 0.05)
    """
    at_least_0("lr", lr), more_than_0("decay_steps", decay_steps), at_least_0("decay_rate", decay_rate)
    return lambda step: lr * decay_rate ** (step / decay_steps)


def cosine_decay(lr: float, decay_steps: float, alpha: float = 0.0) -> Callable[[int], float]:
    """From lr to alpha lr along half a cosine: Keras's `CosineDecay` (Loshchilov and Hutter, 2017).

    The rate is lr ((1 - alpha) (1 + cos(pi step / decay_steps)) / 2 + alpha), and alpha lr after `decay_steps`.

    Returns the schedule, for the `lr` of an optimiser. Raises TypeError if an argument is not a number, ValueError
    if `lr` or `alpha` is less than 0 or `decay_steps` is not more than 0.

    >>> schedule = cosine_decay(0.1, decay_steps=100, alpha=0.5)
    >>> schedule(0), schedule(100), schedule(1000)
    (0.1, 0.05, 0.05)
    """
    at_least_0("lr", lr), more_than_0("decay_steps", decay_steps), at_least_0("alpha", alpha)
    return lambda step: lr * ((1 - alpha) * (1 + math.cos(math.pi * min(step, decay_steps) / decay_steps)) / 2 + alpha)


def linear_decay(lr: float, decay_steps: float, alpha: float = 0.0) -> Callable[[int], float]:
    """From lr to alpha lr in equal steps, and alpha lr after `decay_steps`: Keras's `PolynomialDecay` of power 1.

    In PyTorch it is `LinearLR`, with `end_factor` for alpha. With `warmup`, the rate rises before it falls.

    Returns the schedule, for the `lr` of an optimiser. Raises TypeError if an argument is not a number, ValueError
    if `lr` or `alpha` is less than 0 or `decay_steps` is not more than 0.

    >>> schedule = warmup(linear_decay(1.0, decay_steps=8), steps=2)
    >>> [schedule(step) for step in (0, 1, 2, 4, 10, 100)]
    [0.5, 1.0, 1.0, 0.75, 0.0, 0.0]
    """
    at_least_0("lr", lr), more_than_0("decay_steps", decay_steps), at_least_0("alpha", alpha)
    return lambda step: lr * (1 - (1 - alpha) * min(step, decay_steps) / decay_steps)


def step_decay(lr: float, step_size: int, gamma: float = 0.1) -> Callable[[int], float]:
    """lr * gamma**(step // step_size), PyTorch's `StepLR`.

    Returns the schedule, for the `lr` of an optimiser. Raises TypeError if an argument is not a number, ValueError
    if `lr` or `gamma` is less than 0 or `step_size` is not more than 0.

    >>> schedule = step_decay(0.5, step_size=30, gamma=0.5)
    >>> schedule(29), schedule(30), schedule(60)
    (0.5, 0.25, 0.125)
    """
    at_least_0("lr", lr), more_than_0("step_size", step_size), at_least_0("gamma", gamma)
    return lambda step: lr * gamma ** (step // step_size)


def piecewise_constant_decay(boundaries: Sequence[float], values: Sequence[float]) -> Callable[[int], float]:
    """values[i] up to and including step boundaries[i], and the last value beyond: Keras's `PiecewiseConstantDecay`.

    Returns the schedule, for the `lr` of an optimiser. Raises TypeError if an entry is not a number, ValueError if
    there is not one value more than boundaries, if the boundaries do not increase, or if a value is less than 0.

    >>> schedule = piecewise_constant_decay([10, 20], [0.1, 0.05, 0.01])
    >>> schedule(10), schedule(11), schedule(21)
    (0.1, 0.05, 0.01)
    """
    require_list("piecewise_constant_decay", boundaries)
    require_list("piecewise_constant_decay", values)
    ends = [as_number(end, " as a boundary") for end in boundaries]
    rates = [at_least_0("a value", value) for value in values]
    if len(rates) != len(ends) + 1:
        raise ValueError(
            "piecewise_constant_decay takes one value more than boundaries: before, between and after them; got "
            f"values of length {len(rates)} and boundaries of length {len(ends)}"
        )
    if any(end >= after for end, after in pairwise(ends)):
        raise ValueError(f"boundaries is a list of increasing numbers, not {brief(boundaries)}")
    return lambda step: rates[sum(step > end for end in ends)]


def warmup(lr: Rate, steps: int) -> Callable[[int], float]:
    """A learning rate or a schedule, reached in equal steps: (step + 1)/steps of it, then all of it.

    Args:
        lr: a number or a schedule, which begins when the warm-up is over.
        steps: the length of the warm-up, more than 0.

    Returns the schedule, for the `lr` of an optimiser. Raises TypeError if `lr` is neither a number nor a function,
    ValueError if it is less than 0 or `steps` is not more than 0.

    >>> schedule = warmup(step_decay(1.0, step_size=10), steps=4)
    >>> [schedule(step) for step in (0, 1, 2, 3, 4, 14)]
    [0.25, 0.5, 0.75, 1.0, 1.0, 0.1]
    """
    more_than_0("steps", steps)
    if not callable(lr):
        at_least_0("lr", lr)
    after: Callable[[int], float] = lr if callable(lr) else lambda _: lr
    return lambda step: after(0) * (step + 1) / steps if step < steps else after(step - steps)
