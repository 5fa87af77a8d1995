"""The trainings of the page: a line, two moons, a small GPT; in slices so short that a pause takes effect at once."""

from __future__ import annotations

import math
import random
import sys
import time
from functools import partial
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

import scalargrad as sg
from scalargrad.nn import MLP
from scalargrad.optim import SGD, Adam, RMSProp, linear_decay

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST_POINTS, MOST_NUMBER = 400, 1e6
GRID = 20  # places across the picture of a network's output


class Bar:
    """A progress bar that does not show."""

    def __init__(self, steps: Any, desc: str, disable: Any) -> None:
        self.steps, self.desc, self.disable = steps, desc, disable

    def __iter__(self) -> Iterator[Any]:
        return iter(self.steps)

    def set_postfix(self, **shown: Any) -> None:
        """Show nothing."""


def demo(name: str) -> Any:
    """A demo as a module, without its progress bar and its options on the command line."""
    options = dict.fromkeys(["picture", "positive", "share", "target", "whole"])
    for module, names in (("tqdm", {"tqdm": Bar}), ("options", options)):
        if module not in sys.modules:
            sys.modules[module] = stub = ModuleType(module)
            for each, thing in names.items():
                setattr(stub, each, thing)
    return import_module(name)


def optimizer_named(name: str, rate: float) -> Any:
    """One of the optimisers that the page offers."""
    kinds: dict[str, Any] = {"SGD": SGD, "momentum": partial(SGD, momentum=0.9), "RMSProp": RMSProp, "Adam": Adam}
    return kinds[name](lr=rate)


def points_in(text: str, width: int) -> list[list[float]]:
    """The points in a text, one per line: `width` numbers with commas or spaces between them.

    Raises ValueError for any other line.
    """
    points: list[list[float]] = []
    for i, line in enumerate(text.splitlines(), 1):
        parts = line.replace(",", " ").replace(";", " ").split()
        if not parts or line.lstrip().startswith("#"):
            continue
        try:
            point = [float(part) for part in parts]
        except ValueError:
            if not points:  # the header of a table
                continue
            point = []
        if len(point) != width or not all(abs(x) <= MOST_NUMBER for x in point):
            told = line.strip()[:40]
            raise ValueError(f"line {i} of the points has {told!r}; give {width} numbers of up to a million")
        points.append(point)
    if not 2 <= len(points) <= MOST_POINTS:
        there_are = "there is 1 point" if len(points) == 1 else f"there are {len(points)} points"
        raise ValueError(f"{there_are}; give from 2 to {MOST_POINTS}, one per line")
    return points


class Training:
    """Steps of an optimiser, as many as fit into a slice of time."""

    optimizer: Any
    steps = 0
    loss = math.nan

    def advance(self) -> None:
        """One step."""
        raise NotImplementedError

    def state(self) -> dict[str, Any]:
        """The state that the page shows."""
        raise NotImplementedError

    def slice(
        self, seconds: float, rate: float | None = None, steps: int = 1000, with_state: bool = True
    ) -> dict[str, Any]:
        """Advance for some seconds, by 1 to `steps` steps. Returns the losses and, if asked for, the state."""
        if rate is not None:
            self.optimizer.lr = rate
        end = time.perf_counter() + seconds
        longest = 0.0
        losses: list[float] = []
        while len(losses) < steps and (not losses or time.perf_counter() + longest < end):
            start = time.perf_counter()
            self.advance()
            longest = max(longest, time.perf_counter() - start)
            self.steps += 1
            if not self.loss < 1e12:
                over = "The loss diverged; lower the rate, and then reset."
                return {**self.state(), "steps": self.steps, "losses": losses, "over": over}
            losses.append(self.loss)
        return {**(self.state() if with_state else {}), "steps": self.steps, "losses": losses}


class Line(Training):
    """The lesson's line, w x + b, learned one point at a time."""

    def __init__(self, points: str, optimizer: str, rate: float) -> None:
        self.points = points_in(points, 2) if points else [[i / 5 - 1, 3 * (i / 5 - 1) + 1] for i in range(11)]
        self.w, self.b = sg.Variable(-1.0, name="w"), sg.Variable(-1.0, name="b")
        self.optimizer = optimizer_named(optimizer, rate)
        self.order = random.Random(1)
        self.path = [[-1.0, -1.0]]
        columns = zip(*[(x, y, x * x, x * y, y * y) for x, y in self.points])
        self.moments: list[float] = [sum(column) / len(self.points) for column in columns]

    def loss_at(self, w: float, b: float) -> float:
        """The mean squared error."""
        x, y, xx, xy, yy = self.moments
        return w * w * xx + 2 * w * (b * x - xy) + b * b - 2 * b * y + yy

    def advance(self) -> None:
        x, y = self.order.choice(self.points)
        with sg.GradientTape() as tape:
            loss = (self.w * x + self.b - y) ** 2
        variables = [self.w, self.b]
        self.optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables))
        w, b = self.w.data, self.b.data
        self.path.append([w, b])
        self.loss = max(0.0, self.loss_at(w, b)) if abs(w) + abs(b) < 1e12 else math.inf

    def state(self) -> dict[str, Any]:
        path, self.path = self.path, self.path[-1:]
        return {"points": self.points, "path": path, "says": f"w = {path[-1][0]:.4g}, b = {path[-1][1]:.4g}"}

    def surface(self, count: int = 80) -> dict[str, Any]:
        """The loss over a part of the plane of w and b that holds its minimum and the start of the training."""
        x, y, xx, xy, _ = self.moments
        w = (xy - x * y) / (xx - x * x or 1.0)
        best = [w, y - w * x]
        reach = 1.5 * max(1.0, *[abs(x + 1) for x in best])
        low, high = [x - reach for x in best], [x + reach for x in best]
        across, up = [[a + (z - a) * i / (count - 1) for i in range(count)] for a, z in zip(low, high)]
        return {"low": low, "high": high, "grid": [[self.loss_at(w, b) for w in across] for b in up]}


class Classes(Training):
    """A network that tells two classes of points apart, with the loss of demos/moons.py over all points at once."""

    def __init__(self, points: str, optimizer: str, rate: float, width: int, activation: str) -> None:
        moons = demo("moons")
        if points:
            found = points_in(points, 3)
            self.points, self.labels = [(x, y) for x, y, _ in found], [1 if z > 0 else -1 for _, _, z in found]
        else:
            self.points, self.labels = moons.moons(100, 0.1, 7)
        self.alpha = moons.ALPHA
        self.model = MLP(2, [width, width, 1], activation=activation, init="uniform", seed=7)
        self.variables = self.model.trainable_variables
        self.inputs, self.wanted = sg.Matrix(self.scaled()), sg.Vector(self.labels)
        self.optimizer = optimizer_named(optimizer, rate)
        self.measure()

    def measure(self) -> None:
        """Compute the loss and its gradients."""
        with sg.GradientTape() as tape:
            agreement = self.wanted * self.model(self.inputs)
            squares = sg.Vector([(v * v).sum() for v in self.variables])
            loss = sg.relu(1 - agreement).mean() + self.alpha * squares.sum()
        self.loss, self.gradients = loss.data, tape.gradient(loss, self.variables)
        self.right = sum(x > 0 for x in agreement.tolist())

    def scaled(self) -> list[tuple[float, float]]:
        """The points as the network sees them: scaled to a square around 0, about the size that the moons have."""
        xs, ys = zip(*self.points)
        self.centre = (min(xs) + max(xs)) / 2, (min(ys) + max(ys)) / 2
        reach = max(max(xs) - min(xs), max(ys) - min(ys)) / 2 or 1.0
        self.scale = 1.5 / reach
        return [self.seen(x, y) for x, y in self.points]

    def seen(self, x: float, y: float) -> tuple[float, float]:
        return (x - self.centre[0]) * self.scale, (y - self.centre[1]) * self.scale

    def advance(self) -> None:
        self.optimizer.apply_gradients(zip(self.gradients, self.variables))
        self.measure()

    def state(self) -> dict[str, Any]:
        return {
            "weights": [v.tolist() for v in self.variables],
            "gradients": [g.tolist() for g in self.gradients],
            "says": f"{self.right} of {len(self.points)} points are on the right side",
        }

    def plane(self) -> dict[str, Any]:
        """The output of the network over the plane, in rows from the lowest y."""
        edge = 0.25 / self.scale
        reach = 1.5 / self.scale + edge
        low = [c - reach for c in self.centre]
        steps = [2 * reach * i / (GRID - 1) for i in range(GRID)]
        places = [self.seen(low[0] + x, low[1] + y) for y in steps for x in steps]
        with sg.no_grad():
            told = self.model(sg.Matrix(places)).tolist()
        return {
            "low": low,
            "high": [c + reach for c in self.centre],
            "grid": [told[i * GRID : (i + 1) * GRID] for i in range(GRID)],
            "points": [[*point, label] for point, label in zip(self.points, self.labels)],
        }


class Names(Training):
    """The small GPT of demos/microgpt.py, which learns names, one per step; the rate falls to 0 over `steps` steps."""

    def __init__(self, steps: int = 1000) -> None:
        self.demo, words = demo("microgpt"), demo("gpt_options")
        words.MODULES = " ".join(filter(importable, words.MODULES.split()))
        self.words = words.names_of_python(self.demo.CONTEXT - 2)
        self.known = {*self.words}
        self.letters = "".join(sorted({letter for word in self.words for letter in word}))
        random.Random(1).shuffle(self.words)
        self.model = self.demo.GPT(len(self.letters) + 1, 16, 1, 4, 1)
        self.optimizer = Adam(self.model.trainable_variables, lr=linear_decay(0.01, steps), betas=(0.85, 0.99))
        self.generator = random.Random(1)

    def advance(self) -> None:
        word = self.words[self.steps % len(self.words)]
        (self.loss,) = self.demo.train(self.model, self.optimizer, [word], self.letters, self.optimizer.iterations + 1)

    def state(self) -> dict[str, Any]:
        return {}

    def samples(self, count: int, temperature: float = 0.5) -> list[list[Any]]:
        """Names that it invents, each with whether it was taught that name."""
        words = [self.demo.sample(self.model, self.letters, temperature, self.generator) for _ in range(count)]
        return [[word, word in self.known] for word in words]

    def attention(self, word: str) -> dict[str, Any]:
        """Where each head looks in a word, with a row for each letter; unknown letters are left out."""
        known = [letter for letter in word.lower() if letter in self.letters][: self.demo.CONTEXT - 1]
        with sg.no_grad():
            _, shares = self.model([len(self.letters), *map(self.letters.index, known)])
        return {"letters": ["^", *known], "heads": [share.tolist() for share in shares]}


def importable(name: str) -> bool:
    try:
        import_module(name)
    except ImportError:
        return False
    return True


KINDS = {"line": Line, "classes": Classes, "names": Names}
