"""QWOP's runner in stock Box2D, through its Python binding (``import Box2D``, float32).

The same boxes, joints, limits, motors and masks, the same step (0.04 s, 5 velocity and 5 position
sweeps) and ground. Not a bit-exact game: Box2D's float32 sees to that, and its polygon radius is
twice the game's.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

try:
    import Box2D
except ImportError as error:
    raise ImportError(
        "Box2D's Python binding is not installed: pip install Box2D (or box2d-py)"
    ) from error

DT = 0.04
SWEEPS = 5
SCALE = 20.0  # px per world unit
TILE = 32.0  # length of a ground tile
CAMERA_OFFSET = -14.0  # from the torso to the left edge of the view


@dataclass(frozen=True)
class Part:
    """One box of the runner: size in px, place in world units, angle in rad."""

    name: str
    width: float
    height: float
    x: float
    y: float
    angle: float
    density: float = 1.0
    friction: float = 0.2


@dataclass(frozen=True)
class Joint:
    """One revolute joint: anchors in world units, angles in rad; torque 0 means no motor."""

    name: str
    a: str
    b: str
    anchor_a: tuple[float, float]
    anchor_b: tuple[float, float]
    lower: float
    upper: float
    torque: float
    reference: float


# fmt: off
PARTS = (
    Part("torso", 131, 57, 2.5111726226000157, -1.8709517533957938, -1.2514497119301329),
    Part("head", 43, 53, 3.888130278719558, -5.621802929095265, 0.06448415835225099),
    Part("leftForearm", 70, 22, 5.830008603424893, -2.8733539631159584, -1.2049772618421237),
    Part("leftThigh", 101, 40, 2.5648987628203876, 1.648090668682522, -2.0177234426823394),
    Part("leftArm", 74, 25, 4.417861014480877, -2.806563606410589, 0.9040095895272826),
    Part("leftCalf", 100, 30, 3.12585731974087, 5.525511655361298, -1.5903971528225265),
    Part("leftFoot", 54, 27, 3.926921842806667, 8.08884032049622, 0.12027524643408766, 3, 1.5),
    Part("rightForearm", 89, 27, 0.4078206420797428, -1.0599953233084172, -1.7553358283857299),
    Part("rightArm", 78, 30, 1.1812303663272852, -3.5000256518601014, -0.5222217404634386),
    Part("rightCalf", 100, 30, -0.07253905736790486, 5.347881871063159, -0.7588859967104447),
    Part("rightFoot", 54, 29, -1.1254742643908706, 7.567193169625567, 0.5897605418219602, 3, 1.5),
    Part("rightThigh", 106, 40, 1.6120186135678773, 2.0615320561881516, 1.4849422964528027),
)

JOINTS = (
    Joint("neck", "head", "torso", (3.5885141908253755, -4.526224223627244),
          (3.588733341630704, -4.526434658500262), -0.5, 0, 0, -1.308996406363529),
    Joint("rightShoulder", "rightArm", "torso", (2.228476821818547, -4.086468732185028),
          (2.228929993886102, -4.08707555939957), -0.5, 1.5, 1000, -0.7853907065463961),
    Joint("leftShoulder", "leftArm", "torso", (3.6241979856895377, -3.5334881618011442),
          (3.6241778782207157, -3.533950434531982), -2, 0, 1000, -2.09438311816829),
    Joint("leftHip", "leftThigh", "torso", (2.0030339754142847, 0.23737160622781284),
          (2.003367181376716, 0.23802590387419476), -1.5, 0.5, 6000, 0.7258477508944043),
    Joint("rightHip", "rightThigh", "torso", (1.2475900729227194, -0.011046642863645761),
          (1.2470052823973599, -0.011635347168778898), -1.3, 0.7, 6000, -2.719359381718199),
    Joint("leftElbow", "leftForearm", "leftArm", (5.525375332758792, -1.63856204930891),
          (5.52537532948459, -1.6385620366077662), -0.1, 0.5, 0, 2.09438311816829),
    Joint("rightElbow", "rightForearm", "rightArm", (-0.006090859076100963, -2.8004758838752157),
          (-0.0060908611708438976, -2.8004758929205846), -0.1, 0.5, 0, 1.2968199012274688),
    Joint("leftKnee", "leftCalf", "leftThigh", (3.384323411985692, 3.5168931240916876),
          (3.3844684376952108, 3.5174122997898016), -1.6, 0, 3000, -0.3953113764119829),
    Joint("rightKnee", "rightCalf", "rightThigh", (1.4982369235492752, 4.175600306005656),
          (1.4982043532615996, 4.17493520671361), -1.3, 0.3, 3000, 2.2893406247158676),
    Joint("leftAnkle", "leftFoot", "leftCalf", (3.312322507818897, 7.947704853895541),
          (3.3123224825088817, 7.947704836256229), -0.5, 0.5, 0, -1.7244327585010226),
    Joint("rightAnkle", "rightFoot", "rightCalf", (-1.6562855402197227, 6.961551452557676),
          (-1.655726670462596, 6.961493826969391), -0.5, 0.5, 0, -1.5708045825942758),
)
# fmt: on

# Touching the ground with one of these is a fall.
FALLING_PARTS = ("head", "leftArm", "leftForearm", "rightArm", "rightForearm")


class Box2dRagdoll:
    """A freshly placed runner on three ground tiles that follow it, with block and hurdle."""

    def __init__(self) -> None:
        self.world = Box2D.b2World(gravity=(0, 10), doSleep=True)
        self.world.continuousPhysics = False
        self._tiles = [
            self._add_box((TILE * i, 10.74275), 640, 64, density=30, category=1, mask=65535)
            for i in (-1, 0, 1)
        ]
        self._add_surroundings()
        self.bodies = {part.name: self._add_part(part) for part in PARTS}
        self.joints = {joint.name: self._add_joint(joint) for joint in JOINTS}
        self._head_torque = 0.0

    def prepare(self, keys: int) -> None:
        """Does what the game does before each step: ground, head, keys (Q=1, W=2, O=4, P=8)."""
        self._follow()
        self._hold_head()
        self._press(keys)

    @property
    def fallen(self) -> bool:
        """Whether the head or an arm touches something: the ground, in the runner's reach."""
        return any(
            edge.contact.touching for name in FALLING_PARTS for edge in self.bodies[name].contacts
        )

    def _follow(self) -> None:
        first = math.floor((self.bodies["torso"].position.x + CAMERA_OFFSET) / TILE)
        for i, tile in enumerate(self._tiles):
            x = (first + i) * TILE
            if tile.position.x != x:
                tile.position = (x, tile.position.y)

    def _press(self, keys: int) -> None:
        swing = 2.5 if keys & 1 else -2.5 if keys & 2 else 0.0
        self.joints["rightHip"].motorSpeed = swing
        self.joints["leftHip"].motorSpeed = -swing
        self.joints["rightShoulder"].motorSpeed = -0.8 * swing
        self.joints["leftShoulder"].motorSpeed = 0.8 * swing
        bend = 2.5 if keys & 4 else -2.5 if keys & 8 else 0.0
        self.joints["rightKnee"].motorSpeed = bend
        self.joints["leftKnee"].motorSpeed = -bend
        if keys & 4:
            self.joints["leftHip"].limits = (-1.0, 1.0)
            self.joints["rightHip"].limits = (-1.3, 0.7)
        elif keys & 8:
            self.joints["leftHip"].limits = (-1.5, 0.5)
            self.joints["rightHip"].limits = (-0.8, 1.2)

    def _hold_head(self) -> None:
        """Adds to the torque that keeps the head up; it accumulates over the game."""
        head = self.bodies["head"]
        self._head_torque += -4.0 * (head.angle + 0.2)
        head.ApplyTorque(self._head_torque, True)

    def _add_surroundings(self) -> None:
        self._add_box((-39.99625, 2.10625), 251, 299, category=1, mask=65535)
        base = self._add_box((500, 8.775), 67, 12, dynamic=True, category=4, mask=65529)
        top = self._add_box((500.865, 5.0575), 21.5, 146, dynamic=True, category=4, mask=65531)
        self.world.CreateRevoluteJoint(
            bodyA=top,
            bodyB=base,
            localAnchorA=(3.6 / SCALE, 74.6 / SCALE),
            localAnchorB=(20.9 / SCALE, 0.25 / SCALE),
            enableLimit=True,
        )
        base.awake = top.awake = False

    def _add_part(self, part: Part) -> Box2D.b2Body:
        return self._add_box(
            (part.x, part.y),
            part.width,
            part.height,
            dynamic=True,
            angle=part.angle,
            density=part.density,
            friction=part.friction,
            category=2,
            mask=65533,
        )

    def _add_box(
        self,
        position: tuple[float, float],
        width: float,
        height: float,
        *,
        category: int,
        mask: int,
        dynamic: bool = False,
        angle: float = 0.0,
        density: float = 1.0,
        friction: float = 0.2,
    ) -> Box2D.b2Body:
        create = self.world.CreateDynamicBody if dynamic else self.world.CreateStaticBody
        body = create(position=position, angle=angle)
        body.CreatePolygonFixture(
            box=(0.5 * width / SCALE, 0.5 * height / SCALE),
            density=density,
            friction=friction,
            categoryBits=category,
            maskBits=mask,
        )
        return body

    def _add_joint(self, joint: Joint) -> Box2D.b2RevoluteJoint:
        a, b = self.bodies[joint.a], self.bodies[joint.b]
        return self.world.CreateRevoluteJoint(
            bodyA=a,
            bodyB=b,
            localAnchorA=a.GetLocalPoint(joint.anchor_a),
            localAnchorB=b.GetLocalPoint(joint.anchor_b),
            referenceAngle=joint.reference,
            lowerAngle=joint.lower,
            upperAngle=joint.upper,
            enableLimit=True,
            enableMotor=joint.torque > 0,
            maxMotorTorque=joint.torque,
            motorSpeed=0.0,
            collideConnected=False,
        )
