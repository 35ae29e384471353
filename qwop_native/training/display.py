"""What a person sees of a run under way: a bar on a terminal, lines elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from stable_baselines3.common.callbacks import BaseCallback

from qwop_native.training.callbacks import EpisodeStatistics, Throughput

_PERIOD = 0.25  # seconds between two looks at the bar


class Display(BaseCallback):
    """Shows distance, best frames and rates.

    Args:
        total: Transitions of the whole run.
        statistics: Where the distances are from.
        rates: Where the rates are from.
        bar: Whether a bar is wanted; there is one on terminals only.
        standing: Tells of the last evaluation; None where successes in training are shown instead.
    """

    def __init__(
        self,
        total: int,
        statistics: EpisodeStatistics,
        rates: Throughput,
        bar: bool,
        standing: Callable[[], str] | None = None,
    ) -> None:
        super().__init__()
        self._standing = standing
        self._total, self._statistics, self._rates = total, statistics, rates
        self._progress: Progress | None = None
        if bar and sys.stdout.isatty():
            self._progress = Progress(
                TextColumn("{task.percentage:3.0f} %"),
                BarColumn(bar_width=None),
                TextColumn("{task.description}"),
                TimeElapsedColumn(),
                TimeRemainingColumn(),
            )
        self._next = 0.0

    def _on_training_start(self) -> None:
        if self._progress is not None:
            self._task = self._progress.add_task("", total=self._total)
            self._progress.start()

    def _on_step(self) -> bool:
        now = time.monotonic()
        if self._progress is not None and now >= self._next:
            self._next = now + _PERIOD
            done = self.model.num_timesteps
            self._progress.update(self._task, completed=done, description=self._text(done))
        return True

    def close(self) -> None:
        """Takes the bar away; to be called however the training ends."""
        if self._progress is not None:
            self._progress.stop()

    def say(self, text: str) -> None:
        """Prints a line, above the bar if there is one."""
        if self._progress is not None:
            self._progress.console.print(text, highlight=False, markup=False)
        else:
            print(text, flush=True)

    def report(self, done: int) -> None:
        """Prints one line about the run; a bar shows the same."""
        if self._progress is None:
            self.say(f"{100 * done / self._total:3.0f} %  {self._text(done)}")

    def _text(self, done: int) -> str:
        statistics, rates = self._statistics, self._rates.measure()
        if self._standing is not None:
            parts = [
                f"{done:,} steps",
                f"distance {statistics.mean('distance'):.1f} m",
                self._standing(),
                f"{rates['env_steps_per_s']:,.0f} steps/s",
                self._left(done, rates["env_steps_per_s"]),
            ]
            return "  ".join(part for part in parts if part)
        best = statistics.best_frames
        return (
            f"{done:,} steps  distance {statistics.mean('distance'):.1f} m  "
            f"success {100 * statistics.mean('is_success'):.0f} %  "
            f"best {f'{best} frames' if best is not None else '-'}  "
            f"{rates['env_steps_per_s']:,.0f} steps/s  {rates['updates_per_s']:,.0f} updates/s"
        )

    def _left(self, done: int, rate: float) -> str:
        """How long the rest will take; nothing at the end, or where a bar tells."""
        if self._progress is not None or done >= self._total or not rate:
            return ""
        seconds = (self._total - done) / rate
        if seconds >= 5400:
            return f"{seconds / 3600:.1f} h left"
        return f"{seconds / 60:.0f} min left" if seconds >= 90 else f"{seconds:.0f} s left"
