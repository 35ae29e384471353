"""The play that is measured: random actions, or a trained policy's runs.

Both take qwop-gym's nine reduced actions, so that a falling runner and a running one are compared
on the same environment. Games of one environment are spread over the play: they are in different
places of it, as games in training are, and not in step with each other.
"""

from __future__ import annotations

from importlib import resources
from typing import Protocol

import numpy as np
import numpy.typing as npt

from qwop_native.envs.spaces import ACTION_SETS
from qwop_native.parity.env_tape import parse_env_tape

Actions = npt.NDArray[np.int64]

PLAYS = ("random", "running")

REDUCED_KEYS = tuple(int(keys) for keys in ACTION_SETS["reduced"])
"""Key mask of each reduced action."""

_RANDOM_STATES = 512  # steps of one random game from which others start


class Source(Protocol):
    """Where the actions of some games come from."""

    def next(self) -> Actions:
        """The next action of each game, int64 (games,)."""
        ...


class RandomSource:
    """Every action with the same chance, in every game for itself.

    Args:
        games: How many games there are.
        seed: The same seed gives the same actions.
    """

    def __init__(self, games: int, seed: int) -> None:
        self._games = games
        self._rng = np.random.default_rng(seed)

    def next(self) -> Actions:
        """The next action of each game, int64 (games,)."""
        return self._rng.integers(len(REDUCED_KEYS), size=self._games)


class TapeSource:
    """Recorded actions, over and over.

    Args:
        cycle: The actions, int64 (length,).
        offsets: Where in them each game begins, int64 (games,).
    """

    def __init__(self, cycle: Actions, offsets: Actions) -> None:
        self._cycle = cycle
        self._places = offsets.copy()

    def next(self) -> Actions:
        """The next action of each game, int64 (games,)."""
        actions: Actions = self._cycle[self._places]
        self._places = (self._places + 1) % len(self._cycle)
        return actions


def running_cycle(sincos: str, reset_steps: bool) -> Actions:
    """Two full runs of a trained policy, 4 frames a step; after them the same two follow.

    They were recorded in the real game, in a browser of the given flavor; in another one the
    runner would fall.

    Args:
        sincos: Flavor of sine and cosine.
        reset_steps: Whether a reset takes a step of its own, whose action is ignored.

    Returns:
        The actions, int64 (length,), beginning with the first step after a first reset.
    """
    tapes = resources.files("qwop_native.benchmarking") / "tapes"
    text = (tapes / f"running-{sincos}.txt").read_text("utf-8")
    cycle: list[int] = []
    for episode in parse_env_tape(text).episodes:
        cycle += [*episode, *([0] if reset_steps else [])]
    return np.array(cycle, np.int64)


def spread_over(length: int, games: int) -> Actions:
    """Places of games in something of that length, evenly apart; int64 (games,)."""
    return np.arange(games, dtype=np.int64) * length // games


def sources(
    play: str, games: int, seed: int, sincos: str, reset_steps: bool
) -> tuple[Source, Source, Actions]:
    """What to play so that games are spread over a play.

    Args:
        play: One of `PLAYS`.
        games: How many games there are.
        seed: Of random actions.
        sincos: Flavor of sine and cosine.
        reset_steps: Whether a reset takes a step of its own.

    Returns:
        The source of one game that goes ahead alone; that of all games; and the number of steps
        after which the one game is where each of them begins, int64 (games,).
    """
    if play == "random":
        offsets = spread_over(_RANDOM_STATES, games)
        return RandomSource(1, seed), RandomSource(games, seed + 1), offsets
    cycle = running_cycle(sincos, reset_steps)
    offsets = spread_over(len(cycle), games)
    return TapeSource(cycle, np.zeros(1, np.int64)), TapeSource(cycle, offsets), offsets
