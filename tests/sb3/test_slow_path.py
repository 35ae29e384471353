"""Which versions the native loops run on, what a refusal says, and that the loops are stock's."""

import re
import warnings

import pytest
from paths import TESTS

pytest.importorskip("sb3_contrib")

import stable_baselines3
from learner_reference import drift_envs
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.off_policy_algorithm import OffPolicyAlgorithm
from stable_baselines3.common.on_policy_algorithm import OnPolicyAlgorithm
from torch import nn

from qwop_native.sb3 import DQN, PPO, QRDQN, SlowPathWarning, slow_path

OFF_POLICY = {"learning_starts": 50, "buffer_size": 500, "batch_size": 8, "train_freq": 2}
ON_POLICY = {"n_steps": 32, "batch_size": 32, "n_epochs": 2}
OPTIONS = {QRDQN: OFF_POLICY, DQN: OFF_POLICY, PPO: ON_POLICY}
SMALL = {"policy": "MlpPolicy", "seed": 4, "device": "cpu"}
STOCKS = {"QRDQN": OffPolicyAlgorithm, "DQN": OffPolicyAlgorithm, "PPO": OnPolicyAlgorithm}


def make(kind, env=drift_envs, **options):
    policy = {"net_arch": [8]}
    return kind(env=env(), **{**SMALL, "policy_kwargs": policy, **OPTIONS[kind], **options})


def numbers(model):
    return [p.detach().numpy().tobytes() for p in model.policy.parameters()]


class Journal(BaseCallback):
    """Names and steps that a callback of the user's sees."""

    def __init__(self):
        super().__init__()
        self.seen = []

    def _on_step(self):
        names = ("self", "env", "callback", "infos", "dones", "rewards", "new_obs", "actions")
        assert set(names) <= set(self.locals)
        self.seen.append((self.num_timesteps, self.locals["dones"].tolist()))
        return True


@pytest.mark.parametrize("kind", OPTIONS)
def test_the_loops_do_what_stocks_do(kind):
    stocks = type(
        kind.__name__, (kind,), {"collect_rollouts": STOCKS[kind.__name__].collect_rollouts}
    )
    OPTIONS[stocks] = OPTIONS[kind]
    found = []
    for each in (kind, stocks):
        model, journal = make(each), Journal()
        model.learn(400, callback=journal)
        assert model.native_refusal is None
        found.append((numbers(model), model._episode_num, len(model.ep_info_buffer), journal.seen))
    assert found[0][1:] == found[1][1:]
    if kind is not PPO:  # whose stock loop acts by torch, up to rounding alike
        assert found[0] == found[1]


@pytest.mark.parametrize("kind", [QRDQN, DQN])
def test_rollouts_by_episodes(kind):
    stocks = type("Stocks", (kind,), {"collect_rollouts": OffPolicyAlgorithm.collect_rollouts})
    OPTIONS[stocks] = OPTIONS[kind]
    found = []
    for each in (kind, stocks):
        model = make(each, lambda: drift_envs(1), train_freq=(2, "episode"), learning_starts=10)
        model.learn(300)
        assert model.native_refusal is None
        found.append((numbers(model), model.num_timesteps, model._n_updates, model._episode_num))
    assert found[0] == found[1]
    assert found[0][2] > 0


def test_rollouts_by_episodes_of_many_games_are_refused_as_by_stock():
    for kind in (stable_baselines3.DQN, DQN):
        OPTIONS[kind] = OFF_POLICY
        with pytest.raises(AssertionError, match="only one env when doing episodic training"):
            make(kind, train_freq=(1, "episode")).learn(100)


@pytest.mark.parametrize("kind", OPTIONS)
@pytest.mark.parametrize("found", ["2.7.0", "2.10.0", "2.10.0a1", "3.0"])
def test_versions_that_are_not_tested(kind, found, monkeypatch):
    monkeypatch.setattr(slow_path, "version", lambda _: found)
    model = make(kind)
    with pytest.warns(SlowPathWarning, match=f"{re.escape(found)} is outside the tested range"):
        model.learn(100)
    model.learn(100)  # said once: another warning would be an error
    assert "pip install" in model.native_refusal


@pytest.mark.parametrize("found", ["2.7.1", "2.8.0", "2.9.0", "2.9.2", "2.9.17", "2.9.3.dev0"])
def test_versions_of_the_tested_range(found, monkeypatch):
    monkeypatch.setattr(slow_path, "version", lambda _: found)
    assert slow_path.why_untested("stable-baselines3") is None


def test_the_package_states_the_tested_range():
    path = TESTS.parent / "pyproject.toml"
    first, end = slow_path.TESTED
    for package in ("stable-baselines3", "sb3-contrib"):
        assert f'"{package}>={first},<{end}"' in path.read_text()


def test_the_warning_stands_at_the_line_that_called_the_learner():
    model = make(PPO, policy_kwargs={"activation_fn": nn.ELU})
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        model.learn(64)
    assert [(w.category, w.filename) for w in caught] == [(SlowPathWarning, __file__)]
