"""Plays the events of tapes in the native game, row for row as the browser's recordings."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from qwop_native import _core
from qwop_native.facts import ENGINE_TICK
from qwop_native.recording.rows import GAME_ROW, Flags, Rows
from qwop_native.recording.tape import Event


def play_event(game: _core.Game, event: Event) -> None:
    """Does what one event says; idle updates are left to the click, which wants their number."""
    if event.kind == "keys":
        game.step(event.keys, event.count, after_end=True)
    elif event.kind == "reset":
        game.reset()
    elif event.kind == "release":
        game.release()
    elif event.kind == "tick":
        game.tick(ENGINE_TICK)


def play_events(game: _core.Game, events: Iterable[Event]) -> None:
    """Plays events in a freshly loaded game, from its idle updates and its click on."""
    idle_frames = 0
    for event in events:
        if event.kind == "idle":
            idle_frames += event.count
        elif event.kind == "click":
            game.start(idle_frames)
        else:
            play_event(game, event)


def write_row(game: _core.Game, rows: Rows, index: int) -> None:
    """Writes the state of a game into one of the rows, whose dtype is `GAME_ROW`."""
    flags = (game.fallen, game.jumped, game.jump_landed, game.game_ended)
    rows["bodies"][index] = game.bodies
    rows["hurdle"][index] = game.hurdle
    rows["head_torque"][index] = game.head_torque
    rows["score"][index] = game.score
    rows["score_time"][index] = game.score_time
    rows["flags"][index] = sum(flag for flag, on in zip(Flags, flags, strict=True) if on)


def row_of(game: _core.Game) -> Rows:
    """The state of a game as a row, shape (1,), dtype `GAME_ROW`."""
    rows = np.zeros(1, GAME_ROW)
    write_row(game, rows, 0)
    return rows


class NativePlayer:
    """A native game that does the events of a tape and gives the rows they make.

    Args:
        sincos: Flavor of sine and cosine.
        idle_frames: Updates on the intro screen, made at the click.
    """

    def __init__(self, sincos: str, idle_frames: int) -> None:
        self.game = _core.Game(sincos)
        self._idle_frames = idle_frames

    def play(self, events: Iterable[Event]) -> Rows:
        """Does some events.

        Args:
            events: In the order of the tape; may be called again for those that follow.

        Returns:
            A row for the click, each reset, each tick and each update.
        """
        rows: list[Rows] = []
        for event in events:
            made = np.zeros(event.rows, GAME_ROW)
            if event.kind == "click":
                self.game.start(self._idle_frames)
            for index in range(event.rows):
                if event.kind == "keys":
                    self.game.step(event.keys, after_end=True)
                else:
                    play_event(self.game, event)
                write_row(self.game, made, index)
            if event.kind == "release":
                self.game.release()
            rows.append(made)
        return np.concatenate(rows) if rows else np.zeros(0, GAME_ROW)
