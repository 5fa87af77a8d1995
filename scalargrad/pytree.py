"""Nested lists, tuples, named tuples, dicts and dataclasses: taken apart, and put together again.

`leaves_of` and `rebuild` stop at anything that is not a container: a number, a `Value`, a `Vector`. `scalars_of` and
`refill` go on into vectors and NumPy's arrays, down to single numbers; they pass over text, `None` and truth values.
"""

from __future__ import annotations

import sys
from numbers import Real

from .checks import Symbol, as_number, brief, counted, is_array, is_one_element, plural
from .engine.contexts import open_blocks
from .engine.many import Values, elements, elements_of, gathered, has_elements
from .engine.matrix import Matrix, rows_and_shape
from .engine.rows import NUMBER, number_in
from .engine.value import Value, number_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import Any

    Maker = Callable[[Any], Any]


def is_dataclass(x: object) -> bool:
    return hasattr(type(x), "__dataclass_fields__")


def fields_of(instance: Any) -> list[str]:
    """The names of the fields that the constructor of a dataclass takes; other fields are derived from these."""
    return [field.name for field in sys.modules["dataclasses"].fields(instance) if field.init]


def as_dict(structure: Any) -> Any:
    """A dataclass as a dict of its fields; anything else as it is."""
    return {name: getattr(structure, name) for name in fields_of(structure)} if is_dataclass(structure) else structure


def parts_of(structure: Any) -> Sequence[Any] | None:
    """The parts of a container, those of a dict in its own order; None for anything that is not a container."""
    if isinstance(structure, (list, tuple)):
        return structure
    if isinstance(structure, dict):
        return [*structure.values()]
    if is_dataclass(structure):
        return [getattr(structure, name) for name in fields_of(structure)]
    return None


def with_parts(structure: Any, parts: list[Any], construct: bool = True) -> Any:
    """A container of the same kind that holds other parts.

    With `construct` a dataclass is made by its constructor, which derives fields in `__post_init__`. Without, it is
    copied and its derived fields are None: gradients need not pass the checks of the constructor.
    """
    if type(structure) is list:
        return parts
    if type(structure) is dict:
        return dict(zip(structure, parts))
    if isinstance(structure, tuple):
        return type(structure)(*parts) if hasattr(structure, "_fields") else tuple.__new__(type(structure), parts)
    names = () if isinstance(structure, (dict, list)) else fields_of(structure)
    if construct and names:
        return type(structure)(**dict(zip(names, parts)))
    from copy import copy  # it takes a while to import

    twin: Any = copy(structure)  # a defaultdict or an OrderedDict stays one
    if isinstance(structure, dict):
        dict.update(twin, zip(structure, parts))  # a Counter's own would add
        return twin
    if isinstance(structure, list):
        twin[:] = parts
        return twin
    for field in sys.modules["dataclasses"].fields(structure):
        object.__setattr__(twin, field.name, parts[names.index(field.name)] if field.init else None)
    return twin


def leaves_of(structure: Any) -> list[Any]:
    """The leaves in order: everything that is not a container.

    >>> leaves_of({"a": 1, "b": [2, (3,)]})
    [1, 2, 3]
    """
    parts = parts_of(structure)
    if parts is None:
        return [structure]
    leaves: list[Any] = []
    for part in parts:
        if isinstance(part, (Value, float)):
            leaves.append(part)
        else:
            leaves += leaves_of(part)
    return leaves


def rebuild(structure: Any, leaves: list[Any]) -> Any:
    """The same structure with other leaves, given in the order of `leaves_of`.

    >>> rebuild({"a": 1, "b": [2, (3,)]}, ["x", "y", "z"])
    {'a': 'x', 'b': ['y', ('z',)]}
    """
    ahead = iter(leaves)

    def filled(structure: Any) -> Any:
        parts = parts_of(structure)
        return next(ahead) if parts is None else with_parts(structure, [*map(filled, parts)], construct=False)

    return filled(structure)


# ---- Scalars and vectors ---------------------------------------------------------------------------------------------


def length_of(x: Any) -> int | None:
    """How many elements a vector or a list has; None for a scalar."""
    elements = elements_of(x)
    return None if elements is None else len(elements)


def elements_in(x: Any) -> Sequence[Any]:
    """The elements of a vector or a list; a scalar as the only one."""
    elements = elements_of(x)
    return (x,) if elements is None else elements


def elements_like(variable: Any, given: Any, role: str, *names: object) -> Sequence[Any]:
    """The elements of what is given for a variable, row by row; messages use `role`, with `names` in its braces.

    Raises ValueError if it has another shape.
    """

    def wrong(expected: str, got: object) -> ValueError:
        told = [name if isinstance(name, str) else brief(name) for name in names]
        return ValueError(f"expected {expected} {role.format(*told)}, got {got}")

    if isinstance(variable, Matrix):
        if not has_elements(given) or not all(map(has_elements, elements_of(given))):
            raise wrong(plural(len(variable), "row"), counted(length_of(given)))
        rows, shape = rows_and_shape(given)
        if shape != variable.shape:
            raise wrong(f"numbers of shape {variable.shape}", shape)
        return [x for row in rows for x in row]
    if length_of(given) != length_of(variable):
        raise wrong(counted(length_of(variable)), counted(length_of(given)))
    return elements_in(given)


# ---- Down to single numbers ------------------------------------------------------------------------------------------


def is_number(x: object) -> bool:
    return isinstance(x, Value) or (isinstance(x, (float, Real)) and not isinstance(x, bool))


def is_scalar(x: object) -> bool:
    """Whether something is a number, or stands for a number or a truth value while a function is traced."""
    return is_number(x) or isinstance(x, Symbol)


def is_passed_over(x: Any) -> bool:
    """Whether a leaf is not a number but allowed: text, None, truth values, and arrays of them."""
    if is_array(x):
        return x.dtype.kind not in "iufO"
    return x is None or isinstance(x, (str, bytes, bool))


def scalars_of(structure: Any, refuse: Callable[[Any], Exception]) -> list[Any]:
    """The single numbers and values in a structure, in order; raises what `refuse` makes of a leaf that is neither."""
    if is_scalar(structure):
        return [structure]
    if isinstance(structure, Values):
        return [*elements(structure)] if structure.is_tracked or open_blocks else [*structure.row[NUMBER]]
    parts = parts_of(structure)
    if parts is not None:
        return [scalar for part in parts for scalar in scalars_of(part, refuse)]
    if is_passed_over(structure):
        return []
    if is_array(structure):
        if structure.dtype == object:
            for index, entry in sys.modules["numpy"].ndenumerate(structure):
                if not is_scalar(entry):
                    raise TypeError(f"{refuse(entry)}, element {[*index]} of an array")
        return structure.ravel().tolist()  # type: ignore[no-any-return]
    raise refuse(structure)


def refill(structure: Any, scalars: Iterator[Any], construct: bool = False) -> Any:
    """The same structure with other numbers, given in the order of `scalars_of`.

    An array holds floats if all of its numbers are floats, or else objects. `with_parts` says how dataclasses are made.
    """

    def in_array(array: Any) -> Any:
        return array_of([next(scalars) for _ in range(array.size)], array.shape)

    def in_many(many: Any) -> Any:
        return gathered([next(scalars) for _ in many.row[NUMBER]], many.shape)

    return with_numbers(structure, lambda _: next(scalars), in_array, in_many, construct)


def with_numbers(structure: Any, number: Maker, array: Maker, many: Maker, construct: bool = False) -> Any:
    """The same structure, with functions applied to each number, to each array, and to each vector or matrix."""
    if is_scalar(structure):
        return number(structure)
    if isinstance(structure, Values):
        return many(structure)
    parts = parts_of(structure)
    if parts is not None:
        made = [with_numbers(part, number, array, many, construct) for part in parts]
        return with_parts(structure, made, construct)
    return structure if is_passed_over(structure) else array(structure)


def nested_lists(numbers: Sequence[Any], shape: tuple[int, ...]) -> list[Any]:
    """Numbers as a list, or as a list for each row of a matrix."""
    if len(shape) == 1:
        return [*numbers]
    return [[*numbers[i * shape[1] : (i + 1) * shape[1]]] for i in range(shape[0])]


def array_of(scalars: list[Any], shape: tuple[int, ...]) -> Any:
    """An array of floats, or of objects if one is not a float."""
    numpy = sys.modules["numpy"]
    if all(type(x) is float for x in scalars):
        return numpy.array(scalars).reshape(shape)
    array = numpy.empty(len(scalars), dtype=object)
    array[:] = scalars
    return array.reshape(shape)


def scalars_like(structure: Any, given: Any, name: str) -> list[Any]:
    """The numbers of `given` in the places of the numbers of a structure; lists, vectors and arrays count as alike.

    Raises ValueError if the structures differ.
    """
    if is_number(structure) or (is_array(structure) and not structure.ndim and not is_passed_over(structure)):
        if is_one_element(given):
            given = given.item()
        if not is_number(given):
            raise mismatch(name, structure, given)
        return [like(structure.item() if is_array(structure) else structure, given)]
    if is_passed_over(structure):
        return []
    if isinstance(structure, dict):
        if not isinstance(given, dict) or given.keys() != structure.keys():
            raise mismatch(name, structure, given)
        return [x for key, part in structure.items() for x in scalars_like(part, given[key], name)]
    parts = entries_of(structure)
    others = None if isinstance(given, dict) else entries_of(given)
    if parts is None or others is None or len(parts) != len(others):
        raise mismatch(name, structure, given)
    return [x for part, other in zip(parts, others) for x in scalars_like(part, other, name)]


def like(number: Any, given: Any) -> Any:
    """What is given in place of a number; an integer as a float, if the number is a float."""
    return float(given) if type(given) is int and type(number_in(number)) is float else given


def entries_of(structure: Any) -> Sequence[Any] | None:
    if isinstance(structure, Values):
        return [*structure]  # type: ignore[misc]
    return structure.tolist() if is_array(structure) and structure.ndim else parts_of(structure)


def mismatch(name: str, structure: Any, given: Any) -> Exception:
    way = "give a number for each number of it"
    return ValueError(f"expected {name} of the structure of {brief(structure)}, got {brief(given)}; {way}")


def places_in(structure: Any, place: str, is_key: Callable[[Any], bool] = lambda _: True) -> Iterator[str]:
    """The place of each number of a structure, as an expression, in the order of `scalars_of`.

    In a dict the place is given by the key, if `is_key` is true of all keys.
    """
    if is_passed_over(structure):
        return
    if is_number(structure) or getattr(structure, "ndim", 1) == 0:
        yield place
    elif isinstance(structure, dict):
        by_key = all(map(is_key, structure))
        for i, (key, part) in enumerate(structure.items()):
            yield from places_in(part, f"{place}[{key!r}]" if by_key else f"[*{place}.values()][{i}]", is_key)
    elif is_dataclass(structure):
        for field in fields_of(structure):
            yield from places_in(getattr(structure, field), f"{place}.{field}", is_key)
    else:
        for i, part in enumerate(entries_of(structure) or ()):
            yield from places_in(part, f"{place}[{i}]", is_key)


def plain_structure(structure: Any) -> Any:
    """Anything that a function returned, with numbers in place of the values in it."""
    if isinstance(structure, Value):
        return number_of(structure)
    if isinstance(structure, Values):
        return gathered(map(number_of, elements(structure)), structure.shape)
    parts = parts_of(structure)
    if parts is not None:
        return with_parts(structure, [plain_structure(part) for part in parts])
    if is_array(structure) and structure.dtype == object:
        return array_of([plain_structure(x) for x in structure.ravel().tolist()], structure.shape)
    return structure


class Rebuild:
    """The function of `flatten` that puts a flat list of numbers back into a structure."""

    def __init__(self, structure: Any, length: int) -> None:
        self._structure = structure
        self._length = length

    def __call__(self, numbers: Sequence[Any]) -> Any:
        """The structure with these numbers.

        Raises TypeError unless they are a list of numbers, ValueError if there are more or fewer than it has.
        """
        if isinstance(numbers, (str, dict)) or not hasattr(numbers, "__iter__"):
            raise TypeError(
                f"expected a list of {self._length} numbers, got {brief(numbers)} ({type(numbers).__name__})"
            )
        numbers = [x if isinstance(x, Value) else as_number(x, " or a Value") for x in numbers]
        if len(numbers) != self._length:
            raise ValueError(f"expected {self._length} numbers, got {len(numbers)}")
        return refill(self._structure, iter(numbers), construct=True)


def flatten(params: Any) -> tuple[list[Any], Rebuild]:
    """The numbers of a structure as a flat list, and the function that puts such a list back into the structure.

    Args:
        params: numbers, Values, Vectors, arrays, and lists, tuples, dicts and dataclasses of them, in any nesting.

    Returns:
        (numbers, rebuild). Tracked Values stay what they are; `rebuild` takes numbers and Values alike.

    Raises:
        TypeError: `params` holds something else.
        ValueError: `rebuild` is given more or fewer numbers.

    >>> numbers, rebuild = flatten({"w": [1.0, 2.0], "b": 3.0})
    >>> numbers, rebuild([10.0, 20.0, 30.0])
    ([1.0, 2.0, 3.0], {'w': [10.0, 20.0], 'b': 30.0})
    """

    def refuse(part: Any) -> Exception:
        return TypeError(f"flatten takes numbers and nested lists, tuples, dicts and arrays of them, not {brief(part)}")

    scalars = scalars_of(params, refuse)
    numbers = [x if isinstance(x, Value) and x.is_tracked else number_of(x) for x in scalars]
    return numbers, Rebuild(plain_structure(params), len(numbers))
