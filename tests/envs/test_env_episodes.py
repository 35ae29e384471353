"""Whole episodes: what they return, and that they return the same again."""

import copy
import pickle
import subprocess
import sys
import warnings

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

from qwop_native import QwopEnv


def play(env, actions, **reset):
    """Everything the environment returns, as bytes that compare bit for bit."""
    observation, info = env.reset(**reset)
    record = [(observation.tobytes(), repr(info))]
    for action in actions:
        observation, reward, terminated, truncated, info = env.step(action)
        record.append((observation.tobytes(), repr((reward, terminated, truncated, info))))
        if terminated:
            break
    return record


def random_actions(seed, count, actions=16):
    return np.random.default_rng(seed).integers(actions, size=count).tolist()


def test_reset_observation_is_two_physics_steps_without_keys():
    env = QwopEnv()
    observation, info = env.reset(seed=0)
    assert observation.dtype == np.float32
    assert observation.shape == (60,)
    assert info["time"] == np.float32(0.028333334)
    assert not info["is_success"]
    assert info["frames"] == 2


def test_types_of_info_and_reward():
    env = QwopEnv(frames_per_step=4)
    env.reset(seed=0)
    _, reward, terminated, truncated, info = env.step(1)
    assert type(reward) is float
    assert type(terminated) is bool
    assert truncated is False
    assert list(info) == ["time", "distance", "avgspeed", "is_success", "frames", "time_s"]
    for name in ("time", "distance", "avgspeed"):
        assert type(info[name]) is np.float32
    assert type(info["is_success"]) is bool
    assert type(info["frames"]) is int
    assert type(info["time_s"]) is float
    assert info["avgspeed"] == info["distance"] / info["time"]
    assert info["time_s"] == info["frames"] / 30


def test_rewards_follow_the_documented_formula():
    """The formula in NumPy 1.26's types, written out without the engine."""
    env = QwopEnv(frames_per_step=4, failure_cost=7, time_cost_mult=3)
    f32 = np.float32
    env.reset(seed=0)
    last = None
    for action in random_actions(5, 2000):
        _, reward, terminated, _, info = env.step(action)
        time, distance = info["time"], info["distance"]
        if last is None:  # from a plain 0, so in float64
            ds, dt = float(distance), float(time)
            expected = ds / dt * float(f32(0.01)) - dt * float(f32(3)) / 4
        else:
            ds, dt = distance - last[1], time - last[0]
            expected = float(ds / dt * f32(0.01)) - float(dt * f32(3)) / 4
        if terminated:
            expected = expected - 7.0
        assert reward == expected
        last = time, distance
        if terminated:
            break
    assert terminated


@pytest.mark.parametrize("kwargs", [{}, {"reload_on_reset": True}, {"sincos": "fdlibm"}])
def test_same_actions_same_episodes(kwargs):
    actions = random_actions(1, 3000)
    one, two = QwopEnv(**kwargs), QwopEnv(**kwargs)
    for _ in range(3):
        assert play(one, actions) == play(two, actions)


def test_a_seeded_reset_forgets_what_was_played():
    played, fresh = QwopEnv(frames_per_step=4), QwopEnv(frames_per_step=4)
    for seed in range(3):
        play(played, random_actions(seed, 500))
    actions = random_actions(9, 500)
    assert play(played, actions, seed=3) == play(fresh, actions, seed=4)
    assert played.game.state_hash() == fresh.game.state_hash()


def test_a_plain_reset_goes_on_in_the_page_and_a_seeded_one_loads_it_anew():
    env, fresh = QwopEnv(frames_per_step=4), QwopEnv(frames_per_step=4)
    game = env.game
    play(env, random_actions(8, 500))
    by_hand = game.copy()
    by_hand.release()
    by_hand.reset()
    by_hand.step(0)
    env.reset()
    np.testing.assert_array_equal(game.bodies, by_hand.bodies)
    np.testing.assert_array_equal(game.hurdle, by_hand.hurdle)
    fresh.reset()
    assert game.state_hash() != fresh.game.state_hash()
    env.reset(seed=1)
    assert game.state_hash() == fresh.game.state_hash()


def test_reload_makes_every_episode_the_first():
    env = QwopEnv(reload_on_reset=True)
    actions = random_actions(2, 500)
    first = play(env, actions)
    assert play(env, actions) == first


def test_frame_by_frame_equals_four_frames_a_step():
    """The observation does not depend on how the frames are grouped into steps."""
    single, grouped = QwopEnv(), QwopEnv(frames_per_step=4)
    single.reset(seed=0)
    grouped.reset(seed=0)
    for action in random_actions(3, 20):
        for _ in range(4):
            one = single.step(action)
            if one[2]:  # the grouped frames go on past the end
                return
        four = grouped.step(action)
        assert one[0].tobytes() == four[0].tobytes()
        assert one[4] == four[4]


def test_observations_are_not_overwritten_by_later_steps():
    env = QwopEnv(frames_per_step=4)
    first, _ = env.reset(seed=0)
    kept = first.copy()
    second = env.step(1)[0]
    env.step(2)
    assert (first == kept).all()
    assert first is not second
    assert not np.shares_memory(first, second)


def test_t_ends_the_episode_without_the_cost_of_failure():
    env, other = QwopEnv(t_for_terminate=True), QwopEnv(t_for_terminate=True)
    env.reset(seed=0)
    other.reset(seed=0)
    _, reward, terminated, _, info = env.step(env.action_t)
    _, without_keys, *_ = other.step(0)
    assert terminated
    assert reward == without_keys
    assert not info["is_success"]


def pickled(protocol):
    return lambda env: pickle.loads(pickle.dumps(env, protocol))


@pytest.mark.parametrize("copied", [copy.deepcopy, pickled(0), pickled(2), pickled(5)])
def test_copies_go_on_alike_and_apart(copied):
    env = QwopEnv(frames_per_step=4)
    env.reset(seed=0)
    for action in random_actions(6, 15):
        env.step(action)
    twin = copied(env)
    assert twin.game.state_hash() == env.game.state_hash()
    for action in random_actions(7, 40):
        one, two = env.step(action), twin.step(action)
        assert one[0].tobytes() == two[0].tobytes()
        assert one[1:] == two[1:]
        if one[2]:
            break
    env.reset()
    assert twin.game.state_hash() != env.game.state_hash()


@pytest.mark.parametrize(
    "kwargs",
    [{}, {"reduced_action_set": True, "frames_per_step": 4}, {"t_for_terminate": True}],
)
def test_gymnasium_check_env_without_warnings(kwargs):
    pytest.importorskip("pygame", reason="it opens a window, which needs the extra render")
    env = gym.make("QWOP-v1", **kwargs)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check_env(env.unwrapped)


def test_make_with_every_wrapper_of_gymnasium_without_warnings():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        env = gym.make("QWOP-v1", max_episode_steps=50, frames_per_step=4)
        env.action_space.seed(0)
        env.reset(seed=0)
        for _ in range(200):
            *_, terminated, truncated, _ = env.step(env.action_space.sample())
            if terminated or truncated:
                env.reset()


REGISTRATION = """
import gymnasium
gymnasium.register(id="QWOP-v1", entry_point="elsewhere:Theirs")
import qwop_native
assert gymnasium.spec("QWOP-v1").entry_point == "elsewhere:Theirs"
assert gymnasium.make("QwopNative-v1").unwrapped.__class__ is qwop_native.QwopEnv
"""


def test_an_environment_registered_before_keeps_its_name(tmp_path):
    subprocess.run([sys.executable, "-W", "error", "-c", REGISTRATION], cwd=tmp_path, check=True)
