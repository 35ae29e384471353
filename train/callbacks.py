"""What happens besides learning: curves, progress lines, checkpoints, an orderly stop."""

from __future__ import annotations

import signal
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BufferedIOBase
from pathlib import Path
from types import FrameType
from typing import Any, cast

import numpy as np
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.callbacks import BaseCallback

from qwop_native.atomic import whole_file

INFO_KEYWORDS = ("time", "distance", "avgspeed", "is_success", "frames")
"""Fields of the last info of an episode that reach the curves."""

_WINDOW = 100  # episodes that a curve's point is the mean of


class EpisodeStatistics(BaseCallback):
    """Records the means of `INFO_KEYWORDS` over the last 100 episodes as `user/...`."""

    def __init__(self) -> None:
        super().__init__()
        self._ended: dict[str, deque[float]] = {
            name: deque(maxlen=_WINDOW) for name in INFO_KEYWORDS
        }

    def _on_step(self) -> bool:
        if not self.locals["dones"].any():
            return True
        for info in self.locals["infos"]:
            for name, values in self._ended.items():
                if "episode" in info:
                    values.append(float(info["episode"][name]))
        for name in INFO_KEYWORDS:
            self.logger.record(f"user/{name}", self.mean(name))
        return True

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
        self._first_update = _updates(self.model)

    def _on_step(self) -> bool:
        if self.locals["dones"].any():
            for name, value in self.measure().items():
                self.logger.record(f"throughput/{name}", value)
        return True

    def measure(self) -> dict[str, float]:
        """Steps per second, updates per second and transitions per update since the start."""
        seconds = max(time.perf_counter() - self._start, 1e-9)
        steps = self.model.num_timesteps - self._first_step
        updates = _updates(self.model) - self._first_update
        return {
            "env_steps_per_s": steps / seconds,
            "updates_per_s": updates / seconds,
            "transitions_per_update": steps / updates if updates else float("nan"),
        }


def _updates(model: BaseAlgorithm) -> int:
    return int(getattr(model, "_n_updates", 0))


class Every(BaseCallback):
    """Calls a function each time another n-th part of the run is over, the end included.

    Args:
        parts: Number of calls in a whole run; 0 for none.
        call: Called with the number of transitions made so far.
    """

    def __init__(self, parts: int, call: Callable[[int], None]) -> None:
        super().__init__()
        self._parts = parts
        self._call = call
        self._made = 0

    def _on_step(self) -> bool:
        reached = self.model.num_timesteps * self._parts // self.locals["total_timesteps"]
        if reached > self._made:
            self._made = reached
            self._call(self.model.num_timesteps)
        return True


class StopOnRequest(BaseCallback):
    """Ends the training before the next update once a stop was asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.requested = False

    def _on_step(self) -> bool:
        return not self.requested

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Takes the first SIGINT or SIGTERM as the request; a second one acts as usual."""
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


def save_model(model: BaseAlgorithm, path: Path) -> None:
    """Writes SB3's zip of the model, whole or not at all."""
    with whole_file(path) as file:
        model.save(cast(BufferedIOBase, file))


def progress_line(
    done: int, total: int, statistics: EpisodeStatistics, rates: dict[str, Any]
) -> str:
    """One line about a run under way."""
    return (
        f"{100 * done / total:3.0f} %  {done:,} steps  "
        f"distance {statistics.mean('distance'):.1f} m  "
        f"success {100 * statistics.mean('is_success'):.0f} %  "
        f"{rates['env_steps_per_s']:,.0f} steps/s  {rates['updates_per_s']:,.0f} updates/s"
    )
