"""Losses, named as in PyTorch."""

from __future__ import annotations

import operator

from ..checks import as_number, brief, counted, is_array, plural, require_number
from ..engine.many import Values, elements_for, elements_of, has_elements, moved, reduced
from ..engine.matrix import Matrix
from ..engine.rows import NUMBER, TAKE
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
    """The mean of (prediction - target)**2, recorded in three rows for a Vector and in four for a Matrix.

    Args:
        prediction: a Value, a Vector, a Matrix, or a list of Values, Vectors and numbers.
        target: numbers or Values in the same shape.

    Returns a Value: the mean over all elements, across a whole batch too. Raises ValueError if the shapes differ or are
    empty, TypeError if an element is not a number.

    >>> mse_loss([1.0, 2.0], [1.0, 4.0])
    constant(2.0)
    """
    predictions, targets = side_by_side("mse_loss", prediction, target)
    errors = predictions - targets
    return errors.dot(errors) / len(errors)  # type: ignore[no-any-return]


def l1_loss(prediction: Any, target: Any) -> Value:
    """The mean of the absolute values of prediction - target; the derivative at the kink is 0.

    Takes, returns and raises what `mse_loss` does.

    >>> l1_loss([1.0, 2.0], [1.0, 4.0])
    constant(1.0)
    """
    predictions, targets = side_by_side("l1_loss", prediction, target)
    return absolute(predictions - targets).mean()  # type: ignore[no-any-return]


def huber_loss(prediction: Any, target: Any, delta: float = 1.0) -> Value:
    """The mean of Huber's loss (1964): e**2/2 for errors e of size up to delta, and delta (abs(e) - delta/2) beyond.

    Its derivative with respect to e is clip(e, -delta, delta). Takes, returns and raises what `mse_loss` does;
    ValueError also if `delta` is not more than 0.

    >>> huber_loss([0.5, 3.0], [0.0, 0.0])
    constant(1.3125)
    """
    delta = require_number("delta", delta, lambda x: x > 0, "more than 0")
    predictions, targets = side_by_side("huber_loss", prediction, target)
    return operations.huber(predictions - targets, delta).mean()  # type: ignore[no-any-return]


def hinge_loss(prediction: Any, target: Any) -> Value:
    """The mean of max(0, 1 - target prediction), the loss of support vector machines; targets are -1 and 1.

    Takes, returns and raises what `mse_loss` does; ValueError also if a target is a number other than -1 and 1.

    >>> hinge_loss([0.5, -3.0], [1, -1])
    constant(0.25)
    """
    predictions, targets = side_by_side("hinge_loss", prediction, target, lambda t: t in (-1, 1), "-1 or 1")
    return relu(1 - predictions * targets).mean()  # type: ignore[no-any-return]


def binary_cross_entropy_with_logits(prediction: Any, target: Any) -> Value:
    """The mean of -t log(sigmoid(z)) - (1 - t) log(1 - sigmoid(z)), for logits z and targets t between 0 and 1.

    It is computed as t softplus(-z) + (1 - t) softplus(z), which is accurate for any z. Takes, returns and raises what
    `mse_loss` does; ValueError also if a target is a number below 0 or above 1.

    >>> binary_cross_entropy_with_logits([40.0, -1000.0], [1, 1])
    constant(500.0)
    """
    name = "binary_cross_entropy_with_logits"
    predictions, targets = side_by_side(name, prediction, target, lambda t: 0 <= t <= 1, "between 0 and 1")
    if isinstance(targets, Vector):
        return (targets * softplus(-predictions) + (1 - targets) * softplus(predictions)).mean()  # type: ignore[no-any-return]
    if {*map(type, targets)} <= {int, float} and {0, 1}.issuperset(targets):
        return softplus(predictions * [-1 if t else 1 for t in targets]).mean()  # type: ignore[no-any-return]
    return Vector(map(binary_term, predictions, targets)).mean()


def binary_term(z: Value, t: Any) -> Any:
    if not isinstance(t, Value) and t in (0, 1):  # the other term would be 0, or nan for an infinite logit
        return softplus(-z if t else z)
    return t * softplus(-z) + (1 - t) * softplus(z)


def cross_entropy(logits: Any, target: Any) -> Value:
    """-log(softmax(z)[k]) for logits z and class k; for probabilities t of the classes, the sum of -t log(softmax(z)).

    For a class it is computed as logsumexp(z - z[k]). Its k-th term is exactly 0, so a small loss keeps its digits. For
    probabilities, k is the most likely class, and the sum of t (z - z[k]) is subtracted.

    Args:
        logits: a Vector or list with a Value or number for each class; for a batch, a Matrix or a list of such rows.
        target: the index of a class, or a list of probabilities; for a batch, a list with one of these for each row.

    Returns a Value; for a batch, the mean over its rows.

    Raises:
        TypeError: `logits` is not a sequence, or `target` is neither an index nor a sequence.
        ValueError: the lengths differ or are 0, or a probability is negative.
        IndexError: there is no such class.

    >>> cross_entropy([1000.0, 0.0], 1), cross_entropy([[40.0, 0.0], [0.0, 0.0]], [0, 1])
    (constant(1000.0), constant(0.34657359027997264))
    """
    rows: Any = logits
    if not isinstance(logits, Values):
        rows = elements_or_none(logits) or elements_for("cross_entropy", logits)
    if isinstance(rows, Matrix) or (not isinstance(rows, Vector) and any(map(has_elements, rows))):
        targets = elements_or_none(target) or elements_for("cross_entropy of several rows of logits", target)
        if len(targets) != len(rows):
            got = f"{plural(len(targets), 'target')} for {plural(len(rows), 'row')}"
            raise ValueError(f"cross_entropy takes a target for each row, got {got}")
        return Vector(map(cross_entropy, rows, targets)).mean()
    zs = rows if isinstance(rows, Vector) else Vector(rows)
    count = len(zs)
    if not count:
        raise ValueError("cross_entropy got no logits; it takes one for each class")
    weights = elements_or_none(target)
    k = index_of_class(target, count) if weights is None else index_of_largest(weights, count)
    others = [*range(k), *range(k + 1, count)]
    loss = reduced(reductions.surprise, elements_at(zs, [k, *others]))
    if weights is None:
        return loss
    kept = [j for j in others if isinstance(weights[j], Value) or weights[j]]  # where t is 0, z may be -inf
    gaps = elements_at(zs, kept) - zs[k] if kept else Vector([])
    return sum(weights) * loss - gaps.dot([weights[j] for j in kept])  # type: ignore[no-any-return]


def elements_at(values: Any, places: Sequence[int]) -> Vector:
    """The elements at some places of a vector or a matrix, counted row by row; recorded in one row."""
    numbers = values.row[NUMBER]
    return moved(TAKE, values, tuple([numbers[i] for i in places]), (len(places),), tuple(places))  # type: ignore[no-any-return]


def index_of_class(target: Any, count: int) -> int:
    if isinstance(target, (bool, float)) or not hasattr(target, "__index__"):
        got = f"{brief(target)} ({type(target).__name__})"
        raise TypeError(f"the target of cross_entropy is the index of a class or a list of probabilities, not {got}")
    k = operator.index(target)
    if not 0 <= k < count:
        raise IndexError(f"the target of cross_entropy is a class from 0 to {count - 1}, not {k}")
    return k


def index_of_largest(probabilities: Sequence[Any], count: int) -> int:
    if len(probabilities) != count:
        got = f"{len(probabilities)} and {plural(count, 'logit')}"
        raise ValueError(f"cross_entropy takes a probability for each logit, got {got}")
    Vector(probabilities)  # raises if one is not a number
    for t in probabilities:
        if not isinstance(t, Value):
            require_number("a probability of cross_entropy", t, lambda t: t >= 0, "0 or more")
    return max(range(count), key=probabilities.__getitem__)


def side_by_side(
    name: str, prediction: Any, target: Any, holds: Callable[[Any], bool] | None = None, expected: str = ""
) -> tuple[Any, Any]:
    """The predictions as a Vector, row by row, and the targets in that order: a Vector if given as Vector or Matrix."""
    shape = prediction.shape if isinstance(prediction, Values) else None
    if shape and isinstance(target, Values) and target.shape == shape:
        return in_line(prediction), in_line(target)
    if shape and (found := targets_by_row(shape, target)) is not None:
        predictions, targets = in_line(prediction), found
    else:
        require_one_shape(name, prediction, target)
        pairs = [*paired(name, prediction, target)]
        if not pairs:
            raise ValueError(f"{name} got no predictions; it takes one or more")
        predictions, targets = map(list, zip(*pairs))
        predictions = Vector(predictions)
    Vector(targets)  # raises if one is not a number
    for t in targets:
        if holds and not isinstance(t, Value):
            require_number(f"a target of {name}", t, holds, expected)
    return predictions, targets


def in_line(values: Any) -> Any:
    """A vector as it is, the elements of a matrix as a vector."""
    return values if isinstance(values, Vector) else elements_at(values, range(len(values.row[NUMBER])))


def targets_by_row(shape: Sequence[int], target: Any) -> list[Any] | None:
    """The elements of targets with a given shape, row by row; None if they have another."""
    parts = elements_or_none(target)
    if not parts or len(parts) != shape[0]:
        return None
    if len(shape) == 1:
        return None if any(map(has_elements, parts)) else [*parts]
    rows = [targets_by_row(shape[1:], part) for part in parts]
    return None if None in rows else [x for row in rows for x in row or ()]


def require_one_shape(name: str, prediction: Any, target: Any) -> None:
    """Raise ValueError if there are rows and the first ones show that the shapes differ."""
    shapes = shape_as_given(prediction), shape_as_given(target)
    if shapes[0] != shapes[1] and max(map(len, shapes)) > 1:
        raise ValueError(f"{name} takes targets of the shape of the predictions, got {shapes[1]} for {shapes[0]}")


def shape_as_given(x: Any) -> tuple[int, ...]:
    """The lengths of nested lists at each depth, taken from the first list there."""
    parts = elements_or_none(x)
    return () if parts is None else (len(parts), *(shape_as_given(parts[0]) if parts else ()))


def paired(name: str, prediction: Any, target: Any) -> Iterator[tuple[Any, Any]]:
    """Each element of nested predictions, paired with that of the targets."""
    sides = predictions, targets = elements_or_none(prediction), elements_or_none(target)
    sizes = [None if side is None else len(side) for side in sides]
    if sizes[0] != sizes[1]:
        if targets is None and not isinstance(target, Value):
            as_number(target, f" or a list of them as the target of {name}")  # raises if it is neither
        got = f"{counted(sizes[1])} for {counted(sizes[0])}"
        raise ValueError(f"{name} takes as many targets as predictions, got {got}")
    if predictions is None or targets is None:
        yield prediction, target
    else:
        for row, targets_of_row in zip(predictions, targets):
            yield from paired(name, row, targets_of_row)


def elements_or_none(x: Any) -> Sequence[Any] | None:
    """The elements of a sequence, the rows of an array; None for a scalar."""
    return x.tolist() if is_array(x) and x.ndim > 1 else elements_of(x)  # type: ignore[no-any-return]
