"""The ids under which `gymnasium.make` finds the environment."""

from __future__ import annotations

import gymnasium as gym

IDS = ("QwopNative-v1", "QWOP-v1")


def register() -> None:
    """Registers the environment.

    An id that is taken stays as it is: where qwop-gym was imported first, `QWOP-v1` is its own
    environment and this one is `QwopNative-v1`.
    """
    for name in IDS:
        if name not in gym.registry:
            gym.register(
                id=name,
                entry_point="qwop_native.envs.env:QwopEnv",
                vector_entry_point="qwop_native.envs.vector_env:QwopVectorEnv",
            )
