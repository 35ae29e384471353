"""Where episodes start but at the line: at moments of earlier ones shortly before trouble."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

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
        count = int(self._buckets(_LAST_X)) + 1
        self._games: list[list[_core.Game]] = [[] for _ in range(count)]
        self._counts = np.zeros(count, np.int64)  # of games in each, for draws of many at once
        self._deaths = np.full(count, 1.0)

    def __len__(self) -> int:
        return int(self._counts.sum())

    def died(self, x: float | npt.NDArray[np.float64]) -> None:
        """Remembers where runners died, world units."""
        places = np.atleast_1d(self._buckets(x))
        self._deaths *= _DECAY ** len(places)
        self._deaths += np.bincount(places, minlength=len(self._deaths))

    def add(self, x: float, game: _core.Game) -> None:
        """Keeps a game at the place `x`."""
        bucket = int(self._buckets(x))
        games = self._games[bucket]
        if len(games) < self._size:
            games.append(game)
            self._counts[bucket] += 1
        else:
            games[int(self._rng.integers(self._size))] = game

    def draw(self) -> _core.Game | None:
        """A game shortly before a place of many deaths; None if none is kept."""
        return self.draw_many(1)[0]

    def draw_many(self, count: int) -> list[_core.Game | None]:
        """As many draws; None where no game is kept at the place or before it."""
        if not count or not self._counts.any():
            return [None] * count
        # Three numbers a draw: a place where runners die, how far before it, which game there.
        where, lead, which = self._rng.random((3, count))
        edges = np.cumsum(self._deaths + 0.1 * self._deaths.mean())
        places = np.searchsorted(edges, where * edges[-1], side="right")
        places = np.minimum(places, len(edges) - 1)
        places -= (lead * (int(_LEAD_UNITS / self._units) + 1)).astype(np.int64)
        numbers = np.where(self._counts > 0, np.arange(len(edges)), -1)
        buckets = np.maximum.accumulate(numbers)[np.maximum(places, 0)]
        rows = (which * self._counts[buckets]).astype(np.int64)
        return [
            self._games[bucket][row] if bucket >= 0 else None
            for bucket, row in zip(buckets.tolist(), rows.tolist(), strict=True)
        ]

    def get_state(self) -> dict[str, Any]:
        """All that is kept, the games as snapshots, for `set_state`."""
        return {
            "deaths": self._deaths.copy(),
            "games": [[game.snapshot() for game in games] for games in self._games],
        }

    def set_state(self, state: dict[str, Any], sincos: str) -> None:
        """Puts back what `get_state` has returned.

        Args:
            state: It.
            sincos: Flavor of the games.

        Raises:
            ValueError: It is of buckets of another width or size.
        """
        counts = np.array([len(games) for games in state["games"]])
        if len(counts) != len(self._counts) or counts.max() > self._size:
            raise ValueError(
                f"the state is of {len(counts)} buckets of up to {counts.max()} games, "
                f"these are {len(self._counts)} of {self._size}"
            )
        self._games = [[_restored(sincos, one) for one in games] for games in state["games"]]
        self._counts = counts
        self._deaths = state["deaths"].copy()

    def _buckets(self, x: float | npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
        inside = np.minimum(np.maximum(x, _FIRST_X), _LAST_X)
        return np.asarray((inside - _FIRST_X) / self._units).astype(np.int64)


def _restored(sincos: str, snapshot: bytes) -> _core.Game:
    game = _core.Game(sincos)
    game.restore(snapshot)
    return game
