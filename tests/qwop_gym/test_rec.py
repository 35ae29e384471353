"""qwop-gym's .rec files: exact round trips, its rules for episodes, conversions both ways."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qwop_native import QwopEnv
from qwop_native.qwop_gym.rec import Rec, RecEpisode, load_rec, parse_rec, rec_of, recordings_of
from qwop_native.recording import Grid, RecordEpisodes, make_recording

EPISODES = st.builds(
    RecEpisode, st.lists(st.integers(0, 16), max_size=20).map(tuple), st.booleans()
)
RECS = st.builds(
    Rec, st.integers(0, 2**31 - 1), st.lists(EPISODES, min_size=1, max_size=4).map(tuple)
)


@given(RECS)
def test_a_rec_file_reads_back_exactly(rec):
    assert parse_rec(str(rec)) == rec
    assert str(parse_rec(str(rec))) == str(rec)


def test_the_bytes_are_those_of_qwop_gym(tmp_path):
    # What RecordWrapper writes for a discarded episode of two actions and a kept one of three.
    rec = Rec(1234, (RecEpisode((5, 0), skip=True), RecEpisode((1, 1, 15))))
    rec.save(tmp_path / "a.rec")
    assert (tmp_path / "a.rec").read_bytes() == b"seed=1234\n5\n0\nX\n1\n1\n15\n*\n"
    assert load_rec(tmp_path / "a.rec") == rec


def test_actions_after_the_last_mark_are_passed_over():
    with pytest.warns(UserWarning, match="2 actions after the last complete episode"):
        rec = parse_rec("seed=3\n1\n*\n4\n4\n")
    assert rec == Rec(3, (RecEpisode((1,)),))


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "not a .rec file"),
        (b"qwop-recording 1\n", "not a .rec file"),
        (b"seed=x\n1\n*\n", "not a .rec file"),
        (b"seed=1\n", "no episode"),
        (b"seed=1\n3\n", "no episode"),
        (b"seed=1\n3\nY\n", "line 3 is neither"),
        (b"seed=1\n\n3\n*\n", "line 2 is neither"),
        (b"seed=1\n-3\n*\n", "line 2 is neither"),
        (b"seed=1\n1.5\n*\n", "line 2 is neither"),
        (b"seed=9999999999\n1\n*\n", "seed must be"),
        (b"\xff\xfe\x00", "not text"),
    ],
)
def test_damage_is_one_clear_sentence(tmp_path, data, message):
    path = tmp_path / "bad.rec"
    path.write_bytes(data)
    with pytest.raises(ValueError, match=message) as caught:
        load_rec(path)
    assert "\n" not in str(caught.value)


def played(episodes, resets, seed=7):
    """Episodes of random actions on one page, as qwop-gym would record them, and their ends."""
    env = QwopEnv(frames_per_step=4, reduced_action_set=True, seed=seed)
    rng = np.random.default_rng(seed)
    kept, ends = [], []
    for _ in range(resets - 1):
        env.reset()
    for _ in range(episodes):
        env.reset()
        actions, terminated = [], False
        while not terminated:
            actions.append(int(rng.integers(9)))
            terminated = env.step(actions[-1])[2]
        kept.append(actions)
        ends.append(env.game.state_hash())
    return kept, ends


@pytest.mark.parametrize("resets", [1, 2])
def test_skipped_episodes_are_replayed_and_left_out(resets):
    actions, ends = played(3, resets)
    episodes = [RecEpisode(tuple(each), skip=index == 1) for index, each in enumerate(actions)]
    rec = Rec(7, tuple(episodes))
    settings = {"frames_per_step": 4, "action_set": "reduced", "resets": resets}
    made = list(recordings_of(rec, **settings))
    assert [recording.play().state_hash() for recording in made] == [ends[0], ends[2]]
    assert made[0].metadata["seed"] == 7
    both = list(recordings_of(rec, skipped=True, **settings))
    assert [recording.play().state_hash() for recording in both] == ends
    back = rec_of(both, seed=7)
    assert [episode.actions for episode in back.episodes] == [each.actions for each in episodes]
    # The page before the last episode holds those before it, with the same first start.
    assert str(both[2].page).count("reset") == resets + 2


def test_other_settings_are_noticed():
    actions, _ = played(1, 2)
    rec = Rec(7, (RecEpisode(tuple(actions[0])),))
    with pytest.raises(ValueError, match="episode 1 does not end with its last action"):
        list(recordings_of(rec, frames_per_step=1, action_set="reduced"))
    with pytest.raises(ValueError, match="is not one of the 10"):
        list(
            recordings_of(
                Rec(7, (RecEpisode((15, 16)),)), frames_per_step=4, action_set="essential"
            )
        )


def test_a_rec_file_needs_one_kind_of_step():
    env = RecordEpisodes(QwopEnv(frames_per_step=4, t_for_terminate=True))
    env.reset()
    env.step(16)
    assert rec_of([env.last]).episodes == (RecEpisode((16,)),)
    for recordings in ([], [env.last, make_recording([1], grid=Grid(1, "full"))]):
        with pytest.raises(ValueError, match="all have the same steps"):
            rec_of(recordings)
    with pytest.raises(ValueError, match="does not say in which steps"):
        rec_of([make_recording([1])])
