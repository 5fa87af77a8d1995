"""The tests: a folder for each room of the package, `project` for the whole of it, `support` for what they share."""

import pytest

pytest.register_assert_rewrite("tests.support")  # what fails in there is told as it is in a test
