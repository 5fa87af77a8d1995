"""Pictures of functions, descents, trainings and classes."""

from __future__ import annotations

import math
from typing import Any

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib import pyplot as plt

import scalargrad as sg
from scalargrad import plot
from tests.support.pictures import bowl

mpl.use("Agg")

pytestmark = pytest.mark.usefixtures("closed_figures")


def test_derivatives_are_curves_of_their_numbers() -> None:
    ax = plot.derivatives(lambda x: x**4, -1, 1, orders=(0, 1, 4), points=5)
    assert [line.get_label() for line in ax.lines] == ["f", "f'", "f^(4)"]
    assert [[*line.get_ydata()] for line in ax.lines] == [
        [1.0, 0.0625, 0.0, 0.0625, 1.0],
        [-4.0, -0.5, 0.0, 0.5, 4.0],
        [24.0] * 5,
    ]


def test_derivatives_have_the_name_of_their_function() -> None:
    ax = plot.derivatives(sg.sin, 0, 1, orders=(0, 1, 4), points=3)
    assert [line.get_label() for line in ax.lines] == ["sin", "sin'", "sin^(4)"]


def ways_on(ax: Any) -> list[Any]:
    return [line for line in ax.lines if line.get_gid() == "descent"]


def test_a_descent_shows_its_path_over_contours_and_others_beside_it() -> None:
    path = [(2.0, 1.0), (1.0, 0.25), (sg.Value(0.5), 0.0)]
    ax = plot.descent(bowl, path, label="one")
    assert [*ways_on(ax)[0].get_xdata()] == [2.0, 1.0, 0.5]
    (contours,) = ax.collections
    assert plot.descent(bowl, path[:1], label="two", ax=ax) is ax
    assert [*ax.collections] == [contours]
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["one", "two"]
    assert ways_on(ax)[1].get_color() != ways_on(ax)[0].get_color()


def test_a_picture_of_descents_grows_to_hold_all_ways() -> None:
    ax = plot.descent(bowl, [(0.5, 0.5), (0.0, 0.0)])
    plot.descent(bowl, [(-4.0, 3.0), (0.0, 0.0)], ax=ax)
    (contours,) = ax.collections
    left, right = ax.get_xlim()
    assert left < -4.0 < 0.5 < right
    corners = contours.get_datalim(ax.transData)
    assert corners.x0 < -4.0
    assert corners.y1 > 3.0


def test_the_legend_of_a_descent_is_in_the_corner_that_its_ways_keep_away_from() -> None:
    corners = {1: (1.0, 1.0), 2: (-1.0, 1.0), 3: (-1.0, -1.0), 4: (1.0, -1.0)}  # as matplotlib numbers them
    for number in corners:
        path = [place for other, place in corners.items() if other != number]
        assert plot.descent(bowl, path, label="a way").get_legend()._loc == number  # type: ignore[union-attr]
        ax = plot.descent(bowl, path[:2], label="two thirds of it")
        assert plot.descent(bowl, path[1:], label="the rest", ax=ax).get_legend()._loc == number  # type: ignore[union-attr]


def test_contours_are_drawn_on_axes_that_hold_something_else() -> None:
    _, ax = plt.subplots()
    ax.plot([0, 1], [0, 1])
    ax.plot([0, 1], [1, 0])
    assert len(plot.descent(lambda x, y: x * x + y * y, [(2.0, 1.0), (0.0, 0.0)], ax=ax).collections) > 0


def test_a_flat_function_has_a_path_and_no_contours() -> None:
    assert len(plot.descent(lambda x, y: 1.0, [(0.0, 0.0)]).collections) == 0


def test_a_history_shows_numbers_and_their_targets() -> None:
    ax = plot.history({"w": [0.0, 2.0, sg.Value(2.5)], "b": [0.0, 0.5, 1.0]}, {"w": 3.0}, xlabel="epoch")
    assert [line.get_label() for line in ax.lines] == ["w", "w: 3", "b"]
    assert [*ax.lines[0].get_ydata()] == [0.0, 2.0, 2.5]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("epoch", "value")
    assert plot.history([0.5, 0.25], ylabel="loss").get_ylabel() == "loss"


def test_a_history_of_one_list_has_no_legend() -> None:
    for losses in ([0.5, 0.25], np.array([0.5, 0.25]), sg.Vector([sg.Value(0.5), 0.25])):
        ax = plot.history(losses)
        assert [line.get_ydata().tolist() for line in ax.lines] == [[0.5, 0.25]]
        assert ax.get_legend() is None
    for wrong in ("text", 2.0, None):
        with pytest.raises(
            TypeError, match=r"traces of history is a list of numbers, or a dict from names to such lists"
        ):
            plot.history(wrong)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"^the trace has no numbers"):
        plot.history([])
    with pytest.raises(TypeError, match="as a number of the trace, got "):
        plot.history([[1.0], [2.0]])


POINTS = [(0.0, 0.0), (1.0, 0.0), (0.0, 1.0), (1.0, 1.0)]


def test_labels_that_are_values_are_told_apart_by_their_numbers() -> None:
    labels = [sg.Value(x) for x in (0.0, 1.0, 0.0, 1.0)]
    ax = plot.decision_boundary(lambda p: p[0] - 0.5, POINTS, labels, steps=3)
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["0.0", "1.0"]
    assert [len(points.get_offsets()) for points in ax.collections[-2:]] == [2, 2]


def test_a_boundary_is_where_the_sign_changes() -> None:
    ax = plot.decision_boundary(lambda p: p[0] - sg.Value(0.5), POINTS, ["a", "b", "a", "b"], steps=21)
    line = ax.collections[1].get_paths()[0].vertices
    assert {round(x, 9) for x, _ in line} == {0.5}
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["a", "b"]


def test_of_several_scores_the_largest_is_the_class() -> None:
    ax = plot.decision_boundary(lambda p: sg.Vector([p[0], p[1], 0.5]), POINTS, [0, 1, 2, 0], steps=9)
    assert len(ax.get_legend().get_texts()) == 3
    assert [class_at(ax, point) for point in ((0.9, 0.1), (0.1, 0.9), (0.1, 0.2))] == [[0], [1], [2]]


def class_at(ax: Any, point: tuple[float, float]) -> list[int]:
    """The classes whose colours a point of a decision boundary's picture has."""
    fields = [x for x in ax.collections if isinstance(x, mpl.contour.ContourSet) and x.filled]
    colours = [mpl.colors.to_hex(x.get_facecolor()[0]) for x in fields if x.get_paths()[0].contains_point(point)]
    return [plot.LINES.index(colour) for colour in colours]


def test_a_class_that_is_nowhere_the_largest_has_no_field() -> None:
    ax = plot.decision_boundary(lambda p: [p[0], p[1], -1.0], POINTS, [0, 1, 2, 0])
    assert [class_at(ax, point) for point in ((0.9, 0.1), (0.1, 0.9))] == [[0], [1]]
    assert sum(isinstance(x, mpl.contour.ContourSet) and x.filled for x in ax.collections) == 2


def test_a_class_that_is_everywhere_the_largest_has_no_boundary() -> None:
    ax = plot.decision_boundary(lambda _: 1.0, POINTS, [0, 1, 1, 0])
    assert class_at(ax, (0.1, 0.9)) == class_at(ax, (0.9, 0.1)) == [1]
    assert all(x.filled for x in ax.collections if isinstance(x, mpl.contour.ContourSet))


def test_where_a_model_gives_nan_its_picture_is_blank() -> None:
    ax = plot.decision_boundary(lambda p: math.nan if p[0] > 0.5 else p[1] - 0.5, POINTS, [0, 1, 0, 1])
    assert [class_at(ax, point) for point in ((0.2, 0.1), (0.2, 0.9), (0.8, 0.1))] == [[0], [1], []]


def test_a_boundary_is_seen_on_dark_paper_too() -> None:
    with plt.style.context("dark_background"):
        ax = plot.decision_boundary(lambda p: p[0] - 0.5, POINTS, [0, 1, 0, 1])
    (line, *_) = [x for x in ax.collections if isinstance(x, mpl.contour.ContourSet) and not x.filled]
    assert mpl.colors.to_hex(line.get_edgecolor()[0]) == "#ffffff"


def colours_of(ax: Any) -> dict[str, str]:
    """The colour of the points by their labels."""
    return {
        str(points.get_label()): mpl.colors.to_hex(points.get_facecolor()[0])
        for points in ax.collections
        if not str(points.get_label()).startswith("_")
    }


def test_points_have_the_colours_of_the_classes_that_they_belong_to() -> None:
    def scores(p: Any) -> Any:
        return [p[0], p[1], 0.5, 0.0]

    assert colours_of(plot.decision_boundary(scores, POINTS, [1, 2, 3, 1], steps=3)) == dict(
        zip("123", plot.LINES[1:4])
    )
    assert colours_of(plot.decision_boundary(scores, POINTS, ["b", "c", "b", "a"], steps=3)) == dict(
        zip("abc", plot.LINES)
    )
    for kind in (np.array, lambda labels: [float(x) for x in labels]):
        found = colours_of(plot.decision_boundary(scores, POINTS, kind([1, 2, 3, 1]), steps=3))
        assert [*found.values()] == plot.LINES[1:4]
    for ones in ([1, 1, 1, 1], np.ones(4, int)):
        assert colours_of(plot.decision_boundary(sum, POINTS, ones, steps=3)) == {"1": plot.LINES[1]}
    assert colours_of(plot.decision_boundary(sum, POINTS, [-1, -1, -1, -1], steps=3)) == {"-1": plot.LINES[0]}
    assert colours_of(plot.decision_boundary(sum, POINTS, [None, "a", None, "a"], steps=3)) == {
        "None": plot.LINES[0],
        "a": plot.LINES[1],
    }


def test_a_boundary_is_computed_without_recording() -> None:
    w = sg.Variable(1.0)
    seen = []

    def model(p: Any) -> Any:
        score = w * p[0]
        seen.append(score.is_tracked)
        return score

    plot.decision_boundary(model, POINTS, [0, 1, 0, 1], steps=3)
    assert not any(seen)


def test_tex_in_legends_is_set_and_lone_dollars_are_not() -> None:
    def shown(ax: Any) -> list[str]:
        return [text.get_text() for text in ax.get_legend().get_texts()]

    assert shown(plot.history({"$w$": [1.0], "_$b$": [2.0], "$5": [3.0]}, {"$w$": 3.0})) == [
        "$w$",
        "$w$: 3",
        " _$b$",
        r"\$5",
    ]
    assert shown(plot.descent(lambda x, y: x * x + y * y, [(1.0, 1.0)], label=r"$\eta=0.05$")) == [r"$\eta=0.05$"]
    assert shown(plot.decision_boundary(lambda p: p[0], [(0.0, 1.0), (1.0, 0.0)], ["$A$", r"$\no$"])) == [
        "$A$",
        r"\$\no\$",
    ]
    square = lambda x: x * x  # noqa: E731
    square.__name__ = r"$\sigma$"
    ax = plot.derivatives(square, 0, 1, orders=[0, 1], points=3)
    assert shown(ax) == [r"$\sigma$", r"$\sigma$'"]
    ax.figure.canvas.draw()
