"""The starts of a run: the page's own ways to the line, and frames without keys."""

from __future__ import annotations

import numpy as np

from qwop_native import _core
from qwop_native.recording import Recording
from qwop_native.recording.starts import click_start, env_start, reset_start
from qwop_native.recording.tape import Tape


def standard_starts(frames_per_step: int) -> dict[str, Tape]:
    """The three starts: the game's first restart, the person's click, qwop-gym's reset."""
    return {"reset": reset_start(), "click": click_start(), "env": env_start(frames_per_step)}


def prepared(sincos: str, page: Tape, idle_frames: int = 0) -> _core.Game:
    """A game at the start line after some frames without keys."""
    game = _core.Game(sincos)
    Recording(np.zeros(0, np.uint8), sincos, page).prepare(game)
    game.step(0, idle_frames)
    return game


def line_starts(sincos: str, idle_frames: int, frames_per_step: int = 3) -> list[_core.Game]:
    """Starts with 0 to `idle_frames` frames without keys, before the click or after the start."""
    after = [
        prepared(sincos, page, idle)
        for page in standard_starts(frames_per_step).values()
        for idle in range(idle_frames + 1)
    ]
    before = [
        prepared(sincos, start(idle))
        for start in (reset_start, click_start)
        for idle in range(idle_frames + 1)
    ]
    return after + before
