"""The commands that run a browser, from the command line to the files they leave."""

import http.server
import json
import shutil
import signal
import subprocess
import sys
import threading
from functools import partial

import pytest

from qwop_native.cli.main import main
from qwop_native.parity.game_files import find_game_files

pytestmark = pytest.mark.browser


@pytest.fixture(autouse=True)
def _needs_playwright():
    pytest.importorskip("playwright", reason="a browser is driven with playwright")


@pytest.fixture
def changed_game(game_dir, tmp_path):
    """A copy of the game with one position sweep less per step."""
    folder = tmp_path / "changed"
    shutil.copytree(game_dir, folder)
    script = folder / "QWOP.min.js"
    text = "".join(script.read_text().split(" "))
    assert text.count(".step(.04,5,5)") == 1
    script.write_text(script.read_text().replace(".step(.04, 5, 5)", ".step(.04, 5, 4)"))
    return folder


def test_a_changed_game_is_refused_and_if_forced_caught(changed_game, capsys):
    words = ["parity", "compare", "--game-dir", str(changed_game), "--random", "1"]
    assert main(words) == 2
    assert "not a known file of the game" in capsys.readouterr().err
    assert main([*words, "--accept-unknown-files"]) == 1
    printed = capsys.readouterr().out
    assert "DIFFERS at update" in printed
    assert "units in the last place apart" in printed


def test_a_recording_is_verified_natively(game_dir, tmp_path, capsys):
    path = tmp_path / "new.trace"
    words = ["--game-dir", game_dir, "--out", str(path)]
    assert main(["parity", "record", *words, "--random", "8", "--frames", "300"]) == 0
    assert main(["parity", "verify", str(path)]) == 0
    assert main(["parity", "compare", "--game-dir", game_dir, "--tape", str(path)]) == 0
    assert "301 rows, every bit equal" in capsys.readouterr().out


def test_episodes_are_recorded_and_verified_natively(game_dir, tmp_path):
    path = tmp_path / "new.trace"
    words = ["--game-dir", game_dir, "--seed", "5", "--frames-per-step", "4"]
    assert main(["parity", "record-env", *words, "--out", str(path)]) == 0
    assert main(["parity", "verify", str(path)]) == 0
    again = ["--game-dir", game_dir, "--actions", str(path), "--frames-per-step", "4"]
    assert main(["parity", "env", *again]) == 0


def test_the_report_shows_the_game_and_the_numbers(game_dir, tmp_path):
    out = tmp_path / "report"
    words = ["--game-dir", game_dir, "--random", "2", "--frames", "200", "--episodes", "1"]
    assert main(["parity", "report", *words, "--out", str(out), "--pictures", "2"]) == 0
    found = json.loads((out / "report.json").read_text())
    assert found["equal"] is True
    assert found["comparisons"][0]["rows_compared"] == 201
    page = (out / "index.html").read_text()
    assert page.count("data:image/png;base64,") == 4  # two pictures, each alone and under outlines
    assert "every bit equal" in page


def test_a_killed_recording_leaves_no_trace(game_dir, tmp_path):
    path = tmp_path / "long.trace"
    words = ["record", "--game-dir", game_dir, "--random", "1", "--frames", "9000000"]
    words += ["--hold", "9999"]
    process = subprocess.Popen(
        [sys.executable, "-m", "qwop_native", "parity", *words, "--out", str(path)],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
    )
    with process:
        assert process.stdout.readline().startswith(b"recording 9000001 rows")
        process.send_signal(signal.SIGKILL)
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def served_game(game_dir, tmp_path):
    """The game on a page of its own, as a site would have it."""
    folder = tmp_path / "site"
    for file in find_game_files(game_dir):
        (folder / file.request).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file.path, folder / file.request)
    (folder / "index.html").write_text(
        '<div id="gameContent"></div><script src="howler.js"></script>'
        '<script src="QWOP.min.js"></script>'
    )

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), partial(Quiet, directory=str(folder))
    ) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://foddy.localhost:{server.server_port}/"
        server.shutdown()
        thread.join()


def test_the_game_is_taken_from_a_page_online(served_game, capsys):
    assert main(["parity", "compare", "--url", served_game, "--random", "4"]) == 0
    assert "every bit equal" in capsys.readouterr().out
