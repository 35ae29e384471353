"""Many runs at once are the runs one by one, by either rule of what a finish is."""

import json

import numpy as np
import pytest

from qwop_native import Keys, QwopEnv, load_policy
from qwop_native.cli.common import starts as named_pages
from qwop_native.cli.main import main
from qwop_native.envs.spaces import observations
from qwop_native.models.evaluate import evaluate
from qwop_native.models.starts import COUNTS, Start, make_starts
from qwop_native.recording.stage import NativeStage, run_policy
from qwop_native.recording.starts import reset_start

ENV = {"frames_per_step": 4, "action_set": "essential", "sincos": "glibc-fma"}


def noise(seed=0):
    """Chooses by what it sees alone, so that runs differ and each is the same again."""
    mix = np.random.default_rng(seed).normal(size=(60, 9)).astype(np.float32)
    return lambda seen, keys: (seen @ mix).argmax(axis=1)


def one_by_one(choose, env_kwargs, start, max_steps):
    """The environment's episode from a start, its rewards and all."""
    env = QwopEnv(**env_kwargs)
    _, info = env.reset(seed=0)
    for mask in start.keys.tolist():
        env.game.step(Keys(mask))
    seen = observations(env.game.bodies[None])
    total, over, step = 0.0, False, 0
    while not over and step < max_steps:
        action = int(choose(seen, None)[0])
        observation, reward, over, _, info = env.step(action)
        seen, total, step = observation[None], total + reward, step + 1
    return info["frames"], float(info["distance"]), total, bool(info["is_success"])


@pytest.mark.parametrize("kind", ["idle", "random"])
def test_episodes_are_the_environments(kind):
    starts = make_starts(kind, 9)
    env = {**ENV, "failure_cost": 3, "speed_rew_mult": 0.5}
    limits = [150 - number for number in range(9)]
    runs = evaluate(noise(), env, starts, limits, "torso")
    for run, start, limit in zip(runs, starts, limits, strict=True):
        expected = one_by_one(noise(), env, start, limit)
        assert (run.frames, run.distance, run.reward, run.finished) == expected
        assert run.start_frames == len(start.keys)
    assert len({run.distance for run in runs}) > 5


def test_an_action_may_end_a_run():
    quit_at_once = evaluate(
        lambda seen, keys: np.full(len(seen), 9),
        {**ENV, "t_for_terminate": True},
        make_starts("idle", 3),
    )
    assert [(run.ended, run.finished) for run in quit_at_once] == [("fall", False)] * 3


def test_a_start_that_is_a_fall_already_ends_at_once():
    fallen = Start("fallen", reset_start(), np.full(60, int(Keys.O), np.uint8))
    assert fallen.game("glibc-fma").game_ended
    for finish in ("game", "torso"):
        first, other = evaluate(noise(), ENV, [fallen, *make_starts("fixed", 1)], 5, finish)
        assert (first.ended, first.finished) == ("fall", False)
        assert other.frames > 0


def test_unknown_rules_and_starts_are_named():
    with pytest.raises(ValueError, match="finish must be one of game, torso"):
        evaluate(noise(), ENV, make_starts("fixed", 1), finish="line")
    with pytest.raises(ValueError, match="starts must be one of fixed, idle"):
        make_starts("flying")
    with pytest.raises(ValueError, match="number of varied starts is fixed"):
        make_starts("varied", 3)


def test_starts_have_names_of_their_own():
    for kind in ("idle", "random", "varied", "scrambled"):
        starts = make_starts(kind, frames_per_step=3)
        assert len(starts) == (COUNTS[kind] or 155)
        assert len({start.name for start in starts}) == len(starts)
    for start in make_starts("varied", frames_per_step=3):
        if "+" not in start.name:  # as the commands' words mean it
            ((_, page),) = named_pages(start.name, 3)
            assert page == start.page


@pytest.mark.slow
def test_the_champion_finishes_from_every_varied_start(tmp_path, capsys):
    path = tmp_path / "ends.json"
    command = ["evaluate", "champion", "--starts", "varied", "--sincos", "glibc"]
    assert main([*command, "--json", str(path)]) == 0
    said = capsys.readouterr()
    assert "155 episodes, varied starts: 100 % reach 100 m" in said.out
    assert "finish: the game's own landing" in said.out
    assert said.err == ""
    told = json.loads(path.read_text())
    assert told["finish"] == "game"
    assert len(told["runs"]) == 155
    assert all(run["finished"] for run in told["runs"])
    assert set(told["runs"][0]) == {"start", "frames", "finished", "distance"}
    policy = load_policy("champion")
    name, frames = told["runs"][0]["start"], told["runs"][0]["frames"]
    assert name == "reset:1+0"
    run, _ = run_policy(NativeStage("glibc"), reset_start(), policy, 3000)
    assert run.metadata["result"]["frames"] == frames


def test_by_the_torsos_rule_the_champion_reaches_the_line_only(tmp_path, capsys):
    path = tmp_path / "ends.json"
    command = ["evaluate", "champion", "--starts", "click:1", "--finish", "torso"]
    assert main([*command, "--json", str(path)]) == 0
    assert "finish: qwop-gym's rule" in capsys.readouterr().out
    told = json.loads(path.read_text())
    assert told["finish"] == "torso"
    assert not told["runs"][0]["finished"]
    assert 98 < told["runs"][0]["distance"] < 100


def test_record_keeps_what_the_game_calls_finished(tmp_path, capsys):
    record = ["record", "champion", "--episodes", "1", "--min-distance", "100"]
    assert main([*record, "--out", str(tmp_path)]) == 0
    assert "1 of 1 kept; finish: the game's own landing" in capsys.readouterr().out
    assert main([*record, "--finish", "torso"]) == 1
