"""Runs of the planner from many starts, as recordings: what a learner is shown."""

from __future__ import annotations

import multiprocessing
import os
import threading
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from qwop_native import _core
from qwop_native.models.finish import has_finished
from qwop_native.models.starts import Masks, Start, random_masks
from qwop_native.recording import make_recording
from qwop_native.recording.starts import reset_start, standard_starts
from qwop_native.search.planner import Planner

_HOLD = 3  # frames that keys at random are held for
_PUSH_FRAMES = 6
_PUSHED_AT = (100, 900)
_MOST_FRAMES = 1600


@dataclass(frozen=True)
class Plans:
    """Which runs are planned, and how.

    Attributes:
        folder: Of the recordings.
        model: Path of the planner's model.
        width: States of a level.
        frames_per_step: Frames of a decision.
        sincos: Flavor of sine and cosine.
        seed: Of starts and pushes.
    """

    folder: Path
    model: Path
    width: int
    frames_per_step: int
    sincos: str
    seed: int

    def make(self, count: int, processes: int, say: Callable[[str], None]) -> None:
        """Plays so many runs and saves those that finish; what is there is not played again.

        Half of them begin after frames without keys, a quarter after keys at random; a quarter is
        pushed on the way by keys at random.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        left = [number for number in range(count) if not any(self._saved(number))]
        context = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(processes, context, _begin, (self,)) as pool:
            for line in pool.map(_play, left):
                say(line)

    def _saved(self, number: int) -> list[Path]:
        return list(self.folder.glob(f"{number:03d}-*.qwop"))

    def play(self, number: int, planner: Planner) -> str:
        """Plays a run, saves it if it finishes, and says how it went."""
        rng = np.random.default_rng([self.seed, number])
        start, push_at = self._draw(rng, number)
        game, keys = start.game(self.sincos), start.keys.tolist()
        planner.reset()
        while not game.game_ended and game.frames < _MOST_FRAMES:
            if push_at is not None and game.frames >= push_at:
                masks, push_at = random_masks(rng, _PUSH_FRAMES, _HOLD).tolist(), None
            else:
                masks = [planner.decide(game)] * self.frames_per_step
            keys += _held(game, masks)
        if not has_finished(game):
            return f"planned run {number}: fallen at {game.score:.1f} m"
        recording = make_recording(
            np.array(keys, np.uint8), self.sincos, start.page, found_by="the planner"
        )
        recording.save(self.folder / f"{number:03d}-{game.frames}.qwop")
        return f"planned run {number}: {game.frames} frames"

    def _draw(self, rng: np.random.Generator, number: int) -> tuple[Start, int | None]:
        """A start, and the frame from which on the run is pushed, if it is."""
        kind = number % 4
        if kind == 2:
            return self._after_random_keys(rng), None
        pages = list(standard_starts(self.frames_per_step).values())
        idle = np.zeros(rng.integers(31), np.uint8)
        start = Start("", pages[rng.integers(len(pages))], idle)
        return start, int(rng.integers(*_PUSHED_AT)) if kind == 3 else None

    def _after_random_keys(self, rng: np.random.Generator) -> Start:
        while True:
            keys: Masks = random_masks(rng, int(rng.integers(1, 25)), _HOLD)
            start = Start("", reset_start(), keys)
            game = start.game(self.sincos)
            if not (game.fallen or game.game_ended):
                return start


def _held(game: _core.Game, masks: list[int]) -> list[int]:
    """Steps a game while it lasts; returns what was held."""
    held = []
    for mask in masks:
        if game.game_ended:
            break
        game.step(mask)
        held.append(mask)
    return held


_worker: tuple[Plans, Planner] | None = None


def _begin(plans: Plans) -> None:
    """Makes the planner of a process."""
    global _worker
    import torch

    threading.Thread(target=_end_with_parent, daemon=True).start()

    torch.set_num_threads(1)
    planner = Planner(plans.model, plans.frames_per_step, width=plans.width, seed=plans.seed)
    _worker = plans, planner


def _end_with_parent() -> None:
    """Ends this process when its parent has been killed, which tells it nothing."""
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)


def _play(number: int) -> str:
    assert _worker is not None
    plans, planner = _worker
    return plans.play(number, planner)
