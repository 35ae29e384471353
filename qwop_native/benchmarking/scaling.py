"""The picture of a run: frames a second over games, instruction sets, threads and environments."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qwop_native.atomic import whole_file
from qwop_native.benchmarking.headline import BOX2D
from qwop_native.benchmarking.report import Measurement, Results, load_json
from qwop_native.benchmarking.throughput import SB3, VECTOR
from qwop_native.benchmarking.turns import FRAMES

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_COLORS = ("#0b6e99", "#d1495b", "#edae49", "#66a182", "#8d6a9f", "#5c6b73")
_INK = "#33383d"
SUFFIXES = (".png", ".svg")


def draw(results: Results, folder: Path) -> list[Path]:
    """Draws ``scaling.png`` and ``scaling.svg``.

    Args:
        results: A run of the suite.
        folder: Where the pictures go; it must exist.

    Returns:
        Their paths.

    Raises:
        ImportError: Matplotlib is not installed.
        ValueError: The run has no throughput in it.
    """
    figure = make_figure(results)
    paths = [folder / f"scaling{suffix}" for suffix in SUFFIXES]
    for path in paths:
        with whole_file(path) as file:
            figure.savefig(file, format=path.suffix[1:], dpi=160)
    return paths


def make_figure(results: Results) -> Figure:
    """The picture as a figure of Matplotlib; see `draw`."""
    try:
        import matplotlib
        from matplotlib.figure import Figure
    except ImportError as error:
        raise ImportError(
            "the picture needs Matplotlib: pip install matplotlib (or 'qwop-native[dev]')"
        ) from error
    points = [
        m for m in results.measurements if m.labels.get("part") == "throughput" and m.unit == FRAMES
    ]
    if not any(m.labels["env"] == VECTOR for m in points):
        raise ValueError("there is no throughput of vector environments in this result")
    style: Any = {"font.size": 9, "svg.fonttype": "none", "axes.edgecolor": _INK}
    with matplotlib.rc_context(style):
        figure = Figure(figsize=(11, 4.8), layout="constrained")
        left, right = figure.subplots(1, 2, sharey=True)
        _draw_sets(left, points, results)
        _draw_threads(right, points)
        left.set_ylabel("game frames a second")
        left.set_ylim(bottom=0)  # of both, once both are drawn: it fixes the upper end as well
        machine = results.machine
        figure.suptitle(
            f"{machine.get('processor')} · {machine.get('compiler')} · "
            f"commit {str(machine.get('commit'))[:9]}",
            fontsize=9,
            color=_INK,
        )
    return figure


def _draw_sets(axes: Axes, points: Sequence[Measurement], results: Results) -> None:
    vectors = [p for p in points if p.labels["env"] == VECTOR and p.labels["threads"] == 1]
    sets = list(dict.fromkeys(p.labels["instruction_set"] for p in vectors))
    for color, name in zip(_COLORS, sets, strict=False):
        for play, line in (("random", "-"), ("running", "--")):
            found = _where(vectors, instruction_set=name, play=play)
            _draw_line(axes, found, f"{name}, {play}", color, line)
    for label, value in _references(points, results):
        axes.axhline(value, color="#9aa3ab", linewidth=1, linestyle=":", zorder=1)
        axes.annotate(
            f"{label} {value / 1000:,.0f} k",
            (1, value),
            xycoords=("axes fraction", "data"),
            xytext=(-4, 3),
            textcoords="offset points",
            ha="right",
            color="#6b747c",
            fontsize=8,
        )
    _dress(axes, f"{VECTOR}, 1 thread, by instruction set", vectors)


def _references(points: Sequence[Measurement], results: Results) -> Iterable[tuple[str, float]]:
    for m in results.measurements:
        if m.name == BOX2D and m.unit == FRAMES:
            yield "Box2D world.Step", m.median
    for m in _where(points, env="Game.step", play="random"):
        yield "Game.step", m.median


def _draw_threads(axes: Axes, points: Sequence[Measurement]) -> None:
    # Of the set that was measured for Stable-Baselines3 too, which is the fastest, or of the last.
    fastest = [p.labels["instruction_set"] for p in points if p.labels["env"] in (VECTOR, SB3)][-1]
    shown = [p for p in _where(points, play="random") if p.labels["instruction_set"] == fastest]
    threads = sorted({int(p.labels["threads"]) for p in shown})
    for color, count in zip(_COLORS, threads, strict=False):
        for env, line in ((VECTOR, "-"), (SB3, "--")):
            name = f"{env}, {count} thread{'s' * (count > 1)}"
            _draw_line(axes, _where(shown, env=env, threads=count), name, color, line)
    _dress(axes, f"{fastest}, random play, by threads", shown)


def _where(points: Iterable[Measurement], **labels: Any) -> list[Measurement]:
    return [p for p in points if all(p.labels[name] == value for name, value in labels.items())]


def _draw_line(axes: Axes, points: Sequence[Measurement], name: str, color: str, line: str) -> None:
    if not points:
        return
    ordered = sorted(points, key=lambda p: int(p.labels["games"]))
    games = [int(p.labels["games"]) for p in ordered]
    middle = [p.median for p in ordered]
    marker = "o" if line == "-" else "s"
    axes.plot(games, middle, line, marker=marker, markersize=4, color=color, label=name)
    axes.fill_between(
        games, [p.low for p in ordered], [p.high for p in ordered], color=color, alpha=0.12
    )


def _dress(axes: Axes, title: str, points: Sequence[Measurement]) -> None:
    from matplotlib.ticker import EngFormatter, FixedLocator, NullLocator

    games = sorted({int(p.labels["games"]) for p in points})
    axes.set_xscale("log", base=2)
    axes.xaxis.set_major_locator(FixedLocator(games))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xticklabels([f"{count:,}" for count in games])
    axes.yaxis.set_major_formatter(EngFormatter(sep=" "))
    axes.set_xlabel("games")
    axes.set_title(title, fontsize=10, loc="left", color=_INK)
    axes.grid(axis="y", color="#e6e9eb", linewidth=0.8)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, fontsize=8, loc="upper left")


def main(argv: Sequence[str], prog: str) -> int:
    """Draws a saved run anew: 0, or 2 for a mistake."""
    parser = argparse.ArgumentParser(
        prog=f"{prog} plot",
        description=__doc__,
        epilog=f"Example: {prog} plot runs/benchmark/results.json",
    )
    parser.add_argument("results", type=Path, help="results.json of a run")
    parser.add_argument(
        "-o", "--out", type=Path, metavar="DIR", help="folder of the pictures (that of the results)"
    )
    given = parser.parse_args(argv)
    try:
        paths = draw(load_json(given.results), given.out or given.results.parent)
    except (OSError, ValueError, ImportError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print(*paths, sep="\n")
    return 0
