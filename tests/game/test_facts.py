"""The facts that Python sees are those that were measured in the running game."""

from measured_facts import JOINTS, SIZES

from qwop_native import Game, facts


def test_boxes():
    assert {name: box[:2] for name, box in facts.BOXES.items()} == SIZES
    dense = {name for name, box in facts.BOXES.items() if box.density != 1}
    assert dense == {"leftFoot", "rightFoot"}
    assert facts.BOXES["rightFoot"].density == 3
    assert facts.BOXES["hurdleTop"].half_size == (0.5375, 3.65)


def test_the_boxes_poses_are_those_of_a_fresh_game():
    game = Game()
    poses = dict(zip(facts.PARTS, game.bodies[:, :3].tolist(), strict=True))
    assert poses == {part: list(facts.BOXES[part].pose) for part in facts.PARTS}


def test_joints():
    assert facts.JOINTS == JOINTS
    assert list(facts.JOINTS) == list(JOINTS) == list(facts.JOINT_ANCHORS)
    assert facts.JOINT_ANCHORS["leftKnee"] == (3.384323411985692, 3.5168931240916876)


def test_events():
    bits = (
        facts.FALLEN,
        facts.JUMPED,
        facts.LANDED,
        facts.ENDED,
        facts.LEFT_FOOT_DOWN,
        facts.RIGHT_FOOT_DOWN,
        facts.HURDLE_TOUCHED,
    )
    assert bits == (1, 2, 4, 8, 16, 32, 64)


def test_numbers():
    assert facts.FLAVORS == ("glibc", "glibc-fma", "fdlibm")
    assert facts.DEFAULT_SINCOS == Game().sincos == "glibc"
    assert (facts.FRAMES_PER_SECOND, facts.UNITS_PER_METER, facts.PIXELS_PER_UNIT) == (30, 10, 20)
    assert (facts.PHYSICS_STEP, facts.ENGINE_TICK) == (0.04, 0.25)
    assert (facts.SCREEN_WIDTH, facts.SCREEN_HEIGHT) == (640, 400)
    assert (facts.TRACK_Y, facts.HURDLE_X, facts.FINISH_X) == (10.74275 - 1.6, 500, 1000)
    assert facts.CONTACT_RANGE == 0.01
    assert facts.TORSO_RANGE == (-10, 105)
