"""Arguments and results of compiled functions: any structure, and static arguments."""

from __future__ import annotations

import collections
import dataclasses
import inspect
import math
from typing import Any

import pytest

import scalargrad as sg
from scalargrad.pytree import plain_structure
from tests.support.compiling import assert_gradient_of_three_numbers, eager, exactly, execute

# ---- Arguments and results -------------------------------------------------------------------------------------------


@dataclasses.dataclass
class Point:
    x: Any
    y: Any


Pair = collections.namedtuple("Pair", "left right")


def of_structure(p: Any) -> Any:
    return {"sum": p["a"] + p["b"][0] * p["b"][1].x, "back": p, "pair": Pair(p["c"].left, [p["c"].right])}


def test_arguments_and_results_have_any_structure() -> None:
    compiled = sg.compile(of_structure)
    for k in (1.0, 2.0, 3.0):
        p = {"a": k, "b": (2.0, Point(3.0, k)), "c": Pair(k, 4.0)}
        found, expected = compiled(p), plain_structure(of_structure(p))
        assert found == expected
        assert type(found["pair"]) is Pair
        assert type(found["back"]["b"][1]) is Point
    assert len(compiled.__self__.versions) == 1


@pytest.mark.usefixtures("no_fallback")
@pytest.mark.parametrize(
    "argument",
    [
        [1.0, 2.0, 3.0],
        (1.0, 2.0, 3.0),
        [1, 2.5, True * 1],
        sg.Vector([1.0, 2.0, 3.0]),
        [sg.constant(1.0), 2.0, 3.0],
    ],
)
def test_numbers_of_any_kind_are_floats(argument: Any) -> None:
    assert_gradient_of_three_numbers(argument)


def test_another_structure_makes_another_version() -> None:
    compiled = sg.compile(lambda v: sum(v))
    assert [compiled([1.0, 2.0]), compiled([1.0, 2.0, 3.0]), compiled((1.0, 2.0)), compiled([4.0, 5.0])] == [3, 6, 3, 9]
    assert len(compiled.__self__.versions) == 3
    for v in ([1.0, 2.0], [1.0, 2.0, 3.0], (1.0, 2.0)):
        alone = execute(compiled.source_for(v))["function"]
        assert alone(v) == sum(v)
        with pytest.raises(ValueError, match="unpack"):
            alone([1.0])


def test_keys_are_data_and_in_any_order() -> None:
    wild = "x'); import os; os.abort()  #"
    compiled = sg.compile(sg.grad(lambda p: p[wild] * p["y"] * p[None, 1]))
    for _ in range(2):
        assert compiled({wild: 2.0, "y": 3.0, (None, 1): 5.0}) == {wild: 15.0, "y": 10.0, (None, 1): 6.0}
        assert compiled({"y": 3.0, wild: 2.0, (None, 1): 5.0}) == {"y": 10.0, wild: 15.0, (None, 1): 6.0}
    p = {wild: 2.0, "y": 3.0, (None, 1): 5.0}
    assert execute(compiled.source_for(p))["function"](p)[wild] == 15.0


def test_keys_that_are_objects_are_kept() -> None:
    key = object()
    compiled = sg.compile(lambda p: {key: p[key] * 2})
    assert compiled({key: 2.0}) == {key: 4.0}
    assert compiled({key: 3.0}) == {key: 6.0}


def test_static_arguments_are_part_of_the_version() -> None:
    @sg.compile(static_argnames=("n", "kind"))
    def power(x: Any, n: int = 2, *, kind: str = "plain") -> Any:
        """x to the power n."""
        result = 1.0
        for _ in range(n):
            result = result * x
        return result if kind == "plain" else -result

    assert [power(2.0), power(2.0, 3), power(2.0, n=4), power(2.0, kind="negative"), power(3.0, 3)] == [
        4,
        8,
        16,
        -4,
        27,
    ]
    assert power.__name__ == "power"
    assert power.__doc__ == "x to the power n."
    assert str(inspect.signature(power)).startswith("(x: 'Any', n: 'int' = 2, *, kind: 'str' = 'plain')")
    alone = execute(power.source_for(2.0, 3))["power"]
    assert alone(5.0, 3) == 125.0
    with pytest.raises(ValueError, match="generated for n=3"):
        alone(5.0, 4)
    assert execute(power.source_for(2.0, n=4))["power"](2.0, n=4) == 16.0


def test_static_arguments_are_told_by_type_too() -> None:
    compiled = sg.compile(lambda x, k: x * k, static_argnames="k")
    assert [exactly(compiled(2.0, k)) for k in (1, 1.0, True, -0.0, 0.0, (1, 2)[0])] == [
        exactly(2.0 * k) for k in (1, 1.0, True, -0.0, 0.0, 1)
    ]
    lists = sg.compile(lambda x, ks: [x * k for k in ks], static_argnames=["ks"])
    ks = [1.0, 2.0]
    assert lists(2.0, ks) == [2.0, 4.0]
    ks.append(3.0)
    assert lists(2.0, ks) == [2.0, 4.0, 6.0]
    with pytest.raises(TypeError, match="hashable"):
        lists(2.0, [{1}])


def test_what_is_no_number_has_to_be_named_static() -> None:
    compiled = sg.compile(lambda x, thing: x)
    with pytest.raises(TypeError, match=r"static_argnames=\('thing',\)"):
        compiled(1.0, object())
    assert sg.compile(lambda x, thing=math: x * thing.pi)(1.0) == math.pi


def test_text_none_and_truth_values_make_versions() -> None:
    compiled = sg.compile(lambda x, mode: x if mode == "a" else -x if mode else x * 3)
    assert [compiled(2.0, mode) for mode in ("a", "b", None, True, False, "a", "b")] == [2, -2, 6, -2, 6, 2, -2]


def all_kinds(a: Any, /, b: Any, c: Any = 3.0, *rest: Any, d: Any, e: Any = 5.0, **more: Any) -> Any:
    return a + 2 * b + 3 * c + 4 * sum(rest) + 5 * d + 6 * e + 7 * sum(more.values())


def test_parameters_of_every_kind_are_taken() -> None:
    compiled = sg.compile(all_kinds)
    for _ in range(2):
        for args, kwargs in [
            ((1.0, 2.0), {"d": 4.0}),
            ((1.0,), {"b": 2.0, "d": 4.0, "e": 1.0}),
            ((1.0, 2.0, 3.0, 4.0, 5.0), {"d": 4.0, "z": 1.0, "a": 2.0}),
        ]:
            assert compiled(*args, **kwargs) == all_kinds(*args, **kwargs)
    assert inspect.signature(compiled) == inspect.signature(all_kinds)
    with pytest.raises(TypeError, match="missing"):
        compiled(1.0, 2.0)
    alone = execute(compiled.source_for(1.0, 2.0, d=4.0))["all_kinds"]
    assert alone(1.0, 2.0, d=4.0) == all_kinds(1.0, 2.0, d=4.0)


# ---- Found by use ----------------------------------------------------------------------------------------------------


MIXED = {"a": 1.0, "none": None, "text": "t", "yes": True, "empty": [], "two": [[2.0], ()], "words": ["u", [3.0, "v"]]}


@pytest.mark.usefixtures("no_fallback")
def test_text_and_empty_containers_inside_arguments_are_part_of_the_version() -> None:
    def function(p: Any) -> Any:
        total = p["a"] * p["two"][0][0] + p["words"][1][0]
        return {"total": total if p["yes"] else -total, "rest": [p["none"], p["text"], p["empty"], p["words"][0]]}

    compiled = sg.compile(function)
    others = [
        MIXED | {"yes": False},
        MIXED | {"text": "other"},
        MIXED | {"words": ["w", [4.0, "v"]]},
        MIXED | {"a": 5.0},
        MIXED | {"none": "some"},
    ]
    for p in [MIXED, *others, MIXED, *others]:
        assert compiled(p) == plain_structure(function(p))
    assert len(compiled.__self__.versions) == 5
    for p in [MIXED, *others]:
        assert execute(compiled.source_for(p))["function"](p) == compiled(p)


def test_odd_structures_have_source_too() -> None:
    key = Pair(1, 2)

    def function(p: Any, q: Any) -> Any:
        return Point(p[key].x * p["o"][1], [sg.Vector([q.left, p[key].y]), collections.OrderedDict(a=q.right)])

    arguments = ({key: Point(1.0, 2.0), "o": collections.OrderedDict([(0, 1.0), (1, 3.0)])}, Pair(4.0, 5.0))
    compiled = sg.compile(function)
    for _ in range(2):
        assert compiled(*arguments) == plain_structure(function(*arguments))
    alone = execute(compiled.source)["function"]
    assert alone(*arguments) == {"x": 3.0, "y": [[4.0, 2.0], {"a": 5.0}]}


def test_a_static_argument_may_be_a_dict() -> None:
    compiled = sg.compile(lambda x, how: x * how["factor"], static_argnames="how")
    assert [compiled(2.0, {"factor": 2}), compiled(2.0, {"factor": 3}), compiled(2.0, {"factor": 2.5})] == [4, 6, 5]


def test_arguments_may_change_after_a_call() -> None:
    v, p = [1.0, 2.0], {"a": 1.0}
    compiled = sg.compile(lambda v, p: v[0] * p["a"] if v[1] > 0 else -v[0])
    assert compiled(v, p) == 1.0
    v.append(5.0)
    p["b"] = 2.0
    assert compiled([3.0, -1.0], {"a": 1.0}) == -3.0
    assert compiled([3.0, 1.0], {"a": 2.0}) == 6.0
    assert compiled(v, p) == 1.0


@pytest.mark.usefixtures("no_fallback")
def test_integers_as_arguments_take_a_short_way() -> None:
    compiled = sg.compile(all_kinds, static_argnames="e")
    for _ in range(2):
        assert exactly(compiled(1, 2, 3, 4, d=5, e=6, f=7)) == exactly(float(all_kinds(1, 2, 3, 4, d=5, e=6, f=7)))
    with pytest.raises(OverflowError, match="int too large"):
        compiled(10**400, 2, d=1)


def test_integers_that_floats_do_not_hold_stay_what_they_are() -> None:
    compiled = sg.compile(lambda x: [sg.minimum(x, 2**53 + 1), sg.maximum(x, 10**400) if x < 0 else x])
    with pytest.warns(RuntimeWarning, match="beyond the range of floats is an operand of maximum"):
        found = [compiled(x) for x in (1.0, -5.0, 1e308, -1.0)]
    assert exactly(found) == exactly([eager(compiled.__wrapped__, x) for x in (1.0, -5.0, 1e308, -1.0)])
    powers = sg.compile(lambda x: sg.where(x > 0, 3, 2) ** 40 + 1)
    for x in (1.0, -1.0, 2.0):
        assert exactly(powers(x)) == exactly(eager(powers.__wrapped__, x))


class Word(str):
    __slots__ = ()


def test_keys_and_text_are_told_by_type_too() -> None:
    compiled = sg.compile(lambda d: {key: 2 * x for key, x in d.items()})
    for _ in range(2):
        assert [*map(repr, map(compiled, ({1: 2.0}, {1.0: 2.0}, {True: 2.0})))] == [
            "{1: 4.0}",
            "{1.0: 4.0}",
            "{True: 4.0}",
        ]
    words = sg.compile(lambda p: p[0] * (2 if type(p[1]) is Word else 3))
    assert [words([1.0, Word("r")]), words([1.0, "r"]), words([2.0, Word("r")]), words([2.0, "r"])] == [
        2.0,
        3.0,
        4.0,
        6.0,
    ]


def test_objects_and_types_tell_versions() -> None:
    @sg.compile(static_argnames="n")
    def function(x: Any, n: Any = 1, mode: Any = math) -> Any:
        return x * (2 if type(n) is int else 3) * (5 if mode is math else 7)

    calls = [(1.0,), (1.0, True), (1.0, 1.0), (1.0, 1, None)]
    assert [function(*args) for args in calls] == [10.0, 15.0, 15.0, 14.0]
    assert [execute(function.source_for(*args))["function"](*args) for args in calls] == [10.0, 15.0, 15.0, 14.0]

    @sg.compile(static_argnames="by")
    def scaled(x: Any, by: Any) -> Any:
        return by(x)

    assert [scaled(4.0, sg.sqrt), scaled(4.0, sg.relu)] == [2.0, 4.0]
    assert execute(scaled.source_for(4.0, sg.sqrt))["scaled"](4.0, None) == 2.0


class Total(list[Any]):
    @property
    def total(self) -> Any:
        return sum(self)


class Twin(tuple[Any, ...]):
    __slots__ = ()


def test_kinds_of_lists_tuples_and_dicts_stay_what_they_are() -> None:
    counter = sg.compile(lambda d: sum(d.values()) + 10 * len(d))
    assert counter(collections.Counter(a=2, b=3)) == 25.0
    assert sg.compile(lambda x: collections.Counter(a=x))(2.0) == collections.Counter(a=2.0)
    assert sg.compile(lambda v: v.total)(Total([1.0, 2.0])) == 3.0
    assert type(sg.compile(lambda v: Total([v]))(1.0)) is Total
    assert type(sg.compile(lambda v: Twin([v, v]))(1.0)) is Twin
