"""What compiling costs a program, beside what it saves: whether one more path or structure pays."""

from __future__ import annotations

import math

# What things cost, with an operation of an uncompiled call as the unit, so that accounts come out the same on every
# machine. Measured on CPython 3.11, over loops, Newton's iterations, gradients and functions of three operations: one
# takes 0.8 to 1.3 µs in an uncompiled call, 11 to 20 µs where it is traced, 22 to 34 µs where it becomes code. Beside
# that a call takes 10 to 20 µs uncompiled and 70 to 150 µs traced, and code 330 to 500 µs.
CALL = 10
TRACE, TRACED_CALL = 15, 100
GENERATE, CODE = 25, 400
ALLOWANCE = 50_000  # what compiling may cost whatever the calls cost, some 60 ms
SHARE = 0.5  # what it may cost beyond that, as a part of what the calls of which no code knew the path would have cost
PATIENCE, LOSS = 30, 50_000  # how many calls run uncompiled, and what they cost, before a warning says so


class Account:
    """What compiling a function has cost, beside what its calls would have cost uncompiled.

    Compiling may cost an allowance, and half as much as those calls of which no code knew the path. So all calls
    together take about twice as long as uncompiled ones, at worst, and paths that come again and again are compiled in
    the end. Calls that the code takes are not counted: they cost next to nothing, and counting would cost as much.

    What is traced is a sample of those calls. Its geometric mean stands for them all, which one long call among short
    ones does not raise by much.
    """

    def __init__(self) -> None:
        self.spent = 0.0
        self.missed = 0  # calls of which no code knew the path
        self.traced = 0  # of these
        self.logarithms = 0.0  # the sum of those of what the traced ones would have cost uncompiled
        self.of_a_call = 0.0  # what one of them would have cost, as the traced ones tell
        self.paths = 0  # that were new in these
        self.refused = 0  # of these, which cannot be compiled
        self.left = 0  # how many of them ran uncompiled
        self.strange = 0  # how many of these had a new structure
        self.warned = False

    def count(self, operations: int) -> None:
        """Take in a call that was traced."""
        self.traced += 1
        self.logarithms += math.log(CALL + operations)
        self.spent += TRACED_CALL + TRACE * operations
        self.of_a_call = math.exp(self.logarithms / self.traced)

    def affords(self, cost: float) -> bool:
        return self.spent + cost <= ALLOWANCE + SHARE * self.missed * self.of_a_call
