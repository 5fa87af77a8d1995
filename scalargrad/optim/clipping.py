"""Gradients clipped by their norm."""

from __future__ import annotations

import math

from ..engine.many import as_values, elements, has_elements
from ..engine.value import Value
from ..engine.vector import Vector
from ..operations.elementary import maximum
from .optimizers import gradients_of, leaves_with_places, more_than_0, require_list, set_gradients

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any


def clip_grad_norm_(params: Iterable[Any], max_norm: float) -> float:
    """Scale the `grad` of all parameters down, in place, so that their Euclidean norm is no more than `max_norm`.

    As in PyTorch, they are multiplied by max_norm / (norm + 1e-6) if that is less than 1.

    Args:
        params: a list of leaf Values, Variables, or Vectors and matrices of leaves.
        max_norm: more than 0.

    Returns the norm before clipping. Raises TypeError and ValueError as `Optimizer` does.

    >>> x, y = Value(1.0), Value(1.0)
    >>> (3 * x + 4 * y).backward()
    >>> clip_grad_norm_([x, y], 1.0)
    5.0
    >>> round(x.grad, 6)
    0.6
    """
    more_than_0("max_norm", max_norm)
    require_list("clip_grad_norm_", params)
    places = leaves_with_places("clip_grad_norm_", params)
    gradients = {leaf: gradients_of(leaf, some) for leaf, some in places.items()}
    norm = math.hypot(*[x for own in gradients.values() for x in own])
    scale = max_norm / (norm + 1e-6)
    if not scale >= 1:
        for leaf, some in places.items():
            set_gradients(leaf, some, [x * scale for x in gradients[leaf]])
    return norm


def clip_by_global_norm(gradients: Sequence[Any], clip_norm: float) -> tuple[list[Any], Value]:
    """Gradients scaled down together so that their Euclidean norm is no more than `clip_norm`, as in TensorFlow.

    Each is multiplied by clip_norm / max(norm, clip_norm); all become nan if the norm is infinite or nan. The result is
    differentiable.

    Args:
        gradients: a list of numbers, Values, Vectors, matrices and lists, such as `tape.gradient` returns; None stays
            None.
        clip_norm: more than 0.

    Returns the list of scaled gradients (Values, Vectors and matrices) and the norm before clipping. Raises TypeError
    if one is not a gradient, ValueError if `clip_norm` is not more than 0.

    >>> clip_by_global_norm([3.0, None, [0.0, 4.0]], 2.5)
    ([constant(1.5), None, Vector([0.0, 2.0])], constant(5.0))
    """
    more_than_0("clip_norm", clip_norm)
    require_list("clip_by_global_norm", gradients)
    many = [g if g is None else as_values(g if has_elements(g) else [g]) for g in gradients]
    norm = Vector([x for values in many if values is not None for x in elements(values)]).norm()
    scale: Any = math.nan
    if norm < math.inf:
        scale = clip_norm / maximum(norm, clip_norm) if math.isfinite(clip_norm) else 1.0
    scaled = [values if values is None else values * scale for values in many]
    return [x if x is None or has_elements(g) else x[0] for x, g in zip(scaled, gradients)], norm
