"""Parts of networks: micrograd's `Neuron`, `Layer` and `MLP`, with layers as matrix products, and some of PyTorch's."""

from __future__ import annotations

import math
import operator
import random
import re
import sys

from ..checks import (
    as_number,
    brief,
    is_array,
    is_integer,
    plural,
    require_callable,
    require_flag,
    require_integer,
    require_number,
)
from ..engine.contexts import current, open_blocks
from ..engine.many import Values, as_values, elements, elements_of, gathered, has_elements, moved
from ..engine.matrix import Matrix
from ..engine.rows import NUMBER, TAKE, place_in
from ..engine.value import Value, leaf_number, new
from ..engine.vector import Vector
from ..operations.elementary import sqrt
from ..operations.operation import registry
from ..pytree import elements_like
from ..tape.variable import Variable, assign_leaves, is_of_rows

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any, overload

    from ..operations.operation import HasElements, T
    from ..tape.variable import MatrixVariable, VectorVariable

ACTIVATIONS: dict[str, Callable[[Any], Any]] = {
    "linear": operator.pos,
    **{name: registry[name].function for name in sorted(registry) if registry[name].activation},
}

ACTIVATION = "tanh"  # by default

# Each draws a weight of a neuron with nin inputs, in a layer of nout neurons.
INITS: dict[str, Callable[[Any, int, int], float]] = {
    "glorot": lambda draw, nin, nout: draw.uniform(-1, 1) * math.sqrt(6 / (nin + nout)),
    "he": lambda draw, nin, nout: draw.gauss(0, 1) * math.sqrt(2 / nin),
    "uniform": lambda draw, nin, nout: draw.uniform(-1, 1),
}


# ---- Modules ---------------------------------------------------------------------------------------------------------


class Module:
    """A part of a model, with the parameters that its attributes hold.

    Parameters are the `Variable`s and leaf `Value`s in its attributes, also inside modules, lists, tuples, dicts,
    Vectors, Matrices and arrays, in the order in which the attributes were set. One that is found twice counts once.
    To write a module, inherit from this class, set attributes and define `__call__`, or `forward` as in PyTorch.

    >>> from scalargrad import Variable
    >>> class Line(Module):
    ...     def __init__(self):
    ...         self.slope, self.offset = Variable(2.0), Variable([1.0])
    ...     def __call__(self, x):
    ...         return self.slope * x + self.offset[0]
    >>> line = Line()
    >>> line(3.0).backward()
    >>> [p.grad for p in line.parameters()]
    [3.0, 1.0]
    """

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """The result of `forward`, if the module defines that in place of `__call__`. Raises TypeError if not."""
        forward = getattr(self, "forward", None)
        if forward is None:
            raise TypeError(f"{type(self).__name__} cannot be called; define __call__(self, x), or forward(self, x)")
        return forward(*args, **kwargs)

    def parameters(self) -> list[Value]:
        """The tracked leaves in one flat list, as in micrograd: each has `data` and `grad`.

        For a vector or a matrix, these are its elements, row by row.

        >>> [p.data for p in Neuron(2).parameters()][2:]
        [0.0]
        """
        return [leaf for variable in self.trainable_variables for leaf in leaves_in(variable)]

    @property
    def trainable_variables(self) -> list[Any]:
        """The trainable variables, as in Keras, for `tape.gradient` and `apply_gradients`.

        >>> Neuron(2, init="glorot", seed=1).trainable_variables[1]
        Variable(0.0, name='b')
        """
        return [variable for variable in variables_in(self).values() if getattr(variable, "trainable", True)]

    def zero_grad(self) -> None:
        """Set the `grad` of all parameters to zero, before the next `backward()`.

        >>> neuron = Neuron(1)
        >>> neuron.b.grad = 3.0
        >>> neuron.zero_grad()
        >>> neuron.b.grad
        0.0
        """
        for variable in self.trainable_variables:
            variable.grad = 0.0

    def state_dict(self) -> dict[str, Any]:
        """The numbers of all variables, trainable or not, keyed by path: a float, a list of floats or a list of rows.

        >>> Layer(1, 1, init="uniform", seed=1).state_dict()
        {'w': [[-0.7312715117751976]], 'b': [0.0]}
        """
        found = variables_in(self).items()
        return {path: x.data if isinstance(x, Value) else x.tolist() for path, x in found}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Load the numbers of a `state_dict`, all of them or none; one from release 0.1 will do, too.

        Raises ValueError if a variable is missing, unknown or of another length, TypeError if one is not a number.

        >>> neuron = Neuron(1, activation="linear")
        >>> neuron.load_state_dict({"w": [2.0], "b": 1.0})
        >>> neuron(3.0).data
        7.0
        """
        self.check_state(state)()

    def check_state(self, state: Any) -> Callable[[], None]:
        """A function that loads a state, once the state has passed the checks of `load_state_dict`.

        >>> neuron = Neuron(1)
        >>> take = neuron.check_state({"w": [2.0], "b": 1.0})
        >>> take()
        >>> neuron.w
        Variable([2.0], name='w')
        """
        variables = variables_in(self)
        if not isinstance(state, dict):
            raise TypeError(f"expected the dict of a state_dict(), got {brief(state)} ({type(state).__name__})")
        state = with_layers(state, variables)
        if odd := {*variables} ^ {*state}:
            first = min(odd, key=str)
            what = f"{'lacks' if first in variables else 'has another,'} {first}"
            raise ValueError(f"expected a state of the {plural(len(variables), 'variable')} of this module; it {what}")
        numbers: list[Any] = []
        for path, variable in variables.items():
            given = elements_like(variable, state[path], "for {}", path)
            found = [leaf_number(as_number(x, " in {}", path)) for x in given]
            numbers.append(found if isinstance(variable, Values) else found[0])
        return lambda: assign_leaves([*variables.values()], numbers)


def leaves_in(variable: Any) -> list[Value]:
    """The leaves of a variable, row by row."""
    return [*elements(variable)] if isinstance(variable, Values) else [variable]


def with_layers(state: dict[Any, Any], variables: dict[str, Any]) -> dict[Any, Any]:
    """The state with a matrix for each layer; in release 0.1 each neuron had weights and a bias of its own."""
    found: dict[Any, Any] = {}
    of_neurons: dict[str, dict[int, Any]] = {}
    for path, given in state.items():
        old = re.fullmatch(r"(|.*\.)neurons\.(\d+)\.([wb])", path) if isinstance(path, str) else None
        if old is None or path in variables:
            found[path] = given
        else:
            of_neurons.setdefault(old[1] + old[3], {})[int(old[2])] = given
    return {**found, **{path: [given[i] for i in sorted(given)] for path, given in of_neurons.items()}}


def variables_in(module: Module) -> dict[str, Any]:
    """All Variables and leaf Values in the attributes of a module, keyed by path."""
    found: dict[str, Any] = {}
    seen: dict[int, Any] = {}  # holds the objects, since the id of one that was freed may be used again
    ahead: list[tuple[str, Any]] = [("", module)]
    while ahead:
        path, thing = ahead.pop()
        if id(thing) in seen:
            continue
        seen[id(thing)] = thing
        parts: dict[Any, Any] = {}
        if isinstance(thing, Variable) or (isinstance(thing, Value) and thing.is_leaf):
            if path in found:
                raise ValueError(f"two variables of {module!r} have the path {path!r}; rename one of them")
            found[path] = thing
        elif isinstance(thing, (Module, dict)):
            parts = thing if isinstance(thing, dict) else vars(thing)
        elif isinstance(thing, Values):
            parts = {".".join(map(str, place_in(thing.shape, i))): x for i, x in enumerate(elements(thing))}
        elif isinstance(thing, (list, tuple)):
            parts = dict(enumerate(thing))
        elif not isinstance(thing, Value) and getattr(getattr(thing, "dtype", None), "kind", "") == "O" and thing.ndim:
            parts = dict(enumerate(thing.tolist()))
        ahead += [(f"{path}.{name}" if path else str(name), part) for name, part in [*parts.items()][::-1]]
    return found


class Neuron(Module):
    """activation(w . x + b): one fused node for the product, one for the bias, one for the activation.

    Args:
        nin: the number of inputs.
        nonlin: whether the activation is applied, as in micrograd.
        activation: "tanh", "relu", "sigmoid", "softplus", "linear", or a function of a Value. The default is tanh: a
            relu that a step too far has made 0 on all samples never learns again.
        init: how the weights are drawn: "glorot", uniform with the variance 2/(nin + nout) (Glorot and Bengio, 2010);
            "he", normal with the variance 2/nin (He et al., 2015); "uniform" between -1 and 1, as in micrograd. The
            default is "he" for relu and "glorot" otherwise. The bias starts at 0.
        seed: an integer or a `random.Random`. Without one, weights come from Python's shared generator, which
            `random.seed()` seeds, as in micrograd.
        nout: the number of neurons in its layer, for "glorot".
        name: what to append to the labels w and b.

    A call takes a list, Vector or array of `nin` numbers or Values (a single one needs no list) and returns a Value.

    Raises:
        TypeError: a count is not an integer, `activation` is neither a name nor a function, or `seed` is neither an
            integer nor a `random.Random`.
        ValueError: a count is less than 1, or `activation` or `init` is not one of the names; in a call: the number of
            inputs is not `nin`.

    >>> neuron = Neuron(2, seed=1)
    >>> neuron.w.assign([1.0, -1.0])
    Variable([1.0, -1.0], name='w')
    >>> neuron([0.5, 0.5]).data, neuron
    (0.0, TanhNeuron(2))
    """

    def __init__(
        self,
        nin: int,
        nonlin: bool = True,
        *,
        activation: str | Callable[[Any], Any] = ACTIVATION,
        init: str | None = None,
        seed: int | random.Random | None = None,
        nout: int = 1,
        name: str = "",
    ) -> None:
        nin, nout = require_integer("nin", nin, 1), require_integer("nout", nout, 1)
        require_flag("nonlin", nonlin)
        self.nin, self.nonlin = nin, nonlin
        self.function, self.activation = activation_of(activation, nonlin)
        draw_weight = require_choice("init", init_for(self.activation, init), INITS)
        generator = generator_of(seed) or random  # the shared one, which `random.seed()` seeds
        weights = [draw_weight(generator, nin, nout) for _ in range(nin)]
        self.w: VectorVariable = Variable(weights, name=f"w{name}")
        self.b = Variable(0.0, name=f"b{name}")

    def __call__(self, x: Any) -> Value:
        y = self.w.dot(as_inputs(x, self.nin)) + self.b
        return self.function(y) if self.nonlin else y

    def __repr__(self) -> str:
        return shown_neuron(self)


class Linear(Module):
    """W @ x + b, PyTorch's `Linear`: a `Layer` without an activation.

    Args:
        nin, nout: the numbers of inputs and of outputs.
        bias: whether there is a b.
        init, seed: as for `Neuron`.
        name: what to append to the labels w and b.

    `w` is a matrix of nout rows and nin columns, `b` a vector. Called with one sample (a list, Vector or array of `nin`
    numbers or Values), it returns a Vector of `nout` Values. Called with a batch (a Matrix, a list of samples or an
    array of two dimensions), it returns a Matrix with a row for each sample. If `nout` is 1, a sample gives a Value and
    a batch gives a Vector.

    Raises TypeError and ValueError as `Neuron` does.

    >>> linear = Linear(2, 3, seed=1)
    >>> linear.w.assign([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]]).shape
    (3, 2)
    >>> linear([1.0, 2.0]), linear([[1.0, 2.0], [3.0, 4.0]])
    (Vector([1.0, 2.0, 3.0]), Matrix([[1.0, 2.0, 3.0], [3.0, 4.0, 7.0]]))
    """

    def __init__(
        self,
        nin: int,
        nout: int,
        bias: bool = True,
        *,
        init: str | None = None,
        seed: int | random.Random | None = None,
        name: str = "",
    ) -> None:
        self.nin, self.nout = require_integer("nin", nin, 1), require_integer("nout", nout, 1)
        require_flag("bias", bias)
        draw_weight = require_choice("init", "glorot" if init is None else init, INITS)
        generator = generator_of(seed) or random  # the shared one, which `random.seed()` seeds
        weights = [[draw_weight(generator, self.nin, self.nout) for _ in range(self.nin)] for _ in range(self.nout)]
        self.w: MatrixVariable = Variable(weights, name=f"w{name}")
        self.b = Variable([0.0] * self.nout, name=f"b{name}") if bias else None

    def __call__(self, x: Any) -> Any:
        x = as_samples(x, self.nin)
        if self.nout == 1:
            y = x @ self.w[0]
            return y if self.b is None else y + self.b[0]
        y = x @ self.w.T if isinstance(x, Matrix) else self.w @ x
        return y if self.b is None else y + self.b

    def __repr__(self) -> str:
        return f"Linear({self.nin}, {self.nout})"


class Layer(Linear):
    """Neurons side by side on the same inputs, activation(W @ x + b): a product of matrices, a sum and the activation.

    Args:
        nin, nout: the numbers of inputs and of neurons.
        nonlin, activation, init, seed: as for `Neuron`; one generator draws all the weights.
        name: what to append to the labels w and b; in an MLP, the number of the layer.

    A call takes and returns what `Linear` does, for a sample or a batch. An activation of your own is called with one
    Value at a time; one that takes whole Vectors and matrices goes after a `Linear` in a `Sequential`. `neurons` lists
    the neurons, as in micrograd; they share the leaves of the layer.

    Raises TypeError and ValueError as `Neuron` does.

    >>> layer = Layer(2, 3, seed=1)
    >>> layer([0.0, 0.0]), layer([[0.0, 0.0], [0.0, 0.0]])
    (Vector([0.0, 0.0, 0.0]), Matrix([[0.0, 0.0, 0.0], [0.0, 0.0, 0.0]]))
    >>> layer.neurons[0].w[1] is layer.w[0, 1]
    True
    """

    def __init__(
        self,
        nin: int,
        nout: int,
        nonlin: bool = True,
        *,
        activation: str | Callable[[Any], Any] = ACTIVATION,
        init: str | None = None,
        seed: int | random.Random | None = None,
        name: str = "",
    ) -> None:
        require_flag("nonlin", nonlin)
        self.nonlin = nonlin
        self.function, self.activation = activation_of(activation, nonlin)
        super().__init__(nin, nout, init=init_for(self.activation, init), seed=seed, name=name)

    def __call__(self, x: Any) -> Any:
        y = super().__call__(x)
        return activated(self.function, y) if self.nonlin else y

    @property
    def neurons(self) -> list[Neuron]:
        """The neurons; their weights and biases are the elements of `w` and `b`."""
        return [neuron_of(self, i) for i in range(self.nout)]

    def __repr__(self) -> str:
        return f"Layer of [{', '.join([shown_neuron(self)] * self.nout)}]"

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Restore a pickled layer; release 0.1 pickled a list of neurons."""
        neurons = state.get("neurons")
        if neurons is not None:
            first = vars(neurons[0])
            w = Variable([[*neuron.w] for neuron in neurons], name=first["w"].name)
            b = Variable([neuron.b for neuron in neurons], name=first["b"].name)
            w.grad, b.grad = [neuron.w.grad for neuron in neurons], [neuron.b.grad for neuron in neurons]
            state = {**first, "nout": len(neurons), "w": w, "b": b}
        vars(self).update(state)


def neuron_of(layer: Layer, i: int) -> Neuron:
    """A neuron of a layer, with the same leaves."""
    neuron: Neuron = new(Neuron)
    own = {name: vars(layer)[name] for name in ("nin", "nonlin", "function", "activation")}
    vars(neuron).update(own, w=Vector([layer.w[i, j] for j in range(layer.nin)]), b=layer.b[i])  # type: ignore[index]
    return neuron


def shown_neuron(thing: Neuron | Layer) -> str:
    """A neuron, or one of a layer, as micrograd shows it."""
    return f"{'ReLU' if thing.activation == 'relu' else thing.activation.capitalize()}Neuron({thing.nin})"


class Embedding(Module):
    """A vector for each of `count` things, PyTorch's `Embedding`: a lookup in the rows of a matrix.

    Args:
        count: the number of things.
        size: the length of the vectors.
        std: the standard deviation of the numbers, which are drawn from a normal distribution around 0.
        seed: as for `Neuron`.
        name: what to append to the label w.

    Called with an index, it returns the row as a Vector. Called with a list or an array of indices, it returns a Matrix
    with a row for each, recorded in one row.

    Raises:
        TypeError: a count or an index is not an integer, or `std` is not a number.
        ValueError: a count is less than 1, `std` is less than 0, or a list of indices is empty.
        IndexError: there is no such row.

    >>> embedding = Embedding(3, 2)
    >>> embedding.w.assign([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]).shape
    (3, 2)
    >>> embedding(1), embedding([2, 0])
    (Vector([3.0, 4.0]), Matrix([[5.0, 6.0], [1.0, 2.0]]))
    """

    def __init__(
        self,
        count: int,
        size: int,
        *,
        std: float = 1.0,
        seed: int | random.Random | None = None,
        name: str = "",
    ) -> None:
        count, size = require_integer("count", count, 1), require_integer("size", size, 1)
        require_number("std", std, lambda x: 0 <= x < math.inf, "0 or more and finite")
        generator = generator_of(seed) or random
        rows = [[generator.gauss(0, std) for _ in range(size)] for _ in range(count)]
        self.w: MatrixVariable = Variable(rows, name=f"w{name}")

    if TYPE_CHECKING:

        @overload
        def __call__(self, index: int) -> Vector: ...
        @overload
        def __call__(self, index: Sequence[int]) -> Matrix: ...
        @overload
        def __call__(self, index: Any) -> Any: ...

    def __call__(self, index: Any) -> Any:
        indices = index.tolist() if is_array(index) else index
        if not isinstance(indices, (list, tuple, range)):
            return self.w[self.row_at(indices)]
        rows = [self.row_at(i) for i in indices]
        if not rows:
            raise ValueError("an Embedding got no indices; it takes one or more")
        if open_blocks:
            self.w.is_followed_in(current())  # so that tapes note its use
        size = self.w.shape[1]
        places = tuple([j for i in rows for j in range(i * size, (i + 1) * size)])
        numbers = self.w.row[NUMBER]
        return moved(TAKE, self.w, tuple([numbers[j] for j in places]), (len(rows), size), places)

    def row_at(self, index: Any) -> int:
        count = len(self.w)
        if not is_integer(index):
            got = f"{brief(index)} ({type(index).__name__})"
            raise TypeError(f"an Embedding takes an index (an integer) or a list of them, not {got}")
        if not 0 <= index < count:
            raise IndexError(
                f"an Embedding of {plural(count, 'row')} takes an index from 0 to {count - 1}, not {index}"
            )
        return int(index)

    def __repr__(self) -> str:
        return f"Embedding{self.w.shape}"


class RMSNorm(Module):
    """x / sqrt(mean(x * x) + eps), PyTorch's `RMSNorm` (Zhang and Sennrich, 2019).

    Args:
        size: the length of the vectors, for a gain on each of their numbers, initially 1; None for no gain.
        eps: 0 or more; by default the spacing of floats at 1, as in PyTorch.
        name: what to append to the label of the gain.

    Called with a Vector, a list or an array of one dimension, it returns a Vector. Called with a Matrix, a list of rows
    or an array of two dimensions, it normalises each row and returns a Matrix.

    Raises:
        TypeError: `size` is not an integer, or `eps` is not a number; in a call: the argument is a single number.
        ValueError: `size` is less than 1, or `eps` is less than 0; in a call: the length is not `size`, or is 0.

    >>> RMSNorm(eps=0.0)([3.0, 4.0, 0.0, 0.0])
    Vector([1.2, 1.6, 0.0, 0.0])
    """

    def __init__(self, size: int | None = None, eps: float = sys.float_info.epsilon, *, name: str = "") -> None:
        self.size = None if size is None else require_integer("size", size, 1)
        self.eps = require_number("eps", eps, lambda x: x >= 0, "0 or more")
        self.gain = None if self.size is None else Variable([1.0] * self.size, name=f"gain{name}")

    if TYPE_CHECKING:

        @overload
        def __call__(self, x: HasElements[T, Any]) -> T: ...
        @overload
        def __call__(self, x: Any) -> Any: ...

    def __call__(self, x: Any) -> Any:
        y = scaled_to_one(as_columns("RMSNorm", x, self.size), self.eps)
        return y if self.gain is None else y * self.gain

    def __repr__(self) -> str:
        return f"RMSNorm({self.size or ''})"


class LayerNorm(Module):
    """(x - mean(x)) / sqrt(var(x) + eps) * gain + bias, PyTorch's `LayerNorm` (Ba, Kiros and Hinton, 2016).

    Args:
        size: the length of the vectors.
        eps: 0 or more.
        name: what to append to the labels of the gain and the bias.

    The variance divides by the length, not by one less. Gains start at 1, biases at 0. A call takes, returns and raises
    what `RMSNorm` does.

    >>> LayerNorm(2, eps=0.0)([[1.0, 3.0], [10.0, 20.0]])
    Matrix([[-1.0, 1.0], [-1.0, 1.0]])
    """

    def __init__(self, size: int | None = None, eps: float = 1e-5, *, name: str = "") -> None:
        if size is None:
            raise TypeError(
                "LayerNorm takes the size of the vectors, as in LayerNorm(16), since each of their numbers has a gain "
                "and a bias; RMSNorm() needs no size"
            )
        self.size = require_integer("size", size, 1)
        self.eps = require_number("eps", eps, lambda x: x >= 0, "0 or more")
        self.gain = Variable([1.0] * self.size, name=f"gain{name}")
        self.bias = Variable([0.0] * self.size, name=f"bias{name}")

    if TYPE_CHECKING:

        @overload
        def __call__(self, x: HasElements[T, Any]) -> T: ...
        @overload
        def __call__(self, x: Any) -> Any: ...

    def __call__(self, x: Any) -> Any:
        x = as_columns("LayerNorm", x, self.size)
        if isinstance(x, Matrix):
            columns = x.T
            return scaled_to_one((columns - columns.mean(axis=0)).T, self.eps) * self.gain + self.bias
        return scaled_to_one(x - x.mean(), self.eps) * self.gain + self.bias

    def __repr__(self) -> str:
        return f"LayerNorm({self.size})"


def as_columns(name: str, x: Any, size: int | None) -> Any:
    """The argument of a norm as a Vector or a Matrix."""
    if not has_elements(x):
        raise TypeError(f"{name} takes a Vector, a list or a Matrix, not {brief(x)} ({type(x).__name__})")
    x = as_values(x)
    width = x.shape[-1]
    if not width:
        raise ValueError(f"{name} got no numbers; it takes one or more")
    if size is not None and width != size:
        raise ValueError(f"expected {plural(size, 'number')} for {name}({size}), got {width}")
    return x


def scaled_to_one(x: Any, eps: float) -> Any:
    """x / sqrt(mean(x * x) + eps), for a matrix row by row."""
    if isinstance(x, Matrix):
        return (x.T / sqrt((x * x).mean(axis=1) + eps)).T
    return x / sqrt(x.dot(x) / len(x) + eps)


class Sequential(Module):
    """Modules and functions in sequence, each called with the result of the one before.

    Raises TypeError if one of them cannot be called.

    >>> from scalargrad import softmax
    >>> Sequential(Layer(2, 4, seed=1), Layer(4, 2, nonlin=False, seed=2), softmax)([0.0, 0.0])
    Vector([0.5, 0.5])
    """

    def __init__(self, *layers: Callable[[Any], Any]) -> None:
        if layers and isinstance(layers[0], (list, tuple)):
            raise TypeError("Sequential takes its layers one by one, not in a list: Sequential(*layers)")
        self.layers = [require_callable("Sequential", layer) for layer in layers]

    def __call__(self, x: Any) -> Any:
        is_batch = False
        for layer in self.layers:
            is_batch = is_batch or (has_elements(x) and is_of_rows(x))
            if is_batch and isinstance(x, Vector) and getattr(layer, "nin", None) == 1:
                x = Matrix([x]).T  # the outputs of a layer of one neuron are samples, too
            x = layer(x)
        return x

    def __repr__(self) -> str:
        return f"{type(self).__name__} of [{', '.join(map(repr, self.layers))}]"


class MLP(Sequential):
    """A multi-layer perceptron: layers in sequence, the last one linear, as in micrograd.

    Args:
        nin: the number of inputs.
        nouts: the number of neurons in each layer.
        activation, init, seed: as for `Neuron`; one generator draws all the weights.

    Called with one sample (a list, Vector or array of `nin` numbers or Values), it returns a Vector. Called with a
    batch (a Matrix, a list of samples or an array of two dimensions), it returns a Matrix. If the last layer has one
    neuron, a sample gives a Value and a batch gives a Vector.

    Raises TypeError and ValueError as `Neuron` does; ValueError if there are no layers.

    >>> model = MLP(2, [16, 16, 1], seed=1)
    >>> len(model.parameters()), model([0.0, 0.0]).data, model([[0.0, 0.0], [0.0, 0.0]])
    (337, 0.0, Vector([0.0, 0.0]))
    """

    def __init__(
        self,
        nin: int,
        nouts: Sequence[int],
        *,
        activation: str | Callable[[Any], Any] = ACTIVATION,
        init: str | None = None,
        seed: int | random.Random | None = None,
    ) -> None:
        if not isinstance(nouts, (list, tuple)):
            raise TypeError(f"nouts is a list of the sizes of the layers, not {brief(nouts)} ({type(nouts).__name__})")
        if not nouts:
            raise ValueError("nouts is empty; it takes the size of one layer or more")
        options: Any = {"activation": activation, "init": init, "seed": generator_of(seed)}
        nonlins = [True] * (len(nouts) - 1) + [False]
        sizes = enumerate(zip([nin, *nouts], nouts, nonlins))
        super().__init__(*[Layer(*size, name=str(i), **options) for i, size in sizes])


def activation_of(activation: Any, nonlin: bool) -> tuple[Any, str]:
    """The function of an activation, and its name."""
    function = activation if callable(activation) else require_choice("activation", activation, ACTIVATIONS)
    return function, getattr(activation, "__name__", str(activation)) if nonlin else "linear"


def init_for(activation: str, init: Any) -> Any:
    """The name of an initialisation: the one given, or else the one that suits an activation."""
    return ("he" if activation == "relu" else "glorot") if init is None else init


def activated(function: Any, y: Any) -> Any:
    """An activation of a value, or of all elements of a vector or a matrix: at once if it is one of the package's."""
    if not isinstance(y, Values) or function is operator.pos or hasattr(function, "operation"):
        return function(y)
    found = [function(x) for x in elements(y)]
    return gathered(found, y.shape)


def as_samples(x: Any, count: int) -> Any:
    """The argument of a layer: one sample as a Vector, a batch as a Matrix."""
    if isinstance(x, Values):
        samples: Any = x
    elif (found := elements_of(x)) is None:
        samples = Vector([x])
    else:
        samples = Matrix(found) if found and has_elements(found[0]) else Vector(found)
    return require_inputs(samples, count)


def as_inputs(x: Any, count: int) -> Any:
    """The argument of a neuron, as a Vector with a value for each weight."""
    if not isinstance(x, Vector):
        elements = elements_of(x)
        if elements and has_elements(elements[0]):
            raise TypeError(
                f"a neuron takes the {plural(count, 'number')} of one sample, not a list of "
                f"{plural(len(elements), 'sample')}; call it for each, or a Layer for all"
            )
        x = Vector([x] if elements is None else elements)
    return require_inputs(x, count)


def require_inputs(x: Any, count: int) -> Any:
    """The samples. Raises ValueError unless each has as many numbers as a neuron has weights."""
    width = x.shape[-1]
    if width != count:
        got = width if len(x.shape) == 1 else f"{width} in a batch of shape {x.shape}"
        raise ValueError(f"expected {plural(count, 'input')}, as many as a neuron has weights, got {got}")
    return x


def generator_of(seed: Any) -> Any:
    """A generator for a seed; None without a seed."""
    if seed is None or isinstance(seed, random.Random):
        return seed
    if not is_integer(seed):
        raise TypeError(f"seed is an integer, a random.Random or None, not {brief(seed)} ({type(seed).__name__})")
    return random.Random(int(seed))


def require_choice(name: str, choice: Any, choices: dict[str, Any]) -> Any:
    """The choice with a given name."""
    if not isinstance(choice, str):
        raise TypeError(
            f"{name} is one of {', '.join(map(repr, choices))}, not {brief(choice)} ({type(choice).__name__})"
        )
    if choice not in choices:
        raise ValueError(f"{name} is one of {', '.join(map(repr, choices))}, not {brief(choice)}")
    return choices[choice]
