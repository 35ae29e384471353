"""The runner's design: the shapes and colors of runner.json, which the page in web/ draws, too."""

from __future__ import annotations

import cmath
import json
import math
import re
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

_STEPS = 6  # straight pieces of a curve
_ELLIPSE_STEPS = 20


@dataclass(frozen=True)
class Shape:
    """One shape in the frame of a body.

    Attributes:
        part: The body.
        kind: "limb", "polygon" or "stroke".
        points: x + iy, world units; the two ends of a limb.
        radii: Of a limb's two ends, world units; half the width of a stroke, twice.
        color: Name of its color.
        line: Width of the line around it, world units; 0 for none.
        moods: Those in which it is seen; empty for all.
        blown: How far full speed moves a limb's second end, world units.
    """

    part: str
    kind: str
    points: tuple[complex, ...]
    radii: tuple[float, float]
    color: str
    line: float
    moods: tuple[str, ...]
    blown: complex


@dataclass(frozen=True)
class Design:
    """All of the table.

    Attributes:
        shapes: From far to near.
        colors: 0xRRGGBB by name.
        pale: The share of white by which a ghost's color replaces each, by name.
        full_speed: World units a second at which everything loose is blown all the way.
        wave: World units that it waves by then.
        wave_per_frame: Radians.
        blink_every: Frames from one blink to the next.
        blink_frames: Frames that a blink lasts.
    """

    shapes: tuple[Shape, ...]
    colors: dict[str, int]
    pale: dict[str, float]
    full_speed: float
    wave: float
    wave_per_frame: float
    blink_every: int
    blink_frames: int

    def mood(self, fallen: bool, landed: bool, frames: int) -> str:
        """The mood of a runner."""
        if landed:
            return "landed"
        if fallen:
            return "fallen"
        blinks = frames % self.blink_every >= self.blink_every - self.blink_frames
        return "blinking" if blinks else "running"


@cache
def design() -> Design:
    """Reads the table."""
    table = json.loads(Path(__file__).with_name("runner.json").read_text(encoding="utf-8"))
    return Design(
        tuple(_shape(entry, table["line"]) for entry in table["shapes"]),
        {name: int(color[1:], 16) for name, (color, _) in table["colors"].items()},
        {name: pale for name, (_, pale) in table["colors"].items()},
        **table["wind"],
        blink_every=table["blink"]["every"],
        blink_frames=table["blink"]["frames"],
    )


def _shape(entry: dict[str, Any], line: float) -> Shape:
    radii = (0.0, 0.0)
    if "limb" in entry:
        x0, y0, r0, x1, y1, r1 = entry["limb"]
        kind, points, radii = "limb", [complex(x0, y0), complex(x1, y1)], (r0, r1)
    elif "ellipse" in entry:
        kind, points = "polygon", _ellipse(*entry["ellipse"])
    else:
        kind, points = "polygon", path_points(entry["path"])
    if "stroke" in entry:
        kind, radii = "stroke", (entry["width"] / 2, entry["width"] / 2)
        points = [*points, points[0]] if "ellipse" in entry else points
    return Shape(
        entry["part"],
        kind,
        tuple(points),
        radii,
        entry.get("stroke") or entry["fill"],
        line if "fill" in entry and entry.get("line", True) else 0.0,
        tuple(entry.get("moods", ())),
        complex(*entry.get("blown", (0.0, 0.0))),
    )


def _ellipse(x: float, y: float, rx: float, ry: float, angle: float) -> list[complex]:
    turn = cmath.exp(1j * angle)
    steps = (step * math.tau / _ELLIPSE_STEPS for step in range(_ELLIPSE_STEPS))
    return [complex(x, y) + turn * complex(rx * math.cos(a), ry * math.sin(a)) for a in steps]


def path_points(path: str) -> list[complex]:
    """The corners of an SVG path of M, L, Q, C and Z, its curves as straight pieces."""
    points: list[complex] = []
    for command, numbers in re.findall(r"([MLQCZ])([^MLQCZ]*)", path):
        values = [float(number) for number in numbers.split()]
        ends = [complex(x, y) for x, y in zip(values[::2], values[1::2], strict=True)]
        if command in "ML":
            points += ends
        elif command in "QC":
            control = [points[-1], *ends]
            points += [_bezier(control, step / _STEPS) for step in range(1, _STEPS + 1)]
    return points


def _bezier(control: list[complex], t: float) -> complex:
    while len(control) > 1:
        control = [a + (b - a) * t for a, b in pairwise(control)]
    return control[0]
