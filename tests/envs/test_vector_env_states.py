"""Games saved, put back, copied from one to another, and environments copied whole."""

import copy
import pickle

import numpy as np
import pytest
from gymnasium.vector import AutoresetMode

from qwop_native import QwopVectorEnv, _core

KWARGS = {"frames_per_step": 4, "max_episode_steps": 30}
SETS = _core.instruction_sets()


def step_bytes(env, actions):
    observations, *results, infos = env.step(actions)
    return observations.tobytes(), *(each.tobytes() for each in results), sorted(infos)


def random_actions(seed, steps, num_envs):
    return np.random.default_rng(seed).integers(16, size=(steps, num_envs))


@pytest.mark.parametrize("instruction_set", SETS)
def test_a_game_restored_at_any_step_goes_on_alike_in_any_place(instruction_set):
    env = QwopVectorEnv(5, 1, instruction_set=instruction_set, **KWARGS)
    other = QwopVectorEnv(18, 2, instruction_set=instruction_set, **KWARGS)
    env.reset(seed=0)
    other.reset(seed=0)
    actions = random_actions(0, 60, 5)
    spare = random_actions(1, 60, 18)
    place = 0
    for step in range(60):
        # One game of the other environment follows game 2, in a new place every few steps.
        if step % 7 == 0:
            place = (place + 5) % 18
            other.restore(place, env.snapshot(2))
            assert other.game(place).state_hash() == env.game(2).state_hash()
        elif step % 3 == 0:
            other.copy_game(place, (place + 1) % 18)
            place = (place + 1) % 18
        spare[step, place] = actions[step, 2]
        one, two = env.step(actions[step]), other.step(spare[step])
        for mine, theirs in zip(one[:4], two[:4], strict=True):
            assert mine[2].tobytes() == theirs[place].tobytes()
        for name in ("time", "distance", "avgspeed", "frames", "is_success"):
            assert one[4][name][2] == two[4][name][place]


def test_snapshots_carry_the_episode_with_its_limit():
    env = QwopVectorEnv(2, **KWARGS)
    env.reset(seed=0)
    for _ in range(10):
        env.step([0, 0])
    env.restore(1, env.snapshot(0))
    env.reset(options={"reset_mask": np.array([True, False])})
    for _ in range(19):
        assert not env.step([0, 0])[3].any()
    assert env.step([0, 0])[3].tolist() == [False, True]


@pytest.mark.parametrize("mode", AutoresetMode)
def test_a_snapshot_of_an_ended_game_is_reset_as_the_game_would_be(mode):
    env = QwopVectorEnv(2, autoreset_mode=mode, t_for_terminate=True, **KWARGS)
    first, _ = env.reset(seed=0)
    env.step([16, 1])
    env.restore(1, env.snapshot(0))
    if mode is AutoresetMode.DISABLED:
        env.reset(options={"reset_mask": np.array([True, True])})
    observations = env.step([1, 1])[0]
    assert observations[0].tobytes() == observations[1].tobytes()
    assert (observations[1].tobytes() == first[1].tobytes()) == (mode is AutoresetMode.NEXT_STEP)


def test_an_environments_snapshot_where_a_games_belongs_is_told_apart():
    env = QwopVectorEnv(2)
    env.reset()
    with pytest.raises(ValueError, match=r"not a game's.*goes to its restore\(\)"):
        env.reset(options={"snapshot": env.call("snapshot")[0]})


def test_observation_is_what_the_step_returned():
    env = QwopVectorEnv(3, **KWARGS)
    env.reset(seed=0)
    for actions in random_actions(2, 40, 3):
        observations = env.step(actions)[0]
        for game in range(3):
            assert env.observation(game).tobytes() == observations[game].tobytes()


def test_after_restore_and_copy_a_partial_reset_shows_the_games_as_they_are():
    env = QwopVectorEnv(4, **KWARGS)
    env.reset(seed=0)
    start = env.snapshot(3)
    env.step([1, 2, 3, 4])
    env.restore(1, start)
    env.copy_game(0, 2)
    shown, _ = env.reset(options={"reset_mask": np.array([False, False, False, True])})
    for game in range(4):
        assert shown[game].tobytes() == env.observation(game).tobytes()


@pytest.mark.parametrize("mode", AutoresetMode)
@pytest.mark.parametrize("copied", [copy.deepcopy, lambda env: pickle.loads(pickle.dumps(env))])
def test_copies_of_the_environment_go_on_alike_and_apart(copied, mode):
    env = QwopVectorEnv(3, autoreset_mode=mode, seed=4, **KWARGS)
    env.action_space.seed(0)
    env.reset(seed=3)
    for actions in random_actions(3, 20, 3):
        if (env.step(actions)[2]).any() and mode is AutoresetMode.DISABLED:
            env.reset()
    twin = copied(env)
    assert twin.seeds.tolist() == env.seeds.tolist()
    assert twin.metadata == env.metadata
    np.testing.assert_array_equal(twin.action_space.sample(), env.action_space.sample())
    assert twin.np_random.random() == env.np_random.random()
    if mode is AutoresetMode.DISABLED:
        env.reset()
        twin.reset()
    for actions in random_actions(4, 15, 3):
        assert step_bytes(env, actions) == step_bytes(twin, actions)
        if mode is AutoresetMode.DISABLED:
            mask = {"reset_mask": np.array([True, False, True])}
            assert env.reset(options=mask)[0].tobytes() == twin.reset(options=mask)[0].tobytes()
    env.reset()
    assert env.game(0).state_hash() != twin.game(0).state_hash()


def test_a_copy_of_an_environment_without_a_reset_and_of_a_closed_one():
    env = QwopVectorEnv(2)
    twin = copy.deepcopy(env)
    assert twin.reset(seed=0)[0].tobytes() == env.reset(seed=0)[0].tobytes()
    env.close()
    assert copy.deepcopy(env).closed


def test_a_copy_does_not_warn_again():
    with pytest.warns(UserWarning, match="no effect"):
        env = QwopVectorEnv(2, browser="/a")
    copy.deepcopy(env)
