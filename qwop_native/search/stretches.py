"""Searches a run stretch by stretch: of several searches the one that stands best goes on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from qwop_native import _core
from qwop_native.facts import FINISH_X, HURDLE_X
from qwop_native.recording.grid import Masks
from qwop_native.search.beam import Beam, Ranking
from qwop_native.search.refine import Run, joined, play
from qwop_native.search.selection import JUDGED_BY

# World units from the hurdle: who stands better in between is often not ahead any more behind it.
_BEFORE, _BEHIND = 40.0, 80.0


@dataclass(frozen=True)
class StretchSettings:
    """How a run is searched stretch by stretch.

    How a search ends varies with what is random in it more than with how wide it is, so that of
    several the best is taken before going on. States that look best at the end of a stretch have
    often overreached themselves; the next one therefore begins some frames earlier.

    Attributes:
        tries: Searches of each stretch.
        frames: Length of a stretch. One that would end at the hurdle goes on to behind it, and the
            last one, up to half as long again, to the finish.
        overlap: Frames at the end of a stretch that the next one searches again.
    """

    tries: int = 12
    frames: int = 180
    overlap: int = 90

    def __post_init__(self) -> None:
        if self.tries < 1:
            raise ValueError(f"tries must be at least 1, got {self.tries}")
        if not 0 <= self.overlap < self.frames:
            raise ValueError(
                f"a stretch of {self.frames} frames must overlap the next one by 0 to "
                f"{self.frames - 1}, got {self.overlap}"
            )


@dataclass(frozen=True)
class Reached:
    """What one search of a stretch came to.

    Attributes:
        keys: Masks of all frames since the start of the run, uint8 (frames,).
        stand: Mean rank of the best states, world units.
        run: The run, if it has finished.
    """

    keys: Masks
    stand: float
    run: Run | None = None

    def better_than(self, other: Reached) -> bool:
        """Whether it finishes earlier or, if neither of them does, stands better."""
        if self.run is None or other.run is None:
            return self.run is not None or (other.run is None and self.stand > other.stand)
        return self.run.frames < other.run.frames


class Stretches:
    """Goes on with a run from what is known of it, one stretch at a time.

    Args:
        start: The game at the start of the run.
        rank: Orders the states of a level, and the searches.
        settings: How long and how often.
        max_frames: No run slower than this is of interest.
    """

    def __init__(
        self, start: _core.Game, rank: Ranking, settings: StretchSettings, max_frames: int
    ) -> None:
        self._start, self._rank = start, rank
        self._settings, self._max_frames = settings, max_frames

    def search(self, head: Masks, beam: Beam, go_on: Callable[[], bool]) -> Reached | None:
        """Searches one stretch.

        Args:
            head: Masks of the frames before it.
            beam: What to search with.
            go_on: Asked before each decision and each try but the first; False ends the stretch.

        Returns:
            The best of the tries; None if all of them fell or were too slow, or if they ended early
            before one of them had finished.
        """
        root = self._start.copy()
        play(root, head)
        until = self._end(root)
        best: Reached | None = None
        for number in range(self._settings.tries):
            if number and not go_on():
                return best if best is not None and best.run is not None else None
            reached = self._try(root, head, beam, until, go_on)
            if reached is not None and (best is None or reached.better_than(best)):
                best = reached
        return best

    def kept(self, reached: Reached) -> Masks:
        """The masks that the next stretch goes on from."""
        return reached.keys[: len(reached.keys) - self._settings.overlap]

    def _end(self, root: _core.Game) -> int:
        # A fast run covers about a world unit a frame.
        place, frames = float(root.bodies[0, 0]), self._settings.frames
        if FINISH_X - place < 1.5 * frames:
            return self._max_frames
        if -_BEFORE < place + frames - HURDLE_X < _BEHIND:
            frames = round(HURDLE_X + _BEHIND - place)
        return min(self._max_frames, root.frames + frames)

    def _try(
        self,
        root: _core.Game,
        head: Masks,
        beam: Beam,
        until: int,
        go_on: Callable[[], bool],
    ) -> Reached | None:
        search = beam.run(root, self._rank, until, lambda level: go_on())
        if search.finish is not None:
            run = joined(head, search.finish)
            return Reached(run.keys, np.inf, run)
        last = search.levels[-1] if search.levels else None
        if until == self._max_frames or last is None or last.states.frames[0] < until:
            return None
        decisions = search.path(len(search.levels), int(last.rows[last.ranks.argmax()]))
        held = np.repeat(np.array(decisions, np.uint8), beam.settings.frames)
        stand = np.unique(last.ranks)[-JUDGED_BY:].mean()
        return Reached(np.concatenate([head, held]), float(stand))
