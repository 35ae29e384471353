"""Numbers and names of the game that everything above the engine shares."""

from __future__ import annotations

FLAVOURS = ("glibc", "glibc-fma", "fdlibm")
"""Sines and cosines that browsers have."""

FRAMES_PER_SECOND = 30
UNITS_PER_METRE = 10
"""World units in a metre of the game's score."""

RECORD_FRAMES = 1366
RECORD_SECONDS = 45.53
"""The fastest known 100 m by a human: from the start to the landing."""
