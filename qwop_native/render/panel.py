"""The panel beside a picture: each body's numbers, and what a player thinks of its actions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from qwop_native import _core
from qwop_native.facts import FIELDS, PARTS
from qwop_native.render.font import draw_text

_BACK, _TEXT, _DIM = 0x1D2130, 0xE9EAF0, 0x8C93A8
_BAR, _CHOSEN, _ROW = 0x4F6D9C, 0xFFC93C, 0x262B3D


@dataclass(frozen=True)
class Choice:
    """What a player thinks, for the panel.

    Attributes:
        name: Of the numbers: "Q" for values, "p" for probabilities.
        labels: Keys of each action.
        values: A number for each action.
        chosen: Index of the action taken.
    """

    name: str
    labels: Sequence[str]
    values: Sequence[float]
    chosen: int


def draw_panel(
    canvas: _core.Canvas,
    columns: tuple[int, int],
    height: int,
    game: _core.Game,
    choice: Choice | None,
) -> None:
    """Draws the panel.

    Args:
        canvas: Where to.
        columns: Its left and right edge, in pixels.
        height: Of the picture, in pixels.
        game: Whose bodies.
        choice: What the player thinks, if anything is known of it.
    """
    left, right = float(columns[0]), float(columns[1])
    canvas.gradient((left, 0.0), (right, float(height)), _BACK, _BACK)
    row = height * (0.033 if choice else 0.06)
    bottom = _bodies(canvas, left, right, row, game)
    if choice:
        _choice(canvas, left, right, (bottom + row, float(height)), choice)


def _bodies(canvas: _core.Canvas, left: float, right: float, row: float, game: _core.Game) -> float:
    """A line for each body; returns the row of pixels under the last."""
    width, size = right - left, min(row * 0.46, (right - left) / 52)
    edges = [left + width * share for share in (0.42, 0.55, 0.69, 0.84, 0.98)]
    y = row * 0.6
    for name, edge in zip(FIELDS, edges, strict=True):
        draw_text(canvas, name, (edge, y), size, _DIM, 1.0)
    for index, (part, values) in enumerate(zip(PARTS, game.bodies.tolist(), strict=True)):
        y += row
        if index % 2 == 0:
            canvas.gradient((left, y - row * 0.28), (right, y + row * 0.72), _ROW, _ROW)
        draw_text(canvas, part, (left + width * 0.02, y), size, _TEXT)
        for column, edge in enumerate(edges):
            digits = 2 if column == 2 else 1
            draw_text(canvas, f"{values[column]:.{digits}f}", (edge, y), size, _TEXT, 1.0)
    return y + row


def _choice(
    canvas: _core.Canvas,
    left: float,
    right: float,
    rows: tuple[float, float],
    choice: Choice,
) -> None:
    """A bar for each action, the longest for the best, the one taken lit."""
    width = right - left
    row = min((rows[1] - rows[0]) / (len(choice.values) + 2.5), width * 0.07)
    size = min(row * 0.5, width / 40)
    title = {"Q": "value of each action", "p": "probability of each action"}
    draw_text(
        canvas, title.get(choice.name, choice.name), (left + width * 0.02, rows[0]), size, _DIM
    )
    low, high = min(choice.values), max(choice.values)
    if choice.name == "p":
        low = 0.0
    spread = (high - low) or 1.0
    y = rows[0] + row * 1.2
    for index, (label, value) in enumerate(zip(choice.labels, choice.values, strict=False)):
        lit = index == choice.chosen
        draw_text(canvas, label, (left + width * 0.02, y), size, _CHOSEN if lit else _TEXT)
        start = left + width * 0.2
        length = width * 0.52 * (0.04 + 0.96 * (value - low) / spread)
        middle = y + size / 2
        radius = size * 0.5
        canvas.capsule(
            (start, middle), radius, (start + length, middle), radius, _CHOSEN if lit else _BAR
        )
        draw_text(canvas, f"{value:.2f}", (right - width * 0.02, y), size, _TEXT, 1.0)
        y += row
