"""What tests share: where the project is, oracles, random programs, references, how hard to try."""

from pathlib import Path

ROOT = Path(__file__).parents[2]
