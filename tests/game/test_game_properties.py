"""Any keys, any split into steps, any snapshot point: the same bits."""

import copy
import pickle

import numpy as np
import pytest
from game_plays import FLAVORS, by_frame, hashes, make, resumed, situations
from game_snapshots import Snapshot
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from qwop_native import Game

KEYS = st.integers(0, 15)
FRAMES = st.integers(0, 40)
HOLDS = st.tuples(KEYS, FRAMES)
TAPES = st.lists(HOLDS | HOLDS | st.sampled_from(["reset", "release"]), min_size=3, max_size=25)
SITUATIONS = st.sampled_from(list(situations()))
SINCOS = st.sampled_from(FLAVORS)
IDLE = st.integers(0, 60)


def split(data, frames):
    """Numbers of frames that add up to the given one, zeros among them."""
    pieces = []
    while frames:
        pieces.append(data.draw(st.integers(0, frames)))
        frames -= pieces[-1]
        if not pieces[-1]:
            pieces.append(1)
            frames -= 1
    return pieces


@given(SITUATIONS, TAPES, st.data())
def test_the_split_into_steps_does_not_matter(situation, tape, data):
    game, same = resumed(situation), resumed(situation)
    for move in tape:
        make(game, move)
        if isinstance(move, tuple):
            keys, frames = move
            same.step(keys, 0, after_end=True)
            made = [same.step(keys, n, after_end=True) for n in split(data, frames)]
            assert sum(made) == frames
        else:
            make(same, move)
        assert same.state_hash() == game.state_hash()


@given(SITUATIONS, TAPES, st.data())
def test_the_split_into_steps_does_not_matter_where_games_end(situation, tape, data):
    game, same = resumed(situation), resumed(situation)
    for move in tape:
        if isinstance(move, str):
            make(game, move)
            make(same, move)
        elif not game.game_ended:
            keys, frames = move
            made = game.step(keys, frames)
            assert made == frames or game.game_ended
            left = made
            same.step(keys, 0)
            for piece in split(data, frames):
                if same.game_ended:
                    break
                left -= same.step(keys, piece)
            assert left == 0
        assert same.state_hash() == game.state_hash()


@given(SITUATIONS, TAPES, st.data())
def test_any_snapshot_point_gives_the_same_run(situation, tape, data):
    moves = list(by_frame(tape))
    point = data.draw(st.integers(0, len(moves)))
    game = resumed(situation)
    hashes(game, moves[:point])
    snapshot = game.snapshot()
    expected = hashes(game, moves[point:])
    other = Game(game.sincos)
    hashes(other, data.draw(st.lists(st.sampled_from(["reset", "release"]), max_size=5)))
    other.restore(snapshot)
    assert hashes(other, moves[point:]) == expected


@given(SITUATIONS, TAPES)
def test_whatever_is_played_the_numbers_stay_sound(situation, tape):
    game = resumed(situation)
    for move in by_frame(tape):
        frames, score_time, over = game.frames, game.score_time, game.game_ended
        make(game, move)
        assert np.isfinite(game.bodies).all()
        assert np.isfinite(game.hurdle).all()
        assert game.game_ended == (game.fallen or game.jump_landed)
        if move == "reset":
            assert game.frames == 1
            assert not game.game_ended
        elif move == "release" or over:
            assert (game.frames, game.score_time) == (frames, score_time)
        else:
            assert game.frames == frames + 1
            assert game.score_time > score_time


@given(SINCOS, st.binary(max_size=200))
def test_random_bytes_are_never_a_snapshot(sincos, data):
    game = Game(sincos)
    before = game.state_hash()
    for attempt in (data, b"QWOPSNAP" + data, game.snapshot()[:17] + data):
        with pytest.raises(ValueError, match="snapshot"):
            game.restore(attempt)
    assert game.state_hash() == before


@given(SITUATIONS, st.lists(HOLDS, max_size=2), st.data())
def test_a_sealed_change_is_refused_or_kept_exactly(situation, tape, data):
    game = resumed(situation)
    hashes(game, tape)
    before = game.state_hash()
    snapshot = Snapshot.parse(game.snapshot())
    at = data.draw(st.integers(0, len(snapshot.payload) - 1))
    change = data.draw(st.binary(min_size=1, max_size=8))
    payload = snapshot.payload[:at] + change + snapshot.payload[at + len(change) :]
    sealed = snapshot.changed(payload=payload).sealed()
    try:
        game.restore(sealed)
    except ValueError:
        assert game.state_hash() == before
    else:
        assert game.snapshot() == sealed
        if not game.started:  # the change may have put the intro screen up again
            game.start()
        hashes(game, ["reset", (5, 10), "reset"])


class TwoGames(RuleBasedStateMachine):
    """One game is only played; the other is copied, pickled and restored all the time."""

    @initialize(sincos=SINCOS)
    def load(self, sincos):
        self.game, self.same, self.bystander = Game(sincos), Game(sincos), Game(sincos)

    @rule(name=st.sampled_from(sorted({name for name, _ in situations()})))
    def jump_to(self, name):
        self.game = resumed((name, self.game.sincos))
        self.same.restore(self.game.snapshot())

    @precondition(lambda self: not self.game.started)
    @rule(idle_frames=IDLE)
    def start(self, idle_frames):
        self.game.start(idle_frames)
        self.same.start(idle_frames)

    @precondition(lambda self: self.game.started)
    @rule(move=st.tuples(KEYS, st.integers(0, 60)))
    def step(self, move):
        make(self.game, move)
        make(self.same, move)

    @rule(name=st.sampled_from(["reset", "release"]))
    def reset_or_release(self, name):
        make(self.game, name)
        make(self.same, name)

    @rule(duplicate=st.sampled_from([Game.copy, copy.copy, copy.deepcopy]))
    def swap_for_a_copy(self, duplicate):
        self.bystander, self.same = self.same, duplicate(self.same)

    @rule(protocol=st.integers(0, pickle.HIGHEST_PROTOCOL))
    def swap_for_a_pickle(self, protocol):
        self.bystander, self.same = self.same, pickle.loads(pickle.dumps(self.same, protocol))

    @rule()
    def restore_into_a_bystander(self):
        self.bystander.restore(self.same.snapshot())
        self.bystander, self.same = self.same, self.bystander

    @precondition(lambda self: self.bystander.started)
    @rule(move=st.tuples(KEYS, FRAMES))
    def play_the_bystander(self, move):
        make(self.bystander, move)

    @rule(cut=st.integers(1, 4000))
    def fail_to_restore(self, cut):
        with pytest.raises(ValueError, match="snapshot"):
            self.same.restore(self.game.snapshot()[:-cut])

    @invariant()
    def the_games_are_equal(self):
        if hasattr(self, "game"):
            assert self.same.state_hash() == self.game.state_hash()
            assert self.same.snapshot() == self.game.snapshot()


TestTwoGames = TwoGames.TestCase
