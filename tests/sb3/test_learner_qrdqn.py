"""The native QRDQN against sb3-contrib's: same draws, same actions, same parameters."""

import copy
import warnings
import zipfile

import numpy as np
import pytest

pytest.importorskip("sb3_contrib")

import gymnasium as gym
import sb3_contrib
import torch
from learner_reference import ISAS, drift_envs
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.logger import configure
from stable_baselines3.common.off_policy_algorithm import OffPolicyAlgorithm
from torch import nn

from qwop_native import _core
from qwop_native.sb3 import QRDQN, QwopVecEnv, SlowPathWarning

pytestmark = pytest.mark.usefixtures("one_thread")

SMALL = {
    "policy": "MlpPolicy",
    "learning_rate": 1e-3,
    "buffer_size": 2000,
    "learning_starts": 200,
    "batch_size": 32,
    "gamma": 0.98,
    "train_freq": 4,
    "target_update_interval": 64,
    "exploration_fraction": 0.5,
    "exploration_initial_eps": 0.3,
    "policy_kwargs": {"net_arch": [24, 17], "n_quantiles": 25},
    "seed": 5,
    "device": "cpu",
}


class Journal(BaseCallback):
    """Notes what was seen and done at each step, and how close the second best action was."""

    def __init__(self):
        super().__init__()
        self.observations, self.actions, self.values, self.names = [], [], [], set()

    def _on_step(self):
        self.observations.append(self.model._last_obs.copy())
        self.actions.append(self.locals["actions"].copy())
        with torch.no_grad():
            quantiles = self.model.policy.quantile_net(torch.tensor(self.model._last_obs))
            self.values.append(quantiles.mean(dim=1).numpy())
        self.names |= set(self.locals)
        return True


def first_difference(stock, native):
    for step, (a, b) in enumerate(zip(stock.actions, native.actions, strict=True)):
        assert stock.observations[step].tobytes() == native.observations[step].tobytes()
        if (a != b).any():
            return step
    return None


def assert_equal_up_to_a_tie(stock, native):
    """Asserts that actions are the same until stock's two best values are equal up to rounding."""
    step = first_difference(stock, native)
    if step is None:
        return None
    for game in np.flatnonzero(stock.actions[step] != native.actions[step]):
        values = stock.values[step][game]
        chosen = values[[stock.actions[step][game], native.actions[step][game]]]
        assert abs(chosen[0] - chosen[1]) < 1e-5 * max(1.0, np.abs(values).max())
    return step


def assert_close(stock, native, tolerance=2e-6):
    for name, wanted in stock.policy.state_dict().items():
        found = native.policy.state_dict()[name]
        assert (found - wanted).abs().max() <= tolerance * wanted.abs().max(), name


def pair(steps, env=drift_envs, **options):
    """Stock's and our model, each after the same short training from the same seed."""
    models = []
    for kind in (sb3_contrib.QRDQN, QRDQN):
        options = {**SMALL, **copy.deepcopy(options)}
        model, journal = kind(env=env(), **options), Journal()
        model.learn(steps, callback=journal)
        models.append((model, journal, np.random.get_state(), model.action_space.np_random))
    (stock, stock_journal, *stock_rng), (native, native_journal, *native_rng) = models
    step = assert_equal_up_to_a_tie(stock_journal, native_journal)
    assert (stock_rng[0][1] == native_rng[0][1]).all()
    assert stock_rng[0][2:] == native_rng[0][2:]
    if step is None:
        states = [rng.bit_generator.state for rng in (stock_rng[1], native_rng[1])]
        assert states[0] == states[1]
    assert native._n_updates == stock._n_updates
    return stock, native, step


OPTIONS = {
    "as it comes": {},
    "one game": {"env": lambda: drift_envs(1), "learning_starts": 100},
    "several updates": {"gradient_steps": 3, "train_freq": 8},
    "as many updates as steps": {"gradient_steps": -1, "train_freq": 2, "learning_starts": 2800},
    "clipped gradients": {"max_grad_norm": 0.3},
    "soft target": {"tau": 0.05, "target_update_interval": 4},
    "falling learning rate": {"learning_rate": lambda left: 1e-3 * left},
    "tanh": {"policy_kwargs": {"net_arch": [16], "n_quantiles": 10, "activation_fn": nn.Tanh}},
    "no hidden layer": {"policy_kwargs": {"net_arch": [], "n_quantiles": 10}},
    "adamw": {
        "policy_kwargs": {
            "net_arch": [20],
            "n_quantiles": 12,
            "optimizer_class": torch.optim.AdamW,
            "optimizer_kwargs": {"weight_decay": 0.05},
        }
    },
    "episodes as the unit": {
        "env": lambda: drift_envs(1),
        "train_freq": (2, "episode"),
        "learning_starts": 100,
    },
    "timeouts as ends": {"replay_buffer_kwargs": {"handle_timeout_termination": False}},
}


@pytest.mark.parametrize("case", OPTIONS)
def test_a_short_training_is_stocks(case):
    stock, native, step = pair(3000, **OPTIONS[case])
    assert native.native_refusal is None
    assert native._n_updates > 100
    if step is None:
        assert_close(stock, native, 1e-5)


@pytest.mark.parametrize("isa", ISAS)
def test_every_instruction_set(isa, monkeypatch):
    monkeypatch.setenv("QWOP_NATIVE_ISA", isa)
    stock, native, step = pair(3000, seed=11)
    assert native._kernel.native.instruction_set == isa
    if step is None:
        assert_close(stock, native, 1e-5)


def qwop():
    return QwopVecEnv(4, 1, max_episode_steps=60, frames_per_step=4, reduced_action_set=True)


def test_on_the_game():
    pair(4000, env=qwop, exploration_initial_eps=1.0)


@pytest.mark.parametrize(
    ("n_quantiles", "updates", "tolerance"),
    [(200, 30, 1e-6), (50, 100, 2e-6)],  # the recipe's sizes; smaller, but more updates
)
def test_updates_on_the_same_draws(n_quantiles, updates, tolerance):
    # Both learn from stock's experience, so that no action can tell them apart.
    policy = {"net_arch": [64, 64], "n_quantiles": n_quantiles}
    options = {**SMALL, "batch_size": 64, "policy_kwargs": policy}
    stock, native = (kind(env=drift_envs(), **options) for kind in (sb3_contrib.QRDQN, QRDQN))
    stock.learn(260)
    native.set_parameters(copy.deepcopy(stock.get_parameters()))
    native.replay_buffer = stock.replay_buffer
    native.set_logger(stock.logger)
    for model in (stock, native):
        np.random.seed(3)
        for _ in range(updates // 5):
            model.train(5, 64)
            model._n_calls = 15
            model._on_step()  # copies the network to the target
    assert native._n_updates == updates
    assert_close(stock, native, tolerance)
    for a, b in zip(
        stock.policy.optimizer.state.values(), native.policy.optimizer.state.values(), strict=True
    ):
        for name in ("exp_avg", "exp_avg_sq"):
            assert (a[name] - b[name]).abs().max() <= 1e-4 * a[name].abs().max()
        assert a["step"] == b["step"]


def test_zips_go_both_ways(tmp_path):
    paths = {}
    for kind in (sb3_contrib.QRDQN, QRDQN):
        model = kind(env=drift_envs(), **SMALL)
        model.learn(1000)
        paths[kind] = tmp_path / f"{kind.__module__}.zip"
        model.save(paths[kind])
    contents = [set(zipfile.ZipFile(path).namelist()) for path in paths.values()]
    assert contents[0] == contents[1]
    data = [sb3_contrib.QRDQN.load(path).__dict__.keys() for path in paths.values()]
    assert data[0] == data[1]
    observations = np.random.default_rng(0).standard_normal((200, 12)).astype(np.float32)
    for path in paths.values():
        models = [kind.load(path, env=drift_envs()) for kind in (sb3_contrib.QRDQN, QRDQN)]
        actions = [m.predict(observations, deterministic=True)[0] for m in models]
        np.testing.assert_array_equal(*actions)
        assert_close(*models, tolerance=0)
        for model in models:
            model.set_random_seed(9)
            model.learn(800, reset_num_timesteps=False)
        # Adam went on from the state in the zip: from zero, its steps would be much larger.
        assert_close(*models, tolerance=1e-5)
        assert models[1].native_refusal is None
        steps = [float(s["step"]) for m in models for s in m.policy.optimizer.state.values()]
        assert len(set(steps)) == 1
        assert steps[0] > models[0]._n_updates - 1


def refused(**options):
    return {**SMALL, **options}


def with_policy(**options):
    kwargs = {"optimizer_class": torch.optim.Adam, **SMALL["policy_kwargs"], **options}
    return refused(policy_kwargs=kwargs)


class OwnFlatten(sb3_contrib.qrdqn.policies.FlattenExtractor):
    pass


def dict_envs():
    from stable_baselines3.common.vec_env import DummyVecEnv

    class Both(gym.Env):
        observation_space = gym.spaces.Dict({"a": gym.spaces.Box(-1, 1, (3,), np.float32)})
        action_space = gym.spaces.Discrete(3)

        def reset(self, *, seed=None, options=None):
            super().reset(seed=seed)
            return {"a": np.zeros(3, np.float32)}, {}

        def step(self, action):
            return {"a": np.zeros(3, np.float32)}, 1.0, self.np_random.random() < 0.1, False, {}

    return DummyVecEnv([Both] * 2)


def normalized_envs():
    from stable_baselines3.common.vec_env import VecNormalize

    return VecNormalize(drift_envs())


REFUSED = {
    "optimizer": (with_policy(optimizer_class=torch.optim.RMSprop, optimizer_kwargs={}), "RMSprop"),
    "amsgrad": (with_policy(optimizer_kwargs={"amsgrad": True}), "amsgrad=True"),
    "activation": (with_policy(activation_fn=nn.ELU), "ELU"),
    "features": (with_policy(features_extractor_class=OwnFlatten), "OwnFlatten"),
    "memory": (
        refused(
            optimize_memory_usage=True,
            replay_buffer_kwargs={"handle_timeout_termination": False},
        ),
        "optimize_memory_usage",
    ),
    "float64": (refused(env=lambda: drift_envs(dtype=np.float64)), "Box of float32"),
    "dict": (refused(policy="MultiInputPolicy", env=dict_envs), "Box of float32"),
    "VecNormalize": (refused(env=normalized_envs), "VecNormalize"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_not_covered_is_stocks_own(case):
    options, reason = REFUSED[case]
    make = options.get("env", drift_envs)
    models = []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for kind in (sb3_contrib.QRDQN, QRDQN):
            model = kind(**copy.deepcopy({**options, "env": None}) | {"env": make()})
            model.learn(800)
            models.append(model)
    assert reason in models[1].native_refusal
    told = [w for w in caught if reason in str(w.message)]
    assert [(w.category, str(w.message)) for w in told] == [
        (
            SlowPathWarning,
            f"QRDQN runs on sb3-contrib's own code because {models[1].native_refusal}; that is "
            "about 70 times slower",
        )
    ]
    assert len(caught) == 1
    assert models[1]._n_updates > 30
    assert_close(*models, tolerance=0)


def test_hooks_are_not_skipped():
    model = QRDQN(env=drift_envs(), **SMALL)
    model.learn(400)
    assert model.native_refusal is None
    calls = []
    handle = model.quantile_net.register_forward_hook(lambda *_: calls.append(1))
    with pytest.warns(SlowPathWarning, match="hooks"):
        model.learn(400)
    model.learn(400)  # said once
    assert "hooks" in model.native_refusal
    assert calls
    handle.remove()
    model.learn(400)
    assert model.native_refusal is None


CHANGES = {
    "other parameters": lambda m: m.set_parameters(
        {
            "policy": {name: value * 0.5 for name, value in m.policy.state_dict().items()},
            "policy.optimizer": m.policy.optimizer.state_dict(),
        }
    ),
    "parameters from a vector": lambda m: m.policy.load_from_vector(
        m.policy.parameters_to_vector() * 0.5
    ),
    "a fresh optimizer": lambda m: m.policy.optimizer.load_state_dict(
        torch.optim.Adam(m.quantile_net.parameters(), eps=0.01).state_dict()
    ),
    "a setting of the optimizer": lambda m: m.policy.optimizer.param_groups[0].update(eps=0.1),
    "an empty replay buffer": lambda m: m.replay_buffer.reset(),
    "clipping": lambda m: setattr(m, "max_grad_norm", 0.1),
    "a discount": lambda m: setattr(m, "gamma", 0.5),
    "data written directly": lambda m: [p.data.mul_(0.5) for p in m.policy.parameters()],
    "one weight": lambda m: m.quantile_net.quantile_net[0].weight.detach()[3, 5].fill_(2.0),
}


class Change(BaseCallback):
    def __init__(self, step, change):
        super().__init__()
        self.step, self.change = step, change

    def _on_step(self):
        if self.n_calls == self.step:
            self.change(self.model)
        return True


@pytest.mark.parametrize("case", CHANGES)
def test_changes_from_outside_are_followed(case):
    journals, models = [], []
    for kind in (sb3_contrib.QRDQN, QRDQN):
        journal = Journal()
        model = kind(env=drift_envs(), **SMALL)
        model.learn(1600, callback=[journal, Change(300, CHANGES[case])])
        journals.append(journal)
        models.append(model)
    assert models[1].native_refusal is None
    if assert_equal_up_to_a_tie(*journals) is None:
        assert_close(*models, tolerance=1e-5)


def test_a_replay_buffer_of_ones_own(tmp_path):
    model = QRDQN(env=drift_envs(), **SMALL)
    model.learn(600)
    model.save_replay_buffer(tmp_path / "buffer.pkl")
    models = []
    for kind in (sb3_contrib.QRDQN, QRDQN):
        other = kind(env=drift_envs(), **SMALL)
        other.learn(300)
        other.load_replay_buffer(tmp_path / "buffer.pkl")
        other.learn(300, reset_num_timesteps=False)
        models.append(other)
    assert_close(*models, tolerance=1e-5)


class TestPredict:
    def models(self, epsilon=0.5):
        models = [kind(env=drift_envs(), **SMALL) for kind in (sb3_contrib.QRDQN, QRDQN)]
        for model in models:
            model.exploration_rate = epsilon
        return models

    @pytest.mark.parametrize(
        "observation",
        [
            np.ones((7, 12), np.float32),
            np.ones(12, np.float32),
            np.ones((7, 12)),
            np.ones((12, 7), np.float32).T,
            np.ones((1, 12), np.float32),
            np.ones((5, 24), np.float32)[:, ::2],
        ],
    )
    def test_forms_of_observations(self, observation):
        results = []
        for model in self.models():
            model.set_random_seed(4)
            results.append([model.predict(observation)[0] for _ in range(20)])
            results[-1].append(model.predict(observation, deterministic=True)[0])
            results[-1].append(np.random.rand())
        for a, b in zip(*results, strict=True):
            assert type(a) is type(b)
            assert np.shape(a) == np.shape(b)
            assert np.asarray(a).dtype == np.asarray(b).dtype
            np.testing.assert_array_equal(a, b)

    @pytest.mark.parametrize(
        "observation", [np.ones((7, 11), np.float32), np.ones((2, 7, 12), np.float32), (1, {})]
    )
    def test_refusals(self, observation):
        errors = []
        for model in self.models(0.0):
            with pytest.raises(Exception) as caught:  # noqa: PT011
                model.predict(observation, deterministic=True)
            errors.append((caught.type, str(caught.value)))
        assert errors[0] == errors[1]

    def test_hidden_state_is_passed_on(self):
        state = (np.zeros(1),)
        for model in self.models(0.0):
            assert model.predict(np.ones((2, 12), np.float32), state)[1] is state

    def test_without_an_environment(self, tmp_path):
        self.models()[1].save(tmp_path / "model.zip")
        model = QRDQN.load(tmp_path / "model.zip")
        assert model.predict(np.ones((2, 12), np.float32), deterministic=True)[0].shape == (2,)
        assert model.native_refusal is None


def test_training_mode_is_stocks():
    seen = []
    for kind in (sb3_contrib.QRDQN, QRDQN):
        flags = []

        class Look(BaseCallback):
            def _flags(self):
                model = self.model
                return [model.policy.training, *(m.training for m in model.policy.modules())]

            def _on_step(self, flags=flags):
                flags.append(self._flags())
                return True

            def _on_rollout_end(self, flags=flags):
                flags.append(self._flags())

        model = kind(env=drift_envs(), **SMALL)
        model.learn(400, callback=Look())
        flags.append([m.training for m in model.policy.modules()])
        model.predict(np.ones((2, 12), np.float32), deterministic=True)
        flags.append([m.training for m in model.policy.modules()])
        seen.append(flags)
    assert seen[0] == seen[1]


def test_callbacks_find_their_variables():
    names = []
    for kind in (sb3_contrib.QRDQN, QRDQN):
        journal = Journal()
        kind(env=drift_envs(), **SMALL).learn(300, callback=journal)
        names.append(journal.names)
    assert names[0] <= names[1]


class StopAt(BaseCallback):
    def _on_step(self):
        return self.n_calls < 57


def test_a_callback_stops_the_training():
    models = []
    for kind in (sb3_contrib.QRDQN, QRDQN):
        models.append(kind(env=drift_envs(), **SMALL))
        models[-1].learn(2000, callback=StopAt())
    assert models[0].num_timesteps == models[1].num_timesteps == 57 * 4
    assert models[0].replay_buffer.pos == models[1].replay_buffer.pos
    assert_close(*models, tolerance=1e-6)


def test_logs_are_stocks(tmp_path):
    rows = []
    for kind in (sb3_contrib.QRDQN, QRDQN):
        folder = tmp_path / kind.__module__
        model = kind(env=drift_envs(), **SMALL)
        model.set_logger(configure(str(folder), ["csv"]))
        model.learn(2000, log_interval=10)
        model.logger.close()
        lines = (folder / "progress.csv").read_text().splitlines()
        rows.append(
            [dict(zip(lines[0].split(","), line.split(","), strict=True)) for line in lines]
        )
    assert len(rows[0]) > 3
    for a, b in zip(*rows, strict=True):
        assert a.keys() == b.keys()
    for a, b in zip(rows[0][1:], rows[1][1:], strict=True):
        for name in ("rollout/ep_rew_mean", "time/total_timesteps", "train/n_updates"):
            assert a[name] == b[name]
        if a["train/loss"]:
            assert float(a["train/loss"]) == pytest.approx(float(b["train/loss"]), rel=1e-4)


def test_a_copy_trains_on_its_own():
    model = QRDQN(env=drift_envs(), **SMALL)
    model.learn(400)
    before = model.policy.parameters_to_vector()
    twin = copy.deepcopy(model)
    twin.learn(400)
    assert (model.policy.parameters_to_vector() == before).all()
    assert (twin.policy.parameters_to_vector() != before).any()


class StocksLoop(QRDQN):
    collect_rollouts = OffPolicyAlgorithm.collect_rollouts


def test_the_loop_does_what_stocks_does():
    models = []
    for kind in (QRDQN, StocksLoop):
        models.append(kind(env=drift_envs(), **SMALL))
        models[-1].learn(1200)
        assert models[-1].native_refusal is None
    assert_close(*models, tolerance=0)
    assert models[0].replay_buffer.observations.tobytes() == (
        models[1].replay_buffer.observations.tobytes()
    )


@pytest.mark.parametrize("filled", [1, 2, 3, 1000, 12500, 2**20, 2**31])
@pytest.mark.parametrize("games", [1, 5, 8])
def test_draws_are_numpys(filled, games):
    generator = np.random.get_bit_generator()
    for count in (1, 64, 7):
        np.random.seed(count)
        wanted = [
            np.random.randint(0, filled, size=count),
            np.random.randint(0, high=games, size=(count,)),
            np.random.rand(),
        ]
        np.random.seed(count)
        found = [
            *_core.draw_transitions(
                generator.capsule, positions=filled, num_envs=games, count=count
            ),
            np.random.rand(),
        ]
        for a, b in zip(wanted, found, strict=True):
            assert np.asarray(a).dtype == np.asarray(b).dtype
            np.testing.assert_array_equal(a, b)


def test_draws_from_nothing():
    capsule = np.random.get_bit_generator().capsule
    for arguments in [(0, 1, 1), (1, 0, 1), (1, 1, 0), (2**31 + 1, 1, 1)]:
        with pytest.raises(ValueError, match="must be from 1 to"):
            _core.draw_transitions(
                capsule, **dict(zip(("positions", "num_envs", "count"), arguments, strict=True))
            )
    model = QRDQN(env=drift_envs(), **SMALL)
    model.set_logger(configure(None, []))
    with pytest.raises(ValueError, match="must be from 1 to"):
        model.train(1, 8)
