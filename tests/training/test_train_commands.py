"""Evaluation, files of settings, sweeps: the commands around training."""

import csv
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from qwop_native import load_policy
from qwop_native.cli import bootstrap
from qwop_native.cli import evaluate as evaluate_command
from qwop_native.cli import main as cli
from qwop_native.models import summary
from qwop_native.models import weights as models
from qwop_native.models.evaluate import evaluate
from qwop_native.models.metadata import settings_beside
from qwop_native.models.policy import chooser
from qwop_native.models.starts import make_starts
from qwop_native.recording import load_recording
from qwop_native.training import config, study, wandb_agent
from qwop_native.training.algorithms import CONFIGS, get_algorithm
from qwop_native.training.environments import make_vec_env

ENV = {"frames_per_step": 4, "action_set": "essential"}


def save_model(tmp_path, name, **metadata):
    algorithm = get_algorithm(name)
    settings = config.parse({"env": ENV, "seed": 3, "n_envs": 2, "learner": {}}, algorithm)
    if "qn" in name:
        settings = config.parse(
            {"env": ENV, "n_envs": 2, "learner": {"buffer_size": 100}}, algorithm
        )
    model = algorithm.build(settings, make_vec_env(settings), 3)
    path = tmp_path / f"{name}.zip"
    model.save(path)
    return path, model


@pytest.mark.parametrize("name", ["qrdqn", "dqn", "ppo", "recurrent_ppo", "a2c"])
def test_weights_alone_act_as_the_model_does(tmp_path, name):
    path, model = save_model(tmp_path, name)
    assert models.algorithm_of(path) == name
    policy = models.load_weights_only(path)
    observations = np.random.default_rng(1).uniform(-1, 1, (6, 60)).astype(np.float32)
    first = np.ones(6, dtype=bool)
    expected, state = model.policy.predict(observations, None, first, deterministic=True)
    found, found_state = policy.predict(observations, None, first, deterministic=True)
    np.testing.assert_array_equal(expected, found)
    if state is not None:
        np.testing.assert_allclose(state[0], found_state[0], rtol=1e-5, atol=1e-6)


def test_weights_alone_run_nothing_in_the_zip(tmp_path):
    import zipfile

    path, _ = save_model(tmp_path, "ppo")
    trap = tmp_path / "trap.zip"
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(trap, "w") as new:
        for entry in old.namelist():
            content = old.read(entry)
            new.writestr(entry, b"this is no pickle" if "optimizer" in entry else content)
    models.load_weights_only(trap)


def test_an_evaluation_leaves_figures_runs_and_a_picture(tmp_path, capsys):
    path, _ = save_model(tmp_path, "ppo")
    out = tmp_path / "out"
    command = ["evaluate", str(path), "--episodes", "3", "--max-steps", "40", "--out", str(out)]
    command += ["--action-set", "essential", "--top", "2", "--starts", "random"]
    assert cli.main(command) == 0
    assert "3 episodes, random starts: " in capsys.readouterr().out
    report = json.loads((out / "evaluation.json").read_text())
    assert report["env"] == {
        "frames_per_step": 4,
        "action_set": "essential",
        "t_for_terminate": False,
        "sincos": "glibc",
    }
    with (out / "episodes.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [float(row["distance"]) for row in rows] == [run["distance"] for run in report["runs"]]
    assert (out / "evaluation.png").read_bytes().startswith(b"\x89PNG")
    best = max(report["runs"], key=lambda run: (run["finished"], run["distance"]))
    recordings = sorted(out.glob("best-*"))
    assert len(recordings) == 2
    game = load_recording(recordings[0]).play()
    assert game.bodies[0, 0] / 10 == pytest.approx(best["distance"], abs=1e-5)
    assert cli.main([*command, "--weights-only"]) == 0
    assert json.loads((out / "evaluation.json").read_text())["runs"] == report["runs"]


def test_evaluation_takes_settings_from_the_runs_folder(tmp_path):
    path, _ = save_model(tmp_path, "a2c")  # SB3's own, which tells nothing
    (tmp_path / "metadata.yml").write_text(
        "action: train_a2c\nenv: {frames_per_step: 2, reduced_action_set: true, browser: /b}\n"
    )
    assert settings_beside(path).env == {"frames_per_step": 2, "reduced_action_set": True}
    policy = load_policy(path)
    assert (policy.frames_per_step, policy.settings.action_set) == (2, "reduced")
    assert load_policy(path, frames_per_step=5, action_set="essential").frames_per_step == 5


@pytest.mark.parametrize("flavor", ["glibc", "glibc-fma", "fdlibm"])
def test_figures_of_an_evaluation(flavor):
    class Hold:
        def predict(self, observation, state=None, episode_start=None, deterministic=True):
            return np.full(len(observation), 3), None

    env = {**ENV, "sincos": flavor}
    played = evaluate(chooser(Hold()), env, make_starts("idle", 4), 200, "torso")
    figures = evaluate_command.figures(played)
    assert sum(figures["falls_by_distance"].values()) == 4
    assert figures["success_rate"] == 0
    assert figures["median_frames_interval_95"] is None


def test_the_interval_of_a_median_holds_it():
    low, high = summary.median_interval([1100, 1200, 1250, 1300, 1500])
    assert 1100 <= low <= 1250 <= high <= 1500
    assert summary.median_interval([1200]) == (1200, 1200)


@pytest.mark.parametrize(
    ("content", "message"),
    [(None, "there is no model"), (b"PK\x03\x04", "is not a model of Stable-Baselines3")],
)
def test_a_model_that_cannot_be_evaluated_is_named(tmp_path, capsys, content, message):
    path = tmp_path / "model.zip"
    if content is not None:
        path.write_bytes(content)
    assert cli.main(["evaluate", str(path)]) == 2
    assert message in capsys.readouterr().err


def test_other_actions_than_the_models_are_refused(tmp_path, capsys):
    path, _ = save_model(tmp_path, "ppo")
    assert cli.main(["evaluate", str(path), "--action-set", "full"]) == 2
    assert "was trained with other actions" in capsys.readouterr().err


def test_bootstrap_asks_before_it_writes_over(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert cli.main(["bootstrap"]) == 0
    files = {path.relative_to("config") for path in Path("config").rglob("*.yml")}
    assert files == {path.relative_to(CONFIGS) for path in CONFIGS.rglob("*.yml")}
    for path in Path("config").rglob("*.yml"):
        path.write_text("mine")
    answers = iter(["perhaps", "n", "y", "none"])
    bootstrap.main([], ask=lambda _: next(answers))
    kept = [path.read_text() == "mine" for path in sorted(Path("config").rglob("*.yml"))]
    assert kept.count(False) == 1
    assert kept[:2] == [True, False]
    assert cli.main(["bootstrap", "--force"]) == 0
    assert not any(path.read_text() == "mine" for path in Path("config").rglob("*.yml"))


def test_the_sweeps_of_qwop_gym_are_settings_that_train():
    import yaml

    files = sorted((CONFIGS / "wandb").glob("*.yml"))
    assert len(files) == 6
    for path in files:
        sweep = yaml.safe_load(path.read_text())
        action = sweep["parameters"]["action"]["value"]
        if action == "train_gail":
            continue  # of the demonstrations' tests
        settings = first_of(sweep["parameters"]["c"])
        config.parse(settings, get_algorithm(action))


def first_of(node):
    if "parameters" in node:
        return {name: first_of(each) for name, each in node["parameters"].items()}
    return node["value"] if "value" in node else node["values"][0]


# W&B's own settings, by the oldest pydantic that it takes.
@pytest.mark.filterwarnings("ignore:Pydantic serializer warnings")
def test_a_trial_of_a_sweep_offline(tmp_path, monkeypatch):
    wandb = pytest.importorskip("wandb")
    monkeypatch.chdir(tmp_path)
    for name, value in {"MODE": "offline", "SILENT": "true", "DIR": str(tmp_path)}.items():
        monkeypatch.setenv(f"WANDB_{name}", value)
    real = wandb.init
    given = {
        "action": "train_a2c",
        "c": {
            "out_dir_template": "data/A2C-{run_id}",
            "log_tensorboard": True,
            "total_timesteps": 60,
            "max_episode_steps": 20,
            "learner_kwargs": {"policy": "MlpPolicy", "n_steps": 5},
            "learner_lr_schedule": "const_0.0007",
            "env_kwargs": {"frames_per_step": 4},
        },
    }
    monkeypatch.setattr(wandb, "init", lambda **kwargs: real(config=given, **kwargs))
    try:
        assert wandb_agent.main() == 0
    finally:
        wandb.teardown()  # its threads would go on beside later tests, and fail in one of them
    (folder,) = (tmp_path / "data").iterdir()
    assert (folder / "model.zip").is_file()
    (offline,) = (tmp_path / "wandb").glob("offline-run-*")
    assert list(offline.glob("*.wandb"))
    assert (offline / "files" / "model.zip").exists()


def test_missing_packages_are_named(tmp_path, monkeypatch, capsys):
    from qwop_native.cli import train as program
    from qwop_native.cli import tune

    for name in ("wandb", "optuna", "ray"):
        monkeypatch.setitem(sys.modules, name, None)
    assert program.main(["a2c", "-s", "wandb.project=x", "-s", f"out_dir={tmp_path}/r"]) == 2
    assert "pip install 'qwop-native[wandb]'" in capsys.readouterr().err
    assert not (tmp_path / "r").exists()
    search = str(CONFIGS / "search" / "qrdqn.yml")
    assert tune.main([search, "--folder", str(tmp_path)]) == 2
    assert "pip install 'qwop-native[tune]'" in capsys.readouterr().err
    assert tune.main([search, "--folder", str(tmp_path), "--ray"]) == 2
    assert "pip install 'qwop-native[ray]'" in capsys.readouterr().err


WITHOUT = """
import sys
sys.modules[sys.argv[1]] = None
from qwop_native.cli.main import main
sys.exit(main(sys.argv[2:]))
"""


@pytest.mark.parametrize("package", ["torch", "stable_baselines3", "pydantic", "yaml"])
@pytest.mark.parametrize("command", [["train", "ppo"], ["train", "bc"]])
def test_training_says_at_once_which_extra_is_missing(package, command, tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT, package, *command],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr.startswith(f"error: this needs {package} of the extra train")
    assert done.stderr.endswith("pip install 'qwop-native[train]'\n")
    assert done.stderr.count("\n") == 1


STUDY = """
algorithm: a2c
config: base.yml
trials: 2
seeds: [1]
settings: {total_timesteps: 60, n_evaluations: 1}
space:
  learner.learning_rate: {low: 1e-4, high: 1e-2, log: true}
  learner.n_steps: {low: 3, high: 6}
  learner.gamma: {choices: [0.9, 0.99]}
"""


@pytest.fixture
def search(tmp_path):
    (tmp_path / "base.yml").write_text(
        "n_envs: 2\nmax_episode_steps: 20\nevaluation_episodes: 2\nn_checkpoints: 2\n"
        "env: {frames_per_step: 4}\nlog_tensorboard: false\n"
    )
    path = tmp_path / "study.yml"
    path.write_text(STUDY)
    return path


def test_a_search_on_one_machine_goes_on_where_it_stopped(search, tmp_path, capsys):
    optuna = pytest.importorskip("optuna")
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    from qwop_native.cli import tune

    command = [str(search), "--folder", str(tmp_path / "found")]
    assert tune.main(command) == 0
    assert "best of 2 trials" in capsys.readouterr().out
    assert len(list((tmp_path / "found").glob("trial-*"))) == 2
    search.write_text(STUDY.replace("trials: 2", "trials: 3"))
    assert tune.main(command) == 0
    assert len(list((tmp_path / "found").glob("trial-*"))) == 3


def test_a_search_whose_trials_are_all_refused_ends(search, tmp_path, capsys):
    optuna = pytest.importorskip("optuna")
    optuna.logging.set_verbosity(optuna.logging.CRITICAL)
    from qwop_native.cli import tune

    base = tmp_path / "base.yml"
    for number in range(5):
        folder = tmp_path / "found" / f"trial-{number}" / "seed-1"
        folder.mkdir(parents=True)
        (folder / "config.yml").write_text(base.read_text())
    assert tune.main([str(search), "--folder", str(tmp_path / "found")]) == 2
    assert "5 trials in a row were refused" in capsys.readouterr().err


def test_whole_ends_mean_whole_numbers(search):
    ranges = study.load(search).ranges()
    assert ranges["learner.n_steps"].whole
    assert not ranges["learner.learning_rate"].whole


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("trials: 2", "trial: 2"), "unknown setting 'trial'; did you mean 'trials'?"),
        (("algorithm: a2c", "algorithm: a3c"), "unknown algorithm 'a3c'"),
        (("learner.gamma", "learner.gama"), "unknown setting 'learner.gama'"),
        (("{choices: [0.9, 0.99]}", "{low: 2}"), "must be low and high, or choices"),
        (("base.yml", "none.yml"), "there is no configuration file none.yml"),
    ],
)
def test_a_search_that_cannot_be_is_refused_before_it_starts(search, change, message):
    search.write_text(STUDY.replace(*change))
    with pytest.raises((ValueError, FileNotFoundError), match=message.replace("?", r"\?")):
        study.load(search)


def test_the_score_of_a_trial_puts_successes_first():
    far = summary.Summary(4, 0.0, None, None, 99.0)
    once = summary.Summary(4, 0.25, 1900, 1900.0, 80.0)
    faster = summary.Summary(4, 0.25, 1500, 1500.0, 80.0)
    assert study.score(None) < study.score(far) < study.score(once) < study.score(faster)
