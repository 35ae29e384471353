"""The check of the user's folder, and the protection against a game that is not the game."""

import pytest

from qwop_native.cli.parity import main
from qwop_native.parity.game_files import WANTED, find_game_files, is_known


def made_up_folder(path, leave_out=()):
    for wanted in WANTED:
        if wanted.request not in leave_out:
            file = path / wanted.request
            file.parent.mkdir(exist_ok=True)
            file.write_bytes(b"something else")
    return path


def test_missing_files_are_named(tmp_path):
    made_up_folder(tmp_path, leave_out=("howler.js", "assets/assetbundle.parcel"))
    with pytest.raises(FileNotFoundError, match=r"howler\.js.*assetbundle\.parcel") as error:
        find_game_files(tmp_path)
    assert "QWOP.min.js" not in str(error.value)


def test_unknown_files_are_named_with_their_digests(tmp_path):
    with pytest.raises(ValueError, match=r"QWOP\.min\.js \(SHA-256 [0-9a-f]{64}\).*howler"):
        find_game_files(made_up_folder(tmp_path))


def test_unknown_files_are_taken_when_asked(tmp_path):
    found = find_game_files(made_up_folder(tmp_path), accept_unknown=True)
    assert [file.known for file in found] == [False, False, False]


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="nowhere"):
        find_game_files(tmp_path / "nowhere")


def test_an_unasked_for_file_is_never_known():
    assert not is_known("other.js", b"")


def test_the_command_reports_and_fails(tmp_path, capsys):
    assert main(["files", str(made_up_folder(tmp_path))]) == 2
    assert "not a known file of the game" in capsys.readouterr().err
    assert main(["files", str(tmp_path), "--accept-unknown-files"]) == 0
    assert capsys.readouterr().out.count("UNKNOWN") == 3


@pytest.mark.browser
def test_the_real_files_are_known_also_without_their_indentation(game_dir):
    for file in find_game_files(game_dir):
        assert file.known
    script = next(file for file in find_game_files(game_dir) if file.request == "QWOP.min.js")
    lines = script.path.read_bytes().split(b"\n")
    assert is_known("QWOP.min.js", b"".join(line.strip() + b"\n" for line in lines))
    assert not is_known("QWOP.min.js", script.path.read_bytes().replace(b".04", b".05"))
