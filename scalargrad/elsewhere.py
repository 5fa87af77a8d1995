"""Names that other libraries have and this one has not: the messages say what to use instead."""

from __future__ import annotations

import sys
from functools import partial

from .checks import refuse_order, refuse_xor
from .operations.operation import numpy_functions, registry

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, NoReturn


def by_name(ways: dict[str, str]) -> dict[str, str]:
    """What to use for each name, from a table in which names with one answer stand in one text."""
    return {name: way.format(name=name, lower=name.lower()) for names, way in ways.items() for name in names.split()}


# Names of modules elsewhere, and what to use here.
TABLE = {
    # -- numbers
    "tensor Tensor array asarray as_tensor ndarray": (
        "use scalargrad.Value(2.0) for a number that has a gradient, scalargrad.Variable([1.0, 2.0]) for a list of "
        "them, and scalargrad.constant() for numbers without one"
    ),
    "Parameter": "use scalargrad.Variable, which a Module finds among its attributes",
    "zeros ones full eye empty": "use lists, as in scalargrad.Variable([0.0] * n)",
    "zeros_like ones_like full_like": "use lists, as in scalargrad.Vector([0.0] * len(v))",
    "arange": "use range(n), which counts as a list of numbers",
    "linspace": "use a list, as in [low + (high - low) * i / (n - 1) for i in range(n)]",
    "float32 float64 dtype": "numbers are Python's floats, which have 64 bits, or exact numbers",
    "device cuda": "numbers are Python's, and there are no devices",
    "manual_seed seed set_seed PRNGKey random rand randn normal uniform": (
        "use Python's random, as in random.seed(0) and [random.gauss(0, 1) for _ in range(n)]; networks take a seed="
    ),
    # -- functions
    "clamp clip_by_value": "use scalargrad.clip(x, low, high)",
    "cat concat hstack vstack": "use scalargrad.concatenate, or scalargrad.Matrix([u, v]) for rows",
    "stack": "use scalargrad.Matrix([u, v])",
    "sum reduce_sum": "use x.sum() of a Vector or a Matrix",
    "mean reduce_mean average": "use x.mean() of a Vector or a Matrix",
    "norm": "use x.norm() of a Vector or a Matrix",
    "max amax reduce_max": "use x.max() of a Vector or a Matrix, or scalargrad.maximum(x, y) of two",
    "min amin reduce_min": "use x.min() of a Vector or a Matrix, or scalargrad.minimum(x, y) of two",
    "var std": "use ((x - x.mean()) ** 2).mean() for the variance, and scalargrad.sqrt of it for the deviation",
    "argmax": "use v.index(v.max()) of a Vector",
    "argmin": "use v.index(v.min()) of a Vector",
    "matmul mm mv bmm dot inner vdot tensordot": "use x @ y",
    "outer": "use scalargrad.Matrix([u]).T @ [v]",
    "einsum": "use @ and sums, or numpy.einsum, which takes Vectors and Matrices, too",
    "cumsum": "use itertools.accumulate(x)",
    "square": "use x * x",
    "reciprocal": "use 1 / x",
    "rsqrt": "use 1 / scalargrad.sqrt(x)",
    "sign": "use scalargrad.copysign(1.0, x)",
    "reshape view": "use scalargrad.Matrix([v[i : i + n] for i in range(0, len(v), n)]) for rows of n elements",
    "ravel Flatten": "use scalargrad.concatenate(matrix), which puts its rows into one Vector",
    "expand_dims unsqueeze": "use scalargrad.Matrix([v]) for one row, and its T for one column",
    "squeeze": "use matrix[0] for the only row, and matrix[:, 0] for the only column",
    "relu6 ReLU6": "use scalargrad.clip(x, 0, 6)",
    "leaky_relu LeakyReLU": "use scalargrad.maximum(x, 0.01 * x)",
    "gelu GELU": "use x * (1 + scalargrad.erf(x / 2**0.5)) / 2",
    "silu SiLU swish": "use x * scalargrad.sigmoid(x)",
    "log_softmax LogSoftmax": (
        "use v - scalargrad.logsumexp(v) of a Vector, or scalargrad.nn.cross_entropy, which takes logits"
    ),
    "logsigmoid LogSigmoid": "use scalargrad.log_sigmoid",
    # -- gradients
    "jit function": "use scalargrad.compile",
    "vmap vectorize": "use a loop, or scalargrad.compile(f, arrays=numpy), which computes at many points in one call",
    "jacrev": 'use scalargrad.jacobian(f, mode="reverse")',
    "jacfwd": 'use scalargrad.jacobian(f, mode="forward")',
    "jet": "use scalargrad.derivative(f, order=n)",
    "custom_vjp custom_jvp Function": "use scalargrad.custom_gradient",
    "ravel_pytree": "use scalargrad.flatten",
    "detach": "use scalargrad.stop_gradient",
    "requires_grad enable_grad set_grad_enabled inference_mode": (
        "gradients flow to Values and trainable Variables, unless scalargrad.stop_gradient or scalargrad.no_grad stops "
        "them"
    ),
    "autograd func gradient gradients backward": (
        "use y.backward(), tape.gradient(y, x) of a scalargrad.GradientTape, or scalargrad.grad(f)"
    ),
    "stop_recording watch": "use tape.{name} of a scalargrad.GradientTape",
    "checkpoint remat": "call the function as it is, since all intermediate numbers are kept",
    "gradcheck check_gradients": "use scalargrad.testing.check_grads",
    # -- networks
    "ReLU Tanh Sigmoid": 'use scalargrad.{lower} in a Sequential, or activation="{lower}" of a Layer',
    "Softmax Softplus": "use scalargrad.{lower}, also in a Sequential",
    "Identity": "use lambda x: x",
    "Dense": 'use scalargrad.nn.Layer(nin, nout, activation="relu"), or scalargrad.nn.Linear(nin, nout)',
    "Dropout dropout": "use a mask of your own, as in x * [2.0 * (random.random() < 0.5) for _ in x]",
    "BatchNorm1d BatchNorm2d BatchNormalization": (
        "use scalargrad.nn.LayerNorm or scalargrad.nn.RMSNorm, which normalise each sample by itself"
    ),
    "ModuleList ModuleDict ParameterList ParameterDict": "use a list or a dict, in which a Module finds its parts",
    "Conv1d Conv2d RNN LSTM GRU Transformer MultiheadAttention": "write a scalargrad.nn.Module of your own",
    "MSELoss mean_squared_error MeanSquaredError": "use scalargrad.nn.mse_loss(prediction, target)",
    "L1Loss mean_absolute_error MeanAbsoluteError": "use scalargrad.nn.l1_loss(prediction, target)",
    "HuberLoss SmoothL1Loss smooth_l1_loss huber Huber": "use scalargrad.nn.huber_loss(prediction, target)",
    "HingeLoss hinge Hinge": "use scalargrad.nn.hinge_loss(prediction, target)",
    "CrossEntropyLoss NLLLoss nll_loss categorical_crossentropy CategoricalCrossentropy": (
        "use scalargrad.nn.cross_entropy(logits, target)"
    ),
    "BCELoss BCEWithLogitsLoss binary_cross_entropy binary_crossentropy BinaryCrossentropy": (
        "use scalargrad.nn.binary_cross_entropy_with_logits(logits, target)"
    ),
    "functional": "activations are functions of scalargrad, and losses those of scalargrad.nn",
    "utils": "use scalargrad.optim.clip_grad_norm_ for gradients, and scalargrad.nn.save for states",
    "init": 'use init="glorot", "he" or "uniform" of a Linear or a Layer, or assign() of a weight',
    # -- optimisers
    "lr_scheduler schedules StepLR MultiStepLR ExponentialLR LinearLR CosineAnnealingLR LambdaLR": (
        "give an optimiser a schedule as lr=, such as scalargrad.optim.step_decay(0.1, 30), which needs no step()"
    ),
    "Adagrad Adadelta Adamax NAdam Nadam RAdam LBFGS Rprop": (
        "use scalargrad.optim.Adam, or a subclass of scalargrad.optim.Optimizer with an update() of your own"
    ),
    "clip_grad_norm": "use scalargrad.optim.clip_grad_norm_",
}

# Attributes of numbers elsewhere, and what to use for a Value.
NUMBER = "it is one number, and its .data is a plain float, or an exact number"
OF_VALUES = {
    "assign": "a Variable has it, and a leaf is set by its data, as in x.data = 3.0",
    "detach": "stop_gradient(x) gives it as a constant, and .data the number alone",
    "clone": "no operation changes it, so use it itself, or Value(x.data) for a leaf of its own",
    "requires_grad requires_grad_": (
        "is_tracked tells whether gradients flow to it, and stop_gradient() gives a constant"
    ),
    "abs clip": "scalargrad.{name}(x) takes it",
    "shape size numel ndim dim T t transpose reshape view ravel flatten squeeze unsqueeze expand_dims": NUMBER,
    "dtype astype device cpu cuda sum mean std var argmax argmin": NUMBER,
}
# Attributes of arrays elsewhere, and what to use for a Vector or a Matrix.
OF_MANY = {
    "assign": "a Variable of a list has it, and takes all elements at once",
    "detach": "stop_gradient(v) gives it as constants, and tolist() the numbers alone",
    "clone": "no operation changes it, so use it itself, or Variable(v) for a leaf of its own",
    "requires_grad requires_grad_": (
        "is_tracked of an element tells whether gradients flow to that, and stop_gradient() gives constants"
    ),
    "dtype astype": "its elements are Values, and tolist() gives their numbers, as plain floats or exact numbers",
    "device cpu cuda": "its numbers are Python's, and tolist() gives them alone",
    "size numel": "its shape tells that, and len() the number of its elements or rows",
    "ndim dim": "len(v.shape) tells that",
    "T t transpose": "a Matrix has T; of a Vector, Matrix([v]) makes a row and Matrix([v]).T a column",
    "flatten": "scalargrad.concatenate(matrix) puts its rows into one Vector, and tolist() gives plain numbers",
    "item": "an element of it has that, and tolist() gives all the numbers",
    "abs clip softmax": "scalargrad.{name}(v) takes it",
}
# Functions that are methods of numbers and arrays elsewhere, with the answers of `NAMES`.
METHODS = (
    "clamp square argmax argmin std var matmul mm mv cumsum log_softmax reshape view ravel squeeze unsqueeze "
    "expand_dims"
)
NAMES = by_name(TABLE)


def way_in_the_house(name: str) -> str:
    """Which operator or function has a name in NumPy, or which module has it; "" if none."""
    operation = numpy_functions.get(name) or registry.get(name)
    if operation and operation.symbol:
        return f"use the operator {operation.symbol}"
    name = operation.shown if operation else name
    house: Any = sys.modules[__package__]
    for part in (house, house.math, house.nn, house.optim, house.plot, house.testing):
        if name in part.__all__:
            return f"use {part.__name__}.{name}"
    return ""


def refuse_name(module: str, name: str) -> NoReturn:
    """Raise AttributeError for a name that a module does not have; for one that others have, it says what to use."""
    way = "" if name.startswith("_") else NAMES.get(name) or way_in_the_house(name)
    if way:
        raise AttributeError(f"{module} has no {name}; {way}", name=name)  # without `obj`: Python then guesses no name
    raise AttributeError(f"module {module!r} has no attribute {name!r}")


def say_names_elsewhere(module: str) -> None:
    """Let a module say what to use for names that it does not have; type checkers do not see its `__getattr__`."""
    vars(sys.modules[module])["__getattr__"] = partial(refuse_name, module)


class Elsewhere:
    """An attribute that a class does not have: it says what to use in its place. `help` does not list it."""

    def __init__(self, name: str, way: str) -> None:
        self.name = name
        self.way = way

    def __get__(self, x: Any, kind: type) -> Any:
        """Raises AttributeError, except on the class itself."""
        if x is None:
            return self
        # The text of x would end a trace, and so would hasattr().
        raise AttributeError(f"a {kind.__name__} has no {self.name}; {self.way}")

    def __set__(self, x: Any, value: Any) -> None:
        self.__get__(x, type(x))


def say_what_is_elsewhere(functions: list[str], of_one: type, *of_many: type) -> None:
    """Let Values and Vectors say what to use for attributes that they do not have, also for functions as methods."""
    for kind in (of_one, *of_many):
        found = {name: NAMES[name] for name in METHODS.split()} | by_name(OF_VALUES if kind is of_one else OF_MANY)
        if kind is not of_one:
            found |= {name: f"scalargrad.{name}(x) takes it, element by element" for name in functions}
        for name, way in found.items():
            if not hasattr(kind, name):
                setattr(kind, name, Elsewhere(name, way))
        for name, refuse in (("__xor__", refuse_xor), ("__rxor__", lambda x, other: refuse_xor(other, x))):
            setattr(kind, name, refuse)
    for compared in ("lt", "le", "gt", "ge"):
        for kind in of_many:
            setattr(kind, f"__{compared}__", refuse_order)
