"""Pictures of trainings: curves over seeds."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from qwop_native.models.run_files import HISTORY
from qwop_native.plots.run_data import Floats
from qwop_native.plots.run_folders import EVENTS
from qwop_native.plots.style import color, new_figure
from qwop_native.text_files import read_text

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Curve = tuple[Floats, Floats]  # steps and values


def load_curve(folder: str | os.PathLike[str], tag: str) -> Curve:
    """One quantity of a training run.

    Args:
        folder: A run folder with ``history.jsonl`` or tensorboard's event files, or an event file.
        tag: Name of the quantity, ``user/distance`` for example.

    Raises:
        FileNotFoundError: There is no such folder, or no curves in it.
        ValueError: The quantity is not among them.
        ImportError: Event files are there, but tensorboard is not installed.
    """
    path = Path(folder)
    if not path.exists():
        raise FileNotFoundError(f"there is no {path}")
    points = _history(path / HISTORY) if (path / HISTORY).is_file() else _events(path)
    if tag not in points:
        known = ", ".join(sorted(points)) or "none"
        raise ValueError(f"{path} has no curve {tag!r}; it has: {known}")
    steps, values = zip(*sorted(points[tag]), strict=True)
    return np.array(steps, float), np.array(values, float)


def _history(path: Path) -> dict[str, list[tuple[float, float]]]:
    points: dict[str, list[tuple[float, float]]] = {}
    lines = read_text(path).splitlines()
    for number, line in enumerate(lines, start=1):
        try:
            entry = {name: float(value) for name, value in json.loads(line).items()}
            steps = entry.pop("steps")
        except (ValueError, TypeError, AttributeError, KeyError):
            if number == len(lines):  # a run that is being written, or was cut off
                break
            raise ValueError(f"{path}, line {number} is no point of a curve") from None
        for name, value in entry.items():
            points.setdefault(name, []).append((steps, value))
    return points


def _events(path: Path) -> dict[str, list[tuple[float, float]]]:
    files = [path] if path.is_file() else sorted(path.rglob(EVENTS))
    if not files:
        raise FileNotFoundError(f"{path} holds neither {HISTORY} nor tensorboard's event files")
    try:
        from tensorboard.backend.event_processing.event_file_loader import EventFileLoader
        from tensorboard.util.tensor_util import make_ndarray
    except ModuleNotFoundError as error:
        raise ImportError(
            "event files are read with tensorboard: pip install 'qwop-native[train]'"
        ) from error
    points: dict[str, list[tuple[float, float]]] = {}
    for file in files:
        for event in EventFileLoader(str(file)).Load():
            for value in event.summary.value:
                if value.HasField("tensor") and value.metadata.plugin_data.plugin_name == "scalars":
                    number = float(make_ndarray(value.tensor).item())
                    points.setdefault(value.tag, []).append((float(event.step), number))
    return points


def curves(groups: Mapping[str, Sequence[Curve]], tag: str) -> Figure:
    """Training curves: a line for the mean over seeds, pale lines for the seeds, a band between.

    Args:
        groups: For each name in the legend one curve per seed.
        tag: What the curves show.
    """
    figure = new_figure(9, 5)
    axes = figure.subplots()
    for index, (name, seeds) in enumerate(groups.items()):
        tone = color(index)
        for steps, values in seeds:
            axes.plot(steps, values, color=tone, lw=0.8, alpha=0.35 if len(seeds) > 1 else 1)
        label = f"{name} ({len(seeds)} seed{'s' * (len(seeds) > 1)})"
        if len(seeds) == 1:
            axes.plot([], [], color=tone, label=label)
            continue
        last = min(steps[-1] for steps, _ in seeds)
        first = max(steps[0] for steps, _ in seeds)
        grid = np.linspace(first, max(first, last), 300)
        values = np.stack([np.interp(grid, *seed) for seed in seeds])
        axes.plot(grid, values.mean(axis=0), color=tone, lw=2.2, label=label)
        axes.fill_between(
            grid, values.min(axis=0), values.max(axis=0), color=tone, alpha=0.13, lw=0
        )
    from matplotlib.ticker import EngFormatter

    axes.xaxis.set_major_formatter(EngFormatter(sep=" "))
    axes.set_xlabel("env steps")
    axes.set_ylabel(tag)
    axes.grid()
    axes.set_title(f"{tag}: mean, range and single seeds")
    axes.legend(loc="best")
    return figure
