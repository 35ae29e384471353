"""Where episodes start but at the line: at moments of earlier ones shortly before trouble."""

from __future__ import annotations

import numpy as np

from qwop_native import _core

_DECAY = 0.999  # of what is remembered of deaths, at each new one
_LEAD_UNITS = 60.0  # a practice begins up to so far before the place of a death
_FIRST_X, _LAST_X = -20.0, 1040.0


class SnapshotBuckets:
    """Games under way, sorted by the place of the torso, drawn where runners die.

    Args:
        units: Width of a bucket, world units.
        size: Games kept in each; a new one replaces one at random.
        rng: Source of the draws.
    """

    def __init__(self, units: float, size: int, rng: np.random.Generator) -> None:
        self._units, self._size, self._rng = units, size, rng
        count = self._bucket(_LAST_X) + 1
        self._games: list[list[_core.Game]] = [[] for _ in range(count)]
        self._deaths = np.full(count, 1.0)

    def __len__(self) -> int:
        return sum(len(games) for games in self._games)

    def died(self, x: float) -> None:
        """Remembers where a runner died, world units."""
        self._deaths *= _DECAY
        self._deaths[self._bucket(x)] += 1.0

    def add(self, x: float, game: _core.Game) -> None:
        """Keeps a game at the place `x`."""
        games = self._games[self._bucket(x)]
        if len(games) < self._size:
            games.append(game)
        else:
            games[int(self._rng.integers(self._size))] = game

    def draw(self) -> _core.Game | None:
        """A game shortly before a place of many deaths; None if none is kept."""
        if not len(self):
            return None
        weights = self._deaths + 0.1 * self._deaths.mean()
        place = int(self._rng.choice(len(weights), p=weights / weights.sum()))
        place -= int(self._rng.integers(0, int(_LEAD_UNITS / self._units) + 1))
        for bucket in range(max(place, 0), -1, -1):
            games = self._games[bucket]
            if games:
                return games[int(self._rng.integers(len(games)))]
        return None

    def _bucket(self, x: float) -> int:
        return int((min(max(x, _FIRST_X), _LAST_X) - _FIRST_X) / self._units)
