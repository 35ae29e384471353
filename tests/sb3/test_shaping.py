"""Shaped rewards, and the end for runners that are stuck: alone and side by side."""

import numpy as np
import pytest
from stable_baselines3.common.vec_env import DummyVecEnv

from qwop_native import QwopEnv
from qwop_native.sb3 import QwopVecEnv, ShapedVecReward, StuckVecTruncation
from qwop_native.wrappers import ShapedReward, StuckTruncation
from qwop_native.wrappers.reward_terms import TERMS

ARGUMENTS = {"frames_per_step": 4, "action_set": "essential"}
FALL = 6  # Q and P


def play(env, action=FALL):
    steps, over = [], False
    while not over:
        # One action alone may leave the runner standing for ever.
        steps.append(env.step(action if len(steps) < 20 else FALL))
        over = steps[-1][2] or steps[-1][3]
    return steps


def test_velocity_adds_up_to_the_way():
    env = ShapedReward(QwopEnv(**ARGUMENTS), {"velocity": 2.0})
    plain = QwopEnv(**ARGUMENTS)
    env.reset(seed=0), plain.reset(seed=0)
    begin = plain.game.bodies[0, 0]
    steps, expected = play(env), play(plain)
    added = sum(one[1] - other[1] for one, other in zip(steps, expected, strict=True))
    way = (plain.game.bodies[0, 0] - begin) / 10
    assert added == pytest.approx(2 * way / 0.16, rel=1e-3)


def test_terms_of_a_runner_that_stands():
    env = QwopEnv(frames_per_step=1)
    before, _ = env.reset(seed=0)
    after, *_ = env.step(0)
    values = {}
    for name in TERMS:
        shaper = ShapedReward(env, {name: 1.0}).shaper
        values[name] = float(shaper.additions(before[None], after[None])[0])
    assert values["posture"] == values["crawling"] == 0
    assert -1 < values["energy"] < 0


def test_many_games_are_shaped_as_single_ones():
    weights = dict.fromkeys(TERMS, 0.5)
    one = DummyVecEnv([lambda: ShapedReward(QwopEnv(seed=3, **ARGUMENTS), weights)] * 3)
    many = ShapedVecReward(QwopVecEnv(3, seed=3, **ARGUMENTS), weights)
    one.reset(), many.reset()
    rng, ends = np.random.default_rng(0), 0
    for _ in range(80):
        actions = rng.integers(9, size=3)
        rewards, dones = many.step(actions)[1:3]
        np.testing.assert_allclose(rewards, one.step(actions)[1], atol=1e-5)
        ends += dones.sum()
    assert ends


def test_stages_follow_the_distance_and_additions_fade():
    stages = [
        {"weights": {"velocity": 1.0}, "until_distance": -5},
        {"weights": {}, "until_distance": 50},
        {"weights": {"posture": 1.0}},
    ]
    env = ShapedReward(QwopEnv(**ARGUMENTS), stages=stages, window=2)
    seen = []
    for _ in range(4):
        env.reset()
        play(env)
        seen.append(env.shaper.stage)
    assert seen == [0, 1, 1, 1]
    fading = ShapedReward(QwopEnv(**ARGUMENTS), {"velocity": 1.0}, fade_steps=2)
    plain = QwopEnv(**ARGUMENTS)
    fading.reset(seed=0), plain.reset(seed=0)
    differences = [fading.step(FALL)[1] - plain.step(FALL)[1] for _ in range(4)]
    assert differences[0] != 0
    assert differences[1] != 0
    assert differences[2:] == [0, 0]
    with pytest.raises(ValueError, match="must be one of velocity"):
        ShapedReward(QwopEnv(), {"speed": 1.0})
    with pytest.raises(ValueError, match="either weights or stages"):
        ShapedReward(QwopEnv())
    with pytest.raises(ValueError, match="until_distance"):
        ShapedReward(QwopEnv(), stages=[{}, {}])


def test_stuck_runners_are_truncated_alone_and_side_by_side():
    env = StuckTruncation(QwopEnv(**ARGUMENTS), frames=40, progress=0.5)
    env.reset(seed=0)
    alone = play(env, 0)
    assert len(alone) == 10
    assert alone[-1][3]
    assert alone[-1][4]["stuck"]

    many = StuckVecTruncation(QwopVecEnv(2, seed=0, **ARGUMENTS), frames=40, progress=0.5)
    first = many.reset().copy()
    for step in range(1, 11):
        observations, _, dones, infos = many.step(np.array([0, 0]))
        assert dones.tolist() == [step == 10] * 2
    info = infos[1]
    assert info["TimeLimit.truncated"]
    assert info["stuck"]
    assert info["episode"]["l"] == 10
    assert info["terminal_observation"].tobytes() == alone[-1][0].tobytes()
    np.testing.assert_allclose(observations, first, atol=1e-3)
    assert many.get_attr("episode_length") == [0, 0]
    assert not many.step(np.array([0, 0]))[2].any()


def test_patience_is_checked():
    with pytest.raises(ValueError, match="frames"):
        StuckTruncation(QwopEnv(), frames=0)
    with pytest.raises(ValueError, match="progress"):
        StuckVecTruncation(QwopVecEnv(1), progress=0)
    with pytest.raises(TypeError, match="QwopVecEnv"):
        StuckVecTruncation(DummyVecEnv([QwopEnv]))
