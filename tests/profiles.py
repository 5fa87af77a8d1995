"""How much each test does, by the environment variable SCALARGRAD_PROFILE: all of it in the gate, less by default."""

import os

PROFILE = os.environ.get("SCALARGRAD_PROFILE", "default")
EXAMPLES = {"default": 20, "ci": 60, "wasm": 30, "thorough": 6000}  # of each property


def sized(full: int) -> int:
    """How large a test is to be that does the same at any size: a fifth of `full` by default."""
    return full // 5 if PROFILE == "default" else full
