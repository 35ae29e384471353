"""Runs of QR-DQN on games that reward speed: their settings, their bits, what they leave."""

import json
import re
import shlex

import numpy as np
import pytest
import torch
import yaml
from stable_baselines3.common.buffers import NStepReplayBuffer

from qwop_native import Game
from qwop_native.cli import evaluate as evaluate_command
from qwop_native.cli.train import main
from qwop_native.models.load import load_policy
from qwop_native.models.metadata import read_settings
from qwop_native.models.summary import Summary
from qwop_native.sb3 import QRDQN, PrioritizedReplayBuffer, QuantilePolicy, RelativeFeatures
from qwop_native.training import algorithms, config, history
from qwop_native.training.algorithms import get_algorithm
from qwop_native.training.algorithms.value import keywords
from qwop_native.training.environments import make_vec_env
from qwop_native.training.evaluation import standing
from qwop_native.training.runner import INTERRUPTED, Run
from qwop_native.training.settings.games import GamesSettings
from qwop_native.training.sprint.games import SprintGames

pytestmark = [
    pytest.mark.usefixtures("one_thread"),
    pytest.mark.filterwarnings("ignore::qwop_native.sb3.SlowPathWarning"),
]

ALGORITHM = get_algorithm("qrdqn")
RECORD = algorithms.CONFIGS / "qrdqn_record.yml"
QUICK = algorithms.CONFIGS / "qrdqn_quick.yml"
PLAYED = {"frames_per_step": 2, "action_set": "essential", "sincos": "glibc"}

SMALL = (
    "total_timesteps=1536",
    "games.num_envs=32",
    "games.slow_frames=60",
    "games.snapshot_chance=0.2",
    "games.snapshot_after=3",
    "evaluation_starts=idle",
    "evaluation_episodes=3",
    "max_episode_steps=40",
    "n_evaluations=2",
    "n_reports=2",
    "n_checkpoints=2",
    "log_interval=4",
    "seed=5",
    "learner.buffer_size=1024",
    "learner.learning_starts=128",
    "learner.batch_size=32",
    "learner.transitions_per_update=32",
    "learner.target_update_interval=128",
    "learner.net_arch=[16]",
    "learner.n_quantiles=4",
)


def settings(tmp_path, *overrides, path=RECORD):
    return config.load(path, [*SMALL, f"out_dir={tmp_path}/{{run_id}}", *overrides], ALGORITHM)


def start(tmp_path, *overrides):
    return Run(ALGORITHM, settings(tmp_path, *overrides))


def test_the_settings_of_the_record():
    run = config.load(RECORD, ["seed=2"], ALGORITHM)
    assert (run.total_timesteps, run.seed) == (32_000_000, 2)
    assert (run.evaluation_starts, run.evaluation_finish) == ("varied", "game")
    assert run.total_timesteps == run.n_evaluations * 2_000_000
    assert run.games == GamesSettings(
        num_envs=512,
        frames_per_step=2,
        time_cost=0.0,
        time_cost_share=0.7,
        finish_reward=65.0,
        fall_steps=12.0,
        random_key_starts=0.2,
        snapshot_after=5,
    )
    assert run.played == PLAYED
    given = keywords(run.learner, run.games.num_envs)
    assert given["learning_rate"](1) == 5e-4
    assert given["learning_rate"](0) == pytest.approx(1e-5)
    del given["learning_rate"]
    assert given == {
        "policy": "MlpPolicy",
        "gamma": 0.9866,
        "n_steps": 4,
        "max_grad_norm": 10.0,
        "double_q": False,
        "munchausen_alpha": 0.9,
        "munchausen_tau": 0.03,
        "munchausen_clip": -1.0,
        "policy_kwargs": {
            "net_arch": [256, 256],
            "n_quantiles": 32,
            "layer_norm": True,
            "features_extractor_class": RelativeFeatures,
            "optimizer_class": torch.optim.AdamW,
            "optimizer_kwargs": {"eps": 1e-5, "weight_decay": 1e-2},
        },
        "buffer_size": 1_000_000,
        "learning_starts": 20_000,
        "batch_size": 512,
        "train_freq": 1,
        "gradient_steps": 4,
        "target_update_interval": 256 * 128,
        "tau": 1.0,
        "optimize_memory_usage": False,
        "exploration_initial_eps": 0.2,
        "exploration_final_eps": 0.01,
        "exploration_fraction": 0.3,
        "exploration_per_env": True,
        "ema_decay": 0.9995,
        "overlap": True,
        "stats_window_size": 100,
    }


def test_settings_that_are_sb3_contribs_own_are_given_as_they_were():
    given = keywords(ALGORITHM.settings(), 8)
    assert given["policy_kwargs"] == {"net_arch": [64, 64], "n_quantiles": 200}
    assert not {"optimizer", "features", "layer_norm"} & given.keys()


@pytest.mark.parametrize("path", [RECORD, QUICK], ids=["record", "quick"])
def test_settings_with_games_read_back_equal(tmp_path, path):
    run = config.load(path, ["seed=1"], ALGORITHM)
    again = tmp_path / "config.yml"
    again.write_text(config.dump(run))
    assert config.load(again, [], ALGORITHM) == run


def test_the_games_are_the_same_for_the_same_seed(tmp_path):
    one, same, other = (
        make_vec_env(settings(tmp_path, f"seed={seed}", f"env_threads={threads}"))
        for seed, threads in ((5, 1), (5, 2), (6, 1))
    )
    assert isinstance(one, SprintGames)
    assert one.num_envs == 32
    assert one.observation_space.shape == (60,)
    seen = [games.reset() for games in (one, same, other)]
    np.testing.assert_array_equal(seen[0], seen[1])
    assert (seen[0] != seen[2]).any()


def test_the_record_in_small_learns_and_says_how_to_watch_it(tmp_path, capsys):
    command = ["qrdqn", "-c", str(RECORD), "-s", f"out_dir={tmp_path}/a run"]
    assert main([*command, *(word for each in SMALL for word in ("-s", each))]) == 0
    folder, lines = tmp_path / "a run", capsys.readouterr().out.splitlines()
    assert lines[-1] == f"watch it: qwop-native spectate {shlex.quote(str(folder))}"
    assert re.fullmatch(r" *untrained policy +-?[\d.]+ m", lines[-3])
    assert re.fullmatch(r" *trained policy +-?[\d.]+ m", lines[-2])
    assert "against the human record of 1,366 frames (45.53 s)" in "\n".join(lines)
    reports = [line for line in lines if " %  " in line]
    assert len(reports) == 2
    shown = r" 50 %  768 steps .*  finish 0/3  mean -?[\d.]+ m  [\d,]+ steps/s  \d+ s left"
    assert re.fullmatch(shown, reports[0])
    assert json.loads((folder / "best.json").read_text())["finish"] == "game"
    assert any("eval/mean_distance" in point for point in history.read(folder))
    assert list(folder.glob("events.out.tfevents.*"))

    about = yaml.safe_load((folder / "metadata.yml").read_text())
    assert about["env"] == PLAYED
    assert about["resume"] == "exact"
    model = folder / "model.zip"
    assert read_settings(model).env == {**PLAYED, "t_for_terminate": False}
    whole, weights = load_policy(model), load_policy(model, weights_only=True)
    assert (whole.frames_per_step, len(whole.action_keys)) == (2, 9)
    seen = make_vec_env(settings(tmp_path)).reset()
    np.testing.assert_array_equal(
        whole.model.predict(seen, deterministic=True)[0],
        weights.model.predict(seen, deterministic=True)[0],
    )
    assert evaluate_command.main([str(folder), "--episodes", "2", "--max-steps", "20"]) == 0


def test_a_model_alone_carries_the_settings_of_its_games(tmp_path):
    run = settings(tmp_path)
    games = make_vec_env(run)
    model = QRDQN(QuantilePolicy, games, policy_kwargs={"net_arch": [8]}, buffer_size=64)
    model.save(tmp_path / "model.zip")
    assert read_settings(tmp_path / "model.zip").env == {**PLAYED, "t_for_terminate": False}


def test_rich_columns_reach_the_learner_and_its_zip(tmp_path):
    wrapper = "{module: qwop_native.sb3, cls: RichVecObservation, kwargs: {columns: [turn_rates]}}"
    run = start(tmp_path, f"env_wrappers=[{wrapper}]", "total_timesteps=640", "run_id=rich")
    assert run.execute() == 0
    # 60 numbers, twelve columns, sixteen ramps: native kernels learn from them.
    assert run.model.quantile_net.quantile_net[0].in_features == 88
    assert run.model.native_refusal is None
    model = tmp_path / "rich" / "model.zip"
    whole, weights = load_policy(model), load_policy(model, weights_only=True)
    games = [Game() for _ in range(3)]
    for count, game in enumerate(games):
        game.start()
        game.step(9, 1 + 7 * count)
    np.testing.assert_array_equal(whole.act(games), weights.act(games))
    with pytest.raises(ValueError, match="games have no other env_wrappers than RichVecObs"):
        start(tmp_path, "env_wrappers=[{module: qwop_native.sb3, cls: SnapshotStarts}]")


@pytest.mark.parametrize(
    "learner", [(), ("learner.prioritized_alpha=0.5",)], ids=["", "prioritized"]
)
def test_a_stopped_run_goes_on_to_the_same_bits(tmp_path, learner):
    whole = start(tmp_path, "run_id=whole", *learner)
    assert whole.execute() == 0
    stopped = start(tmp_path, "run_id=stopped", *learner)
    keep_best = stopped._keep_best

    def and_stop(done):
        keep_best(done)
        stopped._stop.requested = True

    stopped._keep_best = and_stop
    assert stopped.execute() == INTERRUPTED
    assert stopped.model.num_timesteps < 1536
    resumed = Run.resume(stopped.folder)
    assert resumed.execute() == 0
    ends = whole.model.policy.state_dict(), resumed.model.policy.state_dict()
    for name, value in ends[0].items():
        assert torch.equal(value, ends[1][name]), name
    texts = [(run.folder / "evaluation.json").read_text() for run in (whole, resumed)]
    assert texts[0] == texts[1]
    kind = PrioritizedReplayBuffer if learner else NStepReplayBuffer
    assert [type(run.model.replay_buffer) for run in (whole, resumed)] == [kind, kind]
    seen = resumed.model.env.reset()
    with resumed.model.averaged():
        wanted = resumed.model.predict(seen, deterministic=True)[0]
    for weights_only in (False, True):
        policy = load_policy(resumed.folder / "model.zip", weights_only=weights_only)
        acts = policy.model.predict(seen, deterministic=True)[0]
        np.testing.assert_array_equal(acts, wanted)


def test_a_stopped_run_is_not_taken_up_with_another_learner(tmp_path, capsys):
    run = start(tmp_path, "run_id=changed")
    run._stop.requested = True
    assert run.execute() == INTERRUPTED
    file = run.folder / "config.yml"
    file.write_text(file.read_text().replace("n_steps: 4", "n_steps: 5"))
    capsys.readouterr()
    assert main(["--resume", str(run.folder)]) == 2
    assert capsys.readouterr().err == (
        f"error: the run in {run.folder} was begun with learner.n_steps 4, its "
        "config.yml now says 5: put it back, or begin a new run\n"
    )


@pytest.mark.parametrize(
    ("overrides", "said"),
    [
        (["env={frames_per_step: 4}"], "games take the place of env; give the one or the other"),
        (["n_envs=4"], "games take the place of n_envs; give the one or the other"),
        (
            ["learner.overlap=true", "learner.transitions_per_update=48"],
            "learner.overlap needs a training after each step of the 32 games, these settings "
            "train after every 3: set learner.train_freq=1, or learner.transitions_per_update to "
            "a divisor of 32",
        ),
        (
            ["learner.batch_size=2048"],
            "learner.batch_size must not be larger than learner.buffer_size, which is 1,024, "
            "got 2,048",
        ),
        (["learner.munchausen_alpha=1"], "learner.munchausen_alpha must be at least 0 and below"),
        (["learner.prioritized_alpha=-0.1"], "learner.prioritized_alpha must be at least 0 and at"),
        (["learner.prioritized_beta=1.5"], "learner.prioritized_beta must be at least 0 and at"),
        (
            ["learner.prioritized_alpha=0.2", "learner.optimize_memory_usage=true"],
            "learner.prioritized_alpha needs learner.optimize_memory_usage to be false",
        ),
        (
            ["learner.double_q=true", "learner.munchausen_alpha=0.9"],
            "learner.double_q chooses a next action and learner.munch",
        ),
        (["learner.features=rich"], "learner.features must be one of none, relative, got 'rich'"),
        (["games.frames=3"], "unknown setting 'games.frames'; did you mean"),
        (["learner.buffer_size=1e12"], "a replay buffer of 1,000,000,000,000 transitions takes"),
    ],
)
def test_bad_settings_are_refused_in_one_sentence(tmp_path, capsys, overrides, said):
    given = [*SMALL, f"out_dir={tmp_path}/run", *overrides]
    words = [word for each in given for word in ("-s", each)]
    assert main(["qrdqn", "-c", str(RECORD), *words]) == 2
    errors = capsys.readouterr().err
    assert errors.startswith(f"error: {said}")
    assert errors.count("\n") == 1
    assert not (tmp_path / "run").exists()


def test_games_are_for_qrdqn_alone():
    with pytest.raises(ValueError, match="games are for qrdqn; ppo is trained on env"):
        config.parse({"games": {}}, get_algorithm("ppo"))


def test_how_a_policy_stands_against_the_record():
    assert standing(Summary(155, 152 / 155, 1337, 1427.5, 99.6)) == (
        "finish 152/155  best 1,337 (-29)  median 1,428 (+62)"
    )
    assert standing(Summary(155, 0.0, None, None, 12.34)) == "finish 0/155  mean 12.3 m"
