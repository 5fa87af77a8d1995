"""`compile` on methods, properties and objects that can be called, below and above other decorators."""

from __future__ import annotations

import abc
import copy
import functools
import inspect
import pickle
from typing import Any

import pytest

import scalargrad as sg


def test_a_method_and_a_partial_are_compiled_as_they_stand() -> None:
    class Model:
        def __init__(self) -> None:
            self.w = sg.Variable([1.0, 2.0])

        def loss(self, x: Any) -> Any:
            return self.w[0] * x + self.w[1]

    model = Model()
    compiled = sg.compile(model.loss)
    assert compiled(3.0) == 5.0
    model.w.assign([2.0, 1.0])
    assert compiled(3.0) == 7.0


class Model:
    """A class with compiled methods."""

    def __init__(self, w: float) -> None:
        self.w = sg.Variable(w)

    @sg.compile
    def predict(self, x: Any) -> Any:
        """The prediction."""
        return self.w * x if x > 0 else -self.w

    @sg.compile(static_argnames="n")
    def power(self, x: Any, n: int) -> Any:
        return self.w * x**n

    @staticmethod
    @sg.compile
    def twice(x: Any) -> Any:
        return 2 * x


class Shifted(Model):
    @sg.compile
    def predict(self, x: Any) -> Any:
        return super().predict(x) + 1


@pytest.mark.usefixtures("no_fallback")
def test_methods_are_compiled_for_each_instance() -> None:
    one, two = Model(2.0), Model(5.0)
    for _ in range(2):
        assert [one.predict(3.0), two.predict(3.0), one.predict(-1.0)] == [6.0, 15.0, -2.0]
    one.w.assign(7.0)
    assert [one.predict(3.0), two.predict(3.0), Model.predict(one, 1.0)] == [21.0, 15.0, 7.0]
    assert [one.power(2.0, 3), two.power(2.0, n=2)] == [56.0, 20.0]
    assert [Model.twice(2.0), one.twice(3.0)] == [4.0, 6.0]
    assert [Shifted(2.0).predict(3.0), Shifted(2.0).predict(4.0)] == [7.0, 9.0]
    assert Model.predict.__doc__ == "The prediction."
    assert Model.predict.__name__ == "predict"
    assert "leaf * x" in one.predict.source


@pytest.mark.parametrize("twin", [copy.deepcopy, lambda model: pickle.loads(pickle.dumps(model))])
def test_a_copy_of_a_model_has_compiled_methods_of_its_own(twin: Any) -> None:
    model = Model(2.0)
    model.step = sg.compile(model.predict)  # type: ignore[attr-defined]
    assert [model.predict(3.0), model.step(3.0)] == [6.0, 6.0]  # type: ignore[attr-defined]
    other = twin(model)
    other.w.assign(10.0)
    for _ in range(2):
        assert [model.predict(3.0), model.step(3.0)] == [6.0, 6.0]  # type: ignore[attr-defined]
        assert [other.predict(3.0), other.step(3.0)] == [30.0, 30.0]


def test_a_shallow_copy_and_a_changed_class_have_methods_of_their_own() -> None:
    model = Model(2.0)
    assert model.predict(3.0) == 6.0
    other = copy.copy(model)
    other.w = sg.Variable(10.0)
    assert [other.predict(3.0), model.predict(3.0)] == [30.0, 6.0]
    other.__class__ = Shifted
    assert other.predict(3.0) == 31.0


class Decorated(abc.ABC):
    """Compiled methods below other decorators, and under other names."""

    def __init__(self) -> None:
        self.w = sg.Variable(3.0)

    @property
    @sg.compile
    def energy(self) -> Any:
        return self.w * self.w

    @sg.compile
    @staticmethod
    def twice(x: Any) -> Any:
        return 2 * x

    @sg.compile
    @abc.abstractmethod
    def todo(self, x: Any) -> Any: ...

    @sg.compile
    def scaled(self, x: Any) -> Any:
        return self.w * x


class Ready(Decorated):
    renamed = Decorated.scaled

    def todo(self, x: Any) -> Any:
        return self.scaled(x)


@pytest.mark.usefixtures("no_fallback")
def test_compiled_methods_stand_below_other_decorators() -> None:
    with pytest.raises(TypeError, match="abstract"):
        Decorated()  # type: ignore[abstract]
    ready = Ready()
    assert [ready.energy, ready.twice(2.0), Ready.twice(2.0), ready.todo(2.0), ready.renamed(5.0)] == [9, 4, 4, 6, 15]
    ready.w.assign(4.0)
    assert [ready.energy, ready.scaled(2.0), Decorated.scaled(ready, 1.0)] == [16.0, 8.0, 4.0]
    assert {type(ready.energy), type(ready.todo(1.0))} == {float}


class Applied:
    """An object whose call is compiled."""

    def __init__(self, w: float) -> None:
        self.w = sg.Variable(w)

    @sg.compile
    def __call__(self, x: Any) -> Any:
        return self.w * x if x > 0 else -self.w


def test_an_object_whose_call_is_compiled_is_compiled_and_differentiated() -> None:
    model = Applied(3.0)
    assert list(inspect.signature(model).parameters) == ["x"]
    for function, expected in ((model, 6.0), (sg.compile(model), 6.0), (sg.compile(sg.grad(model)), 3.0)):
        assert [function(2.0), function(2.0)] == [expected, expected]
        assert "def " in getattr(function, "source", "def ")
    assert [sg.compile(model)(-1.0), model(-1.0)] == [-3.0, -3.0]


def of_another_place(self: Any, x: Any) -> Any:
    return self.factor * x


def own_decorator(function: Any) -> Any:
    return sg.compile(function)


class Below:
    """Decorators below and above `compile`, and functions of other places."""

    factor = 3.0

    @sg.compile
    @classmethod
    def scaled(cls, x: Any) -> Any:
        return cls.factor * x

    @classmethod
    @sg.compile(max_operations=50)
    def also_scaled(cls, x: Any) -> Any:
        return cls.factor * x if x > 0 else -x

    @sg.compile(max_operations=50)
    @staticmethod
    def twice(x: Any) -> Any:
        return 2 * x

    @sg.compile
    @property
    def square(self) -> Any:
        """The square."""
        return self.factor * sg.Value(self.factor)

    @square.setter
    def square(self, value: float) -> None:
        self.factor = value**0.5

    def of_two(self, a: Any, x: Any) -> Any:
        return self.factor * a * x

    half = sg.compile(functools.partialmethod(of_two, 0.5))
    quarter = functools.partialmethod(sg.compile(of_two), x=0.25)
    given = sg.compile(of_another_place)

    @own_decorator
    def by_another_decorator(self, x: Any) -> Any:
        return self.factor * x


class Other(Below):
    factor = 5.0


@pytest.mark.usefixtures("no_fallback")
def test_compiled_methods_stand_above_other_decorators_too() -> None:
    for _ in range(2):
        assert [Below.scaled(2.0), Other.scaled(2.0), Below().scaled(1.0), Other().scaled(1.0)] == [6, 10, 3, 5]
        assert [Below.also_scaled(2.0), Other.also_scaled(2.0), Other().also_scaled(-1.0)] == [6.0, 10.0, 1.0]
        assert [Below.twice(2.0), Below().twice(3.0)] == [4.0, 6.0]
        assert [Below().half(4.0), Other().half(4.0), Below().quarter(4.0)] == [6.0, 10.0, 3.0]
        assert [Below().given(2.0), Other().by_another_decorator(2.0)] == [6.0, 10.0]
    below = Below()
    assert below.square == 9.0
    below.square = 16.0
    assert vars(below)["factor"] == 4.0
    assert inspect.getdoc(Below.square) == "The square."


def test_classes_of_one_name_may_inherit_from_each_other() -> None:
    def extended(base: Any) -> Any:
        class Extended(base):  # type: ignore[misc]
            @sg.compile
            def predict(self, x: Any) -> Any:
                return super().predict(x) * 2

        return Extended

    assert extended(extended(Model))(3.0).predict(1.0) == 12.0


def test_a_method_that_is_compiled_outside_of_its_class_is_one() -> None:
    predict = sg.compile(Below.of_two)
    for twin in (predict, pickle.loads(pickle.dumps(predict)), copy.copy(predict)):
        assert [twin(Below(), 2.0, 3.0), twin(Other(), 2.0, 3.0)] == [18.0, 30.0]
    again = sg.compile(Applied.__call__)
    assert [again(Applied(2.0), 3.0), again(Applied(5.0), 3.0)] == [6.0, 15.0]


def test_a_method_of_a_class_with_slots_is_refused() -> None:
    class Slotted:
        __slots__ = ()

        @sg.compile
        def method(self, x: Any) -> Any:
            return x

    with pytest.raises(TypeError, match="Slotted has no __dict__"):
        Slotted().method(1.0)
