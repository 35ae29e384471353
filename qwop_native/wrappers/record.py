"""Files of recordings as qwop-gym writes them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np

from qwop_native.envs.env import Observation, QwopEnv, check_replayable
from qwop_native.qwop_gym.rec import Rec, RecEpisode


class RecordWrapper(gym.Wrapper[Observation, np.int64, Observation, np.int64]):
    """Writes episodes that end to a `.rec` file; `qwop_native.recording` keeps more of a run.

    Episodes that do not qualify are kept as skipped ones as soon as one follows that does, because
    the game's restart leaves traces.

    Args:
        env: A `QwopEnv`, wrapped or not.
        rec_file: The file; its folder is made.
        overwrite: Whether a file that is there already may be replaced.
        max_time: Longest time (the info's `time`) of an episode that qualifies; None for any.
        min_distance: Shortest distance in meters of one that does; None for any.

    Raises:
        FileExistsError: There is such a file, and it may not be replaced.
        ValueError: The environment has `noop_max` or `repeat_action_probability`.
    """

    def __init__(
        self,
        env: gym.Env[Observation, np.int64],
        rec_file: str,
        overwrite: bool = False,
        max_time: float | None = None,
        min_distance: float | None = None,
    ) -> None:
        super().__init__(env)
        self._path = Path(rec_file)
        if self._path.exists() and not overwrite:
            raise FileExistsError(f"{rec_file} is there already; overwrite: true replaces it")
        self._path.parent.mkdir(parents=True, exist_ok=True)
        base = env.unwrapped
        assert isinstance(base, QwopEnv)
        check_replayable(base)
        self._base, self._seed = base, base.seedval
        self._max_time, self._min_distance = max_time, min_distance
        self._actions: list[int] = []
        self._kept: tuple[RecEpisode, ...] = ()
        self._skipped: list[RecEpisode] = []

    def step(self, action: Any) -> tuple[Observation, Any, bool, bool, dict[str, Any]]:
        """Takes a step; writes the file where the episode has ended and qualifies."""
        observation, reward, terminated, truncated, info = super().step(action)
        self._actions.append(int(action))
        if terminated:
            qualifies = self._qualifies(int(action), info)
            self._skipped.append(RecEpisode(tuple(self._actions), skip=not qualifies))
            self._actions = []
            if qualifies:
                self._kept += tuple(self._skipped)
                self._skipped = []
                Rec(self._seed, self._kept).save(self._path)
        return observation, reward, terminated, truncated, info

    def _qualifies(self, action: int, info: dict[str, Any]) -> bool:
        in_time = self._max_time is None or info["time"] <= self._max_time
        far = self._min_distance is None or info["distance"] >= self._min_distance
        return action != self._base.action_t and in_time and far
