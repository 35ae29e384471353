"""Moments of runs, kept to start episodes from."""

from __future__ import annotations

import glob
import os
import zipfile
import zlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import numpy.typing as npt

from qwop_native._core import Game
from qwop_native.atomic import whole_file
from qwop_native.facts import DEFAULT_SINCOS, UNITS_PER_METER
from qwop_native.recording import load_recording

TORSO = 0  # row of Game.bodies


@dataclass(frozen=True)
class Moment:
    """A game under way.

    Attributes:
        snapshot: `Game.snapshot()`.
        distance: Meters of the torso.
        frames: Updates since the run began.
        keys: Mask of the keys held.
    """

    snapshot: bytes
    distance: float
    frames: int
    keys: int


class SnapshotPool:
    """Moments of runs of one `sincos`.

    Args:
        moments: The moments.
        sincos: Of their games.
    """

    def __init__(self, moments: Iterable[Moment] = (), sincos: str = DEFAULT_SINCOS) -> None:
        self.moments = list(moments)
        self.sincos = sincos

    def __len__(self) -> int:
        return len(self.moments)

    def draw(self, rng: np.random.Generator) -> Moment:
        """One of the moments, each as likely."""
        return self.moments[int(rng.integers(len(self.moments)))]

    def between(self, least: float, most: float) -> SnapshotPool:
        """The moments from `least` to `most` meters, as a pool of their own."""
        chosen = [moment for moment in self.moments if least <= moment.distance <= most]
        return SnapshotPool(chosen, self.sincos)

    def require(self, sincos: str) -> None:
        """ValueError unless there are moments and games with this `sincos` can start at them."""
        if not self.moments:
            raise ValueError("the pool of snapshots is empty")
        if self.sincos != sincos:
            raise ValueError(
                f"the snapshots are of games with sincos={self.sincos!r}, not {sincos!r}"
            )

    def save(self, path: str | os.PathLike[str]) -> None:
        """Writes the pool as an .npz file, whole or not at all.

        Raises:
            FileNotFoundError: The folder does not exist.
        """
        with whole_file(path) as file:
            np.savez_compressed(
                file,
                sincos=np.array(self.sincos),
                bytes=np.frombuffer(b"".join(each.snapshot for each in self.moments), np.uint8),
                lengths=np.array([len(each.snapshot) for each in self.moments], np.int64),
            )

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> SnapshotPool:
        """Reads what `save` wrote.

        Raises:
            FileNotFoundError: There is no such file.
            ValueError: It is not such a file, or its snapshots are damaged or of another version.
        """
        if not Path(path).is_file():
            raise FileNotFoundError(f"there is no file of snapshots {path}")
        try:
            with Path(path).open("rb") as file, np.load(file, allow_pickle=False) as arrays:
                sincos = str(arrays["sincos"])
                joined, lengths = arrays["bytes"].tobytes(), arrays["lengths"]
            ends = np.cumsum(lengths)
            game, moments = Game(sincos), []
            for start, end in zip(ends - lengths, ends, strict=True):
                game.restore(joined[start:end])
                moments.append(moment_of(game))
        except (KeyError, ValueError, OSError, EOFError, zipfile.BadZipFile, zlib.error) as error:
            raise ValueError(f"{path} is not a whole file of snapshots: {error}") from None
        return cls(moments, sincos)

    @classmethod
    def read(cls, patterns: Sequence[str]) -> SnapshotPool:
        """Reads files of `save`, and recordings, of which it takes a moment each meter.

        Args:
            patterns: Names or patterns such as ``runs/*.qwop``.

        Raises:
            FileNotFoundError: Nothing has such a name.
            ValueError: A file is damaged, or they are of different `sincos`.
        """
        pools = []
        for pattern in patterns:
            found = sorted(glob.glob(pattern, recursive=True))  # noqa: PTH207  may be absolute
            if not found:
                raise FileNotFoundError(f"there is no file of snapshots or recording {pattern}")
            pools += [cls.load(each) if each.endswith(".npz") else _played(each) for each in found]
        flavors = sorted({pool.sincos for pool in pools})
        if len(flavors) > 1:
            raise ValueError(f"the runs are of different sincos: {', '.join(flavors)}")
        return cls([moment for pool in pools for moment in pool.moments], *flavors)


def _played(path: str) -> SnapshotPool:
    recording = load_recording(path)
    game = Game(recording.sincos)
    recording.prepare(game)
    return SnapshotPool(moments_of_keys(game, recording.keys, Collector()), recording.sincos)


def moment_of(game: Game) -> Moment:
    """The game as it stands."""
    return Moment(game.snapshot(), distance_of(game), int(game.frames), int(game.keys))


def distance_of(game: Game) -> float:
    """Meters of the torso."""
    return float(game.bodies[TORSO, 0]) / UNITS_PER_METER


class Collector:
    """Keeps moments of a run while it is played.

    Args:
        every: Meters between two moments.
        margin: Frames before a fall from which nothing is kept: there the fall is settled already.
    """

    def __init__(self, every: float = 1.0, margin: int = 60) -> None:
        if not every > 0:
            raise ValueError(f"every must be above 0 meters, got {every!r}")
        if margin < 0:
            raise ValueError(f"margin must be at least 0 frames, got {margin!r}")
        self._every, self._margin = every, margin
        self._kept: list[Moment] = []
        self._next = every

    def look(self, game: Game) -> None:
        """To be called as often as the run should be looked at, after each step for instance."""
        distance = distance_of(game)
        if distance >= self._next and not game.game_ended:
            self._kept.append(moment_of(game))
            self._next = (distance // self._every + 1) * self._every

    def finish(self, game: Game) -> list[Moment]:
        """The moments of the run that is over now; the next one begins."""
        last = game.frames - self._margin if game.fallen else game.frames
        kept = [moment for moment in self._kept if moment.frames <= last]
        self._kept, self._next = [], self._every
        return kept


def moments_of_keys(game: Game, keys: npt.NDArray[np.uint8], collector: Collector) -> list[Moment]:
    """Plays a run that is known key by key.

    Args:
        game: Where the run begins; it is played on.
        keys: Mask of `Keys` of each frame, uint8 (frames,).
        collector: Decides what is kept.

    Returns:
        The moments.
    """
    for mask in keys.tolist():
        game.step(mask)
        collector.look(game)
        if game.game_ended:
            break
    return collector.finish(game)


def moments_of_policy(
    act: Callable[[npt.NDArray[np.float32]], Any],
    env: gym.Env[Any, Any],
    episodes: int,
    collector: Collector,
) -> list[Moment]:
    """Plays episodes of a policy, the k-th (from 0) after k steps without keys.

    Args:
        act: Action for one observation.
        env: A `QwopEnv`, wrapped or not, with a limit of steps if the policy may stand still.
        episodes: How many.
        collector: Decides what is kept.

    Returns:
        The moments.
    """
    moments: list[Moment] = []
    game = env.get_wrapper_attr("game")
    for idle_steps in range(episodes):
        observation, _ = env.reset(seed=0)
        steps, over = 0, False
        while not over:
            action = act(observation) if steps >= idle_steps else 0
            observation, _, terminated, truncated, _ = env.step(action)
            over, steps = terminated or truncated, steps + 1
            collector.look(game)
        moments += collector.finish(game)
    return moments
