"""What the environment accepts, ignores and refuses."""

import inspect
import warnings

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.error import ResetNeeded

from qwop_native import QwopEnv
from qwop_native.envs.arguments import BROWSER_ONLY

QWOP_GYM_DEFAULTS = {
    "failure_cost": 10,
    "success_reward": 50,
    "time_cost_mult": 10,
    "frames_per_step": 1,
    "reload_on_reset": False,
    "reduced_action_set": False,
    "t_for_terminate": False,
    "seed": None,
}


def test_defaults_are_those_of_qwop_gym():
    parameters = inspect.signature(QwopEnv).parameters
    assert {name: parameters[name].default for name in QWOP_GYM_DEFAULTS} == QWOP_GYM_DEFAULTS
    assert parameters["sincos"].default == "glibc"
    assert parameters["speed_rew_mult"].default == 0.01


def test_browser_arguments_give_one_warning_that_names_them():
    with pytest.warns(
        UserWarning, match="no effect: browser, driver, loglevel, render_mode"
    ) as seen:
        env = QwopEnv(browser="/a", driver="/b", loglevel="INFO", render_mode="browser")
    assert len(seen) == 1
    assert env.render_mode is None


def test_every_browser_argument_is_accepted():
    with pytest.warns(UserWarning, match="no effect"):
        QwopEnv(**dict.fromkeys(BROWSER_ONLY))


def test_no_warning_without_browser_arguments():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        QwopEnv(frames_per_step=4, seed=0)


@pytest.mark.parametrize(
    ("kwargs", "error", "message"),
    [
        (
            {"frame_per_step": 4},
            TypeError,
            "QwopEnv() got an unexpected keyword argument 'frame_per_step'; did you mean 'frames",
        ),
        ({"drivers": "x"}, TypeError, "did you mean 'driver'"),
        (
            {"zzz": 1},
            TypeError,
            "unexpected keyword argument 'zzz'; there are: render_mode, failure_cost",
        ),
        (
            {"render_mode": "ansi"},
            ValueError,
            "render_mode must be None or one of rgb_array, human",
        ),
        ({"frames_per_step": 0}, ValueError, "frames_per_step must be an integer of at least 1"),
        ({"frames_per_step": 1.5}, TypeError, "frames_per_step must be an integer of at least 1"),
        ({"frames_per_step": True}, TypeError, "frames_per_step"),
        ({"failure_cost": "10"}, TypeError, "failure_cost must be a number, got '10'"),
        ({"failure_cost": float("nan")}, ValueError, "failure_cost must be finite in float32"),
        ({"success_reward": 1e300}, ValueError, "success_reward must be finite in float32"),
        ({"time_cost_mult": None}, TypeError, "time_cost_mult"),
        ({"speed_rew_mult": float("inf")}, ValueError, "speed_rew_mult"),
        ({"reload_on_reset": "no"}, TypeError, "reload_on_reset must be True or False"),
        ({"t_for_terminate": 1}, TypeError, "t_for_terminate must be True or False"),
        ({"action_set": "tiny"}, ValueError, "action_set must be one of full, reduced, essential"),
        (
            {"action_set": "essential", "reduced_action_set": True},
            ValueError,
            "action_set='essential' contradicts reduced_action_set=True",
        ),
        ({"seed": -1}, ValueError, "seed must be an integer of at least 0, got -1"),
        ({"seed": 1.0}, TypeError, "seed must be an integer of at least 0, got 1.0"),
        ({"seed": True}, TypeError, "seed must be an integer of at least 0, got True"),
        ({"sincos": "msvc"}, ValueError, "msvc"),
    ],
)
def test_bad_arguments_are_refused_by_name(kwargs, error, message):
    with pytest.raises(error) as raised:
        QwopEnv(**kwargs)
    assert message in str(raised.value)


@pytest.mark.parametrize(
    "seed", [0, 2**31 - 1, 2**31, 2**32 - 1, 2**80, np.int64(7), np.uint8(7), np.uint64(2**63)]
)
def test_every_integer_from_0_on_is_a_seed(seed):
    env = QwopEnv(seed=seed)
    assert env.seedval == seed
    env.reset(seed=0)
    env.reset(seed=seed)
    for kept in (env.seedval, env.np_random_seed):
        assert (type(kept), kept) == (int, int(seed))


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"seed": -1}, ValueError, "seed must be an integer of at least 0, got -1"),
        ({"seed": 1.5}, TypeError, "seed must be an integer of at least 0, got 1.5"),
        ({"seed": np.array(3)}, TypeError, "seed must be an integer of at least 0"),
        ({"seed": 9, "options": {"snapshot": b"x"}}, ValueError, "snapshot"),
        ({"seed": 9, "options": {"snapshot": [b"x"]}}, TypeError, "a snapshot is bytes, got list"),
        ({"seed": 9, "options": "snapshot"}, TypeError, "options must be a dict or None, got str"),
    ],
)
def test_a_refused_reset_leaves_the_environment_as_it_was(arguments, error, message):
    env, other = QwopEnv(seed=4), QwopEnv(seed=4)
    for each in (env, other):
        each.reset(seed=4)
        each.step(1)
    before = env.game.state_hash()
    with pytest.raises(error, match=message):
        env.reset(**arguments)
    assert env.game.state_hash() == before
    assert (env.seedval, env.np_random_seed) == (4, 4)
    assert env.np_random.random() == other.np_random.random()
    assert env.step(2)[:2][1] == other.step(2)[1]


@pytest.fixture
def env():
    env = QwopEnv(reduced_action_set=True)
    env.reset(seed=1)
    return env


@pytest.mark.parametrize("action", [9, -1, 10**30, np.int64(16)])
def test_actions_out_of_range(env, action):
    with pytest.raises(ValueError, match="action must be an integer from 0 to 8, got"):
        env.step(action)


@pytest.mark.parametrize(
    "action",
    [float("nan"), 1.0, np.float32(2), "1", None, True, np.bool_(True), [1], np.array([1])],
)
def test_actions_of_a_wrong_type(env, action):
    with pytest.raises(TypeError, match="action must be an integer from 0 to 8, got"):
        env.step(action)


@pytest.mark.parametrize("kind", [int, np.int64, np.int32, np.uint8, np.array])
def test_every_integer_type_is_the_same_action(kind):
    plain, other = QwopEnv(), QwopEnv()
    plain.reset(seed=0)
    other.reset(seed=0)
    for action in (1, 4, 15):
        np.testing.assert_array_equal(plain.step(action)[0], other.step(kind(action))[0])


def test_a_refused_action_changes_nothing(env):
    before = env.game.state_hash()
    with pytest.raises(ValueError, match="action must be"):
        env.step(99)
    assert env.game.state_hash() == before


def test_step_before_the_first_reset():
    with pytest.raises(ResetNeeded, match="before the first reset; call reset"):
        QwopEnv().step(0)


def test_step_after_the_end_until_the_next_reset():
    env = QwopEnv(t_for_terminate=True)
    env.reset(seed=0)
    assert env.step(env.action_t)[2]
    with pytest.raises(ResetNeeded, match="ended episode; call reset"):
        env.step(0)
    env.reset()
    assert not env.step(0)[2]


def test_render_says_that_it_draws_nothing(env):
    with pytest.warns(UserWarning, match="QwopEnv draws nothing"):
        assert env.render() is None


@pytest.mark.parametrize("name", ["QWOP-v1", "QwopNative-v1"])
def test_registered_under_both_names(name):
    env = gym.make(name, frames_per_step=4)
    assert isinstance(env.unwrapped, QwopEnv)
    assert env.unwrapped.frames_per_step == 4
