"""Every reader of files, fed with damage: it reads, or raises what it documents, and soon.

For a long search by hand: QWOP_HYPOTHESIS=thorough pytest tests/readers
"""

import warnings

import numpy as np
import pytest
from damage import assert_read_or_refused, damaged, damaged_zip
from hypothesis import given
from hypothesis import strategies as st
from paths import TRACES

from qwop_native import Game, QwopEnv, QwopVectorEnv
from qwop_native.parity.trace import parse_trace, read_trace
from qwop_native.qwop_gym.rec import Rec, RecEpisode, load_rec, parse_rec, recordings_of
from qwop_native.recording import Recording, load_recording, make_recording
from qwop_native.recording.format import to_text
from qwop_native.recording.grid import Grid
from qwop_native.recording.model import parse_text
from qwop_native.recording.tape import parse_tape, random_tape

REC = str(Rec(7, (RecEpisode((0, 1, 2, 16)), RecEpisode((3, 16), True), RecEpisode((4, 4, 16)))))
TAPE = str(random_tape(1, 60, resets=2, idle_frames=3))
RUN = to_text(make_recording([1] * 40 + [6] * 24, grid=Grid(4, "full"), note="of a person"))
TRACE = min(TRACES.glob("*.trace"), key=lambda path: path.stat().st_size).read_bytes()


def under_way():
    env = QwopEnv(seed=0)
    env.reset()
    for action in (1, 2, 3, 4):
        env.step(action)
    return env.game.snapshot()


SNAPSHOT = under_way()
BATCH = QwopVectorEnv(2, 1, seed=0)
BATCH.reset()
EPISODE = BATCH.snapshot(0)


def decoded(data):
    return data.decode("utf-8", "surrogateescape")


@given(damaged(REC.encode()))
def test_rec_text(data):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about actions after the last complete episode
        assert_read_or_refused(lambda: parse_rec(decoded(data)), ValueError)


@given(damaged(REC.encode()), st.sampled_from(["full", "reduced", "essential"]))
def test_rec_episodes(data, action_set):
    def read():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            rec = parse_rec(decoded(data))
        for recording in recordings_of(rec, action_set=action_set):
            recording.play()

    assert_read_or_refused(read, ValueError)


@given(damaged(TAPE.encode()))
def test_tapes(data):
    assert_read_or_refused(lambda: parse_tape(decoded(data)), ValueError)


@given(damaged(RUN.encode()))
def test_recordings(data):
    def read():
        recording = parse_text(decoded(data))
        assert isinstance(recording, Recording)
        if len(recording.keys) < 5000 and recording.page.rows < 5000:
            recording.play()

    assert_read_or_refused(read, ValueError)


@given(damaged(TRACE))
def test_traces(data):
    assert_read_or_refused(lambda: parse_trace(data), ValueError)


@given(damaged(SNAPSHOT))
def test_snapshots_of_a_game(data):
    game = Game()
    assert_read_or_refused(lambda: game.restore(data), ValueError)
    game.state_hash()
    env = QwopEnv(seed=0)
    assert_read_or_refused(lambda: env.reset(options={"snapshot": data}), ValueError)


@given(damaged(EPISODE), damaged(SNAPSHOT))
def test_snapshots_of_a_batch(episode, snapshot):
    before = [BATCH.game(game).state_hash() for game in range(2)]
    for read in (lambda: BATCH.restore(1, episode), lambda: BATCH.start_at(1, snapshot)):
        try:
            read()
        except ValueError:
            assert [BATCH.game(game).state_hash() for game in range(2)] == before
        before = [BATCH.game(game).state_hash() for game in range(2)]


@pytest.mark.parametrize(
    ("read", "name", "whole"),
    [
        (load_rec, "a.rec", REC.encode()),
        (load_recording, "a.qwop", RUN.encode()),
        (read_trace, "a.trace", TRACE),
    ],
)
@given(data=st.data())
def test_files_name_themselves(tmp_path_factory, read, name, whole, data):
    path = tmp_path_factory.mktemp("damaged") / name
    path.write_bytes(data.draw(damaged(whole)))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        said = str(path)
        try:
            read(path)
        except ValueError as error:
            said = str(error)
    assert str(path) in said
    assert "\n" not in said


@pytest.mark.parametrize("read", [load_rec, load_recording, read_trace])
def test_folders_and_nothing(tmp_path, read):
    for path in (tmp_path, tmp_path / "nothing"):
        with pytest.raises((OSError, ValueError), match=str(path)):
            read(path)


@pytest.fixture(scope="module")
def demonstrations(tmp_path_factory):
    pytest.importorskip("stable_baselines3", reason="demonstrations come with the extra train")
    from qwop_native.training.imitation.demonstrations import Demonstrations

    path = tmp_path_factory.mktemp("shown") / "a.npz"
    seen = np.zeros((3, 60), np.float32)
    ones, bounds = np.ones(3, np.float32), np.array([0, 1, 3])
    dones = np.array([True, False, True])
    Demonstrations(seen, np.arange(3), ones, seen, dones, bounds, {"source": "test"}).save(path)
    return path


@pytest.mark.filterwarnings("ignore")  # NumPy's, of heads and numbers that are not what they were
@given(data=st.data())
def test_demonstrations(demonstrations, data):
    from qwop_native.training.imitation.demonstrations import Demonstrations

    path = demonstrations.with_name("damaged.npz")
    path.write_bytes(data.draw(damaged_zip(demonstrations.read_bytes())))
    assert_read_or_refused(lambda: Demonstrations.load(path), ValueError)
