"""Where a policy takes over: the ways to the start line, and what is held down before it acts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from qwop_native import _core
from qwop_native.recording import Recording
from qwop_native.recording.starts import click_start, env_start, reset_start, standard_starts
from qwop_native.recording.tape import Tape

Masks = npt.NDArray[np.uint8]

COUNTS: dict[str, int | None] = {
    "fixed": 31,
    "idle": 31,
    "random": 31,
    "varied": None,
    "scrambled": 100,
}
"""Kinds of starts, and how many there are unless told otherwise; None where the number is fixed."""

_MAX_IDLE_FRAMES = 30
_RANDOM_HOLD = 4  # frames for which a random start holds the same keys
_SCRAMBLED_FRAMES = 15
_SCRAMBLED_HOLD = 3


@dataclass(frozen=True)
class Start:
    """How a run begins, before a policy acts.

    Attributes:
        name: "click:N", "reset:N" and "env:N" as commands write them, "+K" after K idle frames,
            or the kind of start and its number.
        page: Events on the page before the first frame.
        keys: Mask of `Keys` in each frame before the policy acts, uint8 (frames,).
    """

    name: str
    page: Tape
    keys: Masks

    def game(self, sincos: str) -> _core.Game:
        """A game that stands where the policy takes over."""
        game = _core.Game(sincos)
        Recording(np.zeros(0, np.uint8), sincos, self.page).prepare(game)
        for mask in self.keys.tolist():
            game.step(mask, after_end=True)
        return game


def make_starts(
    kind: str, count: int | None = None, frames_per_step: int = 4, seed: int = 0
) -> list[Start]:
    """The starts of one kind. There is no chance in the game: equal starts give equal runs.

    Args:
        kind: "fixed": the environment's reset. "idle": the same, then k frames without keys for
            the k-th start, counted from 0, from 0 again after 30. "random": the same, then 1 to 30
            frames of random keys that change every four. "varied": the 155 starts of `line_pages`.
            "scrambled": the game's first restart, then half a second of random keys.
        count: How many; None for as many as `COUNTS` says.
        frames_per_step: Of the policy, since the environment's page loads with one step.
        seed: Of the random starts.

    Raises:
        ValueError: There is no such kind, or its number cannot be chosen.
    """
    if kind not in COUNTS:
        raise ValueError(f"starts must be one of {', '.join(COUNTS)}, got {kind!r}")
    number = COUNTS[kind]
    if number is None:
        if count is not None:
            raise ValueError(f"the number of {kind} starts is fixed; leave it out")
        pages = named_pages(_MAX_IDLE_FRAMES, frames_per_step)
        return [Start(name, page, _idle(idle)) for name, page, idle in pages]
    number = number if count is None else count
    if kind == "scrambled":
        keys = scrambled_keys(number)
        return [Start(f"scrambled:{k}", reset_start(), held) for k, held in enumerate(keys)]
    page = env_start(frames_per_step)
    if kind == "random":
        keys = _random_keys(number, seed)
        return [Start(f"random:{k}", page, held) for k, held in enumerate(keys)]
    lengths = [k % (_MAX_IDLE_FRAMES + 1) if kind == "idle" else 0 for k in range(number)]
    return [Start(f"env:1+{frames}", page, _idle(frames)) for frames in lengths]


def _idle(frames: int) -> Masks:
    return np.zeros(frames, np.uint8)


def _random_keys(count: int, seed: int) -> list[Masks]:
    generator = np.random.default_rng(seed)
    found = []
    for _ in range(count):
        length = int(generator.integers(1, _MAX_IDLE_FRAMES + 1))
        found.append(random_masks(generator, length, _RANDOM_HOLD))
    return found


def random_masks(generator: np.random.Generator, frames: int, hold: int) -> Masks:
    """Keys at random, each held for some frames; uint8 (frames,)."""
    keys = generator.integers(0, 16, size=-(-frames // hold), dtype=np.uint8)
    return np.repeat(keys, hold)[:frames]


def scrambled_keys(count: int) -> list[Masks]:
    """Half a second of random keys for each start, of which no policy has learned."""
    rng = np.random.default_rng(0)
    changes = _SCRAMBLED_FRAMES // _SCRAMBLED_HOLD
    return [
        np.repeat(np.array([rng.integers(16) for _ in range(changes)], np.uint8), _SCRAMBLED_HOLD)
        for _ in range(count)
    ]


def prepared(sincos: str, page: Tape, idle_frames: int = 0) -> _core.Game:
    """A game at the start line after some frames without keys."""
    return Start("", page, _idle(idle_frames)).game(sincos)


def named_pages(idle_frames: int, frames_per_step: int = 3) -> list[tuple[str, Tape, int]]:
    """Pages with 0 to `idle_frames` frames without keys after the start or before the click.

    Returns:
        Of each start its name, the page, and the frames without keys after it.
    """
    counts = range(idle_frames + 1)
    standard = standard_starts(frames_per_step).items()
    after = [(f"{name}:1+{idle}", page, idle) for name, page in standard for idle in counts]
    ways = (("reset", reset_start), ("click", click_start))
    before = [(f"{name}:{idle}", start(idle), 0) for name, start in ways for idle in counts]
    return after + before


def line_pages(idle_frames: int, frames_per_step: int = 3) -> list[tuple[Tape, int]]:
    """The same without their names."""
    return [(page, idle) for _, page, idle in named_pages(idle_frames, frames_per_step)]


def line_starts(sincos: str, idle_frames: int, frames_per_step: int = 3) -> list[_core.Game]:
    """Games at the starts of `line_pages`."""
    return [prepared(sincos, page, idle) for page, idle in line_pages(idle_frames, frames_per_step)]
