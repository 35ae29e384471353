"""Shaped rewards and an end for runners that are stuck, for one game."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import gymnasium as gym
import numpy as np

from qwop_native.envs.env import Observation
from qwop_native.wrappers.reward_terms import RewardShaper, stages_of

Wrapper = gym.Wrapper[Observation, Any, Observation, Any]
Step = tuple[Observation, Any, bool, bool, dict[str, Any]]


class ShapedReward(Wrapper):
    """Adds terms to the reward: speed, posture, … in stages or fading if wanted.

    Args:
        env: A `QwopEnv`, wrapped or not.
        weights: Weight of each of `qwop_native.wrappers.reward_terms.TERMS`.
        stages: Instead of weights, a curriculum: a list of `weights` and `until_distance`, the mean
            distance of the latest episodes with which the next stage begins.
        fade_steps: Steps after which nothing is added any more; None for no end.
        window: Ended episodes whose mean distance decides.

    Raises:
        ValueError: A term is unknown, or an argument has a value that is not accepted.
    """

    def __init__(
        self,
        env: gym.Env[Observation, Any],
        weights: Mapping[str, float] | None = None,
        stages: Sequence[Mapping[str, Any]] | None = None,
        fade_steps: int | None = None,
        window: int = 100,
    ) -> None:
        super().__init__(env)
        frames_per_step = env.get_wrapper_attr("frames_per_step")
        self.shaper = RewardShaper(stages_of(weights, stages), frames_per_step, fade_steps, window)
        self._before: Observation = np.zeros((1, 0), np.float32)

    def reset(self, **kwargs: Any) -> tuple[Observation, dict[str, Any]]:
        """As the environment's."""
        observation, info = self.env.reset(**kwargs)
        self._before = observation[None].copy()
        return observation, info

    def step(self, action: Any) -> Step:
        """As the environment's, with the additions in the reward."""
        observation, reward, terminated, truncated, info = self.env.step(action)
        added = float(self.shaper.additions(self._before, observation[None])[0])
        self._before = observation[None].copy()
        if terminated or truncated:
            self.shaper.ended(float(info["distance"]))
        return observation, float(reward) + added, terminated, truncated, info


class StuckTruncation(Wrapper):
    """Truncates episodes that get nowhere: the game lets a runner crawl or stand for ever.

    Args:
        env: A `QwopEnv`, wrapped or not.
        frames: Updates of the game without progress after which the episode is truncated.
        progress: Meters beyond the furthest point so far that count as progress.

    Raises:
        ValueError: `frames` or `progress` is not above 0.
    """

    def __init__(
        self, env: gym.Env[Observation, Any], frames: int = 300, progress: float = 0.5
    ) -> None:
        check_patience(frames, progress)
        super().__init__(env)
        self._frames, self._progress = frames, progress
        self._furthest = self._since = 0.0

    def reset(self, **kwargs: Any) -> tuple[Observation, dict[str, Any]]:
        """As the environment's."""
        observation, info = self.env.reset(**kwargs)
        self._furthest, self._since = float(info["distance"]), int(info["frames"])
        return observation, info

    def step(self, action: Any) -> Step:
        """As the environment's; `stuck` in the info of an episode that is truncated here."""
        observation, reward, terminated, truncated, info = self.env.step(action)
        if info["distance"] >= self._furthest + self._progress:
            self._furthest, self._since = float(info["distance"]), int(info["frames"])
        elif not terminated and info["frames"] - self._since >= self._frames:
            truncated, info = True, {**info, "stuck": True}
        return observation, reward, terminated, truncated, info


def check_patience(frames: int, progress: float) -> None:
    """ValueError unless both are above 0."""
    if frames < 1:
        raise ValueError(f"frames must be at least 1, got {frames!r}")
    if not progress > 0:
        raise ValueError(f"progress must be above 0 meters, got {progress!r}")
