"""Runs kept as text: which keys were down in which frame, from which start, with what result.

`docs/recordings.md` describes the file.
"""

from __future__ import annotations

from qwop_native.recording.format import SUFFIX
from qwop_native.recording.grid import Grid
from qwop_native.recording.model import DivergedError, Recording, load_recording, make_recording
from qwop_native.recording.recorder import RecordEpisodes, Recorder
from qwop_native.recording.starts import click_start, env_start, reset_start

__all__ = [
    "SUFFIX",
    "DivergedError",
    "Grid",
    "RecordEpisodes",
    "Recorder",
    "Recording",
    "click_start",
    "env_start",
    "load_recording",
    "make_recording",
    "reset_start",
]
