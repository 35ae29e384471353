"""A run under way on a terminal: one panel that is drawn again and again, by rich."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from qwop_native.facts import RECORD_FRAMES, RECORD_SECONDS
from qwop_native.models.summary import Summary

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

_WIDE, _MEDIUM = 98, 66  # columns from which on three tables, and two, stand side by side
_BARS, _PLAIN_BARS = " ▁▂▃▄▅▆▇█", " .:-=+*#"
_LOSSES = 4  # that are shown

Rows = Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Standing:
    """What is known of a run at one moment.

    Attributes:
        done: Transitions made.
        total: Transitions of the whole run.
        seconds: Since this process has begun to train.
        left: Seconds that the rest will take; None where that is not known.
        distance: Mean of the last training episodes, meters, NaN before the first.
        farthest: Meters of the farthest training episode, None before the first.
        success: Share of the last training episodes that reach 100 m, NaN before the first.
        best_frames: Of the fastest success in training, None before the first.
        distances: `distance` over time.
        evaluation: The last one, None before the first.
        env_rate: Transitions a second, lately.
        update_rate: Updates of the learner a second, lately.
        losses: The last ones by name.
    """

    done: int
    total: int
    seconds: float
    left: float | None
    distance: float
    farthest: float | None
    success: float
    best_frames: int | None
    distances: Sequence[float]
    evaluation: Summary | None
    env_rate: float
    update_rate: float
    losses: Mapping[str, float] = field(default_factory=dict)


def against_record(frames: float) -> str:
    """Frames, and how many more or less they are than the human record's."""
    return f"{frames:,.0f} ({frames - RECORD_FRAMES:+,.0f})"


def duration(seconds: float) -> str:
    """A time as a clock has it."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


class TerminalView:
    """The panel.

    Args:
        title: What is trained.
        console: Where; None for the terminal.

    Raises:
        ImportError: rich is not installed.
    """

    def __init__(self, title: str, console: Console | None = None) -> None:
        from rich.console import Console
        from rich.live import Live

        self._title, self._console = title, console or Console()
        # Drawn when the run tells of itself: no thread reads what another one is writing.
        self._live = Live(console=self._console, auto_refresh=False)
        self._live.start()

    @classmethod
    def if_possible(cls, title: str) -> TerminalView | None:
        """A view, or None where there is no terminal that can show it, or no rich."""
        if not sys.stdout.isatty() or os.environ.get("TERM", "dumb") in ("dumb", "unknown"):
            return None
        try:
            return cls(title)
        except ImportError:
            return None

    def show(self, standing: Standing) -> None:
        """Draws the panel."""
        self._live.update(panel(self._title, standing, self._console), refresh=True)

    def say(self, text: str) -> None:
        """Prints a line above the panel."""
        self._console.print(text, highlight=False, markup=False)

    def close(self) -> None:
        """Leaves the panel as it is; the terminal is free again."""
        self._live.stop()


def panel(title: str, standing: Standing, console: Console) -> RenderableType:
    """What is drawn of a run: as high as it is narrow."""
    from rich import box
    from rich.console import Group
    from rich.panel import Panel
    from rich.table import Table

    unicode = "utf" in console.encoding.lower()
    wide = console.width >= _WIDE
    tables = [
        _table("training episodes", _episodes(standing), _curve(standing.distances, unicode)),
        _table("last evaluation", _evaluation(standing.evaluation)),
        _table("learning", _learning(standing)),
    ]
    side_by_side = Table.grid(padding=(0, 3))
    across = 3 if wide else 2 if console.width >= _MEDIUM else 1
    for first in range(0, len(tables), across):
        row = tables[first : first + across]
        side_by_side.add_row(*(table if not first else Group("", table) for table in row))
    return Panel(
        Group(_bar(standing, wide), "", side_by_side),
        title=title,
        title_align="left",
        box=box.ROUNDED if unicode else box.ASCII,
        border_style="cyan",
        padding=(0, 1),
    )


def _bar(standing: Standing, wide: bool) -> RenderableType:
    from rich.progress_bar import ProgressBar
    from rich.table import Table

    share = min(standing.done / max(standing.total, 1), 1.0)
    row = Table.grid(padding=(0, 1), expand=True)
    for ratio in (None, 1, None):
        row.add_column(ratio=ratio, no_wrap=True)
    words = f"{duration(standing.seconds)} gone"
    if standing.left is not None:
        words += f", {duration(standing.left)} left"
    if wide:
        words = f"{standing.done:,} of {standing.total:,} steps  {words}"
    bar = ProgressBar(total=1.0, completed=share, complete_style="cyan", finished_style="green")
    row.add_row(f"{100 * share:3.0f} %", bar, words)
    return row


def _table(title: str, rows: Rows, curve: str = "") -> RenderableType:
    from rich.table import Table
    from rich.text import Text

    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(justify="right", no_wrap=True)
    outer = Table.grid()
    outer.add_row(Text(title, style="bold"))
    for name, value in rows:
        table.add_row(name, Text(value))
    outer.add_row(table)
    if curve:
        outer.add_row(Text(curve, style="cyan", no_wrap=True))
    return outer


def _episodes(standing: Standing) -> Rows:
    rows = [("distance", _meters(standing.distance)), ("farthest", _meters(standing.farthest))]
    if standing.success == standing.success:  # not NaN
        rows.append(("reach 100 m", f"{100 * standing.success:.0f} %"))
    best = standing.best_frames
    rows.append(("best", "-" if best is None else against_record(best)))
    return rows


def _evaluation(summary: Summary | None) -> Rows:
    record = ("human record", f"{RECORD_FRAMES:,} ({RECORD_SECONDS} s)")
    if summary is None:
        return [("finish", "-"), record]
    finishes = round(summary.success_rate * summary.episodes)
    rows = [
        ("finish", f"{finishes} of {summary.episodes}"),
        ("distance", _meters(summary.mean_distance)),
    ]
    for name, frames in (("best", summary.best_frames), ("median", summary.median_frames)):
        if frames is not None:
            rows.append((name, against_record(frames)))
    return [*rows, record]


def _learning(standing: Standing) -> Rows:
    rows = [
        ("games", f"{standing.env_rate:,.0f} steps/s"),
        ("learner", f"{standing.update_rate:,.0f} updates/s"),
    ]
    kept = list(standing.losses.items())[:_LOSSES]
    return rows + [(name.replace("_", " "), f"{value:.3g}") for name, value in kept]


def _meters(value: float | None) -> str:
    return "-" if value is None or value != value else f"{round(value, 1) + 0.0:.1f} m"


def _curve(values: Sequence[float], unicode: bool, most: int = 26) -> str:
    """A line of text whose signs are as high as the values; "" of fewer than two."""
    known = [value for value in values if value == value]
    if len(known) < 2:
        return ""
    step = max(len(known) / most, 1.0)
    shown = [known[int(index * step)] for index in range(int(len(known) / step))]
    signs, low = _BARS if unicode else _PLAIN_BARS, min(0.0, *shown)
    spread = (max(shown) - low) or 1.0
    last = len(signs) - 1
    return "".join(signs[max(1, round((value - low) / spread * last))] for value in shown)


def losses_of(values: Mapping[str, Any]) -> dict[str, float]:
    """The losses among the values of SB3's logger, by short names."""
    return {
        name.removeprefix("train/").replace("policy_gradient", "policy"): float(value)
        for name, value in values.items()
        if name.startswith("train/") and "loss" in name
    }
