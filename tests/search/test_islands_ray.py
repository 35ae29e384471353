"""Islands on a Ray cluster: no bit is lost with a node; needs the extra `ray`."""

import json
import socket
import subprocess
import sys

import pytest

pytest.importorskip("torch", reason="learned values need the training packages")
pytest.importorskip("ray", reason="pip install 'qwop-native[ray]'")

from island_searches import Stopped, facts
from paths import TESTS

from qwop_native.cli.main import main
from qwop_native.search.islands import ray_workers


@pytest.mark.slow
def test_no_bit_is_lost_with_a_node_and_a_new_one_joins(tmp_path):
    script = TESTS / "support" / "ray_islands.py"
    done = subprocess.run(
        [sys.executable, str(script), str(tmp_path / "ray")],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    lines = found["lines"]
    assert "no worker comes up in the cluster: " in found["refused"]
    assert "UnpicklingError" in found["refused"]
    assert sum("a worker was lost" in line for line in lines) == 1
    first = next(number for number, line in enumerate(lines) if "a worker was lost" in line)
    assert any(line.startswith("worker 3: process") for line in lines[first:])
    alone = facts(Stopped(tmp_path / "alone", [], 12).searched())
    assert found["facts"][: len(alone)] == alone


def test_an_address_that_refuses(tmp_path, capsys):
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{nobody.getsockname()[1]}"
        assert main(["search", str(tmp_path / "found"), "--ray", address]) == 2
    said = capsys.readouterr().err
    assert f"no Ray cluster answers at {address}" in said
    assert "ray start --head --port=6379 starts one" in said
    assert not (tmp_path / "found").exists()


@pytest.mark.parametrize("address", ["nowhere", "127.0.0.1:port", "127.0.0.1:99999999"])
def test_an_address_that_is_none(tmp_path, capsys, address):
    assert main(["search", str(tmp_path / "found"), "--ray", address]) == 2
    said = capsys.readouterr().err
    assert address in said
    assert said.count("\n") == 1


def test_an_address_where_somebody_else_is_silent(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(ray_workers, "_ANSWERS_WITHIN", 3.0)
    with socket.socket() as somebody:
        somebody.bind(("127.0.0.1", 0))
        somebody.listen()
        address = f"127.0.0.1:{somebody.getsockname()[1]}"
        assert main(["search", str(tmp_path / "found"), "--ray", address]) == 2
    assert "has not answered as a Ray cluster does within 3 seconds" in capsys.readouterr().err
