"""Tests of gradients, from scalargrad or from other code: `check_grads`, and strategies for Hypothesis.

`check_grads` needs only Python. The strategies `values`, `vectors` and `programs` need Hypothesis (extra `testing`);
they are imported on first use.
"""

from __future__ import annotations

from importlib import import_module

from ..elsewhere import refuse_name
from ..engine.value import Value
from ..engine.vector import Vector
from .check_grads import check_grads

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .strategies import Program as Program
    from .strategies import programs as programs
    from .strategies import values as values
    from .strategies import vectors as vectors

__all__ = ["Program", "check_grads", "programs", "values", "vectors"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        refuse_name(__name__, name)
    try:
        strategies = import_module("scalargrad.testing.strategies")
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            f"scalargrad.testing.{name} needs Hypothesis: pip install hypothesis", name=error.name
        ) from error
    return getattr(strategies, name)


def register() -> None:
    """Tell Hypothesis how to make Values and Vectors for `from_type`; it calls this when it is imported.

    The strategies are imported only when one is drawn from, since their import may be what imports Hypothesis.
    """
    hypothesis = import_module("hypothesis.strategies")
    hypothesis.register_type_strategy(Value, lambda _: __getattr__("values")())
    hypothesis.register_type_strategy(Vector, lambda _: __getattr__("vectors")())
