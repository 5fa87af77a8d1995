"""Derivatives by transforms, for tests of who records: in threads and in tasks."""

from __future__ import annotations

from typing import Any

import scalargrad as sg


def loss(w: Any, v: Any, number: float) -> Any:
    return sg.exp(w * number) * v[0] + v[1] ** 2 * w


def slope_by_transforms(w: Any, v: Any, number: float) -> list[Any]:
    """The same by the parameters themselves, which gives values, and by their numbers."""
    dw, dv = sg.grad(loss, argnums=(0, 1))(w, v, number)
    tangent = sg.jvp(lambda w, v: loss(w, v, number), (w.data, v.tolist()), (1.0, [0.0, 0.0]))[1]
    return [dw.data, *dv.tolist(), tangent, sg.derivative(lambda x: loss(x, v, number).data + x**3, order=2)(w.data)]


def curvature_by_transforms(w: Any, v: Any, number: float) -> Any:
    return sg.hessian(lambda v: loss(w.data, v, number) ** 2)(v.tolist())
