"""The session behind the page: it runs a program and gives what the page shows of its last value."""

from __future__ import annotations

import json
import math
import weakref
from typing import Any
from xml.etree import ElementTree

import pytest
import session

HEAD = "import scalargrad as sg\n"


def run(body: str, given: dict[str, float] | None = None, **options: Any) -> dict[str, Any]:
    return session.Session().run(HEAD + body, given or {}, **options)


def texts(svg: str) -> list[str]:
    return [x.text or "" for x in ElementTree.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")]


# ---- What is drawn ---------------------------------------------------------------------------------------------------


def test_the_last_expression_is_drawn() -> None:
    answer = run("x = sg.Value(2.0)\nu = x * x\ny = sg.sin(u)\nu")
    assert "u" in texts(answer["svg"])
    assert "y" not in texts(answer["svg"])


@pytest.mark.parametrize("last", ["", "print(y)", "y.backward()", "3", "None"])
def test_without_a_value_in_the_last_line_the_last_that_was_computed_is_drawn(last: str) -> None:
    answer = run(f"x = sg.Value(2.0)\ny = x * x\nx\n{last}" if last else "x = sg.Value(2.0)\ny = x * x")
    assert {"x", "y", "4", "grad 4"} <= {*texts(answer["svg"])}


def test_values_are_called_by_their_variables_unless_they_have_a_label() -> None:
    answer = run("a = sg.Value(1.0, label='mine')\nbs = [sg.Value(2.0), sg.Value(3.0)]\nc = a * bs[0] + bs[1]")
    assert [x["name"] for x in answer["sliders"]] == ["mine", "bs[0]", "bs[1]"]


def test_a_program_of_constants_alone_says_what_to_do() -> None:
    assert run("v = sg.Vector([1.0, 2.0])\nz = v.dot(v)")["note"] == session.CONSTANTS
    assert run("v = sg.Variable([1.0, 2.0])\nz = v.dot(v)")["note"] == ""


def test_a_program_without_a_value_says_so() -> None:
    assert run("3") == {"svg": "", "note": session.NOTHING, "seconds": pytest.approx(0, abs=60)}


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        ("a, b = sg.Value(1.0), sg.Value(2.0)\nv = sg.Vector([a, b])\nz = v.dot(v)", {"a", "b", "z"}),
        ("W = sg.Variable([[1.0, 2.0], [3.0, 4.0]])\nrow = W[0]\nz = row.dot([1.0, 2.0])", {"z", "dot"}),
        ("x = sg.Value(3.0)\nclass Model: pass\nmodel = Model()\nmodel.loss = x * x", {"x", "9"}),
        ("x = sg.Value(3.0)\nlosses = []\nlosses.append(x * x)", {"x", "losses[0]", "9"}),
    ],
)
def test_the_last_result_is_drawn_wherever_it_is_held(body: str, shown: set[str]) -> None:
    assert shown <= {line for text in texts(run(body)["svg"]) for line in text.splitlines()}


def test_what_a_program_puts_into_builtins_and_math_goes_with_it() -> None:
    talk = session.Session()
    talk.run("import builtins, math\nbuiltins.len = None\nmath.sin = lambda x: 42\nmath.new = 1", {})
    assert (
        talk.run("import math\nprint(len('abc'), math.sin(0.0), hasattr(math, 'new'))", {})["note"] == session.NOTHING
    )
    assert math.sin(0.0) == len("") == 0
    assert not hasattr(math, "new")


def test_a_deep_graph_is_freed_with_the_next_run() -> None:
    talk = session.Session()
    talk.run(f"{HEAD}x = sg.Value(1.0)\ny = x\nfor _ in range(3000):\n    y = y + x", {})
    last = weakref.ref(talk.namespace["y"])
    assert last() is not None
    talk.run(f"{HEAD}x = sg.Value(1.0)\nz = x * x", {})
    assert last() is None


def test_a_leaf_over_several_lines_is_known_by_all_of_them() -> None:
    (slider,) = run("x = sg.Value(\n    3.0,\n    label='x',\n)\ny = x * x")["sliders"]
    assert slider["key"] == "x = sg.Value(\n3.0,\nlabel='x',\n)|0|0"
    (slider,) = run("for i in range(2):\n    x = sg.Value(3.0)\ny = x * x")["sliders"]
    assert slider["key"] == "x = sg.Value(3.0)|1|0"


def test_all_numbers_of_a_vector_are_told_of_a_box() -> None:
    talk = session.Session()
    talk.run(f"{HEAD}v = sg.Variable([1.0, 2.0, 3.0, 4.0, 5.0])\ny = (v * v).sum()", {})
    assert talk.node(0)["total"] == "∂y/∂v = [2, 4, 6, 8, 10]"


def test_a_list_of_values_and_a_vector_are_drawn_together() -> None:
    assert {"a", "b"} <= {*texts(run("a = sg.Value(1.0)\nb = a * 2\n[a, b]")["svg"])}
    assert "v (2,)" in texts(run("v = sg.Variable([1.0, 2.0])\nv * 2")["svg"])


def test_a_graph_that_is_too_large_for_a_picture_shows_as_a_table() -> None:
    talk = session.Session()
    answer = talk.run(
        f"{HEAD}x = sg.Value(1.0)\nys = [sg.sin(x + i) for i in range(200)]\nz = sum(y * y for y in ys)", {}
    )
    assert answer["svg"] == ""
    assert "too large for a picture" in answer["note"]
    assert len(talk.rows()) == session.MOST_ROWS
    assert answer["steps"] == 0


def test_a_deep_graph_is_folded_and_has_no_steps() -> None:
    answer = run("x = sg.Value(1.0)\ny = x\nfor _ in range(3000):\n    y = y + x")
    assert "3,000 +" in texts(answer["svg"])
    assert answer["steps"] == 0


def test_hostile_labels_stay_text() -> None:
    label = "<script>alert(1)</script>\x00"
    svg = run(f"x = sg.Value(1.0, label={label!r})\ny = x * x")["svg"]
    assert not [x for x in ElementTree.fromstring(svg).iter() if "script" in x.tag]


# ---- Sliders ---------------------------------------------------------------------------------------------------------


def test_a_given_number_takes_the_place_of_the_one_in_the_program() -> None:
    body = "x = sg.Value(2.0)\nw = sg.Variable([1.0, 3.0])\ny = x * w[1] + w[0]"
    sliders = run(body)["sliders"]
    assert [(x["name"], x["number"], x["line"]) for x in sliders] == [("x", 2.0, 2), ("w[0]", 1.0, 3), ("w[1]", 3.0, 3)]
    given = {sliders[0]["key"]: 5.0, sliders[2]["key"]: -1.0}
    answer = run(body, given)
    assert [x["number"] for x in answer["sliders"]] == [5.0, 1.0, -1.0]
    assert "-4" in texts(answer["svg"])


def test_a_matrix_has_a_slider_for_each_element() -> None:
    body = "M = sg.Variable([[1.0, 2.0], [3.0, 4.0]])\ny = (M @ [1.0, 1.0]).sum()"
    sliders = run(body)["sliders"]
    assert [x["name"] for x in sliders] == ["M[0][0]", "M[0][1]", "M[1][0]", "M[1][1]"]
    assert run(body, {sliders[3]["key"]: 10.0})["sliders"][3]["number"] == 10.0


def test_named_constants_have_sliders_and_what_is_computed_from_constants_has_none() -> None:
    body = "v = sg.Vector([1.0, 2.0])\nd = v + sg.constant([3, 4])\n"
    body += "x = sg.Variable([1.0, 1.0])\ny = x.dot(v) + x.dot(d)"
    sliders = run(body)["sliders"]
    assert [x["name"] for x in sliders] == ["v[0]", "v[1]", "x[0]", "x[1]"]
    answer = run(body, {sliders[1]["key"]: 10.0})
    assert [x["number"] for x in answer["sliders"]] == [1.0, 10.0, 1.0, 1.0]
    assert "29" in texts(answer["svg"])


def test_a_branch_goes_by_the_given_number() -> None:
    body = "x = sg.Value(1.0)\ny = x * x if x > 0 else 3 * x"
    (slider,) = run(body)["sliders"]
    assert "∂y/∂x" not in run(body, {slider["key"]: -1.0})["svg"]
    assert "-3" in texts(run(body, {slider["key"]: -1.0})["svg"])


def test_a_given_number_holds_when_other_lines_are_edited_and_not_when_its_own_is() -> None:
    (slider,) = run("x = sg.Value(1.0)\ny = x * x")["sliders"]
    given = {slider["key"]: 7.0}
    assert run("# a comment\n\nx = sg.Value(1.0)\ny = x + x", given)["sliders"][0]["number"] == 7.0
    assert run("x = sg.Value(1.5)\ny = x * x", given)["sliders"][0]["number"] == 1.5


def test_equal_lines_and_loops_have_sliders_of_their_own() -> None:
    body = "def make():\n    return sg.Value(1.0)\na = make()\nb = make()\ny = a * b"
    first, second = run(body)["sliders"]
    assert [x["number"] for x in run(body, {second["key"]: 4.0})["sliders"]] == [1.0, 4.0]
    assert first["key"] != second["key"]


def test_after_a_run_the_package_makes_leaves_as_before() -> None:
    from scalargrad.engine import value

    before = value.make_leaf
    run("x = sg.Value('no number')")
    assert value.make_leaf is before


def test_while_a_slider_moves_the_picture_gets_new_texts_in_the_old_layout() -> None:
    talk = session.Session()
    program = f"{HEAD}x = sg.Value(2.0)\nw = sg.Value(3.0)\ny = sg.tanh(x * w) + x - 1"
    first = talk.run(program, {})
    key, _ = [x["key"] for x in first["sliders"]]
    for number in (2.5, 2.75):
        kept = talk.run(program, {key: number}, keep=True)
        assert "svg" not in kept
        assert kept["texts"] == texts(session.Session().run(program, {key: number})["svg"])
    assert talk.run(f"{program} * x", {key: 2.0}, keep=True)["svg"] != ""


def test_where_other_texts_come_the_old_layout_gets_a_new_picture() -> None:
    talk = session.Session()
    program = f"{HEAD}x = sg.Value(2.0)\ny = sg.where(x > 0, x, 0.0 * x) * (sg.stop_gradient(x) if x < 0 else x)"
    (slider,) = talk.run(program, {})["sliders"]
    answer = talk.run(program, {slider["key"]: -1.0}, keep=True)
    assert "-1" in (answer.get("texts") or texts(answer["svg"]))


# ---- Errors and output -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "line", "text"),
    [
        ("x = 1\ny = 1 / 0", 3, "ZeroDivisionError: division by zero"),
        ("y = (", 2, "SyntaxError: '(' was never closed"),
        ("def f():\n    return sg.Value('a')\nf()", 3, "TypeError: expected a real number, got 'a' (str)"),
        ("raise SystemExit", 2, "SystemExit: the program ended itself; leave out exit() to see its graph"),
        ("raise KeyError", 2, "KeyError"),
        ("def f():\n    f()\nf()", 3, "RecursionError: maximum recursion depth exceeded"),
    ],
)
def test_an_error_tells_the_line_where_it_happened(body: str, line: int, text: str) -> None:
    assert run(body)["error"] == {"line": line, "text": text}


def test_an_error_leaves_the_last_graph() -> None:
    talk = session.Session()
    talk.run(f"{HEAD}x = sg.Value(1.0)", {})
    talk.run("1 / 0", {})
    assert talk.node(0)["name"] == "x"


def test_what_is_printed_is_sent_and_cut() -> None:
    sent: list[str] = []
    session.Session(sent.append).run("print('a')\nprint('b' * 50_000)\nprint('c')\n7", {})
    text = "".join(sent)
    assert text.startswith("a\nbbb")
    assert text.endswith("(More than 20,000 characters were printed; the rest is left out.)\n")
    assert "c" not in text.partition("(")[0]


def test_a_last_expression_that_is_no_value_is_printed() -> None:
    sent: list[str] = []
    session.Session(sent.append).run("[1, 2]", {})
    assert sent == ["[1, 2]\n"]


def test_what_is_printed_for_long_is_sent_meanwhile() -> None:
    sent: list[str] = []
    program = "import time\nfor i in range(3):\n    print(i)\n    time.sleep(0.15)"
    session.Session(sent.append).run(program, {})
    assert len(sent) > 1


# ---- A node, and the steps -------------------------------------------------------------------------------------------


def test_a_node_tells_its_rule_and_its_gradient_term_by_term() -> None:
    talk = session.Session()
    talk.run(f"{HEAD}x = sg.Value(3.0)\ny = x * x + 2 * x", {})
    by_name = {talk.node(i)["name"]: talk.node(i) for i in range(4)}
    x, y, v1 = by_name["x"], by_name["y"], by_name["v1"]
    assert x["total"] == "∂y/∂x = 8"
    assert x["terms"] == ["from v2: 1 * 2 = 2", "from v1: 1 * 3 = 3", "from v1: 1 * 3 = 3"]
    assert v1["text"] == "v1 = x * x = 9"
    assert v1["rule"] == ["∂v1/∂x = x = 3", "∂v1/∂x = x = 3"]
    assert y["terms"] == ["the reverse sweep begins here, with 1"]
    assert talk.run(f"{HEAD}x = sg.Value(3.0)\ny = x * x", {}, node=1)["node"]["name"] == "y"


def test_a_node_of_a_product_of_matrices_tells_how_it_passes_gradients_on() -> None:
    talk = session.Session()
    talk.run(f"{HEAD}w = sg.Variable([[1.0, 2.0]])\ny = (w @ [1.0, 1.0]).sum()", {})
    rules = [rule for i in range(3) for rule in talk.node(i)["rule"]]
    assert any("by outer(" in rule for rule in rules)


def test_steps_go_forward_and_then_back() -> None:
    talk = session.Session()
    answer = talk.run(f"{HEAD}x = sg.Value(2.0)\nu = x * x\ny = u * x", {})
    steps = [talk.step(i) for i in range(answer["steps"])]
    assert [step["title"] for step in steps] == [
        "Forward, 1 of 2: u = x * x",
        "Forward, 2 of 2: y = u * x",
        "Backward, from ∂y/∂y = 1",
        "Backward, 1 of 2: y = u * x passes on",
        "Backward, 2 of 2: u = x * x passes on",
        "The gradient of y",
    ]
    assert [step["lit"] for step in steps] == [1, 2, None, 2, 1, None]
    assert [step["later"] for step in steps] == [[2], [], [], [], [], []]
    assert steps[0]["lines"] == ["u = x * x = 4"]
    assert steps[3]["lines"] == ["dy/du = x = 2;  1 * 2 = 2", "dy/dx = u = 4;  1 * 4 = 4"]
    assert steps[3]["so_far"] == {2: "1", 1: "2", 0: "4"}
    assert "1 * 4 = 4" in texts(steps[3]["svg"])
    assert steps[5]["lines"] == ["∂y/∂x = 12"]


def test_what_is_added_up_at_last_is_the_gradient() -> None:
    talk = session.Session()
    answer = talk.run(f"{HEAD}w = sg.Variable([1.0, 2.0])\nx = sg.Value(0.5)\ny = sg.tanh(w.dot(w) * x) + w[0]", {})
    last = talk.step(answer["steps"] - 1)
    gradients = {row[0]: row[-1] for row in talk.rows()}
    assert {number: text for number, text in gradients.items() if text} == last["so_far"]


def test_a_vector_has_steps_forward_only() -> None:
    answer = run("v = sg.Variable([1.0, 2.0])\nv * 2 + v")
    assert answer["steps"] == 2


def test_requests_and_answers_are_json() -> None:
    answer = session.start(lambda text: None)
    assert json.loads(answer(json.dumps({"do": "run", "program": f"{HEAD}x = sg.Value(1.0)", "given": {}})))["svg"]
    assert json.loads(answer(json.dumps({"do": "node", "number": 0})))["name"] == "x"
    with pytest.raises(RuntimeError, match="there is no graph yet"):
        session.Session().step(0)
