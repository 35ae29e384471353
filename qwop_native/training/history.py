"""The numbers of a run over time, as lines of JSON and as a picture."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

from stable_baselines3.common.logger import KVWriter

from qwop_native.atomic import whole_file
from qwop_native.text_files import read_text

NAME = "history.jsonl"

_PANELS = {
    "distance (m)": ("user/distance", "eval/mean_distance"),
    "success rate": ("user/is_success", "eval/success_rate"),
    "frames to 100 m": ("user/best_frames", "eval/median_frames", "eval/best_frames"),
    "reward of an episode": ("rollout/ep_rew_mean",),
    "updates per second": ("throughput/updates_per_s",),
    "transitions per second": ("throughput/env_steps_per_s",),
}


class History(KVWriter):
    """Writer for SB3's logger: one line of JSON a point, appended, so that nothing is lost.

    Args:
        folder: The run's folder.
    """

    def __init__(self, folder: Path) -> None:
        self._file = (folder / NAME).open("a", encoding="utf-8")

    def write(
        self,
        key_values: dict[str, Any],
        key_excluded: dict[str, tuple[str, ...]],
        step: int = 0,
    ) -> None:
        """Appends the numbers among the values; NaN is left out."""
        numbers = {
            name: float(value)
            for name, value in key_values.items()
            if isinstance(value, (int, float)) or getattr(value, "shape", None) == ()
        }
        finite = {name: value for name, value in numbers.items() if math.isfinite(value)}
        self._file.write(json.dumps({"steps": step, **finite}) + "\n")
        self._file.flush()

    def close(self) -> None:
        """Closes the file."""
        self._file.close()


def read(folder: Path) -> list[dict[str, float]]:
    """The points of a run; a last line that was cut off is left out."""
    points = []
    path = folder / NAME
    for line in read_text(path).splitlines() if path.is_file() else ():
        try:
            points.append(json.loads(line))
        except json.JSONDecodeError:
            break
    return points


def forget_after(folder: Path, steps: int) -> None:
    """Drops the points beyond a checkpoint, which a resumed run makes anew."""
    kept = [point for point in read(folder) if point["steps"] <= steps]
    with whole_file(folder / NAME) as file:
        file.write("".join(json.dumps(point) + "\n" for point in kept).encode())


def draw(folder: Path) -> Path | None:
    """Draws the curves of a run as `curves.png` in its folder.

    Returns:
        The picture, None where there is nothing to draw yet.

    Raises:
        ImportError: matplotlib is not installed.
    """
    points = read(folder)
    if not points:
        return None
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise ImportError("curves.png needs matplotlib; pip install matplotlib") from error
    figure = Figure(figsize=(11, 9), layout="constrained")
    for number, (title, names) in enumerate(_PANELS.items(), 1):
        axes = figure.add_subplot(3, 2, number)
        for name in names:
            line = [(point["steps"], point[name]) for point in points if name in point]
            if line:
                few = "." if len(line) < 40 else ""
                axes.plot(*zip(*line, strict=True), label=name, marker=few, linewidth=1.2)
                axes.legend(fontsize=8, frameon=False)
        axes.set_title(title, fontsize=10, loc="left")
        axes.set_xlabel("transitions", fontsize=8)
        axes.tick_params(labelsize=8)
        axes.grid(alpha=0.25)
        axes.spines[["top", "right"]].set_visible(False)
    figure.suptitle(folder.name, fontsize=11)
    path = folder / "curves.png"
    with whole_file(path) as file:
        figure.savefig(file, format="png", dpi=110)
    return path
