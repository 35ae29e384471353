"""The search: it finds what it says it has found, learns, and goes on where it was stopped."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("torch", reason="learned values need the training packages")

from qwop_native import Game
from qwop_native.champion import POLICY, runs
from qwop_native.cli.main import main
from qwop_native.envs.spaces import ACTION_SETS, observations
from qwop_native.recording import load_recording
from qwop_native.search import beam as beam_module
from qwop_native.search.beam import Beam, BeamSettings
from qwop_native.search.guide import Guide, Policy
from qwop_native.search.habits import Habit, decisions, learn_habit
from qwop_native.search.refine import Refiner, Run, play
from qwop_native.search.run import Searcher, SearchSettings
from qwop_native.search.states import FEATURES, States, features, progress
from qwop_native.search.stretches import Reached, Stretches, StretchSettings
from qwop_native.search.survivors import HORIZON, examples, lasting, learn
from qwop_native.search.values import ModelValue, Rank, SurvivorValue, upright
from qwop_native.wrappers.rich_columns import key_masks

FASTEST = next(path for path in runs() if path.stem == "fastest-glibc")
UPRIGHT = Rank(((1.0, upright),))


def started():
    game = Game()
    game.start()
    game.reset()
    return game


def searched(width=24, frames=4, until=240, **more):
    beam = Beam(started(), BeamSettings(width, frames, **more), 1)
    return beam.run(started(), UPRIGHT, until)


def test_paths_lead_to_the_states_that_the_search_kept():
    search = searched()
    assert len(search.levels) > 40
    for index in (0, len(search.levels[-1].keys) - 1):
        game = started()
        for mask in search.path(len(search.levels), index):
            game.step(mask, 4)
        assert np.array_equal(game.bodies, search.levels[-1].states.bodies[index])
    assert search.played <= 24 * 9 * 4 * len(search.levels)


def test_paths_of_groups_that_gave_way_to_others(monkeypatch):
    monkeypatch.setattr(beam_module, "_REMEMBERED", 20)
    search = searched(width=6, groups=8, segment=24, noise=0.3)
    level = search.levels[-1]
    assert len(level.parents) > len(level.rows) == len(level.states) == 20
    for place in (0, 19):
        game = started()
        for mask in search.path(len(search.levels), int(level.rows[place])):
            game.step(mask, 4)
        assert np.array_equal(game.bodies, level.states.bodies[place])
    # Each lasting state that is remembered is told from the others of its level.
    assert all(len(kept) == len(level.rows) for level, kept in lasting(search.levels, 16))


def test_the_best_of_a_beam_gets_further_than_one_pose_a_level():
    narrow, wide = searched(width=1, until=160), searched(width=48, until=160)
    reached = [progress(s.levels[-1].states).max() for s in (narrow, wide)]
    assert reached[1] > reached[0]


def test_survivors_are_the_ancestors_of_later_states():
    search = searched()
    data = examples(search.levels, 4)
    later = round(HORIZON / 4)
    level = search.levels[-1 - later]
    ancestors = set(range(len(search.levels[-1].parents)))
    for deeper in search.levels[: -1 - later : -1]:
        ancestors = {int(deeper.parents[i]) for i in ancestors}
    last = data.lasted[-len(level.parents) :]
    assert set(np.flatnonzero(last).tolist()) == ancestors
    assert data.features.shape == (len(data.lasted), FEATURES)


def test_a_learned_value_prefers_survivors_and_survives_its_file(tmp_path):
    search = searched(width=60, until=400)
    data = examples(search.levels, 4)
    value, gain = learn(data, seed=1, epochs=40)
    assert gain > 0.05
    states = search.levels[20].states
    value.save(tmp_path / "value.npz")
    again = SurvivorValue.load(tmp_path / "value.npz")
    assert np.array_equal(value(states), again(states))
    with pytest.raises(FileNotFoundError, match="there is no value"):
        SurvivorValue.load(tmp_path / "none.npz")
    (tmp_path / "bad.npz").write_bytes(b"PK nothing")
    with pytest.raises(ValueError, match="is not a value of this program"):
        SurvivorValue.load(tmp_path / "bad.npz")


def test_a_habit_is_learned_of_the_decisions_that_lasted(tmp_path):
    search, later = searched(), 16
    data, masks = decisions(search.levels, later), key_masks(ACTION_SETS["essential"])
    kept = list(lasting(search.levels, later))[1:]
    assert len(data.keys) == sum(int(lasted.sum()) for _, lasted in kept)
    level, lasted = kept[12]
    before = search.levels[12].states[level.parents[lasted]]
    begin = sum(int(earlier.sum()) for _, earlier in kept[:12])
    rows = slice(begin, begin + len(before))
    assert np.array_equal(data.features[rows], features(before))
    assert np.array_equal(data.keys[rows], level.keys[lasted])

    habit = learn_habit(data, masks, seed=1)
    log_prob_gaps = habit.of_states(before)
    assert log_prob_gaps.shape == (len(before), 9)
    assert (log_prob_gaps.min(axis=1) == 0).all()
    actions = np.array([masks.tolist().index(key) for key in level.keys[lasted]])
    held = np.take_along_axis(log_prob_gaps, actions[:, None], axis=1)
    assert held.mean() < log_prob_gaps.mean() / 2
    habit.save(tmp_path / "habit.npz")
    assert np.array_equal(Habit.load(tmp_path / "habit.npz").of_states(before), log_prob_gaps)
    with pytest.raises(FileNotFoundError, match="there is no habit"):
        Habit.load(tmp_path / "none.npz")
    (tmp_path / "bad.npz").write_bytes(b"PK nothing")
    with pytest.raises(ValueError, match="is not a habit of this program"):
        Habit.load(tmp_path / "bad.npz")
    with pytest.raises(ValueError, match="from no decisions"):
        learn_habit(decisions(search.levels[:3], later), masks, seed=1)


def test_features_are_about_one_and_do_not_depend_on_the_place():
    states = searched(until=40).levels[-1].states
    moved = States(
        states.bodies + np.eye(1, 6)[0] * 100.0, states.events, states.frames, states.score
    )
    assert features(states).dtype == np.float32
    assert np.abs(features(states)).max() < 5
    assert np.allclose(features(states), features(moved), atol=1e-5)


@pytest.mark.parametrize("algorithm", ["PPO", "DQN", "QRDQN"])
def test_values_of_models(algorithm):
    import sb3_contrib
    import stable_baselines3
    import torch

    from qwop_native import QwopEnv

    package = sb3_contrib if algorithm == "QRDQN" else stable_baselines3
    model = getattr(package, algorithm)("MlpPolicy", QwopEnv(), device="cpu", seed=1)
    states = searched(until=40).levels[-1].states
    values = ModelValue(model)(states)
    assert values.shape == (len(states),)
    if algorithm == "PPO":
        from qwop_native.envs.spaces import observations

        with torch.no_grad():
            obs = torch.from_numpy(observations(states.bodies))
            assert np.allclose(values, model.policy.predict_values(obs)[:, 0].numpy())


def guided_model(algorithm="PPO", action_set="essential", seed=3):
    import stable_baselines3
    import torch

    from qwop_native import QwopEnv

    env = QwopEnv(action_set=action_set)
    model = getattr(stable_baselines3, algorithm)("MlpPolicy", env, device="cpu", seed=seed)
    if algorithm == "PPO":  # an untrained actor thinks everything as likely as anything
        with torch.no_grad():
            model.policy.action_net.weight.mul_(3000)
    return model


def test_a_guide_that_says_nothing_changes_nothing():
    beam = Beam(started(), BeamSettings(24, 4), 1, guide=Guide(Policy(guided_model(), 9), 0, 1e9))
    guided, plain = beam.run(started(), UPRIGHT, 240), searched()
    assert guided.played == plain.played
    for ours, theirs in zip(guided.levels, plain.levels, strict=True):
        assert np.array_equal(ours.states.bodies, theirs.states.bodies)


def test_a_strong_guide_is_followed_and_saves_work():
    model = guided_model()
    guide = Guide(Policy(model, 9), 1e6, 3.0)
    search = Beam(started(), BeamSettings(8, 4), 1, guide=guide).run(started(), UPRIGHT, 120)
    game, masks = started(), key_masks(ACTION_SETS["essential"])
    for mask in search.path(len(search.levels), 0):
        action, _ = model.predict(observations(game.bodies[None]), deterministic=True)
        assert masks[action[0]] == mask
        game.step(mask, 4)
    plain = searched(width=8, until=120)
    assert search.played < plain.played


def test_regrets_add_up_over_a_run():
    policy = Policy(guided_model(), 9)
    log_prob_gaps = policy.log_prob_gaps(observations(searched(until=40).levels[-1].states.bodies))
    assert log_prob_gaps.shape[1] == 9
    assert (log_prob_gaps.min(axis=1) == 0).all()
    assert log_prob_gaps.max() > 1
    # Of two ways the one with the smaller gap is kept, however it is spread.
    beam = Beam(started(), BeamSettings(1, 4), 1, guide=Guide(policy, 1e6, 1e9))
    path = beam.run(started(), UPRIGHT, 60).path(10, 0)
    game, total = started(), 0.0
    masks = key_masks(ACTION_SETS["essential"]).tolist()
    for mask in path:
        total += policy.log_prob_gaps(observations(game.bodies[None]))[0, masks.index(mask)]
        game.step(mask, 4)
    assert total == 0


def test_who_may_guide():
    with pytest.raises(ValueError, match="guided by PPO or A2C"):
        Policy(guided_model("DQN"), 9)
    with pytest.raises(ValueError, match="a search of 16 actions"):
        Policy(guided_model(), 16)
    with pytest.raises(ValueError, match="weight must be 0 or more"):
        Guide(Policy(guided_model(), 9), -1.0, 1.0)
    with pytest.raises(ValueError, match="must be above 0 nats"):
        Guide(Policy(guided_model(), 9), 1.0, 0.0)


def test_refining_never_makes_a_run_slower():
    search = searched(width=40, until=300)
    keys = np.repeat(np.array(search.path(len(search.levels), 0), np.uint8), 4)
    run = Run(keys, 10_000)
    refiner = Refiner(started(), run, UPRIGHT, 1, np.random.default_rng(1))
    refiner.attempt(BeamSettings(4, 4), len(keys) - 30, len(keys) - 20)
    assert refiner.run.frames <= run.frames


def test_a_search_goes_on_in_its_folder(tmp_path):
    lines = []
    settings = SearchSettings(
        minutes=20, rounds=2, groups=3, width=16, grids=(4,), threads=1, max_frames=200
    )
    Searcher(tmp_path, settings, UPRIGHT, lines.append).learn()
    assert sum(line.startswith("round") for line in lines) == 4
    assert {path.name for path in tmp_path.iterdir()} == {
        "search.json",
        "habit.npz",
        "value-00.npz",
        "value-01.npz",
    }
    Searcher(tmp_path, settings, UPRIGHT, lines.append).learn()
    assert sum(line.startswith("round") for line in lines) == 4
    with pytest.raises(ValueError, match="is of other actions; choose another folder"):
        Searcher(tmp_path, replace(settings, action_set="reduced"), UPRIGHT)
    (tmp_path / "habit.npz").write_bytes(b"PK nothing")
    with pytest.raises(ValueError, match="is not a habit"):
        Searcher(tmp_path, settings, UPRIGHT)
    (tmp_path / "habit.npz").unlink()
    (tmp_path / "search.json").write_text("{")
    with pytest.raises(ValueError, match="is damaged"):
        Searcher(tmp_path, settings, UPRIGHT)


def test_a_search_begins_with_part_of_a_run(tmp_path):
    run = load_recording(FASTEST)
    there = started()
    play(there, run.keys[:900])
    settings = SearchSettings(
        rounds=1, width=16, grids=(4,), threads=1, max_frames=1000, head=run.keys[:900]
    )
    Searcher(tmp_path, settings, UPRIGHT, lambda line: None).learn()
    tried = json.loads((tmp_path / "search.json").read_text())
    assert tried[0]["farthest"] > there.bodies[0, 0] / 10
    with pytest.raises(ValueError, match="the run has ended within"):
        Searcher(tmp_path, SearchSettings(head=run.keys), UPRIGHT)
    with pytest.raises(ValueError, match="no run beyond 800 is searched for"):
        Searcher(tmp_path, replace(settings, max_frames=800), UPRIGHT)


def test_stretches_go_on_with_the_best_of_several_tries(monkeypatch):
    stands = iter([3.0, 5.0, 4.0, 6.0])
    stretches = Stretches(started(), UPRIGHT, StretchSettings(3, 20, 8), 500)
    head = np.array(searched(until=60).path(10, 0), np.uint8).repeat(4)
    beam = Beam(started(), BeamSettings(8, 4), 1)
    played = []

    def tried(root, rank, until, go_on):
        played.append((root.frames, until))
        search = Beam.run(beam, root, rank, until, go_on)
        last = search.levels[-1]
        search.levels[-1] = replace(last, ranks=np.full(len(last.ranks), next(stands)))
        return search

    monkeypatch.setattr(beam, "run", tried)
    reached = stretches.search(head, beam, lambda: True)
    there = started()
    play(there, head)
    assert played == [(there.frames, there.frames + 20)] * 3
    assert reached.stand == 5
    assert (reached.keys[:40] == head).all()
    assert len(reached.keys) == 60
    assert (stretches.kept(reached) == reached.keys[:52]).all()
    assert stretches.search(head, beam, lambda: False) is None


def test_a_run_that_has_finished_is_kept_though_the_time_ends(monkeypatch):
    head = load_recording(FASTEST).keys[:1040]
    stretches = Stretches(started(), UPRIGHT, StretchSettings(2), 1200)
    beam, ended = Beam(started(), BeamSettings(60, 3), 1), []

    def tried(*args):
        search = Beam.run(beam, *args)
        ended.append(search)
        return search

    monkeypatch.setattr(beam, "run", tried)
    reached = stretches.search(head, beam, lambda: not ended)
    assert len(ended) == 1
    assert reached is not None
    assert reached.run is not None
    game = started()
    play(game, reached.run.keys)
    assert game.jump_landed
    assert game.frames == reached.run.frames


def test_searches_too_short_to_learn_from_go_on_without(tmp_path):
    lines = []
    head = load_recording(FASTEST).keys[:1060]
    settings = SearchSettings(minutes=20, rounds=2, width=60, grids=(2,), threads=1, head=head)
    searcher = Searcher(tmp_path, settings, UPRIGHT, lines.append)
    searcher.learn()
    assert searcher.best is not None
    assert "round 1: the search was too short to learn anything from it" in lines
    assert not list(tmp_path.glob("value-*"))


def test_a_round_whose_beams_are_all_made_is_learned_from_though_the_time_ends(tmp_path):
    class Ending(Searcher):
        def _over(self):
            return bool(self._tries)

    settings = SearchSettings(rounds=2, width=16, grids=(4,), threads=1, max_frames=200)
    Ending(tmp_path, settings, UPRIGHT, lambda line: None).learn()
    assert [path.name for path in tmp_path.glob("value-*")] == ["value-00.npz"]


def test_a_search_that_falls_at_once_is_noted(tmp_path):
    falling = np.full(46, 4, np.uint8)  # O, held for one more frame, is a fall
    settings = SearchSettings(rounds=1, width=4, grids=(8,), threads=1, head=falling)
    Searcher(tmp_path, settings, UPRIGHT, lambda line: None).learn()
    tried = json.loads((tmp_path / "search.json").read_text())
    assert tried[0]["farthest"] == pytest.approx(0.5, abs=0.05)


@pytest.mark.parametrize(
    ("frame", "length"),
    [(0, 180), (250, 180), (420, None), (600, 180), (860, None)],
    ids=["start", "before", "hurdle", "after", "finish"],
)
def test_stretches_end_neither_at_the_hurdle_nor_shortly_before_the_finish(frame, length):
    there = started()
    play(there, load_recording(FASTEST).keys[:frame])
    until = Stretches(started(), UPRIGHT, StretchSettings(), 1500)._end(there)
    if length is not None:
        assert until == there.frames + length
    elif frame > 600:
        assert until == 1500
    else:
        assert pytest.approx(there.bodies[0, 0] + until - there.frames, abs=0.5) == 580


def test_runs_that_finish_are_better_the_earlier_they_do():
    none = np.zeros(0, np.uint8)
    slow, fast = (Reached(none, np.inf, Run(none, frames)) for frames in (1200, 1100))
    stands = Reached(none, 1e9)
    assert fast.better_than(slow)
    assert not slow.better_than(fast)
    assert slow.better_than(stands)
    assert not stands.better_than(slow)
    assert Reached(none, 2e9).better_than(stands)


def test_a_search_by_stretches_goes_on_where_it_was_stopped(tmp_path):
    keys = load_recording(FASTEST).keys
    settings = SearchSettings(
        minutes=20,
        rounds=0,
        width=40,
        grids=(3,),
        threads=1,
        head=keys[:700],
        stretches=StretchSettings(2, 30, 10),
    )
    lines = []

    class Stopped(Searcher):
        def _over(self):
            return sum(line.startswith("stretch") for line in lines) >= 2

    Stopped(tmp_path, settings, UPRIGHT, lines.append).run()
    begun = load_recording(tmp_path / "begun.qwop")
    assert len(begun.keys) == 740
    assert (begun.keys[:700] == keys[:700]).all()
    known = [line.split(":")[2].split(",")[0] for line in lines]
    assert known == [f" the best of 2 tries up to frame {frames}" for frames in (720, 740)]
    assert Searcher(tmp_path, settings, UPRIGHT)._begun(tmp_path / "begun.qwop").size == 740
    other = replace(settings, head=keys[:100] ^ 1)
    assert Searcher(tmp_path, other, UPRIGHT)._begun(tmp_path / "begun.qwop").size == 100
    with pytest.raises(ValueError, match="another flavor or start"):
        Searcher(tmp_path, replace(settings, sincos="fdlibm"), UPRIGHT).run()


def test_command_refuses_what_it_cannot_do(tmp_path, capsys):
    assert main(["search", str(tmp_path), "--model", "none.zip"]) == 2
    assert "there is no model none.zip" in capsys.readouterr().err
    assert main(["search", str(tmp_path), "--minutes", "0"]) == 2
    assert "minutes must be above 0" in capsys.readouterr().err
    assert main(["search", str(tmp_path), "--width", "0"]) == 2
    assert "width must be at least 1" in capsys.readouterr().err
    assert main(["search", str(tmp_path), "--groups", "0"]) == 2
    assert "groups must be at least 1" in capsys.readouterr().err
    assert main(["search", str(tmp_path), "--from", str(FASTEST)]) == 2
    assert "--from and --at belong together" in capsys.readouterr().err
    assert main(["search", str(tmp_path), "--from", str(FASTEST), "--at", "5000"]) == 2
    assert "--at must be from 0 to" in capsys.readouterr().err
    command = ["search", str(tmp_path), "--from", str(FASTEST), "--at", "5", "--start", "click"]
    assert main(command) == 2
    assert "the recording has its own start" in capsys.readouterr().err
    assert main(["search", str(tmp_path), "--stretch", "90"]) == 2
    assert "--stretch needs --tries" in capsys.readouterr().err
    assert main(["search", str(tmp_path), "--tries", "2", "--stretch", "90"]) == 2
    assert "must overlap the next one by 0 to 89" in capsys.readouterr().err
    for option, name in (("--seed", "seed"), ("--threads", "threads"), ("--rounds", "rounds")):
        assert main(["search", str(tmp_path), option, "-1"]) == 2
        assert f"{name} must be 0 or more, got -1" in capsys.readouterr().err
    model = str(POLICY)
    assert main(["search", str(tmp_path), "--model", model, "--model-weight", "nan"]) == 2
    assert "--model-weight must be a number" in capsys.readouterr().err


def test_command_takes_the_flavor_of_the_run_it_begins_with(tmp_path, capsys):
    fma = FASTEST.with_name("fastest-glibc-fma.qwop")
    command = ["search", str(tmp_path), "--from", str(fma), "--at", "1080", "--minutes", "1"]
    small = ["--rounds", "1", "--grids", "3", "--width", "60", "--threads", "1"]
    assert main([*command, *small]) == 0
    assert load_recording(tmp_path / "best.qwop").sincos == "glibc-fma"
    assert main([*command, *small, "--sincos", "glibc"]) == 2
    assert "played with the sines of glibc" in capsys.readouterr().err


def test_a_model_of_other_actions_is_no_guide(tmp_path, capsys):
    model = tmp_path / "model.zip"
    guided_model(action_set="reduced").save(model)
    (tmp_path / "metadata.yml").write_text("env: {action_set: reduced}\n")
    command = ["search", str(tmp_path / "run"), "--model", str(model), "--minutes", "0.0001"]
    command += ["--actions", "essential"]  # by default they are the model's
    assert main([*command, "--rounds", "0", "--groups", "1", "--width", "4"]) == 1
    assert "has the reduced actions, which guide no search of others" in capsys.readouterr().out


def test_a_search_ends_with_its_time(tmp_path, monkeypatch):
    """Not with the beam that is under way, which may take as long again."""
    clock = iter(range(0, 10**6, 2))  # two seconds from look to look
    monkeypatch.setattr("qwop_native.search.run.time.monotonic", lambda: next(clock))
    levels = []
    original = Beam.run

    def watched(self, root, rank, max_frames, go_on=None):
        search = original(self, root, rank, max_frames, go_on)
        levels.append(len(search.levels))
        return search

    monkeypatch.setattr(Beam, "run", watched)
    settings = SearchSettings(minutes=0.5, rounds=2, width=8, grids=(4,), threads=1)
    said = []
    assert Searcher(tmp_path / "s", settings, UPRIGHT, said.append).run() is None
    assert len(levels) == 1
    assert levels[0] < 15
    assert not list((tmp_path / "s").glob("value-*.npz"))
