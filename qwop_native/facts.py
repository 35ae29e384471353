"""Numbers and names of the game, as the engine itself has them, for everything above it.

Lengths are world units, ten to a meter, unless a name says otherwise; +y points down; angles are
radians.
"""

from __future__ import annotations

from typing import NamedTuple

from qwop_native import _core

FLAVORS = _core.SINCOS_FLAVORS
"""Sines and cosines that browsers have."""

DEFAULT_SINCOS = _core.DEFAULT_SINCOS
"""The flavor of upstream Chromium and Chrome: what is meant where none is named."""

FRAMES_PER_SECOND = _core.FRAMES_PER_SECOND
"""Updates in a second of the game's clock."""

PHYSICS_STEP = _core.PHYSICS_STEP
"""Seconds that an update lasts for the physics, whose time runs apart from the clock."""

ENGINE_TICK = _core.ENGINE_TICK
"""Seconds that qwop-gym's update after a reset adds to the clock: its cap, mostly reached."""

UNITS_PER_METER = _core.UNITS_PER_METER
"""World units in a meter of the game's score."""

PIXELS_PER_UNIT = _core.PIXELS_PER_UNIT
SCREEN_WIDTH, SCREEN_HEIGHT = _core.SCREEN_SIZE
"""The game's picture, pixels."""

TRACK_Y = _core.TRACK_Y
"""Surface of the track."""

HURDLE_X, FINISH_X = _core.HURDLE_X, _core.FINISH_X

CONTACT_RANGE = _core.CONTACT_RANGE
"""Distance of two shapes at which the game's physics makes a contact."""

TORSO_RANGE = _core.TORSO_RANGE
"""The torso's distances in meters beyond which qwop-gym ends an episode."""

PARTS = _core.PARTS
"""Body parts in the order in which observations list them."""

FIELDS = ("x", "y", "angle", "vx", "vy")
"""What observations tell of each part: world units (a tenth of a meter, y down), radians, per
second."""

FINISH_SCORE = _core.FINISH_SCORE
"""Meters; the game shows this or more after a landing beyond them."""


class Box(NamedTuple):
    """A body's shape, the pose of its middle when the page is loaded, and its density."""

    width_px: float
    height_px: float
    density: float
    pose: tuple[float, float, float]

    @property
    def half_size(self) -> tuple[float, float]:
        """Half width and half height, world units."""
        return self.width_px / (2 * PIXELS_PER_UNIT), self.height_px / (2 * PIXELS_PER_UNIT)


class Joint(NamedTuple):
    """Two parts and the angle between them.

    The angle is the second part's minus the first's minus `rest`; `lower` and `upper` are the
    widest limits that the keys set.
    """

    first: str
    second: str
    rest: float
    lower: float
    upper: float


BOXES = {name: Box(*fact) for name, fact in _core.BOXES.items()}
"""The runner's parts and the hurdle's, "hurdleBase" and "hurdleTop"."""

JOINTS = {name: Joint(*fact[:2], *fact[3:]) for name, fact in _core.JOINTS.items()}
"""The joints between the runner's parts."""

JOINT_ANCHORS = {name: fact[2] for name, fact in _core.JOINTS.items()}
"""Where each joint is when the page is loaded."""

FALLEN, JUMPED, LANDED, ENDED, LEFT_FOOT_DOWN, RIGHT_FOOT_DOWN, HURDLE_TOUCHED = (
    _core.EVENTS[name]
    for name in (
        "fallen",
        "jumped",
        "landed",
        "ended",
        "left_foot_down",
        "right_foot_down",
        "hurdle_touched",
    )
)
"""Bits of the events of a game in a `GamePool`."""

RECORD_FRAMES = 1366
RECORD_SECONDS = 45.53
"""The fastest known 100 m by a human: from the start to the landing."""
