"""Recordings: what is played is kept, reads back exactly, and proves its replay."""

import dataclasses

import gymnasium as gym
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qwop_native import Game, QwopEnv, load_recording
from qwop_native.envs.spaces import ACTION_SETS
from qwop_native.recording import (
    DivergedError,
    Grid,
    RecordEpisodes,
    Recorder,
    click_start,
    env_start,
    make_recording,
    reset_start,
)
from qwop_native.recording.format import to_text
from qwop_native.recording.model import actions_to_keys, parse_text, state_hash
from qwop_native.recording.tape import Event, Tape, parse_tape

FLAVORS = st.sampled_from(["glibc", "glibc-fma", "fdlibm"])
MASKS = st.lists(st.integers(0, 15), max_size=150)
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
NAMES = st.sampled_from(["policy", "note", "n1", "made_by"])
HOLDS = st.builds(Event, st.just("keys"), st.integers(1, 40), st.integers(0, 15))
OTHERS = st.sampled_from([Event("reset"), Event("release"), Event("tick")])
PAGES = st.builds(
    lambda idle, events: parse_tape(f"idle*{idle} click {' '.join(map(str, events))}"),
    st.integers(1, 60),
    st.lists(HOLDS | OTHERS, max_size=6),
)


@settings(max_examples=40)
@given(MASKS, FLAVORS, PAGES, st.dictionaries(NAMES, JSON, max_size=3))
def test_a_recording_reads_back_exactly_and_replays(keys, sincos, page, metadata):
    made = make_recording(keys, sincos, page, every=17, **metadata)
    read = parse_text(to_text(made))
    assert read == made
    assert to_text(read) == to_text(made)
    assert read.keys.dtype == np.uint8
    assert read.play().state_hash() == made.play().state_hash()


@settings(max_examples=40)
@given(
    st.sampled_from(sorted(ACTION_SETS)),
    st.integers(1, 7),
    st.lists(st.integers(0, 8), min_size=1, max_size=30),
    st.booleans(),
)
def test_actions_become_keys_and_come_back(action_set, frames_per_step, actions, terminated):
    grid = Grid(frames_per_step, action_set, terminated)
    if terminated:
        actions = [*actions, len(ACTION_SETS[action_set])]
    keys = actions_to_keys(actions, grid)
    recording = make_recording(keys, page=env_start(frames_per_step), grid=grid)
    assert parse_text(to_text(recording)).actions == tuple(actions)
    assert len(recording.keys) == frames_per_step * len(actions)


def test_starts_have_names():
    assert [make_recording([1], page=page).start for page in (click_start(9), reset_start())] == [
        "click",
        "reset",
    ]
    assert make_recording([1], page=env_start(4)).start == "env"
    assert make_recording([1], page=env_start(4, resets=2)).start == "page"
    assert make_recording([1], page=reset_start(resets=2)).start == "page"


def test_a_recorder_keeps_what_was_played(tmp_path):
    recorder = Recorder("fdlibm")
    recorder.start(50)
    assert recorder.step(9, 45) == 45
    first = recorder.recording(note="before the restart")
    recorder.reset(release=False)
    made = recorder.step(6, 500, after_end=True)
    assert made == recorder.frames == 500
    second = recorder.recording()
    for recording in (first, second):
        recording.save(tmp_path / "run.qwop")
        read = load_recording(tmp_path / "run.qwop")
        assert read == recording
        game = read.play()
    assert game.state_hash() == recorder.game.state_hash()
    assert (first.start, second.start) == ("click", "page")
    assert str(second.page) == "idle*50 click QP*45 reset"
    assert first.metadata["note"] == "before the restart"
    assert second.metadata["result"]["ended"] == game.game_ended
    assert sorted(second.hashes)[:3] == [0, 30, 60]


def test_a_recorder_stops_where_the_game_ends():
    recorder = Recorder()
    recorder.start()
    made = recorder.step(5, 10_000)
    recording = recorder.recording()
    assert made == len(recording.keys) < 10_000
    assert recording.metadata["result"]["fallen"]
    assert recording.metadata["result"]["frames"] == made
    assert recording.play().state_hash() == recorder.game.state_hash()


@pytest.mark.parametrize("reload_on_reset", [False, True])
def test_episodes_of_an_environment_replay_with_their_page(reload_on_reset):
    kept = []
    base = QwopEnv(frames_per_step=3, action_set="essential", reload_on_reset=reload_on_reset)
    env = RecordEpisodes(gym.wrappers.TimeLimit(base, 60), kept.append, policy="random")
    rng = np.random.default_rng(4)
    ends = []
    for episode in range(4):
        env.reset(seed=5 if episode == 2 else None)
        done = False
        while not done:
            _, _, terminated, truncated, _ = env.step(rng.integers(9))
            done = terminated or truncated
        ends.append(base.game.state_hash())
    assert [recording.play().state_hash() for recording in kept] == ends
    assert [recording.start == "env" for recording in kept] == [
        True,
        reload_on_reset,
        True,
        reload_on_reset,
    ]
    assert env.last is kept[-1]
    assert kept[0].metadata["policy"] == "random"
    assert kept[0].grid == Grid(3, "essential")
    assert len(kept[1].actions) * 3 == len(kept[1].keys)


def test_the_last_action_may_be_the_terminating_one():
    env = RecordEpisodes(QwopEnv(frames_per_step=4, reduced_action_set=True, t_for_terminate=True))
    env.reset()
    for action in (6, 6, 9):
        env.step(action)
    assert env.last.actions == (6, 6, 9)
    assert parse_text(to_text(env.last)).grid == Grid(4, "reduced", terminated=True)


def test_a_wrong_replay_says_where():
    keys = np.tile([9, 9, 9, 6, 6, 6], 30)
    recording = make_recording(keys)
    assert recording.start == "reset"
    changed = np.array(recording.keys)
    changed[100] ^= 1
    with pytest.raises(DivergedError, match="after frame 90 and no later than frame 120") as caught:
        dataclasses.replace(recording, keys=changed).play()
    assert (caught.value.equal, caught.value.unequal) == (90, 120)
    dataclasses.replace(recording, keys=changed).play(check=False)
    with pytest.raises(DivergedError, match="at the start and no later than frame 0"):
        dataclasses.replace(recording, page=click_start()).play()


def test_another_flavor_parts_and_another_game_is_refused():
    recording = make_recording(np.tile([9, 6], 100), "glibc")
    with pytest.raises(DivergedError):
        dataclasses.replace(recording, sincos="fdlibm").play()
    with pytest.raises(ValueError, match=r"needs Game\('glibc'\)"):
        recording.play(Game("fdlibm"))
    started = Game()
    started.start()
    with pytest.raises(ValueError, match="has been started"):
        recording.play(started)


def test_prepare_brings_a_game_to_the_start():
    recording = make_recording([9] * 5, page=env_start(4, resets=3))
    game = Game()
    recording.prepare(game)
    assert state_hash(game) == recording.hashes[0]
    env = QwopEnv(frames_per_step=4)
    for _ in range(3):
        env.reset()
    assert env.game.state_hash() == game.state_hash()


def test_a_tick_is_an_update_with_another_time_on_the_clock():
    game, other = Game(), Game()
    for each in (game, other):
        each.start()
        each.step(9, 3)
    game.tick()
    other.step(9)
    assert (game.bodies == other.bodies).all()
    assert game.score_time == pytest.approx(3 / 30 + 0.25)
    for seconds in (-0.1, 1.5, float("nan")):
        with pytest.raises(ValueError, match="seconds must be from 0 to 1"):
            game.tick(seconds)
    with pytest.raises(ValueError, match="intro screen is up"):
        Game().tick()


GOOD = to_text(make_recording([9] * 40, grid=Grid(4, "full"), note="x"))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("qwop-recording 1", "seed=5", "not a recording of qwop-native"),
        ("qwop-recording 1", "qwop-recording 2", "version 2 of the format"),
        ("\nend", "", "cut off"),
        ("keys: 40", "keys: 41", "another number of frames than the 40"),
        ("keys: 40", "keys: many", "value of 'keys:' is not JSON"),
        ("QP*40", "QP*40 jump", "line 11: 'jump' is not a word"),
        ("QP*40", "QP*40 reset", "'reset' cannot stand among the keys"),
        ("idle*1 click", "idle*1", "exactly one click"),
        ("page:", "pages:", "line 8: the value of 'pages:' is not JSON"),
        ("keys: 40\n  QP*40\n", "", "no 'keys:'"),
        ('sincos: "glibc"', 'sincos: "libm"', "libm"),
        ('sincos: "glibc"', "sincos: 5", "name in quotation marks"),
        ("frames_per_step: 4", "frames_per_step: 7", "not steps of 7 frames"),
        ("frames_per_step: 4", "frames_per_step: 0", "at least 1"),
        ('action_set: "full"\n', "", "not both there"),
        ("\n  0 ", "\n  zero ", "must be a frame and a new hash"),
        ("\n  30 ", "\n  99 ", "belongs to no frame"),
        ("note:", "program:", "second 'program:'"),
        ("note:", "  note:", "is indented"),
        ("note:", "NOTE:", "is not understood"),
        ("QP*40", "QP*99999999", "at most"),
    ],
)
def test_damage_is_one_clear_sentence(tmp_path, old, new, message):
    assert old in GOOD
    path = tmp_path / "bad.qwop"
    path.write_text(GOOD.replace(old, new))
    with pytest.raises(ValueError, match=message) as caught:
        load_recording(path)
    assert "\n" not in str(caught.value)
    assert str(path) in str(caught.value)


def test_foreign_files_are_refused(tmp_path):
    path = tmp_path / "picture.qwop"
    for data in (b"", b"\x89PNG\r\n\xff\xfe", b"\0\0\0", b"end\n"):
        path.write_bytes(data)
        with pytest.raises(ValueError, match="not a recording of qwop-native"):
            load_recording(path)
    with pytest.raises(FileNotFoundError):
        load_recording(tmp_path / "none.qwop")


@settings(max_examples=60)
@given(st.data())
def test_cut_or_changed_files_never_give_another_error(data):
    text = GOOD
    at = data.draw(st.integers(0, len(text) - 1))
    cut = data.draw(st.integers(0, 9))
    put = data.draw(st.text(alphabet=' \n#:*0Qclick"{}[]-', max_size=5))
    try:
        recording = parse_text(text[:at] + put + text[at + cut :])
    except ValueError:
        return
    assert len(recording.keys) < 10_000


def test_comments_may_be_written_by_hand(tmp_path):
    text = (
        'qwop-recording 1\n# mine\nsincos: "glibc"\npage:\n  click # go\nkeys: 3\n  Q*2\n  -\nend\n'
    )
    recording = parse_text(text)
    assert recording.keys.tolist() == [1, 1, 0]
    assert recording.page == Tape((Event("click"),))
    assert recording.play().frames == 3


@pytest.mark.parametrize(
    ("metadata", "message"),
    [
        ({"note": {1, 2}}, "cannot be kept"),
        ({"note": (1, 2)}, "reads back differently"),
        ({"note": float("nan")}, "cannot be kept"),
        ({"keys": 3}, "cannot be the name"),
        ({"Note": 3}, "cannot be the name"),
    ],
)
def test_what_json_cannot_hold_is_not_kept(tmp_path, metadata, message):
    recording = dataclasses.replace(make_recording([1]), metadata=metadata)
    with pytest.raises(ValueError, match=message):
        recording.save(tmp_path / "x.qwop")
    assert list(tmp_path.iterdir()) == []


def test_impossible_recordings_are_refused():
    with pytest.raises(ValueError, match="one mask"):
        make_recording([16])
    with pytest.raises(ValueError, match="one mask"):
        make_recording([[1, 2]])
    with pytest.raises(ValueError, match="not steps of 2 frames"):
        make_recording([1, 2], grid=Grid(2, "full"))
    with pytest.raises(ValueError, match='cannot be the action "T"'):
        make_recording([1, 1], grid=Grid(2, "full", terminated=True))
    with pytest.raises(TypeError, match="records a QwopEnv"):
        RecordEpisodes(gym.make("CartPole-v1"))
    with pytest.raises(ValueError, match="not been started"):
        Recorder().recording()
