"""Every recording of the real game, replayed natively: every bit of every row."""

import numpy as np
import pytest
from paths import TRACES

from qwop_native.facts import FLAVORS
from qwop_native.parity.native import play_tape
from qwop_native.parity.trace import read_trace
from qwop_native.parity.verify import replay_trace
from qwop_native.recording.rows import Flags

ALL = sorted(TRACES.glob("*.trace"))


def trace_called(name):
    return read_trace(next(path for path in ALL if path.stem == name))


@pytest.mark.parametrize("path", ALL, ids=lambda path: path.stem)
def test_trace_is_reproduced_bit_for_bit(path):
    trace = read_trace(path)
    assert trace.mismatch(replay_trace(trace)) is None


@pytest.mark.parametrize("path", ALL, ids=lambda path: path.stem)
def test_trace_says_where_it_comes_from(path):
    origin = read_trace(path).provenance
    assert origin.command.startswith("qwop-native parity record")
    assert "/" not in origin.command.replace("npm:@sparticuz/chromium", "")
    assert origin.version[0].isdigit()
    assert origin.browser
    assert origin.description
    assert set(origin.game_files) == {"QWOP.min.js", "howler.js", "assets/assetbundle.parcel"}


def test_all_three_flavors_are_recorded():
    assert {read_trace(path).provenance.sincos for path in ALL} == set(FLAVORS)


@pytest.mark.parametrize("other", [name for name in FLAVORS if name != "glibc"])
def test_a_trace_is_not_reproduced_in_another_flavor(other):
    trace = trace_called("random-long-holds-glibc")
    mismatch = trace.mismatch(play_tape(trace.tape, other))
    assert mismatch is not None
    assert mismatch.row < 100


# What the traces are said to show, checked in their own rows (which the replay equals).


def test_ten_resets_trace_has_ten_resets():
    trace = trace_called("ten-resets-glibc")
    assert [event.kind for event in trace.tape.events].count("reset") == 10


@pytest.mark.parametrize("idle", [1, 50, 500])
def test_intro_traces_wait_before_the_click(idle):
    trace = trace_called(f"intro-{idle}-glibc")
    assert trace.tape.idle_frames == idle
    # Each update on the intro screen adds to the head's torque.
    assert abs(trace.keyframes[0]["head_torque"]) == pytest.approx(1.058 * idle, rel=1e-3)


@pytest.mark.parametrize("flavor", FLAVORS)
def test_full_run_lands_in_the_sand(flavor):
    last = trace_called(f"full-run-landing-{flavor}").keyframes[-1]
    assert last["flags"] == Flags.JUMPED | Flags.JUMP_LANDED | Flags.GAME_ENDED
    assert last["score"] > 100


@pytest.mark.parametrize("flavor", FLAVORS)
def test_full_run_falls_in_the_sand(flavor):
    last = trace_called(f"full-run-falling-{flavor}").keyframes[-1]
    assert last["flags"] == Flags.FALLEN | Flags.JUMPED | Flags.JUMP_LANDED | Flags.GAME_ENDED
    assert last["score"] > 100


@pytest.mark.parametrize("flavor", FLAVORS)
def test_full_run_hits_the_hurdle(flavor):
    last = trace_called(f"full-run-landing-{flavor}").keyframes[-1]
    assert abs(last["hurdle"][1, 2]) > 0.1  # its upper part has been knocked over


@pytest.mark.parametrize("flavor", FLAVORS)
def test_block_trace_leans_on_the_block(flavor):
    rows = replay_trace(trace_called(f"block-{flavor}"))
    face_of_block = -39.99625 + 251 / 40
    assert rows["bodies"][:, :, 0].min() < face_of_block + 1


@pytest.mark.parametrize("flavor", FLAVORS)
def test_fall_trace_ends_asleep(flavor):
    rows = replay_trace(trace_called(f"fall-until-sleep-{flavor}"))
    assert rows[-1]["flags"] & Flags.FALLEN
    assert (rows[-10:]["bodies"][:, :, 3:] == 0).all()
    assert np.unique(rows[-10:]).size == 1


def test_env_full_runs_end_in_success_and_failure():
    ended = [
        bool(row["is_success"])
        for trace in map(read_trace, ALL)
        if trace.kind == "env"
        for row in replay_trace(trace)
        if row["terminated"]
    ]
    assert {True, False} == set(ended)
