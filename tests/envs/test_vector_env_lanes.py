"""Recordings of the real game, frame by frame, in every lane of every instruction set."""

from dataclasses import dataclass

import pytest
from paths import TRACES

from qwop_native import Game, QwopVectorEnv, _core
from qwop_native.parity.trace import read_trace
from qwop_native.recording.player import play_event

LANES = 16  # games that the engine solves side by side
SETS = [name for name in _core.instruction_sets() if name != "scalar"]
ALL = sorted(TRACES.glob("*.trace"))
GAME_TRACES = [path for path in ALL if not path.name.startswith("env-")]
BEHIND_THE_START = -9.5 * 10  # world units; an episode ends at -10 m


@dataclass
class Run:
    """A stretch of a recording without an event other than keys.

    Attributes:
        keys: Mask of each frame.
        starts: Snapshots before the first frames, one for each lane.
        end: Hash of the state after the last frame.
    """

    keys: list[int]
    starts: list[bytes]
    end: int


def runs(trace):
    """What the scalar game makes of a recording, which it reproduces (test_stored_traces.py)."""
    game = Game(trace.provenance.sincos)
    run, under_way = Run([], [], 0), False
    for event in trace.tape.events:
        if event.kind == "click":
            game.start(trace.tape.idle_frames)
        elif event.kind not in ("keys", "idle"):
            play_event(game, event)
        if event.kind != "keys":
            if len(run.keys) > LANES:
                yield run
            run, under_way = Run([], [], 0), event.kind != "idle"
            continue
        for _ in range(event.count):
            start = game.snapshot() if len(run.starts) < LANES else None
            game.step(event.keys, after_end=True)
            # The vector environment restarts an ended game at once.
            under_way &= not game.game_ended and game.bodies[0, 0] > BEHIND_THE_START
            if not under_way:
                continue
            if start is not None:
                run.starts.append(start)
            run.keys.append(event.keys)
            run.end = game.state_hash()
    if len(run.keys) > LANES:
        yield run


def play(env, run):
    """Lane i plays the run from frame i on; returns the hashes at the run's end."""
    action_of = {int(keys): i for i, keys in enumerate(env.template.action_keys)}
    env.reset()
    for lane, start in enumerate(run.starts):
        env.start_at(lane, start)
    hashes = {}
    for frame in range(len(run.keys)):
        ahead = [min(frame + lane, len(run.keys) - 1) for lane in range(LANES)]
        env.step([action_of[run.keys[each]] for each in ahead])
        for lane in range(LANES):
            if frame + lane == len(run.keys) - 1:
                hashes[lane] = env.game(lane).state_hash()
    return hashes


@pytest.mark.slow
@pytest.mark.parametrize("instruction_set", SETS)
@pytest.mark.parametrize("path", GAME_TRACES, ids=lambda path: path.stem)
def test_recording_in_every_lane(path, instruction_set):
    trace = read_trace(path)
    env = QwopVectorEnv(
        LANES,
        1,
        autoreset_mode="SameStep",
        instruction_set=instruction_set,
        sincos=trace.provenance.sincos,
    )
    played = 0
    for run in runs(trace):
        assert play(env, run) == dict.fromkeys(range(LANES), run.end)
        played += 1
    assert played > 0


@pytest.mark.parametrize("instruction_set", SETS)
def test_a_part_that_touches_or_lets_go_has_not_rested(instruction_set):
    # A fallen runner that comes to rest: one of its parts is still already when its touch changes.
    keys, frames = 4, 140
    alone = Game()
    alone.start(1)
    alone.step(5, 28)
    env = QwopVectorEnv(
        1, 1, autoreset_mode="Disabled", instruction_set=instruction_set, frames_per_step=frames
    )
    env.reset()
    env.start_at(0, alone.snapshot())
    env.step([list(env.template.action_keys).index(keys)])
    alone.step(keys, frames, after_end=True)
    assert env.game(0).state_hash() == alone.state_hash()
