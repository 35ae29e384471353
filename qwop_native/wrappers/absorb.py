"""Episodes that never end, for imitation with a fixed horizon."""

from __future__ import annotations

from typing import Any

import gymnasium as gym
import numpy as np

from qwop_native.envs.env import Observation

Step = tuple[Observation, Any, bool, bool, dict[str, Any]]


class AbsorbWrapper(gym.Wrapper[Observation, np.int64, Observation, np.int64]):
    """Repeats the last step of an episode until the next reset, as qwop-gym's wrapper does."""

    _last: Step | None = None

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Observation, dict[str, Any]]:
        """Starts an episode."""
        self._last = None
        return super().reset(seed=seed, options=options)

    def step(self, action: Any) -> Step:
        """Takes a step; after the last one of the episode, gives that one again."""
        if self._last is not None:
            return self._last
        observation, reward, terminated, truncated, info = super().step(action)
        step = (observation, reward, False, truncated, info)
        if terminated:
            self._last = step
        return step
