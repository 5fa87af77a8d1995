"""Compiled functions beside code written by hand, JAX, CasADi, Tangent, SymPy, micrograd and Numba: ratios in one run.

    python benchmarks/compilation.py

Rivals take turns within every round; a ratio is the median of the rounds' ratios. A check first makes sure that all
give the same numbers. Each is called from Python, and its result is ready when the call returns. The garbage collector
is on. micrograd comes with the extra `bench`; the others (numpy, jax, casadi, tangent-ad, sympy, numba) are measured
if they are installed.
"""

from __future__ import annotations

import argparse
import contextlib
import gc
import importlib
import random
import statistics
import sys
import tempfile
import time
import timeit
from array import array
from typing import TYPE_CHECKING, Any

import micrograd.engine
from engine import (
    LAYERS,
    POINTS,
    REGULARISATION,
    initial_weights,
    ratio,
    row,
    scalar_network,
    seconds,
    side_by_side,
    two_moons,
)

import scalargrad as sg

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from types import ModuleType

PACKAGES = {"tangent": "tangent-ad"}  # modules whose package has another name
MEASUREMENT = 0.02  # seconds of calls in a measurement: long beside a tick of the clock, short beside a round


# ---- Measuring -------------------------------------------------------------------------------------------------------


def imported(name: str) -> ModuleType | None:
    """A rival's module; None, with a printed reason, if it cannot be imported."""
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name == name:
            print(f"  ({name} is not installed: pip install {PACKAGES.get(name, name)}, to measure it, too)")
        else:
            left_out(name, error)
    except Exception as error:  # installed, but not for this Python or not beside the other packages
        left_out(name, error)
    return None


def left_out(name: str, error: Exception) -> None:
    print(f"  ({name} is left out: {type(error).__name__}: {' '.join(str(error).split())[:80]})")


def imported_jax() -> ModuleType | None:
    jax = imported("jax")
    if jax is not None:
        jax.config.update("jax_enable_x64", True)
        jax.config.update("jax_platforms", "cpu")  # an accelerator would only take longer for a call this small
    return jax


def a_call(statement: str, **names: Any) -> Callable[[], float]:
    """A function that measures the seconds of a call, given as a statement, so that nothing else is timed."""
    timer = timeit.Timer(statement, "gc.enable()", globals={"gc": gc, **names})
    timer.timeit(3)  # the first calls may trace and compile
    number = 1
    while (took := timer.timeit(number)) < MEASUREMENT / 4:
        number *= 2
    number = max(1, round(number * MEASUREMENT / took))
    return lambda: timer.timeit(number) / number


def measure(
    rounds: int, unit: str, rivals: dict[str, Callable[[], float]], notes: dict[str, str] | None = None
) -> dict[str, list[float]]:
    """The times of the rivals; prints them, with notes on some."""
    scale = {"ns": 1e9, "µs": 1e6, "ms": 1e3}[unit]
    times = side_by_side(rounds, **rivals)
    for name, measured in times.items():
        middle, fastest = statistics.median(measured) * scale, min(measured) * scale
        digits = 0 if middle >= 100 else 2
        note = (notes or {}).get(name, "")
        row(name, f"{middle:,.{digits}f} {unit}", f"fastest {fastest:,.{digits}f}{note}")
    return times


def numbers_in(result: Any) -> Iterator[float]:
    """The numbers in a nested result of any kind, one by one."""
    if hasattr(result, "tolist"):
        result = result.tolist()
    if isinstance(result, (list, tuple)):
        for part in result:
            yield from numbers_in(part)
    else:
        yield float(result)


def check(name: str, result: Any, expected: Any, tolerance: float = 1e-9) -> None:
    found, known = [*numbers_in(result)], [*numbers_in(expected)]
    assert len(found) == len(known), f"{name} gives {len(found)} numbers, not {len(known)}"
    worst = max(abs(a - b) for a, b in zip(found, known))
    assert worst <= tolerance, f"the result of {name} is off by {worst}"


def operations_of(compiled: Any) -> int:
    """The number of operations in the code of a compiled function."""
    return sum(version.code.size for version in compiled.__self__.versions.values())


def casadi_buffers(function: Any) -> tuple[array[float], Callable[[], Any], array[float]]:
    """CasADi's fastest way in and out: a buffer for the argument, the evaluation, and a buffer for the result."""
    buffer, evaluate = function.buffer()
    arguments, results = (array("d", bytes(8 * count)) for count in (function.nnz_in(0), function.nnz_out(0)))
    buffer.set_arg(0, memoryview(arguments))
    buffer.set_res(0, memoryview(results))
    evaluate.buffer = buffer  # has to live as long
    return arguments, evaluate, results


# ---- The lesson's step: the gradient of a squared error, from Python's floats ----------------------------------------


def loss(w, b, x, y):  # no annotations: Tangent would look up their names
    return (w * x + b - y) ** 2


def by_hand(w: Any, b: Any, x: Any, y: Any) -> Any:
    """Plain code."""
    error = w * x + b - y
    return error * error, (2 * error * x, 2 * error)


def tuned_by_hand(w: Any, b: Any, x: Any, y: Any) -> Any:
    """Code tuned for speed: nothing computed twice, and no integer to convert."""
    error = w * x + b - y
    slope = 2.0 * error
    return error * error, (slope * x, slope)


def lesson_with_casadi(casadi: Any) -> dict[str, Callable[..., Any]]:
    """The step called as in CasADi's documentation, and through its buffers, at a fraction of the cost."""
    w, b, _, _ = variables = [casadi.SX.sym(name) for name in "wbxy"]
    value = loss(*variables)
    results = [value, casadi.gradient(value, w), casadi.gradient(value, b)]
    function = casadi.Function("loss", variables, results)
    arguments, evaluate, found = casadi_buffers(
        casadi.Function("loss", [casadi.vertcat(*variables)], [casadi.vertcat(*results)])
    )

    def through_buffers(w: float, b: float, x: float, y: float) -> Any:
        arguments[0] = w
        arguments[1] = b
        arguments[2] = x
        arguments[3] = y
        evaluate()
        value, dw, db = found
        return value, (dw, db)

    return {"CasADi": function, "CasADi, buffers": through_buffers}


def lesson_with_tangent(tangent: Any) -> Callable[..., Any]:
    """The step: returns both derivatives and then the value, without checks of shapes, which take most of the time."""
    return tangent.grad(
        loss, wrt=(0, 1), preserve_result=True, check_dims=False, optimizations={"strength_reduction": True}
    )


def lesson_with_sympy(sympy: Any) -> Callable[..., Any]:
    w, b, _, _ = variables = sympy.symbols("w b x y")
    value = loss(*variables)
    return sympy.lambdify(variables, (value, (value.diff(w), value.diff(b))), modules="math", cse=True)


def compare_lessons(rounds: int) -> None:
    print("\nThe lesson's step: (w*x + b - y)**2 and its two derivatives, called with Python's floats")
    numbers = {"w": -1.25, "b": 0.75, "x": 1.5, "y": 5.5}
    functions: dict[str, Callable[..., Any]] = {
        "by hand": by_hand,
        "by hand, tuned": tuned_by_hand,
        "compiled": sg.compile(sg.value_and_grad(loss, argnums=(0, 1))),
    }
    statements: dict[str, str] = {}
    if jax := imported_jax():
        functions["JAX"] = jax.jit(jax.value_and_grad(loss, argnums=(0, 1)))
        statements["JAX"] = "f(w, b, x, y)[0].block_until_ready()"  # all results are ready when one is
    if casadi := imported("casadi"):
        functions |= lesson_with_casadi(casadi)
    if sympy := imported("sympy"):
        functions["SymPy"] = lesson_with_sympy(sympy)
    # Imported last, since it imports every array library that it finds.
    if tangent := imported("tangent"):
        try:
            functions["Tangent"] = lesson_with_tangent(tangent)
            functions["Tangent"](**numbers)
        except Exception as error:  # it rewrites source, whose grammar changes with each Python
            functions.pop("Tangent", None)
            left_out("tangent", error)
    expected = by_hand(**numbers)
    for name, function in functions.items():
        result = function(*numbers.values())
        if name == "Tangent":
            result = result[2], result[:2]
        check(name, result, expected)

    gc.collect()
    gc.freeze()  # nothing that was imported is garbage; searching it in every collection would only take time
    times = measure(
        rounds,
        "ns",
        {name: a_call(statements.get(name, "f(w, b, x, y)"), f=f, **numbers) for name, f in functions.items()},
    )
    ours = times["compiled"]
    row("compiled, against by hand: times slower", f"{ratio(ours, times['by hand']):.2f}", "bar: at most 1.3")
    row("compiled, against by hand, tuned: times slower", f"{ratio(ours, times['by hand, tuned']):.2f}", "")
    for name in [*functions][3:]:
        bar = "bar: at least 60" if name == "JAX" else "bar: more than 1"
        row(f"compiled: times faster than {name}", f"{ratio(times[name], ours):.1f}", bar)


# ---- The two-moons network, point by point, with other weights in every call -----------------------------------------


def hinge_loss(layers: Any, point: Sequence[float], label: float) -> Any:
    """The loss of one point, by the same code for micrograd's values and ours."""
    x: Any = point
    for layer in layers:
        sums = [sum((w * xi for w, xi in zip(neuron, x)), neuron[-1]) for neuron in layer]
        x = sums if layer is layers[-1] else [s.relu() for s in sums]
    return (1 + -label * x[0]).relu()


def flat(layers: Any) -> list[Any]:
    return [w for layer in layers for neuron in layer for w in neuron]


class Descent:
    """Stochastic gradient descent over the points: weights are numbers, and each step makes new ones."""

    rate = 0.01

    def __init__(self) -> None:
        points, labels = two_moons(POINTS)
        # Compiled code is for floats: it would convert an integer label in every call, which takes microseconds.
        self.data = [(point, float(label)) for point, label in zip(points, labels)]
        self.gradient = sg.compile(sg.value_and_grad(hinge_loss))

    def start(self) -> Any:
        return initial_weights()

    def updated(self, layers: Any, result: Any) -> Any:
        return [
            [[w - self.rate * dw for w, dw in zip(neuron, slopes)] for neuron, slopes in zip(layer, slopes_of_layer)]
            for layer, slopes_of_layer in zip(layers, result[1])
        ]

    def epoch(self) -> tuple[float, float, Any]:
        """The seconds of a gradient and of a step, and the final weights."""
        clock = time.perf_counter
        layers = self.start()
        in_gradients = 0.0
        begin = clock()
        for point, label in self.data:
            before = clock()
            result = self.gradient(layers, point, label)
            in_gradients += clock() - before
            layers = self.updated(layers, result)
        return in_gradients / POINTS, (clock() - begin) / POINTS, layers


class DescentWithMicrograd(Descent):
    """The same in micrograd's style: the parameters stay, and their numbers change."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = [[[*map(micrograd.engine.Value, neuron)] for neuron in layer] for layer in initial_weights()]
        self.parameters = flat(self.layers)
        self.gradient = self.backward

    def start(self) -> Any:
        for p, w in zip(self.parameters, flat(initial_weights())):
            p.data = w
        return self.layers

    def backward(self, layers: Any, point: Sequence[float], label: float) -> Any:
        for p in self.parameters:
            p.grad = 0
        value = hinge_loss(layers, point, label)
        value.backward()
        return value.data

    def updated(self, layers: Any, _: Any) -> Any:
        for p in self.parameters:
            p.data -= self.rate * p.grad
        return layers


def whole_step(descent: Descent) -> Callable[[], tuple[float, Any]]:
    """The regularised loss over all points and its gradient, from a compiled call for each point."""
    layers = initial_weights()
    gradient, data = descent.gradient, descent.data

    def step() -> tuple[float, Any]:
        results = [gradient(layers, point, label) for point, label in data]
        value = sum([result[0] for result in results]) / POINTS + REGULARISATION * sum([w * w for w in flat(layers)])
        slopes = [
            [
                [sum(of_points) / POINTS + 2.0 * REGULARISATION * w for w, of_points in zip(neuron, zip(*of_neuron))]
                for neuron, of_neuron in zip(layer, zip(*of_layer))
            ]
            for layer, of_layer in zip(layers, zip(*[result[1] for result in results]))
        ]
        return value, slopes

    return step


def compare_networks(rounds: int) -> None:
    ours, theirs = Descent(), DescentWithMicrograd()
    our_layers, their_layers = ours.start(), theirs.start()
    for point, label in ours.data:
        value, slopes = ours.gradient(our_layers, point, label)
        check("micrograd", theirs.gradient(their_layers, point, label), value, 1e-12)
        check("micrograd", [p.grad for p in theirs.parameters], slopes, 1e-12)
    check("micrograd", [p.data for p in flat(theirs.epoch()[2])], ours.epoch()[2], 1e-12)
    our_step, their_step = whole_step(ours), scalar_network(micrograd.engine.Value)
    check("micrograd", [p.grad for p in their_step()], our_step()[1], 1e-12)

    def repeated(measure_one: Callable[[], float]) -> Callable[[], float]:
        return lambda: statistics.mean(measure_one() for _ in range(10))  # a single one takes only milliseconds

    operations = operations_of(ours.gradient)
    print(f"\nThe two-moons network ({'-'.join(map(str, LAYERS))}, hinge loss), {operations:,} operations a gradient")
    print("  gradient: one point per call, new weights after each; over all points: with the regularisation.")
    print("  micrograd's time is for all its work: gradients set to 0, graph built, run back, garbage collected.")
    whole = f"gradient over {POINTS} points"
    times = measure(
        rounds,
        "µs",
        {
            "micrograd, gradient": lambda: theirs.epoch()[0],
            "compiled, gradient": repeated(lambda: ours.epoch()[0]),
            "micrograd, gradient and new weights": lambda: theirs.epoch()[1],
            "compiled, gradient and new weights": repeated(lambda: ours.epoch()[1]),
            f"micrograd, {whole}": lambda: seconds(their_step),
            f"compiled, {whole}": repeated(lambda: seconds(our_step)),
        },
    )
    for what, bar in (
        ("gradient", "bar: at least 60"),
        ("gradient and new weights", ""),  # the update is a plain Python loop for both
        (whole, "bar: at least 60"),
    ):
        faster = ratio(times[f"micrograd, {what}"], times[f"compiled, {what}"])
        row(f"compiled, {what}: times faster", f"{faster:.0f}", bar)


# ---- How long compiling takes ----------------------------------------------------------------------------------------


def wave(x: Any, turns: int) -> Any:
    y = x
    for _ in range(turns):
        y = sg.sin(y) * 1.0001 + x / 3
    return y


def compare_compile_times(rounds: int) -> None:
    """Time the first call: the function is traced, and its code is generated, compiled by Python and called."""
    sizes = (1_000, 10_000, 100_000)
    found: dict[int, int] = {}

    def an_operation(turns: int) -> float:
        compiled = sg.compile(sg.value_and_grad(wave), static_argnames="turns", max_operations=10**6)
        took = seconds(compiled, 0.5, turns)
        found[turns] = operations_of(compiled)
        return took / found[turns]

    an_operation(100)  # imports the code generator, and gives the number of operations per turn
    turns = [round(size * 100 / found[100]) for size in sizes]
    expected, slope = sg.value_and_grad(wave)(0.5, turns[0])
    compiled = sg.compile(sg.value_and_grad(wave), static_argnames="turns")
    check("compiled", compiled(0.5, turns[0]), (expected, slope))
    check("compiled", compiled(0.5, turns[0]), (expected, slope))  # the first call was traced, this one is not
    del compiled

    print("\nThe first call of a compiled gradient, sin(y) * 1.0001 + x / 3 in a loop: time per operation of the code")
    times = side_by_side(rounds, **{str(n): lambda n=n: an_operation(n) for n in turns})
    for n in turns:
        cost = statistics.median(times[str(n)])
        note = f"{cost * found[n] * 1e3:,.0f} ms in total   bar: at most 40"
        row(f"{found[n]:,} operations", f"{cost * 1e6:.1f} µs", note)
    row(
        "an operation, the longest code against the middle one",
        f"{ratio(times[str(turns[2])], times[str(turns[1])]):.2f}",
        "bar: at most 1.3",
    )


# ---- Arrays ----------------------------------------------------------------------------------------------------------


def compare_arrays(rounds: int, count: int) -> None:
    print(f"\nThe lesson's step for {count:,} points at once")
    numpy = imported("numpy")
    if numpy is None:
        return
    generator = numpy.random.default_rng(4)
    numbers = {"w": -1.25, "b": 0.75, "x": generator.normal(size=count), "y": generator.normal(size=count)}
    functions = {
        "NumPy by hand": by_hand,
        "NumPy by hand, tuned": tuned_by_hand,
        "compiled with arrays=numpy": sg.compile(sg.value_and_grad(loss, argnums=(0, 1)), arrays=numpy),
    }
    value, slopes = tuned_by_hand(**numbers)
    for function in functions.values():
        found, found_slopes = function(**numbers)
        for a, b in zip((found, *found_slopes), (value, *slopes)):
            assert a.shape == b.shape
            assert abs(a - b).max() < 1e-9
    del value, slopes, found, found_slopes, a, b  # a million numbers each, which would crowd out the rivals' own
    times = measure(rounds, "ms", {name: a_call("f(w, b, x, y)", f=f, **numbers) for name, f in functions.items()})
    ours = times["compiled with arrays=numpy"]
    row("compiled, against by hand: times slower", f"{ratio(ours, times['NumPy by hand']):.2f}", "")
    slower = ratio(ours, times["NumPy by hand, tuned"])
    row("compiled, against by hand, tuned: times slower", f"{slower:.2f}", "bar: at most 1.1")


# ---- Engines that make machine code ----------------------------------------------------------------------------------


def smooth(x: Any, functions: Any) -> Any:
    """A function of eight numbers, with functions of a given module; its gradient has about 1,000 operations."""
    y = [x[i] for i in range(8)]
    for _ in range(5):
        y = [
            functions.tanh(a * b) + 0.5 * functions.sin(a) - 0.25 * functions.exp(-b * b)
            for a, b in zip(y, [*y[1:], y[0]])
        ]
    total = y[0] * y[0]
    for a in y[1:]:
        total = total + a * a
    return total


def smooth_with_casadi(casadi: Any, **options: Any) -> Callable[[list[float]], Any]:
    x = casadi.SX.sym("x", 8)
    value = smooth(x, casadi)
    # It compiles in the current folder. The files are removed here, since it would remove them only at exit.
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder, contextlib.chdir(folder):
        function = casadi.Function("smooth", [x], [casadi.vertcat(value, casadi.gradient(value, x))], options)
        arguments, evaluate, results = casadi_buffers(function)

    def call(x: list[float]) -> Any:
        arguments[:] = array("d", x)
        evaluate()
        value, *slopes = results
        return value, slopes

    return call


def compare_engines(rounds: int) -> None:
    generator = random.Random(5)
    x = [generator.uniform(-1, 1) for _ in range(8)]
    value_and_grad = sg.value_and_grad(lambda x: smooth(x, sg))
    plain = sg.compile(value_and_grad)
    expected = value_and_grad(x)
    plain(x)  # generates the code that is counted
    print(f"\nA gradient with respect to eight numbers, {operations_of(plain):,} operations, and machine-code engines")
    print("  Called with a list of floats, as is CasADi, through its buffers; JAX is called with a NumPy array.")
    functions: dict[str, Callable[[Any], Any]] = {}
    first: dict[str, float] = {}

    def prepare(name: str, make: Callable[[], Callable[[Any], Any]], argument: Any = x) -> None:
        """Make a rival and call it once, which is what takes it long."""
        try:
            start = time.perf_counter()
            function = make()
            result = function(argument)
            first[name] = time.perf_counter() - start
        except Exception as error:
            left_out(name, error)
            return
        check(name, result, expected)
        functions[name] = function

    prepare("compiled", lambda: sg.compile(value_and_grad))
    if numba := imported("numba"):
        prepare("compiled, with numba.njit", lambda: sg.compile(value_and_grad, decorate=numba.njit))
    arguments: dict[str, Any] = {}
    if jax := imported_jax():
        numpy = importlib.import_module("numpy")
        arguments["JAX"] = numpy.array(x)
        prepare("JAX", lambda: jax.jit(jax.value_and_grad(lambda x: smooth(x, jax.numpy))), arguments["JAX"])
    if casadi := imported("casadi"):
        prepare("CasADi, virtual machine", lambda: smooth_with_casadi(casadi))
        options = {"jit_cleanup": False, "jit_options": {"flags": ["-O3"], "cleanup": False}}
        prepare("CasADi, C code", lambda: smooth_with_casadi(casadi, jit=True, compiler="shell", **options))
    gc.collect()
    gc.freeze()
    statements = {"JAX": "f(x)[0].block_until_ready()"}
    times = measure(
        rounds,
        "µs",
        {name: a_call(statements.get(name, "f(x)"), f=f, x=arguments.get(name, x)) for name, f in functions.items()},
        {name: f"   made and called once in {took * 1e3:,.0f} ms" for name, took in first.items()},
    )
    for name in [*functions][1:]:
        row(f"{name}: times faster than compiled", f"{ratio(times['compiled'], times[name]):.2f}", "")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=15, help="how often each rival takes its turn (default: 15)")
    rounds = parser.parse_args().rounds
    print(f"Python {sys.version.split()[0]}, medians of {rounds} rounds")
    # micrograd leaves much to the garbage collector, which is slower the more the process holds. So micrograd comes
    # before the imports of the other comparisons.
    compare_networks(rounds)
    compare_compile_times(min(rounds, 5))  # a round takes seconds
    compare_arrays(rounds, 10**6)
    compare_lessons(rounds)
    compare_engines(rounds)


if __name__ == "__main__":
    main()
