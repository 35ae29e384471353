"""Where episodes start but at the line: at moments of earlier ones shortly before trouble."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from qwop_native import _core


class SnapshotBuckets:
    """Games under way, sorted by the place of the torso, drawn where runners die.

    Args:
        units: Width of a bucket, world units.
        size: Games kept in each; a new one replaces one at random.
        rng: Source of the draws.

    Attributes:
        native: The same in C++, for games that use it without Python.
    """

    def __init__(self, units: float, size: int, rng: np.random.Generator) -> None:
        self.native = _core.SnapshotBuckets(units=units, size=size)
        self._bits: Any = rng.bit_generator

    def __len__(self) -> int:
        return len(self.native)

    def died(self, x: float | npt.NDArray[np.float64]) -> None:
        """Remembers where runners died, world units."""
        self.native.died(np.atleast_1d(np.asarray(x, np.float64)))

    def add(self, x: float, game: _core.Game) -> None:
        """Keeps a copy of a game at the place `x`."""
        with self._bits.lock:
            self.native.add(self._bits.capsule, x=x, game=game)

    def draw(self) -> _core.Game | None:
        """A game shortly before a place of many deaths; None if none is kept."""
        return self.draw_many(1)[0]

    def draw_many(self, count: int) -> list[_core.Game | None]:
        """As many draws, as copies; None where no game is kept at the place or before it."""
        with self._bits.lock:
            return self.native.draw(self._bits.capsule, count=count)

    def get_state(self) -> dict[str, Any]:
        """All that is kept, the games as snapshots, for `set_state`."""
        kept, deaths = self.native.state()
        return {
            "deaths": deaths,
            "games": [[game.snapshot() for game in games] for games in kept],
        }

    def set_state(self, state: dict[str, Any], sincos: str) -> None:
        """Puts back what `get_state` has returned.

        Args:
            state: It.
            sincos: Flavor of the games.

        Raises:
            ValueError: It is of buckets of another width or size.
        """
        kept = [[_restored(sincos, one) for one in games] for games in state["games"]]
        self.native.restore(games=kept, deaths=state["deaths"])


def _restored(sincos: str, snapshot: bytes) -> _core.Game:
    game = _core.Game(sincos)
    game.restore(snapshot)
    return game
