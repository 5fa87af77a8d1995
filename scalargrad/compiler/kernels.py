"""The kernels of operations as source code: expressions and helper functions for what `compile` generates.

A kernel is read from its own definition. So the generated code computes the same as the operation, and a new operation
is still added in one place. Short kernels become expressions, the others helper functions of the generated one.
"""

from __future__ import annotations

import ast
import builtins
import copy
import linecache
import math
import re
import sys
import types
from functools import lru_cache
from itertools import count

from ..checks import Symbol
from ..operations.elementary import give_operators
from ..operations.operation import Operation, registry

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence
    from typing import Any

# How tightly expressions bind, from a conditional to a name.
LOOSE, COMPARISON, BITS, SUM, PRODUCT, SIGN, POWER, ATOM = 0, 4, 5, 8, 9, 10, 11, 12
INFINITY = math.inf
serial = count(1)  # for names of objects, which are never used again
# The functions of `math` with the same name in NumPy, where an operation does not give that name.
SAME_IN_NUMPY = {"hypot", "isfinite", "isinf", "isnan", "nextafter", "floor", "ceil", "trunc"}


class UnwritableError(TypeError):
    """Something has no source code."""


class Form:
    """An operation as an expression: a template for its operands, after `lines` that compute intermediate results.

    Operands are `{0}`, `{1}`, ..., and the numbers after them stand for the intermediate results. If the template is
    `bare`, an operand may be any expression, since it stands alone. Otherwise it is a name or a number, or an
    expression in parentheses if it occurs only `once`.
    """

    __slots__ = ("bare", "lines", "once", "precedence", "template")

    def __init__(self, template: str, precedence: int, bare: bool, lines: Sequence[str] = ()) -> None:
        self.template = template
        self.precedence = precedence
        self.bare = bare
        self.lines = lines
        places = re.findall(r"{(\d+)}", template)
        self.once = {int(place) for place in places if places.count(place) == 1 and not lines}


def form_of(result: ast.expr, lines: Sequence[str] = ()) -> Form:
    bare = not lines and isinstance(result, ast.Call) and all(map(is_simple, result.args))
    return Form(template_of(result), precedence_of(result), bare, lines)


class Written:
    """An expression on arrays, which records what an operation does with it."""

    __slots__ = ("node",)
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, node: ast.expr) -> None:
        self.node = node

    def __getattr__(self, name: str) -> Written:
        return Written(ast.Attribute(self.node, name, ast.Load()))

    def __call__(self, *operands: Any) -> Written:
        return Written(ast.Call(self.node, [*map(node_of, operands)], []))

    def __abs__(self) -> Written:
        return Written(ast.Name("abs"))(self)

    def __neg__(self) -> Written:
        return Written(ast.UnaryOp(ast.USub(), self.node))


def operator_on_written(operation: Operation, reflected: bool) -> Callable[[Written, Any], Written]:
    """A method for one of Python's operators."""
    example: Any = ast.parse(f"0 {operation.symbol} 0", mode="eval").body

    def method(self: Written, other: Any) -> Written:
        left, right = (node_of(other), self.node) if reflected else (self.node, node_of(other))
        return Written(ast.BinOp(left, example.op, right))

    return method


def comparison_of_written(symbol: str) -> Callable[[Written, Any], Written]:
    """A method for one of Python's comparisons."""
    example: Any = ast.parse(f"0 {symbol} 0", mode="eval").body
    return lambda self, other: Written(ast.Compare(self.node, example.ops, [node_of(other)]))


give_operators(Written, operator_on_written)
for _name, _symbol in {"lt": "<", "le": "<=", "gt": ">", "ge": ">=", "eq": "=="}.items():
    setattr(Written, f"__{_name}__", comparison_of_written(_symbol))


def node_of(x: Any) -> ast.expr:
    """The expression of a `Written` or of a number."""
    return x.node if isinstance(x, Written) else number_of_node(x)


class Library:
    """The names that generated code may use, and the helper functions that it calls.

    `taken` are names with another meaning in the code, `known` those from the code for other structures of arguments.
    With `arrays` the code is for arrays of that module, named `xp` in it; with `for_engine` it uses only what engines
    such as Numba know.
    """

    def __init__(
        self, taken: Collection[str], known: dict[Any, str], arrays: Any = None, for_engine: bool = False
    ) -> None:
        self.taken = {*taken}
        self.known = known
        self.arrays = arrays
        self.for_engine = for_engine
        self.helpers: dict[str, str] = {}
        self.aliases: dict[str, str] = {}  # from names in the code to names of the standard library
        self.objects: dict[str, Any] = {}
        self.sourceless = ""  # why the code cannot stand alone, if it cannot
        self._names: dict[Any, str] = {}
        self._forms: dict[Any, Form] = {}

    # -- names

    def new_name(self, name: str) -> str:
        """A name that is not in use, and is taken from now on."""
        while name in self.taken or hasattr(builtins, name):
            name += "_"
        self.taken.add(name)
        return name

    def standard(self, name: str) -> str:
        """The name in the code of `math`, the module of arrays (`xp`), or a builtin function."""
        for alias, original in self.aliases.items():
            if original == name:
                return alias
        if name in self.taken or not hasattr(builtins, name):
            alias = self.shared(name, name)
            self.aliases[alias] = name
            return alias
        return name

    def object(self, thing: Any, name: str) -> str:
        """The name of an object that the code refers to when it runs."""
        found = next((known for known, other in self.objects.items() if other is thing), None)
        if found is None:
            found = self.new_name(f"{name}{next(serial)}")
            self.objects[found] = thing
        return found

    def shared(self, key: Any, name: str) -> str:
        """The name of something that the code for all structures of arguments shares."""
        if key not in self.known:
            self.known[key] = self.new_name(name)
        return self.known[key]

    def math(self, name: str) -> str:
        """A function of `math`, or its equivalent in the module of arrays."""
        if not self.arrays:
            return f"{self.standard('math')}.{name}"
        if name in ("inf", "nan", "pi", "e"):
            return f"{self.standard('xp')}.{name}"
        names = [name] if name in SAME_IN_NUMPY else registry[name].numpy if name in registry else []
        if not names or not hasattr(self.arrays, names[0]):
            raise UnwritableError(
                f"NumPy and modules with its names have no {name} that gives the same, so compile without arrays"
            )
        return f"{self.standard('xp')}.{names[0]}"

    def number(self, x: float) -> ast.expr:
        """A number as an expression."""
        return ast.parse(self.text_of(x), mode="eval").body

    def text_of(self, x: float) -> str:
        """A number as source code."""
        return text_of(x, "") if x - x == 0 else text_of(x, self.math("inf").rpartition(".")[0])

    # -- functions

    def helper(self, function: Callable[..., Any]) -> str:
        """The name of a helper function, which from now on is part of the generated code."""
        if function not in self._names:
            name = self._names[function] = self.shared(function, f"_{function.__name__.strip('_')}")
            self.helpers[name] = ""
            try:
                self.helpers[name] = self._helper(function, name)
            except UnwritableError:
                del self._names[function], self.helpers[name]
                raise
        return self._names[function]

    def _helper(self, function: Callable[..., Any], name: str) -> str:
        definition = self.definition(function)
        if self.arrays:
            definition.body = Arrayed(self, function).body(definition.body)
        elif self.for_engine:
            definition.body = [y for x in definition.body for y in as_list_text(Folder({}, for_engine=True).visit(x))]
        definition.name = name
        return ast.unparse(ast.fix_missing_locations(definition))

    def definition(self, function: Callable[..., Any]) -> ast.FunctionDef:
        """The definition of a function with its names resolved. Raises UnwritableError if it has no source."""
        code: Any = getattr(function, "__code__", None)
        found = definitions(function.__module__).get(code.co_firstlineno) if code else None
        if found is None or found.name != function.__name__:
            raise UnwritableError(f"there is no source code for {function!r}")
        found = copy.deepcopy(found)
        found.decorator_list = []
        found.returns = None
        for argument in [*found.args.posonlyargs, *found.args.args, *filter(None, [found.args.vararg])]:
            argument.annotation = None
        if ast.get_docstring(found) is not None:
            del found.body[0]
        return Resolver(self, function, found).visit(found)  # type: ignore[no-any-return]

    def form(self, operation: Operation, operands: Sequence[Any], are_floats: bool) -> Form:
        """An operation as an expression of operands; plain numbers among them are filled in."""
        key = operation.name, operation.symbol, are_floats, *[text_of(x) if is_plain_text(x) else "" for x in operands]
        if key not in self._forms:
            self._forms[key] = self._form(operation, operands, are_floats)
        return self._forms[key]

    def _form(self, operation: Operation, operands: Sequence[Any], are_floats: bool) -> Form:
        kernel = operation.kernel
        if self.arrays and operation.arrays is not None:
            xp = Written(ast.Name(self.standard("xp")))
            return form_of(node_of(operation.arrays(xp, *self._given(operation, operands))))
        places = [f"{{{i}}}" for i in range(len(operands))]
        if hasattr(kernel, "__code__") and (are_floats or self.arrays or self.for_engine):
            try:
                return self.inline(kernel, operands)
            except UnwritableError:  # it needs a helper function
                pass
        try:
            name = self.helper(kernel)
        except UnwritableError:
            if self.arrays or self.for_engine:
                raise
            name = self.object(kernel, f"_{operation.name}")
            self.sourceless = f"there is no source code for {operation.name}"
        return Form(f"{name}({', '.join(places)})", ATOM, True)

    def _values(self, operands: Sequence[Any]) -> list[ast.expr]:
        """Operands as expressions: numbers, and placeholders for all others."""
        return [self.number(x) if is_plain_text(x) else ast.Name(f"_p{i}_") for i, x in enumerate(operands)]

    def _given(self, operation: Operation, operands: Sequence[Any]) -> list[Any]:
        """Operands for the kernel of an operation on arrays; a count, which has no derivative, stays an integer."""
        values = map(Written, self._values(operands))
        rules = operation.rules if len(operation.rules) == len(operands) else operands
        return [x if rule is None and type(x) is int else value for rule, x, value in zip(rules, operands, values)]

    def inline(self, kernel: Callable[..., Any], operands: Sequence[Any]) -> Form:
        """The form of a kernel on floats. Raises UnwritableError if the kernel is not straight-line code."""
        definition = self.definition(kernel)
        names = [argument.arg for argument in (*definition.args.posonlyargs, *definition.args.args)]
        values = self._values(operands)
        known: dict[str, ast.expr] = dict(zip(names, values))
        if definition.args.vararg:
            known[definition.args.vararg.arg] = ast.Tuple(values[len(names) :], ast.Load())
        body = [
            x for statement in definition.body for x in as_list_text(Folder(known, self.for_engine).visit(statement))
        ]
        if self.arrays:
            body = Arrayed(self, kernel).body(body)
        lines: list[str] = []
        while body and isinstance(body[0], ast.Assign) and isinstance(body[0].targets[0], ast.Name):
            local = body[0].targets[0].id
            lines.append(template_of(body[0].value))
            rename = Folder({local: ast.Name(f"_p{len(operands) + len(lines) - 1}_")})
            body = [rename.visit(statement) for statement in body[1:]]
        if len(body) != 1 or not isinstance(body[0], ast.Return) or body[0].value is None:
            raise UnwritableError(f"{kernel.__name__} is more than an expression")
        result = body[0].value
        if any(isinstance(node, (ast.GeneratorExp, ast.ListComp)) for node in ast.walk(result)):
            raise UnwritableError(f"{kernel.__name__} has a loop")
        return form_of(result, lines)


# ---- Reading definitions ---------------------------------------------------------------------------------------------


@lru_cache(maxsize=64)
def definitions(module: str) -> dict[int, ast.FunctionDef]:
    """The functions that a module defines, by their first lines."""
    there = sys.modules.get(module)
    lines = linecache.getlines(getattr(there, "__file__", None) or "", vars(there) if there else None)
    found = [node for node in ast.walk(ast.parse("".join(lines))) if isinstance(node, ast.FunctionDef)]
    return {min([node.lineno, *[x.lineno for x in node.decorator_list]]): node for node in found}


class Resolver(ast.NodeTransformer):
    """Replaces the global names in a function by what they stand for."""

    def __init__(self, library: Library, function: Callable[..., Any], definition: ast.FunctionDef) -> None:
        self.library = library
        self.globals: dict[str, Any] = function.__globals__
        self.locals = {node.arg for node in ast.walk(definition) if isinstance(node, ast.arg)}
        self.locals |= {
            node.id for node in ast.walk(definition) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
        }

    def visit_Name(self, node: ast.Name) -> ast.expr:
        if node.id in self.locals or not isinstance(node.ctx, ast.Load):
            return node
        return self.named(self.thing(node), node.id)

    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        root: ast.expr = node
        while isinstance(root, ast.Attribute):
            root = root.value
        if not isinstance(root, ast.Name) or root.id in self.locals:
            self.generic_visit(node)
            return node
        thing = self.thing(node)
        if getattr(math, node.attr, None) is thing:
            return ast.parse(self.library.math(node.attr), mode="eval").body
        return self.named(thing, node.attr)

    def thing(self, node: ast.expr) -> Any:
        """The object that a dotted name stands for."""
        if isinstance(node, ast.Attribute):
            return getattr(self.thing(node.value), node.attr)
        name: str = node.id  # type: ignore[attr-defined]
        return self.globals.get(name, getattr(builtins, name, None))

    def named(self, thing: Any, name: str) -> ast.expr:
        if isinstance(thing, (float, int)):
            return self.library.number(thing)
        thing = getattr(thing, "operation", thing)
        thing = thing.kernel if isinstance(thing, Operation) else thing
        if isinstance(thing, types.FunctionType):
            return ast.Name(self.library.helper(thing), ast.Load())
        if getattr(builtins, name, None) is thing and thing is not None:
            return ast.Name(self.library.standard(name), ast.Load())
        if isinstance(thing, tuple) and all(isinstance(x, float) for x in thing):
            return ast.Tuple([*map(number_of_node, thing)], ast.Load())
        raise UnwritableError(f"{name} cannot be written")


class Folder(ast.NodeTransformer):
    """Replaces names by expressions, and evaluates tests and constants, given that all numbers are floats.

    For an engine it leaves out `try`: arithmetic does not raise there, and where it does, Python takes the call.
    """

    def __init__(self, known: dict[str, ast.expr], for_engine: bool = False) -> None:
        self.known = known
        self.for_engine = for_engine

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return copy.deepcopy(self.known[node.id]) if node.id in self.known else node

    def visit_Call(self, node: ast.Call) -> ast.expr:
        self.generic_visit(node)
        called = node.func
        if isinstance(called, ast.Call) and isinstance(called.func, ast.Name) and called.func.id == "type":
            (given,) = node.args
            return number_of_node(float(given.value)) if isinstance(given, ast.Constant) else node  # type: ignore[arg-type]
        if isinstance(called, ast.Name) and called.id == "_one_like":
            return number_of_node(1.0)
        if isinstance(called, ast.Name) and called.id == "len" and isinstance(node.args[0], ast.Tuple):
            return number_of_node(len(node.args[0].elts))
        node.args = [y for x in node.args for y in spread_argument(x)]
        return node

    def visit_Subscript(self, node: ast.Subscript) -> ast.expr:
        self.generic_visit(node)
        if isinstance(node.value, ast.Tuple) and isinstance(node.slice, ast.Slice):
            ends: Any = [value_of(x) if x is not None else None for x in (node.slice.lower, node.slice.upper)]
            return ast.Tuple(node.value.elts[slice(*ends)], ast.Load())
        return node

    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        self.generic_visit(node)
        if is_constant(node.left) and is_constant(node.right):
            value = value_of(node)
            if value - value == 0:
                return number_of_node(value)
        if isinstance(node.op, (ast.Add, ast.Sub, ast.Mult, ast.Div)):
            node.left, node.right = with_float_constants(node.left), with_float_constants(node.right)
        return node

    def visit_Compare(self, node: ast.Compare) -> ast.expr:
        self.generic_visit(node)
        left, right = node.left, node.comparators[0]
        node.comparators = [*map(with_float_constants, node.comparators)]
        if isinstance(left, ast.Call) and isinstance(left.func, ast.Name) and left.func.id == "type":
            same = isinstance(right, ast.Name) and right.id == "float"
            return ast.Constant(same if isinstance(node.ops[0], (ast.Is, ast.Eq)) else not same)
        if is_constant(left) and is_constant(right):
            return ast.Constant(value_of(node))
        return node

    def visit_BoolOp(self, node: ast.BoolOp) -> ast.expr:
        self.generic_visit(node)
        idle = isinstance(node.op, ast.And)
        rest = [x for x in node.values if not (isinstance(x, ast.Constant) and x.value is idle)]
        if any(isinstance(x, ast.Constant) and x.value is not idle for x in rest):
            return ast.Constant(not idle)
        node.values = rest
        return node if len(rest) > 1 else rest[0] if rest else ast.Constant(idle)

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.expr:
        self.generic_visit(node)
        if isinstance(node.op, ast.Not) and isinstance(node.operand, ast.Constant):
            return ast.Constant(not node.operand.value)
        return node

    def visit_IfExp(self, node: Any) -> Any:
        self.generic_visit(node)
        if isinstance(node.test, ast.Constant):
            return node.body if node.test.value else node.orelse
        return node

    def visit_If(self, node: ast.If) -> Any:
        return self.visit_IfExp(node)

    def visit_Try(self, node: ast.Try) -> Any:
        self.generic_visit(node)
        return node.body if self.for_engine else node


class Arrayed:
    """Turns the statements of a function into ones on arrays, where `where` makes each choice from both sides."""

    def __init__(self, library: Library, function: Callable[..., Any]) -> None:
        self.library = library
        self.name = function.__name__

    def body(self, statements: Sequence[ast.stmt]) -> list[ast.stmt]:
        """Assignments and a `return`, on arrays. Raises UnwritableError if there are other statements."""
        found: list[Any] = [y for x in statements for y in as_list_text(Folder({}).visit(x))]
        if not all(isinstance(x, ast.Assign) for x in found[:-1]) or not isinstance(found[-1], ast.Return):
            raise UnwritableError(f"{self.name} cannot be compiled for arrays")
        for statement in found:
            statement.value = self.expression(statement.value)
        return found

    def expression(self, node: ast.expr, is_test: bool = False) -> ast.expr:
        """An expression on arrays; a name used as a test becomes a comparison with 0."""
        if isinstance(node, ast.IfExp):
            where = ast.parse(f"{self.library.standard('xp')}.where", mode="eval").body
            test = self.expression(node.test, is_test=True)
            return ast.Call(where, [test, self.expression(node.body), self.expression(node.orelse)], [])
        if isinstance(node, ast.BoolOp):
            operator = ast.BitAnd() if isinstance(node.op, ast.And) else ast.BitOr()
            result = self.expression(node.values[0], is_test)
            for value in node.values[1:]:
                result = ast.BinOp(result, operator, self.expression(value, is_test))
            return result
        if is_test and isinstance(node, ast.Name):
            return ast.Compare(node, [ast.NotEq()], [number_of_node(0)])
        called = node.func if isinstance(node, ast.Call) else None
        if isinstance(called, ast.Name) and called.id not in ("abs", *self.library.helpers):
            raise UnwritableError(f"{self.name} cannot be compiled for arrays, since it calls {called.id}")
        for name, child in ast.iter_fields(node):
            if isinstance(child, ast.expr):
                setattr(node, name, self.expression(child))
            elif isinstance(child, list) and all(isinstance(x, ast.expr) for x in child):
                setattr(node, name, [*map(self.expression, child)])
        return node


# ---- Small questions about expressions -------------------------------------------------------------------------------


def is_plain_text(operand: Any) -> bool:
    return not isinstance(operand, Symbol) and isinstance(operand, (float, int))


def number_of_node(x: Any) -> ast.expr:
    return ast.parse(repr(x), mode="eval").body


def text_of(x: Any, math: str = "math") -> str:
    """A number as source code."""
    if hasattr(x, "item"):  # one of NumPy's, whose `repr` is not a literal
        x = x.item()
    if x != x:
        return f"{math}.nan"
    if abs(x) == INFINITY:
        return f"{math}.inf" if x > 0 else f"-{math}.inf"
    return hex(x) if type(x) is int and x.bit_length() > 10_000 else repr(x)


def is_constant(node: ast.expr | None) -> bool:
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        node = node.operand
    return isinstance(node, ast.Constant) or (isinstance(node, ast.Attribute) and node.attr in ("inf", "nan"))


def value_of(node: ast.expr) -> Any:
    """The value of a constant expression."""
    names = [x.id for x in ast.walk(node) if isinstance(x, ast.Name)]
    return eval(ast.unparse(node), dict.fromkeys(names, math))


def with_float_constants(node: ast.expr) -> ast.expr:
    """An expression with floats in place of small integers: the same result, without a conversion at run time."""
    if isinstance(node, ast.IfExp):
        node.body, node.orelse = with_float_constants(node.body), with_float_constants(node.orelse)
    elif isinstance(node, ast.Constant) and type(node.value) is int and abs(node.value) < 2**53:
        return number_of_node(float(node.value))
    return node


def is_simple(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) or is_constant(node)


def as_list_text(statement: Any) -> list[ast.stmt]:
    return statement if isinstance(statement, list) else [statement]


def spread_argument(argument: ast.expr) -> list[ast.expr]:
    """An argument of a call as a list, or the elements of a starred tuple."""
    if isinstance(argument, ast.Starred) and isinstance(argument.value, ast.Tuple):
        return argument.value.elts
    return [argument]


def template_of(node: ast.expr) -> str:
    text = ast.unparse(ast.fix_missing_locations(ast.Expression(node)))
    return re.sub(r"\b_p(\d+)_", r"{\1}", text.replace("{", "{{").replace("}", "}}"))


def precedence_of(node: ast.expr) -> int:
    if isinstance(node, (ast.Call, ast.Name, ast.Attribute)):
        return ATOM
    if isinstance(node, ast.BinOp):
        if isinstance(node.op, (ast.Mult, ast.Div)):
            return PRODUCT
        return SUM if isinstance(node.op, (ast.Add, ast.Sub)) else LOOSE
    return LOOSE
