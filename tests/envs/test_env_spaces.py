"""Action tables, key codes and normalisers as qwop-gym documents them."""

import numpy as np
import pytest

from qwop_native import Keys, QwopEnv
from qwop_native.envs.spaces import ACTION_SETS, TERMINATE, action_keys
from qwop_native.facts import FIELDS, PARTS

FULL = "- Q W O P QW QO QP WO WP OP QWO QWP QOP WOP QWOP".split()
REDUCED = "- Q W O P QW QP WO OP".split()
ESSENTIAL = "- Q W O P QO QP WO WP".split()


def names(keys):
    return ["".join(k for k in "QWOP" if Keys[k] & mask) or "-" for mask in keys]


@pytest.mark.parametrize(
    ("kwargs", "expected"),
    [
        ({}, FULL),
        ({"action_set": "full"}, FULL),
        ({"reduced_action_set": True}, REDUCED),
        ({"action_set": "reduced"}, REDUCED),
        ({"action_set": "reduced", "reduced_action_set": True}, REDUCED),
        ({"action_set": "essential"}, ESSENTIAL),
    ],
)
def test_actions_press_the_documented_keys_in_order(kwargs, expected):
    env = QwopEnv(**kwargs)
    assert names(env.action_keys) == expected
    assert env.action_space.n == len(expected)
    assert env.action_t is None


@pytest.mark.parametrize("kwargs", [{}, {"reduced_action_set": True}, {"action_set": "essential"}])
def test_t_is_the_last_action(kwargs):
    plain, with_t = QwopEnv(**kwargs), QwopEnv(t_for_terminate=True, **kwargs)
    assert with_t.action_keys == (*plain.action_keys, TERMINATE)
    assert with_t.action_t == with_t.action_space.n - 1 == plain.action_space.n


def test_essential_actions_are_those_the_game_tells_apart():
    def effective(mask):  # Q wins over W, O over P
        return mask & ~(Keys.W if mask & Keys.Q else 0) & ~(Keys.P if mask & Keys.O else 0)

    assert {effective(mask) for mask in ACTION_SETS["full"]} == set(ACTION_SETS["essential"])
    assert len({effective(mask) for mask in ACTION_SETS["reduced"]}) == 7


def test_keys_are_the_bits_of_the_engine():
    assert [Keys.Q, Keys.W, Keys.O, Keys.P] == [1, 2, 4, 8]


def test_keys_to_action_are_sorted_character_codes():
    env = QwopEnv(t_for_terminate=True)
    table = env.get_keys_to_action()
    assert len(table) == 16
    assert () not in table  # which gymnasium's player refuses
    assert table[(ord("q"),)] == 1
    assert table[(ord("o"), ord("q"))] == FULL.index("QO")
    assert table[(ord("o"), ord("p"), ord("q"), ord("w"))] == 15
    assert table[(ord("t"),)] == 16
    assert all(list(codes) == sorted(codes) for codes in table)


def test_unknown_action_set_is_refused():
    with pytest.raises(ValueError, match="full, reduced, essential, got 'tiny'"):
        action_keys("tiny", False)


def test_observation_space():
    space = QwopEnv().observation_space
    assert space.shape == (len(PARTS) * len(FIELDS),) == (60,)
    assert space.dtype == np.float32
    assert (space.low == -1).all()
    assert (space.high == 1).all()


@pytest.mark.parametrize(
    ("name", "low", "high"),
    [
        ("pos_x", -10, 1050),
        ("pos_y", -10, 10),
        ("angle", -6, 6),
        ("vel_x", -20, 60),
        ("vel_y", -25, 60),
    ],
)
def test_normalizers(name, low, high):
    normalizer = getattr(QwopEnv(), name)
    assert normalizer.name == name
    assert normalizer.normalize(np.float32(low)) == -1
    assert normalizer.normalize(np.float32(high)) == 1
    assert normalizer.denormalize(np.float32(0)) == normalizer.center == (low + high) / 2
    values = np.linspace(low, high, 11, dtype=np.float32)
    assert normalizer.normalize(values).dtype == np.float32
    back = normalizer.denormalize(normalizer.normalize(values))
    # one rounding each way, of a quantity as large as the range
    assert np.abs(back - values).max() <= (high - low) * np.finfo(np.float32).eps


def test_columns_of_the_observation_are_the_normalized_bodies():
    env = QwopEnv(frames_per_step=4)
    env.reset(seed=0)
    for action in (1, 4, 6, 9, 2):
        observation, *_ = env.step(action)
    ranges = (env.pos_x, env.pos_y, env.angle, env.vel_x, env.vel_y)
    bodies = env.game.bodies[:, :5].astype(np.float32)
    expected = [r.normalize(bodies[:, i]) for i, r in enumerate(ranges)]
    np.testing.assert_array_equal(
        observation, np.clip(np.stack(expected, axis=1).ravel(), -1, 1, dtype=np.float32)
    )
