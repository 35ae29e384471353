"""The runner: limbs between the joints, far side first, and a face."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass

from qwop_native import _core
from qwop_native.facts import BOXES, JOINT_ANCHORS, PARTS
from qwop_native.render.view import Point, View


@dataclass(frozen=True)
class Colors:
    """Colors of a runner, 0xRRGGBB."""

    skin: int = 0xE8B08A
    shade: int = 0xC68A66  # the far arm and leg
    shirt: int = 0x1FA6A0
    trim: int = 0xF6F1E3
    shorts: int = 0x27345C
    far_shorts: int = 0x1D2848
    shoe: int = 0xF2673A
    far_shoe: int = 0xC34C28
    hair: int = 0x4A2C20
    band: int = 0xF4C542
    ink: int = 0x22202A
    cheek: int = 0xEC8573


def ghost_colors(color: int) -> Colors:
    """Pale shades of one color for all of a ghost."""
    far, near, cloth = (_paler(color, share) for share in (0.72, 0.6, 0.45))
    return Colors(near, far, cloth, near, cloth, far, cloth, far, cloth, cloth, cloth, near)


def _paler(color: int, share: float) -> int:
    """A color mixed with so much white."""
    parts = [color >> shift & 255 for shift in (16, 8, 0)]
    red, green, blue = (round(part + (255 - part) * share) for part in parts)
    return red << 16 | green << 8 | blue


# Where joints and ends of limbs are in each body's own frame, in world units: each anchor of the
# game's ragdoll turned back by the pose in which its body is created; hands and toes are ours.
def _local(part: str, anchor: str) -> Point:
    x, y, angle = BOXES[part].pose
    at = JOINT_ANCHORS[anchor]
    dx, dy = at[0] - x, at[1] - y
    c, s = math.cos(angle), math.sin(angle)
    return (dx * c + dy * s, -dx * s + dy * c)


def _limb(side: str, upper: str, lower: str, first: str, second: str) -> list[tuple[str, Point]]:
    return [
        (side + upper, _local(side + upper, side + first)),
        (side + upper, _local(side + upper, side + second)),
        (side + lower, _local(side + lower, side + second)),
    ]


_LEG = {side: _limb(side, "Thigh", "Calf", "Hip", "Knee") for side in ("left", "right")}
_ANKLE = {side: _local(f"{side}Calf", f"{side}Ankle") for side in ("left", "right")}
_ARM = {side: _limb(side, "Arm", "Forearm", "Shoulder", "Elbow") for side in ("left", "right")}
_NECK = _local("torso", "neck")
# A hand is as far from the forearm's middle as the elbow, on the other side.
_HAND = {side: tuple(-value for value in _ARM[side][2][1]) for side in ("left", "right")}
_FOOT = ((-1.15, -0.45), (-0.2, -0.62), (1.2, 0.12), (1.25, 0.45), (-1.2, 0.45))


class Runner:
    """Draws the runner of one game.

    Args:
        canvas: Where to.
        view: Which part of the world is seen.
        game: Whose runner.
        colors: What it wears.
    """

    def __init__(
        self, canvas: _core.Canvas, view: View, game: _core.Game, colors: Colors | None = None
    ) -> None:
        self._canvas, self._view = canvas, view
        self._colors = colors or Colors()
        self._fallen, self._landed = game.fallen, game.jump_landed
        self._frames = game.frames
        self._pose = {
            name: (row[0], row[1], math.cos(row[2]), math.sin(row[2]))
            for name, row in zip(PARTS, game.bodies.tolist(), strict=True)
        }
        self._speed = float(game.bodies[1, 3])

    def draw(self) -> None:
        """Draws all of it, from what is far to what is near."""
        colors = self._colors
        self._arm("left", colors.shade)
        self._leg("left", colors.shade, colors.far_shorts, colors.far_shoe)
        self._body()
        self._leg("right", colors.skin, colors.shorts, colors.shoe)
        self._head()
        self._arm("right", colors.skin)

    def _at(self, part: str, point: tuple[float, ...]) -> Point:
        x, y, c, s = self._pose[part]
        return self._view.point(x + c * point[0] - s * point[1], y + s * point[0] + c * point[1])

    def _stroke(self, a: Point, ra: float, b: Point, rb: float, color: int) -> None:
        scale = self._view.scale
        self._canvas.capsule(a, ra * scale, b, rb * scale, color)

    def _disc(self, at: Point, radius: float, color: int) -> None:
        self._stroke(at, radius, at, radius, color)

    def _arm(self, side: str, skin: int) -> None:
        shoulder, elbow, start = (self._at(part, point) for part, point in _ARM[side])
        hand = self._at(f"{side}Forearm", _HAND[side])
        self._stroke(start, 0.42, hand, 0.33, skin)
        self._disc(hand, 0.44, skin)
        self._stroke(shoulder, 0.56, elbow, 0.44, skin)
        sleeve = _between(shoulder, elbow, 0.4)
        self._stroke(shoulder, 0.66, sleeve, 0.6, self._colors.shirt)

    def _leg(self, side: str, skin: int, shorts: int, shoe: int) -> None:
        hip, knee, below = (self._at(part, point) for part, point in _LEG[side])
        ankle = self._at(f"{side}Calf", _ANKLE[side])
        colors = self._colors
        self._stroke(below, 0.68, ankle, 0.42, skin)
        self._stroke(_between(below, ankle, 0.78), 0.5, ankle, 0.46, colors.trim)  # the sock
        corners = [self._at(f"{side}Foot", corner) for corner in _FOOT]
        self._canvas.polygon(corners, 0.22 * self._view.scale, shoe)
        sole = [self._at(f"{side}Foot", corner) for corner in ((-1.15, 0.58), (1.3, 0.58))]
        self._stroke(sole[0], 0.12, sole[1], 0.12, colors.trim)
        self._stroke(hip, 0.98, knee, 0.7, skin)
        self._stroke(hip, 1.06, _between(hip, knee, 0.55), 0.98, shorts)

    def _body(self) -> None:
        colors = self._colors
        chest, waist = self._at("torso", (1.9, 0.0)), self._at("torso", (-0.9, 0.0))
        hips = self._at("torso", (-2.1, 0.0))
        neck = self._at("torso", _NECK)
        self._stroke(
            _between(neck, chest, 0.4), 0.55, self._at("head", (0.0, 0.3)), 0.5, colors.shade
        )
        self._stroke(waist, 1.12, hips, 1.12, colors.shorts)
        self._stroke(chest, 1.32, waist, 1.14, colors.shirt)
        self._stroke(
            self._at("torso", (-1.25, -1.0)),
            0.13,
            self._at("torso", (-1.25, 1.0)),
            0.13,
            colors.trim,
        )
        bib = [
            self._at("torso", p) for p in ((1.55, -0.55), (1.55, 0.75), (0.2, 0.75), (0.2, -0.55))
        ]
        self._canvas.polygon(bib, 0.1 * self._view.scale, colors.trim)
        self._bib_letter()

    def _bib_letter(self) -> None:
        """A Q on the bib, in the torso's own frame: its x axis points up the spine."""
        ink = self._colors.ink
        points = [
            self._at("torso", (0.9 + 0.36 * math.cos(a), 0.1 + 0.36 * math.sin(a)))
            for a in (index * math.tau / 8 for index in range(9))
        ]
        for a, b in itertools.pairwise(points):
            self._stroke(a, 0.08, b, 0.08, ink)
        self._stroke(
            self._at("torso", (0.72, 0.28)), 0.08, self._at("torso", (0.5, 0.5)), 0.08, ink
        )

    def _head(self) -> None:
        colors = self._colors
        self._disc(self._at("head", (-0.16, -0.22)), 1.3, colors.hair)
        self._tails()
        self._stroke(
            self._at("head", (0.08, -0.1)), 1.16, self._at("head", (0.22, 0.42)), 0.95, colors.skin
        )
        self._disc(self._at("head", (1.22, 0.2)), 0.26, colors.skin)  # the nose
        self._disc(self._at("head", (-0.5, 0.15)), 0.3, colors.shade)  # the ear
        self._stroke(
            self._at("head", (-1.2, -0.55)), 0.2, self._at("head", (1.1, -0.62)), 0.2, colors.band
        )
        self._disc(self._at("head", (0.35, 0.6)), 0.27, colors.cheek)
        self._eye()
        self._mouth()

    def _tails(self) -> None:
        """Ends of the headband, blown back by the speed."""
        blown = min(1.0, abs(self._speed) / 14)
        wave = 0.25 * math.sin(self._frames * 0.6)
        knot = self._at("head", (-1.25, -0.5))
        for length, drop in ((1.5, 0.25), (1.2, 0.75)):
            end = self._at(
                "head",
                (-1.25 - length * (0.35 + blown), -0.3 + drop + wave * blown + (1 - blown) * 0.9),
            )
            self._stroke(knot, 0.17, end, 0.1, self._colors.band)

    def _eye(self) -> None:
        colors = self._colors
        if self._fallen and not self._landed:
            for a, b in (((0.42, -0.2), (0.86, 0.2)), ((0.86, -0.2), (0.42, 0.2))):
                self._stroke(self._at("head", a), 0.08, self._at("head", b), 0.08, colors.ink)
            return
        self._disc(self._at("head", (0.64, 0.0)), 0.36, 0xFFFFFF)
        self._disc(self._at("head", (0.76, 0.03)), 0.2, colors.ink)
        self._disc(self._at("head", (0.82, -0.05)), 0.07, 0xFFFFFF)
        self._stroke(
            self._at("head", (0.34, -0.42)),
            0.08,
            self._at("head", (0.92, -0.46)),
            0.08,
            colors.hair,
        )

    def _mouth(self) -> None:
        ink = self._colors.ink
        if self._fallen and not self._landed:
            self._disc(self._at("head", (0.85, 0.78)), 0.2, ink)
            return
        corners = ((0.55, 0.72), (0.75, 0.88), (1.0, 0.82), (1.12, 0.66))
        if self._landed:
            points = [self._at("head", p) for p in (*corners, (0.8, 0.68))]
            self._canvas.polygon(points, 0.06 * self._view.scale, ink)
            return
        for a, b in itertools.pairwise(corners):
            self._stroke(self._at("head", a), 0.07, self._at("head", b), 0.07, ink)


def _between(a: Point, b: Point, t: float) -> Point:
    return (a[0] + (b[0] - a[0]) * t, a[1] + (b[1] - a[1]) * t)
