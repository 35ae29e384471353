"""A replay buffer of SB3's that draws what surprised most (Schaul et al. 2016)."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import torch as th
from gymnasium import spaces
from stable_baselines3.common.buffers import ReplayBuffer
from stable_baselines3.common.type_aliases import ReplayBufferSamples
from stable_baselines3.common.vec_env import VecNormalize

from qwop_native import _core

Indices = npt.NDArray[np.int64]


class PrioritizedSamples(NamedTuple):
    """A batch.

    Attributes:
        data: As from `ReplayBuffer.sample`.
        weights: Importance weights, float32 (batch, 1), at most 1.
        indices: For `update_priorities`, int64 (batch,).
    """

    data: ReplayBufferSamples
    weights: th.Tensor
    indices: Indices


class PrioritizedReplayBuffer(ReplayBuffer):
    """Draws transitions in proportion to their priority.

    The priority of a transition is (|error| + epsilon) ** alpha; a new one has the highest seen so
    far, so that everything is learned from at least once on average.

    Args:
        buffer_size: Transitions that are kept, of all games together.
        observation_space: Of the environment.
        action_space: Of the environment.
        device: Where batches go.
        n_envs: Number of games.
        optimize_memory_usage: Must be False.
        handle_timeout_termination: As for `ReplayBuffer`.
        alpha: 0 draws all alike, 1 in proportion to the error.
        epsilon: Keeps what is learned perfectly from never being drawn again.

    Raises:
        ValueError: An argument has a value that is not accepted.
    """

    def __init__(
        self,
        buffer_size: int,
        observation_space: spaces.Space[Any],
        action_space: spaces.Space[Any],
        device: th.device | str = "auto",
        n_envs: int = 1,
        optimize_memory_usage: bool = False,
        handle_timeout_termination: bool = True,
        alpha: float = 0.6,
        epsilon: float = 1e-6,
    ) -> None:
        if optimize_memory_usage:
            raise ValueError("prioritized replay needs optimize_memory_usage to be False")
        if not 0 <= alpha <= 1:
            raise ValueError(f"alpha must be from 0 to 1, got {alpha!r}")
        if not epsilon > 0:
            raise ValueError(f"epsilon must be above 0, got {epsilon!r}")
        super().__init__(
            buffer_size,
            observation_space,
            action_space,
            device,
            n_envs,
            optimize_memory_usage,
            handle_timeout_termination,
        )
        self.alpha, self.epsilon = alpha, epsilon
        capacity = self.buffer_size * n_envs
        self._sums = _core.SegmentTree(capacity)
        self._minima = _core.SegmentTree(capacity, "minimum")
        self._highest = 1.0

    def add(self, *args: Any, **kwargs: Any) -> None:
        """Stores a transition of each game."""
        first = self.pos * self.n_envs
        super().add(*args, **kwargs)
        self._set(np.arange(first, first + self.n_envs), self._highest)

    def sample(self, batch_size: int, env: VecNormalize | None = None) -> Any:
        """Draws a batch with full correction of its bias, as `draw` with beta = 1."""
        return self.draw(batch_size, 1.0, env).data

    def draw(
        self, batch_size: int, beta: float, env: VecNormalize | None = None
    ) -> PrioritizedSamples:
        """Draws a batch, one from each of `batch_size` equal parts of the sum of priorities.

        Args:
            batch_size: How many.
            beta: 0 leaves the bias that the priorities bring, 1 takes it away.
            env: Normalizes the batch, if given.
        """
        indices = self._sums.draw(np.random.random(batch_size))
        positions, games = np.divmod(indices, self.n_envs)
        # (N P(i)) ** -beta over the largest of them, which belongs to the smallest priority: N and
        # the sum cancel.
        weights = (self._sums[indices] / self._minima.root) ** -beta
        data = (
            self._normalize_obs(self.observations[positions, games], env),
            self.actions[positions, games],
            self._normalize_obs(self.next_observations[positions, games], env),
            (self.dones[positions, games] * (1 - self.timeouts[positions, games]))[:, None],
            self._normalize_reward(self.rewards[positions, games][:, None], env),
        )
        return PrioritizedSamples(
            ReplayBufferSamples(*map(self.to_torch, data)),
            th.as_tensor(weights[:, None], dtype=th.float32, device=self.device),
            indices,
        )

    def update_priorities(self, indices: Indices, errors: npt.NDArray[Any]) -> None:
        """Sets the priorities of drawn transitions.

        Args:
            indices: As drawn, int64 (batch,).
            errors: How wrong the value of each was, (batch,), of any sign.
        """
        priorities = (np.abs(errors.astype(np.float64)) + self.epsilon) ** self.alpha
        self._highest = max(self._highest, float(priorities.max()))
        self._set(indices, priorities)

    def _set(self, indices: Indices, priorities: npt.NDArray[np.float64] | float) -> None:
        self._sums.set(indices, priorities)
        self._minima.set(indices, priorities)
