"""Which states go on: the best of each group, none twice, and better groups in place of others."""

from __future__ import annotations

import numpy as np
import pytest

from qwop_native import Game
from qwop_native.search.selection import best_of_groups, copied, named, offspring, scores
from qwop_native.search.states import States


def standing(count, seed=1, apart=1.0):
    """States about the starting pose, each somewhere else."""
    bodies = np.repeat(Game().bodies[None], count, axis=0)
    bodies[:, :, :3] += np.random.default_rng(seed).normal(0, apart, (count, 1, 3))
    zeros = np.zeros(count)
    return States(bodies, zeros.astype(np.uint8), zeros.astype(np.int32), zeros)


def as_groups(*numbers):
    return np.array(numbers, np.int32)


def test_each_group_keeps_its_own_best():
    groups = as_groups(0, 1, 0, 1, 0, 1)
    ranks = np.array([1.0, 10.0, 3.0, 30.0, 2.0, 20.0])
    assert best_of_groups(standing(6), ranks, groups, 2, 9).tolist() == [2, 4, 3, 5]


def test_a_state_is_kept_once_in_a_group_but_may_be_in_another():
    states = standing(1)[np.zeros(4, int)]
    kept = best_of_groups(states, np.array([0.0, 1.0, 2.0, 3.0]), as_groups(0, 0, 1, 1), 4, 9)
    assert kept.tolist() == [1, 3]


def test_only_so_many_of_one_pose_are_kept():
    alike, other = standing(5, apart=1e-6), standing(1, seed=3)
    bodies = np.concatenate([alike.bodies, other.bodies])
    states = States(bodies, *(np.zeros(6, kind) for kind in (np.uint8, np.int32, float)))
    ranks = np.array([5.0, 4.0, 3.0, 2.0, 1.0, 0.0])
    assert best_of_groups(states, ranks, as_groups(*[0] * 6), 6, 2).tolist() == [0, 1, 5]


def test_names_tell_rows_apart():
    rows = np.random.default_rng(2).normal(size=(500, 12, 6))
    names = named(np.concatenate([rows, rows]))
    assert len(set(names.tolist())) == 500
    assert np.array_equal(names[:500], names[500:])


def test_a_group_stands_where_its_best_states_stand():
    ranks = np.array([1.0, 9.0, 5.0, -7.0])
    assert scores(ranks, as_groups(0, 0, 0, 2), 3, 2).tolist() == [7.0, -np.inf, -7.0]


def test_better_groups_take_the_place_of_others_but_not_of_all():
    rng = np.random.default_rng(5)
    stand = np.array([0.0, 9.0, 8.5, -np.inf, *[1.0] * 28])
    sources = offspring(stand, 1.0, rng)
    counts = np.bincount(sources, minlength=32)
    assert (np.diff(sources) >= 0).all()
    assert counts[1] > counts[2] > 0 == counts[3]
    alone = offspring(np.array([5.0, *[-np.inf] * 31]), 1.0, rng)
    assert (alone == 0).all()
    assert np.bincount(offspring(np.zeros(32), 1.0, rng)).tolist() == [1] * 32


def test_copies_are_whole_groups():
    groups = as_groups(0, 0, 1, 3, 3, 3)
    rows, members = copied(groups, as_groups(0, 0, 2, 3))
    assert rows.tolist() == [0, 1, 0, 1, 3, 4, 5]
    assert members.tolist() == [0, 0, 1, 1, 3, 3, 3]


@pytest.mark.parametrize("groups", [1, 6])
def test_the_best_state_of_all_is_among_the_kept(groups):
    rng = np.random.default_rng(groups)
    ranks = rng.normal(size=60)
    kept = best_of_groups(standing(60), ranks, as_groups(*rng.integers(groups, size=60)), 3, 9)
    assert int(np.argmax(ranks)) in kept
    assert len(kept) == 3 * groups
