"""The native DQN against Stable-Baselines3's; test_learner_qrdqn.py tests what they share."""

import copy
import warnings

import numpy as np
import pytest

pytest.importorskip("sb3_contrib")

import stable_baselines3
from learner_reference import ISAS, drift_envs
from torch import nn

from qwop_native.sb3 import DQN, QwopVecEnv, SlowPathWarning

pytestmark = pytest.mark.usefixtures("one_thread")

SMALL = {
    "policy": "MlpPolicy",
    "learning_rate": 1e-3,
    "buffer_size": 2000,
    "learning_starts": 200,
    "gamma": 0.98,
    "train_freq": 4,
    "target_update_interval": 64,
    "exploration_fraction": 0.5,
    "exploration_initial_eps": 0.3,
    "policy_kwargs": {"net_arch": [24, 17]},
    "seed": 5,
    "device": "cpu",
}


def assert_close(stock, native, tolerance):
    for name, wanted in stock.policy.state_dict().items():
        found = native.policy.state_dict()[name]
        assert (found - wanted).abs().max() <= tolerance * wanted.abs().max(), name


def on_the_same_draws(updates, **options):
    """Both after updates on stock's experience, so that no action can tell them apart."""
    options = {**SMALL, **options}
    stock, native = (kind(env=drift_envs(), **options) for kind in (stable_baselines3.DQN, DQN))
    stock.learn(400)
    native.set_parameters(copy.deepcopy(stock.get_parameters()))
    native.replay_buffer = stock.replay_buffer
    native.set_logger(stock.logger)
    for model in (stock, native):
        np.random.seed(3)
        for _ in range(updates // 5):
            model.train(5, 32)
            model._n_calls = 15
            model._on_step()  # copies the network to the target
    assert native.native_refusal is None
    assert native._kernel is not None
    return stock, native


@pytest.mark.parametrize("isa", ISAS)
def test_updates_on_the_same_draws(isa, monkeypatch):
    monkeypatch.setenv("QWOP_NATIVE_ISA", isa)
    stock, native = on_the_same_draws(300)
    assert native._kernel.native.instruction_set == isa
    assert_close(stock, native, 3e-6)


@pytest.mark.parametrize(
    "options",
    [
        {"max_grad_norm": 0.1},
        {"policy_kwargs": {"net_arch": [16], "activation_fn": nn.Tanh}},
        {"policy_kwargs": {"net_arch": [64, 64]}},
    ],
)
def test_updates_with_other_settings(options):
    assert_close(*on_the_same_draws(100, **options), 3e-6)


@pytest.mark.parametrize("on_the_game", [False, True])
def test_a_short_training_is_stocks(on_the_game):
    found = []
    for kind in (stable_baselines3.DQN, DQN):
        env = drift_envs()
        if on_the_game:
            env = QwopVecEnv(4, 1, max_episode_steps=40, reduced_action_set=True)
        model = kind(env=env, **SMALL)
        model.learn(1600)
        found.append((model, np.random.get_state()[1:3]))
    (stock, stock_rng), (native, native_rng) = found
    assert (stock_rng[0] == native_rng[0]).all()
    assert stock_rng[1] == native_rng[1]
    assert (stock.replay_buffer.actions == native.replay_buffer.actions).all()
    assert_close(stock, native, 1e-5)
    assert native.native_refusal is None


def test_zips_go_both_ways(tmp_path):
    for kind, other in ((DQN, stable_baselines3.DQN), (stable_baselines3.DQN, DQN)):
        model = kind(env=drift_envs(), **SMALL)
        model.learn(600)
        model.save(tmp_path / "model.zip")
        loaded = other.load(tmp_path / "model.zip", env=drift_envs())
        observations = np.random.default_rng(0).standard_normal((200, 12)).astype(np.float32)
        actions = [m.predict(observations, deterministic=True)[0] for m in (model, loaded)]
        np.testing.assert_array_equal(*actions)
        loaded.learn(300, reset_num_timesteps=False)
        assert loaded.num_timesteps >= 900


def test_what_is_not_covered_is_stocks_own():
    options = {**SMALL, "policy_kwargs": {"net_arch": [8], "activation_fn": nn.ELU}}
    found = []
    for kind in (stable_baselines3.DQN, DQN):
        model = kind(env=drift_envs(), **options)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            model.learn(400)
        found.append([p.detach().numpy().tobytes() for p in model.policy.parameters()])
    assert found[0] == found[1]
    assert [(w.category, str(w.message)) for w in caught] == [
        (
            SlowPathWarning,
            "DQN runs on Stable-Baselines3's own code because the network has ELU(alpha=1.0) where "
            "it is not expected; that is about 6 times slower",
        )
    ]
