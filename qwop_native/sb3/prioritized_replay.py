"""A replay buffer that draws most often what surprised most (Schaul et al. 2016)."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt
from stable_baselines3.common.buffers import NStepReplayBuffer
from stable_baselines3.common.type_aliases import ReplayBufferSamples
from stable_baselines3.common.vec_env import VecNormalize

from qwop_native import _core
from qwop_native.sb3._drawn import Drawn


class PrioritizedReplayBuffer(NStepReplayBuffer):
    """Draws transitions in proportion to their priority, (error + epsilon) ** alpha.

    For `QRDQN(..., replay_buffer_class=PrioritizedReplayBuffer)`, which weighs losses by importance
    and gives the losses back as errors, and tells the buffer its `n_steps` and `gamma`. Other
    learners do neither: to them all transitions are alike.

    A batch has one transition from each of as many equal parts of the sum of priorities. A new
    transition has the greatest priority that was known at the last draw.

    Args:
        *args: What `NStepReplayBuffer` takes.
        alpha: How much the error decides: 0 not at all, 1 in proportion.
        beta: How much of the bias that this brings is corrected: weights are
            (n P(i)) ** -beta over the greatest of the batch.
        epsilon: Keeps what is learned perfectly from never being drawn again.
        n_steps: Rewards of a return.
        gamma: Discount of a step.
        **kwargs: What `NStepReplayBuffer` takes.

    Raises:
        ValueError: An argument has a value that is not accepted.
    """

    def __init__(
        self,
        *args: Any,
        alpha: float = 0.2,
        beta: float = 0.4,
        epsilon: float = 1e-6,
        n_steps: int = 1,
        gamma: float = 0.99,
        **kwargs: Any,
    ) -> None:
        for name, value in (("alpha", alpha), ("beta", beta)):
            if not 0 <= value <= 1:
                raise ValueError(f"{name} must be from 0 to 1, got {value!r}")
        if not 0 < epsilon < math.inf:
            raise ValueError(f"epsilon must be above 0 and finite, got {epsilon!r}")
        if n_steps < 1:
            raise ValueError(f"n_steps must be 1 or more, got {n_steps!r}")
        if kwargs.get("optimize_memory_usage"):
            raise ValueError("prioritized replay needs optimize_memory_usage to be False")
        super().__init__(*args, n_steps=n_steps, gamma=gamma, **kwargs)
        self.alpha, self.beta, self.epsilon = alpha, beta, epsilon
        self._new_tree()

    def _new_tree(self) -> None:
        self._tree = _core.SegmentTree(self.buffer_size * self.n_envs)
        self._greatest = self._seen = 1.0  # of new transitions; of all up to now

    def reset(self) -> None:
        """Empties the buffer."""
        super().reset()
        self._new_tree()

    def add(self, *args: Any, **kwargs: Any) -> None:
        """Stores a transition of each environment."""
        position = self.pos
        super().add(*args, **kwargs)
        self.stored(position)

    def stored(self, position: int) -> None:
        """Gives the new transitions at a position their priority; `add` calls it."""
        self._set_position(position, self._greatest)

    def retire(self, position: int) -> None:
        """Has nothing drawn from a position that is about to be written."""
        self._set_position(position, 0.0)

    def _set_position(self, position: int, priority: float) -> None:
        first = position * self.n_envs
        self._tree.set(np.arange(first, first + self.n_envs), priority)

    def draw(self, count: int) -> Drawn:
        """Draws transitions on NumPy's global random numbers.

        Args:
            count: How many.

        Raises:
            ValueError: There is none.
        """
        self._greatest = self._seen
        indices = self._tree.draw(np.random.random(count))
        priorities = self._tree[indices]
        # Over the greatest weight, which belongs to the least priority: n and the sum cancel.
        importance = (priorities / priorities.min()) ** -self.beta
        positions, games = np.divmod(indices, self.n_envs)
        return Drawn(
            positions, games, importance.astype(np.float32), np.zeros(count, dtype=np.float32)
        )

    def update_priorities(self, drawn: Drawn) -> None:
        """Makes priorities of the errors of transitions that were drawn.

        Raises:
            ValueError: The buffer does not hold the transitions, or an error is not finite.
        """
        assert drawn.errors is not None
        if not np.isfinite(drawn.errors).all():
            raise ValueError(
                "a loss is not finite, and no priority can be made of it: training has diverged"
            )
        priorities = (np.abs(drawn.errors.astype(np.float64)) + self.epsilon) ** self.alpha
        self._tree.set(drawn.positions * self.n_envs + drawn.games, priorities)
        self._seen = max(self._seen, float(priorities.max(initial=0.0)))

    @property
    def priorities(self) -> npt.NDArray[np.float64]:
        """All priorities, float64 (positions, environments), a copy; 0 is never drawn.

        Raises:
            ValueError: They are set to an array of another shape.
        """
        return self._tree.values.reshape(self.buffer_size, self.n_envs)

    @priorities.setter
    def priorities(self, values: npt.NDArray[np.float64]) -> None:
        shape = self.buffer_size, self.n_envs
        if values.shape != shape:
            raise ValueError(f"priorities must be of shape {shape}, got {values.shape}")
        self._tree.values = values

    @property
    def greatest_priorities(self) -> tuple[float, float]:
        """Of new transitions, and of all that were ever known."""
        return self._greatest, self._seen

    @greatest_priorities.setter
    def greatest_priorities(self, values: tuple[float, float]) -> None:
        self._greatest, self._seen = values

    def sample(self, batch_size: int, env: VecNormalize | None = None) -> ReplayBufferSamples:
        """Draws a batch by priority; who wants weights calls `draw` and `samples`."""
        return self.samples(self.draw(batch_size), env)

    def samples(self, drawn: Drawn, env: VecNormalize | None = None) -> ReplayBufferSamples:
        """The batch that `NStepReplayBuffer` makes of transitions.

        Args:
            drawn: Which.
            env: Normalizes the batch, if given.
        """
        games, steps = drawn.games, np.arange(self.n_steps)
        positions = (drawn.positions[:, None] + steps) % self.buffer_size
        all_steps = positions, games[:, None]
        # A return ends at an end, and where the next position is of another time.
        ends = (self.dones[all_steps] > 0) | (self.timeouts[all_steps] > 0)
        ends |= positions == (self.pos - 1) % self.buffer_size
        ends[:, -1] = True
        count = ends.argmax(axis=1)
        discounts = self.gamma ** steps.astype(np.float32)
        rewards = self._normalize_reward(self.rewards[all_steps], env)
        rewards = (rewards * discounts * (steps <= count[:, None])).sum(axis=1, keepdims=True)
        last = (drawn.positions + count) % self.buffer_size, games
        first = drawn.positions, games
        data = (
            self._normalize_obs(self.observations[first], env),
            self.actions[first],
            self._normalize_obs(self.next_observations[last], env),
            (self.dones[last] * (1 - self.timeouts[last]))[:, None],
            rewards,
            self.gamma ** (count[:, None] + 1).astype(np.float32),
        )
        return ReplayBufferSamples(*map(self.to_torch, data))
