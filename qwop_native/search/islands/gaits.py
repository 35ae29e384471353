"""Tells gaits apart: four numbers that describe how a runner has run of late, and their cells."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from qwop_native import _core
from qwop_native.facts import (
    FRAMES_PER_SECOND,
    LEFT_FOOT_DOWN,
    PARTS,
    RIGHT_FOOT_DOWN,
    UNITS_PER_METER,
)

Floats = npt.NDArray[np.float64]

DESCRIPTORS = ("stride", "left_duty", "right_duty", "lean", "lead")
"""Meters from one swing of a leg to the next, share of frames in which each foot is on the
ground, mean lean of the torso forward, radians, and share of frames with the left foot in front."""

APART = 360
"""Frames for which a search for gaits keeps them apart: about the first 25 m."""
GAIT_LEG = 60
"""Frames by which a gait is told: more than a stride."""

# Between two cells.
_BOUNDS = ((1.5, 3.5, 6.0), (0.12, 0.28, 0.45), (0.12, 0.28, 0.45), (0.3, 0.7, 1.0), (0.35, 0.65))
_SLOWEST = 0.5  # strides a second; slower ones do not fit into a leg
_PADDED = 1024  # frames, so that the frequencies are fine enough

_TORSO = PARTS.index("torso")
_CALVES = PARTS.index("leftCalf"), PARTS.index("rightCalf")
_THIGHS = PARTS.index("leftThigh"), PARTS.index("rightThigh")
_UPRIGHT = -1.25  # radians of the torso of a runner that stands


def described(games: list[_core.Game], keys: npt.NDArray[np.uint8]) -> Floats:
    """Plays keys and describes the gaits, float64 (n, 5).

    Args:
        games: Where each begins, at least one.
        keys: One mask a frame, uint8 (n, frames).
    """
    count, frames = keys.shape
    pool = _core.GamePool(games[0], num_envs=count, num_threads=1)
    for row, game in enumerate(games):
        pool.set_game(row, game)
    leans, leads, thighs = (np.zeros((frames, count)) for _ in range(3))
    down = np.zeros((2, count))
    before = pool.bodies[:, _TORSO, 0].copy()
    for frame in range(frames):
        pool.step(np.ascontiguousarray(keys[:, frame]), frames=1)
        bodies = pool.bodies
        leans[frame] = _UPRIGHT - bodies[:, _TORSO, 2]
        leads[frame] = bodies[:, _CALVES[0], 0] > bodies[:, _CALVES[1], 0]
        thighs[frame] = bodies[:, _THIGHS[0], 2] - bodies[:, _THIGHS[1], 2]
        down += np.stack([pool.events & LEFT_FOOT_DOWN, pool.events & RIGHT_FOOT_DOWN]) != 0
    way = (pool.bodies[:, _TORSO, 0] - before) / UNITS_PER_METER
    strides = way / (cadences(thighs) * frames / FRAMES_PER_SECOND)
    return np.stack([strides, *(down / frames), leans.mean(axis=0), leads.mean(axis=0)], axis=1)


def cadences(swings: Floats) -> Floats:
    """The strongest frequency of each swing, Hz, float64 (n,).

    Counting landings would count scrapes and bounces, too.

    Args:
        swings: Angle between the thighs at each frame, radians, float64 (frames, n).
    """
    window = np.hanning(len(swings) + 2)[1:-1, None]
    # As if the mean were taken off under the window, or slow swings would drown in it.
    about_zero = swings - (window * swings).sum(axis=0) / window.sum()
    strength = np.abs(np.fft.rfft(window * about_zero, _PADDED, axis=0))
    frequencies = np.fft.rfftfreq(_PADDED, 1 / FRAMES_PER_SECOND)
    strength[frequencies < _SLOWEST] = 0.0
    return np.asarray(np.maximum(frequencies[strength.argmax(axis=0)], _SLOWEST))


def cells(gaits: Floats) -> npt.NDArray[np.int64]:
    """The cell of each gait, int64 (n,); gaits in different cells do not compete."""
    number = np.zeros(len(gaits), np.int64)
    for column, bounds in zip(gaits.T, _BOUNDS, strict=True):
        number = number * (len(bounds) + 1) + np.digitize(column, bounds)
    return number
