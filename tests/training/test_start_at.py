"""Episodes that start in the middle of a run."""

import gymnasium as gym
import numpy as np
import pytest

import qwop_native  # noqa: F401  registers the environments
from qwop_native import Game, QwopEnv, QwopVectorEnv
from qwop_native.sb3 import QwopVecEnv

ARGUMENTS = {"frames_per_step": 4, "action_set": "essential"}
ACTIONS = [6, 7, 3, 6, 2, 1, 1, 1, 5, 3, 1, 6, 2, 6, 3]


def played(steps):
    env = QwopEnv(**ARGUMENTS)
    env.reset(seed=0)
    for action in ACTIONS[:steps]:
        assert not env.step(action)[2]
    return env


def rest(env):
    return [env.step(action) for action in ACTIONS[10:14]]


def test_goes_on_as_the_run_did():
    env = played(10)
    snapshot, distance = env.game.snapshot(), env.step(0)[4]["distance"]
    expected = rest(played(10))

    other = QwopEnv(**ARGUMENTS)
    observation, info = other.reset(options={"snapshot": snapshot})
    assert info["frames"] == played(10).game.frames
    assert abs(info["distance"] - distance) < 1
    for (shown, reward, *ends), (own, own_reward, *own_ends) in zip(
        rest(other), expected, strict=True
    ):
        assert shown.tobytes() == own.tobytes()
        assert (reward, ends) == (own_reward, own_ends)

    many = QwopVecEnv(3, **ARGUMENTS)
    many.reset()
    assert many.start_at(1, snapshot).tobytes() == observation.tobytes()
    assert many.reset_infos[1] == info
    assert many.get_attr("episode_length") == [0, 0, 0]
    for action, (own, own_reward, *_) in zip(ACTIONS[10:14], expected, strict=True):
        shown, rewards, _, _ = many.step([0, action, 0])
        assert shown[1].tobytes() == own.tobytes()
        assert rewards[1] == np.float32(own_reward)


def test_limits_count_from_the_start():
    env = QwopVecEnv(2, max_episode_steps=3, **ARGUMENTS)
    env.reset()
    env.step([0, 0])
    env.env_method("start_at", played(10).game.snapshot(), indices=[1])
    assert env.step([0, 0])[2].tolist() == [False, False]
    assert env.step([0, 0])[2].tolist() == [True, False]
    _, _, dones, infos = env.step([0, 0])
    assert dones.tolist() == [False, True]
    assert infos[1]["episode"]["l"] == 3


def test_gymnasiums_vector_environment_shows_it():
    env = QwopVectorEnv(2, autoreset_mode="Disabled", **ARGUMENTS)
    env.reset(seed=0)
    observation = env.start_at(0, played(10).game.snapshot())
    shown, _ = env.reset(options={"reset_mask": np.array([False, True])})
    assert shown[0].tobytes() == observation.tobytes()


def test_through_gymnasiums_wrappers():
    env = gym.make("QWOP-v1", max_episode_steps=2, **ARGUMENTS)
    _, info = env.reset(options={"snapshot": played(10).game.snapshot()})
    assert info["frames"] > 30
    assert [env.step(0)[3] for _ in range(2)] == [False, True]


def fallen():
    game = Game()
    game.start()
    while not game.game_ended:
        game.step(5)
    return game


@pytest.mark.parametrize(
    ("snapshot", "message"),
    [
        (Game().snapshot(), "not under way"),
        (fallen().snapshot(), "not under way"),
        (Game("fdlibm").snapshot(), "fdlibm"),
        (b"nothing", "snapshot"),
    ],
)
def test_refusals_change_nothing(snapshot, message):
    env = played(10)
    before = env.game.state_hash()
    with pytest.raises(ValueError, match=message):
        env.reset(options={"snapshot": snapshot})
    assert env.game.state_hash() == before
    many = QwopVecEnv(1, **ARGUMENTS)
    many.reset()
    before = many.snapshot(0)
    with pytest.raises(ValueError, match=message):
        many.start_at(0, snapshot)
    assert many.snapshot(0) == before
    with pytest.raises(IndexError):
        many.start_at(1, played(1).game.snapshot())


def test_a_snapshot_is_bytes():
    with pytest.raises(TypeError, match="bytes"):
        QwopEnv().reset(options={"snapshot": "text"})
    with pytest.raises(TypeError, match="bytes"):
        QwopVecEnv(1).start_at(0, None)
