"""`compile`: a function as straight-line Python, traced along every path that its calls take."""

from __future__ import annotations

import sys
from functools import partialmethod
from itertools import count
from types import FunctionType, MethodType

from ..checks import require_callable, require_integer

serial = count(1)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any, ParamSpec, Protocol, TypeVar, overload

    P = ParamSpec("P")
    R = TypeVar("R")
    Result = TypeVar("Result", covariant=True)

    class Compiled(Protocol[P, Result]):
        """A compiled function, as `compile` returns it."""

        source: str
        __name__: str
        __wrapped__: Callable[..., Any]

        @overload
        def __call__(self, *args: P.args, **kwargs: P.kwargs) -> Result: ...
        @overload
        def __call__(self, *args: Any, **kwargs: Any) -> Any: ...  # plain numbers in place of Values
        def source_for(self, *args: Any, **kwargs: Any) -> str: ...


class CompiledMethod:
    """A compiled function in a class: each instance gets a compiler of its own on first access.

    The instance keeps its compiler in its `__dict__`; below a `classmethod` the class keeps it. Called on the class,
    the function takes the instance first, except below a `staticmethod`.
    """

    def __init__(self, plain: Any, scope: str) -> None:
        self.plain = plain
        self.scope = scope
        self.key = f"_compiled {next(serial)} {scope}.{plain.__name__}"  # a class may inherit from one of the same name
        self.__doc__ = plain.__doc__
        self.__signature__ = plain.__self__.signature  # also for an object with this as its `__call__`
        self.__isabstractmethod__ = getattr(plain.__wrapped__, "__isabstractmethod__", False)

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        if instance is None:
            return self
        if not hasattr(instance, "__dict__"):
            raise TypeError(
                f"{type(instance).__name__} has no __dict__ to keep the code for an instance; compile the "
                f"method of the instance instead: compile(x.method)"
            )
        bound = MethodType(self.plain.__wrapped__, instance)
        compiler = vars(instance).get(self.key)
        if compiler is None or compiler.function != bound:  # a copied instance has the compiler of the original
            compiler = type(self.plain.__self__)(bound, **self.plain.__self__.options)
            if isinstance(instance, type):
                setattr(instance, self.key, compiler)
            else:
                vars(instance)[self.key] = compiler
        return compiler.method

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        kinds = (args[0] if isinstance(args[0], type) else type(args[0])).__mro__ if args else ()
        if any(kind.__qualname__ == self.scope for kind in kinds):
            return self.__get__(args[0])(*args[1:], **kwargs)
        return self.plain(*args, **kwargs)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.plain, name)

    def __reduce__(self) -> Any:
        return CompiledMethod, (self.plain, self.scope)


def scope_of(function: Any, body: str) -> str:
    """The qualified name of the class that a function belongs to, or "".

    It is the class where the function was defined, or else the class `body` in which it is compiled. A function knows
    only where it was defined. `__set_name__` does not help: it is looked up on the type, and for speed a compiled
    function has the type of bound methods.
    """
    if not isinstance(function, FunctionType):
        return ""
    scope = function.__qualname__.rpartition(".")[0]
    return scope if scope and not scope.endswith("<locals>") else body


if TYPE_CHECKING:

    @overload
    def compile(
        function: Callable[P, R],
        *,
        static_argnames: str | Sequence[str] = (),
        max_operations: int = 100_000,
        decorate: Callable[[Any], Any] | None = None,
        arrays: Any = None,
    ) -> Compiled[P, R]: ...
    @overload
    def compile(
        function: None = None,
        *,
        static_argnames: str | Sequence[str] = (),
        max_operations: int = 100_000,
        decorate: Callable[[Any], Any] | None = None,
        arrays: Any = None,
    ) -> Callable[[Callable[P, R]], Compiled[P, R]]: ...


def compile(
    function: Any = None,
    *,
    static_argnames: str | Sequence[str] = (),
    max_operations: int = 100_000,
    decorate: Callable[[Any], Any] | None = None,
    arrays: Any = None,
) -> Any:
    """A function as straight-line Python without values: the same results, about fifty times as fast.

    The function is traced when it is called: it runs once, and every operation on the numbers in its arguments and on
    the leaves that it closes over is written down. From then on calls run the generated code. Python's decisions on
    the numbers (`if`, `while`, `min`, `int(x)`, comparisons) become tests in the code. A call with a new decision is
    traced, too, and the code grows a branch. The results are plain numbers, the same as those of the function on
    recorded floats, bit for bit. There is one exception: `x**2` and `x**3` may be products (within 1 ulp, and infinite
    where the power would raise). Where anything else raises in the code, the function itself takes the call.

    Tracing and generating take about 40 times as long as a call of the function itself. If calls take new paths or
    have new structures again and again, these run uncompiled until they have paid for it, and a warning names the line
    or the parameter. So compiling never makes a program take much more than twice as long.

    The function reads other globals, prints, and draws random numbers only when it is traced. As a decorator of a
    method, `compile` compiles the method for each instance.

    Args:
        function: a plain function, or the result of a transform: `compile(value_and_grad(loss))`. Its arguments and
            results are numbers, Values, Vectors, arrays, and lists, tuples, dicts and dataclasses of them. Integers
            count as floats. Each structure of the arguments has its own version of the code, up to 256 of them; calls
            with other structures run uncompiled, with a warning. Text, None and truth values are part of the
            structure. In a class it may also be a classmethod, staticmethod, property or partialmethod. Without a
            function, `compile` is a decorator with options.
        static_argnames: the parameters whose arguments are taken as they are, with a version for each: counts, names,
            objects. The arguments must be hashable, or lists and dicts of hashable objects.
        max_operations: how many operations the code of one structure may have before calls on other paths run
            uncompiled, with a warning.
        decorate: a decorator such as `numba.njit` that makes the generated function faster. This function takes single
            floats and returns a tuple of floats.
        arrays: a module with NumPy's names (numpy, cupy, jax.numpy, dask.array) to generate code for. Then each number
            of an argument may be an array, and each number of the result is one. All paths are computed, and `where`
            chooses.

    Returns:
        A function with the parameters, name and docstring of the given one. It can be pickled if the given one can.
        Called with values that are followed, it runs the given function, and so is differentiable. `source` is the
        code generated last, as a module that needs nothing but `math`; `source_for(*args)` is the code for given
        arguments.

    Raises:
        TypeError: `function` cannot be called, or an option is of the wrong type; when called: an argument is neither a
            number nor a structure of numbers, and not named in `static_argnames`; the function uses something that
            cannot be followed (`float(x)`, `math.sin(x)`, `x.data`, `x.grad`, `backward()`, `assign`, a traced number
            as an index); the engine or the array module does not accept the code.
        ValueError: `static_argnames` names no parameter, or `max_operations` is less than 1.

    >>> from scalargrad import compile, value_and_grad
    >>> @compile
    ... def height(x):
    ...     return x * x if x > 0 else -x
    >>> height(3.0), height(-2.0)
    (9.0, 2.0)
    >>> print(height.source.partition("def ")[2], end="")
    height(x):
        x = float(x)
        if x > 0.0:
            return x * x
        return -x
    """
    names = (static_argnames,) if isinstance(static_argnames, str) else static_argnames
    if not isinstance(names, (list, tuple, set, frozenset)) or not all(isinstance(name, str) for name in names):
        raise TypeError(f"static_argnames of compile is a name or a tuple of names, not {static_argnames!r}")
    max_operations = require_integer("max_operations of compile", max_operations, 1)
    if decorate is not None:
        require_callable("decorate of compile", decorate)
    if arrays is not None and not hasattr(arrays, "where"):
        raise TypeError(f"arrays of compile is a module with NumPy's names, not {arrays!r} ({type(arrays).__name__})")
    if arrays is not None and decorate is not None:
        raise TypeError("compile takes either decorate or arrays: engines are for floats, arrays bring their own")
    options = {
        "static_argnames": tuple(names),
        "max_operations": max_operations,
        "decorate": decorate,
        "arrays": arrays,
    }

    def compiled(function: Any) -> Any:
        from . import arrays as elementwise  # the code generator takes as long to import as everything else

        if isinstance(function, (classmethod, staticmethod)):
            return type(function)(compiled(function.__func__))
        if isinstance(function, property):
            return function.getter(compiled(function.fget))
        if isinstance(function, partialmethod):
            return partialmethod(compiled(function.func), *function.args, **function.keywords)
        if isinstance(function, CompiledMethod):
            function = function.__wrapped__
        require_callable("compile", function)
        method = elementwise.compiler_of(function, **options).method
        scope = scope_of(function, body)
        return CompiledMethod(method, scope) if scope else method

    body: str = sys._getframe(1).f_locals.get("__qualname__", "")  # only the body of a class has this name
    return compiled if function is None else compiled(function)
