"""A training on a terminal, a pretended one and none: what a person sees of it."""

import io
import os
import shlex
import subprocess
import sys

import pytest

from qwop_native.models.summary import Summary
from qwop_native.training import terminal
from qwop_native.training.callbacks import EpisodeStatistics, Throughput
from qwop_native.training.display import Display
from qwop_native.training.terminal import Standing, TerminalView, duration, losses_of, panel

console = pytest.importorskip("rich.console")

NAN = float("nan")
LATE = Standing(
    done=3_000_064,
    total=4_200_000,
    seconds=221.0,
    left=88.4,
    distance=31.84,
    farthest=100.3,
    success=0.17,
    best_frames=1_701,
    distances=[NAN, 0.0, 1.0, 5.0, 12.0, 31.84],
    evaluation=Summary(10, 0.8, 1_734, 1_814.0, 93.2),
    env_rate=13_570.4,
    update_rate=105.6,
    losses={"loss": 0.03849, "policy_loss": -0.00123},
)
EARLY = Standing(0, 100, 0.0, None, NAN, None, NAN, None, [], None, 0.0, 0.0)


def drawn(standing, width, encoding="utf-8"):
    file = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    out = console.Console(file=file, width=width, force_terminal=True, color_system=None)
    out.print(panel("qrdqn: runs/a", standing, out))
    file.seek(0)
    return file.read()


@pytest.mark.parametrize("width", [50, 65, 66, 80, 97, 98, 120, 160])
def test_a_panel_tells_all_at_any_width(width):
    text = drawn(LATE, width)
    told = ["qrdqn: runs/a", "71 %", "3:41 gone, 1:28 left", "31.8 m", "100.3 m", "17 %", "8 of 10"]
    told += ["1,701 (+335)", "1,734 (+368)", "1,814 (+448)", "1,366 (45.53 s)", "93.2 m"]
    told += ["13,570 steps/s", "106 updates/s", "0.0385", "policy loss", "-0.00123", "▁▁▁▃█"]
    assert [each for each in told if each not in text] == []
    assert {len(line) for line in text.splitlines()} == {width}


def test_a_panel_is_no_higher_than_a_usual_terminal():
    assert len(drawn(LATE, 80).splitlines()) < 24


def test_before_the_first_episode_there_is_a_panel_too():
    text = drawn(EARLY, 100)
    assert "0 %" in text
    assert "left" not in text
    assert "nan" not in text


def test_a_terminal_without_unicode_gets_plain_signs():
    text = drawn(LATE, 100, "ascii")
    assert text.isascii()
    assert "1,734 (+368)" in text


def test_times_and_losses():
    assert [duration(each) for each in (0, 59.6, 3599, 3661)] == [
        "0:00",
        "1:00",
        "59:59",
        "1:01:01",
    ]
    values = {
        "train/loss": 1,
        "train/policy_gradient_loss": 2.0,
        "train/n_updates": 3,
        "rollout/loss": 4,
    }
    assert losses_of(values) == {"loss": 1.0, "policy_loss": 2.0}


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.mark.parametrize("why", ["no terminal", "dumb", "no rich", "not wanted"])
def test_plain_lines_wherever_there_can_be_no_panel(why, monkeypatch, capsys):
    shown = io.StringIO() if why == "no terminal" else Terminal()
    monkeypatch.setenv("TERM", "dumb" if why == "dumb" else "xterm")
    if why == "no rich":
        for name in [name for name in sys.modules if name.split(".")[0] == "rich"]:
            monkeypatch.delitem(sys.modules, name)
        monkeypatch.setitem(sys.modules, "rich", None)
    monkeypatch.setattr(sys, "stdout", shown)
    bar = why != "not wanted"
    display = Display(100, EpisodeStatistics(), Throughput(), bar, last=lambda: LATE.evaluation)
    display.say("a line")
    display.close()
    assert shown.getvalue() == "a line\n"


def test_a_terminal_has_a_panel_below_what_is_said(monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(sys, "stdout", Terminal())
    view = TerminalView.if_possible("a2c: runs/a")
    view.show(LATE)
    view.say("[a line]")
    view.close()
    text = sys.stdout.getvalue()
    assert "[a line]" in text
    assert text.rindex("a2c: runs/a") > text.index("[a line]")
    assert terminal.TerminalView is TerminalView


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudo terminals")
def test_a_training_in_a_pseudo_terminal(tmp_path):
    import fcntl
    import pty
    import struct
    import termios

    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 100, 0, 0))
    folder = tmp_path / "a run"  # the command to watch it is to be pasted as it stands
    settings = ["total_timesteps=4000", "n_envs=2", "evaluation_episodes=1", "max_episode_steps=50"]
    settings += ["n_evaluations=2", "n_checkpoints=0", f"out_dir={folder}", "log_tensorboard=false"]
    program = [sys.executable, "-m", "qwop_native.cli", "train", "a2c"]
    program += [word for each in settings for word in ("-s", each)]
    environment = {**os.environ, "TERM": "xterm-256color", "PYTHONIOENCODING": "utf-8"}
    for name in ("COLUMNS", "LINES", "NO_COLOR"):
        environment.pop(name, None)
    with subprocess.Popen(
        program, stdin=theirs, stdout=theirs, stderr=theirs, env=environment, cwd=tmp_path
    ) as process:
        os.close(theirs)
        written = b""
        while True:
            try:
                part = os.read(ours, 4096)
            except OSError:  # how Linux tells that the other side is closed
                break
            if not part:
                break
            written += part
    os.close(ours)
    text = written.decode()
    assert process.returncode == 0, text
    for words in ("a2c: ", "training episodes", "last evaluation", "steps/s", "updates/s", "100"):
        assert words in text
    assert text.rstrip().endswith(f"watch it: qwop-native spectate {shlex.quote(str(folder))}")
    assert not [line for line in text.splitlines() if line.startswith("100 %  ")]
