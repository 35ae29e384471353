"""One picture of an evaluation: when successful runs finish, and where the others fall."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from qwop_native.atomic import whole_file
from train.evaluation import Episode


def draw(path: Path, played: Sequence[Episode], report: dict[str, Any]) -> None:
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
    frames = sorted(run.frames for run in played if run.success)
    if frames:
        share = np.arange(1, len(frames) + 1) / len(played)
        left.step([frames[0], *frames], [0, *share], where="post", color="tab:blue")
        left.set_ylim(0, 1)
    else:
        left.text(0.5, 0.5, "no run reached 100 m", ha="center", va="center")
    left.set(xlabel="frames", ylabel="part of the runs", title="at 100 m by this frame")
    kinds = {"fall": "tab:red", "limit": "tab:gray", "success": "tab:blue"}
    distances = [[run.distance for run in played if run.ended == kind] for kind in kinds]
    edges = np.arange(-10, 111, 5)
    right.hist(distances, edges, stacked=True, color=list(kinds.values()), label=list(kinds))
    right.set(xlabel="metres", ylabel="runs", title="where the runs ended")
    right.legend(frameon=False)
    for axes in (left, right):
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(alpha=0.25)
    figure.suptitle(
        f"{report['model']}: {report['episodes']} runs, {report['starts']} starts", fontsize=10
    )
    with whole_file(path) as file:
        figure.savefig(file, format="png", dpi=110)
