"""Interrupted runs that go on: exactly where it can be, and plainly said where not."""

import json
import zipfile

import pytest
import torch
import yaml

from qwop_native.cli.train import main
from qwop_native.training import config, history, resume
from qwop_native.training.algorithms import get_algorithm
from qwop_native.training.runner import INTERRUPTED, Run

SMALL = """
total_timesteps: 600
n_envs: 4
max_episode_steps: 30
env: {frames_per_step: 4, action_set: essential}
seed: 11
n_checkpoints: 4
n_reports: 1
n_evaluations: 2
log_interval: 1
evaluation_episodes: 2
"""

LEARNERS = {
    "qrdqn": "{buffer_size: 300, learning_starts: 40, batch_size: 8, n_quantiles: 5}",
    "ppo": "{n_steps: 16, batch_size: 32, n_epochs: 2}",
    "recurrent_ppo": "{n_steps: 16, batch_size: 32, n_epochs: 1, lstm_hidden_size: 8}",
    "filtered_ppo": "{n_steps: 40, batch_size: 32, n_epochs: 1}",
    "a2c": "{}",
}


def start(tmp_path, name, *overrides):
    path = tmp_path / f"{name}.yml"
    path.write_text(SMALL + f"learner: {LEARNERS[name]}\nout_dir: {tmp_path}/{{run_id}}\n")
    algorithm = get_algorithm(name)
    return Run(algorithm, config.load(path, overrides, algorithm))


def interrupt_half_way(run):
    keep_best = run._keep_best

    def and_stop(done):
        keep_best(done)
        run._stop.requested = True

    run._keep_best = and_stop
    assert run.execute() == INTERRUPTED
    assert run.model.num_timesteps < 600


def same(one, other):
    pairs = zip(one.policy.parameters(), other.policy.parameters(), strict=True)
    return all(torch.equal(a, b) for a, b in pairs)


@pytest.mark.parametrize("name", LEARNERS)
def test_an_interrupted_run_goes_on_to_the_same_bits(tmp_path, name):
    whole = start(tmp_path, name, "run_id=whole")
    assert whole.execute() == 0
    stopped = start(tmp_path, name, "run_id=stopped")
    interrupt_half_way(stopped)
    about = yaml.safe_load((stopped.folder / "metadata.yml").read_text())
    assert (about["state"], about["resume"]) == ("interrupted", "exact")
    resumed = Run.resume(stopped.folder)
    assert not same(whole.model, resumed.model)
    assert resumed.execute() == 0
    assert resumed.model.num_timesteps == whole.model.num_timesteps
    assert same(whole.model, resumed.model)
    evaluations = [
        (folder / "evaluation.json").read_text() for folder in (whole.folder, resumed.folder)
    ]
    assert evaluations[0] == evaluations[1]
    curves = [
        [(p["steps"], p.get("user/distance")) for p in history.read(folder)]
        for folder in (whole.folder, resumed.folder)
    ]
    assert curves[0][-1] == curves[1][-1]
    assert [steps for steps, _ in curves[1]] == sorted(steps for steps, _ in curves[1])
    assert not (resumed.folder / resume.NAME).exists()


def test_wrapped_games_go_on_from_the_last_model(tmp_path, capsys):
    wrapper = (
        "env_wrappers=[{module: gymnasium.wrappers, cls: ClipReward, kwargs: {min_reward: 0}}]"
    )
    stopped = start(tmp_path, "qrdqn", "run_id=wrapped", wrapper)
    interrupt_half_way(stopped)
    about = yaml.safe_load((stopped.folder / "metadata.yml").read_text())
    assert about["resume"] == "from the last model, because its games are wrapped (DummyVecEnv)"
    assert main(["--resume", str(stopped.folder)]) == 0
    assert "replay buffer, random numbers and episodes are new" in capsys.readouterr().out
    about = yaml.safe_load((stopped.folder / "metadata.yml").read_text())
    assert about["state"] == "finished"
    assert about["steps"] >= 600


class Killed(BaseException):
    pass


def test_a_run_killed_before_it_saved_anything_begins_anew(tmp_path, capsys):
    whole = start(tmp_path, "qrdqn", "run_id=whole", "n_checkpoints=1")
    whole.execute()
    killed = start(tmp_path, "qrdqn", "run_id=killed", "n_checkpoints=1")

    def kill(_):
        raise Killed

    killed._keep_best = kill
    with pytest.raises(Killed):
        killed.execute()
    killed.model.logger.close()
    capsys.readouterr()
    resumed = Run.resume(killed.folder)
    assert "the run had saved neither a checkpoint nor a model" in capsys.readouterr().out
    assert resumed.execute() == 0
    assert same(whole.model, resumed.model)


def without_its_schedule(path):
    """A zip whose step size no Python can read, as one of another Python's functions."""
    with zipfile.ZipFile(path) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    data = json.loads(entries["data"])
    data["lr_schedule"] = {
        ":type:": "<class 'function'>",
        ":serialized:": "Y25vd2hlcmUKdGhpbmcKLg==",
    }
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in (entries | {"data": json.dumps(data)}).items():
            archive.writestr(name, content)


def test_a_model_of_other_versions_is_refused(tmp_path, capsys):
    run = start(tmp_path, "a2c", "run_id=a2c", "total_timesteps=20")
    run.execute()
    model = run.folder / "model.zip"
    without_its_schedule(model)
    command = ["a2c", "-c", str(tmp_path / "a2c.yml"), "-s", f"model_load_file={model}"]
    assert main(command) == 2
    told = capsys.readouterr().err
    assert f"{model} cannot be read here" in told
    assert "No module named 'nowhere'" in told
    assert "Traceback" not in told


def test_what_cannot_go_on_is_said_and_left_as_it_is(tmp_path, capsys):
    assert main(["--resume", str(tmp_path / "none")]) == 2
    assert "is no run's folder" in capsys.readouterr().err
    run = start(tmp_path, "ppo", "run_id=damaged")
    interrupt_half_way(run)
    file = run.folder / resume.NAME
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    assert main(["--resume", str(run.folder)]) == 2
    told = capsys.readouterr().err
    assert "is no checkpoint of this version, or it is damaged" in told
    assert "without resume.ckpt in its folder the run goes on from its last model" in told
    assert file.read_bytes() == content
    file.unlink()
    about = run.folder / "metadata.yml"
    about.write_text(about.read_text().replace("state: interrupted", "state: finished"))
    assert main(["--resume", str(run.folder)]) == 2
    assert "is finished" in capsys.readouterr().err


def test_a_model_of_another_kind_is_refused(tmp_path, capsys):
    run = start(tmp_path, "a2c", "run_id=a2c", "total_timesteps=20")
    run.execute()
    model = run.folder / "model.zip"
    start(tmp_path, "ppo")
    capsys.readouterr()
    command = ["ppo", "-c", str(tmp_path / "ppo.yml"), "-s", f"model_load_file={model}"]
    assert main(command) == 2
    assert f"{model} is a model of a2c, not of ppo" in capsys.readouterr().err
    command = ["a2c", "-c", str(tmp_path / "a2c.yml"), "-s", f"model_load_file={model}"]
    assert main([*command, "-s", "env.action_set=full"]) == 2
    assert "was trained with other actions than the environment's 16" in capsys.readouterr().err
    model.write_bytes(b"PK")
    assert main(command) == 2
    assert "is not a model of Stable-Baselines3, or it is damaged" in capsys.readouterr().err
