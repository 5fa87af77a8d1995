"""Losses, by PyTorch's names."""

from __future__ import annotations

import operator

from ..checks import counted, is_array, plural, require_number
from ..engine.many import elements_for, elements_of
from ..engine.value import Value
from ..engine.vector import Vector
from ..operations import elementary as operations
from ..operations import reductions
from ..operations.elementary import absolute, relu, softplus

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import Any


def mse_loss(prediction: Any, target: Any) -> Value:
    """The mean of (prediction - target)**2, one fused node on the differences.

    Args:
        prediction: a Value, a Vector, or a list of Values, Vectors and numbers.
        target: numbers or Values in the same shape.

    Returns a Value, the mean over all elements. Raises ValueError if the shapes differ or are empty, TypeError for what
    is no number. The same is true of the other losses.

    >>> mse_loss([1.0, 2.0], [1.0, 4.0])
    constant(2.0)
    """
    predictions, targets = side_by_side("mse_loss", prediction, target)
    errors = predictions - targets
    return errors.dot(errors) / len(errors)


def l1_loss(prediction: Any, target: Any) -> Value:
    """The mean of |prediction - target|; the derivative at the kink is 0.

    Takes, returns and raises what `mse_loss` does.

    >>> l1_loss([1.0, 2.0], [1.0, 4.0])
    constant(1.0)
    """
    predictions, targets = side_by_side("l1_loss", prediction, target)
    return (predictions - targets).map(absolute).mean()


def huber_loss(prediction: Any, target: Any, delta: float = 1.0) -> Value:
    """The mean of Huber's loss (1964): e**2/2 for errors e up to delta, and delta (|e| - delta/2) beyond.

    Its derivative by e is clip(e, -delta, delta). Takes, returns and raises what `mse_loss` does; ValueError also if
    `delta` is not more than 0.

    >>> huber_loss([0.5, 3.0], [0.0, 0.0])
    constant(1.3125)
    """
    delta = require_number("delta", delta, lambda x: x > 0, "more than 0")
    predictions, targets = side_by_side("huber_loss", prediction, target)
    return (predictions - targets).map(lambda e: operations.huber(e, delta)).mean()


def hinge_loss(prediction: Any, target: Any) -> Value:
    """The mean of max(0, 1 - target prediction), of support vector machines; the targets are -1 and 1.

    Takes, returns and raises what `mse_loss` does; ValueError also if a target is a number other than -1 and 1.

    >>> hinge_loss([0.5, -3.0], [1, -1])
    constant(0.25)
    """
    predictions, targets = side_by_side("hinge_loss", prediction, target, lambda t: t in (-1, 1), "-1 or 1")
    return (1 - targets * predictions).map(relu).mean()


def binary_cross_entropy_with_logits(prediction: Any, target: Any) -> Value:
    """The mean of -t log(sigmoid(z)) - (1 - t) log(1 - sigmoid(z)), for logits z and targets t between 0 and 1.

    It is computed as t softplus(-z) + (1 - t) softplus(z), which keeps its digits for any z. Takes, returns and raises
    what `mse_loss` does; ValueError also if a target is a number below 0 or above 1.

    >>> binary_cross_entropy_with_logits([40.0, -1000.0], [1, 1])
    constant(500.0)
    """
    name = "binary_cross_entropy_with_logits"
    predictions, targets = side_by_side(name, prediction, target, lambda t: 0 <= t <= 1, "between 0 and 1")
    return Vector(map(binary_term, predictions, targets)).mean()


def binary_term(z: Value, t: Any) -> Any:
    if not isinstance(t, Value) and t in (0, 1):  # the other term would be 0, or nan for an infinite logit
        return softplus(-z if t else z)
    return t * softplus(-z) + (1 - t) * softplus(z)


def cross_entropy(logits: Any, target: Any) -> Value:
    """-log(softmax(z)[k]) for logits z and class k; for probabilities t of the classes, the sum of -t log(softmax(z)).

    For a class it is logsumexp(z - z[k]), in which the k-th term is exactly 0, so that a small loss keeps its digits.
    For probabilities, k is the class of the largest, and t (z - z[k]) is taken off.

    Args:
        logits: a Vector or list of a Value or number for each class, or a list of such rows.
        target: the index of a class, or a list of probabilities; for rows, a list of one or the other for each.

    Returns a Value; for rows, the mean.

    Raises:
        TypeError: `logits` is no sequence, `target` is neither an index nor a sequence.
        ValueError: the lengths differ or are 0, or a probability is negative.
        IndexError: there is no such class.

    >>> cross_entropy([1000.0, 0.0], 1), cross_entropy([[40.0, 0.0], [0.0, 0.0]], [0, 1])
    (constant(1000.0), constant(0.34657359027997264))
    """
    rows = elements_or_none(logits) or elements_for("cross_entropy", logits)
    if any(elements_or_none(row) is not None for row in rows):
        targets = elements_or_none(target) or elements_for("cross_entropy of several rows of logits", target)
        if len(targets) != len(rows):
            got = f"{plural(len(targets), 'target')} for {plural(len(rows), 'row')}"
            raise ValueError(f"cross_entropy takes a target for each row, got {got}")
        return Vector(map(cross_entropy, rows, targets)).mean()
    zs = Vector(rows)
    if not len(zs):
        raise ValueError("cross_entropy of no logits; it takes one for each class")
    weights = elements_or_none(target)
    k = index_of_class(target, len(zs)) if weights is None else index_of_largest(weights, len(zs))
    loss = reductions.surprise(zs[k], *zs[:k], *zs[k + 1 :])
    if weights is None:
        return loss  # type: ignore[no-any-return]
    kept = [j for j, t in enumerate(weights) if j != k and (isinstance(t, Value) or t)]  # -inf may be where t is 0
    gaps = [zs[j] - zs[k] for j in kept]
    return sum(weights) * loss - Vector(gaps).dot([weights[j] for j in kept])  # type: ignore[no-any-return]


def index_of_class(target: Any, count: int) -> int:
    if isinstance(target, (bool, float)) or not hasattr(target, "__index__"):
        got = f"{target!r} ({type(target).__name__})"
        raise TypeError(f"the target of cross_entropy is the index of a class or a list of probabilities, not {got}")
    k = operator.index(target)
    if not 0 <= k < count:
        raise IndexError(f"the target of cross_entropy is a class from 0 to {count - 1}, not {k}")
    return k


def index_of_largest(probabilities: Sequence[Any], count: int) -> int:
    if len(probabilities) != count:
        got = f"{len(probabilities)} and {plural(count, 'logit')}"
        raise ValueError(f"cross_entropy takes a probability for each logit, got {got}")
    Vector(probabilities)  # which refuses what is no number
    for t in probabilities:
        if not isinstance(t, Value):
            require_number("a probability of cross_entropy", t, lambda t: t >= 0, "0 or more")
    return max(range(count), key=probabilities.__getitem__)


def side_by_side(
    name: str, prediction: Any, target: Any, holds: Callable[[Any], bool] | None = None, expected: str = ""
) -> tuple[Vector, tuple[Any, ...]]:
    """The predictions and, as they came, the targets, in one row each."""
    pairs = [*paired(name, prediction, target)]
    if not pairs:
        raise ValueError(f"{name} of no predictions; it takes one or more")
    predictions, targets = zip(*pairs)
    Vector(targets)  # which refuses what is no number
    for t in targets:
        if holds and not isinstance(t, Value):
            require_number(f"a target of {name}", t, holds, expected)
    return Vector(predictions), targets


def paired(name: str, prediction: Any, target: Any) -> Iterator[tuple[Any, Any]]:
    """Each element of nested predictions with that of the targets."""
    sides = predictions, targets = elements_or_none(prediction), elements_or_none(target)
    sizes = [None if side is None else len(side) for side in sides]
    if sizes[0] != sizes[1]:
        got = f"{counted(sizes[1])} for {counted(sizes[0])}"
        raise ValueError(f"{name} takes as many targets as predictions, got {got}")
    if predictions is None or targets is None:
        yield prediction, target
    else:
        for row, targets_of_row in zip(predictions, targets):
            yield from paired(name, row, targets_of_row)


def elements_or_none(x: Any) -> Sequence[Any] | None:
    """The elements of a sequence, the rows of an array; None for a scalar."""
    found: Sequence[Any] | None = x.tolist() if is_array(x) and x.ndim > 1 else elements_of(x)
    return found
