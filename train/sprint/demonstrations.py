"""Beams as teachers: what led to states that lasted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from qwop_native import _core
from qwop_native.search.beam import Beam, BeamSettings, Finish, Search
from qwop_native.search.states import States
from qwop_native.spaces import ACTION_SETS, observations
from train.sprint.settings import BeamsSettings

Rank = Callable[[States], npt.NDArray[np.float64]]


@dataclass(frozen=True)
class Lessons:
    """What to press where.

    Attributes:
        observations: The environment's, float32 (n, 60).
        actions: Indices of the essential set, int64 (n,).
    """

    observations: npt.NDArray[np.float32]
    actions: npt.NDArray[np.int64]

    @classmethod
    def joined(cls, parts: list[Lessons]) -> Lessons:
        """All of them, one after the other."""
        return cls(
            np.concatenate([part.observations for part in parts]),
            np.concatenate([part.actions for part in parts]),
        )


def teach(
    roots: list[_core.Game],
    rank: Rank,
    settings: BeamsSettings,
    rng: np.random.Generator,
    threads: int,
    say: Callable[[str], None],
) -> tuple[Lessons, list[tuple[int, Finish]]]:
    """Searches from several starts and keeps what lasted.

    Args:
        roots: Games at the start line; beams take them in turn.
        rank: Orders states.
        settings: Number and width of the beams.
        rng: Source of the beams' noise.
        threads: Threads that play.
        say: Told how each beam went.

    Returns:
        The lessons, and each finish with the index of its root.
    """
    parts: list[Lessons] = []
    finishes: list[tuple[int, Finish]] = []
    how = BeamSettings(settings.width, settings.frames_per_step, noise=settings.noise)
    beam = Beam(roots[0], how, threads, rng)
    for number in range(settings.beams):
        root = number % len(roots)
        search = beam.run(roots[root], rank, settings.max_frames)
        parts.append(lessons(roots[root], search, settings.lasting_levels))
        farthest = float(search.levels[-1].states.bodies[:, 0, 0].max()) / 10
        frames = search.finish.frames if search.finish else None
        say(
            f"beam {number + 1}: "
            + (f"{frames} frames" if frames else f"{farthest:.1f} m in {3 * len(search.levels)}")
            + f", {len(parts[-1].actions)} lessons"
        )
        if search.finish is not None:
            finishes.append((root, search.finish))
    return Lessons.joined(parts), finishes


def lessons(root: _core.Game, search: Search, later: int) -> Lessons:
    """Each decision whose outcome had descendants `later` levels on, or led to the finish.

    Args:
        root: Where the search began.
        search: Its levels.
        later: Levels.
    """
    pool = _core.GamePool(root, 1, 1)
    pool.set_game(0, root)
    pool.step(np.zeros(1, np.uint8), 0)
    before = observations(States.of(pool, 1).bodies)
    codes = np.full(16, -1, np.int64)
    codes[[int(m) for m in ACTION_SETS["essential"]]] = np.arange(len(ACTION_SETS["essential"]))
    parts = []
    levels = search.levels
    for at, level in enumerate(levels):
        if at + later < len(levels):
            ancestors = np.arange(len(levels[at + later].parents))
            for following in levels[at + later : at : -1]:
                ancestors = np.unique(following.parents[ancestors])
            parts.append(Lessons(before[level.parents[ancestors]], codes[level.keys[ancestors]]))
        before = observations(level.states.bodies)
    return Lessons.joined(parts)
