"""Runs of the training program that learn from demonstrations, and files of qwop-gym's for them."""

import json

import numpy as np
import pytest
import yaml
from imitation_demonstrations import ARGUMENTS, demonstrations
from stable_baselines3 import PPO

from qwop_native.cli.collect import main as collect_main
from qwop_native.cli.train import main
from qwop_native.training.algorithms import get_algorithm
from qwop_native.training.config import load
from qwop_native.training.imitation.adversarial import LearnedReward
from qwop_native.training.runner import Run

SMALL = """
total_timesteps: 256
n_envs: 2
max_episode_steps: 60
env: {frames_per_step: 4, action_set: essential}
seed: 3
n_checkpoints: 1
n_evaluations: 1
evaluation_episodes: 1
learner:
"""

LEARNERS = {
    "bc": "{n_epochs: 2, net_arch: [8], demonstrations: [DEMOS]}",
    "gail": "{n_steps: 32, batch_size: 32, n_epochs: 1, net_arch: [8], demonstrations: [DEMOS]}",
    "airl": "{n_steps: 32, batch_size: 32, n_epochs: 1, net_arch: [8], demonstrations: [DEMOS]}",
    "dqn_demo": "{learning_starts: 20, net_arch: [8], demo_file: DEMOS, margin_weight: 1}",
    "qrdqn_demo": "{learning_starts: 20, n_quantiles: 3, net_arch: [8], demo_file: DEMOS}",
}


@pytest.mark.parametrize("name", LEARNERS)
def test_a_short_run_of_each(name, tmp_path):
    demonstrations().save(tmp_path / "demos.npz")
    learner = LEARNERS[name].replace("DEMOS", str(tmp_path / "demos.npz"))
    path = tmp_path / "run.yml"
    path.write_text(SMALL.rstrip() + f" {learner}\nout_dir: {tmp_path}/{{run_id}}\n")
    assert main([name, "-c", str(path), "-s", "run_id=one"]) == 0
    done = json.loads((tmp_path / "one" / "evaluation.json").read_text())
    assert len(done["trained"]["episodes"]) == 1
    model = get_algorithm(name).model_class().load(tmp_path / "one" / "model.zip", device="cpu")
    assert model.num_timesteps >= 256
    # The zip plays, and its runs are demonstrations again.
    out = tmp_path / "again.npz"
    command = [name, str(tmp_path / "one" / "model.zip"), "-o", str(out), "--episodes", "1"]
    command += ["--min-distance", "-10", "--max-episode-steps", "30"]
    assert collect_main(command) == 0
    assert out.is_file()
    # It trains on, and is no model of another algorithm.
    more = ["-s", f"model_load_file={tmp_path / 'one' / 'model.zip'}", "-s", "run_id=two"]
    assert main([name, "-c", str(path), *more]) == 0
    two = get_algorithm(name).model_class().load(tmp_path / "two" / "model.zip", device="cpu")
    assert two.num_timesteps >= 256 + model.num_timesteps


@pytest.mark.parametrize(
    ("name", "overrides", "scaled"),
    [
        ("airl", [], True),
        ("airl", ["learner.normalize_reward=false"], False),
        ("gail", [], False),
        ("gail", ["learner.normalize_reward=true"], True),
    ],
)
def test_airls_reward_is_scaled(name, overrides, scaled, tmp_path, monkeypatch):
    """Else the error of the value takes the whole gradient and the policy stands still."""
    rewards = LearnedReward.rewards
    monkeypatch.setattr(LearnedReward, "rewards", lambda self, of: 1e4 * rewards(self, of))
    demonstrations().save(tmp_path / "demos.npz")
    learner = LEARNERS[name].replace("DEMOS", str(tmp_path / "demos.npz"))
    path = tmp_path / "run.yml"
    path.write_text(SMALL.rstrip() + f" {learner}\nout_dir: {tmp_path}/{{run_id}}\n")
    run = Run(get_algorithm(name), load(path, overrides, get_algorithm(name)))
    assert run.execute() == 0
    assert (np.abs(run.model.rollout_buffer.rewards).max() < 100) == scaled


def test_missing_demonstrations_are_said_before_anything_is_written(tmp_path, capsys):
    path = tmp_path / "run.yml"
    path.write_text(f"out_dir: {tmp_path}/runs\n")
    assert main(["bc", "-c", str(path)]) == 2
    assert "learner.demonstrations must be files such as" in capsys.readouterr().err
    assert main(["gail", "-c", str(path), "-s", "learner.demonstrations=[no.npz]"]) == 2
    assert "there is no file of demonstrations no.npz" in capsys.readouterr().err
    assert not (tmp_path / "runs").exists()


def test_files_of_qwop_gym(tmp_path):
    own = {
        "seed": None,
        "recordings": ["data/recordings/*.rec"],
        "out_dir_template": "data/GAIL_PPO-{run_id}",
        "log_tensorboard": True,
        "episode_len": 500,
        "total_timesteps": 200_000,
        "trainer_kwargs": {
            "demo_batch_size": 1024,
            "demo_minibatch_size": None,
            "n_disc_updates_per_round": 4,
            "log_dir": None,
            "gen_train_timesteps": None,
            "gen_replay_buffer_capacity": None,
            "debug_use_ground_truth": False,
            "allow_variable_horizon": False,
        },
        "learner_module": "stable_baselines3",
        "learner_cls": "PPO",
        "learner_kwargs": {"policy": "MlpPolicy", "n_steps": 64, "sde_sample_freq": 4},
        "learner_lr_schedule": "const_0.001",
        "env_kwargs": {"frames_per_step": 4, "reduced_action_set": False},
        "env_wrappers": [],
    }
    path = tmp_path / "train.yml"
    path.write_text(yaml.safe_dump(own))
    for name in ("gail", "airl"):
        config = load(path, [], get_algorithm(name))
        assert config.learner.demonstrations == ("data/recordings/*.rec",)
        assert (config.learner.horizon, config.learner.demo_batch_size) == (500, 1024)
        assert config.learner.n_steps == 64
    cloning = {key: own[key] for key in ("seed", "recordings", "out_dir_template", "env_kwargs")}
    cloning["n_epochs"] = 500
    cloning["learner_kwargs"] = {
        "batch_size": 32,
        "minibatch_size": None,
        "ent_weight": 0.001,
        "l2_weight": 0.0,
    }
    path.write_text(yaml.safe_dump(cloning))
    config = load(path, [], get_algorithm("bc"))
    assert (config.learner.n_epochs, config.learner.batch_size) == (500, 32)
    assert issubclass(get_algorithm("bc").model_class(), PPO)
    assert ARGUMENTS["frames_per_step"] == config.env["frames_per_step"]
