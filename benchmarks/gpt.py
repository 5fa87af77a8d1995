"""A small GPT: scalar by scalar on a plain engine, on vectors and matrices here, and on PyTorch.

    python benchmarks/gpt.py [--rounds N] [--steps N]

The model is that of `rows.py` (width 16, four heads, one layer, context 16), with the same initial numbers. `vectors`
is the same program letter by letter, with matrix-vector products in place of loops; `matrices` takes all letters of a
word at once, a row for each. Each engine runs in its own process, and they take turns in every round; a ratio is that
of the least times. With Adam a whole training step is timed, otherwise forward and backward. PyTorch is measured if it
is installed, on one thread, in double precision, letter by letter.
`rows.py --only gpt-matrices --pyodide FOLDER` measures the matrices on CPython in WebAssembly.
"""

from __future__ import annotations

import argparse
import gc
import importlib.util
import itertools
import math
import os
import random
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import rows

if TYPE_CHECKING:
    from collections.abc import Callable

WIDTH, HEADS, CONTEXT, HEAD = rows.WIDTH, rows.HEADS, rows.CONTEXT, rows.HEAD
HERE = Path(__file__).parent
PARTS = [slice(begin, begin + HEAD) for begin in range(0, WIDTH, HEAD)]
RATE = 0.01


def weights() -> dict[str, list[list[float]]]:
    """The initial numbers of `rows.gpt`."""
    letters = len({letter for word in rows.WORDS.split() for letter in word})
    sizes = {"token": (letters + 1, WIDTH), "position": (CONTEXT, WIDTH), "head": (letters + 1, WIDTH)}
    sizes |= dict.fromkeys(("query", "key", "value", "out"), (WIDTH, WIDTH))
    sizes |= {"up": (4 * WIDTH, WIDTH), "down": (WIDTH, 4 * WIDTH)}
    draw = random.Random(2).gauss
    return {name: [[draw(0, 0.08) for _ in range(n)] for _ in range(m)] for name, (m, n) in sizes.items()}


def tokens_of(step: int) -> list[int]:
    words = rows.WORDS.split()
    letters = sorted({letter for word in words for letter in word})
    return [len(letters), *map(letters.index, words[step % len(words)]), len(letters)][: CONTEXT + 1]


def plain(_: bool) -> Callable[[], tuple[float, float]]:
    import plain_engine  # a rival, in its own process

    sys.setrecursionlimit(10**6)
    step = rows.gpt(plain_engine.Value, None)
    return lambda: (step(), 0.0)


def letter_by_letter(w: dict[str, Any], tokens: list[int]) -> Any:
    """The loss of a word, on vectors."""
    import scalargrad as sg  # not where PyTorch is measured
    from scalargrad.nn import cross_entropy

    def normalised(x: Any) -> Any:
        return x * (x.dot(x) / WIDTH + 1e-5) ** -0.5

    keys: list[list[Any]] = [[] for _ in PARTS]
    values: list[list[Any]] = [[] for _ in PARTS]
    losses = []
    for position, (token, target) in enumerate(itertools.pairwise(tokens)):
        x = normalised(w["token"][token] + w["position"][position])
        rest, x = x, normalised(x)
        query, key, value = w["query"] @ x, w["key"] @ x, w["value"] @ x
        heads = []
        for part, ks, vs in zip(PARTS, keys, values):
            ks.append(key[part])
            vs.append(value[part])
            heads.append(sg.softmax(sg.Matrix(ks) @ query[part] * HEAD**-0.5) @ sg.Matrix(vs))
        x = w["out"] @ sg.concatenate(heads) + rest
        x = w["down"] @ sg.relu(w["up"] @ normalised(x)) + x
        losses.append(cross_entropy(w["head"] @ x, target))
    return sg.Vector(losses).mean()


def word_at_once(w: dict[str, Any], tokens: list[int]) -> Any:
    """The loss of a word, on matrices with a row for each letter."""
    import scalargrad as sg
    from scalargrad.nn import RMSNorm, cross_entropy

    normalised = RMSNorm(eps=1e-5)
    count = len(tokens) - 1
    past = sg.Matrix([[0.0 if j <= i else -math.inf for j in range(count)] for i in range(count)])
    x = normalised(sg.Matrix([w["token"][token] for token in tokens[:-1]]) + w["position"][:count])
    rest, x = x, normalised(x)
    query, key, value = x @ w["query"].T, x @ w["key"].T, x @ w["value"].T
    shares = [sg.softmax(query[:, part] @ key[:, part].T * HEAD**-0.5 + past) for part in PARTS]
    heads = [share @ value[:, part] for share, part in zip(shares, PARTS)]
    x = sg.concatenate(heads, axis=1) @ w["out"].T + rest
    x = sg.relu(normalised(x) @ w["up"].T) @ w["down"].T + x
    return cross_entropy(x @ w["head"].T, tokens[1:])


def ours(loss_of: Callable[..., Any]) -> Callable[[bool], Callable[[], tuple[float, float]]]:
    def program(with_adam: bool) -> Callable[[], tuple[float, float]]:
        import scalargrad as sg
        from scalargrad.optim import SGD, Adam

        w = {name: sg.Variable(numbers) for name, numbers in weights().items()}
        optimizer: Any = Adam([*w.values()], lr=RATE) if with_adam else SGD([*w.values()], lr=0.05)
        count = itertools.count()

        def step() -> tuple[float, float]:
            tokens = tokens_of(next(count))
            begin = time.process_time()
            loss = loss_of(w, tokens)
            loss.backward()
            seconds = time.process_time() - begin
            optimizer.step()
            optimizer.zero_grad()
            return (time.process_time() - begin if with_adam else seconds), loss.data

        return step

    return program


def torch_letter_by_letter(with_adam: bool) -> Callable[[], tuple[float, float]]:
    import torch  # a rival, measured only where it is there

    torch.set_num_threads(1)
    w = {name: torch.tensor(x, dtype=torch.float64, requires_grad=True) for name, x in weights().items()}
    optimizer: Any = torch.optim.Adam([*w.values()], RATE) if with_adam else torch.optim.SGD([*w.values()], 0.05)
    count = itertools.count()

    def normalised(x: Any) -> Any:
        return x * (x.dot(x) / WIDTH + 1e-5) ** -0.5

    def step() -> tuple[float, float]:
        tokens = tokens_of(next(count))
        begin = time.process_time()
        keys: list[list[Any]] = [[] for _ in PARTS]
        values: list[list[Any]] = [[] for _ in PARTS]
        losses = []
        for position, (token, target) in enumerate(itertools.pairwise(tokens)):
            x = normalised(w["token"][token] + w["position"][position])
            rest, x = x, normalised(x)
            query, key, value = w["query"] @ x, w["key"] @ x, w["value"] @ x
            heads = []
            for part, ks, vs in zip(PARTS, keys, values):
                ks.append(key[part])
                vs.append(value[part])
                heads.append(torch.softmax(torch.stack(ks) @ query[part] * HEAD**-0.5, 0) @ torch.stack(vs))
            x = w["out"] @ torch.cat(heads) + rest
            x = w["down"] @ torch.relu(w["up"] @ normalised(x)) + x
            losses.append(-torch.log_softmax(w["head"] @ x, 0)[target])
        loss = torch.stack(losses).mean()
        optimizer.zero_grad()
        loss.backward()
        seconds = time.process_time() - begin
        optimizer.step()
        return (time.process_time() - begin if with_adam else seconds), float(loss)

    return step


ENGINES: dict[str, Callable[[bool], Callable[[], tuple[float, float]]]] = {
    "plain": plain,
    "vectors": ours(letter_by_letter),
    "matrices": ours(word_at_once),
    "torch": torch_letter_by_letter,
}


def work(engine: str, steps: int, with_adam: bool) -> str:
    """The mean seconds of a step, and the last loss."""
    step = ENGINES[engine](with_adam)
    gc.collect()
    found = [step() for _ in range(steps)]
    return f"{sum(seconds for seconds, _ in found) / steps} {found[-1][1]}"


def run(engine: str, options: argparse.Namespace, with_adam: bool) -> tuple[float, float]:
    """The result of `work` in its own process."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(HERE.parent), str(HERE)])}
    arguments = ["--worker", engine, "--steps", str(options.steps), *["--adam"] * with_adam]
    command = [sys.executable, str(Path(__file__)), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    if done.returncode:
        raise SystemExit(done.stderr)
    seconds, loss = map(float, done.stdout.split())
    return seconds, loss


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--worker", choices=ENGINES)
    parser.add_argument("--adam", action="store_true")
    options = parser.parse_args()
    if options.worker:
        print(work(options.worker, options.steps, options.adam))
        return
    has_torch = importlib.util.find_spec("torch") is not None
    for title, with_adam, engines in (
        ("forward and backward", False, ["plain", "vectors", "matrices"]),
        ("a whole step with Adam", True, ["torch", "vectors", "matrices"] if has_torch else []),
    ):
        times: dict[str, list[float]] = {engine: [] for engine in engines}
        for _ in range(options.rounds):
            for engine, found in times.items():
                seconds, loss = run(engine, options, with_adam)
                found.append(seconds)
                if engine != "plain":
                    print(f"  {engine}: {seconds * 1e3:.2f} ms, loss {loss:.12f}", file=sys.stderr)
        for engine in engines[1:]:
            ratio = min(times[engines[0]]) / min(times[engine])
            print(f"{title}, {engine}: {min(times[engine]) * 1e3:.2f} ms, {ratio:.2f} times as fast as {engines[0]}")


if __name__ == "__main__":
    main()
