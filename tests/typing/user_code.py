"""What a user writes, for type checkers: the gate checks it with `mypy --strict` and with pyright."""

from __future__ import annotations

from fractions import Fraction
from typing import Any, assert_type

import scalargrad as sg
from scalargrad import Matrix, Value, Vector, nn, optim


def k(a: Value) -> Value:
    return a * a + sg.exp(a)


def line(w: Value, b: Value, x: float) -> Value:
    return sg.tanh(w * x + b) ** 2 - 1 / w


# ---- Values ----------------------------------------------------------------------------------------------------------

x = Value(2.0, label="x")
assert_type(x * x + sg.sin(x), Value)
assert_type(2.0 * x - 1, Value)
assert_type(-abs(x) / 3, Value)
assert_type(x + Fraction(1, 3), Value)
assert_type(x.relu().tanh(), Value)
assert_type(sg.sin(0.5), float)
assert_type(sg.maximum(x, 0.0), Value)
assert_type(sg.maximum(1.0, 2.0), float)
assert_type(k(x), Value)
assert_type(sg.topological_order(k(x)), list[Value])
x.backward()
x.grad = 0.0
x.label = "renamed"

# ---- Vectors ---------------------------------------------------------------------------------------------------------

v = Vector([x, 1.0])
assert_type(v.sum() * 2, Value)
assert_type(v.mean(axis=0), Value)
assert_type(sg.exp(v), Vector)
assert_type(sg.softmax(v), Vector)
assert_type(v.dot([1.0, 2.0]), Value)
assert_type(len(v), int)
assert_type(v[0], Value)
assert_type(v[:1], Vector)
assert_type(-v * 2 + x, Vector)
assert_type(v @ [1.0, 2.0], Value)
assert_type(v.shape, tuple[int, ...])
assert_type(x * v, Vector)
assert_type(v / x, Vector)
assert_type(v**v, Vector)
assert_type(v.max(), Value)
assert_type(sg.logsumexp(v), Value)
assert_type(sg.logsumexp([1.0, 2.0]), float)
assert_type(sg.concatenate([v, v]), Vector)
for element in v:
    assert_type(element, Value)

# ---- Matrices --------------------------------------------------------------------------------------------------------

m = Matrix([[x, 1.0], [2.0, 3.0]])
assert_type(m @ m, Matrix)
assert_type(m @ v, Vector)
assert_type(v @ m, Vector)
assert_type(m.T * 2 + v, Matrix)
assert_type(-abs(m) / m, Matrix)
assert_type(sg.exp(m), Matrix)
assert_type(m[0], Vector)
assert_type(m[:1], Matrix)
assert_type(m[0, 1], Value)
assert_type(m[:, 0], Vector)
assert_type(m[0, 1:], Vector)
assert_type(m[0:1, 0:1], Matrix)
assert_type(v + m, Matrix)
assert_type(x - m, Matrix)
assert_type(m @ [1.0, 2.0], Vector)
assert_type(m @ [[1.0, x], [3.0, 4.0]], Matrix)
assert_type(sg.softmax(m), Matrix)
assert_type(sg.softmax(m, axis=1), Matrix)
assert_type(sg.logsumexp(m), Vector)
assert_type(sg.concatenate([m, m], axis=1), Matrix)
assert_type(m.norm(), Value)
assert_type(m.sum(), Value)
assert_type(m.sum(axis=0), Vector)
assert_type(m.mean(1), Vector)
assert_type(m.tolist(), list[list[Any]])
for line_of in m:
    assert_type(line_of, Vector)

# ---- Transforms, and compiled functions ------------------------------------------------------------------------------

sg.compile(k)(2.0)
sg.compile(k)(x)
sg.grad(k)(2.0)
sg.value_and_grad(line, argnums=(0, 1))(0.5, 0.1, 2.0)
sg.jacobian(lambda u: [u[0] * u[1], sg.sin(u[0])])([1.0, 2.0])
sg.hessian(k)(2.0)
sg.derivative(k, order=3)(2.0)
sg.jvp(k, (2.0,), (1.0,))
value, pullback = sg.vjp(k, 2.0)
numbers, rebuild = sg.flatten({"w": [1.0, 2.0]})
assert_type(numbers, list[Any])

# ---- Variables and tapes ---------------------------------------------------------------------------------------------

a = sg.Variable(2.0)
assert_type(a * a + sg.sin(a), Value)
assert_type(2 * a - 1, Value)
assert_type(k(a), Value)
assert_type(a.tanh(), Value)
assert_type(a.assign(3.0).assign_add(1.0).assign_sub(x) * 2, Value)
assert_type(sg.Variable(x, trainable=False, name="b") ** 2, Value)
a.backward()

w = sg.Variable([1.0, 2.0], name="w")
assert_type(w[0], Value)
assert_type(w[:1], Vector)
for each in w:
    assert_type(each, Value)
assert_type(w * 2, Vector)
assert_type(1 - w, Vector)
assert_type(w / x, Vector)
assert_type(-w, Vector)
assert_type(w.dot([1.0, 2.0]), Value)
assert_type(w.sum(), Value)
assert_type(len(w), int)
assert_type(w.assign_sub([0.5, 0.5])[0], Value)
weights = sg.Variable([[1.0, 2.0], [3.0, 4.0]], name="weights")
assert_type(weights @ m, Matrix)
assert_type(weights @ v, Vector)
assert_type(weights * 2, Matrix)
assert_type(weights[0], Vector)
assert_type(weights.T, Matrix)
assert_type(weights.assign_add(m).sum(axis=1), Vector)
assert_type(w * a, Vector)
assert_type(a * w, Vector)
assert_type(v @ w, Value)
assert_type(w + weights, Matrix)
assert_type(m @ weights, Matrix)
assert_type(weights @ [1.0, 2.0], Vector)
assert_type(weights[:, 0], Vector)
assert_type(weights[0:1, 0:1], Matrix)
assert_type(sg.exp(w), Vector)
assert_type(sg.exp(weights), Matrix)
assert_type(sg.concatenate([weights, m]), Matrix)
assert_type(sg.logsumexp(w), Value)
for constant in (sg.constant(2.0), sg.constant(a), sg.stop_gradient(a), sg.stop_gradient(x)):
    assert_type(constant, Value)
for constants in (sg.constant([1.0, 2.0]), sg.constant(w), sg.stop_gradient(v), sg.stop_gradient(w)):
    assert_type(constants, Vector)
for of_rows in (sg.constant([[1.0, 2.0]]), sg.constant(weights), sg.stop_gradient(m), sg.stop_gradient(weights)):
    assert_type(of_rows, Matrix)
both: list[sg.Variable] = [sg.Variable(Fraction(1, 2)), w]


def step(variable: sg.Variable, gradient: Any) -> None:
    variable.assign_sub(0.1 * gradient)


with sg.GradientTape(persistent=True) as tape:
    loss = (w * w).sum() + a
dw = tape.gradient(loss, w)
da, dw = tape.gradient(loss, [a, w])
step(a, da)
step(w, dw)
print(sg.rows(x * x), tape.explain(loss, w))

with sg.no_grad():
    assert_type(x * 2, Value)


@sg.no_grad()
def evaluate(factor: float) -> Value:
    return x * factor


assert_type(evaluate(2.0), Value)

# ---- Networks and optimisers -----------------------------------------------------------------------------------------

model = nn.MLP(2, [3, 1], activation="tanh", seed=1)
optimizer = optim.Adam(model.parameters(), lr=optim.cosine_decay(0.1, 100))
assert_type(model.parameters(), list[Value])
error = nn.mse_loss([model([1.0, 2.0])], [1.0])
assert_type(error, Value)
error.backward()
optimizer.step()
optimizer.zero_grad()
optim.SGD(lr=0.1, momentum=0.9).apply_gradients(zip([da, dw], [a, w]))
optim.clip_grad_norm_([a, w], 1.0)
linear, embedding = nn.Linear(2, 3), nn.Embedding(3, 2)
assert_type(linear.w @ v, Vector)
assert_type(linear.w.T, Matrix)
assert_type(embedding(1), Vector)
assert_type(embedding([0, 2]), Matrix)
assert_type(nn.RMSNorm()(v), Vector)
assert_type(nn.LayerNorm(2)(m), Matrix)
assert_type(nn.Neuron(2)([1.0, 2.0]), Value)
assert_type(nn.Neuron(2).w.sum(), Value)
