"""The making of a policy from nothing: each part on a small scale, the whole once."""

import json

import numpy as np
import pytest

from qwop_native import _core
from qwop_native.envs.spaces import ACTION_SETS, PARTS, observations
from qwop_native.facts import ENDED, FALLEN
from qwop_native.models.starts import Start, line_starts, prepared
from qwop_native.recording.starts import standard_starts
from qwop_native.search.states import States

pytest.importorskip("stable_baselines3")

import stable_baselines3

from qwop_native.cli.sprint import main
from qwop_native.models.evaluate import evaluate
from qwop_native.models.load import load_policy
from qwop_native.models.summary import finished_frames, line
from qwop_native.sb3 import QRDQN
from qwop_native.training.settings.games import GamesSettings
from qwop_native.training.sprint.cloning import clone
from qwop_native.training.sprint.export import export
from qwop_native.training.sprint.games import SprintGames
from qwop_native.training.sprint.pipeline import Pipeline, merged
from qwop_native.training.sprint.ppo import make_model
from qwop_native.training.sprint.settings import CloningSettings, PPOSettings, SprintSettings
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


def small_games(observation="relative", **changes):
    settings = GamesSettings(**{"num_envs": 8, "idle_frames": 1, **changes})
    return SprintGames(settings, np.random.default_rng(3), observation=observation)


def likeliest(model, seen):
    return model.predict(Features()(seen), deterministic=True)[0]


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
    acts = made.predict(seen, deterministic=True)[0], likeliest(model, seen)
    assert np.mean(acts[0] == acts[1]) > 0.95


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


@pytest.mark.parametrize(("wanted", "sign"), [(1e-9, -1), (10.0, 1)])
def test_the_learning_rate_follows_how_far_the_policy_was_moved(wanted, sign):
    kls = {"target_kl": wanted, "final_target_kl": wanted}
    settings = PPOSettings(n_steps=16, batch_size=64, learning_rate=4e-4, **kls)
    model = make_model(small_games(), settings, (8,), 7)
    model.learn(3 * 16 * 8)
    used = model.policy.optimizer.param_groups[0]["lr"]
    assert used == pytest.approx(4e-4 * 1.5 ** (2 * sign))


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


# ---- the whole ---------------------------------------------------------------------------------

SMALL = {
    "qrdqn": {
        "total_timesteps": 640,
        "n_evaluations": 1,
        "n_checkpoints": 1,
        "evaluation_starts": "idle",
        "evaluation_episodes": 2,
        "max_episode_steps": 20,
        "games": {"num_envs": 32},
        "learner": {
            "buffer_size": 1024,
            "learning_starts": 64,
            "batch_size": 32,
            "transitions_per_update": 32,
            "target_update_interval": 64,
            "net_arch": [16],
            "n_quantiles": 4,
        },
    },
    "games": {"num_envs": 16, "idle_frames": 1},
    "cloning": {"steps": 20, "epochs": 2, "net_arch": [16, 8], "warm_up_rollouts": 1},
    "ppo": {"steps": 256, "n_steps": 16, "batch_size": 64, "evaluate_every": 256},
    "every_frame_steps": 256,
}


def small(**changes):
    return SprintSettings.of(merged(SMALL, changes))


def make(folder, settings, said=None):
    say = (lambda line: None) if said is None else said.append
    return Pipeline(folder, settings, 1, say).run()


def test_a_policy_is_made_from_nothing_and_gone_on_with(tmp_path):
    folder, said = tmp_path / "run", []
    path = make(folder, small(), said)
    assert path == folder / "policy.zip"
    assert path.stat().st_size < 1_000_000
    model = stable_baselines3.PPO.load(path, device="cpu")
    assert model.observation_space.shape == (60,)
    policy = load_policy(path)
    assert (policy.frames_per_step, policy.settings.env["action_set"]) == (1, "essential")
    log = folder / "ppo" / "log.jsonl"
    noted = [json.loads(line) for line in log.read_text().splitlines()]
    assert [note["steps"] for note in noted] == [0, 256, 512]
    assert len(noted[0]["frames"]) == 155
    assert any("as QR-DQN" in line for line in said)

    qrdqn = (folder / "qrdqn" / "model.zip").read_bytes()
    make(folder, small(every_frame_steps=512), said)  # what is there is not made again
    assert (folder / "qrdqn" / "model.zip").read_bytes() == qrdqn
    again = [json.loads(line)["steps"] for line in log.read_text().splitlines()]
    assert again == [0, 256, 512, 768]


def test_with_a_decision_every_frame_the_same_is_worth_as_much():
    settings = SprintSettings()
    coarse, fine = settings.paces()
    assert (coarse.games.frames_per_step, fine.games.frames_per_step) == (2, 1)
    for name in ("finish_reward", "fall_steps"):
        worth = [getattr(pace.games, name) * pace.games.reward_scale for pace in (coarse, fine)]
        assert worth[0] == worth[1]
    for name in ("gamma", "gae_lambda"):
        assert getattr(fine.ppo, name) ** 2 == pytest.approx(getattr(coarse.ppo, name))
    assert coarse.ppo.steps + fine.ppo.steps == settings.whole_steps
    assert settings.changed(every_frame_steps=0).paces() == [coarse]


def test_cloning_makes_a_policy_that_does_as_the_values_say():
    games = [small_games(observation=kind) for kind in ("relative", "standard")]
    model = make_model(games[0], PPOSettings(batch_size=64), (32, 16), 7)
    teacher = QRDQN("MlpPolicy", games[1], policy_kwargs={"net_arch": [16], "n_quantiles": 4})
    settings = CloningSettings(steps=120, epochs=25, batch_size=64)
    said = []
    rng = np.random.default_rng(2)
    clone(model, teacher, small_games(observation="standard"), settings, rng, said.append)
    seen = observations(random_states().bodies)
    wanted, _ = teacher.predict(seen, deterministic=True)
    first, last = (float(line.split(": ")[1].split(" %")[0]) for line in said)
    assert last > first
    assert (likeliest(model, seen) == wanted).mean() > 0.7


def test_an_interrupted_program_says_how_to_go_on(tmp_path, monkeypatch, capsys):
    def interrupted(self):
        raise KeyboardInterrupt

    monkeypatch.setattr(Pipeline, "run", interrupted)
    assert main([str(tmp_path / "run")]) == 130
    assert "the same command goes on" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("-s", "clone.steps=2", "did you mean 'cloning'"),
        ("-s", "ppo.steps=-1", "ppo.steps must be at least 1"),
        ("-s", "games.sincos=fast", "games.sincos must be one of glibc"),
        ("-s", "games.slow_frames=1", "games.slow_frames must be a step's frames or more"),
        ("-s", "ppo.gamma=7", "ppo.gamma must be above 0 and at most 1"),
        ("-s", "qrdqn={learner: {n_steps: 0}}", "learner.n_steps must be at least 1"),
        ("-s", "qrdqn={steps: 5}", "steps"),
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
    settings, default = SprintSettings.of({"ppo": {"steps": 5}}), SprintSettings()
    assert settings.ppo == default.ppo.changed(steps=5)
    with pytest.raises(ValueError, match=r"ppo\.steps must be at least 1"):
        SprintSettings.of({"ppo": {"steps": -1}})
