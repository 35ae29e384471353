"""Players from starts they have never met: the runs are as drawn, and all players play them."""

import json

import numpy as np
import pytest

pytest.importorskip("sb3_contrib")

from qwop_native.benchmarking import robustness
from qwop_native.models.load import load_policy
from qwop_native.models.robustness import Case, Push, cases, play


def test_starts_after_random_keys_are_alive_and_drawn_from_the_seed():
    drawn = [cases("random-keys", 20, "glibc", seed) for seed in (1, 1, 2)]
    hashes = [[case.game.state_hash() for case in each] for each in drawn]
    assert hashes[0] == hashes[1]
    assert not set(hashes[0]) & set(hashes[2])
    for case in drawn[0]:
        assert not case.game.fallen
        assert 15 <= case.game.frames - 1 <= 24  # the restart makes the first
        assert case.push is None


def test_disturbed_runs_begin_at_the_standard_starts_in_turn():
    standard = [case.game.state_hash() for case in cases("standard", 1, "fdlibm", 5)]
    drawn = cases("disturbed", 40, "fdlibm", 5)
    assert len(standard) == 3
    assert [case.game.state_hash() for case in drawn] == [standard[i % 3] for i in range(40)]
    assert {len(case.push.masks) for case in drawn} == {6}
    assert all(100 <= case.push.at < 900 for case in drawn)
    assert len({case.push.masks for case in drawn}) > 30


def test_a_push_is_played_once_and_at_its_time():
    (case, *_) = cases("standard", 1, "glibc", 1)
    other = case.game.copy()
    pushed = Case(case.game, Push(case.game.frames + 5, (1, 1, 1, 8, 8, 8)))
    steps = 0

    def choose(games):
        nonlocal steps
        steps += 1
        return [9] * len(games)

    play(choose, 2, [pushed])
    for _ in range(3):
        other.step(9, 2)
    for mask in pushed.push.masks:
        other.step(mask)
    while not other.game_ended and other.frames < 4000:
        other.step(9, 2)
    assert pushed.game.state_hash() == other.state_hash()
    assert steps > 4


def test_a_model_and_the_planner_are_told(tmp_path, capsys):
    file = tmp_path / "numbers.json"
    assert robustness.main(["champion", "--count", "4", "--json", str(file)]) == 0
    shown = capsys.readouterr().out
    outcomes = json.loads(file.read_text())
    assert [each["kind"] for each in outcomes] == ["standard", "random-keys", "disturbed"]
    assert outcomes[0]["frames"] == [1185, 1191, 1212]
    assert [each["runs"] for each in outcomes] == [3, 4, 4]
    assert f"| standard | 3 of 3 | 3 | 1,185 | {np.median(outcomes[0]['frames']):,.0f} |" in shown
    words = ["planner", "--kinds", "random-keys", "--count", "1", "--width", "40"]
    assert robustness.main([*words, "--json", str(file)]) == 0
    (outcome,) = json.loads(file.read_text())
    assert len(outcome["milliseconds"]) > 10
    assert "| random-keys | " in capsys.readouterr().out


def test_models_play_side_by_side_as_alone():
    policy = load_policy("champion")
    together, alone = cases("random-keys", 3, "glibc", 3), cases("random-keys", 3, "glibc", 3)
    play(policy.act, policy.frames_per_step, together)
    for case in alone:
        play(policy.act, policy.frames_per_step, [case])
    assert [c.game.state_hash() for c in together] == [c.game.state_hash() for c in alone]


@pytest.mark.parametrize(
    "word", ["--count=0", "--seed=-1", "--budget=0", "--width=0", "--kinds=none"]
)
def test_bad_words(word, capsys):
    with pytest.raises(SystemExit) as stop:
        robustness.main(["planner", word])
    assert stop.value.code == 2
    assert "usage" in capsys.readouterr().err
