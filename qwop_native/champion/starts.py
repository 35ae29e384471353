"""The starts of a run: the page's own ways to the line, and frames without keys."""

from __future__ import annotations

import numpy as np

from qwop_native import _core
from qwop_native.recording import Recording
from qwop_native.recording.starts import click_start, reset_start, standard_starts
from qwop_native.recording.tape import Tape


def prepared(sincos: str, page: Tape, idle_frames: int = 0) -> _core.Game:
    """A game at the start line after some frames without keys."""
    game = _core.Game(sincos)
    Recording(np.zeros(0, np.uint8), sincos, page).prepare(game)
    game.step(0, idle_frames)
    return game


def line_pages(idle_frames: int, frames_per_step: int = 3) -> list[tuple[Tape, int]]:
    """Pages with 0 to `idle_frames` frames without keys after the start or before the click.

    Returns:
        Of each start the page, and the frames without keys after it.
    """
    counts = range(idle_frames + 1)
    after = [(page, idle) for page in standard_starts(frames_per_step).values() for idle in counts]
    before = [(start(idle), 0) for start in (reset_start, click_start) for idle in counts]
    return after + before


def line_starts(sincos: str, idle_frames: int, frames_per_step: int = 3) -> list[_core.Game]:
    """Games at the starts of `line_pages`."""
    return [prepared(sincos, page, idle) for page, idle in line_pages(idle_frames, frames_per_step)]


def scrambled_starts(sincos: str, count: int, frames: int = 15) -> list[_core.Game]:
    """Starts of which no policy has learned: frames of random keys after the first restart.

    Args:
        sincos: Flavour.
        count: Starts.
        frames: With keys, which change every three frames.
    """
    rng = np.random.default_rng(0)
    games = []
    for _ in range(count):
        game = prepared(sincos, reset_start())
        for _ in range(0, frames, 3):
            game.step(int(rng.integers(16)), 3)
        games.append(game)
    return games
