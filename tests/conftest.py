"""Settings of the whole suite: how hard Hypothesis tries, by the environment variable SCALARGRAD_PROFILE."""

from __future__ import annotations

import gc
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, find, settings
from hypothesis import strategies as st

from tests.support.profiles import EXAMPLES, PROFILE

if TYPE_CHECKING:
    from collections.abc import Iterator

COMMON = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow, HealthCheck.filter_too_much]}
REPRODUCIBLE = ("ci", "wasm")

for name, examples in EXAMPLES.items():
    more = {} if name == "default" else {"print_blob": True, "derandomize": name in REPRODUCIBLE}
    settings.register_profile(name, max_examples=examples, **COMMON, **more)
settings.load_profile(PROFILE)

if find_spec("tqdm"):  # it is missing in WebAssembly, and then so are the demos
    # Or else a thread of its own waits for a lock beside tests that fork and that interrupt.
    import_module("tqdm").tqdm.monitor_interval = 0


def pytest_collection_finish() -> None:
    """Let the collector pass over all that the imports made: a walk over it takes longer than many a test."""
    find(st.none(), lambda _: True)  # Hypothesis asks the collector who holds what it makes when it first draws
    gc.collect()
    gc.freeze()


# What compares with large engines is collected where they are installed (extras `engines` and `dask`).
collect_ignore = [] if all(map(find_spec, ("torch", "jax", "numba", "dask"))) else ["project/test_engines.py"]


@pytest.fixture
def closed_figures() -> Iterator[None]:
    from matplotlib import pyplot as plt

    plt.close("all")  # those of examples in docstrings, which may come before
    yield
    plt.close("all")
