"""Environments of one's own that checkpoints can save and put back."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

from stable_baselines3.common.vec_env import VecEnv


class ResumableEnv(VecEnv):
    """An environment of one's own that a checkpoint can put back where it was.

    It has all its chance in its state: loading a model calls `seed` before `set_state`.
    """

    @abstractmethod
    def describe(self) -> dict[str, Any]:
        """What makes two environments the same one, as plain values."""

    @abstractmethod
    def get_state(self) -> Any:
        """Where everything stands between two steps, for pickle."""

    @abstractmethod
    def set_state(self, state: Any) -> None:
        """Puts everything there."""
