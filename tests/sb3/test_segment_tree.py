"""The segment tree of prioritized replay against NumPy."""

import copy
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qwop_native import _core

PRIORITIES = st.one_of(st.just(0.0), st.floats(1e-3, 1e3))


@given(st.data())
def test_tree_against_numpy(data):
    size = data.draw(st.integers(1, 70))
    tree, plain = _core.SegmentTree(size), np.zeros(size)
    for _ in range(data.draw(st.integers(1, 4))):
        changes = data.draw(st.dictionaries(st.integers(0, size - 1), PRIORITIES))
        indices = np.array(list(changes), np.int64)
        plain[indices] = values = np.array(list(changes.values()), np.float64)
        tree.set(indices, values)
    np.testing.assert_array_equal(tree.values, plain)
    assert tree.root == pytest.approx(plain.sum(), rel=1e-12)
    if not plain.any():
        return
    uniforms = np.array(data.draw(st.lists(st.floats(0, 1, exclude_max=True), min_size=1)))
    drawn = tree.draw(uniforms)
    assert (plain[drawn] > 0).all()
    sums = (np.arange(len(uniforms)) + uniforms) / len(uniforms) * tree.root
    np.testing.assert_array_equal(tree.find(sums), drawn)
    ends = np.cumsum(plain)
    slack = 1e-12 * tree.root
    assert (sums <= ends[drawn] + slack).all()
    assert (sums >= ends[drawn] - plain[drawn] - slack).all()


@given(st.lists(PRIORITIES, min_size=1, max_size=70), st.randoms())
def test_tree_is_the_same_whatever_led_to_its_numbers(values, random):
    at_once = _core.SegmentTree(len(values))
    at_once.values = np.array(values)
    order = list(range(len(values)))
    random.shuffle(order)
    one_by_one = _core.SegmentTree(len(values))
    for index in order:
        one_by_one.set(np.array([index]), 7.0)
        one_by_one.set(np.array([index]), values[index])
    assert one_by_one.root == at_once.root
    for same in (pickle.loads(pickle.dumps(at_once)), copy.deepcopy(at_once)):
        np.testing.assert_array_equal(same.values, values)
        assert same.root == at_once.root


def test_frequencies_are_the_priorities():
    rng = np.random.default_rng(5)
    tree = _core.SegmentTree(37)
    tree.values = priorities = rng.random(37) ** 2
    draws = 40_000
    # One uniform number a call: strata would make the counts more even than chance does.
    counts = np.bincount([tree.draw(rng.random(1))[0] for _ in range(draws)], minlength=37)
    expected = priorities / priorities.sum() * draws
    chi_square = float(((counts - expected) ** 2 / expected).sum())
    assert 13.0 < chi_square < 74.0  # all but 1 in 10,000 on either side, with 36 degrees
    in_strata = np.bincount(tree.draw(rng.random(draws)), minlength=37)
    assert np.abs(in_strata - expected).max() < 3


def test_trees_of_minima_keep_what_is_pickled():
    tree = _core.SegmentTree(5, "minimum")
    assert tree.root == np.inf
    tree.set(np.array([3, 1, 3]), np.array([0.25, 0.5, 2.0]))
    same = pickle.loads(pickle.dumps(tree))
    assert same.root == 0.5
    same.set(np.array([4]), 0.125)
    assert (same.root, tree.root) == (0.125, 0.5)


def test_what_a_tree_does_not_take():
    tree = _core.SegmentTree(6)
    with pytest.raises(ValueError, match="nothing to draw: all values are 0"):
        tree.draw(np.zeros(1))
    tree.values = np.arange(6.0)
    before = tree.values
    for indices, values, said in [
        ([0, 6], 1.0, "indices must be from 0 to 5, got 6"),
        ([0, -1], 1.0, "indices must be from 0 to 5, got -1"),
        ([0, 1], [1.0, -1.0], "values must be 0 or more and finite, got -1"),
        ([0, 1], [1.0, np.nan], "values must be 0 or more and finite, got"),
        ([0, 1], [1.0, np.inf], "values must be 0 or more and finite, got inf"),
        ([0, 1, 2], [1.0, 2.0], "values must be one or as many as indices, 3, got 2"),
    ]:
        with pytest.raises(ValueError, match=said):
            tree.set(np.array(indices), np.array(values))
    np.testing.assert_array_equal(tree.values, before)
    with pytest.raises(ValueError, match=r"uniforms must be in \[0, 1\), got 1"):
        tree.draw(np.array([0.5, 1.0]))
    with pytest.raises(ValueError, match="sums must be 0 or more, got nan"):
        tree.find(np.array([np.nan]))
    with pytest.raises(ValueError, match="values must be 6, got 5"):
        tree.values = np.zeros(5)
    with pytest.raises(ValueError, match="size must be from 1"):
        _core.SegmentTree(0)
    with pytest.raises(ValueError, match="operation must be 'sum' or 'minimum', got 'product'"):
        _core.SegmentTree(3, "product")
    with pytest.raises(ValueError, match="only a tree of sums can be searched"):
        _core.SegmentTree(3, "minimum").draw(np.zeros(1))
