"""Every game of the vector environment is a QwopEnv of its own, bit for bit."""

import functools

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.vector import AutoresetMode
from paths import TRACES

from qwop_native import QwopEnv, QwopVectorEnv, _core
from qwop_native.parity.trace import read_trace
from qwop_native.recording.rows import ENV_ROW

MODES = tuple(AutoresetMode)
SETS = _core.instruction_sets()
ALL = sorted(TRACES.glob("env-*.trace"))


def bits(value):
    """Anything that an environment returns, so that == means the same types and the same bits."""
    if isinstance(value, dict):
        return {key: bits(each) for key, each in value.items()}
    if isinstance(value, tuple) or (isinstance(value, np.ndarray) and value.dtype.hasobject):
        return [bits(each) for each in value]
    if isinstance(value, np.ndarray):
        return value.dtype, value.shape, value.tobytes()
    return type(value), repr(value)


def play(env, mode, steps, seed=0):
    """Random actions, now and then a reset of some games, with a seed for some of them."""
    rng = np.random.default_rng(seed)
    record = [bits(env.reset(seed=5))]
    count = env.num_envs
    for _ in range(steps):
        actions = rng.integers(env.single_action_space.n, size=count)
        result = env.step(actions)
        record.append(bits(result))
        chosen = rng.random(count) < (0.1 if rng.random() < 0.2 else 0.0)
        if mode is AutoresetMode.DISABLED:
            chosen |= result[2] | result[3]
        seeds = [int(each) if each % 2 else None for each in rng.integers(1000, size=count)]
        if chosen.any():
            record.append(bits(env.reset(seed=seeds, options={"reset_mask": chosen})))
    record.append(bits(env.reset()))
    return record


@functools.cache
def sync_record(num_envs, mode, steps, seed=0, **kwargs):
    """What gymnasium's own vector environment makes of as many QwopEnv."""
    env = gym.make_vec(
        "QWOP-v1",
        num_envs=num_envs,
        vectorization_mode="sync",
        vector_kwargs={"autoreset_mode": mode},
        **kwargs,
    )
    return play(env, mode, steps, seed)


def assert_same(record, expected):
    for index, (one, other) in enumerate(zip(record, expected, strict=True)):
        assert one == other, f"call {index} differs"


@pytest.mark.parametrize("instruction_set", SETS)
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(("num_envs", "num_threads"), [(1, 1), (3, 4), (17, 2), (64, 3)])
def test_equals_gymnasiums_sync_vector_env(num_envs, num_threads, mode, instruction_set):
    kwargs = {"frames_per_step": 4, "max_episode_steps": 25}
    env = QwopVectorEnv(
        num_envs, num_threads, autoreset_mode=mode, instruction_set=instruction_set, **kwargs
    )
    assert env.instruction_set == instruction_set
    assert env.num_threads == num_threads
    assert_same(play(env, mode, 50), sync_record(num_envs, mode, 50, **kwargs))


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    "kwargs",
    [
        {"frames_per_step": 1},
        {"reduced_action_set": True, "frames_per_step": 3, "reload_on_reset": True},
        {"action_set": "essential", "frames_per_step": 4, "sincos": "fdlibm"},
        {
            "t_for_terminate": True,
            "frames_per_step": 2,
            "failure_cost": 7.5,
            "max_episode_steps": 9,
        },
        {"success_reward": 1, "time_cost_mult": 0, "speed_rew_mult": 2.5, "sincos": "glibc-fma"},
    ],
)
def test_with_every_kind_of_argument(mode, kwargs):
    env = QwopVectorEnv(5, autoreset_mode=mode, **kwargs)
    assert_same(play(env, mode, 60, seed=1), sync_record(5, mode, 60, seed=1, **kwargs))


def test_make_vec_gives_the_native_one_and_its_spec_gives_it_again():
    kwargs = {"frames_per_step": 4, "max_episode_steps": 30, "autoreset_mode": "SameStep"}
    env = gym.make_vec("QWOP-v1", num_envs=3, **kwargs)
    assert type(env) is QwopVectorEnv
    assert env.spec.id == "QWOP-v1"
    again = gym.make_vec(env.spec)
    assert type(again) is QwopVectorEnv
    mode = AutoresetMode.SAME_STEP
    record = play(env, mode, 60)
    assert_same(play(again, mode, 60), record)
    del kwargs["autoreset_mode"]
    assert_same(record, sync_record(3, mode, 60, **kwargs))


RESET = -1


def write_rows(rows, cursor, chosen, observations, rewards, terminated, infos):
    for game in np.flatnonzero(chosen):
        row = rows[game, cursor[game]]
        row["obs"], row["reward"] = observations[game], rewards[game]
        row["terminated"] = terminated[game]
        for name in ("time", "distance", "avgspeed", "is_success"):
            row[name] = infos[name][game]


def play_trace(trace, instruction_set, waits):
    """Rows of each game, which plays the trace's tape after some random actions."""
    arguments = {**trace.env, "sincos": trace.provenance.sincos}
    count = len(waits)
    env = QwopVectorEnv(
        count, 2, autoreset_mode="Disabled", instruction_set=instruction_set, **arguments
    )
    tape = np.concatenate([(RESET, *actions) for actions in trace.tape.episodes])
    rows = np.zeros((count, len(tape)), ENV_ROW)
    cursor = -np.array(waits)
    rng = np.random.default_rng(0)
    env.reset()
    terminated = np.zeros(count, np.bool_)
    while (cursor < len(tape)).any():
        word = np.where(cursor < 0, 0, tape[np.clip(cursor, 0, len(tape) - 1)])
        playing = (cursor >= 0) & (cursor < len(tape))
        due = playing & (word == RESET)
        if (due | (terminated & ~playing)).any():
            mask = due | (terminated & ~playing)
            seeds = [0 if first else None for first in cursor == 0]  # on a fresh page
            observations, infos = env.reset(seed=seeds, options={"reset_mask": mask})
            nothing = np.zeros(count)
            write_rows(rows, cursor, due, observations, nothing, nothing, infos)
            cursor += due
            word = tape[np.clip(cursor, 0, len(tape) - 1)]
        spare = rng.integers(env.single_action_space.n, size=count)
        observations, rewards, terminated, _, infos = env.step(np.where(playing, word, spare))
        write_rows(rows, cursor, playing, observations, rewards, terminated, infos)
        cursor += 1
    return rows


@pytest.mark.parametrize("instruction_set", SETS)
@pytest.mark.parametrize("path", ALL, ids=lambda path: path.stem)
def test_recordings_of_the_real_game_on_several_games(path, instruction_set):
    trace = read_trace(path)
    for rows in play_trace(trace, instruction_set, waits=(0, 9, 20)):
        assert trace.mismatch(rows) is None


@pytest.mark.parametrize("instruction_set", SETS)
def test_states_are_the_same_after_restarts(instruction_set):
    """What an observation does not show, the broad phase's history, outlives a restart."""
    kwargs = {"frames_per_step": 4, "reduced_action_set": True, "seed": 0}
    count = 20
    env = QwopVectorEnv(count, autoreset_mode="SameStep", instruction_set=instruction_set, **kwargs)
    singles = [QwopEnv(**kwargs) for _ in range(count)]
    env.reset(seed=0)
    for single in singles:
        single.reset(seed=0)
    rng = np.random.default_rng(1)
    restarts = 0
    for step in range(160):
        actions = rng.integers(env.single_action_space.n, size=count)
        env.step(actions)
        for single, action in zip(singles, actions, strict=True):
            if single.step(action)[2]:
                single.reset()
                restarts += 1
        if step % 20 == 0:
            hashes = [env.game(game).state_hash() for game in range(count)]
            assert hashes == [single.game.state_hash() for single in singles]
    assert restarts > 3 * count
