"""The native learner for large batches against torch, and updates beside the games."""

import copy

import numpy as np
import pytest

pytest.importorskip("sb3_contrib")

import torch
from learner_reference import ISAS, drift_envs
from stable_baselines3.common.buffers import NStepReplayBuffer
from torch import nn

from qwop_native import _core
from qwop_native.sb3 import QRDQN
from qwop_native.sb3._large_batch import LargeBatchKernel
from qwop_native.sb3._targets import TargetOptions
from qwop_native.sb3._torch_update import loss_of, train
from qwop_native.sb3.checkpoint import load_checkpoint, save_checkpoint
from qwop_native.sb3.policies import RelativeFeatures
from qwop_native.training.sprint.games import SprintGames
from qwop_native.training.sprint.settings import GamesSettings

pytestmark = pytest.mark.usefixtures("one_thread")

TARGETS = {
    "plain": TargetOptions(),
    "double": TargetOptions(double_q=True),
    "munchausen": TargetOptions(munchausen_alpha=0.9),
    "munchausen warm": TargetOptions(
        munchausen_alpha=0.5, munchausen_tau=2.0, munchausen_clip=-0.3
    ),
}
POSITIONS, GAMES, NEWEST = 40, 5, 17


class Problem:
    """Networks, a buffer that has wrapped around, and drawn transitions."""

    def __init__(self, widths, n_quantiles, batch, layer_norm=True, activation=nn.ReLU, actions=9):
        torch.manual_seed(3)
        self.rng = np.random.default_rng(3)
        self.widths, self.n_quantiles, self.actions = widths, n_quantiles, actions
        self.layer_norm, self.activation = layer_norm, activation
        self.online, self.target = self.network(), self.network()
        shape = (POSITIONS, GAMES)
        self.buffer = NStepReplayBuffer(
            POSITIONS * GAMES,
            drift_envs(1, size=widths[0]).observation_space,
            drift_envs(1, n_actions=actions).action_space,
            "cpu",
            n_envs=GAMES,
            gamma=0.9,
        )
        buffer = self.buffer
        buffer.observations[:] = self.rng.standard_normal((*shape, widths[0]))
        buffer.next_observations[:] = self.rng.standard_normal((*shape, widths[0]))
        buffer.actions[:] = self.rng.integers(0, actions, (*shape, 1))
        buffer.rewards[:] = self.rng.standard_normal(shape)
        buffer.dones[:] = self.rng.random(shape) < 0.15
        buffer.timeouts[:] = buffer.dones * (self.rng.random(shape) < 0.3)
        buffer.pos, buffer.full = NEWEST + 1, True
        self.positions = self.rng.integers(0, POSITIONS, batch)
        self.games = self.rng.integers(0, GAMES, batch)

    def network(self):
        layers, width = [], self.widths[0]
        for hidden in self.widths[1:]:
            layers.append(nn.Linear(width, hidden))
            if self.layer_norm:
                norm = nn.LayerNorm(hidden)
                nn.init.normal_(norm.weight, 1.0, 0.3)
                nn.init.normal_(norm.bias, 0.0, 0.3)
                layers.append(norm)
            layers.append(self.activation())
            width = hidden
        layers.append(nn.Linear(width, self.actions * self.n_quantiles))
        shaped = nn.Unflatten(1, (self.n_quantiles, self.actions))
        return nn.Sequential(*layers, shaped)

    def learner(self, isa=""):
        learner = _core.LargeBatchLearner(
            _core.ValueShape(
                observation_size=self.widths[0],
                hidden=self.widths[1:],
                n_actions=self.actions,
                n_quantiles=self.n_quantiles,
                activation={nn.ReLU: "relu", nn.Tanh: "tanh"}[self.activation],
                layer_norm=self.layer_norm,
            ),
            instruction_set=isa,
        )
        learner.bind_online([p.detach().numpy() for p in self.online.parameters()])
        learner.bind_target([p.detach().numpy() for p in self.target.parameters()])
        names = ("observations", "next_observations", "actions", "rewards", "dones", "timeouts")
        learner.bind_replay(**{name: getattr(self.buffer, name) for name in names})
        return learner

    def options(self, targets, n_steps):
        soft = (targets.munchausen_alpha, targets.munchausen_tau, targets.munchausen_clip)
        return _core.LargeBatchOptions(
            gamma=0.9,
            n_steps=n_steps,
            newest=NEWEST,
            double_q=targets.double_q,
            munchausen=soft if targets.munchausen_alpha else None,
            max_grad_norm=0.5,
            adam=_core.AdamOptions(
                learning_rate=1e-3,
                betas=(0.9, 0.999),
                epsilon=1e-5,
                weight_decay=0.01,
                decoupled_weight_decay=True,
            ),
        )

    def expected(self, targets, n_steps):
        """Loss and gradients in float64, of the batch that SB3's own buffer makes of the draws."""
        self.buffer.n_steps = n_steps
        drawn = np.random.randint
        np.random.randint = lambda *_, **__: self.games
        try:
            batch = self.buffer._get_samples(self.positions)
        finally:
            np.random.randint = drawn
        wide = type(batch)(*(x.double() if x.is_floating_point() else x for x in batch))
        online = copy.deepcopy(self.online).double()
        loss = loss_of(wide, online, copy.deepcopy(self.target).double(), 0.9, targets)
        loss.backward()
        return float(loss.detach()), [p.grad.numpy().ravel() for p in online.parameters()]


@pytest.mark.parametrize("isa", ISAS)
@pytest.mark.parametrize("n_steps", [1, 4])
@pytest.mark.parametrize("targets", TARGETS)
@pytest.mark.parametrize(
    ("widths", "n_quantiles", "batch", "layer_norm", "activation"),
    [
        ((7, 40, 24), 7, 300, True, nn.ReLU),
        ((60, 64, 64), 32, 130, True, nn.Tanh),
        ((33, 48), 16, 1000, False, nn.ReLU),
    ],
)
def test_loss_and_gradients_are_torchs(
    isa, n_steps, targets, widths, n_quantiles, batch, layer_norm, activation
):
    problem = Problem(widths, n_quantiles, batch, layer_norm, activation)
    options = problem.options(TARGETS[targets], n_steps)
    drawn = {"positions": problem.positions, "games": problem.games, "options": options}
    loss, gradients = problem.learner(isa).gradients(**drawn)
    wanted_loss, wanted = problem.expected(TARGETS[targets], n_steps)
    assert loss == pytest.approx(wanted_loss, rel=1e-5)
    for got, reference in zip(gradients, wanted, strict=True):
        np.testing.assert_allclose(got, reference, rtol=0, atol=1e-5 * np.abs(reference).max())


def test_results_do_not_depend_on_threads():
    results = []
    for threads in (1, 2, 5):
        problem = Problem((60, 64, 64), 32, 700)
        learner = problem.learner()
        learner.threads = threads
        zeros = [np.zeros(p.numel(), np.float32) for p in problem.online.parameters()]
        steps = [np.zeros(1, np.float32) for _ in zeros]
        learner.bind_adam(means=[z.copy() for z in zeros], squares=zeros, steps=steps)
        for _ in range(3):
            options = problem.options(TARGETS["munchausen"], 3)
            learner.update(positions=problem.positions, games=problem.games, options=options)
        assert [float(step[0]) for step in steps] == [3.0] * len(steps)
        results.append([p.detach().numpy().copy() for p in problem.online.parameters()])
    for other in results[1:]:
        assert all(np.array_equal(a, b) for a, b in zip(results[0], other, strict=True))


def test_errors_and_importance():
    problem = Problem((7, 40), 8, 200)
    learner = problem.learner()
    zeros = [np.zeros(p.numel(), np.float32) for p in problem.online.parameters()]
    steps = [np.zeros(1, np.float32) for _ in zeros]
    learner.bind_adam(means=[z.copy() for z in zeros], squares=zeros, steps=steps)
    drawn = {"positions": problem.positions, "games": problem.games}
    importance = problem.rng.random(200).astype(np.float32)
    errors = np.zeros(200, np.float32)
    options = problem.options(TARGETS["plain"], 2)
    loss = learner.update(**drawn, options=options, importance=importance, errors=errors)
    assert loss == pytest.approx(float((importance * errors).mean()), rel=1e-5)
    with pytest.raises(ValueError, match="importance must hold 200 numbers, got 3"):
        learner.update(**drawn, options=options, importance=importance[:3])


def test_what_is_not_there_is_refused():
    problem = Problem((7, 40), 8, 20)
    learner = problem.learner()
    options = problem.options(TARGETS["plain"], 1)
    with pytest.raises(ValueError, match="outside the replay buffer"):
        learner.gradients(
            positions=problem.positions + POSITIONS, games=problem.games, options=options
        )
    with pytest.raises(ValueError, match="n_steps must be at least 1"):
        learner.gradients(
            positions=problem.positions,
            games=problem.games,
            options=problem.options(TARGETS["plain"], 0),
        )
    with pytest.raises(ValueError, match="hidden layer"):
        _core.ValueShape(observation_size=3, hidden=[], n_actions=2, n_quantiles=2) and (
            _core.LargeBatchLearner(
                _core.ValueShape(observation_size=3, hidden=[], n_actions=2, n_quantiles=2)
            )
        )


# ---- the class ---------------------------------------------------------------------------------


def small(env=None, **options):
    given = {
        "buffer_size": 600,
        "learning_starts": 60,
        "batch_size": 32,
        "learning_rate": 1e-3,
        "train_freq": 1,
        "gradient_steps": 2,
        "target_update_interval": 60,
        "exploration_initial_eps": 0.5,
        "n_steps": 3,
        "munchausen_alpha": 0.9,
        "seed": 3,
        "device": "cpu",
        "policy_kwargs": {"net_arch": [24, 16], "n_quantiles": 8, "layer_norm": True},
        **options,
    }
    return QRDQN("MlpPolicy", drift_envs(3, size=4) if env is None else env, **given)


def parameters(model):
    return [p.detach().numpy().copy() for p in model.policy.parameters()]


def same(one, other):
    both = zip(parameters(one), parameters(other), strict=True)
    return all(np.array_equal(a, b) for a, b in both)


def test_updates_are_the_twins():
    native, twin = (small().learn(150) for _ in range(2))
    assert type(native._kernel) is LargeBatchKernel
    assert same(native, twin)
    state = np.random.get_state()
    native.train(5, 32)
    np.random.set_state(state)
    train(twin, twin.target_options, 5, 32)
    for got, wanted in zip(parameters(native), parameters(twin), strict=True):
        np.testing.assert_allclose(got, wanted, atol=2e-5)


def sprint_games():
    settings = GamesSettings(num_envs=16, frames_per_step=3, slow_frames=30)
    return SprintGames(settings, np.random.default_rng(5), observation="standard")


def overlapping(env):
    policy = {
        "net_arch": [24, 16],
        "n_quantiles": 8,
        "layer_norm": True,
        "features_extractor_class": RelativeFeatures,
    }
    return small(env, overlap=True, exploration_per_env=True, policy_kwargs=policy)


def test_updates_beside_the_games_are_reproducible():
    models = []
    for threads in (1, 2):
        torch.set_num_threads(threads)
        model = overlapping(sprint_games())
        model.learn(960)
        models.append(model)
    assert models[0].native_refusal is None
    assert same(*models)


def test_updates_beside_the_games_go_on_from_a_checkpoint(tmp_path):
    from stable_baselines3.common.callbacks import BaseCallback

    class At(BaseCallback):
        def _on_rollout_start(self):
            if self.num_timesteps == 640:
                save_checkpoint(tmp_path / "a.ckpt", self.model)

        def _on_step(self):
            return True

    whole = overlapping(sprint_games())
    whole.learn(1600, callback=At())
    resumed = load_checkpoint(tmp_path / "a.ckpt", sprint_games())
    assert resumed.num_timesteps == 640
    resumed.learn(1600 - 640, reset_num_timesteps=False)
    assert resumed.num_timesteps == whole.num_timesteps
    assert all(
        np.array_equal(a, b) for a, b in zip(*map(parameters, (whole, resumed)), strict=True)
    )


def test_overlap_needs_one_step_a_block():
    model = small(overlap=True, train_freq=4)
    with pytest.raises(ValueError, match="overlap needs train_freq=1, got 4"):
        model.learn(100)


def test_options_at_their_defaults_leave_stocks_zip(tmp_path):
    import json
    import zipfile

    model = small(n_steps=1, munchausen_alpha=0.0)
    model.learn(100)
    model.save(tmp_path / "m.zip")
    with zipfile.ZipFile(tmp_path / "m.zip") as archive:
        keys = json.loads(archive.read("data"))
    assert not {"overlap", "exploration_per_env", "_acting", "_overlap"} & set(keys)


def test_each_environment_explores_by_itself():
    model = small(exploration_per_env=True, exploration_final_eps=0.5)
    model.learn(100)
    model._last_obs = np.zeros((300, 4), np.float32)
    actions, _ = model._sample_action(0, None, 300)
    greedy = model.predict(np.zeros((1, 4), np.float32), deterministic=True)[0][0]
    strays = int((actions != greedy).sum())
    assert 60 < strays < 240  # half of them explore, some of them to the greedy action
