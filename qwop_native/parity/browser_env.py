"""qwop-gym's environment around the real game, with one deterministic stand-in for the clock.

Written from the protocol of qwop-gym 1 and independent of the native environment, so that the two
can be compared. qwop-gym's arithmetic ran under NumPy 1, where a NumPy scalar and a Python number
gave a double; here every precision is spelt out.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from qwop_native.envs.spaces import TERMINATE, action_keys, observations
from qwop_native.facts import ENGINE_TICK, UNITS_PER_METER
from qwop_native.recording.rows import ENV_ROW, Flags, Rows

if TYPE_CHECKING:
    from qwop_native.parity.browser import GamePage

_SPEED_WEIGHT = np.float32(0.01)
DEFAULTS: dict[str, Any] = {
    "failure_cost": 10,
    "success_reward": 50,
    "time_cost_mult": 10,
    "frames_per_step": 1,
    "reload_on_reset": False,
    "reduced_action_set": False,
    "action_set": None,
    "t_for_terminate": False,
}


class BrowserEnv:
    """Episodes of the real game, a row for each reset and step.

    Args:
        page: The game, freshly loaded.
        arguments: Arguments of the environment, of those in `DEFAULTS`.

    Raises:
        ValueError: An argument is not one of those.
    """

    def __init__(self, page: GamePage, arguments: Mapping[str, Any]) -> None:
        unknown = sorted(set(arguments) - set(DEFAULTS))
        if unknown:
            raise ValueError(f"not an argument of the environment in the browser: {unknown}")
        settings = {**DEFAULTS, **arguments}
        self._page = page
        self._frames = int(settings["frames_per_step"])
        self._failure_cost = np.float32(settings["failure_cost"])
        self._success_reward = np.float32(settings["success_reward"])
        self._time_weight = np.float32(settings["time_cost_mult"])
        self._reload = bool(settings["reload_on_reset"])
        kind = "reduced" if settings["reduced_action_set"] else "full"
        self.action_keys = action_keys(settings["action_set"] or kind, settings["t_for_terminate"])
        self._last_distance: np.float32 | float = 0.0
        self._last_time: np.float32 | float = 0.0
        self._first = True
        self._start_page()

    def _start_page(self) -> None:
        """What qwop-gym does once after loading: click, one step, one tick of the engine."""
        self._page.run([("click",), ("keys", self._frames, 0), ("tick", ENGINE_TICK)])
        self._fresh = True

    def reset(self) -> Rows:
        """Begins an episode; returns its row, shape (1,)."""
        # A page that has only been started is what a reload would make of it.
        if self._reload and not self._fresh:
            self._page.reload()
            self._start_page()
        self._fresh = False
        rows = self._page.run([("release",), ("reset",), ("tick", ENGINE_TICK)])
        self._first = True
        row = self._observe(rows[-1])
        self._last_distance, self._last_time = 0.0, 0.0
        return row

    def step(self, action: int) -> Rows:
        """Holds an action's keys for a step; returns its row, shape (1,)."""
        keys = self.action_keys[action]
        mask = 0 if keys == TERMINATE else keys
        rows = self._page.run([("keys", self._frames, mask)])
        row = self._observe(rows[-1])
        ended = bool(row["terminated"][0])
        row["reward"] = self._reward(row[0], ended)
        row["terminated"] = ended or keys == TERMINATE
        self._last_distance, self._last_time = row["distance"][0], row["time"][0]
        self._first = False
        return row

    def _observe(self, game: np.void) -> Rows:
        row = np.zeros(1, ENV_ROW)
        distance, time = game["bodies"][0, 0] / UNITS_PER_METER, game["score_time"] / 10
        ended = bool(game["flags"] & Flags.GAME_ENDED) or distance < -10 or distance > 105
        row["obs"] = observations(np.asarray(game["bodies"])[None])[0]
        row["time"], row["distance"] = time, distance
        row["avgspeed"] = row["distance"] / row["time"]
        row["terminated"] = ended
        row["is_success"] = ended and distance > 100
        return row

    def _reward(self, row: np.void, ended: bool) -> float:
        # The first step of an episode is measured from two Python zeros, which makes doubles.
        kind = np.float64 if self._first else np.float32
        covered = kind(row["distance"]) - kind(self._last_distance)
        passed = kind(row["time"]) - kind(self._last_time)
        with np.errstate(divide="ignore", invalid="ignore"):
            speed = covered / passed
        cost = np.float64(passed * kind(self._time_weight)) / np.float64(self._frames)
        reward = np.float64(speed * kind(_SPEED_WEIGHT)) - cost
        if ended:
            success = bool(row["is_success"])
            reward += np.float64(self._success_reward if success else -self._failure_cost)
        return float(reward)
