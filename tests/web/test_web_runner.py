"""The page draws the runner that the native canvas draws: one table, two painters."""

import base64

import numpy as np
import pytest

from qwop_native import Game, _core, load_recording
from qwop_native.champion import runs
from qwop_native.facts import BOXES, JOINT_ANCHORS, PARTS, TRACK_Y
from qwop_native.render.design import design
from qwop_native.render.runner import Runner, ghost_colors
from qwop_native.render.still import pixels_of
from qwop_native.render.view import View

pytestmark = pytest.mark.slow  # the page is compiled first

SIDE, SCALE = 480, 24.0  # pixels; pixels a world unit
BACK = 0xD8ECF3
GHOST = 0xB0457B

PICTURE = """
async ([state, [left, top, scale, side], ghost]) => {
  const { drawRunner, ghostColors, loadRunner } = await import("./js/runner.js");
  await loadRunner("runner.json");
  const canvas = Object.assign(document.createElement("canvas"), { width: side, height: side });
  const ctx = canvas.getContext("2d");
  ctx.fillStyle = "#d8ecf3";
  ctx.fillRect(0, 0, side, side);
  ctx.setTransform(scale, 0, 0, scale, -left * scale, -top * scale);
  drawRunner(ctx, state, ghost ? ghostColors(ghost) : undefined);
  return canvas.toDataURL("image/png").split(",")[1];
}
"""


def running(frames):
    recording = load_recording(next(path for path in runs() if path.stem == "fastest-glibc"))
    game = Game("glibc")
    game.start()
    game.reset()
    for keys in recording.keys[:frames]:
        game.step(int(keys), after_end=True)
    return game


def fallen():
    game = Game()
    game.start()
    game.step(5, 120, after_end=True)
    assert game.fallen
    return game


def landed():
    game = running(1087)
    assert game.jump_landed
    return game


def state_of(game):
    names = ("x", "y", "angle", "vx", "vy", "omega")
    bodies = zip(PARTS, game.bodies.tolist(), strict=True)
    return {
        "bodies": {part: dict(zip(names, row, strict=True)) for part, row in bodies},
        "fallen": game.fallen,
        "landed": game.jump_landed,
        "frames": game.frames,
    }


def blinking():
    game = running(107)
    assert design().mood(False, False, game.frames) == "blinking"
    return game


@pytest.mark.parametrize("pose", [lambda: running(600), fallen, landed, blinking])
@pytest.mark.parametrize("ghost", [None, GHOST], ids=["own", "ghost"])
def test_the_page_and_the_canvas_draw_the_same_runner(page, pose, ghost):
    game = pose()
    x, y = game.bodies[0, :2]
    left, top = float(x) - SIDE / SCALE / 2, float(y) - SIDE / SCALE / 2
    canvas = _core.Canvas(SIDE, SIDE)
    canvas.gradient((0, 0), (SIDE, SIDE), BACK, BACK)
    view = View(left, SCALE, (TRACK_Y - top) * SCALE, SIDE, SIDE)
    Runner(canvas, view, game, ghost_colors(ghost) if ghost else None).draw()
    color = f"#{ghost:06x}" if ghost else None
    shown = page.evaluate(PICTURE, [state_of(game), [left, top, SCALE, SIDE], color])
    native = canvas.pixels().astype(int)
    apart = np.abs(native - pixels_of(base64.b64decode(shown)).astype(int)).max(axis=2)
    drawn = (native != [BACK >> 16, BACK >> 8 & 255, BACK & 255]).any(axis=2).sum()
    assert drawn > 20_000
    # Only edges may differ, where each smooths in its own way, and curves are straight pieces.
    assert (apart > 16).sum() < 0.05 * drawn
    assert (apart > 100).sum() < 0.002 * drawn


def test_limbs_meet_at_the_games_own_joints():
    ends = {}
    for shape in design().shapes:
        if shape.kind == "limb" and shape.part != "head":
            ends.setdefault(shape.part, []).extend(shape.points)
    joints = [
        (f"{side}{joint}", f"{side}{part}")
        for side in ("left", "right")
        for joint, part in (
            ("Hip", "Thigh"),
            ("Knee", "Thigh"),
            ("Knee", "Calf"),
            ("Ankle", "Calf"),
            ("Shoulder", "Arm"),
            ("Elbow", "Arm"),
            ("Elbow", "Forearm"),
        )
    ]
    for joint, part in joints:
        x, y, angle = BOXES[part].pose
        turn = complex(np.cos(angle), np.sin(angle))
        anchor = complex(*JOINT_ANCHORS[joint])
        assert min(abs(complex(x, y) + turn * end - anchor) for end in ends[part]) < 0.01
