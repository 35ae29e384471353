"""From the game's world to a picture: which part is seen, and how large."""

from __future__ import annotations

from dataclasses import dataclass

from qwop_native import _core
from qwop_native.facts import TRACK_Y

WORLD_HEIGHT = 29.0  # world units (ten to a meter) from a picture's upper to its lower edge
GROUND = 0.84  # share of a picture's height at which the track is
Point = tuple[float, float]


@dataclass(frozen=True)
class View:
    """Maps world units to pixels.

    Attributes:
        left: World x of the picture's left edge.
        scale: Pixels per world unit.
        ground: Pixel row of the track's surface.
        width: Pixels across.
        height: Pixels down.
    """

    left: float
    scale: float
    ground: float
    width: int
    height: int

    @property
    def unit(self) -> float:
        """Pixels of a hundredth of the height, or less where texts side by side need the width."""
        return min(self.height / 100, self.width / 115)

    def point(self, x: float, y: float) -> Point:
        """World units to pixels."""
        return ((x - self.left) * self.scale, self.ground + (y - TRACK_Y) * self.scale)

    def x(self, world: float) -> float:
        """World x to a pixel column."""
        return (world - self.left) * self.scale

    def sees(self, low: float, high: float) -> bool:
        """Whether anything between two world x is within the picture."""
        return high > self.left and low < self.left + self.width / self.scale


def view_of(game: _core.Game, width: int, height: int) -> View:
    """The view that follows the runner, so that there is room to see where it goes."""
    scale = height / WORLD_HEIGHT
    left = float(game.bodies[0, 0]) - 0.4 * width / scale
    return View(left, scale, height * GROUND, width, height)
