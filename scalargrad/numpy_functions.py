"""NumPy's functions on Values, Vectors and Matrices: they apply the operations that have their names.

If a `Value`, a `Vector` or a `Matrix` is among the arguments of a NumPy function, NumPy calls this module by its
protocols (NEP 13 and NEP 18), so this module need not import NumPy. A function without an operation works with the
operators of the elements, as NumPy does with arrays of objects.
"""

from __future__ import annotations

import sys
from collections.abc import Callable

from . import math
from .checks import brief, is_array, named, refuse_operand
from .engine.many import Values, apply_elementwise, elements, has_elements, matmul
from .engine.matrix import Matrix
from .engine.rows import NUMBER
from .engine.value import Element, Value, number_of
from .engine.vector import Vector
from .operations.operation import (
    Operation,
    Rank,
    Reduction,
    appliers,
    array_appliers,
    find_applier,
    numpy_functions,
    registry,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any


def as_objects(x: Any) -> Any:
    """A value, a vector or a matrix as a NumPy array of objects; anything else as it is."""
    if not isinstance(x, (Value, Values)):
        is_array(x)  # refuses NumPy's own matrix and a masked array
        return x
    numpy = sys.modules["numpy"]
    if isinstance(x, Value):
        array = numpy.empty((), dtype=object)
        array[()] = x
        return array
    array = numpy.empty(len(x.row[NUMBER]), dtype=object)
    array[:] = [*elements(x)]
    return array.reshape(x.shape)


def apply_to_arrays(operation: Operation, operands: Sequence[Any]) -> Any:
    """The result of an operation on each element of arrays of several dimensions: a NumPy array of objects.

    Beside a vector or a matrix, an array of two dimensions counts as a matrix, and the result is a matrix. Beside
    vectors, arrays of one column and vectors of one element are repeated, as in NumPy.
    """
    if is_of_matrices(operands):
        if not any(isinstance(x, Matrix) for x in operands):
            width = max([x.shape[-1] for x in operands if isinstance(x, Vector) or getattr(x, "ndim", None)])
            operands = [repeated(x, width) for x in operands]
        return apply_elementwise(operation, operands)
    return sys.modules["numpy"].frompyfunc(operation, len(operands), 1)(*map(as_objects, operands))


def is_of_matrices(operands: Sequence[Any]) -> bool:
    """Whether a vector or a matrix is among operands of two dimensions at most."""
    others = [x for x in operands if not isinstance(x, Values)]
    return len(others) < len(operands) and all(getattr(x, "ndim", 0) <= 2 for x in others)


def repeated(x: Any, width: int) -> Any:
    """An array of one column with that column repeated; a vector of one element as that element."""
    if isinstance(x, Vector) and len(x) == 1:
        return x[0]
    return x.repeat(width, axis=1) if getattr(x, "ndim", 0) == 2 and x.shape[1] == 1 else x


array_appliers[2] = (Rank.ARRAY, apply_to_arrays)


def matrix_product(left: Any, right: Any) -> Any:
    """The product of vectors, matrices, lists and arrays; an array only if one has more than two dimensions."""
    if is_of_matrices((left, right)):
        return matmul(left, right)
    return sys.modules["numpy"].matmul(as_objects(left), as_objects(right))


def signbit(x: Any) -> Any:
    return math.copysign(1.0, x) < 0


def heaviside(x: Any, at_zero: Any) -> Any:
    return 1.0 if x > 0 else 0.0 if x < 0 else at_zero if x == 0 else math.nan


# NumPy's functions that are not single operations.
OTHERS: dict[str, Callable[..., Any]] = {
    **{name: getattr(math, name) for name in ("isfinite", "isinf", "isnan", "frexp", "modf", "nextafter")},
    "divmod": divmod,
    "matmul": matrix_product,
    "signbit": signbit,
    "heaviside": heaviside,
}
# Functions that take floats only; they compare numbers, so no gradient is lost.
COMPARISONS = {"isclose", "allclose"}


def apply_ufunc(_: Any, ufunc: Any, method: str, *operands: Any, **options: Any) -> Any:
    """The result of a ufunc on operands that include values or vectors: values, vectors, or arrays of objects."""
    name = f"numpy.{ufunc.__name__}"
    for operand in operands:
        if type(operand) not in appliers and find_applier(operand) is None:
            if hasattr(operand, "__array_ufunc__"):
                return NotImplemented  # NumPy then asks the operand
            refuse_operand(name, operand)
    function: Any = numpy_functions.get(ufunc.__name__) or OTHERS.get(ufunc.__name__)
    is_plain = method == "__call__" and not options
    if is_plain and (isinstance(function, Operation) or function is matrix_product):
        return function(*operands)
    refuse_numpy_options(name, method, **options)
    if function is not None and function is not matrix_product:
        ufunc = sys.modules["numpy"].frompyfunc(function, ufunc.nin, ufunc.nout)
    result = natively(name, getattr(ufunc, method), operands, options)
    dimensions = getattr(result, "ndim", 0) if is_plain else 0
    if (dimensions == 1 or (dimensions == 2 and is_of_matrices(operands))) and any(
        isinstance(x, Value) for x in result.flat
    ):
        return Vector(result) if dimensions == 1 else Matrix(result)
    return result


def refuse_numpy_options(
    name: str, method: str, out: Any = None, where: Any = True, dtype: Any = None, **_: Any
) -> None:
    """Raise TypeError for options that would lose a gradient, or leave entries without a value."""
    if method == "__call__" and where is not True and out is None:
        raise TypeError(f"{name} of Values takes where= only together with out=; or choose with scalargrad.where")
    kinds = [] if dtype is None else [sys.modules["numpy"].dtype(dtype)]
    for array in out if isinstance(out, tuple) else (out,):
        if isinstance(array, (Value, Values)):
            raise TypeError(f"{name} cannot write to {brief(array)}; take the result as it is returned")
        kinds += [array.dtype] if hasattr(array, "dtype") else []
    for kind in kinds:
        if kind not in (object, bool):
            raise TypeError(
                f"{name} of Values gives objects, and as {kind} they would lose their gradients; use dtype object, or "
                "take the result as it is returned"
            )


def apply_function(_: Any, function: Any, __: Any, operands: Sequence[Any], options: dict[str, Any]) -> Any:
    """The result of any other function of NumPy's: of one operation, or of the function on arrays of objects."""
    name = function.__name__
    reduction = registry.get(name)
    if not options:
        if (
            isinstance(reduction, Reduction)
            and len(operands) == 1
            and isinstance(operands[0], Values)
            and hasattr(type(operands[0]), name)
        ):
            return getattr(operands[0], name)()
        if name == "dot" and is_of_matrices(operands) and all(map(has_elements, operands)):
            return matmul(*operands)
        operation = numpy_functions.get(name)
        if operation is not None and len(operands) == len(operation.rules) and all(x is not None for x in operands):
            return operation(*operands)
    if name in COMPARISONS:
        return function(*map(with_plain_floats, operands), **{key: with_plain_floats(x) for key, x in options.items()})
    if reduction is not None and reduction.start is not None and "where" in options:
        # For objects, NumPy requires this if a mask leaves some out.
        options = {"initial": reduction.start, **options}
    return natively(f"{function.__module__}.{name}", function, operands, options)


def natively(name: str, function: Callable[..., Any], operands: Sequence[Any], options: dict[str, Any]) -> Any:
    """The result of a function of NumPy's on arrays of objects.

    Raises TypeError, with NumPy's message, if the function only computes with floats.
    """
    options = {key: deeply_as_objects(x) for key, x in options.items()}
    function = getattr(function, "_implementation", function)  # or NumPy would come back here for the elements
    try:
        with sys.modules["numpy"].errstate(all="ignore"):  # the elements are Python's floats, which do not warn
            result = function(*map(deeply_as_objects, operands), **options)
    except ValueError as error:
        if "where" not in options:
            raise
        raise ValueError(f"{name}: {error}; or drop the masked entries before the call") from error
    except (TypeError, AttributeError) as error:
        refuse_numpy_options(name, "", **options)
        raise TypeError(
            f"{name} does not work on Values: {error}; compute it with operators and the functions of scalargrad, or "
            "give it plain numbers, which have no gradient, with .data or .tolist()"
        ) from error
    return tuple(map(tidy, result)) if type(result) is tuple else tidy(result)


def with_plain_floats(x: Any) -> Any:
    """Values as plain floats, also within vectors, lists, tuples and arrays."""
    if type(x) is list or type(x) is tuple:
        return [*map(with_plain_floats, x)]
    array = as_objects(x)
    if not is_array(array) or array.dtype != object:
        return x
    numpy = sys.modules["numpy"]
    return numpy.asarray(numpy.frompyfunc(number_of, 1, 1)(array), dtype=float)


def deeply_as_objects(x: Any) -> Any:
    """Values and vectors as arrays of objects, also within lists and tuples."""
    if type(x) is list or type(x) is tuple:
        return type(x)(map(deeply_as_objects, x))
    return as_objects(x)


def tidy(result: Any) -> Any:
    """A result of NumPy's: an array of no dimension as its element, one of truth values as an array of bool."""
    if not isinstance(result, sys.modules["numpy"].ndarray) or result.dtype != object:
        return result
    if not result.ndim:
        return result.item()
    return result.astype(bool) if {*map(type, result.flat)} == {bool} else result


def element_method(operation: Operation) -> Callable[..., Any]:
    """A method that applies an operation to a value and its other operands."""

    def method(self: Value, *others: Any) -> Any:
        return operation(self, *others)

    return named(method, operation.name)


def refuse_mask(_: Any) -> Any:
    """Raises TypeError: masked arrays ask their operands for this, and would treat Values as plain numbers."""
    raise TypeError("a masked array would lose the gradients of Values; use its compressed() or filled() instead")


Value.__array_ufunc__ = Values.__array_ufunc__ = apply_ufunc  # type: ignore[attr-defined]
Value.__array_function__ = Values.__array_function__ = apply_function  # type: ignore[attr-defined]
Value._mask = Values._mask = property(refuse_mask)  # type: ignore[attr-defined]
# NumPy's functions call these methods of the elements of object arrays. A `__getattr__` in their place would slow down
# every access to an attribute of a Value.
for _name, _operation in numpy_functions.items():
    if not _operation.symbol and (_operation.name in vars(math) or _name in vars(math)):
        setattr(Element, _name, _operation.method or element_method(_operation))
Element.conjugate = lambda x: x  # type: ignore[attr-defined]
Element.rint = lambda x: round(x)  # type: ignore[attr-defined]
