"""The panel beside a picture: each body's numbers, and what a player thinks of its actions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import inf, isfinite

from qwop_native import _core
from qwop_native.facts import FIELDS, PARTS
from qwop_native.render.texts import SMALLEST, Box, Text, shortened, widest

_BACK, _TEXT, _DIM = 0x1D2130, 0xE9EAF0, 0x8C93A8
_BAR, _CHOSEN, _ROW = 0x4F6D9C, 0xFFC93C, 0x262B3D

_ROW_HEIGHT = 2.0  # of a table's row, in heights of its capitals
_NUMBER = "-888.8"  # the widest that is shown
_GAP = 2.0  # between columns, in heights of capitals
# Tables of the bodies, the first that can be read is shown: which parts, how many of the fields.
_TABLES = (
    (PARTS, len(FIELDS)),
    (PARTS, 3),
    (PARTS, 2),
    (("torso", "head", "leftFoot", "rightFoot"), 3),
    (("torso", "head", "leftFoot", "rightFoot"), 2),
)
_TITLES = {"Q": "value of each action", "p": "probability of each action"}


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


@dataclass
class Layout:
    """What stands where in a panel.

    Attributes:
        place: The panel.
        texts: All that is written.
        bars: Of the actions, with their colors; round at both ends.
        stripes: Behind each second body.
    """

    place: Box
    texts: list[Text] = field(default_factory=list)
    bars: list[tuple[Box, int]] = field(default_factory=list)
    stripes: list[Box] = field(default_factory=list)


def panel_width(width: int, height: int) -> int:
    """Pixels across that a panel takes of a picture of so many pixels across and down."""
    return min(width // 2, max(round(height * 0.62), 150))


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
    place = Box(float(columns[0]), 0.0, float(columns[1]), float(height))
    laid = layout(place, game.bodies.tolist(), choice)
    for box, color in [(place, _BACK), *((stripe, _ROW) for stripe in laid.stripes)]:
        canvas.gradient((box.left, box.top), (box.right, box.bottom), color, color)
    for box, color in laid.bars:
        radius, middle = (box.bottom - box.top) / 2, (box.top + box.bottom) / 2
        ends = (box.left + radius, max(box.right - radius, box.left + radius))
        canvas.capsule((ends[0], middle), radius, (ends[1], middle), radius, color)
    for text in laid.texts:
        text.draw(canvas)


def layout(place: Box, bodies: Sequence[Sequence[float]], choice: Choice | None) -> Layout:
    """Puts everything into its place: at any size nothing is over anything else.

    What a player thinks comes first. Of the bodies there is as much as can be read beside it.

    Args:
        place: The panel.
        bodies: The parts' numbers, as `Game.bodies`.
        choice: What the player thinks, if anything is known of it.
    """
    laid = Layout(place)
    width, height = place.right - place.left, place.bottom - place.top
    inner = Box(place.left + 0.03 * width, place.top, place.right - 0.03 * width, place.bottom)
    rows = len(choice.values) + 1.0 if choice and len(choice.values) else 0.0
    needed = rows * SMALLEST * _ROW_HEIGHT
    bottom, most = place.top, inf
    for parts, count in _TABLES:
        lines = len(parts) + 2.0  # the fields' names, and a free row
        fits = [
            (inner.right - inner.left) / _table_width(parts, count),
            (height - needed) / (lines * _ROW_HEIGHT),
            # Both of one size, where there is enough room for that.
            max(height / ((lines + rows) * _ROW_HEIGHT), SMALLEST),
        ]
        if min(fits) >= SMALLEST:
            size = min(*fits, height / 30)
            bottom, most = _bodies(laid, inner, size, parts, count, bodies), 1.3 * size
            break
    if choice and len(choice.values):
        _choice(laid, Box(inner.left, bottom, inner.right, inner.bottom), choice, most)
    return laid


def _table_width(parts: Sequence[str], fields: int) -> float:
    return widest(parts) + fields * (widest([_NUMBER]) + _GAP)


def _bodies(
    laid: Layout,
    inner: Box,
    size: float,
    parts: Sequence[str],
    fields: int,
    bodies: Sequence[Sequence[float]],
) -> float:
    """A line for each body; returns the row of pixels under the last."""
    row = size * _ROW_HEIGHT
    left = inner.left + widest(parts) * size
    step = (inner.right - left) / fields
    edges = [left + step * (column + 1) for column in range(fields)]
    y = inner.top + row * 0.4
    for name, edge in zip(FIELDS, edges, strict=False):
        laid.texts.append(Text(name, edge, y, size, _DIM, 1.0))
    for index, part in enumerate(parts):
        y += row
        if index % 2 == 0:
            stripe = Box(laid.place.left, y - row * 0.26, laid.place.right, y + row * 0.74)
            laid.stripes.append(stripe)
        laid.texts.append(Text(part, inner.left, y, size, _TEXT))
        values = bodies[PARTS.index(part)]
        for column, edge in enumerate(edges):
            number = _number(values[column], 2 if column == 2 else 1)
            laid.texts.append(Text(number, edge, y, size, _TEXT, 1.0))
    return y + row


def _number(value: float, digits: int) -> str:
    """A number that is no wider than `_NUMBER`."""
    text = f"{value:.{digits}f}"
    return text if len(text) <= len(_NUMBER) else f"{value:.0f}"


def _choice(laid: Layout, inner: Box, choice: Choice, most: float) -> None:
    """A bar for each action, the longest for the best, the one taken lit; a nought has none.

    The capitals are `most` pixels high at most.
    """
    width, count = inner.right - inner.left, len(choice.values)
    numbers = [f"{value:.2f}" for value in choice.values]
    labels, title = widest(choice.labels), _TITLES.get(choice.name, choice.name)
    size = min(
        (inner.bottom - inner.top) / ((count + 1.0) * _ROW_HEIGHT),
        width / (labels + widest(numbers) + 2 * _GAP + 4.0),  # and a bar that can be seen
        width / 24,
        most,
    )
    row, y = size * _ROW_HEIGHT, inner.top + size * 0.6
    smaller = min(size, max(width / widest([title]), SMALLEST))
    laid.texts.append(Text(shortened(title, smaller, width), inner.left, y, smaller, _DIM))
    low = 0.0 if choice.name == "p" else min(choice.values)
    spread = (max(choice.values) - low) or 1.0
    start = inner.left + (labels + _GAP) * size
    room = inner.right - (widest(numbers) + _GAP) * size - start
    for index, (label, value) in enumerate(zip(choice.labels, choice.values, strict=False)):
        y += row
        color = _CHOSEN if index == choice.chosen else _TEXT
        laid.texts.append(Text(label, inner.left, y, size, color))
        laid.texts.append(Text(numbers[index], inner.right, y, size, color, 1.0))
        length = room * (value - low) / spread
        if isfinite(length) and not (choice.name == "p" and float(numbers[index]) == 0):
            end = start + max(length, size)  # the shortest is a dot
            laid.bars.append((Box(start, y, end, y + size), _CHOSEN if color != _TEXT else _BAR))
