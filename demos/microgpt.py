"""A small GPT that learns the names in Python's standard library, letter by letter, and then invents some.

    python demos/microgpt.py
    python demos/microgpt.py --text names.txt --steps 3000 --save run.json
    python demos/microgpt.py --load run.json --steps 5000 --temperature 0.8

The model and its sizes are those of Andrej Karpathy's microgpt: letters and their places as vectors, attention, a layer
applied to each letter by itself, and no biases. Ctrl-C ends the training, keeps what was learned and goes on to the
names. The learning rate falls to 0 at the last of --steps. With the same --steps, --load resumes an interrupted
training to the bit. With more, the rate rises again, and the numbers are not those of one long training.
It saves microgpt.png: the loss, and where each head looks in one word. Pictures need matplotlib and the progress bar
tqdm: pip install matplotlib tqdm. The page docs/microgpt.md walks through this file; options, words and the picture are
in the files gpt_*.py beside it.
"""

from __future__ import annotations

import contextlib
import math
import random
import sys
from collections.abc import Callable, Sequence

from gpt_options import read_options
from gpt_picture import draw
from tqdm import tqdm  # type: ignore[import-untyped,unused-ignore]

import scalargrad as sg
from scalargrad import nn
from scalargrad.optim import Adam, linear_decay

CONTEXT = 16  # letters that it can look back at


class Block(nn.Module):
    """Attention, by which each letter looks at itself and those before it; then a layer for each letter by itself."""

    def __init__(self, width: int, heads: int, generator: random.Random) -> None:
        self.size = width // heads
        self.norm = nn.RMSNorm()
        self.query, self.key, self.value, self.out = [matrix(width, width, generator) for _ in range(4)]
        self.up, self.down = matrix(width, 4 * width, generator), matrix(4 * width, width, generator)

    def __call__(self, x: sg.Matrix) -> tuple[sg.Matrix, list[sg.Matrix]]:
        """The letters after the block, a row each, and where each head looked."""
        looking = self.norm(x)
        queries, keys, values = self.query(looking), self.key(looking), self.value(looking)
        past = sg.Matrix([[0.0 if j <= i else -math.inf for j in range(len(x))] for i in range(len(x))])
        parts = [slice(begin, begin + self.size) for begin in range(0, x.shape[1], self.size)]
        shares = [sg.softmax(queries[:, p] @ keys[:, p].T / math.sqrt(self.size) + past) for p in parts]
        heads = [share @ values[:, p] for share, p in zip(shares, parts)]
        x = x + self.out(sg.concatenate(heads, axis=1))
        return x + self.down(sg.relu(self.up(self.norm(x)))), shares


class GPT(nn.Module):
    """Gives the logits of the next letter at each place."""

    def __init__(self, letters: int, width: int, layers: int, heads: int, seed: int) -> None:
        generator = random.Random(seed)
        self.letter, self.place = [nn.Embedding(n, width, std=0.08, seed=generator) for n in (letters, CONTEXT)]
        self.norm = nn.RMSNorm()
        self.blocks = [Block(width, heads, generator) for _ in range(layers)]
        self.head = matrix(width, letters, generator)

    def __call__(self, tokens: Sequence[int]) -> tuple[sg.Matrix, list[sg.Matrix]]:
        """Logits for what follows each token, a row each, and where the heads of the last block looked."""
        x = self.norm(self.letter(tokens) + self.place(range(len(tokens))))
        shares: list[sg.Matrix] = []
        for block in self.blocks:
            x, shares = block(x)
        return self.head(x), shares


class Setup:
    """The settings that a file was made with; loading a file with others is refused."""

    def __init__(self, **setup: object) -> None:
        self.setup = setup

    def state_dict(self) -> dict[str, object]:
        return self.setup

    def check_state(self, state: dict[str, object]) -> Callable[[], None]:
        """Raises ValueError if the file was made with other settings; there is nothing to load."""
        if other := [f"{name} {state.get(name)!r}" for name, mine in self.setup.items() if state.get(name) != mine]:
            raise ValueError(f"made with {' and '.join(other)}; give the same options")
        return lambda: None


def matrix(nin: int, nout: int, generator: random.Random) -> nn.Linear:
    return nn.Linear(nin, nout, bias=False, seed=generator)


def sample(model: GPT, letters: str, temperature: float, generator: random.Random) -> str:
    """A name, letter by letter, each drawn by its probability; a lower temperature is more careful."""
    tokens = [len(letters)]
    while len(tokens) <= CONTEXT:
        with sg.no_grad():
            logits, _ = model(tokens)
            weights = sg.softmax(logits[-1] / temperature).tolist()
        (token,) = generator.choices(range(len(weights)), weights)
        if token == len(letters):
            break
        tokens.append(token)
    return "".join([letters[token] for token in tokens[1:]])


def train(model: GPT, optimizer: Adam, words: list[str], letters: str, steps: int) -> list[float]:
    """Take a step for each word, up to a number of steps or Ctrl-C; returns the losses."""
    losses: list[float] = []
    bar = tqdm(range(optimizer.iterations, steps), desc="learning", disable=None)
    try:
        for step in bar:
            word = words[step % len(words)]
            tokens = [len(letters), *map(letters.index, word), len(letters)][: CONTEXT + 1]
            logits, _ = model(tokens[:-1])
            loss = nn.cross_entropy(logits, tokens[1:])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.data)
            bar.set_postfix(loss=f"{sum(losses[-50:]) / len(losses[-50:]):.3f}")
    except KeyboardInterrupt:
        print(f"Stopped after {optimizer.iterations} steps; what was learned is kept.")
    return losses


def main(argv: Sequence[str] | None = None) -> int:
    """Run the demo; returns the exit code."""
    options = read_options(argv, CONTEXT)
    words = options.words
    letters = "".join(sorted({letter for word in words for letter in word}))
    known = {*words}
    random.Random(options.seed).shuffle(words)
    model = GPT(len(letters) + 1, options.width, options.layers, options.heads, options.seed)
    optimizer = Adam(model.trainable_variables, lr=linear_decay(0.01, options.steps), betas=(0.85, 0.99))
    setup = Setup(width=options.width, layers=options.layers, heads=options.heads, letters=letters)
    if options.load is not None:
        try:
            nn.load(options.load, setup=setup, model=model, optimizer=optimizer)
        except (OSError, ValueError) as error:
            options.error(f"--load: {error}")
    print(f"{len(words)} words, {len(letters)} letters, {len(model.parameters())} numbers to learn")
    losses = train(model, optimizer, words, letters, options.steps)
    if options.save is not None:
        nn.save(options.save, setup=setup, model=model, optimizer=optimizer)
    generator = random.Random(options.seed)
    print("Names that it invents (* marks one that it was taught):")
    with contextlib.suppress(KeyboardInterrupt):
        for _ in range(20):
            word = sample(model, letters, options.temperature, generator)
            print(f"  {word}{' *' * (word in known)}")
    if losses:
        draw(model, letters, words[0], losses, options.picture)
        print(f"The picture is in {options.picture}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
