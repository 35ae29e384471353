"""The environment's observation, seen from the torso: the numbers, and the NumPy that applies them.

All of it is linear in the observation but for ramps along the track, each a ReLU of a linear
function, so that `training.sprint.export` can fold it into the first layer of a stock policy.
`sb3.policies.RelativeFeatures` computes the same in torch, within a policy.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from qwop_native.envs.spaces import OBSERVATION_SIZE, observation_scale
from qwop_native.facts import FIELDS, PARTS

Floats = npt.NDArray[np.float32]

# World units, radians and per second, divided by these, are numbers about one.
_SCALES = {"x": 5.0, "y": 5.0, "angle": 1.0, "vx": 20.0, "vy": 20.0}
_AT_REST = {"x": 0.0, "y": 0.0, "angle": 0.0, "vx": 15.0, "vy": 0.0}

# World units of the torso, close together where the hurdle at 500 and the finish at 1000 matter.
# Between two neighbors a ramp rises from 0 to 1.
_KNOTS = np.array(
    [-10, 30, 440, 460, 475, 485, 495, 505, 515, 530, 930, 950, 965, 980, 990, 1000, 1010], float
)

RAMPS = len(_KNOTS) - 1
FEATURES = OBSERVATION_SIZE + RAMPS


def linear_features() -> tuple[Floats, Floats]:
    """Weights (OBSERVATION_SIZE, OBSERVATION_SIZE) and bias of the linear features.

    Each part's x is relative to the torso's, whose own x is replaced by a constant; the ramps tell
    of it where it matters.
    """
    deviations, centers = observation_scale()
    weights = np.zeros((OBSERVATION_SIZE, OBSERVATION_SIZE))
    bias = np.zeros(OBSERVATION_SIZE)
    for part in range(len(PARTS)):
        for number, field in enumerate(FIELDS):
            column = part * len(FIELDS) + number
            if field == "x" and part == 0:
                continue
            weights[column, column] = deviations[column] / _SCALES[field]
            bias[column] = (centers[column] - _AT_REST[field]) / _SCALES[field]
            if field == "x":  # minus the torso's
                weights[0, column] = -deviations[0] / _SCALES[field]
                bias[column] = (centers[column] - centers[0]) / _SCALES[field]
    return weights.astype(np.float32), bias.astype(np.float32)


def relative_terms(columns: int) -> tuple[Floats, Floats, Floats]:
    """What makes a linear feature of each column of an observation.

    Args:
        columns: Of the observation; those behind the 60 numbers are passed on as they are.

    Returns:
        Weight of the column itself, weight of the torso's x, and bias, each (columns,).
    """
    weights, bias = linear_features()
    more = columns - OBSERVATION_SIZE
    nothing = np.zeros(more, np.float32)
    own = np.concatenate([weights.diagonal(), np.ones(more, np.float32)])
    return own, np.concatenate([weights[0], nothing]), np.concatenate([bias, nothing])


def hinges() -> tuple[Floats, Floats, Floats]:
    """Weights (OBSERVATION_SIZE, RAMPS + 1) and bias of the ReLUs, and what makes ramps of them.

    The last, of shape (RAMPS + 1, RAMPS), is what the ReLUs are multiplied by.
    """
    deviations, centers = observation_scale()
    widths = np.diff(_KNOTS)
    # A ramp is relu((x - a) / (b - a)) - relu((x - b) / (b - a)); neighbors share a knot, so a
    # ReLU is in units of 10 world units and the widths are in the matrix.
    weights = np.zeros((OBSERVATION_SIZE, RAMPS + 1))
    weights[0] = deviations[0] / 10.0
    bias = (centers[0] - _KNOTS) / 10.0
    mix = np.zeros((RAMPS + 1, RAMPS))
    for ramp, width in enumerate(widths):
        mix[ramp, ramp], mix[ramp + 1, ramp] = 10.0 / width, -10.0 / width
    return weights.astype(np.float32), bias.astype(np.float32), mix.astype(np.float32)


class Features:
    """Computes the features of many observations."""

    def __init__(self) -> None:
        weights, self._bias = linear_features()
        # Each feature has weights of its own column and of the torso's x, and no others. Nor would
        # a matrix product do: for one of this size BLAS wakes threads of its own, which spin until
        # the next and keep a core from the games and the learner.
        self._own, self._torso = weights.diagonal().copy(), weights[0]
        self._hinge_weights, self._hinge_bias, self._mix = hinges()

    def __call__(self, observations: Floats) -> Floats:
        """Float32 (n, FEATURES) of observations (n, OBSERVATION_SIZE)."""
        torso = observations[:, :1]
        linear = observations * self._own + torso * self._torso + self._bias
        bent = np.maximum(torso * self._hinge_weights[:1] + self._hinge_bias, 0.0)
        return np.concatenate([linear, bent @ self._mix], axis=1)
