"""A small font of strokes, drawn for this project: letters, digits and some signs."""

from __future__ import annotations

import itertools

from qwop_native import _core

# Strokes on a grid of 5 columns and 7 rows, and two more for what hangs below the line: each two
# digits are a column and a row, blanks part strokes.
_GLYPHS = {
    "0": "103041453616050110",
    "1": "112026 1636",
    "2": "01103041420646",
    "3": "011030414233 1333 334445361605",
    "4": "300444 3036",
    "5": "400003334445361605",
    "6": "4130100105163645443303",
    "7": "004016",
    "8": "103041423313020110 3344453616050413",
    "9": "0516364541301001021343",
    "A": "0602204246 0444",
    "B": "00063645443303 0030414233",
    "C": "4130100105163645",
    "D": "00063645413000",
    "E": "40000646 0333",
    "F": "400006 0333",
    "G": "41301001051636454323",
    "H": "0006 4046 0343",
    "I": "1030 2026 1636",
    "J": "4045361605",
    "K": "0006 400346",
    "L": "000646",
    "M": "0600234046",
    "N": "06004640",
    "O": "103041453616050110",
    "P": "06003041423303",
    "Q": "103041453616050110 2446",
    "R": "06003041423303 2346",
    "S": "413010010213334445361605",
    "T": "0040 2026",
    "U": "000516364540",
    "V": "002640",
    "W": "0016233640",
    "X": "0046 4006",
    "Y": "002340 2326",
    "Z": "00400646",
    "a": "1232434636 4414051626364544",
    "b": "0006 0312324345361605",
    "c": "43321203051636 3645",
    "d": "4046 4332120305163645",
    "e": "04444332120305163645",
    "f": "41302026 0343",
    "g": "4332120305163645 4247381807",
    "h": "0006 0312324346",
    "i": "122226 1636 2020",
    "j": "32372818 3030",
    "k": "0006 420446",
    "l": "102026 1636",
    "m": "0602 0312222326 23324346",
    "n": "0602 0312324346",
    "o": "123243453616050312",
    "p": "0208 0312324345361605",
    "q": "4248 4332120305163645",
    "r": "0602 03123243",
    "s": "4212031434453606",
    "t": "1015263645 0242",
    "u": "0205163645 4246",
    "v": "022642",
    "w": "0216233642",
    "x": "0246 4206",
    "y": "022642 2608",
    "z": "02420646",
    ".": "2626",
    ",": "2617",
    ":": "2222 2525",
    "-": "1333",
    "+": "0343 2125",
    "/": "4006",
    "%": "4006 1010 3636",
    "(": "30212536",
    ")": "10212516",
    "'": "2021",
    "!": "2024 2626",
    "=": "0242 0444",
    "_": "0646",
    "?": "01103041422324 2626",
}
_NARROW = frozenset(".,:'!()")
_ADVANCE, _NARROW_ADVANCE = 6.0, 3.6  # columns from one sign to the next


def _parsed(glyph: str) -> list[list[tuple[int, int]]]:
    return [
        [(int(stroke[at]), int(stroke[at + 1])) for at in range(0, len(stroke), 2)]
        for stroke in glyph.split()
    ]


_STROKES = {sign: _parsed(glyph) for sign, glyph in _GLYPHS.items()}


def text_width(text: str, height: float) -> float:
    """Width of a text in pixels, for capitals of this height."""
    columns = sum(_NARROW_ADVANCE if sign in _NARROW else _ADVANCE for sign in text)
    return max(0.0, columns - 2) * height / 6


def draw_text(
    canvas: _core.Canvas,
    text: str,
    at: tuple[float, float],
    height: float,
    color: int,
    align: float = 0.0,
    alpha: float = 1.0,
    weight: float = 1.0,
) -> None:
    """Writes a line of text; signs the font lacks are left blank.

    Args:
        canvas: Where to.
        text: What to write.
        at: Left end (for `align` 0) of the capitals' upper edge, in pixels.
        height: Of the capitals, in pixels.
        color: 0xRRGGBB.
        align: 0 for a text that begins at `at`, 0.5 for centered, 1 for one that ends there.
        alpha: 1 covers what is there.
        weight: Thickness of the strokes, 1 for normal.
    """
    unit = height / 6
    radius = max(0.5, unit * 0.55 * weight)
    x = at[0] - align * text_width(text, height)
    for sign in text:
        narrow = sign in _NARROW
        left = x - (1.2 * unit if narrow else 0.0)
        for stroke in _STROKES.get(sign, ()):
            points = [(left + column * unit, at[1] + row * unit) for column, row in stroke]
            for start, end in itertools.pairwise(points):
                canvas.capsule(start, radius, end, radius, color, alpha)
        x += unit * (_NARROW_ADVANCE if narrow else _ADVANCE)
