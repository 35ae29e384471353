"""Beams as teachers: what led to states that lasted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from qwop_native import _core
from qwop_native.envs.spaces import ACTION_SETS, observations
from qwop_native.facts import UNITS_PER_METER
from qwop_native.recording import Recording
from qwop_native.search.beam import Beam, BeamSettings, Finish, Search
from qwop_native.search.survivors import Examples, NothingToLearnError, examples, lasting, learn
from qwop_native.search.values import Rank
from qwop_native.training.sprint.settings import BeamsSettings
from qwop_native.wrappers.rich_columns import key_masks


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


@dataclass(frozen=True)
class Beamed:
    """What one beam came to.

    Attributes:
        root: Index of its start.
        lessons: What it teaches.
        pace: World units that it made in a frame.
        finish: Its finish, if there was one.
    """

    root: int
    lessons: Lessons
    pace: float
    finish: Finish | None


class Teacher:
    """Searches from several starts, round after round, and keeps what lasted.

    Args:
        roots: Games at the start line; beams take them in turn.
        rank: Orders states at first.
        settings: Number and width of the beams.
        rng: Source of the beams' noise.
        threads: Threads that play.
        say: Told how each beam went.
    """

    def __init__(
        self,
        roots: list[_core.Game],
        rank: Rank,
        settings: BeamsSettings,
        rng: np.random.Generator,
        threads: int,
        say: Callable[[str], None],
    ) -> None:
        self._roots, self._rank, self._settings = roots, rank, settings
        self._rng, self._say = rng, say
        how = BeamSettings(settings.width, settings.frames_per_step, noise=settings.noise)
        self._beam = Beam(roots[0], how, threads, rng)
        self._count = 0

    def run(self) -> list[Beamed]:
        """Makes all rounds; returns the beams whose pace is within 5 % of the best one's."""
        made: list[Beamed] = []
        for number in range(self._settings.rounds):
            data: list[Examples] = []
            for _ in range(self._settings.beams):
                beamed, seen = self._search()
                made.append(beamed)
                data += seen
            if data and number + 1 < self._settings.rounds:
                value, gain = learn(Examples.joined(data), int(self._rng.integers(2**31)))
                self._rank = self._rank.plus(1.0, value)
                self._say(f"which states last: {100 * gain:.1f} % of the loss explained")
        best = max(beamed.pace for beamed in made)
        return [beamed for beamed in made if beamed.pace > 0.95 * best]

    def _search(self) -> tuple[Beamed, list[Examples]]:
        at = self._count % len(self._roots)
        self._count += 1
        root, frames = self._roots[at], self._settings.frames_per_step
        search = self._beam.run(root, self._rank, self._settings.max_frames)
        kept = lessons(root, search, self._settings.survives_for)
        way = float(search.levels[-1].states.bodies[:, 0, 0].max())
        meters = way / UNITS_PER_METER
        played = frames * len(search.levels)
        finish = search.finish
        self._say(
            f"beam {self._count}: "
            + (f"{finish.frames} frames" if finish else f"{meters:.1f} m in {played} frames")
            + f", {len(kept.actions):,} lessons"
        )
        beamed = Beamed(at, kept, way / played, finish)
        try:
            return beamed, [examples(search.levels, frames)]
        except NothingToLearnError:  # it fell before anything could be said of what lasts
            return beamed, []


def lessons(root: _core.Game, search: Search, later: int) -> Lessons:
    """Each decision whose outcome had descendants `later` levels on, or led to the finish.

    Args:
        root: Where the search began.
        search: Its levels.
        later: Levels.
    """
    codes = _action_codes()
    before = observations(root.bodies[None])
    parts = []
    for level, kept in lasting(search.levels, later):
        parts.append(Lessons(before[level.parents[kept]], codes[level.keys[kept]]))
        before = observations(level.states.bodies)
    return Lessons.joined(parts)


def lessons_of(run: Recording, idle: int, frames: int) -> Lessons:
    """Each decision of a run.

    Args:
        run: The run.
        idle: Frames without keys with which it begins; nothing is decided in them.
        frames: From one decision to the next.
    """
    codes, game = _action_codes(), _core.Game(run.sincos)
    run.prepare(game)
    game.step(0, idle)
    seen, actions = [], []
    for begin in range(idle, len(run.keys), frames):
        held = run.keys[begin : begin + frames]
        seen.append(observations(game.bodies[None])[0])
        actions.append(codes[held[0]])
        game.step(int(held[0]), len(held))
    return Lessons(np.array(seen), np.array(actions))


def _action_codes() -> npt.NDArray[np.int64]:
    """Of each mask of keys the index in the essential set, -1 if it is not there; (16,)."""
    codes = np.full(16, -1, np.int64)
    codes[key_masks(ACTION_SETS["essential"])] = np.arange(len(ACTION_SETS["essential"]))
    return codes
