"""Stable-Baselines3's algorithms and wrappers on the environment, as they are."""

import numpy as np
import pytest

pytest.importorskip("stable_baselines3")
pytest.importorskip("sb3_contrib")

import torch
from sb3_contrib import QRDQN
from stable_baselines3 import A2C, DQN, PPO
from stable_baselines3.common.callbacks import EvalCallback
from stable_baselines3.common.evaluation import evaluate_policy
from stable_baselines3.common.vec_env import VecFrameStack, VecMonitor, VecNormalize

from qwop_native.sb3 import QwopVecEnv

pytestmark = pytest.mark.usefixtures("one_thread")

SMALL = {"policy": "MlpPolicy", "policy_kwargs": {"net_arch": [8]}, "seed": 0, "device": "cpu"}
OFF_POLICY = {"buffer_size": 2000, "learning_starts": 40, "batch_size": 16, "train_freq": 8}


def make(num_envs=4, **kwargs):
    return QwopVecEnv(num_envs, frames_per_step=4, max_episode_steps=30, **kwargs)


@pytest.mark.parametrize("copied", [True, False])
@pytest.mark.parametrize("algorithm", [DQN, QRDQN])
def test_stored_transitions_are_what_the_games_did(algorithm, copied):
    env = make(copy=copied)
    model = algorithm(env=env, **SMALL, **OFF_POLICY)
    model.learn(400)
    stored = model.replay_buffer
    count = stored.pos
    assert count >= 100
    obs, following = stored.observations[:count], stored.next_observations[:count]
    assert not (obs == following).all(axis=-1).any()
    # Within an episode the next observation is the one that is stored next.
    ended = stored.dones[:count].astype(bool)
    assert ended.any(axis=0).all()
    goes_on = ~ended[:-1]
    np.testing.assert_array_equal(following[:-1][goes_on], obs[1:][goes_on])
    # An ended episode's is its last one, and the first one of the next is a reset's.
    first = obs[0, 0]
    assert (obs[1:][ended[:-1]] == first).all()
    assert not (following[ended] == first).all(axis=-1).any()
    assert stored.timeouts[:count][~ended].sum() == 0
    # All of it happens again when a game is played with the same actions alone.
    again = QwopVecEnv(1, frames_per_step=4, max_episode_steps=30)
    last = again.reset()
    for step in range(count):
        assert obs[step, 1].tobytes() == last[0].tobytes()
        last, rewards, dones, infos = again.step(stored.actions[step, 1].reshape(1))
        seen = infos[0]["terminal_observation"] if dones[0] else last[0]
        assert following[step, 1].tobytes() == seen.tobytes()
        assert rewards[0] == stored.rewards[step, 1]
        assert dones[0] == ended[step, 1]


@pytest.mark.parametrize("copied", [True, False])
@pytest.mark.parametrize(("algorithm", "kwargs"), [(PPO, {"batch_size": 32}), (A2C, {})])
def test_rollouts_hold_what_the_games_did(algorithm, kwargs, copied):
    model = algorithm(env=make(copy=copied), **SMALL, n_steps=32, **kwargs)
    model.learn(128)
    # SB3 has put the four games' 32 steps one game after the other.
    observations = model.rollout_buffer.observations.reshape(4, 32, 60)
    actions = model.rollout_buffer.actions.reshape(4, 32)
    env = make()
    shown = env.reset()
    for step in range(32):
        assert observations[:, step].tobytes() == shown.tobytes()
        shown = env.step(actions[:, step].astype(int))[0]
    assert len(model.ep_info_buffer) > 0
    assert max(info["l"] for info in model.ep_info_buffer) <= 30
    assert len(model.ep_success_buffer) == len(model.ep_info_buffer)


def test_training_twice_gives_the_same_weights():
    weights = []
    for num_threads in (1, 3):
        env = QwopVecEnv(4, num_threads, frames_per_step=4, max_episode_steps=30)
        model = DQN(env=env, **SMALL, **OFF_POLICY)
        model.learn(200)
        weights.append(torch.cat([each.flatten() for each in model.policy.parameters()]))
    assert torch.equal(*weights)


def test_evaluate_policy_takes_the_engines_statistics_without_a_warning():
    env = make(3)
    model = PPO(env=env, **SMALL, n_steps=8, batch_size=8)
    returns, lengths = evaluate_policy(model, env, 7, return_episode_rewards=True)
    assert len(returns) == len(lengths) == 7
    single = make(1)
    alone, alone_lengths = evaluate_policy(model, single, 1, return_episode_rewards=True)
    assert (returns[0], lengths[0]) == (alone[0], alone_lengths[0])


def test_eval_callback(tmp_path):
    callback = EvalCallback(make(2), n_eval_episodes=2, eval_freq=20, log_path=tmp_path, verbose=0)
    A2C(env=make(2), **SMALL, n_steps=10).learn(80, callback=callback)
    assert np.load(tmp_path / "evaluations.npz")["results"].shape == (2, 2)


def test_vec_monitor_writes_the_episodes(tmp_path):
    with pytest.warns(UserWarning, match="already wrapped with a `Monitor`"):
        env = VecMonitor(make(2), str(tmp_path / "run"), info_keywords=("distance", "is_success"))
    env.reset()
    lengths = []
    rng = np.random.default_rng(0)
    for _ in range(60):
        infos = env.step(rng.integers(16, size=2))[3]
        lengths += [info["episode"]["l"] for info in infos if info]
    env.close()
    lines = (tmp_path / "run.monitor.csv").read_text().splitlines()
    assert lines[1] == "r,l,t,distance,is_success"
    assert [int(line.split(",")[1]) for line in lines[2:]] == lengths
    assert lengths


def test_vec_normalize():
    env = VecNormalize(make(2, copy=False))
    model = DQN(env=env, **SMALL, **OFF_POLICY)
    model.learn(160)
    stored = model.replay_buffer
    obs, following = stored.observations[:80], stored.next_observations[:80]
    goes_on = stored.dones[:79] == 0
    np.testing.assert_array_equal(following[:79][goes_on], obs[1:80][goes_on])
    assert np.abs(obs).max() <= 1  # stored as they are, normalized when sampled
    assert env.ret_rms.count > 100


def test_vec_frame_stack():
    env, plain = VecFrameStack(make(2, copy=False), 3), make(2)
    assert env.observation_space.shape == (180,)
    env.reset()
    shown = [plain.reset()]
    rng = np.random.default_rng(0)
    for _ in range(60):
        actions = rng.integers(16, size=2)
        stacked, _, dones, infos = env.step(actions)
        observations = plain.step(actions)[0]
        np.testing.assert_array_equal(stacked[:, 120:], observations)
        for game in np.flatnonzero(~dones):
            np.testing.assert_array_equal(stacked[game, 60:120], shown[-1][game])
        for game in np.flatnonzero(dones):
            assert infos[game]["terminal_observation"].shape == (180,)
            np.testing.assert_array_equal(
                infos[game]["terminal_observation"][60:120], shown[-1][game]
            )
        shown.append(observations)
    PPO(env=env, **SMALL, n_steps=16, batch_size=16).learn(32)
