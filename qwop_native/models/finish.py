"""When a run counts as 100 m by the game's own rule."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from qwop_native import _core
from qwop_native.facts import FINISH_SCORE, LANDED


def finished(
    events: npt.NDArray[np.uint8], score: npt.NDArray[np.float64]
) -> npt.NDArray[np.bool_]:
    """Which games have landed beyond 100 m.

    Args:
        events: Of each game, bits of `qwop_native.facts`, uint8 (n,).
        score: The games' own scores, meters, float64 (n,).

    Returns:
        Bool (n,).
    """
    landed: npt.NDArray[np.bool_] = events & LANDED != 0
    return landed & (score >= FINISH_SCORE)


def has_finished(game: _core.Game) -> bool:
    """Whether one game has landed beyond 100 m."""
    return game.jump_landed and game.score >= FINISH_SCORE
