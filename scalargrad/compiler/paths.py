"""All known paths of a traced function as one tree: stretches of operations, with questions between them."""

from __future__ import annotations

from .tracer import Traced, key_of_operation

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

    from ..engine.contexts import Interval
    from ..engine.value import Value
    from .tracer import Trace


class Branch:
    """A stretch of operations, followed by a question with its known answers, or by the result.

    The result is a structure and the numbers in it.
    """

    __slots__ = ("answers", "nodes", "place", "question", "result")

    def __init__(self) -> None:
        self.nodes: list[Traced] = []
        self.question: Traced | None = None
        self.place: tuple[str, int] = ("", 0)
        self.answers: dict[Any, Branch] = {}
        self.result: tuple[Any, list[Any]] | None = None

    @property
    def ends(self) -> list[Any]:
        """The purpose of the operations: the question, or the numbers in the result."""
        return [self.question] if self.question is not None else self.result[1] if self.result else []

    def table(self) -> dict[Any, Traced]:
        """The operations by their keys."""
        return {key_of_operation(node.operation, node.operands): node for node in self.nodes}

    def walk(self) -> Iterator[Branch]:
        """This branch and all branches below it, each before its followers."""
        stack = [self]
        while stack:
            branch = stack.pop()
            yield branch
            stack += branch.answers.values()


class PathTree:
    """The tree of paths of a function for one structure of arguments, and its inputs: arguments and leaves."""

    def __init__(self) -> None:
        self.root = Branch()
        self.inputs: list[Traced] = []
        self.leaves: dict[float, tuple[Value, Traced]] = {}
        self.outside: dict[float, Value] = {}
        self.count = 0

    def add(self, trace: Trace, inputs: Sequence[Traced], result: tuple[Any, list[Any]]) -> int:
        """Add the path of a trace, whose result is a structure and the numbers in it.

        Returns how many of its operations, answers and results are new: 0 if the path was known.

        A function that asks a different question after the same answers has changed, so all earlier paths are
        forgotten.
        """
        twins: dict[int, Traced] = {}
        if not self.count:
            self.inputs = [self.number(x) for x in inputs]
        self.outside.update(trace.outside)
        twins.update((id(x), twin) for x, twin in zip(inputs, self.inputs))
        for key, (value, leaf) in trace.leaves.items():
            if key not in self.leaves:
                self.leaves[key] = value, self.number(leaf)
            twins[id(leaf)] = self.leaves[key][1]
        here, scope = self.root, self.root.table()
        answers = 0
        new: list[tuple[Branch, Traced, tuple[Any, ...]]] = []
        for event in trace.events:
            if isinstance(event, Traced):
                operands = tuple([twins[id(x)] if isinstance(x, Traced) else x for x in event.operands])
                twin = scope.get(key_of_operation(event.operation, operands)) if scope else None
                if twin is None:  # it is not among the new ones either, since a trace has each operation once
                    twin = self.number(event)
                    new.append((here, event, operands))
                twin.keeps = twin.keeps or event.keeps
                twins[id(event)] = twin
                continue
            question, answer, place = event
            if here.result is not None or (here.question is not None and here.question is not twins[id(question)]):
                return self.begin_anew(trace, inputs, result)
            here.question, here.place = twins[id(question)], place
            if answer not in here.answers:
                here.answers[answer] = Branch()
                answers += 1
            here = here.answers[answer]
            scope.update(here.table())
        if here.question is not None:
            return self.begin_anew(trace, inputs, result)
        for branch, node, operands in new:
            node.operands = operands
            branch.nodes.append(node)
        if here.result is not None:
            return len(new) + answers
        here.result = result[0], [twins[id(x)] if isinstance(x, Traced) else x for x in result[1]]
        return len(new) + answers + 1

    def begin_anew(self, trace: Trace, inputs: Sequence[Traced], result: tuple[Any, list[Any]]) -> int:
        fresh = PathTree()
        new = fresh.add(trace, inputs, result)
        vars(self).update(vars(fresh))
        return new

    def is_followed_in(self, interval: Interval) -> bool:
        """Whether something in an interval follows the values that the function closes over."""
        closed_over = [*(value for value, _ in self.leaves.values()), *self.outside.values()]
        return any(value.is_followed_in(interval) for value in closed_over)

    def number(self, node: Traced) -> Traced:
        """Add a node, under a number of its own."""
        self.count += 1
        node.index, node.is_known = self.count, True
        return node
