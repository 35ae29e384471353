"""Parts of the games sent and received, buffers of the caller's own, threads bound to cores."""

import copy
import os
import pickle
import sys
from pathlib import Path

import numpy as np
import pytest
from gymnasium.error import ResetNeeded
from gymnasium.vector import AutoresetMode

from qwop_native import QwopVectorEnv

KWARGS = {"frames_per_step": 4, "action_set": "essential", "max_episode_steps": 40}
GAMES, STEPS = 64, 50


def make(batch_size=None, threads=3, **kwargs):
    return QwopVectorEnv(GAMES, threads, batch_size=batch_size, **{**KWARGS, **kwargs})


ACTIONS = np.random.default_rng(0).integers(9, size=(STEPS, GAMES))


def in_turn(mode, **kwargs):
    """What each game sees in each of its steps, by step."""
    env = make(autoreset_mode=mode, **kwargs)
    env.reset(seed=1)
    return [env.step(actions) for actions in ACTIONS]


@pytest.mark.parametrize("mode", [AutoresetMode.NEXT_STEP, AutoresetMode.SAME_STEP])
@pytest.mark.parametrize("batch_size", [16, 48, None])
@pytest.mark.parametrize("chance", [{}, {"noop_max": 5, "repeat_action_probability": 0.3}])
def test_every_game_sees_what_it_sees_when_all_step_together(mode, batch_size, chance):
    expected = in_turn(mode, **chance)
    env = make(batch_size, autoreset_mode=mode, **chance)
    env.reset(seed=1)
    done = np.zeros(GAMES, int)
    env.send(ACTIONS[0])
    under_way = GAMES
    while under_way >= env.batch_size:
        observations, *results, infos = env.recv()
        ids = infos["env_id"]
        for row, game in enumerate(ids):
            told = expected[done[game]]
            assert observations[row].tobytes() == told[0][game].tobytes()
            for mine, theirs in zip(results, told[1:4], strict=True):
                assert mine[row] == theirs[game]
            assert infos["frames"][row] == told[4]["frames"][game]
            if "final_obs" in infos and infos["_final_obs"][row]:
                assert infos["final_obs"][row].tobytes() == told[4]["final_obs"][game].tobytes()
                mine, theirs = infos["final_info"], told[4]["final_info"]
                assert mine["distance"][row] == theirs["distance"][game]
        done[ids] += 1
        goes_on = ids[done[ids] < STEPS]
        under_way += len(goes_on) - len(ids)
        if len(goes_on):
            env.send(ACTIONS[done[goes_on], goes_on], goes_on)
    # Fewer than a batch may be left, which are never received.
    assert (done == STEPS).sum() >= GAMES - under_way


def test_while_games_are_under_way_nothing_else_is_answered():
    env = make(16)
    env.reset(seed=0)
    env.send(ACTIONS[0])
    env.recv()
    for asked in (
        env.reset,
        lambda: env.step(ACTIONS[0]),
        lambda: env.snapshot(0),
        lambda: env.get_attr("distance"),
        lambda: env.copy_game(0, 1),
        lambda: pickle.dumps(env),
    ):
        with pytest.raises(RuntimeError, match="under way"):
            asked()
    for _ in range(3):
        env.recv()
    env.step(ACTIONS[0])
    assert env.get_attr("frames")


@pytest.mark.parametrize(
    ("env_id", "actions", "error", "message"),
    [
        (np.arange(15), np.zeros(15, int), ValueError, "whole groups of 16 games"),
        (np.arange(8, 24), np.zeros(16, int), ValueError, "whole groups of 16 games"),
        (np.arange(64, 80), np.zeros(16, int), ValueError, "whole groups of 16 games"),
        (np.arange(16)[::-1], np.zeros(16, int), ValueError, "whole groups of 16 games"),
        (np.tile(np.arange(16), 2), np.zeros(32, int), ValueError, "game 0 is under way"),
        (np.arange(16), np.zeros(17, int), ValueError, "an action for each of 16 games, got 17"),
        (np.arange(16), np.full(16, 9), ValueError, r"must be in 0\.\.8, got 9 for game 0"),
        (np.arange(16), np.zeros(16), TypeError, "actions must be a row of integers"),
        (np.arange(16.0), np.zeros(16, int), TypeError, "env_id must be a row of integers"),
    ],
)
def test_what_cannot_be_sent_is_refused_and_nothing_is(env_id, actions, error, message):
    env = make(16)
    env.reset(seed=0)
    with pytest.raises(error, match=message):
        env.send(actions, env_id)
    assert env.step(ACTIONS[0])


def test_mistakes_are_told_in_a_sentence():
    for wrong in (0, 8, 80, 1.5):
        with pytest.raises((ValueError, TypeError), match="batch_size must be"):
            make(wrong)
    with pytest.raises(ValueError, match="num_envs and batch_size that are multiples of 16"):
        QwopVectorEnv(5).send(np.zeros(5, int))
    env = make(16)
    with pytest.raises(ResetNeeded, match="game 0 must be reset"):
        env.send(ACTIONS[0])
    env.reset(seed=0)
    with pytest.raises(RuntimeError, match="wait for ever: 0 games are under way"):
        env.recv()
    env.send(ACTIONS[0])
    with pytest.raises(ValueError, match="under way already"):
        env.send(ACTIONS[0])


def test_closed_and_copied_in_the_middle_and_before():
    env = make(16)
    env.reset(seed=0)
    env.send(ACTIONS[0])
    env.close()
    env = make(16)
    env.reset(seed=0)
    twin = copy.deepcopy(env)
    for each in (env, twin):
        each.send(ACTIONS[0][:16], np.arange(16))
    assert env.recv()[0].tobytes() == twin.recv()[0].tobytes()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_a_forked_child_sends_anew_and_is_told_what_was_left_behind():
    env = make(16)
    env.reset(seed=0)
    env.send(ACTIONS[0])
    for _ in range(4):
        env.recv()
    child = os.fork()
    if child == 0:
        status = 1
        try:
            env.send(ACTIONS[1])
            status = 0 if len(env.recv()[0]) == 16 else 2
        finally:
            os._exit(status)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    env.send(ACTIONS[1])
    child = os.fork()
    if child == 0:
        status = 1
        try:
            env.recv()
        except RuntimeError as error:
            status = 0 if "left behind" in str(error) else 3
        finally:
            os._exit(status)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_a_step_writes_into_the_callers_memory_without_a_copy():
    env, plain = make(), make()
    storage = np.zeros((STEPS + 1, GAMES, 60), np.float32)
    shown, _ = env.reset(seed=3, out=storage[0])
    assert shown.base is storage or shown.ctypes.data == storage.ctypes.data
    assert storage[0].tobytes() == plain.reset(seed=3)[0].tobytes()
    for step, actions in enumerate(ACTIONS):
        env.step(actions, out=storage[step + 1])
        assert storage[step + 1].tobytes() == plain.step(actions)[0].tobytes()
    kept = storage.copy()
    one, two = env.step(ACTIONS[0])[0], plain.step(ACTIONS[0])[0]
    assert one.tobytes() == two.tobytes()
    mask = {"reset_mask": np.arange(GAMES) == 7}
    into = np.zeros((GAMES, 60), np.float32)
    env.reset(options=mask, out=into)
    assert into.tobytes() == plain.reset(options=mask)[0].tobytes()
    into[:] = 9
    env.copy_game(3, 4)
    env.start_at(5, env.game(3).snapshot())
    assert (into == 9).all()
    assert storage.tobytes() == kept.tobytes()


def test_a_tensor_is_written_through_dlpack_and_received_into():
    torch = pytest.importorskip("torch")
    env, plain = make(16), make(16)
    plain.reset(seed=3)
    tensor = torch.zeros(GAMES, 60)
    assert env.reset(seed=3, out=tensor)[0] is tensor
    shown = env.step(ACTIONS[0], out=tensor)[0]
    assert shown is tensor
    expected = plain.step(ACTIONS[0])[0]
    assert tensor.numpy().tobytes() == expected.tobytes()
    # And what the environment returns is seen by torch without a copy.
    shared = make(copy=False)
    observations, _ = shared.reset(seed=3)
    seen = torch.from_dlpack(observations)
    shared.step(ACTIONS[0])
    assert seen.numpy().tobytes() == expected.tobytes()
    env.send(ACTIONS[1][:16], np.arange(16))
    part = torch.zeros(16, 60)
    assert env.recv(out=part)[0] is part
    assert part.numpy().tobytes() == plain.step(ACTIONS[1])[0][:16].tobytes()


@pytest.mark.parametrize(
    ("out", "error", "message"),
    [
        (np.zeros((GAMES, 60)), TypeError, "out must be of float32, got float64"),
        (np.zeros((GAMES, 61), np.float32), ValueError, r"out must have shape \(64, 60\)"),
        (np.zeros((GAMES, 120), np.float32)[:, ::2], ValueError, "contiguous and writable"),
        ([[0.0]], TypeError, "a NumPy array or a tensor with DLPack, got list"),
    ],
)
def test_memory_that_does_not_fit_is_refused(out, error, message):
    env = make()
    env.reset(seed=0)
    with pytest.raises(error, match=message):
        env.step(ACTIONS[0], out=out)
    read_only = np.zeros((GAMES, 60), np.float32)
    read_only.flags.writeable = False
    with pytest.raises(ValueError, match="writable"):
        env.step(ACTIONS[0], out=read_only)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux binds threads to cores")
def test_threads_are_bound_to_cores_and_the_bits_stay():
    def tasks():
        return {int(task.name) for task in Path("/proc/self/task").iterdir()}

    cores = sorted(os.sched_getaffinity(0))
    for step in ("step", "send"):
        before = tasks()
        env = make(16, 3, thread_affinity=cores[-1:])
        env.reset(seed=1)
        plain = make()
        plain.reset(seed=1)
        if step == "step":
            assert env.step(ACTIONS[0])[0].tobytes() == plain.step(ACTIONS[0])[0].tobytes()
        else:
            env.send(ACTIONS[0])
            env.recv()
        bound = [task for task in tasks() - before if os.sched_getaffinity(task) == {cores[-1]}]
        assert len(bound) >= 2
        twin = copy.deepcopy(env) if step == "step" else env
        assert twin._batch._cores == cores[-1:]
    assert os.sched_getaffinity(0) == set(cores)


@pytest.mark.parametrize("cores", [[], [4095], [-1], [0.5]])
def test_cores_that_cannot_be_had_are_refused(cores):
    with pytest.raises((ValueError, TypeError), match="thread_affinity"):
        make(thread_affinity=cores)
