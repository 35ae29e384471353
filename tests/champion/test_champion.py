"""What is shipped as fastest does what is said of it."""

import json
from functools import partial

import pytest

from qwop_native.champion import POLICY, runs
from qwop_native.cli.main import main
from qwop_native.recording import load_recording

HUMAN_RECORD = 1366  # frames

pytest.importorskip("stable_baselines3")


def test_there_are_runs_faster_than_any_person_has_made():
    fastest, farther = {}, HUMAN_RECORD
    for path in runs():
        recording = load_recording(path)
        game = recording.play()  # checks the hashes on the way
        assert game.frames == recording.metadata["result"]["frames"]
        assert game.jump_landed
        assert game.score >= 100
        fastest[recording.sincos] = min(game.frames, fastest.get(recording.sincos, HUMAN_RECORD))
        if game.bodies[0, 0] > 1000:  # qwop-gym's rule
            farther = min(game.frames, farther)
    assert fastest["glibc"] <= fastest["glibc-fma"] <= 1090
    assert farther <= 1100


@pytest.mark.slow
def test_the_policy_runs_from_every_kind_of_start_in_every_flavor(tmp_path, capsys):
    results = tmp_path / "results.json"
    assert main(["champion", "--results", str(results)]) == 0
    numbers = json.loads(results.read_text())
    assert set(numbers) == {"glibc", "glibc-fma", "fdlibm"}
    assert all(0 < frames <= 1250 for frames in numbers["glibc"]["standard"].values())
    for played in numbers.values():
        assert all(0 < frames < HUMAN_RECORD for frames in played["standard"].values())
        # All where it was measured; where two actions are worth the same to the last
        # bit, another processor's matrix products may decide otherwise.
        record = [count for count in played["varied"] if 0 < count < HUMAN_RECORD]
        assert len(record) >= 0.95 * len(played["varied"])
        assert sum(count > 0 for count in played["scrambled"]) >= 70
        assert sum(count > 0 for count in played["disturbed"]) >= 90
    assert {len(played["disturbed"]) for played in numbers.values()} == {100}
    said = capsys.readouterr().out
    assert "varied starts" in said
    assert "100 pushed on their way" in said


def test_the_policy_is_a_small_zip_that_stock_ppo_loads():
    import stable_baselines3

    model = stable_baselines3.PPO.load(POLICY, device="cpu")
    assert POLICY.stat().st_size < 1_000_000
    assert model.observation_space.shape == (60,)
    assert model.action_space.n == 9


def test_results_of_the_browser_are_not_promised(tmp_path, capsys):
    results = tmp_path / "results.json"
    assert main(["champion", "--browser", "chromium", "--results", str(results)]) == 2
    assert "--results" in capsys.readouterr().err
    assert not results.exists()


def test_a_game_that_is_not_named_is_said_once(monkeypatch, capsys):
    pytest.importorskip("playwright")
    monkeypatch.delenv("QWOP_GAME_DIR", raising=False)
    assert main(["champion", "--browser", "chromium"]) == 2
    said = capsys.readouterr()
    assert said.err.count("say where the game is") == 1
    assert not said.out


def test_another_policy_that_is_not_there_is_one_sentence(capsys):
    assert main(["champion", "--policy", "nowhere.zip"]) == 2
    assert "nowhere.zip" in capsys.readouterr().err


@pytest.mark.parametrize(("action_set", "has"), [("full", "it has 16"), ("reduced", "it has 9 of")])
def test_a_policy_of_other_actions_is_refused(action_set, has, tmp_path, capsys):
    import stable_baselines3

    from qwop_native import QwopEnv

    path = tmp_path / "model.zip"
    stable_baselines3.PPO("MlpPolicy", QwopEnv(action_set=action_set), device="cpu").save(path)
    if action_set == "reduced":  # as many as there should be: only the run's folder tells
        (tmp_path / "metadata.yml").write_text("env: {action_set: reduced}\n")
    assert main(["champion", "--policy", str(path)]) == 2
    said = capsys.readouterr().err
    assert "must have the 9 actions of the essential set" in said
    assert has in said


def test_results_need_a_folder(tmp_path, capsys):
    assert main(["champion", "--results", str(tmp_path / "none" / "results.json")]) == 2
    assert "there is no folder" in capsys.readouterr().err


def test_a_run_that_comes_out_otherwise_is_told_and_the_others_are_played(
    tmp_path, monkeypatch, capsys
):
    from qwop_native.cli import champion as command

    right = runs()[0]
    lines = right.read_text().splitlines(keepends=True)
    wrong = tmp_path / "wrong.qwop"
    wrong.write_text("".join([*lines[:-2], f"{lines[-2].split()[0]:>6} {'0' * 16}\n", lines[-1]]))
    monkeypatch.setattr(command, "runs", lambda: [wrong, right])
    monkeypatch.setattr(command, "_play", lambda policy: {})
    assert main(["champion"]) == 1
    said = capsys.readouterr().out
    assert "wrong: " in said
    assert "parts from the recording" in said
    assert f"{right.stem}, {load_recording(right).sincos}: landed" in said


def test_the_planner_is_proved_too(tmp_path, monkeypatch, capsys):
    from qwop_native.cli import champion as command
    from qwop_native.search import planner

    narrow = partial(planner.Planner, width=30, lookahead_frames=30)  # seconds instead of minutes
    monkeypatch.setattr(planner, "Planner", narrow)
    monkeypatch.setattr(command, "FLAVORS", ["fdlibm"])
    results = tmp_path / "results.json"
    assert main(["champion", "--policy", "planner", "--count", "2", "--results", str(results)]) == 0
    numbers = json.loads(results.read_text())["fdlibm"]
    assert {kind: len(frames) for kind, frames in numbers.items()} == {
        "standard": 3,
        "random-keys": 2,
        "disturbed": 2,
    }
    assert any(0 < count < HUMAN_RECORD for count in numbers["standard"])
    said = capsys.readouterr().out
    assert "planner, fdlibm" in said
    assert "2 after random keys: " in said
