"""Facts of the game as they were measured, written down apart from the engine's own."""

# Width and height in pixels.
SIZES = {
    "torso": (131, 57),
    "head": (43, 53),
    "leftArm": (74, 25),
    "leftCalf": (100, 30),
    "leftFoot": (54, 27),
    "leftForearm": (70, 22),
    "leftThigh": (101, 40),
    "rightArm": (78, 30),
    "rightCalf": (100, 30),
    "rightFoot": (54, 29),
    "rightForearm": (89, 27),
    "rightThigh": (106, 40),
    "hurdleBase": (67, 12),
    "hurdleTop": (21.5, 146),
}

# Two parts, the angle between them at rest, and the widest limits that the keys set, radians.
JOINTS = {
    "neck": ("head", "torso", -1.308996406363529, -0.5, 0),
    "rightShoulder": ("rightArm", "torso", -0.7853907065463961, -0.5, 1.5),
    "leftShoulder": ("leftArm", "torso", -2.09438311816829, -2, 0),
    "leftHip": ("leftThigh", "torso", 0.7258477508944043, -1.5, 1),
    "rightHip": ("rightThigh", "torso", -2.719359381718199, -1.3, 1.2),
    "leftElbow": ("leftForearm", "leftArm", 2.09438311816829, -0.1, 0.5),
    "rightElbow": ("rightForearm", "rightArm", 1.2968199012274688, -0.1, 0.5),
    "leftKnee": ("leftCalf", "leftThigh", -0.3953113764119829, -1.6, 0),
    "rightKnee": ("rightCalf", "rightThigh", 2.2893406247158676, -1.3, 0.3),
    "leftAnkle": ("leftFoot", "leftCalf", -1.7244327585010226, -0.5, 0.5),
    "rightAnkle": ("rightFoot", "rightCalf", -1.5708045825942758, -0.5, 0.5),
}
