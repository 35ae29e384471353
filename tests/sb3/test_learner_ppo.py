"""The native PPO against Stable-Baselines3's: same draws, same actions, same parameters."""

import copy
import itertools
import subprocess
import sys
import warnings

import numpy as np
import pytest

pytest.importorskip("sb3_contrib")

import stable_baselines3
import torch
from gymnasium import spaces
from learner_reference import ISAS, Drift, drift_envs
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.logger import configure
from stable_baselines3.common.vec_env import DummyVecEnv
from torch import nn
from torch.nn import functional

from qwop_native import _core
from qwop_native.sb3 import PPO, QwopVecEnv, SlowPathWarning

pytestmark = pytest.mark.usefixtures("one_thread")

SMALL = {
    "policy": "MlpPolicy",
    "n_steps": 32,
    "batch_size": 32,
    "n_epochs": 3,
    "learning_rate": 1e-3,
    "seed": 5,
    "device": "cpu",
}


class Journal(BaseCallback):
    def __init__(self):
        super().__init__()
        self.actions, self.names = [], set()

    def _on_step(self):
        self.actions.append(self.locals["actions"].copy())
        self.names |= set(self.locals)
        return True


def pair(steps, env=drift_envs, **options):
    found = []
    for kind in (stable_baselines3.PPO, PPO):
        model, journal = kind(env=env(), **{**SMALL, **copy.deepcopy(options)}), Journal()
        model.learn(steps, callback=journal)
        found.append((model, journal, torch.get_rng_state(), np.random.get_state()[1:3]))
    (stock, stock_journal, *stock_rng), (native, native_journal, *native_rng) = found
    assert (stock_rng[0] == native_rng[0]).all()
    assert (stock_rng[1][0] == native_rng[1][0]).all()
    assert stock_rng[1][1] == native_rng[1][1]
    # A draw between two actions whose chances are equal up to rounding may end otherwise; none of
    # these few thousand does.
    for a, b in zip(stock_journal.actions, native_journal.actions, strict=True):
        assert (a == b).all()
    assert native._n_updates == stock._n_updates
    assert native.native_refusal is None
    assert native_journal.names >= stock_journal.names - {
        "obs_tensor",
        "done",
        "idx",
        "terminal_obs",
        "terminal_value",
    }
    return stock, native


def assert_close(stock, native, tolerance):
    for name, wanted in stock.policy.state_dict().items():
        found = native.policy.state_dict()[name]
        assert (found - wanted).abs().max() <= tolerance * wanted.abs().max(), name


OPTIONS = {
    "as it comes": {},
    "one game": {"env": lambda: drift_envs(1), "n_steps": 96},
    "entropy and clipped values": {"ent_coef": 0.02, "clip_range_vf": 0.1, "vf_coef": 0.7},
    "stops early": {"target_kl": 0.005, "learning_rate": 3e-3},
    "advantages as they are": {"normalize_advantage": False, "max_grad_norm": 0.05},
    "falling rates": {
        "learning_rate": lambda left: 1e-3 * left,
        "clip_range": lambda left: 0.1 + 0.2 * left,
    },
    "relu, other widths": {
        "policy_kwargs": {
            "net_arch": {"pi": [20, 40], "vf": [33]},
            "activation_fn": nn.ReLU,
        }
    },
    "no hidden layer": {"policy_kwargs": {"net_arch": []}},
    "adamw": {"policy_kwargs": {"optimizer_class": torch.optim.AdamW}},
}


@pytest.mark.parametrize("case", OPTIONS)
def test_a_short_training_is_stocks(case):
    stock, native = pair(1600, **OPTIONS[case])
    assert_close(stock, native, 3e-5)


def game_envs():
    return QwopVecEnv(4, 1, max_episode_steps=25, frames_per_step=4, action_set="essential")


@pytest.mark.parametrize("isa", ISAS)
def test_on_the_game_with_every_instruction_set(isa, monkeypatch):
    monkeypatch.setenv("QWOP_NATIVE_ISA", isa)
    stock, native = pair(900, env=game_envs)
    assert native._kernel.native.instruction_set == isa
    assert_close(stock, native, 3e-5)


ROLLOUT = ("observations", "actions", "values", "log_probs", "advantages", "returns")


def ppo_options(clip, clip_values, entropy_coefficient, value_coefficient):
    return _core.PpoOptions(
        clip_range=clip,
        clip_range_values=clip_values,
        entropy_coefficient=entropy_coefficient,
        value_coefficient=value_coefficient,
        normalize_advantages=True,
        max_grad_norm=0.5,
        target_kl=None,
    )


class Problem:
    """A rollout of random numbers, the networks in torch, and their native learner."""

    def __init__(self, isa, widths, activation, games=6, steps=50, n_actions=9):
        torch.manual_seed(1)
        rng = np.random.default_rng(1)
        function = {"relu": nn.ReLU, "tanh": nn.Tanh}[activation]

        def network(outputs):
            layers = []
            for inputs, width in itertools.pairwise(widths):
                layers += [nn.Linear(inputs, width), function()]
            return nn.Sequential(*layers, nn.Linear(widths[-1], outputs))

        self.networks = [network(n_actions), network(1)]
        self.parameters = [p.detach().numpy() for net in self.networks for p in net.parameters()]
        shape = (steps, games)

        def normal(*size):
            return rng.standard_normal(size).astype(np.float32)

        self.rollout = [
            normal(*shape, widths[0]),
            rng.integers(0, n_actions, (*shape, 1)),
            normal(*shape),
            (-2.2 + 0.3 * normal(*shape)).astype(np.float32),
            3 * normal(*shape) + np.float32(1),
            normal(*shape),
        ]
        self.native = _core.ActorCritic(
            policy_widths=list(widths),
            value_widths=list(widths),
            n_actions=n_actions,
            activation=activation,
            instruction_set=isa,
        )
        self.native.bind_parameters(self.parameters)
        self.native.bind_rollout(**dict(zip(ROLLOUT, self.rollout, strict=True)))
        self.numbers = rng.permutation(games * steps)[: games * steps * 3 // 4]

    def reference(self, clip, clip_values, entropy_coefficient, value_coefficient, dtype):
        """Loss and gradients by torch's own differentiation, as Stable-Baselines3 writes it."""
        networks = [copy.deepcopy(net).to(dtype) for net in self.networks]
        flat = [
            torch.tensor(a.swapaxes(0, 1).reshape(-1, *a.shape[2:])[self.numbers])
            for a in self.rollout
        ]
        observations, actions, old_values, old_log_probs, advantages, returns = (
            t if t.dtype == torch.int64 else t.to(dtype) for t in flat
        )
        advantages = (advantages - advantages.mean()) / (advantages.std() + 1e-8)
        distribution = torch.distributions.Categorical(logits=networks[0](observations))
        ratio = (distribution.log_prob(actions.flatten()) - old_log_probs).exp()
        loss = -torch.min(advantages * ratio, advantages * ratio.clamp(1 - clip, 1 + clip)).mean()
        values = networks[1](observations).flatten()
        if clip_values is not None:
            values = old_values + (values - old_values).clamp(-clip_values, clip_values)
        loss = loss + value_coefficient * functional.mse_loss(returns, values)
        loss = loss - entropy_coefficient * distribution.entropy().mean()
        loss.backward()
        return loss.item(), [p.grad.numpy() for net in networks for p in net.parameters()]


@pytest.mark.parametrize("isa", ISAS)
@pytest.mark.parametrize(
    ("widths", "activation"),
    [((60, 64, 64), "tanh"), ((60, 256, 130), "relu"), ((7,), "tanh"), ((3, 5), "tanh")],
)
@pytest.mark.parametrize("clip_values", [None, 0.4])
def test_gradients_equal_the_reference(isa, widths, activation, clip_values):
    problem = Problem(isa, widths, activation)
    settings = (0.15, clip_values, 0.03, 0.6)
    result, gradients = problem.native.gradients(problem.numbers, options=ppo_options(*settings))
    exact, wanted = problem.reference(*settings, torch.float64)
    assert result["loss"] == pytest.approx(exact, rel=1e-6)
    _, stock = problem.reference(*settings, torch.float32)
    for found, exactly, stocks in zip(gradients, wanted, stock, strict=True):
        scale = np.abs(exactly).max()
        assert np.abs(found - exactly.ravel()).max() <= 1e-6 * scale
        assert np.abs(found - stocks.ravel()).max() <= 2e-6 * scale


@pytest.mark.parametrize("isa", ISAS)
def test_threads_change_nothing(isa):
    found = []
    for threads in (1, 3, 2):  # the last number of workers differs from the one before
        problem = Problem(isa, (60, 40), "tanh", games=8, steps=120)  # five chunks of rows and more
        native = problem.native
        native.threads = threads
        assert native.threads == threads
        zeros = {
            name: [
                np.zeros(1 if name == "steps" else p.size, np.float32) for p in problem.parameters
            ]
            for name in ("means", "squares", "steps")
        }
        native.bind_adam(**zeros)
        adam = _core.AdamOptions(
            learning_rate=1e-3,
            betas=(0.9, 0.99),
            epsilon=1e-5,
            weight_decay=0,
            decoupled_weight_decay=False,
        )
        for _ in range(3):
            native.update(problem.numbers, options=ppo_options(0.15, 0.4, 0.03, 0.6), adam=adam)
        noise = np.random.default_rng(0).exponential(size=(700, 9)).astype(np.float32)
        observations = problem.rollout[0].reshape(-1, 60)[:700]
        acted = native.act(observations, noise=noise)
        found.append([a.tobytes() for a in (*problem.parameters, *acted)])
    assert found[0] == found[1] == found[2]
    with pytest.raises(ValueError, match="at least one thread"):
        native.threads = 0


def test_threads_are_torchs():
    model = PPO(env=drift_envs(), **SMALL)
    for threads in (2, 1):
        torch.set_num_threads(threads)
        model.predict(np.zeros((1, 12), np.float32))
        assert model._kernel.native.threads == threads


FORKS = """
import os
import numpy as np
from qwop_native import _core

native = _core.ActorCritic(
    policy_widths=[5], value_widths=[5], n_actions=3, activation="tanh"
)
rng = np.random.default_rng(0)
native.bind_parameters([rng.standard_normal(n).astype(np.float32) for n in (15, 3, 5, 1)])
native.threads = 3
observations = rng.standard_normal((600, 5)).astype(np.float32)
wanted = native.act(observations, noise=None)[1]
child = os.fork()
if child == 0:
    os._exit(0 if (native.act(observations, noise=None)[1] == wanted).all() else 1)
assert os.waitpid(child, 0)[1] == 0
assert (native.act(observations, noise=None)[1] == wanted).all()
"""


def test_threads_survive_a_fork():
    subprocess.run([sys.executable, "-W", "ignore", "-c", FORKS], check=True, timeout=60)


def test_acting_is_torchs():
    model = PPO(env=drift_envs(), **SMALL)
    stock = stable_baselines3.PPO(env=drift_envs(), **SMALL)
    rng = np.random.default_rng(0)
    for rows in (1, 4, 127, 300):
        observations = rng.standard_normal((rows, 12)).astype(np.float32)
        for deterministic in (False, True):
            torch.manual_seed(rows)
            wanted, _ = stock.predict(observations, deterministic=deterministic)
            torch.manual_seed(rows)
            found, _ = model.predict(observations, deterministic=deterministic)
            assert found.dtype == wanted.dtype
            assert (found == wanted).all()
    single, _ = model.predict(observations[0], deterministic=True)
    wanted, _ = stock.predict(observations[0], deterministic=True)
    assert single.shape == wanted.shape
    assert single == wanted


def test_zips_go_both_ways(tmp_path):
    stock, native = pair(512)
    for kind, model in ((PPO, stock), (stable_baselines3.PPO, native)):
        model.save(tmp_path / "model.zip")
        other = kind.load(tmp_path / "model.zip", env=drift_envs())
        for each in (model, other):
            each.set_env(drift_envs())
            each.set_random_seed(3)
            each.learn(256)
        assert_close(model, other, 3e-5)
        moments = [m.policy.optimizer.state_dict()["state"] for m in (model, other)]
        assert moments[0][0]["step"] == moments[1][0]["step"]


def continuous():
    env = Drift()
    env.action_space = spaces.Box(-1, 1, (1,))
    return env


NOT_COVERED = {
    "optimizer is SGD": {"policy_kwargs": {"optimizer_class": torch.optim.SGD}},
    "use_sde|actions are not Discrete": {"env": lambda: DummyVecEnv([continuous])},
    "ELU": {"policy_kwargs": {"activation_fn": nn.ELU}},
}


@pytest.mark.parametrize("reason", NOT_COVERED)
def test_what_is_not_covered_is_stocks_own(reason):
    options = dict(NOT_COVERED[reason])
    env = options.pop("env", drift_envs)
    model = PPO(env=env(), **{**SMALL, **options})
    with pytest.warns(SlowPathWarning) as caught:
        model._native(training=False)
    model._native(training=False)  # once: another would be an error
    assert len(caught) == 1
    assert str(caught[0].message) == (
        f"PPO runs on Stable-Baselines3's own code because {model.native_refusal}; that is 2 to 13 "
        "times slower"
    )
    assert any(part in model.native_refusal for part in reason.split("|"))


def test_what_is_not_covered_still_trains():
    options = {**SMALL, "policy_kwargs": {"activation_fn": nn.ELU}}
    found = []
    for kind in (stable_baselines3.PPO, PPO):
        model = kind(env=drift_envs(), **options)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SlowPathWarning)
            model.learn(256)
        found.append([p.detach().numpy().tobytes() for p in model.policy.parameters()])
    assert found[0] == found[1]


def test_logs_are_stocks(tmp_path):
    rows = []
    for kind in (stable_baselines3.PPO, PPO):
        model = kind(env=drift_envs(), **SMALL)
        model.set_logger(configure(str(tmp_path / kind.__module__), ["csv"]))
        model.learn(512)
        model.logger.close()
        text = (tmp_path / kind.__module__ / "progress.csv").read_text().splitlines()
        names, *lines = (line.split(",") for line in text)
        rows.append([dict(zip(names, line, strict=True)) for line in lines])
    for wanted, found in zip(*rows, strict=True):
        assert set(wanted) == set(found)
        for name in set(wanted) - {"time/fps", "time/time_elapsed"}:
            if wanted[name]:
                assert float(found[name]) == pytest.approx(float(wanted[name]), 1e-3, 1e-6), name
