"""The command line where it needs no browser: help, exit statuses, what it prints."""

import os
import re
import shutil
import subprocess
import sys

import numpy as np
import pytest
from paths import TRACES

from qwop_native.cli import main as cli
from qwop_native.cli.parity_options import command_text
from qwop_native.parity.trace import make_trace, read_trace, write_trace
from qwop_native.recording.tape import parse_tape

COMMANDS = (
    "files",
    "probe",
    "verify",
    "show",
    "record",
    "record-env",
    "compare",
    "env",
    "report",
)


@pytest.mark.parametrize("words", [[], ["parity"], *(["parity", name] for name in COMMANDS)])
def test_every_command_has_help_with_an_example(words, capsys):
    with pytest.raises(SystemExit) as end:
        cli.main([*words, "-h"])
    assert end.value.code == 0
    assert f"example:\n  qwop-native {' '.join(words[:1])}" in capsys.readouterr().out


def test_without_a_command_there_is_the_list_of_them(capsys):
    assert cli.main([]) == 2
    assert "commands:\n  play " in capsys.readouterr().err


@pytest.mark.parametrize("words", [["fly"], ["parity"], ["parity", "fly"]])
def test_an_unknown_command_is_refused(words, capsys):
    with pytest.raises(SystemExit) as end:
        cli.main(words)
    assert end.value.code == 2
    assert "usage: qwop-native" in capsys.readouterr().err


def test_verify_says_that_a_trace_is_reproduced(capsys):
    name = "intro-50-glibc.trace"
    assert cli.main(["parity", "verify", str(TRACES / name)]) == 0
    printed = capsys.readouterr().out
    assert f"{name}: glibc, 401 rows, every bit equal" in printed
    assert "1 traces, 401 rows: every bit equal" in printed


def test_verify_says_where_a_trace_is_not_reproduced(tmp_path, capsys):
    good = read_trace(TRACES / "intro-1-glibc.trace")
    rows = good.keyframes.copy()  # every row of this trace is kept whole
    rows["bodies"][7, 4, 4] = np.nextafter(rows["bodies"][7, 4, 4], np.inf)
    write_trace(tmp_path / "bad.trace", make_trace(good.provenance, good.tape, rows, 1))
    assert cli.main(["parity", "verify", str(tmp_path)]) == 1
    printed = capsys.readouterr().out
    assert re.search(r"row 7 .*leftFoot\.vy is .* 1 units in the last place apart", printed)


def test_verify_reports_a_damaged_trace(tmp_path, capsys):
    path = tmp_path / "bad.trace"
    shutil.copy(TRACES / "intro-50-glibc.trace", path)
    path.write_bytes(path.read_bytes()[:-40])
    assert cli.main(["parity", "verify", str(path)]) == 2
    assert "bad.trace is not a readable trace" in capsys.readouterr().err


def test_verify_reports_a_folder_without_traces(tmp_path, capsys):
    assert cli.main(["parity", "verify", str(tmp_path)]) == 2
    assert "there is no trace at" in capsys.readouterr().err


def test_show_prints_provenance_and_tape(capsys):
    path = str(TRACES / "intro-50-glibc.trace")
    assert cli.main(["parity", "show", path]) == 0
    assert "sincos: glibc" in capsys.readouterr().out
    assert cli.main(["parity", "show", path, "--tape"]) == 0
    assert parse_tape(capsys.readouterr().out).idle_frames == 50


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["compare", "--random", "1"], "say where the game is"),
        (["compare", "--game-dir", "absent", "--random", "1"], "there is no folder absent"),
        (["env"], "say where the game is"),
        (["record", "--out", "x.trace"], "say which keys to press"),
        (["record", "--tape", "a", "--random", "1", "--out", "x"], "say which keys to press"),
        (["record", "--tape", "absent.tape", "--out", "x"], "absent.tape"),
        (["probe", "--browser", "absent-browser"], "there is no program absent-browser"),
        (["show", "absent.trace"], "show: absent.trace: no such file or directory"),
    ],
)
def test_what_is_missing_is_said(words, message, capsys, monkeypatch):
    pytest.importorskip("playwright")
    monkeypatch.delenv("QWOP_GAME_DIR", raising=False)
    assert cli.main(["parity", *words]) == 2
    assert message in capsys.readouterr().err


def test_a_browser_may_be_named_as_on_the_path(tmp_path, capsys, monkeypatch):
    pytest.importorskip("playwright")
    program = tmp_path / "my-browser"
    program.write_text("#!/bin/sh\nexit 1\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    assert cli.main(["parity", "probe", "--browser", "my-browser"]) == 2
    said = capsys.readouterr().err  # what it was told, not that it is nowhere
    assert f"{program} does not start" in said
    assert "exist" not in said


def test_an_environments_trace_is_no_tape_of_keys(capsys):
    trace = str(TRACES / "env-random-glibc.trace")
    assert cli.main(["parity", "compare", "--game-dir", ".", "--tape", trace]) == 2
    assert "a recording of the environment, not of the game" in capsys.readouterr().err


@pytest.mark.parametrize("value", ["0", "5-3", "0-3", "x", "-1"])
def test_a_hold_that_is_no_range_is_refused(value, capsys):
    with pytest.raises(SystemExit):
        cli.main(["parity", "compare", f"--hold={value}"])
    assert "must be such as 4 or 4-12" in capsys.readouterr().err


def test_the_kept_command_names_no_folder():
    words = ["record", "--game-dir", "/home/me/qwop", "--out=/x/y/run.trace", "--random", "7"]
    words += [
        "--browser-note",
        "npm:@a/b",
        "--browser-arg=--js-flags=--x",
        "--traces",
        "/t/u",
        "/v",
    ]
    assert command_text(words) == (
        "qwop-native parity record --game-dir qwop --out=run.trace --random 7 "
        "--browser-note npm:@a/b --browser-arg=--js-flags=--x --traces u v"
    )


def test_without_playwright_the_browser_commands_say_what_to_install():
    code = (
        "import sys; sys.modules['playwright'] = None\n"
        "from qwop_native.cli.main import main\n"
        "sys.exit(main(['parity', 'probe']))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd="/", capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "pip install 'qwop-native[parity]'" in done.stderr


def test_stored_traces_are_verified_without_playwright(tmp_path):
    code = (
        "import sys; sys.modules['playwright'] = None\n"
        "from qwop_native.cli.main import main\n"
        f"sys.exit(main(['parity', 'verify', {str(TRACES / 'intro-50-glibc.trace')!r}]))"
    )
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True, capture_output=True)
