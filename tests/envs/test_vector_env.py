"""The contracts of gymnasium's vector environments, one by one."""

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space
from gymnasium.wrappers.vector import (
    DictInfoToList,
    NormalizeObservation,
    NormalizeReward,
    RecordEpisodeStatistics,
)
from packaging.version import Version

from qwop_native import QwopEnv, QwopVectorEnv, _core

END = 16  # the action "T"
INFO = ("time", "distance", "avgspeed", "is_success", "frames", "time_s")


def with_end(num_envs=3, **kwargs):
    """Games that end when they are told to."""
    return QwopVectorEnv(num_envs, 1, t_for_terminate=True, frames_per_step=4, **kwargs)


def test_spaces_metadata_and_types():
    env, single = QwopVectorEnv(3, frames_per_step=4), QwopEnv(frames_per_step=4)
    assert isinstance(env, VectorEnv)
    assert env.single_action_space == single.action_space
    assert env.single_observation_space == single.observation_space
    assert env.action_space == batch_space(single.action_space, 3)
    assert env.observation_space == batch_space(single.observation_space, 3)
    assert env.metadata == {**single.metadata, "autoreset_mode": AutoresetMode.NEXT_STEP}
    assert env.render_mode is None
    assert env.num_envs == 3
    assert repr(env) == "QwopVectorEnv(num_envs=3)"

    observations, infos = env.reset(seed=0)
    assert observations in env.observation_space
    assert set(infos) == {*INFO, *(f"_{name}" for name in INFO)}
    env.action_space.seed(0)
    observations, rewards, terminations, truncations, infos = env.step(env.action_space.sample())
    assert observations in env.observation_space
    assert (rewards.dtype, rewards.shape) == (np.float64, (3,))
    assert (terminations.dtype, terminations.shape) == (np.bool_, (3,))
    assert (truncations.dtype, truncations.shape) == (np.bool_, (3,))
    assert {infos[name].shape for name in infos} == {(3,)}


@pytest.mark.parametrize("num_threads", [0, 1, 5])
def test_number_of_threads(num_threads):
    env = QwopVectorEnv(4, num_threads)
    assert env.num_threads == (num_threads or _core.usable_cores())


def test_the_fastest_instruction_set_is_the_default():
    assert QwopVectorEnv(1).instruction_set == _core.instruction_sets()[-1]


def test_next_step_resets_in_the_step_after_the_end():
    env = with_end()
    first, _ = env.reset(seed=0)
    env.step([1, 1, 1])
    last, rewards, terminated, _, infos = env.step([2, END, 2])
    assert terminated.tolist() == [False, True, False]
    assert "final_obs" not in infos
    assert not np.array_equal(last[1], first[1])
    # The ended game's action does not count, not even when it is the one that ends.
    observations, rewards, terminated, truncated, infos = env.step([3, END, 3])
    np.testing.assert_array_equal(observations[1], first[1])
    assert rewards[1] == 0
    assert not terminated.any()
    assert not truncated.any()
    assert infos["frames"].tolist() == [2 + 3 * 4, 2, 2 + 3 * 4]
    assert (rewards[[0, 2]] != 0).all()


def test_same_step_returns_the_next_episode_and_keeps_the_last_observation():
    env = with_end(autoreset_mode=AutoresetMode.SAME_STEP)
    other = with_end()
    first, _ = env.reset(seed=0)
    other.reset(seed=0)
    assert "final_obs" not in env.step([1, 1, 1])[4]
    other.step([1, 1, 1])
    observations, rewards, terminated, _, infos = env.step([2, END, 2])
    last, last_rewards, _, _, last_infos = other.step([2, END, 2])
    assert terminated.tolist() == [False, True, False]
    np.testing.assert_array_equal(rewards, last_rewards)
    np.testing.assert_array_equal(observations[1], first[1])
    np.testing.assert_array_equal(observations[[0, 2]], last[[0, 2]])
    assert infos["frames"].tolist() == [10, 2, 10]

    assert infos["_final_obs"].tolist() == infos["_final_info"].tolist() == [False, True, False]
    assert infos["final_obs"].dtype == object
    assert infos["final_obs"][0] is None
    np.testing.assert_array_equal(infos["final_obs"][1], last[1])
    for name in INFO:
        assert infos["final_info"][name].tolist() == [0, last_infos[name][1], 0]
        assert infos["final_info"][f"_{name}"].tolist() == [False, True, False]
    kept = infos["final_obs"][1].copy()
    env.step([END, END, END])
    np.testing.assert_array_equal(infos["final_obs"][1], kept)


def test_disabled_leaves_the_reset_to_the_caller():
    env = with_end(autoreset_mode=AutoresetMode.DISABLED)
    first, _ = env.reset(seed=0)
    last, _, terminated, _, _ = env.step([1, END, 1])
    with pytest.raises(gym.error.ResetNeeded, match=r"game 1 must be reset.*call reset\(\)"):
        env.step([1, 1, 1])
    options = {"reset_mask": terminated}
    observations, infos = env.reset(options=options)
    assert list(options) == ["reset_mask"]
    np.testing.assert_array_equal(observations[1], first[1])
    np.testing.assert_array_equal(observations[[0, 2]], last[[0, 2]])
    for name in INFO:
        assert infos[f"_{name}"].tolist() == [False, True, False]
        assert infos[name][[0, 2]].tolist() == [0, 0]
    assert infos["frames"].tolist() == [0, 2, 0]
    assert env.step([1, 1, 1])[4]["frames"].tolist() == [10, 6, 10]


@pytest.mark.parametrize("mode", AutoresetMode)
def test_episodes_are_truncated_at_the_limit_and_terminated_where_they_end(mode):
    env = with_end(max_episode_steps=3, autoreset_mode=mode)
    env.reset(seed=0)
    env.step([0, 0, 0])
    env.step([0, 0, 0])
    _, _, terminated, truncated, _ = env.step([0, END, 0])
    assert terminated.tolist() == [False, True, False]
    assert truncated.tolist() == [True, True, True]


def test_seeds_count_up_or_are_given_one_by_one():
    env = QwopVectorEnv(3, seed=7)
    assert env.seeds.tolist() == [7, 8, 9]
    env.reset(seed=0)
    assert env.seeds.tolist() == [0, 1, 2]
    env.reset(seed=[5, None, np.int64(3)])
    assert env.seeds.tolist() == [5, 1, 3]
    env.reset()
    assert env.seeds.tolist() == [5, 1, 3]
    env.reset(seed=[8, 8, 8], options={"reset_mask": np.array([False, True, False])})
    assert env.seeds.tolist() == [5, 8, 3]
    env.reset(seed=2**31 - 3)
    assert env.seeds.tolist() == [2**31 - 3, 2**31 - 2, 2**31 - 1]
    env.reset(seed=np.uint64(2**64 - 1))
    assert env.seeds.tolist() == [2**64 - 1, 2**64, 2**64 + 1]
    env.reset(seed=np.array([3, 2**63 - 1, 5]))
    assert env.seeds.tolist() == [3, 2**63 - 1, 5]
    assert {type(each) for each in env.seeds.tolist()} == {int}


def test_a_seed_makes_the_generator_of_the_environment_repeat():
    env = QwopVectorEnv(2)
    env.reset(seed=3)
    drawn = env.np_random.random()
    env.reset(seed=3)
    assert env.np_random.random() == drawn


def test_a_seed_loads_the_page_anew_and_its_absence_goes_on():
    env, fresh = with_end(2), with_end(2)
    fresh.reset()
    env.reset()
    env.step([END, END])
    env.reset(seed=[4, None])
    assert env.game(0).state_hash() == fresh.game(0).state_hash()
    assert env.game(1).state_hash() != fresh.game(1).state_hash()


def test_copies_are_the_callers_and_without_them_the_array_is_the_same():
    env, bare = QwopVectorEnv(2), QwopVectorEnv(2, copy=False)
    first, _ = env.reset(seed=0)
    kept = first.copy()
    second, rewards, terminated, truncated, infos = env.step([1, 2])
    results = [rewards, terminated, truncated, *infos.values()]
    values = [each.copy() for each in results]
    for each in (second, *results[:3]):
        each[...] = 1
    third = env.step([1, 2])[0]
    np.testing.assert_array_equal(first, kept)
    assert not np.shares_memory(second, third)
    for each, value in zip(results[3:], values[3:], strict=True):
        np.testing.assert_array_equal(each, value)

    first, _ = bare.reset(seed=0)
    bare.step([1, 2])
    assert bare.step([1, 2])[0] is first
    np.testing.assert_array_equal(first, third)


def test_what_the_caller_writes_is_not_read():
    env, other = QwopVectorEnv(2), QwopVectorEnv(2)
    for each in (env, other):
        each.reset(seed=0)
    shown, _, _, _, infos = env.step([1, 2])
    other.step([1, 2])
    shown[...] = 9
    for column in infos.values():
        column[...] = 1
    mask = np.array([True, False])
    one = env.reset(options={"reset_mask": mask})[0]
    np.testing.assert_array_equal(one, other.reset(options={"reset_mask": mask})[0])
    np.testing.assert_array_equal(env.step([1, 2])[0], other.step([1, 2])[0])


@pytest.mark.parametrize("kind", [list, tuple, np.int8, np.uint8, np.int32, np.uint64])
def test_every_integer_type_is_the_same_action(kind):
    env, other = QwopVectorEnv(3), QwopVectorEnv(3)
    env.reset(seed=0)
    other.reset(seed=0)
    actions = [1, 4, 15]
    given = kind(actions) if kind in (list, tuple) else np.array(actions, kind)
    np.testing.assert_array_equal(env.step(given)[0], other.step(np.array(actions))[0])
    strided = np.array([1, 0, 4, 0, 15, 0])[::2]
    strided.flags.writeable = False
    np.testing.assert_array_equal(env.step(strided)[0], other.step(np.array(actions))[0])


def test_read_only_masks_and_every_other_element():
    env = QwopVectorEnv(3)
    env.reset(seed=0)
    mask = np.array([False, True, True, True, False, True])[::2]
    mask.flags.writeable = False
    assert env.reset(options={"reset_mask": mask})[1]["_frames"].tolist() == [False, True, False]


@pytest.mark.skipif(
    Version(gym.__version__) < Version("1.2.2"),
    reason="before gymnasium 1.2.2, its DictInfoToList fails on what its own "
    "RecordEpisodeStatistics writes, whatever the environment",
)
def test_gymnasiums_vector_wrappers():
    env = QwopVectorEnv(4, frames_per_step=4, max_episode_steps=20)
    env = RecordEpisodeStatistics(env)
    env = NormalizeReward(NormalizeObservation(env))
    env = DictInfoToList(env)
    env.reset(seed=0)
    env.action_space.seed(0)
    lengths = []
    for _ in range(50):
        *_, infos = env.step(env.action_space.sample())
        lengths += [info["episode"]["l"] for info in infos if "episode" in info]
    assert len(lengths) >= 8
    assert max(lengths) <= 20


def test_render_says_that_it_draws_nothing():
    with pytest.warns(UserWarning, match="QwopVectorEnv draws nothing"):
        assert QwopVectorEnv(1).render() is None
