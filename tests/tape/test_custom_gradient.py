"""`custom_gradient`: functions whose gradient is given, as TensorFlow has them."""

import functools
import pickle
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

import scalargrad as sg

whole = st.integers(-9, 9).map(float)  # sums and products of a few of them are exact


def product_with(pullback):
    """x * y with another gradient than its own."""

    @sg.custom_gradient
    def product(x, y):
        return x * y, pullback

    return product


@sg.custom_gradient
def cube(x):
    """x**3 with its own gradient, in the pullback's own operations."""
    return x * x * x, lambda upstream: upstream * 3.0 * x * x


# ---- Arguments and what the pullback gives ---------------------------------------------------------------------------


@given(whole, whole, whole)
def test_the_gradient_is_what_the_pullback_gives_for_the_upstream_gradient(number, factor, given_factor):
    @sg.custom_gradient
    def odd(x):
        return x * 2.0, lambda upstream: upstream * given_factor

    x = sg.Variable(number)
    with sg.GradientTape() as tape:
        y = odd(x) * factor
    assert y == 2.0 * number * factor
    assert tape.gradient(y, x) == factor * given_factor


def test_backward_uses_the_pullback_too():
    x = sg.Value(2.0)
    (cube(x) * 5.0).backward()
    assert x.grad == 60.0
    (cube(x) * 5.0).backward()
    assert x.grad == 120.0


def test_a_gradient_is_what_comes_before_the_function_times_what_comes_after_it():
    x = sg.Variable(2.0)
    with sg.GradientTape() as tape:
        before = x * x
        y = cube(before)
        z = y * y
    assert tape.gradient(z, [x, before, y]) == [12 * 2.0**11, 6 * 4.0**5, 2 * 4.0**3]


@pytest.mark.parametrize("kind", [list, tuple])
def test_several_arguments_have_one_gradient_each_in_a_list_or_tuple(kind):
    x, y = sg.Variable(2.0), sg.Variable(3.0)
    with sg.GradientTape() as tape:
        z = product_with(lambda upstream: kind([upstream * 10.0, upstream * 20.0]))(x, y)
    assert z == 6.0
    assert tape.gradient(z, [x, y]) == [10.0, 20.0]


@pytest.mark.parametrize("wrap", [lambda g: g, lambda g: [g], lambda g: (g,)], ids=["bare", "list", "tuple"])
def test_a_single_argument_has_its_gradient_as_it_is_or_in_a_list_of_one(wrap):
    @sg.custom_gradient
    def twice(x):
        return x * 2.0, lambda upstream: wrap(upstream * 7.0)

    x, v = sg.Variable(2.0), sg.Variable([1.0, 2.0])
    with sg.GradientTape(persistent=True) as tape:
        y, w = twice(x), twice(v)
    assert tape.gradient(y, x) == 7.0
    assert tape.gradient(w, v) == [7.0, 7.0]


@pytest.mark.parametrize("kind", [list, sg.Vector])
def test_the_gradient_of_a_vector_may_be_a_list_of_numbers(kind):
    @sg.custom_gradient
    def total(v):
        return v.sum(), lambda upstream: kind([upstream * 10.0, 20.0])

    v = sg.Variable([1.0, 2.0])
    with sg.GradientTape() as tape:
        y = total(v) * 3.0
    assert tape.gradient(y, v) == [30.0, 20.0]


def test_a_pullback_may_give_plain_numbers():
    x, y = sg.Variable(2.0), sg.Variable(3.0)
    with sg.GradientTape() as tape:
        z = product_with(lambda upstream: (7, Fraction(1, 2)))(x, y)
    assert tape.gradient(z, [x, y]) == [7, Fraction(1, 2)]


def test_the_same_argument_twice_has_the_sum_of_both_gradients():
    x = sg.Variable(3.0)
    with sg.GradientTape() as tape:
        y = product_with(lambda upstream: (upstream * 10.0, upstream * 20.0))(x, x) + x
    assert tape.gradient(y, x) == 31.0


def test_an_argument_for_which_the_pullback_gives_none_has_no_gradient():
    x, y, v = sg.Variable(2.0), sg.Variable(3.0), sg.Variable([1.0, 2.0])

    @sg.custom_gradient
    def mixed(x, y, v):
        return x * y * v.sum(), lambda upstream: (upstream, None, None)

    with sg.GradientTape(persistent=True) as tape:
        z = mixed(x, y, v)
    assert tape.gradient(z, [x, y, v]) == [1.0, None, None]
    assert tape.gradient(z, [y, v], unconnected_gradients="zero") == [0.0, [0.0, 0.0]]


@pytest.mark.parametrize("still", [sg.constant(3.0), sg.Variable(3.0, trainable=False)])
def test_a_constant_argument_has_no_gradient(still):
    x = sg.Variable(2.0)
    with sg.GradientTape() as tape:
        y = product_with(lambda upstream: (upstream * 10.0, upstream * 20.0))(x, still)
    assert tape.gradient(y, [x, still]) == [10.0, None]


def test_an_argument_computed_before_the_tape_has_no_gradient():
    x = sg.Variable(2.0)
    before = x * x
    with sg.GradientTape() as tape:
        y = cube(before)
    assert tape.gradient(y, [x, before]) == [None, None]


def test_a_constant_argument_has_a_gradient_from_the_tape_that_watches_it():
    c, x = sg.constant(3.0), sg.Variable(2.0)
    with sg.GradientTape() as tape, sg.GradientTape() as watching:
        watching.watch(c)
        y = product_with(lambda upstream: (upstream * 10.0, upstream * 20.0))(x, c)
    assert tape.gradient(y, [x, c]) == [10.0, None]
    assert watching.gradient(y, [x, c]) == [10.0, 20.0]


def test_plain_numbers_are_welcome_as_arguments():
    x = sg.Variable(2.0)
    with sg.GradientTape() as tape:
        y = product_with(lambda upstream: (upstream * 10.0, upstream * 20.0))(x, 3)
    assert y == 6.0
    assert tape.gradient(y, x) == 10.0


def test_arguments_may_be_vectors_lists_and_structures():
    @sg.custom_gradient
    def weighted(points, scale):
        first, (second,) = points
        total = (first.sum() + second) * scale
        return total, lambda upstream: ([[upstream, upstream * 2.0], upstream * 3.0, upstream * 4.0])

    v, x, s = sg.Variable([1.0, 2.0]), sg.Variable(3.0), sg.Variable(4.0)
    with sg.GradientTape() as tape:
        y = weighted([v, (x,)], s)
    assert y == 24.0
    assert tape.gradient(y, [v, x, s]) == [[1.0, 2.0], 3.0, 4.0]


def test_keyword_arguments_are_passed_on_and_not_differentiated():
    @sg.custom_gradient
    def power(x, *, exponent, label=None):
        assert label == "text"
        return x**exponent, lambda upstream: upstream * exponent

    x = sg.Variable(2.0)
    with sg.GradientTape() as tape:
        y = power(x, exponent=3, label="text")
    assert y == 8.0
    assert tape.gradient(y, x) == 3.0


def test_the_function_keeps_its_name_and_words():
    assert cube.__name__ == "cube"
    assert cube.__doc__.startswith("x**3")
    assert cube.__wrapped__(sg.constant(2.0))[0] == 8.0


# ---- Results ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [list, tuple])
def test_several_results_come_in_their_own_structure(kind):
    @sg.custom_gradient
    def both(x, v):
        return kind([x * 3.0, v * 5.0]), lambda dx, dv: (dx * 30.0, dv * 50.0)

    x, v = sg.Variable(2.0), sg.Variable([1.0, 2.0])
    with sg.GradientTape(persistent=True) as tape:
        results = both(x, v)
        y, w = results
        z = w @ [1.0, 10.0]
    assert type(results) is kind
    assert (y, w) == (6.0, [5.0, 10.0])
    assert type(w) is sg.Vector
    assert tape.gradient([y, z], [x, v]) == [30.0, [50.0, 500.0]]


def record_of_calls():
    """A function of two scalar results and one vector result, and what its pullback was called with."""
    calls = []

    @sg.custom_gradient
    def three(x):
        def pullback(*upstream):
            calls.append([part.tolist() if isinstance(part, sg.Vector) else part.data for part in upstream])
            first, second, third = upstream
            return first + second + third.sum()

        return [x * 1.0, x * 2.0, sg.Vector([x * 3.0, x * 4.0])], pullback

    return three, calls


def test_the_pullback_is_called_once_a_sweep_with_the_gradients_of_all_results():
    three, calls = record_of_calls()
    x = sg.Variable(2.0)
    with sg.GradientTape(persistent=True) as tape:
        a, b, c = three(x)
        y = a * 10.0 + a * 1.0 + b * 100.0 + c @ [5.0, 7.0]
    assert calls == []
    for sweeps in 1, 2:
        assert tape.gradient(y, x) == 123.0
        assert calls == [[11.0, 100.0, [5.0, 7.0]]] * sweeps


def test_results_that_the_target_does_not_use_have_zeros_as_upstream_gradients():
    three, calls = record_of_calls()
    x = sg.Variable(2.0)
    with sg.GradientTape(persistent=True) as tape:
        a, b, c = three(x)
    assert tape.gradient(b, x) == 1.0
    assert tape.gradient(c[1], x) == 1.0
    assert calls == [[0.0, 1.0, [0.0, 0.0]], [0.0, 0.0, [0.0, 1.0]]]
    assert tape.gradient(a, [b, c]) == [None, None]


def test_the_pullback_is_not_called_for_targets_that_do_not_use_the_function():
    three, calls = record_of_calls()
    x = sg.Variable(2.0)
    with sg.GradientTape() as tape:
        three(x)
        y = x * x
    assert tape.gradient(y, x) == 4.0
    assert calls == []


@given(whole, whole, whole)
def test_the_pullback_may_be_nonlinear_in_the_upstream_gradient(number, first, second):
    @sg.custom_gradient
    def squaring(x):
        return x * 1.0, lambda upstream: upstream * upstream

    x = sg.Variable(number)
    with sg.GradientTape() as tape:
        y = squaring(x)
        z = y * first + y * second
    assert tape.gradient(z, x) == (first + second) ** 2


def test_a_result_may_be_an_argument_as_it_is():
    @sg.custom_gradient
    def reverse_gradient(x):
        return x, lambda upstream: -upstream

    x, v = sg.Variable(2.0), sg.Variable([1.0, 2.0])
    with sg.GradientTape(persistent=True) as tape:
        y, w = reverse_gradient(x) * x, reverse_gradient(v).sum()
    assert tape.gradient(y, x) == 0.0
    assert tape.gradient(w, v) == [-1.0, -1.0]


def test_a_plain_number_as_result_still_carries_the_gradient_of_the_pullback():
    @sg.custom_gradient
    def rounded(x):
        return round(x), lambda upstream: upstream

    x = sg.Variable(2.6)
    with sg.GradientTape() as tape:
        y = rounded(x) * 5.0
    assert y == 15.0
    assert tape.gradient(y, x) == 5.0


def test_the_results_are_constants_where_nothing_is_tracked():
    assert not cube(sg.constant(2.0)).is_tracked
    assert cube(2.0) == 8.0
    x = sg.Value(2.0)
    with sg.no_grad():
        assert not cube(x).is_tracked
    three, _ = record_of_calls()
    assert not any(part.is_tracked for part in sg.Vector([three(2.0)[0], *three(2.0)[2]]))


def test_what_is_computed_outside_a_tape_is_not_on_it():
    x = sg.Variable(2.0)
    y = cube(x)
    with sg.GradientTape() as tape:
        z = y * 2.0
        with tape.stop_recording():
            w = cube(x)
    assert tape.gradient([z, w], x) is None


def test_custom_functions_may_be_made_of_each_other():
    @sg.custom_gradient
    def doubled_cube(x):
        return cube(x) * 2.0, lambda upstream: cube(upstream) + x

    x = sg.Variable(2.0)
    with sg.GradientTape() as tape:
        y = doubled_cube(x) * 3.0
    assert y == 48.0
    assert tape.gradient(y, x) == 29.0


def test_a_long_chain_of_custom_functions_has_its_gradient():
    @sg.custom_gradient
    def step(x):
        return x + 1.0, lambda upstream: upstream + 1.0

    x = sg.Variable(0.0)
    with sg.GradientTape() as tape:
        y = x
        for _ in range(2000):
            y = step(y)
    assert y == 2000.0
    assert tape.gradient(y, x) == 2001.0


# ---- Misuse ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given_back", "count"),
    [(lambda u: u, 1), (lambda u: [u], 1), (lambda u: (u, u, u), 3), (lambda u: [], 0), (lambda u: None, 1)],
)
def test_another_number_of_gradients_than_arguments_is_refused(given_back, count):
    x, y = sg.Variable(2.0), sg.Variable(3.0)
    with sg.GradientTape() as tape:
        z = product_with(given_back)(x, y)
    with pytest.raises(ValueError, match=rf"product: expected 2 gradients, one for each argument, got {count}"):
        tape.gradient(z, [x, y])


@pytest.mark.parametrize("gradient", [[1.0], [1.0, 2.0, 3.0], 1.0])
def test_a_gradient_of_another_length_than_its_vector_is_refused(gradient):
    @sg.custom_gradient
    def total(x, v):
        return v.sum() * x, lambda upstream: (upstream, gradient)

    x, v = sg.Variable(2.0), sg.Variable([1.0, 2.0])
    with sg.GradientTape() as tape:
        y = total(x, v)
    with pytest.raises(ValueError, match="total: expected 2 numbers as gradient of an argument, got"):
        tape.gradient(y, v)


def test_a_vector_as_gradient_of_a_scalar_is_refused():
    x, y = sg.Variable(2.0), sg.Variable(3.0)
    with sg.GradientTape() as tape:
        z = product_with(lambda upstream: (upstream, [1.0, 2.0]))(x, y)
    with pytest.raises(
        ValueError, match=r"product: expected one number as gradient of an argument, got \[1\.0, 2\.0\]"
    ):
        tape.gradient(z, x)


def test_a_gradient_that_is_not_a_real_number_is_refused():
    x, y = sg.Variable(2.0), sg.Variable(3.0)
    with sg.GradientTape() as tape:
        z = product_with(lambda upstream: (upstream, "1"))(x, y)
    with pytest.raises(TypeError, match="expected a real number from the pullback of product, got '1'"):
        tape.gradient(z, x)


@pytest.mark.parametrize(
    "returned",
    [lambda x: x, lambda x: (x, 1.0), lambda x: (x,), lambda x: (x, abs, abs), lambda x: [x, abs], lambda x: None],
)
def test_a_function_that_returns_no_pair_of_result_and_pullback_is_refused(returned):
    @sg.custom_gradient
    def unpaired(x):
        return returned(x)

    with pytest.raises(TypeError, match="unpaired must return a pair of its result and its pullback, got"):
        unpaired(sg.Variable(2.0))


@pytest.mark.parametrize(
    "use",
    [lambda outside, x: x * outside, lambda outside, x: [x, (outside * outside) * x], lambda outside, x: outside],
)
def test_a_function_that_uses_a_tracked_value_beside_its_arguments_is_refused(use):
    outside = sg.Value(3.0, label="outside")

    @sg.custom_gradient
    def closed(x):
        return use(outside, x), lambda *upstream: upstream[0]

    with pytest.raises(TypeError, match=r"closed uses .*'outside'\), which would lose its gradient"):
        closed(sg.Variable(2.0))


def test_what_was_computed_from_a_tracked_value_before_the_call_is_refused_too():
    outside = sg.Value(3.0, label="outside")
    computed = outside * 2.0

    @sg.custom_gradient
    def closed(x):
        return x * computed, lambda upstream: upstream

    with pytest.raises(TypeError, match=r"closed uses .*'outside'\), which would lose its gradient"):
        closed(sg.Variable(2.0))


def test_a_tracked_keyword_argument_is_refused():
    @sg.custom_gradient
    def scaled(x, *, scale):
        return x * scale, lambda upstream: upstream * scale

    with pytest.raises(TypeError, match=r"scaled uses .*'scale'\), which would lose its gradient"):
        scaled(sg.Variable(2.0), scale=sg.Value(3.0, label="scale"))


def test_a_graph_with_a_custom_function_in_it_cannot_be_pickled():
    y = cube(sg.Value(2.0)) * 2.0
    with pytest.raises(TypeError, match="a call of cube cannot be pickled: its gradient is a function"):
        pickle.dumps(y)


def test_an_error_in_the_pullback_comes_out_as_it_is():
    def broken(_):
        raise KeyError("mine")

    x = sg.Variable(2.0)
    with sg.GradientTape() as tape:
        y = product_with(broken)(x, x)
    with pytest.raises(KeyError, match="mine"):
        tape.gradient(y, x)


def test_an_error_in_the_function_comes_out_as_it_is_and_ends_nothing_but_the_call():
    @sg.custom_gradient
    def broken(_):
        raise KeyError("mine")

    x = sg.Variable(2.0)
    with sg.GradientTape() as tape:
        with pytest.raises(KeyError, match="mine"):
            broken(x)
        y = x * x
    assert tape.gradient(y, x) == 4.0


# ---- Found by use ----------------------------------------------------------------------------------------------------


def test_gradients_in_a_dict_are_matched_by_key():
    @sg.custom_gradient
    def product(p):
        return p["a"] * p["b"], lambda upstream: {"b": upstream * p["a"], "a": upstream * p["b"]}

    x, y = sg.Value(3.0), sg.Value(4.0)
    product({"a": x, "b": y}).backward()
    assert (x.grad, y.grad) == (4.0, 3.0)


def test_an_unused_result_of_fractions_hands_a_fraction_to_the_pullback():
    f = sg.custom_gradient(lambda a, b: ((a * a, b), lambda u, v: (u * 2 * a + v, v)))
    x = sg.Value(Fraction(1, 3))
    f(x, sg.Value(Fraction(1, 2)))[0].backward()
    assert x.grad == Fraction(2, 3)


def test_a_partial_can_be_given_a_gradient_and_a_number_cannot():
    square = sg.custom_gradient(functools.partial(lambda scale, x: (scale * x, lambda u: u * 7), 2.0))
    x = sg.Value(3.0)
    square(x).backward()
    assert x.grad == 7.0
    with pytest.raises(TypeError, match="custom_gradient decorates a function, got 3"):
        sg.custom_gradient(3)


def test_a_pullback_that_does_not_tell_its_parameters_is_given_the_variables():
    w = sg.Variable(5.0)

    def pullback(scale, upstream, variables):
        return upstream * scale, [upstream for _ in variables]

    @sg.custom_gradient
    def product(x):
        return x * w, functools.partial(pullback, 7.0)

    x = sg.Variable(2.0)
    with sg.GradientTape() as tape:
        y = product(x)
    assert tape.gradient(y, [x, w]) == [7.0, 1.0]


def test_a_matrix_goes_in_and_comes_out():
    @sg.custom_gradient
    def doubled(m):
        return m * 2.0, lambda upstream: upstream * 10.0

    @sg.custom_gradient
    def of_rows(m):
        return m.sum(), lambda upstream: [[1.0, 2.0]]

    @sg.custom_gradient
    def of_one_in_a_list(m):
        return m.sum(), lambda upstream: [sg.Matrix([[3.0, 4.0]])]

    @sg.custom_gradient
    def wrong(m):
        return m.sum(), lambda upstream: [1.0, 2.0]

    w = sg.Variable([[1.0, 2.0]])

    @sg.custom_gradient
    def with_a_variable(x):
        return x * w.sum(), lambda upstream, variables: (upstream, [sg.Matrix([[5.0, 6.0]])])

    for function, gradient in ((doubled, [[10.0, 10.0]]), (of_rows, [[1.0, 2.0]]), (of_one_in_a_list, [[3.0, 4.0]])):
        with sg.GradientTape() as tape:
            y = function(w)
        assert tape.gradient(y, w) == gradient
    assert doubled(w).shape == (1, 2)
    with sg.GradientTape() as tape:
        y = with_a_variable(2.0)
    assert tape.gradient(y, w) == [[5.0, 6.0]]
    with pytest.raises(
        ValueError, match=r"wrong: expected shape \(1, 2\) as gradient of an argument, got \[1.0, 2.0\]"
    ):
        wrong(w).backward()
