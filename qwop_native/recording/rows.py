"""What one frame of the game, or one step of the environment, is made of; and its bits.

A recording is an array of rows. Both kinds of row are packed little-endian structures, so that
two rows are equal exactly when their bytes are: signs of zero and NaN payloads count.
"""

from __future__ import annotations

import enum
import hashlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from qwop_native.envs.spaces import OBSERVATION_SIZE
from qwop_native.facts import FIELDS, PARTS

HURDLE = ("hurdleBase", "hurdleTop")
BODY_FIELDS = (*FIELDS, "omega")


class Flags(enum.IntFlag):
    """State of the game's rules after a frame."""

    FALLEN = 1
    JUMPED = 2
    JUMP_LANDED = 4
    GAME_ENDED = 8


# One update of the game. Lengths in world units (20 pixels), angles in radians, velocities per
# second of physics time, score in meters, score_time in seconds of the game's clock.
GAME_ROW = np.dtype(
    [
        ("bodies", "<f8", (len(PARTS), len(BODY_FIELDS))),
        ("hurdle", "<f8", (len(HURDLE), len(BODY_FIELDS))),
        ("head_torque", "<f8"),
        ("score", "<f8"),
        ("score_time", "<f8"),
        ("flags", "u1"),
    ]
)

# One reset or step of the environment, as its caller sees it. The reward of a reset is 0.
ENV_ROW = np.dtype(
    [
        ("obs", "<f4", (OBSERVATION_SIZE,)),
        ("reward", "<f8"),
        ("time", "<f4"),
        ("distance", "<f4"),
        ("avgspeed", "<f4"),
        ("terminated", "u1"),
        ("is_success", "u1"),
    ]
)

LAYOUTS = {"game": GAME_ROW, "env": ENV_ROW}

Rows = NDArray[np.void]


@dataclass(frozen=True)
class Difference:
    """The first place where two recordings part.

    Attributes:
        row: Index of the row, counted from 0.
        where: The field by name, such as ``leftFoot.vy``, ``score`` or ``obs[3] torso.vx``.
        native: The value computed here.
        browser: The value the browser gave.
        ulps: Distance in units in the last place; None for fields that are not floats.
        fields: How many values differ in that row.
    """

    row: int
    where: str
    native: float | int
    browser: float | int
    ulps: int | None
    fields: int

    def __str__(self) -> str:
        distance = "" if self.ulps is None else f", {self.ulps} units in the last place apart"
        return (
            f"row {self.row}: {self.where} is {self.native!r} here and {self.browser!r} in the "
            f"browser{distance} ({self.fields} values of the row differ)"
        )


def digests(rows: Rows) -> NDArray[np.uint64]:
    """Hashes every row.

    Args:
        rows: Array of shape (n,) with one of the row dtypes.

    Returns:
        BLAKE2b with 8 bytes of output for each row's bytes, uint64 of shape (n,).
    """
    size = rows.dtype.itemsize
    data = np.ascontiguousarray(rows).tobytes()
    joined = b"".join(
        hashlib.blake2b(data[at : at + size], digest_size=8).digest()
        for at in range(0, len(data), size)
    )
    return np.frombuffer(joined, dtype="<u8")


def ulp_distance(a: float, b: float, bits: int = 64) -> int:
    """Counts the representable numbers between two floats.

    Args:
        a: One number.
        b: The other.
        bits: 64 for double, 32 for single precision.

    Returns:
        How many steps to the next representable number lead from one to the other. The two
        zeros are one step apart, so that the distance is 0 only for equal bits.
    """
    kind, unsigned = ("<f8", "<u8") if bits == 64 else ("<f4", "<u4")
    sign = 1 << (bits - 1)

    def ordinal(value: float) -> int:
        raw = int(np.array(value, dtype=kind).view(unsigned))
        return -(raw ^ sign) - 1 if raw & sign else raw

    return abs(ordinal(a) - ordinal(b))


def first_difference(native: Rows, browser: Rows) -> Difference | None:
    """Finds the first row, and in it the first field, whose bits differ.

    Args:
        native: Rows computed here, shape (n,).
        browser: Rows from the browser, same shape and dtype.

    Returns:
        The difference, or None when every bit is equal.

    Raises:
        ValueError: The recordings have different lengths or kinds of row.
    """
    if native.dtype != browser.dtype or native.shape != browser.shape:
        raise ValueError(
            f"cannot compare {native.shape} rows of {native.dtype} "
            f"with {browser.shape} rows of {browser.dtype}"
        )
    size = native.dtype.itemsize
    unequal = (_bytes(native, size) != _bytes(browser, size)).any(axis=1)
    if not unequal.any():
        return None
    row = int(unequal.argmax())
    found = _differing_values(native[row], browser[row])
    where, a, b = found[0]
    ulps = None
    if isinstance(a, np.floating):
        ulps = ulp_distance(float(a), float(b), a.dtype.itemsize * 8)
    return Difference(row, where, a.item(), b.item(), ulps, len(found))


def _bytes(rows: Rows, size: int) -> NDArray[np.uint8]:
    return np.frombuffer(np.ascontiguousarray(rows).tobytes(), np.uint8).reshape(len(rows), size)


def _differing_values(a: np.void, b: np.void) -> list[tuple[str, np.generic, np.generic]]:
    """Lists (name, a's value, b's value) of all values of two rows whose bits differ."""
    found = []
    for name in a.dtype.names or ():
        left, right = np.atleast_1d(a[name]).ravel(), np.atleast_1d(b[name]).ravel()
        for index in range(left.size):
            if left[index].tobytes() != right[index].tobytes():
                found.append((value_name(name, index), left[index], right[index]))
    return found


def value_name(field: str, index: int) -> str:
    """Names one value of a row for a person, such as ``leftFoot.vy`` for a body's field."""
    if field in ("bodies", "hurdle"):
        bodies = PARTS if field == "bodies" else HURDLE
        return f"{bodies[index // len(BODY_FIELDS)]}.{BODY_FIELDS[index % len(BODY_FIELDS)]}"
    if field == "obs":
        part, column = divmod(index, len(FIELDS))
        return f"obs[{index}] {PARTS[part]}.{FIELDS[column]}"
    return field
