"""How long episodes of a training take to each ten meters."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from qwop_native.envs.spaces import observation_scale
from qwop_native.facts import FRAMES_PER_SECOND, UNITS_PER_METER

EVERY, GOAL = 10, 100  # meters
NAMES = tuple(f"split_{meters}m" for meters in range(EVERY, GOAL + 1, EVERY))
"""Split times: seconds of the game's clock from an episode's start to so many meters."""

_WINDOW = 100  # episodes that a split is the mean of, each split its own


def any_of(flags: npt.NDArray[np.bool_]) -> bool:
    """What `flags.any()` tells, in a fifth of the time: for what is asked in each step."""
    return b"\1" in flags.tobytes()


class Splits:
    """Takes the times of all games of a vector environment, to the accuracy of a step."""

    def __init__(self) -> None:
        scale, offset = observation_scale()
        marks = EVERY * UNITS_PER_METER * np.arange(1, len(NAMES) + 1)
        # As the first column of an observation shows the marks; beyond the last there is none.
        self._marks = np.append((marks - offset[0]) / scale[0], np.inf).astype(np.float32)
        self._next = np.zeros(0, np.float32)
        self._beyond = np.zeros(0, np.bool_)
        self._now = 0  # steps of all games
        self._begun: list[int] = []  # of each, the step before its episode's first
        self._passed: list[list[int]] = []
        self._ended: dict[str, deque[float]] = {name: deque(maxlen=_WINDOW) for name in NAMES}

    def step(self, observations: npt.NDArray[np.float32], ended: npt.NDArray[np.bool_]) -> None:
        """Looks where the torsos are after a step.

        Args:
            observations: Of all games, float32 (n, 60 or more).
            ended: Games that show the start of their next episode, bool (n,).
        """
        if len(self._next) != len(observations):
            count = len(observations)
            self._next, self._beyond = np.full(count, self._marks[0]), np.zeros(count, np.bool_)
            self._passed, self._begun = [[] for _ in range(count)], [self._now] * count
        self._now += 1
        np.greater_equal(observations[:, 0], self._next, out=self._beyond)
        if any_of(self._beyond):
            for game in np.flatnonzero(self._beyond & ~ended).tolist():
                self._pass(game, float(observations[game, 0]))

    def _pass(self, game: int, torso: float) -> None:
        passed = self._passed[game]
        while torso >= self._marks[len(passed)]:
            passed.append(self._now - self._begun[game])
        self._next[game] = self._marks[len(passed)]

    def end(self, game: int, info: Mapping[str, Any], counts: bool) -> None:
        """Takes the splits of an episode, which has ended in the last step.

        Args:
            game: The game.
            info: Of its last step.
            counts: Whether they count: not those of an episode that began elsewhere.
        """
        if not self._passed:
            return
        last = info.get("terminal_observation")
        if last is not None:
            self._pass(game, float(last[0]))
        passed, steps = self._passed[game], self._now - self._begun[game]
        if info["is_success"]:  # the torso may stop short of the 100 m that the game counts
            passed += [steps] * (len(NAMES) - len(passed))
        seconds = info["frames"] / FRAMES_PER_SECOND / max(steps, 1)
        for name, step in zip(NAMES, passed if counts else (), strict=False):
            self._ended[name].append(step * seconds)
        self._passed[game], self._begun[game] = [], self._now
        self._next[game] = self._marks[0]

    def means(self) -> dict[str, float]:
        """Means over the last 100 episodes that came as far, of the splits that there are."""
        return {name: float(np.mean(times)) for name, times in self._ended.items() if times}

    def state(self) -> dict[str, Any]:
        """All of it, for a checkpoint."""
        ended = {name: list(times) for name, times in self._ended.items()}
        steps = [self._now - begun for begun in self._begun]
        return {"ended": ended, "steps": steps, "passed": self._passed}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Takes back what `state` returned."""
        for name, times in state["ended"].items():
            self._ended[name].extend(times)
        self._passed = [list(each) for each in state["passed"]]
        self._begun = [self._now - steps for steps in state["steps"]]
        self._beyond = np.zeros(len(self._passed), np.bool_)
        self._next = self._marks[[len(each) for each in self._passed]]
