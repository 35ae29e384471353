"""What there is to read of a race: names over runners, a table, arrows to those out of sight."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from qwop_native import _core
from qwop_native.facts import PARTS, UNITS_PER_METER
from qwop_native.render.race import Standing
from qwop_native.render.texts import SMALLEST, Box, Text, shortened, widest
from qwop_native.render.view import GROUND, View

_INK, _PALE = 0x22202A, 0xFFFDF6
_HEAD = PARTS.index("head")
_MOST_ROWS = 6  # of the table
_NAME = 16.0  # widest name, in heights of its capitals
_TOP = 0.2  # share of the height at which it begins, below the numbers
_PLATE_ALPHA = 0.78


@dataclass
class Overlay:
    """What stands where.

    Attributes:
        plates: Grounds of texts, with their colors.
        chips: Colors of runners, as squares.
        tips: Corners of arrows' heads, with their colors.
        texts: All that is written.
    """

    plates: list[tuple[Box, int]] = field(default_factory=list)
    chips: list[tuple[Box, int]] = field(default_factory=list)
    tips: list[tuple[list[tuple[float, float]], int]] = field(default_factory=list)
    texts: list[Text] = field(default_factory=list)

    def free(self, box: Box) -> bool:
        """Whether nothing has its ground there."""
        return not any(box.meets(plate) for plate, _ in self.plates)


def overlay(
    view: View,
    games: Sequence[_core.Game],
    standings: Sequence[Standing],
    mark: tuple[str, float, float] | None = None,
) -> Overlay:
    """Puts all that is to be read of a race into its place.

    Args:
        view: Of the picture.
        games: The runners.
        standings: Of all of them, as from `Race.standings`.
        mark: A label, the world x of something else on the track, and that of whom the gap to it
            is told.
    """
    laid = Overlay()
    size = max(2.4 * view.unit, SMALLEST)
    bottom = _table(laid, view, standings, size, _TOP * view.height)
    seen = [each for each in standings if _sees(view, _x(games[each.index]))]
    unseen = [each for each in standings if each not in seen]
    sides = {False: bottom, True: _TOP * view.height}  # where the next arrow has room
    arrows = [
        (_x(games[each.index]), each.color, each.name, each.gap if not each.ended else each.result)
        for each in sorted(unseen, key=lambda each: each.apart)
    ]
    if mark and not _sees(view, mark[1]):
        gap = abs(mark[1] - mark[2]) / UNITS_PER_METER
        arrows.append((mark[1], _PALE, mark[0], f"{gap:.1f} m"))
    for x, color, name, words in arrows:
        right = x > view.left
        sides[right] = _arrow(laid, view, right, sides[right], color, (name, words), size)
    for each in seen:
        head = view.point(*games[each.index].bodies[_HEAD, :2].tolist())
        _tag(laid, view, head[0], head[1] - 2.4 * view.scale, each.color, each.name, size)
    if mark and _sees(view, mark[1]):
        _tag(laid, view, view.x(mark[1]), 0.27 * view.height, _INK, mark[0], size)
    return laid


def draw_overlay(canvas: _core.Canvas, laid: Overlay) -> None:
    """Draws it."""
    for box, color in laid.plates:
        canvas.polygon(_corners(box, 0.18), 0.18 * _thin(box), color, _PLATE_ALPHA)
    for box, color in laid.chips:
        canvas.polygon(_corners(box, 0.2), 0.2 * _thin(box), color)
    for corners, color in laid.tips:
        canvas.polygon(corners, 0.0, color)
    for text in laid.texts:
        text.draw(canvas)


def _thin(box: Box) -> float:
    return min(box.bottom - box.top, box.right - box.left)


def _corners(box: Box, rounded: float) -> list[tuple[float, float]]:
    """Corners of a box whose edges a radius of so great a share of its thickness moves out."""
    inset = rounded * _thin(box)
    left, top, right, bottom = (
        box.left + inset,
        box.top + inset,
        box.right - inset,
        box.bottom - inset,
    )
    return [(left, top), (right, top), (right, bottom), (left, bottom)]


def _x(game: _core.Game) -> float:
    return float(game.bodies[0, 0])


def _sees(view: View, x: float) -> bool:
    """Whether a runner there can be seen, not just its toes."""
    return 0 <= view.x(x) <= view.width


def _table(
    laid: Overlay, view: View, standings: Sequence[Standing], size: float, top: float
) -> float:
    """Places, names and ways; returns where it ends."""
    shown = standings[: _MOST_ROWS if len(standings) <= _MOST_ROWS else _MOST_ROWS - 1]
    more = len(standings) - len(shown)
    names = [shortened(f"{n} {each.name}", size, _NAME * size) for n, each in enumerate(shown, 1)]
    ways = [each.result for each in shown]
    row, pad = 1.75 * size, 0.75 * size
    left = 1.5 * view.unit
    middle = left + pad + 1.8 * size + (widest(names) + 1.5) * size
    right = middle + widest(ways) * size + pad
    bottom = top + row * (len(shown) + bool(more)) + pad
    laid.plates.append((Box(left, top, right, bottom), _INK))
    y = top + pad
    for name, way, each in zip(names, ways, shown, strict=True):
        chip = Box(left + pad, y, left + pad + size, y + size)
        laid.chips.append((chip, each.color))
        laid.texts.append(Text(name, chip.right + 0.8 * size, y, size, _PALE))
        laid.texts.append(Text(way, right - pad, y, size, _PALE, 1.0))
        y += row
    if more:
        laid.texts.append(Text(f"and {more} more", left + pad, y, size, _PALE))
    return bottom + size


def _arrow(
    laid: Overlay,
    view: View,
    right: bool,
    top: float,
    color: int,
    words: tuple[str, str],
    size: float,
) -> float:
    """A label at an edge that points out of the picture; returns where the next has room."""
    name, gap = shortened(words[0], size, _NAME * size), words[1]
    pad, edge = 0.6 * size, 1.5 * view.unit
    width = max(widest([name]), widest([gap])) * size + 2 * pad + 2.2 * size
    height = 3.4 * size + 2 * pad
    left = view.width - edge - width if right else edge
    box = Box(left, top, left + width, top + height)
    below = [plate.bottom for plate, _ in laid.plates if plate.meets(box)]
    if below:  # the table, of a narrow picture
        top = max(below) + size
        box = Box(left, top, left + width, top + height)
    if box.bottom > GROUND * view.height or not laid.free(box):
        return top  # the keys are below; the table tells of the rest
    laid.plates.append((box, _INK))
    outward = 1.0 if right else -1.0
    base = (box.right - pad - 1.6 * size) if right else (box.left + pad + 1.6 * size)
    middle = (box.top + box.bottom) / 2
    tip = (base + outward * 1.6 * size, middle)
    laid.tips.append(([(base, middle - 1.4 * size), tip, (base, middle + 1.4 * size)], color))
    x, align = (base - pad, 1.0) if right else (base + pad, 0.0)
    laid.texts.append(Text(name, x, box.top + pad, size, _PALE, align))
    laid.texts.append(Text(gap, x, box.top + pad + 1.8 * size, size, _PALE, align))
    return box.bottom + 0.8 * size


def _tag(laid: Overlay, view: View, x: float, y: float, color: int, name: str, size: float) -> None:
    """A name over a runner, above those that are there already, else on the track before it."""
    words, pad = shortened(name, size, _NAME * size), 0.5 * size
    half, height = widest([words]) * size / 2 + pad, 1.33 * size + 2 * pad
    middle = min(max(x, half + 1), view.width - half - 1)
    bottoms = [GROUND * view.height + height + view.unit]
    while y - height > 0.19 * view.height:
        bottoms.insert(-1, y)
        y -= 0.5 * size
    for bottom in bottoms:
        box = Box(middle - half, bottom - height, middle + half, bottom)
        if laid.free(box):
            laid.plates.append((box, color))
            laid.texts.append(Text(words, middle, box.top + pad, size, _PALE, 0.5))
            return
