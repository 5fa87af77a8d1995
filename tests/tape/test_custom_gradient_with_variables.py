"""Functions whose gradient is given: the variables that they use are handed to the pullback."""

import pytest

import scalargrad as sg


def test_variables_that_the_function_uses_are_handed_to_the_pullback():
    w, v = sg.Variable(3.0), sg.Variable([1.0, 2.0])
    handed = []

    @sg.custom_gradient
    def linear(x):
        def pullback(upstream, variables):
            handed.append(variables)
            return upstream * 100.0, [upstream * 1000.0, sg.Vector([upstream * 5.0, upstream * 7.0])]

        return x * w + v.sum(), pullback

    x = sg.Variable(2.0)
    with sg.GradientTape() as tape:
        y = linear(x)
    assert y == 9.0
    assert tape.gradient(y, [x, w, v]) == [100.0, 1000.0, [5.0, 7.0]]
    ((first, second),) = handed
    assert first is w
    assert second is v


def test_the_gradient_of_a_vector_variable_may_be_a_list_of_numbers():
    v = sg.Variable([1.0, 2.0])

    @sg.custom_gradient
    def scaled(x):
        return x * v.sum(), lambda upstream, variables: (upstream, [[upstream * 5.0, upstream * 7.0]])

    x = sg.Variable(2.0)
    with sg.GradientTape() as tape:
        y = scaled(x)
    assert tape.gradient(y, [x, v]) == [1.0, [5.0, 7.0]]


def test_a_variable_that_is_an_argument_is_not_handed_over_again():
    w, v = sg.Variable(3.0), sg.Variable([1.0, 2.0])

    @sg.custom_gradient
    def linear(w, v):
        return v.sum() * w, lambda upstream, variables=None: (upstream * 10.0, [20.0, 30.0], variables)[:2]

    with sg.GradientTape() as tape:
        y = linear(w, v)
    assert tape.gradient(y, [w, v]) == [10.0, [20.0, 30.0]]


def test_a_pullback_that_takes_variables_is_called_without_them_if_none_are_used():
    @sg.custom_gradient
    def twice(x):
        def pullback(upstream, variables=None):
            assert variables is None
            return upstream * 7.0

        return x * 2.0, pullback

    x = sg.Variable(3.0)
    with sg.GradientTape() as tape:
        y = twice(x)
    assert tape.gradient(y, x) == 7.0


def test_a_variable_that_is_not_trainable_is_a_constant_to_the_function():
    frozen = sg.Variable(3.0, trainable=False)

    @sg.custom_gradient
    def scaled(x):
        return x * frozen, lambda upstream: upstream * 7.0

    x = sg.Variable(2.0)
    with sg.GradientTape() as tape:
        y = scaled(x)
    assert tape.gradient(y, [x, frozen]) == [7.0, None]


def test_a_pullback_takes_variables_by_any_keywords_too():
    w = sg.Variable(3.0)

    @sg.custom_gradient
    def scaled(x):
        return x * w, lambda upstream, **options: (upstream, [upstream * len(options["variables"])])

    x = sg.Variable(2.0)
    with sg.GradientTape() as tape:
        y = scaled(x)
    assert tape.gradient(y, [x, w]) == [1.0, 1.0]


def test_the_second_derivative_by_variables_goes_through_the_pullback():
    w = sg.Variable(3.0)

    @sg.custom_gradient
    def scaled(x):
        return x * w * w, lambda upstream, variables: (upstream * w * w, [upstream * 2.0 * x * w])

    x = sg.Variable(5.0)
    with sg.GradientTape() as outer:
        with sg.GradientTape() as inner:
            y = scaled(x)
        dx, dw = inner.gradient(y, [x, w])
    assert (dx, dw) == (9.0, 30.0)
    assert outer.gradient(dw, [x, w]) == [6.0, 10.0]


def test_a_pullback_that_cannot_take_the_variables_is_refused_when_the_function_is_called():
    w = sg.Variable(3.0, name="w")

    @sg.custom_gradient
    def scaled(x):
        return x * w, lambda upstream: upstream

    with pytest.raises(TypeError, match=r"scaled uses .*name='w'\), so its pullback must accept .* 'variables'"):
        scaled(sg.Variable(2.0))


@pytest.mark.parametrize("of_variables", [[], [1.0, 2.0]])
def test_another_number_of_gradients_than_variables_is_refused(of_variables):
    w = sg.Variable(3.0)

    @sg.custom_gradient
    def scaled(x):
        return x * w, lambda upstream, variables: (upstream, of_variables)

    x = sg.Variable(2.0)
    with sg.GradientTape() as tape:
        y = scaled(x)
    with pytest.raises(ValueError, match=rf"scaled: expected 2 gradients.*, got {1 + len(of_variables)}"):
        tape.gradient(y, x)
