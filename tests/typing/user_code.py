"""What a user writes, for type checkers: the gate checks it with `mypy --strict`."""

from __future__ import annotations

from fractions import Fraction
from typing import assert_type

import scalargrad as sg
from scalargrad import Value


def k(a: Value) -> Value:
    return a * a + sg.exp(a)


def line(w: Value, b: Value, x: float) -> Value:
    return sg.tanh(w * x + b) ** 2 - 1 / w


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
sg.compile(k)(2.0)
sg.compile(k)(x)
sg.grad(k)(2.0)
sg.value_and_grad(line, argnums=(0, 1))(0.5, 0.1, 2.0)

v = sg.Vector([x, 1.0])
assert_type(v.sum() * 2, Value)
assert_type(sg.exp(v), sg.Vector)
assert_type(v.dot([1.0, 2.0]), Value)

w = sg.Variable([1.0, 2.0], name="w")
w.assign_sub([0.5, 0.5])
with sg.GradientTape() as tape:
    loss = (w * w).sum()
dw = tape.gradient(loss, w)
sg.nn.MLP(2, [3, 1])
print(sg.rows(x * x), tape.explain(loss, w), dw)
