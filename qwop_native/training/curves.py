"""The picture of a run's curves: a panel for each thing that there is something to show of."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from qwop_native.atomic import whole_file
from qwop_native.facts import RECORD_FRAMES
from qwop_native.training import history
from qwop_native.training.splits import NAMES as SPLITS

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Points = Sequence[dict[str, float]]
Line = tuple[list[float], list[float]]  # steps and values

_FRAMES, _SHARE = "frames to 100 m", "share that reaches 100 m"
_SPLITS, _LOSS = "split times of training episodes, s", "loss"
_PANELS = {
    "distance, m": {"user/distance": "training episodes", "eval/mean_distance": "evaluation"},
    _SHARE: {"user/is_success": "training episodes", "eval/success_rate": "evaluation"},
    _FRAMES: {
        "user/best_frames": "best in training",
        "eval/median_frames": "evaluation, median",
        "eval/best_frames": "evaluation, best",
    },
    _SPLITS: {f"user/{name}": f"{name[6:-1]} m" for name in SPLITS},
    "reward of an episode": {"rollout/ep_rew_mean": ""},
    _LOSS: {"train/loss": ""},
    "steps of games a second": {"throughput/env_steps_per_s": ""},
    "updates a second": {"throughput/updates_per_s": ""},
}


def draw(folder: Path) -> Path | None:
    """Draws the curves of a run as `curves.png` in its folder.

    Returns:
        The picture, None where there is nothing to draw yet.

    Raises:
        ImportError: matplotlib is not installed.
    """
    points = history.read(folder)
    panels = {title: lines for title in _PANELS if (lines := _lines(points, title))}
    if not panels:
        return None
    from qwop_native.plots.style import INK, new_figure, styled

    with styled():
        rows = -(-len(panels) // 2)
        figure = new_figure(11, 0.5 + 2.5 * rows)
        grid = figure.add_gridspec(rows, 2)
        steps = [each for lines in panels.values() for line, _ in lines.values() for each in line]
        for number, (title, lines) in enumerate(panels.items()):
            alone = number == len(panels) - 1 and number % 2 == 0  # none is left empty
            axes = figure.add_subplot(grid[number // 2, slice(None) if alone else number % 2])
            _draw_panel(axes, title, lines)
            _fit(axes, title, min(steps), max(steps))
        figure.suptitle(folder.name, fontsize=12, fontweight="bold", x=0.01, ha="left", color=INK)
        path = folder / "curves.png"
        with whole_file(path) as file:
            figure.savefig(file, format="png", dpi=110)
    return path


def _lines(points: Points, title: str) -> dict[str, Line]:
    """The lines of a panel by their labels, without those that are zero all along."""
    found = {}
    for name, label in _PANELS[title].items():
        line = [(point["steps"], point[name]) for point in points if name in point]
        if any(value for _, value in line):
            steps, values = zip(*line, strict=True)
            found[label] = (list(steps), list(values))
    return found


def _draw_panel(axes: Axes, title: str, lines: dict[str, Line]) -> None:
    from matplotlib import colormaps
    from matplotlib.ticker import PercentFormatter

    from qwop_native.plots.style import RECORD, color

    order = list(_PANELS[title].values())
    for label, (steps, values) in lines.items():
        index = order.index(label)
        tone = colormaps["viridis"](index / 11) if title == _SPLITS else color(index)
        marker = "." if len(steps) < 40 else ""
        axes.plot(steps, values, label=label, color=tone, marker=marker, linewidth=1.3)
        if title == _SPLITS:  # each is told at its end
            axes.annotate(label, (steps[-1], values[-1]), xytext=(4, 0), color=tone, fontsize=7,
                          textcoords="offset points", va="center")  # fmt: skip
    if title == _FRAMES:
        told = f"human record, {RECORD_FRAMES:,}"
        axes.axhline(RECORD_FRAMES, color=RECORD, linewidth=1.2, linestyle="--", label=told)
    if title == _LOSS and 0 < 10 * min(lines[""][1]) < max(lines[""][1]):
        axes.set_yscale("log")
    if title == _SHARE:
        axes.yaxis.set_major_formatter(PercentFormatter(1.0))
        axes.set_ylim(-0.02, 1.02)
    if title != _SPLITS and any(lines):
        axes.legend(fontsize=8, loc="best")
    axes.set_title(title, fontsize=10)
    axes.grid()


def _fit(axes: Axes, title: str, first: float, last: float) -> None:
    """All panels have one axis of steps; rates and seconds begin at nothing."""
    from matplotlib.ticker import EngFormatter

    # A run that goes on from a model begins far from nothing; a single point has no width.
    axes.set_xlim(first if last / 10 < first < last else 0, last)
    axes.xaxis.set_major_formatter(EngFormatter(sep=" "))
    axes.set_xlabel("steps", fontsize=8)
    axes.tick_params(labelsize=8)
    if title == _SPLITS or title.endswith(" a second"):
        axes.set_ylim(bottom=0)
