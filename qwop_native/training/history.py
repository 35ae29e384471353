"""The numbers of a run over time, as lines of JSON."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

from stable_baselines3.common.logger import KVWriter

from qwop_native.atomic import whole_file
from qwop_native.models.run_files import HISTORY
from qwop_native.text_files import read_text


class History(KVWriter):
    """Writer for SB3's logger: one line of JSON a point, appended, so that nothing is lost.

    Args:
        folder: The run's folder.
    """

    def __init__(self, folder: Path) -> None:
        self._file = (folder / HISTORY).open("a", encoding="utf-8")

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
    path = folder / HISTORY
    for line in read_text(path).splitlines() if path.is_file() else ():
        try:
            points.append(json.loads(line))
        except json.JSONDecodeError:
            break
    return points


def forget_after(folder: Path, steps: int) -> None:
    """Drops the points beyond a checkpoint, which a resumed run makes anew."""
    kept = [point for point in read(folder) if point["steps"] <= steps]
    with whole_file(folder / HISTORY) as file:
        file.write("".join(json.dumps(point) + "\n" for point in kept).encode())
