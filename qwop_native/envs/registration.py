"""The ids under which `gymnasium.make` finds the environment."""

from __future__ import annotations

import gymnasium as gym

IDS = ("QwopNative-v1", "QWOP-v1")

MAX_EPISODE_STEPS = 5000
"""Steps after which an episode made by id is truncated, qwop-gym's own training limit.

A runner who merely stands never ends an episode, so an evaluation of one would never return. The
limit is 167 s of the game at one frame a step and 667 s at four, while 100 m take 45 to 100 s. With
`max_episode_steps=-1` in `gymnasium.make` or `make_vec`, and in `QwopEnv(…)` itself, there is none,
which is qwop-gym's own protocol.
"""


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
                max_episode_steps=MAX_EPISODE_STEPS,
            )
