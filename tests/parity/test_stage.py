"""Recordings and policies in the real game: the same bits, from the same starts."""

import subprocess
import sys

import numpy as np
import pytest

from qwop_native import load_recording
from qwop_native.recording import click_start, env_start, make_recording, reset_start
from qwop_native.recording.stage import NativeStage, run_policy

pytestmark = pytest.mark.browser

KEYS = np.repeat(np.random.default_rng(3).integers(0, 16, 60), 3)


@pytest.fixture(scope="module")
def stage(browser, game_files):
    from qwop_native.parity.record import flavor_of
    from qwop_native.parity.stage import BrowserStage

    opened = BrowserStage(browser, game_files, flavor_of(browser))
    yield opened
    opened.close()


@pytest.mark.parametrize("page", [click_start(7), reset_start(2), env_start(4), env_start(3, 2)])
def test_a_recording_plays_in_the_real_game(stage, page):
    from qwop_native.parity.stage import compare_with_native

    recording = make_recording(KEYS, stage.sincos, page)
    rows = stage.play(recording)
    assert len(rows) == len(KEYS) + 1
    assert compare_with_native(recording, rows) is None
    changed = make_recording(KEYS[::-1], stage.sincos, page)
    assert compare_with_native(changed, rows) is not None


def test_a_policy_plays_the_same_run_here_and_there(stage):
    class ByTorso:
        grid = None

        def reset(self):
            self.turn = 0

        def keys(self, row):
            self.turn += 1
            return [9 if row["bodies"][0, 2] * 1000 % 2 < 1 else 6] * (1 + self.turn % 3)

    runs = [
        run_policy(each, reset_start(5), ByTorso(), 200)
        for each in (stage, NativeStage(stage.sincos))
    ]
    assert runs[0][0] == runs[1][0]
    assert np.array_equal(runs[0][1], runs[1][1])


def test_the_command_plays_a_recording_and_keeps_the_last_picture(tmp_path, game_dir):
    recording = make_recording(KEYS[:60])
    recording.save(tmp_path / "run.qwop")
    picture = tmp_path / "last.png"
    arguments = ["--browser", "--game-dir", game_dir, "--screenshot", str(picture)]
    program = [sys.executable, "-m", "qwop_native", "replay", str(tmp_path / "run.qwop")]
    # A process of its own: Playwright runs once in each.
    done = subprocess.run([*program, *arguments], capture_output=True, text=True, check=True)
    assert "equal in every bit of 61 states" in done.stdout
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert load_recording(tmp_path / "run.qwop") == recording
