"""What a search sees of its games: bodies, events, and the columns that values are learned from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from qwop_native import _core
from qwop_native.facts import (
    BOXES,
    FINISH_X,
    HURDLE_X,
    LEFT_FOOT_DOWN,
    PARTS,
    RIGHT_FOOT_DOWN,
)

Floats = npt.NDArray[np.float64]


# Each part's area in square pixels times its density, in the order of PARTS: its share of the mass.
_WEIGHTS = np.array(
    [box.width_px * box.height_px * box.density for box in (BOXES[part] for part in PARTS)]
)
_SHARES = _WEIGHTS / _WEIGHTS.sum()

_TORSO = PARTS.index("torso")
_LIMBS = [PARTS.index(name) for name in ("torso", "leftThigh", "leftCalf", "rightThigh")]
_LIMBS.append(PARTS.index("rightCalf"))

# World units, radians and seconds, divided by these, are numbers about one.
_LENGTH, _SPEED, _SPIN, _AHEAD = 5.0, 20.0, 10.0, 40.0

FEATURES = 7 * len(PARTS) + 4
"""Columns that `features` makes."""


@dataclass(frozen=True)
class States:
    """Where some games stand, one row a game.

    Attributes:
        bodies: x, y, angle, vx, vy and angular velocity of the parts in the order of
            `qwop_native.envs.spaces.PARTS`; world units, radians, seconds; float64 (n, 12, 6).
        events: Bits such as `facts.FALLEN`, uint8 (n,).
        frames: Updates that the game's clock has counted, int32 (n,).
        score: Meters that the game shows, float64 (n,).
    """

    bodies: Floats
    events: npt.NDArray[np.uint8]
    frames: npt.NDArray[np.int32]
    score: Floats

    @classmethod
    def of(cls, pool: _core.GamePool, count: int) -> States:
        """Copies of the first `count` rows of a pool."""
        views = (pool.bodies, pool.events, pool.frames, pool.score)
        return cls(*(view[:count].copy() for view in views))

    def __len__(self) -> int:
        return len(self.bodies)

    def __getitem__(self, rows: Any) -> States:
        return States(self.bodies[rows], self.events[rows], self.frames[rows], self.score[rows])


def progress(states: States) -> Floats:
    """Where half a second of its own motion will bring the center of mass, world units (n,)."""
    return np.asarray((states.bodies[:, :, 0] + 0.5 * states.bodies[:, :, 3]) @ _SHARES)


def speed(states: States) -> Floats:
    """Of the center of mass along the track, world units a second (n,)."""
    return np.asarray(states.bodies[:, :, 3] @ _SHARES)


def features(states: States) -> npt.NDArray[np.float32]:
    """Pose and motion in numbers about one, float32 of shape (n, `FEATURES`).

    Lengths along the track are relative to the torso, but for the hurdle's and the finish's.
    """
    x, y, angle, vx, vy, spin = np.moveaxis(states.bodies, 2, 0)
    torso = x[:, _TORSO : _TORSO + 1]
    ahead = np.concatenate([HURDLE_X - torso, FINISH_X - torso], axis=1)
    down = np.stack([states.events & LEFT_FOOT_DOWN, states.events & RIGHT_FOOT_DOWN], 1) != 0
    columns = (
        (x - torso) / _LENGTH,
        y / _LENGTH,
        np.sin(angle),
        np.cos(angle),
        vx / _SPEED,
        vy / _SPEED,
        spin / _SPIN,
        np.clip(ahead / _AHEAD, -1.0, 1.0),
        down,
    )
    return np.concatenate(columns, axis=1).astype(np.float32)


def pose_cells(states: States) -> npt.NDArray[np.int64]:
    """Each pose's neighborhood: a quarter of a radian, a world unit; int64 (n, 6)."""
    angles = np.round(states.bodies[:, _LIMBS, 2] * 4.0)
    height = np.round(states.bodies[:, _TORSO : _TORSO + 1, 1])
    return np.concatenate([angles, height], axis=1).astype(np.int64)
