"""The game's four keys."""

from __future__ import annotations

import enum


class Keys(enum.IntFlag):
    """Bit mask of the keys held down, as `Game.step` takes it."""

    NONE = 0
    Q = 1
    W = 2
    O = 4  # noqa: E741  the key's own name
    P = 8
