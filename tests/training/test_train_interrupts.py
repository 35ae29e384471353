"""Ctrl-C and SIGTERM stop a training wherever it is, with one sentence and status 130."""

import os
import signal
import subprocess
import sys
import time

import pytest

from qwop_native.qwop_gym.rec import Rec, RecEpisode

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="no named pipes in files")

SETTINGS = (
    "learner.n_epochs=1000000",
    "progress_bar=false",
    "evaluation_episodes=1",
    "max_episode_steps=20",
    "env={frames_per_step: 4, action_set: full}",
    "total_timesteps=1000000",
)
SIGNALS = (signal.SIGINT, signal.SIGTERM)


@pytest.fixture
def training(tmp_path):
    """`train bc` on a pipe, which tells when its demonstrations are being read."""
    pipe = tmp_path / "shown.rec"
    os.mkfifo(pipe)
    words = [word for each in SETTINGS for word in ("-s", each)]
    command = [sys.executable, "-um", "qwop_native.cli", "train", "bc", *words]
    process = subprocess.Popen(
        [*command, "-s", f"learner.demonstrations=[{pipe}]"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    yield process, pipe
    process.kill()
    process.communicate()


def end(process, number):
    begun = time.monotonic()
    process.send_signal(number)
    said, _ = process.communicate(timeout=60)
    assert process.returncode == 130, said
    assert "Traceback" not in said
    return said, time.monotonic() - begun


@pytest.mark.parametrize("number", SIGNALS)
def test_while_demonstrations_are_read(training, number):
    process, pipe = training
    with pipe.open("w") as file:  # waits until the other side reads
        file.write("seed=1\n")
        file.flush()
        time.sleep(0.5)  # a signal between its opening and its reading would wait for the next byte
        said, _ = end(process, number)
    assert said == "interrupted\n"
    assert not (pipe.parent / "runs").exists()


@pytest.mark.parametrize("number", SIGNALS)
def test_while_a_policy_is_cloned(training, number):
    process, pipe = training
    # A pipe can be read only once, so this shows as well that learning does not read again.
    rec = Rec(1, (RecEpisode((*range(16), 16)),) * 3)
    pipe.write_text(str(rec))
    line = process.stdout.readline()
    assert line.startswith("run folder: "), line + process.stdout.read()
    time.sleep(2)
    said, _ = end(process, number)
    assert said.splitlines()[-1].startswith("interrupted")
    folder = pipe.parent / line.removeprefix("run folder: ").strip()
    assert "state: interrupted" in (folder / "metadata.yml").read_text()
