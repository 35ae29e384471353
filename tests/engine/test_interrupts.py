"""Ctrl-C ends long calls into the engine within a second; games stay whole."""

import subprocess
import sys

import pytest

PREPARE = """
import os, signal, sys, threading, time
import numpy as np
from qwop_native import Game, QwopEnv, QwopVectorEnv, _core

def started():
    game = Game()
    game.start()
    game.reset()
    return game

def options(frames):
    arguments = QwopEnv().episode_arguments() | {"frames_per_step": frames}
    return _core.EpisodeOptions(**arguments)

def interrupted(call, after=0.4):
    signal.signal(signal.SIGALRM, signal.default_int_handler)
    signal.setitimer(signal.ITIMER_REAL, after)
    begin = time.monotonic()
    try:
        call()
    except KeyboardInterrupt:
        took = time.monotonic() - begin
    else:
        sys.exit("the call was not interrupted")
    # A busy machine may keep a thread waiting.
    assert took < after + 3, took
"""

GAME = """
game = started()
interrupted(lambda: game.step(0, 10**9, after_end=True))
copy = Game()
copy.restore(game.snapshot())
for each in (game, copy):
    each.step(5, 50, after_end=True)
assert game.state_hash() == copy.state_hash()
"""

INTRO = """
game = Game()
interrupted(lambda: game.start(10**9))
assert not game.started
game.start()
game.reset()
game.step(5, 20)
"""

EPISODE = """
interrupted(lambda: _core.Episode(options(10**9)))
"""

STEP = """
episode, observation = _core.Episode(options(200_000)), np.zeros(60, np.float32)
episode.reset(observation)
wanted = observation.copy()
interrupted(lambda: [episode.step(0, observation) for _ in range(10**6)])
episode.reset(observation, reload=True)
assert observation.tobytes() == wanted.tobytes()
"""

BATCH = """
def make(frames):
    limits = {"max_episode_steps": 0, "autoreset": "next_step"}
    threads = int(sys.argv[1])
    return _core.BatchEngine(options(frames), num_envs=40, num_threads=threads, **limits)

interrupted(lambda: make(10**9))
observations, actions = np.zeros((40, 60), np.float32), np.zeros(40, int)
results = {"obs": observations, "rewards": np.zeros(40)}
results |= {name: np.zeros(40, bool) for name in ("terminated", "truncated")}
engine = make(20_000)
engine.reset(observations)
wanted = observations.copy()
interrupted(lambda: [engine.step(actions, **results) for _ in range(10**6)])
# Whoever was not ready with the step waits for a reset, the others for the next step.
try:
    engine.step(actions, **results)
except _core.NotResetError:
    pass
engine.reset(observations, reload=True)
assert observations.tobytes() == wanted.tobytes()
"""

POOL = """
first, threads = started(), int(sys.argv[1])
source, pool = (_core.GamePool(first, num_envs=40, num_threads=threads) for _ in range(2))
tries = {"parents": np.arange(40, dtype=np.int32), "keys": np.zeros(40, np.uint8)}
interrupted(lambda: [pool.expand(source, **tries, frames=1_000_000) for _ in range(10**6)])
for index in range(40):
    game = pool.game(index)
    assert game.frames == pool.frames[index]
    assert game.score == pool.score[index]
"""

SINES = """
x = np.full(50_000_000, 3.5)
interrupted(lambda: [_core.sincos(x) for _ in range(10**6)])
"""


def run(program, *arguments):
    # The limit only ends a test that hangs.
    command = [sys.executable, "-c", PREPARE + program, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    "program",
    [GAME, INTRO, EPISODE, STEP, SINES],
    ids=["game", "intro", "page", "step", "sines"],
)
def test_alone(program):
    run(program)


@pytest.mark.parametrize("threads", ["1", "2"])
@pytest.mark.parametrize("program", [BATCH, POOL], ids=["batch", "pool"])
def test_many_games(program, threads):
    run(program, threads)


IN_ANOTHER_THREAD = """
game = started()
thread = threading.Thread(target=lambda: game.step(0, 10**9, after_end=True), daemon=True)
thread.start()
interrupted(lambda: thread.join(60))
os._exit(0)
"""


def test_a_long_step_in_another_thread_leaves_the_main_one_alive():
    run(IN_ANOTHER_THREAD)
