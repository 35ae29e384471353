"""Draws learning curves that `python -m benchmarks.recipe` has left.

python docs/draw_learning_curve.py runs/recipe runs/recipe-essential
"""

from __future__ import annotations

import argparse
import json
import statistics
from pathlib import Path

from matplotlib import pyplot as plt

PICTURE = Path(__file__).parent / "images" / "learning-curve.png"
COLORS = ("#c2603f", "#7f9bb3", "#5b8c5a")


def draw(folders: list[Path], picture: Path) -> None:
    """Draws the mean distance and the share of finished runs of each folder's curve."""
    figure, (above, below) = plt.subplots(
        2, 1, figsize=(8, 5), sharex=True, height_ratios=(2, 1), layout="constrained"
    )
    for folder, color in zip(folders, COLORS, strict=False):
        points = json.loads((folder / "curve.json").read_text())
        steps = [point["steps"] / 1e6 for point in points]
        means = [statistics.mean(point["distances"]) for point in points]
        shares = [100 * len(p["finishes"]) / len(p["distances"]) for p in points]
        above.plot(steps, means, color=color, linewidth=1.2, label=folder.name)
        above.fill_between(
            steps,
            [min(p["distances"]) for p in points],
            [max(p["distances"]) for p in points],
            color=color,
            alpha=0.15,
            linewidth=0,
        )
        below.plot(steps, shares, color=color, linewidth=1.2)
    above.set_ylabel("distance, m")
    above.legend(loc="upper left", frameon=False)
    below.set_ylabel("finished, %")
    below.set_ylim(-4, 104)
    below.set_xlabel("environment steps, millions")
    for axes in (above, below):
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(alpha=0.25)
    figure.savefig(picture, dpi=110)


def main() -> None:
    """Runs from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", type=Path, nargs="+")
    parser.add_argument("--picture", type=Path, default=PICTURE)
    given = parser.parse_args()
    draw(given.folders, given.picture)


if __name__ == "__main__":
    main()
