"""Cloning, and rewards learned against a policy."""

import numpy as np
import pytest
import torch
from imitation_demonstrations import ARGUMENTS, HOP, demonstrations
from stable_baselines3 import PPO

from qwop_native import QwopEnv
from qwop_native.sb3 import QwopVecEnv, RichVecObservation
from qwop_native.training.imitation.adversarial import (
    AdversarialSettings,
    LearnedReward,
    RewardTraining,
)
from qwop_native.training.imitation.cloning import CloningSettings, clone, split
from qwop_native.training.imitation.demonstrations import joined
from qwop_native.training.imitation.reward_model import Features, RewardModel, Steps, loss
from qwop_native.training.imitation.sources import collect
from qwop_native.wrappers import RichObservation


def ppo(env, **more):
    return PPO(
        "MlpPolicy",
        env,
        policy_kwargs={"net_arch": [32]},
        seed=0,
        device="cpu",
        **{"n_steps": 64, "batch_size": 64, "learning_rate": 3e-3, **more},
    )


def distance(model, env=None):
    def act(seen):
        return model.predict(seen, deterministic=True)[0]

    played = collect(act, env or QwopEnv(**ARGUMENTS), 1, max_episode_steps=150, min_distance=-10)
    return played.about["distances"][0]


def test_cloning_repeats_the_run(tmp_path):
    env, venv = RichObservation(QwopEnv(**ARGUMENTS)), QwopVecEnv(1, 1, **ARGUMENTS)
    data = demonstrations(env)
    model = ppo(RichVecObservation(venv), learning_rate=5e-3)
    before, seen = distance(model, env), []

    def report(epoch, numbers):
        seen.append((epoch, numbers["loss"], numbers["accuracy"]))
        return True

    settings = CloningSettings(n_epochs=140, batch_size=51)
    clone(model, data, settings, np.random.default_rng(0), report)
    assert [epoch for epoch, *_ in seen] == list(range(1, 141))
    assert seen[0][1] > 4 * seen[-1][1]
    assert seen[-1][2] > 0.95
    assert distance(model, env) > max(before, 1.5)
    model.save(tmp_path / "model.zip")
    loaded = PPO.load(tmp_path / "model.zip", device="cpu")
    assert distance(loaded, env) == distance(model, env)
    loaded.set_env(RichVecObservation(venv))
    loaded.learn(64)  # and goes on by its own rewards


def test_cloning_can_be_stopped_and_needs_its_own_kind():
    model, epochs = ppo(QwopVecEnv(1, 1, **ARGUMENTS)), []
    data, rng = demonstrations(), np.random.default_rng(0)
    clone(model, data, CloningSettings(), rng, lambda epoch, _: epochs.append(epoch) or epoch < 3)
    assert epochs == [1, 2, 3]
    wide = RichVecObservation(QwopVecEnv(1, 1, **ARGUMENTS))
    with pytest.raises(ValueError, match="60 columns, the model has"):
        clone(ppo(wide), data, CloningSettings(n_epochs=1), rng)


def test_episodes_are_held_out_whole():
    data = joined([demonstrations()] * 4)
    learned, held_out = split(data, 0.25, np.random.default_rng(0))
    assert sorted([*learned, *held_out]) == list(range(len(data)))
    begin = int(held_out[0])
    assert begin in data.bounds
    assert held_out.tolist() == list(range(begin, begin + int(data.lengths[0])))
    learned, held_out = split(demonstrations(), 0.9, np.random.default_rng(0))
    assert len(held_out) == 0
    assert len(learned)


def rewards_for(airl, horizon=50, gamma=0.9, **limits):
    venv = QwopVecEnv(2, 1, seed=0, **limits, **ARGUMENTS)
    settings = AdversarialSettings(horizon=horizon, disc_net_arch=(16,), demo_batch_size=64)
    return LearnedReward(venv, demonstrations(), settings, gamma, airl, seed=0)


def test_where_on_the_track_does_not_matter():
    data = demonstrations()
    features = Features(data.observations)
    moved = data.observations.copy()
    moved[:, ::5] += np.float32(0.25)
    np.testing.assert_allclose(features(moved), features(data.observations), atol=1e-2)
    seen = features(data.observations).numpy()
    np.testing.assert_allclose(seen[:, 1:].mean(0), 0, atol=1e-2)


@pytest.mark.parametrize("airl", [False, True])
def test_an_end_is_worth_all_that_would_have_followed(airl):
    rewards = rewards_for(airl)
    rewards.reset()
    steps, given, ended = 0, None, False
    while not ended:
        steps += 1
        _, given, dones, infos = rewards.step(np.array([6, 0]))
        ended = bool(dones[0])
    part = rewards.generated.parts[-1]
    assert part["ended"].tolist() == [True, False]
    assert part["remaining"].tolist() == [50 - steps, 0]
    np.testing.assert_array_equal(part["following"][0], infos[0]["terminal_observation"])
    with torch.no_grad():
        alone = rewards.model.reward(rewards.steps(part, None, None)).numpy()
        after = float(rewards.model.reward(rewards.absorbed(1))[0])
    expected = alone[0] + sum(after * 0.9**k for k in range(1, 50 - steps + 1))
    assert given[0] == pytest.approx(expected, rel=1e-5)
    assert given[1] == pytest.approx(alone[1], rel=1e-5)


def test_a_limit_is_no_end():
    rewards = rewards_for(airl=False, max_episode_steps=3)
    rewards.reset()
    for _ in range(3):
        _, _, dones, infos = rewards.step(np.array([0, 0]))
    assert dones.all()
    part = rewards.generated.parts[-1]
    assert not part["ended"].any()
    assert not part["remaining"].any()
    np.testing.assert_array_equal(part["following"][1], infos[1]["terminal_observation"])
    rewards.step(np.array([0, 0]))
    assert rewards._lengths.tolist() == [1, 1]


def test_batches_hold_as_much_of_what_follows_as_there_is():
    rewards = rewards_for(airl=False)
    drawn = rewards._draw(100, 300)
    assert (drawn < 0).mean() == pytest.approx(0.75, abs=0.2)
    assert drawn.max() < 100
    assert (rewards._draw(100, 0) >= 0).all()


def test_airl_is_shaped_by_a_potential():
    """Along a path the potential cancels: only its ends are left of it."""
    torch.manual_seed(0)
    model = RewardModel(3, 2, (8,), gamma=1.0, shaped=True)
    path, flat = torch.randn(6, 3), torch.zeros(5)
    actions = torch.tensor([0, 1, 0, 1, 1])
    steps = Steps(path[:-1], actions, path[1:], flat, flat, flat)
    state = torch.cat([path, torch.zeros(6, 1)], 1)
    chosen = torch.nn.functional.one_hot(actions, 2)
    plain = model.score_of_action(torch.cat([state[:-1], chosen], 1))[:, 0]
    ends = model.potential(state[5:]) - model.potential(state[:1])
    torch.testing.assert_close(model.score(steps).sum(), (plain.sum() + ends[0, 0]))
    within = Steps(path[:-1], actions, path[1:], flat + 1, flat + 1, flat)
    assert model.score(within).std() < 1e-6  # nothing is left of the features


@pytest.mark.parametrize("airl", [False, True])
def test_learns_to_tell_apart_and_trains_a_plain_model(airl, tmp_path):
    rewards = rewards_for(airl)
    model = ppo(rewards, gamma=0.9)
    told = []
    training = RewardTraining(rewards)
    update = rewards.update
    rewards.update = lambda policy: told.append(update(policy)) or told[-1]
    model.learn(6 * 128, callback=training)
    assert len(told) == 6
    assert told[-1]["loss"] < told[0]["loss"]
    assert not rewards.generated.parts
    model.save(tmp_path / "model.zip")
    assert distance(PPO.load(tmp_path / "model.zip", device="cpu")) == distance(model)


def test_the_loss_wants_demonstrations_up():
    torch.manual_seed(0)
    model = RewardModel(2, 2, (8,), 0.9, shaped=False)
    zeros, ones = torch.zeros(32), torch.ones(32, 2)
    good = Steps(ones, torch.ones(32, dtype=torch.int64), ones, zeros, zeros, zeros)
    bad = Steps(-ones, torch.zeros(32, dtype=torch.int64), -ones, zeros, zeros, zeros)
    optimizer = torch.optim.Adam(model.parameters(), 0.05)
    for _ in range(60):
        optimizer.zero_grad()
        loss(model, good, bad)[0].backward()
        optimizer.step()
    assert loss(model, good, bad)[1] == 1.0
    assert model.reward(good).mean() > model.reward(bad).mean()
    assert HOP
