"""A line on the terminal for each step."""

from __future__ import annotations

from typing import Any

import gymnasium as gym
import numpy as np

from qwop_native.envs.env import Observation, QwopEnv
from qwop_native.envs.spaces import TERMINATE

_KEYS = "QWOP"


class VerboseWrapper(gym.Wrapper[Observation, np.int64, Observation, np.int64]):
    """Prints keys, distance, speed and reward of each step, and a summary of each episode.

    Args:
        env: A `QwopEnv`, wrapped or not.
    """

    def __init__(self, env: gym.Env[Observation, np.int64]) -> None:
        super().__init__(env)
        self._enabled = True
        self._start()

    def _start(self) -> None:
        self._steps, self._reward = 0, 0.0
        self._distance = self._time_s = 0.0

    def disable_verbose_wrapper(self) -> None:
        """Prints nothing from now on."""
        self._enabled = False

    def enable_verbose_wrapper(self) -> None:
        """Prints again."""
        self._enabled = True

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Observation, dict[str, Any]]:
        """Starts an episode."""
        observation, info = super().reset(seed=seed, options=options)
        self._start()
        self._distance, self._time_s = float(info["distance"]), float(info["time_s"])
        return observation, info

    def step(self, action: Any) -> tuple[Observation, Any, bool, bool, dict[str, Any]]:
        """Takes a step and prints a line about it."""
        observation, reward, terminated, truncated, info = super().step(action)
        self._steps += 1
        self._reward += float(reward)
        if self._enabled:
            print(self._line(int(action), float(reward), info))
            if terminated or truncated:
                print(_summary(info))
        self._distance, self._time_s = float(info["distance"]), float(info["time_s"])
        return observation, reward, terminated, truncated, info

    def _line(self, action: int, reward: float, info: dict[str, Any]) -> str:
        env = self.unwrapped
        assert isinstance(env, QwopEnv)
        mask = env.action_keys[action]
        keys = "".join(key if mask >> bit & 1 else "." for bit, key in enumerate(_KEYS))
        seconds = float(info["time_s"]) - self._time_s
        speed = (float(info["distance"]) - self._distance) / seconds if seconds > 0 else 0.0
        return (
            f"{self._steps:5d} | {action:2d} | {'T...' if mask == TERMINATE else keys} | "
            f"{info['distance']:6.1f} m | {speed:5.1f} m/s | {reward:6.2f} | "
            f"{info['time_s']:6.2f} s | {self._reward:7.2f}"
        )


def _summary(info: dict[str, Any]) -> str:
    seconds = float(info["time_s"])
    speed = float(info["distance"]) / seconds if seconds else 0.0
    return (
        f"{'100 m reached' if info['is_success'] else 'game over'}: {info['distance']:.1f} m in "
        f"{info['frames']} frames ({seconds:.2f} s), {speed:.2f} m/s"
    )
