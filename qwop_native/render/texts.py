"""Texts that know their place before they are drawn, so that none is laid over another."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from qwop_native import _core
from qwop_native.render.font import draw_text, text_width

SMALLEST = 5.0  # pixels of a capital's height that can just be read


@dataclass(frozen=True)
class Box:
    """A part of the picture, in pixels."""

    left: float
    top: float
    right: float
    bottom: float

    def meets(self, other: Box) -> bool:
        """Whether two boxes have anything in common."""
        return (
            self.left < other.right
            and other.left < self.right
            and self.top < other.bottom
            and other.top < self.bottom
        )

    def within(self, other: Box) -> bool:
        """Whether the other box holds all of this one."""
        return (
            self.left >= other.left
            and self.right <= other.right
            and self.top >= other.top
            and self.bottom <= other.bottom
        )


@dataclass(frozen=True)
class Text:
    """A line of text.

    Attributes:
        words: What is written.
        x: Left end, middle or right end in pixels, as `align` says.
        y: Upper edge of the capitals, in pixels.
        size: Height of the capitals, in pixels.
        color: 0xRRGGBB.
        align: 0 for a text that begins at `x`, 0.5 for centered, 1 for one that ends there.
        weight: Thickness of the strokes, 1 for normal.
    """

    words: str
    x: float
    y: float
    size: float
    color: int
    align: float = 0.0
    weight: float = 1.0

    @property
    def box(self) -> Box:
        """Where it is: capitals, and two ninths for what hangs below the line."""
        width = text_width(self.words, self.size)
        left = self.x - self.align * width
        return Box(left, self.y, left + width, self.y + self.size * 8 / 6)

    def draw(self, canvas: _core.Canvas) -> None:
        """Writes it."""
        at = (self.x, self.y)
        draw_text(canvas, self.words, at, self.size, self.color, self.align, weight=self.weight)


def shortened(words: str, size: float, width: float) -> str:
    """A text that is no wider than so many pixels; what is cut off is told by two dots."""
    if text_width(words, size) <= width:
        return words
    kept = words
    while kept and text_width(f"{kept}..", size) > width:
        kept = kept[:-1]
    return f"{kept}.." if kept else ""


def widest(words: Iterable[str]) -> float:
    """Width of the widest text for capitals of one pixel."""
    return max((text_width(each, 1.0) for each in words), default=0.0)
