"""`QwopVecEnv` with columns that spare a policy the geometry."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from stable_baselines3.common.vec_env import VecEnv, VecEnvWrapper

from qwop_native.envs.spaces import OBSERVATION_SIZE
from qwop_native.wrappers.rich_columns import GROUPS, Floats, RichColumns, key_masks
from qwop_native.wrappers.rich_observation import rich_space

Step = tuple[Floats, npt.NDArray[np.float32], npt.NDArray[np.bool_], list[dict[str, Any]]]


class RichVecObservation(VecEnvWrapper):
    """What `qwop_native.wrappers.RichObservation` does, for all games at once.

    Must be outside of `SnapshotStarts`: the previous keys of an episode that starts in the middle
    of a run are those that were held then.

    Args:
        venv: A `QwopVecEnv`, wrapped or not, with observations of shape (60,).
        columns: Groups of `qwop_native.wrappers.rich_columns.GROUPS` to append, in this order; all
            by default.

    Raises:
        ValueError: A group is unknown or named twice, or the observations are not of shape (60,).
    """

    def __init__(self, venv: VecEnv, columns: Sequence[str] = tuple(GROUPS)) -> None:
        self._columns = RichColumns(columns, venv.get_attr("frames_per_step", [0])[0])
        super().__init__(venv, observation_space=rich_space(venv.observation_space, self._columns))
        self._masks = key_masks(venv.get_attr("action_keys", [0])[0])
        # Of SnapshotStarts, if there is one inside; after a reset of the game no key is held.
        self._start_keys = getattr(venv, "start_keys", np.zeros(self.num_envs, np.uint8))
        self._keys = np.zeros(self.num_envs, np.uint8)
        self._before: Floats = np.zeros((self.num_envs, 0), np.float32)

    @property
    def columns(self) -> tuple[str, ...]:
        """Groups of columns that are appended."""
        return self._columns.columns

    def reset(self) -> Floats:
        """Starts an episode in each game.

        Returns:
            Observations, float32 (num_envs, 60 + columns).
        """
        observations = self.venv.reset()
        assert isinstance(observations, np.ndarray)
        self._before = self._columns.append(observations, self._start_keys, observations)
        return self._before

    def step_async(self, actions: npt.NDArray[Any]) -> None:
        """Hands the actions on and notes what they press."""
        self._keys = np.asarray(actions)
        self.venv.step_async(actions)

    def step_wait(self) -> Step:
        """Takes the step.

        Returns:
            Observations, float32 (num_envs, 60 + columns), and the rest as it was, but for
            `terminal_observation` in the infos of ended games, which has the columns, too.
        """
        observations, rewards, dones, infos = self.venv.step_wait()
        assert isinstance(observations, np.ndarray)
        keys = self._masks[self._keys]
        ended = np.flatnonzero(dones)
        if len(ended) == 0:
            self._before = self._columns.append(observations, keys, self._before)
            return self._before, rewards, dones, infos
        # The last observations of ended games go below those of all games, in one calculation.
        last = np.stack([infos[game]["terminal_observation"] for game in ended])
        before = np.concatenate((self._before, self._before[ended]))
        before[ended, :OBSERVATION_SIZE] = observations[ended]
        held = np.concatenate((keys, keys[ended]))
        held[ended] = self._start_keys[ended]
        shown = self._columns.append(np.concatenate((observations, last)), held, before)
        for row, game in enumerate(ended, start=self.num_envs):
            infos[game]["terminal_observation"] = shown[row]
        self._before = shown[: self.num_envs]
        return self._before, rewards, dones, infos
