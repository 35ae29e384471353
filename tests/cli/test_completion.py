"""Completion scripts: the shells take them, and they complete what there is."""

import shutil
import subprocess

import pytest

from qwop_native.cli import main as cli
from qwop_native.cli.completion import script


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_scripts_name_every_command(shell, capsys):
    assert cli.main(["completion", shell]) == 0
    text = capsys.readouterr().out
    assert text == script(shell)
    assert all(name in text for name in cli.FAMILIES)
    if shutil.which(shell):
        subprocess.run([shell, "-n", "/dev/stdin"], input=text, text=True, check=True)


def test_bash_completes_commands():
    if not shutil.which("bash"):
        pytest.skip("bash is needed")
    ask = 'COMP_WORDS=(qwop-native re); COMP_CWORD=1; _qwop_native; echo "${COMPREPLY[@]}"'
    program = ["bash", "-c", f"{script('bash')}\n{ask}"]
    done = subprocess.run(program, capture_output=True, text=True, check=True)
    assert "replay" in done.stdout.split()
    assert "play" not in done.stdout.split()
