"""The picture of an ablation: a pair of small plots for each variant, the reference in gray."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from textwrap import fill
from typing import TYPE_CHECKING

from qwop_native.facts import RECORD_FRAMES
from qwop_native.plots.style import QUIET, RECORD, color, new_figure, save, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_COLUMNS = 5
_SLOWEST = 2100  # frames; what is slower is beyond the picture
_REFERENCE = "#b4bbc1"


@dataclass(frozen=True)
class Evaluation:
    """One evaluation of a run.

    Attributes:
        steps: Environment steps before it.
        finished: Share of the starts.
        best: Frames of the fastest run; None where none finished.
        median: Of those that finished, likewise.
    """

    steps: float
    finished: float
    best: float | None
    median: float | None


Curve = Sequence[Evaluation]


def draw(curves: Mapping[str, Sequence[Curve]], path: Path) -> None:
    """Draws finished runs and median frames over steps, a line for each seed.

    Args:
        curves: Evaluations of each run, by variant; the first variant is drawn behind the others.
        path: A .png or .svg file.
    """
    variants = list(curves)
    columns = min(_COLUMNS, len(variants))
    rows = -(-len(variants) // columns)
    with styled():
        figure = new_figure(2.5 * columns, 3.4 * rows)
        heights = [1.15, 1.0] * rows
        axes = figure.subplots(
            2 * rows, columns, sharex=True, squeeze=False, gridspec_kw={"height_ratios": heights}
        )
        for index in range(rows * columns):
            row, column = divmod(index, columns)
            pair = axes[2 * row][column], axes[2 * row + 1][column]
            if index < len(variants):
                _panel(*pair, variants[index], curves[variants[0]], curves[variants[index]])
                _name_axes(*pair, leftmost=column == 0, lowest=index + columns >= len(variants))
            else:
                for each in pair:
                    each.axis("off")
        save(figure, path)


def _panel(
    shares: Axes, frames: Axes, variant: str, reference: Sequence[Curve], runs: Sequence[Curve]
) -> None:
    shares.set_title(fill(variant, 26), fontsize=9)
    shares.set_ylim(0, 103)
    frames.set_ylim(1250, _SLOWEST)
    frames.axhline(RECORD_FRAMES, ls="--", lw=1, color=RECORD)
    if reference is not runs:
        for curve in reference:
            _line(shares, frames, curve, _REFERENCE)
    for curve in runs:
        _line(shares, frames, curve, color(0))
    for each in (shares, frames):
        each.grid()
        each.tick_params(labelsize=8)


def _line(shares: Axes, frames: Axes, curve: Curve, ink: str) -> None:
    steps = [each.steps / 1e6 for each in curve]
    shares.plot(steps, [100 * each.finished for each in curve], color=ink, lw=1.1)
    timed = [(each.steps / 1e6, each.median) for each in curve if each.median is not None]
    frames.plot([at for at, _ in timed], [median for _, median in timed], color=ink, lw=1.1)


def _name_axes(shares: Axes, frames: Axes, leftmost: bool, lowest: bool) -> None:
    for each, name in ((shares, "finish, %"), (frames, "median frames")):
        if leftmost:
            each.set_ylabel(name, fontsize=8)
        else:
            each.tick_params(labelleft=False)
    if lowest:
        frames.set_xlabel("million steps", fontsize=8, color=QUIET)
        frames.tick_params(labelbottom=True)
