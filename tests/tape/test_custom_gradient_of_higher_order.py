"""Functions whose gradient is given: derivatives of higher order."""

import scalargrad as sg


@sg.custom_gradient
def cube(x):
    """x**3 with its own gradient, in the pullback's own operations."""
    return x * x * x, lambda upstream: upstream * 3.0 * x * x


def test_the_second_derivative_goes_through_the_operations_of_the_pullback():
    @sg.custom_gradient
    def odd(x):
        return x * x, lambda upstream: upstream * x * x * x

    x = sg.Variable(3.0)
    with sg.GradientTape() as outer:
        with sg.GradientTape() as inner:
            y = odd(x)
        slope = inner.gradient(y, x)
    assert slope == 27.0
    assert outer.gradient(slope, x) == 27.0


def test_derivatives_of_three_orders_of_a_custom_function_are_those_of_the_plain_one():
    x = sg.Variable(2.0)
    with sg.GradientTape(persistent=True) as tape:
        y = cube(x)
        first = tape.gradient(y, x)
        second = tape.gradient(first, x)
        third = tape.gradient(second, x)
    assert [y, first, second, third] == [8.0, 12.0, 12.0, 6.0]


def test_the_second_derivative_through_the_upstream_gradient_is_followed():
    x = sg.Variable(2.0)
    with sg.GradientTape() as outer:
        with sg.GradientTape() as inner:
            y = cube(x)
            z = y * y
        slope = inner.gradient(z, x)
    assert slope == 6 * 2.0**5
    assert outer.gradient(slope, x) == 30 * 2.0**4


def test_the_jacobian_and_hessian_of_a_custom_function_on_vectors():
    @sg.custom_gradient
    def squares(v):
        return v * v, lambda upstream: upstream * v * 2.0

    v = sg.Variable([1.0, 2.0])
    with sg.GradientTape(persistent=True) as outer:
        with sg.GradientTape() as inner:
            y = squares(v)
        gradient = inner.gradient(y, v, output_gradients=[10.0, 100.0])
    assert outer.jacobian(y, v) == [[2.0, 0.0], [0.0, 4.0]]
    assert outer.jacobian(gradient, v) == [[20.0, 0.0], [0.0, 200.0]]


def test_the_pullback_may_use_a_tape_of_its_own():
    @sg.custom_gradient
    def by_tape(x):
        def pullback(upstream):
            with sg.GradientTape() as tape:
                y = x * x * x
            return upstream * tape.gradient(y, x)

        return x * 1.0, pullback

    x = sg.Variable(3.0)
    with sg.GradientTape() as tape:
        y = by_tape(x)
    assert tape.gradient(y, x) == 27.0


def test_a_gradient_after_an_assignment_never_uses_the_new_number():
    x = sg.Variable(2.0, name="x")
    with sg.GradientTape(persistent=True) as tape:
        y = cube(x)
    x.assign(100.0)
    try:
        found = tape.gradient(y, x)
    except RuntimeError as error:
        found = error
    assert found == 12.0 or "name='x'" in str(found)
