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
assert_type(sg.exp(v), Vector)
assert_type(sg.softmax(v), Vector)
assert_type(v.dot([1.0, 2.0]), Value)
assert_type(len(v), int)
assert_type(v[0], Value)
assert_type(v[:1], Vector)
assert_type(-v * 2 + x, Vector)
assert_type(v @ [1.0, 2.0], Value)
assert_type(v.shape, tuple[int, ...])

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
