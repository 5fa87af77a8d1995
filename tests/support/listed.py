"""Random programs over vectors and matrices, and the same programs over lists of single Values, which define them.

A program is a list of steps. A step takes earlier results and is written once, in terms of a kit: `Whole` has vectors
and matrices, `Listed` has a Value for each number and goes through them one by one.
"""

from __future__ import annotations

import operator
from itertools import product
from typing import TYPE_CHECKING, Any, NamedTuple

from hypothesis import strategies as st

import scalargrad as sg
from scalargrad.engine.many import Values, elements
from scalargrad.engine.rows import derivatives_of, identity_of, operands_of, rows_below
from scalargrad.engine.value import record
from scalargrad.operations.operation import registry
from scalargrad.operations.reductions import softmax_shares

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Shape = tuple[int, ...]

numbers = st.sampled_from([0.0, -0.0, 1.0, -1.0, 0.5, -2.0, 3.0]) | st.floats(-2, 2, width=32)


class Start(NamedTuple):
    """What a program begins with: its numbers, and which of them can be differentiated by."""

    shape: Shape
    numbers: list[float]
    kind: str  # "leaves", "variable", "constant", or "some" of which are leaves


class Step(NamedTuple):
    """One step of a program: a method of the kit with its arguments; a `Place` among them is an earlier result."""

    method: str
    args: tuple[Any, ...]

    def __call__(self, kit: Any, found: list[Any]) -> Any:
        return getattr(kit, self.method)(*[at(found, x) for x in self.args])


class Place(int):
    """Where an earlier result stands."""

    def __repr__(self) -> str:
        return f"#{int(self)}"


def at(found: list[Any], x: Any) -> Any:
    return [at(found, each) for each in x] if isinstance(x, list) else found[x] if isinstance(x, Place) else x


class Named:
    """A function by the text of it."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.function = eval(text, {"sg": sg, "operator": operator})

    def __call__(self, *operands: Any) -> Any:
        return self.function(*operands)

    def __repr__(self) -> str:
        return self.text


class Many:
    """A vector or a matrix as what it is: a list of single Values, row by row, and a shape."""

    def __init__(self, values: Sequence[Any], shape: Shape) -> None:
        self.values = list(values)
        self.shape = shape

    def by_rows(self) -> list[list[Any]]:
        width = self.shape[-1]
        return [self.values[i * width : (i + 1) * width] for i in range(self.shape[0] if len(self.shape) > 1 else 1)]

    def columns(self) -> list[list[Any]]:
        return [list(column) for column in zip(*self.by_rows())]


class Whole:
    """The kit of vectors and matrices."""

    def start(self, start: Start) -> tuple[Any, list[Any]]:
        """What stands for it, and the leaves in it, by their places."""
        by_rows = lambda xs: Many(xs, start.shape).by_rows() if len(start.shape) > 1 else xs  # noqa: E731
        make = sg.Matrix if len(start.shape) > 1 else sg.Vector
        if start.kind == "variable":
            whole: Any = sg.Variable(by_rows(start.numbers))
            return whole, [*elements(whole)]
        if start.kind == "constant":
            return sg.constant(by_rows(start.numbers)), []
        leaves = [sg.Value(x) if start.kind == "leaves" or i % 2 else x for i, x in enumerate(start.numbers)]
        return make(by_rows(leaves)), [x for x in leaves if isinstance(x, sg.Value)]

    def elementwise(self, function: Callable[..., Any], *operands: Any) -> Any:
        return function(*operands)

    def reduce(self, name: str, x: Any) -> Any:
        return getattr(x, name)()

    def along(self, name: str, x: Any, axis: int) -> Any:
        return getattr(x, name)(axis)

    def element(self, x: Any, i: int) -> Any:
        return x[divmod(i, x.shape[1])] if len(x.shape) > 1 else x[i]

    def slice(self, x: Any, part: slice) -> Any:
        return x[part]

    def row(self, x: Any, i: int) -> Any:
        return x[i]

    def transpose(self, x: Any) -> Any:
        return x.T

    def matmul(self, x: Any, y: Any) -> Any:
        return x @ y

    def dot(self, x: Any, y: Any) -> Any:
        return x.dot(y)

    def join(self, xs: list[Any]) -> Any:
        return sg.Vector(xs)

    def stack(self, xs: list[Any]) -> Any:
        return sg.Matrix(xs)

    def softmax(self, x: Any) -> Any:
        return sg.softmax(x)

    def stop(self, x: Any) -> Any:
        return sg.stop_gradient(x)


class Listed:
    """The kit of single Values."""

    def start(self, start: Start) -> tuple[Any, list[Any]]:
        values: list[Any] = []
        for i, x in enumerate(start.numbers):
            is_leaf = start.kind in ("leaves", "variable") or (start.kind == "some" and i % 2)
            values.append(sg.Value(x) if is_leaf else sg.constant(x))
        return Many(values, start.shape), [x for x in values if x.is_tracked]

    def elementwise(self, function: Callable[..., Any], *operands: Any) -> Any:
        shapes = [x.shape for x in operands if isinstance(x, Many)]
        if not shapes:
            return function(*operands)
        shape = max(shapes, key=len)
        count = Many([], shape).shape[0] * (shape[1] if len(shape) > 1 else 1)
        columns = [
            [x] * count if not isinstance(x, Many) else x.values if x.shape == shape else x.values * shape[0]
            for x in operands
        ]
        return Many([function(*line) for line in zip(*columns)], shape)

    def reduce(self, name: str, x: Any) -> Any:
        if not x.values:
            return getattr(sg.Vector([]), name)()
        return record(registry[name], x.values)

    def along(self, name: str, x: Any, axis: int) -> Any:
        lines = x.columns() if axis == 0 else x.by_rows()
        sums = [self.reduce("sum", Many(line, (len(line),))) for line in lines]
        return Many(sums if name == "sum" else [x / len(line) for x, line in zip(sums, lines)], (len(lines),))

    def element(self, x: Any, i: int) -> Any:
        return x.values[i]

    def slice(self, x: Any, part: slice) -> Any:
        if len(x.shape) == 1:
            found = x.values[part]
            return Many(found, (len(found),))
        rows = x.by_rows()[part]
        return Many([value for row in rows for value in row], (len(rows), x.shape[1]))

    def row(self, x: Any, i: int) -> Any:
        return Many(x.by_rows()[i], x.shape[1:])

    def transpose(self, x: Any) -> Any:
        return Many([value for column in x.columns() for value in column], x.shape[::-1])

    def matmul(self, x: Any, y: Any) -> Any:
        down = x.by_rows()
        across = y.columns() if len(y.shape) > 1 else [y.values]
        found = [self.dot(Many(row, (len(row),)), Many(column, (len(row),))) for row, column in product(down, across)]
        return Many(found, (*x.shape[:-1], *y.shape[1:])) if len(x.shape) + len(y.shape) > 2 else found[0]

    def dot(self, x: Any, y: Any) -> Any:
        return record(registry["dot"], (*x.values, *y.values))

    def join(self, xs: list[Any]) -> Any:
        return Many(xs, (len(xs),))

    def stack(self, xs: list[Any]) -> Any:
        return Many([value for x in xs for value in x.values], (len(xs), *xs[0].shape))

    def softmax(self, x: Any) -> Any:
        return Many([value for row in x.by_rows() for value in softmax_shares(*row)], x.shape)

    def stop(self, x: Any) -> Any:
        return Many(map(sg.stop_gradient, x.values), x.shape) if isinstance(x, Many) else sg.stop_gradient(x)


# ---- Steps -----------------------------------------------------------------------------------------------------------

UNARY = [
    Named(text)
    for text in (
        "operator.neg",
        "operator.pos",
        "abs",
        "sg.sin",
        "sg.tanh",
        "sg.relu",
        "sg.sigmoid",
        "sg.softplus",
        "lambda x: x**2",
        "lambda x: sg.sqrt(abs(x))",
        "lambda x: 1 - x",
        "lambda x: 2 / (x * x + 1.5)",
        "lambda x: sg.clip(x, -1.0, 1.0)",
        "lambda x: sg.exp(sg.sin(x))",
    )
]
BINARY = [
    Named(text)
    for text in (
        "operator.add",
        "operator.sub",
        "operator.mul",
        "lambda x, y: x / (y * y + 1.5)",
        "sg.maximum",
        "sg.atan2",
        "lambda x, y: sg.where(True, x, y)",
        "lambda x, y: sg.hypot(x, y + 0.5)",
    )
]
ARRAYS = [
    Named(text)
    for text in (
        "operator.add",
        "operator.mul",
        "lambda x, y: x - y * 0.5",
    )
]
REDUCTIONS = ["sum", "mean", "norm", "prod", "max", "min", "logsumexp"]


def fits(x: Shape, y: Shape) -> bool:
    """Whether operands of these shapes go together element by element."""
    return not x or not y or x == y or x == y[1:] or y == x[1:]


def multiplies(x: Shape, y: Shape) -> bool:
    return bool(x) and bool(y) and x[-1] == y[0]


def shape_of(x: Any) -> Shape:
    return getattr(x, "shape", ()) if isinstance(x, (Many, Values)) else ()


@st.composite
def programs(draw: Any, most: int = 8) -> tuple[list[Start], list[Any]]:
    """What a program begins with, and its steps: functions of a kit and of what there is so far.

    The shapes are followed while it is drawn, so that all operands fit.
    """
    n, m = draw(st.integers(1, 3)), draw(st.integers(1, 3))
    kinds = st.sampled_from(["leaves", "variable", "constant", "some"])
    starts = []
    for shape in ((n,), (n,), (m, n), draw(st.sampled_from([(m,), (n, m), (n, n), (m, n)]))):
        size = shape[0] * (shape[1] if len(shape) > 1 else 1)
        starts.append(Start(shape, draw(st.lists(numbers, min_size=size, max_size=size)), draw(kinds)))
    shapes: list[Shape] = [start.shape for start in starts]
    steps: list[Any] = []

    def pick(wanted: Callable[[Shape], bool]) -> Place | None:
        places = [i for i, shape in enumerate(shapes) if wanted(shape)]
        return Place(draw(st.sampled_from(places))) if places else None

    for _ in range(draw(st.integers(1, most))):
        kind = draw(st.sampled_from(KINDS))
        found = kind(draw, shapes, pick)
        if found is not None:
            step, shape = found
            steps.append(step)
            shapes.append(shape)
    return starts, steps


def unary(draw: Any, shapes: list[Shape], pick: Any) -> Any:
    i, function = pick(lambda _: True), draw(st.sampled_from(UNARY))
    return Step("elementwise", (function, i)), shapes[i]


def binary(draw: Any, shapes: list[Shape], pick: Any) -> Any:
    i, function = pick(lambda _: True), draw(st.sampled_from(BINARY))
    j = pick(lambda shape: fits(shape, shapes[i]))
    return Step("elementwise", (function, i, j)), max(shapes[i], shapes[j], key=len)


def with_a_number(draw: Any, shapes: list[Shape], pick: Any) -> Any:
    i, function, number = pick(lambda _: True), draw(st.sampled_from(ARRAYS)), draw(numbers)
    operands = (number, i) if draw(st.booleans()) else (i, number)
    return Step("elementwise", (function, *operands)), shapes[i]


def reduction(draw: Any, _: list[Shape], pick: Any) -> Any:
    name = draw(st.sampled_from(REDUCTIONS))
    i = pick(lambda shape: len(shape) == 1 or (bool(shape) and name in ("sum", "mean")))
    return None if i is None else (Step("reduce", (name, i)), ())


def along(draw: Any, shapes: list[Shape], pick: Any) -> Any:
    name, axis = draw(st.sampled_from(["sum", "mean"])), draw(st.integers(0, 1))
    i = pick(lambda shape: len(shape) == 2)
    return Step("along", (name, i, axis)), (shapes[i][1 - axis],)


def element(draw: Any, shapes: list[Shape], pick: Any) -> Any:
    i = pick(bool)
    size = shapes[i][0] * (shapes[i][1] if len(shapes[i]) > 1 else 1)
    j = draw(st.integers(0, size - 1))
    return Step("element", (i, j)), ()


def slice_of(draw: Any, shapes: list[Shape], pick: Any) -> Any:
    i = pick(bool)
    count = shapes[i][0]
    part = draw(st.slices(count))
    length = len(range(count)[part])
    return (Step("slice", (i, part)), (length, *shapes[i][1:])) if length else None


def row(draw: Any, shapes: list[Shape], pick: Any) -> Any:
    i = pick(lambda shape: len(shape) == 2)
    j = draw(st.integers(0, shapes[i][0] - 1))
    return Step("row", (i, j)), shapes[i][1:]


def transpose(_: Any, shapes: list[Shape], pick: Any) -> Any:
    i = pick(lambda shape: len(shape) == 2)
    return Step("transpose", (i,)), shapes[i][::-1]


def matmul(_: Any, shapes: list[Shape], pick: Any) -> Any:
    i = pick(bool)
    j = pick(lambda shape: multiplies(shapes[i], shape))
    return None if j is None else (Step("matmul", (i, j)), shapes[i][:-1] + shapes[j][1:])


def dot(_: Any, shapes: list[Shape], pick: Any) -> Any:
    i = pick(lambda shape: len(shape) == 1)
    j = pick(lambda shape: shape == shapes[i])
    return Step("dot", (i, j)), ()


def join(draw: Any, shapes: list[Shape], _: Any) -> Any:
    singles = [i for i, shape in enumerate(shapes) if not shape]
    if not singles:
        return None
    places = draw(st.lists(st.sampled_from(singles), min_size=1, max_size=3))
    return Step("join", ([Place(i) for i in places],)), (len(places),)


def stack(draw: Any, shapes: list[Shape], pick: Any) -> Any:
    i = pick(lambda shape: len(shape) == 1)
    others = [j for j, shape in enumerate(shapes) if shape == shapes[i]]
    places = draw(st.lists(st.sampled_from(others), min_size=1, max_size=3))
    return Step("stack", ([Place(i) for i in places],)), (len(places), *shapes[i])


def softmax(_: Any, shapes: list[Shape], pick: Any) -> Any:
    i = pick(bool)
    return Step("softmax", (i,)), shapes[i]


def stop(_: Any, shapes: list[Shape], pick: Any) -> Any:
    i = pick(lambda _: True)
    return Step("stop", (i,)), shapes[i]


KINDS = [unary, unary, binary, binary, binary, with_a_number, reduction, along, element, element, slice_of, row]
KINDS += [transpose, matmul, matmul, dot, join, stack, softmax, stop]


def run(kit: Any, starts: list[Start], steps: list[Any]) -> tuple[list[Any], list[list[Any]], Any]:
    """All results of a program, its leaves, and one number that all results which nothing else used go into."""
    made = [kit.start(start) for start in starts]
    found = [whole for whole, _ in made]
    for step in steps:
        found.append(step(kit, found))
    target: Any = 0.0
    for i, x in enumerate(found[len(starts) :]):
        if i % 2 == len(steps) % 2 or i == len(steps) - 1:  # some are reached by others alone, or not at all
            target = target + (kit.reduce("sum", x) if shape_of(x) else x)
    return found, [leaves for _, leaves in made], target


def flat(x: Any) -> list[Any]:
    """The numbers of a result."""
    values = x.values if isinstance(x, Many) else elements(x) if isinstance(x, Values) else (x,)
    return [sg.stop_gradient(value).data if isinstance(value, sg.Value) else value for value in values]


def sizes_of_terms(target: sg.Value) -> dict[float, float]:
    """What the terms of each adjoint come to without their signs: how much their order may matter."""
    sizes = {identity_of(target.row): 1.0}
    for each in reversed(rows_below([target.row])):
        size = sizes.get(identity_of(each))
        if size is None:
            continue
        for operand, local in zip(operands_of(each), derivatives_of(each)):
            if local is not None:
                key = identity_of(operand)
                sizes[key] = sizes.get(key, 0.0) + size * abs(local)
    return sizes
