"""The Python of the playground, which the page imports without a package."""

import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT / "playground/python"), str(ROOT / "demos")]
