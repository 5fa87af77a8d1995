"""Settings of the whole suite: how hard Hypothesis tries, by the environment variable SCALARGRAD_PROFILE."""

import os
from importlib.util import find_spec

from hypothesis import HealthCheck, settings

QUICK = 60
COMMON = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow, HealthCheck.filter_too_much]}

settings.register_profile("default", max_examples=QUICK, **COMMON)
settings.register_profile("ci", max_examples=QUICK, print_blob=True, derandomize=True, **COMMON)
settings.register_profile("wasm", max_examples=QUICK // 2, print_blob=True, derandomize=True, **COMMON)
settings.register_profile("thorough", max_examples=100 * QUICK, print_blob=True, **COMMON)
settings.load_profile(os.environ.get("SCALARGRAD_PROFILE", "default"))

# What compares with large engines is collected where they are installed (extras `engines` and `dask`).
collect_ignore = [] if all(map(find_spec, ("torch", "jax", "numba", "dask"))) else ["test_engines.py"]
