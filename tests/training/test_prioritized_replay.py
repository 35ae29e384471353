"""Prioritized replay against the obvious way, and learning from demonstrations with it."""

import numpy as np
import pytest
import sb3_contrib
import stable_baselines3
import torch
from gymnasium import spaces
from imitation_demonstrations import ARGUMENTS, demonstrations
from sb3_contrib.common.utils import quantile_huber_loss
from stable_baselines3.common.logger import Logger

from qwop_native._core import SegmentTree
from qwop_native.sb3 import QwopVecEnv
from qwop_native.training.replay.demo_learners import DemoDQN, DemoQRDQN, ReplaySettings
from qwop_native.training.replay.prioritized import PrioritizedReplayBuffer


@pytest.mark.parametrize("capacity", [1, 2, 7, 64, 100])
def test_tree_against_numpy(capacity):
    rng = np.random.default_rng(capacity)
    sums, minima = SegmentTree(capacity), SegmentTree(capacity, "minimum")
    plain, plain_minima = np.zeros(capacity), np.full(capacity, np.inf)
    for _ in range(30):
        indices = rng.integers(capacity, size=rng.integers(1, 20))
        values = rng.random(len(indices)) * (rng.random(len(indices)) < 0.8)
        for tree, array in ((sums, plain), (minima, plain_minima)):
            tree.set(indices, values)
            for index, value in zip(indices, values, strict=True):
                array[index] = value
        assert sums.root == pytest.approx(plain.sum(), rel=1e-12)
        assert minima.root == plain_minima.min()
        np.testing.assert_array_equal(sums[np.arange(capacity)], plain)
        if plain.sum() == 0:
            continue
        wanted = rng.random(50) * sums.root
        found = sums.find(wanted)
        edges = np.cumsum(plain)
        expected = np.searchsorted(edges, wanted, side="right")
        near = np.abs(wanted - edges[np.minimum(expected, capacity - 1)]) < 1e-9
        np.testing.assert_array_equal(found[~near], expected[~near])
        assert (plain[found] > 0).all()


def test_what_is_empty_is_never_found():
    tree = SegmentTree(8)
    tree.set(np.array([1, 5]), np.array([0.1, 0.2]))
    found = tree.find(np.array([0.0, 0.1, 0.3 - 1e-17, 0.3, 0.30000000000000004]))
    assert set(found.tolist()) <= {1, 5}


class Naive:
    """Priorities in a list, probabilities by division."""

    def __init__(self, alpha, epsilon):
        self.alpha, self.epsilon = alpha, epsilon
        self.priorities = []

    def add(self, index):
        highest = getattr(self, "highest", 1.0)
        self.priorities[index : index + 1] = [highest]

    def update(self, index, error):
        priority = (abs(error) + self.epsilon) ** self.alpha
        self.highest = max(getattr(self, "highest", 1.0), priority)
        self.priorities[index] = priority

    def draw(self, randoms, beta):
        chances = np.array(self.priorities) / sum(self.priorities)
        count = len(chances)
        edges, drawn = np.cumsum(chances), []
        for part, random in enumerate(randoms):
            drawn.append(int(np.searchsorted(edges, (part + random) / len(randoms), "right")))
        weights = (count * chances) ** -beta
        return drawn, (weights / weights.max())[drawn]


@pytest.mark.parametrize("n_envs", [1, 3])
def test_buffer_against_the_naive_one(n_envs):
    space = spaces.Box(-1, 1, (2,), np.float32)
    buffer = PrioritizedReplayBuffer(
        12, space, spaces.Discrete(4), "cpu", n_envs, alpha=0.7, epsilon=0.01
    )
    naive, rng = Naive(0.7, 0.01), np.random.default_rng(0)
    stored = {}
    for number in range(30):
        position = number % (12 // n_envs)
        rows = rng.random((n_envs, 2)).astype(np.float32)
        buffer.add(rows, rows + 1, np.full(n_envs, number % 4), rng.random(n_envs),
                   np.zeros(n_envs), [{}] * n_envs)  # fmt: skip
        for game in range(n_envs):
            naive.add(position * n_envs + game)
            stored[position * n_envs + game] = rows[game]
        np.random.seed(number)
        samples = buffer.draw(8, beta=0.4)
        np.random.seed(number)
        drawn, weights = naive.draw(np.random.random(8), 0.4)
        assert samples.indices.tolist() == drawn
        np.testing.assert_allclose(samples.weights[:, 0], weights, rtol=1e-5)
        for row, index in enumerate(drawn):
            np.testing.assert_array_equal(samples.data.observations[row], stored[index])
            np.testing.assert_array_equal(samples.data.next_observations[row], stored[index] + 1)
        errors = rng.normal(size=8) * 3
        buffer.update_priorities(samples.indices, errors)
        for index, error in zip(drawn, errors, strict=True):
            naive.update(index, error)


def test_frequencies_follow_the_priorities():
    space = spaces.Box(-1, 1, (1,), np.float32)
    buffer = PrioritizedReplayBuffer(4, space, spaces.Discrete(2), "cpu", alpha=1, epsilon=1e-9)
    for _ in range(4):
        buffer.add(np.zeros((1, 1)), np.zeros((1, 1)), np.zeros(1), np.zeros(1), np.zeros(1), [{}])
    buffer.update_priorities(np.arange(4), np.array([1.0, -2.0, 3.0, 4.0]))
    np.random.seed(0)
    counts = np.bincount(buffer.draw(10_000, 1.0).indices, minlength=4)
    np.testing.assert_allclose(counts / 10_000, [0.1, 0.2, 0.3, 0.4], atol=2e-3)


def made(kind, **replay):
    torch.manual_seed(0)
    extra = {"n_quantiles": 7} if kind is DemoQRDQN else {}
    model = kind(
        "MlpPolicy",
        QwopVecEnv(2, 1, seed=0, **ARGUMENTS),
        buffer_size=400,
        learning_starts=20,
        batch_size=16,
        train_freq=2,
        target_update_interval=50,
        learning_rate=1e-3,
        policy_kwargs={"net_arch": [16], **extra},
        replay=ReplaySettings(**replay),
        demonstrations=demonstrations(),
        seed=0,
        device="cpu",
    )
    model.set_logger(Logger(None, []))
    return model


@pytest.mark.parametrize("kind", [DemoDQN, DemoQRDQN])
def test_without_priorities_and_demonstrations_it_is_sb3s_update(kind):
    """One update on the same batch changes the parameters as the original class does."""
    model = made(kind, demo_injection_ratio=0.0, demo_prefill_count=20)
    np.random.seed(1)
    original = (stable_baselines3.DQN if kind is DemoDQN else sb3_contrib.QRDQN).train
    before = {name: value.clone() for name, value in model.policy.state_dict().items()}
    after = []
    for train in (original, kind.train):
        model.policy.load_state_dict(before)
        model.policy.optimizer = torch.optim.Adam(model.policy.parameters(), 1e-3)
        np.random.seed(1)
        train(model, gradient_steps=2, batch_size=16)
        after.append([value.clone() for value in model.policy.state_dict().values()])
    changed = False
    for one, other, start in zip(*after, before.values(), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-5, atol=1e-7)
        changed = changed or not torch.equal(one, start)
    assert changed


def test_loss_of_each_transition_is_the_quantile_loss():
    model = made(DemoQRDQN, demo_prefill_count=20)
    batch = model._batch(8)
    losses, _, values = model._losses(batch)
    assert batch.own == 6
    assert values.shape == (8, 9)
    quantiles = model.quantile_net(batch.observations)
    chosen = quantiles.gather(2, batch.actions[..., None].expand(8, 7, 1))[:, :, 0]
    after = model.quantile_net_target(batch.next_observations)
    best = after.mean(1).argmax(1)
    target = batch.rewards + (1 - batch.dones) * model.gamma * after[torch.arange(8), :, best]
    for row in range(8):
        expected = quantile_huber_loss(chosen[row : row + 1], target[row : row + 1])
        assert losses[row].item() == pytest.approx(expected.item(), rel=1e-5)


@pytest.mark.parametrize("kind", [DemoDQN, DemoQRDQN])
def test_learns_what_was_shown_and_saves_a_plain_zip(kind, tmp_path):
    model = made(
        kind, prioritized=True, demo_injection_ratio=0.5, demo_prefill_count=20, margin_weight=1.0
    )
    assert model.replay_buffer.pos == 10
    data = model.demonstrations
    before = model.predict(data.observations, deterministic=True)[0] == data.actions
    model.learn(600)
    after = model.predict(data.observations, deterministic=True)[0] == data.actions
    assert after.mean() > before.mean() + 0.3
    model.save(tmp_path / "model.zip")
    plain = stable_baselines3.DQN if kind is DemoDQN else sb3_contrib.QRDQN
    for cls in (plain, kind):
        loaded = cls.load(tmp_path / "model.zip", device="cpu")
        acts = loaded.predict(data.observations, deterministic=True)[0]
        np.testing.assert_array_equal(acts, model.predict(data.observations, deterministic=True)[0])


def test_refusals():
    with pytest.raises(ValueError, match="alpha"):
        made(DemoDQN, prioritized=True, per_alpha=2)
    with pytest.raises(ValueError, match="n_steps must be 1"):
        DemoDQN("MlpPolicy", QwopVecEnv(1, action_set="full"), n_steps=2)
