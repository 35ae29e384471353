"""The end of a race: the first three on their blocks, and how everybody ended."""

from __future__ import annotations

from collections.abc import Sequence

from qwop_native import _core
from qwop_native.render.race import Standing
from qwop_native.render.runner import Runner, ghost_colors
from qwop_native.render.texts import SMALLEST, Text, shortened
from qwop_native.render.view import View

_INK, _PALE, _GOLD = 0x1D2130, 0xFFFDF6, 0xFFC93C
_BLOCKS = ((0, 0.21, 0xD9A520), (-1, 0.15, 0x9AA3AD), (1, 0.11, 0xA9703C))  # side, height, color
_FLOOR = 0.7  # share of the height at which the blocks stand
_RUNNER = 0.3  # share of the height that a runner takes
_TALL = 13.5  # world units of a runner
_MORE = 3  # lines for those without a block


def draw_podium(canvas: _core.Canvas, view: View, standings: Sequence[Standing]) -> None:
    """Draws it over a picture.

    Args:
        canvas: The picture.
        view: Of the picture.
        standings: At the end, the first one first.
    """
    width, height = float(view.width), float(view.height)
    canvas.gradient((0, 0), (width, height), _INK, _INK, 0.9)
    size = max(3.0 * view.unit, SMALLEST)
    first = standings[0]
    won = f"{first.name} wins" if first.ended == "finished" else f"{first.name} comes farthest"
    title = shortened(won, 1.7 * size, 0.94 * width)
    Text(title, width / 2, 0.06 * height, 1.7 * size, _GOLD, 0.5, 1.2).draw(canvas)
    across = min(0.3 * width, 0.42 * height)
    for place, (standing, (side, tall, color)) in enumerate(
        zip(standings, _BLOCKS, strict=False), 1
    ):
        middle = width / 2 + side * across
        _block(canvas, middle, across, height * (_FLOOR - tall), height * _FLOOR, color)
        top = height * (_FLOOR - tall) + 0.02 * height
        Text(str(place), middle, top, 0.06 * height, _INK, 0.5, 1.3).draw(canvas)
        runner = min(_RUNNER * height, across)
        _stand(canvas, view, (middle, height * (_FLOOR - tall)), runner, standing)
        lines = (shortened(standing.name, size, 0.96 * across), standing.result)
        for line, words in enumerate(lines):
            y = height * _FLOOR + size * (0.9 + 1.9 * line)
            Text(words, middle, y, size, _PALE, 0.5).draw(canvas)
    _others(canvas, view, standings, size)


def _block(
    canvas: _core.Canvas, middle: float, across: float, top: float, bottom: float, color: int
) -> None:
    half = 0.48 * across
    canvas.gradient((middle - half, top), (middle + half, bottom), color, color)


def _stand(
    canvas: _core.Canvas,
    view: View,
    feet: tuple[float, float],
    tall: float,
    standing: Standing,
) -> None:
    """A runner of so many pixels that stands on a block."""
    game = _core.Game()
    game.start()
    scale, left = tall / _TALL, float(game.bodies[0, 0])
    place = View(left - feet[0] / scale, scale, feet[1], view.width, view.height)
    # The first of the race is the one in color, wherever it has come in.
    colors = None if standing.index == 0 else ghost_colors(standing.color)
    Runner(canvas, place, game, colors).draw()


def _others(canvas: _core.Canvas, view: View, standings: Sequence[Standing], size: float) -> None:
    """A line for each one without a block."""
    rest = list(enumerate(standings, 1))[len(_BLOCKS) :]
    small = max(0.8 * size, SMALLEST)
    lines = [f"{place} {each.name}  {each.result}" for place, each in rest]
    if len(lines) > _MORE:
        lines[_MORE - 1 :] = [f"and {len(lines) - _MORE + 1} more"]
    for line, words in enumerate(lines):
        y = view.height * _FLOOR + size * 5.0 + small * 1.9 * line
        cut = shortened(words, small, 0.94 * view.width)
        Text(cut, view.width / 2, y, small, _PALE, 0.5).draw(canvas)
