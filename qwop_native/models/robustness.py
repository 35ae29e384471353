"""Runs that test whether a player holds its own: from starts it has never met, pushed on its way.

Three kinds, all drawn from a seed but the first:

- standard: from the game's restart, the first click and the environment's start;
- random-keys: from the restart after 15 to 24 frames of keys at random, each held for three frames;
  starts in which the runner has fallen already are left out;
- disturbed: from a standard start, with 6 frames of keys at random somewhere between frames 100 and
  900 of the game's clock.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from qwop_native import _core
from qwop_native.models.starts import Start, random_masks
from qwop_native.recording.starts import reset_start, standard_starts

KINDS = ("standard", "random-keys", "disturbed")
_HOLD = 3  # frames that random keys are held for
_RANDOM_FRAMES = (15, 24)
_PUSHED_AT = (100, 900)
_PUSH_FRAMES = 6
_MOST_FRAMES = 4000

Choose = Callable[[Sequence[_core.Game]], Iterable[int]]
"""Masks of `Keys` for some games."""


@dataclass(frozen=True)
class Push:
    """Keys at random in the middle of a run.

    Attributes:
        at: Frames of the game's clock from which on they are held.
        masks: Of the frames.
    """

    at: int
    masks: tuple[int, ...]


@dataclass
class Case:
    """One run to play.

    Attributes:
        game: Where it starts.
        push: What disturbs it, if anything.
    """

    game: _core.Game
    push: Push | None = None


def cases(kind: str, count: int, sincos: str, seed: int) -> list[Case]:
    """The runs of a kind, none of which has ended before it begins."""
    standard = [
        Start(name, page, np.zeros(0, np.uint8)).game(sincos)
        for name, page in standard_starts(_HOLD).items()
    ]
    if kind == "standard":
        return [Case(game) for game in standard]
    rng = np.random.default_rng([seed, KINDS.index(kind)])
    if kind == "random-keys":
        return [Case(_after_random_keys(rng, sincos)) for _ in range(count)]
    return [Case(standard[i % len(standard)].copy(), _push(rng)) for i in range(count)]


def _after_random_keys(rng: np.random.Generator, sincos: str) -> _core.Game:
    while True:
        frames = int(rng.integers(_RANDOM_FRAMES[0], _RANDOM_FRAMES[1] + 1))
        game = Start("", reset_start(), random_masks(rng, frames, _HOLD)).game(sincos)
        if not (game.fallen or game.game_ended):
            return game


def _push(rng: np.random.Generator) -> Push:
    at = int(rng.integers(*_PUSHED_AT))
    return Push(at, tuple(random_masks(rng, _PUSH_FRAMES, _HOLD).tolist()))


def play(choose: Choose, frames_per_step: int, played: Sequence[Case]) -> list[_core.Game]:
    """Plays runs side by side to their ends.

    Args:
        choose: Who plays.
        frames_per_step: Frames for which its keys are held.
        played: The runs; their games are stepped.

    Returns:
        The games as they ended.
    """
    waiting = {id(case): case.push for case in played if case.push}
    while running := [case for case in played if not _is_over(case.game)]:
        masks = choose([case.game for case in running])
        for case, mask in zip(running, masks, strict=True):
            push = waiting.get(id(case))
            if push and case.game.frames >= push.at:
                del waiting[id(case)]
                for held in push.masks:
                    case.game.step(held)
            else:
                case.game.step(int(mask), frames_per_step)
    return [case.game for case in played]


def _is_over(game: _core.Game) -> bool:
    return game.game_ended or game.frames >= _MOST_FRAMES
