// Programs to begin with.

const first = "import scalargrad as sg\n\n";

export const EXAMPLES = [
  ["A product", `${first}x = sg.Value(3.0)\ny = sg.Value(-2.0)\nz = x * y\n`],
  [
    "The chain rule",
    `${first}x = sg.Value(0.5)\nu = x * x\nv = sg.sin(u)\ny = sg.exp(v)\n`,
  ],
  [
    "A neuron",
    `${first}x = sg.Variable([2.0, -1.0, 0.5])
w = sg.Variable([0.3, 0.8, -0.6])
b = sg.Variable(0.2)

z = w.dot(x) + b
y = sg.tanh(z)
`,
  ],
  [
    "The lesson's loss",
    `${first}# One step of stochastic gradient descent on y = 3x + 1
w = sg.Variable(-1.0)
b = sg.Variable(-1.0)
x, y = 2.0, 7.0

with sg.GradientTape() as tape:
    guess = w * x + b
    loss = (guess - y) ** 2

dw, db = tape.gradient(loss, [w, b])
print("the gradient:", dw.numpy(), db.numpy())
loss
`,
  ],
  [
    "A branch",
    `${first}x = sg.Value(1.5)
a = sg.Value(0.1)

# The graph shows the branch that was taken: drag x below 0.
y = x * x if x > 0 else a * x
loss = (y - 1) ** 2
`,
  ],
  [
    "A softmax",
    `${first}scores = [sg.Value(2.0), sg.Value(1.0), sg.Value(-1.0)]
powers = [sg.exp(s) for s in scores]
total = sum(powers)
shares = [p / total for p in powers]
loss = -sg.log(shares[1])
`,
  ],
  ["Your own", first],
];
