"""Columns that say outright what an observation of qwop-gym holds only between the lines.

The 60 columns give places in the world's frame, x over the whole track: where a foot is beside the
hip, or whether it stands, is a small difference of large numbers there. Everything here is computed
from those columns and the keys, for any number of games at once.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from qwop_native.envs.spaces import OBSERVATION_SIZE, TERMINATE
from qwop_native.facts import (
    BOXES,
    CONTACT_RANGE,
    FIELDS,
    JOINTS,
    PARTS,
    PHYSICS_STEP,
    PIXELS_PER_UNIT,
    TRACK_Y,
)
from qwop_native.keys import Keys

Floats = npt.NDArray[np.float32]

# Half width and half height of each of PARTS, world units.
_HALF_SIZES = np.array([BOXES[part][:2] for part in PARTS], np.float32) / (2 * PIXELS_PER_UNIT)

TOUCHING_PARTS = tuple(
    part for part in PARTS if not part.endswith(("Arm", "Forearm")) and part != "head"
)
"""Parts that may touch the track without ending the run."""

_FIRST = [PARTS.index(joint.first) for joint in JOINTS.values()]
_SECOND = [PARTS.index(joint.second) for joint in JOINTS.values()]
_REST, _LOWER, _UPPER = (
    np.array([joint[i] for joint in JOINTS.values()], np.float32) for i in (2, 3, 4)
)
JOINT_MIDDLE = (_LOWER + _UPPER) / 2
JOINT_HALF_RANGE = (_UPPER - _LOWER) / 2
_TOUCHING = [PARTS.index(part) for part in TOUCHING_PARTS]
_FEET = [TOUCHING_PARTS.index("leftFoot"), TOUCHING_PARTS.index("rightFoot")]

# World units: no part is ever further from the torso's middle than a leg and half a torso.
_LOCAL_X_SCALE = 12
_CLEARANCE_SCALE = 5
_TURN_RATE_SCALE = 10  # rad/s; a good run stays below it but for its quickest steps
_JOINT_SCALE = JOINT_HALF_RANGE * np.float32(1.25)  # joints give way beyond their limits
_ANGLE_SCALE = 6  # of QwopEnv's observations

# Of the first three of FIELDS: x, y, angle.
_SCALES = np.array([530, 10, _ANGLE_SCALE], np.float32)[:, None, None]
_ANGLES = slice(FIELDS.index("angle"), OBSERVATION_SIZE, len(FIELDS))


class Poses:
    """The columns of observations in their own units.

    Args:
        observations: float32 (games, 60) as from `QwopEnv`.

    Attributes:
        x: World units, float32 (games, 12); exact to about 3e-5.
        y: World units, y down, float32 (games, 12).
        angle: Radians, float32 (games, 12).
    """

    def __init__(self, observations: Floats) -> None:
        parts = observations[:, :OBSERVATION_SIZE].reshape(-1, len(PARTS), len(FIELDS))
        # A block for each quantity: with few games it is the number of calls that costs.
        places: Floats = np.empty((3, *parts.shape[:2]), np.float32)
        np.multiply(parts.transpose(2, 0, 1)[:3], _SCALES, out=places)
        self.x, self.y, self.angle = places
        self.x += np.float32(520)

    def clearance(self, parts: Sequence[int]) -> Floats:
        """Height of each part's lowest corner above the track, world units, (games, parts)."""
        chosen = list(parts)
        angle = self.angle.take(chosen, axis=1)
        half_width, half_height = _HALF_SIZES[chosen].T
        reach = np.abs(np.cos(angle)) * half_height + np.abs(np.sin(angle)) * half_width
        height: Floats = np.float32(TRACK_Y) - self.y.take(chosen, axis=1) - reach
        return height

    def joint_angles(self) -> Floats:
        """Angle of each of `JOINTS`, radians, (games, 11)."""
        angles: Floats = self.angle.take(_SECOND, axis=1)
        angles -= self.angle.take(_FIRST, axis=1)
        angles -= _REST
        return angles


@dataclass(frozen=True)
class _Step:
    """What the columns are computed from.

    Attributes:
        poses: At the end of the step.
        before: Observations at its start, float32 (games, 60 or more).
        keys: Mask of `Keys` held during it, uint8 (games,).
        seconds: Its length in the physics' time.
    """

    poses: Poses
    before: Floats
    keys: npt.NDArray[np.uint8]
    seconds: float

    @functools.cached_property
    def clearance(self) -> Floats:
        """Of `TOUCHING_PARTS`, world units, (games, 7)."""
        return self.poses.clearance(_TOUCHING)


def _local_x(step: _Step) -> Any:
    x = step.poses.x
    return (x[:, 1:] - x[:, :1]) / np.float32(_LOCAL_X_SCALE)  # the torso is the first part


def _contacts(step: _Step) -> Any:
    return step.clearance <= CONTACT_RANGE


def _clearance(step: _Step) -> Any:
    return step.clearance.take(_FEET, axis=1) / np.float32(_CLEARANCE_SCALE)


def _joint_angles(step: _Step) -> Any:
    angles = step.poses.joint_angles()
    angles -= JOINT_MIDDLE
    angles /= _JOINT_SCALE
    return angles


def _turn_rates(step: _Step) -> Any:
    turned = step.poses.angle - step.before[:, _ANGLES] * np.float32(_ANGLE_SCALE)
    turned /= np.float32(step.seconds * _TURN_RATE_SCALE)
    return turned


def _previous_keys(step: _Step) -> Any:
    return _EFFECTIVE_KEYS[step.keys]


def _effective_keys() -> Floats:
    """Q, W, O, P as 0 or 1 for each of the 16 masks, without the W beside Q and the P beside O."""
    table = np.zeros((16, 4), np.float32)
    for mask in range(16):
        q, w, o, p = (bool(mask & key) for key in (Keys.Q, Keys.W, Keys.O, Keys.P))
        table[mask] = q, w and not q, o, p and not o
    return table


_EFFECTIVE_KEYS = _effective_keys()

_WRAPPERS = ("RichObservation", "RichVecObservation")

GROUPS: dict[str, tuple[int, Callable[[_Step], Any]]] = {
    "local_x": (len(PARTS) - 1, _local_x),
    "contacts": (len(TOUCHING_PARTS), _contacts),
    "clearance": (len(_FEET), _clearance),
    "joint_angles": (len(JOINTS), _joint_angles),
    "turn_rates": (len(PARTS), _turn_rates),
    "previous_keys": (4, _previous_keys),
}
"""Width and computation of each group of columns.

local_x: x of the other eleven parts seen from the torso, in 12 world units.
contacts: 1 where a part of `TOUCHING_PARTS` is within the physics' contact range of the track.
clearance: height of the lowest corner of the left and the right foot, in 5 world units.
joint_angles: of `JOINTS`, 0 in the middle of the widest limits; the limits are at -0.8 and 0.8.
turn_rates: mean angular velocity of the twelve parts during the step, in 10 rad/s.
previous_keys: Q, W, O, P as they took effect in the last step: W is 0 beside Q, P beside O.
"""


class RichColumns:
    """Computes the columns that `RichObservation` and `RichVecObservation` append.

    Args:
        columns: Groups out of `GROUPS`, in the order in which they are to stand.
        frames_per_step: Updates of the game per step.

    Attributes:
        columns: The same.
        size: Number of columns that they add.

    Raises:
        ValueError: A group is unknown or named twice.
    """

    def __init__(self, columns: Sequence[str], frames_per_step: int) -> None:
        self.columns = tuple(columns)
        for name in self.columns:
            if name not in GROUPS:
                raise ValueError(f"columns must be out of {', '.join(GROUPS)}, got {name!r}")
        if len(set(self.columns)) < len(self.columns):
            raise ValueError(f"columns must be named once each, got {', '.join(self.columns)}")
        self.size = sum(GROUPS[name][0] for name in self.columns)
        self._seconds = frames_per_step * PHYSICS_STEP

    def append(self, observations: Floats, keys: npt.NDArray[np.uint8], before: Floats) -> Floats:
        """Observations with the chosen columns after their own.

        Args:
            observations: float32 (games, 60).
            keys: Mask of `Keys` held during the step, uint8 (games,); 0 after a reset.
            before: Observations one step earlier, float32 (games, 60 or more); after a reset, the
                same as `observations`.

        Returns:
            A new array, float32 (games, 60 + size), everything within -1..1.
        """
        shown: Floats = np.empty((len(observations), OBSERVATION_SIZE + self.size), np.float32)
        shown[:, :OBSERVATION_SIZE] = observations
        step = _Step(Poses(observations), before, keys, self._seconds)
        start = OBSERVATION_SIZE
        for name in self.columns:
            width, compute = GROUPS[name]
            shown[:, start : start + width] = compute(step)
            start += width
        added = shown[:, OBSERVATION_SIZE:]
        np.minimum(added, 1, out=added)  # np.clip takes five times as long for as few
        np.maximum(added, -1, out=added)
        return shown


def columns_of(wrappers: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    """Groups that the wrappers in a run's settings append; none if there is no such wrapper.

    Args:
        wrappers: Entries of `env_wrappers`, with `cls` and perhaps `kwargs`.
    """
    for wrapper in wrappers:
        if wrapper["cls"] in _WRAPPERS:
            return tuple((wrapper.get("kwargs") or {}).get("columns", GROUPS))
    return ()


def key_masks(action_keys: Sequence[int]) -> npt.NDArray[np.uint8]:
    """`action_keys` as an array to be indexed by actions; "T" presses nothing."""
    return np.array([0 if keys == TERMINATE else keys for keys in action_keys], np.uint8)
