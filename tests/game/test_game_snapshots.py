"""Snapshots, copies and pickles: exact wherever they are taken, refused when they are not whole."""

import copy
import pickle
import random

import numpy as np
import pytest
from game_plays import (
    FLAVORS,
    by_frame,
    ended,
    hashes,
    landed,
    make,
    random_moves,
    recorded,
    refused,
    started,
)
from game_snapshots import Snapshot

from qwop_native import Game


def restored(data, sincos="glibc"):
    game = Game(sincos)
    game.restore(data)
    return game


def through_pickle(game, protocol):
    return pickle.loads(pickle.dumps(game, protocol))


COPIES = {
    "copy": Game.copy,
    "copy.copy": copy.copy,
    "copy.deepcopy": copy.deepcopy,
    **{
        f"pickle {protocol}": lambda game, protocol=protocol: through_pickle(game, protocol)
        for protocol in range(pickle.HIGHEST_PROTOCOL + 1)
    },
}


# --- restoring changes nothing --------------------------------------------------------------------


@pytest.mark.parametrize("sincos", FLAVORS)
def test_restoring_at_every_frame_changes_nothing_afterwards(sincos):
    moves = list(by_frame(random_moves(7, 90)))
    assert len(moves) > 500
    assert moves.count("reset") >= 3
    game = started(sincos)
    snapshots, falls = [game.snapshot()], 0
    expected = []
    for move in moves:
        fallen = game.fallen
        make(game, move)
        falls += game.fallen and not fallen
        snapshots.append(game.snapshot())
        expected.append(game.state_hash())
    assert falls >= 2

    other = started(sincos)  # restored over and over, always in a state that does not matter
    for start, snapshot in enumerate(snapshots):
        other.restore(snapshot)
        window = moves[start : start + 40]
        assert hashes(other, window) == expected[start : start + 40], start
    for start in range(0, len(moves), 100):
        assert hashes(restored(snapshots[start], sincos), moves[start:]) == expected[start:], start


@pytest.mark.parametrize(
    ("name", "over"),
    [("full-run-landing-glibc", "jump_landed"), ("full-run-falling-fdlibm", "fallen")],
)
def test_a_run_passed_on_from_snapshot_to_snapshot_is_the_same_run(name, over):
    sincos, idle_frames, moves = recorded(name)
    expected = hashes(started(sincos, idle_frames), moves)
    game = started(sincos, idle_frames)
    at_rest = game.hurdle
    hurdle_moved = 0
    for frame, move in enumerate(moves):
        game = restored(game.snapshot(), sincos)
        make(game, move)
        assert game.state_hash() == expected[frame], frame
        hurdle_moved += not np.array_equal(game.hurdle, at_rest)
    assert hurdle_moved > 50
    assert getattr(game, over)


def test_windows_around_the_hurdle_and_the_sand_pit_replay_from_each_frame():
    sincos, idle_frames, moves = recorded("full-run-landing-glibc")
    game = started(sincos, idle_frames)
    snapshots, expected, touched = [], [], []
    for frame, move in enumerate(moves):
        snapshots.append(game.snapshot())
        hurdle = game.hurdle
        make(game, move)
        expected.append(game.state_hash())
        if not np.array_equal(game.hurdle, hurdle) or game.jumped:
            touched.append(frame)
    other = Game(sincos)
    for frame in touched:
        other.restore(snapshots[frame])
        assert hashes(other, moves[frame : frame + 30]) == expected[frame : frame + 30], frame


@pytest.mark.parametrize("sincos", FLAVORS)
def test_the_intro_screen_is_part_of_a_snapshot(sincos):
    fresh = restored(Game(sincos).snapshot(), sincos)
    assert not fresh.started
    fresh.start(50)
    assert fresh.state_hash() == started(sincos, 50).state_hash()
    assert restored(started(sincos, 50).snapshot(), sincos).started


@pytest.mark.parametrize("make_game", [Game, started, ended, landed])
def test_equal_states_have_equal_bytes_and_fingerprints(make_game):
    game = make_game()
    before = game.state_hash()
    data = game.snapshot()
    assert type(data) is bytes
    assert game.state_hash() == before
    assert game.snapshot() == data
    same = restored(data)
    assert same.snapshot() == data
    assert same.state_hash() == before
    for name in ("score_time", "frames", "score", "high_score", "keys", "camera_x", "game_ended"):
        assert getattr(same, name) == getattr(game, name)
    assert same.bodies.tobytes() == game.bodies.tobytes()
    assert same.hurdle.tobytes() == game.hurdle.tobytes()


def test_restore_returns_nothing_and_takes_its_argument_by_name():
    game = ended()
    assert game.restore(snapshot=started().snapshot()) is None
    assert game.state_hash() == started().state_hash()


# --- fingerprints ---------------------------------------------------------------------------------


def test_fingerprints_tell_states_apart():
    game = started()
    seen = [Game(sincos).state_hash() for sincos in FLAVORS]
    seen += [game.state_hash(), started(idle_frames=2).state_hash()]
    for keys in (1, 3, 2, 0):  # W is without effect while Q is down, but it is down
        game.step(keys, 0)
        seen.append(game.state_hash())
    seen.remove(game.state_hash())  # no keys again: the state of the start
    moves = list(by_frame(random_moves(3, 30)))
    seen += hashes(game, [move for move in moves if move != "release"])
    assert all(type(value) is int for value in seen)
    assert all(0 <= value < 2**64 for value in seen)
    assert len(set(seen)) == len(seen)


# --- copies ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("duplicate", COPIES.values(), ids=COPIES)
@pytest.mark.parametrize("sincos", FLAVORS)
def test_a_copy_is_equal_and_independent(sincos, duplicate):
    moves = random_moves(11, 30)
    game = started(sincos)
    hashes(game, moves)
    game.step(6, 3, after_end=True)
    twin = duplicate(game)
    assert type(twin) is Game
    assert twin is not game
    assert twin.sincos == sincos
    assert twin.keys == 6
    before = game.state_hash()
    assert twin.state_hash() == before
    played = hashes(twin, moves)
    assert game.state_hash() == before
    assert hashes(game, moves) == played


@pytest.mark.parametrize("duplicate", COPIES.values(), ids=COPIES)
@pytest.mark.parametrize("make_game", [Game, ended, landed])
def test_games_are_copied_in_every_phase(make_game, duplicate):
    game = make_game()
    twin = duplicate(game)
    assert twin.started == game.started
    assert twin.snapshot() == game.snapshot()


def test_deepcopy_copies_a_game_once():
    game = started()
    twins = copy.deepcopy([game, game])
    assert twins[0] is twins[1]
    assert twins[0] is not game


def test_a_subclass_is_pickled_as_itself():
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        game = Runner()
        game.start()
        twin = through_pickle(game, protocol)
        assert type(twin) is Runner
        assert twin.state_hash() == game.state_hash()


class Runner(Game):
    pass


# --- what is refused ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "data", [b"", b"QWOPSNAP", bytes(25), bytes(5000), b"no snapshot at all" * 9]
)
def test_other_bytes_are_no_snapshot(data):
    refused(ended(), ValueError, lambda: ended().restore(data), match="not a snapshot of a game")


@pytest.mark.parametrize(
    "data", [None, 1, "QWOPSNAP", [1], np.zeros(9), pytest.param(object(), id="object")], ids=repr
)
def test_a_snapshot_is_bytes(data):
    game = ended()
    refused(game, TypeError, lambda: game.restore(data))


@pytest.mark.parametrize("kind", [bytearray, memoryview, list])
def test_a_snapshot_is_not_just_bytes_like(kind):
    game = ended()
    data = kind(game.snapshot())
    refused(game, TypeError, lambda: game.restore(data))


def test_another_version_is_refused_by_its_number():
    game = ended()
    snapshot = Snapshot.parse(started().snapshot())
    for version in (0, snapshot.version + 1, 2**32 - 1):
        data = snapshot.changed(version=version).sealed()
        message = f"version {version}, this build reads version {snapshot.version}"
        refused(game, ValueError, lambda data=data: game.restore(data), match=message)


def test_a_future_version_need_not_have_todays_layout():
    game = ended()
    snapshot = Snapshot.parse(started().snapshot())
    data = snapshot.changed(version=snapshot.version + 1, payload=b"other").sealed()[:-8] + bytes(8)
    refused(game, ValueError, lambda: game.restore(data), match="has version")


@pytest.mark.parametrize("mine", FLAVORS)
@pytest.mark.parametrize("theirs", FLAVORS)
def test_a_snapshot_of_another_flavor_is_refused_by_its_name(mine, theirs):
    game, data = started(mine), started(theirs).snapshot()
    if mine == theirs:
        game.restore(data)
        return
    message = f"sincos='{theirs}', this game has sincos='{mine}'"
    refused(game, ValueError, lambda: game.restore(data), match=message)


def test_an_unknown_flavor_is_refused():
    game = ended()
    snapshot = Snapshot.parse(started().snapshot())
    for flavor in (len(FLAVORS), 255):
        data = snapshot.changed(flavor=flavor).sealed()
        refused(game, ValueError, lambda data=data: game.restore(data), match="damaged")


@pytest.mark.parametrize("make_game", [started, ended])
def test_a_truncated_or_lengthened_snapshot_is_refused(make_game):
    game, data = ended(), make_game().snapshot()
    game.reset()
    for length in range(len(data)):
        refused(game, ValueError, lambda length=length: game.restore(data[:length]))
    for extra in (b"\0", bytes(8), data):
        refused(game, ValueError, lambda extra=extra: game.restore(data + extra), match="damaged")
        refused(game, ValueError, lambda extra=extra: game.restore(extra + data))


def test_every_flipped_bit_is_noticed():
    game, data = ended(), started().snapshot()
    before = game.state_hash()
    for position in range(len(data)):
        for bit in range(8):
            damaged = bytearray(data)
            damaged[position] ^= 1 << bit
            with pytest.raises(ValueError, match="snapshot"):
                game.restore(bytes(damaged))
    assert game.state_hash() == before


def test_swapped_and_repeated_words_are_noticed():
    game, data = ended(), landed().snapshot()
    rng = random.Random(5)
    for _ in range(2000):
        one, two = (rng.randrange(len(data) - 8) for _ in range(2))
        damaged = bytearray(data)
        damaged[one : one + 8], damaged[two : two + 8] = data[two : two + 8], data[one : one + 8]
        if bytes(damaged) != data:
            refused(game, ValueError, lambda damaged=damaged: game.restore(bytes(damaged)))


def test_a_damaged_pickle_is_refused():
    data = pickle.dumps(started())
    inside = data.index(b"QWOPSNAP") + 1000
    damaged = data[:inside] + bytes([data[inside] ^ 1]) + data[inside + 1 :]
    with pytest.raises(ValueError, match="damaged"):
        pickle.loads(damaged)


def test_a_refused_snapshot_leaves_a_game_that_plays_on():
    game, same = started(), started()
    for each in (game, same):
        each.step(9, 30)
    data = ended().snapshot()
    refused(game, ValueError, lambda: game.restore(data[:-1]))
    moves = random_moves(2, 20)
    assert hashes(game, moves) == hashes(same, moves)
