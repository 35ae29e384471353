"""Greedy episodes of a policy, all at once, from slightly different starts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from stable_baselines3.common.base_class import BaseAlgorithm

from qwop_native.sb3 import QwopVecEnv


@dataclass(frozen=True)
class Outcome:
    """How an episode ended.

    Attributes:
        distance: Metres reached by the torso.
        frames: Updates of the game since its reset.
        success: Whether the run ended beyond 100 m.
    """

    distance: float
    frames: int
    success: bool


def play_greedily(model: BaseAlgorithm, env: QwopVecEnv) -> list[Outcome]:
    """Plays one episode in each game of the environment, on freshly loaded pages.

    The game holds no chance, so a greedy policy would run the same episode in all of them. Game k
    therefore starts with k steps without keys. No random numbers are drawn.

    Args:
        model: Acts on observations, float32 (num_envs, 60).
        env: Made for this; it is left in the middle of other episodes.
    """
    none = env.template.action_keys.index(0)
    env.seed(0)
    observations: Any = env.reset()
    games = np.arange(env.num_envs)
    outcomes: dict[int, Outcome] = {}
    step = 0
    while len(outcomes) < env.num_envs:
        actions, _ = model.predict(observations, deterministic=True)
        observations, _, dones, infos = env.step(np.where(games <= step, actions, none))
        step += 1
        for game in np.flatnonzero(dones).tolist():
            info = infos[game]
            outcome = Outcome(float(info["distance"]), int(info["frames"]), info["is_success"])
            outcomes.setdefault(game, outcome)
    return [outcomes[game] for game in range(env.num_envs)]
