"""The planner as a player: it follows games on a copy, and plays wherever models play."""

from __future__ import annotations

import json

import numpy as np
import pytest

pytest.importorskip("sb3_contrib", reason="the planner's critic needs the training packages")

from qwop_native.cli.main import main
from qwop_native.models.starts import make_starts
from qwop_native.recording import load_recording
from qwop_native.recording.stage import NativeStage, run_policy
from qwop_native.recording.starts import reset_start
from qwop_native.search import Planner
from qwop_native.search.live import LivePlanner, evaluate_planner

FRAMES = 60


def small():
    return Planner(width=40, lookahead_frames=45)


def test_it_plays_on_a_stage_as_it_does_alone():
    stage = NativeStage("glibc")
    recording, _ = run_policy(stage, reset_start(), LivePlanner(small()), FRAMES)
    (start,) = make_starts("scrambled", 1)
    start = type(start)("reset", reset_start(), np.zeros(0, np.uint8))
    (alone,) = evaluate_planner(small(), [start], max_steps=FRAMES // 3)
    assert recording.keys.tolist() == alone.keys.tolist()
    assert recording.play().frames == alone.frames


def test_two_runs_of_one_player_are_the_same():
    player, stage = LivePlanner(small()), NativeStage("fdlibm")
    first, second = (run_policy(stage, reset_start(), player, FRAMES)[0] for _ in range(2))
    assert first.keys.tolist() == second.keys.tolist()


class MistakenStage(NativeStage):
    """Games of glibc that are taken for fdlibm's."""

    def begin(self, page):
        self.sincos = "glibc"
        row = super().begin(page)
        self.sincos = "fdlibm"
        return row


def test_a_game_of_another_flavor_is_found_out():
    said = []
    player, stage = LivePlanner(small(), said.append), MistakenStage("fdlibm")
    page, rows = reset_start(), []
    rows = [stage.begin(page)[-1]]
    player.reset()
    player.begin(page, stage.sincos)
    while len(rows) < FRAMES:
        rows += [stage.hold(mask, 1)[-1] for mask in player.keys(rows[-1])]
    assert player.sincos == "glibc"
    assert said == ["the game has the sine and cosine of glibc, not of fdlibm"]


def test_a_game_that_does_something_else_is_refused():
    player, stage = LivePlanner(small()), NativeStage("glibc")
    page = reset_start()
    player.reset()
    player.begin(page, "glibc")
    row = stage.begin(page)[-1]
    for mask in player.keys(row):
        row = stage.hold(mask ^ 15, 1)[-1]
    with pytest.raises(ValueError, match="after 3 frames the game is in another state"):
        player.keys(row)


def test_commands_take_it(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("qwop_native.cli.common.planner", lambda options: small())
    file = tmp_path / "runs.json"
    words = ["evaluate", "planner", "--starts", "env:1", "--max-steps", "10", "--json", str(file)]
    assert main(words) == 0
    assert capsys.readouterr().out.startswith("1/1  env:1: limit, ")
    (run,) = json.loads(file.read_text())["runs"]
    assert run["frames"] == 30 + make_starts("fixed", 1)[0].game("glibc").frames
    short = ["--max-frames", "30"]
    assert main(["spectate", "planner", "--quiet", "--out", str(tmp_path / "s"), *short]) == 0
    assert main(["race", "planner", "planner", "--table", *short]) == 0
    (spectated,) = [load_recording(path) for path in (tmp_path / "s").glob("*.qwop")]
    assert len(spectated.keys) == 30
    # A run that is cut off is none to keep.
    assert main(["record", "planner", "--episodes", "1", *short]) == 1


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--action-set", "full"], "the planner has the essential actions, got full"),
        (["--stochastic"], "--stochastic is for models, not for the planner"),
        (["--finish", "torso"], "the planner plays by the game's own rule, not by torso"),
    ],
)
def test_options_of_models_are_refused(capsys, options, said):
    assert main(["evaluate", "planner", *options]) == 2
    assert said in capsys.readouterr().err
