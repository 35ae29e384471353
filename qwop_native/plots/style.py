"""How the pictures look: one style, and colors that color-blind readers can tell apart."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qwop_native.atomic import whole_file
from qwop_native.facts import RECORD_SECONDS

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Okabe and Ito's palette, without its yellow, which is too light for lines.
COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
INK, QUIET, GRID = "#2b3137", "#6b747c", "#e3e7ea"
RECORD = "#7b3fa0"
FORMATS = ("png", "svg")

_STYLE: Any = {
    "font.size": 10,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": QUIET,
    "axes.titlecolor": INK,
    "axes.titlesize": 11,
    "axes.titlelocation": "left",
    "axes.titleweight": "bold",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "grid.color": GRID,
    "grid.linewidth": 0.8,
    "xtick.color": QUIET,
    "ytick.color": QUIET,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "legend.frameon": False,
    "svg.fonttype": "none",
    "svg.hashsalt": "qwop-native",  # the same picture has the same bytes
}


@contextlib.contextmanager
def styled() -> Iterator[None]:
    """Draws in the project's style.

    Raises:
        ImportError: Matplotlib is not installed.
    """
    try:
        import matplotlib
    except ModuleNotFoundError as error:
        raise ImportError("plots need Matplotlib: pip install 'qwop-native[plots]'") from error
    with matplotlib.rc_context(_STYLE):
        yield


def new_figure(width: float, height: float) -> Figure:
    """A figure in inches that lays its axes out by itself."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained")


def color(index: int) -> str:
    """The color of the n-th thing that is drawn."""
    return COLORS[index % len(COLORS)]


def record_line(axes: Axes, seconds: float = RECORD_SECONDS, told: bool = True) -> None:
    """A vertical line at the human record, on an axis of seconds that has its limits already.

    Args:
        axes: Where.
        seconds: The record.
        told: Whether words stand beside it, on the side with more room.
    """
    axes.axvline(seconds, color=RECORD, linewidth=1.4, linestyle="--")
    if not told:
        return
    first, last = axes.get_xlim()
    right = seconds < (first + last) / 2
    axes.annotate(
        f"human record {seconds:.2f} s",
        (seconds, 1),
        xycoords=("data", "axes fraction"),
        xytext=(4 if right else -4, -1),
        textcoords="offset points",
        ha="left" if right else "right",
        va="top",
        color=RECORD,
        fontsize=9,
    )


def checked_format(path: str | os.PathLike[str]) -> str:
    """The format that a file name asks for.

    Raises:
        ValueError: It is neither PNG nor SVG.
    """
    suffix = Path(path).suffix.lower().removeprefix(".")
    if suffix not in FORMATS:
        raise ValueError(f"pictures are written as .png or .svg, not as {Path(path).name}")
    return suffix


def save(figure: Figure, path: str | os.PathLike[str]) -> None:
    """Writes a picture, whole or not at all.

    Raises:
        FileNotFoundError: The folder does not exist.
        ValueError: The name ends in neither .png nor .svg.
    """
    kind = checked_format(path)
    metadata = {"Date": None} if kind == "svg" else {}
    with whole_file(path) as file, styled():
        figure.savefig(file, format=kind, dpi=160, metadata=metadata)
