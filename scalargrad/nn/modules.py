"""Parts of networks: micrograd's `Neuron`, `Layer` and `MLP`, a neuron being one fused operation."""

from __future__ import annotations

import math
import operator
import random

from ..checks import as_number, is_integer, plural, require_callable, require_flag, require_integer
from ..engine.many import elements_of
from ..engine.value import Value, leaf_number
from ..engine.vector import Vector
from ..operations.operation import registry
from ..pytree import elements_in, elements_like
from ..tape.variable import Variable, assign_leaves

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

ACTIVATIONS: dict[str, Callable[[Any], Any]] = {
    "linear": operator.pos,
    **{name: registry[name].function for name in sorted(registry) if registry[name].activation},
}

# A weight of a neuron with nin inputs, in a layer of nout neurons.
INITS: dict[str, Callable[[Any, int, int], float]] = {
    "glorot": lambda draw, nin, nout: draw.uniform(-1, 1) * math.sqrt(6 / (nin + nout)),
    "he": lambda draw, nin, nout: draw.gauss(0, 1) * math.sqrt(2 / nin),
    "uniform": lambda draw, nin, nout: draw.uniform(-1, 1),
}


# ---- Modules ---------------------------------------------------------------------------------------------------------


class Module:
    """A part of a model: whatever has parameters, found in its attributes.

    Its parameters are the `Variable`s and the leaf `Value`s in its attributes, and in modules, lists, tuples, dicts and
    Vectors there, in the order in which they were set; one that is found twice counts once. Inherit from it, set
    attributes, and write `__call__`.

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

    def parameters(self) -> list[Value]:
        """The tracked leaves in one flat list, as in micrograd: each has `data` and `grad`.

        >>> [p.data for p in Neuron(2).parameters()][2:]
        [0.0]
        """
        return [leaf for variable in self.trainable_variables for leaf in elements_in(variable)]

    @property
    def trainable_variables(self) -> list[Any]:
        """The variables that are trained, as Keras has them: for `tape.gradient` and `apply_gradients`.

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
        for leaf in self.parameters():
            leaf.grad = 0.0

    def state_dict(self) -> dict[str, Any]:
        """The numbers of all variables, trainable or not: a float or a list of floats by the path to each.

        >>> Layer(1, 1, init="uniform", seed=1).state_dict()
        {'neurons.0.w': [-0.7312715117751976], 'neurons.0.b': 0.0}
        """
        found = variables_in(self).items()
        return {path: x.data if isinstance(x, Value) else x.tolist() for path, x in found}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take the numbers over from what `state_dict` gave, all of them or none.

        Raises ValueError if a variable is missing, too many, or of another length, TypeError if one is no number.

        >>> neuron = Neuron(1)
        >>> neuron.load_state_dict({"w": [2.0], "b": 1.0})
        >>> neuron(3.0).data
        7.0
        """
        self.check_state(state)()

    def check_state(self, state: Any) -> Callable[[], None]:
        """Check a state as `load_state_dict` does, and return the function that takes it over.

        >>> neuron = Neuron(1)
        >>> take = neuron.check_state({"w": [2.0], "b": 1.0})
        >>> take()
        >>> neuron.w
        Variable([2.0], name='w')
        """
        variables = variables_in(self)
        if not isinstance(state, dict):
            raise TypeError(f"expected the dict of a state_dict(), got {state!r} ({type(state).__name__})")
        if odd := {*variables} ^ {*state}:
            first = min(odd, key=str)
            what = f"{'lacks' if first in variables else 'has another,'} {first}"
            raise ValueError(f"expected a state of the {plural(len(variables), 'variable')} of this module; it {what}")
        leaves: list[Value] = []
        numbers: list[Any] = []
        for path, variable in variables.items():
            given = elements_like(variable, state[path], f"for {path}")
            numbers += [leaf_number(as_number(x, " in {}", path)) for x in given]
            leaves += elements_in(variable)
        return lambda: assign_leaves(leaves, numbers)


def variables_in(module: Module) -> dict[str, Any]:
    """All Variables and leaf Values in the attributes of a module, by the path to each."""
    found: dict[str, Any] = {}
    seen: set[int] = set()
    ahead: list[tuple[str, Any]] = [("", module)]
    while ahead:
        path, thing = ahead.pop()
        if id(thing) in seen:
            continue
        seen.add(id(thing))
        parts: dict[Any, Any] = {}
        if isinstance(thing, Variable) or (isinstance(thing, Value) and thing.is_leaf):
            if path in found:
                raise ValueError(f"two variables of {module!r} have the path {path!r}; give one another name")
            found[path] = thing
        elif isinstance(thing, (Module, dict)):
            parts = thing if isinstance(thing, dict) else vars(thing)
        elif isinstance(thing, (list, tuple, Vector)):
            parts = dict(enumerate(thing))
        ahead += [(f"{path}.{name}" if path else str(name), part) for name, part in [*parts.items()][::-1]]
    return found


class Neuron(Module):
    """activation(w . x + b): one fused node for the product, one for the bias, one for the activation.

    Args:
        nin: the number of inputs.
        nonlin: whether the activation is applied, as in micrograd.
        activation: "relu", "tanh", "sigmoid", "softplus", "linear", or a function of a Value.
        init: how the weights are drawn: "glorot", uniform with the variance 2/(nin + nout) (Glorot and Bengio, 2010);
            "he", normal with the variance 2/nin (He et al., 2015); "uniform" between -1 and 1, as in micrograd. If not
            given, "he" for relu and "glorot" for all else. The bias is 0.
        seed: an integer or a `random.Random`, which leaves Python's shared generator alone. Without one the shared
            generator draws, so that `random.seed()` decides, as in micrograd.
        nout: the number of neurons in its layer, for "glorot".
        name: what the labels of its weights have behind the w and the b: in an MLP "0.2" of the third neuron of the
            first layer.

    A call takes a list, Vector or array of `nin` numbers or Values (one of them may come without a list) and returns a
    Value.

    Raises:
        TypeError: a count is no integer, `activation` is no function, `seed` is no seed.
        ValueError: a count is less than 1, `activation` or `init` is not one of the names; in a call: another number
            of inputs.

    >>> neuron = Neuron(2, activation="tanh", seed=1)
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
        activation: str | Callable[[Any], Any] = "relu",
        init: str | None = None,
        seed: int | random.Random | None = None,
        nout: int = 1,
        name: str = "",
    ) -> None:
        nin, nout = require_integer("nin", nin, 1), require_integer("nout", nout, 1)
        require_flag("nonlin", nonlin)
        self.nin, self.nonlin = nin, nonlin
        self.function = activation if callable(activation) else require_choice("activation", activation, ACTIVATIONS)
        self.activation = getattr(activation, "__name__", str(activation)) if nonlin else "linear"
        usual = "he" if self.activation == "relu" else "glorot"
        draw_weight = require_choice("init", usual if init is None else init, INITS)
        generator = generator_of(seed) or random  # the shared one, which `random.seed()` is for
        self.w = Variable([draw_weight(generator, nin, nout) for _ in range(nin)], name=f"w{name}")
        self.b = Variable(0.0, name=f"b{name}")

    def __call__(self, x: Any) -> Any:
        y = self.w.dot(as_inputs(x, self.nin)) + self.b
        return self.function(y) if self.nonlin else y

    def __repr__(self) -> str:
        return f"{'ReLU' if self.activation == 'relu' else self.activation.capitalize()}Neuron({self.nin})"


class Layer(Module):
    """Neurons side by side on the same inputs.

    Args:
        nin, nout: the numbers of inputs and of neurons.
        nonlin, activation, init, seed: as for `Neuron`; one generator draws all the weights.
        name: what the labels of the weights have before the number of the neuron.

    A call takes what a Neuron takes and returns a Vector of `nout` Values; if there is one neuron, its Value.

    Raises TypeError and ValueError as `Neuron` does.

    >>> layer = Layer(2, 3, activation="tanh", seed=1)
    >>> layer([0.0, 0.0])
    Vector([0.0, 0.0, 0.0])
    """

    def __init__(
        self,
        nin: int,
        nout: int,
        nonlin: bool = True,
        *,
        activation: str | Callable[[Any], Any] = "relu",
        init: str | None = None,
        seed: int | random.Random | None = None,
        name: str = "",
    ) -> None:
        nout = require_integer("nout", nout, 1)
        options: Any = {"activation": activation, "init": init, "seed": generator_of(seed), "nout": nout}
        self.neurons = [Neuron(nin, nonlin, name=f"{name}{i}", **options) for i in range(nout)]

    def __call__(self, x: Any) -> Any:
        inputs = as_inputs(x, self.neurons[0].nin)
        out = [neuron(inputs) for neuron in self.neurons]
        return out[0] if len(out) == 1 else Vector(out)

    def __repr__(self) -> str:
        return f"Layer of [{', '.join(map(repr, self.neurons))}]"


class Sequential(Module):
    """Modules and functions one after the other, each on what the one before returned.

    Raises TypeError for what cannot be called.

    >>> from scalargrad import softmax
    >>> Sequential(Layer(2, 4, seed=1), Layer(4, 2, nonlin=False, seed=2), softmax)([0.0, 0.0])
    Vector([0.5, 0.5])
    """

    def __init__(self, *layers: Callable[[Any], Any]) -> None:
        if layers and isinstance(layers[0], (list, tuple)):
            raise TypeError("Sequential takes its layers one by one, not in a list: Sequential(*layers)")
        self.layers = [require_callable("Sequential", layer) for layer in layers]

    def __call__(self, x: Any) -> Any:
        for layer in self.layers:
            x = layer(x)
        return x

    def __repr__(self) -> str:
        return f"{type(self).__name__} of [{', '.join(map(repr, self.layers))}]"


class MLP(Sequential):
    """A multi-layer perceptron: layers one after the other, the last of them linear, as in micrograd.

    Args:
        nin: the number of inputs.
        nouts: the number of neurons in each layer.
        activation, init, seed: as for `Neuron`; one generator draws all the weights.

    A call takes a list, Vector or array of `nin` numbers or Values and returns a Vector; if the last layer has one
    neuron, a Value.

    Raises TypeError and ValueError as `Neuron` does; ValueError if there are no layers.

    >>> model = MLP(2, [16, 16, 1], activation="tanh", seed=1)
    >>> len(model.parameters()), model([0.0, 0.0]).data
    (337, 0.0)
    """

    def __init__(
        self,
        nin: int,
        nouts: Sequence[int],
        *,
        activation: str | Callable[[Any], Any] = "relu",
        init: str | None = None,
        seed: int | random.Random | None = None,
    ) -> None:
        if not isinstance(nouts, (list, tuple)):
            raise TypeError(f"nouts is a list of the sizes of the layers, not {nouts!r} ({type(nouts).__name__})")
        if not nouts:
            raise ValueError("nouts is empty; it takes the size of one layer or more")
        options: Any = {"activation": activation, "init": init, "seed": generator_of(seed)}
        nonlins = [True] * (len(nouts) - 1) + [False]
        sizes = enumerate(zip([nin, *nouts], nouts, nonlins))
        super().__init__(*[Layer(*size, name=f"{i}.", **options) for i, size in sizes])


def as_inputs(x: Any, count: int) -> Vector:
    """What a neuron is given, as a Vector of as many values as it has weights."""
    if not isinstance(x, Vector):
        elements = elements_of(x)
        if elements and elements_of(elements[0]) is not None:
            raise TypeError(
                f"a neuron takes the {plural(count, 'number')} of one sample, not a list of "
                f"{plural(len(elements), 'sample')}; call it for each"
            )
        x = Vector([x] if elements is None else elements)
    if len(x) != count:
        raise ValueError(f"expected {plural(count, 'input')}, as many as a neuron has weights, got {len(x)}")
    return x  # type: ignore[no-any-return]


def generator_of(seed: Any) -> Any:
    """A generator for a seed; None for none."""
    if seed is None or isinstance(seed, random.Random):
        return seed
    if not is_integer(seed):
        raise TypeError(f"seed is an integer, a random.Random or None, not {seed!r} ({type(seed).__name__})")
    return random.Random(int(seed))


def require_choice(name: str, choice: Any, choices: dict[str, Any]) -> Any:
    """What a name stands for."""
    if not isinstance(choice, str):
        raise TypeError(f"{name} is one of {', '.join(map(repr, choices))}, not {choice!r} ({type(choice).__name__})")
    if choice not in choices:
        raise ValueError(f"{name} is one of {', '.join(map(repr, choices))}, not {choice!r}")
    return choices[choice]
