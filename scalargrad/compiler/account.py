"""The costs of compiling in a program, and whether compiling one more path or structure pays."""

from __future__ import annotations

import math

# Costs in units of one operation of an uncompiled call, so that accounts are the same on every machine. Measured on
# CPython 3.11, over loops, Newton's iterations, gradients and functions of three operations: an operation takes 0.8 to
# 1.3 µs in an uncompiled call, 11 to 20 µs to trace, and 22 to 34 µs to generate as code. In addition a call takes 10
# to 20 µs uncompiled and 70 to 150 µs traced, and code takes 330 to 500 µs.
CALL = 10
TRACE, TRACED_CALL = 15, 100
GENERATE, CODE = 25, 400
ALLOWANCE = 50_000  # what compiling may always cost, about 60 ms
SHARE = 0.5  # what compiling may cost beyond that, as a share of the uncompiled cost of calls on unknown paths
PATIENCE, LOSS = 30, 50_000  # how many calls must run uncompiled, and at what cost, before a warning


class Account:
    """The cost of compiling a function so far, against the cost of its calls if they had run uncompiled.

    Compiling may cost an allowance, plus half of the uncompiled cost of the calls on paths that no code knew. So all
    calls together take at worst about twice as long as uncompiled ones, and paths that recur are compiled in the end.
    Calls that the code handles are not counted: they cost next to nothing, and counting would cost as much.

    The traced calls are a sample of the calls on unknown paths. Their geometric mean is the estimate for all of these,
    since one long call among short ones does not raise it much.
    """

    def __init__(self) -> None:
        self.spent = 0.0
        self.missed = 0  # calls on paths that no code knew
        self.traced = 0  # how many of these were traced
        self.logarithms = 0.0  # the sum of the logarithms of the uncompiled costs of traced calls
        self.of_a_call = 0.0  # the estimated uncompiled cost of a call
        self.paths = 0  # new paths in the traced calls
        self.refused = 0  # traced calls that cannot be compiled
        self.left = 0  # missed calls that ran uncompiled
        self.strange = 0  # how many of these had a new structure
        self.warned = False

    def count(self, operations: int) -> None:
        """Add a traced call to the account."""
        self.traced += 1
        self.logarithms += math.log(CALL + operations)
        self.spent += TRACED_CALL + TRACE * operations
        self.of_a_call = math.exp(self.logarithms / self.traced)

    def affords(self, cost: float) -> bool:
        return self.spent + cost <= ALLOWANCE + SHARE * self.missed * self.of_a_call
