"""Shaped rewards and an end for runners that are stuck, for all games of a `QwopVecEnv`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from stable_baselines3.common.vec_env import VecEnv, VecEnvWrapper

from qwop_native.sb3.vec_env import QwopVecEnv
from qwop_native.wrappers.reward_terms import RewardShaper, stages_of
from qwop_native.wrappers.rich_columns import Floats, Poses
from qwop_native.wrappers.shaping import check_patience

Step = tuple[Floats, npt.NDArray[np.float32], npt.NDArray[np.bool_], list[dict[str, Any]]]


class ShapedVecReward(VecEnvWrapper):
    """What `qwop_native.wrappers.ShapedReward` does, for all games at once.

    `fade_steps` counts the steps of all games together. The `episode` in the infos of ended games
    keeps the environment's own return.

    Args:
        venv: A `QwopVecEnv`, wrapped or not.
        weights: As for `ShapedReward`.
        stages: As for `ShapedReward`.
        fade_steps: As for `ShapedReward`.
        window: As for `ShapedReward`.

    Raises:
        ValueError: A term is unknown, or an argument has a value that is not accepted.
    """

    def __init__(
        self,
        venv: VecEnv,
        weights: Mapping[str, float] | None = None,
        stages: Sequence[Mapping[str, Any]] | None = None,
        fade_steps: int | None = None,
        window: int = 100,
    ) -> None:
        super().__init__(venv)
        frames_per_step = venv.get_attr("frames_per_step", [0])[0]
        self.shaper = RewardShaper(stages_of(weights, stages), frames_per_step, fade_steps, window)
        self._before: Floats = np.zeros((0, 0), np.float32)

    def reset(self) -> Floats:
        """Starts an episode in each game."""
        observations = self.venv.reset()
        assert isinstance(observations, np.ndarray)
        self._before = observations.copy()
        return observations

    def step_wait(self) -> Step:
        """Takes the step; the rewards have the additions in them."""
        observations, rewards, dones, infos = self.venv.step_wait()
        assert isinstance(observations, np.ndarray)
        after, ended = observations, np.flatnonzero(dones)
        if len(ended):
            after = observations.copy()
            for game in ended:
                after[game] = infos[game]["terminal_observation"]
        added = self.shaper.additions(self._before, after).astype(np.float32)
        for game in ended:
            if not infos[game].get("start_distance"):  # others began in the middle of a run
                self.shaper.ended(float(infos[game]["distance"]))
        self._before = observations.copy()
        return observations, rewards + added, dones, infos


class StuckVecTruncation(VecEnvWrapper):
    """What `qwop_native.wrappers.StuckTruncation` does, for all games of a `QwopVecEnv`.

    Must be directly around the `QwopVecEnv`: others would not hear of the restarts.

    Args:
        venv: A `QwopVecEnv`.
        frames: Updates of the game without progress after which an episode is truncated.
        progress: Meters beyond the furthest point so far that count as progress.

    Raises:
        TypeError: It is not a `QwopVecEnv`.
        ValueError: `frames` or `progress` is not above 0.
    """

    def __init__(self, venv: VecEnv, frames: int = 300, progress: float = 0.5) -> None:
        check_patience(frames, progress)
        if not isinstance(venv, QwopVecEnv):
            raise TypeError(f"StuckVecTruncation needs a QwopVecEnv, got {type(venv).__name__}")
        super().__init__(venv)
        self._games = venv
        self._steps = -(-frames // venv.template.frames_per_step)
        self._progress = progress * 10  # world units
        self._furthest = np.zeros(self.num_envs, np.float32)
        self._waited = np.zeros(self.num_envs, np.int64)

    def reset(self) -> Floats:
        """Starts an episode in each game."""
        observations = self._games.reset()
        self._begin(observations, slice(None))
        return observations

    def _begin(self, observations: Floats, games: Any) -> None:
        self._furthest[games] = Poses(observations).x[games, 0]
        self._waited[games] = 0

    def step_wait(self) -> Step:
        """Takes the step; `stuck` in the info of an episode that is truncated here."""
        observations, rewards, dones, infos = self._games.step_wait()
        x = Poses(observations).x[:, 0]
        further = x >= self._furthest + np.float32(self._progress)
        self._furthest[further] = x[further]
        self._waited = np.where(further, 0, self._waited + 1)
        stuck = (self._waited >= self._steps) & ~dones
        for game in np.flatnonzero(stuck).tolist():
            infos[game] = {**self._games.cut_off(game, observations[game]), "stuck": True}
        dones = dones | stuck
        if dones.any():
            self._begin(observations, dones)
        return observations, rewards, dones, infos
