"""Plays tapes in the native game and environment, row for row as the browser's recordings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from qwop_native import Game, QwopEnv
from qwop_native.parity.env_tape import EnvTape
from qwop_native.parity.rows import ENV_ROW, GAME_ROW, Flags, Rows
from qwop_native.parity.tape import Event, Tape


class NativePlayer:
    """A native game that does the events of a tape and gives the rows they make.

    Args:
        sincos: Flavour of sine and cosine.
        idle_frames: Updates on the intro screen, made at the click.
    """

    def __init__(self, sincos: str, idle_frames: int) -> None:
        self.game = Game(sincos)
        self._idle_frames = idle_frames

    def play(self, events: Iterable[Event]) -> Rows:
        """Does some events.

        Args:
            events: In the order of the tape; may be called again for those that follow.

        Returns:
            A row for the click, each reset and each update.
        """
        rows: list[Rows] = []
        for event in events:
            if event.kind == "click":
                self.game.start(self._idle_frames)
            elif event.kind == "reset":
                self.game.reset()
            elif event.kind == "release":
                self.game.release()
            made = np.zeros(event.rows, GAME_ROW)
            for index in range(event.rows):
                if event.kind == "keys":
                    self.game.step(event.keys, after_end=True)
                self._write(made, index)
            rows.append(made)
        return np.concatenate(rows) if rows else np.zeros(0, GAME_ROW)

    def _write(self, rows: Rows, index: int) -> None:
        game = self.game
        flags = (game.fallen, game.jumped, game.jump_landed, game.game_ended)
        rows["bodies"][index] = game.bodies
        rows["hurdle"][index] = game.hurdle
        rows["head_torque"][index] = game.head_torque
        rows["score"][index] = game.score
        rows["score_time"][index] = game.score_time
        rows["flags"][index] = sum(flag for flag, on in zip(Flags, flags, strict=True) if on)


def play_tape(tape: Tape, sincos: str) -> Rows:
    """Plays a whole tape in a new game.

    Args:
        tape: What to do.
        sincos: Flavour of sine and cosine.

    Returns:
        All rows, shape (tape.rows,).
    """
    return NativePlayer(sincos, tape.idle_frames).play(tape.events)


def env_row(observation: Any, reward: float, terminated: bool, info: Mapping[str, Any]) -> Rows:
    """Packs what a reset (with reward 0) or a step returned; shape (1,)."""
    row = np.zeros(1, ENV_ROW)
    row["obs"] = observation
    row["reward"] = reward
    row["terminated"] = terminated
    for name in ("time", "distance", "avgspeed", "is_success"):
        row[name] = info[name]
    return row


def play_env_tape(tape: EnvTape, sincos: str, env_arguments: Mapping[str, Any]) -> Rows:
    """Plays the episodes of an environment's tape in a new `QwopEnv`.

    Args:
        tape: The actions.
        sincos: Flavour of sine and cosine.
        env_arguments: The environment's other arguments.

    Returns:
        A row for each reset and each step, shape (tape.rows,).
    """
    env = QwopEnv(sincos=sincos, **env_arguments)
    rows = []
    for actions in tape.episodes:
        observation, info = env.reset()
        rows.append(env_row(observation, 0.0, False, info))
        for action in actions:
            observation, reward, terminated, _, info = env.step(action)
            rows.append(env_row(observation, reward, terminated, info))
    return np.concatenate(rows)
