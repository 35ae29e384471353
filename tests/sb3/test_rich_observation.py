"""Appended columns: right by the game's own events, and the same for one game and for many."""

import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env
from stable_baselines3.common.vec_env import DummyVecEnv

from qwop_native import Keys, QwopEnv
from qwop_native.envs.spaces import PARTS
from qwop_native.sb3 import QwopVecEnv, RichVecObservation
from qwop_native.wrappers import RichObservation
from qwop_native.wrappers.rich_columns import (
    CONTACT_RANGE,
    GROUPS,
    JOINTS,
    TOUCHING_PARTS,
    Poses,
    RichColumns,
)

ENDING = [i for i, part in enumerate(PARTS) if part not in TOUCHING_PARTS]


def group(observation, name):
    start = 60
    for each, (width, _) in GROUPS.items():
        if each == name:
            return observation[..., start : start + width]
        start += width
    raise AssertionError(name)


def test_a_fall_is_the_first_contact_of_head_or_arms():
    """The game notices contacts where the frame before left the parts."""
    env = QwopEnv(action_set="essential")
    rng = np.random.default_rng(0)
    for seed in range(4):
        observation, _ = env.reset(seed=seed)
        terminated, action = False, 0
        while not terminated:
            touched = bool((Poses(observation[None]).clearance(ENDING) <= CONTACT_RANGE).any())
            if rng.random() < 0.1:
                action = int(rng.integers(9))
            observation, _, terminated, _, _ = env.step(action)
            assert env.game.fallen == touched


def test_a_standing_runner_stands_on_its_feet():
    env = RichObservation(QwopEnv(frames_per_step=4))
    env.reset(seed=0)
    for _ in range(20):
        observation, *_ = env.step(0)
    contacts = dict(zip(TOUCHING_PARTS, group(observation, "contacts"), strict=True))
    assert contacts["leftFoot"] == contacts["rightFoot"] == 1
    assert contacts["torso"] == contacts["leftThigh"] == contacts["rightThigh"] == 0
    assert np.abs(group(observation, "clearance")).max() < 0.01


def test_joint_angles_are_those_of_the_bodies():
    env = RichObservation(QwopEnv(frames_per_step=4, action_set="essential"))
    env.reset(seed=0)
    for action in [6, 6, 7, 7, 6, 6, 7, 7]:
        observation, *_ = env.step(action)
    angle = dict(zip(PARTS, env.unwrapped.game.bodies[:, 2], strict=True))
    for shown, (one, other, rest, lower, upper) in zip(
        group(observation, "joint_angles"), JOINTS.values(), strict=True
    ):
        within = (angle[other] - angle[one] - rest - lower) / (upper - lower)
        assert -0.2 < within < 1.2
        assert shown == pytest.approx((within * 2 - 1) * 0.8, abs=2e-5)


def test_places_turns_and_keys():
    env = RichObservation(QwopEnv(frames_per_step=2, action_set="full"))
    first, _ = env.reset(seed=0)
    assert not group(first, "previous_keys").any()
    assert not group(first, "turn_rates").any()
    env.step(0)
    before = env.unwrapped.game.bodies.copy()
    action = env.unwrapped.action_keys.index(Keys.Q | Keys.W | Keys.P)
    observation, *_ = env.step(action)
    after = env.unwrapped.game.bodies
    assert group(observation, "previous_keys").tolist() == [1, 0, 0, 1]  # Q overrules W
    turned = (after[:, 2] - before[:, 2]) / 0.08
    np.testing.assert_allclose(group(observation, "turn_rates") * 10, turned, atol=1e-4)
    np.testing.assert_allclose(
        group(observation, "local_x") * 12, after[1:, 0] - after[0, 0], atol=2e-4
    )


@pytest.mark.filterwarnings("ignore:.*is different from the unwrapped version")
def test_gymnasiums_check():
    check_env(RichObservation(QwopEnv(frames_per_step=4)), skip_render_check=True)


@pytest.mark.parametrize("copy", [True, False])
def test_many_games_are_as_many_single_ones(copy):
    arguments = {"frames_per_step": 4, "action_set": "essential", "seed": 3}
    one = DummyVecEnv([lambda: RichObservation(QwopEnv(**arguments)) for _ in range(3)])
    many = RichVecObservation(QwopVecEnv(3, copy=copy, **arguments))
    assert many.observation_space == one.observation_space
    one.seed(3), many.seed(3)
    shown, expected = many.reset(), one.reset()
    assert shown.dtype == np.float32
    rng = np.random.default_rng(1)
    ends = 0
    for _ in range(120):
        assert shown.tobytes() == expected.tobytes()
        assert np.abs(shown).max() <= 1
        before, kept = shown, shown.copy()
        actions = rng.integers(9, size=3)
        shown, _, dones, infos = many.step(actions)
        expected, _, _, expected_infos = one.step(actions)
        assert before.tobytes() == kept.tobytes()  # SB3 keeps the previous array
        for game in np.flatnonzero(dones):
            ends += 1
            last = infos[game]["terminal_observation"]
            assert last.tobytes() == expected_infos[game]["terminal_observation"].tobytes()
    assert ends > 3


def test_columns_can_be_chosen():
    env = RichObservation(QwopEnv(), ["previous_keys", "contacts"])
    assert env.observation_space.shape == (60 + 4 + 7,)
    with pytest.raises(ValueError, match=r"columns must be out of .*contacts.*'contact'"):
        RichColumns(["contact"], 4)
    with pytest.raises(ValueError, match="once each"):
        RichColumns(["contacts", "contacts"], 4)
    with pytest.raises(ValueError, match=r"\(60,\)"):
        RichObservation(env)
    with pytest.raises(ValueError, match=r"\(60,\)"):
        RichVecObservation(RichVecObservation(QwopVecEnv(1)))
