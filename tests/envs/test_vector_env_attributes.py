"""Options, attributes and calls of many games, against gymnasium's and SB3's own."""

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.vector import AutoresetMode, SyncVectorEnv

from qwop_native import QwopEnv, QwopVectorEnv

FAST = {"frames_per_step": 4}
MODES = tuple(AutoresetMode)


def under_way(steps, **kwargs):
    """A snapshot of a game that has been played for some steps."""
    env = QwopEnv(**kwargs)
    env.reset(seed=0)
    for action in np.random.default_rng(1).integers(16, size=steps).tolist():
        env.step(action)
    return env.game.snapshot()


def both(count=3, mode=AutoresetMode.NEXT_STEP, **kwargs):
    kwargs = {**FAST, **kwargs}
    native = QwopVectorEnv(count, 1, autoreset_mode=mode, **kwargs)
    limit = kwargs.pop("max_episode_steps", None)
    wrapped = [lambda: QwopEnv(**kwargs)] * count
    if limit is not None:
        wrapped = [lambda: gym.wrappers.TimeLimit(QwopEnv(**kwargs), limit)] * count
    return native, SyncVectorEnv(wrapped, autoreset_mode=mode)


def assert_equal(mine, theirs):
    if isinstance(theirs, dict):
        assert set(mine) == set(theirs)
        for name in theirs:
            assert_equal(mine[name], theirs[name])
    elif isinstance(theirs, tuple) or getattr(theirs, "dtype", None) == np.object_:
        for one, two in zip(mine, theirs, strict=True):
            assert_equal(one, two)
    else:
        np.testing.assert_array_equal(mine, theirs)
        assert getattr(mine, "dtype", None) == getattr(theirs, "dtype", None)


@pytest.mark.parametrize("mode", MODES)
def test_every_game_starts_at_the_snapshot_as_gymnasiums_own(mode):
    native, sync = both(mode=mode, max_episode_steps=9)
    options = {"snapshot": under_way(20, **FAST)}
    assert_equal(native.reset(seed=3, options=dict(options)), sync.reset(seed=3, options=options))
    assert native.np_random_seed == sync.np_random_seed == (3, 4, 5)
    rng = np.random.default_rng(0)
    for _ in range(12):
        actions = rng.integers(16, size=3)
        one, two = native.step(actions), sync.step(actions)
        assert_equal(one, two)
        if mode is AutoresetMode.DISABLED and (two[2] | two[3]).any():
            assert_equal(native.reset(), sync.reset())


def test_some_games_start_at_the_snapshot_as_gymnasiums_own():
    native, sync = both()
    native.reset(seed=0)
    sync.reset(seed=0)
    mask = np.array([False, True, False])
    options = {"snapshot": under_way(20, **FAST), "reset_mask": mask}
    assert_equal(native.reset(options=dict(options)), sync.reset(options=dict(options)))
    assert options["reset_mask"] is mask
    actions = np.array([1, 2, 3])
    assert_equal(native.step(actions), sync.step(actions))


def test_a_snapshot_for_each_game():
    snapshots = [under_way(5, **FAST), None, under_way(9, **FAST)]
    env = QwopVectorEnv(3, 1, **FAST)
    observations, infos = env.reset(seed=1, options={"snapshot": snapshots})
    for game, snapshot in enumerate(snapshots):
        single = QwopEnv(**FAST)
        observation, info = single.reset(seed=1, options={"snapshot": snapshot})
        np.testing.assert_array_equal(observations[game], observation)
        assert {name: infos[name][game] for name in info} == info
        assert env.game(game).state_hash() == single.game.state_hash()


def test_other_options_mean_nothing():
    env = QwopVectorEnv(2, 1)
    one = env.reset(seed=1, options={"theirs": 3})[0]
    np.testing.assert_array_equal(env.reset(seed=1)[0], one)


NAMES = (
    "action_keys",
    "action_set",
    "action_t",
    "failure_cost",
    "frames_per_step",
    "get_keys_to_action",
    "reload_on_reset",
    "render_mode",
    "seedval",
    "sincos",
    "speed_rew_mult",
    "metadata",
    "np_random_seed",
)


def without(entries, name):
    return {key: value for key, value in entries.items() if key != name}


def test_attributes_are_those_of_gymnasiums_own():
    native, sync = both()
    native.reset(seed=5)
    sync.reset(seed=5)
    for name in NAMES:
        expected = sync.call(name)
        if name == "metadata":  # into which gymnasium 1.1 writes the mode of its own vector env
            expected = tuple(without(each, "autoreset_mode") for each in expected)
        assert native.call(name) == expected, name
    assert native.get_attr("seedval") == sync.get_attr("seedval") == (5, 6, 7)
    for values in (3, "all", [1, 2, 3], (1, 2, 3)):
        native.set_attr("stage", values)
        sync.set_attr("stage", values)
        assert native.get_attr("stage") == sync.get_attr("stage")
        assert native.call("stage") == sync.call("stage")
    for env in (native, sync):
        with pytest.raises(AttributeError, match="no attribute 'nothing'"):
            env.get_attr("nothing")
        with pytest.raises(ValueError, match="value"):
            env.set_attr("stage", [1, 2])


def test_calls_reach_each_game():
    env = QwopVectorEnv(2, 1, render_mode="rgb_array", render_size=(64, 64))
    env.reset(seed=0)
    snapshots = env.call("snapshot")
    env.step([1, 2])
    env.call("restore", snapshots[0])
    assert env.game(0).state_hash() == env.game(1).state_hash()
    assert [game.frames for game in env.get_attr("game")] == [2, 2]
    for one, two in zip(env.call("render"), env.render(), strict=True):
        np.testing.assert_array_equal(one, two)


@pytest.mark.parametrize("name", ["frames_per_step", "seedval", "snapshot", "time_s", "frames"])
def test_what_the_games_have_by_themselves_cannot_be_set(name):
    env = QwopVectorEnv(2, 1)
    before = env.get_attr(name) if name == "frames_per_step" else None
    with pytest.raises(AttributeError, match=f"'{name}' of the games of QwopVectorEnv cannot be"):
        env.set_attr(name, 3)
    assert before in (None, env.get_attr("frames_per_step"))


def test_dtypes_of_infos_are_those_that_are_documented():
    env = QwopVectorEnv(2, 1)
    _, infos = env.reset(seed=0)
    kinds = {name: infos[name].dtype.name for name in infos if not name.startswith("_")}
    assert kinds == {
        "time": "float32",
        "distance": "float32",
        "avgspeed": "float32",
        "is_success": "bool",
        "frames": "int64",
        "time_s": "float64",
    }
    assert {infos[f"_{name}"].dtype.name for name in kinds} == {"bool"}
