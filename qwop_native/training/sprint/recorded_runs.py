"""Recorded runs that some of the games play, so that a learner meets what they do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from glob import glob
from pathlib import Path

import numpy as np
import numpy.typing as npt

from qwop_native import _core
from qwop_native.recording import Recording, load_recording
from qwop_native.recording.grid import Grid
from qwop_native.training.settings.games import ACTION_SET

_BETWEEN = 40  # steps between two places of a run where an episode may begin


@dataclass(frozen=True)
class RecordedRun:
    """A run in steps of a learner.

    Attributes:
        actions: Index of the action of each step.
        games: The game every so many steps, beginning with the first.
    """

    actions: tuple[int, ...]
    games: tuple[_core.Game, ...]


def load_runs(pattern: str, sincos: str, frames_per_step: int) -> list[RecordedRun]:
    """Reads the recordings of a folder, or those that a pattern such as `runs/*.qwop` names.

    What a recording has before the first frame from which on its keys are those of whole steps is
    left out, such as keys at random.

    Raises:
        FileNotFoundError: Nothing has such a name.
        ValueError: A file is damaged, of another flavor of sine and cosine, stops before the game's
            end, or nowhere has the actions of the essential set in such steps.
    """
    place = Path(pattern)
    named = glob(pattern)  # noqa: PTH207  may be absolute
    paths = sorted(place.glob("*.qwop") if place.is_dir() else map(Path, named))
    if not paths:
        raise FileNotFoundError(f"there is no recording {pattern}")
    return [_run(path, load_recording(path), sincos, frames_per_step) for path in paths]


def _run(path: Path, recording: Recording, sincos: str, frames_per_step: int) -> RecordedRun:
    if recording.sincos != sincos:
        raise ValueError(f"{path} is a run in {recording.sincos}, these games are in {sincos}")
    begin, actions = _in_steps(recording.keys, frames_per_step)
    if not actions:
        raise ValueError(
            f"the keys of {path} are not steps of {frames_per_step} frames with actions of the "
            f"{ACTION_SET} set"
        )
    game = _core.Game(sincos)
    recording.prepare(game)
    for mask in recording.keys[:begin].tolist():
        game.step(mask)
    games, steps = [], 0
    for mask in recording.keys[begin::frames_per_step].tolist():
        if game.game_ended:
            break
        if steps % _BETWEEN == 0:
            games.append(game.copy())
        game.step(mask, frames_per_step)
        steps += 1
    if not game.game_ended:
        raise ValueError(f"{path} stops before the game has ended")
    return RecordedRun(actions[:steps], tuple(games))


def _in_steps(keys: npt.NDArray[np.uint8], frames_per_step: int) -> tuple[int, tuple[int, ...]]:
    """The first frame from which on the keys are whole steps, and the actions of those."""
    grid, count = Grid(frames_per_step, ACTION_SET), len(keys)
    for begin in range(count):
        # The last step may be cut short by the end of the run.
        missing = -(count - begin) % frames_per_step
        steps = np.concatenate([keys[begin:], np.repeat(keys[-1:], missing)])
        try:
            return begin, grid.actions(steps)
        except ValueError:
            continue
    return 0, ()


class Followers:
    """Games that play recorded runs from a place in them to the end, then the next one.

    Args:
        runs: The runs.
        count: Games.
        rng: Draws runs and places.
    """

    def __init__(self, runs: Sequence[RecordedRun], count: int, rng: np.random.Generator) -> None:
        self._runs, self._rng = runs, rng
        self._run = np.zeros(count, np.int64)
        self._step = np.zeros(count, np.int64)

    def __len__(self) -> int:
        return len(self._run)

    def begin(self, row: int) -> _core.Game:
        """Draws a run and a place in it for a game; returns the game there."""
        run = int(self._rng.integers(len(self._runs)))
        place = int(self._rng.integers(len(self._runs[run].games)))
        self._run[row], self._step[row] = run, place * _BETWEEN
        return self._runs[run].games[place]

    def advance(self) -> None:
        """Notes that all games have made a step."""
        self._step += 1

    def actions(self) -> npt.NDArray[np.int64]:
        """What the runs do next, int64 (games,)."""
        pairs = zip(self._run.tolist(), self._step.tolist(), strict=True)
        return np.array([self._runs[run].actions[step] for run, step in pairs], np.int64)

    def get_state(self) -> dict[str, npt.NDArray[np.int64]]:
        """Where the games are in their runs."""
        return {"run": self._run.copy(), "step": self._step.copy()}

    def set_state(self, state: dict[str, npt.NDArray[np.int64]]) -> None:
        """Puts back what `get_state` has returned."""
        self._run[:], self._step[:] = state["run"], state["step"]
