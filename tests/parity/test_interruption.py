"""A program stopped while it writes leaves nothing half-written under the final name."""

import signal
import subprocess
import sys

import pytest

from qwop_native.atomic import whole_file

WRITER = """
import signal, sys, time
from qwop_native.atomic import whole_file
# A shell without job control starts what it puts aside deaf to it, and children inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)
with whole_file(sys.argv[1]) as file:
    file.write(b"half" * 10000)
    file.flush()
    print("half", flush=True)
    time.sleep(600)
"""


def stopped_writer(path, how):
    process = subprocess.Popen(
        [sys.executable, "-c", WRITER, path.name],
        cwd=path.parent,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    with process:
        assert process.stdout.readline().strip() == b"half"
        process.send_signal(how)
    return process.returncode


@pytest.mark.parametrize("before", [None, b"as it was"])
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_stopped_program_leaves_the_name_alone(tmp_path, how, before):
    path = tmp_path / "run.trace"
    if before:
        path.write_bytes(before)
    assert stopped_writer(path, how) != 0
    assert (path.read_bytes() if path.exists() else None) == before


def test_a_failed_block_leaves_no_file_at_all(tmp_path):
    with pytest.raises(RuntimeError), whole_file(tmp_path / "a") as file:  # noqa: PT012
        file.write(b"half")
        raise RuntimeError
    assert list(tmp_path.iterdir()) == []


def test_a_finished_block_leaves_only_the_file(tmp_path):
    with whole_file(tmp_path / "a") as file:
        file.write(b"whole")
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("a", b"whole")]


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="absent"), whole_file(tmp_path / "absent" / "a"):
        pass
