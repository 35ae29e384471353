"""Plays tapes in the native game and environment, row for row as the browser's recordings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from qwop_native import QwopEnv
from qwop_native.parity.env_tape import EnvTape
from qwop_native.recording.player import NativePlayer
from qwop_native.recording.rows import ENV_ROW, Rows
from qwop_native.recording.tape import Tape


def play_tape(tape: Tape, sincos: str) -> Rows:
    """Plays a whole tape in a new game.

    Args:
        tape: What to do.
        sincos: Flavor of sine and cosine.

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
        sincos: Flavor of sine and cosine.
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
