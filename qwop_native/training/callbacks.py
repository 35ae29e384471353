"""What happens besides learning: curves, rates, things done now and then, an orderly stop."""

from __future__ import annotations

import math
import signal
import threading
import time
import typing
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import compress
from types import FrameType
from typing import Any

import numpy as np
from stable_baselines3 import PPO
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.callbacks import BaseCallback

from qwop_native.training.environments import INFO_KEYWORDS
from qwop_native.training.splits import Splits, any_of

_WINDOW = 100  # episodes that a curve's point is the mean of


class EpisodeStatistics(BaseCallback):
    """Records the means of `INFO_KEYWORDS` over the last 100 episodes as `user/...`.

    So it does with the split times of `splits.NAMES`, once an episode has come as far.

    Attributes:
        best_frames: Frames of the fastest success so far, None before the first.
        best_distance: Meters of the farthest episode so far, None before the first.
    """

    def __init__(self) -> None:
        super().__init__()
        self.best_frames: int | None = None
        self.best_distance: float | None = None
        self._splits = Splits()
        self._ended: dict[str, deque[float]] = {
            name: deque(maxlen=_WINDOW) for name in INFO_KEYWORDS
        }

    def _on_step(self) -> bool:
        dones = self.locals["dones"]
        if "new_obs" in self.locals:
            self._splits.step(self.locals["new_obs"], dones)
        if not any_of(dones):
            return True
        infos = self.locals["infos"]
        for game, info in compress(enumerate(infos), infos):  # most games go on and tell nothing
            if "episode" not in info:
                continue
            # An episode that began in the middle of a run says nothing of how far a policy gets.
            from_line = not info.get("start_distance") and info.get("from_line", True)
            self._splits.end(game, info, from_line)
            if from_line:
                self._take(info)
        for name, value in self._splits.means().items():
            self.logger.record(f"user/{name}", value)
        for name, values in self._ended.items():
            if values:
                self.logger.record(f"user/{name}", self.mean(name))
        if self.best_frames is not None:
            self.logger.record("user/best_frames", self.best_frames)
        return True

    def _take(self, info: dict[str, float]) -> None:
        for name, values in self._ended.items():
            if name in info:  # games that reward speed tell less
                values.append(float(info[name]))
        distance, frames = float(info["distance"]), int(info["frames"])
        if self.best_distance is None or distance > self.best_distance:
            self.best_distance = distance
        if info["is_success"] and (self.best_frames is None or frames < self.best_frames):
            self.best_frames = frames

    def state(self) -> dict[str, Any]:
        """All of it, for a checkpoint."""
        ended = {name: list(values) for name, values in self._ended.items()}
        return {
            "frames": self.best_frames,
            "distance": self.best_distance,
            "ended": ended,
            "splits": self._splits.state(),
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Takes back what `state` returned."""
        self.best_frames, self.best_distance = state["frames"], state["distance"]
        for name, values in state["ended"].items():
            self._ended[name].extend(values)
        if "splits" in state:  # checkpoints of earlier versions have none
            self._splits.restore(state["splits"])

    def mean(self, name: str) -> float:
        """Mean of one field over the last 100 ended episodes, NaN before the first."""
        values = self._ended[name]
        return float(np.mean(values)) if values else float("nan")


class Throughput(BaseCallback):
    """Measures environment steps and gradient updates per second of the whole loop.

    SB3's `train_freq` counts steps of the vector environment, so the number of transitions per
    update is reported too: without it a run with more games merely looks faster.
    """

    def __init__(self) -> None:
        super().__init__()
        self._start = 0.0
        self._first_step = 0
        self._first_update = 0

    def _on_training_start(self) -> None:
        self._start = time.perf_counter()
        self._first_step = self.model.num_timesteps
        self._first_update = updates_made(self.model)

    def _on_step(self) -> bool:
        if any_of(self.locals["dones"]):
            for name, value in self.measure().items():
                self.logger.record(f"throughput/{name}", value)
        return True

    def measure(self) -> dict[str, float]:
        """Steps per second, updates per second and transitions per update since the start."""
        seconds = max(time.perf_counter() - self._start, 1e-9)
        steps = self.model.num_timesteps - self._first_step
        updates = updates_made(self.model) - self._first_update
        return {
            "env_steps_per_s": steps / seconds,
            "updates_per_s": updates / seconds,
            "transitions_per_update": steps / updates if updates else float("nan"),
        }


def updates_made(model: BaseAlgorithm) -> int:
    """Gradient updates that a model has made."""
    counted = int(getattr(model, "_n_updates", 0))
    if not hasattr(model, "n_epochs"):
        return counted
    # PPO counts its passes over what it has collected, each of many updates.
    settings = typing.cast(PPO, model)
    return counted * math.ceil(settings.n_steps * settings.n_envs / settings.batch_size)


class Every(BaseCallback):
    """Calls a function each time another n-th part of the run is over, the end included.

    Args:
        parts: Number of calls in a whole run; 0 for none.
        total: Transitions of the whole run.
        call: Called with the number of transitions made so far.
    """

    def __init__(self, parts: int, total: int, call: Callable[[int], None]) -> None:
        super().__init__()
        self._parts = parts
        self._total = total
        self._call = call
        self._made = 0

    def _on_training_start(self) -> None:
        self._made = self.model.num_timesteps * self._parts // self._total

    def _on_step(self) -> bool:
        reached = min(self.model.num_timesteps * self._parts // self._total, self._parts)
        if reached > self._made:
            self._made = reached
            self._call(self.model.num_timesteps)
        return True


def stop_requested(callback: BaseCallback) -> bool:
    """Whether a `StopOnRequest` among these callbacks has been asked to stop."""
    if isinstance(callback, StopOnRequest):
        return callback.requested
    return any(stop_requested(each) for each in getattr(callback, "callbacks", ()))


class StopOnRequest(BaseCallback):
    """Ends the training before the next update once a stop was asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.requested = False

    def _on_step(self) -> bool:
        return not self.requested

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Takes the first SIGINT or SIGTERM as the request; a second one acts as usual.

        Signals reach the main thread only; in another one nothing is changed.
        """
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        signals = (signal.SIGINT, signal.SIGTERM)
        before = {number: signal.getsignal(number) for number in signals}

        def ask(_number: int, _frame: FrameType | None) -> None:
            self.requested = True
            restore()

        def restore() -> None:
            for number, handler in before.items():
                signal.signal(number, handler)

        for number in signals:
            signal.signal(number, ask)
        try:
            yield
        finally:
            restore()
