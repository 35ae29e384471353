"""What the environments do when gymnasium and its clients make them by id."""

import subprocess
import sys

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.vector import AutoresetMode

from qwop_native import QwopEnv, QwopVectorEnv
from qwop_native.envs.registration import IDS, MAX_EPISODE_STEPS

STANDING = 1  # Q held down: the runner leans back and stays so


@pytest.mark.parametrize("name", IDS)
@pytest.mark.parametrize("frames_per_step", [1, 4])
def test_the_episode_of_a_standing_runner_ends(name, frames_per_step):
    env = gym.make(name, frames_per_step=frames_per_step)
    env.reset(seed=0)
    for step in range(1, MAX_EPISODE_STEPS + 1):
        *_, terminated, truncated, info = env.step(STANDING)
        assert not terminated
        assert truncated is (step == MAX_EPISODE_STEPS)
    assert info["frames"] == 2 + MAX_EPISODE_STEPS * frames_per_step


@pytest.mark.parametrize("made", [lambda: gym.make("QWOP-v1", max_episode_steps=-1), QwopEnv])
def test_the_protocol_of_qwop_gym_has_no_limit(made):
    env = made()
    env.reset(seed=0)
    for _ in range(MAX_EPISODE_STEPS + 1):
        *_, terminated, truncated, _ = env.step(STANDING)
        assert not terminated
        assert not truncated


@pytest.mark.parametrize(
    ("arguments", "limit"),
    [({}, MAX_EPISODE_STEPS), ({"max_episode_steps": 7}, 7), ({"max_episode_steps": -1}, None)],
)
def test_many_games_by_id_have_the_limit_of_one(arguments, limit):
    env = gym.make_vec("QWOP-v1", num_envs=2, **arguments)
    assert type(env) is QwopVectorEnv
    assert env.max_episode_steps == limit
    assert gym.make_vec(env.spec).max_episode_steps == limit


@pytest.mark.parametrize("mode", AutoresetMode)
def test_many_games_are_truncated_where_one_is(mode):
    native = gym.make_vec("QWOP-v1", num_envs=2, frames_per_step=4, autoreset_mode=mode)
    sync = gym.make_vec(
        "QWOP-v1",
        num_envs=2,
        vectorization_mode="sync",
        vector_kwargs={"autoreset_mode": mode},
        frames_per_step=4,
    )
    np.testing.assert_array_equal(native.reset(seed=0)[0], sync.reset(seed=0)[0])
    actions = np.full(2, STANDING)
    for step in range(1, MAX_EPISODE_STEPS + 3):
        one, two = native.step(actions), sync.step(actions)
        for mine, theirs in zip(one[:4], two[:4], strict=True):
            np.testing.assert_array_equal(mine, theirs)
        assert one[3].all() == (step == MAX_EPISODE_STEPS)
        np.testing.assert_array_equal(one[4]["frames"], two[4]["frames"])
        if "final_obs" in two[4]:
            np.testing.assert_array_equal(
                np.stack(one[4]["final_obs"]), np.stack(two[4]["final_obs"])
            )
            assert one[4]["final_info"]["frames"].tolist() == [2 + 4 * MAX_EPISODE_STEPS] * 2
        if one[3].any() and mode is AutoresetMode.DISABLED:
            np.testing.assert_array_equal(native.reset()[0], sync.reset()[0])


def test_an_argument_of_torchrl_is_refused_in_pythons_words():
    # TorchRL passes it, and leaves it out where it reads exactly this.
    with pytest.raises(TypeError, match="unexpected keyword argument 'frameskip'; did you mean"):
        gym.make("QWOP-v1", frameskip=1)


PLAYED = """
import gymnasium, pygame, qwop_native
from gymnasium.utils.play import play

steps = []

def after_step(*_):
    steps.append(1)
    if len(steps) == 3:
        pygame.event.post(pygame.event.Event(pygame.QUIT))

play(gymnasium.make("QWOP-v1", render_mode="rgb_array"), callback=after_step)
assert len(steps) == 3
"""


def test_gymnasiums_player(tmp_path, monkeypatch):
    pytest.importorskip("pygame", reason="gymnasium's player needs pygame")
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    monkeypatch.setenv("SDL_AUDIODRIVER", "dummy")
    subprocess.run([sys.executable, "-c", PLAYED], cwd=tmp_path, check=True, timeout=120)


@pytest.mark.parametrize(("frames_per_step", "fps"), [(1, 30), (2, 15), (4, 7.5), (30, 1)])
def test_pictures_a_second_are_an_int_where_they_can_be(frames_per_step, fps):
    shown = QwopEnv(frames_per_step=frames_per_step).metadata["render_fps"]
    assert (type(shown), shown) == (type(fps), fps)
