"""Random starts and sticky actions: off by default, reproducible, the same alone and in a batch."""

import copy
import pickle

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.vector import AutoresetMode

from qwop_native import QwopEnv, QwopVectorEnv, _core
from qwop_native.recording.recorder import RecordEpisodes
from qwop_native.wrappers import RecordWrapper

CHANCE = {"noop_max": 30, "repeat_action_probability": 0.25}
KWARGS = {"frames_per_step": 4, "action_set": "essential", **CHANCE}


def random_actions(seed, steps, num_envs):
    return np.random.default_rng(seed).integers(9, size=(steps, num_envs))


def played(env, actions):
    """Bytes of every observation and reward of a run, which is reset where an episode ends."""
    run = [env.reset(seed=5)[0].tobytes()]
    for action in actions:
        observation, reward, terminated, truncated, info = env.step(action)
        run += [observation.tobytes(), reward, terminated, truncated, info["frames"]]
        if terminated or truncated:
            run.append(env.reset()[0].tobytes())
    return run


def test_they_are_off_by_default_and_then_no_bit_of_a_run_changes():
    plain = {name: value for name, value in KWARGS.items() if name not in CHANCE}
    actions = random_actions(0, 150, 1)[:, 0]
    off = dict.fromkeys(CHANCE, 0)
    assert played(QwopEnv(**plain), actions) == played(QwopEnv(**plain, **off), actions)
    assert pickle.dumps(QwopEnv(**plain)._episode) == pickle.dumps(QwopEnv(**plain, **off)._episode)
    one, two = QwopVectorEnv(2, **plain, seed=1), QwopVectorEnv(2, **plain, **off, seed=1)
    one.reset(seed=0)
    two.reset(seed=0)
    assert one.snapshot(1) == two.snapshot(1)


@pytest.mark.parametrize("noop_max", [1, 2, 30])
def test_a_reset_plays_one_to_noop_max_steps_without_keys(noop_max):
    env = QwopEnv(noop_max=noop_max, frames_per_step=4)
    plain = QwopEnv(frames_per_step=4)
    idle = {}
    plain.reset(seed=0)
    for steps in range(1, noop_max + 1):
        observation, *_, info = plain.step(0)
        idle[info["frames"]] = observation.tobytes(), plain.step(1)[1]
        plain.reset(seed=0)
        for _ in range(steps):
            plain.step(0)
    seen = set()
    for seed in range(200):
        observation, info = env.reset(seed=seed)
        assert observation.tobytes() == idle[info["frames"]][0]
        # The reward is that of one step, not of all since the restart.
        assert env.step(1)[1] == idle[info["frames"]][1]
        seen.add(info["frames"])
    assert seen == set(idle)


def test_a_runner_whom_idle_steps_bring_down_begins_at_the_line():
    plain = QwopEnv(frames_per_step=30)
    start, _ = plain.reset(seed=0)
    falls = 1
    while not plain.step(0)[2]:
        falls += 1
    env = QwopEnv(noop_max=10**6, frames_per_step=30)
    envs = QwopVectorEnv(2, noop_max=10**6, frames_per_step=30)
    assert falls < 100
    observation, info = env.reset(seed=0)
    assert envs.reset(seed=0)[0][0].tobytes() == observation.tobytes()
    # The restart after a fall, of which the observation shows nothing.
    assert observation.tobytes() == start.tobytes()
    assert info["frames"] == 2
    assert not env.step(0)[2]


@pytest.mark.parametrize("probability", [0.1, 0.5, 0.9])
def test_a_sticky_action_holds_the_keys_of_the_step_before(probability):
    env = QwopEnv(repeat_action_probability=probability)
    env.reset(seed=3)
    held, stuck, steps = 0, 0, 0
    rng = np.random.default_rng(0)
    while steps < 3000:
        wanted = env.action_keys[action := int(rng.integers(16))]
        ended = env.step(action)[2]
        now = env.game.keys
        assert now in (wanted, held)
        if wanted != held:
            steps += 1
            stuck += now == held
        held = now
        if ended:
            env.reset()
            held = 0
    assert stuck / steps == pytest.approx(probability, abs=0.04)


def test_the_action_that_ends_the_episode_sticks_too():
    env = QwopEnv(repeat_action_probability=0.9, t_for_terminate=True)
    env.reset(seed=0)
    ends = [env.step(env.action_t)[2] for _ in range(3)]
    assert not ends[0]
    assert env.game.keys == 0


def test_seeds_tell_runs_apart_and_repeat_them():
    actions = random_actions(1, 100, 1)[:, 0]
    env = QwopEnv(**KWARGS)
    first = played(env, actions)
    assert played(env, actions) == first
    assert played(QwopEnv(**KWARGS, seed=77), actions) == first
    starts = {env.reset(seed=seed)[1]["frames"] for seed in range(30)}
    assert len(starts) > 10
    made = [QwopEnv(**KWARGS, seed=seed).reset()[1]["frames"] for seed in (8, 8, 2**70)]
    assert made[0] == made[1]


@pytest.mark.parametrize("instruction_set", _core.instruction_sets())
@pytest.mark.parametrize("mode", AutoresetMode)
def test_many_games_equal_as_many_single_ones(mode, instruction_set):
    native = QwopVectorEnv(
        18, 2, autoreset_mode=mode, instruction_set=instruction_set, max_episode_steps=25, **KWARGS
    )
    sync = gym.make_vec(
        "QwopNative-v1",
        num_envs=18,
        vectorization_mode="sync",
        vector_kwargs={"autoreset_mode": mode},
        max_episode_steps=25,
        **KWARGS,
    )
    assert native.reset(seed=9)[0].tobytes() == sync.reset(seed=9)[0].tobytes()
    for actions in random_actions(2, 60, 18):
        one, two = native.step(actions), sync.step(actions)
        for mine, theirs in zip(one[:4], two[:4], strict=True):
            np.testing.assert_array_equal(mine, theirs)
        np.testing.assert_array_equal(one[4]["frames"], two[4]["frames"])
        ended = one[2] | one[3]
        if mode is AutoresetMode.DISABLED and ended.any():
            mask = {"reset_mask": ended}
            np.testing.assert_array_equal(
                native.reset(options=mask)[0], sync.reset(options=mask)[0]
            )


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda env: pickle.loads(pickle.dumps(env))])
def test_the_chance_is_saved_with_the_environment(copied):
    env = QwopEnv(**KWARGS)
    played(env, random_actions(3, 40, 1)[:, 0])
    twin = copied(env)
    for action in random_actions(4, 60, 1)[:, 0]:
        one, two = env.step(action), twin.step(action)
        assert one[0].tobytes() == two[0].tobytes()
        if one[2]:
            assert env.reset()[0].tobytes() == twin.reset()[0].tobytes()
    envs = QwopVectorEnv(3, max_episode_steps=20, **KWARGS)
    envs.reset(seed=2)
    for actions in random_actions(5, 30, 3):
        envs.step(actions)
    twins = copied(envs)
    for actions in random_actions(6, 50, 3):
        assert envs.step(actions)[0].tobytes() == twins.step(actions)[0].tobytes()


def test_snapshots_and_copies_of_single_games_carry_their_chance():
    envs = QwopVectorEnv(3, max_episode_steps=20, **KWARGS)
    envs.reset(seed=2)
    for actions in random_actions(7, 30, 3):
        envs.step(actions)
    envs.restore(1, envs.snapshot(0))
    envs.copy_game(0, 2)
    for actions in random_actions(8, 50, 1):
        observations = envs.step(np.repeat(actions, 3))[0]
        assert observations[1].tobytes() == observations[0].tobytes()
        assert observations[2].tobytes() == observations[0].tobytes()


def test_a_snapshot_of_an_environment_without_chance_is_refused_in_a_sentence():
    with_chance, plain = QwopVectorEnv(1, **CHANCE), QwopVectorEnv(1)
    with_chance.reset(seed=0)
    plain.reset(seed=0)
    with pytest.raises(ValueError, match=r"taken without noop_max .* has one of them"):
        with_chance.restore(0, plain.snapshot(0))
    with pytest.raises(ValueError, match=r"taken with noop_max .* has neither"):
        plain.restore(0, with_chance.snapshot(0))


def test_an_episode_begun_at_a_snapshot_has_no_idle_steps_and_sticks_to_its_keys():
    plain = QwopEnv()
    plain.reset(seed=0)
    for _ in range(10):
        plain.step(4)
    snapshot = {"snapshot": plain.game.snapshot()}
    for env in (QwopEnv(**CHANCE), QwopVectorEnv(1, **CHANCE)):
        _, info = env.reset(seed=1, options=snapshot)
        assert info["frames"] == 12
    env = QwopEnv(repeat_action_probability=0.99)
    env.reset(seed=1, options=snapshot)
    held = env.game.keys
    env.step(0)
    assert env.game.keys == held != 0


@pytest.mark.parametrize(
    ("kwargs", "error", "message"),
    [
        ({"noop_max": -1}, ValueError, "noop_max must be an integer of at least 0, got -1"),
        ({"noop_max": 2**31}, ValueError, "noop_max must be an integer of at most 2147483647"),
        ({"noop_max": 1.5}, TypeError, "noop_max must be an integer"),
        ({"repeat_action_probability": 1}, ValueError, "at least 0 and below 1, got 1"),
        ({"repeat_action_probability": -0.1}, ValueError, "at least 0 and below 1"),
        ({"repeat_action_probability": float("nan")}, ValueError, "at least 0 and below 1"),
        ({"repeat_action_probability": "0.1"}, TypeError, "must be a number, got '0.1'"),
    ],
)
@pytest.mark.parametrize("make", [QwopEnv, lambda **kwargs: QwopVectorEnv(2, **kwargs)])
def test_bad_values_are_refused(make, kwargs, error, message):
    with pytest.raises(error, match=message):
        make(**kwargs)


def test_recorders_refuse_what_would_not_replay(tmp_path):
    for kwargs in ({"noop_max": 1}, {"repeat_action_probability": 0.1}):
        with pytest.raises(ValueError, match="must be 0 where episodes are recorded"):
            RecordEpisodes(QwopEnv(**kwargs))
        with pytest.raises(ValueError, match="must be 0 where episodes are recorded"):
            RecordWrapper(QwopEnv(**kwargs), str(tmp_path / "a.rec"))
