"""Stable-Baselines3's environment: what it returns, and what SB3's own parts make of it."""

import copy
import itertools
import pickle

import numpy as np
import pytest

pytest.importorskip("stable_baselines3")

from gymnasium.error import ClosedEnvironmentError, ResetNeeded
from gymnasium.wrappers import TimeLimit
from stable_baselines3.common.monitor import Monitor
from stable_baselines3.common.vec_env import DummyVecEnv, VecEnv, VecMonitor, VecVideoRecorder

from qwop_native import QwopEnv, _core
from qwop_native.sb3 import QwopVecEnv

END = 16  # the action "T"
FAST = {"frames_per_step": 4}


def dummy(num_envs, max_episode_steps, **kwargs):
    def make():
        return Monitor(TimeLimit(QwopEnv(**kwargs), max_episode_steps))

    return DummyVecEnv([make] * num_envs)


def without_clock(info):
    """An info that compares: bytes of the observation, no seconds of the machine's clock."""
    info = {**info, "terminal_observation": info["terminal_observation"].tobytes()}
    info["episode"] = {key: info["episode"][key] for key in ("r", "l")}
    return {key: (type(value), value) for key, value in info.items()}


def started(num_envs=3, **kwargs):
    env = QwopVecEnv(num_envs, 1, t_for_terminate=True, **FAST, **kwargs)
    env.seed(0)
    env.reset()
    return env


@pytest.mark.parametrize("instruction_set", _core.instruction_sets())
@pytest.mark.parametrize("copied", [True, False])
@pytest.mark.parametrize(("num_envs", "num_threads"), [(1, 1), (3, 2), (17, 3)])
def test_equals_sb3s_dummy_vec_env_of_monitored_games(
    num_envs, num_threads, copied, instruction_set
):
    env = QwopVecEnv(
        num_envs,
        num_threads,
        max_episode_steps=25,
        copy=copied,
        instruction_set=instruction_set,
        **FAST,
    )
    other = dummy(num_envs, 25, **FAST)
    assert isinstance(env, VecEnv)
    assert env.observation_space == other.observation_space
    assert env.action_space == other.action_space
    assert env.seed(3) == other.seed(3)
    np.testing.assert_array_equal(env.reset(), other.reset())
    assert env.reset_infos == other.reset_infos
    rng = np.random.default_rng(0)
    ends = 0
    for _ in range(60):
        actions = rng.integers(16, size=num_envs)
        observations, rewards, dones, infos = env.step(actions)
        expected, expected_rewards, expected_dones, expected_infos = other.step(actions)
        assert observations.tobytes() == expected.tobytes()
        assert rewards.dtype == np.float32
        assert rewards.tobytes() == expected_rewards.tobytes()
        assert dones.tolist() == expected_dones.tolist()
        for done, info, expected_info in zip(dones, infos, expected_infos, strict=True):
            ends += done
            assert without_clock(info) == without_clock(expected_info) if done else info == {}
        assert env.reset_infos == other.reset_infos
    assert ends


def test_limit_and_end_are_told_apart():
    env = started(max_episode_steps=2)
    env.step([0, END, 0])
    _, _, dones, infos = env.step([END, 0, 0])
    assert dones.tolist() == [True, False, True]
    assert infos[0]["TimeLimit.truncated"] is False
    assert infos[2]["TimeLimit.truncated"] is True
    assert [info.get("episode", {}).get("l") for info in infos] == [2, None, 2]


def test_infos_are_new_ones_each_time():
    env = started()
    _, _, _, infos = env.step([0, 0, 0])
    assert infos == [{}, {}, {}]
    infos[0]["note"] = 1
    infos[1] = None
    ended = env.step([END, 0, 0])[3]
    assert "note" not in ended[0]
    assert ended[1:] == [{}, {}]
    last = ended[0]["terminal_observation"].copy()
    env.step([END, 0, 0])
    np.testing.assert_array_equal(ended[0]["terminal_observation"], last)


def test_copies_stay_as_they_are():
    env = started()
    shown = [env.reset(), *(env.step([1, 2, 3])[0] for _ in range(4))]
    for one, other in itertools.pairwise(shown):
        assert not np.shares_memory(one, other)
        assert not np.array_equal(one, other)
    assert len({id(each) for each in shown}) == 5


def test_without_copies_two_arrays_take_turns():
    env = started(copy=False)
    first = env.reset()
    kept = first.copy()
    second = env.step([1, 2, 3])[0]
    assert not np.shares_memory(first, second)
    np.testing.assert_array_equal(first, kept)
    with pytest.raises(ValueError, match="actions must be"):
        env.step([99, 0, 0])
    np.testing.assert_array_equal(first, kept)
    later = second.copy()
    assert env.step([1, 2, 3])[0] is first
    np.testing.assert_array_equal(second, later)
    assert env.step([1, 2, 3])[0] is second


def test_seeds():
    env = QwopVecEnv(3, seed=5, **FAST)
    assert env.get_attr("seedval") == [5, 6, 7]
    assert env.seed(11) == [11, 12, 13]
    assert env.get_attr("seedval") == [5, 6, 7]
    env.reset()
    assert env.get_attr("seedval") == [11, 12, 13]
    env.reset()
    assert env.get_attr("seedval") == [11, 12, 13]
    np.random.seed(0)
    drawn = env.seed()
    assert drawn == list(range(drawn[0], drawn[0] + 3))
    np.random.seed(0)
    assert env.seed() == drawn
    for bad, error in ((-1, ValueError), (0.5, TypeError)):
        with pytest.raises(error, match="seed must"):
            env.seed(bad)
    for large in (2**31 - 1, 2**32 - 1, 2**70, np.uint32(2**32 - 1)):
        assert env.seed(large) == [int(large), int(large) + 1, int(large) + 2]
        env.reset()
        assert env.get_attr("seedval") == [int(large), int(large) + 1, int(large) + 2]


def test_a_seed_loads_the_pages_anew_at_the_next_reset():
    env, fresh = started(2), started(2)
    env.step([END, END])
    env.reset()
    assert env.game(0).state_hash() != fresh.game(0).state_hash()
    env.seed(1)
    env.reset()
    assert env.game(0).state_hash() == fresh.game(0).state_hash()


def test_attributes_of_the_games():
    env, single = started(max_episode_steps=9), QwopEnv(t_for_terminate=True, **FAST)
    for name in ("action_keys", "action_t", "frames_per_step", "sincos", "render_mode", "metadata"):
        assert env.get_attr(name) == [getattr(single, name)] * 3
    assert env.get_attr("observation_space", 0) == [single.observation_space]
    assert env.env_method("get_keys_to_action", indices=[2]) == [single.get_keys_to_action()]
    env.step([1, 2, END])
    assert env.get_attr("frames") == [6, 6, 2]
    assert env.get_attr("time_s", [1]) == [6 / 30]
    assert env.get_attr("episode_length") == [1, 1, 0]
    (distance,) = env.get_attr("distance", 0)
    assert distance == pytest.approx(env.get_attr("game", 0)[0].bodies[0, 0] / 10)
    assert env.has_attr("frames")
    for name in ("nothing", "_engine", "reset"):
        assert not env.has_attr(name)
        with pytest.raises(AttributeError, match=f"QwopVecEnv have no attribute '{name}'"):
            env.get_attr(name)


def test_notes_are_kept_and_settings_cannot_be_changed():
    env = started()
    env.set_attr("stage", 2)
    env.set_attr("stage", 3, indices=[1])
    assert env.get_attr("stage") == [2, 3, 2]
    for name in ("frames_per_step", "frames", "snapshot", "game"):
        with pytest.raises(AttributeError, match=f"'{name}' of the games of QwopVecEnv cannot be"):
            env.set_attr(name, 1)


def test_methods_of_the_games():
    env = started()
    env.step([1, 2, 3])
    (saved,) = env.env_method("snapshot", indices=[1])
    ahead = env.step([4, 4, 4])[0].copy()
    env.env_method("restore", saved, indices=[0])
    env.env_method("copy_game", 2, indices=[0])
    assert env.snapshot(0) == env.snapshot(2) == saved
    observations = env.step([4, 4, 4])[0]
    assert observations[0].tobytes() == observations[2].tobytes() == ahead[1].tobytes()
    (shown,) = env.env_method("observation", indices=2)
    assert shown.tobytes() == observations[2].tobytes()


def test_monitor_is_what_the_engine_plays_the_part_of():
    env = started()
    assert env.env_is_wrapped(Monitor) == [True, True, True]
    assert env.env_is_wrapped(Monitor, indices=[0]) == [True]
    assert env.env_is_wrapped(TimeLimit) == [False, False, False]


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda env: pickle.loads(pickle.dumps(env))])
def test_copies_of_the_environment_go_on_alike(copied):
    env = started(max_episode_steps=9)
    env.set_attr("stage", 1)
    env.step([1, 2, 3])
    twin = copied(env)
    assert twin.get_attr("stage") == [1, 1, 1]
    rng = np.random.default_rng(0)
    for _ in range(20):
        actions = rng.integers(16, size=3)
        one, two = env.step(actions), twin.step(actions)
        for mine, theirs in zip(one[:3], two[:3], strict=True):
            assert mine.tobytes() == theirs.tobytes()


def test_bad_arguments_and_actions():
    with pytest.raises(TypeError, match="unexpected keyword argument 'n_envs'; did you mean 'num_"):
        QwopVecEnv(num_envs=2, n_envs=3)
    with pytest.raises(ValueError, match="frames_per_step must be an integer of at least 1"):
        QwopVecEnv(2, frames_per_step=0)
    with pytest.raises(ResetNeeded, match=r"call reset\(\) first"):
        QwopVecEnv(2).step(np.zeros(2, np.int64))
    env = started(2)
    with pytest.raises(ValueError, match=r"actions must have shape \(2,\), got \(3,\)"):
        env.step(np.zeros(3, np.int64))
    with pytest.raises(TypeError, match="actions must be integers, got float64"):
        env.step(np.full(2, np.nan))
    env.close()
    with pytest.raises(ClosedEnvironmentError, match="was closed"):
        env.reset()


def test_render_says_that_there_is_no_mode():
    with pytest.warns(UserWarning, match="no `render_mode`"):
        assert started().render() is None


def test_the_package_names_what_it_has():
    import qwop_native.sb3 as package

    assert package.QwopVecEnv is QwopVecEnv
    assert set(dir(package)) == set(package.__all__)
    with pytest.raises(AttributeError, match="no attribute 'Nothing'"):
        package.Nothing  # noqa: B018


@pytest.mark.parametrize(("frames", "per_second"), [(1, 30), (4, 7.5), (8, 3.75)])
def test_metadata_is_the_environments(frames, per_second):
    env = QwopVecEnv(2, 1, frames_per_step=frames, render_mode="rgb_array")
    assert env.metadata == QwopEnv(frames_per_step=frames, render_mode="rgb_array").metadata
    assert env.metadata["render_fps"] == per_second
    env.close()


def test_videos_play_at_the_games_speed(tmp_path):
    pytest.importorskip("moviepy", reason="SB3's VecVideoRecorder writes its videos with MoviePy")
    env = QwopVecEnv(1, 1, render_mode="rgb_array", **FAST)
    recorder = VecVideoRecorder(VecMonitor(env), str(tmp_path), lambda _: False)
    assert recorder.frames_per_sec == 7.5
    recorder.close()
