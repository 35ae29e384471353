"""Many games, many threads, and processes that part ways."""

import subprocess
import sys
import threading

import numpy as np

from qwop_native import QwopEnv, QwopVectorEnv

FORK = """
import hashlib, os, sys, warnings
import numpy as np
from qwop_native import QwopVectorEnv

# Python warns of threads in a process that forks; these are the ones that are to be survived.
warnings.filterwarnings("ignore", "This process .* is multi-threaded", DeprecationWarning)

def play(env, steps):
    rng = np.random.default_rng(1)
    digest = hashlib.sha256()
    for _ in range(steps):
        for each in env.step(rng.integers(16, size=env.num_envs))[:4]:
            digest.update(each.tobytes())
    return digest.hexdigest().encode()

def in_a_child(work):
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        os.write(writer, work())
        os._exit(0)
    os.close(writer)
    with open(reader, "rb") as answers:
        answer = answers.read()
    assert os.waitpid(child, 0)[1] == 0
    return answer

env = QwopVectorEnv(40, 3, frames_per_step=4)
env.reset(seed=0)
play(env, 5)
child = in_a_child(lambda: play(env, 10))
grandchild = in_a_child(lambda: in_a_child(lambda: play(env, 10)))
def closing():
    env.close()
    return QwopVectorEnv(1).reset(seed=0)[0].tobytes()
assert in_a_child(closing) == QwopVectorEnv(1).reset(seed=0)[0].tobytes()
both = in_a_child(lambda: play(env, 5) and in_a_child(lambda: play(env, 5)))
assert play(env, 10) == child == grandchild
assert len(both) == 64
sys.exit(0)
"""


def test_a_forked_process_plays_on_with_threads_of_its_own(tmp_path):
    # The limit only ends a test that hangs.
    command = [sys.executable, "-W", "error", "-c", FORK]
    subprocess.run(command, cwd=tmp_path, check=True, timeout=120)


LEAVE = """
from qwop_native import QwopVectorEnv
env = QwopVectorEnv(40, 3)
env.reset()
env.step([0] * 40)
"""


def test_a_process_ends_with_threads_waiting(tmp_path):
    command = [sys.executable, "-W", "error", "-c", LEAVE]
    subprocess.run(command, cwd=tmp_path, check=True, timeout=120)


def test_environments_in_several_threads_do_not_meet():
    def play(results, key):
        env = QwopVectorEnv(20, 2, frames_per_step=4)
        rng = np.random.default_rng(0)
        shown = [env.reset(seed=0)[0].tobytes()]
        shown += [env.step(rng.integers(16, size=20))[0].tobytes() for _ in range(20)]
        results[key] = shown

    results = {}
    threads = [threading.Thread(target=play, args=(results, key)) for key in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results[0] == results[1] == results[2]


def test_ten_thousand_games():
    count = 10_000
    env = QwopVectorEnv(count)
    first, _ = env.reset(seed=0)
    rng = np.random.default_rng(0)
    actions = rng.integers(16, size=(3, count))
    results = [env.step(each) for each in actions]
    assert (first == first[0]).all()
    for game in (0, 1, 4999, count - 2, count - 1):
        single = QwopEnv()
        assert single.reset(seed=0)[0].tobytes() == first[game].tobytes()
        for chosen, (observations, rewards, *_, infos) in zip(actions, results, strict=True):
            observation, reward, _, _, info = single.step(chosen[game])
            assert observation.tobytes() == observations[game].tobytes()
            assert reward == rewards[game]
            assert info["distance"] == infos["distance"][game]
