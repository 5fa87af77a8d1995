"""The picture of `microgpt.py`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from scalargrad import plot


def draw(model: Any, letters: str, word: str, losses: list[float], path: Path) -> None:
    """Draw the loss and, for each head, where each letter of a word looks."""
    _, shares = model([len(letters), *map(letters.index, word)])
    figure = plot.new_figure(12, 3.2)
    axes = figure.subplots(1, 1 + len(shares))
    averages = [sum(losses[max(0, i - 49) : i + 1]) / min(i + 1, 50) for i in range(len(losses))]
    plot.history({"loss": averages}, ylabel="loss, mean of 50", ax=axes[0])
    for i, share in enumerate(shares):
        axes[i + 1].imshow(share.tolist(), cmap="Greys", vmin=0, vmax=1)
        axes[i + 1].set_title(f"head {i + 1}")
        axes[i + 1].set_xticks(range(len(word) + 1), ["^", *word])
        axes[i + 1].set_yticks(range(len(word) + 1), ["^", *word])
    figure.suptitle(f"What each letter of “{word}” looks at (^ is the beginning)")
    figure.tight_layout()
    figure.savefig(path, dpi=120)
