"""Where runs take place: the native game, or another one with the same few methods."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import groupby
from typing import Any, Protocol, runtime_checkable

import numpy as np

from qwop_native import _core
from qwop_native.facts import DEFAULT_SINCOS, TORSO_RANGE, UNITS_PER_METER
from qwop_native.recording.grid import Grid
from qwop_native.recording.model import Recording, make_recording
from qwop_native.recording.pages import play_page
from qwop_native.recording.player import row_of
from qwop_native.recording.rows import Flags, Rows
from qwop_native.recording.tape import Tape


class Stage(Protocol):
    """A game that can be brought to a start and then gets keys frame by frame."""

    sincos: str

    def begin(self, page: Tape) -> Rows:
        """Loads a fresh page and plays what comes before the run; the state then, shape (1,)."""
        ...

    def hold(self, keys: int, frames: int) -> Rows:
        """Holds keys; the states after each frame, shape (frames,)."""
        ...


class Policy(Protocol):
    """Chooses keys from the state of the game.

    Attributes:
        grid: The steps in which it chooses; None if these are not actions of a set.
    """

    grid: Grid | None

    def reset(self) -> None:
        """Forgets the last run; called at the start of each."""
        ...

    def keys(self, row: np.void) -> Sequence[int]:
        """The masks for the next frames, at least one.

        Args:
            row: The state, of dtype `qwop_native.recording.rows.GAME_ROW`.
        """
        ...


@runtime_checkable
class Follower(Policy, Protocol):
    """A policy that has to know how the run has begun, since a state does not show everything."""

    def begin(self, page: Tape, sincos: str) -> None:
        """Called after `reset`.

        Args:
            page: What has been played before the run.
            sincos: Flavor of the game's sine and cosine.
        """
        ...


class NativeStage:
    """The native game as a stage.

    Args:
        sincos: Flavor of sine and cosine.
        on_frame: Called with the game at the start of a run and after each frame.
    """

    def __init__(
        self, sincos: str = DEFAULT_SINCOS, on_frame: Callable[[_core.Game], None] | None = None
    ) -> None:
        self.sincos = sincos
        self.game = _core.Game(sincos)
        self._on_frame = on_frame or (lambda game: None)

    def begin(self, page: Tape) -> Rows:
        """Makes a new game and plays what comes before the run."""
        self.game = _core.Game(self.sincos)
        play_page(self.game, page.events)
        self._on_frame(self.game)
        return row_of(self.game)

    def hold(self, keys: int, frames: int) -> Rows:
        """Holds keys for some frames."""
        rows = []
        for _ in range(frames):
            self.game.step(keys, after_end=True)
            self._on_frame(self.game)
            rows.append(row_of(self.game))
        return np.concatenate(rows)


def has_ended(row: np.void) -> bool:
    """Whether qwop-gym ends an episode in this state: game over, or out of its limits."""
    distance = float(row["bodies"][0, 0]) / UNITS_PER_METER
    over = bool(row["flags"] & Flags.GAME_ENDED)
    return over or not TORSO_RANGE[0] <= distance <= TORSO_RANGE[1]


def run_policy(
    stage: Stage, page: Tape, player: Policy, max_frames: int, **metadata: Any
) -> tuple[Recording, Rows]:
    """Lets a policy play one run, choosing from what the stage shows.

    Args:
        stage: Where it plays.
        page: The start.
        player: Who plays.
        max_frames: Most frames of the run.
        **metadata: Further things to keep with the recording.

    Returns:
        The recording, its hashes and result computed natively, and the states the stage showed,
        shape (frames + 1,), the start first.
    """
    rows = [stage.begin(page)]
    masks: list[int] = []
    player.reset()
    if isinstance(player, Follower):
        player.begin(page, stage.sincos)
    while len(masks) < max_frames and not has_ended(rows[-1][-1]):
        for mask, same in groupby(player.keys(rows[-1][-1])):
            count = len(list(same))
            rows.append(stage.hold(mask, count))
            masks += [mask] * count
    recording = make_recording(masks, stage.sincos, page, player.grid, **metadata)
    return recording, np.concatenate(rows)
