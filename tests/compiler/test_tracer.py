"""What a trace follows of a function, what runs uncompiled, and what is refused and never frozen."""

from __future__ import annotations

import copy
import math
import pickle
import traceback
from pathlib import Path
from typing import Any

import pytest

import scalargrad as sg
from tests.support.compiling import eager, exactly, execute

# ---- What raises -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("function", "good", "bad", "kind"),
    [
        (lambda x: sg.log(x) * 2, 1.0, -1.0, ValueError),
        (lambda x: 1 / x, 1.0, 0.0, ZeroDivisionError),
        (lambda x: sg.exp(x) * 0, 1.0, 1000.0, OverflowError),
        (lambda x: x**2.5, 1.0, 1e200, OverflowError),
        (lambda x: x**0.5, 4.0, -4.0, ValueError),
        (lambda x: abs(x**x), 2.0, -0.5, ValueError),
        (lambda x: (-2.0) ** x, 2.0, 0.5, ValueError),
        (lambda x: [x, x**-0.5][0], 2.0, -0.5, ValueError),
        (lambda x: [x, int(x)], 1.0, math.nan, ValueError),
        (lambda x: sg.clip(x, x, 1.0), 0.5, 2.0, ValueError),
        (lambda x: [x, sg.log(x)][0], 1.0, -1.0, ValueError),
        (lambda x: sg.where(x < 5, x, sg.exp(x)), 1.0, 1000.0, OverflowError),
    ],
)
def test_what_raises_eagerly_raises_compiled_before_and_after_it_was_traced(
    function: Any, good: float, bad: float, kind: type[Exception]
) -> None:
    with pytest.raises(kind) as expected:
        function(sg.Value(bad))
    for first in (good, bad):
        compiled = sg.compile(function)
        for x in (first, good, bad, good, bad):
            if x is bad:
                with pytest.raises(kind) as caught:
                    compiled(x)
                assert str(caught.value) == str(expected.value)
                assert "".join(traceback.format_exception(caught.value)).count("Traceback") == 1
            else:
                assert exactly(compiled(x)) == exactly(eager(function, x))


def test_the_functions_own_try_works_as_ever() -> None:
    def careful(x: Any) -> Any:
        try:
            return sg.log(x) + 1
        except ValueError:
            return -x

    compiled = sg.compile(careful)
    for x in (1.0, -1.0, 2.0, -2.0):
        assert exactly(compiled(x)) == exactly(eager(careful, x))
    compiled = sg.compile(careful)
    for x in (-1.0, 1.0, -2.0, 2.0):
        assert exactly(compiled(x)) == exactly(eager(careful, x))


def test_a_dead_operation_that_may_raise_stays() -> None:
    def checked(x: Any) -> Any:
        sg.log(x)
        return x * 2

    compiled = sg.compile(checked)
    assert compiled(3.0) == 6.0
    assert "math.log(x)" in compiled.source
    with pytest.raises(ValueError, match="log"):
        compiled(-3.0)


def test_what_a_function_raises_itself_comes_through() -> None:
    def strict(x: Any) -> Any:
        if x > 1:
            raise KeyError("too large")
        return x

    compiled = sg.compile(strict)
    assert compiled(0.5) == 0.5
    with pytest.raises(KeyError, match="too large"):
        compiled(2.0)
    assert compiled(0.25) == 0.25


KEPT: list[Any] = []


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (lambda x: float(x), "a plain float"),
        (lambda x: math.sin(x), "scalargrad.sin"),
        (lambda x: x.data, "plain number"),
        (lambda x: x.item(), "plain number"),
        (lambda x: x.numpy(), "plain number"),
        (lambda x: sg.Vector([x, x]).tolist(), "plain number"),
        (lambda x: x.grad, "GradientTape"),
        (lambda x: (x * x).backward(), "GradientTape"),
        (lambda x: range(x), "static_argnames"),
        (lambda x: [1, 2][x], "static_argnames"),
        (lambda x: copy.deepcopy(x) and pickle.dumps(sg.grad(lambda y: y * 2 * sg.stop_gradient(x))(1.0)), "pickled"),
    ],
)
def test_what_cannot_be_followed_is_refused_and_never_frozen(function: Any, words: str) -> None:
    compiled = sg.compile(function)
    for _ in range(2):
        with pytest.raises(TypeError) as caught:
            compiled(1.5)
        assert words in str(caught.value)


def test_hasattr_of_a_name_that_other_libraries_have_is_followed() -> None:
    compiled = sg.compile(lambda x: x * 2 if hasattr(x, "shape") else x * 3)
    assert compiled(1.0) == 3.0
    assert "x * 3" in compiled.source


def test_a_refusal_that_the_function_catches_is_raised_all_the_same() -> None:
    def stubborn(x: Any) -> Any:
        try:
            return x.data
        except TypeError:
            return 0.0

    with pytest.raises(TypeError, match="plain number"):
        sg.compile(stubborn)(1.5)


def test_a_traced_number_that_was_kept_raises_later() -> None:
    kept = []

    def leaking(x: Any) -> Any:
        kept.append(x * 2)
        return x

    sg.compile(leaking)(1.5)
    with pytest.raises(RuntimeError, match="kept after"):
        kept[0] * 3


def test_what_is_assigned_in_a_compiled_function_is_refused() -> None:
    w = sg.Variable(1.0)
    v = sg.Variable([1.0, 2.0])

    def training(x: Any) -> Any:
        w.assign(w * x)
        return w * x

    def training_a_vector(x: Any) -> Any:
        v.assign_sub(v * x)
        return x

    for function in (training, training_a_vector):
        with pytest.raises(TypeError, match="cannot be assigned"):
            sg.compile(function)(2.0)
    assert (w.numpy(), v.tolist()) == (1.0, [1.0, 2.0])


def test_a_result_that_holds_something_else_is_refused() -> None:
    with pytest.raises(TypeError, match="numbers, or lists"):
        sg.compile(lambda x: {x})(1.0)


# ---- What was computed before ----------------------------------------------------------------------------------------


def test_a_number_that_was_computed_before_stays_what_it_was() -> None:
    w = sg.Variable(2.0)
    before = w * w
    compiled = sg.compile(lambda x: before * x + w)
    w.assign(10.0)
    assert compiled(3.0) == 22.0
    w.assign(20.0)
    assert compiled(3.0) == 32.0


def test_the_number_of_a_computed_constant_cannot_be_set() -> None:
    with pytest.raises(AttributeError, match="computed"):
        (sg.constant(2.0) * 3).data = 1.0


# ---- Found by use ----------------------------------------------------------------------------------------------------


def test_an_operand_of_another_kind_is_refused_as_ever() -> None:
    for function in (lambda x: x + "text", lambda x: sg.grad(lambda a: a * sg.stop_gradient(x))(1.0) + "text"):
        with pytest.raises(TypeError, match="unsupported operand"):
            sg.compile(function)(1.0)
    with pytest.raises(TypeError, match="not supported between"):
        sg.compile(lambda x: sg.grad(lambda a: a * sg.stop_gradient(x))(1.0) < "text")(1.0)


@pytest.mark.parametrize("ask", [float, lambda y: [1, 2][y], pickle.dumps, math.sin])
def test_plain_numbers_of_a_transform_inside_are_not_frozen_either(ask: Any) -> None:
    compiled = sg.compile(lambda x: ask(sg.grad(lambda a: a * sg.stop_gradient(x))(1.0)))
    with pytest.raises(TypeError, match="in a compiled function"):
        compiled(1.0)


def test_an_exact_constant_that_is_compared_runs_uncompiled() -> None:
    from fractions import Fraction

    third = Fraction(1, 3)
    compiled = sg.compile(lambda x: x if x > third else sg.maximum(x, third) * 2)
    with pytest.warns(RuntimeWarning, match=r"Fraction\(1, 3\), which is not a float, is an operand of gt, at "):
        found = [compiled(x) for x in (0.5, 0.25, 0.5, 0.25, 1 / 3)]
    assert exactly(found) == exactly([eager(compiled.__wrapped__, x) for x in (0.5, 0.25, 0.5, 0.25, 1 / 3)])


def test_a_constant_beyond_the_range_of_floats_is_compared_exactly() -> None:
    compiled = sg.compile(lambda x: [x < 10**400, x > -(10**5000), x * 2**60, x + 10**17, x**3])
    for x in (1.5, 1e90, 3.0):
        assert exactly(compiled(x)[:4]) == exactly(eager(compiled.__wrapped__, x)[:4])
    alone = execute(compiled.source)["function"]
    assert alone(3.0) == compiled(3.0)


def test_a_look_for_anomalies_inside_runs_uncompiled() -> None:
    def watched(x: Any) -> Any:
        with sg.detect_anomaly():
            return x * 1e300

    compiled = sg.compile(watched)
    with pytest.warns(RuntimeWarning, match="detect_anomaly") as caught:
        assert [compiled(1.0), compiled(2.0)] == [1e300, 2e300]
    assert len(caught) == 1
    assert caught[0].filename == __file__
    with pytest.raises(FloatingPointError, match="gave inf"):
        compiled(1e300)


@pytest.mark.usefixtures("no_fallback")
@pytest.mark.parametrize(
    "function",
    [
        lambda x: x if isinstance(x > 0, bool) else 2 * x,
        lambda x: {True: x, False: 2 * x}[x > 0],
        lambda x: x * len({x > 0, x > 1}),
        lambda x: x * ((x > 0) << 3) - (3 >> (x > 1)) + +(x > 0),
        lambda x: x + (x > 0).real - (x > 0).imag + (x > 0).conjugate() + (x > 0).bit_length(),
        lambda x: x * len(f"{x > 0}{x > 1!r}"),
        lambda x: [x > 0, x],
    ],
)
def test_a_comparison_is_a_truth_value_whatever_is_asked_of_it(function: Any) -> None:
    compiled = sg.compile(function)
    for x in (2.0, -1.0, 0.5, -2.0):
        assert exactly(compiled(x)) == exactly(eager(function, x))


def test_a_comparison_has_no_attributes_that_a_truth_value_has_not() -> None:
    with pytest.raises(AttributeError, match="'bool' object has no attribute 'data_'"):
        sg.compile(lambda x: (x > 0).data_)(1.0)


@pytest.mark.parametrize(
    "ask",
    [
        str,
        repr,
        lambda x: f"{x}",
        lambda x: f"{x:.3f}",
        lambda x: "%s" % (x,),  # noqa: UP031
        lambda x: str(sg.Vector([x, 1.0])),
        lambda x: f"{sg.grad(lambda a: a * sg.stop_gradient(x))(1.0):.4}",
    ],
)
def test_the_text_of_a_number_is_that_of_each_call_and_a_warning_tells_the_price(ask: Any) -> None:
    compiled = sg.compile(lambda x: x * len(ask(x)))
    with pytest.warns(RuntimeWarning, match=f"text of a number.* at .*{Path(__file__).name}") as caught:
        found = [compiled(x) for x in (0.5, -22.125, 3.0, 0.5)]
    assert found == [x * len(ask(sg.Value(x))) for x in (0.5, -22.125, 3.0, 0.5)]
    assert len(caught) == 1


@pytest.mark.parametrize("w", [sg.Variable(2.0), sg.Variable([2.0]), sg.Vector([sg.Value(2.0)])])
def test_the_text_of_a_leaf_is_that_of_each_call(w: Any) -> None:
    compiled = sg.compile(lambda x: x * len(str(w)))
    with pytest.warns(RuntimeWarning, match="text of a number"):
        assert compiled(2.0) == 2 * len(str(w))


def test_text_in_an_error_is_no_reason_to_warn() -> None:
    def positive(x: Any) -> Any:
        if x < 0:
            raise ValueError(f"expected a positive number, got {x:.1f}")
        return x

    compiled = sg.compile(positive)
    assert compiled(1.0) == 1.0
    with pytest.raises(ValueError, match=r"got -1\.5"):
        compiled(-1.5)


@pytest.mark.parametrize(
    "function",
    [
        lambda x: sg.derivative(lambda y: sg.sin(y * x) * y**3, order=2)(2.0),
        lambda x: sg.derivative(lambda y: y**5 * x - x * y / (x + y * y), order=4)(-1.0),
        lambda x: sg.derivative(lambda y: sg.exp(y * x) + x, order=3)(x),
        lambda x: sg.grad(lambda z: sg.derivative(lambda y: sg.sin(y * z) * y, order=2)(1.5))(x),
    ],
)
def test_derivatives_at_a_plain_number_are_compiled(function: Any) -> None:
    compiled = sg.compile(function)
    for x in (1.5, -2.5, 0.0, -0.0):
        assert exactly(compiled(x)) == exactly(eager(function, x))
    assert "return" in compiled.source


@pytest.mark.parametrize(
    ("function", "args"),
    [
        (lambda x, k: x * {1.0: 10.0, 2.0: 20.0}.get(k, 0.0), [(2.0, 1.0), (2.0, 2.0), (2.0, 3.0)]),
        (lambda x, k: x * (10.0 if k in {1.0, 2.0} else 3.0), [(2.0, 1.0), (2.0, 3.0), (2.0, 2.0)]),
        (lambda x, k: x * len({k, 1.0, 2.0}), [(2.0, 1.0), (2.0, 3.0)]),
        (lambda x, k: x * k if isinstance(k, float) else x * 0, [(2.0, 3.0)]),
        (lambda x, k: x * (1.0 if k.is_integer() else 2.0) + k.real - k.imag * k.conjugate(), [(2.0, 1.0), (2.0, 1.5)]),
    ],
)
def test_an_argument_that_is_not_differentiated_passes_for_a_float(function: Any, args: Any) -> None:
    compiled = sg.compile(sg.value_and_grad(function))
    for numbers in 2 * args:
        assert compiled(*numbers) == sg.value_and_grad(function)(*numbers)


@pytest.mark.parametrize("name", ["hex", "as_integer_ratio"])
def test_what_a_float_tells_of_one_call_is_refused(name: str) -> None:
    with pytest.raises(TypeError, match=rf"in a compiled function {name}\(\) of a traced number"):
        sg.compile(sg.grad(lambda x, k: x * len(getattr(k, name)())))(1.0, 2.0)
    with pytest.raises(AttributeError, match="'float' object has no attribute 'tail'"):
        sg.compile(sg.grad(lambda x, k: x * k.tail))(1.0, 2.0)


def test_a_truth_value_is_no_result_to_differentiate() -> None:
    with pytest.raises(TypeError, match="returned True"):
        sg.compile(sg.grad(lambda x: x > 1))(2.0)
    assert sg.compile(sg.jacobian(lambda x: [x > 1, x]))(2.0) == [True, 1.0]
