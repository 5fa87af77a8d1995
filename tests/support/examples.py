"""How many examples Hypothesis tries of a property, by the profile that `conftest.py` has loaded."""

from hypothesis import settings

# Of each of many cases, a third of the profile's examples.
a_third = settings(max_examples=settings().max_examples // 3)
