"""Training runs from the command line: what they leave behind, however they end."""

import json
import re
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml
from sb3_contrib import QRDQN
from stable_baselines3.common.env_checker import check_env
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from qwop_native import QwopEnv
from qwop_native.cli.train import main
from qwop_native.models.evaluate import evaluate
from qwop_native.models.policy import chooser
from qwop_native.models.starts import make_starts
from qwop_native.models.summary import Summary, summarize, table
from qwop_native.training import algorithms, config, history, run_folder
from qwop_native.training.algorithms import get_algorithm
from qwop_native.training.environments import make_vec_env
from qwop_native.training.runner import INTERRUPTED, Run

ALGORITHM = get_algorithm("qrdqn")

SMALL = """
total_timesteps: 1600
n_envs: 4
max_episode_steps: 60
env: {frames_per_step: 4, action_set: essential}
seed: 11
n_checkpoints: 2
n_reports: 4
n_evaluations: 2
log_interval: 4
evaluation_episodes: 2
learner:
  buffer_size: 1000
  learning_starts: 100
  batch_size: 16
  transitions_per_update: 8
  n_quantiles: 5
  net_arch: [16]
"""


@pytest.fixture
def small(tmp_path):
    path = tmp_path / "small.yml"
    path.write_text(SMALL + f"out_dir: {tmp_path / 'runs'}/{{run_id}}\n")
    return path


def arguments(path, *overrides):
    return [
        "qrdqn",
        "-c",
        str(path),
        *(word for override in overrides for word in ("-s", override)),
    ]


def command(path, *overrides):
    return [sys.executable, "-m", "train", *arguments(path, *overrides)]


def test_stable_baselines_check_env_without_warnings():
    check_env(QwopEnv())
    check_env(QwopEnv(action_set="essential", frames_per_step=4, t_for_terminate=True))


def test_a_whole_run(small):
    done = subprocess.run(
        command(small, "run_id=one"),
        cwd=small.parent,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    folder = small.parent / "runs" / "one"
    assert re.search(r"untrained policy +-?[\d.]+ m\n +trained policy +-?[\d.]+ m", done.stdout)
    assert re.search(
        r"\d env steps/s, [\d,.]+ updates/s, 8\.\d transitions per update", done.stdout
    )
    assert "100 %  1,600 steps  distance" in done.stdout

    assert {path.name for path in (folder / "checkpoints").iterdir()} == {
        "model_800.zip",
        "model_1600.zip",
    }
    assert not list(folder.rglob("*.part"))
    again = config.load(folder / "config.yml", [], ALGORITHM)
    assert again == config.load(small, ["run_id=one"], ALGORITHM)
    about = yaml.safe_load((folder / "metadata.yml").read_text())
    assert about["state"] == "finished"
    assert about["seed"] == 11
    assert about["steps"] == 1600
    assert about["action"] == "train_qrdqn"
    assert about["config"]["learner"]["batch_size"] == 16
    assert (folder / "curves.png").read_bytes().startswith(b"\x89PNG")
    best = json.loads((folder / "best.json").read_text())
    points = [point for point in history.read(folder) if "eval/mean_distance" in point]
    assert len(points) == 2
    assert best["mean_distance"] in [point["eval/mean_distance"] for point in points]
    QRDQN.load(folder / "best_model.zip")
    assert "-m train qrdqn -c" in about["command"]
    assert set(about["versions"]) >= {"qwop-native", "torch", "stable-baselines3", "sb3-contrib"}
    results = json.loads((folder / "evaluation.json").read_text())
    assert [len(results[kind]["episodes"]) for kind in ("untrained", "trained")] == [2, 2]

    model = QRDQN.load(folder / "model.zip")
    starts = make_starts("idle", 2, again.env["frames_per_step"])
    limit = again.max_episode_steps
    played = evaluate(chooser(model), again.env, starts, limit, finish="torso")
    expected = [episode["distance"] for episode in results["trained"]["episodes"]]
    assert [episode.distance for episode in played] == expected

    events = EventAccumulator(str(folder))
    events.Reload()
    curves = set(events.Tags()["scalars"])
    names = ("time", "distance", "avgspeed", "is_success", "frames")
    assert {f"user/{name}" for name in names} <= curves
    assert {"throughput/env_steps_per_s", "throughput/updates_per_s", "train/loss"} <= curves


def test_same_seed_same_policy_other_seed_another(small):
    def parameters(name, seed):
        overrides = [f"run_id={name}", f"seed={seed}", "total_timesteps=400"]
        assert Run(ALGORITHM, config.load(small, overrides, ALGORITHM)).execute() == 0
        model = QRDQN.load(small.parent / "runs" / name / "model.zip")
        return torch.cat([p.flatten() for p in model.policy.parameters()]).detach().numpy()

    one, two, other = parameters("a", 1), parameters("b", 1), parameters("c", 2)
    np.testing.assert_array_equal(one, two)
    assert (one != other).any()


def test_a_seed_is_drawn_and_recorded(small):
    settings = config.load(small, ["seed=null", "run_id=s"], ALGORITHM)
    Run(ALGORITHM, settings).execute()
    kept = config.load(small.parent / "runs" / "s" / "config.yml", [], ALGORITHM)
    assert kept.seed is not None


def test_the_games_of_a_run_have_time_limits_and_statistics(small):
    settings = config.load(small, ["max_episode_steps=5"], ALGORITHM)
    venv = make_vec_env(settings)
    venv.reset()
    for _ in range(5):
        _, _, dones, infos = venv.step(np.zeros(4, dtype=int))
    assert dones.all()
    for info in infos:
        assert info["TimeLimit.truncated"]
        assert info["terminal_observation"].shape == (60,)
        assert info["episode"]["l"] == 5


def stop(small, number):
    """Starts a long run, sends it a signal once it has made a checkpoint, returns its end."""
    folder = small.parent / "runs" / "long"
    long = ("total_timesteps=10_000_000", "n_checkpoints=20000", "run_id=long")
    process = subprocess.Popen(
        command(small, *long),
        cwd=small.parent,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        deadline = time.monotonic() + 300
        while not list(folder.glob("checkpoints/*.zip")):
            assert process.poll() is None, process.stderr.read()
            if time.monotonic() > deadline:
                pytest.fail("no checkpoint after five minutes")
            time.sleep(0.05)
        process.send_signal(number)
        output, errors = process.communicate(timeout=300)
    finally:
        process.kill()
        process.communicate()
    return folder, process.returncode, output, errors


def assert_every_file_is_whole(folder):
    models = list(folder.rglob("*.zip"))
    assert models
    for path in models:
        assert zipfile.ZipFile(path).testzip() is None
        QRDQN.load(path)
    config.load(folder / "config.yml", [], ALGORITHM)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_stop_by_signal_saves_the_model(small, number):
    folder, status, output, errors = stop(small, number)
    assert status == INTERRUPTED, errors
    assert "Traceback" not in errors
    assert re.search(r"interrupted after [\d,]+ steps; model.zip is saved", output)
    assert yaml.safe_load((folder / "metadata.yml").read_text())["state"] == "interrupted"
    assert (folder / "model.zip").exists()
    assert not list(folder.rglob("*.part"))
    assert_every_file_is_whole(folder)


def test_a_kill_leaves_no_file_half_written(small):
    folder, status, _, _ = stop(small, signal.SIGKILL)
    assert status == -signal.SIGKILL
    assert not (folder / "model.zip").exists()
    assert_every_file_is_whole(folder)


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (["seed=x"], "error: seed must be a whole number, got 'x'\n"),
        (
            ["env.frames_per_stp=4"],
            "error: QwopVecEnv() got an unexpected keyword argument 'frames_per_stp'; did you mean",
        ),
        (["env.sincos=msvc"], "error: "),
    ],
)
def test_bad_settings_end_with_one_sentence(small, capsys, overrides, message):
    assert main(arguments(small, *overrides)) == 2
    errors = capsys.readouterr().err
    assert errors.startswith(message)
    assert errors.count("\n") == 1
    assert not (small.parent / "runs").exists()


def test_a_missing_configuration_is_named(tmp_path, capsys):
    missing = tmp_path / "none.yml"
    assert main(arguments(missing)) == 2
    assert capsys.readouterr().err == f"error: there is no configuration file {missing}\n"


def test_a_run_folder_is_never_written_over(small, capsys):
    folder = small.parent / "runs" / "one"
    folder.mkdir(parents=True)
    (folder / "precious").write_text("kept")
    assert main(arguments(small, "run_id=one")) == 2
    assert capsys.readouterr().err.startswith(f"error: the run folder {folder} is not empty")
    assert [path.name for path in folder.iterdir()] == ["precious"]


class Fixed:
    """Plays one action for ever."""

    def __init__(self, action):
        self.action = action

    def predict(self, observation, state=None, episode_start=None, deterministic=False):
        assert deterministic
        return np.full(len(observation), self.action), None


KWARGS = {"action_set": "essential", "frames_per_step": 4}


@pytest.mark.parametrize("kind", ["fixed", "idle", "random"])
def test_evaluation_plays_the_same_starts_for_everyone(kind):
    starts = make_starts(kind, 5)
    one = evaluate(chooser(Fixed(1)), KWARGS, starts, 40, "torso")
    again = evaluate(chooser(Fixed(1)), KWARGS, make_starts(kind, 5), 40, "torso")
    assert [episode.numbers() for episode in one] == [episode.numbers() for episode in again]
    runs = {(episode.distance, episode.frames) for episode in one}
    assert len(runs) == (1 if kind == "fixed" else 5)
    other = evaluate(chooser(Fixed(2)), KWARGS, starts, 40, "torso")
    assert summarize(one).mean_distance != summarize(other).mean_distance


def test_evaluated_keys_replay_in_the_game():
    starts = make_starts("random", 4)
    for episode in evaluate(chooser(Fixed(2)), KWARGS, starts, 40, "torso"):
        env = QwopEnv(**KWARGS)
        _, info = env.reset(seed=0)
        for keys in episode.keys:
            env.game.step(int(keys))
        assert env.game.frames == episode.frames == info["frames"] + len(episode.keys)
        assert env.game.bodies[0, 0] / 10 == pytest.approx(episode.distance, abs=1e-5)


def test_policies_rank_by_successes_then_frames_then_distance():
    worst = Summary(4, 0.0, None, None, 20.0)
    farther = Summary(4, 0.0, None, None, 30.0)
    slow = Summary(4, 0.5, 1000, 1900.0, 60.0)
    fast = Summary(4, 0.5, 1200, 1800.0, 50.0)
    surest = Summary(4, 1.0, 2000, 2000.0, 101.0)
    ranked = [worst, farther, slow, fast, surest]
    assert sorted([slow, surest, worst, fast, farther], key=Summary.rank) == ranked


def test_evaluation_counts_as_the_environment_does():
    env = QwopEnv(frames_per_step=4)
    env.reset(seed=0)
    total = 0.0
    for _ in range(30):
        _, reward, ended, _, info = env.step(2)
        total += reward
        if ended:
            break
    starts = make_starts("fixed", 1)
    (episode,) = evaluate(chooser(Fixed(2)), {"frames_per_step": 4}, starts, 30, "torso")
    assert episode.reward == total
    assert episode.distance == info["distance"]
    assert episode.frames == info["frames"]
    assert episode.time_s == info["frames"] / 30
    assert f"{episode.distance:.1f} m" in table([episode])


TINY = {
    "value": ["learner.buffer_size=500", "learner.learning_starts=64", "learner.batch_size=16"],
    "policy_gradient": ["learner.n_steps=16"],
}


# Those from demonstrations have tests of their own.
SHIPPED = ("qrdqn", "qrdqn_quick", "dqn", "ppo", "recurrent_ppo", "filtered_ppo", "a2c")


@pytest.mark.parametrize("name", SHIPPED)
def test_every_shipped_configuration_trains(name, tmp_path):
    path = algorithms.CONFIGS / f"{name}.yml"
    algorithm = get_algorithm(name.removesuffix("_quick").removesuffix("_record"))
    family = "value" if "qn" in algorithm.name else "policy_gradient"
    tiny = ["total_timesteps=300", "max_episode_steps=20", "evaluation_episodes=2"]
    tiny += ["n_evaluations=1", "n_checkpoints=1", f"out_dir={tmp_path}/run", *TINY[family]]
    if "ppo" in algorithm.name:
        tiny += ["learner.batch_size=32", "learner.n_epochs=1"]
    run = Run(algorithm, config.load(path, tiny, algorithm))
    before = [p.detach().clone() for p in run.model.policy.parameters()]
    assert run.execute() == 0
    after = list(run.model.policy.parameters())
    assert any((a != b).any() for a, b in zip(before, after, strict=True))
    assert (tmp_path / "run" / "best_model.zip").is_file()
    algorithm.model_class().load(tmp_path / "run" / "model.zip")


def test_a_run_is_made_again_from_its_folder(small):
    first = Run(ALGORITHM, config.load(small, ["seed=null", "total_timesteps=400"], ALGORITHM))
    assert first.execute() == 0
    again = Run(ALGORITHM, config.load(first.folder / run_folder.CONFIG, [], ALGORITHM))
    assert again.execute() == 0
    assert again.folder != first.folder
    # The curves say where two runs part; what depends on the clock is no part of them.
    names = ("steps", "user/distance", "user/frames", "train/loss", "eval/mean_distance")
    one, other = (
        [{name: point.get(name) for name in names} for point in history.read(run.folder)]
        for run in (first, again)
    )
    assert one == other, f"with seed {first._settings.seed}"
    ends = first.model.policy.state_dict(), again.model.policy.state_dict()
    assert [name for name in ends[0] if not torch.equal(ends[0][name], ends[1][name])] == []


def test_a_model_trains_on_where_it_stopped(small):
    first = Run(ALGORITHM, config.load(small, ["total_timesteps=400"], ALGORITHM))
    first.execute()
    model = first.folder / "model.zip"
    second = Run(ALGORITHM, config.load(small, [f"model_load_file={model}"], ALGORITHM))
    second.execute()
    assert second.model.num_timesteps == 400 + 1600


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("model_load_file=none.zip", "there is no model none.zip"),
        ("env_wrappers=[{module: nowhere, cls: X}]", "there is no module 'nowhere'"),
        ("env_wrappers=[{module: json, cls: X}]", "X of json is no wrapper of an environment"),
    ],
)
def test_what_is_not_there_is_named(small, capsys, override, message):
    assert main(arguments(small, override)) == 2
    assert message in capsys.readouterr().err


def test_wrappers_of_one_game_are_applied_to_each(small):
    wrapper = "{module: gymnasium.wrappers, cls: ClipReward, kwargs: {min_reward: 0}}"
    settings = config.load(small, [f"env_wrappers=[{wrapper}]"], ALGORITHM)
    venv = make_vec_env(settings)
    venv.reset()
    for _ in range(8):
        _, rewards, _, _ = venv.step(np.zeros(4, dtype=int))
        assert (rewards >= 0).all()
    assert Run(ALGORITHM, settings).execute() == 0


def test_the_command_of_old_still_works(small):
    command = [sys.executable, "-m", "train.qrdqn", *arguments(small, "total_timesteps=200")[1:]]
    assert subprocess.run(command, cwd=small.parent, check=False).returncode == 0


def test_a_configuration_is_found_wherever_the_package_is_installed():
    assert Path(ALGORITHM.default_config).is_file()
