"""Drawings for the report, as SVG text: curves over the frames, and the native runner's pose."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from qwop_native.facts import BOXES, PARTS, PIXELS_PER_UNIT, SCREEN_HEIGHT, SCREEN_WIDTH, TRACK_Y
from qwop_native.recording.rows import BODY_FIELDS, HURDLE, Rows

if TYPE_CHECKING:
    from qwop_native.parity.browser import Picture

WIDTH, HEIGHT = int(SCREEN_WIDTH), int(SCREEN_HEIGHT)
# From the far side to the near one, as the game draws them.
_ORDER = (
    "hurdleBase", "hurdleTop", "leftForearm", "leftArm", "leftFoot", "leftCalf", "leftThigh",
    "head", "torso", "rightFoot", "rightCalf", "rightThigh", "rightForearm", "rightArm",
)  # fmt: skip
_GROUND_TOP = TRACK_Y * PIXELS_PER_UNIT

_MARGIN_LEFT, _MARGIN_RIGHT, _MARGIN_BOTTOM, _MARGIN_TOP = 64, 24, 34, 26
_PLOT_WIDTH, _PLOT_HEIGHT = 860, 190
_MAX_POINTS = 1200


@dataclass(frozen=True)
class Curve:
    """One line of a plot.

    Attributes:
        label: Its name.
        values: One value per row, shape (rows,).
        style: CSS class: "native" or "browser".
    """

    label: str
    values: NDArray[np.float64]
    style: str


def plot(title: str, unit: str, curves: Sequence[Curve]) -> str:
    """Draws curves over the row number.

    Args:
        title: Heading.
        unit: Unit of the values.
        curves: What to draw, the first one below the others.

    Returns:
        An ``svg`` element.
    """
    values = np.concatenate([curve.values for curve in curves])
    finite = values[np.isfinite(values)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)
    if low == high:
        low, high = low - 1, high + 1
    last = max(max(len(curve.values) for curve in curves) - 1, 1)
    width, height = (
        _PLOT_WIDTH - _MARGIN_LEFT - _MARGIN_RIGHT,
        _PLOT_HEIGHT - _MARGIN_BOTTOM - _MARGIN_TOP,
    )

    def across(row: float) -> float:
        return _MARGIN_LEFT + width * row / last

    def down(value: float) -> float:
        return _MARGIN_TOP + height * (high - value) / (high - low)

    heading = f"{title} ({unit})" if unit else title
    parts = [f'<text class="title" x="{_MARGIN_LEFT}" y="16">{escape(heading)}</text>']
    for step in range(5):
        value, row = low + (high - low) * step / 4, last * step / 4
        parts.append(
            f'<line class="grid" x1="{_MARGIN_LEFT}" x2="{_MARGIN_LEFT + width}" '
            f'y1="{down(value):.1f}" y2="{down(value):.1f}"/>'
            f'<text x="{_MARGIN_LEFT - 6}" y="{down(value) + 4:.1f}" text-anchor="end">'
            f"{value:.4g}</text>"
            f'<text x="{across(row):.1f}" y="{_MARGIN_TOP + height + 15}" text-anchor="middle">'
            f"{row:.0f}</text>"
        )
    for number, curve in enumerate(curves):
        stride = max(1, -(-len(curve.values) // _MAX_POINTS))
        points = " ".join(
            f"{across(row):.1f},{down(float(curve.values[row])):.1f}"
            for row in range(0, len(curve.values), stride)
            if np.isfinite(curve.values[row])
        )
        parts.append(f'<polyline class="{curve.style}" points="{points}"/>')
        parts.append(
            f'<text class="{curve.style}" x="{_PLOT_WIDTH - _MARGIN_RIGHT - 90 * number}" y="16" '
            f'text-anchor="end">{escape(curve.label)}</text>'
        )
    middle = _MARGIN_LEFT + width / 2
    parts.append(f'<text x="{middle}" y="{_PLOT_HEIGHT - 3}" text-anchor="middle">row</text>')
    return f'<svg class="plot" viewBox="0 0 {_PLOT_WIDTH} {_PLOT_HEIGHT}">{"".join(parts)}</svg>'


def pose(row: Rows, picture: Picture) -> str:
    """Draws the native runner as boxes, seen by the camera of the browser's picture.

    Args:
        row: One row of the game.
        picture: The browser's picture of the same row.

    Returns:
        An ``svg`` element of the picture's size.
    """
    ground = _GROUND_TOP - picture.camera_y
    boxes = (
        f'<rect class="sky" width="{WIDTH}" height="{HEIGHT}"/>'
        f'<rect class="ground" y="{ground:.2f}" width="{WIDTH}" height="64"/>'
        f"{_boxes(row, picture)}"
    )
    return f'<svg class="pose" viewBox="0 0 {WIDTH} {HEIGHT}">{boxes}</svg>'


def overlay(row: Rows, picture: Picture) -> str:
    """Draws the outlines of the native runner's boxes over the browser's picture."""
    data = base64.b64encode(picture.png).decode()
    return (
        f'<svg class="pose outline" viewBox="0 0 {WIDTH} {HEIGHT}">'
        f'<image href="data:image/png;base64,{data}" width="{WIDTH}" height="{HEIGHT}"/>'
        f"{_boxes(row, picture)}</svg>"
    )


def _boxes(row: Rows, picture: Picture) -> str:
    names = (*PARTS, *HURDLE)
    poses = dict(zip(names, np.concatenate([row["bodies"], row["hurdle"]]), strict=True))
    parts = []
    for name in _ORDER:
        x, y, angle = (poses[name][BODY_FIELDS.index(field)] for field in ("x", "y", "angle"))
        width, height = BOXES[name][:2]
        side = "left" if name.startswith("left") else "right" if name.startswith("right") else name
        left = x * PIXELS_PER_UNIT - picture.camera_x
        top = y * PIXELS_PER_UNIT - picture.camera_y
        parts.append(
            f'<rect class="{side}" x="{-width / 2}" y="{-height / 2}" width="{width:g}" '
            f'height="{height:g}" rx="5" transform="translate({left:.2f} {top:.2f}) '
            f'rotate({np.degrees(angle):.3f})"><title>{name}</title></rect>'
        )
    return "".join(parts)
