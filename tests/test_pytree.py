"""Structures: whatever is taken apart goes together again."""

from collections import namedtuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

import scalargrad as sg
from scalargrad.pytree import leaves_of, rebuild

Pair = namedtuple("Pair", "left right")


def put_together(parts):
    """A structure and its leaves, from the pairs of its parts."""
    structures, leaves = zip(*parts, strict=True) if parts else ((), ())
    return [*structures], [leaf for some in leaves for leaf in some]


def containers(children):
    parts = st.lists(children, max_size=3).map(put_together)
    pairs = st.tuples(children, children).map(put_together)
    return st.one_of(
        parts,
        parts.map(lambda part: (tuple(part[0]), part[1])),
        parts.map(lambda part: ({f"key{-i}": x for i, x in enumerate(part[0])}, part[1])),
        pairs.map(lambda pair: (Pair(*pair[0]), pair[1])),
    )


structures_and_leaves = st.recursive(st.integers().map(lambda n: (n, [n])), containers, max_leaves=12)


def same_kinds(left, right):
    if type(left) is not type(right):
        return False
    if isinstance(left, dict):
        return [*left] == [*right] and all(same_kinds(left[key], right[key]) for key in left)
    if isinstance(left, (list, tuple)):
        return len(left) == len(right) and all(map(same_kinds, left, right))
    return True


@given(structures_and_leaves)
def test_the_leaves_come_in_the_order_of_the_structure(drawn):
    structure, leaves = drawn
    assert leaves_of(structure) == leaves


@given(structures_and_leaves)
def test_a_structure_rebuilt_from_its_leaves_is_an_equal_structure_of_the_same_kinds(drawn):
    structure, leaves = drawn
    again = rebuild(structure, leaves)
    assert again == structure
    assert same_kinds(again, structure)


@given(structures_and_leaves)
def test_a_rebuilt_structure_holds_the_new_leaves_and_leaves_the_old_one_alone(drawn):
    structure, leaves = drawn
    rebuilt = rebuild(structure, [str(leaf) for leaf in leaves])
    assert leaves_of(rebuilt) == [str(leaf) for leaf in leaves]
    assert leaves_of(structure) == leaves


@pytest.mark.parametrize("leaf", [sg.Value(1.0), sg.Vector([1.0, 2.0]), sg.Variable([1.0]), "text", None, True])
def test_vectors_text_none_and_truth_values_are_leaves(leaf):
    (found,) = leaves_of({"a": [(leaf,)]})
    assert found is leaf


def test_a_leaf_may_become_a_structure():
    assert rebuild([1, (2,)], [[10, 20], None]) == [[10, 20], (None,)]


def test_a_matrix_is_flattened_row_by_row_and_comes_back_as_one():
    x = sg.Value(3.0)
    numbers, rebuild = sg.flatten({"w": sg.Variable([[1.0, 2.0]]), "m": sg.Matrix([[x], [4.0]]), "v": sg.Vector([5.0])})
    assert numbers == [1.0, 2.0, 3.0, 4.0, 5.0]
    assert numbers[2] is x
    again = rebuild([10.0, 20.0, 30.0, 40.0, x])
    assert again == {"w": [[10.0, 20.0]], "m": [[30.0], [40.0]], "v": [3.0]}
    assert [type(part) for part in again.values()] == [sg.Matrix, sg.Matrix, type(sg.Vector([x]))]
