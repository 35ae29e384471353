"""Replay and spectate as a user calls them, where no window and no browser is needed."""

import json
import subprocess
import sys
from importlib.util import find_spec

import numpy as np
import pytest

from qwop_native import load_recording
from qwop_native.cli import main as cli
from qwop_native.cli.common import starts
from qwop_native.qwop_gym.rec import rec_of
from qwop_native.recording import Grid, make_recording


@pytest.fixture
def run(tmp_path):
    recording = make_recording(np.tile([9, 9, 9, 9, 6, 6, 6, 6], 15), grid=Grid(4, "reduced"))
    recording.save(tmp_path / "run.qwop")
    return recording


class Stepper:
    """A policy without a model: alternates by where the torso is."""

    grid = None

    def reset(self):
        self.step = 0

    def keys(self, row):
        self.step += 1
        return [9, 9, 9] if row["bodies"][0, 2] > -0.2 or self.step % 4 < 2 else [6, 6]


def test_replay_checks_runs(tmp_path, run, capsys):
    assert cli.main(["replay", str(tmp_path / "*.qwop"), "--check"]) == 0
    assert "5 hashes agree" in capsys.readouterr().out


def test_replay_says_where_a_run_parts(tmp_path, run, capsys):
    path = tmp_path / "run.qwop"
    path.write_text(
        path.read_text().replace("QP*4 WO*4", "QP*5 WO*3", 1).replace("_step: 4", "_step: 1")
    )
    assert cli.main(["replay", str(path), "--check"]) == 1
    assert "after frame 0 and no later than frame 30" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["replay", "nowhere.qwop", "--check"], "nowhere.qwop"),
        (["replay", "no*.qwop", "--check"], "no file fits"),
        (["replay", __file__, "--check"], "not a recording"),
        (["spectate", "nowhere.zip"], "there is no model"),
        (["spectate", "os:nothing"], "os has no factory 'nothing'"),
        (["spectate", "os:getcwd"], "cannot play: it has no grid"),
        (["replay", ".", "--check"], ".: is a directory"),
        pytest.param(
            ["spectate", __file__],
            "not a model of Stable-Baselines3",
            marks=pytest.mark.skipif(
                find_spec("stable_baselines3") is None, reason="models need the extra train"
            ),
        ),
        (["spectate", "test_replay_spectate:Stepper", "--starts", "click:5-2"], "ascending"),
        (["spectate", "test_replay_spectate:Stepper", "--starts", "jump"], "is not a start"),
    ],
)
def test_mistakes_are_one_sentence(arguments, message, capsys):
    assert cli.main(arguments) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1


def test_rec_files_are_replayed(tmp_path, capsys):
    from qwop_native import QwopEnv
    from qwop_native.recording import RecordEpisodes

    env = RecordEpisodes(QwopEnv(frames_per_step=4, reduced_action_set=True))
    env.reset()
    while not env.step(env.action_space.sample())[2]:
        pass
    path = tmp_path / "one.rec"
    rec_of([env.last]).save(path)
    grid = ["--frames-per-step", "4", "--action-set", "reduced"]
    assert cli.main(["replay", str(path), "--check", *grid]) == 0
    assert "episode 1: fell" in capsys.readouterr().out
    keep = ["--resets", "1", "--out", str(tmp_path / "kept"), "--rec", str(tmp_path / "again.rec")]
    assert cli.main(["replay", str(path), "--check", *grid, *keep]) == 0
    assert (tmp_path / "again.rec").read_bytes() == path.read_bytes()
    kept = load_recording(tmp_path / "kept" / "one-1.qwop")
    assert kept.keys.tolist() == env.last.keys.tolist()
    assert kept.play().state_hash() == env.last.play().state_hash()
    assert cli.main(["replay", str(path), "--check", *grid, *keep]) == 2
    assert "is there already" in capsys.readouterr().err
    assert cli.main(["replay", str(path), "--check"]) == 2
    assert "other frames per step" in capsys.readouterr().err


@pytest.mark.parametrize("option", [["--frames", "9"], ["--panel"], ["--ghost", "x.qwop"]])
def test_the_real_game_is_drawn_by_itself(tmp_path, run, option, capsys):
    assert cli.main(["replay", str(tmp_path / "run.qwop"), "--browser", *option]) == 2
    assert f"{option[0]} is for pictures of our own" in capsys.readouterr().err


def test_a_policy_plays_from_several_starts(tmp_path, capsys):
    arguments = ["--starts", "click:0-1,env:2", "--max-frames", "300", "--out", str(tmp_path / "o")]
    results = tmp_path / "results.json"
    stepper = ["test_replay_spectate:Stepper", "--results", str(results)]
    assert cli.main(["spectate", *stepper, *arguments, "--quiet"]) == 0
    entries = json.loads(results.read_text())
    assert [entry["start"] for entry in entries] == ["click:0", "click:1", "env:2"]
    assert "0 of 3 landed" in capsys.readouterr().out
    saved = load_recording(tmp_path / "o" / "click-1-glibc.qwop")
    assert saved.metadata["result"]["frames"] == entries[1]["frames"]
    assert saved.start == "click"
    saved.play()


def test_starts_name_pages():
    names, pages = zip(*starts("click:0-1, reset:7,env:2", 4), strict=True)
    assert names == ("click:0", "click:1", "reset:7", "env:2")
    assert [str(page) for page in pages] == [
        "click",
        "idle*1 click",
        "idle*7 click reset",
        "click -*4 tick release reset tick release reset tick",
    ]


@pytest.mark.parametrize("command", ["replay", "spectate"])
def test_help_shows_an_example(command, tmp_path):
    program = [sys.executable, "-m", "qwop_native", command, "-h"]
    done = subprocess.run(program, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert f"example:\n  qwop-native {command}" in done.stdout


def test_a_run_is_shown_in_a_video(tmp_path, run, capsys):
    pytest.importorskip("imageio_ffmpeg")
    pytest.importorskip("PIL")
    path, video, picture = (str(tmp_path / name) for name in ("run.qwop", "run.mp4", "end.png"))
    shown = ["--video", video, "--screenshot", picture, "--size", "96x64", "--frames", "5"]
    assert cli.main(["replay", path, "--ghost", path, *shown]) == 0
    assert b"ftyp" in (tmp_path / "run.mp4").read_bytes()[:16]
    assert (tmp_path / "end.png").read_bytes().startswith(b"\x89PNG")
    assert (
        cli.main(["play", "--keys", "QP*3 WO*3", "--out", str(tmp_path), "--save-all", *shown]) == 0
    )
    saved = [load_recording(each) for each in tmp_path.glob("qwop-*.qwop")]
    assert [each.keys.tolist() for each in saved] == [[9, 9, 9, 6, 6]]
    assert saved[0].start == "click"
    assert len(list(tmp_path.glob("qwop-*.rec"))) == 1


def test_a_moving_picture_has_the_pace_and_pictures_asked_for(tmp_path, run, capsys):
    pytest.importorskip("imageio_ffmpeg")
    image = pytest.importorskip("PIL.Image")
    video = tmp_path / "run.webp"
    shown = ["--size", "96x64", "--frames", "30", "--video", str(video)]
    assert cli.main(["replay", str(tmp_path / "run.qwop"), "--fps", "10", *shown]) == 0
    with image.open(video) as picture:
        # Each third frame and the start, then the end for 1.5 s; pictures alike may be one.
        assert 8 <= picture.n_frames <= 11 + 15
        assert picture.size == (96, 64)
        picture.seek(1)
        picture.load()
        assert picture.info["duration"] == 100  # milliseconds
    assert cli.main(["replay", str(tmp_path / "run.qwop"), "--pace", "0", *shown]) == 2
    assert "a pace must be 1 to 3600 seconds for the 100 m, got 0" in capsys.readouterr().err


def test_a_race_has_a_table(tmp_path, run, capsys):
    path = str(tmp_path / "run.qwop")
    arguments = ["race", path, "test_replay_spectate:Stepper", "--table", "--max-frames", "200"]
    assert cli.main(arguments) == 0
    assert capsys.readouterr().out.startswith("1. ")
    assert cli.main(["play", "--video", str(tmp_path / "x.mp4")]) == 2
    assert "--keys are needed" in capsys.readouterr().err


def test_a_screenshot_needs_no_window(tmp_path, run, monkeypatch):
    pytest.importorskip("PIL")
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    picture = tmp_path / "end.png"
    shown = ["--screenshot", str(picture), "--size", "96x64"]
    assert cli.main(["replay", str(tmp_path / "run.qwop"), *shown]) == 0
    assert picture.read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("name", "begin"),
    [("end.jpg", b"\xff\xd8\xff"), ("end.JPEG", b"\xff\xd8\xff"), ("end.webp", b"RIFF")],
)
def test_a_screenshot_is_what_its_name_says(tmp_path, run, name, begin):
    pytest.importorskip("PIL")
    picture = tmp_path / name
    shown = ["--screenshot", str(picture), "--size", "96x64"]
    assert cli.main(["replay", str(tmp_path / "run.qwop"), *shown]) == 0
    assert picture.read_bytes().startswith(begin)


def test_a_screenshot_of_another_kind_is_refused(tmp_path, run, capsys):
    picture = tmp_path / "end.bmp"
    with pytest.raises(SystemExit) as ended:
        cli.main(["replay", str(tmp_path / "run.qwop"), "--screenshot", str(picture)])
    assert ended.value.code == 2
    assert "must end in .png, .jpg, .jpeg, .webp, got" in capsys.readouterr().err
    assert not picture.exists()


def test_without_a_command_there_is_the_list_of_them(capsys):
    assert cli.main([]) == 2
    listing = capsys.readouterr().err
    assert all(f"\n  {name} " in listing for name in cli.FAMILIES)
    with pytest.raises(SystemExit) as ended:
        cli.main(["--version"])
    assert ended.value.code == 0
