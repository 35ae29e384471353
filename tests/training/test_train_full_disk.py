"""A disk that is full in the middle of a run: one sentence, and nothing that was there is lost."""

import json
import subprocess
import sys
import zipfile

import pytest
import torch
import yaml
from sb3_contrib import QRDQN

from qwop_native.cli.train import main
from qwop_native.training.algorithms import get_algorithm

pytest.importorskip("resource", reason="there is no limit of a file's size to be set")

SETTINGS = {
    "total_timesteps": 600,
    "n_envs": 4,
    "max_episode_steps": 30,
    "env": {"frames_per_step": 4, "action_set": "essential"},
    "seed": 11,
    "n_checkpoints": 4,
    "n_reports": 1,
    "n_evaluations": 2,
    "log_interval": 1,
    "evaluation_episodes": 1,
    "progress_bar": False,
    "learner": {"buffer_size": 300, "learning_starts": 40, "batch_size": 8, "n_quantiles": 5},
}

# No file may grow beyond a size any more once half of the run is over; Python ignores the signal,
# so that writing fails as on a full disk.
PROGRAM = """
import resource, sys
from qwop_native.cli import train as program
from qwop_native.training import runner

kept = runner.Run._checkpoint

def and_then_no_room(run, done):
    kept(run, done)
    if done >= 300:
        resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]),) * 2)

runner.Run._checkpoint = and_then_no_room
sys.exit(program.main(sys.argv[2:]))
"""

WRAPPER = {
    "module": "qwop_native.sb3",
    "cls": "ShapedVecReward",
    "kwargs": {"weights": {"velocity": 0.1}},
}


def model_of(folder):
    return QRDQN.load(folder / "model.zip").policy.state_dict()


@pytest.mark.parametrize(
    ("room", "wrappers"),
    [
        pytest.param(60_000, [], id="a checkpoint"),
        # Without an exact checkpoint; within the weights, in the zip.
        pytest.param(100_000, [WRAPPER], id="a model"),
    ],
)
def test_a_full_disk(tmp_path, room, wrappers):
    path = tmp_path / "run.yml"
    path.write_text(yaml.safe_dump({**SETTINGS, "env_wrappers": wrappers}))
    command = ["qrdqn", "-c", str(path), "-s", "log_tensorboard=false", "-s"]
    folder = tmp_path / "full"
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(room), *command, f"out_dir={folder}"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2, done.stderr
    assert done.stderr.startswith("error: no room to write (File too large); what was written ")
    assert done.stderr.endswith(f"qwop-native train --resume {folder}\n")
    assert done.stderr.count("\n") == 1

    assert not list(folder.rglob("*.part"))
    models = list(folder.rglob("*.zip"))
    assert {"model_300.zip", "best_model.zip"} <= {each.name for each in models}
    for each in models:
        assert zipfile.ZipFile(each).testzip() is None
    points = (folder / "history.jsonl").read_text().splitlines()
    assert all(json.loads(line) for line in points[:-1])

    assert main(["--resume", str(folder)]) == 0
    assert yaml.safe_load((folder / "metadata.yml").read_text())["state"] == "finished"
    if not wrappers:  # to the same bits as if there had been room
        whole = tmp_path / "whole"
        assert main([*command, f"out_dir={whole}"]) == 0
        ends = model_of(folder), model_of(whole)
        assert all(torch.equal(ends[0][name], ends[1][name]) for name in ends[0])


def test_a_disk_without_any_room(tmp_path, capsys):
    """Where not even the settings can be written, nothing is left that looks like a run."""
    import resource

    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    path = tmp_path / "run.yml"
    path.write_text(yaml.safe_dump(SETTINGS))
    assert get_algorithm("qrdqn")  # imported while files can be written
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, before[1]))
    try:
        status = main(["qrdqn", "-c", str(path), "-s", f"out_dir={tmp_path}/none"])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert status == 2
    assert "File too large" in capsys.readouterr().err
    assert list((tmp_path / "none").iterdir()) == []
