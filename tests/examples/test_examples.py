"""Each example runs for some seconds and says how its runners do."""

import importlib.util
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from paths import ROOT

EXAMPLES = ROOT / "examples"

pytestmark = pytest.mark.skipif(not EXAMPLES.is_dir(), reason="examples are in a checkout only")

SCRIPTS = {
    "cleanrl_ppo.py": (["torch"], "--steps 8192 --games 8", r"8,192 steps, .*: -?[\d.]+ m"),
    "cleanrl_dqn.py": (["torch"], "--steps 16000 --games 16", r"steps, .*: -?[\d.]+ m"),
    "torchrl_ppo.py": (["torchrl"], "--steps 2048 --games 8", r"2,048 steps, \d+ episodes ended"),
    "tianshou_dqn.py": (["tianshou"], "--epochs 1 --steps 512 --games 4", r"mean return .*: -\d"),
    "rllib_ppo.py": (
        ["ray", "ray.rllib"],
        "--iterations 1 --steps 512 --games 4",
        r"\d+ steps, mean return -?[\d.]+",
    ),
}


def needs(*modules):
    for name in modules:
        try:
            found = importlib.util.find_spec(name)
        except ModuleNotFoundError:
            found = None
        if found is None:
            pytest.skip(f"{name} is not installed")


def environment():
    """With the programs of this Python first on the path, and one core for torch."""
    programs = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    return {**os.environ, "PATH": programs, "OMP_NUM_THREADS": "1", "RAY_DEDUP_LOGS": "0"}


def run(arguments, folder):
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_every_script_is_run_here():
    assert {path.name for path in EXAMPLES.glob("*.py")} == set(SCRIPTS)


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_trains(name, tmp_path):
    modules, arguments, told = SCRIPTS[name]
    needs(*modules)
    assert re.search(told, run([EXAMPLES / name, *arguments.split()], tmp_path))


def test_the_zoo_trains_by_command_line_and_its_model_plays(tmp_path):
    needs("rl_zoo3")
    text = (EXAMPLES / "rl_zoo_ppo.yml").read_text()
    command = text.partition("#   ")[2].partition(" -f ")[0].replace("#", "").replace("\\\n", "")
    words = shlex.split(command)
    assert words[:3] == ["python", "-m", "rl_zoo3.train"]
    words[words.index("examples/rl_zoo_ppo.yml")] = EXAMPLES / "rl_zoo_ppo.yml"
    told = run([*words[1:], "-f", "runs/zoo", "-n", "4096"], tmp_path)
    assert "Saving to" in told
    from qwop_native import load_policy

    model = tmp_path / "runs/zoo/ppo/QWOP-v1_1/QWOP-v1.zip"
    policy = load_policy(model, frames_per_step=4, action_set="essential")
    assert policy.frames_per_step == 4


@pytest.mark.slow
def test_the_notebook_runs_from_top_to_bottom(tmp_path, monkeypatch):
    needs("nbclient", "nbformat", "ipykernel", "sb3_contrib", "PIL")
    import nbclient
    import nbformat

    notebook = nbformat.read(EXAMPLES / "first_runner.ipynb", 4)
    first = next(cell for cell in notebook.cells if cell.cell_type == "code")
    assert "STEPS = 4_200_000" in first.source
    first.source = first.source.replace("4_200_000", "20_000")
    for name, value in environment().items():
        monkeypatch.setenv(name, value)
    client = nbclient.NotebookClient(
        notebook, timeout=600, resources={"metadata": {"path": str(tmp_path)}}
    )
    client.execute()
    outputs = [each for cell in notebook.cells for each in cell.get("outputs", ())]
    pictures = [each for each in outputs if "data" in each]
    kinds = [kind for each in pictures for kind in each["data"] if kind.startswith("image/")]
    assert kinds == ["image/png", "image/webp"]
    assert re.search(r"-?[\d.]+ m in \d+ frames", outputs[-1]["text"])
