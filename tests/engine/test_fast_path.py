"""How an operation becomes a node: the short cut makes what `record` makes, and gives way wherever it has to."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

import scalargrad as sg
from scalargrad import engine
from scalargrad.engine.value import Value, of_one, of_two, record
from scalargrad.operations.operation import registry
from tests.support.references import REFERENCES

SHORT = sorted(name for name, operation in registry.items() if operation.method and name in REFERENCES)
KINDS = {"value": Value, "variable": sg.Variable, "constant": sg.constant, "number": lambda x: x}


def outcome(compute):
    """The number, the local derivatives and the operands of what is computed, or the error that comes instead."""
    try:
        node = compute()
    except (ArithmeticError, ValueError) as error:
        return type(error), str(error)
    if not node.is_tracked:
        return repr(node.data), (), ()
    return repr(node.data), tuple(map(repr, node.derivatives)), tuple(map(id, node.operands))


@given(data=st.data())
@pytest.mark.parametrize("name", SHORT)
def test_the_short_cut_makes_the_node_that_record_makes(name, data):
    operation, domain = registry[name], REFERENCES[name].domain
    kinds = [data.draw(st.sampled_from(sorted(KINDS))) for _ in domain]
    kinds[data.draw(st.integers(0, len(kinds) - 1))] = data.draw(st.sampled_from(["value", "variable", "constant"]))
    operands = [KINDS[kind](data.draw(numbers)) for kind, numbers in zip(kinds, domain)]
    if isinstance(operands[0], Value):
        short = outcome(lambda: operation.method(*operands))
    else:
        short = outcome(lambda: operation.reflected(operands[1], operands[0]))
    assert short == outcome(lambda: record(operation, operands))


@given(data=st.data())
@pytest.mark.parametrize("name", SHORT)
def test_without_recording_it_gives_the_same_number_as_a_constant(name, data):
    operation, domain = registry[name], REFERENCES[name].domain
    numbers = [data.draw(numbers) for numbers in domain]
    with sg.no_grad():
        values = outcome(lambda: operation.method(*map(Value, numbers)))
        mixed = outcome(lambda: operation.method(Value(numbers[0]), *numbers[1:]))
    recorded = outcome(lambda: operation.method(*map(Value, numbers)))
    assert values == mixed == (recorded if isinstance(recorded[0], type) else (recorded[0], (), ()))


def test_without_recording_fractions_stay_exact_beside_floats():
    with sg.no_grad():
        assert (Value(Fraction(1, 3)) * Fraction(3, 4)).data == Fraction(1, 4)
        assert (2 * Value(Fraction(1, 3))).data == Fraction(2, 3)
        assert (Value(0.5) * Value(Fraction(1, 2))).data == 0.25


def test_a_tape_that_watches_a_constant_takes_the_short_cut_aside():
    x = sg.constant(3.0)
    with sg.GradientTape() as tape:
        tape.watch(x)
        y = x * x + 2 * x
    assert tape.gradient(y, x).data == 8.0


def test_without_recording_a_tape_outside_still_notes_the_variables():
    w = sg.Variable(3.0)
    with sg.GradientTape() as tape, sg.no_grad():
        w * 2.0
        2.0 * w
    assert tape.watched_variables() == (w,)


@pytest.mark.parametrize("name", [name for name in SHORT if len(REFERENCES[name].domain) == 1])
def test_the_general_method_gives_what_the_short_cut_gives(name):
    x = Value(1.25)
    assert outcome(lambda: of_one(registry[name])(x)) == outcome(lambda: registry[name].method(x))


@pytest.mark.parametrize("name", [x for x in ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow") if x in SHORT])
def test_the_general_operator_gives_what_the_short_cut_gives(name):
    x, y, general = Value(3.25), Value(1.5), of_two(registry[name])
    assert outcome(lambda: general(x, y)) == outcome(lambda: registry[name].method(x, y))
    assert outcome(lambda: general(x, 2.0)) == outcome(lambda: registry[name].method(x, 2.0))
    reflected = of_two(registry[name], reflected=True)
    assert outcome(lambda: reflected(x, 2.0)) == outcome(lambda: registry[name].reflected(x, 2.0))
    assert general(x, None) is reflected(x, None) is NotImplemented


def test_a_file_of_fast_forms_may_be_missing_but_nothing_that_it_needs(monkeypatch):
    engine.install("scalargrad.engine.there_is_no_such_file")

    def find_nothing(_):
        raise ModuleNotFoundError("no module", name="something_else")

    monkeypatch.setattr(engine, "__import__", find_nothing, raising=False)
    with pytest.raises(ModuleNotFoundError, match="no module"):
        engine.install("scalargrad.engine.fast_path")
