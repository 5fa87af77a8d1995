"""`explain`: the backward pass written out, with the numbers that the engine computes."""

from __future__ import annotations

import copy
import math
import pickle
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import scalargrad as sg
from scalargrad.testing.strategies import programs

BOARD = f"""\
Forward
  x  = 2
  y  = 3
  v1 = sin(x)  = 0.909297
  v2 = v1 * y  = 2.72789
  v3 = x**2    = 4
  z  = v2 + v3 = 6.72789

Backward: upstream * local, from dz/dz = 1
  z = v2 + v3
    dz/dv2 = 1                     1 * 1 = 1
    dz/dv3 = 1                     1 * 1 = 1
  v3 = x**2
    dv3/dx = 2 * x = 4             1 * 4 = 4
  v2 = v1 * y
    dv2/dv1 = y = 3                1 * 3 = 3
    dv2/dy = v1 = 0.909297         1 * 0.909297 = 0.909297
  v1 = sin(x)
    dv1/dx = cos(x) = -0.416147    3 * -0.416147 = -1.24844

Sums, where several ways meet
  dz/dx = 4 + (-1.24844) = 2.75156

Gradient
  dz/dx = {4.0 + math.cos(2.0) * 3.0!r}
  dz/dy = {math.sin(2.0)!r}"""


def example() -> sg.Value:
    x, y = sg.Value(2.0, label="x"), sg.Value(3.0, label="y")
    z = sg.sin(x) * y + x**2
    z.label = "z"
    return z


def test_the_board_reads_from_the_numbers_to_the_gradient() -> None:
    assert sg.explain(example()) == BOARD


class Printer:
    """What IPython gives to those that show themselves: it breaks lines where it is told to."""

    def __init__(self) -> None:
        self.shown = ""

    def text(self, text: str) -> None:
        assert "\n" not in text
        self.shown += text

    def break_(self) -> None:
        self.shown += "\n"


def test_a_notebook_shows_the_lines_and_all_others_get_a_string(capsys: pytest.CaptureFixture[str]) -> None:
    board: Any = sg.explain(example())
    printer = Printer()
    board._repr_pretty_(printer, False)
    assert printer.shown == BOARD
    assert isinstance(board, str)
    assert repr(board) == repr(BOARD)
    assert {board: 1}[BOARD] == 1
    assert pickle.loads(pickle.dumps(board)) == copy.copy(board) == BOARD
    print(board)
    assert capsys.readouterr().out == f"{BOARD}\n"


@given(data=st.data())
def test_the_gradient_on_the_board_is_the_engines(data: st.DataObject) -> None:
    program = data.draw(programs())
    leaves = [
        sg.Value(x, label=f"p{i}") for i, x in enumerate(data.draw(st.tuples(*[st.floats(0.5, 2)] * program.arity)))
    ]
    result = program(*leaves)
    if not isinstance(result, sg.Value) or not result.is_tracked:
        return
    text = sg.explain(result)
    result.backward()
    found = dict(re.findall(r"^  d\w+/d(p\d+) *= (\S+)$", text.partition("Gradient\n")[2], re.MULTILINE))
    assert found
    grads = {leaf.label: leaf.grad for leaf in leaves}
    assert all(float(number) == grads[name] for name, number in found.items())


@given(data=st.data())
def test_no_line_is_wider_than_asked(data: st.DataObject) -> None:
    program = data.draw(programs())
    width = data.draw(st.integers(40, 100))
    result = program(*[sg.Value(x) for x in data.draw(st.tuples(*[st.floats(0.5, 2)] * program.arity))])
    if isinstance(result, sg.Value) and result.is_tracked:
        assert max(map(len, sg.explain(result, width=width).splitlines())) <= width


def test_columns_that_do_not_fit_stand_below_one_another() -> None:
    text = sg.explain(example(), width=40)
    assert "    dv1/dx = cos(x) = -0.416147\n      3 * -0.416147 = -1.24844\n" in text
    assert re.sub(r"\s+", " ", text) == re.sub(r"\s+", " ", BOARD)


def test_a_long_graph_is_shortened_in_the_middle() -> None:
    x = sg.Value(0.5, label="x")
    y = x
    for _ in range(100):
        y = sg.sin(y) + x
    text = sg.explain(y, steps=6)
    assert len(text.splitlines()) < 50
    assert "  ... (194 more)" in text
    assert "  v1   = sin(x)" in text
    assert "  v200 = v199 + x" in text
    assert re.search(r"dv200/dx = 1 \+ \S+ \+ \.\.\. \(98 more\) \+ \S+ = ", text)


def test_of_a_sum_of_many_terms_the_first_and_the_last_are_shown() -> None:
    x = sg.Value(2.0, label="x")
    y = sg.Vector([x, x, x, x, x, x]).sum()
    assert "dv1/dx = 1 + 1 + ... (3 more) + 1 = 6" in sg.explain(y)


def test_a_custom_function_passes_its_gradient_by_its_pullback() -> None:
    @sg.custom_gradient
    def clipped(x: Any) -> Any:
        return x * 1, lambda upstream: upstream * 0.5

    x = sg.Value(2.0, label="x")
    text = sg.explain(clipped(x) + x)
    assert "  v1 = clipped(x)\n    to x by the pullback of clipped: 0.5\n" in text
    assert "dv2/dx = 1.5" in text


def test_a_leaf_is_its_own_gradient() -> None:
    assert sg.explain(sg.Value(2.0, label="x")) == "Forward\n  x = 2\n\nGradient\n  dx/dx = 1.0"


def test_exact_numbers_stay_exact() -> None:
    from fractions import Fraction

    x = sg.Value(Fraction(1, 3), label="x")
    assert "dv1/dx = 2 * x = 2/3" in sg.explain(x**2)


@pytest.mark.parametrize(
    ("arguments", "options", "error", "words"),
    [
        ((2.0,), {}, TypeError, "explain takes a Value, got 2.0"),
        ((sg.Vector([1.0]),), {}, TypeError, "of many numbers explain one, or their sum"),
        ((sg.constant(1.0),), {}, ValueError, "depends on no tracked value"),
        ((sg.Value(1.0),), {"width": 39}, ValueError, "width of explain is 40 or more, not 39"),
        ((sg.Value(1.0),), {"width": 80.0}, TypeError, "width of explain is an integer, not 80.0"),
        ((sg.Value(1.0),), {"steps": 1}, ValueError, "steps of explain is 2 or more, not 1"),
    ],
)
def test_what_cannot_be_explained_is_told(arguments: Any, options: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        sg.explain(*arguments, **options)


def test_a_step_of_many_operands_is_shortened_too() -> None:
    text = sg.explain(sg.Vector([sg.Value(1.0) for _ in range(300)]).norm())
    assert "  ... (292 more)" in text
    assert len(text.splitlines()) < 100


def test_labels_are_names_in_one_line() -> None:
    x = sg.Value(-2.0, label=" a long\nlabel that goes on ")
    k = sg.Value(2.0, label="")
    text = sg.explain((-2.0) ** k * x)
    assert "  a long l…goes on = -2" in text
    assert "  v1               = (-2)**x1" in text


def test_a_tie_is_told() -> None:
    x = sg.Value(1.0, label="x")
    assert "dv1/dx = 1 if x > x, 1/2 if equal, else 0 = 0.5" in sg.explain(sg.maximum(x, x))


def test_what_a_function_is_made_of_inside_is_written_as_formulas() -> None:
    x = sg.Value(0.5, label="x")
    assert "= abs(x)" in sg.explain(abs(x) * x)
    xs = [sg.Value(float(i), label=f"x{i}") for i in range(2)]
    share = sg.softmax(xs)[0]
    powers = share.parents[0]  # inside, softmax goes number by number
    assert "  v1 = exp(x0 - 1) " in sg.explain(powers)


MANY = """\
Forward
  W  = [[1, 2], [3, -1]] (2, 2)
  b  = [0.5, 0.25] (2,)
  v1 = W @ [1, 2] = [5, 1] (2,)
  v2 = v1 + b     = [5.5, 1.25] (2,)
  h  = v2 * v2    = [30.25, 1.5625] (2,)
  v3 = h[1]       = 1.5625
  v4 = sum(h)     = 31.8125
  y  = v3 * v4    = 49.707

Backward: upstream * local, from dy/dy = 1
  y = v3 * v4
    dy/dv3 = v4 = 31.8125      1 * 31.8125 = 31.8125
    dy/dv4 = v3 = 1.5625       1 * 1.5625 = 1.5625
  v4 = sum(h)
    dv4/dh = 1                 1.5625 * 1 = 1.5625, for each of 2
  v3 = h[1]
    to h by upstream in its place: [-, 31.8125]
  h = v2 * v2
    dh/dv2 = v2 = [5.5, 1.25]  [1.5625, 33.375] * [5.5, 1.25] = [8.59375, 41.7188]
    dh/dv2 = v2 = [5.5, 1.25]  [1.5625, 33.375] * [5.5, 1.25] = [8.59375, 41.7188]
  v2 = v1 + b
    dv2/dv1 = 1                [17.1875, 83.4375] * 1 = [17.1875, 83.4375]
    dv2/db = 1                 [17.1875, 83.4375] * 1 = [17.1875, 83.4375]
  v1 = W @ [1, 2]
    to W by outer(upstream, [1, 2]): [[17.1875, 34.375], [83.4375, 166.875]]

Sums, where several ways meet
  dy/dh = [1.5625, 1.5625] + [-, 31.8125] = [1.5625, 33.375]
  dy/dv2 = [8.59375, 41.7188] + [8.59375, 41.7188] = [17.1875, 83.4375]

Gradient
  dy/dW = [[17.1875, 34.375], [83.4375, 166.875]]
  dy/db = [17.1875, 83.4375]"""


def test_a_vector_and_a_matrix_are_one_line_each_with_their_shape() -> None:
    weights = sg.Variable([[1.0, 2.0], [3.0, -1.0]], name="W")
    h = weights @ [1.0, 2.0] + sg.Variable([0.5, 0.25], name="b")
    h = h * h
    h.label = "h"
    y = h[1] * h.sum()
    y.label = "y"
    assert re.sub(r"   +", "  ", sg.explain(y, width=120)) == re.sub(r"   +", "  ", MANY)


def test_a_number_beside_many_gets_the_sum_of_what_each_passes_on() -> None:
    x, v = sg.Value(2.0, label="x"), sg.Variable([1.0, 3.0], name="v")
    m = sg.Variable([[1.0, 1.0], [2.0, 2.0]], name="M")
    text = sg.explain((x * m * v).sum(), width=120)
    assert "sum([[1, 3], [1, 3]] * [[1, 1], [2, 2]]) = 12" in text
    assert "sum([[1, 1], [1, 1]] * [[2, 2], [4, 4]], axis=0) = [6, 6]" in text


def test_a_pullback_gives_one_share_for_an_operand_that_stands_twice() -> None:
    @sg.custom_gradient
    def product(x: Any, y: Any) -> Any:
        return x * y, lambda upstream: (upstream * y, upstream * x)

    x, y = sg.Value(3.0, label="x"), sg.Value(2.0, label="y")
    assert sg.explain(product(x, x)).count("to x by the pullback of product: 6") == 1
    assert re.findall(r"to (\w) by", sg.explain(product(x, y))) == ["x", "y"]


def test_tex_in_labels_is_plain_signs_or_whole() -> None:
    loss = sg.Value(2.0, label=r"$w_{\mathrm{out}}$") * sg.Value(3.0, label=r"$\sqrt{x_{\mathrm{in}}}$")
    loss.label = r"$\mathcal{L}(\theta)$"
    text = sg.explain(loss)
    assert "  L(θ)" in text
    assert r"dL(θ)/dwₒᵤₜ = $\sqrt{x_{\mathrm{in}}}$ = 3" in text
    assert "wₒᵤₜ" in repr(sg.rows(loss))
