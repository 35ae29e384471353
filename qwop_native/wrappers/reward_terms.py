"""Additions to the reward, for any number of games at once, and how they change over time."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from qwop_native.facts import CONTACT_RANGE, PARTS, PHYSICS_STEP, UNITS_PER_METER
from qwop_native.wrappers.rich_columns import (
    JOINT_HALF_RANGE,
    JOINT_MIDDLE,
    TOUCHING_PARTS,
    Floats,
    Poses,
)

_TORSO = PARTS.index("torso")
_LEFT_THIGH, _RIGHT_THIGH = PARTS.index("leftThigh"), PARTS.index("rightThigh")
_NOT_FEET = [PARTS.index(part) for part in TOUCHING_PARTS if not part.endswith("Foot")]

# The lean at the start of the game, and how far a runner strays from it without being about to
# fall, radians.
_LEAN, _LEAN_TOLERANCE = -1.25, 0.5
_NEAR_LIMIT = 0.9  # of the half range of a joint


@dataclass(frozen=True)
class _Step:
    before: Poses
    after: Poses
    seconds: float


def _velocity(step: _Step) -> Any:
    moved = step.after.x[:, _TORSO] - step.before.x[:, _TORSO]
    return moved / (UNITS_PER_METER * step.seconds)


def _posture(step: _Step) -> Any:
    off = np.abs(step.after.angle[:, _TORSO] - np.float32(_LEAN)) - np.float32(_LEAN_TOLERANCE)
    return -np.maximum(off, 0)


def _energy(step: _Step) -> Any:
    rates = (step.after.joint_angles() - step.before.joint_angles()) / step.seconds
    return -np.square(rates).mean(axis=1) / 100


def _joint_limits(step: _Step) -> Any:
    within = np.abs((step.after.joint_angles() - JOINT_MIDDLE) / JOINT_HALF_RANGE)
    return -np.maximum(within - np.float32(_NEAR_LIMIT), 0).sum(axis=1)


def _style(step: _Step) -> Any:
    turned = (step.after.angle - step.before.angle) / step.seconds
    return -turned[:, _LEFT_THIGH] * turned[:, _RIGHT_THIGH] / 10


def _crawling(step: _Step) -> Any:
    return -(step.after.clearance(_NOT_FEET) <= CONTACT_RANGE).sum(axis=1)


TERMS: dict[str, Callable[[_Step], Any]] = {
    "velocity": _velocity,
    "posture": _posture,
    "energy": _energy,
    "joint_limits": _joint_limits,
    "style": _style,
    "crawling": _crawling,
}
"""What can be added to the reward of a step, times its weight.

velocity: mean speed of the torso during the step, meters per second of the physics.
posture: minus the radians by which the torso leans more than half a radian from how it starts.
energy: minus the mean square of the joints' angular velocities, (10 rad/s) squared.
joint_limits: minus how far joints are within the last tenth of their half range or beyond, summed.
style: the product of the thighs' angular velocities, negated: positive where they swing against
    each other, in 10 (rad/s) squared.
crawling: minus the number of parts other than the feet that touch the track.
"""


@dataclass(frozen=True)
class Stage:
    """A part of a curriculum.

    Attributes:
        weights: Weight of each of `TERMS`.
        until_distance: The stage is over once the latest episodes reach this many meters on
            average; None for the last stage.
    """

    weights: Mapping[str, float] = field(default_factory=dict)
    until_distance: float | None = None

    def __post_init__(self) -> None:
        for name in self.weights:
            if name not in TERMS:
                raise ValueError(f"a reward term must be one of {', '.join(TERMS)}, got {name!r}")


class RewardShaper:
    """Computes the additions to the rewards, stage by stage.

    Args:
        stages: At least one; all but the last with `until_distance`.
        frames_per_step: Updates of the game per step.
        fade_steps: Steps of all games together over which the additions fade to nothing; None if
            they do not.
        window: Ended episodes whose mean distance decides over the next stage.

    Attributes:
        stage: Index of the stage.

    Raises:
        ValueError: A stage or number is not accepted.
    """

    def __init__(
        self,
        stages: Sequence[Stage],
        frames_per_step: int,
        fade_steps: int | None = None,
        window: int = 100,
    ) -> None:
        if not stages or any(stage.until_distance is None for stage in stages[:-1]):
            raise ValueError("there must be stages, and all but the last need until_distance")
        if fade_steps is not None and fade_steps < 1:
            raise ValueError(f"fade_steps must be at least 1, got {fade_steps!r}")
        self._stages, self.stage = tuple(stages), 0
        self._seconds = frames_per_step * PHYSICS_STEP
        self._fade_steps, self._steps = fade_steps, 0
        self._distances: deque[float] = deque(maxlen=window)

    def additions(self, before: Floats, after: Floats) -> npt.NDArray[np.float64]:
        """What is added to the reward of each game.

        Args:
            before: Observations at the start of the step, float32 (games, 60 or more).
            after: At its end, the last of the episode where it ended.

        Returns:
            float64 (games,).
        """
        total = np.zeros(len(after))
        step = _Step(Poses(before), Poses(after), self._seconds)
        for name, weight in self._stages[self.stage].weights.items():
            total += weight * TERMS[name](step)
        if self._fade_steps is not None:
            total *= max(0.0, 1 - self._steps / self._fade_steps)
        self._steps += len(after)
        return total

    def ended(self, distance: float) -> None:
        """Notes how far an episode came, meters; may begin the next stage."""
        self._distances.append(distance)
        goal = self._stages[self.stage].until_distance
        full = len(self._distances) == self._distances.maxlen
        if goal is not None and full and self.stage + 1 < len(self._stages):
            if float(np.mean(self._distances)) < goal:
                return
            self.stage += 1
            self._distances.clear()


def stages_of(
    weights: Mapping[str, float] | None, stages: Sequence[Mapping[str, Any]] | None
) -> list[Stage]:
    """Stages as they are written in settings: weights alone, or a list of weights and distances.

    Raises:
        ValueError: Both are given, or neither, or a stage has another key.
    """
    if (weights is None) == (stages is None):
        raise ValueError("give either weights or stages")
    if stages is None:
        return [Stage(dict(weights or {}))]
    unknown = {key for stage in stages for key in stage} - {"weights", "until_distance"}
    if unknown:
        raise ValueError(f"a stage has weights and until_distance, got {', '.join(unknown)}")
    return [Stage(**stage) for stage in stages]
