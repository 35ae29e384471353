"""Pictures of single runs: speed, keys with foot contacts, and phase portraits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from qwop_native.facts import RECORD_SECONDS
from qwop_native.keys import Keys
from qwop_native.plots.run_data import FEET, GOAL, JOINTS, RunData
from qwop_native.plots.style import GRID, INK, QUIET, RECORD, color, new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LETTERS = ("Q", "W", "O", "P")
_STRIDE = 30  # frames over which speed is taken: about one stride
_HURDLE = 50  # m


def speed(runs: Sequence[RunData]) -> Figure:
    """Speed over distance, and below it the seconds of each ten meters.

    Args:
        runs: One or more, overlaid.
    """
    figure = new_figure(10, 5.6)
    upper, lower = figure.subplots(2, 1, height_ratios=(3, 2), sharex=True)
    for index, run in enumerate(runs):
        label = f"{run.name} ({run.seconds[-1]:.2f} s)"
        upper.plot(run.distance, run.speed(_STRIDE), color=color(index), lw=1.6, label=label)
    pace = GOAL / RECORD_SECONDS
    upper.axhline(pace, color=RECORD, lw=1.3, ls="--", label=f"record's mean, {pace:.2f} m/s")
    upper.set_ylabel("speed, m/s")
    upper.set_ylim(bottom=0)
    upper.set_title(
        f"Speed over distance, over {_STRIDE} frames", pad=11 + 15 * -(-(len(runs) + 1) // 3)
    )
    upper.legend(ncols=3, fontsize=9, loc="lower left", bbox_to_anchor=(0, 1), borderpad=0)
    _splits(lower, runs)
    for axes in (upper, lower):
        axes.grid(axis="y")
        axes.axvline(_HURDLE, color=QUIET, lw=0.8, ls=":")
    upper.annotate("hurdle", (_HURDLE, 0), xytext=(3, 3), textcoords="offset points", color=QUIET)
    lower.set_xlabel("distance, m")
    return figure


def _splits(axes: Axes, runs: Sequence[RunData]) -> None:
    width = 8 / len(runs)
    for index, run in enumerate(runs):
        splits = run.splits()
        seconds = np.diff([0.0, *[second for _, second in splits]])
        middle = [meters - 9 + width * (index + 0.5) for meters, _ in splits]
        bars = axes.bar(middle, seconds, width * 0.92, color=color(index))
        if len(runs) <= 3:
            axes.bar_label(bars, fmt="%.2f", fontsize=8 if len(runs) == 1 else 6.5, padding=1)
    axes.set_ylabel("s per 10 m")
    axes.set_xticks(range(0, GOAL + 1, 10))
    axes.margins(y=0.18)


def keys(run: RunData, first: float = 0.0, last: float | None = None) -> Figure:
    """Which keys are down when, and which foot is on the ground.

    Args:
        run: The run.
        first: Second at which the picture begins.
        last: Second at which it ends; None is the end of the run.

    Raises:
        ValueError: There is no frame between the two.
    """
    end = float(run.seconds[-1]) if last is None else last
    shown = (run.seconds[1:] > first) & (run.seconds[1:] <= end + 1e-9)
    if not shown.any():
        raise ValueError(
            f"there is no frame from {first:g} s to {end:g} s; {run.name} ends at "
            f"{run.seconds[-1]:.2f} s"
        )
    figure = new_figure(12, 3.6)
    axes = figure.subplots()
    rows = [(name, (run.keys & Keys[name]) != 0) for name in LETTERS]
    rows += [
        (f"{foot.removesuffix('Foot')} foot", run.contacts[1:, i]) for i, foot in enumerate(FEET)
    ]
    for row, (_, on) in enumerate(rows):
        key = row < len(LETTERS)
        at = -row if key else -row - 0.5
        tone = color(row) if key else INK
        axes.broken_barh(_spans(on & shown, run), (at - 0.38, 0.76), facecolor=tone, lw=0)
    axes.axhline(-len(LETTERS) + 0.25, color=GRID, lw=1)
    axes.set_yticks([-row - 0.5 * (row >= len(LETTERS)) for row in range(len(rows))])
    axes.set_yticklabels([name for name, _ in rows])
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.set_xlim(max(first, 0.0), end)
    axes.grid(axis="x")
    axes.set_xlabel("time, s")
    axes.set_title(f"Keys and ground contacts, {run.name}")
    _meters(axes, run)
    return figure


def _spans(on: np.ndarray, run: RunData) -> list[tuple[float, float]]:
    """Start and length in seconds of each stretch of frames in which something is on."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], on, [False]]).astype(np.int8)))
    starts, ends = run.seconds[edges[::2]], run.seconds[edges[1::2]]
    return list(zip(starts.tolist(), (ends - starts).tolist(), strict=True))


def _meters(axes: Axes, run: RunData) -> None:
    """Distances along the upper edge."""
    first, last = axes.get_xlim()
    passed = [(meters, at) for meters, at in run.splits(1.0) if first <= at <= last]
    step = max(1, len(passed) // 12)
    upper = axes.secondary_xaxis("top")
    upper.set_xticks([at for _, at in passed[::step]], [f"{m:g} m" for m, _ in passed[::step]])
    upper.tick_params(length=2, labelsize=8, labelcolor=QUIET)
    upper.spines["top"].set_visible(False)


def phase(run: RunData, skip: float = 5.0) -> Figure:
    """Phase portraits: angle against angular velocity of hips and knees.

    Args:
        run: The run.
        skip: Meters at the start that are drawn pale, before the gait has settled.
    """
    figure = new_figure(9, 8)
    panels = figure.subplots(2, 2, sharex="row", sharey="row")
    settled = run.distance >= skip
    for axes, name in zip(panels.flat, JOINTS, strict=True):
        angle, velocity = run.joint(name)
        degrees = np.degrees(angle)
        axes.plot(degrees[~settled], velocity[~settled], color=GRID, lw=1)
        axes.plot(degrees[settled], velocity[settled], color=QUIET, lw=0.3, alpha=0.5)
        points = axes.scatter(
            degrees[settled],
            velocity[settled],
            c=run.distance[settled],
            cmap="viridis",
            s=5,
            linewidths=0,
        )
        axes.set_title(name)
        axes.grid()
        axes.set_xlabel("joint angle, degrees")
    for row in panels:
        row[0].set_ylabel("angular velocity, rad/s")
    if settled.any():
        figure.colorbar(points, ax=panels, label="distance, m", shrink=0.6, pad=0.02)
    figure.suptitle(f"Phase portraits, {run.name}", fontweight="bold", x=0.01, ha="left")
    return figure
