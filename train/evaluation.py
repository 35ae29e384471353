"""How far a policy runs, on the same starts whoever plays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from qwop_native import QwopEnv


class Policy(Protocol):
    """What SB3's models have in common when they act."""

    def predict(
        self,
        observation: Any,
        state: Any = ...,
        episode_start: Any = ...,
        deterministic: bool = ...,
    ) -> tuple[Any, Any]:
        """Action and next hidden state for one observation."""


@dataclass(frozen=True)
class Episode:
    """One evaluated run.

    Attributes:
        idle_steps: Steps without keys before the policy took over.
        distance: Metres reached by the torso.
        frames: Updates of the game since its reset.
        time_s: The game's own seconds, frames / 30.
        reward: Sum of the rewards after the policy took over.
        success: Whether the run ended beyond 100 m.
    """

    idle_steps: int
    distance: float
    frames: int
    time_s: float
    reward: float
    success: bool


def evaluate(
    policy: Policy, env_kwargs: dict[str, Any], episodes: int, max_episode_steps: int
) -> list[Episode]:
    """Plays episodes greedily, each on a freshly loaded page.

    The game holds no chance, so a greedy policy would run the same episode over and over. The k-th
    episode, counted from 0, therefore starts with k steps without keys.

    Args:
        policy: Acts on one observation, float32 of shape (60,).
        env_kwargs: Arguments of `QwopEnv`.
        episodes: Number of episodes.
        max_episode_steps: Steps after which an episode is cut off.

    Returns:
        The episodes in the order in which they were played.
    """
    env = QwopEnv(**env_kwargs)
    return [_play(policy, env, idle_steps, max_episode_steps) for idle_steps in range(episodes)]


def _play(policy: Policy, env: QwopEnv, idle_steps: int, max_episode_steps: int) -> Episode:
    observation, info = env.reset(seed=0)
    state, reward, ended = None, 0.0, False
    first = np.ones(1, dtype=bool)
    for step in range(max_episode_steps):
        if step < idle_steps:
            action = 0
        else:
            action, state = policy.predict(observation, state, first, deterministic=True)
            first = np.zeros(1, dtype=bool)
        observation, gained, ended, _, info = env.step(action)
        reward += gained if step >= idle_steps else 0.0
        if ended:
            break
    return Episode(
        idle_steps,
        float(info["distance"]),
        int(info["frames"]),
        float(info["time_s"]),
        reward,
        bool(info["is_success"]),
    )


def mean_distance(episodes: Sequence[Episode]) -> float:
    """Mean distance in metres."""
    return float(np.mean([episode.distance for episode in episodes]))


def table(episodes: Sequence[Episode]) -> str:
    """The episodes as lines of text, for a person."""
    lines = ["idle steps  distance  frames  time s  success"]
    lines += [
        f"{episode.idle_steps:10d}  {episode.distance:6.1f} m  {episode.frames:6d}  "
        f"{episode.time_s:6.2f}  {'yes' if episode.success else 'no':>7}"
        for episode in episodes
    ]
    return "\n".join(lines)
