"""What happens in a run, frame by frame: its recording played again natively."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from qwop_native import Game, facts
from qwop_native.facts import FRAMES_PER_SECOND, PARTS, TRACK_Y, UNITS_PER_METER
from qwop_native.models.finish import has_finished
from qwop_native.recording import Recording, load_recording

FEET = ("leftFoot", "rightFoot")

# The joints whose angles are shown, and the game's names for them.
JOINTS = {
    "left hip": "leftHip",
    "right hip": "rightHip",
    "left knee": "leftKnee",
    "right knee": "rightKnee",
}

GOAL = 100  # meters

_TOUCHING = 0.05  # world units between a corner and the track; shapes have a skin of 0.01

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class RunData:
    """A run with N frames; index 0 is the start, index n the state after n frames.

    Attributes:
        name: What to call it in a legend.
        keys: Mask of `Keys` in each frame, uint8 (N,).
        bodies: x, y, angle, vx, vy and angular velocity of the parts, float64 (N + 1, 12, 6), in
            world units (ten to a meter, +y down), radians, and seconds of the physics.
        hurdle: The same of the hurdle's base and top, float64 (N + 1, 2, 6).
        contacts: Whether left and right foot are on the ground, bool (N + 1, 2).
        clock: Frames that the game's clock has counted, int64 (N + 1,).
        fallen: Whether the run ends with a fall.
        landed: Whether the run ends in the sand.
        finished: Whether it has landed beyond 100 m by the game's own score.
    """

    name: str
    keys: npt.NDArray[np.uint8]
    bodies: Floats
    hurdle: Floats
    contacts: npt.NDArray[np.bool_]
    clock: npt.NDArray[np.int64]
    fallen: bool
    landed: bool
    finished: bool = False

    @property
    def seconds(self) -> Floats:
        """The game's clock in seconds, (N + 1,)."""
        return self.clock / FRAMES_PER_SECOND

    @property
    def distance(self) -> Floats:
        """Meters of the torso, (N + 1,)."""
        return self.part("torso")[:, 0] / UNITS_PER_METER

    def part(self, name: str) -> Floats:
        """One part's columns over time, (N + 1, 6)."""
        return self.bodies[:, PARTS.index(name)]

    def speed(self, window: int) -> Floats:
        """Meters per second of the game's clock over so many frames around each, (N + 1,)."""
        last = len(self.clock) - 1
        before = np.maximum(np.arange(last + 1) - window // 2, 0)
        after = np.minimum(np.arange(last + 1) + (window + 1) // 2, last)
        elapsed = np.maximum(after - before, 1) / FRAMES_PER_SECOND
        speed: Floats = (self.distance[after] - self.distance[before]) / elapsed
        return speed

    def splits(self, every: float = 10.0) -> list[tuple[float, float]]:
        """Meters passed for the first time, and the game's seconds then, every so many meters.

        The torso of a run that finishes by the game's rule may stop short of 100 m: what is left to
        them ends with the run.
        """
        found = []
        meters = every
        for distance, second in zip(self.distance, self.seconds, strict=True):
            while distance >= meters:
                found.append((meters, float(second)))
                meters += every
        while self.finished and meters <= GOAL:
            found.append((meters, float(self.seconds[-1])))
            meters += every
        return found

    def joint(self, name: str) -> tuple[Floats, Floats]:
        """A hip or knee as the game measures it: that of its limits and its motor.

        Args:
            name: A name in `JOINTS`.

        Returns:
            Angle (rad) and angular velocity (rad/s of the physics), each (N + 1,).
        """
        joint = facts.JOINTS[JOINTS[name]]
        difference = self.part(joint.second) - self.part(joint.first)
        return difference[:, 2] - joint.rest, difference[:, 5]


def corners(body: Floats, part: str) -> Floats:
    """The corners of a part's box in world units, shape (..., 4, 2), for columns (..., 6)."""
    half = np.array(facts.BOXES[part].half_size)
    box = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)]) * half
    cos, sin = np.cos(body[..., 2, None]), np.sin(body[..., 2, None])
    x = body[..., 0, None] + box[:, 0] * cos - box[:, 1] * sin
    y = body[..., 1, None] + box[:, 0] * sin + box[:, 1] * cos
    return np.stack([x, y], axis=-1)


def replay(recording: Recording, name: str = "run") -> RunData:
    """Plays a recording and keeps its states.

    Args:
        recording: Its hashes are checked on the way.
        name: What to call it.

    Raises:
        DivergedError: The run is not the recorded one.
    """
    game = Game(recording.sincos)
    bodies, hurdle, clock = [], [], []
    for _ in recording.frames(game):
        bodies.append(game.bodies)
        hurdle.append(game.hurdle)
        clock.append(game.frames)
    parts = np.array(bodies)
    feet = [corners(parts[:, PARTS.index(foot)], foot) for foot in FEET]
    touching = [foot[..., 1].max(axis=-1) > TRACK_Y - _TOUCHING for foot in feet]
    return RunData(
        name,
        recording.keys,
        parts,
        np.array(hurdle),
        np.stack(touching, axis=-1),
        np.array(clock, np.int64),
        game.fallen,
        game.jump_landed,
        has_finished(game),
    )


def load_run(path: str | os.PathLike[str]) -> RunData:
    """Reads a recording's file and plays it.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: It is no recording, or its run is not the recorded one.
    """
    return replay(load_recording(path), Path(path).stem)
