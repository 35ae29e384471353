"""How far a policy runs, and how fast, on the same starts whoever plays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from qwop_native import Keys, QwopEnv
from qwop_native.envs.spaces import TERMINATE
from qwop_native.envs.spaces import observations as observations_of
from qwop_native.wrappers.rich_columns import RichColumns

START_KINDS = ("fixed", "idle", "random")

_MOST_START_FRAMES = 30
_RANDOM_HOLD = 4  # frames for which a random start holds the same keys

KeyTape = npt.NDArray[np.uint8]


class Policy(Protocol):
    """What SB3's models have in common when they act."""

    def predict(
        self,
        observation: Any,
        state: Any = ...,
        episode_start: Any = ...,
        deterministic: bool = ...,
    ) -> tuple[Any, Any]:
        """Actions and next hidden states for a batch of observations."""


@dataclass(frozen=True)
class Episode:
    """One evaluated run.

    Attributes:
        start_frames: Frames before the policy took over.
        distance: Metres reached by the torso.
        frames: Updates of the game since its reset, those before the policy took over included.
        time_s: The game's own seconds, frames / 30.
        reward: Sum of the rewards after the policy took over.
        success: Whether the run ended beyond 100 m.
        ended: "success", "fall", or "limit" where the episode was cut off.
        keys: Mask of `Keys` in each frame up to the end of the last step, uint8 (updates,).
    """

    start_frames: int
    distance: float
    frames: int
    time_s: float
    reward: float
    success: bool
    ended: str
    keys: KeyTape

    def numbers(self) -> dict[str, Any]:
        """All but the keys, for JSON."""
        return {name: value for name, value in vars(self).items() if name != "keys"}


@dataclass(frozen=True)
class Summary:
    """Figures about a set of episodes; frames are those of successful ones.

    Attributes:
        episodes: Number of episodes.
        success_rate: Part of them that ended beyond 100 m.
        best_frames: Fewest frames, None without a success.
        median_frames: Median of frames, None without a success.
        mean_distance: Metres, over all episodes.
    """

    episodes: int
    success_rate: float
    best_frames: int | None
    median_frames: float | None
    mean_distance: float

    def rank(self) -> tuple[float, float, float]:
        """Sorts policies: more successes, then fewer frames to 100 m, then a longer way."""
        frames = float("inf") if self.median_frames is None else self.median_frames
        return self.success_rate, -frames, self.mean_distance


def start_tapes(kind: str, count: int, seed: int = 0) -> list[KeyTape]:
    """Keys in the frames before the policy takes over, one tape an episode.

    The game holds no chance, so a greedy policy runs the same episode from the same start.

    Args:
        kind: "fixed": no frames. "idle": the k-th episode, counted from 0, begins with k frames
            without keys, from 0 again after 30. "random": 1 to 30 frames, every four of them with
            keys drawn at random.
        count: Number of episodes.
        seed: Of the random starts.

    Raises:
        ValueError: There is no such kind.
    """
    if kind == "fixed":
        return [np.zeros(0, np.uint8)] * count
    if kind == "idle":
        lengths = [episode % (_MOST_START_FRAMES + 1) for episode in range(count)]
        return [np.zeros(length, np.uint8) for length in lengths]
    if kind != "random":
        raise ValueError(f"starts must be one of {', '.join(START_KINDS)}, got {kind!r}")
    generator = np.random.default_rng(seed)
    tapes = []
    for _ in range(count):
        length = int(generator.integers(1, _MOST_START_FRAMES + 1))
        keys = generator.integers(0, 16, size=-(-length // _RANDOM_HOLD), dtype=np.uint8)
        tapes.append(np.repeat(keys, _RANDOM_HOLD)[:length])
    return tapes


def evaluate(
    policy: Policy,
    env_kwargs: dict[str, Any],
    starts: Sequence[KeyTape],
    max_episode_steps: int | None,
    deterministic: bool = True,
    columns: Sequence[str] = (),
) -> list[Episode]:
    """Plays episodes side by side, each on a freshly loaded page.

    Args:
        policy: Acts on observations, float32 (episodes, 60 and those of `columns`).
        env_kwargs: Arguments of `QwopEnv`.
        starts: As from `start_tapes`.
        max_episode_steps: Steps of the policy after which an episode is cut off; None for never.
        deterministic: Whether the policy's best action is taken, not one drawn.
        columns: Groups of columns that it sees besides, as in `RichObservation`.

    Returns:
        The episodes in the order of their starts.

    Raises:
        TypeError, ValueError: The environment refuses an argument.
    """
    players = [_Player(QwopEnv(**env_kwargs), tape) for tape in starts]
    rich = RichColumns(columns, players[0].frames_per_step)
    observations, keys = _shown(players)
    shown = rich.append(observations, keys, observations)
    state, first = None, np.ones(len(players), dtype=bool)
    step = 0
    while any(player.ended is None for player in players):
        actions, state = policy.predict(shown, state, first, deterministic=deterministic)
        first = np.zeros(len(players), dtype=bool)
        step += 1
        for player, action in zip(players, actions, strict=True):
            if player.ended is None:
                player.step(int(action), step == max_episode_steps)
        before = observations
        observations, keys = _shown(players)
        shown = rich.append(observations, keys, before)
    return [player.episode() for player in players]


def _shown(players: Sequence[_Player]) -> tuple[npt.NDArray[np.float32], KeyTape]:
    """What the games look like, float32 (players, 60), and the keys held in each."""
    observations = np.stack([player.observation for player in players])
    return observations, np.array([player.keys for player in players], np.uint8)


class _Player:
    """One episode being played."""

    def __init__(self, env: QwopEnv, start: KeyTape) -> None:
        self._env = env
        _, self._info = env.reset(seed=0)
        self._tape = [int(keys) for keys in start]
        self._start_frames = len(start)
        self._reward = 0.0
        for keys in self._tape:
            env.game.step(Keys(keys))
        # The game was moved by other than the environment's own steps.
        self.observation = observations_of(env.game.bodies[None])[0]
        self.ended: str | None = None

    @property
    def frames_per_step(self) -> int:
        return self._env.frames_per_step

    @property
    def keys(self) -> int:
        """Mask of the keys held in the last frame."""
        return self._tape[-1] if self._tape else 0

    def step(self, action: int, last: bool) -> None:
        self.observation, reward, terminated, _, self._info = self._env.step(action)
        self._reward += reward
        keys = self._env.action_keys[action]
        self._tape += [0 if keys == TERMINATE else int(keys)] * self._env.frames_per_step
        if terminated:
            self.ended = "success" if self._info["is_success"] else "fall"
        elif last:
            self.ended = "limit"

    def episode(self) -> Episode:
        info = self._info
        return Episode(
            self._start_frames,
            float(info["distance"]),
            int(info["frames"]),
            float(info["time_s"]),
            self._reward,
            bool(info["is_success"]),
            self.ended or "limit",
            np.array(self._tape, np.uint8),
        )


def summarize(episodes: Sequence[Episode]) -> Summary:
    """Figures about episodes, at least one."""
    frames = [episode.frames for episode in episodes if episode.success]
    return Summary(
        len(episodes),
        len(frames) / len(episodes),
        min(frames) if frames else None,
        float(np.median(frames)) if frames else None,
        float(np.mean([episode.distance for episode in episodes])),
    )


def median_interval(values: Sequence[float], seed: int = 0) -> tuple[float, float] | None:
    """95 % interval of a median, from 2,000 samples drawn with replacement; None of nothing."""
    if not values:
        return None
    drawn = np.random.default_rng(seed).choice(values, size=(2000, len(values)))
    low, high = np.percentile(np.median(drawn, axis=1), [2.5, 97.5])
    return float(low), float(high)


def table(episodes: Sequence[Episode]) -> str:
    """The episodes as lines of text, for a person."""
    lines = ["start frames  distance  frames  time s  ended"]
    lines += [
        f"{episode.start_frames:12d}  {episode.distance:6.1f} m  {episode.frames:6d}  "
        f"{episode.time_s:6.2f}  {episode.ended}"
        for episode in episodes
    ]
    return "\n".join(lines)
