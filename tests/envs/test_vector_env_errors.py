"""What the vector environment refuses, in which words, and that nothing moves then."""

import inspect

import numpy as np
import pytest
from gymnasium.error import ClosedEnvironmentError, ResetNeeded

from qwop_native import NotResetError, QwopEnv, QwopVectorEnv
from qwop_native.envs.arguments import BROWSER_ONLY


@pytest.mark.parametrize(
    ("kwargs", "error", "message"),
    [
        ({"num_envs": 0}, ValueError, "num_envs must be an integer of at least 1, got 0"),
        ({"num_envs": 2.0}, TypeError, "num_envs must be an integer of at least 1, got 2.0"),
        ({"num_envs": 10**7}, ValueError, "num_envs must be in 1..1000000, got 10000000"),
        ({"num_threads": -1}, ValueError, "num_threads must be an integer of at least 0, got -1"),
        ({"num_threads": 10**4}, ValueError, "num_threads must be in 0..1024, got 10000"),
        ({"num_threads": True}, TypeError, "num_threads must be an integer"),
        ({"max_episode_steps": 0}, ValueError, "max_episode_steps must be an integer of at least"),
        ({"max_episode_steps": 1.5}, TypeError, "max_episode_steps must be an integer of at"),
        ({"autoreset_mode": "next_step"}, ValueError, "or one of 'NextStep', 'SameStep', 'Disab"),
        ({"copy": 1}, TypeError, "copy must be True or False, got 1"),
        ({"instruction_set": "mmx"}, ValueError, "instruction_set 'mmx' is not available here"),
        (
            {"num_thread": 1},
            TypeError,
            "QwopVectorEnv() got an unexpected keyword argument 'num_thread'; did you mean 'num",
        ),
        ({"frame_per_step": 1}, TypeError, "did you mean 'frames_per_step'"),
        (
            {"zzz": 1},
            TypeError,
            "unexpected keyword argument 'zzz'; there are: num_envs, num_threads, autoreset",
        ),
        ({"frames_per_step": 0}, ValueError, "frames_per_step must be an integer of at least 1"),
        ({"failure_cost": float("nan")}, ValueError, "failure_cost must be finite in float32"),
        ({"action_set": "tiny"}, ValueError, "action_set must be one of full, reduced, essential"),
        ({"render_mode": "human"}, ValueError, "render_mode must be None or rgb_array for many"),
        ({"sincos": "msvc"}, ValueError, "msvc"),
        ({"seed": -1}, ValueError, "seed must be an integer of at least 0"),
        ({"seed": [1, 2]}, TypeError, "seed must be an integer of at least 0"),
    ],
)
def test_bad_arguments_are_refused_by_name(kwargs, error, message):
    with pytest.raises(error) as raised:
        QwopVectorEnv(**{"num_envs": 2, **kwargs})
    assert message in str(raised.value)


def test_browser_arguments_give_one_warning():
    with pytest.warns(UserWarning, match="have no effect: browser") as seen:
        QwopVectorEnv(2, **dict.fromkeys(BROWSER_ONLY))
    assert len(seen) == 1


def test_defaults():
    parameters = inspect.signature(QwopVectorEnv).parameters
    assert parameters["num_threads"].default == 0
    assert parameters["max_episode_steps"].default is None
    assert parameters["copy"].default is True


@pytest.fixture
def env():
    env = QwopVectorEnv(3, reduced_action_set=True)
    env.reset(seed=1)
    return env


def hashes(env):
    return [env.game(game).state_hash() for game in range(env.num_envs)]


@pytest.mark.parametrize(
    ("actions", "error", "message"),
    [
        ([0, 9, 0], ValueError, "actions must be in 0..8, got 9 for game 1"),
        ([0, 0, -1], ValueError, "actions must be in 0..8, got -1 for game 2"),
        (np.array([2**64 - 1, 0, 0], np.uint64), ValueError, "actions must be in 0..8"),
        ([0, 0], ValueError, r"actions must have shape (3,), got (2,)"),
        ([[0, 0, 0]], ValueError, r"actions must have shape (3,), got (1, 3)"),
        (0, ValueError, r"actions must have shape (3,), got ()"),
        ([0, float("nan"), 0], TypeError, "actions must be integers, got float64"),
        (np.zeros(3, np.float32), TypeError, "actions must be integers, got float32"),
        ([True, False, True], TypeError, "actions must be integers, got bool"),
        (["0", "1", "2"], TypeError, "actions must be integers, got <U1"),
        ([10**30, 0, 0], TypeError, "actions must be integers, got object"),
        (None, TypeError, "actions must be integers, got object"),
    ],
)
def test_bad_actions_are_refused_and_nothing_moves(env, actions, error, message):
    before = hashes(env)
    with pytest.raises(error) as raised:
        env.step(actions)
    assert message in str(raised.value)
    assert hashes(env) == before


def test_step_before_the_first_reset():
    env = QwopVectorEnv(3)
    with pytest.raises(ResetNeeded, match=r"game 0 must be reset.*call reset\(\) first"):
        env.step([0, 0, 0])
    env.reset(options={"reset_mask": np.array([True, False, True])})
    before = hashes(env)
    with pytest.raises(ResetNeeded, match="game 1 must be reset"):
        env.step([0, 0, 0])
    assert hashes(env) == before


@pytest.mark.parametrize(
    ("seed", "error", "message"),
    [
        (-1, ValueError, "seed must be an integer of at least 0, got -1"),
        (1.5, TypeError, "seed must be an integer of at least 0, got 1.5"),
        (np.array(3), TypeError, "seed must be an integer of at least 0, got array(3)"),
        ([1, 2], ValueError, "there must be a seed for each of 3 games, got [1, 2]"),
        ([1, 2, -3], ValueError, "seed must be an integer of at least 0, got -3"),
        ([1, 2, "3"], TypeError, "seed must be an integer of at least 0, got '3'"),
    ],
)
def test_bad_seeds_are_refused_and_nothing_moves(env, seed, error, message):
    before = hashes(env), env.seeds.tolist(), env.np_random_seed
    with pytest.raises(error) as raised:
        env.reset(seed=seed)
    assert message in str(raised.value)
    assert (hashes(env), env.seeds.tolist(), env.np_random_seed) == before


def under_way():
    env = QwopEnv()
    env.reset(seed=0)
    return env.game.snapshot()


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ("snapshot", TypeError, "options must be a dict or None, got str"),
        ({"snapshot": 3}, TypeError, "a snapshot is bytes, or a list of one for each game, got in"),
        ({"snapshot": b"x"}, ValueError, "snapshot"),
        ({"snapshot": [None, b"x", None]}, ValueError, "snapshot"),
        ({"snapshot": [None, 3, None]}, TypeError, "a snapshot is bytes, got int"),
        ({"snapshot": [under_way(), None]}, ValueError, "or None, for each of 3 games, got 2"),
        ({"snapshot": [under_way(), None, under_way()[:-1]]}, ValueError, "snapshot"),
    ],
)
def test_bad_options_are_refused_and_nothing_moves(env, options, error, message):
    before = hashes(env), env.seeds.tolist()
    with pytest.raises(error, match=message):
        env.reset(seed=77, options=options)
    assert (hashes(env), env.seeds.tolist()) == before


@pytest.mark.parametrize(
    ("mask", "error", "message"),
    [
        ([True, False, True], TypeError, "must be a NumPy array of bool, got list"),
        (np.array([1, 0, 1]), TypeError, "must be a NumPy array of bool, got int64"),
        (np.array([True]), ValueError, r"must have shape (3,), got (1,)"),
        (np.zeros(3, np.bool_), ValueError, "must be set for at least one game"),
    ],
)
def test_bad_reset_masks_are_refused(env, mask, error, message):
    with pytest.raises(error) as raised:
        env.reset(options={"reset_mask": mask})
    assert f"options['reset_mask'] {message}" in str(raised.value)


@pytest.mark.parametrize("game", [3, -1, 10**12])
def test_games_that_are_not_there(env, game):
    calls = [
        lambda: env.snapshot(game),
        lambda: env.restore(game, env.snapshot(0)),
        lambda: env.copy_game(0, game),
        lambda: env.copy_game(game, 0),
        lambda: env.game(game),
        lambda: env.observation(game),
    ]
    for call in calls:
        with pytest.raises(IndexError, match=f"game must be in 0..2, got {game}"):
            call()


def test_bad_snapshots_are_refused_and_nothing_moves(env):
    env.step([1, 2, 3])
    before = hashes(env)
    good = env.snapshot(1)
    damaged = bytearray(good)
    damaged[len(good) // 2] ^= 1
    for bad in (b"", good[:-1], good + b"x", bytes(damaged), env.game(0).snapshot()):
        with pytest.raises(ValueError, match="snapshot"):
            env.restore(0, bad)
    with pytest.raises(TypeError, match="a snapshot is bytes, got bytearray"):
        env.restore(0, bytearray(good))
    with pytest.raises(ValueError, match=r"sincos|flavor"):
        env.restore(0, QwopVectorEnv(1, sincos="fdlibm").snapshot(0))
    assert hashes(env) == before


def test_a_closed_environment_says_so(env):
    env.close()
    env.close()
    assert env.closed
    for call in (
        env.reset,
        lambda: env.step([0, 0, 0]),
        lambda: env.snapshot(0),
        lambda: env.observation(0),
    ):
        with pytest.raises(ClosedEnvironmentError, match="the environment was closed"):
            call()


def test_a_missing_reset_is_told_by_its_own_error():
    for env in (QwopVectorEnv(2), QwopEnv()):
        with pytest.raises(NotResetError, match=r"call reset\(\) first") as caught:
            env.step([0, 0] if isinstance(env, QwopVectorEnv) else 0)
        assert isinstance(caught.value, ResetNeeded)
        assert isinstance(caught.value, ValueError)
