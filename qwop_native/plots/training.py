"""Pictures of trainings: curves over seeds, and how runs end."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from qwop_native.facts import FRAMES_PER_SECOND, RECORD_SECONDS
from qwop_native.plots.run_data import Floats
from qwop_native.plots.style import QUIET, color, new_figure, record_line
from qwop_native.recording import SUFFIX, Recording, load_recording
from qwop_native.text_files import read_text

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

HISTORY = "history.jsonl"  # what `python -m train` writes, a line of JSON a point
_EVENTS = "events.out.tfevents.*"

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
    files = [path] if path.is_file() else sorted(path.rglob(_EVENTS))
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


@dataclass(frozen=True)
class Finish:
    """How one run ended.

    Attributes:
        seconds: On the game's clock.
        distance: Meters.
        success: Whether the 100 m were done.
    """

    seconds: float
    distance: float
    success: bool


def load_finishes(path: str | os.PathLike[str]) -> list[Finish]:
    """How runs ended: a recording, or an evaluation of ``python -m train``.

    Of an evaluation before and after a training the runs after it count.

    Args:
        path: A recording, a JSON file, or a folder that holds ``evaluation.json`` or recordings.

    Raises:
        FileNotFoundError: There is nothing of the kind.
        ValueError: A file holds something else.
    """
    where = Path(path)
    if where.is_dir():
        evaluation = where / "evaluation.json"
        files = [evaluation] if evaluation.is_file() else sorted(where.glob(f"*{SUFFIX}"))
        if not files:
            raise FileNotFoundError(f"{where} holds neither evaluation.json nor *{SUFFIX}")
        return [finish for file in files for finish in load_finishes(file)]
    if where.suffix == ".json":
        return _evaluated(where)
    return [finish_of(load_recording(where), where)]


def finish_of(recording: Recording, name: str | os.PathLike[str]) -> Finish:
    """How a recording says that its run ended.

    Raises:
        ValueError: It does not say it.
    """
    result: Any = recording.metadata.get("result")
    if not isinstance(result, dict):
        raise ValueError(f"{name} does not say how its run ended")
    return _finish(name, {**result, "success": result.get("landed")})


def _evaluated(path: Path) -> list[Finish]:
    try:
        document = json.loads(path.read_bytes())
    except ValueError:
        raise ValueError(f"{path} is not JSON") from None
    if isinstance(document, dict):
        document = document.get("trained", document)
    if isinstance(document, dict):
        document = document.get("runs", document.get("episodes"))
    if not isinstance(document, list):
        raise ValueError(f"{path} holds no list of episodes")
    return [_finish(path, episode) for episode in document]


def _finish(path: str | os.PathLike[str], entry: Any) -> Finish:
    try:
        seconds = float(entry["frames"]) / FRAMES_PER_SECOND
        # Evaluations of earlier versions say "success".
        finished = entry["finished"] if "finished" in entry else entry["success"]
        return Finish(seconds, float(entry["distance"]), bool(finished))
    except (TypeError, KeyError, ValueError):
        raise ValueError(f"{path}: an episode lacks frames, distance or finished") from None


def finishes(groups: Mapping[str, Sequence[Finish]]) -> Figure:
    """When runs finish, as a histogram and as the share that has finished, and where others fall.

    Args:
        groups: Runs by the name in the legend.

    Raises:
        ValueError: There is no run.
    """
    if not any(groups.values()):
        raise ValueError("there is no run to show")
    figure = new_figure(9, 7.4)
    histogram, share, falls = figure.subplots(3, 1, height_ratios=(3, 3, 1.4))
    histogram.sharex(share)
    times = [run.seconds for runs in groups.values() for run in runs if run.success]
    first, last = min(times, default=RECORD_SECONDS), max(times, default=RECORD_SECONDS)
    widest = max(last - first, 4.0)  # equal times are no hairline
    middle, count = (first + last) / 2, min(40, max(8, len(times) // 4))
    bins = np.linspace(middle - widest / 2, middle + widest / 2, count + 1)
    for index, (name, runs) in enumerate(groups.items()):
        done = sorted(run.seconds for run in runs if run.success)
        fallen = [run.distance for run in runs if not run.success]
        tone = color(index)
        label = f"{name}: {len(done)} of {len(runs)} finish"
        if done:
            label += f", best {done[0]:.2f} s, median {np.median(done):.2f} s"
        histogram.hist(done, bins=bins, color=tone, alpha=0.55, label=label)
        # From nobody at the left to the share that ever finishes at the right.
        reached = np.array([*range(len(done) + 1), len(done)]) / len(runs)
        ends = [bins[0], *done, bins[-1]]
        share.step(ends, reached, where="post", color=tone, lw=2)
        falls.plot(fallen, np.full(len(fallen), -index), "|", ms=13, mew=1.5, color=tone)
    for axes in (histogram, share):
        record_line(axes)
        axes.grid(axis="y")
    _label(histogram, share, falls, list(groups))
    return figure


def _label(histogram: Axes, share: Axes, falls: Axes, names: Sequence[str]) -> None:
    from matplotlib.ticker import MaxNLocator, PercentFormatter

    histogram.set_ylabel("runs")
    histogram.yaxis.set_major_locator(MaxNLocator(integer=True))
    histogram.set_title("Finish times over 100 m", pad=10 + 15 * len(names))
    histogram.legend(fontsize=9, loc="lower left", bbox_to_anchor=(0, 1), borderpad=0)
    histogram.tick_params(labelbottom=False)
    share.set_ylabel("finished by then")
    share.set_ylim(0, 1.02)
    share.yaxis.set_major_formatter(PercentFormatter(1.0))
    share.set_xlabel("time on the game's clock, s")
    falls.set_yticks([-index for index in range(len(names))], names)
    falls.set_ylim(-len(names) + 0.4, 0.6)
    falls.set_xlim(left=min(0.0, falls.get_xlim()[0]), right=max(100.0, falls.get_xlim()[1]))
    falls.spines["left"].set_visible(False)
    falls.tick_params(axis="y", length=0)
    falls.set_xlabel("runs that do not finish: where they end, m", color=QUIET)
