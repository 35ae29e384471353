"""How runs end: read from what the commands write, and drawn as a distribution."""

from __future__ import annotations

import csv
import json
import os
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from qwop_native.facts import FINISH_SCORE, FRAMES_PER_SECOND, RECORD_SECONDS
from qwop_native.models.run_files import EVALUATION
from qwop_native.plots.run_data import Floats
from qwop_native.plots.run_folders import ended_runs_in, recordings_in
from qwop_native.plots.style import QUIET, color, new_figure, record_line
from qwop_native.recording import SUFFIX, Recording, load_recording
from qwop_native.text_files import read_text

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_WIDTHS = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)  # seconds of a histogram's bin


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
    """How runs ended, from whatever the commands write about it.

    Of an evaluation before and after a training the runs after it count.

    Args:
        path: A recording; JSON of a training, of ``evaluate`` or of ``spectate --results``;
            ``episodes.csv`` of ``evaluate``; or a folder that holds such an evaluation, else
            recordings.

    Raises:
        FileNotFoundError: There is nothing of the kind.
        ValueError: A file holds something else.
    """
    where = Path(path)
    if where.is_dir():
        folders = ended_runs_in(where)
        if folders != [where]:
            return [finish for folder in folders for finish in load_finishes(folder)]
        evaluation = where / EVALUATION
        files = [evaluation]
        if not evaluation.is_file():
            files = [file for file in recordings_in(where) if file.suffix == SUFFIX]
        return [finish for file in files for finish in load_finishes(file)]
    if where.suffix == ".json":
        return _evaluated(where)
    if where.suffix == ".csv":
        rows = csv.DictReader(read_text(where).splitlines())
        return [_finish(where, {**row, "finished": row.get("finished") == "True"}) for row in rows]
    if where.is_file() and zipfile.is_zipfile(where):
        raise ValueError(
            f"{where} is a model: write how it runs with qwop-native evaluate {where} --json "
            "FILE.json, and draw that"
        )
    return [finish_of(load_recording(where), where)]


def finish_of(recording: Recording, name: str | os.PathLike[str]) -> Finish:
    """How a recording says that its run ended.

    Raises:
        ValueError: It does not say it.
    """
    result: Any = recording.metadata.get("result")
    if not isinstance(result, dict):
        raise ValueError(f"{name} does not say how its run ended")
    landed = bool(result.get("landed")) and result.get("score", FINISH_SCORE) >= FINISH_SCORE
    return _finish(name, {**result, "finished": landed})


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
        # Evaluations of earlier versions say "success", results of spectate "landed".
        words = ("finished", "success", "landed")
        finished = entry[next(word for word in words if word in entry)]
        return Finish(seconds, float(entry["distance"]), bool(finished))
    except (TypeError, KeyError, ValueError, StopIteration):
        raise ValueError(f"{path}: an episode lacks frames, distance or finished") from None


def finishes(groups: Mapping[str, Sequence[Finish]]) -> Figure:
    """When runs finish, as a histogram and as the share that has finished, and where others fall.

    What nothing is to be told of is left out: the times where no run finishes, the falls where all
    do.

    Args:
        groups: Runs by the name in the legend.

    Raises:
        ValueError: There is no run.
    """
    if not any(groups.values()):
        raise ValueError("there is no run to show")
    some_finish = any(run.success for runs in groups.values() for run in runs)
    some_fall = sum(any(not run.success for run in runs) for runs in groups.values())
    heights = [2.4, 2.4] * some_finish + [0.4 + 0.3 * some_fall] * bool(some_fall)
    figure = new_figure(9, sum(heights) + 0.9 + 0.22 * len(groups) + 0.5 * bool(some_fall))
    panels = figure.subplots(len(heights), 1, height_ratios=heights, squeeze=False)[:, 0]
    if some_finish:
        _times(panels[0], panels[1], groups)
    if some_fall:
        _falls(panels[-1], groups)
    title = "Finish times over 100 m" if some_finish else "No run has finished the 100 m yet"
    panels[0].set_title(title, pad=8 + 15 * len(groups))
    from matplotlib.patches import Patch

    told = [
        Patch(color=color(index), label=_told(name, runs))
        for index, (name, runs) in enumerate(groups.items())
    ]
    panels[0].legend(
        handles=told,
        fontsize=9,
        loc="lower left",
        bbox_to_anchor=(0, 1),
        borderpad=0,
        handlelength=1,
    )
    return figure


def _told(name: str, runs: Sequence[Finish]) -> str:
    done = sorted(run.seconds for run in runs if run.success)
    label = f"{name}: {len(done)} of {len(runs)} finish"
    if done:
        label += f", best {done[0]:.2f} s, median {np.median(done):.2f} s"
    return label


def _times(histogram: Axes, share: Axes, groups: Mapping[str, Sequence[Finish]]) -> None:
    """How many finish when, and the share that has finished by then."""
    from matplotlib.ticker import MaxNLocator, PercentFormatter

    done = [sorted(run.seconds for run in runs if run.success) for runs in groups.values()]
    times = [seconds for each in done for seconds in each]
    bins = _bins(min(times), max(times))
    tones = [color(index) for index in range(len(done))]
    histogram.hist(
        done, bins=bins.tolist(), color=tones, rwidth=0.9
    )  # side by side: none hides another
    margin = 0.02 * (max(bins[-1], RECORD_SECONDS) - min(bins[0], RECORD_SECONDS))
    first = min(bins[0], RECORD_SECONDS) - margin
    last = max(bins[-1], RECORD_SECONDS) + margin
    for tone, seconds, runs in zip(tones, done, groups.values(), strict=True):
        if not runs:
            continue
        # From nobody at the left to the share that ever finishes at the right.
        reached = np.array([*range(len(seconds) + 1), len(seconds)]) / len(runs)
        share.step([first, *seconds, last], reached, where="post", color=tone, lw=2)
    for axes in (histogram, share):
        axes.set_xlim(first, last)
        axes.grid(axis="y")
    record_line(histogram)
    record_line(share, told=False)
    histogram.set_ylabel("runs")
    histogram.yaxis.set_major_locator(MaxNLocator(integer=True))
    histogram.margins(y=0.12)
    histogram.tick_params(labelbottom=False)
    share.set_ylabel("finished by then")
    share.set_ylim(0, 1.03)
    share.yaxis.set_major_formatter(PercentFormatter(1.0))
    share.set_xlabel("time on the game's clock, s")


def _bins(first: float, last: float) -> Floats:
    """Edges of bins that hold all times, at most about 30, each of a width that can be read."""
    width = next((each for each in _WIDTHS if last - first < 30 * each), (last - first) / 30)
    low = np.floor(first / width)
    return width * np.arange(low, max(np.floor(last / width), low + 7) + 2)


def _falls(axes: Axes, groups: Mapping[str, Sequence[Finish]]) -> None:
    """Where the runs end that do not finish, a row a group."""
    rows: list[str] = []
    for index, (name, runs) in enumerate(groups.items()):
        fallen = [run.distance for run in runs if not run.success]
        if fallen:
            at = np.full(len(fallen), -len(rows))
            axes.plot(fallen, at, "|", ms=13, mew=1.5, color=color(index))
            rows.append(name)
    axes.set_yticks([-row for row in range(len(rows))], rows)
    axes.set_ylim(-len(rows) + 0.4, 0.6)
    low, high = axes.get_xlim()
    axes.set_xlim(min(0.0, low), max(100.0, high))
    axes.spines["left"].set_visible(False)
    axes.tick_params(axis="y", length=0)
    axes.set_xlabel("runs that do not finish: where they end, m", color=QUIET)
