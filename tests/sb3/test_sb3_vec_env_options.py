"""Seeds that SB3 draws by itself, and options of QwopVecEnv, against its DummyVecEnv."""

import numpy as np
import pytest
from stable_baselines3.common.env_util import make_vec_env
from stable_baselines3.common.vec_env import DummyVecEnv

from qwop_native import QwopEnv
from qwop_native.sb3 import QwopVecEnv

FAST = {"frames_per_step": 4}


def under_way(steps):
    env = QwopEnv(**FAST)
    env.reset(seed=0)
    for _ in range(steps):
        env.step(1)
    return env.game.snapshot()


def both():
    return QwopVecEnv(2, 1, **FAST), DummyVecEnv([lambda: QwopEnv(**FAST)] * 2)


def test_seeds_that_sb3_draws(monkeypatch):
    monkeypatch.setattr(np.random, "randint", lambda low, high, dtype: dtype(2**32 - 2))
    env = make_vec_env("QWOP-v1", 2)
    env.reset()
    assert env.get_attr("seedval") == [2**32 - 2, 2**32 - 1]


@pytest.mark.parametrize(
    "options",
    [
        {"snapshot": under_way(3)},
        [{"snapshot": under_way(3)}, {}],
        [{}, {"snapshot": under_way(5), "theirs": 1}],
        {},
        None,
    ],
)
def test_options_start_games_as_sb3s_own(options):
    native, dummy = both()
    for env in (native, dummy):
        env.seed(4)
        env.set_options(options)
    np.testing.assert_array_equal(native.reset(), dummy.reset())
    assert native.reset_infos == dummy.reset_infos
    actions = np.array([2, 3])
    for mine, theirs in zip(native.step(actions)[:3], dummy.step(actions)[:3], strict=True):
        np.testing.assert_array_equal(mine, theirs)
    np.testing.assert_array_equal(native.reset(), dummy.reset())


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"snapshot": b"x"}, ValueError, "snapshot"),
        ({"snapshot": 3}, TypeError, "a snapshot is bytes"),
        ([{}], ValueError, "for each of 2 games, got 1"),
        ([{}, "snapshot"], TypeError, "options must be a dict or None, got str"),
        ("snapshot", TypeError, "options must be a dict or None, got str"),
    ],
)
def test_bad_options_are_refused_when_they_are_set(options, error, message):
    env = QwopVecEnv(2, 1, **FAST)
    env.seed(1)
    first = env.reset().copy()
    with pytest.raises(error, match=message):
        env.set_options(options)
    env.seed(1)
    np.testing.assert_array_equal(env.reset(), first)
