"""What an action index presses and what an observation column means, as qwop-gym has them."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt

from qwop_native.facts import FIELDS, PARTS
from qwop_native.keys import Keys

OBSERVATION_SIZE = len(PARTS) * len(FIELDS)

TERMINATE = -1
"""Stands for the extra action "T" in a table of key masks."""

_FULL = tuple(
    Keys(sum(keys))
    for size in range(5)
    for keys in itertools.combinations((Keys.Q, Keys.W, Keys.O, Keys.P), size)
)


def _masks(names: Iterable[str]) -> tuple[Keys, ...]:
    return tuple(Keys(sum(Keys[key] for key in name)) for name in names)


ACTION_SETS: dict[str, tuple[Keys, ...]] = {
    # Every combination, in order of size.
    "full": _FULL,
    # qwop-gym's nine. The game lets Q win over W and O over P, so QW and OP only repeat Q and O.
    "reduced": _masks(("", "Q", "W", "O", "P", "QW", "QP", "WO", "OP")),
    # The nine that the game tells apart.
    "essential": _masks(("", "Q", "W", "O", "P", "QO", "QP", "WO", "WP")),
}


def action_keys(action_set: str, t_for_terminate: bool) -> tuple[int, ...]:
    """Key mask of each action of a set.

    Args:
        action_set: "full", "reduced" or "essential".
        t_for_terminate: Whether the action that ends the episode is appended.

    Returns:
        One bit mask of `Keys` per action, and `TERMINATE` for the action "T".

    Raises:
        ValueError: The set is not one of the three.
    """
    if action_set not in ACTION_SETS:
        raise ValueError(f"action_set must be one of {', '.join(ACTION_SETS)}, got {action_set!r}")
    keys = tuple(int(mask) for mask in ACTION_SETS[action_set])
    return (*keys, TERMINATE) if t_for_terminate else keys


def key_codes(keys: int) -> tuple[int, ...]:
    """Sorted character codes of the lower-case letters that an entry of `action_keys` presses."""
    if keys == TERMINATE:
        return (ord("t"),)
    mask = Keys(keys)
    singles = (Keys.Q, Keys.W, Keys.O, Keys.P)
    return tuple(sorted(ord(str(key.name).lower()) for key in singles if key in mask))


class Normalizer:
    """Maps one quantity from its range onto -1..1 and back, in float32.

    Attributes:
        name: The quantity.
        limit_min: Value that becomes -1.
        limit_max: Value that becomes 1.
        center: Value that becomes 0.
        maxdev: Half the width of the range.
    """

    def __init__(self, name: str, limit_min: float, limit_max: float) -> None:
        self.name = name
        self.limit_min = np.float32(limit_min)
        self.limit_max = np.float32(limit_max)
        self.center = np.float32((limit_min + limit_max) / 2)
        self.maxdev = np.float32(self.limit_max - self.center)

    def normalize(self, value: Any) -> Any:
        """Value or array in the quantity's own unit to -1..1; not clipped."""
        return (value - self.center) / self.maxdev

    def denormalize(self, norm: Any) -> Any:
        """Column of an observation back to the quantity's own unit."""
        return norm * self.maxdev + self.center


_CENTERS = np.array([(-10 + 1050) / 2, 0, 0, (-20 + 60) / 2, (-25 + 60) / 2], np.float32)
_MAXDEVS = np.array([1050, 10, 6, 60, 60], np.float32) - _CENTERS
_ALL_CENTERS, _ALL_MAXDEVS = (np.tile(of_part, len(PARTS)) for of_part in (_CENTERS, _MAXDEVS))


def observation_scale() -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """What columns of an observation are multiplied by and what is added, in the quantity's unit.

    Returns:
        Two arrays, float64 of shape (60,): column * the first + the second is in world units,
        radians or per second.
    """
    parts = len(PARTS)
    return np.tile(_MAXDEVS.astype(np.float64), parts), np.tile(_CENTERS.astype(np.float64), parts)


def observations(bodies: npt.NDArray[np.float64]) -> npt.NDArray[np.float32]:
    """The environment's observations of games whose bodies are known.

    Args:
        bodies: x, y, angle, vx, vy (and more) of the twelve parts, shape (n, 12, 5 or more).

    Returns:
        Float32 of shape (n, 60), bit for bit what `QwopEnv` gives.
    """
    normal: npt.NDArray[np.float32] = np.empty((len(bodies), OBSERVATION_SIZE), np.float32)
    normal.reshape(-1, len(PARTS), len(FIELDS))[:] = bodies[:, :, : len(FIELDS)]
    # Over rows of 60: NumPy takes twice as long over rows of five.
    normal -= _ALL_CENTERS
    normal /= _ALL_MAXDEVS
    return np.clip(normal, np.float32(-1), np.float32(1), out=normal)
