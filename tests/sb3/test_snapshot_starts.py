"""Pools of moments, and episodes that start at them."""

import itertools

import numpy as np
import pytest
from stable_baselines3.common.vec_env import DummyVecEnv

from qwop_native import Game, Keys, QwopEnv
from qwop_native.envs.spaces import ACTION_SETS
from qwop_native.sb3 import QwopVecEnv, RichVecObservation, SnapshotStarts
from qwop_native.wrappers import RichObservation, SnapshotPool
from qwop_native.wrappers.snapshot_pool import Collector, moments_of_keys, moments_of_policy

ARGUMENTS = {"frames_per_step": 4, "action_set": "essential"}


def hop():
    """Keys that carry the runner two meters before it falls."""
    actions = [6, 7, 3, 6, 2, 1, 1, 1, 5, 3, 1, 6, 2, 6, 3, 3, 8, 5, 1, 7, 3, 0, 3, 4, 6, 6, 7, 7]
    masks = np.array(ACTION_SETS["essential"], np.uint8)[actions]
    return np.concatenate([np.repeat(masks, 4), np.full(500, Keys.Q | Keys.P, np.uint8)])


def pool(**choices):
    game = Game()
    game.start()
    game.reset()
    return SnapshotPool(moments_of_keys(game, hop(), Collector(**choices)))


def test_moments_along_a_run():
    game = Game()
    game.start()
    game.reset()
    for mask in hop().tolist():
        if game.game_ended:
            break
        game.step(mask)
    moments = pool(every=0.25, margin=20).moments
    assert len(moments) >= 3
    for moment, following in itertools.pairwise(moments):
        assert following.distance // 0.25 > moment.distance // 0.25
    assert moments[-1].frames <= game.frames - 20
    assert len(pool(every=0.25, margin=0)) > len(moments)
    restored = Game()
    restored.restore(moments[0].snapshot)
    assert restored.frames == moments[0].frames


def test_moments_of_a_policy():
    moments = moments_of_policy(
        lambda observation: 6 if observation[0] < -1 + 0.0005 else 0,
        RichObservation(QwopEnv(**ARGUMENTS)),
        2,
        Collector(every=0.01, margin=0),
    )
    assert moments


def test_files(tmp_path):
    kept = pool(every=0.25, margin=20)
    kept.save(tmp_path / "pool.npz")
    loaded = SnapshotPool.load(tmp_path / "pool.npz")
    assert loaded.moments == kept.moments
    assert loaded.sincos == "glibc"
    with pytest.raises(FileNotFoundError, match=r"no\.npz"):
        SnapshotPool.load(tmp_path / "no.npz")
    whole = (tmp_path / "pool.npz").read_bytes()
    for damaged in (b"", whole[: len(whole) // 2], b"no archive"):
        (tmp_path / "bad.npz").write_bytes(damaged)
        with pytest.raises(ValueError, match=r"bad\.npz is not a whole file of snapshots"):
            SnapshotPool.load(tmp_path / "bad.npz")


def test_episodes_start_at_the_moments():
    moments = pool(every=0.25, margin=20)
    env = SnapshotStarts(QwopVecEnv(4, seed=0, **ARGUMENTS), moments, probability=0.5, seed=1)
    observations = env.reset()
    frames = {moment.frames for moment in moments.moments}
    starts, line = set(), 0
    rng = np.random.default_rng(0)
    running = [info["frames"] for info in env.unwrapped.reset_infos]
    for _ in range(150):
        shown = [env.observation(game) for game in range(4)]
        np.testing.assert_array_equal(observations, shown)
        observations, _, dones, infos = env.step(rng.integers(9, size=4))
        for game in np.flatnonzero(dones):
            episode, began = infos[game], running[game]
            # The game's frames stop with the fall, in the middle of the last step.
            assert episode["episode"]["l"] == -(-(episode["frames"] - began) // 4)
            assert (episode["start_distance"] == 0) == (began not in frames)
            running[game] = env.unwrapped.reset_infos[game]["frames"]
            starts.add(began)
            line += began not in frames
    assert len(starts) > 2
    assert line > 2


def test_rich_observations_know_the_keys_held_at_the_start():
    moments = pool(every=0.25, margin=20)
    venv = SnapshotStarts(QwopVecEnv(5, **ARGUMENTS), moments, probability=1.0, seed=1)
    observations = RichVecObservation(venv, ["previous_keys"]).reset()
    held = [game.keys for game in venv.get_attr("game")]
    assert any(held)
    for shown, keys in zip(observations[:, 60:], held, strict=True):
        assert shown.tolist() == [float(bool(keys & key)) for key in (1, 2, 4, 8)]


def test_refusals():
    moments = pool(every=0.25)
    with pytest.raises(TypeError, match="needs a QwopVecEnv, got DummyVecEnv"):
        SnapshotStarts(DummyVecEnv([QwopEnv]), moments)
    with pytest.raises(ValueError, match="empty"):
        SnapshotStarts(QwopVecEnv(1), moments.between(90, 100))
    with pytest.raises(ValueError, match="probability"):
        SnapshotStarts(QwopVecEnv(1), moments, probability=2)
    with pytest.raises(ValueError, match="fdlibm"):
        SnapshotStarts(QwopVecEnv(1, sincos="fdlibm"), moments)
    with pytest.raises(ValueError, match="every"):
        Collector(every=0)
    with pytest.raises(ValueError, match="margin"):
        Collector(margin=-1)
