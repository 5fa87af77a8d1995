"""The damage that Ctrl-C does: some thousands of interrupts by a timer, at random moments of a loop.

    python benchmarks/interrupts.py

For each loop: the number of interrupts, how many left a block open, and how many left a wrong number. A loop hangs if
it takes more than five minutes.
"""

from __future__ import annotations

import argparse
import random
import signal
import subprocess
import sys
import types
from typing import TYPE_CHECKING, Any

import scalargrad as sg
from scalargrad import optim, recording

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class Loop:
    """A loop to interrupt: it repeats `turn`, and `is_right` checks its state afterwards."""

    def turn(self) -> None:
        raise NotImplementedError

    def is_right(self) -> bool:
        return (sg.Value(2.0) * 3.0).is_tracked


class NoGrad(Loop):
    x = sg.Value(2.0)

    def turn(self) -> None:
        with sg.no_grad():
            self.x * self.x


class Lesson(Loop):
    def __init__(self) -> None:
        self.w, self.b = sg.Variable(-1.0), sg.Variable(-1.0)

    def turn(self) -> None:
        x = random.gauss(0, 1)
        with sg.GradientTape() as tape:
            loss = (self.w * x + self.b - (3 * x + 1)) ** 2
        dw, db = tape.gradient(loss, [self.w, self.b])
        self.w.assign_sub(0.01 * dw)
        self.b.assign_sub(0.01 * db)

    def is_right(self) -> bool:
        w, b = self.w, self.b
        with sg.GradientTape() as tape:
            loss = w * b
        return bool(tape.gradient(loss, [w, b]) == [b.numpy(), w.numpy()]) and super().is_right()


class Step(Loop):
    """All parameters are equal and have the same gradient, so they are still equal after any number of whole steps."""

    def __init__(self) -> None:
        self.v = sg.Variable([1.0] * 20)
        self.optimizer = optim.Adam([self.v], lr=0.01)

    def turn(self) -> None:
        self.optimizer.zero_grad()
        self.v.dot(self.v).backward()
        self.optimizer.step()

    def is_right(self) -> bool:
        states = {tuple(state) for state in self.optimizer.state_dict()["states"]}
        return len({*self.v.tolist()}) == 1 and len(states) == 1 and super().is_right()


class Backward(Loop):
    def __init__(self) -> None:
        self.leaves = [sg.Value(1.0) for _ in range(20)]

    def turn(self) -> None:
        sum((x * 3.0 for x in self.leaves), 0.0).backward()

    def is_right(self) -> bool:
        return len({x.grad for x in self.leaves}) == 1 and super().is_right()


class Patch(Loop):
    def __init__(self) -> None:
        self.module: Any = types.ModuleType("theirs")
        exec("from math import sin", vars(self.module))

    def turn(self) -> None:
        with sg.math.patch(self.module):
            self.module.sin(1.0)

    def is_right(self) -> bool:
        return bool(self.module.sin(1.0) == sg.math.sin(1.0)) and super().is_right()


def interrupts(make: Callable[[], Loop], count: int) -> Iterator[tuple[Loop, bool]]:
    """Interrupt a loop again and again; yields the loop and whether it left a block open."""
    for _ in range(count):
        loop = make()
        try:
            signal.setitimer(signal.ITIMER_REAL, random.uniform(2e-5, 3e-4))
            while True:
                loop.turn()
        except KeyboardInterrupt:
            pass
        open_before = recording.current().blocks
        yield loop, bool(open_before)
        for block, _ in open_before:
            recording.close_block(block)


def interrupt(*_: object) -> None:
    raise KeyboardInterrupt


LOOPS = {loop.__name__: loop for loop in (NoGrad, Lesson, Step, Backward, Patch)}


def play(name: str, count: int) -> None:
    """Interrupt one kind of loop, and print its row."""
    signal.signal(signal.SIGALRM, interrupt)
    found = [(left_open, loop.is_right()) for loop, left_open in interrupts(LOOPS[name], count)]
    left_open = sum(is_open for is_open, _ in found)
    wrong = sum(not right for is_open, right in found if not is_open)
    print(f"{name:<12}{len(found):>12,}{left_open:>12,}{wrong:>12,}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--count", type=int, default=5000, help="interrupts of each loop")
    parser.add_argument("--loop", choices=LOOPS, help="only this one, in this process")
    options = parser.parse_args()
    if options.loop:
        play(options.loop, options.count)
        return
    print(f"{'loop':<12}{'interrupts':>12}{'left open':>12}{'wrong':>12}", flush=True)
    for name in LOOPS:
        try:
            subprocess.run([sys.executable, __file__, "--loop", name, "--count", str(options.count)], timeout=300)
        except subprocess.TimeoutExpired:
            print(f"{name:<12} hangs")


if __name__ == "__main__":
    main()
