"""Actions of an environment as text: episodes, each a reset and the actions that follow it.

Words separated by blanks: ``reset`` begins an episode, ``7*3`` takes action 7 three times.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby

import numpy as np

MAX_ACTIONS = 10_000_000
_WORD = re.compile(r"([0-9]{1,3})(?:\*([1-9][0-9]{0,8}))?")


@dataclass(frozen=True)
class EnvTape:
    """Action indices, episode by episode.

    Raises:
        ValueError: There is no episode, or there are too many actions.
    """

    episodes: tuple[tuple[int, ...], ...]

    def __post_init__(self) -> None:
        if not self.episodes or self.rows > MAX_ACTIONS:
            raise ValueError(f"an environment's tape has 1 to {MAX_ACTIONS} resets and actions")

    def __str__(self) -> str:
        words = []
        for actions in self.episodes:
            words.append("reset")
            words += [f"{action}*{len(list(same))}" for action, same in groupby(actions)]
        return " ".join(words)

    @property
    def rows(self) -> int:
        """Rows of a recording: one per reset and one per action."""
        return sum(1 + len(actions) for actions in self.episodes)

    def describe_row(self, row: int) -> str:
        """Says where in the episodes a row is, such as ``step 3 of episode 2``."""
        start = 0
        for number, actions in enumerate(self.episodes, start=1):
            if row == start:
                return f"reset of episode {number}"
            if row <= start + len(actions):
                return f"step {row - start} of episode {number}, action {actions[row - start - 1]}"
            start += 1 + len(actions)
        raise ValueError(f"the tape has {self.rows} rows, there is no row {row}")


def parse_env_tape(text: str) -> EnvTape:
    """Reads an environment's tape.

    Raises:
        ValueError: A word is not understood, or an action comes before the first reset.
    """
    episodes: list[list[int]] = []
    total = 0
    for word in text.split():
        if word == "reset":
            episodes.append([])
            continue
        match = _WORD.fullmatch(word)
        if not match or not episodes:
            raise ValueError(f"{word!r} is not understood; there are 'reset' first, then 7*3")
        count = int(match[2] or 1)
        total += count
        if total > MAX_ACTIONS:
            raise ValueError(f"an environment's tape has at most {MAX_ACTIONS} actions")
        episodes[-1] += [int(match[1])] * count
    return EnvTape(tuple(tuple(actions) for actions in episodes))


def random_actions(
    rng: np.random.Generator, actions: int, length: int, hold: tuple[int, int] = (1, 6)
) -> Iterable[int]:
    """Yields random actions, each held for a random number of steps.

    Args:
        rng: Source of chance.
        actions: How many actions there are.
        length: How many to yield.
        hold: Fewest and most steps for which one is held.
    """
    left = length
    while left > 0:
        count = min(int(rng.integers(hold[0], hold[1] + 1)), left)
        left -= count
        action = int(rng.integers(0, actions))
        for _ in range(count):
            yield action
