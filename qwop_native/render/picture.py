"""Whole pictures of a game: the place, the runner and its ghosts, and what there is to read."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from qwop_native import _core
from qwop_native.facts import FRAMES_PER_SECOND, RECORD_SECONDS, UNITS_PER_METER
from qwop_native.render.font import draw_text, text_width
from qwop_native.render.pace import Pace
from qwop_native.render.panel import Choice, draw_panel, panel_width
from qwop_native.render.podium import draw_podium
from qwop_native.render.race import COLORS, Race, Standing, view_of_race
from qwop_native.render.race_picture import draw_overlay, overlay
from qwop_native.render.runner import Runner, ghost_colors
from qwop_native.render.track import FINISH, draw_hurdle, draw_place, draw_shadow
from qwop_native.render.view import View, view_of

_GHOSTS = COLORS[1:]
_INK, _PALE, _RED = 0x22202A, 0xFFFDF6, 0xC8372D


class Renderer:
    """Draws games; the same game gives the same bytes everywhere.

    Args:
        width: Pixels across.
        height: Pixels down.
        panel: Whether the bodies' numbers, and a player's, stand beside the picture.
        pace: Seconds for the 100 m of the mark that runs beside at an even pace.

    Raises:
        ValueError: A side is not from 64 to 8192 pixels, or the pace not from 1 to 3600 seconds.
    """

    def __init__(
        self,
        width: int = 960,
        height: int = 600,
        panel: bool = False,
        pace: float = RECORD_SECONDS,
    ) -> None:
        for side in (width, height):
            if not 64 <= side <= 8192:
                raise ValueError(f"a picture's sides must be 64 to 8192 pixels, got {side}")
        self.width, self.height = width, height
        self._pace = Pace(pace)
        self._panel = panel_width(width, height) if panel else 0

    def draw(
        self,
        game: _core.Game,
        ghosts: Sequence[_core.Game] = (),
        choice: Choice | None = None,
        message: str = "",
        race: Race | None = None,
        podium: Sequence[Standing] = (),
    ) -> npt.NDArray[np.uint8]:
        """Draws one picture.

        Args:
            game: The game.
            ghosts: Others that run beside it.
            choice: What the player thinks; only shown in the panel.
            message: A line at the bottom, and after a line break a small one.
            race: Names of the game's runner and the ghosts'. The picture then tells who is who and
                how far apart they are, and is about the leader unless the race follows the first.
            podium: How the race has ended, if that is to be shown.

        Returns:
            uint8 of shape (height, width, 3).
        """
        canvas = _core.Canvas(self.width, self.height)
        games, width = [game, *ghosts], self.width - self._panel
        view, about = view_of(game, width, self.height), 0
        if race:
            view, about = view_of_race(games, width, self.height, race.follow)
        told = games[about]
        draw_place(canvas, view)
        frames = max(each.frames for each in games) if race else game.frames
        self._pace.draw(canvas, view, told, frames, words=not race)
        draw_hurdle(canvas, view, told)
        for index, ghost in enumerate(ghosts):
            Runner(canvas, view, ghost, ghost_colors(_GHOSTS[index % len(_GHOSTS)])).draw()
        draw_shadow(canvas, view, game)
        Runner(canvas, view, game).draw()
        _numbers(canvas, view, told)
        _progress(canvas, view, game, ghosts, self._pace)
        _keys(canvas, view, told.keys)
        if race:
            mark = (self._pace.label, self._pace.x(frames), float(told.bodies[0, 0]))
            standings = race.standings(games, about)
            draw_overlay(canvas, overlay(view, games, standings, mark))
        else:
            _banner(canvas, view, _ending(game), 5.2, 23.5)
        if podium:
            draw_podium(canvas, view, podium)
        _messages(canvas, view, message)
        if self._panel:
            draw_panel(canvas, (view.width, self.width), self.height, game, choice)
        return canvas.pixels()


def _numbers(canvas: _core.Canvas, view: View, game: _core.Game) -> None:
    unit = view.unit
    distance = round(float(game.bodies[0, 0]) / UNITS_PER_METER, 1) + 0.0
    # The game's own score is what counts once it has ended.
    meters = game.score if game.game_ended else distance
    draw_text(
        canvas, f"{meters:.1f} m", (view.width / 2, 9 * unit), 7 * unit, _INK, 0.5, weight=1.3
    )
    clock = f"{game.frames / FRAMES_PER_SECOND:.2f} s"
    draw_text(canvas, clock, (2.5 * unit, 9 * unit), 4 * unit, _INK)
    draw_text(canvas, f"{game.frames} frames", (2.5 * unit, 15 * unit), 2.2 * unit, _INK, alpha=0.8)
    # Meters per second of the game's clock; the physics runs 1.2 times as fast.
    speed = f"{round(float(game.bodies[0, 3]) * 0.12, 1) + 0.0:.1f} m/s"  # no "-0.0"
    draw_text(canvas, speed, (view.width - 2.5 * unit, 9 * unit), 4 * unit, _INK, 1.0)


def _progress(
    canvas: _core.Canvas, view: View, game: _core.Game, ghosts: Sequence[_core.Game], pace: Pace
) -> None:
    """A line for the whole track with everybody on it."""
    unit = view.unit
    left, right, y = 3 * unit, view.width - 3 * unit, 4 * unit

    def at(x: float) -> tuple[float, float]:
        return (left + (right - left) * min(max(x / FINISH, 0.0), 1.0), y)

    canvas.capsule(at(0), 0.7 * unit, at(FINISH), 0.7 * unit, _INK, 0.35)
    canvas.capsule(at(0), 0.7 * unit, at(float(game.bodies[0, 0])), 0.7 * unit, 0x1FA6A0)
    for dot in (0.0, FINISH / 2, FINISH):
        canvas.capsule(at(dot), 0.9 * unit, at(dot), 0.9 * unit, _PALE)
    mark = at(pace.x(game.frames))
    canvas.capsule(
        (mark[0], y - 1.6 * unit), 0.3 * unit, (mark[0], y + 1.6 * unit), 0.3 * unit, _PALE
    )
    for index, ghost in enumerate(ghosts):
        place = at(float(ghost.bodies[0, 0]))
        canvas.capsule(place, 1.2 * unit, place, 1.2 * unit, _GHOSTS[index % len(_GHOSTS)])
    place = at(float(game.bodies[0, 0]))
    canvas.capsule(place, 1.6 * unit, place, 1.6 * unit, _PALE)
    canvas.capsule(place, 1.2 * unit, place, 1.2 * unit, 0xF2673A)


def _keys(canvas: _core.Canvas, view: View, mask: int) -> None:
    """The four keys, those that are down lit."""
    unit = view.height / 100
    half, gap = 3.6 * unit, 8.6 * unit
    y = view.height - 5.4 * unit
    places = (
        6 * unit,
        6 * unit + gap,
        view.width - 6 * unit - gap,
        view.width - 6 * unit,
    )
    for bit, (letter, x) in enumerate(zip("QWOP", places, strict=True)):
        down = mask >> bit & 1
        sink = 0.7 * unit if down else 0.0
        corners = [
            (x + sx * half * 0.75, y + sy * half * 0.75)
            for sx, sy in ((-1, -1), (1, -1), (1, 1), (-1, 1))
        ]
        lower = [(cx, cy + 1.0 * unit) for cx, cy in corners]
        canvas.polygon(lower, half * 0.25, _INK, 0.75)
        raised = [(cx, cy + sink) for cx, cy in corners]
        canvas.polygon(raised, half * 0.25, 0xFFC93C if down else 0xF1ECE2)
        draw_text(canvas, letter, (x, y - 1.7 * unit + sink), 3.4 * unit, _INK, 0.5, weight=1.2)


def _ending(game: _core.Game) -> str:
    if not game.game_ended:
        return ""
    if game.jump_landed:
        return f"{game.score:.1f} m in {game.frames / FRAMES_PER_SECOND:.2f} s"
    return f"fell after {game.score:.1f} m"


def _messages(canvas: _core.Canvas, view: View, message: str) -> None:
    """Up to two lines on the track, between the keys, where they hide nobody."""
    if not message:
        return
    first, _, second = message.partition("\n")
    share = 1 - min(0.5, 40 * view.height / 100 / view.width)
    if first:
        _banner(canvas, view, first, 3.8, 90.5 if second else 93.5, share)
    if second:
        _banner(canvas, view, second, 2.0, 96.8 if first else 94.5, share)


def _banner(
    canvas: _core.Canvas, view: View, text: str, size: float, middle: float, share: float = 0.86
) -> None:
    """A line of text on a dark ground; size and place down in hundredths of the height."""
    if not text:
        return
    unit = view.height / 100
    size, y = size * unit, middle * unit
    while text_width(text, size) > view.width * share:
        size *= 0.9
    half, x = text_width(text, size) / 2, view.width / 2
    corners = [
        (x + sx * (half + 0.3 * size), y + sy * size * 0.6)
        for sx, sy in ((-1, -1), (1, -1), (1, 1), (-1, 1))
    ]
    canvas.polygon(corners, 0.38 * size, _INK, 0.82)
    draw_text(canvas, text, (x, y - size / 2), size, _PALE, 0.5, weight=1.1)
