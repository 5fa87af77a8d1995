"""The standard library's `math`, differentiable: the same names, signatures, values and exceptions.

    from scalargrad import math

is the only change that a program needs. For plain numbers every function gives what the running Python's own gives; for
a `Value` it gives the same number as a `Value`, and for a `Vector` a `Vector`. Piecewise constant functions (`floor`,
`isclose`) give plain integers or truth values, as Python's operators do.

For code that you do not want to change, `patch` rebinds its names for a while.

>>> from scalargrad import Value, math
>>> x = Value(0.25)
>>> (math.hypot(x, 1.0) + math.log(x, 2)).backward()
>>> round(x.grad, 12)
6.013315788592
"""

from __future__ import annotations

import math as standard
import sys
from _thread import RLock

from . import elsewhere
from .checks import RANGE_ERRORS, Symbol, brief, iterate, refuse_operand, refuse_rows, show
from .engine import contexts
from .engine.many import Values
from .engine.value import Value, number_of
from .operations import elementary as operations
from .operations import floats, reductions
from .operations.operation import find_applier, registry

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from types import ModuleType
    from typing import Any

    from .operations.operation import Operation

    def __getattr__(name: str) -> Any: ...  # the functions are made below, from those of the running Python


# The operations by the names that users know; an operation with the name of a function of `math` is that function.
SHOWN = {operation.shown: operation for operation in registry.values() if not operation.symbol}
# The functions that give integers or truth values.
PLAIN = {
    *("ceil", "comb", "factorial", "floor", "gcd", "isclose", "isfinite", "isinf", "isnan", "isqrt", "lcm", "perm"),
    *("trunc", "isnormal", "issubnormal", "signbit"),
}


def is_recorded(x: object) -> bool:
    return isinstance(x, (Value, Values, Symbol))


def is_one_number(x: object) -> bool:
    return isinstance(x, (Value, Symbol))


def with_arguments(error: Exception, name: str, *args: Any) -> Exception:
    """An exception of the same type that names the function and its arguments."""
    return type(error)(f"{name}({', '.join(map(show, args))}): {error}")


def plainly(plain: Callable[..., Any], *args: Any) -> Any:
    """The result of a standard function for plain numbers; its exceptions name it and its arguments."""
    try:
        return plain(*args)
    except RANGE_ERRORS as error:
        raise with_arguments(error, plain.__name__, *args) from None


def elementwise(name: str, operation: Operation) -> Callable[..., Any]:
    """A function that is one operation."""
    plain = getattr(standard, name)

    def of_one(x: Any, /) -> Any:
        if isinstance(x, Value):
            return operation.method(x) if operation.method else operation(x)
        if is_recorded(x):
            return operation(x)
        try:
            return plain(x)
        except RANGE_ERRORS as error:
            raise with_arguments(error, name, x) from None

    def of_several(*args: Any) -> Any:
        if any(map(is_recorded, args)) and len(args) == len(operation.rules):
            return operation(*args)
        try:
            return plain(*args)
        except RANGE_ERRORS as error:
            raise with_arguments(error, name, *args) from None

    return of_one if len(operation.rules) == 1 else of_several


def of_numbers(name: str) -> Callable[..., Any]:
    """A piecewise constant function, which takes the number of a value."""
    plain = getattr(standard, name)

    def function(*args: Any, **kwargs: Any) -> Any:
        numbers = [*map(number_of, args)], {key: number_of(arg) for key, arg in kwargs.items()}
        tracer = contexts.tracer()
        return plain(*numbers[0], **numbers[1]) if tracer is None else tracer.ask(name, plain, *numbers)

    return function


def unknown(name: str) -> Callable[..., Any]:
    """A function of a newer Python, which only works on plain numbers."""
    plain = getattr(standard, name)

    def function(*args: Any, **kwargs: Any) -> Any:
        for arg in (*args, *kwargs.values()):
            if is_recorded(arg):
                raise TypeError(f"this version of scalargrad has no derivative for math.{name}, which got {brief(arg)}")
        return plain(*args, **kwargs)

    return function


# ---- Functions that are more than one operation ----------------------------------------------------------------------


def _hypot(*coordinates: Any) -> Any:
    if any(map(is_recorded, coordinates)):
        for x in coordinates:
            if find_applier(x) is None:
                refuse_operand("hypot", x)  # the operation would say norm
        return reductions.norm(*coordinates)
    return plainly(standard.hypot, *coordinates)


def _dist(p: Iterable[Any], q: Iterable[Any], /) -> Any:
    p, q = _numbers("dist", p), _numbers("dist", q)
    if len(p) != len(q):
        raise ValueError(f"dist takes two points with the same number of coordinates, got {len(p)} and {len(q)}")
    if any(map(is_recorded, (*p, *q))):
        return reductions.dist(*p, *q)
    return plainly(standard.dist, p, q)


def _numbers(name: str, iterable: Any) -> list[Any]:
    """The elements of an iterable. Raises TypeError for a matrix, whose elements would be rows."""
    if isinstance(iterable, Values) and len(iterable.shape) > 1:
        refuse_rows(name, iterable)
    return [*iterate(name, iterable)]


def _fsum(seq: Iterable[Any], /) -> Any:
    numbers = _numbers("fsum", seq)
    if any(map(is_recorded, numbers)):
        return reductions.fsum(*numbers)
    return plainly(standard.fsum, numbers)


def _sumprod(p: Iterable[Any], q: Iterable[Any], /) -> Any:
    p, q = _numbers("sumprod", p), _numbers("sumprod", q)
    if len(p) != len(q):
        raise ValueError(f"sumprod takes two lists of the same length, got lengths {len(p)} and {len(q)}")
    if any(map(is_recorded, (*p, *q))):
        return reductions.sumprod(*p, *q)
    return standard.sumprod(p, q)  # type: ignore[attr-defined]


def _prod(iterable: Iterable[Any], /, *, start: Any = 1) -> Any:
    numbers = _numbers("prod", iterable)
    if any(map(is_recorded, (start, *numbers))):
        return reductions.prod(start, *numbers)
    return standard.prod(numbers, start=start)


def _log(x: Any, *base: Any) -> Any:
    if not is_recorded(x) and not (base and any(map(is_recorded, base))):
        return plainly(standard.log, x, *base)
    if len(base) > 1:
        raise TypeError(f"log expected at most 2 arguments, got {1 + len(base)}")
    return operations.log_base(x, *base) if base else operations.log(x)


def _modf(x: Any, /) -> Any:
    if not is_one_number(x):
        return standard.modf(x)
    return floats.fraction(x), floats.whole(number_of(x))


def _frexp(x: Any, /) -> Any:
    if not is_one_number(x):
        return standard.frexp(x)
    exponent = floats.exponent(number_of(x))
    return floats.ldexp(x, -exponent), exponent


def _nextafter(x: Any, y: Any, /, **steps: Any) -> Any:
    if is_recorded(x) or is_recorded(y):
        standard.nextafter(1.0, 2.0, **steps)  # raises what is wrong with `steps`
        return floats.nextafter(x, y, 1 if steps.get("steps") is None else steps["steps"])
    return standard.nextafter(x, y, **steps)


COMPOSED = {
    function.__name__[1:]: function
    for function in (_hypot, _dist, _fsum, _sumprod, _prod, _log, _modf, _frexp, _nextafter)
}

# ---- The module ------------------------------------------------------------------------------------------------------


def mirror() -> dict[str, Any]:
    """Every name of the running Python's `math`, with its counterpart here."""
    here: dict[str, Any] = {}
    for name, thing in vars(standard).items():
        if name.startswith("_"):
            continue
        if not callable(thing):
            here[name] = thing
            continue
        function: Any = COMPOSED.get(name)
        if function is None and name in SHOWN:
            function = elementwise(name, SHOWN[name])
        elif function is None:
            function = of_numbers(name) if name in PLAIN else unknown(name)
        function.__name__ = function.__qualname__ = name
        function.__module__ = __name__
        function.__doc__ = thing.__doc__
        function.__wrapped__ = thing
        here[name] = function
    return here


_mirrored = mirror()
globals().update(_mirrored)
__all__ = sorted(_mirrored)
elsewhere.say_names_elsewhere(__name__)


def __dir__() -> list[str]:
    return [*__all__, "patch"]


# ---- Other people's modules ------------------------------------------------------------------------------------------

_lock = RLock()
# For each module that is patched now: the module, the openings that patch it, and the things its names were bound to.
_patched: dict[int, tuple[ModuleType, dict[object, None], dict[str, Any]]] = {}


class patch:  # noqa: N801  (a verb phrase, as `no_grad`)
    r"""A context in which modules that were written for `math` compute with the differentiable functions of this one.

    Global names of the modules that are bound to the standard `math`, or to one of its functions, are bound to this
    module, or to its function of that name, while the block lasts. This applies to the whole process, and blocks are
    counted: the names are restored when the last block that patches the module, nested or in another thread, has ended.
    The patch does not reach a function that holds `math`'s functions elsewhere (as a default argument, in a closure or
    a container); such a function raises TypeError when it meets a tracked Value.

    Args:
        modules: imported modules, such as `geographiclib.geodesic`; the modules of a package are given one by one.

    Raises:
        TypeError: one of them is not a module, or there are none.
        ValueError: one of them is `math` itself, or a module of scalargrad.

    >>> import scalargrad as sg
    >>> import types
    >>> module = types.ModuleType("theirs")
    >>> exec("from math import sqrt\ndef root(x): return sqrt(x)", vars(module))
    >>> x = sg.Value(4.0)
    >>> with sg.math.patch(module):
    ...     module.root(x).backward()
    >>> x.grad
    0.25
    """

    def __init__(self, *modules: ModuleType) -> None:
        if not modules:
            raise TypeError("patch takes at least one module, such as patch(geographiclib.geodesic)")
        for module in modules:
            if not isinstance(module, type(standard)):
                raise TypeError(f"patch takes imported modules, not {module!r} ({type(module).__name__})")
        for module in modules:
            if module is standard or module.__name__.partition(".")[0] == __name__.partition(".")[0]:
                raise ValueError(f"patch takes modules that compute with math, not {module.__name__} itself")
        self._modules = modules
        self._openings: list[object] = []

    def __enter__(self) -> None:
        opening = object()
        try:
            self._openings.append(opening)
            with _lock:
                for module in self._modules:
                    _, openings, originals = _patched.setdefault(id(module), (module, {}, {}))
                    openings[opening] = None
                    found = {name: thing for name, thing in vars(module).items() if id(thing) in _replacements}
                    originals.update(found)
                    vars(module).update({name: _replacements[id(thing)] for name, thing in found.items()})
        except BaseException:
            self._end(opening)
            raise

    def __exit__(self, *error: object) -> None:
        if not self._openings:
            raise RuntimeError(f"patch of {self._modules[0]!r} has not been entered; use it as `with patch(module):`")
        opening = self._openings[-1]
        try:
            self._end(opening)
        except BaseException:
            self._end(opening)
            raise

    def _end(self, opening: object) -> None:
        """Take an opening back, and restore names if it was the last. It can be called again after an interrupt."""
        with _lock:
            for module in self._modules:
                _, openings, originals = _patched.get(id(module), (module, {}, {}))
                openings.pop(opening, None)
                if openings:
                    continue
                for name, thing in originals.items():
                    if vars(module).get(name) is _replacements[id(thing)]:  # unless the module has bound it again
                        vars(module)[name] = thing
                _patched.pop(id(module), None)
            if opening in self._openings:
                self._openings.remove(opening)


# What replaces `math` itself and each of its functions, by their identities.
_replacements: dict[int, Any] = {
    id(getattr(standard, name)): thing for name, thing in _mirrored.items() if callable(thing)
} | {id(standard): sys.modules[__name__]}
