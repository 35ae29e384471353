"""What a person sees of a run under way: a panel on a terminal, lines elsewhere."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable

from stable_baselines3.common.callbacks import BaseCallback

from qwop_native.models.summary import Summary
from qwop_native.training.callbacks import EpisodeStatistics, Throughput, updates_made
from qwop_native.training.evaluation import standing
from qwop_native.training.terminal import Standing, TerminalView, losses_of

_PERIOD = 0.25  # seconds between two looks at the panel
_LATELY = 40  # looks over which its rates are taken: ten seconds
_POINTS = 400  # of the curve of distances, which is thinned out when it has more


class Display(BaseCallback):
    """Shows distance, frames, rates, losses and the time left.

    Args:
        total: Transitions of the whole run.
        statistics: Where the distances are from.
        rates: Where the rates are from.
        bar: Whether a panel is wanted; there is one on terminals only.
        title: What is trained, for the panel.
        last: Gives the last evaluation, None before the first.
        by_game: Whether evaluations are by the game's rule: lines then tell of them, and of
            successes in training otherwise.
    """

    def __init__(
        self,
        total: int,
        statistics: EpisodeStatistics,
        rates: Throughput,
        bar: bool,
        title: str = "",
        last: Callable[[], Summary | None] = lambda: None,
        by_game: bool = False,
    ) -> None:
        super().__init__()
        self._total, self._statistics, self._rates = total, statistics, rates
        self._last, self._by_game = last, by_game
        self._view = TerminalView.if_possible(title) if bar else None
        self._next = 0.0
        self._begun = time.monotonic()
        self._looks: deque[tuple[float, int, int]] = deque(maxlen=_LATELY)
        self._distances: list[float] = []
        self._losses: dict[str, float] = {}

    def _on_training_start(self) -> None:
        self._begun = time.monotonic()

    def _on_step(self) -> bool:
        now = time.monotonic()
        if self._view is not None and now >= self._next:
            self._next = now + _PERIOD
            self._view.show(self._standing(now))
        return True

    def close(self) -> None:
        """Takes leave of the terminal; to be called however the training ends."""
        if self._view is not None:
            if self._looks:
                self._view.show(self._standing(time.monotonic()))
            self._view.close()

    def say(self, text: str) -> None:
        """Prints a line, above the panel if there is one."""
        if self._view is not None:
            self._view.say(text)
        else:
            print(text, flush=True)

    def report(self, done: int) -> None:
        """Prints one line about the run; a panel shows the same."""
        if self._view is None:
            self.say(f"{100 * done / self._total:3.0f} %  {self._text(done)}")

    def _standing(self, now: float) -> Standing:
        done, statistics = self.model.num_timesteps, self._statistics
        self._looks.append((now, done, updates_made(self.model)))
        before, steps, updates = self._looks[0]
        lately = max(now - before, 1e-9)
        distance = statistics.mean("distance")
        self._distances.append(distance)
        if len(self._distances) > _POINTS:
            del self._distances[::2]
        # The logger forgets them whenever it writes.
        self._losses |= losses_of(self.model.logger.name_to_value)
        return Standing(
            done=done,
            total=self._total,
            seconds=now - self._begun,
            left=self._seconds_left(done, self._rates.measure()["env_steps_per_s"]),
            distance=distance,
            farthest=statistics.best_distance,
            success=statistics.mean("is_success"),
            best_frames=statistics.best_frames,
            distances=self._distances,
            evaluation=self._last(),
            env_rate=(done - steps) / lately,
            update_rate=(self._looks[-1][2] - updates) / lately,
            losses=self._losses,
        )

    def _text(self, done: int) -> str:
        statistics, rates = self._statistics, self._rates.measure()
        if self._by_game:
            last = self._last()
            parts = [
                f"{done:,} steps",
                f"distance {statistics.mean('distance'):.1f} m",
                "" if last is None else standing(last),
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

    def _seconds_left(self, done: int, rate: float) -> float | None:
        """How long the rest will take at a rate; None at the end, or where nobody knows."""
        return (self._total - done) / rate if done < self._total and rate else None

    def _left(self, done: int, rate: float) -> str:
        seconds = self._seconds_left(done, rate)
        if seconds is None:
            return ""
        if seconds >= 5400:
            return f"{seconds / 3600:.1f} h left"
        return f"{seconds / 60:.0f} min left" if seconds >= 90 else f"{seconds:.0f} s left"
