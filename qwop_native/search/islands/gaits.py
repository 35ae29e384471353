"""Tells gaits apart: four numbers that describe how a runner has run of late, and their cells."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from qwop_native import _core
from qwop_native.facts import LEFT_FOOT_DOWN, PARTS, RIGHT_FOOT_DOWN, UNITS_PER_METER

Floats = npt.NDArray[np.float64]

DESCRIPTORS = ("stride", "left_duty", "right_duty", "lean")
"""Meters from one overtaking of the left foot to the next; share of frames in which each foot is on
the ground; mean angle of the torso, radians, forward positive."""

# Between two cells. A stride that is longer than the longest belongs to runners whose legs do not
# overtake each other at all: they shuffle, always the same foot in front.
_BOUNDS = (
    (0.6, 1.2, 1.8, 2.4, 4.0),
    (0.15, 0.3, 0.5),
    (0.15, 0.3, 0.5),
    (0.15, 0.4, 0.65, 0.9),
)
_NO_STRIDE = 10.0  # meters; of runners whose feet never overtake each other

_TORSO, _LEFT, _RIGHT = (PARTS.index(name) for name in ("torso", "leftCalf", "rightCalf"))
_UPRIGHT = -1.25  # radians of the torso of a runner that stands


def described(games: list[_core.Game], keys: npt.NDArray[np.uint8]) -> Floats:
    """Plays keys and describes the gaits, float64 (n, 4).

    Args:
        games: Where each begins, at least one.
        keys: One mask a frame, uint8 (n, frames).
    """
    count, frames = keys.shape
    pool = _core.GamePool(games[0], num_envs=count, num_threads=1)
    for row, game in enumerate(games):
        pool.set_game(row, game)
    first = pool.bodies[:, _TORSO, 0].copy()
    down, lean, ahead = np.zeros((2, count)), np.zeros(count), []
    for frame in range(frames):
        pool.step(np.ascontiguousarray(keys[:, frame]), frames=1)
        bodies = pool.bodies
        down += np.stack([pool.events & LEFT_FOOT_DOWN, pool.events & RIGHT_FOOT_DOWN]) != 0
        lean += _UPRIGHT - bodies[:, _TORSO, 2]
        ahead.append(bodies[:, _LEFT, 0] > bodies[:, _RIGHT, 0])
    overtakings = (np.diff(np.array(ahead), axis=0) != 0).sum(axis=0)
    meters = (pool.bodies[:, _TORSO, 0] - first) / UNITS_PER_METER
    stride = np.where(overtakings > 0, 2.0 * meters / np.maximum(overtakings, 1), _NO_STRIDE)
    return np.stack([stride, *(down / frames), lean / frames], axis=1)


def cells(gaits: Floats) -> npt.NDArray[np.int64]:
    """The cell of each gait, int64 (n,); gaits in different cells do not compete."""
    number = np.zeros(len(gaits), np.int64)
    for column, bounds in zip(gaits.T, _BOUNDS, strict=True):
        number = number * (len(bounds) + 1) + np.digitize(column, bounds)
    return number
