"""Threads for the tests of the engine."""

import sys
from concurrent.futures import ThreadPoolExecutor

import pytest


def a_thread():
    """A function that calls functions in one thread, always the same."""
    with ThreadPoolExecutor(1) as pool:
        yield lambda function: pool.submit(function).result(timeout=30)


other_thread = pytest.fixture(a_thread)
third_thread = pytest.fixture(a_thread)


@pytest.fixture
def eager_threads():
    """Threads that take turns as often as they can."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)
