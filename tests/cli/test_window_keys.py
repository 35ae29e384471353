"""The keys of the window: what a person presses in it, and what becomes of the run."""

from typing import ClassVar

import numpy as np
import pytest

from qwop_native import load_recording
from qwop_native.cli import main as cli
from qwop_native.cli import screen
from qwop_native.recording import make_recording
from qwop_native.render.window import WindowClosedError


class TypedWindow:
    """A window in which the n-th picture shown meets what is typed for it; "close" closes it."""

    typed: ClassVar[dict[int, list[str]]] = {}
    held = 0

    def __init__(self, size, title="", for_a_person=False):
        self.shown, self.keys = 0, []
        TypedWindow.last = self

    def show(self, picture):
        self.shown += 1
        self.keys += self.typed.get(self.shown, [])
        if self.shown > 500:
            raise AssertionError("nothing ended the run")

    def pace(self, per_second):
        pass

    def pressed(self):
        keys, self.keys = self.keys, []
        if "close" in keys:
            raise WindowClosedError
        return keys

    def mask(self):
        return self.held

    def close(self):
        pass


@pytest.fixture
def play(tmp_path, monkeypatch):
    """Plays with keys typed by the number of the picture; gives the recordings by name."""
    monkeypatch.setattr(screen, "Window", TypedWindow)
    monkeypatch.setattr(TypedWindow, "held", 0b1001)

    def run(typed, *arguments):
        monkeypatch.setattr(TypedWindow, "typed", typed)
        out = ["--out", str(tmp_path), "--size", "64x64"]
        assert cli.main(["play", *out, *arguments]) == 0
        saved = sorted(tmp_path.glob("*.qwop"), key=lambda path: path.stat().st_mtime_ns)
        runs = [load_recording(path) for path in saved]
        for each in runs:
            each.play()
        return runs

    return run


def test_the_intro_waits_for_a_click_and_counts(play):
    runs = play({3: ["s"], 6: ["click"], 20: ["s", "escape"]})
    assert [str(each.page) for each in runs] == ["idle*6 click"]
    assert len(runs[0].keys) > 10


def test_keys_that_are_given_play_without_a_click(play):
    (run,) = play({60: ["escape"]}, "--keys", "QP*8 WO*20", "--save-all")
    assert run.keys.tolist() == [9] * 8 + [6] * 20


def test_escape_ends_on_the_intro(play):
    assert play({2: ["escape"]}, "--save-all") == []


def test_saving_does_not_end_the_run(play):
    runs = play({1: ["space"], 10: ["s"], 20: ["s"], 21: ["s"], 30: ["escape"]})
    assert len(runs) == 3  # two of them within one second
    assert len(runs[0].keys) < len(runs[1].keys) < len(runs[2].keys)


def test_space_starts_again_with_the_games_restart(play):
    runs = play({1: ["space"], 10: ["space"], 20: ["s", "escape"]})
    assert runs[0].start == "reset"


def test_a_closed_window_keeps_the_game_that_was_to_be_kept(play, tmp_path):
    assert len(play({1: ["space"], 12: ["close"]}, "--save-all")) == 1
    assert len(list(tmp_path.glob("*.rec"))) == 1


def test_back_from_the_end_the_game_goes_on(play):
    """The fall is about 160 frames away."""
    typed = {1: ["space"], 220: ["s", "left", "tab"], 225: ["s", "tab"], 350: ["s", "escape"]}
    fallen, rewound, again = play(typed)
    assert fallen.metadata["result"]["ended"]
    assert len(rewound.keys) == len(fallen.keys) - 30
    assert not rewound.metadata["result"]["ended"]
    assert again.metadata["result"]["ended"]
    assert np.array_equal(again.keys, fallen.keys)


def test_pause_step_and_speed(play):
    paused = {1: ["space"], 10: ["tab"], 20: ["right"], 30: ["right"]}
    runs = play({**paused, 40: ["s"], 41: ["up", "up", "tab"], 46: ["s", "escape"]})
    assert len(runs[0].keys) == 8 + 2
    assert len(runs[1].keys) == len(runs[0].keys) + 4 * 4  # the picture of the tab stands


def test_a_replay_goes_again_and_on_to_the_next(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(screen, "Window", TypedWindow)
    for name in ("a", "b"):
        make_recording([0] * 5).save(tmp_path / f"{name}.qwop")
    monkeypatch.setattr(TypedWindow, "typed", {15: ["r"], 30: ["space"], 60: ["escape"]})
    assert cli.main(["replay", str(tmp_path / "*.qwop"), "--size", "64x64"]) == 0
    assert capsys.readouterr().out.count("hashes agree") == 2
    assert TypedWindow.last.shown == 60


def test_several_runs_are_one_video(tmp_path):
    imageio_ffmpeg = pytest.importorskip("imageio_ffmpeg")
    pytest.importorskip("PIL")
    for name in ("a", "b"):
        make_recording([0] * 5).save(tmp_path / f"{name}.qwop")
    counted = []
    for speed in ("1", "0.5", "2"):
        video = tmp_path / f"{speed}.mp4"
        shown = ["--video", str(video), "--size", "64x64", "--speed", speed]
        assert cli.main(["replay", str(tmp_path / "*.qwop"), *shown]) == 0
        frames, seconds = imageio_ffmpeg.count_frames_and_secs(str(video))
        counted.append((frames, round(seconds * 15)))
    one = 2 * (6 + 45)  # the start, five frames and the end for a second and a half
    assert counted == [(one, one // 2), (one, one), (2 * (3 + 45), 2 * (3 + 45) // 2)]
