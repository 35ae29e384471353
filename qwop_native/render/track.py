"""The place: sky and hills, the track with its meter marks, the hurdle and the sand pit."""

from __future__ import annotations

import math

from qwop_native import _core
from qwop_native.facts import BOXES, FINISH_X, TRACK_Y, UNITS_PER_METER
from qwop_native.render.font import draw_text
from qwop_native.render.view import View

_SKY = (0x6FB7D9, 0xFBE7C6)
_HILLS = ((0.12, 0xA9CBB7, 260.0, 60.0), (0.3, 0x7FB08C, 190.0, 44.0))
_GRASS, _GRASS_FAR = 0x5B9A4E, 0x74AE5B
_CLAY, _CLAY_NEAR = 0xC8603F, 0xA94A31
_LINE = 0xF6E9DC
_SAND, _SAND_NEAR = 0xEBD7A0, 0xD2B878
_BOARD, _POST = 0x2B3350, 0x8A8F9C
METER = float(UNITS_PER_METER)
FINISH = FINISH_X
_HURDLE_SIZES = tuple(BOXES[piece].half_size for piece in ("hurdleBase", "hurdleTop"))


def draw_place(canvas: _core.Canvas, view: View) -> None:
    """Draws all that does not move but the hurdle."""
    width, height = float(view.width), float(view.height)
    horizon = view.ground - 1.9 * view.scale
    canvas.gradient((0, 0), (width, horizon), *_SKY)
    sun = (width * 0.78, height * 0.2)
    canvas.capsule(sun, height * 0.11, sun, height * 0.11, 0xFFF3CF, 0.5)
    canvas.capsule(sun, height * 0.075, sun, height * 0.075, 0xFFF9E6)
    for layer in _HILLS:
        _hills(canvas, view, horizon, *layer)
    canvas.gradient((0, horizon), (width, view.ground), _GRASS_FAR, _GRASS)
    _clay(canvas, view)
    if view.sees(FINISH, math.inf):
        _sand(canvas, view)
    _marks(canvas, view)


def _hills(
    canvas: _core.Canvas,
    view: View,
    horizon: float,
    pace: float,
    color: int,
    distance: float,
    size: float,
) -> None:
    """Round hills, each its own, that pass by more slowly than the ground."""
    unit = view.scale / 10
    left = view.left * 10 * pace
    first = math.floor(left / distance) - 2
    for index in range(first, first + int(view.width / unit / distance) + 6):
        spread = (index * 0.618034) % 1.0
        radius = (size * 2.2 + 60 * spread) * unit
        x = (index * distance + 90 * spread - left) * unit
        top = horizon - (size * (0.55 + 0.6 * spread)) * unit
        canvas.capsule((x, top + radius), radius, (x + 50 * unit, top + radius), radius, color)


def _clay(canvas: _core.Canvas, view: View) -> None:
    width, height = float(view.width), float(view.height)
    canvas.gradient((0, view.ground), (width, height), _CLAY, _CLAY_NEAR)
    canvas.gradient(
        (0, view.ground - 0.1 * view.scale),
        (width, view.ground + 0.12 * view.scale),
        _LINE,
        _LINE,
    )
    for depth in (0.36, 0.72):
        y = view.ground + (height - view.ground) * depth
        canvas.gradient((0, y), (width, y + 0.07 * view.scale * (1 + depth)), _LINE, _LINE, 0.55)


def _sand(canvas: _core.Canvas, view: View) -> None:
    x = max(0.0, view.x(FINISH))
    end = (float(view.width), float(view.height))
    canvas.gradient((x, view.ground - 0.1 * view.scale), end, _SAND, _SAND_NEAR)
    for index in range(int(FINISH), int(view.left + view.width / view.scale) + 1):
        place = (index * 0.754877) % 1.0
        at = (
            view.x(index + place),
            view.ground + (0.4 + 2.4 * ((index * 0.56984) % 1)) * view.scale,
        )
        canvas.capsule(at, 0.07 * view.scale, at, 0.07 * view.scale, 0xB89A5C, 0.8)


def _marks(canvas: _core.Canvas, view: View) -> None:
    """A tick for each meter, its number for each fifth, a board for each tenth."""
    scale = view.scale
    first = math.ceil(view.left / METER) - 1
    for meter in range(first, int((view.left + view.width / scale) / METER) + 2):
        x = view.x(meter * METER)
        tenth, fifth = meter % 10 == 0, meter % 5 == 0
        if meter > 100:
            continue
        length = 0.9 if fifth else 0.5
        canvas.gradient(
            (x - 0.05 * scale, view.ground),
            (x + 0.05 * scale, view.ground + length * scale),
            _LINE,
            _LINE,
        )
        if fifth:
            at = (x, view.ground + 1.15 * scale)
            draw_text(canvas, str(meter), at, 0.62 * scale, _LINE, align=0.5)
        if tenth and meter >= 0:
            _board(canvas, view, meter)


def _board(canvas: _core.Canvas, view: View, meter: int) -> None:
    scale, x = view.scale, view.x(meter * METER)
    top = view.ground - 4.2 * scale
    canvas.gradient(
        (x - 0.1 * scale, top), (x + 0.1 * scale, view.ground - 0.5 * scale), _POST, _POST
    )
    half = (1.8 if meter >= 100 else 1.6) * scale
    low, high = (x - half, top - 0.9 * scale), (x + half, top + 0.9 * scale)
    color = 0xB6322C if meter == 100 else _BOARD
    corners = [low, (high[0], low[1]), high, (low[0], high[1])]
    canvas.polygon(corners, 0.15 * scale, color)
    draw_text(canvas, f"{meter} m", (x, top - 0.4 * scale), 0.8 * scale, _LINE, align=0.5)


def draw_hurdle(canvas: _core.Canvas, view: View, game: _core.Game) -> None:
    """Draws the hurdle where it stands or lies."""
    rows = game.hurdle.tolist()
    if not view.sees(rows[1][0] - 5, rows[1][0] + 5):
        return
    for (x, y, angle, *_), (hx, hy) in zip(rows, _HURDLE_SIZES, strict=True):
        _bar(canvas, view, (x, y, angle), (hx, -hy, hy), 0xE9E4DA)
    x, y, angle = rows[1][:3]
    half_width, half_height = _HURDLE_SIZES[1]
    for low, high in ((-half_height, -2.5), (-1.2, -0.2)):
        _bar(canvas, view, (x, y, angle), (half_width, low, high), 0xC8372D)


def _bar(
    canvas: _core.Canvas,
    view: View,
    pose: tuple[float, float, float],
    size: tuple[float, float, float],
    color: int,
) -> None:
    c, s = math.cos(pose[2]), math.sin(pose[2])
    half, low, high = size
    corners = [
        view.point(pose[0] + c * px - s * py, pose[1] + s * px + c * py)
        for px, py in ((-half, low), (half, low), (half, high), (-half, high))
    ]
    canvas.polygon(corners, 0.03 * view.scale, color)


def draw_shadow(canvas: _core.Canvas, view: View, game: _core.Game) -> None:
    """A soft shadow under the runner, smaller the higher it is."""
    x, y = game.bodies[0, :2]
    spread = max(0.6, 2.6 - 0.12 * max(0.0, TRACK_Y - float(y) - 6))
    left, right = (view.x(float(x) + side * spread) for side in (-1, 1))
    at = view.ground + 0.35 * view.scale
    canvas.capsule((left, at), 0.3 * view.scale, (right, at), 0.3 * view.scale, 0x5A2416, 0.35)
