"""The native games that reward speed against the same in NumPy and Python, bit for bit."""

import numpy as np
import pytest

pytest.importorskip("sb3_contrib")

from speed_games_reference import ReferenceBuckets, ReferenceGames

from qwop_native import _core, champion
from qwop_native.recording import load_recording
from qwop_native.training.settings.games import GamesSettings
from qwop_native.training.sprint.games import SprintGames, _native
from qwop_native.training.sprint.starts import SnapshotBuckets

STEPS = 1500
SETTINGS = {
    "quick ends, small buckets": {
        "num_envs": 21,
        "idle_frames": 1,
        "snapshot_chance": 0.2,
        "snapshot_after": 3,
        "slow_frames": 60,
        "slow_units": 5.0,
        "bucket_size": 3,
    },
    "keys at random first": {
        "num_envs": 19,
        "idle_frames": 2,
        "snapshot_starts": 0.5,
        "snapshot_chance": 0.2,
        "snapshot_after": 3,
        "random_key_starts": 0.7,
        "random_key_frames": 40,
        "fall_steps": 31.3,
        "slow_frames": 45,
        "slow_units": 9.0,
    },
    # More games and buckets than NumPy sums in one block, and deaths that are paid for.
    "many": {
        "num_envs": 300,
        "idle_frames": 0,
        "frames_per_step": 4,
        "snapshot_chance": 0.05,
        "snapshot_starts": 0.8,
        "slow_frames": 90,
        "slow_units": 12.0,
        "bucket_units": 3.7,
        "bucket_size": 2,
        "finish_reward": -1.5,
        "time_cost": 0.0,
        "time_cost_share": 0.7,
    },
}


def actions(settings, steps=STEPS):
    """Held for some steps each, so that runners get away from the line; int64 (steps, games)."""
    drawn = np.random.default_rng(1).integers(0, 9, (-(-steps // 4), settings.num_envs))
    return np.repeat(drawn, 4, axis=0)[:steps]


def about_to_land():
    """A game six frames before it lands beyond 100 m."""
    recording = load_recording(champion.runs()[0].with_name("torso-glibc.qwop"))
    game = _core.Game(recording.sincos)
    return [game.copy() for _ in recording.frames(game)][-6]


def told(infos):
    return [
        (game, {**info, "terminal_observation": info["terminal_observation"].tobytes()})
        for game, info in enumerate(infos)
        if info
    ]


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("observation", ["standard", "relative"])
@pytest.mark.parametrize("name", SETTINGS)
def test_native_games_are_those_of_the_reference(name, observation, threads):
    settings = GamesSettings(**SETTINGS[name])
    generators = np.random.default_rng(3), np.random.default_rng(3)
    native = SprintGames(settings, generators[0], threads, observation)
    reference = ReferenceGames(settings, generators[1], threads, observation)
    assert native.reset().tobytes() == reference.reset().tobytes()
    landing = about_to_land()
    ended = elsewhere = whole = 0
    steps = STEPS if settings.num_envs < 100 else STEPS // 4
    for number, row in enumerate(actions(settings, steps)):
        for games in (native, reference) if number % 5 == 0 else ():
            games.pool.set_game(0, landing)  # nobody gets so far by keys at random
        found, wanted = native.step(row), reference.step(row)
        for array, other in zip(found[:3], wanted[:3], strict=True):
            assert array.dtype == other.dtype
            assert array.tobytes() == other.tobytes()
        assert told(found[3]) == told(wanted[3])
        assert native.time_cost == reference.time_cost
        assert generators[0].bit_generator.state == generators[1].bit_generator.state
        ended += found[2].sum()
        whole += sum(info.get("finished", False) for info in found[3])
        elsewhere += sum(not info.get("from_line", True) for info in found[3])
    assert ended > 200
    assert elsewhere > 20
    assert whole > 5
    np.testing.assert_equal(native.get_state(), reference.get_state())


@pytest.mark.parametrize("size", [1, 2, 3, 32])
@pytest.mark.parametrize("units", [0.5, 3.7, 10.0, 70.0, 2000.0])
def test_native_buckets_are_those_of_the_reference(units, size):
    random = np.random.default_rng(8)
    generators = np.random.default_rng(3), np.random.default_rng(3)
    native = SnapshotBuckets(units, size, generators[0])
    reference = ReferenceBuckets(units, size, generators[1])
    game = _core.Game("glibc")
    game.start(1)
    hashes = []
    for turn in range(60):
        for x in random.uniform(-30, 1100, 20) * random.random():
            game.step(int(random.integers(16)), after_end=True)
            native.add(x, game)
            reference.add(x, game.copy())
        places = random.uniform(-30, 1100, int(random.integers(4)))
        native.died(places)
        reference.died(places)
        drawn = native.draw_many(turn % 5), reference.draw_many(turn % 5)
        found = [[each and each.state_hash() for each in half] for half in drawn]
        assert found[0] == found[1]
        hashes += found[0]
    assert len(set(hashes)) > 10
    assert len(native) == len(reference)
    assert generators[0].bit_generator.state == generators[1].bit_generator.state
    np.testing.assert_equal(native.get_state(), reference.get_state())


def test_bad_input_is_told_and_moves_nothing():
    settings = GamesSettings(**SETTINGS["quick ends, small buckets"])
    games = SprintGames(settings, np.random.default_rng(3))
    games.reset()
    before = games.get_state()
    zeros = np.zeros(settings.num_envs, np.int64)
    for given, error, message in (
        (zeros + 9, ValueError, r"actions must be in 0\.\.8"),
        (zeros - 1, ValueError, r"actions must be in 0\.\.8"),
        (zeros[:4], ValueError, "actions must hold 21 numbers, got 4"),
        (zeros + 0.5, TypeError, "Cannot cast"),
    ):
        with pytest.raises(error, match=message):
            games.step(given)
    np.testing.assert_equal(games.get_state(), before)
    with pytest.raises(ValueError, match=r"a bucket must be 0\.001 world units wide or more"):
        SnapshotBuckets(0.0, 2, np.random.default_rng(1))
    with pytest.raises(ValueError, match="a bucket must hold 1 game or more, got 0"):
        SnapshotBuckets(10.0, 0, np.random.default_rng(1))
    with pytest.raises(ValueError, match="a start's sincos flavor is not the pool's"):
        _native(settings, games.pool, games.buckets, [_core.Game("fdlibm")])
