"""A mark that runs at an even pace to 100 m: the human record's, unless another is asked for."""

from __future__ import annotations

from qwop_native import _core
from qwop_native.facts import FRAMES_PER_SECOND, RECORD_SECONDS, UNITS_PER_METER
from qwop_native.render.font import draw_text, text_width
from qwop_native.render.track import FINISH
from qwop_native.render.view import View

_LINE, _INK = 0xFFFDF6, 0x22202A


class Pace:
    """Draws where a runner at an even pace would be.

    Args:
        seconds: Its time for the 100 m on the game's clock.

    Attributes:
        label: What it is called.

    Raises:
        ValueError: The time is not from 1 to 3600 seconds.
    """

    def __init__(self, seconds: float = RECORD_SECONDS) -> None:
        if not 1 <= seconds <= 3600:
            raise ValueError(f"a pace must be 1 to 3600 seconds for the 100 m, got {seconds:g}")
        self._frames = round(seconds * FRAMES_PER_SECOND)
        self.label = f"{seconds:.2f} s pace"

    def x(self, frames: int) -> float:
        """World x of the mark after so many frames; it stops at 100 m."""
        return min(FINISH, FINISH * frames / self._frames)

    def draw(
        self,
        canvas: _core.Canvas,
        view: View,
        game: _core.Game,
        frames: int | None = None,
        words: bool = True,
    ) -> None:
        """Draws a dashed line, or an arrow at the edge beyond which the mark is.

        Args:
            canvas: The picture.
            view: Of the picture.
            game: Whose runner the gap is told of.
            frames: That the mark has run, those of the game's clock if they are not given.
            words: Whether to write which line it is, and where it is out of sight.
        """
        place = self.x(game.frames if frames is None else frames)
        x = view.x(place)
        if 0 <= x <= view.width:
            self._line(canvas, view, x, words)
        elif words:
            gap = abs(place - float(game.bodies[0, 0])) / UNITS_PER_METER
            self._arrow(canvas, view, x < 0, gap)

    def _line(self, canvas: _core.Canvas, view: View, x: float, words: bool) -> None:
        unit = view.unit
        step, top = 2.4 * unit, 26.5 * unit
        while top < view.ground:
            canvas.capsule((x, top), 0.3 * unit, (x, top + step * 0.45), 0.3 * unit, _LINE, 0.75)
            top += step
        if not words:
            return
        half = text_width(self.label, 3.2 * unit) / 2 + unit
        middle = min(max(x, half), view.width - half)
        draw_text(canvas, self.label, (middle, 20.5 * unit), 3.2 * unit, _INK, 0.5, weight=1.1)

    def _arrow(self, canvas: _core.Canvas, view: View, left: bool, meters: float) -> None:
        unit = view.unit
        edge, inward = (0.0, 1.0) if left else (float(view.width), -1.0)
        tip = (edge + 2 * unit * inward, 32 * unit)
        for side in (-1.8, 1.8):
            end = (tip[0] + 1.8 * unit * inward, tip[1] + side * unit)
            canvas.capsule(tip, 0.45 * unit, end, 0.45 * unit, _LINE)
        x, align = edge + 6 * unit * inward, 0.0 if left else 1.0
        where = f"{meters:.1f} m {'behind' if left else 'ahead'}"
        for text, y in ((self.label, 27.0), (where, 32.8)):
            draw_text(canvas, text, (x, y * unit), 3.2 * unit, _INK, align, weight=1.1)
