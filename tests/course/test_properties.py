"""Each common mistake in a step of the course is told in a sentence of its own."""

from __future__ import annotations

import functools
import re
import tempfile
from pathlib import Path

import pytest

from scalargrad.course.check import check
from scalargrad.course.lessons import LESSONS, Lesson
from scalargrad.course.properties import PROPERTIES

# A mistake is a step, a text of its solution, what stands there instead, and words of the sentence that tells of it.
MISTAKES = [
    (1, "self.label = label", "pass", "has no attribute of that name: write self.label = label"),
    (1, "self.operation = operation", 'self.operation = ""', "self.operation should be '+', as it was given, and"),
    (1, 'return Value(self.data + other.data, "+", (self, other))', "return self.data + other.data",
     "x + y should be a Value"),
    (1, "Value(self.data + other.data,", "Value(self.data - other.data,", "The number of x + y is off"),
    (1, '"+", (self, other)', '"plus", (self, other)', "The operation of x + y should be \"+\"; you gave 'plus'"),
    (1, '"+", (self, other)', '"+", (self,)', "x + y should have two parents"),
    (1, '"+", (self, other)', '"+", (self.data, other.data)',
     "The parents of x + y should be values, and not plain numbers"),
    (1, '"+", (self, other)', '"+", self, other', "The parentheses around both are missing"),
    (1, "self.data + other.data", "self + other", "calls __add__ again and again, until Python raises RecursionError"),
    (1, 'return Value(self.data + other.data, "+",', 'Value(self.data + other.data, "+",',
     "x + y should be a Value; you gave None (is `return` missing?)"),
    (1, 'return f"({formula(left)} {value.operation} {formula(right)})"',
     'print(f"({formula(left)} {value.operation} {formula(right)})")', "you gave None (is `return` missing?)"),
    (1, '"+", (self, other)', '"+", (other, self)', "The parents of x + y are the wrong way round"),
    (1, '"+", (self, other)', '"+", (self, Value(other.data))', "not copies of them"),
    (1, 'return Value(self.data + other.data, "+", (self, other))', "self.data += other.data\n        return self",
     "x + y should be a new Value"),
    (1, 'return Value(self.data + other.data, "+", (self, other))',
     'z = Value(self.data + other.data, "+", (self, other))\n        self.data = 0.0\n        return z',
     "x + y should leave x and y as they are"),
    (1, "self.data * other.data", "self.data + other.data", "The number of x * y is off"),
    (1, "{formula(right)})", "{formula(left)})", "The formula of a value that was made as"),
    (2, "(other.data, self.data)", "(self.data, other.data)",
     "The two are the wrong way round: with respect to x it is y"),
    (2, "(other.data, self.data)", "(1.0, 1.0)", "That is the rule of x + y"),
    (2, "(other.data, self.data)", "(other.data, abs(self.data))",
     "x * y with respect to y is off where x is negative: you gave"),
    (2, "(other.data, self.data)", "(other.data, 2 * self.data)", "It is 2 times what it should be"),
    (2, "(other.data, self.data)", "(other.data,)", "as many local derivatives as parents, 2"),
    (2, "(other.data, self.data)", "(other, self)", "should be a plain number; you gave Value("),
    (2, "(1.0, -1.0)", "(1.0, 1.0)", "when y grows, x - y gets smaller"),
    (2, "(1 / other.data, -self.data / other.data**2)", "(1 / other.data, self.data / other.data**2)",
     "x / y with respect to y is off: you gave"),
    (2, "(1 / other.data, -self.data / other.data**2)", "(1 / other.data, self.data / other.data**2)",
     "It has the wrong sign: a larger y makes x / y smaller"),
    (2, "(1 / other.data, -self.data / other.data**2)", "(1 / other.data, -self.data / other.data)",
     "The y in it has to be squared"),
    (2, "(1 / other.data, -self.data / other.data**2)", "(1 / other.data, -1 / other.data**2)", "The x is missing"),
    (2, "(1 / other.data, -self.data / other.data**2)", "(1 / other.data, 1 / other.data)",
     "the one with respect to x"),
    (2, "(1 / other.data, -self.data / other.data**2)", "(other.data, 1.0)", "a line with the slope 1 / y"),
    (2, "(1 / other.data, -self.data / other.data**2)", "(1 / other.data, -(self.data / other.data)**2)",
     "it is not squared"),
    (2, "(n * self.data ** (n - 1),)", "(self.data ** (n - 1),)", "The factor n is missing"),
    (2, "(n * self.data ** (n - 1),)", "(n * self.data ** (n - 1))", "A tuple of one thing needs a comma"),
    (2, "(n * self.data ** (n - 1),)", "(n * self.data**n,)", "The power should be n - 1"),
    (2, "(n * self.data ** (n - 1),)", "(n * self.data ** n - 1,)", "put n - 1 in parentheses"),
    (2, "(n * self.data ** (n - 1),)", "(n * self ** (n - 1),)", "calls __pow__ again and again"),
    (2, "(1 / other.data, -self.data / other.data**2)", "(1 / other.data, -self.data / other**2)",
     "calls __truediv__ again and again, until Python raises OverflowError. Use the numbers, such as self.data"),
    (2, "(self, other), (other.data, self.data)", "(self, other.data), (other.data, self.data)",
     "The parents of x * y should be values, and not plain numbers"),
    (2, "return as_value(number) - self", "return self - number", "the number stands on the left"),
    (2, "return as_value(number) - self", "return number - self",
     "(`return number - self`) calls __rsub__ again and again, until Python raises RecursionError. Make the number a "
     "Value first"),
    (2, "return as_value(number) - self", "return number - self.data", "0.76 - x should be a Value; you gave -1.17"),
    (2, "return as_value(number) - self", 'return Value(number - self.data, "-", (number, self), (1.0, -1.0))',
     "The parents of 0.76 - x should be values, and not plain numbers; you gave (0.76, Value(1.93))"),
    (2, "return as_value(number) - self",
     'return Value(number - self.data, "-", (as_value(number), self), (1.0, 1.0))', "It has the wrong sign"),
    (2, "return as_value(number) - self",
     'return Value(number - self.data, "-", (as_value(number), self), (as_value(1.0), self))',
     "The derivative of 0.76 - x should be a plain number"),
    (2, "return as_value(number) - self", "return Value(number - self.data)", "The derivative of 0.76 - x is off"),
    (2, "return as_value(number) / self", "return number / self", "calls __rtruediv__ again and again"),
    (2, "return as_value(number) / self",
     'return Value(number / self.data, "/", (number, self), (1 / self.data, -number / self.data**2))',
     "The parents of 0.76 / x should be values, and not plain numbers"),
    (2, "return as_value(number) / self", "return self / number", "the number stands on the left"),
    (3, "        order.append(value)", "        pass", "there are no values: visit() has to append each"),
    (3, "    return order\n", "    return tuple(order)\n", "topological_order should give a list"),
    (3, "        seen.add(value)\n", "        seen.add(value)\n        order.append(value)\n", "occurs 2 times"),
    (3, "        for parent in value.parents:\n            visit(parent)\n        order.append(value)\n",
     "        order.append(value)\n        for parent in value.parents:\n            visit(parent)\n",
     "(x * y) + w comes before x * y, which it was made from"),
    (3, "        if value in seen:\n            return\n", "", "only if it was not in `seen`"),
    (3, "        order.append(value)", "            order.append(value)",
     "In the order of x * y + w, x * y occurs 2 times. Append a value once, after the loop over its parents"),
    (3, "        if value in seen:\n            return\n        seen.add(value)\n        for parent in value.parents:\n"
     "            visit(parent)\n",
     "        if value not in seen:\n            seen.add(value)\n            for parent in value.parents:\n"
     "                visit(parent)\n", "Append a value once, after the loop over its parents, and only if"),
    (3, "seen.add(value)", "seen.add(value.data)", "Put the value itself there, and not its number"),
    (3, "if value in seen:\n            return\n        seen.add(value)",
     "if value.data in seen:\n            return\n        seen.add(value.data)",
     "Two values with the same number are two values: put the value itself in `seen`"),
    (3, "seen.add(value)", "seen = seen | {value}", "Use a method, such as seen.add(value)"),
    (3, "order.append(value)", "order.append(value.data)", "The list `order` should hold values; it holds -2.14"),
    (3, "visit(parent)", "parent.parents and visit(parent)", "is missing. Each value below the target"),
    (3, "    visit(target)\n", "    visit(target)\n    extra = target + 0\n    order += [extra.parents[1], extra]\n",
     "the target should come last"),
    (3, "ways[parent] += ways[value]", "ways[parent] = ways[value]", "use += and not ="),
    (3, "for value in reversed(topological_order(target)):", "for value in topological_order(target):",
     "from the first to the last"),
    (3, "    return ways\n", "        return ways\n", "Only the target has passed on its number. Is `return` inside"),
    (3, "    return ways\n", "            return ways\n", "And `return` comes after the loops"),
    (3, "ways[parent] += ways[value]", "ways[value] += ways[parent]",
     "Nothing arrived at the inputs. A value adds its number to that of each parent"),
    (3, "ways[parent] += ways[value]", "ways[parent] += 2",
     "The number of paths from x * y + w to x is off"),
    (3, "for parent in value.parents:\n            ways", "for parent in {*value.parents}:\n            ways",
     "An operand that occurs twice was counted once"),
    (3, "ways[parent] += ways[value]", "ways[parent] += 1",
     "from s * s, where s = x + y, to x is off: you gave 1, counting them one by one gives 2. A value passed on less"),
    (3, "    return ways\n", "    return [*ways]\n", "count_ways should give a dictionary"),
    (4, "found[target] = 1.0", "found[target] = target.data", "with respect to itself is 1; you gave"),
    (4, "found[parent] += found[value]", "found[parent] = found[value]", "use += and not ="),
    (4, "found[parent] += found[value]", "found[value] += found[parent]", "Nothing arrived at the inputs"),
    (4, "found[parent] += found[value] * local_derivative", "found[parent] += local_derivative",
     "A value passed on less than had arrived at it"),
    (4, "for value in reversed(order):", "for value in order:", "from the first to the last"),
    (4, "for value in reversed(order):\n        for",
     "breadth = [target]\n    for value in breadth:\n"
     "        breadth += [p for p in dict.fromkeys(value.parents) if p not in breadth]\n"
     "    for value in breadth:\n        for", "A value passed on its number before that was complete"),
    (4, "in zip(value.parents, value.local_derivatives)",
     "in dict(zip(value.parents, value.local_derivatives)).items()", "An operand that occurs twice was counted once"),
    (4, "    return found\n", "    return [*found]\n", "adjoints should give a dictionary"),
    (4, "value.grad += derivative", "value.grad = derivative", "The second replaced the first: use +="),
    (4, "value.grad += derivative", "pass", "Nothing was written into it"),
    (4, "value.grad += derivative", "value.grad += 2 * derivative", "x.grad is off: you gave"),
    (4, "        for value, derivative in adjoints(self).items():\n            value.grad += derivative\n",
     "        self.grad = 1.0\n        for value in reversed(topological_order(self)):\n"
     "            for parent, slope in zip(value.parents, value.local_derivatives):\n"
     "                parent.grad += value.grad * slope\n",
     "A pass must not begin with numbers that an earlier one left"),
    (5, "lambda x: math.exp(x))", "lambda x: exp(x))", "lambda x: exp(x))`) calls itself again and again"),
    (5, "lambda x: math.exp(x))", "lambda x: x * math.exp(x - 1))", "exp is its own derivative"),
    (5, "math.log, lambda x: 1 / x", "math.log, lambda x: 1 / math.log(x + 1e-300) if x != 1 else math.inf",
     "logarithm is 1 / x"),
    (5, "lambda x: math.cos(x)", "lambda x: -math.cos(x)", "is the cosine, with a plus"),
    (5, "lambda x: -math.sin(x)", "lambda x: math.sin(x)", "the cosine falls where the sine is positive"),
    (5, "lambda x: -math.sin(x)", "lambda x: math.cos(x)", "That is the cosine itself"),
    (5, "lambda x: max(x, 0.0), lambda x: 1.0 if x > 0 else 0.0", "lambda x: max(x, 0.0), lambda x: 1.0",
     "relu(x) is off where x is negative: you gave 1, central differences give 0"),
    (5, "lambda x: max(x, 0.0), lambda x: 1.0 if x > 0 else 0.0",
     "lambda x: max(x, 0.0), lambda x: 1.0 if x >= 0 else 0.0",
     "At the kink of relu, x = 0, we agree on the slope 0; you gave 1"),
    (5, "1.0 if x > 0 else -1.0 if x < 0 else 0.0", "1.0", "the slope is -1 there"),
    (5, "1.0 if x > 0 else -1.0 if x < 0 else 0.0", "1.0 if x > 0 else -1.0", "At the kink of absolute"),
    (5, "0.5 / math.sqrt(x) if x > 0 else math.inf", "0.5 / math.sqrt(x)", "Return math.inf at x = 0"),
    (5, "0.5 / math.sqrt(x) if x > 0 else math.inf", "0.5 / math.sqrt(x) if x > 0 else 0.0", "is vertical at x = 0"),
    (5, "0.5 / math.sqrt(x) if x > 0 else math.inf", "1 / math.sqrt(x) if x > 0 else math.inf", "half of that"),
    (5, "return (2 * e / (1 + e * e)) ** 2", "return 1 - math.tanh(x) ** 2", "Its digits are lost"),
    (5, "return (2 * e / (1 + e * e)) ** 2", "return 1 / math.cosh(x) ** 2", "raises OverflowError at x = 1000"),
    (5, "return (2 * e / (1 + e * e)) ** 2", "return 1 - math.tanh(x)", "Your local derivative of tanh(x) is off"),
    (5, "lambda x, function=function: function(x)", "lambda x: function(x)",
     "Every method calls the last function of the loop"),
    (5, "lambda x, function=function: function(x)",
     "lambda x, function=functions['sin' if name == 'cos' else name]: function(x)", "as sin does"),
    (6, "        return self\n", "", "__enter__ has to return self, and yours returned None"),
    (6, "        running_tapes.append(self)\n", "", "should be in running_tapes"),
    (6, "        running_tapes.remove(self)\n", "        pass\n", "go on recording after it was closed"),
    (6, "        running_tapes.remove(self)\n", "        running_tapes.clear()\n",
     "Remove self from running_tapes, and no other"),
    (6, "        running_tapes.remove(self)\n", "        running_tapes.remove(self)\n        return True\n",
     "was lost"),
    (6, "        running_tapes.remove(self)\n", "        if not error[0]:\n            running_tapes.remove(self)\n",
     "A tape still runs after an error in its block"),
    (6, "for tape in running_tapes:", "for tape in running_tapes[:1]:", "Each tape that runs gets a row"),
    (6, "tape.rows.append((result, operands, local_derivatives))", "tape.rows.append((result, operands))",
     "A row should be the tuple"),
    (6, "tape.rows.append((result, operands, local_derivatives))",
     "tape.rows.append((result, numbers, local_derivatives))", "The row of an operation should have its operands"),
    (6, "tape.rows.append((result, operands, local_derivatives))",
     "tape.rows.insert(0, (result, operands, local_derivatives))", "should leave two rows, in their order"),
    (6, "in reversed(self.rows)", "in self.rows", "from the first to the last"),
    (6, "found.get(operand, 0.0) + found[result]", "found[result]", "use += and not ="),
    (6, "in zip(operands, local_derivatives)", "in dict(zip(operands, local_derivatives)).items()", "counted once"),
    (6, "found.get(source) for", "found.get(source, 0.0) for", "the derivative should be None; you gave 0.0"),
    (6, "return [found.get(source) for source in sources]", "return found", "should give a list with one derivative"),
    (6, "found = {target: 1.0}", "found = {target: 1.0, **{row[0]: 1.0 for row in self.rows}}", "is off"),
    (6, "in reversed(self.rows):\n", "in [self.rows.pop() for _ in self.rows[:]]:\n",
     "Two calls of gradient() should give the same"),
    (7, "rule(*operands)\n", "as_value(rule(*operands)).data\n", "is lost: you gave None"),
    (7, "rule(*operands)\n", "rule(*[x.data for x in operands])\n",
     "computed with plain numbers, which no tape records"),
    (7, "found = {target: Value(1.0)}", "found = {target: 1.0}",
     "should be a Value, so that it can be differentiated again"),
    (7, "found[operand] + term if operand in found else term", "term", "Your derivative of x * x is off"),
    (7, "found.get(source) for", "found.get(source, Value(0.0)) for", "it should be None; you gave Value(0.0)"),
    (7, "math.exp, lambda x: exp(x)", "math.exp, lambda x: math.exp(x.data)",
     "Your second derivative of exp(x) is lost"),
    (7, "math.sin, lambda x: cos(x)", "math.sin, lambda x: math.cos(x.data)",
     "Your second derivative of sin(x) is lost"),
    (7, "lambda x: -sin(x)", "lambda x: sin(x)", "Your derivative of cos(x) is off"),
    (7, "-2 * tanh(x) * sech2(x)", "2 * tanh(x) * sech2(x)", "Your second derivative of tanh(x) is off"),
    (8, "total = self.bias\n", "total = Value(0.0)\n", "The bias is missing"),
    (8, "        return total\n", "        return tanh(total)\n", "The tanh belongs to the network"),
    (8, "[tanh(neuron(inputs)) for", "[neuron(inputs) for", "The tanh is missing between"),
    (8, "return self.last([tanh(neuron(inputs)) for neuron in self.layer])",
     "return tanh(self.last([tanh(neuron(inputs)) for neuron in self.layer]))", "The last neuron has no tanh"),
    (8, "return total / len(points)", "return total", "divide it by the number of points"),
    (8, "(network(point) - label) ** 2", "(network(point) - label)", "square them"),
    (8, "total = total + (network(point)", "total = (network(point)", "add up all of them"),
    (8, "return loss.data", "return loss", "should be a plain number"),
    (8, "return loss.data", "return 0.0", "should give the loss before the step"),
    (8, "parameter.data -= learning_rate", "parameter.data += learning_rate", "The step went up the slope"),
    (8, "learning_rate * derivative", "derivative", "The learning rate is missing"),
    (8, "learning_rate * derivative", "2 * learning_rate * derivative", "once for each parameter"),
    (8, "parameter.data -= learning_rate * derivative", "parameter = parameter - learning_rate * derivative",
     "No parameter has changed"),
    (8, "    with Tape() as tape:\n        loss", "    tape = Tape().__enter__()\n    if tape:\n        loss",
     "a tape still runs"),
]  # fmt: skip


# What runs into a gap that is still open: a step, what stands in its first gaps, and the open gap.
OPEN = [
    (2, ["(other.data, self.data)", "(1.0, -1.0)", "(1 / other, -self / other**2)"], "gap 6, in line 60"),
    (2, ["(other.data, self.data)", "(1.0, -1.0)", "(1 / other.data, -self.data / other**2)"], "gap 4, in line 41"),
]


# What is right in another way: a step, a text of its solution, and what may stand there instead.
ALSO_RIGHT = [
    (1, "self.parents = parents", "self.parents = list(parents)"),
    (1, '"+", (self, other)', '"+", [self, other]'),
    (1, 'f"({formula(left)} {value.operation} {formula(right)})"',
     '"(" + formula(left) + " " + value.operation + " " + formula(right) + ")"'),
    (2, "-self.data / other.data**2", "-self.data * other.data**-2"),
    (2, "(1.0, -1.0)", "[1, -1]"),
    (2, "return as_value(number) - self", "return -self + number"),
    (3, "        if value in seen:\n            return\n        seen.add(value)\n",
     "        if value in order:\n            return\n"),
    (3, "ways[parent] += ways[value]", "ways[parent] = ways[parent] + ways[value]"),
    (4, "found[parent] += found[value] * local_derivative",
     "found[parent] = local_derivative * found[value] + found[parent]"),
    (4, "for value in reversed(order):", "for value in order[::-1]:"),
    (5, "lambda x: 1.0 if x > 0 else 0.0", "lambda x: x > 0"),
    (5, "0.5 / math.sqrt(x) if x > 0 else math.inf", "math.inf if x == 0 else 1 / (2 * math.sqrt(x))"),
    (5, "lambda x, function=function: function(x)", "function"),
    (6, "running_tapes.remove(self)", "running_tapes.pop()"),
    (6, "(result, operands, local_derivatives))", "[result, tuple(operands), tuple(local_derivatives)])"),
    (6, "return [found.get(source) for source in sources]",
     "return tuple(found.get(source, None) for source in sources)"),
    (7, "found[operand] + term if operand in found else term", "found.get(operand, Value(0.0)) + term"),
    (7, "lambda x: -2 * tanh(x) * sech2(x)", "lambda x: -(tanh(x) * sech2(x) * 2)"),
    (7, "math.exp, lambda x: exp(x)", "math.exp, lambda x: 1 / exp(-x)"),
    (8, "        total = self.bias\n        for weight, x in zip(self.weights, inputs):\n"
     "            total = total + weight * x\n        return total\n",
     "        return sum(x * weight for weight, x in zip(self.weights, inputs)) + self.bias\n"),
    (8, "parameter.data -= learning_rate * derivative", "parameter.data = parameter.data - derivative * learning_rate"),
]  # fmt: skip


@functools.cache
def answer_to(step: int, right: str, wrong: str) -> tuple[bool, str]:
    """What the check says of a solution with a mistake in it."""
    lesson = LESSONS[step - 1]
    assert right in lesson.solution
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / lesson.file).write_text(lesson.solution.replace(right, wrong, 1), encoding="utf-8")
        return check(lesson, Path(folder), seconds=60)


@pytest.mark.parametrize(("step", "right", "wrong", "words"), MISTAKES)
def test_a_common_mistake_is_told_in_a_sentence(step: int, right: str, wrong: str, words: str) -> None:
    is_right, text = answer_to(step, right, wrong)
    assert not is_right
    assert words in text
    assert "raised" not in text


@pytest.mark.parametrize(("step", "fillings", "gap"), OPEN)
def test_a_gap_that_is_still_open_is_named(step: int, fillings: list[str], gap: str, tmp_path: Path) -> None:
    lesson = LESSONS[step - 1]
    text = lesson.gaps
    for filling in fillings:
        text = text.replace("(..., ...)", filling, 1)
    (tmp_path / lesson.file).write_text(text, encoding="utf-8")
    assert f"is not right yet. Your code ran into {gap}, which is still open." in check(lesson, tmp_path)[1]


@pytest.mark.parametrize(("step", "text", "other"), ALSO_RIGHT)
def test_what_is_right_in_another_way_is_right(step: int, text: str, other: str) -> None:
    is_right, said = answer_to(step, text, other)
    assert is_right, said


def test_a_value_that_is_visited_on_every_way_to_it_takes_too_long(tmp_path: Path) -> None:
    lesson = LESSONS[2]
    seen = "        if value in seen:\n            return\n        seen.add(value)\n"
    late = lesson.solution.replace(seen, "").replace("order.append", "value in order or order.append")
    (tmp_path / lesson.file).write_text(late, encoding="utf-8")
    is_right, text = check(lesson, tmp_path, seconds=0.5)
    assert not is_right
    assert "was still running after 0.5 seconds, in line " in text
    assert "This happened while checking that a value that was seen is not visited again." in text


@pytest.mark.parametrize("lesson", LESSONS, ids=str)
def test_the_solution_of_a_step_has_all_its_properties(lesson: Lesson, tmp_path: Path) -> None:
    (tmp_path / lesson.file).write_text(lesson.solution, encoding="utf-8")
    is_right, text = check(lesson, tmp_path, seconds=60)
    assert is_right, text
    assert all(thing.text in text for thing in PROPERTIES if thing.step == lesson.number)


@pytest.mark.parametrize("lesson", LESSONS, ids=str)
def test_each_gap_has_a_property(lesson: Lesson) -> None:
    gaps = {int(number) for number in re.findall(r"# Gap (\d+)", lesson.gaps)}
    assert gaps == {*range(1, max(gaps) + 1)}
    assert {thing.gap for thing in PROPERTIES if thing.step == lesson.number} == gaps


@pytest.mark.parametrize("lesson", LESSONS, ids=str)
def test_each_gap_of_a_step_has_a_mistake_that_is_told(lesson: Lesson) -> None:
    """A property is worth having if a mistake shows in it."""
    mistakes = [(step, right, wrong) for step, right, wrong, _ in MISTAKES if step == lesson.number]
    told = {answer_to(*mistake)[1].partition(" of ")[0] for mistake in mistakes}
    assert {f"Gap {thing.gap}" for thing in PROPERTIES if thing.step == lesson.number} <= told
