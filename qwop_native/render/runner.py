"""Draws the runner of runner.json, and ghosts of it in one color."""

from __future__ import annotations

import cmath
import itertools
import math
from collections.abc import Mapping

from qwop_native import _core
from qwop_native.facts import PARTS
from qwop_native.render.design import Shape, design
from qwop_native.render.view import Point, View

Colors = Mapping[str, int]
"""0xRRGGBB by the names of runner.json."""


def ghost_colors(color: int) -> Colors:
    """Pale shades of one color for all of a ghost."""
    return {name: _paler(color, share) for name, share in design().pale.items()}


def _paler(color: int, share: float) -> int:
    """A color mixed with so much white."""
    parts = [color >> shift & 255 for shift in (16, 8, 0)]
    red, green, blue = (math.floor(part + (255 - part) * share + 0.5) for part in parts)
    return red << 16 | green << 8 | blue


class Runner:
    """Draws the runner of one game.

    Args:
        canvas: Where to.
        view: Which part of the world is seen.
        game: Whose runner.
        colors: What it wears; None for its own.
    """

    def __init__(
        self, canvas: _core.Canvas, view: View, game: _core.Game, colors: Colors | None = None
    ) -> None:
        self._canvas, self._view = canvas, view
        self._design = design()
        self._colors = colors or self._design.colors
        self._mood = self._design.mood(game.fallen, game.jump_landed, game.frames)
        self._pose = {
            name: (complex(row[0], row[1]), cmath.exp(1j * row[2]))
            for name, row in zip(PARTS, game.bodies.tolist(), strict=True)
        }
        speed = abs(float(game.bodies[PARTS.index("head"), 3]))
        self._blown = min(1.0, speed / self._design.full_speed)
        self._wave = self._design.wave * math.sin(game.frames * self._design.wave_per_frame)

    def draw(self) -> None:
        """Draws all of it, from what is far to what is near."""
        for shape in self._design.shapes:
            if not shape.moods or self._mood in shape.moods:
                self._draw(shape)

    def _draw(self, shape: Shape) -> None:
        points, color = self._points(shape), self._colors[shape.color]
        half = shape.line / 2
        if shape.kind == "stroke":
            for a, b in itertools.pairwise(points):
                self._limb(a, b, shape.radii, 0.0, color)
        elif shape.kind == "limb":
            if shape.line:
                self._limb(points[0], points[1], shape.radii, half, self._colors["ink"])
            self._limb(points[0], points[1], shape.radii, -half, color)
        else:
            scale = self._view.scale
            if shape.line:
                self._canvas.polygon(points, half * scale, self._colors["ink"])
            self._canvas.polygon(points, -half * scale, color)

    def _limb(
        self, a: Point, b: Point, radii: tuple[float, float], wider: float, color: int
    ) -> None:
        ra, rb = ((radius + wider) * self._view.scale for radius in radii)
        self._canvas.capsule(a, ra, b, rb, color)

    def _points(self, shape: Shape) -> list[Point]:
        """Where in the picture a shape's points are."""
        points = shape.points
        if shape.blown:
            moved = self._blown * (shape.blown + 1j * self._wave)
            points = (points[0], points[1] + moved)
        place, turn = self._pose[shape.part]
        at = (place + turn * point for point in points)
        return [self._view.point(point.real, point.imag) for point in at]
