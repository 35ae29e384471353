"""Text files as people make them: marks, line ends, locales, blank lines."""

import os
import subprocess
import sys

import pytest

from qwop_native import load_recording
from qwop_native.cli import main as cli
from qwop_native.qwop_gym.rec import parse_rec
from qwop_native.recording import make_recording
from qwop_native.text_files import decode, lines_of, read_text

BOM = b"\xef\xbb\xbf"


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"", ""),
        (b"a\r\nb\n", "a\nb\n"),
        (BOM + "Läufe".encode(), "Läufe"),
        (b"a\rb", "a\rb"),
    ],
)
def test_utf_8_is_read_with_or_without_a_mark(content, text):
    assert decode(content) == text


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("a".encode("utf-16"), "it is UTF-16, not text in UTF-8"),
        (b"a\xff", "not text in UTF-8"),
    ],
)
def test_other_text_is_refused(content, message, tmp_path):
    path = tmp_path / "a.txt"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=message):
        read_text(path)


def test_lines():
    assert lines_of("a\n\nb\x0c \n\n \n") == ["a", "", "b"]
    assert lines_of("") == [""]
    with pytest.raises(ValueError, match="CR alone; save it with LF or CRLF"):
        lines_of("a\rb\r")


@pytest.fixture
def recorded(tmp_path):
    path = tmp_path / "run.qwop"
    make_recording([1, 2, 4, 8] * 20).save(path)
    return path


CHANGES = {
    "CRLF": lambda content: content.replace(b"\n", b"\r\n"),
    "BOM": lambda content: BOM + content,
    "no newline at the end": bytes.rstrip,
    "blank lines after the end": lambda content: content + b"\n \n\n",
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_recordings_as_editors_leave_them(recorded, change):
    recording = load_recording(recorded)
    recorded.write_bytes(change(recorded.read_bytes()))
    assert str(load_recording(recorded)) == str(recording)


REFUSED = {
    "CR alone": lambda content: content.replace(b"\n", b"\r"),
    "UTF-16": lambda content: content.decode().encode("utf-16"),
    "tabs": lambda content: content.replace(b"\n  ", b"\n\t"),
    "empty": lambda content: b"",
}


@pytest.mark.parametrize("change", REFUSED.values(), ids=REFUSED)
def test_other_recordings_are_refused_in_one_sentence(recorded, change, capsys):
    recorded.write_bytes(change(recorded.read_bytes()))
    assert cli.main(["replay", str(recorded), "--check"]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_blank_lines_between_the_episodes_of_a_rec_file_are_passed_over():
    plain = parse_rec("seed=3\n1\n2\n*\n3\nX\n")
    assert parse_rec("seed=3\n1\n2\n*\n\n3\nX\n\n\n") == plain


@pytest.mark.parametrize("content", [BOM + b"seed=3\n1\n*\n", b"seed=3\r\n1\r\n*\r\n\r\n"])
def test_rec_files_as_editors_leave_them(tmp_path, content):
    from qwop_native.qwop_gym.rec import load_rec

    path = tmp_path / "a.rec"
    path.write_bytes(content)
    assert load_rec(path) == parse_rec("seed=3\n1\n*\n")


def test_settings_do_not_depend_on_the_locale(recorded):
    pytest.importorskip("pydantic")
    path = recorded.parent / "run.yml"
    path.write_text("# Läufe über 100 m\nrecordings: [run.qwop]\n", encoding="utf-8-sig")
    plain = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    done = subprocess.run(
        [sys.executable, "-m", "qwop_native", "replay", "--check", "-crun.yml"],
        cwd=recorded.parent,
        env={**os.environ, **plain},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
