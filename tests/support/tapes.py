"""What tests of tapes share."""

from collections import namedtuple

import scalargrad as sg

Point = namedtuple("Point", "x y")


def recorded(function, *arguments, **options):
    """A tape that has recorded `function(*arguments)`, and what that gave."""
    with sg.GradientTape(**options) as tape:
        result = function(*arguments)
    return tape, result


def square(x):
    return x * x


def same(found, expected):
    """Whether two tuples hold the very same variables, since `==` would compare their numbers."""
    return type(found) is tuple and [*map(id, found)] == [*map(id, expected)]


def is_recorded():
    """Whether what is computed now is a node."""
    return (sg.Value(2.0) * 3.0).is_tracked
