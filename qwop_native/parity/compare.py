"""Compares the native game and environment with the real game while both run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from qwop_native.parity.env_tape import EnvTape
from qwop_native.parity.native import play_env_tape
from qwop_native.parity.record import page_program, pieces
from qwop_native.recording.player import NativePlayer
from qwop_native.recording.rows import Difference, Rows, first_difference
from qwop_native.recording.tape import Tape

if TYPE_CHECKING:
    from qwop_native.parity.browser import GamePage, Picture


@dataclass(frozen=True)
class Comparison:
    """What a comparison found.

    Attributes:
        name: What was played.
        sincos: The flavor used here.
        compared: Rows whose bits were compared; up to and with the first that differs.
        difference: The first difference, or None.
        place: Where in the tape that is, for a person; empty if there is none.
        native: Rows computed here.
        browser: Rows from the browser.
        pictures: The browser's own pictures, by row.
    """

    name: str
    sincos: str
    compared: int
    difference: Difference | None
    place: str
    native: Rows
    browser: Rows
    pictures: Mapping[int, Picture]

    @property
    def equal(self) -> bool:
        """Whether every bit was equal."""
        return self.difference is None

    def __str__(self) -> str:
        head = f"{self.name} ({self.sincos})"
        if self.difference is None:
            return f"{head}: {self.compared} rows, every bit equal"
        return f"{head}: DIFFERS at {self.place}: {self.difference}"


def compare_tape(
    page: GamePage, tape: Tape, sincos: str, name: str, picture_rows: tuple[int, ...] = ()
) -> Comparison:
    """Plays a tape in both games side by side until they differ or it ends.

    Args:
        page: The game, freshly loaded.
        tape: What to do.
        sincos: Flavor for the native game.
        name: What to call it.
        picture_rows: Rows at which the browser's picture is wanted.

    Returns:
        What was found.
    """
    player = NativePlayer(sincos, tape.idle_frames)
    native, browser = player.play([]), player.play([])
    pictures: dict[int, Picture] = {}
    difference: Difference | None = None
    for piece in pieces(tape, frozenset(row + 1 for row in picture_rows)):
        here, there = player.play(piece), page.run(page_program(piece))
        found = first_difference(here, there)
        if found:
            difference = Difference(**{**vars(found), "row": found.row + len(native)})
        native, browser = np.concatenate([native, here]), np.concatenate([browser, there])
        if len(browser) - 1 in picture_rows:
            pictures[len(browser) - 1] = page.picture()
        if difference:
            break
    place = tape.describe_row(difference.row) if difference else ""
    compared = difference.row + 1 if difference else len(native)
    return Comparison(name, sincos, compared, difference, place, native, browser, pictures)


def compare_env(
    tape: EnvTape, browser: Rows, sincos: str, env_arguments: Mapping[str, Any], name: str
) -> Comparison:
    """Compares episodes that the browser has played with the native environment's.

    Args:
        tape: The actions that were taken.
        browser: The rows that the browser gave.
        sincos: Flavor for the native environment.
        env_arguments: Arguments of the environment.
        name: What to call it.

    Returns:
        What was found.
    """
    native = play_env_tape(tape, sincos, env_arguments)
    difference = first_difference(native, browser)
    place = tape.describe_row(difference.row) if difference else ""
    compared = difference.row + 1 if difference else len(native)
    return Comparison(name, sincos, compared, difference, place, native, browser, {})
