"""Draws the README's picture: a stretch of a recorded 100 m run, in the engine's own poses.

python docs/draw_gait.py
"""

from __future__ import annotations

import argparse
from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from numpy.typing import NDArray

from qwop_native import Keys, QwopEnv
from qwop_native.parity.svg import PIXELS_PER_UNIT, SIZES
from qwop_native.parity.trace import read_trace
from qwop_native.spaces import PARTS

ROOT = Path(__file__).parent.parent
TRACE = ROOT / "tests" / "traces" / "env-full-runs-glibc.trace"
PICTURE = ROOT / "docs" / "images" / "gait.png"

GROUND = 10.74275 - 1.6  # top of the track, world units, +y down
UNITS_PER_METRE = 10
TOP, BELOW = 0.9, 1.05  # what the picture shows above and below the torso's starting height, metres
REACH = 0.8  # from the torso to the furthest foot, metres

FAR, NEAR, HEAD = "#7f9bb3", "#c2603f", "#e0b088"


def play(trace_path: Path) -> tuple[list[NDArray[np.float64]], list[int]]:
    """Plays the first episode of a recorded environment trace.

    Returns:
        Bodies after each step, float64 of shape (12, 6), and the keys held during it.

    Raises:
        ValueError: The trace is not one of an environment.
    """
    trace = read_trace(trace_path)
    if trace.env is None:
        raise ValueError(f"{trace_path} is no recording of an environment")
    env = QwopEnv(sincos=trace.provenance.sincos, **trace.env)
    env.reset()
    poses, keys = [], []
    for action in trace.tape.episodes[0]:
        env.step(action)
        poses.append(env.game.bodies)
        keys.append(env.action_keys[action])
    return poses, keys


def corners(body: NDArray[np.float64], part: str) -> NDArray[np.float64]:
    """The four corners of a part's box, shape (4, 2), in metres, +y down."""
    half = np.array(SIZES[part]) / (2 * PIXELS_PER_UNIT)
    box = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)]) * half
    cos, sin = np.cos(body[2]), np.sin(body[2])
    return (box @ np.array([(cos, sin), (-sin, cos)]) + body[:2]) / UNITS_PER_METRE


def colour(part: str) -> str:
    """One colour for the far side, one for the near side, one for the head."""
    if part == "head":
        return HEAD
    return FAR if part.startswith("left") else NEAR


def draw_runner(axes: Axes, bodies: NDArray[np.float64], strength: float) -> None:
    """Draws one pose, the far side first."""
    order = sorted(PARTS, key=lambda part: (not part.startswith("left"), part.startswith("right")))
    boxes = [corners(bodies[PARTS.index(part)], part) for part in order]
    colours = [colour(part) for part in order]
    axes.add_collection(
        PolyCollection(
            boxes, facecolors=colours, edgecolors="white", linewidths=0.5, alpha=strength
        )
    )


def draw_keys(axes: Axes, keys: list[int], xs: list[float]) -> None:
    """Draws which keys were down while the torso passed each place."""
    for row, key in enumerate((Keys.Q, Keys.W, Keys.O, Keys.P)):
        bars = [
            (left, right - left)
            for left, right, held in zip(xs, xs[1:], keys[1:], strict=False)
            if held & key
        ]
        axes.broken_barh(bars, (3 - row + 0.15, 0.7), facecolors="#444444")
    axes.set_yticks([3.5, 2.5, 1.5, 0.5], list("QWOP"))
    axes.set_ylim(0, 4)
    axes.set_xlabel("metres")


def draw(trace: Path, picture: Path, first: float, last: float, every: int) -> None:
    """Draws the run between two places, in metres, one pose each `every` steps."""
    poses, keys = play(trace)
    torso = [float(pose[0, 0]) / UNITS_PER_METRE for pose in poses]
    shown = [index for index, x in enumerate(torso) if first <= x <= last]
    whole = [index for index in shown if first + REACH <= torso[index] <= last - REACH]
    mpl.rcParams.update({"font.size": 9, "axes.spines.top": False, "axes.spines.right": False})
    # The same width for both, and a height at which a metre is as high as it is wide.
    width, left, keys_height, bottom = 10.4, 0.35, 0.75, 0.45
    height = width * (TOP + BELOW) / (last - first)
    size = (width + 2 * left, height + keys_height + bottom)
    figure = plt.figure(figsize=size)
    at = left / size[0], bottom / size[1], width / size[0]
    tape = figure.add_axes((at[0], at[1], at[2], keys_height / size[1]))
    track = figure.add_axes((at[0], at[1] + keys_height / size[1], at[2], height / size[1]))
    for index in whole[::every]:
        draw_runner(track, poses[index], 0.9)
    track.axhspan(GROUND / UNITS_PER_METRE, BELOW, color="#e9e4dc", linewidth=0)
    track.set_xlim(first, last)
    track.set_ylim(BELOW, -TOP)
    track.set_axis_off()
    draw_keys(tape, [keys[i] for i in shown], [torso[i] for i in shown])
    tape.set_xlim(first, last)
    figure.savefig(picture, dpi=130)


def main() -> None:
    """Draws the picture that the README shows."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trace", type=Path, default=TRACE, help="recorded environment trace")
    parser.add_argument("--picture", type=Path, default=PICTURE, help="PNG to write")
    parser.add_argument("--first", type=float, default=40.0, help="where to begin, metres")
    parser.add_argument("--last", type=float, default=52.0, help="where to stop, metres")
    parser.add_argument("--every", type=int, default=7, help="steps between two poses")
    given = parser.parse_args()
    draw(given.trace, given.picture, given.first, given.last, given.every)


if __name__ == "__main__":
    main()
