"""Threads that end, fork, are not to be had or share an object: no hang, no crash, one sentence."""

import subprocess
import sys
import sysconfig

import pytest

PREPARE = """
import os, sys, threading, time, warnings
import numpy as np
from qwop_native import Game, QwopEnv, QwopVectorEnv, _core

# Python warns of threads in a process that forks; these are the ones that are to be survived.
warnings.filterwarnings("ignore", "This process .* is multi-threaded", DeprecationWarning)
ACTIONS = np.zeros(64, int)

def make(threads, frames=50):
    env = QwopVectorEnv(64, threads, frames_per_step=frames, seed=1)
    env.reset(seed=1)
    return env

def forever(call):
    thread = threading.Thread(target=lambda: [call() for _ in range(10**9)], daemon=True)
    thread.start()
    time.sleep(0.3)
    return thread
"""


def run(program, *arguments, status=0):
    # The limit only ends a test that hangs.
    command = [sys.executable, "-W", "error", "-c", PREPARE + program, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == status, done.stderr
    return done


# ---- the end of the interpreter ------------------------------------------------------------------

DAEMONS = {
    "vector env": "env = make(1); forever(lambda: env.step(ACTIONS))",
    "two threads": "env = make(2); forever(lambda: env.step(ACTIONS))",
    "reset": "env = make(1); forever(lambda: env.reset(seed=1))",
    "construction": "forever(lambda: make(1))",
    "snapshots": "env = make(1, 1); forever(lambda: env.snapshot(3))",
    "game": "game = Game(); game.start(); forever(lambda: game.step(0, 10**8, after_end=True))",
    "episode": (
        "env = QwopEnv(frames_per_step=10**4); env.reset(); episode = env._episode; "
        "seen = np.zeros(60, np.float32); forever(lambda: episode.step(0, seen))"
    ),
    "pool": (
        "game = Game(); game.start(); pool = _core.GamePool(game, num_envs=64); "
        "forever(lambda: pool.step(np.zeros(64, np.uint8), frames=50))"
    ),
    "sines": "x = np.ones(10**6); forever(lambda: _core.sincos(x))",
}


@pytest.mark.parametrize("name", DAEMONS)
def test_the_interpreter_ends_while_a_daemon_thread_is_in_a_call(name):
    for _ in range(3):
        done = run(DAEMONS[name] + "\nsys.exit(3)", status=3)
        assert done.stderr == ""


# ---- threads that are not to be had --------------------------------------------------------------

NO_THREADS = """
import resource
envs = [QwopVectorEnv(64, 4, frames_per_step=4, seed=1) for _ in range(2)]
# No memory for a stack: no thread to be had. A limit on threads themselves does not hold for root.
usage = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (usage + 2**20, resource.RLIM_INFINITY))
for _ in range(3):
    for env in envs:
        try:
            env.reset(seed=1)
        except RuntimeError as error:
            assert "threads" in str(error) and "ask for fewer" in str(error), error
        else:
            sys.exit("threads were to be had")
resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
found = envs[0].reset(seed=1)[0]
assert found.tobytes() == make(1, 4).reset(seed=1)[0].tobytes()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the limit is set as on Linux")
def test_threads_that_are_not_to_be_had():
    run(NO_THREADS)


# ---- fork ----------------------------------------------------------------------------------------

CHILD = """
def child(work):
    pid = os.fork()
    if pid == 0:
        try:
            work()
        except BaseException as error:
            print(type(error).__name__, error, flush=True)
            os._exit(1)
        os._exit(0)
    return os.waitpid(pid, 0)[1] >> 8
"""

FORK_BETWEEN_STEPS = (
    CHILD
    + """
env = make(int(sys.argv[1]), 4)
env.step(ACTIONS)
for _ in range(5):
    assert child(lambda: env.step(ACTIONS)) == 0
    env.step(ACTIONS)
"""
)

FORK_IN_A_STEP = (
    CHILD
    + """
env = make(int(sys.argv[1]), 2000)
forever(lambda: env.step(ACTIONS))
for _ in range(3):
    child(lambda: env.step(ACTIONS))
    assert child(lambda: make(2, 4).step(ACTIONS)) == 0
    time.sleep(0.05)
os._exit(0)
"""
)

needs_fork = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no fork")


@needs_fork
@pytest.mark.parametrize("threads", ["1", "3"])
def test_a_child_steps_its_parents_environment(threads):
    run(FORK_BETWEEN_STEPS, threads)


@needs_fork
@pytest.mark.parametrize("threads", ["1", "3"])
def test_a_child_of_a_process_in_the_middle_of_a_step_is_told(threads):
    said = run(FORK_IN_A_STEP, threads).stdout
    assert all("when the process forked" in line for line in said.splitlines())


# ---- one object, several threads -----------------------------------------------------------------

CLOSE = """
from gymnasium.error import ClosedEnvironmentError
env = make(2, 500)
raised = []
def step():
    try:
        while True:
            env.step(ACTIONS)
    except Exception as error:
        raised.append(error)
thread = threading.Thread(target=step)
thread.start()
time.sleep(0.2)
env.close()
thread.join()
assert isinstance(raised[0], ClosedEnvironmentError), raised
"""


def test_an_environment_closed_in_the_middle_of_a_step():
    run(CLOSE)


TOGETHER = """
def together(*calls):
    failed = []
    def repeat(call):
        try:
            for _ in range(60):
                call()
        except Exception as error:
            failed.append(error)
    threads = [threading.Thread(target=repeat, args=(call,)) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed, failed

env, other = make(2, 4), make(2, 4)
engine = env._batch.engine
taken = env.snapshot(2)
together(
    lambda: env.step(ACTIONS),
    lambda: env.step(ACTIONS),
    lambda: env.snapshot(3),
    lambda: env.game(5).step(1, after_end=True),
    lambda: env.copy_game(1, 2),
    lambda: env.restore(4, taken),
    lambda: engine.infos(),
)
first = Game()
first.start()
pools = [_core.GamePool(first, num_envs=64, num_threads=2) for _ in range(2)]
tries = {"parents": np.arange(64, dtype=np.int32), "keys": np.zeros(64, np.uint8)}
together(
    lambda: pools[0].expand(pools[1], **tries, frames=4),
    lambda: pools[1].expand(pools[0], **tries, frames=4),
    lambda: pools[1].step(tries["keys"], frames=2),
    lambda: pools[0].game(7),
    lambda: pools[0].set_game(7, first),
)
game = Game()
game.start()
together(lambda: game.step(1, 500, after_end=True), game.snapshot, game.reset, lambda: game.bodies)
"""


def test_threads_that_share_an_object():
    run(TOGETHER)


# ---- more than one interpreter -------------------------------------------------------------------

SECOND = """
try:
    import _interpreters as interpreters
    def work(code):
        failure = interpreters.exec(interpreters.create("legacy"), code)
        return failure and failure.formatted
except ImportError:
    import _xxsubinterpreters as interpreters
    def work(code):
        try:
            interpreters.run_string(interpreters.create(isolated=False), code)
        except interpreters.RunFailedError as error:
            return str(error)
for name in ("qwop_native._core", "qwop_native"):
    failure = work(f"import warnings; warnings.simplefilter('ignore'); import {name}")
    assert "ImportError" in failure and "main interpreter only" in failure, failure
make(2, 4).step(ACTIONS)
"""


@pytest.mark.skipif(
    sys.implementation.name != "cpython" or sysconfig.get_config_var("Py_GIL_DISABLED") == 1,
    reason="second interpreters are made by a module of CPython's own",
)
def test_a_second_interpreter_is_refused():
    run(SECOND)
