"""Makes a run faster by searching again from states along it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from qwop_native import _core
from qwop_native.recording.grid import Masks
from qwop_native.search.beam import Beam, BeamSettings, Finish, Level, Ranking
from qwop_native.search.guide import Guide
from qwop_native.search.states import States

_JUDGED_AFTER = 120  # frames after which a search that has fallen behind the run is given up
_JUDGED_FOR = 12  # frames, in which one of its levels falls whatever its grid
_BEHIND = 4.0  # world units


@dataclass(frozen=True)
class Run:
    """A run that finished.

    Attributes:
        keys: Mask of each frame since the start, uint8 (frames,).
        frames: Updates that the game's clock had counted at the landing.
    """

    keys: Masks
    frames: int


class Refiner:
    """Searches again from random states of the fastest run; keeps what finishes earlier.

    Args:
        start: The game at the start of the run.
        run: The run to improve.
        rank: Orders the states of a level.
        threads: Threads that play.
        rng: Chooses the states and makes the noise.
        guide: A policy to keep to.
    """

    def __init__(
        self,
        start: _core.Game,
        run: Run,
        rank: Ranking,
        threads: int,
        rng: np.random.Generator,
        guide: Guide | None = None,
    ) -> None:
        self._start, self._rank, self._threads, self._rng = start, rank, threads, rng
        self._guide, self.run = guide, run

    def attempt(
        self,
        settings: BeamSettings,
        first: int,
        last: int,
        go_on: Callable[[Level], bool] = lambda level: True,
    ) -> bool:
        """One search from a state between two frames of the run.

        Args:
            settings: How to search.
            first: Earliest frame, counted from the start, at which the search may begin.
            last: Latest one.
            go_on: Called with each new level; False ends the attempt.

        Returns:
            Whether `run` has become faster.
        """
        at = int(self._rng.integers(first, max(first, min(last, len(self.run.keys) - 2)) + 1))
        root = self._start.copy()
        play(root, self.run.keys[:at])
        beam = Beam(root, settings, self._threads, self._rng, self._guide)
        keeps_up = self._keeps_up(root)
        search = beam.run(
            root,
            self._rank,
            self.run.frames - 1,
            lambda level: go_on(level) and keeps_up(level),
        )
        if search.finish is None or search.finish.frames >= self.run.frames:
            return False
        self.run = joined(self.run.keys[:at], search.finish)
        return True

    def _keeps_up(self, root: _core.Game) -> Callable[[Level], bool]:
        """False for a level that is clearly behind the run at the same frame of the clock."""
        pool = _core.GamePool(self._start, num_envs=1, num_threads=1)
        pool.set_game(0, self._start)
        offset = self._start.frames
        until = root.frames + _JUDGED_AFTER
        held = self.run.keys[: until - offset]
        if until - offset >= len(self.run.keys):
            return lambda level: True
        for mask in held:
            pool.step(np.array([mask], np.uint8), frames=1)
        bar = float(self._rank(States.of(pool, 1))[0]) - _BEHIND

        def keeps_up(level: Level) -> bool:
            if level.states.frames[0] < until or level.states.frames[0] > until + _JUDGED_FOR:
                return True
            return float(level.ranks.max()) >= bar

        return keeps_up


def joined(head: Masks, finish: Finish) -> Run:
    """The run made of the keys before a search and those that it found."""
    return Run(np.concatenate([head, finish.keys]), finish.frames)


def play(game: _core.Game, keys: Masks) -> None:
    """Plays one mask a frame."""
    for mask in keys.tolist():
        game.step(mask, after_end=True)
