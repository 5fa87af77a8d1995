"""Who records, and when: blocks that are left out of order, against a model of them."""

import contextvars
from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

import scalargrad as sg
from tests.support.tapes import is_recorded

# ---- Blocks that are left out of order -------------------------------------------------------------------------------


def holding(block):
    """A generator that holds a block open while it waits."""
    with block as entered:
        yield entered


def test_a_tape_left_out_of_order_is_the_one_that_stops():
    x = sg.Variable(3.0)
    first, second = sg.GradientTape(persistent=True), sg.GradientTape(persistent=True)
    holds_first, holds_second = holding(first), holding(second)
    next(holds_first)
    next(holds_second)
    both = x * x
    holds_first.close()
    one = x * x
    holds_second.close()
    none = x * x
    assert [first.gradient(y, x) for y in (both, one, none)] == [6.0, None, None]
    assert [second.gradient(y, x) for y in (both, one, none)] == [6.0, 6.0, None]


def test_a_generator_that_gives_way_records_what_its_caller_computes():
    x = sg.Variable(3.0)
    generator = holding(sg.GradientTape(persistent=True))
    tape = next(generator)
    y = x * x
    generator.close()
    assert tape.gradient(y, x) == 6.0


def test_a_generator_that_is_thrown_away_ends_its_tape():
    x = sg.Variable(3.0)
    tape = sg.GradientTape()
    generator = holding(tape)
    next(generator)
    del generator
    y = x * x
    assert tape.gradient(y, x) is None


def test_a_tape_opened_in_one_context_may_be_left_in_another():
    x = sg.Variable(3.0)
    tape = sg.GradientTape(persistent=True)
    generator = holding(tape)
    contextvars.copy_context().run(next, generator)
    assert tape.gradient(x * x, x) is None
    generator.close()
    with tape:
        y = x * x
    assert tape.gradient(y, x) == 6.0


# ---- The same in any order -------------------------------------------------------------------------------------------


# Random events in several contexts: blocks are opened, left in any order and from any context, tapes are told to watch,
# values are computed, contexts are copied. What is on each record is compared with a model that keeps sets of names.
LEAVES = range(2)  # the first values are leaves, then come a constant and a result that no tape saw
GIVEN = 4
TAPES = 3


class Record:
    """What one tape has on its record: the values it follows, and the slopes of its nodes by these."""

    def __init__(self, watches_by_use):
        self.watches_by_use = watches_by_use
        self.watched = set()
        self.followed = set()
        self.slopes = {}

    def watch(self, value):
        self.watched.add(value)
        self.followed.add(value)

    def add(self, node, slopes):
        if self.watches_by_use:
            self.followed |= slopes.keys() & LEAVES
        if known := {value: slope for value, slope in slopes.items() if value in self.followed}:
            self.slopes[node] = known
            self.followed.add(node)

    def gradients(self, source):
        """Of all values that depend on the source, by the forward rule."""
        found = {source: 1.0}
        for node, slopes in self.slopes.items():
            ways = [slope * found[value] for value, slope in slopes.items() if value in found]
            if ways and node != source:
                found[node] = sum(ways)
        return found


@dataclass
class Opened:
    """A block that a generator holds open, and the contexts it is open in."""

    kind: str
    tape: int
    generator: object
    contexts: set


class Play:
    """The events, played on real tapes and on their models."""

    def __init__(self, by_use):
        self.tapes = [sg.GradientTape(True, watches) for watches in by_use]
        self.records = [Record(watches) for watches in by_use]
        self.values = [sg.Value(2.0), sg.Variable(3.0), sg.constant(5.0), sg.Value(7.0) * 1.0]
        self.tracked = {0, 1, 3}
        self.contexts = [contextvars.copy_context(), contextvars.copy_context()]
        self.opened = []

    def tapes_in(self, context, kind):
        return {block.tape for block in self.opened if block.kind == kind and context in block.contexts}

    def is_silent_in(self, context):
        return bool(self.tapes_in(context, "silence"))

    def recording_in(self, context):
        return self.tapes_in(context, "tape") - self.tapes_in(context, "pause")

    def open(self, context, kind, tape):
        """Open a block, where that makes sense: a tape that is not open, nor was left in its pause; a pause of it."""
        own = {block.kind for block in self.opened if block.tape == tape and block.kind != "silence"}
        if (kind == "tape" and own) or (kind == "pause" and "tape" not in own):
            return
        real = self.tapes[tape]
        block = sg.no_grad() if kind == "silence" else real.stop_recording() if kind == "pause" else real
        generator = holding(block)
        self.contexts[context].run(next, generator)
        self.opened.append(Opened(kind, tape, generator, {context}))

    def close(self, context, which):
        if self.opened:
            self.contexts[context].run(self.opened.pop(which % len(self.opened)).generator.close)

    def copy(self, context):
        for block in self.opened:
            if context in block.contexts:
                block.contexts.add(len(self.contexts))
        self.contexts.append(self.contexts[context].copy())

    def watch(self, context, tape, which):
        value = len(self.values) - 1 - which % len(self.values)
        self.contexts[context].run(self.tapes[tape].watch, self.values[value])
        self.records[tape].watch(value)

    def compute(self, context, first, second):
        new = len(self.values)
        i, j = new - 1 - first % new, new - 1 - second % new
        left, right = self.values[i], self.values[j]
        self.values.append(self.contexts[context].run(sg.Vector([left, right]).dot, [1.0, 2.0]))
        if self.is_silent_in(context):
            return
        slopes = {i: 3.0} if i == j else {i: 1.0, j: 2.0}
        recording = [self.records[tape] for tape in self.recording_in(context)]
        for record in recording:
            record.add(new, slopes)
        if slopes.keys() & self.tracked.union(*(record.watched for record in recording)):
            self.tracked.add(new)

    def run(self, events):
        for name, context, *arguments in events:
            getattr(self, name)(context % len(self.contexts), *arguments)
        while self.opened:
            self.close(0, 0)


def an_event(name, *arguments):
    return st.tuples(st.just(name), st.integers(0, 3), *arguments)


which = st.integers(0, 9)
some_tape = st.integers(0, TAPES - 1)
compute_event = an_event("compute", which, which)
open_event = an_event("open", st.sampled_from(["tape", "tape", "pause", "silence"]), some_tape)
events = st.lists(
    st.one_of(
        compute_event,
        open_event,
        compute_event,
        open_event,
        an_event("close", which),
        an_event("watch", some_tape, which),
        an_event("copy"),
    ),
    min_size=12,
    max_size=40,
)


@given(st.lists(st.booleans(), min_size=TAPES, max_size=TAPES), events)
def test_blocks_record_as_their_model_does_in_whatever_order_and_context_they_are_left(by_use, events):
    play = Play(by_use)
    play.run(events)
    assert {i for i, value in enumerate(play.values) if value.is_tracked} == play.tracked
    assert is_recorded()
    for tape, record in zip(play.tapes, play.records, strict=True):
        if tape.began is None:
            continue
        expected = [record.gradients(source) for source in range(len(play.values))]
        for i, target in enumerate(play.values[GIVEN:], GIVEN):
            assert tape.gradient(target, play.values) == [gradients.get(i) for gradients in expected]
