"""Rewards learned by telling demonstrations from what a policy does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch as th
from torch import nn

from qwop_native.envs.spaces import OBSERVATION_SIZE
from qwop_native.facts import FIELDS

Floats = npt.NDArray[np.float32]

_X_COLUMNS = np.arange(FIELDS.index("x"), OBSERVATION_SIZE, len(FIELDS))


class Features:
    """Observations as the reward model sees them.

    Where on the track the runner is does not matter to how it runs, and would be the easiest way to
    tell a beginner at the line from a demonstration at 50 m. So x is seen from the torso, and every
    column is brought to mean 0 and variance 1 over the demonstrations.

    Args:
        observations: Of the demonstrations, float32 (transitions, columns).
    """

    def __init__(self, observations: Floats) -> None:
        local = self._local(observations)
        self.mean = local.mean(axis=0)
        self.scale = np.maximum(local.std(axis=0), 1e-6).astype(np.float32)

    def __call__(self, observations: Floats) -> th.Tensor:
        """Features, float32 (transitions, columns), at most 10 in size."""
        scaled = (self._local(observations) - self.mean) / self.scale
        return th.as_tensor(scaled.clip(-10, 10))

    @staticmethod
    def _local(observations: Floats) -> Floats:
        local = np.array(observations, np.float32)
        if local.shape[1] >= OBSERVATION_SIZE:
            local[:, _X_COLUMNS] -= observations[:, :1]
        return local


@dataclass(frozen=True)
class Steps:
    """Transitions of a policy or of demonstrations.

    Attributes:
        observations: Features, float32 (transitions, columns).
        actions: int64 (transitions,).
        following: Features of the next observations, float32 (transitions, columns).
        ended: float32 (transitions,), 1 where the episode ended by itself: what follows is the
            state in which nothing happens any more.
        absorbed: float32 (transitions,), 1 where the transition itself is within that state.
        log_probability: Of the action under the policy, float32 (transitions,); 0 if absorbed.
    """

    observations: th.Tensor
    actions: th.Tensor
    following: th.Tensor
    ended: th.Tensor
    absorbed: th.Tensor
    log_probability: th.Tensor


def _network(inputs: int, hidden: Sequence[int]) -> nn.Sequential:
    layers: list[nn.Module] = []
    for width in hidden:
        layers += [nn.Linear(inputs, width), nn.Tanh()]
        inputs = width
    return nn.Sequential(*layers, nn.Linear(inputs, 1))


class RewardModel(nn.Module):
    """A score of transitions that is high for demonstrated ones.

    GAIL's is a network of state and action, and the reward is the log-odds against the transition
    being the policy's, softplus(score). AIRL's is g(s, a) + gamma h(s') - h(s), which is the reward
    itself; the odds also take how likely the policy was to choose the action. In both, the
    state after the end of an episode is one of its own, marked by a column.

    Args:
        columns: Of the features.
        n_actions: Number of actions.
        hidden: Widths of the hidden layers.
        gamma: Discount, used by AIRL.
        shaped: AIRL's form instead of GAIL's.
    """

    def __init__(
        self, columns: int, n_actions: int, hidden: Sequence[int], gamma: float, shaped: bool
    ) -> None:
        super().__init__()
        self.n_actions, self.gamma, self.shaped = n_actions, gamma, shaped
        self.score_of_action = _network(columns + 1 + n_actions, hidden)
        self.potential = _network(columns + 1, hidden) if shaped else None

    def score(self, steps: Steps) -> th.Tensor:
        """The score of each transition, float32 (transitions,)."""
        state = _marked(steps.observations, steps.absorbed)
        chosen = nn.functional.one_hot(steps.actions, self.n_actions)
        chosen = chosen * (1 - steps.absorbed)[:, None]
        score: th.Tensor = self.score_of_action(th.cat([state, chosen], 1))[:, 0]
        if self.potential is not None:
            after = _marked(steps.following, th.maximum(steps.ended, steps.absorbed))
            score = score + self.gamma * self.potential(after)[:, 0] - self.potential(state)[:, 0]
        return score

    def log_odds(self, steps: Steps) -> th.Tensor:
        """Log-odds of each transition being demonstrated, float32 (transitions,)."""
        score = self.score(steps)
        return score - steps.log_probability if self.shaped else score

    def reward(self, steps: Steps) -> th.Tensor:
        """What the policy is given for each transition, float32 (transitions,)."""
        score = self.score(steps)
        return score if self.shaped else nn.functional.softplus(score)


def _marked(features: th.Tensor, absorbed: th.Tensor) -> th.Tensor:
    """Features with the mark as a column; of the state after the end, the mark is all there is."""
    return th.cat([features * (1 - absorbed)[:, None], absorbed[:, None]], 1)


def loss(model: RewardModel, demonstrated: Steps, generated: Steps) -> tuple[th.Tensor, float]:
    """Cross-entropy of telling the two apart, and the part that is told right."""
    expert, policy = model.log_odds(demonstrated), model.log_odds(generated)
    softplus = nn.functional.softplus
    whole = (softplus(-expert).mean() + softplus(policy).mean()) / 2
    right = ((expert > 0).float().mean() + (policy < 0).float().mean()) / 2
    return whole, right.item()
