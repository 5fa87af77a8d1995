"""Answers the page: runs a program, and gives what the page shows of its last value. Plain Python.

Requests and answers are dicts, sent as JSON. A leaf is identified by the text of the statement that makes it, so that
its slider keeps its number until that very statement is edited.
"""

from __future__ import annotations

import ast
import builtins
import gc
import io
import json
import math
import sys
import time
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from typing import TYPE_CHECKING, Any

from scalargrad.engine import many, value
from scalargrad.engine.many import Live, Values
from scalargrad.engine.rows import KEY, NUMBER, OPERATION, SERIAL, identity_of, next_serial, rows_below
from scalargrad.engine.value import Value, place_in_leaf
from scalargrad.graph.explain import backward
from scalargrad.graph.graph import Graph, is_node, is_whole, node_shape, operation_name
from scalargrad.graph.many import added, number_and_shape
from scalargrad.graph.picture import WIDE_GAP, Cell, Picture, short
from scalargrad.graph.svg import svg_of
from scalargrad.graph.table import rows
from scalargrad.plot.graphs import all_flows_back, flows_back, local_flows
from scalargrad.tape import variable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from scalargrad.graph.graph import Node

PROGRAM = "<program>"
MOST_OUTPUT = 20_000  # characters
MOST_SLIDERS, MOST_ROWS, MOST_STEPS = 60, 200, 80
BETWEEN = 0.1  # seconds between two pieces of output that are sent
NOTHING = "The program has no Value to draw at its end: those of a function go when it returns, unless it returns them."
CONSTANTS = "Plain numbers and constants alone are not followed. Make a Value or a Variable of what you want to move."
TIMES = 3  # as large as a figure may be, since the page scrolls
DEEP = 1_000  # rows of a graph that is freed row by row


# ---- The program -----------------------------------------------------------------------------------------------------


class Output(io.TextIOBase):
    """The output of a program, up to a limit; it is sent in pieces while the program runs."""

    def __init__(self, send: Callable[[str], None]) -> None:
        self.send = send
        self.waiting: list[str] = []
        self.left = MOST_OUTPUT
        self.sent = time.perf_counter()

    def write(self, text: str) -> int:
        if self.left > 0:
            self.waiting.append(text[: self.left])
            self.left -= len(text)
            if self.left <= 0:
                self.waiting.append(f"\n(More than {MOST_OUTPUT:,} characters were printed; the rest is left out.)\n")
            if self.left <= 0 or time.perf_counter() - self.sent > BETWEEN:
                self.flush()
        return len(text)

    def flush(self) -> None:
        if self.waiting:
            self.send("".join(self.waiting))
            self.waiting.clear()
            self.sent = time.perf_counter()


@contextmanager
def put_back(*modules: Any) -> Iterator[None]:
    """A block after which these modules have the names that they had before."""
    before = [vars(module).copy() for module in modules]
    try:
        yield
    finally:
        for module, names in zip(modules, before):
            now = module.__dict__
            now.update(names)  # first of all, since it may be `len` that is gone
            for name in now.keys() - names.keys():
                del now[name]


def statements_of(program: str) -> dict[int, str]:
    """The text of the innermost statement on each line, with no spaces around its lines; of a block only its head."""
    lines = [line.strip() for line in program.splitlines()]
    found: dict[int, str] = {}
    try:
        nodes = [*ast.walk(ast.parse(program))]  # outer ones first
    except (SyntaxError, ValueError, RecursionError):
        return found  # it will not run
    for node in nodes:
        if isinstance(node, ast.stmt):
            body = getattr(node, "body", None)
            end = max(node.lineno, body[0].lineno - 1) if body else node.end_lineno or node.lineno
            text = "\n".join(lines[node.lineno - 1 : end])
            found.update(dict.fromkeys(range(node.lineno, end + 1), text))
    return found


class Leaves:
    """The leaves that a program makes, keyed by the statements that make them; sliders give numbers to some of them.

    The key of a leaf is the text of its statement, its place among the leaves of equal ones, and the place of an
    element.
    """

    def __init__(self, program: str, given: Mapping[str, float]) -> None:
        self.statements = statements_of(program)
        self.given = given
        self.counts: dict[str, int] = {}
        self.made: dict[float, tuple[str, int]] = {}  # by the key of the leaf's row, or the serial of a constant's

    def key(self) -> tuple[str, int] | None:
        """The key of the leaf being made, without the place of an element, and its line; None outside the program."""
        frame = sys._getframe(2)
        while frame is not None and frame.f_code.co_filename != PROGRAM:
            frame = frame.f_back  # type: ignore[assignment]
        if frame is None:
            return None
        text = self.statements[frame.f_lineno]
        place = self.counts[text] = self.counts.get(text, -1) + 1
        return f"{text}|{place}", frame.f_lineno

    @contextmanager
    def followed(self) -> Iterator[None]:
        """A context in which leaves are noted and get the numbers that are given for them."""
        make_leaf_before, constants_before = value.make_leaf, many.constants

        def make_leaf(made: Any, number: Any, *args: Any, **options: Any) -> Any:
            found = self.key()
            leaf = make_leaf_before(made, self.given_for(found, number), *args, **options)
            if found is not None:
                self.made[leaf.row[KEY]] = found
            return leaf

        def constants(numbers: tuple[Any, ...], shape: Any) -> Any:
            if sys._getframe(1).f_code.co_name not in ("gathered", "constant"):  # computed from others
                return constants_before(numbers, shape)
            found = self.key()
            made = constants_before(self.given_for(found, numbers), shape)
            if found is not None:
                self.made[made.row[SERIAL]] = found
            return made

        self.set_makers(make_leaf, constants)
        try:
            yield
        finally:
            self.set_makers(make_leaf_before, constants_before)

    def given_for(self, found: tuple[str, int] | None, number: Any) -> Any:
        """The number or numbers of a leaf, replaced by those that sliders give."""
        if found is None or not self.given:
            return number
        if isinstance(number, tuple):
            return tuple([self.given.get(f"{found[0]}|{i}", x) for i, x in enumerate(number)])
        return self.given.get(f"{found[0]}|0", number)

    @staticmethod
    def set_makers(make_leaf: Any, constants: Any) -> None:
        """Set the functions that make leaves and named constants, in the modules that call them."""
        for module in (value, many, variable):
            module.make_leaf = make_leaf  # type: ignore[attr-defined]
        for module in (many, variable):
            module.constants = constants  # type: ignore[attr-defined]


def execute(program: str, namespace: dict[str, Any]) -> Any:
    """Run a program; returns the value of its last line, if that is an expression."""
    tree = ast.parse(program, PROGRAM)
    last = tree.body[-1] if tree.body else None
    if not isinstance(last, ast.Expr):
        exec(compile(tree, PROGRAM, "exec"), namespace)
        return None
    tree.body.pop()
    exec(compile(tree, PROGRAM, "exec"), namespace)
    return eval(compile(ast.Expression(last.value), PROGRAM, "eval"), namespace)


def name_values(namespace: Mapping[str, Any]) -> None:
    """Label values that have no label with the names of the variables that hold them, directly or in a list."""
    for name, thing in namespace.items():
        if name.startswith("_"):
            continue
        if is_node(thing):
            if thing.label is None:
                thing.label = name
        elif isinstance(thing, (list, tuple)) and len(thing) <= MOST_SLIDERS:
            for i, each in enumerate(thing):
                if is_node(each) and each.label is None:
                    each.label = f"{name}[{i}]"


def target_of(result: Any, namespace: Mapping[str, Any], since: float) -> Any:
    """What to draw: the value of the last expression, or else the value computed last; None if there is no value.

    `since` is the serial number when the program began.
    """
    if can_be_drawn(result):
        return result
    parts = [part for x in namespace.values() for part in (x if isinstance(x, (list, tuple)) else (x,))]
    values = [x for x in parts if is_node(x)]
    computed = [x for x in values if is_computed(x)]
    if not computed:  # perhaps an object or a deeper list holds one
        computed = [x for x in values_alive() if is_computed(x) and x.row[SERIAL] > since]
    return max(computed or values, key=lambda x: identity_of(x.row), default=None)


def can_be_drawn(result: Any) -> bool:
    return is_node(result) or (isinstance(result, (list, tuple)) and bool(result) and all(map(is_node, result)))


def is_computed(x: Any) -> bool:
    """Whether a value is the result of an operation; a vector of leaves has a new row each time it is asked for one."""
    return bool(x.row[OPERATION]) and not isinstance(x, Live)


def values_alive() -> list[Any]:
    return [x for x in gc.get_objects() if issubclass(type(x), (Value, Values))]


def error_of(error: BaseException, program: str) -> dict[str, Any]:
    """An error as the page shows it, with the line of the program where it happened, from 1."""
    line = 0
    if isinstance(error, SyntaxError) and error.filename == PROGRAM:
        line, text = error.lineno or 0, error.msg
    else:
        text = str(error)
        trace = error.__traceback__
        while trace is not None:
            if trace.tb_frame.f_code.co_filename == PROGRAM:
                line = trace.tb_lineno
            trace = trace.tb_next
    if isinstance(error, SystemExit):
        text = "the program ended itself; leave out exit() to see its graph"
    line = min(line, 1 + program.count("\n"))
    return {"line": line, "text": f"{type(error).__name__}: {text}" if text else type(error).__name__}


# ---- The picture -----------------------------------------------------------------------------------------------------


def in_full(x: Any) -> str:
    """A number, or many numbers without leaving out any, unless there are too many to read."""
    return f"[{', '.join(map(short, x))}]" if isinstance(x, (list, tuple)) and len(x) <= 100 else short(x)


class Kept(Picture):
    """A picture in the layout of an older one, of a graph with the same structure; texts on edges stay in place."""

    def __init__(self, old: Picture, graph: Graph) -> None:
        nodes = dict(zip(numbered(old.graph), numbered(graph)))

        def moved(thing: Any) -> Any:
            return (nodes[thing[0]], thing[1]) if isinstance(thing, tuple) else nodes[thing]

        self.graph, self.note, self.limits = graph, old.note, old.limits
        self.weights, self.heaviest = {}, 1.0  # only folded pictures have weights
        self.cells = {node: Cell(node, graph.operands(node)) for node in map(nodes.__getitem__, old.cells)}
        self.places = {moved(thing): place for thing, place in old.places.items()}
        self.edges = {(moved(a), moved(b), i): way for (a, b, i), way in old.edges.items()}
        self.texts: list[Any] = getattr(old, "texts", None) or [way[-1] for way in old.ways(local_flows(old))]

    def ways(self, flows: Any) -> Any:
        found = []
        for (edge, ((x0, y0), *between, (x1, y1))), place in zip(self.edges.items(), self.texts):
            start, end, _ = edge
            way = [(x0 + self.half_width(start), y0), *between, (x1 - self.half_width(end), y1)]
            found.append((edge, way, flows.get(edge, ""), place))
        return found


def numbered(graph: Graph) -> list[Node]:
    """The nodes in the order of their numbers in the picture."""
    return [*graph.leaves, *graph.computed]


def structure(graph: Graph) -> tuple[Any, ...]:
    """The structure of a graph: one layout fits all graphs that have it in common."""
    at = {node: i for i, node in enumerate(numbered(graph))}
    leaves = [(graph.names[x], node_shape(x)) for x in graph.leaves]
    computed = [
        (graph.names[x], node_shape(x), operation_name(x), *[at.get(y, graph.name(y)) for y in graph.operands(x)])
        for x in graph.computed
    ]
    return leaves, computed, [at[x] for x in graph.targets]


class Shown:
    """A graph, with the answers to all questions of the page about it."""

    def __init__(self, target: Any, leaves: Leaves) -> None:
        self.target = target
        self.graph = Graph([*target] if isinstance(target, (list, tuple)) else [target])
        self.leaves = leaves
        self.nodes = numbered(self.graph)
        self.at = {node: i for i, node in enumerate(self.nodes)}
        self.structure = structure(self.graph) if len(self.nodes) <= MOST_STEPS else None
        self.forward = [*self.graph.computed]
        self.backward = [x for x in reversed(self.graph.computed) if x in self.graph.adjoints]
        self.note = ""
        self.texts: list[str] = []
        self.wide: Picture | None = None
        self.words: dict[Node, list[str]] | None = None

    def draw(self, old: Shown | None) -> dict[str, Any]:
        """The picture as SVG; if the layout of an older one fits, only the new texts in it."""
        try:
            if old is not None and self.structure is not None and old.structure == self.structure:
                self.picture: Picture = Kept(old.picture, self.graph)
                self.texts = self._texts()
                if len(self.texts) == len(old.texts):
                    return {"texts": self.texts}
            else:
                self.picture = Picture(self.graph, WIDE_GAP, times=TIMES)
        except ValueError as error:
            self.note = str(error)
            return {"svg": ""}
        if not any(x.is_tracked for x in self.nodes):
            self.note = CONSTANTS
        if any(cell.is_folded or cell.hidden for cell in self.picture.cells.values()):
            self.structure = None
        self.texts = self._texts()
        return {"svg": svg_of(self.picture, self.graph.adjoints, local_flows(self.picture))}

    def _texts(self) -> list[str]:
        """The texts of the picture, in the order in which the SVG has them."""
        flows, adjoints = local_flows(self.picture), self.graph.adjoints
        texts = [text for edge in self.picture.edges if (text := flows.get(edge, ""))]
        for thing in self.picture.places:
            texts += self.picture.text(thing).splitlines()
            if thing in adjoints:
                texts.append(f"grad {short(adjoints[thing])}")
        return texts

    # -- beside the picture

    def sliders(self) -> list[dict[str, Any]]:
        """The leaves that lines of the program make, with their numbers and keys, in the order of creation."""
        found = []
        for leaf in sorted(self.graph.leaves, key=lambda x: x.row[KEY] or x.row[SERIAL]):
            row, name = leaf.row, self.graph.names[leaf]
            place = place_in_leaf(row) if isinstance(leaf, Value) else None
            made = row if place is None else place[0].row
            key, line = self.leaves.made.get(made[KEY] or made[SERIAL], ("", 0))
            if not key:
                continue
            if not is_whole(leaf):
                numbers = {"": (0 if place is None else place[1], row[NUMBER])}
            else:
                wide = node_shape(leaf)[-1]
                is_matrix = len(node_shape(leaf)) > 1
                numbers = {
                    (f"[{i // wide}][{i % wide}]" if is_matrix else f"[{i}]"): (i, x) for i, x in enumerate(row[NUMBER])
                }
            found += [
                {"key": f"{key}|{i}", "name": name + index, "number": float(x), "line": line}
                for index, (i, x) in numbers.items()
                if math.isfinite(x)
            ]
        return found[:MOST_SLIDERS]

    def rows(self) -> list[list[Any]]:
        """The table: the number of each node, its cells, its gradient. The middle of a long table is left out."""
        table = rows(self.target)
        places = [*range(len(table))]
        shown = places if len(places) <= MOST_ROWS else [*places[: MOST_ROWS // 2], *places[-MOST_ROWS // 2 :]]
        at = {node: i for i, node in enumerate(numbered(table.graph))}  # another graph, of the same nodes
        gradients = {self.at[node]: short(adjoint) for node, adjoint in self.graph.adjoints.items()}
        return [[at[table[i]], *table.cells(i), gradients.get(at[table[i]], "")] for i in shown]

    def node(self, number: int) -> dict[str, Any]:
        """All about a node: how it was computed, its rule as a formula, and its gradient term by term."""
        graph, node = self.graph, self.nodes[number]
        name, target = graph.names[node], graph.names[graph.targets[0]]
        text = f"{name} = {number_and_shape(node.row)}"
        rule = []
        if node in graph.parts:
            text = f"{name} = {graph.expression(node)} = {number_and_shape(node.row)}"
            for _, x, local, formula in graph.edges(node):
                if local is None:
                    rule.append(f"to {graph.names[x]} by {formula or 'the pullback of ' + operation_name(node)}")
                else:
                    equal = f" = {in_full(local)}" if in_full(local) != formula else ""
                    rule.append(f"∂{name}/∂{graph.names[x]} = {formula}{equal}")
        terms, total = [], ""
        if node in graph.adjoints:
            total = f"∂{target}/∂{name} = {in_full(graph.adjoints[node])}"
            for user in self.backward:
                locals_at = {i: local for i, _, local, _ in graph.edges(user)}
                for i, x, term in graph.terms(user):
                    if x is node:
                        upstream, local = in_full(graph.adjoints[user]), locals_at[i]
                        way = "" if local is None else f"{upstream} * {in_full(local)} = "
                        terms.append(f"from {graph.names[user]}: {way}{in_full(term)}")
            if node is graph.targets[0]:
                terms.append("the reverse sweep begins here, with 1")
        return {"node": number, "name": name, "text": text, "rule": rule, "terms": terms, "total": total}

    # -- step by step

    @property
    def steps(self) -> int:
        """The number of steps: each row forward, the seed, each row backward, the end; 0 for a large graph."""
        if self.structure is None:
            return 0
        back = len(self.backward)
        return len(self.forward) + (back + 2 if self.graph.adjoints else 0)

    def step(self, index: int) -> dict[str, Any]:
        """A step: the picture, the row at work, and the sentences about it."""
        graph = self.graph
        if self.wide is None:
            self.wide = Picture(graph, flows=lambda picture: all_flows_back(picture, self.backward), times=TIMES)
        count = len(self.forward)
        if index < count:
            node = self.forward[index]
            later = self.forward[index + 1 :]
            title = f"Forward, {index + 1} of {count}: {graph.names[node]} = {graph.expression(node)}"
            lines = [f"{graph.names[node]} = {graph.expression(node)} = {number_and_shape(node.row)}"]
            svg = svg_of(self.wide, {}, {})
            return self._step(index, svg, title, lines, node, later, {})
        index -= count
        target = graph.targets[0]
        so_far: dict[Node, Any] = {target: graph.adjoints[target]}
        for node in self.backward[:index]:
            for _, x, term in graph.terms(node):
                so_far[x] = added(so_far[x], term) if x in so_far else term
        name = graph.names[target]
        firing = self.backward[index - 1] if 0 < index <= len(self.backward) else None
        if index == 0:
            title = f"Backward, from ∂{name}/∂{name} = {short(graph.adjoints[target])}"
            lines = ["Each row passes on upstream * local, from the last row to the first."]
        elif firing is not None:
            step = f"{graph.names[firing]} = {graph.expression(firing)}"
            title = f"Backward, {index} of {len(self.backward)}: {step} passes on"
            lines = self._words()[firing]
        else:
            title = f"The gradient of {name}"
            lines = [f"∂{name}/∂{graph.names[x]} = {short(so_far[x])}" for x in graph.leaves if x in so_far]
        svg = svg_of(self.wide, so_far, flows_back(self.wide, firing) if firing is not None else {}, firing)
        return self._step(index + count, svg, title, lines, firing, [], so_far)

    def _step(
        self,
        index: int,
        svg: str,
        title: str,
        lines: list[str],
        node: Node | None,
        later: Sequence[Node],
        so_far: Mapping[Node, Any],
    ) -> dict[str, Any]:
        return {
            "index": index,
            "svg": svg,
            "title": title,
            "lines": lines,
            "lit": None if node is None else self.at[node],
            "backward": index >= len(self.forward),
            "later": [self.at[x] for x in later],
            "so_far": {self.at[x]: short(number) for x, number in so_far.items()},
        }

    def _words(self) -> dict[Node, list[str]]:
        """The lines of `explain` for each step backward."""
        if self.words is None:
            found: list[list[str]] = []
            for line in [*backward(self.graph, 10**6)][1:]:
                if isinstance(line, tuple):
                    found[-1].append(f"{line[0].strip()};  {line[1]}")
                elif line.startswith("    "):
                    found[-1].append(line.strip())
                else:
                    found.append([])
            self.words = dict(zip(self.backward, found))
        return self.words


# ---- Requests --------------------------------------------------------------------------------------------------------


class Session:
    """Answers requests of the page, and keeps the graph of the last program that ran."""

    def __init__(self, send: Callable[[str], None] = lambda text: None) -> None:
        self.send = send
        self.shown: Shown | None = None
        self.namespace: dict[str, Any] = {}  # of the last program
        self.before = next_serial()  # the serial number when that program began
        self.trainings: dict[str, Any] = {}

    def run(
        self, program: str, given: Mapping[str, float], keep: bool = False, node: int | None = None
    ) -> dict[str, Any]:
        """Run a program, with the numbers that sliders give to its leaves.

        With `keep`, the old layout is kept if it fits. The answer includes what the page shows of a `node`.
        """
        self._free_deep_graph()
        leaves = Leaves(program, given)
        output = Output(self.send)
        namespace = self.namespace = {"__name__": "__main__"}
        start = time.perf_counter()
        result = None
        try:
            with redirect_stdout(output), redirect_stderr(output), put_back(builtins, math), leaves.followed():
                result = execute(program, namespace)
                if result is not None and not can_be_drawn(result):
                    print(repr(result))
        except BaseException as error:
            return {"error": error_of(error, program), "seconds": time.perf_counter() - start}
        finally:
            output.flush()
        seconds = time.perf_counter() - start
        name_values(namespace)
        target = target_of(result, namespace, self.before)
        if target is None:
            self.shown = None
            return {"svg": "", "note": NOTHING, "seconds": seconds}
        old, self.shown = self.shown, Shown(target, leaves)
        shown = self.shown
        answer: dict[str, Any] = {**shown.draw(old if keep else None), "note": shown.note, "seconds": seconds}
        answer |= {"sliders": shown.sliders(), "steps": shown.steps}
        if node is not None and node < len(shown.nodes):
            answer["node"] = shown.node(node)
        return answer

    def _free_deep_graph(self) -> None:
        """Free the graphs of the last program, results before their operands, if there may be a deep one.

        Python frees a chain of tuples by recursion. It stops before the stack ends, but in WebAssembly it cannot see
        how much of the stack is left.
        """
        is_deep = next_serial() - self.before > DEEP
        if is_deep:
            held = rows_below([x.row for x in values_alive()])
            self.shown = None
        self.namespace.clear()
        if is_deep:
            gc.collect()
            while held:
                held.pop()
        self.before = next_serial()

    def node(self, number: int) -> dict[str, Any]:
        return self._shown().node(number)

    def rows(self) -> list[list[Any]]:
        return self._shown().rows()

    def step(self, index: int) -> dict[str, Any]:
        return self._shown().step(index)

    def _shown(self) -> Shown:
        if self.shown is None:
            raise RuntimeError("there is no graph yet; run a program that has a Value first")
        return self.shown

    def train(self, of: str, what: str, **asked: Any) -> Any:
        """Begin a training, or call a method of the training named `of`; see training.py."""
        from training import KINDS  # its imports take a while

        try:
            if what != "begin":
                return getattr(self.trainings[of], what)(**asked)
            training = self.trainings[of] = KINDS[asked.pop("kind")](**asked)
            return training.slice(0.0, steps=0)
        except (ValueError, ArithmeticError) as error:
            return {"error": str(error)}

    def answer(self, request: str) -> str:
        """Answer a request, {"do": "run", ...}, as JSON."""
        asked = json.loads(request)
        done = getattr(self, asked.pop("do"))
        return json.dumps(done(**asked))


def start(send: Callable[[str], None]) -> Callable[[str], str]:
    """A function that answers requests; `send` gets pieces of output for the page."""
    return Session(send).answer
