"""Pictures of what other commands have measured: throughput and parity."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from qwop_native.facts import PARTS
from qwop_native.plots.run_data import Floats
from qwop_native.plots.style import COLORS, QUIET, new_figure
from qwop_native.recording.rows import Rows

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_FRAMES = "frames/s"


def throughput(path: str | os.PathLike[str]) -> Figure:
    """Frames per second of everything that a benchmark has measured.

    Bars are medians, whiskers the lowest and the highest repeat.

    Args:
        path: ``results.json`` of ``qwop-native benchmark``.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: It is no benchmark, or has no rate in it.
    """
    document = _json(Path(path), "a saved benchmark")
    try:
        found = [
            (str(entry["name"]), [float(value) for value in entry["values"]])
            for entry in document["measurements"]
            if entry["unit"] == _FRAMES and entry["values"]
        ]
        machine = dict(document["machine"])
    except (KeyError, TypeError, ValueError):
        raise ValueError(f"{path} is not a saved benchmark") from None
    if not found:
        raise ValueError(f"{path} has no measurement in {_FRAMES}")
    found.sort(key=lambda entry: np.median(entry[1]))
    figure = new_figure(10, 1.6 + 0.32 * len(found))
    axes = figure.subplots()
    middle = np.array([np.median(values) for _, values in found])
    low = middle - [min(values) for _, values in found]
    high = [max(values) for _, values in found] - middle
    rows = np.arange(len(found))
    axes.barh(rows, middle, color=COLORS[0], height=0.66)
    axes.errorbar(
        middle,
        rows,
        xerr=np.array([low, high]),
        fmt="none",
        ecolor=QUIET,
        elinewidth=1.2,
        capsize=2,
    )
    for row, (value, above) in enumerate(zip(middle, high, strict=True)):
        axes.annotate(
            f"{value:,.0f}",
            (value + above, row),
            xytext=(5, 0),
            textcoords="offset points",
            va="center",
            fontsize=8,
        )
    axes.set_yticks(rows, [name for name, _ in found])
    axes.tick_params(axis="y", length=0)
    axes.set_ylim(-0.6, len(found) - 0.4)
    axes.margins(x=0.12)
    _finish(axes, machine)
    return figure


def _finish(axes: Any, machine: dict[str, Any]) -> None:
    from matplotlib.ticker import EngFormatter

    axes.xaxis.set_major_formatter(EngFormatter(sep=" "))
    axes.grid(axis="x")
    axes.set_xlabel("game frames a second")
    axes.set_title("Throughput")
    about = " · ".join(
        str(machine[name]) for name in ("processor", "compiler") if machine.get(name)
    )
    axes.annotate(
        about, (1, 1), xycoords="axes fraction", ha="right", va="bottom", color=QUIET, fontsize=8
    )


def body_distances(ours: Rows, theirs: Rows) -> Floats:
    """How far the parts of two games are apart.

    Args:
        ours: Rows of one game, shape (n,), of dtype `GAME_ROW`.
        theirs: Rows of the other, same shape.

    Returns:
        For each row and part the largest difference of its six floats (world units, radians and
        these per second), float64 of shape (n, 12); 0 where they are equal.
    """
    apart = np.abs(ours["bodies"] - theirs["bodies"])
    largest: Floats = apart.max(axis=2)
    return largest


def divergence(distances: Floats, title: str) -> Figure:
    """How the parts of two games part from each other, frame by frame.

    Args:
        distances: From `body_distances`.
        title: What is compared.
    """
    from matplotlib.colors import LogNorm

    figure = new_figure(11, 4.6)
    axes = figure.subplots()
    shown = np.ma.masked_equal(distances.T, 0.0)
    image = axes.imshow(
        shown, aspect="auto", cmap="viridis", interpolation="nearest", norm=LogNorm(1e-17, 1e2)
    )
    axes.set_yticks(range(len(PARTS)), list(PARTS))
    axes.tick_params(axis="y", length=0)
    axes.set_xlabel("row: an update, a click or a restart (white: equal)")
    unequal = np.flatnonzero(distances.any(axis=1))
    state = f"first difference in row {unequal[0]}" if unequal.size else "every row equal"
    axes.set_title(f"{title}: {state}", fontsize=10)
    figure.colorbar(image, ax=axes, label="largest difference of a part's values", pad=0.01)
    return figure


def parity(path: str | os.PathLike[str]) -> Figure:
    """Rows compared and equal, for everything that a parity report has in it.

    Args:
        path: ``report.json`` of ``qwop-native parity report``.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: It is no parity report.
    """
    document = _json(Path(path), "a parity report")
    try:
        found = [
            (str(e["name"]), int(e["rows_compared"]), bool(e["equal"]), e["difference"])
            for e in document["comparisons"]
        ]
        found += [
            (
                str(e["file"]).removesuffix(".trace"),
                int(e["rows"]),
                bool(e["equal"]),
                e["difference"],
            )
            for e in document["traces"]
        ]
    except (KeyError, TypeError, ValueError):
        raise ValueError(f"{path} is not a parity report") from None
    if not found:
        raise ValueError(f"{path} has no comparison in it")
    figure = new_figure(10, 1.4 + 0.26 * len(found))
    axes = figure.subplots()
    for row, (_, rows, equal, difference) in enumerate(reversed(found)):
        at = None if equal or not difference else difference.get("row")
        good = rows if equal else int(at or 0)
        axes.barh(row, good, color=COLORS[2], height=0.7)
        axes.barh(row, rows - good, left=good, color=COLORS[1], height=0.7, hatch="//")
        words = f"{rows:,} equal" if equal else f"differs from row {good:,} on"
        axes.annotate(
            words, (rows, row), xytext=(4, 0), textcoords="offset points", va="center", fontsize=7.5
        )
    axes.set_yticks(range(len(found)), [name for name, *_ in reversed(found)], fontsize=8)
    axes.tick_params(axis="y", length=0)
    axes.set_ylim(-0.6, len(found) - 0.4)
    axes.margins(x=0.14)
    axes.grid(axis="x")
    axes.set_xlabel("rows compared with the browser")
    total = sum(rows for _, rows, *_ in found)
    equal = sum(equal for _, _, equal, _ in found)
    axes.set_title(f"Parity: {equal} of {len(found)} recordings equal, {total:,} rows")
    return figure


def _json(path: Path, kind: str) -> dict[str, Any]:
    try:
        document = json.loads(path.read_bytes())
    except ValueError:
        document = None
    if not isinstance(document, dict):
        raise ValueError(f"{path} is not {kind}")
    return document
