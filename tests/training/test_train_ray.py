"""A search on a Ray cluster that loses a machine in the middle; needs the extra `ray`."""

import json
import subprocess
import sys

import pytest
import torch
from paths import TESTS
from stable_baselines3 import PPO

from qwop_native.training import study
from qwop_native.training.algorithms import get_algorithm
from qwop_native.training.runner import Run

pytest.importorskip("ray", reason="pip install 'qwop-native[ray]'")


@pytest.mark.slow
def test_no_trial_is_lost_with_a_node(tmp_path):
    script = TESTS / "support" / "ray_two_nodes.py"
    done = subprocess.run(
        [sys.executable, str(script), str(tmp_path)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["status"] == 0
    assert set(found["trials"]) == {"1", "2", "3"}
    assert all(trial["steps"][-1] >= 6000 for trial in found["trials"].values())

    # The trial of the killed node went on at the other one, from what it had saved last.
    (killed,) = found["killed"]
    trial = found["trials"][str(killed["seed"])]
    assert len(trial["nodes"]) == 2
    assert killed["steps"] in trial["steps"]
    assert min(trial["steps"][trial["steps"].index(killed["steps"]) :]) == killed["steps"]

    # It came to the same bits as without a loss.
    search = study.load(tmp_path / "study.yml")
    settings = search.run_config({"learner.gamma": 0.98}, killed["seed"], f"{tmp_path}/alone")
    alone = Run(get_algorithm("ppo"), settings)
    assert alone.execute() == 0
    (result,) = (
        path.parent
        for path in (tmp_path / "study").glob("*/params.json")
        if json.loads(path.read_text())["seed"] == killed["seed"]
    )
    saved = max(result.glob("checkpoint_*"))
    one = PPO.load(alone.folder / "model.zip").policy.state_dict()
    other = PPO.load(saved / "model.zip").policy.state_dict()
    assert [name for name in one if not torch.equal(one[name], other[name])] == []
