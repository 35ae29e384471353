"""The making of a policy from nothing: each part on a small scale, the whole once."""

import json

import numpy as np
import pytest

from qwop_native import _core
from qwop_native.champion import POLICY
from qwop_native.envs.spaces import ACTION_SETS, PARTS, observations
from qwop_native.facts import ENDED, FALLEN
from qwop_native.models.starts import Start, line_starts, prepared
from qwop_native.recording import make_recording
from qwop_native.recording.starts import standard_starts
from qwop_native.search.beam import Beam, BeamSettings
from qwop_native.search.states import States
from qwop_native.search.values import Rank, upright
from qwop_native.wrappers.rich_columns import key_masks

pytest.importorskip("stable_baselines3")

from qwop_native.cli.sprint import main
from qwop_native.models.evaluate import Run, evaluate
from qwop_native.models.summary import finished_frames, line
from qwop_native.training.settings.games import GamesSettings
from qwop_native.training.sprint.by_heart import (
    GuidedRuns,
    Memoriser,
    Practice,
    distinct_starts,
    own_ways,
)
from qwop_native.training.sprint.demonstrations import lessons, lessons_of
from qwop_native.training.sprint.export import export, greedy, play_greedily
from qwop_native.training.sprint.games import SprintGames
from qwop_native.training.sprint.lookahead import Lookahead
from qwop_native.training.sprint.pipeline import Keeper, Pipeline, critic_rank, load_exported
from qwop_native.training.sprint.ppo import make_model
from qwop_native.training.sprint.settings import (
    HeartSettings,
    LookaheadSettings,
    PPOSettings,
    SprintSettings,
)
from qwop_native.training.sprint.starts import SnapshotBuckets
from qwop_native.wrappers.relative_features import FEATURES, RAMPS, Features

RESET = standard_starts(3)["reset"]


def random_states(count=64, frames=90):
    """Games after some seconds of random keys."""
    rng = np.random.default_rng(5)
    pool = _core.GamePool(prepared("glibc", RESET), num_envs=count, num_threads=1)
    for _ in range(frames // 3):
        pool.step(rng.integers(0, 16, count).astype(np.uint8), frames=3)
    return pool


def small_games(**changes):
    settings = GamesSettings(**{"num_envs": 8, "idle_frames": 1, **changes})
    return SprintGames(settings, np.random.default_rng(3))


# ---- features ----------------------------------------------------------------------------------


def test_features_are_relative_to_the_torso_and_in_world_units():
    states = States.of(random_states(), 64)
    seen = Features()(observations(states.bodies))
    assert seen.shape == (64, FEATURES)
    x = states.bodies[:, :, 0]
    for part in range(1, len(PARTS)):
        np.testing.assert_allclose(seen[:, 5 * part] * 5, x[:, part] - x[:, 0], atol=1e-3)
        np.testing.assert_allclose(seen[:, 5 * part + 2], states.bodies[:, part, 2], atol=1e-5)
    assert (seen[:, 0] == 0).all()


def test_ramps_rise_along_the_track_and_most_near_what_matters():
    def ramps_at(x):
        bodies = np.zeros((1, 12, 6))
        bodies[0, :, 0] = x
        return Features()(observations(bodies))[0, -RAMPS:]

    along = np.array([ramps_at(x) for x in range(-10, 1041, 5)])
    assert along.min() > -1e-3
    assert along.max() < 1 + 1e-3
    assert (np.diff(along, axis=0) > -1e-3).all()
    assert abs(ramps_at(200) - ramps_at(220)).max() < 0.1
    assert abs(ramps_at(480) - ramps_at(500)).max() > 0.5
    assert abs(ramps_at(970) - ramps_at(1000)).max() > 0.5


def test_an_exported_policy_acts_and_values_as_the_one_it_was_made_of():
    games = small_games()
    model = make_model(games, PPOSettings(batch_size=64), (32, 16), 7)
    made = export(model.policy, 3)
    seen = observations(random_states().bodies)
    import torch

    with torch.no_grad():
        raw, features = torch.from_numpy(seen), torch.from_numpy(Features()(seen))
        wanted = model.policy.get_distribution(features).distribution.logits
        got = made.policy.get_distribution(raw).distribution.logits
        np.testing.assert_allclose(got, wanted, atol=2e-4)
        values = made.policy.predict_values(raw), model.policy.predict_values(features)
        np.testing.assert_allclose(*values, atol=2e-4)
    assert (greedy(made)(seen) == greedy(model)(seen)).mean() > 0.95


# ---- games -------------------------------------------------------------------------------------


def test_a_step_pays_for_the_way_made():
    games = small_games(snapshot_starts=0.0)
    games.reset()
    before = games._torso_x().copy()
    actions = np.full(8, list(ACTION_SETS["essential"]).index(9))  # Q and P
    _, rewards, dones, infos = games.step(actions)
    assert not dones.any()
    assert infos == [{}] * 8
    paid = (games._torso_x() - before) / 3 - games.settings.time_cost
    np.testing.assert_allclose(rewards, 0.05 * paid, rtol=1e-5)


def test_the_cost_of_time_follows_the_pace_upwards():
    games = small_games(snapshot_starts=0.0, time_cost=0.0, time_cost_share=0.5)
    games.reset()
    quick = games.pool.game(0)
    quick.step(9, 15)  # Q and P from the line: forwards
    costs = []
    for _ in range(20):
        for game in range(8):
            games.pool.set_game(game, quick)
        games.step(np.full(8, list(ACTION_SETS["essential"]).index(9)))
        costs.append(games.time_cost)
    assert costs[0] > 0
    assert (np.diff(costs) > 0).all()
    dear = small_games(time_cost=0.9, time_cost_share=0.5)
    dear.reset()
    dear.step(np.zeros(8, np.int64))
    assert dear.time_cost == 0.9


@pytest.mark.parametrize(("wanted", "sign"), [(1e-9, -1), (10.0, 1), (0.0, 0)])
def test_the_learning_rate_follows_how_far_the_policy_was_moved(wanted, sign):
    settings = PPOSettings(n_steps=16, batch_size=64, learning_rate=4e-4, target_kl=wanted)
    model = make_model(small_games(), settings, (8,), 7)
    model.learn(3 * 16 * 8)
    used = model.policy.optimizer.param_groups[0]["lr"]
    assert used == pytest.approx(4e-4 * 1.5 ** (2 * sign)) if wanted else used < 4e-4


def test_falls_and_slow_runners_end_and_start_anew():
    games = small_games(snapshot_starts=0.0, slow_frames=60, slow_units=5.0)
    games.reset()
    ends = []
    for _ in range(60):  # standing still
        _, _, dones, infos = games.step(np.zeros(8, np.int64))
        ends += [info for info, done in zip(infos, dones, strict=True) if done]
        assert all(bool(info) == bool(done) for info, done in zip(infos, dones, strict=True))
    assert len(ends) >= 16
    assert all(info["from_line"] and not info["finished"] for info in ends)
    assert (games.pool.events & (ENDED | FALLEN) == 0).all()


def test_episodes_start_from_games_kept_on_the_way():
    games = small_games(snapshot_starts=1.0, snapshot_chance=0.5, snapshot_after=5)
    games.reset()
    rng = np.random.default_rng(1)
    begun_under_way = 0
    for _ in range(150):
        _, _, _, infos = games.step(rng.integers(0, 9, 8))
        begun_under_way += sum(not info.get("from_line", True) for info in infos)
    assert begun_under_way > 0


def test_buckets_give_games_before_the_place_of_deaths():
    buckets = SnapshotBuckets(10.0, 4, np.random.default_rng(2))
    assert buckets.draw() is None
    games = {x: prepared("glibc", RESET, idle) for idle, x in enumerate((100.0, 500.0))}
    for x, game in games.items():
        for _ in range(9):
            buckets.add(x, game)
    assert len(buckets) == 8
    for _ in range(20_000):
        buckets.died(530.0)
    drawn = [buckets.draw() for _ in range(50)]
    wanted = games[500.0].state_hash()
    # One in six would be, were all the places as likely; one in two is, with no lead.
    assert sum(game is not None and game.state_hash() == wanted for game in drawn) > 15


def test_the_starts_differ():
    starts = line_starts("glibc", 2)
    assert len(starts) == 3 * 3 + 2 * 3
    assert len({start.state_hash() for start in starts}) > 10


# ---- lessons -----------------------------------------------------------------------------------


def test_lessons_are_the_decisions_that_lead_to_what_lasted():
    root = prepared("glibc", RESET)
    search = Beam(root, BeamSettings(width=40), 1).run(root, Rank(((1.0, upright),)), 120)
    taught = lessons(root, search, 10)
    assert len(taught.actions) >= 30
    # The first lessons are those of the start itself.
    pool = _core.GamePool(root, num_envs=1, num_threads=1)
    pool.step(np.zeros(1, np.uint8), frames=0)
    np.testing.assert_array_equal(taught.observations[0], observations(pool.bodies)[0])
    # The line that leads to a state ten levels on is among them.
    masks = [int(mask) for mask in ACTION_SETS["essential"]]
    line = search.path(11, 0)
    assert masks[taught.actions[0]] in {search.path(11, i)[0] for i in range(40)}
    assert len(line) == 11


# ---- lookahead ---------------------------------------------------------------------------------


def test_what_an_action_is_worth_is_what_playing_it_pays():
    games = GamesSettings(num_envs=4)
    settings = LookaheadSettings(states=3, steps=4)
    root = prepared("glibc", RESET)
    source = _core.GamePool(root, num_envs=3, num_threads=1)
    source.step(np.array([9, 6, 0], np.uint8), frames=30)
    gamma, policy = 0.9, [5, 3, 8]  # what is pressed in turn after the first action
    calls = []

    def act(features):
        calls.append(features)
        action = policy[(len(calls) - 1) % 3]
        return np.full(len(features), action), np.full(len(features), 2.0, np.float32)

    found = Lookahead(root, games, settings, gamma, 1).worth(
        source, np.array([2, 0], np.int32), act, 0.4
    )
    assert found.shape == (2, 9)
    masks = [int(mask) for mask in ACTION_SETS["essential"]]
    for row, number in enumerate((2, 0)):
        for action in range(9):
            game, wanted = source.game(number), 0.0
            for step, pressed in enumerate([action, *policy]):
                before = game.bodies[0, 0]
                game.step(masks[pressed], 3)
                pace = (game.bodies[0, 0] - before) / 3
                wanted += gamma**step * games.reward_scale * (pace - 0.4)
            assert not game.fallen
            assert found[row, action] == pytest.approx(wanted + gamma**4 * 2.0, abs=1e-5)


def test_the_critic_of_a_fallen_runner_is_not_asked():
    settings = LookaheadSettings(states=1, steps=60)
    root = prepared("glibc", RESET)
    root.step(9, 30)
    source = _core.GamePool(root, num_envs=1, num_threads=1)
    look = Lookahead(root, GamesSettings(), settings, 1.0, 1)
    hold = look.worth(
        source,
        np.zeros(1, np.int32),
        lambda seen: (np.full(len(seen), 1), np.full(len(seen), 1e6, np.float32)),
        0.3,
    )
    # Holding Q for six seconds ends in a fall, whatever came first, or nearly.
    assert (abs(hold) < 1e3).sum() >= 5


# ---- evaluation --------------------------------------------------------------------------------


def test_an_evaluated_run_can_be_played_again():
    starts = [Start(str(idle), RESET, np.zeros(idle, np.uint8)) for idle in range(3)]
    rng = np.random.default_rng(0)
    env = {"frames_per_step": 3, "action_set": "essential"}
    runs = evaluate(lambda seen, keys: rng.integers(0, 9, len(seen)), env, starts)
    assert len(finished_frames(runs)) == 0
    assert "none of 3 finished" in line(runs)
    for run in runs:
        game = prepared("glibc", RESET)
        for mask in run.keys.tolist():
            game.step(mask)
        assert game.bodies[0, 0] / 10 == pytest.approx(run.distance, abs=1e-12)


def test_policies_are_ranked_by_falls_first_and_then_by_frames(tmp_path):
    rank = Keeper(tmp_path, SprintSettings(games=GamesSettings(idle_frames=0)), print)._rank
    order = [[0] * 10, [1000] * 8 + [0] * 2, [1400] * 9 + [0], [1300] * 9 + [0], [1200] * 10]
    assert sorted(order, key=rank, reverse=True) == order[::-1]
    ends = [(1250, True), (1300, True), (90, False)]
    keys = np.zeros(0, np.uint8)
    runs = [Run("", 0, 0.0, frames, 0.0, None, done, "", keys) for frames, done in ends]
    assert line(runs) == "2 of 3 finished, best 1250, median 1275, slowest 1300 frames"


# ---- by heart ----------------------------------------------------------------------------------


def test_starts_of_which_runs_are_learned_differ():
    games = GamesSettings(idle_frames=2)
    starts = distinct_starts(games, ("fdlibm",))
    places = {(start.sincos, start.game().bodies.tobytes()) for start in starts}
    assert len(places) == len(starts)
    assert {start.sincos for start in starts} == {"glibc", "fdlibm"}
    assert all(start.standard for start in starts if start.sincos == "fdlibm")
    assert sum(start.standard for start in starts if start.sincos == "glibc") == 3


@pytest.fixture(scope="module")
def shipped():
    return load_exported(POLICY)


def test_a_run_near_the_policys_own_is_found_once_and_kept(shipped, tmp_path):
    start = distinct_starts(GamesSettings(idle_frames=4), ())[2]
    said = []
    heart = HeartSettings(width=16)
    rank = critic_rank(shipped, SprintSettings())
    looker = GuidedRuns(tmp_path, shipped, rank, heart, 3, 1, np.random.default_rng(1), said.append)
    run = looker.of(start)
    assert run.play().score >= 100
    assert not run.keys[: start.idle].any()
    assert np.array_equal(looker.of(start).keys, run.keys)
    assert len(said) == 1
    decisions = lessons_of(run, start.idle, 3)
    greedy_actions, _ = shipped.predict(decisions.observations, deterministic=True)
    assert np.mean(greedy_actions == decisions.actions) > 0.7  # it has kept to the policy
    assert np.repeat(key_masks(ACTION_SETS["essential"])[decisions.actions], 3)[
        : len(run.keys) - start.idle
    ].tolist() == (run.keys[start.idle :].tolist())


def test_runs_that_were_learned_stay_and_the_standard_ones(shipped, tmp_path):
    standard, other = distinct_starts(GamesSettings(idle_frames=4), ())[0::3][:2]
    assert standard.standard
    assert not other.standard
    said = []
    for start in (standard, other):
        (run,) = play_greedily(shipped, [start.line], start.sincos, 3)
        own = run.keys[start.idle :]
        unlike = own.copy()
        unlike[:60] = 0
        for keys, stays in ((own, True), (unlike, start.standard)):
            held = np.concatenate([np.zeros(start.idle, np.uint8), keys])
            made = make_recording(held, "glibc", start.page)
            made.save(tmp_path / f"run-glibc-{start.number:03d}.qwop")
            run = GuidedRuns(
                tmp_path / "none",
                shipped,
                critic_rank(shipped, SprintSettings()),
                HeartSettings(),
                3,
                1,
                np.random.default_rng(1),
                said.append,
                earlier=tmp_path,
            ).of(start)
            assert (run is not None) == stays
    assert not said  # nothing was looked for


def test_what_was_learned_by_heart_is_run_again(shipped):
    start = distinct_starts(GamesSettings(idle_frames=0), ())[0]
    rng = np.random.default_rng(2)
    keys = np.repeat(key_masks(ACTION_SETS["essential"])[rng.integers(9, size=12)], 3)
    run = make_recording(keys, "glibc", start.page)
    practice = Practice(lessons_of(run, 0, 3), np.ones(12, np.float32))
    model = load_exported(POLICY)
    elsewhere = own_ways(shipped, [start], 3, 4, 1, rng)
    heart = HeartSettings(evaluate_every=200, batch_size=64, anchor_batch_size=64)
    figures = list(Memoriser(model, shipped, practice, elsewhere, heart, 400, 1).run())
    assert [updates for updates, _ in figures] == [200, 400]
    assert figures[-1][1]["wrong"] == 0
    game = start.game()
    for begin in range(0, len(keys), 3):
        action, _ = model.predict(observations(game.bodies[None]), deterministic=True)
        assert key_masks(ACTION_SETS["essential"])[action[0]] == keys[begin]
        game.step(int(keys[begin]), 3)
    before, _ = shipped.predict(elsewhere, deterministic=True)
    after, _ = model.predict(elsewhere, deterministic=True)
    assert np.mean(before == after) > 0.9  # elsewhere it is what it was


# ---- the whole ---------------------------------------------------------------------------------

SMALL = {
    "survivor_rounds": 1,
    "rounds": 2,
    "games": {"games": 16, "idle_frames": 1},
    "ppo": {"steps": 512, "n_steps": 16, "batch_size": 64, "evaluate_every": 256},
    "long": {"steps": 512, "n_steps": 32, "batch_size": 256, "target_kl": 0.01},
    "beams": {"rounds": 1, "beams": 1, "width": 40, "max_frames": 150, "lasting_levels": 8},
    "cloning": {"epochs": 2},
    "lookahead": {"iterations": 2, "states": 8, "looks": 4, "steps": 3, "updates": 2},
    "by_heart": {"width": 4, "standard_tries": 1, "standard_flavours": ["glibc"]},
}


def test_a_policy_is_made_from_nothing_and_gone_on_with(tmp_path, capsys):
    import stable_baselines3
    import yaml

    config = tmp_path / "small.yml"
    config.write_text(yaml.safe_dump(SMALL))
    folder = tmp_path / "run"
    assert main([str(folder), "-c", str(config)]) == 0
    path = folder / "long" / "policy.zip"
    assert path.stat().st_size < 1_000_000
    model = stable_baselines3.PPO.load(path, device="cpu")
    assert model.observation_space.shape == (60,)
    entries = (folder / "round-1" / "log.jsonl").read_text().splitlines()
    notes = [(note["what"], note["steps"]) for note in map(json.loads, entries)]
    assert notes[0] == ("ppo", 0)
    assert notes[-2:] == [("ppo", 512), ("lookahead", 2)]
    capsys.readouterr()
    assert main([str(folder), "-c", str(config), "-s", "ppo.steps=768"]) == 0
    said = capsys.readouterr().out
    assert "beam" not in said  # what is there is not made again
    assert "ppo.steps was 512 so far and is 768 from here on" in said
    assert yaml.safe_load((folder / "settings.yml").read_text())["ppo"]["steps"] == 768
    assert "no run has finished that could be memorized" in said
    assert str(folder / "long" / "policy.zip") in said
    again = (folder / "round-1" / "log.jsonl").read_text().splitlines()
    assert [json.loads(line)["steps"] for line in again[len(entries) :]] == [512, 768]


def test_runs_are_learned_by_heart_from_where_it_was_stopped(tmp_path):
    heart = HeartSettings(
        updates=4,
        evaluate_every=2,
        width=4,
        standard_tries=1,
        standard_flavours=("glibc",),
        own_games=4,
    )
    settings = SprintSettings(games=GamesSettings(idle_frames=0))

    def learned(updates):
        pipeline = Pipeline(tmp_path, settings, 1, lambda line: None)
        path = pipeline._by_heart("heart", heart.changed(updates=updates), POLICY, POLICY)
        lines = (tmp_path / "heart" / "log.jsonl").read_text().splitlines()
        return path, [json.loads(line) for line in lines]

    path, noted = learned(4)
    assert path == tmp_path / "heart" / "policy.zip"
    assert [note["steps"] for note in noted] == [0, 2, 4]
    # The policy that it began with is among those of which the best is kept.
    starts = [start.line for start in distinct_starts(settings.games, ())]
    runs = play_greedily(load_exported(path), starts, settings.games.sincos, 3)
    own = [run.frames if run.finished else 0 for run in runs]
    assert np.median(own) <= np.median(noted[0]["frames"])
    assert [note["steps"] for note in learned(6)[1]] == [0, 2, 4, 6]
    assert len(learned(6)[1]) == 4


def test_the_standard_starts_decide_which_policy_is_the_last(tmp_path):
    settings = SprintSettings(games=GamesSettings(idle_frames=2))  # 0 and 2 from three starts
    every = Keeper(tmp_path, settings, print)
    standard = Keeper(tmp_path, settings, print, standard_first=True)
    one = [1100, 1400, 1110, 1400, 1120, 1400]
    other = [1300, 1200, 1300, 1200, 1300, 1200]
    assert every._rank(one) < every._rank(other)
    assert standard._rank(one) > standard._rank(other)
    fallen = [0, *one[1:]]
    for keeper in (every, standard):
        assert keeper._rank(fallen) < keeper._rank(one)
        assert keeper._rank([0] * 6) < keeper._rank(fallen)


def test_an_interrupted_program_says_how_to_go_on(tmp_path, monkeypatch, capsys):
    def interrupted(self):
        raise KeyboardInterrupt

    monkeypatch.setattr(Pipeline, "run", interrupted)
    assert main([str(tmp_path / "run")]) == 130
    assert "the same command goes on" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("-s", "rouds=2", "did you mean 'rounds'"),
        ("-s", "ppo.steps=-1", "ppo.steps must be at least 0"),
        ("-s", "games.sincos=fast", "games.sincos must be one of glibc"),
        ("-s", "games.slow_frames=1", "games.slow_frames must be a step's frames or more"),
        ("-s", "by_heart.standard_flavours=[fast]", "standard_flavours must be one of glibc"),
        ("-s", "ppo.gamma=7", "ppo.gamma must be above 0 and at most 1"),
        ("-s", "lookahead.temperature=0", "lookahead.temperature must be above 0"),
        ("-s", "nonsense", "must read key=value"),
        ("--threads", "-1", "--threads must be at least 0, not -1"),
    ],
)
def test_wrong_settings_are_refused(option, value, message, tmp_path, capsys):
    assert main([str(tmp_path / "run"), option, value]) == 2
    assert message in capsys.readouterr().err


def test_the_shipped_settings_are_the_defaults():
    from qwop_native.cli.sprint import _CONFIG
    from qwop_native.settings.files import read

    assert SprintSettings.of(read(_CONFIG)) == SprintSettings()


def test_a_section_given_in_part_keeps_its_own_defaults():
    given = {"long": {"steps": 5}, "by_heart_again": {"own_games": 10}}
    settings, default = SprintSettings.of(given), SprintSettings()
    assert settings.long == default.long.changed(steps=5)
    assert settings.by_heart_again == default.by_heart_again.changed(own_games=10)
    with pytest.raises(ValueError, match=r"long\.steps must be at least 0"):
        SprintSettings.of({"long": {"steps": -1}})
