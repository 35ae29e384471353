"""A replay buffer that stores each observation once."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from stable_baselines3.common.buffers import NStepReplayBuffer
from stable_baselines3.common.type_aliases import ReplayBufferSamples
from stable_baselines3.common.vec_env import VecNormalize


class CompactReplayBuffer(NStepReplayBuffer):
    """`NStepReplayBuffer` in about half of the memory.

    An observation is what one transition leads to and what the next one begins with. Here both are
    the same memory. The last observation of an episode gives way to the first of the next one: an
    episode that has ended needs none. One that was cut off does, and is refused.

    For `QRDQN(..., replay_buffer_class=CompactReplayBuffer)`, which tells the buffer its `n_steps`
    and `gamma`. Once the buffer is full, the oldest transition is never drawn, since its
    observation is overwritten already.

    Args:
        *args: What `NStepReplayBuffer` takes.
        n_steps: Rewards of a return.
        gamma: Discount of a step.
        **kwargs: What `NStepReplayBuffer` takes.

    Attributes:
        memory: All observations, (buffer_size + 1, n_envs, ...).

    Raises:
        ValueError: `n_steps` is below 1, or `optimize_memory_usage` asks for SB3's own way.
    """

    def __init__(self, *args: Any, n_steps: int = 1, gamma: float = 0.99, **kwargs: Any) -> None:
        if n_steps < 1:
            raise ValueError(f"n_steps must be 1 or more, got {n_steps!r}")
        if kwargs.get("optimize_memory_usage"):
            raise ValueError("a CompactReplayBuffer stores observations once by itself")
        super().__init__(*args, n_steps=n_steps, gamma=gamma, **kwargs)
        rows = (self.buffer_size + 1, *self.observations.shape[1:])
        self._share(np.zeros(rows, self.observations.dtype))

    def _share(self, memory: npt.NDArray[Any]) -> None:
        self.memory = memory
        self.observations, self.next_observations = memory[:-1], memory[1:]

    def add(
        self,
        obs: npt.NDArray[Any],
        next_obs: npt.NDArray[Any],
        action: npt.NDArray[Any],
        reward: npt.NDArray[Any],
        done: npt.NDArray[Any],
        infos: list[dict[str, Any]],
    ) -> None:
        """Stores a transition of each environment.

        Raises:
            ValueError: An episode was cut off.
        """
        self.check_whole(infos)
        super().add(obs, next_obs, action, reward, done, infos)

    def check_whole(self, infos: list[dict[str, Any]]) -> None:
        """Raises ValueError if an episode was cut off instead of coming to its end."""
        if self.handle_timeout_termination and any(
            info.get("TimeLimit.truncated", False) for info in infos if info
        ):
            raise ValueError(
                "an episode was cut off (TimeLimit.truncated), and a CompactReplayBuffer does not "
                "keep the observation that its value would be taken from: use NStepReplayBuffer, "
                "or replay_buffer_kwargs={'handle_timeout_termination': False}"
            )

    def sample(self, batch_size: int, env: VecNormalize | None = None) -> ReplayBufferSamples:
        """Draws transitions; see `ReplayBuffer.sample`."""
        if not self.full:
            return super().sample(batch_size, env=env)
        drawn = np.random.randint(1, self.buffer_size, size=batch_size)
        return self._get_samples((drawn + self.pos) % self.buffer_size, env=env)

    def __getstate__(self) -> dict[str, Any]:
        return {
            name: value
            for name, value in vars(self).items()
            if name not in ("observations", "next_observations")
        }

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self._share(self.memory)
