"""Pictures: the same everywhere, of any size, and gymnasium's contracts for them."""

import subprocess
import sys
from pathlib import Path

import gymnasium as gym
import numpy as np
import pytest

import qwop_native
from qwop_native import Game, QwopEnv, QwopVectorEnv, _core, load_recording
from qwop_native.render.font import draw_text, text_width
from qwop_native.render.pace import Pace
from qwop_native.render.panel import Choice
from qwop_native.render.picture import Renderer


def played(frames=40):
    game = Game()
    game.start()
    game.reset()
    game.step(9, frames)
    return game


def test_a_canvas_covers_what_a_shape_covers():
    canvas = _core.Canvas(20, 10)
    canvas.gradient((0, 0), (20, 10), 0x102030, 0x102030)
    canvas.polygon([(4, 2), (10, 2), (10, 8), (4, 8)], 0, 0xFF0000)
    canvas.capsule((15, 5), 2, (15, 5), 2, 0x00FF00, 0.5)
    pixels = canvas.pixels()
    assert pixels.shape == (10, 20, 3)
    assert pixels.dtype == np.uint8
    assert pixels[5, 7].tolist() == [255, 0, 0]
    assert pixels[5, 1].tolist() == [16, 32, 48]
    assert pixels[5, 15].tolist() == [8, 144, 24]
    half = _core.Canvas(3, 1)
    half.gradient((0, 0), (1.5, 1), 0xC80000, 0xC80000)
    assert half.pixels()[0, :, 0].tolist() == [200, 100, 0]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda c: _core.Canvas(0, 5), "1 to 8192 pixels"),
        (lambda c: c.capsule((0, float("nan")), 1, (0, 0), 1, 0), "finite"),
        (lambda c: c.polygon([(0, 0), (1, float("inf"))], 1, 0), "finite"),
        (lambda c: c.gradient((0, 0), (1, 1), 0, 0, 1.5), "alpha"),
    ],
)
def test_impossible_shapes_are_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call(_core.Canvas(5, 5))


def test_shapes_outside_leave_the_canvas_alone():
    canvas = _core.Canvas(8, 8)
    canvas.capsule((-1e30, 5), 2, (-1e20, 5), 3, 0xFFFFFF)
    canvas.polygon([(1e9, 1e9), (1e9, 2e9), (2e9, 1e9)], 4, 0xFFFFFF)
    canvas.gradient((90, 90), (1e30, 1e30), 0xFFFFFF, 0xFFFFFF)
    assert not canvas.pixels().any()


def test_text_has_the_width_it_says():
    canvas = _core.Canvas(200, 30)
    draw_text(canvas, "QWOP 45.53", (10, 5), 18, 0xFFFFFF)
    columns = np.flatnonzero(canvas.pixels().any(axis=(0, 2)))
    assert abs(columns[0] - 10) <= 3
    assert abs(columns[-1] - (10 + text_width("QWOP 45.53", 18))) <= 3


@pytest.mark.parametrize(("width", "height"), [(64, 64), (640, 400), (321, 777)])
def test_pictures_are_deterministic_and_of_any_size(width, height):
    game = played()
    before = game.state_hash()
    pictures = [Renderer(width, height).draw(game, [played(60)]) for _ in range(2)]
    assert pictures[0].shape == (height, width, 3)
    assert np.array_equal(*pictures)
    assert game.state_hash() == before
    assert not np.array_equal(pictures[0], Renderer(width, height).draw(played(41), [played(60)]))


def test_a_picture_shows_keys_ghosts_and_numbers():
    game = played()
    renderer, plain = Renderer(640, 400), Renderer(640, 400).draw(game)
    assert not np.array_equal(plain, renderer.draw(game, ghosts=[played(90)]))
    assert not np.array_equal(plain, renderer.draw(game, message="ready"))
    released = game.copy()
    released.release()
    changed = np.argwhere((plain != renderer.draw(released)).any(axis=2))
    assert changed[:, 0].min() > 340  # only the lamps at the bottom
    choice = Choice("Q", ["-", "Q"], [0.1, 2.0], 1)
    with_panel = Renderer(640, 400, panel=True)
    assert not np.array_equal(with_panel.draw(game), with_panel.draw(game, choice=choice))


def test_a_pace_runs_evenly_and_is_told_where_it_is_out_of_the_picture():
    pace = Pace(36.0)
    assert [pace.x(frames) for frames in (0, 540, 1080, 2000)] == [0, 500, 1000, 1000]
    game = Game()
    run = load_recording(Path(qwop_native.__file__).parent / "champion" / "fastest-glibc.qwop")
    run.prepare(game)
    for mask in run.keys[:500].tolist():
        game.step(mask)
    # 39.9 m: beside the runner, beyond the right edge, beyond the left one.
    pictures = [Renderer(320, 200, pace=seconds).draw(game) for seconds in (41.8, 30.0, 60.0)]
    drawn = [picture[54:72] for picture in pictures]  # where both lines of text are
    ahead, behind = ((drawn[0] != each).any(axis=(0, 2)) for each in drawn[1:])
    assert ahead[-40:].any()
    assert not ahead[:40].any()
    assert behind[:40].any()
    assert not behind[-40:].any()
    for seconds in (0.0, 3601.0, float("nan")):
        with pytest.raises(ValueError, match=r"a pace must be 1 to 3600 seconds .* got"):
            Renderer(320, 200, pace=seconds)


def test_environments_draw():
    env = QwopEnv(render_mode="rgb_array", render_size=(96, 64), frames_per_step=4)
    env.reset()
    first = env.render()
    env.step(9)
    assert first.shape == (64, 96, 3)
    assert not np.array_equal(first, env.render())
    made = gym.make("QWOP-v1", render_mode="rgb_array")
    made.reset()
    assert made.render().shape == (400, 640, 3)
    many = QwopVectorEnv(2, render_mode="rgb_array", render_size=(96, 64), frames_per_step=4)
    many.reset()
    many.step(np.array([9, 0]))
    pictures = many.render()
    assert len(pictures) == 2
    assert not np.array_equal(*pictures)
    for size, error in (((10, 10), ValueError), ("big", TypeError), ((1.5, 300), TypeError)):
        with pytest.raises(error, match="render_size"):
            QwopEnv(render_mode="rgb_array", render_size=size)


def test_games_of_stable_baselines_draw():
    pytest.importorskip("stable_baselines3")
    from qwop_native.sb3 import QwopVecEnv

    env = QwopVecEnv(2, render_mode="rgb_array", render_size=(96, 64))
    env.reset()
    assert [each.shape for each in env.get_images()] == [(64, 96, 3)] * 2
    env.close()


def test_nothing_is_imported_that_is_not_needed(tmp_path):
    code = (
        "import sys, qwop_native; env = qwop_native.QwopEnv(); env.reset(); "
        "print([name for name in sys.modules if 'render' in name and 'qwop' in name "
        "or name.split('.')[0] in ('pygame', 'imageio_ffmpeg', 'PIL')])"
    )
    program = [sys.executable, "-c", code]
    done = subprocess.run(program, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("ending", "magic"), [(".mp4", b"ftyp"), (".gif", b"GIF8"), (".webp", b"WEBP")]
)
def test_videos_are_whole_files(tmp_path, ending, magic):
    pytest.importorskip("imageio_ffmpeg")
    from qwop_native.render.video import VideoWriter

    path = tmp_path / f"run{ending}"
    game, renderer = played(), Renderer(96, 64)
    with VideoWriter(path) as video:
        for _ in range(6):
            video.add(renderer.draw(game))
            game.step(6)
    assert magic in path.read_bytes()[:16]
    assert [each.name for each in tmp_path.iterdir()] == [path.name]


def test_videos_refuse_other_endings_and_leave_nothing_behind(tmp_path):
    pytest.importorskip("imageio_ffmpeg")
    from qwop_native.render.video import VideoWriter

    with pytest.raises(ValueError, match=r"ends in \.mp4"):
        VideoWriter(tmp_path / "run.avi")
    with pytest.raises(FileNotFoundError, match="no folder"):
        VideoWriter(tmp_path / "none" / "run.mp4")

    class StoppedError(Exception):
        pass

    def stop_midway():
        with VideoWriter(tmp_path / "run.mp4") as video:
            video.add(Renderer(64, 64).draw(played()))
            raise StoppedError

    with pytest.raises(StoppedError):
        stop_midway()
    assert list(tmp_path.iterdir()) == []


def test_no_window_is_for_a_person_where_nobody_could_see_it(monkeypatch):
    pytest.importorskip("pygame", reason="windows need the extra render")
    from qwop_native.render.window import Window

    for name in ("DISPLAY", "WAYLAND_DISPLAY", "SDL_VIDEODRIVER", "SDL_VIDEO_DRIVER"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(RuntimeError, match="no window can be opened"):
        Window((64, 48), for_a_person=True)
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    window = Window((64, 48), for_a_person=True)
    window.show(np.zeros((48, 64, 3), np.uint8))
    window.close()
