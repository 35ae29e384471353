"""A strip of poses over the keys that made them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from qwop_native.facts import PARTS, TRACK_Y, UNITS_PER_METER
from qwop_native.keys import Keys
from qwop_native.plots.run_data import Floats, RunData, corners
from qwop_native.plots.runs import LETTERS
from qwop_native.plots.style import INK, color

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_ABOVE, _BELOW = 0.9, 1.05  # meters shown above and below the torso's height at the start
_REACH = 0.8  # meters from the torso to the furthest foot
_FAR, _NEAR, _HEAD, _EARTH = "#7fa6c4", "#c2603f", "#e0b088", "#ece6db"


def gait(run: RunData, first: float = 0.0, last: float = 12.0, every: int = 28) -> Figure:
    """Poses of a stretch of the run, as high as they are wide, and the keys below them.

    Args:
        run: The run.
        first: Meter at which the strip begins.
        last: Meter at which it ends.
        every: Frames between two poses.

    Raises:
        ValueError: The run has no pose that fits in between.
    """
    from matplotlib.figure import Figure

    shown = [index for index, x in enumerate(run.distance) if first <= x <= last]
    whole = [i for i in shown if first + _REACH <= run.distance[i] <= last - _REACH]
    if not whole:
        raise ValueError(
            f"{run.name} has no whole pose from {first:g} m to {last:g} m; it goes from "
            f"{run.distance.min():.1f} m to {run.distance.max():.1f} m"
        )
    width, left, tape_height, bottom = 10.4, 0.35, 0.75, 0.45  # inches
    height = width * (_ABOVE + _BELOW) / (last - first)
    size = (width + 2 * left, height + tape_height + bottom)
    figure = Figure(figsize=size)
    at = left / size[0], bottom / size[1], width / size[0]
    tape = figure.add_axes((at[0], at[1], at[2], tape_height / size[1]))
    track = figure.add_axes((at[0], at[1] + tape_height / size[1], at[2], height / size[1]))
    for index in whole[::every]:
        _draw_hurdle(track, run.hurdle[index])
        _draw_runner(track, run.bodies[index])
    track.axhspan(TRACK_Y / UNITS_PER_METER, _BELOW, color=_EARTH, linewidth=0)
    track.set_xlim(first, last)
    track.set_ylim(_BELOW, -_ABOVE)
    track.set_axis_off()
    _draw_keys(tape, run, np.array(shown))
    tape.set_xlim(first, last)
    return figure


def _draw_runner(axes: Axes, bodies: Floats) -> None:
    """One pose, the far side first."""
    from matplotlib.collections import PolyCollection

    order = sorted(PARTS, key=lambda part: (not part.startswith("left"), part.startswith("right")))
    boxes = [corners(bodies[PARTS.index(part)], part) / UNITS_PER_METER for part in order]
    tones = {"h": _HEAD, "l": _FAR}
    faces = [tones.get(part[0], _NEAR) for part in order]
    axes.add_collection(
        PolyCollection(boxes, facecolors=faces, edgecolors="white", linewidths=0.5, alpha=0.9)
    )


def _draw_hurdle(axes: Axes, hurdle: Floats) -> None:
    from matplotlib.collections import PolyCollection

    pieces = zip(hurdle, ("hurdleBase", "hurdleTop"), strict=True)
    boxes = [corners(piece, name) / UNITS_PER_METER for piece, name in pieces]
    axes.add_collection(PolyCollection(boxes, facecolors="#9aa5ad", linewidths=0, alpha=0.5))


def _draw_keys(axes: Axes, run: RunData, shown: np.ndarray) -> None:
    """Which keys were down while the torso passed each place."""
    frames = shown[shown > 0]
    for row, name in enumerate(LETTERS):
        held = frames[(run.keys[frames - 1] & Keys[name]) != 0]
        presses = np.split(held, np.flatnonzero(np.diff(held) > 1) + 1) if len(held) else []
        # One bar a press: single frames would show as stripes in an SVG.
        bars = [
            (run.distance[at[0] - 1], run.distance[at[-1]] - run.distance[at[0] - 1])
            for at in presses
        ]
        axes.broken_barh(bars, (3 - row + 0.15, 0.7), facecolors=color(row), linewidth=0)
    axes.set_yticks([3.5, 2.5, 1.5, 0.5], list(LETTERS))
    axes.set_ylim(0, 4)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.set_xlabel("distance, m", color=INK)
