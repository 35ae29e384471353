"""`QwopEnv` with columns that spare a policy the geometry."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import gymnasium as gym
import numpy as np
import numpy.typing as npt

from qwop_native.envs.spaces import OBSERVATION_SIZE
from qwop_native.wrappers.rich_columns import GROUPS, RichColumns, key_masks

Observation = npt.NDArray[np.float32]


class RichObservation(gym.Wrapper[Observation, Any, Observation, Any]):
    """Appends contacts, joint angles, the previous keys … to the observations of `QwopEnv`.

    `qwop_native.sb3.RichVecObservation` does the same for `QwopVecEnv`, float for float.

    Args:
        env: A `QwopEnv`, wrapped or not, with observations of shape (60,).
        columns: Groups of `qwop_native.wrappers.rich_columns.GROUPS` to append, in this order; all
            by default.

    Raises:
        ValueError: A group is unknown or named twice, or the observations are not of shape (60,).
    """

    def __init__(
        self, env: gym.Env[Observation, Any], columns: Sequence[str] = tuple(GROUPS)
    ) -> None:
        super().__init__(env)
        self._columns = RichColumns(columns, env.get_wrapper_attr("frames_per_step"))
        self._masks = key_masks(env.get_wrapper_attr("action_keys"))
        self.observation_space = rich_space(env.observation_space, self._columns)
        self._before: Observation = np.zeros((1, OBSERVATION_SIZE), np.float32)

    @property
    def columns(self) -> tuple[str, ...]:
        """Groups of columns that are appended."""
        return self._columns.columns

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Observation, dict[str, Any]]:
        """Starts an episode; the previous keys are none, the turn rates 0."""
        observation, info = self.env.reset(seed=seed, options=options)
        self._before = observation[None].copy()
        return self._columns.append(self._before, np.zeros(1, np.uint8), self._before)[0], info

    def step(self, action: Any) -> tuple[Observation, Any, bool, bool, dict[str, Any]]:
        """Takes a step of the wrapped environment.

        Returns:
            Observation, float32 (60 + columns,), and the rest as it was.
        """
        observation, reward, terminated, truncated, info = self.env.step(action)
        keys = self._masks[action : action + 1]
        shown = self._columns.append(observation[None], keys, self._before)
        self._before = observation[None].copy()
        return shown[0], reward, terminated, truncated, info


def rich_space(space: gym.Space[Any], columns: RichColumns) -> gym.Space[Any]:
    """The space of observations with the columns appended.

    Raises:
        ValueError: The space is not that of `QwopEnv`.
    """
    if space.shape != (OBSERVATION_SIZE,):
        raise ValueError(
            f"rich columns need QwopEnv's observations of shape ({OBSERVATION_SIZE},), "
            f"got {space.shape}"
        )
    return gym.spaces.Box(-1, 1, (OBSERVATION_SIZE + columns.size,), np.float32)
