"""One picture of an evaluation: when successful runs finish, and where the others fall."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from qwop_native.atomic import whole_file
from qwop_native.facts import FRAMES_PER_SECOND
from qwop_native.models.evaluate import Run


def draw(path: Path, played: Sequence[Run], report: dict[str, Any]) -> None:
    """Writes the picture as PNG.

    Raises:
        ImportError: matplotlib is not installed.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise ImportError("evaluation.png needs matplotlib; pip install matplotlib") from error
    figure = Figure(figsize=(10, 3.8), layout="constrained")
    left, right = figure.subplots(1, 2)
    frames = sorted(run.frames for run in played if run.finished)
    if frames:
        share = np.arange(1, len(frames) + 1) / len(played)
        after = frames[-1] + max((frames[-1] - frames[0]) / 10, 10)  # where nothing is added
        line = [0, *share, share[-1]]
        left.step([frames[0], *frames, after], line, where="post", color="tab:blue")
        left.set_ylim(0, 1)
        seconds = left.secondary_xaxis(
            "top", functions=(lambda f: f / FRAMES_PER_SECOND, lambda s: s * FRAMES_PER_SECOND)
        )
        seconds.set_xlabel("seconds of the game's clock")
    else:
        left.text(0.5, 0.5, "no run reached 100 m", ha="center", va="center")
    left.set(xlabel="frames", ylabel="part of the runs", title="at 100 m by this frame")
    kinds = {"fall": "tab:red", "limit": "tab:gray", "success": "tab:blue"}
    found = {kind: [run.distance for run in played if run.ended == kind] for kind in kinds}
    found = {kind: distances for kind, distances in found.items() if distances}
    edges = np.arange(-10, 111, 5)
    colors = [kinds[kind] for kind in found]
    right.hist(list(found.values()), edges, stacked=True, color=colors, label=list(found))
    right.yaxis.get_major_locator().set_params(integer=True)
    right.set(xlabel="meters", ylabel="runs", title="where the runs ended")
    right.legend(frameon=False)
    for axes in (left, right):
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(alpha=0.25)
        axes.set_axisbelow(True)
    figure.suptitle(
        f"{report['model']}: {report['episodes']} runs, {report['starts']} starts", fontsize=10
    )
    with whole_file(path) as file:
        figure.savefig(file, format="png", dpi=110)
