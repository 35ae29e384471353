"""What the learner's tests compare with: the same calculation in torch, and small environments."""

import itertools

import gymnasium as gym
import numpy as np
import torch
from sb3_contrib.common.utils import quantile_huber_loss
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.monitor import Monitor
from stable_baselines3.common.vec_env import DummyVecEnv
from torch import nn

from qwop_native import _core

ISAS = _core.learner_instruction_sets()


class Problem:
    """A network, its target and a replay buffer of random numbers, in torch and natively."""

    def __init__(
        self,
        widths=(60, 64, 64),
        n_actions=9,
        n_quantiles=200,
        activation="relu",
        isa="",
        seed=0,
        spread=3.0,
        positions=200,
        games=4,
    ):
        torch.manual_seed(seed)
        self.rng = np.random.default_rng(seed)
        self.n_actions, self.n_quantiles = n_actions, n_quantiles
        self.online = self.network(widths, activation, spread)
        self.target = self.network(widths, activation, spread)
        shape = (positions, games)
        self.observations = self.normal(*shape, widths[0])
        self.next_observations = self.normal(*shape, widths[0])
        self.actions = self.rng.integers(0, n_actions, (*shape, 1))
        self.rewards = self.normal(*shape)
        self.dones = (self.rng.random(shape) < 0.2).astype(np.float32)
        self.timeouts = (self.rng.random(shape) < 0.1).astype(np.float32) * self.dones
        self.learner = _core.QuantileLearner(
            widths=list(widths),
            n_actions=n_actions,
            n_quantiles=n_quantiles,
            activation=activation,
            instruction_set=isa,
        )
        self.bind()

    def normal(self, *shape):
        return self.rng.standard_normal(shape).astype(np.float32)

    def network(self, widths, activation, spread):
        outputs = self.n_actions * self.n_quantiles
        function = {"relu": nn.ReLU, "tanh": nn.Tanh}[activation]
        layers = []
        for inputs, width in itertools.pairwise(widths):
            layers += [nn.Linear(inputs, width), function()]
        head = nn.Linear(widths[-1], outputs)
        with torch.no_grad():
            head.weight *= spread
            head.bias *= spread
        return nn.Sequential(*layers, head)

    def bind(self):
        self.parameters = arrays(self.online.parameters())
        self.means = [np.zeros_like(p) for p in self.parameters]
        self.squares = [np.zeros_like(p) for p in self.parameters]
        self.steps = [np.zeros((), np.float32) for _ in self.parameters]
        self.learner.bind_online(self.parameters)
        self.learner.bind_target(arrays(self.target.parameters()))
        self.learner.bind_adam(means=self.means, squares=self.squares, steps=self.steps)
        self.bind_replay()

    def bind_replay(self):
        self.learner.bind_replay(
            observations=self.observations,
            next_observations=self.next_observations,
            actions=self.actions,
            rewards=self.rewards,
            dones=self.dones,
            timeouts=self.timeouts,
        )

    def draw(self, batch):
        positions, games = self.rewards.shape
        return self.rng.integers(0, positions, batch), self.rng.integers(0, games, batch)

    def update(self, positions, games, gamma, max_grad_norm=None, **adam):
        return self.learner.update(
            positions=positions,
            games=games,
            gamma=gamma,
            adam=_core.AdamOptions(**adam),
            max_grad_norm=max_grad_norm,
        )

    def gradients(self, positions, games, gamma):
        return self.learner.gradients(positions=positions, games=games, gamma=gamma)

    def reference(self, positions, games, gamma, dtype=torch.float64):
        """Loss and gradients by torch's own differentiation, as sb3-contrib writes the loss."""
        online, target = clone(self.online, dtype), clone(self.target, dtype)
        batch = len(positions)
        n, a = self.n_quantiles, self.n_actions

        def tensor(array):
            return torch.tensor(array[positions, games], dtype=dtype)

        with torch.no_grad():
            following = target(tensor(self.next_observations)).view(-1, n, a)
            greedy = following.mean(dim=1, keepdim=True).argmax(dim=2, keepdim=True)
            following = following.gather(2, greedy.expand(batch, n, 1)).squeeze(2)
            done = tensor(self.dones * (1 - self.timeouts))[:, None]
            wanted = tensor(self.rewards)[:, None] + (1 - done) * gamma * following
        current = online(tensor(self.observations)).view(-1, n, a)
        actions = torch.tensor(self.actions[positions, games])
        current = current.gather(2, actions[..., None].expand(batch, n, 1)).squeeze(2)
        loss = quantile_huber_loss(current, wanted, sum_over_quantiles=True)
        loss.backward()
        return loss.item(), [p.grad.numpy() for p in online.parameters()]


def arrays(parameters):
    return [parameter.detach().numpy() for parameter in parameters]


def clone(network, dtype):
    copy = nn.Sequential(
        *(
            nn.Linear(m.in_features, m.out_features) if isinstance(m, nn.Linear) else type(m)()
            for m in network
        )
    )
    copy.load_state_dict(network.state_dict())
    return copy.to(dtype)


class Drift(gym.Env):
    """A cheap stochastic task: keep a noisy point near the origin by pushing it along an axis."""

    def __init__(self, size=12, n_actions=5, dtype=np.float32):
        self.observation_space = gym.spaces.Box(-np.inf, np.inf, (size,), dtype)
        self.action_space = gym.spaces.Discrete(n_actions)
        self.pushes = np.random.default_rng(7).standard_normal((n_actions, size)) * 0.3

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.place = self.np_random.standard_normal(self.observation_space.shape)
        return self.place.astype(self.observation_space.dtype), {}

    def step(self, action):
        self.place += self.pushes[action] + 0.1 * self.np_random.standard_normal(self.place.shape)
        distance = float(np.linalg.norm(self.place))
        return (
            self.place.astype(self.observation_space.dtype),
            3.0 - distance,
            distance > 6.0,
            False,
            {},
        )


def drift_envs(count=4, limit=40, **kwargs):
    def make():
        return Monitor(gym.wrappers.TimeLimit(Drift(**kwargs), limit))

    return DummyVecEnv([make] * count)


class Every(BaseCallback):
    """Calls at each rollout's start."""

    def __init__(self, call):
        super().__init__()
        self._call = call

    def _on_rollout_start(self):
        self._call(self.model)

    def _on_step(self):
        return True
